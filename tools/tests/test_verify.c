// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Replays and verdicts on lists made for the purpose.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mklist.h"
#include "tap.h"
#include "verify.h"

enum { SHA1, SHA256, SHA384, SHA512, SM3 };

/* A value of @l's replay, to compare with. */
static void want(struct pcr_set *s, const struct mklist *l, uint32_t pcr,
		 int bank)
{
	pcr_set_add(s, pcr, hash_by_name(mk_bank_name[bank]),
		    l->pcr[pcr][bank], "given");
}

/* Judge, compare the outcome, complain with all reasons if it differs. */
static void judge(const struct mklist *l, const struct pcr_set *s,
		  const struct verify_options *opt, const char *reason,
		  const char *what)
{
	static const struct verify_options all = { .pcrs = ~0ull };
	struct verdict v;
	bool good = false;
	size_t i;

	if (!ok(verify_list(&l->b, s, opt ? opt : &all, &v),
		"%s: can be judged", what))
		return;
	for (i = 0; i < v.nreasons; i++)
		good |= reason && strstr(v.reason[i], reason);
	if (!ok(reason ? good : !v.nreasons, "%s: %s", what,
		reason ? "not verified" : "verified"))
		for (i = 0; i < v.nreasons; i++)
			note("reason: %s", v.reason[i]);
	verdict_free(&v);
}

static void make_usual(struct mklist *l)
{
	mk_begin(l, "sha1");
	mk_file(l, 10, 1, "boot_aggregate");
	mk_all_templates(l, 10);
	mk_file(l, 11, 2, "/bin/other_pcr");
	mk_violation(l, 10, "/var/log/x");
	mk_file(l, 10, 3, "/bin/ls");
}

static void replays_all_banks(const char *list_hash)
{
	struct pcr_set s = { 0 };
	struct mklist l;
	int bank;

	mk_begin(&l, list_hash);
	mk_all_templates(&l, 10);
	mk_violation(&l, 11, "/v");
	mk_all_templates(&l, 11);
	for (bank = 0; bank < MK_BANKS; bank++) {
		want(&s, &l, 10, bank);
		want(&s, &l, 11, bank);
	}
	judge(&l, &s, NULL, NULL, list_hash);
	s.v[7].value[0] ^= 1;
	judge(&l, &s, NULL, "PCR 11 of bank sha512 (given) is not",
	      "one wrong value of ten");
	pcr_set_free(&s);
	mk_free(&l);
}

static void sees_changes(void)
{
	struct pcr_set s = { 0 };
	struct mklist l;
	size_t at;

	make_usual(&l);
	want(&s, &l, 10, SHA256);
	want(&s, &l, 11, SHA256);
	judge(&l, &s, NULL, NULL, "honest list");
	at = l.b.len - 1 - strlen("/bin/ls");
	l.b.data[at] = '_';
	judge(&l, &s, NULL, "the first is entry 14 (_bin/ls)",
	      "changed name");
	judge(&l, &s, NULL, "PCR 10 of bank sha256 (given) is not",
	      "changed name");
	l.b.data[at] = '/';
	/* Only the stated digest: the replay does not need it. */
	l.b.data[4] ^= 1;
	judge(&l, &s, NULL, "the first is entry 1 (boot_aggregate)",
	      "changed digest");
	l.b.data[4] ^= 1;
	/* Entry 1 into another PCR. */
	l.b.data[0] = 11;
	judge(&l, &s, NULL, "PCR 11 of bank sha256", "moved to another PCR");
	l.b.data[0] = 10;
	/* Everything zero: a violation now. */
	memset(l.b.data + 4, 0, 20);
	judge(&l, &s, NULL, "PCR 10 of bank sha256", "made a violation");
	pcr_set_free(&s);
	mk_free(&l);
}

static void judges_prefixes(void)
{
	struct verify_options opt = { .pcrs = ~0ull, .allow_prefix = true };
	struct pcr_set s = { 0 }, zero = { 0 };
	struct mklist l;
	uint8_t zeros[64] = { 0 };

	mk_begin(&l, "sha1");
	pcr_set_add(&zero, 10, hash_by_name("sha256"), zeros, "given");
	judge(&l, &zero, NULL, NULL, "empty list, PCR at its start");
	mk_file(&l, 10, 1, "boot_aggregate");
	mk_file(&l, 10, 2, "/a");
	want(&s, &l, 10, SHA256);
	mk_file(&l, 10, 3, "/b");
	judge(&l, &s, NULL, "agrees only up to entry 2 of 3", "longer list");
	judge(&l, &s, &opt, NULL, "longer list with --allow-prefix");
	judge(&l, &zero, &opt, "is not what the list leads to",
	      "a prefix of nothing is none");
	/* The same value at the end, after entries of another PCR. */
	s.n = 0;
	want(&s, &l, 10, SHA256);
	mk_file(&l, 12, 3, "/c");
	want(&s, &l, 12, SHA1);
	judge(&l, &s, NULL, NULL, "entries of another PCR follow");
	/* Entry 2 missing: no prefix either. */
	mk_free(&l);
	mk_begin(&l, "sha1");
	mk_file(&l, 10, 1, "boot_aggregate");
	mk_file(&l, 10, 3, "/b");
	s.n = 1;
	judge(&l, &s, &opt, "is not what the list leads to", "removed entry");
	pcr_set_free(&s);
	pcr_set_free(&zero);
	mk_free(&l);
}

