// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Bundles: an honest one, and what is done to it.
 */
#include <stdlib.h>
#include <string.h>

#include "mkanchor.h"
#include "proof.h"
#include "tap.h"

/* Two tenants of a machine; the judge gets the bundle of the first. */
static struct mkanchor m;
static struct mklist list[2];
static json_t *bundle;

#define TENANT 5
#define OTHER 6
#define SLOT 2
#define OTHER_SLOT 0

static void set_leaves(void)
{
	mka_set_leaf(&m, SLOT, TENANT, list[0].entries, list[0].acc);
	mka_set_leaf(&m, OTHER_SLOT, OTHER, list[1].entries, list[1].acc);
	/* Three slots, one of them free, and two more. */
	mka_set_leaf(&m, 4, 7, 1, list[1].acc);
}

static void make_lists(void)
{
	mk_begin(&list[0], "sha256");
	mk_file(&list[0], 10, 1, "boot_aggregate");
	mk_file(&list[0], 10, 2, "/bin/tenant");
	mk_violation(&list[0], 10, "/var/log/x");
	mk_file(&list[0], 5, 3, "/bin/other_pcr");
	mk_begin(&list[1], "sha1");
	mk_file(&list[1], 10, 1, "boot_aggregate");
	mk_file(&list[1], 10, 4, "/bin/other");
}

/* @start: what is in PCR 12 before; @length: of a chain of tokens. */
static void make_world(uint8_t start, size_t length, size_t anchors)
{
	size_t i;

	make_lists();
	mka_begin(&m);
	memset(m.l.pcr[12], start, sizeof(m.l.pcr[12]));
	mka_register(&m, length, 1);
	mka_boot(&m, OTHER, true);
	mka_boot(&m, TENANT, false);
	mka_boot(&m, 7, false);
	set_leaves();
	for (i = 0; i < anchors; i++)
		mka_anchor(&m, i % 3 == 1 ? "death" : "interval");
}

static void make_bundle(void)
{
	bundle = mka_bundle(&m, &list[0], TENANT, SLOT, 2);
}

static void make(void)
{
	make_world(0, 16, 5);
	make_bundle();
}

static void drop(void)
{
	json_decref(bundle);
	mka_free(&m);
	mk_free(&list[0]);
	mk_free(&list[1]);
}

/* @reason: what has to be among the problems, or NULL for none. */
static void judge_by(const struct proof_request *rq, const char *reason,
		     const char *what)
{
	char *text = json_dumps(bundle, 0), *why = NULL;
	struct proof p = { 0 };
	struct bundle b;
	bool good = false;
	size_t i;

	if (!ok(bundle_parse(&b, text, strlen(text), &why) &&
		proof_judge(&p, &b, &b.pcrs, rq), "%s: can be judged", what)) {
		note("%s", why);
	} else {
		for (i = 0; i < p.problems.n; i++)
			good |= reason && strstr(p.problems.text[i], reason);
		if (!ok(reason ? good : !p.problems.n, "%s: %s", what,
			reason ? reason : "verified"))
			for (i = 0; i < p.problems.n; i++)
				note("problem: %s", p.problems.text[i]);
	}
	proof_free(&p);
	bundle_free(&b);
	free(why);
	free(text);
}

static void judge(const char *reason, const char *what)
{
	static const struct proof_request usual;

	judge_by(&usual, reason, what);
}

static void set(const char *key, json_t *value)
{
	json_object_set_new(bundle, key, value);
}

static json_t *get(const char *key)
{
	return json_object_get(bundle, key);
}

static void accepts_honest_bundles(void)
{
	size_t length, anchors;

	make();
	judge(NULL, "honest");
	ok(!strstr(json_string_value(json_array_get(get("pcr_anchor"), 0)),
		   "other") && json_is_array(json_array_get(get("pcr_boot"), 1)),
	   "the other tenant's boot record is a digest");
	drop();
	for (length = 1; length <= 4; length++)
		for (anchors = 1; anchors <= 9; anchors++) {
			make_world(0, length, anchors);
			make_bundle();
			judge(NULL, "honest, short chains");
			drop();
		}
	/* Nothing measured yet but boot_aggregate, only slot. */
	mka_begin(&m);
	make_lists();
	mka_register(&m, 8, 0);
	mka_boot(&m, TENANT, false);
	mka_set_leaf(&m, 0, TENANT, list[0].entries, list[0].acc);
	mka_anchor(&m, "read");
	bundle = mka_bundle(&m, &list[0], TENANT, 0, 1);
	judge(NULL, "honest, only one slot");
	drop();
}

