/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The judgement on a measurement list: pure, all input is in memory.
 */
#ifndef IMANS_VERIFY_H
#define IMANS_VERIFY_H

#include "reference.h"
#include "replay.h"
#include "texts.h"

enum finding_kind {
	FINDING_BROKEN,		/* stored template digest is not that of the data */
	FINDING_VIOLATION,	/* the file may not be what was measured */
	FINDING_NO_DIGEST,	/* the kernel could not hash the file */
	FINDING_UNEXPECTED,	/* not in the reference */
	FINDING_CHANGED,	/* in the reference with another digest */
};

struct finding {
	enum finding_kind kind;
	size_t index;
	char *name;
	char *digest;		/* "algo:hex" of the file */
	char *expected;		/* the same from the reference, or NULL */
};

/**
 * struct verify_options - what counts as verified
 * @pcrs:	bit N: judge entries of PCR N; the others are skipped
 * @pcrs_chosen: the user named them, so each must have a value
 * @reference:	or NULL
 * @acc:	or NULL
 * @allow_prefix: entries after the one the PCR stands at are tolerated
 * @allow_violations: violations of files in the reference are tolerated
 * @padded:	PCRs that replay by padded SHA-1 digests only are accepted
 * @bank_chosen: the user named the bank, so that bank itself must vouch
 */
struct verify_options {
	uint64_t pcrs;
	bool pcrs_chosen;
	const struct reference *reference;
	const struct vpcr_acc *acc;
	bool allow_prefix;
	bool allow_violations;
	bool padded;
	bool bank_chosen;
};

enum slot_state {
	SLOT_OK,
	SLOT_PREFIX,		/* right after an earlier entry than the last */
	SLOT_MISMATCH,
};

struct verdict_slot {
	enum slot_state state;
	bool padded;
	size_t at;		/* entry after which the value was right */
};

/**
 * struct verdict - the outcome
 * @pcr_entries: number of entries by PCR
 * @acc:	state of the acc line, if there was one
 * @reasons:	why the list is not verified; none = it is
 */
struct verdict {
	const struct hash_alg *list_hash;
	size_t entries;
	size_t violations;
	size_t broken;
	size_t pcr_entries[LIST_PCR_MAX + 1];
	struct replay replay;
	struct verdict_slot *slot;
	enum slot_state acc;
	struct finding *finding;
	size_t nfindings;
	char **reason;
	size_t nreasons;
};

/*
 * Judge @list against @pcrs. False, with the message printed, if the list is
 * malformed.
 */
bool verify_list(const struct buf *list, const struct pcr_set *pcrs,
		 const struct verify_options *opt, struct verdict *v);
void verdict_free(struct verdict *v);

/* All but the reasons. */
void verdict_print(const struct verdict *v, const struct verify_options *opt);
/* @reasons: those of @v, and perhaps others. */
json_t *verdict_json(const struct verdict *v, const struct verify_options *opt,
		     const struct texts *reasons);

#endif
