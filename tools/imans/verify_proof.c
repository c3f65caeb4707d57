// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>

#include "json.h"
#include "verify_anchor.h"
#include "verify_proof.h"

static void print_hash(const char *what, const uint8_t *hash)
{
	printf("%s sha256:", what);
	hex_print(stdout, hash, 32);
	putchar('\n');
}

static void print_text(const struct proof *p, const struct bundle *b,
		       const struct pcr_set *set)
{
	if (p->has_reg) {
		printf("registered: boot_id %s, pcr_boot %u, pcr_anchor %u\n",
		       p->reg.boot_id, p->reg.pcr_boot, p->reg.pcr_anchor);
		print_hash("register record:", p->reg_digest);
	}
	if (p->has_own)
		anchor_boot_print(&p->own);
	printf("list: %llu entries, the leaf covers %llu\n",
	       (unsigned long long)p->entries, (unsigned long long)b->seq);
	print_hash("acc:", p->acc);
	print_hash("leaf:", p->leaf);
	if (p->has_mark) {
		printf("anchor: seq %llu, %llu slots, %s\n",
		       (unsigned long long)p->mark.seq,
		       (unsigned long long)p->mark.n, p->mark.reason);
		print_hash("root:", p->mark.root);
	}
	anchor_pcr_print(&p->boot, set);
	anchor_pcr_print(&p->anchor, set);
	if (b->has_quote)
		quote_print(&b->quote);
	texts_print("note:", &p->notes);
	texts_print("NOT verified:", &p->problems);
	if (!p->problems.n)
		printf("verified\n");
}

static json_t *json_hash(const uint8_t *hash)
{
	char hex[2 * 32 + 1];

	hex_encode(hash, 32, hex);
	return json_check(json_string(hex));
}

static void print_json(const struct proof *p, const struct bundle *b,
		       const struct pcr_set *set)
{
	json_t *root = json_check(json_object());
	json_t *pcrs = json_check(json_array());

	json_put(root, "verified", json_boolean(!p->problems.n));
	json_put(root, "reasons", texts_json(&p->problems));
	json_put(root, "notes", texts_json(&p->notes));
	json_put(root, "id", json_integer((json_int_t)b->id));
	json_put(root, "seq", json_integer((json_int_t)b->seq));
	json_put(root, "entries", json_integer((json_int_t)p->entries));
	json_put(root, "acc", json_hash(p->acc));
	json_put(root, "leaf", json_hash(p->leaf));
	json_put(root, "boot_id", p->has_reg ? json_string(p->reg.boot_id) :
					       json_null());
	json_put(root, "register", p->has_reg ? json_hash(p->reg_digest) :
						json_null());
	json_put(root, "boot", p->has_own ? anchor_boot_json(&p->own) :
					    json_null());
	json_put(root, "anchor_seq", p->has_mark ?
		 json_integer((json_int_t)p->mark.seq) : json_null());
	json_put(root, "root", p->has_mark ? json_hash(p->mark.root) :
					     json_null());
	anchor_pcr_json(&p->boot, set, pcrs);
	anchor_pcr_json(&p->anchor, set, pcrs);
	json_put(root, "pcrs", pcrs);
	json_put(root, "quote", b->has_quote ? quote_json(&b->quote) :
					       json_null());
	json_finish(root, JSON_INDENT(2));
}

static bool read_input(const char *path, struct buf *text)
{
	if (!read_file(path, text))
		return true;
	msg_errno("%s", path);
	return false;
}

static bool read_bundle(const struct bundle_files *f, struct bundle *b)
{
	struct buf text = { 0 }, host = { 0 };
	char *why = NULL;
	bool good = false;

	if (!read_input(f->bundle, &text) ||
	    (f->host && !read_input(f->host, &host)))
		goto out_free;
	good = f->host ? bundle_parse_parts(b, &text, &host, &why) :
	       bundle_parse(b, (const char *)text.data, text.len, &why);
	if (!good)
		msg("%s: malformed bundle: %s", f->bundle, why);
	free(why);
out_free:
	buf_free(&text);
	buf_free(&host);
	return good;
}

static void add_values(struct pcr_set *set, const struct pcr_set *more)
{
	size_t i;

	for (i = 0; i < more->n; i++)
		pcr_set_add(set, more->v[i].pcr, more->v[i].bank,
			    more->v[i].value, more->v[i].source);
}

/*
 * Values from elsewhere, and those that are signed or, if nothing is, those
 * that the bundle claims.
 */
static bool gather(const struct bundle *b, struct sources *src, bool is_signed,
		   struct pcr_set *set)
{
	if (!sources_gather(src, ~0ull, ~0ull, set))
		return false;
	add_values(set, is_signed ? &b->quote.pcrs : &b->pcrs);
	return true;
}

/* What was asked of the quote in the bundle. */
static void judge_quote(struct proof *p, const struct bundle *b,
			const struct quote_request *ask)
{
	if (!ask->key && b->has_quote)
		texts_add(&p->notes, "the bundle has a quote, which is not judged without --nonce and --ak");
	else if (ask->key && !b->has_quote)
		texts_add(&p->problems, "the bundle has no quote");
	else if (ask->key)
		quote_judge(&b->quote, ask, &p->problems, &p->notes);
}

int verify_proof(const struct bundle_files *f, struct sources *src,
		 const struct proof_request *rq, bool json)
{
	struct quote_request ask = { 0 };
	struct quote_key key = { 0 };
	struct pcr_set set = { 0 };
	struct bundle b = { 0 };
	struct proof p = { 0 };
	int rc = IMANS_ERROR;

	if (f->quote.ak && !quote_files_read(&f->quote, &ask, &key))
		goto out_free;
	if (!read_bundle(f, &b) ||
	    !gather(&b, src, ask.key && b.has_quote, &set) ||
	    !proof_judge(&p, &b, &set, rq))
		goto out_free;
	judge_quote(&p, &b, &ask);
	if (!sources_are_there(src) && !ask.key)
		texts_add(&p.notes, "the PCR values are what the bundle says: compare them with a quote");
	if (!rq->reg)
		texts_add(&p.notes, "the register record is believed: all that ran before it is");
	if (json)
		print_json(&p, &b, &set);
	else
		print_text(&p, &b, &set);
	rc = p.problems.n ? IMANS_FAILED : IMANS_OK;
out_free:
	quote_key_free(&key);
	proof_free(&p);
	bundle_free(&b);
	pcr_set_free(&set);
	return rc;
}
