// SPDX-License-Identifier: GPL-2.0-only
/*
 * Audit rules of a child: who may load them, what the records say, how many
 * there may be; and dont_audit (abi.md sections 3, 4 and 5).
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "auditlog.h"
#include "clock.h"
#include "digest.h"
#include "file.h"
#include "ima.h"
#include "list.h"
#include "ns.h"
#include "scratch.h"

#define OWNER 1000
#define AUDIT_RULE "audit func=BPRM_CHECK mask=MAY_EXEC\n"
/* Rules of init stay until the next boot: each test has files of its own. */
#define FIRST_FOWNER 63100

/*
 * Who may load audit rules into a child: the opener of its policy.
 *
 *   init ---- child
 */
FIXTURE(load)
{
	struct agent child;
	struct agent outside;
	int directory;
};

FIXTURE_VARIANT(load)
{
	uid_t owner;			/* of the child */
	bool outside;			/* the opener is not in it */
	unsigned long long drop;	/* capabilities the opener lacks */
	int error;
};

#define LOAD(_name, _owner, _outside, _drop, _error) \
	FIXTURE_VARIANT_ADD(load, _name) { \
		.owner = _owner, \
		.outside = _outside, \
		.drop = _drop, \
		.error = _error, \
	}

/* clang-format off */
LOAD(root_of_init_inside, 0, false, 0, 0);
LOAD(root_of_init_inside_without_the_capability, 0, false,
     CAP(AUDIT_WRITE), EPERM);
LOAD(unprivileged_user_inside, OWNER, false, 0, EPERM);
LOAD(capability_in_init, OWNER, true, 0, 0);
LOAD(root_of_init_without_the_capability_above_an_unprivileged_child, OWNER,
     true, CAP(AUDIT_WRITE), EPERM);
/* clang-format on */

FIXTURE_SETUP(load)
{
	struct agent *opener = &self->child;

	ASSERT_EQ(0, ima_start_new(&self->child, NULL, variant->owner, NULL));
	self->directory = ima_directory(&self->child);
	ASSERT_LE(0, self->directory);
	ASSERT_EQ(0, agent_start(&self->outside, NULL));
	if (variant->outside)
		opener = &self->outside;
	if (variant->drop)
		ASSERT_EQ(0, ns_limit_capabilities(opener,
			CAP(MAC_ADMIN) | CAP(SYS_ADMIN) | CAP(DAC_OVERRIDE)));
}

FIXTURE_TEARDOWN(load)
{
	close(self->directory);
	agent_stop(&self->outside);
	agent_stop(&self->child);
}

static int open_policy(struct agent *agent, int directory)
{
	char path[128];
	int ret = file_path_below(agent, directory, "policy", path,
				  sizeof(path));

	return ret ? ret : file_open(agent, path, O_WRONLY);
}

static long write_text(struct agent *agent, int fd, const char *text)
{
	long n = file_write(agent, fd, text, strlen(text));

	return n == (long)strlen(text) ? 0 : n;
}

TEST_F(load, is_for_who_may_audit)
{
	struct agent *opener = variant->outside ? &self->outside : &self->child;
	char text[4096];
	int fd = open_policy(opener, self->directory);

	ASSERT_LE(0, fd);
	EXPECT_EQ(-variant->error, write_text(opener, fd, AUDIT_RULE));
	EXPECT_EQ(0, file_close(opener, fd));
	ASSERT_LE(0, ima_get(&self->child, "policy", text, sizeof(text)));
	if (variant->error) {
		EXPECT_EQ(NULL, strstr(text, "audit"));
		return;
	}
	EXPECT_STREQ("audit func=BPRM_CHECK mask=MAY_EXEC \n", text);
}

/* Whoever does the write: the test has all rights. */
TEST_F(load, is_judged_by_the_opener)
{
	struct agent *opener = variant->outside ? &self->outside : &self->child;
	int mine, fd = open_policy(opener, self->directory);

	ASSERT_LE(0, fd);
	mine = file_fetch_fd(opener, fd);
	ASSERT_LE(0, mine);
	EXPECT_EQ(-variant->error, write_text(NULL, mine, AUDIT_RULE));
	close(mine);
}

