// SPDX-License-Identifier: GPL-2.0-only
/*
 * Enforcement in a container: rules that appraise, and the keys that they
 * verify signatures with (abi.md sections 2 to 5).
 *
 *   init          signs files by evmctl, with keys made by openssl
 *     |
 *   child (1000)  appraises what is executed, with the key "one"
 *     |
 *   nested
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
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
/* Whose files init's rules are about, in force until the guest ends. */
#define OWNER_SIGNED 1913
#define OWNER_HASHED 1914
#define OWNER_MEASURED 1915
#define OWNER_TRUSTED 1916

#define SIGNED_EXEC "appraise func=BPRM_CHECK appraise_type=imasig\n"
#define HASHED_EXEC "appraise func=BPRM_CHECK\n"

FIXTURE(appraise)
{
	struct agent child;
	struct agent nested;
	struct agent other;
	char directory[256];
	char program[300];
	long ring;
};

FIXTURE_SETUP(appraise)
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
	ASSERT_EQ(0, scratch_program(self->program, "appraise"));
	ASSERT_EQ(0, ima_start_new(&self->child, NULL, OWNER, NULL));
}

FIXTURE_TEARDOWN(appraise)
{
	agent_stop(&self->other);
	agent_stop(&self->nested);
	agent_stop(&self->child);
	scratch_remove(self->directory);
}

/* The child has the key, and only what is signed is executed. */
#define LOCK_WITH(_key) do {						\
	self->ring = sign_give_key(&self->child, _key);			\
	ASSERT_LE(0, self->ring);					\
	ASSERT_EQ(0, ima_load_policy(&self->child,			\
				     EXEC_RULE SIGNED_EXEC));		\
} while (0)

#define EXPECT_RUNS(_agent) \
	EXPECT_EQ(0, file_run(_agent, self->program))
#define EXPECT_DENIED(_agent) \
	EXPECT_EQ(-EACCES, file_run(_agent, self->program))

TEST_F(appraise, what_is_not_signed_is_denied_and_measured)
{
	LOCK_WITH("one");
	EXPECT_DENIED(&self->child);
	EXPECT_EQ(1, list_measured(&self->child, self->program));
	/* Outside nothing has changed. */
	EXPECT_RUNS(NULL);
}

TEST_F(appraise, what_is_signed_runs_and_is_measured_once)
{
	LOCK_WITH("one");
	ASSERT_EQ(0, sign_file("one", self->program));
	EXPECT_RUNS(&self->child);
	EXPECT_RUNS(&self->child);
	EXPECT_EQ(1, list_measured(&self->child, self->program));
}

TEST_F(appraise, signature_by_a_key_it_does_not_have_is_denied)
{
	LOCK_WITH("one");
	ASSERT_EQ(0, sign_file("two", self->program));
	EXPECT_DENIED(&self->child);
	ASSERT_EQ(0, sign_file("one", self->program));
	EXPECT_RUNS(&self->child);
	ASSERT_EQ(0, sign_file("two", self->program));
	EXPECT_DENIED(&self->child);
}

TEST_F(appraise, key_added_later_is_found)
{
	LOCK_WITH("one");
	ASSERT_EQ(0, sign_file("two", self->program));
	EXPECT_DENIED(&self->child);
	ASSERT_LE(0, sign_add(&self->child, self->ring, "two"));
	EXPECT_RUNS(&self->child);
}

TEST_F(appraise, modified_file_is_denied)
{
	LOCK_WITH("one");
	ASSERT_EQ(0, sign_file("one", self->program));
	EXPECT_RUNS(&self->child);
	ASSERT_EQ(0, scratch_append(self->program, "changed"));
	EXPECT_DENIED(&self->child);
	EXPECT_EQ(2, list_measured(&self->child, self->program));
	ASSERT_EQ(0, sign_file("one", self->program));
	EXPECT_RUNS(&self->child);
}

TEST_F(appraise, removed_signature_is_denied)
{
	LOCK_WITH("one");
	ASSERT_EQ(0, sign_file("one", self->program));
	EXPECT_RUNS(&self->child);
	ASSERT_EQ(0, sign_remove(self->program));
	EXPECT_DENIED(&self->child);
}

/* chmod makes it be verified again, which it passes. */
TEST_F(appraise, chmod_needs_no_new_signature)
{
	LOCK_WITH("one");
	ASSERT_EQ(0, sign_file("one", self->program));
	EXPECT_RUNS(&self->child);
	ASSERT_EQ(0, chmod(self->program, 0711));
	EXPECT_RUNS(&self->child);
}

TEST_F(appraise, hash_is_not_a_signature)
{
	LOCK_WITH("one");
	ASSERT_EQ(0, sign_hash("sha256", self->program));
	EXPECT_DENIED(&self->child);
}

