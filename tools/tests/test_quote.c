// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Quotes: honest ones, and what is done to them.
 */
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "base64.h"
#include "mkquote.h"
#include "quote.h"
#include "tap.h"

static const uint8_t nonce[] = { 0xca, 0xfe, 0xba, 0xbe, 1, 2, 3, 4 };

static struct mkanchor m;
static struct mkquote tpm;
static json_t *quote;

static void make(bool rsa)
{
	mka_begin(&m);
	mka_register(&m, 8, 0);
	mka_anchor(&m, "interval");
	mkq_begin(&tpm, rsa);
	quote = mkq_quote(&tpm, &m, nonce, sizeof(nonce), &m.l.b);
}

static void drop(void)
{
	json_decref(quote);
	mkq_free(&tpm);
	mka_free(&m);
}

/* The same by a TPM that was changed. */
static void again(void)
{
	json_decref(quote);
	quote = mkq_quote(&tpm, &m, nonce, sizeof(nonce), &m.l.b);
}

static void set(const char *key, json_t *value)
{
	json_object_set_new(quote, key, value);
}

/* @reason: what has to be the first problem, or NULL for none. */
static void judge_by(const uint8_t *key, size_t len, const char *asked,
		     const char *reason, const char *what)
{
	char *text = json_dumps(quote, 0), *why = NULL;
	struct quote_request rq = { 0 };
	struct texts problems = { 0 }, notes = { 0 };
	struct quote_key k;
	struct quote q;
	const char *first;

	rq.key = &k;
	if (!ok(quote_parse_text(&q, text, strlen(text), &why) &&
		!quote_key_parse(&k, key, len) &&
		quote_set_nonce(&rq, asked), "%s: can be judged", what)) {
		note("%s", why ? why : "the key or the nonce");
		goto out_free;
	}
	quote_judge(&q, &rq, &problems, &notes);
	first = problems.n ? problems.text[0] : "none";
	if (!ok(reason ? !!strstr(first, reason) : !problems.n, "%s: %s",
		what, reason ? reason : "verified"))
		note("problem: %s", first);
	quote_key_free(&k);
out_free:
	texts_free(&problems);
	texts_free(&notes);
	quote_free(&q);
	free(why);
	free(text);
}

#define ASKED "CAFEbabe01020304"

static void judge(const char *reason, const char *what)
{
	struct buf key = { 0 };

	mkq_public(&tpm, &key);
	judge_by(key.data, key.len, ASKED, reason, what);
	buf_free(&key);
}

static void accepts_honest_quotes(void)
{
	struct buf pem = { 0 };
	int rsa;

	for (rsa = 0; rsa < 2; rsa++) {
		make(rsa);
		judge(NULL, rsa ? "RSA" : "ECDSA");
		mkq_pem(&tpm, &pem);
		judge_by(pem.data, pem.len, ASKED, NULL, "... key in PEM");
		buf_free(&pem);
		tpm.hash = "sha384";
		again();
		judge(NULL, "... with SHA-384");
		drop();
	}
}

static void wants_its_key(void)
{
	struct mkquote other;
	struct buf key = { 0 };
	int rsa;

	for (rsa = 0; rsa < 2; rsa++) {
		make(false);
		mkq_begin(&other, rsa);
		mkq_public(&other, &key);
		judge_by(key.data, key.len, ASKED,
			 "the signature is not that of the key: the quote is of another key",
			 "another key");
		buf_free(&key);
		mkq_pem(&other, &key);
		judge_by(key.data, key.len, ASKED,
			 "the quote is of another key", "another key in PEM");
		buf_free(&key);
		/* The file says that it is the right one. */
		mkq_public(&tpm, &key);
		json_decref(quote);
		quote = mkq_quote(&other, &m, nonce, sizeof(nonce), NULL);
		set("public", mka_json_base64(key.data, key.len));
		judge_by(key.data, key.len, ASKED,
			 "the signature is not that of the key", "signed by another");
		buf_free(&key);
		mkq_free(&other);
		drop();
	}
	make(false);
	tpm.attributes &= ~0x10000u;
	again();
	judge("the key is no restricted signing key", "not restricted");
	tpm.attributes = MKQ_ATTRIBUTES & ~0x2u;
	again();
	judge("the key is no restricted signing key", "not fixed to a TPM");
	tpm.attributes = MKQ_ATTRIBUTES | 0x20000u;
	again();
	judge("the key is for decrypting, too", "a storage key");
	drop();
}

