// SPDX-License-Identifier: GPL-2.0-only
/*
 * EVM of a container: its files, signatures and HMACs of what its files are, and
 * who may write security.evm (abi.md sections 2, 4 and 5).
 *
 *   init          signs files by evmctl, with keys made by openssl
 *     |
 *   child (1000)  owns the files, verifies them with the key "one"
 *     |
 *   nested
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

#include "digest.h"
#include "file.h"
#include "ima.h"
#include "list.h"
#include "ns.h"
#include "scratch.h"
#include "sign.h"

#define OWNER 1000
#define EVM_DIR SECURITYFS "/integrity/evm"
#define EVM "security.evm"
#define IDS " --uid=1000 --gid=1000"
/* Whose files a rule of init is about, in force until the guest ends. */
#define OWNER_RELABELLED 1933

#define X509 "2"
#define X509_AND_COMPLETE "2147483650"	/* 0x80000002 */
#define COMPLETE "0x80000000"
#define METADATA "4"

#define SIGNED_EXEC "appraise func=BPRM_CHECK appraise_type=imasig\n"
#define HASHED_EXEC "appraise func=BPRM_CHECK\n"

#define SOME_HASH "\x04\x04" "0123456789abcdef0123456789abcdef"
#define HMAC_TYPE 2
#define PORTABLE_TYPE 5
#define HMAC_SIZE 21

/* As far as anybody looks who has no such key, it is a portable signature. */
static const unsigned char signature[16] = { PORTABLE_TYPE, 2, 4 };

static int evm_put(struct agent *agent, const char *name, const char *text)
{
	char path[128];

	snprintf(path, sizeof(path), EVM_DIR "/%s", name);
	return file_put_text(agent, path, text);
}

static long evm_get(struct agent *agent, const char *name, char *buf,
		    size_t size)
{
	char path[128];

	snprintf(path, sizeof(path), EVM_DIR "/%s", name);
	return file_get(agent, path, buf, size);
}

static bool evm_reads(struct agent *agent, const char *name, const char *text)
{
	char buf[4096];

	return evm_get(agent, name, buf, sizeof(buf)) == (long)strlen(text) &&
	       !strcmp(buf, text);
}

/* arg: create the file; in: path, NUL, name, NUL, value; no value: remove */
static long do_attribute(struct call *call)
{
	const char *path = call->in;
	const char *name = path + strlen(path) + 1;
	const char *value = name + strlen(name) + 1;
	size_t len = call->in_len - (value - path);
	int ret;

	call->out_len = 0;
	/* EVM takes for new what mknod() has made. */
	if (call->arg[0] && mknod(path, S_IFREG | 0755, 0))
		return -errno;
	ret = len ? setxattr(path, name, value, len, 0) :
		    removexattr(path, name);
	return ret ? -errno : 0;
}

static long attribute(struct agent *agent, bool create, const char *path,
		      const char *name, const void *value, size_t len)
{
	char both[1024];
	struct call call = { .arg = { create }, .fd = -1, .in = both };
	size_t n = snprintf(both, sizeof(both), "%s%c%s", path, 0, name) + 1;

	memcpy(both + n, value, len);
	call.in_len = n + len;
	return agent_call(agent, do_attribute, &call);
}

static long set_evm(struct agent *agent, const char *path)
{
	return attribute(agent, false, path, EVM, signature, sizeof(signature));
}

static long remove_evm(struct agent *agent, const char *path)
{
	return attribute(agent, false, path, EVM, "", 0);
}

static long do_evm_type(struct call *call)
{
	unsigned char value[1024];

	call->out_len = 0;
	return getxattr(call->in, EVM, value, sizeof(value)) > 0 ? value[0] : 0;
}

/* The type of the file's security.evm, 0 if it has none. */
static long evm_type(struct agent *agent, const char *path)
{
	struct call call = {
		.fd = -1,
		.in = path,
		.in_len = strlen(path) + 1,
	};

	return agent_call(agent, do_evm_type, &call);
}

/* The label with the hash of the file as it is now. */
static long label_right(struct agent *agent, const char *path)
{
	unsigned char value[2 + DIGEST_MAX] = { 4, 4 };	/* SHA-256 */
	char *content;
	long len = file_get_all(NULL, path, &content);
	size_t n;

	if (len < 0)
		return len;
	n = digest_bytes("sha256", content, len, value + 2);
	free(content);
	return attribute(agent, false, path, "security.ima", value, n + 2);
}

/* Can the kernel's EVM protect more than it was built with? */
static bool evm_adds(void)
{
	return !access(EVM_DIR "/evm_xattrs", F_OK);
}

FIXTURE(evm)
{
	struct agent child;
	struct agent nested;
	struct agent other;
	char directory[256];
	char program[300];
	char mount[300];
	long ring;
};

FIXTURE_SETUP(evm)
{
	const char *missing = sign_missing();

	if (missing)
		SKIP(return, "%s is missing", missing);
	ASSERT_EQ(0, sign_key("one", NULL));
	ASSERT_EQ(0, sign_key("two", NULL));
	ASSERT_EQ(0, scratch_directory(self->directory,
				       sizeof(self->directory)));
	ASSERT_EQ(0, chmod(self->directory, 0777));
	snprintf(self->program, sizeof(self->program), "%s/prog",
		 self->directory);
	ASSERT_EQ(0, scratch_program(self->program, "evm"));
	ASSERT_EQ(0, chown(self->program, OWNER, OWNER));
	ASSERT_EQ(0, ima_start_new(&self->child, NULL, OWNER, NULL));
	if (access(EVM_DIR, F_OK))
		SKIP(return, "the kernel has no EVM (CONFIG_EVM)");
}

FIXTURE_TEARDOWN(evm)
{
	agent_stop(&self->other);
	agent_stop(&self->nested);
	agent_stop(&self->child);
	if (self->mount[0])
		umount2(self->mount, MNT_DETACH);
	scratch_remove(self->directory);
}

/* The files */

TEST_F(evm, has_exactly_its_files)
{
	char names[1024], target[256];

	ASSERT_LT(0, file_list(&self->child, EVM_DIR, names, sizeof(names)));
	EXPECT_STREQ(evm_adds() ? "active\nevm\nevm_xattrs\n" : "active\nevm\n",
		     names);
	ASSERT_LT(0, file_readlink(&self->child, SECURITYFS "/evm", target,
				   sizeof(target)));
	EXPECT_STREQ("integrity/evm/evm", target);
	EXPECT_EQ(-1, access(EVM_DIR "/active", F_OK));
}

TEST_F(evm, belongs_to_root_of_the_container)
{
	struct stat st;

	ASSERT_EQ(0, file_stat(&self->child, EVM_DIR "/active", &st));
	EXPECT_EQ(0640, st.st_mode & 07777);
	EXPECT_EQ(0, st.st_uid);
	EXPECT_EQ(0, st.st_gid);
}

TEST_F(evm, cannot_be_opened_before_ima_is_active)
{
	ASSERT_EQ(0, ns_start(&self->other, NULL, OWNER, NULL));
	ASSERT_EQ(0, ima_mount(&self->other));
	EXPECT_EQ(-EACCES, file_open(&self->other, EVM_DIR "/evm", O_RDONLY));
	EXPECT_EQ(-EACCES, file_open(&self->other, EVM_DIR "/evm", O_WRONLY));
	if (evm_adds())
		EXPECT_EQ(-EACCES, evm_put(&self->other, "evm_xattrs",
					   "security.test"));
}

