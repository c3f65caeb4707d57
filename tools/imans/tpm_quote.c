// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include <tss2/tss2_mu.h>
#include <tss2/tss2_rc.h>

#include "tpm_esys.h"
#include "tpm_key.h"

/* One selection for each bank, in the order in which they come. */
static bool select_pcrs(const struct pcr_set *pcrs, TPML_PCR_SELECTION *out)
{
	TPMS_PCR_SELECTION *sel;
	size_t i;
	UINT32 k;

	memset(out, 0, sizeof(*out));
	for (i = 0; i < pcrs->n; i++) {
		for (k = 0; k < out->count; k++)
			if (out->pcrSelections[k].hash ==
			    pcrs->v[i].bank->tpm_id)
				break;
		if (k == TPM2_NUM_PCR_BANKS)
			return false;
		sel = &out->pcrSelections[k];
		if (k == out->count) {
			out->count++;
			sel->hash = pcrs->v[i].bank->tpm_id;
			sel->sizeofSelect = 3;
		}
		sel->pcrSelect[pcrs->v[i].pcr / 8] |=
			(BYTE)(1u << pcrs->v[i].pcr % 8);
	}
	return true;
}

/* The hash that the key signs with is that of the values, too. */
static bool are_quoted(const struct quote *q)
{
	struct texts problems = { 0 };
	bool good;

	quote_judge_values(q, &problems);
	good = !problems.n;
	texts_free(&problems);
	return good;
}

static bool take_quoted(struct quote *q, const TPM2B_ATTEST *quoted)
{
	size_t at = 0;

	buf_add(&q->signed_bytes, quoted->attestationData, quoted->size);
	if (Tss2_MU_TPMS_ATTEST_Unmarshal(quoted->attestationData,
					  quoted->size, &at, &q->attest) ==
	    TSS2_RC_SUCCESS)
		return true;
	msg("the TPM's answer is no attestation");
	return false;
}

bool tpm_quote(struct tpm *t, const struct tpm_key *k,
	       const struct quote_request *rq, const struct pcr_set *pcrs,
	       struct quote *q, bool *stable)
{
	TPMT_SIG_SCHEME scheme = { .scheme = TPM2_ALG_NULL };
	TPMT_SIGNATURE *signature = NULL;
	TPM2B_ATTEST *quoted = NULL;
	TPML_PCR_SELECTION selection;
	TPM2B_DATA nonce = { 0 };
	bool good;
	TSS2_RC rc;
	size_t i;

	memset(q, 0, sizeof(*q));
	if (!select_pcrs(pcrs, &selection)) {
		msg("too many banks");
		return false;
	}
	nonce.size = (UINT16)rq->nonce_len;
	memcpy(nonce.buffer, rq->nonce, rq->nonce_len);
	rc = Esys_Quote(tpm_esys(t), k->handle, ESYS_TR_PASSWORD, ESYS_TR_NONE,
			ESYS_TR_NONE, &nonce, &scheme, &selection, &quoted,
			&signature);
	if (rc != TSS2_RC_SUCCESS) {
		msg("having PCRs quoted: %s", Tss2_RC_Decode(rc));
		return false;
	}
	for (i = 0; i < pcrs->n; i++)
		pcr_set_add(&q->pcrs, pcrs->v[i].pcr, pcrs->v[i].bank,
			    pcrs->v[i].value, "quote");
	q->public = k->public;
	q->signature = *signature;
	good = take_quoted(q, quoted);
	*stable = good && are_quoted(q);
	Esys_Free(quoted);
	Esys_Free(signature);
	return good;
}