TEST_F(load, is_judged_by_the_opener_when_the_child_writes)
{
	struct agent *opener = variant->outside ? &self->outside : &self->child;
	int mine, given, fd = open_policy(opener, self->directory);

	ASSERT_LE(0, fd);
	mine = file_fetch_fd(opener, fd);
	ASSERT_LE(0, mine);
	given = file_give_fd(&self->child, mine);
	ASSERT_LE(0, given);
	EXPECT_EQ(-variant->error, write_text(&self->child, given, AUDIT_RULE));
	close(mine);
}

/* Nothing is audited about loading, allowed or not. */
TEST_F(load, leaves_no_record)
{
	struct agent *opener = variant->outside ? &self->outside : &self->child;
	int fd, records = auditlog_open();

	ASSERT_LE(0, records);
	fd = open_policy(opener, self->directory);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-variant->error, write_text(opener, fd, AUDIT_RULE));
	EXPECT_EQ(0, file_close(opener, fd));
	EXPECT_EQ(0, auditlog_count(records, AUDIT_INTEGRITY_POLICY_RULE, ""));
	EXPECT_EQ(0, auditlog_count(records, AUDIT_INTEGRITY_STATUS, ""));
	close(records);
}

/* dont_audit takes nothing from the machine: anybody may have it. */
TEST_F(load, of_dont_audit_is_for_all)
{
	struct agent *opener = variant->outside ? &self->outside : &self->child;
	char text[4096];
	int fd = open_policy(opener, self->directory);

	ASSERT_LE(0, fd);
	EXPECT_EQ(0, write_text(opener, fd, "dont_audit fsmagic=0x9fa0\n"));
	EXPECT_EQ(0, file_close(opener, fd));
	ASSERT_LE(0, ima_get(&self->child, "policy", text, sizeof(text)));
	EXPECT_STREQ("dont_audit fsmagic=0x9fa0 \n", text);
}

/*
 * A container's root with everything but CAP_AUDIT_WRITE has that in each user
 * namespace that he makes; the records would be the machine's.
 */
TEST(load_is_not_for_what_was_made_without_the_capability)
{
	struct agent maker = {}, child = {};
	int fd;

	ASSERT_EQ(0, agent_start(&maker, NULL));
	ASSERT_EQ(0, ns_limit_capabilities(&maker, ~CAP(AUDIT_WRITE)));
	ASSERT_EQ(0, ima_start_new(&child, &maker, 0, NULL));
	fd = ima_open(&child, "policy", O_WRONLY);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-EPERM, write_text(&child, fd, AUDIT_RULE));
	EXPECT_EQ(0, file_close(&child, fd));
	agent_stop(&child);
	agent_stop(&maker);
}

/*
 * The records.
 *
 *   init ---- child (may audit) ---- nested
 */
FIXTURE(record)
{
	struct agent child;
	struct agent nested;
	char directory[256];
	char program[300];
	char named[64];		/* how a record of the child ends */
	int records;
};

FIXTURE_SETUP(record)
{
	ASSERT_EQ(0, scratch_directory(self->directory,
				       sizeof(self->directory)));
	snprintf(self->program, sizeof(self->program), "%s/prog",
		 self->directory);
	ASSERT_EQ(0, scratch_version(self->program, 1));
	ASSERT_EQ(0, ima_start_new(&self->child, NULL, 0, NULL));
	snprintf(self->named, sizeof(self->named), " ima_ns=%ld",
		 ima_number(&self->child, "id"));
	self->records = auditlog_open();
	ASSERT_LE(0, self->records);
}

FIXTURE_TEARDOWN(record)
{
	close(self->records);
	agent_stop(&self->nested);
	agent_stop(&self->child);
	scratch_remove(self->directory);
}

static int sha256_of(const char *path, char *hex)
{
	uint8_t digest[DIGEST_MAX];
	char *content;
	long len = file_get_all(NULL, path, &content);

	if (len < 0)
		return len;
	digest_hex(digest, digest_bytes("sha256", content, len, digest), hex);
	free(content);
	return 0;
}

