/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hash algorithms by the names the kernel gives them, computed by libcrypto.
 */
#ifndef IMANS_HASH_H
#define IMANS_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HASH_MAX_SIZE 64

/**
 * struct hash_alg - one hash algorithm
 * @name:	the kernel's name, as in "sha256:" of a d-ng field
 * @evp:	libcrypto's name; NULL where only the size is of interest
 * @size:	digest size in bytes
 * @tpm_id:	TPM_ALG_ID of a PCR bank; 0 if no TPM has such a bank
 * @kernel_bank: Linux 6.12 computes template digests for such a bank. For any
 *		other bank it extends the SHA-1 digest padded with zeros.
 */
struct hash_alg {
	const char *name;
	const char *evp;
	size_t size;
	uint16_t tpm_id;
	bool kernel_bank;
};

/* One piece of what is hashed. */
struct hash_part {
	const void *data;
	size_t len;
};

const struct hash_alg *hash_by_name(const char *name);
const struct hash_alg *hash_by_name_len(const char *name, size_t len);
const struct hash_alg *hash_by_tpm_id(uint16_t id);
/* Like hash_by_name(), but only what can be a PCR bank; knows sm3_256 too. */
const struct hash_alg *hash_bank_by_name(const char *name);
/* The algorithms in a fixed order: NULL behind the last. */
const struct hash_alg *hash_at(size_t i);

/*
 * Hash @n parts one after the other into @out (HASH_MAX_SIZE bytes). A hash
 * libcrypto refuses ends the program: no value could be trusted afterwards.
 */
void hash_parts(const struct hash_alg *alg, const struct hash_part *parts,
		size_t n, uint8_t *out);

/* What extending a PCR of that bank does: value = H(value || digest). */
void hash_extend(const struct hash_alg *bank, uint8_t *value,
		 const uint8_t *digest);
/* Hash a whole file. 0, or -1 with errno set. */
int hash_file(const struct hash_alg *alg, const char *path, uint8_t *out);

/*
 * Parse "ALGO:HEX". @out has HASH_MAX_SIZE bytes. Returns the algorithm, or
 * NULL and a reason in @why.
 */
const struct hash_alg *hash_parse_digest(const char *text, uint8_t *out,
					 const char **why);

#endif
