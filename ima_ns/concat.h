/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mode=concat: what Container-IMA extends instead of anchors
 */

#ifndef _IMA_NS_CONCAT_H
#define _IMA_NS_CONCAT_H

#include <linux/ima_ns_anchor.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/types.h>

struct crypto_shash;

/**
 * struct ima_cpcr - what the list of a namespace leads to
 * @line: place among all, in order of registration; empty if it has none yet, or
 *	any more.  Changed under both locks of &struct ima_concat, as all up to
 *	@shown
 * @inum: the number that it is shown by; 0 as long as clone() has not given it one
 * @is_numbered: it has got that just now
 * @is_shown: there was an extend with it
 * @shown_seq: how many entries that had
 * @shown: what these lead to, in each bank
 * @told_seq: how many entries the extend has that is being made, or the last one;
 *	under the mutex of &struct ima_concat, as @told
 * @told: what these lead to
 * @replay_lock: protects what follows.  Not held for long: no TPM is waited for
 * @ns: the namespace; NULL when it is gone
 * @replay: how far its list is replayed
 * @values: the memory of @shown, @told and @replay
 */
struct ima_cpcr {
	struct list_head line;
	unsigned int inum;
	bool is_numbered;
	bool is_shown;
	u64 shown_seq;
	u8 (*shown)[IMA_NS_DIGEST_SIZE];
	u64 told_seq;
	u8 (*told)[IMA_NS_DIGEST_SIZE];
	struct mutex replay_lock;	/* see above */
	struct ima_namespace *ns;
	struct ima_ns_replay replay;
	u8 values[][IMA_NS_DIGEST_SIZE];
};

/**
 * struct ima_concat - what is extended for all
 * @nr: how many banks there are.  Without a TPM it is SHA-1 alone
 * @algos: their hash algorithms
 * @tfm: and the hashes
 * @pcr: the PCR of the TPM; negative without a TPM
 * @lines: the namespaces' &ima_cpcr.line
 * @next: what the PCR is extended by, in each bank.  It stays until the TPM has it
 * @history: what the PCR was before the last extend
 * @unsettled: the TPM failed, so it may be what it is with @next
 * @value: without a TPM, what the PCR would be
 *
 * All from @lines on is protected by two locks of the caller's: it is changed under
 * both.  Under the first, a mutex, the TPM is waited for; the other is a spinlock.
 */
struct ima_concat {
	unsigned int nr;
	enum hash_algo algos[IMA_NS_BANKS_MAX];
	struct crypto_shash *tfm[IMA_NS_BANKS_MAX];
	int pcr;
	struct list_head lines;
	u8 next[IMA_NS_BANKS_MAX][IMA_NS_DIGEST_SIZE];
	u8 history[IMA_NS_BANKS_MAX][IMA_NS_DIGEST_SIZE];
	bool unsettled;
	u8 value[IMA_NS_BANKS_MAX][IMA_NS_DIGEST_SIZE];
};

int ima_concat_init(struct ima_concat *concat, int pcr);
void ima_concat_destroy(struct ima_concat *concat);
int ima_concat_sum(const struct ima_concat *concat, unsigned int bank,
		   const struct ima_cpcr *without, u8 *digest);
int ima_concat_compose(struct ima_concat *concat,
		       const struct ima_cpcr *without);
int ima_concat_extend(struct ima_concat *concat, u8 *before);

struct ima_cpcr *ima_cpcr_alloc(const struct ima_concat *concat,
				struct ima_namespace *ns, gfp_t gfp);
void ima_cpcr_free(struct ima_cpcr *cpcr);
int ima_cpcr_tell(struct ima_cpcr *cpcr);
void ima_cpcr_gone(struct ima_cpcr *cpcr);
void ima_cpcr_publish(struct ima_cpcr *cpcr);

#endif /* _IMA_NS_CONCAT_H */
