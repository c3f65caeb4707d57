// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adopt.h"
#include "file.h"
#include "ima.h"

long adopt_start_time(pid_t pid)
{
	char path[64], text[2048], *at;
	int field;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if (file_get(NULL, path, text, sizeof(text)) < 0)
		return -1;
	/* What is in parentheses is the second field, and may have blanks. */
	at = strrchr(text, ')');
	for (field = 2; at && field < 22; field++)
		at = strchr(at + 1, ' ');
	return at ? atol(at) : -1;
}

int adopt_by(struct agent *agent, pid_t pid, const char *options)
{
	char text[2048];

	snprintf(text, sizeof(text), "%d:%ld%s%s\n", pid, adopt_start_time(pid),
		 *options ? " " : "", options);
	return file_put_text(agent, ADOPT, text);
}

int adopt(struct agent *whom, const char *options)
{
	return adopt_by(NULL, whom->pid, options);
}

long adopt_newest_id(void)
{
	char names[65536], *name, *rest = names;
	long id, newest = 0;

	if (file_list(NULL, IMA_DIR "/ns", names, sizeof(names)) < 0)
		return -1;
	while ((name = strsep(&rest, "\n"))) {
		id = atol(name);
		if (id > newest)
			newest = id;
	}
	return newest;
}
