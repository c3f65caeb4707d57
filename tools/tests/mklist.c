// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "mklist.h"

const char *const mk_bank_name[MK_BANKS] = {
	"sha1", "sha256", "sha384", "sha512", "sm3",
};
const size_t mk_bank_size[MK_BANKS] = { 20, 32, 48, 64, 32 };

/* What the kernel computes: fields with lengths, or the format of "ima". */
struct hashed {
	const struct buf *data;
	const uint8_t *digest;
	size_t dlen;
	const char *name;
};

static size_t digest(const char *alg, const void *data, size_t len,
		     uint8_t *out)
{
	size_t n = 0;

	if (!EVP_Q_digest(NULL, alg, NULL, data, len, out, &n))
		abort();
	return n;
}

static size_t template_digest(const char *alg, const struct hashed *h,
			      uint8_t *out)
{
	uint8_t padded[64 + 256] = { 0 };

	if (h->data)
		return digest(alg, h->data->data, h->data->len, out);
	memcpy(padded, h->digest, h->dlen);
	memcpy(padded + h->dlen, h->name, strlen(h->name));
	return digest(alg, padded, h->dlen + 256, out);
}

static void extend(const char *alg, uint8_t *pcr, const uint8_t *d, size_t size)
{
	uint8_t both[128];

	memcpy(both, pcr, size);
	memcpy(both + size, d, size);
	digest(alg, both, 2 * size, pcr);
}

static void replay(struct mklist *l, uint32_t pcr, const struct hashed *h,
		   bool violation)
{
	uint8_t d[64], both[32 + 4 + 32];
	int i;

	for (i = 0; i < MK_BANKS && pcr < 24; i++) {
		memset(d, 0xff, sizeof(d));
		if (!violation)
			template_digest(mk_bank_name[i], h, d);
		extend(mk_bank_name[i], l->pcr[pcr][i], d, mk_bank_size[i]);
		memset(d, violation ? 0xff : 0, sizeof(d));
		if (!violation)
			template_digest("sha1", h, d);
		extend(mk_bank_name[i], l->padded[pcr][i], d, mk_bank_size[i]);
	}
	memset(d, 0xff, sizeof(d));
	if (!violation)
		template_digest("sha256", h, d);
	memcpy(both, l->acc, 32);
	both[32] = (uint8_t)pcr;
	memset(both + 33, 0, 3);
	memcpy(both + 36, d, 32);
	digest("sha256", both, sizeof(both), l->acc);
}

static void add_le32(struct buf *b, size_t v)
{
	uint8_t le[4] = {
		(uint8_t)v, (uint8_t)(v >> 8), (uint8_t)(v >> 16),
		(uint8_t)(v >> 24),
	};

	buf_add(b, le, 4);
}

static void add_header(struct mklist *l, uint32_t pcr, const char *tmpl,
		       const struct hashed *h, bool violation)
{
	uint8_t d[64];
	size_t size = template_digest(l->hash, h, d);

	if (violation)
		memset(d, 0, size);
	add_le32(&l->b, pcr);
	buf_add(&l->b, d, size);
	add_le32(&l->b, strlen(tmpl));
	buf_add(&l->b, tmpl, strlen(tmpl));
	replay(l, pcr, h, violation);
	l->entries++;
}

void mk_begin(struct mklist *l, const char *hash)
{
	memset(l, 0, sizeof(*l));
	l->hash = hash;
	buf_add(&l->b, "", 0);
}

void mk_free(struct mklist *l)
{
	buf_free(&l->b);
}

void mk_field(struct buf *data, const void *field, size_t len)
{
	add_le32(data, len);
	buf_add(data, field, len);
}

void mk_digest(struct buf *data, const char *prefix, uint8_t byte, size_t len)
{
	uint8_t field[128];
	size_t n = strlen(prefix) + 1;

	memcpy(field, prefix, n);
	memset(field + n, byte, len);
	mk_field(data, field, n + len);
}

void mk_name(struct buf *data, const char *name)
{
	mk_field(data, name, strlen(name) + 1);
}

void mk_entry(struct mklist *l, uint32_t pcr, const char *tmpl,
	      const struct buf *data, bool violation)
{
	struct hashed h = { .data = data };

	add_header(l, pcr, tmpl, &h, violation);
	mk_field(&l->b, data->data, data->len);
}

