// SPDX-License-Identifier: GPL-2.0-only
/*
 * The end of a namespace, by whatever was the last reference to its user
 * namespace, with a TPM or without: the death record tells the last state, the
 * TPM's server sees a hang-up, and the memory comes back (abi.md sections 1, 7
 * and 8).
 *
 *   init -+- child (active, perhaps a TPM) --- nested (active)
 *         `- test: holds the last reference, gives it up
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "clock.h"
#include "emulator.h"
#include "file.h"
#include "ima.h"
#include "kmsg.h"
#include "list.h"
#include "ns.h"
#include "record.h"
#include "scratch.h"
#include "vpcr.h"
#include "vtpm.h"
#include "warnings.h"

#ifndef OPEN_TREE_CLONE
#define OPEN_TREE_CLONE 1
#endif
#ifndef MOVE_MOUNT_F_EMPTY_PATH
#define MOVE_MOUNT_F_EMPTY_PATH 4
#endif

/* Owner 0 may activate as many a second as it likes, and opens the TPM. */
#define OWNER 0
#define RULES NOT_SECURITYFS \
	"measure func=FILE_CHECK mask=MAY_READ fowner=2200\n" EXEC_RULE
#define FILE_OWNER 2200

/* A child of init's root maps everyone, so that it sees FILE_OWNER. */
#define MAP "0 0 4294967295\n"

/* What is left when all processes of the namespace are gone. */
enum reference {
	PROCESS,	/* nothing: the last process was it */
	LIST_FD,	/* an open list, closed by a process outside */
	READ_FD,	/* the same, half read */
	POLICY_FD,	/* an open policy, the batch written, not closed */
	DIRECTORY_FD,	/* the directory of the instance */
	MOUNT,		/* the instance, mounted outside as well */
	DETACHED_MOUNT,	/* a copy of the mount that is attached nowhere */
	USER_FD,	/* /proc/PID/ns/user, opened */
	USER_MOUNT,	/* /proc/PID/ns/user, mounted on a file */
	MOUNTS_FD,	/* /proc/PID/ns/mnt, opened */
	NESTED,		/* a user namespace below, with an active namespace */
	REFERENCES,
};

static const char *const reference_names[REFERENCES] = {
	"process", "list fd", "half read list fd", "policy fd", "directory fd",
	"mount", "detached mount", "user namespace fd", "user namespace mount",
	"mount namespace fd", "nested",
};

struct held {
	enum reference reference;
	char path[300];
	int fd;
};

/* The agent enters the mounts of a process and copies one of them. */
static long copy_mount(struct call *call)
{
	int fd = syscall(SYS_open_tree, AT_FDCWD, call->in,
			 OPEN_TREE_CLONE | O_CLOEXEC);

	call->out_len = 0;
	if (fd < 0)
		return -errno;
	call->out_fd = fd;
	return 0;
}

static int hold_mount(struct agent *child, struct held *held)
{
	struct call call = {
		.fd = -1,
		.in = SECURITYFS,
		.in_len = sizeof(SECURITYFS),
	};
	struct agent helper = {};
	long ret = agent_start(&helper, NULL);

	if (!ret)
		ret = ns_join_mount(&helper, child->pid);
	if (!ret)
		ret = agent_call(&helper, copy_mount, &call);
	agent_stop(&helper);
	if (ret)
		return ret;
	held->fd = call.out_fd;
	if (held->reference == DETACHED_MOUNT)
		return 0;
	if (mkdir(held->path, 0755) ||
	    syscall(SYS_move_mount, held->fd, "", AT_FDCWD, held->path,
		    MOVE_MOUNT_F_EMPTY_PATH))
		return -errno;
	close(held->fd);
	held->fd = -1;
	return 0;
}

static int hold_nested(struct agent *child, struct held *held)
{
	struct agent nested = {};
	char path[64];
	int ret = ns_start(&nested, child, 0, NULL);

	if (!ret)
		ret = ima_start(&nested, EXEC_RULE);
	if (!ret) {
		snprintf(path, sizeof(path), "/proc/%d/ns/user", nested.pid);
		held->fd = open(path, O_RDONLY | O_CLOEXEC);
		ret = held->fd < 0 ? -errno : 0;
	}
	agent_stop(&nested);
	return ret;
}

static int hold_policy(struct agent *child, struct held *held)
{
	const char rule[] = "dont_measure fsmagic=0x12345\n";
	int fd = ima_open(child, "policy", O_WRONLY);

	if (fd < 0)
		return fd;
	if (file_write(child, fd, rule, strlen(rule)) != (long)strlen(rule))
		return -EIO;
	held->fd = file_fetch_fd(child, fd);
	return held->fd < 0 ? held->fd : 0;
}

