// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include "anchor_record.h"
#include "keys.h"
#include "merkle.h"
#include "util.h"

/* Anybody may reset these at run time. */
#define IS_RESETTABLE(pcr) ((pcr) == 16 || (pcr) == 23)

#define REGISTER_KEYS "boot_id", "pcr_boot", "pcr_anchor", "start_boot", \
	"start_anchor", "alive", "chain", "token"
#define BOOT_KEYS "id", "uuid", "parent", "userns", "owner", "label", "by", \
	"hash", "template", "policy", "ca", "tpm", "exe", "kind"
#define MARK_KEYS "seq", "n", "root", "reason", "token"

/* One line for each set of keys a record may have. */
static const struct {
	enum anchor_kind kind;
	const char *name;
	const char *keys[KEYS_MAX + 1];
} kinds[] = {
	{ ANCHOR_REGISTER, "ima_ns_register", { REGISTER_KEYS } },
	{ ANCHOR_UNREGISTER, "ima_ns_unregister", { REGISTER_KEYS } },
	{ ANCHOR_BOOT, "ima_ns_boot", { BOOT_KEYS } },
	{ ANCHOR_BOOT, "ima_ns_boot", { BOOT_KEYS, "late" } },
	{ ANCHOR_ANCHOR, "ima_ns_anchor", { MARK_KEYS } },
	{ ANCHOR_ANCHOR, "ima_ns_anchor", { MARK_KEYS, "next" } },
	{ ANCHOR_ANCHOR, "ima_ns_anchor", { MARK_KEYS, "id", "leaf" } },
	{ ANCHOR_ANCHOR, "ima_ns_anchor", { MARK_KEYS, "next", "id", "leaf" } },
	{ ANCHOR_SHUTDOWN, "ima_ns_shutdown", { "reason", "seq" } },
};

static const char *const anchor_reasons[] = {
	"interval", "events", "death", "read", "reboot", "kexec", "unregister",
};

static const char *const shutdown_reasons[] = { "reboot", "kexec" };

static const char *find_word(const char *word, const char *const *words,
			     size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!strcmp(words[i], word))
			return words[i];
	return NULL;
}

/* 8-4-4-4-12 hex digits. */
static bool is_uuid(const char *s)
{
	size_t i;

	if (strlen(s) != 36)
		return false;
	for (i = 0; i < 36; i++)
		if (i == 8 || i == 13 || i == 18 || i == 23 ?
		    s[i] != '-' : !strchr("0123456789abcdefABCDEF", s[i]))
			return false;
	return true;
}

/* %XX decoded, then made safe; NULL if there is anything else behind a %. */
static char *decode_label(const char *s)
{
	uint8_t *raw = xmalloc(strlen(s));
	char *text = NULL;
	size_t n = 0;

	for (; *s; s++) {
		if (*s != '%') {
			raw[n++] = (uint8_t)*s;
			continue;
		}
		if (strlen(s) < 3 || hex_decode(s + 1, 2, &raw[n++], 1) != 1)
			goto out_free;
		s += 2;
	}
	text = escape_text(raw, n);
out_free:
	free(raw);
	return text;
}

/* "algo:hex,algo:hex": the next bank of @list, which moves on. */
static const struct hash_alg *take_bank(char **list, uint8_t *out)
{
	char *comma = strchr(*list, ',');
	const struct hash_alg *alg;
	const char *why;

	if (comma)
		*comma++ = '\0';
	alg = hash_parse_digest(*list, out, &why);
	*list = comma;
	return alg && alg->tpm_id ? alg : NULL;
}

/* The same banks in the same order in both, none of them twice. */
static bool take_starts(struct anchor_register *reg, char *boot, char *anchor)
{
	size_t i, n;

	/* Without a TPM there is nothing to start from. */
	if (!strcmp(boot, "none") && !strcmp(anchor, "none"))
		return true;

	for (n = 0; boot && anchor; n++) {
		struct anchor_start *s = &reg->start[n];

		if (n == ANCHOR_BANKS_MAX)
			return false;
		s->bank = take_bank(&boot, s->boot);
		if (!s->bank || take_bank(&anchor, s->anchor) != s->bank)
			return false;
		for (i = 0; i < n; i++)
			if (reg->start[i].bank == s->bank)
				return false;
	}
	reg->nbanks = n;
	return !boot && !anchor;
}

static bool is_allowed_pcr(uint64_t pcr)
{
	return pcr < PCR_COUNT && pcr != IMA_DEFAULT_PCR && !IS_RESETTABLE(pcr);
}

static const char *take_register(struct anchor_record *r, struct keys *k)
{
	struct anchor_register *reg = &r->reg;
	uint64_t boot, anchor;
	char *starts[2];
	bool good;

	if (!is_uuid(keys_value(k, "boot_id")))
		return "boot_id is no UUID";
	strcpy(reg->boot_id, keys_value(k, "boot_id"));
	if (!keys_number(k, "pcr_boot", &boot) || !is_allowed_pcr(boot) ||
	    !keys_number(k, "pcr_anchor", &anchor) || !is_allowed_pcr(anchor) ||
	    boot == anchor)
		return "pcr_boot or pcr_anchor is none that the kernel takes";
	reg->pcr_boot = (uint32_t)boot;
	reg->pcr_anchor = (uint32_t)anchor;
	starts[0] = xstrdup(keys_value(k, "start_boot"));
	starts[1] = xstrdup(keys_value(k, "start_anchor"));
	good = take_starts(reg, starts[0], starts[1]);
	free(starts[0]);
	free(starts[1]);
	if (!good)
		return "start_boot and start_anchor are not values of the same PCR banks";
	if (!keys_number(k, "alive", &reg->alive) ||
	    !keys_number(k, "chain", &reg->chain))
		return "alive or chain is no number";
	if (!reg->chain)
		return strcmp(keys_value(k, "token"), "none") ?
			       "chain=0 with a token" : NULL;
	return keys_hex32(k, "token", reg->token) ? NULL : "token is not 64 hex digits";
}

