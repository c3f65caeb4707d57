// SPDX-License-Identifier: GPL-2.0-only
/*
 * The keyring of a namespace: whose it is, what becomes of it, which keys verify
 * (abi.md section 4).
 *
 *   init          signs files by evmctl, with keys made by openssl
 *     |
 *   child (1000)  executes what is signed
 *     |
 *   nested
 */
#include <errno.h>
#include <linux/keyctl.h>
#include <signal.h>
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
#include "ns.h"
#include "scratch.h"
#include "sign.h"

#define OWNER 1000
#define SIGNED_EXEC "appraise func=BPRM_CHECK appraise_type=imasig\n"
#define KEY_RULE "measure func=KEY_CHECK keyrings=_ima\n"
#define LABEL "security.ima"

#define EXPECT_RUNS(_agent) \
	EXPECT_EQ(0, file_run(_agent, self->program))
#define EXPECT_DENIED(_agent) \
	EXPECT_EQ(-EACCES, file_run(_agent, self->program))

/* arg: command and two arguments of keyctl(2) */
static long do_keyctl(struct call *call)
{
	call->out_len = 0;
	return syscall(SYS_keyctl, (int)call->arg[0], call->arg[1],
		       call->arg[2]) < 0 ? -errno : 0;
}

static long keyctl_in(struct agent *agent, int command, long first, long second)
{
	struct call call = { .arg = { command, first, second }, .fd = -1 };

	return agent_call(agent, do_keyctl, &call);
}

/* in: bytes for a key; arg: keyring */
static long do_add_bytes(struct call *call)
{
	long id = syscall(SYS_add_key, "asymmetric", "", call->in, call->in_len,
			  (int)call->arg[0]);

	call->out_len = 0;
	return id < 0 ? -errno : id;
}

static long add_bytes(struct agent *agent, long ring, const void *der,
		      size_t len)
{
	struct call call = {
		.arg = { ring },
		.fd = -1,
		.in = der,
		.in_len = len,
	};

	return agent_call(agent, do_add_bytes, &call);
}

/* Who may pin a keyring */

FIXTURE(pin)
{
	struct agent child;
	struct agent other;
	char directory[256];
	char program[300];
};

FIXTURE_VARIANT(pin)
{
	unsigned long long capabilities;
	bool may;
};

FIXTURE_VARIANT_ADD(pin, mac_admin)
{
	.capabilities = CAP(MAC_ADMIN),
	.may = true,
};

FIXTURE_VARIANT_ADD(pin, sys_admin)
{
	.capabilities = CAP(SYS_ADMIN),
	.may = true,
};

FIXTURE_VARIANT_ADD(pin, all_others)
{
	.capabilities = ~(CAP(MAC_ADMIN) | CAP(SYS_ADMIN)) &
			(CAP(MAC_ADMIN) - 1),
};

FIXTURE_VARIANT_ADD(pin, nothing)
{
	.capabilities = 0,
};

FIXTURE_SETUP(pin)
{
	const char *missing = sign_missing();

	if (missing)
		SKIP(return, "%s is missing", missing);
	ASSERT_EQ(0, sign_key("one", NULL));
	ASSERT_EQ(0, sign_key("two", NULL));
	ASSERT_EQ(0, scratch_directory(self->directory,
				       sizeof(self->directory)));
	snprintf(self->program, sizeof(self->program), "%s/prog",
		 self->directory);
	ASSERT_EQ(0, scratch_program(self->program, "pin"));
	ASSERT_EQ(0, sign_file("one", self->program));
	ASSERT_EQ(0, ima_start_new(&self->child, NULL, OWNER, SIGNED_EXEC));
	ASSERT_EQ(0, agent_start(&self->other, &self->child));
	ASSERT_EQ(0, ns_limit_capabilities(&self->other,
					   variant->capabilities));
}

FIXTURE_TEARDOWN(pin)
{
	agent_stop(&self->other);
	agent_stop(&self->child);
	scratch_remove(self->directory);
}

/* exec() as uid 0 gives the program capabilities: too late to count. */
TEST_F(pin, is_for_who_may_configure_the_namespace)
{
	ASSERT_LE(0, sign_give_key(&self->other, "one"));
	EXPECT_EQ(variant->may ? 0 : -EACCES,
		  file_run(&self->other, self->program));
	/* The next one, who has them all, and another key. */
	ASSERT_LE(0, sign_give_key(&self->child, "two"));
	EXPECT_EQ(variant->may ? 0 : -EACCES,
		  file_run(&self->child, self->program));
	ASSERT_EQ(0, sign_file("two", self->program));
	EXPECT_EQ(variant->may ? -EACCES : 0,
		  file_run(&self->child, self->program));
	EXPECT_EQ(variant->may ? -EACCES : 0,
		  file_run(&self->other, self->program));
}

