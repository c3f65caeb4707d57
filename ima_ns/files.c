// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the machine's owner sees: ima_ns/ in the securityfs of the initial user
 * namespace
 */

#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/security.h>
#include <linux/seq_file.h>

#include "anchor.h"

static struct dentry *ima_anchor_dir;
static struct dentry *ima_anchor_file;
static struct dentry *ima_proof_dir;

/* The salts are secrets of the namespaces, which who may see all lists may see. */
static bool ima_anchor_may_read(void)
{
	return capable(CAP_SYS_ADMIN) || capable(CAP_MAC_ADMIN);
}

static int ima_anchor_file_show(struct seq_file *m, void *v)
{
	return ima_anchors_show(m);
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

/**
 * ima_anchor_add_proof - show what proves the list of a namespace
 * @anchored: the namespace, which an anchor covers
 *
 * Without memory it is tried again with its next anchor.
 *
 * Context: the thread that makes anchors.
 */
void ima_anchor_add_proof(struct ima_anchored *anchored)
{
	char name[21];
	struct dentry *dentry;

	if (anchored->proof)
		return;

	snprintf(name, sizeof(name), "%llu", anchored->id);
	dentry = securityfs_create_file(name, 0400, ima_proof_dir, NULL,
					&ima_proof_fops);
	if (!IS_ERR(dentry))
		anchored->proof = dentry;
}

/**
 * ima_anchor_remove_proof - undo ima_anchor_add_proof()
 * @anchored: a namespace that is gone
 */
void ima_anchor_remove_proof(struct ima_anchored *anchored)
{
	securityfs_remove(anchored->proof);
	anchored->proof = NULL;
}

/**
 * ima_anchor_files_remove - undo ima_anchor_files_create()
 */
void ima_anchor_files_remove(void)
{
	securityfs_remove(ima_proof_dir);
	securityfs_remove(ima_anchor_file);
	securityfs_remove(ima_anchor_dir);
}

/**
 * ima_anchor_files_create - create ima_ns/ with its files
 *
 * Return: 0 or the error of securityfs.
 */
int ima_anchor_files_create(void)
{
	int rc;

	ima_anchor_dir = securityfs_create_dir("ima_ns", NULL);
	if (IS_ERR(ima_anchor_dir))
		return PTR_ERR(ima_anchor_dir);

	ima_anchor_file = securityfs_create_file("anchor", 0400, ima_anchor_dir,
						 NULL, &ima_anchor_fops);
	if (IS_ERR(ima_anchor_file)) {
		rc = PTR_ERR(ima_anchor_file);
		goto remove_dir;
	}

	ima_proof_dir = securityfs_create_dir("proof", ima_anchor_dir);
	if (IS_ERR(ima_proof_dir)) {
		rc = PTR_ERR(ima_proof_dir);
		goto remove_file;
	}
	return 0;

remove_file:
	securityfs_remove(ima_anchor_file);
remove_dir:
	securityfs_remove(ima_anchor_dir);
	return rc;
}
