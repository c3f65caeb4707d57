// SPDX-License-Identifier: GPL-2.0-only
/*
 * A namespace that is anchored: what IMA tells of it, and what it may ask
 */

#include <linux/ima_ns_anchor.h>
#include <linux/random.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "anchor.h"

/**
 * ima_anchored_alloc - anchor a namespace
 * @ns: the namespace
 * @id: its id
 * @boot: the record of its first program; the state's from now on, unless it fails
 * @gfp: how memory is allocated, and who pays for it
 *
 * Context: may sleep.
 *
 * Return: the state; an ERR_PTR: -ENOMEM, or -EBUSY where ids do not fit into a
 * long and there is another one with this half of it.
 */
struct ima_anchored *ima_anchored_alloc(struct ima_namespace *ns, u64 id,
					char *boot, gfp_t gfp)
{
	struct ima_anchors *a = &ima_anchors;
	struct ima_anchored *anchored;
	int rc;

	anchored = kzalloc(sizeof(*anchored), gfp);
	if (!anchored)
		return ERR_PTR(-ENOMEM);

	refcount_set(&anchored->refs, 1);
	INIT_LIST_HEAD(&anchored->dirty);
	INIT_LIST_HEAD(&anchored->booting);
	INIT_LIST_HEAD(&anchored->dead);
	INIT_LIST_HEAD(&anchored->filing);
	get_random_bytes(anchored->salt, sizeof(anchored->salt));
	anchored->id = id;
	anchored->slot = IMA_NO_SLOT;
	anchored->boot = boot;

	rc = -ENOMEM;
	if (a->config.concat) {
		anchored->cpcr = ima_cpcr_alloc(&a->concat, ns, gfp);
		if (!anchored->cpcr)
			goto free_anchored;
	}

	rc = xa_insert(&a->by_id, id, anchored, gfp);
	if (rc)
		goto free_cpcr;
	return anchored;

free_cpcr:
	ima_cpcr_free(anchored->cpcr);
free_anchored:
	kfree_sensitive(anchored);
	return ERR_PTR(rc);
}

/**
 * ima_anchored_get - look at a namespace
 * @id: its id
 *
 * Return: it, until ima_anchored_put(); NULL if there is none, or not any more.
 */
struct ima_anchored *ima_anchored_get(u64 id)
{
	struct ima_anchored *anchored;

	xa_lock(&ima_anchors.by_id);
	anchored = xa_load(&ima_anchors.by_id, id);
	if (anchored && anchored->id == id)
		refcount_inc(&anchored->refs);
	else
		anchored = NULL;
	xa_unlock(&ima_anchors.by_id);
	return anchored;
}

/**
 * ima_anchored_put - look at it no longer
 * @anchored: the namespace
 *
 * Context: any that can take no lock.
 */
void ima_anchored_put(struct ima_anchored *anchored)
{
	if (!refcount_dec_and_test(&anchored->refs))
		return;

	kfree(anchored->boot);
	ima_cpcr_free(anchored->cpcr);
	kfree_sensitive(anchored);
}

/**
 * ima_anchored_gone - a namespace has nothing more to say
 * @anchored: its state, which is not the caller's any more
 *
 * An anchor says that its leaf leaves the tree, unless nothing ever said that it
 * was there: it may go on configuring.
 */
void ima_anchored_gone(struct ima_anchored *anchored)
{
	struct ima_anchors *a = &ima_anchors;
	char *boot = NULL;

	if (anchored->cpcr)
		ima_cpcr_gone(anchored->cpcr);
	xa_erase(&a->by_id, anchored->id);

	spin_lock(&a->lock);
	anchored->gone = true;
	/* Nobody will ask for it any more. */
	if (list_empty(&anchored->booting))
		swap(anchored->boot, boot);
	spin_unlock(&a->lock);
	kfree(boot);

	/* Its end may take long to be recorded; the file is of no use now. */
	ima_anchor_file(anchored);

	spin_lock(&a->lock);
	list_add_tail(&anchored->dead, &a->dead);
	spin_unlock(&a->lock);
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
	wake = list_empty(&a->dirty);
	if (wake)
		a->due_at = jiffies + msecs_to_jiffies(a->config.ms);
	/* The first call tells of those before, and may be overtaken. */
	if (seq > anchored->seq) {
		anchored->seq = seq;
		memcpy(anchored->acc, acc, SHA256_DIGEST_SIZE);
		if (list_empty(&anchored->dirty))
			list_add_tail(&anchored->dirty, &a->dirty);
	}
	wake |= ++a->events == a->config.events;
	spin_unlock(&a->lock);

	if (wake)
		wake_up(&a->wake);
}

