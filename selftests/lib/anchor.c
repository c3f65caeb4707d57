// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "anchor.h"
#include "clock.h"
#include "file.h"
#include "ima.h"
#include "record.h"
#include "tpm.h"

#define DEFAULT_PCR 10
#define REGISTER_KEYS \
	"boot_id pcr_boot pcr_anchor start_boot start_anchor alive chain token "
#define BOOT_KEYS \
	"id uuid parent userns owner label by hash template policy ca tpm exe kind "
#define MARK_KEYS "seq n root reason token "

/* What it shows. */

static bool parse_hex(const char *text, uint8_t *value, size_t len)
{
	size_t i;

	if (strlen(text) != 2 * len ||
	    strspn(text, "0123456789abcdef") != 2 * len)
		return false;
	for (i = 0; i < len; i++)
		sscanf(text + 2 * i, "%2hhx", &value[i]);
	return true;
}

static bool parse_sha256(const char *text, uint8_t *value)
{
	return !strncmp(text, "sha256:", 7) &&
	       parse_hex(text + 7, value, ANCHOR_SIZE);
}

static bool parse_number(const char *text, long *value)
{
	size_t len = strlen(text);

	if (!len || len > 18 || strspn(text, "0123456789") != len)
		return false;
	*value = atol(text);
	return true;
}

/* The value of the line "key: value" at *@text, which moves on. */
static bool take_line(const char **text, const char *key, char *value,
		      size_t size)
{
	size_t len = strlen(key), line = strcspn(*text, "\n");

	if (strncmp(*text, key, len) || strncmp(*text + len, ": ", 2) ||
	    (*text)[line] != '\n' || line - len - 2 >= size)
		return false;
	memcpy(value, *text + len + 2, line - len - 2);
	value[line - len - 2] = 0;
	*text += line + 1;
	return true;
}

static bool take_number(const char **text, const char *key, long *value)
{
	char word[32];

	return take_line(text, key, word, sizeof(word)) &&
	       parse_number(word, value);
}

static bool take_pcr(const char **text, const char *key, long *pcr,
		     bool *foreign)
{
	static const char mark[] = " foreign";
	char word[32], *end;

	if (!take_line(text, key, word, sizeof(word)))
		return false;
	end = strchr(word, ' ');
	*foreign = end && !strcmp(end, mark);
	if (*foreign)
		*end = 0;
	return parse_number(word, pcr);
}

/* "none" leaves zeros. */
static bool take_root(const char **text, uint8_t *root)
{
	char word[80];

	memset(root, 0, ANCHOR_SIZE);
	return take_line(text, "root", word, sizeof(word)) &&
	       (!strcmp(word, "none") || parse_sha256(word, root));
}

int anchor_state(struct anchor_state *state)
{
	char all[4096], mode[16];
	const char *text = all;
	long len = file_get(NULL, ANCHOR_DIR "/anchor", all, sizeof(all));

	if (len < 0)
		return len;
	if (!take_number(&text, "seq", &state->seq) ||
	    !take_number(&text, "n", &state->n) ||
	    !take_root(&text, state->root) ||
	    !take_pcr(&text, "pcr_boot", &state->pcr_boot,
		      &state->foreign_boot) ||
	    !take_pcr(&text, "pcr_anchor", &state->pcr_anchor,
		      &state->foreign_anchor) ||
	    !take_line(&text, "tpm", state->tpm, sizeof(state->tpm)) ||
	    !take_number(&text, "failures", &state->failures) ||
	    !take_line(&text, "mode", mode, sizeof(mode)) || *text ||
	    strcmp(mode, "merkle"))
		return -EBADMSG;
	return 0;
}

long anchor_last(void)
{
	struct anchor_state state;
	int ret = anchor_state(&state);

	return ret ? ret : state.seq;
}

static int parse_proof(const char *text, struct anchor_proof *proof)
{
	static const uint8_t none[ANCHOR_SIZE];
	char salt[80], acc[80], node[80];

	memset(proof, 0, sizeof(*proof));
	if (!*text)
		return -ENODATA;
	if (!take_number(&text, "id", &proof->id) ||
	    !take_number(&text, "seq", &proof->seq) ||
	    !take_line(&text, "salt", salt, sizeof(salt)) ||
	    !parse_hex(salt, proof->salt, ANCHOR_SIZE) ||
	    !take_line(&text, "acc", acc, sizeof(acc)) ||
	    !parse_sha256(acc, proof->acc) ||
	    !take_number(&text, "anchor", &proof->anchor) ||
	    !take_root(&text, proof->root) ||
	    !take_number(&text, "n", &proof->n) ||
	    !take_number(&text, "slot", &proof->slot))
		return -EBADMSG;
	while (*text) {
		if (proof->path_len == 64 ||
		    !take_line(&text, "path", node, sizeof(node)) ||
		    !parse_hex(node, proof->path[proof->path_len++],
			       ANCHOR_SIZE))
			return -EBADMSG;
	}
	return memcmp(proof->root, none, ANCHOR_SIZE) ? 0 : -ENODATA;
}

