// SPDX-License-Identifier: GPL-2.0-only
/*
 * security.ima from inside: who may write it, and rules that have it written
 * (abi.md sections 4 and 5).
 *
 *   init ---- child (1000), whose files those of uid 1000 are
 *               `---- nested
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "digest.h"
#include "file.h"
#include "ima.h"
#include "kmsg.h"
#include "ns.h"
#include "scratch.h"
#include "sign.h"

#define OWNER 1000
#define LABEL "security.ima"
#define ON_EXT4 " fsmagic=0xef53"
#define SHA1_TYPE 1
#define HASH_TYPE 4
#define ALGO_SHA256 4
#define ALGO_SHA512 6

/* A hash of nothing in particular. */
static const unsigned char some_hash[34] = { HASH_TYPE, ALGO_SHA256, 1, 2, 3 };
static const unsigned char sha512_hash[66] = { HASH_TYPE, ALGO_SHA512, 1 };

/* arg: EVM's instead; in: path, NUL, value; no value: remove */
static long do_label(struct call *call)
{
	const char *name = call->arg[0] ? "security.evm" : LABEL;
	const char *path = call->in;
	size_t skip = strlen(path) + 1;
	int ret;

	call->out_len = 0;
	if (call->in_len == skip)
		ret = removexattr(path, name);
	else
		ret = setxattr(path, name, path + skip, call->in_len - skip, 0);
	return ret ? -errno : 0;
}

static long label_as(struct agent *agent, bool evm, const char *path,
		     const void *value, size_t len)
{
	char both[1024];
	struct call call = { .arg = { evm }, .fd = -1, .in = both };

	strcpy(both, path);
	memcpy(both + strlen(path) + 1, value, len);
	call.in_len = strlen(path) + 1 + len;
	return agent_call(agent, do_label, &call);
}

static long label(struct agent *agent, const char *path, const void *value,
		  size_t len)
{
	return label_as(agent, false, path, value, len);
}

#define SOME_HASH some_hash, sizeof(some_hash)

static long unlabel(struct agent *agent, const char *path)
{
	return label(agent, path, "", 0);
}

static bool has_label(const char *path)
{
	return getxattr(path, LABEL, NULL, 0) > 0;
}

/* Is the label the hash of what the file is now? */
static bool is_hash_of(const char *path, const char *algo)
{
	unsigned char value[256], digest[DIGEST_MAX];
	ssize_t n = getxattr(path, LABEL, value, sizeof(value));
	char *content;
	long len = file_get_all(NULL, path, &content);
	size_t size, skip = strcmp(algo, "sha1") ? 2 : 1;

	if (len < 0)
		return false;
	size = digest_bytes(algo, content, len, digest);
	free(content);
	return n == (ssize_t)(size + skip) &&
	       value[0] == (skip == 1 ? SHA1_TYPE : HASH_TYPE) &&
	       !memcmp(value + skip, digest, size);
}

FIXTURE(label)
{
	struct agent child;
	struct agent nested;
	struct agent other;
	char directory[256];
	char text[300];
};

FIXTURE_SETUP(label)
{
	ASSERT_EQ(0, scratch_directory(self->directory,
				       sizeof(self->directory)));
	ASSERT_EQ(0, chmod(self->directory, 0777));
	snprintf(self->text, sizeof(self->text), "%s/text", self->directory);
	ASSERT_EQ(0, scratch_text(self->text, "text\n"));
	ASSERT_EQ(0, chown(self->text, OWNER, OWNER));
	ASSERT_EQ(0, ns_start(&self->child, NULL, OWNER, NULL));
	ASSERT_EQ(0, ima_mount(&self->child));
}

FIXTURE_TEARDOWN(label)
{
	agent_stop(&self->other);
	agent_stop(&self->nested);
	agent_stop(&self->child);
	scratch_remove(self->directory);
}

TEST_F(label, needs_an_active_namespace)
{
	EXPECT_EQ(-EPERM, label(&self->child, self->text, SOME_HASH));
	ASSERT_EQ(0, ima_activate(&self->child));
	EXPECT_EQ(0, label(&self->child, self->text, SOME_HASH));
	EXPECT_TRUE(has_label(self->text));
	EXPECT_EQ(0, unlabel(&self->child, self->text));
	EXPECT_FALSE(has_label(self->text));
}

