// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The judgement on a quote, but for its lists: pure, all input is in memory.
 */
#include <stdlib.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "quote.h"

bool quote_set_nonce(struct quote_request *rq, const char *hex)
{
	int n = hex_decode(hex, strlen(hex), rq->nonce, sizeof(rq->nonce));

	if (n < 1)
		return false;
	rq->nonce_len = (size_t)n;
	return true;
}

/* The hash of the signature, which is that of the values, too. */
static const struct hash_alg *signature_hash(const TPMT_SIGNATURE *s)
{
	switch (s->sigAlg) {
	case TPM2_ALG_ECDSA:
		return hash_by_tpm_id(s->signature.ecdsa.hash);
	case TPM2_ALG_RSASSA:
		return hash_by_tpm_id(s->signature.rsassa.hash);
	case TPM2_ALG_RSAPSS:
		return hash_by_tpm_id(s->signature.rsapss.hash);
	default:
		return NULL;
	}
}

/* In DER, to be freed by OPENSSL_free(); its length, or 0. */
static size_t ecdsa_der(const TPMS_SIGNATURE_ECC *s, uint8_t **der)
{
	ECDSA_SIG *sig = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(s->signatureR.buffer, s->signatureR.size, NULL);
	BIGNUM *t = BN_bin2bn(s->signatureS.buffer, s->signatureS.size, NULL);
	int len = 0;

	*der = NULL;
	if (sig && r && t && ECDSA_SIG_set0(sig, r, t)) {
		len = i2d_ECDSA_SIG(sig, der);
	} else {
		BN_free(r);
		BN_free(t);
	}
	ECDSA_SIG_free(sig);
	return len > 0 ? (size_t)len : 0;
}

static bool verify_bytes(EVP_PKEY *pkey, const struct hash_alg *hash,
			 int padding, const struct buf *data,
			 const uint8_t *sig, size_t len)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	EVP_PKEY_CTX *ctx;
	bool good;

	good = md && sig && len &&
	       EVP_DigestVerifyInit_ex(md, &ctx, hash->evp, NULL, NULL, pkey,
				       NULL) == 1 &&
	       (!padding || EVP_PKEY_CTX_set_rsa_padding(ctx, padding) == 1) &&
	       (padding != RSA_PKCS1_PSS_PADDING ||
		EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_AUTO) ==
		1) &&
	       EVP_DigestVerify(md, sig, len, data->data, data->len) == 1;
	EVP_MD_CTX_free(md);
	return good;
}

static bool is_signed_by(const struct quote *q, EVP_PKEY *pkey,
			 const struct hash_alg *hash)
{
	const TPMT_SIGNATURE *s = &q->signature;
	const TPM2B_PUBLIC_KEY_RSA *rsa =
		s->sigAlg == TPM2_ALG_RSAPSS ? &s->signature.rsapss.sig :
					       &s->signature.rsassa.sig;
	uint8_t *der;
	size_t len;
	bool good;

	if (EVP_PKEY_is_a(pkey, "EC") != (s->sigAlg == TPM2_ALG_ECDSA) ||
	    EVP_PKEY_is_a(pkey, "RSA") == (s->sigAlg == TPM2_ALG_ECDSA))
		return false;
	if (s->sigAlg != TPM2_ALG_ECDSA)
		return verify_bytes(pkey, hash, s->sigAlg == TPM2_ALG_RSAPSS ?
				    RSA_PKCS1_PSS_PADDING : RSA_PKCS1_PADDING,
				    &q->signed_bytes, rsa->buffer, rsa->size);
	len = ecdsa_der(&s->signature.ecdsa, &der);
	good = verify_bytes(pkey, hash, 0, &q->signed_bytes, der, len);
	OPENSSL_free(der);
	return good;
}

/* Does the file itself say that another key signed it? */
static bool names_another_key(const struct quote *q, const struct quote_key *k)
{
	struct quote_key own;
	bool another = !quote_key_public(&own, &q->public) &&
		       EVP_PKEY_eq(own.pkey, k->pkey) != 1;

	quote_key_free(&own);
	return another;
}

static void judge_key(const struct quote_key *k, struct texts *problems,
		      struct texts *notes)
{
	const TPMA_OBJECT wanted = TPMA_OBJECT_RESTRICTED |
				   TPMA_OBJECT_SIGN_ENCRYPT |
				   TPMA_OBJECT_FIXEDTPM;

	if (!k->tells)
		texts_add(notes, "a PEM file does not say whether the key is one that signs only what its TPM made: who handed it out must have known");
	else if ((k->attributes & wanted) != wanted)
		texts_add(problems, "the key is no restricted signing key of a TPM: it signs whatever it is given");
	else if (k->attributes & TPMA_OBJECT_DECRYPT)
		texts_add(problems, "the key is for decrypting, too");
}

