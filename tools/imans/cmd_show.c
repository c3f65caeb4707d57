// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * imans show: the state of a namespace.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "json.h"
#include "nsview.h"
#include "securityfs.h"

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
	NULL,
};

/* Files of a child's securityfs, in the order they are shown. */
static const char *const own_files[] = {
	"id", "active", "hash", "template_name", "label",
	"runtime_measurements_count", "violations",
};

static void put(json_t *o, const char *key, const char *value)
{
	char *safe = escape_text((const uint8_t *)value, strlen(value));

	if (o)
		json_put(o, key, json_string(safe));
	else
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

static int show_child(const char *dir, const char *id, uint64_t number,
		      json_t *o)
{
	enum nsview_result rc;
	struct nsview v;
	char *path;
	size_t i;

	rc = nsview_read(dir, number, &v);
	if (rc == NSVIEW_GONE) {
		path = securityfs_ns_file(dir, id, "status");
		errno = ENOENT;
		securityfs_explain(dir, path);
		free(path);
	}
	if (rc != NSVIEW_OK)
		return IMANS_ERROR;
	for (i = 0; i < v.n; i++)
		put(o, v.line[i].key, v.line[i].value);
	nsview_free(&v);
	return IMANS_OK;
}

static int run(struct cmdline *c)
{
	const char *dir = SECURITYFS_DIR;
	bool json = false;
	char *ima;
	json_t *o;
	uint64_t id;
	int opt, rc;

	while ((opt = cmdline_next(c)) >= 0) {
		if (opt == OPT_JSON)
			json = true;
		else
			dir = c->value;
	}
	if (opt != CMDLINE_END)
		return cmdline_exit(c, opt);
	if (c->argc > 1 || (c->argc && !parse_uint(c->argv[0], UINT64_MAX, &id)))
		return usage_error(c, "one numeric ID at most");
	ima = xasprintf("%s/integrity/ima", dir);
	if (!securityfs_is_mounted(dir)) {
		errno = ENOENT;
		securityfs_explain(dir, ima);
		free(ima);
		return IMANS_ERROR;
	}
	free(ima);
	o = json ? json_check(json_object()) : NULL;
	rc = c->argc ? show_child(dir, c->argv[0], id, o) : show_own(dir, o);
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
