// SPDX-License-Identifier: GPL-2.0-only
/*
 * mode=concat of ima_ns.ko: the formula and the files of Container-IMA, whose own
 * checks, typed in as its document has them, are run by Python.
 *
 *   first, second, third   lists --> c1, c2, c3 (ima/cpcr) --.
 *                                                            v
 *   the machine's TPM:          PCR = H(history || H(c1 || c2 || c3))
 *
 * What is expected is computed once more from the lists.  The PCRs are not 11 and
 * 12, which rules of other tests name.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "adopt.h"
#include "agent.h"
#include "clock.h"
#include "digest.h"
#include "file.h"
#include "ima.h"
#include "list.h"
#include "module.h"
#include "ns.h"
#include "record.h"
#include "scratch.h"
#include "tpm.h"

#define PCR_BOOT 8
#define PCR_ANCHOR 13
#define PCR_DEFAULT 10
#define CONCAT MODULE_PCRS " mode=concat "
/* Nothing is extended but what somebody waits for. */
#define NEVER "ms=3600000 events=1000000 "

#define PYTHON "/usr/bin/python3"
#define OWNER 1000
#define LINES_MAX 32
#define SLACK_MS 20000

/* --- Words for what the tests do */

/* ima/cpcr, or that of a bank. */
struct cpcr {
	char history[2 * DIGEST_MAX + 1];
	size_t count;
	struct {
		unsigned long inum;
		char hex[2 * DIGEST_MAX + 1];
	} line[LINES_MAX];
};

static int cpcr_parse(char *text, struct cpcr *cpcr)
{
	char *line, *rest = text;

	memset(cpcr, 0, sizeof(*cpcr));
	while ((line = strsep(&rest, "\n")) && *line) {
		if (!*cpcr->history) {
			if (sscanf(line, "history %128[0-9a-f]",
				   cpcr->history) != 1)
				return -EBADMSG;
			continue;
		}
		if (cpcr->count == LINES_MAX ||
		    sscanf(line, "%lu %128[0-9a-f]",
			   &cpcr->line[cpcr->count].inum,
			   cpcr->line[cpcr->count].hex) != 2)
			return -EBADMSG;
		cpcr->count++;
	}
	return line && !rest ? 0 : -EBADMSG;
}

static int cpcr_read(const char *bank, struct cpcr *cpcr)
{
	char name[64], text[16384];
	long len;

	snprintf(name, sizeof(name), "cpcr%s%s", bank ? "_" : "",
		 bank ? bank : "");
	len = ima_get(NULL, name, text, sizeof(text));
	if (len < 0)
		return len;
	if (!len) {
		memset(cpcr, 0, sizeof(*cpcr));
		return 0;
	}
	return cpcr_parse(text, cpcr);
}

/* The line of a namespace; NULL if it has none. */
static const char *cpcr_of(const struct cpcr *cpcr, unsigned long inum)
{
	size_t i;

	for (i = 0; i < cpcr->count; i++)
		if (cpcr->line[i].inum == inum)
			return cpcr->line[i].hex;
	return NULL;
}

/* What the TPM says, in lower case. */
static int pcr_read(const char *bank, int pcr, char *hex, size_t size)
{
	char path[96];
	long len;

	snprintf(path, sizeof(path), "/sys/class/tpm/tpm0/pcr-%s/%d", bank,
		 pcr);
	len = file_get(NULL, path, hex, size);
	if (len < 0)
		return len;
	for (; *hex && *hex != '\n'; hex++)
		*hex |= 0x20;
	*hex = 0;
	return 0;
}

static bool has_bank(const char *bank)
{
	char hex[160];

	return !pcr_read(bank, PCR_ANCHOR, hex, sizeof(hex));
}

static size_t from_hex(const char *hex, uint8_t *out)
{
	unsigned int byte;
	size_t len = 0;

	for (; sscanf(hex, "%2x", &byte) == 1; hex += 2)
		out[len++] = byte;
	return len;
}

/* H(a || b), which is how a PCR is extended. */
static void hash_two(const char *bank, const char *a, const char *b, char *hex)
{
	uint8_t left[DIGEST_MAX], right[DIGEST_MAX], digest[DIGEST_MAX];
	struct piece pieces[] = {
		{ left, from_hex(a, left) },
		{ right, from_hex(b, right) },
	};

	digest_hex(digest, digest_pieces(bank, pieces, 2, digest), hex);
}

/* What a list leads to, all of its entries whatever their PCR. */
static void fold(const char *bank, const struct list *list, char *hex)
{
	size_t i, size = digest_size(bank);
	uint8_t value[DIGEST_MAX] = {}, digest[DIGEST_MAX];
	struct piece pieces[] = { { value, size }, { digest, size } };

	for (i = 0; i < list->count; i++) {
		if (list->entries[i].violation)
			memset(digest, 0xff, size);
		else
			entry_digest(&list->entries[i], bank, digest);
		digest_pieces(bank, pieces, 2, value);
	}
	digest_hex(value, size, hex);
}

static int fold_list(const char *bank, struct agent *agent, char *hex)
{
	struct list list;
	int ret = list_read(agent, &list);

	if (ret)
		return ret;
	fold(bank, &list, hex);
	list_free(&list);
	return 0;
}

static int fold_view(const char *bank, long id, char *hex)
{
	struct list list;
	char name[96];
	int ret;

	snprintf(name, sizeof(name), "ns/%ld/binary_runtime_measurements", id);
	ret = list_read_bank(NULL, name, NULL, &list);
	if (ret)
		return ret;
	fold(bank, &list, hex);
	list_free(&list);
	return 0;
}

/* Does the formula hold, for what the file and the TPM say? */
static bool formula_holds(const char *bank, const struct cpcr *cpcr)
{
	uint8_t values[LINES_MAX][DIGEST_MAX], digest[DIGEST_MAX];
	struct piece pieces[LINES_MAX];
	char sum[2 * DIGEST_MAX + 1], pcr[160], expected[2 * DIGEST_MAX + 1];
	size_t i;

	for (i = 0; i < cpcr->count; i++) {
		pieces[i].data = values[i];
		pieces[i].len = from_hex(cpcr->line[i].hex, values[i]);
	}
	digest_hex(digest, digest_pieces(bank, pieces, cpcr->count, digest),
		   sum);
	hash_two(bank, cpcr->history, sum, expected);
	return !pcr_read(bank, PCR_ANCHOR, pcr, sizeof(pcr)) &&
	       !strcmp(expected, pcr);
}

