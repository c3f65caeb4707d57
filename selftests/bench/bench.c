// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counts the instructions that IMA costs, and the bytes; tools/dev/bench runs
 * this on a kernel with and on one without IMA namespaces and compares.
 *
 *	bench [-q] [-r ROUNDS] SCENE
 *
 * A scene needs a boot of its own: rules are never taken back, and that there
 * was a namespace is never forgotten.  Each line of output is
 *
 *	QUANTITY ROUND MEDIAN LEAST MEAN
 *
 * of the operations of one round.  What was counted is what it is called: that
 * a list grew, or did not, is looked at in each round, and if it is not as it
 * should be, that is the end.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "agent.h"
#include "crowd.h"
#include "file.h"
#include "ima.h"
#include "ns.h"
#include "ops.h"
#include "scratch.h"

/* One rule, and only for the files below /scratch. */
#define FILE_RULE "measure func=FILE_CHECK mask=MAY_READ fsmagic=0xef53\n"

/* The same for appraisal.  Labels with a digest will do: the pass is counted. */
#define APPRAISE_FILE_RULE						\
	"appraise func=FILE_CHECK mask=MAY_READ fsmagic=0xef53\n"
#define APPRAISE_EXEC_RULE						\
	"appraise func=BPRM_CHECK mask=MAY_EXEC fsmagic=0xef53\n"

#define MAX_ROUNDS	31
#define DEPTH		16

static const unsigned int depths[] = { 1, 4, DEPTH };

#define for_each_depth(d)						\
	for (d = depths; d < depths + sizeof(depths) / sizeof(*depths); d++)

static unsigned int rounds = 9;
static bool quick;
static bool has_ns;

static char dir[256];
static char file[MAX_ROUNDS][320];	/* to be opened */
static char program[MAX_ROUNDS][320];	/* to be executed */
static char text[MAX_ROUNDS][320];	/* executable, and no program */

static void __attribute__((noreturn, format(printf, 1, 2)))
die(const char *fmt, ...)
{
	va_list args;

	fflush(stdout);
	va_start(args, fmt);
	fprintf(stderr, "bench: ");
	vfprintf(stderr, fmt, args);
	fprintf(stderr, "\n");
	va_end(args);
	scratch_remove(dir);
	exit(1);
}

/* Dies of a negative errno. */
static long must(const char *what, long ret)
{
	if (ret < 0)
		die("%s: %s", what, strerror(-ret));
	return ret;
}

static void make_files(void)
{
	unsigned int i;

	must("/scratch", scratch_directory(dir, sizeof(dir)));
	for (i = 0; i < rounds; i++) {
		snprintf(file[i], sizeof(file[i]), "%s/file%u", dir, i);
		must(file[i], scratch_text(file[i], "nothing yet\n"));
		snprintf(program[i], sizeof(program[i]), "%s/program%u", dir,
			 i);
		must(program[i], scratch_program(program[i], "."));
		snprintf(text[i], sizeof(text[i]), "%s/text%u", dir, i);
		must(text[i], scratch_text(text[i], "No binary format.\n"));
		if (chmod(text[i], 0755))
			die("%s: %s", text[i], strerror(errno));
	}
}

/**
 * struct place - where something is counted
 * @agent: who does it, NULL for this process, in the initial namespaces
 * @list: whose list tells whether it was measured
 */
struct place {
	struct agent *agent;
	struct agent *list;
};

static const struct place init_place;

/* How often an operation is done in one round. */
static unsigned int samples_of(enum op op)
{
	switch (op) {
	case OP_OPEN:
		return quick ? 31 : 101;
	case OP_ACTIVATE:
		return 1;
	default:
		return quick ? 11 : 51;
	}
}

static void print_sample(const char *name, unsigned int round,
			 const struct sample *sample)
{
	printf("%s %u %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", name, round,
	       sample->median, sample->least, sample->mean);
	fflush(stdout);
}

