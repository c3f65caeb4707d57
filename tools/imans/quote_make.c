// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/pem.h>
#include <tss2/tss2_mu.h>

#include "json_take.h"
#include "quote_make.h"

/* How often it is repeated because somebody extended meanwhile. */
#define QUOTE_ATTEMPTS 20

bool quote_maker_begin(struct quote_maker *m)
{
	if (m->nonce && !quote_set_nonce(&m->rq, m->nonce)) {
		msg("%s: not hex of 1 to %d bytes", m->nonce, QUOTE_NONCE_MAX);
		return false;
	}
	m->t = tpm_open(tpm_default_tcti(m->tcti));
	if (!m->t)
		return false;
	if (m->nonce)
		m->key = tpm_key_get(m->t, &m->choice);
	return m->key || !m->nonce;
}

bool quote_make(struct quote_maker *m, struct quote *q)
{
	struct pcr_set values = { 0 };
	bool good = true, stable = false;
	int attempt;

	memset(q, 0, sizeof(*q));
	for (attempt = 0; good && !stable && attempt < QUOTE_ATTEMPTS;
	     attempt++) {
		pcr_set_free(&values);
		good = tpm_read_pcrs(m->t, NULL, m->pcrs, &values);
		if (!good || !m->nonce)
			break;
		quote_free(q);
		good = tpm_quote(m->t, m->key, &m->rq, &values, q, &stable);
	}
	if (!m->nonce) {
		q->pcrs = values;
		return good;
	}
	pcr_set_free(&values);
	if (good && !stable)
		msg("the PCRs change faster than they can be quoted");
	return good && stable;
}

void quote_maker_end(struct quote_maker *m)
{
	if (m->t)
		tpm_key_put(m->t, m->key);
	tpm_close(m->t);
	m->t = NULL;
	m->key = NULL;
}

bool quote_maker_handle(struct quote_maker *m, const char *value)
{
	char *end;
	unsigned long n;

	errno = 0;
	n = strtoul(value, &end, 16);
	if (errno || *end || end == value || n >> 24 != 0x81) {
		msg("%s: no handle of a persistent key, 0x81000000 to 0x81ffffff",
		    value);
		return false;
	}
	m->choice.handle = (uint32_t)n;
	return true;
}

bool quote_maker_hierarchy(struct quote_maker *m, const char *value)
{
	m->choice.owner = !strcmp(value, "owner");
	if (m->choice.owner || !strcmp(value, "endorsement"))
		return true;
	msg("%s: neither endorsement nor owner", value);
	return false;
}

bool quote_maker_pcrs(struct quote_maker *m, const char *value)
{
	char *copy = xstrdup(value), *word, *save;
	uint32_t pcrs = 0;
	bool good = true;
	uint64_t n;

	for (word = strtok_r(copy, ",", &save); word && good;
	     word = strtok_r(NULL, ",", &save)) {
		good = parse_uint(word, PCR_COUNT - 1, &n);
		if (good)
			pcrs |= 1u << n;
	}
	if (!good || !pcrs)
		msg("%s: not numbers from 0 to %d with commas between",
		    value, PCR_COUNT - 1);
	m->pcrs = pcrs;
	free(copy);
	return good && pcrs;
}

static void put_namespaces(json_t *o, const struct quote *q)
{
	json_t *array = json_check(json_array());
	size_t i;

	for (i = 0; i < q->nns; i++) {
		const struct quote_ns *ns = &q->ns[i];
		json_t *n = json_check(json_object());

		json_put(n, "id", json_integer((json_int_t)ns->id));
		json_put(n, "slot", json_integer((json_int_t)ns->slot));
		json_put(n, "seq", json_integer((json_int_t)ns->seq));
		json_put_hex(n, "salt", ns->salt, sizeof(ns->salt));
		json_put_base64(n, "list", ns->list.data, ns->list.len);
		json_push(array, n);
	}
	json_put(o, "namespaces", array);
}

/* They came out of a TPM2 structure: there is room for them in bytes. */
static void put_structures(json_t *o, const struct quote *q)
{
	uint8_t bytes[sizeof(TPMT_SIGNATURE) + sizeof(TPM2B_PUBLIC)];
	size_t n = 0;

	if (Tss2_MU_TPMT_SIGNATURE_Marshal(&q->signature, bytes, sizeof(bytes),
					   &n) != TSS2_RC_SUCCESS)
		abort();
	json_put_base64(o, "signature", bytes, n);
	n = 0;
	if (Tss2_MU_TPM2B_PUBLIC_Marshal(&q->public, bytes, sizeof(bytes),
					 &n) != TSS2_RC_SUCCESS)
		abort();
	json_put_base64(o, "public", bytes, n);
}

json_t *quote_to_json(const struct quote *q)
{
	json_t *o = json_check(json_object());

	json_put(o, "format", json_string(QUOTE_FORMAT));
	json_put(o, "version", json_integer(QUOTE_VERSION));
	json_put_base64(o, "attest", q->signed_bytes.data,
			q->signed_bytes.len);
	put_structures(o, q);
	pcr_set_put_json(o, &q->pcrs);
	if (q->has_list)
		json_put_base64(o, "list", q->list.data, q->list.len);
	else
		json_put(o, "list", json_null());
	if (q->has_namespaces)
		put_namespaces(o, q);
	else
		json_put(o, "namespaces", json_null());
	return o;
}

bool quote_maker_write_key(const struct quote_maker *m, const char *path)
{
	struct quote_key k = { 0 };
	const char *why = quote_key_public(&k, tpm_key_public(m->key));
	FILE *f = why ? NULL : fopen(path, "we");
	bool good = f && PEM_write_PUBKEY(f, k.pkey) == 1;

	if (f && fclose(f))
		good = false;
	if (why)
		msg("the public key: %s", why);
	else if (!good)
		msg_errno("%s", path);
	quote_key_free(&k);
	return good;
}
