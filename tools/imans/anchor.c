// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include "anchor.h"
#include "chain.h"

/* A list may have any number of bad entries; the first ones are of interest. */
#define PROBLEMS_MAX 20

/* Where a record of all three has been seen. */
enum { IN_DEFAULT = 1, IN_BOOT = 2, IN_ANCHOR = 4, IN_ALL = 7 };

/**
 * struct reading - a list being read
 * @now:	the registration under way, NULL if there is none
 * @text:	its register record; @end its unregister record
 * @seen:	where @text was seen; @seen_end where @end was
 * @listed:	entries by PCR
 * @more:	problems that were not written down
 */
struct reading {
	struct anchor *a;
	struct anchor_registration *now;
	struct list_field text, end;
	unsigned int seen, seen_end;
	struct chain chain;
	size_t listed[LIST_PCR_MAX + 1];
	size_t more;
};

static void __attribute__((format(printf, 3, 4)))
problem(struct reading *r, size_t entry, const char *fmt, ...)
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

static unsigned int place_of(const struct reading *r, uint32_t pcr)
{
	if (pcr == IMA_DEFAULT_PCR)
		return IN_DEFAULT;
	if (r->now && pcr == r->now->reg.pcr_boot)
		return IN_BOOT;
	if (r->now && pcr == r->now->reg.pcr_anchor)
		return IN_ANCHOR;
	return 0;
}

static uint32_t pcr_at(const struct anchor_register *reg, unsigned int place)
{
	return place == IN_DEFAULT ? IMA_DEFAULT_PCR :
	       place == IN_BOOT ? reg->pcr_boot : reg->pcr_anchor;
}

static struct list_field buffer_of(const struct list_entry *e)
{
	struct list_field f;

	f.data = list_entry_buffer(e, &f.len);
	return f;
}

static bool is_same(const struct list_field *f, const struct list_field *g)
{
	return f->len == g->len && !memcmp(f->data, g->data, f->len);
}

/* A registration is over, or the list is: all three places must be complete. */
static void check_complete(struct reading *r)
{
	unsigned int place;

	if (!r->now)
		return;
	for (place = IN_DEFAULT; place <= IN_ANCHOR; place *= 2) {
		if (!(r->seen & place))
			problem(r, r->now->entry, "this ima_ns_register is missing in PCR %u",
				pcr_at(&r->now->reg, place));
		if (r->now->ended && !(r->seen_end & place))
			problem(r, r->now->ended, "this ima_ns_unregister is missing in PCR %u",
				pcr_at(&r->now->reg, place));
	}
	if (!r->now->ended && r->now->boots < r->now->reg.alive)
		problem(r, r->now->entry, "%llu namespaces alive, but only %llu boot records with late=1",
			(unsigned long long)r->now->reg.alive,
			(unsigned long long)r->now->boots);
}

/* @pcr as it was left by an earlier registration, or as it is said to be. */
static void begin_pcr(struct reading *r, size_t entry, uint32_t pcr,
		      uint64_t *mask)
{
	const struct anchor_register *reg = &r->now->reg;
	struct anchor *a = r->a;

	if ((a->boot_pcrs | a->anchor_pcrs) >> pcr & 1) {
		if (!anchor_pcr_is_at(&a->pcr[pcr], reg))
			problem(r, entry, "the start value of PCR %u is not what the records before lead to",
				pcr);
	} else {
		if (r->listed[pcr])
			problem(r, entry, "PCR %u has %zu entries before its register record",
				pcr, r->listed[pcr]);
		anchor_pcr_begin(&a->pcr[pcr], reg, pcr);
	}
	*mask |= 1ull << pcr;
}

static void begin_registration(struct reading *r, const struct list_entry *e,
			       const struct anchor_register *reg)
{
	struct anchor *a = r->a;
	uint8_t digest[HASH_MAX_SIZE];

	a->registration = xreallocarray(a->registration, a->nregistrations + 1,
					sizeof(*a->registration));
	r->now = &a->registration[a->nregistrations++];
	memset(r->now, 0, sizeof(*r->now));
	r->now->reg = *reg;
	r->now->entry = e->index;
	list_entry_digest(e, hash_by_name("sha256"), digest);
	memcpy(r->now->digest, digest, sizeof(r->now->digest));
	r->text = buffer_of(e);
	r->seen = r->seen_end = 0;
	chain_begin(&r->chain, reg->token, reg->chain);
	begin_pcr(r, e->index, reg->pcr_boot, &a->boot_pcrs);
	begin_pcr(r, e->index, reg->pcr_anchor, &a->anchor_pcrs);
}

