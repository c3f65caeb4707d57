// SPDX-License-Identifier: GPL-2.0-only
/*
 * Configuring and activating a namespace: active, hash, template_name, label,
 * id, policy_lock (abi.md sections 1, 2 and 4).
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>

#include "kselftest_harness.h"

#include "file.h"
#include "ima.h"
#include "list.h"
#include "ns.h"
#include "scratch.h"

#define OWNER 1000

#define LABEL_256 \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* What may be written to active. */
FIXTURE(active)
{
	struct agent child;
};

FIXTURE_VARIANT(active)
{
	const char *text;
	size_t len;
	int error;
};

#define ACTIVE(_name, _text, _error) \
	FIXTURE_VARIANT_ADD(active, _name) { \
		.text = _text, \
		.len = sizeof(_text) - 1, \
		.error = _error, \
	}

/* clang-format off */
ACTIVE(one, "1", 0);
ACTIVE(one_and_newline, "1\n", 0);
ACTIVE(one_and_nul, "1\0", 0);
ACTIVE(zero, "0", EINVAL);
ACTIVE(two, "2", EINVAL);
ACTIVE(newline, "\n", EINVAL);
ACTIVE(nul, "\0", EINVAL);
ACTIVE(one_and_blank, "1 ", EINVAL);
ACTIVE(blank_and_one, " 1", EINVAL);
ACTIVE(eleven, "11", EINVAL);
ACTIVE(one_and_two_newlines, "1\n\n", EINVAL);
ACTIVE(one_newline_nul, "1\n\0", EINVAL);
ACTIVE(plus_one, "+1", EINVAL);
ACTIVE(yes, "y", EINVAL);
ACTIVE(nothing, "", EINVAL);
ACTIVE(one_and_much_more, "1\n" LABEL_256 LABEL_256, EINVAL);
ACTIVE(leading_zero, "01", EINVAL);
ACTIVE(hexadecimal, "0x1", EINVAL);
/* clang-format on */

FIXTURE_SETUP(active)
{
	ASSERT_EQ(0, ns_start(&self->child, NULL, OWNER, NULL));
	ASSERT_EQ(0, ima_mount(&self->child));
}

FIXTURE_TEARDOWN(active)
{
	agent_stop(&self->child);
}

TEST_F(active, accepts_one_alone)
{
	char text[64];

	EXPECT_EQ(-variant->error, file_put(&self->child, IMA_DIR "/active",
					    variant->text, variant->len));
	ASSERT_EQ(2, ima_get(&self->child, "active", text, sizeof(text)));
	EXPECT_STREQ(variant->error ? "0\n" : "1\n", text);
	EXPECT_EQ(variant->error ? -EACCES : 1, ima_count(&self->child));
}

/* Refused once is not refused for ever. */
TEST_F(active, can_follow_any_write)
{
	file_put(&self->child, IMA_DIR "/active", variant->text, variant->len);
	EXPECT_EQ(variant->error ? 0 : -EBUSY, ima_activate(&self->child));
}

/*
 * Nothing takes it back, nor is anything done twice.  What is no "1" is
 * invalid in any state.
 */
TEST_F(active, stays_one_once_it_is)
{
	char text[64];

	ASSERT_EQ(0, ima_activate(&self->child));
	EXPECT_EQ(variant->error ? -EINVAL : -EBUSY,
		  file_put(&self->child, IMA_DIR "/active", variant->text,
			   variant->len));
	ASSERT_EQ(2, ima_get(&self->child, "active", text, sizeof(text)));
	EXPECT_STREQ("1\n", text);
	EXPECT_EQ(1, ima_count(&self->child));
}

/* One child of uid 1000, mounted, in most of what follows. */
FIXTURE(config)
{
	struct agent child;
};

FIXTURE_SETUP(config)
{
	ASSERT_EQ(0, ns_start(&self->child, NULL, OWNER, NULL));
	ASSERT_EQ(0, ima_mount(&self->child));
}

FIXTURE_TEARDOWN(config)
{
	agent_stop(&self->child);
}

