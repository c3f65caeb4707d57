// SPDX-License-Identifier: GPL-2.0-only
/*
 * What must not leave the initial measurement list without a trace, or with a
 * false one: files whose hash cannot be had, whose security.ima chooses the
 * hash, and that a user's FUSE server serves as it likes.
 *
 *   uid UID             its user and mount namespace      init's IMA
 *   ------- fuse_evil > /scratch/.../mnt/FILE -- open --> rule for UID
 *
 * The rules stay in force until the guest ends, each is for a uid of its own.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/hash_info.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "digest.h"
#include "file.h"
#include "ima.h"
#include "list.h"
#include "ns.h"
#include "scratch.h"

#define ON_FUSE " fsmagic=0x65735546"
#define ON_OVERLAY " fsmagic=0x794c7630"

enum uids {
	UID_DEFAULT = 1000,	/* the template and hash of the boot */
	UID_TEMPLATE_IMA,
	UID_APPRAISED,
	OWNER_BOTH,		/* files measured and appraised */
	OWNER_LATER,		/* files root measures, UID_LATER appraises */
	UID_LATER,
	OWNER_AUDITED,
};

static const char rules[] =
	"measure func=FILE_CHECK mask=MAY_READ uid=1000" ON_FUSE "\n"
	"measure func=FILE_CHECK mask=MAY_READ uid=1000" ON_OVERLAY "\n"
	"measure func=FILE_CHECK mask=MAY_READ uid=1001 template=ima" ON_FUSE
	"\n"
	"appraise func=FILE_CHECK mask=MAY_READ uid=1002" ON_FUSE "\n"
	"measure func=FILE_CHECK mask=MAY_READ fowner=1003\n"
	"appraise func=FILE_CHECK mask=MAY_READ fowner=1003\n"
	"measure func=FILE_CHECK mask=MAY_READ uid=0 fowner=1004\n"
	"appraise func=FILE_CHECK mask=MAY_READ uid=1005 fowner=1004\n"
	"audit func=FILE_CHECK mask=MAY_READ fowner=1006\n";

/* Every test is a process of its own: the policy remembers for them all. */
static int load_rules(void)
{
	static char policy[1024 * 1024];
	long len = ima_get(NULL, "policy", policy, sizeof(policy));

	if (len < 0)
		return len;
	if (strstr(policy, "fowner=1003"))
		return 0;
	return ima_load_policy(NULL, rules);
}

/*
 * The measurements (not violations) of this name, and how many of them have
 * this digest. Template digests have to be those of the data.
 */
struct measured {
	long all;
	long same;
	bool genuine;
	char template[32];
};

static int measurements(const char *name, const char *algo,
			const uint8_t *digest, struct measured *found)
{
	size_t len = digest_size(algo);
	struct list list;
	int ret = list_read(NULL, &list);

	*found = (struct measured){ .genuine = true };
	for (size_t i = 0; !ret && i < list.count; i++) {
		const struct entry *entry = &list.entries[i];
		uint8_t computed[DIGEST_MAX];

		if (entry->violation || strcmp(entry->name, name))
			continue;
		found->all++;
		strcpy(found->template, entry->template);
		found->same += !strcmp(entry->algo, algo) &&
			       entry->file_digest_len == len &&
			       !memcmp(entry->file_digest, digest, len);
		entry_digest(entry, "sha1", computed);
		if (memcmp(entry->digest, computed, entry->digest_len))
			found->genuine = false;
	}
	list_free(&list);
	return ret;
}

/* The same for content, NULL if its digest could not be had. */
static int measurements_of(const char *name, const char *algo,
			   const char *content, struct measured *found)
{
	uint8_t digest[DIGEST_MAX] = {};

	if (content)
		digest_bytes(algo, content, strlen(content), digest);
	return measurements(name, algo, digest, found);
}

static int open_and_close(struct agent *agent, const char *path, int flags)
{
	int fd = file_open(agent, path, flags);

	return fd < 0 ? fd : file_close(agent, fd);
}

