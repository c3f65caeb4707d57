// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reading ima/ns: directories that look like it, and one that is changed all
 * the time in the order in which the kernel does it.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "host.h"
#include "mklist.h"
#include "tap.h"
#include "view.h"

#define A64 "abababababababababababababababababababababababababababababababab"

static char dir[] = "/tmp/imans-test-XXXXXX";

static void must(bool good, const char *what)
{
	if (good)
		return;
	perror(what);
	_exit(99);
}

static char *path_of(uint64_t id, const char *file)
{
	if (!id)
		return xasprintf("%s/integrity/ima/%s", dir, file);
	return xasprintf("%s/integrity/ima/ns/%llu/%s", dir,
			 (unsigned long long)id, file);
}

/* Appears at once and whole, as what the kernel shows. */
static void put_file(uint64_t id, const char *file, const void *data, size_t len)
{
	char *tmp = xasprintf("%s/tmp", dir), *path = path_of(id, file);
	int fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	must(fd >= 0 && write(fd, data, len) == (ssize_t)len, tmp);
	close(fd);
	must(!rename(tmp, path), path);
	free(tmp);
	free(path);
}

static void append_file(uint64_t id, const void *data, size_t len)
{
	char *path = path_of(id, "binary_runtime_measurements");
	int fd = open(path, O_WRONLY | O_APPEND);

	must(fd >= 0 && write(fd, data, len) == (ssize_t)len, path);
	close(fd);
	free(path);
}

static void drop_file(uint64_t id, const char *file)
{
	char *path = path_of(id, file);

	must(!remove(path), path);
	free(path);
}

/* A namespace, and how much of its list is in its file. */
struct fake {
	struct mklist l;
	uint64_t id, parent;
	size_t written;
	uint64_t policies;
	bool pending;
};

static void put_status(const struct fake *f, const char *state)
{
	char acc[65], *text;

	hex_encode(f->l.acc, 32, acc);
	text = xasprintf("id: %llu\nuuid: x\nparent: %llu\nuserns: 4026532000\nlevel: 1\nstate: %s\ncreated: 1\nlabel: a: b\nhash: sha256\ntemplate: ima-ng\nentries: %zu\nviolations: 0\nbytes: 1\npending: %d\ntpm: none\npolicy: unknown\nacc: sha256:%s %zu\n",
			 (unsigned long long)f->id,
			 (unsigned long long)f->parent, state,
			 f->l.entries, f->pending, acc, f->l.entries);
	put_file(f->id, "status", text, strlen(text));
	free(text);
}

/* acc first, then the list. */
static void flush_list(struct fake *f)
{
	if (f->id)
		put_status(f, "active");
	append_file(f->id, f->l.b.data + f->written, f->l.b.len - f->written);
	f->written = f->l.b.len;
}

static void begin(struct fake *f, uint64_t id, uint64_t parent)
{
	memset(f, 0, sizeof(*f));
	f->id = id;
	f->parent = parent;
	mk_begin(&f->l, "sha1");
	mk_file(&f->l, 10, 1, "boot_aggregate");
}

/* The directory, then the birth, then the files can be opened. */
static void activate(struct fake *f, struct fake *parent)
{
	char *path = path_of(f->id, ""), *text;

	must(!mkdir(path, 0700), path);
	text = xasprintf("id=%llu uuid=x parent=%llu userns=1 owner=0 label= by=own hash=sha256 template=ima-ng policy=exec ca=none tpm=none exe=none",
			 (unsigned long long)f->id,
			 (unsigned long long)f->parent);
	mk_record(&parent->l, 10, "ima_ns_birth", text);
	flush_list(parent);
	put_file(f->id, "binary_runtime_measurements", f->l.b.data, f->l.b.len);
	f->written = f->l.b.len;
	put_status(f, "active");
	free(text);
	free(path);
}

static void load_policy(struct fake *f, struct fake *parent)
{
	char *text = xasprintf("id=%llu seq=%llu rules=1 policy=sha256:" A64,
			       (unsigned long long)f->id,
			       (unsigned long long)++f->policies);

	mk_record(&parent->l, 10, "ima_ns_policy", text);
	flush_list(parent);
	mk_record(&f->l, 10, "ima_ns_policy", text);
	flush_list(f);
	free(text);
}

/*
 * Dead, the record, no directory; the parent's worker may add the record later
 * if the parent is not the initial one.
 */
static void die(struct fake *f, struct fake *parent, bool record)
{
	char hex[65], *text;

	put_status(f, "dead");
	hex_encode(f->l.acc, 32, hex);
	text = xasprintf("id=%llu entries=%zu violations=0 acc=sha256:%s",
			 (unsigned long long)f->id, f->l.entries, hex);
	if (record)
		mk_record(&parent->l, 10, "ima_ns_death", text);
	if (!parent->id) {
		flush_list(parent);
	} else {
		parent->pending = true;
		put_status(parent, "active");
	}
	drop_file(f->id, "status");
	drop_file(f->id, "binary_runtime_measurements");
	drop_file(f->id, "");
	if (parent->id) {
		/* The worker takes its time. */
		usleep(1000);
		flush_list(parent);
		parent->pending = false;
		put_status(parent, "active");
	}
	mk_free(&f->l);
	free(text);
}

static struct fake host;

static void make_host(void)
{
	char *ima = xasprintf("%s/integrity/ima/ns", dir), *p;

	for (p = ima + strlen(dir) + 1; (p = strchr(p, '/')); p++) {
		*p = '\0';
		mkdir(ima, 0700);
		*p = '/';
	}
	mkdir(ima, 0700);
	begin(&host, 0, 0);
	put_file(0, "binary_runtime_measurements", host.l.b.data,
		 host.l.b.len);
	host.written = host.l.b.len;
	free(ima);
}

