// SPDX-License-Identifier: GPL-2.0-only
/*
 * The securityfs of a child user namespace: what is in it, whose it is, and
 * who may open it (abi.md sections 1 and 2).
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "file.h"
#include "ima.h"
#include "list.h"
#include "ns.h"

#define OWNER 1000

/* Files whose names hang on the banks, or on parts that may not be built. */
static const char *const optional[] = {
	"anchor", "ca",
	"ascii_runtime_measurements_sha1", "ascii_runtime_measurements_sha256",
	"ascii_runtime_measurements_sha384", "ascii_runtime_measurements_sha512",
	"binary_runtime_measurements_sha1", "binary_runtime_measurements_sha256",
	"binary_runtime_measurements_sha384",
	"binary_runtime_measurements_sha512",
};

static bool is_optional(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(optional) / sizeof(optional[0]); i++)
		if (!strcmp(optional[i], name))
			return true;
	return false;
}

/* One space-separated string of the names that are not optional. */
static void required_names(const char *list, char *out)
{
	char copy[4096], *save, *name;

	strcpy(copy, list);
	*out = 0;
	for (name = strtok_r(copy, "\n", &save); name;
	     name = strtok_r(NULL, "\n", &save))
		if (!is_optional(name))
			sprintf(out + strlen(out), "%s ", name);
}

/* One space-separated string of the names that contain @word. */
static const char *names_with(const char *list, const char *word, char *out,
			      size_t size)
{
	char copy[4096], *save, *name;
	size_t len = 0;

	strcpy(copy, list);
	*out = 0;
	for (name = strtok_r(copy, "\n", &save); name;
	     name = strtok_r(NULL, "\n", &save))
		if (strstr(name, word) && len < size)
			len += snprintf(out + len, size - len, "%s ", name);
	return out;
}

/*
 *   init ---- child (owner 1000): securityfs mounted, not yet active
 */
FIXTURE(securityfs)
{
	struct agent child;
	char text[4096];
};

FIXTURE_SETUP(securityfs)
{
	ASSERT_EQ(0, ns_start(&self->child, NULL, OWNER, NULL));
	ASSERT_EQ(0, ima_mount(&self->child));
}

FIXTURE_TEARDOWN(securityfs)
{
	agent_stop(&self->child);
}

TEST_F(securityfs, root_has_only_ima_and_links)
{
	char names[4096];

	ASSERT_LT(0, file_list(&self->child, SECURITYFS, names, sizeof(names)));
	/* evm is there once EVM is namespaced. */
	EXPECT_STREQ(strstr(names, "evm\n") ? "evm\nima\nintegrity\n" :
					      "ima\nintegrity\n", names);
}

TEST_F(securityfs, integrity_has_only_ima_and_evm)
{
	char names[4096];

	ASSERT_LT(0, file_list(&self->child, SECURITYFS "/integrity", names,
			       sizeof(names)));
	EXPECT_STREQ(strstr(names, "evm\n") ? "evm\nima\n" : "ima\n", names);
}

TEST_F(securityfs, ima_is_a_link_to_integrity_ima)
{
	char target[256];

	ASSERT_LT(0, file_readlink(&self->child, SECURITYFS "/ima", target,
				   sizeof(target)));
	EXPECT_STREQ("integrity/ima", target);
	EXPECT_EQ(0, file_put_text(&self->child, SECURITYFS "/ima/active",
				   "1"));
}

TEST_F(securityfs, ima_has_exactly_its_files)
{
	char names[4096], required[4096];
	const char *expected =
		"active ascii_runtime_measurements "
		"binary_runtime_measurements hash id label policy "
		"policy_lock runtime_measurements_count template_name "
		"violations vpcr ";

	ASSERT_EQ(0, ima_activate(&self->child));
	ASSERT_LT(0, file_list(&self->child, IMA_DIR, names, sizeof(names)));
	required_names(names, required);
	EXPECT_STREQ(expected, required);
}

