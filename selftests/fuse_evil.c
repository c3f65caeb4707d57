// SPDX-License-Identifier: GPL-2.0-only
/*
 * A FUSE server that does to IMA what any user's server may do: it answers
 * the first reading of an open otherwise than the ones after it, changes
 * content without a word and makes up security.ima.
 *
 *   fuse_evil [options of libfuse] DIRECTORY
 *
 * It serves the files of the table below and goes to the background once they
 * can be opened. Each read(2) arrives here as one READ request.
 */
#define FUSE_USE_VERSION 31

#include <errno.h>
#include <fuse.h>
#include <linux/hash_info.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>

/* First byte of security.ima: an algorithm and a digest follow. */
#define IMA_XATTR_DIGEST_NG 0x04

/* One longest digest, whatever the algorithm: nobody gets to compare it. */
#define XATTR_SIZE (2 + 64)

enum first_read {
	READ_NORMALLY,
	READ_ERROR,	/* EIO */
	READ_NOTHING,	/* end of file, though the size says otherwise */
	READ_GOOD,	/* other content than later */
};

static const struct evil {
	const char *name;
	enum first_read first_read;
	int hash_algo;		/* in security.ima, -1: there is none */
	int numbered;		/* content says the how manieth open it is */
} files[] = {
	{ "plain",	READ_NORMALLY,	-1,			0 },
	{ "error",	READ_ERROR,	-1,			0 },
	{ "nothing",	READ_NOTHING,	-1,			0 },
	{ "two-faced",	READ_GOOD,	-1,			0 },
	{ "changing",	READ_NORMALLY,	-1,			1 },
	{ "md5",	READ_NORMALLY,	HASH_ALGO_MD5,		0 },
	{ "sha1",	READ_NORMALLY,	HASH_ALGO_SHA1,		0 },
	{ "sha512",	READ_NORMALLY,	HASH_ALGO_SHA512,	0 },
	{ "wp256",	READ_NORMALLY,	HASH_ALGO_WP_256,	0 },
	{ "labelled",	READ_GOOD,	HASH_ALGO_SHA256,	0 },
};

/* What is in security.ima of that one: SHA-256 of "good 0000\n". */
static const unsigned char good[] = {
	0x82, 0x34, 0xac, 0x0c, 0xbb, 0x91, 0xe0, 0x02,
	0x2c, 0xdd, 0xae, 0x34, 0x8c, 0x81, 0x71, 0xd7,
	0xf6, 0x71, 0xe1, 0x89, 0x99, 0x47, 0x5f, 0xe1,
	0xf2, 0x00, 0xd8, 0x95, 0x09, 0x87, 0x49, 0xb2,
};

#define FILES (sizeof(files) / sizeof(files[0]))

static unsigned int opens[FILES];

struct handle {
	const struct evil *file;
	unsigned int number;	/* of this open, from 1 on */
	unsigned int reads;
};

/* All contents have the length of this one. */
static const char pattern[] = "evil 0000\n";

static void content_of(const struct handle *handle, char *text)
{
	memcpy(text, pattern, sizeof(pattern));
	if (handle->file->first_read == READ_GOOD && handle->reads == 1)
		memcpy(text, "good", 4);
	if (handle->file->numbered)
		snprintf(text, sizeof(pattern), "evil %04u\n",
			 handle->number % 10000);
}

static const struct evil *find(const char *path)
{
	for (size_t i = 0; i < FILES; i++)
		if (!strcmp(path + 1, files[i].name))
			return &files[i];
	return NULL;
}

static int evil_getattr(const char *path, struct stat *st,
			struct fuse_file_info *fi)
{
	(void)fi;
	memset(st, 0, sizeof(*st));
	if (!strcmp(path, "/")) {
		st->st_mode = S_IFDIR | 0755;
		st->st_nlink = 2;
		return 0;
	}
	if (!find(path))
		return -ENOENT;
	st->st_mode = S_IFREG | 0755;
	st->st_nlink = 1;
	st->st_size = sizeof(pattern) - 1;
	return 0;
}

static int evil_open(const char *path, struct fuse_file_info *fi)
{
	const struct evil *file = find(path);
	struct handle *handle;

	if (!file)
		return -ENOENT;
	handle = calloc(1, sizeof(*handle));
	if (!handle)
		return -ENOMEM;
	handle->file = file;
	handle->number = ++opens[file - files];
	fi->fh = (uintptr_t)handle;
	/* No page cache: the next reader must ask us again. */
	fi->direct_io = 1;
	return 0;
}

static int evil_release(const char *path, struct fuse_file_info *fi)
{
	(void)path;
	free((void *)(uintptr_t)fi->fh);
	return 0;
}

static int evil_read(const char *path, char *buf, size_t size, off_t offset,
		     struct fuse_file_info *fi)
{
	struct handle *handle = (void *)(uintptr_t)fi->fh;
	char text[sizeof(pattern)];
	size_t left;

	(void)path;
	if (++handle->reads == 1) {
		if (handle->file->first_read == READ_ERROR)
			return -EIO;
		if (handle->file->first_read == READ_NOTHING)
			return 0;
	}
	if (offset >= (off_t)sizeof(pattern) - 1)
		return 0;
	content_of(handle, text);
	left = sizeof(pattern) - 1 - offset;
	if (size > left)
		size = left;
	memcpy(buf, text + offset, size);
	return size;
}

static int evil_getxattr(const char *path, const char *name, char *value,
			 size_t size)
{
	const struct evil *file = find(path);

	if (!file || file->hash_algo < 0 || strcmp(name, "security.ima"))
		return -ENODATA;
	if (!size)
		return XATTR_SIZE;
	if (size < XATTR_SIZE)
		return -ERANGE;
	memset(value, 0, XATTR_SIZE);
	value[0] = IMA_XATTR_DIGEST_NG;
	value[1] = file->hash_algo;
	if (file->hash_algo == HASH_ALGO_SHA256)
		memcpy(value + 2, good, sizeof(good));
	return XATTR_SIZE;
}

static const struct fuse_operations operations = {
	.getattr = evil_getattr,
	.open = evil_open,
	.release = evil_release,
	.read = evil_read,
	.getxattr = evil_getxattr,
};

int main(int argc, char **argv)
{
	return fuse_main(argc, argv, &operations, NULL);
}
