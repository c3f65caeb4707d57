// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "ima.h"
#include "ns.h"

int ima_mount(struct agent *agent)
{
	return file_mount(agent, "securityfs", SECURITYFS);
}

static void path_of(char *path, size_t size, const char *name)
{
	snprintf(path, size, "%s/%s", IMA_DIR, name);
}

int ima_put(struct agent *agent, const char *name, const char *text)
{
	char path[256];

	path_of(path, sizeof(path), name);
	return file_put_text(agent, path, text);
}

long ima_get(struct agent *agent, const char *name, char *buf, size_t size)
{
	char path[256];

	path_of(path, sizeof(path), name);
	return file_get(agent, path, buf, size);
}

int ima_open(struct agent *agent, const char *name, int flags)
{
	char path[256];

	path_of(path, sizeof(path), name);
	return file_open(agent, path, flags);
}

long ima_number(struct agent *agent, const char *name)
{
	char buf[64], *end;
	long number, len = ima_get(agent, name, buf, sizeof(buf));

	if (len < 0)
		return len;
	number = strtol(buf, &end, 10);
	if (end == buf || strcmp(end, "\n"))
		return -EBADMSG;
	return number;
}

long ima_count(struct agent *agent)
{
	return ima_number(agent, "runtime_measurements_count");
}

int ima_activate(struct agent *agent)
{
	return ima_put(agent, "active", "1");
}

int ima_load_policy(struct agent *agent, const char *rules)
{
	int fd = ima_open(agent, "policy", O_WRONLY);
	int ret = 0, closed;

	if (fd < 0)
		return fd;
	while (*rules && !ret) {
		size_t len = strcspn(rules, "\n");
		long n;

		len += rules[len] == '\n';
		n = file_write(agent, fd, rules, len);
		if (n < 0)
			ret = n;
		else if ((size_t)n < len)
			ret = -EIO;	/* stock counts a NUL as newline */
		rules += len;
	}
	closed = file_close(agent, fd);
	return ret ? ret : closed;
}

int ima_start(struct agent *agent, const char *rules)
{
	int ret = ima_mount(agent);

	if (!ret)
		ret = ima_activate(agent);
	if (!ret && rules)
		ret = ima_load_policy(agent, rules);
	return ret;
}

int ima_start_new(struct agent *agent, struct agent *parent, uid_t uid,
		  const char *rules)
{
	int ret = ns_start(agent, parent, uid, NULL);

	return ret ? ret : ima_start(agent, rules);
}

int ima_configure(struct agent *agent, const char *hash, const char *template)
{
	int ret = ima_mount(agent);

	if (!ret && hash)
		ret = ima_put(agent, "hash", hash);
	if (!ret && template)
		ret = ima_put(agent, "template_name", template);
	return ret;
}

int ima_directory(const struct agent *agent)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/root%s", agent->pid, IMA_DIR);
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

bool ima_has_namespaces(void)
{
	struct agent agent = {};
	bool has;

	has = !ns_start(&agent, NULL, 0, NULL) && !ima_mount(&agent) &&
	      ima_number(&agent, "id") > 0;
	agent_stop(&agent);
	return has;
}
