// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "mkanchor.h"

#define BOOT_ID "01234567-89ab-cdef-0123-456789abcdef"

void mka_sha256(const void *data, size_t len, uint8_t *out)
{
	size_t n;

	if (!EVP_Q_digest(NULL, "sha256", NULL, data, len, out, &n))
		abort();
}

static const char *hex_of(const uint8_t *data, size_t len)
{
	static char text[4][160];
	static unsigned int turn;
	char *hex = text[turn++ % 4];
	size_t i;

	for (i = 0; i < len; i++)
		sprintf(hex + 2 * i, "%02x", data[i]);
	return hex;
}

void mka_begin(struct mkanchor *m)
{
	memset(m, 0, sizeof(*m));
	m->nbanks = 2;
	mk_begin(&m->l, "sha1");
	mk_file(&m->l, 10, 1, "boot_aggregate");
	mk_file(&m->l, 10, 2, "/sbin/init");
}

static void forget_records(struct mkanchor *m)
{
	size_t i, k;

	for (k = 0; k < 2; k++) {
		for (i = 0; i < m->records[k].n; i++)
			buf_free(&m->records[k].v[i]);
		m->records[k].n = 0;
	}
}

void mka_free(struct mkanchor *m)
{
	forget_records(m);
	mk_free(&m->l);
}

void mka_record(struct mkanchor *m, uint32_t pcr, const char *name,
		const char *text)
{
	size_t before = m->l.b.len;
	struct buf data = { 0 };

	mk_record_data(&data, name, text);
	mk_entry(&m->l, pcr, "ima-buf", &data, false);
	if (m->hide || m->hide_pcr == pcr)
		m->l.b.len = before;
	if (pcr == MKA_BOOT_PCR || pcr == MKA_ANCHOR_PCR) {
		struct mka_records *r = &m->records[pcr - MKA_BOOT_PCR];

		if (r->n == MKA_RECORDS_MAX)
			abort();
		r->v[r->n++] = data;
	} else {
		buf_free(&data);
	}
}

/* A new secret and what it hashes to. */
static void new_chain(struct mkanchor *m, size_t length)
{
	size_t i;

	memset(m->token[length], 0xe0 + m->seed++, 32);
	for (i = length; i-- > 0; )
		mka_sha256(m->token[i + 1], 32, m->token[i]);
	m->at = 0;
	m->length = length;
}

static void starts(const struct mkanchor *m, uint32_t pcr, char *out)
{
	size_t i;

	if (m->no_tpm) {
		strcpy(out, "none");
		return;
	}
	for (*out = '\0', i = 0; i < m->nbanks; i++)
		sprintf(out + strlen(out), "%s%s:%s", i ? "," : "",
			mk_bank_name[i],
			hex_of(m->l.pcr[pcr][i], mk_bank_size[i]));
}

static void print_register(struct mkanchor *m, const char *boot,
			   const char *anchor, const uint8_t *token)
{
	snprintf(m->reg, sizeof(m->reg), "boot_id=" BOOT_ID
		 " pcr_boot=%d pcr_anchor=%d start_boot=%s start_anchor=%s alive=%u chain=%zu token=%s",
		 MKA_BOOT_PCR, MKA_ANCHOR_PCR, boot, anchor, m->alive,
		 m->length, hex_of(token, 32));
}

void mka_register_text(struct mkanchor *m, size_t chain, unsigned int alive)
{
	char boot[512], anchor[512];

	forget_records(m);
	new_chain(m, chain);
	m->seq = 0;
	m->alive = alive;
	starts(m, MKA_BOOT_PCR, boot);
	starts(m, MKA_ANCHOR_PCR, anchor);
	print_register(m, boot, anchor, m->token[0]);
}

void mka_register(struct mkanchor *m, size_t chain, unsigned int alive)
{
	mka_register_text(m, chain, alive);
	mka_record(m, MKA_BOOT_PCR, "ima_ns_register", m->reg);
	mka_record(m, MKA_ANCHOR_PCR, "ima_ns_register", m->reg);
	mka_record(m, 10, "ima_ns_register", m->reg);
}

void mka_unregister(struct mkanchor *m)
{
	char *text = xstrdup(m->reg), *token = strstr(text, " token=") + 7;

	strcpy(token, hex_of(m->token[++m->at], 32));
	mka_record(m, MKA_BOOT_PCR, "ima_ns_unregister", text);
	mka_record(m, MKA_ANCHOR_PCR, "ima_ns_unregister", text);
	mka_record(m, 10, "ima_ns_unregister", text);
	free(text);
}