/* Does the operation, and is the list longer by @more then? */
static void expect(const struct place *place, enum op op, const char *path,
		   unsigned int n, struct sample *sample, const char *name,
		   long more)
{
	long before, after;

	before = must("count", ima_count(place->list));
	must(name, op_run(place->agent, op, path, n, sample));
	after = must("count", ima_count(place->list));
	if (after - before != more)
		die("%s: %ld entries instead of %ld", name, after - before,
		    more);
}

static const char *path_of(enum op op, unsigned int round)
{
	return op == OP_EXEC ? program[round] :
	       op == OP_EXEC_REFUSED ? text[round] : file[round];
}

/*
 * Counts one operation in all rounds.  The file is first changed, so that, if
 * some rule is for it, it is measured once, and is known when the counting
 * begins.
 */
static void count(const struct place *place, enum op op, bool measured,
		  const char *fmt, ...)
{
	unsigned int i, n = samples_of(op);
	struct sample sample;
	char name[64];
	va_list args;

	va_start(args, fmt);
	vsnprintf(name, sizeof(name), fmt, args);
	va_end(args);

	for (i = 0; i < rounds; i++) {
		const char *path = path_of(op, i);

		must(path, scratch_append(path, "."));
		expect(place, op, path, 1, NULL, name, measured);
		expect(place, op, path, n, &sample, name,
		       measured && op == OP_FIRST ? n : 0);
		print_sample(name, i, &sample);
	}
}

/* A label as the kernel makes it: IMA_XATTR_DIGEST_NG, HASH_ALGO_SHA256, digest. */
struct label {
	unsigned char value[2 + 32];
};

static void make_label(const char *path, struct label *label)
{
	char command[512];
	FILE *f;
	int i;

	snprintf(command, sizeof(command), "sha256sum %s", path);
	f = popen(command, "r");
	if (!f)
		die("%s: %s", command, strerror(errno));
	label->value[0] = 0x04;
	label->value[1] = 0x04;
	for (i = 2; i < 2 + 32; i++)
		if (fscanf(f, "%2hhx", &label->value[i]) != 1)
			die("%s: no digest", command);
	pclose(f);
}

static void make_labels(struct label *labels, enum op op)
{
	unsigned int i;

	for (i = 0; i < rounds; i++)
		make_label(path_of(op, i), &labels[i]);
}

static void set_label(const char *path, const struct label *label)
{
	if (setxattr(path, "security.ima", label, sizeof(*label), 0))
		die("label of %s: %s", path, strerror(errno));
}

/*
 * Counts what is appraised and has passed before, with labels that were made
 * before there was a rule.  That it is appraised shows in that another label is
 * refused.
 */
static void count_appraised(const struct place *place, enum op op,
			    const struct label *labels, const char *name)
{
	unsigned int i, n = samples_of(op);
	struct sample sample;
	struct label wrong;
	int ret;

	for (i = 0; i < rounds; i++) {
		const char *path = path_of(op, i);

		wrong = labels[i];
		wrong.value[2] ^= 1;
		set_label(path, &wrong);
		ret = op_run(place->agent, op, path, 1, NULL);
		/* Who waits for what vfork() made learns a status, no errno. */
		if (ret != (op == OP_EXEC ? -ENOEXEC : -EACCES))
			die("%s: %d with a wrong label", name, ret);
		set_label(path, &labels[i]);
		must(name, op_run(place->agent, op, path, 1, NULL));
		must(name, op_run(place->agent, op, path, n, &sample));
		print_sample(name, i, &sample);
	}
}

static void load(struct agent *agent, const char *rules)
{
	must("policy", ima_load_policy(agent, rules));
}

/* Makes the list at least this long. */
static void fill(const struct place *place, long entries)
{
	long n = entries - must("count", ima_count(place->list));

	if (n > 0)
		expect(place, OP_FIRST, file[0], n, NULL, "fill", n);
}

