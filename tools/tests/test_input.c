// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The small formats: text for terminals, digests, sysfs, vpcr, policy files.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hash.h"
#include "ns.h"
#include "pcr.h"
#include "tap.h"

static char dir[] = "/tmp/imans-test-XXXXXX";

/* A file with @text below the test's directory. */
static char *file(const char *name, const char *text, size_t len)
{
	char *path = xasprintf("%s/%s", dir, name);
	FILE *f = fopen(path, "w");

	if (!f || fwrite(text, 1, len, f) != len || fclose(f))
		abort();
	return path;
}

static void escapes(const char *in, size_t len, const char *want)
{
	char *got = escape_text((const uint8_t *)in, len);

	is_text(got, want, "escaped text");
	free(got);
}

static void escapes_text(void)
{
	escapes("/usr/bin/ls", 11, "/usr/bin/ls");
	escapes("a\033[31m\n\\\x7f", 9, "a\\x1b[31m\\x0a\\x5c\\x7f");
	escapes("gr\xc3\xbc\xc3\x9f" "e", 7, "gr\xc3\xbc\xc3\x9f" "e");
	escapes("\xe2\x82\xac\xf0\x9f\x90\xa7", 7, "\xe2\x82\xac\xf0\x9f\x90\xa7");
	escapes("\xff\xc3", 2, "\\xff\\xc3");
	escapes("\xc0\xaf\xe0\x80\xaf", 5, "\\xc0\\xaf\\xe0\\x80\\xaf");
	escapes("\xed\xa0\x80", 3, "\\xed\\xa0\\x80");
	escapes("\xc2\x9b", 2, "\\xc2\\x9b");
	escapes("\xf4\x90\x80\x80", 4, "\\xf4\\x90\\x80\\x80");
	escapes("a\0b", 3, "a\\x00b");
}

static void parses_numbers(void)
{
	uint64_t n;

	ok(parse_uint("0", 0, &n) && n == 0, "0");
	ok(parse_uint("23", 23, &n) && n == 23, "23");
	ok(!parse_uint("24", 23, &n), "24 is above 23");
	ok(!parse_uint("-1", UINT64_MAX, &n), "-1");
	ok(!parse_uint("+1", UINT64_MAX, &n), "+1");
	ok(!parse_uint(" 1", UINT64_MAX, &n), "leading blank");
	ok(!parse_uint("1x", UINT64_MAX, &n), "1x");
	ok(!parse_uint("", UINT64_MAX, &n), "nothing");
	ok(parse_uint("18446744073709551615", UINT64_MAX, &n), "2^64-1");
	ok(!parse_uint("18446744073709551616", UINT64_MAX, &n), "2^64");
}

static void parses_digests(void)
{
	uint8_t d[HASH_MAX_SIZE];
	struct pcr_set s = { 0 };
	const char *why;

	ok(hash_parse_digest("md5:00112233445566778899AABBCCDDEEFF", d, &why) &&
	   d[15] == 0xff, "md5 with capitals");
	ok(!hash_parse_digest("md5:00112233445566778899aabbccddee", d, &why),
	   "too short");
	ok(!hash_parse_digest("md5:00112233445566778899aabbccddeeff00", d,
			      &why), "too long");
	ok(!hash_parse_digest("md5:0011223344556677 899aabbccddeeff", d, &why),
	   "blank within");
	ok(!hash_parse_digest("00112233445566778899aabbccddeeff", d, &why),
	   "no algorithm");
	ok(hash_bank_by_name("sm3_256") == hash_by_name("sm3"), "sm3_256");
	ok(!hash_bank_by_name("md5"), "md5 is no bank");
	ok(!pcr_parse_value("10", &s), "PCR value without value");
	ok(!pcr_parse_value("24:sha1:0000000000000000000000000000000000000000",
			    &s), "PCR 24");
	ok(!pcr_parse_value("1:md5:00112233445566778899aabbccddeeff", &s),
	   "PCR of md5");
	ok(pcr_parse_value("1:sha1:000000000000000000000000000000000000000a",
			   &s) && s.n == 1 && s.v[0].pcr == 1 &&
	   s.v[0].value[19] == 10, "PCR value");
	pcr_set_free(&s);
}

#define Z16 "00000000000000000000000000000000"
#define SHA256_1 Z16 "00000000000000000000000000000001"

static void reads_vpcr(const char *text, bool want, size_t values,
		       uint64_t entries, const char *what)
{
	char *path = file("vpcr", text, strlen(text));
	struct vpcr_acc acc = { .entries = 0 };
	struct pcr_set s = { 0 };
	bool good = pcr_read_vpcr(path, &s, &acc);

	ok(good == want && (!want || (s.n == values && acc.entries == entries)),
	   "vpcr: %s", what);
	pcr_set_free(&s);
	free(path);
}

