// SPDX-License-Identifier: GPL-2.0-only
/*
 * The policy of a child: writing, reading back, batches, limits, ids
 * (abi.md section 3).
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "file.h"
#include "ima.h"
#include "kmsg.h"
#include "list.h"
#include "ns.h"
#include "record.h"
#include "scratch.h"

#define OWNER 1000
#define MAX_RULES 1024

/* An active child, uid 0 inside is 100000 outside, 65536 ids. */
FIXTURE(policy)
{
	struct agent child;
	char directory[256];
	char program[300];
	char text[65536];
};

FIXTURE_SETUP(policy)
{
	ASSERT_EQ(0, ns_start(&self->child, NULL, 0, "0 100000 65536\n"));
	ASSERT_EQ(0, ima_mount(&self->child));
	ASSERT_EQ(0, ima_activate(&self->child));
	ASSERT_EQ(0, scratch_directory(self->directory,
				       sizeof(self->directory)));
	snprintf(self->program, sizeof(self->program), "%s/prog",
		 self->directory);
	ASSERT_EQ(0, scratch_program(self->program, "policy"));
}

FIXTURE_TEARDOWN(policy)
{
	agent_stop(&self->child);
	scratch_remove(self->directory);
}

static size_t lines_of(const char *text)
{
	size_t lines = 0;

	for (; *text; text++)
		lines += *text == '\n';
	return lines;
}

#define READ_POLICY(_text) \
	ASSERT_LE(0, ima_get(&self->child, "policy", _text, sizeof(_text)))

#define EXPECT_POLICY(_expected) do { \
	READ_POLICY(self->text); \
	EXPECT_STREQ(_expected, self->text); \
} while (0)

TEST_F(policy, reads_back_what_was_written)
{
	ASSERT_EQ(0, ima_load_policy(&self->child, EXEC_RULE));
	EXPECT_POLICY("measure func=BPRM_CHECK mask=MAY_EXEC \n");
}

TEST_F(policy, takes_effect_at_close)
{
	int fd = ima_open(&self->child, "policy", O_WRONLY);
	size_t len = strlen(EXEC_RULE);
	long before = ima_count(&self->child);

	/*
	 * The default policy measures executions too, so the batch here is
	 * one that measures nothing of this.
	 */
	ASSERT_LE(0, fd);
	ASSERT_LT(0, before);
	ASSERT_EQ((long)len, file_write(&self->child, fd, EXEC_RULE, len));
	ASSERT_EQ(0, file_close(&self->child, fd));
	ASSERT_EQ(0, file_run(&self->child, self->program));
	EXPECT_EQ(1, list_measured(&self->child, self->program));
}

/* dont_measure in the open batch, and the default still in force. */
TEST_F(policy, open_batch_changes_nothing_yet)
{
	const char rule[] = "dont_measure func=BPRM_CHECK\n";
	int fd;

	ASSERT_EQ(0, ima_load_policy(&self->child, EXEC_RULE));
	fd = ima_open(&self->child, "policy", O_WRONLY);
	ASSERT_LE(0, fd);
	ASSERT_EQ((long)strlen(rule),
		  file_write(&self->child, fd, rule, strlen(rule)));
	ASSERT_EQ(0, file_run(&self->child, self->program));
	EXPECT_EQ(1, list_measured(&self->child, self->program));
	EXPECT_EQ(0, file_close(&self->child, fd));
}

TEST_F(policy, open_batch_is_not_shown_yet)
{
	int fd;

	ASSERT_EQ(0, ima_load_policy(&self->child, EXEC_RULE));
	fd = ima_open(&self->child, "policy", O_WRONLY);
	ASSERT_LE(0, fd);
	ASSERT_EQ((long)strlen(EXEC_RULE),
		  file_write(&self->child, fd, EXEC_RULE, strlen(EXEC_RULE)));
	READ_POLICY(self->text);
	EXPECT_EQ(1, lines_of(self->text));
	EXPECT_EQ(0, file_close(&self->child, fd));
	READ_POLICY(self->text);
	EXPECT_EQ(2, lines_of(self->text));
}

TEST_F(policy, refuses_o_rdwr)
{
	EXPECT_EQ(-EACCES, ima_open(&self->child, "policy", O_RDWR));
}

/* Nor is it kept busy by who was refused. */
TEST_F(policy, refused_open_leaves_it_free)
{
	EXPECT_EQ(-EACCES, ima_open(&self->child, "policy", O_RDWR));
	EXPECT_EQ(0, ima_load_policy(&self->child, EXEC_RULE));
}

/* What cat does with a file of rules: what is left is written again. */
TEST_F(policy, write_takes_one_line_of_several)
{
	const char rules[] = "# a comment\n\nmeasure func=MMAP_CHECK\n"
			     "measure func=BPRM_CHECK\n";
	const char *at = rules;
	int fd = ima_open(&self->child, "policy", O_WRONLY);

	ASSERT_LE(0, fd);
	while (*at) {
		EXPECT_EQ((long)strcspn(at, "\n") + 1,
			  file_write(&self->child, fd, at, strlen(at)));
		at += strcspn(at, "\n") + 1;
	}
	EXPECT_EQ(0, file_close(&self->child, fd));
	EXPECT_POLICY("measure func=MMAP_CHECK \nmeasure func=BPRM_CHECK \n");
}

