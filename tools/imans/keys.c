// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "keys.h"
#include "util.h"

static bool split(struct keys *k)
{
	char *text = k->text;
	size_t i;

	for (i = 0; k->name[i]; i++) {
		size_t n = strlen(k->name[i]);
		char *end;

		if (i == KEYS_MAX || !text || strncmp(text, k->name[i], n) ||
		    text[n] != '=')
			return false;
		k->value[i] = text + n + 1;
		end = strchr(k->value[i], ' ');
		if (end)
			*end++ = '\0';
		text = end;
	}
	return !text;
}

bool keys_split(struct keys *k, const uint8_t *text, size_t len,
		const char *const *names)
{
	memset(k, 0, sizeof(*k));
	if (!len || !all_printable(text, len))
		return false;
	k->name = names;
	k->text = xcalloc(len + 1, 1);
	memcpy(k->text, text, len);
	if (split(k))
		return true;
	keys_free(k);
	return false;
}

void keys_free(struct keys *k)
{
	free(k->text);
	memset(k, 0, sizeof(*k));
}

bool keys_has(const struct keys *k, const char *key)
{
	size_t i;

	for (i = 0; k->name[i]; i++)
		if (!strcmp(k->name[i], key))
			return true;
	return false;
}

const char *keys_value(const struct keys *k, const char *key)
{
	size_t i;

	for (i = 0; strcmp(k->name[i], key); i++)
		;
	return k->value[i];
}

bool keys_number(const struct keys *k, const char *key, uint64_t *out)
{
	return parse_uint(keys_value(k, key), UINT64_MAX, out);
}

bool keys_sha256(const struct keys *k, const char *key, uint8_t *out)
{
	uint8_t digest[HASH_MAX_SIZE];
	const struct hash_alg *alg;
	const char *why;

	alg = hash_parse_digest(keys_value(k, key), digest, &why);
	if (!alg || strcmp(alg->name, "sha256"))
		return false;
	memcpy(out, digest, 32);
	return true;
}

bool keys_hex32(const struct keys *k, const char *key, uint8_t *out)
{
	const char *hex = keys_value(k, key);

	return hex_decode(hex, strlen(hex), out, 32) == 32;
}
