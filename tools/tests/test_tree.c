// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Leaves: their files, and the tree rebuilt from the lists of all namespaces.
 */
#include <stdlib.h>
#include <string.h>

#include "mkanchor.h"
#include "leaf.h"
#include "tap.h"
#include "tree.h"

#define NS 3

static struct mkanchor m;
static struct mklist list[NS];
static struct quote_ns ns[NS];
static struct anchor_mark mark;
static const size_t slot[NS] = { 3, 0, 4 };

static void make(void)
{
	size_t i, k;

	mka_begin(&m);
	for (i = 0; i < NS; i++) {
		mk_begin(&list[i], "sha1");
		mk_file(&list[i], 10, 1, "boot_aggregate");
		for (k = 0; k < i; k++)
			mk_file(&list[i], 10, (uint8_t)(2 + i), "/bin/x");
		mka_set_leaf(&m, slot[i], 5 + i, list[i].entries, list[i].acc);
		ns[i] = (struct quote_ns){
			.id = 5 + i, .slot = slot[i], .seq = list[i].entries,
			.list = list[i].b,
		};
		mka_salt(ns[i].id, ns[i].salt);
	}
	mark.n = m.n;
	mark.seq = 9;
	mka_root((const uint8_t (*)[32])m.leaf, m.n, mark.root);
}

static void drop(void)
{
	size_t i;

	for (i = 0; i < NS; i++)
		mk_free(&list[i]);
	mka_free(&m);
}

static void judge_by(size_t n, bool allow_prefix, const char *reason,
		     const char *what)
{
	struct texts problems = { 0 };
	const char *first;

	tree_judge(ns, n, &mark, allow_prefix, &problems);
	first = problems.n ? problems.text[0] : "none";
	if (!ok(reason ? !!strstr(first, reason) : !problems.n, "%s: %s", what,
		reason ? reason : "verified"))
		note("first problem: %s", first);
	texts_free(&problems);
}

static void judge(const char *reason, const char *what)
{
	judge_by(NS, false, reason, what);
}

#define NOT_BELOW "the lists of 3 namespaces are not what is below the root of the anchor with seq 9"

static void rebuilds_trees(void)
{
	struct buf b;

	make();
	judge(NULL, "honest");
	judge_by(2, false, "the lists of 2 namespaces are not", "one hidden");
	b = ns[1].list;
	ns[1].list = ns[2].list;
	ns[2].list = b;
	judge("the leaf of namespace 6 covers only 2 of 3", "lists swapped");
	ns[1].seq = 3;
	ns[2].seq = 2;
	judge(NOT_BELOW, "... with their seq");
	drop();

	make();
	ns[0].slot = 0;
	ns[1].slot = 3;
	judge(NOT_BELOW, "slots swapped");
	ns[1].slot = 0;
	judge("two namespaces have slot 0", "a slot twice");
	ns[1].slot = 5;
	judge("a namespace has slot 5, but there are only 5", "no such slot");
	ns[1].slot = 3;
	ns[1].id = 5;
	judge("there are two lists of namespace 5", "an id twice");
	drop();

	make();
	ns[2].salt[0] ^= 1;
	judge(NOT_BELOW, "another salt");
	drop();

	/* An entry removed, and seq is right for what is there. */
	make();
	mk_free(&list[2]);
	mk_begin(&list[2], "sha1");
	mk_file(&list[2], 10, 1, "boot_aggregate");
	mk_file(&list[2], 10, 4, "/bin/x");
	ns[2].list = list[2].b;
	judge("the leaf of namespace 7 covers 3 entries, its list has only 2",
	      "entry removed");
	ns[2].seq = 2;
	judge(NOT_BELOW, "... and counted");
	drop();

	make();
	mk_file(&list[2], 10, 9, "/bin/later");
	ns[2].list = list[2].b;
	judge("the leaf of namespace 7 covers only 3 of 4 entries", "an entry more");
	judge_by(NS, true, NULL, "... allowed");
	ns[2].list.len -= 3;
	judge("the list of namespace 7 is malformed", "half an entry");
	drop();

	make();
	mark.n = UINT64_MAX;
	judge("more than can be rebuilt", "absurd number of slots");
	mark.n = 0;
	judge("a namespace has slot 4, but there are only 0", "no slots");
	drop();
}

static void parses(const char *text, const char *reason, const char *what)
{
	char *copy = xstrdup(text);
	const char *why;
	struct leaf l;

	why = leaf_parse(&l, copy);
	if (!why)
		why = leaf_check(&l);
	if (!ok(reason ? why && strstr(why, reason) : !why, "%.*s: %s",
		(int)strcspn(what, "\n"), what, reason ? reason : "accepted"))
		note("said: %s", why ? why : "nothing");
	free(copy);
}

/* The line that begins with @key cut out, or with another value. */
static void parses_with(const char *text, const char *key, const char *line,
			const char *reason)
{
	const char *at = strstr(text, key), *end = strchr(at, '\n') + 1;
	char *changed = xasprintf("%.*s%s%s", (int)(at - text), text,
				  line ? line : "", end);

	parses(changed, reason, line ? line : key);
	free(changed);
}

static void reads_leaves(void)
{
	static const struct {
		const char *key, *line, *reason;
	} cases[] = {
		{ "id: ", NULL, "no line with an id" },
		{ "id: ", "id: 0\n", "no line with an id" },
		{ "id: ", "id:5\n", "no line with an id" },
		{ "seq: ", "seq: -1\n", "no line with a seq" },
		{ "seq: ", "seq: 2\n", "its path does not lead to its root" },
		{ "salt: ", "salt: 12\n", "no line with a salt" },
		{ "acc: ", NULL, "no line with an acc" },
		{ "anchor: ", "anchor: 0\n", "no line with the number of an anchor" },
		{ "root: ", "root: none\n", "no line with a root" },
		{ "n: ", "n: 9223372036854775808\n", "no lines with number" },
		{ "n: ", "n: 3\n", "no such slot" },
		{ "slot: ", "slot: 2\n", "its path does not lead to its root" },
		{ "path: ", "path: 00\n", "no path of 64 hex digits" },
		{ "path: ", NULL, "the path is shorter" },
		{ "path: ", "more: 5\n", "no path of 64 hex digits" },
	};
	struct buf b = { 0 };
	char *text, *line;
	struct leaf l;
	size_t i, len, refused = 0;

	make();
	m.seq = 9;
	text = mka_leaf_text(&m, 5, 3, list[0].entries, list[0].acc);
	parses(text, NULL, "honest");
	parses("", "no module vouches", "empty");
	for (i = 0; i < ARRAY_SIZE(cases); i++)
		parses_with(text, cases[i].key, cases[i].line,
			    cases[i].reason);
	len = strlen(text);
	for (i = 0; i < len; i++) {
		char *copy = xasprintf("%.*s", (int)i, text);

		refused += leaf_parse(&l, copy) || leaf_check(&l);
		free(copy);
	}
	ok(refused == len, "truncated anywhere: %zu of %zu refused", refused,
	   len);
	line = strrchr(text, 'p');
	for (i = 0; i < 70; i++)
		buf_add(&b, line, strlen(line));
	line = xasprintf("%s%s", text, (char *)b.data);
	parses(line, "no path of 64 hex digits", "a path of more than 64");
	free(line);
	buf_free(&b);
	free(text);
	drop();
}

int main(void)
{
	rebuilds_trees();
	reads_leaves();
	return tap_done();
}
