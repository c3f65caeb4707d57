// SPDX-License-Identifier: GPL-2.0-only
/*
 * The machine's TPM is slow, fails, does not answer, or is extended by others
 * while ima_ns.ko anchors in it.
 *
 * Orders to be slow or to fail go to tools/dev/slowtpm.c, which tools/dev/vm puts
 * in front of it; without it most of this is skipped.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "anchor.h"
#include "clock.h"
#include "file.h"
#include "ima.h"
#include "kmsg.h"
#include "list.h"
#include "ns.h"
#include "record.h"
#include "scene.h"
#include "scratch.h"
#include "tpm.h"

#define EACH 16 /* files that each of AT_ONCE opens */

static long now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

/*
 * Opens the files of arg[1].  An extend that covers an event begins after it, so
 * no open() may take less time than a TPM that is delayed by arg[0] ms needs, and
 * it must be covered when it returns.  Returns how many were not.
 */
static long open_many(struct call *call)
{
	const char *directory = call->in;
	long i, begin, took, early = 0;
	char path[300];
	int fd;

	call->out_len = 0;
	for (i = 0; i < EACH; i++) {
		snprintf(path, sizeof(path), "%s/m%ld.%ld", directory,
			 call->arg[1], i);
		begin = now_us();
		fd = open(path, O_RDONLY | O_CLOEXEC);
		took = now_us() - begin;
		if (fd < 0)
			return -errno;
		close(fd);
		early += took < 1000 * call->arg[0];
	}
	return early;
}

static int make_many(struct scene *scene)
{
	char path[300], content[32];
	int i, n;

	for (i = 0; i < AT_ONCE; i++) {
		for (n = 0; n < EACH; n++) {
			snprintf(path, sizeof(path), "%s/m%d.%d",
				 scene->directory, i, n);
			snprintf(content, sizeof(content), "%d %d\n", i, n);
			if (scratch_text(path, content) ||
			    chown(path, OWNER, OWNER))
				return -EBADF;
		}
	}
	return 0;
}

FIXTURE(slow)
{
	struct scene scene;
};

FIXTURE_VARIANT(slow)
{
	uint32_t ms;
};

FIXTURE_VARIANT_ADD(slow, by_5_ms){
	.ms = 5,
};

FIXTURE_VARIANT_ADD(slow, by_20_ms){
	.ms = 20,
};

FIXTURE_SETUP(slow)
{
	if (slow_missing())
		SKIP(return, "no %s", slow_missing());
	ASSERT_NOTHING_WRONG(scene_set(&self->scene));
}

FIXTURE_TEARDOWN(slow)
{
	EXPECT_NOTHING_WRONG(scene_end(&self->scene));
	EXPECT_NOTHING_WRONG(scene_judge());
}

/* Sixteen namespaces open their files at once.  Too early, or -errno. */
static long open_all(struct scene *scene, long ms)
{
	long i, ret, early = 0;

	for (i = 0; i < AT_ONCE; i++) {
		struct call call = {
			.arg = { ms, i },
			.fd = -1,
			.in = scene->directory,
			.in_len = strlen(scene->directory) + 1,
		};

		ret = agent_send(&scene->child[i], open_many, &call);
		if (ret)
			return ret;
	}
	for (i = 0; i < AT_ONCE; i++) {
		struct call call = { .fd = -1 };

		ret = agent_receive(&scene->child[i], &call);
		if (ret < 0)
			early = ret;
		else if (early >= 0)
			early += ret;
	}
	return early;
}

static long entries_of_pcr(uint32_t pcr)
{
	struct list list;
	long n = 0;
	size_t i;

	if (list_read(NULL, &list))
		return -EIO;
	for (i = 0; i < list.count; i++)
		n += list.entries[i].pcr == pcr;
	list_free(&list);
	return n;
}

