/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is written to ima_ns/adopt
 */

#ifndef _IMA_NS_ADOPTION_H
#define _IMA_NS_ADOPTION_H

#include <linux/types.h>

struct ima_adoption;

int ima_adoption_parse(char *text, size_t len, struct ima_adoption *adoption);

#endif /* _IMA_NS_ADOPTION_H */
