// SPDX-License-Identifier: GPL-2.0-only
/*
 * Allocations that fail, each in its turn: an operation fails with ENOMEM and
 * can be repeated, or it succeeds; and what could not be stored is seen, as a
 * violation and by a vpcr that is not the replay of the list.
 *
 * Needs a kernel with fault injection (debug) and leaves lost entries in the
 * host's list, whose PCR no verifier accepts from then on.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "emulator.h"
#include "file.h"
#include "ima.h"
#include "inject.h"
#include "kmsg.h"
#include "list.h"
#include "ns.h"
#include "record.h"
#include "scratch.h"
#include "vpcr.h"
#include "vtpm.h"
#include "warnings.h"

#define OWNER 0
#define MAP "0 0 4294967295\n"
#define READ_RULE "measure func=FILE_CHECK mask=MAY_READ fowner=1202\n"
#define FILE_OWNER 1202
#define RULES READ_RULE EXEC_RULE

/* More allocations than this no operation has. */
#define MAX_NTH 3000

FIXTURE(fault)
{
	struct agent child;
	char directory[256];
	char path[300];
	int warnings;
	bool skipped;
};

FIXTURE_SETUP(fault)
{
	const char *missing = inject_missing();

	self->skipped = missing;
	if (missing)
		SKIP(return, "missing: %s", missing);
	self->warnings = kmsg_open();
	ASSERT_LE(0, self->warnings);
	ASSERT_EQ(0, scratch_directory(self->directory,
				       sizeof(self->directory)));
	ASSERT_EQ(0, inject_begin());
}

FIXTURE_TEARDOWN(fault)
{
	if (self->skipped)
		return;
	EXPECT_EQ(0, inject_end());
	agent_stop(&self->child);
	scratch_remove(self->directory);
	EXPECT_EQ(0, warnings_count(self->warnings));
	close(self->warnings);
}

/*
 * What a level has lost: entries that its violations count and its list lacks.
 * Of a child, vpcr has to agree with it.
 */
static long lost(struct agent *agent)
{
	long violations = ima_number(agent, "violations"), listed = 0;
	struct list list;
	size_t i;
	int ret = list_read(agent, &list);

	if (violations < 0 || ret)
		return ret ? ret : violations;
	for (i = 0; i < list.count; i++)
		listed += list.entries[i].violation;
	list_free(&list);
	if (agent && vpcr_lost(agent) != violations - listed)
		return -EBADMSG;
	return violations - listed;
}

/* Mounts, activates, loads RULES: all of it has to work. */
static void start_child(struct __test_metadata *_metadata, struct agent *child)
{
	ASSERT_EQ(0, ns_start(child, NULL, OWNER, MAP));
	ASSERT_EQ(0, ima_start(child, RULES));
}

TEST_F_TIMEOUT(fault, of_a_mount_is_enomem_and_it_can_be_repeated, 900)
{
	struct inject attempt = {
		.operation = INJECT_MOUNT,
		.path = SECURITYFS,
		.text = "securityfs",
	};
	int failed = 0;

	for (attempt.nth = 1; attempt.nth < MAX_NTH; attempt.nth++) {
		struct agent child = {};

		ASSERT_EQ(0, ns_start(&child, NULL, OWNER, MAP));
		ASSERT_EQ(0, inject(&child, &attempt));
		if (attempt.ret) {
			EXPECT_EQ(-ENOMEM, attempt.ret)
				TH_LOG("allocation %u", attempt.nth);
			EXPECT_TRUE(attempt.hit);
			failed++;
			ASSERT_EQ(0, ima_mount(&child));
		}
		EXPECT_EQ(0, ima_number(&child, "active"));
		EXPECT_LT(0, ima_number(&child, "id"));
		if (attempt.nth % 8 == 1)
			EXPECT_EQ(0, ima_activate(&child));
		agent_stop(&child);
		if (!attempt.hit)
			break;
	}
	TH_LOG("%d of %u failed", failed, attempt.nth - 1);
	EXPECT_LT(0, failed);
	EXPECT_GT(MAX_NTH, attempt.nth);
}

