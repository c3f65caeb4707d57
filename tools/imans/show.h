/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Entries of a measurement list for people and for scripts.
 */
#ifndef IMANS_SHOW_H
#define IMANS_SHOW_H

#include <jansson.h>

#include "list.h"

void show_entry(const struct list_entry *e, const struct hash_alg *hash);
json_t *show_entry_json(const struct list_entry *e,
			const struct hash_alg *hash);

#endif