/* A few lives, one below another; until this is killed. */
static void live_on(bool lose_some)
{
	uint64_t id = 1, n;

	for (n = 0; ; n++) {
		struct fake a, b, c;
		int i;

		begin(&a, id++, 0);
		begin(&c, id++, 0);
		/* The order of activations is not that of the ids. */
		activate(&c, &host);
		activate(&a, &host);
		begin(&b, id++, a.id);
		activate(&b, &a);
		for (i = 0; i < 3; i++) {
			load_policy(&a, &host);
			load_policy(&b, &a);
			mk_file(&c.l, 10, 3, "/bin/c");
			flush_list(&c);
		}
		die(&c, &host, !lose_some || n % 4);
		die(&b, &a, true);
		mk_file(&a.l, 10, 4, "/bin/last");
		flush_list(&a);
		die(&a, &host, true);
	}
}

static pid_t start_living(bool lose_some)
{
	pid_t pid = fork();

	must(pid >= 0, "fork");
	if (!pid)
		live_on(lose_some);
	return pid;
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + 1e-9 * (double)ts.tv_nsec;
}

struct tally {
	size_t looks, problems, undecided, alive, ended;
};

static bool look(struct host *h, struct tally *t)
{
	struct lives_verdict v;
	struct lives_input in;
	size_t i;

	if (!host_look(h))
		return false;
	in = host_input(h, false);
	if (!lives_judge(&in, &v))
		return false;
	t->looks++;
	t->problems += v.problems.n;
	t->undecided += v.undecided.n > 0;
	t->alive += in.nns;
	for (i = 0; i < in.nlists; i++)
		t->ended += in.list[i].final;
	if (v.problems.n && t->problems == v.problems.n)
		note("problem: %s", v.problems.text[0]);
	lives_free(&v);
	return true;
}

static bool saw_enough(const struct tally *t, bool lose_some)
{
	return t->looks > 10 && t->alive && t->ended &&
	       (t->problems || !lose_some);
}

/*
 * As verify --host again and again, for some time; longer on a machine that is
 * busy with other things.
 */
static bool look_for(double seconds, struct tally *t, bool lose_some)
{
	static const struct host_sources src = { .dir = dir };
	double begun = now();
	bool good = true;

	memset(t, 0, sizeof(*t));
	while (good && now() < begun + 30 &&
	       (now() < begun + seconds || !saw_enough(t, lose_some))) {
		struct host h;
		int i;

		good = host_begin(&h, &src);
		for (i = 0; good && i < 3; i++)
			good = look(&h, t);
		host_end(&h);
	}
	return good;
}

static void clean_up(void)
{
	char *command = xasprintf("rm -rf %s", dir);

	must(!system(command), command);
	free(command);
}

static void races(bool lose_some)
{
	struct tally t;
	int status;
	pid_t pid;

	must(mkdir(dir, 0700) == 0 || !access(dir, F_OK), dir);
	make_host();
	pid = start_living(lose_some);
	ok(look_for(2, &t, lose_some), "lists that change can be read");
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	ok(WIFSIGNALED(status), "... and did change");
	note("%zu looks, %zu undecided, %zu directories, %zu ended meanwhile",
	     t.looks, t.undecided, t.alive, t.ended);
	ok(t.looks > 10 && t.alive && t.ended,
	   "namespaces lived and died meanwhile");
	if (lose_some)
		ok(t.problems, "a death without a record is seen");
	else
		ok(!t.problems, "births and deaths meanwhile are no problem");
	ok(t.undecided < t.looks, "not everything is undecided");
	mk_free(&host.l);
	clean_up();
}

/* An end while the list is open: it is compared with the death record. */
static void compares_who_dies_meanwhile(bool honest)
{
	static const struct host_sources src = { .dir = dir };
	struct tally t = { 0 };
	struct fake a;
	struct host h;

	must(!mkdir(dir, 0700), dir);
	make_host();
	begin(&a, 1, 0);
	activate(&a, &host);
	ok(host_begin(&h, &src) && look(&h, &t) && !t.problems,
	   "one namespace, alive");
	mk_file(&a.l, 10, 2, "/bin/two");
	flush_list(&a);
	if (!honest)
		a.l.acc[0] ^= 1;
	die(&a, &host, true);
	ok(look(&h, &t) && t.ended && t.problems == !honest,
	   "%s", honest ? "dead, as its list says" : "dead with another acc");
	ok(look(&h, &t) && t.problems == (honest ? 0 : 2), "and again");
	host_end(&h);
	mk_free(&host.l);
	clean_up();
}

/* Also the first look knows what a list below the host's had. */
static void misses_nested_ones(void)
{
	static const struct host_sources src = { .dir = dir };
	struct tally t = { 0 };
	struct fake a, b;
	struct host h;

	must(!mkdir(dir, 0700), dir);
	make_host();
	begin(&a, 1, 0);
	activate(&a, &host);
	begin(&b, 2, 1);
	activate(&b, &a);
	die(&b, &a, false);
	ok(host_begin(&h, &src) && look(&h, &t) &&
	   t.problems == 1, "a nested one that has disappeared");
	host_end(&h);
	mk_free(&a.l);
	mk_free(&host.l);
	clean_up();
}

int main(void)
{
	must(mkdtemp(dir), dir);
	races(false);
	must(!mkdir(dir, 0700), dir);
	races(true);
	compares_who_dies_meanwhile(true);
	compares_who_dies_meanwhile(false);
	misses_nested_ones();
	return tap_done();
}
