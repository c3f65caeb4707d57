// SPDX-License-Identifier: GPL-2.0-only
/*
 * Events: who measures what, once, again after a change, and by whose policy
 * (abi.md section 5); vpcr and counters follow the list (section 2).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "file.h"
#include "ima.h"
#include "list.h"
#include "ns.h"
#include "scratch.h"

#define OWNER 1000
/* Owner 0 inside is the OWNER outside. */
#define READ_RULE NOT_SECURITYFS \
	"measure func=FILE_CHECK mask=MAY_READ fowner=0\n"

/*
 *   init ---- child (1000), measures executions
 */
FIXTURE(measure)
{
	struct agent child;
	struct agent other;
	char directory[256];
	char program[300];
	char text[300];
};

FIXTURE_SETUP(measure)
{
	ASSERT_EQ(0, scratch_directory(self->directory,
				       sizeof(self->directory)));
	snprintf(self->program, sizeof(self->program), "%s/prog",
		 self->directory);
	snprintf(self->text, sizeof(self->text), "%s/text", self->directory);
	ASSERT_EQ(0, scratch_program(self->program, "measure"));
	ASSERT_EQ(0, scratch_text(self->text, "text\n"));
	ASSERT_EQ(0, chown(self->text, OWNER, OWNER));
	ASSERT_EQ(0, ima_start_new(&self->child, NULL, OWNER, EXEC_RULE));
}

FIXTURE_TEARDOWN(measure)
{
	agent_stop(&self->other);
	agent_stop(&self->child);
	scratch_remove(self->directory);
}

/*
 * Runs the program in @agent and reads its list: the program's entry, NULL if
 * it has none.
 */
static struct entry *run_and_find(struct agent *agent, const char *program,
				  struct list *list)
{
	if (file_run(agent, program) || list_read(agent, list))
		return NULL;
	return list_find(list, 1, program);
}

static struct entry *first_violation(const struct list *list)
{
	size_t i;

	for (i = 0; i < list->count; i++)
		if (list->entries[i].violation)
			return &list->entries[i];
	return NULL;
}

static int read_once(struct agent *agent, const char *path)
{
	char byte[1];
	int fd = file_open(agent, path, O_RDONLY);

	if (fd < 0)
		return fd;
	file_read(agent, fd, byte, 1);
	return file_close(agent, fd);
}

TEST_F(measure, program_is_measured_once)
{
	long before = ima_count(&self->child);

	ASSERT_EQ(0, file_run(&self->child, self->program));
	EXPECT_EQ(1, list_measured(&self->child, self->program));
	ASSERT_EQ(0, file_run(&self->child, self->program));
	ASSERT_EQ(0, file_run(&self->child, self->program));
	EXPECT_EQ(1, list_measured(&self->child, self->program));
	EXPECT_EQ(before + 1, ima_count(&self->child));
}

TEST_F(measure, entry_holds_the_digest_of_the_file)
{
	uint8_t digest[DIGEST_MAX];
	struct entry *entry;
	struct list list;
	char *content;
	long len;

	entry = run_and_find(&self->child, self->program, &list);
	ASSERT_NE(NULL, entry);
	len = file_get_all(NULL, self->program, &content);
	ASSERT_LT(0, len);
	digest_bytes(entry->algo, content, len, digest);
	EXPECT_EQ(0, memcmp(digest, entry->file_digest,
			    entry->file_digest_len));
	EXPECT_EQ(10, entry->pcr);
	free(content);
	list_free(&list);
}

TEST_F(measure, change_by_the_host_is_measured_again)
{
	ASSERT_EQ(0, file_run(&self->child, self->program));
	ASSERT_EQ(0, scratch_append(self->program, "changed"));
	ASSERT_EQ(0, file_run(&self->child, self->program));
	EXPECT_EQ(2, list_measured(&self->child, self->program));
	ASSERT_EQ(0, file_run(&self->child, self->program));
	EXPECT_EQ(2, list_measured(&self->child, self->program));
}

TEST_F(measure, change_by_a_namespace_without_policy_is_measured_again)
{
	ASSERT_EQ(0, ima_start_new(&self->other, NULL, OWNER,
				   "dont_measure fsmagic=0x9fa0\n"));
	ASSERT_EQ(0, chown(self->program, OWNER, OWNER));
	ASSERT_EQ(0, file_run(&self->child, self->program));
	/* Over the program's last byte, as the namespace's root may. */
	{
		struct stat st;
		int fd = file_open(&self->other, self->program, O_WRONLY);

		ASSERT_LE(0, fd);
		ASSERT_EQ(0, stat(self->program, &st));
		ASSERT_EQ(1, file_pwrite(&self->other, fd, "#", 1,
					 st.st_size));
		ASSERT_EQ(0, file_close(&self->other, fd));
	}
	ASSERT_EQ(0, file_run(&self->child, self->program));
	EXPECT_EQ(2, list_measured(&self->child, self->program));
}

