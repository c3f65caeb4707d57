/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Measurement lists made for tests, and their PCR values. Nothing in here uses
 * the code under test: lengths, digests and replays are written down again.
 */
#ifndef TESTS_MKLIST_H
#define TESTS_MKLIST_H

#include <stddef.h>
#include <stdint.h>

#include "util.h"

#define MK_BANKS 5

/**
 * struct mklist - a list being made
 * @hash:	of the template digests it states ("sha1" as a rule)
 * @pcr:	replay by PCR and bank: sha1, sha256, sha384, sha512, sm3
 * @padded:	the same with SHA-1 digests padded with zeros
 * @acc:	as in design.md section 5
 */
struct mklist {
	struct buf b;
	const char *hash;
	size_t entries;
	uint8_t pcr[24][MK_BANKS][64];
	uint8_t padded[24][MK_BANKS][64];
	uint8_t acc[32];
};

extern const char *const mk_bank_name[MK_BANKS];
extern const size_t mk_bank_size[MK_BANKS];

void mk_begin(struct mklist *l, const char *hash);
void mk_free(struct mklist *l);

/* Template data, field by field. */
void mk_field(struct buf *data, const void *field, size_t len);
/* "algo:" NUL digest, the digest being @len times @byte; @prefix before it. */
void mk_digest(struct buf *data, const char *prefix, uint8_t byte, size_t len);
void mk_name(struct buf *data, const char *name);

/* Appends an entry with this template data, or a violation with it. */
void mk_entry(struct mklist *l, uint32_t pcr, const char *tmpl,
	      const struct buf *data, bool violation);
/* Template "ima": digest of @dlen bytes, name, in its own format. */
void mk_bare(struct mklist *l, uint32_t pcr, const uint8_t *digest, size_t dlen,
	     const char *name, bool violation);
/* The usual entry: ima-ng, sha256. */
void mk_file(struct mklist *l, uint32_t pcr, uint8_t byte, const char *name);
/* A record of the kernel: ima-buf. */
void mk_record(struct mklist *l, uint32_t pcr, const char *name,
	       const char *text);
/* Its template data, appended to @data. */
void mk_record_data(struct buf *data, const char *name, const char *text);
void mk_violation(struct mklist *l, uint32_t pcr, const char *name);
/* An entry of each template, the kernel's and ours, with plausible data. */
void mk_all_templates(struct mklist *l, uint32_t pcr);
extern const char *const mk_templates[];

#endif
