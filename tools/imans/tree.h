/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tree of an anchor, rebuilt from the lists of all namespaces: pure, all
 * input is in memory.
 */
#ifndef IMANS_TREE_H
#define IMANS_TREE_H

#include "anchor_record.h"
#include "quote.h"

/*
 * Are the lists of @ns those below the root of @mark, and is there no other?
 * Entries behind seq are tolerated if @allow_prefix. Says in @problems what is
 * wrong.
 */
void tree_judge(const struct quote_ns *ns, size_t n,
		const struct anchor_mark *mark, bool allow_prefix,
		struct texts *problems);

/**
 * list_acc - what the first entries of a list come to
 * @seq:	so many entries
 * @acc:	set to that; if there are not so many, to what all of them come
 *		to
 * @len:	set to their length in bytes, may be NULL
 *
 * Returns the number of entries of the whole list, or -1 and the message
 * printed if it is malformed.
 */
int64_t list_acc(const char *whose, const struct buf *list, uint64_t seq,
		 uint8_t *acc, size_t *len);

#endif
