// SPDX-License-Identifier: GPL-2.0-only
/*
 * The records of birth, policy and death in the parent's list (abi.md
 * sections 6 and 8).
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "kselftest_harness.h"

#include "file.h"
#include "ima.h"
#include "list.h"
#include "ns.h"
#include "record.h"
#include "scratch.h"

#define OWNER 1000

#define BIRTH_KEYS \
	"id uuid parent userns owner label by hash template policy ca tpm exe "
#define POLICY_KEYS "id seq rules policy "
#define DEATH_KEYS "id entries violations acc "

FIXTURE(record)
{
	struct agent child;
	struct agent nested;
	long id;
	char text[4096];
	char keys[512];
	char value[2048];
};

FIXTURE_SETUP(record)
{
	ASSERT_EQ(0, ns_start(&self->child, NULL, OWNER, NULL));
	ASSERT_EQ(0, ima_mount(&self->child));
	self->id = ima_number(&self->child, "id");
	ASSERT_LT(0, self->id);
}

FIXTURE_TEARDOWN(record)
{
	agent_stop(&self->nested);
	agent_stop(&self->child);
}

#define EXPECT_VALUE(_key, _expected) do { \
	EXPECT_TRUE(record_value(self->text, _key, self->value, \
				 sizeof(self->value))); \
	EXPECT_STREQ(_expected, self->value) TH_LOG("key %s", _key); \
} while (0)

/* "algo:" and as many hex digits as that digest has. */
static bool is_digest(const char *text, const char *algo)
{
	size_t len = strlen(algo), i;

	if (strncmp(text, algo, len) || text[len] != ':')
		return false;
	text += len + 1;
	for (i = 0; isxdigit(text[i]) && !isupper(text[i]); i++)
		;
	return !text[i] && i == 2 * digest_size(algo);
}

TEST_F(record, of_birth_is_in_the_parents_list_once)
{
	EXPECT_EQ(0, record_find(NULL, "ima_ns_birth", self->id, NULL, 0));
	ASSERT_EQ(0, ima_activate(&self->child));
	EXPECT_EQ(1, record_find(NULL, "ima_ns_birth", self->id, NULL, 0));
	EXPECT_EQ(-EBUSY, ima_activate(&self->child));
	EXPECT_EQ(1, record_find(NULL, "ima_ns_birth", self->id, NULL, 0));
}

TEST_F(record, of_birth_has_its_keys_in_order)
{
	ASSERT_EQ(0, ima_activate(&self->child));
	ASSERT_EQ(1, record_find(NULL, "ima_ns_birth", self->id, self->text,
				 sizeof(self->text)));
	record_keys(self->text, self->keys, sizeof(self->keys));
	EXPECT_STREQ(BIRTH_KEYS, self->keys);
	EXPECT_EQ(NULL, strchr(self->text, '\n'));
}

TEST_F(record, of_birth_tells_what_was_configured)
{
	char number[32];

	ASSERT_EQ(0, ima_put(&self->child, "hash", "sha384"));
	ASSERT_EQ(0, ima_put(&self->child, "template_name", "ima-sig"));
	ASSERT_EQ(0, ima_put(&self->child, "label", "web"));
	ASSERT_EQ(0, ima_activate(&self->child));
	ASSERT_EQ(1, record_find(NULL, "ima_ns_birth", self->id, self->text,
				 sizeof(self->text)));
	EXPECT_VALUE("parent", "0");
	snprintf(number, sizeof(number), "%ld", ns_user_inum(&self->child));
	EXPECT_VALUE("userns", number);
	EXPECT_VALUE("owner", "1000");
	EXPECT_VALUE("label", "web");
	EXPECT_VALUE("by", "own");
	EXPECT_VALUE("hash", "sha384");
	EXPECT_VALUE("template", "ima-sig");
	EXPECT_VALUE("ca", "none");
	EXPECT_VALUE("tpm", "none");
}

