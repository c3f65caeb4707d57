// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include "anchor_read.h"

/* A list may have any number of bad entries; the first ones are of interest. */
#define PROBLEMS_MAX 20

void anchor_problem(struct reading *r, size_t entry, const char *fmt, ...)
{
	va_list ap;
	char *text;

	if (r->a->problems.n >= PROBLEMS_MAX) {
		r->more++;
		return;
	}
	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	texts_add(&r->a->problems, "entry %zu: %s", entry, text);
	free(text);
}

unsigned int anchor_place(const struct reading *r, uint32_t pcr)
{
	if (pcr == IMA_DEFAULT_PCR)
		return IN_DEFAULT;
	if (r->now && pcr == r->now->reg.pcr_boot)
		return IN_BOOT;
	if (r->now && pcr == r->now->reg.pcr_anchor)
		return IN_ANCHOR;
	return 0;
}

static void take_boot(struct reading *r, const struct list_entry *e,
		      struct anchor_record *rec)
{
	struct anchor *a = r->a;

	r->now->boots++;
	r->now->late += rec->boot.late;
	a->boot = xreallocarray(a->boot, a->nboots + 1, sizeof(*a->boot));
	rec->boot.entry = e->index;
	a->boot[a->nboots++] = rec->boot;
	/* Its strings have moved. */
	memset(&rec->boot, 0, sizeof(rec->boot));
}

static void take_mark(struct reading *r, const struct list_entry *e,
		      const struct anchor_record *rec)
{
	struct anchor *a = r->a;
	const char *why;

	if (rec->mark.seq != r->now->last.seq + 1)
		anchor_problem(r, e->index, "ima_ns_anchor with seq %llu, but %llu is next",
			       (unsigned long long)rec->mark.seq,
			       (unsigned long long)r->now->last.seq + 1);
	why = chain_step(&r->chain, rec->mark.token, 1);
	if (!why)
		why = chain_next(&r->chain,
				 rec->mark.has_next ? rec->mark.next : NULL);
	if (why) {
		anchor_problem(r, e->index, "ima_ns_anchor: %s", why);
		return;
	}
	a->mark = xreallocarray(a->mark, a->nmarks + 1, sizeof(*a->mark));
	a->mark[a->nmarks] = rec->mark;
	a->mark[a->nmarks].entry = e->index;
	r->now->last = a->mark[a->nmarks++];
	r->now->marks++;
}

/* Anywhere but in the default PCR it can only be after the register record. */
static bool is_in_place(struct reading *r, const struct list_entry *e,
			const struct anchor_record *rec)
{
	unsigned int place = anchor_place(r, e->pcr);
	unsigned int wanted = rec->kind == ANCHOR_BOOT ? IN_BOOT :
			      rec->kind == ANCHOR_ANCHOR ? IN_ANCHOR :
			      rec->kind == ANCHOR_SHUTDOWN ? IN_DEFAULT : place;

	if (!r->now) {
		anchor_problem(r, e->index, "%s, but no ima_ns_register before",
			       rec->name);
		return false;
	}
	if (place != wanted) {
		anchor_problem(r, e->index, "foreign entry in PCR %u: %s does not belong there",
			       e->pcr, rec->name);
		return false;
	}
	if (r->shutdown) {
		anchor_problem(r, e->index, "%s after the ima_ns_shutdown of entry %zu",
			       rec->name, r->shutdown);
		return false;
	}
	if (place && !(r->seen & place)) {
		anchor_problem(r, e->index, "%s, but the ima_ns_register of entry %zu is missing in PCR %u",
			       rec->name, r->now->entry, e->pcr);
		return false;
	}
	if (rec->kind != ANCHOR_UNREGISTER && r->seen_end &&
	    (r->seen_end & place || rec->kind == ANCHOR_SHUTDOWN)) {
		anchor_problem(r, e->index, "foreign entry in PCR %u: %s after ima_ns_unregister",
			       e->pcr, rec->name);
		return false;
	}
	return true;
}

static void take_other(struct reading *r, const struct list_entry *e)
{
	uint64_t pcrs = r->a->boot_pcrs | r->a->anchor_pcrs;
	char *name;

	if (!(pcrs >> e->pcr & 1))
		return;
	name = list_entry_name_text(e);
	anchor_problem(r, e->index, "foreign entry in PCR %u: %s%s", e->pcr, name,
		       e->violation ? " (a violation)" : "");
	free(name);
}

static void take_entry(struct reading *r, const struct list_entry *e)
{
	struct anchor_record rec;
	const char *why;

	switch (anchor_record_parse(e, &rec, &why)) {
	case ANCHOR_NONE:
		take_other(r, e);
		break;
	case ANCHOR_BAD:
		anchor_problem(r, e->index, "malformed %s in PCR %u: %s", rec.name,
			       e->pcr, why);
		break;
	case ANCHOR_REGISTER:
		anchor_take_register(r, e, &rec);
		break;
	case ANCHOR_UNREGISTER:
		if (is_in_place(r, e, &rec))
			anchor_take_unregister(r, e, &rec);
		break;
	case ANCHOR_BOOT:
		if (is_in_place(r, e, &rec))
			take_boot(r, e, &rec);
		break;
	case ANCHOR_ANCHOR:
		if (is_in_place(r, e, &rec))
			take_mark(r, e, &rec);
		break;
	case ANCHOR_SHUTDOWN:
		if (is_in_place(r, e, &rec))
			anchor_take_shutdown(r, e, &rec);
		break;
	}
	anchor_record_free(&rec);
	r->listed[e->pcr]++;
	if ((r->a->boot_pcrs | r->a->anchor_pcrs) >> e->pcr & 1)
		anchor_pcr_entry(&r->a->pcr[e->pcr], e);
}

bool anchor_read(struct anchor *a, const struct buf *list)
{
	struct reading r = { .a = a };
	enum list_status st;
	struct list_reader lr;
	struct list_entry e;

	memset(a, 0, sizeof(*a));
	list_begin(&lr, list->data, list->len);
	while ((st = list_next(&lr, &e)) == LIST_ENTRY)
		take_entry(&r, &e);
	a->entries = lr.index;
	if (st != LIST_END) {
		msg("%s list: %s", st == LIST_SHORT ? "truncated" : "malformed",
		    lr.error);
		return false;
	}
	anchor_check_complete(&r, false);
	anchor_check_boots(a);
	if (r.more)
		texts_add(&a->problems, "... and %zu more", r.more);
	if (!a->nregistrations)
		texts_add(&a->problems, "there is no ima_ns_register: nothing is anchored");
	return true;
}

void anchor_free(struct anchor *a)
{
	size_t i;

	for (i = 0; i < a->nboots; i++)
		anchor_boot_free(&a->boot[i]);
	free(a->boot);
	free(a->mark);
	free(a->registration);
	texts_free(&a->problems);
	texts_free(&a->notes);
	memset(a, 0, sizeof(*a));
}