int anchor_proof_of(long id, struct anchor_proof *proof)
{
	char path[128], text[8192];
	long len;

	snprintf(path, sizeof(path), ANCHOR_DIR "/proof/%ld", id);
	len = file_get(NULL, path, text, sizeof(text));
	return len < 0 ? len : parse_proof(text, proof);
}

int anchor_proof_inside(struct agent *agent, struct anchor_proof *proof)
{
	char text[8192];
	long len = ima_get(agent, "anchor", text, sizeof(text));

	return len < 0 ? len : parse_proof(text, proof);
}

/* The tree. */

void anchor_leaf(long id, long seq, const uint8_t *salt, const uint8_t *acc,
		 uint8_t *leaf)
{
	uint8_t head[17] = { 0 };
	struct piece pieces[] = {
		{ head, sizeof(head) },
		{ salt, ANCHOR_SIZE },
		{ acc, ANCHOR_SIZE },
	};
	int i;

	for (i = 0; i < 8; i++) {
		head[1 + i] = (uint64_t)id >> 8 * i;
		head[9 + i] = (uint64_t)seq >> 8 * i;
	}
	digest_pieces("sha256", pieces, 3, leaf);
}

void anchor_proof_leaf(const struct anchor_proof *proof, uint8_t *leaf)
{
	anchor_leaf(proof->id, proof->seq, proof->salt, proof->acc, leaf);
}

void anchor_free_leaf(uint8_t *leaf)
{
	digest_bytes("sha256", "\2", 1, leaf);
}

static void inner(const uint8_t *left, const uint8_t *right, uint8_t *node)
{
	struct piece pieces[] = {
		{ "\1", 1 },
		{ left, ANCHOR_SIZE },
		{ right, ANCHOR_SIZE },
	};

	digest_pieces("sha256", pieces, 3, node);
}

void anchor_root(const uint8_t (*leaves)[ANCHOR_SIZE], size_t n, uint8_t *root)
{
	uint8_t left[ANCHOR_SIZE], right[ANCHOR_SIZE];
	size_t k = 1;

	if (!n) {
		digest_bytes("sha256", "", 0, root);
		return;
	}
	if (n == 1) {
		memcpy(root, leaves[0], ANCHOR_SIZE);
		return;
	}
	/* The largest power of two that is smaller than n. */
	while (2 * k < n)
		k *= 2;
	anchor_root(leaves, k, left);
	anchor_root(leaves + k, n - k, right);
	inner(left, right, root);
}

bool anchor_path_root(const struct anchor_proof *proof, const uint8_t *leaf,
		      uint8_t *root)
{
	unsigned long slot = proof->slot, last = proof->n - 1;
	size_t i;

	if (proof->slot >= proof->n)
		return false;
	memcpy(root, leaf, ANCHOR_SIZE);
	/* RFC 9162, 2.1.3.2. */
	for (i = 0; i < proof->path_len; i++) {
		if (!last)
			return false;
		if (slot & 1 || slot == last) {
			inner(proof->path[i], root, root);
			while (!(slot & 1) && slot) {
				slot >>= 1;
				last >>= 1;
			}
		} else {
			inner(root, proof->path[i], root);
		}
		slot >>= 1;
		last >>= 1;
	}
	return !last;
}

/* Init's list. */

static bool __attribute__((format(printf, 2, 3)))
wrong(struct anchor_log *log, const char *format, ...)
{
	va_list args;

	if (!*log->wrong) {
		va_start(args, format);
		vsnprintf(log->wrong, sizeof(log->wrong), format, args);
		va_end(args);
	}
	return false;
}

static bool text_number(const char *text, const char *key, long *value)
{
	char word[32];

	return record_value(text, key, word, sizeof(word)) &&
	       parse_number(word, value);
}

