// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the machine's owner sees: ima_ns/ in the securityfs of the initial user
 * namespace
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/ima_ns_anchor.h>
#include <linux/module.h>
#include <linux/security.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/workqueue.h>

#include "adoption.h"
#include "anchor.h"

static struct dentry *ima_anchor_dir;
static struct dentry *ima_anchor_status;
static struct dentry *ima_proof_dir;
static struct dentry *ima_adopt_file;

/**
 * ima_anchor_may_read - may the current task open what is for the machine's owner?
 *
 * The salts are secrets of the namespaces, which who may see all lists may see.
 *
 * Return: true if it may.
 */
bool ima_anchor_may_read(void)
{
	return capable(CAP_SYS_ADMIN) || capable(CAP_MAC_ADMIN);
}

static int ima_anchor_file_show(struct seq_file *m, void *v)
{
	ima_anchors_show(m);
	return 0;
}

static int ima_anchor_file_open(struct inode *inode, struct file *file)
{
	if (!ima_anchor_may_read())
		return -EPERM;

	return single_open(file, ima_anchor_file_show, NULL);
}

static const struct file_operations ima_anchor_fops = {
	.owner = THIS_MODULE,
	.open = ima_anchor_file_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = single_release,
};

static int ima_proof_show(struct seq_file *m, void *v)
{
	return ima_anchored_show(m->private, m);
}

static int ima_proof_open(struct inode *inode, struct file *file)
{
	struct ima_anchored *anchored;
	u64 id;
	int rc;

	if (!ima_anchor_may_read())
		return -EPERM;

	rc = kstrtou64(file_dentry(file)->d_name.name, 10, &id);
	if (rc)
		return rc;

	anchored = ima_anchored_get(id);
	if (!anchored)
		return -ENODEV;

	rc = single_open(file, ima_proof_show, anchored);
	if (rc)
		ima_anchored_put(anchored);
	return rc;
}

static int ima_proof_release(struct inode *inode, struct file *file)
{
	struct seq_file *m = file->private_data;

	ima_anchored_put(m->private);
	return single_release(inode, file);
}

static const struct file_operations ima_proof_fops = {
	.owner = THIS_MODULE,
	.open = ima_proof_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = ima_proof_release,
};

static void ima_proof_add(struct ima_anchored *anchored)
{
	char name[21];
	struct dentry *dentry;

	snprintf(name, sizeof(name), "%llu", anchored->id);
	dentry = securityfs_create_file(name, 0400, ima_proof_dir, NULL,
					&ima_proof_fops);
	if (IS_ERR(dentry))
		pr_warn("no file that proves the list of namespace %llu: %ld\n",
			anchored->id, PTR_ERR(dentry));
	else
		anchored->file = dentry;
}

static void ima_proof_remove(struct ima_anchored *anchored)
{
	securityfs_remove(anchored->file);
	anchored->file = NULL;
}

static void ima_file_add(struct ima_anchored *anchored)
{
	if (anchored->cpcr)
		ima_list_file_add(anchored);
	else
		ima_proof_add(anchored);
}

static void ima_file_remove(struct ima_anchored *anchored)
{
	if (anchored->cpcr)
		ima_list_file_remove(anchored);
	else
		ima_proof_remove(anchored);
}

/*
 * Whoever reads a directory can keep its lock for as long as he likes.  So nothing
 * is done to the files by who makes anchors.
 */
static void ima_file_work(struct work_struct *work)
{
	struct ima_anchors *a = &ima_anchors;
	struct ima_anchored *anchored;
	bool gone;

	for (;;) {
		spin_lock(&a->lock);
		anchored = list_first_entry_or_null(&a->filing,
						    struct ima_anchored,
						    filing);
		if (anchored) {
			list_del_init(&anchored->filing);
			gone = anchored->gone;
		}
		spin_unlock(&a->lock);
		if (!anchored)
			break;

		if (gone)
			ima_file_remove(anchored);
		else if (!anchored->file)
			ima_file_add(anchored);
		ima_anchored_put(anchored);
	}
}

