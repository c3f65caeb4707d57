// SPDX-License-Identifier: GPL-2.0-only
/*
 * A TPM that misbehaves while its namespace adds an entry (abi.md section 7):
 * nobody else waits, whatever they do with the same file; the entry stays, the
 * namespace goes on, and the kernel log names it once.
 *
 *   init -+- child   (the TPM that misbehaves)   opens the library, and waits
 *         +- healthy (a TPM that behaves) --.
 *         +- other   (none)  ---------------+--- open and map it meanwhile
 *         `- the host's own tasks ----------'
 *
 * What is slow or mad is the emulator of lib/, so that it is so at exactly one
 * command.  Stopping and killing swtpm is in vtpm_test.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "clock.h"
#include "emulator.h"
#include "file.h"
#include "ima.h"
#include "kmsg.h"
#include "list.h"
#include "ns.h"
#include "scratch.h"
#include "vpcr.h"
#include "vtpm.h"
#include "warnings.h"

#define OWNER 0			/* the device nodes of the guest are root's */
#define MAP "0 0 4294967295\n"
#define FILE_OWNER 2201
#define FILE_RULES							\
	"measure func=FILE_CHECK mask=MAY_READ fowner=2201\n"		\
	"measure func=MMAP_CHECK mask=MAY_EXEC fowner=2202\n"
#define RULES NOT_SECURITYFS FILE_RULES EXEC_RULE

#define BOUND_MS 10000		/* abi.md section 7 */
#define SLACK_MS 6000		/* of a debug kernel in a guest without KVM */
#define PROMPT_MS 2500		/* what is not delayed by 3 s at least */

enum fault {
	STOPPED,	/* SIGSTOP */
	KILLED,		/* and its descriptor closed */
	ABANDONED,	/* killed, somebody else has its descriptor open */
	HELD,		/* answers late */
	FAILING,	/* TPM_RC_FAILURE */
	RETRYING,	/* TPM_RC_RETRY, always */
	JUNK,		/* answers nonsense */
};

FIXTURE(slow)
{
	struct agent child;
	struct agent healthy;
	struct agent other;
	struct emulator emulator;
	struct emulator healthy_emulator;
	char directory[256];
	char library[300];
	char mapped[300];
	char next[300];
	long id;
	int messages;
	int warnings;
};

FIXTURE_VARIANT(slow)
{
	int version;
	enum fault fault;
	enum emulator_junk junk;
	/* How long the child waits at least, and whether the TPM is kept. */
	long ms;
	bool kept;
};

/* clang-format off */
FIXTURE_VARIANT_ADD(slow, tpm_stopped) {
	.version = 2, .fault = STOPPED, .ms = BOUND_MS };
FIXTURE_VARIANT_ADD(slow, tpm12_stopped) {
	.version = 1, .fault = STOPPED, .ms = BOUND_MS };
FIXTURE_VARIANT_ADD(slow, tpm_killed) {
	.version = 2, .fault = KILLED };
FIXTURE_VARIANT_ADD(slow, tpm_abandoned) {
	.version = 2, .fault = ABANDONED, .ms = BOUND_MS };
FIXTURE_VARIANT_ADD(slow, tpm_answers_after_3_s) {
	.version = 2, .fault = HELD, .ms = 3000, .kept = true };
FIXTURE_VARIANT_ADD(slow, tpm12_answers_after_3_s) {
	.version = 1, .fault = HELD, .ms = 3000, .kept = true };
FIXTURE_VARIANT_ADD(slow, tpm_answers_after_12_s) {
	.version = 2, .fault = HELD, .ms = 12000 };
FIXTURE_VARIANT_ADD(slow, tpm12_answers_after_12_s) {
	.version = 1, .fault = HELD, .ms = 12000 };
FIXTURE_VARIANT_ADD(slow, tpm_fails) {
	.version = 2, .fault = FAILING };
FIXTURE_VARIANT_ADD(slow, tpm_retries_for_ever) {
	.version = 2, .fault = RETRYING };
FIXTURE_VARIANT_ADD(slow, tpm_answers_noise) {
	.version = 2, .fault = JUNK, .junk = JUNK_NOISE };
FIXTURE_VARIANT_ADD(slow, tpm12_answers_noise) {
	.version = 1, .fault = JUNK, .junk = JUNK_NOISE };
FIXTURE_VARIANT_ADD(slow, tpm_answers_half_a_header) {
	.version = 2, .fault = JUNK, .junk = JUNK_SHORT };
FIXTURE_VARIANT_ADD(slow, tpm_claims_more_than_it_sends) {
	.version = 2, .fault = JUNK, .junk = JUNK_LONG };
FIXTURE_VARIANT_ADD(slow, tpm_answers_nothing) {
	.version = 2, .fault = JUNK, .junk = JUNK_EMPTY, .ms = BOUND_MS };
/* clang-format on */

