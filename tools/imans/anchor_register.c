// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Where a registration of the anchor begins and ends.
 */
#include <string.h>

#include "anchor_read.h"

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

/*
 * A registration is over, or the list is: all three places must be complete.
 * The end may be incomplete where another registration follows: its token says
 * that the kernel wrote it, the TPM did not take all of it.
 */
void anchor_check_complete(struct reading *r, bool is_followed)
{
	struct anchor_registration *now = r->now;
	bool unregistered = now && now->ended_by == ANCHOR_UNREGISTER;
	unsigned int place;

	if (!now)
		return;
	for (place = IN_DEFAULT; place <= IN_ANCHOR; place *= 2) {
		uint32_t pcr = pcr_at(&now->reg, place);

		/* With mode=concat nothing in the list is for that PCR. */
		if (place == IN_ANCHOR && !now->reg.chain)
			continue;
		if (!(r->seen & place))
			anchor_problem(r, now->entry, "this ima_ns_register is missing in PCR %u",
				       pcr);
		if (!unregistered || r->seen_end & place)
			continue;
		if (is_followed)
			texts_add(&r->a->notes, "entry %zu: this ima_ns_unregister is missing in PCR %u",
				  now->ended, pcr);
		else
			anchor_problem(r, now->ended, "this ima_ns_unregister is missing in PCR %u",
				       pcr);
	}
	if (now->late != now->reg.alive)
		texts_add(&r->a->notes, "entry %zu: %llu namespaces were alive when this ima_ns_register was made, %llu have a boot record with late=1",
			  now->entry, (unsigned long long)now->reg.alive,
			  (unsigned long long)now->late);
}

/* @pcr as it was left by an earlier registration, or as it is said to be. */
static void begin_pcr(struct reading *r, size_t entry, uint32_t pcr,
		      uint64_t *mask)
{
	const struct anchor_register *reg = &r->now->reg;
	struct anchor *a = r->a;

	if ((a->boot_pcrs | a->anchor_pcrs) >> pcr & 1) {
		if (!anchor_pcr_is_at(&a->pcr[pcr], reg))
			anchor_problem(r, entry, "the start value of PCR %u is not what the records before lead to",
				       pcr);
	} else {
		if (r->listed[pcr])
			anchor_problem(r, entry, "PCR %u has %zu entries before its register record",
				       pcr, r->listed[pcr]);
		anchor_pcr_begin(&a->pcr[pcr], reg, pcr);
		r->fresh |= 1ull << pcr;
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
	r->fresh = 0;
	r->shutdown = 0;
	chain_begin(&r->chain, reg->token, reg->chain);
	begin_pcr(r, e->index, reg->pcr_boot, &a->boot_pcrs);
	if (reg->chain)
		begin_pcr(r, e->index, reg->pcr_anchor, &a->anchor_pcrs);
}

/*
 * The default PCR comes last: what is not in there failed before anything was
 * anchored, and another one may follow. Nobody can make a complete one look
 * like this unless the default PCR is not judged; then the start values of the
 * other tell that it is not the first (judge_place()).
 */
static bool is_incomplete(const struct reading *r)
{
	return !(r->seen & IN_DEFAULT) && !r->now->ended && !r->now->marks &&
	       !r->now->boots;
}

static void drop_incomplete(struct reading *r, const struct list_entry *e)
{
	struct anchor *a = r->a;
	uint64_t unused = r->fresh;

	/* What was extended stays; what was not may have any value. */
	if (r->seen & IN_BOOT)
		unused &= ~(1ull << r->now->reg.pcr_boot);
	if (r->seen & IN_ANCHOR)
		unused &= ~(1ull << r->now->reg.pcr_anchor);
	a->boot_pcrs &= ~unused;
	a->anchor_pcrs &= ~unused;
	texts_add(&a->notes, "entry %zu: this ima_ns_register never came into PCR %u: that of entry %zu takes its place",
		  r->now->entry, IMA_DEFAULT_PCR, e->index);
	a->nregistrations--;
}

/* Has what was registered ended, for another registration to begin? */
static void end_registration(struct reading *r, const struct list_entry *e)
{
	if (r->now->ended_by == ANCHOR_SHUTDOWN &&
	    strcmp(r->a->shutdown.reason, "kexec"))
		anchor_problem(r, e->index, "ima_ns_register after the ima_ns_shutdown of entry %zu, which was no kexec",
			       r->now->ended);
	if (r->now->ended)
		anchor_check_complete(r, true);
	else if (is_incomplete(r))
		drop_incomplete(r, e);
	else
		return;
	r->now = NULL;
}

void anchor_take_register(struct reading *r, const struct list_entry *e,
			  const struct anchor_record *rec)
{
	struct list_field text = buffer_of(e);
	unsigned int place;

	if (r->now && !is_same(&text, &r->text))
		end_registration(r, e);
	if (!r->now)
		begin_registration(r, e, &rec->reg);
	place = anchor_place(r, e->pcr);
	if (!is_same(&text, &r->text) || r->seen & place)
		anchor_problem(r, e->index, "ima_ns_register, but that of entry %zu has not ended",
			       r->now->entry);
	else if (!place)
		anchor_problem(r, e->index, "ima_ns_register in PCR %u, which is not one of its own",
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

void anchor_take_unregister(struct reading *r, const struct list_entry *e,
			    const struct anchor_record *rec)
{
	unsigned int place = anchor_place(r, e->pcr);
	struct list_field text = buffer_of(e);
	const char *why;

	if (!r->now->ended) {
		if (!ends(&rec->reg, &r->now->reg)) {
			anchor_problem(r, e->index, "ima_ns_unregister of another registration than that of entry %zu",
				       r->now->entry);
			return;
		}
		why = rec->reg.chain ?
			      chain_step(&r->chain, rec->reg.token, 1) : NULL;
		if (why) {
			anchor_problem(r, e->index, "ima_ns_unregister: %s", why);
			return;
		}
		r->now->ended = e->index;
		r->now->ended_by = ANCHOR_UNREGISTER;
		r->end = text;
	}
	if (!place || r->seen_end & place || !is_same(&text, &r->end))
		anchor_problem(r, e->index, "ima_ns_unregister in PCR %u, but it was that of entry %zu",
			       e->pcr, r->now->ended);
	r->seen_end |= place;
}

/*
 * After it nothing is anchored, and with a kexec another kernel may register.
 * As whoever has the TPM can write it, the anchor before has to say it, too.
 */
void anchor_take_shutdown(struct reading *r, const struct list_entry *e,
			  const struct anchor_record *rec)
{
	const struct anchor_shutdown *s = &rec->shutdown;
	const struct anchor_mark *last = &r->now->last;
	bool is_told = last->reason && !strcmp(last->reason, s->reason);

	/* What is extended with mode=concat is in no list. */
	if (r->now->reg.chain && s->seq != last->seq)
		anchor_problem(r, e->index, "ima_ns_shutdown with seq %llu, but that of the last anchor is %llu",
			       (unsigned long long)s->seq,
			       (unsigned long long)last->seq);
	if (!is_told && !strcmp(s->reason, "kexec"))
		anchor_problem(r, e->index, "ima_ns_shutdown with reason=kexec, but no anchor with that reason before: the kernel may not have written it");
	else if (!is_told)
		texts_add(&r->a->notes, "entry %zu: ima_ns_shutdown, but the last anchor before it was not made for that: its namespaces may have gone on",
			  e->index);
	r->a->shutdown = *s;
	r->shutdown = e->index;
	r->now->ended = e->index;
	r->now->ended_by = ANCHOR_SHUTDOWN;
}
