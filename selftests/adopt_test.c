// SPDX-License-Identifier: GPL-2.0-only
/*
 * Containers without a user namespace: a process is adopted, by ima_ns/adopt or
 * because it gets a mount namespace (adopt=auto), and has an IMA namespace from
 * then on.
 *
 *   init (test) --- first (a mount namespace, adopted)
 *                     `- second (made by it)
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/io_uring.h>
#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "adopt.h"
#include "agent.h"
#include "auditlog.h"
#include "clock.h"
#include "file.h"
#include "ima.h"
#include "list.h"
#include "module.h"
#include "ns.h"
#include "record.h"
#include "scratch.h"
#include "uring.h"

/* Rules of init stay until the next boot: each test has files of its own. */
#define FOWNER 64100

#define THREADS 6

/* --- Words for what the tests do */

static const char *view_path(long id, const char *file)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/ns/%ld/%s", IMA_DIR, id, file);
	return path;
}

static bool view_exists(long id)
{
	return !access(view_path(id, "status"), F_OK);
}

static bool view_goes(long id)
{
	struct patience wait = patience(30000);

	while (view_exists(id))
		if (!patience_lasts(&wait))
			return false;
	return true;
}

static int view_list(long id, struct list *list)
{
	char name[128];

	snprintf(name, sizeof(name), "ns/%ld/binary_runtime_measurements", id);
	return list_read_bank(NULL, name, NULL, list);
}

/* How often the namespace's list has the file, or @file is a record. */
static long measured(long id, const char *file)
{
	struct list list;
	long count;
	int ret = view_list(id, &list);

	if (ret)
		return ret;
	count = list_count_of(&list, file);
	list_free(&list);
	return count;
}

static bool status_value(long id, const char *key, char *value, size_t size)
{
	char text[4096], *line, *rest = text;
	size_t len = strlen(key);

	if (file_get(NULL, view_path(id, "status"), text, sizeof(text)) < 0)
		return false;
	while ((line = strsep(&rest, "\n"))) {
		if (strncmp(line, key, len) || strncmp(line + len, ": ", 2))
			continue;
		snprintf(value, size, "%s", line + len + 2);
		return true;
	}
	return false;
}

/* Opens, writes each line, closes, by @agent.  The first error of these. */
static int load_policy(struct agent *agent, long id, const char *rules)
{
	int fd = file_open(agent, view_path(id, "policy"), O_WRONLY);
	int ret = 0, closed;

	if (fd < 0)
		return fd;
	while (*rules && !ret) {
		size_t len = strcspn(rules, "\n") + 1;
		long n = file_write(agent, fd, rules, len);

		if (n < 0)
			ret = n;
		rules += len;
	}
	closed = file_close(agent, fd);
	return ret ? ret : closed;
}

/*
 * Who is adopted may not adopt, and not open what does it: so the kernel tells.
 * Init's own pid is never to be adopted.  1, 0 or a negative errno.
 */
static long ask_adopted(void)
{
	static const char nobody[] = "1:1\n";
	int fd = open(ADOPT, O_WRONLY | O_CLOEXEC);
	ssize_t n;
	int error;

	if (fd < 0)
		return errno == EPERM ? 1 : -errno;
	n = write(fd, nobody, sizeof(nobody) - 1);
	error = errno;
	close(fd);
	if (n >= 0)
		return -EIO;
	if (error == EPERM)
		return 1;
	return error == ESRCH || error == EINVAL ? 0 : -error;
}

static long do_ask_adopted(struct call *call)
{
	call->out_len = 0;
	return ask_adopted();
}

static long is_adopted(struct agent *agent)
{
	struct call call = { .fd = -1 };

	return agent_call(agent, do_ask_adopted, &call);
}

static long call_number(struct agent *agent, agent_fn fn, long number)
{
	struct call call = { .arg = { number }, .fd = -1 };

	return agent_call(agent, fn, &call);
}

static long call_path(struct agent *agent, agent_fn fn, const char *path,
		      long number)
{
	struct call call = {
		.arg = { number },
		.fd = -1,
		.in = path,
		.in_len = strlen(path) + 1,
	};

	return agent_call(agent, fn, &call);
}

/* --- Ways into a mount namespace */

enum { BY_UNSHARE, BY_CLONE, BY_CLONE3 };

/*
 * arg[0]: the way.  By a clone() the agent is another process from here on, and
 * who it was only waits, as in ns_start().
 */
static long do_enter(struct call *call)
{
	struct clone_args args = {
		.flags = CLONE_NEWNS,
		.exit_signal = SIGCHLD,
	};
	long child;

	call->out_len = 0;
	switch (call->arg[0]) {
	case BY_UNSHARE:
		return unshare(CLONE_NEWNS) ? -errno : agent_own_pid();
	case BY_CLONE:
		child = syscall(SYS_clone, CLONE_NEWNS | SIGCHLD, 0, 0, 0, 0);
		break;
	default:
		child = syscall(SYS_clone3, &args, sizeof(args));
	}
	if (child < 0)
		return -errno;
	if (child) {
		agent_forget_socket();
		waitpid(child, NULL, 0);
		_exit(0);
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	return agent_own_pid();
}

static int enter(struct agent *agent, int way)
{
	long pid = call_number(agent, do_enter, way);

	if (pid < 0)
		return pid;
	agent->pid = pid;
	return 0;
}

/* --- A container */

FIXTURE(adopt)
{
	struct agent first;
	struct agent second;
	char directory[256];
	char program[300];
	char path[600];
	char text[16384];
	char value[4096];
	char rule[256];
	long before;
	long id;
};

static void begin(struct __test_metadata *_metadata, FIXTURE_DATA(adopt) *self)
{
	ASSERT_EQ(0, module_reload(MODULE_PCRS));
	ASSERT_EQ(0, scratch_directory(self->directory,
				       sizeof(self->directory)));
	snprintf(self->program, sizeof(self->program), "%s/program",
		 self->directory);
	ASSERT_EQ(0, scratch_program(self->program, self->program));
	self->before = adopt_newest_id();
	ASSERT_LE(0, self->before);
	ASSERT_EQ(0, agent_start(&self->first, NULL));
}

static void end(struct __test_metadata *_metadata, FIXTURE_DATA(adopt) *self)
{
	agent_stop(&self->second);
	agent_stop(&self->first);
	scratch_remove(self->directory);
	EXPECT_EQ(0, module_unload_soon());
}

FIXTURE_SETUP(adopt)
{
	begin(_metadata, self);
	/* It may have been skipped. */
	if (_metadata->exit_code)
		return;
	ASSERT_EQ(0, ns_unshare_mount(&self->first));
}

FIXTURE_TEARDOWN(adopt)
{
	end(_metadata, self);
}

#define ADOPT_FIRST(_options) do { \
	ASSERT_EQ(0, adopt(&self->first, _options)); \
	self->id = adopt_newest_id(); \
	ASSERT_LT(self->before, self->id); \
} while (0)

TEST_F(adopt, program_is_in_its_own_list)
{
	ADOPT_FIRST("");
	EXPECT_EQ(1, is_adopted(&self->first));
	ASSERT_EQ(0, file_run(&self->first, self->program));
	EXPECT_EQ(1, measured(self->id, self->program));
}

TEST_F(adopt, program_is_in_inits_list_too)
{
	snprintf(self->rule, sizeof(self->rule),
		 "measure func=BPRM_CHECK fowner=%d\n", FOWNER);
	ASSERT_EQ(0, chown(self->program, FOWNER, 0));
	ASSERT_EQ(0, ima_load_policy(NULL, self->rule));
	ADOPT_FIRST("");
	ASSERT_EQ(0, file_run(&self->first, self->program));
	EXPECT_EQ(1, measured(self->id, self->program));
	EXPECT_EQ(1, list_measured(NULL, self->program));
}

