/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What proves that a list is under an anchor: ima/anchor inside of a namespace,
 * ima_ns/proof/ID for init.
 */
#ifndef IMANS_LEAF_H
#define IMANS_LEAF_H

#include "merkle.h"
#include "util.h"

/**
 * struct leaf - such a file
 * @seq:	so many entries of the list
 * @anchor:	seq of the anchor that has @root
 * @n, @slot:	slots of the tree, that of the leaf
 */
struct leaf {
	uint64_t id;
	uint64_t seq;
	uint8_t salt[32];
	uint8_t acc[32];
	uint64_t anchor;
	uint8_t root[MERKLE_SIZE];
	uint64_t n;
	uint64_t slot;
	uint8_t path[MERKLE_PATH_MAX][MERKLE_SIZE];
	size_t npath;
};

/* NULL, or what is wrong with @text, which is changed. */
const char *leaf_parse(struct leaf *l, char *text);
/* Does it lead to the root it names? NULL, or why not. */
const char *leaf_check(const struct leaf *l);

#endif