/* Takes the reference.  @directory is where mounts can go. */
static int hold(struct held *held, enum reference reference,
		struct agent *child, const char *directory)
{
	char path[128], byte;
	int fd;

	held->reference = reference;
	held->fd = -1;
	snprintf(held->path, sizeof(held->path), "%s/held", directory);
	switch (reference) {
	case LIST_FD:
	case READ_FD:
		held->fd = file_fetch_fd(child,
					 ima_open(child,
						  "ascii_runtime_measurements",
						  O_RDONLY));
		if (held->fd >= 0 && reference == READ_FD &&
		    read(held->fd, &byte, 1) != 1)
			return -EIO;
		return held->fd < 0 ? held->fd : 0;
	case POLICY_FD:
		return hold_policy(child, held);
	case DIRECTORY_FD:
		fd = file_open(child, IMA_DIR, O_RDONLY | O_DIRECTORY);
		held->fd = file_fetch_fd(child, fd);
		return held->fd < 0 ? held->fd : 0;
	case MOUNT:
	case DETACHED_MOUNT:
		return hold_mount(child, held);
	case USER_MOUNT:
		if (scratch_text(held->path, ""))
			return -EIO;
		snprintf(path, sizeof(path), "/proc/%d/ns/user", child->pid);
		return mount(path, held->path, NULL, MS_BIND, NULL) ? -errno :
								      0;
	case USER_FD:
	case MOUNTS_FD:
		snprintf(path, sizeof(path), "/proc/%d/ns/%s", child->pid,
			 reference == USER_FD ? "user" : "mnt");
		held->fd = open(path, O_RDONLY | O_CLOEXEC);
		return held->fd < 0 ? -errno : 0;
	case NESTED:
		return hold_nested(child, held);
	default:
		return 0;
	}
}

static int let_go(struct held *held)
{
	int ret = 0;

	if (held->fd >= 0)
		close(held->fd);
	held->fd = -1;
	if (held->reference == MOUNT || held->reference == USER_MOUNT)
		ret = umount2(held->path, 0) ? -errno : 0;
	if (held->reference == MOUNT)
		rmdir(held->path);
	if (held->reference == USER_MOUNT)
		unlink(held->path);
	return ret;
}

/* What the TPM's server does. */
enum server {
	NO_TPM,
	ALIVE,
	GONE_BEFORE,	/* killed and closed while the namespace lives */
	GONE_MEANWHILE,	/* when only the last reference is left */
	STOPPED,	/* never answers again */
};

FIXTURE(end)
{
	struct agent child;
	struct emulator emulator;
	struct held held;
	char directory[256];
	char file[300];
	char program[300];
	long id;
	int messages;
};

FIXTURE_VARIANT(end)
{
	enum reference reference;
	enum server server;
};

/* clang-format off */
FIXTURE_VARIANT_ADD(end, process) { PROCESS, NO_TPM };
FIXTURE_VARIANT_ADD(end, list_fd) { LIST_FD, NO_TPM };
FIXTURE_VARIANT_ADD(end, half_read_list_fd) { READ_FD, NO_TPM };
FIXTURE_VARIANT_ADD(end, policy_fd) { POLICY_FD, NO_TPM };
FIXTURE_VARIANT_ADD(end, directory_fd) { DIRECTORY_FD, NO_TPM };
FIXTURE_VARIANT_ADD(end, mount) { MOUNT, NO_TPM };
FIXTURE_VARIANT_ADD(end, detached_mount) { DETACHED_MOUNT, NO_TPM };
FIXTURE_VARIANT_ADD(end, user_namespace_fd) { USER_FD, NO_TPM };
FIXTURE_VARIANT_ADD(end, user_namespace_mount) { USER_MOUNT, NO_TPM };
FIXTURE_VARIANT_ADD(end, mount_namespace_fd) { MOUNTS_FD, NO_TPM };
FIXTURE_VARIANT_ADD(end, nested) { NESTED, NO_TPM };
FIXTURE_VARIANT_ADD(end, process_tpm) { PROCESS, ALIVE };
FIXTURE_VARIANT_ADD(end, list_fd_tpm) { LIST_FD, ALIVE };
FIXTURE_VARIANT_ADD(end, mount_tpm) { MOUNT, ALIVE };
FIXTURE_VARIANT_ADD(end, user_namespace_fd_tpm) { USER_FD, ALIVE };
FIXTURE_VARIANT_ADD(end, nested_tpm) { NESTED, ALIVE };
FIXTURE_VARIANT_ADD(end, process_tpm_gone_before) { PROCESS, GONE_BEFORE };
FIXTURE_VARIANT_ADD(end, list_fd_tpm_gone_before) { LIST_FD, GONE_BEFORE };
FIXTURE_VARIANT_ADD(end, list_fd_tpm_gone_meanwhile) {
	LIST_FD, GONE_MEANWHILE };
