// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * imans log: a measurement list, readable.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "json.h"
#include "nsview.h"
#include "securityfs.h"
#include "show.h"

/* securityfs raises no inotify events: ask this often. */
#define FOLLOW_INTERVAL_MS 200

enum { OPT_JSON, OPT_FOLLOW, OPT_SECURITYFS };

static const struct option_spec options[] = {
	[OPT_JSON] = { "json", NULL, false,
		"Print a JSON array; with --follow one object per line." },
	[OPT_FOLLOW] = { "follow", NULL, false,
		"Go on and print entries as they come, until interrupted or, with ID, until the namespace has ended." },
	[OPT_SECURITYFS] = { "securityfs", "DIR", false,
		"Where securityfs is mounted. Default: " SECURITYFS_DIR "." },
	{ NULL, NULL, false, NULL },
};

static const char *const text[] = {
	"Without operand the list of the IMA namespace that securityfs shows, i.e. one's own; with the number ID of a namespace its list as the initial namespace sees it; with a path that binary list.",
	"A line has: number of the entry, PCR, template digest, template, VIOLATION if it is one, file digest, name, and what else the template has. Records of namespaces (ima_ns_birth ...) are shown in quotes; --json takes them apart.",
	NULL,
};

/* @securityfs, @id: the namespace whose list it is; @id 0: none that ends */
struct printer {
	bool json;
	bool follow;
	json_t *array;
	const char *securityfs;
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

/* Its files go when a namespace ends; what is open still shows all of it. */
static enum nsview_result look_for(const struct printer *p)
{
	enum nsview_result rc;
	struct nsview v;

	if (!p->id)
		return NSVIEW_OK;
	rc = nsview_read(p->securityfs, p->id, &v);
	if (rc == NSVIEW_OK)
		nsview_free(&v);
	return rc;
}

static int follow_list(struct printer *p, int fd, const char *path)
{
	static const struct timespec pause = { 0, FOLLOW_INTERVAL_MS * 1000000 };
	struct list_reader r = { 0 };
	struct buf b = { 0 };
	struct list_entry e;
	int rc = IMANS_ERROR;

	for (;;) {
		enum list_status st = LIST_END;
		enum nsview_result there = look_for(p);

		if (there == NSVIEW_ERROR)
			break;
		if (read_fd(fd, &b)) {
			msg_errno("%s", path);
			break;
		}
		/* The first reading tells with which hash the list is kept. */
		if (!r.index)
			list_begin(&r, b.data, b.len);
		r.data = b.data;
		r.len = b.len;
		while ((st = list_next(&r, &e)) == LIST_ENTRY)
			print_entry(p, &e, r.hash);
		if (st == LIST_BAD) {
			bad_list(&r, st);
			break;
		}
		drop_printed(&b, &r);
		if (fflush(stdout))
			break;
		/* It was gone before the last reading: nothing comes any more. */
		if (there == NSVIEW_GONE) {
			if (st == LIST_SHORT)
				bad_list(&r, st);
			else
				rc = IMANS_OK;
			msg("namespace %llu has ended",
			    (unsigned long long)p->id);
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
		return securityfs_ns_file(securityfs, operand, SECURITYFS_LIST);
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
	p.securityfs = securityfs;
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