/* Same content, new inode: the digest and the name are listed already. */
TEST_F(measure, same_content_under_the_same_name_is_no_new_entry)
{
	ASSERT_EQ(0, file_run(&self->child, self->program));
	ASSERT_EQ(0, unlink(self->program));
	ASSERT_EQ(0, scratch_program(self->program, "measure"));
	ASSERT_EQ(0, file_run(&self->child, self->program));
	EXPECT_EQ(1, list_measured(&self->child, self->program));
}

TEST_F(measure, new_content_under_the_same_name_is_a_new_entry)
{
	ASSERT_EQ(0, file_run(&self->child, self->program));
	ASSERT_EQ(0, unlink(self->program));
	ASSERT_EQ(0, scratch_program(self->program, "another"));
	ASSERT_EQ(0, file_run(&self->child, self->program));
	EXPECT_EQ(2, list_measured(&self->child, self->program));
}

TEST_F(measure, change_back_and_forth_is_two_entries)
{
	struct stat st;

	ASSERT_EQ(0, stat(self->program, &st));
	ASSERT_EQ(0, file_run(&self->child, self->program));
	ASSERT_EQ(0, scratch_append(self->program, "#"));
	ASSERT_EQ(0, file_run(&self->child, self->program));
	ASSERT_EQ(0, truncate(self->program, st.st_size));
	ASSERT_EQ(0, file_run(&self->child, self->program));
	EXPECT_EQ(2, list_measured(&self->child, self->program));
}

TEST_F(measure, chmod_adds_no_entry)
{
	ASSERT_EQ(0, file_run(&self->child, self->program));
	ASSERT_EQ(0, chmod(self->program, 0755));
	ASSERT_EQ(0, chmod(self->program, 0711));
	ASSERT_EQ(0, chmod(self->program, 0755));
	ASSERT_EQ(0, file_run(&self->child, self->program));
	/* Armed again, but the same digest and name are a duplicate. */
	EXPECT_EQ(1, list_measured(&self->child, self->program));
}

TEST_F(measure, dont_measure_rule_that_comes_first_wins)
{
	ASSERT_EQ(0, ns_start(&self->other, NULL, OWNER, NULL));
	ASSERT_EQ(0, chown(self->program, OWNER, OWNER));
	ASSERT_EQ(0, ima_start(&self->other,
			       "dont_measure fowner=0\n" EXEC_RULE));
	/* Owner 0 inside is uid 1000 outside. */
	ASSERT_EQ(0, file_run(&self->other, self->program));
	EXPECT_EQ(0, list_measured(&self->other, self->program));
}

TEST_F(measure, what_is_not_executed_is_not_measured)
{
	ASSERT_EQ(0, read_once(&self->child, self->program));
	EXPECT_EQ(0, list_measured(&self->child, self->program));
}

TEST_F(measure, read_file_is_measured_by_file_check)
{
	ASSERT_EQ(0, ima_load_policy(&self->child,
				     READ_RULE));
	ASSERT_EQ(0, read_once(&self->child, self->text));
	ASSERT_EQ(0, read_once(&self->child, self->text));
	EXPECT_EQ(1, list_measured(&self->child, self->text));
}

TEST_F(measure, failed_execution_is_measured)
{
	/* A program whose interpreter is not there: the exec fails. */
	snprintf(self->text, sizeof(self->text), "%s/script", self->directory);
	ASSERT_EQ(0, scratch_text(self->text, "#!/nowhere/sh\n"));
	ASSERT_EQ(0, chmod(self->text, 0755));
	EXPECT_EQ(-ENOENT, file_run(&self->child, self->text));
	EXPECT_EQ(1, list_measured(&self->child, self->text));
}

