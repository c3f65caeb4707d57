/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Making a quote: values, signature, and its JSON.
 */
#ifndef IMANS_QUOTE_MAKE_H
#define IMANS_QUOTE_MAKE_H

#include "tpm_quote.h"

/**
 * struct quote_maker - a TPM to be asked
 * @tcti:	how to reach it
 * @nonce:	hex, or NULL: values that nobody signs will do
 * @pcrs:	which (bit N is PCR N)
 */
struct quote_maker {
	const char *tcti;
	const char *nonce;
	struct tpm_key_choice choice;
	uint32_t pcrs;
	struct quote_request rq;
	struct tpm *t;
	struct tpm_key *key;
};

/* All print why they failed; quote_maker_end() is to be called nevertheless. */
bool quote_maker_begin(struct quote_maker *m);
/* Only @q->pcrs without a nonce. */
bool quote_make(struct quote_maker *m, struct quote *q);
void quote_maker_end(struct quote_maker *m);

/* A value of one of the options below, or false and the reason is printed. */
bool quote_maker_handle(struct quote_maker *m, const char *value);
bool quote_maker_hierarchy(struct quote_maker *m, const char *value);
bool quote_maker_pcrs(struct quote_maker *m, const char *value);

json_t *quote_to_json(const struct quote *q);
/* The key of @m as a PEM file. */
bool quote_maker_write_key(const struct quote_maker *m, const char *path);

#endif
