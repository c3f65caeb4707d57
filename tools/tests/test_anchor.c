// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The anchor's records in the host's list: honest ones, and what the kernel
 * would not write.
 */
#include <stdlib.h>
#include <string.h>

#include "anchor_case.h"
#include "tap.h"

/* It is verified, with this note. */
static void notes(const struct mkanchor *m, const char *text)
{
	struct pcr_set s = { 0 };
	struct anchor a;
	bool found = false;
	size_t i;

	anchor_case_tpm(m, &s);
	if (anchor_read(&a, &m->l.b))
		anchor_judge(&a, &s, &anchor_usual);
	for (i = 0; i < a.notes.n; i++)
		found |= !!strstr(a.notes.text[i], text);
	if (!ok(found, "noted: %s", text))
		for (i = 0; i < a.notes.n; i++)
			note("note: %s", a.notes.text[i]);
	anchor_free(&a);
	pcr_set_free(&s);
}

static void accepts_honest_lists(void)
{
	struct mkanchor m;
	struct anchor a;
	int i;

	anchor_case_begin(&m);
	anchor_case(&m, NULL, "honest");
	ok(anchor_read(&a, &m.l.b) && a.nboots == 3 && a.boot[2].id == 5 &&
	   a.boot[0].late && !a.boot[2].late && a.nmarks == 3 &&
	   a.mark[2].seq == 3 && a.mark[2].n == 3 && a.mark[2].has_leaf &&
	   a.registration[0].last.entry == a.mark[2].entry,
	   "what the records say");
	is_text(a.boot[2].label, "web 5", "label is decoded");
	anchor_free(&a);
	mka_unregister(&m);
	anchor_case(&m, NULL, "honest, ended");
	mka_register(&m, 3, 0);
	for (i = 0; i < 10; i++)
		mka_anchor(&m, i % 2 ? "read" : "interval");
	anchor_case(&m, NULL, "honest, registered again, short chains");
	mka_unregister(&m);
	mka_register(&m, 1, 0);
	mka_anchor(&m, "interval");
	mka_anchor(&m, "reboot");
	mka_shutdown(&m, "reboot");
	anchor_case(&m, NULL, "honest, chains of one token, reboot");
	mka_free(&m);

	mka_begin(&m);
	mka_register(&m, 4, 0);
	mka_anchor(&m, "read");
	anchor_case(&m, NULL, "honest, no slots");
	mka_free(&m);
}

static void sees_foreign_entries(void)
{
	struct buf data = { 0 };
	struct mkanchor m;

	anchor_case_begin(&m);
	mk_file(&m.l, 12, 9, "/bin/evil");
	anchor_case(&m, "foreign entry in PCR 12: /bin/evil", "file in PCR 12");
	mka_free(&m);
	anchor_case_begin(&m);
	mka_record(&m, 12, "ima_ns_anchors", "seq=4");
	anchor_case(&m, "foreign entry in PCR 12: ima_ns_anchors", "another name");
	mka_free(&m);
	anchor_case_begin(&m);
	mk_record_data(&data, "ima_ns_boot", "id=5");
	mk_entry(&m.l, 11, "ima-buf", &data, true);
	buf_free(&data);
	anchor_case(&m, "foreign entry in PCR 11: ima_ns_boot (a violation)",
	      "violation");
	mka_free(&m);
	anchor_case_begin(&m);
	mka_record(&m, 12, "ima_ns_boot", "id=5");
	anchor_case(&m, "malformed ima_ns_boot in PCR 12", "malformed record");
	mka_free(&m);
	anchor_case_begin(&m);
	mka_record(&m, 12, "ima_ns_shutdown", "reason=reboot seq=3");
	anchor_case(&m, "foreign entry in PCR 12: ima_ns_shutdown", "shutdown");
	mka_unregister(&m);
	mka_anchor(&m, "interval");
	anchor_case(&m, "ima_ns_anchor after ima_ns_unregister", "after the end");
	mka_free(&m);
	anchor_case_begin(&m);
	mka_unregister(&m);
	mk_file(&m.l, 11, 9, "/bin/late");
	anchor_case(&m, "foreign entry in PCR 11: /bin/late", "file after the end");
	mka_free(&m);
}

