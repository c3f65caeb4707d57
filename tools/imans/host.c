// SPDX-License-Identifier: GPL-2.0-or-later
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "host.h"
#include "securityfs.h"
#include "view.h"

/* Beyond this the kernel refuses by default. */
#define MAX_FILES (1 << 20)

/*
 * An entry is in acc before it is in the list: for as long as its TPM takes,
 * which the kernel gives up after ten seconds.
 */
#define LATE_SECONDS 11

/* A copy that is being written may end within an entry for a moment. */
#define SHORT_TRIES 50
#define SHORT_PAUSE_MS 10

static time_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

static struct host_list *add_list(struct host *h, uint64_t id, int fd)
{
	struct host_list *l;

	h->list = xreallocarray(h->list, h->nlists + 1, sizeof(*h->list));
	l = &h->list[h->nlists++];
	memset(l, 0, sizeof(*l));
	l->id = id;
	l->fd = fd;
	return l;
}

static struct host_list *find_list(struct host *h, uint64_t id)
{
	size_t i;

	for (i = 0; i < h->nlists; i++)
		if (h->list[i].id == id)
			return &h->list[i];
	return NULL;
}

/* To the end, and to the end of an entry. What is malformed the judge says. */
static bool read_list(struct host_list *l)
{
	static const struct timespec pause = { 0, SHORT_PAUSE_MS * 1000000 };
	enum list_status st;
	struct list_entry e;
	int tries;

	for (tries = 0; tries < SHORT_TRIES; tries++) {
		if (read_fd(l->fd, &l->bytes)) {
			msg_errno("%s", lives_list_name(l->id));
			return false;
		}
		if (!l->reader.index)
			list_begin(&l->reader, l->bytes.data, l->bytes.len);
		l->reader.data = l->bytes.data;
		l->reader.len = l->bytes.len;
		while ((st = list_next(&l->reader, &e)) == LIST_ENTRY)
			;
		if (st != LIST_SHORT)
			break;
		nanosleep(&pause, NULL);
	}
	return true;
}

static bool read_lists(struct host *h)
{
	size_t i;

	for (i = 0; i < h->nlists; i++)
		if (h->list[i].fd >= 0 && !read_list(&h->list[i]))
			return false;
	return true;
}

static bool add_saved(struct host *h, const struct host_file *f)
{
	struct host_list *l;

	if (find_list(h, f->id)) {
		msg("namespace %llu: two lists given",
		    (unsigned long long)f->id);
		return false;
	}
	l = add_list(h, f->id, -1);
	l->path = escape_string(f->path);
	l->final = true;
	if (read_file(f->path, &l->bytes)) {
		msg_errno("%s", f->path);
		return false;
	}
	l->known = l->bytes.len;
	return true;
}

static const struct vpcr_acc *find_vpcr(const struct host *h, uint64_t id)
{
	size_t i;

	for (i = 0; i < h->nvpcr; i++)
		if (h->vpcr[i].id == id)
			return &h->vpcr[i].acc;
	return NULL;
}

static bool add_vpcr(struct host *h, const struct host_file *f)
{
	struct pcr_set ignored = { 0 };
	bool good;

	if (find_vpcr(h, f->id)) {
		msg("namespace %llu: two vpcr files given",
		    (unsigned long long)f->id);
		return false;
	}
	h->vpcr = xreallocarray(h->vpcr, h->nvpcr + 1, sizeof(*h->vpcr));
	h->vpcr[h->nvpcr].id = f->id;
	good = pcr_read_vpcr(f->path, &ignored, &h->vpcr[h->nvpcr].acc);
	h->nvpcr++;
	pcr_set_free(&ignored);
	return good;
}

/*
 * One descriptor for each namespace is more than programs get by default. What
 * fails here fails again, and is said, when there are too many.
 */
static void raise_limit(void)
{
	struct rlimit lim = { MAX_FILES, MAX_FILES };

	if (!setrlimit(RLIMIT_NOFILE, &lim) || getrlimit(RLIMIT_NOFILE, &lim))
		return;
	lim.rlim_cur = lim.rlim_max;
	setrlimit(RLIMIT_NOFILE, &lim);
}

static bool open_host_list(struct host *h, const struct host_sources *src)
{
	char *path = src->list ? xstrdup(src->list) :
		     securityfs_list(src->dir);
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		securityfs_explain(src->dir, path);
	else
		add_list(h, 0, fd);
	free(path);
	return fd >= 0;
}

bool host_begin(struct host *h, const struct host_sources *src)
{
	size_t i;

	memset(h, 0, sizeof(*h));
	h->dir = src->dir;
	h->begun = now();
	raise_limit();
	if (!open_host_list(h, src))
		return false;
	for (i = 0; i < src->saved.n; i++)
		if (!add_saved(h, &src->saved.v[i]))
			return false;
	/* Before any list: each must have what the file covers. */
	for (i = 0; i < src->vpcr.n; i++)
		if (!add_vpcr(h, &src->vpcr.v[i]))
			return false;
	return true;
}

static void mark_known(struct host *h)
{
	size_t i;

	for (i = 0; i < h->nlists; i++)
		h->list[i].known = h->list[i].reader.index ?
				   h->list[i].reader.pos : h->list[i].known;
}

