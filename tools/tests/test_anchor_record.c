// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Records of the anchor that the kernel does not write.
 */
#include <stdlib.h>
#include <string.h>

#include "anchor.h"
#include "mkanchor.h"
#include "tap.h"

/* @reason: what has to be the first problem, or NULL for none. */
static void judge(const struct mkanchor *m, const char *reason)
{
	struct anchor a;
	bool read = anchor_read(&a, &m->l.b);
	const char *first = a.problems.n ? a.problems.text[0] : "none";

	if (!ok(read && (reason ? !!strstr(first, reason) : !a.problems.n),
		"%s", reason ? reason : "good"))
		note("first problem: %s", first);
	anchor_free(&a);
}

#define U "01234567-89ab-cdef-0123-456789abcdef"
#define REG_A "boot_id=01234567-89ab-cdef-0123-456789abcdef pcr_boot=%s pcr_anchor=%s start_boot=%s start_anchor=%s alive=0 chain=%s token=" T64
#define Z20 "sha1:0000000000000000000000000000000000000000"
#define Z32 "sha256:0000000000000000000000000000000000000000000000000000000000000000"
#define T64 "abababababababababababababababababababababababababababababababab"

static void refuses_bad_registers(void)
{
	static const struct {
		const char *boot, *anchor, *start_boot, *start_anchor, *chain;
		const char *reason;
	} cases[] = {
		{ "11", "12", Z20 "," Z32, Z20 "," Z32, "5", NULL },
		{ "11", "11", Z20, Z20, "5", "none that the kernel takes" },
		{ "10", "12", Z20, Z20, "5", "none that the kernel takes" },
		{ "11", "16", Z20, Z20, "5", "none that the kernel takes" },
		{ "23", "12", Z20, Z20, "5", "none that the kernel takes" },
		{ "11", "24", Z20, Z20, "5", "none that the kernel takes" },
		{ "11", "-1", Z20, Z20, "5", "none that the kernel takes" },
		{ "11", "12", Z20, Z20 "," Z32, "5", "same PCR banks" },
		{ "11", "12", Z20 "," Z32, Z32 "," Z20, "5", "same PCR banks" },
		{ "11", "12", Z20 "," Z20, Z20 "," Z20, "5", "same PCR banks" },
		{ "11", "12", Z20 ",", Z20 ",", "5", "same PCR banks" },
		{ "11", "12", "", "", "5", "same PCR banks" },
		{ "11", "12", "none", "none", "5", NULL },
		{ "11", "12", "none", Z20, "5", "same PCR banks" },
		{ "11", "12", Z20, "none", "5", "same PCR banks" },
		{ "11", "12", "none," Z20, "none," Z20, "5", "same PCR banks" },
		{ "11", "12", "md5:00000000000000000000000000000000",
		  "md5:00000000000000000000000000000000", "5",
		  "same PCR banks" },
		{ "11", "12", Z20, Z20, "0", "chain=0 with a token" },
		{ "11", "12", Z20, Z20, "18446744073709551616",
		  "alive or chain" },
	};
	struct mkanchor m;
	char text[1024];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		mka_begin(&m);
		snprintf(text, sizeof(text), REG_A, cases[i].boot,
			 cases[i].anchor, cases[i].start_boot,
			 cases[i].start_anchor, cases[i].chain);
		mka_record(&m, 12, "ima_ns_register", text);
		mka_record(&m, 11, "ima_ns_register", text);
		mka_record(&m, 10, "ima_ns_register", text);
		judge(&m, cases[i].reason);
		mka_free(&m);
	}
}

