/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Configuring and activating the IMA namespace of one's user namespace.
 */
#ifndef IMANS_NS_H
#define IMANS_NS_H

#include "certificate.h"
#include "util.h"

/**
 * struct ns_config - what a namespace gets before it is activated
 * @hash, @tmpl, @label: or NULL: not written
 * @ca:		whose certificates its keys must have, without a path if anybody's
 * @policy_path: for messages, or NULL: the kernel's default policy stays
 * @policy:	contents of that file
 */
struct ns_config {
	const char *hash;
	const char *tmpl;
	const char *label;
	struct certificate ca;
	const char *policy_path;
	struct buf policy;
};

/* All of these print why they failed and return false. */

/*
 * Read and check the policy file: one rule a line, not too long and not more
 * rules than the kernel keeps.
 */
bool ns_read_policy(struct ns_config *cfg, const char *path);

/* Mount securityfs at @dir unless it shows this user namespace already. */
bool ns_mount_securityfs(const char *dir);

/* hash, template_name and label. */
bool ns_configure(const char *dir, const struct ns_config *cfg);
/* ca, if there is one: not from inside, but by a path to @dir from above. */
bool ns_demand_ca(const char *dir, const struct ns_config *cfg);
/* What an errno of that means, NULL if that is not known. */
const char *ns_ca_reason(int error);
/* Write 1 to active. */
bool ns_activate(const char *dir);
/* One write() per rule, the batch takes effect at close. */
bool ns_load_policy(const char *dir, const struct ns_config *cfg);

#endif