/*
 * Whose keyring.  A program that makes root of the container of its user has the
 * rights that are asked for, and what its user has put into his session.
 *
 *   init
 *     `- child: root (2000 outside), a user (2001), made by uid 1000
 *
 * What is mapped by the program is appraised: the kernel kills one that may not be.
 */
#define MAKER 1000
#define STRANGER 5000
#define ROOT 2000
#define USER 1		/* inside */
#define KILLED (128 + SIGSEGV)
/* For possessor, owner, group and others. */
#define ALL_RIGHTS 0x3f3f3f3f

enum owner {
	BY_USER, BY_ROOT, BY_ROOT_OF_THE_MACHINE, BY_MAKER, BY_STRANGER,
};

FIXTURE(owner)
{
	struct agent child;
	struct agent user;
	struct agent other;
	char directory[256];
	char program[300];
};

FIXTURE_VARIANT(owner)
{
	enum owner who;
	const char *map;
	bool taken;
};

#define MAP "0 2000 10\n"
/* Root of the machine is somebody inside, but not root there. */
#define MAP_WITH_0 "0 2000 5\n5 0 1\n"

FIXTURE_VARIANT_ADD(owner, user)
{
	.who = BY_USER,
	.map = MAP,
};

FIXTURE_VARIANT_ADD(owner, root_inside)
{
	.who = BY_ROOT,
	.map = MAP,
	.taken = true,
};

FIXTURE_VARIANT_ADD(owner, root_of_the_machine)
{
	.who = BY_ROOT_OF_THE_MACHINE,
	.map = MAP,
	.taken = true,
};

FIXTURE_VARIANT_ADD(owner, root_of_the_machine_who_is_a_user_inside)
{
	.who = BY_ROOT_OF_THE_MACHINE,
	.map = MAP_WITH_0,
};

FIXTURE_VARIANT_ADD(owner, who_made_the_container)
{
	.who = BY_MAKER,
	.map = MAP,
	.taken = true,
};

FIXTURE_VARIANT_ADD(owner, stranger)
{
	.who = BY_STRANGER,
	.map = MAP,
};

FIXTURE_SETUP(owner)
{
	const char *missing = sign_missing();

	if (missing)
		SKIP(return, "%s is missing", missing);
	ASSERT_EQ(0, sign_key("one", NULL));
	ASSERT_EQ(0, sign_key("two", NULL));
	ASSERT_EQ(0, scratch_directory(self->directory,
				       sizeof(self->directory)));
	snprintf(self->program, sizeof(self->program), "%s/prog",
		 self->directory);
	ASSERT_EQ(0, scratch_program(self->program, "owner"));
	ASSERT_EQ(0, chown(self->program, ROOT, ROOT));
	ASSERT_EQ(0, chmod(self->program, 0755));
	ASSERT_EQ(0, sign_file("two", self->program));
	ASSERT_EQ(0, ns_start(&self->child, NULL, MAKER, variant->map));
	ASSERT_EQ(0, ima_start(&self->child, "appraise func=MMAP_CHECK "
			       "appraise_type=imasig\n"));
	ASSERT_EQ(0, agent_start(&self->user, &self->child));
	ASSERT_EQ(0, ns_drop_to(&self->user, USER));
	ASSERT_LE(0, sign_new_session(&self->user));
}

FIXTURE_TEARDOWN(owner)
{
	agent_stop(&self->other);
	agent_stop(&self->user);
	agent_stop(&self->child);
	scratch_remove(self->directory);
}

/* A new keyring with the key "two", which anybody may link. */
static long make_ring(struct agent *who)
{
	long ring = sign_give_key(who, "two"), ret;

	if (ring < 0)
		return ring;
	ret = keyctl_in(who, KEYCTL_SETPERM, ring, ALL_RIGHTS);
	return ret < 0 ? ret : ring;
}

