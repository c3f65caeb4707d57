// SPDX-License-Identifier: GPL-2.0-only
/*
 * The TPM of a namespace: attaching, ownership, extends, and one that stops
 * or dies (abi.md section 7).
 *
 *   test ---- /dev/vtpmx ---- server descriptor ---- swtpm
 *                                  |
 *                         child: ioctl CONNECT_TO_IMA_NS
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "file.h"
#include "ima.h"
#include "list.h"
#include "ns.h"
#include "record.h"
#include "scratch.h"
#include "vtpm.h"

#define OWNER 1000

/* How long an extend may take, and how much more a slow machine needs. */
#define GIVE_UP_SECONDS 10
#define SLACK_SECONDS 20

static time_t seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

/* Attaching: which states allow it. */
FIXTURE(attach)
{
	struct agent child;
	struct vtpm vtpm;
};

FIXTURE_SETUP(attach)
{
	if (vtpm_missing())
		SKIP(return, "missing: %s", vtpm_missing());
	ASSERT_EQ(0, vtpm_start(&self->vtpm, 2));
	ASSERT_EQ(0, ns_start(&self->child, NULL, OWNER, NULL));
}

FIXTURE_TEARDOWN(attach)
{
	agent_stop(&self->child);
	vtpm_stop(&self->vtpm);
}

TEST_F(attach, before_activation_succeeds)
{
	ASSERT_EQ(0, ima_mount(&self->child));
	EXPECT_EQ(0, vtpm_attach(&self->child, &self->vtpm));
	EXPECT_EQ(0, ima_activate(&self->child));
}

TEST_F(attach, without_a_namespace_is_invalid)
{
	EXPECT_EQ(-EINVAL, vtpm_attach(&self->child, &self->vtpm));
}

TEST_F(attach, from_init_is_refused)
{
	EXPECT_GT(0, vtpm_attach(NULL, &self->vtpm));
}

TEST_F(attach, after_activation_is_busy)
{
	ASSERT_EQ(0, ima_mount(&self->child));
	ASSERT_EQ(0, ima_activate(&self->child));
	EXPECT_EQ(-EBUSY, vtpm_attach(&self->child, &self->vtpm));
}

TEST_F(attach, of_the_same_tpm_twice_is_busy)
{
	ASSERT_EQ(0, ima_mount(&self->child));
	ASSERT_EQ(0, vtpm_attach(&self->child, &self->vtpm));
	EXPECT_EQ(-EBUSY, vtpm_attach(&self->child, &self->vtpm));
}

TEST_F(attach, of_a_second_tpm_is_busy)
{
	struct vtpm second;

	ASSERT_EQ(0, ima_mount(&self->child));
	ASSERT_EQ(0, vtpm_attach(&self->child, &self->vtpm));
	ASSERT_EQ(0, vtpm_start(&second, 2));
	EXPECT_EQ(-EBUSY, vtpm_attach(&self->child, &second));
	vtpm_stop(&second);
}

TEST_F(attach, of_another_namespaces_tpm_is_busy)
{
	struct agent other = {};

	ASSERT_EQ(0, ima_mount(&self->child));
	ASSERT_EQ(0, vtpm_attach(&self->child, &self->vtpm));
	ASSERT_EQ(0, ns_start(&other, NULL, OWNER + 1, NULL));
	ASSERT_EQ(0, ima_mount(&other));
	EXPECT_EQ(-EBUSY, vtpm_attach(&other, &self->vtpm));
	agent_stop(&other);
}

TEST_F(attach, of_an_open_tpm_is_busy)
{
	int fd;

	ASSERT_EQ(0, ima_mount(&self->child));
	ASSERT_EQ(0, vtpm_wait_device(&self->vtpm));
	fd = vtpm_open(NULL, &self->vtpm, false);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-EBUSY, vtpm_attach(&self->child, &self->vtpm));
	close(fd);
	EXPECT_EQ(0, vtpm_attach(&self->child, &self->vtpm));
}

/* Openers of the resource manager count as well. */
TEST_F(attach, of_an_open_managed_tpm_is_busy)
{
	int fd;

	ASSERT_EQ(0, ima_mount(&self->child));
	ASSERT_EQ(0, vtpm_wait_device(&self->vtpm));
	fd = vtpm_open(NULL, &self->vtpm, true);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-EBUSY, vtpm_attach(&self->child, &self->vtpm));
	close(fd);
	EXPECT_EQ(0, vtpm_attach(&self->child, &self->vtpm));
}

