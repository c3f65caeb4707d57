/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * imans verify --quote: values that a TPM signed, and the lists that lead to
 * them.
 */
#ifndef IMANS_VERIFY_QUOTE_H
#define IMANS_VERIFY_QUOTE_H

#include "quote.h"
#include "verify_run.h"

/**
 * struct quote_files - what is asked of a quote, as the command line says it
 * @quote:	the file, or NULL: it is in a bundle
 * @nonce:	hex
 * @ak:		file of the public key
 */
struct quote_files {
	const char *quote;
	const char *nonce;
	const char *ak;
};

/* Prints why it failed; @key is to be freed in any case. */
bool quote_files_read(const struct quote_files *f, struct quote_request *rq,
		      struct quote_key *key);

/*
 * @rq->path: a list in place of the one in the file, or NULL. Returns enum
 * imans_exit.
 */
int verify_quote(const struct quote_files *f, struct list_request *rq);

#endif