TEST_F(securityfs, per_bank_lists_appear_at_activation)
{
	char before[4096], after[4096];

	ASSERT_LT(0, file_list(&self->child, IMA_DIR, before, sizeof(before)));
	EXPECT_EQ(NULL, strstr(before, "runtime_measurements_sha"));
	ASSERT_EQ(0, ima_activate(&self->child));
	ASSERT_LT(0, file_list(&self->child, IMA_DIR, after, sizeof(after)));
	EXPECT_NE(NULL, strstr(after, "ascii_runtime_measurements_sha1\n"));
	EXPECT_NE(NULL, strstr(after, "binary_runtime_measurements_sha1\n"));
}

/* Without a TPM there is one bank; that of the hash is none, as on the host. */
TEST_F(securityfs, per_bank_lists_without_a_tpm_are_those_of_sha1)
{
	char names[4096];

	ASSERT_EQ(0, ima_put(&self->child, "hash", "sha512"));
	ASSERT_EQ(0, ima_activate(&self->child));
	ASSERT_LT(0, file_list(&self->child, IMA_DIR, names, sizeof(names)));
	EXPECT_STREQ("ascii_runtime_measurements_sha1 "
		     "binary_runtime_measurements_sha1 ",
		     names_with(names, "_measurements_sha", self->text,
				sizeof(self->text)));
}

/* The lists without a bank in their name are those of sha1, as on the host. */
TEST_F(securityfs, list_without_a_bank_is_that_of_sha1)
{
	static const char *const names[] = { "ascii_runtime_measurements",
					     "binary_runtime_measurements" };
	char path[256], *plain, *sha1;
	size_t i;

	ASSERT_EQ(0, ima_activate(&self->child));
	ASSERT_EQ(0, ima_load_policy(&self->child, EXEC_RULE));
	for (i = 0; i < 2; i++) {
		long len;

		snprintf(path, sizeof(path), IMA_DIR "/%s", names[i]);
		len = file_get_all(&self->child, path, &plain);
		ASSERT_LT(0, len);
		strcat(path, "_sha1");
		ASSERT_EQ(len, file_get_all(&self->child, path, &sha1));
		EXPECT_EQ(0, memcmp(plain, sha1, len)) TH_LOG("%s", path);
		free(plain);
		free(sha1);
	}
}

/* The host's have been there since boot: the child's are not put there. */
TEST_F(securityfs, of_init_does_not_change_by_an_activation)
{
	char before[4096], after[4096];

	ASSERT_LT(0, file_list(NULL, IMA_DIR, before, sizeof(before)));
	ASSERT_EQ(0, ima_put(&self->child, "hash", "sha224"));
	ASSERT_EQ(0, ima_activate(&self->child));
	ASSERT_LT(0, file_list(NULL, IMA_DIR, after, sizeof(after)));
	EXPECT_STREQ(before, after);
}

TEST_F(securityfs, directories_are_those_of_any_securityfs)
{
	static const char *const paths[] = {
		SECURITYFS, SECURITYFS "/integrity", IMA_DIR,
	};
	struct stat st;
	size_t i;

	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		ASSERT_EQ(0, file_stat(&self->child, paths[i], &st));
		EXPECT_EQ(S_IFDIR | 0755, st.st_mode) TH_LOG("%s", paths[i]);
		EXPECT_EQ(0, st.st_uid) TH_LOG("%s", paths[i]);
		EXPECT_EQ(0, st.st_gid) TH_LOG("%s", paths[i]);
	}
}

TEST_F(securityfs, every_file_reads_after_activation)
{
	char names[4096], *save, *name, path[512], *content;

	ASSERT_EQ(0, ima_activate(&self->child));
	ASSERT_LT(0, file_list(&self->child, IMA_DIR, names, sizeof(names)));
	for (name = strtok_r(names, "\n", &save); name;
	     name = strtok_r(NULL, "\n", &save)) {
		snprintf(path, sizeof(path), "%s/%s", IMA_DIR, name);
		EXPECT_LE(0, file_get_all(&self->child, path, &content))
			TH_LOG("%s", name);
		free(content);
	}
}

