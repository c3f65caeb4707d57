// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "ima.h"
#include "list.h"

/* Field n of the oldest template is hashed padded to this. */
#define OLD_NAME_SIZE 256

struct cursor {
	const uint8_t *at;
	size_t left;
};

static const uint8_t *take(struct cursor *cursor, size_t len)
{
	const uint8_t *at = cursor->at;

	if (len > cursor->left)
		return NULL;
	cursor->at += len;
	cursor->left -= len;
	return at;
}

static bool take_u32(struct cursor *cursor, uint32_t *value)
{
	const uint8_t *at = take(cursor, sizeof(*value));

	if (at)
		memcpy(value, at, sizeof(*value));
	return at;
}

static bool take_field(struct cursor *cursor, struct piece *field)
{
	uint32_t len;

	if (!take_u32(cursor, &len))
		return false;
	field->data = take(cursor, len);
	field->len = len;
	return field->data;
}

/* A d-ng field: "algo:" NUL digest, or "type:algo:" NUL digest. */
static bool parse_digest(struct entry *entry, const struct piece *field)
{
	const char *text = field->data;
	const char *end = memchr(text, 0, field->len);
	size_t name;

	if (!end || end == text || end[-1] != ':')
		return false;
	name = end - 1 - text;
	entry->file_digest_len = field->len - (name + 2);
	if (name >= sizeof(entry->algo) ||
	    entry->file_digest_len > sizeof(entry->file_digest))
		return false;
	memcpy(entry->algo, text, name);
	entry->algo[name] = 0;
	memcpy(entry->file_digest, end + 1, entry->file_digest_len);
	return true;
}

static bool parse_name(struct entry *entry, const struct piece *field)
{
	size_t len = strnlen(field->data, field->len);

	if (len >= sizeof(entry->name))
		return false;
	memcpy(entry->name, field->data, len);
	entry->name[len] = 0;
	return true;
}

/*
 * Template "ima" has no length in front of its data nor of its digest.  That
 * of MD5 shows by what follows: taken for SHA-1, the first letters of the name
 * would be its length.
 */
static bool parse_old(struct entry *entry, struct cursor *cursor)
{
	struct piece name;
	const uint8_t *start = cursor->at;
	struct cursor begin = *cursor;
	const uint8_t *digest = take(cursor, 20);

	strcpy(entry->algo, "sha1");
	if (!digest || !take_field(cursor, &name)) {
		*cursor = begin;
		digest = take(cursor, 16);
		strcpy(entry->algo, "md5");
		if (!digest || !take_field(cursor, &name))
			return false;
	}
	entry->file_digest_len = digest_size(entry->algo);
	memcpy(entry->file_digest, digest, entry->file_digest_len);
	entry->data = start;
	entry->data_len = cursor->at - start;
	return parse_name(entry, &name);
}

static bool parse_fields(struct entry *entry, struct cursor *cursor)
{
	struct piece data, digest, name, third;
	struct cursor inner;

	if (!take_field(cursor, &data))
		return false;
	entry->data = data.data;
	entry->data_len = data.len;
	inner = (struct cursor){ data.data, data.len };
	if (!strcmp(entry->template, "ima-ns") && !take_field(&inner, &third))
		return false;
	if (!take_field(&inner, &digest) || !take_field(&inner, &name))
		return false;
	if (inner.left) {
		if (!take_field(&inner, &third))
			return false;
		entry->buf = third.data;
		entry->buf_len = third.len;
	}
	return parse_digest(entry, &digest) && parse_name(entry, &name);
}

static bool parse_entry(struct entry *entry, struct cursor *cursor,
			size_t digest_len)
{
	static const uint8_t zeros[DIGEST_MAX];
	struct piece template;
	const uint8_t *digest;

	if (!take_u32(cursor, &entry->pcr))
		return false;
	digest = take(cursor, digest_len);
	if (!digest || !take_field(cursor, &template))
		return false;
	if (template.len >= sizeof(entry->template))
		return false;
	memcpy(entry->digest, digest, digest_len);
	entry->digest_len = digest_len;
	entry->violation = !memcmp(digest, zeros, digest_len);
	memcpy(entry->template, template.data, template.len);
	entry->template[template.len] = 0;
	if (!strcmp(entry->template, "ima"))
		return parse_old(entry, cursor);
	return parse_fields(entry, cursor);
}

int list_read_bank(struct agent *agent, const char *file, const char *algo,
		   struct list *list)
{
	char path[256];
	struct cursor cursor;
	long len;

