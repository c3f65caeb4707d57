// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "ima.h"
#include "list.h"
#include "vpcr.h"

static int read_text(struct agent *agent, char *text, size_t size,
		     struct vpcr *vpcr)
{
	long len = ima_get(agent, "vpcr", text, size);
	const char *last;
	int end = -1;

	if (len < 0)
		return len;
	last = strstr(text, "acc ");
	if (!last || (last != text && last[-1] != '\n'))
		return -EBADMSG;
	if (sscanf(last, "acc sha256:%64[0-9a-f] %ld%n", vpcr->acc,
		   &vpcr->entries, &end) != 2 ||
	    strlen(vpcr->acc) != 64 || end < 0 || strcmp(last + end, "\n"))
		return -EBADMSG;
	return 0;
}

int vpcr_read(struct agent *agent, struct vpcr *vpcr)
{
	char text[16384];

	return read_text(agent, text, sizeof(text), vpcr);
}

/* Does each value in front of the last line equal its replay? */
static bool replays(const struct list *list, const char *text,
		    const struct vpcr *vpcr)
{
	uint8_t value[DIGEST_MAX];
	char algo[32], shown[2 * DIGEST_MAX + 1], hex[2 * DIGEST_MAX + 1];
	unsigned int pcr, values = 0;

	for (; sscanf(text, "%u %31[^:]:%128[0-9a-f]", &pcr, algo, shown) == 3;
	     text = strchr(text, '\n') + 1) {
		if (!digest_size(algo))
			return false;
		digest_hex(value, list_replay(list, pcr, algo, value), hex);
		if (strcmp(hex, shown))
			return false;
		values++;
	}
	list_accumulate(list, value);
	digest_hex(value, 32, hex);
	return values && !strcmp(hex, vpcr->acc);
}

long vpcr_lost(struct agent *agent)
{
	struct vpcr vpcr = {};
	struct list list;
	char text[16384];
	long lost, count;

	lost = list_read(agent, &list);
	if (!lost)
		lost = read_text(agent, text, sizeof(text), &vpcr);
	if (!lost) {
		count = ima_count(agent);
		lost = vpcr.entries - (long)list.count;
		if (count != (long)list.count || lost < 0 ||
		    replays(&list, text, &vpcr) != (lost == 0))
			lost = -EBADMSG;
	}
	list_free(&list);
	return lost;
}
