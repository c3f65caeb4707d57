// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Bundles made of a list and a leaf: judged, and compared with those that were
 * written down by hand.
 */
#include <stdlib.h>
#include <string.h>

#include "bundle_make.h"
#include "mkanchor.h"
#include "proof.h"
#include "tap.h"

#define TENANT 5
#define OTHER 6
#define SLOT 2

static struct mkanchor m;
static struct mklist list;
static struct leaf leaf;
static struct host_part part;

static void take_values(bool padded)
{
	uint32_t pcr;
	size_t k;

	for (pcr = 11; pcr <= 12; pcr++)
		for (k = 0; k < m.nbanks; k++)
			pcr_set_add(&part.pcrs, pcr,
				    hash_by_name(mk_bank_name[k]),
				    padded && k ? m.l.padded[pcr][k] :
						  m.l.pcr[pcr][k], "TPM");
}

/* A machine with so many anchors that cover the tenant. */
static void make(size_t nbanks, size_t length, size_t anchors)
{
	size_t i;

	mk_begin(&list, "sha1");
	mk_file(&list, 10, 1, "boot_aggregate");
	mk_violation(&list, 10, "/x");
	mka_begin(&m);
	m.nbanks = nbanks;
	mka_register(&m, length, 1);
	mka_boot(&m, OTHER, true);
	mka_boot(&m, TENANT, false);
	mka_set_leaf(&m, 0, OTHER, 7, list.acc);
	mka_set_leaf(&m, SLOT, TENANT, list.entries, list.acc);
	for (i = 0; i < anchors; i++)
		mka_anchor(&m, "interval");
}

static void take_leaf(void)
{
	char *text = mka_leaf_text(&m, TENANT, SLOT, list.entries, list.acc);

	if (leaf_parse(&leaf, text))
		abort();
	free(text);
}

static void drop(void)
{
	/* The list is the machine's. */
	memset(&part.list, 0, sizeof(part.list));
	host_part_free(&part);
	mk_free(&list);
	mka_free(&m);
}

static void judge_json(json_t *o, bool prefix, bool padded, const char *reason,
		       const char *what)
{
	const struct proof_request rq = {
		.reg = part.reg->digest, .allow_prefix = prefix,
		.trust.padded = padded,
	};
	char *text = json_dumps(o, 0), *why = NULL;
	struct proof p = { 0 };
	struct bundle b;
	const char *first;
	bool good;

	good = bundle_parse(&b, text, strlen(text), &why) &&
	       proof_judge(&p, &b, &b.pcrs, &rq);
	first = why ? why : p.problems.n ? p.problems.text[0] : "none";
	if (!ok(good && (reason ? !!strstr(first, reason) : !p.problems.n),
		"%s: %s", what, reason ? reason : "verified"))
		note("problem: %s", first);
	proof_free(&p);
	bundle_free(&b);
	free(why);
	free(text);
}

/* @reason: why it is not verified, or NULL if it is. */
static json_t *read_part(uint64_t seq, const char *what)
{
	char *why;

	part.list = m.l.b;
	why = host_part_read(&part, TENANT, seq);
	if (!ok(!why, "%s: there is all that is needed", what)) {
		note("said: %s", why);
		free(why);
		return NULL;
	}
	return seq ? bundle_join(bundle_tenant_json(&leaf, &list.b),
				 bundle_host_json(TENANT, &part)) :
		     bundle_join(bundle_dead_json(&leaf, &list.b),
				 bundle_host_json(TENANT, &part));
}

