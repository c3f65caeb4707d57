/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Having a TPM sign its PCR values.
 */
#ifndef IMANS_TPM_QUOTE_H
#define IMANS_TPM_QUOTE_H

#include "quote.h"
#include "tpm.h"

/**
 * struct tpm_key_choice - which key; at most one of @context and @handle is set
 * @context:	file of tpm2_createak and others, or NULL
 * @handle:	of a persistent key, or 0
 * @owner:	make the key in the owner hierarchy, not in that of endorsements
 * @rsa:	make an RSA key
 */
struct tpm_key_choice {
	const char *context;
	uint32_t handle;
	bool owner;
	bool rsa;
};

struct tpm_key;

/* Both print why they failed. */
struct tpm_key *tpm_key_get(struct tpm *t, const struct tpm_key_choice *choice);
void tpm_key_put(struct tpm *t, struct tpm_key *k);
const TPM2B_PUBLIC *tpm_key_public(const struct tpm_key *k);

/*
 * Quote the PCRs of @pcrs, in this order of banks, whose values must be those
 * the TPM has: fills @q but for its lists. @stable says whether they were; if
 * not it is to be tried again with new values. Prints why it failed.
 */
bool tpm_quote(struct tpm *t, const struct tpm_key *k,
	       const struct quote_request *rq, const struct pcr_set *pcrs,
	       struct quote *q, bool *stable);

#endif
