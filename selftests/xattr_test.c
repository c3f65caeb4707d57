// SPDX-License-Identifier: GPL-2.0-only
/*
 * security.ima and security.evm that are nothing good: what setxattr() says of
 * them, and what appraisal does (abi.md sections 4 and 5).
 *
 *   init ---- child (1000), whose files those of uid 1000 are
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
#include "file.h"
#include "ima.h"
#include "kmsg.h"
#include "list.h"
#include "ns.h"
#include "scratch.h"
#include "sign.h"
#include "warnings.h"

#define OWNER 1000
#define IMA "security.ima"
#define EVM "security.evm"
#define EVM_DIR SECURITYFS "/integrity/evm"
#define HASHED_EXEC "appraise func=BPRM_CHECK\n"
/* To go through a signature: each byte of its header, some of what follows. */
#define STEP(_at) ((_at) <= 12 ? 1 : 5)
/* More than an attribute can have, XATTR_SIZE_MAX. */
#define TOO_MUCH 65537

enum type { DIGEST = 1, HMAC, SIGNATURE, DIGEST_NG, PORTABLE, VERITY, NONE };

/* Numbers of hash algorithms, enum hash_algo of the kernel. */
enum { MD5 = 1, SHA1 = 2, SHA256 = 4, SHA512 = 6, SM3 = 17, STREEBOG = 18,
       ALGO_LAST = 30 };

/* in: path, NUL, name, NUL, value; arg: length of it, more of it is zeros */
static long do_set(struct call *call)
{
	const char *path = call->in;
	const char *name = path + strlen(path) + 1;
	const char *value = name + strlen(name) + 1;
	size_t here = call->in_len - (value - path);
	char *whole = calloc(1, call->arg[0] + 1);
	long ret;

	call->out_len = 0;
	if (!whole)
		return -ENOMEM;
	memcpy(whole, value, here);
	ret = setxattr(path, name, whole, call->arg[0], 0) ? -errno : 0;
	free(whole);
	return ret;
}

/* @len may be more than there is in @value. */
static long set(struct agent *agent, const char *path, const char *name,
		const void *value, size_t here, size_t len)
{
	char both[1024];
	struct call call = { .arg = { len }, .fd = -1, .in = both };
	size_t n = snprintf(both, sizeof(both), "%s%c%s", path, 0, name) + 1;

	memcpy(both + n, value, here);
	call.in_len = n + here;
	return agent_call(agent, do_set, &call);
}

#define PUT(_agent, _name, ...) ({					\
	const unsigned char _value[] = { __VA_ARGS__ };			\
	set(_agent, self->program, _name, _value, sizeof(_value),	\
	    sizeof(_value));						\
})

FIXTURE(xattr)
{
	struct agent child;
	char directory[256];
	char program[300];
	char mount[300];
};

FIXTURE_SETUP(xattr)
{
	const char *missing = sign_missing();

	if (missing)
		SKIP(return, "%s is missing", missing);
	ASSERT_EQ(0, sign_key("one", NULL));
	ASSERT_EQ(0, scratch_directory(self->directory,
				       sizeof(self->directory)));
	snprintf(self->program, sizeof(self->program), "%s/prog",
		 self->directory);
	ASSERT_EQ(0, scratch_program(self->program, "xattr"));
	ASSERT_EQ(0, chown(self->program, OWNER, OWNER));
	ASSERT_EQ(0, ima_start_new(&self->child, NULL, OWNER, NULL));
}

FIXTURE_TEARDOWN(xattr)
{
	agent_stop(&self->child);
	if (self->mount[0])
		umount2(self->mount, MNT_DETACH);
	scratch_remove(self->directory);
}

#define EXPECT_RUNS(_agent) \
	EXPECT_EQ(0, file_run(_agent, self->program))
#define EXPECT_DENIED(_agent) \
	EXPECT_EQ(-EACCES, file_run(_agent, self->program))

/* What setxattr() says, from inside and from outside alike. */

FIXTURE(value)
{
	struct agent child;
	char directory[256];
	char program[300];
};

FIXTURE_VARIANT(value)
{
	const char *name;
	unsigned char value[16];
	size_t here;
	size_t len;	/* zeros behind it; 0: just that */
	long ret;
};

#define VALUE(_name, _attribute, _ret, _len, ...)			\
FIXTURE_VARIANT_ADD(value, _name)					\
{									\
	.name = _attribute, .ret = _ret, .len = _len,			\
	.value = { __VA_ARGS__ },					\
	.here = sizeof((const unsigned char[]) { __VA_ARGS__ }),	\
}

