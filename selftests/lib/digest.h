/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SELFTESTS_DIGEST_H
#define SELFTESTS_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#define DIGEST_MAX 64

/* Length of a digest of @algo in bytes, 0 if the name is unknown. */
size_t digest_size(const char *algo);

/* One piece of what is hashed; an array of them is hashed in one go. */
struct piece {
	const void *data;
	size_t len;
};

/* Returns the length of the digest written to @out, aborts on failure. */
size_t digest_pieces(const char *algo, const struct piece *pieces, size_t count,
		     uint8_t *out);
size_t digest_bytes(const char *algo, const void *data, size_t len,
		    uint8_t *out);

/* Lower-case hex, NUL-terminated: @hex has room for 2 * @len + 1. */
void digest_hex(const uint8_t *digest, size_t len, char *hex);

#endif
