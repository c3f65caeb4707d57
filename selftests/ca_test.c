// SPDX-License-Identifier: GPL-2.0-only
/*
 * Certified keys: what ima/ca takes, and whose keys verify then (abi.md sections 2
 * and 4).
 *
 *   "ca"         a certificate of a CA, given to the child from outside
 *     +- "leaf"      signed by it
 *     `- "between"   signed by it, and a CA itself
 *          `- "below"
 *   "namesake"   another CA of the same name
 *     `- "nephew"    signed by that
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "digest.h"
#include "file.h"
#include "ima.h"
#include "ns.h"
#include "scratch.h"
#include "sign.h"

#define OWNER 1000
#define SIGNED_EXEC "appraise func=BPRM_CHECK appraise_type=imasig\n"
#define CA_WORDS " -addext basicConstraints=CA:TRUE"

#define EXPECT_RUNS(_agent) \
	EXPECT_EQ(0, file_run(_agent, self->program))
#define EXPECT_DENIED(_agent) \
	EXPECT_EQ(-EACCES, file_run(_agent, self->program))

FIXTURE(certified)
{
	struct agent child;
	struct agent other;
	char directory[256];
	char program[300];
	char der[8192];
	long len;
};

FIXTURE_SETUP(certified)
{
	const char *missing = sign_missing();

	if (missing)
		SKIP(return, "%s is missing", missing);
	ASSERT_EQ(0, sign_key("one", NULL));
	ASSERT_EQ(0, sign_key("ca", NULL));
	ASSERT_EQ(0, sign_key("leaf", "ca"));
	ASSERT_EQ(0, sign_key_of("between", "ca", SIGN_P256 CA_WORDS));
	ASSERT_EQ(0, sign_key("below", "between"));
	ASSERT_EQ(0, sign_key_of("namesake", NULL, SIGN_P256 " -subj /CN=ca"));
	ASSERT_EQ(0, sign_key("nephew", "namesake"));
	self->len = sign_certificate("ca", self->der, sizeof(self->der));
	ASSERT_LT(0, self->len);
	ASSERT_EQ(0, scratch_directory(self->directory,
				       sizeof(self->directory)));
	snprintf(self->program, sizeof(self->program), "%s/prog",
		 self->directory);
	ASSERT_EQ(0, scratch_program(self->program, "certified"));
	ASSERT_EQ(0, ns_start(&self->child, NULL, OWNER, NULL));
	ASSERT_EQ(0, ima_mount(&self->child));
}

FIXTURE_TEARDOWN(certified)
{
	agent_stop(&self->other);
	agent_stop(&self->child);
	scratch_remove(self->directory);
}

static int open_ca(const struct agent *child)
{
	int directory = ima_directory(child), fd;

	if (directory < 0)
		return directory;
	fd = openat(directory, "ca", O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		fd = -errno;
	close(directory);
	return fd;
}

/* Writes to ima/ca as root of the machine would. */
static long put_ca(const struct agent *child, const void *der, size_t len)
{
	int fd = open_ca(child), ret;

	if (fd < 0)
		return fd;
	ret = write(fd, der, len) == (ssize_t)len ? 0 : -errno;
	close(fd);
	return ret;
}

/* The certificate of @name, as it is. */
static long put_named(const struct agent *child, const char *name)
{
	char der[8192];
	long len = sign_certificate(name, der, sizeof(der));

	return len < 0 ? len : put_ca(child, der, len);
}

#define READS_NONE() ({						\
	char _shown[256] = "";						\
	ima_get(&self->child, "ca", _shown, sizeof(_shown));		\
	!strcmp(_shown, "none\n");					\
})

/* Whose keys verify */

TEST_F(certified, keys_are_those_that_it_signed_itself)
{
	static const struct {
		const char *name;
		int ret;
	} keys[] = {
		{ "one", -EACCES },
		{ "leaf", 0 },
		{ "between", 0 },
		{ "below", -EACCES },
		{ "namesake", -EACCES },
		{ "nephew", -EACCES },
		{ "leaf", 0 },
	};
	long ring;
	size_t i;

	ASSERT_EQ(0, put_ca(&self->child, self->der, self->len));
	ASSERT_EQ(0, ima_activate(&self->child));
	ring = sign_give_key(&self->child, NULL);
	ASSERT_LE(0, ring);
	for (i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		ASSERT_LE(0, sign_add(&self->child, ring, keys[i].name));
	}
	ASSERT_EQ(0, ima_load_policy(&self->child, SIGNED_EXEC));
	for (i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		ASSERT_EQ(0, sign_file(keys[i].name, self->program));
		EXPECT_EQ(keys[i].ret, file_run(&self->child, self->program)) {
			TH_LOG("key %zu", i);
		}
	}
}