static int run_fd(int fd)
{
	static char *const argv[] = { "payload", NULL };
	pid_t child = fork();
	int status;

	if (child < 0)
		return -errno;
	if (!child) {
		fexecve(fd, argv, argv + 1);
		_exit(127);
	}
	if (waitpid(child, &status, 0) < 0)
		return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

/* What has no name on any file system is measured by its content all the same. */
static long run_from_memory(struct call *call)
{
	int ret, fd = memfd_create("selftest", MFD_CLOEXEC);

	call->out_len = 0;
	if (fd < 0)
		return -errno;
	if (write(fd, call->in, call->in_len) != (ssize_t)call->in_len)
		return -EIO;
	ret = run_fd(fd);
	close(fd);
	return ret;
}

TEST_F(measure, program_in_memory_is_measured)
{
	struct call call = { .fd = -1 };
	long before = ima_count(&self->child);
	struct list list;
	char *content;
	size_t i;

	call.in_len = file_get_all(NULL, self->program, &content);
	call.in = content;
	ASSERT_LT(0, (long)call.in_len);
	ASSERT_EQ(0, agent_call(&self->child, run_from_memory, &call));
	EXPECT_EQ(before + 1, ima_count(&self->child));
	ASSERT_EQ(0, list_read(&self->child, &list));
	for (i = 0; i < list.count; i++)
		if (strstr(list.entries[i].name, "memfd:selftest"))
			break;
	EXPECT_GT(list.count, i);
	free(content);
	list_free(&list);
}

/* How a program in memory is changed between two executions. */
enum change { NOTHING, WRITE, MAP_AND_UNMAP, STAYS_MAPPED, MAP_AND_SEAL };

/* The last byte of the file is behind the program, and is changed. */
static long run_twice_from_memory(struct call *call)
{
	int fd = memfd_create("twice", MFD_CLOEXEC |
						MFD_ALLOW_SEALING), ret;
	volatile char *at = NULL;

	call->out_len = 0;
	if (fd < 0)
		return -errno;
	if (write(fd, call->in, call->in_len) != (ssize_t)call->in_len ||
	    write(fd, "a", 1) != 1)
		return -EIO;
	if (call->arg[0] == STAYS_MAPPED) {
		at = mmap(NULL, call->in_len + 1, PROT_READ | PROT_WRITE,
			  MAP_SHARED, fd, 0);
		if (at == MAP_FAILED)
			return -errno;
	}
	ret = run_fd(fd);
	switch (ret ? NOTHING : call->arg[0]) {
	case WRITE:
		if (pwrite(fd, "b", 1, call->in_len) != 1)
			ret = -EIO;
		break;
	case MAP_AND_UNMAP:
	case MAP_AND_SEAL:
		at = mmap(NULL, call->in_len + 1, PROT_READ | PROT_WRITE,
			  MAP_SHARED, fd, 0);
		if (at == MAP_FAILED)
			return -errno;
		at[call->in_len] += at[call->in_len] == 'a';
		munmap((void *)at, call->in_len + 1);
		if (call->arg[0] == MAP_AND_SEAL &&
		    fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE))
			return -errno;
		break;
	case STAYS_MAPPED:
		at[call->in_len] += at[call->in_len] == 'a';
		break;
	}
	if (!ret)
		ret = run_fd(fd);
	if (call->arg[0] == STAYS_MAPPED)
		munmap((void *)at, call->in_len + 1);
	close(fd);
	return ret;
}

/* Nobody counts who has it open for writing. */
TEST_F(measure, program_in_memory_is_measured_again_when_it_was_changed)
{
	struct call call = { .fd = -1 };
	char *content;
	long before;
	int change;

	call.in_len = file_get_all(NULL, self->program, &content);
	call.in = content;
	ASSERT_LT(0, (long)call.in_len);
	for (change = NOTHING; change <= MAP_AND_SEAL; change++) {
		/* Another content each time: a duplicate is not listed. */
		content[call.in_len - 1] = change;
		call.arg[0] = change;
		before = ima_count(&self->child);
		ASSERT_EQ(0, agent_call(&self->child, run_twice_from_memory,
					&call));
		EXPECT_EQ(before + (change == NOTHING ? 1 : 2),
			  ima_count(&self->child))
			TH_LOG("change %d", change);
	}
	free(content);
}

/*
 * State is per namespace: each measures by its own policy.
 *
 *   init -+- child (exec)
 *         `- other (exec)
 */
TEST_F(measure, two_namespaces_measure_the_same_file)
{
	ASSERT_EQ(0, ima_start_new(&self->other, NULL, OWNER + 1, EXEC_RULE));
	ASSERT_EQ(0, file_run(&self->child, self->program));
	EXPECT_EQ(0, list_measured(&self->other, self->program));
	ASSERT_EQ(0, file_run(&self->other, self->program));
	EXPECT_EQ(1, list_measured(&self->child, self->program));
	EXPECT_EQ(1, list_measured(&self->other, self->program));
}

TEST_F(measure, sibling_events_are_not_seen)
{
	long before;

	ASSERT_EQ(0, ima_start_new(&self->other, NULL, OWNER + 1, EXEC_RULE));
	before = ima_count(&self->other);
	ASSERT_EQ(0, file_run(&self->child, self->program));
	EXPECT_EQ(before, ima_count(&self->other));
}

TEST_F(measure, host_events_are_not_seen_in_a_child)
{
	long before = ima_count(&self->child);

	ASSERT_EQ(0, file_run(NULL, self->program));
	EXPECT_EQ(before, ima_count(&self->child));
}

TEST_F(measure, host_without_a_rule_lists_nothing)
{
	ASSERT_EQ(0, file_run(&self->child, self->program));
	EXPECT_EQ(0, list_measured(NULL, self->program));
}

TEST_F(measure, host_measures_by_its_own_policy_too)
{
	ASSERT_EQ(0, chown(self->program, 62001, 0));
	ASSERT_EQ(0, ima_load_policy(NULL,
				     "measure func=BPRM_CHECK fowner=62001\n"));
	ASSERT_EQ(0, file_run(&self->child, self->program));
	EXPECT_EQ(1, list_measured(NULL, self->program));
	EXPECT_EQ(1, list_measured(&self->child, self->program));
}

TEST_F(measure, host_measures_what_the_child_does_not)
{
	ASSERT_EQ(0, chown(self->program, 62002, 0));
	ASSERT_EQ(0, ima_load_policy(NULL,
				     "measure func=BPRM_CHECK fowner=62002\n"));
	ASSERT_EQ(0, ima_start_new(&self->other, NULL, OWNER, READ_RULE));
	ASSERT_EQ(0, file_run(&self->other, self->program));
	EXPECT_EQ(1, list_measured(NULL, self->program));
	EXPECT_EQ(0, list_measured(&self->other, self->program));
}

