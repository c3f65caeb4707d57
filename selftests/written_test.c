// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files that somebody can still write while they are measured, by descriptors
 * or by mappings that outlive them: what is in a list afterwards is what was
 * used, or a violation says that nobody knows (abi.md section 5).
 *
 *   init (rule for executions) ---- child (maps, measures, changes, executes)
 *
 * A page that is dirty and mapped already is written without any sign of it.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "auditlog.h"
#include "file.h"
#include "ima.h"
#include "list.h"
#include "ns.h"
#include "scratch.h"

#define OWNER 0
#define MAP "0 0 4294967295\n"
#define FILE_OWNER 2400
#define EXECUTED "measure func=BPRM_CHECK mask=MAY_EXEC fowner=2400\n"
#define OPENED "measure func=FILE_CHECK mask=MAY_READ fowner=2400\n"
#define USED "measure func=MMAP_CHECK mask=MAY_EXEC fowner=2402\n"
#define EXCHANGED "measure func=FILE_CHECK mask=MAY_READ fowner=2405\n"
#define OPENED_BY_BOTH "measure func=FILE_CHECK mask=MAY_READ fowner=2401\n"

/* Of the agent that has mapped the file. */
static char *mapped;
static size_t mapped_size;

/* Maps the file, makes all of its pages writable or reads them, and closes it. */
static long map_file(struct call *call)
{
	int fd = open(call->in, O_RDWR | O_CLOEXEC);
	volatile char *page;
	struct stat st;

	call->out_len = 0;
	if (fd < 0 || fstat(fd, &st))
		return -errno;
	mapped_size = st.st_size;
	mapped = mmap(NULL, mapped_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		      0);
	if (mapped == MAP_FAILED)
		return -errno;
	for (page = mapped; page < mapped + mapped_size; page += 4096) {
		char byte = *page;

		if (call->arg[0])
			*page = byte;
	}
	close(fd);
	return 0;
}

/* Makes another version of the program, as scratch_set_version() does. */
static long change_mapped(struct call *call)
{
	static const char mark[] = "SELFTESTS_VERSION=";
	char *at = memmem(mapped, mapped_size, mark, strlen(mark));

	call->out_len = 0;
	if (!at)
		return -ENOEXEC;
	at[strlen(mark)] = call->arg[0];
	return 0;
}

static long unmap_file(struct call *call)
{
	call->out_len = 0;
	return munmap(mapped, mapped_size) ? -errno : 0;
}

static long map_in(struct agent *agent, const char *path)
{
	struct call call = {
		.fd = -1, .in = path, .in_len = strlen(path) + 1, .arg = { 1 },
	};

	return agent_call(agent, map_file, &call);
}

/* The same, but its pages are only read so far. */
static long map_and_read_in(struct agent *agent, const char *path)
{
	struct call call = {
		.fd = -1, .in = path, .in_len = strlen(path) + 1,
	};

	return agent_call(agent, map_file, &call);
}

/* Uses a file as a library is used. */
static long use_in(struct agent *agent, const char *path)
{
	int fd = file_open(agent, path, O_RDONLY);
	long ret = fd < 0 ? fd : file_map_executable(agent, fd);

	return ret ? ret : file_close(agent, fd);
}

static long change_in(struct agent *agent, int version)
{
	struct call call = { .fd = -1, .arg = { version } };

	return agent_call(agent, change_mapped, &call);
}

static long unmap_in(struct agent *agent)
{
	struct call call = { .fd = -1 };

	return agent_call(agent, unmap_file, &call);
}

/* Gives a descriptor of one to another.  Return: what it is there, or -errno. */
static int pass(struct agent *from, int fd, struct agent *to)
{
	int here = file_fetch_fd(from, fd), there;

	if (here < 0)
		return here;
	there = file_give_fd(to, here);
	close(here);
	return there;
}

static int read_in(struct agent *agent, const char *path)
{
	int fd = file_open(agent, path, O_RDONLY);

	return fd < 0 ? fd : file_close(agent, fd);
}

FIXTURE(written)
{
	struct agent child;
	char directory[256];
	char mountpoint[300];
	char path[400];
};

FIXTURE_VARIANT(written)
{
	const char *filesystem;
	bool on_tmpfs;
};

FIXTURE_VARIANT_ADD(written, ext4)
{
	.filesystem = NULL,
};