FIXTURE(fuse)
{
	struct agent user;
	char directory[256];
	char mount[300];
	char path[400];
	char text[64];
	struct measured found;
};

FIXTURE_SETUP(fuse)
{
	self->directory[0] = 0;
	ASSERT_EQ(0, load_rules());
	ASSERT_EQ(0, scratch_directory(self->directory,
				       sizeof(self->directory)));
	snprintf(self->mount, sizeof(self->mount), "%s/mnt", self->directory);
	ASSERT_EQ(0, mkdir(self->mount, 0755));
}

FIXTURE_TEARDOWN(fuse)
{
	agent_stop(&self->user);
	scratch_remove(self->directory);
}

/* Starts the server as @uid and sets self->path to its file @name. */
#define SERVE(_uid, _name) do { \
	char program[400], command[800]; \
	if (scratch_built("fuse_evil", program, sizeof(program))) \
		SKIP(return, "no fuse_evil (package libfuse3-dev)"); \
	if (access("/dev/fuse", F_OK)) \
		SKIP(return, "no /dev/fuse (CONFIG_FUSE_FS)"); \
	/* For everyone, as udev makes it. */ \
	ASSERT_EQ(0, chmod("/dev/fuse", 0666)); \
	ASSERT_EQ(0, ns_start(&self->user, NULL, _uid, NULL)); \
	snprintf(command, sizeof(command), "%s %s", program, self->mount); \
	ASSERT_EQ(0, file_run(&self->user, command)); \
	snprintf(self->path, sizeof(self->path), "%s/%s", self->mount, _name); \
} while (0)

#define READS(_content) do { \
	ASSERT_EQ((long)strlen(_content), \
		  file_get(&self->user, self->path, self->text, \
			   sizeof(self->text))); \
	ASSERT_STREQ(_content, self->text); \
} while (0)

TEST_F(fuse, error_leaves_an_entry_without_digest)
{
	SERVE(UID_DEFAULT, "error");
	READS("evil 0000\n");
	ASSERT_EQ(0, measurements_of(self->path, "sha256", NULL,
				     &self->found));
	EXPECT_EQ(1, self->found.same);
	EXPECT_TRUE(self->found.genuine);
}

TEST_F(fuse, many_errors_leave_one_entry)
{
	SERVE(UID_DEFAULT, "error");
	for (int i = 0; i < 20; i++)
		READS("evil 0000\n");
	ASSERT_EQ(0, measurements_of(self->path, "sha256", NULL,
				     &self->found));
	EXPECT_EQ(1, self->found.same);
	EXPECT_EQ(1, self->found.all);
}

TEST_F(fuse, error_leaves_an_entry_of_template_ima)
{
	SERVE(UID_TEMPLATE_IMA, "error");
	READS("evil 0000\n");
	ASSERT_EQ(0, measurements_of(self->path, "sha1", NULL, &self->found));
	EXPECT_EQ(1, self->found.same);
	EXPECT_TRUE(self->found.genuine);
	EXPECT_STREQ("ima", self->found.template);
}

TEST_F(fuse, end_of_file_leaves_an_entry_without_digest)
{
	SERVE(UID_DEFAULT, "nothing");
	READS("evil 0000\n");
	ASSERT_EQ(0, measurements_of(self->path, "sha256", NULL,
				     &self->found));
	EXPECT_EQ(1, self->found.same);
}

TEST_F(fuse, unavailable_algorithm_does_not_cost_the_digest)
{
	SERVE(UID_DEFAULT, "wp256");
	READS("evil 0000\n");
	ASSERT_EQ(0, measurements_of(self->path, "sha256", "evil 0000\n",
				     &self->found));
	EXPECT_EQ(1, self->found.same);
	EXPECT_EQ(1, self->found.all);
}

TEST_F(fuse, xattr_cannot_choose_sha1)
{
	SERVE(UID_DEFAULT, "sha1");
	READS("evil 0000\n");
	ASSERT_EQ(0, measurements_of(self->path, "sha256", "evil 0000\n",
				     &self->found));
	EXPECT_EQ(1, self->found.same);
	EXPECT_EQ(1, self->found.all);
}