TEST_F(record, of_birth_names_a_uuid)
{
	size_t i;

	ASSERT_EQ(0, ima_activate(&self->child));
	ASSERT_EQ(1, record_find(NULL, "ima_ns_birth", self->id, self->text,
				 sizeof(self->text)));
	ASSERT_TRUE(record_value(self->text, "uuid", self->value,
				 sizeof(self->value)));
	ASSERT_EQ(36, strlen(self->value));
	for (i = 0; i < 36; i++) {
		EXPECT_TRUE(i == 8 || i == 13 || i == 18 || i == 23 ?
				    self->value[i] == '-' :
				    isxdigit(self->value[i]));
	}
}

TEST_F(record, of_birth_names_the_activating_executable)
{
	uint8_t digest[DIGEST_MAX];
	char hex[2 * DIGEST_MAX + 1], *content, *colon;
	long len;

	ASSERT_EQ(0, ima_activate(&self->child));
	ASSERT_EQ(1, record_find(NULL, "ima_ns_birth", self->id, self->text,
				 sizeof(self->text)));
	ASSERT_TRUE(record_value(self->text, "exe", self->value,
				 sizeof(self->value)));
	colon = strchr(self->value, ':');
	ASSERT_NE(NULL, colon);
	*colon = 0;
	/* The agent is a copy of this test. */
	len = file_get_all(NULL, "/proc/self/exe", &content);
	ASSERT_LT(0, len);
	len = digest_bytes(self->value, content, len, digest);
	digest_hex(digest, len, hex);
	EXPECT_STREQ(hex, colon + 1);
	free(content);
}

TEST_F(record, of_birth_names_the_default_policy)
{
	ASSERT_EQ(0, ima_activate(&self->child));
	ASSERT_EQ(1, record_find(NULL, "ima_ns_birth", self->id, self->text,
				 sizeof(self->text)));
	ASSERT_TRUE(record_value(self->text, "policy", self->value,
				 sizeof(self->value)));
	EXPECT_TRUE(!strcmp(self->value, "none") ||
		    !strcmp(self->value, "exec") ||
		    !strcmp(self->value, "tcb")) TH_LOG("%s", self->value);
}

TEST_F(record, of_birth_percent_encodes_the_label)
{
	ASSERT_EQ(0, ima_put(&self->child, "label", "a b=c%d"));
	ASSERT_EQ(0, ima_activate(&self->child));
	ASSERT_EQ(1, record_find(NULL, "ima_ns_birth", self->id, self->text,
				 sizeof(self->text)));
	record_keys(self->text, self->keys, sizeof(self->keys));
	EXPECT_STREQ(BIRTH_KEYS, self->keys);
	ASSERT_TRUE(record_value(self->text, "label", self->value,
				 sizeof(self->value)));
	/* Blank and percent sign must be; "=" may be left. */
	EXPECT_EQ(NULL, strchr(self->value, ' '));
	EXPECT_TRUE(!strcmp(self->value, "a%20b%3Dc%25d") ||
		    !strcmp(self->value, "a%20b%3dc%25d") ||
		    !strcmp(self->value, "a%20b=c%25d"))
		TH_LOG("%s", self->value);
}

TEST_F(record, of_birth_says_who_wrote_the_label)
{
	char path[256];

	snprintf(path, sizeof(path), "/proc/%d/root%s/label", self->child.pid,
		 IMA_DIR);
	ASSERT_EQ(0, file_put_text(NULL, path, "by-the-runtime"));
	ASSERT_EQ(0, ima_activate(&self->child));
	ASSERT_EQ(1, record_find(NULL, "ima_ns_birth", self->id, self->text,
				 sizeof(self->text)));
	EXPECT_VALUE("label", "by-the-runtime");
	EXPECT_VALUE("by", "parent");
}

