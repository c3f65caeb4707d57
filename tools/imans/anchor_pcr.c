// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "anchor_pcr.h"
#include "json.h"

#define SHA1_SIZE 20

void anchor_pcr_begin(struct anchor_pcr *p, const struct anchor_register *reg,
		      uint32_t pcr)
{
	size_t i;

	memset(p, 0, sizeof(*p));
	p->pcr = pcr;
	p->nbanks = reg->nbanks;
	for (i = 0; i < reg->nbanks; i++) {
		const struct anchor_start *s = &reg->start[i];
		const uint8_t *value = pcr == reg->pcr_boot ? s->boot :
							      s->anchor;

		p->bank[i].bank = s->bank;
		memcpy(p->bank[i].own, value, s->bank->size);
		memcpy(p->bank[i].padded, value, s->bank->size);
	}
}

bool anchor_pcr_is_at(const struct anchor_pcr *p,
		      const struct anchor_register *reg)
{
	size_t i;

	if (p->nbanks != reg->nbanks)
		return false;
	for (i = 0; i < reg->nbanks; i++) {
		const struct anchor_start *s = &reg->start[i];
		struct pcr_value v = { .pcr = p->pcr, .bank = s->bank };
		enum anchor_match m;

		memcpy(v.value, p->pcr == reg->pcr_boot ? s->boot : s->anchor,
		       s->bank->size);
		m = anchor_pcr_compare(p, &v);
		if (m != ANCHOR_MATCH && m != ANCHOR_MATCH_PADDED)
			return false;
	}
	return true;
}

void anchor_pcr_entry(struct anchor_pcr *p, const struct list_entry *e)
{
	size_t i;

	for (i = 0; i < p->nbanks; i++) {
		uint8_t own[HASH_MAX_SIZE], padded[HASH_MAX_SIZE] = { 0 };
		const struct hash_alg *bank = p->bank[i].bank;

		memset(own, 0xff, sizeof(own));
		/* A bank unknown to the kernel gets only 20 bytes of 0xff. */
		memset(padded, 0xff,
		       bank->kernel_bank ? bank->size : SHA1_SIZE);
		if (!e->violation) {
			list_entry_digest(e, bank, own);
			memset(padded, 0, sizeof(padded));
			list_entry_digest(e, hash_by_name("sha1"), padded);
		}
		hash_extend(bank, p->bank[i].own, own);
		hash_extend(bank, p->bank[i].padded, padded);
	}
	p->entries++;
}

void anchor_pcr_digests(struct anchor_pcr *p, const uint8_t *digest)
{
	size_t i;

	for (i = 0; i < p->nbanks; i++) {
		hash_extend(p->bank[i].bank, p->bank[i].own, digest);
		hash_extend(p->bank[i].bank, p->bank[i].padded, digest);
		digest += p->bank[i].bank->size;
	}
	p->entries++;
}

static const struct anchor_bank *find_bank(const struct anchor_pcr *p,
					   const struct hash_alg *bank)
{
	size_t i;

	for (i = 0; i < p->nbanks; i++)
		if (p->bank[i].bank == bank)
			return &p->bank[i];
	return NULL;
}

enum anchor_match anchor_pcr_compare(const struct anchor_pcr *p,
				     const struct pcr_value *want)
{
	const struct anchor_bank *b = find_bank(p, want->bank);

	if (!b)
		return ANCHOR_NO_BANK;
	if (!memcmp(b->own, want->value, want->bank->size))
		return ANCHOR_MATCH;
	return memcmp(b->padded, want->value, want->bank->size) ?
		ANCHOR_MISMATCH : ANCHOR_MATCH_PADDED;
}

static bool has_match(const struct anchor_pcr *p, const struct pcr_set *set)
{
	size_t i;

	for (i = 0; i < set->n; i++)
		if (set->v[i].pcr == p->pcr &&
		    anchor_pcr_compare(p, &set->v[i]) == ANCHOR_MATCH)
			return true;
	return false;
}