/* A value of "key: value" in ima_ns/anchor. */
static bool state_value(const char *key, char *value, size_t size)
{
	char text[1024], *line, *rest = text;
	size_t len = strlen(key);

	if (file_get(NULL, MODULE_DIR "/anchor", text, sizeof(text)) < 0)
		return false;
	while ((line = strsep(&rest, "\n"))) {
		if (strncmp(line, key, len) || strncmp(line + len, ": ", 2))
			continue;
		snprintf(value, size, "%s", line + len + 2);
		return true;
	}
	return false;
}

static long state_number(const char *key)
{
	char value[64];

	return state_value(key, value, sizeof(value)) ? atol(value) : -1;
}

static bool list_file_exists(unsigned long inum)
{
	char path[128];

	snprintf(path, sizeof(path), IMA_DIR "/%lu", inum);
	return !access(path, F_OK);
}

/* Files are made and removed by a worker. */
static bool list_file_becomes(unsigned long inum, bool wanted)
{
	struct patience wait = patience(SLACK_MS);

	while (list_file_exists(inum) != wanted)
		if (!patience_lasts(&wait))
			return false;
	return true;
}

static bool line_goes(unsigned long inum)
{
	struct patience wait = patience(SLACK_MS);
	struct cpcr cpcr;

	do {
		if (cpcr_read(NULL, &cpcr))
			return false;
		if (!cpcr_of(&cpcr, inum))
			return true;
	} while (patience_lasts(&wait));
	return false;
}

/* Has ima/<number> this file, now or soon? */
static bool list_file_names(unsigned long inum, const char *file)
{
	struct patience wait = patience(SLACK_MS);
	char name[32], text[16384];

	snprintf(name, sizeof(name), "%lu", inum);
	do {
		if (ima_get(NULL, name, text, sizeof(text)) > 0 &&
		    strstr(text, file))
			return true;
	} while (patience_lasts(&wait));
	return false;
}

/* --- What is typed into Python */

/* Writes a program and runs it; what it prints is a digest. */
static int python(const char *directory, const char *text, char *hex,
		  size_t size)
{
	char path[300], command[400];
	int ret;

	snprintf(path, sizeof(path), "%s/check.py", directory);
	ret = scratch_text(path, text);
	if (ret)
		return ret;
	snprintf(command, sizeof(command), PYTHON " %s", path);
	ret = file_run_output(NULL, command, hex, size);
	hex[strcspn(hex, "\n")] = 0;
	unlink(path);
	return ret;
}

/* "validate cpcr against PCR12" of the document, with another hash if wanted. */
static void check_cpcr(char *text, size_t size, const char *hash,
		       const struct cpcr *cpcr)
{
	size_t i, len;

	len = snprintf(text, size, "import hashlib\n"
				   "%s = hashlib.%s()\n", hash, hash);
	for (i = 0; i < cpcr->count; i++)
		len += snprintf(text + len, size - len,
				"%s.update(bytes.fromhex(\"%s\"))\n", hash,
				cpcr->line[i].hex);
	snprintf(text + len, size - len,
		 "tempDigest = %s.hexdigest()\n"
		 "%s = hashlib.%s()\n"
		 "%s.update(bytes.fromhex(\"%s\"))\n"
		 "%s.update(bytes.fromhex(tempDigest))\n"
		 "print(%s.hexdigest())\n",
		 hash, hash, hash, hash, cpcr->history, hash, hash);
}

/* "validate boot time against PCR11", for each entry that the PCR has. */
static size_t check_boot(char *text, size_t size, const char *start,
			 const struct list *list, uint32_t pcr)
{
	size_t i, len, count = 0;
	char hex[2 * DIGEST_MAX + 1];

	len = snprintf(text, size, "import hashlib\n"
				   "calc_pcr = bytes.fromhex(\"%s\")\n", start);
	for (i = 0; i < list->count; i++) {
		const struct entry *entry = &list->entries[i];

		if (entry->pcr != pcr)
			continue;
		digest_hex(entry->digest, entry->digest_len, hex);
		len += snprintf(text + len, size - len,
				"sha1 = hashlib.sha1()\n"
				"sha1.update(calc_pcr)\n"
				"sha1.update(bytes.fromhex(\"%s\"))\n"
				"calc_pcr = sha1.digest()\n", hex);
		count++;
	}
	snprintf(text + len, size - len, "print(sha1.hexdigest())\n");
	return count;
}

/* --- The scene */

#define CHILDREN 3

struct scene {
	struct agent child[CHILDREN];
	unsigned long inum[CHILDREN];
	char directory[256];
	int programs;
};

/* Why there is nothing to be tested; NULL if there is. */
static const char *scene_begin(struct scene *scene, int *ret)
{
	*ret = module_reload(CONCAT);
	if (*ret)
		return NULL;
	*ret = module_unload_soon();
	if (*ret)
		return NULL;
	if (!has_bank("sha1") || !has_bank("sha256"))
		return "the machine's TPM has not both banks, SHA-1 and SHA-256";
	if (access(PYTHON, X_OK))
		return "no " PYTHON;
	*ret = scratch_directory(scene->directory, sizeof(scene->directory));
	return NULL;
}

/* 0, or what keeps the module from being unloaded. */
static int scene_end(struct scene *scene)
{
	int i, ret = 0;

	for (i = 0; i < CHILDREN; i++)
		agent_stop(&scene->child[i]);
	if (*scene->directory)
		scratch_remove(scene->directory);
	if (!access(MODULE_DIR, F_OK))
		ret = module_unload_soon();
	return ret;
}

/* A program that nobody ran before. */
static int scene_run(struct scene *scene, int i)
{
	char program[300];
	int ret;

	snprintf(program, sizeof(program), "%s/program%d", scene->directory,
		 scene->programs++);
	ret = scratch_program(program, program);
	return ret ? ret : file_run(&scene->child[i], program);
}

