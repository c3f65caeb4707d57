/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SELFTESTS_AUDITLOG_H
#define SELFTESTS_AUDITLOG_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The machine's audit records from now on, as any number of readers get them.
 * The kernel's log would have them as well, but ratelimited.  Returns a
 * descriptor or a negative errno.
 */
int auditlog_open(void);

/**
 * struct auditlog - records of one kind
 * @count: how many there were
 * @last: the text of the last of them, NUL-terminated
 */
struct auditlog {
	long count;
	char last[8192];
};

/*
 * Takes all records that were made before this call, and counts those of @type
 * (0 for any) that contain @text.  Returns 0 or a negative errno.
 */
int auditlog_take(int fd, int type, const char *text, struct auditlog *log);

/* The count alone, or a negative errno. */
long auditlog_count(int fd, int type, const char *text);

/* Does the text end like this, but for blanks? */
bool auditlog_ends_with(const struct auditlog *log, const char *end);

#endif
