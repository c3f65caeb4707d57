// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * PCRs of a TPM 1.2, which tpm2-tss does not speak: one command of fixed size.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "tpm.h"

#define REQUEST_SIZE 14
#define HEADER_SIZE 10
#define RESPONSE_SIZE 30

static uint32_t get_be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

static bool transmit(int fd, const char *device, const uint8_t *request,
		     uint8_t *response)
{
	ssize_t n;

	/* The driver takes a command in one write(), gives it in one read(). */
	do {
		n = write(fd, request, REQUEST_SIZE);
	} while (n < 0 && errno == EINTR);
	if (n != REQUEST_SIZE) {
		msg_errno("%s: sending a command", device);
		return false;
	}
	do {
		n = read(fd, response, RESPONSE_SIZE);
	} while (n < 0 && errno == EINTR);
	if (n < 0) {
		msg_errno("%s: reading the answer", device);
		return false;
	}
	if (n < HEADER_SIZE || get_be32(response + 2) != (uint32_t)n) {
		msg("%s: malformed answer", device);
		return false;
	}
	if (get_be32(response + 6)) {
		msg("%s: the TPM refuses to read a PCR: error 0x%x; is it a TPM 1.2?",
		    device, get_be32(response + 6));
		return false;
	}
	if (n != RESPONSE_SIZE) {
		msg("%s: malformed answer", device);
		return false;
	}
	return true;
}

bool tpm12_read_pcrs(const char *device, uint32_t pcrs, struct pcr_set *s)
{
	/* TPM_TAG_RQU_COMMAND, size, TPM_ORD_PcrRead, index; big endian. */
	uint8_t request[REQUEST_SIZE] = {
		0x00, 0xc1, 0, 0, 0, REQUEST_SIZE, 0, 0, 0, 0x15,
	};
	uint8_t response[RESPONSE_SIZE];
	int fd = open(device, O_RDWR | O_CLOEXEC);
	bool ok = true;
	uint32_t i;

	if (fd < 0) {
		msg_errno("%s", device);
		return false;
	}
	for (i = 0; ok && i < PCR_COUNT; i++) {
		if (!(pcrs >> i & 1))
			continue;
		request[REQUEST_SIZE - 1] = (uint8_t)i;
		ok = transmit(fd, device, request, response);
		if (ok)
			pcr_set_add(s, i, hash_by_name("sha1"),
				    response + HEADER_SIZE, "TPM");
	}
	close(fd);
	return ok;
}