void mka_shutdown(struct mkanchor *m, const char *reason)
{
	char text[64];

	snprintf(text, sizeof(text), "reason=%s seq=%llu", reason,
		 (unsigned long long)m->seq);
	mka_record(m, 10, "ima_ns_shutdown", text);
}

void mka_boot(struct mkanchor *m, uint64_t id, bool late)
{
	char text[512];

	snprintf(text, sizeof(text),
		 "id=%llu uuid=" BOOT_ID " parent=0 userns=4026531837 owner=0 label=web%%20%llu by=parent hash=sha256 template=ima-ng policy=exec ca=none tpm=none exe=none kind=user%s",
		 (unsigned long long)id, (unsigned long long)id,
		 late ? " late=1" : "");
	mka_record(m, MKA_BOOT_PCR, "ima_ns_boot", text);
}

/* The end of namespace @id with @leaf; nobody's if @leaf is NULL. */
static void write_anchor(struct mkanchor *m, const char *reason,
			 const uint8_t *token, const uint8_t *next,
			 uint64_t id, const uint8_t *leaf)
{
	char text[1024];
	uint8_t root[32];
	int n;

	mka_root((const uint8_t (*)[32])m->leaf, m->n, root);
	n = snprintf(text, sizeof(text),
		     "seq=%llu n=%zu root=sha256:%s reason=%s token=%s",
		     (unsigned long long)++m->seq, m->n, hex_of(root, 32),
		     reason, hex_of(token, 32));
	if (next)
		n += snprintf(text + n, sizeof(text) - (size_t)n, " next=%s",
			      hex_of(next, 32));
	if (!strcmp(reason, "death"))
		snprintf(text + n, sizeof(text) - (size_t)n,
			 " id=%llu leaf=%s", (unsigned long long)id,
			 hex_of(leaf ? leaf : root, 32));
	mka_record(m, MKA_ANCHOR_PCR, "ima_ns_anchor", text);
}

static void make_anchor(struct mkanchor *m, const char *reason, uint64_t id,
			const uint8_t *leaf)
{
	uint8_t token[32];

	memcpy(token, m->token[++m->at], 32);
	if (m->at < m->length) {
		write_anchor(m, reason, token, NULL, id, leaf);
		return;
	}
	new_chain(m, m->length);
	write_anchor(m, reason, token, m->token[0], id, leaf);
}

void mka_anchor(struct mkanchor *m, const char *reason)
{
	make_anchor(m, reason, 77, NULL);
}

void mka_death(struct mkanchor *m, size_t slot, uint64_t id)
{
	uint8_t leaf[32];

	memcpy(leaf, m->leaf[slot], 32);
	mka_sha256("\2", 1, m->leaf[slot]);
	make_anchor(m, "death", id, leaf);
}

void mka_forge(struct mkanchor *m, const uint8_t *token)
{
	write_anchor(m, "interval", token ? token : m->token[m->at], NULL, 0,
		     NULL);
}

void mka_salt(uint64_t id, uint8_t *out)
{
	memset(out, (int)(0x50 + id), 32);
}

void mka_set_leaf(struct mkanchor *m, size_t slot, uint64_t id, uint64_t seq,
		  const uint8_t *acc)
{
	uint8_t data[1 + 8 + 8 + 32 + 32] = { 0 };
	size_t i;

	for (i = 0; i < 8; i++) {
		data[1 + i] = (uint8_t)(id >> 8 * i);
		data[9 + i] = (uint8_t)(seq >> 8 * i);
	}
	mka_salt(id, data + 17);
	memcpy(data + 49, acc, 32);
	for (; m->n <= slot; m->n++)
		mka_sha256("\2", 1, m->leaf[m->n]);
	mka_sha256(data, sizeof(data), m->leaf[slot]);
}

/* As the RFC writes it down, by recursion. */
void mka_root(const uint8_t (*leaf)[32], size_t n, uint8_t *out)
{
	uint8_t both[65] = { 1 };
	size_t k = 1;

	if (n < 2) {
		if (n)
			memcpy(out, leaf[0], 32);
		else
			mka_sha256("", 0, out);
		return;
	}
	while (2 * k < n)
		k *= 2;
	mka_root(leaf, k, both + 1);
	mka_root(leaf + k, n - k, both + 33);
	mka_sha256(both, sizeof(both), out);
}

static void add_path(const uint8_t (*leaf)[32], size_t n, size_t index,
		     json_t *path)
{
	uint8_t sibling[32];
	size_t k = 1;

	if (n < 2)
		return;
	while (2 * k < n)
		k *= 2;
	if (index < k) {
		add_path(leaf, k, index, path);
		mka_root(leaf + k, n - k, sibling);
	} else {
		add_path(leaf + k, n - k, index - k, path);
		mka_root(leaf, k, sibling);
	}
	json_array_append_new(path, mka_json_hex(sibling, 32));
}

