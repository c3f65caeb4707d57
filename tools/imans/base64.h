/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Base64 of RFC 4648 section 4, strictly: padded, no blanks, no line ends, no
 * stray bits.
 */
#ifndef IMANS_BASE64_H
#define IMANS_BASE64_H

#include <stdbool.h>
#include <stddef.h>

#include "util.h"

/* Appends to @out; false, and nothing appended, if it is not that. */
bool base64_decode(const char *text, size_t len, struct buf *out);
/* To be freed. */
char *base64_encode(const void *data, size_t len);

#endif
