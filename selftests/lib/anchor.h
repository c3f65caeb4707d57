/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SELFTESTS_ANCHOR_H
#define SELFTESTS_ANCHOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent.h"
#include "list.h"
#include "module.h"

/*
 * The module ima_ns.ko, what it shows, and what has to come out, computed here
 * once more from the measurement lists alone (abi.md section 8, design.md
 * section 5).
 */

#define ANCHOR_DIR MODULE_DIR
#define ANCHOR_SIZE 32

/**
 * struct anchor_state - the file ima_ns/anchor
 * @seq: number of the last anchor record, 0 before the first
 * @n: slots of its tree
 * @root: its root; all zeros before the first
 * @pcr_boot: PCR of boot records
 * @foreign_boot: somebody else has extended it
 * @pcr_anchor: PCR of anchor records
 * @foreign_anchor: the same
 * @tpm: "ok", "failed", "none" or "closed"
 * @failures: extends that failed
 */
struct anchor_state {
	long seq;
	long n;
	uint8_t root[ANCHOR_SIZE];
	long pcr_boot;
	bool foreign_boot;
	long pcr_anchor;
	bool foreign_anchor;
	char tpm[16];
	long failures;
};

/* 0, -EBADMSG for what does not look like it, or another negative errno. */
int anchor_state(struct anchor_state *state);

/* Number of the last anchor, or -errno; to ask for it is no reason for one. */
long anchor_last(void);

/**
 * struct anchor_proof - the files ima_ns/proof/ID and ima/anchor
 * @id: of the namespace
 * @seq: entries of its list that @acc covers
 * @salt: what the leaf is salted with
 * @acc: the accumulator
 * @anchor: number of the anchor record
 * @root: its root
 * @n: slots of its tree
 * @slot: that of the leaf
 * @path: siblings of the leaf, from the bottom up
 * @path_len: their number
 */
struct anchor_proof {
	long id;
	long seq;
	uint8_t salt[ANCHOR_SIZE];
	uint8_t acc[ANCHOR_SIZE];
	long anchor;
	uint8_t root[ANCHOR_SIZE];
	long n;
	long slot;
	uint8_t path[64][ANCHOR_SIZE];
	size_t path_len;
};

/*
 * As init sees it, and as the namespace does.  0, -EBADMSG, or another negative
 * errno; -ENODATA if the file is empty or there was no anchor yet.
 */
int anchor_proof_of(long id, struct anchor_proof *proof);
int anchor_proof_inside(struct agent *agent, struct anchor_proof *proof);

/* SHA-256(0x00 || le64 id || le64 seq || salt || acc) */
void anchor_leaf(long id, long seq, const uint8_t *salt, const uint8_t *acc,
		 uint8_t *leaf);
void anchor_proof_leaf(const struct anchor_proof *proof, uint8_t *leaf);

/* SHA-256(0x02): a slot that is free. */
void anchor_free_leaf(uint8_t *leaf);

/* The root of a tree with these leaves: RFC 9162, 2.1.1. */
void anchor_root(const uint8_t (*leaves)[ANCHOR_SIZE], size_t n, uint8_t *root);

/* The root that leaf and path lead to; false if the path has a wrong length. */
bool anchor_path_root(const struct anchor_proof *proof, const uint8_t *leaf,
		      uint8_t *root);

/**
 * struct anchor_mark - a record ima_ns_anchor
 * @at: its place in init's list
 * @seq: its number
 * @n: slots
 * @root: the root
 * @reason: why it was made
 * @token: what only the kernel could know
 * @has_next: a chain of tokens ends here
 * @has_leaf: a namespace died
 * @id: its id
 * @leaf: its last leaf
 */
struct anchor_mark {
	size_t at;
	long seq;
	long n;
	uint8_t root[ANCHOR_SIZE];
	char reason[16];
	uint8_t token[ANCHOR_SIZE];
	bool has_next;
	bool has_leaf;
	long id;
	uint8_t leaf[ANCHOR_SIZE];
};

/**
 * struct anchor_log - what init's list has from the last registration on
 * @list: init's whole list
 * @pcr_boot: PCR of boot records
 * @pcr_anchor: PCR of anchors
 * @at: place of the register record in pcr_boot, in pcr_anchor, in the default PCR
 * @text: that record
 * @alive: namespaces that it says were alive
 * @chain: anchors for each chain of tokens
 * @boots: places of the boot records
 * @boot_count: their number
 * @late_count: those of namespaces that were alive, the first among them
 * @marks: the anchors
 * @count: their number
 * @end: places of the unregister record, like @at; 0 if there is none
 * @wrong: why this cannot be what the kernel wrote; "" if it can
 */
struct anchor_log {
	struct list list;
	uint32_t pcr_boot;
	uint32_t pcr_anchor;
	size_t at[3];
	char text[2048];
	long alive;
	long chain;
	size_t *boots;
	size_t boot_count;
	size_t late_count;
	struct anchor_mark *marks;
	size_t count;
	size_t end[3];
	char wrong[256];
};

/*
 * Reads init's list and judges all of it that the module wrote: keys, order,
 * numbers, tokens, the two PCRs, and start values as what the list led to before.
 * Returns 0 or a negative errno; -ENOMSG if nothing was ever registered.
 */
int anchor_log_read(struct anchor_log *log);
void anchor_log_free(struct anchor_log *log);

/* The anchor with this number; NULL if there is none. */
const struct anchor_mark *anchor_log_mark(const struct anchor_log *log,
					  long seq);

/* Place of the boot record of a namespace, 0 if none; how many it has. */
size_t anchor_log_boot(const struct anchor_log *log, long id, long *count);

/* The removal of a namespace that died; NULL if there is none. */
const struct anchor_mark *anchor_log_removal(const struct anchor_log *log,
					     long id);

/* Place of its death record in init's list; 0 if there is none. */
size_t anchor_log_death(const struct anchor_log *log, long id);

/*
 * How many entries of the only namespace an anchor covers; -1: it is one of
 * something else.
 */
long anchor_mark_covers(const struct anchor_mark *mark,
			const struct list *list,
			const struct anchor_proof *proof);

/*
 * Does the proof lead from these entries of a namespace to an anchor of the log?
 * NULL if it does, otherwise what is wrong.
 */
const char *anchor_proof_wrong(const struct anchor_proof *proof,
			       const struct list *list,
			       const struct anchor_log *log);

/* All of it: proof as init sees it, list of @agent, init's list. */
const char *anchor_wrong(struct agent *agent, long id);

/*
 * Waits until the proof of @id covers @seq entries; to ask for a proof may be a
 * reason for an anchor.  How many ms that took, or a negative errno.
 */
long anchor_wait(long id, long seq, long ms);

/* Does the machine's TPM have in @pcr what init's list leads to, in all banks? */
bool anchor_pcr_replays(int pcr);

#endif
