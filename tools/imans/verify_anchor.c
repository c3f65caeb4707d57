// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>

#include "json.h"
#include "verify_anchor.h"

/* So many anchors are shown in text, the last ones. */
#define MARKS_SHOWN 5

static json_t *json_hex32(const char *prefix, const uint8_t *value)
{
	char hex[2 * 32 + 1], *text;
	json_t *j;

	hex_encode(value, 32, hex);
	text = xasprintf("%s%s", prefix, hex);
	j = json_check(json_string(text));
	free(text);
	return j;
}

void anchor_boot_print(const struct anchor_boot *b)
{
	printf("namespace %llu: entry %zu, %s%s, parent %llu, uuid %s, exe %s, label %s\n",
	       (unsigned long long)b->id, b->entry, b->kind,
	       b->late ? " (late)" : "", (unsigned long long)b->parent,
	       b->uuid, b->exe, *b->label ? b->label : "-");
}

json_t *anchor_boot_json(const struct anchor_boot *b)
{
	json_t *o = json_check(json_object());

	json_put(o, "entry", json_integer((json_int_t)b->entry));
	json_put(o, "id", json_integer((json_int_t)b->id));
	json_put(o, "parent", json_integer((json_int_t)b->parent));
	json_put(o, "uuid", json_string(b->uuid));
	json_put(o, "label", json_string(b->label));
	json_put(o, "by", json_string(b->by));
	json_put(o, "exe", json_string(b->exe));
	json_put(o, "kind", json_string(b->kind));
	json_put(o, "late", json_boolean(b->late));
	return o;
}

static void print_registration(const struct anchor_registration *r)
{
	printf("registered: entry %zu, boot_id %s, pcr_boot %u, pcr_anchor %u, record sha256:",
	       r->entry, r->reg.boot_id, r->reg.pcr_boot, r->reg.pcr_anchor);
	hex_print(stdout, r->digest, sizeof(r->digest));
	if (r->ended)
		printf(", ended in entry %zu", r->ended);
	putchar('\n');
}

static void print_mark(const struct anchor_mark *m)
{
	printf("anchor: entry %zu, seq %llu, %llu slots, root sha256:",
	       m->entry, (unsigned long long)m->seq,
	       (unsigned long long)m->n);
	hex_print(stdout, m->root, sizeof(m->root));
	printf(" (%s)\n", m->reason);
}

void anchor_print(const struct anchor *a, const struct pcr_set *set,
		  const struct anchor_request *rq)
{
	size_t i;

	for (i = 0; i < a->nregistrations; i++)
		print_registration(&a->registration[i]);
	for (i = 0; rq->boot && i < a->nboots; i++)
		anchor_boot_print(&a->boot[i]);
	if (rq->anchor && a->nmarks > MARKS_SHOWN)
		printf("anchors: %zu, the last are\n", a->nmarks);
	i = a->nmarks > MARKS_SHOWN ? a->nmarks - MARKS_SHOWN : 0;
	for (; rq->anchor && i < a->nmarks; i++)
		print_mark(&a->mark[i]);
	if (a->shutdown.reason)
		printf("shutdown: %s, seq %llu\n", a->shutdown.reason,
		       (unsigned long long)a->shutdown.seq);
	for (i = 0; i < PCR_COUNT; i++)
		if (anchor_is_judged(a, set, rq, i))
			anchor_pcr_print(&a->pcr[i], set);
	texts_print("note:", &a->notes);
}

static json_t *json_registration(const struct anchor_registration *r)
{
	json_t *o = json_check(json_object());

	json_put(o, "entry", json_integer((json_int_t)r->entry));
	json_put(o, "ended", r->ended ? json_integer((json_int_t)r->ended) :
					json_null());
	json_put(o, "boot_id", json_string(r->reg.boot_id));
	json_put(o, "pcr_boot", json_integer(r->reg.pcr_boot));
	json_put(o, "pcr_anchor", json_integer(r->reg.pcr_anchor));
	json_put(o, "digest", json_hex32("sha256:", r->digest));
	json_put(o, "anchors", json_integer((json_int_t)r->marks));
	json_put(o, "boots", json_integer((json_int_t)r->boots));
	return o;
}

static json_t *json_mark(const struct anchor_mark *m)
{
	json_t *o = json_check(json_object());

	json_put(o, "entry", json_integer((json_int_t)m->entry));
	json_put(o, "seq", json_integer((json_int_t)m->seq));
	json_put(o, "n", json_integer((json_int_t)m->n));
	json_put(o, "root", json_hex32("sha256:", m->root));
	json_put(o, "reason", json_string(m->reason));
	if (m->has_leaf) {
		json_put(o, "id", json_integer((json_int_t)m->id));
		json_put(o, "leaf", json_hex32("", m->leaf));
	}
	return o;
}

json_t *anchor_json(const struct anchor *a, const struct pcr_set *set,
		    const struct anchor_request *rq)
{
	json_t *o = json_check(json_object());
	json_t *regs = json_check(json_array());
	json_t *boots = json_check(json_array());
	json_t *marks = json_check(json_array());
	json_t *pcrs = json_check(json_array());
	size_t i;

	for (i = 0; i < a->nregistrations; i++)
		json_push(regs, json_registration(&a->registration[i]));
	for (i = 0; rq->boot && i < a->nboots; i++)
		json_push(boots, anchor_boot_json(&a->boot[i]));
	for (i = 0; rq->anchor && i < a->nmarks; i++)
		json_push(marks, json_mark(&a->mark[i]));
	for (i = 0; i < PCR_COUNT; i++)
		if (anchor_is_judged(a, set, rq, i))
			anchor_pcr_json(&a->pcr[i], set, pcrs);
	json_put(o, "registrations", regs);
	if (rq->boot)
		json_put(o, "boots", boots);
	else
		json_decref(boots);
	if (rq->anchor) {
		json_put(o, "anchors", marks);
		json_put(o, "root", a->nmarks ?
			 json_hex32("sha256:", a->mark[a->nmarks - 1].root) :
			 json_null());
	} else {
		json_decref(marks);
	}
	json_put(o, "shutdown", a->shutdown.reason ?
		 json_string(a->shutdown.reason) : json_null());
	json_put(o, "pcrs", pcrs);
	json_put(o, "notes", texts_json(&a->notes));
	return o;
}
