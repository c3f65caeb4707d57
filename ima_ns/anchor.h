/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The anchors: what all namespaces' lists are at a moment, in a PCR of the machine
 */

#ifndef _IMA_NS_ANCHOR_H
#define _IMA_NS_ANCHOR_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <linux/xarray.h>

#include "chain.h"
#include "concat.h"
#include "merkle.h"

struct dentry;
struct seq_file;
struct task_struct;

/* seq, n, root, reason, token, next; id and leaf of a dead one */
#define IMA_ANCHOR_RECORD_MAX	512

/* Why an anchor was made, as its record says. */
enum ima_anchor_reason {
	IMA_ANCHOR_INTERVAL,
	IMA_ANCHOR_EVENTS,
	IMA_ANCHOR_DEATH,
	IMA_ANCHOR_READ,
	IMA_ANCHOR_REBOOT,
	IMA_ANCHOR_KEXEC,
	IMA_ANCHOR_UNREGISTER,
};

/**
 * struct ima_anchor_config - what the parameters of the module say
 * @pcr_boot: the PCR of the records of namespaces that begin
 * @pcr_anchor: the PCR of the anchors
 * @ms: after so many milliseconds what is new is anchored
 * @events: and after so many entries
 * @chain: how many anchors a chain of tokens is for
 * @concat: there are no anchors, but what Container-IMA extends
 * @sync: an event waits until its entries are anchored
 * @deny: what cannot be anchored, or recorded, is denied
 */
struct ima_anchor_config {
	int pcr_boot;
	int pcr_anchor;
	unsigned int ms;
	unsigned int events;
	unsigned int chain;
	bool concat;
	bool sync;
	bool deny;
};

/* A namespace that has no slot in the tree yet. */
#define IMA_NO_SLOT	(-1)

/**
 * struct ima_anchored - a namespace that is anchored
 * @refs: who looks at it, and the namespace until it is forgotten
 * @id: the id of the namespace
 * @salt: what keeps others from guessing its leaf
 * @boot: the record of its first program; NULL once that is listed
 * @dirty: place among those with something new, or among those of the anchor
 *	that is being made; under &ima_anchors.lock, as all up to @gone
 * @booting: place among those whose record is to be made
 * @dead: place among those whose leaf is to leave the tree
 * @filing: place among those whose file is to be made, or to go
 * @seq: how many entries its list has
 * @acc: the sum of these
 * @covered: how many of them the last anchor covers
 * @booted: its record is listed
 * @gone: nobody will tell anything more of it
 * @slot: its slot in the tree; under &ima_anchors.commit_lock, as all up to @leaf
 * @told: how many entries the last leaf covers
 * @told_acc: the sum of these
 * @leaf: that leaf
 * @cpcr: what its list leads to, its line and its number; NULL but in mode=concat,
 *	where it has no slot
 * @file: its file; NULL if it has none.  Only for who makes it
 */
struct ima_anchored {
	refcount_t refs;
	u64 id;
	u8 salt[IMA_MERKLE_SALT_SIZE];
	char *boot;
	struct list_head dirty;
	struct list_head booting;
	struct list_head dead;
	struct list_head filing;
	u64 seq;
	u8 acc[SHA256_DIGEST_SIZE];
	u64 covered;
	bool booted;
	bool gone;
	int slot;
	u64 told;
	u8 told_acc[SHA256_DIGEST_SIZE];
	u8 leaf[SHA256_DIGEST_SIZE];
	struct ima_cpcr *cpcr;
	struct dentry *file;
};

