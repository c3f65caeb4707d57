// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Public keys of a TPM for libcrypto.
 */
#include <stdlib.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <tss2/tss2_mu.h>

#include "quote.h"

#define PEM_BEGIN "-----BEGIN "
/* What a TPM means by exponent 0. */
#define RSA_EXPONENT 65537

static const struct {
	TPM2_ECC_CURVE id;
	const char *name;
	size_t size;
} curves[] = {
	{ TPM2_ECC_NIST_P256, SN_X9_62_prime256v1, 32 },
	{ TPM2_ECC_NIST_P384, SN_secp384r1, 48 },
	{ TPM2_ECC_NIST_P521, SN_secp521r1, 66 },
};

static EVP_PKEY *make_key(const char *type, OSSL_PARAM_BLD *bld)
{
	OSSL_PARAM *params = bld ? OSSL_PARAM_BLD_to_param(bld) : NULL;
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *pkey = NULL;

	/* Where it fails there is no key, which the caller looks at. */
	if (params && ctx && EVP_PKEY_fromdata_init(ctx) == 1 &&
	    EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1)
		pkey = NULL;
	EVP_PKEY_CTX_free(ctx);
	OSSL_PARAM_free(params);
	return pkey;
}

static EVP_PKEY *rsa_key(const TPMT_PUBLIC *p)
{
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	const TPM2B_PUBLIC_KEY_RSA *modulus = &p->unique.rsa;
	unsigned long e = p->parameters.rsaDetail.exponent;
	BIGNUM *n = BN_bin2bn(modulus->buffer, modulus->size, NULL);
	EVP_PKEY *pkey = NULL;

	if (bld && n && OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, n) &&
	    OSSL_PARAM_BLD_push_ulong(bld, OSSL_PKEY_PARAM_RSA_E,
				      e ? e : RSA_EXPONENT))
		pkey = make_key("RSA", bld);
	OSSL_PARAM_BLD_free(bld);
	BN_free(n);
	return pkey;
}

static EVP_PKEY *ecc_key(const TPMT_PUBLIC *p)
{
	const TPM2B_ECC_PARAMETER *x = &p->unique.ecc.x, *y = &p->unique.ecc.y;
	uint8_t point[1 + 2 * 66] = { 4 };
	OSSL_PARAM_BLD *bld;
	EVP_PKEY *pkey = NULL;
	size_t i, size;

	for (i = 0; i < ARRAY_SIZE(curves); i++)
		if (curves[i].id == p->parameters.eccDetail.curveID)
			break;
	if (i == ARRAY_SIZE(curves))
		return NULL;
	size = curves[i].size;
	if (x->size > size || y->size > size)
		return NULL;
	memcpy(point + 1 + size - x->size, x->buffer, x->size);
	memcpy(point + 1 + 2 * size - y->size, y->buffer, y->size);
	bld = OSSL_PARAM_BLD_new();
	if (bld &&
	    OSSL_PARAM_BLD_push_utf8_string(bld, OSSL_PKEY_PARAM_GROUP_NAME,
					    curves[i].name, 0) &&
	    OSSL_PARAM_BLD_push_octet_string(bld, OSSL_PKEY_PARAM_PUB_KEY,
					     point, 1 + 2 * size))
		pkey = make_key("EC", bld);
	OSSL_PARAM_BLD_free(bld);
	return pkey;
}

const char *quote_key_public(struct quote_key *k, const TPM2B_PUBLIC *public)
{
	const TPMT_PUBLIC *p = &public->publicArea;

	memset(k, 0, sizeof(*k));
	k->tells = true;
	k->attributes = p->objectAttributes;
	if (p->type == TPM2_ALG_RSA)
		k->pkey = rsa_key(p);
	else if (p->type == TPM2_ALG_ECC)
		k->pkey = ecc_key(p);
	else
		return "neither an RSA nor an ECC key";
	return k->pkey ? NULL : "libcrypto does not take the key";
}

static const char *parse_pem(struct quote_key *k, const uint8_t *data,
			     size_t len)
{
	BIO *bio = len > INT32_MAX ? NULL : BIO_new_mem_buf(data, (int)len);

	k->pkey = bio ? PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL) : NULL;
	BIO_free(bio);
	return k->pkey ? NULL : "a PEM file without a public key";
}

const char *quote_key_parse(struct quote_key *k, const uint8_t *data,
			    size_t len)
{
	TPM2B_PUBLIC public = { 0 };
	size_t at = 0;

	memset(k, 0, sizeof(*k));
	if (len && memmem(data, len, PEM_BEGIN, strlen(PEM_BEGIN)))
		return parse_pem(k, data, len);
	if (!len || Tss2_MU_TPM2B_PUBLIC_Unmarshal(data, len, &at, &public) !=
	    TSS2_RC_SUCCESS || at != len)
		return "neither a PEM file nor a TPM2B_PUBLIC";
	return quote_key_public(k, &public);
}

void quote_key_free(struct quote_key *k)
{
	EVP_PKEY_free(k->pkey);
	memset(k, 0, sizeof(*k));
}