TEST_F(evm, can_be_activated_first)
{
	ASSERT_EQ(0, ns_start(&self->other, NULL, OWNER, NULL));
	ASSERT_EQ(0, ima_mount(&self->other));
	EXPECT_TRUE(evm_reads(&self->other, "active", "0\n"));
	EXPECT_EQ(0, evm_put(&self->other, "active", "1"));
	EXPECT_TRUE(evm_reads(&self->other, "active", "1\n"));
	EXPECT_EQ(-EACCES, evm_put(&self->other, "evm", X509));
	ASSERT_EQ(0, ima_activate(&self->other));
	EXPECT_EQ(0, evm_put(&self->other, "evm", X509));
}

TEST_F(evm, answers_eperm_before_it_is_active)
{
	char buf[4096];

	EXPECT_EQ(-EPERM, evm_put(&self->child, "evm", X509));
	EXPECT_EQ(-EPERM, evm_get(&self->child, "evm", buf, sizeof(buf)));
	if (!evm_adds())
		return;
	EXPECT_EQ(-EPERM, evm_put(&self->child, "evm_xattrs",
				  "security.test"));
	EXPECT_EQ(-EPERM, evm_get(&self->child, "evm_xattrs", buf,
				  sizeof(buf)));
}

TEST_F(evm, is_activated_once)
{
	EXPECT_TRUE(evm_reads(&self->child, "active", "0\n"));
	EXPECT_EQ(-EINVAL, evm_put(&self->child, "active", "0"));
	EXPECT_EQ(-EINVAL, evm_put(&self->child, "active", "11"));
	EXPECT_EQ(0, evm_put(&self->child, "active", "1\n"));
	EXPECT_TRUE(evm_reads(&self->child, "active", "1\n"));
	EXPECT_EQ(-EBUSY, evm_put(&self->child, "active", "1"));
}

TEST_F(evm, is_still_active_in_another_mount)
{
	ASSERT_EQ(0, evm_put(&self->child, "active", "1"));
	ASSERT_EQ(0, evm_put(&self->child, "evm", X509));
	ASSERT_EQ(0, file_umount(&self->child, SECURITYFS));
	ASSERT_EQ(0, ima_mount(&self->child));
	EXPECT_TRUE(evm_reads(&self->child, "active", "1\n"));
	EXPECT_TRUE(evm_reads(&self->child, "evm", "2"));
}

TEST_F(evm, of_the_machine_is_not_changed)
{
	char names[4096] = "";

	ASSERT_EQ(0, evm_put(&self->child, "active", "1"));
	ASSERT_EQ(0, evm_put(&self->child, "evm", X509_AND_COMPLETE));
	EXPECT_TRUE(evm_reads(NULL, "evm", "0"));
	if (!evm_adds())
		return;
	ASSERT_LT(0, evm_get(NULL, "evm_xattrs", names, sizeof(names)));
	ASSERT_EQ(0, evm_put(&self->child, "evm_xattrs", "security.test"));
	EXPECT_TRUE(evm_reads(NULL, "evm_xattrs", names));
}

/* What is written to evm, and what happens. */
FIXTURE(value)
{
	struct agent child;
};

FIXTURE_VARIANT(value)
{
	const char *first;	/* NULL: nothing */
	bool key;
	const char *second;
	int ret;
	const char *reads;
};

#define VALUE(_name, _first, _key, _second, _ret, _reads)	\
FIXTURE_VARIANT_ADD(value, _name)				\
{								\
	.first = _first, .key = _key, .second = _second,	\
	.ret = _ret, .reads = _reads,				\
}

VALUE(none, NULL, false, "0", -EINVAL, "0");
VALUE(no_number, NULL, false, "x", -EINVAL, "0");
VALUE(unknown, NULL, false, "8", -EINVAL, "0");
VALUE(unknown_with_known, NULL, false, "10", -EINVAL, "0");
VALUE(x509, NULL, false, "2\n", 0, "2");
VALUE(hexadecimal, NULL, false, "0x2", 0, "2");
VALUE(metadata, NULL, false, "4", 0, "4");
VALUE(metadata_then_x509, "4", false, "2", 0, "6");
VALUE(complete, NULL, false, "0x80000000", 0, "0");
VALUE(x509_and_complete, NULL, false, "0x80000002", 0, "2");
VALUE(after_complete, "0x80000002", false, "4", -EPERM, "2");
VALUE(invalid_after_complete, "0x80000002", false, "0", -EPERM, "2");
VALUE(hmac_without_key, NULL, false, "1", -ENOENT, "0");
VALUE(hmac, NULL, true, "1", 0, "1");
VALUE(hmac_and_x509, NULL, true, "3", 0, "3");
VALUE(hmac_takes_metadata_away, "4", true, "1", 0, "1");
VALUE(metadata_with_hmac, NULL, true, "5", -EPERM, "0");
VALUE(metadata_after_hmac, "1", true, "4", -EPERM, "1");
VALUE(x509_after_hmac, "1", true, "2", -EPERM, "1");

FIXTURE_SETUP(value)
{
	ASSERT_EQ(0, ima_start_new(&self->child, NULL, OWNER, NULL));
	if (access(EVM_DIR, F_OK))
		SKIP(return, "the kernel has no EVM (CONFIG_EVM)");
	ASSERT_EQ(0, evm_put(&self->child, "active", "1"));
	ASSERT_LE(0, sign_new_session(&self->child));
	if (variant->key)
		ASSERT_LE(0, sign_new_hmac_key(&self->child));
	if (variant->first)
		ASSERT_EQ(0, evm_put(&self->child, "evm", variant->first));
}

FIXTURE_TEARDOWN(value)
{
	agent_stop(&self->child);
}

TEST_F(value, is_taken_or_refused)
{
	EXPECT_EQ(variant->ret,
		  evm_put(&self->child, "evm", variant->second));
	EXPECT_TRUE(evm_reads(&self->child, "evm", variant->reads));
}

/* Who may write the files */
TEST_F(evm, needs_one_of_two_capabilities)
{
	ASSERT_EQ(0, agent_start(&self->other, &self->child));
	ASSERT_EQ(0, ns_limit_capabilities(&self->other, CAP(SYS_PTRACE)));
	EXPECT_EQ(-EPERM, evm_put(&self->other, "active", "1"));
	ASSERT_EQ(0, evm_put(&self->child, "active", "1"));
	EXPECT_EQ(-EPERM, evm_put(&self->other, "evm", X509));
	if (evm_adds())
		EXPECT_EQ(-EPERM, evm_put(&self->other, "evm_xattrs",
					  "security.test"));
	EXPECT_TRUE(evm_reads(&self->other, "evm", "0"));
	agent_stop(&self->other);

	ASSERT_EQ(0, agent_start(&self->other, &self->child));
	ASSERT_EQ(0, ns_limit_capabilities(&self->other, CAP(MAC_ADMIN)));
	EXPECT_EQ(0, evm_put(&self->other, "evm", X509));
	if (evm_adds())
		EXPECT_EQ(0, evm_put(&self->other, "evm_xattrs",
				     "security.test"));
	agent_stop(&self->other);

	ASSERT_EQ(0, agent_start(&self->other, &self->child));
	ASSERT_EQ(0, ns_limit_capabilities(&self->other, CAP(SYS_ADMIN)));
	EXPECT_EQ(0, evm_put(&self->other, "evm", METADATA));
}