TEST_F(appraise, hash_does_where_no_signature_is_asked_for)
{
	ASSERT_EQ(0, ima_load_policy(&self->child, HASHED_EXEC));
	EXPECT_DENIED(&self->child);
	ASSERT_EQ(0, sign_hash("sha256", self->program));
	EXPECT_RUNS(&self->child);
	ASSERT_EQ(0, sign_hash("sha1", self->program));
	EXPECT_RUNS(&self->child);
	ASSERT_EQ(0, scratch_append(self->program, "changed"));
	EXPECT_DENIED(&self->child);
}

TEST_F(appraise, dont_appraise_rule_that_comes_first_wins)
{
	struct stat st;
	char rules[256];

	ASSERT_EQ(0, chown(self->program, OWNER, OWNER));
	ASSERT_EQ(0, stat(self->program, &st));
	snprintf(rules, sizeof(rules), "dont_appraise fowner=0\n%s",
		 SIGNED_EXEC);
	ASSERT_EQ(0, ima_load_policy(&self->child, rules));
	EXPECT_RUNS(&self->child);
	ASSERT_EQ(0, chown(self->program, 0, 0));
	EXPECT_DENIED(&self->child);
}

/* The weaker rule is for uid 0 inside, the stronger one for everybody else. */
TEST_F(appraise, pass_by_a_weaker_rule_is_none_by_a_stronger_one)
{
	ASSERT_EQ(0, ns_start(&self->other, NULL, 0, "0 2000 10"));
	ASSERT_EQ(0, ima_start(&self->other,
			       "appraise func=BPRM_CHECK uid=0\n" SIGNED_EXEC));
	ASSERT_EQ(0, sign_hash("sha256", self->program));
	EXPECT_RUNS(&self->other);
	ASSERT_EQ(0, ns_drop_to(&self->other, 1));
	EXPECT_DENIED(&self->other);
}

/* Keys */

TEST_F(appraise, without_a_keyring_nothing_verifies_until_there_is_one)
{
	ASSERT_LE(0, sign_new_session(&self->child));
	ASSERT_EQ(0, ima_load_policy(&self->child, SIGNED_EXEC));
	ASSERT_EQ(0, sign_file("one", self->program));
	EXPECT_DENIED(&self->child);
	ASSERT_LE(0, sign_give_key(&self->child, "one"));
	EXPECT_RUNS(&self->child);
}

TEST_F(appraise, unlinked_key_verifies_nothing_new)
{
	long key;

	LOCK_WITH(NULL);
	key = sign_add(&self->child, self->ring, "one");
	ASSERT_LE(0, key);
	ASSERT_EQ(0, sign_file("one", self->program));
	EXPECT_RUNS(&self->child);
	ASSERT_EQ(0, sign_unlink(&self->child, key, self->ring));
	/* What has passed has passed. */
	EXPECT_RUNS(&self->child);
	/* Not so a signature that is made, or a file that is used, later. */
	ASSERT_EQ(0, sign_file("one", self->program));
	EXPECT_DENIED(&self->child);
	ASSERT_EQ(0, unlink(self->program));
	ASSERT_EQ(0, scratch_program(self->program, "another"));
	ASSERT_EQ(0, sign_file("one", self->program));
	EXPECT_DENIED(&self->child);
}

TEST_F(appraise, keyring_of_another_session_changes_nothing)
{
	LOCK_WITH("one");
	ASSERT_EQ(0, sign_file("one", self->program));
	EXPECT_RUNS(&self->child);
	ASSERT_LE(0, sign_give_key(&self->child, "two"));
	ASSERT_EQ(0, sign_file("two", self->program));
	EXPECT_DENIED(&self->child);
	/* And the first one is still there. */
	ASSERT_EQ(0, sign_file("one", self->program));
	EXPECT_RUNS(&self->child);
}

/* Whoever has no rights in the namespace does not choose its keyring. */
TEST_F(appraise, keyring_of_an_unprivileged_task_is_not_taken)
{
	ASSERT_EQ(0, ns_start(&self->other, NULL, 0, "0 2000 10"));
	ASSERT_EQ(0, ima_start(&self->other, SIGNED_EXEC));
	ASSERT_EQ(0, agent_start(&self->nested, &self->other));
	ASSERT_EQ(0, ns_drop_to(&self->nested, 1));
	ASSERT_LE(0, sign_give_key(&self->nested, "two"));
	ASSERT_EQ(0, sign_file("two", self->program));
	EXPECT_DENIED(&self->nested);
	ASSERT_LE(0, sign_give_key(&self->other, "one"));
	EXPECT_DENIED(&self->other);
	ASSERT_EQ(0, sign_file("one", self->program));
	EXPECT_RUNS(&self->other);
	/* Now it is the keyring of all of them. */
	ASSERT_EQ(0, sign_file("one", self->program));
	EXPECT_RUNS(&self->nested);
}

