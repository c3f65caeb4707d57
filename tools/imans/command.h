/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a command is: its options and texts are written once, here called
 * struct command, and --help, the manual page and the completion come from it.
 */
#ifndef IMANS_COMMAND_H
#define IMANS_COMMAND_H

#include <stdbool.h>

#include "util.h"

/**
 * struct option_spec - one long option
 * @name:	without the dashes; NULL ends an array
 * @arg:	what stands for its value in texts; NULL = it takes none
 * @arg_optional: --name or --name=VALUE
 * @help:	one or more sentences
 */
struct option_spec {
	const char *name;
	const char *arg;
	bool arg_optional;
	const char *help;
};

struct cmdline;

/**
 * struct command - one command of imans
 * @name:	one word, or two: "pcr read"
 * @args:	operands and options for the usage line
 * @summary:	one line
 * @text:	paragraphs for --help and the manual, NULL behind the last
 * @options:	ended by a NULL name
 * @stop_early:	options end at the first operand (a command with its own)
 * @run:	returns enum imans_exit, or CMD's status
 */
struct command {
	const char *name;
	const char *args;
	const char *summary;
	const char *const *text;
	const struct option_spec *options;
	bool stop_early;
	int (*run)(struct cmdline *c);
};

/**
 * struct cmdline - the arguments of a command while it takes them apart
 * @value:	of the option cmdline_next() returned, NULL if it has none
 * @argv, @argc: the operands, once cmdline_next() returned CMDLINE_END
 */
struct cmdline {
	const struct command *command;
	char **argv;
	int argc;
	const char *value;
	void *long_options;
};

enum {
	CMDLINE_END = -1,
	CMDLINE_BAD = -2,	/* getopt has said what is wrong */
	CMDLINE_HELP = -3,
	CMDLINE_REFUSED = -4,	/* a value was refused, the reason is printed */
};

/* Index of the next option in the command's table, or one of the above. */
int cmdline_next(struct cmdline *c);
/* Ends option parsing before CMDLINE_END: the exit status for a bad one. */
int cmdline_exit(struct cmdline *c, int why);
/* Prints the message and how to get help; returns IMANS_ERROR. */
int usage_error(const struct cmdline *c, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

void help_command(FILE *f, const struct command *c);
void help_all(FILE *f, const struct command *const *commands);
void help_man(FILE *f, const struct command *const *commands);
void help_completion(FILE *f, const struct command *const *commands);

extern const struct command command_verify, command_log, command_show,
	command_ls;
extern const struct command command_boot_log, command_quote, command_proof;
extern const struct command command_pcr_read, command_pcr_extend;
extern const struct command command_activate, command_run, command_hook;

#endif
