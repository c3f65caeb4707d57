// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The directory of namespaces and their status files.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "json.h"
#include "tap.h"
#include "view.h"

static void lists_ids(void)
{
	static const char *const names[] = {
		"integrity", "integrity/ima", "integrity/ima/ns",
		"integrity/ima/ns/12", "integrity/ima/ns/3",
		"integrity/ima/ns/0", "integrity/ima/ns/07",
		"integrity/ima/ns/x", "integrity/ima/ns/5y",
	};
	char dir[] = "/tmp/imans-test-XXXXXX", *command;
	struct view_ids ids;
	bool made = mkdtemp(dir);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names) && made; i++) {
		char *path = xasprintf("%s/%s", dir, names[i]);

		made = !mkdir(path, 0700);
		free(path);
	}
	ok(made && view_read_ids(dir, &ids) && ids.n == 2 && ids.id[0] == 3 &&
	   ids.id[1] == 12, "ids in order, other names left out");
	view_free_ids(&ids);
	ok(view_exists(dir, 3) && !view_exists(dir, 4), "existence");
	command = xasprintf("rm -rf %s", dir);
	ok(!system(command) && !view_read_ids(dir, &ids), "no such directory");
	free(command);
}

#define A64 "abababababababababababababababababababababababababababababababab"
#define NUMBERS "id: 5\nparent: 2\nlevel: 3\nentries: 4\nviolations: 6\n"
#define TEXTS "state: active\nlabel:  x: y \ntpm: none\n"
#define USUAL NUMBERS TEXTS "pending: 7\n"

static bool parse(const char *text, struct view_status *st)
{
	struct buf b = { 0 };
	bool good;

	buf_add(&b, text, strlen(text));
	good = view_parse_status("test", &b, st);
	buf_free(&b);
	return good;
}

static void parses(const char *text, bool want, const char *what)
{
	struct view_status st;
	bool good = parse(text, &st);

	ok(good == want, "status: %s", what);
	if (!good)
		return;
	is_text(st.label, " x: y ", "label with colon and blanks");
	ok(st.id == 5 && st.parent == 2 && st.level == 3 &&
	   st.entries == 4 && st.violations == 6 && st.pending == 7,
	   "numbers");
	view_free_status(&st);
}

static void parses_statuses(void)
{
	parses(USUAL, true, "all there");
	parses(USUAL "new: 1", true, "a line more");
	parses(NUMBERS TEXTS, false, "no pending");
	parses(NUMBERS TEXTS "pending: x\n", false, "no number");
	parses(NUMBERS TEXTS "pending: -1\n", false, "negative number");
	parses(NUMBERS "pending: 7\nlabel: x\ntpm: none\n", false, "no state");
	parses(USUAL "nonsense\n", false, "no colon");
	parses("", false, "empty");
	parses(USUAL "acc: sha256:" A64 " 4\n", true, "acc");
	parses(USUAL "acc: sha256:" A64 "\n", false, "acc of how many");
	parses(USUAL "acc: sha256:" A64 " 4 5\n", false, "acc and more");
	parses(USUAL "acc: sha256:12 4\n", false, "short acc");
	parses(USUAL "acc: sha1:abababababababababababababababababababab 4\n",
	       false, "acc of another hash");
	parses(USUAL "acc:\n", false, "no acc");
}

static void tells_acc(void)
{
	struct view_status st;

	ok(parse(USUAL "acc: sha256:" A64 " 18446744073709551615\n", &st) &&
	   st.has_acc && all_bytes(st.acc.value, 32, 0xab) &&
	   st.acc.entries == UINT64_MAX, "value and number of acc");
	view_free_status(&st);
	ok(parse(USUAL, &st) && !st.has_acc, "an older kernel has no acc");
	view_free_status(&st);
}

static void prints_json(void)
{
	json_t *o = json_check(json_object());
	struct view_status st;

	ok(parse(USUAL "hash: 5\ncreated: 9\nnew: \033\n", &st), "for JSON");
	view_put_json(&st, o);
	ok(json_integer_value(json_object_get(o, "id")) == 5 &&
	   json_integer_value(json_object_get(o, "created")) == 9 &&
	   json_is_string(json_object_get(o, "hash")),
	   "numbers are numbers in JSON, texts are not");
	is_text(json_string_value(json_object_get(o, "new")), "\\x1b",
		"a line nobody knows is there, escaped");
	ok(json_object_size(o) == st.n, "every line is there");
	json_decref(o);
	view_free_status(&st);
}

int main(void)
{
	lists_ids();
	parses_statuses();
	tells_acc();
	prints_json();
	return tap_done();
}