TEST_F(adopt, programs_of_others_are_not_in_its_list)
{
	ASSERT_EQ(0, agent_start(&self->second, NULL));
	ASSERT_EQ(0, ns_join_mount(&self->second, self->first.pid));
	ADOPT_FIRST("");
	EXPECT_EQ(0, is_adopted(NULL));
	EXPECT_EQ(0, is_adopted(&self->second));
	ASSERT_EQ(0, file_run(NULL, self->program));
	ASSERT_EQ(0, file_run(&self->second, self->program));
	EXPECT_EQ(0, measured(self->id, self->program));
}

TEST_F(adopt, before_is_nothing)
{
	EXPECT_EQ(0, is_adopted(&self->first));
	EXPECT_EQ(self->before, adopt_newest_id());
}

/* --- Rules of init that say for whom they are */

TEST_F(adopt, scope_of_its_events)
{
	const char *const scopes[] = { "children", "self" };
	char program[400];
	int i;

	ADOPT_FIRST("");
	ASSERT_EQ(0, agent_start(&self->second, &self->first));
	/* The machine's root is always seen. */
	ASSERT_EQ(0, ns_drop_to(&self->second, 1000));
	for (i = 0; i < 2; i++) {
		snprintf(program, sizeof(program), "%s.%d", self->program, i);
		ASSERT_EQ(0, scratch_program(program, program));
		ASSERT_EQ(0, chown(program, FOWNER + 1 + i, 0));
		snprintf(self->rule, sizeof(self->rule),
			 "measure func=BPRM_CHECK fowner=%d scope=%s\n",
			 FOWNER + 1 + i, scopes[i]);
		ASSERT_EQ(0, ima_load_policy(NULL, self->rule));
		ASSERT_EQ(0, file_run(&self->second, program));
		EXPECT_EQ(1, measured(self->id, program));
		EXPECT_EQ(!i, list_measured(NULL, program));
	}
	/* As root the same is seen by the rule for init's own. */
	ASSERT_EQ(0, file_run(&self->first, program));
	EXPECT_EQ(1, list_measured(NULL, program));
}

TEST_F(adopt, audit_record_names_it)
{
	struct auditlog log;
	char named[64];
	int records;

	ASSERT_EQ(0, chown(self->program, FOWNER + 3, 0));
	snprintf(self->rule, sizeof(self->rule),
		 "audit func=BPRM_CHECK fowner=%d\n", FOWNER + 3);
	ASSERT_EQ(0, ima_load_policy(NULL, self->rule));
	ADOPT_FIRST("");
	records = auditlog_open();
	ASSERT_LE(0, records);
	ASSERT_EQ(0, file_run(&self->first, self->program));
	ASSERT_EQ(0, auditlog_take(records, AUDIT_INTEGRITY_RULE,
				   self->program, &log));
	EXPECT_EQ(1, log.count);
	snprintf(named, sizeof(named), " ima_ns=%ld", self->id);
	EXPECT_TRUE(auditlog_ends_with(&log, named)) TH_LOG("%s", log.last);
	close(records);
}

static void uuid_text(const uint8_t *uuid, char *text)
{
	int i;

	for (i = 0; i < 16; i++)
		text += sprintf(text, "%s%02x", i == 4 || i == 6 || i == 8 ||
				i == 10 ? "-" : "", uuid[i]);
}

TEST_F(adopt, template_ima_ns_has_its_uuid)
{
	struct entry *entry = NULL;
	char uuid[64] = "";
	struct list list;
	size_t i;

	ASSERT_EQ(0, chown(self->program, FOWNER + 4, 0));
	snprintf(self->rule, sizeof(self->rule),
		 "measure func=BPRM_CHECK fowner=%d template=ima-ns\n",
		 FOWNER + 4);
	ASSERT_EQ(0, ima_load_policy(NULL, self->rule));
	ADOPT_FIRST("");
	ASSERT_EQ(0, file_run(&self->first, self->program));
	ASSERT_TRUE(status_value(self->id, "uuid", self->value,
				 sizeof(self->value)));
	ASSERT_EQ(0, list_read(NULL, &list));
	for (i = 0; i < list.count; i++)
		if (!strcmp(list.entries[i].template, "ima-ns") &&
		    memmem(list.entries[i].data, list.entries[i].data_len,
			   self->program, strlen(self->program)))
			entry = &list.entries[i];
	ASSERT_NE(NULL, entry);
	/* The first field: its length, then the uuid. */
	uuid_text(entry->data + 4, uuid);
	EXPECT_STREQ(self->value, uuid);
	list_free(&list);
}

/* --- What it is told */

TEST_F(adopt, status_tells)
{
	struct stat mnt, user;

	snprintf(self->path, sizeof(self->path), "/proc/%d/ns/mnt",
		 self->first.pid);
	ASSERT_EQ(0, stat(self->path, &mnt));
	ASSERT_EQ(0, stat("/proc/self/ns/user", &user));
	ADOPT_FIRST("label=web-1");
	ASSERT_TRUE(status_value(self->id, "kind", self->value,
				 sizeof(self->value)));
	EXPECT_STREQ("adopted", self->value);
	ASSERT_TRUE(status_value(self->id, "state", self->value,
				 sizeof(self->value)));
	EXPECT_STREQ("active", self->value);
	ASSERT_TRUE(status_value(self->id, "label", self->value,
				 sizeof(self->value)));
	EXPECT_STREQ("web-1", self->value);
	ASSERT_TRUE(status_value(self->id, "parent", self->value,
				 sizeof(self->value)));
	EXPECT_STREQ("0", self->value);
	ASSERT_TRUE(status_value(self->id, "mntns", self->value,
				 sizeof(self->value)));
	EXPECT_EQ((long)mnt.st_ino, atol(self->value));
	ASSERT_TRUE(status_value(self->id, "userns", self->value,
				 sizeof(self->value)));
	EXPECT_EQ((long)user.st_ino, atol(self->value));
}

TEST_F(adopt, birth_is_recorded)
{
	struct stat user;

	ASSERT_EQ(0, stat("/proc/self/ns/user", &user));
	ADOPT_FIRST("label=web-1");
	ASSERT_EQ(1, record_find(NULL, "ima_ns_birth", self->id, self->text,
				 sizeof(self->text)));
	record_keys(self->text, self->value, sizeof(self->value));
	EXPECT_STREQ("id uuid parent userns owner label by hash template "
		     "policy ca tpm exe ", self->value);
	ASSERT_TRUE(record_value(self->text, "label", self->value,
				 sizeof(self->value)));
	EXPECT_STREQ("web-1", self->value);
	ASSERT_TRUE(record_value(self->text, "by", self->value,
				 sizeof(self->value)));
	EXPECT_STREQ("parent", self->value);
	ASSERT_TRUE(record_value(self->text, "owner", self->value,
				 sizeof(self->value)));
	EXPECT_STREQ("0", self->value);
	ASSERT_TRUE(record_value(self->text, "userns", self->value,
				 sizeof(self->value)));
	EXPECT_EQ((long)user.st_ino, atol(self->value));
	ASSERT_TRUE(record_value(self->text, "uuid", self->rule,
				 sizeof(self->rule)));
	ASSERT_TRUE(status_value(self->id, "uuid", self->value,
				 sizeof(self->value)));
	EXPECT_STREQ(self->value, self->rule);
	EXPECT_NE(0, strncmp(self->value, "00000000", 8));
}