/* Well written, but not in their PCR. */
static void wants_records_in_their_pcrs(void)
{
	static const struct {
		const char *name;
		size_t from, at;
		uint32_t pcr;
		const char *reason;
	} cases[] = {
		{ "ima_ns_boot", 0, 3, 12, "foreign entry in PCR 12: ima_ns_boot" },
		{ "ima_ns_boot", 0, 3, 10, "foreign entry in PCR 10: ima_ns_boot" },
		{ "ima_ns_anchor", 1, 3, 11,
		  "foreign entry in PCR 11: ima_ns_anchor" },
		{ "ima_ns_anchor", 1, 3, 10,
		  "foreign entry in PCR 10: ima_ns_anchor" },
		{ "ima_ns_register", 1, 0, 9, "which is not one of its own" },
		{ "ima_ns_unregister", 1, 0, 9, "ima_ns_unregister" },
	};
	struct mkanchor m;
	struct buf *b;
	size_t i, len;
	char *text;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		anchor_case_begin(&m);
		b = &m.records[cases[i].from].v[cases[i].at];
		/* Behind the digest with its length, and the name. */
		len = 4 + 8 + 32 + 4 + strlen(cases[i].name) + 1 + 4;
		text = cases[i].at ? xasprintf("%.*s", (int)(b->len - len),
					       (char *)b->data + len) :
				     xstrdup(m.reg);
		mka_record(&m, cases[i].pcr, cases[i].name, text);
		anchor_case(&m, cases[i].reason, "in another PCR");
		free(text);
		mka_free(&m);
	}
}

/* The register record in some of its places only. */
static void register_in(struct mkanchor *m, bool anchor, bool boot,
			bool dflt)
{
	mka_begin(m);
	mka_register_text(m, 16, 0);
	if (anchor)
		mka_record(m, 12, "ima_ns_register", m->reg);
	if (boot)
		mka_record(m, 11, "ima_ns_register", m->reg);
	if (dflt)
		mka_record(m, 10, "ima_ns_register", m->reg);
	mka_anchor(m, "interval");
}

static void wants_register_everywhere(void)
{
	struct anchor_request anywhere = { .boot = true, .anchor = true };
	struct pcr_set none = { 0 };
	struct mkanchor m;

	register_in(&m, true, true, true);
	anchor_case(&m, NULL, "register record in all places");
	mka_free(&m);
	register_in(&m, false, true, true);
	anchor_case(&m, "is missing in PCR 12", "not in PCR 12");
	mka_free(&m);
	register_in(&m, true, false, true);
	anchor_case(&m, "is missing in PCR 11", "not in PCR 11");
	mka_free(&m);
	register_in(&m, true, true, false);
	anchor_case(&m, "is missing in PCR 10", "not in PCR 10");
	mka_free(&m);
	register_in(&m, true, true, true);
	mka_record(&m, 12, "ima_ns_register", m.reg);
	anchor_case(&m, "has not ended", "twice in PCR 12");
	mka_free(&m);
	/* PCR 12 has it, but behind the anchor. */
	register_in(&m, false, true, true);
	mka_record(&m, 12, "ima_ns_register", m.reg);
	anchor_case(&m, "ima_ns_anchor, but the ima_ns_register of entry 3 is missing in PCR 12",
		    "too late in PCR 12");
	mka_free(&m);
	/* PCR 12 has another one. */
	register_in(&m, false, true, true);
	m.reg[8] ^= 1;
	mka_record(&m, 12, "ima_ns_register", m.reg);
	anchor_case(&m, "ima_ns_register, but that of entry 3 has not ended",
		    "another one in PCR 12");
	mka_free(&m);
	mka_begin(&m);
	anchor_case(&m, "nothing is anchored", "none at all");
	/* Clang's UBSAN saw an offset to nothing there. */
	anchor_case_judge(&m, &anywhere, &none, "nothing is anchored",
			  "none at all, without PCR 10");
	mka_anchor(&m, "interval");
	anchor_case(&m, "no ima_ns_register before", "an anchor, but none");
	mka_free(&m);
	/* Not the first: an entry of the time before. */
	mka_begin(&m);
	mk_file(&m.l, 12, 9, "/bin/early");
	mka_register(&m, 16, 0);
	anchor_case(&m, "PCR 12 has 1 entries before its register record",
	      "not the first");
	mka_free(&m);
}