/*
 * How many failures of the TPM are to be seen before it is sure that what there is
 * now could not be recorded.  Under the lock.
 */
static unsigned int ima_anchor_patience(void)
{
	return ima_anchors.failures + (ima_anchors.committing ? 2 : 1);
}

static bool ima_anchor_gave_up(unsigned int patience)
{
	return ima_anchors.closed || (int)(ima_anchors.failures - patience) >= 0;
}

static bool ima_anchored_is_covered(struct ima_anchored *anchored, u64 seq,
				    unsigned int patience, bool *covered)
{
	struct ima_anchors *a = &ima_anchors;
	bool failed;

	spin_lock(&a->lock);
	*covered = anchored->covered >= seq;
	failed = ima_anchor_gave_up(patience);
	spin_unlock(&a->lock);
	return *covered || failed;
}

/*
 * Ask for an anchor, if @seq entries are not anchored.  Return: false if they are;
 * or if that is only to be read, and one was asked for not long ago.
 */
static bool ima_anchored_ask(struct ima_anchored *anchored, u64 seq,
			     enum ima_anchor_reason why, unsigned int *patience)
{
	struct ima_anchors *a = &ima_anchors;
	bool ask;

	spin_lock(&a->lock);
	*patience = ima_anchor_patience();
	ask = anchored->covered < seq && (why != IMA_ANCHOR_READ ||
					  time_after_eq(jiffies, a->read_at));
	if (ask) {
		a->wanted = true;
		a->why = why;
		if (why == IMA_ANCHOR_READ)
			a->read_at = jiffies + msecs_to_jiffies(a->config.ms);
	}
	spin_unlock(&a->lock);

	if (ask)
		wake_up(&a->wake);
	return ask;
}

/* Wait until the first @seq entries are anchored.  Return: 0, -EIO or -EINTR. */
static int ima_anchored_flush(struct ima_anchored *anchored, u64 seq,
			      enum ima_anchor_reason why)
{
	unsigned int patience;
	bool covered;

	if (!ima_anchored_ask(anchored, seq, why, &patience))
		return 0;

	if (wait_event_killable(ima_anchors.done,
				ima_anchored_is_covered(anchored, seq,
							patience, &covered)))
		return -EINTR;
	return covered ? 0 : -EIO;
}

static bool ima_anchor_has_made(unsigned long commits, unsigned int patience,
				bool *made)
{
	struct ima_anchors *a = &ima_anchors;
	bool failed;

	spin_lock(&a->lock);
	/* Whoever had something new may be gone without it. */
	*made = (long)(a->commits - commits) >= 0 ||
		(list_empty(&a->dirty) && !a->committing);
	failed = ima_anchor_gave_up(patience);
	spin_unlock(&a->lock);
	return *made || failed;
}

/**
 * ima_anchors_flush - wait until all that there is now is anchored
 *
 * Context: may sleep, as long as an anchor takes.
 *
 * Return: 0; -EIO if the TPM failed; -EINTR.
 */
int ima_anchors_flush(void)
{
	struct ima_anchors *a = &ima_anchors;
	unsigned long commits;
	unsigned int patience;
	bool ask, made;

	spin_lock(&a->lock);
	patience = ima_anchor_patience();
	ask = !list_empty(&a->dirty);
	commits = a->commits + a->committing + ask;
	if (ask) {
		a->wanted = true;
		a->why = IMA_ANCHOR_READ;
	}
	spin_unlock(&a->lock);

	if (ask)
		wake_up(&a->wake);
	if (wait_event_killable(a->done, ima_anchor_has_made(commits, patience,
							     &made)))
		return -EINTR;
	return made ? 0 : -EIO;
}

static bool ima_anchor_is_failing(void)
{
	struct ima_anchors *a = &ima_anchors;
	bool failing;

	spin_lock(&a->lock);
	failing = a->failing;
	spin_unlock(&a->lock);
	return failing;
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
	bool deny = ima_anchors.config.deny;
	unsigned int patience;
	int rc;

	/* Not each event has to find out again. */
	if (!deny && ima_anchor_is_failing()) {
		ima_anchored_ask(anchored, seq, IMA_ANCHOR_EVENTS, &patience);
		return 0;
	}

	rc = ima_anchored_flush(anchored, seq, IMA_ANCHOR_EVENTS);
	return rc == -EIO && !deny ? 0 : rc;
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
	struct ima_anchors *a = &ima_anchors;
	unsigned int patience;
	bool covered;
	u64 seq;

	spin_lock(&a->lock);
	seq = anchored->seq;
	spin_unlock(&a->lock);

	if (ima_anchored_ask(anchored, seq, IMA_ANCHOR_EVENTS, &patience))
		wait_event(a->done,
			   ima_anchored_is_covered(anchored, seq, patience,
						   &covered));
}

