/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Making a bundle out of a list and a leaf: all input is in memory.
 */
#ifndef IMANS_BUNDLE_MAKE_H
#define IMANS_BUNDLE_MAKE_H

#include "anchor.h"
#include "leaf.h"
#include "quote.h"

/**
 * struct host_part - what the machine says of a namespace
 * @list:	of the initial namespace, as far as @pcrs cover it
 * @anchor:	its records, read by host_part_read()
 * @reg:	the registration that counts
 * @own:	the namespace's boot record
 * @mark:	the anchor that covers the namespace, or tells its end
 * @later:	so many came after that, 0 also if its end counts
 * @pcrs:	values, not of other PCRs
 * @has_quote:	they are signed
 */
struct host_part {
	struct buf list;
	struct anchor anchor;
	const struct anchor_registration *reg;
	const struct anchor_boot *own;
	const struct anchor_mark *mark;
	uint64_t later;
	struct pcr_set pcrs;
	bool has_quote;
	struct quote quote;
};

/*
 * Find in @h->list what there is of namespace @id: with anchor number @seq of
 * the registration that goes on, or with its end if @seq is 0. NULL, or what
 * is missing, to be freed.
 */
char *host_part_read(struct host_part *h, uint64_t id, uint64_t seq);
void host_part_free(struct host_part *h);

/*
 * Both PCRs of the registration that goes on, or of the one in which namespace
 * @ended has ended; 0 if there is none.
 */
uint32_t host_part_pcrs(const struct buf *list, uint64_t ended);

/* A bundle, or the part of it that only one of them has. */
json_t *bundle_tenant_json(const struct leaf *l, const struct buf *list);
json_t *bundle_dead_json(const struct leaf *l, const struct buf *list);
json_t *bundle_host_json(uint64_t id, const struct host_part *h);
/* Takes over both parts. */
json_t *bundle_join(json_t *tenant, json_t *host);

#endif
