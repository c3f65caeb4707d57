// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * genanchor DIR [BYTE [BANKS]] - make an anchored machine for the shell tests:
 * DIR/list, the host's list, and DIR/bundle, that of namespace 5, whose list
 * is DIR/tenant and whose ima/anchor is DIR/leaf. Namespace 4 has ended:
 * DIR/ended is its list, DIR/saved its ima/anchor of an earlier time. PCR 12
 * is full of BYTE (hex) before. The TPM has so many banks (2). Prints PCR
 * values "PCR:ALGO:HEX".
 */
#include <stdlib.h>
#include <string.h>

#include "mkanchor.h"

static bool write_bytes(const char *dir, const char *name, const void *data,
			size_t len)
{
	char *path = xasprintf("%s/%s", dir, name);
	FILE *out = fopen(path, "w");
	bool ok = out && fwrite(data, 1, len, out) == len && !fclose(out);

	free(path);
	return ok;
}

static bool write_list(const char *dir, const char *name,
		       const struct mklist *l)
{
	return write_bytes(dir, name, l->b.data, l->b.len);
}

static bool write_leaf(const char *dir, const char *name,
		       const struct mkanchor *m, uint64_t id, size_t slot,
		       const struct mklist *l)
{
	char *text = mka_leaf_text(m, id, slot, l->entries, l->acc);
	bool ok = write_bytes(dir, name, text, strlen(text));

	free(text);
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
	uint32_t pcr;
	size_t bank;
	char hex[129];

	for (pcr = 10; pcr <= 12; pcr++)
		for (bank = 0; bank < m->nbanks; bank++) {
			hex_encode(m->l.pcr[pcr][bank], mk_bank_size[bank],
				   hex);
			printf("%u:%s:%s\n", pcr, mk_bank_name[bank], hex);
		}
}

static void make_tenant(struct mklist *l, const char *program)
{
	mk_begin(l, "sha1");
	mk_file(l, 10, 1, "boot_aggregate");
	mk_file(l, 10, 2, program);
}

int main(int argc, char **argv)
{
	static struct mkanchor m;
	struct mklist tenant, ended;
	const char *dir;

	if (argc < 2 || argc > 4)
		return 2;
	dir = argv[1];
	make_tenant(&tenant, "/bin/tenant");
	make_tenant(&ended, "/bin/ended");
	mka_begin(&m);
	if (argc > 2)
		memset(m.l.pcr[12], (int)strtoul(argv[2], NULL, 16),
		       sizeof(m.l.pcr[12]));
	if (argc > 3)
		m.nbanks = strtoul(argv[3], NULL, 10);
	mka_register(&m, 3, 2);
	mka_boot(&m, 3, true);
	mka_boot(&m, 4, true);
	mka_set_leaf(&m, 0, 4, ended.entries, ended.acc);
	mka_anchor(&m, "interval");
	if (!write_leaf(dir, "saved", &m, 4, 0, &ended))
		return 2;
	mk_file(&ended, 10, 3, "/bin/last");
	mka_set_leaf(&m, 0, 4, ended.entries, ended.acc);
	mka_boot(&m, 5, false);
	mka_set_leaf(&m, 1, 5, tenant.entries, tenant.acc);
	mka_anchor(&m, "events");
	mka_death(&m, 0, 4);
	mka_anchor(&m, "read");
	if (!write_list(dir, "list", &m.l) ||
	    !write_list(dir, "tenant", &tenant) ||
	    !write_list(dir, "ended", &ended) ||
	    !write_leaf(dir, "leaf", &m, 5, 1, &tenant) ||
	    !write_bundle(dir, &m, &tenant))
		return 2;
	print_values(&m);
	mka_free(&m);
	mk_free(&tenant);
	mk_free(&ended);
	return 0;
}
