// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "mkquote.h"

static const struct {
	const char *name;
	uint16_t id;
} hashes[] = {
	{ "sha1", 0x0004 }, { "sha256", 0x000b }, { "sha384", 0x000c },
	{ "sha512", 0x000d }, { "sm3", 0x0012 },
};

static uint16_t hash_id(const char *name)
{
	size_t i;

	for (i = 0; strcmp(hashes[i].name, name); i++)
		;
	return hashes[i].id;
}

static void put(struct buf *b, uint64_t value, size_t size)
{
	uint8_t byte;

	while (size--) {
		byte = (uint8_t)(value >> 8 * size);
		buf_add(b, &byte, 1);
	}
}

static void put_sized(struct buf *b, const void *data, size_t len)
{
	put(b, len, 2);
	buf_add(b, data, len);
}

void mkq_begin(struct mkquote *t, bool rsa)
{
	memset(t, 0, sizeof(*t));
	t->rsa = rsa;
	t->key = rsa ? EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048) :
		       EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	if (!t->key)
		abort();
	t->attributes = MKQ_ATTRIBUTES;
	t->magic = 0xff544347;
	t->type = 0x8018;
	t->hash = "sha256";
	t->pcrs = 7u << 10;
}

void mkq_free(struct mkquote *t)
{
	EVP_PKEY_free(t->key);
	memset(t, 0, sizeof(*t));
}

static void put_number(struct buf *b, EVP_PKEY *key, const char *name,
		       size_t size)
{
	uint8_t bytes[256];
	BIGNUM *n = NULL;

	if (!EVP_PKEY_get_bn_param(key, name, &n) ||
	    BN_bn2binpad(n, bytes, (int)size) < 0)
		abort();
	BN_free(n);
	put_sized(b, bytes, size);
}

void mkq_public(const struct mkquote *t, struct buf *out)
{
	struct buf b = { 0 };

	put(&b, t->rsa ? 0x0001 : 0x0023, 2);
	put(&b, 0x000b, 2);
	put(&b, t->attributes, 4);
	put(&b, 0, 2);			/* no policy */
	put(&b, 0x0010, 2);		/* not symmetric */
	put(&b, t->rsa ? 0x0014 : 0x0018, 2);
	put(&b, hash_id(t->hash), 2);
	if (t->rsa) {
		put(&b, 2048, 2);
		put(&b, 0, 4);		/* the usual exponent */
		put_number(&b, t->key, OSSL_PKEY_PARAM_RSA_N, 256);
	} else {
		put(&b, 0x0003, 2);	/* P-256 */
		put(&b, 0x0010, 2);	/* derives no keys */
		put_number(&b, t->key, OSSL_PKEY_PARAM_EC_PUB_X, 32);
		put_number(&b, t->key, OSSL_PKEY_PARAM_EC_PUB_Y, 32);
	}
	put_sized(out, b.data, b.len);
	buf_free(&b);
}

void mkq_pem(const struct mkquote *t, struct buf *out)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *data;
	long len;

	if (!bio || !PEM_write_bio_PUBKEY(bio, t->key))
		abort();
	len = BIO_get_mem_data(bio, &data);
	buf_add(out, data, (size_t)len);
	BIO_free(bio);
}

static size_t digest(const char *hash, const struct buf *b, uint8_t *out)
{
	size_t n;

	if (!EVP_Q_digest(NULL, hash, NULL, b->data, b->len, out, &n))
		abort();
	return n;
}

static void put_attest(struct buf *b, const struct mkquote *t,
		       const struct mkanchor *m, const void *nonce, size_t len)
{
	struct buf values = { 0 };
	uint8_t d[64];
	uint32_t pcr;
	size_t k;

	put(b, t->magic, 4);
	put(b, t->type, 2);
	put_sized(b, "\0\13................................", 34);
	put_sized(b, nonce, len);
	put(b, 123456, 8);		/* clock */
	put(b, 7, 4);			/* resetCount */
	put(b, 2, 4);			/* restartCount */
	put(b, 1, 1);			/* safe */
	put(b, 0x0001000200030004, 8);	/* firmware */
	put(b, m->nbanks, 4);
	for (k = 0; k < m->nbanks; k++) {
		put(b, hash_id(mk_bank_name[k]), 2);
		put(b, 3, 1);
		for (pcr = 0; pcr < 24; pcr += 8)
			put(b, t->pcrs >> pcr & 0xff, 1);
		for (pcr = 0; pcr < 24; pcr++)
			if (t->pcrs >> pcr & 1)
				buf_add(&values, m->l.pcr[pcr][k],
					mk_bank_size[k]);
	}
	put_sized(b, d, digest(t->hash, &values, d));
	buf_free(&values);
}

static void put_ecdsa(struct buf *b, const uint8_t *der, size_t len)
{
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)len);
	uint8_t bytes[32];

	if (!sig)
		abort();
	BN_bn2binpad(ECDSA_SIG_get0_r(sig), bytes, 32);
	put_sized(b, bytes, 32);
	BN_bn2binpad(ECDSA_SIG_get0_s(sig), bytes, 32);
	put_sized(b, bytes, 32);
	ECDSA_SIG_free(sig);
}

static void put_signature(struct buf *b, const struct mkquote *t,
			  const struct buf *data)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t sig[256];
	size_t len = sizeof(sig);

	if (!ctx || EVP_DigestSignInit_ex(ctx, NULL, t->hash, NULL, NULL,
					  t->key, NULL) != 1 ||
	    EVP_DigestSign(ctx, sig, &len, data->data, data->len) != 1)
		abort();
	EVP_MD_CTX_free(ctx);
	put(b, t->rsa ? 0x0014 : 0x0018, 2);
	put(b, hash_id(t->hash), 2);
	if (t->rsa)
		put_sized(b, sig, len);
	else
		put_ecdsa(b, sig, len);
}

static json_t *values_json(const struct mkquote *t, const struct mkanchor *m)
{
	json_t *array = json_array();
	uint32_t pcr;
	size_t k;

	for (k = 0; k < m->nbanks; k++)
		for (pcr = 0; pcr < 24; pcr++)
			if (t->pcrs >> pcr & 1)
				json_array_append_new(array,
					json_pack("{si ss so}",
						  "pcr", (int)pcr,
						  "bank", mk_bank_name[k],
						  "value", mka_json_hex(
							m->l.pcr[pcr][k],
							mk_bank_size[k])));
	return array;
}

json_t *mkq_quote(const struct mkquote *t, const struct mkanchor *m,
		  const void *nonce, size_t len, const struct buf *list)
{
	struct buf attest = { 0 }, signature = { 0 }, public = { 0 };
	json_t *o;

	put_attest(&attest, t, m, nonce, len);
	put_signature(&signature, t, &attest);
	mkq_public(t, &public);
	o = json_pack("{ss si so so so so so so}",
		      "format", "ima-ns-quote", "version", 1,
		      "attest", mka_json_base64(attest.data, attest.len),
		      "signature", mka_json_base64(signature.data,
						   signature.len),
		      "public", mka_json_base64(public.data, public.len),
		      "pcrs", values_json(t, m),
		      "list", list ? mka_json_base64(list->data, list->len) :
				     json_null(),
		      "namespaces", json_null());
	if (!o)
		abort();
	buf_free(&attest);
	buf_free(&signature);
	buf_free(&public);
	return o;
}
