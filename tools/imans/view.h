/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the initial namespace sees of the others: ima/ns/<id>/.
 */
#ifndef IMANS_VIEW_H
#define IMANS_VIEW_H

#include <jansson.h>

#include "pcr.h"
#include "util.h"

/* The numbers in ima/ns, in ascending order. */
struct view_ids {
	uint64_t *id;
	size_t n;
};

/* A "key: value" line of a status file. */
struct view_line {
	const char *key;
	const char *value;
};

/**
 * struct view_status - a status file
 * @line:	all lines, in the order of the file; they point into @text
 * @state, @tpm, @label: of these lines
 * @acc:	what the list comes to, an entry perhaps not listed yet included
 * @has_acc:	older kernels have no such line
 */
struct view_status {
	struct buf text;
	struct view_line *line;
	size_t n;
	uint64_t id, parent, level, entries, violations, pending;
	const char *state, *tpm, *label;
	struct vpcr_acc acc;
	bool has_acc;
};

enum view_result {
	VIEW_OK,
	VIEW_GONE,	/* no such namespace, not yet or not any more */
	VIEW_FAILED,	/* the reason is printed */
};

/* False, with the reason printed, if there is no such directory to be read. */
bool view_read_ids(const char *dir, struct view_ids *ids);
void view_free_ids(struct view_ids *ids);

/* A file of a namespace, open for reading in @fd. */
enum view_result view_open(const char *dir, uint64_t id, const char *file,
			   int *fd);
/* What VIEW_GONE means, printed. */
void view_explain_gone(const char *dir, uint64_t id);
/* Is there a directory of this namespace? It goes after the death record. */
bool view_exists(const char *dir, uint64_t id);

/* VIEW_GONE prints nothing. */
enum view_result view_read_status(const char *dir, uint64_t id,
				  struct view_status *st);
/* Takes over @text, which is that of file @path. */
bool view_parse_status(const char *path, struct buf *text,
		       struct view_status *st);
/* The value of @key, NULL if there is no such line. */
const char *view_value(const struct view_status *st, const char *key);
/* All lines, numbers as numbers. */
void view_put_json(const struct view_status *st, json_t *object);
void view_free_status(struct view_status *st);

#endif