TEST_F(owner, of_a_keyring_that_a_set_user_id_program_finds_decides)
{
	int taken = variant->taken ? 0 : KILLED;
	int later = variant->taken ? KILLED : 0;
	long ring;

	switch (variant->who) {
	case BY_USER:
		ASSERT_EQ(0, agent_start(&self->other, &self->user));
		break;
	case BY_ROOT:
		ASSERT_EQ(0, agent_start(&self->other, &self->child));
		break;
	case BY_ROOT_OF_THE_MACHINE:
		ASSERT_EQ(0, agent_start(&self->other, NULL));
		break;
	case BY_MAKER:
		ASSERT_EQ(0, agent_start(&self->other, NULL));
		ASSERT_EQ(0, ns_drop_to(&self->other, MAKER));
		break;
	case BY_STRANGER:
		ASSERT_EQ(0, agent_start(&self->other, NULL));
		ASSERT_EQ(0, ns_drop_to(&self->other, STRANGER));
		break;
	}
	ring = make_ring(&self->other);
	ASSERT_LE(0, ring);
	ASSERT_EQ(0, keyctl_in(&self->user, KEYCTL_LINK, ring,
			       KEY_SPEC_SESSION_KEYRING));

	/* As himself he has no say, whoever's it is. */
	EXPECT_EQ(KILLED, file_run(&self->user, self->program));
	ASSERT_EQ(0, chmod(self->program, 04755));
	EXPECT_EQ(taken, file_run(&self->user, self->program));

	/* What was not taken does not keep root's from being taken. */
	ASSERT_LE(0, sign_give_key(&self->child, "one"));
	EXPECT_EQ(taken, file_run(&self->child, self->program));
	ASSERT_EQ(0, sign_file("one", self->program));
	EXPECT_EQ(later, file_run(&self->child, self->program));
	EXPECT_EQ(later, file_run(&self->user, self->program));
}

FIXTURE(keyring)
{
	struct agent child;
	struct agent nested;
	struct agent other;
	char directory[256];
	char program[300];
	long ring;
	long key;
};

FIXTURE_SETUP(keyring)
{
	const char *missing = sign_missing();

	if (missing)
		SKIP(return, "%s is missing", missing);
	ASSERT_EQ(0, sign_key("one", NULL));
	ASSERT_EQ(0, sign_key("two", NULL));
	ASSERT_EQ(0, scratch_directory(self->directory,
				       sizeof(self->directory)));
	snprintf(self->program, sizeof(self->program), "%s/prog",
		 self->directory);
	ASSERT_EQ(0, scratch_program(self->program, "keyring"));
	ASSERT_EQ(0, sign_file("one", self->program));
	ASSERT_EQ(0, ima_start_new(&self->child, NULL, OWNER,
				   KEY_RULE SIGNED_EXEC));
	self->ring = sign_give_key(&self->child, NULL);
	ASSERT_LE(0, self->ring);
	self->key = sign_add(&self->child, self->ring, "one");
	ASSERT_LE(0, self->key);
}

FIXTURE_TEARDOWN(keyring)
{
	agent_stop(&self->other);
	agent_stop(&self->nested);
	agent_stop(&self->child);
	scratch_remove(self->directory);
}

/* Its root may do nothing in the child, so the child's is not its to choose. */
TEST_F(keyring, of_root_of_a_nested_namespace_is_not_taken)
{
	ASSERT_EQ(0, ns_start(&self->nested, &self->child, 0, NULL));
	ASSERT_LE(0, sign_give_key(&self->nested, "two"));
	ASSERT_EQ(0, sign_file("two", self->program));
	EXPECT_DENIED(&self->nested);
	/* Nor if it has an IMA of its own. */
	ASSERT_EQ(0, ima_start_new(&self->other, &self->child, 0, NULL));
	ASSERT_LE(0, sign_give_key(&self->other, "two"));
	ASSERT_EQ(0, ima_load_policy(&self->other, SIGNED_EXEC));
	EXPECT_DENIED(&self->other);
	EXPECT_DENIED(&self->child);
	ASSERT_EQ(0, sign_file("one", self->program));
	EXPECT_RUNS(&self->child);
	EXPECT_RUNS(&self->nested);
	/* That one wants both. */
	EXPECT_DENIED(&self->other);
}

TEST_F(keyring, outlives_who_brought_it)
{
	ASSERT_EQ(0, agent_start(&self->other, &self->child));
	ASSERT_LE(0, sign_give_key(&self->other, "two"));
	ASSERT_EQ(0, sign_file("two", self->program));
	EXPECT_RUNS(&self->other);
	agent_stop(&self->other);
	EXPECT_RUNS(&self->child);
	ASSERT_EQ(0, sign_file("two", self->program));
	EXPECT_RUNS(&self->child);
	/* That of the child's first task is too late. */
	ASSERT_EQ(0, sign_file("one", self->program));
	EXPECT_DENIED(&self->child);
}

