// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * imans ls: the namespaces that the initial one sees.
 */
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "json.h"
#include "nsview.h"
#include "securityfs.h"

/* User namespaces nest 33 deep; a loop of parents must not become one here. */
#define MAX_DEPTH 64

enum { OPT_TREE, OPT_JSON, OPT_SECURITYFS };

static const struct option_spec options[] = {
	[OPT_TREE] = { "tree", NULL, false,
		"Show each namespace below its parent, indented." },
	[OPT_JSON] = { "json", NULL, false,
		"Print a JSON array with everything status says." },
	[OPT_SECURITYFS] = { "securityfs", "DIR", false,
		"Where securityfs is mounted. Default: " SECURITYFS_DIR "." },
	{ NULL, NULL, false, NULL },
};

static const char *const text[] = {
	"The parent is the nearest namespace above that was active at the activation, 0 the initial one. Namespaces that are not active yet, or have ended, are not there: imans log has their records.",
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
	{ "LABEL", "label" },
};

struct table {
	struct nsview *v;
	size_t n;
	size_t *order;
	int *depth;
	size_t ordered;
};

static char *cell(const struct table *t, size_t row, size_t column)
{
	const char *value = nsview_get(&t->v[row], columns[column].key);
	char *safe, *indented;

	if (!value || !*value)
		return xstrdup("-");
	safe = escape_text((const uint8_t *)value, strlen(value));
	if (column || !t->depth[row])
		return safe;
	indented = xasprintf("%*s%s", 2 * t->depth[row], "", safe);
	free(safe);
	return indented;
}

static void print_table(const struct table *t)
{
	size_t width[ARRAY_SIZE(columns)], i, k;

	for (k = 0; k < ARRAY_SIZE(columns); k++) {
		width[k] = strlen(columns[k].title);
		for (i = 0; i < t->n; i++) {
			char *s = cell(t, i, k);

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
			char *s = cell(t, t->order[i], k);

			printf("%s%-*s", k ? "  " : "", (int)width[k], s);
			free(s);
		}
		putchar('\n');
	}
}

static void print_json(const struct table *t)
{
	json_t *array = json_check(json_array());
	size_t i, k;

	for (i = 0; i < t->ordered; i++) {
		const struct nsview *v = &t->v[t->order[i]];
		json_t *o = json_check(json_object());

		for (k = 0; k < v->n; k++) {
			const char *value = v->line[k].value;
			char *safe = escape_text((const uint8_t *)value,
						 strlen(value));

			json_put(o, v->line[k].key, json_string(safe));
			free(safe);
		}
		json_push(array, o);
	}
	json_finish(array, JSON_INDENT(2));
}

static uint64_t parent_of(const struct nsview *v)
{
	uint64_t parent;

	return nsview_number(v, "parent", &parent) ? parent : 0;
}

static bool is_shown(const struct table *t, uint64_t id)
{
	size_t i;

	for (i = 0; i < t->n; i++)
		if (t->v[i].id == id)
			return true;
	return false;
}

/* Put the children of @parent in order, each followed by its own. */
static void order_children(struct table *t, uint64_t parent, int depth)
{
	size_t i;

	for (i = 0; i < t->n && depth < MAX_DEPTH; i++) {
		uint64_t above = parent_of(&t->v[i]);

		/* Whose parent is gone by now is not lost with it. */
		if (depth ? above != parent : is_shown(t, above))
			continue;
		if (t->ordered == t->n)
			return;
		t->depth[i] = depth;
		t->order[t->ordered++] = i;
		order_children(t, t->v[i].id, depth + 1);
	}
}

/* Those that have no place yet: without --tree all of them. */
static void add_others(struct table *t)
{
	size_t i, k;

	for (i = 0; i < t->n; i++) {
		for (k = 0; k < t->ordered; k++)
			if (t->order[k] == i)
				break;
		if (k == t->ordered)
			t->order[t->ordered++] = i;
	}
}

static bool read_all(const char *dir, struct table *t)
{
	uint64_t *ids;
	size_t i, n;
	bool good = true;

	if (!nsview_ids(dir, &ids, &n))
		return false;
	t->v = xcalloc(n, sizeof(*t->v));
	for (i = 0; i < n && good; i++) {
		enum nsview_result rc = nsview_read(dir, ids[i], &t->v[t->n]);

		if (rc == NSVIEW_OK)
			t->n++;
		good = rc != NSVIEW_ERROR;
	}
	free(ids);
	t->order = xcalloc(t->n, sizeof(*t->order));
	t->depth = xcalloc(t->n, sizeof(*t->depth));
	return good;
}

static int run(struct cmdline *c)
{
	const char *dir = SECURITYFS_DIR;
	bool tree = false, json = false;
	struct table t = { 0 };
	int opt, rc = IMANS_ERROR;
	size_t i;

	while ((opt = cmdline_next(c)) >= 0) {
		if (opt == OPT_TREE)
			tree = true;
		else if (opt == OPT_JSON)
			json = true;
		else
			dir = c->value;
	}
	if (opt != CMDLINE_END)
		return cmdline_exit(c, opt);
	if (c->argc)
		return usage_error(c, "no operand expected");
	if (!read_all(dir, &t))
		goto out_free;
	if (tree)
		order_children(&t, 0, 0);
	add_others(&t);
	if (json)
		print_json(&t);
	else
		print_table(&t);
	rc = IMANS_OK;
out_free:
	for (i = 0; i < t.n; i++)
		nsview_free(&t.v[i]);
	free(t.v);
	free(t.order);
	free(t.depth);
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
