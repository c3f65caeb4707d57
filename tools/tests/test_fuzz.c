// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Every byte of a list changed in several ways, every truncation, every length
 * made huge: nothing crashes, and nothing changed is ever called verified.
 */
#include <stdlib.h>
#include <string.h>

#include "mklist.h"
#include "show.h"
#include "tap.h"
#include "verify.h"

/* A copy of exactly its size, so that ASAN sees the first byte beyond. */
static struct buf exact_copy(const struct buf *b, size_t len)
{
	struct buf copy = { malloc(len ? len : 1), len, len };

	if (!copy.data)
		abort();
	memcpy(copy.data, b->data, len);
	return copy;
}

static void walk(const struct buf *b)
{
	struct list_reader r;
	struct list_entry e;
	char *text;

	list_begin(&r, b->data, b->len);
	while (list_next(&r, &e) == LIST_ENTRY) {
		json_t *j = show_entry_json(&e, r.hash);

		text = json_dumps(j, JSON_COMPACT);
		free(text);
		json_decref(j);
	}
}

struct tally {
	size_t verified, failed, malformed;
};

static void try(const struct buf *b, const struct pcr_set *s, struct tally *t)
{
	struct verify_options opt = { .pcrs = ~0ull };
	struct verdict v;

	walk(b);
	if (!verify_list(b, s, &opt, &v)) {
		t->malformed++;
		return;
	}
	if (v.nreasons)
		t->failed++;
	else
		t->verified++;
	verdict_free(&v);
}

static void report(const struct tally *t, const char *what)
{
	note("%s: %zu malformed, %zu failed, %zu verified", what, t->malformed,
	     t->failed, t->verified);
	ok(!t->verified, "%s: none verified", what);
	ok(t->malformed, "%s: some are malformed", what);
}

/*
 * The kernel extends 0xff..ff for a violation whatever its data are, so its
 * name is the one thing in a list that no PCR vouches for.
 */
#define UNCOVERED_NAME "/violated"

static bool is_uncovered(const struct mklist *l, size_t i)
{
	const uint8_t *name = memmem(l->b.data, l->b.len, UNCOVERED_NAME,
				     sizeof(UNCOVERED_NAME));
	size_t at = (size_t)(name - l->b.data);

	/* With its NUL, which changed alone makes the entry malformed. */
	return i >= at && i <= at + strlen(UNCOVERED_NAME);
}

static void change_bytes(const struct mklist *l, const struct pcr_set *s)
{
	static const uint8_t flips[] = { 0x01, 0x80, 0xff };
	struct tally t = { 0 }, uncovered = { 0 };
	size_t i, k;

	for (i = 0; i < l->b.len; i++) {
		struct buf copy = exact_copy(&l->b, l->b.len);
		uint8_t old = copy.data[i];

		for (k = 0; k < ARRAY_SIZE(flips); k++) {
			copy.data[i] = old ^ flips[k];
			try(&copy, s, is_uncovered(l, i) ? &uncovered : &t);
		}
		free(copy.data);
	}
	report(&t, "changed bytes");
	ok(t.failed, "changed bytes: some are well formed");
	ok(uncovered.verified, "the name of a violation is not covered");
}

static void truncate_list(const struct mklist *l, const struct pcr_set *s)
{
	struct tally t = { 0 };
	size_t i;

	for (i = 0; i < l->b.len; i++) {
		struct buf copy = exact_copy(&l->b, i);

		try(&copy, s, &t);
		free(copy.data);
	}
	report(&t, "truncations");
	ok(t.failed == l->entries,
	   "truncations: well formed only between entries (%zu)", t.failed);
}

static bool changes_covered(const struct mklist *l, const struct buf *copy)
{
	size_t i;

	for (i = 0; i < copy->len; i++)
		if (copy->data[i] != l->b.data[i] && !is_uncovered(l, i))
			return true;
	return false;
}

static void huge_lengths(const struct mklist *l, const struct pcr_set *s)
{
	static const uint32_t values[] = {
		0xffffffff, 0xfffffffc, 0x7fffffff,
	};
	struct tally t = { 0 };
	size_t i, k;

	for (i = 0; i + 4 <= l->b.len; i++)
		for (k = 0; k < ARRAY_SIZE(values); k++) {
			struct buf copy = exact_copy(&l->b, l->b.len);

			put_le32(copy.data + i, values[k]);
			if (changes_covered(l, &copy))
				try(&copy, s, &t);
			free(copy.data);
		}
	report(&t, "huge lengths");
}

/* Two entries swapped, one removed, one doubled: PCRs tell all of them. */
static void move_entries(const struct mklist *l, const struct pcr_set *s)
{
	struct tally t = { 0 };
	size_t at[64], n = 0, i;
	struct list_reader r;
	struct list_entry e;

	list_begin(&r, l->b.data, l->b.len);
	while (n < 63 && list_next(&r, &e) == LIST_ENTRY)
		at[n++] = e.offset;
	at[n] = l->b.len;
	for (i = 0; i + 1 < n; i++) {
		struct buf b = { 0 };

		buf_add(&b, l->b.data, at[i]);
		buf_add(&b, l->b.data + at[i + 1], at[i + 2] - at[i + 1]);
		buf_add(&b, l->b.data + at[i], at[i + 1] - at[i]);
		buf_add(&b, l->b.data + at[i + 2], l->b.len - at[i + 2]);
		try(&b, s, &t);
		b.len = 0;
		buf_add(&b, l->b.data, at[i]);
		buf_add(&b, l->b.data + at[i + 1], l->b.len - at[i + 1]);
		try(&b, s, &t);
		b.len = 0;
		buf_add(&b, l->b.data, at[i + 1]);
		buf_add(&b, l->b.data + at[i], l->b.len - at[i]);
		try(&b, s, &t);
		buf_free(&b);
	}
	note("moved entries: %zu lists", t.failed);
	ok(!t.verified && !t.malformed && t.failed == 3 * (n - 1),
	   "moved entries: all failed, none malformed");
}

static void fuzz(const char *hash)
{
	struct pcr_set s = { 0 };
	struct tally t = { 0 };
	struct mklist l;

	mk_begin(&l, hash);
	mk_file(&l, 10, 1, "boot_aggregate");
	mk_all_templates(&l, 10);
	mk_violation(&l, 10, UNCOVERED_NAME);
	mk_file(&l, 10, 2, "/bin/x");
	pcr_set_add(&s, 10, hash_by_name("sha256"), l.pcr[10][1], "given");
	try(&l.b, &s, &t);
	ok(t.verified == 1, "the %s list itself is verified", hash);
	change_bytes(&l, &s);
	truncate_list(&l, &s);
	huge_lengths(&l, &s);
	move_entries(&l, &s);
	pcr_set_free(&s);
	mk_free(&l);
}

int main(void)
{
	/* Thousands of messages about malformed lists. */
	if (!freopen("/dev/null", "w", stderr))
		return 2;
	fuzz("sha1");
	fuzz("sha256");
	return tap_done();
}
