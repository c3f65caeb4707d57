// SPDX-License-Identifier: GPL-2.0-only
/*
 * What namespaces may cost others: their number, how often they are activated
 * and given rules, how long their lists are (abi.md section 6).
 *
 *   init ---- sysctls: user.max_ima_namespaces, kernel.ima_ns.*
 *     `- outer (made by a user, or by root for a range of ids)
 *          `- inner (made by a user of outer)
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "clock.h"
#include "file.h"
#include "ima.h"
#include "kmsg.h"
#include "list.h"
#include "ns.h"
#include "record.h"
#include "scratch.h"
#include "vpcr.h"
#include "vtpm.h"

/*
 * Owners that no other test has, and each test its own: what one has used up is
 * still missing in the next one, and what it has left dies in its own time.
 */
#define OWNER_COUNT 7100
#define OWNER_RATE 7200
#define OWNER_POLICY 7300
#define OWNER_LIST 7400

/* Longer than a test takes: no token comes back meanwhile. */
#define NEVER "1000000000"

enum sysctl {
	MAX_NAMESPACES,
	ACTIVATION_BURST,
	ACTIVATION_INTERVAL,
	POLICY_BURST,
	POLICY_INTERVAL,
	LIST_MAX_BYTES,
	LIST_MAX_ENTRIES,
	STATUS_MAX,
	SYSCTLS,
};

#define KERNEL_DIR "/proc/sys/kernel/ima_ns/"

static const char * const sysctl_path[] = {
	[MAX_NAMESPACES] = "/proc/sys/user/max_ima_namespaces",
	[ACTIVATION_BURST] = KERNEL_DIR "activation_burst",
	[ACTIVATION_INTERVAL] = KERNEL_DIR "activation_interval_ms",
	[POLICY_BURST] = KERNEL_DIR "policy_burst",
	[POLICY_INTERVAL] = KERNEL_DIR "policy_interval_ms",
	[LIST_MAX_BYTES] = KERNEL_DIR "list_max_bytes",
	[LIST_MAX_ENTRIES] = KERNEL_DIR "list_max_entries",
	[STATUS_MAX] = KERNEL_DIR "status_max",
};

/* What a test finds: no limits but those it sets. */
static const char * const usual[] = {
	[MAX_NAMESPACES] = "10000",
	[ACTIVATION_BURST] = "0",
	[ACTIVATION_INTERVAL] = "1000",
	[POLICY_BURST] = "0",
	[POLICY_INTERVAL] = "1000",
	[LIST_MAX_BYTES] = "0",
	[LIST_MAX_ENTRIES] = "0",
	[STATUS_MAX] = "16384",
};

static int set(enum sysctl sysctl, const char *value)
{
	return file_put_text(NULL, sysctl_path[sysctl], value);
}

static int set_number(enum sysctl sysctl, long value)
{
	char text[32];

	snprintf(text, sizeof(text), "%ld", value);
	return set(sysctl, text);
}

FIXTURE(limits)
{
	char before[SYSCTLS][64];
	struct agent outer;
	struct agent inner;
	struct agent third;
	char directory[256];
	char program[300];
	char other[300];
	char text[8192];
};

FIXTURE_SETUP(limits)
{
	int i;

	for (i = 0; i < SYSCTLS; i++) {
		ASSERT_LT(0, file_get(NULL, sysctl_path[i], self->before[i],
				      sizeof(self->before[i])));
		/* A test that failed did not put back what it had changed. */
		ASSERT_EQ(0, set(i, usual[i]));
	}
	ASSERT_EQ(0, scratch_directory(self->directory,
				       sizeof(self->directory)));
	snprintf(self->program, sizeof(self->program), "%s/program",
		 self->directory);
	snprintf(self->other, sizeof(self->other), "%s/other",
		 self->directory);
	ASSERT_EQ(0, scratch_program(self->program, self->program));
	ASSERT_EQ(0, scratch_program(self->other, self->other));
}

FIXTURE_TEARDOWN(limits)
{
	int i;

	for (i = 0; i < SYSCTLS; i++) {
		EXPECT_EQ(0, file_put_text(NULL, sysctl_path[i],
					   self->before[i]));
	}
	agent_stop(&self->third);
	agent_stop(&self->inner);
	agent_stop(&self->outer);
	scratch_remove(self->directory);
}