/* Measured in the host before, measured in the child all the same. */
TEST_F(measure, what_the_host_has_measured_is_new_to_the_child)
{
	ASSERT_EQ(0, chown(self->program, 62003, 0));
	ASSERT_EQ(0, ima_load_policy(NULL,
				     "measure func=BPRM_CHECK fowner=62003\n"));
	ASSERT_EQ(0, file_run(NULL, self->program));
	EXPECT_EQ(0, list_measured(&self->child, self->program));
	ASSERT_EQ(0, file_run(&self->child, self->program));
	EXPECT_EQ(1, list_measured(&self->child, self->program));
	EXPECT_EQ(1, list_measured(NULL, self->program));
}

TEST_F(measure, each_level_uses_its_own_hash)
{
	struct list host, list;
	struct entry *entry;

	ASSERT_EQ(0, chown(self->program, 62004, 0));
	ASSERT_EQ(0, ima_load_policy(NULL,
				     "measure func=BPRM_CHECK fowner=62004 "
				     "template=ima-ng\n"));
	ASSERT_EQ(0, ns_start(&self->other, NULL, OWNER, NULL));
	ASSERT_EQ(0, ima_configure(&self->other, "sha512", "ima-ng"));
	ASSERT_EQ(0, ima_activate(&self->other));
	ASSERT_EQ(0, ima_load_policy(&self->other, EXEC_RULE));
	entry = run_and_find(&self->other, self->program, &list);
	ASSERT_NE(NULL, entry);
	EXPECT_STREQ("sha512", entry->algo);
	ASSERT_EQ(0, list_read(NULL, &host));
	entry = list_find(&host, 1, self->program);
	ASSERT_NE(NULL, entry);
	EXPECT_STREQ(host.entries[0].algo, entry->algo);
	list_free(&host);
	list_free(&list);
}

/* Not yet active: the nearest active ancestor judges, nothing is kept. */
TEST_F(measure, configuring_namespace_measures_nothing)
{
	ASSERT_EQ(0, ns_start(&self->other, NULL, OWNER, NULL));
	ASSERT_EQ(0, ima_mount(&self->other));
	ASSERT_EQ(0, file_run(&self->other, self->program));
	ASSERT_EQ(0, ima_activate(&self->other));
	EXPECT_EQ(1, ima_count(&self->other));
}

TEST_F(measure, namespace_without_securityfs_is_judged_by_its_ancestor)
{
	ASSERT_EQ(0, ns_start(&self->other, &self->child, 0, NULL));
	ASSERT_EQ(0, file_run(&self->other, self->program));
	EXPECT_EQ(1, list_measured(&self->child, self->program));
}

/* No namespace anywhere below init: init judges all the same. */
TEST_F(measure, namespaces_without_securityfs_are_judged_by_init)
{
	struct agent nested = {};

	ASSERT_EQ(0, chown(self->program, 62005, 0));
	ASSERT_EQ(0, ima_load_policy(NULL,
				     "measure func=BPRM_CHECK fowner=62005\n"));
	ASSERT_EQ(0, ns_start(&self->other, NULL, OWNER, NULL));
	ASSERT_EQ(0, ns_start(&nested, &self->other, 0, NULL));
	ASSERT_EQ(0, file_run(&nested, self->program));
	EXPECT_EQ(1, list_measured(NULL, self->program));
	agent_stop(&nested);
}

/* init (rule) ---- child (rule) ---- other (no IMA) ---- nested (no IMA) */
TEST_F(measure, nearest_active_ancestor_and_init_judge_together)
{
	struct agent nested = {};

	ASSERT_EQ(0, chown(self->program, 62006, 0));
	ASSERT_EQ(0, ima_load_policy(NULL,
				     "measure func=BPRM_CHECK fowner=62006\n"));
	ASSERT_EQ(0, ns_start(&self->other, &self->child, 0, NULL));
	ASSERT_EQ(0, ima_mount(&self->other));
	ASSERT_EQ(0, ns_start(&nested, &self->other, 0, NULL));
	ASSERT_EQ(0, file_run(&nested, self->program));
	EXPECT_EQ(1, list_measured(&self->child, self->program));
	EXPECT_EQ(1, list_measured(NULL, self->program));
	/* The one that only configures has no list to show. */
	EXPECT_EQ(-EACCES, ima_count(&self->other));
	agent_stop(&nested);
}

/* What ran before is not made up for; what runs from now on is judged. */
TEST_F(measure, events_are_judged_from_the_activation_on)
{
	char later[320];

	snprintf(later, sizeof(later), "%s.later", self->program);
	ASSERT_EQ(0, scratch_program(later, "later"));
	ASSERT_EQ(0, ns_start(&self->other, NULL, OWNER, NULL));
	ASSERT_EQ(0, ima_mount(&self->other));
	ASSERT_EQ(0, file_run(&self->other, self->program));
	ASSERT_EQ(0, ima_activate(&self->other));
	ASSERT_EQ(0, ima_load_policy(&self->other, EXEC_RULE));
	ASSERT_EQ(0, file_run(&self->other, later));
	EXPECT_EQ(0, list_measured(&self->other, self->program));
	EXPECT_EQ(1, list_measured(&self->other, later));
}

