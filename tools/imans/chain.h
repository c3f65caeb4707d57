/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tokens of the anchor: each is the SHA-256 of the next, so only who knows
 * the secret at the end, the kernel, can show one that was not shown before.
 */
#ifndef IMANS_CHAIN_H
#define IMANS_CHAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct chain - how far the tokens are known
 * @token:	the last one, at first what the register record publishes
 * @at:		so many tokens of this chain were shown
 * @length:	so many it has
 */
struct chain {
	uint8_t token[32];
	uint64_t at;
	uint64_t length;
};

void chain_begin(struct chain *c, const uint8_t *token, uint64_t length);
/*
 * @token is that of the record @steps further on. NULL, or why it is not; then
 * the chain stays where it was.
 */
const char *chain_step(struct chain *c, const uint8_t *token, size_t steps);
/*
 * @next is that of the record, NULL if it has none: it must have one where the
 * chain ends, and only there. NULL, or what is wrong.
 */
const char *chain_next(struct chain *c, const uint8_t *next);

#endif
