/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A TPM 2.0 through tpm2-tss: whatever its TCTI loader can reach. And a little
 * of TPM 1.2.
 */
#ifndef IMANS_TPM_H
#define IMANS_TPM_H

#include "pcr.h"

struct tpm;

/* The banks of a TPM that have PCRs allocated. */
struct tpm_banks {
	const struct hash_alg *alg[16];
	size_t n;
};

/*
 * The TCTI to use: @opt if given, else TPM2TOOLS_TCTI from the environment,
 * else the resource manager's device.
 */
const char *tpm_default_tcti(const char *opt);

/* All of these print why they failed and return NULL or false. */
struct tpm *tpm_open(const char *tcti);
void tpm_close(struct tpm *t);
bool tpm_banks(struct tpm *t, struct tpm_banks *banks);
/* Add the PCRs with a bit in @pcrs, of @bank or of all banks if it is NULL. */
bool tpm_read_pcrs(struct tpm *t, const struct hash_alg *bank, uint32_t pcrs,
		   struct pcr_set *s);
/* Extend PCR @pcr in all the banks of @digests by one command. */
bool tpm_extend(struct tpm *t, uint32_t pcr, const struct pcr_set *digests);

/* PCRs of a TPM 1.2 behind a character device; its one bank is sha1. */
bool tpm12_read_pcrs(const char *device, uint32_t pcrs, struct pcr_set *s);

#endif
