// SPDX-License-Identifier: GPL-2.0-only
/*
 * ima_ns.ko binds the lists of all namespaces into two PCRs of the machine's
 * TPM (abi.md section 8, design.md section 5).
 *
 *   child, child, ... lists --acc--> leaves --tree--> root --.
 *                                                            v
 *   init's list: ... register(10,11,12) boot(11) anchor(12) anchor(12) ...
 *                                          |        |          |
 *   the machine's TPM:                  PCR 11    PCR 12     PCR 12
 *
 * All that is expected is computed once more, by lib/anchor.c, from the lists
 * and from nothing else.  Each test ends with the module unloaded, init's list
 * judged as a whole, and PCRs 10, 11 and 12 compared with it.
 *
 * The module is $IMANS_MODULE.  Namespaces that are older than it are in
 * anchor_late_test.c, a TPM that is slow, fails or is also used by others in
 * anchor_tpm_test.c, a machine without one in anchor_notpm_test.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

SCENE(load)

/* Nothing may be left of one that was refused. */
static const char *load_left(long entries)
{
	if (module_is_loaded())
		return "the module";
	if (!access(ANCHOR_DIR, F_OK))
		return "its directory";
	return ima_count(NULL) == entries ? NULL : "an entry in init's list";
}

static const char *const refused[] = {
	"pcr_boot=12",
	"pcr_anchor=11",
	"pcr_boot=16",
	"pcr_boot=23",
	"pcr_boot=10",
	"pcr_boot=24",
	"pcr_boot=-1",
	"pcr_anchor=16",
	"pcr_anchor=23",
	"pcr_anchor=10",
	"pcr_anchor=24",
	"pcr_anchor=-1",
	"pcr_boot=8 pcr_anchor=8",
	"anchor=never",
	"anchor=",
	"on_error=panic",
	"on_error=",
	"ms=0",
	"chain=0",
};

TEST_F(load, refuses_what_makes_no_sense)
{
	long entries = ima_count(NULL);
	size_t i;

	for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		EXPECT_EQ(-EINVAL, module_load(refused[i]))
		TH_LOG("%s", refused[i]);
		EXPECT_NOTHING_WRONG(load_left(entries));
		if (module_is_loaded())
			ASSERT_EQ(0, module_unload_soon());
		entries = ima_count(NULL);
	}
}

TEST_F(load, refuses_a_pcr_of_inits_rules)
{
	long entries;

	ASSERT_EQ(0,
		  ima_load_policy(NULL, "measure func=FILE_CHECK "
					"mask=MAY_READ fowner=7999 pcr=15\n"));
	entries = ima_count(NULL);
	EXPECT_EQ(-EINVAL, module_load("pcr_boot=15"));
	EXPECT_NOTHING_WRONG(load_left(entries));
	EXPECT_EQ(-EINVAL, module_load("pcr_anchor=15"));
	EXPECT_NOTHING_WRONG(load_left(entries));
}

TEST_F(load, is_seen_in_the_list_of_lsms)
{
	char names[256];

	ASSERT_LT(0, file_get(NULL, SECURITYFS "/lsm", names, sizeof(names)));
	EXPECT_NE(NULL, strstr(names, ",ima_ns")) TH_LOG("%s", names);
}

TEST_F(load, registers_in_three_pcrs)
{
	struct anchor_log log;
	size_t before, i, own = 0;

	before = ima_count(NULL);
	ASSERT_EQ(0, module_load("chain=17"));
	ASSERT_EQ(0, anchor_log_read(&log));
	ASSERT_STREQ("", log.wrong);
	EXPECT_EQ(11, log.list.entries[log.at[0]].pcr);
	EXPECT_EQ(12, log.list.entries[log.at[1]].pcr);
	EXPECT_EQ(10, log.list.entries[log.at[2]].pcr);
	for (i = 0; i < 3; i++)
		EXPECT_LE(before, log.at[i]);
	/* Nothing else is written by a registration. */
	for (i = before; i < log.list.count; i++)
		own += !strncmp(log.list.entries[i].name, "ima_ns_", 7);
	EXPECT_EQ(3, own);
	EXPECT_EQ(17, log.chain);
	EXPECT_EQ(0, log.alive);
	anchor_log_free(&log);
}

/* The text of start values that the TPM has now: each bank, in any order. */
static bool starts_with_banks(const char *text, const char *key, int pcr,
			      uint8_t (*values)[DIGEST_MAX], char (*banks)[16],
			      size_t count)
{
	char starts[1024], expected[160], hex[2 * DIGEST_MAX + 1];
	size_t i, len = 0;

	(void)pcr;
	if (!record_value(text, key, starts, sizeof(starts)))
		return false;
	for (i = 0; i < count; i++) {
		digest_hex(values[i], digest_size(banks[i]), hex);
		len += snprintf(expected, sizeof(expected), "%s:%s", banks[i],
				hex) +
		       1;
		if (!strstr(starts, expected))
			return false;
	}
	return strlen(starts) + 1 == len;
}

TEST_F(load, start_values_are_those_of_all_banks)
{
	uint8_t boot[TPM_BANKS][DIGEST_MAX], anchor[TPM_BANKS][DIGEST_MAX];
	char banks[TPM_BANKS][16];
	struct anchor_log log;
	size_t n = tpm_banks(banks), i;

	ASSERT_LT(0, n);
	for (i = 0; i < n; i++) {
		ASSERT_LT(0, tpm_pcr(banks[i], 11, boot[i]));
		ASSERT_LT(0, tpm_pcr(banks[i], 12, anchor[i]));
	}
	ASSERT_EQ(0, module_load(""));
	ASSERT_EQ(0, anchor_log_read(&log));
	EXPECT_TRUE(
		starts_with_banks(log.text, "start_boot", 11, boot, banks, n))
	TH_LOG("%s", log.text);
	EXPECT_TRUE(starts_with_banks(log.text, "start_anchor", 12, anchor,
				      banks, n))
	TH_LOG("%s", log.text);
	anchor_log_free(&log);
}

