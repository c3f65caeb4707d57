/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The keyring in which an IMA namespace looks for the keys of signatures.
 */
#ifndef IMANS_KEYRING_H
#define IMANS_KEYRING_H

#include "certificate.h"

/* The kernel looks for this name in the session keyring of a task. */
#define KEYRING_NAME "_ima"

/*
 * Begin a new session keyring, which the processes that this one starts have,
 * too, with the keyring in it, and in that one the keys of @n certificates. False,
 * the reason printed.
 */
bool keyring_give(const struct certificate *keys, size_t n);
/* What an errno of adding a key means, NULL if that is not known. */
const char *keyring_reason(int error);

#endif
