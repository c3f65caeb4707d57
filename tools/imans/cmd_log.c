// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * imans log: a measurement list, readable.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "json.h"
#include "securityfs.h"
#include "show.h"

/* securityfs raises no inotify events: ask this often. */
#define FOLLOW_INTERVAL_MS 200

enum { OPT_JSON, OPT_FOLLOW, OPT_SECURITYFS };

static const struct option_spec options[] = {
	[OPT_JSON] = { "json", NULL, false,
		"Print a JSON array; with --follow one object per line." },
	[OPT_FOLLOW] = { "follow", NULL, false,
		"Go on and print entries as they come, until interrupted or the namespace has ended." },
	[OPT_SECURITYFS] = { "securityfs", "DIR", false,
		"Where securityfs is mounted. Default: " SECURITYFS_DIR "." },
	{ NULL, NULL, false, NULL },
};

static const char *const text[] = {
	"Without operand the list of the IMA namespace that securityfs shows, i.e. one's own; with the number ID of a namespace its list as the initial namespace sees it; with a path that binary list.",
	"With --follow the end of the namespace is said on standard error, after its last entry, and is no error. Neither is an interruption by SIGINT or SIGTERM: only whole entries were printed. It ends the same way if a list in a file is removed.",
	"A line has: number of the entry, PCR, template digest, template, VIOLATION if it is one, file digest, name, and what else the template has. Records of namespaces (ima_ns_birth ...) are shown in quotes; --json takes them apart.",
	NULL,
};

/* @id: the namespace whose list it is, as init sees it; 0: another list */
struct printer {
	bool json;
	bool follow;
	json_t *array;
	uint64_t id;
};

static void print_entry(struct printer *p, const struct list_entry *e,
			const struct hash_alg *hash)
{
	if (!p->json)
		show_entry(e, hash);
	else if (p->follow)
		json_finish(show_entry_json(e, hash), JSON_COMPACT);
	else
		json_push(p->array, show_entry_json(e, hash));
}

static int bad_list(const struct list_reader *r, enum list_status st)
{
	msg("%s list: %s", st == LIST_SHORT ? "truncated" : "malformed",
	    r->error);
	return IMANS_ERROR;
}

static int print_list(struct printer *p, int fd, const char *path)
{
	enum list_status st;
	struct list_reader r;
	struct list_entry e;
	struct buf b = { 0 };
	int rc = IMANS_OK;

	if (read_fd(fd, &b)) {
		msg_errno("%s", path);
		buf_free(&b);
		return IMANS_ERROR;
	}
	p->array = p->json ? json_check(json_array()) : NULL;
	list_begin(&r, b.data, b.len);
	while ((st = list_next(&r, &e)) == LIST_ENTRY)
		print_entry(p, &e, r.hash);
	if (st != LIST_END)
		rc = bad_list(&r, st);
	if (p->json)
		json_finish(p->array, JSON_INDENT(2));
	buf_free(&b);
	return rc;
}

/* What was printed leaves the buffer, half an entry stays for the next time. */
static void drop_printed(struct buf *b, struct list_reader *r)
{
	memmove(b->data, b->data + r->pos, b->len - r->pos);
	b->len -= r->pos;
	r->pos = 0;
}

static volatile sig_atomic_t interrupted;

static void on_signal(int sig)
{
	(void)sig;
	interrupted = 1;
}

/* No SA_RESTART: the pause ends, too. What the caller ignores stays ignored. */
static void catch_signals(void)
{
	static const int signals[] = { SIGINT, SIGTERM };
	struct sigaction sa = { .sa_handler = on_signal }, old;
	size_t i;

	sigemptyset(&sa.sa_mask);
	for (i = 0; i < ARRAY_SIZE(signals); i++)
		if (!sigaction(signals[i], NULL, &old) &&
		    old.sa_handler != SIG_IGN)
			sigaction(signals[i], &sa, NULL);
}

/* Print what is new; false if there can be no more. */
static bool print_new(struct printer *p, int fd, const char *path,
		      struct buf *b, struct list_reader *r)
{
	enum list_status st;
	struct list_entry e;

	if (read_fd(fd, b)) {
		msg_errno("%s", path);
		return false;
	}
	/* The first reading tells with which hash the list is kept. */
	if (!r->index)
		list_begin(r, b->data, b->len);
	r->data = b->data;
	r->len = b->len;
	while ((st = list_next(r, &e)) == LIST_ENTRY)
		print_entry(p, &e, r->hash);
	if (st == LIST_BAD) {
		bad_list(r, st);
		return false;
	}
	drop_printed(b, r);
	return !fflush(stdout);
}

/*
 * The file goes when the namespace has ended and its list is complete; what is
 * open still shows all of it.
 */
static bool is_gone(const char *path)
{
	return access(path, F_OK) && errno == ENOENT;
}

/* What is left in @b is half an entry. */
static int end_of_list(const struct printer *p, const char *path,
		       const struct buf *b)
{
	if (p->id)
		msg("namespace %llu has ended", (unsigned long long)p->id);
	else
		msg("%s is gone", path);
	if (!b->len)
		return IMANS_OK;
	msg("the list ends within an entry");
	return IMANS_ERROR;
}

static int follow_list(struct printer *p, int fd, const char *path)
{
	static const struct timespec pause = { 0, FOLLOW_INTERVAL_MS * 1000000 };
	struct list_reader r = { 0 };
	struct buf b = { 0 };
	int rc = IMANS_ERROR;

	catch_signals();
	for (;;) {
		/* First this: what is read then is all there will be. */
		bool gone = is_gone(path);

		if (!print_new(p, fd, path, &b, &r))
			break;
		if (gone) {
			rc = end_of_list(p, path, &b);
			break;
		}
		if (interrupted) {
			rc = IMANS_OK;
			break;
		}
		nanosleep(&pause, NULL);
	}
	buf_free(&b);
	return rc;
}

static char *list_path(const char *securityfs, const char *operand,
		       uint64_t *id)
{
	*id = 0;
	if (!operand)
		return securityfs_list(securityfs);
	if (parse_uint(operand, UINT64_MAX, id))
		return securityfs_ns_file(securityfs, *id, SECURITYFS_LIST);
	return xstrdup(operand);
}

static int run(struct cmdline *c)
{
	const char *securityfs = SECURITYFS_DIR;
	struct printer p = { 0 };
	int o, fd, rc;
	char *path;

	while ((o = cmdline_next(c)) >= 0) {
		if (o == OPT_JSON)
			p.json = true;
		else if (o == OPT_FOLLOW)
			p.follow = true;
		else
			securityfs = c->value;
	}
	if (o != CMDLINE_END)
		return cmdline_exit(c, o);
	if (c->argc > 1)
		return usage_error(c, "one operand at most");
	path = list_path(securityfs, c->argc ? c->argv[0] : NULL, &p.id);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		securityfs_explain(securityfs, path);
		free(path);
		return IMANS_ERROR;
	}
	rc = p.follow ? follow_list(&p, fd, path) : print_list(&p, fd, path);
	close(fd);
	free(path);
	return rc;
}

const struct command command_log = {
	.name = "log",
	.args = "[ID | LIST] [OPTIONS]",
	.summary = "Print a measurement list.",
	.text = text,
	.options = options,
	.run = run,
};
