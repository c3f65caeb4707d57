// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Certificates of --key and --ca: what is taken, in which form, and how what
 * is refused is told; and what is said of the errors of a kernel.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "certificate.h"
#include "keyring.h"
#include "ns.h"
#include "tap.h"

#define DAY (24 * 60 * 60L)

static EVP_PKEY *key;

/* One that names its key, or not, and ends at that many seconds from now. */
static X509 *make(bool named, long end)
{
	X509 *x = X509_new();
	X509_NAME *name;
	X509V3_CTX ctx;

	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 7);
	X509_gmtime_adj(X509_getm_notBefore(x), -9 * DAY);
	X509_gmtime_adj(X509_getm_notAfter(x), end);
	name = X509_get_subject_name(x);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
				   (const unsigned char *)"box", -1, -1, 0);
	X509_set_issuer_name(x, name);
	X509_set_pubkey(x, key);
	X509V3_set_ctx(&ctx, x, x, NULL, NULL, 0);
	if (named) {
		X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &ctx,
				NID_subject_key_identifier, "hash");

		X509_add_ext(x, e, -1);
		X509_EXTENSION_free(e);
	}
	X509_sign(x, key, EVP_sha256());
	return x;
}

static void add_der(struct buf *b, X509 *x)
{
	unsigned char *der = NULL;
	int len = i2d_X509(x, &der);

	buf_add(b, der, (size_t)len);
	OPENSSL_free(der);
}

/* What libcrypto has written to memory. */
static void add_bio(struct buf *b, BIO *bio)
{
	char *data;
	long len = BIO_get_mem_data(bio, &data);

	buf_add(b, data, (size_t)len);
	BIO_free(bio);
}

static void add_pem(struct buf *b, X509 *x)
{
	BIO *bio = BIO_new(BIO_s_mem());

	PEM_write_bio_X509(bio, x);
	add_bio(b, bio);
}

static void add_private_key(struct buf *b)
{
	BIO *bio = BIO_new(BIO_s_mem());

	PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL);
	add_bio(b, bio);
}

static void add_public_key(struct buf *b)
{
	BIO *bio = BIO_new(BIO_s_mem());

	PEM_write_bio_PUBKEY(bio, key);
	add_bio(b, bio);
}

static void add_text(struct buf *b, const char *text)
{
	buf_add(b, text, strlen(text));
}

/* It is taken, and comes out as @der. */
static void taken(const struct buf *in, const struct buf *der,
		  const char *what)
{
	struct certificate c;
	char *why = certificate_parse(&c, in->data, in->len);

	ok(!why && c.der.len == der->len &&
	   !memcmp(c.der.data, der->data, der->len), "%s is taken%s%s", what,
	   why ? ": " : "", why ? why : "");
	free(why);
	certificate_free(&c);
}

static void refused(const struct buf *in, const char *want, const char *what)
{
	struct certificate c;
	char *why = certificate_parse(&c, in->data, in->len);

	ok(why && strstr(why, want) && !c.der.len, "%s is refused: %s", what,
	   why ? why : "it is not");
	free(why);
	certificate_free(&c);
}

static void takes_both_forms(X509 *x)
{
	struct buf der = { 0 }, in = { 0 };

	add_der(&der, x);
	taken(&der, &der, "DER");
	add_pem(&in, x);
	taken(&in, &der, "PEM");
	buf_free(&in);
	add_text(&in, "Certificate:\n    Data:\n        Version: 3 (0x2)\n");
	add_private_key(&in);
	add_pem(&in, x);
	add_text(&in, "and no more\n");
	taken(&in, &der, "PEM with other things around it");
	buf_free(&in);
	buf_free(&der);
}

