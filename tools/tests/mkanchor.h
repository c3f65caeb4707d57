/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The anchor's records as the kernel would write them, and as a forger would
 * who has the TPM but not the kernel's memory. Nothing in here uses the code
 * under test: tree, tokens and texts are written down again.
 */
#ifndef TESTS_MKANCHOR_H
#define TESTS_MKANCHOR_H

#include <jansson.h>

#include "mklist.h"

#define MKA_BOOT_PCR 11
#define MKA_ANCHOR_PCR 12
#define MKA_CHAIN_MAX 32
#define MKA_SLOTS_MAX 8
#define MKA_RECORDS_MAX 64

/* Template data of the records of one PCR, since the registration. */
struct mka_records {
	struct buf v[MKA_RECORDS_MAX];
	size_t n;
};

/**
 * struct mkanchor - a machine: its list, its TPM (@l.pcr), its kernel
 * @nbanks:	of the TPM, the first of those in struct mklist
 * @no_tpm:	the register record says so
 * @hide, @hide_pcr: records, those of one PCR, are extended, but do not come into
 *		the list
 * @token:	of the chain, from the one published to the secret
 * @at, @length: tokens shown, tokens there are
 * @seed:	of the next secret
 * @seq:	of the last anchor
 * @leaf, @n:	the slots
 * @records:	of the boot PCR, of the anchor PCR
 */
struct mkanchor {
	struct mklist l;
	size_t nbanks;
	bool no_tpm;
	bool hide;
	uint32_t hide_pcr;
	uint8_t token[MKA_CHAIN_MAX + 1][32];
	size_t at, length;
	uint8_t seed;
	uint64_t seq;
	unsigned int alive;
	char reg[2048];
	uint8_t leaf[MKA_SLOTS_MAX][32];
	size_t n;
	struct mka_records records[2];
};

void mka_sha256(const void *data, size_t len, uint8_t *out);
/*
 * The kernel boots, with banks sha1 and sha256; start values of the two PCRs
 * are zero until changed.
 */
void mka_begin(struct mkanchor *m);
void mka_free(struct mkanchor *m);

/* A record with any text. */
void mka_record(struct mkanchor *m, uint32_t pcr, const char *name,
		const char *text);
/* The text of a register record, of the state of the machine. */
void mka_register_text(struct mkanchor *m, size_t chain, unsigned int alive);
/* ... and the three records. */
void mka_register(struct mkanchor *m, size_t chain, unsigned int alive);
void mka_unregister(struct mkanchor *m);
/* The last record before a reboot or a kexec, with the number of anchors. */
void mka_shutdown(struct mkanchor *m, const char *reason);
void mka_boot(struct mkanchor *m, uint64_t id, bool late);
/* An anchor of the tree as it is now. */
void mka_anchor(struct mkanchor *m, const char *reason);
/* Namespace @id, whose leaf is in @slot, ends. */
void mka_death(struct mkanchor *m, size_t slot, uint64_t id);
/* The same with another token, or the last one again if @token is NULL. */
void mka_forge(struct mkanchor *m, const uint8_t *token);

/* Slot @slot holds the leaf of namespace @id with this list. */
void mka_set_leaf(struct mkanchor *m, size_t slot, uint64_t id, uint64_t seq,
		  const uint8_t *acc);
void mka_salt(uint64_t id, uint8_t *out);
/* As ima/anchor of namespace @id has it, to be freed. */
char *mka_leaf_text(const struct mkanchor *m, uint64_t id, size_t slot,
		    uint64_t seq, const uint8_t *acc);
void mka_root(const uint8_t (*leaf)[32], size_t n, uint8_t *out);

/* The bundle of the tenant in slot @slot whose boot record is @boot. */
json_t *mka_bundle(const struct mkanchor *m, const struct mklist *list,
		   uint64_t id, size_t slot, size_t boot);
json_t *mka_json_hex(const uint8_t *data, size_t len);
json_t *mka_json_base64(const void *data, size_t len);

#endif