static void wants_its_nonce(void)
{
	struct quote_request rq = { 0 };
	struct buf key = { 0 };

	make(false);
	mkq_public(&tpm, &key);
	judge_by(key.data, key.len, "cafebabe01020305",
		 "the quote answers the nonce cafebabe01020304, which was not asked",
		 "another nonce");
	judge_by(key.data, key.len, "cafebabe010203",
		 "answers the nonce", "a shorter one");
	json_decref(quote);
	quote = mkq_quote(&tpm, &m, "", 0, NULL);
	judge_by(key.data, key.len, ASKED,
		 "answers the nonce of no bytes", "none");
	buf_free(&key);
	drop();
	ok(!quote_set_nonce(&rq, "") && !quote_set_nonce(&rq, "abc") &&
	   !quote_set_nonce(&rq, "xy"), "nonces that are none");
}

static void wants_the_signed_values(void)
{
	json_t *pcrs, *o;

	make(false);
	pcrs = json_object_get(quote, "pcrs");
	o = json_array_get(pcrs, 4);
	json_object_set_new(o, "value", mka_json_hex(m.l.pcr[10][1], 32));
	judge("the PCR values are not those that the TPM quoted", "another value");
	drop();
	make(false);
	json_array_remove(json_object_get(quote, "pcrs"), 5);
	judge("PCR 12 of bank sha256 is quoted, but its value is missing", "a value missing");
	drop();
	make(false);
	pcrs = json_object_get(quote, "pcrs");
	json_array_append(pcrs, json_array_get(pcrs, 5));
	judge("there are 7 PCR values, but 6 are quoted", "a value twice");
	drop();
	make(false);
	pcrs = json_object_get(quote, "pcrs");
	json_array_append_new(pcrs, json_pack("{si ss so}", "pcr", 9, "bank",
		"sha256", "value", mka_json_hex(m.l.pcr[9][1], 32)));
	judge("there are 7 PCR values, but 6 are quoted", "a value not quoted");
	drop();
	make(false);
	tpm.pcrs = 0;
	again();
	judge(NULL, "nothing quoted");
	drop();
}

/* Anybody can sign what is no quote, with a key that is not restricted. */
static void wants_a_quote(void)
{
	struct buf b = { 0 };

	make(false);
	tpm.magic = 0xff544346;
	again();
	judge("what is signed is no quote made by a TPM", "another magic number");
	drop();
	make(false);
	tpm.hash = "sha1";
	again();
	judge("the signature is over a SHA-1 digest", "SHA-1");
	drop();
	make(false);
	/* The first byte of the clock. */
	base64_decode(json_string_value(json_object_get(quote, "attest")),
		      json_string_length(json_object_get(quote, "attest")), &b);
	b.data[4 + 2 + 2 + 34 + 2 + 8] ^= 1;
	set("attest", mka_json_base64(b.data, b.len));
	judge("the signature is not that of the key", "another clock");
	buf_free(&b);
	drop();
}

/* @reason: NULL if it is to be accepted. */
static void parses_with(const char *key, const char *json, const char *reason)
{
	char *text, *why = NULL;
	struct quote q;
	bool good;

	make(false);
	if (json)
		set(key, json_loads(json, JSON_DECODE_ANY, NULL));
	else
		json_object_del(quote, key);
	text = json_dumps(quote, 0);
	good = quote_parse_text(&q, text, strlen(text), &why);
	if (!ok(reason ? !good && strstr(why, reason) : good, "\"%s\": %s: %s",
		key, json ? json : "none", reason ? reason : "accepted"))
		note("said: %s", why ? why : "nothing");
	quote_free(&q);
	free(why);
	free(text);
	drop();
}

#define H64 "\"abababababababababababababababababababababababababababababababab\""