static void uses_start_values(void)
{
	struct anchor_request rq = anchor_usual;
	struct pcr_set s = { 0 };
	struct mkanchor m;
	uint8_t *at;

	mka_begin(&m);
	memset(m.l.pcr[12], 0x33, sizeof(m.l.pcr[12]));
	memset(m.l.pcr[11], 0x44, sizeof(m.l.pcr[11]));
	mka_register(&m, 16, 0);
	mka_anchor(&m, "interval");
	anchor_case(&m, NULL, "start values that are not zero");
	anchor_case_tpm(&m, &s);
	rq.has_default = false;
	anchor_case_judge(&m, &rq, &s, "believed only if PCR 10 is verified, too",
		 "... without PCR 10");
	/* The text is changed everywhere: it is still one and the same. */
	while ((at = memmem(m.l.b.data, m.l.b.len, "3333333333333333", 16)))
		memcpy(at, "5555555555555555", 16);
	anchor_case(&m, "PCR 12 of bank sha256 (given) is not what",
	      "wrong start value");
	pcr_set_free(&s);
	mka_free(&m);

	anchor_case_begin(&m);
	memset(&s, 0, sizeof(s));
	anchor_case_tpm(&m, &s);
	anchor_case_judge(&m, &rq, &s, NULL, "zero, without PCR 10");
	mka_unregister(&m);
	mka_register(&m, 16, 0);
	s.n = 0;
	anchor_case_tpm(&m, &s);
	anchor_case_judge(&m, &rq, &s, "registered again in entry",
		 "again, without PCR 10");
	pcr_set_free(&s);
	mka_free(&m);
}

static void wants_values(void)
{
	struct anchor_request rq = anchor_usual;
	struct pcr_set s = { 0 };
	struct mkanchor m;

	anchor_case_begin(&m);
	anchor_case_judge(&m, &rq, &s, "no value to compare PCR 12 with", "no values");
	anchor_case_tpm(&m, &s);
	s.v[3].value[0] ^= 1;
	anchor_case_judge(&m, &rq, &s, "PCR 12 of bank sha256 (given) is not",
		 "one wrong value of four");
	rq.anchor = false;
	anchor_case_judge(&m, &rq, &s, "PCR 12 of bank sha256 (given) is not",
			  "... also if only PCR 11 must have one");
	s.n = 2;
	anchor_case_judge(&m, &rq, &s, NULL, "only PCR 11");
	rq = anchor_usual;
	s.n = 0;
	pcr_set_add(&s, 11, hash_by_name("sha512"), m.l.pcr[11][3], "given");
	anchor_case_judge(&m, &rq, &s, "no start value for that bank", "another bank");
	pcr_set_free(&s);
	mka_free(&m);
}

/* A bank that was extended with padded SHA-1 digests. */
static void knows_padded_banks(void)
{
	struct anchor_request rq = { .anchor = true, .has_default = true };
	struct pcr_set s = { 0 };
	struct mkanchor m;

	anchor_case_begin(&m);
	pcr_set_add(&s, 12, hash_by_name("sha256"), m.l.padded[12][1], "given");
	anchor_case_judge(&m, &rq, &s, "only by padded SHA-1 digests", "padded alone");
	rq.trust.padded = true;
	anchor_case_judge(&m, &rq, &s, NULL, "padded, accepted");
	rq.trust.padded = false;
	pcr_set_add(&s, 12, hash_by_name("sha1"), m.l.pcr[12][0], "given");
	anchor_case_judge(&m, &rq, &s, NULL, "padded, another bank vouches");
	rq.trust.bank_chosen = true;
	anchor_case_judge(&m, &rq, &s, "only by padded SHA-1 digests",
		 "padded, but the bank was chosen");
	pcr_set_free(&s);
	mka_free(&m);
}

