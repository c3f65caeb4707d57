/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SELFTESTS_VTPM_H
#define SELFTESTS_VTPM_H

#include <linux/vtpm_proxy.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent.h"

#ifndef VTPM_PROXY_IOC_CONNECT_TO_IMA_NS
#define VTPM_PROXY_IOC_CONNECT_TO_IMA_NS _IO(0xa1, 0x10)
#endif

/**
 * struct vtpm - a TPM emulator behind /dev/vtpmx
 * @version: 1 or 2
 * @number: N of /dev/tpmN
 * @server_fd: the test's copy of what the emulator answers on
 * @control_fd: where swtpm takes orders, -1 for another emulator
 * @emulator: its pid, 0 when it is not running
 * @directory: its state and its log
 */
struct vtpm {
	int version;
	int number;
	int server_fd;
	int control_fd;
	pid_t emulator;
	char directory[256];
};

/* What a kernel or a machine without vTPMs lacks; NULL if nothing. */
const char *vtpm_missing(void);

/* Makes the device and starts swtpm on it.  0 or a negative errno. */
int vtpm_start(struct vtpm *vtpm, int version);

/* Makes the device only: nobody answers on it. */
int vtpm_start_silent(struct vtpm *vtpm, int version);

/* Makes the device; whoever answers says TPM_RC_FAILURE to every command. */
int vtpm_start_failing(struct vtpm *vtpm, int version);
void vtpm_stop(struct vtpm *vtpm);

/* SIGSTOP and SIGCONT for the emulator; SIGKILL. */
int vtpm_pause(struct vtpm *vtpm);
int vtpm_resume(struct vtpm *vtpm);
int vtpm_kill(struct vtpm *vtpm);

/* What the ioctl says to an agent that has @server_fd as its own. */
long vtpm_connect(struct call *call);

/* Gives the server descriptor to @agent, which attaches it to its IMA. */
int vtpm_attach(struct agent *agent, struct vtpm *vtpm);

/* PCR_Extend commands in the emulator's own log, a negative errno if none. */
long vtpm_extends(const struct vtpm *vtpm);

/* Waits up to ten seconds for /dev/tpmN, of a TPM 2.0 also for /dev/tpmrmN. */
int vtpm_wait_device(const struct vtpm *vtpm);

/* Waits until the server descriptor sees a hang-up.  0 or -ETIMEDOUT. */
int vtpm_wait_hang_up(const struct vtpm *vtpm, long ms);

/* Opens /dev/tpmN or /dev/tpmrmN in @agent; whoever may by owner and mode. */
int vtpm_open(struct agent *agent, const struct vtpm *vtpm, bool managed);

/* Reads a PCR through /dev/tpmN.  Length of the value, or negative errno. */
long vtpm_read_pcr(struct agent *agent, const struct vtpm *vtpm,
		   const char *bank, int pcr, uint8_t *value);

#endif
