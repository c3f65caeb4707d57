/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the initial namespace sees of the others: ima/ns/<id>/ in securityfs.
 * The files of a namespace vanish when it ends, at any moment.
 */
#ifndef IMANS_NSVIEW_H
#define IMANS_NSVIEW_H

#include "util.h"

enum nsview_result {
	NSVIEW_OK,
	NSVIEW_GONE,	/* no such namespace (any more); nothing is printed */
	NSVIEW_ERROR,	/* what is wrong has been printed */
};

/**
 * struct nsview - the status of one namespace
 * @line:	"key: value" lines in the kernel's order
 */
struct nsview {
	uint64_t id;
	struct nsview_line {
		const char *key;
		const char *value;
	} *line;
	size_t n;
	struct buf text;
};

/* The ids that are there now, in ascending order; @ids is to be freed. */
bool nsview_ids(const char *dir, uint64_t **ids, size_t *n);
enum nsview_result nsview_read(const char *dir, uint64_t id, struct nsview *v);
/* Its binary measurement list. */
enum nsview_result nsview_list(const char *dir, uint64_t id, struct buf *list);
void nsview_free(struct nsview *v);

/* The value of @key, NULL if there is no such line. */
const char *nsview_get(const struct nsview *v, const char *key);
/* The same as a number; false if it is missing or none. */
bool nsview_number(const struct nsview *v, const char *key, uint64_t *number);

#endif