static bool text_hex(const char *text, const char *key, uint8_t *value)
{
	char word[80];

	return record_value(text, key, word, sizeof(word)) &&
	       parse_hex(word, value, ANCHOR_SIZE);
}

static bool keys_are(const char *text, const char *keys)
{
	char have[512];

	record_keys(text, have, sizeof(have));
	return !strcmp(have, keys);
}

/* Is each "algo:hex" what the list led to before @at? */
static bool starts_are_right(struct anchor_log *log, const char *key,
			     uint32_t pcr, size_t at)
{
	struct list before = log->list;
	char starts[1024], *start, *save;
	uint8_t value[DIGEST_MAX];
	char hex[2 * DIGEST_MAX + 1];

	before.count = at;
	if (!record_value(log->text, key, starts, sizeof(starts)))
		return wrong(log, "no %s", key);
	/* No bank, no value. */
	if (tpm_missing() && !strcmp(starts, "none"))
		return true;
	for (start = strtok_r(starts, ",", &save); start;
	     start = strtok_r(NULL, ",", &save)) {
		char *colon = strchr(start, ':');

		if (!colon)
			return wrong(log, "%s: %s", key, start);
		*colon = 0;
		if (!digest_size(start))
			return wrong(log, "%s: %s", key, start);
		/* The firmware has extended these as well. */
		if (pcr < DEFAULT_PCR)
			continue;
		digest_hex(value, list_replay(&before, pcr, start, value), hex);
		if (strcmp(hex, colon + 1))
			return wrong(log,
				     "%s of %s is not what the list led to",
				     key, start);
	}
	return true;
}

/* A record that is there three times; its places are in @at. */
static bool find_triple(struct anchor_log *log, const char *name, size_t from,
			size_t *at, char *text, size_t size)
{
	char other[2048];
	size_t i, found = 0;

	memset(at, 0, 3 * sizeof(*at));
	for (i = from; i < log->list.count; i++) {
		const struct entry *entry = &log->list.entries[i];

		if (strcmp(entry->name, name))
			continue;
		if (!record_text(entry, other, sizeof(other)))
			return wrong(log, "entry %zu: no text", i);
		if (found % 3 == 0)
			snprintf(text, size, "%s", other);
		else if (strcmp(text, other))
			return wrong(log, "entry %zu: not as the %s before", i,
				     name);
		at[found++ % 3] = i;
	}
	if (found % 3)
		return wrong(log, "%s is there %zu times", name, found);
	return true;
}

/* Sorts places of a triple: pcr_boot, pcr_anchor, default PCR. */
static bool sort_triple(struct anchor_log *log, const char *name, size_t *at)
{
	size_t sorted[3] = { 0 };
	int i;

	for (i = 0; i < 3; i++) {
		uint32_t pcr = log->list.entries[at[i]].pcr;

		if (pcr == log->pcr_boot)
			sorted[0] = at[i];
		else if (pcr == log->pcr_anchor)
			sorted[1] = at[i];
		else if (pcr == DEFAULT_PCR)
			sorted[2] = at[i];
	}
	memcpy(at, sorted, sizeof(sorted));
	return (at[0] && at[1] && at[2]) ||
	       wrong(log, "%s is not in the three PCRs", name);
}

static bool find_register(struct anchor_log *log)
{
	long boot, anchor;

	if (!find_triple(log, "ima_ns_register", 0, log->at, log->text,
			 sizeof(log->text)) ||
	    !log->at[0])
		return false;
	if (!keys_are(log->text, REGISTER_KEYS))
		return wrong(log, "keys of the register record");
	if (!text_number(log->text, "pcr_boot", &boot) ||
	    !text_number(log->text, "pcr_anchor", &anchor) ||
	    !text_number(log->text, "alive", &log->alive) ||
	    !text_number(log->text, "chain", &log->chain) || !log->chain)
		return wrong(log, "numbers of the register record");
	log->pcr_boot = boot;
	log->pcr_anchor = anchor;
	return sort_triple(log, "ima_ns_register", log->at) &&
	       starts_are_right(log, "start_boot", boot, log->at[0]) &&
	       starts_are_right(log, "start_anchor", anchor, log->at[1]);
}

/**
 * struct walk - where the judgement is
 * @token: the last one that was seen
 * @used: anchors of this chain so far
 */
struct walk {
	uint8_t token[ANCHOR_SIZE];
	long used;
};