TEST_F(fuse, xattr_cannot_choose_md5)
{
	SERVE(UID_DEFAULT, "md5");
	READS("evil 0000\n");
	ASSERT_EQ(0, measurements_of(self->path, "sha256", "evil 0000\n",
				     &self->found));
	EXPECT_EQ(1, self->found.same);
	EXPECT_EQ(1, self->found.all);
}

/* A stronger algorithm makes the entry comparable with the xattr. */
TEST_F(fuse, xattr_can_choose_sha512)
{
	SERVE(UID_DEFAULT, "sha512");
	READS("evil 0000\n");
	ASSERT_EQ(0, measurements_of(self->path, "sha512", "evil 0000\n",
				     &self->found));
	EXPECT_EQ(1, self->found.same);
	EXPECT_EQ(1, self->found.all);
}

TEST_F(fuse, each_content_leaves_its_entry)
{
	char content[16];

	SERVE(UID_DEFAULT, "changing");
	for (int i = 1; i <= 3; i++) {
		snprintf(content, sizeof(content), "evil %04d\n", i);
		READS(content);
		ASSERT_EQ(0, measurements_of(self->path, "sha256", content,
					     &self->found));
		EXPECT_EQ(1, self->found.same);
		EXPECT_EQ(i, self->found.all);
	}
}

TEST_F(fuse, same_content_leaves_one_entry)
{
	SERVE(UID_DEFAULT, "plain");
	for (int i = 0; i < 3; i++)
		READS("evil 0000\n");
	ASSERT_EQ(0, measurements_of(self->path, "sha256", "evil 0000\n",
				     &self->found));
	EXPECT_EQ(1, self->found.same);
	EXPECT_EQ(1, self->found.all);
}

/* IMA reads "good", the user "evil": all there can be is a violation. */
TEST_F(fuse, each_file_leaves_one_violation)
{
	SERVE(UID_DEFAULT, "two-faced");
	READS("evil 0000\n");
	EXPECT_EQ(1, list_violated(NULL, self->path));
	for (int i = 0; i < 3; i++)
		ASSERT_EQ(0, open_and_close(&self->user, self->path,
					    O_RDONLY));
	EXPECT_EQ(1, list_violated(NULL, self->path));
	ASSERT_EQ(0, measurements_of(self->path, "sha256", "good 0000\n",
				     &self->found));
	EXPECT_EQ(1, self->found.same);
}

/* An overlay on top makes the content no better. */
TEST_F(fuse, overlay_leaves_one_violation)
{
	char other[300], command[1200];

	snprintf(other, sizeof(other), "%s/other", self->directory);
	ASSERT_EQ(0, mkdir(other, 0755));
	SERVE(UID_DEFAULT, "plain");
	snprintf(command, sizeof(command),
		 "/bin/mount -t overlay -o lowerdir=%s:%s overlay %s",
		 self->mount, other, other);
	ASSERT_EQ(0, file_run(&self->user, command));
	snprintf(self->path, sizeof(self->path), "%s/plain", other);
	READS("evil 0000\n");
	READS("evil 0000\n");
	EXPECT_EQ(1, list_violated(NULL, self->path));
	ASSERT_EQ(0, measurements_of(self->path, "sha256", "evil 0000\n",
				     &self->found));
	EXPECT_EQ(1, self->found.same);
	EXPECT_EQ(1, self->found.all);
}

/* Only who is to be measured is worth a violation. */
TEST_F(fuse, other_users_leave_no_violation)
{
	SERVE(UID_LATER, "plain");
	READS("evil 0000\n");
	EXPECT_EQ(0, list_violated(NULL, self->path));
	EXPECT_EQ(0, list_measured(NULL, self->path));
}

/* How often a text is in the kernel's messages from now on. */
static int messages_open(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0)
		lseek(fd, 0, SEEK_END);
	return fd;
}

