// SPDX-License-Identifier: GPL-2.0-only
/*
 * What somebody might try so that the host does not see what he runs, and what the
 * host's list shows of it.  The host measures executions; each test says in its
 * output what was tried and what was found.  Attacks on one part alone are with
 * that part's tests: Documentation/security/ima-ns.rst has the whole table.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "agent.h"
#include "file.h"
#include "ima.h"
#include "list.h"
#include "ns.h"
#include "record.h"
#include "scratch.h"

#define ATTACKER 1000
#define FIRST_FOWNER 62400

/* Keeps out all that there is, and whatever may come. */
#define NOTHING_RULES "dont_measure\n"

/*
 *   init, measures executions of one uid's files ---- attacker
 */
FIXTURE(attack)
{
	struct agent attacker;
	struct agent other;
	char directory[256];
	char program[300];
	char text[4096];
	long id;
};

static int host_measures(const char *program)
{
	static unsigned int fowner = FIRST_FOWNER;
	char rule[128];

	if (chown(program, ++fowner, 0))
		return -errno;
	snprintf(rule, sizeof(rule),
		 "measure func=BPRM_CHECK mask=MAY_EXEC fowner=%u\n", fowner);
	return ima_load_policy(NULL, rule);
}

FIXTURE_SETUP(attack)
{
	ASSERT_EQ(0, scratch_directory(self->directory,
				       sizeof(self->directory)));
	snprintf(self->program, sizeof(self->program), "%s/attack",
		 self->directory);
	ASSERT_EQ(0, scratch_program(self->program, self->program));
	ASSERT_EQ(0, host_measures(self->program));
	ASSERT_EQ(0, ns_start(&self->attacker, NULL, ATTACKER, NULL));
	ASSERT_EQ(0, ima_mount(&self->attacker));
	self->id = ima_number(&self->attacker, "id");
	ASSERT_LT(0, self->id);
}

FIXTURE_TEARDOWN(attack)
{
	agent_stop(&self->other);
	agent_stop(&self->attacker);
	scratch_remove(self->directory);
}

/* What the host has of the program, by whatever path it was run. */
static long host_shows(const char *name)
{
	struct list list;
	long found = 0;
	size_t i, len = strlen(name);

	if (list_read(NULL, &list))
		return -1;
	for (i = 0; i < list.count; i++) {
		size_t n = strlen(list.entries[i].name);

		if (n >= len && !strcmp(list.entries[i].name + n - len, name)) {
			printf("# the host's list: entry %zu, %s\n", i + 1,
			       list.entries[i].name);
			found++;
		}
	}
	list_free(&list);
	return found;
}

#define TRIED(_what) printf("# tried: " _what "\n")

TEST_F(attack, throw_away_namespace_leaves_birth_program_and_death)
{
	TRIED("a namespace that runs something and is gone");
	ASSERT_EQ(0, ima_activate(&self->attacker));
	ASSERT_EQ(0, file_run(&self->attacker, self->program));
	agent_stop(&self->attacker);
	EXPECT_EQ(1, record_wait(NULL, "ima_ns_death", self->id, self->text,
				 sizeof(self->text)));
	EXPECT_EQ(1, record_find(NULL, "ima_ns_birth", self->id, self->text,
				 sizeof(self->text)));
	EXPECT_EQ(1, host_shows(self->program));
}

TEST_F(attack, namespace_that_is_not_activated_is_judged_by_the_host)
{
	TRIED("a namespace that stays configuring");
	ASSERT_EQ(0, file_run(&self->attacker, self->program));
	EXPECT_EQ(1, host_shows(self->program));
}

TEST_F(attack, policy_that_excludes_everything_is_recorded_and_hides_nothing)
{
	TRIED("a policy that measures nothing");
	ASSERT_EQ(0, ima_activate(&self->attacker));
	ASSERT_EQ(0, ima_load_policy(&self->attacker, NOTHING_RULES));
	ASSERT_EQ(0, file_run(&self->attacker, self->program));
	EXPECT_EQ(0, list_measured(&self->attacker, self->program));
	EXPECT_EQ(1, record_wait(NULL, "ima_ns_policy", self->id, self->text,
				 sizeof(self->text)));
	printf("# the host's list: ima_ns_policy %s\n", self->text);
	EXPECT_EQ(1, host_shows(self->program));
}

static long do_unshare_user(struct call *call)
{
	(void)call;
	return unshare(CLONE_NEWUSER) ? -errno : 0;
}