static void refuses_others(X509 *x)
{
	static const char none[] = "no X.509 certificate";
	struct buf in = { 0 };
	char *end;

	add_text(&in, "");
	refused(&in, none, "nothing at all");
	add_text(&in, "measure func=BPRM_CHECK\n");
	refused(&in, none, "a policy");
	buf_free(&in);
	add_private_key(&in);
	refused(&in, none, "a private key");
	buf_free(&in);
	add_public_key(&in);
	refused(&in, none, "a public key");
	buf_free(&in);
	add_pem(&in, x);
	add_pem(&in, x);
	refused(&in, "more than one", "two certificates");
	buf_free(&in);
	add_der(&in, x);
	add_text(&in, "\n");
	refused(&in, "something follows", "DER with something behind it");
	buf_free(&in);
	add_pem(&in, x);
	end = strstr((char *)in.data, "-----END");
	in.len = (size_t)(end - (char *)in.data);
	refused(&in, "is damaged", "PEM without its end");
	memset(strchr((char *)in.data, '\n') + 1, '!', 8);
	in.len = strlen((char *)in.data);
	refused(&in, "is damaged", "PEM of other characters");
	buf_free(&in);
	add_pem(&in, x);
	add_text(&in, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
	refused(&in, "damaged", "a good certificate and a bad one");
	buf_free(&in);
	/* Would ask for a passphrase. */
	add_text(&in, "-----BEGIN CERTIFICATE-----\nProc-Type: 4,ENCRYPTED\n"
		 "DEK-Info: AES-128-CBC,00112233445566778899AABBCCDDEEFF\n\n"
		 "AAAAAAAAAAAAAAAAAAAAAA==\n-----END CERTIFICATE-----\n");
	refused(&in, "damaged", "an encrypted certificate");
	buf_free(&in);
}

/* Nothing but refusing it, or taking one of the same length. */
static void survives_damage(X509 *x)
{
	struct buf der = { 0 };
	size_t i, bad = 0;

	add_der(&der, x);
	for (i = 0; i < der.len; i++) {
		struct certificate c;
		char *why = certificate_parse(&c, der.data, i);

		bad += !why;
		free(why);
		certificate_free(&c);
	}
	ok(!bad, "each of %zu beginnings is refused", i);
	for (i = 0; i < der.len * 8; i++) {
		struct certificate c;
		char *why;

		der.data[i / 8] ^= (uint8_t)(1 << i % 8);
		why = certificate_parse(&c, der.data, der.len);
		bad += why ? c.der.len != 0 : c.der.len > der.len + 16;
		der.data[i / 8] ^= (uint8_t)(1 << i % 8);
		free(why);
		certificate_free(&c);
	}
	ok(!bad, "none of %zu flipped bits does harm", i);
	buf_free(&der);
}

static void tells_what_is_odd(void)
{
	static const struct {
		bool named;
		long end;
	} cases[] = {
		{ true, DAY }, { false, DAY }, { true, -DAY }, { false, -DAY },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		X509 *x = make(cases[i].named, cases[i].end);
		struct buf der = { 0 };
		struct certificate c;
		char *why;

		add_der(&der, x);
		why = certificate_parse(&c, der.data, der.len);
		ok(!why && c.named == cases[i].named &&
		   c.expired == (cases[i].end < 0),
		   "%s subjectKeyIdentifier, until %ld s from now",
		   cases[i].named ? "with" : "without", cases[i].end);
		free(why);
		certificate_free(&c);
		buf_free(&der);
		X509_free(x);
	}
}

struct reason_case {
	int error;
	const char *reason;
};

static void explains(const char *what, const char *(*reason)(int),
		     const struct reason_case *cases, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		const char *got = reason(cases[i].error);

		ok(got && strstr(got, cases[i].reason), "%s, %s: %s", what,
		   strerror(cases[i].error), cases[i].reason);
	}
	ok(!reason(EXDEV), "%s: nothing is said of others", what);
}

static void explains_errors(void)
{
	static const struct reason_case of_ca[] = {
		{ ENOENT, "namespaces have no appraisal" },
		{ EPERM, "in a user namespace above" },
		{ EACCES, "another user namespace" },
		{ EBUSY, "active, or has such a certificate" },
		{ EBADMSG, "does not take it for a certificate" },
		{ EKEYREJECTED, "not that of a CA" },
		{ EKEYEXPIRED, "has expired" },
		{ ENOPKG, "algorithms" },
		{ E2BIG, "16 KiB" },
		{ EOPNOTSUPP, "CONFIG_INTEGRITY_ASYMMETRIC_KEYS" },
	};
	static const struct reason_case of_key[] = {
		{ EBADMSG, "does not take it for a certificate" },
		{ EKEYREJECTED, "blacklisted" },
		{ EKEYEXPIRED, "has expired" },
		{ ENOPKG, "algorithms" },
		{ EDQUOT, "too many keys" },
		{ ENODEV, "no keys of type asymmetric" },
		{ ENOSYS, "no keys" },
		{ EPERM, "filter of system calls" },
		{ EACCES, "filter of system calls" },
	};

	explains("ca", ns_ca_reason, of_ca, ARRAY_SIZE(of_ca));
	explains("key", keyring_reason, of_key, ARRAY_SIZE(of_key));
}

int main(void)
{
	X509 *x;

	key = EVP_EC_gen("P-256");
	x = make(true, DAY);
	takes_both_forms(x);
	refuses_others(x);
	survives_damage(x);
	tells_what_is_odd();
	explains_errors();
	X509_free(x);
	EVP_PKEY_free(key);
	return tap_done();
}
