// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Records of the life of namespaces, and what is none.
 */
#include <string.h>

#include "mklist.h"
#include "record.h"
#include "tap.h"

#define A64 "abababababababababababababababababababababababababababababababab"

/* What kind of record an entry of this name and text is. */
static void parses(const char *name, const char *text, enum record_kind want,
		   const char *what)
{
	struct list_reader r;
	struct list_entry e;
	struct record rec;
	struct mklist l;
	const char *why;

	mk_begin(&l, "sha1");
	mk_record(&l, 10, name, text);
	list_begin(&r, l.b.data, l.b.len);
	ok(list_next(&r, &e) == LIST_ENTRY &&
	   record_parse(&e, &rec, &why) == want, "record: %s", what);
	mk_free(&l);
}

#define BIRTH "id=18446744073709551615 uuid=x parent=0 userns=1 owner=0 " \
	"label=a%20b by=own hash=sha256 template=d-ng|n-ng policy=exec " \
	"ca=none tpm=none exe=none"

static void parses_records(void)
{
	parses("ima_ns_policy", "id=1 seq=1 rules=0 policy=sha256:" A64,
	       RECORD_POLICY, "policy");
	parses("ima_ns_policy", "id=1 seq=1 rules=0 policy=sha256:" A64 " x=1",
	       RECORD_BAD, "a key more");
	parses("ima_ns_policy", "id=1 seq=1 policy=sha256:" A64, RECORD_BAD,
	       "a key less");
	parses("ima_ns_policy", "seq=1 id=1 rules=0 policy=sha256:" A64,
	       RECORD_BAD, "another order");
	parses("ima_ns_policy", "id=1  seq=1 rules=0 policy=sha256:" A64,
	       RECORD_BAD, "two blanks");
	parses("ima_ns_policy", "id=1 seq=1 rules=0 policy=sha256:" A64 " ",
	       RECORD_BAD, "a blank at the end");
	parses("ima_ns_policy", "id=0 seq=1 rules=0 policy=sha256:" A64,
	       RECORD_BAD, "id 0");
	parses("ima_ns_policy", "id=1 seq=0 rules=0 policy=sha256:" A64,
	       RECORD_BAD, "seq 0");
	parses("ima_ns_policy", "id=1 seq=1 rules=0 policy=sha256:12",
	       RECORD_BAD, "short digest");
	parses("ima_ns_death", "id=1 entries=1 violations=0 acc=sha256:" A64,
	       RECORD_DEATH, "death");
	parses("ima_ns_death", "id=1 entries=1 violations=-1 acc=sha256:" A64,
	       RECORD_BAD, "negative number");
	parses("ima_ns_death", "id=99999999999999999999 entries=1 violations=0 acc=sha256:" A64,
	       RECORD_BAD, "too large a number");
	parses("ima_ns_birth", BIRTH, RECORD_BIRTH, "birth");
	parses("ima_ns_birth", BIRTH " kind=user", RECORD_BAD,
	       "a key more in a birth");
	parses("ima_ns_birth", "id=1", RECORD_BAD, "birth with id only");
	parses("ima_ns_birth", "0\202\001", RECORD_NONE, "a keyring named so");
	parses("ima_ns_shutdown", "reason=reboot seq=1", RECORD_NONE,
	       "another record");
	parses("ima_ns_deaths", "id=1 entries=1 violations=0 acc=sha256:" A64,
	       RECORD_NONE, "a longer name");
}

/* What nothing vouches for, and what only looks alike. */
static void ignores_others(void)
{
	static const char text[] = "id=1 seq=1 rules=0 policy=sha256:" A64;
	struct buf data = { 0 };
	struct list_reader r;
	struct list_entry e;
	struct record rec;
	struct mklist l;
	const char *why;
	bool none = true;

	mk_digest(&data, "sha256:", 1, 32);
	mk_name(&data, "ima_ns_policy");
	mk_field(&data, text, strlen(text));
	mk_begin(&l, "sha1");
	mk_file(&l, 10, 1, "ima_ns_policy");
	mk_entry(&l, 10, "ima-buf", &data, true);
	mk_entry(&l, 10, "d-ng|n-ng|buf", &data, false);
	mk_all_templates(&l, 10);
	list_begin(&r, l.b.data, l.b.len);
	while (list_next(&r, &e) == LIST_ENTRY)
		none &= record_parse(&e, &rec, &why) == RECORD_NONE;
	ok(r.index == l.entries && none,
	   "files, violations, other templates are no records");
	buf_free(&data);
	mk_free(&l);
}

int main(void)
{
	parses_records();
	ignores_others();
	return tap_done();
}