TEST_F(limits, of_no_sense_are_refused)
{
	EXPECT_EQ(-EINVAL, set(ACTIVATION_BURST, "-1"));
	EXPECT_EQ(-EINVAL, set(ACTIVATION_INTERVAL, "-1"));
	EXPECT_EQ(-EINVAL, set(POLICY_BURST, "-1"));
	EXPECT_EQ(-EINVAL, set(POLICY_INTERVAL, "-1"));
	EXPECT_EQ(-EINVAL, set(STATUS_MAX, "0"));
	EXPECT_EQ(-EINVAL, set(STATUS_MAX, "many"));
	EXPECT_EQ(-EINVAL, set(MAX_NAMESPACES, "-1"));
}

TEST_F(limits, are_not_for_the_root_of_a_container)
{
	int i;

	/* Its root is not init's, although it maps everyone. */
	ASSERT_EQ(0, ns_start(&self->outer, NULL, OWNER_RATE,
			      "0 100000 65536\n"));
	for (i = ACTIVATION_BURST; i < SYSCTLS; i++) {
		EXPECT_EQ(-EACCES, file_open(&self->outer, sysctl_path[i],
					     O_WRONLY));
	}
}

/* A new namespace of @uid, or of root, for a range of ids. */
static int start_mapped(struct agent *agent, uid_t uid, int first)
{
	char map[64];
	int ret;

	snprintf(map, sizeof(map), "0 %d 10\n", first);
	ret = ns_start(agent, NULL, uid, map);
	return ret ? ret : ima_start(agent, NULL);
}

/* --- The number of namespaces */

TEST_F(limits, number_is_per_owner)
{
	ASSERT_EQ(0, set(MAX_NAMESPACES, "1"));
	EXPECT_EQ(0, ima_start_new(&self->outer, NULL, OWNER_COUNT, NULL));
	EXPECT_EQ(-ENOSPC, ima_start_new(&self->inner, NULL, OWNER_COUNT,
					 NULL));
	EXPECT_EQ(0, ima_number(&self->inner, "active"));
	EXPECT_EQ(0, ima_start_new(&self->third, NULL, OWNER_COUNT + 1, NULL));
}

/* What is configuring has no entry anywhere, and does not count. */
TEST_F(limits, number_is_that_of_the_active)
{
	ASSERT_EQ(0, set(MAX_NAMESPACES, "1"));
	ASSERT_EQ(0, ns_start(&self->outer, NULL, OWNER_COUNT + 2, NULL));
	ASSERT_EQ(0, ima_mount(&self->outer));
	ASSERT_EQ(0, ns_start(&self->inner, NULL, OWNER_COUNT + 2, NULL));
	ASSERT_EQ(0, ima_mount(&self->inner));
	EXPECT_EQ(0, ima_activate(&self->inner));
	EXPECT_EQ(-ENOSPC, ima_activate(&self->outer));
}

/* Waits up to half a minute until a namespace can be activated. */
static int activate_patiently(struct agent *agent)
{
	struct patience wait = patience(30000);
	int ret;

	do
		ret = ima_activate(agent);
	while (ret == -ENOSPC && patience_lasts(&wait));
	return ret;
}

TEST_F(limits, number_is_less_after_a_death)
{
	ASSERT_EQ(0, set(MAX_NAMESPACES, "1"));
	ASSERT_EQ(0, ima_start_new(&self->outer, NULL, OWNER_COUNT + 4, NULL));
	ASSERT_EQ(0, ns_start(&self->inner, NULL, OWNER_COUNT + 4, NULL));
	ASSERT_EQ(0, ima_mount(&self->inner));
	ASSERT_EQ(-ENOSPC, ima_activate(&self->inner));
	agent_stop(&self->outer);
	EXPECT_EQ(0, activate_patiently(&self->inner));
}

/* An open file of init's view keeps the list, but not the count. */
TEST_F(limits, number_does_not_depend_on_who_looks)
{
	char path[256];
	int fd;

	ASSERT_EQ(0, set(MAX_NAMESPACES, "1"));
	ASSERT_EQ(0, ima_start_new(&self->outer, NULL, OWNER_COUNT + 6, NULL));
	snprintf(path, sizeof(path), "%s/ns/%ld/status", IMA_DIR,
		 ima_number(&self->outer, "id"));
	fd = open(path, O_RDONLY);
	ASSERT_LE(0, fd);
	agent_stop(&self->outer);
	ASSERT_EQ(0, ns_start(&self->inner, NULL, OWNER_COUNT + 6, NULL));
	ASSERT_EQ(0, ima_mount(&self->inner));
	EXPECT_EQ(0, activate_patiently(&self->inner));
	close(fd);
}

