// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"
#include "replay.h"

#define ACC_PREFIX "sha256:"
#define ACC_HEX 64

/* A record as it is taken apart. */
struct record {
	const uint8_t *text;
	size_t len;
	size_t index;
	uint64_t list;
	uint64_t id;
};

void host_finding(struct host_book *book, const char *fmt, ...)
{
	va_list ap;
	char *s;

	va_start(ap, fmt);
	if (vasprintf(&s, fmt, ap) < 0) {
		msg("out of memory");
		exit(IMANS_ERROR);
	}
	va_end(ap);
	book->finding = xreallocarray(book->finding, book->nfindings + 1,
				      sizeof(*book->finding));
	book->finding[book->nfindings++] = s;
}

void host_free(struct host_book *book)
{
	while (book->nfindings)
		free(book->finding[--book->nfindings]);
	free(book->finding);
	free(book->space);
	free(book->listed);
	memset(book, 0, sizeof(*book));
}

struct host_space *host_find(const struct host_book *book, uint64_t id)
{
	size_t i;

	for (i = book->nspaces; i-- > 0; )
		if (book->space[i].id == id)
			return &book->space[i];
	return NULL;
}

bool host_has_list(const struct host_book *book, uint64_t id)
{
	size_t i;

	if (!id)
		return true;
	for (i = 0; i < book->nlisted; i++)
		if (book->listed[i] == id)
			return true;
	return false;
}

const char *host_value(const uint8_t *record, size_t len, const char *key,
		       size_t *value_len)
{
	size_t n = strlen(key), at = 0, end;

	while (at < len) {
		const uint8_t *blank = memchr(record + at, ' ', len - at);

		end = blank ? (size_t)(blank - record) : len;
		if (end - at > n && record[at + n] == '=' &&
		    !memcmp(record + at, key, n)) {
			*value_len = end - at - n - 1;
			return (const char *)record + at + n + 1;
		}
		at = end + 1;
	}
	return NULL;
}

static bool record_number(const struct record *r, const char *key,
			  uint64_t *number)
{
	char digits[24];
	size_t len;
	const char *value = host_value(r->text, r->len, key, &len);

	if (!value || len >= sizeof(digits))
		return false;
	memcpy(digits, value, len);
	digits[len] = '\0';
	return parse_uint(digits, UINT64_MAX, number);
}

bool host_parse_acc(const char *text, uint8_t *acc, uint64_t *entries)
{
	const char *hex = text + strlen(ACC_PREFIX);

	return !strncmp(text, ACC_PREFIX, strlen(ACC_PREFIX)) &&
	       strlen(hex) > ACC_HEX + 1 && hex[ACC_HEX] == ' ' &&
	       hex_decode(hex, ACC_HEX, acc, 32) == 32 &&
	       parse_uint(hex + ACC_HEX + 1, UINT64_MAX, entries);
}

static bool record_acc(const struct record *r, uint8_t *acc)
{
	size_t len;
	const char *value = host_value(r->text, r->len, "acc", &len);

	return value && len == strlen(ACC_PREFIX) + ACC_HEX &&
	       !memcmp(value, ACC_PREFIX, strlen(ACC_PREFIX)) &&
	       hex_decode(value + strlen(ACC_PREFIX), ACC_HEX, acc, 32) == 32;
}

/* "entry 12 of the list of namespace 3"; the last four stay valid. */
static const char *place(uint64_t list, size_t index)
{
	static char text[4][80];
	static int next;
	char *s = text[next++ % 4];

	if (list)
		snprintf(s, sizeof(text[0]),
			 "entry %zu of the list of namespace %llu", index,
			 (unsigned long long)list);
	else
		snprintf(s, sizeof(text[0]), "entry %zu of the host's list",
			 index);
	return s;
}

static void add_birth(struct host_book *book, const struct record *r)
{
	struct host_space *s = host_find(book, r->id);

	if (s && s->birth && !s->carried) {
		host_finding(book, "namespace %llu is born twice: %s and %s",
			     (unsigned long long)r->id,
			     place(s->list, s->birth),
			     place(r->list, r->index));
		return;
	}
	book->space = xreallocarray(book->space, book->nspaces + 1,
				    sizeof(*book->space));
	s = &book->space[book->nspaces++];
	memset(s, 0, sizeof(*s));
	s->id = r->id;
	s->list = r->list;
	s->birth = r->index;
}

/* The namespace a record is about, if its birth is in the same list. */
static struct host_space *born_here(struct host_book *book,
				    const struct record *r, const char *what)
{
	struct host_space *s = host_find(book, r->id);

	if (s && s->list == r->list && !s->carried)
		return s;
	host_finding(book, "%s: %s of namespace %llu, whose birth is not before it",
		     place(r->list, r->index), what, (unsigned long long)r->id);
	return NULL;
}