TEST_F(load, shows_what_it_does)
{
	static const uint8_t zeros[ANCHOR_SIZE];
	struct anchor_state state;

	ASSERT_EQ(0, module_load("ms=300"));
	ASSERT_EQ(0, anchor_state(&state));
	EXPECT_EQ(0, state.seq);
	EXPECT_EQ(0, state.n);
	EXPECT_EQ(0, memcmp(zeros, state.root, ANCHOR_SIZE));
	EXPECT_EQ(11, state.pcr_boot);
	EXPECT_EQ(12, state.pcr_anchor);
	EXPECT_FALSE(state.foreign_boot);
	EXPECT_FALSE(state.foreign_anchor);
	EXPECT_STREQ("ok", state.tpm);
	EXPECT_EQ(0, state.failures);
	ASSERT_EQ(0, scene_start(&self->scene, 0));
	ASSERT_LE(0, scene_wait_covered(&self->scene, 0, SLACK_MS));
	ASSERT_EQ(0, anchor_state(&state));
	EXPECT_LE(1, state.seq);
	EXPECT_EQ(1, state.n);
}

TEST_F(load, files_are_for_root_and_not_to_be_written)
{
	static const char *const paths[] = {
		ANCHOR_DIR,
		ANCHOR_DIR "/anchor",
		ANCHOR_DIR "/proof",
	};
	struct agent user = {};
	char path[128], names[1024], id[32];
	struct stat st;
	size_t i;

	ASSERT_EQ(0, module_load("ms=300"));
	ASSERT_EQ(0, scene_start(&self->scene, 0));
	ASSERT_LE(0, scene_wait_covered(&self->scene, 0, SLACK_MS));
	ASSERT_EQ(0, agent_start(&user, NULL));
	ASSERT_EQ(0, ns_drop_to(&user, OWNER));
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, file_stat(NULL, paths[i], &st));
		EXPECT_EQ(0, st.st_uid);
		EXPECT_EQ(0, st.st_mode & (S_IWGRP | S_IWOTH))
		TH_LOG("%s", paths[i]);
		if (S_ISREG(st.st_mode))
			EXPECT_EQ(0400, st.st_mode & 07777);
	}
	snprintf(id, sizeof(id), "%ld\n", self->scene.id[0]);
	ASSERT_LT(0,
		  file_list(NULL, ANCHOR_DIR "/proof", names, sizeof(names)));
	EXPECT_STREQ(id, names);
	snprintf(path, sizeof(path), ANCHOR_DIR "/proof/%ld",
		 self->scene.id[0]);
	ASSERT_EQ(0, file_stat(NULL, path, &st));
	EXPECT_EQ(S_IFREG | 0400, st.st_mode);
	EXPECT_EQ(-EACCES, file_open(&user, path, O_RDONLY));
	EXPECT_EQ(-EACCES, file_open(&user, ANCHOR_DIR "/anchor", O_RDONLY));
	agent_stop(&user);
	scene_stop(&self->scene, 0);
	ASSERT_TRUE(scene_is_empty());
	EXPECT_EQ(0,
		  file_list(NULL, ANCHOR_DIR "/proof", names, sizeof(names)));
}

TEST_F(load, can_be_repeated)
{
	char first[80] = "", second[80], boot_id[80] = "", path[128];
	struct anchor_log log;
	int i;

	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, module_load("ms=200"));
		ASSERT_EQ(0, anchor_last());
		ASSERT_EQ(0, scene_start(&self->scene, 0));
		ASSERT_EQ(0, scene_run_new(&self->scene, 0));
		ASSERT_LE(0, scene_wait_covered(&self->scene, 0, SLACK_MS));
		EXPECT_COVERED(&self->scene, 0);
		snprintf(path, sizeof(path), ANCHOR_DIR "/proof/%ld",
			 self->scene.id[0]);
		scene_stop(&self->scene, 0);
		ASSERT_EQ(0, module_unload_soon());
		EXPECT_NE(0, access(path, F_OK));
		ASSERT_EQ(0, anchor_log_read(&log));
		EXPECT_STREQ("", log.wrong);
		EXPECT_NE(0, log.end[0]);
		/* Each has a secret of its own. */
		ASSERT_TRUE(record_value(log.text, "token", second,
					 sizeof(second)));
		EXPECT_STRNE(first, second);
		strcpy(first, second);
		/* ... and all the same boot. */
		ASSERT_TRUE(record_value(log.text, "boot_id", second,
					 sizeof(second)));
		if (*boot_id)
			EXPECT_STREQ(boot_id, second);
		strcpy(boot_id, second);
		anchor_log_free(&log);
		EXPECT_NOTHING_WRONG(scene_judge());
	}
}

TEST_F(load, is_pinned_while_a_namespace_lives)
{
	struct anchor_log log;

	ASSERT_EQ(0, module_load("ms=200"));
	ASSERT_EQ(0, scene_start(&self->scene, 0));
	/* What delete_module(2) says of a module in use. */
	EXPECT_EQ(-EWOULDBLOCK, module_unload());
	ASSERT_EQ(0, scene_run_new(&self->scene, 0));
	EXPECT_EQ(-EWOULDBLOCK, module_unload());
	ASSERT_LE(0, scene_wait_covered(&self->scene, 0, SLACK_MS));
	EXPECT_EQ(-EWOULDBLOCK, module_unload());
	ASSERT_EQ(0, anchor_log_read(&log));
	EXPECT_STREQ("", log.wrong);
	EXPECT_EQ(0, log.end[0]);
	anchor_log_free(&log);
	scene_stop(&self->scene, 0);
	EXPECT_EQ(0, module_unload_soon());
}