FIXTURE_VARIANT_ADD(written, tmpfs)
{
	.filesystem = "tmpfs",
};

FIXTURE_VARIANT_ADD(written, overlay)
{
	.filesystem = "overlay",
};

FIXTURE_VARIANT_ADD(written, overlay_on_tmpfs)
{
	.filesystem = "overlay",
	.on_tmpfs = true,
};

static int mount_below(const char *directory, const char *mountpoint,
		       const char *filesystem)
{
	static const char *const names[] = { "lower", "upper", "work" };
	char path[400], options[1024];
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", directory, names[i]);
		if (mkdir(path, 0755))
			return -errno;
	}
	snprintf(options, sizeof(options),
		 "lowerdir=%s/lower,upperdir=%s/upper,workdir=%s/work",
		 directory, directory, directory);
	if (mount(filesystem, mountpoint, filesystem, 0,
		  strcmp(filesystem, "overlay") ? NULL : options))
		return -errno;
	return 0;
}

FIXTURE_SETUP(written)
{
	ASSERT_EQ(0, scratch_directory(self->directory,
				       sizeof(self->directory)));
	if (variant->on_tmpfs)
		ASSERT_EQ(0, mount("tmpfs", self->directory, "tmpfs", 0, NULL));
	snprintf(self->mountpoint, sizeof(self->mountpoint), "%s/mnt",
		 self->directory);
	ASSERT_EQ(0, mkdir(self->mountpoint, 0755));
	if (variant->filesystem)
		ASSERT_EQ(0, mount_below(self->directory, self->mountpoint,
					 variant->filesystem));
	snprintf(self->path, sizeof(self->path), "%s/program",
		 self->mountpoint);
	ASSERT_EQ(0, scratch_version(self->path, 1));
	ASSERT_EQ(0, chown(self->path, FILE_OWNER, FILE_OWNER));
	ASSERT_EQ(0, ima_load_policy(NULL, EXECUTED));
	ASSERT_EQ(0, ns_start(&self->child, NULL, OWNER, MAP));
}

FIXTURE_TEARDOWN(written)
{
	agent_stop(&self->child);
	if (variant->filesystem)
		umount2(self->mountpoint, MNT_DETACH);
	if (variant->on_tmpfs)
		umount2(self->directory, MNT_DETACH);
	scratch_remove(self->directory);
}

/*
 * The child measures the file while it has it mapped, changes it and lets go.
 * Init, which looks at it for the first time, must not take the child's digest.
 */
TEST_F(written, digest_of_a_mapped_file_is_for_nobody_else)
{
	ASSERT_EQ(0, ima_start(&self->child, OPENED));
	ASSERT_EQ(0, map_in(&self->child, self->path));
	ASSERT_EQ(0, read_in(&self->child, self->path));
	EXPECT_EQ(1, list_measured(&self->child, self->path));
	EXPECT_EQ(1, list_violated(&self->child, self->path));
	ASSERT_EQ(0, change_in(&self->child, 2));
	ASSERT_EQ(0, unmap_in(&self->child));

	EXPECT_EQ(2, file_run(&self->child, self->path));
	EXPECT_EQ(1, list_measured(NULL, self->path));
	EXPECT_EQ(1, list_last_is_content(NULL, self->path));
}

/* The child concludes nothing for later from what it saw then, either. */
TEST_F(written, file_is_measured_again_when_the_mapping_is_gone)
{
	ASSERT_EQ(0, ima_start(&self->child, OPENED));
	ASSERT_EQ(0, map_in(&self->child, self->path));
	ASSERT_EQ(0, read_in(&self->child, self->path));
	ASSERT_EQ(0, change_in(&self->child, 3));
	ASSERT_EQ(0, unmap_in(&self->child));
	ASSERT_EQ(0, read_in(&self->child, self->path));
	EXPECT_EQ(2, list_measured(&self->child, self->path));
	EXPECT_EQ(1, list_violated(&self->child, self->path));
	EXPECT_EQ(1, list_last_is_content(&self->child, self->path));
}

/* Init sees a file for the first time while it is open for writing. */
TEST_F(written, digest_from_before_a_write_is_not_used)
{
	int fd;

	ASSERT_EQ(0, ima_start(&self->child, OPENED));
	ASSERT_EQ(0, read_in(&self->child, self->path));
	fd = file_open(&self->child, self->path, O_RDWR);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, scratch_set_version(self->path, 4));
	ASSERT_EQ(0, file_close(&self->child, fd));
	EXPECT_EQ(4, file_run(&self->child, self->path));
	EXPECT_EQ(1, list_last_is_content(NULL, self->path));
}

