// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * imans ls: the namespaces that the initial one sees.
 */
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "json.h"
#include "securityfs.h"
#include "view.h"

/* User namespaces nest 33 deep; a loop of parents must not become one here. */
#define MAX_DEPTH 64

/* Digits of the digest of a certificate, of which the others are in --json. */
#define CA_DIGITS 12
#define COLUMN_CA "CA"

enum { OPT_TREE, OPT_JSON, OPT_SECURITYFS };

static const struct option_spec options[] = {
	[OPT_TREE] = { "tree", NULL, false,
		"Show each namespace below its parent, indented." },
	[OPT_JSON] = { "json", NULL, false,
		"Print a JSON array with everything status says; with --tree each object has an array \"children\"." },
	[OPT_SECURITYFS] = { "securityfs", "DIR", false,
		"Where securityfs is mounted. Default: " SECURITYFS_DIR "." },
	{ NULL, NULL, false, NULL },
};

static const char *const text[] = {
	"The active namespaces of all levels in the order of their ids. It needs the securityfs of the initial user namespace, and root there.",
	"CA is the beginning of the SHA-256 of the certificate that its keys must be signed with, see --ca of imans run.",
	"The parent is the nearest namespace above that was active at the activation, 0 the initial one; the level is how many user namespaces are above. Namespaces that are not active yet, or have ended, are not there: imans log has their records.",
	NULL,
};

static const struct {
	const char *title;
	const char *key;
} columns[] = {
	{ "ID", "id" },
	{ "PARENT", "parent" },
	{ "LEVEL", "level" },
	{ "STATE", "state" },
	{ "ENTRIES", "entries" },
	{ "VIOLATIONS", "violations" },
	{ "TPM", "tpm" },
	{ COLUMN_CA, "ca" },
	{ "LABEL", "label" },
};

struct row {
	struct view_status st;
	int depth;
	bool placed;
};

/**
 * struct table - all rows, in ascending order of the ids
 * @order:	the rows as they are printed
 */
struct table {
	struct row *row;
	size_t n;
	struct row **order;
	size_t ordered;
};

static bool read_table(const char *dir, struct table *t)
{
	struct view_ids ids;
	bool good = true;
	size_t i;

	if (!view_read_ids(dir, &ids))
		return false;
	t->row = xcalloc(ids.n, sizeof(*t->row));
	t->order = xcalloc(ids.n, sizeof(*t->order));
	for (i = 0; i < ids.n && good; i++)
		switch (view_read_status(dir, ids.id[i], &t->row[t->n].st)) {
		case VIEW_OK:
			t->n++;
			break;
		case VIEW_GONE:
			break;
		case VIEW_FAILED:
			good = false;
		}
	view_free_ids(&ids);
	return good;
}

static void free_table(struct table *t)
{
	size_t i;

	for (i = 0; i < t->n; i++)
		view_free_status(&t->row[i].st);
	free(t->row);
	free(t->order);
}

static bool is_shown(const struct table *t, uint64_t id)
{
	size_t i;

	for (i = 0; i < t->n; i++)
		if (t->row[i].st.id == id)
			return true;
	return false;
}

/* A row and, in a tree, those below it. */
static void place(struct table *t, struct row *r, int depth, bool tree)
{
	size_t i;

	r->placed = true;
	r->depth = depth;
	t->order[t->ordered++] = r;
	for (i = 0; tree && depth < MAX_DEPTH && i < t->n; i++)
		if (!t->row[i].placed && t->row[i].st.parent == r->st.id)
			place(t, &t->row[i], depth + 1, tree);
}

/*
 * In a tree first those whose parent is the initial namespace, or ended before
 * it was read; then, whatever the files say, all that were not reached.
 */
static void place_all(struct table *t, bool tree)
{
	size_t i;

	for (i = 0; tree && i < t->n; i++)
		if (!is_shown(t, t->row[i].st.parent))
			place(t, &t->row[i], 0, tree);
	for (i = 0; i < t->n; i++)
		if (!t->row[i].placed)
			place(t, &t->row[i], 0, tree);
}

/* The beginning of "sha256:HEX", and "none" as it is. */
static char *short_digest(const char *value)
{
	const char *colon = strchr(value, ':');
	char *safe = escape_string(colon ? colon + 1 : value);

	if (strlen(safe) > CA_DIGITS)
		safe[CA_DIGITS] = '\0';
	return safe;
}

static char *cell(const struct row *r, size_t column)
{
	const char *value = view_value(&r->st, columns[column].key);
	char *safe, *indented;

	if (!value || !*value)
		return xstrdup("-");
	if (!strcmp(columns[column].title, COLUMN_CA))
		return short_digest(value);
	safe = escape_string(value);
	if (column || !r->depth)
		return safe;
	indented = xasprintf("%*s%s", 2 * r->depth, "", safe);
	free(safe);
	return indented;
}

static void print_table(const struct table *t)
{
	size_t width[ARRAY_SIZE(columns)], i, k;

	for (k = 0; k < ARRAY_SIZE(columns); k++) {
		width[k] = strlen(columns[k].title);
		for (i = 0; i < t->n; i++) {
			char *s = cell(&t->row[i], k);

			if (strlen(s) > width[k])
				width[k] = strlen(s);
			free(s);
		}
	}
	width[ARRAY_SIZE(columns) - 1] = 0;
	for (k = 0; k < ARRAY_SIZE(columns); k++)
		printf("%s%-*s", k ? "  " : "", (int)width[k],
		       columns[k].title);
	putchar('\n');
	for (i = 0; i < t->ordered; i++) {
		for (k = 0; k < ARRAY_SIZE(columns); k++) {
			char *s = cell(t->order[i], k);

			printf("%s%-*s", k ? "  " : "", (int)width[k], s);
			free(s);
		}
		putchar('\n');
	}
}

static void print_json(const struct table *t, bool tree)
{
	/* Where the next row of each depth goes. */
	json_t *array[MAX_DEPTH + 2] = { json_check(json_array()) };
	size_t i;

	for (i = 0; i < t->ordered; i++) {
		const struct row *r = t->order[i];
		json_t *o = json_check(json_object());

		view_put_json(&r->st, o);
		if (tree) {
			array[r->depth + 1] = json_check(json_array());
			json_put(o, "children", array[r->depth + 1]);
		}
		json_push(array[r->depth], o);
	}
	json_finish(array[0], JSON_INDENT(2));
}

static int run(struct cmdline *c)
{
	const char *dir = SECURITYFS_DIR;
	bool tree = false, json = false;
	struct table t = { 0 };
	int o, rc = IMANS_ERROR;

	while ((o = cmdline_next(c)) >= 0) {
		if (o == OPT_TREE)
			tree = true;
		else if (o == OPT_JSON)
			json = true;
		else
			dir = c->value;
	}
	if (o != CMDLINE_END)
		return cmdline_exit(c, o);
	if (c->argc)
		return usage_error(c, "no operand expected");
	if (read_table(dir, &t)) {
		place_all(&t, tree);
		if (json)
			print_json(&t, tree);
		else
			print_table(&t);
		rc = IMANS_OK;
	}
	free_table(&t);
	return rc;
}

const struct command command_ls = {
	.name = "ls",
	.args = "[OPTIONS]",
	.summary = "List the IMA namespaces of the machine.",
	.text = text,
	.options = options,
	.run = run,
};
