// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include <tss2/tss2_mu.h>

#include "base64.h"
#include "json_take.h"
#include "quote.h"

static const char *const members[] = {
	"format", "version", "attest", "signature", "public", "pcrs", "list",
	"namespaces", NULL,
};

static const char *const ns_members[] = {
	"id", "slot", "seq", "salt", "list", NULL,
};

static char *take_attest(struct quote *q, const json_t *root)
{
	size_t at = 0;

	if (!take_base64(json_object_get(root, "attest"), &q->signed_bytes))
		return xstrdup("\"attest\" is not base64");
	if (Tss2_MU_TPMS_ATTEST_Unmarshal(q->signed_bytes.data,
					  q->signed_bytes.len, &at,
					  &q->attest) != TSS2_RC_SUCCESS ||
	    at != q->signed_bytes.len)
		return xstrdup("\"attest\" is no TPMS_ATTEST");
	return NULL;
}

static char *take_signature(struct quote *q, const json_t *root)
{
	struct buf b = { 0 };
	size_t at = 0;
	char *why = NULL;

	if (!take_base64(json_object_get(root, "signature"), &b))
		why = xstrdup("\"signature\" is not base64");
	else if (Tss2_MU_TPMT_SIGNATURE_Unmarshal(b.data, b.len, &at,
						  &q->signature) !=
		 TSS2_RC_SUCCESS || at != b.len)
		why = xstrdup("\"signature\" is no TPMT_SIGNATURE");
	buf_free(&b);
	return why;
}

static char *take_public(struct quote *q, const json_t *root)
{
	struct buf b = { 0 };
	size_t at = 0;
	char *why = NULL;

	if (!take_base64(json_object_get(root, "public"), &b))
		why = xstrdup("\"public\" is not base64");
	else if (Tss2_MU_TPM2B_PUBLIC_Unmarshal(b.data, b.len, &at,
						&q->public) !=
		 TSS2_RC_SUCCESS || at != b.len)
		why = xstrdup("\"public\" is no TPM2B_PUBLIC");
	buf_free(&b);
	return why;
}

static char *take_list(struct quote *q, const json_t *root)
{
	const json_t *j = json_object_get(root, "list");

	q->has_list = !json_is_null(j);
	if (q->has_list && !take_base64(j, &q->list))
		return xstrdup("\"list\" is neither null nor base64");
	return NULL;
}

static char *take_ns(struct quote_ns *ns, const json_t *o)
{
	char *why = take_members(o, ns_members);

	if (why ||
	    (why = take_number(o, "id", &ns->id)) ||
	    (why = take_number(o, "slot", &ns->slot)) ||
	    (why = take_number(o, "seq", &ns->seq)))
		return why;
	if (!take_hex(json_object_get(o, "salt"), ns->salt, sizeof(ns->salt)))
		return xstrdup("\"salt\" is not 64 hex digits");
	if (!take_base64(json_object_get(o, "list"), &ns->list))
		return xstrdup("\"list\" is not base64");
	return NULL;
}

static char *take_namespaces(struct quote *q, const json_t *root)
{
	const json_t *array = json_object_get(root, "namespaces");
	size_t i, n = json_array_size(array);

	q->has_namespaces = !json_is_null(array);
	if (!q->has_namespaces)
		return NULL;
	if (!json_is_array(array))
		return xstrdup("\"namespaces\" is neither null nor an array");
	q->ns = xcalloc(n, sizeof(*q->ns));
	q->nns = n;
	for (i = 0; i < n; i++) {
		char *why = take_ns(&q->ns[i], json_array_get(array, i)), *text;

		if (!why)
			continue;
		text = xasprintf("element %zu of \"namespaces\": %s", i + 1,
				 why);
		free(why);
		return text;
	}
	return NULL;
}

bool quote_parse(struct quote *q, const json_t *root, char **why)
{
	memset(q, 0, sizeof(*q));
	if ((*why = take_format(root, QUOTE_FORMAT, QUOTE_VERSION)) ||
	    (*why = take_members(root, members)) ||
	    (*why = take_attest(q, root)) ||
	    (*why = take_signature(q, root)) ||
	    (*why = take_public(q, root)) ||
	    (*why = take_pcrs(root, "quote", &q->pcrs)) ||
	    (*why = take_list(q, root)) ||
	    (*why = take_namespaces(q, root)))
		return false;
	return true;
}

bool quote_parse_text(struct quote *q, const char *text, size_t len,
		      char **why)
{
	json_t *root = take_json(text, len, why);
	bool good = root && quote_parse(q, root, why);

	if (!root)
		memset(q, 0, sizeof(*q));
	json_decref(root);
	return good;
}

void quote_free(struct quote *q)
{
	size_t i;

	for (i = 0; i < q->nns; i++)
		buf_free(&q->ns[i].list);
	free(q->ns);
	buf_free(&q->signed_bytes);
	buf_free(&q->list);
	pcr_set_free(&q->pcrs);
	memset(q, 0, sizeof(*q));
}

void quote_print(const struct quote *q)
{
	const TPMS_CLOCK_INFO *c = &q->attest.clockInfo;

	printf("quote: clock %llu ms, resetCount %u, restartCount %u%s, firmware 0x%016llx\n",
	       (unsigned long long)c->clock, c->resetCount, c->restartCount,
	       c->safe ? "" : ", clock not safe",
	       (unsigned long long)q->attest.firmwareVersion);
}

json_t *quote_json(const struct quote *q)
{
	const TPMS_CLOCK_INFO *c = &q->attest.clockInfo;
	json_t *o = json_check(json_object());
	char firmware[32];

	snprintf(firmware, sizeof(firmware), "0x%016llx",
		 (unsigned long long)q->attest.firmwareVersion);
	json_put(o, "clock", json_integer((json_int_t)c->clock));
	json_put(o, "resetCount", json_integer(c->resetCount));
	json_put(o, "restartCount", json_integer(c->restartCount));
	json_put(o, "safe", json_boolean(c->safe));
	json_put(o, "firmware", json_string(firmware));
	return o;
}