/* That of an ancestor is not enough: who has no rights there does not label. */
TEST_F(label, needs_a_namespace_of_ones_own)
{
	ASSERT_EQ(0, ima_activate(&self->child));
	ASSERT_EQ(0, ns_start(&self->nested, &self->child, 0, NULL));
	EXPECT_EQ(-EPERM, label(&self->nested, self->text, SOME_HASH));
	ASSERT_EQ(0, ima_start(&self->nested, NULL));
	EXPECT_EQ(0, label(&self->nested, self->text, SOME_HASH));
}

TEST_F(label, needs_a_mapped_owner_and_group)
{
	ASSERT_EQ(0, ima_activate(&self->child));
	ASSERT_EQ(0, chown(self->text, 0, OWNER));
	EXPECT_EQ(-EPERM, label(&self->child, self->text, SOME_HASH));
	ASSERT_EQ(0, chown(self->text, OWNER, 0));
	EXPECT_EQ(-EPERM, label(&self->child, self->text, SOME_HASH));
	ASSERT_EQ(0, sign_hash("sha256", self->text));
	EXPECT_EQ(-EPERM, unlabel(&self->child, self->text));
	ASSERT_EQ(0, chown(self->text, OWNER, OWNER));
	EXPECT_EQ(0, unlabel(&self->child, self->text));
}

TEST_F(label, needs_the_capability)
{
	ASSERT_EQ(0, ima_activate(&self->child));
	ASSERT_EQ(0, agent_start(&self->other, &self->child));
	ASSERT_EQ(0, ns_limit_capabilities(&self->other, CAP(SYS_ADMIN)));
	EXPECT_EQ(-EPERM, label(&self->other, self->text, SOME_HASH));
	EXPECT_EQ(0, label(&self->child, self->text, SOME_HASH));
	EXPECT_EQ(-EPERM, unlabel(&self->other, self->text));
}

TEST_F(label, is_not_written_by_users_outside)
{
	ASSERT_EQ(0, ima_activate(&self->child));
	ASSERT_EQ(0, agent_start(&self->other, NULL));
	ASSERT_EQ(0, ns_drop_to(&self->other, OWNER));
	EXPECT_EQ(-EPERM, label(&self->other, self->text, SOME_HASH));
	EXPECT_EQ(0, label(NULL, self->text, SOME_HASH));
	EXPECT_EQ(-EPERM, unlabel(&self->other, self->text));
}

TEST_F(label, that_is_none_is_refused)
{
	ASSERT_EQ(0, ima_activate(&self->child));
	EXPECT_EQ(-EINVAL, label(&self->child, self->text, "\x09xxx", 4));
	EXPECT_EQ(0, label(&self->child, self->text, SOME_HASH));
}

TEST_F(label, has_an_algorithm_that_all_accept)
{
	ASSERT_EQ(0, ima_activate(&self->child));
	ASSERT_EQ(0, ima_load_policy(&self->child, "appraise "
				     "func=SETXATTR_CHECK "
				     "appraise_algos=sha256\n"));
	EXPECT_EQ(-EACCES, label(&self->child, self->text, sha512_hash,
				 sizeof(sha512_hash)));
	EXPECT_EQ(0, label(&self->child, self->text, SOME_HASH));
	/* Who is below cannot accept more. */
	ASSERT_EQ(0, ima_start_new(&self->nested, &self->child, 0, "appraise "
				   "func=SETXATTR_CHECK "
				   "appraise_algos=sha256,sha512\n"));
	EXPECT_EQ(-EACCES, label(&self->nested, self->text, sha512_hash,
				 sizeof(sha512_hash)));
	EXPECT_EQ(0, label(&self->nested, self->text, SOME_HASH));
	/* The machine has no such rule. */
	EXPECT_EQ(0, label(NULL, self->text, sha512_hash,
			   sizeof(sha512_hash)));
}

/* What a container writes there is not for the machine's log. */
TEST_F(label, of_an_algorithm_that_is_none_is_not_logged)
{
	static const char rule[] = "appraise func=SETXATTR_CHECK "
				   "appraise_algos=sha256,no-such-hash\n";
	int kmsg = kmsg_open();

	ASSERT_LE(0, kmsg);
	ASSERT_EQ(0, ima_activate(&self->child));
	EXPECT_EQ(-EINVAL, ima_load_policy(&self->child, rule));
	EXPECT_EQ(0, kmsg_count(kmsg, "no-such-hash"));
	EXPECT_EQ(-EINVAL, ima_load_policy(NULL, rule));
	EXPECT_LT(0, kmsg_count(kmsg, "no-such-hash"));
	close(kmsg);
}