VALUE(no_type, IMA, -EINVAL, 0, NONE);
VALUE(last_type, IMA, -EINVAL, 0, 255, 255, 255);
VALUE(ng_of_an_algorithm_the_kernel_lacks, IMA, -EACCES, 2 + 32, DIGEST_NG,
      SM3);
VALUE(ng_of_another_the_kernel_lacks, IMA, -EACCES, 2 + 32, DIGEST_NG,
      STREEBOG);
VALUE(signature_by_an_algorithm_the_kernel_lacks, IMA, -EACCES, 9 + 64,
      SIGNATURE, 2, SM3, 1, 2, 3, 4, 0, 64);
VALUE(ng_of_md5, IMA, 0, 2 + 16, DIGEST_NG, MD5);
VALUE(ng_of_sha512, IMA, 0, 2 + 64, DIGEST_NG, SHA512);
VALUE(more_than_there_can_be, IMA, -E2BIG, TOO_MUCH, DIGEST_NG, SHA256);
VALUE(more_than_a_block, IMA, -ENOSPC, TOO_MUCH - 1, DIGEST_NG, SHA256);
VALUE(evm_no_type, EVM, -EPERM, 0, NONE);
VALUE(evm_hmac, EVM, -EPERM, 21, HMAC);
VALUE(evm_digest, EVM, -EPERM, 34, DIGEST_NG, SHA256);
VALUE(evm_more_than_there_can_be, EVM, -E2BIG, TOO_MUCH, PORTABLE, 2, SHA256);
VALUE(evm_more_than_a_block, EVM, -ENOSPC, TOO_MUCH - 1, PORTABLE, 2, SHA256);

FIXTURE_SETUP(value)
{
	ASSERT_EQ(0, scratch_directory(self->directory,
				       sizeof(self->directory)));
	snprintf(self->program, sizeof(self->program), "%s/prog",
		 self->directory);
	ASSERT_EQ(0, scratch_program(self->program, "value"));
	ASSERT_EQ(0, chown(self->program, OWNER, OWNER));
	ASSERT_EQ(0, ima_start_new(&self->child, NULL, OWNER, NULL));
	if (!strcmp(variant->name, EVM)) {
		if (access(EVM_DIR, F_OK))
			SKIP(return, "the kernel has no EVM (CONFIG_EVM)");
		ASSERT_EQ(0, file_put_text(&self->child, EVM_DIR "/active",
					   "1"));
		ASSERT_EQ(0, file_put_text(&self->child, EVM_DIR "/evm", "4"));
	}
}

FIXTURE_TEARDOWN(value)
{
	agent_stop(&self->child);
	scratch_remove(self->directory);
}

TEST_F(value, is_taken_or_refused)
{
	size_t len = variant->len ?: variant->here;

	EXPECT_EQ(variant->ret, set(&self->child, self->program, variant->name,
				    variant->value, variant->here, len));
	EXPECT_EQ(variant->ret ? -1 : (ssize_t)len,
		  getxattr(self->program, variant->name, NULL, 0));
	/* No more is taken from root of the machine. */
	EXPECT_EQ(variant->ret, set(NULL, self->program, variant->name,
				    variant->value, variant->here, len));
}

TEST_F(value, of_nothing_is_refused)
{
	EXPECT_EQ(-EINVAL, set(&self->child, self->program, variant->name, "",
			       0, 0));
	EXPECT_EQ(-1, getxattr(self->program, variant->name, NULL, 0));
}

/* What is there all the same */

#define LARGE 65536

/* A file system that takes labels of any size, by root of the machine. */
TEST_F(xattr, of_64_kib_is_denied)
{
	static const struct {
		unsigned char start[16];
		size_t here;
	} values[] = {
		{ { DIGEST }, 1 },
		{ { DIGEST_NG, SHA256 }, 2 },
		{ { DIGEST_NG, ALGO_LAST }, 2 },
		{ { SIGNATURE, 2, SHA256, 1, 2, 3, 4, 0xff, 0xf7 }, 9 },
		{ { SIGNATURE, 2, SHA256, 1, 2, 3, 4, 0, 64 }, 9 },
		{ { VERITY, 3, SHA256, 1, 2, 3, 4, 0xff, 0xf7 }, 9 },
		{ { PORTABLE, 2, SHA256, 1, 2, 3, 4, 0xff, 0xf7 }, 9 },
		{ { 0 }, 1 },
	};
	char path[320];
	size_t i;

	agent_stop(&self->child);
	snprintf(self->mount, sizeof(self->mount), "%s/tmpfs",
		 self->directory);
	ASSERT_EQ(0, mkdir(self->mount, 0755));
	ASSERT_EQ(0, mount("tmpfs", self->mount, "tmpfs", 0, ""));
	snprintf(path, sizeof(path), "%s/prog", self->mount);
	ASSERT_EQ(0, scratch_program(path, "large"));
	ASSERT_EQ(0, ima_start_new(&self->child, NULL, OWNER, NULL));
	ASSERT_LE(0, sign_give_key(&self->child, "one"));
	ASSERT_EQ(0, ima_load_policy(&self->child, EXEC_RULE HASHED_EXEC));
	for (i = 0; i < sizeof(values) / sizeof(*values); i++) {
		ASSERT_EQ(0, set(NULL, path, IMA, values[i].start,
				 values[i].here, LARGE)) {
			TH_LOG("value %zu", i);
		}
		EXPECT_EQ(-EACCES, file_run(&self->child, path)) {
			TH_LOG("value %zu", i);
		}
	}
	ASSERT_EQ(0, sign_file("one", path));
	EXPECT_EQ(0, file_run(&self->child, path));
}

