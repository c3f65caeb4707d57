// SPDX-License-Identifier: GPL-2.0-or-later
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "nsview.h"
#include "securityfs.h"

static int by_number(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

bool nsview_ids(const char *dir, uint64_t **ids, size_t *n)
{
	char *path = xasprintf("%s/integrity/ima/ns", dir);
	DIR *d = opendir(path);
	struct dirent *e;
	uint64_t id;

	*ids = NULL;
	*n = 0;
	if (!d) {
		securityfs_explain(dir, path);
		free(path);
		return false;
	}
	while (errno = 0, e = readdir(d)) {
		if (!parse_uint(e->d_name, UINT64_MAX, &id))
			continue;
		*ids = xreallocarray(*ids, *n + 1, sizeof(**ids));
		(*ids)[(*n)++] = id;
	}
	if (errno) {
		msg_errno("%s", path);
		closedir(d);
		free(path);
		free(*ids);
		*ids = NULL;
		return false;
	}
	closedir(d);
	free(path);
	if (*n)
		qsort(*ids, *n, sizeof(**ids), by_number);
	return true;
}

static enum nsview_result read_of(const char *dir, uint64_t id,
				  const char *file, struct buf *b)
{
	char *number = xasprintf("%llu", (unsigned long long)id);
	char *path = securityfs_ns_file(dir, number, file);
	enum nsview_result rc = NSVIEW_OK;

	if (read_file(path, b)) {
		rc = NSVIEW_GONE;
		if (errno != ENOENT) {
			securityfs_explain(dir, path);
			rc = NSVIEW_ERROR;
		}
	}
	free(path);
	free(number);
	return rc;
}

enum nsview_result nsview_list(const char *dir, uint64_t id, struct buf *list)
{
	return read_of(dir, id, "binary_runtime_measurements", list);
}

enum nsview_result nsview_read(const char *dir, uint64_t id, struct nsview *v)
{
	enum nsview_result rc;
	char *line, *save;

	memset(v, 0, sizeof(*v));
	v->id = id;
	rc = read_of(dir, id, "status", &v->text);
	if (rc != NSVIEW_OK)
		return rc;
	for (line = strtok_r((char *)v->text.data, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		char *colon = strchr(line, ':');

		if (!colon) {
			msg("status of namespace %llu: not a \"key: value\" line: %.80s",
			    (unsigned long long)id, line);
			nsview_free(v);
			return NSVIEW_ERROR;
		}
		*colon = '\0';
		v->line = xreallocarray(v->line, v->n + 1, sizeof(*v->line));
		v->line[v->n].key = line;
		v->line[v->n].value = colon + 1 + strspn(colon + 1, " ");
		v->n++;
	}
	return NSVIEW_OK;
}

void nsview_free(struct nsview *v)
{
	free(v->line);
	buf_free(&v->text);
	memset(v, 0, sizeof(*v));
}

const char *nsview_get(const struct nsview *v, const char *key)
{
	size_t i;

	for (i = 0; i < v->n; i++)
		if (!strcmp(v->line[i].key, key))
			return v->line[i].value;
	return NULL;
}

bool nsview_number(const struct nsview *v, const char *key, uint64_t *number)
{
	const char *value = nsview_get(v, key);

	return value && parse_uint(value, UINT64_MAX, number);
}
