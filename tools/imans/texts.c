// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "texts.h"

void texts_take(struct texts *t, char *text)
{
	t->text = xreallocarray(t->text, t->n + 1, sizeof(*t->text));
	t->text[t->n++] = text;
}

void texts_add(struct texts *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	texts_take(t, xvasprintf(fmt, ap));
	va_end(ap);
}

void texts_print(const char *title, const struct texts *t)
{
	size_t i;

	for (i = 0; i < t->n; i++)
		printf("%-13s %s\n", i ? "" : title, t->text[i]);
}

json_t *texts_json(const struct texts *t)
{
	json_t *a = json_check(json_array());
	size_t i;

	for (i = 0; i < t->n; i++)
		json_push(a, json_string(t->text[i]));
	return a;
}

void texts_free(struct texts *t)
{
	size_t i;

	for (i = 0; i < t->n; i++)
		free(t->text[i]);
	free(t->text);
	memset(t, 0, sizeof(*t));
}
