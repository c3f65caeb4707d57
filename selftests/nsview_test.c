// SPDX-License-Identifier: GPL-2.0-only
/*
 * What init sees of other namespaces: ima/ns/<id>/ in its securityfs (abi.md
 * section 6).
 *
 *   init (test) ---- ima/ns/<id>/ ----.
 *     `- child (active, OWNER) <------+
 *          `- nested (active) <-------'
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "clock.h"
#include "digest.h"
#include "file.h"
#include "ima.h"
#include "inject.h"
#include "list.h"
#include "ns.h"
#include "record.h"
#include "scratch.h"
#include "vpcr.h"
#include "vtpm.h"

#define OWNER 1000

#define FILES \
	"ascii_runtime_measurements\n" \
	"binary_runtime_measurements\n" \
	"policy\n" \
	"runtime_measurements_count\n" \
	"status\n" \
	"violations\n"

#define STATUS_KEYS \
	"id uuid parent userns level state created label hash template " \
	"entries violations bytes pending tpm policy acc kind ca "

/* A rule whose id reads differently inside and outside. */
#define RULES EXEC_RULE "dont_measure func=FILE_CHECK fowner=0\n"

/* Longer than any wait for a lock, shorter than one for a stopped TPM. */
#define SOON_MS 5000

FIXTURE(view)
{
	struct agent child;
	struct agent nested;
	struct agent reader;
	long id;
	char directory[256];
	char program[300];
	char path[512];
	char text[16384];
	char inside[16384];
	char value[4096];
};

FIXTURE_SETUP(view)
{
	ASSERT_EQ(0, scratch_directory(self->directory,
				       sizeof(self->directory)));
	snprintf(self->program, sizeof(self->program), "%s/program",
		 self->directory);
	ASSERT_EQ(0, scratch_program(self->program, self->program));
	ASSERT_EQ(0, ns_start(&self->child, NULL, OWNER, NULL));
	ASSERT_EQ(0, ima_mount(&self->child));
	self->id = ima_number(&self->child, "id");
	ASSERT_LT(0, self->id);
}

FIXTURE_TEARDOWN(view)
{
	agent_stop(&self->reader);
	agent_stop(&self->nested);
	agent_stop(&self->child);
	scratch_remove(self->directory);
}

/* The name, below ima/ of init, of a file of the namespace @id. */
static const char *view_name(long id, const char *file)
{
	static char name[128];

	snprintf(name, sizeof(name), "ns/%ld%s%s", id, file[0] ? "/" : "",
		 file);
	return name;
}

static const char *view_path(long id, const char *file)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", IMA_DIR, view_name(id, file));
	return path;
}

static bool view_exists(long id)
{
	return !access(view_path(id, ""), F_OK);
}

/* The value of a key in a text of "key: value" lines. */
static bool text_value(const char *text, const char *key, char *value,
		       size_t size)
{
	size_t len = strlen(key);
	const char *end;

	for (; *text; text = end + 1) {
		end = strchr(text, '\n');
		if (!end)
			return false;
		if (strncmp(text, key, len) || strncmp(text + len, ": ", 2))
			continue;
		text += len + 2;
		snprintf(value, size, "%.*s", (int)(end - text), text);
		return true;
	}
	return false;
}

static bool status_value(long id, const char *key, char *value, size_t size)
{
	char text[4096];

	return ima_get(NULL, view_name(id, "status"), text,
		       sizeof(text)) > 0 &&
	       text_value(text, key, value, size);
}

static long status_number(long id, const char *key)
{
	char value[512];

	return status_value(id, key, value, sizeof(value)) ?
	       atol(value) : -1;
}

/* Waits up to half a minute until the directory is gone. */
static bool view_goes(long id)
{
	struct patience wait = patience(30000);

	while (view_exists(id))
		if (!patience_lasts(&wait))
			return false;
	return true;
}

TEST_F(view, appears_with_the_activation)
{
	EXPECT_FALSE(view_exists(self->id));
	ASSERT_EQ(0, ima_activate(&self->child));
	EXPECT_TRUE(view_exists(self->id));
}

TEST_F(view, has_exactly_its_files)
{
	ASSERT_EQ(0, ima_activate(&self->child));
	ASSERT_LT(0, file_list(NULL, view_path(self->id, ""), self->text,
			       sizeof(self->text)));
	EXPECT_STREQ(FILES, self->text);
}