TEST_F(appraise, keys_of_siblings_are_their_own)
{
	LOCK_WITH("one");
	ASSERT_EQ(0, ima_start_new(&self->other, NULL, OWNER, NULL));
	ASSERT_LE(0, sign_give_key(&self->other, "two"));
	ASSERT_EQ(0, ima_load_policy(&self->other, SIGNED_EXEC));
	ASSERT_EQ(0, sign_file("one", self->program));
	EXPECT_RUNS(&self->child);
	EXPECT_DENIED(&self->other);
	EXPECT_RUNS(&self->child);
	ASSERT_EQ(0, sign_file("two", self->program));
	EXPECT_DENIED(&self->child);
	EXPECT_RUNS(&self->other);
}

/* Nested */

TEST_F(appraise, of_the_parent_stops_a_nested_one)
{
	LOCK_WITH("one");
	ASSERT_EQ(0, sign_file("one", self->program));
	EXPECT_RUNS(&self->child);
	ASSERT_EQ(0, ima_start_new(&self->nested, &self->child, 0,
				   EXEC_RULE "dont_appraise fsmagic=0xef53\n"));
	EXPECT_RUNS(&self->nested);
	ASSERT_EQ(0, sign_file("two", self->program));
	EXPECT_DENIED(&self->nested);
	/* All of them have seen it. */
	EXPECT_EQ(1, list_measured(&self->nested, self->program));
	EXPECT_EQ(1, list_measured(&self->child, self->program));
}

TEST_F(appraise, of_a_nested_one_does_not_stop_its_parent)
{
	ASSERT_EQ(0, ima_load_policy(&self->child, EXEC_RULE));
	ASSERT_EQ(0, ima_start_new(&self->nested, &self->child, 0, NULL));
	ASSERT_LE(0, sign_give_key(&self->nested, "one"));
	ASSERT_EQ(0, ima_load_policy(&self->nested, SIGNED_EXEC));
	EXPECT_DENIED(&self->nested);
	EXPECT_RUNS(&self->child);
	ASSERT_EQ(0, sign_file("one", self->program));
	EXPECT_RUNS(&self->nested);
}

/* Both demand a signature, each by its own key: there is only one. */
TEST_F(appraise, key_of_a_nested_one_is_not_its_parents)
{
	LOCK_WITH("one");
	ASSERT_EQ(0, sign_file("one", self->program));
	EXPECT_RUNS(&self->child);
	ASSERT_EQ(0, ima_start_new(&self->nested, &self->child, 0, NULL));
	ASSERT_LE(0, sign_give_key(&self->nested, "two"));
	ASSERT_EQ(0, ima_load_policy(&self->nested, SIGNED_EXEC));
	EXPECT_DENIED(&self->nested);
	ASSERT_EQ(0, sign_file("two", self->program));
	EXPECT_DENIED(&self->nested);
}

static int load_host_rules(void)
{
	static char policy[1024 * 1024];
	long len = ima_get(NULL, "policy", policy, sizeof(policy));
	char rules[1024];

	if (len < 0)
		return len;
	snprintf(rules, sizeof(rules),
		 "appraise func=BPRM_CHECK fowner=%d appraise_type=imasig\n"
		 "appraise func=BPRM_CHECK fowner=%d\n"
		 "measure func=CREDS_CHECK fowner=%d\n"
		 "measure func=MMAP_CHECK fowner=%d\n"
		 "appraise func=FILE_CHECK fowner=%d appraise_type=imasig\n",
		 OWNER_SIGNED, OWNER_HASHED, OWNER_MEASURED, OWNER_MEASURED,
		 OWNER_TRUSTED);
	return strstr(policy, "fowner=1913") ? 0 : ima_load_policy(NULL, rules);
}

/* The machine has not got the child's key. */
TEST_F(appraise, of_the_host_stays_above)
{
	ASSERT_EQ(0, load_host_rules());
	LOCK_WITH("one");
	ASSERT_EQ(0, sign_file("one", self->program));
	EXPECT_RUNS(&self->child);
	ASSERT_EQ(0, chown(self->program, OWNER_SIGNED, OWNER_SIGNED));
	ASSERT_EQ(0, sign_file("one", self->program));
	EXPECT_DENIED(&self->child);
	EXPECT_DENIED(NULL);
	EXPECT_EQ(1, list_measured(&self->child, self->program));
}

TEST_F(appraise, of_the_host_and_of_the_child_can_both_pass)
{
	ASSERT_EQ(0, load_host_rules());
	ASSERT_EQ(0, ima_load_policy(&self->child, HASHED_EXEC));
	ASSERT_EQ(0, chown(self->program, OWNER_HASHED, OWNER_HASHED));
	EXPECT_DENIED(&self->child);
	EXPECT_DENIED(NULL);
	ASSERT_EQ(0, sign_hash("sha256", self->program));
	EXPECT_RUNS(&self->child);
	EXPECT_RUNS(NULL);
	/* What the child wants more does not concern the host. */
	ASSERT_EQ(0, ima_start_new(&self->other, NULL, OWNER, SIGNED_EXEC));
	EXPECT_DENIED(&self->other);
	EXPECT_RUNS(NULL);
	EXPECT_RUNS(&self->child);
}

