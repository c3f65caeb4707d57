// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A restricted signing key of a TPM: made, or one that is there.
 */
#include <stdlib.h>
#include <string.h>

#include <tss2/tss2_rc.h>

#include "tpm_esys.h"
#include "tpm_key.h"

/* How a context file of tpm2-tools begins, in big-endian order. */
#define CONTEXT_MAGIC 0xbadcc0de
#define CONTEXT_VERSION 1

/* Has the TPM the usual curve? One that does not say has not. */
static bool has_p256(struct tpm *t)
{
	TPMS_CAPABILITY_DATA *cap = NULL;
	TPMI_YES_NO more;
	bool found = false;
	UINT32 i;

	if (Esys_GetCapability(tpm_esys(t), ESYS_TR_NONE, ESYS_TR_NONE,
			       ESYS_TR_NONE, TPM2_CAP_ECC_CURVES, 0,
			       TPM2_MAX_ECC_CURVES, &more, &cap) !=
	    TSS2_RC_SUCCESS)
		return false;
	for (i = 0; i < cap->data.eccCurves.count; i++)
		found |= cap->data.eccCurves.eccCurves[i] ==
			 TPM2_ECC_NIST_P256;
	Esys_Free(cap);
	return found;
}

static void make_template(TPM2B_PUBLIC *public, bool ecc)
{
	TPMT_PUBLIC *p = &public->publicArea;

	memset(public, 0, sizeof(*public));
	p->nameAlg = TPM2_ALG_SHA256;
	p->objectAttributes = TPMA_OBJECT_RESTRICTED |
			      TPMA_OBJECT_SIGN_ENCRYPT | TPMA_OBJECT_FIXEDTPM |
			      TPMA_OBJECT_FIXEDPARENT |
			      TPMA_OBJECT_SENSITIVEDATAORIGIN |
			      TPMA_OBJECT_USERWITHAUTH;
	if (ecc) {
		TPMS_ECC_PARMS *parms = &p->parameters.eccDetail;

		p->type = TPM2_ALG_ECC;
		parms->symmetric.algorithm = TPM2_ALG_NULL;
		parms->scheme.scheme = TPM2_ALG_ECDSA;
		parms->scheme.details.ecdsa.hashAlg = TPM2_ALG_SHA256;
		parms->curveID = TPM2_ECC_NIST_P256;
		parms->kdf.scheme = TPM2_ALG_NULL;
	} else {
		TPMS_RSA_PARMS *parms = &p->parameters.rsaDetail;

		p->type = TPM2_ALG_RSA;
		parms->symmetric.algorithm = TPM2_ALG_NULL;
		parms->scheme.scheme = TPM2_ALG_RSASSA;
		parms->scheme.details.rsassa.hashAlg = TPM2_ALG_SHA256;
		parms->keyBits = 2048;
	}
}

/* A primary key is the same each time: it is derived from the TPM's seed. */
static bool make_primary(struct tpm *t, const struct tpm_key_choice *choice,
			 struct tpm_key *k)
{
	TPM2B_SENSITIVE_CREATE sensitive = { 0 };
	TPM2B_DATA outside = { 0 };
	TPML_PCR_SELECTION none = { 0 };
	TPM2B_PUBLIC template, *public = NULL;
	bool owner = choice->owner;
	TSS2_RC rc;

	make_template(&template, !choice->rsa && has_p256(t));
	rc = Esys_CreatePrimary(tpm_esys(t), owner ? ESYS_TR_RH_OWNER :
						     ESYS_TR_RH_ENDORSEMENT,
				ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE,
				&sensitive, &template, &outside, &none,
				&k->handle, &public, NULL, NULL, NULL);
	if (rc != TSS2_RC_SUCCESS) {
		msg("making a key in the %s hierarchy: %s",
		    owner ? "owner" : "endorsement", Tss2_RC_Decode(rc));
		msg("one that is there can be given by --key or --handle");
		return false;
	}
	k->transient = true;
	k->public = *public;
	Esys_Free(public);
	return true;
}

