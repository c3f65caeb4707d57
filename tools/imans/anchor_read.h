/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading the anchor's records, for anchor_read() alone.
 */
#ifndef IMANS_ANCHOR_READ_H
#define IMANS_ANCHOR_READ_H

#include "anchor.h"
#include "chain.h"

/* Where a record of all three has been seen. */
enum { IN_DEFAULT = 1, IN_BOOT = 2, IN_ANCHOR = 4, IN_ALL = 7 };

/**
 * struct reading - a list being read
 * @now:	the registration under way, NULL if there is none
 * @text:	its register record; @end its unregister record
 * @seen:	where @text was seen; @seen_end where @end was
 * @fresh:	PCRs that had no registration before it (bit N is PCR N)
 * @shutdown:	the entry ima_ns_shutdown after which nothing may come but the
 *		next kernel, 0 = none
 * @listed:	entries by PCR
 * @more:	problems that were not written down
 */
struct reading {
	struct anchor *a;
	struct anchor_registration *now;
	struct list_field text, end;
	unsigned int seen, seen_end;
	uint64_t fresh;
	size_t shutdown;
	struct chain chain;
	size_t listed[LIST_PCR_MAX + 1];
	size_t more;
};

void anchor_problem(struct reading *r, size_t entry, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* What PCR @pcr is for the registration under way, 0 = nothing. */
unsigned int anchor_place(const struct reading *r, uint32_t pcr);

void anchor_take_register(struct reading *r, const struct list_entry *e,
			  const struct anchor_record *rec);
void anchor_take_unregister(struct reading *r, const struct list_entry *e,
			    const struct anchor_record *rec);
void anchor_take_shutdown(struct reading *r, const struct list_entry *e,
			  const struct anchor_record *rec);
/* The registration under way is over, or the list is. */
void anchor_check_complete(struct reading *r, bool is_followed);

#endif