void mk_bare(struct mklist *l, uint32_t pcr, const uint8_t *d, size_t dlen,
	     const char *name, bool violation)
{
	struct hashed h = { NULL, d, dlen, name };

	add_header(l, pcr, "ima", &h, violation);
	buf_add(&l->b, d, dlen);
	mk_field(&l->b, name, strlen(name));
}

void mk_file(struct mklist *l, uint32_t pcr, uint8_t byte, const char *name)
{
	struct buf data = { 0 };

	mk_digest(&data, "sha256:", byte, 32);
	mk_name(&data, name);
	mk_entry(l, pcr, "ima-ng", &data, false);
	buf_free(&data);
}

void mk_record_data(struct buf *data, const char *name, const char *text)
{
	uint8_t field[7 + 1 + 32] = "sha256:";

	digest("sha256", text, strlen(text), field + 8);
	mk_field(data, field, sizeof(field));
	mk_name(data, name);
	mk_field(data, text, strlen(text));
}

void mk_record(struct mklist *l, uint32_t pcr, const char *name,
	       const char *text)
{
	struct buf data = { 0 };

	mk_record_data(&data, name, text);
	mk_entry(l, pcr, "ima-buf", &data, false);
	buf_free(&data);
}

void mk_violation(struct mklist *l, uint32_t pcr, const char *name)
{
	struct buf data = { 0 };

	mk_digest(&data, "sha256:", 0, 32);
	mk_name(&data, name);
	mk_entry(l, pcr, "ima-ng", &data, true);
	buf_free(&data);
}

const char *const mk_templates[] = {
	"ima", "ima-ng", "ima-sig", "ima-ngv2", "ima-sigv2", "ima-buf",
	"ima-modsig", "evm-sig", "ima-ns", "d-ng|n-ng|iuid", NULL,
};

static void fill(const char *tmpl, struct buf *data)
{
	static const uint8_t sig[] = { 3, 2, 4, 0, 0xaa, 0xbb, 0xcc };
	static const uint8_t uid[] = { 0xe8, 3, 0, 0 }, mode[] = { 0xed, 0x81 };
	static const uint8_t uuid[16] = { 0x12, 0x34, 0x56, 0x78, 0x9a };

	if (!strcmp(tmpl, "ima-ns"))
		mk_field(data, uuid, 16);
	if (strstr(tmpl, "v2"))
		mk_digest(data, "ima:sha256:", 0x5a, 32);
	else
		mk_digest(data, "sha256:", 0x5a, 32);
	mk_name(data, "/usr/bin/some_file");
	if (strstr(tmpl, "sig") && strcmp(tmpl, "evm-sig"))
		mk_field(data, sig, sizeof(sig));
	if (!strcmp(tmpl, "ima-ns"))
		mk_field(data, sig, 0);
	if (!strcmp(tmpl, "ima-buf"))
		mk_field(data, "key=value other=1", 17);
	if (!strcmp(tmpl, "ima-modsig")) {
		mk_digest(data, "sha1:", 0x77, 20);
		mk_field(data, sig, sizeof(sig));
	}
	if (!strcmp(tmpl, "evm-sig")) {
		mk_field(data, sig, sizeof(sig));
		mk_field(data, "security.ima|security.selinux", 29);
		mk_field(data, sig, 4);
		mk_field(data, sig, 6);
		mk_field(data, uid, 4);
		mk_field(data, uid, 4);
		mk_field(data, mode, 2);
	}
	if (strchr(tmpl, '|'))
		mk_field(data, uid, 4);
}

void mk_all_templates(struct mklist *l, uint32_t pcr)
{
	uint8_t sha1[20];
	size_t i;

	memset(sha1, 0x5a, sizeof(sha1));
	for (i = 0; mk_templates[i]; i++) {
		struct buf data = { 0 };

		if (!strcmp(mk_templates[i], "ima")) {
			mk_bare(l, pcr, sha1, 20, "some_file", false);
			continue;
		}
		fill(mk_templates[i], &data);
		mk_entry(l, pcr, mk_templates[i], &data, false);
		buf_free(&data);
	}
}
