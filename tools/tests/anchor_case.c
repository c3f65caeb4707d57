// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "anchor_case.h"
#include "tap.h"

const struct anchor_request anchor_usual = {
	.boot = true, .anchor = true, .has_default = true,
};

void anchor_case_tpm(const struct mkanchor *m, struct pcr_set *s)
{
	uint32_t pcr;
	int bank;

	for (pcr = MKA_BOOT_PCR; pcr <= MKA_ANCHOR_PCR; pcr++)
		for (bank = 0; bank < 2; bank++)
			pcr_set_add(s, pcr, hash_by_name(mk_bank_name[bank]),
				    m->l.pcr[pcr][bank], "given");
}

void anchor_case_judge(const struct mkanchor *m,
		       const struct anchor_request *rq, struct pcr_set *set,
		       const char *reason, const char *what)
{
	struct anchor a;
	bool good = false;
	size_t i;

	if (!ok(anchor_read(&a, &m->l.b), "%s: can be judged", what)) {
		anchor_free(&a);
		return;
	}
	anchor_judge(&a, set, rq);
	for (i = 0; i < a.problems.n; i++)
		good |= reason && strstr(a.problems.text[i], reason);
	if (!ok(reason ? good : !a.problems.n, "%s: %s", what,
		reason ? reason : "verified"))
		for (i = 0; i < a.problems.n; i++)
			note("problem: %s", a.problems.text[i]);
	anchor_free(&a);
}

void anchor_case(const struct mkanchor *m, const char *reason, const char *what)
{
	struct pcr_set s = { 0 };

	anchor_case_tpm(m, &s);
	anchor_case_judge(m, &anchor_usual, &s, reason, what);
	pcr_set_free(&s);
}

void anchor_case_begin(struct mkanchor *m)
{
	uint8_t acc[32] = { 1 };

	mka_begin(m);
	mka_register(m, 16, 2);
	mka_boot(m, 3, true);
	mka_boot(m, 4, true);
	mka_set_leaf(m, 0, 3, 5, acc);
	mka_set_leaf(m, 2, 4, 9, acc);
	mka_anchor(m, "interval");
	mka_boot(m, 5, false);
	mk_file(&m->l, 10, 7, "/bin/sh");
	mka_set_leaf(m, 1, 5, 1, acc);
	mka_anchor(m, "events");
	mka_anchor(m, "death");
}
