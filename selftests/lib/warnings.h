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
 * Why memory is not counted on this kernel: KASAN keeps what is freed, and there
 * fault_test looks for leaks, with kmemleak; with KCSAN it takes too long, and
 * kernel default does it.  NULL if it is.
 */
const char *memory_uncounted(void);

#endif
