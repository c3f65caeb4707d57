// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Going through the lists: who was born, who died, what each list leads to.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "lives.h"
#include "record.h"
#include "replay.h"

void lives_wait(struct lives_verdict *v, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	texts_take(&v->undecided, xvasprintf(fmt, ap));
	va_end(ap);
	v->may_settle = true;
}

const char *lives_list_name(uint64_t id)
{
	static char name[64];

	if (!id)
		return "the host's list";
	snprintf(name, sizeof(name), "the list of namespace %llu",
		 (unsigned long long)id);
	return name;
}

/* The first life whose id is not below @id. */
static size_t life_index(const struct lives_verdict *v, uint64_t id)
{
	size_t lo = 0, hi = v->nlives;

	/* As a rule the ids come in ascending order. */
	if (hi && v->life[hi - 1].id < id)
		return hi;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (v->life[mid].id < id)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

const struct life *lives_find(const struct lives_verdict *v, uint64_t id)
{
	size_t i = life_index(v, id);

	return i < v->nlives && v->life[i].id == id ? &v->life[i] : NULL;
}

/* The life, made if need be. Valid until the next is made. */
static struct life *get_life(struct lives_verdict *v, uint64_t id)
{
	size_t i = life_index(v, id);

	if (i < v->nlives && v->life[i].id == id)
		return &v->life[i];
	v->life = xreallocarray(v->life, v->nlives + 1, sizeof(*v->life));
	memmove(&v->life[i + 1], &v->life[i],
		(v->nlives - i) * sizeof(*v->life));
	v->nlives++;
	memset(&v->life[i], 0, sizeof(*v->life));
	v->life[i].id = id;
	v->life[i].own = -1;
	return &v->life[i];
}

/* Where in which list something stands, and who is told. */
struct place {
	struct lives_verdict *v;
	const struct lives_list *lists;
	const struct lives_list *list;
	size_t list_index;
	size_t entry;
	bool known;
};

static void __attribute__((format(printf, 3, 4)))
complain(const struct place *p, uint64_t id, const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	texts_add(&p->v->problems, "namespace %llu: %s (entry %zu of %s)",
		  (unsigned long long)id, text, p->entry,
		  lives_list_name(p->list->id));
	free(text);
}

static void add_policy(struct lives_policies *s, const struct record *r,
		       bool known)
{
	s->v = xreallocarray(s->v, s->n + 1, sizeof(*s->v));
	s->v[s->n].seq = r->seq;
	memcpy(s->v[s->n].digest, r->digest, sizeof(r->digest));
	s->n++;
	if (known)
		s->known = s->n;
}

/* Number 1 first, then the next each time. */
static void check_seq(const struct place *p, const struct lives_policies *s,
		      const struct record *r)
{
	uint64_t before = s->n ? s->v[s->n - 1].seq : 0;

	if (r->seq == before + 1)
		return;
	complain(p, r->id, "policy record with seq %llu where %llu is due",
		 (unsigned long long)r->seq, (unsigned long long)(before + 1));
}

static void take_birth(const struct place *p, const struct record *r)
{
	struct life *l = get_life(p->v, r->id);

	if (l->birth) {
		complain(p, r->id, "a second birth record; the first is entry %zu of %s",
			 l->birth, lives_list_name(p->lists[l->list].id));
		return;
	}
	if (r->parent != p->list->id)
		complain(p, r->id, "its birth record names namespace %llu as parent",
			 (unsigned long long)r->parent);
	l->list = p->list_index;
	l->birth = p->entry;
	l->birth_known = p->known;
}

/* A death or a policy belongs to a life that began in the same list. */
static struct life *living(const struct place *p, const struct record *r,
			   const char *what)
{
	struct life *l = get_life(p->v, r->id);

	if (!l->birth || l->list != p->list_index) {
		complain(p, r->id, "%s without a birth record before it", what);
		if (l->birth)
			return NULL;
		/* Said once; what follows is judged as if there were one. */
		l->list = p->list_index;
		l->birth = p->entry;
	}
	if (l->death) {
		complain(p, r->id, "%s after its death record in entry %zu",
			 what, l->death);
		return NULL;
	}
	return l;
}

static void take_policy(const struct place *p, const struct record *r)
{
	struct life *l;

	if (r->id == p->list->id) {
		l = get_life(p->v, r->id);
		check_seq(p, &l->own_policies, r);
		add_policy(&l->own_policies, r, p->known);
		return;
	}
	l = living(p, r, "policy record");
	if (!l)
		return;
	check_seq(p, &l->policies, r);
	add_policy(&l->policies, r, p->known);
}

static void take_death(const struct place *p, const struct record *r)
{
	struct life *l = living(p, r, "death record");

	if (!l)
		return;
	l->death = p->entry;
	l->entries = r->entries;
	l->violations = r->violations;
	memcpy(l->acc, r->digest, sizeof(l->acc));
}

static void take_entry(const struct place *p, const struct list_entry *e)
{
	struct record r;
	const char *why;
	size_t len;

	switch (record_parse(e, &r, &why)) {
	case RECORD_BIRTH:
		take_birth(p, &r);
		break;
	case RECORD_POLICY:
		take_policy(p, &r);
		break;
	case RECORD_DEATH:
		take_death(p, &r);
		break;
	case RECORD_BAD:
		texts_add(&p->v->problems, "entry %zu of %s: malformed record: %s",
			  p->entry, lives_list_name(p->list->id), why);
		break;
	case RECORD_NONE:
		if (!p->list->id && e->index > 1 && !e->violation &&
		    list_entry_name(e, &len) && len == 14 &&
		    !memcmp(list_entry_name(e, &len), "boot_aggregate", 14))
			p->v->kexec_at = e->index;
		break;
	}
}

static bool is_changed(const struct list_entry *e, const struct hash_alg *hash)
{
	uint8_t digest[HASH_MAX_SIZE];

	if (e->violation)
		return false;
	list_entry_digest(e, hash, digest);
	return memcmp(digest, e->digest, hash->size);
}

/* What somebody said that the list leads to after so many entries. */
struct claim {
	const char *where;
	const struct vpcr_acc *acc;
	bool wrong;
};

static void check_claim(struct claim *c, const struct replay *replay)
{
	if (c->acc && c->acc->entries == replay->entries)
		c->wrong = memcmp(c->acc->value, replay->acc,
				  sizeof(replay->acc));
}

/* An entry is in acc before it is in the list. */
static void judge_claim(struct lives_verdict *v, const struct lives_list *list,
			const struct claim *c, uint64_t entries)
{
	unsigned long long id = list->id;

	if (c->wrong)
		texts_add(&v->problems, "namespace %llu: the acc of its %s is not what its list leads to after %llu entries",
			  id, c->where, (unsigned long long)c->acc->entries);
	else if (!c->acc || c->acc->entries <= entries)
		return;
	else if (list->late || list->final)
		texts_add(&v->problems, "namespace %llu: the acc of its %s covers %llu entries, its list has only %llu (entries that were lost count)",
			  id, c->where, (unsigned long long)c->acc->entries,
			  (unsigned long long)entries);
	else
		lives_wait(v, "namespace %llu: what the acc of its %s covers may be still to be added to its list",
			   id, c->where);
}

static bool read_list(struct lives_verdict *v, const struct lives_list *lists,
		      size_t index)
{
	static const struct pcr_set none;
	const struct lives_list *list = &lists[index];
	struct place p = { v, lists, list, index, 0, false };
	struct lives_sum *sum = &v->sum[index];
	struct claim claims[] = {
		{ .where = "status", .acc = list->status },
		{ .where = "vpcr", .acc = list->vpcr },
	};
	size_t changed = 0, first = 0, i;
	struct replay replay;
	struct list_reader r;
	enum list_status st;
	struct list_entry e;

	if (list->id)
		get_life(v, list->id)->own = (ssize_t)index;
	replay_begin(&replay, &none, 0);
	list_begin(&r, list->data, list->len);
	while ((st = list_next(&r, &e)) == LIST_ENTRY) {
		p.entry = e.index;
		p.known = r.pos <= list->known;
		replay_entry(&replay, &e);
		for (i = 0; i < ARRAY_SIZE(claims); i++)
			check_claim(&claims[i], &replay);
		sum->violations += e.violation;
		if (is_changed(&e, r.hash) && !changed++)
			first = e.index;
		take_entry(&p, &e);
	}
	sum->entries = replay.entries;
	memcpy(sum->acc, replay.acc, sizeof(sum->acc));
	if (st != LIST_END)
		msg("%s: %s: %s", lives_list_name(list->id),
		    st == LIST_SHORT ? "truncated" : "malformed", r.error);
	for (i = 0; st == LIST_END && i < ARRAY_SIZE(claims); i++)
		judge_claim(v, list, &claims[i], replay.entries);
	if (changed)
		texts_add(&v->problems, "%zu entries of %s are not what was measured, the first is entry %zu",
			  changed, lives_list_name(list->id), first);
	replay_free(&replay);
	return st == LIST_END;
}

bool lives_read(const struct lives_input *in, struct lives_verdict *v)
{
	size_t i;

	memset(v, 0, sizeof(*v));
	v->sum = xcalloc(in->nlists, sizeof(*v->sum));
	for (i = 0; i < in->nlists; i++)
		if (!read_list(v, in->list, i)) {
			lives_free(v);
			return false;
		}
	return true;
}