TEST_F(config, active_refuses_another_offset)
{
	int fd = ima_open(&self->child, "active", O_WRONLY);

	ASSERT_LE(0, fd);
	EXPECT_EQ(-EINVAL, file_pwrite(&self->child, fd, "1", 1, 1));
	EXPECT_EQ(1, file_pwrite(&self->child, fd, "1", 1, 0));
}

TEST_F(config, active_is_busy_the_second_time)
{
	ASSERT_EQ(0, ima_activate(&self->child));
	EXPECT_EQ(-EBUSY, ima_activate(&self->child));
}

TEST_F(config, active_reads_zero_before_activation)
{
	char text[64];

	ASSERT_EQ(2, ima_get(&self->child, "active", text, sizeof(text)));
	EXPECT_STREQ("0\n", text);
}

/* Opening it as a shell does is not yet writing. */
TEST_F(config, active_is_not_changed_by_truncation)
{
	int fd = ima_open(&self->child, "active", O_WRONLY | O_TRUNC);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, file_close(&self->child, fd));
	EXPECT_EQ(0, ima_number(&self->child, "active"));
	EXPECT_EQ(-EACCES, ima_count(&self->child));
}

TEST_F(config, boot_aggregate_is_the_first_and_only_entry)
{
	struct list list;

	ASSERT_EQ(0, ima_activate(&self->child));
	ASSERT_EQ(0, list_read(&self->child, &list));
	ASSERT_EQ(1, list.count);
	EXPECT_STREQ("boot_aggregate", list.entries[0].name);
	EXPECT_EQ(10, list.entries[0].pcr);
	EXPECT_FALSE(list.entries[0].violation);
	EXPECT_EQ(1, list_count_of(&list, "boot_aggregate"));
	list_free(&list);
}

/* Zeros without a TPM, in the namespace's own algorithm. */
TEST_F(config, boot_aggregate_without_a_tpm_is_zeros)
{
	static const uint8_t zeros[DIGEST_MAX];
	struct list list;

	ASSERT_EQ(0, ima_put(&self->child, "hash", "sha384"));
	ASSERT_EQ(0, ima_put(&self->child, "template_name", "ima-ng"));
	ASSERT_EQ(0, ima_activate(&self->child));
	ASSERT_EQ(0, list_read(&self->child, &list));
	ASSERT_LE(1, list.count);
	EXPECT_STREQ("sha384", list.entries[0].algo);
	EXPECT_EQ(48, list.entries[0].file_digest_len);
	EXPECT_EQ(0, memcmp(zeros, list.entries[0].file_digest,
			    list.entries[0].file_digest_len));
	list_free(&list);
}

TEST_F(config, count_includes_boot_aggregate)
{
	char text[64];

	ASSERT_EQ(0, ima_activate(&self->child));
	ASSERT_EQ(2, ima_get(&self->child, "runtime_measurements_count", text,
			     sizeof(text)));
	EXPECT_STREQ("1\n", text);
}

TEST_F(config, violations_start_at_zero)
{
	char text[64];

	ASSERT_EQ(0, ima_activate(&self->child));
	ASSERT_EQ(2, ima_get(&self->child, "violations", text, sizeof(text)));
	EXPECT_STREQ("0\n", text);
}

TEST_F(config, unset_hash_and_template_are_the_hosts)
{
	char hash[64], template[64];
	struct list host, list;

	ASSERT_LT(0, ima_get(&self->child, "hash", hash, sizeof(hash)));
	ASSERT_LT(0, ima_get(&self->child, "template_name", template,
			     sizeof(template)));
	hash[strcspn(hash, "\n")] = 0;
	template[strcspn(template, "\n")] = 0;
	ASSERT_EQ(0, list_read(NULL, &host));
	ASSERT_LE(1, host.count);
	EXPECT_STREQ(host.entries[0].template, template);
	ASSERT_EQ(0, ima_activate(&self->child));
	ASSERT_EQ(0, list_read(&self->child, &list));
	EXPECT_STREQ(template, list.entries[0].template);
	EXPECT_STREQ(hash, list.entries[0].algo);
	list_free(&host);
	list_free(&list);
}