static void reads_vpcrs(void)
{
	reads_vpcr("10 sha1:" Z16 "00000000\n10 sha256:" SHA256_1 "\n"
		   "acc sha256:" SHA256_1 " 17\n", true, 2, 17, "two values");
	reads_vpcr("acc sha256:" SHA256_1 " 0\n", true, 0, 0, "only acc");
	reads_vpcr("10 sha256:" SHA256_1 "\n", false, 0, 0, "no acc");
	reads_vpcr("", false, 0, 0, "empty");
	reads_vpcr("acc sha256:" SHA256_1 "\n", false, 0, 0, "no count");
	reads_vpcr("acc sha1:" Z16 "00000000 1\n", false, 0, 0, "acc of sha1");
	reads_vpcr("24 sha256:" SHA256_1 "\nacc sha256:" SHA256_1 " 1\n", false,
		   0, 0, "PCR 24");
	reads_vpcr("10 sha256:" SHA256_1 " 3\nacc sha256:" SHA256_1 " 1\n",
		   false, 0, 0, "count behind a PCR");
	reads_vpcr("acc sha256:" SHA256_1 " 1\n10 sha256:" SHA256_1 "\n", false,
		   0, 0, "line behind acc");
	reads_vpcr("10 sha256:0011\nacc sha256:" SHA256_1 " 1\n", false, 0, 0,
		   "short value");
}

static void reads_sysfs(void)
{
	char *sub = xasprintf("%s/pcr-sha256", dir), *path;
	struct pcr_set s = { 0 };

	ok(!pcr_read_sysfs(dir, NULL, 1 << 10, &s), "sysfs: no PCRs there");
	mkdir(sub, 0700);
	free(sub);
	free(file("pcr-sha256/10", SHA256_1 "\n", 65));
	ok(pcr_read_sysfs(dir, NULL, 1 << 10, &s) && s.n == 1 &&
	   s.v[0].pcr == 10 && s.v[0].value[31] == 1, "sysfs: TPM 2.0");
	s.n = 0;
	ok(!pcr_read_sysfs(dir, NULL, 1 << 11, &s), "sysfs: no PCR 11");
	ok(!pcr_read_sysfs(dir, hash_by_name("sha1"), 1 << 10, &s),
	   "sysfs: no bank sha1");
	path = file("pcrs", "PCR-09: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 \n"
		    "PCR-10: 01 23 45 67 89 AB CD EF 00 00 00 00 00 00 00 00 00 00 00 42 \n",
		    138);
	s.n = 0;
	ok(pcr_read_sysfs(dir, hash_by_name("sha1"), 1 << 10, &s) && s.n == 1 &&
	   s.v[0].pcr == 10 && s.v[0].value[0] == 1 && s.v[0].value[19] == 0x42,
	   "sysfs: TPM 1.2");
	sub = xasprintf("%s/pcr-sha1", dir);
	mkdir(sub, 0700);
	free(sub);
	free(file("pcr-sha1/10", Z16 "0000000a\n", 41));
	s.n = 0;
	ok(pcr_read_sysfs(dir, hash_by_name("sha1"), 1 << 10, &s) && s.n == 1 &&
	   s.v[0].value[19] == 10, "sysfs: each PCR of a TPM 1.2 once");
	unlink(path);
	free(path);
	path = xasprintf("%s/pcr-sha1/10", dir);
	unlink(path);
	free(path);
	path = xasprintf("%s/pcr-sha1", dir);
	rmdir(path);
	free(path);
	path = file("pcrs", "PCR-10: 01 23\n", 14);
	ok(!pcr_read_sysfs(dir, hash_by_name("sha1"), 1 << 10, &s),
	   "sysfs: short line");
	unlink(path);
	free(path);
	pcr_set_free(&s);
}

static void reads_policy(const char *text, size_t len, bool want,
			 const char *what)
{
	char *path = file("policy", text, len);
	struct ns_config cfg = { 0 };

	ok(ns_read_policy(&cfg, path) == want, "policy: %s", what);
	buf_free(&cfg.policy);
	free(path);
}

static void reads_policies(void)
{
	struct buf many = { 0 };
	char line[4097];
	int i;

	reads_policy("measure func=BPRM_CHECK\n# x\n\n", 29, true, "one rule");
	reads_policy("measure func=BPRM_CHECK", 23, true, "no newline");
	reads_policy("# x\n  \n", 7, false, "no rule");
	reads_policy("", 0, false, "empty");
	reads_policy("measure\0func=BPRM_CHECK", 23, false, "NUL");
	memset(line, 'x', sizeof(line));
	reads_policy(line, 4094, true, "longest line");
	reads_policy(line, 4095, false, "too long a line");
	for (i = 0; i < 1024; i++)
		buf_add(&many, "dont_measure fsmagic=0x9fa0\n", 28);
	reads_policy((char *)many.data, many.len, true, "1024 rules");
	buf_add(&many, "dont_measure fsmagic=0x9fa0\n", 28);
	reads_policy((char *)many.data, many.len, false, "1025 rules");
	buf_free(&many);
}

int main(void)
{
	char *command;

	if (!mkdtemp(dir))
		return 2;
	escapes_text();
	parses_numbers();
	parses_digests();
	reads_vpcrs();
	reads_sysfs();
	reads_policies();
	command = xasprintf("rm -r %s", dir);
	ok(!system(command), "temporary files removed");
	free(command);
	return tap_done();
}
