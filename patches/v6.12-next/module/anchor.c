// SPDX-License-Identifier: GPL-2.0-only
/*
 * Anchors: one thread commits to the lists of all namespaces in a PCR of the
 * machine's TPM
 *
 * An anchor is an entry in the list of the machine: the root of a tree whose leaves
 * are the namespaces' lists, and a token that only the kernel could know.  Whatever
 * comes while an anchor is made shares the next one.  The thread is nobody's but
 * the machine's: a container that is short of processor time delays no other.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/ima_ns_anchor.h>
#include <linux/kthread.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "anchor.h"

/* seq, n, root, reason, token, next; id and leaf of a dead one */
#define IMA_ANCHOR_RECORD_MAX	512

/* So many hashes of the next chain between two looks at what is to be done. */
#define IMA_CHAIN_SLICE		1024

/* When an anchor could not be made it is tried again after this. */
#define IMA_ANCHOR_RETRY_MS	1000

struct ima_anchors ima_anchors;

static const char *const ima_anchor_reasons[] = {
	[IMA_ANCHOR_INTERVAL] = "interval",
	[IMA_ANCHOR_EVENTS] = "events",
	[IMA_ANCHOR_DEATH] = "death",
	[IMA_ANCHOR_READ] = "read",
	[IMA_ANCHOR_REBOOT] = "reboot",
	[IMA_ANCHOR_KEXEC] = "kexec",
	[IMA_ANCHOR_UNREGISTER] = "unregister",
};

static int ima_chain_new(struct ima_chain *chain, unsigned int len)
{
	u8 secret[IMA_CHAIN_TOKEN_SIZE];
	int rc;

	/* Interrupted, it gives bytes that somebody may guess. */
	rc = get_random_bytes_wait(secret, sizeof(secret));
	if (!rc)
		rc = ima_chain_init(chain, len, secret);
	memzero_explicit(secret, sizeof(secret));
	return rc;
}

/**
 * ima_anchors_init - prepare the first chain and an empty tree
 * @config: what the machine's owner wants
 *
 * Context: may sleep; takes as long as hashing once for each token.
 *
 * Return: 0; -ENOMEM; -EINVAL for a length that a chain cannot have.
 */
int ima_anchors_init(const struct ima_anchor_config *config)
{
	struct ima_anchors *a = &ima_anchors;
	int rc;

	a->config = *config;
	spin_lock_init(&a->lock);
	INIT_LIST_HEAD(&a->dirty);
	INIT_LIST_HEAD(&a->dead);
	mutex_init(&a->commit_lock);
	init_waitqueue_head(&a->wake);
	init_waitqueue_head(&a->covered);
	ima_merkle_init(&a->tree);

	rc = ima_chain_new(&a->chain, config->chain);
	if (rc)
		return rc;
	while (!ima_chain_prepare(&a->chain, IMA_CHAIN_SLICE))
		cond_resched();

	rc = ima_chain_new(&a->next, config->chain);
	if (rc)
		ima_chain_destroy(&a->chain);
	return rc;
}

/**
 * ima_anchors_destroy - undo ima_anchors_init()
 */
void ima_anchors_destroy(void)
{
	struct ima_anchors *a = &ima_anchors;

	WARN_ON_ONCE(!list_empty(&a->dirty));
	memzero_explicit(a->token, sizeof(a->token));
	ima_chain_destroy(&a->next);
	ima_chain_destroy(&a->chain);
	ima_merkle_destroy(&a->tree);
}

/* The token of the next record; the same one again until it is used up. */
static int ima_anchor_token(u8 *token)
{
	struct ima_anchors *a = &ima_anchors;
	int rc;

	lockdep_assert_held(&a->commit_lock);

	if (!a->has_token) {
		rc = ima_chain_reveal(&a->chain, a->token);
		if (rc)
			return rc;
		a->has_token = true;
	}
	memcpy(token, a->token, IMA_CHAIN_TOKEN_SIZE);
	return 0;
}

/*
 * Is the current token the last of its chain?  Then say how the next one starts.
 * Return: the length of that in bytes, or an error.
 */
static int ima_anchor_print_next(char *buf, size_t size)
{
	struct ima_anchors *a = &ima_anchors;
	u8 start[IMA_CHAIN_TOKEN_SIZE];
	int rc;

	if (ima_chain_remaining(&a->chain))
		return 0;

	if (!a->next.len) {
		rc = ima_chain_new(&a->next, a->config.chain);
		if (rc)
			return rc;
	}
	while (ima_chain_start(&a->next, start)) {
		ima_chain_prepare(&a->next, IMA_CHAIN_SLICE);
		cond_resched();
	}
	return scnprintf(buf, size, " next=%*phN", IMA_CHAIN_TOKEN_SIZE,
			 start);
}