TEST_F(load, that_is_undone_unanchors_nothing)
{
	struct anchor_log log;
	const struct anchor_mark *last;
	size_t i;

	ASSERT_EQ(0, module_load(NEVER));
	ASSERT_EQ(0, scene_start(&self->scene, 0));
	ASSERT_EQ(0, scene_run_new(&self->scene, 0));
	scene_stop(&self->scene, 0);
	ASSERT_EQ(0, module_unload_soon());
	ASSERT_EQ(0, anchor_log_read(&log));
	ASSERT_STREQ("", log.wrong);
	ASSERT_NE(0, log.end[0]);
	/* Last of all three PCRs' records; nothing behind it is the module's. */
	for (i = log.end[1] + 1; i < log.list.count; i++)
		EXPECT_NE(12, log.list.entries[i].pcr);
	for (i = log.end[0] + 1; i < log.list.count; i++)
		EXPECT_NE(11, log.list.entries[i].pcr);
	ASSERT_LT(0, log.count);
	last = &log.marks[log.count - 1];
	EXPECT_STREQ("unregister", last->reason);
	anchor_log_free(&log);
}

TEST_F(load, keeps_its_pcrs_from_inits_rules)
{
	static const char rule[] =
		"measure func=FILE_CHECK mask=MAY_READ fowner=7998 pcr=%d\n";
	char text[128];
	int pcr;

	ASSERT_EQ(0, module_load("ms=200"));
	for (pcr = 11; pcr <= 12; pcr++) {
		snprintf(text, sizeof(text), rule, pcr);
		EXPECT_EQ(-EBUSY, ima_load_policy(NULL, text));
	}
	/* Others are free, and a namespace has its own PCRs. */
	snprintf(text, sizeof(text), rule, 14);
	EXPECT_EQ(0, ima_load_policy(NULL, text));
	ASSERT_EQ(0, scene_start(&self->scene, 0));
	EXPECT_EQ(0, ima_load_policy(&self->scene.child[0],
				     "measure func=MMAP_CHECK mask=MAY_EXEC "
				     "pcr=12\n"));
	ASSERT_EQ(0, scene_run_new(&self->scene, 0));
	ASSERT_LE(0, scene_wait_covered(&self->scene, 0, SLACK_MS));
	EXPECT_COVERED(&self->scene, 0);
}

SCENE(machine)

static int shell(const char *command, char *output, size_t size)
{
	FILE *pipe = popen(command, "r");
	size_t len = 0, n;
	int status;

	if (!pipe)
		return -errno;
	while (len + 1 < size &&
	       (n = fread(output + len, 1, size - 1 - len, pipe)) > 0)
		len += n;
	output[len] = 0;
	status = pclose(pipe);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -ECANCELED;
}

#define SHELL(_command)                                               \
	EXPECT_EQ(0, shell(_command " 2>&1", output, sizeof(output))) \
	TH_LOG("%s: %s", _command, output)

TEST_F_TIMEOUT(machine, of_fifty_containers_is_verified_by_evmctl, 600)
{
	struct scene *scene = &self->scene;
	static char output[65536];
	int i;

	if (shell("command -v evmctl", output, sizeof(output)))
		SKIP(return, "no evmctl (package ima-evm-utils)");
	ASSERT_EQ(0, module_load("ms=500"));
	for (i = 0; i < 50; i++) {
		int at = i % 5;

		scene_stop(scene, at);
		ASSERT_EQ(0, scene_start(scene, at));
		ASSERT_EQ(0, scene_run_new(scene, at));
		ASSERT_EQ(0, scene_open_new(scene, at));
		if (i % 10 == 9) {
			ASSERT_LE(0, scene_wait_covered(scene, at, SLACK_MS));
			EXPECT_COVERED(scene, at);
		}
	}
	for (i = 0; i < 5; i++)
		scene_stop(scene, i);
	ASSERT_TRUE(scene_is_empty());
	/* The tools want no anchor between their looks. */
	SHELL("imans verify --boot --tcti device:/dev/tpmrm0");
	SHELL("imans verify --anchor --tcti device:/dev/tpmrm0");
	ASSERT_EQ(0, module_unload_soon());
	SHELL("imans verify --boot --tcti device:/dev/tpmrm0");
	SHELL("imans verify --anchor --tcti device:/dev/tpmrm0");
	SHELL("imans verify " IMA_DIR "/binary_runtime_measurements "
	      "--tcti device:/dev/tpmrm0");
	/* It knows no longer ones. */
	SHELL("bank=pcr-sha256; "
	      "[ -d /sys/class/tpm/tpm0/$bank ] || bank=pcr-sha1; "
	      "for i in $(seq 0 23); do printf 'PCR-%02d: %s\\n' $i "
	      "$(cat /sys/class/tpm/tpm0/$bank/$i); done "
	      "> /dev/shm/anchor_test.pcrs; "
	      "cp " IMA_DIR "/binary_runtime_measurements "
	      "/dev/shm/anchor_test.list; "
	      "evmctl ima_measurement --ignore-violations "
	      "--pcrs ${bank#pcr-},/dev/shm/anchor_test.pcrs "
	      "/dev/shm/anchor_test.list");
	EXPECT_NE(NULL, strstr(output, "Matched per TPM bank"))
	TH_LOG("%s", output);
	unlink("/dev/shm/anchor_test.pcrs");
	unlink("/dev/shm/anchor_test.list");
}

SCENE(boot)

TEST_F(boot, record_is_there_when_the_first_program_has_run)
{
	struct scene *scene = &self->scene;
	char birth[2048], boot[2048], expected[2100];
	struct anchor_log log;
	long records;
	size_t at;

	ASSERT_EQ(0, module_load("ms=100"));
	ASSERT_EQ(0, scene_start(scene, 0));
	/* It has an anchor before it has executed anything. */
	ASSERT_LE(0, scene_wait_covered(scene, 0, SLACK_MS));
	EXPECT_COVERED(scene, 0);
	/* Nor is an attempt an execution. */
	EXPECT_EQ(-ENOENT, file_run(&scene->child[0], "/no/such/program"));
	ASSERT_EQ(0, anchor_log_read(&log));
	anchor_log_boot(&log, scene->id[0], &records);
	EXPECT_EQ(0, records);
	anchor_log_free(&log);

	ASSERT_EQ(0, scene_run_new(scene, 0));
	ASSERT_EQ(0, anchor_log_read(&log));
	ASSERT_STREQ("", log.wrong);
	at = anchor_log_boot(&log, scene->id[0], &records);
	ASSERT_EQ(1, records);
	EXPECT_EQ(11, log.list.entries[at].pcr);
	ASSERT_TRUE(record_text(&log.list.entries[at], boot, sizeof(boot)));
	anchor_log_free(&log);
	ASSERT_EQ(1, record_find(NULL, "ima_ns_birth", scene->id[0], birth,
				 sizeof(birth)));
	snprintf(expected, sizeof(expected), "%s kind=user", birth);
	EXPECT_STREQ(expected, boot);

	ASSERT_EQ(0, scene_run_new(scene, 0));
	ASSERT_EQ(0, anchor_log_read(&log));
	anchor_log_boot(&log, scene->id[0], &records);
	EXPECT_EQ(1, records);
	anchor_log_free(&log);
}

