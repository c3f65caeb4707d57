/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an OCI runtime tells a hook of a container, on its standard input.
 */
#ifndef IMANS_OCI_H
#define IMANS_OCI_H

#include <sys/types.h>

#include "util.h"

/* Names a file of the directory that imans hook is given. */
#define OCI_POLICY_ANNOTATION "org.ima-ns.policy"

/**
 * struct oci_state - a container that has executed nothing of its own yet
 * @id:		the runtime's name for it
 * @policy:	that annotation, or NULL
 * @pid:	in the pid namespace of the runtime
 */
struct oci_state {
	char *id;
	char *policy;
	pid_t pid;
};

/* NULL, or why a container in this state is not taken, to be freed. */
char *oci_parse(struct oci_state *s, const char *text, size_t len);
void oci_free(struct oci_state *s);

#endif
