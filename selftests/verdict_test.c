// SPDX-License-Identifier: GPL-2.0-only
/*
 * What appraisal decided: how long it holds, and what it means for the other
 * levels (abi.md section 5).
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "file.h"
#include "ima.h"
#include "list.h"
#include "module.h"
#include "ns.h"
#include "scratch.h"
#include "sign.h"

#define OWNER 1000
/* Whose files init's rules are about, in force until the guest ends: + the hook */
#define OWNER_MEASURED 1920
#define OWNER_DENIED 1925

#define SIGNED_EXEC "appraise func=BPRM_CHECK appraise_type=imasig\n"
#define LABEL "security.ima"

/* Changes, made by an agent.  in: path; arg: which one */

enum change {
	CONTENT,		/* longer */
	SAME_CONTENT,		/* the first byte, as it was */
	SHORTER,
	MODE,
	OWNER_OF_FILE,
	SAME_LABEL,		/* security.ima, as it was */
	NO_LABEL,
	EVM_SIGNATURE,
	CAPABILITY,
	SMACK_LABEL,		/* another that EVM protects */
	ACL,
	NOTHING_READ,		/* no change at all */
	NOTHING_WRITTEN,
};

static long do_acl(const char *path)
{
	struct {
		struct posix_acl_xattr_header header;
		struct posix_acl_xattr_entry entry[5];
	} acl = {
		.header.a_version = POSIX_ACL_XATTR_VERSION,
		.entry = {
			{ ACL_USER_OBJ, 7, ACL_UNDEFINED_ID },
			{ ACL_USER, 5, 65000 },
			{ ACL_GROUP_OBJ, 5, ACL_UNDEFINED_ID },
			{ ACL_MASK, 5, ACL_UNDEFINED_ID },
			{ ACL_OTHER, 5, ACL_UNDEFINED_ID },
		},
	};

	return setxattr(path, "system.posix_acl_access", &acl, sizeof(acl), 0);
}

/* The bytes that are there already. */
static long do_write_again(const char *path, size_t len)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	char byte;
	long ret = -1;

	if (fd < 0)
		return -1;
	if (pread(fd, &byte, 1, 0) == 1 && pwrite(fd, &byte, len, 0) == (int)len)
		ret = 0;
	close(fd);
	return ret;
}

static long do_read(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char byte;
	long ret;

	if (fd < 0)
		return -1;
	ret = read(fd, &byte, 1) == 1 ? 0 : -1;
	close(fd);
	return ret;
}

static long do_change(struct call *call)
{
	static const unsigned char evm[16] = { 5, 2, 4 };
	struct vfs_cap_data capability = {
		.magic_etc = VFS_CAP_REVISION_2,
		.data[0].permitted = CAP(NET_RAW),
	};
	const char *path = call->in;
	char value[512];
	struct stat st;
	long ret = -1;
	ssize_t n;

	call->out_len = 0;
	if (stat(path, &st))
		return -errno;
	switch (call->arg[0]) {
	case CONTENT:
		return scratch_append(path, "#");
	case SAME_CONTENT:
		ret = do_write_again(path, 1);
		break;
	case SHORTER:
		ret = truncate(path, st.st_size - 1);
		break;
	case MODE:
		ret = chmod(path, 0711);
		break;
	case OWNER_OF_FILE:
		ret = chown(path, OWNER + 1, OWNER);
		break;
	case SAME_LABEL:
		n = getxattr(path, LABEL, value, sizeof(value));
		if (n > 0)
			ret = setxattr(path, LABEL, value, n, 0);
		break;
	case NO_LABEL:
		ret = removexattr(path, LABEL);
		break;
	case EVM_SIGNATURE:
		ret = setxattr(path, "security.evm", evm, sizeof(evm), 0);
		break;
	case CAPABILITY:
		ret = setxattr(path, "security.capability", &capability,
			       sizeof(capability), 0);
		break;
	case SMACK_LABEL:
		ret = setxattr(path, "security.SMACK64", "_", 1, 0);
		break;
	case ACL:
		ret = do_acl(path);
		break;
	case NOTHING_READ:
		ret = do_read(path);
		break;
	case NOTHING_WRITTEN:
		ret = do_write_again(path, 0);
		break;
	}
	return ret ? -errno : 0;
}