TEST_F(record, is_an_ordinary_entry)
{
	uint8_t digest[DIGEST_MAX];
	struct entry *entry = NULL;
	struct list list;
	size_t i;

	ASSERT_EQ(0, ima_activate(&self->child));
	ASSERT_EQ(0, list_read(NULL, &list));
	/* The newest one is this child's: nothing else activates. */
	for (i = 0; i < list.count; i++)
		if (!strcmp(list.entries[i].name, "ima_ns_birth"))
			entry = &list.entries[i];
	ASSERT_NE(NULL, entry);
	EXPECT_STREQ("ima-buf", entry->template);
	EXPECT_EQ(10, entry->pcr);
	/* d-ng is the digest of the buffer, the template digest that of all. */
	digest_bytes(entry->algo, entry->buf, entry->buf_len, digest);
	EXPECT_EQ(0, memcmp(digest, entry->file_digest,
			    entry->file_digest_len));
	entry_digest(entry, "sha1", digest);
	EXPECT_EQ(0, memcmp(digest, entry->digest, 20));
	list_free(&list);
}

TEST_F(record, namespace_that_never_activates_leaves_none)
{
	long id = self->id;
	struct agent later = {};

	agent_stop(&self->child);
	/* A second one dies after it, and its death is recorded. */
	ASSERT_EQ(0, ima_start_new(&later, NULL, OWNER, NULL));
	self->id = ima_number(&later, "id");
	agent_stop(&later);
	ASSERT_EQ(1, record_wait(NULL, "ima_ns_death", self->id, NULL, 0));
	EXPECT_EQ(0, record_find(NULL, "ima_ns_birth", id, NULL, 0));
	EXPECT_EQ(0, record_find(NULL, "ima_ns_death", id, NULL, 0));
}

TEST_F(record, of_death_closes_the_list)
{
	uint8_t acc[32];
	char hex[65], number[32], expected[96];
	struct list list;

	ASSERT_EQ(0, ima_activate(&self->child));
	ASSERT_EQ(0, ima_load_policy(&self->child, EXEC_RULE));
	ASSERT_EQ(0, list_read(&self->child, &list));
	list_accumulate(&list, acc);
	digest_hex(acc, 32, hex);
	EXPECT_EQ(0, record_find(NULL, "ima_ns_death", self->id, NULL, 0));
	agent_stop(&self->child);
	ASSERT_EQ(1, record_wait(NULL, "ima_ns_death", self->id, self->text,
				 sizeof(self->text)));
	record_keys(self->text, self->keys, sizeof(self->keys));
	EXPECT_STREQ(DEATH_KEYS, self->keys);
	snprintf(number, sizeof(number), "%zu", list.count);
	EXPECT_VALUE("entries", number);
	EXPECT_VALUE("violations", "0");
	snprintf(expected, sizeof(expected), "sha256:%s", hex);
	EXPECT_VALUE("acc", expected);
	list_free(&list);
}

TEST_F(record, of_death_counts_violations)
{
	char directory[256], path[300];
	int fd;

	ASSERT_EQ(0, scratch_directory(directory, sizeof(directory)));
	snprintf(path, sizeof(path), "%s/text", directory);
	ASSERT_EQ(0, scratch_text(path, "text\n"));
	ASSERT_EQ(0, ima_activate(&self->child));
	ASSERT_EQ(0, ima_load_policy(&self->child,
				     "measure func=FILE_CHECK mask=MAY_READ "
				     "fsname=ext4\n"));
	fd = file_open(&self->child, path, O_RDONLY);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, scratch_append(path, "more\n"));
	ASSERT_EQ(1, ima_number(&self->child, "violations"));
	agent_stop(&self->child);
	ASSERT_EQ(1, record_wait(NULL, "ima_ns_death", self->id, self->text,
				 sizeof(self->text)));
	EXPECT_VALUE("violations", "1");
	scratch_remove(directory);
}

TEST_F(record, of_a_policy_is_in_both_lists)
{
	char inside[4096];

	ASSERT_EQ(0, ima_activate(&self->child));
	ASSERT_EQ(0, ima_load_policy(&self->child, EXEC_RULE));
	ASSERT_EQ(1, record_find(NULL, "ima_ns_policy", self->id, self->text,
				 sizeof(self->text)));
	ASSERT_EQ(1, record_find(&self->child, "ima_ns_policy", self->id,
				 inside, sizeof(inside)));
	EXPECT_STREQ(self->text, inside);
	record_keys(self->text, self->keys, sizeof(self->keys));
	EXPECT_STREQ(POLICY_KEYS, self->keys);
}