json_t *mka_json_hex(const uint8_t *data, size_t len)
{
	return json_string(hex_of(data, len));
}

json_t *mka_json_base64(const void *data, size_t len)
{
	unsigned char *text = xmalloc(len / 3 * 4 + 5);
	json_t *j;

	EVP_EncodeBlock(text, data, (int)len);
	j = json_string((char *)text);
	free(text);
	return j;
}

char *mka_leaf_text(const struct mkanchor *m, uint64_t id, size_t slot,
		    uint64_t seq, const uint8_t *acc)
{
	json_t *path = json_array(), *hash;
	struct buf b = { 0 };
	uint8_t salt[32], root[32];
	char line[256];
	size_t i;

	add_path((const uint8_t (*)[32])m->leaf, m->n, slot, path);
	mka_salt(id, salt);
	mka_root((const uint8_t (*)[32])m->leaf, m->n, root);
	snprintf(line, sizeof(line), "id: %llu\nseq: %llu\nsalt: %s\n",
		 (unsigned long long)id, (unsigned long long)seq,
		 hex_of(salt, 32));
	buf_add(&b, line, strlen(line));
	snprintf(line, sizeof(line), "acc: sha256:%s\nanchor: %llu\n",
		 hex_of(acc, 32), (unsigned long long)m->seq);
	buf_add(&b, line, strlen(line));
	snprintf(line, sizeof(line), "root: sha256:%s\nn: %zu\nslot: %zu\n",
		 hex_of(root, 32), m->n, slot);
	buf_add(&b, line, strlen(line));
	json_array_foreach(path, i, hash) {
		snprintf(line, sizeof(line), "path: %s\n",
			 json_string_value(hash));
		buf_add(&b, line, strlen(line));
	}
	json_decref(path);
	return (char *)b.data;
}

static json_t *records_json(const struct mka_records *r, size_t nbanks,
			    size_t clear)
{
	json_t *array = json_array(), *digests;
	uint8_t d[64];
	size_t i, k, n;

	for (i = 0; i < r->n; i++) {
		const struct buf *b = &r->v[i];

		/* What begins a new chain must be seen. */
		if (!i || i == clear ||
		    memmem(b->data, b->len, " next=", 6)) {
			json_array_append_new(array,
					      mka_json_base64(b->data, b->len));
			continue;
		}
		digests = json_array();
		for (k = 0; k < nbanks; k++) {
			if (!EVP_Q_digest(NULL, mk_bank_name[k], NULL,
					  b->data, b->len, d, &n))
				abort();
			json_array_append_new(digests, mka_json_hex(d, n));
		}
		json_array_append_new(array, digests);
	}
	return array;
}

json_t *mka_bundle(const struct mkanchor *m, const struct mklist *list,
		   uint64_t id, size_t slot, size_t boot)
{
	json_t *path = json_array(), *pcrs = json_array();
	json_t *banks = json_array(), *o;
	uint8_t salt[32];
	uint32_t pcr;
	size_t k;

	add_path((const uint8_t (*)[32])m->leaf, m->n, slot, path);
	mka_salt(id, salt);
	for (pcr = MKA_BOOT_PCR; pcr <= MKA_ANCHOR_PCR; pcr++)
		for (k = 0; k < m->nbanks; k++)
			json_array_append_new(pcrs, json_pack("{si ss so}",
				"pcr", (int)pcr, "bank", mk_bank_name[k],
				"value", mka_json_hex(m->l.pcr[pcr][k],
						      mk_bank_size[k])));
	for (k = 0; k < m->nbanks; k++)
		json_array_append_new(banks, json_string(mk_bank_name[k]));
	o = json_pack("{ss si sI sI so sI sI so so so}",
		      "format", "ima-ns-proof", "version", 1,
		      "id", (json_int_t)id, "seq", (json_int_t)list->entries,
		      "salt", mka_json_hex(salt, 32),
		      "index", (json_int_t)slot, "n", (json_int_t)m->n,
		      "path", path,
		      "list", mka_json_base64(list->b.data, list->b.len),
		      "banks", banks);
	json_object_set_new(o, "pcr_boot",
			    records_json(&m->records[0], m->nbanks, boot));
	json_object_set_new(o, "pcr_anchor",
			    records_json(&m->records[1], m->nbanks,
					 m->records[1].n - 1));
	json_object_set_new(o, "pcrs", pcrs);
	json_object_set_new(o, "quote", json_null());
	if (!o)
		abort();
	return o;
}