static void take_register(struct reading *r, const struct list_entry *e,
			  const struct anchor_record *rec)
{
	struct list_field text = buffer_of(e);
	unsigned int place;

	/* The end is complete when it was seen everywhere. */
	if (r->now && r->seen_end == IN_ALL) {
		check_complete(r);
		r->now = NULL;
	}
	if (!r->now)
		begin_registration(r, e, &rec->reg);
	place = place_of(r, e->pcr);
	if (!is_same(&text, &r->text) || r->seen & place)
		problem(r, e->index, "ima_ns_register, but that of entry %zu has not ended",
			r->now->entry);
	else if (!place)
		problem(r, e->index, "ima_ns_register in PCR %u, which is not one of its own",
			e->pcr);
	else
		r->seen |= place;
}

/* The same registration; `alive` and `token` have gone on. */
static bool ends(const struct anchor_register *end,
		 const struct anchor_register *reg)
{
	size_t i;

	if (strcmp(end->boot_id, reg->boot_id) || end->chain != reg->chain ||
	    end->pcr_boot != reg->pcr_boot ||
	    end->pcr_anchor != reg->pcr_anchor || end->nbanks != reg->nbanks)
		return false;
	for (i = 0; i < reg->nbanks; i++) {
		const struct anchor_start *s = &end->start[i];
		const struct anchor_start *t = &reg->start[i];

		if (s->bank != t->bank ||
		    memcmp(s->boot, t->boot, s->bank->size) ||
		    memcmp(s->anchor, t->anchor, s->bank->size))
			return false;
	}
	return true;
}

static void take_unregister(struct reading *r, const struct list_entry *e,
			    const struct anchor_record *rec)
{
	unsigned int place = place_of(r, e->pcr);
	struct list_field text = buffer_of(e);
	const char *why;

	if (!r->now->ended) {
		if (!ends(&rec->reg, &r->now->reg)) {
			problem(r, e->index, "ima_ns_unregister of another registration than that of entry %zu",
				r->now->entry);
			return;
		}
		why = chain_step(&r->chain, rec->reg.token, 1);
		if (why) {
			problem(r, e->index, "ima_ns_unregister: %s", why);
			return;
		}
		r->now->ended = e->index;
		r->end = text;
	}
	if (!place || r->seen_end & place || !is_same(&text, &r->end))
		problem(r, e->index, "ima_ns_unregister in PCR %u, but it was that of entry %zu",
			e->pcr, r->now->ended);
	r->seen_end |= place;
}

static void take_boot(struct reading *r, const struct list_entry *e,
		      struct anchor_record *rec)
{
	struct anchor *a = r->a;
	bool late = r->now->boots < r->now->reg.alive;

	if (rec->boot.late != late)
		problem(r, e->index, "boot record %llu since the registration %s late=1: %llu namespaces were alive then",
			(unsigned long long)r->now->boots + 1,
			late ? "has no" : "has",
			(unsigned long long)r->now->reg.alive);
	r->now->boots++;
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
		problem(r, e->index, "ima_ns_anchor with seq %llu, but %llu is next",
			(unsigned long long)rec->mark.seq,
			(unsigned long long)r->now->last.seq + 1);
	why = chain_step(&r->chain, rec->mark.token, 1);
	if (!why)
		why = chain_next(&r->chain,
				 rec->mark.has_next ? rec->mark.next : NULL);
	if (why) {
		problem(r, e->index, "ima_ns_anchor: %s", why);
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
	unsigned int place = place_of(r, e->pcr);
	unsigned int wanted = rec->kind == ANCHOR_BOOT ? IN_BOOT :
			      rec->kind == ANCHOR_ANCHOR ? IN_ANCHOR : place;

	if (!r->now) {
		problem(r, e->index, "%s, but no ima_ns_register before",
			rec->name);
		return false;
	}
	if (place != wanted) {
		problem(r, e->index, "foreign entry in PCR %u: %s does not belong there",
			e->pcr, rec->name);
		return false;
	}
	if (place && !(r->seen & place)) {
		problem(r, e->index, "%s, but the ima_ns_register of entry %zu is missing in PCR %u",
			rec->name, r->now->entry, e->pcr);
		return false;
	}
	if (rec->kind != ANCHOR_UNREGISTER && r->seen_end & place) {
		problem(r, e->index, "foreign entry in PCR %u: %s after ima_ns_unregister",
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
	problem(r, e->index, "foreign entry in PCR %u: %s%s", e->pcr, name,
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
		problem(r, e->index, "malformed %s in PCR %u: %s", rec.name,
			e->pcr, why);
		break;
	case ANCHOR_REGISTER:
		take_register(r, e, &rec);
		break;
	case ANCHOR_UNREGISTER:
		if (is_in_place(r, e, &rec))
			take_unregister(r, e, &rec);
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
		if (e->pcr != IMA_DEFAULT_PCR)
			problem(r, e->index, "foreign entry in PCR %u: %s does not belong there",
				e->pcr, rec.name);
		r->a->shutdown = rec.shutdown;
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
	check_complete(&r);
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
