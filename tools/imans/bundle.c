// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base64.h"
#include "bundle.h"

#define FORMAT "ima-ns-proof"
#define VERSION 1

static const char *const members[] = {
	"format", "version", "id", "seq", "salt", "index", "n", "path", "list",
	"banks", "pcr_boot", "pcr_anchor", "pcrs",
};

/* All of these return NULL or a reason, to be freed. */

static char *take_number(const json_t *root, const char *key, uint64_t *out)
{
	const json_t *j = json_object_get(root, key);

	if (!json_is_integer(j) || json_integer_value(j) < 0)
		return xasprintf("\"%s\" is no number from 0 to 2^63 - 1", key);
	*out = (uint64_t)json_integer_value(j);
	return NULL;
}

static bool take_hex(const json_t *j, uint8_t *out, size_t len)
{
	return json_is_string(j) &&
	       hex_decode(json_string_value(j), json_string_length(j), out,
			  len) == (int)len;
}

static bool take_base64(const json_t *j, struct buf *out)
{
	return json_is_string(j) &&
	       base64_decode(json_string_value(j), json_string_length(j), out);
}

/* Nothing but what is known, and all of it. */
static char *check_members(const json_t *root)
{
	const json_t *format = json_object_get(root, "format");
	const json_t *version = json_object_get(root, "version");
	size_t i;

	if (!json_is_string(format) ||
	    strcmp(json_string_value(format), FORMAT) ||
	    !json_is_integer(version) || json_integer_value(version) != VERSION)
		return xasprintf("not of format \"" FORMAT "\", version %d",
				 VERSION);
	for (i = 0; i < ARRAY_SIZE(members); i++)
		if (!json_object_get(root, members[i]))
			return xasprintf("\"%s\" is missing", members[i]);
	if (json_object_size(root) != ARRAY_SIZE(members))
		return xstrdup("there are members that do not belong there");
	return NULL;
}

static char *take_path(struct bundle *b, const json_t *array)
{
	size_t i, n = json_array_size(array);

	if (!json_is_array(array) || n > MERKLE_PATH_MAX)
		return xasprintf("\"path\" is no array of at most %d hashes",
				 MERKLE_PATH_MAX);
	b->path = xcalloc(n, sizeof(*b->path));
	for (i = 0; i < n; i++)
		if (!take_hex(json_array_get(array, i), b->path[i],
			      MERKLE_SIZE))
			return xasprintf("element %zu of \"path\" is not 64 hex digits",
					 i + 1);
	b->npath = n;
	return NULL;
}

static char *take_banks(struct bundle *b, const json_t *array)
{
	size_t i, n = json_array_size(array);

	if (!json_is_array(array) || n > ANCHOR_BANKS_MAX)
		return xasprintf("\"banks\" is no array of at most %d banks",
				 ANCHOR_BANKS_MAX);
	for (i = 0; i < n; i++) {
		const char *name = json_string_value(json_array_get(array, i));

		b->bank[i] = name ? hash_bank_by_name(name) : NULL;
		if (!b->bank[i])
			return xasprintf("element %zu of \"banks\" is no PCR bank",
					 i + 1);
	}
	b->nbanks = n;
	return NULL;
}

/* The template data as an entry of a list, which it must be. */
static char *take_clear(struct bundle_record *r, const struct buf *data)
{
	static const char tmpl[] = "ima-buf";
	const struct hash_alg *sha1 = hash_by_name("sha1");
	struct hash_part part = { data->data, data->len };
	struct list_reader reader = { .hash = sha1 };
	uint8_t digest[HASH_MAX_SIZE], le[4] = { 0 };
	struct list_entry e;

	r->clear = true;
	if (data->len > UINT32_MAX)
		return xstrdup("a record is too long");
	hash_parts(sha1, &part, 1, digest);
	buf_add(&r->entry, le, 4);
	buf_add(&r->entry, digest, sha1->size);
	put_le32(le, sizeof(tmpl) - 1);
	buf_add(&r->entry, le, 4);
	buf_add(&r->entry, tmpl, sizeof(tmpl) - 1);
	put_le32(le, (uint32_t)data->len);
	buf_add(&r->entry, le, 4);
	buf_add(&r->entry, data->data, data->len);
	reader.data = r->entry.data;
	reader.len = r->entry.len;
	if (list_next(&reader, &e) != LIST_ENTRY)
		return xasprintf("not template data of ima-buf: %s",
				 reader.error);
	return NULL;
}

void bundle_entry(const struct bundle_record *r, struct list_entry *e)
{
	struct list_reader reader = {
		.data = r->entry.data, .len = r->entry.len,
		.hash = hash_by_name("sha1"),
	};

	/* It was read before. */
	if (list_next(&reader, e) != LIST_ENTRY)
		abort();
}