TEST_F_TIMEOUT(slow, tpm_is_shared_by_those_that_wait, 600)
{
	struct scene *scene = &self->scene;
	char banks[TPM_BANKS][16];
	long events = 0, updates, extends, before[4], i;

	ASSERT_EQ(0, module_load("anchor=sync"));
	ASSERT_EQ(0, make_many(scene));
	for (i = 0; i < AT_ONCE; i++)
		ASSERT_EQ(0, scene_start(scene, i));
	ASSERT_EQ(0, slow_delay(variant->ms));
	for (i = 0; i < AT_ONCE; i++)
		events -= scene_count(scene, i);
	for (i = 0; i < 3; i++)
		before[i] = entries_of_pcr(10 + i);
	before[3] = ima_count(NULL);
	updates = tpm_updates();
	extends = slow_extends(12);
	ASSERT_LE(0, updates);
	ASSERT_LE(0, extends);

	EXPECT_EQ(0, open_all(scene, variant->ms));

	extends = slow_extends(12) - extends;
	updates = tpm_updates() - updates;
	for (i = 0; i < AT_ONCE; i++)
		events += scene_count(scene, i);
	EXPECT_EQ(AT_ONCE * EACH, events);
	TH_LOG("%ld events, %ld extends of PCR 12", events, extends);
	/* A fast TPM does not let many come meanwhile on a slow kernel. */
	EXPECT_LE((variant->ms < 20 ? 2 : 4) * extends, events);
	/* What the TPM counts is what the list has, and nothing else. */
	EXPECT_EQ(entries_of_pcr(12) - before[2], extends);
	EXPECT_EQ((ima_count(NULL) - before[3]) * (long)tpm_banks(banks),
		  updates);
	EXPECT_EQ(entries_of_pcr(10), before[0]);
	EXPECT_EQ(entries_of_pcr(11), before[1]);
	for (i = 0; i < AT_ONCE; i++)
		EXPECT_COVERED(scene, i);
}

/* With one namespace the root is its leaf. */
TEST_F(slow, tpm_has_each_event_when_its_open_returns)
{
	struct scene *scene = &self->scene;
	struct anchor_proof kept;
	struct anchor_log log;
	struct list list;
	int i;

	ASSERT_EQ(0, module_load("anchor=sync"));
	ASSERT_EQ(0, scene_start(scene, 0));
	ASSERT_EQ(0, scene_run_new(scene, 0));
	ASSERT_EQ(0, anchor_proof_of(scene->id[0], &kept));
	ASSERT_EQ(0, slow_delay(variant->ms));
	for (i = 0; i < 8; i++) {
		ASSERT_EQ(0, i % 2 ? scene_run_new(scene, 0) :
				     scene_open_new(scene, 0));
		ASSERT_EQ(0, anchor_log_read(&log));
		ASSERT_EQ(0, list_read(&scene->child[0], &list));
		ASSERT_STREQ("", log.wrong);
		EXPECT_EQ((long)list.count,
			  anchor_mark_covers(&log.marks[log.count - 1], &list,
					     &kept));
		list_free(&list);
		anchor_log_free(&log);
	}
}

TEST_F(slow, tpm_delays_nobody_in_batch_mode)
{
	struct scene *scene = &self->scene;
	long begin, took[2];
	int i, n;

	ASSERT_EQ(0, module_load("ms=100"));
	ASSERT_EQ(0, scene_start(scene, 0));
	ASSERT_EQ(0, scene_run_new(scene, 0));
	for (n = 0; n < 2; n++) {
		ASSERT_EQ(0, slow_delay(n ? 5 * variant->ms : 0));
		begin = now_ms();
		for (i = 0; i < 20; i++)
			ASSERT_EQ(0, scene_open_new(scene, 0));
		took[n] = now_ms() - begin;
	}
	/* 20 events that wait would take twenty times as long as one extend. */
	EXPECT_GT(took[0] * 3 + 5 * variant->ms * 10, took[1]);
	ASSERT_LE(0, scene_wait_covered(scene, 0, SLACK_MS));
	EXPECT_COVERED(scene, 0);
}

TEST_F(slow, tpm_keeps_the_first_program_waiting_for_its_record)
{
	struct scene *scene = &self->scene;
	struct anchor_log log;
	long extends, begin, records;

	ASSERT_EQ(0, module_load("ms=100"));
	ASSERT_EQ(0, scene_start(scene, 0));
	ASSERT_LE(0, scene_wait_covered(scene, 0, SLACK_MS));
	extends = slow_extends(11);
	ASSERT_EQ(0, slow_hold(11, 10 * variant->ms));
	begin = now_ms();
	ASSERT_EQ(0, scene_run_new(scene, 0));
	EXPECT_LE(10 * variant->ms, now_ms() - begin);
	EXPECT_EQ(extends + 1, slow_extends(11));
	ASSERT_EQ(0, anchor_log_read(&log));
	anchor_log_boot(&log, scene->id[0], &records);
	EXPECT_EQ(1, records);
	anchor_log_free(&log);
}

FIXTURE(trouble)
{
	struct scene scene;
};

