// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "keys.h"
#include "record.h"
#include "util.h"

static const struct {
	enum record_kind kind;
	const char *name;
	const char *keys[KEYS_MAX + 1];
} kinds[] = {
	{ RECORD_BIRTH, "ima_ns_birth",
	  { "id", "uuid", "parent", "userns", "owner", "label", "by", "hash",
	    "template", "policy", "ca", "tpm", "exe" } },
	{ RECORD_POLICY, "ima_ns_policy", { "id", "seq", "rules", "policy" } },
	{ RECORD_DEATH, "ima_ns_death",
	  { "id", "entries", "violations", "acc" } },
};

static const char *take_values(struct record *r, const struct keys *k)
{
	uint64_t ignored;

	if (!keys_number(k, "id", &r->id) || !r->id)
		return "id is no number of a namespace";
	switch (r->kind) {
	case RECORD_BIRTH:
		return keys_number(k, "parent", &r->parent) ? NULL :
			"parent is no number";
	case RECORD_POLICY:
		if (!keys_number(k, "seq", &r->seq) || !r->seq ||
		    !keys_number(k, "rules", &ignored))
			return "seq or rules is no number";
		return keys_sha256(k, "policy", r->digest) ? NULL :
			"policy is no SHA-256";
	default:
		if (!keys_number(k, "entries", &r->entries) ||
		    !keys_number(k, "violations", &r->violations))
			return "entries or violations is no number";
		return keys_sha256(k, "acc", r->digest) ? NULL :
			"acc is no SHA-256";
	}
}

static const char *take_record(struct record *r, size_t kind,
			       const uint8_t *buf, size_t len)
{
	const char *why;
	struct keys k;

	r->kind = kinds[kind].kind;
	if (!keys_split(&k, buf, len, kinds[kind].keys))
		return "not the keys of such a record";
	why = take_values(r, &k);
	keys_free(&k);
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