TEST_F(config, configured_values_are_read_after_activation)
{
	char text[64];

	ASSERT_EQ(0, ima_put(&self->child, "hash", "sha384"));
	ASSERT_EQ(0, ima_put(&self->child, "template_name", "ima-sig"));
	ASSERT_EQ(0, ima_activate(&self->child));
	ASSERT_LT(0, ima_get(&self->child, "hash", text, sizeof(text)));
	EXPECT_STREQ("sha384\n", text);
	ASSERT_LT(0, ima_get(&self->child, "template_name", text,
			     sizeof(text)));
	EXPECT_STREQ("ima-sig\n", text);
}

/* A name ends where it ends, not at a NUL with more behind it. */
TEST_F(config, name_with_something_behind_a_nul_is_invalid)
{
	EXPECT_EQ(-EINVAL, file_put(&self->child, IMA_DIR "/hash",
				    "sha256\0junk", 11));
	EXPECT_EQ(-EINVAL, file_put(&self->child, IMA_DIR "/template_name",
				    "ima-ng\0junk", 11));
}

TEST_F(config, configuration_is_per_namespace)
{
	struct agent other = {};
	char before[64], after[64];

	ASSERT_EQ(0, ns_start(&other, NULL, OWNER, NULL));
	ASSERT_EQ(0, ima_mount(&other));
	ASSERT_LT(0, ima_get(&other, "hash", before, sizeof(before)));
	ASSERT_EQ(0, ima_put(&self->child, "hash", "md5"));
	ASSERT_LT(0, ima_get(&other, "hash", after, sizeof(after)));
	EXPECT_STREQ(before, after);
	agent_stop(&other);
}

TEST_F(config, last_write_before_activation_counts)
{
	char text[64];

	ASSERT_EQ(0, ima_put(&self->child, "hash", "sha512"));
	ASSERT_EQ(0, ima_put(&self->child, "hash", "sha1"));
	ASSERT_EQ(5, ima_get(&self->child, "hash", text, sizeof(text)));
	EXPECT_STREQ("sha1\n", text);
}

/* Names that are refused, in hash and in template_name. */
FIXTURE(name)
{
	struct agent child;
};

FIXTURE_VARIANT(name)
{
	const char *file;
	const char *text;
	int error;
};

#define NAME(_name, _file, _text, _error) \
	FIXTURE_VARIANT_ADD(name, _name) { \
		.file = _file, \
		.text = _text, \
		.error = _error, \
	}

/* clang-format off */
NAME(hash_with_newline, "hash", "sha256\n", 0);
NAME(template_with_newline, "template_name", "ima-sig\n", 0);
NAME(hash_unknown, "hash", "sha3", EINVAL);
NAME(hash_that_ima_does_not_offer, "hash", "wp256", EINVAL);
NAME(hash_empty, "hash", "\n", EINVAL);
NAME(hash_with_tail, "hash", "sha256 ", EINVAL);
NAME(hash_uppercase, "hash", "SHA256", EINVAL);
NAME(hash_nothing, "hash", "", EINVAL);
NAME(hash_of_31, "hash", "sha256sha256sha256sha256sha256s", EINVAL);
NAME(hash_of_32, "hash", "sha256sha256sha256sha256sha256sh", EINVAL);
NAME(hash_too_long, "hash", LABEL_256, EINVAL);
NAME(template_unknown, "template_name", "ima-xy", EINVAL);
NAME(template_empty, "template_name", "\n", EINVAL);
NAME(template_format_string, "template_name", "d-ng|n-ng", EINVAL);
NAME(template_format_d_n, "template_name", "d|n", EINVAL);
NAME(template_uppercase, "template_name", "IMA-NG", EINVAL);
NAME(template_nothing, "template_name", "", EINVAL);
NAME(template_of_31, "template_name", "ima-ngima-ngima-ngima-ngima-ngi", EINVAL);
NAME(template_of_32, "template_name", "ima-ngima-ngima-ngima-ngima-ngim",
     EINVAL);
