// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * imans - IMA namespaces from user space.
 */
#include <stdlib.h>
#include <string.h>

#include "command.h"

/* The only list of commands. */
static const struct command *const commands[] = {
	&command_run,
	&command_activate,
	&command_hook,
	&command_ls,
	&command_show,
	&command_log,
	&command_boot_log,
	&command_pcr_read,
	&command_pcr_extend,
	&command_verify,
	&command_quote,
	&command_proof,
	NULL,
};

/* How many words of @argv name @c: 0, 1 or 2. */
static int words_matched(const struct command *c, int argc, char **argv)
{
	const char *blank = strchr(c->name, ' ');
	size_t n = blank ? (size_t)(blank - c->name) : strlen(c->name);

	if (argc < 2 || strlen(argv[1]) != n || memcmp(argv[1], c->name, n))
		return 0;
	if (!blank)
		return 1;
	return argc > 2 && !strcmp(argv[2], blank + 1) ? 2 : 0;
}

static int run_command(const struct command *c, int argc, char **argv,
		       int words)
{
	struct cmdline line = { .command = c };
	char *prefix = xasprintf("imans %s", c->name);
	int rc;

	/* getopt prints argv[0] in front of its messages. */
	line.argv = argv + words;
	line.argc = argc - words;
	line.argv[0] = prefix;
	msg_set_prefix(prefix);
	rc = c->run(&line);
	msg_set_prefix("imans");
	free(prefix);
	return rc;
}

/* What imans itself is asked, without a command. */
static int run_own(int argc, char **argv)
{
	const char *what = argc == 2 ? argv[1] : "";

	if (!strcmp(what, "--help") || !strcmp(what, "help")) {
		help_all(stdout, commands);
	} else if (!strcmp(what, "--man")) {
		help_man(stdout, commands);
	} else if (!strcmp(what, "--completion")) {
		help_completion(stdout, commands);
	} else {
		if (argc > 1)
			msg("unknown command \"%s\"", argv[1]);
		help_all(stderr, commands);
		return IMANS_ERROR;
	}
	return IMANS_OK;
}

static int dispatch(int argc, char **argv)
{
	size_t i;

	for (i = 0; commands[i]; i++) {
		int words = words_matched(commands[i], argc, argv);

		if (words)
			return run_command(commands[i], argc, argv, words);
	}
	return run_own(argc, argv);
}

int main(int argc, char **argv)
{
	int rc;

	/* What its libraries have to say about a TPM is said here, shorter. */
	setenv("TSS2_LOG", "all+NONE", 0);
	rc = dispatch(argc, argv);

	/* A result that could not be written must not look like one. */
	if (fflush(stdout) || ferror(stdout)) {
		msg_errno("standard output");
		if (rc == IMANS_OK)
			rc = IMANS_ERROR;
	}
	return rc;
}
