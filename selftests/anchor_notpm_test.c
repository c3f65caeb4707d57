// SPDX-License-Identifier: GPL-2.0-only
/*
 * ima_ns.ko on a machine without a TPM (tools/dev/vm --no-tpm): it says so, and
 * the records are in init's list all the same.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
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

FIXTURE(no_tpm)
{
	struct scene scene;
};

FIXTURE_SETUP(no_tpm)
{
	if (!access("/dev/tpm0", F_OK))
		SKIP(return, "the machine has a TPM (tools/dev/vm --no-tpm)");
	ASSERT_NOTHING_WRONG(scene_set(&self->scene));
}

FIXTURE_TEARDOWN(no_tpm)
{
	EXPECT_NOTHING_WRONG(scene_end(&self->scene));
}

TEST_F(no_tpm, leaves_the_records_in_the_list)
{
	struct scene *scene = &self->scene;
	struct anchor_state state;
	struct anchor_log log;
	int messages = kmsg_open();

	ASSERT_EQ(0, module_load("ms=100"));
	EXPECT_LE(1, kmsg_count(messages, "ima_ns"));
	ASSERT_EQ(0, anchor_state(&state));
	EXPECT_STREQ("none", state.tpm);
	ASSERT_EQ(0, scene_start(scene, 0));
	ASSERT_EQ(0, scene_run_new(scene, 0));
	ASSERT_LE(0, scene_wait_covered(scene, 0, SLACK_MS));
	EXPECT_COVERED(scene, 0);
	scene_stop(scene, 0);
	ASSERT_EQ(0, module_unload_soon());
	ASSERT_EQ(0, anchor_log_read(&log));
	EXPECT_STREQ("", log.wrong);
	EXPECT_LE(3, log.count);
	EXPECT_EQ(1, log.boot_count);
	anchor_log_free(&log);
	close(messages);
}

TEST_F(no_tpm, denies_nothing)
{
	struct scene *scene = &self->scene;
	int i;

	ASSERT_EQ(0, module_load("anchor=sync on_error=deny"));
	ASSERT_EQ(0, scene_start(scene, 0));
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(0, scene_run_new(scene, 0));
		EXPECT_EQ(0, scene_open_new(scene, 0));
		EXPECT_COVERED(scene, 0);
	}
}

TEST_HARNESS_MAIN
