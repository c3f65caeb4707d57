// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include <tss2/tss2_rc.h>
#include <tss2/tss2_tctildr.h>

#include "tpm_esys.h"

/* How often a reading is repeated because somebody extended meanwhile. */
#define READ_ATTEMPTS 10

struct tpm {
	TSS2_TCTI_CONTEXT *tcti;
	ESYS_CONTEXT *esys;
};

const char *tpm_default_tcti(const char *opt)
{
	const char *env = getenv("TPM2TOOLS_TCTI");

	if (opt)
		return opt;
	return env && *env ? env : "device:/dev/tpmrm0";
}

struct tpm *tpm_open(const char *tcti)
{
	struct tpm *t = xcalloc(1, sizeof(*t));
	TSS2_RC rc;

	rc = Tss2_TctiLdr_Initialize(tcti, &t->tcti);
	if (rc != TSS2_RC_SUCCESS) {
		msg("no TPM at TCTI \"%s\": %s", tcti, Tss2_RC_Decode(rc));
		goto err_free;
	}
	rc = Esys_Initialize(&t->esys, t->tcti, NULL);
	if (rc != TSS2_RC_SUCCESS) {
		msg("TPM at TCTI \"%s\": %s", tcti, Tss2_RC_Decode(rc));
		goto err_finalize_tcti;
	}
	return t;

err_finalize_tcti:
	Tss2_TctiLdr_Finalize(&t->tcti);
err_free:
	free(t);
	return NULL;
}

void tpm_close(struct tpm *t)
{
	if (!t)
		return;
	Esys_Finalize(&t->esys);
	Tss2_TctiLdr_Finalize(&t->tcti);
	free(t);
}

ESYS_CONTEXT *tpm_esys(struct tpm *t)
{
	return t->esys;
}

bool tpm_banks(struct tpm *t, struct tpm_banks *banks)
{
	TPMS_CAPABILITY_DATA *cap = NULL;
	TPMI_YES_NO more;
	TSS2_RC rc;
	UINT32 i;

	banks->n = 0;
	rc = Esys_GetCapability(t->esys, ESYS_TR_NONE, ESYS_TR_NONE,
				ESYS_TR_NONE, TPM2_CAP_PCRS, 0,
				TPM2_NUM_PCR_BANKS, &more, &cap);
	if (rc != TSS2_RC_SUCCESS) {
		msg("asking the TPM for its PCR banks: %s",
		    Tss2_RC_Decode(rc));
		return false;
	}
	for (i = 0; i < cap->data.assignedPCR.count; i++) {
		TPMS_PCR_SELECTION *sel =
			&cap->data.assignedPCR.pcrSelections[i];
		const struct hash_alg *alg = hash_by_tpm_id(sel->hash);

		if (all_bytes(sel->pcrSelect, sel->sizeofSelect, 0))
			continue;
		if (alg && banks->n < ARRAY_SIZE(banks->alg))
			banks->alg[banks->n++] = alg;
	}
	Esys_Free(cap);
	if (!banks->n)
		msg("the TPM has no PCR bank that is known here");
	return banks->n > 0;
}

/* The first PCR of the answer's selection; its bit is taken from @left. */
static bool next_selected(uint32_t answered, uint32_t *left, uint32_t *pcr)
{
	for (*pcr = 0; *pcr < PCR_COUNT; ++*pcr)
		if (*left & answered & 1u << *pcr) {
			*left &= ~(1u << *pcr);
			return true;
		}
	return false;
}

static uint32_t selection_bits(const TPMS_PCR_SELECTION *sel)
{
	uint32_t bits = 0, i;

	for (i = 0; i < sel->sizeofSelect && i < 3; i++)
		bits |= (uint32_t)sel->pcrSelect[i] << 8 * i;
	return bits;
}

