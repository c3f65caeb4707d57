/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * imans proof: reading a machine that goes on meanwhile.
 */
#ifndef IMANS_PROOF_MAKE_H
#define IMANS_PROOF_MAKE_H

#include "quote_make.h"

/**
 * struct proof_maker - what to do, as the command line says it
 * @self:	write the tenant's part of the namespace that @dir belongs to
 * @part:	write the host's part that goes with this file, or NULL
 * @id:		or else write the bundle of this namespace
 * @saved, @list: which has ended, and this is what is left of it; or NULL
 * @host_list:	or NULL: that in @dir
 * @output:	or NULL: standard output
 */
struct proof_maker {
	const char *dir;
	bool self;
	const char *part;
	uint64_t id;
	const char *saved;
	const char *list;
	const char *host_list;
	bool no_pcrs;
	struct quote_maker maker;
	const char *output;
};

/* Returns enum imans_exit. */
int proof_make(struct proof_maker *m);

#endif
