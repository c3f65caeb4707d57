/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SELFTESTS_RECORD_H
#define SELFTESTS_RECORD_H

#include <stdbool.h>

#include "list.h"

/* The text of a record: the ima-buf field, NUL-terminated in @text. */
bool record_text(const struct entry *entry, char *text, size_t size);

/* The keys of "key=value key=value", in order, each followed by a space. */
void record_keys(const char *text, char *keys, size_t size);

/* The value of @key; false if the record has none. */
bool record_value(const char *text, const char *key, char *value, size_t size);

/*
 * The last record called @name whose id is @id, in @agent's list.  Returns
 * how many there are, or a negative errno.
 */
long record_find(struct agent *agent, const char *name, long id, char *text,
		 size_t size);

/* The same, but waits up to half a minute until there is one. */
long record_wait(struct agent *agent, const char *name, long id, char *text,
		 size_t size);

#endif