static char *take_record(const struct bundle *b, struct bundle_record *r,
			 const json_t *j)
{
	uint8_t digest[HASH_MAX_SIZE];
	struct buf data = { 0 };
	char *why;
	size_t i;

	if (json_is_string(j)) {
		why = take_base64(j, &data) ? take_clear(r, &data) :
					      xstrdup("not base64");
		buf_free(&data);
		return why;
	}
	if (!json_is_array(j) || json_array_size(j) != b->nbanks)
		return xstrdup("neither base64 nor a digest for each bank");
	for (i = 0; i < b->nbanks; i++) {
		if (!take_hex(json_array_get(j, i), digest, b->bank[i]->size))
			return xasprintf("not a digest of bank %s in hex",
					 b->bank[i]->name);
		buf_add(&r->entry, digest, b->bank[i]->size);
	}
	return NULL;
}

static char *take_records(const struct bundle *b, struct bundle_records *out,
			  const json_t *root, const char *key)
{
	const json_t *array = json_object_get(root, key);
	size_t i, n = json_array_size(array);

	if (!json_is_array(array) || !n)
		return xasprintf("\"%s\" is no array of records", key);
	out->v = xcalloc(n, sizeof(*out->v));
	out->n = n;
	for (i = 0; i < n; i++) {
		char *why = take_record(b, &out->v[i],
					json_array_get(array, i)), *text;

		if (!why)
			continue;
		text = xasprintf("record %zu of \"%s\": %s", i + 1, key, why);
		free(why);
		return text;
	}
	return NULL;
}

/* As `imans pcr read --json` prints them. */
static char *take_pcrs(struct bundle *b, const json_t *array)
{
	size_t i, n = json_array_size(array);

	if (!json_is_array(array))
		return xstrdup("\"pcrs\" is no array");
	for (i = 0; i < n; i++) {
		const json_t *o = json_array_get(array, i);
		const json_t *pcr = json_object_get(o, "pcr");
		const char *name = json_string_value(json_object_get(o, "bank"));
		const struct hash_alg *bank = name ? hash_bank_by_name(name) :
						     NULL;
		uint8_t value[HASH_MAX_SIZE];

		if (!json_is_integer(pcr) || json_integer_value(pcr) < 0 ||
		    json_integer_value(pcr) >= PCR_COUNT || !bank ||
		    !take_hex(json_object_get(o, "value"), value, bank->size))
			return xasprintf("element %zu of \"pcrs\" is no PCR value",
					 i + 1);
		pcr_set_add(&b->pcrs, (uint32_t)json_integer_value(pcr), bank,
			    value, "bundle");
	}
	return NULL;
}

static char *take_all(struct bundle *b, const json_t *root)
{
	char *why;

	if (!json_is_object(root))
		return xstrdup("no JSON object");
	if ((why = check_members(root)) ||
	    (why = take_number(root, "id", &b->id)) ||
	    (why = take_number(root, "seq", &b->seq)) ||
	    (why = take_number(root, "index", &b->index)) ||
	    (why = take_number(root, "n", &b->n)))
		return why;
	if (!b->id)
		return xstrdup("\"id\" is 0, which is no tenant");
	if (!take_hex(json_object_get(root, "salt"), b->salt, 32))
		return xstrdup("\"salt\" is not 64 hex digits");
	if (!take_base64(json_object_get(root, "list"), &b->list))
		return xstrdup("\"list\" is not base64");
	if ((why = take_path(b, json_object_get(root, "path"))) ||
	    (why = take_banks(b, json_object_get(root, "banks"))) ||
	    (why = take_records(b, &b->boot, root, "pcr_boot")) ||
	    (why = take_records(b, &b->anchor, root, "pcr_anchor")))
		return why;
	return take_pcrs(b, json_object_get(root, "pcrs"));
}

bool bundle_parse(struct bundle *b, const char *text, size_t len, char **why)
{
	json_error_t error;
	json_t *root;

	memset(b, 0, sizeof(*b));
	root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);
	if (!root) {
		char *said = escape_string(error.text);

		*why = xasprintf("not JSON: line %d: %s", error.line, said);
		free(said);
		return false;
	}
	*why = take_all(b, root);
	json_decref(root);
	return !*why;
}

static void free_records(struct bundle_records *r)
{
	size_t i;

	for (i = 0; i < r->n; i++)
		buf_free(&r->v[i].entry);
	free(r->v);
}

void bundle_free(struct bundle *b)
{
	free(b->path);
	buf_free(&b->list);
	free_records(&b->boot);
	free_records(&b->anchor);
	pcr_set_free(&b->pcrs);
	memset(b, 0, sizeof(*b));
}
