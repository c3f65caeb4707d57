// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who may what, beyond those inside (config_test): hosts' processes with some
 * capabilities, owners, children that try what is the host's (abi.md
 * section 4).
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "file.h"
#include "ima.h"
#include "ns.h"
#include "scratch.h"
#include "vtpm.h"

#define OWNER 1000

/*
 * Root of init without some of its capabilities, at the files of a child:
 *
 *   init ---- child (1000), configuring
 *     `------ outsider (uid 0, some capabilities)
 *
 * The files are uid 1000's there, so CAP_DAC_OVERRIDE opens them.
 */
FIXTURE(outsider)
{
	struct agent child;
	struct agent outsider;
	int directory;
};

FIXTURE_VARIANT(outsider)
{
	unsigned long long capabilities;
	int open_error;
	int error;
};

FIXTURE_VARIANT_ADD(outsider, nothing)
{
	.capabilities = 0,
	.open_error = EACCES,
};

/* All that IMA asks for, and the mode says no. */
FIXTURE_VARIANT_ADD(outsider, mac_admin_alone)
{
	.capabilities = CAP(MAC_ADMIN),
	.open_error = EACCES,
};

FIXTURE_VARIANT_ADD(outsider, dac_override_alone)
{
	.capabilities = CAP(DAC_OVERRIDE),
	.error = EPERM,
};

FIXTURE_VARIANT_ADD(outsider, mac_admin)
{
	.capabilities = CAP(DAC_OVERRIDE) | CAP(MAC_ADMIN),
};

FIXTURE_VARIANT_ADD(outsider, sys_admin)
{
	.capabilities = CAP(DAC_OVERRIDE) | CAP(SYS_ADMIN),
};

FIXTURE_SETUP(outsider)
{
	ASSERT_EQ(0, ns_start(&self->child, NULL, OWNER, NULL));
	ASSERT_EQ(0, ima_mount(&self->child));
	self->directory = ima_directory(&self->child);
	ASSERT_LE(0, self->directory);
	ASSERT_EQ(0, agent_start(&self->outsider, NULL));
	ASSERT_EQ(0, ns_limit_capabilities(&self->outsider,
					   variant->capabilities));
}

FIXTURE_TEARDOWN(outsider)
{
	agent_stop(&self->outsider);
	agent_stop(&self->child);
	close(self->directory);
}

#define OUTSIDER_PUTS(_name, _text) ({ \
	char _path[128]; \
	int _ret = file_path_below(&self->outsider, self->directory, _name, \
				   _path, sizeof(_path)); \
	_ret ? _ret : file_put_text(&self->outsider, _path, _text); \
})

#define REFUSAL(variant) \
	((variant)->open_error ? -(variant)->open_error : -(variant)->error)

TEST_F(outsider, writes_hash)
{
	EXPECT_EQ(REFUSAL(variant), OUTSIDER_PUTS("hash", "sha512"));
}

TEST_F(outsider, writes_template_name)
{
	EXPECT_EQ(REFUSAL(variant), OUTSIDER_PUTS("template_name", "ima-sig"));
}

TEST_F(outsider, writes_label)
{
	EXPECT_EQ(REFUSAL(variant), OUTSIDER_PUTS("label", "x"));
}

TEST_F(outsider, activates)
{
	EXPECT_EQ(REFUSAL(variant), OUTSIDER_PUTS("active", "1"));
	EXPECT_EQ(!REFUSAL(variant), ima_number(&self->child, "active"));
}

TEST_F(outsider, writes_policy)
{
	ASSERT_EQ(0, ima_activate(&self->child));
	EXPECT_EQ(REFUSAL(variant), OUTSIDER_PUTS("policy", EXEC_RULE));
}

TEST_F(outsider, reads_policy)
{
	char path[128], text[4096];
	long len;

	ASSERT_EQ(0, ima_activate(&self->child));
	ASSERT_EQ(0, file_path_below(&self->outsider, self->directory,
				     "policy", path, sizeof(path)));
	len = file_get(&self->outsider, path, text, sizeof(text));
	EXPECT_EQ(REFUSAL(variant), len < 0 ? len : 0);
}

/*
 * Who made the user namespace has all capabilities over it, without any of
 * its own (capabilities(7)).
 */