FIXTURE_SETUP(trouble)
{
	if (slow_missing())
		SKIP(return, "no %s", slow_missing());
	ASSERT_NOTHING_WRONG(scene_set(&self->scene));
}

FIXTURE_TEARDOWN(trouble)
{
	EXPECT_NOTHING_WRONG(scene_end(&self->scene));
	EXPECT_NOTHING_WRONG(scene_judge());
}

/* The TPM takes anchors again: sooner or later everything is covered. */
static const char *recovers(struct scene *scene, int i)
{
	struct anchor_state state;

	if (slow_fail(11, 0) || slow_fail(12, 0))
		return "no order to the TPM";
	if (scene_wait_covered(scene, i, 30000) < 0)
		return "not covered in time";
	if (anchor_state(&state))
		return "no state";
	if (strcmp(state.tpm, "ok"))
		return "tpm is not ok again";
	return scene_not_covered(scene, i);
}

TEST_F(trouble, denies_what_has_to_be_anchored)
{
	struct scene *scene = &self->scene;
	struct anchor_state state;

	ASSERT_EQ(0, module_load("anchor=sync on_error=deny"));
	ASSERT_EQ(0, scene_start(scene, 0));
	ASSERT_EQ(0, scene_run_new(scene, 0));
	ASSERT_EQ(0, slow_fail(12, TPM_FOREVER));
	EXPECT_EQ(-EIO, scene_open_new(scene, 0));
	EXPECT_EQ(-EIO, scene_run_new(scene, 0));
	ASSERT_EQ(0, anchor_state(&state));
	EXPECT_STREQ("failed", state.tpm);
	EXPECT_LE(1, state.failures);
	EXPECT_NOTHING_WRONG(recovers(scene, 0));
	EXPECT_EQ(0, scene_open_new(scene, 0));
	EXPECT_COVERED(scene, 0);
	EXPECT_EQ(0, scene_run_new(scene, 0));
	EXPECT_COVERED(scene, 0);
}

TEST_F(trouble, is_logged_if_it_may_be)
{
	struct scene *scene = &self->scene;
	struct anchor_state state;
	int messages = kmsg_open();

	ASSERT_EQ(0, module_load("anchor=sync on_error=log ms=200"));
	ASSERT_EQ(0, scene_start(scene, 0));
	ASSERT_EQ(0, scene_run_new(scene, 0));
	ASSERT_EQ(0, slow_fail(12, TPM_FOREVER));
	EXPECT_EQ(0, scene_open_new(scene, 0));
	EXPECT_EQ(0, scene_run_new(scene, 0));
	ASSERT_EQ(0, anchor_state(&state));
	EXPECT_STREQ("failed", state.tpm);
	EXPECT_LE(1, state.failures);
	EXPECT_LE(1, kmsg_count(messages, "ima_ns"));
	EXPECT_NOTHING_WRONG(recovers(scene, 0));
	close(messages);
}

TEST_F(trouble, of_a_batch_is_nobodys)
{
	struct scene *scene = &self->scene;
	struct anchor_state state;
	long i;

	ASSERT_EQ(0, module_load("ms=100 on_error=deny"));
	ASSERT_EQ(0, scene_start(scene, 0));
	ASSERT_EQ(0, scene_run_new(scene, 0));
	ASSERT_LE(0, scene_wait_covered(scene, 0, SLACK_MS));
	ASSERT_EQ(0, slow_fail(12, TPM_FOREVER));
	for (i = 0; i < 10; i++) {
		EXPECT_EQ(0, scene_open_new(scene, 0));
		usleep(50000);
	}
	for (i = 0; i < 100; i++) {
		ASSERT_EQ(0, anchor_state(&state));
		if (state.failures)
			break;
		usleep(50000);
	}
	EXPECT_STREQ("failed", state.tpm);
	EXPECT_LE(1, state.failures);
	EXPECT_NOTHING_WRONG(recovers(scene, 0));
}

TEST_F(trouble, once_is_overcome_without_another_event)
{
	struct scene *scene = &self->scene;

	ASSERT_EQ(0, module_load("ms=100"));
	ASSERT_EQ(0, scene_start(scene, 0));
	ASSERT_EQ(0, scene_run_new(scene, 0));
	ASSERT_LE(0, scene_wait_covered(scene, 0, SLACK_MS));
	ASSERT_EQ(0, slow_fail(12, 1));
	EXPECT_EQ(0, scene_open_new(scene, 0));
	EXPECT_NOTHING_WRONG(recovers(scene, 0));
}