TEST_F(securityfs, every_inode_belongs_to_the_owner)
{
	char names[4096], *save, *name, path[512];
	struct stat st;

	ASSERT_EQ(0, ima_activate(&self->child));
	ASSERT_LT(0, file_list(&self->child, IMA_DIR, names, sizeof(names)));
	strcat(names, ".\n../..\n../../ima\n..\n");
	for (name = strtok_r(names, "\n", &save); name;
	     name = strtok_r(NULL, "\n", &save)) {
		snprintf(path, sizeof(path), "%s/%s", IMA_DIR, name);
		ASSERT_EQ(0, file_stat(&self->child, path, &st));
		EXPECT_EQ(0, st.st_uid) TH_LOG("%s inside", name);
		EXPECT_EQ(0, st.st_gid) TH_LOG("%s inside", name);
	}
	/* The same inode, seen from init. */
	snprintf(path, sizeof(path), "/proc/%d/root%s/active", self->child.pid,
		 IMA_DIR);
	ASSERT_EQ(0, file_stat(NULL, path, &st));
	EXPECT_EQ(OWNER, st.st_uid);
	EXPECT_EQ(OWNER, st.st_gid);
}

TEST_F(securityfs, second_mount_shows_the_same_instance)
{
	char first[64], second[64];

	ASSERT_LT(0, ima_get(&self->child, "id", first, sizeof(first)));
	ASSERT_EQ(0, ima_put(&self->child, "label", "twice"));
	ASSERT_EQ(0, file_mount(&self->child, "tmpfs", "/mnt"));
	ASSERT_EQ(0, file_mkdir(&self->child, "/mnt/s"));
	ASSERT_EQ(0, file_mount(&self->child, "securityfs", "/mnt/s"));
	ASSERT_LT(0, file_get(&self->child, "/mnt/s/ima/id", second,
			      sizeof(second)));
	EXPECT_STREQ(first, second);
	ASSERT_EQ(0, ima_activate(&self->child));
	ASSERT_EQ(2, file_get(&self->child, "/mnt/s/ima/active", second,
			      sizeof(second)));
	EXPECT_STREQ("1\n", second);
}

TEST_F(securityfs, remount_after_umount_shows_the_same_instance)
{
	char before[64], after[64];
	long count;

	ASSERT_LT(0, ima_get(&self->child, "id", before, sizeof(before)));
	ASSERT_EQ(0, ima_activate(&self->child));
	ASSERT_EQ(0, ima_load_policy(&self->child, EXEC_RULE));
	count = ima_count(&self->child);
	ASSERT_LT(0, count);
	ASSERT_EQ(0, file_umount(&self->child, SECURITYFS));
	ASSERT_EQ(0, ima_mount(&self->child));
	ASSERT_LT(0, ima_get(&self->child, "id", after, sizeof(after)));
	EXPECT_STREQ(before, after);
	EXPECT_EQ(count, ima_count(&self->child));
	EXPECT_EQ(-EBUSY, ima_activate(&self->child));
}

static long do_remount(struct call *call)
{
	const char *target = call->in;

	call->out_len = 0;
	return mount(NULL, target, NULL, call->arg[0], NULL) ? -errno : 0;
}

static int remount(struct agent *agent, unsigned long flags)
{
	struct call call = {
		.arg = { flags },
		.fd = -1,
		.in = SECURITYFS,
		.in_len = sizeof(SECURITYFS),
	};

	return agent_call(agent, do_remount, &call);
}

TEST_F(securityfs, remount_keeps_the_instance)
{
	long id = ima_number(&self->child, "id");

	ASSERT_EQ(0, ima_put(&self->child, "hash", "sha384"));
	remount(&self->child, MS_REMOUNT);
	EXPECT_EQ(id, ima_number(&self->child, "id"));
	ASSERT_EQ(0, ima_activate(&self->child));
	remount(&self->child, MS_REMOUNT);
	EXPECT_EQ(1, ima_count(&self->child));
	/* A mount that is read-only is so for these files, too. */
	ASSERT_EQ(0, remount(&self->child, MS_REMOUNT | MS_BIND | MS_RDONLY));
	EXPECT_EQ(-EROFS, ima_load_policy(&self->child, EXEC_RULE));
	ASSERT_EQ(0, remount(&self->child, MS_REMOUNT | MS_BIND));
	EXPECT_EQ(0, ima_load_policy(&self->child, EXEC_RULE));
}

