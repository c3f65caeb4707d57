// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory that IMA does not get must not open what it should have measured.
 * Needs a kernel with fault injection (debug), the others skip.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "file.h"
#include "ima.h"
#include "list.h"
#include "scratch.h"

#define FAILSLAB "/sys/kernel/debug/failslab/"
#define IINT_CACHE "/sys/kernel/slab/ima_iint_cache/failslab"

static const char rules[] =
	"measure func=FILE_CHECK mask=MAY_READ fowner=1200\n"
	"appraise func=FILE_CHECK mask=MAY_READ fowner=1201\n";

/* From now on there is no memory for the state of another inode. */
static const struct {
	const char *path;
	const char *on;
	const char *off;
} settings[] = {
	{ FAILSLAB "ignore-gfp-wait",	"N",	"Y" },
	{ FAILSLAB "cache-filter",	"Y",	"N" },
	{ FAILSLAB "verbose",		"0",	"2" },
	{ FAILSLAB "times",		"-1",	"1" },
	{ IINT_CACHE,			"1",	"0" },
	{ FAILSLAB "probability",	"100",	"0" },
};

#define SETTINGS (sizeof(settings) / sizeof(settings[0]))

static int starve(void)
{
	int ret = 0;

	for (size_t i = 0; i < SETTINGS && !ret; i++)
		ret = file_put_text(NULL, settings[i].path, settings[i].on);
	return ret;
}

static int feed(void)
{
	int ret = 0;

	for (size_t i = SETTINGS; i-- > 0;) {
		int one = file_put_text(NULL, settings[i].path,
					settings[i].off);

		ret = ret ? ret : one;
	}
	return ret;
}

/* Opens @path meanwhile; *@result is its descriptor or a negative errno. */
static int open_starved(const char *path, int *result)
{
	int ret = starve(), fed;

	*result = ret ? ret : file_open(NULL, path, O_RDONLY);
	fed = feed();
	return ret ? ret : fed;
}

FIXTURE(inode)
{
	char directory[256];
	char path[300];
};

FIXTURE_VARIANT(inode)
{
	uid_t owner;
	bool measured;
};

/* clang-format off */
FIXTURE_VARIANT_ADD(inode, measured) { .owner = 1200, .measured = true };
FIXTURE_VARIANT_ADD(inode, appraised) { .owner = 1201 };
/* clang-format on */

FIXTURE_SETUP(inode)
{
	self->directory[0] = 0;
	if (access(FAILSLAB, F_OK))
		SKIP(return, "no " FAILSLAB " (CONFIG_FAILSLAB)");
	if (access(IINT_CACHE, F_OK))
		SKIP(return, "no " IINT_CACHE " (CONFIG_SLUB_DEBUG)");
	ASSERT_EQ(0, ima_load_policy(NULL, rules));
	ASSERT_EQ(0, scratch_directory(self->directory,
				       sizeof(self->directory)));
	snprintf(self->path, sizeof(self->path), "%s/file", self->directory);
	ASSERT_EQ(0, scratch_text(self->path, "content\n"));
	ASSERT_EQ(0, chown(self->path, variant->owner, variant->owner));
}

FIXTURE_TEARDOWN(inode)
{
	scratch_remove(self->directory);
}

TEST_F(inode, does_not_open_without_its_state)
{
	int fd;

	ASSERT_EQ(0, open_starved(self->path, &fd));
	EXPECT_EQ(-ENOMEM, fd);
	EXPECT_EQ(0, list_measured(NULL, self->path));
	if (fd >= 0)
		file_close(NULL, fd);
}

TEST_F(inode, is_treated_as_ever_when_there_is_memory_again)
{
	int fd;

	ASSERT_EQ(0, open_starved(self->path, &fd));
	ASSERT_EQ(-ENOMEM, fd);

	/* What is to be appraised has no security.ima. */
	fd = file_open(NULL, self->path, O_RDONLY);
	if (variant->measured) {
		EXPECT_LE(0, fd);
		EXPECT_EQ(1, list_measured(NULL, self->path));
	} else {
		EXPECT_EQ(-EACCES, fd);
	}
	if (fd >= 0)
		file_close(NULL, fd);
}

TEST_HARNESS_MAIN
