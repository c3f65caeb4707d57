/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading what lives_judge() needs from a machine that goes on meanwhile.
 */
#ifndef IMANS_HOST_H
#define IMANS_HOST_H

#include <time.h>

#include "lives.h"

/* Something of a namespace in a file: "ID=FILE" on the command line. */
struct host_file {
	uint64_t id;
	const char *path;
};

struct host_files {
	struct host_file *v;
	size_t n;
};

/**
 * struct host_sources - where to read
 * @dir:	where the securityfs of the machine is
 * @list:	the list of the initial namespace, NULL: the one in @dir
 * @saved:	lists of dead namespaces
 * @vpcr:	vpcr files of live ones
 */
struct host_sources {
	const char *dir;
	const char *list;
	struct host_files saved;
	struct host_files vpcr;
};

/**
 * struct host_list - a list, read to its end now and then
 * @fd:		open as long as the namespace may add to it, which it outlives;
 *		or -1
 * @path:	the file of a copy, escaped: the namespace is dead; or NULL
 * @reader:	how far entries are complete
 * @has_status:	its status was read: with an acc in @status if @has_acc, at the
 *		time @since
 * @known, @final, @pending: see struct lives_list
 */
struct host_list {
	uint64_t id;
	int fd;
	char *path;
	struct buf bytes;
	struct list_reader reader;
	bool has_status;
	bool has_acc;
	struct vpcr_acc status;
	time_t since;
	size_t known;
	bool final;
	bool pending;
};

/* What a namespace itself said its list leads to. */
struct host_vpcr {
	uint64_t id;
	struct vpcr_acc acc;
};

/**
 * struct host - a machine
 * @dir:	where its securityfs is
 * @begun:	when @vpcr was read, in seconds of the monotonic clock
 * @looked:	when the last look began
 * @list:	that of the initial namespace first
 * @ns:		who is in ima/ns, in ascending order
 * @view:	of the lists, for the judge
 */
struct host {
	const char *dir;
	time_t begun;
	time_t looked;
	struct host_list *list;
	size_t nlists;
	struct lives_ns *ns;
	size_t nns;
	struct host_vpcr *vpcr;
	size_t nvpcr;
	struct lives_list *view;
};

/*
 * Reads what is in files. Prints why it failed and returns false, as does
 * host_look(); host_end() is to be called nevertheless.
 */
bool host_begin(struct host *h, const struct host_sources *src);
/* Read what is new, in an order that makes the claims of lives.h true. */
bool host_look(struct host *h);
/* What is to be judged; valid until the next look. */
struct lives_input host_input(struct host *h, bool kexec);
void host_end(struct host *h);

#endif
