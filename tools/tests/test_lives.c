// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Births, policies and deaths: the judgement on lists made for the purpose.
 */
#include <stdlib.h>
#include <string.h>

#include "lives.h"
#include "mklist.h"
#include "tap.h"

#define Z64 "0000000000000000000000000000000000000000000000000000000000000000"
#define A64 "abababababababababababababababababababababababababababababababab"

#define MAX_LISTS 4

/* A machine: the host's list, and more. */
struct world {
	struct mklist l[MAX_LISTS];
	struct lives_list list[MAX_LISTS];
	struct lives_ns ns[8];
	struct lives_input in;
};

static void begin(struct world *w, size_t nlists)
{
	size_t i;

	memset(w, 0, sizeof(*w));
	w->in.nlists = nlists;
	w->in.list = w->list;
	w->in.ns = w->ns;
	for (i = 0; i < nlists; i++) {
		mk_begin(&w->l[i], "sha1");
		mk_file(&w->l[i], 10, 1, "boot_aggregate");
	}
}

static void end(struct world *w)
{
	size_t i;

	for (i = 0; i < w->in.nlists; i++)
		mk_free(&w->l[i]);
}

static void birth(struct mklist *l, int id, int parent)
{
	char *text = xasprintf("id=%d uuid=00000000-0000-4000-8000-000000000000 parent=%d userns=1 owner=0 label=a%%20b by=own hash=sha256 template=ima-ng policy=exec ca=none tpm=none exe=none",
			       id, parent);

	mk_record(l, 10, "ima_ns_birth", text);
	free(text);
}

static void policy(struct mklist *l, int id, int seq, const char *hex)
{
	char *text = xasprintf("id=%d seq=%d rules=1 policy=sha256:%s", id, seq,
			       hex);

	mk_record(l, 10, "ima_ns_policy", text);
	free(text);
}

static void death_as(struct mklist *l, int id, size_t entries, int violations,
		     const uint8_t *acc)
{
	char hex[65], *text;

	hex_encode(acc, 32, hex);
	text = xasprintf("id=%d entries=%zu violations=%d acc=sha256:%s", id,
			 entries, violations, hex);
	mk_record(l, 10, "ima_ns_death", text);
	free(text);
}

/* As its list is now. */
static void death(struct mklist *l, int id, const struct mklist *own,
		  int violations)
{
	static const uint8_t zeros[32];

	death_as(l, id, own ? own->entries : 1, violations,
		 own ? own->acc : zeros);
}

static void alive(struct world *w, uint64_t id, uint64_t parent)
{
	w->ns[w->in.nns++] = (struct lives_ns){ id, parent, true, true };
}

/* Everything in the lists so far was read before the directory. */
static void known(struct world *w)
{
	size_t i;

	for (i = 0; i < w->in.nlists; i++)
		w->list[i].known = w->l[i].b.len;
}

static bool among(const struct texts *t, const char *text)
{
	size_t i;

	for (i = 0; i < t->n; i++)
		if (strstr(t->text[i], text))
			return true;
	return false;
}

static void note_all(const char *what, const struct texts *t)
{
	size_t i;

	for (i = 0; i < t->n; i++)
		note("%s: %s", what, t->text[i]);
}

/*
 * The verdict has exactly @n problems, one with @problem in it, and something
 * undecided with @undecided in it (NULL: nothing).
 */
static void judge_all(struct world *w, size_t n, const char *problem,
		      const char *undecided, const char *what)
{
	struct lives_verdict v;
	size_t i;
	bool good;

	for (i = 0; i < w->in.nlists; i++) {
		w->list[i].data = w->l[i].b.data;
		w->list[i].len = w->l[i].b.len;
	}
	if (!ok(lives_judge(&w->in, &v), "%s: can be judged", what))
		return;
	good = v.problems.n == n && (!n || among(&v.problems, problem));
	good &= undecided ? among(&v.undecided, undecided) : !v.undecided.n;
	if (!ok(good, "%s: %s", what, problem ? problem : undecided ?
		undecided : "verified")) {
		note_all("problem", &v.problems);
		note_all("undecided", &v.undecided);
	}
	lives_free(&v);
}

