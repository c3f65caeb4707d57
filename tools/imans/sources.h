/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What imans verify is to compare with: PCR values from several places.
 */
#ifndef IMANS_SOURCES_H
#define IMANS_SOURCES_H

#include "pcr.h"

/**
 * struct sources - where PCR values come from
 * @bank:	only this one, or NULL
 * @given:	on the command line
 * @acc:	that of @vpcr, once it is read
 */
struct sources {
	const struct hash_alg *bank;
	const char *tcti;
	const char *sysfs;
	const char *tpm12;
	const char *vpcr;
	struct pcr_set given;
	struct vpcr_acc acc;
};

/* A source whose values may be others when they are read again. */
bool sources_are_live(const struct sources *src);
bool sources_are_there(const struct sources *src);
/*
 * Read the PCRs in @wanted, add what is given anyway, leave out what is not in
 * @judged. False, with the message printed, if there are none to be had.
 */
bool sources_gather(struct sources *src, uint64_t wanted, uint64_t judged,
		    struct pcr_set *s);

#endif
