/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SELFTESTS_LIST_H
#define SELFTESTS_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent.h"
#include "digest.h"

/**
 * struct entry - one line of a measurement list
 * @pcr: the PCR it was extended into
 * @digest: template digest as the list file holds it
 * @digest_len: its length, that of the file's bank
 * @violation: @digest is all zeros, 0xff was extended
 * @template: name of the template
 * @data: the template data, as it is hashed
 * @data_len: its length
 * @algo: algorithm of the file's digest, "" if the template has none
 * @file_digest: the file's digest
 * @file_digest_len: its length
 * @name: path, or name of what was measured
 * @buf: third field of ima-buf, the signature of ima-sig
 * @buf_len: its length
 */
struct entry {
	uint32_t pcr;
	uint8_t digest[DIGEST_MAX];
	size_t digest_len;
	bool violation;
	char template[32];
	const uint8_t *data;
	size_t data_len;
	char algo[32];
	uint8_t file_digest[DIGEST_MAX];
	size_t file_digest_len;
	char name[4096];
	const uint8_t *buf;
	size_t buf_len;
};

struct list {
	struct entry *entries;
	size_t count;
	char *raw;
};

/*
 * Reads and parses a binary list through @agent.  @file is its name below
 * ima/, NULL for binary_runtime_measurements, and @algo what its template
 * digests are made with, NULL for sha1.  Returns 0, -EBADMSG for a list that
 * does not parse, or another negative errno.
 */
int list_read(struct agent *agent, struct list *list);
int list_read_bank(struct agent *agent, const char *file, const char *algo,
		   struct list *list);
void list_free(struct list *list);

/* First entry from @from on with this name, NULL if there is none. */
struct entry *list_find(const struct list *list, size_t from,
			const char *name);

/*
 * How many entries have this name; measured ones, or violations.  A violation
 * by a writer outside of the namespace has only the last component of the
 * path, which is counted as well.
 */
size_t list_count_of(const struct list *list, const char *name);
size_t list_violations_of(const struct list *list, const char *name);

/* Reads the list and counts in one go.  A negative errno on failure. */
long list_measured(struct agent *agent, const char *name);

/*
 * Is the last entry that measures this file of what it is now?  1 or 0, or a
 * negative errno.
 */
int list_last_is_content(struct agent *agent, const char *path);
long list_violated(struct agent *agent, const char *name);

/* The template digest of an entry, computed from its data. */
size_t entry_digest(const struct entry *entry, const char *algo,
		    uint8_t *digest);

/* The value a PCR bank has after all entries of the list. */
size_t list_replay(const struct list *list, uint32_t pcr, const char *algo,
		   uint8_t *value);

/* The accumulator over all entries: SHA-256(acc || le32 pcr || digest). */
void list_accumulate(const struct list *list, uint8_t *acc);

#endif