/* A TPM that fails its startup is never registered. */
TEST_F_TIMEOUT(attach, of_a_tpm_that_fails_is_invalid, 60)
{
	struct vtpm failing;

	ASSERT_EQ(0, ima_mount(&self->child));
	ASSERT_EQ(0, vtpm_start_failing(&failing, 2));
	EXPECT_EQ(-EINVAL, vtpm_attach(&self->child, &failing));
	vtpm_stop(&failing);
	/* The namespace is none the worse. */
	EXPECT_EQ(0, vtpm_attach(&self->child, &self->vtpm));
	EXPECT_EQ(0, ima_activate(&self->child));
}

/* Nobody answers at all: waited for, but not for ever. */
TEST_F_TIMEOUT(attach, of_a_silent_tpm_is_invalid_in_the_end, 200)
{
	struct vtpm silent;
	time_t start = seconds();

	ASSERT_EQ(0, ima_mount(&self->child));
	ASSERT_EQ(0, vtpm_start_silent(&silent, 2));
	EXPECT_EQ(-EINVAL, vtpm_attach(&self->child, &silent));
	/* Durations of proxied chips are clamped to 10 s; stock: 120 s. */
	EXPECT_GT(60, seconds() - start);
	vtpm_stop(&silent);
}

/* The ioctl waits for registration, and can be killed while it does. */
TEST_F(attach, can_be_killed_while_it_waits)
{
	struct vtpm silent;
	struct call call = { .fd = -1 };
	time_t start;

	ASSERT_EQ(0, ima_mount(&self->child));
	ASSERT_EQ(0, vtpm_start_silent(&silent, 2));
	call.fd = silent.server_fd;
	ASSERT_EQ(0, agent_send(&self->child, vtpm_connect, &call));
	usleep(300000);
	ASSERT_TRUE(agent_is_busy(&self->child));
	start = seconds();
	agent_stop(&self->child);
	EXPECT_GT(5, seconds() - start);
	vtpm_stop(&silent);
}

/* An attached chip is its namespace's alone. */
TEST_F(attach, refuses_openers_outside_the_namespace)
{
	int fd;

	ASSERT_EQ(0, ima_mount(&self->child));
	ASSERT_EQ(0, vtpm_attach(&self->child, &self->vtpm));
	ASSERT_EQ(0, vtpm_wait_device(&self->vtpm));
	EXPECT_EQ(-EACCES, vtpm_open(NULL, &self->vtpm, false));
	EXPECT_EQ(-EACCES, vtpm_open(NULL, &self->vtpm, true));
	fd = vtpm_open(&self->child, &self->vtpm, false);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, file_close(&self->child, fd));
	EXPECT_LE(0, vtpm_open(&self->child, &self->vtpm, true));
}

TEST_F(attach, refuses_openers_in_a_sibling)
{
	struct agent other = {};

	ASSERT_EQ(0, ima_mount(&self->child));
	ASSERT_EQ(0, vtpm_attach(&self->child, &self->vtpm));
	ASSERT_EQ(0, ns_start(&other, NULL, OWNER, NULL));
	EXPECT_EQ(-EACCES, vtpm_open(&other, &self->vtpm, false));
	agent_stop(&other);
}

TEST_F(attach, hides_the_pcrs_in_sysfs)
{
	char path[128], text[1024];
	long len;

	ASSERT_EQ(0, ima_mount(&self->child));
	ASSERT_EQ(0, vtpm_attach(&self->child, &self->vtpm));
	snprintf(path, sizeof(path), "/sys/class/tpm/tpm%d/pcr-sha256/10",
		 self->vtpm.number);
	len = file_get(NULL, path, text, sizeof(text));
	/* Either it cannot be read, or it shows nothing. */
	EXPECT_TRUE(len <= 0) TH_LOG("%s: %s", path, text);
}

/* Server descriptor handed in by init: the ioctl's caller counts. */
TEST_F(attach, attaches_to_the_callers_namespace_not_the_openers)
{
	struct agent other = {};
	char text[4096];
	long id;

	ASSERT_EQ(0, ima_mount(&self->child));
	ASSERT_EQ(0, ns_start(&other, NULL, OWNER + 1, NULL));
	ASSERT_EQ(0, ima_mount(&other));
	ASSERT_EQ(0, vtpm_attach(&self->child, &self->vtpm));
	id = ima_number(&self->child, "id");
	ASSERT_EQ(0, ima_activate(&self->child));
	ASSERT_EQ(1, record_find(NULL, "ima_ns_birth", id, text,
				 sizeof(text)));
	EXPECT_EQ(NULL, strstr(text, "tpm=none"));
	id = ima_number(&other, "id");
	ASSERT_EQ(0, ima_activate(&other));
	ASSERT_EQ(1, record_find(NULL, "ima_ns_birth", id, text,
				 sizeof(text)));
	EXPECT_NE(NULL, strstr(text, "tpm=none"));
	agent_stop(&other);
}