/* Each writing period is one violation, and the next period is another one. */
TEST_F(written, each_period_of_writing_is_one_violation)
{
	int fd, period;

	ASSERT_EQ(0, ima_start(&self->child, OPENED));
	for (period = 1; period <= 3; period++) {
		fd = file_open(NULL, self->path, O_WRONLY);
		ASSERT_LE(0, fd);
		ASSERT_EQ(0, read_in(&self->child, self->path));
		ASSERT_EQ(0, read_in(&self->child, self->path));
		EXPECT_EQ(period, list_violated(&self->child, self->path));
		ASSERT_EQ(0, file_close(NULL, fd));
		ASSERT_EQ(0, read_in(&self->child, self->path));
		EXPECT_EQ(period, list_violated(&self->child, self->path));
	}
}

/*
 * Nobody can execute what is open for writing, but for a mapping below an
 * overlay, which does not hold the file that is executed.
 */
TEST_F(written, program_that_is_mapped_is_busy_or_measured_each_time)
{
	bool overlay = variant->filesystem &&
		       !strcmp(variant->filesystem, "overlay");
	struct agent *levels[] = { &self->child, NULL };
	int version, i;

	ASSERT_EQ(0, ima_start(&self->child, EXECUTED));
	ASSERT_EQ(0, map_in(&self->child, self->path));
	for (version = 5; version < 8; version++) {
		ASSERT_EQ(0, change_in(&self->child, version));
		if (!overlay) {
			EXPECT_EQ(-ETXTBSY, file_run(&self->child, self->path));
			continue;
		}
		EXPECT_EQ(version, file_run(&self->child, self->path));
		for (i = 0; i < 2; i++) {
			EXPECT_EQ(version - 4, list_measured(levels[i],
							     self->path));
			EXPECT_EQ(1, list_last_is_content(levels[i],
							  self->path));
			EXPECT_EQ(1, list_violated(levels[i], self->path));
		}
	}
	ASSERT_EQ(0, change_in(&self->child, 9));
	ASSERT_EQ(0, unmap_in(&self->child));
	EXPECT_EQ(9, file_run(&self->child, self->path));
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(1, list_last_is_content(levels[i], self->path));
	}
}

/*
 * Who has the file open for writing may use it as it is, change it, and use it
 * again: that nobody else has it open is no reason to believe him.
 */
TEST_F(written, what_its_only_writer_changed_is_measured_again)
{
	struct agent nested = {};
	int fd, passed;

	ASSERT_EQ(0, ima_load_policy(NULL, USED));
	ASSERT_EQ(0, chown(self->path, 2402, 2402));
	ASSERT_EQ(0, ima_start(&self->child, USED));
	ASSERT_EQ(0, ns_start(&nested, &self->child, 0, NULL));
	ASSERT_EQ(0, ima_start(&nested, "measure func=MMAP_CHECK\n"));
	fd = file_open(&self->child, self->path, O_RDWR);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, file_map_executable(&self->child, fd));
	EXPECT_EQ(1, list_measured(&self->child, self->path));
	EXPECT_EQ(1, list_measured(NULL, self->path));

	/* The mark at the end is no part of what is mapped. */
	ASSERT_EQ(4, file_pwrite(&self->child, fd, "more", 4, 100000));
	passed = pass(&self->child, fd, &nested);
	ASSERT_LE(0, passed);
	ASSERT_EQ(0, file_map_executable(&nested, passed));
	EXPECT_EQ(1, list_measured(&nested, self->path));
	EXPECT_EQ(2, list_measured(&self->child, self->path));
	EXPECT_EQ(2, list_measured(NULL, self->path));
	EXPECT_EQ(1, list_last_is_content(NULL, self->path));

	ASSERT_EQ(4, file_pwrite(&self->child, fd, "MORE", 4, 100000));
	ASSERT_EQ(0, file_close(&self->child, fd));
	ASSERT_EQ(0, file_close(&nested, passed));
	ASSERT_EQ(0, use_in(&nested, self->path));
	EXPECT_EQ(2, list_measured(&nested, self->path));
	EXPECT_EQ(3, list_measured(&self->child, self->path));
	EXPECT_EQ(3, list_measured(NULL, self->path));
	EXPECT_EQ(1, list_last_is_content(NULL, self->path));
	agent_stop(&nested);
}