/* One PCR_Read; takes what was answered out of *left. */
static bool read_some(struct tpm *t, const struct hash_alg *bank,
		      uint32_t *left, struct pcr_set *s, uint32_t *counter)
{
	TPML_PCR_SELECTION in = { .count = 1 }, *out = NULL;
	uint32_t before = *left, answered = 0, pcr, i;
	TPML_DIGEST *values = NULL;
	TSS2_RC rc;

	in.pcrSelections[0].hash = bank->tpm_id;
	in.pcrSelections[0].sizeofSelect = 3;
	for (i = 0; i < 3; i++)
		in.pcrSelections[0].pcrSelect[i] = (BYTE)(*left >> 8 * i);
	rc = Esys_PCR_Read(t->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
			   &in, counter, &out, &values);
	if (rc != TSS2_RC_SUCCESS) {
		msg("reading PCRs of bank %s: %s", bank->name,
		    Tss2_RC_Decode(rc));
		return false;
	}
	for (i = 0; i < out->count; i++)
		if (out->pcrSelections[i].hash == bank->tpm_id)
			answered |= selection_bits(&out->pcrSelections[i]);
	for (i = 0; i < values->count; i++) {
		if (values->digests[i].size != bank->size ||
		    !next_selected(answered, left, &pcr))
			break;
		pcr_set_add(s, pcr, bank, values->digests[i].buffer, "TPM");
	}
	Esys_Free(out);
	Esys_Free(values);
	if (*left == before) {
		msg("the TPM has no PCRs of bank %s", bank->name);
		return false;
	}
	return true;
}

static bool read_banks(struct tpm *t, const struct tpm_banks *banks,
		       uint32_t pcrs, struct pcr_set *s, bool *stable)
{
	uint32_t first = 0, counter = 0;
	bool started = false;
	size_t i;

	*stable = true;
	for (i = 0; i < banks->n; i++) {
		uint32_t left = pcrs;

		while (left) {
			if (!read_some(t, banks->alg[i], &left, s, &counter))
				return false;
			if (started && counter != first)
				*stable = false;
			first = counter;
			started = true;
		}
	}
	return true;
}

/*
 * One PCR_Read returns at most eight values. The update counter tells whether
 * a PCR was extended between two of them; then everything is read again.
 */
bool tpm_read_pcrs(struct tpm *t, const struct hash_alg *bank, uint32_t pcrs,
		   struct pcr_set *s)
{
	struct tpm_banks banks = { { bank }, 1 };
	size_t start = s->n;
	int attempt;

	if (!bank && !tpm_banks(t, &banks))
		return false;
	for (attempt = 0; attempt < READ_ATTEMPTS; attempt++) {
		bool stable;

		s->n = start;
		if (!read_banks(t, &banks, pcrs, s, &stable))
			return false;
		if (stable)
			return true;
	}
	msg("the PCRs change faster than they can be read");
	return false;
}

static void put_digest(TPMT_HA *ha, const struct pcr_value *v)
{
	ha->hashAlg = v->bank->tpm_id;
	/* All members of the union start at its first byte. */
	memcpy(&ha->digest, v->value, v->bank->size);
}

bool tpm_extend(struct tpm *t, uint32_t pcr, const struct pcr_set *digests)
{
	TPML_DIGEST_VALUES values = { 0 };
	TSS2_RC rc;
	size_t i;

	for (i = 0; i < digests->n; i++) {
		if (values.count == TPM2_NUM_PCR_BANKS) {
			msg("too many banks");
			return false;
		}
		put_digest(&values.digests[values.count++], &digests->v[i]);
	}
	/* ESYS numbers its handles of PCRs as the TPM does. */
	rc = Esys_PCR_Extend(t->esys, ESYS_TR_PCR0 + pcr, ESYS_TR_PASSWORD,
			     ESYS_TR_NONE, ESYS_TR_NONE, &values);
	if (rc != TSS2_RC_SUCCESS) {
		msg("extending PCR %u: %s", pcr, Tss2_RC_Decode(rc));
		return false;
	}
	return true;
}