static void wants_values_for_all(void)
{
	struct verify_options only10 = { .pcrs = 1 << 10, .pcrs_chosen = true };
	struct verify_options also9 = { .pcrs = 3 << 9, .pcrs_chosen = true };
	struct pcr_set s = { 0 }, none = { 0 };
	struct mklist l;

	make_usual(&l);
	want(&s, &l, 10, SHA256);
	judge(&l, &s, NULL, "1 entries belong to PCR 11", "no value for 11");
	judge(&l, &s, &only10, NULL, "--pcr 10");
	judge(&l, &s, &also9, "PCR 9, for which there is no value",
	      "--pcr 9 --pcr 10");
	l.b.len = 0;
	judge(&l, &none, NULL, "no PCR value to compare with",
	      "empty list and nothing to compare");
	pcr_set_free(&s);
	mk_free(&l);
}

static void knows_padded_banks(void)
{
	struct verify_options padded = { .pcrs = ~0ull, .padded = true };
	struct verify_options chosen = { .pcrs = ~0ull, .bank_chosen = true };
	const struct hash_alg *sha384 = hash_by_name("sha384");
	struct pcr_set s = { 0 };
	struct mklist l;

	mk_begin(&l, "sha1");
	mk_all_templates(&l, 10);
	mk_violation(&l, 10, "/v");
	mk_file(&l, 10, 1, "/a");
	pcr_set_add(&s, 10, sha384, l.padded[10][SHA384], "TPM");
	judge(&l, &s, NULL, "only by padded SHA-1", "padded alone");
	judge(&l, &s, &padded, NULL, "--padded-sha1");
	want(&s, &l, 10, SHA256);
	judge(&l, &s, NULL, NULL, "padded, backed by another bank");
	judge(&l, &s, &chosen, "only by padded SHA-1", "bank chosen");
	s.v[1].value[5] ^= 4;
	judge(&l, &s, NULL, "only by padded SHA-1", "other bank is wrong");
	pcr_set_free(&s);
	mk_free(&l);
}

static void compares_acc(void)
{
	struct verify_options opt = { .pcrs = ~0ull };
	struct pcr_set s = { 0 };
	struct vpcr_acc acc;
	struct mklist l;

	make_usual(&l);
	want(&s, &l, 10, SHA1);
	want(&s, &l, 11, SHA256);
	memcpy(acc.value, l.acc, 32);
	acc.entries = l.entries;
	opt.acc = &acc;
	judge(&l, &s, &opt, NULL, "acc of the whole list");
	acc.entries--;
	judge(&l, &s, &opt, "acc is not what the list leads to",
	      "acc with another count");
	acc.entries += 2;
	judge(&l, &s, &opt, "acc covers 15 entries, the list has only 14",
	      "acc of a longer list");
	acc.entries = l.entries;
	mk_file(&l, 9, 1, "/later");
	want(&s, &l, 9, SHA1);
	judge(&l, &s, &opt, "acc covers only 14 of 15", "acc of a prefix");
	opt.allow_prefix = true;
	judge(&l, &s, &opt, NULL, "acc of a prefix with --allow-prefix");
	/* An entry of a PCR nobody has a value for still changes acc. */
	l.b.data[50] ^= 1;
	opt.allow_prefix = false;
	judge(&l, &s, &opt, "acc is not", "acc sees any change");
	pcr_set_free(&s);
	mk_free(&l);
}

/* Writes @text to a temporary file and reads it as reference. */
static bool reference_from(struct reference *ref, const char *text)
{
	char path[] = "/tmp/imans-test-XXXXXX";
	int fd = mkstemp(path);
	bool good = fd >= 0 && write(fd, text, strlen(text)) ==
					(ssize_t)strlen(text);

	good = reference_read(ref, path) && good;
	close(fd);
	unlink(path);
	return good;
}

#define D2 "02020202020202020202020202020202" "02020202020202020202020202020202"
#define D3 "03030303030303030303030303030303" "03030303030303030303030303030303"

static void make_referenced(struct mklist *l)
{
	struct buf data = { 0 };

	mk_begin(l, "sha1");
	mk_file(l, 10, 1, "boot_aggregate");
	mk_file(l, 10, 2, "/bin/two");
	mk_file(l, 10, 3, "/bin/with_blank");
	mk_digest(&data, "sha256:", 9, 32);
	mk_name(&data, "kexec-cmdline");
	mk_field(&data, "ro quiet", 8);
	mk_entry(l, 10, "ima-buf", &data, false);
	buf_free(&data);
}