/* The attributes */

FIXTURE(xattrs)
{
	struct agent child;
};

FIXTURE_SETUP(xattrs)
{
	ASSERT_EQ(0, ima_start_new(&self->child, NULL, OWNER, NULL));
	if (!evm_adds())
		SKIP(return, "the kernel's EVM has a fixed list "
		     "(CONFIG_EVM_ADD_XATTRS)");
	ASSERT_EQ(0, evm_put(&self->child, "active", "1"));
}

FIXTURE_TEARDOWN(xattrs)
{
	agent_stop(&self->child);
}

TEST_F(xattrs, begin_with_those_of_the_machine)
{
	char inside[4096], outside[4096];

	ASSERT_LT(0, evm_get(&self->child, "evm_xattrs", inside,
			     sizeof(inside)));
	ASSERT_LT(0, evm_get(NULL, "evm_xattrs", outside, sizeof(outside)));
	EXPECT_STREQ(outside, inside);
	EXPECT_NE(NULL, strstr(inside, "security.ima\n"));
	EXPECT_NE(NULL, strstr(inside, "security.capability\n"));
}

TEST_F(xattrs, are_added_one_by_one)
{
	char before[4096], expected[8192];

	ASSERT_LT(0, evm_get(&self->child, "evm_xattrs", before,
			     sizeof(before)));
	EXPECT_EQ(0, evm_put(&self->child, "evm_xattrs", "security.one"));
	EXPECT_EQ(0, evm_put(&self->child, "evm_xattrs", "security.two\n"));
	snprintf(expected, sizeof(expected), "%ssecurity.one\nsecurity.two\n",
		 before);
	EXPECT_TRUE(evm_reads(&self->child, "evm_xattrs", expected));
}

TEST_F(xattrs, that_are_none_are_refused)
{
	char longest[300] = "security.";

	memset(longest + strlen(longest), 'x', 256 - strlen(longest));
	EXPECT_EQ(0, evm_put(&self->child, "evm_xattrs", "security.one"));
	EXPECT_EQ(-EEXIST, evm_put(&self->child, "evm_xattrs",
				   "security.one"));
	EXPECT_EQ(-EEXIST, evm_put(&self->child, "evm_xattrs",
				   "security.ima"));
	EXPECT_EQ(-EINVAL, evm_put(&self->child, "evm_xattrs", "user.one"));
	EXPECT_EQ(-EINVAL, evm_put(&self->child, "evm_xattrs",
				   "trusted.one"));
	/* 255 bytes is what a name can have. */
	EXPECT_EQ(-E2BIG, evm_put(&self->child, "evm_xattrs", longest));
	longest[255] = '\0';
	EXPECT_EQ(0, evm_put(&self->child, "evm_xattrs", longest));
	/* What covers itself could never be right. */
	EXPECT_EQ(-EINVAL, evm_put(&self->child, "evm_xattrs", EVM));
}

TEST_F(xattrs, are_locked_by_a_dot)
{
	struct stat st;

	ASSERT_EQ(0, evm_put(&self->child, "evm_xattrs", "security.one"));
	EXPECT_EQ(0, evm_put(&self->child, "evm_xattrs", ".\n"));
	ASSERT_EQ(0, file_stat(&self->child, EVM_DIR "/evm_xattrs", &st));
	EXPECT_EQ(0440, st.st_mode & 07777);
	EXPECT_EQ(-EPERM, evm_put(&self->child, "evm_xattrs",
				  "security.two"));
	EXPECT_EQ(-EPERM, evm_put(&self->child, "evm_xattrs", "."));
	/* The lock outlives the mount. */
	ASSERT_EQ(0, file_umount(&self->child, SECURITYFS));
	ASSERT_EQ(0, ima_mount(&self->child));
	ASSERT_EQ(0, file_stat(&self->child, EVM_DIR "/evm_xattrs", &st));
	EXPECT_EQ(0440, st.st_mode & 07777);
	/* It is nobody else's. */
	ASSERT_EQ(0, stat(EVM_DIR "/evm_xattrs", &st));
	EXPECT_EQ(0660, st.st_mode & 07777);
}

TEST_F(xattrs, are_64_more_at_most)
{
	char name[64];
	int i;

	for (i = 0; i < 64; i++) {
		snprintf(name, sizeof(name), "security.x%d", i);
		ASSERT_EQ(0, evm_put(&self->child, "evm_xattrs", name));
	}
	EXPECT_EQ(-ENOSPC, evm_put(&self->child, "evm_xattrs",
				   "security.last"));
	EXPECT_EQ(-EEXIST, evm_put(&self->child, "evm_xattrs", "security.x3"));
}

/* Signatures */

/* The child has the key for EVM, and executes what has a hash. */
#define VERIFY_WITH(_key, _rules) do {					\
	ASSERT_LE(0, sign_new_session(&self->child));			\
	self->ring = sign_give_ring(&self->child, "_evm", _key);	\
	ASSERT_LE(0, self->ring);					\
	ASSERT_EQ(0, evm_put(&self->child, "active", "1"));		\
	ASSERT_EQ(0, evm_put(&self->child, "evm", X509));		\
	ASSERT_EQ(0, ima_load_policy(&self->child, EXEC_RULE _rules));	\
} while (0)

#define EXPECT_RUNS(_agent) \
	EXPECT_EQ(0, file_run(_agent, self->program))
#define EXPECT_DENIED(_agent) \
	EXPECT_EQ(-EACCES, file_run(_agent, self->program))

TEST_F(evm, hash_without_signature_is_denied)
{
	VERIFY_WITH("one", HASHED_EXEC);
	ASSERT_EQ(0, sign_hash("sha256", self->program));
	EXPECT_DENIED(&self->child);
	EXPECT_RUNS(NULL);
	ASSERT_EQ(0, sign_metadata(NULL, "one", self->program, ""));
	EXPECT_RUNS(&self->child);
	EXPECT_EQ(1, list_measured(&self->child, self->program));
}

TEST_F(evm, without_x509_nobody_looks_at_signatures)
{
	VERIFY_WITH("one", HASHED_EXEC);
	ASSERT_EQ(0, sign_hash("sha256", self->program));
	EXPECT_DENIED(&self->child);
	/* Another one that is active, but was told nothing. */
	ASSERT_EQ(0, ima_start_new(&self->other, NULL, OWNER, HASHED_EXEC));
	ASSERT_EQ(0, evm_put(&self->other, "active", "1"));
	EXPECT_RUNS(&self->other);
}