TEST_F(view, is_for_root_to_read_and_for_nobody_to_write)
{
	char names[] = FILES, *name, *rest = names;
	struct stat st;

	ASSERT_EQ(0, ima_activate(&self->child));
	ASSERT_EQ(0, file_stat(NULL, IMA_DIR "/ns", &st));
	EXPECT_EQ((mode_t)(S_IFDIR | 0700), st.st_mode);
	while ((name = strsep(&rest, "\n")) && *name) {
		const char *path = view_path(self->id, name);

		ASSERT_EQ(0, file_stat(NULL, path, &st));
		EXPECT_EQ((mode_t)(S_IFREG | 0440), st.st_mode);
		EXPECT_EQ(0, (int)st.st_uid);
		EXPECT_EQ(0, (int)st.st_gid);
		/* Root may override the mode. */
		EXPECT_EQ(-EACCES, file_open(NULL, path, O_WRONLY));
		EXPECT_EQ(-EACCES, file_open(NULL, path, O_RDWR));
	}
	EXPECT_EQ(-EPERM, file_unlink(NULL, view_path(self->id, "status")));
	EXPECT_EQ(-EPERM, file_mkdir(NULL, IMA_DIR "/ns/0"));
}

TEST_F(view, is_not_in_a_childs_securityfs)
{
	struct stat st;

	ASSERT_EQ(0, ima_activate(&self->child));
	EXPECT_EQ(-ENOENT, file_stat(&self->child, IMA_DIR "/ns", &st));
}

TEST_F(view, lists_are_those_inside)
{
	char *inside, *outside;
	size_t i;
	long len;
	static const char * const lists[] = {
		"ascii_runtime_measurements", "binary_runtime_measurements",
	};

	ASSERT_EQ(0, ima_put(&self->child, "hash", "sha512"));
	ASSERT_EQ(0, ima_activate(&self->child));
	ASSERT_EQ(0, ima_load_policy(&self->child, RULES));
	ASSERT_EQ(0, file_run(&self->child, self->program));
	for (i = 0; i < 2; i++) {
		snprintf(self->path, sizeof(self->path), "%s/%s", IMA_DIR,
			 lists[i]);
		len = file_get_all(&self->child, self->path, &inside);
		ASSERT_LT(0, len);
		ASSERT_EQ(len, file_get_all(NULL, view_path(self->id, lists[i]),
					    &outside));
		EXPECT_EQ(0, memcmp(inside, outside, len));
		free(inside);
		free(outside);
	}
	EXPECT_EQ(ima_count(&self->child),
		  ima_number(NULL, view_name(self->id,
					     "runtime_measurements_count")));
	EXPECT_EQ(0, ima_number(NULL, view_name(self->id, "violations")));
}

TEST_F(view, violations_are_those_inside)
{
	int reader;

	snprintf(self->path, sizeof(self->path), "%s/file", self->directory);
	ASSERT_EQ(0, scratch_text(self->path, "text\n"));
	ASSERT_EQ(0, chown(self->path, OWNER, OWNER));
	ASSERT_EQ(0, ima_activate(&self->child));
	ASSERT_EQ(0, ima_load_policy(&self->child, NOT_SECURITYFS
			"measure func=FILE_CHECK mask=MAY_READ fowner=0\n"));
	reader = file_open(&self->child, self->path, O_RDONLY);
	ASSERT_LE(0, reader);
	ASSERT_EQ(0, scratch_append(self->path, "more\n"));
	ASSERT_EQ(1, ima_number(&self->child, "violations"));
	EXPECT_EQ(1, ima_number(NULL, view_name(self->id, "violations")));
	EXPECT_EQ(1, status_number(self->id, "violations"));
}

TEST_F(view, policy_is_in_the_numbers_of_its_reader)
{
	char *at;

	ASSERT_EQ(0, ima_activate(&self->child));
	ASSERT_EQ(0, ima_load_policy(&self->child, RULES));
	ASSERT_LT(0, ima_get(&self->child, "policy", self->inside,
			     sizeof(self->inside)));
	ASSERT_LT(0, ima_get(NULL, view_name(self->id, "policy"), self->text,
			     sizeof(self->text)));
	EXPECT_NE(NULL, strstr(self->inside, "fowner=0 "));
	at = strstr(self->text, "fowner=1000 ");
	ASSERT_NE(NULL, at);
	memmove(at + 7, at + 10, strlen(at + 10) + 1);
	EXPECT_STREQ(self->inside, self->text);
}

