// SPDX-License-Identifier: GPL-2.0-only
/*
 * template= in rules of the initial policy: every built-in template can be
 * used from the first rule on, and nothing but their names is one.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "file.h"
#include "ima.h"
#include "list.h"
#include "scratch.h"

FIXTURE(name)
{
	char rule[256];
};

FIXTURE_VARIANT(name)
{
	const char *text;
};

#define NAME(_name, _text) \
	FIXTURE_VARIANT_ADD(name, _name) { .text = _text }

/* clang-format off */
NAME(format_of_ima, "d|n");
NAME(format_of_ima_ng, "d-ng|n-ng");
NAME(format_of_ima_sig, "d-ng|n-ng|sig");
NAME(other_format, "n-ng|d-ng");
NAME(unknown, "ima-none");
NAME(longer, "ima-ng2");
NAME(shorter, "ima-n");
/* clang-format on */

FIXTURE_SETUP(name)
{
	snprintf(self->rule, sizeof(self->rule),
		 "measure func=FILE_CHECK mask=MAY_READ fowner=1100 template=%s\n",
		 variant->text);
}

FIXTURE_TEARDOWN(name)
{
}

TEST_F(name, is_refused)
{
	EXPECT_EQ(-EINVAL, ima_load_policy(NULL, self->rule));
}

FIXTURE(builtin)
{
	char directory[256];
	char path[300];
	char rule[256];
	struct list list;
};

FIXTURE_VARIANT(builtin)
{
	const char *name;
	uid_t owner;		/* one rule each, for the files of this user */
	const char *algo;
	size_t fields;
};

#define BUILTIN(_name, _text, _owner, _algo, _fields) \
	FIXTURE_VARIANT_ADD(builtin, _name) { \
		.name = _text, \
		.owner = _owner, \
		.algo = _algo, \
		.fields = _fields, \
	}

/* clang-format off */
BUILTIN(ima, "ima", 1101, "sha1", 2);
BUILTIN(ima_ng, "ima-ng", 1102, "sha256", 2);
BUILTIN(ima_sig, "ima-sig", 1103, "sha256", 3);
BUILTIN(ima_ngv2, "ima-ngv2", 1104, "ima:sha256", 2);
BUILTIN(ima_sigv2, "ima-sigv2", 1105, "ima:sha256", 3);
BUILTIN(ima_buf, "ima-buf", 1106, "sha256", 3);
BUILTIN(ima_modsig, "ima-modsig", 1107, "sha256", 5);
BUILTIN(evm_sig, "evm-sig", 1108, "sha256", 9);
/* clang-format on */

FIXTURE_SETUP(builtin)
{
	self->directory[0] = 0;
	memset(&self->list, 0, sizeof(self->list));
	ASSERT_EQ(0, scratch_directory(self->directory,
				       sizeof(self->directory)));
	snprintf(self->path, sizeof(self->path), "%s/file", self->directory);
	snprintf(self->rule, sizeof(self->rule),
		 "measure func=FILE_CHECK mask=MAY_READ fowner=%u template=%s\n",
		 variant->owner, variant->name);
}

FIXTURE_TEARDOWN(builtin)
{
	list_free(&self->list);
	scratch_remove(self->directory);
}

/* In template data each field has its length in front. */
static size_t count_fields(const struct entry *entry)
{
	size_t at = 0, count = 0;

	while (at + 4 <= entry->data_len) {
		uint32_t len;

		memcpy(&len, entry->data + at, sizeof(len));
		at += sizeof(len) + len;
		count++;
	}
	return at == entry->data_len ? count : 0;
}

TEST_F(builtin, has_its_fields)
{
	const struct entry *entry;
	char text[64];

	ASSERT_EQ(0, ima_load_policy(NULL, self->rule));
	ASSERT_EQ(0, scratch_text(self->path, "content\n"));
	ASSERT_EQ(0, chown(self->path, variant->owner, variant->owner));
	ASSERT_EQ(8, file_get(NULL, self->path, text, sizeof(text)));

	ASSERT_EQ(0, list_read(NULL, &self->list));
	entry = list_find(&self->list, 0, self->path);
	ASSERT_NE(NULL, entry);
	EXPECT_STREQ(variant->name, entry->template);
	EXPECT_STREQ(variant->algo, entry->algo);
	/* The oldest template has no length in front of its digest. */
	if (strcmp(variant->name, "ima"))
		EXPECT_EQ(variant->fields, count_fields(entry));
}

TEST_HARNESS_MAIN