TEST_F(evm, what_passed_before_is_asked_again)
{
	ASSERT_EQ(0, ima_load_policy(&self->child, HASHED_EXEC));
	ASSERT_EQ(0, sign_hash("sha256", self->program));
	EXPECT_RUNS(&self->child);
	ASSERT_EQ(0, evm_put(&self->child, "active", "1"));
	EXPECT_RUNS(&self->child);
	ASSERT_EQ(0, evm_put(&self->child, "evm", X509));
	EXPECT_DENIED(&self->child);
}

static int map_executable(struct agent *agent, const char *path)
{
	int fd = file_open(agent, path, O_RDONLY), ret;

	if (fd < 0)
		return fd;
	ret = file_map_executable(agent, fd);
	file_close(agent, fd);
	return ret;
}

/* ... at each hook, even if it has passed at another one since. */
TEST_F(evm, what_passed_before_at_one_hook_is_asked_again_at_each)
{
	long key;

	ASSERT_EQ(0, sign_metadata(NULL, "one", self->program, ""));
	ASSERT_EQ(0, ima_load_policy(&self->child, HASHED_EXEC
				     "appraise func=MMAP_CHECK\n"));
	EXPECT_RUNS(&self->child);
	ASSERT_LE(0, sign_new_session(&self->child));
	self->ring = sign_give_ring(&self->child, "_evm", NULL);
	ASSERT_LE(0, self->ring);
	key = sign_add(&self->child, self->ring, "one");
	ASSERT_LE(0, key);
	ASSERT_EQ(0, evm_put(&self->child, "active", "1"));
	ASSERT_EQ(0, evm_put(&self->child, "evm", X509));
	EXPECT_EQ(0, map_executable(&self->child, self->program));
	/* Who has passed since needs no key any more, and who has not does. */
	ASSERT_EQ(0, sign_unlink(&self->child, key, self->ring));
	EXPECT_EQ(0, map_executable(&self->child, self->program));
	EXPECT_DENIED(&self->child);
	ASSERT_LE(0, sign_add(&self->child, self->ring, "one"));
	EXPECT_RUNS(&self->child);
}

/* A hash that is signed by what covers it is as good as a signature. */
TEST_F(evm, portable_signature_makes_a_hash_a_signature)
{
	VERIFY_WITH("one", SIGNED_EXEC);
	ASSERT_EQ(0, sign_hash("sha256", self->program));
	EXPECT_DENIED(&self->child);
	ASSERT_EQ(0, sign_metadata(NULL, "one", self->program, ""));
	EXPECT_EQ(PORTABLE_TYPE, evm_type(NULL, self->program));
	EXPECT_RUNS(&self->child);
	/* It is a matter of EVM's keys: those of IMA are not asked. */
	ASSERT_LE(0, sign_give_ring(&self->child, "_ima", "two"));
	EXPECT_RUNS(&self->child);
}

TEST_F(evm, signature_by_another_key_is_denied)
{
	VERIFY_WITH("one", HASHED_EXEC);
	ASSERT_EQ(0, sign_metadata(NULL, "two", self->program, ""));
	EXPECT_DENIED(&self->child);
	ASSERT_LE(0, sign_add(&self->child, self->ring, "two"));
	EXPECT_RUNS(&self->child);
}

TEST_F(evm, changed_content_is_denied)
{
	VERIFY_WITH("one", HASHED_EXEC);
	ASSERT_EQ(0, sign_metadata(NULL, "one", self->program, ""));
	EXPECT_RUNS(&self->child);
	ASSERT_EQ(0, scratch_append(self->program, "changed"));
	EXPECT_DENIED(&self->child);
}

TEST_F(evm, changed_mode_is_denied_until_it_is_what_was_signed)
{
	VERIFY_WITH("one", HASHED_EXEC);
	ASSERT_EQ(0, chmod(self->program, 0755));
	ASSERT_EQ(0, sign_metadata(NULL, "one", self->program, ""));
	EXPECT_RUNS(&self->child);
	ASSERT_EQ(0, chmod(self->program, 04755));
	EXPECT_DENIED(&self->child);
	ASSERT_EQ(0, chmod(self->program, 0755));
	EXPECT_RUNS(&self->child);
}

TEST_F(evm, changed_owner_is_denied)
{
	VERIFY_WITH("one", HASHED_EXEC);
	ASSERT_EQ(0, sign_metadata(NULL, "one", self->program, ""));
	EXPECT_RUNS(&self->child);
	ASSERT_EQ(0, chown(self->program, OWNER + 1, OWNER));
	EXPECT_DENIED(&self->child);
}

TEST_F(evm, added_capability_is_denied)
{
	struct vfs_cap_data capability = {
		.magic_etc = VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE,
		.data[0].permitted = CAP(NET_RAW),
	};

	VERIFY_WITH("one", HASHED_EXEC);
	ASSERT_EQ(0, sign_metadata(NULL, "one", self->program, ""));
	EXPECT_RUNS(&self->child);
	ASSERT_EQ(0, setxattr(self->program, "security.capability", &capability,
			      sizeof(capability), 0));
	EXPECT_DENIED(&self->child);
}

TEST_F(evm, added_attribute_counts_where_it_is_protected)
{
	if (!evm_adds())
		SKIP(return, "the kernel's EVM has a fixed list "
		     "(CONFIG_EVM_ADD_XATTRS)");
	VERIFY_WITH("one", HASHED_EXEC);
	ASSERT_EQ(0, sign_metadata(NULL, "one", self->program, ""));
	EXPECT_RUNS(&self->child);
	ASSERT_EQ(0, setxattr(self->program, "security.test", "x", 1, 0));
	EXPECT_RUNS(&self->child);
	ASSERT_EQ(0, evm_put(&self->child, "evm_xattrs", "security.test"));
	EXPECT_DENIED(&self->child);
	ASSERT_EQ(0, removexattr(self->program, "security.test"));
	EXPECT_RUNS(&self->child);
	ASSERT_EQ(0, setxattr(self->program, "security.test", "x", 1, 0));
	EXPECT_DENIED(&self->child);
}

TEST_F(evm, removed_signature_is_denied)
{
	VERIFY_WITH("one", HASHED_EXEC);
	ASSERT_EQ(0, sign_metadata(NULL, "one", self->program, ""));
	EXPECT_RUNS(&self->child);
	ASSERT_EQ(0, remove_evm(NULL, self->program));
	EXPECT_DENIED(&self->child);
}

/* What is signed is who the file belongs to outside. */
TEST_F(evm, ids_in_a_signature_are_those_of_the_machine)
{
	VERIFY_WITH("one", HASHED_EXEC);
	ASSERT_EQ(0, sign_metadata(NULL, "one", self->program,
				   " --uid=0 --gid=0"));
	EXPECT_DENIED(&self->child);
	ASSERT_EQ(0, sign_metadata(NULL, "one", self->program, IDS));
	EXPECT_RUNS(&self->child);
}

/* Keys */

TEST_F(evm, keyring_is_looked_for_until_there_is_one)
{
	ASSERT_LE(0, sign_new_session(&self->child));
	ASSERT_EQ(0, evm_put(&self->child, "active", "1"));
	ASSERT_EQ(0, evm_put(&self->child, "evm", X509));
	ASSERT_EQ(0, ima_load_policy(&self->child, HASHED_EXEC));
	ASSERT_EQ(0, sign_metadata(NULL, "one", self->program, ""));
	EXPECT_DENIED(&self->child);
	/* That of IMA is another one. */
	ASSERT_LE(0, sign_give_ring(&self->child, "_ima", "one"));
	EXPECT_DENIED(&self->child);
	ASSERT_LE(0, sign_give_ring(&self->child, "_evm", "one"));
	EXPECT_RUNS(&self->child);
}

