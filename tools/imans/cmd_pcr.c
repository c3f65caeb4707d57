// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * imans pcr read, imans pcr extend.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "json.h"
#include "tpm.h"

/* By PCR first, as people compare the banks of one. */
static int compare_values(const void *a, const void *b)
{
	const struct pcr_value *x = a, *y = b;

	if (x->pcr != y->pcr)
		return x->pcr < y->pcr ? -1 : 1;
	return (x->bank > y->bank) - (x->bank < y->bank);
}

static void print_values(struct pcr_set *s, bool json)
{
	json_t *array = json ? json_check(json_array()) : NULL;
	char hex[2 * HASH_MAX_SIZE + 1];
	size_t i;

	if (s->n)
		qsort(s->v, s->n, sizeof(*s->v), compare_values);
	for (i = 0; i < s->n; i++) {
		hex_encode(s->v[i].value, s->v[i].bank->size, hex);
		if (json) {
			json_t *o = json_check(json_object());

			json_put(o, "pcr", json_integer(s->v[i].pcr));
			json_put(o, "bank", json_string(s->v[i].bank->name));
			json_put(o, "value", json_string(hex));
			json_push(array, o);
		} else {
			printf("%u %s:%s\n", s->v[i].pcr, s->v[i].bank->name,
			       hex);
		}
	}
	if (json)
		json_finish(array, JSON_INDENT(2));
}

static const struct hash_alg *parse_bank(const char *name)
{
	const struct hash_alg *bank = hash_bank_by_name(name);

	if (!bank)
		msg("%s: no such PCR bank", name);
	return bank;
}

static bool parse_pcr(const char *s, uint32_t *pcr)
{
	uint64_t n;

	if (!parse_uint(s, PCR_COUNT - 1, &n)) {
		msg("%s: no PCR number from 0 to %d", s, PCR_COUNT - 1);
		return false;
	}
	*pcr = (uint32_t)n;
	return true;
}

enum { READ_BANK, READ_TCTI, READ_SYSFS, READ_TPM12, READ_JSON };

static const struct option_spec read_options[] = {
	[READ_BANK] = { "bank", "ALGO", false,
		"Only this bank. Default: all of them." },
	[READ_TCTI] = { "tcti", "TCTI", false,
		"How to reach the TPM. Default: $TPM2TOOLS_TCTI, else device:/dev/tpmrm0." },
	[READ_SYSFS] = { "sysfs", "DIR", false,
		"Read from /sys/class/tpm/tpmN instead; works for TPM 1.2 too." },
	[READ_TPM12] = { "tpm1.2", "DEVICE", false,
		"Read from a TPM 1.2, e.g. /dev/tpm0, instead." },
	[READ_JSON] = { "json", NULL, false, "Print a JSON array." },
	{ NULL, NULL, false, NULL },
};

static const char *const read_text[] = {
	"Prints lines \"PCR ALGO:HEX\", as verify --pcr-value takes them with a colon in place of the blank.",
	NULL,
};

/* Where pcr read reads; at most one of them is set. */
struct read_source {
	const char *tcti;
	const char *sysfs;
	const char *tpm12;
};

static bool read_values(const struct read_source *src,
			const struct hash_alg *bank, uint32_t pcrs,
			struct pcr_set *s)
{
	struct tpm *t;
	bool ok;

	if (src->sysfs)
		return pcr_read_sysfs(src->sysfs, bank, pcrs, s);
	if (src->tpm12)
		return tpm12_read_pcrs(src->tpm12, pcrs, s);
	t = tpm_open(tpm_default_tcti(src->tcti));
	ok = t && tpm_read_pcrs(t, bank, pcrs, s);
	tpm_close(t);
	return ok;
}