static void wants_its_own_list(void)
{
	struct proof_request prefix = { .allow_prefix = true };
	struct mklist shorter;

	make();
	set("list", mka_json_base64(list[1].b.data, list[1].b.len));
	judge("the leaf covers 4 entries, the list has only 2",
	      "the other's list");
	mk_file(&list[1], 10, 4, "/bin/more");
	mk_file(&list[1], 10, 5, "/bin/more");
	set("list", mka_json_base64(list[1].b.data, list[1].b.len));
	judge("is not below the root of the last anchor", "as long a list");
	mk_file(&list[0], 10, 9, "/bin/later");
	set("list", mka_json_base64(list[0].b.data, list[0].b.len));
	judge("the leaf covers only 4 of 5 entries", "an entry more");
	judge_by(&prefix, NULL, "an entry more, allowed");
	drop();
	/* EVIL is left out, seq is right for what is there. */
	make();
	mk_begin(&shorter, "sha256");
	mk_file(&shorter, 10, 1, "boot_aggregate");
	mk_violation(&shorter, 10, "/var/log/x");
	mk_file(&shorter, 5, 3, "/bin/other_pcr");
	set("list", mka_json_base64(shorter.b.data, shorter.b.len));
	set("seq", json_integer(3));
	judge("is not below the root of the last anchor", "entry removed");
	mk_free(&shorter);
	drop();
}

static void wants_its_own_leaf(void)
{
	uint8_t salt[32] = { 0 };

	make();
	set("index", json_integer(OTHER_SLOT));
	judge("is not below the root", "another slot");
	drop();
	/* Leaves swapped: all of the other's proof, but the tenant's list. */
	make();
	json_decref(bundle);
	bundle = mka_bundle(&m, &list[0], TENANT, OTHER_SLOT, 2);
	judge("is not below the root", "slot and path of the other");
	drop();
	make();
	set("salt", mka_json_hex(salt, 32));
	judge("is not below the root", "another salt");
	drop();
	make();
	json_array_remove(get("path"), 0);
	judge("the path is shorter than that of the slot", "path too short");
	drop();
	make();
	json_array_append(get("path"), json_array_get(get("path"), 0));
	judge("the path is longer than that of the slot", "path too long");
	drop();
	make();
	set("n", json_integer(6));
	judge("the bundle has 6 slots, the last anchor 5", "another n");
	set("n", json_integer(INT64_MAX));
	judge("the path is shorter", "absurd n");
	set("n", json_integer(0));
	judge("the tree has no such slot", "no slots");
	drop();
	make();
	set("index", json_integer(INT64_MAX));
	judge("the tree has no such slot", "absurd index");
	set("index", json_integer(5));
	judge("the tree has no such slot", "index behind the last");
	drop();
	make();
	set("id", json_integer(OTHER));
	judge("there is no boot record of namespace 6", "another id");
	drop();
}

/* The forger: own tree, own record, and the TPM is extended with it. */
static void forge(const uint8_t *token, const char *reason, const char *what)
{
	make_world(0, 16, 5);
	mk_file(&list[0], 10, 9, "/bin/evil");
	set_leaves();
	mka_forge(&m, token ? token : m.token[m.at]);
	make_bundle();
	judge(reason, what);
	drop();
}

static void sees_forged_anchors(void)
{
	uint8_t token[32] = { 0x77 };

	forge(NULL, "its token does not continue", "appended, token reused");
	forge(token, "its token does not continue", "appended, random token");
	/* Whoever is in between takes the token of the one behind. */
	make_world(0, 16, 4);
	mka_forge(&m, m.token[m.at + 1]);
	m.seq--;
	mka_anchor(&m, "interval");
	make_bundle();
	judge("seq 5, but it is the anchor number 6", "inserted");
	judge("its token does not continue", "inserted");
	drop();
	make_world(0, 16, 4);
	mka_forge(&m, m.token[m.at + 1]);
	mka_anchor(&m, "interval");
	make_bundle();
	judge("its token does not continue", "inserted, with seq");
	drop();
	/* More anchors than the chain has tokens, no next in clear. */
	make_world(0, 3, 5);
	make_bundle();
	json_array_set(get("pcr_anchor"), 3,
		       json_array_get(get("pcr_anchor"), 2));
	judge("its chain of tokens has ended before", "next not in clear");
	drop();
}