TEST_F(evm, keyring_is_kept)
{
	VERIFY_WITH("one", HASHED_EXEC);
	ASSERT_EQ(0, sign_metadata(NULL, "one", self->program, ""));
	EXPECT_RUNS(&self->child);
	ASSERT_LE(0, sign_new_session(&self->child));
	ASSERT_LE(0, sign_give_ring(&self->child, "_evm", "two"));
	ASSERT_EQ(0, sign_metadata(NULL, "two", self->program, ""));
	EXPECT_DENIED(&self->child);
	ASSERT_EQ(0, sign_metadata(NULL, "one", self->program, ""));
	EXPECT_RUNS(&self->child);
}

TEST_F(evm, keyring_of_an_unprivileged_task_is_not_taken)
{
	ASSERT_EQ(0, ns_start(&self->other, NULL, 0, "0 2000 10"));
	ASSERT_EQ(0, ima_start(&self->other, HASHED_EXEC));
	ASSERT_EQ(0, evm_put(&self->other, "active", "1"));
	ASSERT_EQ(0, evm_put(&self->other, "evm", X509));
	ASSERT_EQ(0, agent_start(&self->nested, &self->other));
	ASSERT_EQ(0, ns_drop_to(&self->nested, 1));
	ASSERT_LE(0, sign_new_session(&self->nested));
	ASSERT_LE(0, sign_give_ring(&self->nested, "_evm", "two"));
	ASSERT_EQ(0, sign_metadata(NULL, "two", self->program, ""));
	EXPECT_DENIED(&self->nested);
	ASSERT_LE(0, sign_new_session(&self->other));
	ASSERT_LE(0, sign_give_ring(&self->other, "_evm", "one"));
	EXPECT_DENIED(&self->other);
	ASSERT_EQ(0, sign_metadata(NULL, "one", self->program, ""));
	EXPECT_RUNS(&self->other);
	EXPECT_RUNS(&self->nested);
}

TEST_F(evm, keys_have_to_be_certified_by_the_ca)
{
	char der[8192];
	long len;
	int fd;

	ASSERT_EQ(0, sign_key("evmca", NULL));
	ASSERT_EQ(0, sign_key("evmleaf", "evmca"));
	len = sign_certificate("evmca", der, sizeof(der));
	ASSERT_LT(0, len);
	ASSERT_EQ(0, ns_start(&self->other, NULL, OWNER, NULL));
	ASSERT_EQ(0, ima_mount(&self->other));
	fd = ima_directory(&self->other);
	ASSERT_LE(0, fd);
	fd = openat(fd, "ca", O_WRONLY);
	ASSERT_LE(0, fd);
	ASSERT_EQ(len, write(fd, der, len));
	ASSERT_EQ(0, close(fd));
	ASSERT_EQ(0, ima_activate(&self->other));
	ASSERT_EQ(0, ima_load_policy(&self->other, HASHED_EXEC));
	ASSERT_EQ(0, evm_put(&self->other, "active", "1"));
	ASSERT_EQ(0, evm_put(&self->other, "evm", X509));
	ASSERT_LE(0, sign_new_session(&self->other));
	self->ring = sign_give_ring(&self->other, "_evm", "one");
	ASSERT_LE(0, self->ring);
	ASSERT_LE(0, sign_add(&self->other, self->ring, "evmleaf"));
	ASSERT_EQ(0, sign_metadata(NULL, "one", self->program, ""));
	EXPECT_DENIED(&self->other);
	ASSERT_EQ(0, sign_metadata(NULL, "evmleaf", self->program, ""));
	EXPECT_RUNS(&self->other);
}

/* Levels */

TEST_F(evm, each_namespace_verifies_for_itself)
{
	VERIFY_WITH("one", HASHED_EXEC);
	ASSERT_EQ(0, sign_metadata(NULL, "one", self->program, ""));
	ASSERT_EQ(0, ima_start_new(&self->nested, &self->child, 0,
				   HASHED_EXEC));
	/* The key is found by who may configure the namespace. */
	EXPECT_RUNS(&self->child);
	EXPECT_RUNS(&self->nested);
	ASSERT_EQ(0, evm_put(&self->nested, "active", "1"));
	ASSERT_EQ(0, evm_put(&self->nested, "evm", X509));
	ASSERT_LE(0, sign_new_session(&self->nested));
	ASSERT_LE(0, sign_give_ring(&self->nested, "_evm", "two"));
	EXPECT_DENIED(&self->nested);
	EXPECT_RUNS(&self->child);
	/* The one above has a say in what happens below. */
	ASSERT_EQ(0, sign_metadata(NULL, "two", self->program, ""));
	EXPECT_DENIED(&self->nested);
	EXPECT_DENIED(&self->child);
}

TEST_F(evm, portable_signature_cannot_be_broken_inside)
{
	VERIFY_WITH("one", HASHED_EXEC);
	ASSERT_EQ(0, chmod(self->program, 0755));
	ASSERT_EQ(0, sign_metadata(NULL, "one", self->program, ""));
	EXPECT_RUNS(&self->child);
	EXPECT_EQ(-EPERM, file_chmod(&self->child, self->program, 0700));
	/* What it is already it may be made. */
	EXPECT_EQ(0, file_chmod(&self->child, self->program, 0755));
	EXPECT_EQ(-EPERM, attribute(&self->child, false, self->program,
				    "security.ima", "", 0));
	EXPECT_EQ(-EPERM, remove_evm(&self->child, self->program));
	/* By those below neither, and the machine may do as it likes. */
	ASSERT_EQ(0, ima_start_new(&self->nested, &self->child, 0, NULL));
	EXPECT_EQ(-EPERM, file_chmod(&self->nested, self->program, 0700));
	EXPECT_EQ(-EPERM, attribute(&self->nested, false, self->program,
				    "security.ima", SOME_HASH,
				    sizeof(SOME_HASH) - 1));
	EXPECT_EQ(-EPERM, attribute(&self->nested, false, self->program,
				    "security.ima", "", 0));
	EXPECT_RUNS(&self->child);
	EXPECT_EQ(0, chmod(self->program, 0700));
	EXPECT_DENIED(&self->child);
}

/* Which is broken already. */
TEST_F(evm, wrong_signature_protects_nothing)
{
	VERIFY_WITH("one", HASHED_EXEC);
	ASSERT_EQ(0, sign_metadata(NULL, "two", self->program, ""));
	EXPECT_EQ(0, file_chmod(&self->child, self->program, 0700));
}

/* A file of others is none of its business. */
TEST_F(evm, signature_of_anothers_file_is_judged_by_nobody_inside)
{
	VERIFY_WITH("one", HASHED_EXEC);
	ASSERT_EQ(0, chmod(self->program, 0755));
	ASSERT_EQ(0, chown(self->program, OWNER, 0));
	ASSERT_EQ(0, sign_metadata(NULL, "one", self->program, ""));
	EXPECT_RUNS(&self->child);
	EXPECT_EQ(0, file_chmod(&self->child, self->program, 0700));
	EXPECT_DENIED(&self->child);
}