TEST_F(boot, record_comes_before_what_the_program_does)
{
	struct scene *scene = &self->scene;
	struct anchor_proof proof;
	struct anchor_log log;
	struct list list;
	long before, seq, last = 0, records;
	size_t at, i;

	ASSERT_EQ(0, module_load("anchor=sync"));
	ASSERT_EQ(0, scene_start(scene, 0));
	before = scene_count(scene, 0);
	ASSERT_EQ(0, scene_run_new(scene, 0));
	ASSERT_EQ(0, scene_open_new(scene, 0));
	ASSERT_EQ(0, anchor_proof_of(scene->id[0], &proof));
	ASSERT_EQ(0, list_read(&scene->child[0], &list));
	ASSERT_EQ(0, anchor_log_read(&log));
	ASSERT_STREQ("", log.wrong);
	at = anchor_log_boot(&log, scene->id[0], &records);
	ASSERT_EQ(1, records);
	ASSERT_LT(0, log.count);
	for (i = 0; i < log.count; i++) {
		if (!log.marks[i].n)
			continue;
		seq = anchor_mark_covers(&log.marks[i], &list, &proof);
		EXPECT_LE(last, seq) TH_LOG("anchor %zu", i + 1);
		last = seq;
		if (log.marks[i].at < at)
			EXPECT_LE(seq, before);
	}
	EXPECT_EQ(last, scene_count(scene, 0));
	list_free(&list);
	anchor_log_free(&log);
}

TEST_F(boot, record_does_not_depend_on_the_policy)
{
	struct scene *scene = &self->scene;
	struct anchor_log log;
	long records;

	ASSERT_EQ(0, module_load("ms=100"));
	ASSERT_EQ(0, ima_start_new(&scene->child[0], NULL, OWNER,
				   "dont_measure\n"));
	scene->id[0] = ima_number(&scene->child[0], "id");
	ASSERT_EQ(0, scene_run_new(scene, 0));
	ASSERT_EQ(0, anchor_log_read(&log));
	EXPECT_STREQ("", log.wrong);
	anchor_log_boot(&log, scene->id[0], &records);
	EXPECT_EQ(1, records);
	anchor_log_free(&log);
}

TEST_F(boot, record_is_not_made_without_an_execution)
{
	struct scene *scene = &self->scene;
	struct anchor_log log;
	const struct anchor_mark *mark;
	long records;

	ASSERT_EQ(0, module_load("ms=100"));
	ASSERT_EQ(0, scene_start(scene, 0));
	ASSERT_EQ(0, scene_open_new(scene, 0));
	ASSERT_LE(0, scene_wait_covered(scene, 0, SLACK_MS));
	EXPECT_COVERED(scene, 0);
	scene_stop(scene, 0);
	ASSERT_EQ(0, module_unload_soon());
	ASSERT_EQ(0, anchor_log_read(&log));
	EXPECT_STREQ("", log.wrong);
	anchor_log_boot(&log, scene->id[0], &records);
	EXPECT_EQ(0, records);
	EXPECT_EQ(0, log.boot_count);
	/* Its end is anchored all the same. */
	ASSERT_LT(1, log.count);
	mark = &log.marks[log.count - 2];
	EXPECT_STREQ("death", mark->reason);
	EXPECT_EQ(scene->id[0], mark->id);
	anchor_log_free(&log);
}

TEST_F(boot, records_are_one_for_each_level)
{
	struct scene *scene = &self->scene;
	struct anchor_log log;
	long records;
	int i;

	ASSERT_EQ(0, module_load("ms=100"));
	ASSERT_EQ(0, scene_start(scene, 0));
	ASSERT_EQ(0, scene_run_new(scene, 0));
	ASSERT_EQ(0, scene_start_below(scene, 1, &scene->child[0]));
	ASSERT_EQ(0, scene_run_new(scene, 1));
	ASSERT_EQ(0, anchor_log_read(&log));
	EXPECT_STREQ("", log.wrong);
	for (i = 0; i < 2; i++) {
		anchor_log_boot(&log, scene->id[i], &records);
		EXPECT_EQ(1, records);
	}
	anchor_log_free(&log);
}

SCENE(batch)

TEST_F(batch, covers_an_event_within_the_interval)
{
	struct scene *scene = &self->scene;
	struct anchor_proof kept;
	char reason[16];
	long ms, before;
	int i;

	ASSERT_EQ(0, module_load("ms=400"));
	ASSERT_EQ(0, scene_start(scene, 0));
	ASSERT_EQ(0, scene_run_new(scene, 0));
	ASSERT_LE(0, scene_wait_covered(scene, 0, SLACK_MS));
	ASSERT_EQ(0, anchor_proof_of(scene->id[0], &kept));
	for (i = 0; i < 5; i++) {
		before = anchor_last();
		ASSERT_EQ(0, i % 2 ? scene_open_new(scene, 0) :
				     scene_run_new(scene, 0));
		ms = scene_wait_anchor(scene, &kept, before, reason, SLACK_MS);
		ASSERT_LE(0, ms);
		EXPECT_GE(400 + SLACK_MS / 2, ms) TH_LOG("event %d", i);
		EXPECT_STREQ("interval", reason);
		EXPECT_COVERED(scene, 0);
	}
}

