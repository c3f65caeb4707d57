// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "digest.h"
#include "clock.h"
#include "file.h"
#include "tpm.h"

#define SYSFS "/sys/class/tpm/tpm0"
#define HEADER 10
#define ORDER 0x2000534c

enum { HELLO, DELAY, FAIL, HOLD, EXTENDS };

const char *tpm_missing(void)
{
	char names[TPM_BANKS][16];

	if (access("/dev/tpmrm0", F_OK) || !tpm_banks(names))
		return "a TPM 2.0 of the machine";
	return NULL;
}

size_t tpm_banks(char (*names)[16])
{
	DIR *directory = opendir(SYSFS);
	struct dirent *entry;
	size_t count = 0;

	if (!directory)
		return 0;
	while (count < TPM_BANKS && (entry = readdir(directory)))
		if (!strncmp(entry->d_name, "pcr-", 4))
			snprintf(names[count++], 16, "%.15s",
				 entry->d_name + 4);
	closedir(directory);
	return count;
}

long tpm_pcr(const char *bank, int pcr, uint8_t *value)
{
	size_t len = digest_size(bank), i;
	char path[128], hex[2 * DIGEST_MAX + 2];
	long ret;

	snprintf(path, sizeof(path), SYSFS "/pcr-%s/%d", bank, pcr);
	ret = file_get(NULL, path, hex, sizeof(hex));
	if (ret < 0)
		return ret;
	for (i = 0; i < len; i++)
		if (sscanf(hex + 2 * i, "%2hhx", &value[i]) != 1)
			return -EBADMSG;
	return len;
}

static uint32_t get(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | at[1] << 16 | at[2] << 8 | at[3];
}

static void put(uint8_t *at, uint32_t value)
{
	at[0] = value >> 24;
	at[1] = value >> 16;
	at[2] = value >> 8;
	at[3] = value;
}

/* Length of the answer, -EPROTO for one that says that it failed. */
static long transmit(const char *device, const uint8_t *command, size_t len,
		     uint8_t *answer, size_t size)
{
	struct patience left = patience(10000);
	ssize_t n;
	int fd;

	/* /dev/tpm0 is for one at a time. */
	while ((fd = open(device, O_RDWR | O_CLOEXEC)) < 0)
		if (errno != EBUSY || !patience_lasts(&left))
			return -errno;
	n = write(fd, command, len);
	if (n == (ssize_t)len)
		n = read(fd, answer, size);
	if (n < 0)
		n = -errno;
	else if (n < HEADER || get(answer + 6))
		n = -EPROTO;
	close(fd);
	return n;
}

long tpm_updates(void)
{
	static const uint8_t command[] = {
		0x80, 1, 0, 0, 0, 20,	0, 0, 1, 0x7e, /* TPM2_PCR_Read */
		0,    0, 0, 1, 0, 0x0b, 3, 0, 0, 1, /* sha256, PCR 16 */
	};
	uint8_t answer[256];
	long n = transmit("/dev/tpmrm0", command, sizeof(command), answer,
			  sizeof(answer));

	if (n < 0)
		return n;
	return n < HEADER + 4 ? -EBADMSG : (long)get(answer + HEADER);
}

int tpm_extend(int pcr, const char *text)
{
	uint8_t command[65] = {
		0x80, 2, 0, 0,	 0, 65,	  0, 0, 1,    0x82, /* TPM2_PCR_Extend */
		0,    0, 0, pcr, 0, 0,	  0, 9, 0x40, 0,    0,
		9,    0, 0, 0,	 0, 0, /* no password */
		0,    0, 0, 1,	 0, 0x0b,
	};
	uint8_t answer[256];
	long n;

	digest_bytes("sha256", text, strlen(text), command + 33);
	n = transmit("/dev/tpmrm0", command, sizeof(command), answer,
		     sizeof(answer));
	return n < 0 ? n : 0;
}

static long order(uint32_t operation, int pcr, uint32_t value)
{
	uint8_t command[HEADER + 12] = { 0x80, 1 }, answer[64];
	long n;

	put(command + 2, sizeof(command));
	put(command + 6, ORDER);
	put(command + HEADER, operation);
	put(command + HEADER + 4, pcr);
	put(command + HEADER + 8, value);
	n = transmit("/dev/tpm0", command, sizeof(command), answer,
		     sizeof(answer));
	if (n < 0)
		return n;
	return n < HEADER + 4 ? -EBADMSG : (long)get(answer + HEADER);
}

const char *slow_missing(void)
{
	const char *missing = tpm_missing();

	if (missing)
		return missing;
	return order(HELLO, 0, 0) == 1 ? NULL : "tools/dev/slowtpm.c";
}

static int obeyed(long ret)
{
	return ret < 0 ? ret : ret == 1 ? 0 : -EBADMSG;
}

int slow_delay(uint32_t ms)
{
	return obeyed(order(DELAY, 0, ms));
}

int slow_fail(int pcr, uint32_t count)
{
	return obeyed(order(FAIL, pcr, count));
}

int slow_hold(int pcr, uint32_t ms)
{
	return obeyed(order(HOLD, pcr, ms));
}

long slow_extends(int pcr)
{
	return order(EXTENDS, pcr, 0);
}