NAME(template_too_long, "template_name", LABEL_256, EINVAL);
NAME(hash_md5, "hash", "md5\n", 0);
NAME(hash_sha1, "hash", "sha1\n", 0);
NAME(hash_sha224, "hash", "sha224\n", 0);
NAME(hash_sha384, "hash", "sha384\n", 0);
NAME(hash_sha512, "hash", "sha512\n", 0);
NAME(template_ima, "template_name", "ima\n", 0);
NAME(template_ima_ng, "template_name", "ima-ng\n", 0);
NAME(template_ima_buf, "template_name", "ima-buf\n", 0);
NAME(template_ima_modsig, "template_name", "ima-modsig\n", 0);
NAME(template_evm_sig, "template_name", "evm-sig\n", 0);
NAME(template_ima_ns, "template_name", "ima-ns\n", 0);
/* clang-format on */

FIXTURE_SETUP(name)
{
	ASSERT_EQ(0, ns_start(&self->child, NULL, OWNER, NULL));
	ASSERT_EQ(0, ima_mount(&self->child));
}

FIXTURE_TEARDOWN(name)
{
	agent_stop(&self->child);
}

TEST_F(name, is_taken_or_refused)
{
	char before[64], after[64];

	ASSERT_LT(0, ima_get(&self->child, variant->file, before,
			     sizeof(before)));
	EXPECT_EQ(-variant->error,
		  ima_put(&self->child, variant->file, variant->text));
	ASSERT_LT(0, ima_get(&self->child, variant->file, after,
			     sizeof(after)));
	EXPECT_STREQ(variant->error ? before : variant->text, after);
}

TEST_F(name, is_busy_after_activation)
{
	char before[64], after[64];

	ASSERT_EQ(0, ima_activate(&self->child));
	ASSERT_LT(0, ima_get(&self->child, variant->file, before,
			     sizeof(before)));
	EXPECT_EQ(-EBUSY, ima_put(&self->child, variant->file, variant->text));
	ASSERT_LT(0, ima_get(&self->child, variant->file, after,
			     sizeof(after)));
	EXPECT_STREQ(before, after);
}

/*
 * Every hash with every template: all activate, measure, and replay to the
 * vpcr.  Template "ima" carries md5 or sha1 only.
 */
FIXTURE(combination)
{
	struct agent child;
	char directory[256];
	char program[300];
};

FIXTURE_VARIANT(combination)
{
	const char *hash;
};

#define HASH(_name) \
	FIXTURE_VARIANT_ADD(combination, _name) { \
		.hash = #_name, \
	}

/* clang-format off */
HASH(md5);
HASH(sha1);
HASH(sha224);
HASH(sha256);
HASH(sha384);
HASH(sha512);
/* clang-format on */

FIXTURE_SETUP(combination)
{
	ASSERT_EQ(0, scratch_directory(self->directory,
				       sizeof(self->directory)));
	snprintf(self->program, sizeof(self->program), "%s/prog",
		 self->directory);
	ASSERT_EQ(0, scratch_program(self->program, variant->hash));
}

FIXTURE_TEARDOWN(combination)
{
	agent_stop(&self->child);
	scratch_remove(self->directory);
}

/* What the file's digest must be, from the file itself. */
static size_t digest_of_file(const char *path, const char *algo, uint8_t *out)
{
	char *content;
	long len = file_get_all(NULL, path, &content);
	size_t ret = len < 0 ? 0 : digest_bytes(algo, content, len, out);

	free(content);
	return ret;
}