TEST_F(policy, second_writer_is_busy)
{
	int fd = ima_open(&self->child, "policy", O_WRONLY);

	ASSERT_LE(0, fd);
	EXPECT_EQ(-EBUSY, ima_open(&self->child, "policy", O_WRONLY));
	EXPECT_LE(0, ima_open(&self->child, "policy", O_RDONLY));
	ASSERT_EQ(0, file_close(&self->child, fd));
	EXPECT_LE(0, ima_open(&self->child, "policy", O_WRONLY));
}

/* Wherever the other one comes from. */
TEST_F(policy, writer_in_init_is_a_second_writer)
{
	char path[256];
	int fd = ima_open(&self->child, "policy", O_WRONLY);

	ASSERT_LE(0, fd);
	snprintf(path, sizeof(path), "/proc/%d/root%s/policy", self->child.pid,
		 IMA_DIR);
	EXPECT_EQ(-EBUSY, file_open(NULL, path, O_WRONLY));
	ASSERT_EQ(0, file_close(&self->child, fd));
	EXPECT_EQ(0, file_put_text(NULL, path, EXEC_RULE));
}

/* Its file is closed then, as any. */
TEST_F(policy, writer_that_is_killed_leaves_it_free)
{
	struct agent writer = {};
	int fd;

	ASSERT_EQ(0, agent_start(&writer, &self->child));
	fd = ima_open(&writer, "policy", O_WRONLY);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-EBUSY, ima_open(&self->child, "policy", O_WRONLY));
	agent_stop(&writer);
	EXPECT_EQ(0, ima_load_policy(&self->child, EXEC_RULE));
}

TEST_F(policy, writers_of_two_namespaces_do_not_meet)
{
	struct agent other = {};

	ASSERT_EQ(0, ima_start_new(&other, NULL, OWNER, NULL));
	ASSERT_LE(0, ima_open(&self->child, "policy", O_WRONLY));
	EXPECT_LE(0, ima_open(&other, "policy", O_WRONLY));
	/* Nor does init's. */
	EXPECT_EQ(0, ima_load_policy(NULL, "dont_measure fowner=64999\n"));
	agent_stop(&other);
}

TEST_F(policy, error_drops_the_whole_batch)
{
	char before[4096];
	int fd;

	READ_POLICY(before);
	fd = ima_open(&self->child, "policy", O_WRONLY);
	ASSERT_LE(0, fd);
	ASSERT_EQ((long)strlen(EXEC_RULE),
		  file_write(&self->child, fd, EXEC_RULE, strlen(EXEC_RULE)));
	EXPECT_EQ(-EINVAL, file_write(&self->child, fd, "nonsense\n", 9));
	EXPECT_EQ(0, file_close(&self->child, fd));
	EXPECT_POLICY(before);
	/* And the next batch is the first one still. */
	EXPECT_EQ(0, ima_load_policy(&self->child, EXEC_RULE));
	EXPECT_POLICY("measure func=BPRM_CHECK mask=MAY_EXEC \n");
}

/* A rule that is not allowed is an error like one that is not understood. */
TEST_F(policy, refused_rule_drops_the_whole_batch)
{
	char before[4096];
	int fd;

	READ_POLICY(before);
	fd = ima_open(&self->child, "policy", O_WRONLY);
	ASSERT_LE(0, fd);
	ASSERT_EQ((long)strlen(EXEC_RULE),
		  file_write(&self->child, fd, EXEC_RULE, strlen(EXEC_RULE)));
	EXPECT_EQ(-EPERM, file_write(&self->child, fd,
				     "audit func=BPRM_CHECK\n", 22));
	file_write(&self->child, fd, EXEC_RULE, strlen(EXEC_RULE));
	EXPECT_EQ(0, file_close(&self->child, fd));
	EXPECT_POLICY(before);
}

/* The rules that were loaded before it stay. */
TEST_F(policy, error_in_a_later_batch_keeps_the_earlier_ones)
{
	ASSERT_EQ(0, ima_load_policy(&self->child, EXEC_RULE));
	ASSERT_EQ(-EINVAL, ima_load_policy(&self->child,
					   "measure func=MMAP_CHECK\n"
					   "nonsense\n"));
	EXPECT_POLICY("measure func=BPRM_CHECK mask=MAY_EXEC \n");
}

TEST_F(policy, good_rule_after_an_error_does_not_save_the_batch)
{
	char before[4096];
	int fd;

	READ_POLICY(before);
	fd = ima_open(&self->child, "policy", O_WRONLY);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-EINVAL, file_write(&self->child, fd, "nonsense\n", 9));
	file_write(&self->child, fd, EXEC_RULE, strlen(EXEC_RULE));
	file_close(&self->child, fd);
	EXPECT_POLICY(before);
}

TEST_F(policy, first_batch_replaces_the_default)
{
	const char rule[] = "measure func=FILE_CHECK mask=MAY_READ fowner=7\n";

	ASSERT_EQ(0, ima_load_policy(&self->child, rule));
	READ_POLICY(self->text);
	EXPECT_EQ(1, lines_of(self->text));
	EXPECT_EQ(NULL, strstr(self->text, "BPRM_CHECK"));
	ASSERT_EQ(0, file_run(&self->child, self->program));
	EXPECT_EQ(0, list_measured(&self->child, self->program));
}