static bool ima_anchored_is_booted(struct ima_anchored *anchored,
				   unsigned int patience, bool *booted)
{
	struct ima_anchors *a = &ima_anchors;
	bool failed;

	spin_lock(&a->lock);
	*booted = anchored->booted;
	failed = ima_anchor_gave_up(patience);
	spin_unlock(&a->lock);
	return *booted || failed;
}

/* Have its record made.  Return: was that asked for, and the TPM fails? */
static bool ima_anchored_ask_boot(struct ima_anchored *anchored,
				  unsigned int *patience, bool *booted)
{
	struct ima_anchors *a = &ima_anchors;
	bool failing = false;

	spin_lock(&a->lock);
	*patience = ima_anchor_patience();
	*booted = anchored->booted;
	if (!list_empty(&anchored->booting))
		failing = a->failing;
	else if (!*booted)
		list_add_tail(&anchored->booting, &a->booting);
	spin_unlock(&a->lock);
	wake_up(&a->wake);
	return failing;
}

/**
 * ima_anchored_boot - make the record of a namespace that begins
 * @anchored: its state
 *
 * Context: may sleep, and waits for the TPM of the machine.
 *
 * Return: 0 if it is there; -EIO if the TPM failed, which denies what is to begin;
 * 1 if it failed, and that does not; -EINTR.
 */
int ima_anchored_boot(struct ima_anchored *anchored)
{
	struct ima_anchors *a = &ima_anchors;
	unsigned int patience;
	bool booted;

	if (ima_anchored_ask_boot(anchored, &patience, &booted) &&
	    !a->config.deny)
		return 1;

	if (wait_event_killable(a->done,
				ima_anchored_is_booted(anchored, patience,
						       &booted)))
		return -EINTR;
	if (booted)
		return 0;
	return a->config.deny ? -EIO : 1;
}

/**
 * ima_anchored_boot_late - make the record of a namespace that began before
 * @anchored: its state
 *
 * If the TPM fails now, it is made when it does not.
 *
 * Context: may sleep, and waits for the TPM of the machine.
 */
void ima_anchored_boot_late(struct ima_anchored *anchored)
{
	unsigned int patience;
	bool booted;

	ima_anchored_ask_boot(anchored, &patience, &booted);
	wait_event(ima_anchors.done,
		   ima_anchored_is_booted(anchored, patience, &booted));
}

/**
 * struct ima_proof - what proves what a list was
 * @told: how many entries the leaf covers
 * @acc: the sum of these
 * @seq: which anchor it is under
 * @root: the root of that
 * @path: the path there
 */
struct ima_proof {
	u64 told;
	u8 acc[SHA256_DIGEST_SIZE];
	u64 seq;
	u8 root[SHA256_DIGEST_SIZE];
	struct ima_merkle_path path;
};

/*
 * Return: 0; -EAGAIN while an anchor is being made; -ENODEV if the namespace is not
 * in the tree, yet or any more.
 */
static int ima_anchored_prove(struct ima_anchored *anchored,
			      struct ima_proof *proof, unsigned int *patience)
{
	struct ima_anchors *a = &ima_anchors;
	int rc = -EAGAIN;

	spin_lock(&a->lock);
	*patience = ima_anchor_patience();
	spin_unlock(&a->lock);

	/* A spinlock: who looks may be a tenant that is short of time. */
	spin_lock(&a->proof_lock);
	if (a->tree_is_root) {
		rc = -ENODEV;
		if (anchored->slot != IMA_NO_SLOT) {
			proof->told = anchored->told;
			memcpy(proof->acc, anchored->told_acc,
			       sizeof(proof->acc));
			proof->seq = a->seq;
			memcpy(proof->root, a->root, sizeof(proof->root));
			ima_merkle_path(&a->tree, anchored->slot,
					&proof->path);
			rc = 0;
		}
	}
	spin_unlock(&a->proof_lock);
	return rc;
}