TEST_F(trouble, denies_the_first_program_without_its_record)
{
	struct scene *scene = &self->scene;
	struct anchor_log log;
	long records;

	ASSERT_EQ(0, module_load("on_error=deny ms=100"));
	ASSERT_EQ(0, scene_start(scene, 0));
	ASSERT_EQ(0, slow_fail(11, TPM_FOREVER));
	EXPECT_EQ(-EIO, scene_run_new(scene, 0));
	EXPECT_EQ(-EIO, scene_run_new(scene, 0));
	ASSERT_EQ(0, slow_fail(11, 0));
	EXPECT_EQ(0, scene_run_new(scene, 0));
	ASSERT_EQ(0, anchor_log_read(&log));
	EXPECT_STREQ("", log.wrong);
	anchor_log_boot(&log, scene->id[0], &records);
	EXPECT_EQ(1, records);
	anchor_log_free(&log);
	EXPECT_NOTHING_WRONG(recovers(scene, 0));
}

TEST_F(trouble, lets_the_first_program_run_if_it_may)
{
	struct scene *scene = &self->scene;
	struct patience left = patience(SLACK_MS);
	struct anchor_state state;
	struct anchor_log log;
	long records;

	ASSERT_EQ(0, module_load("on_error=log ms=100"));
	ASSERT_EQ(0, scene_start(scene, 0));
	ASSERT_EQ(0, slow_fail(11, TPM_FOREVER));
	EXPECT_EQ(0, scene_run_new(scene, 0));
	ASSERT_EQ(0, anchor_state(&state));
	EXPECT_LE(1, state.failures);
	ASSERT_EQ(0, slow_fail(11, 0));
	/* The record is made up for, and who executes does not wait for it. */
	EXPECT_EQ(0, scene_run_new(scene, 0));
	do {
		ASSERT_EQ(0, anchor_log_read(&log));
		EXPECT_STREQ("", log.wrong);
		anchor_log_boot(&log, scene->id[0], &records);
		anchor_log_free(&log);
	} while (!records && patience_lasts(&left));
	EXPECT_EQ(1, records);
	EXPECT_NOTHING_WRONG(recovers(scene, 0));
}

TEST_F(trouble, at_the_registration_leaves_nothing)
{
	long entries = ima_count(NULL);
	int ret;

	ASSERT_EQ(0, slow_fail(11, TPM_FOREVER));
	ret = module_load("");
	ASSERT_EQ(0, slow_fail(11, 0));
	EXPECT_GT(0, ret);
	EXPECT_FALSE(module_is_loaded());
	EXPECT_NE(0, access(ANCHOR_DIR, F_OK));
	EXPECT_EQ(entries, ima_count(NULL));
	EXPECT_TRUE(scene_pcr_replays(10));
	EXPECT_TRUE(scene_pcr_replays(11));
	EXPECT_TRUE(scene_pcr_replays(12));
	ASSERT_EQ(0, module_load(""));
}

TEST_F(trouble, of_a_death_loses_no_leaf)
{
	struct scene *scene = &self->scene;
	uint8_t acc[ANCHOR_SIZE], leaf[ANCHOR_SIZE];
	const struct anchor_mark *mark;
	struct anchor_proof kept;
	struct anchor_log log;
	struct list list;

	ASSERT_EQ(0, module_load("ms=100"));
	ASSERT_EQ(0, scene_start(scene, 0));
	ASSERT_EQ(0, scene_run_new(scene, 0));
	ASSERT_LE(0, scene_wait_covered(scene, 0, SLACK_MS));
	ASSERT_EQ(0, anchor_proof_of(scene->id[0], &kept));
	ASSERT_EQ(0, slow_fail(12, TPM_FOREVER));
	ASSERT_EQ(0, scene_open_new(scene, 0));
	ASSERT_EQ(0, list_read(&scene->child[0], &list));
	scene_stop(scene, 0);
	sleep(3);
	ASSERT_EQ(0, slow_fail(12, 0));
	ASSERT_EQ(1, record_wait(NULL, "ima_ns_death", scene->id[0], NULL, 0));
	ASSERT_EQ(0, module_unload_soon());
	list_accumulate(&list, acc);
	anchor_leaf(scene->id[0], list.count, kept.salt, acc, leaf);
	ASSERT_EQ(0, anchor_log_read(&log));
	ASSERT_STREQ("", log.wrong);
	mark = anchor_log_removal(&log, scene->id[0]);
	ASSERT_NE(NULL, mark);
	EXPECT_EQ(0, memcmp(leaf, mark->leaf, ANCHOR_SIZE));
	list_free(&list);
	anchor_log_free(&log);
}

