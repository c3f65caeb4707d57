// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * --help, the manual page and the bash completion, all from the one table.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "command.h"

#define WIDTH 78

static const char *const exit_codes[][2] = {
	{ "0", "verified, or done" },
	{ "1", "the verification failed" },
	{ "2", "wrong usage, or the environment does not allow it" },
};

/* Words of @text in lines that start with @indent blanks. */
static void print_wrapped(FILE *f, const char *text, int indent, int column)
{
	while (*text) {
		int n = (int)strcspn(text, " ");

		if (column > indent && column + 1 + n > WIDTH) {
			fputc('\n', f);
			column = 0;
		}
		if (column < indent) {
			fprintf(f, "%*s", indent - column, "");
			column = indent;
		} else if (column > indent) {
			fputc(' ', f);
			column++;
		}
		fprintf(f, "%.*s", n, text);
		column += n;
		text += n;
		text += strspn(text, " ");
	}
	fputc('\n', f);
}

static char *option_text(const struct option_spec *o)
{
	/* The only one with a letter, see cmdline_next(). */
	if (!strcmp(o->name, "output"))
		return xasprintf("-o, --%s %s", o->name, o->arg);
	if (!o->arg)
		return xasprintf("--%s", o->name);
	return o->arg_optional ? xasprintf("--%s[=%s]", o->name, o->arg) :
				 xasprintf("--%s %s", o->name, o->arg);
}

void help_command(FILE *f, const struct command *c)
{
	const struct option_spec *o;
	size_t i;

	fprintf(f, "Usage: imans %s %s\n\n", c->name, c->args);
	print_wrapped(f, c->summary, 0, 0);
	for (i = 0; c->text && c->text[i]; i++) {
		fputc('\n', f);
		print_wrapped(f, c->text[i], 0, 0);
	}
	if (c->options->name)
		fprintf(f, "\nOptions:\n");
	for (o = c->options; o->name; o++) {
		char *text = option_text(o);
		int column = fprintf(f, "  %s", text);

		free(text);
		if (column >= 26) {
			fputc('\n', f);
			column = 0;
		}
		print_wrapped(f, o->help, 26, column);
	}
}

void help_all(FILE *f, const struct command *const *commands)
{
	size_t i;

	fprintf(f, "Usage: imans COMMAND [OPTIONS] ...\n\n"
		"IMA namespaces: run, look at and verify them.\n\nCommands:\n");
	for (i = 0; commands[i]; i++)
		fprintf(f, "  %-12s %s\n", commands[i]->name,
			commands[i]->summary);
	fprintf(f, "\n'imans COMMAND --help' explains one, 'imans --man' prints the manual page,\n"
		"'imans --completion' one for bash.\n\nExit status:\n");
	for (i = 0; i < ARRAY_SIZE(exit_codes); i++)
		fprintf(f, "  %s  %s\n", exit_codes[i][0], exit_codes[i][1]);
}

/* troff: '-' is a hyphen unless escaped, a line must not start with . or '. */
static void print_roff(FILE *f, const char *text)
{
	if (*text == '.' || *text == '\'')
		fputs("\\&", f);
	for (; *text; text++) {
		if (*text == '\\')
			fputs("\\e", f);
		else if (*text == '-')
			fputs("\\-", f);
		else
			fputc(*text, f);
	}
}

static void man_options(FILE *f, const struct option_spec *o)
{
	for (; o->name; o++) {
		char *text = option_text(o);

		fputs(".TP\n.B ", f);
		print_roff(f, text);
		fputc('\n', f);
		print_roff(f, o->help);
		fputc('\n', f);
		free(text);
	}
}

void help_man(FILE *f, const struct command *const *commands)
{
	size_t i, k;

	fputs(".\\\" SPDX-License-Identifier: GPL-2.0-or-later\n"
	      ".\\\" Written by 'imans --man'; edit tools/imans/cmd_*.c instead.\n"
	      ".TH IMANS 8\n.SH NAME\n"
	      "imans \\- run, look at and verify IMA namespaces\n"
	      ".SH SYNOPSIS\n.B imans\n.I COMMAND\n.RI [ OPTIONS ]\n"
	      ".SH COMMANDS\n", f);
	for (i = 0; commands[i]; i++) {
		fputs(".SS imans ", f);
		print_roff(f, commands[i]->name);
		fputc(' ', f);
		print_roff(f, commands[i]->args);
		fputc('\n', f);
		print_roff(f, commands[i]->summary);
		fputc('\n', f);
		for (k = 0; commands[i]->text && commands[i]->text[k]; k++) {
			fputs(".PP\n", f);
			print_roff(f, commands[i]->text[k]);
			fputc('\n', f);
		}
		man_options(f, commands[i]->options);
	}
	fputs(".SH EXIT STATUS\n", f);
	for (i = 0; i < ARRAY_SIZE(exit_codes); i++)
		fprintf(f, ".TP\n.B %s\n%s\n", exit_codes[i][0],
			exit_codes[i][1]);
	fputs(".PP\nBut for\n.BR run ,\nwhich exits as its CMD does.\n", f);
}

void help_completion(FILE *f, const struct command *const *commands)
{
	const struct option_spec *o;
	size_t i;

	fputs("# Bash completion, written by 'imans --completion'.\n"
	      "_imans()\n{\n"
	      "\tlocal cur=${COMP_WORDS[COMP_CWORD]} words=\n"
	      "\tlocal line=\" ${COMP_WORDS[*]:1:COMP_CWORD-1} \"\n"
	      "\tcase $line in\n", f);
	for (i = 0; commands[i]; i++) {
		fprintf(f, "\t\" %s \"*) words=\"--help", commands[i]->name);
		for (o = commands[i]->options; o->name; o++)
			fprintf(f, " --%s", o->name);
		fputs("\" ;;\n", f);
	}
	fputs("\t\" pcr \") words=\"read extend\" ;;\n"
	      "\t\"  \") words=\"", f);
	for (i = 0; commands[i]; i++) {
		size_t n = strcspn(commands[i]->name, " ");

		/* Of commands with two words the first is named once. */
		if (!i || strncmp(commands[i - 1]->name, commands[i]->name,
				  n + 1))
			fprintf(f, "%s%.*s", i ? " " : "", (int)n,
				commands[i]->name);
	}
	fputs("\" ;;\n\tesac\n"
	      "\tif [[ $cur == -* || $line == \"  \" || $line == \" pcr \" ]]; then\n"
	      "\t\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
	      "\telse\n"
	      "\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
	      "\tfi\n}\ncomplete -o filenames -F _imans imans\n", f);
}
