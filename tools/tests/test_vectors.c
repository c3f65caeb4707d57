// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Numbers printed by others: the seed's records, cPCR and PCR 11 and 12.
 */
#include <string.h>

#include <jansson.h>

#include "list.h"
#include "mklist.h"
#include "replay.h"
#include "tap.h"

static void unhex(const char *hex, uint8_t *out)
{
	hex_decode(hex, strlen(hex), out, HASH_MAX_SIZE);
}

/* One record of the seed as an entry with its printed template digest. */
static void append_record(struct buf *list, const char *digest,
			  const char *file_digest, const char *name)
{
	struct buf data = { 0 };
	uint8_t field[6 + 20] = "sha1:", stored[HASH_MAX_SIZE];
	static const uint8_t pcr[4] = { 10 };

	unhex(file_digest, field + 6);
	mk_field(&data, field, sizeof(field));
	mk_name(&data, name);
	unhex(digest, stored);
	buf_add(list, pcr, 4);
	buf_add(list, stored, 20);
	mk_field(list, "ima-ng", 6);
	mk_field(list, data.data, data.len);
	buf_free(&data);
}

static void check_records(const json_t *records, struct buf *list)
{
	size_t i;

	for (i = 0; i < json_array_size(records); i++) {
		const json_t *r = json_array_get(records, i);

		append_record(list, json_string_value(json_array_get(r, 0)),
			      json_string_value(json_array_get(r, 1)),
			      json_string_value(json_array_get(r, 2)));
	}
}

static void check_list(const json_t *root)
{
	const json_t *records = json_object_get(
		json_object_get(root, "ima_ng_template"), "records");
	const json_t *cpcr = json_object_get(
		root, "cpcr_after_first_five_records_of_4026532286");
	const struct hash_alg *sha1 = hash_by_name("sha1");
	struct pcr_set want = { 0 };
	struct list_reader r;
	struct list_entry e;
	struct buf list = { 0 };
	uint8_t d[HASH_MAX_SIZE];
	struct replay rp;

	check_records(records, &list);
	ok(json_array_size(records) == 6, "the vectors have six records");
	unhex(json_string_value(cpcr), d);
	pcr_set_add(&want, 10, sha1, d, "given");
	replay_begin(&rp, &want, 0);
	list_begin(&r, list.data, list.len);
	while (list_next(&r, &e) == LIST_ENTRY) {
		list_entry_digest(&e, sha1, d);
		ok(!memcmp(d, e.digest, 20), "template digest of record %zu",
		   e.index);
		replay_entry(&rp, &e);
	}
	ok(r.index == 6, "all six records were read: %s", r.error);
	ok(rp.slot[0].own_at == 5, "the cPCR is right after record 5");
	replay_free(&rp);
	pcr_set_free(&want);
	buf_free(&list);
}

static void check_concat(const json_t *cases)
{
	const struct hash_alg *sha1 = hash_by_name("sha1");
	size_t i, k;

	for (i = 0; i < json_array_size(cases); i++) {
		const json_t *c = json_array_get(cases, i);
		const json_t *list = json_object_get(c, "cpcr");
		uint8_t cpcr[4][HASH_MAX_SIZE], history[HASH_MAX_SIZE];
		uint8_t inner[HASH_MAX_SIZE], out[HASH_MAX_SIZE];
		struct hash_part parts[4];

		for (k = 0; k < json_array_size(list) && k < 4; k++) {
			unhex(json_string_value(json_array_get(list, k)),
			      cpcr[k]);
			parts[k] = (struct hash_part){ cpcr[k], 20 };
		}
		hash_parts(sha1, parts, k, inner);
		unhex(json_string_value(json_object_get(c, "history")),
		      history);
		parts[0] = (struct hash_part){ history, 20 };
		parts[1] = (struct hash_part){ inner, 20 };
		hash_parts(sha1, parts, 2, out);
		is_hex(out, json_string_value(json_object_get(c, "pcr12")),
		       "PCR 12 of the seed's concatenation");
	}
}

static void check_boot(const json_t *boot)
{
	const char *record = json_string_value(json_object_get(boot, "record"));
	const struct hash_alg *sha1 = hash_by_name("sha1");
	uint8_t zeros[20] = { 0 }, d[HASH_MAX_SIZE], out[HASH_MAX_SIZE];
	struct hash_part one = { record, strlen(record) };
	struct hash_part two[2] = { { zeros, 20 }, { d, 20 } };

	hash_parts(sha1, &one, 1, d);
	is_hex(d, json_string_value(json_object_get(boot, "digest")),
	       "digest of the seed's boot record");
	hash_parts(sha1, two, 2, out);
	is_hex(out, json_string_value(json_object_get(boot, "pcr11_from_zero")),
	       "PCR 11 of the seed's boot record");
}

int main(int argc, char **argv)
{
	json_error_t error;
	json_t *root;

	if (argc != 2)
		return 2;
	root = json_load_file(argv[1], 0, &error);
	if (!ok(root, "the vectors can be read: %s", root ? "" : error.text))
		return tap_done();
	check_list(root);
	check_concat(json_object_get(root, "pcr12_concat"));
	check_boot(json_object_get(root, "pcr11_boot"));
	json_decref(root);
	return tap_done();
}