/* After a umount while it is configuring, too. */
TEST_F(securityfs, remount_after_umount_keeps_the_configuration)
{
	long id = ima_number(&self->child, "id");
	char text[64];

	ASSERT_EQ(0, ima_put(&self->child, "hash", "md5"));
	ASSERT_EQ(0, ima_put(&self->child, "label", "kept"));
	ASSERT_EQ(0, file_umount(&self->child, SECURITYFS));
	ASSERT_EQ(0, ima_mount(&self->child));
	EXPECT_EQ(id, ima_number(&self->child, "id"));
	EXPECT_EQ(0, ima_number(&self->child, "active"));
	ASSERT_LT(0, ima_get(&self->child, "hash", text, sizeof(text)));
	EXPECT_STREQ("md5\n", text);
	EXPECT_EQ(-EBUSY, ima_put(&self->child, "label", "another"));
}

TEST_F(securityfs, nested_namespace_gets_an_instance_of_its_own)
{
	struct agent grandchild = {};
	long outer, inner;

	ASSERT_EQ(0, ns_start(&grandchild, &self->child, 0, NULL));
	ASSERT_EQ(0, ima_mount(&grandchild));
	outer = ima_number(&self->child, "id");
	inner = ima_number(&grandchild, "id");
	EXPECT_LT(0, outer);
	EXPECT_LT(outer, inner);
	agent_stop(&grandchild);
}

TEST_F(securityfs, files_cannot_be_removed_or_made)
{
	EXPECT_GT(0, file_unlink(&self->child, IMA_DIR "/active"));
	EXPECT_GT(0, file_mkdir(&self->child, IMA_DIR "/new"));
	EXPECT_GT(0, file_open(&self->child, IMA_DIR "/file",
			       O_WRONLY | O_CREAT));
}

/* The modes, and what opens before activation. */
FIXTURE(mode)
{
	struct agent child;
};

FIXTURE_VARIANT(mode)
{
	const char *name;
	mode_t mode;
	bool opens_before;
	bool needs_a_later_part;
};

#define MODE(_name, _mode, _before, _later) \
	FIXTURE_VARIANT_ADD(mode, _name) { \
		.name = #_name, \
		.mode = _mode, \
		.opens_before = _before, \
		.needs_a_later_part = _later, \
	}

/* clang-format off */
MODE(active, 0640, true, false);
MODE(hash, 0640, true, false);
MODE(template_name, 0640, true, false);
MODE(label, 0640, true, false);
MODE(id, 0444, true, false);
MODE(policy, 0600, false, false);
MODE(ascii_runtime_measurements, 0440, false, false);
MODE(binary_runtime_measurements, 0440, false, false);
MODE(ascii_runtime_measurements_sha1, 0440, false, false);
MODE(binary_runtime_measurements_sha1, 0440, false, false);
MODE(runtime_measurements_count, 0440, false, false);
MODE(violations, 0440, false, false);
MODE(vpcr, 0440, false, false);
MODE(policy_lock, 0640, true, false);
MODE(ca, 0640, true, true);
/* clang-format on */

FIXTURE_SETUP(mode)
{
	ASSERT_EQ(0, ns_start(&self->child, NULL, OWNER, NULL));
	ASSERT_EQ(0, ima_mount(&self->child));
	if (variant->needs_a_later_part &&
	    ima_open(&self->child, variant->name, O_RDONLY) == -ENOENT)
		SKIP(return, "ima/%s is not in this kernel yet", variant->name);
}

FIXTURE_TEARDOWN(mode)
{
	agent_stop(&self->child);
}

