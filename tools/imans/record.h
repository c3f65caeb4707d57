/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Records of the life of namespaces: entries of template ima-buf that the
 * kernel puts in the list of the namespace above.
 */
#ifndef IMANS_RECORD_H
#define IMANS_RECORD_H

#include "list.h"

enum record_kind {
	RECORD_NONE,	/* the entry is no such record */
	RECORD_BAD,	/* it is named like one, but does not read like one */
	RECORD_BIRTH,
	RECORD_POLICY,
	RECORD_DEATH,
};

/**
 * struct record - what a record says, as far as it is judged
 * @id:		whose life it is about, never 0
 * @parent:	birth: in whose list it claims to be
 * @seq:	policy: number of the batch, from 1
 * @entries, @violations: death: what the list had in the end
 * @digest:	policy: of the rules in force; death: acc
 */
struct record {
	enum record_kind kind;
	uint64_t id;
	uint64_t parent;
	uint64_t seq;
	uint64_t entries;
	uint64_t violations;
	uint8_t digest[32];
};

/*
 * What kind of record @e is. @why is set for RECORD_BAD. A keyring may be named
 * like a record, but no key is text: its entry is no record.
 */
enum record_kind record_parse(const struct list_entry *e, struct record *r,
			      const char **why);

#endif
