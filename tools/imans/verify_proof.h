/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * imans verify --proof: a tenant's bundle.
 */
#ifndef IMANS_VERIFY_PROOF_H
#define IMANS_VERIFY_PROOF_H

#include "proof.h"
#include "sources.h"
#include "verify_quote.h"

/**
 * struct bundle_files - where a bundle is
 * @bundle:	the file; or that of the tenant's part
 * @host:	then that of the host's, else NULL
 * @quote:	what is asked of the quote in it, if @quote.ak is set
 */
struct bundle_files {
	const char *bundle;
	const char *host;
	struct quote_files quote;
};

/* Compares with the values of @src, too, if there are any: enum imans_exit. */
int verify_proof(const struct bundle_files *f, struct sources *src,
		 const struct proof_request *rq, bool json);

#endif