TEST_F(attack, user_namespace_in_the_hosts_mounts_is_judged_by_the_host)
{
	struct call call = { .fd = -1 };

	TRIED("a user namespace that shares the host's mount namespace");
	ASSERT_EQ(0, agent_start(&self->other, NULL));
	ASSERT_EQ(0, ns_drop_to(&self->other, ATTACKER));
	ASSERT_EQ(0, agent_call(&self->other, do_unshare_user, &call));
	ASSERT_EQ(0, file_run(&self->other, self->program));
	EXPECT_EQ(1, host_shows(self->program));
}

TEST_F(attack, mounts_of_a_container_without_its_user_namespace)
{
	TRIED("nsenter --mount only");
	ASSERT_EQ(0, ima_activate(&self->attacker));
	ASSERT_EQ(0, ima_load_policy(&self->attacker, NOTHING_RULES));
	ASSERT_EQ(0, agent_start(&self->other, NULL));
	ASSERT_EQ(0, ns_join_mount(&self->other, self->attacker.pid));
	ASSERT_EQ(0, file_run(&self->other, self->program));
	EXPECT_EQ(1, host_shows(self->program));
	EXPECT_EQ(0, list_measured(&self->attacker, self->program));
}

static long do_join_user_only(struct call *call)
{
	char path[64];
	int fd, rc;

	snprintf(path, sizeof(path), "/proc/%ld/ns/user", call->arg[0]);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	rc = setns(fd, CLONE_NEWUSER) ? -errno : 0;
	close(fd);
	return rc;
}

TEST_F(attack, user_namespace_of_a_container_without_its_mounts)
{
	struct call call = { .fd = -1, .arg = { self->attacker.pid } };

	TRIED("nsenter --user only");
	ASSERT_EQ(0, ima_activate(&self->attacker));
	ASSERT_EQ(0, ima_load_policy(&self->attacker, EXEC_RULE));
	ASSERT_EQ(0, agent_start(&self->other, NULL));
	ASSERT_EQ(0, agent_call(&self->other, do_join_user_only, &call));
	ASSERT_EQ(0, file_run(&self->other, self->program));
	EXPECT_EQ(1, host_shows(self->program));
	/* He is in there, and judged there as well. */
	EXPECT_EQ(1, list_measured(&self->attacker, self->program));
}

static long do_chroot(struct call *call)
{
	return chroot(call->in) || chdir("/") ? -errno : 0;
}

TEST_F(attack, chroot_hides_no_program)
{
	struct call call = {
		.fd = -1,
		.in = self->directory,
		.in_len = strlen(self->directory) + 1,
	};

	TRIED("the program at another path, by chroot");
	ASSERT_EQ(0, ima_activate(&self->attacker));
	ASSERT_EQ(0, ima_load_policy(&self->attacker, NOTHING_RULES));
	ASSERT_EQ(0, agent_start(&self->other, &self->attacker));
	ASSERT_EQ(0, agent_call(&self->other, do_chroot, &call));
	ASSERT_EQ(0, file_run(&self->other, "/attack"));
	/* By the path that it has without chroot. */
	EXPECT_EQ(1, host_shows(self->program));
}

static long do_cover(struct call *call)
{
	(void)call;
	return mount("none", SECURITYFS, "tmpfs", 0, NULL) ? -errno : 0;
}

TEST_F(attack, covered_securityfs_changes_nothing)
{
	struct call call = { .fd = -1 };
	char path[300], number[32] = "";
	int directory;

	TRIED("a tmpfs over securityfs");
	ASSERT_EQ(0, ima_activate(&self->attacker));
	ASSERT_EQ(0, ima_load_policy(&self->attacker, EXEC_RULE));
	directory = ima_directory(&self->attacker);
	ASSERT_LE(0, directory);
	ASSERT_EQ(0, agent_call(&self->attacker, do_cover, &call));
	EXPECT_EQ(-ENOENT, ima_count(&self->attacker));
	ASSERT_EQ(0, file_run(&self->attacker, self->program));
	EXPECT_EQ(1, host_shows(self->program));
	/* Its own list goes on: boot_aggregate, the policy, the program. */
	ASSERT_EQ(0, file_path_below(NULL, directory,
				     "runtime_measurements_count", path,
				     sizeof(path)));
	ASSERT_LT(0, file_get(NULL, path, number, sizeof(number)));
	EXPECT_EQ(3, atol(number));
	close(directory);
}

