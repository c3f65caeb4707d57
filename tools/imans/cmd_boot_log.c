// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * imans boot-log: which namespaces were started, from the host's list.
 */
#include <stdlib.h>

#include "command.h"
#include "json.h"
#include "securityfs.h"
#include "verify_anchor.h"

enum { OPT_JSON, OPT_SECURITYFS };

static const struct option_spec options[] = {
	[OPT_JSON] = { "json", NULL, false, "Print a JSON array." },
	[OPT_SECURITYFS] = { "securityfs", "DIR", false,
		"Where the host's securityfs is mounted. Default: " SECURITYFS_DIR "." },
	{ NULL, NULL, false, NULL },
};

static const char *const text[] = {
	"Prints the boot records (ima_ns_boot) of LIST, a binary list of the initial namespace; without operand of the host's own. Records with late are of namespaces that were there before the module was.",
	"The records are read as strictly as by verify --boot, but not compared with a PCR. If something is wrong with them the exit status is 1.",
	NULL,
};

static void print_boots(const struct anchor *a, bool json)
{
	json_t *array = json ? json_check(json_array()) : NULL;
	size_t i;

	for (i = 0; i < a->nboots; i++) {
		if (json)
			json_push(array, anchor_boot_json(&a->boot[i]));
		else
			anchor_boot_print(&a->boot[i]);
	}
	if (json)
		json_finish(array, JSON_INDENT(2));
}

static int print_list(const char *securityfs, const char *path, bool json)
{
	struct buf list = { 0 };
	struct anchor a = { 0 };
	int rc = IMANS_ERROR;
	size_t i;

	if (read_file(path, &list)) {
		securityfs_explain(securityfs, path);
		goto out_free;
	}
	if (!anchor_read(&a, &list))
		goto out_free;
	print_boots(&a, json);
	for (i = 0; i < a.problems.n; i++)
		msg("%s", a.problems.text[i]);
	rc = a.problems.n ? IMANS_FAILED : IMANS_OK;
out_free:
	anchor_free(&a);
	buf_free(&list);
	return rc;
}

static int run(struct cmdline *c)
{
	const char *securityfs = SECURITYFS_DIR;
	bool json = false;
	char *path;
	int o, rc;

	while ((o = cmdline_next(c)) >= 0) {
		if (o == OPT_JSON)
			json = true;
		else
			securityfs = c->value;
	}
	if (o != CMDLINE_END)
		return cmdline_exit(c, o);
	if (c->argc > 1)
		return usage_error(c, "one operand at most");
	path = c->argc ? xstrdup(c->argv[0]) : securityfs_list(securityfs);
	rc = print_list(securityfs, path, json);
	free(path);
	return rc;
}

const struct command command_boot_log = {
	.name = "boot-log",
	.args = "[LIST] [OPTIONS]",
	.summary = "Print which namespaces were started.",
	.text = text,
	.options = options,
	.run = run,
};