/* security.evm from inside */

TEST_F(evm, signature_is_set_where_the_namespace_allows_it)
{
	EXPECT_EQ(-EPERM, set_evm(&self->child, self->program));
	ASSERT_EQ(0, evm_put(&self->child, "active", "1"));
	EXPECT_EQ(-EPERM, set_evm(&self->child, self->program));
	ASSERT_EQ(0, evm_put(&self->child, "evm", METADATA));
	EXPECT_EQ(0, set_evm(&self->child, self->program));
	EXPECT_EQ(PORTABLE_TYPE, evm_type(NULL, self->program));
	EXPECT_EQ(0, remove_evm(&self->child, self->program));
	EXPECT_EQ(0, evm_type(NULL, self->program));
}

TEST_F(evm, signature_needs_a_mapped_owner_and_group)
{
	ASSERT_EQ(0, evm_put(&self->child, "active", "1"));
	ASSERT_EQ(0, evm_put(&self->child, "evm", METADATA));
	ASSERT_EQ(0, chown(self->program, 0, OWNER));
	EXPECT_EQ(-EPERM, set_evm(&self->child, self->program));
	ASSERT_EQ(0, chown(self->program, OWNER, 0));
	EXPECT_EQ(-EPERM, set_evm(&self->child, self->program));
	ASSERT_EQ(0, set_evm(NULL, self->program));
	EXPECT_EQ(-EPERM, remove_evm(&self->child, self->program));
	ASSERT_EQ(0, chown(self->program, OWNER, OWNER));
	EXPECT_EQ(0, remove_evm(&self->child, self->program));
}

TEST_F(evm, signature_needs_the_capability)
{
	ASSERT_EQ(0, evm_put(&self->child, "active", "1"));
	ASSERT_EQ(0, evm_put(&self->child, "evm", METADATA));
	ASSERT_EQ(0, agent_start(&self->other, &self->child));
	ASSERT_EQ(0, ns_limit_capabilities(&self->other, CAP(SYS_ADMIN)));
	EXPECT_EQ(-EPERM, set_evm(&self->other, self->program));
	ASSERT_EQ(0, set_evm(&self->child, self->program));
	EXPECT_EQ(-EPERM, remove_evm(&self->other, self->program));
}

/* Who is neither root of the machine nor of such a namespace. */
TEST_F(evm, signature_is_not_set_by_others)
{
	ASSERT_EQ(0, evm_put(&self->child, "active", "1"));
	ASSERT_EQ(0, evm_put(&self->child, "evm", METADATA));
	ASSERT_EQ(0, agent_start(&self->other, NULL));
	ASSERT_EQ(0, ns_drop_to(&self->other, OWNER));
	EXPECT_EQ(-EPERM, set_evm(&self->other, self->program));
	agent_stop(&self->other);
	/* Of one that is allowed to, but not by a namespace of its own. */
	ASSERT_EQ(0, ns_start(&self->nested, &self->child, 0, NULL));
	EXPECT_EQ(-EPERM, set_evm(&self->nested, self->program));
	ASSERT_EQ(0, ima_start(&self->nested, NULL));
	EXPECT_EQ(-EPERM, set_evm(&self->nested, self->program));
	ASSERT_EQ(0, evm_put(&self->nested, "active", "1"));
	ASSERT_EQ(0, evm_put(&self->nested, "evm", METADATA));
	EXPECT_EQ(0, set_evm(&self->nested, self->program));
}

/* A file system of its own gives no right to it either. */
TEST_F(evm, signature_on_a_mount_of_its_own_needs_the_flag)
{
	char path[64] = "/tmp/file";

	ASSERT_EQ(0, file_mount(&self->child, "tmpfs", "/tmp"));
	/* It is made, but does not get it. */
	EXPECT_EQ(-EPERM, attribute(&self->child, true, path, EVM, signature,
				    sizeof(signature)));
	EXPECT_EQ(0, evm_type(&self->child, path));
	ASSERT_EQ(0, evm_put(&self->child, "active", "1"));
	ASSERT_EQ(0, evm_put(&self->child, "evm", METADATA));
	EXPECT_EQ(0, set_evm(&self->child, path));
	EXPECT_EQ(PORTABLE_TYPE, evm_type(&self->child, path));
}

TEST_F(evm, hmac_is_not_written_by_hand)
{
	unsigned char hmac[HMAC_SIZE] = { HMAC_TYPE };

	ASSERT_EQ(0, evm_put(&self->child, "active", "1"));
	ASSERT_EQ(0, evm_put(&self->child, "evm", METADATA));
	EXPECT_EQ(-EPERM, attribute(&self->child, false, self->program, EVM,
				    hmac, sizeof(hmac)));
}

/* The one between has no such flag, and a key by which the file is in order. */
TEST_F(evm, signature_needs_the_consent_of_those_above)
{
	VERIFY_WITH("one", HASHED_EXEC);
	ASSERT_EQ(0, sign_metadata(NULL, "one", self->program, ""));
	ASSERT_EQ(0, ima_start_new(&self->nested, &self->child, 0, NULL));
	ASSERT_EQ(0, evm_put(&self->nested, "active", "1"));
	ASSERT_EQ(0, evm_put(&self->nested, "evm", METADATA));
	EXPECT_RUNS(&self->child);
	EXPECT_EQ(-EPERM, set_evm(&self->nested, self->program));
	EXPECT_EQ(-EPERM, remove_evm(&self->nested, self->program));
	EXPECT_RUNS(&self->child);
}

/* By the container's own evmctl, verified by another container. */
TEST_F(evm, signature_made_inside_is_valid_elsewhere)
{
	ASSERT_EQ(0, sign_open_keys());
	ASSERT_EQ(0, evm_put(&self->child, "active", "1"));
	ASSERT_EQ(0, evm_put(&self->child, "evm", METADATA));
	ASSERT_EQ(0, sign_metadata(&self->child, "one", self->program, IDS));
	ASSERT_EQ(0, ima_start_new(&self->other, NULL, OWNER, HASHED_EXEC));
	ASSERT_EQ(0, evm_put(&self->other, "active", "1"));
	ASSERT_EQ(0, evm_put(&self->other, "evm", X509));
	ASSERT_LE(0, sign_new_session(&self->other));
	ASSERT_LE(0, sign_give_ring(&self->other, "_evm", "one"));
	EXPECT_RUNS(&self->other);
	/* Without the numbers of the machine it is not. */
	ASSERT_EQ(0, sign_metadata(&self->child, "one", self->program, ""));
	EXPECT_DENIED(&self->other);
}

/* HMACs */

/* The child has a key for HMACs, and a new file with a label. */
#define HMAC_FILE(_path) do {						\
	ASSERT_LE(0, sign_new_session(&self->child));			\
	ASSERT_LE(0, sign_new_hmac_key(&self->child));			\
	ASSERT_EQ(0, evm_put(&self->child, "active", "1"));		\
	ASSERT_EQ(0, evm_put(&self->child, "evm", "1"));		\
	snprintf(_path, sizeof(_path), "%s/new", self->directory);	\
	ASSERT_EQ(0, attribute(&self->child, true, _path,		\
			       "security.ima", SOME_HASH,		\
			       sizeof(SOME_HASH) - 1));			\
} while (0)

