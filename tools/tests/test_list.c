// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reading lists: all templates, all hashes, and what is not a list.
 */
#include <stdlib.h>
#include <string.h>

#include "list.h"
#include "mklist.h"
#include "tap.h"

static void reads_every_template(const char *hash)
{
	struct list_reader r;
	struct list_entry e;
	struct mklist l;
	size_t n = 0;
	bool digests = true, names = true;

	mk_begin(&l, hash);
	mk_all_templates(&l, 10);
	list_begin(&r, l.b.data, l.b.len);
	is_text(r.hash->name, hash, "hash of the list is found out");
	while (list_next(&r, &e) == LIST_ENTRY) {
		uint8_t d[HASH_MAX_SIZE];

		names &= strlen(mk_templates[n]) == e.tmpl.name_len &&
			 !memcmp(mk_templates[n], e.tmpl.name, e.tmpl.name_len);
		n++;
		list_entry_digest(&e, r.hash, d);
		digests &= !memcmp(d, e.digest, r.hash->size);
	}
	ok(n == l.entries, "%s: all %zu templates are read %s", hash,
	   l.entries, r.error);
	ok(names, "%s: template names", hash);
	ok(digests, "%s: all template digests are right", hash);
	mk_free(&l);
}

/* What the one entry of a list says about its file. */
static void says(const char *tmpl, const char *prefix, const char *want_alg,
		 bool want_verity)
{
	struct list_file_digest d = { 0 };
	struct list_reader r;
	struct list_entry e;
	struct buf data = { 0 };
	struct mklist l;
	size_t len = 0;
	const uint8_t *name;
	bool good;

	mk_begin(&l, "sha1");
	mk_digest(&data, prefix, 0x42, hash_by_name(want_alg)->size);
	mk_name(&data, "/a file");
	mk_entry(&l, 10, tmpl, &data, false);
	list_begin(&r, l.b.data, l.b.len);
	good = list_next(&r, &e) == LIST_ENTRY &&
	       list_entry_file_digest(&e, &d);
	ok(good && d.alg == hash_by_name(want_alg) &&
	   d.verity == want_verity && d.len == d.alg->size &&
	   all_bytes(d.data, d.len, 0x42), "%s: digest %s %s", tmpl, prefix,
	   r.error);
	name = good ? list_entry_name(&e, &len) : NULL;
	ok(name && len == 7 && !memcmp(name, "/a file", 7), "%s: name", tmpl);
	buf_free(&data);
	mk_free(&l);
}

/* A list with an entry before, so that offsets are not trivial. */
static void refuses(const struct buf *bad, enum list_status want,
		    const char *message, const char *what)
{
	enum list_status st;
	struct list_reader r;
	struct list_entry e;
	struct mklist l;

	mk_begin(&l, "sha1");
	mk_file(&l, 10, 1, "boot_aggregate");
	buf_add(&l.b, bad->data, bad->len);
	list_begin(&r, l.b.data, l.b.len);
	ok(list_next(&r, &e) == LIST_ENTRY, "%s: first entry is fine", what);
	st = list_next(&r, &e);
	ok(st == want, "%s: refused", what);
	ok(strstr(r.error, "entry 2, byte ") == r.error &&
	   strstr(r.error, message), "%s: says so: %s", what, r.error);
	mk_free(&l);
}

static void refuses_data(const char *tmpl, const struct buf *data,
			 const char *message)
{
	struct mklist l;

	mk_begin(&l, "sha1");
	mk_entry(&l, 10, tmpl, data, false);
	refuses(&l.b, LIST_BAD, message, message);
	mk_free(&l);
}

static void refuses_ng(const void *digest, size_t dlen, const void *name,
		       size_t nlen, const char *message)
{
	struct buf data = { 0 };

	mk_field(&data, digest, dlen);
	mk_field(&data, name, nlen);
	refuses_data("ima-ng", &data, message);
	buf_free(&data);
}