/* file= and hash= as ever, and the id of the namespace at the end. */
TEST_F(record, has_file_and_hash_and_ends_with_the_id)
{
	char hex[2 * DIGEST_MAX + 1], expected[1024];
	struct auditlog log;

	ASSERT_EQ(0, ima_load_policy(&self->child, AUDIT_RULE));
	ASSERT_EQ(1, file_run(&self->child, self->program));
	ASSERT_EQ(0, auditlog_take(self->records, AUDIT_INTEGRITY_RULE,
				   self->program, &log));
	EXPECT_EQ(1, log.count);
	ASSERT_EQ(0, sha256_of(self->program, hex));
	snprintf(expected, sizeof(expected),
		 "file=\"%s\" hash=\"sha256:%s\" ppid=", self->program, hex);
	EXPECT_NE(NULL, strstr(log.last, expected)) TH_LOG("%s", log.last);
	EXPECT_TRUE(auditlog_ends_with(&log, self->named))
		TH_LOG("%s", log.last);
}

TEST_F(record, is_made_once_for_each_content)
{
	ASSERT_EQ(0, ima_load_policy(&self->child, AUDIT_RULE));
	ASSERT_EQ(1, file_run(&self->child, self->program));
	ASSERT_EQ(1, file_run(&self->child, self->program));
	EXPECT_EQ(1, auditlog_count(self->records, AUDIT_INTEGRITY_RULE,
				    self->program));
	ASSERT_EQ(0, scratch_set_version(self->program, 2));
	ASSERT_EQ(2, file_run(&self->child, self->program));
	EXPECT_EQ(1, auditlog_count(self->records, AUDIT_INTEGRITY_RULE,
				    self->program));
}

/* An audit rule does not measure, and the other way round. */
TEST_F(record, is_no_measurement)
{
	ASSERT_EQ(0, ima_load_policy(&self->child, AUDIT_RULE));
	ASSERT_EQ(1, file_run(&self->child, self->program));
	EXPECT_EQ(0, list_measured(&self->child, self->program));
	EXPECT_EQ(1, auditlog_count(self->records, AUDIT_INTEGRITY_RULE,
				    self->program));
}

TEST_F(record, comes_with_a_measurement_if_both_are_asked_for)
{
	ASSERT_EQ(0, ima_load_policy(&self->child, EXEC_RULE AUDIT_RULE));
	ASSERT_EQ(1, file_run(&self->child, self->program));
	EXPECT_EQ(1, list_measured(&self->child, self->program));
	EXPECT_EQ(1, auditlog_count(self->records, AUDIT_INTEGRITY_RULE,
				    self->program));
}

/* What is known, and passes early, is not known to a rule that comes later. */
TEST_F(record, is_made_of_a_file_that_was_measured_before)
{
	ASSERT_EQ(0, ima_load_policy(&self->child, EXEC_RULE));
	ASSERT_EQ(1, file_run(&self->child, self->program));
	ASSERT_EQ(1, file_run(&self->child, self->program));
	ASSERT_EQ(0, auditlog_count(self->records, AUDIT_INTEGRITY_RULE,
				    self->program));
	ASSERT_EQ(0, ima_load_policy(&self->child, AUDIT_RULE));
	ASSERT_EQ(1, file_run(&self->child, self->program));
	ASSERT_EQ(1, file_run(&self->child, self->program));
	EXPECT_EQ(1, auditlog_count(self->records, AUDIT_INTEGRITY_RULE,
				    self->program));
}

TEST_F(record, is_not_made_where_dont_audit_comes_first)
{
	ASSERT_EQ(0, chown(self->program, FIRST_FOWNER, 0));
	ASSERT_EQ(0, ima_load_policy(NULL, "dont_audit fowner=63100\n"
				     "audit func=BPRM_CHECK fowner=63100\n"));
	ASSERT_EQ(1, file_run(NULL, self->program));
	EXPECT_EQ(0, auditlog_count(self->records, AUDIT_INTEGRITY_RULE,
				    self->program));
	ASSERT_EQ(0, ima_load_policy(&self->child,
				     "dont_audit func=BPRM_CHECK\n"
				     AUDIT_RULE));
	ASSERT_EQ(1, file_run(&self->child, self->program));
	EXPECT_EQ(0, auditlog_count(self->records, AUDIT_INTEGRITY_RULE,
				    self->program));
}

/* The one whose rule it is answers for the record. */
TEST_F(record, of_a_nested_event_names_whose_rule_it_is)
{
	struct auditlog log;

	ASSERT_EQ(0, ima_start_new(&self->nested, &self->child, 0, EXEC_RULE));
	ASSERT_EQ(0, ima_load_policy(&self->child, AUDIT_RULE));
	ASSERT_EQ(1, file_run(&self->nested, self->program));
	ASSERT_EQ(0, auditlog_take(self->records, AUDIT_INTEGRITY_RULE,
				   self->program, &log));
	EXPECT_EQ(1, log.count);
	EXPECT_TRUE(auditlog_ends_with(&log, self->named))
		TH_LOG("%s", log.last);
}