static void sees_removed_records(void)
{
	make();
	json_array_remove(get("pcr_anchor"), 3);
	judge("seq 5, but it is the anchor number 4", "anchor removed");
	judge("its token does not continue", "anchor removed");
	judge("PCR 12 of bank sha256 (bundle) is not", "anchor removed");
	drop();
	make();
	json_array_remove(get("pcr_anchor"), 5);
	judge("no good anchor in clear", "last anchor removed");
	drop();
	make_world(0, 3, 5);
	make_bundle();
	json_array_set(get("pcr_anchor"), 5, json_array_get(get("pcr_anchor"), 2));
	judge("no good anchor in clear", "last anchor not in clear");
	drop();
	make();
	json_array_remove(get("pcr_boot"), 1);
	judge("PCR 11 of bank sha1 (bundle) is not", "boot record removed");
	drop();
	make();
	json_array_remove(get("pcr_boot"), 2);
	judge("there is no boot record of namespace 5", "own one removed");
	drop();
	make();
	json_array_remove(get("pcr_boot"), 0);
	judge("do not begin with the same register record", "no register");
	drop();
	make();
	json_array_remove(get("pcr_anchor"), 0);
	judge("do not begin with the same register record", "no register");
	drop();
	make();
	json_array_append(get("pcr_boot"), json_array_get(get("pcr_boot"), 2));
	judge("namespace 5 has two boot records", "own one twice");
	drop();
}

/* Record @i of pcr_anchor, not in clear. */
static json_t *digests(size_t i)
{
	const struct buf *b = &m.records[1].v[i];
	struct hash_part part = { b->data, b->len };
	json_t *array = json_array();
	uint8_t d[64];
	size_t k;

	for (k = 0; k < 2; k++) {
		hash_parts(hash_by_name(mk_bank_name[k]), &part, 1, d);
		json_array_append_new(array, mka_json_hex(d, mk_bank_size[k]));
	}
	return array;
}

/* An anchor that covers the list, but is not the last. */
static void knows_older_anchors(void)
{
	struct proof_request prefix = { .allow_prefix = true };
	json_t *records, *later;
	size_t i;

	/* What the machine was when the list was covered. */
	make_world(0, 4, 3);
	make_bundle();
	records = json_incref(get("pcr_anchor"));
	mk_file(&list[0], 10, 9, "/bin/later");
	set_leaves();
	for (i = 0; i < 7; i++)
		mka_anchor(&m, "interval");
	later = mka_bundle(&m, &list[0], TENANT, SLOT, 2);
	/* Not even those that begin chains: they cover another list. */
	for (i = json_array_size(records); i < m.records[1].n; i++)
		json_array_append_new(records, digests(i));
	set("pcrs", json_incref(json_object_get(later, "pcrs")));
	judge("the last record of pcr_anchor is no good anchor in clear: 7 come after that with seq 3",
	      "an older anchor");
	judge_by(&prefix, NULL, "... allowed");
	json_array_set(records, 5, json_array_get(records, 6));
	judge_by(&prefix, "PCR 12 of bank sha256 (bundle) is not",
		 "... allowed, but not another record");
	json_decref(later);
	json_decref(records);
	drop();
}

/* Its last leaf is in an anchor, and its slot another's. */
static void make_dead(void)
{
	make_world(0, 4, 3);
	make_bundle();
	mka_death(&m, SLOT, TENANT);
	json_decref(bundle);
	bundle = mka_bundle(&m, &list[0], TENANT, SLOT, 2);
	json_object_del(bundle, "index");
	json_object_del(bundle, "n");
	json_object_del(bundle, "path");
	set("dead", json_true());
}