TEST_F(adopt, first_program_is_recorded_before_it_runs)
{
	ADOPT_FIRST("");
	EXPECT_EQ(0, record_find(NULL, "ima_ns_boot", self->id, NULL, 0));
	ASSERT_EQ(0, file_run(&self->first, self->program));
	ASSERT_EQ(1, record_find(NULL, "ima_ns_boot", self->id, self->text,
				 sizeof(self->text)));
	ASSERT_TRUE(record_value(self->text, "kind", self->value,
				 sizeof(self->value)));
	EXPECT_STREQ("adopted", self->value);
	ASSERT_EQ(0, file_run(&self->first, self->program));
	EXPECT_EQ(1, record_find(NULL, "ima_ns_boot", self->id, NULL, 0));
}

TEST_F(adopt, end_is_recorded_and_removes_it)
{
	struct list list;
	uint8_t acc[32];
	int i;

	ADOPT_FIRST("");
	ASSERT_EQ(0, file_run(&self->first, self->program));
	ASSERT_EQ(0, view_list(self->id, &list));
	list_accumulate(&list, acc);
	snprintf(self->path, sizeof(self->path), "%zu", list.count);
	list_free(&list);
	agent_stop(&self->first);
	ASSERT_EQ(1, record_wait(NULL, "ima_ns_death", self->id, self->text,
				 sizeof(self->text)));
	EXPECT_TRUE(view_goes(self->id));
	ASSERT_TRUE(record_value(self->text, "entries", self->value,
				 sizeof(self->value)));
	EXPECT_STREQ(self->path, self->value);
	ASSERT_TRUE(record_value(self->text, "acc", self->value,
				 sizeof(self->value)));
	for (i = 0; i < 32; i++)
		sprintf(self->rule + 2 * i, "%02x", acc[i]);
	EXPECT_STREQ(self->rule, self->value + strlen("sha256:"));
}

static long do_outlive_parent(struct call *call)
{
	call->out_len = 0;
	return prctl(PR_SET_PDEATHSIG, 0) ? -errno : 0;
}

TEST_F(adopt, does_not_end_before_its_last_task)
{
	ADOPT_FIRST("");
	ASSERT_EQ(0, agent_start(&self->second, &self->first));
	ASSERT_EQ(0, call_number(&self->second, do_outlive_parent, 0));
	/* It is init's child now. */
	kill(self->first.pid, SIGKILL);
	ASSERT_EQ(self->first.child, waitpid(self->first.child, NULL, 0));
	ASSERT_EQ(0, file_run(&self->second, self->program));
	EXPECT_TRUE(view_exists(self->id));
	EXPECT_EQ(1, measured(self->id, self->program));
	EXPECT_EQ(0, record_find(NULL, "ima_ns_death", self->id, NULL, 0));
	kill(self->second.pid, SIGKILL);
	EXPECT_TRUE(view_goes(self->id));
}

/* --- The policy */

TEST_F(adopt, default_policy_if_none_is_told)
{
	ADOPT_FIRST("");
	ASSERT_LT(0, file_get(NULL, view_path(self->id, "policy"), self->text,
			      sizeof(self->text)));
	EXPECT_NE(NULL, strstr(self->text, "measure func=BPRM_CHECK "));
	EXPECT_EQ(0, record_find(NULL, "ima_ns_policy", self->id, NULL, 0));
}

TEST_F(adopt, policy_that_is_told_is_there_from_the_start)
{
	char rules[400], option[500];

	snprintf(rules, sizeof(rules), "%s/rules", self->directory);
	ASSERT_EQ(0, scratch_text(rules, "measure func=FILE_CHECK fowner=1\n"));
	snprintf(option, sizeof(option), "policy=%s label=x", rules);
	ADOPT_FIRST(option);
	ASSERT_LT(0, file_get(NULL, view_path(self->id, "policy"), self->text,
			      sizeof(self->text)));
	EXPECT_STREQ("measure func=FILE_CHECK fowner=1 \n", self->text);
	EXPECT_EQ(1, record_find(NULL, "ima_ns_policy", self->id, NULL, 0));
	EXPECT_EQ(1, measured(self->id, "ima_ns_policy"));
	ASSERT_EQ(0, file_run(&self->first, self->program));
	EXPECT_EQ(0, measured(self->id, self->program));
}

TEST_F(adopt, policy_is_written_later_by_init)
{
	struct stat st;

	ADOPT_FIRST("");
	ASSERT_EQ(0, file_stat(NULL, view_path(self->id, "policy"), &st));
	EXPECT_EQ((mode_t)(S_IFREG | 0640), st.st_mode);
	ASSERT_EQ(0, load_policy(NULL, self->id,
				 "measure func=FILE_CHECK fowner=1\n"
				 "dont_measure func=BPRM_CHECK\n"));
	ASSERT_LT(0, file_get(NULL, view_path(self->id, "policy"), self->text,
			      sizeof(self->text)));
	EXPECT_STREQ("measure func=FILE_CHECK fowner=1 \n"
		     "dont_measure func=BPRM_CHECK \n", self->text);
	EXPECT_EQ(1, record_find(NULL, "ima_ns_policy", self->id, NULL, 0));
	ASSERT_EQ(0, file_run(&self->first, self->program));
	EXPECT_EQ(0, measured(self->id, self->program));
}

TEST_F(adopt, policy_after_the_first_one_is_added)
{
	char rules[400], option[500];

	snprintf(rules, sizeof(rules), "%s/rules", self->directory);
	ASSERT_EQ(0, scratch_text(rules, "measure func=FILE_CHECK fowner=1\n"));
	snprintf(option, sizeof(option), "policy=%s", rules);
	ADOPT_FIRST(option);
	ASSERT_EQ(0, load_policy(NULL, self->id, EXEC_RULE));
	ASSERT_LT(0, file_get(NULL, view_path(self->id, "policy"), self->text,
			      sizeof(self->text)));
	EXPECT_STREQ("measure func=FILE_CHECK fowner=1 \n"
		     "measure func=BPRM_CHECK mask=MAY_EXEC \n", self->text);
	ASSERT_EQ(2, record_find(NULL, "ima_ns_policy", self->id, self->text,
				 sizeof(self->text)));
	ASSERT_TRUE(record_value(self->text, "seq", self->value,
				 sizeof(self->value)));
	EXPECT_STREQ("2", self->value);
}

/* Its root may have all rights, and init's securityfs. */
TEST_F(adopt, policy_is_not_for_itself_to_write)
{
	int mine, fd;

	ADOPT_FIRST("");
	EXPECT_EQ(-EPERM, load_policy(&self->first, self->id, EXEC_RULE));
	mine = file_open(NULL, view_path(self->id, "policy"), O_WRONLY);
	ASSERT_LE(0, mine);
	EXPECT_EQ(-EBUSY, file_open(NULL, view_path(self->id, "policy"),
				    O_WRONLY));
	fd = file_give_fd(&self->first, mine);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-EPERM, file_write(&self->first, fd, EXEC_RULE,
				     strlen(EXEC_RULE)));
	EXPECT_EQ(0, file_close(&self->first, fd));
	EXPECT_EQ(0, file_close(NULL, mine));
	EXPECT_EQ(-EACCES, file_open(NULL, view_path(self->id, "policy"),
				     O_RDWR));
	EXPECT_EQ(0, record_find(NULL, "ima_ns_policy", self->id, NULL, 0));
}

TEST_F(adopt, policy_needs_a_capability)
{
	ADOPT_FIRST("");
	ASSERT_EQ(0, agent_start(&self->second, NULL));
	ASSERT_EQ(0, ns_limit_capabilities(&self->second, CAP(DAC_OVERRIDE)));
	EXPECT_EQ(-EPERM, load_policy(&self->second, self->id, EXEC_RULE));
}

