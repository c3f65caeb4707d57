// SPDX-License-Identifier: GPL-2.0-only
/*
 * Namespaces by the thousand. Not a part of make test: tools/dev/stress runs it.
 *
 *   stress mix NAMESPACES SECONDS
 *	Four workers make, use and end namespaces as chance has it: up to a
 *	hundred at a time, towers of 33, some with a TPM that may be killed;
 *	their programs are written, unlinked and evicted meanwhile.
 *   stress churn NAMESPACES SECONDS
 *	One after the other, half of them below init and half below a namespace
 *	that ends at last; then shows what memory did not come back.
 *
 * Each ends early when the time is over, and says how far it came. Exit status 1
 * if anything happened that must not, or if nothing was done.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "agent.h"
#include "file.h"
#include "ima.h"
#include "kmsg.h"
#include "list.h"
#include "ns.h"
#include "record.h"
#include "scratch.h"
#include "vpcr.h"
#include "vtpm.h"
#include "warnings.h"

#define WORKERS 4
#define SLOTS 25
#define PROGRAMS 6
#define DEEPEST 33
#define RULES EXEC_RULE "measure func=MMAP_CHECK mask=MAY_EXEC\n"

/*
 * What a namespace may leave in the list above: its birth, a policy, its death,
 * each with three digests and three fields, the birth with the label's room.
 */
#define RECORDS 3
#define RECORD_BYTES 1024

/*
 * What may stay where the list above is gone, too: of each one rounding, and once
 * what the caches keep for each processor.
 */
#define REST_BYTES 64
#define KEPT_BYTES (512 * 1024)

/* Caches that grow by less are noise. */
#define SHOWN_BYTES (64 * 1024)

static struct shared {
	long made;
	long ended;
	long runs;
	long written;
	long failures;
} *shared;

static long wanted;
static time_t deadline;
static char directory[256];
static unsigned int seed;

static void fail(const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	printf("not ok: %s\n", text);
	fflush(stdout);
	__sync_fetch_and_add(&shared->failures, 1);
}

static bool is_over(void)
{
	return time(NULL) >= deadline ||
	       __sync_fetch_and_add(&shared->made, 0) >= wanted ||
	       __sync_fetch_and_add(&shared->failures, 0) > 20;
}

static unsigned int chance(unsigned int of)
{
	return rand_r(&seed) % of;
}

/* --- mix */

struct slot {
	struct agent agent;
	struct vtpm tpm;
	bool used;
	bool has_tpm;
};

static void program_path(char *path, size_t size)
{
	snprintf(path, size, "%s/program%u", directory, chance(PROGRAMS));
}

static void start(struct slot *slot)
{
	bool tpm = !vtpm_missing() && !chance(12);
	int rc;

	rc = ns_start(&slot->agent, NULL, chance(3) ? 1000 + chance(9) : 0,
		      NULL);
	if (!rc)
		rc = ima_mount(&slot->agent);
	if (!rc && tpm) {
		rc = vtpm_start(&slot->tpm, 2);
		if (!rc)
			rc = vtpm_attach(&slot->agent, &slot->tpm);
		slot->has_tpm = true;
	}
	if (!rc)
		rc = ima_activate(&slot->agent);
	if (!rc && chance(2))
		rc = ima_load_policy(&slot->agent, RULES);
	if (rc)
		fail("starting a namespace: %d%s", rc, tpm ? " with a TPM" : "");
	slot->used = true;
	__sync_fetch_and_add(&shared->made, 1);
}

static void end(struct slot *slot)
{
	if (!slot->used)
		return;
	agent_stop(&slot->agent);
	if (slot->has_tpm)
		vtpm_stop(&slot->tpm);
	memset(slot, 0, sizeof(*slot));
	__sync_fetch_and_add(&shared->ended, 1);
}

/* It may be written, or gone, or the namespace's TPM may be stopped. */
static void run_in(struct slot *slot)
{
	char path[300];
	int rc;

	program_path(path, sizeof(path));
	rc = file_run(slot->used ? &slot->agent : NULL, path);
	if (rc < 0 && rc != -ENOENT && rc != -ETXTBSY && rc != -ENOEXEC)
		fail("running %s: %d", path, rc);
	__sync_fetch_and_add(&shared->runs, 1);
}

static void change_program(void)
{
	char path[300];
	int rc;

	program_path(path, sizeof(path));
	if (!chance(3))
		unlink(path);
	rc = access(path, F_OK) ?
	     scratch_version(path, 1 + chance(100)) :
	     scratch_set_version(path, 1 + chance(100));
	/* Another worker may make it, or be at it, at the same time. */
	if (rc && rc != -ENOENT && rc != -EEXIST && rc != -ETXTBSY &&
	    rc != -EBADMSG && rc != -ENOEXEC)
		fail("changing %s: %d", path, rc);
	__sync_fetch_and_add(&shared->written, 1);
}