/* The host looks at the credentials, which come after the execution. */
TEST_F(appraise, does_not_keep_the_host_from_measuring_at_another_hook)
{
	ASSERT_EQ(0, load_host_rules());
	LOCK_WITH("one");
	ASSERT_EQ(0, chown(self->program, OWNER_MEASURED, OWNER_MEASURED));
	EXPECT_DENIED(&self->child);
	EXPECT_EQ(1, list_measured(NULL, self->program));
}

/*
 * Many namespaces, each with a key and a program of its own, and one program
 * that all of them run and that is signed for one after the other.
 */
#define MANY 20

struct many {
	struct agent agent;
	char name[16];
	char program[300];
	int expected;
};

TEST_F(appraise, of_many_at_once)
{
	static struct many many[MANY];
	int i, round;

	for (i = 0; i < MANY; i++) {
		struct many *m = &many[i];

		snprintf(m->name, sizeof(m->name), "many%d", i);
		snprintf(m->program, sizeof(m->program), "%s/%d",
			 self->directory, i);
		ASSERT_EQ(0, sign_key(m->name, NULL));
		ASSERT_EQ(0, scratch_program(m->program, m->name));
		ASSERT_EQ(0, ima_start_new(&m->agent, NULL, OWNER + i, NULL));
		ASSERT_LE(0, sign_give_key(&m->agent, m->name));
		ASSERT_EQ(0, ima_load_policy(&m->agent, SIGNED_EXEC));
	}

	/* Unsigned, signed, signed by a neighbour, signed, modified. */
	for (round = 0; round < 5; round++) {
		for (i = 0; i < MANY; i++) {
			struct many *m = &many[i];

			m->expected = round % 2 ? 0 : -EACCES;
			if (round == 4) {
				ASSERT_EQ(0, scratch_append(m->program, "#"));
			} else if (round) {
				int by = round == 2 ? (i + 1) % MANY : i;

				ASSERT_EQ(0, sign_file(many[by].name,
						       m->program));
			}
		}
		for (i = 0; i < MANY; i++)
			ASSERT_EQ(0, file_run_begin(&many[i].agent,
						    many[i].program));
		for (i = 0; i < MANY; i++)
			EXPECT_EQ(many[i].expected,
				  file_run_end(&many[i].agent)) {
				TH_LOG("round %d, namespace %d", round, i);
			}
	}

	for (round = 0; round < MANY; round += 3) {
		ASSERT_EQ(0, sign_file(many[round].name, self->program));
		for (i = 0; i < MANY; i++)
			ASSERT_EQ(0, file_run_begin(&many[i].agent,
						    self->program));
		for (i = 0; i < MANY; i++)
			EXPECT_EQ(i == round ? 0 : -EACCES,
				  file_run_end(&many[i].agent)) {
				TH_LOG("signed for %d, run by %d", round, i);
			}
	}
	for (i = 0; i < MANY; i++)
		agent_stop(&many[i].agent);
}

/* Other hooks */

static int open_and_close(struct agent *agent, const char *path, int flags)
{
	int fd = file_open(agent, path, flags);

	return fd < 0 ? fd : file_close(agent, fd);
}

TEST_F(appraise, of_what_is_read)
{
	ASSERT_EQ(0, chown(self->program, OWNER, OWNER));
	ASSERT_LE(0, sign_give_key(&self->child, "one"));
	ASSERT_EQ(0, ima_load_policy(&self->child, "appraise func=FILE_CHECK "
				     "fsmagic=0xef53 appraise_type=imasig\n"));
	EXPECT_EQ(-EACCES, open_and_close(&self->child, self->program,
					  O_RDONLY));
	ASSERT_EQ(0, sign_file("one", self->program));
	EXPECT_EQ(0, open_and_close(&self->child, self->program, O_RDONLY));
	/* What is signed is not to be written to. */
	EXPECT_EQ(-EACCES, open_and_close(&self->child, self->program,
					  O_WRONLY));
	EXPECT_EQ(0, open_and_close(&self->child, self->program, O_RDONLY));
}

/* Known by being read, and not to be written to all the same. */
static void expect_only_read(struct __test_metadata *_metadata,
			     struct agent *agent, const char *path)
{
	static const int changes[] = {
		O_RDONLY | O_TRUNC, O_WRONLY, O_WRONLY | O_TRUNC, O_RDWR,
		O_RDONLY | O_TRUNC,
	};
	char *before, *after;
	long len = file_get_all(NULL, path, &before);
	size_t i;

	ASSERT_LT(0, len);
	EXPECT_EQ(0, open_and_close(agent, path, O_RDONLY));
	EXPECT_EQ(0, open_and_close(agent, path, O_RDONLY));
	for (i = 0; i < sizeof(changes) / sizeof(*changes); i++) {
		EXPECT_EQ(-EACCES, open_and_close(agent, path, changes[i])) {
			TH_LOG("flags 0%o", changes[i]);
		}
		ASSERT_EQ(len, file_get_all(NULL, path, &after)) {
			TH_LOG("flags 0%o", changes[i]);
		}
		EXPECT_EQ(0, memcmp(before, after, len));
		free(after);
		EXPECT_EQ(0, open_and_close(agent, path, O_RDONLY));
	}
	free(before);
}