/*
 * The only writer uses the file, changes it by a mapping of his own, and uses it
 * again; @mapped_first: the page is dirty already when it is used.
 */
static void change_by_own_mapping(struct __test_metadata *_metadata,
				  FIXTURE_DATA(written) *self, bool mapped_first)
{
	struct agent *levels[] = { &self->child, NULL };
	int fd, i;

	ASSERT_EQ(0, ima_load_policy(NULL, USED));
	ASSERT_EQ(0, chown(self->path, 2402, 2402));
	ASSERT_EQ(0, ima_start(&self->child, USED));
	fd = file_open(&self->child, self->path, O_RDWR);
	ASSERT_LE(0, fd);
	if (mapped_first)
		ASSERT_EQ(0, map_in(&self->child, self->path));
	ASSERT_EQ(0, file_map_executable(&self->child, fd));
	if (!mapped_first)
		ASSERT_EQ(0, map_and_read_in(&self->child, self->path));
	ASSERT_EQ(0, change_in(&self->child, 2));
	ASSERT_EQ(0, unmap_in(&self->child));
	ASSERT_EQ(0, file_map_executable(&self->child, fd));
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(2, list_measured(levels[i], self->path));
		EXPECT_EQ(1, list_last_is_content(levels[i], self->path));
	}
	/* What nobody can change any more is measured for the last time. */
	ASSERT_EQ(0, file_close(&self->child, fd));
	ASSERT_EQ(0, use_in(&self->child, self->path));
	ASSERT_EQ(0, use_in(&self->child, self->path));
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(2, list_measured(levels[i], self->path));
	}
}

TEST_F(written, what_its_only_writer_changed_by_a_mapping_is_measured_again)
{
	change_by_own_mapping(_metadata, self, false);
}

TEST_F(written, what_its_only_writer_had_mapped_is_measured_again)
{
	change_by_own_mapping(_metadata, self, true);
}

/*
 * A database is only ever opened to be read and written.  As long as nobody does
 * write it, it is the same file; one record tells how often it was hashed.
 */
TEST_F(written, what_is_only_opened_to_be_written_is_hashed_once)
{
	int i, fd, second, records = auditlog_open();

	if (variant->filesystem)
		SKIP(return, "a close tells of no change there");
	ASSERT_LE(0, records);
	ASSERT_EQ(0, ima_load_policy(NULL, "audit func=FILE_CHECK "
					   "mask=^MAY_READ fowner=2404\n"));
	ASSERT_EQ(0, chown(self->path, 2404, 2404));
	for (i = 0; i < 4; i++) {
		fd = file_open(NULL, self->path, O_RDWR);
		ASSERT_LE(0, fd);
		ASSERT_EQ(0, file_close(NULL, fd));
	}
	EXPECT_EQ(1, auditlog_count(records, AUDIT_INTEGRITY_RULE, self->path));
	/* Nor is it another one because two had it open at the same time. */
	for (i = 0; i < 4; i++) {
		fd = file_open(NULL, self->path, O_RDWR);
		ASSERT_LE(0, fd);
		if (!i) {
			second = file_open(NULL, self->path, O_RDWR);
			ASSERT_LE(0, second);
			ASSERT_EQ(0, file_close(NULL, second));
		}
		ASSERT_EQ(0, file_close(NULL, fd));
	}
	EXPECT_GE(1, auditlog_count(records, AUDIT_INTEGRITY_RULE, self->path));
	for (i = 0; i < 2; i++) {
		fd = file_open(NULL, self->path, O_RDWR);
		ASSERT_LE(0, fd);
		ASSERT_EQ(4, file_pwrite(NULL, fd, i ? "two." : "one.", 4,
					 100000));
		ASSERT_EQ(0, file_close(NULL, fd));
		fd = file_open(NULL, self->path, O_RDWR);
		ASSERT_LE(0, fd);
		ASSERT_EQ(0, file_close(NULL, fd));
		EXPECT_EQ(1, auditlog_count(records, AUDIT_INTEGRITY_RULE,
					    self->path));
	}
	close(records);
}

