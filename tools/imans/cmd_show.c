// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * imans show: the state of a namespace.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "json.h"
#include "replay.h"
#include "securityfs.h"
#include "view.h"

enum { OPT_JSON, OPT_SECURITYFS };

static const struct option_spec options[] = {
	[OPT_JSON] = { "json", NULL, false, "Print a JSON object." },
	[OPT_SECURITYFS] = { "securityfs", "DIR", false,
		"Where securityfs is mounted. Default: " SECURITYFS_DIR "." },
	{ NULL, NULL, false, NULL },
};

static const char *const text[] = {
	"Without ID the namespace securityfs belongs to, i.e. one's own; with ID that of a child, as the initial namespace sees it.",
	"Lines are \"key: value\". Before activation most files cannot be read, their lines are left out. vpcr lines are what the list leads to: PCR, bank and value.",
	"Of a child the lines are those of its status file. The replayed lines behind them are what its list leads to, in the form of vpcr lines. They differ from the child's own vpcr, and from acc, if entries were lost, and for the moment until an entry is listed.",
	NULL,
};

/* Files of a child's securityfs, in the order they are shown. */
static const char *const own_files[] = {
	"id", "active", "hash", "template_name", "label", "ca",
	"runtime_measurements_count", "violations",
};

static void put(json_t *o, const char *key, const char *value)
{
	char *safe;

	if (o) {
		json_put_text(o, key, value);
		return;
	}
	safe = escape_string(value);
	printf("%s: %s\n", key, safe);
	free(safe);
}

