/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One PCR of the anchor, replayed from the start values of a register record.
 */
#ifndef IMANS_ANCHOR_PCR_H
#define IMANS_ANCHOR_PCR_H

#include "anchor_record.h"
#include "texts.h"

/**
 * struct anchor_bank - a bank of it
 * @own:	replay with the bank's own hash
 * @padded:	replay with SHA-1 digests padded with zeros, see replay.h
 */
struct anchor_bank {
	const struct hash_alg *bank;
	uint8_t own[HASH_MAX_SIZE];
	uint8_t padded[HASH_MAX_SIZE];
};

/**
 * struct anchor_pcr - it
 * @entries:	what was extended since it was begun
 */
struct anchor_pcr {
	uint32_t pcr;
	struct anchor_bank bank[ANCHOR_BANKS_MAX];
	size_t nbanks;
	size_t entries;
};

/* How a value compares with the replay. */
enum anchor_match {
	ANCHOR_MATCH,
	ANCHOR_MATCH_PADDED,
	ANCHOR_MISMATCH,
	ANCHOR_NO_BANK,		/* not in the register record */
};

/**
 * struct anchor_trust - what is accepted
 * @padded, @bank_chosen: padded banks, see struct verify_options
 * @no_values:	there need be none
 */
struct anchor_trust {
	bool padded;
	bool bank_chosen;
	bool no_values;
};

/* @pcr is one of the two that @reg names. */
void anchor_pcr_begin(struct anchor_pcr *p, const struct anchor_register *reg,
		      uint32_t pcr);
/* Do the start values of a later register record say what the replay does? */
bool anchor_pcr_is_at(const struct anchor_pcr *p,
		      const struct anchor_register *reg);
void anchor_pcr_entry(struct anchor_pcr *p, const struct list_entry *e);
/* @digest: what each bank was extended with, one behind the other. */
void anchor_pcr_digests(struct anchor_pcr *p, const uint8_t *digest);

enum anchor_match anchor_pcr_compare(const struct anchor_pcr *p,
				     const struct pcr_value *want);
/* Say what speaks against the values of this PCR, or that there is none. */
void anchor_pcr_judge(const struct anchor_pcr *p, const struct pcr_set *set,
		      const struct anchor_trust *trust, struct texts *problems);

/* The result: lines for people, objects for scripts. */
void anchor_pcr_print(const struct anchor_pcr *p, const struct pcr_set *set);
void anchor_pcr_json(const struct anchor_pcr *p, const struct pcr_set *set,
		     json_t *array);

#endif
