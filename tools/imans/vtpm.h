/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A TPM of one's own: the kernel's proxy device with an swtpm behind it.
 */
#ifndef IMANS_VTPM_H
#define IMANS_VTPM_H

#include <signal.h>
#include <sys/types.h>

#include "util.h"

/**
 * struct vtpm_config - what kind of TPM
 * @tpm2:	TPM 2.0, else 1.2
 * @state_dir:	where swtpm keeps its state, or NULL: a temporary directory
 * @log:	file for swtpm's log of all commands, or NULL
 */
struct vtpm_config {
	bool tpm2;
	const char *state_dir;
	const char *log;
};

/**
 * struct vtpm - a running one
 * @server_fd:	its other end, which swtpm serves; closed on exec; -1 if closed
 * @num:	N of /dev/tpmN
 * @swtpm:	the process; 0 once it was reaped
 */
struct vtpm {
	int server_fd;
	unsigned int num;
	pid_t swtpm;
	bool tpm2;
	char *temp_dir;
};

/*
 * Make the device, start swtpm with the signal mask @mask, wait for the
 * device. Signals of @wait_for must be blocked: SIGCHLD to notice the end of
 * swtpm, others to give up. Prints why it failed and returns false; then
 * nothing is left behind.
 */
bool vtpm_start(struct vtpm *t, const struct vtpm_config *cfg,
		const sigset_t *wait_for, const sigset_t *mask);
/* From inside the user namespace: give the TPM to its IMA namespace. */
bool vtpm_connect(const struct vtpm *t);
/* Keep no own reference to the server's end: swtpm's death must be its end. */
void vtpm_close_server(struct vtpm *t);
/* End swtpm, remove the temporary directory. */
void vtpm_stop(struct vtpm *t);

#endif
