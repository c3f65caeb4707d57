// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "chain.h"
#include "hash.h"

void chain_begin(struct chain *c, const uint8_t *token, uint64_t length)
{
	memcpy(c->token, token, sizeof(c->token));
	c->at = 0;
	c->length = length;
}

const char *chain_step(struct chain *c, const uint8_t *token, size_t steps)
{
	uint8_t digest[HASH_MAX_SIZE];
	struct hash_part part = { digest, 32 };
	size_t i;

	if (steps > c->length - c->at)
		return "its chain of tokens has ended before";
	if (!memcmp(token, c->token, sizeof(c->token)))
		return "its token was shown before";
	memcpy(digest, token, 32);
	for (i = 0; i < steps; i++)
		hash_parts(hash_by_name("sha256"), &part, 1, digest);
	if (memcmp(digest, c->token, sizeof(c->token)))
		return "its token does not continue the chain: the kernel did not write it";
	memcpy(c->token, token, sizeof(c->token));
	c->at += steps;
	return NULL;
}

const char *chain_next(struct chain *c, const uint8_t *next)
{
	if (c->at < c->length)
		return next ? "it begins a new chain of tokens, but the old one has not ended" : NULL;
	if (!next)
		return "its token is the last of the chain, but it begins no new one";
	chain_begin(c, next, c->length);
	return NULL;
}
