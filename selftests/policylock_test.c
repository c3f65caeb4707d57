// SPDX-License-Identifier: GPL-2.0-only
/*
 * ima/policy_lock: only who is above loads policies (abi.md sections 2 to 4).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "file.h"
#include "ima.h"
#include "kmsg.h"
#include "list.h"
#include "ns.h"
#include "scratch.h"

#define OWNER 1000
#define RULE "measure func=MMAP_CHECK\n"
#define RULE_SHOWN "measure func=MMAP_CHECK \n"

/* A file of the child by way of its directory, which @agent is given. */
static int open_below(struct agent *agent, int directory, const char *name,
		      int flags)
{
	char path[128];
	int ret = file_path_below(agent, directory, name, path, sizeof(path));

	return ret ? ret : file_open(agent, path, flags);
}

static long put_below(struct agent *agent, int directory, const char *name,
		      const char *text)
{
	int fd = open_below(agent, directory, name, O_WRONLY);
	long n;

	if (fd < 0)
		return fd;
	n = file_write(agent, fd, text, strlen(text));
	file_close(agent, fd);
	return n == (long)strlen(text) ? 0 : n;
}

/*
 * Locked before or after activation: it makes no difference.
 *
 *   init (the test) ---- child
 */
FIXTURE(lock)
{
	struct agent child;
	int directory;
	char text[65536];
	char before[65536];
};

FIXTURE_VARIANT(lock)
{
	bool late;	/* locked after activation */
};

/* clang-format off */
FIXTURE_VARIANT_ADD(lock, before_activation) { .late = false };
FIXTURE_VARIANT_ADD(lock, after_activation) { .late = true };
/* clang-format on */

#define READ_POLICY(_text) \
	ASSERT_LE(0, ima_get(&self->child, "policy", _text, sizeof(_text)))

FIXTURE_SETUP(lock)
{
	ASSERT_EQ(0, ns_start(&self->child, NULL, OWNER, NULL));
	ASSERT_EQ(0, ima_mount(&self->child));
	self->directory = ima_directory(&self->child);
	ASSERT_LE(0, self->directory);
	if (variant->late)
		ASSERT_EQ(0, ima_activate(&self->child));
	ASSERT_EQ(0, put_below(NULL, self->directory, "policy_lock", "1"));
	if (!variant->late)
		ASSERT_EQ(0, ima_activate(&self->child));
	READ_POLICY(self->before);
}

FIXTURE_TEARDOWN(lock)
{
	close(self->directory);
	agent_stop(&self->child);
}

TEST_F(lock, reads_one)
{
	EXPECT_EQ(1, ima_number(&self->child, "policy_lock"));
}

TEST_F(lock, keeps_the_child_from_opening)
{
	EXPECT_EQ(-EPERM, ima_open(&self->child, "policy", O_WRONLY));
	EXPECT_EQ(-EPERM, ima_load_policy(&self->child, RULE));
	READ_POLICY(self->text);
	EXPECT_STREQ(self->before, self->text);
}

/* Who is refused does not keep others out either. */
TEST_F(lock, lets_an_ancestor_replace_the_default_and_append)
{
	EXPECT_EQ(-EPERM, ima_open(&self->child, "policy", O_WRONLY));
	EXPECT_EQ(0, put_below(NULL, self->directory, "policy", RULE));
	READ_POLICY(self->text);
	EXPECT_STREQ(RULE_SHOWN, self->text);
	EXPECT_EQ(0, put_below(NULL, self->directory, "policy", EXEC_RULE));
	READ_POLICY(self->text);
	EXPECT_STREQ(RULE_SHOWN "measure func=BPRM_CHECK mask=MAY_EXEC \n",
		     self->text);
	EXPECT_EQ(-EPERM, ima_load_policy(&self->child, RULE));
}

/* The opener's rights count, in this as well. */
TEST_F(lock, lets_the_child_write_what_an_ancestor_opened)
{
	int given, fd = open_below(NULL, self->directory, "policy", O_WRONLY);

	ASSERT_LE(0, fd);
	given = file_give_fd(&self->child, fd);
	ASSERT_LE(0, given);
	close(fd);
	EXPECT_EQ((long)strlen(RULE),
		  file_write(&self->child, given, RULE, strlen(RULE)));
	EXPECT_EQ(0, file_close(&self->child, given));
	READ_POLICY(self->text);
	EXPECT_STREQ(RULE_SHOWN, self->text);
}