/* Each file of the configuration, and what it says when nothing is written. */
static const struct {
	const char *name;
	const char *text;
} files[] = {
	{ "hash", "sha384" },
	{ "template_name", "ima-sig" },
	{ "label", "a container" },
};

TEST_F_TIMEOUT(fault, of_a_configuration_write_changes_nothing, 300)
{
	char before[256], after[256];
	struct inject attempt = { .operation = INJECT_WRITE };
	size_t i;

	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(attempt.path, sizeof(attempt.path), "%s/%s", IMA_DIR,
			 files[i].name);
		strcpy(attempt.text, files[i].text);
		for (attempt.nth = 1; attempt.nth < MAX_NTH; attempt.nth++) {
			struct agent child = {};

			ASSERT_EQ(0, ns_start(&child, NULL, OWNER, MAP));
			ASSERT_EQ(0, ima_mount(&child));
			ASSERT_LE(0, ima_get(&child, files[i].name, before,
					     sizeof(before)));
			ASSERT_EQ(0, inject(&child, &attempt));
			ASSERT_LE(0, ima_get(&child, files[i].name, after,
					     sizeof(after)));
			if (attempt.ret < 0) {
				EXPECT_EQ(-ENOMEM, attempt.ret);
				EXPECT_TRUE(attempt.hit);
				EXPECT_STREQ(before, after);
				EXPECT_EQ(0, ima_put(&child, files[i].name,
						     files[i].text));
				ASSERT_LE(0, ima_get(&child, files[i].name,
						     after, sizeof(after)));
			}
			after[strcspn(after, "\n")] = 0;
			EXPECT_STREQ(files[i].text, after);
			EXPECT_EQ(0, ima_activate(&child));
			agent_stop(&child);
			if (!attempt.hit)
				break;
		}
		EXPECT_GT(MAX_NTH, attempt.nth);
	}
}

/* The names in ima/ that activation adds. */
static bool has_lists(struct agent *child)
{
	char names[8192];

	return file_list(child, IMA_DIR, names, sizeof(names)) > 0 &&
	       strstr(names, "_runtime_measurements_sha");
}

TEST_F_TIMEOUT(fault, of_an_activation_leaves_it_configuring, 1800)
{
	struct inject attempt = {
		.operation = INJECT_WRITE,
		.path = IMA_DIR "/active",
		.text = "1",
	};
	long host_lost, births, id;
	int failed = 0;

	snprintf(self->path, sizeof(self->path), "%s/prog", self->directory);
	ASSERT_EQ(0, scratch_program(self->path, "activation"));
	for (attempt.nth = 1; attempt.nth < MAX_NTH; attempt.nth++) {
		struct agent child = {};

		ASSERT_EQ(0, ns_start(&child, NULL, OWNER, MAP));
		ASSERT_EQ(0, ima_mount(&child));
		id = ima_number(&child, "id");
		host_lost = lost(NULL);
		ASSERT_LE(0, host_lost);
		ASSERT_EQ(0, inject(&child, &attempt));
		if (attempt.ret < 0) {
			EXPECT_EQ(-ENOMEM, attempt.ret)
				TH_LOG("allocation %u", attempt.nth);
			EXPECT_TRUE(attempt.hit);
			failed++;
			EXPECT_EQ(0, ima_number(&child, "active"));
			EXPECT_FALSE(has_lists(&child));
			EXPECT_EQ(0, record_find(NULL, "ima_ns_birth", id,
						 NULL, 0));
			/* As if nothing had happened. */
			ASSERT_EQ(0, ima_put(&child, "hash", "sha256"));
			ASSERT_EQ(0, ima_activate(&child));
			EXPECT_EQ(host_lost, lost(NULL));
		}
		EXPECT_EQ(1, ima_number(&child, "active"));
		EXPECT_TRUE(has_lists(&child));
		EXPECT_EQ(1, ima_count(&child));
		/* Its birth is told, or a hole is. */
		births = record_find(NULL, "ima_ns_birth", id, NULL, 0);
		EXPECT_EQ(1, births + lost(NULL) - host_lost)
			TH_LOG("allocation %u: %ld births", attempt.nth,
			       births);
		EXPECT_EQ(0, file_run(&child, self->path));
		EXPECT_EQ(1, list_measured(&child, self->path));
		EXPECT_EQ(0, lost(&child));
		agent_stop(&child);
		if (!attempt.hit)
			break;
	}
	TH_LOG("%d of %u failed", failed, attempt.nth - 1);
	EXPECT_LT(0, failed);
	EXPECT_GT(MAX_NTH, attempt.nth);
}