static long do_create(struct call *call)
{
	int fd = open(call->in, O_CREAT | O_EXCL | O_WRONLY, 0755);
	int ret;

	call->out_len = 0;
	if (fd < 0)
		return -errno;
	ret = write(fd, "text\n", 5) == 5 ? 0 : -EIO;
	return close(fd) ? -errno : ret;
}

static bool has_hmac(const char *path, unsigned char *hmac)
{
	unsigned char value[64];
	ssize_t n = getxattr(path, EVM, value, sizeof(value));

	if (hmac && n == HMAC_SIZE)
		memcpy(hmac, value, HMAC_SIZE);
	return n == HMAC_SIZE && value[0] == HMAC_TYPE;
}

TEST_F(evm, hmac_follows_what_is_changed_inside)
{
	unsigned char first[HMAC_SIZE], second[HMAC_SIZE];
	char path[300];

	HMAC_FILE(path);
	EXPECT_TRUE(has_hmac(path, first));
	EXPECT_EQ(0, file_chmod(&self->child, path, 0700));
	EXPECT_TRUE(has_hmac(path, second));
	EXPECT_NE(0, memcmp(first, second, HMAC_SIZE));
	EXPECT_EQ(0, file_chmod(&self->child, path, 0755));
	EXPECT_TRUE(has_hmac(path, second));
	EXPECT_EQ(0, memcmp(first, second, HMAC_SIZE));
	/* Nor does it matter who below does it. */
	ASSERT_EQ(0, ima_start_new(&self->nested, &self->child, 0, NULL));
	EXPECT_EQ(0, file_chmod(&self->nested, path, 0700));
	EXPECT_TRUE(has_hmac(path, second));
	EXPECT_NE(0, memcmp(first, second, HMAC_SIZE));
}

TEST_F(evm, hmac_of_what_was_changed_outside_is_wrong)
{
	unsigned char first[HMAC_SIZE], second[HMAC_SIZE];
	char path[300];

	HMAC_FILE(path);
	ASSERT_TRUE(has_hmac(path, first));
	ASSERT_EQ(0, chmod(path, 0700));
	EXPECT_TRUE(has_hmac(path, second));
	EXPECT_EQ(0, memcmp(first, second, HMAC_SIZE));
	/* It is not made right by changing it once more. */
	EXPECT_EQ(-EPERM, file_chmod(&self->child, path, 0711));
	EXPECT_EQ(-EPERM, attribute(&self->child, false, path, "security.ima",
				    SOME_HASH, sizeof(SOME_HASH) - 1));
	ASSERT_EQ(0, chmod(path, 0755));
	EXPECT_EQ(0, file_chmod(&self->child, path, 0711));
}

TEST_F(evm, hmac_is_appraised)
{
	char path[300], *content;
	long len;

	HMAC_FILE(path);
	len = file_get_all(NULL, self->program, &content);
	ASSERT_LT(0, len);
	EXPECT_EQ(0, file_put(&self->child, path, content, len));
	free(content);
	ASSERT_EQ(0, ima_load_policy(&self->child, HASHED_EXEC));
	EXPECT_EQ(-EACCES, file_run(&self->child, path));
	ASSERT_EQ(0, label_right(&self->child, path));
	EXPECT_EQ(0, file_run(&self->child, path));
	ASSERT_EQ(0, chmod(path, 04755));
	EXPECT_EQ(-EACCES, file_run(&self->child, path));
	ASSERT_EQ(0, chmod(path, 0755));
	EXPECT_EQ(0, file_run(&self->child, path));
	/* By somebody who has no key: the hash is right, the HMAC is not. */
	ASSERT_EQ(0, sign_hash("sha1", path));
	EXPECT_EQ(-EACCES, file_run(&self->child, path));
}

/* The rule labels what is written, and the HMAC covers the label. */
TEST_F(evm, hmac_covers_what_a_hash_rule_labels)
{
	char path[300];

	HMAC_FILE(path);
	ASSERT_EQ(0, ima_load_policy(&self->child,
				     "hash func=FILE_CHECK mask=MAY_WRITE\n"));
	ASSERT_EQ(0, unlink(path));
	ASSERT_LE(0, agent_call(&self->child, do_create, &(struct call){
		.fd = -1, .in = path, .in_len = strlen(path) + 1 }));
	EXPECT_LT(0, getxattr(path, "security.ima", NULL, 0));
	EXPECT_TRUE(has_hmac(path, NULL));
}

/* A rule of init labels, and does not know of the child's HMAC. */
TEST_F(evm, hmac_that_is_wrong_stays_so_when_init_labels)
{
	char path[300], *content;
	long len;

	agent_stop(&self->child);
	ASSERT_EQ(0, ima_start_new(&self->child, NULL, OWNER_RELABELLED, NULL));
	ASSERT_EQ(0, ima_load_policy(NULL,
				     "hash func=FILE_CHECK fowner=1933\n"));
	HMAC_FILE(path);
	len = file_get_all(NULL, self->program, &content);
	ASSERT_LT(0, len);
	/* What was in order is in order when it has been written. */
	EXPECT_EQ(0, file_put(&self->child, path, content, len));
	ASSERT_EQ(0, ima_load_policy(&self->child, HASHED_EXEC));
	EXPECT_EQ(0, file_run(&self->child, path));
	ASSERT_EQ(0, chmod(path, 0711));
	EXPECT_EQ(-EACCES, file_run(&self->child, path));
	/* The right label once more. */
	EXPECT_EQ(0, file_put(&self->child, path, content, len));
	EXPECT_EQ(-EACCES, file_run(&self->child, path));
	/* The HMAC is still the one from before. */
	ASSERT_EQ(0, chmod(path, 0755));
	EXPECT_EQ(0, file_run(&self->child, path));
	free(content);
}

TEST_F(evm, hmac_replaces_no_signature)
{
	char path[300];

	HMAC_FILE(path);
	ASSERT_EQ(0, set_evm(NULL, path));
	EXPECT_EQ(0, file_chmod(&self->child, path, 0700));
	EXPECT_EQ(PORTABLE_TYPE, evm_type(NULL, path));
}

TEST_F(evm, hmac_is_for_one_level)
{
	char path[300];

	HMAC_FILE(path);
	ASSERT_EQ(0, ima_start_new(&self->nested, &self->child, 0, NULL));
	ASSERT_EQ(0, evm_put(&self->nested, "active", "1"));
	ASSERT_LE(0, sign_new_session(&self->nested));
	EXPECT_EQ(-EOPNOTSUPP, evm_put(&self->nested, "evm", "1"));
	ASSERT_LE(0, sign_new_hmac_key(&self->nested));
	EXPECT_EQ(-EOPNOTSUPP, evm_put(&self->nested, "evm", "1"));
	EXPECT_EQ(0, evm_put(&self->nested, "evm", X509));
}

