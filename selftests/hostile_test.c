// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a container's root may try against the host and its neighbours: odd
 * policy files, endless files, floods of records, a TPM that stops while
 * others look at the list, paths that are none of its business.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "file.h"
#include "ima.h"
#include "kmsg.h"
#include "list.h"
#include "ns.h"
#include "record.h"
#include "scratch.h"
#include "vtpm.h"

#define OWNER 1000
#define READ_RULE NOT_SECURITYFS \
	"measure func=FILE_CHECK mask=MAY_READ fowner=0\n"

FIXTURE(hostile)
{
	struct agent child;
	char directory[256];
	char path[300];
	char text[65536];
};

FIXTURE_SETUP(hostile)
{
	ASSERT_EQ(0, scratch_directory(self->directory,
				       sizeof(self->directory)));
	snprintf(self->path, sizeof(self->path), "%s/file", self->directory);
	ASSERT_EQ(0, ima_start_new(&self->child, NULL, OWNER, NULL));
}

FIXTURE_TEARDOWN(hostile)
{
	agent_stop(&self->child);
	scratch_remove(self->directory);
}

static time_t seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

/* Rules up to @size bytes in all, the last one with or without newline. */
static void fill_rules(char *text, size_t size, bool newline)
{
	const char rule[] = "measure func=BPRM_CHECK\n";
	size_t len = 0;

	while (len + strlen(rule) <= size) {
		strcpy(text + len, rule);
		len += strlen(rule);
	}
	/* The rest is a comment behind the last rule. */
	while (len < size)
		text[len++] = '#';
	if (newline)
		text[size - 1] = '\n';
	text[size] = 0;
}

TEST_F(hostile, policy_file_of_one_page_without_newline_does_no_harm)
{
	long ret;

	fill_rules(self->text, 4096, false);
	ASSERT_EQ(0, scratch_text(self->path, self->text));
	ret = ima_load_policy(&self->child, self->path);
	/* Stock refuses a last line that does not end. */
	EXPECT_EQ(-EINVAL, ret);
}

TEST_F(hostile, policy_file_of_one_page_with_newline_is_loaded)
{
	fill_rules(self->text, 4096, true);
	ASSERT_EQ(0, scratch_text(self->path, self->text));
	EXPECT_EQ(0, ima_load_policy(&self->child, self->path));
}

TEST_F(hostile, empty_policy_file_does_no_harm)
{
	char before[4096];

	ASSERT_LE(0, ima_get(&self->child, "policy", before, sizeof(before)));
	ASSERT_EQ(0, scratch_text(self->path, ""));
	EXPECT_GE(0, ima_load_policy(&self->child, self->path));
	ASSERT_LE(0, ima_get(&self->child, "policy", self->text,
			     sizeof(self->text)));
	EXPECT_STREQ(before, self->text);
}

TEST_F(hostile, policy_path_that_is_a_directory_is_refused)
{
	EXPECT_GT(0, ima_load_policy(&self->child, self->directory));
}

/*
 * A file whose hash takes longer than a life: who waits for it can be killed.
 *
 *   child ---- its own tmpfs ---- 1 TiB of nothing
 */
TEST_F_TIMEOUT(hostile, endless_file_can_be_left, 120)
{
	struct agent reader = {};
	time_t start;
	struct stat st;

	ASSERT_EQ(0, ima_load_policy(&self->child,
				     "measure func=FILE_CHECK mask=MAY_READ "
				     "fsmagic=0x01021994\n"));
	ASSERT_EQ(0, file_mount(&self->child, "tmpfs", "/mnt"));
	ASSERT_EQ(0, file_run(&self->child,
			      "/usr/bin/truncate -s 1T /mnt/endless"));
	ASSERT_EQ(0, file_stat(&self->child, "/mnt/endless", &st));
	ASSERT_EQ(1LL << 40, st.st_size);
	ASSERT_EQ(0, agent_start(&reader, &self->child));
	ASSERT_EQ(0, file_run_begin(&reader, "/bin/cat /mnt/endless"));
	/* Nothing tells that it has begun; two seconds are many. */
	sleep(2);
	start = seconds();
	agent_stop(&self->child);
	EXPECT_GT(10, seconds() - start);
	reader.pid = 0;
}

/* Without auditd, audit records are kernel messages. */
TEST_F(hostile, direct_reads_leave_nothing_in_the_hosts_audit)
{
	int i, messages = kmsg_open();

	ASSERT_LE(0, messages);
	ASSERT_EQ(0, scratch_text(self->path, "text\n"));
	ASSERT_EQ(0, chown(self->path, OWNER, OWNER));
	ASSERT_EQ(0, ima_load_policy(&self->child, READ_RULE));
	for (i = 0; i < 20; i++) {
		int fd = file_open(&self->child, self->path,
				   O_RDONLY | O_DIRECT);

		ASSERT_LE(0, fd);
		file_close(&self->child, fd);
	}
	EXPECT_EQ(0, kmsg_count(messages, "collect_data"));
	/* It is seen where it belongs: a digest of zeros. */
	EXPECT_EQ(1, list_measured(&self->child, self->path));
	close(messages);
}

TEST_F(hostile, bad_rules_leave_nothing_in_the_hosts_audit)
{
	int i, messages = kmsg_open();

	ASSERT_LE(0, messages);
	for (i = 0; i < 20; i++) {
		EXPECT_EQ(-EINVAL, ima_load_policy(&self->child, "nonsense\n"));
		EXPECT_EQ(0, ima_load_policy(&self->child,
					     "dont_measure fowner=0\n"));
	}
	EXPECT_EQ(0, kmsg_count(messages, "policy_update"));
	close(messages);
}