/* Policies: a batch is in force as a whole or not at all. */
static const char batch[] =
	"dont_measure fsmagic=0x1001\n"
	"measure func=FILE_CHECK fsmagic=0x1002 pcr=12 template=ima-sig\n"
	"measure func=MMAP_CHECK fsmagic=0x1003 uid=0 fowner=0\n";

static long policy_lines(struct agent *agent)
{
	char *text, *at;
	long lines = 0;

	if (file_get_all(agent, IMA_DIR "/policy", &text) < 0)
		return -1;
	for (at = text; (at = strchr(at, '\n')); at++)
		lines++;
	free(text);
	return lines;
}

#define BATCH_LINES 3

TEST_F_TIMEOUT(fault, of_opening_the_policy_is_enomem, 300)
{
	struct inject attempt = {
		.operation = INJECT_OPEN,
		.path = IMA_DIR "/policy",
		.flags = O_WRONLY,
	};
	long before;

	start_child(_metadata, &self->child);
	before = policy_lines(&self->child);
	for (attempt.nth = 1; attempt.nth < MAX_NTH; attempt.nth++) {
		ASSERT_EQ(0, inject(&self->child, &attempt));
		if (attempt.ret < 0) {
			EXPECT_EQ(-ENOMEM, attempt.ret);
		} else {
			ASSERT_EQ(0, file_close(&self->child, attempt.ret));
		}
		/* It is not left busy. */
		ASSERT_EQ(0, ima_load_policy(&self->child,
					     "dont_measure fowner=7\n"));
		EXPECT_EQ(++before, policy_lines(&self->child));
		if (!attempt.hit)
			break;
	}
	EXPECT_GT(MAX_NTH, attempt.nth);
	EXPECT_EQ(0, lost(&self->child));
}

/* A rule, or the path of a file of rules, that is written. */
static void write_injected(struct __test_metadata *_metadata,
			   FIXTURE_DATA(fault) *self, const char *text,
			   int lines)
{
	struct inject attempt = { .operation = INJECT_WRITE };
	long before, id, records, failed = 0;

	strcpy(attempt.path, IMA_DIR "/policy");
	strcpy(attempt.text, text);
	start_child(_metadata, &self->child);
	id = ima_number(&self->child, "id");
	for (attempt.nth = 1; attempt.nth < MAX_NTH; attempt.nth++) {
		before = policy_lines(&self->child);
		records = record_find(&self->child, "ima_ns_policy", id, NULL,
				      0);
		/* The descriptor is closed by it, which loads the batch. */
		ASSERT_EQ(0, inject(&self->child, &attempt));
		if (attempt.ret < 0) {
			EXPECT_EQ(-ENOMEM, attempt.ret)
				TH_LOG("allocation %u", attempt.nth);
			EXPECT_TRUE(attempt.hit);
			failed++;
			EXPECT_EQ(before, policy_lines(&self->child));
			EXPECT_EQ(records, record_find(&self->child,
						       "ima_ns_policy", id,
						       NULL, 0));
		} else {
			EXPECT_EQ(before + lines, policy_lines(&self->child));
			EXPECT_EQ(records + 1, record_find(&self->child,
							   "ima_ns_policy", id,
							   NULL, 0));
		}
		if (!attempt.hit)
			break;
	}
	TH_LOG("%ld of %u failed", failed, attempt.nth - 1);
	EXPECT_LT(0, failed);
	EXPECT_GT(MAX_NTH, attempt.nth);
	EXPECT_EQ(0, lost(&self->child));
	EXPECT_EQ(0, ima_load_policy(&self->child, batch));
}

