// SPDX-License-Identifier: GPL-2.0-only
/*
 * Life and death of a namespace: what keeps it, what ends it, many at once,
 * races (abi.md sections 1, 5 and 8).
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "file.h"
#include "ima.h"
#include "list.h"
#include "ns.h"
#include "record.h"
#include "scratch.h"
#include "warnings.h"

/* Not the users that other tests give the host rules for. */
#define OWNER 2000

/* What may be the last reference to a user namespace. */
FIXTURE(last)
{
	struct agent child;
	long id;
};

FIXTURE_SETUP(last)
{
	ASSERT_EQ(0, ima_start_new(&self->child, NULL, OWNER, EXEC_RULE));
	self->id = ima_number(&self->child, "id");
	ASSERT_LT(0, self->id);
}

FIXTURE_TEARDOWN(last)
{
	agent_stop(&self->child);
}

/*
 * Has the namespace died yet?  Another one is made and ended, and its death
 * waited for: what was to die before it had the same time.
 */
static bool has_died(struct __test_metadata *_metadata, long id)
{
	struct agent probe = {};
	long probe_id;

	EXPECT_EQ(0, ima_start_new(&probe, NULL, 0, NULL));
	probe_id = ima_number(&probe, "id");
	agent_stop(&probe);
	EXPECT_EQ(1, record_wait(NULL, "ima_ns_death", probe_id, NULL, 0));
	return record_find(NULL, "ima_ns_death", id, NULL, 0) == 1;
}

/* The namespace outlives its processes by @fd, and not what @fd was. */
static void expect_kept_by(struct __test_metadata *_metadata,
			   FIXTURE_DATA(last) *self, int fd)
{
	ASSERT_LE(0, fd);
	agent_stop(&self->child);
	EXPECT_FALSE(has_died(_metadata, self->id));
	close(fd);
	EXPECT_EQ(1, record_wait(NULL, "ima_ns_death", self->id, NULL, 0));
}

/* A file below /proc/PID/ns, a reference to that namespace. */
static int namespace_file(const struct agent *agent, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/ns/%s", agent->pid, name);
	return open(path, O_RDONLY | O_CLOEXEC);
}

TEST_F(last, process_ends_it)
{
	EXPECT_FALSE(has_died(_metadata, self->id));
	agent_stop(&self->child);
	EXPECT_EQ(1, record_wait(NULL, "ima_ns_death", self->id, NULL, 0));
}

TEST_F(last, open_list_keeps_it)
{
	int fd = file_fetch_fd(&self->child,
			       ima_open(&self->child,
					"ascii_runtime_measurements",
					O_RDONLY));
	char line[4096];

	ASSERT_LE(0, fd);
	agent_stop(&self->child);
	EXPECT_FALSE(has_died(_metadata, self->id));
	ASSERT_LT(0, read(fd, line, sizeof(line) - 1));
	EXPECT_NE(NULL, strstr(line, "boot_aggregate"));
	close(fd);
	EXPECT_EQ(1, record_wait(NULL, "ima_ns_death", self->id, NULL, 0));
}

/* A policy batch left open: the file keeps the namespace, its close loads. */
TEST_F(last, open_policy_keeps_it)
{
	int fd = file_fetch_fd(&self->child, ima_open(&self->child, "policy",
						      O_WRONLY));

	ASSERT_LE(0, fd);
	agent_stop(&self->child);
	EXPECT_FALSE(has_died(_metadata, self->id));
	EXPECT_EQ((ssize_t)strlen(EXEC_RULE),
		  write(fd, EXEC_RULE, strlen(EXEC_RULE)));
	close(fd);
	EXPECT_EQ(1, record_wait(NULL, "ima_ns_death", self->id, NULL, 0));
}

TEST_F(last, user_namespace_file_keeps_it)
{
	expect_kept_by(_metadata, self, namespace_file(&self->child, "user"));
}

/* Entered again through the kept file: still the same, still active. */
TEST_F(last, kept_namespace_can_be_entered_again)
{
	struct agent again = {};
	int user = namespace_file(&self->child, "user");

	ASSERT_LE(0, user);
	ASSERT_EQ(0, agent_start(&again, NULL));
	ASSERT_EQ(0, ns_join_user(&again, self->child.pid));
	agent_stop(&self->child);
	EXPECT_EQ(self->id, ima_number(&again, "id"));
	EXPECT_EQ(-EBUSY, ima_activate(&again));
	close(user);
	agent_stop(&again);
	EXPECT_EQ(1, record_wait(NULL, "ima_ns_death", self->id, NULL, 0));
}

TEST_F(last, mount_namespace_file_keeps_it)
{
	expect_kept_by(_metadata, self, namespace_file(&self->child, "mnt"));
}

