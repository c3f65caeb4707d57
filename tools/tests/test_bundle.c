// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Bundles that are none: refused with a reason, whatever they are.
 */
#include <stdlib.h>
#include <string.h>

#include "base64.h"
#include "bundle.h"
#include "mkanchor.h"
#include "tap.h"

/* A small honest bundle. */
static json_t *make_bundle(void)
{
	struct mkanchor m;
	struct mklist l;
	json_t *o;

	mk_begin(&l, "sha1");
	mk_file(&l, 10, 1, "boot_aggregate");
	mka_begin(&m);
	mka_register(&m, 8, 0);
	mka_boot(&m, 5, false);
	mka_set_leaf(&m, 1, 5, l.entries, l.acc);
	mka_anchor(&m, "read");
	mka_anchor(&m, "interval");
	o = mka_bundle(&m, &l, 5, 1, 1);
	mk_free(&l);
	mka_free(&m);
	return o;
}

/* @reason: NULL if it is to be accepted. */
static void parses(const char *text, size_t len, const char *reason,
		   const char *what)
{
	struct bundle b;
	char *why = NULL;
	bool good = bundle_parse(&b, text, len, &why);

	if (!ok(reason ? !good && strstr(why, reason) : good, "%s: %s", what,
		reason ? reason : "accepted"))
		note("said: %s", why ? why : "nothing");
	bundle_free(&b);
	free(why);
}

/* With @key as JSON @text says, or without it. */
static void parses_with(const char *key, const char *text, const char *reason)
{
	json_t *o = make_bundle();
	char *dump, *what = xasprintf("\"%s\": %s", key, text ? text : "none");

	if (text)
		json_object_set_new(o, key, json_loads(text, JSON_DECODE_ANY,
						       NULL));
	else
		json_object_del(o, key);
	dump = json_dumps(o, 0);
	parses(dump, strlen(dump), reason, what);
	free(what);
	free(dump);
	json_decref(o);
}

#define H64 "\"abababababababababababababababababababababababababababababababab\""