static void add_policy(struct host_book *book, const struct record *r)
{
	struct host_space *s;
	uint64_t seq;

	/* Its own copy says nothing that the one above does not. */
	if (r->id == r->list)
		return;
	s = born_here(book, r, "a policy");
	if (!s)
		return;
	if (!record_number(r, "seq", &seq)) {
		host_finding(book, "%s: a policy without number",
			     place(r->list, r->index));
		return;
	}
	if (s->death)
		host_finding(book, "%s: a policy of namespace %llu, which had ended at entry %zu",
			     place(r->list, r->index),
			     (unsigned long long)r->id, s->death);
	if (seq != s->seq + 1)
		host_finding(book, "%s: policy %llu of namespace %llu follows policy %llu",
			     place(r->list, r->index), (unsigned long long)seq,
			     (unsigned long long)r->id,
			     (unsigned long long)s->seq);
	s->seq = seq;
}

static void add_death(struct host_book *book, const struct record *r)
{
	struct host_space *s = born_here(book, r, "the death");

	if (!s)
		return;
	if (s->death) {
		host_finding(book, "namespace %llu dies twice: %s and entry %zu",
			     (unsigned long long)r->id,
			     place(r->list, r->index), s->death);
		return;
	}
	s->death = r->index;
	if (!record_number(r, "entries", &s->entries) ||
	    !record_number(r, "violations", &s->violations) ||
	    !record_acc(r, s->acc))
		host_finding(book, "%s: the death of namespace %llu does not say what it leaves",
			     place(r->list, r->index),
			     (unsigned long long)r->id);
}

static bool is_name(const uint8_t *name, size_t len, const char *want)
{
	return len == strlen(want) && !memcmp(name, want, len);
}

/* A list carried over by kexec goes on with the next kernel's boot_aggregate. */
static void new_boot(struct host_book *book, uint64_t list)
{
	size_t i;

	for (i = 0; i < book->nspaces; i++)
		if (book->space[i].list == list)
			book->space[i].carried = true;
}

static void add_entry(struct host_book *book, uint64_t list,
		      const struct list_entry *e)
{
	struct record r = { .index = e->index, .list = list };
	size_t name_len;
	const uint8_t *name = list_entry_name(e, &name_len);

	if (!name || e->violation)
		return;
	r.text = list_entry_buffer(e, &r.len);
	if (!r.text) {
		if (!list && e->index > 1 &&
		    is_name(name, name_len, "boot_aggregate"))
			new_boot(book, list);
		return;
	}
	if (name_len < 7 || memcmp(name, "ima_ns_", 7))
		return;
	if (!is_name(name, name_len, "ima_ns_birth") &&
	    !is_name(name, name_len, "ima_ns_policy") &&
	    !is_name(name, name_len, "ima_ns_death"))
		return;
	if (!record_number(&r, "id", &r.id) || !r.id) {
		host_finding(book, "%s: a record that names no namespace",
			     place(list, e->index));
		return;
	}
	if (is_name(name, name_len, "ima_ns_birth"))
		add_birth(book, &r);
	else if (is_name(name, name_len, "ima_ns_policy"))
		add_policy(book, &r);
	else
		add_death(book, &r);
}

bool host_add_list(struct host_book *book, uint64_t id, const struct buf *list,
		   const char *name)
{
	enum list_status st;
	struct list_reader r;
	struct list_entry e;

	list_begin(&r, list->data, list->len);
	while ((st = list_next(&r, &e)) == LIST_ENTRY) {
		uint8_t digest[HASH_MAX_SIZE];

		/* A record that was changed is worth nothing. */
		list_entry_digest(&e, r.hash, digest);
		if (!e.violation && memcmp(digest, e.digest, r.hash->size))
			host_finding(book, "%s is not what was measured",
				     place(id, e.index));
		else
			add_entry(book, id, &e);
	}
	if (st != LIST_END) {
		msg("%s: %s list: %s", name,
		    st == LIST_SHORT ? "truncated" : "malformed", r.error);
		return false;
	}
	if (!id) {
		book->entries = r.index;
		return true;
	}
	book->listed = xreallocarray(book->listed, book->nlisted + 1,
				     sizeof(*book->listed));
	book->listed[book->nlisted++] = id;
	return true;
}

enum host_sum host_sum(const struct buf *list, uint64_t entries,
		       const uint8_t *acc, bool whole)
{
	static const struct pcr_set nothing;
	enum list_status st;
	struct list_reader r;
	struct list_entry e;
	struct replay replay;
	enum host_sum sum;

	replay_begin(&replay, &nothing, entries);
	list_begin(&r, list->data, list->len);
	while ((st = list_next(&r, &e)) == LIST_ENTRY)
		replay_entry(&replay, &e);
	if (st != LIST_END)
		sum = HOST_SUM_WRONG;
	else if (replay.entries < entries)
		sum = HOST_SUM_SHORT;
	else if ((whole && replay.entries != entries) ||
		 memcmp(replay.acc_then, acc, sizeof(replay.acc_then)))
		sum = HOST_SUM_WRONG;
	else
		sum = HOST_SUM_RIGHT;
	replay_free(&replay);
	return sum;
}