static void judges_boots(void)
{
	struct mkanchor m;

	anchor_case_begin(&m);
	mka_boot(&m, 5, false);
	anchor_case(&m, "namespace 5 has two boot records", "same id twice");
	mka_free(&m);
	anchor_case_begin(&m);
	mka_boot(&m, 6, true);
	anchor_case(&m, NULL, "late, but it was not counted");
	notes(&m, "2 namespaces were alive when this ima_ns_register was made, 3 have a boot record with late=1");
	mka_free(&m);
	mka_begin(&m);
	mka_register(&m, 16, 2);
	mka_boot(&m, 4, false);
	mka_boot(&m, 3, true);
	anchor_case(&m, NULL, "one that was counted has gone");
	notes(&m, "2 namespaces were alive when this ima_ns_register was made, 1 have a boot record with late=1");
	mka_free(&m);
}

static void follows_a_kexec(void)
{
	struct mkanchor m;
	struct anchor a;

	anchor_case_begin(&m);
	mka_anchor(&m, "kexec");
	mka_shutdown(&m, "kexec");
	anchor_case(&m, NULL, "kexec");
	notes(&m, "nothing is anchored since entry 14 (ima_ns_shutdown)");
	mk_file(&m.l, 10, 1, "boot_aggregate");
	mka_register(&m, 8, 0);
	mka_boot(&m, 5, false);
	mka_anchor(&m, "interval");
	anchor_case(&m, NULL, "registered after a kexec");
	ok(anchor_read(&a, &m.l.b) && a.nregistrations == 2 &&
	   a.registration[0].ended == 14 &&
	   a.registration[0].ended_by == ANCHOR_SHUTDOWN &&
	   !a.registration[1].ended, "the first ended with the kexec");
	anchor_free(&a);
	mka_free(&m);

	anchor_case_begin(&m);
	mka_anchor(&m, "reboot");
	mka_shutdown(&m, "reboot");
	anchor_case(&m, NULL, "reboot");
	mk_file(&m.l, 10, 9, "/bin/late");
	anchor_case(&m, NULL, "a file after a reboot began");
	mka_register(&m, 8, 0);
	anchor_case(&m, "ima_ns_register after the ima_ns_shutdown of entry 14, which was no kexec",
		    "registered after a reboot");
	mka_free(&m);
	anchor_case_begin(&m);
	mka_shutdown(&m, "reboot");
	anchor_case(&m, NULL, "the last anchor failed");
	notes(&m, "the last anchor before it was not made for that");
	mka_anchor(&m, "interval");
	anchor_case(&m, "ima_ns_anchor after the ima_ns_shutdown of entry 13",
		    "an anchor after the reboot");
	mka_shutdown(&m, "reboot");
	anchor_case(&m, "ima_ns_shutdown after the ima_ns_shutdown", "twice");
	mka_free(&m);
	anchor_case_begin(&m);
	mka_unregister(&m);
	mka_shutdown(&m, "reboot");
	anchor_case(&m, "ima_ns_shutdown after ima_ns_unregister",
		    "after the end");
	mka_free(&m);
	mka_begin(&m);
	mka_shutdown(&m, "reboot");
	anchor_case(&m, "ima_ns_shutdown, but no ima_ns_register before",
		    "without registration");
	mka_free(&m);
}