/* List, count and vpcr of one that only we use agree at any time. */
static void look_at(struct slot *slot)
{
	long lost;

	if (!slot->used)
		return;
	lost = vpcr_lost(&slot->agent);
	if (lost)
		fail("%ld entries lost, or what a namespace shows disagrees",
		     lost);
}

static void tower(void)
{
	int depth = 2 + chance(4) * 10 + chance(2), rc = 0, i;
	struct agent level[DEEPEST] = {};
	char path[300];

	if (depth > DEEPEST - 1)
		depth = DEEPEST - 1;
	for (i = 0; i < depth && !rc; i++) {
		rc = ima_start_new(&level[i], i ? &level[i - 1] : NULL, 0,
				   chance(2) ? RULES : NULL);
		if (!rc)
			__sync_fetch_and_add(&shared->made, 1);
	}
	if (rc)
		fail("level %d of a tower: %d", i, rc);
	program_path(path, sizeof(path));
	if (!rc)
		file_run(&level[depth - 1], path);
	while (i-- > 0) {
		agent_stop(&level[i]);
		__sync_fetch_and_add(&shared->ended, 1);
	}
}

static void step(struct slot *slots)
{
	struct slot *slot = &slots[chance(SLOTS)];
	unsigned int n = chance(200);

	if (n < 60)
		slot->used ? end(slot) : start(slot);
	else if (n < 130)
		run_in(slot);
	else if (n < 160)
		change_program();
	else if (n < 180)
		look_at(slot);
	else if (n < 188 && slot->used)
		ima_load_policy(&slot->agent, "dont_measure fowner=12\n");
	else if (n < 192 && slot->has_tpm)
		vtpm_kill(&slot->tpm);
	else if (n < 194)
		file_put_text(NULL, "/proc/sys/vm/drop_caches", "3");
	else if (n < 196)
		tower();
}

static void worker(int number)
{
	static struct slot slots[SLOTS];
	int i;

	seed = 12345 + number;
	while (!is_over())
		step(slots);
	for (i = 0; i < SLOTS; i++)
		end(&slots[i]);
}

static void mix(void)
{
	char path[300];
	int i;

	for (i = 0; i < PROGRAMS; i++) {
		snprintf(path, sizeof(path), "%s/program%d", directory, i);
		if (scratch_version(path, 1))
			fail("%s cannot be made", path);
	}
	if (ima_load_policy(NULL, EXEC_RULE))
		fail("the host takes no rule");
	for (i = 0; i < WORKERS; i++)
		if (!fork()) {
			worker(i);
			_exit(0);
		}
	while (!is_over()) {
		sleep(10);
		printf("# %ld made, %ld ended, %ld runs, %ld changes, %ld failures\n",
		       shared->made, shared->ended, shared->runs,
		       shared->written, shared->failures);
		fflush(stdout);
	}
	for (i = 0; i < WORKERS; i++) {
		int status;

		if (wait(&status) < 0 || status)
			fail("a worker died: status %#x", status);
	}
}

/* --- churn */

struct cache {
	char name[64];
	long objects;
	long size;
};

struct memory {
	struct cache cache[512];
	int caches;
	long kernel;	/* Slab and Percpu in bytes */
	long listed;	/* entries of init's list */
};

static void read_slabs(struct memory *m)
{
	FILE *f = fopen("/proc/slabinfo", "r");
	char line[512];

	m->caches = 0;
	while (f && fgets(line, sizeof(line), f)) {
		struct cache *c = &m->cache[m->caches];
		long total;

		if (m->caches < 512 && line[0] != '#' &&
		    sscanf(line, "%63s %ld %ld %ld", c->name, &c->objects,
			   &total, &c->size) == 4)
			m->caches++;
	}
	if (f)
		fclose(f);
}

static void read_memory(struct memory *m)
{
	char text[8192], *slab, *percpu;

	/* Behind grace periods, and behind the workers that end namespaces. */
	sleep(3);
	file_put_text(NULL, "/proc/sys/vm/drop_caches", "3");
	sleep(1);
	file_put_text(NULL, "/proc/sys/vm/drop_caches", "3");
	memset(m, 0, sizeof(*m));
	read_slabs(m);
	m->listed = ima_count(NULL);
	if (file_get(NULL, "/proc/meminfo", text, sizeof(text)) < 0)
		return;
	slab = strstr(text, "\nSlab:");
	percpu = strstr(text, "\nPercpu:");
	if (slab && percpu)
		m->kernel = (atol(slab + 6) + atol(percpu + 8)) * 1024;
}

static const struct cache *find_cache(const struct memory *m, const char *name)
{
	int i;

	for (i = 0; i < m->caches; i++)
		if (!strcmp(m->cache[i].name, name))
			return &m->cache[i];
	return NULL;
}