static void judge(struct world *w, const char *problem, const char *undecided,
		  const char *what)
{
	judge_all(w, !!problem, problem, undecided, what);
}

/* Host, 5 alive, 6 below it dead, 7 dead with a list at hand. */
static void make_usual(struct world *w)
{
	begin(w, 3);
	w->list[1].id = 5;
	w->list[2].id = 7;
	w->list[2].final = true;
	birth(&w->l[0], 7, 0);
	birth(&w->l[0], 5, 0);
	policy(&w->l[0], 7, 1, A64);
	policy(&w->l[2], 7, 1, A64);
	mk_violation(&w->l[2], 10, "/v");
	policy(&w->l[0], 5, 1, A64);
	policy(&w->l[1], 5, 1, A64);
	policy(&w->l[0], 5, 2, Z64);
	policy(&w->l[1], 5, 2, Z64);
	birth(&w->l[1], 6, 5);
	death(&w->l[1], 6, NULL, 0);
	death(&w->l[0], 7, &w->l[2], 1);
	alive(w, 5, 0);
	known(w);
}

static void accepts_what_is_right(void)
{
	struct world w;

	begin(&w, 1);
	known(&w);
	judge(&w, NULL, NULL, "no namespace ever");
	end(&w);

	make_usual(&w);
	judge(&w, NULL, NULL, "the usual");
	/* Whoever came after the directory was read need not be in it. */
	birth(&w.l[0], 8, 0);
	judge(&w, NULL, NULL, "born after the directory was read");
	policy(&w.l[0], 8, 1, A64);
	death(&w.l[0], 8, NULL, 0);
	judge(&w, NULL, NULL, "born and dead after it was read");
	/* Being made, or being taken away. */
	w.ns[w.in.nns++] = (struct lives_ns){ .id = 8 };
	w.ns[w.in.nns++] = (struct lives_ns){ .id = 9 };
	judge(&w, NULL, NULL, "a directory without files");
	end(&w);
}

static void wants_an_end(void)
{
	struct world w;

	make_usual(&w);
	w.in.nns = 0;
	judge(&w, "namespace 5: born in entry 3 of the host's list, neither in ima/ns nor a death record",
	      NULL, "neither alive nor dead");
	end(&w);

	make_usual(&w);
	birth(&w.l[1], 8, 5);
	known(&w);
	judge(&w, "namespace 8: born in entry 6 of the list of namespace 5, neither",
	      NULL, "a nested one without end");
	w.list[1].pending = true;
	judge(&w, NULL, "namespace 8: its death record may be", "it is pending");
	w.list[1].pending = false;
	alive(&w, 8, 5);
	judge(&w, NULL, NULL, "it is alive");
	end(&w);

	make_usual(&w);
	death(&w.l[0], 5, &w.l[1], 0);
	judge(&w, "namespace 5: it has a death record (entry 8 of the host's list), but is active",
	      NULL, "dead and active");
	w.ns[0].is_active = false;
	judge(&w, NULL, NULL, "dead meanwhile");
	death(&w.l[0], 5, &w.l[1], 0);
	judge(&w, "namespace 5: death record after its death record in entry 8 (entry 9",
	      NULL, "dead twice");
	end(&w);

	begin(&w, 2);
	w.list[1].id = 7;
	w.list[1].final = true;
	birth(&w.l[0], 7, 0);
	birth(&w.l[1], 9, 7);
	death(&w.l[0], 7, &w.l[1], 0);
	judge(&w, "namespace 9: born in entry 2 of the list of namespace 7, which ended without",
	      NULL, "a list that ended leaves nobody");
	end(&w);
}

static void wants_a_beginning(void)
{
	struct world w;

	make_usual(&w);
	alive(&w, 8, 0);
	judge(&w, "namespace 8: active, but no birth record in the host's list",
	      NULL, "active, not born");
	w.ns[1].was_active = false;
	judge(&w, NULL, NULL, "active only after the lists were read");
	end(&w);

	make_usual(&w);
	alive(&w, 8, 5);
	w.list[1].pending = true;
	judge(&w, NULL, "namespace 8: its birth record may be", "birth pending");
	w.ns[1].parent = 77;
	judge(&w, NULL, "namespace 8: its birth record may be",
	      "parent whose list was not read");
	end(&w);

	make_usual(&w);
	w.ns[0].parent = 7;
	judge_all(&w, 2, "namespace 5: active, but namespace 7 above it has a death record",
		  NULL, "active below a dead one");
	w.ns[0].parent = 6;
	w.ns[0].is_active = false;
	judge(&w, "namespace 5: its parent is namespace 6, but its birth is in the host's list",
	      NULL, "another parent");
	end(&w);
}

