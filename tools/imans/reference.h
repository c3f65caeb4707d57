/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reference digests: which files a list may name, and with which contents.
 */
#ifndef IMANS_REFERENCE_H
#define IMANS_REFERENCE_H

#include "list.h"
#include "util.h"

struct reference_line {
	char *path;
	const struct hash_alg *alg;
	bool verity;
	uint8_t digest[HASH_MAX_SIZE];
};

struct reference {
	struct reference_line *line;	/* sorted by path */
	size_t n;
};

enum reference_result {
	REFERENCE_OK,
	REFERENCE_NO_FILE,	/* the entry is no file: boot_aggregate, buffer */
	REFERENCE_UNEXPECTED,	/* the path is not in the reference */
	REFERENCE_CHANGED,	/* it is, but not with this digest */
	REFERENCE_VIOLATION,	/* a violation: what was read is not known */
};

/*
 * Lines "algo:digest path", "verity:algo:digest path" for fs-verity digests;
 * '#' starts a comment line. Several lines for one path are alternatives.
 * Prints why it failed and returns false.
 */
bool reference_read(struct reference *ref, const char *path);
void reference_free(struct reference *ref);

/*
 * @known: the first line of the same path, if there is one, for messages.
 */
enum reference_result reference_check(const struct reference *ref,
				      const struct list_entry *e,
				      const struct reference_line **known);

#endif