static const char *take_boot(struct anchor_record *r, struct keys *k)
{
	struct anchor_boot *b = &r->boot;

	if (!keys_number(k, "id", &b->id) || !b->id ||
	    !keys_number(k, "parent", &b->parent))
		return "id or parent is no number of a namespace";
	if (!is_uuid(keys_value(k, "uuid")))
		return "uuid is no UUID";
	if (strcmp(keys_value(k, "kind"), "user") &&
	    strcmp(keys_value(k, "kind"), "adopted"))
		return "unknown kind";
	b->late = keys_has(k, "late");
	if (b->late && strcmp(keys_value(k, "late"), "1"))
		return "late is not 1";
	b->label = decode_label(keys_value(k, "label"));
	if (!b->label)
		return "label is not percent-encoded";
	b->uuid = xstrdup(keys_value(k, "uuid"));
	/* Printable ASCII, but perhaps a backslash. */
	b->by = escape_string(keys_value(k, "by"));
	b->exe = escape_string(keys_value(k, "exe"));
	b->kind = xstrdup(keys_value(k, "kind"));
	return NULL;
}

static const char *take_mark(struct anchor_record *r, struct keys *k)
{
	struct anchor_mark *m = &r->mark;
	uint8_t empty[MERKLE_SIZE];

	if (!keys_number(k, "seq", &m->seq) || !m->seq ||
	    !keys_number(k, "n", &m->n))
		return "seq or n is no number";
	if (!keys_sha256(k, "root", m->root))
		return "root is no SHA-256";
	merkle_root(NULL, 0, empty);
	if (!m->n && memcmp(m->root, empty, sizeof(empty)))
		return "root is not that of a tree without slots";
	m->reason = find_word(keys_value(k, "reason"), anchor_reasons,
			      ARRAY_SIZE(anchor_reasons));
	if (!m->reason)
		return "unknown reason";
	if (!keys_hex32(k, "token", m->token))
		return "token is not 64 hex digits";
	m->has_next = keys_has(k, "next");
	if (m->has_next && !keys_hex32(k, "next", m->next))
		return "next is not 64 hex digits";
	m->has_leaf = keys_has(k, "leaf");
	if (m->has_leaf != !strcmp(m->reason, "death"))
		return m->has_leaf ? "id and leaf, but no death" :
				     "a death without id and leaf";
	if (m->has_leaf && (!keys_number(k, "id", &m->id) || !m->id ||
			    !keys_hex32(k, "leaf", m->leaf)))
		return "id is no number of a namespace, or leaf is not 64 hex digits";
	return NULL;
}

static const char *take_shutdown(struct anchor_record *r, struct keys *k)
{
	r->shutdown.reason = find_word(keys_value(k, "reason"),
				       shutdown_reasons,
				       ARRAY_SIZE(shutdown_reasons));
	if (!r->shutdown.reason)
		return "unknown reason";
	return keys_number(k, "seq", &r->shutdown.seq) ? NULL :
		"seq is no number";
}

static const char *take_values(struct anchor_record *r, struct keys *k)
{
	switch (r->kind) {
	case ANCHOR_REGISTER:
	case ANCHOR_UNREGISTER:
		return take_register(r, k);
	case ANCHOR_BOOT:
		return take_boot(r, k);
	case ANCHOR_ANCHOR:
		return take_mark(r, k);
	default:
		return take_shutdown(r, k);
	}
}

static const char *take_record(struct anchor_record *r, const uint8_t *buf,
			       size_t len)
{
	const char *why;
	struct keys k;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (strcmp(kinds[i].name, r->name) ||
		    !keys_split(&k, buf, len, kinds[i].keys))
			continue;
		why = take_values(r, &k);
		keys_free(&k);
		return why;
	}
	return "not the keys of such a record, or not in their order";
}

enum anchor_kind anchor_record_parse(const struct list_entry *e,
				     struct anchor_record *r, const char **why)
{
	const uint8_t *name, *buf;
	size_t name_len, len, i;

	memset(r, 0, sizeof(*r));
	/* Nothing vouches for the data of a violation. */
	if (e->violation || e->tmpl.name_len != 7 ||
	    memcmp(e->tmpl.name, "ima-buf", 7))
		return ANCHOR_NONE;
	name = list_entry_name(e, &name_len);
	buf = list_entry_buffer(e, &len);
	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (strlen(kinds[i].name) == name_len &&
		    !memcmp(kinds[i].name, name, name_len))
			break;
	/* A keyring may be named like a record, but no key is text. */
	if (i == ARRAY_SIZE(kinds) || !buf || !all_printable(buf, len))
		return ANCHOR_NONE;
	r->name = kinds[i].name;
	r->kind = kinds[i].kind;
	*why = take_record(r, buf, len);
	return *why ? ANCHOR_BAD : r->kind;
}

void anchor_boot_free(struct anchor_boot *b)
{
	free(b->uuid);
	free(b->label);
	free(b->by);
	free(b->exe);
	free(b->kind);
	memset(b, 0, sizeof(*b));
}

void anchor_record_free(struct anchor_record *r)
{
	anchor_boot_free(&r->boot);
}
