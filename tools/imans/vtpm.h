/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A TPM of one's own: the kernel's proxy device with an swtpm behind it.
 */
#ifndef IMANS_VTPM_H
#define IMANS_VTPM_H

#include "swtpm.h"

/**
 * struct vtpm - a running one
 * @server_fd:	the other end of the device, which swtpm serves; -1 if closed
 * @num:	N of /dev/tpmN
 */
struct vtpm {
	struct swtpm swtpm;
	int server_fd;
	unsigned int num;
	bool tpm2;
};

/*
 * Start swtpm, make the device, wait until it is there. Prints why it failed
 * and returns false; then nothing is left behind.
 */
bool vtpm_start(struct vtpm *t, const struct swtpm_config *cfg);
/* From inside the user namespace: give the TPM to its IMA namespace. */
bool vtpm_connect(const struct vtpm *t);
/* Keep no own reference to the server's end: swtpm's death must be its end. */
void vtpm_close_server(struct vtpm *t);
/* The same, and leave swtpm alone: for a process that is not its parent. */
void vtpm_forget(struct vtpm *t);
/* End swtpm, and with it the device. */
void vtpm_stop(struct vtpm *t);

#endif
