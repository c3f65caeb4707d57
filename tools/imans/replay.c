// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include "replay.h"

#define SHA1_SIZE 20

static void note_match(struct replay_slot *s, ssize_t index)
{
	size_t size = s->want->bank->size;

	if (!memcmp(s->own, s->want->value, size))
		s->own_at = index;
	if (!memcmp(s->padded, s->want->value, size))
		s->padded_at = index;
}

void replay_begin(struct replay *r, const struct pcr_set *set, uint64_t acc_at)
{
	size_t i;

	memset(r, 0, sizeof(*r));
	r->slot = xcalloc(set->n, sizeof(*r->slot));
	r->nslots = set->n;
	r->acc_at = acc_at;
	for (i = 0; i < set->n; i++) {
		r->slot[i].want = &set->v[i];
		r->slot[i].own_at = -1;
		r->slot[i].padded_at = -1;
		note_match(&r->slot[i], 0);
	}
}

void replay_free(struct replay *r)
{
	free(r->slot);
	memset(r, 0, sizeof(*r));
}

/* Template digests of one entry, computed when first asked for. */
struct digests {
	const struct list_entry *e;
	struct {
		const struct hash_alg *alg;
		uint8_t digest[HASH_MAX_SIZE];
	} known[8];
	size_t n;
};

static const uint8_t *digest_of(struct digests *d, const struct hash_alg *alg)
{
	size_t i;

	for (i = 0; i < d->n; i++)
		if (d->known[i].alg == alg)
			return d->known[i].digest;
	/* More banks than fit: forget the last, it is computed again. */
	if (d->n == ARRAY_SIZE(d->known))
		d->n--;
	i = d->n++;
	d->known[i].alg = alg;
	list_entry_digest(d->e, alg, d->known[i].digest);
	return d->known[i].digest;
}

static void extend_slot(struct replay_slot *s, struct digests *d)
{
	const struct hash_alg *bank = s->want->bank;
	uint8_t own[HASH_MAX_SIZE], padded[HASH_MAX_SIZE] = { 0 };

	if (d->e->violation) {
		memset(own, 0xff, sizeof(own));
		/* A bank unknown to the kernel gets only 20 bytes of 0xff. */
		memset(padded, 0xff, bank->kernel_bank ? bank->size : SHA1_SIZE);
	} else {
		memcpy(own, digest_of(d, bank), bank->size);
		memcpy(padded, digest_of(d, hash_by_name("sha1")), SHA1_SIZE);
	}
	hash_extend(bank, s->own, own);
	hash_extend(bank, s->padded, padded);
	s->entries++;
	s->last = (ssize_t)d->e->index;
	note_match(s, s->last);
}

static void extend_acc(struct replay *r, struct digests *d)
{
	const struct hash_alg *sha256 = hash_by_name("sha256");
	uint8_t pcr[4], ones[32];
	struct hash_part parts[3] = {
		{ r->acc, sizeof(r->acc) }, { pcr, sizeof(pcr) },
		{ ones, sizeof(ones) },
	};
	uint8_t out[HASH_MAX_SIZE];

	put_le32(pcr, d->e->pcr);
	memset(ones, 0xff, sizeof(ones));
	if (!d->e->violation)
		parts[2].data = digest_of(d, sha256);
	hash_parts(sha256, parts, 3, out);
	memcpy(r->acc, out, sizeof(r->acc));
}

void replay_entry(struct replay *r, const struct list_entry *e)
{
	struct digests d = { .e = e };
	size_t i;

	for (i = 0; i < r->nslots; i++)
		if (r->slot[i].want->pcr == e->pcr)
			extend_slot(&r->slot[i], &d);
	extend_acc(r, &d);
	r->entries++;
	if (r->entries == r->acc_at)
		memcpy(r->acc_then, r->acc, sizeof(r->acc));
}