static int scene_start(struct scene *scene, int i)
{
	int ret = ima_start_new(&scene->child[i], NULL, OWNER, EXEC_RULE);

	if (ret)
		return ret;
	scene->inum[i] = ns_user_inum(&scene->child[i]);
	return scene_run(scene, i);
}

#define SCENE(_fixture)							\
FIXTURE(_fixture) { struct scene scene; };				\
FIXTURE_SETUP(_fixture)							\
{									\
	const char *why;						\
	int ret;							\
									\
	why = scene_begin(&self->scene, &ret);				\
	if (why)							\
		SKIP(return, "%s", why);				\
	ASSERT_EQ(0, ret);						\
}									\
FIXTURE_TEARDOWN(_fixture)						\
{									\
	EXPECT_EQ(0, scene_end(&self->scene));				\
}

/* --- The checks of the document */

FIXTURE_VARIANT(check)
{
	const char *bank;
	const char *options;
	int children;
};

SCENE(check)

#define CHECK(_name, _bank, _options, _children)			\
FIXTURE_VARIANT_ADD(check, _name) {					\
	.bank = _bank, .options = _options, .children = _children,	\
}

CHECK(sha1, "sha1", "ms=200", 2);
CHECK(sha256, "sha256", "ms=200", 2);
CHECK(sha1_one, "sha1", "ms=200", 1);
CHECK(sha1_sync, "sha1", "anchor=sync", 3);
CHECK(sha256_sync, "sha256", "anchor=sync", 3);

TEST_F(check, of_cpcr_against_the_pcr)
{
	char options[256], text[8192], output[256], pcr[160];
	struct scene *scene = &self->scene;
	struct cpcr cpcr;
	int i;

	snprintf(options, sizeof(options), CONCAT "%s", variant->options);
	ASSERT_EQ(0, module_reload(options));
	for (i = 0; i < variant->children; i++)
		ASSERT_EQ(0, scene_start(scene, i));
	ASSERT_EQ(0, cpcr_read(variant->bank, &cpcr));
	ASSERT_EQ(0, pcr_read(variant->bank, PCR_ANCHOR, pcr, sizeof(pcr)));
	ASSERT_EQ(variant->children, cpcr.count);
	EXPECT_EQ(2 * digest_size(variant->bank), strlen(cpcr.history));

	check_cpcr(text, sizeof(text), variant->bank, &cpcr);
	ASSERT_EQ(0, python(scene->directory, text, output, sizeof(output)))
		TH_LOG("%s: %s", text, output);
	EXPECT_STREQ(pcr, output) TH_LOG("%s", text);
	EXPECT_TRUE(formula_holds(variant->bank, &cpcr));
}

/* Digits that are not those of the file lead elsewhere. */
TEST_F(check, fails_with_one_digit_changed)
{
	char options[256], text[8192], output[256], pcr[160];
	struct scene *scene = &self->scene;
	struct cpcr cpcr;
	int i;

	snprintf(options, sizeof(options), CONCAT "%s", variant->options);
	ASSERT_EQ(0, module_reload(options));
	for (i = 0; i < variant->children; i++)
		ASSERT_EQ(0, scene_start(scene, i));
	ASSERT_EQ(0, cpcr_read(variant->bank, &cpcr));
	ASSERT_EQ(0, pcr_read(variant->bank, PCR_ANCHOR, pcr, sizeof(pcr)));
	cpcr.line[0].hex[0] = cpcr.line[0].hex[0] == '0' ? '1' : '0';
	check_cpcr(text, sizeof(text), variant->bank, &cpcr);
	ASSERT_EQ(0, python(scene->directory, text, output, sizeof(output)));
	EXPECT_STRNE(pcr, output);
}

SCENE(concat)

/* The record that says what the PCR was at first. */
static bool register_record(const struct list *list, const char *name,
			    uint32_t pcr, char *text, size_t size)
{
	bool found = false;
	size_t i;

	for (i = 0; i < list->count; i++)
		if (list->entries[i].pcr == pcr &&
		    !strcmp(list->entries[i].name, name))
			found = record_text(&list->entries[i], text, size);
	return found;
}

/* Of the register record as well, which is the first of these entries. */
TEST_F(concat, check_of_boot_time_against_the_pcr)
{
	char text[65536], output[256], pcr[160], record[2048], starts[1024];
	struct scene *scene = &self->scene;
	struct list list, later = {};
	size_t from;
	char *start;

	ASSERT_EQ(0, list_read(NULL, &list));
	from = list.count;
	list_free(&list);
	ASSERT_EQ(0, module_reload(CONCAT "ms=200"));
	ASSERT_EQ(0, scene_start(scene, 0));
	ASSERT_EQ(0, scene_start(scene, 1));
	ASSERT_EQ(0, list_read(NULL, &list));
	ASSERT_EQ(0, pcr_read("sha1", PCR_BOOT, pcr, sizeof(pcr)));
	ASSERT_TRUE(register_record(&list, "ima_ns_register", PCR_BOOT, record,
				    sizeof(record)));
	ASSERT_TRUE(record_value(record, "start_boot", starts, sizeof(starts)));
	start = strstr(starts, "sha1:");
	ASSERT_NE(NULL, start);
	start += strlen("sha1:");
	start[strcspn(start, ",")] = 0;

	/* Only what came since. */
	later.entries = list.entries + from;
	later.count = list.count - from;
	EXPECT_EQ(3, check_boot(text, sizeof(text), start, &later, PCR_BOOT));
	ASSERT_EQ(0, python(scene->directory, text, output, sizeof(output)))
		TH_LOG("%s: %s", text, output);
	EXPECT_STREQ(pcr, output) TH_LOG("%s", text);
	list_free(&list);
}