static int start(struct agent *agent, struct emulator *emulator, int version)
{
	int ret = emulator_prepare(emulator);

	if (!ret)
		ret = emulator_start(emulator, version);
	if (!ret)
		ret = ima_mount(agent);
	if (!ret)
		ret = vtpm_attach(agent, &emulator->vtpm);
	if (!ret)
		ret = ima_activate(agent);
	if (!ret)
		ret = ima_load_policy(agent, RULES);
	return ret;
}

static int library(char *path, size_t size, const char *directory,
		   const char *name, uid_t owner)
{
	int ret;

	snprintf(path, size, "%s/%s", directory, name);
	ret = scratch_text(path, path);
	if (!ret && chown(path, owner, owner))
		ret = -errno;
	return ret;
}

FIXTURE_SETUP(slow)
{
	if (access("/dev/vtpmx", F_OK))
		SKIP(return, "missing: /dev/vtpmx (CONFIG_TCG_VTPM_PROXY)");
	ASSERT_EQ(0, scratch_directory(self->directory,
				       sizeof(self->directory)));
	ASSERT_EQ(0, library(self->library, sizeof(self->library),
			     self->directory, "libc.so", FILE_OWNER));
	ASSERT_EQ(0, library(self->mapped, sizeof(self->mapped),
			     self->directory, "libm.so", FILE_OWNER + 1));
	ASSERT_EQ(0, library(self->next, sizeof(self->next),
			     self->directory, "next", FILE_OWNER));
	/* The host measures them, too. */
	ASSERT_EQ(0, ima_load_policy(NULL, FILE_RULES));
	ASSERT_EQ(0, ns_start(&self->child, NULL, OWNER, MAP));
	ASSERT_EQ(0, ns_start(&self->healthy, NULL, OWNER, MAP));
	ASSERT_EQ(0, ns_start(&self->other, NULL, OWNER, MAP));
	ASSERT_EQ(0, ima_start(&self->other, RULES));
	ASSERT_EQ(0, start(&self->healthy, &self->healthy_emulator, 2));
	/* Last, so that nobody else has its server's descriptor. */
	ASSERT_EQ(0, start(&self->child, &self->emulator, variant->version));
	self->id = ima_number(&self->child, "id");
	self->messages = kmsg_open();
	self->warnings = kmsg_open();
	ASSERT_LE(0, self->messages);
}

FIXTURE_TEARDOWN(slow)
{
	agent_stop(&self->child);
	agent_stop(&self->healthy);
	agent_stop(&self->other);
	emulator_stop(&self->emulator);
	emulator_stop(&self->healthy_emulator);
	scratch_remove(self->directory);
	EXPECT_EQ(0, warnings_count(self->warnings));
	close(self->messages);
	close(self->warnings);
}

/* From the next extend on. */
static int misbehave(struct emulator *emulator, enum fault fault,
		     enum emulator_junk junk, long ms)
{
	struct emulator_plan *plan = emulator->plan;
	uint32_t extend = emulator->vtpm.version == 2 ? CC_PCR_EXTEND :
							ORD_PCR_EXTEND;
	int ret;

	switch (fault) {
	case STOPPED:
		return vtpm_pause(&emulator->vtpm);
	case KILLED:
	case ABANDONED:
		ret = vtpm_kill(&emulator->vtpm);
		if (!ret && fault == KILLED) {
			close(emulator->vtpm.server_fd);
			emulator->vtpm.server_fd = -1;
		}
		return ret;
	case HELD:
		plan->hold_ms = ms;
		plan->hold_cc = extend;
		return 0;
	case FAILING:
		plan->fail_cc = extend;
		return 0;
	case RETRYING:
		plan->retries = EMULATOR_FOREVER;
		plan->retry_cc = extend;
		return 0;
	case JUNK:
		plan->junk = junk;
		plan->junk_cc = extend;
		return 0;
	}
	return -EINVAL;
}

/* What a loader does with a library; both files. */
struct libraries {
	char library[300];
	char mapped[300];
};