static int run_read(struct cmdline *c)
{
	const struct hash_alg *bank = NULL;
	struct read_source src = { 0 };
	struct pcr_set s = { 0 };
	uint32_t pcrs = 0, pcr;
	bool json = false, ok;
	int o;

	while ((o = cmdline_next(c)) >= 0) {
		if (o == READ_BANK && !(bank = parse_bank(c->value)))
			return cmdline_exit(c, CMDLINE_REFUSED);
		if (o == READ_TCTI)
			src.tcti = c->value;
		if (o == READ_SYSFS)
			src.sysfs = c->value;
		if (o == READ_TPM12)
			src.tpm12 = c->value;
		json |= o == READ_JSON;
	}
	if (o != CMDLINE_END)
		return cmdline_exit(c, o);
	if (!!src.tcti + !!src.sysfs + !!src.tpm12 > 1)
		return usage_error(c, "--tcti, --sysfs and --tpm1.2 exclude each other");
	if (src.tpm12 && bank && strcmp(bank->name, "sha1"))
		return usage_error(c, "a TPM 1.2 has only the bank sha1");
	for (; c->argc; c->argc--, c->argv++) {
		if (!parse_pcr(*c->argv, &pcr))
			return IMANS_ERROR;
		pcrs |= 1u << pcr;
	}
	ok = read_values(&src, bank, pcrs ? pcrs : (1u << PCR_COUNT) - 1, &s);
	if (ok)
		print_values(&s, json);
	pcr_set_free(&s);
	return ok ? IMANS_OK : IMANS_ERROR;
}

const struct command command_pcr_read = {
	.name = "pcr read",
	.args = "[PCR...] [OPTIONS]",
	.summary = "Print PCR values.",
	.text = read_text,
	.options = read_options,
	.run = run_read,
};

enum { EXTEND_FILE, EXTEND_TCTI, EXTEND_JSON };

static const struct option_spec extend_options[] = {
	[EXTEND_FILE] = { "file", "FILE", false,
		"Extend all banks of the TPM with the digest of FILE." },
	[EXTEND_TCTI] = { "tcti", "TCTI", false,
		"How to reach the TPM. Default: $TPM2TOOLS_TCTI, else device:/dev/tpmrm0." },
	[EXTEND_JSON] = { "json", NULL, false, "Print a JSON array." },
	{ NULL, NULL, false, NULL },
};

static const char *const extend_text[] = {
	"One command extends all the banks named by the digests, or with --file all banks the TPM has. Prints with what each bank was extended, in the form of pcr read.",
	NULL,
};

/* The digests to extend with, as a set of values of that PCR. */
static bool collect_digests(struct cmdline *c, uint32_t pcr, const char *file,
			    struct tpm *t, struct pcr_set *s)
{
	uint8_t digest[HASH_MAX_SIZE];
	struct tpm_banks banks;
	const char *why;
	size_t i;

	if (file && !tpm_banks(t, &banks))
		return false;
	for (i = 0; file && i < banks.n; i++) {
		if (hash_file(banks.alg[i], file, digest)) {
			msg_errno("%s", file);
			return false;
		}
		pcr_set_add(s, pcr, banks.alg[i], digest, "given");
	}
	for (i = 0; !file && i < (size_t)c->argc; i++) {
		const struct hash_alg *alg =
			hash_parse_digest(c->argv[i], digest, &why);

		if (!alg || !alg->tpm_id) {
			msg("%s: %s", c->argv[i],
			    alg ? "not a PCR bank" : why);
			return false;
		}
		pcr_set_add(s, pcr, alg, digest, "given");
	}
	return true;
}

static int run_extend(struct cmdline *c)
{
	const char *file = NULL, *tcti = NULL;
	struct pcr_set s = { 0 };
	bool json = false, ok;
	struct tpm *t;
	uint32_t pcr;
	int o;

	while ((o = cmdline_next(c)) >= 0) {
		if (o == EXTEND_FILE)
			file = c->value;
		if (o == EXTEND_TCTI)
			tcti = c->value;
		json |= o == EXTEND_JSON;
	}
	if (o != CMDLINE_END)
		return cmdline_exit(c, o);
	if (!c->argc || !parse_pcr(*c->argv, &pcr))
		return usage_error(c, "PCR expected");
	c->argc--;
	c->argv++;
	if (!file == !c->argc)
		return usage_error(c, "either digests or --file expected");
	t = tpm_open(tpm_default_tcti(tcti));
	ok = t && collect_digests(c, pcr, file, t, &s) &&
	     tpm_extend(t, pcr, &s);
	tpm_close(t);
	if (ok)
		print_values(&s, json);
	pcr_set_free(&s);
	return ok ? IMANS_OK : IMANS_ERROR;
}

const struct command command_pcr_extend = {
	.name = "pcr extend",
	.args = "PCR (ALGO:HEX... | --file FILE) [OPTIONS]",
	.summary = "Extend a PCR.",
	.text = extend_text,
	.options = extend_options,
	.run = run_extend,
};
