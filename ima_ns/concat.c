// SPDX-License-Identifier: GPL-2.0-only
/*
 * mode=concat: the formula of Container-IMA
 *
 * What the list of a namespace leads to is its cPCR: zeros at first, and then
 * extended by each entry as a PCR is.  The PCR of the TPM is extended by
 * H(c1 || c2 || ...) over the cPCRs of all namespaces in order of registration, in
 * each bank with the bank's hash, so that afterwards it is
 *
 *	H(history || H(c1 || c2 || ...))
 *
 * Whoever has the TPM can extend it by what he likes and call the value before that
 * history: it protects from nothing but oversight.  See
 * Documentation/security/ima-ns.rst.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <crypto/hash.h>

#include "concat.h"

/**
 * ima_concat_init - find out what banks there are
 * @concat: set to no namespaces
 * @pcr: the PCR that is to be extended
 *
 * Context: may sleep.
 *
 * Return: 0; -EOPNOTSUPP if the TPM has no bank that the kernel has a hash for, or
 * the kernel has no SHA-1; -ENOMEM or another error of crypto_alloc_shash().
 */
int ima_concat_init(struct ima_concat *concat, int pcr)
{
	unsigned int i;
	int rc;

	memset(concat, 0, sizeof(*concat));
	INIT_LIST_HEAD(&concat->lines);
	concat->pcr = pcr;
	concat->nr = ima_ns_banks(concat->algos);
	if (!concat->nr) {
		/* If there is a TPM nevertheless, there will be no registration. */
		concat->pcr = -1;
		concat->algos[0] = HASH_ALGO_SHA1;
		concat->nr = 1;
	}

	for (i = 0; i < concat->nr; i++) {
		struct crypto_shash *tfm;

		tfm = crypto_alloc_shash(hash_algo_name[concat->algos[i]], 0, 0);
		if (IS_ERR(tfm)) {
			rc = PTR_ERR(tfm);
			ima_concat_destroy(concat);
			return rc == -ENOENT ? -EOPNOTSUPP : rc;
		}
		concat->tfm[i] = tfm;
	}
	return 0;
}

/**
 * ima_concat_destroy - undo ima_concat_init()
 * @concat: what that has set, or part of it, or all zeros
 */
void ima_concat_destroy(struct ima_concat *concat)
{
	unsigned int i;

	for (i = 0; i < concat->nr; i++)
		crypto_free_shash(concat->tfm[i]);
	concat->nr = 0;
}

/**
 * ima_concat_sum - calculate H(c1 || c2 || ...)
 * @concat: the namespaces
 * @bank: the bank
 * @without: one that is not to be in it; NULL for all
 * @digest: where to put it
 *
 * Context: may sleep, under the mutex of the caller's.
 *
 * Return: 0 or the error of the hash.
 */
int ima_concat_sum(const struct ima_concat *concat, unsigned int bank,
		   const struct ima_cpcr *without, u8 *digest)
{
	struct crypto_shash *tfm = concat->tfm[bank];
	unsigned int size = crypto_shash_digestsize(tfm);
	SHASH_DESC_ON_STACK(shash, tfm);
	const struct ima_cpcr *cpcr;
	int rc;

	shash->tfm = tfm;
	rc = crypto_shash_init(shash);
	list_for_each_entry(cpcr, &concat->lines, line) {
		if (rc)
			break;
		if (cpcr != without)
			rc = crypto_shash_update(shash, cpcr->told[bank],
						 size);
	}
	if (!rc)
		rc = crypto_shash_final(shash, digest);
	shash_desc_zero(shash);
	return rc;
}

/**
 * ima_concat_compose - calculate what the PCR is to be extended by
 * @concat: the namespaces; the last extend is settled
 * @without: one that is to leave; NULL if none is
 *
 * Context: may sleep, under the mutex of the caller's.
 *
 * Return: 0 or the error of a hash.
 */
int ima_concat_compose(struct ima_concat *concat,
		       const struct ima_cpcr *without)
{
	unsigned int bank;
	int rc = 0;

	for (bank = 0; bank < concat->nr && !rc; bank++)
		rc = ima_concat_sum(concat, bank, without, concat->next[bank]);
	return rc;
}