TEST_F_TIMEOUT(fault, of_writing_a_rule_drops_the_batch, 600)
{
	write_injected(_metadata, self,
		       "measure func=FILE_CHECK fsmagic=0x1002 uid=0 pcr=13 "
		       "template=ima-sig\n", 1);
}

TEST_F_TIMEOUT(fault, of_a_policy_file_drops_the_batch, 600)
{
	snprintf(self->path, sizeof(self->path), "%s/policy", self->directory);
	ASSERT_EQ(0, scratch_text(self->path, batch));
	write_injected(_metadata, self, self->path, BATCH_LINES);
}

/*
 * The close cannot fail: the rules are in force, and told of or lost; or they are
 * dropped, because nobody could be told what they are, and no list is harmed.
 */
TEST_F_TIMEOUT(fault, of_closing_the_policy_hides_no_batch, 600)
{
	struct inject attempt = { .operation = INJECT_CLOSE };
	long before, id, host_lost, own_lost, own, host, added;
	int messages, dropped = 0;
	size_t len = strcspn(batch, "\n") + 1;

	start_child(_metadata, &self->child);
	id = ima_number(&self->child, "id");
	messages = kmsg_open();
	ASSERT_LE(0, messages);
	for (attempt.nth = 1; attempt.nth < MAX_NTH; attempt.nth++) {
		before = policy_lines(&self->child);
		own_lost = lost(&self->child);
		host_lost = lost(NULL);
		own = record_find(&self->child, "ima_ns_policy", id, NULL, 0);
		host = record_find(NULL, "ima_ns_policy", id, NULL, 0);
		attempt.fd = ima_open(&self->child, "policy", O_WRONLY);
		ASSERT_LE(0, attempt.fd);
		ASSERT_EQ((long)len, file_write(&self->child, attempt.fd, batch,
						len));
		ASSERT_EQ(0, inject(&self->child, &attempt));
		EXPECT_EQ(0, attempt.ret);
		added = policy_lines(&self->child) - before;
		EXPECT_TRUE(added == 1 || (attempt.hit && !added))
			TH_LOG("allocation %u", attempt.nth);
		dropped += !added;
		own = record_find(&self->child, "ima_ns_policy", id, NULL, 0) -
		      own;
		host = record_find(NULL, "ima_ns_policy", id, NULL, 0) - host;
		EXPECT_EQ(added, own + lost(&self->child) - own_lost)
			TH_LOG("allocation %u", attempt.nth);
		EXPECT_EQ(added, host + lost(NULL) - host_lost)
			TH_LOG("allocation %u", attempt.nth);
		if (!attempt.hit)
			break;
	}
	EXPECT_EQ(1, own);
	EXPECT_EQ(1, host);
	/* The first allocation is the room for the rules as they read. */
	EXPECT_LE(1, dropped);
	EXPECT_EQ(1, kmsg_count(messages,
				"a batch of rules is dropped: no memory"));
	close(messages);
	EXPECT_LT(1, attempt.nth);
	EXPECT_GT(MAX_NTH, attempt.nth);
}

/*
 * First measurements: by an open() or an execve() of a task in the child, which
 * its own and the host's policy measure.
 */
static int new_file(char *path, size_t size, const char *directory,
		    unsigned int number, bool program)
{
	int ret;

	snprintf(path, size, "%s/%u", directory, number);
	ret = program ? scratch_program(path, path) : scratch_text(path, path);
	if (!ret && chown(path, FILE_OWNER, FILE_OWNER))
		ret = -errno;
	return ret;
}

