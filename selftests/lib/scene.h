/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SELFTESTS_SCENE_H
#define SELFTESTS_SCENE_H

#include <stdbool.h>

#include "agent.h"
#include "anchor.h"
#include "ima.h"
#include "tpm.h"

/*
 * What the tests of ima_ns.ko have in common: namespaces that do something, a
 * machine that is as before when a test is over, and the judgement of init's list.
 */

#define OWNER 1000

/* Executions, and files of the namespace's owner. */
#define RULES NOT_SECURITYFS						\
	"measure func=FILE_CHECK mask=MAY_READ fowner=0\n" EXEC_RULE

#define SLACK_MS 10000		/* of a debug kernel in a guest without KVM */
#define NEVER "ms=3600000 events=1000000"

#define AT_ONCE 16		/* namespaces that measure at once */

/**
 * struct scene - the namespaces of a test
 * @child: those who live there
 * @id: of each namespace
 * @directory: files and programs
 * @made: so many of them
 * @warnings: the kernel's log since the beginning
 */
struct scene {
	struct agent child[AT_ONCE];
	long id[AT_ONCE];
	char directory[256];
	int made;
	int warnings;
};

/* Waits until no namespace lives.  False if some do for long. */
bool scene_is_empty(void);

/*
 * Before and after a test: the module is not loaded, nothing lives.  NULL, or what
 * is wrong.  scene_judge() looks at init's list and PCRs 10, 11 and 12.
 */
const char *scene_set(struct scene *scene);
const char *scene_end(struct scene *scene);
const char *scene_judge(void);

/* Is PCR 10, 11 or 12 what the list leads to, or was not when the test began? */
bool scene_pcr_replays(int pcr);

/* A namespace with RULES; below another one.  0 or a negative errno. */
int scene_start(struct scene *scene, int i);
int scene_start_below(struct scene *scene, int i, struct agent *parent);
void scene_stop(struct scene *scene, int i);

/* Runs what nobody ever ran: one entry.  Its exit status or -errno. */
int scene_run_new(struct scene *scene, int i);

/* Opens what nobody ever opened: one entry.  0 or -errno. */
int scene_open_new(struct scene *scene, int i);
int scene_make_file(struct scene *scene, char *path, size_t size);

/* Entries of its list. */
long scene_count(struct scene *scene, int i);

/* How many ms it takes until all of its list is anchored, or -errno. */
long scene_wait_covered(struct scene *scene, int i, long ms);

/*
 * Is all of its list anchored now?  Then NULL.  Whoever asks for the proof has
 * the rest anchored, which does not count.
 */
const char *scene_not_covered(struct scene *scene, int i);

/* Waits for each of the living among so many.  NULL, or what is wrong. */
const char *scene_all_covered(struct scene *scene, int children);

/*
 * Waits for an anchor after number @before that covers all of the only namespace,
 * without asking for a proof.  How many ms that took or -errno; why it was made is
 * in @reason.
 */
long scene_wait_anchor(struct scene *scene, const struct anchor_proof *kept,
		       long before, char *reason, long ms);

/* Does the last root come out of the leaves of the living?  Then NULL. */
const char *scene_tree_wrong(struct scene *scene, int children, long slots);

#define EXPECT_COVERED(_scene, _i) do { \
	const char *_why = scene_not_covered(_scene, _i); \
	EXPECT_EQ(NULL, _why) TH_LOG("%s", _why); \
} while (0)

#define EXPECT_NOTHING_WRONG(_call) do { \
	const char *_why = (_call); \
	EXPECT_EQ(NULL, _why) TH_LOG("%s", _why); \
} while (0)

#define ASSERT_NOTHING_WRONG(_call) do { \
	const char *_why = (_call); \
	ASSERT_EQ(NULL, _why) TH_LOG("%s", _why); \
} while (0)

#define SCENE(_name) \
	FIXTURE(_name) { \
		struct scene scene; \
	}; \
	FIXTURE_SETUP(_name) \
	{ \
		if (tpm_missing()) \
			SKIP(return, "no %s", tpm_missing()); \
		ASSERT_NOTHING_WRONG(scene_set(&self->scene)); \
	} \
	FIXTURE_TEARDOWN(_name) \
	{ \
		EXPECT_NOTHING_WRONG(scene_end(&self->scene)); \
		EXPECT_NOTHING_WRONG(scene_judge()); \
	}

#endif