/* One that fails does not count: the TPM's answer is an error. */
TEST_F(limits, number_does_not_include_failures)
{
	struct vtpm vtpm;

	if (vtpm_missing())
		SKIP(return, "missing: %s", vtpm_missing());
	ASSERT_EQ(0, set(MAX_NAMESPACES, "1"));
	ASSERT_EQ(0, vtpm_start(&vtpm, 2));
	ASSERT_EQ(0, ns_start(&self->outer, NULL, OWNER_COUNT + 8, NULL));
	ASSERT_EQ(0, ima_mount(&self->outer));
	ASSERT_EQ(0, vtpm_attach(&self->outer, &vtpm));
	ASSERT_EQ(0, vtpm_kill(&vtpm));
	ASSERT_GT(0, ima_activate(&self->outer));
	EXPECT_EQ(0, ima_start_new(&self->inner, NULL, OWNER_COUNT + 8, NULL));
	agent_stop(&self->outer);
	vtpm_stop(&vtpm);
}

/* The limit of a user namespace holds for what is made in it. */
TEST_F(limits, number_can_be_limited_by_the_container)
{
	ASSERT_EQ(0, ima_start_new(&self->outer, NULL, OWNER_COUNT + 10, NULL));
	ASSERT_EQ(0, file_put_text(&self->outer, sysctl_path[MAX_NAMESPACES],
				   "0"));
	EXPECT_EQ(-ENOSPC, ima_start_new(&self->inner, &self->outer, 0, NULL));
	/* ... and for nobody else. */
	EXPECT_EQ(0, ima_start_new(&self->third, NULL, OWNER_COUNT + 10, NULL));
}

/* Who made the outer one pays for the inner one as well. */
TEST_F(limits, number_includes_those_below)
{
	ASSERT_EQ(0, set(MAX_NAMESPACES, "1"));
	ASSERT_EQ(0, ima_start_new(&self->outer, NULL, OWNER_COUNT + 12, NULL));
	EXPECT_EQ(-ENOSPC, ima_start_new(&self->inner, &self->outer, 0, NULL));
}

/* --- How often they are activated */

TEST_F(limits, activations_beyond_the_burst_fail_eagain)
{
	ASSERT_EQ(0, set(ACTIVATION_INTERVAL, NEVER));
	ASSERT_EQ(0, set(ACTIVATION_BURST, "2"));
	EXPECT_EQ(0, ima_start_new(&self->outer, NULL, OWNER_RATE + 1, NULL));
	EXPECT_EQ(0, ima_start_new(&self->inner, NULL, OWNER_RATE + 1, NULL));
	EXPECT_EQ(-EAGAIN, ima_start_new(&self->third, NULL, OWNER_RATE + 1,
					 NULL));
	/* It goes on configuring, and there is no record of it. */
	EXPECT_EQ(0, ima_number(&self->third, "active"));
	EXPECT_EQ(0, record_find(NULL, "ima_ns_birth",
				 ima_number(&self->third, "id"), NULL, 0));
	EXPECT_EQ(0, ima_put(&self->third, "hash", "sha512"));
	/* The end of others gives nothing back. */
	agent_stop(&self->outer);
	EXPECT_EQ(-EAGAIN, ima_activate(&self->third));
}

TEST_F(limits, activations_are_per_owner)
{
	ASSERT_EQ(0, set(ACTIVATION_INTERVAL, NEVER));
	ASSERT_EQ(0, set(ACTIVATION_BURST, "1"));
	EXPECT_EQ(0, ima_start_new(&self->outer, NULL, OWNER_RATE + 2, NULL));
	EXPECT_EQ(-EAGAIN, ima_start_new(&self->inner, NULL, OWNER_RATE + 2,
					 NULL));
	EXPECT_EQ(0, ima_start_new(&self->third, NULL, OWNER_RATE + 3, NULL));
}

TEST_F(limits, activations_by_root_are_free)
{
	ASSERT_EQ(0, set(ACTIVATION_INTERVAL, NEVER));
	ASSERT_EQ(0, set(ACTIVATION_BURST, "1"));
	EXPECT_EQ(0, start_mapped(&self->outer, 0, 7900));
	EXPECT_EQ(0, start_mapped(&self->inner, 0, 7900));
	EXPECT_EQ(0, start_mapped(&self->third, 0, 7900));
}