static void refuses_bad_fields(void)
{
	static const char good[] = "sha1:\0aaaaaaaaaaaaaaaaaaaa";
	struct buf data = { 0 };

	refuses_ng("sha1:aaaaaaaaaaaaaaaaaaaa", 25, "x", 2,
		   "no NUL behind the algorithm");
	refuses_ng("sha1\0aaaaaaaaaaaaaaaaaaaa", 25, "x", 2,
		   "malformed algorithm prefix");
	refuses_ng("\0aaaaaaaaaaaaaaaaaaaa", 21, "x", 2,
		   "malformed algorithm prefix");
	refuses_ng("ima:sha1:\0aaaaaaaaaaaaaaaaaaaa", 30, "x", 2,
		   "malformed algorithm prefix");
	refuses_ng("sha9:\0aaaaaaaaaaaaaaaaaaaa", 26, "x", 2,
		   "unknown hash algorithm");
	refuses_ng("sha256:\0aaaaaaaaaaaaaaaaaaaa", 28, "x", 2,
		   "wrong size for its algorithm");
	refuses_ng(good, 26, "x", 1, "name does not end with NUL");
	refuses_ng(good, 26, "x\0y", 4, "NUL within the name");
	refuses_ng(good, 26, "x", 0, "field n-ng: must not be empty");
	refuses_ng(good, 0, "x", 2, "field d-ng: must not be empty");
	mk_digest(&data, "md9:sha256:", 1, 32);
	mk_name(&data, "x");
	refuses_data("ima-ngv2", &data, "unknown digest type");
	buf_free(&data);
	mk_field(&data, "0123456789", 10);
	mk_digest(&data, "sha256:", 1, 32);
	mk_name(&data, "x");
	mk_field(&data, "", 0);
	refuses_data("ima-ns", &data, "uuid is not 16 bytes long");
	buf_free(&data);
	mk_digest(&data, "sha256:", 1, 32);
	mk_name(&data, "x");
	mk_field(&data, "12345", 5);
	refuses_data("d-ng|n-ng|iuid", &data, "number of odd size");
	buf_free(&data);
}

static void refuses_bad_lengths(void)
{
	struct buf data = { 0 };
	struct mklist l;

	mk_digest(&data, "sha256:", 1, 32);
	mk_name(&data, "x");
	buf_add(&data, "zz", 2);
	refuses_data("ima-ng", &data, "2 bytes too many in the template data");
	data.len -= 4;
	refuses_data("ima-ng", &data, "in the template data");
	buf_free(&data);

	mk_begin(&l, "sha1");
	mk_file(&l, 10, 1, "/x");
	l.b.len--;
	refuses(&l.b, LIST_SHORT, "template data of", "truncated data");
	l.b.len = 12;
	refuses(&l.b, LIST_SHORT, "within the PCR and the digest",
		"truncated header");
	l.b.len = 26;
	refuses(&l.b, LIST_SHORT, "no room for the length of template name",
		"truncated length");
	mk_free(&l);

	mk_begin(&l, "sha1");
	mk_file(&l, 10, 1, "/x");
	memset(l.b.data + 24, 0xff, 4);
	refuses(&l.b, LIST_SHORT, "template name of 4294967295 bytes",
		"huge name length");
	put_le32(l.b.data + 24, 6);
	memset(l.b.data + 34, 0xff, 4);
	refuses(&l.b, LIST_SHORT, "template data of 4294967295 bytes",
		"huge data length");
	mk_free(&l);
}

