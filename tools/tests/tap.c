// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "hash.h"
#include "tap.h"
#include "util.h"

static int count, failed;

bool ok(bool good, const char *fmt, ...)
{
	va_list ap;

	count++;
	failed += !good;
	printf("%s %d - ", good ? "ok" : "not ok", count);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
	return good;
}

void note(const char *fmt, ...)
{
	va_list ap;

	fputs("# ", stdout);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
}

bool is_text(const char *got, const char *want, const char *what)
{
	bool same = got && !strcmp(got, want);

	if (!ok(same, "%s", what))
		note("got  %s\n# want %s", got ? got : "(null)", want);
	return same;
}

bool is_hex(const void *got, const char *want, const char *what)
{
	char hex[2 * HASH_MAX_SIZE + 1];

	hex_encode(got, strlen(want) / 2, hex);
	return is_text(hex, want, what);
}

int tap_done(void)
{
	printf("1..%d\n", count);
	return failed || !count;
}