/* Right behind an anchor, just before the next is due, and long after. */
TEST_F(batch, covers_an_event_whenever_it_comes)
{
	struct scene *scene = &self->scene;
	struct patience left;
	long begin, before;
	int i;

	ASSERT_EQ(0, module_load("ms=100"));
	ASSERT_EQ(0, scene_start(scene, 0));
	ASSERT_EQ(0, scene_run_new(scene, 0));
	ASSERT_LE(0, scene_wait_covered(scene, 0, SLACK_MS));
	for (i = 0; i < 12; i++) {
		usleep(37000 * (i % 10));
		before = anchor_last();
		begin = now_ms();
		left = patience(3 * SLACK_MS);
		ASSERT_EQ(0, scene_open_new(scene, 0));
		while (anchor_last() == before && patience_lasts(&left))
			;
		EXPECT_GE(100 + SLACK_MS / 2, now_ms() - begin)
			TH_LOG("event %d", i);
	}
	EXPECT_COVERED(scene, 0);
}

TEST_F(batch, covers_a_birth_within_the_interval)
{
	struct scene *scene = &self->scene;
	struct anchor_state state;
	struct patience left = patience(SLACK_MS);

	ASSERT_EQ(0, module_load("ms=400"));
	ASSERT_EQ(0, scene_start(scene, 0));
	/* It has two entries, and nothing happens in it any more. */
	do {
		ASSERT_EQ(0, anchor_state(&state));
	} while (!state.seq && patience_lasts(&left));
	EXPECT_LT(0, state.seq);
	EXPECT_EQ(1, state.n);
	EXPECT_COVERED(scene, 0);
}

TEST_F(batch, covers_an_open_without_any_execution)
{
	struct scene *scene = &self->scene;
	struct anchor_proof kept;
	char reason[16];
	long ms, before;

	ASSERT_EQ(0, module_load("ms=400"));
	ASSERT_EQ(0, scene_start(scene, 0));
	ASSERT_LE(0, scene_wait_covered(scene, 0, SLACK_MS));
	ASSERT_EQ(0, anchor_proof_of(scene->id[0], &kept));
	before = anchor_last();
	ASSERT_EQ(0, scene_open_new(scene, 0));
	ms = scene_wait_anchor(scene, &kept, before, reason, SLACK_MS);
	EXPECT_LE(0, ms);
	EXPECT_COVERED(scene, 0);
}

TEST_F(batch, waits_for_the_interval)
{
	struct scene *scene = &self->scene;
	struct anchor_proof kept;
	char reason[16];
	long anchor, entries;
	int i;

	ASSERT_EQ(0, module_load("ms=15000"));
	ASSERT_EQ(0, scene_start(scene, 0));
	ASSERT_EQ(0, scene_run_new(scene, 0));
	ASSERT_LE(0, scene_wait_covered(scene, 0, 60000));
	ASSERT_EQ(0, anchor_proof_of(scene->id[0], &kept));
	anchor = anchor_last();
	entries = scene_count(scene, 0);
	for (i = 0; i < 10; i++)
		ASSERT_EQ(0, scene_open_new(scene, 0));
	sleep(3);
	EXPECT_EQ(anchor, anchor_last());
	ASSERT_EQ(entries + 10, scene_count(scene, 0));
	/* One for all ten. */
	ASSERT_LE(0, scene_wait_anchor(scene, &kept, anchor, reason, 60000));
	EXPECT_EQ(anchor + 1, anchor_last());
}

TEST_F(batch, is_full_at_the_number_of_events)
{
	struct scene *scene = &self->scene;
	struct anchor_proof kept;
	char reason[16];
	long anchor;
	int round, i;

	ASSERT_EQ(0, module_load("ms=3600000 events=8"));
	ASSERT_EQ(0, scene_start(scene, 0));
	ASSERT_EQ(0, scene_run_new(scene, 0));
	/* Whatever was there before is covered by this. */
	ASSERT_EQ(0, anchor_proof_inside(&scene->child[0], &kept));
	ASSERT_EQ(scene_count(scene, 0), kept.seq);
	for (round = 0; round < 3; round++) {
		anchor = anchor_last();
		for (i = 0; i < 7; i++)
			ASSERT_EQ(0, scene_open_new(scene, 0));
		sleep(1);
		EXPECT_EQ(anchor, anchor_last());
		ASSERT_EQ(0, scene_open_new(scene, 0));
		ASSERT_LE(0, scene_wait_anchor(scene, &kept, anchor, reason,
					       SLACK_MS))
		TH_LOG("round %d", round);
		EXPECT_STREQ("events", reason);
		EXPECT_EQ(anchor + 1, anchor_last());
	}
}

TEST_F(batch, of_nothing_is_not_anchored)
{
	struct scene *scene = &self->scene;
	long anchor, entries;

	ASSERT_EQ(0, module_load("ms=50"));
	ASSERT_EQ(0, scene_start(scene, 0));
	ASSERT_EQ(0, scene_run_new(scene, 0));
	ASSERT_LE(0, scene_wait_covered(scene, 0, SLACK_MS));
	sleep(1);
	anchor = anchor_last();
	entries = ima_count(NULL);
	sleep(3);
	EXPECT_EQ(anchor, anchor_last());
	EXPECT_EQ(entries, ima_count(NULL));
}

TEST_F(batch, is_closed_for_a_namespace_that_reads_its_anchor)
{
	struct scene *scene = &self->scene;
	struct anchor_proof proof;
	struct anchor_log log;
	long entries, anchor;

	ASSERT_EQ(0, module_load(NEVER));
	ASSERT_EQ(0, scene_start(scene, 0));
	ASSERT_EQ(0, scene_run_new(scene, 0));
	sleep(1);
	ASSERT_EQ(0, scene_open_new(scene, 0));
	entries = scene_count(scene, 0);
	ASSERT_EQ(0, anchor_proof_inside(&scene->child[0], &proof));
	EXPECT_EQ(entries, proof.seq);
	EXPECT_COVERED(scene, 0);
	ASSERT_EQ(0, anchor_log_read(&log));
	EXPECT_STREQ("", log.wrong);
	ASSERT_LT(0, log.count);
	EXPECT_STREQ("read", log.marks[log.count - 1].reason);
	anchor_log_free(&log);
	/* What is covered makes none. */
	anchor = anchor_last();
	ASSERT_EQ(0, anchor_proof_inside(&scene->child[0], &proof));
	EXPECT_EQ(anchor, anchor_last());
}

