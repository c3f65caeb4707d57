/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SELFTESTS_TPM_H
#define SELFTESTS_TPM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The machine's own TPM, a TPM 2.0, as the test talks to it. */

/* What a machine without one lacks; NULL if nothing. */
const char *tpm_missing(void);

/* Names of its banks, e.g. "sha256"; returns how many. */
#define TPM_BANKS 8
size_t tpm_banks(char (*names)[16]);

/* The value of a PCR.  Its length, or a negative errno. */
long tpm_pcr(const char *bank, int pcr, uint8_t *value);

/*
 * How often the TPM has changed a PCR, as it counts itself: once for every bank
 * that an extend was for.  A negative errno if it does not say.
 */
long tpm_updates(void);

/* What anybody who may open the TPM can do: extends SHA-256 of @text. */
int tpm_extend(int pcr, const char *text);

/*
 * Orders for tools/dev/slowtpm.c, which stands in front of the machine's TPM if
 * tools/dev/vm could compile it.
 */
#define TPM_FOREVER UINT32_MAX

/* What a machine without it lacks; NULL if nothing. */
const char *slow_missing(void);

/* Delays every answer. */
int slow_delay(uint32_t ms);

/* The next @count extends of @pcr fail; 0 ends it, %TPM_FOREVER: all. */
int slow_fail(int pcr, uint32_t count);

/* The next extend of @pcr is answered so much later. */
int slow_hold(int pcr, uint32_t ms);

/* Extends of @pcr that the TPM took so far. */
long slow_extends(int pcr);

#endif
