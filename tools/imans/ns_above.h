/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The IMA namespace of a user namespace that one is above of.
 */
#ifndef IMANS_NS_ABOVE_H
#define IMANS_NS_ABOVE_H

#include "ns.h"
#include "process.h"

/*
 * Configure and activate the IMA namespace of @p's user namespace, and load its
 * policy, without a word from inside: the records say that the label is the
 * parent's. False, the reason printed.
 */
bool ns_set_up_from_above(const struct process *p, const char *securityfs,
			  const struct ns_config *cfg);

#endif
