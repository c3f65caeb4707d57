// SPDX-License-Identifier: GPL-2.0-only
/*
 * mode=concat: ima/cpcr, by which the PCR can be checked by hand, and ima/<number>,
 * the list of each namespace
 *
 *	history <hex>		the PCR before the last extend
 *	<number> <hex>		for each namespace what its list led to then
 *
 * There is one file for each bank, and ima/cpcr is that of SHA-1.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/fs.h>
#include <linux/ima_ns_anchor.h>
#include <linux/module.h>
#include <linux/overflow.h>
#include <linux/security.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "anchor.h"

/**
 * struct ima_cpcr_line - a line of a file
 * @inum: the number of the namespace
 * @value: what its list led to
 */
struct ima_cpcr_line {
	unsigned int inum;
	u8 value[IMA_NS_DIGEST_SIZE];
};

/**
 * struct ima_cpcr_view - what a reader of a file is shown
 * @bank: the bank that the file is of
 * @size: the size of a digest in there, in bytes
 * @is_empty: there was no extend yet
 * @history: what the PCR was before the last one
 * @n: how many namespaces that had
 * @room: for how many there is room in @lines
 * @lines: these namespaces, in order of registration
 *
 * All of it is from one moment, however often he reads.
 */
struct ima_cpcr_view {
	unsigned int bank;
	unsigned int size;
	bool is_empty;
	u8 history[IMA_NS_DIGEST_SIZE];
	unsigned int n;
	unsigned int room;
	struct ima_cpcr_line *lines;
};

/*
 * Copy what there is.  Return: 0; -EIO while it is not known what the PCR has;
 * -ENOSPC if there are more lines than there is room for.
 */
static int ima_cpcr_copy(struct ima_cpcr_view *view)
{
	struct ima_anchors *a = &ima_anchors;
	const struct ima_concat *concat = &a->concat;
	const struct ima_cpcr *cpcr;
	int rc = 0;

	spin_lock(&a->proof_lock);
	view->is_empty = !a->seq;
	view->n = a->n;
	if (concat->unsettled) {
		rc = -EIO;
	} else if (view->n > view->room) {
		rc = -ENOSPC;
	} else {
		unsigned int n = 0;

		memcpy(view->history, concat->history[view->bank], view->size);
		list_for_each_entry(cpcr, &concat->lines, line) {
			/* The next extend is the first that has it. */
			if (!cpcr->is_shown || WARN_ON_ONCE(n == view->n))
				continue;
			view->lines[n].inum = cpcr->inum;
			memcpy(view->lines[n].value, cpcr->shown[view->bank],
			       view->size);
			n++;
		}
		view->n = n;
	}
	spin_unlock(&a->proof_lock);
	return rc;
}

static int ima_cpcr_load(struct ima_cpcr_view *view)
{
	int rc;

	rc = ima_anchors_flush();
	if (rc)
		return rc;

	while ((rc = ima_cpcr_copy(view)) == -ENOSPC) {
		kvfree(view->lines);
		view->room = 0;
		view->lines = kvmalloc_array(view->n, sizeof(*view->lines),
					     GFP_KERNEL);
		if (!view->lines)
			return -ENOMEM;
		view->room = view->n;
	}
	return rc;
}

static void *ima_cpcr_start(struct seq_file *m, loff_t *pos)
{
	struct ima_cpcr_view *view = m->private;
	int rc;

	if (!*pos) {
		rc = ima_cpcr_load(view);
		if (rc)
			return ERR_PTR(rc);
	}
	return view->is_empty || *pos > view->n ? NULL : pos;
}

static void *ima_cpcr_next(struct seq_file *m, void *v, loff_t *pos)
{
	struct ima_cpcr_view *view = m->private;

	return ++*pos > view->n ? NULL : pos;
}

static void ima_cpcr_stop(struct seq_file *m, void *v)
{
}

static int ima_cpcr_show(struct seq_file *m, void *v)
{
	struct ima_cpcr_view *view = m->private;
	loff_t pos = *(loff_t *)v;

	if (pos)
		seq_printf(m, "%u %*phN\n", view->lines[pos - 1].inum,
			   view->size, view->lines[pos - 1].value);
	else
		seq_printf(m, "history %*phN\n", view->size, view->history);
	return 0;
}

static const struct seq_operations ima_cpcr_seqops = {
	.start = ima_cpcr_start,
	.next = ima_cpcr_next,
	.stop = ima_cpcr_stop,
	.show = ima_cpcr_show,
};

static int ima_cpcr_open(struct inode *inode, struct file *file)
{
	const struct ima_concat *concat = &ima_anchors.concat;
	struct ima_cpcr_view *view;

	if (!ima_anchor_may_read())
		return -EPERM;

	view = __seq_open_private(file, &ima_cpcr_seqops, sizeof(*view));
	if (!view)
		return -ENOMEM;

	view->bank = (unsigned long)inode->i_private;
	view->size = hash_digest_size[concat->algos[view->bank]];
	return 0;
}

