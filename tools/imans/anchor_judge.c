// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is left to be judged when the anchor's records are read.
 */
#include <stdlib.h>
#include <string.h>

#include "anchor.h"

static int compare_ids(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Within one registration no id has two boot records. */
static void check_ids(struct anchor *a, size_t first, size_t n)
{
	uint64_t *id = xcalloc(n, sizeof(*id));
	size_t i;

	for (i = 0; i < n; i++)
		id[i] = a->boot[first + i].id;
	qsort(id, n, sizeof(*id), compare_ids);
	for (i = 1; i < n; i++)
		if (id[i] == id[i - 1]) {
			texts_add(&a->problems, "namespace %llu has two boot records",
				  (unsigned long long)id[i]);
			break;
		}
	free(id);
}

void anchor_check_boots(struct anchor *a)
{
	size_t i, first = 0;

	for (i = 0; i < a->nregistrations; i++) {
		check_ids(a, first, a->registration[i].boots);
		first += a->registration[i].boots;
	}
}

static bool starts_at_zero(const struct anchor_register *reg, bool boot)
{
	size_t i;

	for (i = 0; i < reg->nbanks; i++)
		if (!all_bytes(boot ? reg->start[i].boot : reg->start[i].anchor,
			       reg->start[i].bank->size, 0))
			return false;
	return true;
}

/*
 * The register record is believed for its place: nothing was extended before
 * it in a PCR that is judged, or it stands in the default PCR. Otherwise
 * whoever has the TPM could have written it, at any time.
 */
static void judge_place(struct anchor *a, const struct anchor_request *rq)
{
	const struct anchor_registration *first;

	if (rq->has_default || !a->nregistrations)
		return;
	first = &a->registration[0];
	if (a->nregistrations > 1)
		texts_add(&a->problems, "registered again in entry %zu: that record is believed only if PCR %u is verified, too",
			  a->registration[1].entry, IMA_DEFAULT_PCR);
	else if (!(rq->anchor && starts_at_zero(&first->reg, false)) &&
		 !(rq->boot && starts_at_zero(&first->reg, true)))
		texts_add(&a->problems, "entry %zu: the PCRs were not zero at the registration: its record is believed only if PCR %u is verified, too",
			  first->entry, IMA_DEFAULT_PCR);
}

bool anchor_is_judged(const struct anchor *a, const struct pcr_set *set,
		      const struct anchor_request *rq, size_t pcr)
{
	size_t i;

	if ((rq->boot && a->boot_pcrs >> pcr & 1) ||
	    (rq->anchor && a->anchor_pcrs >> pcr & 1))
		return true;
	for (i = 0; i < set->n; i++)
		if (set->v[i].pcr == pcr)
			return (a->boot_pcrs | a->anchor_pcrs) >> pcr & 1;
	return false;
}

void anchor_judge(struct anchor *a, const struct pcr_set *set,
		  const struct anchor_request *rq)
{
	size_t i;

	for (i = 0; i < PCR_COUNT; i++)
		if (anchor_is_judged(a, set, rq, i))
			anchor_pcr_judge(&a->pcr[i], set, &rq->trust,
					 &a->problems);
	judge_place(a, rq);
	for (i = 0; rq->anchor && i < a->nregistrations; i++)
		if (!a->registration[i].reg.chain)
			texts_add(&a->problems, "entry %zu: registered with mode=concat: no list gives the value of PCR %u, which nothing verifies",
				  a->registration[i].entry,
				  a->registration[i].reg.pcr_anchor);
	for (i = 1; i < a->nregistrations; i++)
		texts_add(&a->notes, "registered again in entry %zu: nothing is anchored from entry %zu to there, and that register record is as good as what PCR %u had before it",
			  a->registration[i].entry,
			  a->registration[i - 1].ended, IMA_DEFAULT_PCR);
	if (a->nregistrations && a->registration[a->nregistrations - 1].ended)
		texts_add(&a->notes, "nothing is anchored since entry %zu (%s)",
			  a->registration[a->nregistrations - 1].ended,
			  a->registration[a->nregistrations - 1].ended_by ==
			  ANCHOR_SHUTDOWN ? "ima_ns_shutdown" :
					    "ima_ns_unregister");
}