TEST_F(view, default_policy_is_seen)
{
	ASSERT_EQ(0, ima_activate(&self->child));
	ASSERT_LT(0, ima_get(NULL, view_name(self->id, "policy"), self->text,
			     sizeof(self->text)));
	EXPECT_NE(NULL, strstr(self->text, "measure func=BPRM_CHECK "));
}

static void status_keys(const char *text, char *keys)
{
	const char *colon;

	for (*keys = 0; (colon = strstr(text, ": "));
	     text = strchr(colon, '\n') + 1) {
		strncat(keys, text, colon - text);
		strcat(keys, " ");
		if (!strchr(colon, '\n'))
			break;
	}
}

TEST_F(view, status_has_its_keys_in_order)
{
	ASSERT_EQ(0, ima_activate(&self->child));
	ASSERT_LT(0, ima_get(NULL, view_name(self->id, "status"), self->text,
			     sizeof(self->text)));
	status_keys(self->text, self->value);
	EXPECT_STREQ(STATUS_KEYS, self->value);
}

#define EXPECT_STATUS(_key, _expected) do { \
	EXPECT_TRUE(text_value(self->text, _key, self->value, \
			       sizeof(self->value))) \
		TH_LOG("no key %s", _key); \
	EXPECT_STREQ(_expected, self->value) TH_LOG("key %s", _key); \
} while (0)

static void policy_value(const char *policy, char *value)
{
	uint8_t digest[DIGEST_MAX];
	size_t len = digest_bytes("sha256", policy, strlen(policy), digest);

	strcpy(value, "sha256:");
	digest_hex(digest, len, value + 7);
}

TEST_F(view, status_tells_what_was_configured)
{
	char birth[4096], number[64], digest[128];
	struct timespec before, after;
	long long created;

	ASSERT_EQ(0, ima_put(&self->child, "hash", "sha384"));
	ASSERT_EQ(0, ima_put(&self->child, "template_name", "ima-sig"));
	ASSERT_EQ(0, ima_put(&self->child, "label", "web: 1"));
	clock_gettime(CLOCK_BOOTTIME, &before);
	ASSERT_EQ(0, ima_activate(&self->child));
	clock_gettime(CLOCK_BOOTTIME, &after);
	ASSERT_EQ(1, record_find(NULL, "ima_ns_birth", self->id, birth,
				 sizeof(birth)));
	ASSERT_LT(0, ima_get(NULL, view_name(self->id, "status"), self->text,
			     sizeof(self->text)));
	snprintf(number, sizeof(number), "%ld", self->id);
	EXPECT_STATUS("id", number);
	ASSERT_TRUE(record_value(birth, "uuid", self->inside,
				 sizeof(self->inside)));
	EXPECT_STATUS("uuid", self->inside);
	EXPECT_STATUS("parent", "0");
	snprintf(number, sizeof(number), "%ld", ns_user_inum(&self->child));
	EXPECT_STATUS("userns", number);
	EXPECT_STATUS("level", "1");
	EXPECT_STATUS("state", "active");
	EXPECT_STATUS("label", "web: 1");
	EXPECT_STATUS("hash", "sha384");
	EXPECT_STATUS("template", "ima-sig");
	EXPECT_STATUS("entries", "1");
	EXPECT_STATUS("violations", "0");
	EXPECT_STATUS("pending", "0");
	EXPECT_STATUS("tpm", "none");
	ASSERT_LT(0, ima_get(&self->child, "policy", self->inside,
			     sizeof(self->inside)));
	policy_value(self->inside, digest);
	EXPECT_STATUS("policy", digest);
	/* It was made with the mount, which was before this test. */
	ASSERT_TRUE(text_value(self->text, "created", self->value,
			       sizeof(self->value)));
	created = atoll(self->value);
	EXPECT_LT(0, created);
	EXPECT_GT(before.tv_sec * 1000000000LL + before.tv_nsec, created);
	EXPECT_LT((after.tv_sec - 60) * 1000000000LL, created);
}