TEST_F(policy, later_batches_append)
{
	const char first[] = "measure func=FILE_CHECK mask=MAY_READ fowner=7\n";

	ASSERT_EQ(0, ima_load_policy(&self->child, first));
	ASSERT_EQ(0, ima_load_policy(&self->child, EXEC_RULE));
	EXPECT_POLICY("measure func=FILE_CHECK mask=MAY_READ fowner=7 \n"
		      "measure func=BPRM_CHECK mask=MAY_EXEC \n");
	ASSERT_EQ(0, file_run(&self->child, self->program));
	EXPECT_EQ(1, list_measured(&self->child, self->program));
}

TEST_F(policy, empty_batch_changes_nothing)
{
	char before[4096];

	READ_POLICY(before);
	file_close(&self->child, ima_open(&self->child, "policy", O_WRONLY));
	EXPECT_POLICY(before);
}

TEST_F(policy, child_policy_does_not_reach_init)
{
	char *before, *after;

	ASSERT_LE(0, file_get_all(NULL, IMA_DIR "/policy", &before));
	ASSERT_EQ(0, ima_load_policy(&self->child, EXEC_RULE));
	ASSERT_LE(0, file_get_all(NULL, IMA_DIR "/policy", &after));
	EXPECT_STREQ(before, after);
	free(before);
	free(after);
}

TEST_F(policy, child_policy_does_not_reach_a_sibling)
{
	struct agent other = {};
	char before[4096];

	ASSERT_EQ(0, ima_start_new(&other, NULL, OWNER, NULL));
	ASSERT_LE(0, ima_get(&other, "policy", before, sizeof(before)));
	ASSERT_EQ(0, ima_load_policy(&self->child,
				     "measure func=FILE_CHECK uid=7\n"));
	ASSERT_LE(0, ima_get(&other, "policy", self->text,
			     sizeof(self->text)));
	EXPECT_STREQ(before, self->text);
	agent_stop(&other);
}

static const char *rule_number(char *rule, size_t size, int i)
{
	snprintf(rule, size, "dont_measure fowner=%d\n", i);
	return rule;
}

/* Opens, writes @count rules, returns what close() said or the first error. */
static long load_many(struct agent *agent, int from, int count)
{
	int fd = ima_open(agent, "policy", O_WRONLY);
	char rule[64];
	int i;

	if (fd < 0)
		return fd;
	for (i = from; i < from + count; i++) {
		long n;

		rule_number(rule, sizeof(rule), i);
		n = file_write(agent, fd, rule, strlen(rule));
		if (n != (long)strlen(rule))
			return n < 0 ? n : -EIO;
	}
	return file_close(agent, fd);
}

TEST_F_TIMEOUT(policy, holds_1024_rules, 120)
{
	ASSERT_EQ(0, load_many(&self->child, 1, MAX_RULES));
	READ_POLICY(self->text);
	EXPECT_EQ(MAX_RULES, lines_of(self->text));
}

TEST_F_TIMEOUT(policy, batch_of_1025_rules_is_dropped_as_a_whole, 120)
{
	char before[4096];

	READ_POLICY(before);
	EXPECT_EQ(0, load_many(&self->child, 1, MAX_RULES + 1));
	EXPECT_POLICY(before);
}

TEST_F_TIMEOUT(policy, batch_that_would_exceed_1024_is_dropped_as_a_whole, 120)
{
	ASSERT_EQ(0, load_many(&self->child, 1, MAX_RULES - 1));
	EXPECT_EQ(0, load_many(&self->child, 2000, 2));
	READ_POLICY(self->text);
	EXPECT_EQ(MAX_RULES - 1, lines_of(self->text));
	EXPECT_EQ(NULL, strstr(self->text, "fowner=2000"));
	/* One more still fits. */
	EXPECT_EQ(0, load_many(&self->child, 3000, 1));
	READ_POLICY(self->text);
	EXPECT_EQ(MAX_RULES, lines_of(self->text));
}

/* Writes a rule @arg[1] times into the descriptor @arg[0]. */
static long write_rules(struct call *call)
{
	static const char rule[] = "dont_measure fowner=1\n";
	long i;

	call->out_len = 0;
	for (i = 0; i < call->arg[1]; i++)
		if (write(call->arg[0], rule, strlen(rule)) !=
		    (ssize_t)strlen(rule))
			return -errno;
	return 0;
}

/* Kilobytes of the kernel's slabs. */
static long slab_kilobytes(void)
{
	char text[8192], *at;

	if (file_get(NULL, "/proc/meminfo", text, sizeof(text)) < 0)
		return -1;
	at = strstr(text, "\nSlab:");
	return at ? atol(at + 6) : -1;
}

/*
 * Beyond the limit nothing is stored: a rule takes some 300 bytes, so that
 * 40000 of them would not fit below the bar.
 */
TEST_F_TIMEOUT(policy, rules_beyond_the_limit_take_no_memory, 120)
{
	struct call call = { .fd = -1 };
	long before;
	int fd = ima_open(&self->child, "policy", O_WRONLY);

	ASSERT_LE(0, fd);
	call.arg[0] = fd;
	call.arg[1] = MAX_RULES + 1;
	ASSERT_EQ(0, agent_call(&self->child, write_rules, &call));
	before = slab_kilobytes();
	ASSERT_LT(0, before);
	call.arg[1] = 40000;
	ASSERT_EQ(0, agent_call(&self->child, write_rules, &call));
	EXPECT_GT(4096, slab_kilobytes() - before);
	EXPECT_EQ(0, file_close(&self->child, fd));
}