/* There is no TPM, so the value is the kernel's own. */
static int ima_concat_pretend(struct ima_concat *concat, u8 *before)
{
	struct crypto_shash *tfm = concat->tfm[0];
	unsigned int size = crypto_shash_digestsize(tfm);
	SHASH_DESC_ON_STACK(shash, tfm);
	u8 after[IMA_NS_DIGEST_SIZE];
	int rc;

	shash->tfm = tfm;
	rc = crypto_shash_init(shash) ?:
	     crypto_shash_update(shash, concat->value[0], size) ?:
	     crypto_shash_finup(shash, concat->next[0], size, after);
	shash_desc_zero(shash);
	if (rc)
		return rc;

	memcpy(before, concat->value[0], size);
	memcpy(concat->value[0], after, size);
	return 0;
}

/**
 * ima_concat_extend - extend the PCR by what was composed
 * @concat: what was composed
 * @before: set to what the PCR was before that: IMA_NS_DIGEST_SIZE bytes for each
 *	bank
 *
 * Context: may sleep, under the mutex of the caller's; waits for the TPM.
 *
 * Return: 0; -EIO if the TPM failed, and the same has to be tried again; -ENOMEM
 * or another error if it was not asked.
 */
int ima_concat_extend(struct ima_concat *concat, u8 *before)
{
	if (concat->pcr < 0)
		return ima_concat_pretend(concat, before);

	return ima_ns_extend_pcr(concat->pcr, concat->next[0], before);
}

/**
 * ima_cpcr_alloc - begin to replay the list of a namespace
 * @concat: what banks there are
 * @ns: the namespace, which is there until ima_cpcr_gone()
 * @gfp: how memory is allocated, and who pays for it
 *
 * Return: what to replay it with; NULL without memory.
 */
struct ima_cpcr *ima_cpcr_alloc(const struct ima_concat *concat,
				struct ima_namespace *ns, gfp_t gfp)
{
	struct ima_cpcr *cpcr;

	cpcr = kzalloc(struct_size(cpcr, values, 3 * concat->nr), gfp);
	if (!cpcr)
		return NULL;

	INIT_LIST_HEAD(&cpcr->line);
	mutex_init(&cpcr->replay_lock);
	cpcr->ns = ns;
	cpcr->inum = ima_ns_inum(ns);
	cpcr->shown = cpcr->values;
	cpcr->replay.nr = concat->nr;
	cpcr->replay.algos = concat->algos;
	cpcr->told = cpcr->values + concat->nr;
	cpcr->replay.value = cpcr->values + 2 * concat->nr;
	return cpcr;
}

/**
 * ima_cpcr_free - undo ima_cpcr_alloc()
 * @cpcr: what that returned, without a line; or NULL
 */
void ima_cpcr_free(struct ima_cpcr *cpcr)
{
	kfree(cpcr);
}

/**
 * ima_cpcr_tell - go on to where the list is now, for the next extend
 * @cpcr: what was replayed so far
 *
 * Context: may sleep, under the mutex of the caller's.
 *
 * Return: 0 or the error of a hash.
 */
int ima_cpcr_tell(struct ima_cpcr *cpcr)
{
	const struct ima_ns_replay *replay = &cpcr->replay;
	unsigned int inum;
	int rc = 0;

	mutex_lock(&cpcr->replay_lock);
	cpcr->is_numbered = false;
	if (cpcr->ns) {
		inum = ima_ns_inum(cpcr->ns);
		cpcr->is_numbered = !cpcr->inum && inum;
		cpcr->inum = inum;
		rc = ima_ns_replay(cpcr->ns, &cpcr->replay);
	}
	memcpy(cpcr->told, replay->value, replay->nr * sizeof(cpcr->told[0]));
	cpcr->told_seq = replay->listed + replay->lost;
	mutex_unlock(&cpcr->replay_lock);
	return rc;
}

/**
 * ima_cpcr_gone - the namespace will be there no longer
 * @cpcr: what was replayed so far.  It goes on to the end of the list
 *
 * Context: may sleep.
 */
void ima_cpcr_gone(struct ima_cpcr *cpcr)
{
	mutex_lock(&cpcr->replay_lock);
	if (ima_ns_replay(cpcr->ns, &cpcr->replay))
		pr_err("the end of the list of %u cannot be hashed\n",
		       cpcr->inum);
	cpcr->ns = NULL;
	mutex_unlock(&cpcr->replay_lock);
}

/**
 * ima_cpcr_publish - an extend had what was told
 * @cpcr: what was told
 *
 * Context: both locks of the caller's are held.
 */
void ima_cpcr_publish(struct ima_cpcr *cpcr)
{
	memcpy(cpcr->shown, cpcr->told,
	       cpcr->replay.nr * sizeof(cpcr->shown[0]));
	cpcr->shown_seq = cpcr->told_seq;
	cpcr->is_shown = true;
}