/*
 * Nesting:
 *
 *   init ---- child (exec) ---- other (exec)
 */
TEST_F(measure, nested_event_is_in_both_lists)
{
	ASSERT_EQ(0, ima_start_new(&self->other, &self->child, 0, EXEC_RULE));
	ASSERT_EQ(0, file_run(&self->other, self->program));
	EXPECT_EQ(1, list_measured(&self->other, self->program));
	EXPECT_EQ(1, list_measured(&self->child, self->program));
}

TEST_F(measure, event_of_the_outer_is_not_seen_by_the_inner)
{
	long before;

	ASSERT_EQ(0, ima_start_new(&self->other, &self->child, 0, EXEC_RULE));
	before = ima_count(&self->other);
	ASSERT_EQ(0, file_run(&self->child, self->program));
	EXPECT_EQ(before, ima_count(&self->other));
	EXPECT_EQ(1, list_measured(&self->child, self->program));
}

TEST(ancestor_activated_after_its_descendant_sees_it)
{
	struct agent outer = {}, inner = {};
	char directory[256], first[300], second[300];

	ASSERT_EQ(0, scratch_directory(directory, sizeof(directory)));
	snprintf(first, sizeof(first), "%s/first", directory);
	snprintf(second, sizeof(second), "%s/second", directory);
	ASSERT_EQ(0, scratch_program(first, "first"));
	ASSERT_EQ(0, scratch_program(second, "second"));
	ASSERT_EQ(0, ns_start(&outer, NULL, OWNER, NULL));
	ASSERT_EQ(0, ima_start_new(&inner, &outer, 0, EXEC_RULE));
	ASSERT_EQ(0, file_run(&inner, first));
	ASSERT_EQ(0, ima_start(&outer, EXEC_RULE));
	ASSERT_EQ(0, file_run(&inner, second));
	EXPECT_EQ(1, list_measured(&inner, first));
	EXPECT_EQ(1, list_measured(&inner, second));
	EXPECT_EQ(0, list_measured(&outer, first));
	EXPECT_EQ(1, list_measured(&outer, second));
	/* Known to the inner one; the outer one sees it now. */
	ASSERT_EQ(0, file_run(&inner, first));
	EXPECT_EQ(1, list_measured(&inner, first));
	EXPECT_EQ(1, list_measured(&outer, first));
	agent_stop(&inner);
	agent_stop(&outer);
	scratch_remove(directory);
}

/* 33 user namespaces below init, as many as the kernel makes, all active. */
#define LEVELS 33
TEST_F_TIMEOUT(measure, every_level_the_kernel_allows_may_be_active, 300)
{
	static struct agent levels[LEVELS + 1];
	int i, depth = 0;

	for (i = 0; i <= LEVELS; i++) {
		/* There are only 32 levels of pid namespaces. */
		int ret = ns_start_same_pid(&levels[i],
					    i ? &levels[i - 1] : NULL,
					    i ? 0 : OWNER);

		if (i == LEVELS) {
			/* One more is refused by the kernel, not by IMA. */
			EXPECT_EQ(-ENOSPC, ret);
			break;
		}
		ASSERT_EQ(0, ret) TH_LOG("level %d", i + 1);
		ASSERT_EQ(0, ima_start(&levels[i], EXEC_RULE))
			TH_LOG("level %d", i + 1);
		depth++;
	}
	ASSERT_EQ(LEVELS, depth);
	ASSERT_EQ(0, file_run(&levels[LEVELS - 1], self->program));
	for (i = 0; i < LEVELS; i++) {
		EXPECT_EQ(1, list_measured(&levels[i], self->program))
			TH_LOG("level %d", i + 1);
	}
	for (i = LEVELS; i >= 0; i--)
		agent_stop(&levels[i]);
}

/* Joining: an event belongs to the user namespace of the task's credentials. */
TEST_F(measure, task_that_joins_the_user_namespace_is_judged_there)
{
	ASSERT_EQ(0, agent_start(&self->other, NULL));
	ASSERT_EQ(0, ns_join_user(&self->other, self->child.pid));
	ASSERT_EQ(0, file_run(&self->other, self->program));
	EXPECT_EQ(1, list_measured(&self->child, self->program));
}

TEST_F(measure, task_that_joins_only_the_mounts_is_not_judged_there)
{
	ASSERT_EQ(0, agent_start(&self->other, NULL));
	ASSERT_EQ(0, ns_join_mount(&self->other, self->child.pid));
	ASSERT_EQ(0, file_run(&self->other, self->program));
	EXPECT_EQ(0, list_measured(&self->child, self->program));
}

/* pcr= and template= of a rule. */
TEST_F(measure, pcr_of_the_rule_is_used)
{
	struct entry *entry;
	struct list list;

	ASSERT_EQ(0, ima_start_new(&self->other, NULL, OWNER,
				   "measure func=BPRM_CHECK pcr=14\n"));
	entry = run_and_find(&self->other, self->program, &list);
	ASSERT_NE(NULL, entry);
	EXPECT_EQ(14, entry->pcr);
	list_free(&list);
}