TEST_F(adopt, policy_with_a_bad_rule_changes_nothing)
{
	ADOPT_FIRST("");
	EXPECT_EQ(-EINVAL, load_policy(NULL, self->id, "measure nonsense\n"));
	EXPECT_EQ(-EINVAL, load_policy(NULL, self->id,
				       "measure func=BPRM_CHECK pcr=24\n"));
	ASSERT_EQ(0, file_run(&self->first, self->program));
	EXPECT_EQ(1, measured(self->id, self->program));
	EXPECT_EQ(0, record_find(NULL, "ima_ns_policy", self->id, NULL, 0));
}

/* What has no label does not run, in there; and the attempt is listed. */
TEST_F(adopt, policy_that_appraises_binds_who_is_adopted)
{
	ADOPT_FIRST("");
	ASSERT_EQ(0, load_policy(NULL, self->id,
				 "measure func=BPRM_CHECK mask=MAY_EXEC\n"
				 "appraise func=BPRM_CHECK\n"));
	EXPECT_EQ(-EACCES, file_run(&self->first, self->program));
	EXPECT_EQ(1, measured(self->id, self->program));
	EXPECT_EQ(0, file_run(NULL, self->program));
}

/* Not of the libraries that who is adopted has, and uses. */
#define OF_FOWNER " fowner=64100"

TEST_F(adopt, policy_that_appraises_mappings_holds_for_mprotect)
{
	ADOPT_FIRST("");
	ASSERT_EQ(0, chown(self->program, FOWNER, FOWNER));
	EXPECT_EQ(0, file_map_then_protect(&self->first, self->program));
	ASSERT_EQ(0, load_policy(NULL, self->id,
				 "appraise func=MMAP_CHECK" OF_FOWNER "\n"));
	EXPECT_EQ(-EPERM, file_map_then_protect(&self->first, self->program));
	/* By who is in a user namespace inside as well. */
	ASSERT_EQ(0, ns_start(&self->second, &self->first, 1000, NULL));
	EXPECT_EQ(-EPERM, file_map_then_protect(&self->second, self->program));
	EXPECT_EQ(0, file_map_then_protect(NULL, self->program));
}

TEST_F(adopt, policy_says_which_algorithms_labels_have)
{
	/* Of nothing in particular: the type, the algorithm. */
	static const unsigned char sha256[34] = { 4, 4 }, sha512[66] = { 4, 6 };
	static const char label[] = "security.ima";

	ADOPT_FIRST("");
	EXPECT_EQ(0, file_set_xattr(&self->first, self->program, label, sha512,
				    sizeof(sha512)));
	ASSERT_EQ(0, load_policy(NULL, self->id,
				 "appraise func=SETXATTR_CHECK "
				 "appraise_algos=sha256\n"));
	EXPECT_EQ(-EACCES, file_set_xattr(&self->first, self->program, label,
					  sha512, sizeof(sha512)));
	EXPECT_EQ(0, file_set_xattr(&self->first, self->program, label, sha256,
				    sizeof(sha256)));
	EXPECT_EQ(0, file_set_xattr(NULL, self->program, label, sha512,
				    sizeof(sha512)));
}

TEST_F(adopt, policy_with_a_hash_rule_labels_what_is_written)
{
	int fd;

	snprintf(self->path, sizeof(self->path), "%s/text", self->directory);
	ASSERT_EQ(0, scratch_text(self->path, "text\n"));
	ASSERT_EQ(0, chown(self->path, FOWNER, FOWNER));
	ADOPT_FIRST("");
	ASSERT_EQ(0, load_policy(NULL, self->id,
				 "hash func=FILE_CHECK mask=MAY_WRITE" OF_FOWNER
				 "\n"));
	ASSERT_EQ(0, scratch_append(self->path, "by init\n"));
	EXPECT_EQ(-1, getxattr(self->path, "security.ima", NULL, 0));
	fd = file_open(&self->first, self->path, O_WRONLY);
	ASSERT_LE(0, fd);
	ASSERT_EQ(4, file_write(&self->first, fd, "more", 4));
	ASSERT_EQ(0, file_close(&self->first, fd));
	EXPECT_LT(0, getxattr(self->path, "security.ima", NULL, 0));
}

/* What is recorded at the close comes before the death. */
TEST_F(adopt, open_policy_keeps_it_from_ending)
{
	int fd;

	ADOPT_FIRST("");
	fd = file_open(NULL, view_path(self->id, "policy"), O_WRONLY);
	ASSERT_LE(0, fd);
	/* What somebody seeks there is no reason to fall over. */
	EXPECT_EQ(0, (int)lseek(fd, 0, SEEK_SET));
	agent_stop(&self->first);
	ASSERT_LT(0, file_write(NULL, fd, EXEC_RULE, strlen(EXEC_RULE)));
	EXPECT_TRUE(view_exists(self->id));
	EXPECT_EQ(0, record_find(NULL, "ima_ns_death", self->id, NULL, 0));
	EXPECT_EQ(0, file_close(NULL, fd));
	EXPECT_TRUE(view_goes(self->id));
	EXPECT_EQ(1, record_find(NULL, "ima_ns_policy", self->id, NULL, 0));
	EXPECT_EQ(1, record_find(NULL, "ima_ns_death", self->id, NULL, 0));
}

/* --- Who belongs to it */

TEST_F(adopt, child_of_a_child_belongs_to_it)
{
	struct agent third = {};

	ADOPT_FIRST("");
	ASSERT_EQ(0, agent_start(&self->second, &self->first));
	ASSERT_EQ(0, agent_start(&third, &self->second));
	EXPECT_EQ(1, is_adopted(&third));
	ASSERT_EQ(0, file_run(&third, self->program));
	EXPECT_EQ(1, measured(self->id, self->program));
	agent_stop(&third);
}

/* in: where the programs are; arg[0]: how often each process makes two more. */
static long do_bomb(struct call *call)
{
	long depth = call->arg[0], leaf = 1, status;
	char path[400], *argv[] = { path, NULL };
	pid_t child;

	call->out_len = 0;
	child = fork();
	if (child) {
		if (child < 0 || waitpid(child, (int *)&status, 0) < 0)
			return -errno;
		return (int)status ? -EIO : 0;
	}
	/* All leaves have a number of their own. */
	for (; depth > 0; depth--) {
		pid_t left = fork(), right;

		leaf *= 2;
		if (left < 0)
			_exit(1);
		if (!left)
			continue;
		right = fork();
		if (right < 0)
			_exit(1);
		if (!right) {
			leaf++;
			continue;
		}
		depth = 0;
		while (wait((int *)&status) > 0)
			depth |= (int)status;
		_exit(depth ? 1 : 0);
	}
	snprintf(path, sizeof(path), "%s/leaf%ld", (char *)call->in, leaf);
	execv(path, argv);
	_exit(1);
}

TEST_F(adopt, whole_tree_belongs_to_it)
{
	const int depth = 5;
	int i;

	for (i = 1 << depth; i < 2 << depth; i++) {
		snprintf(self->path, sizeof(self->path), "%s/leaf%d",
			 self->directory, i);
		ASSERT_EQ(0, scratch_program(self->path, self->path));
	}
	ADOPT_FIRST("");
	ASSERT_EQ(0, call_path(&self->first, do_bomb, self->directory, depth));
	for (i = 1 << depth; i < 2 << depth; i++) {
		snprintf(self->path, sizeof(self->path), "%s/leaf%d",
			 self->directory, i);
		EXPECT_EQ(1, measured(self->id, self->path));
	}
	agent_stop(&self->first);
	EXPECT_TRUE(view_goes(self->id));
}