TEST(owner_outside_may_configure_activate_and_load)
{
	struct agent child = {}, owner = {};
	char path[256], base[128];
	int directory;

	ASSERT_EQ(0, ns_start(&child, NULL, OWNER, NULL));
	ASSERT_EQ(0, ima_mount(&child));
	directory = ima_directory(&child);
	ASSERT_LE(0, directory);
	ASSERT_EQ(0, agent_start(&owner, NULL));
	ASSERT_EQ(0, ns_drop_to(&owner, OWNER));
	ASSERT_EQ(0, file_path_below(&owner, directory, "", base,
				     sizeof(base)));
	snprintf(path, sizeof(path), "%shash", base);
	EXPECT_EQ(0, file_put_text(&owner, path, "sha384"));
	snprintf(path, sizeof(path), "%sactive", base);
	EXPECT_EQ(0, file_put_text(&owner, path, "1"));
	snprintf(path, sizeof(path), "%spolicy", base);
	EXPECT_EQ(0, file_put_text(&owner, path, EXEC_RULE));
	EXPECT_EQ(1, ima_number(&child, "active"));
	agent_stop(&owner);
	agent_stop(&child);
	close(directory);
}

/*
 * Inside, under another uid: neither the mode nor a capability lets it in.
 */
TEST(user_inside_without_capabilities_is_refused_by_the_mode)
{
	static const char *const names[] = {
		"active", "hash", "template_name", "label", "policy",
		"ascii_runtime_measurements", "binary_runtime_measurements",
		"runtime_measurements_count", "violations", "vpcr",
	};
	struct agent child = {}, user = {};
	char path[128];
	size_t i;

	ASSERT_EQ(0, ns_start(&child, NULL, 0, "0 100000 65536\n"));
	ASSERT_EQ(0, ima_start(&child, NULL));
	ASSERT_EQ(0, agent_start(&user, &child));
	ASSERT_EQ(0, ns_drop_to(&user, 7));
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), IMA_DIR "/%s", names[i]);
		EXPECT_EQ(-EACCES, file_open(&user, path, O_RDONLY))
			TH_LOG("%s", names[i]);
		EXPECT_EQ(-EACCES, file_open(&user, path, O_WRONLY))
			TH_LOG("%s", names[i]);
	}
	EXPECT_LE(0, file_open(&user, IMA_DIR "/id", O_RDONLY));
	agent_stop(&user);
	agent_stop(&child);
}

/* Unshares only the user namespace: the mounts remain init's. */
static long do_unshare_user(struct call *call)
{
	call->out_len = 0;
	return unshare(CLONE_NEWUSER) ? -errno : 0;
}

TEST(mount_needs_a_mount_namespace_of_the_own)
{
	struct call call = { .fd = -1 };
	struct agent child = {};

	ASSERT_EQ(0, agent_start(&child, NULL));
	ASSERT_EQ(0, ns_drop_to(&child, OWNER));
	ASSERT_EQ(0, agent_call(&child, do_unshare_user, &call));
	ASSERT_EQ(0, ns_map(&child, "0 1000 1\n"));
	ASSERT_EQ(0, ns_become_root(&child));
	EXPECT_EQ(-EPERM, ima_mount(&child));
	agent_stop(&child);
}

/* The mount namespace may be an ancestor's child: only its owner counts. */
TEST(mount_in_a_second_mount_namespace_shows_the_same)
{
	struct agent child = {}, inner = {};

	ASSERT_EQ(0, ns_start(&child, NULL, OWNER, NULL));
	ASSERT_EQ(0, ima_mount(&child));
	ASSERT_EQ(0, agent_start(&inner, &child));
	ASSERT_EQ(0, ns_unshare_mount(&inner));
	ASSERT_EQ(0, file_umount(&inner, SECURITYFS));
	ASSERT_EQ(-ENOENT, ima_open(&inner, "id", O_RDONLY));
	ASSERT_EQ(0, ima_mount(&inner));
	EXPECT_EQ(ima_number(&child, "id"), ima_number(&inner, "id"));
	agent_stop(&inner);
	agent_stop(&child);
}

/* Audit rules: kuid 0 with CAP_AUDIT_WRITE there, or the capability in init. */
TEST(audit_rule_of_an_unprivileged_user_is_refused)
{
	struct agent child = {};

	ASSERT_EQ(0, ima_start_new(&child, NULL, OWNER, NULL));
	EXPECT_EQ(-EPERM, ima_load_policy(&child, "audit func=BPRM_CHECK\n"));
	agent_stop(&child);
}

TEST(audit_rule_of_kuid_0_without_the_capability_is_refused)
{
	struct agent child = {};

	ASSERT_EQ(0, ima_start_new(&child, NULL, 0, NULL));
	ASSERT_EQ(0, ns_limit_capabilities(&child,
					   CAP(MAC_ADMIN) | CAP(SYS_ADMIN)));
	EXPECT_EQ(-EPERM, ima_load_policy(&child, "audit func=BPRM_CHECK\n"));
	agent_stop(&child);
}

/*
 * security.ima and security.evm: never without an active namespace, and never
 * on what is not mapped, whatever else is needed.
 */