TEST_F(record, of_a_nested_event_depends_on_the_scope)
{
	ASSERT_EQ(0, ima_start_new(&self->nested, &self->child, 0, EXEC_RULE));
	ASSERT_EQ(0, ima_load_policy(&self->child,
				     "audit func=BPRM_CHECK scope=self\n"));
	ASSERT_EQ(1, file_run(&self->nested, self->program));
	EXPECT_EQ(0, auditlog_count(self->records, AUDIT_INTEGRITY_RULE,
				    self->program));
	ASSERT_EQ(1, file_run(&self->child, self->program));
	EXPECT_EQ(1, auditlog_count(self->records, AUDIT_INTEGRITY_RULE,
				    self->program));
}

/* Rules of init: the record tells in which namespace it was. */
TEST_F(record, of_init_names_the_namespace_of_the_event)
{
	char nested[64];
	struct auditlog log;

	ASSERT_EQ(0, chown(self->program, FIRST_FOWNER + 1, 0));
	ASSERT_EQ(0, ima_load_policy(NULL,
				     "audit func=BPRM_CHECK fowner=63101\n"));
	ASSERT_EQ(0, ima_start_new(&self->nested, &self->child, 0, EXEC_RULE));
	snprintf(nested, sizeof(nested), " ima_ns=%ld",
		 ima_number(&self->nested, "id"));
	ASSERT_EQ(1, file_run(&self->nested, self->program));
	ASSERT_EQ(0, auditlog_take(self->records, AUDIT_INTEGRITY_RULE,
				   self->program, &log));
	EXPECT_EQ(1, log.count);
	EXPECT_TRUE(auditlog_ends_with(&log, nested)) TH_LOG("%s", log.last);
}

TEST_F(record, of_inits_own_event_names_none)
{
	struct auditlog log;

	ASSERT_EQ(0, chown(self->program, FIRST_FOWNER + 2, 0));
	ASSERT_EQ(0, ima_load_policy(NULL,
				     "audit func=BPRM_CHECK fowner=63102\n"));
	ASSERT_EQ(1, file_run(NULL, self->program));
	ASSERT_EQ(0, auditlog_take(self->records, AUDIT_INTEGRITY_RULE,
				   self->program, &log));
	EXPECT_EQ(1, log.count);
	EXPECT_EQ(NULL, strstr(log.last, "ima_ns=")) TH_LOG("%s", log.last);
}

TEST_F(record, of_init_depends_on_the_scope)
{
	ASSERT_EQ(0, chown(self->program, FIRST_FOWNER + 3, 0));
	ASSERT_EQ(0, ima_load_policy(NULL, "audit func=BPRM_CHECK "
				     "fowner=63103 scope=children\n"));
	ASSERT_EQ(1, file_run(NULL, self->program));
	EXPECT_EQ(0, auditlog_count(self->records, AUDIT_INTEGRITY_RULE,
				    self->program));
	ASSERT_EQ(1, file_run(&self->child, self->program));
	EXPECT_EQ(1, auditlog_count(self->records, AUDIT_INTEGRITY_RULE,
				    self->program));
}

/* Known by a rule for one's own events, and not by that for others'. */
TEST_F(record, of_init_is_made_of_a_file_that_its_own_events_measured)
{
	ASSERT_EQ(0, chown(self->program, FIRST_FOWNER + 5, 0));
	ASSERT_EQ(0, ima_load_policy(NULL,
		"measure func=BPRM_CHECK fowner=63105 scope=self\n"
		"audit func=BPRM_CHECK fowner=63105 scope=children\n"));
	ASSERT_EQ(1, file_run(NULL, self->program));
	ASSERT_EQ(1, file_run(NULL, self->program));
	EXPECT_EQ(1, list_measured(NULL, self->program));
	EXPECT_EQ(0, auditlog_count(self->records, AUDIT_INTEGRITY_RULE,
				    self->program));
	ASSERT_EQ(1, file_run(&self->child, self->program));
	ASSERT_EQ(1, file_run(&self->child, self->program));
	EXPECT_EQ(1, auditlog_count(self->records, AUDIT_INTEGRITY_RULE,
				    self->program));
}