/* Slab and Percpu in bytes, without what is only kept for later. */
static double kernel_memory(void)
{
	char buf[8192], *slab, *percpu;
	int i;

	/* What RCU frees comes late, and sleeping costs nothing here. */
	for (i = 0; i < 4; i++) {
		sync();
		must("drop_caches",
		     file_put_text(NULL, "/proc/sys/vm/drop_caches", "3"));
		sleep(2);
	}
	must("meminfo", file_get(NULL, "/proc/meminfo", buf, sizeof(buf)));
	slab = strstr(buf, "\nSlab:");
	percpu = strstr(buf, "\nPercpu:");
	if (!slab || !percpu)
		die("no Slab or Percpu in /proc/meminfo");
	return (strtod(slab + 6, NULL) + strtod(percpu + 8, NULL)) * 1024;
}

static void print_bytes(const char *name, double bytes)
{
	printf("%s 0 %.1f %.1f %.1f\n", name, bytes, bytes, bytes);
	fflush(stdout);
}

/* Bytes for each of so many entries more. */
static void count_entry_bytes(const struct place *place, unsigned int entries,
			      const char *name)
{
	long first = must("count", ima_count(place->list));
	double before = kernel_memory();

	fill(place, first + entries);
	print_bytes(name, (kernel_memory() - before) / entries);
}

static void count_long_lists(const struct place *place, const char *where)
{
	char name[64];

	if (quick)
		return;
	fill(place, 1000);
	count(place, OP_FIRST, true, "first.%s.1000", where);
	snprintf(name, sizeof(name), "bytes.entry.%s", where);
	count_entry_bytes(place, 20000, name);
	fill(place, 100000);
	count(place, OP_FIRST, true, "first.%s.100000", where);
}

static void count_exec(const struct place *place, bool measured,
		       const char *where)
{
	count(place, OP_EXEC_REFUSED, measured, "refused.%s", where);
	count(place, OP_EXEC, measured, "exec.%s", where);
}

/* The initial namespace: without rules, without one for the hook, with one. */
static void in_init(void)
{
	struct label files[MAX_ROUNDS];

	count(&init_place, OP_OPEN, false, "open.norule");
	count_exec(&init_place, false, "norule");

	load(NULL, EXEC_RULE);
	count(&init_place, OP_OPEN, false, "open.otherrule");
	count_exec(&init_place, true, "rule");

	load(NULL, FILE_RULE);
	count(&init_place, OP_OPEN, true, "open.rule");
	count(&init_place, OP_FIRST, true, "first.init");
	count_long_lists(&init_place, "init");

	make_labels(files, OP_OPEN);
	load(NULL, APPRAISE_FILE_RULE);
	count_appraised(&init_place, OP_OPEN, files, "open.appraised");
}

static void scene_alone(void)
{
	in_init();
}

static void scene_child(void)
{
	struct agent child = {};

	must("agent", ns_start_same_pid(&child, NULL, 0));
	must("child", ima_start(&child, NULL));
	in_init();
	agent_stop(&child);
}

/**
 * struct chain - user namespaces in user namespaces
 * @agent: one in each, the first at depth 1
 * @place: the same as places
 */
struct chain {
	struct agent agent[DEPTH];
	struct place place[DEPTH];
};

/*
 * @first are the rules of the first one, @others those of the others; who has
 * NULL is not active.  On a kernel without IMA namespaces nobody is.
 */
static void chain_start(struct chain *chain, const char *first,
			const char *others)
{
	struct agent *parent = NULL, *list = NULL;
	int i;

	memset(chain, 0, sizeof(*chain));
	for (i = 0; i < DEPTH; i++) {
		struct agent *agent = &chain->agent[i];
		const char *rules = i ? others : first;

		must("agent", ns_start_same_pid(agent, parent, 0));
		if (has_ns && rules) {
			must("namespace", ima_start(agent, rules));
			if (!list || !strcmp(rules, first))
				list = agent;
		}
		chain->place[i] = (struct place){ agent, list };
		parent = agent;
	}
}

