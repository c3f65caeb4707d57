/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The judgement on all lists of a machine: births, policies and deaths of its
 * namespaces. Pure, all input is in memory.
 *
 * The kernel lists a birth before the namespace is active, and a death before
 * its directory in ima/ns goes. What this makes of lists that were read one
 * after the other is in the comments of struct lives_list and struct lives_ns:
 * each claim is only made where the order of reading makes it certain.
 */
#ifndef IMANS_LIVES_H
#define IMANS_LIVES_H

#include "list.h"
#include "pcr.h"
#include "texts.h"

/**
 * struct lives_list - the list of one namespace
 * @id:		whose, 0 for the initial one
 * @data, @len:	the list
 * @known:	so many bytes were read before the directory was: a namespace
 *		born in them is in the directory, or its death is in @len
 * @final:	all of it: it was read when the namespace was gone
 * @pending:	after the directory was read, something was still to be added
 * @late:	@status and @vpcr were read so long before the list that it has
 *		what they cover, unless it was lost
 * @status:	what the kernel said to init that the list leads to; or NULL
 * @vpcr:	what it said so inside of the namespace; or NULL
 * @path:	the file of a copy, escaped, for messages; or NULL
 */
struct lives_list {
	uint64_t id;
	const uint8_t *data;
	size_t len;
	size_t known;
	bool final;
	bool pending;
	bool late;
	const struct vpcr_acc *status;
	const struct vpcr_acc *vpcr;
	const char *path;
};

/**
 * struct lives_ns - a namespace that is in the directory
 * @parent:	if it was active
 * @was_active:	before the last reading of the lists: so its birth is in one
 * @is_active:	after it: so its death is in none
 */
struct lives_ns {
	uint64_t id;
	uint64_t parent;
	bool was_active;
	bool is_active;
};

/**
 * struct lives_input - what is judged
 * @list:	the first is that of the initial namespace
 * @ns:		in ascending order of the ids
 * @kexec:	who was born before the last boot_aggregate ended without a
 *		record
 */
struct lives_input {
	const struct lives_list *list;
	size_t nlists;
	const struct lives_ns *ns;
	size_t nns;
	bool kexec;
};

/* One record of a policy: number of the batch and digest of the rules. */
struct lives_policy {
	uint64_t seq;
	uint8_t digest[32];
};

struct lives_policies {
	struct lives_policy *v;
	size_t n;
	size_t known;	/* of these in the known part of the list */
};

/**
 * struct life - what is known of one namespace
 * @list:	index of the list with its birth, or else death or policies
 * @birth, @death: entries of that list, 0 = none
 * @birth_known: the birth is in the known part of the list
 * @entries, @violations, @acc: of the death record
 * @policies:	in the list above
 * @own:	index of its own list, or -1
 * @own_policies: in its own list
 */
struct life {
	uint64_t id;
	size_t list;
	size_t birth;
	bool birth_known;
	size_t death;
	uint64_t entries;
	uint64_t violations;
	uint8_t acc[32];
	struct lives_policies policies;
	ssize_t own;
	struct lives_policies own_policies;
};

/* What one list leads to. */
struct lives_sum {
	size_t entries;
	size_t violations;
	uint8_t acc[32];
};

/**
 * struct lives_verdict - the outcome
 * @life:	in ascending order of the ids
 * @sum:	one for each list
 * @kexec_at:	entry of the last boot_aggregate but the first, or 0
 * @excused:	so many namespaces ended by the kexec, without a record
 * @problems:	why it is not verified
 * @undecided:	what cannot be told
 * @may_settle:	... yet: because of what is still to be added
 * @notes:	what is worth knowing
 */
struct lives_verdict {
	struct life *life;
	size_t nlives;
	struct lives_sum *sum;
	size_t kexec_at;
	size_t excused;
	struct texts problems;
	struct texts undecided;
	bool may_settle;
	struct texts notes;
};

/* False, with the message printed, if a list is malformed. */
bool lives_judge(const struct lives_input *in, struct lives_verdict *v);
void lives_free(struct lives_verdict *v);

const struct life *lives_find(const struct lives_verdict *v, uint64_t id);
const struct lives_ns *lives_find_ns(const struct lives_input *in, uint64_t id);

/* Something undecided that another look may decide. */
void __attribute__((format(printf, 2, 3)))
lives_wait(struct lives_verdict *v, const char *fmt, ...);

/* For lives_judge(): reading the lists (lives_read.c) comes before judging. */
bool lives_read(const struct lives_input *in, struct lives_verdict *v);
/* "the host's list" or "the list of namespace 5"; a buffer that is used again. */
const char *lives_list_name(uint64_t id);

#endif
