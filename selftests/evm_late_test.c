// SPDX-License-Identifier: GPL-2.0-only
/*
 * EVM of a container on a machine whose own EVM has a key for HMACs (abi.md
 * section 2).  That cannot be taken back until the guest ends, and every file that
 * gets a label from then on gets an HMAC: nothing is to be tested after this.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "auditlog.h"
#include "digest.h"
#include "file.h"
#include "ima.h"
#include "list.h"
#include "ns.h"
#include "scratch.h"
#include "sign.h"

#define OWNER 1000
#define EVM SECURITYFS "/integrity/evm/evm"
#define ACTIVE SECURITYFS "/integrity/evm/active"
#define HASHED_EXEC "appraise func=BPRM_CHECK\n"
#define HMAC_TYPE 2
/* Whose files a rule of init is about. */
#define OWNER_APPRAISED 1934

/* in: path of a new file; its content is that of the second path */
static long do_make(struct call *call)
{
	const char *path = call->in, *from = path + strlen(path) + 1;
	unsigned char value[2 + DIGEST_MAX] = { 4, 4 };	/* SHA-256 */
	char *content;
	long len = file_get_all(NULL, from, &content);
	size_t n;
	int ret = 0;

	call->out_len = 0;
	if (len < 0)
		return len;
	/* EVM takes for new what mknod() has made, until it is written. */
	n = digest_bytes("sha256", content, len, value + 2);
	if (mknod(path, S_IFREG | 0755, 0) ||
	    setxattr(path, "security.ima", value, n + 2, 0))
		ret = -errno;
	if (!ret)
		ret = file_put(NULL, path, content, len);
	free(content);
	return ret;
}

static long make(struct agent *agent, const char *path, const char *from)
{
	char both[1024];
	struct call call = { .fd = -1, .in = both };

	call.in_len = snprintf(both, sizeof(both), "%s%c%s", path, 0, from) + 1;
	return agent_call(agent, do_make, &call);
}

static bool has_hmac(const char *path)
{
	unsigned char value[64];

	return getxattr(path, "security.evm", value, sizeof(value)) == 21 &&
	       value[0] == HMAC_TYPE;
}

FIXTURE(late)
{
	struct agent child;
	struct agent other;
	char directory[256];
	char program[300];
	char inside[300];
	char outside[300];
	char mount[300];
};

FIXTURE_SETUP(late)
{
	if (access(SECURITYFS "/integrity/evm", F_OK))
		SKIP(return, "the kernel has no EVM (CONFIG_EVM)");
	ASSERT_EQ(0, scratch_directory(self->directory,
				       sizeof(self->directory)));
	ASSERT_EQ(0, chmod(self->directory, 0777));
	snprintf(self->program, sizeof(self->program), "%s/prog",
		 self->directory);
	snprintf(self->inside, sizeof(self->inside), "%s/inside",
		 self->directory);
	snprintf(self->outside, sizeof(self->outside), "%s/outside",
		 self->directory);
	ASSERT_EQ(0, scratch_program(self->program, "late"));
}

FIXTURE_TEARDOWN(late)
{
	agent_stop(&self->other);
	agent_stop(&self->child);
	if (self->mount[0])
		umount2(self->mount, MNT_DETACH);
	scratch_remove(self->directory);
}