/* Set by the container itself, as far as it may. */
TEST_F_TIMEOUT(xattr, of_random_bytes_from_inside_is_denied, 600)
{
	unsigned char value[128];
	unsigned int seed = 7;
	int kmsg = kmsg_open();
	size_t i, n, len, taken = 0;
	long ret;

	ASSERT_LE(0, kmsg);
	ASSERT_LE(0, sign_give_key(&self->child, "one"));
	ASSERT_EQ(0, ima_load_policy(&self->child, HASHED_EXEC));
	for (n = 0; n < 200; n++) {
		len = 1 + rand_r(&seed) % sizeof(value);
		for (i = 0; i < len; i++)
			value[i] = rand_r(&seed);
		if (n % 4) {
			value[0] = rand_r(&seed) % 8;
			value[1] = rand_r(&seed) % 8;
		}
		ret = set(&self->child, self->program, IMA, value, len, len);
		if (ret) {
			EXPECT_TRUE(ret == -EINVAL || ret == -EACCES) {
				TH_LOG("value %zu: %ld", n, ret);
			}
			continue;
		}
		taken++;
		ASSERT_EQ(-EACCES, file_run(&self->child, self->program)) {
			TH_LOG("value %zu", n);
		}
	}
	EXPECT_LT(50, taken);
	ASSERT_EQ(0, sign_file("one", self->program));
	EXPECT_RUNS(&self->child);
	EXPECT_EQ(0, warnings_count(kmsg));
	close(kmsg);
}

/*
 * Nothing of that is said to the machine: neither what it refuses, nor what the
 * container's own rules deny.
 */
TEST_F(xattr, of_a_container_makes_no_noise_outside)
{
	int audit = auditlog_open(), kmsg = kmsg_open();
	int i, fd;

	ASSERT_LE(0, audit);
	ASSERT_LE(0, kmsg);
	ASSERT_LE(0, sign_give_key(&self->child, "one"));
	ASSERT_EQ(0, ima_load_policy(&self->child, HASHED_EXEC
				     "appraise func=MMAP_CHECK\n"
				     "appraise func=FILE_CHECK "
				     "fsmagic=0xef53\n"));
	for (i = 0; i < 20; i++) {
		EXPECT_DENIED(&self->child);
		EXPECT_EQ(-EINVAL, PUT(&self->child, IMA, NONE, i));
		EXPECT_EQ(-EACCES, PUT(&self->child, IMA, DIGEST_NG, SM3, i));
		EXPECT_EQ(-EPERM, PUT(&self->child, EVM, PORTABLE, 2, SHA256));
		/* An unknown key, a hash of something else, an unknown form. */
		EXPECT_EQ(0, PUT(&self->child, IMA, SIGNATURE, 2, SHA256, i, 2,
				 3, 4, 0, 1, 9));
		EXPECT_DENIED(&self->child);
		EXPECT_EQ(0, PUT(&self->child, IMA, DIGEST_NG, SHA256, i));
		EXPECT_DENIED(&self->child);
		EXPECT_EQ(0, PUT(&self->child, IMA, VERITY, 3, SHA256, i));
		fd = file_open(&self->child, self->program, O_RDONLY);
		EXPECT_EQ(-EACCES, fd);
	}
	EXPECT_EQ(0, auditlog_count(audit, 0, self->program));
	EXPECT_EQ(0, kmsg_count(kmsg, "ima: "));
	EXPECT_EQ(0, kmsg_count(kmsg, "integrity: "));
	close(kmsg);
	close(audit);
}

/* security.evm, where the child's EVM verifies and the hash is right */

