/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Adoption: a container without a user namespace gets an IMA namespace.
 */
#ifndef IMANS_ADOPT_H
#define IMANS_ADOPT_H

#include "process.h"

/**
 * struct adoption - what is to be written to ima_ns/adopt
 * @label:	has no blank
 * @policy:	NULL, or a path from the root without a blank
 */
struct adoption {
	const struct process *process;
	const char *label;
	const char *policy;
};

/* NULL, or why the kernel could not take it; to be freed. */
char *adopt_check(const struct adoption *a);
/* The one line, to be freed. */
char *adopt_text(const struct adoption *a);
/* What an errno of that write means, NULL if that is not known. */
const char *adopt_reason(int error);
/* False, the reason printed. */
bool adopt(const struct adoption *a, const char *securityfs);

#endif