TEST_F(batch, is_closed_by_readers_once_an_interval)
{
	struct scene *scene = &self->scene;
	struct anchor_proof proof;
	struct anchor_log log;
	long begin, first, took, reads = 0;
	size_t i;

	ASSERT_EQ(0, module_load("ms=2000"));
	ASSERT_EQ(0, scene_start(scene, 0));
	ASSERT_EQ(0, scene_run_new(scene, 0));
	ASSERT_LE(0, scene_wait_covered(scene, 0, SLACK_MS));
	begin = now_ms();
	first = anchor_last();
	while (now_ms() - begin < 10000) {
		ASSERT_EQ(0, scene_open_new(scene, 0));
		ASSERT_EQ(0, anchor_proof_inside(&scene->child[0], &proof));
		ASSERT_EQ(scene->id[0], proof.id);
	}
	took = now_ms() - begin;
	ASSERT_EQ(0, anchor_log_read(&log));
	ASSERT_STREQ("", log.wrong);
	for (i = first; i < log.count; i++)
		reads += !strcmp("read", log.marks[i].reason);
	TH_LOG("%ld by reads and %ld others in %ld ms", reads,
	       (long)log.count - first - reads, took);
	EXPECT_LT(0, reads);
	EXPECT_GE(took / 2000 + 1, reads);
	/* The interval's own come between. */
	EXPECT_GE(2 * (took / 2000 + 1), (long)log.count - first);
	anchor_log_free(&log);
}

TEST_F(batch, reader_does_not_wait_beyond_its_death)
{
	struct scene *scene = &self->scene;
	struct anchor_proof proof;
	long begin;

	ASSERT_EQ(0, module_load(NEVER));
	ASSERT_EQ(0, scene_start(scene, 0));
	ASSERT_EQ(0, scene_run_new(scene, 0));
	/* This interval's anchor is spent. */
	ASSERT_EQ(0, anchor_proof_inside(&scene->child[0], &proof));
	ASSERT_EQ(0, scene_open_new(scene, 0));
	ASSERT_EQ(0, file_run_begin(&scene->child[0],
				    "/bin/cat " IMA_DIR "/anchor"));
	sleep(1);
	begin = now_ms();
	scene_stop(scene, 0);
	EXPECT_TRUE(scene_is_empty());
	EXPECT_GT(SLACK_MS, now_ms() - begin);
}

TEST_F(batch, of_a_namespace_is_the_same_from_both_sides)
{
	struct scene *scene = &self->scene;
	struct anchor_proof inside, outside;
	int i;

	ASSERT_EQ(0, module_load("ms=200"));
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, scene_start(scene, i));
		ASSERT_EQ(0, scene_run_new(scene, i));
	}
	for (i = 0; i < 3; i++)
		ASSERT_LE(0, scene_wait_covered(scene, i, SLACK_MS));
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, anchor_proof_inside(&scene->child[i], &inside));
		ASSERT_EQ(0, anchor_proof_of(scene->id[i], &outside));
		EXPECT_EQ(0, memcmp(&inside, &outside, sizeof(inside)));
		EXPECT_EQ(scene->id[i], inside.id);
	}
}

TEST_F(batch, covers_violations)
{
	struct scene *scene = &self->scene;
	char path[300];
	int fd;

	ASSERT_EQ(0, module_load("ms=200"));
	ASSERT_EQ(0, scene_start(scene, 0));
	ASSERT_EQ(0, scene_make_file(scene, path, sizeof(path)));
	fd = file_open(&scene->child[0], path, O_RDONLY);
	ASSERT_LE(0, fd);
	/* A writer while it is read. */
	ASSERT_EQ(0, scratch_append(path, "more\n"));
	ASSERT_EQ(0, file_close(&scene->child[0], fd));
	ASSERT_EQ(1, ima_number(&scene->child[0], "violations"));
	ASSERT_EQ(0, scene_open_new(scene, 0));
	ASSERT_LE(0, scene_wait_covered(scene, 0, SLACK_MS));
	EXPECT_COVERED(scene, 0);
}

SCENE(tree)

TEST_F(tree, is_that_of_rfc_9162_at_every_size)
{
	struct scene *scene = &self->scene;
	int i;

	ASSERT_EQ(0, module_load("ms=100"));
	for (i = 0; i < 9; i++) {
		ASSERT_EQ(0, scene_start(scene, i));
		ASSERT_EQ(0, scene_run_new(scene, i));
		ASSERT_NOTHING_WRONG(scene_all_covered(scene, i + 1));
		EXPECT_NOTHING_WRONG(scene_tree_wrong(scene, i + 1, i + 1));
	}
}

TEST_F(tree, gives_slots_of_the_dead_to_the_next)
{
	struct scene *scene = &self->scene;
	struct anchor_proof dead, proof;
	struct anchor_log log;
	int i;

	ASSERT_EQ(0, module_load("ms=100"));
	for (i = 0; i < 5; i++) {
		ASSERT_EQ(0, scene_start(scene, i));
		ASSERT_EQ(0, scene_run_new(scene, i));
	}
	ASSERT_NOTHING_WRONG(scene_all_covered(scene, 5));
	for (i = 1; i < 4; i += 2) {
		ASSERT_EQ(0, anchor_proof_of(scene->id[i], &dead));
		scene_stop(scene, i);
		ASSERT_EQ(1, record_wait(NULL, "ima_ns_death", scene->id[i],
					 NULL, 0));
		ASSERT_EQ(0, scene_open_new(scene, 0));
		ASSERT_NOTHING_WRONG(scene_all_covered(scene, 5));
		EXPECT_NOTHING_WRONG(scene_tree_wrong(scene, 5, 5));
		ASSERT_EQ(0, scene_start(scene, i));
		ASSERT_EQ(0, scene_run_new(scene, i));
		ASSERT_NOTHING_WRONG(scene_all_covered(scene, 5));
		EXPECT_NOTHING_WRONG(scene_tree_wrong(scene, 5, 5));
		ASSERT_EQ(0, anchor_proof_of(scene->id[i], &proof));
		EXPECT_EQ(dead.slot, proof.slot);
		EXPECT_NE(dead.id, proof.id);
		EXPECT_NE(0, memcmp(dead.salt, proof.salt, ANCHOR_SIZE));
	}
	for (i = 0; i < 5; i++)
		scene_stop(scene, i);
	ASSERT_TRUE(scene_is_empty());
	ASSERT_EQ(0, module_unload_soon());
	ASSERT_EQ(0, anchor_log_read(&log));
	EXPECT_STREQ("", log.wrong);
	anchor_log_free(&log);
}