TEST_F(label, of_evm_is_not_written)
{
	static const unsigned char signature[16] = { 5, 2, 4 };

	ASSERT_EQ(0, ima_activate(&self->child));
	EXPECT_EQ(-EPERM, label_as(&self->child, true, self->text, signature,
				   sizeof(signature)));
}

TEST_F(label, leaves_setcap_and_chmod_alone)
{
	char command[400];

	ASSERT_EQ(0, ima_activate(&self->child));
	snprintf(command, sizeof(command), "/usr/sbin/setcap cap_net_raw+ep %s",
		 self->text);
	if (access("/usr/sbin/setcap", X_OK))
		SKIP(return, "/usr/sbin/setcap (libcap2-bin) is missing");
	EXPECT_EQ(0, file_run(&self->child, command));
	EXPECT_EQ(0, label(&self->child, self->text, SOME_HASH));
	EXPECT_EQ(0, file_run(&self->child, command));
	snprintf(command, sizeof(command), "/bin/chmod 0700 %s", self->text);
	EXPECT_EQ(0, file_run(&self->child, command));
}

/* Hash rules */

#define HASH_RULE "hash func=FILE_CHECK mask=MAY_WRITE" ON_EXT4 "\n"

static int write_text(struct agent *agent, const char *path, int flags,
		      const char *text)
{
	int fd = file_open(agent, path, O_WRONLY | flags), ret;
	long n;

	if (fd < 0)
		return fd;
	n = file_write(agent, fd, text, strlen(text));
	ret = file_close(agent, fd);
	return n < 0 ? n : ret;
}

TEST_F(label, is_written_by_a_hash_rule)
{
	char path[300];

	ASSERT_EQ(0, ima_activate(&self->child));
	ASSERT_EQ(0, ima_load_policy(&self->child, HASH_RULE));
	ASSERT_EQ(0, write_text(&self->child, self->text, 0, "other"));
	EXPECT_TRUE(is_hash_of(self->text, "sha256"));
	ASSERT_EQ(0, write_text(&self->child, self->text, 0, "again"));
	EXPECT_TRUE(is_hash_of(self->text, "sha256"));
	snprintf(path, sizeof(path), "%s/new", self->directory);
	ASSERT_EQ(0, write_text(&self->child, path, O_CREAT | O_EXCL, "new"));
	EXPECT_TRUE(is_hash_of(path, "sha256"));
}

TEST_F(label, by_a_hash_rule_is_the_namespaces_hash)
{
	ASSERT_EQ(0, ima_put(&self->child, "hash", "sha512"));
	ASSERT_EQ(0, ima_activate(&self->child));
	ASSERT_EQ(0, ima_load_policy(&self->child, HASH_RULE));
	ASSERT_EQ(0, write_text(&self->child, self->text, 0, "other"));
	EXPECT_TRUE(is_hash_of(self->text, "sha512"));
}

TEST_F(label, by_a_hash_rule_is_for_its_own_tasks)
{
	ASSERT_EQ(0, ima_activate(&self->child));
	ASSERT_EQ(0, ima_load_policy(&self->child, HASH_RULE));
	ASSERT_EQ(0, scratch_append(self->text, "host"));
	EXPECT_FALSE(has_label(self->text));
	/* An active one of its own is not its parent's. */
	ASSERT_EQ(0, ima_start_new(&self->nested, &self->child, 0, NULL));
	ASSERT_EQ(0, write_text(&self->nested, self->text, 0, "nested"));
	EXPECT_FALSE(has_label(self->text));
	/* One without is. */
	ASSERT_EQ(0, ns_start(&self->other, &self->child, 0, NULL));
	ASSERT_EQ(0, write_text(&self->other, self->text, 0, "other"));
	EXPECT_TRUE(is_hash_of(self->text, "sha256"));
}

TEST_F(label, by_a_hash_rule_is_not_for_files_of_others)
{
	ASSERT_EQ(0, ima_activate(&self->child));
	ASSERT_EQ(0, ima_load_policy(&self->child, HASH_RULE));
	ASSERT_EQ(0, chown(self->text, 0, 0));
	ASSERT_EQ(0, chmod(self->text, 0666));
	ASSERT_EQ(0, write_text(&self->child, self->text, 0, "other"));
	EXPECT_FALSE(has_label(self->text));
}