TEST_F(concat, leaves_no_entry_for_its_pcr_in_the_list)
{
	static const char *const names[] = { "ima_ns_register",
					     "ima_ns_unregister" };
	static const int pcrs[] = { PCR_BOOT, PCR_DEFAULT };
	struct scene *scene = &self->scene;
	char record[2048], value[128];
	struct list list;
	size_t from, i, j;

	from = ima_count(NULL);
	ASSERT_EQ(0, module_reload(CONCAT "anchor=sync"));
	ASSERT_EQ(0, scene_start(scene, 0));
	agent_stop(&scene->child[0]);
	ASSERT_EQ(0, module_unload_soon());
	ASSERT_EQ(0, list_read(NULL, &list));
	for (i = from; i < list.count; i++) {
		EXPECT_NE(PCR_ANCHOR, list.entries[i].pcr);
		EXPECT_STRNE("ima_ns_anchor", list.entries[i].name);
	}
	for (i = 0; i < 2; i++) {
		for (j = 0; j < 2; j++) {
			ASSERT_TRUE(register_record(&list, names[i], pcrs[j],
						    record, sizeof(record)));
			ASSERT_TRUE(record_value(record, "chain", value,
						 sizeof(value)));
			EXPECT_STREQ("0", value);
			ASSERT_TRUE(record_value(record, "token", value,
						 sizeof(value)));
			EXPECT_STREQ("none", value);
		}
	}
	list_free(&list);
}

TEST_F(concat, list_leads_to_the_line)
{
	static const char *const banks[] = { "sha1", "sha256", "sha384",
					     "sha512" };
	struct scene *scene = &self->scene;
	char hex[2 * DIGEST_MAX + 1];
	const char *line;
	struct cpcr cpcr;
	size_t i;

	ASSERT_EQ(0, module_reload(CONCAT "ms=200"));
	ASSERT_EQ(0, ima_start_new(&scene->child[0], NULL, OWNER,
				   "measure func=BPRM_CHECK pcr=5\n"));
	scene->inum[0] = ns_user_inum(&scene->child[0]);
	ASSERT_EQ(0, scene_run(scene, 0));
	ASSERT_EQ(0, scene_run(scene, 0));
	for (i = 0; i < 4; i++) {
		if (!has_bank(banks[i]))
			continue;
		ASSERT_EQ(0, cpcr_read(banks[i], &cpcr)) TH_LOG("%s", banks[i]);
		line = cpcr_of(&cpcr, scene->inum[0]);
		ASSERT_NE(NULL, line);
		ASSERT_EQ(0, fold_list(banks[i], &scene->child[0], hex));
		EXPECT_STREQ(hex, line) TH_LOG("%s", banks[i]);
		EXPECT_TRUE(formula_holds(banks[i], &cpcr));
	}
}

/* A violation has digests of zeros and extends ones. */
TEST_F(concat, violation_is_extended_as_one)
{
	struct scene *scene = &self->scene;
	char path[300], hex[2 * DIGEST_MAX + 1];
	struct cpcr cpcr;
	struct list list;
	size_t i, found = 0;
	int reader, writer;

	ASSERT_EQ(0, module_reload(CONCAT "ms=200"));
	ASSERT_EQ(0, ima_start_new(&scene->child[0], NULL, OWNER,
				   NOT_SECURITYFS
				   "measure func=FILE_CHECK mask=MAY_READ\n"));
	scene->inum[0] = ns_user_inum(&scene->child[0]);
	snprintf(path, sizeof(path), "%s/file", scene->directory);
	ASSERT_EQ(0, scratch_text(path, "something"));
	reader = file_open(&scene->child[0], path, O_RDONLY);
	ASSERT_LE(0, reader);
	writer = open(path, O_WRONLY | O_CLOEXEC);
	ASSERT_LE(0, writer);
	close(writer);
	ASSERT_EQ(0, list_read(&scene->child[0], &list));
	for (i = 0; i < list.count; i++)
		found += list.entries[i].violation;
	EXPECT_LT(0, found);
	fold("sha256", &list, hex);
	list_free(&list);
	ASSERT_EQ(0, cpcr_read("sha256", &cpcr));
	ASSERT_NE(NULL, cpcr_of(&cpcr, scene->inum[0]));
	EXPECT_STREQ(hex, cpcr_of(&cpcr, scene->inum[0]));
}

/* An entry that the list has no room for is none that it could be checked by. */
TEST_F(concat, entry_that_is_lost_does_not_verify)
{
	static const char limit[] = "/proc/sys/kernel/ima_ns/list_max_entries";
	struct scene *scene = &self->scene;
	char hex[2 * DIGEST_MAX + 1], old[32], at_most[32];
	struct cpcr cpcr;

	if (access(limit, F_OK))
		SKIP(return, "no %s", limit);
	ASSERT_EQ(0, module_reload(CONCAT "anchor=sync"));
	ASSERT_EQ(0, scene_start(scene, 0));
	ASSERT_LT(0, file_get(NULL, limit, old, sizeof(old)));
	snprintf(at_most, sizeof(at_most), "%ld\n", ima_count(&scene->child[0]));
	ASSERT_EQ(0, file_put_text(NULL, limit, at_most));
	/* It returns, although no list will ever have it. */
	EXPECT_EQ(0, scene_run(scene, 0));
	ASSERT_EQ(0, file_put_text(NULL, limit, old));
	ASSERT_EQ(0, fold_list("sha1", &scene->child[0], hex));
	ASSERT_EQ(0, cpcr_read(NULL, &cpcr));
	ASSERT_NE(NULL, cpcr_of(&cpcr, scene->inum[0]));
	EXPECT_STRNE(hex, cpcr_of(&cpcr, scene->inum[0]));
	EXPECT_TRUE(formula_holds("sha1", &cpcr));
	/* And goes on. */
	EXPECT_EQ(0, scene_run(scene, 0));
}

/* The whole way, step by step: nothing is extended but this. */
TEST_F(concat, sync_extends_before_the_program_begins)
{
	char before[160], after[160], sum[2 * DIGEST_MAX + 1];
	char hex[2 * DIGEST_MAX + 1], expected[2 * DIGEST_MAX + 1];
	uint8_t value[DIGEST_MAX], digest[DIGEST_MAX];
	struct scene *scene = &self->scene;
	struct piece piece = { value, 0 };
	int i;

	ASSERT_EQ(0, module_reload(CONCAT NEVER "anchor=sync"));
	ASSERT_EQ(0, scene_start(scene, 0));
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, pcr_read("sha1", PCR_ANCHOR, before,
				      sizeof(before)));
		ASSERT_EQ(0, scene_run(scene, 0));
		ASSERT_EQ(0, pcr_read("sha1", PCR_ANCHOR, after,
				      sizeof(after)));
		ASSERT_EQ(0, fold_list("sha1", &scene->child[0], hex));
		piece.len = from_hex(hex, value);
		digest_hex(digest, digest_pieces("sha1", &piece, 1, digest),
			   sum);
		hash_two("sha1", before, sum, expected);
		EXPECT_STREQ(expected, after);
	}
}

