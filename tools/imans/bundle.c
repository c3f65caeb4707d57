// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include "bundle.h"
#include "json_take.h"

#define FORMAT_MEMBERS "format", "version", "id"
#define TENANT_MEMBERS "seq", "salt", "list"
#define PATH_MEMBERS "index", "n", "path"
#define HOST_MEMBERS "banks", "pcr_boot", "pcr_anchor", "pcrs", "quote"

static const char *const members[] = {
	FORMAT_MEMBERS, TENANT_MEMBERS, PATH_MEMBERS, HOST_MEMBERS, NULL,
};

static const char *const dead_members[] = {
	FORMAT_MEMBERS, TENANT_MEMBERS, "dead", HOST_MEMBERS, NULL,
};

static const char *const tenant_members[] = {
	FORMAT_MEMBERS, TENANT_MEMBERS, PATH_MEMBERS, "anchor", NULL,
};

static const char *const dead_tenant_members[] = {
	FORMAT_MEMBERS, TENANT_MEMBERS, "dead", NULL,
};

static const char *const host_members[] = {
	FORMAT_MEMBERS, HOST_MEMBERS, NULL,
};

/* All of these return NULL or a reason, to be freed. */

static char *take_path(struct bundle *b, const json_t *array)
{
	size_t i, n = json_array_size(array);

	if (!json_is_array(array) || n > MERKLE_PATH_MAX)
		return xasprintf("\"path\" is no array of at most %d hashes",
				 MERKLE_PATH_MAX);
	b->path = xcalloc(n, sizeof(*b->path));
	for (i = 0; i < n; i++)
		if (!take_hex(json_array_get(array, i), b->path[i],
			      MERKLE_SIZE))
			return xasprintf("element %zu of \"path\" is not 64 hex digits",
					 i + 1);
	b->npath = n;
	return NULL;
}

static char *take_banks(struct bundle *b, const json_t *array)
{
	size_t i, n = json_array_size(array);

	if (!json_is_array(array) || n > ANCHOR_BANKS_MAX)
		return xasprintf("\"banks\" is no array of at most %d banks",
				 ANCHOR_BANKS_MAX);
	for (i = 0; i < n; i++) {
		const char *name = json_string_value(json_array_get(array, i));

		b->bank[i] = name ? hash_bank_by_name(name) : NULL;
		if (!b->bank[i])
			return xasprintf("element %zu of \"banks\" is no PCR bank",
					 i + 1);
	}
	b->nbanks = n;
	return NULL;
}

/* The template data as an entry of a list, which it must be. */
static char *take_clear(struct bundle_record *r, const struct buf *data)
{
	static const char tmpl[] = "ima-buf";
	const struct hash_alg *sha1 = hash_by_name("sha1");
	struct hash_part part = { data->data, data->len };
	struct list_reader reader = { .hash = sha1 };
	uint8_t digest[HASH_MAX_SIZE], le[4] = { 0 };
	struct list_entry e;

	r->clear = true;
	if (data->len > UINT32_MAX)
		return xstrdup("a record is too long");
	hash_parts(sha1, &part, 1, digest);
	buf_add(&r->entry, le, 4);
	buf_add(&r->entry, digest, sha1->size);
	put_le32(le, sizeof(tmpl) - 1);
	buf_add(&r->entry, le, 4);
	buf_add(&r->entry, tmpl, sizeof(tmpl) - 1);
	put_le32(le, (uint32_t)data->len);
	buf_add(&r->entry, le, 4);
	buf_add(&r->entry, data->data, data->len);
	reader.data = r->entry.data;
	reader.len = r->entry.len;
	if (list_next(&reader, &e) != LIST_ENTRY)
		return xasprintf("not template data of ima-buf: %s",
				 reader.error);
	return NULL;
}

void bundle_entry(const struct bundle_record *r, struct list_entry *e)
{
	struct list_reader reader = {
		.data = r->entry.data, .len = r->entry.len,
		.hash = hash_by_name("sha1"),
	};

	/* It was read before. */
	if (list_next(&reader, e) != LIST_ENTRY)
		abort();
}

static char *take_record(const struct bundle *b, struct bundle_record *r,
			 const json_t *j)
{
	uint8_t digest[HASH_MAX_SIZE];
	struct buf data = { 0 };
	char *why;
	size_t i;

	if (json_is_string(j)) {
		why = take_base64(j, &data) ? take_clear(r, &data) :
					      xstrdup("not base64");
		buf_free(&data);
		return why;
	}
	if (!json_is_array(j) || json_array_size(j) != b->nbanks)
		return xstrdup("neither base64 nor a digest for each bank");
	for (i = 0; i < b->nbanks; i++) {
		if (!take_hex(json_array_get(j, i), digest, b->bank[i]->size))
			return xasprintf("not a digest of bank %s in hex",
					 b->bank[i]->name);
		buf_add(&r->entry, digest, b->bank[i]->size);
	}
	return NULL;
}

static char *take_records(const struct bundle *b, struct bundle_records *out,
			  const json_t *root, const char *key)
{
	const json_t *array = json_object_get(root, key);
	size_t i, n = json_array_size(array);

	if (!json_is_array(array) || !n)
		return xasprintf("\"%s\" is no array of records", key);
	out->v = xcalloc(n, sizeof(*out->v));
	out->n = n;
	for (i = 0; i < n; i++) {
		char *why = take_record(b, &out->v[i],
					json_array_get(array, i)), *text;

		if (!why)
			continue;
		text = xasprintf("record %zu of \"%s\": %s", i + 1, key, why);
		free(why);
		return text;
	}
	return NULL;
}