/**
 * struct ima_anchors - all of it; there is one
 * @config: what the machine's owner wants
 * @lock: protects all up to @failures, and what namespaces say of themselves;
 *	nothing is taken under it.  It is taken under a lock of IMA's that is a
 *	spinlock
 * @by_id: the namespaces, for who wants to look at one
 * @dirty: those with entries that no anchor covers
 * @booting: those whose record is to be made
 * @dead: those whose leaf is to leave the tree
 * @filing: those whose file is to be made or to go; each is kept by that
 * @events: how many entries came since the last anchor
 * @due_at: when what is new is to be anchored, in jiffies
 * @wanted: somebody waits for an anchor
 * @why: and this is why
 * @read_at: from then on a reader may ask for an anchor, in jiffies
 * @has_tpm: the machine has a TPM
 * @failing: the TPM failed the last time
 * @failures: how often it failed; who waits sees that it changed
 * @committing: an anchor is being made, of what there was when that began
 * @commits: how many were made
 * @closed: there will be none any more
 * @ending: more important things are to be recorded than ends
 * @commit_lock: held to make records; protects what follows.  The machine's TPM
 *	is waited for under it, and no tenant's task ever has it
 * @proof_lock: to read what follows up to @root, and the leaves of namespaces,
 *	while @tree_is_root; held to change that.  Likewise @concat and the lines
 *	of namespaces
 * @tree: the leaves
 * @tree_is_root: the last anchor has the root of @tree, and of all leaves
 * @seq: how many anchors there are
 * @n: how many slots the last one was over
 * @root: its root
 * @chain: the tokens that are used now
 * @next: those that come then; begun if it has a length
 * @token: the next token to use
 * @has_token: there is one in @token
 * @has_record: an anchor is being made.  Until the TPM says that it has it, or
 *	that it has not, nothing else can be made, so it stays as it is
 * @record: that anchor
 * @record_len: its length in bytes
 * @record_dead: whose end it is
 * @concat: what is extended instead, in mode=concat
 * @taken: the namespaces it has new leaves of
 * @look: a record was made since it was looked whether somebody else extends the
 *	PCRs
 * @look_at: when it may be looked again, in jiffies
 * @wake: wakes who makes them
 * @done: wakes those who wait for one
 * @thread: makes them
 */
struct ima_anchors {
	struct ima_anchor_config config;
	spinlock_t lock;		/* see above */
	struct xarray by_id;
	struct list_head dirty;
	struct list_head booting;
	struct list_head dead;
	struct list_head filing;
	unsigned int events;
	unsigned long due_at;
	bool wanted;
	enum ima_anchor_reason why;
	unsigned long read_at;
	bool has_tpm;
	bool failing;
	unsigned int failures;
	bool committing;
	unsigned long commits;
	bool closed;
	bool ending;
	struct mutex commit_lock;	/* see above */
	spinlock_t proof_lock;		/* see above */
	struct ima_merkle tree;
	bool tree_is_root;
	u64 seq;
	unsigned int n;
	u8 root[SHA256_DIGEST_SIZE];
	struct ima_chain chain;
	struct ima_chain next;
	u8 token[IMA_CHAIN_TOKEN_SIZE];
	bool has_token;
	bool has_record;
	char record[IMA_ANCHOR_RECORD_MAX];
	int record_len;
	struct ima_anchored *record_dead;
	struct ima_concat concat;
	struct list_head taken;
	bool look;
	unsigned long look_at;
	wait_queue_head_t wake;
	wait_queue_head_t done;
	struct task_struct *thread;
};

extern struct ima_anchors ima_anchors;

int ima_anchors_init(const struct ima_anchor_config *config);
int ima_anchors_start(void);
void ima_anchors_stop(void);
void ima_anchors_forget(void);
void ima_anchors_destroy(void);
int ima_anchor_finish_all(enum ima_anchor_reason reason);
void ima_anchors_close(int (*record)(void));
int ima_anchor_last(int (*record)(const u8 *token));
int ima_anchors_flush(void);
void ima_anchors_show(struct seq_file *m);

struct ima_anchored *ima_anchored_alloc(struct ima_namespace *ns, u64 id,
					char *boot, gfp_t gfp);
struct ima_anchored *ima_anchored_get(u64 id);
void ima_anchored_put(struct ima_anchored *anchored);
void ima_anchored_gone(struct ima_anchored *anchored);
void ima_anchored_death(struct ima_anchored *anchored);
void ima_anchored_entry(struct ima_anchored *anchored, u64 seq, const u8 *acc);
int ima_anchored_wait(struct ima_anchored *anchored, u64 seq);
int ima_anchored_boot(struct ima_anchored *anchored);
void ima_anchored_boot_late(struct ima_anchored *anchored);
int ima_anchored_show(struct ima_anchored *anchored, struct seq_file *m);

bool ima_anchor_may_read(void);
int ima_anchor_files_create(void);
void ima_anchor_files_open(void);
void ima_anchor_files_remove(void);
void ima_anchor_files_end(void);
void ima_anchor_file(struct ima_anchored *anchored);

void ima_cpcr_files_create(void);
void ima_cpcr_files_remove(void);
void ima_list_file_add(struct ima_anchored *anchored);
void ima_list_file_remove(struct ima_anchored *anchored);

#endif /* _IMA_NS_ANCHOR_H */
