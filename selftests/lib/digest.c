// SPDX-License-Identifier: GPL-2.0-only
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "digest.h"

static const EVP_MD *method(const char *algo)
{
	return EVP_get_digestbyname(algo);
}

size_t digest_size(const char *algo)
{
	const EVP_MD *md = method(algo);

	return md ? EVP_MD_get_size(md) : 0;
}

size_t digest_pieces(const char *algo, const struct piece *pieces, size_t count,
		     uint8_t *out)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned int len;
	size_t i;

	if (!ctx || !method(algo) || !EVP_DigestInit_ex(ctx, method(algo), NULL))
		abort();
	for (i = 0; i < count; i++)
		if (!EVP_DigestUpdate(ctx, pieces[i].data, pieces[i].len))
			abort();
	if (!EVP_DigestFinal_ex(ctx, out, &len))
		abort();
	EVP_MD_CTX_free(ctx);
	return len;
}

size_t digest_bytes(const char *algo, const void *data, size_t len,
		    uint8_t *out)
{
	struct piece piece = { data, len };

	return digest_pieces(algo, &piece, 1, out);
}

void digest_hex(const uint8_t *digest, size_t len, char *hex)
{
	size_t i;

	for (i = 0; i < len; i++)
		sprintf(hex + 2 * i, "%02x", digest[i]);
	hex[2 * len] = 0;
}