static bool take_token(struct anchor_log *log, struct walk *walk,
		       const char *text, size_t at)
{
	uint8_t token[ANCHOR_SIZE], digest[DIGEST_MAX];

	if (!text_hex(text, "token", token))
		return wrong(log, "entry %zu: token", at);
	digest_bytes("sha256", token, sizeof(token), digest);
	if (memcmp(digest, walk->token, ANCHOR_SIZE))
		return wrong(log, "entry %zu: token is not the one before that",
			     at);
	memcpy(walk->token, token, ANCHOR_SIZE);
	return true;
}

static bool take_mark(struct anchor_log *log, struct walk *walk,
		      const char *text, size_t at)
{
	static const char *const reasons[] = {
		"interval", "events", "death",	    "read",
		"reboot",   "kexec",  "unregister",
	};
	char keys[128], root[80];
	struct anchor_mark *mark;
	size_t i;

	log->marks = realloc(log->marks, (log->count + 1) * sizeof(*mark));
	if (!log->marks)
		abort();
	mark = &log->marks[log->count++];
	memset(mark, 0, sizeof(*mark));
	mark->at = at;
	if (!text_number(text, "seq", &mark->seq) ||
	    mark->seq != (long)log->count)
		return wrong(log, "entry %zu: not anchor %zu", at, log->count);
	if (!text_number(text, "n", &mark->n) ||
	    !record_value(text, "root", root, sizeof(root)) ||
	    !parse_sha256(root, mark->root))
		return wrong(log, "anchor %ld: n or root", mark->seq);
	if (!record_value(text, "reason", mark->reason, sizeof(mark->reason)))
		return wrong(log, "anchor %ld: no reason", mark->seq);
	for (i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (!strcmp(reasons[i], mark->reason))
			break;
	if (i == sizeof(reasons) / sizeof(reasons[0]))
		return wrong(log, "anchor %ld: reason %s", mark->seq,
			     mark->reason);
	if (!take_token(log, walk, text, at))
		return false;
	memcpy(mark->token, walk->token, ANCHOR_SIZE);
	mark->has_next = ++walk->used == log->chain;
	mark->has_leaf = !strcmp(mark->reason, "death");
	snprintf(keys, sizeof(keys), MARK_KEYS "%s%s",
		 mark->has_next ? "next " : "",
		 mark->has_leaf ? "id leaf " : "");
	if (!keys_are(text, keys))
		return wrong(log, "anchor %ld: keys not %s", mark->seq, keys);
	if (mark->has_next) {
		walk->used = 0;
		if (!text_hex(text, "next", walk->token))
			return wrong(log, "anchor %ld: next", mark->seq);
	}
	if (mark->has_leaf && (!text_number(text, "id", &mark->id) ||
			       !text_hex(text, "leaf", mark->leaf)))
		return wrong(log, "anchor %ld: id or leaf", mark->seq);
	return true;
}

static bool take_boot(struct anchor_log *log, const char *text, size_t at)
{
	bool late = keys_are(text, BOOT_KEYS "late ");
	char value[32];

	if (!late && !keys_are(text, BOOT_KEYS))
		return wrong(log, "entry %zu: keys of a boot record", at);
	if (!record_value(text, "kind", value, sizeof(value)) ||
	    strcmp(value, "user"))
		return wrong(log, "entry %zu: kind", at);
	if (late && (!record_value(text, "late", value, sizeof(value)) ||
		     strcmp(value, "1")))
		return wrong(log, "entry %zu: late", at);
	if (late && log->boot_count > log->late_count)
		return wrong(log, "entry %zu: late after others", at);
	log->boots = realloc(log->boots,
			     (log->boot_count + 1) * sizeof(*log->boots));
	if (!log->boots)
		abort();
	log->boots[log->boot_count++] = at;
	log->late_count += late;
	return true;
}

static bool is_one_of(size_t at, const size_t *places)
{
	return at == places[0] || at == places[1] || at == places[2];
}

static bool take_entry(struct anchor_log *log, struct walk *walk, size_t at)
{
	const struct entry *entry = &log->list.entries[at];
	char text[2048];

	if (is_one_of(at, log->at) || (log->end[0] && is_one_of(at, log->end)))
		return true;
	if (entry->pcr != log->pcr_boot && entry->pcr != log->pcr_anchor)
		return !(!strcmp(entry->name, "ima_ns_boot") ||
			 !strcmp(entry->name, "ima_ns_anchor")) ||
		       wrong(log, "entry %zu: %s in PCR %u", at, entry->name,
			     entry->pcr);
	if (!record_text(entry, text, sizeof(text)))
		return wrong(log, "entry %zu: %s in PCR %u", at, entry->name,
			     entry->pcr);
	if (log->end[0] && at > log->end[entry->pcr == log->pcr_anchor])
		return wrong(log, "entry %zu: after the end", at);
	if (at < log->at[entry->pcr == log->pcr_anchor])
		return wrong(log, "entry %zu: before the beginning", at);
	if (entry->pcr == log->pcr_boot && !strcmp(entry->name, "ima_ns_boot"))
		return take_boot(log, text, at);
	if (entry->pcr == log->pcr_anchor &&
	    !strcmp(entry->name, "ima_ns_anchor"))
		return take_mark(log, walk, text, at);
	return wrong(log, "entry %zu: %s in PCR %u", at, entry->name,
		     entry->pcr);
}

static bool find_unregister(struct anchor_log *log, size_t from, char *text,
			    size_t size)
{
	long boot, anchor;

	if (!find_triple(log, "ima_ns_unregister", from, log->end, text, size))
		return false;
	if (!log->end[0])
		return true;
	if (!keys_are(text, REGISTER_KEYS))
		return wrong(log, "keys of the unregister record");
	if (!text_number(text, "pcr_boot", &boot) ||
	    !text_number(text, "pcr_anchor", &anchor) ||
	    boot != log->pcr_boot || anchor != log->pcr_anchor)
		return wrong(log, "numbers of the unregister record");
	return sort_triple(log, "ima_ns_unregister", log->end);
}

static bool judge(struct anchor_log *log)
{
	struct walk walk = { 0 };
	char end[2048] = "";
	size_t i, from;

	if (!find_register(log))
		return false;
	if (!text_hex(log->text, "token", walk.token))
		return wrong(log, "token of the register record");
	from = log->at[0] < log->at[1] ? log->at[0] : log->at[1];
	if (log->at[2] < from)
		from = log->at[2];
	if (!find_unregister(log, from, end, sizeof(end)))
		return false;
	for (i = from; i < log->list.count; i++)
		if (!take_entry(log, &walk, i))
			return false;
	if (log->end[0] && !take_token(log, &walk, end, log->end[1]))
		return false;
	if (log->late_count != (size_t)log->alive)
		return wrong(log, "%zu late boot records, alive=%ld",
			     log->late_count, log->alive);
	return true;
}

int anchor_log_read(struct anchor_log *log)
{
	int ret;

	memset(log, 0, sizeof(*log));
	ret = list_read(NULL, &log->list);
	if (ret)
		return ret;
	if (!list_find(&log->list, 0, "ima_ns_register"))
		return -ENOMSG;
	judge(log);
	return 0;
}

void anchor_log_free(struct anchor_log *log)
{
	list_free(&log->list);
	free(log->boots);
	free(log->marks);
	memset(log, 0, sizeof(*log));
}

const struct anchor_mark *anchor_log_mark(const struct anchor_log *log,
					  long seq)
{
	return seq > 0 && (size_t)seq <= log->count ? &log->marks[seq - 1] :
						      NULL;
}

size_t anchor_log_boot(const struct anchor_log *log, long id, long *count)
{
	char text[2048];
	size_t i, at = 0;
	long own;

	*count = 0;
	for (i = 0; i < log->boot_count; i++) {
		if (!record_text(&log->list.entries[log->boots[i]], text,
				 sizeof(text)) ||
		    !text_number(text, "id", &own) || own != id)
			continue;
		at = log->boots[i];
		++*count;
	}
	return at;
}

const struct anchor_mark *anchor_log_removal(const struct anchor_log *log,
					     long id)
{
	size_t i;

	for (i = 0; i < log->count; i++)
		if (log->marks[i].has_leaf && log->marks[i].id == id)
			return &log->marks[i];
	return NULL;
}

size_t anchor_log_death(const struct anchor_log *log, long id)
{
	struct entry *entry = NULL;
	char text[4096], value[32];

	while ((entry = list_find(&log->list,
				  entry ? entry - log->list.entries + 1 : 0,
				  "ima_ns_death")))
		if (record_text(entry, text, sizeof(text)) &&
		    record_value(text, "id", value, sizeof(value)) &&
		    atol(value) == id)
			return entry - log->list.entries;
	return 0;
}

/* One more entry in the accumulator. */
static void accumulate(uint8_t *acc, const struct entry *entry)
{
	uint8_t le[4] = { entry->pcr, entry->pcr >> 8, entry->pcr >> 16,
			  entry->pcr >> 24 };
	uint8_t digest[DIGEST_MAX];
	struct piece pieces[] = {
		{ acc, ANCHOR_SIZE },
		{ le, sizeof(le) },
		{ digest, ANCHOR_SIZE },
	};

	entry_digest(entry, "sha256", digest);
	digest_pieces("sha256", pieces, 3, acc);
}

long anchor_mark_covers(const struct anchor_mark *mark, const struct list *list,
			const struct anchor_proof *proof)
{
	uint8_t acc[ANCHOR_SIZE] = { 0 }, leaf[ANCHOR_SIZE];
	size_t seq;

	for (seq = 0;; seq++) {
		anchor_leaf(proof->id, seq, proof->salt, acc, leaf);
		if (!memcmp(leaf, mark->root, ANCHOR_SIZE))
			return seq;
		if (seq == list->count)
			return -1;
		accumulate(acc, &list->entries[seq]);
	}
}

const char *anchor_proof_wrong(const struct anchor_proof *proof,
			       const struct list *list,
			       const struct anchor_log *log)
{
	const struct anchor_mark *mark = anchor_log_mark(log, proof->anchor);
	uint8_t acc[ANCHOR_SIZE], leaf[ANCHOR_SIZE], root[ANCHOR_SIZE];
	struct list covered = *list;

	if (*log->wrong)
		return log->wrong;
	if (!mark)
		return "no such anchor in init's list";
	if ((size_t)proof->seq > list->count)
		return "more entries than the list has";
	covered.count = proof->seq;
	list_accumulate(&covered, acc);
	if (memcmp(acc, proof->acc, ANCHOR_SIZE))
		return "acc is not that of the list";
	anchor_leaf(proof->id, proof->seq, proof->salt, acc, leaf);
	if (!anchor_path_root(proof, leaf, root))
		return "the path has not the length for its slot";
	if (memcmp(root, mark->root, ANCHOR_SIZE))
		return "the path does not lead to the root of the anchor record";
	if (memcmp(root, proof->root, ANCHOR_SIZE))
		return "the root is not that of the anchor record";
	if (proof->n != mark->n)
		return "n is not that of the anchor record";
	return NULL;
}

const char *anchor_wrong(struct agent *agent, long id)
{
	static char why[300];
	struct anchor_log log = {};
	struct anchor_proof proof;
	struct list list = {};
	const char *found;
	int ret = anchor_proof_of(id, &proof);

	if (!ret && proof.id != id)
		ret = -ESRCH;
	if (!ret)
		ret = list_read(agent, &list);
	if (!ret)
		ret = anchor_log_read(&log);
	if (ret)
		found = strerror(-ret);
	else
		found = anchor_proof_wrong(&proof, &list, &log);
	if (found)
		snprintf(why, sizeof(why), "%s", found);
	list_free(&list);
	anchor_log_free(&log);
	return found ? why : NULL;
}

long anchor_wait(long id, long seq, long ms)
{
	struct patience left = patience(ms);
	long begin = now_ms();
	struct anchor_proof proof;
	int ret;

	do {
		ret = anchor_proof_of(id, &proof);
		if (!ret && proof.seq >= seq)
			return now_ms() - begin;
		/* It may not have been taken in yet. */
	} while ((!ret || ret == -ENODATA || ret == -ENOENT) &&
		 patience_lasts(&left));
	return ret ? ret : -ETIMEDOUT;
}

static bool bank_replays(const char *bank, int pcr)
{
	uint8_t before[DIGEST_MAX], after[DIGEST_MAX], replay[DIGEST_MAX];
	struct list list;
	int tries;
	bool same = false;

	/* Until nothing was extended while the list was read. */
	for (tries = 0; tries < 20; tries++) {
		long len = tpm_pcr(bank, pcr, before);

		if (len <= 0 || list_read(NULL, &list))
			return false;
		list_replay(&list, pcr, bank, replay);
		list_free(&list);
		same = !memcmp(before, replay, len);
		if (same || tpm_pcr(bank, pcr, after) != len ||
		    !memcmp(before, after, len))
			break;
	}
	return same;
}

bool anchor_pcr_replays(int pcr)
{
	char banks[TPM_BANKS][16];
	size_t count = tpm_banks(banks), i;

	for (i = 0; i < count; i++)
		if (!bank_replays(banks[i], pcr))
			return false;
	return count;
}
