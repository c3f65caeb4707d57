/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which part of a list that goes on leads to given PCR values?
 */
#ifndef IMANS_PREFIX_H
#define IMANS_PREFIX_H

#include "anchor_pcr.h"
#include "pcr.h"

/**
 * struct prefix - what was found
 * @len:	bytes of the longest part with these values
 * @entries:	entries of it
 * @used:	PCRs that entries of the whole list belong to (bit N is PCR N)
 * @never:	those of them whose values the list never leads to
 */
struct prefix {
	size_t len;
	size_t entries;
	uint64_t used;
	uint64_t never;
};

enum prefix_result {
	PREFIX_FOUND,
	PREFIX_NONE,		/* no part leads to all of them at a time */
	PREFIX_MALFORMED,	/* the reason is printed */
};

/*
 * PCRs of the anchor begin with what the register record says, all others with
 * zeros. Values of PCRs without entries are left aside.
 */
enum prefix_result prefix_find(const struct buf *list,
			       const struct pcr_set *set, struct prefix *p);

#endif