/* Who sees it changed first does not belong to the others. */
TEST_F(written, what_another_namespace_saw_changed_is_void_when_it_is_closed)
{
	struct agent other = {};
	int fd, passed;

	ASSERT_EQ(0, ima_load_policy(NULL, "dont_measure func=MMAP_CHECK "
					   "fowner=2403\n"));
	ASSERT_EQ(0, chown(self->path, 2403, 2403));
	ASSERT_EQ(0, ima_start(&self->child, "measure func=MMAP_CHECK\n"));
	ASSERT_EQ(0, ns_start(&other, NULL, OWNER, MAP));
	ASSERT_EQ(0, ima_start(&other, "measure func=MMAP_CHECK\n"));
	fd = file_open(&self->child, self->path, O_RDWR);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, file_map_executable(&self->child, fd));
	ASSERT_EQ(4, file_pwrite(&self->child, fd, "more", 4, 100000));
	passed = pass(&self->child, fd, &other);
	ASSERT_LE(0, passed);
	ASSERT_EQ(0, file_map_executable(&other, passed));
	EXPECT_EQ(1, list_measured(&other, self->path));
	EXPECT_EQ(1, list_measured(&self->child, self->path));
	ASSERT_EQ(0, file_close(&self->child, fd));
	ASSERT_EQ(0, file_close(&other, passed));

	ASSERT_EQ(0, use_in(&self->child, self->path));
	EXPECT_EQ(2, list_measured(&self->child, self->path));
	EXPECT_EQ(1, list_last_is_content(&self->child, self->path));
	agent_stop(&other);
}

/* The child uses the program, changes it by a mapping of @changed, uses it again. */
static void change_by_mapping(struct __test_metadata *_metadata,
			      FIXTURE_DATA(written) *self, const char *changed)
{
	ASSERT_EQ(0, ima_load_policy(NULL, USED));
	ASSERT_EQ(0, chown(self->path, 2402, 2402));
	ASSERT_EQ(0, ima_start(&self->child, USED));
	ASSERT_EQ(0, use_in(&self->child, self->path));
	ASSERT_EQ(0, map_and_read_in(&self->child, changed));
	ASSERT_EQ(0, change_in(&self->child, 2));
	ASSERT_EQ(0, unmap_in(&self->child));
	ASSERT_EQ(0, use_in(&self->child, self->path));
	EXPECT_EQ(2, list_measured(&self->child, self->path));
	EXPECT_EQ(2, list_measured(NULL, self->path));
	EXPECT_EQ(1, list_last_is_content(&self->child, self->path));
	EXPECT_EQ(1, list_last_is_content(NULL, self->path));
}

/* A page of tmpfs that was read is written to without a fault. */
TEST_F(written, what_a_later_mapping_changed_is_measured_again)
{
	change_by_mapping(_metadata, self, self->path);
}

/* The same below the overlay, where the file that is used is not opened. */
TEST_F(written, what_a_mapping_below_changed_is_measured_again)
{
	char below[400];

	if (!variant->filesystem || strcmp(variant->filesystem, "overlay"))
		SKIP(return, "there is nothing below");
	snprintf(below, sizeof(below), "%s/upper/program", self->directory);
	change_by_mapping(_metadata, self, below);
}

/* A log that is being written is one violation, not an entry for each reader. */
TEST_F(written, what_is_being_written_is_not_measured_for_each_reader)
{
	int fd, i;

	if (variant->filesystem && !strcmp(variant->filesystem, "overlay"))
		SKIP(return, "what is below is compared at each use");
	ASSERT_EQ(0, ima_start(&self->child, OPENED));
	fd = file_open(NULL, self->path, O_WRONLY | O_APPEND);
	ASSERT_LE(0, fd);
	for (i = 0; i < 5; i++) {
		ASSERT_EQ(5, file_write(NULL, fd, "line\n", 5));
		ASSERT_EQ(0, read_in(&self->child, self->path));
	}
	EXPECT_EQ(1, list_measured(&self->child, self->path));
	EXPECT_EQ(1, list_violated(&self->child, self->path));
	ASSERT_EQ(0, file_close(NULL, fd));
	ASSERT_EQ(0, read_in(&self->child, self->path));
	EXPECT_EQ(2, list_measured(&self->child, self->path));
}

/*
 * ext4 can exchange the blocks of two files, which is no write to either of them,
 * and leaves zeros to one; what is cached of the old ones goes with fsync() and
 * some advice.
 */