/* The TPM failed at one of three records, and it was tried again. */
static void follows_failed_registrations(void)
{
	static const uint32_t places[] = { 11, 12, 10 };
	struct mkanchor m;
	size_t n, i, k;
	char *reason;

	/* After an earlier registration, too: then start values count. */
	for (k = 0; k < 2; k++)
		for (n = 0; n < 3; n++) {
			mka_begin(&m);
			if (k) {
				mka_register(&m, 16, 0);
				mka_anchor(&m, "interval");
				mka_unregister(&m);
			}
			mka_register_text(&m, 16, 0);
			for (i = 0; i < n; i++)
				mka_record(&m, places[i], "ima_ns_register",
					   m.reg);
			mka_register(&m, 16, 0);
			mka_anchor(&m, "interval");
			anchor_case(&m, NULL, "registered at the second try");
			if (n)
				notes(&m, "this ima_ns_register never came into PCR 10");
			mka_free(&m);
		}
	/* What the TPM took, but not the list, is in the start values ... */
	mka_begin(&m);
	mka_register_text(&m, 16, 0);
	mka_record(&m, 11, "ima_ns_register", m.reg);
	m.hide = true;
	mka_record(&m, 12, "ima_ns_register", m.reg);
	m.hide = false;
	mka_register(&m, 16, 0);
	mka_anchor(&m, "interval");
	anchor_case(&m, NULL, "extended, but not listed");
	mka_free(&m);
	/* ... but it is no excuse where the records before are known. */
	mka_begin(&m);
	mka_register(&m, 16, 0);
	mka_unregister(&m);
	mka_register_text(&m, 16, 0);
	m.hide = true;
	mka_record(&m, 11, "ima_ns_register", m.reg);
	m.hide = false;
	mka_register(&m, 16, 0);
	anchor_case(&m, "the start value of PCR 11 is not what the records before",
		    "extended, but not listed, the second time");
	mka_free(&m);
	/* Nothing followed. */
	for (n = 1; n < 3; n++) {
		mka_begin(&m);
		mka_register_text(&m, 16, 0);
		for (i = 0; i < n; i++)
			mka_record(&m, places[i], "ima_ns_register", m.reg);
		anchor_case(&m, "this ima_ns_register is missing in PCR 10",
			    "registration not complete");
		mka_free(&m);
	}
	/* The end failed. */
	for (i = 0; i < 3; i++) {
		mka_begin(&m);
		mka_register(&m, 16, 0);
		m.hide_pcr = places[i];
		memcpy(m.l.pcr[20], m.l.pcr[places[i]], sizeof(m.l.pcr[20]));
		mka_unregister(&m);
		memcpy(m.l.pcr[places[i]], m.l.pcr[20], sizeof(m.l.pcr[20]));
		m.hide_pcr = 0;
		mka_register(&m, 16, 0);
		anchor_case(&m, NULL, "registered after an incomplete end");
		reason = xasprintf("this ima_ns_unregister is missing in PCR %u",
				   places[i]);
		notes(&m, reason);
		free(reason);
		mka_free(&m);
	}
}

/* Tokens count, but no PCR can vouch for anything. */
static void knows_machines_without_tpm(void)
{
	struct pcr_set none = { 0 };
	struct mkanchor m;
	struct anchor a;

	mka_begin(&m);
	m.no_tpm = true;
	mka_register(&m, 16, 0);
	mka_boot(&m, 5, false);
	mka_anchor(&m, "interval");
	ok(anchor_read(&a, &m.l.b) && !a.problems.n && a.nmarks == 1,
	   "no TPM: the records are good");
	anchor_free(&a);
	anchor_case(&m, "there was no TPM at the registration: no value of PCR 12",
		    "no TPM, values from somewhere");
	anchor_case_judge(&m, &anchor_usual, &none,
			  "there was no TPM at the registration: no value of PCR 11",
			  "no TPM, no values");
	mka_forge(&m, NULL);
	ok(anchor_read(&a, &m.l.b) && a.problems.n == 1 &&
	   strstr(a.problems.text[0], "its token was shown before"),
	   "no TPM: a forged anchor is seen");
	anchor_free(&a);
	mka_free(&m);
}

/* The register record of mode=concat, in PCR 10 and 11. */
static void register_concat(struct mkanchor *m)
{
	mka_register_text(m, 16, 0);
	strcpy(strstr(m->reg, "chain="), "chain=0 token=none");
	mka_record(m, MKA_BOOT_PCR, "ima_ns_register", m->reg);
	mka_record(m, 10, "ima_ns_register", m->reg);
}

