// SPDX-License-Identifier: GPL-2.0-only
/*
 * digest_type=verity and appraise_type=sigv3 in a child: what is signed is the
 * digest by which fs-verity protects the file.
 *
 * evmctl 1.4 makes no such signatures.  What is signed, by openssl, is what the
 * kernel calls the file's id: the type of the label, the number of the hash
 * algorithm, the digest.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fsverity.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "file.h"
#include "ima.h"
#include "list.h"
#include "ns.h"
#include "scratch.h"
#include "sign.h"

#define OWNER 1000
#define LABEL "security.ima"
#define VERITY_TYPE 6
#define ALGO_SHA256 4
#define DIGEST_SIZE 32
#define ID_AT 3
#define SIZE_AT 7
#define SIGNATURE_AT 9

#define VERITY_EXEC "appraise func=BPRM_CHECK digest_type=verity " \
		    "appraise_type=sigv3\n"
#define SIGNED_EXEC "appraise func=BPRM_CHECK appraise_type=imasig\n"

#define EXPECT_RUNS(_agent) \
	EXPECT_EQ(0, file_run(_agent, self->program))
#define EXPECT_DENIED(_agent) \
	EXPECT_EQ(-EACCES, file_run(_agent, self->program))

/*
 *   init -+- child (1000), which executes what fs-verity protects and is signed
 *         `- other (1000)
 */
FIXTURE(verity)
{
	struct agent child;
	struct agent other;
	struct agent nested;
	char directory[256];
	char program[300];
	char plain[300];	/* the same, without fs-verity */
};

static int protect(const char *path)
{
	struct fsverity_enable_arg arg = {
		.version = 1,
		.hash_algorithm = FS_VERITY_HASH_ALG_SHA256,
		.block_size = 4096,
	};
	int fd = open(path, O_RDONLY | O_CLOEXEC), ret;

	if (fd < 0)
		return -errno;
	ret = ioctl(fd, FS_IOC_ENABLE_VERITY, &arg) ? -errno : 0;
	close(fd);
	return ret;
}

static int digest_of(const char *path, unsigned char *digest)
{
	union {
		struct fsverity_digest digest;
		char room[sizeof(struct fsverity_digest) + 64];
	} buf = { .digest.digest_size = 64 };
	int fd = open(path, O_RDONLY | O_CLOEXEC), ret;

	if (fd < 0)
		return -errno;
	ret = ioctl(fd, FS_IOC_MEASURE_VERITY, &buf) ? -errno : 0;
	close(fd);
	if (!ret && buf.digest.digest_size != DIGEST_SIZE)
		ret = -EBADMSG;
	if (!ret)
		memcpy(digest, buf.digest.digest, DIGEST_SIZE);
	return ret;
}

/* A label with such a signature over @digest.  Returns its length. */
static long sign_digest(const char *name, const char *directory,
			const unsigned char *digest, unsigned char *value,
			size_t size)
{
	unsigned char id[2 + DIGEST_SIZE] = { VERITY_TYPE, ALGO_SHA256 };
	unsigned char usual[512];
	char path[300], out[300];
	long len, ret;

	snprintf(path, sizeof(path), "%s/id", directory);
	snprintf(out, sizeof(out), "%s/signature", directory);
	memcpy(id + 2, digest, DIGEST_SIZE);
	ret = scratch_text(path, "");
	if (!ret)
		ret = file_put(NULL, path, id, sizeof(id));
	if (!ret)
		ret = sign_bytes(name, path, out);
	if (ret)
		return ret;
	len = file_get(NULL, out, (char *)value + SIGNATURE_AT,
		       size - SIGNATURE_AT);
	if (len <= 0)
		return len ?: -EBADMSG;
	/* The number by which the key is found is in evmctl's signatures. */
	ret = sign_file(name, path);
	if (!ret && getxattr(path, LABEL, usual, sizeof(usual)) < SIGNATURE_AT)
		ret = -EBADMSG;
	if (ret)
		return ret;
	value[0] = VERITY_TYPE;
	value[1] = 3;
	value[2] = ALGO_SHA256;
	memcpy(value + ID_AT, usual + ID_AT, 4);
	value[SIZE_AT] = len >> 8;
	value[SIZE_AT + 1] = len;
	return SIGNATURE_AT + len;
}

static int sign_verity(const char *name, const char *directory,
		       const char *path, unsigned char wrong)
{
	unsigned char digest[DIGEST_SIZE], value[512];
	long len = digest_of(path, digest);

	if (len)
		return len;
	digest[0] ^= wrong;
	len = sign_digest(name, directory, digest, value, sizeof(value));
	if (len < 0)
		return len;
	return setxattr(path, LABEL, value, len, 0) ? -errno : 0;
}

FIXTURE_SETUP(verity)
{
	const char *missing = sign_missing();
	int ret;

	if (missing)
		SKIP(return, "%s is missing", missing);
	ASSERT_EQ(0, sign_key("one", NULL));
	ASSERT_EQ(0, sign_key("two", NULL));
	ASSERT_EQ(0, scratch_directory(self->directory,
				       sizeof(self->directory)));
	snprintf(self->program, sizeof(self->program), "%s/prog",
		 self->directory);
	snprintf(self->plain, sizeof(self->plain), "%s/plain",
		 self->directory);
	ASSERT_EQ(0, scratch_program(self->program, "verity"));
	ASSERT_EQ(0, scratch_program(self->plain, "verity"));
	ret = protect(self->program);
	if (ret == -EOPNOTSUPP || ret == -ENOTTY)
		SKIP(return, "no fs-verity here");
	ASSERT_EQ(0, ret);
	ASSERT_EQ(0, ima_start_new(&self->child, NULL, OWNER, NULL));
	ASSERT_LE(0, sign_give_key(&self->child, "one"));
}