TEST_F(view, status_of_one_without_a_label_has_an_empty_one)
{
	ASSERT_EQ(0, ima_activate(&self->child));
	ASSERT_LT(0, ima_get(NULL, view_name(self->id, "status"), self->text,
			     sizeof(self->text)));
	EXPECT_STATUS("label", "");
}

TEST_F(view, status_follows_list_and_policy)
{
	char digest[128], *at;
	long bytes;

	ASSERT_EQ(0, ima_activate(&self->child));
	bytes = status_number(self->id, "bytes");
	/* One entry: the structure, three digests, two fields. */
	EXPECT_LT(250, bytes);
	EXPECT_GT(2000, bytes);
	ASSERT_EQ(0, ima_load_policy(&self->child, RULES));
	ASSERT_EQ(0, file_run(&self->child, self->program));
	ASSERT_LT(0, ima_get(&self->child, "policy", self->inside,
			     sizeof(self->inside)));
	policy_value(self->inside, digest);
	ASSERT_TRUE(status_value(self->id, "policy", self->value,
				 sizeof(self->value)));
	EXPECT_STREQ(digest, self->value);
	EXPECT_EQ(ima_count(&self->child),
		  status_number(self->id, "entries"));
	/* The batch and the program. */
	EXPECT_EQ(3, status_number(self->id, "entries"));
	EXPECT_LT(bytes + 500, status_number(self->id, "bytes"));
	EXPECT_GT(bytes + 5000, status_number(self->id, "bytes"));

	/* The sum of the list, as inside. */
	ASSERT_LT(0, ima_get(&self->child, "vpcr", self->text,
			     sizeof(self->text)));
	at = strstr(self->text, "acc ");
	ASSERT_NE(NULL, at);
	at[strcspn(at, "\n")] = '\0';
	ASSERT_TRUE(status_value(self->id, "acc", self->value,
				 sizeof(self->value)));
	EXPECT_STREQ(at + 4, self->value);
}

TEST_F(view, nested_namespaces_name_their_parents)
{
	long id;

	ASSERT_EQ(0, ima_activate(&self->child));
	ASSERT_EQ(0, ima_start_new(&self->nested, &self->child, 0, NULL));
	id = ima_number(&self->nested, "id");
	EXPECT_EQ(self->id, status_number(id, "parent"));
	EXPECT_EQ(2, status_number(id, "level"));
	EXPECT_EQ(0, status_number(self->id, "parent"));
}

/* Below one that is not active: the parent is the next one above. */
TEST_F(view, nested_namespace_without_active_parent_names_init)
{
	long id;

	ASSERT_EQ(0, ima_start_new(&self->nested, &self->child, 0, NULL));
	id = ima_number(&self->nested, "id");
	EXPECT_EQ(0, status_number(id, "parent"));
	EXPECT_EQ(2, status_number(id, "level"));
}

/* The end, with nobody looking and with open files. */
TEST_F(view, goes_with_the_namespace)
{
	ASSERT_EQ(0, ima_activate(&self->child));
	agent_stop(&self->child);
	EXPECT_TRUE(view_goes(self->id));
	/* There is no moment without either. */
	EXPECT_EQ(1, record_find(NULL, "ima_ns_death", self->id, NULL, 0));
	EXPECT_EQ(-ENOENT, ima_get(NULL, view_name(self->id, "status"),
				   self->text, sizeof(self->text)));
}

TEST_F(view, of_one_that_was_never_active_is_none)
{
	agent_stop(&self->child);
	EXPECT_FALSE(view_exists(self->id));
}