static int ima_cpcr_release(struct inode *inode, struct file *file)
{
	struct seq_file *m = file->private_data;
	struct ima_cpcr_view *view = m->private;

	kvfree(view->lines);
	return seq_release_private(inode, file);
}

static const struct file_operations ima_cpcr_fops = {
	.owner = THIS_MODULE,
	.open = ima_cpcr_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = ima_cpcr_release,
};

/* That of each bank, and ima/cpcr. */
static struct dentry *ima_cpcr_files[IMA_NS_BANKS_MAX + 1];

/* The bank that ima/cpcr is of: SHA-1, or the first one if that is none. */
static unsigned int ima_cpcr_bank(const struct ima_concat *concat)
{
	unsigned int i;

	for (i = 0; i < concat->nr; i++)
		if (concat->algos[i] == HASH_ALGO_SHA1)
			return i;
	return 0;
}

static int ima_cpcr_file_create(unsigned int i, const char *name,
				unsigned int bank)
{
	struct dentry *dentry;

	dentry = securityfs_create_file(name, 0440, ima_ns_dir(),
					(void *)(uintptr_t)bank,
					&ima_cpcr_fops);
	if (IS_ERR(dentry))
		return PTR_ERR(dentry);
	ima_cpcr_files[i] = dentry;
	return 0;
}

/**
 * ima_cpcr_files_remove - undo ima_cpcr_files_create()
 */
void ima_cpcr_files_remove(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ima_cpcr_files); i++) {
		if (ima_cpcr_files[i])
			securityfs_recursive_remove(ima_cpcr_files[i]);
		ima_cpcr_files[i] = NULL;
	}
}

/**
 * ima_cpcr_files_create - create ima/cpcr, and the same for each bank
 *
 * It says so if that fails, and there are none.
 */
void ima_cpcr_files_create(void)
{
	const struct ima_concat *concat = &ima_anchors.concat;
	char name[32];
	unsigned int i;
	int rc;

	rc = ima_cpcr_file_create(concat->nr, "cpcr", ima_cpcr_bank(concat));
	for (i = 0; i < concat->nr && !rc; i++) {
		snprintf(name, sizeof(name), "cpcr_%s",
			 hash_algo_name[concat->algos[i]]);
		rc = ima_cpcr_file_create(i, name, i);
	}
	if (rc) {
		ima_cpcr_files_remove();
		pr_err("no file cpcr: %d\n", rc);
	}
}

/*
 * Some namespace has no file, because there is one by its number: two processes of a
 * mount namespace were adopted, or the mount namespace that one was adopted in is
 * gone and its number used again.  Only for who makes the files.
 */
static bool ima_list_is_missing;

/**
 * ima_list_file_add - show the list of a namespace as ima/<number>
 * @anchored: the namespace, which has no file
 *
 * Context: only from who makes the files.
 */
void ima_list_file_add(struct ima_anchored *anchored)
{
	struct dentry *dentry;

	/* clone() made it, and is about to make the mount namespace. */
	if (!anchored->cpcr->inum)
		return;

	dentry = ima_ns_create_list(anchored->id, anchored->cpcr->inum);
	if (!IS_ERR(dentry)) {
		anchored->file = dentry;
		return;
	}

	if (dentry == ERR_PTR(-EEXIST))
		ima_list_is_missing = true;
	pr_warn_ratelimited("ima/%u does not show the list of namespace %llu: %ld\n",
			    anchored->cpcr->inum, anchored->id,
			    PTR_ERR(dentry));
}

/* One of those that have the same number can have a file now. */
static void ima_list_file_next(unsigned int inum)
{
	struct ima_anchors *a = &ima_anchors;
	struct ima_anchored *anchored;
	unsigned long index;

	xa_lock(&a->by_id);
	xa_for_each(&a->by_id, index, anchored) {
		if (anchored->cpcr->inum == inum && !anchored->file &&
		    READ_ONCE(anchored->covered)) {
			ima_anchor_file(anchored);
			break;
		}
	}
	xa_unlock(&a->by_id);
}

/**
 * ima_list_file_remove - undo ima_list_file_add()
 * @anchored: the namespace
 *
 * Context: only from who makes the files.
 */
void ima_list_file_remove(struct ima_anchored *anchored)
{
	if (!anchored->file)
		return;

	/* Whoever has it open is not to keep the name. */
	securityfs_recursive_remove(anchored->file);
	anchored->file = NULL;
	if (ima_list_is_missing)
		ima_list_file_next(anchored->cpcr->inum);
}