static sem_t threads_go;
static pthread_t threads[THREADS];
static long thread_adopted[THREADS];
static char thread_directory[256];

static void *run_thread(void *number)
{
	long i = (long)number;
	char path[400], *argv[] = { path, NULL };
	pid_t child;

	while (sem_wait(&threads_go))
		;
	thread_adopted[i] = ask_adopted();
	snprintf(path, sizeof(path), "%s/thread%ld", thread_directory, i);
	child = fork();
	if (!child) {
		execv(path, argv);
		_exit(1);
	}
	waitpid(child, NULL, 0);
	return NULL;
}

/* in: where the programs are */
static long do_start_threads(struct call *call)
{
	long i;

	call->out_len = 0;
	snprintf(thread_directory, sizeof(thread_directory), "%s",
		 (char *)call->in);
	sem_init(&threads_go, 0, 0);
	for (i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, run_thread, (void *)i))
			return -EAGAIN;
	return 0;
}

/* Returns how many of the threads were adopted. */
static long do_end_threads(struct call *call)
{
	long i, adopted = 0;

	call->out_len = 0;
	for (i = 0; i < THREADS; i++)
		sem_post(&threads_go);
	for (i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		adopted += thread_adopted[i] == 1;
	}
	return adopted;
}

/* runc's init has six when it waits for its hooks. */
TEST_F(adopt, all_threads_belong_to_it)
{
	int i;

	for (i = 0; i < THREADS; i++) {
		snprintf(self->path, sizeof(self->path), "%s/thread%d",
			 self->directory, i);
		ASSERT_EQ(0, scratch_program(self->path, self->path));
	}
	ASSERT_EQ(0, call_path(&self->first, do_start_threads, self->directory,
			       0));
	ADOPT_FIRST("");
	EXPECT_EQ(THREADS, call_number(&self->first, do_end_threads, 0));
	for (i = 0; i < THREADS; i++) {
		snprintf(self->path, sizeof(self->path), "%s/thread%d",
			 self->directory, i);
		EXPECT_EQ(1, measured(self->id, self->path));
	}
}

/*
 * Threads that make threads all the time, which stay until the end and then say
 * whether they are adopted.
 */
#define MAKERS 4
#define MADE 60

static pthread_t makers[MAKERS];
static pthread_t made[MAKERS][MADE];
static long made_adopted[MAKERS][MADE];
static pthread_barrier_t made_all;

static void *run_made(void *where)
{
	pthread_barrier_wait(&made_all);
	*(long *)where = ask_adopted();
	return NULL;
}

static void *run_maker(void *number)
{
	long i, k = (long)number;
	pthread_attr_t attr;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 65536);
	for (i = 0; i < MADE; i++) {
		if (pthread_create(&made[k][i], &attr, run_made,
				   &made_adopted[k][i]))
			_exit(1);
		sched_yield();
	}
	return NULL;
}

static long do_start_makers(struct call *call)
{
	long k;

	call->out_len = 0;
	pthread_barrier_init(&made_all, NULL, MAKERS * MADE + 1);
	for (k = 0; k < MAKERS; k++)
		if (pthread_create(&makers[k], NULL, run_maker, (void *)k))
			return -EAGAIN;
	return 0;
}

static long do_end_makers(struct call *call)
{
	long i, k, adopted = 0;

	call->out_len = 0;
	for (k = 0; k < MAKERS; k++)
		pthread_join(makers[k], NULL);
	pthread_barrier_wait(&made_all);
	for (k = 0; k < MAKERS; k++) {
		for (i = 0; i < MADE; i++) {
			pthread_join(made[k][i], NULL);
			adopted += made_adopted[k][i] == 1;
		}
	}
	return adopted;
}

/*
 * A round may have been too early or too late.  It is over in a moment, but on a
 * kernel that checks itself on a busy machine.
 */
#define ROUNDS 30
#define ROUNDS_MS 40000

TEST_F(adopt, no_thread_that_is_being_made_escapes)
{
	long i, end = now_ms() + ROUNDS_MS;

	for (i = 0; i < ROUNDS && now_ms() < end; i++) {
		ASSERT_EQ(0, agent_start(&self->second, NULL));
		ASSERT_EQ(0, ns_unshare_mount(&self->second));
		ASSERT_EQ(0, call_number(&self->second, do_start_makers, 0));
		usleep(1000 * i);
		ASSERT_EQ(0, adopt(&self->second, ""));
		EXPECT_EQ(MAKERS * MADE, call_number(&self->second,
						     do_end_makers, 0));
		agent_stop(&self->second);
	}
}

/*
 * A process that makes others all the time.  As long as one of them lives it cannot
 * be adopted: whoever finds himself adopted after the fork was it before his child
 * could be found, and the child is, too.
 */
static long do_make_children(struct call *call)
{
	int ask[2], i, status, after = 0;
	char byte = 0;

	call->out_len = 0;
	if (pipe2(ask, O_CLOEXEC))
		return -errno;
	for (i = 0; i < 20000 && after < 20; i++) {
		pid_t child = fork();
		long own;

		if (child < 0)
			return -errno;
		if (!child) {
			if (read(ask[0], &byte, 1) != 1)
				_exit(2);
			_exit(ask_adopted());
		}
		own = ask_adopted();
		if (write(ask[1], &byte, 1) != 1 ||
		    waitpid(child, &status, 0) < 0)
			return -errno;
		if (own == 1 && status != 1 << 8)
			return -ECHILD;
		after += own == 1;
	}
	close(ask[0]);
	close(ask[1]);
	return after ? 0 : -ETIME;
}

TEST_F(adopt, no_child_that_is_being_made_escapes)
{
	struct call call = { .fd = -1 };
	long i, ret, end = now_ms() + ROUNDS_MS;

	for (i = 0; i < ROUNDS && now_ms() < end; i++) {
		struct patience wait = patience(60000);

		ASSERT_EQ(0, agent_start(&self->second, NULL));
		ASSERT_EQ(0, ns_unshare_mount(&self->second));
		ASSERT_EQ(0, agent_send(&self->second, do_make_children,
					&call));
		usleep(1000 * i);
		do
			ret = adopt(&self->second, "");
		while (ret == -EAGAIN && patience_lasts(&wait));
		EXPECT_EQ(0, ret);
		EXPECT_EQ(0, agent_receive(&self->second, &call));
		agent_stop(&self->second);
	}
}

/* Its worker threads are of the process that has it. */
TEST_F(adopt, ring_made_before_belongs_to_it)
{
	ASSERT_EQ(0, chown(self->program, FOWNER + 5, 0));
	ASSERT_LE(0, uring_make(&self->first, IORING_SETUP_SQPOLL));
	ADOPT_FIRST("");
	snprintf(self->rule, sizeof(self->rule),
		 "measure func=FILE_CHECK mask=MAY_READ fowner=%d\n",
		 FOWNER + 5);
	ASSERT_EQ(0, load_policy(NULL, self->id, self->rule));
	ASSERT_EQ(0, uring_open(&self->first, self->program, 0, 0));
	EXPECT_EQ(1, measured(self->id, self->program));
}

TEST_F(adopt, worker_of_a_ring_belongs_to_it)
{
	ASSERT_EQ(0, chown(self->program, FOWNER + 6, 0));
	ADOPT_FIRST("");
	snprintf(self->rule, sizeof(self->rule),
		 "measure func=FILE_CHECK mask=MAY_READ fowner=%d\n",
		 FOWNER + 6);
	ASSERT_EQ(0, load_policy(NULL, self->id, self->rule));
	ASSERT_LE(0, uring_make(&self->first, 0));
	ASSERT_EQ(0, uring_open(&self->first, self->program, IOSQE_ASYNC, 0));
	EXPECT_EQ(1, measured(self->id, self->program));
}