TEST_F(limits, activations_are_possible_again_after_the_interval)
{
	struct patience wait = patience(30000);
	int ret;

	ASSERT_EQ(0, set(ACTIVATION_INTERVAL, "500"));
	ASSERT_EQ(0, set(ACTIVATION_BURST, "1"));
	EXPECT_EQ(0, ima_start_new(&self->outer, NULL, OWNER_RATE + 4, NULL));
	ASSERT_EQ(0, ns_start(&self->inner, NULL, OWNER_RATE + 4, NULL));
	ASSERT_EQ(0, ima_mount(&self->inner));
	do
		ret = ima_activate(&self->inner);
	while (ret == -EAGAIN && patience_lasts(&wait));
	EXPECT_EQ(0, ret);
}

/* Who once had to wait long waits no longer than by the new numbers. */
TEST_F(limits, activations_follow_a_change_of_the_limit)
{
	ASSERT_EQ(0, set(ACTIVATION_INTERVAL, NEVER));
	ASSERT_EQ(0, set(ACTIVATION_BURST, "1"));
	EXPECT_EQ(0, ima_start_new(&self->outer, NULL, OWNER_RATE + 5, NULL));
	EXPECT_EQ(-EAGAIN, ima_start_new(&self->inner, NULL, OWNER_RATE + 5,
					 NULL));
	ASSERT_EQ(0, set(ACTIVATION_INTERVAL, "10"));
	EXPECT_EQ(-EAGAIN, ima_activate(&self->inner));
	usleep(50000);
	EXPECT_EQ(0, ima_activate(&self->inner));
	/* No limit at all. */
	ASSERT_EQ(0, set(ACTIVATION_INTERVAL, NEVER));
	ASSERT_EQ(0, set(ACTIVATION_BURST, "0"));
	EXPECT_EQ(0, ima_start_new(&self->third, NULL, OWNER_RATE + 5, NULL));
}

/*
 * A range of ids is not as many buckets: whoever owns the outer one pays too.
 *
 *   outer: owner 7210, maps 0-9 to 7210-7219
 *     `- inner: made by 3 inside, that is 7213
 */
TEST_F(limits, activations_inside_are_paid_for_by_the_owner_outside)
{
	ASSERT_EQ(0, set(ACTIVATION_INTERVAL, NEVER));
	ASSERT_EQ(0, set(ACTIVATION_BURST, "1"));
	ASSERT_EQ(0, start_mapped(&self->outer, OWNER_RATE + 10,
				  OWNER_RATE + 10));
	EXPECT_EQ(0, ima_start_new(&self->inner, &self->outer, 3, NULL));
	EXPECT_EQ(-EAGAIN, ima_start_new(&self->third, &self->outer, 4, NULL));
}

/* ... but nobody in a container keeps him from starting the next one. */
TEST_F(limits, activations_inside_leave_the_owner_outside_his_own)
{
	ASSERT_EQ(0, set(ACTIVATION_INTERVAL, NEVER));
	ASSERT_EQ(0, set(ACTIVATION_BURST, "2"));
	ASSERT_EQ(0, ima_start_new(&self->outer, NULL, OWNER_RATE + 20, NULL));
	do {
		agent_stop(&self->inner);
		ASSERT_EQ(0, ns_start(&self->inner, &self->outer, 0, NULL));
		ASSERT_EQ(0, ima_mount(&self->inner));
	} while (!ima_activate(&self->inner));
	EXPECT_EQ(-EAGAIN, ima_activate(&self->inner));
	EXPECT_EQ(0, ima_start_new(&self->third, NULL, OWNER_RATE + 20, NULL));
}

/*
 * Nor does a container in a container, as those of a rootless runtime are, keep
 * the runtime from starting others.
 *
 *   outer (a user's runtime) -- inner (his container) -- deeper (the attacker)
 */
TEST_F(limits, activations_further_inside_leave_the_one_above_its_own)
{
	struct agent deeper = {};
	int started = 0;

	ASSERT_EQ(0, set(ACTIVATION_INTERVAL, NEVER));
	ASSERT_EQ(0, set(ACTIVATION_BURST, "8"));
	ASSERT_EQ(0, ima_start_new(&self->outer, NULL, OWNER_RATE + 21, NULL));
	ASSERT_EQ(0, ima_start_new(&self->inner, &self->outer, 0, NULL));
	for (;;) {
		ASSERT_EQ(0, ns_start(&deeper, &self->inner, 0, NULL));
		ASSERT_EQ(0, ima_mount(&deeper));
		if (ima_activate(&deeper))
			break;
		started++;
		agent_stop(&deeper);
	}
	/* Half and one of what is for all that is inside; one was used. */
	EXPECT_EQ(4, started);
	EXPECT_EQ(-EAGAIN, ima_activate(&deeper));
	agent_stop(&deeper);
	EXPECT_EQ(0, ima_start_new(&self->third, &self->outer, 0, NULL));
}