/* A child keeps its parent: first the inner dies, then the outer. */
TEST_F(last, descendant_keeps_it)
{
	struct agent nested = {};
	long id;
	int fd;

	ASSERT_EQ(0, ima_start_new(&nested, &self->child, 0, NULL));
	id = ima_number(&nested, "id");
	fd = namespace_file(&nested, "user");
	agent_stop(&nested);
	expect_kept_by(_metadata, self, fd);
	/* The nested one's death was an entry of the list that is gone. */
	EXPECT_EQ(0, record_find(NULL, "ima_ns_death", id, NULL, 0));
}

TEST_F(last, umount_does_not_end_it)
{
	ASSERT_EQ(0, file_umount(&self->child, SECURITYFS));
	EXPECT_FALSE(has_died(_metadata, self->id));
	ASSERT_EQ(0, ima_mount(&self->child));
	EXPECT_EQ(self->id, ima_number(&self->child, "id"));
}

/* Kilobytes of the kernel's unmovable memory: Slab and Percpu. */
static long kernel_kilobytes(void)
{
	char text[8192], *at;
	long sum = 0;

	if (file_put_text(NULL, "/proc/sys/vm/drop_caches", "3") ||
	    file_get(NULL, "/proc/meminfo", text, sizeof(text)) < 0)
		return -1;
	at = strstr(text, "\nSlab:");
	if (!at)
		return -1;
	sum += atol(at + 6);
	at = strstr(text, "\nPercpu:");
	if (at)
		sum += atol(at + 8);
	return sum;
}

/* Makes, uses and ends @count namespaces; -1 on the first failure. */
static long churn(const char *program, int count)
{
	long id = -1;
	int i;

	for (i = 0; i < count; i++) {
		struct agent child = {};

		/* Owner 0: others are limited to one activation a second. */
		if (ns_start(&child, NULL, 0, NULL) ||
		    ima_start(&child, EXEC_RULE) || file_run(&child, program))
			return -1;
		id = ima_number(&child, "id");
		agent_stop(&child);
	}
	if (record_wait(NULL, "ima_ns_death", id, NULL, 0) != 1)
		return -1;
	return 0;
}

/*
 * 200 namespaces made, used and ended.  Each leaves its records in the host's
 * list (some 3 KiB) and nothing else: an idle namespace alone is well above
 * 20 KiB, so that 200 leaked ones could not hide below the bar.
 */
TEST_F_TIMEOUT(last, reference_frees_everything, 600)
{
	char directory[256], program[300];
	long before, after;

	if (memory_uncounted())
		SKIP(return, "%s", memory_uncounted());
	ASSERT_EQ(0, scratch_directory(directory, sizeof(directory)));
	snprintf(program, sizeof(program), "%s/prog", directory);
	ASSERT_EQ(0, scratch_program(program, "churn"));
	/* Caches grow with the first ones. */
	ASSERT_EQ(0, churn(program, 20));
	before = kernel_kilobytes();
	ASSERT_LT(0, before);
	ASSERT_EQ(0, churn(program, 200));
	after = kernel_kilobytes();
	EXPECT_GT(200 * 10, after - before)
		TH_LOG("grew by %ld KiB", after - before);
	scratch_remove(directory);
}

/* Twenty at once, all running the same program. */
#define MANY 20
TEST_F_TIMEOUT(last, of_twenty_namespaces_each_lists_the_program_once, 300)
{
	static struct agent many[MANY];
	char directory[256], program[300];
	int i, round;

	ASSERT_EQ(0, scratch_directory(directory, sizeof(directory)));
	snprintf(program, sizeof(program), "%s/prog", directory);
	ASSERT_EQ(0, scratch_program(program, "many"));
	for (i = 0; i < MANY; i++) {
		ASSERT_EQ(0, ima_start_new(&many[i], NULL, OWNER + i,
					   EXEC_RULE));
	}
	for (round = 0; round < 3; round++) {
		for (i = 0; i < MANY; i++) {
			ASSERT_EQ(0, file_run_begin(&many[i], program));
		}
		for (i = 0; i < MANY; i++) {
			ASSERT_EQ(0, file_run_end(&many[i]));
		}
	}
	for (i = 0; i < MANY; i++) {
		EXPECT_EQ(1, list_measured(&many[i], program))
			TH_LOG("namespace %d", i);
	}
	for (i = 0; i < MANY; i++)
		agent_stop(&many[i]);
	scratch_remove(directory);
}