static void chain_load(struct chain *chain, const char *rules)
{
	int i;

	for (i = 0; has_ns && i < DEPTH; i++)
		load(&chain->agent[i], rules);
}

static void chain_stop(struct chain *chain)
{
	int i;

	for (i = DEPTH - 1; i >= 0; i--)
		agent_stop(&chain->agent[i]);
}

static void count_chain(struct chain *chain, enum op op, bool measured,
			const char *name)
{
	const unsigned int *d;

	for_each_depth(d)
		count(&chain->place[*d - 1], op, measured, "%s.depth%u", name,
		      *d);
}

static void count_activation(void)
{
	struct agent child = {};
	struct sample sample;
	unsigned int i;

	for (i = 0; i < rounds; i++) {
		must("agent", ns_start_same_pid(&child, NULL, 0));
		must("securityfs", ima_mount(&child));
		must("activate", op_run(&child, OP_ACTIVATE, IMA_DIR "/active",
					1, &sample));
		print_sample("activate", i, &sample);
		agent_stop(&child);
	}
}

/* In children, without and then with rules of the initial namespace. */
static void scene_inside(void)
{
	struct chain chain;

	has_ns = ima_has_namespaces();
	if (has_ns) {
		count_activation();
		chain_start(&chain, FILE_RULE, EXEC_RULE);
		count_chain(&chain, OP_OPEN, true, "open.otherrules");
		chain_stop(&chain);
		chain_start(&chain, FILE_RULE, NULL);
		count_chain(&chain, OP_OPEN, true, "open.inactive");
		chain_stop(&chain);
	}

	chain_start(&chain, FILE_RULE, FILE_RULE);
	count_chain(&chain, OP_OPEN, has_ns, "open.own");
	count_chain(&chain, OP_FIRST, has_ns, "first.own");
	if (has_ns)
		count_entry_bytes(&chain.place[0], quick ? 2000 : 20000,
				  "bytes.entry.child");
	chain_load(&chain, EXEC_RULE);
	count_chain(&chain, OP_EXEC_REFUSED, has_ns, "refused.own");
	count_chain(&chain, OP_EXEC, has_ns, "exec.own");
	chain_stop(&chain);

	load(NULL, FILE_RULE);
	chain_start(&chain, FILE_RULE, FILE_RULE);
	count_chain(&chain, OP_OPEN, true, "open.both");
	count_chain(&chain, OP_FIRST, true, "first.both");
	count_long_lists(&chain.place[0], "both");
	chain_load(&chain, EXEC_RULE);
	load(NULL, EXEC_RULE);
	count_chain(&chain, OP_EXEC_REFUSED, true, "refused.both");
	count_chain(&chain, OP_EXEC, true, "exec.both");
	chain_stop(&chain);
}

static void count_chain_appraised(struct chain *chain, enum op op,
				  const struct label *labels, const char *name)
{
	const unsigned int *d;
	char full[64];

	for_each_depth(d) {
		snprintf(full, sizeof(full), "%s.depth%u", name, *d);
		count_appraised(&chain->place[*d - 1], op, labels, full);
	}
}

/* As scene_inside(), with rules that appraise. */
static void scene_appraise(void)
{
	struct label files[MAX_ROUNDS], programs[MAX_ROUNDS], texts[MAX_ROUNDS];
	struct chain chain;

	has_ns = ima_has_namespaces();
	make_labels(files, OP_OPEN);
	make_labels(programs, OP_EXEC);
	make_labels(texts, OP_EXEC_REFUSED);
	if (has_ns) {
		chain_start(&chain, APPRAISE_FILE_RULE, APPRAISE_FILE_RULE);
		count_chain_appraised(&chain, OP_OPEN, files, "open.own");
		chain_load(&chain, APPRAISE_EXEC_RULE);
		count_chain_appraised(&chain, OP_EXEC_REFUSED, texts,
				      "refused.own");
		count_chain_appraised(&chain, OP_EXEC, programs, "exec.own");
		chain_stop(&chain);
	}

	chain_start(&chain, APPRAISE_FILE_RULE, APPRAISE_FILE_RULE);
	load(NULL, APPRAISE_FILE_RULE);
	count_chain_appraised(&chain, OP_OPEN, files, "open.both");
	chain_load(&chain, APPRAISE_EXEC_RULE);
	load(NULL, APPRAISE_EXEC_RULE);
	count_chain_appraised(&chain, OP_EXEC_REFUSED, texts, "refused.both");
	count_chain_appraised(&chain, OP_EXEC, programs, "exec.both");
	chain_stop(&chain);
}