TEST_F(concat, batch_waits_and_reading_does_not)
{
	char before[160], after[160], hex[2 * DIGEST_MAX + 1];
	struct scene *scene = &self->scene;
	struct cpcr cpcr;
	long seq;

	ASSERT_EQ(0, module_reload(CONCAT NEVER));
	ASSERT_EQ(0, scene_start(scene, 0));
	ASSERT_EQ(0, cpcr_read(NULL, &cpcr));
	seq = state_number("seq");
	ASSERT_EQ(0, pcr_read("sha1", PCR_ANCHOR, before, sizeof(before)));
	ASSERT_EQ(0, scene_run(scene, 0));
	ASSERT_EQ(0, scene_run(scene, 0));
	ASSERT_EQ(0, pcr_read("sha1", PCR_ANCHOR, after, sizeof(after)));
	EXPECT_STREQ(before, after);
	/* One extend for both. */
	ASSERT_EQ(0, cpcr_read(NULL, &cpcr));
	EXPECT_EQ(seq + 1, state_number("seq"));
	EXPECT_STREQ(before, cpcr.history);
	ASSERT_EQ(0, fold_list("sha1", &scene->child[0], hex));
	ASSERT_NE(NULL, cpcr_of(&cpcr, scene->inum[0]));
	EXPECT_STREQ(hex, cpcr_of(&cpcr, scene->inum[0]));
	EXPECT_TRUE(formula_holds("sha1", &cpcr));
	/* And none where nothing is new. */
	ASSERT_EQ(0, cpcr_read(NULL, &cpcr));
	EXPECT_EQ(seq + 1, state_number("seq"));
}

TEST_F(concat, lines_are_in_order_of_registration)
{
	struct scene *scene = &self->scene;
	struct cpcr cpcr;
	int i;

	ASSERT_EQ(0, module_reload(CONCAT "ms=200"));
	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, scene_start(scene, i));
	/* What happens later does not change it. */
	ASSERT_EQ(0, scene_run(scene, 2));
	ASSERT_EQ(0, scene_run(scene, 0));
	ASSERT_EQ(0, cpcr_read(NULL, &cpcr));
	ASSERT_EQ(3, cpcr.count);
	for (i = 0; i < 3; i++)
		EXPECT_EQ(scene->inum[i], cpcr.line[i].inum);
	EXPECT_TRUE(formula_holds("sha1", &cpcr));
}

TEST_F(concat, cpcr_is_that_of_sha1)
{
	struct scene *scene = &self->scene;
	struct cpcr cpcr, bank;

	ASSERT_EQ(0, module_reload(CONCAT "ms=200"));
	ASSERT_EQ(0, scene_start(scene, 0));
	ASSERT_EQ(0, cpcr_read(NULL, &cpcr));
	ASSERT_EQ(0, cpcr_read("sha1", &bank));
	EXPECT_EQ(0, memcmp(&cpcr, &bank, sizeof(cpcr)));
}

TEST_F(concat, cpcr_is_empty_before_the_first_namespace)
{
	char text[256];

	ASSERT_EQ(0, module_reload(CONCAT "ms=200"));
	EXPECT_EQ(0, ima_get(NULL, "cpcr", text, sizeof(text)));
	EXPECT_EQ(0, ima_get(NULL, "cpcr_sha256", text, sizeof(text)));
}

/* Small reads are of one moment, whatever is extended meanwhile. */
TEST_F(concat, cpcr_is_read_in_one_piece)
{
	struct scene *scene = &self->scene;
	char text[4096], again[4096];
	struct cpcr cpcr;
	size_t len = 0;
	ssize_t n;
	int fd, i;

	ASSERT_EQ(0, module_reload(CONCAT "anchor=sync"));
	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, scene_start(scene, i));
	fd = ima_open(NULL, "cpcr", O_RDONLY);
	ASSERT_LE(0, fd);
	ASSERT_LT(0, ima_get(NULL, "cpcr", again, sizeof(again)));
	while ((n = read(fd, text + len, 7)) > 0) {
		len += n;
		if (len % 3 == 0)
			ASSERT_EQ(0, scene_run(scene, len % CHILDREN));
	}
	ASSERT_EQ(0, n);
	text[len] = 0;
	EXPECT_STREQ(again, text);
	/* From the beginning it is read anew. */
	ASSERT_EQ(0, lseek(fd, 0, SEEK_SET));
	n = read(fd, text, sizeof(text) - 1);
	ASSERT_LT(0, n);
	text[n] = 0;
	EXPECT_STRNE(again, text);
	ASSERT_EQ(0, cpcr_parse(text, &cpcr));
	EXPECT_TRUE(formula_holds("sha1", &cpcr));
	close(fd);
}

/* --- ima/<number> */

TEST_F(concat, list_is_shown_by_its_number)
{
	char name[64], text[16384], view[16384], prefix[32];
	char *line, *expected, *rest = text, *others = view;
	struct scene *scene = &self->scene;
	size_t len;
	long id;

	ASSERT_EQ(0, module_reload(CONCAT "ms=200"));
	ASSERT_EQ(0, scene_start(scene, 0));
	ASSERT_TRUE(list_file_becomes(scene->inum[0], true));
	id = ima_number(&scene->child[0], "id");
	snprintf(name, sizeof(name), "%lu", scene->inum[0]);
	ASSERT_LT(0, ima_get(NULL, name, text, sizeof(text)));
	snprintf(name, sizeof(name), "ns/%ld/ascii_runtime_measurements", id);
	ASSERT_LT(0, ima_get(NULL, name, view, sizeof(view)));
	len = snprintf(prefix, sizeof(prefix), "%lu ", scene->inum[0]);
	/* The number stands where the list has the PCR, and nothing else changes. */
	while ((line = strsep(&rest, "\n")) && *line) {
		expected = strsep(&others, "\n");
		ASSERT_NE(NULL, expected);
		EXPECT_EQ(0, strncmp(prefix, line, len)) TH_LOG("%s", line);
		EXPECT_STREQ(expected + 3, line + len);
	}
	ASSERT_NE(NULL, others);
	EXPECT_EQ(0, *others);
}

