// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>

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
