// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Judging the lives of namespaces, once the lists are read.
 */
#include <stdlib.h>
#include <string.h>

#include "lives.h"

struct judge {
	const struct lives_input *in;
	struct lives_verdict *v;
};

static unsigned long long number(uint64_t n)
{
	return n;
}

static int compare_id(const void *id, const void *ns)
{
	uint64_t a = *(const uint64_t *)id, b = ((const struct lives_ns *)ns)->id;

	return (a > b) - (a < b);
}

const struct lives_ns *lives_find_ns(const struct lives_input *in, uint64_t id)
{
	return in->nns ? bsearch(&id, in->ns, in->nns, sizeof(*in->ns),
				 compare_id) : NULL;
}

static const struct lives_list *list_of(const struct judge *j, uint64_t id)
{
	const struct life *l;

	if (!id)
		return &j->in->list[0];
	l = lives_find(j->v, id);
	return l && l->own >= 0 ? &j->in->list[l->own] : NULL;
}

/* What a whole list leads to, against what the death record committed to. */
static void compare_with_death(const struct judge *j, const struct life *l)
{
	const struct lives_sum *sum = &j->v->sum[l->own];
	const char *path = j->in->list[l->own].path;
	const struct {
		const char *what;
		uint64_t listed, recorded;
	} numbers[] = {
		{ "entries", sum->entries, l->entries },
		{ "violations", sum->violations, l->violations },
	};
	char *it;
	size_t i;

	it = path ? xasprintf("%s is not the list of namespace %llu: it",
			      path, number(l->id)) :
		    xasprintf("namespace %llu: its list", number(l->id));
	for (i = 0; i < ARRAY_SIZE(numbers); i++)
		if (numbers[i].listed != numbers[i].recorded)
			texts_add(&j->v->problems, "%s has %llu %s, its death record says %llu%s",
				  it, number(numbers[i].listed),
				  numbers[i].what, number(numbers[i].recorded),
				  numbers[i].listed < numbers[i].recorded ?
				  " (entries that were lost count)" : "");
	if (memcmp(sum->acc, l->acc, sizeof(l->acc)))
		texts_add(&j->v->problems, "%s does not lead to the acc of its death record",
			  it);
	free(it);
}

/* Records of one batch are the same in both lists. */
static void compare_policies(const struct judge *j, const struct life *l,
			     size_t own_n)
{
	const struct lives_policies *own = &l->own_policies;
	const struct lives_policies *above = &l->policies;
	size_t i;

	for (i = 0; i < own_n && i < above->n; i++)
		if (own->v[i].seq != above->v[i].seq ||
		    memcmp(own->v[i].digest, above->v[i].digest, 32)) {
			texts_add(&j->v->problems, "namespace %llu: its policy record with seq %llu is not the one in %s",
				  number(l->id), number(own->v[i].seq),
				  lives_list_name(j->in->list[l->list].id));
			return;
		}
	if (own_n > above->n)
		texts_add(&j->v->problems, "namespace %llu: %zu policy records in its list, but %zu in %s",
			  number(l->id), own_n, above->n,
			  lives_list_name(j->in->list[l->list].id));
}

/*
 * The record above comes first, so what its own list had before is there; the
 * other way round only at the end.
 */
static void judge_policies(const struct judge *j, const struct life *l)
{
	const struct lives_list *own;

	if (l->own < 0 || !l->birth)
		return;
	own = &j->in->list[l->own];
	if (own->final && l->death) {
		compare_policies(j, l, l->own_policies.n);
		if (l->own_policies.n < l->policies.n)
			texts_add(&j->v->problems, "namespace %llu: only %zu policy records in its list, but %zu in %s",
				  number(l->id), l->own_policies.n,
				  l->policies.n,
				  lives_list_name(j->in->list[l->list].id));
	} else if (!j->in->list[l->list].pending) {
		compare_policies(j, l, l->own_policies.known);
	}
}

/* Is a birth before the last boot_aggregate that of another kernel? */
static bool is_before_kexec(const struct judge *j, const struct life *l)
{
	return l->birth && !j->in->list[l->list].id &&
	       l->birth < j->v->kexec_at;
}

static void judge_missing_death(const struct judge *j, const struct life *l)
{
	const struct lives_list *list = &j->in->list[l->list];
	const struct lives_ns *ns = lives_find_ns(j->in, l->id);

	if (is_before_kexec(j, l) && j->in->kexec) {
		if (ns)
			texts_add(&j->v->problems, "namespace %llu: born before the kexec (entry %zu of the host's list), but in ima/ns",
				  number(l->id), l->birth);
		return;
	}
	/* Whoever is below is dead before, and in the list. */
	if (list->final) {
		texts_add(&j->v->problems, "namespace %llu: born in entry %zu of %s, which ended without its death record",
			  number(l->id), l->birth, lives_list_name(list->id));
		return;
	}
	if (!l->birth_known || ns)
		return;
	if (list->pending)
		lives_wait(j->v, "namespace %llu: its death record may be among what is still to be added to %s",
			   number(l->id), lives_list_name(list->id));
	else
		texts_add(&j->v->problems, "namespace %llu: born in entry %zu of %s, neither in ima/ns nor a death record%s",
			  number(l->id), l->birth, lives_list_name(list->id),
			  is_before_kexec(j, l) ?
			  "; if the boot_aggregate behind it is that of a kexec, --kexec accepts this" : "");
}

