// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include "base64.h"
#include "json_take.h"

json_t *take_json(const char *text, size_t len, char **why)
{
	json_error_t error;
	json_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);
	char *said;

	if (root)
		return root;
	said = escape_string(error.text);
	*why = xasprintf("not JSON: line %d: %s", error.line, said);
	free(said);
	return NULL;
}

char *take_format(const json_t *root, const char *format, int version)
{
	const json_t *f = json_object_get(root, "format");
	const json_t *v = json_object_get(root, "version");

	if (!json_is_object(root))
		return xstrdup("no JSON object");
	if (!json_is_string(f) || strcmp(json_string_value(f), format) ||
	    !json_is_integer(v) || json_integer_value(v) != version)
		return xasprintf("not of format \"%s\", version %d", format,
				 version);
	return NULL;
}

char *take_members(const json_t *root, const char *const *members)
{
	size_t i;

	if (!json_is_object(root))
		return xstrdup("no JSON object");
	for (i = 0; members[i]; i++)
		if (!json_object_get(root, members[i]))
			return xasprintf("\"%s\" is missing", members[i]);
	if (json_object_size(root) != i)
		return xstrdup("there are members that do not belong there");
	return NULL;
}

char *take_number(const json_t *root, const char *key, uint64_t *out)
{
	const json_t *j = json_object_get(root, key);

	if (!json_is_integer(j) || json_integer_value(j) < 0)
		return xasprintf("\"%s\" is no number from 0 to 2^63 - 1", key);
	*out = (uint64_t)json_integer_value(j);
	return NULL;
}

bool take_hex(const json_t *j, uint8_t *out, size_t len)
{
	return json_is_string(j) &&
	       hex_decode(json_string_value(j), json_string_length(j), out,
			  len) == (int)len;
}

bool take_base64(const json_t *j, struct buf *out)
{
	return json_is_string(j) &&
	       base64_decode(json_string_value(j), json_string_length(j), out);
}

char *take_pcrs(const json_t *root, const char *source, struct pcr_set *out)
{
	const json_t *array = json_object_get(root, "pcrs");
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
		pcr_set_add(out, (uint32_t)json_integer_value(pcr), bank,
			    value, source);
	}
	return NULL;
}

void pcr_set_put_json(json_t *o, const struct pcr_set *s)
{
	json_t *array = json_check(json_array());
	size_t i;

	for (i = 0; i < s->n; i++) {
		json_t *v = json_check(json_object());

		json_put(v, "pcr", json_integer(s->v[i].pcr));
		json_put(v, "bank", json_string(s->v[i].bank->name));
		json_put_hex(v, "value", s->v[i].value, s->v[i].bank->size);
		json_push(array, v);
	}
	json_put(o, "pcrs", array);
}
