// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What verify is given, with random damage: for libFuzzer, or for driver.c
 * where there is none. FUZZ_TARGET in the environment says which input it is.
 *
 * The sanitizers watch. Besides, what is found to be verified must be what it
 * was made as: nobody has the key, the tokens or another list with the same
 * digests.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "anchor.h"
#include "fuzz.h"
#include "leaf.h"
#include "lives.h"
#include "mkanchor.h"
#include "prefix.h"
#include "proof.h"
#include "quote.h"
#include "show.h"
#include "tree.h"
#include "verify.h"
#include "view.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Longer inputs find nothing more. */
#define INPUT_MAX 65536

/* Any values: what they are compared with is not of interest. */
static void some_values(struct pcr_set *s)
{
	static const uint8_t zeros[HASH_MAX_SIZE];
	uint32_t pcr;

	for (pcr = 10; pcr <= 12; pcr++) {
		pcr_set_add(s, pcr, hash_by_name("sha1"), zeros, "given");
		pcr_set_add(s, pcr, hash_by_name("sha256"), zeros, "given");
	}
}

static void walk(const struct buf *list)
{
	struct list_reader r;
	struct list_entry e;

	list_begin(&r, list->data, list->len);
	while (list_next(&r, &e) == LIST_ENTRY)
		json_decref(show_entry_json(&e, r.hash));
}

/* All that is made of the host's list. */
static void judge_list(const struct buf *list)
{
	const struct anchor_request rq = {
		.boot = true, .anchor = true, .has_default = true,
	};
	const struct verify_options opt = { .pcrs = ~0ull };
	struct lives_list one = {
		.data = list->data, .len = list->len, .known = list->len,
	};
	struct lives_input in = { .list = &one, .nlists = 1 };
	struct lives_verdict lives;
	struct pcr_set s = { 0 };
	struct verdict v;
	struct prefix p;
	struct anchor a;

	some_values(&s);
	if (verify_list(list, &s, &opt, &v))
		verdict_free(&v);
	if (anchor_read(&a, list))
		anchor_judge(&a, &s, &rq);
	anchor_free(&a);
	prefix_find(list, &s, &p);
	if (p.len > list->len)
		abort();
	lives_judge(&in, &lives);
	lives_free(&lives);
	pcr_set_free(&s);
}

static void fuzz_list(const struct buf *in)
{
	walk(in);
	judge_list(in);
}

/* The next line of the input, without its end; false behind the last. */
static bool next_line(const char **at, const char *end, char **line)
{
	const char *nl;

	if (*at >= end)
		return false;
	nl = memchr(*at, '\n', (size_t)(end - *at));
	if (!nl)
		nl = end;
	*line = xasprintf("%.*s", (int)(nl - *at), *at);
	*at = nl + 1;
	return true;
}

/*
 * "PCR NAME TEXT": the template data of that record in @data; false if it is
 * none.
 */
static bool line_record(char *line, uint32_t *pcr, struct buf *data)
{
	char *name = strchr(line, ' '), *text;
	uint64_t n;

	if (!name)
		return false;
	*name++ = '\0';
	text = strchr(name, ' ');
	if (!text || !parse_uint(line, 23, &n))
		return false;
	*text++ = '\0';
	*pcr = (uint32_t)n;
	mk_record_data(data, name, text);
	return true;
}

/* A list of records, each a line. */
static void fuzz_records(const struct buf *in)
{
	const char *at = (const char *)in->data, *end = at + in->len;
	struct mklist l;
	uint32_t pcr;
	char *line;

	mk_begin(&l, "sha1");
	mk_file(&l, 10, 1, "boot_aggregate");
	while (next_line(&at, end, &line)) {
		struct buf data = { 0 };

		if (line_record(line, &pcr, &data))
			mk_entry(&l, pcr, "ima-buf", &data, false);
		buf_free(&data);
		free(line);
	}
	judge_list(&l.b);
	mk_free(&l);
}

static void judge_bundle(const char *text, size_t len)
{
	const struct proof_request rq = { .allow_prefix = len & 1 };
	struct proof p = { 0 };
	struct bundle b;
	char *why = NULL;

	if (bundle_parse(&b, text, len, &why))
		proof_judge(&p, &b, &b.pcrs, &rq);
	proof_free(&p);
	bundle_free(&b);
	free(why);
}

static void fuzz_bundle(const struct buf *in)
{
	const struct buf host = { (uint8_t *)"{}", 2, 2 };
	struct bundle b;
	char *why = NULL;

	judge_bundle((const char *)in->data, in->len);
	bundle_parse_parts(&b, in, &host, &why);
	bundle_free(&b);
	free(why);
}

static json_t *digests(void)
{
	static const uint8_t some[32] = { 1 };
	json_t *array = json_array();

	json_array_append_new(array, mka_json_hex(some, 20));
	json_array_append_new(array, mka_json_hex(some, 32));
	return array;
}

/*
 * A bundle of records, each a line; "D" is one that is not in clear. The first
 * bytes are numbers in it.
 */