static long make_change(struct agent *agent, const char *path,
			enum change change)
{
	struct call call = {
		.arg = { change },
		.fd = -1,
		.in = path,
		.in_len = strlen(path) + 1,
	};

	return agent_call(agent, do_change, &call);
}

/*
 *   init (HOST) -+- child    (1000) both have verified the program with a key
 *                +- sibling  (1000) that they have no more
 *                +- idle     (1000) an active one without rules
 *                `- bare     (1000) a user namespace without IMA
 *
 * Who has passed runs as long as nothing is looked at again.
 */
enum who { HOST, CHILD, IDLE, BARE };

FIXTURE(change)
{
	struct agent judge[2];
	struct agent idle;
	struct agent bare;
	char directory[256];
	char program[300];
	long ring[2];
};

FIXTURE_VARIANT(change)
{
	enum who who;
	enum change what;
	bool is_none;		/* nothing has to be verified again */
	bool breaks;		/* the signature */
};

#define CHANGE(_name, _who, _what, ...)				\
FIXTURE_VARIANT_ADD(change, _name)				\
{								\
	.who = _who, .what = _what, __VA_ARGS__			\
}

CHANGE(content_by_the_host, HOST, CONTENT, .breaks = true);
CHANGE(content_inside, CHILD, CONTENT, .breaks = true);
CHANGE(content_by_a_namespace_without_rules, IDLE, CONTENT, .breaks = true);
CHANGE(content_by_one_without_ima, BARE, CONTENT, .breaks = true);
CHANGE(same_content_by_the_host, HOST, SAME_CONTENT);
CHANGE(same_content_inside, CHILD, SAME_CONTENT);
CHANGE(shorter_by_one_without_ima, BARE, SHORTER, .breaks = true);
CHANGE(mode_by_the_host, HOST, MODE);
CHANGE(mode_inside, CHILD, MODE);
CHANGE(mode_by_a_namespace_without_rules, IDLE, MODE);
CHANGE(mode_by_one_without_ima, BARE, MODE);
CHANGE(owner_by_the_host, HOST, OWNER_OF_FILE);
CHANGE(same_label_by_the_host, HOST, SAME_LABEL);
CHANGE(same_label_inside, CHILD, SAME_LABEL);
CHANGE(same_label_by_a_namespace_without_rules, IDLE, SAME_LABEL);
CHANGE(no_label_by_the_host, HOST, NO_LABEL, .breaks = true);
CHANGE(no_label_by_a_namespace_without_rules, IDLE, NO_LABEL, .breaks = true);
CHANGE(evm_signature_by_the_host, HOST, EVM_SIGNATURE);
CHANGE(capability_by_the_host, HOST, CAPABILITY);
CHANGE(capability_inside, CHILD, CAPABILITY);
CHANGE(capability_by_one_without_ima, BARE, CAPABILITY);
CHANGE(smack_label_by_the_host, HOST, SMACK_LABEL);
CHANGE(acl_by_the_host, HOST, ACL);
CHANGE(read_by_the_host, HOST, NOTHING_READ, .is_none = true);
CHANGE(read_by_a_namespace_without_rules, IDLE, NOTHING_READ, .is_none = true);
CHANGE(opened_for_writing_by_the_host, HOST, NOTHING_WRITTEN, .is_none = true);
CHANGE(opened_for_writing_inside, CHILD, NOTHING_WRITTEN, .is_none = true);

FIXTURE_SETUP(change)
{
	const char *missing = sign_missing();
	int i;

	if (missing)
		SKIP(return, "%s is missing", missing);
	ASSERT_EQ(0, sign_key("one", NULL));
	ASSERT_EQ(0, scratch_directory(self->directory,
				       sizeof(self->directory)));
	snprintf(self->program, sizeof(self->program), "%s/prog",
		 self->directory);
	ASSERT_EQ(0, scratch_program(self->program, "change"));
	ASSERT_EQ(0, chmod(self->program, 0755));
	ASSERT_EQ(0, chown(self->program, OWNER, OWNER));
	ASSERT_EQ(0, sign_file("one", self->program));
	ASSERT_EQ(0, ima_start_new(&self->idle, NULL, OWNER,
				   "measure func=KEY_CHECK\n"));
	ASSERT_EQ(0, ns_start(&self->bare, NULL, OWNER, NULL));
	for (i = 0; i < 2; i++) {
		long key;

		ASSERT_EQ(0, ima_start_new(&self->judge[i], NULL, OWNER,
					   NULL));
		self->ring[i] = sign_give_key(&self->judge[i], NULL);
		ASSERT_LE(0, self->ring[i]);
		key = sign_add(&self->judge[i], self->ring[i], "one");
		ASSERT_LE(0, key);
		ASSERT_EQ(0, ima_load_policy(&self->judge[i],
					     EXEC_RULE SIGNED_EXEC));
		ASSERT_EQ(0, file_run(&self->judge[i], self->program));
		ASSERT_EQ(0, sign_unlink(&self->judge[i], key, self->ring[i]));
	}
}