static long load(struct call *call)
{
	const struct libraries *libraries = call->in;
	int fd = open(libraries->library, O_RDONLY | O_CLOEXEC);
	long ret = 0;
	void *at;

	call->out_len = 0;
	if (fd < 0)
		return -errno;
	close(fd);
	fd = open(libraries->mapped, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	at = mmap(NULL, 1, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	if (at == MAP_FAILED)
		ret = -errno;
	else
		munmap(at, 1);
	close(fd);
	return ret;
}

static long load_in(struct agent *agent, const struct libraries *libraries,
		    long *longest)
{
	struct call call = {
		.fd = -1,
		.in = libraries,
		.in_len = sizeof(*libraries),
	};
	long start = now_ms(), ret = agent_call(agent, load, &call);

	if (now_ms() - start > *longest)
		*longest = now_ms() - start;
	return ret;
}

static long open_in(struct agent *agent, const char *path)
{
	int fd = file_open(agent, path, O_RDONLY);

	return fd < 0 ? fd : file_close(agent, fd);
}

TEST_F_TIMEOUT(slow, delays_nobody_else_and_is_given_up, 300)
{
	struct libraries libraries;
	struct call call = {
		.fd = -1,
		.in = &libraries,
		.in_len = sizeof(libraries),
	};
	struct agent late = {};
	long start, took, longest = 0, begun, minimum, count;
	struct emulator_plan *plan = self->emulator.plan;
	char name[64], path[400];
	uint32_t extends;
	int round;

	memcpy(libraries.library, self->library, sizeof(self->library));
	memcpy(libraries.mapped, self->mapped, sizeof(self->mapped));
	snprintf(name, sizeof(name), "namespace %ld: ", self->id);
	minimum = variant->ms < BOUND_MS ? variant->ms : BOUND_MS;

	ASSERT_EQ(0, misbehave(&self->emulator, variant->fault, variant->junk,
			       variant->ms));
	start = now_ms();
	ASSERT_EQ(0, agent_send(&self->child, load, &call));
	/* The same files, by everybody else, until most of it is over. */
	for (round = 0; round < 3 || now_ms() - start < minimum * 2 / 3;
	     round++) {
		EXPECT_EQ(0, load_in(&self->other, &libraries, &longest));
		EXPECT_EQ(0, load_in(&self->healthy, &libraries, &longest));
		EXPECT_EQ(0, load_in(NULL, &libraries, &longest));
		/* Writers: what changes it, and the violation of a reader. */
		if (round == 0) {
			begun = now_ms();
			EXPECT_EQ(0, scratch_append(self->library, "more\n"));
			EXPECT_GT(PROMPT_MS, now_ms() - begun);
		}
		/* A namespace that begins, and one that ends. */
		if (round == 1) {
			begun = now_ms();
			EXPECT_EQ(0, ns_start(&late, NULL, OWNER, MAP));
			EXPECT_EQ(0, ima_start(&late, RULES));
			EXPECT_EQ(0, load_in(&late, &libraries, &longest));
			agent_stop(&late);
			EXPECT_GT(PROMPT_MS, now_ms() - begun);
		}
		usleep(50000);
	}
	EXPECT_GT(PROMPT_MS, longest);
	EXPECT_EQ(0, agent_receive(&self->child, &call));
	took = now_ms() - start;
	TH_LOG("the child waited for %ld ms, others for %ld ms at most", took,
	       longest);
	/* It did have to wait, else nothing was shown. */
	EXPECT_LE(minimum - 100, took);
	/* All its tries together have ten seconds. */
	if (variant->fault == RETRYING)
		minimum = BOUND_MS;
	EXPECT_GE(minimum + SLACK_MS, took);

	/* The entries are there, and the namespace goes on, at once. */
	EXPECT_LE(1, list_measured(&self->child, self->library));
	EXPECT_EQ(1, list_measured(&self->child, self->mapped));
	begun = now_ms();
	EXPECT_EQ(0, open_in(&self->child, self->next));
	EXPECT_GT(PROMPT_MS, now_ms() - begun);
	EXPECT_EQ(1, list_measured(&self->child, self->next));
	EXPECT_EQ(0, vpcr_lost(&self->child));
	EXPECT_EQ(1, list_measured(&self->healthy, self->mapped));
	EXPECT_EQ(1, list_measured(&self->other, self->mapped));
	EXPECT_EQ(1, list_measured(NULL, self->mapped));
	EXPECT_EQ(0, vpcr_lost(&self->healthy));
	EXPECT_EQ(0, vpcr_lost(&self->other));

	/* Said once, and only if it was given up. */
	EXPECT_EQ(!variant->kept, kmsg_count(self->messages, name));
	count = ima_count(&self->child);
	if (variant->kept)
		EXPECT_EQ(count, plan->extends);
	EXPECT_EQ(ima_count(&self->healthy),
		  self->healthy_emulator.plan->extends);

	/* Given up once, it is not asked again, even if it behaves. */
	if (variant->fault == STOPPED)
		ASSERT_EQ(0, vtpm_resume(&self->emulator.vtpm));
	plan->fail_cc = 0;
	plan->retry_cc = 0;
	plan->junk_cc = 0;
	/* It may still be busy with what it was given. */
	usleep(variant->ms > BOUND_MS ? 4000000 : 500000);
	extends = plan->extends;
	for (round = 0; round < 5; round++) {
		snprintf(name, sizeof(name), "%d", round);
		ASSERT_EQ(0, library(path, sizeof(path), self->directory, name,
				     FILE_OWNER));
		EXPECT_EQ(0, open_in(&self->child, path));
		EXPECT_EQ(1, list_measured(&self->child, path));
	}
	EXPECT_EQ(variant->kept ? extends + 5 : extends, plan->extends);
	snprintf(name, sizeof(name), "namespace %ld: ", self->id);
	EXPECT_EQ(0, kmsg_count(self->messages, name));
	EXPECT_EQ(0, vpcr_lost(&self->child));
}

TEST_HARNESS_MAIN