TEST_F(keyring, without_a_key_is_a_keyring)
{
	ASSERT_EQ(0, sign_unlink(&self->child, self->key, self->ring));
	EXPECT_DENIED(&self->child);
	ASSERT_LE(0, sign_give_key(&self->child, "one"));
	EXPECT_DENIED(&self->child);
}

TEST_F(keyring, that_is_emptied_verifies_nothing_new)
{
	EXPECT_RUNS(&self->child);
	ASSERT_EQ(0, keyctl_in(&self->child, KEYCTL_CLEAR, self->ring, 0));
	EXPECT_RUNS(&self->child);
	ASSERT_EQ(0, sign_file("one", self->program));
	EXPECT_DENIED(&self->child);
	ASSERT_LE(0, sign_add(&self->child, self->ring, "one"));
	EXPECT_RUNS(&self->child);
}

TEST_F(keyring, that_is_revoked_is_not_replaced)
{
	EXPECT_RUNS(&self->child);
	ASSERT_EQ(0, keyctl_in(&self->child, KEYCTL_REVOKE, self->ring, 0));
	ASSERT_EQ(0, sign_file("one", self->program));
	EXPECT_DENIED(&self->child);
	ASSERT_LE(0, sign_give_key(&self->child, "one"));
	EXPECT_DENIED(&self->child);
}

TEST_F(keyring, with_a_revoked_key_verifies_nothing_new)
{
	EXPECT_RUNS(&self->child);
	ASSERT_EQ(0, keyctl_in(&self->child, KEYCTL_REVOKE, self->key, 0));
	EXPECT_RUNS(&self->child);
	ASSERT_EQ(0, sign_file("one", self->program));
	EXPECT_DENIED(&self->child);
}

TEST_F(keyring, with_an_expired_key_verifies_nothing_new)
{
	EXPECT_RUNS(&self->child);
	ASSERT_EQ(0, keyctl_in(&self->child, KEYCTL_SET_TIMEOUT, self->key, 1));
	ASSERT_EQ(0, sign_file("one", self->program));
	sleep(2);
	EXPECT_DENIED(&self->child);
}

TEST_F(keyring, of_init_is_not_asked)
{
	ASSERT_EQ(0, sign_unlink(&self->child, self->key, self->ring));
	ASSERT_LE(0, sign_give_key(NULL, "one"));
	EXPECT_DENIED(&self->child);
	EXPECT_RUNS(NULL);
}

/* keyrings=_ima: the keys that verify are events. */
TEST_F(keyring, says_which_keys_come)
{
	struct entry *entry;
	struct list list;
	char der[8192];
	long len = sign_certificate("one", der, sizeof(der));

	ASSERT_LT(0, len);
	ASSERT_EQ(0, list_read(&self->child, &list));
	entry = list_find(&list, 0, "_ima");
	ASSERT_NE(NULL, entry);
	EXPECT_EQ(len, (long)entry->buf_len);
	EXPECT_EQ(0, memcmp(entry->buf, der, len));
	list_free(&list);
	EXPECT_EQ(1, list_measured(&self->child, "_ima"));
	ASSERT_LE(0, sign_add(&self->child, self->ring, "two"));
	EXPECT_EQ(2, list_measured(&self->child, "_ima"));
}

/* in: name of the key, NUL, path.  By the agent's own evmctl. */
static long do_sign(struct call *call)
{
	const char *name = call->in;

	call->out_len = 0;
	return sign_file(name, name + strlen(name) + 1);
}

static long sign_inside(struct agent *agent, const char *name, const char *path)
{
	char both[512];
	struct call call = { .fd = -1, .in = both };

	call.in_len = snprintf(both, sizeof(both), "%s%c%s", name, 0, path) + 1;
	return agent_call(agent, do_sign, &call);
}