TEST_F(mode, is_what_the_contract_says)
{
	char path[256];
	struct stat st;

	ASSERT_EQ(0, ima_activate(&self->child));
	snprintf(path, sizeof(path), "%s/%s", IMA_DIR, variant->name);
	ASSERT_EQ(0, file_stat(&self->child, path, &st));
	EXPECT_EQ(S_IFREG | variant->mode, st.st_mode);
}

TEST_F(mode, opening_before_activation)
{
	bool of_a_bank = strstr(variant->name, "_sha");
	int expected = variant->opens_before ? 0 :
		       of_a_bank	     ? -ENOENT :
					       -EACCES;
	int fd = ima_open(&self->child, variant->name, O_RDONLY);

	EXPECT_EQ(expected, fd < 0 ? fd : 0);
}

TEST_F(mode, opening_after_activation)
{
	ASSERT_EQ(0, ima_activate(&self->child));
	EXPECT_LE(0, ima_open(&self->child, variant->name, O_RDONLY));
}

/* Host root may look, but sees the same: configuring is configuring. */
TEST_F(mode, opening_before_activation_from_init)
{
	int expected = variant->opens_before ? 0 : -EACCES;
	char path[512];
	int fd;

	if (strstr(variant->name, "_sha"))
		expected = -ENOENT;
	snprintf(path, sizeof(path), "/proc/%d/root%s/%s", self->child.pid,
		 IMA_DIR, variant->name);
	fd = open(path, O_RDONLY);
	EXPECT_EQ(expected, fd < 0 ? -errno : 0);
}

/* The lists themselves are links to those of a bank, as on the host. */
TEST_F(securityfs, lists_refuse_before_activation)
{
	EXPECT_EQ(-EACCES, ima_open(&self->child, "ascii_runtime_measurements",
				    O_RDONLY));
	EXPECT_EQ(-EACCES, ima_open(&self->child, "binary_runtime_measurements",
				    O_RDONLY));
}

TEST_F(securityfs, policy_refuses_writers_before_activation)
{
	EXPECT_EQ(-EACCES, ima_open(&self->child, "policy", O_WRONLY));
}

TEST_F(securityfs, lists_are_never_writable)
{
	ASSERT_EQ(0, ima_activate(&self->child));
	EXPECT_GT(0, ima_put(&self->child, "ascii_runtime_measurements", "x"));
	EXPECT_GT(0, ima_put(&self->child, "violations", "0"));
	EXPECT_GT(0, ima_put(&self->child, "id", "7"));
	EXPECT_GT(0, ima_put(&self->child, "vpcr", "x"));
}

/* Mounting: what a namespace without uid 0 cannot have. */
TEST(mount_before_mapping_fails_eperm)
{
	struct agent child = {};

	ASSERT_EQ(0, ns_start(&child, NULL, OWNER, ""));
	EXPECT_EQ(-EPERM, ima_mount(&child));
	ASSERT_EQ(0, ns_map(&child, "0 1000 1\n"));
	ASSERT_EQ(0, ns_become_root(&child));
	EXPECT_EQ(0, ima_mount(&child));
	EXPECT_EQ(0, ima_activate(&child));
	agent_stop(&child);
}

TEST(mount_without_a_mapped_uid_0_fails_eperm)
{
	struct agent child = {};

	ASSERT_EQ(0, ns_start(&child, NULL, OWNER, ""));
	ASSERT_EQ(0, ns_map(&child, "5 1000 1\n"));
	EXPECT_EQ(-EPERM, ima_mount(&child));
	agent_stop(&child);
}

TEST(mount_with_only_uid_0_mapped_fails_eperm)
{
	struct agent child = {};
	char path[64];

	ASSERT_EQ(0, ns_start(&child, NULL, OWNER, ""));
	snprintf(path, sizeof(path), "/proc/%d/uid_map", child.pid);
	ASSERT_EQ(0, file_put_text(NULL, path, "0 1000 1\n"));
	EXPECT_EQ(-EPERM, ima_mount(&child));
	agent_stop(&child);
}

/* A mount in the making that is passed on is nobody else's to finish. */
static long do_fsopen(struct call *call)
{
	int fd = syscall(SYS_fsopen, "securityfs", 0);

	call->out_len = 0;
	return fd < 0 ? -errno : fd;
}