FIXTURE_VARIANT_ADD(end, nested_tpm_gone_meanwhile) { NESTED, GONE_MEANWHILE };
FIXTURE_VARIANT_ADD(end, process_tpm_stopped) { PROCESS, STOPPED };
FIXTURE_VARIANT_ADD(end, nested_tpm_stopped) { NESTED, STOPPED };
/* clang-format on */

FIXTURE_SETUP(end)
{
	if (variant->server != NO_TPM && vtpm_missing())
		SKIP(return, "missing: %s", vtpm_missing());
	self->messages = kmsg_open();
	ASSERT_EQ(0, scratch_directory(self->directory,
				       sizeof(self->directory)));
	snprintf(self->file, sizeof(self->file), "%s/file", self->directory);
	snprintf(self->program, sizeof(self->program), "%s/program",
		 self->directory);
	ASSERT_EQ(0, scratch_text(self->file, "text\n"));
	ASSERT_EQ(0, chown(self->file, FILE_OWNER, FILE_OWNER));
	ASSERT_EQ(0, scratch_program(self->program, "end"));
	ASSERT_EQ(0, emulator_prepare(&self->emulator));
	ASSERT_EQ(0, ns_start(&self->child, NULL, OWNER, MAP));
	ASSERT_EQ(0, ima_mount(&self->child));
	if (variant->server != NO_TPM) {
		ASSERT_EQ(0, emulator_start(&self->emulator, 2));
		ASSERT_EQ(0, vtpm_attach(&self->child, &self->emulator.vtpm));
	}
	ASSERT_EQ(0, ima_activate(&self->child));
	ASSERT_EQ(0, ima_load_policy(&self->child, RULES));
	self->id = ima_number(&self->child, "id");
	ASSERT_LT(0, self->id);
}

FIXTURE_TEARDOWN(end)
{
	agent_stop(&self->child);
	emulator_stop(&self->emulator);
	scratch_remove(self->directory);
	EXPECT_EQ(0, warnings_count(self->messages));
	close(self->messages);
}

static void end_server(struct __test_metadata *_metadata, struct vtpm *vtpm)
{
	ASSERT_EQ(0, vtpm_kill(vtpm));
	close(vtpm->server_fd);
	vtpm->server_fd = -1;
}

/* Has the namespace died?  Another one is made and ended after it. */
static bool has_died(struct __test_metadata *_metadata, long id)
{
	struct agent probe = {};
	long probe_id;

	EXPECT_EQ(0, ns_start(&probe, NULL, OWNER, NULL));
	EXPECT_EQ(0, ima_start(&probe, NULL));
	probe_id = ima_number(&probe, "id");
	agent_stop(&probe);
	EXPECT_EQ(1, record_wait(NULL, "ima_ns_death", probe_id, NULL, 0));
	return record_find(NULL, "ima_ns_death", id, NULL, 0) != 0;
}

static bool device_goes(const char *device)
{
	struct patience left = patience(15000);

	while (!access(device, F_OK))
		if (!patience_lasts(&left))
			return false;
	return true;
}

/* A TPM that does not answer is waited for, but for ten seconds only. */
static long wait_death(long id, char *text, size_t size)
{
	long count = record_wait(NULL, "ima_ns_death", id, text, size);

	return count ? count : record_wait(NULL, "ima_ns_death", id, text,
					   size);
}