FIXTURE_TEARDOWN(change)
{
	agent_stop(&self->bare);
	agent_stop(&self->idle);
	agent_stop(&self->judge[1]);
	agent_stop(&self->judge[0]);
	scratch_remove(self->directory);
}

TEST_F(change, voids_what_passed_everywhere)
{
	struct agent *who[] = {
		[HOST] = NULL,
		[CHILD] = &self->judge[0],
		[IDLE] = &self->idle,
		[BARE] = &self->bare,
	};
	int i;

	for (i = 0; i < 2; i++) {
		EXPECT_EQ(0, file_run(&self->judge[i], self->program));
	}
	ASSERT_EQ(0, make_change(who[variant->who], self->program,
				 variant->what));
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(variant->is_none ? 0 : -EACCES,
			  file_run(&self->judge[i], self->program));
		ASSERT_LE(0, sign_add(&self->judge[i], self->ring[i], "one"));
		EXPECT_EQ(variant->breaks ? -EACCES : 0,
			  file_run(&self->judge[i], self->program));
	}
}

/*
 * Levels:
 *
 *   init ---- child (1000) ---- nested
 *
 * All of them measure, and some of them say no.
 */
enum hook { EXECUTED, READ, MAPPED };

FIXTURE(denial)
{
	struct agent child;
	struct agent nested;
	char directory[256];
	char program[300];
};

FIXTURE_VARIANT(denial)
{
	enum hook hook;
	bool by_init;
	bool by_child;
	bool by_nested;
};

#define DENIAL(_name, _hook, ...)				\
FIXTURE_VARIANT_ADD(denial, _name)				\
{								\
	.hook = _hook, __VA_ARGS__				\
}

DENIAL(of_an_execution_by_nobody, EXECUTED);
DENIAL(of_an_execution_by_itself, EXECUTED, .by_nested = true);
DENIAL(of_an_execution_by_the_parent, EXECUTED, .by_child = true);
DENIAL(of_an_execution_by_init, EXECUTED, .by_init = true);
DENIAL(of_an_execution_by_all, EXECUTED, .by_init = true, .by_child = true,
       .by_nested = true);
DENIAL(of_reading_by_nobody, READ);
DENIAL(of_reading_by_itself, READ, .by_nested = true);
DENIAL(of_reading_by_the_parent, READ, .by_child = true);
DENIAL(of_reading_by_init, READ, .by_init = true);
DENIAL(of_a_mapping_by_nobody, MAPPED);
DENIAL(of_a_mapping_by_itself, MAPPED, .by_nested = true);
DENIAL(of_a_mapping_by_the_parent, MAPPED, .by_child = true);
DENIAL(of_a_mapping_by_init, MAPPED, .by_init = true);

static const char * const functions[] = {
	[EXECUTED] = "BPRM_CHECK",
	[READ] = "FILE_CHECK mask=MAY_READ",
	[MAPPED] = "MMAP_CHECK",
};

static int load_host_rules(void)
{
	static char policy[1024 * 1024];
	long len = ima_get(NULL, "policy", policy, sizeof(policy));
	char rules[2048];
	size_t i, n = 0;

	if (len < 0)
		return len;
	if (strstr(policy, "fowner=1920"))
		return 0;
	for (i = 0; i < sizeof(functions) / sizeof(*functions); i++) {
		n += snprintf(rules + n, sizeof(rules) - n,
			      "measure func=%s fowner=%d\n"
			      "measure func=%s fowner=%d\n"
			      "appraise func=%s fowner=%d "
			      "appraise_type=imasig\n",
			      functions[i], OWNER_MEASURED + (int)i,
			      functions[i], OWNER_DENIED + (int)i,
			      functions[i], OWNER_DENIED + (int)i);
	}
	return ima_load_policy(NULL, rules);
}