/* Extends, on both versions. */
FIXTURE(extend)
{
	struct agent child;
	struct vtpm vtpm;
	char directory[256];
	char text[8192];
};

FIXTURE_VARIANT(extend)
{
	int version;
	const char *bank;
};

FIXTURE_VARIANT_ADD(extend, tpm2_sha256)
{
	.version = 2,
	.bank = "sha256",
};

FIXTURE_VARIANT_ADD(extend, tpm2_sha1)
{
	.version = 2,
	.bank = "sha1",
};

FIXTURE_VARIANT_ADD(extend, tpm12)
{
	.version = 1,
	.bank = "sha1",
};

FIXTURE_SETUP(extend)
{
	if (vtpm_missing())
		SKIP(return, "missing: %s", vtpm_missing());
	ASSERT_EQ(0, scratch_directory(self->directory,
				       sizeof(self->directory)));
	ASSERT_EQ(0, vtpm_start(&self->vtpm, variant->version));
	ASSERT_EQ(0, ns_start(&self->child, NULL, OWNER, NULL));
	ASSERT_EQ(0, ima_mount(&self->child));
	ASSERT_EQ(0, vtpm_attach(&self->child, &self->vtpm));
	ASSERT_EQ(0, ima_put(&self->child, "hash", variant->bank));
	ASSERT_EQ(0, ima_activate(&self->child));
	ASSERT_EQ(0, ima_load_policy(&self->child,
				     NOT_SECURITYFS
				     "measure func=FILE_CHECK mask=MAY_READ "
				     "fowner=0 pcr=14\n" EXEC_RULE));
}

FIXTURE_TEARDOWN(extend)
{
	agent_stop(&self->child);
	vtpm_stop(&self->vtpm);
	scratch_remove(self->directory);
}

/* The TPM, vpcr and the replay of the list say the same of PCR 10 and 14. */
static void expect_agreement(struct __test_metadata *_metadata,
			     FIXTURE_DATA(extend) *self, const char *bank)
{
	static const int pcrs[] = { 10, 14 };
	uint8_t replayed[DIGEST_MAX], value[DIGEST_MAX];
	char hex[2 * DIGEST_MAX + 1], line[256];
	struct list list;
	size_t i, j;

	ASSERT_EQ(0, list_read(&self->child, &list));
	ASSERT_LT(0, ima_get(&self->child, "vpcr", self->text,
			     sizeof(self->text)));
	for (i = 0; i < sizeof(pcrs) / sizeof(pcrs[0]); i++) {
		long len = list_replay(&list, pcrs[i], bank, replayed);
		bool used = false;

		ASSERT_EQ(len, vtpm_read_pcr(&self->child, &self->vtpm, bank,
					     pcrs[i], value));
		EXPECT_EQ(0, memcmp(replayed, value, len))
			TH_LOG("PCR %d of the TPM", pcrs[i]);
		digest_hex(value, len, hex);
		snprintf(line, sizeof(line), "%d %s:%s\n", pcrs[i], bank, hex);
		for (j = 0; j < list.count; j++)
			used = used || (int)list.entries[j].pcr == pcrs[i];
		if (used)
			EXPECT_NE(NULL, strstr(self->text, line))
				TH_LOG("PCR %d of vpcr", pcrs[i]);
	}
	EXPECT_EQ((long)list.count, vtpm_extends(&self->vtpm));
	list_free(&list);
}

TEST_F_TIMEOUT(extend, happens_once_per_entry, 120)
{
	char path[300];
	int i, fd;

	expect_agreement(_metadata, self, variant->bank);
	for (i = 0; i < 4; i++) {
		snprintf(path, sizeof(path), "%s/prog%d", self->directory, i);
		ASSERT_EQ(0, scratch_program(path, path));
		ASSERT_EQ(0, file_run(&self->child, path));
		/* The second time is no entry and no extend. */
		ASSERT_EQ(0, file_run(&self->child, path));
	}
	snprintf(path, sizeof(path), "%s/text", self->directory);
	ASSERT_EQ(0, scratch_text(path, "text\n"));
	ASSERT_EQ(0, chown(path, OWNER, OWNER));
	fd = file_open(&self->child, path, O_RDONLY);
	ASSERT_LE(0, fd);
	expect_agreement(_metadata, self, variant->bank);
	/* A violation is an entry too: 0xff is extended. */
	ASSERT_EQ(0, scratch_append(path, "more\n"));
	ASSERT_EQ(1, list_violated(&self->child, path));
	expect_agreement(_metadata, self, variant->bank);
}