static void refuses_bad_headers(void)
{
	struct list_reader r;
	struct list_entry e;
	struct mklist l;

	mk_begin(&l, "sha1");
	mk_file(&l, 10, 1, "/x");
	memcpy(l.b.data, "\0\0\0\x0a", 4);
	refuses(&l.b, LIST_BAD, "big-endian", "wrong byte order");
	put_le32(l.b.data, 64);
	refuses(&l.b, LIST_BAD, "PCR 64 does not exist", "PCR 64");
	put_le32(l.b.data, 10);
	memcpy(l.b.data + 28, "ima-xy", 6);
	refuses(&l.b, LIST_BAD, "unknown template \"ima-xy\"", "template");
	memcpy(l.b.data + 28, "d|n-ng", 6);
	refuses(&l.b, LIST_BAD, "neither 20 nor 16", "other custom format");
	memcpy(l.b.data + 28, "a\033[2J\n", 6);
	refuses(&l.b, LIST_BAD, "\"a\\x1b[2J\\x0a\"", "name for a terminal");
	mk_free(&l);

	mk_begin(&l, "sha1");
	mk_file(&l, 63, 1, "/x");
	list_begin(&r, l.b.data, l.b.len);
	ok(list_next(&r, &e) == LIST_ENTRY && e.pcr == 63, "PCR 63 is allowed");
	mk_free(&l);
}

static void reads_md5_in_template_ima(void)
{
	uint8_t md5[16], sha1[20] = { 0 };
	struct list_reader r;
	struct list_entry e;
	struct mklist l;

	memset(md5, 0x11, sizeof(md5));
	mk_begin(&l, "sha1");
	mk_bare(&l, 10, sha1, 20, "boot_aggregate", false);
	mk_bare(&l, 10, md5, 16, "file", false);
	mk_bare(&l, 10, sha1, 20, "violated", true);
	mk_bare(&l, 10, md5, 16, "", false);
	list_begin(&r, l.b.data, l.b.len);
	ok(list_next(&r, &e) == LIST_ENTRY && e.field[0].len == 20,
	   "template ima: 20 bytes");
	ok(list_next(&r, &e) == LIST_ENTRY && e.field[0].len == 16,
	   "template ima: 16 bytes");
	ok(list_next(&r, &e) == LIST_ENTRY && e.violation &&
	   e.field[0].len == 20, "template ima: violation");
	ok(list_next(&r, &e) == LIST_ENTRY && e.field[0].len == 16 &&
	   e.field[1].len == 0, "template ima: empty name");
	ok(list_next(&r, &e) == LIST_END, "template ima: end");
	mk_free(&l);
}

static void knows_formats(void)
{
	static const char longest[] = "d|d|d|d|d|d|d|d|d|d|d|d|d|d|d";
	struct template t;
	char *more;

	ok(template_find("ima-sig", 7, &t) && t.nfields == 3 &&
	   template_field_index(&t, "sig") == 2, "ima-sig has three fields");
	ok(template_find("n-ng|sig", 8, &t) && t.nfields == 2, "custom format");
	ok(!template_find("ima-sigx", 8, &t), "no prefix of a name");
	ok(!template_find("", 0, &t), "no empty format");
	ok(!template_find("d-ng|", 5, &t), "no empty field");
	ok(template_find(longest, strlen(longest), &t) && t.nfields == 15,
	   "fifteen fields");
	more = xasprintf("%s|d", longest);
	ok(!template_find(more, strlen(more), &t), "not sixteen");
	free(more);
}

int main(void)
{
	struct list_reader r;
	struct list_entry e;

	reads_every_template("sha1");
	reads_every_template("sha256");
	reads_every_template("sha384");
	reads_every_template("sha512");
	reads_every_template("sm3");
	reads_every_template("md5");
	says("ima-ng", "sha256:", "sha256", false);
	says("ima-ng", "wp256:", "wp256", false);
	says("ima-ngv2", "ima:sha512:", "sha512", false);
	says("ima-ngv2", "verity:sha256:", "sha256", true);
	refuses_bad_headers();
	refuses_bad_lengths();
	refuses_bad_fields();
	reads_md5_in_template_ima();
	knows_formats();
	list_begin(&r, "", 0);
	ok(list_next(&r, &e) == LIST_END, "an empty list ends at once");
	return tap_done();
}