/* What the tenant has. */
static char *take_tenant(struct bundle *b, const json_t *root)
{
	char *why;

	if ((why = take_number(root, "id", &b->id)) ||
	    (why = take_number(root, "seq", &b->seq)))
		return why;
	if (!b->id)
		return xstrdup("\"id\" is 0, which is no tenant");
	if (!take_hex(json_object_get(root, "salt"), b->salt, 32))
		return xstrdup("\"salt\" is not 64 hex digits");
	if (!take_base64(json_object_get(root, "list"), &b->list))
		return xstrdup("\"list\" is not base64");
	if (b->dead)
		return json_is_true(json_object_get(root, "dead")) ? NULL :
			xstrdup("\"dead\" is not true");
	if ((why = take_number(root, "index", &b->index)) ||
	    (why = take_number(root, "n", &b->n)))
		return why;
	return take_path(b, json_object_get(root, "path"));
}

/* What the machine has. */
static char *take_host(struct bundle *b, const json_t *root)
{
	const json_t *quote = json_object_get(root, "quote");
	char *why, *text;

	if ((why = take_banks(b, json_object_get(root, "banks"))) ||
	    (why = take_records(b, &b->boot, root, "pcr_boot")) ||
	    (why = take_records(b, &b->anchor, root, "pcr_anchor")) ||
	    (why = take_pcrs(root, "bundle", &b->pcrs)))
		return why;
	b->has_quote = !json_is_null(quote);
	if (!b->has_quote || quote_parse(&b->quote, quote, &why))
		return NULL;
	text = xasprintf("\"quote\": %s", why);
	free(why);
	return text;
}

static char *take_all(struct bundle *b, const json_t *root)
{
	char *why;

	b->dead = json_object_get(root, "dead");
	if ((why = take_format(root, BUNDLE_FORMAT, BUNDLE_VERSION)) ||
	    (why = take_members(root, b->dead ? dead_members : members)) ||
	    (why = take_tenant(b, root)))
		return why;
	return take_host(b, root);
}

/* The host's part may have been made for another namespace. */
static char *take_parts(struct bundle *b, const json_t *tenant,
			const json_t *host)
{
	uint64_t id;
	char *why, *text;

	b->dead = json_object_get(tenant, "dead");
	if ((why = take_members(tenant, b->dead ? dead_tenant_members :
						  tenant_members)) ||
	    (why = take_tenant(b, tenant)))
		return why;
	if ((why = take_format(host, BUNDLE_HOST_FORMAT, BUNDLE_VERSION)) ||
	    (why = take_members(host, host_members)) ||
	    (why = take_number(host, "id", &id)) ||
	    (why = take_host(b, host))) {
		text = xasprintf("the host's part: %s", why);
		free(why);
		return text;
	}
	if (id != b->id)
		return xasprintf("the host's part is for namespace %llu, not %llu",
				 (unsigned long long)id,
				 (unsigned long long)b->id);
	return NULL;
}

char *bundle_parse_tenant(const struct buf *text, uint64_t *id,
			  uint64_t *anchor)
{
	struct bundle b = { 0 };
	char *why = NULL;
	json_t *root = take_json((const char *)text->data, text->len, &why);

	*anchor = 0;
	b.dead = json_object_get(root, "dead");
	if (root && !(why = take_format(root, BUNDLE_TENANT_FORMAT,
					BUNDLE_VERSION)) &&
	    !(why = take_members(root, b.dead ? dead_tenant_members :
						tenant_members)) &&
	    !(why = take_tenant(&b, root)) && !b.dead &&
	    !(why = take_number(root, "anchor", anchor)) && !*anchor)
		why = xstrdup("\"anchor\" is 0, which is none");
	*id = b.id;
	bundle_free(&b);
	json_decref(root);
	return why;
}

static bool is_tenants_part(const json_t *root)
{
	const char *format = json_string_value(json_object_get(root, "format"));

	return format && !strcmp(format, BUNDLE_TENANT_FORMAT);
}

bool bundle_parse(struct bundle *b, const char *text, size_t len, char **why)
{
	json_t *root = take_json(text, len, why);

	memset(b, 0, sizeof(*b));
	if (!root)
		return false;
	*why = is_tenants_part(root) ?
		xstrdup("this is the tenant's part alone: the records of pcr_boot and pcr_anchor and their values are missing, which the host has (imans proof --for, verify --host-part)") :
		take_all(b, root);
	json_decref(root);
	return !*why;
}

bool bundle_parse_parts(struct bundle *b, const struct buf *tenant,
			const struct buf *host, char **why)
{
	json_t *t, *h = NULL;
	char *text;

	memset(b, 0, sizeof(*b));
	t = take_json((const char *)tenant->data, tenant->len, why);
	if (t && !(*why = take_format(t, BUNDLE_TENANT_FORMAT,
				      BUNDLE_VERSION))) {
		h = take_json((const char *)host->data, host->len, why);
		if (h) {
			*why = take_parts(b, t, h);
		} else {
			text = xasprintf("the host's part: %s", *why);
			free(*why);
			*why = text;
		}
	}
	json_decref(t);
	json_decref(h);
	return !*why;
}

static void free_records(struct bundle_records *r)
{
	size_t i;

	for (i = 0; i < r->n; i++)
		buf_free(&r->v[i].entry);
	free(r->v);
}

void bundle_free(struct bundle *b)
{
	free(b->path);
	buf_free(&b->list);
	free_records(&b->boot);
	free_records(&b->anchor);
	pcr_set_free(&b->pcrs);
	quote_free(&b->quote);
	memset(b, 0, sizeof(*b));
}
