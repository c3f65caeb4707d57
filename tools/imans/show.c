// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "show.h"
#include "util.h"

/* One value of a field as text, to be freed. */
static char *field_text(const struct list_entry *e, size_t i)
{
	const struct list_field *f = &e->field[i];
	struct list_file_digest d;
	char *hex = xmalloc(2 * f->len + 1), *text = NULL;
	uint64_t n = 0;
	size_t k;

	switch (e->tmpl.field[i]->kind) {
	case FIELD_DIGEST:
	case FIELD_DIGEST_ALGO:
	case FIELD_DIGEST_TYPE_ALGO:
		list_split_digest(e, i, &d);
		hex_encode(d.data, d.len, hex);
		text = xasprintf("%s%s%s%s", d.verity ? "verity:" : "",
				 d.alg ? d.alg->name : "", d.alg ? ":" : "",
				 hex);
		break;
	case FIELD_NAME:
	case FIELD_TEXT:
		/* xattrnames may or may not end with a NUL. */
		text = escape_text(f->data,
				   f->len && !f->data[f->len - 1] ?
				   f->len - 1 : f->len);
		break;
	case FIELD_UINT:
		for (k = f->len; k-- > 0; )
			n = n << 8 | f->data[k];
		text = f->len ? xasprintf("%llu", (unsigned long long)n) :
				xstrdup("");
		break;
	case FIELD_UUID:
		hex_encode(f->data, f->len, hex);
		text = f->len ? xasprintf("%.8s-%.4s-%.4s-%.4s-%.12s", hex,
					  hex + 8, hex + 12, hex + 16,
					  hex + 20) : xstrdup("");
		break;
	case FIELD_HEX:
		hex_encode(f->data, f->len, hex);
		return hex;
	}
	free(hex);
	return text;
}

/*
 * Records of the namespaces themselves: "key=value key=value ..." in a buffer
 * whose name starts with ima_ns_. NULL if the entry is no such record.
 */
static json_t *record_json(const struct list_entry *e)
{
	const uint8_t *buf, *name;
	size_t len, name_len;
	json_t *o;
	char *copy, *word, *save;

	buf = list_entry_buffer(e, &len);
	name = list_entry_name(e, &name_len);
	if (!buf || !name || name_len < 7 || memcmp(name, "ima_ns_", 7) ||
	    !len || !all_printable(buf, len))
		return NULL;
	copy = xcalloc(len + 1, 1);
	memcpy(copy, buf, len);
	o = json_check(json_object());
	for (word = strtok_r(copy, " ", &save); word;
	     word = strtok_r(NULL, " ", &save)) {
		char *eq = strchr(word, '=');

		if (!eq) {
			json_decref(o);
			free(copy);
			return NULL;
		}
		*eq = '\0';
		json_put(o, word, json_string(eq + 1));
	}
	free(copy);
	return o;
}

/* What an entry has beside PCR, digest and name. */
static void show_extra(const struct list_entry *e, size_t i)
{
	const struct list_field *f = &e->field[i];
	const char *id = e->tmpl.field[i]->id;
	char *text;

	if (!f->len)
		return;
	if (!strcmp(id, "buf") && all_printable(f->data, f->len)) {
		printf(" \"%.*s\"", (int)f->len, (const char *)f->data);
		return;
	}
	text = field_text(e, i);
	printf(" %s=%s", id, text);
	free(text);
}

void show_entry(const struct list_entry *e, const struct hash_alg *hash)
{
	struct list_file_digest d;
	bool has_digest = list_entry_file_digest(e, &d);
	char *tmpl = escape_text((const uint8_t *)e->tmpl.name,
				 e->tmpl.name_len);
	char *name = list_entry_name_text(e);
	size_t i;

	printf("%zu %u %s:", e->index, e->pcr, hash->name);
	hex_print(stdout, e->digest, hash->size);
	printf(" %s %s", tmpl, e->violation ? "VIOLATION " : "");
	if (has_digest) {
		printf("%s%s%s", d.verity ? "verity:" : "",
		       d.alg ? d.alg->name : "", d.alg ? ":" : "");
		hex_print(stdout, d.data, d.len);
		putchar(' ');
	}
	printf("%s", name);
	for (i = 0; i < e->tmpl.nfields; i++) {
		const char *id = e->tmpl.field[i]->id;

		if (strcmp(id, "d") && strcmp(id, "d-ng") &&
		    strcmp(id, "d-ngv2") && strcmp(id, "n") &&
		    strcmp(id, "n-ng"))
			show_extra(e, i);
	}
	putchar('\n');
	free(tmpl);
	free(name);
}

json_t *show_entry_json(const struct list_entry *e, const struct hash_alg *hash)
{
	json_t *o = json_check(json_object()), *fields, *record;
	char *tmpl = escape_text((const uint8_t *)e->tmpl.name,
				 e->tmpl.name_len);
	char hex[2 * HASH_MAX_SIZE + 1];
	size_t i;

	hex_encode(e->digest, hash->size, hex);
	json_put(o, "entry", json_integer((json_int_t)e->index));
	json_put(o, "pcr", json_integer(e->pcr));
	json_put(o, "template", json_string(tmpl));
	json_put(o, "template_hash", json_string(hash->name));
	json_put(o, "template_digest", json_string(hex));
	json_put(o, "violation", json_boolean(e->violation));
	fields = json_check(json_object());
	for (i = 0; i < e->tmpl.nfields; i++) {
		char *text = field_text(e, i);

		json_put(fields, e->tmpl.field[i]->id, json_string(text));
		free(text);
	}
	json_put(o, "fields", fields);
	record = record_json(e);
	if (record)
		json_put(o, "record", record);
	free(tmpl);
	return o;
}