/* As many levels as there can be, each with rules, need no patience. */
#define LEVELS 33
TEST_F_TIMEOUT(limits, activations_of_all_levels_are_possible_at_once, 300)
{
	static struct agent levels[LEVELS];
	int i;

	ASSERT_EQ(0, set(ACTIVATION_INTERVAL, NEVER));
	ASSERT_EQ(0, set(POLICY_INTERVAL, NEVER));
	ASSERT_EQ(0, set(ACTIVATION_BURST, "64"));
	ASSERT_EQ(0, set(POLICY_BURST, "64"));
	for (i = 0; i < LEVELS; i++) {
		/* There are only 32 levels of pid namespaces. */
		ASSERT_EQ(0, ns_start_same_pid(&levels[i],
					       i ? &levels[i - 1] : NULL,
					       i ? 0 : OWNER_RATE + 23));
		EXPECT_EQ(0, ima_start(&levels[i], EXEC_RULE))
			TH_LOG("level %d", i + 1);
	}
	for (i = LEVELS - 1; i >= 0; i--)
		agent_stop(&levels[i]);
}

/* Who is refused has lost nothing. */
TEST_F(limits, activations_that_are_refused_cost_nobody_anything)
{
	int i;

	ASSERT_EQ(0, set(ACTIVATION_INTERVAL, NEVER));
	ASSERT_EQ(0, set(ACTIVATION_BURST, "2"));
	/* Inside, 0 is another user than the owner outside. */
	ASSERT_EQ(0, start_mapped(&self->outer, OWNER_RATE + 22, 7240));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, ima_start_new(&self->inner, &self->outer, 1 + i,
					   NULL));
		agent_stop(&self->inner);
	}
	/* The owner outside has none left for what is inside; 5 has two. */
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(-EAGAIN, ima_start_new(&self->inner, &self->outer, 5,
						 NULL));
		agent_stop(&self->inner);
	}
	agent_stop(&self->outer);
	/* 7245 is a user outside as well, with tokens of his own. */
	ASSERT_EQ(0, start_mapped(&self->outer, 0, 7240));
	EXPECT_EQ(0, ima_start_new(&self->inner, &self->outer, 5, NULL));
}

/*
 * The root of a container that has no user namespace is uid 0, and has the right
 * to nothing on the machine.
 */
TEST_F(limits, activations_by_root_without_the_rights_are_not_free)
{
	struct agent poor = {};

	ASSERT_EQ(0, set(ACTIVATION_INTERVAL, NEVER));
	ASSERT_EQ(0, set(ACTIVATION_BURST, "1"));
	ASSERT_EQ(0, agent_start(&poor, NULL));
	ASSERT_EQ(0, ns_limit_capabilities(&poor, CAP(SETUID) |
						  CAP(SETGID) | CAP(SETFCAP)));
	EXPECT_EQ(0, ima_start_new(&self->outer, &poor, 0, NULL));
	EXPECT_EQ(-EAGAIN, ima_start_new(&self->inner, &poor, 0, NULL));
	EXPECT_EQ(0, ima_start_new(&self->third, NULL, 0, NULL));
	agent_stop(&poor);
}

/* The same in what root has made: whoever is root in there pays. */
TEST_F(limits, activations_inside_are_paid_for_by_the_root_inside)
{
	ASSERT_EQ(0, set(ACTIVATION_INTERVAL, NEVER));
	ASSERT_EQ(0, set(ACTIVATION_BURST, "1"));
	ASSERT_EQ(0, start_mapped(&self->outer, 0, 7230));
	EXPECT_EQ(0, ima_start_new(&self->inner, &self->outer, 3, NULL));
	EXPECT_EQ(-EAGAIN, ima_start_new(&self->third, &self->outer, 4, NULL));
}

/* ... but not from what is for himself. */
TEST_F(limits, activations_inside_leave_the_root_inside_his_own)
{
	ASSERT_EQ(0, set(ACTIVATION_INTERVAL, NEVER));
	ASSERT_EQ(0, set(ACTIVATION_BURST, "2"));
	ASSERT_EQ(0, start_mapped(&self->outer, 0, 7250));
	do {
		agent_stop(&self->inner);
		ASSERT_EQ(0, ns_start(&self->inner, &self->outer, 3, NULL));
		ASSERT_EQ(0, ima_mount(&self->inner));
	} while (!ima_activate(&self->inner));
	EXPECT_EQ(-EAGAIN, ima_activate(&self->inner));
	EXPECT_EQ(0, ima_start_new(&self->third, &self->outer, 0, NULL));
}

