// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is written to ima_ns/adopt: PID:STARTTIME [label=...] [policy=/PATH]
 */

#include <linux/ima_ns_anchor.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "adoption.h"

/* Return: the value if the word has this key, else NULL. */
static const char *ima_adoption_value(const char *word, const char *key)
{
	size_t len = strlen(key);

	return strncmp(word, key, len) ? NULL : word + len;
}

static int ima_adoption_process(char *word, struct ima_adoption *adoption)
{
	char *pid = strsep(&word, ":");

	if (!word || kstrtoint(pid, 10, &adoption->pid) ||
	    kstrtou64(word, 10, &adoption->start_time) || adoption->pid <= 0)
		return -EINVAL;
	return 0;
}

static int ima_adoption_option(const char *word, struct ima_adoption *adoption)
{
	const char **option;
	const char *value;

	value = ima_adoption_value(word, "label=");
	if (value) {
		option = &adoption->label;
	} else {
		value = ima_adoption_value(word, "policy=");
		option = &adoption->policy;
	}

	/* Each at most once. */
	if (!value || *option)
		return -EINVAL;
	*option = value;
	return 0;
}

/**
 * ima_adoption_parse - read what is written to ima_ns/adopt
 * @text: what is written, NUL-terminated.  It is cut into pieces, which
 *	@adoption points to
 * @len: its length in bytes
 * @adoption: set to what it says
 *
 * Words are separated by single blanks, and a newline may follow.  No label and
 * no path has a blank in it, then.
 *
 * Return: 0 or -EINVAL.
 */
int ima_adoption_parse(char *text, size_t len, struct ima_adoption *adoption)
{
	char *word;

	memset(adoption, 0, sizeof(*adoption));
	if (len && text[len - 1] == '\n')
		text[--len] = '\0';
	/* Numbers would be read with one behind them, too. */
	if (strlen(text) != len || strchr(text, '\n'))
		return -EINVAL;

	word = strsep(&text, " ");
	if (ima_adoption_process(word, adoption))
		return -EINVAL;

	while ((word = strsep(&text, " ")))
		if (ima_adoption_option(word, adoption))
			return -EINVAL;
	return 0;
}
