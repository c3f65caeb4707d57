/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Records of the anchor: what the kernel's module writes in pcr_boot and
 * pcr_anchor, and about itself in the default PCR.
 */
#ifndef IMANS_ANCHOR_RECORD_H
#define IMANS_ANCHOR_RECORD_H

#include "list.h"
#include "pcr.h"

/* No TPM has more banks than there are algorithms for them. */
#define ANCHOR_BANKS_MAX 8

enum anchor_kind {
	ANCHOR_NONE,		/* the entry is no such record */
	ANCHOR_BAD,		/* named, but not written like one */
	ANCHOR_REGISTER,
	ANCHOR_UNREGISTER,
	ANCHOR_BOOT,
	ANCHOR_ANCHOR,
	ANCHOR_SHUTDOWN,
};

/* What a bank had in the two PCRs before the register record. */
struct anchor_start {
	const struct hash_alg *bank;
	uint8_t boot[HASH_MAX_SIZE];
	uint8_t anchor[HASH_MAX_SIZE];
};

/**
 * struct anchor_register - ima_ns_register, ima_ns_unregister
 * @nbanks:	0: there was no TPM
 * @alive:	so many namespaces there were when it was made: about as many
 *		have a boot record with late=1, as they come and go meanwhile
 * @chain:	so many tokens a chain has; 0: mode=concat, there are neither tokens
 *		nor anchors
 * @token:	hex: SHA-256^chain of the secret; unregister: the next one
 */
struct anchor_register {
	char boot_id[36 + 1];
	uint32_t pcr_boot;
	uint32_t pcr_anchor;
	struct anchor_start start[ANCHOR_BANKS_MAX];
	size_t nbanks;
	uint64_t alive;
	uint64_t chain;
	uint8_t token[32];
};

/* ima_ns_boot; @label is decoded and safe to be printed. */
struct anchor_boot {
	uint64_t id;
	uint64_t parent;
	char *uuid;
	char *label;
	char *by;
	char *exe;
	char *kind;
	bool late;
	size_t entry;	/* where it stands */
};

/**
 * struct anchor_mark - ima_ns_anchor: the tree at one time
 * @n:		its slots
 * @reason:	one of those in abi.md
 * @has_next:	a new chain of tokens begins with @next
 * @has_leaf:	namespace @id died, @leaf was its last
 * @entry:	where it stands
 */
struct anchor_mark {
	uint64_t seq;
	uint64_t n;
	uint8_t root[32];
	const char *reason;
	uint8_t token[32];
	bool has_next;
	uint8_t next[32];
	bool has_leaf;
	uint64_t id;
	uint8_t leaf[32];
	size_t entry;
};

/* ima_ns_shutdown */
struct anchor_shutdown {
	const char *reason;
	uint64_t seq;
};

struct anchor_record {
	enum anchor_kind kind;
	const char *name;
	struct anchor_register reg;
	struct anchor_boot boot;
	struct anchor_mark mark;
	struct anchor_shutdown shutdown;
};

/*
 * What kind of record @e is; @why is set for ANCHOR_BAD, @name for all but
 * ANCHOR_NONE. To be freed whatever comes of it.
 */
enum anchor_kind anchor_record_parse(const struct list_entry *e,
				     struct anchor_record *r, const char **why);
void anchor_record_free(struct anchor_record *r);
void anchor_boot_free(struct anchor_boot *b);

#endif