FIXTURE_SETUP(denial)
{
	const char *missing = sign_missing();
	char rules[512];

	if (missing)
		SKIP(return, "%s is missing", missing);
	ASSERT_EQ(0, sign_key("one", NULL));
	ASSERT_EQ(0, sign_key("two", NULL));
	ASSERT_EQ(0, load_host_rules());
	ASSERT_EQ(0, scratch_directory(self->directory,
				       sizeof(self->directory)));
	snprintf(self->program, sizeof(self->program), "%s/prog",
		 self->directory);
	ASSERT_EQ(0, scratch_program(self->program, "denial"));
	ASSERT_EQ(0, chmod(self->program, 0755));
	/* While evmctl may read it. */
	ASSERT_EQ(0, sign_file("one", self->program));
	ASSERT_EQ(0, chown(self->program, variant->hook +
			   (variant->by_init ? OWNER_DENIED : OWNER_MEASURED),
			   OWNER));

	snprintf(rules, sizeof(rules), "measure func=%s fsmagic=0xef53\n"
		 "appraise func=%s fsmagic=0xef53 appraise_type=imasig\n",
		 functions[variant->hook], functions[variant->hook]);
	ASSERT_EQ(0, ima_start_new(&self->child, NULL, OWNER, NULL));
	ASSERT_EQ(0, ima_start_new(&self->nested, &self->child, 0, NULL));
	ASSERT_LE(0, sign_give_key(&self->child,
				   variant->by_child ? "two" : "one"));
	ASSERT_LE(0, sign_give_key(&self->nested,
				   variant->by_nested ? "two" : "one"));
	ASSERT_EQ(0, ima_load_policy(&self->nested, rules));
	ASSERT_EQ(0, ima_load_policy(&self->child, rules));
}

FIXTURE_TEARDOWN(denial)
{
	agent_stop(&self->nested);
	agent_stop(&self->child);
	scratch_remove(self->directory);
}

static int use(struct agent *agent, const char *path, enum hook hook)
{
	int fd, ret;

	if (hook == EXECUTED)
		return file_run(agent, path);
	fd = file_open(agent, path, O_RDONLY);
	if (fd < 0)
		return fd;
	ret = hook == MAPPED ? file_map_executable(agent, fd) : 0;
	file_close(agent, fd);
	return ret;
}

TEST_F(denial, of_any_level_wins_and_all_record)
{
	bool denied = variant->by_init || variant->by_child ||
		      variant->by_nested;
	int i;

	/* The keyring of the parent is that of who may configure it. */
	EXPECT_EQ(variant->by_init || variant->by_child ? -EACCES : 0,
		  use(&self->child, self->program, variant->hook));
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(denied ? -EACCES : 0,
			  use(&self->nested, self->program, variant->hook));
	}
	EXPECT_EQ(1, list_measured(&self->nested, self->program));
	EXPECT_EQ(1, list_measured(&self->child, self->program));
	EXPECT_EQ(1, list_measured(NULL, self->program));
}

/*
 * What is read past the cache cannot be verified.
 */
FIXTURE(direct)
{
	struct agent child;
	char directory[256];
	char path[300];
};

FIXTURE_SETUP(direct)
{
	const char *missing = sign_missing();

	if (missing)
		SKIP(return, "%s is missing", missing);
	ASSERT_EQ(0, sign_key("one", NULL));
	ASSERT_EQ(0, scratch_directory(self->directory,
				       sizeof(self->directory)));
	snprintf(self->path, sizeof(self->path), "%s/text", self->directory);
	ASSERT_EQ(0, scratch_text(self->path, "text\n"));
	ASSERT_EQ(0, sign_file("one", self->path));
	ASSERT_EQ(0, ima_start_new(&self->child, NULL, OWNER, NULL));
	ASSERT_LE(0, sign_give_key(&self->child, "one"));
}

FIXTURE_TEARDOWN(direct)
{
	agent_stop(&self->child);
	scratch_remove(self->directory);
}

static int open_and_close(struct agent *agent, const char *path, int flags)
{
	int fd = file_open(agent, path, flags);

	return fd < 0 ? fd : file_close(agent, fd);
}