/* The same while the host changes the file: every list stays replayable. */
TEST_F_TIMEOUT(last, of_many_run_a_file_that_the_host_changes, 300)
{
	static struct agent many[MANY / 2];
	char directory[256], program[300], moved[300], text[8192];
	int i, round;

	ASSERT_EQ(0, scratch_directory(directory, sizeof(directory)));
	snprintf(program, sizeof(program), "%s/prog", directory);
	snprintf(moved, sizeof(moved), "%s/moved", directory);
	ASSERT_EQ(0, scratch_program(program, "0"));
	for (i = 0; i < MANY / 2; i++) {
		ASSERT_EQ(0, ima_start_new(&many[i], NULL, OWNER + i,
					   EXEC_RULE));
	}
	for (round = 1; round <= 5; round++) {
		char mark[16];

		for (i = 0; i < MANY / 2; i++) {
			ASSERT_EQ(0, file_run_begin(&many[i], program));
		}
		/* Replaced by name, while some have it open. */
		snprintf(mark, sizeof(mark), "%d", round);
		ASSERT_EQ(0, scratch_program(moved, mark));
		ASSERT_EQ(0, rename(moved, program));
		for (i = 0; i < MANY / 2; i++) {
			ASSERT_EQ(0, file_run_end(&many[i]));
		}
	}
	for (i = 0; i < MANY / 2; i++) {
		uint8_t acc[32];
		char hex[65];
		struct list list;

		ASSERT_EQ(0, list_read(&many[i], &list));
		EXPECT_LE(1, list_count_of(&list, program));
		list_accumulate(&list, acc);
		digest_hex(acc, 32, hex);
		ASSERT_LT(0, ima_get(&many[i], "vpcr", text, sizeof(text)));
		EXPECT_NE(NULL, strstr(text, hex)) TH_LOG("namespace %d", i);
		list_free(&list);
	}
	for (i = 0; i < MANY / 2; i++)
		agent_stop(&many[i]);
	scratch_remove(directory);
}

/*
 * Races: several agents inside one namespace do the same at once.  Each has
 * its request before the first answer is read.
 */
#define RACERS 8
struct racer {
	struct agent agent;
	struct call call;
	long ret;
};

static long race_write(struct call *call)
{
	const char *path = call->in;
	const char *text = path + strlen(path) + 1;
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	long ret;

	call->out_len = 0;
	if (fd < 0)
		return -errno;
	ret = write(fd, text, strlen(text)) < 0 ? -errno : 0;
	if (close(fd) && !ret)
		ret = -errno;
	return ret;
}

static int race(struct racer *racers, const char *path, const char *text)
{
	char both[512];
	int i, ret;

	strcpy(both, path);
	strcpy(both + strlen(path) + 1, text);
	for (i = 0; i < RACERS; i++) {
		racers[i].call = (struct call){
			.fd = -1,
			.in = both,
			.in_len = strlen(path) + strlen(text) + 2,
		};
		ret = agent_send(&racers[i].agent, race_write,
				 &racers[i].call);
		if (ret)
			return ret;
	}
	for (i = 0; i < RACERS; i++)
		racers[i].ret = agent_receive(&racers[i].agent,
					      &racers[i].call);
	return 0;
}

FIXTURE(race)
{
	struct agent child;
	struct racer racers[RACERS];
	int won;
};

FIXTURE_SETUP(race)
{
	int i;

	ASSERT_EQ(0, ns_start(&self->child, NULL, OWNER, NULL));
	ASSERT_EQ(0, ima_mount(&self->child));
	for (i = 0; i < RACERS; i++) {
		ASSERT_EQ(0, agent_start(&self->racers[i].agent,
					 &self->child));
	}
}

FIXTURE_TEARDOWN(race)
{
	int i;

	for (i = 0; i < RACERS; i++)
		agent_stop(&self->racers[i].agent);
	agent_stop(&self->child);
}

/* How many of the last race won; the others were told that it is busy. */
static int winners(struct __test_metadata *_metadata,
		   const struct racer *racers)
{
	int i, won = 0;

	for (i = 0; i < RACERS; i++) {
		won += !racers[i].ret;
		if (racers[i].ret)
			EXPECT_EQ(-EBUSY, racers[i].ret);
	}
	return won;
}

TEST_F(race, of_activation_has_one_winner)
{
	ASSERT_EQ(0, race(self->racers, IMA_DIR "/active", "1"));
	EXPECT_EQ(1, winners(_metadata, self->racers));
	EXPECT_EQ(1, ima_count(&self->child));
	EXPECT_EQ(1, record_find(NULL, "ima_ns_birth",
				 ima_number(&self->child, "id"), NULL, 0));
}

TEST_F(race, of_the_label_has_one_winner)
{
	ASSERT_EQ(0, race(self->racers, IMA_DIR "/label", "mine"));
	EXPECT_EQ(1, winners(_metadata, self->racers));
}

