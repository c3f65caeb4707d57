// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "list.h"
#include "util.h"

/* IMA_EVENT_NAME_LEN_MAX of the kernel: limit of the name in template "ima". */
#define BARE_NAME_MAX 255

static enum list_status __attribute__((format(printf, 4, 5)))
fail(struct list_reader *r, enum list_status st, size_t offset,
     const char *fmt, ...)
{
	va_list ap;
	int n;

	n = snprintf(r->error, sizeof(r->error), "entry %zu, byte %zu: ",
		     r->index + 1, offset);
	va_start(ap, fmt);
	vsnprintf(r->error + n, sizeof(r->error) - (size_t)n, fmt, ap);
	va_end(ap);
	return st;
}

/*
 * A length field and what it announces; @pos moves behind both. @data: the
 * template data they are in, NULL if only the list's end limits them.
 */
static enum list_status take(struct list_reader *r, size_t *pos,
			     const struct list_field *data, const char *what,
			     struct list_field *out)
{
	size_t end = data ? (size_t)(data->data - r->data) + data->len : r->len;
	enum list_status st = data ? LIST_BAD : LIST_SHORT;
	size_t len;

	if (end - *pos < 4)
		return fail(r, st, *pos, "no room for the length of %s", what);
	len = get_le32(r->data + *pos);
	if (len > end - *pos - 4)
		return fail(r, st, *pos,
			    "%s of %zu bytes, but only %zu are left%s", what,
			    len, end - *pos - 4,
			    data ? " in the template data" : "");
	out->data = r->data + *pos + 4;
	out->len = len;
	*pos += 4 + len;
	return LIST_ENTRY;
}

static size_t count_of(const struct list_field *f, uint8_t c)
{
	size_t i, n = 0;

	for (i = 0; i < f->len; i++)
		n += f->data[i] == c;
	return n;
}

/* "ALGO:" NUL digest, with "ima:" or "verity:" in front for d-ngv2. */
static const char *check_digest_field(const struct list_field *f, bool typed)
{
	const uint8_t *nul = memchr(f->data, 0, f->len);
	struct list_field prefix = { f->data, 0 };
	const struct hash_alg *alg;
	const uint8_t *colon;

	if (!nul)
		return "no NUL behind the algorithm of the digest";
	prefix.len = (size_t)(nul - f->data);
	if (!prefix.len || nul[-1] != ':' ||
	    count_of(&prefix, ':') != (typed ? 2 : 1))
		return "malformed algorithm prefix of the digest";
	if (typed) {
		colon = memchr(prefix.data, ':', prefix.len);
		if (!((colon - prefix.data == 3 &&
		       !memcmp(prefix.data, "ima", 3)) ||
		      (colon - prefix.data == 6 &&
		       !memcmp(prefix.data, "verity", 6))))
			return "unknown digest type";
		prefix.len -= (size_t)(colon + 1 - prefix.data);
		prefix.data = colon + 1;
	}
	alg = hash_by_name_len((const char *)prefix.data, prefix.len - 1);
	if (!alg)
		return "unknown hash algorithm of the digest";
	if (f->len - (size_t)(nul + 1 - f->data) != alg->size)
		return "digest has the wrong size for its algorithm";
	return NULL;
}

static const char *check_field(const struct template_field *tf,
			       const struct list_field *f)
{
	if (!f->len)
		return tf->may_be_empty ? NULL : "must not be empty";
	switch (tf->kind) {
	case FIELD_DIGEST:
		return f->len == 20 || f->len == 16 ?
			NULL : "bare digest is neither 20 nor 16 bytes long";
	case FIELD_DIGEST_ALGO:
	case FIELD_DIGEST_TYPE_ALGO:
		return check_digest_field(f,
					  tf->kind == FIELD_DIGEST_TYPE_ALGO);
	case FIELD_NAME:
		if (f->data[f->len - 1])
			return "name does not end with NUL";
		return count_of(f, 0) == 1 ? NULL : "NUL within the name";
	case FIELD_UINT:
		return f->len == 1 || f->len == 2 || f->len == 4 ||
		       f->len == 8 ? NULL : "number of odd size";
	case FIELD_UUID:
		return f->len == 16 ? NULL : "uuid is not 16 bytes long";
	case FIELD_TEXT:
	case FIELD_HEX:
		return NULL;
	}
	return "field of unknown kind";
}

/*
 * Template "ima": digest without length, then the name with its length and
 * without NUL. The digest has 20 bytes, or 16 where the hash is MD5 and the
 * entry is no violation; nothing in the data tells which.
 */
static enum list_status take_bare(struct list_reader *r, struct list_entry *e,
				  size_t *pos, size_t digest_size)
{
	size_t start = *pos;
	enum list_status st;

	if (r->len - *pos < digest_size)
		return fail(r, LIST_SHORT, *pos, "no room for the digest");
	e->field[0].data = r->data + *pos;
	e->field[0].len = digest_size;
	*pos += digest_size;
	st = take(r, pos, NULL, "name", &e->field[1]);
	if (st != LIST_ENTRY)
		return st;
	if (e->field[1].len > BARE_NAME_MAX)
		return fail(r, LIST_BAD, start + digest_size,
			    "name of %zu bytes in template ima, at most %d",
			    e->field[1].len, BARE_NAME_MAX);
	if (count_of(&e->field[1], 0))
		return fail(r, LIST_BAD, start, "NUL within the name");
	e->data = r->data + start;
	e->data_len = *pos - start;
	return LIST_ENTRY;
}