/* One test, because it has a before and an after. */
TEST_F(late, hmacs_of_a_namespace_end_when_the_machine_has_a_key)
{
	char text[16];

	ASSERT_LT(0, file_get(NULL, EVM, text, sizeof(text)));
	if (strcmp(text, "0"))
		SKIP(return, "the machine's EVM has a key already");

	ASSERT_EQ(0, ima_start_new(&self->child, NULL, OWNER, NULL));
	ASSERT_LE(0, sign_new_session(&self->child));
	ASSERT_LE(0, sign_new_hmac_key(&self->child));
	ASSERT_EQ(0, file_put_text(&self->child, ACTIVE, "1"));
	ASSERT_EQ(0, file_put_text(&self->child, EVM, "1"));
	ASSERT_EQ(0, make(&self->child, self->inside, self->program));
	EXPECT_TRUE(has_hmac(self->inside));
	ASSERT_EQ(0, ima_load_policy(&self->child, HASHED_EXEC));
	EXPECT_EQ(0, file_run(&self->child, self->inside));
	ASSERT_EQ(0, ima_start_new(&self->other, NULL, OWNER, NULL));
	ASSERT_EQ(0, file_put_text(&self->other, ACTIVE, "1"));
	ASSERT_LE(0, sign_new_session(&self->other));
	ASSERT_LE(0, sign_new_hmac_key(&self->other));

	ASSERT_LE(0, sign_new_session(NULL));
	ASSERT_LE(0, sign_new_hmac_key(NULL));
	ASSERT_EQ(0, file_put_text(NULL, EVM, "1"));
	EXPECT_EQ(-EOPNOTSUPP, file_put_text(&self->other, EVM, "1"));
	EXPECT_EQ(0, file_put_text(&self->other, EVM, "2"));

	/* What has passed has passed; chmod makes it be looked at again. */
	ASSERT_EQ(-1, chmod(self->inside, 0711));
	EXPECT_EQ(EPERM, errno);
	ASSERT_EQ(0, utimensat(AT_FDCWD, self->inside, NULL, 0));
	EXPECT_EQ(-EACCES, file_run(&self->child, self->inside));

	/* The machine's own are in order, and stay so whoever looks at them. */
	ASSERT_EQ(0, make(NULL, self->outside, self->program));
	EXPECT_TRUE(has_hmac(self->outside));
	EXPECT_EQ(-EACCES, file_run(&self->child, self->outside));
	EXPECT_EQ(0, chmod(self->outside, 0711));
	EXPECT_EQ(0, chmod(self->outside, 0755));
	EXPECT_TRUE(has_hmac(self->outside));
}

/* in: path, NUL, value of security.ima */
static long do_label(struct call *call)
{
	const char *value = (const char *)call->in + strlen(call->in) + 1;
	size_t len = call->in_len - (value - (const char *)call->in);

	call->out_len = 0;
	return setxattr(call->in, "security.ima", value, len, 0) ? -errno : 0;
}

/* A label of nothing in particular, of the hash algorithm with that number. */
static long label(struct agent *agent, const char *path, int algo, size_t size)
{
	char both[512] = "";
	struct call call = { .fd = -1, .in = both };
	size_t n = snprintf(both, sizeof(both), "%s", path) + 1;

	both[n] = 4;
	both[n + 1] = algo;
	call.in_len = n + 2 + size;
	return agent_call(agent, do_label, &call);
}

#define SHA1 2, 20
#define SHA256 4, 32
#define SHA512 6, 64

#define NEED_KEY() do {							\
	char _text[16] = "";						\
									\
	file_get(NULL, EVM, _text, sizeof(_text));			\
	if (strcmp(_text, "1"))						\
		SKIP(return, "the machine's EVM has no key");		\
} while (0)

static int rewrite(struct agent *agent, const char *path, const char *text)
{
	int fd = file_open(agent, path, O_WRONLY), ret;
	long n;

	if (fd < 0)
		return fd;
	n = file_write(agent, fd, text, strlen(text));
	ret = file_close(agent, fd);
	return n < 0 ? n : ret;
}

/* What the machine's EVM has found right, the child may label. */
TEST_F(late, label_from_inside_is_covered_by_the_machines_hmac)
{
	unsigned char before[64], after[64];

	NEED_KEY();
	ASSERT_EQ(0, make(NULL, self->outside, self->program));
	ASSERT_EQ(0, chown(self->outside, OWNER, OWNER));
	ASSERT_EQ(0, ima_start_new(&self->child, NULL, OWNER, NULL));
	ASSERT_EQ(21, getxattr(self->outside, "security.evm", before,
			       sizeof(before)));
	EXPECT_EQ(0, label(&self->child, self->outside, SHA256));
	ASSERT_EQ(21, getxattr(self->outside, "security.evm", after,
			       sizeof(after)));
	EXPECT_NE(0, memcmp(before, after, 21));
	/* By a rule, too. */
	ASSERT_EQ(0, ima_load_policy(&self->child, "hash func=FILE_CHECK "
				     "mask=MAY_WRITE fsmagic=0xef53\n"));
	ASSERT_EQ(0, rewrite(&self->child, self->outside, "text"));
	ASSERT_EQ(21, getxattr(self->outside, "security.evm", before,
			       sizeof(before)));
	EXPECT_NE(0, memcmp(before, after, 21));
	/* The machine finds it in order, or it would not let it be changed. */
	EXPECT_EQ(0, chmod(self->outside, 0711));
}

