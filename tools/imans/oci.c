// SPDX-License-Identifier: GPL-2.0-or-later
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "json_take.h"
#include "oci.h"

/* Where a first program has run, a list that begins later would not have it. */
static char *check_status(const json_t *root)
{
	const json_t *j = json_object_get(root, "status");
	const char *status;
	char *shown, *why;

	/* Old runtimes leave it out, or empty, for prestart. */
	if (!j)
		return NULL;
	status = json_string_value(j);
	if (!status)
		return xstrdup("\"status\" is no text");
	if (!*status || !strcmp(status, "creating") ||
	    !strcmp(status, "created"))
		return NULL;
	shown = escape_string(status);
	why = xasprintf("the container is %s: the hook is for createRuntime or prestart, before the first program",
			shown);
	free(shown);
	return why;
}

static char *take_policy(struct oci_state *s, const json_t *root)
{
	const json_t *all = json_object_get(root, "annotations");
	const json_t *j = json_object_get(all, OCI_POLICY_ANNOTATION);

	if (all && !json_is_object(all) && !json_is_null(all))
		return xstrdup("\"annotations\" is no object");
	if (!j)
		return NULL;
	if (!json_is_string(j))
		return xstrdup("annotation \"" OCI_POLICY_ANNOTATION "\" is no text");
	s->policy = xstrdup(json_string_value(j));
	return NULL;
}

static char *take_state(struct oci_state *s, const json_t *root)
{
	const json_t *id = json_object_get(root, "id");
	const json_t *pid = json_object_get(root, "pid");
	char *why;

	if (!json_is_object(root))
		return xstrdup("no JSON object");
	if (!json_is_string(id) || !json_string_length(id))
		return xstrdup("there is no \"id\"");
	why = check_status(root);
	if (why)
		return why;
	if (!json_is_integer(pid) || json_integer_value(pid) < 1 ||
	    json_integer_value(pid) > INT_MAX)
		return xstrdup("\"pid\" is no process: the hook is for createRuntime or prestart");
	s->id = xstrdup(json_string_value(id));
	s->pid = (pid_t)json_integer_value(pid);
	return take_policy(s, root);
}

char *oci_parse(struct oci_state *s, const char *text, size_t len)
{
	json_t *root;
	char *why;

	memset(s, 0, sizeof(*s));
	root = take_json(text, len, &why);
	if (!root)
		return why;
	why = take_state(s, root);
	json_decref(root);
	if (why)
		oci_free(s);
	return why;
}

void oci_free(struct oci_state *s)
{
	free(s->id);
	free(s->policy);
	memset(s, 0, sizeof(*s));
}