static bool get_persistent(struct tpm *t, uint32_t handle, struct tpm_key *k)
{
	TSS2_RC rc = Esys_TR_FromTPMPublic(tpm_esys(t), handle, ESYS_TR_NONE,
					   ESYS_TR_NONE, ESYS_TR_NONE,
					   &k->handle);

	if (rc != TSS2_RC_SUCCESS)
		msg("handle 0x%08x: %s", handle, Tss2_RC_Decode(rc));
	return rc == TSS2_RC_SUCCESS;
}

static uint64_t get_be(const uint8_t *p, size_t n)
{
	uint64_t v = 0;

	while (n--)
		v = v << 8 | *p++;
	return v;
}

/* As tpm2-tools write it: magic, version, then a TPMS_CONTEXT of theirs. */
static bool parse_context(const struct buf *b, TPMS_CONTEXT *c)
{
	static const size_t header = 4 + 4 + 4 + 4 + 8 + 2;
	size_t size;

	memset(c, 0, sizeof(*c));
	if (b->len < header || get_be(b->data, 4) != CONTEXT_MAGIC ||
	    get_be(b->data + 4, 4) != CONTEXT_VERSION)
		return false;
	c->hierarchy = (TPMI_RH_HIERARCHY)get_be(b->data + 8, 4);
	c->savedHandle = (TPMI_DH_CONTEXT)get_be(b->data + 12, 4);
	c->sequence = get_be(b->data + 16, 8);
	size = get_be(b->data + 24, 2);
	if (b->len != header + size || size > sizeof(c->contextBlob.buffer))
		return false;
	c->contextBlob.size = (UINT16)size;
	memcpy(c->contextBlob.buffer, b->data + header, size);
	return true;
}

static bool load_context(struct tpm *t, const char *path, struct tpm_key *k)
{
	struct buf b = { 0 };
	TPMS_CONTEXT context;
	bool good = false;
	TSS2_RC rc;

	if (read_file(path, &b)) {
		msg_errno("%s", path);
	} else if (!parse_context(&b, &context)) {
		msg("%s: no context file of tpm2-tools", path);
	} else {
		rc = Esys_ContextLoad(tpm_esys(t), &context, &k->handle);
		good = rc == TSS2_RC_SUCCESS;
		if (!good)
			msg("%s: %s", path, Tss2_RC_Decode(rc));
	}
	k->transient = good;
	buf_free(&b);
	return good;
}

static bool read_public(struct tpm *t, struct tpm_key *k)
{
	TPM2B_PUBLIC *public = NULL;
	TSS2_RC rc = Esys_ReadPublic(tpm_esys(t), k->handle, ESYS_TR_NONE,
				     ESYS_TR_NONE, ESYS_TR_NONE, &public, NULL,
				     NULL);

	if (rc != TSS2_RC_SUCCESS) {
		msg("reading the public key: %s", Tss2_RC_Decode(rc));
		return false;
	}
	k->public = *public;
	Esys_Free(public);
	return true;
}

/* What a verifier would refuse is refused here. */
static bool is_good(const struct tpm_key *k)
{
	TPMA_OBJECT a = k->public.publicArea.objectAttributes;

	if (a & TPMA_OBJECT_RESTRICTED && a & TPMA_OBJECT_SIGN_ENCRYPT &&
	    !(a & TPMA_OBJECT_DECRYPT))
		return true;
	msg("the key is no restricted signing key: nobody would believe what it signs");
	return false;
}

struct tpm_key *tpm_key_get(struct tpm *t, const struct tpm_key_choice *choice)
{
	struct tpm_key *k = xcalloc(1, sizeof(*k));
	bool good;

	k->handle = ESYS_TR_NONE;
	if (choice->context)
		good = load_context(t, choice->context, k) && read_public(t, k);
	else if (choice->handle)
		good = get_persistent(t, choice->handle, k) &&
		       read_public(t, k);
	else
		good = make_primary(t, choice, k);
	if (good && is_good(k))
		return k;
	tpm_key_put(t, k);
	return NULL;
}

void tpm_key_put(struct tpm *t, struct tpm_key *k)
{
	if (!k)
		return;
	if (k->transient)
		Esys_FlushContext(tpm_esys(t), k->handle);
	else if (k->handle != ESYS_TR_NONE)
		Esys_TR_Close(tpm_esys(t), &k->handle);
	free(k);
}

const TPM2B_PUBLIC *tpm_key_public(const struct tpm_key *k)
{
	return &k->public;
}