/* The record with the current token is listed. */
static void ima_anchor_token_used(void)
{
	struct ima_anchors *a = &ima_anchors;

	a->has_token = false;
	if (ima_chain_remaining(&a->chain))
		return;

	ima_chain_destroy(&a->chain);
	a->chain = a->next;
	memset(&a->next, 0, sizeof(a->next));
	/* Without memory it is tried again when it is needed. */
	if (ima_chain_new(&a->next, a->config.chain))
		a->next.len = 0;
}

/*
 * Put what is new into the tree.  What is taken off the list of what is new is put
 * on @taken, and back again if there is no anchor.
 */
static void ima_anchor_collect(struct list_head *taken)
{
	struct ima_anchors *a = &ima_anchors;
	struct ima_anchored *ns;
	u8 acc[SHA256_DIGEST_SIZE];

	spin_lock(&a->lock);
	list_splice_init(&a->dirty, taken);
	a->events = 0;
	a->wanted = false;
	spin_unlock(&a->lock);

	list_for_each_entry(ns, taken, dirty) {
		spin_lock(&a->lock);
		ns->told = ns->seq;
		memcpy(acc, ns->acc, sizeof(acc));
		spin_unlock(&a->lock);
		ima_merkle_leaf(ns->id, ns->told, ns->salt, acc, ns->leaf);
		ima_merkle_set(&a->tree, ns->slot, ns->leaf);
	}
}

/* What is in @taken is anchored; or not, and is still new. */
static void ima_anchor_finish(struct list_head *taken, bool done)
{
	struct ima_anchors *a = &ima_anchors;
	struct ima_anchored *ns, *next;

	spin_lock(&a->lock);
	list_for_each_entry_safe(ns, next, taken, dirty) {
		if (done)
			ns->covered = ns->told;
		if (ns->covered == ns->seq)
			list_del_init(&ns->dirty);
		else
			list_move_tail(&ns->dirty, &a->dirty);
	}
	if (!done)
		a->failures++;
	spin_unlock(&a->lock);
	wake_up_all(&a->covered);
}

/**
 * ima_anchor_commit - make an anchor
 * @reason: why
 * @dead: a namespace that is gone, whose leaf leaves the tree with this; NULL.
 *	Its slot is free if it did
 *
 * Context: may sleep, and waits for the TPM of the machine.
 *
 * Return: 0; -ENOMEM; -EIO if the TPM failed.  Then nothing is anchored that was
 * not before, and the next anchor has it all.
 */
int ima_anchor_commit(enum ima_anchor_reason reason, struct ima_anchored *dead)
{
	struct ima_anchors *a = &ima_anchors;
	u8 root[SHA256_DIGEST_SIZE];
	u8 token[IMA_CHAIN_TOKEN_SIZE];
	char buf[IMA_ANCHOR_RECORD_MAX];
	LIST_HEAD(taken);
	int len, rc;

	mutex_lock(&a->commit_lock);
	ima_anchor_collect(&taken);
	if (dead) {
		/* An anchor that failed may have been the one of its last leaf. */
		ima_merkle_leaf(dead->id, dead->seq, dead->salt, dead->acc,
				dead->leaf);
		ima_merkle_clear(&a->tree, dead->slot);
	}

	rc = ima_anchor_token(token);
	if (rc)
		goto finish;

	ima_merkle_root(&a->tree, root);
	len = scnprintf(buf, sizeof(buf),
			"seq=%llu n=%u root=sha256:%*phN reason=%s token=%*phN",
			a->seq + 1, a->tree.n, SHA256_DIGEST_SIZE, root,
			ima_anchor_reasons[reason], IMA_CHAIN_TOKEN_SIZE,
			token);
	rc = ima_anchor_print_next(buf + len, sizeof(buf) - len);
	if (rc < 0)
		goto finish;
	len += rc;
	if (dead)
		len += scnprintf(buf + len, sizeof(buf) - len,
				 " id=%llu leaf=%*phN", dead->id,
				 SHA256_DIGEST_SIZE, dead->leaf);

	rc = ima_ns_add_record("ima_ns_anchor", buf, len,
			       a->config.pcr_anchor);
	if (!rc) {
		a->seq++;
		memcpy(a->root, root, sizeof(root));
		ima_anchor_token_used();
		if (dead)
			ima_merkle_free(&a->tree, dead->slot);
	}
finish:
	ima_anchor_finish(&taken, !rc);
	mutex_unlock(&a->commit_lock);
	return rc;
}