#define SIGNED_READ "appraise func=FILE_CHECK fsmagic=0xef53 " \
		    "appraise_type=imasig\n"

TEST_F(appraise, what_is_signed_is_not_truncated_by_who_reads_it)
{
	ASSERT_EQ(0, chown(self->program, OWNER, OWNER));
	ASSERT_EQ(0, sign_file("one", self->program));
	ASSERT_LE(0, sign_give_key(&self->child, "one"));
	ASSERT_EQ(0, ima_load_policy(&self->child, SIGNED_READ));
	expect_only_read(_metadata, &self->child, self->program);
	/* It is the one inside who says so. */
	EXPECT_EQ(0, open_and_close(NULL, self->program, O_WRONLY));
	EXPECT_EQ(0, open_and_close(NULL, self->program, O_RDONLY | O_TRUNC));
	EXPECT_EQ(-EACCES, open_and_close(&self->child, self->program,
					  O_RDONLY));
}

/* A hash is made for files that change. */
TEST_F(appraise, what_has_a_hash_is_truncated_by_who_reads_it)
{
	struct stat st;

	ASSERT_EQ(0, chown(self->program, OWNER, OWNER));
	ASSERT_EQ(0, sign_hash("sha256", self->program));
	ASSERT_EQ(0, ima_load_policy(&self->child, "appraise func=FILE_CHECK "
				     "fsmagic=0xef53\n"));
	EXPECT_EQ(0, open_and_close(&self->child, self->program, O_RDONLY));
	EXPECT_EQ(0, open_and_close(&self->child, self->program, O_RDONLY));
	EXPECT_EQ(0, open_and_close(&self->child, self->program,
				    O_RDONLY | O_TRUNC));
	ASSERT_EQ(0, stat(self->program, &st));
	EXPECT_EQ(0, st.st_size);
}

TEST_F(appraise, of_the_host_keeps_what_is_signed_as_it_is)
{
	ASSERT_EQ(0, load_host_rules());
	ASSERT_EQ(0, sign_file_for_machine(self->program));
	ASSERT_EQ(0, chown(self->program, OWNER_TRUSTED, OWNER_TRUSTED));
	expect_only_read(_metadata, NULL, self->program);
	/* The machine has no other key. */
	ASSERT_EQ(0, chown(self->program, 0, 0));
	ASSERT_EQ(0, sign_file("one", self->program));
	ASSERT_EQ(0, chown(self->program, OWNER_TRUSTED, OWNER_TRUSTED));
	EXPECT_EQ(-EACCES, open_and_close(NULL, self->program, O_RDONLY));
}