TEST_F(concat, files_are_for_root_and_not_to_be_written)
{
	struct scene *scene = &self->scene;
	struct agent user = {}, weak = {};
	char names[3][128];
	struct stat st;
	int i;

	ASSERT_EQ(0, module_reload(CONCAT "ms=200"));
	ASSERT_EQ(0, scene_start(scene, 0));
	ASSERT_TRUE(list_file_becomes(scene->inum[0], true));
	strcpy(names[0], IMA_DIR "/cpcr");
	strcpy(names[1], IMA_DIR "/cpcr_sha256");
	snprintf(names[2], sizeof(names[2]), IMA_DIR "/%lu", scene->inum[0]);
	ASSERT_EQ(0, agent_start(&user, NULL));
	ASSERT_EQ(0, ns_drop_to(&user, OWNER));
	ASSERT_EQ(0, agent_start(&weak, NULL));
	ASSERT_EQ(0, ns_limit_capabilities(&weak, CAP(DAC_OVERRIDE)));
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, file_stat(NULL, names[i], &st));
		EXPECT_EQ(S_IFREG | 0440, st.st_mode) TH_LOG("%s", names[i]);
		EXPECT_EQ(0, st.st_uid);
		EXPECT_EQ(-EACCES, file_open(&user, names[i], O_RDONLY));
		EXPECT_EQ(-EPERM, file_open(&weak, names[i], O_RDONLY));
		EXPECT_GT(0, file_put_text(NULL, names[i], "0"));
		/* A namespace sees nothing of it. */
		EXPECT_EQ(-ENOENT,
			  file_open(&scene->child[0], names[i], O_RDONLY));
	}
	agent_stop(&user);
	agent_stop(&weak);
}

TEST_F(concat, open_list_outlives_the_namespace_and_not_its_name)
{
	struct scene *scene = &self->scene;
	char name[64], text[16384];
	ssize_t n;
	int fd;

	ASSERT_EQ(0, module_reload(CONCAT "ms=200"));
	ASSERT_EQ(0, scene_start(scene, 0));
	ASSERT_TRUE(list_file_becomes(scene->inum[0], true));
	snprintf(name, sizeof(name), "%lu", scene->inum[0]);
	fd = ima_open(NULL, name, O_RDONLY);
	ASSERT_LE(0, fd);
	agent_stop(&scene->child[0]);
	EXPECT_TRUE(list_file_becomes(scene->inum[0], false));
	n = read(fd, text, sizeof(text) - 1);
	ASSERT_LT(0, n);
	text[n] = 0;
	EXPECT_NE(NULL, strstr(text, "boot_aggregate"));
	/* Nor does it keep the module. */
	EXPECT_EQ(0, module_unload_soon());
	close(fd);
}

TEST_F(concat, adopted_process_has_the_number_of_its_mount_namespace)
{
	struct scene *scene = &self->scene;
	char path[300], link[64], hex[2 * DIGEST_MAX + 1];
	unsigned long inum;
	struct agent *first = &scene->child[0], *second = &scene->child[1];
	struct cpcr cpcr;
	long id;
	int i;

	ASSERT_EQ(0, module_reload(CONCAT "ms=200"));
	ASSERT_EQ(0, agent_start(first, NULL));
	ASSERT_EQ(0, ns_unshare_mount(first));
	ASSERT_EQ(0, agent_start(second, NULL));
	ASSERT_EQ(0, ns_join_mount(second, first->pid));
	snprintf(path, sizeof(path), "/proc/%d/ns/mnt", first->pid);
	ASSERT_LT(0, file_readlink(NULL, path, link, sizeof(link)));
	ASSERT_EQ(1, sscanf(link, "mnt:[%lu]", &inum));

	/* Two of them, each adopted by itself, in the same mount namespace. */
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, adopt(&scene->child[i], ""));
		ASSERT_EQ(0, scene_run(scene, i));
		id = adopt_newest_id();
		ASSERT_EQ(0, cpcr_read("sha256", &cpcr));
		ASSERT_EQ(i + 1, cpcr.count);
		EXPECT_EQ(inum, cpcr.line[i].inum);
		ASSERT_EQ(0, fold_view("sha256", id, hex));
		EXPECT_STREQ(hex, cpcr.line[i].hex);
		EXPECT_TRUE(formula_holds("sha256", &cpcr));
	}
	/* The file is of the first one, then of the second. */
	ASSERT_TRUE(list_file_becomes(inum, true));
	snprintf(path, sizeof(path), "%s/program0", scene->directory);
	EXPECT_TRUE(list_file_names(inum, path));
	agent_stop(first);
	snprintf(path, sizeof(path), "%s/program1", scene->directory);
	EXPECT_TRUE(list_file_names(inum, path));
	agent_stop(second);
	EXPECT_TRUE(list_file_becomes(inum, false));
}

/* --- Who comes and goes */

TEST_F(concat, line_and_file_leave_with_the_namespace)
{
	char text[8192], output[256], pcr[160];
	struct scene *scene = &self->scene;
	struct cpcr cpcr;
	int i;

	ASSERT_EQ(0, module_reload(CONCAT NEVER));
	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, scene_start(scene, i));
	agent_stop(&scene->child[1]);
	ASSERT_TRUE(line_goes(scene->inum[1]));
	EXPECT_TRUE(list_file_becomes(scene->inum[1], false));
	ASSERT_EQ(0, cpcr_read(NULL, &cpcr));
	ASSERT_EQ(2, cpcr.count);
	EXPECT_EQ(scene->inum[0], cpcr.line[0].inum);
	EXPECT_EQ(scene->inum[2], cpcr.line[1].inum);
	ASSERT_EQ(0, pcr_read("sha1", PCR_ANCHOR, pcr, sizeof(pcr)));
	check_cpcr(text, sizeof(text), "sha1", &cpcr);
	ASSERT_EQ(0, python(scene->directory, text, output, sizeof(output)));
	EXPECT_STREQ(pcr, output);

	/* The check holds of nobody, too. */
	agent_stop(&scene->child[0]);
	agent_stop(&scene->child[2]);
	ASSERT_TRUE(line_goes(scene->inum[0]));
	ASSERT_TRUE(line_goes(scene->inum[2]));
	ASSERT_EQ(0, cpcr_read(NULL, &cpcr));
	EXPECT_EQ(0, cpcr.count);
	ASSERT_EQ(0, pcr_read("sha1", PCR_ANCHOR, pcr, sizeof(pcr)));
	check_cpcr(text, sizeof(text), "sha1", &cpcr);
	ASSERT_EQ(0, python(scene->directory, text, output, sizeof(output)));
	EXPECT_STREQ(pcr, output);
}