/* Is the number a word of the message, behind the time and so on? */
static bool names_number(const char *message, long number)
{
	const char *at = strchr(message, ';');
	char word[32];

	snprintf(word, sizeof(word), "%ld", number);
	while (at && (at = strstr(at + 1, word)))
		if ((at[-1] < '0' || at[-1] > '9') &&
		    (at[strlen(word)] < '0' || at[strlen(word)] > '9'))
			return true;
	return false;
}

/*
 * The namespaces together say so much in five seconds.  What was not said by then
 * is at the next occasion.
 */
TEST_F_TIMEOUT(policy, message_about_too_many_rules_names_the_namespace, 120)
{
	struct call call = { .fd = -1, .arg = { 0, MAX_RULES + 1 } };
	long count = 0, id = ima_number(&self->child, "id");
	int fd, again, log = kmsg_open();
	char message[8192] = "";

	ASSERT_LE(0, log);
	for (again = 0; !count && again < 20; again++) {
		if (again)
			sleep(1);
		fd = ima_open(&self->child, "policy", O_WRONLY);
		ASSERT_LE(0, fd);
		call.arg[0] = fd;
		ASSERT_EQ(0, agent_call(&self->child, write_rules, &call));
		ASSERT_EQ(0, file_close(&self->child, fd));
		count = kmsg_last(log, "rules", message, sizeof(message));
	}
	EXPECT_EQ(1, count);
	EXPECT_TRUE(names_number(message, id)) TH_LOG("%s", message);
	close(log);
}

/* Ids are those of the instance's user namespace, shown as the reader's. */
TEST_F(policy, ids_are_shown_relative_to_the_reader)
{
	char path[256];

	ASSERT_EQ(0, ima_load_policy(&self->child,
				     "measure func=FILE_CHECK uid=5 gid=6 "
				     "fowner=7 fgroup=8\n"));
	EXPECT_POLICY("measure func=FILE_CHECK uid=5 gid=6 fowner=7 fgroup=8 \n");
	snprintf(path, sizeof(path), "/proc/%d/root%s/policy", self->child.pid,
		 IMA_DIR);
	ASSERT_LT(0, file_get(NULL, path, self->text, sizeof(self->text)));
	EXPECT_STREQ("measure func=FILE_CHECK uid=100005 gid=100006 "
		     "fowner=100007 fgroup=100008 \n", self->text);
}

TEST_F(policy, rule_of_the_host_is_parsed_in_the_childs_ids)
{
	char path[256];

	snprintf(path, sizeof(path), "/proc/%d/root%s/policy", self->child.pid,
		 IMA_DIR);
	ASSERT_EQ(0, file_put_text(NULL, path,
				   "measure func=FILE_CHECK uid=5\n"));
	EXPECT_POLICY("measure func=FILE_CHECK uid=5 \n");
}

TEST_F(policy, unmapped_id_is_invalid)
{
	EXPECT_EQ(-EINVAL,
		  ima_load_policy(&self->child,
				  "measure func=FILE_CHECK uid=70000\n"));
	EXPECT_EQ(-EINVAL,
		  ima_load_policy(&self->child,
				  "measure func=FILE_CHECK fowner=70000\n"));
}

TEST_F(policy, uid_matches_in_the_childs_numbers)
{
	ASSERT_EQ(0, ima_load_policy(&self->child,
				     "measure func=BPRM_CHECK uid=0\n"));
	ASSERT_EQ(0, file_run(&self->child, self->program));
	EXPECT_EQ(1, list_measured(&self->child, self->program));
}

TEST_F(policy, uid_of_another_does_not_match)
{
	ASSERT_EQ(0, ima_load_policy(&self->child,
				     "measure func=BPRM_CHECK uid=1\n"));
	ASSERT_EQ(0, file_run(&self->child, self->program));
	EXPECT_EQ(0, list_measured(&self->child, self->program));
}

TEST_F(policy, fowner_matches_in_the_childs_numbers)
{
	ASSERT_EQ(0, chown(self->program, 100042, 100043));
	ASSERT_EQ(0, ima_load_policy(&self->child,
				     "measure func=BPRM_CHECK fowner=42 "
				     "fgroup=43\n"));
	ASSERT_EQ(0, file_run(&self->child, self->program));
	EXPECT_EQ(1, list_measured(&self->child, self->program));
}

/*
 * Two extents that swap the order of inside and outside: a comparison by the
 * host's numbers would say the opposite.
 *
 *   inside    0        10
 *   outside   200000   100000
 */
TEST(ids_are_compared_in_the_childs_numbers)
{
	struct agent child = {};
	char directory[256], low[300], high[300];

	ASSERT_EQ(0, scratch_directory(directory, sizeof(directory)));
	snprintf(low, sizeof(low), "%s/low", directory);
	snprintf(high, sizeof(high), "%s/high", directory);
	ASSERT_EQ(0, scratch_program(low, "low"));
	ASSERT_EQ(0, scratch_program(high, "high"));
	ASSERT_EQ(0, chown(low, 200003, 200003));	/* 3 inside */
	ASSERT_EQ(0, chown(high, 100005, 100005));	/* 15 inside */
	ASSERT_EQ(0, ns_start(&child, NULL, 0, "0 200000 10\n10 100000 10\n"));
	ASSERT_EQ(0, ima_start(&child, "measure func=BPRM_CHECK fowner>9\n"));
	ASSERT_EQ(0, file_run(&child, low));
	ASSERT_EQ(0, file_run(&child, high));
	EXPECT_EQ(0, list_measured(&child, low));
	EXPECT_EQ(1, list_measured(&child, high));
	agent_stop(&child);
	scratch_remove(directory);
}

