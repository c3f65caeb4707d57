// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include "merkle.h"
#include "replay.h"
#include "tree.h"

/* More namespaces at a time than any machine has. */
#define TREE_MAX (1u << 22)

int64_t list_acc(const char *whose, const struct buf *list, uint64_t seq,
		 uint8_t *acc, size_t *len)
{
	static const struct pcr_set none;
	enum list_status st;
	struct list_reader r;
	struct list_entry e;
	struct replay rp;
	size_t end = 0;
	int64_t n;

	list_begin(&r, list->data, list->len);
	replay_begin(&rp, &none, seq);
	while ((st = list_next(&r, &e)) == LIST_ENTRY) {
		replay_entry(&rp, &e);
		if (rp.entries == seq)
			end = r.pos;
	}
	n = (int64_t)rp.entries;
	memcpy(acc, rp.entries < seq ? rp.acc : rp.acc_then, sizeof(rp.acc));
	replay_free(&rp);
	if (len)
		*len = end;
	if (st == LIST_END)
		return n;
	msg("%s: %s list: %s", whose,
	    st == LIST_SHORT ? "truncated" : "malformed", r.error);
	return -1;
}

/* Its leaf in @leaf; false, and the reason among the problems. */
static bool leaf_of(const struct quote_ns *ns, bool allow_prefix,
		    uint8_t *leaf, struct texts *problems)
{
	unsigned long long id = ns->id, seq = ns->seq;
	char *whose = xasprintf("namespace %llu", id);
	uint8_t acc[32];
	int64_t n = list_acc(whose, &ns->list, ns->seq, acc, NULL);

	free(whose);
	if (n < 0)
		texts_add(problems, "the list of namespace %llu is malformed",
			  id);
	else if ((uint64_t)n < ns->seq)
		texts_add(problems, "the leaf of namespace %llu covers %llu entries, its list has only %lld",
			  id, seq, (long long)n);
	else if ((uint64_t)n > ns->seq && (!allow_prefix || !ns->seq))
		texts_add(problems, "the leaf of namespace %llu covers only %llu of %lld entries",
			  id, seq, (long long)n);
	else
		merkle_ns_leaf(ns->id, ns->seq, ns->salt, acc, leaf);
	return n >= 0 && (uint64_t)n >= ns->seq;
}

static int compare_numbers(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Two of the numbers are the same, of which one is set in @twice. */
static bool has_double(uint64_t *number, size_t n, uint64_t *twice)
{
	size_t i;

	if (n)
		qsort(number, n, sizeof(*number), compare_numbers);
	for (i = 1; i < n; i++) {
		*twice = number[i];
		if (number[i] == number[i - 1])
			return true;
	}
	return false;
}

/* No namespace and no slot is there twice, and all slots are. */
static bool are_different(const struct quote_ns *ns, size_t n, uint64_t slots,
			  struct texts *problems)
{
	uint64_t *number = xcalloc(n ? n : 1, sizeof(*number)), twice;
	size_t i, before = problems->n;

	for (i = 0; i < n; i++)
		number[i] = ns[i].id;
	if (has_double(number, n, &twice))
		texts_add(problems, "there are two lists of namespace %llu",
			  (unsigned long long)twice);
	for (i = 0; i < n; i++)
		number[i] = ns[i].slot;
	if (has_double(number, n, &twice))
		texts_add(problems, "two namespaces have slot %llu",
			  (unsigned long long)twice);
	else if (n && number[n - 1] >= slots)
		texts_add(problems, "a namespace has slot %llu, but there are only %llu",
			  (unsigned long long)number[n - 1],
			  (unsigned long long)slots);
	free(number);
	return problems->n == before;
}

static bool put_leaves(const struct quote_ns *ns, size_t n,
		       uint8_t (*leaf)[MERKLE_SIZE], uint64_t slots,
		       bool allow_prefix, struct texts *problems)
{
	bool good = true;
	size_t i;

	if (!are_different(ns, n, slots, problems))
		return false;
	for (i = 0; i < slots; i++)
		merkle_free_slot(leaf[i]);
	for (i = 0; i < n; i++)
		good &= leaf_of(&ns[i], allow_prefix, leaf[ns[i].slot],
				problems);
	return good;
}

void tree_judge(const struct quote_ns *ns, size_t n,
		const struct anchor_mark *mark, bool allow_prefix,
		struct texts *problems)
{
	uint8_t (*leaf)[MERKLE_SIZE], root[MERKLE_SIZE];

	if (mark->n > TREE_MAX) {
		texts_add(problems, "the tree has %llu slots, more than can be rebuilt",
			  (unsigned long long)mark->n);
		return;
	}
	leaf = xcalloc(mark->n ? mark->n : 1, sizeof(*leaf));
	if (!put_leaves(ns, n, leaf, mark->n, allow_prefix, problems))
		goto out_free;
	merkle_root((const uint8_t (*)[MERKLE_SIZE])leaf, mark->n, root);
	if (memcmp(root, mark->root, sizeof(root)))
		texts_add(problems, "the lists of %zu namespaces are not what is below the root of the anchor with seq %llu: one is not as it was, or missing",
			  n, (unsigned long long)mark->seq);
out_free:
	free(leaf);
}
