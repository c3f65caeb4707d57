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
	json_finish(root, JSON_INDENT(2));
}

static bool read_bundle(const char *path, struct bundle *b)
{
	struct buf text = { 0 };
	char *why = NULL;
	bool ok;

	if (read_file(path, &text)) {
		msg_errno("%s", path);
		buf_free(&text);
		return false;
	}
	ok = bundle_parse(b, (const char *)text.data, text.len, &why);
	if (!ok)
		msg("%s: malformed bundle: %s", path, why);
	free(why);
	buf_free(&text);
	return ok;
}

/* The bundle's own values, and those from elsewhere. */
static bool gather(const struct bundle *b, struct sources *src,
		   struct pcr_set *set)
{
	size_t i;

	if (!sources_gather(src, ~0ull, ~0ull, set))
		return false;
	for (i = 0; i < b->pcrs.n; i++)
		pcr_set_add(set, b->pcrs.v[i].pcr, b->pcrs.v[i].bank,
			    b->pcrs.v[i].value, b->pcrs.v[i].source);
	return true;
}

int verify_proof(const char *path, struct sources *src,
		 const struct proof_request *rq, bool json)
{
	struct pcr_set set = { 0 };
	struct bundle b = { 0 };
	struct proof p = { 0 };
	int rc = IMANS_ERROR;

	if (!read_bundle(path, &b) || !gather(&b, src, &set) ||
	    !proof_judge(&p, &b, &set, rq))
		goto out_free;
	if (!sources_are_there(src))
		texts_add(&p.notes, "the PCR values are what the bundle says: compare them with a quote");
	if (!rq->reg)
		texts_add(&p.notes, "the register record is believed: all that ran before it is");
	if (json)
		print_json(&p, &b, &set);
	else
		print_text(&p, &b, &set);
	rc = p.problems.n ? IMANS_FAILED : IMANS_OK;
out_free:
	proof_free(&p);
	bundle_free(&b);
	pcr_set_free(&set);
	return rc;
}
