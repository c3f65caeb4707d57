// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What imans hook reads, the state of a container and /proc/PID/stat, and what
 * it writes to ima_ns/adopt.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "adopt.h"
#include "oci.h"
#include "process.h"
#include "tap.h"

/**
 * struct state_case - a text on standard input
 * @why:	part of why it is refused, NULL if it is not
 */
struct state_case {
	const char *text;
	const char *why;
	const char *id;
	const char *policy;
	pid_t pid;
};

#define REFUSED(text_, why_) { .text = text_, .why = why_ }
#define ANNOTATED(a) "{\"id\":\"a\",\"pid\":7,\"annotations\":" a "}"

static const struct state_case state_cases[] = {
	/* As runc 1.1.5 writes it to createRuntime and to prestart. */
	{ "{\"ociVersion\":\"1.0.2-dev\",\"id\":\"one\",\"status\":\"creating\",\"pid\":131,\"bundle\":\"/scratch/c\"}",
	  NULL, "one", NULL, 131 },
	{ "{\"id\":\"a\",\"status\":\"created\",\"pid\":2147483647}\n",
	  NULL, "a", NULL, 2147483647 },
	{ "{\"id\":\"a\",\"pid\":1}", NULL, "a", NULL, 1 },
	{ "{\"id\":\"a\",\"pid\":1,\"status\":\"\"}", NULL, "a", NULL, 1 },
	{ "{\"id\":\"a\",\"pid\":1,\"more\":[{}]}", NULL, "a", NULL, 1 },
	{ ANNOTATED("null"), NULL, "a", NULL, 7 },
	{ ANNOTATED("{}"), NULL, "a", NULL, 7 },
	{ ANNOTATED("{\"org.ima-ns.policies\":\"x\"}"), NULL, "a", NULL, 7 },
	{ ANNOTATED("{\"org.ima-ns.policy\":\"web\"}"), NULL, "a", "web", 7 },
	{ ANNOTATED("{\"org.ima-ns.policy\":\"\"}"), NULL, "a", "", 7 },
	REFUSED("", "not JSON"),
	REFUSED("{\"id\":\"a\",\"pid\":1", "not JSON"),
	REFUSED("{\"id\":\"a\",\"pid\":1} x", "not JSON"),
	REFUSED("{\"id\":\"a\",\"pid\":1,\"pid\":2}", "not JSON"),
	REFUSED("{\"id\":\"a\\u0000b\",\"pid\":1}", "not JSON"),
	REFUSED("[]", "no JSON object"),
	REFUSED("{\"pid\":1}", "there is no \"id\""),
	REFUSED("{\"id\":\"\",\"pid\":1}", "there is no \"id\""),
	REFUSED("{\"id\":1,\"pid\":1}", "there is no \"id\""),
	REFUSED("{\"id\":\"a\"}", "\"pid\" is no process"),
	REFUSED("{\"id\":\"a\",\"pid\":0}", "\"pid\" is no process"),
	REFUSED("{\"id\":\"a\",\"pid\":-1}", "\"pid\" is no process"),
	REFUSED("{\"id\":\"a\",\"pid\":2147483648}", "\"pid\" is no process"),
	REFUSED("{\"id\":\"a\",\"pid\":\"1\"}", "\"pid\" is no process"),
	REFUSED("{\"id\":\"a\",\"pid\":1.0}", "\"pid\" is no process"),
	REFUSED("{\"id\":\"a\",\"pid\":1,\"status\":\"running\"}", "the container is running"),
	REFUSED("{\"id\":\"a\",\"pid\":1,\"status\":\"stopped\"}", "the container is stopped"),
	REFUSED("{\"id\":\"a\",\"pid\":1,\"status\":\"\\u001b[1m\"}", "is \\x1b[1m"),
	REFUSED("{\"id\":\"a\",\"pid\":1,\"status\":1}", "\"status\" is no text"),
	REFUSED(ANNOTATED("[]"), "\"annotations\" is no object"),
	REFUSED(ANNOTATED("{\"org.ima-ns.policy\":1}"), "is no text"),
};