TEST_F(lock, does_not_keep_anybody_from_reading)
{
	EXPECT_LE(0, ima_open(&self->child, "policy", O_RDONLY));
}

TEST_F(lock, is_never_lifted)
{
	EXPECT_EQ(-EINVAL, put_below(NULL, self->directory, "policy_lock", "0"));
	EXPECT_EQ(-EPERM, ima_put(&self->child, "policy_lock", "0"));
	EXPECT_EQ(-EPERM, ima_put(&self->child, "policy_lock", "1"));
	EXPECT_EQ(1, ima_number(&self->child, "policy_lock"));
	EXPECT_EQ(-EPERM, ima_load_policy(&self->child, RULE));
}

TEST_F(lock, can_be_set_again)
{
	EXPECT_EQ(0, put_below(NULL, self->directory, "policy_lock", "1"));
	EXPECT_EQ(1, ima_number(&self->child, "policy_lock"));
}

TEST_F(lock, is_the_same_in_a_second_mount)
{
	ASSERT_EQ(0, file_mount(&self->child, "securityfs", "/mnt"));
	ASSERT_LT(0, file_get(&self->child, "/mnt/ima/policy_lock", self->text,
			      sizeof(self->text)));
	EXPECT_STREQ("1\n", self->text);
	EXPECT_EQ(-EPERM, file_open(&self->child, "/mnt/ima/policy", O_WRONLY));
}

/* It is about this namespace, not about those it makes. */
TEST_F(lock, does_not_concern_a_nested_namespace)
{
	struct agent nested = {};

	ASSERT_EQ(0, ima_start_new(&nested, &self->child, 0, NULL));
	EXPECT_EQ(0, ima_number(&nested, "policy_lock"));
	EXPECT_EQ(0, ima_load_policy(&nested, RULE));
	agent_stop(&nested);
}

/*
 * A batch that was begun before.
 */
FIXTURE(begun)
{
	struct agent child;
	int directory;
	int fd;
	char text[65536];
	char before[65536];
};

FIXTURE_SETUP(begun)
{
	ASSERT_EQ(0, ns_start(&self->child, NULL, OWNER, NULL));
	ASSERT_EQ(0, ima_mount(&self->child));
	self->directory = ima_directory(&self->child);
	ASSERT_LE(0, self->directory);
	ASSERT_EQ(0, ima_activate(&self->child));
	READ_POLICY(self->before);
	self->fd = ima_open(&self->child, "policy", O_WRONLY);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ((long)strlen(RULE),
		  file_write(&self->child, self->fd, RULE, strlen(RULE)));
	ASSERT_EQ(0, put_below(NULL, self->directory, "policy_lock", "1"));
}

FIXTURE_TEARDOWN(begun)
{
	close(self->directory);
	agent_stop(&self->child);
}

TEST_F(begun, batch_is_dropped_at_close)
{
	int messages = kmsg_open();
	char said[128];

	ASSERT_LE(0, messages);
	EXPECT_EQ(0, file_close(&self->child, self->fd));
	READ_POLICY(self->text);
	EXPECT_STREQ(self->before, self->text);
	snprintf(said, sizeof(said),
		 "namespace %ld: a batch of rules is dropped: the policy is locked",
		 ima_number(&self->child, "id"));
	EXPECT_EQ(1, kmsg_count(messages, said));
	close(messages);
}

TEST_F(begun, batch_takes_no_rule_any_more)
{
	EXPECT_EQ(-EPERM, file_write(&self->child, self->fd, RULE,
				     strlen(RULE)));
	EXPECT_EQ(0, file_close(&self->child, self->fd));
	READ_POLICY(self->text);
	EXPECT_STREQ(self->before, self->text);
}

TEST_F(begun, batch_that_was_dropped_leaves_the_file_free)
{
	EXPECT_EQ(0, file_close(&self->child, self->fd));
	EXPECT_EQ(0, put_below(NULL, self->directory, "policy", EXEC_RULE));
	READ_POLICY(self->text);
	EXPECT_STREQ("measure func=BPRM_CHECK mask=MAY_EXEC \n", self->text);
}

/* What the child had loaded before stays: nothing is taken back. */
TEST_F(begun, batch_does_not_concern_an_earlier_one)
{
	struct agent other = {};
	int directory;

	ASSERT_EQ(0, ima_start_new(&other, NULL, OWNER, EXEC_RULE));
	directory = ima_directory(&other);
	ASSERT_LE(0, directory);
	ASSERT_EQ(0, put_below(NULL, directory, "policy_lock", "1"));
	ASSERT_EQ(0, put_below(NULL, directory, "policy", RULE));
	ASSERT_LE(0, ima_get(&other, "policy", self->text, sizeof(self->text)));
	EXPECT_STREQ("measure func=BPRM_CHECK mask=MAY_EXEC \n" RULE_SHOWN,
		     self->text);
	close(directory);
	agent_stop(&other);
}

