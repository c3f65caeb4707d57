// SPDX-License-Identifier: GPL-2.0-or-later
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "leaf_read.h"
#include "securityfs.h"
#include "swtpm.h"
#include "tree.h"

/*
 * The kernel lists an entry when the TPM has it, but the one who does so may be
 * kept from running for a while.
 */
#define LAG_SECONDS 2
#define LAG_PAUSE_MS 10

/*
 * An entry is in acc while its TPM is waited for: ten seconds, then no longer.
 */
#define TPM_SECONDS 13

static void pause_a_bit(void)
{
	static const struct timespec pause = { 0, LAG_PAUSE_MS * 1000000 };

	nanosleep(&pause, NULL);
}

char *leaf_path(const char *dir, uint64_t id)
{
	return xasprintf("%s/ima_ns/proof/%llu", dir, (unsigned long long)id);
}

char *leaf_own_path(const char *dir)
{
	return xasprintf("%s/integrity/ima/anchor", dir);
}

/* The ids that have such a file; false, with the reason printed. */
static bool read_ids(const char *dir, struct view_ids *ids)
{
	char *path = xasprintf("%s/ima_ns/proof", dir);
	DIR *d = opendir(path);
	struct dirent *entry;
	uint64_t id;

	memset(ids, 0, sizeof(*ids));
	if (!d) {
		msg_errno("%s", path);
		if (errno == ENOENT)
			msg("ima_ns is not loaded, or this is not the initial namespace's securityfs");
	}
	while (d && (entry = readdir(d))) {
		if (!parse_uint(entry->d_name, UINT64_MAX, &id) || !id)
			continue;
		ids->id = xreallocarray(ids->id, ids->n + 1, sizeof(*ids->id));
		ids->id[ids->n++] = id;
	}
	if (d)
		closedir(d);
	free(path);
	return d;
}

enum view_result leaf_read(const char *path, struct leaf *l)
{
	enum view_result res = VIEW_OK;
	struct buf b = { 0 };
	const char *why = NULL;

	if (read_file(path, &b)) {
		res = errno == ENOENT || errno == ENODEV ? VIEW_GONE :
							   VIEW_FAILED;
		if (res == VIEW_FAILED) {
			msg_errno("%s", path);
			if (errno == EIO)
				msg("the TPM of the machine failed: what is new is not anchored");
		}
	} else {
		/* Nothing: a file that was never written to has no data. */
		why = leaf_parse(l, b.len ? (char *)b.data : (char []){ "" });
		if (!why)
			why = leaf_check(l);
	}
	if (why) {
		msg("%s: %s", path, why);
		res = VIEW_FAILED;
	}
	buf_free(&b);
	return res;
}

static bool read_one(const char *dir, uint64_t id, struct leaf_all *all)
{
	struct quote_ns *ns = &all->v[all->n];
	char *path = leaf_path(dir, id);
	enum view_result res;
	struct leaf l;
	bool good;

	res = leaf_read(path, &l);
	free(path);
	if (res != VIEW_OK)
		return res != VIEW_FAILED;
	all->anchor = all->n && l.anchor != all->anchor ? 0 : l.anchor;
	all->n++;
	ns->id = l.id;
	ns->slot = l.slot;
	ns->seq = l.seq;
	memcpy(ns->salt, l.salt, sizeof(ns->salt));
	path = securityfs_ns_file(dir, l.id, SECURITYFS_LIST);
	good = leaf_read_list(path, &l, &ns->list);
	free(path);
	return good;
}

bool leaf_read_all(const char *dir, struct leaf_all *all)
{
	struct view_ids ids;
	bool good = true;
	size_t i;

	memset(all, 0, sizeof(*all));
	if (!read_ids(dir, &ids))
		return false;
	all->v = xcalloc(ids.n, sizeof(*all->v));
	for (i = 0; good && i < ids.n; i++)
		good = read_one(dir, ids.id[i], all);
	view_free_ids(&ids);
	return good;
}

void leaf_free_all(struct leaf_all *all)
{
	size_t i;

	for (i = 0; i < all->n; i++)
		buf_free(&all->v[i].list);
	free(all->v);
	memset(all, 0, sizeof(*all));
}

/* Only files of securityfs go on; they have no size. */
static bool is_live(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISREG(st.st_mode) && !st.st_size;
}

static bool read_again(const char *path, struct buf *list)
{
	list->len = 0;
	if (!read_file(path, list))
		return true;
	msg_errno("%s", path);
	return false;
}

bool leaf_read_list(const char *path, const struct leaf *l, struct buf *list)
{
	double end = swtpm_now() + (is_live(path) ? TPM_SECONDS : 0);
	uint8_t acc[32];
	size_t len;
	int64_t n;

	for (;;) {
		if (!read_again(path, list))
			return false;
		n = list_acc(path, list, l->seq, acc, &len);
		if (n < 0)
			return false;
		if ((uint64_t)n >= l->seq || swtpm_now() >= end)
			break;
		pause_a_bit();
	}
	if ((uint64_t)n < l->seq) {
		msg("%s has %lld entries, but the kernel anchored %llu: entries were lost, so nothing proves the others",
		    path, (long long)n, (unsigned long long)l->seq);
		return false;
	}
	if (memcmp(acc, l->acc, sizeof(acc))) {
		msg("%s does not come to what the kernel anchored after %llu entries: one was lost, or is not as it was",
		    path, (unsigned long long)l->seq);
		return false;
	}
	list->len = len;
	return true;
}

enum prefix_result read_covered(const char *path, const struct pcr_set *set,
				struct buf *list, struct prefix *p)
{
	double end = swtpm_now() + (is_live(path) ? LAG_SECONDS : 0);
	enum prefix_result res;

	for (;;) {
		if (!read_again(path, list))
			return PREFIX_MALFORMED;
		res = prefix_find(list, set, p);
		if (res != PREFIX_NONE || swtpm_now() >= end)
			break;
		pause_a_bit();
	}
	if (res == PREFIX_FOUND)
		list->len = p->len;
	return res;
}
