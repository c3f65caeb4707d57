/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SELFTESTS_WARNINGS_H
#define SELFTESTS_WARNINGS_H

/*
 * Reads a descriptor of kmsg_open() to its end and shows what a healthy kernel
 * never prints.  Returns how many messages that were, or a negative errno.
 */
long warnings_count(int fd);

#endif
