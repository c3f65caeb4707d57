// SPDX-License-Identifier: GPL-2.0-or-later
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "json.h"
#include "securityfs.h"
#include "view.h"

static int compare_ids(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

bool view_read_ids(const char *dir, struct view_ids *ids)
{
	char *path = xasprintf("%s/integrity/ima/ns", dir);
	DIR *d = opendir(path);
	struct dirent *entry;
	uint64_t id;

	memset(ids, 0, sizeof(*ids));
	if (!d) {
		securityfs_explain(dir, path);
		free(path);
		return false;
	}
	while (errno = 0, (entry = readdir(d))) {
		/* As the kernel writes them: no other name is a number's. */
		if (entry->d_name[0] == '0' ||
		    !parse_uint(entry->d_name, UINT64_MAX, &id))
			continue;
		ids->id = xreallocarray(ids->id, ids->n + 1, sizeof(*ids->id));
		ids->id[ids->n++] = id;
	}
	if (errno) {
		msg_errno("%s", path);
		view_free_ids(ids);
		closedir(d);
		free(path);
		return false;
	}
	closedir(d);
	free(path);
	if (ids->n)
		qsort(ids->id, ids->n, sizeof(*ids->id), compare_ids);
	return true;
}

void view_free_ids(struct view_ids *ids)
{
	free(ids->id);
	memset(ids, 0, sizeof(*ids));
}

enum view_result view_open(const char *dir, uint64_t id, const char *file,
			   int *fd)
{
	char *path = securityfs_ns_file(dir, id, file);
	enum view_result res = VIEW_OK;

	*fd = open(path, O_RDONLY | O_CLOEXEC);
	if (*fd < 0 && errno == ENOENT) {
		res = VIEW_GONE;
	} else if (*fd < 0) {
		securityfs_explain(dir, path);
		res = VIEW_FAILED;
	}
	free(path);
	return res;
}

void view_explain_gone(const char *dir, uint64_t id)
{
	char *path = securityfs_ns_file(dir, id, "status");

	errno = ENOENT;
	securityfs_explain(dir, path);
	free(path);
}

bool view_exists(const char *dir, uint64_t id)
{
	char *path = securityfs_ns_file(dir, id, "");
	bool gone = access(path, F_OK) && errno == ENOENT;

	free(path);
	return !gone;
}

const char *view_value(const struct view_status *st, const char *key)
{
	size_t i;

	for (i = 0; i < st->n; i++)
		if (!strcmp(st->line[i].key, key))
			return st->line[i].value;
	return NULL;
}

/* JSON has no larger number. */
static bool parse_number(const char *value, uint64_t *out)
{
	return value && parse_uint(value, INT64_MAX, out);
}

/*
 * The first of the keys that somebody here decides by which is not as it should
 * be; others may be there or not.
 */
static const char *bad_key(struct view_status *st)
{
	const struct {
		const char *key;
		uint64_t *value;
	} numbers[] = {
		{ "id", &st->id }, { "parent", &st->parent },
		{ "level", &st->level }, { "entries", &st->entries },
		{ "violations", &st->violations }, { "pending", &st->pending },
	};
	const struct {
		const char *key;
		const char **value;
	} texts[] = {
		{ "state", &st->state }, { "tpm", &st->tpm },
		{ "label", &st->label },
	};
	const char *acc = view_value(st, "acc");
	size_t i;

	for (i = 0; i < ARRAY_SIZE(numbers); i++)
		if (!parse_number(view_value(st, numbers[i].key),
				  numbers[i].value))
			return numbers[i].key;
	for (i = 0; i < ARRAY_SIZE(texts); i++) {
		*texts[i].value = view_value(st, texts[i].key);
		if (!*texts[i].value)
			return texts[i].key;
	}
	st->has_acc = acc;
	return !acc || pcr_parse_acc(acc, &st->acc) ? NULL : "acc";
}

bool view_parse_status(const char *path, struct buf *text,
		       struct view_status *st)
{
	char *line, *save;
	const char *key;

	memset(st, 0, sizeof(*st));
	st->text = *text;
	memset(text, 0, sizeof(*text));
	for (line = strtok_r((char *)st->text.data, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		char *colon = strchr(line, ':');

		if (!colon) {
			char *shown = escape_text((const uint8_t *)line,
						  strnlen(line, 80));

			msg("%s: not a \"key: value\" line: %s", path, shown);
			free(shown);
			view_free_status(st);
			return false;
		}
		*colon = '\0';
		st->line = xreallocarray(st->line, st->n + 1,
					 sizeof(*st->line));
		st->line[st->n].key = line;
		/* A label may begin with blanks. */
		st->line[st->n++].value = colon + 1 + (colon[1] == ' ');
	}
	key = bad_key(st);
	if (key) {
		msg("%s: no line \"%s: ...\", or not what it should be", path,
		    key);
		view_free_status(st);
		return false;
	}
	return true;
}

enum view_result view_read_status(const char *dir, uint64_t id,
				  struct view_status *st)
{
	enum view_result res;
	struct buf text = { 0 };
	char *path;
	int fd;

	memset(st, 0, sizeof(*st));
	res = view_open(dir, id, "status", &fd);
	if (res != VIEW_OK)
		return res;
	path = securityfs_ns_file(dir, id, "status");
	if (read_fd(fd, &text)) {
		msg_errno("%s", path);
		res = VIEW_FAILED;
	} else if (!view_parse_status(path, &text, st)) {
		res = VIEW_FAILED;
	} else if (st->id != id) {
		msg("%s: it is that of namespace %llu", path,
		    (unsigned long long)st->id);
		view_free_status(st);
		res = VIEW_FAILED;
	}
	buf_free(&text);
	close(fd);
	free(path);
	return res;
}

void view_put_json(const struct view_status *st, json_t *object)
{
	static const char *const numbers[] = {
		"id", "parent", "userns", "level", "created", "entries",
		"violations", "bytes", "pending",
	};
	uint64_t number;
	size_t i;

	for (i = 0; i < st->n; i++)
		json_put_text(object, st->line[i].key, st->line[i].value);
	for (i = 0; i < ARRAY_SIZE(numbers); i++)
		if (parse_number(view_value(st, numbers[i]), &number))
			json_put(object, numbers[i],
				 json_integer((json_int_t)number));
}

void view_free_status(struct view_status *st)
{
	free(st->line);
	buf_free(&st->text);
	memset(st, 0, sizeof(*st));
}
