// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "ima.h"
#include "record.h"

bool record_text(const struct entry *entry, char *text, size_t size)
{
	if (strcmp(entry->template, "ima-buf") || !entry->buf ||
	    entry->buf_len >= size || memchr(entry->buf, 0, entry->buf_len))
		return false;
	memcpy(text, entry->buf, entry->buf_len);
	text[entry->buf_len] = 0;
	return true;
}

void record_keys(const char *text, char *keys, size_t size)
{
	size_t len = 0;

	keys[0] = 0;
	while (*text) {
		size_t word = strcspn(text, " ");
		size_t key = strcspn(text, "=");

		/* A word without "=" shows as it is, and matches nothing. */
		if (key > word)
			key = word;
		len += snprintf(keys + len, len < size ? size - len : 0,
				"%.*s ", (int)key, text);
		if (len >= size)
			return;
		text += word;
		text += *text == ' ';
	}
}

bool record_value(const char *text, const char *key, char *value, size_t size)
{
	size_t len = strlen(key);

	while (*text) {
		size_t word = strcspn(text, " ");

		if (!strncmp(text, key, len) && text[len] == '=') {
			if (word - len - 1 >= size)
				return false;
			memcpy(value, text + len + 1, word - len - 1);
			value[word - len - 1] = 0;
			return true;
		}
		text += word;
		text += *text == ' ';
	}
	return false;
}

long record_find(struct agent *agent, const char *name, long id, char *text,
		 size_t size)
{
	char candidate[4096], value[64];
	struct list list;
	long count = list_read(agent, &list);
	size_t i;

	for (i = 0; count >= 0 && i < list.count; i++) {
		if (strcmp(list.entries[i].name, name))
			continue;
		if (!record_text(&list.entries[i], candidate,
				 sizeof(candidate)) ||
		    !record_value(candidate, "id", value, sizeof(value)) ||
		    atol(value) != id)
			continue;
		count++;
		if (text)
			snprintf(text, size, "%s", candidate);
	}
	list_free(&list);
	return count;
}

long record_wait(struct agent *agent, const char *name, long id, char *text,
		 size_t size)
{
	struct patience left = patience(30000);
	long seen = -1, count = 0;

	do {
		long now = ima_count(agent);

		/* Parsing is slow: only when the list has grown. */
		if (now != seen)
			count = record_find(agent, name, id, text, size);
		if (count)
			return count;
		seen = now;
	} while (patience_lasts(&left));
	return 0;
}