/*
 * The digest of @name in the list: that of the content, or zeros where it
 * could not be had.
 */
static bool digest_is_honest(struct agent *agent, const char *name, bool whole)
{
	static const uint8_t zeros[DIGEST_MAX];
	uint8_t digest[DIGEST_MAX];
	struct entry *entry;
	struct list list;
	char *content;
	bool honest = false;
	long len = file_get_all(NULL, name, &content);

	if (len < 0 || list_read(agent, &list))
		return false;
	entry = list_find(&list, 0, name);
	if (entry) {
		digest_bytes("sha256", content, len, digest);
		honest = !memcmp(entry->file_digest, digest, 32) ||
			 (!whole && !memcmp(entry->file_digest, zeros,
					    entry->file_digest_len));
	}
	list_free(&list);
	free(content);
	return honest;
}

/* Without memory for the path an entry has the last component, as on stock. */
static long named(struct agent *agent, const char *path)
{
	return list_measured(agent, path) +
	       list_measured(agent, strrchr(path, '/') + 1);
}

/* Is it listed or lost, in both? */
static void measure_injected(struct __test_metadata *_metadata,
			     FIXTURE_DATA(fault) *self,
			     enum inject_operation operation)
{
	struct inject attempt = { .operation = operation, .flags = O_RDONLY };
	bool program = operation == INJECT_EXEC;
	struct agent *levels[] = { &self->child, NULL };
	long before[2], now[2], failed = 0, holes = 0;
	int i, again;

	start_child(_metadata, &self->child);
	ASSERT_EQ(0, ima_load_policy(NULL, program ?
		  "measure func=BPRM_CHECK mask=MAY_EXEC fowner=1202\n" :
		  READ_RULE));
	for (attempt.nth = 1; attempt.nth < MAX_NTH; attempt.nth++) {
		bool done;

		ASSERT_EQ(0, new_file(attempt.path, sizeof(attempt.path),
				      self->directory, attempt.nth, program));
		for (i = 0; i < 2; i++)
			before[i] = lost(levels[i]);
		ASSERT_EQ(0, inject(&self->child, &attempt));
		/* Past the point of no return exec can only kill. */
		done = attempt.ret >= 0 && attempt.ret < 128;
		if (!done) {
			EXPECT_TRUE(attempt.hit);
			/* Room for the arguments: stock says E2BIG. */
			EXPECT_TRUE(attempt.ret == -ENOMEM ||
				    (program && (attempt.ret == -E2BIG ||
						 attempt.ret >= 128)))
				TH_LOG("allocation %u: %ld", attempt.nth,
				       attempt.ret);
			failed++;
		}
		for (i = 0; i < 2; i++) {
			now[i] = lost(levels[i]);
			ASSERT_LE(0, now[i]);
			holes += now[i] - before[i];
			/* What was used is seen. */
			if (done)
				EXPECT_LE(1, named(levels[i], attempt.path) +
					     now[i] - before[i])
					TH_LOG("allocation %u: level %d saw "
					       "nothing", attempt.nth, i);
		}
		if (done && !program)
			ASSERT_EQ(0, file_close(&self->child, attempt.ret));

		/* With memory it works, and is seen. */
		again = program ? file_run(&self->child, attempt.path) :
				  file_open(&self->child, attempt.path,
					    O_RDONLY);
		EXPECT_LE(0, again);
		if (!program && again >= 0)
			ASSERT_EQ(0, file_close(&self->child, again));
		for (i = 0; i < 2; i++) {
			EXPECT_LE(1, named(levels[i], attempt.path) + now[i] -
				     before[i])
				TH_LOG("allocation %u: level %d", attempt.nth,
				       i);
			if (!list_measured(levels[i], attempt.path))
				continue;
			EXPECT_TRUE(digest_is_honest(levels[i], attempt.path,
						     !attempt.hit))
				TH_LOG("allocation %u", attempt.nth);
		}
		if (!attempt.hit)
			break;
	}
	TH_LOG("%ld of %u failed, %ld entries were lost", failed,
	       attempt.nth - 1, holes);
	EXPECT_EQ(1, list_measured(&self->child, attempt.path));
	EXPECT_EQ(1, list_measured(NULL, attempt.path));
	EXPECT_LT(0, failed);
	EXPECT_GT(MAX_NTH, attempt.nth);
}