static void fuzz_proof(const struct buf *in)
{
	json_t *records[2] = { json_array(), json_array() }, *o;
	const char *at = (const char *)in->data + 4;
	const char *end = (const char *)in->data + in->len;
	char *line, *text;
	uint32_t pcr;

	while (in->len > 4 && next_line(&at, end, &line)) {
		struct buf data = { 0 };

		if (!strcmp(line, "D"))
			json_array_append_new(records[1], digests());
		else if (line_record(line, &pcr, &data))
			json_array_append_new(records[pcr == 12],
				mka_json_base64(data.data, data.len));
		buf_free(&data);
		free(line);
	}
	o = json_pack("{ss si si si ss si si s[] ss s[ss] so so s[] sn}",
		      "format", "ima-ns-proof", "version", 1,
		      "id", in->len ? 1 + in->data[0] : 1,
		      "seq", in->len > 1 ? in->data[1] : 0,
		      "salt", "0000000000000000000000000000000000000000000000000000000000000000",
		      "index", in->len > 2 ? in->data[2] : 0,
		      "n", in->len > 3 ? in->data[3] : 0, "path", "list", "",
		      "banks", "sha1", "sha256", "pcr_boot", records[0],
		      "pcr_anchor", records[1], "pcrs", "quote");
	if (!o)
		abort();
	text = json_dumps(o, 0);
	judge_bundle(text, strlen(text));
	free(text);
	json_decref(o);
}

static void judge_quote(const char *text, size_t len)
{
	struct quote_request rq = { .nonce = FUZZ_NONCE, .nonce_len = 8 };
	struct texts problems = { 0 }, notes = { 0 };
	struct anchor_mark mark = { .n = len % 8 };
	struct quote_key key;
	struct quote q;
	char *why = NULL;

	rq.key = &key;
	if (quote_key_parse(&key, fuzz_key.data, fuzz_key.len))
		abort();
	if (quote_parse_text(&q, text, len, &why)) {
		quote_judge(&q, &rq, &problems, &notes);
		if (!problems.n && (q.signed_bytes.len != fuzz_attest.len ||
				    memcmp(q.signed_bytes.data,
					   fuzz_attest.data, fuzz_attest.len)))
			abort();
		tree_judge(q.ns, q.nns, &mark, true, &problems);
	}
	texts_free(&problems);
	texts_free(&notes);
	quote_key_free(&key);
	quote_free(&q);
	free(why);
}

static void fuzz_quote(const struct buf *in)
{
	judge_quote((const char *)in->data, in->len);
}

/* Three structures of a TPM, each with its length in front. */
static void fuzz_attest_bytes(const struct buf *in)
{
	static const char *const names[] = { "attest", "signature", "public" };
	json_t *o = json_pack("{ss si s[] sn sn}", "format", "ima-ns-quote",
			      "version", 1, "pcrs", "list", "namespaces");
	struct quote_key key;
	size_t at = 0, i;
	char *text;

	for (i = 0; i < 3; i++) {
		size_t left = in->len - at, n = 0;

		if (left >= 2) {
			n = (size_t)in->data[at] << 8 | in->data[at + 1];
			at += 2;
			left -= 2;
		}
		n = n < left ? n : left;
		json_object_set_new(o, names[i],
				    mka_json_base64(in->data + at, n));
		if (i == 2) {
			quote_key_parse(&key, in->data + at, n);
			quote_key_free(&key);
		}
		at += n;
	}
	text = json_dumps(o, 0);
	judge_quote(text, strlen(text));
	free(text);
	json_decref(o);
}

/* Files of text: a leaf, a status, a vpcr, a reference. */
static void fuzz_text(const struct buf *in)
{
	struct reference ref = { 0 };
	struct vpcr_acc acc = { 0 };
	struct pcr_set s = { 0 };
	struct view_status st;
	struct quote_key key;
	struct buf copy = { 0 };
	struct leaf l;
	char path[64];
	char *text;
	int fd;

	text = xasprintf("%.*s", (int)in->len, (const char *)in->data);
	if (!leaf_parse(&l, text))
		leaf_check(&l);
	free(text);
	buf_add(&copy, in->data, in->len);
	if (view_parse_status("status", &copy, &st))
		view_free_status(&st);
	quote_key_parse(&key, in->data, in->len);
	quote_key_free(&key);
	fd = memfd_create("input", MFD_CLOEXEC);
	if (fd < 0 || write(fd, in->data, in->len) != (ssize_t)in->len)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	reference_read(&ref, path);
	pcr_read_vpcr(path, &s, &acc);
	pcr_set_free(&s);
	reference_free(&ref);
	close(fd);
}

static const struct {
	const char *name;
	void (*fuzz)(const struct buf *in);
} targets[] = {
	{ "list", fuzz_list }, { "records", fuzz_records },
	{ "bundle", fuzz_bundle }, { "proof", fuzz_proof },
	{ "quote", fuzz_quote }, { "attest", fuzz_attest_bytes },
	{ "text", fuzz_text },
};

struct buf fuzz_key, fuzz_attest;
static size_t target;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const char *name = getenv("FUZZ_TARGET"), *dir = getenv("FUZZ_DIR");
	char *path;

	(void)argc;
	(void)argv;
	setenv("TSS2_LOG", "all+NONE", 1);
	for (target = 0; target < ARRAY_SIZE(targets); target++)
		if (name && !strcmp(targets[target].name, name))
			break;
	if (target == ARRAY_SIZE(targets) || !dir) {
		fprintf(stderr, "FUZZ_TARGET and FUZZ_DIR are not set\n");
		exit(2);
	}
	path = xasprintf("%s/key", dir);
	if (read_file(path, &fuzz_key))
		exit(2);
	free(path);
	path = xasprintf("%s/signed", dir);
	if (read_file(path, &fuzz_attest))
		exit(2);
	free(path);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* Of exactly its size, so that ASAN sees the first byte beyond. */
	struct buf copy = { malloc(size ? size : 1), size, size };

	if (!copy.data)
		abort();
	memcpy(copy.data, data, size);
	if (size <= INPUT_MAX)
		targets[target].fuzz(&copy);
	free(copy.data);
	return 0;
}