TEST_F(measure, template_of_the_rule_is_used)
{
	struct entry *entry;
	struct list list;

	ASSERT_EQ(0, ns_start(&self->other, NULL, OWNER, NULL));
	ASSERT_EQ(0, ima_mount(&self->other));
	ASSERT_EQ(0, ima_put(&self->other, "template_name", "ima-ng"));
	ASSERT_EQ(0, ima_activate(&self->other));
	ASSERT_EQ(0, ima_load_policy(&self->other,
				     "measure func=BPRM_CHECK "
				     "template=ima-sig\n"));
	entry = run_and_find(&self->other, self->program, &list);
	ASSERT_NE(NULL, entry);
	EXPECT_STREQ("ima-sig", entry->template);
	EXPECT_STREQ("ima-ng", list.entries[0].template);
	list_free(&list);
}

TEST_F(measure, two_rules_with_two_pcrs_give_two_entries)
{
	struct list list;

	ASSERT_EQ(0, ima_start_new(&self->other, NULL, OWNER,
				   "measure func=BPRM_CHECK pcr=14\n"
				   "measure func=MMAP_CHECK mask=MAY_EXEC pcr=15\n"
				   "measure func=FILE_CHECK mask=MAY_READ pcr=15\n"));
	ASSERT_EQ(0, file_run(&self->other, self->program));
	ASSERT_EQ(0, read_once(&self->other, self->program));
	ASSERT_EQ(0, list_read(&self->other, &list));
	EXPECT_EQ(2, list_count_of(&list, self->program));
	list_free(&list);
}

TEST_F(measure, two_templates_on_one_pcr_the_first_wins)
{
	struct list list;

	ASSERT_EQ(0, ima_start_new(&self->other, NULL, OWNER,
				   "measure func=BPRM_CHECK template=ima-sig\n"
				   "measure func=FILE_CHECK mask=MAY_READ "
				   "template=ima-ng\n"));
	ASSERT_EQ(0, file_run(&self->other, self->program));
	ASSERT_EQ(0, read_once(&self->other, self->program));
	ASSERT_EQ(0, list_read(&self->other, &list));
	EXPECT_EQ(1, list_count_of(&list, self->program));
	EXPECT_STREQ("ima-sig", list_find(&list, 1, self->program)->template);
	list_free(&list);
}

/* vpcr is what the list replays to. */
FIXTURE(vpcr)
{
	struct agent child;
	char directory[256];
	char text[8192];
};

FIXTURE_VARIANT(vpcr)
{
	const char *template;
	const char *hash;
};

FIXTURE_VARIANT_ADD(vpcr, ima_ng_sha256)
{
	.template = "ima-ng",
	.hash = "sha256",
};

FIXTURE_VARIANT_ADD(vpcr, ima_sig_sha512)
{
	.template = "ima-sig",
	.hash = "sha512",
};

FIXTURE_VARIANT_ADD(vpcr, ima_sha1)
{
	.template = "ima",
	.hash = "sha1",
};

FIXTURE_SETUP(vpcr)
{
	ASSERT_EQ(0, scratch_directory(self->directory,
				       sizeof(self->directory)));
	ASSERT_EQ(0, ns_start(&self->child, NULL, OWNER, NULL));
	ASSERT_EQ(0, ima_configure(&self->child, variant->hash,
				   variant->template));
	ASSERT_EQ(0, ima_activate(&self->child));
	ASSERT_EQ(0, ima_load_policy(&self->child,
				     NOT_SECURITYFS
				     "measure func=FILE_CHECK mask=MAY_READ "
				     "fowner=0 pcr=14\n" EXEC_RULE));
}

FIXTURE_TEARDOWN(vpcr)
{
	agent_stop(&self->child);
	scratch_remove(self->directory);
}

/* Is this line in the text, as a whole? */
static bool has_line(const char *text, const char *line)
{
	const char *at = text;
	size_t len = strlen(line);

	while ((at = strstr(at, line))) {
		if ((at == text || at[-1] == '\n') && at[len] == '\n')
			return true;
		at++;
	}
	return false;
}

static void expect_replay(struct __test_metadata *_metadata,
			  struct agent *child, char *text, size_t size)
{
	static const char banks[][8] = { "sha1", "sha256" };
	uint8_t value[DIGEST_MAX];
	char hex[2 * DIGEST_MAX + 1], line[256];
	struct list list;
	size_t i, j;

	ASSERT_EQ(0, list_read(child, &list));
	ASSERT_LT(0, ima_get(child, "vpcr", text, size));
	for (i = 0; i < 24; i++) {
		bool used = false;

		for (j = 0; j < list.count; j++)
			used = used || list.entries[j].pcr == i;
		for (j = 0; j < sizeof(banks) / sizeof(banks[0]); j++) {
			size_t len = list_replay(&list, i, banks[j], value);

			digest_hex(value, len, hex);
			snprintf(line, sizeof(line), "%zu %s:%s", i, banks[j],
				 hex);
			EXPECT_EQ(used, has_line(text, line))
				TH_LOG("%s\nin\n%s", line, text);
		}
	}
	list_accumulate(&list, value);
	digest_hex(value, 32, hex);
	snprintf(line, sizeof(line), "acc sha256:%s %zu", hex, list.count);
	EXPECT_TRUE(has_line(text, line)) TH_LOG("%s\nin\n%s", line, text);
	/* It is the last line. */
	EXPECT_EQ(strlen(text), strlen(line) + 1 +
				(size_t)(strstr(text, "acc ") - text));
	list_free(&list);
}

