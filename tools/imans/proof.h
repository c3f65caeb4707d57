/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The judgement on a bundle: pure, all input is in memory.
 */
#ifndef IMANS_PROOF_H
#define IMANS_PROOF_H

#include "anchor_pcr.h"
#include "bundle.h"

/**
 * struct proof_request - what is asked of a bundle
 * @reg:	SHA-256 template digest of the register record, or NULL
 * @allow_prefix: entries of the list behind seq are tolerated, and anchors
 *		behind the one that covers it
 */
struct proof_request {
	const uint8_t *reg;
	bool allow_prefix;
	struct anchor_trust trust;
};

/**
 * struct proof - the outcome
 * @has_reg, @has_own, @has_mark: whether the register record, the tenant's boot
 *		record and the last anchor were found
 * @reg_digest:	SHA-256 template digest of the register record
 * @entries:	of the tenant's list
 * @acc, @leaf, @root: what its list leads to
 * @problems:	why nothing is proved
 */
struct proof {
	bool has_reg;
	struct anchor_register reg;
	uint8_t reg_digest[32];
	bool has_own;
	struct anchor_boot own;
	bool has_mark;
	struct anchor_mark mark;
	struct anchor_pcr boot;
	struct anchor_pcr anchor;
	uint64_t entries;
	uint8_t acc[32];
	uint8_t leaf[32];
	uint8_t root[32];
	struct texts problems;
	struct texts notes;
};

/*
 * Judge @b; its PCRs are compared with @set, in which those of @b itself are.
 * False, with the message printed, if the tenant's list is malformed; to be
 * freed in any case.
 */
bool proof_judge(struct proof *p, const struct bundle *b,
		 const struct pcr_set *set, const struct proof_request *rq);
void proof_free(struct proof *p);

#endif
