/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * imans verify LIST: one list against PCR values.
 */
#ifndef IMANS_VERIFY_RUN_H
#define IMANS_VERIFY_RUN_H

#include "anchor.h"
#include "quote.h"
#include "sources.h"
#include "verify.h"

/**
 * struct list_request - what is to be verified
 * @anchor:	the records of the anchor in the list, too: only what is to be
 *		compared is set
 * @namespaces:	where securityfs is, to rebuild the tree from the lists of all
 *		namespaces; or NULL
 */
struct list_request {
	const char *path;
	struct sources src;
	struct verify_options opt;
	struct anchor_request anchor;
	const char *namespaces;
	bool json;
};

/**
 * struct verify_quoted - a quote that was judged
 * @problems, @notes: what was found
 */
struct verify_quoted {
	const struct quote *quote;
	struct texts problems;
	struct texts notes;
};

/* Returns enum imans_exit. */
int verify_run(struct list_request *rq);
/* The same of @list, or of none, and the values of a quote. */
int verify_run_quoted(struct list_request *rq, const struct buf *list,
		      struct verify_quoted *vq);

#endif