static void judge_signature(const struct quote *q, const struct quote_key *k,
			    const struct hash_alg *hash,
			    struct texts *problems)
{
	if (!hash || !hash->evp)
		texts_add(problems, "the signature is of a kind that is not known here (0x%04x)",
			  q->signature.sigAlg);
	else if (!strcmp(hash->name, "sha1"))
		texts_add(problems, "the signature is over a SHA-1 digest, which others can find an attestation for");
	else if (!is_signed_by(q, k->pkey, hash))
		texts_add(problems, "the signature is not that of the key%s",
			  names_another_key(q, k) ?
			  ": the quote is of another key" : "");
}

static void judge_nonce(const struct quote *q, const struct quote_request *rq,
			struct texts *problems)
{
	const TPM2B_DATA *data = &q->attest.extraData;
	char said[2 * sizeof(data->buffer) + 1];

	if (data->size == rq->nonce_len &&
	    !memcmp(data->buffer, rq->nonce, data->size))
		return;
	hex_encode(data->buffer, data->size, said);
	texts_add(problems, "the quote answers the nonce %s, which was not asked: it is an old one, or somebody else's",
		  data->size ? said : "of no bytes");
}

static const struct pcr_value *find_value(const struct pcr_set *s, uint32_t pcr,
					  const struct hash_alg *bank)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (s->v[i].pcr == pcr && s->v[i].bank == bank)
			return &s->v[i];
	return NULL;
}

/*
 * Append the values of a bank as the TPM did. False, and what is wrong in
 * @problems, if one is missing.
 */
static bool add_selected(const struct quote *q, const TPMS_PCR_SELECTION *sel,
			 struct buf *values, size_t *n, struct texts *problems)
{
	const struct hash_alg *bank = hash_by_tpm_id(sel->hash);
	const struct pcr_value *v;
	uint32_t pcr;

	for (pcr = 0; pcr < 8u * sel->sizeofSelect &&
		      pcr < 8u * sizeof(sel->pcrSelect); pcr++) {
		if (!(sel->pcrSelect[pcr / 8] >> pcr % 8 & 1))
			continue;
		v = bank ? find_value(&q->pcrs, pcr, bank) : NULL;
		if (!v) {
			texts_add(problems, "PCR %u of bank %s is quoted, but its value is missing",
				  pcr, bank ? bank->name : "that is not known");
			return false;
		}
		buf_add(values, v->value, bank->size);
		++*n;
	}
	return true;
}

/* Only one of them would be in the digest. */
static bool has_doubles(const struct pcr_set *s)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (find_value(s, s->v[i].pcr, s->v[i].bank) != &s->v[i])
			return true;
	return false;
}

/* The signed digest is over the values one behind the other. */
void quote_judge_values(const struct quote *q, struct texts *problems)
{
	const struct hash_alg *hash = signature_hash(&q->signature);
	const TPMS_QUOTE_INFO *info = &q->attest.attested.quote;
	uint8_t digest[HASH_MAX_SIZE];
	struct buf values = { 0 };
	struct hash_part part;
	size_t n = 0;
	UINT32 i;

	/* That the hash is not known is said of the signature. */
	if (!hash || !hash->evp)
		return;
	for (i = 0; i < info->pcrSelect.count; i++)
		if (!add_selected(q, &info->pcrSelect.pcrSelections[i],
				  &values, &n, problems))
			goto out_free;
	part.data = values.data;
	part.len = values.len;
	hash_parts(hash, &part, 1, digest);
	if (n != q->pcrs.n || has_doubles(&q->pcrs))
		texts_add(problems, "there are %zu PCR values, but %zu are quoted",
			  q->pcrs.n, n);
	else if (info->pcrDigest.size != hash->size ||
		 memcmp(info->pcrDigest.buffer, digest, hash->size))
		texts_add(problems, "the PCR values are not those that the TPM quoted");
out_free:
	buf_free(&values);
}

void quote_judge(const struct quote *q, const struct quote_request *rq,
		 struct texts *problems, struct texts *notes)
{
	const struct hash_alg *hash = signature_hash(&q->signature);

	judge_key(rq->key, problems, notes);
	judge_signature(q, rq->key, hash, problems);
	if (q->attest.magic != TPM2_GENERATED_VALUE ||
	    q->attest.type != TPM2_ST_ATTEST_QUOTE) {
		texts_add(problems, "what is signed is no quote made by a TPM");
		return;
	}
	judge_nonce(q, rq, problems);
	quote_judge_values(q, problems);
	if (!q->attest.clockInfo.safe)
		texts_add(notes, "the TPM's clock may have been ahead before");
}
