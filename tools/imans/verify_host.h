/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * imans verify --host: the records of all namespaces of a machine.
 */
#ifndef IMANS_VERIFY_HOST_H
#define IMANS_VERIFY_HOST_H

#include "host.h"

/**
 * struct host_request - what is to be verified
 * @kexec:	see struct lives_input
 */
struct host_request {
	struct host_sources src;
	bool kexec;
	bool json;
};

/* Returns enum imans_exit. */
int verify_host(const struct host_request *rq);

#endif