/* What grew, and for how many objects each namespace and each entry stands. */
static void show_growth(const struct memory *before, const struct memory *after,
			long namespaces)
{
	long entries = after->listed - before->listed, other;
	int i;

	printf("# %ld namespaces, %ld entries more in init's list\n",
	       namespaces, entries);
	printf("# %-24s %9s %11s %14s\n", "cache", "objects", "bytes",
	       "per namespace");
	other = after->kernel - before->kernel;
	for (i = 0; i < after->caches; i++) {
		const struct cache *now = &after->cache[i];
		const struct cache *then = find_cache(before, now->name);
		long objects = now->objects - (then ? then->objects : 0);

		if (labs(objects * now->size) < SHOWN_BYTES)
			continue;
		printf("# %-24s %9ld %11ld %14.2f\n", now->name, objects,
		       objects * now->size, (double)objects / namespaces);
		other -= objects * now->size;
	}
	printf("# %-24s %9s %11ld\n", "all else, and slack", "", other);
	printf("# %-24s %9s %11ld %14.2f bytes\n", "Slab and Percpu", "",
	       after->kernel - before->kernel,
	       (double)(after->kernel - before->kernel) / namespaces);
}

static long churn_below(struct agent *parent, const char *program, long count)
{
	long done;

	for (done = 0; done < count && time(NULL) < deadline; done++) {
		struct agent child = {};
		int rc = ima_start_new(&child, parent, 0, EXEC_RULE);

		if (!rc)
			rc = file_run(&child, program);
		if (rc) {
			fail("namespace %ld: %d", done, rc);
			agent_stop(&child);
			break;
		}
		agent_stop(&child);
		if (done % 500 == 499) {
			printf("# %ld made\n", done + 1);
			fflush(stdout);
		}
	}
	__sync_fetch_and_add(&shared->made, done);
	__sync_fetch_and_add(&shared->ended, done);
	return done;
}

static void churn(long seconds)
{
	static struct memory before, after;
	struct agent parent = {};
	long done, entries, grown;
	char path[300];

	/* The first half may not take the time of the second. */
	deadline -= seconds / 2;

	snprintf(path, sizeof(path), "%s/program", directory);
	if (scratch_program(path, "stress")) {
		fail("%s cannot be made", path);
		return;
	}
	churn_below(NULL, path, 50);

	/* Below init: its list keeps the records until the next boot. */
	read_memory(&before);
	done = churn_below(NULL, path, wanted / 2);
	read_memory(&after);
	if (!done)
		return;
	show_growth(&before, &after, done);
	entries = after.listed - before.listed;
	if (entries != RECORDS * done)
		fail("%ld entries of %ld namespaces instead of %d of each",
		     entries, done, RECORDS);
	grown = after.kernel - before.kernel;
	if (grown > RECORDS * RECORD_BYTES * done + KEPT_BYTES)
		fail("%ld bytes for %ld records", grown, entries);

	/* Below one that ends: of its list nothing stays either. */
	read_memory(&before);
	if (ima_start_new(&parent, NULL, 0, EXEC_RULE)) {
		fail("no namespace to put others in");
		return;
	}
	deadline = time(NULL) + seconds / 2;
	done = churn_below(&parent, path, wanted / 2);
	agent_stop(&parent);
	read_memory(&after);
	if (!done)
		return;
	show_growth(&before, &after, done);
	grown = after.kernel - before.kernel;
	if (after.listed - before.listed != RECORDS)
		fail("%ld entries in init's list instead of %d",
		     after.listed - before.listed, RECORDS);
	if (!memory_uncounted() && grown > REST_BYTES * done + KEPT_BYTES)
		fail("%ld bytes did not come back", grown);
}

/* The limits for others are not what is to be seen here. */
static void lift_limits(void)
{
	file_put_text(NULL, "/proc/sys/kernel/ima_ns/activation_burst", "0");
	file_put_text(NULL, "/proc/sys/kernel/ima_ns/policy_burst", "0");
}

int main(int argc, char **argv)
{
	int log = kmsg_open();
	long warnings;

	if (argc != 4 || (strcmp(argv[1], "mix") && strcmp(argv[1], "churn"))) {
		fprintf(stderr, "stress mix|churn NAMESPACES SECONDS\n");
		return 2;
	}
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED || log < 0 ||
	    scratch_directory(directory, sizeof(directory))) {
		fprintf(stderr, "stress: must be root inside tools/dev/vm\n");
		return 2;
	}
	wanted = atol(argv[2]);
	deadline = time(NULL) + atol(argv[3]);
	lift_limits();
	if (!strcmp(argv[1], "mix"))
		mix();
	else
		churn(atol(argv[3]));
	scratch_remove(directory);
	warnings = warnings_count(log);
	if (warnings)
		fail("%ld reports in the kernel log", warnings);
	printf("# %ld of %ld namespaces made, %ld ended, %ld runs, %ld changes\n",
	       shared->made, wanted, shared->ended, shared->runs,
	       shared->written);
	if (!shared->made)
		fail("nothing was done");
	printf("%s: %ld failures\n", argv[1], shared->failures);
	return shared->failures ? 1 : 0;
}