FIXTURE_TEARDOWN(verity)
{
	agent_stop(&self->nested);
	agent_stop(&self->other);
	agent_stop(&self->child);
	scratch_remove(self->directory);
}

#define SIGN(_name, _wrong) \
	ASSERT_EQ(0, sign_verity(_name, self->directory, self->program, _wrong))

TEST_F(verity, signature_of_the_digest_is_asked_for)
{
	char policy[4096];

	ASSERT_EQ(0, ima_load_policy(&self->child, EXEC_RULE VERITY_EXEC));
	ASSERT_LT(0, ima_get(&self->child, "policy", policy, sizeof(policy)));
	EXPECT_NE(NULL, strstr(policy, "digest_type=verity"));
	EXPECT_NE(NULL, strstr(policy, "appraise_type=sigv3"));
	EXPECT_DENIED(&self->child);
	SIGN("two", 0);
	EXPECT_DENIED(&self->child);
	SIGN("one", 0);
	EXPECT_RUNS(&self->child);
	EXPECT_RUNS(&self->child);
	SIGN("one", 1);
	EXPECT_DENIED(&self->child);
	ASSERT_EQ(0, sign_remove(self->program));
	EXPECT_DENIED(&self->child);
	EXPECT_LE(1, list_measured(&self->child, self->program));
}

TEST_F(verity, signature_of_the_content_is_another)
{
	ASSERT_EQ(0, ima_load_policy(&self->child, VERITY_EXEC));
	ASSERT_EQ(0, sign_file("one", self->program));
	EXPECT_DENIED(&self->child);
	ASSERT_EQ(0, sign_hash("sha256", self->program));
	EXPECT_DENIED(&self->child);
}

/* The label of a protected file, on one that anybody may change. */
TEST_F(verity, file_without_it_is_denied)
{
	unsigned char value[512];
	ssize_t len;

	ASSERT_EQ(0, ima_load_policy(&self->child, VERITY_EXEC));
	SIGN("one", 0);
	EXPECT_RUNS(&self->child);
	len = getxattr(self->program, LABEL, value, sizeof(value));
	ASSERT_LT(0, len);
	ASSERT_EQ(0, setxattr(self->plain, LABEL, value, len, 0));
	EXPECT_EQ(-EACCES, file_run(&self->child, self->plain));
	ASSERT_EQ(0, sign_file("one", self->plain));
	EXPECT_EQ(-EACCES, file_run(&self->child, self->plain));
}

TEST_F(verity, signature_is_none_where_the_content_has_to_be_signed)
{
	ASSERT_EQ(0, ima_load_policy(&self->child, SIGNED_EXEC));
	SIGN("one", 0);
	EXPECT_DENIED(&self->child);
	ASSERT_EQ(0, sign_file("one", self->program));
	EXPECT_RUNS(&self->child);
}

TEST_F(verity, signature_that_is_cut_is_denied)
{
	unsigned char value[512];
	ssize_t len, i;

	ASSERT_EQ(0, ima_load_policy(&self->child, VERITY_EXEC));
	SIGN("one", 0);
	len = getxattr(self->program, LABEL, value, sizeof(value));
	ASSERT_LT(0, len);
	for (i = 1; i < len; i += i < SIGNATURE_AT + 1 ? 1 : 6) {
		ASSERT_EQ(0, setxattr(self->program, LABEL, value, i, 0));
		EXPECT_DENIED(&self->child) {
			TH_LOG("%zd of %zd bytes", i, len);
		}
	}
	ASSERT_EQ(0, setxattr(self->program, LABEL, value, len, 0));
	EXPECT_RUNS(&self->child);
}

/*
 * What the child's rule wants to know is not what others measure: their lists have
 * the digest of the content, whoever looks first.
 */
TEST_F(verity, rule_does_not_change_what_others_measure)
{
	SIGN("one", 0);
	ASSERT_EQ(0, ima_load_policy(&self->child, EXEC_RULE));
	ASSERT_EQ(0, ima_start_new(&self->nested, &self->child, 0, NULL));
	ASSERT_LE(0, sign_give_key(&self->nested, "one"));
	ASSERT_EQ(0, ima_load_policy(&self->nested, VERITY_EXEC));
	ASSERT_EQ(0, ima_start_new(&self->other, NULL, OWNER, EXEC_RULE));
	EXPECT_RUNS(&self->nested);
	EXPECT_EQ(1, list_measured(&self->child, self->program));
	EXPECT_EQ(1, list_last_is_content(&self->child, self->program));
	EXPECT_RUNS(&self->other);
	EXPECT_EQ(1, list_last_is_content(&self->other, self->program));
}

TEST_F(verity, of_one_level_and_content_of_another_both_count)
{
	ASSERT_EQ(0, ima_load_policy(&self->child, VERITY_EXEC));
	SIGN("one", 0);
	ASSERT_EQ(0, ima_start_new(&self->nested, &self->child, 0, NULL));
	ASSERT_LE(0, sign_give_key(&self->nested, "one"));
	EXPECT_RUNS(&self->child);
	EXPECT_RUNS(&self->nested);
	/* There is one label, which is one or the other. */
	ASSERT_EQ(0, ima_load_policy(&self->nested, SIGNED_EXEC));
	EXPECT_DENIED(&self->nested);
	EXPECT_RUNS(&self->child);
	ASSERT_EQ(0, sign_file("one", self->program));
	EXPECT_DENIED(&self->nested);
	EXPECT_DENIED(&self->child);
}

TEST_HARNESS_MAIN