/* policy= is the digest of what reading ima/policy inside gives. */
TEST_F(record, of_a_policy_holds_the_digest_of_what_is_read)
{
	char hex[65], expected[96], *policy;
	uint8_t digest[DIGEST_MAX];
	char first[32], second[32];
	long len;

	ASSERT_EQ(0, ima_activate(&self->child));
	ASSERT_EQ(0, ima_load_policy(&self->child, EXEC_RULE));
	ASSERT_EQ(1, record_find(&self->child, "ima_ns_policy", self->id,
				 self->text, sizeof(self->text)));
	EXPECT_VALUE("rules", "1");
	ASSERT_TRUE(record_value(self->text, "seq", first, sizeof(first)));
	ASSERT_EQ(0, ima_load_policy(&self->child,
				     "dont_measure fsmagic=0x9fa0\n"
				     "measure func=MMAP_CHECK mask=MAY_EXEC\n"));
	ASSERT_EQ(2, record_find(&self->child, "ima_ns_policy", self->id,
				 self->text, sizeof(self->text)));
	EXPECT_VALUE("rules", "3");
	ASSERT_TRUE(record_value(self->text, "seq", second, sizeof(second)));
	EXPECT_EQ(atol(first) + 1, atol(second));
	len = file_get_all(&self->child, IMA_DIR "/policy", &policy);
	ASSERT_LT(0, len);
	digest_bytes("sha256", policy, len, digest);
	digest_hex(digest, 32, hex);
	snprintf(expected, sizeof(expected), "sha256:%s", hex);
	EXPECT_VALUE("policy", expected);
	ASSERT_TRUE(is_digest(self->value, "sha256"));
	free(policy);
}

TEST_F(record, refused_batch_leaves_none)
{
	ASSERT_EQ(0, ima_activate(&self->child));
	ASSERT_EQ(-EINVAL, ima_load_policy(&self->child, "nonsense\n"));
	EXPECT_EQ(0, record_find(NULL, "ima_ns_policy", self->id, NULL, 0));
	EXPECT_EQ(1, ima_count(&self->child));
}

/*
 * The parent is the nearest active ancestor at activation:
 *
 *   init ---- child ---- nested
 */
TEST_F(record, of_a_nested_one_is_in_its_parents_list)
{
	char number[32];
	long id;

	ASSERT_EQ(0, ima_activate(&self->child));
	ASSERT_EQ(0, ima_start_new(&self->nested, &self->child, 0, NULL));
	id = ima_number(&self->nested, "id");
	ASSERT_EQ(1, record_find(&self->child, "ima_ns_birth", id, self->text,
				 sizeof(self->text)));
	EXPECT_EQ(0, record_find(NULL, "ima_ns_birth", id, NULL, 0));
	snprintf(number, sizeof(number), "%ld", self->id);
	EXPECT_VALUE("parent", number);
	/* In the numbers of the list's own user namespace. */
	EXPECT_VALUE("owner", "0");
	agent_stop(&self->nested);
	EXPECT_EQ(1, record_wait(&self->child, "ima_ns_death", id, NULL, 0));
	EXPECT_EQ(0, record_find(NULL, "ima_ns_death", id, NULL, 0));
}

TEST_F(record, of_a_nested_one_below_an_inactive_one_is_in_inits_list)
{
	long id;

	ASSERT_EQ(0, ima_start_new(&self->nested, &self->child, 0, NULL));
	id = ima_number(&self->nested, "id");
	ASSERT_EQ(1, record_find(NULL, "ima_ns_birth", id, self->text,
				 sizeof(self->text)));
	EXPECT_VALUE("parent", "0");
	/* Death goes to the list that was chosen at activation. */
	ASSERT_EQ(0, ima_activate(&self->child));
	agent_stop(&self->nested);
	EXPECT_EQ(1, record_wait(NULL, "ima_ns_death", id, NULL, 0));
	EXPECT_EQ(0, record_find(&self->child, "ima_ns_death", id, NULL, 0));
}

TEST_HARNESS_MAIN
