/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A binary measurement list, entry by entry. The list is hostile input: every
 * length is compared with what is left, nothing is allocated by one, and an
 * entry only points into the caller's buffer.
 */
#ifndef IMANS_LIST_H
#define IMANS_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hash.h"
#include "template.h"

/* A PCR index the kernel may write; a rule of init may say pcr=63. */
#define LIST_PCR_MAX 63

struct list_field {
	const uint8_t *data;
	size_t len;
};

/**
 * struct list_entry - one entry
 * @index:	counts from 1: line N of ascii_runtime_measurements
 * @offset:	where it starts in the list, bytes
 * @digest:	template digest as stored, of the reader's @hash
 * @violation:	the stored digest is all zeros, the PCR got 0xff..ff
 * @data:	template data as stored in the list
 * @field:	the fields of @tmpl, without lengths
 */
struct list_entry {
	size_t index;
	size_t offset;
	uint32_t pcr;
	const uint8_t *digest;
	bool violation;
	struct template tmpl;
	const uint8_t *data;
	size_t data_len;
	struct list_field field[TEMPLATE_MAX_FIELDS];
};

enum list_status {
	LIST_ENTRY,	/* an entry was read */
	LIST_END,	/* nothing is left */
	LIST_SHORT,	/* the list ends within an entry */
	LIST_BAD,	/* what stands there cannot be an entry */
};

/**
 * struct list_reader - a position in a list
 * @hash:	of the stored template digests: SHA-1 in
 *		binary_runtime_measurements, others in the per-bank files
 * @error:	after LIST_SHORT and LIST_BAD: what is wrong, with byte offset
 */
struct list_reader {
	const uint8_t *data;
	size_t len;
	size_t pos;
	size_t index;
	const struct hash_alg *hash;
	char error[320];
};

/*
 * Start reading; finds @hash out from the first entry. An empty list is read
 * as one with SHA-1 digests.
 */
void list_begin(struct list_reader *r, const void *data, size_t len);
enum list_status list_next(struct list_reader *r, struct list_entry *e);

/* What the file digest field (d, d-ng, d-ngv2) of an entry says. */
struct list_file_digest {
	const struct hash_alg *alg;	/* NULL: bare digest of 20 or 16 bytes */
	bool verity;
	const uint8_t *data;
	size_t len;
};

/* False if the template has no such field. */
bool list_entry_file_digest(const struct list_entry *e,
			    struct list_file_digest *d);
/* Split one digest field; list_next() has checked that it is well formed. */
void list_split_digest(const struct list_entry *e, size_t i,
		       struct list_file_digest *d);
/* The event's name (n, n-ng) without its NUL; NULL if there is no such field. */
const uint8_t *list_entry_name(const struct list_entry *e, size_t *len);
/* Escaped copy of the name for messages, to be freed. */
char *list_entry_name_text(const struct list_entry *e);
/* The buffer of an ima-buf record; NULL if this entry is none. */
const uint8_t *list_entry_buffer(const struct list_entry *e, size_t *len);

/* The template digest of the entry's data, as the kernel computes it. */
void list_entry_digest(const struct list_entry *e, const struct hash_alg *alg,
		       uint8_t *out);

#endif
