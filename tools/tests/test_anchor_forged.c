// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The anchor's records in the host's list: forgeries by somebody who has the
 * list and the TPM, but not the kernel's memory.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "anchor_case.h"
#include "tap.h"

static const uint8_t random_token[32] = { 0x12, 0x34, 0x56 };

static void sees_removed_entries(void)
{
	struct mkanchor m;

	mka_begin(&m);
	mka_register(&m, 16, 0);
	mka_boot(&m, 3, false);
	mka_anchor(&m, "interval");
	m.hide = true;
	mka_anchor(&m, "interval");
	m.hide = false;
	mka_anchor(&m, "interval");
	anchor_case(&m, "seq 3, but 2 is next", "anchor removed");
	anchor_case(&m, "does not continue the chain", "anchor removed");
	anchor_case(&m, "PCR 12 of bank sha256 (given) is not what",
	      "anchor removed");
	mka_free(&m);

	anchor_case_begin(&m);
	m.hide = true;
	mka_boot(&m, 6, false);
	anchor_case(&m, "PCR 11 of bank sha256 (given) is not what",
	      "last boot record removed");
	mka_free(&m);
	anchor_case_begin(&m);
	m.hide = true;
	mka_anchor(&m, "interval");
	anchor_case(&m, "PCR 12 of bank sha1 (given) is not what",
	      "last anchor removed");
	mka_free(&m);
}

static void sees_another_root(void)
{
	struct mkanchor m;
	uint8_t *root;

	anchor_case_begin(&m);
	root = memmem(m.l.b.data, m.l.b.len, "root=sha256:", 12);
	root[12] = root[12] == '1' ? '2' : '1';
	anchor_case(&m, "PCR 12 of bank sha256 (given) is not what",
	      "root replaced");
	mka_free(&m);
}

static void sees_forged_anchors(void)
{
	struct mkanchor m;
	uint8_t acc[32] = { 0xff };

	anchor_case_begin(&m);
	mka_set_leaf(&m, 1, 5, 1, acc);
	mka_forge(&m, NULL);
	anchor_case(&m, "its token was shown before", "appended, token reused");
	mka_free(&m);

	anchor_case_begin(&m);
	mka_set_leaf(&m, 1, 5, 1, acc);
	mka_forge(&m, random_token);
	anchor_case(&m, "the kernel did not write it", "appended, random token");
	mka_free(&m);

	/* The token is on the way: copied from the record that comes last. */
	anchor_case_begin(&m);
	mka_forge(&m, m.token[m.at + 1]);
	mka_anchor(&m, "interval");
	anchor_case(&m, "its token was shown before", "inserted before the last");
	mka_free(&m);
	anchor_case_begin(&m);
	mka_forge(&m, m.token[m.at + 1]);
	m.seq--;
	mka_anchor(&m, "interval");
	anchor_case(&m, "ima_ns_anchor with seq 4, but 5 is next",
	      "... with the same seq");
	mka_free(&m);

	/* Two leaves change places. */
	anchor_case_begin(&m);
	memcpy(acc, m.leaf[0], 32);
	memcpy(m.leaf[0], m.leaf[1], 32);
	memcpy(m.leaf[1], acc, 32);
	mka_forge(&m, m.token[m.at - 1]);
	anchor_case(&m, "the kernel did not write it", "leaves swapped");
	mka_free(&m);

	anchor_case_begin(&m);
	m.seq++;
	mka_anchor(&m, "interval");
	anchor_case(&m, "ima_ns_anchor with seq 5, but 4 is next", "seq gap");
	mka_free(&m);
}

static void sees_bad_chains(void)
{
	struct mkanchor m;
	char text[512];
	uint8_t *at;

	mka_begin(&m);
	mka_register(&m, 2, 0);
	mka_anchor(&m, "interval");
	snprintf(text, sizeof(text), "seq=2 n=0 root=sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 reason=interval token=");
	hex_encode(m.token[2], 32, text + strlen(text));
	mka_record(&m, MKA_ANCHOR_PCR, "ima_ns_anchor", text);
	anchor_case(&m, "but it begins no new one", "the end of a chain without next");
	mka_free(&m);

	mka_begin(&m);
	mka_register(&m, 2, 0);
	mka_anchor(&m, "interval");
	mka_anchor(&m, "interval");
	anchor_case(&m, NULL, "next at the end");
	/* The same records, but the chain is said to be longer. */
	while ((at = memmem(m.l.b.data, m.l.b.len, "chain=2", 7)))
		at[6] = '3';
	anchor_case(&m, "but the old one has not ended", "next before the end");
	mka_free(&m);
}

