// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Namespaces come and go while this looks at them. What the kernel promises is
 * enough to never take that for a forgery: ima/ns/<id> is there before the birth
 * is listed, its status can be read only after that, and it goes after the death
 * is listed. So what is alive is looked up before and after the lists are read,
 * and what neither saw alive must have its death in a list that is read then.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "host.h"
#include "host_live.h"
#include "json.h"
#include "nsview.h"
#include "securityfs.h"

/* An entry is in acc before it is in the list; for as long as its TPM takes. */
#define SUM_ATTEMPTS 100
#define SUM_PAUSE_MS 100

/* What is alive, or was when it was looked at first. */
struct alive {
	uint64_t *id;
	bool *active;	/* its status could be read */
	size_t n;
};

struct state {
	const struct host_options *opt;
	struct alive before;
	struct alive after;
	struct host_book book;
	size_t unsummed;
};

bool host_option_saved(struct host_options *opt, const char *value)
{
	const char *path = strchr(value, '=');
	char *id = path ? xasprintf("%.*s", (int)(path - value), value) : NULL;
	uint64_t number;
	bool good = id && path[1] && parse_uint(id, UINT64_MAX, &number) &&
		    number;

	free(id);
	if (!good) {
		msg("%s: ID=FILE expected", value);
		return false;
	}
	opt->saved = xreallocarray(opt->saved, opt->nsaved + 1,
				   sizeof(*opt->saved));
	opt->saved[opt->nsaved].id = number;
	opt->saved[opt->nsaved++].path = path + 1;
	return true;
}

static bool is_among(const struct alive *a, uint64_t id)
{
	size_t i;

	for (i = 0; i < a->n; i++)
		if (a->id[i] == id)
			return true;
	return false;
}

static bool look(const struct host_options *opt, struct alive *a)
{
	if (!nsview_ids(opt->dir, &a->id, &a->n))
		return false;
	a->active = xcalloc(a->n, sizeof(*a->active));
	return true;
}

static void forget(struct alive *a)
{
	free(a->id);
	free(a->active);
	memset(a, 0, sizeof(*a));
}

/* One look at what the kernel commits to, and then at the list. */
static enum nsview_result sum_once(struct state *s, uint64_t id,
				   enum host_sum *sum, uint64_t *entries)
{
	struct nsview v;
	struct buf list = { 0 };
	enum nsview_result rc;
	uint8_t acc[32];
	const char *text;

	rc = nsview_read(s->opt->dir, id, &v);
	if (rc != NSVIEW_OK)
		return rc;
	text = nsview_get(&v, "acc");
	if (!text) {
		*sum = HOST_SUM_RIGHT;
		s->unsummed++;
	} else if (!host_parse_acc(text, acc, entries)) {
		msg("status of namespace %llu: malformed acc: %.100s",
		    (unsigned long long)id, text);
		rc = NSVIEW_ERROR;
	} else {
		rc = nsview_list(s->opt->dir, id, &list);
		if (rc == NSVIEW_OK)
			*sum = host_sum(&list, *entries, acc, false);
		buf_free(&list);
	}
	nsview_free(&v);
	return rc;
}

static bool check_sum(struct state *s, size_t i)
{
	static const struct timespec pause = { 0, SUM_PAUSE_MS * 1000000 };
	uint64_t id = s->before.id[i], entries = 0;
	enum host_sum sum = HOST_SUM_WRONG;
	int attempt;

	for (attempt = 0; attempt < SUM_ATTEMPTS; attempt++) {
		enum nsview_result rc = sum_once(s, id, &sum, &entries);

		if (rc == NSVIEW_ERROR)
			return false;
		if (rc == NSVIEW_GONE)
			return true;
		s->before.active[i] = true;
		if (sum == HOST_SUM_RIGHT)
			return true;
		/* What was lost does not come back. */
		if (sum == HOST_SUM_WRONG && attempt >= 3)
			break;
		nanosleep(&pause, NULL);
	}
	host_finding(&s->book, sum == HOST_SUM_SHORT ?
		     "namespace %llu: its list is shorter than the %llu entries the kernel counts" :
		     "namespace %llu: its list does not come to the acc of its %llu entries",
		     (unsigned long long)id, (unsigned long long)entries);
	return true;
}

/* Read all lists: those of the living, the saved ones, and the host's last. */
static bool read_lists(const struct state *s, struct host_book *book)
{
	const struct host_options *opt = s->opt;
	struct buf list = { 0 };
	char *path = NULL;
	bool good = true;
	size_t i;

	for (i = 0; i < s->before.n && good; i++) {
		uint64_t id = s->before.id[i];
		char *name = xasprintf("namespace %llu", (unsigned long long)id);
		enum nsview_result rc = nsview_list(opt->dir, id, &list);

		good = rc == NSVIEW_GONE ||
		       (rc == NSVIEW_OK && host_add_list(book, id, &list, name));
		buf_free(&list);
		free(name);
	}
	for (i = 0; i < opt->nsaved && good; i++) {
		good = !read_file(opt->saved[i].path, &list);
		if (!good)
			msg_errno("%s", opt->saved[i].path);
		else if (!host_has_list(book, opt->saved[i].id))
			good = host_add_list(book, opt->saved[i].id, &list,
					     opt->saved[i].path);
		buf_free(&list);
	}
	if (!good)
		return false;
	path = opt->list ? xstrdup(opt->list) :
	       xasprintf("%s/integrity/ima/binary_runtime_measurements",
			 opt->dir);
	good = !read_file(path, &list);
	if (!good)
		securityfs_explain(opt->dir, path);
	else
		good = host_add_list(book, 0, &list, path);
	buf_free(&list);
	free(path);
	return good;
}

