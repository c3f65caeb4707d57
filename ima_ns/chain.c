// SPDX-License-Identifier: GPL-2.0-only
/*
 * Chain of one-time tokens: what only the kernel can have put into a record
 *
 * Whoever may use the TPM can extend a PCR by a record of his own making, and
 * of all anchors the last one counts.  But t_0 = SHA-256^N(secret) is known
 * from the beginning, record k has t_k with SHA-256(t_k) = t_(k-1), and t_k
 * cannot be found from those before it.
 *
 * So tokens are revealed in the order opposite to that in which they are
 * hashed.  Kept are the secret, the value after each `step` hashes of it, and
 * all values of one block between two of these:
 *
 *  hashes   0   1   2   3   4   5   6   7   8   9  10  11  12      N = 12
 *  token   12  11  10   9   8   7   6   5   4   3   2   1   0    step = 4
 *           |_____________  |_____________  |_____________  |
 *         secret           kept            kept          start
 *
 * With the last token of a block the block before it is hashed.  That is less
 * than one hash for each token, less than the root of N at once, and the memory
 * is 64 KiB for the largest N.
 */

#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/math.h>
#include <linux/minmax.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "chain.h"

static void ima_chain_hash(const u8 *value, u8 *hash)
{
	struct sha256_state state;

	/* The library wipes what it has of the value. */
	sha256_init(&state);
	sha256_update(&state, value, IMA_CHAIN_TOKEN_SIZE);
	sha256_final(&state, hash);
}

/**
 * ima_chain_init - begin a chain
 * @chain: the chain, uninitialised
 * @len: how many tokens it shall have, 1 to IMA_CHAIN_LEN_MAX
 * @secret: random bytes, of which the caller wipes his copy
 *
 * It has no tokens until ima_chain_prepare() is done.
 *
 * Context: may sleep.
 *
 * Return: 0; -EINVAL if there can be no chain of that length; -ENOMEM.  After
 * an error ima_chain_destroy() may be called, but need not.
 */
int ima_chain_init(struct ima_chain *chain, unsigned int len,
		   const u8 secret[IMA_CHAIN_TOKEN_SIZE])
{
	memset(chain, 0, sizeof(*chain));

	if (!len || len > IMA_CHAIN_LEN_MAX)
		return -EINVAL;

	chain->step = int_sqrt(len - 1) + 1;
	chain->checkpoint = kvmalloc_array(2 * chain->step,
					   IMA_CHAIN_TOKEN_SIZE, GFP_KERNEL);
	if (!chain->checkpoint)
		return -ENOMEM;

	chain->len = len;
	chain->block = chain->checkpoint + chain->step;
	memcpy(chain->checkpoint[0], secret, IMA_CHAIN_TOKEN_SIZE);
	memcpy(chain->block[0], secret, IMA_CHAIN_TOKEN_SIZE);
	return 0;
}

/**
 * ima_chain_prepare - go on preparing a chain
 * @chain: the chain
 * @hashes: how many hashes may be calculated in this call, at least 1
 *
 * A whole chain takes as many as it is long.  So the caller can let others have
 * the CPU between two calls, and give up.
 *
 * Context: does not sleep.
 *
 * Return: true if the chain is ready, and that it stays.
 */
bool ima_chain_prepare(struct ima_chain *chain, unsigned int hashes)
{
	unsigned int step = chain->step;
	unsigned int end = chain->hashed + min(hashes,
					       chain->len - chain->hashed);
	const u8 *value;
	u8 *next;

	while (chain->hashed < end) {
		value = chain->block[chain->hashed % step];
		chain->hashed++;
		/* The blocks overwrite each other, and the last one stays. */
		next = chain->hashed == chain->len ? chain->start :
			chain->block[chain->hashed % step];
		ima_chain_hash(value, next);
		if (chain->hashed < chain->len && !(chain->hashed % step))
			memcpy(chain->checkpoint[chain->hashed / step], next,
			       IMA_CHAIN_TOKEN_SIZE);
	}
	return ima_chain_is_ready(chain);
}

/**
 * ima_chain_destroy - wipe a chain
 * @chain: the chain, in any state, or all zeros
 *
 * Context: may sleep.
 */
void ima_chain_destroy(struct ima_chain *chain)
{
	if (chain->checkpoint)
		memzero_explicit(chain->checkpoint,
				 2 * chain->step * IMA_CHAIN_TOKEN_SIZE);
	kvfree(chain->checkpoint);
	memzero_explicit(chain, sizeof(*chain));
}

/**
 * ima_chain_start - what everybody may know of a chain before its first token
 * @chain: the chain
 * @start: where to put t_0
 *
 * Context: under the caller's lock; does not sleep.
 *
 * Return: 0; -EAGAIN if the chain is not ready.
 */
int ima_chain_start(const struct ima_chain *chain,
		    u8 start[IMA_CHAIN_TOKEN_SIZE])
{
	if (!ima_chain_is_ready(chain))
		return -EAGAIN;

	memcpy(start, chain->start, IMA_CHAIN_TOKEN_SIZE);
	return 0;
}

/* Hash all values from a checkpoint on, up to the next one. */
static void ima_chain_fill(struct ima_chain *chain, unsigned int checkpoint)
{
	unsigned int i;

	memcpy(chain->block[0], chain->checkpoint[checkpoint],
	       IMA_CHAIN_TOKEN_SIZE);
	for (i = 1; i < chain->step; i++)
		ima_chain_hash(chain->block[i - 1], chain->block[i]);
}

/**
 * ima_chain_reveal - the next token
 * @chain: the chain
 * @token: where to put it; left alone after an error
 *
 * Who has a token must see to it that it is in the next record that anybody can
 * read: without it that record and all later ones prove nothing.  If the record
 * came to nothing, unread, the token is for the one that is made instead.
 *
 * Context: under the caller's lock; does not sleep.
 *
 * Return: 0; -EAGAIN if the chain is not ready; -ENODATA if no token is left.
 */
int ima_chain_reveal(struct ima_chain *chain, u8 token[IMA_CHAIN_TOKEN_SIZE])
{
	unsigned int hashes;

	if (!ima_chain_is_ready(chain))
		return -EAGAIN;
	if (!ima_chain_remaining(chain))
		return -ENODATA;

	chain->revealed++;
	hashes = chain->len - chain->revealed;
	memcpy(token, chain->block[hashes % chain->step],
	       IMA_CHAIN_TOKEN_SIZE);

	if (hashes && !(hashes % chain->step))
		ima_chain_fill(chain, hashes / chain->step - 1);
	return 0;
}
