// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "verify.h"

static void __attribute__((format(printf, 2, 3)))
add_reason(struct verdict *v, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	v->reason = xreallocarray(v->reason, v->nreasons + 1,
				  sizeof(*v->reason));
	v->reason[v->nreasons++] = xstrdup(text);
}

static char *digest_text(const struct list_file_digest *d)
{
	char hex[2 * HASH_MAX_SIZE + 1];

	hex_encode(d->data, d->len, hex);
	return xasprintf("%s%s:%s", d->verity ? "verity:" : "",
			 d->alg ? d->alg->name : d->len == 16 ? "md5" : "sha1",
			 hex);
}

static char *reference_text(const struct reference_line *l)
{
	struct list_file_digest d = {
		l->alg, l->verity, l->digest, l->alg->size,
	};

	return digest_text(&d);
}

static void add_finding(struct verdict *v, enum finding_kind kind,
			const struct list_entry *e,
			const struct reference_line *known)
{
	struct list_file_digest d;
	struct finding *f;

	v->finding = xreallocarray(v->finding, v->nfindings + 1,
				   sizeof(*v->finding));
	f = &v->finding[v->nfindings++];
	memset(f, 0, sizeof(*f));
	f->kind = kind;
	f->index = e->index;
	f->name = list_entry_name_text(e);
	f->digest = list_entry_file_digest(e, &d) ? digest_text(&d) :
						    xstrdup("none");
	if (known)
		f->expected = reference_text(known);
}

static void judge_by_reference(struct verdict *v, const struct list_entry *e,
			       const struct verify_options *opt)
{
	const struct reference_line *known;

	switch (reference_check(opt->reference, e, &known)) {
	case REFERENCE_OK:
	case REFERENCE_NO_FILE:
	case REFERENCE_VIOLATION:	/* counted as violation already */
		break;
	case REFERENCE_UNEXPECTED:
		add_finding(v, FINDING_UNEXPECTED, e, NULL);
		break;
	case REFERENCE_CHANGED:
		add_finding(v, FINDING_CHANGED, e, known);
		break;
	}
}

static void judge_entry(struct verdict *v, const struct list_entry *e,
			const struct verify_options *opt)
{
	uint8_t digest[HASH_MAX_SIZE];
	struct list_file_digest d;

	if (e->violation) {
		v->violations++;
		add_finding(v, FINDING_VIOLATION, e, NULL);
		/* No PCR covers these data; the kernel writes no digest there. */
		if (list_entry_file_digest(e, &d) &&
		    !all_bytes(d.data, d.len, 0)) {
			v->broken++;
			add_finding(v, FINDING_BROKEN, e, NULL);
		}
	} else {
		list_entry_digest(e, v->list_hash, digest);
		if (memcmp(digest, e->digest, v->list_hash->size)) {
			v->broken++;
			add_finding(v, FINDING_BROKEN, e, NULL);
		}
		/* boot_aggregate without a TPM is zero, and no file. */
		if (e->index > 1 && list_entry_file_digest(e, &d) &&
		    all_bytes(d.data, d.len, 0))
			add_finding(v, FINDING_NO_DIGEST, e, NULL);
	}
	if (opt->reference)
		judge_by_reference(v, e, opt);
}

static void judge_slot(const struct replay_slot *s, struct verdict_slot *out)
{
	/*
	 * A value the replay only has before its first entry covers nothing:
	 * that TPM never saw this list.
	 */
	bool own = s->own_at > 0 || s->own_at == s->last;
	bool padded = s->padded_at > 0 || s->padded_at == s->last;

	if (own && (!padded || s->own_at >= s->padded_at)) {
		out->at = (size_t)s->own_at;
	} else if (padded) {
		out->padded = true;
		out->at = (size_t)s->padded_at;
	} else {
		out->state = SLOT_MISMATCH;
		return;
	}
	out->state = (ssize_t)out->at == s->last ? SLOT_OK : SLOT_PREFIX;
}

/* Another bank of the same PCR vouches for as much with its own hash. */
static bool padded_is_backed(const struct verdict *v, size_t i)
{
	size_t k;

	for (k = 0; k < v->replay.nslots; k++)
		if (v->replay.slot[k].want->pcr == v->replay.slot[i].want->pcr &&
		    v->slot[k].state != SLOT_MISMATCH && !v->slot[k].padded &&
		    v->slot[k].at >= v->slot[i].at)
			return true;
	return false;
}

