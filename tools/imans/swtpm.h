/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An swtpm process, steered by its control channel.
 */
#ifndef IMANS_SWTPM_H
#define IMANS_SWTPM_H

#include <signal.h>
#include <sys/types.h>

#include "util.h"

/**
 * struct swtpm_config - what kind of TPM
 * @tpm2:	TPM 2.0, else 1.2
 * @state_dir:	where swtpm keeps its state, or NULL: a temporary directory
 * @log:	file for swtpm's log of all commands, or NULL
 * @wait_for:	blocked signals that end the waiting, and SIGCHLD
 * @mask:	signal mask for swtpm
 */
struct swtpm_config {
	bool tpm2;
	const char *state_dir;
	const char *log;
	const sigset_t *wait_for;
	const sigset_t *mask;
};

/**
 * struct swtpm - a running one
 * @pid:	0 once it was reaped
 * @ctrl_fd:	our end of the control channel, -1 if closed
 * @temp_dir:	to be removed in the end, or NULL
 */
struct swtpm {
	pid_t pid;
	int ctrl_fd;
	char *temp_dir;
};

/* Both print why they failed and return false. */

/* Start the process and wait until its TPM is initialised. */
bool swtpm_start(struct swtpm *s, const struct swtpm_config *cfg);
/* Let it serve commands from @fd. */
bool swtpm_serve(struct swtpm *s, const struct swtpm_config *cfg, int fd);

/*
 * One step of waiting for something it does, up to 20 ms: false, with the
 * message printed, if it ended or a signal came.
 */
bool swtpm_wait(struct swtpm *s, const struct swtpm_config *cfg);

void swtpm_close_control(struct swtpm *s);
/* End it, remove the temporary directory. */
void swtpm_stop(struct swtpm *s);

/* Seconds of a clock that nobody sets. */
double swtpm_now(void);

#endif
