/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SELFTESTS_SIGN_H
#define SELFTESTS_SIGN_H

#include <stddef.h>

#include "agent.h"

/*
 * Keys and signatures by stock tools: openssl makes the keys, evmctl signs.
 * All of that is done by the test itself, which is root of the machine.
 */

/* What a machine without these tools lacks; NULL if nothing. */
const char *sign_missing(void);

/*
 * Makes the key pair @name, unless it is there, with a certificate that
 * @issuer signs, which is another key; NULL: the key itself.  Returns 0 or a
 * negative errno.
 */
int sign_key(const char *name, const char *issuer);

/*
 * The same with other words for "openssl req": the kind of key, and what else
 * is in the certificate.
 */
#define SIGN_P256 "-newkey ec -pkeyopt ec_paramgen_curve:P-256"
#define SIGN_NO_CA " -addext basicConstraints=CA:FALSE"
int sign_key_of(const char *name, const char *issuer, const char *words);

/* The certificate @expired: that of @name, which ended yesterday. */
int sign_expire(const char *name, const char *expired);

/* The certificate @later: that of @name, which begins tomorrow. */
int sign_postpone(const char *name, const char *later);

/* Lets containers read the keys, in order to sign by themselves. */
int sign_open_keys(void);

/* Signs a file that holds the bytes that are signed. */
int sign_bytes(const char *name, const char *path, const char *out);

/* The certificate of a key as DER.  Returns its length. */
long sign_certificate(const char *name, char *der, size_t size);

/* Puts a signature, or a hash, of the file into its security.ima. */
int sign_file(const char *name, const char *path);
int sign_hash(const char *algo, const char *path);
int sign_remove(const char *path);

/*
 * Signs it by the key for modules that was made along with the kernel, and is
 * beside the module ($IMANS_MODULE): the only one in the machine's own keyring
 * .ima, which takes none that is not certified by a key built into the kernel.
 */
int sign_file_for_machine(const char *path);

/*
 * Has @agent hash the file, which goes into its security.ima, and sign what EVM
 * protects of it, without what is bound to the file system.  @options are more
 * words for evmctl: whose the file is in the machine's numbers, if these are
 * others than @agent's.
 */
int sign_metadata(struct agent *agent, const char *name, const char *path,
		  const char *options);

/*
 * Keyrings of an agent: a new session keyring, a new keyring in there, a key
 * with the certificate of @name in a keyring, and out of it again.  Ids, or a
 * negative errno.
 */
long sign_new_session(struct agent *agent);
long sign_new_ring(struct agent *agent, const char *ring);
long sign_add(struct agent *agent, long ring, const char *name);
long sign_unlink(struct agent *agent, long key, long ring);

/* Two keys as EVM wants them for HMACs, in the agent's session keyring. */
long sign_new_hmac_key(struct agent *agent);

/* All of these: a session with the keyring _ima in it with one key, if any. */
long sign_give_key(struct agent *agent, const char *name);

/* The same with another keyring in the session that there is. */
long sign_give_ring(struct agent *agent, const char *ring, const char *name);

#endif