TEST_F(written, file_whose_blocks_were_exchanged_is_measured_again)
{
	char other[400];
	struct stat st;
	int fd[2], i;
	struct {
		uint32_t reserved;
		uint32_t donor_fd;
		uint64_t orig_start;
		uint64_t donor_start;
		uint64_t len;
		uint64_t moved_len;
	} move = {};

	if (variant->filesystem)
		SKIP(return, "ext4 only");
	snprintf(other, sizeof(other), "%s/other", self->mountpoint);
	ASSERT_EQ(0, scratch_version(other, 2));
	/* A rule of init's stays for the tests after this one. */
	ASSERT_EQ(0, ima_load_policy(NULL, EXCHANGED));
	ASSERT_EQ(0, chown(self->path, 2405, 2405));
	ASSERT_EQ(0, ima_start(&self->child, EXCHANGED));
	ASSERT_EQ(0, read_in(&self->child, self->path));

	fd[0] = open(other, O_RDWR | O_CLOEXEC);
	fd[1] = open(self->path, O_RDWR | O_CLOEXEC);
	for (i = 0; i < 2; i++) {
		ASSERT_LE(0, fd[i]);
		ASSERT_EQ(0, fsync(fd[i]));
	}
	ASSERT_EQ(0, fstat(fd[0], &st));
	move.donor_fd = fd[1];
	move.len = (st.st_size + st.st_blksize - 1) / st.st_blksize;
	ASSERT_EQ(0, ioctl(fd[0], _IOWR('f', 15, move), &move))
		TH_LOG("EXT4_IOC_MOVE_EXT: %s", strerror(errno));
	ASSERT_EQ(move.len, move.moved_len);
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, fsync(fd[i]));
		ASSERT_EQ(0, posix_fadvise(fd[i], 0, 0, POSIX_FADV_DONTNEED));
		close(fd[i]);
	}
	ASSERT_EQ(0, read_in(&self->child, self->path));
	EXPECT_EQ(2, list_measured(&self->child, self->path));
	EXPECT_EQ(2, list_measured(NULL, self->path));
	EXPECT_EQ(1, list_last_is_content(NULL, self->path));
}

/* Changes the file through a descriptor that the agent has, and closes it. */
static long change_and_close(struct call *call)
{
	long number = call->arg[1];

	call->out_len = 0;
	if (call->arg[2] &&
	    pwrite(call->arg[0], &number, sizeof(number), 0) != sizeof(number))
		return -errno;
	return close(call->arg[0]) ? -errno : 0;
}

/*
 * Two who close the file at the same time: each may take the other one for the
 * last, and nobody would say that the file has changed.
 */
TEST_F_TIMEOUT(written, writers_that_close_together_void_what_was_measured, 300)
{
	struct agent writers[2] = {};
	char path[400];
	long before[2];
	int round, i, fd;

	/* A rule of init's stays for the tests after this one. */
	ASSERT_EQ(0, ima_load_policy(NULL, OPENED_BY_BOTH));
	ASSERT_EQ(0, ima_start(&self->child, OPENED_BY_BOTH));
	snprintf(path, sizeof(path), "%s/data", self->mountpoint);
	ASSERT_EQ(0, scratch_text(path, "eight bytes and more\n"));
	ASSERT_EQ(0, chown(path, 2401, 2401));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, agent_start(&writers[i], NULL));
	}
	for (round = 1; round <= 150; round++) {
		struct call calls[2] = {};

		before[0] = ima_count(&self->child);
		before[1] = ima_count(NULL);
		for (i = 0; i < 2; i++) {
			fd = file_open(&writers[i], path, O_WRONLY);
			ASSERT_LE(0, fd);
			calls[i] = (struct call){
				.fd = -1, .arg = { fd, round, i },
			};
		}
		for (i = 0; i < 2; i++) {
			ASSERT_EQ(0, agent_send(&writers[i], change_and_close,
						&calls[i]));
		}
		for (i = 0; i < 2; i++) {
			ASSERT_EQ(0, agent_receive(&writers[i], &calls[i]));
		}
		ASSERT_EQ(0, read_in(&self->child, path));
		ASSERT_EQ(before[0] + 1, ima_count(&self->child))
			TH_LOG("round %d", round);
		ASSERT_EQ(before[1] + 1, ima_count(NULL))
			TH_LOG("round %d", round);
	}
	for (i = 0; i < 2; i++)
		agent_stop(&writers[i]);
}

TEST_HARNESS_MAIN
