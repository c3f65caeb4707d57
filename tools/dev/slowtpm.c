// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What tools/dev/vm puts in front of swtpm (LD_PRELOAD) so that the machine's
 * TPM can be slow or fail: it takes each command before libtpms does.
 *
 * SLOWTPM_MS in the environment delays each answer by so many milliseconds. The
 * guest changes that, and more, with a vendor command on /dev/tpm0, which the
 * kernel hands on unread; /dev/tpmrm0 would refuse it. Behind the usual header
 * it has three numbers of 32 bits, operation, PCR and value; the answer has one.
 *
 *	0  HELLO	the answer is 1
 *	1  DELAY	each answer, by value ms
 *	2  FAIL		the next value extends of PCR answer TPM_RC_FAILURE
 *	3  HOLD		the next extend of PCR is answered value ms late
 *	4  EXTENDS	the answer is how many extends of PCR the TPM took
 */
#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PCRS 24
#define HEADER 10
#define NO_SESSIONS 0x8001
#define CC_PCR_EXTEND 0x182
#define CC_SLOWTPM 0x2000534c
#define RC_FAILURE 0x101

enum { HELLO, DELAY, FAIL, HOLD, EXTENDS };

typedef uint32_t (*process_fn)(unsigned char **, uint32_t *, uint32_t *,
			       unsigned char *, uint32_t);

static uint32_t delay = UINT32_MAX;
static uint32_t failures[PCRS];
static uint32_t hold[PCRS];
static uint32_t extends[PCRS];

static uint32_t get(const unsigned char *at)
{
	return (uint32_t)at[0] << 24 | at[1] << 16 | at[2] << 8 | at[3];
}

static void put(unsigned char *at, uint32_t value)
{
	at[0] = value >> 24;
	at[1] = value >> 16;
	at[2] = value >> 8;
	at[3] = value;
}

static void wait_ms(uint32_t ms)
{
	struct timespec left = { ms / 1000, ms % 1000 * 1000000L };

	while (nanosleep(&left, &left))
		;
}

/* The buffer is swtpm's, who gives it to realloc() as well. */
static uint32_t answer(unsigned char **buffer, uint32_t *size, uint32_t *room,
		       uint32_t rc, const uint32_t *value)
{
	uint32_t len = HEADER + (value ? 4 : 0);

	if (*room < len) {
		unsigned char *bigger = realloc(*buffer, len);

		if (!bigger)
			return RC_FAILURE;
		*buffer = bigger;
		*room = len;
	}
	(*buffer)[0] = NO_SESSIONS >> 8;
	(*buffer)[1] = NO_SESSIONS & 0xff;
	put(*buffer + 2, len);
	put(*buffer + 6, rc);
	if (value)
		put(*buffer + HEADER, *value);
	*size = len;
	return 0;
}

static uint32_t obey(const unsigned char *order)
{
	uint32_t pcr = get(order + 4), value = get(order + 8);

	pcr %= PCRS;
	switch (get(order)) {
	case DELAY:
		delay = value;
		break;
	case FAIL:
		failures[pcr] = value;
		break;
	case HOLD:
		hold[pcr] = value;
		break;
	case EXTENDS:
		return extends[pcr];
	}
	return 1;
}

uint32_t TPMLIB_Process(unsigned char **buffer, uint32_t *size, uint32_t *room,
			unsigned char *command, uint32_t len)
{
	static process_fn process;
	uint32_t code = len < HEADER ? 0 : get(command + 6);
	uint32_t pcr = PCRS, value, ret;

	if (!process)
		process = (process_fn)dlsym(RTLD_NEXT, "TPMLIB_Process");
	if (!process)
		abort();
	if (delay == UINT32_MAX)
		delay = getenv("SLOWTPM_MS") ? atoi(getenv("SLOWTPM_MS")) : 0;
	if (code == CC_SLOWTPM && len >= HEADER + 12) {
		value = obey(command + HEADER);
		return answer(buffer, size, room, 0, &value);
	}
	if (code == CC_PCR_EXTEND && len >= HEADER + 4)
		pcr = get(command + HEADER);
	if (delay)
		wait_ms(delay);
	if (pcr >= PCRS)
		return process(buffer, size, room, command, len);
	if (hold[pcr]) {
		wait_ms(hold[pcr]);
		hold[pcr] = 0;
	}
	if (failures[pcr]) {
		if (failures[pcr] != UINT32_MAX)
			failures[pcr]--;
		return answer(buffer, size, room, RC_FAILURE, NULL);
	}
	ret = process(buffer, size, room, command, len);
	if (!ret && *size >= HEADER && !get(*buffer + 6))
		extends[pcr]++;
	return ret;
}
