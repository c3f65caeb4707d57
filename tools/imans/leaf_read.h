/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading a leaf and the list it is of while both go on.
 */
#ifndef IMANS_LEAF_READ_H
#define IMANS_LEAF_READ_H

#include "leaf.h"
#include "pcr.h"
#include "prefix.h"
#include "quote.h"
#include "view.h"

/* Path of the file with the leaf of namespace @id, to be freed. */
char *leaf_path(const char *dir, uint64_t id);
/* That of the namespace that securityfs belongs to. */
char *leaf_own_path(const char *dir);
/* VIEW_GONE prints nothing; a copy of the file will do. */
enum view_result leaf_read(const char *path, struct leaf *l);

/*
 * Read the list @path until it has what @l covers, and cut it there. False,
 * with the reason printed, if it never has, or comes to something else.
 */
bool leaf_read_list(const char *path, const struct leaf *l, struct buf *list);

/**
 * struct leaf_all - all namespaces that have a leaf
 * @anchor:	that which all of them are under, 0 if there is none such
 */
struct leaf_all {
	struct quote_ns *v;
	size_t n;
	uint64_t anchor;
};

/*
 * Read the leaves of all, and their lists as far as they cover them. Who goes
 * meanwhile is left out, which makes another anchor. False, with the reason
 * printed; to be freed in any case.
 */
bool leaf_read_all(const char *dir, struct leaf_all *all);
void leaf_free_all(struct leaf_all *all);

/*
 * Read the list @path until a part of it leads to the values of @set, and cut
 * it there; if none does it is left as it is. PREFIX_MALFORMED also if it
 * cannot be read.
 */
enum prefix_result read_covered(const char *path, const struct pcr_set *set,
				struct buf *list, struct prefix *p);

#endif