TEST_F(appraise, new_file_is_open_until_it_is_closed)
{
	char path[300];
	int fd;

	snprintf(path, sizeof(path), "%s/new", self->directory);
	ASSERT_EQ(0, chmod(self->directory, 0777));
	ASSERT_EQ(0, ima_load_policy(&self->child, "appraise func=FILE_CHECK "
				     "fsmagic=0xef53\n"));
	fd = file_open(&self->child, path, O_WRONLY | O_CREAT | O_EXCL);
	ASSERT_LE(0, fd);
	EXPECT_EQ(4, file_write(&self->child, fd, "text", 4));
	ASSERT_EQ(0, file_close(&self->child, fd));
	/* Appraisal labels nothing. */
	EXPECT_EQ(-1, getxattr(path, "security.ima", NULL, 0));
	EXPECT_EQ(ENODATA, errno);
	EXPECT_EQ(-EACCES, open_and_close(&self->child, path, O_RDONLY));
	EXPECT_EQ(-EACCES, open_and_close(&self->child, path, O_WRONLY));
	ASSERT_EQ(0, sign_hash("sha256", path));
	EXPECT_EQ(0, open_and_close(&self->child, path, O_RDONLY));
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

TEST_F(appraise, of_what_is_mapped)
{
	ASSERT_LE(0, sign_give_key(&self->child, "one"));
	EXPECT_EQ(0, file_map_then_protect(&self->child, self->program));
	ASSERT_EQ(0, ima_load_policy(&self->child, "appraise func=MMAP_CHECK "
				     "appraise_type=imasig\n"));
	EXPECT_EQ(-EACCES, map_executable(&self->child, self->program));
	ASSERT_EQ(0, sign_file("one", self->program));
	EXPECT_EQ(0, map_executable(&self->child, self->program));
	/* Not appraised, so not allowed. */
	EXPECT_EQ(-EPERM, file_map_then_protect(&self->child, self->program));
	EXPECT_EQ(0, file_map_then_protect(NULL, self->program));
}

/* That it passed before somebody began to write to it says nothing. */
TEST_F(appraise, of_what_is_mapped_while_it_is_written)
{
	struct stat st;
	int fd;

	ASSERT_LE(0, sign_give_key(&self->child, "one"));
	ASSERT_EQ(0, ima_load_policy(&self->child, "appraise func=MMAP_CHECK "
				     "appraise_type=imasig\n"));
	ASSERT_EQ(0, sign_file("one", self->program));
	EXPECT_EQ(0, map_executable(&self->child, self->program));
	ASSERT_EQ(0, stat(self->program, &st));
	fd = open(self->program, O_WRONLY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, map_executable(&self->child, self->program));
	ASSERT_EQ(1, pwrite(fd, "#", 1, st.st_size));
	EXPECT_EQ(-EACCES, map_executable(&self->child, self->program));
	close(fd);
	EXPECT_EQ(-EACCES, map_executable(&self->child, self->program));
}

/* Nor is it said by what a rule about the writers has noted. */
TEST_F(appraise, of_what_is_mapped_after_it_was_opened_for_writing_again)
{
	struct stat st;
	int first, second;

	ASSERT_EQ(0, chown(self->program, OWNER, OWNER));
	ASSERT_EQ(0, sign_file("one", self->program));
	ASSERT_LE(0, sign_give_key(&self->child, "one"));
	ASSERT_EQ(0, ima_load_policy(&self->child,
				     "measure func=FILE_CHECK mask=MAY_WRITE "
				     "fsmagic=0xef53\n"
				     "appraise func=MMAP_CHECK "
				     "appraise_type=imasig\n"));
	EXPECT_EQ(0, map_executable(&self->child, self->program));
	ASSERT_EQ(0, stat(self->program, &st));
	first = file_open(&self->child, self->program, O_WRONLY);
	ASSERT_LE(0, first);
	EXPECT_EQ(0, map_executable(&self->child, self->program));
	ASSERT_EQ(1, file_pwrite(&self->child, first, "#", 1, st.st_size));
	second = file_open(&self->child, self->program, O_WRONLY);
	ASSERT_LE(0, second);
	EXPECT_EQ(-EACCES, map_executable(&self->child, self->program));
	ASSERT_EQ(0, file_close(&self->child, first));
	EXPECT_EQ(-EACCES, map_executable(&self->child, self->program));
	ASSERT_EQ(0, file_close(&self->child, second));
	EXPECT_EQ(-EACCES, map_executable(&self->child, self->program));
}

/* A rule for all hooks: that it was opened is no reason to let it be executed. */
TEST_F(appraise, of_what_was_opened_before_it_is_mapped_while_it_is_written)
{
	struct stat st;
	int fd, writer;

	ASSERT_EQ(0, sign_file("one", self->program));
	ASSERT_LE(0, sign_give_key(&self->child, "one"));
	ASSERT_EQ(0, ima_load_policy(&self->child, "appraise fsmagic=0xef53 "
				     "appraise_type=imasig\n"));
	fd = file_open(&self->child, self->program, O_RDONLY);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, file_map_executable(&self->child, fd));
	ASSERT_EQ(0, stat(self->program, &st));
	writer = open(self->program, O_WRONLY | O_CLOEXEC);
	ASSERT_LE(0, writer);
	EXPECT_EQ(0, file_map_executable(&self->child, fd));
	ASSERT_EQ(1, pwrite(writer, "#", 1, st.st_size));
	EXPECT_EQ(-EACCES, file_map_executable(&self->child, fd));
	close(writer);
	EXPECT_EQ(-EACCES, file_map_executable(&self->child, fd));
}

TEST_F(appraise, of_credentials)
{
	ASSERT_LE(0, sign_give_key(&self->child, "one"));
	ASSERT_EQ(0, ima_load_policy(&self->child, "appraise func=CREDS_CHECK "
				     "appraise_type=imasig\n"));
	EXPECT_DENIED(&self->child);
	ASSERT_EQ(0, sign_file("one", self->program));
	EXPECT_RUNS(&self->child);
}

TEST_F(appraise, algorithm_that_is_not_accepted_is_denied_each_time)
{
	ASSERT_EQ(0, ima_load_policy(&self->child, "appraise func=BPRM_CHECK "
				     "appraise_algos=sha256,sha512\n"));
	ASSERT_EQ(0, sign_hash("sha1", self->program));
	EXPECT_DENIED(&self->child);
	EXPECT_DENIED(&self->child);
	ASSERT_EQ(0, sign_hash("sha256", self->program));
	EXPECT_RUNS(&self->child);
}

/* Policy */