/* What its list was in the end is in an extend of its own, before it leaves. */
TEST_F(concat, last_entries_are_extended_before_the_line_leaves)
{
	char sum[2 * DIGEST_MAX + 1], hex[2 * DIGEST_MAX + 1], pcr[160];
	uint8_t value[DIGEST_MAX], digest[DIGEST_MAX];
	struct scene *scene = &self->scene;
	struct piece piece = { value, 0 };
	struct cpcr cpcr;

	ASSERT_EQ(0, module_reload(CONCAT NEVER));
	ASSERT_EQ(0, scene_start(scene, 0));
	ASSERT_EQ(0, cpcr_read(NULL, &cpcr));
	ASSERT_EQ(0, scene_run(scene, 0));
	ASSERT_EQ(0, fold_list("sha1", &scene->child[0], hex));
	ASSERT_EQ(0, pcr_read("sha1", PCR_ANCHOR, pcr, sizeof(pcr)));
	agent_stop(&scene->child[0]);
	ASSERT_TRUE(line_goes(scene->inum[0]));
	/* H(pcr || H(c)), which is the history of the extend by nobody. */
	piece.len = from_hex(hex, value);
	digest_hex(digest, digest_pieces("sha1", &piece, 1, digest), sum);
	hash_two("sha1", pcr, sum, hex);
	ASSERT_EQ(0, cpcr_read(NULL, &cpcr));
	EXPECT_STREQ(hex, cpcr.history);
	EXPECT_TRUE(formula_holds("sha1", &cpcr));
}

TEST_F(concat, namespaces_that_were_there_before_are_in_it)
{
	struct scene *scene = &self->scene;
	char hex[2 * DIGEST_MAX + 1];
	struct cpcr cpcr;
	int i;

	ASSERT_EQ(0, scene_start(scene, 0));
	ASSERT_EQ(0, scene_start(scene, 1));
	ASSERT_EQ(0, module_reload(CONCAT "ms=200"));
	ASSERT_EQ(0, scene_run(scene, 1));
	ASSERT_EQ(0, cpcr_read("sha256", &cpcr));
	ASSERT_EQ(2, cpcr.count);
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, fold_list("sha256", &scene->child[i], hex));
		ASSERT_NE(NULL, cpcr_of(&cpcr, scene->inum[i]));
		EXPECT_STREQ(hex, cpcr_of(&cpcr, scene->inum[i]));
	}
	EXPECT_TRUE(formula_holds("sha256", &cpcr));
}

TEST_F(concat, inside_it_says_what_was_extended)
{
	struct scene *scene = &self->scene;
	char text[2048], expected[256];
	struct cpcr cpcr;

	ASSERT_EQ(0, module_reload(CONCAT "ms=200"));
	ASSERT_EQ(0, scene_start(scene, 0));
	ASSERT_LT(0, ima_get(&scene->child[0], "anchor", text, sizeof(text)));
	ASSERT_EQ(0, cpcr_read("sha256", &cpcr));
	ASSERT_EQ(1, cpcr.count);
	snprintf(expected, sizeof(expected), "\ncpcr: sha256:%s\n",
		 cpcr.line[0].hex);
	EXPECT_NE(NULL, strstr(text, expected)) TH_LOG("%s", text);
	snprintf(expected, sizeof(expected), "id: %ld\nseq: %ld\n",
		 ima_number(&scene->child[0], "id"),
		 ima_count(&scene->child[0]));
	EXPECT_EQ(0, strncmp(text, expected, strlen(expected))) TH_LOG("%s", text);
}

TEST_F(concat, mode_is_shown_and_others_are_refused)
{
	char value[64];

	EXPECT_EQ(-EINVAL, module_reload(MODULE_PCRS " mode="));
	EXPECT_EQ(-EINVAL, module_reload(MODULE_PCRS " mode=xor"));
	EXPECT_NE(0, access(MODULE_DIR, F_OK));
	EXPECT_NE(0, access(IMA_DIR "/cpcr", F_OK));
	ASSERT_EQ(0, module_reload(CONCAT "ms=200"));
	ASSERT_TRUE(state_value("mode", value, sizeof(value)));
	EXPECT_STREQ("concat", value);
	ASSERT_TRUE(state_value("root", value, sizeof(value)));
	EXPECT_STREQ("none", value);
	ASSERT_EQ(0, module_unload_soon());
	EXPECT_NE(0, access(IMA_DIR "/cpcr", F_OK));
	ASSERT_EQ(0, module_reload(MODULE_PCRS " mode=merkle"));
	EXPECT_NE(0, access(IMA_DIR "/cpcr", F_OK));
	ASSERT_TRUE(state_value("mode", value, sizeof(value)));
	EXPECT_STREQ("merkle", value);
}

/* --- The TPM */