/* --- Nobody leaves it */

static long do_leave(struct call *call)
{
	call->out_len = 0;
	return unshare(call->arg[0]) ? -errno : 0;
}

TEST_F(adopt, setns_does_not_leave_it)
{
	ADOPT_FIRST("");
	ASSERT_EQ(0, ns_join_mount(&self->first, 1));
	EXPECT_EQ(1, is_adopted(&self->first));
	ASSERT_EQ(0, file_run(&self->first, self->program));
	EXPECT_EQ(1, measured(self->id, self->program));
}

TEST_F(adopt, unshare_does_not_leave_it)
{
	ADOPT_FIRST("");
	ASSERT_EQ(0, call_number(&self->first, do_leave, CLONE_NEWNS |
				 CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET |
				 CLONE_FILES | CLONE_FS | CLONE_SYSVSEM));
	EXPECT_EQ(1, is_adopted(&self->first));
	ASSERT_EQ(0, file_run(&self->first, self->program));
	EXPECT_EQ(1, measured(self->id, self->program));
}

TEST_F(adopt, user_namespace_does_not_leave_it)
{
	ADOPT_FIRST("");
	ASSERT_EQ(0, ns_start(&self->second, &self->first, 1000, NULL));
	ASSERT_EQ(0, file_run(&self->second, self->program));
	EXPECT_EQ(1, measured(self->id, self->program));
}

/* Nor one that somebody else has made. */
TEST_F(adopt, joining_a_user_namespace_does_not_leave_it)
{
	ASSERT_EQ(0, ima_start_new(&self->second, NULL, 1000, EXEC_RULE));
	ADOPT_FIRST("");
	ASSERT_LT(0, self->id);
	ASSERT_EQ(0, ns_join_user(&self->first, self->second.pid));
	ASSERT_EQ(0, file_run(&self->first, self->program));
	EXPECT_EQ(1, list_measured(&self->second, self->program));
	EXPECT_EQ(1, measured(self->id, self->program));
}

/* --- A namespace inside */

TEST_F(adopt, user_namespace_inside_comes_first)
{
	ADOPT_FIRST("");
	ASSERT_EQ(0, ima_start_new(&self->second, &self->first, 1000,
				   EXEC_RULE));
	ASSERT_EQ(0, file_run(&self->second, self->program));
	EXPECT_EQ(1, list_measured(&self->second, self->program));
	EXPECT_EQ(1, measured(self->id, self->program));
	/* Only what it does itself is its own. */
	ASSERT_EQ(0, load_policy(NULL, self->id,
				 "measure func=BPRM_CHECK scope=self\n"));
	snprintf(self->path, sizeof(self->path), "%s/other", self->directory);
	ASSERT_EQ(0, scratch_program(self->path, self->path));
	ASSERT_EQ(0, file_run(&self->second, self->path));
	EXPECT_EQ(1, list_measured(&self->second, self->path));
	EXPECT_EQ(0, measured(self->id, self->path));
	ASSERT_EQ(0, file_run(&self->first, self->path));
	EXPECT_EQ(1, measured(self->id, self->path));
}

TEST_F(adopt, is_the_parent_of_a_user_namespace_inside)
{
	long inside;

	ADOPT_FIRST("");
	ASSERT_EQ(0, ima_start_new(&self->second, &self->first, 1000,
				   EXEC_RULE));
	inside = ima_number(&self->second, "id");
	ASSERT_LT(0, inside);
	EXPECT_EQ(1, measured(self->id, "ima_ns_birth"));
	EXPECT_EQ(0, record_find(NULL, "ima_ns_birth", inside, NULL, 0));
	ASSERT_TRUE(status_value(inside, "parent", self->value,
				 sizeof(self->value)));
	EXPECT_EQ(self->id, atol(self->value));
}

/* Who activates it does not choose in whose list its life is. */
TEST_F(adopt, is_not_the_parent_of_a_user_namespace_from_outside)
{
	long outside;

	ASSERT_EQ(0, ns_start(&self->second, NULL, 1000, NULL));
	ADOPT_FIRST("");
	ASSERT_EQ(0, ns_join_user(&self->first, self->second.pid));
	ASSERT_EQ(0, ns_unshare_mount(&self->first));
	ASSERT_EQ(0, ima_mount(&self->first));
	ASSERT_EQ(0, ima_activate(&self->first));
	outside = ima_number(&self->first, "id");
	ASSERT_LT(0, outside);
	EXPECT_EQ(1, record_find(NULL, "ima_ns_birth", outside, NULL, 0));
	EXPECT_EQ(0, measured(self->id, "ima_ns_birth"));
	ASSERT_TRUE(status_value(outside, "parent", self->value,
				 sizeof(self->value)));
	EXPECT_EQ(0, atol(self->value));
}

/* Its death is to be recorded before that of where it is recorded. */
TEST_F(adopt, does_not_end_before_those_inside)
{
	char *at_inside, *at_policy, *text;
	long inside;
	int user, list;

	ADOPT_FIRST("");
	ASSERT_EQ(0, ima_start_new(&self->second, &self->first, 1000,
				   EXEC_RULE));
	inside = ima_number(&self->second, "id");
	snprintf(self->path, sizeof(self->path), "/proc/%d/ns/user",
		 self->second.pid);
	user = open(self->path, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, user);
	list = open(view_path(self->id, "ascii_runtime_measurements"),
		    O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, list);
	agent_stop(&self->second);
	agent_stop(&self->first);
	EXPECT_TRUE(view_exists(inside));
	EXPECT_TRUE(view_exists(self->id));
	EXPECT_EQ(0, record_find(NULL, "ima_ns_death", self->id, NULL, 0));
	close(user);
	EXPECT_EQ(1, record_wait(NULL, "ima_ns_death", self->id, NULL, 0));
	EXPECT_TRUE(view_goes(self->id));
	text = self->text;
	ASSERT_LT(0, file_read(NULL, list, text, sizeof(self->text) - 1));
	at_policy = strstr(text, "ima_ns_policy");
	at_inside = strstr(text, "ima_ns_death");
	EXPECT_NE(NULL, at_policy);
	EXPECT_NE(NULL, at_inside);
	close(list);
}

/* --- Who is refused */

static void births_stay(struct __test_metadata *_metadata,
			FIXTURE_DATA(adopt) *self)
{
	EXPECT_EQ(self->before, adopt_newest_id());
	EXPECT_EQ(0, is_adopted(&self->first));
}

TEST_F(adopt, twice_is_refused)
{
	ADOPT_FIRST("");
	EXPECT_EQ(-EBUSY, adopt(&self->first, ""));
	EXPECT_EQ(self->id, adopt_newest_id());
}

TEST_F(adopt, child_of_an_adopted_one_is_refused)
{
	ADOPT_FIRST("");
	ASSERT_EQ(0, agent_start(&self->second, &self->first));
	EXPECT_EQ(-EBUSY, adopt(&self->second, ""));
	EXPECT_EQ(self->id, adopt_newest_id());
}

TEST_F(adopt, mount_namespace_of_init_is_refused)
{
	ASSERT_EQ(0, agent_start(&self->second, NULL));
	EXPECT_EQ(-EINVAL, adopt(&self->second, ""));
	EXPECT_EQ(-EINVAL, adopt_by(NULL, 1, ""));
	births_stay(_metadata, self);
}

TEST_F(adopt, user_namespace_is_refused)
{
	ASSERT_EQ(0, ns_start(&self->second, NULL, 1000, NULL));
	EXPECT_EQ(-EINVAL, adopt(&self->second, ""));
	births_stay(_metadata, self);
}