/* A file system that nobody else has seen, and labels made there. */
TEST_F(keyring, verifies_on_a_mount_of_its_own)
{
	static const char path[] = "/tmp/prog";
	char command[400];

	ASSERT_EQ(0, sign_open_keys());
	ASSERT_EQ(0, ima_start_new(&self->other, NULL, OWNER, NULL));
	ASSERT_LE(0, sign_give_key(&self->other, "one"));
	ASSERT_EQ(0, file_mount(&self->other, "tmpfs", "/tmp"));
	snprintf(command, sizeof(command), "/bin/cp %s %s", self->program,
		 path);
	ASSERT_EQ(0, file_run(&self->other, command));
	ASSERT_EQ(0, ima_load_policy(&self->other, EXEC_RULE "appraise "
				     "func=BPRM_CHECK fsname=tmpfs "
				     "appraise_type=imasig\n"));
	EXPECT_EQ(-EACCES, file_run(&self->other, path));
	ASSERT_EQ(0, sign_inside(&self->other, "two", path));
	EXPECT_EQ(-EACCES, file_run(&self->other, path));
	ASSERT_EQ(0, sign_inside(&self->other, "one", path));
	EXPECT_EQ(0, file_run(&self->other, path));
	EXPECT_EQ(1, list_measured(&self->other, path));
}

/* What is no key, or of a kind that the kernel does not have */

FIXTURE(kind)
{
	struct agent child;
	char directory[256];
	char program[300];
	long ring;
};

FIXTURE_VARIANT(kind)
{
	const char *name;
	const char *words;
	long error;		/* of who adds the key */
};

FIXTURE_VARIANT_ADD(kind, rsa)
{
	.name = "rsa",
	.words = "-newkey rsa:2048",
};

FIXTURE_VARIANT_ADD(kind, p384)
{
	.name = "p384",
	.words = "-newkey ec -pkeyopt ec_paramgen_curve:P-384",
};

FIXTURE_VARIANT_ADD(kind, ed25519)
{
	.name = "ed25519",
	.words = "-newkey ed25519",
	.error = ENOPKG,
};

FIXTURE_VARIANT_ADD(kind, secp256k1)
{
	.name = "secp256k1",
	.words = "-newkey ec -pkeyopt ec_paramgen_curve:secp256k1",
	.error = ENOPKG,
};

FIXTURE_SETUP(kind)
{
	const char *missing = sign_missing();

	if (missing)
		SKIP(return, "%s is missing", missing);
	ASSERT_EQ(0, sign_key("one", NULL));
	ASSERT_EQ(0, sign_key_of(variant->name, NULL, variant->words));
	ASSERT_EQ(0, scratch_directory(self->directory,
				       sizeof(self->directory)));
	snprintf(self->program, sizeof(self->program), "%s/prog",
		 self->directory);
	ASSERT_EQ(0, scratch_program(self->program, "kind"));
	ASSERT_EQ(0, ima_start_new(&self->child, NULL, OWNER, SIGNED_EXEC));
	self->ring = sign_give_key(&self->child, NULL);
	ASSERT_LE(0, self->ring);
}

FIXTURE_TEARDOWN(kind)
{
	agent_stop(&self->child);
	scratch_remove(self->directory);
}

TEST_F(kind, of_key_verifies_or_is_refused)
{
	long id = sign_add(&self->child, self->ring, variant->name);

	if (variant->error) {
		EXPECT_EQ(-variant->error, id);
	} else {
		ASSERT_LE(0, id);
		ASSERT_EQ(0, sign_file(variant->name, self->program));
		EXPECT_RUNS(&self->child);
		ASSERT_EQ(0, scratch_append(self->program, "#"));
		EXPECT_DENIED(&self->child);
	}
	/* What is there besides works as ever. */
	ASSERT_LE(0, sign_add(&self->child, self->ring, "one"));
	ASSERT_EQ(0, sign_file("one", self->program));
	EXPECT_RUNS(&self->child);
}

TEST_F(keyring, takes_no_key_that_is_none)
{
	static char junk[4096];
	char der[8192];
	long len = sign_certificate("two", der, sizeof(der)), i;

	ASSERT_LT(0, len);
	EXPECT_EQ(-EINVAL, add_bytes(&self->child, self->ring, der, 0));
	EXPECT_EQ(-EBADMSG, add_bytes(&self->child, self->ring, junk,
				      sizeof(junk)));
	for (i = 1; i < len; i += 7) {
		EXPECT_EQ(-EBADMSG, add_bytes(&self->child, self->ring, der,
					      i)) {
			TH_LOG("%ld of %ld bytes", i, len);
		}
	}
	ASSERT_EQ(0, sign_file("two", self->program));
	EXPECT_DENIED(&self->child);
	ASSERT_LE(0, add_bytes(&self->child, self->ring, der, len));
	EXPECT_RUNS(&self->child);
}

/* Signatures that are not what they say */