#define NEED_EVM() do {							\
	if (access(EVM_DIR, F_OK))					\
		SKIP(return, "the kernel has no EVM (CONFIG_EVM)");	\
} while (0)

#define VERIFY() do {							\
	ASSERT_LE(0, sign_new_session(&self->child));			\
	ASSERT_LE(0, sign_give_ring(&self->child, "_evm", "one"));	\
	ASSERT_EQ(0, file_put_text(&self->child, EVM_DIR "/active",	\
				   "1"));				\
	ASSERT_EQ(0, file_put_text(&self->child, EVM_DIR "/evm", "2"));	\
	ASSERT_EQ(0, ima_load_policy(&self->child, HASHED_EXEC));	\
} while (0)

TEST_F(xattr, of_evm_that_is_junk_is_denied)
{
	static const struct {
		const char *what;
		unsigned char value[16];
		size_t len;
	} junk[] = {
		{ "one byte", { PORTABLE }, 1 },
		{ "two bytes", { PORTABLE, 2 }, 2 },
		{ "header", { PORTABLE, 2, SHA256, 1, 2, 3, 4, 0, 0 }, 9 },
		{ "shorter than it says",
		  { PORTABLE, 2, SHA256, 1, 2, 3, 4, 1, 0, 9 }, 10 },
		{ "longer than it says",
		  { PORTABLE, 2, SHA256, 1, 2, 3, 4, 0, 1, 9, 9, 9 }, 12 },
		{ "unknown key", { PORTABLE, 2, SHA256, 1, 2, 3, 4, 0, 1, 9 },
		  10 },
		{ "unknown algorithm",
		  { PORTABLE, 2, 200, 1, 2, 3, 4, 0, 1, 9 }, 10 },
		{ "version 1", { PORTABLE, 1, 0, 0, 0, 0, 0, 0, 0, 0 }, 10 },
		{ "version 3", { PORTABLE, 3, SHA256, 1, 2, 3, 4, 0, 1, 9 },
		  10 },
		{ "not portable, one byte", { SIGNATURE }, 1 },
		{ "not portable", { SIGNATURE, 2, SHA256, 1, 2, 3, 4, 0, 1, 9 },
		  10 },
	};
	size_t i;

	NEED_EVM();
	VERIFY();
	ASSERT_EQ(0, sign_metadata(NULL, "one", self->program, ""));
	EXPECT_RUNS(&self->child);
	for (i = 0; i < sizeof(junk) / sizeof(*junk); i++) {
		ASSERT_EQ(0, set(NULL, self->program, EVM, junk[i].value,
				 junk[i].len, junk[i].len)) {
			TH_LOG("%s", junk[i].what);
		}
		EXPECT_DENIED(&self->child) {
			TH_LOG("%s", junk[i].what);
		}
	}
	ASSERT_EQ(0, sign_metadata(NULL, "one", self->program, ""));
	EXPECT_RUNS(&self->child);
}

/*
 * Template evm-sig has the values of all attributes that the namespace's EVM
 * protects: here more than the kernel can allocate.
 */
TEST_F(xattr, of_evm_that_are_4_mib_leave_an_entry_without_them)
{
	static const char path[] = "/tmp/prog";
	char command[400], name[64];
	int kmsg = kmsg_open(), i;

	if (access(EVM_DIR "/evm_xattrs", F_OK))
		SKIP(return, "the kernel's EVM has a fixed list "
		     "(CONFIG_EVM_ADD_XATTRS)");
	ASSERT_LE(0, kmsg);
	ASSERT_EQ(0, file_put_text(&self->child, EVM_DIR "/active", "1"));
	ASSERT_EQ(0, file_mount(&self->child, "tmpfs", "/tmp"));
	snprintf(command, sizeof(command), "/bin/cp %s %s", self->program,
		 path);
	ASSERT_EQ(0, file_run(&self->child, command));
	for (i = 0; i < 64; i++) {
		snprintf(name, sizeof(name), "security.x%d", i);
		ASSERT_EQ(0, file_put_text(&self->child, EVM_DIR "/evm_xattrs",
					   name));
		ASSERT_EQ(0, set(&self->child, path, name, "x", 1, LARGE)) {
			TH_LOG("%s", name);
		}
	}
	ASSERT_EQ(0, set(&self->child, path, IMA, "\x04\x04", 2, 34));
	ASSERT_EQ(0, ima_load_policy(&self->child, "measure func=BPRM_CHECK "
				     "fsname=tmpfs template=evm-sig\n"));
	EXPECT_EQ(0, file_run(&self->child, path));
	EXPECT_EQ(1, list_measured(&self->child, path));
	EXPECT_EQ(0, warnings_count(kmsg));
	close(kmsg);
}