static long do_fsconfig_create(struct call *call)
{
	call->out_len = 0;
	return syscall(SYS_fsconfig, (int)call->arg[0], FSCONFIG_CMD_CREATE,
		       NULL, NULL, 0) ? -errno : 0;
}

TEST(mount_context_of_another_namespace_is_refused)
{
	struct agent child = {}, other = {};
	struct call call = { .fd = -1 };
	int given;
	long fd;

	ASSERT_EQ(0, ns_start(&child, NULL, OWNER, NULL));
	ASSERT_EQ(0, ns_start(&other, NULL, OWNER, NULL));
	fd = agent_call(&child, do_fsopen, &call);
	ASSERT_LE(0, fd);
	given = file_give_fd(&other, file_fetch_fd(&child, fd));
	ASSERT_LE(0, given);
	call = (struct call){ .fd = -1, .arg = { given } };
	EXPECT_GT(0, agent_call(&other, do_fsconfig_create, &call));
	call = (struct call){ .fd = -1, .arg = { fd } };
	EXPECT_EQ(0, agent_call(&child, do_fsconfig_create, &call));
	agent_stop(&other);
	agent_stop(&child);
}

TEST(mount_without_cap_sys_admin_fails_eperm)
{
	struct agent child = {};

	ASSERT_EQ(0, ns_start(&child, NULL, OWNER, NULL));
	ASSERT_EQ(0, ns_limit_capabilities(&child, 1ULL << CAP_MAC_ADMIN));
	EXPECT_EQ(-EPERM, ima_mount(&child));
	agent_stop(&child);
}

/* What init has, and has not, of the files of a child. */
TEST(init_has_no_files_of_a_child)
{
	static const char names[][16] = { "active", "hash", "template_name" };
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		EXPECT_EQ(-ENOENT, ima_open(NULL, names[i], O_RDONLY))
			TH_LOG("%s", names[i]);
	}
}

TEST(init_still_sees_other_subsystems)
{
	EXPECT_LE(0, file_open(NULL, SECURITYFS "/lsm", O_RDONLY));
}

/*
 * Who may open a file of an instance:
 *
 *   init -+- child (1000) --- grandchild
 *         `- sibling (1000, same owner)
 *
 * the child itself and its ancestors, else EACCES whatever the mode says.
 */
FIXTURE(opener)
{
	struct agent child;
	struct agent other;
	char path[256];
};

FIXTURE_SETUP(opener)
{
	ASSERT_EQ(0, ns_start(&self->child, NULL, OWNER, NULL));
	ASSERT_EQ(0, ima_mount(&self->child));
	snprintf(self->path, sizeof(self->path), "/proc/%d/root%s/",
		 self->child.pid, IMA_DIR);
}

FIXTURE_TEARDOWN(opener)
{
	agent_stop(&self->other);
	agent_stop(&self->child);
}

TEST_F(opener, init_reads_and_writes_through_proc)
{
	char path[512], text[64];

	snprintf(path, sizeof(path), "%s%s", self->path, "active");
	EXPECT_EQ(0, file_put_text(NULL, path, "1"));
	EXPECT_EQ(2, file_get(NULL, path, text, sizeof(text)));
	EXPECT_STREQ("1\n", text);
	EXPECT_EQ(2, ima_get(&self->child, "active", text, sizeof(text)));
	EXPECT_STREQ("1\n", text);
}