static void makes_what_is_made_by_hand(void)
{
	size_t length, anchors, nbanks, equal = 0, n = 0;

	for (nbanks = 1; nbanks <= 4; nbanks++)
		for (length = 1; length <= 4; length++)
			for (anchors = 1; anchors <= 9; anchors += nbanks) {
				json_t *mine, *theirs;

				make(nbanks, length, anchors);
				take_leaf();
				take_values(false);
				mine = read_part(anchors, "honest");
				judge_json(mine, false, false, NULL, "honest");
				theirs = mka_bundle(&m, &list, TENANT, SLOT, 2);
				equal += json_equal(mine, theirs);
				n++;
				json_decref(mine);
				json_decref(theirs);
				drop();
			}
	ok(n && equal == n, "%zu of %zu are what was written down by hand",
	   equal, n);
}

static void covers_by_an_older_anchor(void)
{
	uint8_t acc[32] = { 1 };
	json_t *o;
	size_t i;

	make(2, 3, 4);
	take_leaf();
	mka_set_leaf(&m, SLOT, TENANT, 9, acc);
	for (i = 0; i < 5; i++)
		mka_anchor(&m, "interval");
	take_values(false);
	o = read_part(4, "older");
	ok(part.later == 5, "5 anchors came later");
	judge_json(o, true, false, NULL, "older");
	judge_json(o, false, false, "5 come after that with seq 4", "older");
	for (i = 5; i < 10; i++)
		if (json_is_string(json_array_get(json_object_get(o,
						  "pcr_anchor"), i)))
			break;
	ok(i == 10, "none of them is in clear");
	json_decref(o);
	drop();
}

static void knows_padded_banks(void)
{
	json_t *o;

	make(2, 3, 4);
	take_leaf();
	take_values(true);
	o = read_part(4, "padded");
	judge_json(o, false, false, NULL, "padded, the other bank vouches");
	json_decref(o);
	drop();
	/* A hash that the kernel does not compute is padded, values or not. */
	make(5, 3, 4);
	take_leaf();
	o = read_part(4, "no values");
	judge_json(o, false, false, "no value to compare PCR 11 with",
		   "no values");
	json_decref(o);
	drop();
}

static void finds_the_dead(void)
{
	json_t *o;

	make(2, 3, 1);
	take_leaf();
	mka_death(&m, SLOT, TENANT);
	take_values(false);
	o = read_part(0, "dead");
	judge_json(o, false, false, NULL, "dead");
	json_decref(o);
	drop();
	/* The registration has ended, another one has begun. */
	make(2, 3, 1);
	take_leaf();
	mka_death(&m, SLOT, TENANT);
	mka_anchor(&m, "interval");
	mka_unregister(&m);
	mka_register(&m, 3, 0);
	mka_boot(&m, OTHER, false);
	mka_anchor(&m, "interval");
	take_values(false);
	o = read_part(0, "dead, registered again");
	judge_json(o, false, false, NULL, "dead, registered again");
	ok(host_part_pcrs(&m.l.b, TENANT) == 3u << 11 &&
	   host_part_pcrs(&m.l.b, 0) == 3u << 11, "the PCRs");
	json_decref(o);
	drop();
}

static void lacks(uint64_t id, uint64_t seq, const char *reason)
{
	char *why;

	part.list = m.l.b;
	why = host_part_read(&part, id, seq);
	is_text(why, reason, "what is missing");
	free(why);
	memset(&part.list, 0, sizeof(part.list));
	host_part_free(&part);
}

static void says_what_is_missing(void)
{
	make(2, 3, 2);
	lacks(TENANT, 3, "the host's list has no good anchor with seq 3");
	lacks(TENANT, 0, "no anchor in the host's list tells the end of namespace 5");
	lacks(7, 2, "the host's list has no boot record of namespace 7: it has executed nothing while it was anchored");
	m.l.b.len = 101;
	lacks(TENANT, 2, "there is no ima_ns_register in the host's list: nothing is anchored");
	m.l.b.len = 100;
	lacks(TENANT, 2, "the host's list is malformed");
	drop();
}

int main(void)
{
	makes_what_is_made_by_hand();
	covers_by_an_older_anchor();
	knows_padded_banks();
	finds_the_dead();
	says_what_is_missing();
	return tap_done();
}