/* It is the namespace's own: neither those below nor those beside have it. */
TEST_F(certified, keys_are_asked_for_where_the_ca_is)
{
	ASSERT_EQ(0, put_ca(&self->child, self->der, self->len));
	ASSERT_EQ(0, ima_activate(&self->child));
	ASSERT_EQ(0, ima_start_new(&self->other, &self->child, 0, NULL));
	ASSERT_LE(0, sign_give_key(&self->other, "one"));
	ASSERT_EQ(0, ima_load_policy(&self->other, SIGNED_EXEC));
	ASSERT_EQ(0, sign_file("one", self->program));
	EXPECT_RUNS(&self->other);
	agent_stop(&self->other);
	ASSERT_EQ(0, ima_start_new(&self->other, NULL, OWNER, NULL));
	ASSERT_LE(0, sign_give_key(&self->other, "one"));
	ASSERT_EQ(0, ima_load_policy(&self->other, SIGNED_EXEC));
	EXPECT_RUNS(&self->other);
}

TEST_F(certified, policy_is_signed_by_such_a_key)
{
	char path[300];
	long ring;

	snprintf(path, sizeof(path), "%s/policy", self->directory);
	ASSERT_EQ(0, scratch_text(path, "measure func=MMAP_CHECK\n"));
	ASSERT_EQ(0, put_ca(&self->child, self->der, self->len));
	ASSERT_EQ(0, ima_activate(&self->child));
	ring = sign_give_key(&self->child, "leaf");
	ASSERT_LE(0, ring);
	ASSERT_LE(0, sign_add(&self->child, ring, "one"));
	ASSERT_EQ(0, ima_load_policy(&self->child, "appraise func=POLICY_CHECK "
				     "appraise_type=imasig\n"));
	ASSERT_EQ(0, sign_file("one", path));
	EXPECT_EQ(-EACCES, ima_load_policy(&self->child, path));
	ASSERT_EQ(0, sign_file("leaf", path));
	EXPECT_EQ(0, ima_load_policy(&self->child, path));
}

TEST_F(certified, digest_is_in_status)
{
	uint8_t digest[DIGEST_MAX];
	char hex[2 * DIGEST_MAX + 1], path[128], status[4096], expected[256];
	long id = ima_number(&self->child, "id");

	ASSERT_LT(0, id);
	ASSERT_EQ(0, put_ca(&self->child, self->der, self->len));
	ASSERT_EQ(0, ima_activate(&self->child));
	digest_bytes("sha256", self->der, self->len, digest);
	digest_hex(digest, 32, hex);
	snprintf(path, sizeof(path), IMA_DIR "/ns/%ld/status", id);
	ASSERT_LT(0, file_get(NULL, path, status, sizeof(status)));
	snprintf(expected, sizeof(expected), "\nca: sha256:%s\n", hex);
	EXPECT_NE(NULL, strstr(status, expected)) {
		TH_LOG("%s", status);
	}
}

/* Who may write it */

TEST_F(certified, by_its_owner_outside)
{
	char path[128];
	int directory = ima_directory(&self->child);

	ASSERT_LE(0, directory);
	ASSERT_EQ(0, agent_start(&self->other, NULL));
	ASSERT_EQ(0, ns_drop_to(&self->other, OWNER));
	ASSERT_EQ(0, file_path_below(&self->other, directory, "ca", path,
				     sizeof(path)));
	EXPECT_EQ(0, file_put(&self->other, path, self->der, self->len));
	close(directory);
}

TEST_F(certified, not_by_another_user)
{
	char path[128];
	int directory = ima_directory(&self->child);

	ASSERT_LE(0, directory);
	ASSERT_EQ(0, agent_start(&self->other, NULL));
	ASSERT_EQ(0, ns_drop_to(&self->other, OWNER + 1));
	ASSERT_EQ(0, file_path_below(&self->other, directory, "ca", path,
				     sizeof(path)));
	EXPECT_EQ(-EACCES, file_put(&self->other, path, self->der, self->len));
	EXPECT_TRUE(READS_NONE());
	close(directory);
}

/* It is who opens it, not who writes. */
TEST_F(certified, by_who_opens_it)
{
	int fd = open_ca(&self->child), given;

	ASSERT_LE(0, fd);
	given = file_give_fd(&self->child, fd);
	close(fd);
	ASSERT_LE(0, given);
	EXPECT_EQ(self->len, file_write(&self->child, given, self->der,
					self->len));
	ASSERT_EQ(0, file_close(&self->child, given));
	EXPECT_FALSE(READS_NONE());
}

TEST_F(certified, not_by_who_has_it_from_inside)
{
	int fd = file_open(&self->child, IMA_DIR "/ca", O_WRONLY), got;

	ASSERT_LE(0, fd);
	got = file_fetch_fd(&self->child, fd);
	ASSERT_LE(0, got);
	EXPECT_EQ(-1, write(got, self->der, self->len));
	EXPECT_EQ(EPERM, errno);
	close(got);
	EXPECT_TRUE(READS_NONE());
}

/* What it takes */

#define REFUSES(_error, _name) do {					\
	EXPECT_EQ(-(_error), put_named(&self->child, _name));		\
	EXPECT_TRUE(READS_NONE());					\
} while (0)