TEST_F_TIMEOUT(hostile, too_many_rules_are_told_once, 120)
{
	int i, fd, messages = kmsg_open();
	const char rule[] = "dont_measure fowner=0\n";
	int round;

	ASSERT_LE(0, messages);
	for (round = 0; round < 2; round++) {
		fd = ima_open(&self->child, "policy", O_WRONLY);
		ASSERT_LE(0, fd);
		for (i = 0; i < 1025; i++) {
			ASSERT_EQ((long)strlen(rule),
				  file_write(&self->child, fd, rule,
					     strlen(rule)));
		}
		EXPECT_EQ(0, file_close(&self->child, fd));
	}
	/* The wording is free, "rules" and being from IMA are not. */
	EXPECT_EQ(1, kmsg_count(messages, "rules"));
	close(messages);
}

/*
 * Violations by a stranger: the container learns that its file was written,
 * not where the writer has it mounted.
 */
TEST_F(hostile, violation_does_not_tell_the_writers_path)
{
	char secret[300], name[400];
	struct list list;
	size_t i, violations = 0;
	int reader;

	/* The container has the file at /mnt, the host in another place. */
	snprintf(secret, sizeof(secret), "%s/secret", self->directory);
	ASSERT_EQ(0, mkdir(secret, 0755));
	snprintf(name, sizeof(name), "%s/file", secret);
	ASSERT_EQ(0, scratch_text(name, "text\n"));
	ASSERT_EQ(0, chown(name, OWNER, OWNER));
	ASSERT_EQ(0, ima_load_policy(&self->child, READ_RULE));
	{
		char command[512];

		snprintf(command, sizeof(command), "/bin/mount --bind %s /mnt",
			 secret);
		ASSERT_EQ(0, file_run(&self->child, command));
	}
	reader = file_open(&self->child, "/mnt/file", O_RDONLY);
	ASSERT_LE(0, reader);
	ASSERT_EQ(0, scratch_append(name, "more\n"));
	ASSERT_EQ(1, ima_number(&self->child, "violations"));
	ASSERT_EQ(0, list_read(&self->child, &list));
	for (i = 0; i < list.count; i++) {
		if (!list.entries[i].violation)
			continue;
		violations++;
		EXPECT_EQ(NULL, strstr(list.entries[i].name, "secret"))
			TH_LOG("%s", list.entries[i].name);
	}
	EXPECT_EQ(1, violations);
	list_free(&list);
}

/*
 * A stopped TPM and a violation that waits for it:
 *
 *   host ---- reads the child's list from outside, must not wait
 *   child --- vTPM, SIGSTOP; violation pending
 */
TEST_F_TIMEOUT(hostile, ancestor_does_not_wait_for_a_stopped_tpm, 120)
{
	struct agent child = {};
	struct vtpm vtpm;
	char path[512], *list;
	time_t start;
	int reader;

	if (vtpm_missing())
		SKIP(return, "missing: %s", vtpm_missing());
	ASSERT_EQ(0, scratch_text(self->path, "text\n"));
	ASSERT_EQ(0, chown(self->path, OWNER, OWNER));
	ASSERT_EQ(0, vtpm_start(&vtpm, 2));
	ASSERT_EQ(0, ns_start(&child, NULL, OWNER, NULL));
	ASSERT_EQ(0, ima_mount(&child));
	ASSERT_EQ(0, vtpm_attach(&child, &vtpm));
	ASSERT_EQ(0, ima_activate(&child));
	ASSERT_EQ(0, ima_load_policy(&child, READ_RULE));
	reader = file_open(&child, self->path, O_RDONLY);
	ASSERT_LE(0, reader);
	ASSERT_EQ(0, vtpm_pause(&vtpm));
	/* The writer does not wait for the container's TPM ... */
	start = seconds();
	ASSERT_EQ(0, scratch_append(self->path, "more\n"));
	EXPECT_GT(4, seconds() - start);
	/* ... nor does who looks at the list from outside. */
	snprintf(path, sizeof(path),
		 "/proc/%d/root%s/ascii_runtime_measurements", child.pid,
		 IMA_DIR);
	ASSERT_LT(0, file_get_all(NULL, path, &list));
	EXPECT_GT(6, seconds() - start);
	free(list);
	/* A reader inside waits until the violation is there. */
	ASSERT_EQ(0, vtpm_resume(&vtpm));
	EXPECT_EQ(1, list_violated(&child, self->path));
	agent_stop(&child);
	vtpm_stop(&vtpm);
}

/* More readers than one: each namespace has its violation exactly once. */
TEST_F(hostile, many_open_files_are_all_told)
{
	char path[400];
	int i;

	ASSERT_EQ(0, ima_load_policy(&self->child, READ_RULE));
	for (i = 0; i < 50; i++) {
		snprintf(path, sizeof(path), "%s/file%d", self->directory, i);
		ASSERT_EQ(0, scratch_text(path, path));
		ASSERT_EQ(0, chown(path, OWNER, OWNER));
		ASSERT_LE(0, file_open(&self->child, path, O_RDONLY));
	}
	for (i = 0; i < 50; i++) {
		snprintf(path, sizeof(path), "%s/file%d", self->directory, i);
		ASSERT_EQ(0, scratch_append(path, "more\n"));
	}
	EXPECT_EQ(50, ima_number(&self->child, "violations"));
}

TEST_HARNESS_MAIN
