/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The life of namespaces as their records in measurement lists tell it: pure,
 * all input is in memory.
 */
#ifndef IMANS_HOST_H
#define IMANS_HOST_H

#include "list.h"
#include "util.h"

/**
 * struct host_space - what the records say of one namespace
 * @list:	the namespace in whose list the birth is, 0 = the initial one
 * @birth, @death: where they stand in that list, 0 = nowhere
 * @carried:	born before a kexec, which ended it without a record
 * @entries, @violations, @acc: what the death record commits to
 */
struct host_space {
	uint64_t id;
	uint64_t list;
	size_t birth;
	size_t death;
	bool carried;
	uint64_t seq;
	uint64_t entries;
	uint64_t violations;
	uint8_t acc[32];
};

/**
 * struct host_book - all namespaces, and what is wrong
 * @listed:	namespaces whose lists were read, the initial one not among them
 * @finding:	one sentence each; none = nothing is wrong
 */
struct host_book {
	struct host_space *space;
	size_t nspaces;
	uint64_t *listed;
	size_t nlisted;
	size_t entries;
	char **finding;
	size_t nfindings;
};

/*
 * Take in the records of the list of namespace @id, 0 = the initial one. False,
 * with the message printed, if the list is malformed; @name is for that.
 */
bool host_add_list(struct host_book *book, uint64_t id, const struct buf *list,
		   const char *name);
void host_free(struct host_book *book);

struct host_space *host_find(const struct host_book *book, uint64_t id);
/* Was the list read in which this namespace's birth has to be? */
bool host_has_list(const struct host_book *book, uint64_t id);
void host_finding(struct host_book *book, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

enum host_sum {
	HOST_SUM_RIGHT,
	HOST_SUM_SHORT,		/* fewer than @entries in the list */
	HOST_SUM_WRONG,
};

/*
 * Do the first @entries of @list come to @acc? With @whole there may be no
 * more. A malformed list is wrong.
 */
enum host_sum host_sum(const struct buf *list, uint64_t entries,
		       const uint8_t *acc, bool whole);

/* The value of a key of a record, "key=value key=value ..."; NULL: none. */
const char *host_value(const uint8_t *record, size_t len, const char *key,
		       size_t *value_len);
/* "sha256:HEX N" as in status; false if it is not that. */
bool host_parse_acc(const char *text, uint8_t *acc, uint64_t *entries);

#endif