static void refuses_what_is_none(void)
{
	static const struct {
		const char *key, *json, *reason;
	} cases[] = {
		{ "format", NULL, "not of format" },
		{ "version", "2", "not of format" },
		{ "attest", NULL, "\"attest\" is missing" },
		{ "attest", "\"YWJj\"", "is no TPMS_ATTEST" },
		{ "attest", "\"\"", "is no TPMS_ATTEST" },
		{ "attest", "5", "\"attest\" is not base64" },
		{ "signature", "\"YWJj\"", "is no TPMT_SIGNATURE" },
		{ "signature", "[]", "\"signature\" is not base64" },
		{ "public", "\"YWJj\"", "is no TPM2B_PUBLIC" },
		{ "public", "null", "\"public\" is not base64" },
		{ "pcrs", "null", "\"pcrs\" is no array" },
		{ "pcrs", "[1]", "element 1 of \"pcrs\"" },
		{ "list", "null", NULL },
		{ "list", "1", "\"list\" is neither null nor base64" },
		{ "namespaces", "[]", NULL },
		{ "namespaces", "{}", "\"namespaces\" is neither null nor an array" },
		{ "namespaces", "[1]", "element 1 of \"namespaces\": no JSON object" },
		{ "namespaces", "[{\"id\": 5, \"slot\": 0, \"seq\": 1, \"salt\": " H64 ", \"list\": \"\"}]", NULL },
		{ "namespaces", "[{\"id\": 5, \"slot\": 0, \"seq\": -1, \"salt\": " H64 ", \"list\": \"\"}]",
		  "element 1 of \"namespaces\": \"seq\" is no number" },
		{ "namespaces", "[{\"id\": 5, \"slot\": 0, \"seq\": 1, \"salt\": \"ab\", \"list\": \"\"}]",
		  "\"salt\" is not 64 hex digits" },
		{ "namespaces", "[{\"id\": 5, \"slot\": 0, \"seq\": 1, \"salt\": " H64 "}]",
		  "\"list\" is missing" },
		{ "more", "1", "members that do not belong there" },
	};
	struct quote_key k;
	struct buf b = { 0 };
	size_t i, refused = 0;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		parses_with(cases[i].key, cases[i].json, cases[i].reason);
	make(false);
	mkq_public(&tpm, &b);
	for (i = 0; i < b.len; i++) {
		refused += !!quote_key_parse(&k, b.data, i);
		quote_key_free(&k);
	}
	ok(refused == b.len, "truncated keys: %zu of %zu refused", refused,
	   b.len);
	/* A point that is on no curve. */
	b.data[b.len - 1] ^= 1;
	ok(!!quote_key_parse(&k, b.data, b.len), "a key that is none");
	quote_key_free(&k);
	is_text(quote_key_parse(&k, (const uint8_t *)"-----BEGIN PUBLIC KEY-----\n", 27),
		"a PEM file without a public key", "half a PEM file");
	buf_free(&b);
	drop();
}

/* Each byte of what is signed, and of the signature, counts. */
static void sees_each_byte(void)
{
	static const char *const keys[] = { "attest", "signature" };
	struct buf b = { 0 }, key = { 0 };
	size_t i, k, good = 0, judged = 0;
	struct quote_request rq = { 0 };

	make(false);
	quote_set_nonce(&rq, ASKED);
	mkq_public(&tpm, &key);
	for (k = 0; k < 2; k++) {
		const char *old = json_string_value(json_object_get(quote,
								    keys[k]));

		b.len = 0;
		base64_decode(old, strlen(old), &b);
		for (i = 0; i < b.len; i++) {
			struct texts problems = { 0 }, notes = { 0 };
			struct quote_key qk;
			json_t *copy = json_copy(quote);
			char *text, *why = NULL;
			struct quote q;

			b.data[i] ^= 1;
			json_object_set_new(copy, keys[k],
					    mka_json_base64(b.data, b.len));
			b.data[i] ^= 1;
			text = json_dumps(copy, 0);
			quote_key_parse(&qk, key.data, key.len);
			rq.key = &qk;
			if (quote_parse_text(&q, text, strlen(text), &why)) {
				quote_judge(&q, &rq, &problems, &notes);
				judged++;
				good += !problems.n;
			}
			texts_free(&problems);
			texts_free(&notes);
			quote_key_free(&qk);
			quote_free(&q);
			json_decref(copy);
			free(text);
			free(why);
		}
	}
	ok(judged && !good, "%zu changed bytes judged, %zu verified", judged,
	   good);
	buf_free(&b);
	buf_free(&key);
	drop();
}

int main(void)
{
	accepts_honest_quotes();
	wants_its_key();
	wants_its_nonce();
	wants_the_signed_values();
	wants_a_quote();
	refuses_what_is_none();
	sees_each_byte();
	return tap_done();
}
