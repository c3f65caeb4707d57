// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which ids must be mapped before a user namespace can mount its securityfs:
 * 0 and 0, to which its files belong (abi.md section 1).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "file.h"
#include "ima.h"
#include "ns.h"

#define OWNER 1000

FIXTURE(mapping)
{
	struct agent child;
};

FIXTURE_VARIANT(mapping)
{
	const char *uid;	/* NULL: not written */
	const char *gid;
	int error;
};

FIXTURE_VARIANT_ADD(mapping, nothing)
{
	.error = EPERM,
};

FIXTURE_VARIANT_ADD(mapping, only_uid)
{
	.uid = "0 1000 1\n",
	.error = EPERM,
};

FIXTURE_VARIANT_ADD(mapping, only_gid)
{
	.gid = "0 1000 1\n",
	.error = EPERM,
};

FIXTURE_VARIANT_ADD(mapping, uid_0_and_gid_5)
{
	.uid = "0 1000 1\n",
	.gid = "5 1000 1\n",
	.error = EPERM,
};

FIXTURE_VARIANT_ADD(mapping, uid_5_and_gid_0)
{
	.uid = "5 1000 1\n",
	.gid = "0 1000 1\n",
	.error = EPERM,
};

FIXTURE_VARIANT_ADD(mapping, both)
{
	.uid = "0 1000 1\n",
	.gid = "0 1000 1\n",
};

FIXTURE_VARIANT_ADD(mapping, both_among_others)
{
	.uid = "0 100000 10\n1000 1000 1\n",
	.gid = "7 1000 1\n0 100000 5\n",
};

FIXTURE_SETUP(mapping)
{
	char path[64];

	ASSERT_EQ(0, ns_start(&self->child, NULL, OWNER, ""));
	snprintf(path, sizeof(path), "/proc/%d/uid_map", self->child.pid);
	if (variant->uid)
		ASSERT_EQ(0, file_put_text(NULL, path, variant->uid));
	snprintf(path, sizeof(path), "/proc/%d/gid_map", self->child.pid);
	if (variant->gid)
		ASSERT_EQ(0, file_put_text(NULL, path, variant->gid));
}

FIXTURE_TEARDOWN(mapping)
{
	agent_stop(&self->child);
}

TEST_F(mapping, decides_whether_it_can_be_mounted)
{
	EXPECT_EQ(-variant->error, ima_mount(&self->child));
}

/* Refused once is not refused for ever, and leaves no namespace behind. */
TEST_F(mapping, can_be_completed)
{
	char path[64];

	if (variant->uid && variant->gid)
		return;		/* a map is written once */
	ASSERT_EQ(-EPERM, ima_mount(&self->child));
	snprintf(path, sizeof(path), "/proc/%d/uid_map", self->child.pid);
	if (!variant->uid)
		ASSERT_EQ(0, file_put_text(NULL, path, "0 1000 1\n"));
	snprintf(path, sizeof(path), "/proc/%d/gid_map", self->child.pid);
	if (!variant->gid)
		ASSERT_EQ(0, file_put_text(NULL, path, "0 1000 1\n"));
	ASSERT_EQ(0, ns_become_root(&self->child));
	EXPECT_EQ(0, ima_mount(&self->child));
	EXPECT_EQ(0, ima_activate(&self->child));
}

TEST_HARNESS_MAIN
