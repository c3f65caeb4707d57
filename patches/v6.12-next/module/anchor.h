/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The anchors: what all namespaces' lists are at a moment, in a PCR of the machine
 */

#ifndef _IMA_NS_ANCHOR_H
#define _IMA_NS_ANCHOR_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>

#include "chain.h"
#include "merkle.h"

struct ima_namespace;
struct task_struct;

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
 * @sync: an event waits until its entries are anchored
 * @deny: what cannot be anchored, or recorded, is denied
 */
struct ima_anchor_config {
	int pcr_boot;
	int pcr_anchor;
	unsigned int ms;
	unsigned int events;
	unsigned int chain;
	bool sync;
	bool deny;
};

/**
 * struct ima_anchored - a namespace that is anchored
 * @dirty: place in &ima_anchors.dirty if there is something new; under its lock
 * @id: the id of the namespace
 * @salt: what keeps others from guessing its leaf
 * @slot: its slot in the tree
 * @seq: how many entries its list has; under &ima_anchors.lock as all that follow
 * @acc: the sum of these
 * @told: how many the anchor that is being made covers; under
 *	&ima_anchors.commit_lock
 * @covered: how many of them the last anchor covers
 * @leaf: the leaf of the last anchor; under &ima_anchors.commit_lock
 * @boot_lock: held to make the record of its first program
 * @booted: that is made; under @boot_lock
 * @boot: the record
 */
struct ima_anchored {
	struct list_head dirty;
	u64 id;
	u8 salt[IMA_MERKLE_SALT_SIZE];
	unsigned int slot;
	u64 seq;
	u8 acc[SHA256_DIGEST_SIZE];
	u64 told;
	u64 covered;
	u8 leaf[SHA256_DIGEST_SIZE];
	struct mutex boot_lock;		/* see above */
	bool booted;
	char *boot;
};

/**
 * struct ima_anchors - all of it; there is one
 * @config: what the machine's owner wants
 * @lock: protects @dirty, @events and the state of namespaces; nothing is taken
 *	under it.  It is taken under a lock of IMA's that is a spinlock
 * @dirty: namespaces with entries that no anchor covers
 * @events: how many entries came since the last anchor
 * @dead: namespaces whose leaf is to leave the tree
 * @wanted: somebody waits for an anchor
 * @why: and this is why
 * @failures: how many anchors could not be made; who waits sees that it changed
 * @commit_lock: held to make an anchor; protects what follows.  The machine's TPM
 *	is waited for under it
 * @tree: the leaves
 * @chain: the tokens that are used now
 * @next: those that come then; ready if it has a start
 * @token: the next token to use; kept when an anchor could not be made
 * @has_token: there is one in @token
 * @seq: how many anchors there are
 * @root: the root of the last one
 * @wake: wakes who makes them
 * @covered: wakes those who wait for one
 * @thread: makes them
 */
struct ima_anchors {
	struct ima_anchor_config config;
	spinlock_t lock;		/* see above */
	struct list_head dirty;
	unsigned int events;
	struct list_head dead;
	bool wanted;
	enum ima_anchor_reason why;
	unsigned int failures;
	struct mutex commit_lock;	/* see above */
	struct ima_merkle tree;
	struct ima_chain chain;
	struct ima_chain next;
	u8 token[IMA_CHAIN_TOKEN_SIZE];
	bool has_token;
	u64 seq;
	u8 root[SHA256_DIGEST_SIZE];
	wait_queue_head_t wake;
	wait_queue_head_t covered;
	struct task_struct *thread;
};

extern struct ima_anchors ima_anchors;

int ima_anchors_init(const struct ima_anchor_config *config);
int ima_anchors_start(void);
void ima_anchors_stop(void);
void ima_anchors_destroy(void);
int ima_anchor_commit(enum ima_anchor_reason reason, struct ima_anchored *dead);

int ima_anchor_last(int (*record)(const u8 *token));

struct ima_anchored *ima_anchored_alloc(u64 id, char *boot);
void ima_anchored_gone(struct ima_anchored *anchored);
void ima_anchored_death(struct ima_anchored *anchored);
void ima_anchored_entry(struct ima_anchored *anchored, u64 seq, const u8 *acc);
int ima_anchored_wait(struct ima_anchored *anchored, u64 seq);
int ima_anchored_boot(struct ima_anchored *anchored);

#endif /* _IMA_NS_ANCHOR_H */
