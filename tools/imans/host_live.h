/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * verify --host: the records of the host's list against what is alive.
 */
#ifndef IMANS_HOST_LIVE_H
#define IMANS_HOST_LIVE_H

#include "util.h"

/**
 * struct host_options - what to look at
 * @dir:	where init's securityfs is mounted
 * @list:	the host's list, NULL = the one in @dir
 * @saved:	lists of namespaces that have ended
 */
struct host_options {
	const char *dir;
	const char *list;
	struct host_saved {
		uint64_t id;
		const char *path;
	} *saved;
	size_t nsaved;
	bool json;
};

/* "ID=FILE"; false with the message printed. */
bool host_option_saved(struct host_options *opt, const char *value);
/* Prints the result. Returns enum imans_exit. */
int host_verify(const struct host_options *opt);

#endif
