/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SELFTESTS_CLOCK_H
#define SELFTESTS_CLOCK_H

#include <stdbool.h>
#include <time.h>
#include <unistd.h>

/* Milliseconds since some moment before the test. */
static inline long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/**
 * struct patience - how long something is waited for
 * @deadline: when that is long enough, as now_ms()
 * @looks: how often at least it is to be looked for: a busy machine may stop
 *	the guest for longer than anybody wants to wait
 */
struct patience {
	long deadline;
	long looks;
};

static inline struct patience patience(long ms)
{
	return (struct patience){ now_ms() + ms, ms / 40 };
}

/* Waits a moment.  False if it was looked for long and often enough. */
static inline bool patience_lasts(struct patience *patience)
{
	usleep(10000);
	return --patience->looks > 0 || now_ms() < patience->deadline;
}

#endif