static long messages_count(int fd, const char *text)
{
	char record[8192];
	long count = 0;
	ssize_t n;

	for (;;) {
		n = read(fd, record, sizeof(record) - 1);
		if (n < 0 && errno == EPIPE)	/* overwritten, go on */
			continue;
		if (n < 0)
			return errno == EAGAIN ? count : -errno;
		record[n] = 0;
		count += !!strstr(record, text);
	}
}

#define MANY 200
#define MODPROBE "/proc/sys/kernel/modprobe"

/*
 * Ten in five seconds is the limit, a slow machine may take longer than that
 * for all of them.
 */
TEST_F(fuse, unavailable_algorithm_does_not_flood_the_log)
{
	int fd = messages_open();
	int denied = 0;
	char modprobe[256];
	long count;

	ASSERT_LE(0, fd);
	SERVE(UID_APPRAISED, "wp256");
	/* Looking for a module that is not there would take most of the time. */
	ASSERT_LT(0, file_get(NULL, MODPROBE, modprobe, sizeof(modprobe)));
	ASSERT_EQ(0, file_put_text(NULL, MODPROBE, "\n"));
	for (int i = 0; i < MANY; i++)
		denied += file_open(&self->user, self->path, O_RDONLY) ==
			  -EACCES;
	ASSERT_EQ(0, file_put_text(NULL, MODPROBE, modprobe));
	EXPECT_EQ(MANY, denied);
	count = messages_count(fd, "Can not allocate wp256");
	EXPECT_LE(1, count);
	EXPECT_GE(MANY / 2, count);
	close(fd);
}

/* A file of a trusted file system, with a security.ima of its own. */
FIXTURE(local)
{
	struct agent user;
	char directory[256];
	char path[300];
	struct measured found;
};

FIXTURE_SETUP(local)
{
	self->directory[0] = 0;
	ASSERT_EQ(0, load_rules());
	ASSERT_EQ(0, scratch_directory(self->directory,
				       sizeof(self->directory)));
	snprintf(self->path, sizeof(self->path), "%s/file", self->directory);
	ASSERT_EQ(0, agent_start(&self->user, NULL));
}

FIXTURE_TEARDOWN(local)
{
	agent_stop(&self->user);
	scratch_remove(self->directory);
}

static int label(const char *path, int id, const char *algo,
		 const char *content)
{
	uint8_t xattr[2 + DIGEST_MAX] = { 0x04, id };
	size_t len = digest_bytes(algo, content, strlen(content), xattr + 2);

	return setxattr(path, "security.ima", xattr, 2 + len, 0) ? -errno : 0;
}

#define CONTENT "content\n"

/* The xattr says SHA-1 and is compared with SHA-1, the list has SHA-256. */
TEST_F(local, appraisal_and_measurement_each_use_their_algorithm)
{
	ASSERT_EQ(0, scratch_text(self->path, CONTENT));
	ASSERT_EQ(0, label(self->path, HASH_ALGO_SHA1, "sha1", CONTENT));
	ASSERT_EQ(0, chown(self->path, OWNER_BOTH, OWNER_BOTH));

	EXPECT_EQ(0, open_and_close(NULL, self->path, O_RDONLY));
	ASSERT_EQ(0, measurements_of(self->path, "sha256", CONTENT,
				     &self->found));
	EXPECT_EQ(1, self->found.same);
	EXPECT_EQ(1, self->found.all);

	/* From what was kept of the first time. */
	EXPECT_EQ(0, open_and_close(NULL, self->path, O_RDONLY));

	ASSERT_EQ(0, scratch_append(self->path, "more\n"));
	EXPECT_EQ(-EACCES, open_and_close(NULL, self->path, O_RDONLY));
	ASSERT_EQ(0, measurements_of(self->path, "sha256", CONTENT "more\n",
				     &self->found));
	EXPECT_EQ(1, self->found.same);
	EXPECT_EQ(2, self->found.all);
}

