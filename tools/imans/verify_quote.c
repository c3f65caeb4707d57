// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>

#include "verify_quote.h"

static bool read_key(const char *path, struct quote_key *key)
{
	struct buf b = { 0 };
	const char *why = NULL;
	bool good = !read_file(path, &b);

	if (!good)
		msg_errno("%s", path);
	else
		why = quote_key_parse(key, b.data, b.len);
	if (why)
		msg("%s: %s", path, why);
	buf_free(&b);
	return good && !why;
}

bool quote_files_read(const struct quote_files *f, struct quote_request *rq,
		      struct quote_key *key)
{
	rq->key = key;
	if (!quote_set_nonce(rq, f->nonce)) {
		msg("%s: not hex of 1 to %d bytes", f->nonce, QUOTE_NONCE_MAX);
		return false;
	}
	return read_key(f->ak, key);
}

static bool read_quote(const char *path, struct quote *q)
{
	struct buf text = { 0 };
	char *why = NULL;
	bool good;

	if (read_file(path, &text)) {
		msg_errno("%s", path);
		buf_free(&text);
		return false;
	}
	good = quote_parse_text(q, (const char *)text.data, text.len, &why);
	if (!good)
		msg("%s: malformed quote: %s", path, why);
	free(why);
	buf_free(&text);
	return good;
}

/* The list that is given, or else the one that came with the quote. */
static bool choose_list(const struct list_request *rq, const struct quote *q,
			struct buf *list, bool *has_list)
{
	*has_list = rq->path || q->has_list;
	if (!rq->path) {
		buf_add(list, q->list.data, q->list.len);
		return true;
	}
	if (!read_file(rq->path, list))
		return true;
	msg_errno("%s", rq->path);
	return false;
}

int verify_quote(const struct quote_files *f, struct list_request *rq)
{
	struct quote_request ask = { 0 };
	struct quote_key key = { 0 };
	struct quote q = { 0 };
	struct verify_quoted vq = { .quote = &q };
	struct buf list = { 0 };
	int rc = IMANS_ERROR;
	bool has_list;

	if (quote_files_read(f, &ask, &key) && read_quote(f->quote, &q) &&
	    choose_list(rq, &q, &list, &has_list)) {
		quote_judge(&q, &ask, &vq.problems, &vq.notes);
		rc = verify_run_quoted(rq, has_list ? &list : NULL, &vq);
	}
	texts_free(&vq.problems);
	texts_free(&vq.notes);
	buf_free(&list);
	quote_free(&q);
	quote_key_free(&key);
	return rc;
}
