/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The judgement on the anchor's records in the list of the initial namespace:
 * pure, all input is in memory.
 *
 * A PCR can be extended by whoever has the TPM, and of a series of roots the
 * last one counts. So each record carries a token (chain.h); the first record,
 * ima_ns_register, begins the chain and has to be believed. It stands in the
 * default PCR, too, and says with which values the two PCRs began.
 */
#ifndef IMANS_ANCHOR_H
#define IMANS_ANCHOR_H

#include "anchor_pcr.h"

/**
 * struct anchor_registration - from a register record to its end
 * @entry:	the first of the records ima_ns_register
 * @ended:	the first of the records ima_ns_unregister, or ima_ns_shutdown;
 *		0 = none
 * @ended_by:	which of them
 * @digest:	SHA-256 template digest of the register record
 * @marks:	anchor records
 * @last:	the last of them
 * @boots:	boot records
 * @late:	of these with late=1
 */
struct anchor_registration {
	struct anchor_register reg;
	size_t entry;
	size_t ended;
	enum anchor_kind ended_by;
	uint8_t digest[32];
	size_t marks;
	struct anchor_mark last;
	uint64_t boots;
	uint64_t late;
};

/**
 * struct anchor - what the records say
 * @pcr:	by number, those in @boot_pcrs and @anchor_pcrs (bit N is PCR N)
 * @mark:	all anchor records
 * @boot:	all boot records, in the order of the list
 * @problems:	why it is not to be believed
 */
struct anchor {
	size_t entries;
	struct anchor_pcr pcr[PCR_COUNT];
	uint64_t boot_pcrs;
	uint64_t anchor_pcrs;
	struct anchor_registration *registration;
	size_t nregistrations;
	struct anchor_mark *mark;
	size_t nmarks;
	struct anchor_boot *boot;
	size_t nboots;
	struct anchor_shutdown shutdown;
	struct texts problems;
	struct texts notes;
};

/*
 * Read @list, complain about it in @problems. False, with the message printed,
 * if it is malformed; to be freed in any case.
 */
bool anchor_read(struct anchor *a, const struct buf *list);
/* For anchor_read(): no namespace has two boot records. */
void anchor_check_boots(struct anchor *a);
void anchor_free(struct anchor *a);

/**
 * struct anchor_request - what is to be compared
 * @boot, @anchor: the PCRs of boot records, those of anchor records, must have
 *		values; those that have one are compared in any case
 * @has_default: the list is verified against the default PCR
 */
struct anchor_request {
	bool boot;
	bool anchor;
	bool has_default;
	struct anchor_trust trust;
};

/* Is PCR @pcr one of the anchor's that is compared? */
bool anchor_is_judged(const struct anchor *a, const struct pcr_set *set,
		      const struct anchor_request *rq, size_t pcr);
/* Compare with PCR values, complain in @problems. */
void anchor_judge(struct anchor *a, const struct pcr_set *set,
		  const struct anchor_request *rq);

#endif
