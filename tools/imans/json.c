// SPDX-License-Identifier: GPL-2.0-or-later
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base64.h"
#include "json.h"
#include "util.h"

static void json_fail(void)
{
	msg("cannot build the JSON output");
	exit(IMANS_ERROR);
}

json_t *json_check(json_t *j)
{
	if (!j)
		json_fail();
	return j;
}

void json_put(json_t *object, const char *key, json_t *value)
{
	if (json_object_set_new(object, key, json_check(value)))
		json_fail();
}

void json_put_text(json_t *object, const char *key, const char *text)
{
	char *safe = escape_string(text);

	json_put(object, key, json_string(safe));
	free(safe);
}

void json_push(json_t *array, json_t *value)
{
	if (json_array_append_new(array, json_check(value)))
		json_fail();
}

void json_finish(json_t *root, size_t flags)
{
	if (json_dumpf(root, stdout, flags))
		json_fail();
	putchar('\n');
	json_decref(root);
}

void json_put_hex(json_t *object, const char *key, const uint8_t *data,
		  size_t len)
{
	char *hex = xmalloc(2 * len + 1);

	hex_encode(data, len, hex);
	json_put(object, key, json_string(hex));
	free(hex);
}

json_t *json_base64(const void *data, size_t len)
{
	char *text = base64_encode(data, len);
	json_t *j = json_check(json_string(text));

	free(text);
	return j;
}

void json_put_base64(json_t *object, const char *key, const void *data,
		     size_t len)
{
	json_put(object, key, json_base64(data, len));
}

bool json_write(json_t *root, const char *path)
{
	bool good = false;
	FILE *f = stdout;
	int fd;

	if (path) {
		fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
			  0600);
		f = fd < 0 ? NULL : fdopen(fd, "w");
		if (!f && fd >= 0)
			close(fd);
	}
	if (f)
		good = !json_dumpf(root, f, JSON_INDENT(1)) &&
		       fputc('\n', f) != EOF && !fflush(f);
	if (!good)
		msg_errno("%s", path ? path : "standard output");
	if (f && path && fclose(f) && good) {
		msg_errno("%s", path);
		good = false;
	}
	json_decref(root);
	return good;
}
