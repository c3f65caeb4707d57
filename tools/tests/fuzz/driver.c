// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * driver -max_total_time=SECONDS DIR - in place of libFuzzer: the files of DIR
 * with random damage, always the same, until the time is over.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "util.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t state = 1;

static size_t random_below(size_t n)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return n ? (size_t)(state >> 33) % n : 0;
}

struct corpus {
	struct buf *v;
	size_t n;
};

static void add_file(struct corpus *c, const char *path)
{
	struct buf b = { 0 };

	if (read_file(path, &b))
		exit(2);
	c->v = xreallocarray(c->v, c->n + 1, sizeof(*c->v));
	c->v[c->n++] = b;
}

static void read_corpus(struct corpus *c, const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	char *path;

	if (!d)
		exit(2);
	while ((e = readdir(d))) {
		if (*e->d_name == '.')
			continue;
		path = xasprintf("%s/%s", dir, e->d_name);
		add_file(c, path);
		free(path);
	}
	closedir(d);
}

/* A piece of some input in place of another one, of another length. */
static void splice(struct buf *b, const struct buf *from)
{
	size_t at = random_below(b->len + 1);
	size_t cut = random_below(b->len - at + 1) >> random_below(8);
	size_t start = random_below(from->len + 1);
	size_t len = random_below(from->len - start + 1) >> random_below(8);
	struct buf out = { 0 };

	buf_add(&out, b->data, at);
	buf_add(&out, from->data + start, len);
	buf_add(&out, b->data + at + cut, b->len - at - cut);
	buf_free(b);
	*b = out;
}

static void damage(struct buf *b, const struct corpus *c)
{
	static const uint8_t values[] = {
		0, 1, 0x7f, 0x80, 0xff, '0', '9', ' ',
	};
	size_t n = 1 + random_below(6);

	while (n--) {
		size_t at = random_below(b->len);
		size_t value = random_below(sizeof(values));

		switch (random_below(4)) {
		case 0:
			splice(b, &c->v[random_below(c->n)]);
			break;
		case 1:
			if (b->len)
				b->data[at] = values[value];
			break;
		default:
			if (b->len)
				b->data[at] ^= (uint8_t)(1 << random_below(8));
			break;
		}
	}
}

int main(int argc, char **argv)
{
	struct corpus c = { 0 };
	unsigned long seconds, runs = 0;
	time_t end;

	if (argc != 3 || sscanf(argv[1], "-max_total_time=%lu", &seconds) != 1)
		return 2;
	LLVMFuzzerInitialize(&argc, &argv);
	read_corpus(&c, argv[2]);
	if (!c.n)
		return 2;
	end = time(NULL) + (time_t)seconds;
	while (time(NULL) < end) {
		const struct buf *from = &c.v[runs % c.n];
		struct buf b = { 0 };

		buf_add(&b, from->data, from->len);
		/* Each once as it is. */
		if (runs++ >= c.n)
			damage(&b, &c);
		LLVMFuzzerTestOneInput(b.data, b.len);
		buf_free(&b);
	}
	while (c.n)
		buf_free(&c.v[--c.n]);
	free(c.v);
	printf("Done %lu runs in %lu second(s)\n", runs, seconds);
	return 0;
}
