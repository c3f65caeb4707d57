// SPDX-License-Identifier: GPL-2.0-only
/*
 * Many namespaces at once, each of which signs its program, runs it, modifies it,
 * takes its key away and gives it back, all by itself and in its own time.
 */
#include <errno.h>
#include <linux/keyctl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "file.h"
#include "ima.h"
#include "kmsg.h"
#include "list.h"
#include "ns.h"
#include "scratch.h"
#include "sign.h"
#include "warnings.h"

#define OWNER 3000
#define MANY 20
#define ROUNDS 2

/* What is root's inside is what the container has signed. */
#define RULES EXEC_RULE \
	"appraise func=BPRM_CHECK fowner=0 appraise_type=imasig\n"

struct container {
	struct agent agent;
	char name[16];
	char program[300];
	long ring;
	long key;
};

/*
 * arg: keyring, key; in: name of the key, NUL, program.  Everything is done by the
 * container itself.  Returns 0, or the number of the step that went wrong.
 */
static long do_churn(struct call *call)
{
	const char *name = call->in;
	const char *program = name + strlen(name) + 1;
	long ring = call->arg[0], key = call->arg[1];
	int round, step = 0;

#define STEP(_expected, _what) do {					\
	long _ret = (_what);						\
									\
	step++;								\
	if (_ret != (_expected)) {					\
		fprintf(stderr, "# %s, round %d, step %d: %ld\n", name,	\
			round, step, _ret);				\
		return step;						\
	}								\
} while (0)

	call->out_len = 0;
	for (round = 0; round < ROUNDS; round++) {
		STEP(-EACCES, file_run(NULL, program));
		STEP(0, sign_file(name, program));
		STEP(0, file_run(NULL, program));
		/* Modified, and signed as it is now. */
		STEP(0, scratch_append(program, "#"));
		STEP(-EACCES, file_run(NULL, program));
		STEP(0, sign_file(name, program));
		STEP(0, file_run(NULL, program));
		/* Without the key: what has passed, and what has not. */
		STEP(0, sign_unlink(NULL, key, ring));
		STEP(0, file_run(NULL, program));
		STEP(0, sign_file(name, program));
		STEP(-EACCES, file_run(NULL, program));
		key = sign_add(NULL, ring, name);
		STEP(1, key > 0);
		STEP(0, file_run(NULL, program));
		STEP(0, sign_remove(program));
	}
	return 0;
}

FIXTURE(many)
{
	struct container containers[MANY];
	char directory[256];
	int kmsg;
};

FIXTURE_SETUP(many)
{
	const char *missing = sign_missing();
	int i;

	if (missing)
		SKIP(return, "%s is missing", missing);
	self->kmsg = kmsg_open();
	ASSERT_LE(0, self->kmsg);
	ASSERT_EQ(0, scratch_directory(self->directory,
				       sizeof(self->directory)));
	for (i = 0; i < MANY; i++) {
		struct container *c = &self->containers[i];

		snprintf(c->name, sizeof(c->name), "churn%d", i);
		snprintf(c->program, sizeof(c->program), "%s/%d",
			 self->directory, i);
		ASSERT_EQ(0, sign_key(c->name, NULL));
		ASSERT_EQ(0, scratch_program(c->program, c->name));
		ASSERT_EQ(0, chown(c->program, OWNER + i, OWNER + i));
		ASSERT_EQ(0, chmod(c->program, 0755));
	}
	ASSERT_EQ(0, sign_open_keys());
	for (i = 0; i < MANY; i++) {
		struct container *c = &self->containers[i];

		ASSERT_EQ(0, ima_start_new(&c->agent, NULL, OWNER + i, NULL));
		c->ring = sign_give_key(&c->agent, NULL);
		ASSERT_LE(0, c->ring);
		c->key = sign_add(&c->agent, c->ring, c->name);
		ASSERT_LE(0, c->key);
		ASSERT_EQ(0, ima_load_policy(&c->agent, RULES));
	}
}

FIXTURE_TEARDOWN(many)
{
	int i;

	for (i = 0; i < MANY; i++)
		agent_stop(&self->containers[i].agent);
	close(self->kmsg);
	scratch_remove(self->directory);
}

TEST_F_TIMEOUT(many, sign_modify_and_unlink_at_once, 900)
{
	char both[512];
	int i;

	for (i = 0; i < MANY; i++) {
		struct container *c = &self->containers[i];
		struct call call = {
			.arg = { c->ring, c->key },
			.fd = -1,
			.in = both,
		};

		call.in_len = snprintf(both, sizeof(both), "%s%c%s", c->name, 0,
				       c->program) + 1;
		ASSERT_EQ(0, agent_send(&c->agent, do_churn, &call));
	}
	for (i = 0; i < MANY; i++) {
		struct container *c = &self->containers[i];
		struct call call = { .fd = -1 };

		EXPECT_EQ(0, agent_receive(&c->agent, &call)) {
			TH_LOG("container %d", i);
		}
		/* As it was first, and once more for each time it was changed. */
		EXPECT_EQ(1 + ROUNDS, list_measured(&c->agent, c->program));
	}
	EXPECT_EQ(0, warnings_count(self->kmsg));
}

TEST_HARNESS_MAIN
