/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Taking JSON of unknown origin apart. All that return text return NULL or a
 * reason, to be freed.
 */
#ifndef IMANS_JSON_TAKE_H
#define IMANS_JSON_TAKE_H

#include "json.h"
#include "pcr.h"
#include "util.h"

/* NULL, and the reason in @why; no member may be there twice. */
json_t *take_json(const char *text, size_t len, char **why);
char *take_format(const json_t *root, const char *format, int version);
/* Exactly these, NULL behind the last. */
char *take_members(const json_t *root, const char *const *members);
char *take_number(const json_t *root, const char *key, uint64_t *out);
bool take_hex(const json_t *j, uint8_t *out, size_t len);
bool take_base64(const json_t *j, struct buf *out);
/* "pcrs", as `imans pcr read --json` prints them. */
char *take_pcrs(const json_t *root, const char *source, struct pcr_set *out);
/* The other way. */
void pcr_set_put_json(json_t *o, const struct pcr_set *s);

#endif
