// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "warnings.h"

static const char *const texts[] = {
	"cut here", "BUG: ", "KASAN: ", "UBSAN: ", "ODEBUG: ", "Oops",
	"possible circular locking", "possible recursive locking",
	"inconsistent lock state", "suspicious RCU", "blocked for more than",
	"sleeping function called", "refcount_t: ", "general protection fault",
};

long warnings_count(int fd)
{
	char message[8192];
	long count = 0;

	for (;;) {
		ssize_t n = read(fd, message, sizeof(message) - 1);
		size_t i;

		/* What was overwritten before it was read is on the console. */
		if (n < 0 && errno == EPIPE)
			continue;
		if (n < 0)
			return errno == EAGAIN ? count : -errno;
		message[n] = 0;
		/* Whether a race is ours tools/dev/vm judges by its functions. */
		if (strstr(message, "BUG: KCSAN: "))
			continue;
		for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
			if (!strstr(message, texts[i]))
				continue;
			printf("# %s", message);
			count++;
			break;
		}
	}
}

const char *memory_uncounted(void)
{
	FILE *symbols = fopen("/proc/kallsyms", "re");
	const char *why = NULL;
	char line[512];

	while (symbols && fgets(line, sizeof(line), symbols)) {
		if (strstr(line, " kasan_report\n"))
			why = "KASAN keeps memory that is freed";
		if (strstr(line, " kcsan_enable_current\n"))
			why = "hundreds of rounds take hours with KCSAN";
	}
	if (symbols)
		fclose(symbols);
	return why;
}
