// SPDX-License-Identifier: GPL-2.0-only
/*
 * Anchors: one thread commits to the lists of all namespaces in a PCR of the
 * machine's TPM
 *
 * An anchor is an entry in the list of the machine: the root of a tree whose leaves
 * are the namespaces' lists, and a token that only the kernel could know.  Whatever
 * comes while an anchor is made shares the next one.  The thread is nobody's but
 * the machine's: a container that is short of processor time delays no other.
 *
 * A TPM that fails may have done what it was asked for.  So a record that was tried
 * is tried again, the very same one, before anything else is: see
 * ima_ns_add_record().
 *
 * With mode=concat all is the same, but for what there is instead of an anchor: an
 * extend by what concat.c says, and no entry.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/freezer.h>
#include <linux/ima_ns_anchor.h>
#include <linux/kthread.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "anchor.h"

/* So many hashes of the next chain between two looks at what is to be done. */
#define IMA_CHAIN_SLICE		1024
#define IMA_CHAIN_PAUSE_MS	10

/* When the TPM failed it is tried again after this. */
#define IMA_ANCHOR_RETRY_MS	1000

/* So often, at most, it is looked whether somebody else extends the PCRs. */
#define IMA_ANCHOR_LOOK_MS	10000

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
 * Return: 0; -ENOMEM; -EINVAL for a length that a chain cannot have; -ERESTARTSYS
 * if the task was interrupted before there were random numbers; the errors of
 * ima_concat_init().
 */