/* ... and what is wrong does not become right by that. */
TEST_F(late, label_from_inside_makes_no_hmac_right)
{
	unsigned char before[64], after[64];
	ssize_t n;

	NEED_KEY();
	ASSERT_EQ(0, make(NULL, self->outside, self->program));
	ASSERT_EQ(0, chown(self->outside, OWNER, OWNER));
	ASSERT_EQ(0, removexattr(self->outside, "security.evm"));
	n = getxattr(self->outside, "security.ima", before, sizeof(before));
	ASSERT_LT(0, n);
	ASSERT_EQ(0, ima_start_new(&self->child, NULL, OWNER, NULL));
	EXPECT_EQ(-EPERM, label(NULL, self->outside, SHA256));
	EXPECT_EQ(-EPERM, label(&self->child, self->outside, SHA256));
	ASSERT_EQ(0, ima_load_policy(&self->child, "hash func=FILE_CHECK "
				     "mask=MAY_WRITE fsmagic=0xef53\n"));
	ASSERT_EQ(0, rewrite(&self->child, self->outside, "text"));
	EXPECT_EQ(n, getxattr(self->outside, "security.ima", after,
			      sizeof(after)));
	EXPECT_EQ(0, memcmp(before, after, n));
	EXPECT_EQ(-1, getxattr(self->outside, "security.evm", NULL, 0));
	EXPECT_EQ(-1, chmod(self->outside, 0711));
	EXPECT_EQ(EPERM, errno);
	/* Its own EVM, which allows it, is one of two. */
	ASSERT_EQ(0, file_put_text(&self->child, ACTIVE, "1"));
	ASSERT_EQ(0, file_put_text(&self->child, EVM, "4"));
	EXPECT_EQ(-EPERM, label(&self->child, self->outside, SHA256));
}

/*
 * Anybody may ask for a change of any file's label: IMA is asked before the
 * capability is.  What is refused leaves everything as it was.
 */
TEST_F(late, refused_change_of_a_label_voids_nothing)
{
	long ring, key;

	NEED_KEY();
	if (sign_missing())
		SKIP(return, "%s is missing", sign_missing());
	ASSERT_EQ(0, sign_key("one", NULL));
	ASSERT_EQ(0, make(NULL, self->outside, self->program));
	ASSERT_EQ(0, sign_file("one", self->outside));
	/* Init appraises, if not this. */
	ASSERT_EQ(0, ima_load_policy(NULL,
				     "appraise func=BPRM_CHECK fowner=1934\n"));
	ASSERT_EQ(0, ima_start_new(&self->child, NULL, OWNER, NULL));
	ring = sign_give_key(&self->child, NULL);
	ASSERT_LE(0, ring);
	key = sign_add(&self->child, ring, "one");
	ASSERT_LE(0, key);
	ASSERT_EQ(0, ima_load_policy(&self->child, EXEC_RULE "appraise "
				     "func=BPRM_CHECK appraise_type=imasig\n"));
	EXPECT_EQ(0, file_run(&self->child, self->outside));
	/* From now on it runs for as long as it is not looked at again. */
	ASSERT_EQ(0, sign_unlink(&self->child, key, ring));
	EXPECT_EQ(0, file_run(&self->child, self->outside));

	ASSERT_EQ(0, agent_start(&self->other, NULL));
	ASSERT_EQ(0, ns_drop_to(&self->other, OWNER));
	EXPECT_EQ(-EPERM, file_set_xattr(&self->other, self->outside,
					 "security.ima", NULL, 0));
	EXPECT_EQ(0, file_run(&self->child, self->outside));
	EXPECT_EQ(-EPERM, label(&self->other, self->outside, SHA256));
	EXPECT_EQ(0, file_run(&self->child, self->outside));
	EXPECT_EQ(-EPERM, file_set_xattr(&self->other, self->outside,
					 "security.evm", NULL, 0));
	EXPECT_EQ(0, file_run(&self->child, self->outside));
	EXPECT_EQ(1, list_measured(&self->child, self->outside));

	/* And one that is not refused does. */
	EXPECT_EQ(0, label(NULL, self->outside, SHA256));
	ASSERT_EQ(0, sign_file("one", self->outside));
	EXPECT_EQ(-EACCES, file_run(&self->child, self->outside));
}