/*
 * All banks by the one command: the TPM's values, the lines of vpcr and the
 * replay of each bank's own list.  sha1 and sha256 are in vpcr without a bank.
 */
TEST_F(extend, reaches_every_bank_of_the_tpm)
{
	static const char *const banks[] = { "sha1", "sha256", "sha384",
					     "sha512" };
	uint8_t replayed[DIGEST_MAX], value[DIGEST_MAX];
	char hex[2 * DIGEST_MAX + 1], line[256], name[64], path[300];
	struct list list;
	size_t i, found = 0;

	snprintf(path, sizeof(path), "%s/prog", self->directory);
	ASSERT_EQ(0, scratch_program(path, "banks"));
	ASSERT_EQ(0, file_run(&self->child, path));
	ASSERT_LT(0, ima_get(&self->child, "vpcr", self->text,
			     sizeof(self->text)));
	for (i = 0; i < sizeof(banks) / sizeof(banks[0]); i++) {
		bool has = variant->version == 2 || !i;
		long len, ret;

		snprintf(name, sizeof(name), "binary_runtime_measurements_%s",
			 banks[i]);
		ret = list_read_bank(&self->child, name, banks[i], &list);
		EXPECT_EQ(has ? 0 : -ENOENT, ret) TH_LOG("%s", name);
		if (ret)
			continue;
		found++;
		len = list_replay(&list, 10, banks[i], replayed);
		ASSERT_EQ(len, vtpm_read_pcr(&self->child, &self->vtpm,
					     banks[i], 10, value));
		EXPECT_EQ(0, memcmp(replayed, value, len))
			TH_LOG("%s", banks[i]);
		digest_hex(value, len, hex);
		snprintf(line, sizeof(line), "10 %s:%s\n", banks[i], hex);
		EXPECT_NE(NULL, strstr(self->text, line)) TH_LOG("%s", line);
		EXPECT_EQ((long)list.count, vtpm_extends(&self->vtpm));
		list_free(&list);
	}
	EXPECT_EQ(variant->version == 2 ? 4 : 1, found);
	EXPECT_NE(NULL, strstr(self->text, "10 sha256:"));
	EXPECT_EQ(variant->version == 2,
		  strstr(self->text, "10 sha384:") != NULL);
}

/* As stock does on the host: over PCRs 0 to 7 (9 with SHA-256 and later). */
TEST_F(extend, boot_aggregate_is_over_the_vtpms_pcrs)
{
	uint8_t pcrs[10 * DIGEST_MAX], digest[DIGEST_MAX];
	struct entry *entry;
	struct list list;
	size_t len = 0;
	int i, count;

	ASSERT_EQ(0, list_read(&self->child, &list));
	entry = &list.entries[0];
	EXPECT_STREQ("boot_aggregate", entry->name);
	ASSERT_STREQ(variant->bank, entry->algo);
	count = strcmp(variant->bank, "sha1") ? 10 : 8;
	for (i = 0; i < count; i++) {
		long n = vtpm_read_pcr(&self->child, &self->vtpm,
				       variant->bank, i, pcrs + len);

		ASSERT_LT(0, n);
		len += n;
	}
	digest_bytes(variant->bank, pcrs, len, digest);
	EXPECT_EQ(0, memcmp(digest, entry->file_digest,
			    entry->file_digest_len));
	list_free(&list);
}

/* What the namespace gets when the TPM is prepared before. */
TEST_F(extend, other_namespaces_do_not_reach_it)
{
	struct agent other = {};
	char path[300];
	long before;

	ASSERT_EQ(0, ima_start_new(&other, NULL, OWNER + 1, EXEC_RULE));
	snprintf(path, sizeof(path), "%s/prog", self->directory);
	ASSERT_EQ(0, scratch_program(path, "other"));
	before = vtpm_extends(&self->vtpm);
	ASSERT_EQ(0, file_run(&other, path));
	ASSERT_EQ(0, file_run(NULL, path));
	EXPECT_EQ(before, vtpm_extends(&self->vtpm));
	agent_stop(&other);
}