/* Root of init, hidden in a child from all but his own scope. */
TEST_F(record, of_root_is_made_for_scope_self)
{
	ASSERT_EQ(0, chown(self->program, FIRST_FOWNER + 4, 0));
	ASSERT_EQ(0, ima_load_policy(NULL,
		"dont_audit fowner=63104 scope=children\n"
		"audit func=BPRM_CHECK fowner=63104 scope=self\n"));
	ASSERT_EQ(1, file_run(&self->child, self->program));
	EXPECT_EQ(1, auditlog_count(self->records, AUDIT_INTEGRITY_RULE,
				    self->program));
}

/*
 * More records than there may be: 200 files, each opened once.
 */
#define FILES 200
#define READ_RULE "func=FILE_CHECK mask=MAY_READ fowner=63110\n"

FIXTURE(flood)
{
	struct agent child;
	char directory[256];
	char named[64];
	int records;
};

static void name_of(char *path, size_t size, const char *directory, long i)
{
	snprintf(path, size, "%s/file%ld.", directory, i);
}

FIXTURE_SETUP(flood)
{
	char path[300];
	int i;

	ASSERT_EQ(0, scratch_directory(self->directory,
				       sizeof(self->directory)));
	for (i = 0; i < FILES; i++) {
		name_of(path, sizeof(path), self->directory, i);
		ASSERT_EQ(0, scratch_text(path, path));
		ASSERT_EQ(0, chown(path, FIRST_FOWNER + 10, 0));
	}
	/* The files' owner has to have a number inside. */
	ASSERT_EQ(0, ns_start(&self->child, NULL, 0, "0 0 65536\n"));
	ASSERT_EQ(0, ima_start(&self->child, NULL));
	snprintf(self->named, sizeof(self->named), " ima_ns=%ld",
		 ima_number(&self->child, "id"));
	self->records = auditlog_open();
	ASSERT_LE(0, self->records);
}

FIXTURE_TEARDOWN(flood)
{
	close(self->records);
	agent_stop(&self->child);
	scratch_remove(self->directory);
}

/* in: the directory; opens all files in it, from arg[0] to below arg[1] */
static long do_open_files(struct call *call)
{
	char path[300];
	long i;

	call->out_len = 0;
	for (i = call->arg[0]; i < call->arg[1]; i++) {
		int fd;

		name_of(path, sizeof(path), call->in, i);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			return -errno;
		close(fd);
	}
	return 0;
}

static long open_files(struct agent *agent, const char *directory, long from,
		       long to)
{
	struct call call = {
		.fd = -1,
		.arg = { from, to },
		.in = directory,
		.in_len = strlen(directory) + 1,
	};

	return agent_call(agent, do_open_files, &call);
}

static long number_behind(const char *text, const char *key)
{
	const char *at = strstr(text, key);

	return at ? strtol(at + strlen(key), NULL, 10) : -1;
}

/* Takes records until there is one about what was left out. */
static long wait_for_suppressed(int records, const char *named, long *written)
{
	struct patience more = patience(60000);
	struct auditlog log;

	do {
		/* All types at once: what is taken is gone. */
		if (auditlog_take(records, 0, named, &log))
			return -1;
		*written += log.count;
		if (strstr(log.last, "suppressed=")) {
			(*written)--;
			if (!auditlog_ends_with(&log, named))
				return -1;
			return number_behind(log.last, " suppressed=");
		}
	} while (patience_lasts(&more));
	return -1;
}

TEST_F(flood, is_cut_and_what_is_left_out_is_counted)
{
	long left_out, written = 0, start = now_ms();

	ASSERT_EQ(0, ima_load_policy(&self->child, "audit " READ_RULE));
	ASSERT_EQ(0, open_files(&self->child, self->directory, 0, FILES));
	/* A machine this slow is not flooded. */
	if (now_ms() - start > 4500)
		SKIP(return, "opening the files took longer than an interval");
	left_out = wait_for_suppressed(self->records, self->named, &written);
	EXPECT_EQ(50, written);
	EXPECT_EQ(FILES - 50, left_out);
}

