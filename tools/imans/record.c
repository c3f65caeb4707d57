// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include "record.h"
#include "util.h"

#define MAX_KEYS 13

static const struct {
	enum record_kind kind;
	const char *name;
	const char *keys[MAX_KEYS + 1];
} kinds[] = {
	{ RECORD_BIRTH, "ima_ns_birth",
	  { "id", "uuid", "parent", "userns", "owner", "label", "by", "hash",
	    "template", "policy", "ca", "tpm", "exe" } },
	{ RECORD_POLICY, "ima_ns_policy", { "id", "seq", "rules", "policy" } },
	{ RECORD_DEATH, "ima_ns_death",
	  { "id", "entries", "violations", "acc" } },
};

/* Values of the keys, in the order of the table. */
struct values {
	const char *const *keys;
	char *v[MAX_KEYS];
};

/* Exactly these keys in this order, one blank between them. */
static bool split(char *text, struct values *out)
{
	size_t i;

	for (i = 0; out->keys[i]; i++) {
		size_t n = strlen(out->keys[i]);
		char *end;

		if (!text || strncmp(text, out->keys[i], n) || text[n] != '=')
			return false;
		out->v[i] = text + n + 1;
		end = strchr(out->v[i], ' ');
		if (end)
			*end++ = '\0';
		text = end;
	}
	return !text;
}

static const char *value(const struct values *values, const char *key)
{
	size_t i;

	for (i = 0; strcmp(values->keys[i], key); i++)
		;
	return values->v[i];
}

static bool number(const struct values *values, const char *key, uint64_t *out)
{
	return parse_uint(value(values, key), UINT64_MAX, out);
}

static bool sha256(const struct values *values, const char *key, uint8_t *out)
{
	uint8_t digest[HASH_MAX_SIZE];
	const struct hash_alg *alg;
	const char *why;

	alg = hash_parse_digest(value(values, key), digest, &why);
	if (!alg || strcmp(alg->name, "sha256"))
		return false;
	memcpy(out, digest, 32);
	return true;
}

static const char *take_values(struct record *r, const struct values *values)
{
	uint64_t ignored;

	if (!number(values, "id", &r->id) || !r->id)
		return "id is no number of a namespace";
	switch (r->kind) {
	case RECORD_BIRTH:
		return number(values, "parent", &r->parent) ? NULL :
			"parent is no number";
	case RECORD_POLICY:
		if (!number(values, "seq", &r->seq) || !r->seq ||
		    !number(values, "rules", &ignored))
			return "seq or rules is no number";
		return sha256(values, "policy", r->digest) ? NULL :
			"policy is no SHA-256";
	default:
		if (!number(values, "entries", &r->entries) ||
		    !number(values, "violations", &r->violations))
			return "entries or violations is no number";
		return sha256(values, "acc", r->digest) ? NULL :
			"acc is no SHA-256";
	}
}

static const char *take_record(struct record *r, size_t kind,
			       const uint8_t *buf, size_t len)
{
	struct values values = { .keys = kinds[kind].keys };
	const char *why = "not the keys of such a record";
	char *text = xcalloc(len + 1, 1);

	memcpy(text, buf, len);
	r->kind = kinds[kind].kind;
	if (split(text, &values))
		why = take_values(r, &values);
	free(text);
	return why;
}

enum record_kind record_parse(const struct list_entry *e, struct record *r,
			      const char **why)
{
	const uint8_t *name, *buf;
	size_t name_len, len, i;

	memset(r, 0, sizeof(*r));
	/* Nothing vouches for the data of a violation. */
	if (e->violation || e->tmpl.name_len != 7 ||
	    memcmp(e->tmpl.name, "ima-buf", 7))
		return RECORD_NONE;
	name = list_entry_name(e, &name_len);
	buf = list_entry_buffer(e, &len);
	if (!buf || !all_printable(buf, len))
		return RECORD_NONE;
	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (strlen(kinds[i].name) == name_len &&
		    !memcmp(kinds[i].name, name, name_len))
			break;
	if (i == ARRAY_SIZE(kinds))
		return RECORD_NONE;
	*why = take_record(r, i, buf, len);
	return *why ? RECORD_BAD : r->kind;
}