	memset(list, 0, sizeof(*list));
	snprintf(path, sizeof(path), "%s/%s", IMA_DIR,
		 file ? file : "binary_runtime_measurements");
	len = file_get_all(agent, path, &list->raw);
	if (len < 0)
		return len;
	cursor = (struct cursor){ (uint8_t *)list->raw, len };
	while (cursor.left) {
		struct entry *bigger;

		bigger = realloc(list->entries,
				 (list->count + 1) * sizeof(*bigger));
		if (!bigger)
			return -ENOMEM;
		list->entries = bigger;
		memset(&bigger[list->count], 0, sizeof(*bigger));
		if (!parse_entry(&bigger[list->count], &cursor,
				 digest_size(algo ? algo : "sha1")))
			return -EBADMSG;
		list->count++;
	}
	return 0;
}

int list_read(struct agent *agent, struct list *list)
{
	return list_read_bank(agent, NULL, NULL, list);
}

void list_free(struct list *list)
{
	free(list->entries);
	free(list->raw);
	memset(list, 0, sizeof(*list));
}

struct entry *list_find(const struct list *list, size_t from, const char *name)
{
	size_t i;

	for (i = from; i < list->count; i++)
		if (!strcmp(list->entries[i].name, name))
			return &list->entries[i];
	return NULL;
}

static size_t count_of(const struct list *list, const char *name,
		       bool violations)
{
	const char *slash = strrchr(name, '/');
	const char *last = slash ? slash + 1 : name;
	size_t i, count = 0;

	for (i = 0; i < list->count; i++) {
		const struct entry *entry = &list->entries[i];

		if (entry->violation == violations &&
		    (!strcmp(entry->name, name) ||
		     (violations && !strcmp(entry->name, last))))
			count++;
	}
	return count;
}

size_t list_count_of(const struct list *list, const char *name)
{
	return count_of(list, name, false);
}

size_t list_violations_of(const struct list *list, const char *name)
{
	return count_of(list, name, true);
}

static long read_and_count(struct agent *agent, const char *name,
			   bool violations)
{
	struct list list;
	long ret = list_read(agent, &list);

	if (!ret)
		ret = count_of(&list, name, violations);
	list_free(&list);
	return ret;
}

long list_measured(struct agent *agent, const char *name)
{
	return read_and_count(agent, name, false);
}

long list_violated(struct agent *agent, const char *name)
{
	return read_and_count(agent, name, true);
}

int list_last_is_content(struct agent *agent, const char *path)
{
	struct entry *entry, *last = NULL;
	uint8_t digest[DIGEST_MAX];
	struct list list;
	char *content;
	size_t size;
	long len;
	int ret;

	len = file_get_all(NULL, path, &content);
	if (len < 0)
		return len;
	ret = list_read(agent, &list);
	if (ret) {
		free(content);
		return ret;
	}
	for (entry = list_find(&list, 0, path); entry;
	     entry = list_find(&list, entry - list.entries + 1, path))
		if (!entry->violation)
			last = entry;
	if (last) {
		size = digest_bytes(last->algo, content, len, digest);
		ret = size == last->file_digest_len &&
		      !memcmp(digest, last->file_digest, size);
	}
	list_free(&list);
	free(content);
	return ret;
}

size_t entry_digest(const struct entry *entry, const char *algo,
		    uint8_t *digest)
{
	char name[OLD_NAME_SIZE] = "";
	size_t len = digest_size(algo);

	if (entry->violation) {
		memset(digest, 0xff, len);
		return len;
	}
	if (!strcmp(entry->template, "ima")) {
		struct piece pieces[] = {
			{ entry->file_digest, entry->file_digest_len },
			{ name, sizeof(name) },
		};

		memcpy(name, entry->name,
		       strnlen(entry->name, sizeof(name) - 1));
		return digest_pieces(algo, pieces, 2, digest);
	}
	return digest_bytes(algo, entry->data, entry->data_len, digest);
}

size_t list_replay(const struct list *list, uint32_t pcr, const char *algo,
		   uint8_t *value)
{
	size_t len = digest_size(algo), i;

	memset(value, 0, len);
	for (i = 0; i < list->count; i++) {
		uint8_t digest[DIGEST_MAX];
		struct piece pieces[] = { { value, len }, { digest, len } };

		if (list->entries[i].pcr != pcr)
			continue;
		entry_digest(&list->entries[i], algo, digest);
		digest_pieces(algo, pieces, 2, value);
	}
	return len;
}

void list_accumulate(const struct list *list, uint8_t *acc)
{
	size_t i;

	memset(acc, 0, 32);
	for (i = 0; i < list->count; i++) {
		uint32_t pcr = list->entries[i].pcr;
		uint8_t digest[DIGEST_MAX];
		uint8_t le[4] = { pcr, pcr >> 8, pcr >> 16, pcr >> 24 };
		struct piece pieces[] = {
			{ acc, 32 },
			{ le, 4 },
			{ digest, 32 },
		};

		entry_digest(&list->entries[i], "sha256", digest);
		digest_pieces("sha256", pieces, 3, acc);
	}
}
