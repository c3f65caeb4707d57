// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Taking a command line apart by the option table of its command.
 */
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"

/* getopt_long() returns these for options; below are characters. */
#define OPTION_BASE 256

static void build_long_options(struct cmdline *c)
{
	const struct option_spec *o = c->command->options;
	struct option *out;
	int n = 0, i;

	while (o[n].name)
		n++;
	out = xcalloc((size_t)n + 2, sizeof(*out));
	for (i = 0; i < n; i++) {
		out[i].name = o[i].name;
		out[i].has_arg = !o[i].arg ? no_argument :
				 o[i].arg_optional ? optional_argument :
						     required_argument;
		out[i].val = OPTION_BASE + i;
	}
	out[n].name = "help";
	out[n].val = 'h';
	c->long_options = out;
	optind = 1;
}

static int find_option(const struct command *command, const char *name)
{
	int i;

	for (i = 0; command->options[i].name; i++)
		if (!strcmp(command->options[i].name, name))
			return i;
	return -1;
}

/* -o is short for --output where there is one. */
static const char *short_options(const struct command *command)
{
	if (find_option(command, "output") >= 0)
		return "ho:";
	return command->stop_early ? "+h" : "h";
}

int cmdline_next(struct cmdline *c)
{
	int v;

	if (!c->long_options)
		build_long_options(c);
	v = getopt_long(c->argc, c->argv, short_options(c->command),
			c->long_options, NULL);
	c->value = optarg;
	if (v == 'o')
		return find_option(c->command, "output");
	if (v >= OPTION_BASE)
		return v - OPTION_BASE;
	if (v == 'h')
		return CMDLINE_HELP;
	if (v != -1)
		return CMDLINE_BAD;
	free(c->long_options);
	c->long_options = NULL;
	c->argv += optind;
	c->argc -= optind;
	return CMDLINE_END;
}

int cmdline_exit(struct cmdline *c, int why)
{
	free(c->long_options);
	c->long_options = NULL;
	if (why == CMDLINE_HELP) {
		help_command(stdout, c->command);
		return IMANS_OK;
	}
	if (why == CMDLINE_BAD)
		fprintf(stderr, "Try 'imans %s --help'.\n", c->command->name);
	return IMANS_ERROR;
}

int usage_error(const struct cmdline *c, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	msg("%s", text);
	fprintf(stderr, "Try 'imans %s --help'.\n", c->command->name);
	return IMANS_ERROR;
}
