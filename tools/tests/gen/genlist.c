// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * genlist OUT - make a binary list for the shell tests.
 *
 * Input lines "PCR BYTE NAME": an ima-ng entry whose sha256 file digest is BYTE
 * (hex) repeated, or a violation with BYTE "v"; "PCR r NAME TEXT": a record of
 * the kernel. Prints the replay: lines "PCR ALGO:HEX", then the acc line, as in
 * an ima/vpcr file.
 */
#include <stdlib.h>
#include <string.h>

#include "mklist.h"

static void print_hex(const uint8_t *p, size_t n)
{
	while (n--)
		printf("%02x", *p++);
}

static void print_replay(const struct mklist *l)
{
	static const uint8_t zeros[64];
	int pcr, bank;

	for (pcr = 0; pcr < 24; pcr++)
		for (bank = 0; bank < MK_BANKS; bank++) {
			if (!memcmp(l->pcr[pcr][bank], zeros, 20))
				continue;
			printf("%d %s:", pcr, mk_bank_name[bank]);
			print_hex(l->pcr[pcr][bank], mk_bank_size[bank]);
			putchar('\n');
		}
	printf("acc sha256:");
	print_hex(l->acc, 32);
	printf(" %zu\n", l->entries);
}

int main(int argc, char **argv)
{
	char line[2048], byte[8], name[2000], *blank;
	struct mklist l;
	unsigned int pcr;
	FILE *out;

	if (argc != 2)
		return 2;
	mk_begin(&l, "sha1");
	while (fgets(line, sizeof(line), stdin)) {
		if (sscanf(line, "%u %7s %1999[^\n]", &pcr, byte, name) != 3)
			return 2;
		if (!strcmp(byte, "r")) {
			blank = strchr(name, ' ');
			if (!blank)
				return 2;
			*blank = '\0';
			mk_record(&l, pcr, name, blank + 1);
		} else if (!strcmp(byte, "v")) {
			mk_violation(&l, pcr, name);
		} else {
			mk_file(&l, pcr, (uint8_t)strtoul(byte, NULL, 16),
				name);
		}
	}
	out = fopen(argv[1], "w");
	if (!out || fwrite(l.b.data, 1, l.b.len, out) != l.b.len || fclose(out))
		return 2;
	print_replay(&l);
	mk_free(&l);
	return 0;
}