TEST_F_TIMEOUT(end, is_told_as_it_was, 300)
{
	struct pollfd server = {};
	char text[4096], value[128], device[64];
	struct vpcr last;
	long violations;
	int fd, more;

	snprintf(device, sizeof(device), "/sys/class/tpm/tpm%d",
		 self->emulator.vtpm.number);
	if (variant->server != NO_TPM)
		ASSERT_EQ(0, access(device, F_OK));

	/* A life: an execution, a file, and a violation from outside. */
	EXPECT_EQ(0, file_run(&self->child, self->program));
	fd = file_open(&self->child, self->file, O_RDONLY);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, scratch_append(self->file, "more\n"));
	ASSERT_EQ(0, file_close(&self->child, fd));
	if (variant->server == GONE_BEFORE) {
		end_server(_metadata, &self->emulator.vtpm);
		ASSERT_EQ(0, chmod(self->program, 0711));
		ASSERT_EQ(0, scratch_append(self->program, "again"));
		EXPECT_EQ(0, file_run(&self->child, self->program));
	}
	ASSERT_EQ(0, hold(&self->held, variant->reference, &self->child,
			  self->directory));
	violations = ima_number(&self->child, "violations");
	EXPECT_EQ(1, violations);
	ASSERT_EQ(0, vpcr_lost(&self->child));
	ASSERT_EQ(0, vpcr_read(&self->child, &last));
	if (variant->server == STOPPED)
		ASSERT_EQ(0, vtpm_pause(&self->emulator.vtpm));

	agent_stop(&self->child);
	if (variant->reference != PROCESS)
		EXPECT_FALSE(has_died(_metadata, self->id));
	if (variant->server == GONE_MEANWHILE)
		end_server(_metadata, &self->emulator.vtpm);
	server.fd = self->emulator.vtpm.server_fd;
	if (server.fd >= 0 && variant->reference != PROCESS)
		EXPECT_EQ(0, poll(&server, 1, 0) && server.revents & POLLHUP);
	ASSERT_EQ(0, let_go(&self->held));

	ASSERT_EQ(1, wait_death(self->id, text, sizeof(text)));
	ASSERT_TRUE(record_value(text, "entries", value, sizeof(value)));
	/* The batch loaded by the close, or the death below, is a record. */
	more = variant->reference == POLICY_FD || variant->reference == NESTED;
	EXPECT_EQ(last.entries + more, atol(value));
	ASSERT_TRUE(record_value(text, "violations", value, sizeof(value)));
	EXPECT_EQ(violations, atol(value));
	ASSERT_TRUE(record_value(text, "acc", value, sizeof(value)));
	ASSERT_EQ(0, strncmp(value, "sha256:", 7));
	EXPECT_EQ(!more, !strcmp(last.acc, value + 7));
	if (server.fd >= 0) {
		EXPECT_EQ(0, vtpm_wait_hang_up(&self->emulator.vtpm, 15000));
		EXPECT_EQ(-1, read(server.fd, value, sizeof(value)));
		EXPECT_EQ(EPIPE, errno);
		end_server(_metadata, &self->emulator.vtpm);
	}
	/* The device goes with its server. */
	if (variant->server != NO_TPM)
		EXPECT_TRUE(device_goes(device));
}

FIXTURE(idle)
{
	char directory[256];
	char program[300];
};

FIXTURE_SETUP(idle)
{
	ASSERT_EQ(0, scratch_directory(self->directory,
				       sizeof(self->directory)));
	snprintf(self->program, sizeof(self->program), "%s/program",
		 self->directory);
	ASSERT_EQ(0, scratch_program(self->program, "idle"));
}

FIXTURE_TEARDOWN(idle)
{
	scratch_remove(self->directory);
}

/* Runs a program on another processor than the first. */
static long run_elsewhere(struct call *call)
{
	char *const argv[] = { (char *)call->in, NULL };
	cpu_set_t set;
	pid_t pid;
	int status;

	CPU_ZERO(&set);
	CPU_SET(1, &set);
	call->out_len = 0;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (!pid) {
		if (!sched_setaffinity(0, sizeof(set), &set))
			execv(argv[0], argv);
		_exit(127);
	}
	if (waitpid(pid, &status, 0) < 0)
		return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

/*
 * An idle processor goes on with the address space of the last program that ran
 * on it, for as long as it is idle.  That is no life of a namespace.
 */
TEST_F_TIMEOUT(idle, processor_keeps_no_namespace, 300)
{
	struct call call = { .fd = -1 };
	char text[4096];
	cpu_set_t set;
	int i;

	ASSERT_LE(2, sysconf(_SC_NPROCESSORS_ONLN));
	CPU_ZERO(&set);
	CPU_SET(0, &set);
	call.in = self->program;
	call.in_len = strlen(self->program) + 1;
	ASSERT_EQ(0, sched_setaffinity(0, sizeof(set), &set));
	for (i = 0; i < 5; i++) {
		struct agent child = {};
		long id;

		ASSERT_EQ(0, ima_start_new(&child, NULL, OWNER, EXEC_RULE));
		id = ima_number(&child, "id");
		ASSERT_LT(0, id);
		ASSERT_EQ(0, agent_call(&child, run_elsewhere, &call));
		agent_stop(&child);
		ASSERT_EQ(1, record_wait(NULL, "ima_ns_death", id, text,
					 sizeof(text)))
			TH_LOG("round %d", i);
	}
}

/* Kilobytes of the kernel's unmovable memory: Slab and Percpu. */
static long kernel_kilobytes(void)
{
	static const char *const keys[] = { "\nSlab:", "\nPercpu:" };
	char text[8192], *at;
	long sum = 0;
	size_t i;

	if (file_put_text(NULL, "/proc/sys/vm/drop_caches", "3") ||
	    file_get(NULL, "/proc/meminfo", text, sizeof(text)) < 0)
		return -1;
	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		at = strstr(text, keys[i]);
		if (!at)
			return -1;
		sum += atol(at + strlen(keys[i]));
	}
	return sum;
}

