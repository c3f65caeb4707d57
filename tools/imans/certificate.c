// SPDX-License-Identifier: GPL-2.0-or-later
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "certificate.h"

/* libcrypto would ask on the terminal; a certificate is no secret. */
static int no_passphrase(char *buf, int size, int writing, void *arg)
{
	(void)buf;
	(void)size;
	(void)writing;
	(void)arg;
	return -1;
}

static bool ended_at_no_more(void)
{
	unsigned long e = ERR_peek_last_error();

	return ERR_GET_LIB(e) == ERR_LIB_PEM &&
	       ERR_GET_REASON(e) == PEM_R_NO_START_LINE;
}

static char *read_pem(BIO *bio, X509 **x)
{
	X509 *more;

	*x = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL);
	if (!*x)
		return xstrdup(ended_at_no_more() ?
			       "no X.509 certificate, neither in DER nor in PEM" :
			       "the certificate in it is damaged");
	ERR_clear_error();
	more = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL);
	if (!more && ended_at_no_more())
		return NULL;
	X509_free(more);
	return xstrdup(more ? "more than one certificate" :
			      "what follows the certificate is damaged");
}

/* A file in DER begins with the tag of a sequence, which is no letter's. */
static char *read_any(const unsigned char *data, size_t len, X509 **x)
{
	const unsigned char *at = data;
	char *why;
	BIO *bio;

	if (len > INT_MAX)
		return xstrdup("too large for a certificate");
	*x = d2i_X509(NULL, &at, (long)len);
	if (*x)
		return at == data + len ? NULL :
			xstrdup("something follows the certificate");
	ERR_clear_error();
	bio = BIO_new_mem_buf(data, (int)len);
	if (!bio)
		return xstrdup("libcrypto is out of memory");
	why = read_pem(bio, x);
	BIO_free(bio);
	return why;
}

static char *take(struct certificate *c, X509 *x)
{
	unsigned char *der = NULL;
	int len = i2d_X509(x, &der);

	if (len <= 0)
		return xstrdup("libcrypto cannot write it as DER");
	buf_add(&c->der, der, (size_t)len);
	OPENSSL_free(der);
	c->named = X509_get0_subject_key_id(x);
	c->expired = X509_cmp_current_time(X509_get0_notAfter(x)) < 0;
	return NULL;
}

char *certificate_parse(struct certificate *c, const void *data, size_t len)
{
	X509 *x = NULL;
	char *why;

	memset(c, 0, sizeof(*c));
	why = read_any(data, len, &x);
	if (!why)
		why = take(c, x);
	X509_free(x);
	ERR_clear_error();
	return why;
}

bool certificate_read(struct certificate *c, const char *path)
{
	struct buf b = { 0 };
	char *why;

	if (read_file(path, &b)) {
		msg_errno("%s", path);
		buf_free(&b);
		return false;
	}
	why = certificate_parse(c, b.data, b.len);
	buf_free(&b);
	c->path = path;
	if (why)
		msg("%s: %s", path, why);
	free(why);
	return !why;
}

void certificate_free(struct certificate *c)
{
	buf_free(&c->der);
	memset(c, 0, sizeof(*c));
}
