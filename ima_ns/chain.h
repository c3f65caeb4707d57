/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Chain of one-time tokens: what only the kernel can have put into a record
 */

#ifndef _IMA_NS_CHAIN_H
#define _IMA_NS_CHAIN_H

#include <linux/types.h>
#include <crypto/sha2.h>

#define IMA_CHAIN_LEN_DEFAULT	65536
#define IMA_CHAIN_LEN_MAX	1048576

/* What the secret, the start and each token have. */
#define IMA_CHAIN_TOKEN_SIZE	SHA256_DIGEST_SIZE

/**
 * struct ima_chain - a chain of one-time tokens
 * @len: how many tokens it has
 * @step: every so many hashes there is a checkpoint; the root of @len, rounded
 *	up
 * @hashed: how often the secret was hashed so far, at most @len times
 * @revealed: how many tokens were revealed
 * @checkpoint: the values after 0, @step, 2 @step, ... hashes
 * @block: the values from that checkpoint on that the next token comes after;
 *	in the same piece of memory.  While the chain is prepared, those hashed
 *	last
 * @start: t_0, once the chain is ready
 *
 * All is under a lock of the caller's.  While the chain is prepared it belongs
 * to who prepares it, and there need be none.
 */
struct ima_chain {
	unsigned int len;
	unsigned int step;
	unsigned int hashed;
	unsigned int revealed;
	u8 (*checkpoint)[IMA_CHAIN_TOKEN_SIZE];
	u8 (*block)[IMA_CHAIN_TOKEN_SIZE];
	u8 start[IMA_CHAIN_TOKEN_SIZE];
};

int ima_chain_init(struct ima_chain *chain, unsigned int len,
		   const u8 secret[IMA_CHAIN_TOKEN_SIZE]);
bool ima_chain_prepare(struct ima_chain *chain, unsigned int hashes);
void ima_chain_destroy(struct ima_chain *chain);

int ima_chain_start(const struct ima_chain *chain,
		    u8 start[IMA_CHAIN_TOKEN_SIZE]);
int ima_chain_reveal(struct ima_chain *chain, u8 token[IMA_CHAIN_TOKEN_SIZE]);

/**
 * ima_chain_is_ready - may tokens be revealed?
 * @chain: the chain, or all zeros
 *
 * Context: under the caller's lock.
 *
 * Return: true if ima_chain_prepare() is done.
 */
static inline bool ima_chain_is_ready(const struct ima_chain *chain)
{
	return chain->len && chain->hashed == chain->len;
}

/**
 * ima_chain_remaining - how many tokens are left?
 * @chain: the chain, or all zeros
 *
 * With the last one the next chain must be ready: its record says how that
 * starts.
 *
 * Context: under the caller's lock.
 *
 * Return: the number, 0 as long as the chain is not ready.
 */
static inline unsigned int ima_chain_remaining(const struct ima_chain *chain)
{
	return ima_chain_is_ready(chain) ? chain->len - chain->revealed : 0;
}

#endif /* _IMA_NS_CHAIN_H */
