/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Quotes as a TPM would make them, with keys of libcrypto. The structures of
 * the TPM are written down byte by byte.
 */
#ifndef TESTS_MKQUOTE_H
#define TESTS_MKQUOTE_H

#include <jansson.h>
#include <openssl/types.h>

#include "mkanchor.h"

/* What a restricted signing key has. */
#define MKQ_ATTRIBUTES 0x00050072u

/**
 * struct mkquote - a TPM
 * @rsa:	its key is an RSA key, or one on P-256
 * @attributes:	of the key
 * @magic, @type: what it signs
 * @hash:	what it signs with: sha1, sha256 ...
 * @pcrs:	which it quotes (bit N is PCR N)
 */
struct mkquote {
	bool rsa;
	EVP_PKEY *key;
	uint32_t attributes;
	uint32_t magic;
	uint16_t type;
	const char *hash;
	uint32_t pcrs;
};

void mkq_begin(struct mkquote *t, bool rsa);
void mkq_free(struct mkquote *t);
/* TPM2B_PUBLIC of its key. */
void mkq_public(const struct mkquote *t, struct buf *out);
/* The key in PEM. */
void mkq_pem(const struct mkquote *t, struct buf *out);
/* A quote of the machine's PCRs as they are, with @list, or null. */
json_t *mkq_quote(const struct mkquote *t, const struct mkanchor *m,
		  const void *nonce, size_t len, const struct buf *list);

#endif