TEST_F(trouble, does_not_keep_the_module_for_ever)
{
	struct scene *scene = &self->scene;
	long begin;

	ASSERT_EQ(0, module_load("anchor=sync on_error=log"));
	ASSERT_EQ(0, scene_start(scene, 0));
	ASSERT_EQ(0, slow_fail(12, TPM_FOREVER));
	ASSERT_EQ(0, scene_run_new(scene, 0));
	begin = now_ms();
	scene_stop(scene, 0);
	EXPECT_EQ(0, module_unload_soon());
	EXPECT_GT(30000 + SLACK_MS, now_ms() - begin);
	/* That one could not be recorded: it is the list that is judged. */
	ASSERT_EQ(0, slow_fail(12, 0));
	if (!module_is_loaded())
		ASSERT_EQ(0, module_load(""));
}

/*
 * An answer that comes after the kernel has given up leaves open what the PCR
 * has: other PCRs than those that the tests before, and evmctl, rely on.
 */
#define OTHERS "pcr_boot=8 pcr_anchor=9 "

FIXTURE(others)
{
	struct scene scene;
};

FIXTURE_SETUP(others)
{
	if (tpm_missing())
		SKIP(return, "no %s", tpm_missing());
	ASSERT_NOTHING_WRONG(scene_set(&self->scene));
}

FIXTURE_TEARDOWN(others)
{
	if (!slow_missing())
		slow_hold(9, 0);
	EXPECT_NOTHING_WRONG(scene_end(&self->scene));
	EXPECT_TRUE(scene_pcr_replays(10));
}

/* From the start value of the last registration on. */
static bool own_replay(int pcr, const char *key)
{
	uint8_t value[DIGEST_MAX], now[DIGEST_MAX], digest[DIGEST_MAX];
	char starts[1024], *start;
	struct anchor_log log;
	size_t i;

	if (anchor_log_read(&log) || *log.wrong ||
	    !record_value(log.text, key, starts, sizeof(starts)))
		return false;
	start = strstr(starts, "sha256:");
	if (!start)
		return false;
	for (i = 0; i < 32; i++)
		sscanf(start + 7 + 2 * i, "%2hhx", &value[i]);
	for (i = log.at[0] < log.at[1] ? log.at[0] : log.at[1];
	     i < log.list.count; i++) {
		struct piece pieces[] = { { value, 32 }, { digest, 32 } };

		if ((int)log.list.entries[i].pcr != pcr)
			continue;
		entry_digest(&log.list.entries[i], "sha256", digest);
		digest_pieces("sha256", pieces, 2, value);
	}
	anchor_log_free(&log);
	return tpm_pcr("sha256", pcr, now) == 32 && !memcmp(now, value, 32);
}

TEST_F(others, need_not_be_zero_at_the_start)
{
	struct scene *scene = &self->scene;
	uint8_t value[DIGEST_MAX], zeros[32] = { 0 };

	ASSERT_EQ(0, tpm_extend(8, "the firmware"));
	ASSERT_EQ(0, tpm_extend(9, "the boot loader"));
	ASSERT_EQ(32, tpm_pcr("sha256", 9, value));
	ASSERT_NE(0, memcmp(zeros, value, 32));
	ASSERT_EQ(0, module_load(OTHERS "ms=100"));
	ASSERT_EQ(0, scene_start(scene, 0));
	ASSERT_EQ(0, scene_run_new(scene, 0));
	ASSERT_LE(0, scene_wait_covered(scene, 0, SLACK_MS));
	EXPECT_COVERED(scene, 0);
	EXPECT_TRUE(own_replay(8, "start_boot"));
	EXPECT_TRUE(own_replay(9, "start_anchor"));
	scene_stop(scene, 0);
	ASSERT_EQ(0, module_unload_soon());
	EXPECT_TRUE(own_replay(8, "start_boot"));
	EXPECT_TRUE(own_replay(9, "start_anchor"));
}