/*
 * The same two extents, and a task with an id of either.
 */
FIXTURE(id)
{
	struct agent child;
	struct agent user;
	char directory[256];
	char program[300];
};

FIXTURE_VARIANT(id)
{
	const char *rule;
	uid_t inside;
	bool measured;
};

#define ID(_name, _rule, _inside, _measured) \
	FIXTURE_VARIANT_ADD(id, _name) { \
		.rule = "measure func=BPRM_CHECK " _rule "\n", \
		.inside = _inside, \
		.measured = _measured, \
	}

/* clang-format off */
ID(uid_above_low, "uid>9", 3, false);
ID(uid_above_high, "uid>9", 15, true);
ID(uid_below_low, "uid<10", 3, true);
ID(uid_below_high, "uid<10", 15, false);
ID(euid_above_low, "euid>9", 3, false);
ID(euid_above_high, "euid>9", 15, true);
ID(gid_above_low, "gid>9", 3, false);
ID(gid_above_high, "gid>9", 15, true);
ID(gid_below_high, "gid<10", 15, false);
ID(egid_above_low, "egid>9", 3, false);
ID(egid_above_high, "egid>9", 15, true);
ID(uid_equal_low, "uid=3", 3, true);
ID(uid_equal_high, "uid=15", 15, true);
ID(uid_equal_other, "uid=15", 3, false);
/* The file belongs to 12 and group 4 inside. */
ID(fowner_below, "fowner<12", 3, false);
ID(fowner_above, "fowner>11", 3, true);
ID(fgroup_below, "fgroup<5", 3, true);
ID(fgroup_above, "fgroup>4", 3, false);
/* clang-format on */

FIXTURE_SETUP(id)
{
	ASSERT_EQ(0, scratch_directory(self->directory,
				       sizeof(self->directory)));
	snprintf(self->program, sizeof(self->program), "%s/prog",
		 self->directory);
	ASSERT_EQ(0, scratch_program(self->program, variant->rule));
	ASSERT_EQ(0, chown(self->program, 100002, 200004));
	ASSERT_EQ(0, ns_start(&self->child, NULL, 0,
			      "0 200000 10\n10 100000 10\n"));
	ASSERT_EQ(0, ima_start(&self->child, variant->rule));
	ASSERT_EQ(0, agent_start(&self->user, &self->child));
	ASSERT_EQ(0, ns_drop_to(&self->user, variant->inside));
}

FIXTURE_TEARDOWN(id)
{
	agent_stop(&self->user);
	agent_stop(&self->child);
	scratch_remove(self->directory);
}

TEST_F(id, is_compared_in_the_childs_numbers)
{
	ASSERT_EQ(0, file_run(&self->user, self->program));
	EXPECT_EQ(variant->measured,
		  list_measured(&self->child, self->program));
}

/*
 * The same rules in init and in a child with init's ids: shown the same,
 * token for token.  Nothing on this machine belongs to that owner.
 */
TEST(child_shows_rules_as_init_does)
{
	static const char rules[] =
		"measure func=FILE_CHECK mask=^MAY_READ uid=3 gid=4 "
		"fowner=64990\n"
		"measure func=BPRM_CHECK mask=MAY_EXEC euid=5 egid=6 "
		"fowner=64990 pcr=14 template=ima-sig\n"
		"measure func=MMAP_CHECK mask=MAY_EXEC uid>3 gid<9 "
		"fowner=64990\n"
		"measure func=MODULE_CHECK fowner>64990 fgroup=64990\n"
		"measure func=KEY_CHECK keyrings=64990|64991\n"
		"measure func=CREDS_CHECK fsname=sixtyfour fgroup>64990\n"
		"measure func=FIRMWARE_CHECK fowner=64990\n"
		"measure func=KEXEC_KERNEL_CHECK fowner=64990\n"
		"measure func=POLICY_CHECK fowner=64990 "
		"fsuuid=01234567-89ab-cdef-0123-456789abcdef\n"
		"dont_measure fsmagic=0x64990 fowner=64990\n"
		"dont_measure fowner=64990 gid<3 fgroup<64990\n";
	struct agent child = {};
	char text[16384], *init;

	ASSERT_EQ(0, ns_start(&child, NULL, 0, "0 0 65536\n"));
	ASSERT_EQ(0, ima_start(&child, rules));
	ASSERT_EQ(0, ima_load_policy(NULL, rules));
	ASSERT_LT(0, ima_get(&child, "policy", text, sizeof(text)));
	EXPECT_EQ(11, lines_of(text));
	ASSERT_LT(0, file_get_all(NULL, IMA_DIR "/policy", &init));
	EXPECT_NE(NULL, strstr(init, text)) TH_LOG("%s\nin\n%s", text, init);
	free(init);
	agent_stop(&child);
}

/* Single rules: taken as they are, or refused with their errno. */
FIXTURE(rule)
{
	struct agent child;
	char text[65536];
};

FIXTURE_VARIANT(rule)
{
	const char *text;
	int error;
	const char *shown;	/* NULL: as written, and a blank at the end */
};

#define GOOD(_name, _text) \
	FIXTURE_VARIANT_ADD(rule, _name) { .text = _text }
#define SHOWN(_name, _text, _shown) \
	FIXTURE_VARIANT_ADD(rule, _name) { .text = _text, .shown = _shown }
