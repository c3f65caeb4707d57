// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What an entry of a measurement list says, and its template digest.
 */
#include <string.h>

#include "list.h"
#include "util.h"

void list_split_digest(const struct list_entry *e, size_t i,
		       struct list_file_digest *d)
{
	const struct list_field *f = &e->field[i];
	const char *text = (const char *)f->data;
	size_t skip;

	memset(d, 0, sizeof(*d));
	d->data = f->data;
	d->len = f->len;
	if (e->tmpl.field[i]->kind == FIELD_DIGEST || !f->len)
		return;
	/* "verity:sha256:" NUL: the prefix was checked by list_next(). */
	skip = strlen(text) + 1;
	if (e->tmpl.field[i]->kind == FIELD_DIGEST_TYPE_ALGO) {
		d->verity = text[0] == 'v';
		text = strchr(text, ':') + 1;
	}
	d->alg = hash_by_name_len(text, strlen(text) - 1);
	d->data += skip;
	d->len -= skip;
}

bool list_entry_file_digest(const struct list_entry *e,
			    struct list_file_digest *d)
{
	static const char *const ids[] = { "d-ng", "d-ngv2", "d" };
	size_t k;

	for (k = 0; k < ARRAY_SIZE(ids); k++) {
		int i = template_field_index(&e->tmpl, ids[k]);

		if (i >= 0) {
			list_split_digest(e, (size_t)i, d);
			return true;
		}
	}
	return false;
}

const uint8_t *list_entry_name(const struct list_entry *e, size_t *len)
{
	int i = template_field_index(&e->tmpl, "n-ng");

	if (i < 0)
		i = template_field_index(&e->tmpl, "n");
	if (i < 0) {
		*len = 0;
		return NULL;
	}
	/* Only template "ima" stores the name without its NUL. */
	*len = e->field[i].len - (e->tmpl.bare ? 0 : 1);
	return e->field[i].data;
}

char *list_entry_name_text(const struct list_entry *e)
{
	size_t len;
	const uint8_t *name = list_entry_name(e, &len);

	return name ? escape_text(name, len) : xstrdup("(no name)");
}

const uint8_t *list_entry_buffer(const struct list_entry *e, size_t *len)
{
	int i = template_field_index(&e->tmpl, "buf");

	*len = 0;
	if (i < 0 || !e->field[i].len)
		return NULL;
	*len = e->field[i].len;
	return e->field[i].data;
}

void list_entry_digest(const struct list_entry *e, const struct hash_alg *alg,
		       uint8_t *out)
{
	static const uint8_t zeros[256];
	struct hash_part parts[3];

	if (!e->tmpl.bare) {
		/* Stored and hashed alike: each field behind its length. */
		parts[0] = (struct hash_part){ e->data, e->data_len };
		hash_parts(alg, parts, 1, out);
		return;
	}
	parts[0] = (struct hash_part){ e->field[0].data, e->field[0].len };
	parts[1] = (struct hash_part){ e->field[1].data, e->field[1].len };
	parts[2] = (struct hash_part){ zeros,
				       sizeof(zeros) - e->field[1].len };
	hash_parts(alg, parts, 3, out);
}
