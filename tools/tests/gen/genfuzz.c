// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * genfuzz DIR - write what fuzz.c begins with: DIR/TARGET/... for each target,
 * DIR/key and DIR/signed.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base64.h"
#include "list.h"
#include "fuzz.h"
#include "mkquote.h"

static const char *dir;

static void write_bytes(const char *target, const char *name, const void *data,
			size_t len)
{
	char *sub = xasprintf("%s/%s", dir, target);
	char *path = xasprintf("%s/%s/%s", dir, target, name);
	FILE *f;

	mkdir(sub, 0777);
	f = fopen(path, "w");
	if (!f || fwrite(data, 1, len, f) != len || fclose(f))
		exit(2);
	free(path);
	free(sub);
}

static void write_json(const char *target, const char *name, json_t *o)
{
	char *text = json_dumps(o, 0);

	write_bytes(target, name, text, strlen(text));
	free(text);
	json_decref(o);
}

/* Records as lines, see line_record(). */
static void write_lines(const char *target, const char *name,
			const char *front, size_t len, const struct mklist *l)
{
	struct list_reader r;
	struct list_entry e;
	struct buf b = { 0 };

	buf_add(&b, front, len);
	list_begin(&r, l->b.data, l->b.len);
	while (list_next(&r, &e) == LIST_ENTRY) {
		const uint8_t *text, *n;
		size_t text_len, n_len;
		char *line;

		text = list_entry_buffer(&e, &text_len);
		n = list_entry_name(&e, &n_len);
		if (!text)
			continue;
		line = xasprintf("%u %.*s %.*s\n", e.pcr, (int)n_len, n,
				 (int)text_len, text);
		buf_add(&b, line, strlen(line));
		free(line);
	}
	write_bytes(target, name, b.data, b.len);
	buf_free(&b);
}

#define ACC "4d8f93a0ce1b7f7a3bd8b1cf4f8a08ba9f2d61e16b7a1f5b6a6ee8b1a6a4a8d2"

static void make_lives(struct mklist *l)
{
	mk_record(l, 10, "ima_ns_birth", "id=5 uuid=01234567-89ab-cdef-0123-456789abcdef parent=0 userns=4026531837 owner=0 label= by=own hash=sha256 template=ima-ng policy=exec ca=none tpm=none exe=none");
	mk_record(l, 10, "ima_ns_policy", "id=5 seq=1 rules=2 policy=sha256:" ACC);
	mk_record(l, 10, "ima_ns_death", "id=5 entries=3 violations=0 acc=sha256:" ACC);
}

static void make_machine(struct mkanchor *m, const struct mklist *tenant)
{
	mka_begin(m);
	mka_register(m, 2, 1);
	mka_boot(m, 3, true);
	mka_boot(m, 5, false);
	make_lives(&m->l);
	mka_set_leaf(m, 1, 5, tenant->entries, tenant->acc);
	mka_anchor(m, "interval");
	mka_anchor(m, "read");
}

static void put_sized(struct buf *b, const char *base64)
{
	struct buf raw = { 0 };
	uint8_t len[2];

	base64_decode(base64, strlen(base64), &raw);
	len[0] = (uint8_t)(raw.len >> 8);
	len[1] = (uint8_t)raw.len;
	buf_add(b, len, 2);
	buf_add(b, raw.data, raw.len);
	buf_free(&raw);
}

static void write_quotes(const struct mkanchor *m, const struct mklist *tenant)
{
	static const uint8_t nonce[] = FUZZ_NONCE;
	struct buf key = { 0 }, raw = { 0 };
	struct mkquote tpm;
	const char *attest;
	json_t *o;
	int rsa;

	for (rsa = 1; rsa >= 0; rsa--) {
		mkq_begin(&tpm, rsa);
		o = mkq_quote(&tpm, m, nonce, sizeof(nonce), &tenant->b);
		json_object_set_new(o, "namespaces", json_pack("[{sisisisssO}]",
			"id", 5, "slot", 1, "seq", 2, "salt", ACC, "list",
			json_object_get(o, "list")));
		attest = json_string_value(json_object_get(o, "attest"));
		raw.len = 0;
		put_sized(&raw, attest);
		put_sized(&raw, json_string_value(json_object_get(o, "signature")));
		put_sized(&raw, json_string_value(json_object_get(o, "public")));
		write_bytes("attest", rsa ? "rsa" : "ecc", raw.data, raw.len);
		key.len = 0;
		mkq_public(&tpm, &key);
		write_bytes(".", "key", key.data, key.len);
		raw.len = 0;
		base64_decode(attest, strlen(attest), &raw);
		write_bytes(".", "signed", raw.data, raw.len);
		write_json("quote", rsa ? "rsa" : "ecc", o);
		key.len = 0;
		mkq_pem(&tpm, &key);
		write_bytes("text", rsa ? "rsa" : "ecc", key.data, key.len);
		mkq_free(&tpm);
	}
	buf_free(&key);
	buf_free(&raw);
}

#define STATUS "id: 5\nuuid: u\nparent: 0\nuserns: 1\nlevel: 1\nstate: active\ncreated: 5\nlabel: x\nhash: sha256\ntemplate: ima-ng\nentries: 3\nviolations: 0\nbytes: 100\npending: 0\ntpm: none\npolicy: unknown\nacc: sha256:" ACC " 3\n"

int main(int argc, char **argv)
{
	static struct mkanchor m;
	struct mklist tenant;
	char *leaf;

	if (argc != 2)
		return 2;
	dir = argv[1];
	mk_begin(&tenant, "sha1");
	mk_file(&tenant, 10, 1, "boot_aggregate");
	mk_file(&tenant, 10, 2, "/bin/tenant");
	make_machine(&m, &tenant);
	write_json("bundle", "honest", mka_bundle(&m, &tenant, 5, 1, 2));
	leaf = mka_leaf_text(&m, 5, 1, tenant.entries, tenant.acc);
	write_bytes("text", "leaf", leaf, strlen(leaf));
	free(leaf);
	write_bytes("text", "status", STATUS, strlen(STATUS));
	write_bytes("text", "vpcr", "10 sha256:" ACC "\nacc sha256:" ACC " 3\n",
		    strlen("10 sha256:" ACC "\nacc sha256:" ACC " 3\n"));
	write_bytes("text", "reference", "# x\nsha256:" ACC " /bin/x\nverity:sha256:" ACC " /y\n",
		    strlen("# x\nsha256:" ACC " /bin/x\nverity:sha256:" ACC " /y\n"));
	write_quotes(&m, &tenant);
	write_lines("proof", "honest", "\4\2\1\2", 4, &m.l);
	mka_unregister(&m);
	mka_register(&m, 2, 0);
	mka_death(&m, 1, 5);
	mka_anchor(&m, "kexec");
	mka_shutdown(&m, "kexec");
	write_lines("records", "honest", "", 0, &m.l);
	mk_all_templates(&m.l, 10);
	mk_violation(&m.l, 10, "/x");
	write_bytes("list", "honest", m.l.b.data, m.l.b.len);
	write_bytes("list", "tenant", tenant.b.data, tenant.b.len);
	mka_free(&m);
	mk_free(&tenant);
	mk_begin(&tenant, "sha256");
	mk_all_templates(&tenant, 10);
	write_bytes("list", "sha256", tenant.b.data, tenant.b.len);
	mk_free(&tenant);
	return 0;
}