/* What is there to do, if anything? */
static bool ima_anchor_due(enum ima_anchor_reason *reason)
{
	struct ima_anchors *a = &ima_anchors;
	bool due = true;

	spin_lock(&a->lock);
	if (!list_empty(&a->dead))
		*reason = IMA_ANCHOR_DEATH;
	else if (list_empty(&a->dirty))
		due = false;
	else if (a->wanted)
		*reason = a->why;
	else if (a->events >= a->config.events)
		*reason = IMA_ANCHOR_EVENTS;
	else
		due = false;
	spin_unlock(&a->lock);
	return due;
}

/* The first of those that are gone, with its last leaf anchored. */
static struct ima_anchored *ima_anchor_next_dead(void)
{
	struct ima_anchors *a = &ima_anchors;
	struct ima_anchored *dead;

	spin_lock(&a->lock);
	dead = list_first_entry_or_null(&a->dead, struct ima_anchored, dirty);
	spin_unlock(&a->lock);
	return dead;
}

static void ima_anchor_forget(struct ima_anchored *dead)
{
	struct ima_anchors *a = &ima_anchors;

	spin_lock(&a->lock);
	list_del(&dead->dirty);
	spin_unlock(&a->lock);
	kfree(dead->boot);
	kfree_sensitive(dead);
}

static bool ima_anchor_is_dirty(void)
{
	struct ima_anchors *a = &ima_anchors;
	bool dirty;

	spin_lock(&a->lock);
	dirty = !list_empty(&a->dirty);
	spin_unlock(&a->lock);
	return dirty;
}

static int ima_anchor_thread(void *unused)
{
	struct ima_anchors *a = &ima_anchors;
	enum ima_anchor_reason reason;
	struct ima_anchored *dead;
	long timeout;
	int rc = 0;

	sched_set_fifo_low(current);

	while (!kthread_should_stop()) {
		timeout = msecs_to_jiffies(rc ? IMA_ANCHOR_RETRY_MS :
						a->config.ms);
		reason = IMA_ANCHOR_INTERVAL;
		if (rc)
			schedule_timeout_interruptible(timeout);
		else
			wait_event_interruptible_timeout(a->wake,
				ima_anchor_due(&reason) ||
				kthread_should_stop(), timeout);

		dead = ima_anchor_next_dead();
		if (!dead && !ima_anchor_is_dirty()) {
			rc = 0;
			/* Nothing to do: have the next chain ready. */
			mutex_lock(&a->commit_lock);
			ima_chain_prepare(&a->next, IMA_CHAIN_SLICE);
			mutex_unlock(&a->commit_lock);
			continue;
		}

		/* That is the reason of a removal alone. */
		if (reason == IMA_ANCHOR_DEATH)
			reason = IMA_ANCHOR_EVENTS;
		rc = ima_anchor_commit(dead ? IMA_ANCHOR_DEATH : reason, dead);
		if (!rc && dead)
			ima_anchor_forget(dead);
	}
	return 0;
}

/**
 * ima_anchors_start - begin to make anchors
 *
 * Return: 0 or the error of kthread_run().
 */
int ima_anchors_start(void)
{
	struct task_struct *thread = kthread_run(ima_anchor_thread, NULL,
						 "ima_anchor");

	if (IS_ERR(thread))
		return PTR_ERR(thread);

	ima_anchors.thread = thread;
	return 0;
}

/**
 * ima_anchors_stop - make the last anchors
 *
 * Context: no namespace is anchored any more.  May sleep.
 */
void ima_anchors_stop(void)
{
	struct ima_anchored *dead;

	kthread_stop(ima_anchors.thread);

	while ((dead = ima_anchor_next_dead())) {
		if (ima_anchor_commit(IMA_ANCHOR_DEATH, dead))
			pr_err("the end of namespace %llu is not anchored\n",
			       dead->id);
		ima_anchor_forget(dead);
	}
}

/**
 * ima_anchor_last - use the next token for a record that is no anchor
 * @record: makes it
 *
 * Context: may sleep, and waits for the TPM of the machine.
 *
 * Return: what @record returns, or -ENODATA if there is no token.
 */
int ima_anchor_last(int (*record)(const u8 *token))
{
	u8 token[IMA_CHAIN_TOKEN_SIZE];
	int rc;

	mutex_lock(&ima_anchors.commit_lock);
	rc = ima_anchor_token(token);
	if (!rc)
		rc = record(token);
	if (!rc)
		ima_anchor_token_used();
	mutex_unlock(&ima_anchors.commit_lock);
	return rc;
}