/* An overlay changes its upper layer as who mounted it: root of the machine. */
TEST_F(late, denied_change_on_a_containers_overlay_is_not_audited)
{
	char upper[320], merged[320];
	int audit, i;

	NEED_KEY();
	ASSERT_EQ(0, scratch_overlay(self->directory, self->mount,
				     sizeof(self->mount)));
	snprintf(upper, sizeof(upper), "%s/upper/quiet", self->directory);
	snprintf(merged, sizeof(merged), "%s/quiet", self->mount);
	/* What the machine's EVM does not find in order may not be changed. */
	ASSERT_EQ(0, make(NULL, upper, self->program));
	ASSERT_EQ(0, chown(upper, OWNER, OWNER));
	ASSERT_EQ(0, removexattr(upper, "security.evm"));
	ASSERT_EQ(0, ima_start_new(&self->child, NULL, OWNER, NULL));
	audit = auditlog_open();
	ASSERT_LE(0, audit);
	for (i = 0; i < 5; i++) {
		EXPECT_EQ(-EPERM, file_chmod(&self->child, merged, 0711));
	}
	EXPECT_EQ(0, auditlog_count(audit, 0, "quiet"));
	/* What the machine does itself is. */
	EXPECT_EQ(-EPERM, file_chmod(NULL, upper, 0711));
	EXPECT_LT(0, auditlog_count(audit, 0, "quiet"));
	close(audit);
}

/* The last one: a rule of the machine about what all may write. */
TEST_F(late, label_has_an_algorithm_that_the_machine_accepts)
{
	ASSERT_EQ(0, make(NULL, self->outside, self->program));
	ASSERT_EQ(0, chown(self->outside, OWNER, OWNER));
	ASSERT_EQ(0, ima_start_new(&self->child, NULL, OWNER, NULL));
	EXPECT_EQ(0, label(&self->child, self->outside, SHA1));
	ASSERT_EQ(0, ima_load_policy(NULL, "appraise func=SETXATTR_CHECK "
				     "appraise_algos=sha256,sha512\n"));
	EXPECT_EQ(-EACCES, label(NULL, self->outside, SHA1));
	EXPECT_EQ(-EACCES, label(&self->child, self->outside, SHA1));
	EXPECT_EQ(0, label(&self->child, self->outside, SHA256));
	/* The child may want less than the machine, and not more. */
	ASSERT_EQ(0, ima_load_policy(&self->child, "appraise "
				     "func=SETXATTR_CHECK "
				     "appraise_algos=sha1,sha256\n"));
	EXPECT_EQ(-EACCES, label(&self->child, self->outside, SHA1));
	EXPECT_EQ(-EACCES, label(&self->child, self->outside, SHA512));
	EXPECT_EQ(0, label(&self->child, self->outside, SHA256));
	EXPECT_EQ(0, label(NULL, self->outside, SHA512));
	/* Nor does a hash rule write what is not accepted. */
	ASSERT_EQ(0, ns_start(&self->other, NULL, OWNER, NULL));
	ASSERT_EQ(0, ima_configure(&self->other, "sha1", NULL));
	ASSERT_EQ(0, ima_activate(&self->other));
	ASSERT_EQ(0, ima_load_policy(&self->other, "hash func=FILE_CHECK "
				     "mask=MAY_WRITE fsmagic=0xef53\n"));
	ASSERT_EQ(0, rewrite(&self->other, self->outside, "text"));
	EXPECT_EQ(2 + 64, getxattr(self->outside, "security.ima", NULL, 0));
}

TEST_HARNESS_MAIN
