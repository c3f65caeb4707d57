/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SELFTESTS_BENCH_COUNT_H
#define SELFTESTS_BENCH_COUNT_H

#include <stdint.h>

/*
 * How many instructions the processor has executed.  In QEMU with -icount
 * shift=0 the time stamp counter counts these, one for each, the kernel's and
 * ours; count_works() finds out whether it does.  Reading it is much cheaper
 * than any clock, so that each operation can be counted alone.
 */
static inline uint64_t count_now(void)
{
	return __builtin_ia32_rdtsc();
}

#endif
