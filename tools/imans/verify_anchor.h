/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * imans verify --boot and --anchor: the result for people and for scripts.
 */
#ifndef IMANS_VERIFY_ANCHOR_H
#define IMANS_VERIFY_ANCHOR_H

#include "anchor.h"

/* All but the problems. */
void anchor_print(const struct anchor *a, const struct pcr_set *set,
		  const struct anchor_request *rq);
json_t *anchor_json(const struct anchor *a, const struct pcr_set *set,
		    const struct anchor_request *rq);

/* One boot record, also for `imans boot-log` and proofs. */
void anchor_boot_print(const struct anchor_boot *b);
json_t *anchor_boot_json(const struct anchor_boot *b);

#endif