static void wants_one_of_each(void)
{
	struct world w;

	make_usual(&w);
	birth(&w.l[0], 5, 0);
	judge(&w, "namespace 5: a second birth record; the first is entry 3 of the host's list (entry 8 of the host's list)",
	      NULL, "born twice");
	end(&w);

	make_usual(&w);
	birth(&w.l[1], 7, 5);
	judge(&w, "namespace 7: a second birth record; the first is entry 2 of the host's list (entry 6 of the list of namespace 5)",
	      NULL, "an id used again elsewhere");
	end(&w);

	make_usual(&w);
	birth(&w.l[0], 8, 5);
	judge(&w, "namespace 8: its birth record names namespace 5 as parent (entry 8 of the host's list)",
	      NULL, "born in the wrong list");
	end(&w);

	make_usual(&w);
	death(&w.l[0], 8, NULL, 0);
	judge(&w, "namespace 8: death record without a birth record", NULL,
	      "dead, not born");
	end(&w);

	make_usual(&w);
	policy(&w.l[0], 8, 1, A64);
	judge(&w, "namespace 8: policy record without a birth record", NULL,
	      "a policy of nobody");
	end(&w);

	make_usual(&w);
	policy(&w.l[0], 7, 2, A64);
	judge(&w, "namespace 7: policy record after its death record", NULL,
	      "a policy after the death");
	end(&w);

	make_usual(&w);
	birth(&w.l[0], 8, 0);
	death(&w.l[1], 8, NULL, 0);
	judge(&w, "namespace 8: death record without a birth record before it (entry 6 of the list of namespace 5)",
	      NULL, "a death in another list");
	end(&w);
}

static void counts_policies(void)
{
	struct world w;

	make_usual(&w);
	policy(&w.l[0], 5, 4, A64);
	judge(&w, "namespace 5: policy record with seq 4 where 3 is due", NULL,
	      "a gap");
	end(&w);

	make_usual(&w);
	policy(&w.l[0], 5, 2, A64);
	judge(&w, "namespace 5: policy record with seq 2 where 3 is due", NULL,
	      "the same again");
	end(&w);

	make_usual(&w);
	birth(&w.l[0], 8, 0);
	policy(&w.l[0], 8, 2, A64);
	judge(&w, "namespace 8: policy record with seq 2 where 1 is due", NULL,
	      "the first is missing");
	end(&w);

	make_usual(&w);
	policy(&w.l[1], 5, 3, A64);
	judge(&w, NULL, NULL, "own record after the first reading");
	known(&w);
	judge(&w, "namespace 5: 3 policy records in its list, but 2 in the host's list",
	      NULL, "own record that is not above");
	policy(&w.l[0], 5, 3, A64);
	judge(&w, NULL, NULL, "the record above");
	policy(&w.l[0], 5, 4, A64);
	judge(&w, NULL, NULL, "the one above comes first");
	policy(&w.l[1], 5, 4, Z64);
	known(&w);
	judge(&w, "namespace 5: its policy record with seq 4 is not the one in the host's list",
	      NULL, "another digest");
	end(&w);
}

/* One dead namespace, whose record says what @w->l[1] led to. */
static void make_dead(struct world *w)
{
	begin(w, 2);
	w->list[1].id = 3;
	w->list[1].final = true;
	birth(&w->l[0], 3, 0);
	mk_file(&w->l[1], 11, 2, "/bin/two");
	mk_violation(&w->l[1], 10, "/v");
	mk_all_templates(&w->l[1], 10);
	known(w);
}