TEST_F(tree, has_a_leaf_for_each_level)
{
	struct scene *scene = &self->scene;
	int i;

	ASSERT_EQ(0, module_load("ms=100"));
	ASSERT_EQ(0, scene_start(scene, 0));
	ASSERT_EQ(0, scene_start_below(scene, 1, &scene->child[0]));
	ASSERT_EQ(0, scene_start_below(scene, 2, &scene->child[1]));
	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, scene_run_new(scene, i));
	ASSERT_NOTHING_WRONG(scene_all_covered(scene, 3));
	EXPECT_NOTHING_WRONG(scene_tree_wrong(scene, 3, 3));
	/* The birth and death of one below is its parent's entry. */
	scene_stop(scene, 2);
	ASSERT_EQ(1, record_wait(&scene->child[1], "ima_ns_death", scene->id[2],
				 NULL, 0));
	ASSERT_NOTHING_WRONG(scene_all_covered(scene, 3));
	EXPECT_NOTHING_WRONG(scene_tree_wrong(scene, 3, 3));
}

SCENE(death)

TEST_F(death, leaves_a_leaf_that_a_tenant_can_prove)
{
	struct scene *scene = &self->scene;
	uint8_t acc[ANCHOR_SIZE], leaf[ANCHOR_SIZE], freed[ANCHOR_SIZE];
	const struct anchor_mark *mark;
	struct anchor_proof kept;
	struct anchor_log log;
	struct list list;
	size_t died;

	ASSERT_EQ(0, module_load(NEVER));
	ASSERT_EQ(0, scene_start(scene, 0));
	ASSERT_EQ(0, scene_run_new(scene, 0));
	/* What the tenant keeps: id, salt, and its list at the end. */
	ASSERT_EQ(0, anchor_proof_inside(&scene->child[0], &kept));
	ASSERT_EQ(0, scene_run_new(scene, 0));
	ASSERT_EQ(0, scene_open_new(scene, 0));
	ASSERT_EQ(0, list_read(&scene->child[0], &list));
	scene_stop(scene, 0);
	ASSERT_EQ(1, record_wait(NULL, "ima_ns_death", scene->id[0], NULL, 0));
	ASSERT_EQ(0, module_unload_soon());

	list_accumulate(&list, acc);
	anchor_leaf(scene->id[0], list.count, kept.salt, acc, leaf);
	ASSERT_EQ(0, anchor_log_read(&log));
	ASSERT_STREQ("", log.wrong);
	died = anchor_log_death(&log, scene->id[0]);
	ASSERT_NE(0, died);
	mark = anchor_log_removal(&log, scene->id[0]);
	ASSERT_NE(NULL, mark);
	/* The last leaf, then the death, then the removal with that leaf. */
	EXPECT_EQ(0, memcmp(leaf, mark->leaf, ANCHOR_SIZE));
	EXPECT_LT(died, mark->at);
	ASSERT_LT(1, mark->seq);
	EXPECT_GT(died, mark[-1].at);
	EXPECT_EQ(1, mark[-1].n);
	EXPECT_EQ(0, memcmp(leaf, mark[-1].root, ANCHOR_SIZE));
	anchor_free_leaf(freed);
	EXPECT_EQ(1, mark->n);
	EXPECT_EQ(0, memcmp(freed, mark->root, ANCHOR_SIZE));
	list_free(&list);
	anchor_log_free(&log);
}

TEST_F(death, of_many_at_once_leaves_a_leaf_of_each)
{
	struct scene *scene = &self->scene;
	static struct anchor_proof kept[AT_ONCE];
	static struct list list[AT_ONCE];
	uint8_t acc[ANCHOR_SIZE], leaf[ANCHOR_SIZE];
	const struct anchor_mark *mark;
	struct anchor_log log;
	int i;

	ASSERT_EQ(0, module_load("ms=200"));
	for (i = 0; i < 8; i++) {
		ASSERT_EQ(0, scene_start(scene, i));
		ASSERT_EQ(0, scene_run_new(scene, i));
	}
	for (i = 0; i < 8; i++) {
		ASSERT_LE(0, scene_wait_covered(scene, i, SLACK_MS));
		ASSERT_EQ(0, anchor_proof_of(scene->id[i], &kept[i]));
	}
	for (i = 0; i < 8; i++)
		ASSERT_EQ(0, scene_open_new(scene, i));
	for (i = 0; i < 8; i++)
		ASSERT_EQ(0, list_read(&scene->child[i], &list[i]));
	for (i = 0; i < 8; i++)
		kill(scene->child[i].pid, SIGKILL);
	for (i = 0; i < 8; i++)
		scene_stop(scene, i);
	ASSERT_TRUE(scene_is_empty());
	ASSERT_EQ(0, module_unload_soon());
	ASSERT_EQ(0, anchor_log_read(&log));
	ASSERT_STREQ("", log.wrong);
	for (i = 0; i < 8; i++) {
		list_accumulate(&list[i], acc);
		anchor_leaf(scene->id[i], list[i].count, kept[i].salt, acc,
			    leaf);
		mark = anchor_log_removal(&log, scene->id[i]);
		ASSERT_NE(NULL, mark);
		EXPECT_EQ(0, memcmp(leaf, mark->leaf, ANCHOR_SIZE));
		EXPECT_LT(anchor_log_death(&log, scene->id[i]), mark->at);
		list_free(&list[i]);
	}
	anchor_log_free(&log);
}