/* A forger registers anew: what he needs is the next token of the old chain. */
static void sees_forged_registration(void)
{
	struct mkanchor m;

	anchor_case_begin(&m);
	mka_register(&m, 8, 0);
	mka_anchor(&m, "interval");
	anchor_case(&m, "ima_ns_register, but that of entry", "no end before");
	mka_free(&m);
	anchor_case_begin(&m);
	memcpy(m.token[m.at + 1], random_token, 32);
	mka_unregister(&m);
	mka_register(&m, 8, 0);
	anchor_case(&m, "ima_ns_unregister: its token does not continue", "end forged");
	mka_free(&m);
	/* Only one of two banks. */
	anchor_case_begin(&m);
	mka_unregister(&m);
	mka_register_text(&m, 8, 0);
	*strstr(m.reg, ",sha256:") = '\0';
	strcat(m.reg, " start_anchor=sha1:");
	hex_encode(m.l.pcr[12][0], 20, m.reg + strlen(m.reg));
	strcat(m.reg, " alive=0 chain=8 token=");
	hex_encode(m.token[0], 32, m.reg + strlen(m.reg));
	mka_record(&m, 12, "ima_ns_register", m.reg);
	anchor_case(&m, "the start value of PCR 12 is not what the records before",
		    "a bank is missing");
	mka_free(&m);
	/* Other start values than what the records before lead to. */
	anchor_case_begin(&m);
	mka_unregister(&m);
	memset(m.l.pcr[12], 0, sizeof(m.l.pcr[12]));
	mka_register(&m, 8, 0);
	anchor_case(&m, "the start value of PCR 12 is not what the records before",
	      "zero as start value");
	mka_free(&m);
}

/* No token is needed for the record of a kexec, so an anchor has to tell it. */
static void sees_forged_kexec(void)
{
	struct mkanchor m;

	anchor_case_begin(&m);
	mka_shutdown(&m, "kexec");
	mka_register(&m, 8, 0);
	mka_anchor(&m, "interval");
	anchor_case(&m, "no anchor with that reason before: the kernel may not have written it",
		    "kexec forged, registered anew");
	mka_free(&m);
	anchor_case_begin(&m);
	memcpy(m.token[m.at + 1], random_token, 32);
	mka_anchor(&m, "kexec");
	mka_shutdown(&m, "kexec");
	mka_register(&m, 8, 0);
	anchor_case(&m, "the kernel did not write it", "... with its anchor");
	mka_free(&m);
	/* An honest one that an earlier state of the machine is given for. */
	anchor_case_begin(&m);
	mka_anchor(&m, "kexec");
	m.seq++;
	mka_shutdown(&m, "kexec");
	anchor_case(&m, "ima_ns_shutdown with seq 5, but that of the last anchor is 4",
		    "anchors missing");
	mka_free(&m);
}

/* A complete registration is not made to look like one that failed. */
static void sees_hidden_registration(void)
{
	struct anchor_request rq = { .boot = true, .anchor = true };
	struct pcr_set s = { 0 };
	struct mkanchor m;

	mka_begin(&m);
	m.hide_pcr = 10;
	mka_register(&m, 8, 0);
	m.hide_pcr = 0;
	mka_register(&m, 8, 0);
	mka_anchor(&m, "interval");
	anchor_case_tpm(&m, &s);
	anchor_case_judge(&m, &rq, &s, "the PCRs were not zero at the registration",
			  "hidden in PCR 10, which is not judged");
	pcr_set_free(&s);
	mka_free(&m);
	mka_begin(&m);
	m.hide_pcr = 10;
	mka_register(&m, 8, 0);
	m.hide_pcr = 0;
	mka_anchor(&m, "interval");
	mka_register(&m, 8, 0);
	anchor_case(&m, "ima_ns_register, but that of entry 3 has not ended",
		    "hidden in PCR 10, with an anchor");
	mka_free(&m);
}

/* The end is that of this registration, in all three PCRs, one and the same. */
static void wants_whole_ends(void)
{
	static const struct {
		const char *from, *to;
	} changes[] = {
		{ "boot_id=0", "boot_id=1" }, { "pcr_boot=11", "pcr_boot=13" },
		{ "pcr_anchor=12", "pcr_anchor=13" }, { "chain=16", "chain=17" },
		{ "start_boot=sha1:0", "start_boot=sha1:1" },
		{ "start_anchor=sha1:0", "start_anchor=sha1:1" },
	};
	struct mkanchor m;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(changes); i++) {
		anchor_case_begin(&m);
		memcpy(strstr(m.reg, changes[i].from), changes[i].to,
		       strlen(changes[i].to));
		mka_unregister(&m);
		anchor_case(&m, "ima_ns_unregister of another registration",
			    changes[i].to);
		mka_free(&m);
	}
	for (i = 10; i <= 12; i++) {
		char *reason = xasprintf("this ima_ns_unregister is missing in PCR %zu",
					 i);

		anchor_case_begin(&m);
		m.hide_pcr = (uint32_t)i;
		mka_unregister(&m);
		anchor_case(&m, reason, "not everywhere");
		mka_free(&m);
		free(reason);
	}
	/* Once more, with the next token: it is not the same. */
	anchor_case_begin(&m);
	mka_unregister(&m);
	mka_unregister(&m);
	anchor_case(&m, "ima_ns_unregister in PCR 11, but it was that of",
		    "ended twice");
	mka_free(&m);
}

int main(void)
{
	sees_removed_entries();
	sees_another_root();
	sees_forged_anchors();
	sees_bad_chains();
	sees_forged_registration();
	sees_forged_kexec();
	sees_hidden_registration();
	wants_whole_ends();
	return tap_done();
}