static void leaves_concat_alone(void)
{
	struct anchor_request boot = { .boot = true, .has_default = true };
	struct pcr_set s = { 0 };
	struct mkanchor m;

	mka_begin(&m);
	register_concat(&m);
	/* What is extended has no entry. */
	memset(m.l.pcr[12], 0x66, sizeof(m.l.pcr[12]));
	mka_boot(&m, 5, false);
	anchor_case_tpm(&m, &s);
	anchor_case_judge(&m, &boot, &s, NULL, "mode=concat, boot records");
	anchor_case_judge(&m, &anchor_usual, &s,
			  "no list gives the value of PCR 12",
			  "mode=concat, anchors are asked for");
	/* The number of extends is that of no records. */
	m.seq = 7;
	mka_shutdown(&m, "reboot");
	s.n = 0;
	anchor_case_tpm(&m, &s);
	anchor_case_judge(&m, &boot, &s, NULL, "mode=concat, reboot");
	pcr_set_free(&s);
	mka_free(&m);

	/* An end, without a token, and another one. */
	memset(&s, 0, sizeof(s));
	mka_begin(&m);
	register_concat(&m);
	mka_boot(&m, 5, false);
	mka_record(&m, MKA_BOOT_PCR, "ima_ns_unregister", m.reg);
	anchor_case(&m, "this ima_ns_unregister is missing in PCR 10",
		    "mode=concat, half of an end");
	mka_record(&m, 10, "ima_ns_unregister", m.reg);
	register_concat(&m);
	mka_boot(&m, 6, false);
	s.n = 0;
	anchor_case_tpm(&m, &s);
	anchor_case_judge(&m, &boot, &s, NULL, "mode=concat, again");
	/* Anchors of somebody's are not the kernel's. */
	mka_anchor(&m, "interval");
	anchor_case_judge(&m, &boot, &s, "is missing in PCR 12",
			  "mode=concat, and an anchor");
	pcr_set_free(&s);
	mka_free(&m);

	/* No end of tokens by words: an honest registration goes on. */
	anchor_case_begin(&m);
	memcpy(strstr(m.reg, "chain="), "chain=0 token=none", 19);
	mka_record(&m, MKA_BOOT_PCR, "ima_ns_unregister", m.reg);
	anchor_case(&m, "ima_ns_unregister of another registration",
		    "mode=concat, the end of another");
	mka_free(&m);

	mka_begin(&m);
	mka_register_text(&m, 16, 0);
	memcpy(strstr(m.reg, "chain=16"), "chain=00", 8);
	mka_record(&m, MKA_BOOT_PCR, "ima_ns_register", m.reg);
	anchor_case(&m, "chain=0 with a token", "chain=0 with a token");
	mka_free(&m);
}

static void refuses_malformed_lists(void)
{
	struct mkanchor m;
	struct anchor a;
	size_t i, full, judged = 0, good = 0;

	anchor_case_begin(&m);
	full = m.l.b.len;
	/* No beginning of a list is as good as all of it, none is too much. */
	for (i = 0; i < full; i++) {
		struct pcr_set s = { 0 };

		m.l.b.len = i;
		anchor_case_tpm(&m, &s);
		if (anchor_read(&a, &m.l.b)) {
			anchor_judge(&a, &s, &anchor_usual);
			judged++;
			good += !a.problems.n;
		}
		anchor_free(&a);
		pcr_set_free(&s);
	}
	ok(judged && !good, "%zu of %zu beginnings are lists, %zu verified",
	   judged, full, good);
	m.l.b.len = full;
	for (i = 0; i < 100; i++)
		mk_file(&m.l, 12, 9, "/bin/evil");
	anchor_case(&m, "... and 80 more", "many bad entries, few words");
	mka_free(&m);
}

int main(void)
{
	accepts_honest_lists();
	sees_foreign_entries();
	wants_records_in_their_pcrs();
	wants_register_everywhere();
	uses_start_values();
	wants_values();
	knows_padded_banks();
	judges_boots();
	follows_a_kexec();
	follows_failed_registrations();
	knows_machines_without_tpm();
	leaves_concat_alone();
	refuses_malformed_lists();
	return tap_done();
}
