/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include "util.h"

#define FUZZ_NONCE { 1, 2, 3, 4, 5, 6, 7, 8 }

/* The public key of the quotes, and what is signed in an honest one. */
extern struct buf fuzz_key, fuzz_attest;

#endif
