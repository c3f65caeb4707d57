/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SELFTESTS_EMULATOR_H
#define SELFTESTS_EMULATOR_H

#include <stdint.h>

#include "vtpm.h"

/* Ordinals of commands that tests refer to. */
enum {
	CC_SET_LOCALITY = 0x20001000,
	CC_CONTEXT_LOAD = 0x161,
	CC_CONTEXT_SAVE = 0x162,
	CC_FLUSH_CONTEXT = 0x165,
	CC_START_AUTH_SESSION = 0x176,
	CC_GET_CAPABILITY = 0x17a,
	CC_PCR_READ = 0x17e,
	CC_PCR_EXTEND = 0x182,
	ORD_PCR_EXTEND = 20,
	ORD_PCR_READ = 21,
};

/* What is no response. */
enum emulator_junk {
	JUNK_NOISE,	/* as many bytes as fit, none of them sensible */
	JUNK_SHORT,	/* the first five bytes of a success */
	JUNK_LONG,	/* a success that claims to be longer than it is */
	JUNK_EMPTY,	/* a write() of nothing */
};

#define EMULATOR_FOREVER UINT32_MAX
#define EMULATOR_MAX_BANKS 8

/**
 * struct emulator_plan - what the emulator does, and what it saw
 *
 * Lives in memory that the test and the emulator share, so the test can change
 * the plan while the emulator runs.
 *
 * @hold_cc: the next command with this ordinal is answered only after @hold_ms
 * @hold_ms: milliseconds
 * @retry_cc: commands with this ordinal are answered TPM_RC_RETRY
 * @retries: as many times; %EMULATOR_FOREVER: always
 * @fail_cc: commands with this ordinal fail with TPM_RC_FAILURE
 * @junk_cc: commands with this ordinal are answered with @junk
 * @junk: what is answered instead
 * @banks: TPM_ALG ids, as listed for TPM_CAP_PCRS
 * @nr_banks: their number
 * @select_size: bytes of each bank's bitmap as claimed, 3 are sent
 * @short_pcr_read: leave the digest out of TPM2_PCR_Read, but claim it
 * @no_pcrs: bit set of the PCRs that no bank has: the list of digests is empty
 * @blob_size: of a saved context as claimed, 16 bytes are sent
 * @nr_pcrs: what a TPM 1.2 says it has
 * @busy_selftest: a TPM 1.2 always answers TPM_DOING_SELFTEST, and reports
 *	durations of 50 ms
 * @buffer: where the next command is read to, NULL: the emulator's own place;
 *	set before the start
 * @use_buffer: from the next read() on
 * @commands: read so far
 * @extends: PCR extends among them
 * @extend_pcr: the PCR of the last of these
 * @extend_digests: the digests in it, one for each bank
 * @pcr_reads: PCR reads among them
 * @sessions: sessions started among them
 * @answered: responses that write() took
 * @write_errno: of the last write() that failed
 * @longest: the longest command
 */
struct emulator_plan {
	volatile uint32_t hold_cc;
	volatile uint32_t hold_ms;
	volatile uint32_t retry_cc;
	volatile uint32_t retries;
	volatile uint32_t fail_cc;
	volatile uint32_t junk_cc;
	volatile enum emulator_junk junk;
	uint16_t banks[EMULATOR_MAX_BANKS];
	uint32_t nr_banks;
	uint8_t select_size;
	volatile bool short_pcr_read;
	volatile uint32_t no_pcrs;
	volatile uint16_t blob_size;
	uint32_t nr_pcrs;
	bool busy_selftest;
	void *buffer;
	volatile bool use_buffer;

	volatile uint32_t commands;
	volatile uint32_t extends;
	volatile uint32_t extend_pcr;
	volatile uint32_t extend_digests;
	volatile uint32_t pcr_reads;
	volatile uint32_t sessions;
	volatile uint32_t answered;
	volatile int write_errno;
	volatile uint32_t longest;
};

/**
 * struct emulator - a TPM that does what a test wants, unlike swtpm
 * @vtpm: its device; vtpm_pause(), vtpm_kill() ... work on it
 * @plan: shared with the emulator
 *
 * PCR n reads as bytes of the value n. No digest is ever computed.
 */
struct emulator {
	struct vtpm vtpm;
	struct emulator_plan *plan;
};

/* Prepares the plan of a well-behaved TPM.  0 or a negative errno. */
int emulator_prepare(struct emulator *emulator);

/* Makes the device and runs the plan.  0 or a negative errno. */
int emulator_start(struct emulator *emulator, int version);
void emulator_stop(struct emulator *emulator);

#endif