static void proves_the_dead(void)
{
	json_t *records;
	size_t i, n;

	make_dead();
	judge(NULL, "dead");
	mk_file(&list[0], 10, 9, "/bin/more");
	set("list", mka_json_base64(list[0].b.data, list[0].b.len));
	judge("the leaf covers only 4 of 5 entries", "dead, an entry more");
	set("seq", json_integer(5));
	judge("the list is not the one that namespace 5 ended with",
	      "... and counted");
	drop();
	make_dead();
	set("id", json_integer(OTHER));
	judge("the last anchor in clear does not tell the end of namespace 6",
	      "another has ended");
	drop();
	/* Anchors, an end of the registration, and another one. */
	make_dead();
	n = m.records[1].n;
	mka_anchor(&m, "interval");
	mka_unregister(&m);
	records = json_incref(get("pcr_anchor"));
	json_decref(bundle);
	bundle = mka_bundle(&m, &list[0], TENANT, SLOT, 2);
	for (i = n; i + 1 < m.records[1].n; i++)
		json_array_append(records, json_array_get(get("pcr_anchor"), i));
	json_array_append_new(records, digests(n + 1));
	json_object_set(bundle, "pcr_anchor", records);
	json_object_del(bundle, "index");
	json_object_del(bundle, "n");
	json_object_del(bundle, "path");
	set("dead", json_true());
	judge(NULL, "dead, and the registration ended");
	json_array_set(get("pcr_anchor"), 4,
		       json_array_get(get("pcr_anchor"), 1));
	judge("pcr_anchor has no good anchor in clear", "its end not in clear");
	json_decref(records);
	drop();
	/* A forger tells another end. */
	make_world(0, 16, 3);
	mk_file(&list[0], 10, 9, "/bin/evil");
	set_leaves();
	memset(m.token[m.at + 1], 0x66, 32);
	mka_death(&m, SLOT, TENANT);
	make_bundle();
	json_object_del(bundle, "index");
	json_object_del(bundle, "n");
	json_object_del(bundle, "path");
	set("dead", json_true());
	judge("its token does not continue", "another end");
	drop();
}

static void joins(const char *key, json_t *value, bool of_host,
		  const char *reason, const char *what)
{
	json_t *tenant, *host, *j;
	struct buf a = { 0 }, b = { 0 };
	char *text, *why = NULL;
	const char *name;
	struct bundle out;
	bool good;

	make();
	tenant = json_object();
	host = json_object();
	json_object_foreach(bundle, name, j)
		json_object_set(strstr("index n path seq salt list", name) ?
				tenant : host, name, j);
	json_object_set_new(tenant, "format", json_string("ima-ns-tenant"));
	json_object_set_new(tenant, "version", json_integer(1));
	json_object_set_new(tenant, "id", json_integer(TENANT));
	json_object_set_new(tenant, "anchor", json_integer(5));
	json_object_set_new(host, "format", json_string("ima-ns-host"));
	if (key)
		json_object_set_new(of_host ? host : tenant, key, value);
	text = json_dumps(tenant, 0);
	buf_add(&a, text, strlen(text));
	free(text);
	text = json_dumps(host, 0);
	buf_add(&b, text, strlen(text));
	free(text);
	good = bundle_parse_parts(&out, &a, &b, &why);
	if (good) {
		static const struct proof_request usual;
		struct proof p;

		good = proof_judge(&p, &out, &out.pcrs, &usual) &&
		       !p.problems.n;
		proof_free(&p);
	}
	if (!ok(reason ? !good && why && strstr(why, reason) : good, "%s: %s",
		what, reason ? reason : "verified"))
		note("said: %s", why ? why : "nothing");
	free(why);
	bundle_free(&out);
	ok(!bundle_parse(&out, (char *)a.data, a.len, &why) &&
	   (key || strstr(why, "this is the tenant's part alone")),
	   "... but not the tenant's alone");
	free(why);
	bundle_free(&out);
	buf_free(&a);
	buf_free(&b);
	json_decref(tenant);
	json_decref(host);
	drop();
}

static void joins_parts(void)
{
	joins(NULL, NULL, false, NULL, "two parts");
	joins("id", json_integer(OTHER), true,
	      "the host's part is for namespace 6, not 5", "another's");
	joins("format", json_string("ima-ns-proof"), true,
	      "the host's part: not of format", "a bundle as host's part");
	joins("format", json_string("ima-ns-host"), false, "not of format",
	      "host's part twice");
	joins("salt", json_string("00"), true,
	      "members that do not belong there", "the host's part has a salt");
	joins("pcrs", json_array(), false,
	      "members that do not belong there", "the tenant's part has values");
}