static void replays_dead_ones(void)
{
	static const uint8_t ones[32] = { 1 };
	struct world w;
	uint8_t acc[32];

	make_dead(&w);
	death(&w.l[0], 3, &w.l[1], 1);
	judge(&w, NULL, NULL, "as the death record says");
	w.l[1].b.data[50] ^= 1;
	judge_all(&w, 2, "namespace 3: its list does not lead to the acc",
		  NULL, "one byte changed");
	judge_all(&w, 2, "1 entries of the list of namespace 3 are not what was measured, the first is entry 1",
		  NULL, "... it names the entry");
	w.l[1].b.data[50] ^= 1;
	/* Another PCR: no template digest tells. */
	w.l[1].b.data[0] = 11;
	judge(&w, "namespace 3: its list does not lead to the acc", NULL,
	      "another PCR");
	w.l[1].b.data[0] = 10;
	mk_file(&w.l[1], 10, 3, "/more");
	judge_all(&w, 2, "namespace 3: its list has 14 entries, its death record says 13",
		  NULL, "an entry more");
	end(&w);

	make_dead(&w);
	death_as(&w.l[0], 3, w.l[1].entries + 1, 2, ones);
	judge_all(&w, 3, "namespace 3: its list has 13 entries, its death record says 14 (entries that were lost count)",
		  NULL, "an entry was lost");
	end(&w);

	make_dead(&w);
	death(&w.l[0], 3, &w.l[1], 0);
	judge(&w, "namespace 3: its list has 1 violations, its death record says 0",
	      NULL, "other violations");
	end(&w);

	make_dead(&w);
	memcpy(acc, w.l[1].acc, 32);
	acc[31] ^= 1;
	death_as(&w.l[0], 3, w.l[1].entries, 1, acc);
	judge(&w, "namespace 3: its list does not lead to the acc", NULL,
	      "another acc");
	end(&w);

	make_dead(&w);
	judge(&w, "namespace 3: born in entry 2", "namespace 3: it ended, but no list",
	      "no death record to compare with");
	end(&w);

	make_dead(&w);
	policy(&w.l[1], 3, 1, A64);
	death(&w.l[0], 3, &w.l[1], 1);
	judge(&w, "namespace 3: 1 policy records in its list, but 0 in the host's list",
	      NULL, "a policy that is not above");
	end(&w);

	make_dead(&w);
	policy(&w.l[0], 3, 1, A64);
	death(&w.l[0], 3, &w.l[1], 1);
	judge(&w, "namespace 3: only 0 policy records in its list, but 1 in the host's list",
	      NULL, "a policy that is only above");
	end(&w);
}

/* Lists of both are at hand: the upper one has the death of the lower one. */
static void replays_nested_dead_ones(void)
{
	struct world w;
	int lost;

	for (lost = 0; lost < 2; lost++) {
		begin(&w, 3);
		w.list[1].id = 3;
		w.list[2].id = 8;
		w.list[1].final = w.list[2].final = true;
		birth(&w.l[0], 3, 0);
		birth(&w.l[1], 8, 3);
		policy(&w.l[1], 8, 1, A64);
		policy(&w.l[2], 8, 1, A64);
		if (!lost)
			death(&w.l[1], 8, &w.l[2], 0);
		death(&w.l[0], 3, &w.l[1], 0);
		known(&w);
		if (lost)
			judge(&w, "namespace 8: born in entry 2 of the list of namespace 3, which ended without",
			      "namespace 8: it ended, but no list", "no death in it");
		else
			judge(&w, NULL, NULL, "both dead");
		end(&w);
	}
}

static void compares_vpcr(void)
{
	struct vpcr_acc acc;
	struct world w;

	make_usual(&w);
	memcpy(acc.value, w.l[1].acc, 32);
	acc.entries = w.l[1].entries;
	w.list[1].vpcr = &acc;
	judge(&w, NULL, NULL, "vpcr");
	mk_file(&w.l[1], 10, 3, "/later");
	judge(&w, NULL, NULL, "vpcr of a moment before");
	acc.entries++;
	judge(&w, "namespace 5: the acc of its vpcr is not what its list leads to after 6 entries",
	      NULL, "vpcr with another count");
	acc.entries += 2;
	judge(&w, NULL, "namespace 5: what the acc of its vpcr covers may be",
	      "vpcr of a longer list");
	w.list[1].late = true;
	judge(&w, "namespace 5: the acc of its vpcr covers 8 entries, its list has only 6",
	      NULL, "vpcr of a list that does not grow");
	end(&w);
}

