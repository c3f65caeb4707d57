// SPDX-License-Identifier: GPL-2.0-only
/*
 * A namespace that is anchored: what IMA tells of it
 */

#include <linux/ima_ns_anchor.h>
#include <linux/random.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "anchor.h"

/**
 * ima_anchored_alloc - anchor a namespace
 * @id: its id
 * @boot: the record of its first program; the state's from now on, unless it fails
 *
 * Context: may sleep.
 *
 * Return: the state, or NULL if there is no memory.
 */
struct ima_anchored *ima_anchored_alloc(u64 id, char *boot)
{
	struct ima_anchors *a = &ima_anchors;
	struct ima_anchored *anchored;
	int slot;

	anchored = kzalloc(sizeof(*anchored), GFP_KERNEL_ACCOUNT);
	if (!anchored)
		return NULL;

	mutex_lock(&a->commit_lock);
	slot = ima_merkle_take(&a->tree);
	mutex_unlock(&a->commit_lock);
	if (slot < 0) {
		kfree(anchored);
		return NULL;
	}

	INIT_LIST_HEAD(&anchored->dirty);
	mutex_init(&anchored->boot_lock);
	get_random_bytes(anchored->salt, sizeof(anchored->salt));
	anchored->id = id;
	anchored->slot = slot;
	anchored->boot = boot;
	return anchored;
}

/**
 * ima_anchored_gone - a namespace has nothing more to say
 * @anchored: its state, which is not the caller's any more
 *
 * An anchor says that its leaf leaves the tree, unless nothing ever said that it
 * was there: it may go on configuring.
 *
 * Context: may sleep, also as long as an anchor takes.
 */
void ima_anchored_gone(struct ima_anchored *anchored)
{
	struct ima_anchors *a = &ima_anchors;
	bool silent;

	/* Nobody walks the list that it may be in. */
	mutex_lock(&a->commit_lock);
	spin_lock(&a->lock);
	silent = !anchored->covered && !anchored->booted;
	if (silent)
		list_del(&anchored->dirty);
	else
		list_move_tail(&anchored->dirty, &a->dead);
	spin_unlock(&a->lock);
	if (silent)
		ima_merkle_free(&a->tree, anchored->slot);
	mutex_unlock(&a->commit_lock);

	if (silent) {
		kfree(anchored->boot);
		kfree_sensitive(anchored);
		return;
	}
	wake_up(&a->wake);
}

/**
 * ima_anchored_entry - its list has one entry more
 * @anchored: the state
 * @seq: the number of entries
 * @acc: the sum of these
 *
 * Context: under a spinlock.
 */
void ima_anchored_entry(struct ima_anchored *anchored, u64 seq, const u8 *acc)
{
	struct ima_anchors *a = &ima_anchors;
	bool wake;

	spin_lock(&a->lock);
	/* The first call tells of those before, and may be overtaken. */
	if (seq > anchored->seq) {
		anchored->seq = seq;
		memcpy(anchored->acc, acc, SHA256_DIGEST_SIZE);
		if (list_empty(&anchored->dirty))
			list_add_tail(&anchored->dirty, &a->dirty);
	}
	wake = ++a->events >= a->config.events;
	spin_unlock(&a->lock);

	if (wake)
		wake_up(&a->wake);
}

static bool ima_anchored_is_covered(struct ima_anchored *anchored, u64 seq,
				    unsigned int failures, bool *covered)
{
	struct ima_anchors *a = &ima_anchors;
	bool failed;

	spin_lock(&a->lock);
	*covered = anchored->covered >= seq;
	failed = a->failures != failures;
	spin_unlock(&a->lock);
	return *covered || failed;
}

/* Wait until the first @seq entries are anchored. */
static int ima_anchored_flush(struct ima_anchored *anchored, u64 seq,
			      enum ima_anchor_reason why, bool killable)
{
	struct ima_anchors *a = &ima_anchors;
	unsigned int failures;
	bool covered;

	spin_lock(&a->lock);
	failures = a->failures;
	if (anchored->covered < seq) {
		a->wanted = true;
		a->why = why;
	}
	spin_unlock(&a->lock);
	wake_up(&a->wake);

	if (!killable)
		wait_event(a->covered, ima_anchored_is_covered(anchored, seq,
							failures, &covered));
	else if (wait_event_killable(a->covered,
				     ima_anchored_is_covered(anchored, seq,
							     failures,
							     &covered)))
		return -EINTR;
	return covered ? 0 : -EIO;
}

/**
 * ima_anchored_wait - an event of a namespace added entries
 * @anchored: its state
 * @seq: the number of entries with these
 *
 * Return: 0; -EIO if there is no anchor and that denies the access; -EINTR.
 */
int ima_anchored_wait(struct ima_anchored *anchored, u64 seq)
{
	struct ima_anchors *a = &ima_anchors;
	int rc;

	if (!a->config.sync)
		return 0;

	rc = ima_anchored_flush(anchored, seq, IMA_ANCHOR_EVENTS, true);
	return rc == -EIO && !a->config.deny ? 0 : rc;
}

/**
 * ima_anchored_death - its list gets nothing more
 * @anchored: the state
 *
 * Its last leaf is anchored before its death is recorded.  A TPM that fails does
 * not hold up the end of namespaces: the next anchor has it.
 *
 * Context: may sleep, and waits for the TPM of the machine.
 */
void ima_anchored_death(struct ima_anchored *anchored)
{
	u64 seq = READ_ONCE(anchored->seq);

	/* The one that failed may have been under way already. */
	if (ima_anchored_flush(anchored, seq, IMA_ANCHOR_EVENTS, false))
		ima_anchored_flush(anchored, seq, IMA_ANCHOR_EVENTS, false);
}

/**
 * ima_anchored_boot - make the record of a namespace that begins
 * @anchored: its state
 *
 * Context: may sleep, and waits for the TPM of the machine.
 *
 * Return: 0 if it is there; -EIO if the TPM failed, which denies what is to begin;
 * 1 if it failed, and that does not; -ENOMEM; -EINTR.
 */
int ima_anchored_boot(struct ima_anchored *anchored)
{
	struct ima_anchors *a = &ima_anchors;
	int rc = 0;

	if (mutex_lock_killable(&anchored->boot_lock))
		return -EINTR;
	if (!anchored->booted)
		rc = ima_ns_add_record("ima_ns_boot", anchored->boot,
				       strlen(anchored->boot),
				       a->config.pcr_boot);
	if (!rc)
		anchored->booted = true;
	mutex_unlock(&anchored->boot_lock);

	return rc && !a->config.deny ? 1 : rc;
}