/* --- How often they get rules */

static int open_policy(struct agent *agent)
{
	return ima_open(agent, "policy", O_WRONLY);
}

TEST_F(limits, batches_beyond_the_burst_fail_eagain)
{
	long count;

	ASSERT_EQ(0, set(POLICY_INTERVAL, NEVER));
	ASSERT_EQ(0, set(POLICY_BURST, "2"));
	ASSERT_EQ(0, ima_start_new(&self->outer, NULL, OWNER_POLICY, NULL));
	EXPECT_EQ(0, ima_load_policy(&self->outer, EXEC_RULE));
	EXPECT_EQ(0, ima_load_policy(&self->outer,
				     "measure func=MMAP_CHECK\n"));
	count = ima_count(NULL);
	EXPECT_EQ(-EAGAIN, open_policy(&self->outer));
	EXPECT_EQ(count, ima_count(NULL));
	/* Nobody is kept from reading, and the next one is not told EBUSY. */
	ASSERT_LT(0, ima_get(&self->outer, "policy", self->text,
			     sizeof(self->text)));
	EXPECT_STREQ("measure func=BPRM_CHECK mask=MAY_EXEC \n"
		     "measure func=MMAP_CHECK \n", self->text);
	EXPECT_EQ(-EAGAIN, open_policy(&self->outer));
	ASSERT_EQ(0, set(POLICY_BURST, "0"));
	EXPECT_EQ(0, ima_load_policy(&self->outer, "measure func=KEY_CHECK\n"));
}

/* Another namespace of the same owner is no way out. */
TEST_F(limits, batches_are_per_owner)
{
	ASSERT_EQ(0, set(POLICY_INTERVAL, NEVER));
	ASSERT_EQ(0, set(POLICY_BURST, "1"));
	ASSERT_EQ(0, ima_start_new(&self->outer, NULL, OWNER_POLICY + 1,
				   EXEC_RULE));
	ASSERT_EQ(0, ima_start_new(&self->inner, NULL, OWNER_POLICY + 1, NULL));
	EXPECT_EQ(-EAGAIN, open_policy(&self->inner));
	EXPECT_EQ(0, ima_start_new(&self->third, NULL, OWNER_POLICY + 2,
				   EXEC_RULE));
}

/* What root has made for others: each has its own tokens. */
TEST_F(limits, batches_of_one_made_by_root_are_per_namespace)
{
	ASSERT_EQ(0, set(POLICY_INTERVAL, NEVER));
	ASSERT_EQ(0, set(POLICY_BURST, "1"));
	ASSERT_EQ(0, start_mapped(&self->outer, 0, 7330));
	ASSERT_EQ(0, ima_load_policy(&self->outer, EXEC_RULE));
	EXPECT_EQ(-EAGAIN, open_policy(&self->outer));
	ASSERT_EQ(0, start_mapped(&self->inner, 0, 7330));
	EXPECT_EQ(0, ima_load_policy(&self->inner, EXEC_RULE));
}

TEST_F(limits, batches_from_init_are_free)
{
	struct agent host = {};

	ASSERT_EQ(0, set(POLICY_INTERVAL, NEVER));
	ASSERT_EQ(0, set(POLICY_BURST, "1"));
	ASSERT_EQ(0, ima_start_new(&self->outer, NULL, OWNER_POLICY + 3,
				   EXEC_RULE));
	ASSERT_EQ(-EAGAIN, open_policy(&self->outer));
	ASSERT_EQ(0, agent_start(&host, NULL));
	ASSERT_EQ(0, ns_join_mount(&host, self->outer.pid));
	EXPECT_EQ(0, ima_load_policy(&host, "measure func=MMAP_CHECK\n"));
	EXPECT_EQ(0, ima_load_policy(&host, "measure func=KEY_CHECK\n"));
	agent_stop(&host);
}

/* The owner is in init as well, and it is not free for him. */
TEST_F(limits, batches_of_the_owner_in_init_are_not_free)
{
	struct agent owner = {};

	ASSERT_EQ(0, set(POLICY_INTERVAL, NEVER));
	ASSERT_EQ(0, set(POLICY_BURST, "1"));
	ASSERT_EQ(0, ima_start_new(&self->outer, NULL, OWNER_POLICY + 4,
				   EXEC_RULE));
	/* What is done inside leaves him his own, though. */
	ASSERT_EQ(-EAGAIN, open_policy(&self->outer));
	ASSERT_EQ(0, agent_start(&owner, NULL));
	ASSERT_EQ(0, ns_join_mount(&owner, self->outer.pid));
	ASSERT_EQ(0, ns_drop_to(&owner, OWNER_POLICY + 4));
	EXPECT_EQ(0, ima_load_policy(&owner, "measure func=MMAP_CHECK\n"));
	EXPECT_EQ(-EAGAIN, open_policy(&owner));
	agent_stop(&owner);
}