TEST_F(vpcr, equals_the_replay_of_the_list)
{
	char path[300];
	int i;

	expect_replay(_metadata, &self->child, self->text, sizeof(self->text));
	for (i = 0; i < 5; i++) {
		snprintf(path, sizeof(path), "%s/prog%d", self->directory, i);
		ASSERT_EQ(0, scratch_program(path, path));
		ASSERT_EQ(0, file_run(&self->child, path));
	}
	snprintf(path, sizeof(path), "%s/text", self->directory);
	ASSERT_EQ(0, scratch_text(path, "text\n"));
	ASSERT_EQ(0, chown(path, OWNER, OWNER));
	ASSERT_EQ(0, read_once(&self->child, path));
	ASSERT_EQ(1, list_measured(&self->child, path));
	expect_replay(_metadata, &self->child, self->text, sizeof(self->text));
}

TEST_F(vpcr, covers_violations)
{
	char path[300];
	int reader;

	snprintf(path, sizeof(path), "%s/text", self->directory);
	ASSERT_EQ(0, scratch_text(path, "text\n"));
	ASSERT_EQ(0, chown(path, OWNER, OWNER));
	reader = file_open(&self->child, path, O_RDONLY);
	ASSERT_LE(0, reader);
	ASSERT_EQ(0, scratch_append(path, "more\n"));
	ASSERT_EQ(1, list_violated(&self->child, path));
	expect_replay(_metadata, &self->child, self->text, sizeof(self->text));
}

TEST_F(vpcr, per_bank_lists_agree_with_each_other)
{
	char names[4096], *save, *name;
	struct list sha1, bank;
	uint8_t digest[DIGEST_MAX];
	size_t i;

	ASSERT_EQ(0, list_read(&self->child, &sha1));
	ASSERT_LT(0, file_list(&self->child, IMA_DIR, names, sizeof(names)));
	for (name = strtok_r(names, "\n", &save); name;
	     name = strtok_r(NULL, "\n", &save)) {
		const char prefix[] = "binary_runtime_measurements_";
		const char *algo = name + strlen(prefix);

		if (strncmp(name, prefix, strlen(prefix)))
			continue;
		ASSERT_EQ(0, list_read_bank(&self->child, name, algo, &bank))
			TH_LOG("%s", name);
		ASSERT_EQ(sha1.count, bank.count);
		for (i = 0; i < bank.count; i++) {
			size_t len = entry_digest(&bank.entries[i], algo,
						  digest);

			EXPECT_EQ(0, memcmp(digest, bank.entries[i].digest,
					    len)) TH_LOG("%s %zu", name, i);
		}
		list_free(&bank);
	}
	list_free(&sha1);
}

TEST_F(measure, ascii_list_shows_the_same_as_the_binary_one)
{
	char *ascii, *line, *save, expected[8192], hex[200];
	struct list list;
	size_t i = 0;

	ASSERT_EQ(0, file_run(&self->child, self->program));
	ASSERT_EQ(0, list_read(&self->child, &list));
	ASSERT_LT(0, file_get_all(&self->child,
				  IMA_DIR "/ascii_runtime_measurements",
				  &ascii));
	for (line = strtok_r(ascii, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save), i++) {
		struct entry *entry = &list.entries[i];
		int len;

		ASSERT_GT(list.count, i);
		digest_hex(entry->digest, entry->digest_len, hex);
		len = snprintf(expected, sizeof(expected), "%2u %s %s ",
			       entry->pcr, hex, entry->template);
		digest_hex(entry->file_digest, entry->file_digest_len, hex);
		if (strcmp(entry->template, "ima"))
			len += snprintf(expected + len, sizeof(expected) - len,
					"%s:", entry->algo);
		snprintf(expected + len, sizeof(expected) - len, "%s %s", hex,
			 entry->name);
		EXPECT_EQ(0, strncmp(line, expected, strlen(expected)))
			TH_LOG("%s\n%s", line, expected);
	}
	EXPECT_EQ(list.count, i);
	free(ascii);
	list_free(&list);
}

/*
 * Violations, per namespace: two children and the host, each with or without
 * a rule for the file.
 */
FIXTURE(violation)
{
	struct agent measures;
	struct agent ignores;
	char directory[256];
	char text[300];
};

FIXTURE_SETUP(violation)
{
	ASSERT_EQ(0, scratch_directory(self->directory,
				       sizeof(self->directory)));
	snprintf(self->text, sizeof(self->text), "%s/text", self->directory);
	ASSERT_EQ(0, scratch_text(self->text, "text\n"));
	ASSERT_EQ(0, chown(self->text, OWNER, OWNER));
	ASSERT_EQ(0, ima_start_new(&self->measures, NULL, OWNER, READ_RULE));
	ASSERT_EQ(0, ima_start_new(&self->ignores, NULL, OWNER, EXEC_RULE));
}