static void decide_slots(struct verdict *v, const struct verify_options *opt)
{
	size_t i;

	for (i = 0; i < v->replay.nslots; i++) {
		const struct replay_slot *s = &v->replay.slot[i];
		const char *bank = s->want->bank->name;
		uint32_t pcr = s->want->pcr;

		if (v->slot[i].state == SLOT_MISMATCH)
			add_reason(v, "PCR %u of bank %s (%s) is not what the list leads to",
				   pcr, bank, s->want->source);
		else if (v->slot[i].padded && !opt->padded &&
			 (opt->bank_chosen || !padded_is_backed(v, i)))
			add_reason(v, "PCR %u of bank %s (%s) agrees only by padded SHA-1 digests",
				   pcr, bank, s->want->source);
		if (v->slot[i].state == SLOT_PREFIX && !opt->allow_prefix)
			add_reason(v, "PCR %u of bank %s (%s) agrees only up to entry %zu of %zu",
				   pcr, bank, s->want->source, v->slot[i].at,
				   v->entries);
	}
}

static void decide_acc(struct verdict *v, const struct verify_options *opt)
{
	uint64_t n = opt->acc->entries;

	v->acc = SLOT_OK;
	if (n > v->entries) {
		v->acc = SLOT_MISMATCH;
		add_reason(v, "acc covers %llu entries, the list has only %zu",
			   (unsigned long long)n, v->entries);
	} else if (memcmp(opt->acc->value, v->replay.acc_then,
			  sizeof(opt->acc->value))) {
		v->acc = SLOT_MISMATCH;
		add_reason(v, "acc is not what the list leads to after %llu entries",
			   (unsigned long long)n);
	} else if (n < v->entries) {
		v->acc = SLOT_PREFIX;
		if (!opt->allow_prefix || !n)
			add_reason(v, "acc covers only %llu of %zu entries",
				   (unsigned long long)n, v->entries);
	}
}

/* Nothing may stay unjudged without being said. */
static void decide_coverage(struct verdict *v, const struct verify_options *opt)
{
	size_t pcr, i;

	for (pcr = 0; pcr <= LIST_PCR_MAX; pcr++) {
		bool has_value = false;

		if (!(opt->pcrs >> pcr & 1) ||
		    (!v->pcr_entries[pcr] && !opt->pcrs_chosen))
			continue;
		for (i = 0; i < v->replay.nslots; i++)
			has_value |= v->replay.slot[i].want->pcr == pcr;
		if (!has_value)
			add_reason(v, "%zu entries belong to PCR %zu, for which there is no value",
				   v->pcr_entries[pcr], pcr);
	}
	if (!v->replay.nslots && !opt->acc)
		add_reason(v, "there was no PCR value to compare with");
}

static void decide_findings(struct verdict *v, const struct verify_options *opt)
{
	size_t unexpected = 0, changed = 0, i;
	size_t first = 0;

	for (i = v->nfindings; i-- > 0; ) {
		unexpected += v->finding[i].kind == FINDING_UNEXPECTED;
		changed += v->finding[i].kind == FINDING_CHANGED;
		if (v->finding[i].kind == FINDING_BROKEN)
			first = i;
	}
	if (v->broken)
		add_reason(v, "%zu entries are not what was measured, the first is entry %zu (%.200s)",
			   v->broken, v->finding[first].index,
			   v->finding[first].name);
	if (unexpected)
		add_reason(v, "%zu entries name files that are not in the reference",
			   unexpected);
	if (changed)
		add_reason(v, "%zu entries have other digests than the reference",
			   changed);
	if (v->violations && opt->reference && !opt->allow_violations)
		add_reason(v, "%zu violations: what was read is not known",
			   v->violations);
}

bool verify_list(const struct buf *list, const struct pcr_set *pcrs,
		 const struct verify_options *opt, struct verdict *v)
{
	enum list_status st;
	struct list_reader r;
	struct list_entry e;
	size_t i;

	memset(v, 0, sizeof(*v));
	list_begin(&r, list->data, list->len);
	v->list_hash = r.hash;
	replay_begin(&v->replay, pcrs, opt->acc ? opt->acc->entries : 0);
	while ((st = list_next(&r, &e)) == LIST_ENTRY) {
		v->entries++;
		v->pcr_entries[e.pcr]++;
		replay_entry(&v->replay, &e);
		if (opt->pcrs >> e.pcr & 1)
			judge_entry(v, &e, opt);
	}
	if (st != LIST_END) {
		msg("%s list: %s", st == LIST_SHORT ? "truncated" : "malformed",
		    r.error);
		verdict_free(v);
		return false;
	}
	v->slot = xcalloc(pcrs->n, sizeof(*v->slot));
	for (i = 0; i < pcrs->n; i++)
		judge_slot(&v->replay.slot[i], &v->slot[i]);
	decide_findings(v, opt);
	decide_slots(v, opt);
	if (opt->acc)
		decide_acc(v, opt);
	decide_coverage(v, opt);
	return true;
}

void verdict_free(struct verdict *v)
{
	size_t i;

	for (i = 0; i < v->nfindings; i++) {
		free(v->finding[i].name);
		free(v->finding[i].digest);
		free(v->finding[i].expected);
	}
	for (i = 0; i < v->nreasons; i++)
		free(v->reason[i]);
	free(v->finding);
	free(v->reason);
	free(v->slot);
	replay_free(&v->replay);
	memset(v, 0, sizeof(*v));
}