/* Does it matter how many others know the files?  They have to stay known. */
static void count_known(const struct place *place, const char *name)
{
	struct sample sample;
	unsigned int i;

	for (i = 0; i < rounds; i++) {
		expect(place, OP_OPEN, file[i], samples_of(OP_OPEN), &sample,
		       name, 0);
		print_sample(name, i, &sample);
	}
}

static void scene_crowd(void)
{
	const char *files[MAX_ROUNDS + 1] = {};
	struct agent child = {};
	struct place place = { &child, &child };
	struct crowd crowd;
	unsigned int i;

	must("agent", ns_start_same_pid(&child, NULL, 0));
	must("child", ima_start(&child, FILE_RULE));
	for (i = 0; i < rounds; i++) {
		expect(&place, OP_OPEN, file[i], 1, NULL, "first open", 1);
		files[i] = file[i];
	}
	count_known(&place, "open.known1");
	must("crowd", crowd_start(&crowd, 999, CROWD_ACTIVE, FILE_RULE, files));
	count_known(&place, "open.known1000");
	crowd_stop(&crowd);
	agent_stop(&child);
}

/* What an object of a cache takes, its share of the slab's pages included. */
static double object_bytes(const char *cache)
{
	char line[512], name[64];
	FILE *f = fopen("/proc/slabinfo", "r");
	long active, all, size, per_slab, pages;
	double bytes = 0;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%63s %ld %ld %ld %ld %ld", name, &active, &all,
			   &size, &per_slab, &pages) == 6 &&
		    !strcmp(name, cache))
			bytes = (double)pages * sysconf(_SC_PAGESIZE) / per_slab;
	if (!bytes)
		die("no cache %s in /proc/slabinfo", cache);
	fclose(f);
	return bytes;
}

/*
 * What init sees of a namespace: a directory and its files, each a dentry and an
 * inode.  This does not go with the namespace's own mount.
 */
static double view_bytes(void)
{
	static char names[65536];
	char path[128], *at;
	int files = 1;
	long id, highest = 0;

	must("ima/ns", file_list(NULL, IMA_DIR "/ns", names, sizeof(names)));
	for (at = strtok(names, "\n"); at; at = strtok(NULL, "\n")) {
		id = atol(at);
		highest = id > highest ? id : highest;
	}
	snprintf(path, sizeof(path), IMA_DIR "/ns/%ld", highest);
	must("view", file_list(NULL, path, names, sizeof(names)));
	for (at = strtok(names, "\n"); at; at = strtok(NULL, "\n"))
		files++;
	return files * (object_bytes("dentry") + object_bytes("inode_cache"));
}

static void count_crowd_bytes(enum crowd_kind kind, const char *name)
{
	const unsigned int n = 1000;
	struct crowd crowd;
	double before, bytes;

	/* What the first one brings along for all is not counted. */
	must("crowd", crowd_start(&crowd, 1, kind, NULL, NULL));
	crowd_stop(&crowd);
	before = kernel_memory();
	must("crowd", crowd_start(&crowd, n, kind, NULL, NULL));
	bytes = (kernel_memory() - before) / n;
	print_bytes(name, bytes);
	if (kind == CROWD_UNMOUNTED)
		print_bytes("bytes.unmounted.noview", bytes - view_bytes());
	crowd_stop(&crowd);
}

