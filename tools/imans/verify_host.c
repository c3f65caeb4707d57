// SPDX-License-Identifier: GPL-2.0-or-later
#include <time.h>

#include "json.h"
#include "verify_host.h"

/*
 * What the kernel still has to add is there after a moment, as a rule, and after
 * ten seconds if a TPM has to be given up.
 */
#define ATTEMPTS 65
#define PAUSE_MS 200

static size_t count_ended(const struct lives_verdict *v)
{
	size_t i, n = 0;

	for (i = 0; i < v->nlives; i++)
		n += v->life[i].death > 0;
	return n;
}

static size_t count_without_acc(const struct host *h)
{
	size_t i, n = 0;

	for (i = 0; i < h->nlists; i++)
		n += h->list[i].has_status && !h->list[i].has_acc;
	return n;
}

static const char *state_of(const struct lives_input *in, const struct life *l)
{
	if (l->death)
		return "dead";
	if (lives_find_ns(in, l->id))
		return "alive";
	return l->birth ? "without end" : "unknown";
}

static void print_text(const struct lives_input *in,
		       const struct lives_verdict *v)
{
	size_t i;

	printf("host's list: %zu entries\n", v->sum[0].entries);
	printf("namespaces: %zu alive, %zu ended", in->nns, count_ended(v));
	if (v->excused)
		printf(", %zu before the last kexec", v->excused);
	putchar('\n');
	for (i = 0; i < v->nlives; i++) {
		const struct life *l = &v->life[i];
		const struct lives_sum *sum;

		if (l->own < 0)
			continue;
		sum = &v->sum[l->own];
		printf("namespace %llu: %s, %zu entries, %zu violations, acc sha256:",
		       (unsigned long long)l->id, state_of(in, l), sum->entries,
		       sum->violations);
		hex_print(stdout, sum->acc, sizeof(sum->acc));
		putchar('\n');
	}
	texts_print("note:", &v->notes);
	texts_print("NOT verified:", &v->problems);
	texts_print("NOT decided:", &v->undecided);
	if (!v->problems.n && !v->undecided.n)
		printf("verified\n");
}

static json_t *json_entry(size_t n)
{
	return n ? json_integer((json_int_t)n) : json_null();
}

static json_t *json_life(const struct lives_input *in,
			 const struct lives_verdict *v, const struct life *l)
{
	const struct lives_sum *sum = l->own < 0 ? NULL : &v->sum[l->own];
	json_t *o = json_check(json_object());
	char hex[2 * 32 + 1];

	json_put(o, "id", json_integer((json_int_t)l->id));
	json_put(o, "state", json_string(state_of(in, l)));
	json_put(o, "listed_in", l->birth ?
		 json_integer((json_int_t)in->list[l->list].id) : json_null());
	json_put(o, "birth", json_entry(l->birth));
	json_put(o, "death", json_entry(l->death));
	json_put(o, "policies", json_integer((json_int_t)l->policies.n));
	if (sum) {
		hex_encode(sum->acc, sizeof(sum->acc), hex);
		json_put(o, "entries", json_integer((json_int_t)sum->entries));
		json_put(o, "violations",
			 json_integer((json_int_t)sum->violations));
		json_put(o, "acc", json_string(hex));
	}
	return o;
}

static void print_json(const struct lives_input *in,
		       const struct lives_verdict *v, size_t without_acc)
{
	json_t *root = json_check(json_object());
	json_t *lives = json_check(json_array());
	size_t i;

	for (i = 0; i < v->nlives; i++)
		json_push(lives, json_life(in, v, &v->life[i]));
	json_put(root, "verified",
		 json_boolean(!v->problems.n && !v->undecided.n));
	json_put(root, "reasons", texts_json(&v->problems));
	json_put(root, "undecided", texts_json(&v->undecided));
	json_put(root, "notes", texts_json(&v->notes));
	json_put(root, "entries", json_integer((json_int_t)v->sum[0].entries));
	json_put(root, "alive", json_integer((json_int_t)in->nns));
	json_put(root, "ended", json_integer((json_int_t)count_ended(v)));
	json_put(root, "before_kexec", json_integer((json_int_t)v->excused));
	json_put(root, "without_acc", json_integer((json_int_t)without_acc));
	json_put(root, "boot_aggregate", json_entry(v->kexec_at));
	json_put(root, "namespaces", lives);
	json_finish(root, JSON_INDENT(2));
}

/* What was named must be something to compare. */
static void judge_named(const struct host_request *rq, struct lives_verdict *v)
{
	size_t i;

	for (i = 0; i < rq->src.vpcr.n; i++) {
		uint64_t id = rq->src.vpcr.v[i].id;
		const struct life *l = lives_find(v, id);

		if (!l || l->own < 0)
			texts_add(&v->undecided, "namespace %llu: no list to compare its vpcr with",
				  (unsigned long long)id);
	}
}

/* Only what may settle is worth another look: a problem does not go. */
static bool look_and_judge(struct host *h, const struct host_request *rq,
			   struct lives_input *in, struct lives_verdict *v)
{
	static const struct timespec pause = { 0, PAUSE_MS * 1000000 };
	int attempt;

	for (attempt = 1; ; attempt++) {
		if (!host_look(h))
			return false;
		*in = host_input(h, rq->kexec);
		if (!lives_judge(in, v))
			return false;
		if (!v->may_settle || v->problems.n || attempt == ATTEMPTS)
			return true;
		lives_free(v);
		nanosleep(&pause, NULL);
	}
}

int verify_host(const struct host_request *rq)
{
	struct lives_verdict v = { 0 };
	struct lives_input in;
	int rc = IMANS_ERROR;
	size_t without_acc;
	struct host h;

	if (!host_begin(&h, &rq->src) ||
	    !look_and_judge(&h, rq, &in, &v))
		goto out_free;
	judge_named(rq, &v);
	without_acc = count_without_acc(&h);
	if (without_acc)
		texts_add(&v.notes, "not compared: the lists of %zu, whose status has no acc",
			  without_acc);
	if (rq->json)
		print_json(&in, &v, without_acc);
	else
		print_text(&in, &v);
	rc = v.problems.n ? IMANS_FAILED :
	     v.undecided.n ? IMANS_ERROR : IMANS_OK;
out_free:
	lives_free(&v);
	host_end(&h);
	return rc;
}