TEST_F(appraise, of_policies_takes_only_signed_files)
{
	char path[300], before[4096], after[4096];

	snprintf(path, sizeof(path), "%s/policy", self->directory);
	ASSERT_EQ(0, scratch_text(path, "measure func=MMAP_CHECK\n"));
	ASSERT_LE(0, sign_give_key(&self->child, "one"));
	ASSERT_EQ(0, ima_load_policy(&self->child, "appraise func=POLICY_CHECK "
				     "appraise_type=imasig\n"));
	ASSERT_LT(0, ima_get(&self->child, "policy", before, sizeof(before)));
	EXPECT_EQ(-EACCES, ima_load_policy(&self->child, EXEC_RULE));
	EXPECT_EQ(-EACCES, ima_load_policy(&self->child, path));
	ASSERT_EQ(0, sign_file("two", path));
	EXPECT_EQ(-EACCES, ima_load_policy(&self->child, path));
	ASSERT_LT(0, ima_get(&self->child, "policy", after, sizeof(after)));
	EXPECT_STREQ(before, after);
	ASSERT_EQ(0, sign_file("one", path));
	EXPECT_EQ(0, ima_load_policy(&self->child, path));
	ASSERT_LT(0, ima_get(&self->child, "policy", after, sizeof(after)));
	EXPECT_NE(NULL, strstr(after, "measure func=MMAP_CHECK"));
	/* That is the child's affair. */
	EXPECT_EQ(0, ima_load_policy(NULL, "dont_measure fowner=64998\n"));
}

/* Values of security.ima that are none */

static const struct {
	const char *what;
	unsigned char value[16];
	size_t len;
} junk[] = {
	{ "signature of one byte", { 3 }, 1 },
	{ "signature of two bytes", { 3, 2 }, 2 },
	{ "header without a signature", { 3, 2, 4, 1, 2, 3, 4, 0, 0 }, 9 },
	{ "signature that is shorter than it says",
	  { 3, 2, 4, 1, 2, 3, 4, 1, 0, 9 }, 10 },
	{ "unknown hash algorithm", { 3, 2, 4, 1, 2, 3, 4, 0, 1, 9 }, 10 },
	{ "format 1", { 3, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }, 12 },
	{ "format 3, which is for fs-verity",
	  { 3, 3, 4, 1, 2, 3, 4, 0, 1, 9 }, 10 },
	{ "format 9", { 3, 9, 4, 1, 2, 3, 4, 0, 1, 9 }, 10 },
	{ "hash of one byte", { 4 }, 1 },
	{ "hash without a digest", { 4, 4 }, 2 },
	{ "short digest", { 4, 4, 1, 2, 3 }, 5 },
	{ "fs-verity", { 6, 3, 4, 1, 2, 3, 4, 0, 1, 9 }, 10 },
};

TEST_F(appraise, of_junk_is_denied)
{
	size_t i;

	ASSERT_LE(0, sign_give_key(&self->child, "one"));
	ASSERT_EQ(0, ima_load_policy(&self->child, HASHED_EXEC));
	for (i = 0; i < sizeof(junk) / sizeof(*junk); i++) {
		ASSERT_EQ(0, setxattr(self->program, "security.ima",
				      junk[i].value, junk[i].len, 0)) {
			TH_LOG("%s: errno %d", junk[i].what, errno);
		}
		EXPECT_DENIED(&self->child) {
			TH_LOG("%s", junk[i].what);
		}
	}
	ASSERT_EQ(0, sign_file("one", self->program));
	EXPECT_RUNS(&self->child);
}

/* Whatever it is, it is not the hash or a signature of the program. */
TEST_F(appraise, of_random_values_is_denied)
{
	unsigned char value[96];
	unsigned int seed = 1;
	size_t i, n, len;

	ASSERT_LE(0, sign_give_key(&self->child, "one"));
	ASSERT_EQ(0, ima_load_policy(&self->child, HASHED_EXEC));
	for (n = 0; n < 300; n++) {
		len = 1 + rand_r(&seed) % sizeof(value);
		for (i = 0; i < len; i++)
			value[i] = rand_r(&seed);
		/* Most of them with a type, a version, an algorithm. */
		value[0] = 1 + rand_r(&seed) % 6;
		if (n % 2 && len > 2) {
			value[1] = 1 + rand_r(&seed) % 6;
			value[2] = rand_r(&seed) % 20;
		}
		if (n % 4 == 3 && len > 9) {
			value[7] = 0;
			value[8] = len - 9;
		}
		if (setxattr(self->program, "security.ima", value, len, 0))
			continue;
		ASSERT_EQ(-EACCES, file_run(&self->child, self->program)) {
			TH_LOG("value %zu", n);
		}
	}
	ASSERT_EQ(0, sign_file("one", self->program));
	EXPECT_RUNS(&self->child);
}

/* Certified keys */

FIXTURE(ca)
{
	struct agent child;
	char directory[256];
	char program[300];
	char der[8192];
	long len;
};

FIXTURE_SETUP(ca)
{
	const char *missing = sign_missing();

	if (missing)
		SKIP(return, "%s is missing", missing);
	ASSERT_EQ(0, sign_key("one", NULL));
	ASSERT_EQ(0, sign_key("ca", NULL));
	ASSERT_EQ(0, sign_key("leaf", "ca"));
	self->len = sign_certificate("ca", self->der, sizeof(self->der));
	ASSERT_LT(0, self->len);
	ASSERT_EQ(0, scratch_directory(self->directory,
				       sizeof(self->directory)));
	snprintf(self->program, sizeof(self->program), "%s/prog",
		 self->directory);
	ASSERT_EQ(0, scratch_program(self->program, "ca"));
	ASSERT_EQ(0, ns_start(&self->child, NULL, OWNER, NULL));
	ASSERT_EQ(0, ima_mount(&self->child));
}