#define BAD(_name, _text, _error) \
	FIXTURE_VARIANT_ADD(rule, _name) { .text = _text, .error = _error }

/* clang-format off */
GOOD(measure_exec, "measure func=BPRM_CHECK mask=MAY_EXEC");
GOOD(measure_creds, "measure func=CREDS_CHECK mask=MAY_EXEC");
GOOD(measure_mmap, "measure func=MMAP_CHECK mask=MAY_EXEC");
GOOD(measure_file, "measure func=FILE_CHECK mask=MAY_READ");
GOOD(measure_any_mask, "measure func=FILE_CHECK mask=^MAY_READ");
GOOD(measure_uid, "measure func=FILE_CHECK mask=MAY_READ uid=0");
GOOD(measure_euid, "measure func=FILE_CHECK mask=MAY_READ euid=0");
GOOD(measure_fowner_less, "measure func=FILE_CHECK fowner<0");
GOOD(measure_fowner_greater, "measure func=FILE_CHECK fowner>0");
GOOD(measure_pcr_0, "measure func=BPRM_CHECK pcr=0");
GOOD(measure_pcr, "measure func=BPRM_CHECK pcr=11");
GOOD(measure_pcr_23, "measure func=BPRM_CHECK pcr=23");
GOOD(measure_template, "measure func=BPRM_CHECK template=ima-sig");
GOOD(measure_fsname, "measure func=BPRM_CHECK fsname=ext4");
SHOWN(measure_fsmagic, "dont_measure fsmagic=0x9fa0",
      "dont_measure fsmagic=0x9fa0 \n");
GOOD(measure_fsuuid, "measure func=FILE_CHECK "
     "fsuuid=01234567-89ab-cdef-0123-456789abcdef");
GOOD(measure_policy, "measure func=POLICY_CHECK");
GOOD(measure_key, "measure func=KEY_CHECK");
GOOD(measure_keyrings, "measure func=KEY_CHECK "
     "keyrings=.builtin_trusted_keys|.ima");
GOOD(never_fires_module, "measure func=MODULE_CHECK");
GOOD(never_fires_firmware, "measure func=FIRMWARE_CHECK");
GOOD(never_fires_kexec_kernel, "measure func=KEXEC_KERNEL_CHECK");
GOOD(never_fires_kexec_initramfs, "measure func=KEXEC_INITRAMFS_CHECK");
GOOD(never_fires_kexec_cmdline, "measure func=KEXEC_CMDLINE");
GOOD(dont_measure, "dont_measure fsmagic=0x62656572");
GOOD(dont_appraise, "dont_appraise fsmagic=0x62656572");
GOOD(appraise, "appraise func=BPRM_CHECK");
GOOD(appraise_signed, "appraise func=BPRM_CHECK appraise_type=imasig");
/* What is read has to stay readable: securityfs has no labels. */
GOOD(appraise_without_func, "appraise fsmagic=0x62656572");
GOOD(appraise_algos, "appraise func=MMAP_CHECK appraise_algos=sha256,sha512");
GOOD(appraise_setxattr, "appraise func=SETXATTR_CHECK appraise_algos=sha256");
SHOWN(appraise_verity, "appraise func=MMAP_CHECK digest_type=verity "
      "appraise_type=sigv3",
      "appraise func=MMAP_CHECK appraise_type=sigv3 digest_type=verity \n");
GOOD(appraise_directio, "appraise func=MMAP_CHECK permit_directio");
GOOD(hash, "hash func=FILE_CHECK");
SHOWN(appraise_flag, "appraise func=BPRM_CHECK appraise_flag=check_blacklist",
      "appraise func=BPRM_CHECK \n");
BAD(verity_without_signature, "appraise func=FILE_CHECK digest_type=verity",
    EINVAL);
BAD(modsig_of_a_program, "appraise func=BPRM_CHECK "
    "appraise_type=imasig|modsig", EINVAL);
GOOD(dont_hash, "dont_hash fsmagic=0x62656572");
GOOD(dont_audit, "dont_audit fsmagic=0x62656572");
SHOWN(old_name_of_file_check, "measure func=PATH_CHECK",
      "measure func=FILE_CHECK \n");
SHOWN(old_name_of_mmap_check, "measure func=FILE_MMAP",
      "measure func=MMAP_CHECK \n");
SHOWN(several_blanks, "measure   func=BPRM_CHECK",
      "measure func=BPRM_CHECK \n");
/* scope=all is the default and not shown */
GOOD(scope_self, "measure func=BPRM_CHECK scope=self");
GOOD(scope_children, "measure func=BPRM_CHECK scope=children");
SHOWN(scope_all, "measure func=BPRM_CHECK scope=all",
      "measure func=BPRM_CHECK \n");
SHOWN(scope_first, "scope=self measure func=BPRM_CHECK",
      "measure func=BPRM_CHECK scope=self \n");