/* Who has no directory is dead; who has one but no files is not active yet. */
static bool look_at_directory(struct host *h)
{
	struct view_ids ids;
	size_t i;

	if (!view_read_ids(h->dir, &ids))
		return false;
	free(h->ns);
	h->ns = xcalloc(ids.n, sizeof(*h->ns));
	h->nns = ids.n;
	for (i = 0; i < ids.n; i++)
		h->ns[i].id = ids.id[i];
	view_free_ids(&ids);
	return true;
}

static bool open_lists(struct host *h)
{
	size_t i;

	for (i = 0; i < h->nns; i++) {
		enum view_result res;
		int fd;

		if (find_list(h, h->ns[i].id))
			continue;
		res = view_open(h->dir, h->ns[i].id, SECURITYFS_LIST, &fd);
		if (res == VIEW_FAILED)
			return false;
		if (res == VIEW_OK)
			add_list(h, h->ns[i].id, fd);
	}
	return true;
}

/* Who is active, before the last reading of the lists or after it. */
static bool look_who_is_active(struct host *h, bool after)
{
	size_t i;

	for (i = 0; i < h->nns; i++) {
		struct lives_ns *ns = &h->ns[i];
		struct view_status st;
		bool active;

		switch (view_read_status(h->dir, ns->id, &st)) {
		case VIEW_FAILED:
			return false;
		case VIEW_GONE:
			continue;
		case VIEW_OK:
			break;
		}
		active = !strcmp(st.state, "active");
		if (active)
			ns->parent = st.parent;
		if (after)
			ns->is_active = active;
		else
			ns->was_active = active;
		view_free_status(&st);
	}
	return true;
}

/* The first acc stays: what it covers must be in the list in the end. */
static void take_status(struct host_list *l, const struct view_status *st)
{
	l->pending = st->pending;
	if (l->has_status)
		return;
	l->has_status = true;
	l->has_acc = st->has_acc;
	l->status = st->acc;
	l->since = now();
}

/*
 * What is pending now was so when the directory was read, or came later. acc is
 * read before the list.
 */
static bool look_at_status(struct host *h)
{
	size_t i;

	for (i = 1; i < h->nlists; i++) {
		struct host_list *l = &h->list[i];
		struct view_status st;

		l->pending = false;
		if (l->final)
			continue;
		switch (view_read_status(h->dir, l->id, &st)) {
		case VIEW_FAILED:
			return false;
		case VIEW_GONE:
			break;
		case VIEW_OK:
			take_status(l, &st);
			view_free_status(&st);
			break;
		}
	}
	return true;
}

/* The list of who is gone has grown for the last time, and so was his parent's. */
static bool finish_gone(struct host *h)
{
	bool *gone = xcalloc(h->nlists, sizeof(*gone)), any = false, good;
	size_t i;

	for (i = 1; i < h->nlists; i++) {
		gone[i] = !h->list[i].final &&
			  !view_exists(h->dir, h->list[i].id);
		any |= gone[i];
	}
	good = !any || read_lists(h);
	for (i = 1; good && i < h->nlists; i++) {
		struct host_list *l = &h->list[i];

		if (!gone[i])
			continue;
		l->final = true;
		l->pending = false;
		close(l->fd);
		l->fd = -1;
	}
	free(gone);
	return good;
}

static bool check_saved(const struct host *h)
{
	size_t i, k;

	for (i = 1; i < h->nlists; i++)
		for (k = 0; h->list[i].path && k < h->nns; k++)
			if (h->ns[k].id == h->list[i].id &&
			    h->ns[k].is_active) {
				msg("namespace %llu is active: its list is read from ima/ns, none can be given",
				    (unsigned long long)h->list[i].id);
				return false;
			}
	return true;
}

bool host_look(struct host *h)
{
	h->looked = now();
	/* Only what is open before can be known. */
	if (!look_at_directory(h) || !open_lists(h) || !read_lists(h))
		return false;
	mark_known(h);
	return look_at_directory(h) && open_lists(h) &&
	       look_who_is_active(h, false) && look_at_status(h) &&
	       read_lists(h) && finish_gone(h) &&
	       look_who_is_active(h, true) && check_saved(h);
}

struct lives_input host_input(struct host *h, bool kexec)
{
	struct lives_input in = { .ns = h->ns, .nns = h->nns, .kexec = kexec };
	time_t late = h->looked - LATE_SECONDS;
	size_t i;

	h->view = xreallocarray(h->view, h->nlists, sizeof(*h->view));
	for (i = 0; i < h->nlists; i++) {
		const struct host_list *l = &h->list[i];

		h->view[i] = (struct lives_list){
			.id = l->id, .data = l->bytes.data,
			.len = l->bytes.len, .known = l->known,
			.final = l->final, .pending = l->pending,
			.late = h->begun < late &&
				(!l->has_acc || l->since < late),
			.status = l->has_acc ? &l->status : NULL,
			.vpcr = find_vpcr(h, l->id), .path = l->path,
		};
	}
	in.list = h->view;
	in.nlists = h->nlists;
	return in;
}

void host_end(struct host *h)
{
	size_t i;

	for (i = 0; i < h->nlists; i++) {
		if (h->list[i].fd >= 0)
			close(h->list[i].fd);
		buf_free(&h->list[i].bytes);
		free(h->list[i].path);
	}
	free(h->list);
	free(h->ns);
	free(h->vpcr);
	free(h->view);
	memset(h, 0, sizeof(*h));
}