static bool digest_matches(const struct list_reader *r,
			   const struct list_entry *e)
{
	uint8_t d[HASH_MAX_SIZE];

	if (e->violation)
		return true;
	list_entry_digest(e, r->hash, d);
	return !memcmp(d, e->digest, r->hash->size);
}

static enum list_status take_bare_any(struct list_reader *r,
				      struct list_entry *e, size_t *pos)
{
	size_t start = *pos, alt_pos = start;
	struct list_entry alt = *e;
	enum list_status st;
	char error[sizeof(r->error)];

	st = take_bare(r, e, pos, 20);
	if (st == LIST_ENTRY && digest_matches(r, e))
		return st;
	/* Perhaps an MD5 digest. If that is no better, 20 bytes it was. */
	memcpy(error, r->error, sizeof(error));
	if (take_bare(r, &alt, &alt_pos, 16) == LIST_ENTRY &&
	    !alt.violation && digest_matches(r, &alt)) {
		*e = alt;
		*pos = alt_pos;
		return LIST_ENTRY;
	}
	memcpy(r->error, error, sizeof(error));
	return st;
}

static enum list_status take_fields(struct list_reader *r,
				    struct list_entry *e, size_t *pos)
{
	struct list_field data;
	enum list_status st;
	size_t i, p, end;

	st = take(r, pos, NULL, "template data", &data);
	if (st != LIST_ENTRY)
		return st;
	e->data = data.data;
	e->data_len = data.len;
	p = (size_t)(data.data - r->data);
	end = p + data.len;
	for (i = 0; i < e->tmpl.nfields; i++) {
		const struct template_field *tf = e->tmpl.field[i];
		size_t at = p;
		const char *why;

		st = take(r, &p, &data, tf->id, &e->field[i]);
		if (st != LIST_ENTRY)
			return st;
		why = check_field(tf, &e->field[i]);
		if (why)
			return fail(r, LIST_BAD, at, "field %s: %s", tf->id,
				    why);
	}
	if (p != end)
		return fail(r, LIST_BAD, p,
			    "%zu bytes too many in the template data",
			    end - p);
	return LIST_ENTRY;
}

static enum list_status take_header(struct list_reader *r,
				    struct list_entry *e, size_t *pos)
{
	struct list_field name;
	enum list_status st;
	char *shown;

	if (r->len - *pos < 4 + r->hash->size)
		return fail(r, LIST_SHORT, *pos,
			    "the list ends within the PCR and the digest");
	e->pcr = get_le32(r->data + *pos);
	if (e->pcr > LIST_PCR_MAX)
		return fail(r, LIST_BAD, *pos, "PCR %u does not exist%s",
			    e->pcr, e->pcr & 0xffffff ? "" :
			    " (a list in big-endian byte order?)");
	e->digest = r->data + *pos + 4;
	e->violation = all_bytes(e->digest, r->hash->size, 0);
	*pos += 4 + r->hash->size;
	st = take(r, pos, NULL, "template name", &name);
	if (st != LIST_ENTRY)
		return st;
	if (template_find((const char *)name.data, name.len, &e->tmpl))
		return LIST_ENTRY;
	shown = escape_text(name.data, name.len < 40 ? name.len : 40);
	fail(r, LIST_BAD, (size_t)(name.data - r->data),
	     "unknown template \"%s\"%s", shown, name.len > 40 ? "..." : "");
	free(shown);
	return LIST_BAD;
}

enum list_status list_next(struct list_reader *r, struct list_entry *e)
{
	size_t pos = r->pos;
	enum list_status st;

	if (pos == r->len)
		return LIST_END;
	e->index = r->index + 1;
	e->offset = pos;
	st = take_header(r, e, &pos);
	if (st != LIST_ENTRY)
		return st;
	st = e->tmpl.bare ? take_bare_any(r, e, &pos) :
			    take_fields(r, e, &pos);
	if (st != LIST_ENTRY)
		return st;
	r->pos = pos;
	r->index++;
	return LIST_ENTRY;
}

/*
 * Sizes overlap (sha256, sm3), so the data decide where they can; a first
 * entry that does not hash to its digest is left to the verifier to report.
 */
void list_begin(struct list_reader *r, const void *data, size_t len)
{
	const struct hash_alg *fallback = NULL, *alg;
	size_t i;

	memset(r, 0, sizeof(*r));
	r->data = data;
	r->len = len;
	for (i = 0; (alg = hash_at(i)); i++) {
		struct list_reader probe = *r;
		struct list_entry e;

		if (!alg->evp)
			continue;
		probe.hash = alg;
		if (list_next(&probe, &e) != LIST_ENTRY)
			continue;
		if (digest_matches(&probe, &e)) {
			r->hash = alg;
			return;
		}
		if (!fallback)
			fallback = alg;
	}
	r->hash = fallback ? fallback : hash_by_name("sha1");
}