static bool ima_anchor_has_root(unsigned int patience)
{
	struct ima_anchors *a = &ima_anchors;
	bool has_root, failed;

	spin_lock(&a->proof_lock);
	has_root = a->tree_is_root;
	spin_unlock(&a->proof_lock);
	spin_lock(&a->lock);
	failed = ima_anchor_gave_up(patience);
	spin_unlock(&a->lock);
	return has_root || failed;
}

static int ima_anchored_get_proof(struct ima_anchored *anchored,
				  struct ima_proof *proof)
{
	struct ima_anchors *a = &ima_anchors;
	unsigned int patience, failures;
	int rc;

	spin_lock(&a->lock);
	failures = a->failures;
	spin_unlock(&a->lock);

	while ((rc = ima_anchored_prove(anchored, proof, &patience)) ==
	       -EAGAIN) {
		if ((int)(patience - failures) > 2)
			return -EIO;
		if (wait_event_killable(a->done,
					ima_anchor_has_root(patience)))
			return -EINTR;
		if (READ_ONCE(a->closed))
			return -EIO;
	}
	return rc;
}

/*
 * Without the lines of all others it proves nothing.  Return: 0; -EIO while it is
 * not known what the PCR has; -ENODEV if no extend had it.
 */
static int ima_anchored_show_cpcr(struct ima_anchored *anchored,
				  struct seq_file *m)
{
	u8 value[IMA_NS_BANKS_MAX][IMA_NS_DIGEST_SIZE];
	const struct ima_cpcr *cpcr = anchored->cpcr;
	struct ima_anchors *a = &ima_anchors;
	unsigned int i;
	int rc = 0;
	u64 seq;

	spin_lock(&a->proof_lock);
	if (a->concat.unsettled)
		rc = -EIO;
	else if (!cpcr->is_shown)
		rc = -ENODEV;
	seq = cpcr->shown_seq;
	memcpy(value, cpcr->shown, a->concat.nr * sizeof(value[0]));
	spin_unlock(&a->proof_lock);
	if (rc)
		return rc;

	seq_printf(m, "id: %llu\n", anchored->id);
	seq_printf(m, "seq: %llu\n", seq);
	for (i = 0; i < a->concat.nr; i++) {
		enum hash_algo algo = a->concat.algos[i];

		seq_printf(m, "cpcr: %s:%*phN\n", hash_algo_name[algo],
			   hash_digest_size[algo], value[i]);
	}
	return 0;
}

/**
 * ima_anchored_show - print what proves what the list of a namespace was
 * @anchored: its state
 * @m: where to print
 *
 * What is not anchored yet is anchored first, but not for each of those who read
 * all the time.
 *
 * Context: may sleep, as long as an anchor takes.
 *
 * Return: 0; -EIO if the TPM failed; -ENODEV if the namespace is gone, or there is
 * no anchor of it yet; -ENOMEM; -EINTR.
 */
int ima_anchored_show(struct ima_anchored *anchored, struct seq_file *m)
{
	struct ima_anchors *a = &ima_anchors;
	struct ima_proof *proof;
	bool gone;
	u64 seq;
	int i, rc;

	spin_lock(&a->lock);
	seq = anchored->seq;
	gone = anchored->gone;
	spin_unlock(&a->lock);
	if (gone)
		return -ENODEV;

	rc = ima_anchored_flush(anchored, seq, IMA_ANCHOR_READ);
	if (rc)
		return rc;
	if (anchored->cpcr)
		return ima_anchored_show_cpcr(anchored, m);

	proof = kmalloc(sizeof(*proof), GFP_KERNEL);
	if (!proof)
		return -ENOMEM;
	rc = ima_anchored_get_proof(anchored, proof);
	if (rc)
		goto free_proof;

	seq_printf(m, "id: %llu\n", anchored->id);
	seq_printf(m, "seq: %llu\n", proof->told);
	seq_printf(m, "salt: %*phN\n", IMA_MERKLE_SALT_SIZE, anchored->salt);
	seq_printf(m, "acc: sha256:%*phN\n", SHA256_DIGEST_SIZE, proof->acc);
	seq_printf(m, "anchor: %llu\n", proof->seq);
	seq_printf(m, "root: sha256:%*phN\n", SHA256_DIGEST_SIZE, proof->root);
	seq_printf(m, "n: %u\n", proof->path.n);
	seq_printf(m, "slot: %u\n", proof->path.slot);
	for (i = 0; i < proof->path.len; i++)
		seq_printf(m, "path: %*phN\n", SHA256_DIGEST_SIZE,
			   proof->path.hash[i]);

free_proof:
	kfree_sensitive(proof);
	return rc;
}