static void judge_death(const struct judge *j, const struct life *l)
{
	const struct lives_ns *ns = lives_find_ns(j->in, l->id);

	if (j->in->kexec && is_before_kexec(j, l) && l->death > j->v->kexec_at)
		texts_add(&j->v->problems, "namespace %llu: born before the kexec, but its death record is behind it (entry %zu of the host's list)",
			  number(l->id), l->death);
	if (ns && ns->is_active)
		texts_add(&j->v->problems, "namespace %llu: it has a death record (entry %zu of %s), but is active",
			  number(l->id), l->death,
			  lives_list_name(j->in->list[l->list].id));
}

/* Who is active was born, in the list of the one he names. */
static void judge_active(const struct judge *j, const struct lives_ns *ns)
{
	const struct life *l = lives_find(j->v, ns->id);
	const struct lives_list *above = list_of(j, ns->parent);
	const struct life *parent = lives_find(j->v, ns->parent);

	if (ns->parent && parent && parent->death && ns->is_active)
		texts_add(&j->v->problems, "namespace %llu: active, but namespace %llu above it has a death record",
			  number(ns->id), number(ns->parent));
	if (!ns->was_active)
		return;
	if (l && l->birth) {
		if (j->in->list[l->list].id != ns->parent)
			texts_add(&j->v->problems, "namespace %llu: its parent is namespace %llu, but its birth is in %s",
				  number(ns->id), number(ns->parent),
				  lives_list_name(j->in->list[l->list].id));
	} else if (!above || above->pending) {
		lives_wait(j->v, "namespace %llu: its birth record may be among what is still to be added to %s",
			   number(ns->id), lives_list_name(ns->parent));
	} else {
		texts_add(&j->v->problems, "namespace %llu: active, but no birth record in %s",
			  number(ns->id), lives_list_name(ns->parent));
	}
}

static void judge_own_list(const struct judge *j, const struct life *l)
{
	const struct lives_list *own;

	if (l->own < 0)
		return;
	own = &j->in->list[l->own];
	if (own->final && l->death)
		compare_with_death(j, l);
	else if (own->final)
		texts_add(&j->v->undecided, "namespace %llu: it ended, but no list that was read has its death record",
			  number(l->id));
	if (!j->v->sum[l->own].entries)
		texts_add(&j->v->problems, "namespace %llu: its list is empty",
			  number(l->id));
}

/* After a kexec ids go on above those of all records carried over. */
static void judge_ids(const struct judge *j)
{
	uint64_t highest = 0;
	size_t i;

	if (!j->in->kexec || !j->v->kexec_at)
		return;
	for (i = 0; i < j->v->nlives; i++)
		if (is_before_kexec(j, &j->v->life[i]))
			highest = j->v->life[i].id;
	for (i = 0; i < j->v->nlives && j->v->life[i].id < highest; i++) {
		const struct life *l = &j->v->life[i];

		if (l->birth && !is_before_kexec(j, l))
			texts_add(&j->v->problems, "namespace %llu: born after the kexec, but namespace %llu was before",
				  number(l->id), number(highest));
	}
}

bool lives_judge(const struct lives_input *in, struct lives_verdict *v)
{
	struct judge j = { in, v };
	size_t i;

	if (!lives_read(in, v))
		return false;
	for (i = 0; i < v->nlives; i++) {
		const struct life *l = &v->life[i];

		judge_own_list(&j, l);
		judge_policies(&j, l);
		if (l->death)
			judge_death(&j, l);
		else if (l->birth)
			judge_missing_death(&j, l);
		v->excused += !l->death && in->kexec && is_before_kexec(&j, l);
	}
	for (i = 0; i < in->nns; i++)
		judge_active(&j, &in->ns[i]);
	judge_ids(&j);
	if (in->kexec && !v->kexec_at)
		texts_add(&v->notes, "no second boot_aggregate in the host's list: there was no kexec, or the list was not carried over");
	if (v->excused)
		texts_add(&v->notes, "%zu namespaces ended by the kexec before entry %zu of the host's list",
			  v->excused, v->kexec_at);
	return true;
}

void lives_free(struct lives_verdict *v)
{
	size_t i;

	for (i = 0; i < v->nlives; i++) {
		free(v->life[i].policies.v);
		free(v->life[i].own_policies.v);
	}
	free(v->life);
	free(v->sum);
	texts_free(&v->problems);
	texts_free(&v->undecided);
	texts_free(&v->notes);
	memset(v, 0, sizeof(*v));
}