static void checks_members(void)
{
	static const char *const all[] = {
		"format", "version", "id", "seq", "salt", "index", "n", "path",
		"list", "banks", "pcr_boot", "pcr_anchor", "pcrs", "quote",
	};
	static const struct {
		const char *key, *text, *reason;
	} cases[] = {
		{ "salt", H64, NULL },
		{ "path", "[" H64 "]", NULL },
		{ "list", "\"\"", NULL },
		{ "more", "1", "members that do not belong there" },
		{ "format", "\"other\"", "not of format" },
		{ "version", "2", "not of format" },
		{ "version", "\"1\"", "not of format" },
		{ "id", "0", "\"id\" is 0" },
		{ "id", "-5", "\"id\" is no number" },
		{ "id", "5.0", "\"id\" is no number" },
		{ "id", "\"5\"", "\"id\" is no number" },
		{ "seq", "-1", "\"seq\" is no number" },
		{ "index", "null", "\"index\" is no number" },
		{ "n", "1e300", "\"n\" is no number" },
		{ "salt", "\"ab\"", "\"salt\" is not 64 hex digits" },
		{ "salt", "5", "\"salt\" is not 64 hex digits" },
		{ "salt", "\"xyababababababababababababababababababababababababababababababab\"",
		  "\"salt\" is not 64 hex digits" },
		{ "path", "{}", "\"path\" is no array" },
		{ "path", "[" H64 ", 5]", "element 2 of \"path\"" },
		{ "path", "[\"ab\"]", "element 1 of \"path\"" },
		{ "list", "\"YQ\"", "\"list\" is not base64" },
		{ "list", "[]", "\"list\" is not base64" },
		{ "banks", "[]", "neither base64 nor a digest for each bank" },
		{ "banks", "{}", "\"banks\" is no array" },
		{ "banks", "[\"sha1\", \"md5\"]", "element 2 of \"banks\"" },
		{ "banks", "[\"sha1\", 1]", "element 2 of \"banks\"" },
		{ "banks", "[\"sha1\"]", "neither base64 nor a digest for each bank" },
		{ "pcr_boot", "[]", "\"pcr_boot\" is no array of records" },
		{ "pcr_boot", "\"\"", "\"pcr_boot\" is no array of records" },
		{ "pcr_anchor", "[5]", "record 1 of \"pcr_anchor\": neither" },
		{ "pcr_anchor", "[\"!!!!\"]", "record 1 of \"pcr_anchor\": not base64" },
		{ "pcr_anchor", "[\"YWJj\"]", "record 1 of \"pcr_anchor\": not template data" },
		{ "pcr_anchor", "[\"\"]", "record 1 of \"pcr_anchor\": not template data" },
		{ "pcr_anchor", "[[\"ab\", " H64 "]]", "not a digest of bank sha1 in hex" },
		{ "pcr_anchor", "[[" H64 ", " H64 "]]", "not a digest of bank sha1 in hex" },
		{ "pcr_anchor", "[[1, 2]]", "not a digest of bank sha1 in hex" },
		{ "pcrs", "{}", "\"pcrs\" is no array" },
		{ "pcrs", "[5]", "element 1 of \"pcrs\"" },
		{ "pcrs", "[{\"pcr\": 24, \"bank\": \"sha256\", \"value\": " H64 "}]",
		  "element 1 of \"pcrs\"" },
		{ "pcrs", "[{\"pcr\": -1, \"bank\": \"sha256\", \"value\": " H64 "}]",
		  "element 1 of \"pcrs\"" },
		{ "pcrs", "[{\"pcr\": 12, \"bank\": \"sha1\", \"value\": " H64 "}]",
		  "element 1 of \"pcrs\"" },
		{ "pcrs", "[{\"pcr\": 12, \"value\": " H64 "}]",
		  "element 1 of \"pcrs\"" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(all); i++)
		parses_with(all[i], NULL, i < 2 ? "not of format" :
						  "is missing");
	for (i = 0; i < ARRAY_SIZE(cases); i++)
		parses_with(cases[i].key, cases[i].text, cases[i].reason);
}

static void refuses_long_paths(void)
{
	json_t *o = make_bundle(), *path = json_object_get(o, "path");
	char *text;

	while (json_array_size(path) <= MERKLE_PATH_MAX)
		json_array_append(path, json_array_get(path, 0));
	text = json_dumps(o, 0);
	parses(text, strlen(text), "no array of at most 64 hashes",
	       "65 hashes");
	free(text);
	json_decref(o);
}

static void refuses_what_is_no_json(void)
{
	json_t *o = make_bundle();
	char *text = json_dumps(o, JSON_INDENT(1)), *deep, *why;
	size_t len = strlen(text), i, refused = 0;
	struct bundle b;

	parses(text, len, NULL, "honest");
	for (i = 0; i < len; i++) {
		why = NULL;
		refused += !bundle_parse(&b, text, i, &why) && why;
		bundle_free(&b);
		free(why);
	}
	ok(refused == len, "truncated anywhere: %zu of %zu refused", refused,
	   len);
	parses("", 0, "not JSON", "empty");
	parses("[]", 2, "no JSON object", "an array");
	parses("{\"id\": 1, \"id\": 2}", 18, "not JSON: line 1: duplicate",
	       "a member twice");
	parses("{\"n\": 18446744073709551616}", 27, "not JSON: line 1: too big",
	       "more than 64 bits");
	parses("{\"a\0\": 1}", 9, "not JSON", "NUL");
	deep = xmalloc(1000000);
	memset(deep, '[', 1000000);
	parses(deep, 1000000, "not JSON: line 1: maximum parsing depth",
	       "a million levels");
	free(deep);
	free(text);
	json_decref(o);
}

static void decodes_base64(void)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "", "" }, { "Zg==", "f" }, { "Zm8=", "fo" },
		{ "Zm9v", "foo" }, { "Zm9vYg==", "foob" },
		{ "Zm9vYmE=", "fooba" }, { "Zm9vYmFy", "foobar" },
		{ "Zm9", NULL }, { "Zg=", NULL }, { "Zg", NULL },
		{ "Z===", NULL }, { "====", NULL }, { "Zg==Zg==", NULL },
		{ "Zm9v\n", NULL }, { " Zm9v", NULL }, { "Zm 9", NULL },
		{ "Zh==", NULL }, { "Zm9=", NULL }, { "Zm-_", NULL },
		{ "Z=9v", NULL },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct buf b = { 0 };
		bool good;

		buf_add(&b, "x", 1);
		good = base64_decode(cases[i].text, strlen(cases[i].text), &b);
		ok(cases[i].want ? good && !strcmp((char *)b.data + 1,
						   cases[i].want) :
		   !good && b.len == 1, "base64 \"%s\"", cases[i].text);
		buf_free(&b);
	}
}

int main(void)
{
	checks_members();
	refuses_long_paths();
	refuses_what_is_no_json();
	decodes_base64();
	return tap_done();
}