/* The kernel's own sum, while the namespace is alive and when it is not. */
static void compares_status(void)
{
	struct vpcr_acc acc, more;
	struct world w;

	make_usual(&w);
	memcpy(acc.value, w.l[1].acc, 32);
	acc.entries = w.l[1].entries;
	w.list[1].status = &acc;
	judge(&w, NULL, NULL, "acc of a status");
	mk_file(&w.l[1], 10, 3, "/later");
	judge(&w, NULL, NULL, "... of a moment before");
	memcpy(more.value, w.l[1].acc, 32);
	more.entries = w.l[1].entries;
	w.list[1].vpcr = &more;
	judge(&w, NULL, NULL, "... and vpcr of another moment");
	more.value[0] ^= 1;
	judge(&w, "namespace 5: the acc of its vpcr is not", NULL,
	      "only the vpcr is wrong");
	w.list[1].vpcr = NULL;
	w.l[1].b.data[50] ^= 1;
	judge_all(&w, 2, "namespace 5: the acc of its status is not what its list leads to after 5 entries",
		  NULL, "a living one's list is changed");
	w.l[1].b.data[50] ^= 1;
	acc.entries = more.entries + 1;
	judge(&w, NULL, "namespace 5: what the acc of its status covers may be",
	      "acc comes before the list");
	w.list[1].late = true;
	judge(&w, "namespace 5: the acc of its status covers 7 entries, its list has only 6",
	      NULL, "an entry that does not come");
	end(&w);

	make_usual(&w);
	memcpy(acc.value, w.l[2].acc, 32);
	acc.entries = w.l[2].entries + 1;
	w.list[2].status = &acc;
	judge(&w, "namespace 7: the acc of its status covers", NULL,
	      "nothing comes any more when it has ended");
	acc.entries = 0;
	judge(&w, NULL, NULL, "acc of nothing says nothing");
	end(&w);
}

static void names_copies(void)
{
	struct world w;

	make_usual(&w);
	w.list[2].path = "/a/copy";
	judge(&w, NULL, NULL, "a copy");
	mk_file(&w.l[2], 10, 3, "/more");
	judge_all(&w, 2, "/a/copy is not the list of namespace 7: it has 4 entries, its death record says 3",
		  NULL, "a copy of something else");
	judge_all(&w, 2, "/a/copy is not the list of namespace 7: it does not lead to the acc of its death record",
		  NULL, "... another acc");
	end(&w);
}

/* Waiting makes sense only where something may still come. */
static void says_what_may_settle(void)
{
	struct lives_verdict v;
	struct world w;
	int pending;

	for (pending = 0; pending < 2; pending++) {
		make_usual(&w);
		w.in.nlists = 2;
		if (pending)
			alive(&w, 8, 5);
		else
			w.list[1].final = true;
		w.list[1].pending = pending;
		w.list[0].data = w.l[0].b.data;
		w.list[0].len = w.l[0].b.len;
		w.list[1].data = w.l[1].b.data;
		w.list[1].len = w.l[1].b.len;
		ok(lives_judge(&w.in, &v) && v.undecided.n &&
		   v.may_settle == pending, "undecided %s",
		   pending ? "for now" : "for good");
		lives_free(&v);
		w.in.nlists = 3;
		end(&w);
	}
}

static void make_kexec(struct world *w)
{
	begin(w, 1);
	birth(&w->l[0], 3, 0);
	death(&w->l[0], 3, NULL, 0);
	birth(&w->l[0], 4, 0);
	mk_file(&w->l[0], 10, 2, "boot_aggregate");
	birth(&w->l[0], 6, 0);
	birth(&w->l[0], 5, 0);
	alive(w, 5, 0);
	alive(w, 6, 0);
	known(w);
}