TEST_F(adopt, kernel_thread_is_refused)
{
	EXPECT_EQ(-EINVAL, adopt_by(NULL, 2, ""));
	births_stay(_metadata, self);
}

TEST_F(adopt, process_with_children_is_refused)
{
	ASSERT_EQ(0, agent_start(&self->second, &self->first));
	EXPECT_EQ(-EAGAIN, adopt(&self->first, ""));
	births_stay(_metadata, self);
	agent_stop(&self->second);
	EXPECT_EQ(0, adopt(&self->first, ""));
}

static long do_tid(struct call *call)
{
	char names[4096], own[32], *name, *rest = names;
	long len = file_list(NULL, "/proc/self/task", names, sizeof(names));

	call->out_len = 0;
	snprintf(own, sizeof(own), "%d", agent_own_pid());
	while (len > 0 && (name = strsep(&rest, "\n")))
		if (*name && strcmp(name, own))
			return atol(name);
	return -ESRCH;
}

TEST_F(adopt, thread_is_refused)
{
	long tid;

	ASSERT_EQ(0, call_path(&self->first, do_start_threads, self->directory,
			       0));
	tid = call_number(&self->first, do_tid, 0);
	ASSERT_LT(0, tid);
	EXPECT_EQ(-ESRCH, adopt_by(NULL, tid, ""));
	births_stay(_metadata, self);
	EXPECT_EQ(0, call_number(&self->first, do_end_threads, 0));
}

TEST_F(adopt, zombie_is_refused)
{
	long start = adopt_start_time(self->first.pid);
	siginfo_t info;

	kill(self->first.pid, SIGKILL);
	ASSERT_EQ(0, waitid(P_PID, self->first.child, &info,
			    WEXITED | WNOWAIT));
	snprintf(self->text, sizeof(self->text), "%d:%ld", self->first.pid,
		 start);
	EXPECT_EQ(-ESRCH, file_put_text(NULL, ADOPT, self->text));
	EXPECT_EQ(self->before, adopt_newest_id());
}

/* A process with this pid that waits to be killed.  0 or a negative errno. */
static int make_with_pid(pid_t pid)
{
	struct clone_args args = {
		.flags = CLONE_NEWNS,
		.exit_signal = SIGCHLD,
		.set_tid = (uintptr_t)&pid,
		.set_tid_size = 1,
	};
	long child = syscall(SYS_clone3, &args, sizeof(args));

	if (child < 0)
		return -errno;
	if (!child)
		for (;;)
			pause();
	return 0;
}

TEST_F(adopt, reused_pid_is_refused)
{
	const pid_t pid = 30000;
	long start;

	ASSERT_EQ(0, make_with_pid(pid));
	start = adopt_start_time(pid);
	do {
		kill(pid, SIGKILL);
		ASSERT_EQ(pid, waitpid(pid, NULL, 0));
		ASSERT_EQ(0, make_with_pid(pid));
	} while (adopt_start_time(pid) == start);
	snprintf(self->text, sizeof(self->text), "%d:%ld", pid, start);
	EXPECT_EQ(-ESRCH, file_put_text(NULL, ADOPT, self->text));
	births_stay(_metadata, self);
	EXPECT_EQ(0, adopt_by(NULL, pid, ""));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	EXPECT_TRUE(view_goes(adopt_newest_id()));
}

/* What may stand behind the process; %s is the test's directory. */
FIXTURE(option)
{
	struct agent first;
	char directory[256];
	char text[2048];
	long before;
};

FIXTURE_VARIANT(option)
{
	const char *text;
	const char *rules;
	int error;
};

#define OPTION(_name, _text, _rules, _error) \
	FIXTURE_VARIANT_ADD(option, _name) { \
		.text = _text, \
		.rules = _rules, \
		.error = _error, \
	}

#define LONG_LABEL \
	"label=" \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* clang-format off */
OPTION(none, "", NULL, 0);
OPTION(label, "label=web", NULL, 0);
OPTION(longest_label, LONG_LABEL, NULL, 0);
OPTION(label_too_long, LONG_LABEL "x", NULL, EINVAL);
OPTION(empty_label, "label=", NULL, EINVAL);
OPTION(unprintable_label, "label=a\tb", NULL, EINVAL);
OPTION(label_with_a_blank, "label=a b", NULL, EINVAL);
OPTION(two_labels, "label=a label=b", NULL, EINVAL);
OPTION(unknown, "colour=red", NULL, EINVAL);
OPTION(policy, "policy=%s/rules", EXEC_RULE, 0);
OPTION(relative_policy, "policy=rules", EXEC_RULE, EINVAL);
OPTION(empty_policy_path, "policy=", NULL, EINVAL);
OPTION(missing_policy, "policy=%s/rules", NULL, ENOENT);
OPTION(policy_without_rules, "policy=%s/rules", "# nothing\n", EINVAL);
OPTION(policy_with_nonsense, "policy=%s/rules", EXEC_RULE "x\n", EINVAL);
OPTION(policy_that_appraises, "policy=%s/rules",
       "appraise func=BPRM_CHECK\n", 0);
OPTION(policy_with_a_pcr, "policy=%s/rules",
       "measure func=BPRM_CHECK pcr=15\n", 0);
OPTION(policy_with_a_wrong_pcr, "policy=%s/rules",
       "measure func=BPRM_CHECK pcr=24\n", EINVAL);
OPTION(policy_that_audits, "policy=%s/rules", "audit func=BPRM_CHECK\n", 0);
OPTION(policy_is_a_directory, "policy=%s", NULL, EINVAL);
/* clang-format on */

FIXTURE_SETUP(option)
{
	char rules[300];

	ASSERT_EQ(0, module_reload(MODULE_PCRS));
	ASSERT_EQ(0, scratch_directory(self->directory,
				       sizeof(self->directory)));
	snprintf(rules, sizeof(rules), "%s/rules", self->directory);
	if (variant->rules)
		ASSERT_EQ(0, scratch_text(rules, variant->rules));
	snprintf(self->text, sizeof(self->text), variant->text,
		 self->directory);
	self->before = adopt_newest_id();
	ASSERT_EQ(0, agent_start(&self->first, NULL));
	ASSERT_EQ(0, ns_unshare_mount(&self->first));
}

FIXTURE_TEARDOWN(option)
{
	agent_stop(&self->first);
	scratch_remove(self->directory);
	EXPECT_EQ(0, module_unload_soon());
}

TEST_F(option, is_taken_or_refused)
{
	long before = ima_count(NULL);

	EXPECT_EQ(-variant->error, adopt(&self->first, self->text));
	EXPECT_EQ(!variant->error, is_adopted(&self->first));
	if (variant->error) {
		EXPECT_EQ(self->before, adopt_newest_id());
		EXPECT_EQ(before, ima_count(NULL));
	} else {
		EXPECT_LT(self->before, adopt_newest_id());
	}
}

/* --- Who may do it */

TEST_F(adopt, file_is_for_root)
{
	struct stat st;

	ASSERT_EQ(0, file_stat(NULL, ADOPT, &st));
	EXPECT_EQ((mode_t)(S_IFREG | 0200), st.st_mode);
	EXPECT_EQ(-EINVAL, file_put_text(NULL, ADOPT, "x"));
	EXPECT_EQ(-EINVAL, file_put_text(NULL, ADOPT, "1:1:1"));
}

TEST_F(adopt, opener_needs_the_capability)
{
	ASSERT_EQ(0, agent_start(&self->second, NULL));
	ASSERT_EQ(0, ns_limit_capabilities(&self->second, CAP(DAC_OVERRIDE) |
					   CAP(MAC_ADMIN)));
	EXPECT_EQ(-EPERM, adopt_by(&self->second, self->first.pid, ""));
	births_stay(_metadata, self);
}