static long do_setxattr(struct call *call)
{
	const char *path = call->in;
	const char *name = path + strlen(path) + 1;

	call->out_len = 0;
	if (call->arg[0])
		return removexattr(path, name) ? -errno : 0;
	return setxattr(path, name, "\x04\x04label", 7, 0) ? -errno : 0;
}

FIXTURE(label)
{
	struct agent child;
	char directory[256];
	char path[300];
};

FIXTURE_VARIANT(label)
{
	const char *name;
	bool active;
	bool mapped;	/* the file's owner */
};

#define LABEL(_name, _xattr, _active, _mapped) \
	FIXTURE_VARIANT_ADD(label, _name) { \
		.name = _xattr, \
		.active = _active, \
		.mapped = _mapped, \
	}

/* clang-format off */
LABEL(ima_while_configuring, "security.ima", false, true);
LABEL(evm_while_configuring, "security.evm", false, true);
LABEL(ima_of_an_unmapped_owner, "security.ima", true, false);
LABEL(evm_of_an_unmapped_owner, "security.evm", true, false);
/* EVM flag 4 is needed, and nobody has set it. */
LABEL(evm_without_the_flag, "security.evm", true, true);
/* clang-format on */

FIXTURE_SETUP(label)
{
	ASSERT_EQ(0, scratch_directory(self->directory,
				       sizeof(self->directory)));
	snprintf(self->path, sizeof(self->path), "%s/file", self->directory);
	ASSERT_EQ(0, scratch_text(self->path, "text\n"));
	if (variant->mapped)
		ASSERT_EQ(0, chown(self->path, OWNER, OWNER));
	ASSERT_EQ(0, ns_start(&self->child, NULL, OWNER, NULL));
	ASSERT_EQ(0, ima_mount(&self->child));
	if (variant->active)
		ASSERT_EQ(0, ima_activate(&self->child));
}

FIXTURE_TEARDOWN(label)
{
	agent_stop(&self->child);
	scratch_remove(self->directory);
}

static long change_xattr(struct agent *agent, const char *path,
			 const char *name, bool remove)
{
	char both[512];
	struct call call = { .arg = { remove }, .fd = -1, .in = both };

	strcpy(both, path);
	strcpy(both + strlen(path) + 1, name);
	call.in_len = strlen(path) + strlen(name) + 2;
	return agent_call(agent, do_setxattr, &call);
}

TEST_F(label, cannot_be_set)
{
	char value[64];

	EXPECT_EQ(-EPERM, change_xattr(&self->child, self->path,
				       variant->name, false));
	EXPECT_EQ(-1, getxattr(self->path, variant->name, value,
			       sizeof(value)));
	EXPECT_EQ(ENODATA, errno);
}

TEST_F(label, cannot_be_removed)
{
	char value[64];

	/* A signature as far as stock looks at it; EVM refuses no such. */
	if (!strcmp(variant->name, "security.evm")) {
		ASSERT_EQ(0, setxattr(self->path, variant->name,
				      "\x05signature", 10, 0));
	} else {
		ASSERT_EQ(0, setxattr(self->path, variant->name,
				      "\x01xxxxxxxxxxxxxxxxxxxx", 21, 0));
	}
	EXPECT_EQ(-EPERM, change_xattr(&self->child, self->path,
				       variant->name, true));
	EXPECT_LT(0, getxattr(self->path, variant->name, value,
			      sizeof(value)));
}

/* Making a TPM is init's business, whatever the node's mode is. */
TEST(vtpm_cannot_be_made_in_a_child)
{
	struct vtpm_proxy_new_dev new_dev = { .flags = VTPM_PROXY_FLAG_TPM2 };
	struct agent child = {}, root = {};
	int fd;

	if (access("/dev/vtpmx", F_OK))
		SKIP(return, "/dev/vtpmx (CONFIG_TCG_VTPM_PROXY)");
	ASSERT_EQ(0, chmod("/dev/vtpmx", 0666));
	ASSERT_EQ(0, ns_start(&child, NULL, OWNER, NULL));
	fd = file_open(&child, "/dev/vtpmx", O_RDWR);
	ASSERT_LE(0, fd);
	/* The agent is a fork: the address is good there. */
	EXPECT_EQ(-EPERM, file_ioctl(&child, fd, VTPM_PROXY_IOC_NEW_DEV,
				     (long)&new_dev));
	/* Nor by init's root without the capability. */
	ASSERT_EQ(0, agent_start(&root, NULL));
	ASSERT_EQ(0, ns_limit_capabilities(&root, CAP(MAC_ADMIN) |
						  CAP(DAC_OVERRIDE)));
	fd = file_open(&root, "/dev/vtpmx", O_RDWR);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-EPERM, file_ioctl(&root, fd, VTPM_PROXY_IOC_NEW_DEV,
				     (long)&new_dev));
	agent_stop(&root);
	agent_stop(&child);
}

TEST_HARNESS_MAIN