static bool same_text(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static void reads_states(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(state_cases); i++) {
		const struct state_case *t = &state_cases[i];
		struct oci_state s;
		char *why = oci_parse(&s, t->text, strlen(t->text));

		if (t->why)
			ok(why && strstr(why, t->why), "%zu: %s", i, t->why);
		else
			ok(!why && same_text(s.id, t->id) &&
			   same_text(s.policy, t->policy) && s.pid == t->pid,
			   "%zu: taken", i);
		if (why && (!t->why || !strstr(why, t->why)))
			note("%s", why);
		free(why);
		oci_free(&s);
	}
}

static void start_is(const char *name, const char *rest, const char *want)
{
	char *text = xasprintf("7 (%s) S 1 7 7 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0%s",
			       name, rest), *got;
	uint64_t start;

	got = process_parse_start(text, &start) ?
		xasprintf("%llu", (unsigned long long)start) : xstrdup("none");
	is_text(got, want, "a start");
	free(got);
	free(text);
}

static void reads_starts(void)
{
	struct process p;
	uint64_t start;

	start_is("cat", " 4711 9 9\n", "4711");
	start_is("cat", " 18446744073709551615\n", "18446744073709551615");
	start_is("a b) S 1 2 3 4", " 4711 9\n", "4711");
	start_is("(", " 0 9\n", "0");
	start_is("cat", "", "none");
	start_is("cat", " ", "none");
	start_is("cat", " -1 9\n", "none");
	start_is("cat", " 18446744073709551616 9\n", "none");
	start_is("cat", " 111111111111111111111111111 9\n", "none");
	ok(!process_parse_start("", &start), "nothing");
	ok(!process_parse_start("7 (cat) S 1", &start), "too few fields");
	ok(process_open(&p, getpid()) && p.start, "the start of this process");
	ok(process_compare_ns(&p, "mnt") == PROCESS_NS_SAME,
	   "it is in its own mount namespace");
	process_close(&p);
}

static void writes_adoptions(void)
{
	static const struct process p = { .pid = 131, .start = 4711 };
	struct adoption a = { .process = &p, .label = "web-1" };
	char *text, *why;

	text = adopt_text(&a);
	is_text(text, "131:4711 label=web-1", "a label");
	free(text);
	why = adopt_check(&a);
	ok(!why, "... can be");
	free(why);
	a.policy = "/etc/ima/web";
	text = adopt_text(&a);
	is_text(text, "131:4711 label=web-1 policy=/etc/ima/web",
		"a label and a policy");
	free(text);
	a.policy = "/etc/ima/my rules";
	why = adopt_check(&a);
	ok(why && strstr(why, "policy has a blank"), "a blank in the path");
	free(why);
	a.policy = xasprintf("/%05000d", 0);
	why = adopt_check(&a);
	ok(why && strstr(why, "too long"), "a path of 5000 characters");
	free(why);
	free((char *)a.policy);
	a.policy = NULL;
	a.label = "web 1";
	why = adopt_check(&a);
	ok(why && strstr(why, "has a blank"), "a blank in the label");
	free(why);
}

/* All that the kernel says, and what somebody could do about it. */
static void explains_errors(void)
{
	static const struct {
		int error;
		const char *reason;
	} cases[] = {
		{ EPERM, "CAP_SYS_ADMIN in the initial user namespace" },
		{ EINVAL, "mount namespace of the machine" },
		{ ESRCH, "has ended" },
		{ EBUSY, "adopted already" },
		{ EAGAIN, "has children" },
		{ ENOSPC, "user.max_ima_namespaces" },
		{ ENODEV, "no IMA" },
		{ EIO, "TPM" },
		{ ENOMEM, "memory" },
		{ ENOENT, "cannot open the policy" },
		{ EACCES, "cannot open the policy" },
	};
	const char *reason;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		reason = adopt_reason(cases[i].error);
		ok(reason && strstr(reason, cases[i].reason), "%s: %s",
		   strerror(cases[i].error), cases[i].reason);
	}
	ok(!adopt_reason(EXDEV), "nothing is said of others");
}

int main(void)
{
	reads_states();
	reads_starts();
	writes_adoptions();
	explains_errors();
	return tap_done();
}