TEST_F(adopt, writer_needs_the_capability)
{
	int given, fd = file_open(NULL, ADOPT, O_WRONLY);

	ASSERT_LE(0, fd);
	snprintf(self->text, sizeof(self->text), "%d:%ld", self->first.pid,
		 adopt_start_time(self->first.pid));
	ASSERT_EQ(0, agent_start(&self->second, NULL));
	ASSERT_EQ(0, ns_limit_capabilities(&self->second, CAP(DAC_OVERRIDE)));
	given = file_give_fd(&self->second, fd);
	ASSERT_LE(0, given);
	EXPECT_EQ(-EPERM, file_write(&self->second, given, self->text,
				     strlen(self->text)));
	births_stay(_metadata, self);
	EXPECT_LT(0, file_write(NULL, fd, self->text, strlen(self->text)));
	close(fd);
}

TEST_F(adopt, who_is_adopted_adopts_nobody)
{
	ADOPT_FIRST("");
	ASSERT_EQ(0, agent_start(&self->second, NULL));
	ASSERT_EQ(0, ns_unshare_mount(&self->second));
	EXPECT_EQ(-EPERM, adopt_by(&self->first, self->second.pid, ""));
	EXPECT_EQ(0, is_adopted(&self->second));
}

TEST_F(adopt, number_of_namespaces_is_limited)
{
	const char *const max = "/proc/sys/user/max_ima_namespaces";

	ASSERT_LT(0, file_get(NULL, max, self->value, sizeof(self->value)));
	ASSERT_EQ(0, file_put_text(NULL, max, "0"));
	EXPECT_EQ(-ENOSPC, adopt(&self->first, ""));
	EXPECT_EQ(0, file_put_text(NULL, max, self->value));
	births_stay(_metadata, self);
	EXPECT_EQ(0, adopt(&self->first, ""));
}

/* --- adopt=auto */

FIXTURE(all)
{
	struct agent first;
	struct agent second;
	char directory[256];
	char program[300];
	char value[4096];
	long before;
	long id;
};

FIXTURE_VARIANT(all)
{
	int way;
};

/* clang-format off */
FIXTURE_VARIANT_ADD(all, unshare) { .way = BY_UNSHARE };
FIXTURE_VARIANT_ADD(all, clone) { .way = BY_CLONE };
FIXTURE_VARIANT_ADD(all, clone3) { .way = BY_CLONE3 };
/* clang-format on */

FIXTURE_SETUP(all)
{
	ASSERT_EQ(0, module_reload("adopt=auto " MODULE_PCRS));
	ASSERT_EQ(0, scratch_directory(self->directory,
				       sizeof(self->directory)));
	snprintf(self->program, sizeof(self->program), "%s/program",
		 self->directory);
	ASSERT_EQ(0, scratch_program(self->program, self->program));
	self->before = adopt_newest_id();
	ASSERT_EQ(0, agent_start(&self->first, NULL));
}

FIXTURE_TEARDOWN(all)
{
	agent_stop(&self->second);
	agent_stop(&self->first);
	scratch_remove(self->directory);
	EXPECT_EQ(0, module_unload_soon());
}

TEST_F(all, who_gets_a_mount_namespace_is_adopted)
{
	struct stat mnt;
	char path[64];

	EXPECT_EQ(0, is_adopted(&self->first));
	ASSERT_EQ(0, enter(&self->first, variant->way));
	EXPECT_EQ(1, is_adopted(&self->first));
	self->id = adopt_newest_id();
	ASSERT_LT(self->before, self->id);
	EXPECT_EQ(1, record_find(NULL, "ima_ns_birth", self->id, NULL, 0));
	snprintf(path, sizeof(path), "/proc/%d/ns/mnt", self->first.pid);
	ASSERT_EQ(0, stat(path, &mnt));
	ASSERT_TRUE(status_value(self->id, "mntns", self->value,
				 sizeof(self->value)));
	EXPECT_EQ((long)mnt.st_ino, atol(self->value));
	ASSERT_EQ(0, file_run(&self->first, self->program));
	EXPECT_EQ(1, measured(self->id, self->program));
	EXPECT_EQ(1, record_find(NULL, "ima_ns_boot", self->id, NULL, 0));
	agent_stop(&self->first);
	EXPECT_EQ(1, record_wait(NULL, "ima_ns_death", self->id, NULL, 0));
}

TEST_F(all, another_mount_namespace_is_nothing_new)
{
	ASSERT_EQ(0, enter(&self->first, variant->way));
	self->id = adopt_newest_id();
	ASSERT_EQ(0, agent_start(&self->second, &self->first));
	ASSERT_EQ(0, enter(&self->second, variant->way));
	EXPECT_EQ(self->id, adopt_newest_id());
	ASSERT_EQ(0, file_run(&self->second, self->program));
	EXPECT_EQ(1, measured(self->id, self->program));
}

TEST_F(all, who_is_not_allowed_to_is_not_adopted)
{
	ASSERT_EQ(0, ns_drop_to(&self->first, 1000));
	EXPECT_EQ(-EPERM, enter(&self->first, variant->way));
	EXPECT_EQ(self->before, adopt_newest_id());
}

/* Not even if root makes it: there is a namespace to be had otherwise. */
TEST_F(all, mount_namespace_of_a_user_namespace_is_not_adopted)
{
	ASSERT_EQ(0, ns_start(&self->second, NULL, variant->way == BY_CLONE ?
			      0 : 1000, NULL));
	ASSERT_EQ(0, enter(&self->second, variant->way));
	EXPECT_EQ(self->before, adopt_newest_id());
}

TEST_F(all, without_room_there_is_no_mount_namespace)
{
	const char *const max = "/proc/sys/user/max_ima_namespaces";
	int ret;

	ASSERT_LT(0, file_get(NULL, max, self->value, sizeof(self->value)));
	ASSERT_EQ(0, file_put_text(NULL, max, "0"));
	ret = enter(&self->first, variant->way);
	EXPECT_EQ(0, file_put_text(NULL, max, self->value));
	EXPECT_EQ(-ENOSPC, ret);
	EXPECT_EQ(0, is_adopted(&self->first));
	EXPECT_EQ(self->before, adopt_newest_id());
}

TEST_F(all, setns_adopts_nobody)
{
	ASSERT_EQ(0, enter(&self->first, variant->way));
	self->id = adopt_newest_id();
	ASSERT_EQ(0, agent_start(&self->second, NULL));
	ASSERT_EQ(0, ns_join_mount(&self->second, self->first.pid));
	EXPECT_EQ(0, is_adopted(&self->second));
	EXPECT_EQ(self->id, adopt_newest_id());
}

/* Only the thread that gets it. */
static void *thread_unshares(void *result)
{
	*(long *)result = unshare(CLONE_NEWNS) ? -errno : ask_adopted();
	return NULL;
}

static long do_unshare_in_thread(struct call *call)
{
	pthread_t thread;
	long result = -EIO;

	call->out_len = 0;
	if (pthread_create(&thread, NULL, thread_unshares, &result))
		return -EAGAIN;
	pthread_join(thread, NULL);
	return result;
}

TEST_F(all, thread_is_adopted_alone)
{
	EXPECT_EQ(1, call_number(&self->first, do_unshare_in_thread, 0));
	EXPECT_EQ(0, is_adopted(&self->first));
	self->id = adopt_newest_id();
	EXPECT_TRUE(self->before == self->id || view_goes(self->id));
}

TEST_HARNESS_MAIN