/*
 * A TPM that does not answer:
 *
 *   init -+- stopped (vTPM, SIGSTOP)
 *         +- other   (no TPM)
 *         `- healthy (vTPM)            all measure the same program
 */
FIXTURE(stopped)
{
	struct agent child;
	struct agent other;
	struct agent healthy;
	struct vtpm vtpm;
	struct vtpm healthy_vtpm;
	char directory[256];
	char program[300];
};

FIXTURE_SETUP(stopped)
{
	if (vtpm_missing())
		SKIP(return, "missing: %s", vtpm_missing());
	ASSERT_EQ(0, scratch_directory(self->directory,
				       sizeof(self->directory)));
	snprintf(self->program, sizeof(self->program), "%s/prog",
		 self->directory);
	ASSERT_EQ(0, scratch_program(self->program, "stopped"));
	ASSERT_EQ(0, vtpm_start(&self->vtpm, 2));
	ASSERT_EQ(0, ns_start(&self->child, NULL, OWNER, NULL));
	ASSERT_EQ(0, ima_mount(&self->child));
	ASSERT_EQ(0, vtpm_attach(&self->child, &self->vtpm));
	ASSERT_EQ(0, ima_activate(&self->child));
	ASSERT_EQ(0, ima_load_policy(&self->child, EXEC_RULE));
	ASSERT_EQ(0, ima_start_new(&self->other, NULL, OWNER, EXEC_RULE));
	ASSERT_EQ(0, vtpm_start(&self->healthy_vtpm, 2));
	ASSERT_EQ(0, ns_start(&self->healthy, NULL, OWNER, NULL));
	ASSERT_EQ(0, ima_mount(&self->healthy));
	ASSERT_EQ(0, vtpm_attach(&self->healthy, &self->healthy_vtpm));
	ASSERT_EQ(0, ima_activate(&self->healthy));
	ASSERT_EQ(0, ima_load_policy(&self->healthy, EXEC_RULE));
}

FIXTURE_TEARDOWN(stopped)
{
	if (self->vtpm.emulator > 0)
		vtpm_resume(&self->vtpm);
	agent_stop(&self->child);
	agent_stop(&self->other);
	agent_stop(&self->healthy);
	vtpm_stop(&self->vtpm);
	vtpm_stop(&self->healthy_vtpm);
	scratch_remove(self->directory);
}

TEST_F_TIMEOUT(stopped, tpm_delays_nobody_else, 120)
{
	time_t start = seconds();

	ASSERT_EQ(0, vtpm_pause(&self->vtpm));
	ASSERT_EQ(0, file_run_begin(&self->child, self->program));
	/* The same file, at the same time, in the others and in the host. */
	do {
		EXPECT_EQ(0, file_run(&self->other, self->program));
		EXPECT_EQ(0, file_run(&self->healthy, self->program));
		EXPECT_EQ(0, file_run(NULL, self->program));
	} while (seconds() - start < 2);
	EXPECT_EQ(1, list_measured(&self->other, self->program));
	EXPECT_EQ(1, list_measured(&self->healthy, self->program));
	/* Nor does who changes the file. */
	EXPECT_EQ(0, chmod(self->program, 0711));
	EXPECT_EQ(0, unlink(self->program));
	EXPECT_GT(GIVE_UP_SECONDS - 2, seconds() - start);
	EXPECT_EQ(0, file_run_end(&self->child));
	/* It did have to wait, else nothing was shown. */
	EXPECT_LE(GIVE_UP_SECONDS - 1, seconds() - start);
}

TEST_F_TIMEOUT(stopped, tpm_is_given_up_and_the_entry_stays, 120)
{
	time_t start = seconds();
	char path[300];

	ASSERT_EQ(0, vtpm_pause(&self->vtpm));
	EXPECT_EQ(0, file_run(&self->child, self->program));
	EXPECT_LE(GIVE_UP_SECONDS - 1, seconds() - start);
	EXPECT_GE(GIVE_UP_SECONDS + SLACK_SECONDS, seconds() - start);
	EXPECT_EQ(1, list_measured(&self->child, self->program));
	/* From here on it does without, and does not wait again. */
	snprintf(path, sizeof(path), "%s/next", self->directory);
	ASSERT_EQ(0, scratch_program(path, "next"));
	start = seconds();
	EXPECT_EQ(0, file_run(&self->child, path));
	EXPECT_GT(GIVE_UP_SECONDS - 2, seconds() - start);
	EXPECT_EQ(1, list_measured(&self->child, path));
}

