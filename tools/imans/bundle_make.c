// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include "bundle.h"
#include "bundle_make.h"
#include "json_take.h"
#include "quote_make.h"

#define SHA1_SIZE 20

/* Entries from a registration's first on, up to where the next one begins. */
static bool is_within(const struct anchor *a,
		      const struct anchor_registration *r, size_t entry)
{
	const struct anchor_registration *next = r + 1;

	return entry >= r->entry &&
	       (next == a->registration + a->nregistrations ||
		entry < next->entry);
}

static const struct anchor_mark *find_mark(const struct anchor *a,
					   const struct anchor_registration *r,
					   uint64_t seq)
{
	size_t i;

	for (i = 0; i < a->nmarks; i++)
		if (a->mark[i].seq == seq && is_within(a, r, a->mark[i].entry))
			return &a->mark[i];
	return NULL;
}

static const struct anchor_mark *find_end(const struct anchor *a, uint64_t id)
{
	size_t i;

	for (i = a->nmarks; i-- > 0; )
		if (a->mark[i].has_leaf && a->mark[i].id == id)
			return &a->mark[i];
	return NULL;
}

static const struct anchor_registration *
registration_of(const struct anchor *a, size_t entry)
{
	size_t i;

	for (i = 0; i < a->nregistrations; i++)
		if (is_within(a, &a->registration[i], entry))
			return &a->registration[i];
	return NULL;
}

static const struct anchor_boot *find_boot(const struct anchor *a,
					   const struct anchor_registration *r,
					   uint64_t id)
{
	size_t i;

	for (i = 0; i < a->nboots; i++)
		if (a->boot[i].id == id && is_within(a, r, a->boot[i].entry))
			return &a->boot[i];
	return NULL;
}

char *host_part_read(struct host_part *h, uint64_t id, uint64_t seq)
{
	unsigned long long n = id;
	struct anchor *a = &h->anchor;

	if (!anchor_read(a, &h->list))
		return xstrdup("the host's list is malformed");
	if (!a->nregistrations)
		return xstrdup("there is no ima_ns_register in the host's list: nothing is anchored");
	if (seq) {
		h->reg = &a->registration[a->nregistrations - 1];
		h->mark = find_mark(a, h->reg, seq);
		if (!h->mark)
			return xasprintf("the host's list has no good anchor with seq %llu",
					 (unsigned long long)seq);
		h->later = h->reg->last.seq - seq;
	} else {
		h->mark = find_end(a, id);
		if (!h->mark)
			return xasprintf("no anchor in the host's list tells the end of namespace %llu",
					 n);
		h->reg = registration_of(a, h->mark->entry);
	}
	h->own = find_boot(a, h->reg, id);
	if (!h->own)
		return xasprintf("the host's list has no boot record of namespace %llu: it has executed nothing while it was anchored",
				 n);
	return NULL;
}

void host_part_free(struct host_part *h)
{
	anchor_free(&h->anchor);
	buf_free(&h->list);
	pcr_set_free(&h->pcrs);
	quote_free(&h->quote);
	memset(h, 0, sizeof(*h));
}

uint32_t host_part_pcrs(const struct buf *list, uint64_t ended)
{
	const struct anchor_registration *r = NULL;
	const struct anchor_mark *end;
	uint32_t pcrs = 0;
	struct anchor a;

	if (anchor_read(&a, list) && a.nregistrations) {
		end = ended ? find_end(&a, ended) : NULL;
		r = end ? registration_of(&a, end->entry) :
			  &a.registration[a.nregistrations - 1];
	}
	if (r)
		pcrs = 1u << r->reg.pcr_boot | 1u << r->reg.pcr_anchor;
	anchor_free(&a);
	return pcrs;
}

static void put_leaf(json_t *o, const char *format, const struct leaf *l,
		     const struct buf *list)
{
	json_put(o, "format", json_string(format));
	json_put(o, "version", json_integer(BUNDLE_VERSION));
	json_put(o, "id", json_integer((json_int_t)l->id));
	json_put(o, "seq", json_integer((json_int_t)l->seq));
	json_put_hex(o, "salt", l->salt, sizeof(l->salt));
	json_put_base64(o, "list", list->data, list->len);
}

json_t *bundle_tenant_json(const struct leaf *l, const struct buf *list)
{
	json_t *o = json_check(json_object());
	json_t *path = json_check(json_array());
	char hex[2 * MERKLE_SIZE + 1];
	size_t i;

	put_leaf(o, BUNDLE_TENANT_FORMAT, l, list);
	json_put(o, "index", json_integer((json_int_t)l->slot));
	json_put(o, "n", json_integer((json_int_t)l->n));
	for (i = 0; i < l->npath; i++) {
		hex_encode(l->path[i], MERKLE_SIZE, hex);
		json_push(path, json_string(hex));
	}
	json_put(o, "path", path);
	json_put(o, "anchor", json_integer((json_int_t)l->anchor));
	return o;
}