/* nsenter --mount: the mounts of the container, the credentials of the host. */
TEST_F(opener, host_root_in_the_mount_namespace_reads_and_writes_all)
{
	char names[4096], *save, *name, path[512], *content;
	struct agent *host = &self->other;

	ASSERT_EQ(0, agent_start(host, NULL));
	ASSERT_EQ(0, ns_join_mount(host, self->child.pid));
	EXPECT_EQ(0, ima_put(host, "hash", "sha512"));
	EXPECT_EQ(0, ima_put(host, "template_name", "ima-sig"));
	EXPECT_EQ(0, ima_put(host, "label", "by the host"));
	EXPECT_EQ(0, ima_activate(host));
	EXPECT_EQ(0, ima_load_policy(host, EXEC_RULE));
	ASSERT_LT(0, file_list(host, IMA_DIR, names, sizeof(names)));
	for (name = strtok_r(names, "\n", &save); name;
	     name = strtok_r(NULL, "\n", &save)) {
		snprintf(path, sizeof(path), "%s/%s", IMA_DIR, name);
		EXPECT_LE(0, file_get_all(host, path, &content))
			TH_LOG("%s", name);
		free(content);
	}
	/* The namespace that was meant is the one that has changed. */
	EXPECT_LT(0, ima_count(&self->child));
	ASSERT_LT(0, ima_get(&self->child, "policy", names, sizeof(names)));
	EXPECT_STREQ("measure func=BPRM_CHECK mask=MAY_EXEC \n", names);
	ASSERT_LT(0, ima_get(&self->child, "hash", names, sizeof(names)));
	EXPECT_STREQ("sha512\n", names);
	ASSERT_LT(0, ima_get(&self->child, "template_name", names,
			     sizeof(names)));
	EXPECT_STREQ("ima-sig\n", names);
}

/* Of what is denied before activation host root is not exempt. */
TEST_F(opener, host_root_in_the_mount_namespace_waits_for_activation)
{
	struct agent *host = &self->other;

	ASSERT_EQ(0, agent_start(host, NULL));
	ASSERT_EQ(0, ns_join_mount(host, self->child.pid));
	EXPECT_EQ(-EACCES, ima_open(host, "policy", O_RDONLY));
	EXPECT_EQ(-EACCES, ima_open(host, "policy", O_WRONLY));
	EXPECT_EQ(-EACCES, ima_open(host, "violations", O_RDONLY));
	EXPECT_EQ(0, ima_number(host, "active"));
}

/* A sibling's root, with all capabilities over itself. */
TEST_F(opener, sibling_cannot_join_the_mount_namespace)
{
	ASSERT_EQ(0, ns_start(&self->other, NULL, OWNER, NULL));
	EXPECT_EQ(-EACCES, ns_join_mount(&self->other, self->child.pid));
}

/* The namespace comes from the mount, not from who opens. */
TEST_F(opener, ancestor_writes_do_not_reach_its_own_namespace)
{
	long before = ima_count(NULL);
	struct agent *host = &self->other;

	ASSERT_EQ(0, agent_start(host, NULL));
	ASSERT_EQ(0, ns_join_mount(host, self->child.pid));
	ASSERT_EQ(0, ima_put(host, "label", "set by the host"));
	ASSERT_LT(0, before);
	EXPECT_EQ(0, ima_activate(host));
	EXPECT_EQ(1, ima_count(&self->child));
	EXPECT_LE(before, ima_count(NULL));
}

/* Strangers: the same scene, each file opened in several ways. */
FIXTURE(stranger)
{
	struct agent child;
	struct agent other;
	int directory;
};

FIXTURE_VARIANT(stranger)
{
	const char *name;
	int flags;
	bool active;
};

#define STRANGER(_does, _name, _flags, _active) \
	FIXTURE_VARIANT_ADD(stranger, _does) { \
		.name = _name, \
		.flags = _flags, \
		.active = _active, \
	}

/* clang-format off */
STRANGER(reads_active, "active", O_RDONLY, false);
STRANGER(writes_active, "active", O_WRONLY, false);
STRANGER(writes_hash, "hash", O_WRONLY, false);
STRANGER(reads_hash, "hash", O_RDONLY, false);
STRANGER(writes_template_name, "template_name", O_WRONLY, false);
STRANGER(writes_label, "label", O_WRONLY, false);
STRANGER(reads_label, "label", O_RDONLY, true);
/* Mode 0444 does not help a stranger either. */
STRANGER(reads_id, "id", O_RDONLY, false);
STRANGER(reads_policy, "policy", O_RDONLY, true);
STRANGER(writes_policy, "policy", O_WRONLY, true);
STRANGER(reads_ascii_list, "ascii_runtime_measurements", O_RDONLY, true);
STRANGER(reads_binary_list, "binary_runtime_measurements", O_RDONLY, true);
STRANGER(reads_bank_list, "binary_runtime_measurements_sha1", O_RDONLY,
	 true);