TEST_F(view, open_list_outlives_the_namespace)
{
	char *before, *after;
	char death[1024];
	long len, lines = 0, n;
	int list, half, status, policy;
	char *c;

	ASSERT_EQ(0, ima_activate(&self->child));
	ASSERT_EQ(0, ima_load_policy(&self->child, RULES));
	ASSERT_EQ(0, file_run(&self->child, self->program));
	len = file_get_all(NULL, view_path(self->id,
			   "ascii_runtime_measurements"), &before);
	ASSERT_LT(0, len);
	list = open(view_path(self->id, "ascii_runtime_measurements"),
		    O_RDONLY);
	half = open(view_path(self->id, "ascii_runtime_measurements"),
		    O_RDONLY);
	status = open(view_path(self->id, "status"), O_RDONLY);
	policy = open(view_path(self->id, "policy"), O_RDONLY);
	ASSERT_LE(0, list);
	ASSERT_LE(0, half);
	ASSERT_LE(0, status);
	ASSERT_LE(0, policy);
	ASSERT_EQ(100, read(half, self->text, 100));

	agent_stop(&self->child);
	ASSERT_TRUE(view_goes(self->id));
	ASSERT_EQ(1, record_find(NULL, "ima_ns_death", self->id, death,
				 sizeof(death)));

	after = calloc(1, len + 4096);
	ASSERT_NE(NULL, after);
	for (n = 0; ; n += 0) {
		ssize_t got = read(list, after + n, len + 4095 - n);

		ASSERT_LE(0, got);
		if (!got)
			break;
		n += got;
	}
	EXPECT_STREQ(before, after);
	for (c = after; *c; c++)
		lines += *c == '\n';
	ASSERT_TRUE(record_value(death, "entries", self->value,
				 sizeof(self->value)));
	EXPECT_EQ(lines, atol(self->value));
	/* The half that was read goes on where it was. */
	n = 100;
	for (;;) {
		ssize_t got = read(half, after + n, len + 4095 - n);

		ASSERT_LE(0, got);
		if (!got)
			break;
		n += got;
	}
	EXPECT_EQ(len, n);
	EXPECT_STREQ(before, after);

	ASSERT_LT(0, pread(status, self->text, sizeof(self->text) - 1, 0));
	EXPECT_STATUS("state", "dead");
	EXPECT_STATUS("parent", "0");
	ASSERT_LT(0, read(policy, self->inside, sizeof(self->inside)));
	EXPECT_NE(NULL, strstr(self->inside, "fowner=1000 "));
	close(list);
	close(half);
	close(status);
	close(policy);
	free(before);
	free(after);
}

/* What was found in time, but is only opened later. */
TEST_F(view, opening_a_dead_one_fails_enoent)
{
	int found;

	ASSERT_EQ(0, ima_activate(&self->child));
	found = open(view_path(self->id, "status"), O_PATH);
	ASSERT_LE(0, found);
	snprintf(self->path, sizeof(self->path), "/proc/self/fd/%d", found);
	EXPECT_LT(0, file_get(NULL, self->path, self->text,
			      sizeof(self->text)));
	agent_stop(&self->child);
	ASSERT_TRUE(view_goes(self->id));
	EXPECT_EQ(-1, open(self->path, O_RDONLY));
	EXPECT_EQ(ENOENT, errno);
	close(found);
}

TEST_F(view, ids_are_not_used_again)
{
	long id;

	ASSERT_EQ(0, ima_activate(&self->child));
	agent_stop(&self->child);
	ASSERT_TRUE(view_goes(self->id));
	ASSERT_EQ(0, ima_start_new(&self->nested, NULL, OWNER, NULL));
	id = ima_number(&self->nested, "id");
	EXPECT_LT(self->id, id);
	EXPECT_TRUE(view_exists(id));
	EXPECT_FALSE(view_exists(self->id));
}

/*
 * The namespace's TPM is stopped, and a task inside waits for it under the lock
 * of its list.  Init reads everything and waits for nothing.
 */
