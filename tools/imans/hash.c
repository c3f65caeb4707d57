// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "hash.h"
#include "util.h"

/* Names and sizes are those of the kernel's crypto/hash_info.c. */
static const struct hash_alg algs[] = {
	{ "sha1",	"SHA1",		20, 0x0004, true },
	{ "sha256",	"SHA256",	32, 0x000b, true },
	{ "sha384",	"SHA384",	48, 0x000c, true },
	{ "sha512",	"SHA512",	64, 0x000d, true },
	{ "sm3",	"SM3",		32, 0x0012, true },
	{ "sha3-256",	"SHA3-256",	32, 0x0027, false },
	{ "sha3-384",	"SHA3-384",	48, 0x0028, false },
	{ "sha3-512",	"SHA3-512",	64, 0x0029, false },
	{ "md5",	"MD5",		16, 0, false },
	{ "sha224",	"SHA224",	28, 0, false },
	{ "md4",	NULL,		16, 0, false },
	{ "rmd128",	NULL,		16, 0, false },
	{ "rmd160",	NULL,		20, 0, false },
	{ "rmd256",	NULL,		32, 0, false },
	{ "rmd320",	NULL,		40, 0, false },
	{ "wp256",	NULL,		32, 0, false },
	{ "wp384",	NULL,		48, 0, false },
	{ "wp512",	NULL,		64, 0, false },
	{ "tgr128",	NULL,		16, 0, false },
	{ "tgr160",	NULL,		20, 0, false },
	{ "tgr192",	NULL,		24, 0, false },
	{ "streebog256", NULL,		32, 0, false },
	{ "streebog512", NULL,		64, 0, false },
};

const struct hash_alg *hash_at(size_t i)
{
	return i < ARRAY_SIZE(algs) ? &algs[i] : NULL;
}

const struct hash_alg *hash_by_name_len(const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(algs); i++)
		if (strlen(algs[i].name) == len &&
		    !memcmp(algs[i].name, name, len))
			return &algs[i];
	return NULL;
}

const struct hash_alg *hash_by_name(const char *name)
{
	return hash_by_name_len(name, strlen(name));
}

const struct hash_alg *hash_by_tpm_id(uint16_t id)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(algs); i++)
		if (id && algs[i].tpm_id == id)
			return &algs[i];
	return NULL;
}

const struct hash_alg *hash_bank_by_name(const char *name)
{
	const struct hash_alg *alg;

	/* TPM tools and sysfs of some kernels spell these differently. */
	if (!strcmp(name, "sm3_256") || !strcmp(name, "sm3-256"))
		name = "sm3";
	alg = hash_by_name(name);
	return alg && alg->tpm_id ? alg : NULL;
}

static const EVP_MD *evp_md(const struct hash_alg *alg)
{
	static EVP_MD *cache[ARRAY_SIZE(algs)];
	size_t i = (size_t)(alg - algs);

	if (!cache[i] && alg->evp)
		cache[i] = EVP_MD_fetch(NULL, alg->evp, NULL);
	if (!cache[i]) {
		msg("libcrypto cannot compute %s", alg->name);
		exit(IMANS_ERROR);
	}
	return cache[i];
}

static EVP_MD_CTX *hash_begin(const struct hash_alg *alg)
{
	static EVP_MD_CTX *ctx;

	if (!ctx)
		ctx = EVP_MD_CTX_new();
	if (!ctx || !EVP_DigestInit_ex2(ctx, evp_md(alg), NULL)) {
		msg("libcrypto cannot compute %s", alg->name);
		exit(IMANS_ERROR);
	}
	return ctx;
}

static void hash_end(const struct hash_alg *alg, EVP_MD_CTX *ctx, bool ok,
		     uint8_t *out)
{
	unsigned int len = 0;

	if (!ok || !EVP_DigestFinal_ex(ctx, out, &len) || len != alg->size) {
		msg("libcrypto failed to compute %s", alg->name);
		exit(IMANS_ERROR);
	}
}

void hash_parts(const struct hash_alg *alg, const struct hash_part *parts,
		size_t n, uint8_t *out)
{
	EVP_MD_CTX *ctx = hash_begin(alg);
	bool ok = true;
	size_t i;

	for (i = 0; i < n && ok; i++)
		ok = EVP_DigestUpdate(ctx, parts[i].data, parts[i].len);
	hash_end(alg, ctx, ok, out);
}

int hash_file(const struct hash_alg *alg, const char *path, uint8_t *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	uint8_t chunk[65536];
	EVP_MD_CTX *ctx;
	bool ok = true;
	ssize_t n;
	int saved;

	if (fd < 0)
		return -1;
	ctx = hash_begin(alg);
	do {
		n = read(fd, chunk, sizeof(chunk));
		if (n > 0)
			ok = ok && EVP_DigestUpdate(ctx, chunk, (size_t)n);
	} while (n > 0 || (n < 0 && errno == EINTR));
	saved = errno;
	close(fd);
	errno = saved;
	if (n < 0)
		return -1;
	hash_end(alg, ctx, ok, out);
	return 0;
}

const struct hash_alg *hash_parse_digest(const char *text, uint8_t *out,
					 const char **why)
{
	const char *colon = strchr(text, ':');
	const struct hash_alg *alg;

	if (!colon) {
		*why = "ALGO:HEX expected";
		return NULL;
	}
	alg = hash_by_name_len(text, (size_t)(colon - text));
	if (!alg) {
		*why = "unknown hash algorithm";
		return NULL;
	}
	if (hex_decode(colon + 1, strlen(colon + 1), out, HASH_MAX_SIZE) !=
	    (int)alg->size) {
		*why = "not a digest of that algorithm (hex digits, full length)";
		return NULL;
	}
	return alg;
}

void hash_extend(const struct hash_alg *bank, uint8_t *value,
		 const uint8_t *digest)
{
	struct hash_part parts[2] = {
		{ value, bank->size }, { digest, bank->size },
	};
	uint8_t out[HASH_MAX_SIZE];

	hash_parts(bank, parts, 2, out);
	memcpy(value, out, bank->size);
}