TEST_F_TIMEOUT(combination, activates_and_measures_with_every_template, 120)
{
	static const char templates[][16] = { "ima", "ima-ng", "ima-buf",
					      "ima-sig", "ima-modsig",
					      "evm-sig", "ima-ns" };
	size_t i;

	for (i = 0; i < sizeof(templates) / sizeof(templates[0]); i++) {
		const char *template = templates[i];
		const char *algo = variant->hash;
		uint8_t digest[DIGEST_MAX], own[DIGEST_MAX];
		struct agent *child = &self->child;
		struct list list;
		struct entry *entry;

		if (!strcmp(template, "ima") && strcmp(algo, "md5") &&
		    strcmp(algo, "sha1"))
			algo = "sha1";
		ASSERT_EQ(0, ns_start(child, NULL, OWNER, NULL));
		ASSERT_EQ(0, ima_configure(child, variant->hash, template)) {
			TH_LOG("%s", template);
		}
		ASSERT_EQ(0, ima_activate(child)) TH_LOG("%s", template);
		ASSERT_EQ(0, ima_load_policy(child, EXEC_RULE));
		ASSERT_EQ(0, file_run(child, self->program));
		ASSERT_EQ(0, list_read(child, &list)) TH_LOG("%s", template);
		EXPECT_STREQ("boot_aggregate", list.entries[0].name);
		EXPECT_STREQ(template, list.entries[0].template);
		EXPECT_STREQ(algo, list.entries[0].algo)
			TH_LOG("%s: boot_aggregate", template);
		entry = list_find(&list, 1, self->program);
		ASSERT_NE(NULL, entry) TH_LOG("%s", template);
		EXPECT_STREQ(template, entry->template);
		ASSERT_LT(0, digest_of_file(self->program, algo, digest));
		EXPECT_STREQ(algo, entry->algo) TH_LOG("%s", template);
		EXPECT_EQ(0, memcmp(digest, entry->file_digest,
				    digest_size(algo)))
			TH_LOG("%s: wrong file digest", template);
		/* The list's own template digest is that of its data. */
		entry_digest(entry, "sha1", own);
		EXPECT_EQ(0, memcmp(own, entry->digest, 20))
			TH_LOG("%s: wrong template digest", template);
		list_free(&list);
		agent_stop(child);
	}
}

/* The label. */
FIXTURE(label)
{
	struct agent child;
};

FIXTURE_VARIANT(label)
{
	const char *text;
	size_t len;
	int error;
};

#define LABEL(_name, _text, _error) \
	FIXTURE_VARIANT_ADD(label, _name) { \
		.text = _text, \
		.len = sizeof(_text) - 1, \
		.error = _error, \
	}

/* clang-format off */
LABEL(one_word, "web-frontend", 0);
LABEL(words, "image sha256:0123 of registry/x", 0);
LABEL(longest, LABEL_256, 0);
LABEL(too_long, LABEL_256 "0", EINVAL);
LABEL(nothing, "", EINVAL);
LABEL(only_a_newline, "\n", EINVAL);
LABEL(only_a_blank, " ", 0);
LABEL(one_and_newline, "web-frontend\n", 0);
LABEL(control_character, "web\x01", EINVAL);
LABEL(tab, "web\tfrontend", EINVAL);
LABEL(newline_inside, "web\nfrontend", EINVAL);
LABEL(nul_inside, "web\0frontend", EINVAL);
LABEL(delete_character, "web\x7f", EINVAL);
LABEL(not_ascii, "caf\xc3\xa9", EINVAL);
/* clang-format on */

FIXTURE_SETUP(label)
{
	ASSERT_EQ(0, ns_start(&self->child, NULL, OWNER, NULL));
	ASSERT_EQ(0, ima_mount(&self->child));
}

FIXTURE_TEARDOWN(label)
{
	agent_stop(&self->child);
}

TEST_F(label, is_taken_or_refused)
{
	char text[512], expected[512];
	long len;

	EXPECT_EQ(-variant->error, file_put(&self->child, IMA_DIR "/label",
					    variant->text, variant->len));
	len = ima_get(&self->child, "label", text, sizeof(text));
	ASSERT_LE(0, len);
	text[strcspn(text, "\n")] = 0;
	snprintf(expected, sizeof(expected), "%.*s",
		 (int)strcspn(variant->text, "\n"), variant->text);
	EXPECT_STREQ(variant->error ? "" : expected, text);
	/* A refused one may be mended, an accepted one stays. */
	EXPECT_EQ(variant->error ? 0 : -EBUSY,
		  ima_put(&self->child, "label", "another"));
}