/* --- How long their lists are */

static void start_measuring(struct __test_metadata *_metadata,
			    FIXTURE_DATA(limits) *self)
{
	ASSERT_EQ(0, ima_start_new(&self->outer, NULL, OWNER_LIST, EXEC_RULE));
	ASSERT_EQ(2, ima_count(&self->outer));
	ASSERT_EQ(0, vpcr_lost(&self->outer));
}

TEST_F(limits, list_that_is_full_loses_entries_visibly)
{
	long id;
	char text[64];
	int log = kmsg_open();

	ASSERT_LE(0, log);
	start_measuring(_metadata, self);
	ASSERT_EQ(0, set_number(LIST_MAX_ENTRIES, 3));
	ASSERT_EQ(0, file_run(&self->outer, self->program));
	EXPECT_EQ(3, ima_count(&self->outer));
	EXPECT_EQ(0, ima_number(&self->outer, "violations"));
	EXPECT_EQ(0, vpcr_lost(&self->outer));

	/* It runs, but the list cannot be replayed any more. */
	EXPECT_EQ(0, file_run(&self->outer, self->other));
	EXPECT_EQ(3, ima_count(&self->outer));
	EXPECT_EQ(1, ima_number(&self->outer, "violations"));
	EXPECT_EQ(1, vpcr_lost(&self->outer));

	/* What is in the list already needs no room. */
	EXPECT_EQ(0, file_run(&self->outer, self->program));
	EXPECT_EQ(1, ima_number(&self->outer, "violations"));

	/* Each attempt is lost; the log says it once, with the id. */
	EXPECT_EQ(0, file_run(&self->outer, self->other));
	EXPECT_EQ(2, ima_number(&self->outer, "violations"));
	EXPECT_EQ(2, vpcr_lost(&self->outer));
	id = ima_number(&self->outer, "id");
	snprintf(text, sizeof(text), "namespace %ld: list is full", id);
	EXPECT_EQ(1, kmsg_count(log, text));
	close(log);

	/* With room again, it is measured as if it were the first time. */
	ASSERT_EQ(0, set_number(LIST_MAX_ENTRIES, 0));
	EXPECT_EQ(0, file_run(&self->outer, self->other));
	EXPECT_EQ(4, ima_count(&self->outer));
	EXPECT_EQ(1, list_measured(&self->outer, self->other));
	EXPECT_EQ(2, vpcr_lost(&self->outer));
}

static long status_number(long id, const char *key)
{
	char name[64], text[4096], *at;

	snprintf(name, sizeof(name), "ns/%ld/status", id);
	if (ima_get(NULL, name, text, sizeof(text)) < 0)
		return -1;
	at = strstr(text, key);
	return at ? atol(at + strlen(key) + 2) : -1;
}

TEST_F(limits, list_has_a_cap_of_bytes)
{
	long id, bytes;

	start_measuring(_metadata, self);
	id = ima_number(&self->outer, "id");
	ASSERT_EQ(0, file_run(&self->outer, self->program));
	bytes = status_number(id, "bytes");
	ASSERT_LT(0, bytes);
	ASSERT_EQ(0, set_number(LIST_MAX_BYTES, bytes + 8));
	EXPECT_EQ(0, file_run(&self->outer, self->other));
	EXPECT_EQ(3, ima_count(&self->outer));
	EXPECT_EQ(1, vpcr_lost(&self->outer));
	EXPECT_EQ(bytes, status_number(id, "bytes"));
	/* One that is full already, too. */
	ASSERT_EQ(0, set_number(LIST_MAX_BYTES, 1));
	EXPECT_EQ(0, file_run(&self->outer, self->other));
	EXPECT_EQ(2, vpcr_lost(&self->outer));
	ASSERT_EQ(0, set_number(LIST_MAX_BYTES, 2 * bytes));
	EXPECT_EQ(0, file_run(&self->outer, self->other));
	EXPECT_EQ(4, ima_count(&self->outer));
	EXPECT_LT(bytes, status_number(id, "bytes"));
	EXPECT_GE(2 * bytes, status_number(id, "bytes"));
}