static bool is_open(const struct state *s, const struct host_space *space)
{
	return !space->death && !space->carried &&
	       !is_among(&s->before, space->id) &&
	       !is_among(&s->after, space->id);
}

/* Births without an end: is it in the lists by now? */
static bool check_births(struct state *s)
{
	struct host_book again = { 0 };
	bool good = true;
	size_t i, open = 0;

	for (i = 0; i < s->book.nspaces; i++)
		open += is_open(s, &s->book.space[i]);
	if (!open)
		return true;
	good = read_lists(s, &again);
	for (i = 0; i < s->book.nspaces && good; i++) {
		const struct host_space *space = &s->book.space[i];
		const struct host_space *now = host_find(&again, space->id);

		/* With its parent all that is below has ended. */
		if (is_open(s, space) && now && !now->death)
			host_finding(&s->book, "namespace %llu is neither alive nor dead: its birth is entry %zu of the list of %llu, its death nowhere",
				     (unsigned long long)space->id,
				     space->birth,
				     (unsigned long long)space->list);
	}
	host_free(&again);
	return good;
}

/* Who is alive must have been born, in a list that could be read. */
static bool check_alive(struct state *s)
{
	size_t i;

	for (i = 0; i < s->before.n; i++) {
		uint64_t id = s->before.id[i], parent;
		enum nsview_result rc;
		struct nsview v;

		if (!s->before.active[i] || host_find(&s->book, id))
			continue;
		rc = nsview_read(s->opt->dir, id, &v);
		if (rc == NSVIEW_ERROR)
			return false;
		if (rc == NSVIEW_GONE)
			continue;
		if (!nsview_number(&v, "parent", &parent) ||
		    host_has_list(&s->book, parent))
			host_finding(&s->book, "namespace %llu is alive, and no birth is listed",
				     (unsigned long long)id);
		nsview_free(&v);
	}
	return true;
}

/* A list that was kept against what the death record says of it. */
static bool check_saved(struct state *s)
{
	size_t i;

	for (i = 0; i < s->opt->nsaved; i++) {
		const struct host_saved *saved = &s->opt->saved[i];
		const struct host_space *space = host_find(&s->book, saved->id);
		struct buf list = { 0 };

		if (!space || !space->death) {
			msg("%s: namespace %llu has no death record to compare it with",
			    saved->path, (unsigned long long)saved->id);
			return false;
		}
		if (read_file(saved->path, &list)) {
			msg_errno("%s", saved->path);
			return false;
		}
		if (host_sum(&list, space->entries, space->acc, true) !=
		    HOST_SUM_RIGHT) {
			char *path = escape_text((const uint8_t *)saved->path,
						 strlen(saved->path));

			host_finding(&s->book, "%s is not the list of namespace %llu: its death record says %llu entries and another acc",
				     path, (unsigned long long)saved->id,
				     (unsigned long long)space->entries);
			free(path);
		}
		buf_free(&list);
	}
	return true;
}

static void print_text(const struct state *s, size_t alive, size_t ended,
		       size_t carried)
{
	size_t i;

	printf("host's list: %zu entries\n", s->book.entries);
	printf("namespaces: %zu alive, %zu ended", alive, ended);
	if (carried)
		printf(", %zu before the last kexec", carried);
	putchar('\n');
	if (s->unsummed)
		printf("not compared: the lists of %zu, whose status has no acc\n",
		       s->unsummed);
	for (i = 0; i < s->book.nfindings; i++)
		printf("%s %s\n", i ? "             " : "NOT verified:",
		       s->book.finding[i]);
	if (!s->book.nfindings)
		printf("verified\n");
}

static void print_json(const struct state *s, size_t alive, size_t ended,
		       size_t carried)
{
	json_t *o = json_check(json_object()), *a = json_check(json_array());
	size_t i;

	json_put(o, "verified", json_boolean(!s->book.nfindings));
	json_put(o, "entries", json_integer((json_int_t)s->book.entries));
	json_put(o, "alive", json_integer((json_int_t)alive));
	json_put(o, "ended", json_integer((json_int_t)ended));
	json_put(o, "before_kexec", json_integer((json_int_t)carried));
	json_put(o, "without_acc", json_integer((json_int_t)s->unsummed));
	for (i = 0; i < s->book.nfindings; i++)
		json_push(a, json_string(s->book.finding[i]));
	json_put(o, "reasons", a);
	json_finish(o, JSON_INDENT(2));
}

static void print(const struct state *s)
{
	size_t i, ended = 0, carried = 0;

	for (i = 0; i < s->book.nspaces; i++) {
		carried += s->book.space[i].carried && !s->book.space[i].death;
		ended += s->book.space[i].death != 0;
	}
	if (s->opt->json)
		print_json(s, s->after.n, ended, carried);
	else
		print_text(s, s->after.n, ended, carried);
}

int host_verify(const struct host_options *opt)
{
	struct state s = { .opt = opt };
	int rc = IMANS_ERROR;
	size_t i;

	if (!look(opt, &s.before))
		goto out_free;
	for (i = 0; i < s.before.n; i++)
		if (!check_sum(&s, i))
			goto out_free;
	if (!read_lists(&s, &s.book) || !look(opt, &s.after))
		goto out_free;
	if (!check_births(&s) || !check_alive(&s) || !check_saved(&s))
		goto out_free;
	print(&s);
	rc = s.book.nfindings ? IMANS_FAILED : IMANS_OK;
out_free:
	host_free(&s.book);
	forget(&s.before);
	forget(&s.after);
	return rc;
}