TEST_F_TIMEOUT(fault, of_measuring_an_open_is_seen, 1800)
{
	measure_injected(_metadata, self, INJECT_OPEN);
}

TEST_F_TIMEOUT(fault, of_measuring_an_execution_is_seen, 1800)
{
	measure_injected(_metadata, self, INJECT_EXEC);
}

/*
 * Violations: the reader is in the child, the writer outside without memory;
 * or the writer was there first, and the reader has no memory.
 */
static void violate_injected(struct __test_metadata *_metadata,
			     FIXTURE_DATA(fault) *self, bool reader_first)
{
	struct inject attempt = {
		.operation = INJECT_OPEN,
		.flags = reader_first ? O_WRONLY : O_RDONLY,
	};
	struct agent *second = reader_first ? NULL : &self->child;
	struct agent *levels[] = { &self->child, NULL };
	long before[2], violations;
	int i, fd;

	start_child(_metadata, &self->child);
	ASSERT_EQ(0, ima_load_policy(NULL, READ_RULE));
	for (attempt.nth = 1; attempt.nth < MAX_NTH; attempt.nth++) {
		ASSERT_EQ(0, new_file(attempt.path, sizeof(attempt.path),
				      self->directory, attempt.nth, false));
		fd = file_open(reader_first ? &self->child : NULL, attempt.path,
			       reader_first ? O_RDONLY : O_WRONLY);
		ASSERT_LE(0, fd);
		for (i = 0; i < 2; i++)
			before[i] = ima_number(levels[i], "violations");
		ASSERT_EQ(0, inject(second, &attempt));
		if (attempt.ret < 0)
			EXPECT_EQ(-ENOMEM, attempt.ret);
		for (i = 0; i < 2; i++) {
			/* What is pending becomes an entry here. */
			EXPECT_LE(0, lost(levels[i]));
			violations = ima_number(levels[i], "violations") -
				     before[i];
			if (attempt.ret >= 0)
				EXPECT_LE(1, violations)
					TH_LOG("allocation %u: level %d",
					       attempt.nth, i);
			/* Its own digest may be lost besides. */
			EXPECT_GE(2, violations);
			if (!attempt.hit)
				EXPECT_EQ(1, violations);
		}
		if (attempt.ret >= 0)
			ASSERT_EQ(0, file_close(second, attempt.ret));
		ASSERT_EQ(0, file_close(reader_first ? &self->child : NULL,
					fd));
		if (!attempt.hit)
			break;
	}
	EXPECT_LT(1, attempt.nth);
	EXPECT_GT(MAX_NTH, attempt.nth);
}

TEST_F_TIMEOUT(fault, of_a_writer_does_not_hide_the_violation, 1800)
{
	violate_injected(_metadata, self, true);
}

TEST_F_TIMEOUT(fault, of_a_reader_does_not_hide_the_violation, 1800)
{
	violate_injected(_metadata, self, false);
}

