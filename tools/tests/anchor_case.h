/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A machine's list is judged: is it verified, or why not?
 */
#ifndef TESTS_ANCHOR_CASE_H
#define TESTS_ANCHOR_CASE_H

#include "anchor.h"
#include "mkanchor.h"

/* The usual question: everything. */
extern const struct anchor_request anchor_usual;

/* A machine with two namespaces alive, a third, and three anchors. */
void anchor_case_begin(struct mkanchor *m);
/* Values of its TPM: both banks, both PCRs. */
void anchor_case_tpm(const struct mkanchor *m, struct pcr_set *s);

/* @reason: what has to be among the problems, or NULL for none. */
void anchor_case_judge(const struct mkanchor *m,
		       const struct anchor_request *rq, struct pcr_set *set,
		       const char *reason, const char *what);
/* The usual question with the values of the TPM. */
void anchor_case(const struct mkanchor *m, const char *reason,
		 const char *what);

#endif
