// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "prefix.h"

/**
 * struct search - a list being replayed
 * @pcr:	by number, those with values
 * @wanted:	PCRs with values (bit N is PCR N)
 * @begun:	those that begin as a register record says
 * @good:	those that have their values now
 * @ever:	those that had them
 */
struct search {
	const struct pcr_set *set;
	struct anchor_pcr pcr[PCR_COUNT];
	uint64_t wanted;
	uint64_t begun;
	uint64_t good;
	uint64_t ever;
};

static void look(struct search *s, uint32_t pcr)
{
	bool good = true;
	size_t i;

	for (i = 0; i < s->set->n; i++) {
		const struct pcr_value *v = &s->set->v[i];
		enum anchor_match m;

		if (v->pcr != pcr)
			continue;
		/* Of a bank the kernel has no name for nothing is known. */
		m = anchor_pcr_compare(&s->pcr[pcr], v);
		good &= m != ANCHOR_MISMATCH;
	}
	s->good &= ~(1ull << pcr);
	s->good |= (uint64_t)good << pcr;
	s->ever |= s->good;
}

/* From zero, in the banks that there are values of. */
static void begin(struct search *s, const struct pcr_set *set)
{
	struct anchor_register zero = { .pcr_boot = PCR_COUNT };
	size_t i, k;
	uint32_t pcr;

	memset(s, 0, sizeof(*s));
	s->set = set;
	for (i = 0; i < set->n; i++) {
		s->wanted |= 1ull << set->v[i].pcr;
		for (k = 0; k < zero.nbanks; k++)
			if (zero.start[k].bank == set->v[i].bank)
				break;
		if (k == zero.nbanks && k < ANCHOR_BANKS_MAX)
			zero.start[zero.nbanks++].bank = set->v[i].bank;
	}
	for (pcr = 0; pcr < PCR_COUNT; pcr++)
		if (s->wanted >> pcr & 1) {
			zero.pcr_anchor = pcr;
			anchor_pcr_begin(&s->pcr[pcr], &zero, pcr);
		}
}

static void begin_at(struct search *s, const struct anchor_register *reg,
		     uint32_t pcr)
{
	if (!(s->wanted >> pcr & 1) || s->pcr[pcr].entries)
		return;
	anchor_pcr_begin(&s->pcr[pcr], reg, pcr);
	s->begun |= 1ull << pcr;
	look(s, pcr);
}

/* The first record says how its PCRs begin, unless they had entries before. */
static void take_register(struct search *s, const struct list_entry *e,
			  bool only_new)
{
	struct anchor_record rec;
	const char *why;

	if (anchor_record_parse(e, &rec, &why) == ANCHOR_REGISTER) {
		if (!only_new || !(s->begun >> rec.reg.pcr_boot & 1))
			begin_at(s, &rec.reg, rec.reg.pcr_boot);
		if (!only_new || !(s->begun >> rec.reg.pcr_anchor & 1))
			begin_at(s, &rec.reg, rec.reg.pcr_anchor);
	}
	anchor_record_free(&rec);
}

static enum list_status scan(struct search *s, const struct buf *list,
			     uint64_t *used, char *error, size_t size)
{
	enum list_status st;
	struct list_reader r;
	struct list_entry e;

	list_begin(&r, list->data, list->len);
	while ((st = list_next(&r, &e)) == LIST_ENTRY) {
		*used |= 1ull << e.pcr;
		take_register(s, &e, true);
	}
	snprintf(error, size, "%s", r.error);
	return st;
}

static void note_prefix(const struct search *s, const struct list_reader *r,
			struct prefix *p, bool *found)
{
	if ((s->good & p->used & s->wanted) != (p->used & s->wanted))
		return;
	*found = true;
	p->len = r->pos;
	p->entries = r->index;
}

enum prefix_result prefix_find(const struct buf *list,
			       const struct pcr_set *set, struct prefix *p)
{
	struct list_reader r;
	struct list_entry e;
	struct search s;
	char error[320];
	bool found = false;
	uint32_t pcr;

	memset(p, 0, sizeof(*p));
	begin(&s, set);
	/* The end may be an entry that is being written. */
	if (scan(&s, list, &p->used, error, sizeof(error)) == LIST_BAD) {
		msg("malformed list: %s", error);
		return PREFIX_MALFORMED;
	}
	for (pcr = 0; pcr < PCR_COUNT; pcr++)
		if (s.wanted >> pcr & 1)
			look(&s, pcr);
	list_begin(&r, list->data, list->len);
	note_prefix(&s, &r, p, &found);
	while (list_next(&r, &e) == LIST_ENTRY) {
		take_register(&s, &e, false);
		if (e.pcr < PCR_COUNT && s.wanted >> e.pcr & 1) {
			anchor_pcr_entry(&s.pcr[e.pcr], &e);
			look(&s, e.pcr);
		}
		note_prefix(&s, &r, p, &found);
	}
	p->never = s.wanted & p->used & ~s.ever;
	return found ? PREFIX_FOUND : PREFIX_NONE;
}