/* A signature: type, version, hash algorithm, id of the key, size, bytes. */
#define ID_AT 3
#define ALGO_AT 2
#define SIZE_AT 7
#define SIGNATURE_AT 9
#define ALGO_SHA512 6
/* To go through one: each byte of the header, some of what follows. */
#define STEP(_at) ((_at) <= SIGNATURE_AT + 3 ? 1 : 5)

#define TAKE_SIGNATURE(_name, _value, _len) do {			\
	ASSERT_EQ(0, sign_file(_name, self->program));			\
	_len = getxattr(self->program, LABEL, _value, sizeof(_value));	\
	ASSERT_LT(SIGNATURE_AT, _len);					\
	ASSERT_EQ(_len - SIGNATURE_AT,					\
		  _value[SIZE_AT] << 8 | _value[SIZE_AT + 1]);		\
} while (0)

#define PUT_SIGNATURE(_value, _len) \
	ASSERT_EQ(0, setxattr(self->program, LABEL, _value, _len, 0))

TEST_F(keyring, finds_keys_by_their_ids)
{
	unsigned char by_one[512], by_two[512], value[512];
	ssize_t one, two;

	TAKE_SIGNATURE("two", by_two, two);
	TAKE_SIGNATURE("one", by_one, one);
	EXPECT_RUNS(&self->child);
	/* One it does not have. */
	memcpy(value, by_one, one);
	value[ID_AT] ^= 1;
	PUT_SIGNATURE(value, one);
	EXPECT_DENIED(&self->child);
	/* A signature by a key it does not have, as one by a key it has. */
	memcpy(value, by_two, two);
	memcpy(value + ID_AT, by_one + ID_AT, 4);
	PUT_SIGNATURE(value, two);
	EXPECT_DENIED(&self->child);
	/* And the reverse. */
	ASSERT_LE(0, sign_add(&self->child, self->ring, "two"));
	memcpy(value, by_one, one);
	memcpy(value + ID_AT, by_two + ID_AT, 4);
	PUT_SIGNATURE(value, one);
	EXPECT_DENIED(&self->child);
	PUT_SIGNATURE(by_two, two);
	EXPECT_RUNS(&self->child);
	PUT_SIGNATURE(by_one, one);
	EXPECT_RUNS(&self->child);
}

TEST_F(keyring, verifies_with_the_algorithm_that_was_signed)
{
	unsigned char value[512];
	ssize_t len;

	TAKE_SIGNATURE("one", value, len);
	value[ALGO_AT] = ALGO_SHA512;
	PUT_SIGNATURE(value, len);
	EXPECT_DENIED(&self->child);
}

TEST_F_TIMEOUT(keyring, verifies_no_signature_that_is_cut, 600)
{
	unsigned char value[512], cut[512];
	ssize_t len, i;

	TAKE_SIGNATURE("one", value, len);
	memcpy(cut, value, len);
	for (i = 1; i < len; i += STEP(i)) {
		PUT_SIGNATURE(value, i);
		EXPECT_DENIED(&self->child) {
			TH_LOG("%zd of %zd bytes", i, len);
		}
		if (i < SIGNATURE_AT)
			continue;
		/* So that the size is right. */
		cut[SIZE_AT + 1] = i - SIGNATURE_AT;
		PUT_SIGNATURE(cut, i);
		EXPECT_DENIED(&self->child) {
			TH_LOG("%zd of %zd bytes, size set", i, len);
		}
	}
	PUT_SIGNATURE(value, len);
	EXPECT_RUNS(&self->child);
}

TEST_F_TIMEOUT(keyring, verifies_no_signature_with_a_wrong_bit, 600)
{
	unsigned char value[512];
	unsigned int seed = 1;
	ssize_t len, i;

	TAKE_SIGNATURE("one", value, len);
	for (i = 0; i < len; i += STEP(i)) {
		unsigned char bit = 1 << rand_r(&seed) % 8;

		value[i] ^= bit;
		/* Some types are none, which setxattr() says. */
		if (!setxattr(self->program, LABEL, value, len, 0)) {
			EXPECT_DENIED(&self->child) {
				TH_LOG("byte %zd, bit 0x%x", i, bit);
			}
		} else {
			EXPECT_EQ(0, i);
			EXPECT_EQ(EINVAL, errno);
		}
		value[i] ^= bit;
	}
	PUT_SIGNATURE(value, len);
	EXPECT_RUNS(&self->child);
}

TEST_HARNESS_MAIN
