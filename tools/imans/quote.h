/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A quote: PCR values a TPM has signed, and the lists that lead to them. The
 * format is described in the text of imans quote. Nothing here needs a TPM.
 */
#ifndef IMANS_QUOTE_H
#define IMANS_QUOTE_H

#include <jansson.h>
#include <openssl/types.h>
#include <tss2/tss2_tpm2_types.h>

#include "json.h"
#include "pcr.h"
#include "texts.h"
#include "util.h"

#define QUOTE_FORMAT "ima-ns-quote"
#define QUOTE_VERSION 1

/* A TPM takes no longer nonce. */
#define QUOTE_NONCE_MAX 64

/**
 * struct quote_ns - a namespace whose list is there
 * @slot:	of its leaf in the tree of the last anchor
 * @seq:	so many entries of @list the leaf covers
 */
struct quote_ns {
	uint64_t id;
	uint64_t slot;
	uint64_t seq;
	uint8_t salt[32];
	struct buf list;
};

/**
 * struct quote - a quote, as well-formed as can be told without judging
 * @signed_bytes: what is signed, @attest is what it says
 * @public:	the public key as the file has it: nobody has to believe it
 * @pcrs:	the values that @attest has a digest of
 * @has_list:	there is the list of the initial namespace
 * @has_namespaces: there are those of all that were anchored
 */
struct quote {
	struct buf signed_bytes;
	TPMS_ATTEST attest;
	TPMT_SIGNATURE signature;
	TPM2B_PUBLIC public;
	struct pcr_set pcrs;
	bool has_list;
	struct buf list;
	bool has_namespaces;
	struct quote_ns *ns;
	size_t nns;
};

/**
 * struct quote_key - the key a quote has to be signed with
 * @tells:	@attributes are known: a PEM file has none
 */
struct quote_key {
	EVP_PKEY *pkey;
	bool tells;
	TPMA_OBJECT attributes;
};

/* False, and the reason in @why (to be freed); to be freed in any case. */
bool quote_parse(struct quote *q, const json_t *root, char **why);
bool quote_parse_text(struct quote *q, const char *text, size_t len,
		      char **why);
void quote_free(struct quote *q);

/* A PEM file or a TPM2B_PUBLIC; NULL, or why it is none of them. */
const char *quote_key_parse(struct quote_key *k, const uint8_t *data,
			    size_t len);
/* The same in TPM2 structures; NULL, or what it lacks. */
const char *quote_key_public(struct quote_key *k, const TPM2B_PUBLIC *public);
void quote_key_free(struct quote_key *k);

/**
 * struct quote_request - what is asked of a quote
 */
struct quote_request {
	const struct quote_key *key;
	uint8_t nonce[QUOTE_NONCE_MAX];
	size_t nonce_len;
};

/* "HEX" of 1 to QUOTE_NONCE_MAX bytes. */
bool quote_set_nonce(struct quote_request *rq, const char *hex);
/*
 * Is it an answer to @rq, and are the values in it those that were signed? Says
 * in @problems why not, in @notes what cannot be told.
 */
void quote_judge(const struct quote *q, const struct quote_request *rq,
		 struct texts *problems, struct texts *notes);
/* The last of it alone: the values are those that were signed. */
void quote_judge_values(const struct quote *q, struct texts *problems);

/* When the TPM made it: lines for people, an object for scripts. */
void quote_print(const struct quote *q);
json_t *quote_json(const struct quote *q);

#endif
