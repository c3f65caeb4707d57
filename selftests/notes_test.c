// SPDX-License-Identifier: GPL-2.0-only
/*
 * What waits for a namespace: notes of those who write to a file that it has
 * measured, and the records of namespaces below. How much of it may wait, and
 * the order in which it comes into the list (abi.md sections 5 and 6).
 *
 *   init ---- child (a TPM that holds an extend) ---- nested
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "clock.h"
#include "emulator.h"
#include "file.h"
#include "ima.h"
#include "list.h"
#include "ns.h"
#include "record.h"
#include "scratch.h"
#include "vpcr.h"

#define OWNER 1000
#define RULES NOT_SECURITYFS "measure func=FILE_CHECK mask=MAY_READ fowner=0\n"
#define FILES 40
#define DEEP 4060	/* a note takes 8 KiB then, and 256 may wait */
#define HELD_MS 8000

FIXTURE(notes)
{
	struct emulator emulator;
	struct agent child;
	struct agent nested;
	char directory[256];
	char below[4096];
	char path[4096];
	int here;
};

FIXTURE_VARIANT(notes)
{
	size_t length;		/* of the directory's name */
	int lost;		/* that many at least */
};

FIXTURE_VARIANT_ADD(notes, short_names)
{
	.length = 0,
	.lost = 0,
};

FIXTURE_VARIANT_ADD(notes, long_names)
{
	.length = DEEP,
	.lost = FILES - 34,
};

/* Makes directories in the directory until its name is that long. */
static int go_below(char *path, size_t length)
{
	size_t at = strlen(path), n;

	while (at + 2 < length) {
		n = length - at - 1;
		if (n > 250)
			n = 250;
		path[at++] = '/';
		memset(path + at, 'd', n);
		at += n;
		path[at] = '\0';
		if (mkdir(path, 0755))
			return -errno;
	}
	return 0;
}

static char *file_nr(char *path, const char *below, int i)
{
	snprintf(path, 4096, "%.4080s/f%d", below, i);
	return path;
}

/* The child has it open to read: a violation. */
static int open_to_write(const char *path)
{
	int fd = file_open(NULL, path, O_WRONLY);

	return fd < 0 ? fd : file_close(NULL, fd);
}

/* Has the next extend take that long. */
static void hold(struct emulator_plan *plan)
{
	plan->hold_ms = HELD_MS;
	plan->hold_cc = CC_PCR_EXTEND;
}

static bool wait_until_held(const struct emulator_plan *plan)
{
	struct patience left = patience(10000);

	while (plan->hold_cc && patience_lasts(&left))
		;
	return !plan->hold_cc;
}

FIXTURE_SETUP(notes)
{
	char text[32];
	int i;

	if (access("/dev/vtpmx", F_OK))
		SKIP(return, "/dev/vtpmx (CONFIG_TCG_VTPM_PROXY)");
	ASSERT_EQ(0, scratch_directory(self->directory,
				       sizeof(self->directory)));
	strcpy(self->below, self->directory);
	ASSERT_EQ(0, go_below(self->below, variant->length));
	for (i = 0; i < FILES; i++) {
		file_nr(self->path, self->below, i);
		snprintf(text, sizeof(text), "file %d\n", i);
		ASSERT_EQ(0, scratch_text(self->path, text));
		ASSERT_EQ(0, chown(self->path, OWNER, OWNER));
	}
	ASSERT_EQ(0, emulator_prepare(&self->emulator));
	/* Before the emulator, whose descriptor it must not inherit. */
	ASSERT_EQ(0, ns_start(&self->child, NULL, OWNER, NULL));
	ASSERT_EQ(0, emulator_start(&self->emulator, 2));
	ASSERT_EQ(0, vtpm_wait_device(&self->emulator.vtpm));
	ASSERT_EQ(0, ima_mount(&self->child));
	ASSERT_EQ(0, vtpm_attach(&self->child, &self->emulator.vtpm));
	ASSERT_EQ(0, ima_activate(&self->child));
	ASSERT_EQ(0, ima_load_policy(&self->child, RULES));
}

FIXTURE_TEARDOWN(notes)
{
	agent_stop(&self->nested);
	agent_stop(&self->child);
	emulator_stop(&self->emulator);
	scratch_remove(self->directory);
}

/*
 * Each is charged to nobody, so that there may not be many; what is lost is a
 * violation all the same.
 */
TEST_F_TIMEOUT(notes, take_no_more_memory_than_they_may, 120)
{
	long begun, lost;
	int i;

	for (i = 0; i < FILES; i++) {
		ASSERT_LE(0, file_open(&self->child,
				       file_nr(self->path, self->below, i),
				       O_RDONLY));
	}
	ASSERT_EQ(0, ima_number(&self->child, "violations"));
	hold(self->emulator.plan);
	begun = now_ms();
	for (i = 0; i < FILES; i++) {
		ASSERT_EQ(0, open_to_write(file_nr(self->path, self->below,
						   i)));
	}
	/* Else nothing had to wait. */
	ASSERT_GT(HELD_MS, now_ms() - begun);
	ASSERT_LT(0, ima_count(&self->child));
	EXPECT_EQ(FILES, ima_number(&self->child, "violations"));
	lost = vpcr_lost(&self->child);
	EXPECT_LE(variant->lost, lost);
	EXPECT_GE(variant->lost ? FILES - 1 : 0, lost);
}

/* A violation that comes after three records is in the list after all three. */
TEST_F_TIMEOUT(notes, come_after_the_records_that_came_before, 120)
{
	struct list list;
	struct entry *entry;
	size_t i, records = 0, violation = 0, last_record = 0;
	int batch;

	file_nr(self->path, self->below, 0);
	ASSERT_LE(0, file_open(&self->child, self->path, O_RDONLY));
	ASSERT_EQ(0, ima_start_new(&self->nested, &self->child, 0, NULL));
	hold(self->emulator.plan);
	for (batch = 0; batch < 3; batch++) {
		ASSERT_EQ(0, ima_load_policy(&self->nested,
					     "measure func=KEY_CHECK\n"));
		if (!batch)
			ASSERT_TRUE(wait_until_held(self->emulator.plan));
	}
	ASSERT_EQ(0, open_to_write(self->path));

	ASSERT_EQ(0, list_read(&self->child, &list));
	for (i = 0; i < list.count; i++) {
		entry = &list.entries[i];
		if (!strcmp(entry->name, "ima_ns_policy")) {
			records++;
			last_record = i;
		}
		if (entry->violation)
			violation = i;
	}
	/* Its own, and those of the nested one. */
	EXPECT_EQ(4, records);
	EXPECT_LT(last_record, violation);
	list_free(&list);
}

TEST_HARNESS_MAIN