static void uses_references(void)
{
	struct reference ref;
	struct verify_options opt = { .pcrs = ~0ull, .reference = &ref };
	struct pcr_set s = { 0 };
	struct buf data = { 0 };
	struct mklist l;

	make_referenced(&l);
	want(&s, &l, 10, SHA256);
	ok(reference_from(&ref, "# comment\n\nsha256:" D3 " /bin/two\n"
			  "ima:sha256:" D2 "  /bin/two\r\n"
			  "sha256:" D3 "\t/bin/with blank"),
	   "reference with a CR can be read");
	judge(&l, &s, &opt, "other digests", "a CR belongs to the path");
	reference_free(&ref);
	ok(reference_from(&ref, "# comment\n\nsha256:" D3 " /bin/two\n"
			  "ima:sha256:" D2 "  /bin/two\n"
			  "sha256:" D3 "\t/bin/with blank"),
	   "reference can be read");
	judge(&l, &s, &opt, NULL, "all as in the reference");
	mk_file(&l, 10, 2, "boot_aggregate");
	s.n = 0;
	want(&s, &l, 10, SHA256);
	judge(&l, &s, &opt, "1 entries name files that are not in",
	      "a second boot_aggregate is a file");
	mk_free(&l);
	make_referenced(&l);
	mk_file(&l, 10, 7, "/bin/two");
	s.n = 0;
	want(&s, &l, 10, SHA256);
	judge(&l, &s, &opt, "1 entries have other digests", "changed file");
	mk_free(&l);
	make_referenced(&l);
	mk_violation(&l, 10, "/bin/two");
	s.n = 0;
	want(&s, &l, 10, SHA256);
	judge(&l, &s, &opt, "1 violations", "violation");
	opt.allow_violations = true;
	judge(&l, &s, &opt, NULL, "--allow-violations");
	/* A file with a template that has room for a buffer, but none. */
	mk_digest(&data, "sha256:", 9, 32);
	mk_name(&data, "/bin/hidden");
	mk_field(&data, "", 0);
	mk_entry(&l, 10, "ima-buf", &data, false);
	s.n = 0;
	want(&s, &l, 10, SHA256);
	judge(&l, &s, &opt, "1 entries name files that are not in",
	      "ima-buf without buffer is a file");
	buf_free(&data);
	reference_free(&ref);
	pcr_set_free(&s);
	mk_free(&l);
}

static void keeps_kinds_apart(void)
{
	struct reference ref;
	struct verify_options opt = { .pcrs = ~0ull, .reference = &ref };
	struct pcr_set s = { 0 };
	struct buf data = { 0 };
	struct mklist l;
	uint8_t md5[16];

	mk_begin(&l, "sha1");
	mk_file(&l, 10, 1, "boot_aggregate");
	mk_digest(&data, "verity:sha256:", 2, 32);
	mk_name(&data, "/v");
	mk_entry(&l, 10, "ima-ngv2", &data, false);
	want(&s, &l, 10, SHA1);
	ok(reference_from(&ref, "sha256:" D2 " /v\n"), "file digest");
	judge(&l, &s, &opt, "1 entries have other digests",
	      "a verity digest is no file digest");
	reference_free(&ref);
	ok(reference_from(&ref, "verity:sha256:" D2 " /v\n"), "verity digest");
	judge(&l, &s, &opt, NULL, "verity digest in the reference");
	reference_free(&ref);
	ok(reference_from(&ref, "sm3:" D2 " /v\nverity:sm3:" D2 " /v\n"),
	   "other algorithm");
	judge(&l, &s, &opt, "1 entries have other digests",
	      "same bytes, other algorithm");
	reference_free(&ref);
	mk_free(&l);
	mk_begin(&l, "sha1");
	memset(md5, 2, 16);
	mk_bare(&l, 10, md5, 16, "v", false);
	s.n = 0;
	want(&s, &l, 10, SHA1);
	ok(reference_from(&ref, "md5:02020202020202020202020202020202 v\n"),
	   "md5");
	judge(&l, &s, &opt, NULL, "bare md5");
	reference_free(&ref);
	buf_free(&data);
	pcr_set_free(&s);
	mk_free(&l);
}

static void refuses_bad_references(void)
{
	struct reference ref;

	ok(!reference_from(&ref, "sha256:" D2 "\n"), "line without path");
	ok(!reference_from(&ref, "sha256:0202 /x\n"), "short digest");
	ok(!reference_from(&ref, "sha9:0202 /x\n"), "unknown algorithm");
	ok(!reference_from(&ref, "/x\n"), "only a path");
	ok(!reference_from(&ref, "sha256:" D2 " \n"), "empty path");
	ok(!reference_read(&ref, "/nonexistent/file"), "no such file");
	ok(reference_from(&ref, ""), "an empty reference is one");
	reference_free(&ref);
}

int main(void)
{
	replays_all_banks("sha1");
	replays_all_banks("sha256");
	replays_all_banks("sha512");
	sees_changes();
	judges_prefixes();
	wants_values_for_all();
	knows_padded_banks();
	compares_acc();
	uses_references();
	keeps_kinds_apart();
	refuses_bad_references();
	return tap_done();
}