TEST_F(label, by_a_hash_rule_spares_signatures)
{
	unsigned char before[512], after[512];
	ssize_t n;

	if (sign_missing())
		SKIP(return, "%s is missing", sign_missing());
	ASSERT_EQ(0, sign_key("one", NULL));
	ASSERT_EQ(0, ima_activate(&self->child));
	ASSERT_EQ(0, ima_load_policy(&self->child, HASH_RULE));
	ASSERT_EQ(0, sign_file("one", self->text));
	n = getxattr(self->text, LABEL, before, sizeof(before));
	ASSERT_LT(0, n);
	ASSERT_EQ(0, write_text(&self->child, self->text, 0, "other"));
	EXPECT_EQ(n, getxattr(self->text, LABEL, after, sizeof(after)));
	EXPECT_EQ(0, memcmp(before, after, n));
}

TEST_F(label, by_a_hash_rule_is_that_of_the_last_writer)
{
	int first, last;

	ASSERT_EQ(0, ima_activate(&self->child));
	ASSERT_EQ(0, ima_load_policy(&self->child, HASH_RULE));
	first = file_open(&self->child, self->text, O_WRONLY);
	last = file_open(&self->child, self->text, O_WRONLY);
	ASSERT_LE(0, first);
	ASSERT_LE(0, last);
	EXPECT_EQ(1, file_write(&self->child, first, "1", 1));
	ASSERT_EQ(0, file_close(&self->child, first));
	EXPECT_FALSE(has_label(self->text));
	EXPECT_EQ(1, file_write(&self->child, last, "2", 1));
	ASSERT_EQ(0, file_close(&self->child, last));
	EXPECT_TRUE(is_hash_of(self->text, "sha256"));
}

/* A hole of any size costs the container nothing, but time of who hashes it. */
TEST_F(label, by_a_hash_rule_is_not_of_what_is_large_and_closed_by_others)
{
	static const off_t most = 64 * 1024 * 1024;
	int fd, given, large;

	ASSERT_EQ(0, ima_activate(&self->child));
	ASSERT_EQ(0, ima_load_policy(&self->child, HASH_RULE));
	for (large = 0; large < 2; large++) {
		fd = file_open(&self->child, self->text, O_WRONLY);
		ASSERT_LE(0, fd);
		ASSERT_EQ(1, file_pwrite(&self->child, fd, "#", 1,
					 large ? most : 10));
		given = file_fetch_fd(&self->child, fd);
		ASSERT_LE(0, given);
		ASSERT_EQ(0, file_close(&self->child, fd));
		EXPECT_FALSE(has_label(self->text));
		ASSERT_EQ(0, close(given));
		EXPECT_EQ(!large, has_label(self->text));
		if (!large)
			ASSERT_EQ(0, sign_remove(self->text));
	}
}

/* Nothing was written, and it is not new any more. */
TEST_F(label, by_a_hash_rule_is_written_to_an_empty_file)
{
	char path[300];
	struct agent *child = &self->child;
	int fd;

	ASSERT_EQ(0, ima_activate(child));
	ASSERT_EQ(0, ima_load_policy(child, "measure func=FILE_CHECK" ON_EXT4
				     "\nhash func=FILE_CHECK" ON_EXT4
				     "\nappraise func=FILE_CHECK" ON_EXT4
				     "\n"));
	snprintf(path, sizeof(path), "%s/new", self->directory);
	ASSERT_EQ(0, write_text(child, path, O_CREAT | O_EXCL, ""));
	EXPECT_TRUE(is_hash_of(path, "sha256"));
	ASSERT_EQ(0, chmod(path, 0644));
	fd = file_open(child, path, O_RDONLY);
	EXPECT_LE(0, fd);
}

/* Locked to what is labelled, and able to work. */
TEST_F(label, by_a_hash_rule_lets_what_was_written_be_read)
{
	char path[300];
	int fd;

	ASSERT_EQ(0, ima_activate(&self->child));
	ASSERT_EQ(0, ima_load_policy(&self->child, "hash func=FILE_CHECK" ON_EXT4
				     "\nappraise func=FILE_CHECK" ON_EXT4
				     "\n"));
	EXPECT_EQ(-EACCES, file_open(&self->child, self->text, O_RDONLY));
	snprintf(path, sizeof(path), "%s/new", self->directory);
	ASSERT_EQ(0, write_text(&self->child, path, O_CREAT | O_EXCL, "new"));
	fd = file_open(&self->child, path, O_RDONLY);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, file_close(&self->child, fd));
	ASSERT_EQ(0, write_text(&self->child, path, O_APPEND, "more"));
	fd = file_open(&self->child, path, O_RDONLY);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, file_close(&self->child, fd));
	/* What somebody else changed is not what it was. */
	ASSERT_EQ(0, scratch_append(path, "host"));
	EXPECT_EQ(-EACCES, file_open(&self->child, path, O_RDONLY));
}

TEST_HARNESS_MAIN