STRANGER(reads_count, "runtime_measurements_count", O_RDONLY, true);
STRANGER(reads_violations, "violations", O_RDONLY, true);
STRANGER(reads_vpcr, "vpcr", O_RDONLY, true);
/* clang-format on */

FIXTURE_SETUP(stranger)
{
	ASSERT_EQ(0, ns_start(&self->child, NULL, OWNER, NULL));
	ASSERT_EQ(0, ima_mount(&self->child));
	self->directory = ima_directory(&self->child);
	ASSERT_LE(0, self->directory);
	if (variant->active)
		ASSERT_EQ(0, ima_activate(&self->child));
}

FIXTURE_TEARDOWN(stranger)
{
	agent_stop(&self->other);
	agent_stop(&self->child);
}

static int open_below(struct agent *agent, int directory, const char *name,
		      int flags)
{
	char path[128];
	int ret = file_path_below(agent, directory, name, path, sizeof(path));

	return ret ? ret : file_open(agent, path, flags);
}

TEST_F(stranger, sibling_is_refused)
{
	ASSERT_EQ(0, ns_start(&self->other, NULL, OWNER, NULL));
	EXPECT_EQ(-EACCES, open_below(&self->other, self->directory,
				      variant->name, variant->flags));
}

TEST_F(stranger, descendant_is_refused)
{
	/* It has inherited the mount of its parent. */
	ASSERT_EQ(0, ns_start(&self->other, &self->child, 0, NULL));
	EXPECT_EQ(-EACCES,
		  ima_open(&self->other, variant->name, variant->flags));
}

/* The mode lets in whom it names, and nobody else from outside. */
TEST_F(stranger, another_user_outside_is_judged_by_the_mode)
{
	int expected = strcmp(variant->name, "id") ? -EACCES : 0;
	int fd;

	ASSERT_EQ(0, agent_start(&self->other, NULL));
	ASSERT_EQ(0, ns_drop_to(&self->other, OWNER + 1));
	fd = open_below(&self->other, self->directory, variant->name,
			variant->flags);
	EXPECT_EQ(expected, fd < 0 ? fd : 0);
}

/* Not refused: in an ancestor namespace, and it owns the inode. */
TEST_F(stranger, owner_outside_is_judged_by_the_mode)
{
	ASSERT_EQ(0, agent_start(&self->other, NULL));
	ASSERT_EQ(0, ns_drop_to(&self->other, OWNER));
	EXPECT_LE(0, open_below(&self->other, self->directory, variant->name,
				variant->flags));
}

/*
 * A descriptor that is passed on keeps its opener's rights and its own
 * namespace: nothing of the receiver's is touched.
 */
TEST(passed_descriptor_acts_on_the_namespace_it_was_opened_in)
{
	struct agent child = {}, sibling = {};
	int fd, given;
	char text[64];

	ASSERT_EQ(0, ns_start(&child, NULL, OWNER, NULL));
	ASSERT_EQ(0, ns_start(&sibling, NULL, OWNER + 1, NULL));
	ASSERT_EQ(0, ima_mount(&child));
	ASSERT_EQ(0, ima_mount(&sibling));
	fd = file_fetch_fd(&child, ima_open(&child, "active", O_WRONLY));
	ASSERT_LE(0, fd);
	given = file_give_fd(&sibling, fd);
	ASSERT_LE(0, given);
	close(fd);
	EXPECT_EQ(1, file_write(&sibling, given, "1", 1));
	ASSERT_EQ(2, ima_get(&child, "active", text, sizeof(text)));
	EXPECT_STREQ("1\n", text);
	ASSERT_EQ(2, ima_get(&sibling, "active", text, sizeof(text)));
	EXPECT_STREQ("0\n", text);
	agent_stop(&sibling);
	agent_stop(&child);
}

TEST_HARNESS_MAIN