static bool put_own_vpcr(const char *path, json_t *o)
{
	json_t *array = o ? json_check(json_array()) : NULL;
	struct buf b = { 0 };
	char *line, *save;

	if (read_file(path, &b)) {
		json_decref(array);
		buf_free(&b);
		return false;
	}
	for (line = strtok_r((char *)b.data, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		if (o)
			json_push(array, json_string(line));
		else
			printf("vpcr: %s\n", line);
	}
	if (o)
		json_put(o, "vpcr", array);
	buf_free(&b);
	return true;
}

/* EACCES is what a file says that comes with activation, ENOENT init's. */
static bool not_there_yet(int reason)
{
	return reason == EACCES || reason == ENOENT;
}

static int show_own(const char *dir, json_t *o)
{
	bool child = securityfs_is_child(dir), any = !child;
	char *path;
	size_t i;

	if (!child)
		put(o, "namespace", "initial");
	for (i = 0; i < ARRAY_SIZE(own_files); i++) {
		char *value;

		path = xasprintf("%s/integrity/ima/%s", dir, own_files[i]);
		value = read_line_file(path);
		if (value) {
			put(o, own_files[i], value);
			any = true;
		} else if (!not_there_yet(errno)) {
			msg_errno("%s", path);
			free(path);
			return IMANS_ERROR;
		}
		free(value);
		free(path);
	}
	path = xasprintf("%s/integrity/ima/vpcr", dir);
	if (!put_own_vpcr(path, o) && !not_there_yet(errno)) {
		msg_errno("%s", path);
		free(path);
		return IMANS_ERROR;
	}
	free(path);
	if (any)
		return IMANS_OK;
	msg("none of the files of %s/integrity/ima can be read: they belong to another user namespace",
	    dir);
	return IMANS_ERROR;
}

static void put_replayed(json_t *array, const char *what, const char *bank,
			 const uint8_t *value, size_t size, const char *behind)
{
	char hex[2 * HASH_MAX_SIZE + 1];
	char *line;

	hex_encode(value, size, hex);
	line = xasprintf("%s %s:%s%s", what, bank, hex, behind);
	if (array)
		json_push(array, json_string(line));
	else
		printf("replayed: %s\n", line);
	free(line);
}

static void put_replay(const struct replay *replay, json_t *array)
{
	char part[32];
	size_t i;

	for (i = 0; i < replay->nslots; i++) {
		const struct replay_slot *s = &replay->slot[i];

		if (!s->entries)
			continue;
		snprintf(part, sizeof(part), "%u", s->want->pcr);
		put_replayed(array, part, s->want->bank->name, s->own,
			     s->want->bank->size, "");
	}
	snprintf(part, sizeof(part), " %llu",
		 (unsigned long long)replay->entries);
	put_replayed(array, "acc", "sha256", replay->acc, sizeof(replay->acc),
		     part);
}

/* SHA-1 and SHA-256 of each PCR, as every vpcr has them. */
static bool replay_list(const struct buf *list, json_t *array)
{
	static const char *const banks[] = { "sha1", "sha256" };
	static const uint8_t zeros[HASH_MAX_SIZE];
	struct pcr_set set = { 0 };
	struct replay replay;
	struct list_reader r;
	enum list_status st;
	struct list_entry e;
	uint32_t i;

	for (i = 0; i < 2 * PCR_COUNT; i++)
		pcr_set_add(&set, i / 2, hash_by_name(banks[i % 2]), zeros,
			    "replayed");
	replay_begin(&replay, &set, 0);
	list_begin(&r, list->data, list->len);
	while ((st = list_next(&r, &e)) == LIST_ENTRY)
		replay_entry(&replay, &e);
	if (st == LIST_END)
		put_replay(&replay, array);
	else
		msg("%s list: %s", st == LIST_SHORT ? "truncated" : "malformed",
		    r.error);
	replay_free(&replay);
	pcr_set_free(&set);
	return st == LIST_END;
}

static void put_status(const struct view_status *st, json_t *o)
{
	size_t i;

	if (o)
		view_put_json(st, o);
	else
		for (i = 0; i < st->n; i++)
			put(NULL, st->line[i].key, st->line[i].value);
}

/* The list is opened before anything is printed: afterwards it stays. */
static int show_child(const char *dir, uint64_t id, json_t *o)
{
	struct view_status st = { 0 };
	struct buf list = { 0 };
	json_t *array = NULL;
	enum view_result res;
	int rc = IMANS_ERROR, fd = -1;

	res = view_open(dir, id, SECURITYFS_LIST, &fd);
	if (res == VIEW_OK)
		res = view_read_status(dir, id, &st);
	if (res == VIEW_GONE)
		view_explain_gone(dir, id);
	if (res != VIEW_OK)
		goto out_close;
	put_status(&st, o);
	if (o) {
		array = json_check(json_array());
		json_put(o, "replayed", array);
	}
	if (read_fd(fd, &list))
		msg_errno(SECURITYFS_LIST " of namespace %llu",
			  (unsigned long long)id);
	else if (replay_list(&list, array))
		rc = IMANS_OK;
	view_free_status(&st);
	buf_free(&list);
out_close:
	if (fd >= 0)
		close(fd);
	return rc;
}

/* Of one's own namespace any file may be missing, but not all of them. */
static bool has_securityfs(const char *dir)
{
	char *ima;

	if (securityfs_is_mounted(dir))
		return true;
	ima = xasprintf("%s/integrity/ima", dir);
	errno = ENOENT;
	securityfs_explain(dir, ima);
	free(ima);
	return false;
}

static int run(struct cmdline *c)
{
	const char *dir = SECURITYFS_DIR;
	bool json = false;
	uint64_t id = 0;
	json_t *o;
	int opt, rc;

	while ((opt = cmdline_next(c)) >= 0) {
		if (opt == OPT_JSON)
			json = true;
		else
			dir = c->value;
	}
	if (opt != CMDLINE_END)
		return cmdline_exit(c, opt);
	if (c->argc > 1 ||
	    (c->argc && (!parse_uint(c->argv[0], UINT64_MAX, &id) || !id)))
		return usage_error(c, "one numeric ID at most, not 0");
	if (!c->argc && !has_securityfs(dir))
		return IMANS_ERROR;
	o = json ? json_check(json_object()) : NULL;
	rc = c->argc ? show_child(dir, id, o) : show_own(dir, o);
	if (o && rc == IMANS_OK)
		json_finish(o, JSON_INDENT(2));
	else
		json_decref(o);
	return rc;
}

const struct command command_show = {
	.name = "show",
	.args = "[ID] [OPTIONS]",
	.summary = "Show the state of an IMA namespace.",
	.text = text,
	.options = options,
	.run = run,
};