TEST_F_TIMEOUT(view, does_not_wait_for_a_stopped_tpm, 120)
{
	char names[] = FILES, *name, *rest = names;
	struct vtpm vtpm;
	char number[32];
	long start;

	if (vtpm_missing())
		SKIP(return, "missing: %s", vtpm_missing());
	ASSERT_EQ(0, vtpm_start(&vtpm, 2));
	ASSERT_EQ(0, vtpm_attach(&self->child, &vtpm));
	ASSERT_EQ(0, ima_activate(&self->child));
	ASSERT_EQ(0, ima_load_policy(&self->child, RULES));
	snprintf(number, sizeof(number), "tpm%d", vtpm.number);
	ASSERT_LT(0, ima_get(NULL, view_name(self->id, "status"), self->text,
			     sizeof(self->text)));
	EXPECT_STATUS("tpm", number);

	ASSERT_EQ(0, vtpm_pause(&vtpm));
	ASSERT_EQ(0, file_run_begin(&self->child, self->program));
	/* Until the task waits. */
	usleep(300000);
	EXPECT_TRUE(agent_is_busy(&self->child));
	while ((name = strsep(&rest, "\n")) && *name) {
		start = now_ms();
		EXPECT_LT(0, ima_get(NULL, view_name(self->id, name),
				     self->text, sizeof(self->text)));
		EXPECT_GT(SOON_MS, now_ms() - start) TH_LOG("%s", name);
	}
	EXPECT_TRUE(agent_is_busy(&self->child));
	ASSERT_EQ(0, vtpm_resume(&vtpm));
	EXPECT_EQ(0, file_run_end(&self->child));

	ASSERT_EQ(0, vtpm_kill(&vtpm));
	snprintf(self->path, sizeof(self->path), "%s/other", self->directory);
	ASSERT_EQ(0, scratch_program(self->path, "other"));
	EXPECT_EQ(0, file_run(&self->child, self->path));
	ASSERT_LT(0, ima_get(NULL, view_name(self->id, "status"), self->text,
			     sizeof(self->text)));
	EXPECT_STATUS("tpm", "failed");
	EXPECT_STATUS("state", "active");
	agent_stop(&self->child);
	vtpm_stop(&vtpm);
}

/* What others left for it is seen before it is in the list. */
TEST_F_TIMEOUT(view, status_counts_what_is_pending, 120)
{
	struct vtpm vtpm;
	int reader;

	if (vtpm_missing())
		SKIP(return, "missing: %s", vtpm_missing());
	snprintf(self->path, sizeof(self->path), "%s/file", self->directory);
	ASSERT_EQ(0, scratch_text(self->path, "text\n"));
	ASSERT_EQ(0, chown(self->path, OWNER, OWNER));
	ASSERT_EQ(0, vtpm_start(&vtpm, 2));
	ASSERT_EQ(0, vtpm_attach(&self->child, &vtpm));
	ASSERT_EQ(0, ima_activate(&self->child));
	ASSERT_EQ(0, ima_load_policy(&self->child, NOT_SECURITYFS
			"measure func=FILE_CHECK mask=MAY_READ fowner=0\n"));
	reader = file_open(&self->child, self->path, O_RDONLY);
	ASSERT_LE(0, reader);
	ASSERT_EQ(0, vtpm_pause(&vtpm));
	ASSERT_EQ(0, scratch_append(self->path, "more\n"));
	EXPECT_EQ(1, status_number(self->id, "pending"));
	ASSERT_EQ(0, vtpm_resume(&vtpm));
	/* A reader inside waits until it is done. */
	EXPECT_EQ(1, ima_number(&self->child, "violations"));
	EXPECT_EQ(0, status_number(self->id, "pending"));
	agent_stop(&self->child);
	vtpm_stop(&vtpm);
}

TEST_F(view, many_readers_while_it_dies)
{
	int fd[64];
	size_t i;

	ASSERT_EQ(0, ima_activate(&self->child));
	for (i = 0; i < 64; i++) {
		fd[i] = open(view_path(self->id, i & 1 ? "status" :
				       "binary_runtime_measurements"),
			     O_RDONLY);
		ASSERT_LE(0, fd[i]);
	}
	agent_stop(&self->child);
	for (i = 0; i < 32; i++) {
		EXPECT_LT(0, read(fd[i], self->text, sizeof(self->text)));
	}
	ASSERT_TRUE(view_goes(self->id));
	for (; i < 64; i++) {
		EXPECT_LT(0, read(fd[i], self->text, sizeof(self->text)));
	}
	for (i = 0; i < 64; i++)
		close(fd[i]);
}

/* Who may open it, by what capability; all of them override modes. */
FIXTURE(opener)
{
	struct agent child;
	struct agent opener;
	long id;
};

FIXTURE_VARIANT(opener)
{
	unsigned long long capabilities;
	uid_t uid;
	int ret;
};

FIXTURE_VARIANT_ADD(opener, root_with_all)
{
	.capabilities = ~0ULL,
};

FIXTURE_VARIANT_ADD(opener, root_with_sys_admin)
{
	.capabilities = CAP(SYS_ADMIN),
};

