/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SELFTESTS_VPCR_H
#define SELFTESTS_VPCR_H

#include "agent.h"

/**
 * struct vpcr - the last line of ima/vpcr
 * @acc: the accumulator in hex
 * @entries: what it covers
 */
struct vpcr {
	char acc[65];
	long entries;
};

/* Returns 0, -EBADMSG for one that does not parse, or a negative errno. */
int vpcr_read(struct agent *agent, struct vpcr *vpcr);

/*
 * Compares list, count and vpcr of a namespace in which nothing happens at the
 * moment.  Returns how many entries were lost: these are covered by vpcr and
 * not in the list, and no value of it is then the replay of the list.
 * -EBADMSG if these do not fit each other.
 */
long vpcr_lost(struct agent *agent);

#endif
