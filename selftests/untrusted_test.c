// SPDX-License-Identifier: GPL-2.0-only
/*
 * A container that mounts its own FUSE server, measured by itself and by the
 * host: neither list may miss what it read (abi.md section 5).
 *
 *   init (rule for the uid) ---- child (1 server, 1 reader)
 *
 * fixes_measure tests the same server without namespaces.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "file.h"
#include "ima.h"
#include "list.h"
#include "ns.h"
#include "scratch.h"

/* Nobody else runs under this uid, so that the host's rule is for this. */
#define OWNER 63201
#define FUSE_RULE "measure func=FILE_CHECK mask=MAY_READ fsmagic=0x65735546"

FIXTURE(untrusted)
{
	struct agent child;
	char directory[256];
	char path[400];
	char text[64];
};

FIXTURE_VARIANT(untrusted)
{
	const char *hash;	/* of the child, the host's is what it is */
};

FIXTURE_VARIANT_ADD(untrusted, sha256)
{
	.hash = "sha256",
};

FIXTURE_VARIANT_ADD(untrusted, sha512)
{
	.hash = "sha512",
};

static bool host_has_rule_for(const char *word)
{
	char *policy;
	bool has;

	if (file_get_all(NULL, IMA_DIR "/policy", &policy) < 0)
		return false;
	has = strstr(policy, word);
	free(policy);
	return has;
}

FIXTURE_SETUP(untrusted)
{
	char program[400], command[800], mount[300];

	if (scratch_built("fuse_evil", program, sizeof(program)))
		SKIP(return, "no fuse_evil (package libfuse3-dev)");
	if (access("/dev/fuse", F_OK))
		SKIP(return, "no /dev/fuse (CONFIG_FUSE_FS)");
	/* Anybody may use it, as on machines with udev. */
	ASSERT_EQ(0, chmod("/dev/fuse", 0666));
	if (!host_has_rule_for("uid=63201"))
		ASSERT_EQ(0, ima_load_policy(NULL, FUSE_RULE " uid=63201\n"));
	ASSERT_EQ(0, scratch_directory(self->directory,
				       sizeof(self->directory)));
	snprintf(mount, sizeof(mount), "%s/mnt", self->directory);
	ASSERT_EQ(0, mkdir(mount, 0755));
	ASSERT_EQ(0, ns_start(&self->child, NULL, OWNER, NULL));
	ASSERT_EQ(0, ima_configure(&self->child, variant->hash, "ima-ng"));
	ASSERT_EQ(0, ima_activate(&self->child));
	ASSERT_EQ(0, ima_load_policy(&self->child, FUSE_RULE "\n"));
	snprintf(command, sizeof(command), "%s %s", program, mount);
	ASSERT_EQ(0, file_run(&self->child, command));
	snprintf(self->path, sizeof(self->path), "%s/", mount);
}

FIXTURE_TEARDOWN(untrusted)
{
	agent_stop(&self->child);
	scratch_remove(self->directory);
}

/* How many entries of @name hold this content; NULL is a digest of zeros. */
static long count_content(struct agent *agent, const char *name,
			  const char *algo, const char *content)
{
	uint8_t digest[DIGEST_MAX] = {};
	struct list list;
	long count = list_read(agent, &list);
	size_t i;

	if (content)
		digest_bytes(algo, content, strlen(content), digest);
	for (i = 0; !count && i < list.count; i++) {
		struct entry *entry = &list.entries[i];

		if (!strcmp(entry->name, name) && !entry->violation &&
		    !strcmp(entry->algo, algo) &&
		    !memcmp(entry->file_digest, digest, digest_size(algo)))
			count++;
	}
	list_free(&list);
	return count;
}

#define READS(_name, _content) do { \
	strcat(self->path, _name); \
	ASSERT_EQ((long)strlen(_content), \
		  file_get(&self->child, self->path, self->text, \
			   sizeof(self->text))); \
	ASSERT_STREQ(_content, self->text); \
} while (0)

/*
 * The server fails the first READ of each open.  A level that reads the file
 * again for itself may then have the digest; none may have nothing.
 */