FIXTURE_VARIANT_ADD(opener, root_with_mac_admin)
{
	.capabilities = CAP(MAC_ADMIN),
};

FIXTURE_VARIANT_ADD(opener, root_without)
{
	.capabilities = CAP(DAC_OVERRIDE) | CAP(DAC_READ_SEARCH) |
			CAP(AUDIT_CONTROL) | CAP(SYS_PTRACE),
	.ret = -EPERM,
};

FIXTURE_VARIANT_ADD(opener, user)
{
	.uid = OWNER,
	.ret = -EACCES,
};

FIXTURE_SETUP(opener)
{
	ASSERT_EQ(0, ima_start_new(&self->child, NULL, OWNER, NULL));
	self->id = ima_number(&self->child, "id");
	ASSERT_EQ(0, agent_start(&self->opener, NULL));
	if (variant->uid) {
		ASSERT_EQ(0, ns_drop_to(&self->opener, variant->uid));
	} else if (~variant->capabilities) {
		ASSERT_EQ(0, ns_limit_capabilities(&self->opener,
						   variant->capabilities));
	}
}

FIXTURE_TEARDOWN(opener)
{
	agent_stop(&self->opener);
	agent_stop(&self->child);
}

TEST_F(opener, is_judged_by_its_capabilities_in_init)
{
	char names[] = FILES, *name, *rest = names;
	int fd;

	while ((name = strsep(&rest, "\n")) && *name) {
		fd = file_open(&self->opener, view_path(self->id, name),
			       O_RDONLY);
		if (fd > 0)
			fd = 0;
		EXPECT_EQ(variant->ret, fd) TH_LOG("%s", name);
	}
}

/* Who reads a directory can keep its lock, and all that begin and end need that. */
TEST_F(opener, of_the_directory_is_judged_by_them_too)
{
	char names[65536];
	long ret = file_list(&self->opener, IMA_DIR "/ns", names,
			     sizeof(names));

	EXPECT_EQ(variant->ret, ret > 0 ? 0 : ret);
}

/* In a mount namespace of its own that shows init's securityfs. */
TEST_F(view, root_of_a_child_is_refused)
{
	ASSERT_EQ(0, ima_activate(&self->child));
	/* It has not mounted its own, so it has init's at that place. */
	ASSERT_EQ(0, ns_start(&self->nested, NULL, OWNER,
			      "0 0 4294967295\n"));
	EXPECT_EQ(-EPERM, file_open(&self->nested,
				    view_path(self->id, "status"), O_RDONLY));
}

/* An activation without memory for the view leaves nothing. */
TEST_F_TIMEOUT(view, failed_activation_leaves_none, 1800)
{
	struct inject attempt = { .operation = INJECT_WRITE };
	const char *missing = inject_missing();
	int failed = 0;
	long id;

	if (missing)
		SKIP(return, "missing: %s", missing);
	ASSERT_EQ(0, inject_begin());
	snprintf(attempt.path, sizeof(attempt.path), "%s/active", IMA_DIR);
	strcpy(attempt.text, "1");
	for (attempt.nth = 1; attempt.nth < 3000; attempt.nth++) {
		struct agent child = {};

		/* One that may tell its allocations to fail. */
		ASSERT_EQ(0, ns_start(&child, NULL, 0, "0 0 4294967295\n"));
		ASSERT_EQ(0, ima_mount(&child));
		id = ima_number(&child, "id");
		ASSERT_EQ(0, inject(&child, &attempt));
		if (attempt.ret < 0) {
			failed++;
			EXPECT_EQ(-ENOMEM, attempt.ret)
				TH_LOG("allocation %u", attempt.nth);
			EXPECT_FALSE(view_exists(id))
				TH_LOG("allocation %u", attempt.nth);
			ASSERT_EQ(0, ima_activate(&child));
		}
		ASSERT_LT(0, file_list(NULL, view_path(id, ""), self->text,
				       sizeof(self->text)));
		EXPECT_STREQ(FILES, self->text);
		agent_stop(&child);
		if (!attempt.hit)
			break;
	}
	EXPECT_EQ(0, inject_end());
	TH_LOG("%d of %u failed", failed, attempt.nth - 1);
	EXPECT_LT(20, failed);
}

TEST_HARNESS_MAIN