/* Somebody else's policy, passed on: it stays that of its namespace. */
TEST_F(attack, passed_policy_is_that_of_its_namespace)
{
	int fd, given;

	TRIED("writing another namespace's policy through a passed descriptor");
	ASSERT_EQ(0, ima_activate(&self->attacker));
	ASSERT_EQ(0, ima_start_new(&self->other, NULL, ATTACKER + 1, NULL));
	fd = ima_open(&self->attacker, "policy", O_WRONLY);
	ASSERT_LE(0, fd);
	given = file_fetch_fd(&self->attacker, fd);
	ASSERT_LE(0, given);
	ASSERT_EQ(0, file_close(&self->attacker, fd));
	fd = file_give_fd(&self->other, given);
	ASSERT_LE(0, fd);
	close(given);
	ASSERT_LT(0, file_write(&self->other, fd, NOTHING_RULES,
				strlen(NOTHING_RULES)));
	ASSERT_EQ(0, file_close(&self->other, fd));
	EXPECT_EQ(1, record_wait(NULL, "ima_ns_policy", self->id, self->text,
				 sizeof(self->text)));
	printf("# the host's list: ima_ns_policy %s\n", self->text);
	EXPECT_EQ(0, record_find(NULL, "ima_ns_policy",
				 ima_number(&self->other, "id"), self->text,
				 sizeof(self->text)));
	ASSERT_EQ(0, file_run(&self->other, self->program));
	EXPECT_EQ(1, host_shows(self->program));
}

/* A host that asks for its own events only still sees root in a container. */
TEST_F(attack, root_of_the_host_inside_is_seen_by_scope_self)
{
	struct stat st;
	char rule[128];

	TRIED("uid 0 of the host in a container, where the host has scope=self");
	ASSERT_EQ(0, stat(self->program, &st));
	/* The rule of the fixture is for everybody: this is for another file. */
	ASSERT_EQ(0, chown(self->program, st.st_uid + 50, 0));
	snprintf(rule, sizeof(rule),
		 "measure func=BPRM_CHECK mask=MAY_EXEC fowner=%u scope=self\n",
		 st.st_uid + 50);
	if (ima_load_policy(NULL, rule) == -EINVAL)
		SKIP(return, "this kernel does not know scope=");
	ASSERT_EQ(0, ima_activate(&self->attacker));
	ASSERT_EQ(0, file_run(&self->attacker, self->program));
	EXPECT_EQ(0, host_shows(self->program));
	ASSERT_EQ(0, ns_start(&self->other, NULL, 0, "0 0 4294967295\n"));
	ASSERT_EQ(0, ima_start(&self->other, NOTHING_RULES));
	ASSERT_EQ(0, file_run(&self->other, self->program));
	EXPECT_EQ(1, host_shows(self->program));
}

/* All of them are there, or were refused: none is without a trace. */
TEST_F(attack, flood_of_activations_is_cut_and_each_one_is_listed)
{
	static const char burst[] = "/proc/sys/kernel/ima_ns/activation_burst";
	int i, refused = 0, made = 0, born = 0;
	char before[32] = "";

	TRIED("twelve activations where five are allowed at once");
	if (file_get(NULL, burst, before, sizeof(before)) < 0)
		SKIP(return, "this kernel does not limit activations");
	ASSERT_EQ(0, file_put_text(NULL, burst, "5"));
	for (i = 0; i < 12; i++) {
		struct agent child = {};
		long id;
		int rc;

		EXPECT_EQ(0, ns_start(&child, NULL, ATTACKER + 7, NULL));
		EXPECT_EQ(0, ima_mount(&child));
		id = ima_number(&child, "id");
		rc = ima_activate(&child);
		EXPECT_TRUE(!rc || rc == -EAGAIN);
		refused += rc == -EAGAIN;
		made += !rc;
		born += record_find(NULL, "ima_ns_birth", id, self->text,
				    sizeof(self->text)) == 1;
		agent_stop(&child);
	}
	EXPECT_EQ(0, file_put_text(NULL, burst, before));
	printf("# the host's list: %d births; %d were refused\n", born, refused);
	EXPECT_EQ(12, made + refused);
	EXPECT_EQ(made, born);
	EXPECT_LE(5, made);
	EXPECT_LT(0, refused);
}

TEST_HARNESS_MAIN