#define E "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static void refuses_bad_anchors(void)
{
	static const struct {
		const char *text, *reason;
	} cases[] = {
		{ "n=0 seq=1 root=sha256:" E " reason=read token=" T64,
		  "not the keys of such a record" },
		{ "seq=1 n=0 root=sha256:" E " reason=read token=" T64 " x=1",
		  "not the keys of such a record" },
		{ "seq=1 n=0 root=sha256:" E " reason=read",
		  "not the keys of such a record" },
		{ "seq=0 n=0 root=sha256:" E " reason=read token=" T64,
		  "seq or n is no number" },
		{ "seq=1 n=-1 root=sha256:" E " reason=read token=" T64,
		  "seq or n is no number" },
		{ "seq=1 n=18446744073709551616 root=sha256:" E " reason=read token=" T64,
		  "seq or n is no number" },
		{ "seq=1 n=1 root=" E " reason=read token=" T64,
		  "root is no SHA-256" },
		{ "seq=1 n=1 root=sha256:" E "00 reason=read token=" T64,
		  "root is no SHA-256" },
		{ "seq=1 n=0 root=sha256:" T64 " reason=read token=" T64,
		  "not that of a tree without slots" },
		{ "seq=1 n=1 root=sha256:" E " reason=none token=" T64,
		  "unknown reason" },
		{ "seq=1 n=1 root=sha256:" E " reason=read token=ab",
		  "token is not 64 hex digits" },
		{ "seq=1 n=1 root=sha256:" E " reason=read token=" T64 " next=zz",
		  "next is not 64 hex digits" },
		{ "seq=1 n=1 root=sha256:" E " reason=death token=" T64,
		  "a death without id and leaf" },
		{ "seq=1 n=1 root=sha256:" E " reason=read token=" T64 " id=1 leaf=" T64,
		  "id and leaf, but no death" },
		{ "seq=1 n=1 root=sha256:" E " reason=death token=" T64 " id=0 leaf=" T64,
		  "id is no number of a namespace" },
	};
	struct mkanchor m;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		mka_begin(&m);
		mka_register(&m, 4, 0);
		mka_record(&m, 12, "ima_ns_anchor", cases[i].text);
		judge(&m, cases[i].reason);
		mka_free(&m);
	}
}

static void refuses_bad_boots(void)
{
	static const struct {
		const char *id, *uuid, *label, *rest, *reason;
	} cases[] = {
		{ "5", U, "a%20b%00", "kind=adopted", NULL },
		{ "5", U, "", "kind=user", NULL },
		{ "0", U, "", "kind=user", "id or parent is no number" },
		{ "x", U, "", "kind=user", "id or parent is no number" },
		{ "5", "x", "", "kind=user", "uuid is no UUID" },
		{ "5", U, "a%2", "kind=user", "label is not percent-encoded" },
		{ "5", U, "%", "kind=user", "label is not percent-encoded" },
		{ "5", U, "%zz", "kind=user", "label is not percent-encoded" },
		{ "5", U, "", "kind=other", "unknown kind" },
		{ "5", U, "", "kind=user late=0", "late is not 1" },
		{ "5", U, "", "kind=user late=1 x=1", "not the keys" },
		{ "5", U, "", "late=1 kind=user", "not the keys" },
		{ "5", U, "", "", "not the keys" },
	};
	struct mkanchor m;
	char text[1024];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		mka_begin(&m);
		mka_register(&m, 4, 0);
		snprintf(text, sizeof(text), "id=%s uuid=%s parent=0 userns=1 owner=0 label=%s by=own hash=sha256 template=ima-ng policy=exec ca=none tpm=none exe=none %s",
			 cases[i].id, cases[i].uuid, cases[i].label,
			 cases[i].rest);
		mka_record(&m, 11, "ima_ns_boot", text);
		judge(&m, cases[i].reason);
		mka_free(&m);
	}
}

/* A keyring may be named like a record: its entry is none. */
static void knows_keyrings(void)
{
	struct mkanchor m;

	mka_begin(&m);
	mka_register(&m, 4, 0);
	mka_record(&m, 10, "ima_ns_anchor", "\x30\x82\x01");
	judge(&m, NULL);
	mka_record(&m, 12, "ima_ns_anchor", "\x30\x82\x01");
	judge(&m, "foreign entry in PCR 12: ima_ns_anchor");
	mka_free(&m);
}

int main(void)
{
	refuses_bad_registers();
	refuses_bad_anchors();
	refuses_bad_boots();
	knows_keyrings();
	return tap_done();
}
