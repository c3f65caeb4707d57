/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * X.509 certificates: from a file in DER or PEM to what the kernel takes.
 */
#ifndef IMANS_CERTIFICATE_H
#define IMANS_CERTIFICATE_H

#include "util.h"

/**
 * struct certificate - one X.509 certificate
 * @path:	for messages; NULL: there is none
 * @der:	as the kernel takes it
 * @named:	it has a subjectKeyIdentifier, by which signatures name its key
 * @expired:	by the clock of this machine
 */
struct certificate {
	const char *path;
	struct buf der;
	bool named;
	bool expired;
};

/*
 * Exactly one certificate, in DER or, with other things around it, in PEM.
 * NULL, or why there is none; to be freed.
 */
char *certificate_parse(struct certificate *c, const void *data, size_t len);
/* The same from a file; false, the reason printed. */
bool certificate_read(struct certificate *c, const char *path);
void certificate_free(struct certificate *c);

#endif
