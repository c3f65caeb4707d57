/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * imans verify --proof: a tenant's bundle.
 */
#ifndef IMANS_VERIFY_PROOF_H
#define IMANS_VERIFY_PROOF_H

#include "proof.h"
#include "sources.h"

/* Compares with the values of @src, too, if there are any: enum imans_exit. */
int verify_proof(const char *path, struct sources *src,
		 const struct proof_request *rq, bool json);

#endif
