// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A verdict for people and for scripts.
 */
#include <string.h>

#include <jansson.h>

#include "json.h"
#include "verify.h"

/* Findings that decide nothing are cut short in text. */
#define NOTES_SHOWN 5

static const struct {
	const char *name;
	const char *text;
} kinds[] = {
	[FINDING_BROKEN] = { "broken",
		"the data are not those of the template digest" },
	[FINDING_VIOLATION] = { "violation",
		"violation, the file may not be what was measured" },
	[FINDING_NO_DIGEST] = { "no-digest",
		"the kernel could not hash the file" },
	[FINDING_UNEXPECTED] = { "unexpected",
		"not in the reference" },
	[FINDING_CHANGED] = { "changed",
		"not the digest of the reference" },
};

static void print_finding(const struct finding *f)
{
	printf("entry %zu: %s: %s\n", f->index, f->name, kinds[f->kind].text);
	if (f->kind == FINDING_UNEXPECTED || f->kind == FINDING_CHANGED)
		printf("  measured  %s\n", f->digest);
	if (f->expected)
		printf("  reference %s\n", f->expected);
}

static bool is_note(const struct finding *f, const struct verify_options *opt)
{
	return f->kind == FINDING_NO_DIGEST ||
	       (f->kind == FINDING_VIOLATION &&
		(!opt->reference || opt->allow_violations));
}

static void print_findings(const struct verdict *v,
			   const struct verify_options *opt)
{
	size_t notes = 0, i;

	for (i = 0; i < v->nfindings; i++) {
		if (is_note(&v->finding[i], opt) && notes++ >= NOTES_SHOWN)
			continue;
		print_finding(&v->finding[i]);
	}
	if (notes > NOTES_SHOWN)
		printf("... and %zu more violations or files without digest\n",
		       notes - NOTES_SHOWN);
}

static void print_slot(const struct verdict *v, size_t i)
{
	const struct replay_slot *s = &v->replay.slot[i];
	const struct verdict_slot *vs = &v->slot[i];

	printf("PCR %u %s: ", s->want->pcr, s->want->bank->name);
	if (vs->state == SLOT_MISMATCH) {
		printf("MISMATCH\n  %-8s ", s->want->source);
		hex_print(stdout, s->want->value, s->want->bank->size);
		printf("\n  replayed ");
		hex_print(stdout, s->own, s->want->bank->size);
		printf(" (%zu entries)\n", s->entries);
		return;
	}
	if (vs->state == SLOT_OK)
		printf("ok, %zu entries", s->entries);
	else
		printf("agrees up to entry %zu, later ones are not covered",
		       vs->at);
	printf("%s\n", vs->padded ? " (by padded SHA-1 digests)" : "");
}

void verdict_print(const struct verdict *v, const struct verify_options *opt)
{
	size_t i;

	printf("list: %zu entries, %zu violations\n", v->entries,
	       v->violations);
	print_findings(v, opt);
	for (i = 0; i < v->replay.nslots; i++)
		print_slot(v, i);
	if (opt->acc)
		printf("acc: %s\n", v->acc == SLOT_OK ? "ok" :
		       v->acc == SLOT_PREFIX ? "covers an earlier state" :
		       "MISMATCH");
}

static json_t *json_hex(const uint8_t *data, size_t len)
{
	char hex[2 * HASH_MAX_SIZE + 1];

	hex_encode(data, len, hex);
	return json_check(json_string(hex));
}

static json_t *json_slot(const struct verdict *v, size_t i)
{
	static const char *const states[] = {
		[SLOT_OK] = "ok", [SLOT_PREFIX] = "prefix",
		[SLOT_MISMATCH] = "mismatch",
	};
	const struct replay_slot *s = &v->replay.slot[i];
	const struct verdict_slot *vs = &v->slot[i];
	json_t *o = json_check(json_object());

	json_put(o, "pcr", json_integer(s->want->pcr));
	json_put(o, "bank", json_string(s->want->bank->name));
	json_put(o, "source", json_string(s->want->source));
	json_put(o, "state", json_string(states[vs->state]));
	json_put(o, "entries", json_integer((json_int_t)s->entries));
	json_put(o, "value", json_hex(s->want->value, s->want->bank->size));
	json_put(o, "replayed", json_hex(vs->padded ? s->padded : s->own,
					 s->want->bank->size));
	json_put(o, "padded_sha1", json_boolean(vs->padded));
	json_put(o, "agrees_up_to", vs->state == SLOT_MISMATCH ? json_null() :
		 json_integer((json_int_t)vs->at));
	return o;
}

static json_t *json_finding(const struct finding *f)
{
	json_t *o = json_check(json_object());

	json_put(o, "kind", json_string(kinds[f->kind].name));
	json_put(o, "entry", json_integer((json_int_t)f->index));
	json_put(o, "name", json_string(f->name));
	json_put(o, "digest", json_string(f->digest));
	if (f->expected)
		json_put(o, "reference", json_string(f->expected));
	return o;
}

json_t *verdict_json(const struct verdict *v, const struct verify_options *opt,
		     const struct texts *reasons)
{
	json_t *root = json_check(json_object());
	json_t *slots = json_check(json_array());
	json_t *findings = json_check(json_array());
	size_t i;

	for (i = 0; i < v->replay.nslots; i++)
		json_push(slots, json_slot(v, i));
	for (i = 0; i < v->nfindings; i++)
		json_push(findings, json_finding(&v->finding[i]));
	json_put(root, "verified", json_boolean(!reasons->n));
	json_put(root, "reasons", texts_json(reasons));
	json_put(root, "entries", json_integer((json_int_t)v->entries));
	json_put(root, "violations", json_integer((json_int_t)v->violations));
	json_put(root, "list_hash", json_string(v->list_hash->name));
	json_put(root, "pcrs", slots);
	if (opt->acc)
		json_put(root, "acc", json_string(v->acc == SLOT_OK ? "ok" :
			 v->acc == SLOT_PREFIX ? "prefix" : "mismatch"));
	json_put(root, "findings", findings);
	return root;
}
