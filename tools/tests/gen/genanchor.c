// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * genanchor DIR [BYTE] - make an anchored machine for the shell tests: DIR/list,
 * the host's list, and DIR/bundle, that of namespace 5, whose list is DIR/tenant.
 * PCR 12 is full of BYTE (hex) before.
 * Prints PCR values "PCR:ALGO:HEX".
 */
#include <stdlib.h>
#include <string.h>

#include "mkanchor.h"

static bool write_list(const char *dir, const char *name,
		       const struct mklist *l)
{
	char *path = xasprintf("%s/%s", dir, name);
	FILE *out = fopen(path, "w");
	bool ok = out && fwrite(l->b.data, 1, l->b.len, out) == l->b.len &&
		  !fclose(out);

	free(path);
	return ok;
}

static bool write_bundle(const char *dir, const struct mkanchor *m,
			 const struct mklist *tenant)
{
	json_t *bundle = mka_bundle(m, tenant, 5, 1, 3);
	char *path = xasprintf("%s/bundle", dir);
	bool ok = !json_dump_file(bundle, path, JSON_INDENT(1));

	json_decref(bundle);
	free(path);
	return ok;
}

static void print_values(const struct mkanchor *m)
{
	int pcr, bank;
	char hex[65];

	for (pcr = 10; pcr <= 12; pcr++)
		for (bank = 0; bank < 2; bank++) {
			hex_encode(m->l.pcr[pcr][bank], mk_bank_size[bank],
				   hex);
			printf("%d:%s:%s\n", pcr, mk_bank_name[bank], hex);
		}
}

int main(int argc, char **argv)
{
	static struct mkanchor m;
	struct mklist tenant;

	if (argc != 2 && argc != 3)
		return 2;
	mk_begin(&tenant, "sha1");
	mk_file(&tenant, 10, 1, "boot_aggregate");
	mk_file(&tenant, 10, 2, "/bin/tenant");
	mka_begin(&m);
	if (argc == 3)
		memset(m.l.pcr[12], (int)strtoul(argv[2], NULL, 16),
		       sizeof(m.l.pcr[12]));
	mka_register(&m, 3, 2);
	mka_boot(&m, 3, true);
	mka_boot(&m, 4, true);
	mka_set_leaf(&m, 0, 4, 1, tenant.acc);
	mka_anchor(&m, "interval");
	mka_boot(&m, 5, false);
	mka_set_leaf(&m, 1, 5, tenant.entries, tenant.acc);
	mka_anchor(&m, "events");
	mka_anchor(&m, "death");
	mka_anchor(&m, "read");
	if (!write_list(argv[1], "list", &m.l) ||
	    !write_list(argv[1], "tenant", &tenant) ||
	    !write_bundle(argv[1], &m, &tenant))
		return 2;
	print_values(&m);
	mka_free(&m);
	mk_free(&tenant);
	return 0;
}
