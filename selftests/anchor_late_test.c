// SPDX-License-Identifier: GPL-2.0-only
/*
 * ima_ns.ko is loaded when namespaces live already, and while some are born and
 * others die: its register record says how many there are, each gets a boot record
 * with late=1, and the next anchor covers their lists from the first entry on.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
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

SCENE(late)

TEST_F(late, load_takes_in_who_lives)
{
	struct scene *scene = &self->scene;
	char text[2048], birth[2048], expected[2100];
	struct anchor_proof proof;
	struct anchor_log log;
	size_t at;
	long n;
	int i;

	ASSERT_EQ(0, scene_start(scene, 0));
	ASSERT_EQ(0, scene_run_new(scene, 0));
	ASSERT_EQ(0, scene_open_new(scene, 0));
	ASSERT_EQ(0, scene_start_below(scene, 1, &scene->child[0]));
	ASSERT_EQ(0, scene_run_new(scene, 1));
	ASSERT_EQ(0, scene_start(scene, 2)); /* and executes nothing */
	/* Mounted, not activated: not one yet. */
	ASSERT_EQ(0, ns_start(&scene->child[3], NULL, OWNER, NULL));
	ASSERT_EQ(0, ima_mount(&scene->child[3]));
	scene->id[3] = ima_number(&scene->child[3], "id");
	ASSERT_EQ(-ENODATA, anchor_proof_inside(&scene->child[0], &proof));

	ASSERT_EQ(0, module_load("ms=300"));
	ASSERT_EQ(0, anchor_log_read(&log));
	ASSERT_STREQ("", log.wrong);
	EXPECT_EQ(3, log.alive);
	EXPECT_EQ(3, log.late_count);
	for (i = 0; i < 3; i++) {
		at = anchor_log_boot(&log, scene->id[i], &n);
		ASSERT_EQ(1, n);
		ASSERT_TRUE(
			record_text(&log.list.entries[at], text, sizeof(text)));
		ASSERT_EQ(1, record_find(i == 1 ? &scene->child[0] : NULL,
					 "ima_ns_birth", scene->id[i], birth,
					 sizeof(birth)));
		snprintf(expected, sizeof(expected), "%s kind=user late=1",
			 birth);
		/* Of a nested one the ids of users may be others here. */
		if (i != 1)
			EXPECT_STREQ(expected, text);
	}
	anchor_log_free(&log);
	ASSERT_NOTHING_WRONG(scene_all_covered(scene, 3));
	EXPECT_NOTHING_WRONG(scene_tree_wrong(scene, 3, 3));
	EXPECT_EQ(-EWOULDBLOCK, module_unload());

	/* Whoever was taken in has had its record. */
	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, scene_run_new(scene, i));
	ASSERT_EQ(0, ima_activate(&scene->child[3]));
	ASSERT_EQ(0, scene_run_new(scene, 3));
	ASSERT_EQ(0, anchor_log_read(&log));
	EXPECT_STREQ("", log.wrong);
	EXPECT_EQ(4, log.boot_count);
	EXPECT_EQ(3, log.late_count);
	anchor_log_free(&log);
	ASSERT_NOTHING_WRONG(scene_all_covered(scene, 4));
	EXPECT_NOTHING_WRONG(scene_tree_wrong(scene, 4, 4));
}

TEST_F(late, load_anchors_the_living_without_an_event)
{
	struct scene *scene = &self->scene;

	ASSERT_EQ(0, scene_start(scene, 0));
	ASSERT_EQ(0, scene_run_new(scene, 0));
	ASSERT_EQ(0, module_load("ms=300"));
	ASSERT_LE(0, scene_wait_covered(scene, 0, SLACK_MS));
	EXPECT_COVERED(scene, 0);
}

TEST_F(late, load_in_sync_mode_covers_the_living)
{
	struct scene *scene = &self->scene;

	ASSERT_EQ(0, scene_start(scene, 0));
	ASSERT_EQ(0, scene_run_new(scene, 0));
	ASSERT_EQ(0, module_load("anchor=sync ms=300"));
	ASSERT_LE(0, scene_wait_covered(scene, 0, SLACK_MS));
	ASSERT_EQ(0, scene_open_new(scene, 0));
	EXPECT_COVERED(scene, 0);
}

TEST_F(late, file_inside_is_empty_without_the_module)
{
	struct scene *scene = &self->scene;
	char text[64];
	struct stat st;

	ASSERT_EQ(0, scene_start(scene, 0));
	ASSERT_EQ(0, file_stat(&scene->child[0], IMA_DIR "/anchor", &st));
	EXPECT_EQ(0, st.st_mode & 0333);
	EXPECT_EQ(0, ima_get(&scene->child[0], "anchor", text, sizeof(text)));
	EXPECT_GT(0, ima_put(&scene->child[0], "anchor", "1"));
}