/* Loads batches until one fails; @arg[0] at most. */
static long do_load_batches(struct call *call)
{
	long i;

	call->out_len = 0;
	for (i = 0; i < call->arg[0]; i++)
		if (ima_load_policy(NULL, "dont_measure fowner=0\n"))
			break;
	return i;
}

/*
 * Once the write to policy_lock has returned, no batch takes effect any more,
 * in however close a race.
 */
TEST(nothing_is_loaded_after_the_lock_is_set)
{
	struct call call = { .fd = -1, .arg = { 900 } };
	char before[65536], after[65536];
	struct agent child = {};
	int round, directory;
	char path[64];

	for (round = 0; round < 5; round++) {
		ASSERT_EQ(0, ima_start_new(&child, NULL, OWNER, EXEC_RULE));
		directory = ima_directory(&child);
		ASSERT_LE(0, directory);
		ASSERT_EQ(0, agent_send(&child, do_load_batches, &call));
		usleep(20000 * round);
		ASSERT_EQ(0, put_below(NULL, directory, "policy_lock", "1"));
		ASSERT_EQ(0, file_path_below(NULL, directory, "policy", path,
					     sizeof(path)));
		ASSERT_LT(0, file_get(NULL, path, before, sizeof(before)));
		EXPECT_GT(900, agent_receive(&child, &call));
		ASSERT_LT(0, file_get(NULL, path, after, sizeof(after)));
		EXPECT_STREQ(before, after);
		close(directory);
		agent_stop(&child);
	}
}

/*
 * Who may set it.
 *
 *   init ---- outer ---- child
 */
FIXTURE(setter)
{
	struct agent outer;
	struct agent child;
	struct agent setter;
	int directory;
};

enum who { HOST_ROOT, HOST_ROOT_POWERLESS, HOST_ROOT_JOINED, HOST_OWNER,
	   HOST_STRANGER, PARENT_ROOT, CHILD_ROOT };

FIXTURE_VARIANT(setter)
{
	enum who who;
	int error;
};

#define SETTER(_name, _who, _error) \
	FIXTURE_VARIANT_ADD(setter, _name) { .who = _who, .error = _error }

/* clang-format off */
SETTER(root_of_init, HOST_ROOT, 0);
SETTER(root_of_init_without_capabilities, HOST_ROOT_POWERLESS, EPERM);
SETTER(root_of_init_who_joined_the_namespace, HOST_ROOT_JOINED, EPERM);
SETTER(user_who_owns_the_outer_namespace, HOST_OWNER, 0);
SETTER(another_user, HOST_STRANGER, EACCES);
SETTER(root_of_the_parent, PARENT_ROOT, 0);
SETTER(root_of_the_child_itself, CHILD_ROOT, EPERM);
/* clang-format on */

FIXTURE_SETUP(setter)
{
	ASSERT_EQ(0, ns_start(&self->outer, NULL, OWNER, NULL));
	ASSERT_EQ(0, ns_start(&self->child, &self->outer, 0, NULL));
	ASSERT_EQ(0, ima_mount(&self->child));
	self->directory = ima_directory(&self->child);
	ASSERT_LE(0, self->directory);
	switch (variant->who) {
	case PARENT_ROOT:
		ASSERT_EQ(0, agent_start(&self->setter, &self->outer));
		break;
	case CHILD_ROOT:
		ASSERT_EQ(0, agent_start(&self->setter, &self->child));
		break;
	default:
		ASSERT_EQ(0, agent_start(&self->setter, NULL));
	}
	if (variant->who == HOST_ROOT_POWERLESS)
		ASSERT_EQ(0, ns_limit_capabilities(&self->setter,
						   CAP(DAC_OVERRIDE)));
	if (variant->who == HOST_ROOT_JOINED)
		ASSERT_EQ(0, ns_join_user(&self->setter, self->child.pid));
	if (variant->who == HOST_OWNER)
		ASSERT_EQ(0, ns_drop_to(&self->setter, OWNER));
	if (variant->who == HOST_STRANGER)
		ASSERT_EQ(0, ns_drop_to(&self->setter, OWNER + 1));
}