/* Whether the second one would have been good does not matter. */
TEST_F(label, is_written_once)
{
	char text[512];

	ASSERT_EQ(0, ima_put(&self->child, "label", "first"));
	EXPECT_EQ(-EBUSY, file_put(&self->child, IMA_DIR "/label",
				   variant->text, variant->len));
	ASSERT_LT(0, ima_get(&self->child, "label", text, sizeof(text)));
	text[strcspn(text, "\n")] = 0;
	EXPECT_STREQ("first", text);
}

TEST_F(config, label_reads_back_after_activation)
{
	char text[64];

	ASSERT_EQ(0, ima_put(&self->child, "label", "web"));
	ASSERT_EQ(0, ima_activate(&self->child));
	ASSERT_LT(0, ima_get(&self->child, "label", text, sizeof(text)));
	text[strcspn(text, "\n")] = 0;
	EXPECT_STREQ("web", text);
}

TEST_F(config, label_is_busy_after_activation)
{
	ASSERT_EQ(0, ima_activate(&self->child));
	EXPECT_EQ(-EBUSY, ima_put(&self->child, "label", "late"));
}

/* id: decimal, not 0 (that is init), never used twice. */
TEST_F(config, id_is_decimal_and_not_zero)
{
	EXPECT_LT(0, ima_number(&self->child, "id"));
}

TEST_F(config, id_stays_through_activation)
{
	long before = ima_number(&self->child, "id");

	ASSERT_EQ(0, ima_activate(&self->child));
	EXPECT_EQ(before, ima_number(&self->child, "id"));
}

TEST_F(config, id_is_readable_by_everyone_inside)
{
	char path[] = IMA_DIR "/id";
	struct agent user = {};

	/* Someone without any right, under a uid that is not mapped. */
	ASSERT_EQ(0, agent_start(&user, &self->child));
	ASSERT_EQ(0, ns_limit_capabilities(&user, 0));
	EXPECT_LE(0, file_open(&user, path, O_RDONLY));
	agent_stop(&user);
}

TEST(id_is_never_reused)
{
	long last = 0;
	int i;

	for (i = 0; i < 5; i++) {
		struct agent child = {};
		long id;

		ASSERT_EQ(0, ns_start(&child, NULL, OWNER, NULL));
		ASSERT_EQ(0, ima_mount(&child));
		id = ima_number(&child, "id");
		EXPECT_LT(last, id);
		last = id;
		agent_stop(&child);
	}
}

/*
 * Privilege: CAP_MAC_ADMIN or CAP_SYS_ADMIN in the namespace, for whoever the
 * mode lets in (uid 0 inside).
 */
FIXTURE(privilege)
{
	struct agent child;
	struct agent limited;
};

FIXTURE_VARIANT(privilege)
{
	unsigned long long capabilities;
	int error;
};

FIXTURE_VARIANT_ADD(privilege, mac_admin)
{
	.capabilities = 1ULL << CAP_MAC_ADMIN,
	.error = 0,
};

FIXTURE_VARIANT_ADD(privilege, sys_admin)
{
	.capabilities = 1ULL << CAP_SYS_ADMIN,
	.error = 0,
};

FIXTURE_VARIANT_ADD(privilege, neither)
{
	.capabilities = ~(1ULL << CAP_SYS_ADMIN | 1ULL << CAP_MAC_ADMIN) &
			((1ULL << (CAP_LAST_CAP + 1)) - 1),
	.error = EPERM,
};

FIXTURE_VARIANT_ADD(privilege, none)
{
	.capabilities = 0,
	.error = EPERM,
};

FIXTURE_SETUP(privilege)
{
	ASSERT_EQ(0, ns_start(&self->child, NULL, OWNER, NULL));
	ASSERT_EQ(0, ima_mount(&self->child));
	ASSERT_EQ(0, agent_start(&self->limited, &self->child));
	ASSERT_EQ(0, ns_limit_capabilities(&self->limited,
					   variant->capabilities));
}

