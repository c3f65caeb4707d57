/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sentences that a judgement collects.
 */
#ifndef IMANS_TEXTS_H
#define IMANS_TEXTS_H

#include <jansson.h>

#include "util.h"

struct texts {
	char **text;
	size_t n;
};

/* Takes over @text. */
void texts_take(struct texts *t, char *text);
void texts_add(struct texts *t, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void texts_print(const char *title, const struct texts *t);
json_t *texts_json(const struct texts *t);
void texts_free(struct texts *t);

#endif