TEST_F(evm, hmac_is_not_for_a_mount_of_its_own)
{
	char path[300];

	HMAC_FILE(path);
	ASSERT_EQ(0, file_mount(&self->child, "tmpfs", "/tmp"));
	ASSERT_EQ(0, attribute(&self->child, true, "/tmp/new", "security.ima",
			       SOME_HASH, sizeof(SOME_HASH) - 1));
	EXPECT_EQ(0, evm_type(&self->child, "/tmp/new"));
	EXPECT_EQ(HMAC_TYPE, evm_type(&self->child, path));
}

/* Overlays */

/* On an overlay, signed below, and mounted before the child starts. */
#define SIGNED_OVERLAY(_lower, _merged, _upper) do {			\
	ASSERT_EQ(0, scratch_overlay(self->directory, self->mount,	\
				     sizeof(self->mount)));		\
	snprintf(_lower, sizeof(_lower), "%s/lower/prog", self->directory);	\
	snprintf(_upper, sizeof(_upper), "%s/upper/prog", self->directory);	\
	snprintf(_merged, sizeof(_merged), "%s/prog", self->mount);	\
	ASSERT_EQ(0, scratch_program(_lower, "evm"));			\
	ASSERT_EQ(0, chmod(_lower, 0755));				\
	ASSERT_EQ(0, chown(_lower, OWNER, OWNER));			\
	ASSERT_EQ(0, sign_metadata(NULL, "one", _lower, ""));		\
	agent_stop(&self->child);					\
	ASSERT_EQ(0, ima_start_new(&self->child, NULL, OWNER, NULL));	\
	VERIFY_WITH("one", HASHED_EXEC);				\
} while (0)

TEST_F(evm, signature_holds_through_copy_up)
{
	char lower[320], merged[320], upper[320];
	int fd;

	SIGNED_OVERLAY(lower, merged, upper);
	EXPECT_EQ(0, file_run(&self->child, merged));
	ASSERT_EQ(-1, access(upper, F_OK));
	fd = file_open(&self->child, merged, O_WRONLY);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, file_close(&self->child, fd));
	ASSERT_EQ(0, access(upper, F_OK));
	EXPECT_EQ(PORTABLE_TYPE, evm_type(NULL, upper));
	EXPECT_EQ(0, file_run(&self->child, merged));
	/* It is about the copy, from then on. */
	ASSERT_EQ(0, chmod(lower, 0700));
	EXPECT_EQ(0, file_run(&self->child, merged));
	ASSERT_EQ(0, chmod(upper, 0700));
	EXPECT_EQ(-EACCES, file_run(&self->child, merged));
}

/*
 * Files of @source as those of others: uid and gid @from there are @to at @target.
 * Mounted by root of the machine.
 */
static int mount_mapped(const char *source, int from, int to, const char *target)
{
	struct mount_attr attributes = { .attr_set = MOUNT_ATTR_IDMAP };
	struct agent holder = {};
	char text[64];
	int tree, user, ret;

	ret = ns_start(&holder, NULL, 0, "");
	if (ret)
		return ret;
	snprintf(text, sizeof(text), "%d %d 1\n", from, to);
	ret = ns_map(&holder, text);
	snprintf(text, sizeof(text), "/proc/%d/ns/user", holder.pid);
	user = open(text, O_RDONLY | O_CLOEXEC);
	tree = open_tree(AT_FDCWD, source, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	attributes.userns_fd = user;
	if (!ret && (user < 0 || tree < 0 ||
		     mount_setattr(tree, "", AT_EMPTY_PATH, &attributes,
				   sizeof(attributes)) ||
		     move_mount(tree, "", AT_FDCWD, target,
				MOVE_MOUNT_F_EMPTY_PATH)))
		ret = -errno;
	close(tree);
	close(user);
	agent_stop(&holder);
	return ret;
}

static int append_to(struct agent *agent, const char *path)
{
	int fd = file_open(agent, path, O_WRONLY | O_APPEND), ret;
	long n;

	if (fd < 0)
		return fd;
	n = file_write(agent, fd, "#", 1);
	ret = file_close(agent, fd);
	return n < 0 ? n : ret;
}

/* Whose the files are is what they are at the mount, to EVM as well. */
TEST_F(evm, signature_at_a_mapped_mount_is_spared_by_a_hash_rule)
{
	char source[290], prog[320], other[320], mapped[320];
	unsigned char before[128], after[128];
	ssize_t len;

	snprintf(source, sizeof(source), "%s/source", self->directory);
	ASSERT_EQ(0, mkdir(source, 0755));
	snprintf(prog, sizeof(prog), "%s/prog", source);
	snprintf(other, sizeof(other), "%s/other", source);
	ASSERT_EQ(0, scratch_program(prog, "mapped"));
	ASSERT_EQ(0, chown(prog, OWNER + 2000, OWNER + 2000));
	ASSERT_EQ(0, chmod(prog, 0755));
	ASSERT_EQ(0, sign_metadata(NULL, "one", prog, ""));
	ASSERT_EQ(0, scratch_text(other, "text\n"));
	ASSERT_EQ(0, chown(other, OWNER + 2000, OWNER + 2000));
	len = getxattr(prog, "security.ima", before, sizeof(before));
	ASSERT_LT(0, len);

	/* Mounted before the child starts. */
	agent_stop(&self->child);
	snprintf(self->mount, sizeof(self->mount), "%s/mapped",
		 self->directory);
	ASSERT_EQ(0, mkdir(self->mount, 0755));
	ASSERT_EQ(0, mount_mapped(source, OWNER + 2000, OWNER, self->mount));
	ASSERT_EQ(0, ima_start_new(&self->child, NULL, OWNER, NULL));
	VERIFY_WITH("one", HASHED_EXEC
		    "hash func=FILE_CHECK fsmagic=0xef53\n");
	ASSERT_EQ(0, evm_put(&self->child, "evm", COMPLETE));

	snprintf(mapped, sizeof(mapped), "%s/prog", self->mount);
	EXPECT_EQ(0, file_run(&self->child, mapped));
	ASSERT_EQ(0, append_to(&self->child, mapped));
	EXPECT_EQ(len, getxattr(prog, "security.ima", after, sizeof(after)));
	EXPECT_EQ(0, memcmp(before, after, len));
	EXPECT_EQ(-EACCES, file_run(&self->child, mapped));
	/* What is not signed gets its label there. */
	snprintf(mapped, sizeof(mapped), "%s/other", self->mount);
	ASSERT_EQ(0, append_to(&self->child, mapped));
	EXPECT_LT(0, getxattr(other, "security.ima", NULL, 0));
}

TEST_F(evm, change_below_an_overlay_is_seen)
{
	char lower[320], merged[320], upper[320];

	SIGNED_OVERLAY(lower, merged, upper);
	EXPECT_EQ(0, file_run(&self->child, merged));
	EXPECT_EQ(0, file_run(&self->child, merged));
	ASSERT_EQ(0, chmod(lower, 0711));
	EXPECT_EQ(-EACCES, file_run(&self->child, merged));
	ASSERT_EQ(0, chmod(lower, 0755));
	EXPECT_EQ(0, file_run(&self->child, merged));
	ASSERT_EQ(0, removexattr(lower, EVM));
	EXPECT_EQ(-EACCES, file_run(&self->child, merged));
}

TEST_HARNESS_MAIN
