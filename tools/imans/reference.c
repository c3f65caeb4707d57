// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include "reference.h"

/* The kernel writes a blank in a name as '_', so both sides compare as that. */
static void blanks_to_underscores(char *s)
{
	for (; *s; s++)
		if (*s == ' ')
			*s = '_';
}

static const char *parse_line(char *line, struct reference_line *out)
{
	char *digest = line, *blank = strpbrk(line, " \t");
	const char *why;

	memset(out, 0, sizeof(*out));
	if (!blank)
		return "\"algo:digest path\" expected";
	*blank++ = '\0';
	blank += strspn(blank, " \t");
	if (!*blank)
		return "no path";
	if (!strncmp(digest, "verity:", 7)) {
		out->verity = true;
		digest += 7;
	} else if (!strncmp(digest, "ima:", 4)) {
		digest += 4;
	}
	out->alg = hash_parse_digest(digest, out->digest, &why);
	if (!out->alg)
		return why;
	out->path = xstrdup(blank);
	blanks_to_underscores(out->path);
	return NULL;
}

static int compare_paths(const void *a, const void *b)
{
	const struct reference_line *x = a, *y = b;

	return strcmp(x->path, y->path);
}

bool reference_read(struct reference *ref, const char *path)
{
	struct buf b = { 0 };
	size_t number = 0;
	bool ok = true;
	char *line, *next;

	memset(ref, 0, sizeof(*ref));
	if (read_file(path, &b)) {
		msg_errno("%s", path);
		buf_free(&b);
		return false;
	}
	if (memchr(b.data, 0, b.len)) {
		msg("%s: not a text file", path);
		buf_free(&b);
		return false;
	}
	for (line = (char *)b.data; line && ok; line = next) {
		struct reference_line parsed;
		const char *why;

		number++;
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		if (line[strspn(line, " \t\r")] == '\0' || *line == '#')
			continue;
		why = parse_line(line, &parsed);
		if (why) {
			msg("%s: line %zu: %s", path, number, why);
			ok = false;
			break;
		}
		ref->line = xreallocarray(ref->line, ref->n + 1,
					  sizeof(*ref->line));
		ref->line[ref->n++] = parsed;
	}
	buf_free(&b);
	if (!ok)
		reference_free(ref);
	else if (ref->n)
		qsort(ref->line, ref->n, sizeof(*ref->line), compare_paths);
	return ok;
}

void reference_free(struct reference *ref)
{
	size_t i;

	for (i = 0; i < ref->n; i++)
		free(ref->line[i].path);
	free(ref->line);
	memset(ref, 0, sizeof(*ref));
}

/*
 * boot_aggregate is exempt as the first entry only. A file whose path the
 * kernel cannot resolve is listed by its last component, so anybody could
 * otherwise hide one by calling it that. A list carried through kexec has
 * further ones: they go into the reference.
 */
static bool is_boot_aggregate(const struct list_entry *e, const char *name)
{
	return e->index == 1 && !strcmp(name, "boot_aggregate");
}

/* Lines of @path: index of the first, or -1. */
static ssize_t find_path(const struct reference *ref, const char *path)
{
	size_t lo = 0, hi = ref->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (strcmp(ref->line[mid].path, path) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < ref->n && !strcmp(ref->line[lo].path, path) ?
		(ssize_t)lo : -1;
}

static bool same_digest(const struct reference_line *l,
			const struct list_file_digest *d)
{
	if (l->verity != d->verity || l->alg->size != d->len)
		return false;
	/* Template "ima" does not say the algorithm, the size does: md5, sha1. */
	if (d->alg ? l->alg != d->alg : strcmp(l->alg->name, d->len == 16 ?
					       "md5" : "sha1"))
		return false;
	return !memcmp(l->digest, d->data, d->len);
}

enum reference_result reference_check(const struct reference *ref,
				      const struct list_entry *e,
				      const struct reference_line **known)
{
	enum reference_result res = REFERENCE_CHANGED;
	struct list_file_digest d;
	const uint8_t *raw;
	size_t len, i;
	ssize_t at;
	char *name;

	*known = NULL;
	/* An empty buffer is a file measured with a template that has one. */
	if (list_entry_buffer(e, &len))
		return REFERENCE_NO_FILE;
	raw = list_entry_name(e, &len);
	name = xcalloc(len + 1, 1);
	if (len)
		memcpy(name, raw, len);
	blanks_to_underscores(name);
	at = find_path(ref, name);
	if (at < 0) {
		res = is_boot_aggregate(e, name) ? REFERENCE_NO_FILE :
						   REFERENCE_UNEXPECTED;
		goto out_free;
	}
	*known = &ref->line[at];
	if (e->violation) {
		res = REFERENCE_VIOLATION;
		goto out_free;
	}
	if (!list_entry_file_digest(e, &d))
		goto out_free;
	for (i = (size_t)at; i < ref->n && !strcmp(ref->line[i].path, name); i++)
		if (same_digest(&ref->line[i], &d)) {
			res = REFERENCE_OK;
			break;
		}
out_free:
	free(name);
	return res;
}