void anchor_pcr_judge(const struct anchor_pcr *p, const struct pcr_set *set,
		      const struct anchor_trust *trust, struct texts *problems)
{
	bool backed = has_match(p, set) && !trust->bank_chosen;
	size_t i, n = 0;

	if (!p->nbanks) {
		texts_add(problems, "there was no TPM at the registration: no value of PCR %u vouches for its records",
			  p->pcr);
		return;
	}

	for (i = 0; i < set->n; i++) {
		const struct pcr_value *v = &set->v[i];

		if (v->pcr != p->pcr)
			continue;
		n++;
		switch (anchor_pcr_compare(p, v)) {
		case ANCHOR_MATCH:
			break;
		case ANCHOR_MATCH_PADDED:
			if (!trust->padded && !backed)
				texts_add(problems, "PCR %u of bank %s (%s) agrees only by padded SHA-1 digests",
					  p->pcr, v->bank->name, v->source);
			break;
		case ANCHOR_MISMATCH:
			texts_add(problems, "PCR %u of bank %s (%s) is not what its records lead to",
				  p->pcr, v->bank->name, v->source);
			break;
		case ANCHOR_NO_BANK:
			texts_add(problems, "PCR %u of bank %s (%s): the register record has no start value for that bank",
				  p->pcr, v->bank->name, v->source);
			break;
		}
	}
	if (!n && !trust->no_values)
		texts_add(problems, "there is no value to compare PCR %u with",
			  p->pcr);
}

static const char *const match_texts[] = {
	[ANCHOR_MATCH] = "ok",
	[ANCHOR_MATCH_PADDED] = "ok (by padded SHA-1 digests)",
	[ANCHOR_MISMATCH] = "MISMATCH",
	[ANCHOR_NO_BANK] = "no such bank in the register record",
};

void anchor_pcr_print(const struct anchor_pcr *p, const struct pcr_set *set)
{
	size_t i;

	for (i = 0; i < set->n; i++) {
		const struct pcr_value *v = &set->v[i];
		enum anchor_match m;

		if (v->pcr != p->pcr)
			continue;
		m = anchor_pcr_compare(p, v);
		printf("PCR %u %s (%s): %s, %zu records\n", p->pcr,
		       v->bank->name, v->source, match_texts[m], p->entries);
		if (m != ANCHOR_MISMATCH)
			continue;
		printf("  value    ");
		hex_print(stdout, v->value, v->bank->size);
		printf("\n  replayed ");
		hex_print(stdout, find_bank(p, v->bank)->own, v->bank->size);
		putchar('\n');
	}
}

void anchor_pcr_json(const struct anchor_pcr *p, const struct pcr_set *set,
		     json_t *array)
{
	static const char *const names[] = {
		[ANCHOR_MATCH] = "ok", [ANCHOR_MATCH_PADDED] = "padded",
		[ANCHOR_MISMATCH] = "mismatch", [ANCHOR_NO_BANK] = "no-bank",
	};
	char hex[2 * HASH_MAX_SIZE + 1];
	size_t i;

	for (i = 0; i < set->n; i++) {
		const struct pcr_value *v = &set->v[i];
		const struct anchor_bank *b = find_bank(p, v->bank);
		json_t *o;

		if (v->pcr != p->pcr)
			continue;
		o = json_check(json_object());
		json_put(o, "pcr", json_integer(p->pcr));
		json_put(o, "bank", json_string(v->bank->name));
		json_put(o, "source", json_string(v->source));
		json_put(o, "state", json_string(names[anchor_pcr_compare(p, v)]));
		json_put(o, "records", json_integer((json_int_t)p->entries));
		hex_encode(v->value, v->bank->size, hex);
		json_put(o, "value", json_string(hex));
		if (b)
			hex_encode(b->own, v->bank->size, hex);
		json_put(o, "replayed", b ? json_string(hex) : json_null());
		json_push(array, o);
	}
}