GOOD(scope_of_dont_measure, "dont_measure fsmagic=0x62656572 scope=children");
GOOD(scope_of_dont_audit, "dont_audit fsmagic=0x62656572 scope=self");
GOOD(scope_of_keys, "measure func=KEY_CHECK scope=self");
BAD(unknown_action, "nonsense", EINVAL);
BAD(unknown_func, "measure func=NOTHING_CHECK", EINVAL);
BAD(unknown_mask, "measure func=BPRM_CHECK mask=MAY_DANCE", EINVAL);
BAD(unknown_condition, "measure func=BPRM_CHECK colour=red", EINVAL);
BAD(unknown_scope, "measure func=BPRM_CHECK scope=nobody", EINVAL);
BAD(scope_on_dont_appraise, "dont_appraise fowner=0 scope=self", EINVAL);
BAD(unknown_template, "measure func=BPRM_CHECK template=ima-xy", EINVAL);
BAD(template_format, "measure func=BPRM_CHECK template=d-ng|n-ng", EINVAL);
BAD(uid_twice, "measure uid=0 uid=0", EINVAL);
BAD(uid_is_no_number, "measure uid=root", EINVAL);
BAD(pcr_24, "measure func=BPRM_CHECK pcr=24", EINVAL);
BAD(pcr_63, "measure func=BPRM_CHECK pcr=63", EINVAL);
BAD(pcr_64, "measure func=BPRM_CHECK pcr=64", EINVAL);
BAD(pcr_negative, "measure func=BPRM_CHECK pcr=-1", EINVAL);
BAD(pcr_on_dont_measure, "dont_measure fowner=0 pcr=11", EINVAL);
BAD(keyrings_without_key_check, "measure func=BPRM_CHECK keyrings=.ima",
    EINVAL);
BAD(two_actions, "measure dont_measure", EINVAL);
FIXTURE_VARIANT_ADD(rule, audit) {
	.text = "audit func=BPRM_CHECK",
	.error = EPERM,
};
/* clang-format on */

FIXTURE_SETUP(rule)
{
	ASSERT_EQ(0, ima_start_new(&self->child, NULL, OWNER, NULL));
}

FIXTURE_TEARDOWN(rule)
{
	agent_stop(&self->child);
}

TEST_F(rule, is_taken_and_shown_or_refused)
{
	char line[512], expected[512];

	snprintf(line, sizeof(line), "%s\n", variant->text);
	EXPECT_EQ(-variant->error, ima_load_policy(&self->child, line));
	READ_POLICY(self->text);
	if (variant->error) {
		EXPECT_EQ(NULL, strstr(self->text, variant->text));
		return;
	}
	snprintf(expected, sizeof(expected), "%s \n", variant->text);
	EXPECT_STREQ(variant->shown ? variant->shown : expected, self->text);
}

/* The stock syntax has no newline at the end of a rule either. */
TEST_F(rule, is_judged_the_same_without_a_newline)
{
	EXPECT_EQ(-variant->error,
		  ima_load_policy(&self->child, variant->text));
}

/* A policy file named by its path. */
FIXTURE(file)
{
	struct agent child;
	char directory[256];
	char path[300];
	char text[65536];
};

FIXTURE_SETUP(file)
{
	ASSERT_EQ(0, ima_start_new(&self->child, NULL, OWNER, NULL));
	ASSERT_EQ(0, scratch_directory(self->directory,
				       sizeof(self->directory)));
	snprintf(self->path, sizeof(self->path), "%s/policy", self->directory);
}

FIXTURE_TEARDOWN(file)
{
	agent_stop(&self->child);
	scratch_remove(self->directory);
}

TEST_F(file, of_several_rules_is_loaded)
{
	ASSERT_EQ(0, scratch_text(self->path, "# a comment\n"
				  "dont_measure fsmagic=0x9fa0\n\n"
				  "measure func=BPRM_CHECK\n"));
	EXPECT_EQ(0, ima_load_policy(&self->child, self->path));
	EXPECT_POLICY("dont_measure fsmagic=0x9fa0 \nmeasure func=BPRM_CHECK \n");
}

TEST_F(file, with_a_bad_rule_is_dropped_as_a_whole)
{
	ASSERT_EQ(0, scratch_text(self->path, "measure func=BPRM_CHECK uid=5\n"
				  "nonsense\n"));
	EXPECT_EQ(-EINVAL, ima_load_policy(&self->child, self->path));
	READ_POLICY(self->text);
	EXPECT_EQ(NULL, strstr(self->text, "uid=5"));
}

TEST_F(file, that_is_missing_fails_enoent)
{
	EXPECT_EQ(-ENOENT, ima_load_policy(&self->child, self->path));
}

TEST_F(file, is_measured_by_policy_check)
{
	ASSERT_EQ(0, ima_load_policy(&self->child,
				     "measure func=POLICY_CHECK\n"));
	ASSERT_EQ(0, scratch_text(self->path, "measure func=BPRM_CHECK\n"));
	ASSERT_EQ(0, ima_load_policy(&self->child, self->path));
	EXPECT_EQ(1, list_measured(&self->child, self->path));
}

TEST_F(file, above_one_mebibyte_is_refused)
{
	ASSERT_EQ(0, scratch_text(self->path, "measure func=BPRM_CHECK\n"));
	ASSERT_EQ(0, truncate(self->path, (1 << 20) + 1));
	EXPECT_GT(0, ima_load_policy(&self->child, self->path));
}

/*
 * The credentials are those of who opened "policy": uid 1000 inside a file
 * of root with mode 0600 sees nothing, though init's root does the write.
 */
TEST_F(file, is_opened_with_the_openers_credentials)
{
	int fd, mine;

	ASSERT_EQ(0, scratch_text(self->path, "measure func=BPRM_CHECK\n"));
	ASSERT_EQ(0, chmod(self->path, 0600));
	fd = ima_open(&self->child, "policy", O_WRONLY);
	ASSERT_LE(0, fd);
	mine = file_fetch_fd(&self->child, fd);
	ASSERT_LE(0, mine);
	EXPECT_EQ(-EACCES, file_write(NULL, mine, self->path,
				      strlen(self->path)));
	close(mine);
}

