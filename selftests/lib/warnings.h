/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SELFTESTS_WARNINGS_H
#define SELFTESTS_WARNINGS_H

/*
 * Reads a descriptor of kmsg_open() to its end and shows what a healthy kernel
 * never prints, but for data races.  Returns how many messages that were, or a
 * negative errno.
 */
long warnings_count(int fd);

/*
 * Why memory cannot be counted on this kernel: KASAN keeps what is freed.  There
 * fault_test looks for leaks, with kmemleak.  NULL if it can.
 */
const char *memory_uncounted(void);

#endif