static void sees_foreign_records(void)
{
	struct buf data = { 0 };

	make();
	mk_record_data(&data, "ima_ns_anchors", "seq=3");
	json_array_set_new(get("pcr_anchor"), 3,
			   mka_json_base64(data.data, data.len));
	judge("record 4 of pcr_anchor: foreign entry", "another name");
	buf_free(&data);
	json_array_set(get("pcr_anchor"), 3, json_array_get(get("pcr_boot"), 2));
	judge("record 4 of pcr_anchor: foreign entry: ima_ns_boot",
	      "a boot record");
	mk_record_data(&data, "ima_ns_anchor", "seq=3");
	json_array_set_new(get("pcr_anchor"), 3,
			   mka_json_base64(data.data, data.len));
	judge("record 4 of pcr_anchor: malformed: not the keys", "malformed");
	buf_free(&data);
	drop();
	make();
	json_array_set(get("pcr_boot"), 3, json_array_get(get("pcr_anchor"), 5));
	judge("record 4 of pcr_boot: foreign entry: ima_ns_anchor",
	      "an anchor");
	drop();
	make();
	json_array_set(get("pcr_boot"), 0, json_array_get(get("pcr_boot"), 2));
	json_array_set(get("pcr_anchor"), 0, json_array_get(get("pcr_boot"), 2));
	judge("record 1 of pcr_anchor is no register record",
	      "a boot record in its place");
	drop();
}

static void wants_the_values(void)
{
	uint8_t value[32] = { 1 };
	json_t *o;
	size_t i;

	make();
	o = json_array_get(get("pcrs"), 3);
	json_object_set_new(o, "value", mka_json_hex(value, 32));
	judge("PCR 12 of bank sha256 (bundle) is not", "another PCR value");
	drop();
	make();
	json_array_remove(get("pcrs"), 3);
	judge(NULL, "one bank only");
	json_array_remove(get("pcrs"), 2);
	judge("no value to compare PCR 12 with", "no value");
	drop();
	make();
	set("banks", json_pack("[ss]", "sha1", "sm3"));
	judge("not those of the register record", "other banks");
	drop();
	make();
	set("banks", json_pack("[s]", "sha1"));
	json_array_foreach(get("pcr_boot"), i, o)
		json_array_remove(o, 1);
	json_array_foreach(get("pcr_anchor"), i, o)
		json_array_remove(o, 1);
	judge("not those of the register record", "a bank less");
	drop();
}

/* A register record is only as good as its place. */
static void judges_register_records(void)
{
	struct proof_request rq = { 0 };
	uint8_t digest[32];

	make_world(0x33, 16, 3);
	make_bundle();
	judge("PCR 12 was not zero at the registration", "start not zero");
	mka_sha256(m.records[1].v[0].data, m.records[1].v[0].len, digest);
	rq.reg = digest;
	judge_by(&rq, NULL, "... but the record is known");
	drop();
	/* The forger begins with a record of his own, where PCR 12 stands. */
	make_world(0, 16, 3);
	mka_register(&m, 16, 0);
	mka_boot(&m, TENANT, false);
	mka_anchor(&m, "interval");
	bundle = mka_bundle(&m, &list[0], TENANT, SLOT, 1);
	judge("PCR 12 was not zero at the registration", "registered anew");
	judge_by(&rq, "not the one that is expected", "registered anew");
	drop();
	/* ... or says that it was zero. */
	make_world(0, 16, 3);
	memset(m.l.pcr[12], 0, sizeof(m.l.pcr[12]));
	mka_register(&m, 16, 0);
	memset(m.l.pcr[12], 0x44, sizeof(m.l.pcr[12]));
	mka_boot(&m, TENANT, false);
	mka_anchor(&m, "interval");
	bundle = mka_bundle(&m, &list[0], TENANT, SLOT, 1);
	judge("PCR 12 of bank sha256 (bundle) is not", "a lie about the start");
	drop();
}

int main(void)
{
	accepts_honest_bundles();
	wants_its_own_list();
	wants_its_own_leaf();
	sees_forged_anchors();
	sees_removed_records();
	knows_older_anchors();
	proves_the_dead();
	joins_parts();
	sees_foreign_records();
	wants_the_values();
	judges_register_records();
	return tap_done();
}