static void knows_kexec(void)
{
	struct world w;

	make_kexec(&w);
	judge(&w, "namespace 4: born in entry 4 of the host's list, neither in ima/ns nor a death record; if the boot_aggregate",
	      NULL, "a second boot_aggregate excuses nothing");
	w.in.kexec = true;
	judge(&w, NULL, NULL, "a kexec does");
	birth(&w.l[0], 2, 0);
	death(&w.l[0], 2, NULL, 0);
	judge(&w, "namespace 2: born after the kexec, but namespace 4 was before",
	      NULL, "a number below those before");
	end(&w);

	make_kexec(&w);
	w.in.kexec = true;
	death(&w.l[0], 4, NULL, 0);
	judge(&w, "namespace 4: born before the kexec, but its death record is behind it (entry 8",
	      NULL, "survived a kexec, dead");
	end(&w);

	make_kexec(&w);
	w.in.kexec = true;
	w.ns[0].id = 4;
	w.ns[1].id = 5;
	w.ns[1].was_active = w.ns[1].is_active = false;
	death(&w.l[0], 6, NULL, 0);
	judge(&w, "namespace 4: born before the kexec (entry 4 of the host's list), but in ima/ns",
	      NULL, "survived a kexec, alive");
	end(&w);

	/* A file whose path is not known is named by its last component. */
	make_usual(&w);
	mk_violation(&w.l[0], 10, "boot_aggregate");
	mk_file(&w.l[1], 10, 2, "boot_aggregate");
	w.in.nns = 0;
	judge(&w, "neither in ima/ns nor a death record", NULL,
	      "no violation and no other list is taken for a kexec");
	end(&w);
}

static void names_bad_records(void)
{
	struct lives_verdict v;
	struct world w;

	make_usual(&w);
	mk_record(&w.l[0], 10, "ima_ns_death", "id=5");
	judge(&w, "entry 8 of the host's list: malformed record: not the keys",
	      NULL, "malformed record");
	mk_free(&w.l[0]);
	mk_begin(&w.l[0], "sha1");
	buf_add(&w.l[0].b, "nonsense", 8);
	w.list[0].data = w.l[0].b.data;
	w.list[0].len = w.l[0].b.len;
	ok(!lives_judge(&w.in, &v), "a malformed list cannot be judged");
	end(&w);
}

/* The PCR stands in no template digest: that is for the TPM to tell. */
static bool is_pcr(const struct mklist *l, size_t at)
{
	struct list_reader r;
	struct list_entry e;

	list_begin(&r, l->b.data, l->b.len);
	while (list_next(&r, &e) == LIST_ENTRY)
		if (at - e.offset < 4)
			return true;
	return false;
}

/* Nothing crashes, and no byte of the host's list is changed unseen. */
static void sees_every_byte(void)
{
	size_t i, accepted = 0, malformed = 0;
	struct lives_verdict v;
	struct world w;

	make_dead(&w);
	death(&w.l[0], 3, &w.l[1], 1);
	w.list[0].len = w.l[0].b.len;
	w.list[1].data = w.l[1].b.data;
	w.list[1].len = w.l[1].b.len;
	/* What a few hundred malformed lists have to say is not of interest. */
	if (!freopen("/dev/null", "w", stderr))
		abort();
	for (i = 0; i < w.l[0].b.len; i++) {
		/* Of exactly its size, so that ASAN sees the byte beyond. */
		uint8_t *copy = malloc(w.l[0].b.len);

		if (!copy)
			abort();
		memcpy(copy, w.l[0].b.data, w.l[0].b.len);
		copy[i] ^= 1u << i % 8;
		w.list[0].data = copy;
		if (!lives_judge(&w.in, &v)) {
			malformed++;
		} else {
			accepted += !v.problems.n && !is_pcr(&w.l[0], i);
			lives_free(&v);
		}
		free(copy);
	}
	ok(malformed, "%zu of %zu changes make it malformed", malformed, i);
	ok(!accepted, "every changed byte of the host's list is seen");
	end(&w);
}

int main(void)
{
	accepts_what_is_right();
	wants_an_end();
	wants_a_beginning();
	wants_one_of_each();
	counts_policies();
	replays_dead_ones();
	replays_nested_dead_ones();
	compares_vpcr();
	compares_status();
	names_copies();
	says_what_may_settle();
	knows_kexec();
	names_bad_records();
	sees_every_byte();
	return tap_done();
}