static DECLARE_WORK(ima_files, ima_file_work);

/**
 * ima_anchor_file - show what proves the list of a namespace, or no longer; in
 * mode=concat the list itself
 * @anchored: the namespace, which an anchor covers, or which is gone
 */
void ima_anchor_file(struct ima_anchored *anchored)
{
	struct ima_anchors *a = &ima_anchors;

	spin_lock(&a->lock);
	if (list_empty(&anchored->filing)) {
		refcount_inc(&anchored->refs);
		list_add_tail(&anchored->filing, &a->filing);
	}
	spin_unlock(&a->lock);
	queue_work(system_unbound_wq, &ima_files);
}

/* Each write is about a process. */
static ssize_t ima_adopt_write(struct file *file, const char __user *buf,
			       size_t count, loff_t *ppos)
{
	struct ima_adoption adoption;
	char *text;
	int rc;

	if (count >= PAGE_SIZE)
		return -EINVAL;

	text = memdup_user_nul(buf, count);
	if (IS_ERR(text))
		return PTR_ERR(text);

	rc = ima_adoption_parse(text, count, &adoption);
	if (!rc)
		rc = ima_ns_adopt(file, &adoption);
	kfree(text);
	return rc ?: count;
}

static int ima_adopt_open(struct inode *inode, struct file *file)
{
	return ima_ns_may_adopt() ? stream_open(inode, file) : -EPERM;
}

static const struct file_operations ima_adopt_fops = {
	.owner = THIS_MODULE,
	.open = ima_adopt_open,
	.write = ima_adopt_write,
};

/**
 * ima_anchor_files_create - create ima_ns/, in which proofs will be
 *
 * Return: 0 or the error of securityfs.
 */
int ima_anchor_files_create(void)
{
	ima_anchor_dir = securityfs_create_dir("ima_ns", NULL);
	if (IS_ERR(ima_anchor_dir))
		return PTR_ERR(ima_anchor_dir);

	/* Ids, and who comes and goes, are not for everybody. */
	ima_proof_dir = securityfs_create_file("proof", S_IFDIR | 0700,
					       ima_anchor_dir, NULL, NULL);
	if (IS_ERR(ima_proof_dir)) {
		securityfs_remove(ima_anchor_dir);
		return PTR_ERR(ima_proof_dir);
	}

	return 0;
}

static struct dentry *ima_file_create(const char *name, umode_t mode,
				      const struct file_operations *fops)
{
	struct dentry *dentry = securityfs_create_file(name, mode,
						       ima_anchor_dir, NULL,
						       fops);

	if (IS_ERR(dentry))
		pr_err("no file %s: %ld\n", name, PTR_ERR(dentry));
	return dentry;
}

/**
 * ima_anchor_files_open - create the files that are not about one namespace
 *
 * Context: when nothing can fail any more: a module that fails to load is freed,
 * whoever has a file of its open.
 */
void ima_anchor_files_open(void)
{
	ima_anchor_status = ima_file_create("anchor", 0400, &ima_anchor_fops);
	ima_adopt_file = ima_file_create("adopt", 0200, &ima_adopt_fops);
	if (ima_anchors.config.concat)
		ima_cpcr_files_create();
}

/**
 * ima_anchor_files_remove - undo ima_anchor_files_create() and _open()
 *
 * Context: before all that takes long: who opens a file of a module that goes has
 * the kernel warn.
 */
void ima_anchor_files_remove(void)
{
	flush_work(&ima_files);
	if (ima_anchors.config.concat)
		ima_cpcr_files_remove();
	securityfs_remove(ima_adopt_file);
	securityfs_remove(ima_anchor_status);
	securityfs_remove(ima_proof_dir);
	securityfs_remove(ima_anchor_dir);
}

/**
 * ima_anchor_files_end - wait until nothing is done about files any more
 */
void ima_anchor_files_end(void)
{
	flush_work(&ima_files);
}