/* Makes and ends namespaces until it is killed, with pauses of so many us. */
static pid_t churn(const char *program, long pause)
{
	struct agent agent;
	pid_t pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		memset(&agent, 0, sizeof(agent));
		if (ima_start_new(&agent, NULL, 0, RULES))
			_exit(1);
		if (file_run(&agent, program))
			_exit(2);
		agent_stop(&agent);
		usleep(pause);
	}
}

static int churn_end(pid_t pid)
{
	int status;

	kill(pid, SIGKILL);
	if (waitpid(pid, &status, 0) != pid)
		return -ECHILD;
	return WIFSIGNALED(status) ? 0 : 1 + WEXITSTATUS(status);
}

/*
 * Whoever was born after the registration, and whoever had a late record, has
 * to be removed by an anchor after its death record.
 */
static const char *lives_wrong(const struct anchor_log *log)
{
	static char why[96];
	char text[2048], value[32];
	size_t i, born = log->at[2];
	long id;

	for (i = 0; i < log->list.count; i++) {
		const struct entry *entry = &log->list.entries[i];
		const struct anchor_mark *mark;

		if (strcmp(entry->name, "ima_ns_birth") &&
		    strcmp(entry->name, "ima_ns_boot"))
			continue;
		if (i < born || (log->end[2] && i > log->end[2]))
			continue;
		if (!record_text(entry, text, sizeof(text)) ||
		    !record_value(text, "id", value, sizeof(value)))
			return "a record without id";
		id = atol(value);
		mark = anchor_log_removal(log, id);
		snprintf(why, sizeof(why), "namespace %ld of entry %zu", id, i);
		if (!mark || mark->at < anchor_log_death(log, id))
			return why;
	}
	return NULL;
}

TEST_F_TIMEOUT(late, load_among_births_and_deaths_misses_nobody, 900)
{
	struct scene *scene = &self->scene;
	struct anchor_log log;
	char program[300];
	pid_t pids[2];
	int round, i;

	snprintf(program, sizeof(program), "%s/churn", scene->directory);
	ASSERT_EQ(0, scratch_program(program, "churn"));
	for (round = 0; round < 6; round++) {
		for (i = 0; i < 2; i++)
			pids[i] = churn(program, 0);
		usleep(300000 + 70000 * round);
		EXPECT_EQ(0, module_load(round % 2 ? "anchor=sync" : "ms=50"));
		usleep(700000);
		for (i = 0; i < 2; i++)
			EXPECT_EQ(0, churn_end(pids[i]));
		ASSERT_TRUE(scene_is_empty());
		ASSERT_EQ(0, module_unload_soon());
		ASSERT_EQ(0, anchor_log_read(&log));
		ASSERT_STREQ("", log.wrong);
		TH_LOG("alive %ld, boots %zu, anchors %zu", log.alive,
		       log.boot_count, log.count);
		EXPECT_NOTHING_WRONG(lives_wrong(&log));
		anchor_log_free(&log);
	}
}

TEST_F_TIMEOUT(late, unload_is_tried_among_births_and_deaths, 900)
{
	struct scene *scene = &self->scene;
	struct anchor_log log;
	char program[300];
	long begin, unloads = 0;
	pid_t pids[2];
	int i, ret;

	snprintf(program, sizeof(program), "%s/churn", scene->directory);
	ASSERT_EQ(0, scratch_program(program, "churn"));
	for (i = 0; i < 2; i++)
		pids[i] = churn(program, 150000 * (i + 1));
	begin = now_ms();
	while (now_ms() - begin < 15000) {
		if (!module_is_loaded())
			ASSERT_EQ(0, module_load("ms=50 chain=5"));
		ret = module_unload();
		if (!ret) {
			unloads++;
			ASSERT_EQ(0, anchor_log_read(&log));
			ASSERT_STREQ("", log.wrong);
			anchor_log_free(&log);
		} else {
			ASSERT_EQ(-EWOULDBLOCK, ret);
		}
		usleep(20000);
	}
	for (i = 0; i < 2; i++)
		EXPECT_EQ(0, churn_end(pids[i]));
	TH_LOG("%ld unloads", unloads);
	EXPECT_LT(0, unloads);
	ASSERT_TRUE(scene_is_empty());
}

TEST_HARNESS_MAIN
