/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PCR values and where they come from: the command line, sysfs, a vpcr file.
 */
#ifndef IMANS_PCR_H
#define IMANS_PCR_H

#include "hash.h"
#include "util.h"

/* PCRs of a PC client TPM, 0 to 23. */
#define PCR_COUNT 24

/* CONFIG_IMA_MEASURE_PCR_IDX, unless somebody changed it. */
#define IMA_DEFAULT_PCR 10

struct pcr_value {
	uint32_t pcr;
	const struct hash_alg *bank;
	uint8_t value[HASH_MAX_SIZE];
	const char *source;	/* for messages: "TPM", "sysfs", "given", "vpcr" */
};

struct pcr_set {
	struct pcr_value *v;
	size_t n;
};

void pcr_set_add(struct pcr_set *s, uint32_t pcr, const struct hash_alg *bank,
		 const uint8_t *value, const char *source);
void pcr_set_free(struct pcr_set *s);

/* What a list comes to, as the acc line of a vpcr file or of a status has it. */
struct vpcr_acc {
	uint8_t value[32];
	uint64_t entries;
};

/* "sha256:HEX N"; prints nothing. */
bool pcr_parse_acc(const char *text, struct vpcr_acc *acc);

/*
 * All of the following print why they failed and return false.
 */

/* "N:ALGO:HEX" */
bool pcr_parse_value(const char *text, struct pcr_set *s);
/*
 * Add PCRs of the TPM behind @dir (/sys/class/tpm/tpmN), those in @pcrs (bit
 * N is PCR N), of one bank or, if @bank is NULL, of all that are there.
 */
bool pcr_read_sysfs(const char *dir, const struct hash_alg *bank,
		    uint32_t pcrs, struct pcr_set *s);
/* The lines of an ima/vpcr file. */
bool pcr_read_vpcr(const char *path, struct pcr_set *s, struct vpcr_acc *acc);

#endif