/* A violation that there is no room for is counted once, not twice. */
TEST_F(limits, violation_beyond_the_cap_is_counted_once)
{
	int reader;

	ASSERT_EQ(0, scratch_text(self->other, "text\n"));
	ASSERT_EQ(0, chown(self->other, OWNER_LIST, OWNER_LIST));
	ASSERT_EQ(0, ima_start_new(&self->outer, NULL, OWNER_LIST,
			NOT_SECURITYFS
			"measure func=FILE_CHECK mask=MAY_READ fowner=0\n"));
	reader = file_open(&self->outer, self->other, O_RDONLY);
	ASSERT_LE(0, reader);
	ASSERT_EQ(0, set_number(LIST_MAX_ENTRIES, 1));
	ASSERT_EQ(0, scratch_append(self->other, "more\n"));
	EXPECT_EQ(1, ima_number(&self->outer, "violations"));
	EXPECT_EQ(1, vpcr_lost(&self->outer));
}

/* Nobody else pays: init's list, and that of a neighbour, are as before. */
TEST_F(limits, full_list_is_nobody_elses_matter)
{
	long violations = ima_number(NULL, "violations");

	start_measuring(_metadata, self);
	ASSERT_EQ(0, ima_start_new(&self->inner, NULL, OWNER_LIST + 1,
				   EXEC_RULE));
	ASSERT_EQ(0, set_number(LIST_MAX_ENTRIES, 2));
	EXPECT_EQ(0, file_run(&self->outer, self->program));
	EXPECT_EQ(1, vpcr_lost(&self->outer));
	EXPECT_EQ(0, vpcr_lost(&self->inner));
	EXPECT_EQ(violations, ima_number(NULL, "violations"));
}

/* A new namespace can be activated whatever the cap, and dies with a record. */
TEST_F(limits, list_has_room_for_the_boot_aggregate)
{
	char death[1024], value[64];
	long id, lost;

	ASSERT_EQ(0, set_number(LIST_MAX_BYTES, 1));
	ASSERT_EQ(0, set_number(LIST_MAX_ENTRIES, 1));
	ASSERT_EQ(0, ima_start_new(&self->outer, NULL, OWNER_LIST, NULL));
	EXPECT_EQ(1, ima_count(&self->outer));
	EXPECT_EQ(0, vpcr_lost(&self->outer));
	EXPECT_EQ(0, file_run(&self->outer, self->program));
	/* Executed and mapped: neither is in the list to be a duplicate of. */
	lost = vpcr_lost(&self->outer);
	EXPECT_LT(0, lost);
	id = ima_number(&self->outer, "id");
	agent_stop(&self->outer);
	/* What was lost is part of what the death tells. */
	ASSERT_EQ(1, record_wait(NULL, "ima_ns_death", id, death,
				 sizeof(death)));
	ASSERT_TRUE(record_value(death, "entries", value, sizeof(value)));
	EXPECT_EQ(1 + lost, atol(value));
	ASSERT_TRUE(record_value(death, "violations", value, sizeof(value)));
	EXPECT_EQ(lost, atol(value));
}

/* The records of one below are entries like any other. */
TEST_F(limits, records_beyond_the_cap_are_lost_visibly)
{
	start_measuring(_metadata, self);
	ASSERT_EQ(0, set_number(LIST_MAX_ENTRIES, 2));
	ASSERT_EQ(0, ima_start_new(&self->inner, &self->outer, 0, NULL));
	EXPECT_EQ(2, ima_count(&self->outer));
	EXPECT_LE(1, vpcr_lost(&self->outer));
	EXPECT_EQ(0, vpcr_lost(&self->inner));
}

/* --- What they remember of files */

TEST_F(limits, table_of_files_can_be_made_smaller)
{
	char path[400];
	int i, round;
	long count;

	start_measuring(_metadata, self);
	for (i = 0; i < 40; i++) {
		snprintf(path, sizeof(path), "%s/program%d", self->directory,
			 i);
		ASSERT_EQ(0, scratch_program(path, path));
		ASSERT_EQ(0, file_run(&self->outer, path));
	}
	count = ima_count(&self->outer);
	EXPECT_LE(42, count);
	ASSERT_EQ(0, set(STATUS_MAX, "1"));
	/* What was forgotten is judged again, and is a duplicate. */
	for (round = 0; round < 3; round++) {
		for (i = 0; i < 40; i++) {
			snprintf(path, sizeof(path), "%s/program%d",
				 self->directory, i);
			ASSERT_EQ(0, file_run(&self->outer, path));
		}
	}
	EXPECT_EQ(count, ima_count(&self->outer));
	EXPECT_EQ(0, vpcr_lost(&self->outer));
}

TEST_HARNESS_MAIN
