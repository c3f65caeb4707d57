/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Templates: what the fields of a measurement list entry mean.
 */
#ifndef IMANS_TEMPLATE_H
#define IMANS_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>

/* As many as the kernel allows in a format string. */
#define TEMPLATE_MAX_FIELDS 15

enum field_kind {
	FIELD_DIGEST,		/* bare digest, 16 or 20 bytes */
	FIELD_DIGEST_ALGO,	/* "sha256:" NUL digest */
	FIELD_DIGEST_TYPE_ALGO,	/* "ima:sha256:" NUL digest */
	FIELD_NAME,		/* text that ends with its only NUL */
	FIELD_TEXT,		/* text, the NUL is not required */
	FIELD_HEX,		/* anything */
	FIELD_UINT,		/* 1, 2, 4 or 8 bytes, little endian */
	FIELD_UUID,		/* 16 bytes */
};

struct template_field {
	const char *id;
	enum field_kind kind;
	bool may_be_empty;
};

/**
 * struct template - a template, by name or by format string
 * @name:	as it stands in the list; owned by the caller of template_find()
 * @bare:	template "ima": the digest has no length in front of it, and
 *		the name is hashed padded to 256 bytes
 */
struct template {
	const char *name;
	size_t name_len;
	bool bare;
	size_t nfields;
	const struct template_field *field[TEMPLATE_MAX_FIELDS];
};

/* False if @name is neither a known template nor a string of known fields. */
bool template_find(const char *name, size_t len, struct template *t);

/* Index of field @id, or -1. */
int template_field_index(const struct template *t, const char *id);

/* Longest name template_find() can know, for sanity checks before lookups. */
#define TEMPLATE_NAME_MAX (TEMPLATE_MAX_FIELDS * 17)

#endif
