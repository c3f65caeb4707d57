// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The part of a list that PCR values cover.
 */
#include <string.h>

#include "mkanchor.h"
#include "prefix.h"
#include "tap.h"

static struct mkanchor m;
static struct pcr_set set;

/* PCRs 10 to 12 of both banks, as the TPM has them now. */
static void take_values(void)
{
	uint32_t pcr;
	int bank;

	set.n = 0;
	for (pcr = 10; pcr <= 12; pcr++)
		for (bank = 0; bank < 2; bank++)
			pcr_set_add(&set, pcr, hash_by_name(mk_bank_name[bank]),
				    m.l.pcr[pcr][bank], "given");
}

static void finds(size_t entries, const char *what)
{
	struct prefix p;
	enum prefix_result res = prefix_find(&m.l.b, &set, &p);

	if (!ok(res == PREFIX_FOUND && p.entries == entries,
		"%s: %zu entries", what, entries))
		note("result %d, %zu entries, never %llx", res, p.entries,
		     (unsigned long long)p.never);
}

static void finds_none(uint64_t never, const char *what)
{
	struct prefix p;
	enum prefix_result res = prefix_find(&m.l.b, &set, &p);

	ok(res == PREFIX_NONE && p.never == never, "%s: none (%llx)", what,
	   (unsigned long long)p.never);
}

static void drop(void)
{
	pcr_set_free(&set);
	mka_free(&m);
}

static void finds_parts(uint8_t start)
{
	size_t before;

	mka_begin(&m);
	memset(m.l.pcr[12], start, sizeof(m.l.pcr[12]));
	take_values();
	finds(2, "before the registration");
	mka_register(&m, 8, 0);
	mka_anchor(&m, "interval");
	finds(2, "before the registration, later");
	take_values();
	finds(6, "with the anchor");
	before = m.l.entries;
	mk_file(&m.l, 10, 3, "/bin/x");
	mka_anchor(&m, "interval");
	finds(before, "the list is longer");
	/* Nothing of the quoted PCRs: as well covered. */
	mk_file(&m.l, 5, 3, "/bin/x");
	take_values();
	mk_file(&m.l, 5, 4, "/bin/y");
	finds(before + 4, "entries of another PCR");
	mka_unregister(&m);
	mka_register(&m, 8, 0);
	take_values();
	mka_anchor(&m, "interval");
	finds(before + 10, "registered again");
	drop();
}

static void finds_none_where_there_is_none(void)
{
	uint8_t value[32];

	mka_begin(&m);
	mka_register(&m, 8, 0);
	mka_anchor(&m, "interval");
	take_values();
	/* Somebody else extends PCR 12. */
	mka_sha256(m.l.pcr[12][1], 32, value);
	memcpy(set.v[5].value, value, 32);
	finds_none(1 << 12, "PCR 12 extended by somebody");
	/* PCR 10 as it was, PCR 12 as it is. */
	take_values();
	set.n = 2;
	mk_file(&m.l, 10, 3, "/bin/x");
	mka_anchor(&m, "interval");
	pcr_set_add(&set, 12, hash_by_name("sha256"), m.l.pcr[12][1], "given");
	finds_none(0, "values of different times");
	drop();
}

static void leaves_the_rest_aside(void)
{
	struct prefix p;

	/* No entries in 11 and 12: systemd may have been there. */
	mka_begin(&m);
	memset(m.l.pcr[11], 7, sizeof(m.l.pcr[11]));
	take_values();
	finds(2, "PCRs without entries");
	/* A bank that the kernel cannot compute: padded SHA-1. */
	set.n = 0;
	pcr_set_add(&set, 10, hash_by_name("sha256"), m.l.padded[10][1], "given");
	mk_file(&m.l, 10, 3, "/bin/x");
	finds(2, "padded digests");
	set.n = 0;
	finds(3, "no values");
	/* A TPM without banks for the record. */
	m.no_tpm = true;
	mka_register(&m, 8, 0);
	mka_anchor(&m, "interval");
	take_values();
	finds(7, "a registration without TPM");
	m.l.b.len -= 5;
	ok(prefix_find(&m.l.b, &set, &p) == PREFIX_FOUND && p.entries == 6,
	   "an entry that is being written");
	m.l.b.data[0] = 0xff;
	ok(prefix_find(&m.l.b, &set, &p) == PREFIX_MALFORMED, "malformed");
	drop();
}

int main(void)
{
	finds_parts(0);
	finds_parts(0x55);
	finds_none_where_there_is_none();
	leaves_the_rest_aside();
	return tap_done();
}