FIXTURE_TEARDOWN(ca)
{
	agent_stop(&self->child);
	scratch_remove(self->directory);
}

/* Writes to ima/ca as root of the machine would. */
static long put_ca(const struct agent *child, const void *der, size_t len)
{
	int directory = ima_directory(child);
	int fd, ret;

	if (directory < 0)
		return directory;
	fd = openat(directory, "ca", O_WRONLY | O_CLOEXEC);
	close(directory);
	if (fd < 0)
		return -errno;
	ret = write(fd, der, len) == (ssize_t)len ? 0 : -errno;
	close(fd);
	return ret;
}

TEST_F(ca, only_certified_keys_verify)
{
	uint8_t digest[DIGEST_MAX];
	char hex[2 * DIGEST_MAX + 1], shown[256], expected[256];

	ASSERT_EQ(0, put_ca(&self->child, self->der, self->len));
	ASSERT_EQ(0, ima_activate(&self->child));
	digest_bytes("sha256", self->der, self->len, digest);
	digest_hex(digest, 32, hex);
	snprintf(expected, sizeof(expected), "sha256:%s\n", hex);
	ASSERT_LT(0, ima_get(&self->child, "ca", shown, sizeof(shown)));
	EXPECT_STREQ(expected, shown);
	ASSERT_LE(0, sign_give_key(&self->child, "one"));
	ASSERT_EQ(0, ima_load_policy(&self->child, SIGNED_EXEC));
	ASSERT_EQ(0, sign_file("one", self->program));
	EXPECT_DENIED(&self->child);
	ASSERT_EQ(0, sign_file("leaf", self->program));
	EXPECT_DENIED(&self->child);
}

TEST_F(ca, certified_key_verifies)
{
	long ring;

	ASSERT_EQ(0, put_ca(&self->child, self->der, self->len));
	ASSERT_EQ(0, ima_activate(&self->child));
	ring = sign_give_key(&self->child, "leaf");
	ASSERT_LE(0, ring);
	ASSERT_LE(0, sign_add(&self->child, ring, "one"));
	ASSERT_EQ(0, ima_load_policy(&self->child, SIGNED_EXEC));
	ASSERT_EQ(0, sign_file("leaf", self->program));
	EXPECT_RUNS(&self->child);
	ASSERT_EQ(0, sign_file("one", self->program));
	EXPECT_DENIED(&self->child);
}

TEST_F(ca, is_in_the_record_of_birth)
{
	uint8_t digest[DIGEST_MAX];
	char hex[2 * DIGEST_MAX + 1], expected[256];
	struct entry *entry, *last = NULL;
	struct list list;

	ASSERT_EQ(0, put_ca(&self->child, self->der, self->len));
	ASSERT_EQ(0, ima_activate(&self->child));
	digest_bytes("sha256", self->der, self->len, digest);
	digest_hex(digest, 32, hex);
	snprintf(expected, sizeof(expected), " ca=sha256:%s ", hex);
	ASSERT_EQ(0, list_read(NULL, &list));
	for (size_t i = 0; i < list.count; i++) {
		entry = &list.entries[i];
		if (!strcmp(entry->name, "ima_ns_birth"))
			last = entry;
	}
	ASSERT_NE(NULL, last);
	EXPECT_NE(NULL, memmem(last->buf, last->buf_len, expected,
			       strlen(expected)));
	list_free(&list);
}

TEST_F(ca, is_written_once_and_from_above)
{
	char shown[256];

	ASSERT_LT(0, ima_get(&self->child, "ca", shown, sizeof(shown)));
	EXPECT_STREQ("none\n", shown);
	EXPECT_EQ(-EPERM, file_put(&self->child, IMA_DIR "/ca", self->der,
				   self->len));
	EXPECT_EQ(0, put_ca(&self->child, self->der, self->len));
	EXPECT_EQ(-EBUSY, put_ca(&self->child, self->der, self->len));
	EXPECT_EQ(0, ima_activate(&self->child));
	EXPECT_EQ(-EBUSY, put_ca(&self->child, self->der, self->len));
}

TEST_F(ca, is_a_certificate_of_a_ca)
{
	static char large[20000];
	char der[8192];
	long len;

	EXPECT_EQ(-EBADMSG, put_ca(&self->child, "nonsense", 8));
	EXPECT_EQ(-EBADMSG, put_ca(&self->child, self->der, self->len / 2));
	EXPECT_EQ(-E2BIG, put_ca(&self->child, large, sizeof(large)));
	len = sign_certificate("leaf", der, sizeof(der));
	ASSERT_LT(0, len);
	EXPECT_EQ(-EKEYREJECTED, put_ca(&self->child, der, len));
	/* None of that is one. */
	EXPECT_EQ(0, put_ca(&self->child, self->der, self->len));
}

TEST_HARNESS_MAIN