TEST_F(death, of_a_nested_one_is_anchored_as_well)
{
	struct scene *scene = &self->scene;
	uint8_t acc[ANCHOR_SIZE], leaf[ANCHOR_SIZE];
	const struct anchor_mark *mark;
	struct anchor_proof kept;
	struct anchor_log log;
	struct list list;

	ASSERT_EQ(0, module_load("ms=200"));
	ASSERT_EQ(0, scene_start(scene, 0));
	ASSERT_EQ(0, scene_start_below(scene, 1, &scene->child[0]));
	ASSERT_EQ(0, scene_run_new(scene, 1));
	ASSERT_LE(0, scene_wait_covered(scene, 1, SLACK_MS));
	ASSERT_EQ(0, anchor_proof_inside(&scene->child[1], &kept));
	ASSERT_EQ(0, list_read(&scene->child[1], &list));
	scene_stop(scene, 1);
	ASSERT_EQ(1, record_wait(&scene->child[0], "ima_ns_death", scene->id[1],
				 NULL, 0));
	/* The death record is in the parent's list, which is covered again. */
	ASSERT_LE(0, scene_wait_covered(scene, 0, SLACK_MS));
	EXPECT_COVERED(scene, 0);
	scene_stop(scene, 0);
	ASSERT_EQ(0, module_unload_soon());
	ASSERT_EQ(0, anchor_log_read(&log));
	ASSERT_STREQ("", log.wrong);
	list_accumulate(&list, acc);
	anchor_leaf(scene->id[1], list.count, kept.salt, acc, leaf);
	mark = anchor_log_removal(&log, scene->id[1]);
	ASSERT_NE(NULL, mark);
	EXPECT_EQ(0, memcmp(leaf, mark->leaf, ANCHOR_SIZE));
	list_free(&list);
	anchor_log_free(&log);
}

SCENE(token)

TEST_F(token, leads_to_the_one_before_over_many_chains)
{
	struct scene *scene = &self->scene;
	struct anchor_log log;
	size_t i, chains = 0;
	int n;

	ASSERT_EQ(0, module_load("anchor=sync chain=3"));
	ASSERT_EQ(0, scene_start(scene, 0));
	for (n = 0; n < 20; n++)
		ASSERT_EQ(0, scene_open_new(scene, 0));
	EXPECT_COVERED(scene, 0);
	scene_stop(scene, 0);
	ASSERT_EQ(0, module_unload_soon());
	/* lib/anchor.c judges each token, each "next" and each number. */
	ASSERT_EQ(0, anchor_log_read(&log));
	EXPECT_STREQ("", log.wrong);
	EXPECT_EQ(3, log.chain);
	EXPECT_LE(20, log.count);
	for (i = 0; i < log.count; i++)
		chains += log.marks[i].has_next;
	EXPECT_EQ(log.count / 3, chains);
	anchor_log_free(&log);
}

TEST_F(token, of_a_chain_of_one_is_followed_by_the_next)
{
	struct scene *scene = &self->scene;
	struct anchor_log log;
	int n;

	ASSERT_EQ(0, module_load("anchor=sync chain=1"));
	ASSERT_EQ(0, scene_start(scene, 0));
	for (n = 0; n < 5; n++)
		ASSERT_EQ(0, scene_open_new(scene, 0));
	scene_stop(scene, 0);
	ASSERT_EQ(0, module_unload_soon());
	ASSERT_EQ(0, anchor_log_read(&log));
	EXPECT_STREQ("", log.wrong);
	EXPECT_LE(5, log.count);
	anchor_log_free(&log);
}

SCENE(sync)

TEST_F(sync, event_is_covered_when_it_returns)
{
	struct scene *scene = &self->scene;
	int n;

	ASSERT_EQ(0, module_load("anchor=sync ms=3600000"));
	ASSERT_EQ(0, scene_start(scene, 0));
	for (n = 0; n < 6; n++) {
		ASSERT_EQ(0, scene_open_new(scene, 0));
		EXPECT_COVERED(scene, 0);
		ASSERT_EQ(0, scene_run_new(scene, 0));
		EXPECT_COVERED(scene, 0);
	}
	/* What is listed already makes no anchor. */
	ASSERT_EQ(0, file_run(&scene->child[0], "/bin/true"));
	n = anchor_last();
	ASSERT_EQ(0, file_run(&scene->child[0], "/bin/true"));
	EXPECT_EQ(n, anchor_last());
}

/* What is no event waits for none, but not longer than in batch mode. */
TEST_F(sync, birth_and_policy_are_covered_within_the_interval)
{
	struct scene *scene = &self->scene;
	struct anchor_proof kept;
	struct patience left = patience(SLACK_MS);
	char reason[16];
	long before;

	ASSERT_EQ(0, module_load("anchor=sync ms=300"));
	ASSERT_EQ(0, scene_start(scene, 0));
	while (!anchor_last() && patience_lasts(&left))
		;
	EXPECT_COVERED(scene, 0);
	ASSERT_EQ(0, anchor_proof_of(scene->id[0], &kept));
	before = anchor_last();
	ASSERT_EQ(0, ima_load_policy(&scene->child[0], RULES));
	EXPECT_LE(0, scene_wait_anchor(scene, &kept, before, reason, SLACK_MS));
	EXPECT_COVERED(scene, 0);
}

TEST_F(sync, event_of_a_nested_one_is_covered_at_all_levels)
{
	struct scene *scene = &self->scene;
	int i;

	ASSERT_EQ(0, module_load("anchor=sync ms=3600000"));
	ASSERT_EQ(0, scene_start(scene, 0));
	ASSERT_EQ(0, scene_start_below(scene, 1, &scene->child[0]));
	for (i = 0; i < 4; i++) {
		ASSERT_EQ(0, scene_run_new(scene, 1));
		EXPECT_COVERED(scene, 1);
		EXPECT_COVERED(scene, 0);
	}
}

TEST_HARNESS_MAIN