FIXTURE_TEARDOWN(setter)
{
	close(self->directory);
	agent_stop(&self->setter);
	agent_stop(&self->child);
	agent_stop(&self->outer);
}

/* Who has joined the mount namespace finds it there. */
static int open_lock(struct agent *setter, enum who who, int directory)
{
	return who == HOST_ROOT_JOINED ?
	       ima_open(setter, "policy_lock", O_WRONLY) :
	       open_below(setter, directory, "policy_lock", O_WRONLY);
}

static long set_lock(struct agent *setter, enum who who, int directory)
{
	int fd = open_lock(setter, who, directory);
	long n = fd;

	if (fd >= 0) {
		n = file_write(setter, fd, "1", 1);
		file_close(setter, fd);
	}
	return n == 1 ? 0 : n;
}

TEST_F(setter, before_activation)
{
	EXPECT_EQ(-variant->error, set_lock(&self->setter, variant->who,
					    self->directory));
	EXPECT_EQ(!variant->error, ima_number(&self->child, "policy_lock"));
}

TEST_F(setter, after_activation)
{
	ASSERT_EQ(0, ima_activate(&self->child));
	EXPECT_EQ(-variant->error, set_lock(&self->setter, variant->who,
					    self->directory));
	EXPECT_EQ(!variant->error, ima_number(&self->child, "policy_lock"));
	EXPECT_EQ(variant->error ? 0 : -EPERM,
		  ima_load_policy(&self->child, RULE));
}

/* The opener counts: a descriptor of the child's in the hands of init's root. */
TEST_F(setter, is_not_who_writes_but_who_opens)
{
	int mine, fd = open_lock(&self->setter, variant->who, self->directory);

	if (variant->error == EACCES) {
		EXPECT_EQ(-EACCES, fd);
		return;
	}
	ASSERT_LE(0, fd);
	mine = file_fetch_fd(&self->setter, fd);
	ASSERT_LE(0, mine);
	EXPECT_EQ(variant->error ? -EPERM : 1, file_write(NULL, mine, "1", 1));
	EXPECT_EQ(!variant->error, ima_number(&self->child, "policy_lock"));
	close(mine);
}

/* What it takes: a 1, and one newline or NUL behind it. */
FIXTURE(input)
{
	struct agent child;
	int directory;
};

FIXTURE_VARIANT(input)
{
	const char *text;
	size_t len;
	bool taken;
};

#define INPUT(_name, _text, _taken) \
	FIXTURE_VARIANT_ADD(input, _name) { \
		.text = _text, \
		.len = sizeof(_text) - 1, \
		.taken = _taken, \
	}

/* clang-format off */
INPUT(one, "1", true);
INPUT(one_newline, "1\n", true);
INPUT(one_nul, "1\0", true);
INPUT(nothing, "", false);
INPUT(zero, "0", false);
INPUT(two, "2", false);
INPUT(eleven, "11", false);
INPUT(blank, "1 ", false);
INPUT(newline, "\n", false);
INPUT(two_newlines, "1\n\n", false);
INPUT(word, "yes", false);
/* clang-format on */

FIXTURE_SETUP(input)
{
	ASSERT_EQ(0, ns_start(&self->child, NULL, OWNER, NULL));
	ASSERT_EQ(0, ima_mount(&self->child));
	self->directory = ima_directory(&self->child);
	ASSERT_LE(0, self->directory);
}

FIXTURE_TEARDOWN(input)
{
	close(self->directory);
	agent_stop(&self->child);
}

TEST_F(input, is_taken_or_refused)
{
	int fd = open_below(NULL, self->directory, "policy_lock", O_WRONLY);

	ASSERT_LE(0, fd);
	EXPECT_EQ(0, ima_number(&self->child, "policy_lock"));
	EXPECT_EQ(variant->taken ? (long)variant->len : -EINVAL,
		  file_write(NULL, fd, variant->text, variant->len));
	EXPECT_EQ(variant->taken, ima_number(&self->child, "policy_lock"));
	close(fd);
}

TEST_F(input, is_refused_at_another_offset)
{
	int fd = open_below(NULL, self->directory, "policy_lock", O_WRONLY);

	ASSERT_LE(0, fd);
	if (variant->len)
		EXPECT_EQ(-EINVAL, file_pwrite(NULL, fd, variant->text,
					       variant->len, 1));
	EXPECT_EQ(0, ima_number(&self->child, "policy_lock"));
	close(fd);
}

TEST_HARNESS_MAIN