/* What a reader cannot get is an error, and not half a list. */
TEST_F_TIMEOUT(fault, of_a_reader_of_the_list_is_enomem, 600)
{
	static const char *const names[] = {
		"ascii_runtime_measurements", "binary_runtime_measurements",
		"vpcr", "policy", "runtime_measurements_count", "violations",
	};
	struct inject attempt = { .operation = INJECT_READ };
	char *text;
	size_t i;
	long len;

	start_child(_metadata, &self->child);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(attempt.path, sizeof(attempt.path), "%s/%s", IMA_DIR,
			 names[i]);
		len = file_get_all(&self->child, attempt.path, &text);
		ASSERT_LT(0, len);
		free(text);
		for (attempt.nth = 1; attempt.nth < MAX_NTH; attempt.nth++) {
			ASSERT_EQ(0, inject(&self->child, &attempt));
			if (attempt.ret != len)
				EXPECT_EQ(-ENOMEM, attempt.ret)
					TH_LOG("%s", names[i]);
			if (!attempt.hit)
				break;
		}
		EXPECT_EQ(len, attempt.ret);
		EXPECT_GT(MAX_NTH, attempt.nth);
	}
}

/* Workers without any memory at all, and a death: it has what it needs. */
TEST_F_TIMEOUT(fault, of_all_workers_hides_no_death, 600)
{
	char text[4096], value[128];
	struct vpcr last;
	long id, host_lost;
	int round;

	for (round = 0; round < 10; round++) {
		struct agent child = {};

		start_child(_metadata, &child);
		id = ima_number(&child, "id");
		ASSERT_EQ(0, vpcr_read(&child, &last));
		host_lost = lost(NULL);
		ASSERT_EQ(0, inject_workers(1));
		agent_stop(&child);
		EXPECT_EQ(1, record_wait(NULL, "ima_ns_death", id, text,
					 sizeof(text)));
		ASSERT_EQ(0, inject_workers(0));
		EXPECT_EQ(host_lost, lost(NULL));
		ASSERT_TRUE(record_value(text, "acc", value, sizeof(value)));
		EXPECT_STREQ(last.acc, value + strlen("sha256:"));
	}
}

TEST_F_TIMEOUT(fault, of_attaching_a_tpm_can_be_repeated, 600)
{
	struct inject attempt = {
		.operation = INJECT_IOCTL,
		.flags = VTPM_PROXY_IOC_CONNECT_TO_IMA_NS,
	};

	if (access("/dev/vtpmx", F_OK))
		SKIP(return, "missing: /dev/vtpmx (CONFIG_TCG_VTPM_PROXY)");
	for (attempt.nth = 1; attempt.nth < MAX_NTH; attempt.nth++) {
		struct emulator emulator = {};
		struct agent child = {};

		ASSERT_EQ(0, ns_start(&child, NULL, OWNER, MAP));
		ASSERT_EQ(0, ima_mount(&child));
		ASSERT_EQ(0, emulator_prepare(&emulator));
		ASSERT_EQ(0, emulator_start(&emulator, 2));
		ASSERT_EQ(0, vtpm_wait_device(&emulator.vtpm));
		attempt.fd = file_give_fd(&child, emulator.vtpm.server_fd);
		ASSERT_LE(0, attempt.fd);
		ASSERT_EQ(0, inject(&child, &attempt));
		if (attempt.ret) {
			EXPECT_EQ(-ENOMEM, attempt.ret);
			EXPECT_TRUE(attempt.hit);
			EXPECT_EQ(0, vtpm_attach(&child, &emulator.vtpm));
		} else {
			EXPECT_EQ(-EBUSY, vtpm_attach(&child, &emulator.vtpm));
		}
		EXPECT_EQ(0, ima_activate(&child));
		EXPECT_EQ(1, emulator.plan->extends);
		agent_stop(&child);
		emulator_stop(&emulator);
		if (!attempt.hit)
			break;
	}
	EXPECT_GT(MAX_NTH, attempt.nth);
}

/* Last in this file: nothing of all that is still there. */
TEST_F_TIMEOUT(fault, of_all_kinds_leaks_nothing, 900)
{
	long leaks = inject_leaks();

	if (leaks == -EPERM || leaks == -EBUSY || leaks == -ENOENT)
		SKIP(return, "missing: kmemleak=on (CONFIG_DEBUG_KMEMLEAK)");
	EXPECT_EQ(0, leaks);
}

TEST_HARNESS_MAIN