TEST_F(untrusted, error_leaves_an_entry_on_every_level)
{
	struct list host;
	const char *algo;

	READS("error", "evil 0000\n");
	EXPECT_EQ(1, list_measured(&self->child, self->path));
	EXPECT_EQ(1, list_measured(NULL, self->path));
	EXPECT_EQ(1, count_content(&self->child, self->path, variant->hash,
				   NULL) +
		     count_content(&self->child, self->path, variant->hash,
				   "evil 0000\n"));
	ASSERT_EQ(0, list_read(NULL, &host));
	algo = host.entries[0].algo;
	EXPECT_EQ(1, count_content(NULL, self->path, algo, NULL) +
		     count_content(NULL, self->path, algo, "evil 0000\n"));
	list_free(&host);
}

/* O_DIRECT: no level can read it, each says so. */
TEST_F(untrusted, unreadable_file_leaves_a_zero_digest_on_every_level)
{
	struct list host;

	snprintf(self->path, sizeof(self->path), "%s/text", self->directory);
	ASSERT_EQ(0, scratch_text(self->path, "text\n"));
	ASSERT_EQ(0, chown(self->path, 63202, 63202));
	ASSERT_EQ(0, chmod(self->path, 0644));
	if (!host_has_rule_for("fowner=63202"))
		ASSERT_EQ(0, ima_load_policy(NULL,
					     "measure func=FILE_CHECK "
					     "mask=MAY_READ fowner=63202\n"));
	ASSERT_EQ(0, ima_load_policy(&self->child,
				     "measure func=FILE_CHECK mask=MAY_READ "
				     "fsname=ext4\n"));
	ASSERT_LE(0, file_open(&self->child, self->path, O_RDONLY | O_DIRECT));
	EXPECT_EQ(1, count_content(&self->child, self->path, variant->hash,
				   NULL));
	ASSERT_EQ(0, list_read(NULL, &host));
	EXPECT_EQ(1, count_content(NULL, self->path, host.entries[0].algo,
				   NULL));
	list_free(&host);
}

/* The xattr names an algorithm that is weaker than either level's own. */
TEST_F(untrusted, xattr_weakens_no_level)
{
	struct list host;

	READS("md5", "evil 0000\n");
	EXPECT_EQ(1, count_content(&self->child, self->path, variant->hash,
				   "evil 0000\n"));
	EXPECT_EQ(1, list_measured(&self->child, self->path));
	ASSERT_EQ(0, list_read(NULL, &host));
	EXPECT_EQ(1, count_content(NULL, self->path, host.entries[0].algo,
				   "evil 0000\n"));
	list_free(&host);
}

TEST_F(untrusted, unavailable_algorithm_costs_no_level_its_digest)
{
	READS("wp256", "evil 0000\n");
	EXPECT_EQ(1, count_content(&self->child, self->path, variant->hash,
				   "evil 0000\n"));
	EXPECT_EQ(1, list_measured(NULL, self->path));
}

TEST_F(untrusted, file_is_one_violation_on_every_level)
{
	char text[64];

	READS("two-faced", "evil 0000\n");
	ASSERT_LT(0, file_get(&self->child, self->path, text, sizeof(text)));
	ASSERT_LT(0, file_get(&self->child, self->path, text, sizeof(text)));
	EXPECT_EQ(1, list_violated(&self->child, self->path));
	EXPECT_EQ(1, list_violated(NULL, self->path));
	EXPECT_EQ(1, ima_number(&self->child, "violations"));
}

/* Never cached as measured: what changes without a word is seen. */
TEST_F(untrusted, each_content_leaves_its_entry)
{
	char text[64];

	READS("changing", "evil 0001\n");
	ASSERT_LT(0, file_get(&self->child, self->path, text, sizeof(text)));
	EXPECT_EQ(1, count_content(&self->child, self->path, variant->hash,
				   "evil 0001\n"));
	EXPECT_EQ(1, count_content(&self->child, self->path, variant->hash,
				   text));
	EXPECT_EQ(2, list_measured(&self->child, self->path));
	EXPECT_EQ(2, list_measured(NULL, self->path));
}

/* Its label is right for what the first reader gets, who is the kernel. */
TEST_F(untrusted, file_passes_no_appraisal)
{
	int i;

	strcat(self->path, "labelled");
	ASSERT_EQ(0, ima_load_policy(&self->child, "appraise func=FILE_CHECK "
				     "mask=MAY_READ fsmagic=0x65735546\n"));
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(-EACCES, file_open(&self->child, self->path,
					     O_RDONLY));
	}
	EXPECT_LE(1, list_measured(&self->child, self->path));
	EXPECT_EQ(1, list_violated(&self->child, self->path));
}

TEST_HARNESS_MAIN