TEST_F_TIMEOUT(stopped, tpm_that_answers_in_time_is_kept, 120)
{
	long before = vtpm_extends(&self->vtpm);
	uint8_t replayed[DIGEST_MAX], value[DIGEST_MAX];
	struct list list;

	ASSERT_EQ(0, vtpm_pause(&self->vtpm));
	ASSERT_EQ(0, file_run_begin(&self->child, self->program));
	/* Meanwhile something else is done, well below ten seconds. */
	EXPECT_EQ(0, file_run(&self->other, self->program));
	ASSERT_EQ(0, vtpm_resume(&self->vtpm));
	EXPECT_EQ(0, file_run_end(&self->child));
	EXPECT_EQ(before + 1, vtpm_extends(&self->vtpm));
	ASSERT_EQ(0, list_read(&self->child, &list));
	list_replay(&list, 10, "sha256", replayed);
	ASSERT_EQ(32, vtpm_read_pcr(&self->child, &self->vtpm, "sha256", 10,
				    value));
	EXPECT_EQ(0, memcmp(replayed, value, 32));
	list_free(&list);
}

TEST_F_TIMEOUT(stopped, tpm_that_dies_leaves_the_namespace_working, 120)
{
	char path[300];

	ASSERT_EQ(0, vtpm_kill(&self->vtpm));
	close(self->vtpm.server_fd);
	self->vtpm.server_fd = -1;
	EXPECT_EQ(0, file_run(&self->child, self->program));
	EXPECT_EQ(1, list_measured(&self->child, self->program));
	snprintf(path, sizeof(path), "%s/next", self->directory);
	ASSERT_EQ(0, scratch_program(path, "next"));
	EXPECT_EQ(0, file_run(&self->child, path));
	EXPECT_EQ(1, list_measured(&self->child, path));
	EXPECT_EQ(0, file_run(&self->healthy, path));
	EXPECT_EQ(1, list_measured(&self->healthy, path));
}

/* The list goes on and replays; its vpcr too, though the TPM stopped. */
TEST_F_TIMEOUT(stopped, tpm_leaves_the_vpcr_replayable, 120)
{
	uint8_t acc[32];
	char hex[65], text[8192];
	struct list list;

	ASSERT_EQ(0, vtpm_kill(&self->vtpm));
	EXPECT_EQ(0, file_run(&self->child, self->program));
	ASSERT_EQ(0, list_read(&self->child, &list));
	list_accumulate(&list, acc);
	digest_hex(acc, 32, hex);
	ASSERT_LT(0, ima_get(&self->child, "vpcr", text, sizeof(text)));
	EXPECT_NE(NULL, strstr(text, hex));
	list_free(&list);
}

TEST_F_TIMEOUT(stopped, namespace_can_die, 120)
{
	long id = ima_number(&self->child, "id");

	ASSERT_EQ(0, vtpm_pause(&self->vtpm));
	agent_stop(&self->child);
	EXPECT_EQ(1, record_wait(NULL, "ima_ns_death", id, NULL, 0));
}

TEST_F_TIMEOUT(stopped, tpm_is_called_failed_in_the_status, 120)
{
	char path[128], text[4096];

	snprintf(path, sizeof(path), "%s/ns/%ld/status", IMA_DIR,
		 ima_number(&self->child, "id"));
	ASSERT_LT(0, file_get(NULL, path, text, sizeof(text)));
	EXPECT_EQ(NULL, strstr(text, "tpm: failed\n"));
	ASSERT_EQ(0, vtpm_pause(&self->vtpm));
	EXPECT_EQ(0, file_run(&self->child, self->program));
	ASSERT_LT(0, file_get(NULL, path, text, sizeof(text)));
	EXPECT_NE(NULL, strstr(text, "tpm: failed\n")) TH_LOG("%s", text);
}

/* Death releases the TPM: the server descriptor sees a hang-up. */
TEST_F(attach, death_of_the_namespace_hangs_up)
{
	struct pollfd server = { .fd = self->vtpm.server_fd };

	ASSERT_EQ(0, ima_mount(&self->child));
	ASSERT_EQ(0, vtpm_attach(&self->child, &self->vtpm));
	ASSERT_EQ(0, ima_activate(&self->child));
	EXPECT_EQ(0, poll(&server, 1, 0));
	agent_stop(&self->child);
	EXPECT_EQ(1, poll(&server, 1, 15000));
	EXPECT_TRUE(server.revents & POLLHUP);
}

TEST_HARNESS_MAIN