TEST_F(certified, by_no_certificate_that_is_not_of_a_ca)
{
	REFUSES(EKEYREJECTED, "leaf");
	EXPECT_EQ(0, put_named(&self->child, "ca"));
}

TEST_F(certified, by_no_certificate_that_has_expired)
{
	ASSERT_EQ(0, sign_expire("ca", "expired"));
	REFUSES(EKEYEXPIRED, "expired");
	EXPECT_EQ(0, put_named(&self->child, "ca"));
}

/* A container may start before the machine's clock is right. */
TEST_F(certified, by_a_certificate_that_is_not_valid_yet)
{
	ASSERT_EQ(0, sign_postpone("ca", "later"));
	EXPECT_EQ(0, put_named(&self->child, "later"));
	EXPECT_FALSE(READS_NONE());
	/* Its keys are as good as others. */
	ASSERT_EQ(0, ima_activate(&self->child));
	ASSERT_LE(0, sign_give_key(&self->child, "leaf"));
	ASSERT_EQ(0, ima_load_policy(&self->child, SIGNED_EXEC));
	ASSERT_EQ(0, sign_file("leaf", self->program));
	EXPECT_RUNS(&self->child);
}

TEST_F(certified, by_no_key_that_the_kernel_cannot_use)
{
	ASSERT_EQ(0, sign_key_of("ed25519", NULL, "-newkey ed25519"));
	REFUSES(ENOPKG, "ed25519");
	ASSERT_EQ(0, sign_key_of("secp256k1", NULL, "-newkey ec "
				 "-pkeyopt ec_paramgen_curve:secp256k1"));
	REFUSES(ENOPKG, "secp256k1");
	EXPECT_EQ(0, put_named(&self->child, "ca"));
}

TEST_F(certified, by_an_intermediate_one)
{
	long ring;

	ASSERT_EQ(0, put_named(&self->child, "between"));
	ASSERT_EQ(0, ima_activate(&self->child));
	ring = sign_give_key(&self->child, "below");
	ASSERT_LE(0, ring);
	ASSERT_LE(0, sign_add(&self->child, ring, "leaf"));
	ASSERT_EQ(0, ima_load_policy(&self->child, SIGNED_EXEC));
	ASSERT_EQ(0, sign_file("leaf", self->program));
	EXPECT_DENIED(&self->child);
	ASSERT_EQ(0, sign_file("below", self->program));
	EXPECT_RUNS(&self->child);
}

TEST_F(certified, by_nothing_that_is_cut)
{
	static const char pem[] = "-----BEGIN CERTIFICATE-----\n";
	long i;

	for (i = 1; i < self->len; i += 5) {
		EXPECT_EQ(-EBADMSG, put_ca(&self->child, self->der, i)) {
			TH_LOG("%ld of %ld bytes", i, self->len);
		}
	}
	EXPECT_EQ(-EBADMSG, put_ca(&self->child, pem, sizeof(pem) - 1));
	EXPECT_TRUE(READS_NONE());
	EXPECT_EQ(0, put_ca(&self->child, self->der, self->len));
}

/* The digest would be of something else than the certificate. */
TEST_F(certified, by_nothing_behind_a_certificate)
{
	char both[2 * sizeof(self->der)];

	memcpy(both, self->der, self->len);
	memcpy(both + self->len, self->der, self->len);
	EXPECT_EQ(-EBADMSG, put_ca(&self->child, both, self->len + 1));
	EXPECT_EQ(-EBADMSG, put_ca(&self->child, both, 2 * self->len));
	EXPECT_TRUE(READS_NONE());
	EXPECT_EQ(0, put_ca(&self->child, self->der, self->len));
}

/* Whatever is in it: it is refused for a reason, or taken and shown. */
TEST_F(certified, by_nothing_that_takes_the_kernel_down)
{
	static const long errors[] = {
		EBADMSG, EKEYREJECTED, EKEYEXPIRED, ENOPKG, EINVAL,
	};
	unsigned int seed = 1;
	char der[8192];
	size_t n, i;
	long ret;

	for (n = 0; n < 300; n++) {
		memcpy(der, self->der, self->len);
		for (i = 0; i < 1 + n % 3; i++)
			der[rand_r(&seed) % self->len] ^= 1 << rand_r(&seed) % 8;
		ret = put_ca(&self->child, der, self->len);
		if (!ret) {
			EXPECT_FALSE(READS_NONE());
			agent_stop(&self->child);
			ASSERT_EQ(0, ns_start(&self->child, NULL, OWNER, NULL));
			ASSERT_EQ(0, ima_mount(&self->child));
			continue;
		}
		for (i = 0; i < sizeof(errors) / sizeof(*errors); i++)
			if (ret == -errors[i])
				break;
		EXPECT_GT(sizeof(errors) / sizeof(*errors), i) {
			TH_LOG("certificate %zu: error %ld", n, ret);
		}
	}
	EXPECT_EQ(0, put_ca(&self->child, self->der, self->len));
}

TEST_HARNESS_MAIN
