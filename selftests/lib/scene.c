// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "file.h"
#include "ima.h"
#include "kmsg.h"
#include "ns.h"
#include "scene.h"
#include "scratch.h"
#include "tpm.h"
#include "warnings.h"

bool scene_is_empty(void)
{
	struct patience left = patience(30000);
	char names[8192];

	while (file_list(NULL, IMA_DIR "/ns", names, sizeof(names)) > 0)
		if (!patience_lasts(&left))
			return false;
	return true;
}

/*
 * PCRs that were not what the list leads to when the test began: the test in which
 * that happened has said so.  On a host that is too busy the kernel gives up a TPM
 * that then does take an extend.
 */
static bool lost[3];

const char *scene_set(struct scene *scene)
{
	int i;

	if (!getenv("IMANS_MODULE"))
		return "IMANS_MODULE does not name the module";
	if (scratch_directory(scene->directory, sizeof(scene->directory)))
		return "no scratch directory";
	if (module_is_loaded() && module_unload_soon())
		return "the module is loaded and stays";
	if (!scene_is_empty())
		return "there are other namespaces";
	scene->warnings = kmsg_open();
	for (i = 0; i < 3; i++)
		lost[i] = !tpm_missing() && !anchor_pcr_replays(10 + i);
	return NULL;
}

const char *scene_end(struct scene *scene)
{
	size_t i;

	if (!slow_missing()) {
		slow_delay(0);
		slow_fail(11, 0);
		slow_fail(12, 0);
		slow_hold(12, 0);
	}
	for (i = AT_ONCE; i-- > 0;)
		agent_stop(&scene->child[i]);
	scratch_remove(scene->directory);
	if (module_is_loaded() && module_unload_soon())
		return "the module cannot be unloaded";
	if (!access(ANCHOR_DIR, F_OK))
		return "its directory stays";
	if (warnings_count(scene->warnings))
		return "the kernel warned";
	return NULL;
}

bool scene_pcr_replays(int pcr)
{
	return lost[pcr - 10] || anchor_pcr_replays(pcr);
}

const char *scene_judge(void)
{
	static char why[256];
	struct anchor_log log;
	int ret = anchor_log_read(&log), i;

	snprintf(why, sizeof(why), "%s", log.wrong);
	if (!ret && !*why && !log.end[0])
		snprintf(why, sizeof(why), "no unregister record");
	anchor_log_free(&log);
	if (ret == -ENOMSG)
		return NULL;
	if (ret)
		return strerror(-ret);
	if (*why)
		return why;
	for (i = 0; i < 3; i++) {
		if (scene_pcr_replays(10 + i))
			continue;
		snprintf(why, sizeof(why),
			 "PCR %d is not what the list leads to", 10 + i);
		return why;
	}
	return NULL;
}

int scene_start_below(struct scene *scene, int i, struct agent *parent)
{
	int ret = ima_start_new(&scene->child[i], parent, parent ? 0 : OWNER,
				RULES);

	if (!ret)
		scene->id[i] = ima_number(&scene->child[i], "id");
	return ret;
}

int scene_start(struct scene *scene, int i)
{
	return scene_start_below(scene, i, NULL);
}

void scene_stop(struct scene *scene, int i)
{
	agent_stop(&scene->child[i]);
}

int scene_run_new(struct scene *scene, int i)
{
	char path[300], mark[32];

	snprintf(mark, sizeof(mark), "program %d", scene->made);
	snprintf(path, sizeof(path), "%s/p%d", scene->directory, scene->made++);
	if (scratch_program(path, mark))
		return -EBADF;
	return file_run(&scene->child[i], path);
}

int scene_make_file(struct scene *scene, char *path, size_t size)
{
	char content[32];

	snprintf(content, sizeof(content), "file %d\n", scene->made);
	snprintf(path, size, "%s/f%d", scene->directory, scene->made++);
	if (scratch_text(path, content) || chown(path, OWNER, OWNER))
		return -EBADF;
	return 0;
}

int scene_open_new(struct scene *scene, int i)
{
	char path[300];
	int fd;

	if (scene_make_file(scene, path, sizeof(path)))
		return -EBADF;
	fd = file_open(&scene->child[i], path, O_RDONLY);
	return fd < 0 ? fd : file_close(&scene->child[i], fd);
}

long scene_count(struct scene *scene, int i)
{
	return ima_count(&scene->child[i]);
}

long scene_wait_covered(struct scene *scene, int i, long ms)
{
	return anchor_wait(scene->id[i], scene_count(scene, i), ms);
}

const char *scene_not_covered(struct scene *scene, int i)
{
	static char why[96];
	struct anchor_proof proof;
	long last = anchor_last(), entries = scene_count(scene, i);
	int ret = anchor_proof_of(scene->id[i], &proof);

	if (ret)
		return strerror(-ret);
	if (proof.seq != entries || proof.anchor > last) {
		snprintf(why, sizeof(why),
			 "%ld of %ld entries, in anchor %ld, was %ld",
			 proof.seq, entries, proof.anchor, last);
		return why;
	}
	return anchor_wrong(&scene->child[i], scene->id[i]);
}

long scene_wait_anchor(struct scene *scene, const struct anchor_proof *kept,
		       long before, char *reason, long ms)
{
	struct patience left = patience(ms);
	long begin = now_ms(), when, seen = before, last, found = -ETIMEDOUT;
	struct anchor_log log;
	struct list list;
	size_t i;

	do {
		last = anchor_last();
		if (last == seen)
			continue;
		seen = last;
		/* To judge a long list takes its time. */
		when = now_ms() - begin;
		if (list_read(&scene->child[0], &list) || anchor_log_read(&log))
			return -EIO;
		for (i = before; i < log.count && found < 0; i++) {
			if (log.marks[i].n != 1 ||
			    anchor_mark_covers(&log.marks[i], &list, kept) <
				    (long)list.count)
				continue;
			found = when;
			strcpy(reason, log.marks[i].reason);
		}
		if (*log.wrong)
			found = -EBADMSG;
		anchor_log_free(&log);
		list_free(&list);
	} while (found == -ETIMEDOUT && patience_lasts(&left));
	return found;
}

const char *scene_tree_wrong(struct scene *scene, int children, long slots)
{
	uint8_t leaves[AT_ONCE][ANCHOR_SIZE], root[ANCHOR_SIZE];
	bool taken[AT_ONCE] = { false };
	struct anchor_state state;
	struct anchor_proof proof;
	int i;

	if (anchor_state(&state))
		return "no state";
	if (state.n != slots)
		return "n is not the number of slots";
	for (i = 0; i < slots; i++)
		anchor_free_leaf(leaves[i]);
	for (i = 0; i < children; i++) {
		if (!scene->child[i].pid)
			continue;
		if (anchor_proof_of(scene->id[i], &proof))
			return "no proof";
		if (proof.slot >= slots || taken[proof.slot])
			return "a slot is given twice, or none";
		taken[proof.slot] = true;
		anchor_proof_leaf(&proof, leaves[proof.slot]);
	}
	anchor_root(leaves, slots, root);
	return memcmp(root, state.root, ANCHOR_SIZE) ?
		       "the root is not that of the leaves" :
		       NULL;
}

const char *scene_all_covered(struct scene *scene, int children)
{
	const char *why = NULL;
	int i;

	for (i = 0; i < children && !why; i++)
		if (scene->child[i].pid &&
		    scene_wait_covered(scene, i, SLACK_MS) < 0)
			why = "not covered in time";
	for (i = 0; i < children && !why; i++)
		if (scene->child[i].pid)
			why = scene_not_covered(scene, i);
	return why;
}