/* It is the last thing that is heard of a namespace that floods and goes. */
TEST_F(flood, is_counted_at_the_end_of_the_namespace)
{
	long left_out, written = 0;

	ASSERT_EQ(0, ima_load_policy(&self->child, "audit " READ_RULE));
	ASSERT_EQ(0, open_files(&self->child, self->directory, 0, FILES));
	agent_stop(&self->child);
	left_out = wait_for_suppressed(self->records, self->named, &written);
	EXPECT_EQ(FILES, written + left_out);
}

TEST_F(flood, does_not_touch_the_list)
{
	struct list list;
	size_t i, found = 0;

	ASSERT_EQ(0, ima_load_policy(&self->child, "measure " READ_RULE
				     "audit " READ_RULE));
	ASSERT_EQ(0, open_files(&self->child, self->directory, 0, FILES));
	ASSERT_EQ(0, list_read(&self->child, &list));
	for (i = 0; i < list.count; i++)
		found += !!strstr(list.entries[i].name, self->directory);
	EXPECT_EQ(FILES, found);
	list_free(&list);
}

/* What was left out is not taken for audited. */
TEST_F(flood, leaves_files_to_be_audited_later)
{
	long left_out, written = 0;
	char path[300];

	ASSERT_EQ(0, ima_load_policy(&self->child, "audit " READ_RULE));
	ASSERT_EQ(0, open_files(&self->child, self->directory, 0, FILES));
	name_of(path, sizeof(path), self->directory, FILES - 1);
	left_out = wait_for_suppressed(self->records, self->named, &written);
	ASSERT_LT(0, left_out);
	ASSERT_EQ(0, open_files(&self->child, self->directory, FILES - 1,
				FILES));
	EXPECT_EQ(1, auditlog_count(self->records, AUDIT_INTEGRITY_RULE, path));
}

/* Nobody can hide from the machine's own rules in a flood. */
TEST_F(flood, is_not_cut_for_rules_of_init)
{
	char path[300];
	int i;

	for (i = 0; i < FILES; i++) {
		name_of(path, sizeof(path), self->directory, i);
		ASSERT_EQ(0, chown(path, FIRST_FOWNER + 11, 0));
	}
	ASSERT_EQ(0, ima_load_policy(NULL, "audit func=FILE_CHECK "
				     "mask=MAY_READ fowner=63111 "
				     "scope=children\n"));
	ASSERT_EQ(0, open_files(&self->child, self->directory, 0, FILES));
	EXPECT_EQ(FILES, auditlog_count(self->records, AUDIT_INTEGRITY_RULE,
					self->named));
}

/* Nobody hides what the namespace does itself by what he does below. */
TEST_F(flood, from_below_does_not_limit_the_namespace_itself)
{
	struct agent nested = {};
	long written, start = now_ms();

	ASSERT_EQ(0, ima_load_policy(&self->child, "audit " READ_RULE));
	ASSERT_EQ(0, ns_start(&nested, &self->child, 0, "0 0 65536\n"));
	ASSERT_EQ(0, ima_start(&nested, NULL));
	ASSERT_EQ(0, open_files(&nested, self->directory, 0, FILES - 10));
	ASSERT_EQ(0, open_files(&self->child, self->directory, FILES - 10,
				FILES));
	agent_stop(&nested);
	if (now_ms() - start > 4500)
		SKIP(return, "opening the files took longer than an interval");
	written = auditlog_count(self->records, AUDIT_INTEGRITY_RULE,
				 self->named);
	EXPECT_EQ(50 + 10, written);
}

/* Each has a limit of its own. */
TEST_F(flood, of_one_does_not_limit_another)
{
	struct agent other = {};
	char named[64];

	ASSERT_EQ(0, ns_start(&other, NULL, 0, "0 0 65536\n"));
	ASSERT_EQ(0, ima_start(&other, "audit " READ_RULE));
	snprintf(named, sizeof(named), " ima_ns=%ld", ima_number(&other, "id"));
	ASSERT_EQ(0, ima_load_policy(&self->child, "audit " READ_RULE));
	ASSERT_EQ(0, open_files(&self->child, self->directory, 0, FILES));
	ASSERT_EQ(0, open_files(&other, self->directory, 0, 10));
	EXPECT_EQ(10, auditlog_count(self->records, AUDIT_INTEGRITY_RULE,
				     named));
	agent_stop(&other);
}

TEST_HARNESS_MAIN