/* The next extend has what the PCR was, by whomever. */
TEST_F(concat, pcr_that_somebody_else_extends)
{
	struct scene *scene = &self->scene;
	char value[64];
	struct cpcr cpcr;

	ASSERT_EQ(0, module_reload(CONCAT NEVER));
	ASSERT_EQ(0, scene_start(scene, 0));
	ASSERT_EQ(0, cpcr_read("sha256", &cpcr));
	ASSERT_TRUE(formula_holds("sha256", &cpcr));
	ASSERT_EQ(0, tpm_extend(PCR_ANCHOR, "somebody else"));
	/* Nothing hides it. */
	ASSERT_EQ(0, cpcr_read("sha256", &cpcr));
	EXPECT_FALSE(formula_holds("sha256", &cpcr));
	ASSERT_TRUE(state_value("pcr_anchor", value, sizeof(value)));
	EXPECT_STREQ("13 foreign", value);
	/* This was seen, so that the next history is right. */
	ASSERT_EQ(0, scene_run(scene, 0));
	ASSERT_EQ(0, cpcr_read("sha256", &cpcr));
	EXPECT_TRUE(formula_holds("sha256", &cpcr));
	ASSERT_TRUE(state_value("pcr_anchor", value, sizeof(value)));
	EXPECT_STREQ("13 foreign", value);
}

TEST_F(concat, tpm_that_fails_is_seen_and_lost_nothing)
{
	struct scene *scene = &self->scene;
	char text[4096], hex[2 * DIGEST_MAX + 1];
	struct patience wait;
	struct cpcr cpcr;
	int ret;

	if (slow_missing())
		SKIP(return, "the machine's TPM cannot be made to fail");
	ASSERT_EQ(0, module_reload(CONCAT NEVER "on_error=log"));
	ASSERT_EQ(0, scene_start(scene, 0));
	ASSERT_EQ(0, cpcr_read(NULL, &cpcr));
	ASSERT_EQ(0, slow_fail(PCR_ANCHOR, TPM_FOREVER));
	ASSERT_EQ(0, scene_run(scene, 0));
	EXPECT_EQ(-EIO, ima_get(NULL, "cpcr", text, sizeof(text)));
	EXPECT_EQ(-EIO, ima_get(NULL, "cpcr_sha256", text, sizeof(text)));
	/* Also for who may not ask again so soon. */
	EXPECT_EQ(-EIO, ima_get(&scene->child[0], "anchor", text,
				sizeof(text)));
	EXPECT_EQ(-EIO, ima_get(&scene->child[0], "anchor", text,
				sizeof(text)));
	EXPECT_LT(0, state_number("failures"));
	ASSERT_TRUE(state_value("tpm", text, sizeof(text)));
	EXPECT_STREQ("failed", text);
	/* More comes, and then it works again. */
	ASSERT_EQ(0, scene_run(scene, 0));
	ASSERT_EQ(0, slow_fail(PCR_ANCHOR, 0));
	wait = patience(SLACK_MS);
	while ((ret = cpcr_read(NULL, &cpcr)) == -EIO && patience_lasts(&wait))
		;
	ASSERT_EQ(0, ret);
	/* The first read that works may be of what was tried before. */
	ASSERT_EQ(0, cpcr_read(NULL, &cpcr));
	ASSERT_EQ(0, fold_list("sha1", &scene->child[0], hex));
	ASSERT_NE(NULL, cpcr_of(&cpcr, scene->inum[0]));
	EXPECT_STREQ(hex, cpcr_of(&cpcr, scene->inum[0]));
	EXPECT_TRUE(formula_holds("sha1", &cpcr));
	ASSERT_TRUE(state_value("tpm", text, sizeof(text)));
	EXPECT_STREQ("ok", text);
}

TEST_F(concat, tpm_that_fails_denies_the_program)
{
	struct scene *scene = &self->scene;
	struct patience wait = patience(SLACK_MS);
	struct cpcr cpcr;
	int ret;

	if (slow_missing())
		SKIP(return, "the machine's TPM cannot be made to fail");
	ASSERT_EQ(0, module_reload(CONCAT "anchor=sync"));
	ASSERT_EQ(0, scene_start(scene, 0));
	ASSERT_EQ(0, slow_fail(PCR_ANCHOR, TPM_FOREVER));
	EXPECT_EQ(-EIO, scene_run(scene, 0));
	ASSERT_EQ(0, slow_fail(PCR_ANCHOR, 0));
	while ((ret = scene_run(scene, 0)) && patience_lasts(&wait))
		;
	EXPECT_EQ(0, ret);
	ASSERT_EQ(0, cpcr_read(NULL, &cpcr));
	EXPECT_TRUE(formula_holds("sha1", &cpcr));
}

/* A namespace that ends while the TPM fails is in an extend all the same. */
TEST_F(concat, death_while_the_tpm_fails_is_caught_up)
{
	struct scene *scene = &self->scene;
	struct patience wait = patience(3 * SLACK_MS);
	char record[1024], text[4096];
	struct cpcr cpcr;
	long id, seq;

	if (slow_missing())
		SKIP(return, "the machine's TPM cannot be made to fail");
	ASSERT_EQ(0, module_reload(CONCAT NEVER "on_error=log"));
	ASSERT_EQ(0, scene_start(scene, 0));
	ASSERT_EQ(0, scene_start(scene, 1));
	ASSERT_EQ(0, cpcr_read(NULL, &cpcr));
	id = ima_number(&scene->child[0], "id");
	seq = state_number("seq");
	ASSERT_EQ(0, slow_fail(PCR_ANCHOR, TPM_FOREVER));
	ASSERT_EQ(0, scene_run(scene, 0));
	ASSERT_EQ(-EIO, ima_get(NULL, "cpcr", text, sizeof(text)));
	/* This one is in none that was tried. */
	ASSERT_EQ(0, scene_run(scene, 0));
	agent_stop(&scene->child[0]);
	ASSERT_EQ(1, record_wait(NULL, "ima_ns_death", id, record,
				 sizeof(record)));
	ASSERT_EQ(0, slow_fail(PCR_ANCHOR, 0));
	while (state_number("seq") < seq + 3 && patience_lasts(&wait))
		;
	/* What was tried; with its last entries; without it. */
	EXPECT_EQ(seq + 3, state_number("seq"));
	ASSERT_TRUE(line_goes(scene->inum[0]));
	ASSERT_EQ(0, cpcr_read(NULL, &cpcr));
	ASSERT_EQ(1, cpcr.count);
	EXPECT_EQ(scene->inum[1], cpcr.line[0].inum);
	EXPECT_TRUE(formula_holds("sha1", &cpcr));
}

TEST_HARNESS_MAIN