int ima_anchors_init(const struct ima_anchor_config *config)
{
	struct ima_anchors *a = &ima_anchors;
	int rc;

	a->config = *config;
	spin_lock_init(&a->lock);
	spin_lock_init(&a->proof_lock);
	xa_init(&a->by_id);
	INIT_LIST_HEAD(&a->dirty);
	INIT_LIST_HEAD(&a->booting);
	INIT_LIST_HEAD(&a->dead);
	INIT_LIST_HEAD(&a->filing);
	INIT_LIST_HEAD(&a->taken);
	a->read_at = jiffies;
	mutex_init(&a->commit_lock);
	init_waitqueue_head(&a->wake);
	init_waitqueue_head(&a->done);
	ima_merkle_init(&a->tree);

	if (config->concat)
		return ima_concat_init(&a->concat, config->pcr_anchor);

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
	ima_concat_destroy(&a->concat);
	xa_destroy(&a->by_id);
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

/* Have the next chain begun, and after a few calls ready. */
static int ima_anchor_prepare_next(void)
{
	struct ima_anchors *a = &ima_anchors;
	int rc;

	if (!a->next.len) {
		rc = ima_chain_new(&a->next, a->config.chain);
		if (rc)
			return rc;
	}
	ima_chain_prepare(&a->next, IMA_CHAIN_SLICE);
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

	while (ima_chain_start(&a->next, start)) {
		rc = ima_anchor_prepare_next();
		if (rc)
			return rc;
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
}

/* Put the list of a namespace into the tree.  Return: 0 or -ENOMEM. */
static int ima_anchor_set_leaf(struct ima_anchored *ns)
{
	struct ima_anchors *a = &ima_anchors;

	if (ns->slot == IMA_NO_SLOT) {
		int slot = ima_merkle_take(&a->tree);

		if (slot < 0)
			return slot;
		ns->slot = slot;
	}
	spin_lock(&a->lock);
	ns->told = ns->seq;
	memcpy(ns->told_acc, ns->acc, sizeof(ns->told_acc));
	spin_unlock(&a->lock);
	ima_merkle_leaf(ns->id, ns->told, ns->salt, ns->told_acc, ns->leaf);
	ima_merkle_set(&a->tree, ns->slot, ns->leaf);
	return 0;
}

/* Give it its line, with what its list leads to.  Return: 0 or that of a hash. */
static int ima_anchor_set_line(struct ima_anchored *ns)
{
	struct ima_anchors *a = &ima_anchors;
	int rc = ima_cpcr_tell(ns->cpcr);

	if (rc)
		return rc;
	/* The last entry it was told of, or the first, may not be listed yet. */
	ns->told = ns->cpcr->told_seq;
	if (!ns->told)
		return 0;

	spin_lock(&a->proof_lock);
	if (list_empty(&ns->cpcr->line))
		list_add_tail(&ns->cpcr->line, &a->concat.lines);
	spin_unlock(&a->proof_lock);
	return 0;
}

/*
 * Put what is new into the tree, or into lines.  Return: 0, or an error with some of
 * it there: -ENOMEM without memory for a slot, or that of a hash.
 */
static int ima_anchor_collect(void)
{
	struct ima_anchors *a = &ima_anchors;
	struct ima_anchored *ns;
	int rc;

	/* Nobody looks at the tree from now on, until there is an anchor of it. */
	spin_lock(&a->proof_lock);
	a->tree_is_root = false;
	spin_unlock(&a->proof_lock);

	spin_lock(&a->lock);
	list_splice_init(&a->dirty, &a->taken);
	a->events = 0;
	a->wanted = false;
	a->committing = true;
	spin_unlock(&a->lock);

	list_for_each_entry(ns, &a->taken, dirty) {
		rc = ns->cpcr ? ima_anchor_set_line(ns) :
				ima_anchor_set_leaf(ns);
		if (rc)
			return rc;
		cond_resched();
	}
	return 0;
}

/* What is taken is anchored; or not, and is still new. */
static void ima_anchor_give_back(bool done)
{
	struct ima_anchors *a = &ima_anchors;
	struct ima_anchored *ns, *next;

	spin_lock(&a->lock);
	if (done)
		a->failing = false;
	list_for_each_entry_safe(ns, next, &a->taken, dirty) {
		if (done)
			ns->covered = ns->told;
		if (ns->covered >= ns->seq)
			list_del_init(&ns->dirty);
		else
			list_move_tail(&ns->dirty, &a->dirty);
	}
	a->due_at = jiffies + msecs_to_jiffies(a->config.ms);
	/* Whoever wants one may be in this one. */
	if (list_empty(&a->dirty))
		a->wanted = false;
	a->committing = false;
	if (done)
		a->commits++;
	spin_unlock(&a->lock);
}

/* Whoever waits is told that the TPM failed. */
static void ima_anchor_failed(void)
{
	struct ima_anchors *a = &ima_anchors;

	spin_lock(&a->lock);
	a->failing = true;
	a->failures++;
	spin_unlock(&a->lock);
	wake_up_all(&a->done);
}

/* A namespace whose end is recorded, or that nothing ever said anything of. */
static void ima_anchor_forget(struct ima_anchored *dead)
{
	struct ima_anchors *a = &ima_anchors;

	lockdep_assert_held(&a->commit_lock);

	spin_lock(&a->lock);
	list_del(&dead->dead);
	list_del_init(&dead->booting);
	list_del_init(&dead->dirty);
	spin_unlock(&a->lock);

	spin_lock(&a->proof_lock);
	if (dead->slot != IMA_NO_SLOT) {
		/* Of one that no anchor had the tree may have a leaf. */
		if (!dead->covered)
			a->tree_is_root = false;
		ima_merkle_free(&a->tree, dead->slot);
	}
	dead->slot = IMA_NO_SLOT;
	if (dead->cpcr)
		list_del_init(&dead->cpcr->line);
	spin_unlock(&a->proof_lock);
	ima_anchored_put(dead);
}

/* Make the text of an anchor, of all that is new and of the end of @dead. */
static int ima_anchor_compose(enum ima_anchor_reason reason,
			      struct ima_anchored *dead)
{
	struct ima_anchors *a = &ima_anchors;
	u8 token[IMA_CHAIN_TOKEN_SIZE];
	u8 root[SHA256_DIGEST_SIZE];
	char *buf = a->record;
	int len, rc;

	rc = ima_anchor_collect();
	if (rc)
		return rc;
	if (a->config.concat) {
		rc = ima_concat_compose(&a->concat, dead ? dead->cpcr : NULL);
		if (rc)
			return rc;
		goto composed;
	}
	if (dead && dead->slot != IMA_NO_SLOT)
		ima_merkle_clear(&a->tree, dead->slot);

	rc = ima_anchor_token(token);
	if (rc)
		return rc;

	ima_merkle_root(&a->tree, root);
	len = scnprintf(buf, sizeof(a->record),
			"seq=%llu n=%u root=sha256:%*phN reason=%s token=%*phN",
			a->seq + 1, a->tree.n, SHA256_DIGEST_SIZE, root,
			ima_anchor_reasons[dead ? IMA_ANCHOR_DEATH : reason],
			IMA_CHAIN_TOKEN_SIZE, token);
	rc = ima_anchor_print_next(buf + len, sizeof(a->record) - len);
	if (rc < 0)
		return rc;
	len += rc;
	if (dead)
		len += scnprintf(buf + len, sizeof(a->record) - len,
				 " id=%llu leaf=%*phN", dead->id,
				 SHA256_DIGEST_SIZE, dead->leaf);
	a->record_len = len;
composed:
	a->record_dead = dead;
	a->has_record = true;
	return 0;
}

/* Have the anchor listed whose text there is. */
static int ima_anchor_list(void)
{
	struct ima_anchors *a = &ima_anchors;
	int rc;

	rc = ima_ns_add_record("ima_ns_anchor", a->record, a->record_len,
			       a->config.pcr_anchor);
	if (rc)
		return rc;

	spin_lock(&a->proof_lock);
	a->seq++;
	a->n = a->tree.n;
	ima_merkle_root(&a->tree, a->root);
	a->tree_is_root = true;
	spin_unlock(&a->proof_lock);
	ima_anchor_token_used();
	return 0;
}

/* Extend the PCR by the sum that there is: all who read see that at once. */
static int ima_anchor_extend(void)
{
	u8 before[IMA_NS_BANKS_MAX][IMA_NS_DIGEST_SIZE] = {};
	struct ima_anchors *a = &ima_anchors;
	struct ima_anchored *dead = a->record_dead;
	struct ima_anchored *ns;
	unsigned int n;
	int rc;

	rc = ima_concat_extend(&a->concat, before[0]);
	n = list_count_nodes(&a->concat.lines);

	spin_lock(&a->proof_lock);
	if (rc == -EIO)
		a->concat.unsettled = true;
	if (!rc) {
		a->concat.unsettled = false;
		memcpy(a->concat.history, before, sizeof(before));
		list_for_each_entry(ns, &a->taken, dirty)
			if (ns->told)
				ima_cpcr_publish(ns->cpcr);
		if (dead && !list_empty(&dead->cpcr->line)) {
			list_del_init(&dead->cpcr->line);
			n--;
		}
		a->n = n;
		a->seq++;
	}
	spin_unlock(&a->proof_lock);
	return rc;
}

/* Try to have what was composed anchored. */
static int ima_anchor_try(void)
{
	struct ima_anchors *a = &ima_anchors;
	struct ima_anchored *ns;
	int rc;

	rc = a->config.concat ? ima_anchor_extend() : ima_anchor_list();
	if (rc) {
		ima_anchor_failed();
		return rc;
	}

	a->look = true;
	a->has_record = false;
	list_for_each_entry(ns, &a->taken, dirty)
		if (ns->told && (!ns->covered ||
				 (ns->cpcr && ns->cpcr->is_numbered)))
			ima_anchor_file(ns);
	ima_anchor_give_back(true);
	if (a->record_dead)
		ima_anchor_forget(a->record_dead);
	a->record_dead = NULL;
	wake_up_all(&a->done);
	return 0;
}

/*
 * Make an anchor; before that the one that was tried last, if it is not listed.
 * Return: 0; -ENOMEM; -EIO if the TPM failed; -ESHUTDOWN; the error of a hash.  Then
 * nothing is anchored that was not before, and it is to be called again.
 */
static int ima_anchor_commit(enum ima_anchor_reason reason,
			     struct ima_anchored *dead)
{
	struct ima_anchors *a = &ima_anchors;
	int rc = 0;

	lockdep_assert_held(&a->commit_lock);

	if (a->closed)
		return -ESHUTDOWN;

	if (a->has_record)
		return ima_anchor_try();

	rc = ima_anchor_compose(reason, dead);
	if (rc) {
		ima_anchor_give_back(false);
		ima_anchor_failed();
		return rc;
	}
	return ima_anchor_try();
}

static struct ima_anchored *ima_anchor_next_dead(void)
{
	struct ima_anchors *a = &ima_anchors;
	struct ima_anchored *dead, *found = NULL;

	spin_lock(&a->lock);
	/* Its beginning comes first. */
	list_for_each_entry(dead, &a->dead, dead)
		if (list_empty(&dead->booting)) {
			found = dead;
			break;
		}
	spin_unlock(&a->lock);
	return found;
}

static struct ima_anchored *ima_anchor_next_booting(void)
{
	struct ima_anchors *a = &ima_anchors;
	struct ima_anchored *booting;

	spin_lock(&a->lock);
	booting = list_first_entry_or_null(&a->booting, struct ima_anchored,
					   booting);
	spin_unlock(&a->lock);
	return booting;
}

/* Has it entries that are in no anchor? */
static bool ima_anchored_is_new(const struct ima_anchored *ns)
{
	struct ima_anchors *a = &ima_anchors;
	bool is_new;

	spin_lock(&a->lock);
	is_new = ns->covered < ns->seq;
	spin_unlock(&a->lock);
	return is_new;
}

/* Record namespaces that begin.  Return: 0 or the error of a record. */
static int ima_anchor_boots(void)
{
	struct ima_anchors *a = &ima_anchors;
	struct ima_anchored *ns;
	int rc;

	lockdep_assert_held(&a->commit_lock);

	while ((ns = ima_anchor_next_booting())) {
		if (a->closed)
			return -ESHUTDOWN;
		rc = ima_ns_add_record("ima_ns_boot", ns->boot,
				       strlen(ns->boot), a->config.pcr_boot);
		if (rc) {
			ima_anchor_failed();
			return rc;
		}
		a->look = true;
		kfree(ns->boot);
		ns->boot = NULL;
		spin_lock(&a->lock);
		list_del_init(&ns->booting);
		ns->booted = true;
		a->failing = false;
		spin_unlock(&a->lock);
		wake_up_all(&a->done);
	}
	return 0;
}

/* Is an anchor of what is new to be made now, and why? */
static bool ima_anchor_is_due(enum ima_anchor_reason *reason)
{
	struct ima_anchors *a = &ima_anchors;
	bool due;

	spin_lock(&a->lock);
	due = !list_empty(&a->dirty);
	if (a->wanted)
		*reason = a->why;
	else if (a->events >= a->config.events)
		*reason = IMA_ANCHOR_EVENTS;
	else if (time_after_eq(jiffies, a->due_at))
		*reason = IMA_ANCHOR_INTERVAL;
	else
		due = false;
	spin_unlock(&a->lock);
	return due;
}

/* Is there anything to do at once? */
static bool ima_anchor_has_work(void)
{
	struct ima_anchors *a = &ima_anchors;
	enum ima_anchor_reason reason;
	bool has_work;

	spin_lock(&a->lock);
	has_work = !list_empty(&a->booting) || !list_empty(&a->dead);
	spin_unlock(&a->lock);
	return has_work || ima_anchor_is_due(&reason);
}

/*
 * Do what there is to do: what was tried before; beginnings, which tasks wait for;
 * ends, each of which is an anchor of its own and has whatever else is new in it;
 * what is new, but not just because something else was recorded.
 */
static int ima_anchor_work(void)
{
	struct ima_anchors *a = &ima_anchors;
	enum ima_anchor_reason reason = IMA_ANCHOR_EVENTS;
	struct ima_anchored *dead;
	int rc;

	lockdep_assert_held(&a->commit_lock);

	rc = ima_anchor_boots();
	if (!rc && a->has_record)
		rc = ima_anchor_commit(reason, NULL);

	while (!rc && !READ_ONCE(a->ending) &&
	       (dead = ima_anchor_next_dead())) {
		/* It was not active, and may be yet. */
		if (!dead->covered && !dead->booted) {
			ima_anchor_forget(dead);
			wake_up_all(&a->done);
			continue;
		}
		/* Nothing else tells what its list was in the end. */
		if (dead->cpcr && ima_anchored_is_new(dead))
			rc = ima_anchor_commit(reason, NULL);
		if (!rc)
			rc = ima_anchor_commit(reason, dead);
		if (!rc)
			rc = ima_anchor_boots();
	}
	/* An anchor that was not made after all left leaves in the tree. */
	if (!rc && (ima_anchor_is_due(&reason) ||
		    (!a->config.concat && a->seq && !a->tree_is_root)))
		rc = ima_anchor_commit(reason, NULL);
	return rc;
}

/* From time to time, after records: has somebody else extended a PCR? */
static void ima_anchor_look(void)
{
	struct ima_anchors *a = &ima_anchors;

	if (!a->look || time_before(jiffies, a->look_at))
		return;

	ima_ns_look_at_pcr(a->config.pcr_boot);
	ima_ns_look_at_pcr(a->config.pcr_anchor);
	a->look = false;
	a->look_at = jiffies + msecs_to_jiffies(IMA_ANCHOR_LOOK_MS);
}

/* How long is there time for what is new, in jiffies?  Return: -1 if nothing is. */
static long ima_anchor_time_left(void)
{
	struct ima_anchors *a = &ima_anchors;
	long left = -1;

	spin_lock(&a->lock);
	if (!list_empty(&a->dirty))
		left = max_t(long, a->due_at - jiffies, 0);
	spin_unlock(&a->lock);
	return left;
}

/* Is there a chain to be prepared?  It is needed in no hurry. */
static bool ima_anchor_has_chain(void)
{
	struct ima_anchors *a = &ima_anchors;

	return !a->config.concat && !ima_chain_is_ready(&a->next);
}

/* Until there is something to do, or time to prepare or to look. */
static void ima_anchor_wait_for_work(void)
{
	struct ima_anchors *a = &ima_anchors;
	unsigned int ms = ima_anchor_has_chain() ? IMA_CHAIN_PAUSE_MS :
						   IMA_ANCHOR_LOOK_MS;
	long left;

	wait_event_freezable_timeout(a->wake, ima_anchor_has_work() ||
				     ima_anchor_time_left() >= 0 ||
				     kthread_should_stop(),
				     msecs_to_jiffies(ms));

	/* More may come, which shares the anchor. */
	left = ima_anchor_time_left();
	if (left > 0)
		wait_event_freezable_timeout(a->wake, ima_anchor_has_work() ||
					     kthread_should_stop(), left);
}

static int ima_anchor_thread(void *unused)
{
	const long retry = msecs_to_jiffies(IMA_ANCHOR_RETRY_MS);
	struct ima_anchors *a = &ima_anchors;
	int rc = 0;

	/* Others wait for it.  It may hash for long, so it is no real-time task. */
	set_user_nice(current, MIN_NICE);
	set_freezable();

	while (!kthread_should_stop()) {
		if (rc)
			wait_event_freezable_timeout(a->wake,
						     kthread_should_stop(),
						     retry);
		else
			ima_anchor_wait_for_work();

		mutex_lock(&a->commit_lock);
		rc = ima_anchor_work();
		if (!rc)
			ima_anchor_look();
		if (ima_anchor_has_chain())
			ima_anchor_prepare_next();
		mutex_unlock(&a->commit_lock);
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
 * ima_anchor_finish_all - anchor what all lists are now
 * @reason: why
 *
 * What is new is in it; ends that are not recorded yet are not waited for.
 *
 * Context: may sleep, and waits for the TPM of the machine.
 *
 * Return: 0; -ENOMEM; -EIO if the TPM failed; -ESHUTDOWN.
 */
int ima_anchor_finish_all(enum ima_anchor_reason reason)
{
	struct ima_anchors *a = &ima_anchors;
	int rc;

	WRITE_ONCE(a->ending, true);
	mutex_lock(&a->commit_lock);
	rc = ima_anchor_boots();
	if (!rc && a->has_record)
		rc = ima_anchor_commit(reason, NULL);
	if (!rc)
		rc = ima_anchor_commit(reason, NULL);
	mutex_unlock(&a->commit_lock);
	return rc;
}

/**
 * ima_anchors_close - the last record: nothing is anchored any more
 * @record: makes it
 *
 * Context: may sleep, and waits for the TPM of the machine.
 */
void ima_anchors_close(int (*record)(void))
{
	struct ima_anchors *a = &ima_anchors;

	mutex_lock(&a->commit_lock);
	if (!a->closed && record())
		pr_err("the list does not say that this is the end\n");
	spin_lock(&a->lock);
	a->closed = true;
	spin_unlock(&a->lock);
	mutex_unlock(&a->commit_lock);
	wake_up_all(&a->done);
}

/**
 * ima_anchors_stop - no namespace is left: record all ends
 *
 * Context: may sleep, and waits for the TPM of the machine.
 */
void ima_anchors_stop(void)
{
	struct ima_anchors *a = &ima_anchors;

	kthread_stop(a->thread);

	mutex_lock(&a->commit_lock);
	if (ima_anchor_work())
		pr_err("not all ends of namespaces are anchored\n");
	mutex_unlock(&a->commit_lock);
}

/**
 * ima_anchors_forget - forget those whose end could not be recorded
 *
 * Context: after the last record.
 */
void ima_anchors_forget(void)
{
	struct ima_anchors *a = &ima_anchors;
	struct ima_anchored *dead, *next;

	mutex_lock(&a->commit_lock);
	list_for_each_entry_safe(dead, next, &a->dead, dead)
		ima_anchor_forget(dead);
	a->record_dead = NULL;
	mutex_unlock(&a->commit_lock);
}

/**
 * ima_anchor_last - use the next token for a record that is no anchor
 * @record: makes it; in mode=concat there is no token, but NULL
 *
 * Context: may sleep, and waits for the TPM of the machine.
 *
 * Return: what @record returns, or -ENODATA if there is no token.
 */
int ima_anchor_last(int (*record)(const u8 *token))
{
	bool concat = ima_anchors.config.concat;
	u8 token[IMA_CHAIN_TOKEN_SIZE];
	int rc = 0;

	mutex_lock(&ima_anchors.commit_lock);
	if (!concat)
		rc = ima_anchor_token(token);
	if (!rc)
		rc = record(concat ? NULL : token);
	if (!rc && !concat)
		ima_anchor_token_used();
	mutex_unlock(&ima_anchors.commit_lock);
	return rc;
}

static void ima_anchor_show_pcr(struct seq_file *m, const char *name, int pcr)
{
	bool foreign = ima_ns_look_at_pcr(pcr) == -ESTALE;

	seq_printf(m, "%s: %d%s\n", name, pcr, foreign ? " foreign" : "");
}

/**
 * ima_anchors_show - say where the anchors are
 * @m: where to print
 *
 * Context: may sleep, and waits for the TPM of the machine.
 */
void ima_anchors_show(struct seq_file *m)
{
	struct ima_anchors *a = &ima_anchors;
	u8 root[SHA256_DIGEST_SIZE];
	bool failing, closed;
	unsigned int n, failures;
	u64 seq;

	spin_lock(&a->proof_lock);
	seq = a->seq;
	n = a->n;
	memcpy(root, a->root, sizeof(root));
	spin_unlock(&a->proof_lock);

	spin_lock(&a->lock);
	failing = a->failing;
	closed = a->closed;
	failures = a->failures;
	spin_unlock(&a->lock);

	seq_printf(m, "seq: %llu\n", seq);
	seq_printf(m, "n: %u\n", n);
	if (seq && !a->config.concat)
		seq_printf(m, "root: sha256:%*phN\n", SHA256_DIGEST_SIZE,
			   root);
	else
		seq_puts(m, "root: none\n");
	ima_anchor_show_pcr(m, "pcr_boot", a->config.pcr_boot);
	ima_anchor_show_pcr(m, "pcr_anchor", a->config.pcr_anchor);
	seq_printf(m, "tpm: %s\n",
		   closed ? "closed" : !a->has_tpm ? "none" :
		   failing ? "failed" : "ok");
	seq_printf(m, "failures: %u\n", failures);
	seq_printf(m, "mode: %s\n", a->config.concat ? "concat" : "merkle");
}