/* What the default policy is. */
static void command_line_word(const char *key, char *value, size_t size)
{
	char line[4096], *at;

	*value = 0;
	if (file_get(NULL, "/proc/cmdline", line, sizeof(line)) < 0)
		return;
	at = strstr(line, key);
	if (at)
		snprintf(value, size, "%.*s",
			 (int)strcspn(at + strlen(key), " \n"),
			 at + strlen(key));
}

/* All three choices, each by its own boot. */
TEST_F(policy, default_is_what_the_command_line_says)
{
	long id = ima_number(&self->child, "id");
	char choice[32], record[4096], named[32];

	command_line_word("ima_ns_policy=", choice, sizeof(choice));
	if (!*choice)
		strcpy(choice, "exec");		/* the default of Kconfig */
	ASSERT_EQ(1, record_find(NULL, "ima_ns_birth", id, record,
				 sizeof(record)));
	ASSERT_TRUE(record_value(record, "policy", named, sizeof(named)));
	EXPECT_STREQ(choice, named);
	READ_POLICY(self->text);
	if (!strcmp(choice, "none")) {
		EXPECT_STREQ("", self->text);
		ASSERT_EQ(0, file_run(&self->child, self->program));
		EXPECT_EQ(1, ima_count(&self->child));
		return;
	}
	EXPECT_NE(NULL, strstr(self->text, "measure func=BPRM_CHECK"));
	EXPECT_NE(NULL, strstr(self->text, "measure func=MMAP_CHECK"));
	EXPECT_NE(NULL, strstr(self->text, "measure func=POLICY_CHECK"));
	/* Of keys only exec says it; what root reads is measured with tcb. */
	if (!strcmp(choice, "exec"))
		EXPECT_NE(NULL, strstr(self->text, "measure func=KEY_CHECK"));
	EXPECT_EQ(!strcmp(choice, "tcb"),
		  strstr(self->text, "measure func=FILE_CHECK") != NULL);
	ASSERT_EQ(0, file_run(&self->child, self->program));
	EXPECT_EQ(1, list_measured(&self->child, self->program));
}

/* With tcb alone, and then the root is the child's, not init's. */
TEST_F(policy, default_measures_what_root_reads_with_tcb)
{
	char choice[32], path[300];

	command_line_word("ima_ns_policy=", choice, sizeof(choice));
	snprintf(path, sizeof(path), "%s/text", self->directory);
	ASSERT_EQ(0, scratch_text(path, "text\n"));
	ASSERT_LE(0, file_open(&self->child, path, O_RDONLY));
	EXPECT_EQ(!strcmp(choice, "tcb"), list_measured(&self->child, path));
}

/*
 * scope= on init's own rules: whose events they are for.
 *
 *   init (rule with scope) ---- child runs a file
 */
FIXTURE(scope)
{
	struct agent child;
	char directory[256];
	char program[300];
};

FIXTURE_VARIANT(scope)
{
	const char *scope;
	uid_t owner;
	bool own;	/* the rule holds for init's own tasks */
	bool child;	/* and for those of the child */
};

FIXTURE_VARIANT_ADD(scope, self)
{
	.scope = "self",
	.owner = 61001,
	.own = true,
	.child = false,
};

FIXTURE_VARIANT_ADD(scope, children)
{
	.scope = "children",
	.owner = 61002,
	.own = false,
	.child = true,
};

FIXTURE_VARIANT_ADD(scope, all)
{
	.scope = "all",
	.owner = 61003,
	.own = true,
	.child = true,
};

FIXTURE_SETUP(scope)
{
	char rule[128];

	ASSERT_EQ(0, scratch_directory(self->directory,
				       sizeof(self->directory)));
	snprintf(self->program, sizeof(self->program), "%s/prog",
		 self->directory);
	ASSERT_EQ(0, scratch_program(self->program, variant->scope));
	ASSERT_EQ(0, chown(self->program, variant->owner, 0));
	/* Only this test has files of that owner. */
	snprintf(rule, sizeof(rule),
		 "measure func=BPRM_CHECK fowner=%u scope=%s\n",
		 variant->owner, variant->scope);
	ASSERT_EQ(0, ima_load_policy(NULL, rule));
	ASSERT_EQ(0, ima_start_new(&self->child, NULL, OWNER, NULL));
}

FIXTURE_TEARDOWN(scope)
{
	agent_stop(&self->child);
	scratch_remove(self->directory);
}

TEST_F(scope, of_an_event_in_a_child)
{
	ASSERT_EQ(0, file_run(&self->child, self->program));
	EXPECT_EQ(variant->child, list_measured(NULL, self->program));
}

TEST_F(scope, of_an_event_of_its_own)
{
	ASSERT_EQ(0, file_run(NULL, self->program));
	EXPECT_EQ(variant->own, list_measured(NULL, self->program));
}

/* A child whose uid 0 is init's root cannot hide behind scope=self. */
TEST_F(scope, root_is_always_seen)
{
	struct agent root = {};

	ASSERT_EQ(0, ima_start_new(&root, NULL, 0, NULL));
	ASSERT_EQ(0, file_run(&root, self->program));
	EXPECT_EQ(1, list_measured(NULL, self->program));
	agent_stop(&root);
}

TEST_HARNESS_MAIN