json_t *bundle_dead_json(const struct leaf *l, const struct buf *list)
{
	json_t *o = json_check(json_object());

	put_leaf(o, BUNDLE_TENANT_FORMAT, l, list);
	json_put(o, "dead", json_true());
	return o;
}

/*
 * Was that bank extended with padded SHA-1 digests? Its value says so, if
 * there is one, else it is what Linux 6.12 does.
 */
static bool is_padded(const struct host_part *h, uint32_t pcr,
		      const struct hash_alg *bank)
{
	size_t i;

	for (i = 0; i < h->pcrs.n; i++) {
		const struct pcr_value *v = &h->pcrs.v[i];

		if (v->pcr == pcr && v->bank == bank)
			return anchor_pcr_compare(&h->anchor.pcr[pcr], v) ==
			       ANCHOR_MATCH_PADDED;
	}
	return !bank->kernel_bank;
}

static void put_banks(json_t *o, const struct anchor_register *reg)
{
	json_t *array = json_check(json_array());
	size_t i;

	for (i = 0; i < reg->nbanks; i++)
		json_push(array, json_string(reg->start[i].bank->name));
	json_put(o, "banks", array);
}

/* What each bank was extended with. */
static json_t *digests_json(const struct host_part *h,
			    const struct list_entry *e)
{
	json_t *array = json_check(json_array());
	size_t i;

	for (i = 0; i < h->reg->reg.nbanks; i++) {
		const struct hash_alg *bank = h->reg->reg.start[i].bank;
		bool padded = is_padded(h, e->pcr, bank);
		uint8_t d[HASH_MAX_SIZE] = { 0 };
		char hex[2 * HASH_MAX_SIZE + 1];

		if (e->violation)
			memset(d, 0xff, padded && !bank->kernel_bank ?
					SHA1_SIZE : bank->size);
		else
			list_entry_digest(e, padded ? hash_by_name("sha1") :
						      bank, d);
		hex_encode(d, bank->size, hex);
		json_push(array, json_string(hex));
	}
	return array;
}

/* They are in the order of the list. */
static int compare_marks(const void *a, const void *b)
{
	const struct anchor_mark *x = a, *y = b;

	return (x->entry > y->entry) - (x->entry < y->entry);
}

/*
 * A record begins a chain: whoever counts the tokens has to see it, up to the
 * anchor that counts.
 */
static bool is_in_clear(const struct host_part *h, const struct list_entry *e,
			bool first)
{
	const struct anchor_mark key = { .entry = e->index }, *m;

	if (first || e->index == h->own->entry || e->index == h->mark->entry)
		return true;
	m = h->anchor.nmarks ? bsearch(&key, h->anchor.mark, h->anchor.nmarks,
				       sizeof(key), compare_marks) : NULL;
	return m && m->has_next && m->entry < h->mark->entry;
}

static json_t *record_json(const struct host_part *h,
			   const struct list_entry *e, bool first)
{
	if (e->violation || !is_in_clear(h, e, first))
		return digests_json(h, e);
	return json_base64(e->data, e->data_len);
}

static void put_records(json_t *o, const char *key, const struct host_part *h,
			uint32_t pcr)
{
	json_t *array = json_check(json_array());
	struct list_reader r;
	struct list_entry e;

	list_begin(&r, h->list.data, h->list.len);
	/* It was read before. */
	while (list_next(&r, &e) == LIST_ENTRY)
		if (e.pcr == pcr && e.index >= h->reg->entry)
			json_push(array, record_json(h, &e,
						     !json_array_size(array)));
	json_put(o, key, array);
}

json_t *bundle_host_json(uint64_t id, const struct host_part *h)
{
	const struct anchor_register *reg = &h->reg->reg;
	json_t *o = json_check(json_object());

	json_put(o, "format", json_string(BUNDLE_HOST_FORMAT));
	json_put(o, "version", json_integer(BUNDLE_VERSION));
	json_put(o, "id", json_integer((json_int_t)id));
	put_banks(o, reg);
	put_records(o, "pcr_boot", h, reg->pcr_boot);
	put_records(o, "pcr_anchor", h, reg->pcr_anchor);
	pcr_set_put_json(o, &h->pcrs);
	json_put(o, "quote", h->has_quote ? quote_to_json(&h->quote) :
					    json_null());
	return o;
}

json_t *bundle_join(json_t *tenant, json_t *host)
{
	json_object_del(tenant, "anchor");
	json_object_update(tenant, host);
	json_decref(host);
	json_put(tenant, "format", json_string(BUNDLE_FORMAT));
	return tenant;
}