/* What the host knows of a namespace that should be dead. */
static void tell_survivor(const char *reference, long id)
{
	char path[64], text[1024];

	snprintf(path, sizeof(path), IMA_DIR "/ns/%ld/status", id);
	if (file_get(NULL, path, text, sizeof(text)) < 0)
		snprintf(text, sizeof(text), "not there any more\n");
	printf("# namespace %ld, last reference %s:\n%s", id, reference, text);
}

/* One round of making, using and ending, by each reference in turn. */
static long churn(int round, const char *directory, const char *program,
		  bool tpm)
{
	struct emulator emulator = {};
	struct agent child = {};
	struct held held = {};
	long id = -1, deaths;
	int ret;

	ret = emulator_prepare(&emulator);
	if (!ret)
		ret = ns_start(&child, NULL, OWNER, MAP);
	if (!ret)
		ret = ima_mount(&child);
	if (!ret && tpm)
		ret = emulator_start(&emulator, 1 + round % 2);
	if (!ret && tpm)
		ret = vtpm_attach(&child, &emulator.vtpm);
	if (!ret)
		ret = ima_activate(&child);
	if (!ret)
		ret = ima_load_policy(&child, RULES);
	if (!ret)
		ret = file_run(&child, program);
	if (!ret)
		ret = hold(&held, round % REFERENCES, &child, directory);
	id = ima_number(&child, "id");
	/* Its server goes first every second time. */
	if (tpm && round / 2 % 2)
		emulator_stop(&emulator);
	agent_stop(&child);
	if (!ret)
		ret = let_go(&held);
	if (!ret && id <= 0)
		ret = id ? id : -ENOENT;
	if (!ret) {
		deaths = record_wait(NULL, "ima_ns_death", id, NULL, 0);
		if (!deaths)
			tell_survivor(reference_names[round % REFERENCES], id);
		if (deaths != 1)
			ret = deaths < 0 ? deaths : deaths ? -EEXIST :
							     -ETIMEDOUT;
	}
	emulator_stop(&emulator);
	return ret;
}

FIXTURE(memory)
{
	char directory[256];
	char program[300];
};

FIXTURE_VARIANT(memory)
{
	bool tpm;
	int rounds;
	/*
	 * What a round may leave: its records in the host's list, some 3 KiB.
	 * One idle namespace alone is above 20 KiB.
	 */
	long kilobytes;
};

FIXTURE_VARIANT_ADD(memory, no_tpm)
{
	.rounds = 200,
	.kilobytes = 5,
};

FIXTURE_VARIANT_ADD(memory, tpm)
{
	.tpm = true,
	.rounds = 60,
	.kilobytes = 8,
};

FIXTURE_SETUP(memory)
{
	if (memory_uncounted())
		SKIP(return, "%s", memory_uncounted());
	if (variant->tpm && vtpm_missing())
		SKIP(return, "missing: %s", vtpm_missing());
	ASSERT_EQ(0, scratch_directory(self->directory,
				       sizeof(self->directory)));
	snprintf(self->program, sizeof(self->program), "%s/program",
		 self->directory);
	ASSERT_EQ(0, scratch_program(self->program, "memory"));
}

FIXTURE_TEARDOWN(memory)
{
	scratch_remove(self->directory);
}

TEST_F_TIMEOUT(memory, comes_back_from_every_end, 900)
{
	long before, after;
	int i;

	/* Caches grow with the first ones. */
	for (i = 0; i < 2 * REFERENCES; i++) {
		ASSERT_EQ(0, churn(i, self->directory, self->program,
				   variant->tpm)) TH_LOG("round %d", i);
	}
	before = kernel_kilobytes();
	ASSERT_LT(0, before);
	for (i = 0; i < variant->rounds; i++) {
		ASSERT_EQ(0, churn(i, self->directory, self->program,
				   variant->tpm)) TH_LOG("round %d", i);
	}
	/* What is freed behind a grace period needs that. */
	sleep(1);
	after = kernel_kilobytes();
	TH_LOG("%d rounds: grew by %ld KiB", variant->rounds, after - before);
	EXPECT_GT(variant->rounds * variant->kilobytes, after - before);
}

TEST_HARNESS_MAIN
