/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A bundle: what a tenant needs to prove what its list had come to when it was
 * anchored, and nothing of other tenants. The format is described in the text
 * of imans verify. It may come in two parts: what the tenant knows and what the
 * machine does.
 */
#ifndef IMANS_BUNDLE_H
#define IMANS_BUNDLE_H

#include "anchor_record.h"
#include "merkle.h"
#include "quote.h"

#define BUNDLE_FORMAT "ima-ns-proof"
#define BUNDLE_TENANT_FORMAT "ima-ns-tenant"
#define BUNDLE_HOST_FORMAT "ima-ns-host"
#define BUNDLE_VERSION 1

/**
 * struct bundle_record - a record of one of the two PCRs
 * @clear:	its template data are there: @entry is a list of this entry
 * @entry:	or else what each bank was extended with, one behind the other
 */
struct bundle_record {
	bool clear;
	struct buf entry;
};

struct bundle_records {
	struct bundle_record *v;
	size_t n;
};

/**
 * struct bundle - a bundle, as well-formed as can be told without judging
 * @seq:	so many entries of @list the leaf covers
 * @dead:	there is no path: an anchor tells the last leaf
 * @index, @n:	slot of the leaf, number of slots
 * @bank:	of the digests in records, in this order
 * @quote:	signed values
 */
struct bundle {
	uint64_t id;
	uint64_t seq;
	uint8_t salt[32];
	bool dead;
	uint64_t index;
	uint64_t n;
	uint8_t (*path)[MERKLE_SIZE];
	size_t npath;
	struct buf list;
	const struct hash_alg *bank[ANCHOR_BANKS_MAX];
	size_t nbanks;
	struct bundle_records boot;
	struct bundle_records anchor;
	struct pcr_set pcrs;
	bool has_quote;
	struct quote quote;
};

/* False, and the reason in @why (to be freed); to be freed in any case. */
bool bundle_parse(struct bundle *b, const char *text, size_t len, char **why);
bool bundle_parse_parts(struct bundle *b, const struct buf *tenant,
			const struct buf *host, char **why);
void bundle_free(struct bundle *b);

/*
 * Of a tenant's part: whose it is, and which anchor covers it, 0 if the
 * namespace has ended. NULL, or what is wrong, to be freed.
 */
char *bundle_parse_tenant(const struct buf *text, uint64_t *id,
			  uint64_t *anchor);

/* The entry of a clear record; it points into @r. */
void bundle_entry(const struct bundle_record *r, struct list_entry *e);

#endif
