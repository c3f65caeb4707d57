// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Lists and bundles with random damage: the sanitizers watch, and what the PCRs
 * cover is never verified when it was changed.
 */
#include <stdlib.h>
#include <string.h>

#include "anchor_case.h"
#include "proof.h"
#include "tap.h"

#define ROUNDS 3000

static uint32_t state = 1;

static uint32_t random_below(uint32_t n)
{
	state = state * 1664525 + 1013904223;
	return (state >> 8) % n;
}

/* Some bytes changed, one piece cut out. */
static void damage(uint8_t *data, size_t *len)
{
	uint32_t i, n = 1 + random_below(4);

	for (i = 0; i < n; i++)
		data[random_below((uint32_t)*len)] ^=
			(uint8_t)(1 << random_below(8));
	if (!random_below(4)) {
		uint32_t at = random_below((uint32_t)*len);
		uint32_t cut = random_below((uint32_t)(*len - at));

		memmove(data + at, data + at + cut, *len - at - cut);
		*len -= cut;
	}
}

static void damages_lists(void)
{
	struct pcr_set s = { 0 };
	size_t i, read = 0, bad = 0;
	struct mkanchor m;

	anchor_case_begin(&m);
	anchor_case_tpm(&m, &s);
	for (i = 0; i < ROUNDS; i++) {
		struct buf copy = { 0 };
		struct anchor a;

		buf_add(&copy, m.l.b.data, m.l.b.len);
		damage(copy.data, &copy.len);
		if (anchor_read(&a, &copy)) {
			anchor_judge(&a, &s, &anchor_usual);
			read++;
			bad += a.problems.n > 0;
		}
		anchor_free(&a);
		buf_free(&copy);
	}
	/* Not all: stated digests and other PCRs are not the anchor's matter. */
	ok(read && bad > read / 2, "%zu of %d lists were read, %zu refused",
	   read, ROUNDS, bad);
	pcr_set_free(&s);
	mka_free(&m);
}

/* Any record that is another one leads to another PCR. */
static void damages_records(void)
{
	struct pcr_set s = { 0 };
	size_t i, wrong = 0, at, len;
	struct mkanchor m;
	uint8_t *rec;

	anchor_case_begin(&m);
	anchor_case_tpm(&m, &s);
	rec = memmem(m.l.b.data, m.l.b.len, "seq=2 n=", 8);
	len = (size_t)(m.l.b.data + m.l.b.len - rec);
	len = len < 150 ? len : 150;
	for (i = 0; i < 8 * len; i++) {
		struct anchor a;

		at = i / 8;
		rec[at] ^= (uint8_t)(1 << i % 8);
		if (anchor_read(&a, &m.l.b)) {
			anchor_judge(&a, &s, &anchor_usual);
			wrong += !a.problems.n;
		}
		anchor_free(&a);
		rec[at] ^= (uint8_t)(1 << i % 8);
	}
	ok(!wrong, "each bit of an anchor record counts: %zu do not", wrong);
	anchor_case(&m, NULL, "undamaged");
	pcr_set_free(&s);
	mka_free(&m);
}

static void damages_bundles(void)
{
	static const struct proof_request rq;
	size_t i, parsed = 0, judged = 0;
	struct mkanchor m;
	struct mklist l;
	json_t *o;
	char *text;

	mk_begin(&l, "sha1");
	mk_file(&l, 10, 1, "boot_aggregate");
	anchor_case_begin(&m);
	o = mka_bundle(&m, &l, 5, 1, 3);
	text = json_dumps(o, 0);
	for (i = 0; i < ROUNDS; i++) {
		struct buf copy = { 0 };
		struct proof p = { 0 };
		struct bundle b;
		char *why = NULL;

		buf_add(&copy, text, strlen(text));
		damage(copy.data, &copy.len);
		if (bundle_parse(&b, (char *)copy.data, copy.len, &why)) {
			parsed++;
			judged += proof_judge(&p, &b, &b.pcrs, &rq);
		}
		proof_free(&p);
		bundle_free(&b);
		buf_free(&copy);
		free(why);
	}
	ok(parsed && judged, "%zu of %d bundles were read, %zu judged", parsed,
	   ROUNDS, judged);
	free(text);
	json_decref(o);
	mk_free(&l);
	mka_free(&m);
}

int main(void)
{
	damages_lists();
	damages_records();
	damages_bundles();
	return tap_done();
}
