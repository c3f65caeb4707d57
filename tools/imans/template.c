// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "template.h"
#include "util.h"

static const struct {
	const char *name;
	const char *fmt;
} builtin[] = {
	{ "ima",	"d|n" },
	{ "ima-ng",	"d-ng|n-ng" },
	{ "ima-sig",	"d-ng|n-ng|sig" },
	{ "ima-ngv2",	"d-ngv2|n-ng" },
	{ "ima-sigv2",	"d-ngv2|n-ng|sig" },
	{ "ima-buf",	"d-ng|n-ng|buf" },
	{ "ima-modsig",	"d-ng|n-ng|sig|d-modsig|modsig" },
	{ "evm-sig",	"d-ng|n-ng|evmsig|xattrnames|xattrlengths|xattrvalues|"
			"iuid|igid|imode" },
	{ "ima-ns",	"ns|d-ng|n-ng|sig" },
};

/*
 * The kernel leaves a field empty when it has nothing to say: no signature,
 * no buffer, no inode behind the name. Digests and names are always there,
 * but d-modsig only with an appended signature.
 */
static const struct template_field fields[] = {
	{ "d",		FIELD_DIGEST,		false },
	{ "n",		FIELD_NAME,		false },
	{ "d-ng",	FIELD_DIGEST_ALGO,	false },
	{ "d-ngv2",	FIELD_DIGEST_TYPE_ALGO,	false },
	{ "n-ng",	FIELD_NAME,		false },
	{ "ns",		FIELD_UUID,		true },
	{ "sig",	FIELD_HEX,		true },
	{ "buf",	FIELD_HEX,		true },
	{ "d-modsig",	FIELD_DIGEST_ALGO,	true },
	{ "modsig",	FIELD_HEX,		true },
	{ "evmsig",	FIELD_HEX,		true },
	{ "xattrnames",	FIELD_TEXT,		true },
	{ "xattrlengths", FIELD_HEX,		true },
	{ "xattrvalues", FIELD_HEX,		true },
	{ "iuid",	FIELD_UINT,		true },
	{ "igid",	FIELD_UINT,		true },
	{ "imode",	FIELD_UINT,		true },
};

static const struct template_field *find_field(const char *id, size_t len)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(fields); i++)
		if (strlen(fields[i].id) == len &&
		    !memcmp(fields[i].id, id, len))
			return &fields[i];
	return NULL;
}

static bool parse_format(const char *fmt, size_t len, struct template *t)
{
	const char *end = fmt + len;

	t->nfields = 0;
	for (;;) {
		const char *bar = memchr(fmt, '|', (size_t)(end - fmt));
		const char *stop = bar ? bar : end;
		const struct template_field *f;

		f = find_field(fmt, (size_t)(stop - fmt));
		if (!f || t->nfields == TEMPLATE_MAX_FIELDS)
			return false;
		t->field[t->nfields++] = f;
		if (!bar)
			return true;
		fmt = bar + 1;
	}
}

bool template_find(const char *name, size_t len, struct template *t)
{
	size_t i;

	t->name = name;
	t->name_len = len;
	t->bare = len == 3 && !memcmp(name, "ima", 3);
	for (i = 0; i < ARRAY_SIZE(builtin); i++)
		if (strlen(builtin[i].name) == len &&
		    !memcmp(builtin[i].name, name, len))
			return parse_format(builtin[i].fmt,
					    strlen(builtin[i].fmt), t);
	return len && len <= TEMPLATE_NAME_MAX && parse_format(name, len, t);
}

int template_field_index(const struct template *t, const char *id)
{
	size_t i;

	for (i = 0; i < t->nfields; i++)
		if (!strcmp(t->field[i]->id, id))
			return (int)i;
	return -1;
}
