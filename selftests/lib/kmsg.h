/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SELFTESTS_KMSG_H
#define SELFTESTS_KMSG_H

/*
 * The kernel's log from now on; without auditd it holds audit records, too.
 * kmsg_open() returns a descriptor or a negative errno.
 */
int kmsg_open(void);

/* How many messages since the last call contain @text. */
long kmsg_count(int fd, const char *text);

/* The same, and the last of them in @last, NUL-terminated. */
long kmsg_last(int fd, const char *text, char *last, unsigned long size);

#endif