FIXTURE_TEARDOWN(privilege)
{
	agent_stop(&self->limited);
	agent_stop(&self->child);
}

TEST_F(privilege, write_hash)
{
	EXPECT_EQ(-variant->error, ima_put(&self->limited, "hash", "sha512"));
}

TEST_F(privilege, write_template_name)
{
	EXPECT_EQ(-variant->error,
		  ima_put(&self->limited, "template_name", "ima-sig"));
}

TEST_F(privilege, write_label)
{
	EXPECT_EQ(-variant->error, ima_put(&self->limited, "label", "x"));
}

TEST_F(privilege, write_active)
{
	EXPECT_EQ(-variant->error, ima_activate(&self->limited));
}

TEST_F(privilege, write_policy)
{
	ASSERT_EQ(0, ima_activate(&self->child));
	EXPECT_EQ(-variant->error,
		  ima_load_policy(&self->limited, EXEC_RULE));
}

TEST_F(privilege, read_policy)
{
	char text[4096];
	long len;

	ASSERT_EQ(0, ima_activate(&self->child));
	ASSERT_EQ(0, ima_load_policy(&self->child, EXEC_RULE));
	len = ima_get(&self->limited, "policy", text, sizeof(text));
	EXPECT_EQ(-variant->error, len < 0 ? len : 0);
}

/* The descriptor's opener is judged, not who writes. */
TEST_F(privilege, policy_is_judged_by_its_opener)
{
	int fd, given;
	long n;

	ASSERT_EQ(0, ima_activate(&self->child));
	fd = ima_open(&self->limited, "policy", O_WRONLY);
	if (fd < 0) {
		ASSERT_EQ(-variant->error, fd);
		return;
	}
	/* The privileged one writes to what the limited one has opened. */
	given = file_give_fd(&self->child, file_fetch_fd(&self->limited, fd));
	ASSERT_LE(0, given);
	n = file_write(&self->child, given, EXEC_RULE, strlen(EXEC_RULE));
	EXPECT_EQ(-variant->error, n < 0 ? n : 0);
}

/* policy_lock: only an ancestor sets it, nobody lifts it. */
FIXTURE(policy_lock)
{
	struct agent child;
	char path[256];
};

FIXTURE_SETUP(policy_lock)
{
	ASSERT_EQ(0, ns_start(&self->child, NULL, OWNER, NULL));
	ASSERT_EQ(0, ima_mount(&self->child));
	snprintf(self->path, sizeof(self->path), "/proc/%d/root%s/",
		 self->child.pid, IMA_DIR);
}

FIXTURE_TEARDOWN(policy_lock)
{
	agent_stop(&self->child);
}

TEST_F(policy_lock, child_cannot_set_it)
{
	EXPECT_EQ(-EPERM, ima_put(&self->child, "policy_lock", "1"));
	EXPECT_EQ(0, ima_number(&self->child, "policy_lock"));
}

TEST_F(policy_lock, child_cannot_load_once_it_is_set)
{
	char path[512];

	ASSERT_EQ(0, ima_activate(&self->child));
	snprintf(path, sizeof(path), "%spolicy_lock", self->path);
	ASSERT_EQ(0, file_put_text(NULL, path, "1"));
	EXPECT_EQ(1, ima_number(&self->child, "policy_lock"));
	EXPECT_GT(0, ima_load_policy(&self->child, EXEC_RULE));
	snprintf(path, sizeof(path), "%spolicy", self->path);
	EXPECT_EQ(0, file_put_text(NULL, path, EXEC_RULE));
}

TEST_F(policy_lock, is_never_lifted)
{
	char path[512];

	snprintf(path, sizeof(path), "%spolicy_lock", self->path);
	ASSERT_EQ(0, file_put_text(NULL, path, "1"));
	EXPECT_GT(0, file_put_text(NULL, path, "0"));
	EXPECT_EQ(1, ima_number(&self->child, "policy_lock"));
}

TEST_HARNESS_MAIN