/* Who gets in adds one rule; the others are told that it is busy. */
TEST_F(race, of_policy_writers_loses_no_batch)
{
	char text[16384], *at = text;
	int round, won = 0, lines = 0;

	ASSERT_EQ(0, ima_activate(&self->child));
	for (round = 0; round < 10; round++) {
		ASSERT_EQ(0, race(self->racers, IMA_DIR "/policy", EXEC_RULE));
		won += winners(_metadata, self->racers);
	}
	EXPECT_LE(10, won);
	ASSERT_LT(0, ima_get(&self->child, "policy", text, sizeof(text)));
	while ((at = strchr(at, '\n'))) {
		lines++;
		at++;
	}
	EXPECT_EQ(won, lines);
}

/* Policy batches while others run programs: nothing is measured twice. */
TEST_F_TIMEOUT(race, of_policy_with_events, 120)
{
	char directory[256], program[300];
	int i, round;

	ASSERT_EQ(0, scratch_directory(directory, sizeof(directory)));
	snprintf(program, sizeof(program), "%s/prog", directory);
	ASSERT_EQ(0, scratch_program(program, "race"));
	ASSERT_EQ(0, ima_activate(&self->child));
	ASSERT_EQ(0, ima_load_policy(&self->child, EXEC_RULE));
	for (round = 0; round < 10; round++) {
		for (i = 0; i < RACERS; i++) {
			ASSERT_EQ(0, file_run_begin(&self->racers[i].agent,
						    program));
		}
		EXPECT_EQ(0, ima_load_policy(&self->child, EXEC_RULE));
		for (i = 0; i < RACERS; i++) {
			EXPECT_EQ(0, file_run_end(&self->racers[i].agent));
		}
	}
	EXPECT_EQ(1, list_measured(&self->child, program));
	EXPECT_EQ(11, record_find(&self->child, "ima_ns_policy",
				  ima_number(&self->child, "id"), NULL, 0));
	scratch_remove(directory);
}

/* First mounts raced: there is one instance. */
static long race_mount(struct call *call)
{
	call->out_len = 0;
	return file_mount(NULL, "securityfs", SECURITYFS);
}

TEST(race_of_first_mounts_makes_one_instance)
{
	struct agent child = {}, racers[RACERS] = {};
	long id;
	int i;

	ASSERT_EQ(0, ns_start(&child, NULL, OWNER, NULL));
	for (i = 0; i < RACERS; i++) {
		ASSERT_EQ(0, agent_start(&racers[i], &child));
		ASSERT_EQ(0, ns_unshare_mount(&racers[i]));
	}
	for (i = 0; i < RACERS; i++) {
		struct call call = { .fd = -1 };

		ASSERT_EQ(0, agent_send(&racers[i], race_mount, &call));
	}
	for (i = 0; i < RACERS; i++) {
		struct call call = { .fd = -1 };

		EXPECT_EQ(0, agent_receive(&racers[i], &call));
	}
	id = ima_number(&racers[0], "id");
	EXPECT_LT(0, id);
	for (i = 1; i < RACERS; i++) {
		EXPECT_EQ(id, ima_number(&racers[i], "id"));
	}
	for (i = 0; i < RACERS; i++)
		agent_stop(&racers[i]);
	agent_stop(&child);
}

/* Limits on making namespaces (section 6), where they are built. */
static bool has_sysctl(const char *path)
{
	return !access(path, F_OK);
}

TEST(activation_beyond_the_ucount_limit_fails_enospc)
{
	const char *limit = "/proc/sys/user/max_ima_namespaces";
	struct agent first = {}, second = {};
	char before[64];

	if (!has_sysctl(limit))
		SKIP(return, "sysctl user.max_ima_namespaces is missing");
	ASSERT_LT(0, file_get(NULL, limit, before, sizeof(before)));
	/* Owner 4711 owns none yet; the limit is per owner. */
	ASSERT_EQ(0, file_put_text(NULL, limit, "1"));
	ASSERT_EQ(0, ns_start(&first, NULL, 4711, NULL));
	ASSERT_EQ(0, ns_start(&second, NULL, 4711, NULL));
	EXPECT_EQ(0, ima_start(&first, NULL));
	EXPECT_EQ(-ENOSPC, ima_start(&second, NULL));
	EXPECT_EQ(0, ima_number(&second, "active"));
	ASSERT_EQ(0, file_put_text(NULL, limit, before));
	EXPECT_EQ(0, ima_activate(&second));
	agent_stop(&second);
	agent_stop(&first);
}

TEST_HARNESS_MAIN