static void scene_memory_tmpfs(void)
{
	count_crowd_bytes(CROWD_TMPFS, "bytes.tmpfs");
}

static void scene_memory_mounted(void)
{
	count_crowd_bytes(CROWD_ACTIVE, "bytes.mounted");
}

static void scene_memory_unmounted(void)
{
	count_crowd_bytes(CROWD_UNMOUNTED, "bytes.unmounted");
}

static void load_module(const char *options)
{
	const char *path = getenv("IMANS_MODULE");
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;

	if (fd < 0)
		die("no module: IMANS_MODULE=%s", path ? path : "");
	if (syscall(SYS_finit_module, fd, options, 0))
		die("%s %s: %s", path, options, strerror(errno));
	close(fd);
}

/* The last namespaces end some time after their last processes. */
static void unload_module(void)
{
	int i;

	for (i = 0; i < 300; i++) {
		if (!syscall(SYS_delete_module, "ima_ns", O_NONBLOCK))
			return;
		if (errno != EWOULDBLOCK)
			break;
		usleep(100000);
	}
	die("delete_module: %s", strerror(errno));
}

/* What is new in one namespace, with so many others that are anchored, too. */
static void count_anchored(const char *mode)
{
	static const unsigned int more[] = { 0, 99, 900 };
	struct crowd crowd[sizeof(more) / sizeof(*more)] = {};
	struct agent child = {};
	struct place place = { &child, &child };
	unsigned int i, n = 1;

	must("agent", ns_start_same_pid(&child, NULL, 0));
	must("child", ima_start(&child, FILE_RULE));
	for (i = 0; i < sizeof(more) / sizeof(*more); i++) {
		must("crowd", crowd_start(&crowd[i], more[i], CROWD_ACTIVE,
					  FILE_RULE, NULL));
		n += more[i];
		count(&place, OP_FIRST, true, "first.%s.%u", mode, n);
	}
	for (i = 0; i < sizeof(more) / sizeof(*more); i++)
		crowd_stop(&crowd[i]);
	agent_stop(&child);
}

/* Without a TPM: what it takes is not what is counted here. */
static void scene_anchor(void)
{
	count_anchored("alone");
	load_module("anchor=batch");
	count_anchored("batch");
	unload_module();
	load_module("anchor=sync");
	count_anchored("sync");
	unload_module();
	load_module("mode=concat anchor=batch");
	count_anchored("concat.batch");
	unload_module();
	load_module("mode=concat anchor=sync");
	count_anchored("concat.sync");
	unload_module();
}

static const struct {
	const char *name;
	void (*run)(void);
} scenes[] = {
	{ "alone", scene_alone },
	{ "child", scene_child },
	{ "inside", scene_inside },
	{ "appraise", scene_appraise },
	{ "crowd", scene_crowd },
	{ "anchor", scene_anchor },
	{ "memory-tmpfs", scene_memory_tmpfs },
	{ "memory-mounted", scene_memory_mounted },
	{ "memory-unmounted", scene_memory_unmounted },
};

int main(int argc, char **argv)
{
	unsigned int i;
	int opt;

	while ((opt = getopt(argc, argv, "qr:")) != -1) {
		if (opt == 'q')
			quick = true;
		else if (opt == 'r')
			rounds = atoi(optarg);
		else
			return 2;
	}
	if (argc - optind != 1 || rounds < 1 || rounds > MAX_ROUNDS) {
		fprintf(stderr, "Usage: bench [-q] [-r ROUNDS] SCENE\n");
		return 2;
	}
	if (count_works())
		die("the time stamp counter does not count instructions");

	for (i = 0; i < sizeof(scenes) / sizeof(*scenes); i++) {
		if (strcmp(argv[optind], scenes[i].name))
			continue;
		make_files();
		scenes[i].run();
		scratch_remove(dir);
		return 0;
	}
	die("no scene is called %s", argv[optind]);
}