#define SIGNED_READ "appraise func=FILE_CHECK mask=MAY_READ fsmagic=0xef53 " \
		    "appraise_type=imasig"

TEST_F(direct, reading_is_denied)
{
	ASSERT_EQ(0, ima_load_policy(&self->child, SIGNED_READ "\n"));
	EXPECT_EQ(-EACCES, open_and_close(&self->child, self->path,
					  O_RDONLY | O_DIRECT));
	EXPECT_EQ(0, open_and_close(&self->child, self->path, O_RDONLY));
	/* What has passed has passed, as on the host. */
	EXPECT_EQ(0, open_and_close(&self->child, self->path,
				    O_RDONLY | O_DIRECT));
	ASSERT_EQ(0, scratch_append(self->path, "#"));
	EXPECT_EQ(-EACCES, open_and_close(&self->child, self->path,
					  O_RDONLY | O_DIRECT));
	EXPECT_EQ(0, open_and_close(NULL, self->path, O_RDONLY | O_DIRECT));
}

TEST_F(direct, reading_is_permitted_by_the_rule)
{
	ASSERT_EQ(0, ima_load_policy(&self->child, SIGNED_READ
				     " permit_directio\n"));
	EXPECT_EQ(0, open_and_close(&self->child, self->path,
				    O_RDONLY | O_DIRECT));
	/* Which is no pass for those who read it otherwise. */
	ASSERT_EQ(0, scratch_append(self->path, "#"));
	EXPECT_EQ(-EACCES, open_and_close(&self->child, self->path, O_RDONLY));
}

TEST_F(direct, reading_that_one_permits_is_denied_by_another)
{
	struct agent other = { };

	ASSERT_EQ(0, ima_load_policy(&self->child, SIGNED_READ
				     " permit_directio\n"));
	EXPECT_EQ(0, open_and_close(&self->child, self->path,
				    O_RDONLY | O_DIRECT));
	ASSERT_EQ(0, ima_start_new(&other, NULL, OWNER, NULL));
	EXPECT_LE(0, sign_give_key(&other, "one"));
	EXPECT_EQ(0, ima_load_policy(&other, SIGNED_READ "\n"));
	EXPECT_EQ(-EACCES, open_and_close(&other, self->path,
					  O_RDONLY | O_DIRECT));
	agent_stop(&other);
}

/*
 * Rules about what only init does: a child may have them, and they lock nothing.
 */
TEST(rules_for_modules_and_the_like_in_a_child_do_not_lock_the_machine)
{
	static const char rules[] =
		"appraise func=MODULE_CHECK appraise_type=imasig\n"
		"appraise func=FIRMWARE_CHECK appraise_type=imasig\n"
		"appraise func=KEXEC_KERNEL_CHECK appraise_type=imasig\n"
		"appraise func=POLICY_CHECK appraise_type=imasig\n";
	static char image[8 * 1024 * 1024];
	struct agent child = { };
	char policy[4096];
	long len;

	ASSERT_NE(NULL, getenv("IMANS_MODULE"));
	ASSERT_EQ(0, module_is_loaded() ? module_unload_soon() : 0);
	ASSERT_EQ(0, ima_start_new(&child, NULL, OWNER, rules));
	EXPECT_LT(0, ima_get(&child, "policy", policy, sizeof(policy)));
	EXPECT_NE(NULL, strstr(policy, "appraise func=MODULE_CHECK"));
	EXPECT_EQ(0, module_load(MODULE_PCRS));
	/* Nor the policy of the machine. */
	EXPECT_EQ(0, ima_load_policy(NULL, "dont_measure fowner=64997\n"));
	/* It stays as long as there is a namespace. */
	agent_stop(&child);
	EXPECT_EQ(0, module_unload_soon());

	/* From memory, where no signature could be. */
	ASSERT_EQ(0, ima_start_new(&child, NULL, OWNER, rules));
	len = file_get(NULL, getenv("IMANS_MODULE"), image, sizeof(image));
	ASSERT_LT(0, len);
	EXPECT_EQ(0, syscall(SYS_init_module, image, len, MODULE_PCRS)) {
		TH_LOG("errno %d", errno);
	}
	agent_stop(&child);
	EXPECT_EQ(0, module_unload_soon());
}

TEST_HARNESS_MAIN