TEST_F(local, appraisal_fails_with_a_wrong_hash)
{
	ASSERT_EQ(0, scratch_text(self->path, CONTENT));
	ASSERT_EQ(0, label(self->path, HASH_ALGO_SHA1, "sha1", "other\n"));
	ASSERT_EQ(0, chown(self->path, OWNER_BOTH, OWNER_BOTH));

	EXPECT_EQ(-EACCES, open_and_close(NULL, self->path, O_RDONLY));
	ASSERT_EQ(0, measurements_of(self->path, "sha256", CONTENT,
				     &self->found));
	EXPECT_EQ(1, self->found.same);
}

/* The digest of the measurement is not taken for the xattr's. */
TEST_F(local, appraisal_after_measurement_uses_the_xattr)
{
	ASSERT_EQ(0, scratch_text(self->path, CONTENT));
	ASSERT_EQ(0, label(self->path, HASH_ALGO_SHA1, "sha1", CONTENT));
	ASSERT_EQ(0, chown(self->path, OWNER_LATER, OWNER_LATER));
	ASSERT_EQ(0, ns_drop_to(&self->user, UID_LATER));

	EXPECT_EQ(0, open_and_close(NULL, self->path, O_RDONLY));
	EXPECT_EQ(0, open_and_close(&self->user, self->path, O_RDONLY));
	EXPECT_EQ(0, open_and_close(NULL, self->path, O_RDONLY));
	ASSERT_EQ(0, measurements_of(self->path, "sha256", CONTENT,
				     &self->found));
	EXPECT_EQ(1, self->found.same);
	EXPECT_EQ(1, self->found.all);
}

/* O_DIRECT cannot be hashed; that must not be what is remembered. */
TEST_F(local, measured_again_after_o_direct)
{
	ASSERT_EQ(0, scratch_text(self->path, CONTENT));
	ASSERT_EQ(0, chown(self->path, OWNER_LATER, OWNER_LATER));

	ASSERT_EQ(0, open_and_close(NULL, self->path, O_RDONLY | O_DIRECT));
	ASSERT_EQ(0, measurements_of(self->path, "sha256", NULL,
				     &self->found));
	EXPECT_EQ(1, self->found.same);
	ASSERT_EQ(0, open_and_close(NULL, self->path, O_RDONLY));
	ASSERT_EQ(0, measurements_of(self->path, "sha256", CONTENT,
				     &self->found));
	EXPECT_EQ(1, self->found.same);
	EXPECT_EQ(2, self->found.all);
}

#define RATELIMIT "/proc/sys/kernel/printk_ratelimit"

/* Audit records take a thread of the kernel's to get into the log. */
static long messages_wait(int fd, const char *text)
{
	struct pollfd pollfd = { .fd = fd, .events = POLLIN };
	long count = 0;

	while (!count && poll(&pollfd, 1, 10000) > 0)
		count = messages_count(fd, text);
	return count;
}

TEST_F(local, audited_again_after_o_direct)
{
	char hex[2 * DIGEST_MAX + 1], text[512];
	uint8_t digest[DIGEST_MAX] = {};
	int fd = messages_open();

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, scratch_text(self->path, CONTENT));
	ASSERT_EQ(0, chown(self->path, OWNER_AUDITED, OWNER_AUDITED));
	/* Without a daemon they are messages, and these have a limit. */
	ASSERT_EQ(0, file_put_text(NULL, RATELIMIT, "0\n"));

	ASSERT_EQ(0, open_and_close(NULL, self->path, O_RDONLY | O_DIRECT));
	digest_hex(digest, 32, hex);
	snprintf(text, sizeof(text), "\"%s\" hash=\"sha256:%s\"", self->path,
		 hex);
	EXPECT_EQ(1, messages_wait(fd, text));

	ASSERT_EQ(0, open_and_close(NULL, self->path, O_RDONLY));
	digest_bytes("sha256", CONTENT, strlen(CONTENT), digest);
	digest_hex(digest, 32, hex);
	snprintf(text, sizeof(text), "\"%s\" hash=\"sha256:%s\"", self->path,
		 hex);
	EXPECT_EQ(1, messages_wait(fd, text));
	EXPECT_EQ(0, file_put_text(NULL, RATELIMIT, "5\n"));
	close(fd);
}

TEST_HARNESS_MAIN
