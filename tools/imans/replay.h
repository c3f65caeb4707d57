/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Replaying a measurement list: which PCR values it leads to, and where it
 * stops agreeing with the values it is compared with.
 */
#ifndef IMANS_REPLAY_H
#define IMANS_REPLAY_H

#include "list.h"
#include "pcr.h"

/**
 * struct replay_slot - one value a PCR of one bank is compared with
 * @want:	the value from outside
 * @own:	replay with the bank's own hash of the template data
 * @padded:	replay with SHA-1 digests padded with zeros, as Linux extends
 *		banks whose hash it cannot compute
 * @entries:	entries of this PCR so far
 * @own_at, @padded_at: index of the last entry after which the replay had the
 *		value @want; 0 = before the first, -1 = never. The value is
 *		right where this is the last entry of the PCR.
 * @last:	index of the last entry of this PCR, 0 = none
 */
struct replay_slot {
	const struct pcr_value *want;
	uint8_t own[HASH_MAX_SIZE];
	uint8_t padded[HASH_MAX_SIZE];
	size_t entries;
	ssize_t own_at;
	ssize_t padded_at;
	ssize_t last;
};

/**
 * struct replay - the state of a replay
 * @acc:	design: SHA-256(acc || le32 pcr || digest) over all entries
 * @acc_at:	@acc after this many entries is kept in @acc_then
 */
struct replay {
	struct replay_slot *slot;
	size_t nslots;
	uint64_t entries;
	uint8_t acc[32];
	uint64_t acc_at;
	uint8_t acc_then[32];
};

/* @set must stay valid while the replay is used. */
void replay_begin(struct replay *r, const struct pcr_set *set, uint64_t acc_at);
void replay_entry(struct replay *r, const struct list_entry *e);
void replay_free(struct replay *r);

#endif