static const char *foreign_wrong(struct scene *scene, int pcr)
{
	struct patience left = patience(SLACK_MS);
	struct anchor_state state;

	/* It shows when the kernel extends that PCR the next time. */
	if (scene_start(scene, 1) || scene_run_new(scene, 1))
		return "no namespace";
	do {
		if (anchor_state(&state))
			return "no state";
		if (pcr == 8 ? state.foreign_boot : state.foreign_anchor)
			return NULL;
	} while (patience_lasts(&left));
	return "foreign is not shown";
}

static void foreign_extend(struct __test_metadata *const _metadata,
			   struct scene *scene, int pcr)
{
	int messages = kmsg_open();
	struct anchor_state state;
	char text[16];

	snprintf(text, sizeof(text), "PCR %d", pcr);
	ASSERT_EQ(0, module_load(OTHERS "ms=100"));
	ASSERT_EQ(0, scene_start(scene, 0));
	ASSERT_EQ(0, scene_run_new(scene, 0));
	ASSERT_LE(0, scene_wait_covered(scene, 0, SLACK_MS));
	ASSERT_EQ(0, anchor_state(&state));
	EXPECT_FALSE(state.foreign_boot);
	EXPECT_FALSE(state.foreign_anchor);
	kmsg_count(messages, text);
	ASSERT_EQ(0, tpm_extend(pcr, "foreign"));
	EXPECT_NOTHING_WRONG(foreign_wrong(scene, pcr));
	ASSERT_EQ(0, anchor_state(&state));
	EXPECT_EQ(pcr == 8, state.foreign_boot);
	EXPECT_EQ(pcr == 9, state.foreign_anchor);
	EXPECT_LE(1, kmsg_count(messages, text));
	/* It goes on, and the list is what it was. */
	ASSERT_LE(0, scene_wait_covered(scene, 1, SLACK_MS));
	EXPECT_COVERED(scene, 1);
	scene_stop(scene, 0);
	scene_stop(scene, 1);
	ASSERT_EQ(0, module_unload_soon());
	EXPECT_EQ(pcr != 8, own_replay(8, "start_boot"));
	EXPECT_EQ(pcr != 9, own_replay(9, "start_anchor"));
	close(messages);
	/* The next registration starts from what there is. */
	ASSERT_EQ(0, module_load(OTHERS));
	ASSERT_EQ(0, anchor_state(&state));
	EXPECT_FALSE(state.foreign_boot);
	EXPECT_FALSE(state.foreign_anchor);
	EXPECT_TRUE(own_replay(8, "start_boot"));
	EXPECT_TRUE(own_replay(9, "start_anchor"));
}

TEST_F(others, extending_the_anchor_are_noticed)
{
	foreign_extend(_metadata, &self->scene, 9);
}

TEST_F(others, extending_the_boot_records_are_noticed)
{
	foreign_extend(_metadata, &self->scene, 8);
}

TEST_F(others, do_not_wait_for_ever_for_a_tpm_without_answer)
{
	struct scene *scene = &self->scene;
	long begin;
	int ret;

	if (slow_missing())
		SKIP(return, "no %s", slow_missing());
	ASSERT_EQ(0, module_load(OTHERS "anchor=sync on_error=log"));
	ASSERT_EQ(0, scene_start(scene, 0));
	ASSERT_EQ(0, scene_run_new(scene, 0));
	/* Longer than the kernel waits for an extend. */
	ASSERT_EQ(0, slow_hold(9, 8000));
	begin = now_ms();
	ret = scene_open_new(scene, 0);
	EXPECT_EQ(0, ret);
	EXPECT_GT(30000, now_ms() - begin);
	sleep(8);
	begin = now_ms();
	EXPECT_EQ(0, scene_open_new(scene, 0));
	EXPECT_GT(30000, now_ms() - begin);
	ASSERT_LE(0, scene_wait_covered(scene, 0, 30000));
	scene_stop(scene, 0);
	EXPECT_EQ(0, module_unload_soon());
}

/* The last one: after it nothing can be anchored in PCR 9 any more. */
TEST_F(others, are_kept_from_inits_rules_until_the_module_goes)
{
	static const char rule[] =
		"measure func=FILE_CHECK mask=MAY_READ fowner=7997 pcr=9\n";

	ASSERT_EQ(0, module_load(OTHERS));
	EXPECT_EQ(-EBUSY, ima_load_policy(NULL, rule));
	ASSERT_EQ(0, module_unload_soon());
	EXPECT_EQ(0, ima_load_policy(NULL, rule));
	EXPECT_EQ(-EINVAL, module_load(OTHERS));
}

TEST_HARNESS_MAIN