FIXTURE_TEARDOWN(violation)
{
	agent_stop(&self->measures);
	agent_stop(&self->ignores);
	scratch_remove(self->directory);
}

TEST_F(violation, opened_for_writing_while_read)
{
	int fd = file_open(&self->measures, self->text, O_RDONLY);

	ASSERT_LE(0, fd);
	ASSERT_EQ(1, list_measured(&self->measures, self->text));
	ASSERT_EQ(0, scratch_append(self->text, "more\n"));
	EXPECT_EQ(1, list_violated(&self->measures, self->text));
	EXPECT_EQ(1, ima_number(&self->measures, "violations"));
}

TEST_F(violation, opened_for_reading_while_written)
{
	int fd = open(self->text, O_WRONLY | O_CLOEXEC);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, read_once(&self->measures, self->text));
	EXPECT_EQ(1, list_violated(&self->measures, self->text));
	EXPECT_EQ(1, ima_number(&self->measures, "violations"));
	close(fd);
}

TEST_F(violation, is_not_in_a_list_whose_policy_ignores_the_file)
{
	int fd = file_open(&self->measures, self->text, O_RDONLY);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, read_once(&self->ignores, self->text));
	ASSERT_EQ(0, scratch_append(self->text, "more\n"));
	EXPECT_EQ(1, ima_number(&self->measures, "violations"));
	EXPECT_EQ(0, ima_number(&self->ignores, "violations"));
	EXPECT_EQ(0, list_violated(&self->ignores, self->text));
	EXPECT_EQ(0, list_violated(NULL, self->text));
}

TEST_F(violation, by_a_writer_in_another_namespace)
{
	int fd = file_open(&self->measures, self->text, O_RDONLY);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, file_put_text(&self->ignores, self->text, "TEXT\n"));
	EXPECT_EQ(1, list_violated(&self->measures, self->text));
	EXPECT_EQ(0, ima_number(&self->ignores, "violations"));
}

/* A writer inside is named by its path, one outside by the file's name. */
TEST_F(violation, by_a_writer_inside_has_the_whole_path)
{
	struct list list;

	ASSERT_LE(0, file_open(&self->measures, self->text, O_RDONLY));
	ASSERT_EQ(0, file_put_text(&self->measures, self->text, "TEXT\n"));
	ASSERT_EQ(0, list_read(&self->measures, &list));
	ASSERT_NE(NULL, first_violation(&list));
	EXPECT_STREQ(self->text, first_violation(&list)->name);
	list_free(&list);
}

TEST_F(violation, by_a_writer_outside_has_the_last_component)
{
	struct list list;

	ASSERT_LE(0, file_open(&self->measures, self->text, O_RDONLY));
	ASSERT_EQ(0, scratch_append(self->text, "more\n"));
	ASSERT_EQ(0, list_read(&self->measures, &list));
	ASSERT_NE(NULL, first_violation(&list));
	EXPECT_STREQ("text", first_violation(&list)->name);
	list_free(&list);
}

TEST_F(violation, is_in_each_list_that_measures_the_file)
{
	struct agent second = {};
	int fd;

	ASSERT_EQ(0, ima_start_new(&second, NULL, OWNER, READ_RULE));
	fd = file_open(&self->measures, self->text, O_RDONLY);
	ASSERT_LE(0, fd);
	fd = file_open(&second, self->text, O_RDONLY);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, scratch_append(self->text, "more\n"));
	EXPECT_EQ(1, list_violated(&self->measures, self->text));
	EXPECT_EQ(1, list_violated(&second, self->text));
	EXPECT_EQ(1, ima_number(&self->measures, "violations"));
	EXPECT_EQ(1, ima_number(&second, "violations"));
	agent_stop(&second);
}

/* A reader that is measured by one namespace is none of another's concern. */
TEST_F(violation, reader_in_one_is_no_reader_of_another)
{
	struct agent second = {};
	int fd;

	ASSERT_EQ(0, ima_start_new(&second, NULL, OWNER, READ_RULE));
	fd = file_open(&self->measures, self->text, O_RDONLY);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, scratch_append(self->text, "more\n"));
	EXPECT_EQ(0, ima_number(&second, "violations"));
	EXPECT_EQ(1, ima_number(&self->measures, "violations"));
	agent_stop(&second);
}

TEST_F(violation, writer_after_the_reader_has_gone_is_none)
{
	ASSERT_EQ(0, read_once(&self->measures, self->text));
	ASSERT_EQ(0, scratch_append(self->text, "more\n"));
	EXPECT_EQ(0, ima_number(&self->measures, "violations"));
	EXPECT_EQ(0, list_violated(&self->measures, self->text));
}

/* Death of a reader namespace with its bit set: the writer finds nobody. */
TEST_F(violation, writer_after_the_readers_namespace_is_gone)
{
	ASSERT_LE(0, file_open(&self->measures, self->text, O_RDONLY));
	agent_stop(&self->measures);
	EXPECT_EQ(0, scratch_append(self->text, "more\n"));
	EXPECT_EQ(0, ima_number(&self->ignores, "violations"));
}

TEST_HARNESS_MAIN
