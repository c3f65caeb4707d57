// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "hash.h"
#include "leaf.h"

/* The value of line "key: value", where @text then goes on; NULL if not that. */
static char *next_value(char **text, const char *key)
{
	char *line = *text, *end = strchr(line, '\n');
	size_t n = strlen(key);

	if (!end || strncmp(line, key, n) || strncmp(line + n, ": ", 2))
		return NULL;
	*end = '\0';
	*text = end + 1;
	return line + n + 2;
}

static bool take_number(char **text, const char *key, uint64_t *out)
{
	char *value = next_value(text, key);

	/* JSON has no larger number. */
	return value && parse_uint(value, INT64_MAX, out);
}

static bool take_bytes(char **text, const char *key, const char *prefix,
		       uint8_t *out)
{
	char *value = next_value(text, key);
	size_t n = strlen(prefix);

	return value && !strncmp(value, prefix, n) &&
	       hex_decode(value + n, strlen(value + n), out, 32) == 32;
}

const char *leaf_parse(struct leaf *l, char *text)
{
	memset(l, 0, sizeof(*l));
	if (!*text)
		return "it is empty: no module vouches for the namespace";
	if (!take_number(&text, "id", &l->id) || !l->id)
		return "no line with an id";
	if (!take_number(&text, "seq", &l->seq))
		return "no line with a seq";
	if (!take_bytes(&text, "salt", "", l->salt))
		return "no line with a salt of 64 hex digits";
	if (!take_bytes(&text, "acc", "sha256:", l->acc))
		return "no line with an acc";
	if (!take_number(&text, "anchor", &l->anchor) || !l->anchor)
		return "no line with the number of an anchor";
	if (!take_bytes(&text, "root", "sha256:", l->root))
		return "no line with a root";
	if (!take_number(&text, "n", &l->n) ||
	    !take_number(&text, "slot", &l->slot))
		return "no lines with number of slots and slot";
	for (; *text; l->npath++)
		if (l->npath == MERKLE_PATH_MAX ||
		    !take_bytes(&text, "path", "", l->path[l->npath]))
			return "a line that is no path of 64 hex digits";
	return NULL;
}

const char *leaf_check(const struct leaf *l)
{
	uint8_t leaf[MERKLE_SIZE], root[MERKLE_SIZE];
	const char *why;

	merkle_ns_leaf(l->id, l->seq, l->salt, l->acc, leaf);
	why = merkle_climb(leaf, l->slot, l->n, l->path, l->npath, root);
	if (!why && memcmp(root, l->root, sizeof(root)))
		return "its path does not lead to its root";
	return why;
}