TEST_F_TIMEOUT(xattr, of_evm_that_is_cut_or_has_a_wrong_bit_is_denied, 600)
{
	unsigned char value[512];
	unsigned int seed = 3;
	ssize_t len, i;

	NEED_EVM();
	VERIFY();
	ASSERT_EQ(0, sign_metadata(NULL, "one", self->program, ""));
	len = getxattr(self->program, EVM, value, sizeof(value));
	ASSERT_LT(9, len);
	for (i = 1; i < len; i += STEP(i)) {
		ASSERT_EQ(0, set(NULL, self->program, EVM, value, i, i));
		EXPECT_DENIED(&self->child) {
			TH_LOG("%zd of %zd bytes", i, len);
		}
	}
	for (i = 0; i < len; i += STEP(i)) {
		unsigned char bit = 1 << rand_r(&seed) % 8;

		value[i] ^= bit;
		if (!set(NULL, self->program, EVM, value, len, len)) {
			EXPECT_DENIED(&self->child) {
				TH_LOG("byte %zd, bit 0x%x", i, bit);
			}
		} else {
			EXPECT_EQ(0, i);
		}
		value[i] ^= bit;
	}
	ASSERT_EQ(0, set(NULL, self->program, EVM, value, len, len));
	EXPECT_RUNS(&self->child);
}

/* Other attributes, and what everybody does with files */

TEST_F(xattr, of_another_module_is_for_who_could_before)
{
	static const char * const names[] = {
		"security.other", "security.selinux", "security.apparmor",
		"trusted.other",
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		EXPECT_EQ(-EPERM, set(&self->child, self->program, names[i],
				      "x", 1, 1)) {
			TH_LOG("%s", names[i]);
		}
		EXPECT_EQ(0, set(NULL, self->program, names[i], "x", 1, 1));
		EXPECT_EQ(1, getxattr(self->program, names[i], NULL, 0));
	}
	EXPECT_EQ(0, set(&self->child, self->program, "user.other", "x", 1,
			 1));
}

/* The words of a setcap or chmod of the program. */
#define TOOL(_words) ({							\
	char _command[400];						\
									\
	snprintf(_command, sizeof(_command), "%s %s", _words,		\
		 self->program);					\
	file_run(&self->child, _command);				\
})
#define SETCAP "/usr/sbin/setcap"

#define EXPECT_TOOLS_WORK() do {					\
	EXPECT_EQ(0, TOOL(SETCAP " cap_net_raw+ep"));			\
	EXPECT_LT(0, getxattr(self->program, "security.capability", NULL, 0)); \
	EXPECT_EQ(0, TOOL(SETCAP " -r"));				\
	EXPECT_EQ(0, TOOL("/bin/chmod 0700"));				\
	EXPECT_EQ(0, TOOL("/bin/chmod 0755"));				\
	/* Also of what has a hash. */					\
	EXPECT_EQ(0, PUT(&self->child, IMA, DIGEST_NG, SHA256, 1));	\
	EXPECT_EQ(0, TOOL(SETCAP " cap_net_raw+ep"));			\
	EXPECT_EQ(0, TOOL("/bin/chmod 0700"));				\
} while (0)

TEST_F(xattr, of_evm_that_may_be_signed_leaves_setcap_and_chmod_alone)
{
	NEED_EVM();
	if (access(SETCAP, X_OK))
		SKIP(return, SETCAP " (libcap2-bin) is missing");
	ASSERT_EQ(0, file_put_text(&self->child, EVM_DIR "/active", "1"));
	EXPECT_TOOLS_WORK();
	ASSERT_EQ(0, file_put_text(&self->child, EVM_DIR "/evm", "4"));
	EXPECT_TOOLS_WORK();
}

/* As on the host: as long as a key for HMACs could follow, they are in doubt. */
TEST_F(xattr, of_evm_that_is_complete_leaves_setcap_and_chmod_alone)
{
	NEED_EVM();
	if (access(SETCAP, X_OK))
		SKIP(return, SETCAP " (libcap2-bin) is missing");
	ASSERT_EQ(0, file_put_text(&self->child, EVM_DIR "/active", "1"));
	ASSERT_EQ(0, file_put_text(&self->child, EVM_DIR "/evm", "2"));
	EXPECT_NE(0, TOOL(SETCAP " cap_net_raw+ep"));
	ASSERT_EQ(0, file_put_text(&self->child, EVM_DIR "/evm",
				   "0x80000000"));
	EXPECT_TOOLS_WORK();
}

TEST_HARNESS_MAIN
