// SPDX-License-Identifier: GPL-2.0-only
/*
 * Many at once: namespaces beside each other, writers against writers, files
 * that change while they are used, lists that grow while they are read, ends
 * in the middle of it all.  Nothing here depends on who wins; what every order
 * of events has to give is what is tested.
 *
 * Workers are agents.  Each is sent its work before the first answer is read,
 * so that all of them run at the same time; those that must start together
 * are threads behind a barrier.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "file.h"
#include "ima.h"
#include "kmsg.h"
#include "list.h"
#include "ns.h"
#include "record.h"
#include "scratch.h"
#include "vpcr.h"
#include "warnings.h"

/* Not the users that other tests give the host rules for. */
#define OWNER 2100
#define READ_RULE "measure func=FILE_CHECK mask=MAY_READ fowner=0\n"
#define RULES NOT_SECURITYFS READ_RULE EXEC_RULE

/* What stops workers that go on until they are told. */
struct shared {
	volatile int stop;
	volatile int done;
	volatile uint8_t seen[256];
};

FIXTURE(scene)
{
	char directory[256];
	struct shared *shared;
	int messages;
};

FIXTURE_SETUP(scene)
{
	self->messages = kmsg_open();
	ASSERT_LE(0, self->messages);
	ASSERT_EQ(0, scratch_directory(self->directory,
				       sizeof(self->directory)));
	self->shared = mmap(NULL, sizeof(*self->shared), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->shared);
}

FIXTURE_TEARDOWN(scene)
{
	self->shared->stop = 1;
	scratch_remove(self->directory);
	munmap(self->shared, sizeof(*self->shared));
	EXPECT_EQ(0, warnings_count(self->messages));
	close(self->messages);
}

/* Two paths, numbers, and memory shared with the test: what workers get. */
struct work {
	char path[300];
	char other[300];
	struct shared *shared;
	long number;
	long rounds;
};

static int begin(struct agent *agent, agent_fn fn, const struct work *work)
{
	struct call call = { .fd = -1, .in = work, .in_len = sizeof(*work) };

	return agent_send(agent, fn, &call);
}

static long end(struct agent *agent)
{
	struct call call = { .fd = -1 };

	return agent_receive(agent, &call);
}

static long open_and_close(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

/*
 * Twenty namespaces that begin and work at the same time:
 *
 *   init -+- 0    reads own.0.*,   runs program.*
 *         +- 1    reads own.1.*,   runs program.*
 *         `- ...
 */
#define MANY 20
#define OWN_FILES 6
#define PROGRAMS 4

static void own_path(char *path, size_t size, const char *directory, int number,
		     int i)
{
	snprintf(path, size, "%s/own.%d.%d", directory, number, i);
}

static long live(struct call *call)
{
	const struct work *work = call->in;
	char path[400];
	long round, i, ret;

	call->out_len = 0;
	ret = ima_start(NULL, RULES);
	for (round = 0; round < work->rounds && !ret; round++) {
		for (i = 0; i < OWN_FILES && !ret; i++) {
			own_path(path, sizeof(path), work->path, work->number,
				 i);
			ret = open_and_close(path, O_RDONLY);
		}
		for (i = 0; i < PROGRAMS && !ret; i++) {
			snprintf(path, sizeof(path), "%s/program.%ld",
				 work->path, (i + work->number) % PROGRAMS);
			ret = file_run(NULL, path);
		}
	}
	return ret;
}

/* Each list is complete, its count exact, and it has nothing of a neighbour. */
TEST_F_TIMEOUT(scene, of_twenty_namespaces_has_twenty_exact_lists, 600)
{
	static struct agent many[MANY];
	struct work work = { .rounds = 3 };
	char path[400], prefix[400];
	struct list list;
	size_t j, own;
	int i, n;

	for (i = 0; i < PROGRAMS; i++) {
		snprintf(path, sizeof(path), "%s/program.%d", self->directory,
			 i);
		ASSERT_EQ(0, scratch_program(path, path));
	}
	for (n = 0; n < MANY; n++) {
		for (i = 0; i < OWN_FILES; i++) {
			own_path(path, sizeof(path), self->directory, n, i);
			ASSERT_EQ(0, scratch_text(path, path));
			ASSERT_EQ(0, chown(path, OWNER + n, OWNER + n));
		}
		ASSERT_EQ(0, ns_start(&many[n], NULL, OWNER + n, NULL));
	}
	strcpy(work.path, self->directory);
	for (n = 0; n < MANY; n++) {
		work.number = n;
		ASSERT_EQ(0, begin(&many[n], live, &work));
	}
	for (n = 0; n < MANY; n++) {
		EXPECT_EQ(0, end(&many[n])) TH_LOG("namespace %d", n);
	}

	for (n = 0; n < MANY; n++) {
		EXPECT_EQ(0, vpcr_lost(&many[n]));
		EXPECT_EQ(0, ima_number(&many[n], "violations"));
		ASSERT_EQ(0, list_read(&many[n], &list));
		/* boot_aggregate, the record of the policy, and these. */
		EXPECT_EQ(2 + OWN_FILES + PROGRAMS, list.count)
			TH_LOG("namespace %d", n);
		EXPECT_STREQ("boot_aggregate", list.entries[0].name);
		EXPECT_STREQ("ima_ns_policy", list.entries[1].name);
		for (i = 0; i < OWN_FILES; i++) {
			own_path(path, sizeof(path), self->directory, n, i);
			EXPECT_EQ(1, list_count_of(&list, path));
		}
		for (i = 0; i < PROGRAMS; i++) {
			snprintf(path, sizeof(path), "%s/program.%d",
				 self->directory, i);
			EXPECT_EQ(1, list_count_of(&list, path));
		}
		snprintf(prefix, sizeof(prefix), "%s/own.", self->directory);
		for (j = 0, own = 0; j < list.count; j++)
			own += !strncmp(list.entries[j].name, prefix,
					strlen(prefix));
		EXPECT_EQ(OWN_FILES, own);
		list_free(&list);
	}
	for (n = 0; n < MANY; n++)
		agent_stop(&many[n]);
}

/*
 * Threads that write at the same moment.  Each has its file open before; what
 * its write said is in @ret.
 */
#define WRITERS 16
struct writer {
	pthread_t thread;
	pthread_barrier_t *barrier;
	char text[32];
	int fd;
	long ret;
};

static void *write_at_once(void *arg)
{
	struct writer *writer = arg;

	pthread_barrier_wait(writer->barrier);
	writer->ret = write(writer->fd, writer->text, strlen(writer->text));
	if (writer->ret < 0)
		writer->ret = -errno;
	return NULL;
}

/*
 * WRITERS times the file @path; @other, if there is one, gets a text of its
 * own from every second.  Results come back in the order of the writers.
 */
static const char *const hashes[] = { "sha1", "sha256", "sha384", "sha512" };

static long write_raced(struct call *call)
{
	const struct work *work = call->in;
	struct writer writers[WRITERS] = {};
	pthread_barrier_t barrier;
	long *results = call->out;
	int i;

	if (call->out_len < WRITERS * sizeof(*results))
		return -EINVAL;
	call->out_len = WRITERS * sizeof(*results);
	pthread_barrier_init(&barrier, NULL, WRITERS);
	for (i = 0; i < WRITERS; i++) {
		bool other = work->other[0] && i % 2;

		writers[i].barrier = &barrier;
		writers[i].fd = open(other ? work->other : work->path,
				     O_WRONLY | O_CLOEXEC);
		if (writers[i].fd < 0)
			return -errno;
		strcpy(writers[i].text, other ? hashes[i / 2 % 4] : "1");
	}
	for (i = 0; i < WRITERS; i++)
		if (pthread_create(&writers[i].thread, NULL, write_at_once,
				   &writers[i]))
			return -EAGAIN;
	for (i = 0; i < WRITERS; i++) {
		pthread_join(writers[i].thread, NULL);
		close(writers[i].fd);
		results[i] = writers[i].ret;
	}
	pthread_barrier_destroy(&barrier);
	return 0;
}

static long call_write_raced(struct agent *agent, const char *path,
			     const char *other, long *results)
{
	struct work work = {};
	struct call call = {
		.fd = -1,
		.in = &work,
		.in_len = sizeof(work),
		.out = results,
		.out_len = WRITERS * sizeof(*results),
	};

	strcpy(work.path, path);
	if (other)
		strcpy(work.other, other);
	return agent_call(agent, write_raced, &call);
}

TEST_F_TIMEOUT(scene, of_many_activations_has_one_success, 300)
{
	long results[WRITERS];
	int i, n, won;

	for (n = 0; n < 10; n++) {
		struct agent child = {};

		ASSERT_EQ(0, ns_start(&child, NULL, OWNER, NULL));
		ASSERT_EQ(0, ima_mount(&child));
		ASSERT_EQ(0, call_write_raced(&child, IMA_DIR "/active", NULL,
					      results));
		for (i = 0, won = 0; i < WRITERS; i++) {
			if (results[i] == 1)
				won++;
			else
				EXPECT_EQ(-EBUSY, results[i]);
		}
		EXPECT_EQ(1, won);
		EXPECT_EQ(1, ima_number(&child, "active"));
		EXPECT_EQ(1, ima_count(&child));
		EXPECT_EQ(0, vpcr_lost(&child));
		EXPECT_EQ(1, record_find(NULL, "ima_ns_birth",
					 ima_number(&child, "id"), NULL, 0));
		agent_stop(&child);
	}
}

/* A hash that was taken before is the one that is used; the others are busy. */
TEST_F_TIMEOUT(scene, of_activation_and_configuration_freezes_one_hash, 300)
{
	char text[4096], value[64], hash[64], unset[64];
	long results[WRITERS];
	struct list list;
	int i, n;

	for (n = 0; n < 10; n++) {
		struct agent child = {};
		bool taken = false;

		ASSERT_EQ(0, ns_start(&child, NULL, OWNER, NULL));
		ASSERT_EQ(0, ima_mount(&child));
		ASSERT_LT(0, ima_get(&child, "hash", unset, sizeof(unset)));
		ASSERT_EQ(0, call_write_raced(&child, IMA_DIR "/active",
					      IMA_DIR "/hash", results));
		ASSERT_LT(0, ima_get(&child, "hash", hash, sizeof(hash)));
		hash[strcspn(hash, "\n")] = 0;
		for (i = 1; i < WRITERS; i += 2) {
			if (results[i] >= 0)
				taken |= !strcmp(hashes[i / 2 % 4], hash);
			else
				EXPECT_EQ(-EBUSY, results[i]);
		}
		/* Taken by one of those who were told so, or never set. */
		unset[strcspn(unset, "\n")] = 0;
		EXPECT_TRUE(taken || !strcmp(unset, hash)) TH_LOG("%s", hash);
		ASSERT_EQ(1, record_find(NULL, "ima_ns_birth",
					 ima_number(&child, "id"), text,
					 sizeof(text)));
		ASSERT_TRUE(record_value(text, "hash", value, sizeof(value)));
		EXPECT_STREQ(hash, value);
		ASSERT_EQ(0, list_read(&child, &list));
		EXPECT_STREQ(hash, list.entries[0].algo);
		list_free(&list);
		agent_stop(&child);
	}
}

/*
 * Policies: each batch is LINES rules that carry one mark, the number of the
 * line at its end.  What is read must be whole batches, in any order.
 */
#define LOADERS 6
#define LINES 5

struct batches {
	long whole;
	bool torn;
};

static struct batches count_batches(const char *policy)
{
	struct batches batches = {};
	unsigned int mark, current = 0, line = 0;
	const char *at;

	for (at = policy; at && *at; at = strchr(at, '\n'), at += !!at) {
		if (sscanf(at, "dont_measure fsmagic=0x%x", &mark) != 1 ||
		    !(mark >> 16))
			continue;
		if (mark % 16 != line || (line && mark / 16 != current))
			batches.torn = true;
		current = mark / 16;
		line = (mark % 16 + 1) % LINES;
		batches.whole += !line;
	}
	batches.torn |= line != 0;
	return batches;
}

static void write_batch(char *text, long loader, long round, bool bad)
{
	int line;

	for (line = 0; line < LINES; line++)
		text += sprintf(text, "dont_measure fsmagic=0x%lx\n",
				0x10000 + loader * 0x1000 + round * 16 + line);
	if (bad)
		strcpy(text, "nonsense\n");
}

/* Returns how many batches were taken; each third is a bad one. */
static long load_batches(struct call *call)
{
	const struct work *work = call->in;
	char text[1024];
	long round, won = 0;

	call->out_len = 0;
	for (round = 0; round < work->rounds; round++) {
		bool bad = round % 3 == 2;
		int ret;

		write_batch(text, work->number, round, bad);
		ret = ima_load_policy(NULL, text);
		if (ret == -EBUSY)
			continue;
		if (ret != (bad ? -EINVAL : 0))
			return ret ? ret : -EPROTO;
		won += !bad;
	}
	return won;
}

/* Reads the policy again and again: it never has half a batch. */
static long watch_policy(struct call *call)
{
	const struct work *work = call->in;
	struct batches batches = {};
	long last = 0;

	call->out_len = 0;
	while (!work->shared->stop) {
		char *text;
		long len = file_get_all(NULL, IMA_DIR "/policy", &text);

		if (len < 0)
			return len;
		batches = count_batches(text);
		free(text);
		if (batches.torn || batches.whole < last)
			return -EBADMSG;
		last = batches.whole;
	}
	return 0;
}

/* Runs each program once, in order. */
static long run_programs(struct call *call)
{
	const struct work *work = call->in;
	char path[400];
	long i, ret = 0;

	call->out_len = 0;
	for (i = 0; i < work->rounds && !ret; i++) {
		snprintf(path, sizeof(path), "%s/program.%ld", work->path, i);
		ret = file_run(NULL, path);
	}
	return ret;
}

#define BATCH_ROUNDS 15
#define EVENT_PROGRAMS 25
TEST_F_TIMEOUT(scene, of_policy_writers_readers_and_events_tears_nothing, 300)
{
	struct agent child = {}, loaders[LOADERS] = {}, watcher = {};
	struct agent runner = {};
	struct work work = {
		.shared = self->shared,
		.rounds = BATCH_ROUNDS,
	};
	struct batches batches;
	char path[400], *text;
	long i, won = 0, id;

	for (i = 0; i < EVENT_PROGRAMS; i++) {
		snprintf(path, sizeof(path), "%s/program.%ld", self->directory,
			 i);
		ASSERT_EQ(0, scratch_program(path, path));
	}
	strcpy(work.path, self->directory);
	ASSERT_EQ(0, ns_start(&child, NULL, OWNER, NULL));
	ASSERT_EQ(0, ima_start(&child, EXEC_RULE));
	id = ima_number(&child, "id");
	ASSERT_EQ(0, agent_start(&watcher, &child));
	ASSERT_EQ(0, agent_start(&runner, &child));
	for (i = 0; i < LOADERS; i++) {
		ASSERT_EQ(0, agent_start(&loaders[i], &child));
	}

	ASSERT_EQ(0, begin(&watcher, watch_policy, &work));
	for (i = 0; i < LOADERS; i++) {
		work.number = i;
		ASSERT_EQ(0, begin(&loaders[i], load_batches, &work));
	}
	work.rounds = EVENT_PROGRAMS;
	ASSERT_EQ(0, begin(&runner, run_programs, &work));
	for (i = 0; i < LOADERS; i++) {
		long ret = end(&loaders[i]);

		EXPECT_LE(0, ret);
		won += ret;
	}
	EXPECT_EQ(0, end(&runner));
	self->shared->stop = 1;
	EXPECT_EQ(0, end(&watcher));

	ASSERT_LT(0, file_get_all(&child, IMA_DIR "/policy", &text));
	batches = count_batches(text);
	EXPECT_FALSE(batches.torn);
	EXPECT_EQ(won, batches.whole);
	EXPECT_LT(0, won);
	free(text);
	/* One record for each batch taken and the first, in both lists. */
	EXPECT_EQ(won + 1, record_find(&child, "ima_ns_policy", id, NULL, 0));
	EXPECT_EQ(won + 1, record_find(NULL, "ima_ns_policy", id, NULL, 0));
	for (i = 0; i < EVENT_PROGRAMS; i++) {
		snprintf(path, sizeof(path), "%s/program.%ld", self->directory,
			 i);
		EXPECT_EQ(1, list_measured(&child, path));
	}
	EXPECT_EQ(0, vpcr_lost(&child));
	for (i = 0; i < LOADERS; i++)
		agent_stop(&loaders[i]);
	agent_stop(&runner);
	agent_stop(&watcher);
	agent_stop(&child);
}

/*
 * The first batch takes the place of the default policy, which measures
 * executions as well: at no moment is there neither.
 */
TEST_F_TIMEOUT(scene, of_the_first_batch_leaves_no_gap, 300)
{
	struct work work = { .rounds = 12 };
	char path[400];
	int i, n;

	strcpy(work.path, self->directory);
	for (i = 0; i < work.rounds; i++) {
		snprintf(path, sizeof(path), "%s/program.%d", self->directory,
			 i);
		ASSERT_EQ(0, scratch_program(path, path));
	}
	for (n = 0; n < 5; n++) {
		struct agent child = {}, runner = {};

		ASSERT_EQ(0, ns_start(&child, NULL, OWNER, NULL));
		ASSERT_EQ(0, ima_start(&child, NULL));
		ASSERT_EQ(0, agent_start(&runner, &child));
		ASSERT_EQ(0, begin(&runner, run_programs, &work));
		EXPECT_EQ(0, ima_load_policy(&child, EXEC_RULE));
		EXPECT_EQ(0, end(&runner));
		for (i = 0; i < work.rounds; i++) {
			snprintf(path, sizeof(path), "%s/program.%d",
				 self->directory, i);
			EXPECT_EQ(1, list_measured(&child, path));
		}
		EXPECT_EQ(0, vpcr_lost(&child));
		agent_stop(&runner);
		agent_stop(&child);
	}
}

/*
 * Files that change while they are used.  Every version that somebody used has
 * to be in his list: what a namespace does not list, it cannot have used.
 */
#define VERSIONS 40
#define USERS 3

static bool lists_digest(const struct list *list, const uint8_t *digest)
{
	size_t i;

	for (i = 0; i < list->count; i++)
		if (!list->entries[i].violation &&
		    list->entries[i].file_digest_len == 32 &&
		    !memcmp(list->entries[i].file_digest, digest, 32))
			return true;
	return false;
}

/* The digest of the file at @path. */
static int digest_file(const char *path, uint8_t *digest)
{
	char *content;
	long len = file_get_all(NULL, path, &content);

	if (len < 0)
		return len;
	digest_bytes("sha256", content, len, digest);
	free(content);
	return 0;
}

/*
 * Runs @path until it is told to stop, and marks each version that ran at
 * out[version].  ETXTBSY: the writer has it open.  ENOENT: it is replaced.
 */
static long run_versions(struct call *call)
{
	const struct work *work = call->in;
	uint8_t *seen = call->out;
	long runs = 0;

	if (call->out_len < VERSIONS + 1)
		return -EINVAL;
	call->out_len = VERSIONS + 1;
	memset(seen, 0, call->out_len);
	while (!work->shared->stop || !runs) {
		int version = file_run(NULL, work->path);

		if (version == -ETXTBSY || version == -ENOENT)
			continue;
		if (version < 1 || version > VERSIONS)
			return version < 0 ? version : -EPROTO;
		seen[version] = 1;
		runs++;
	}
	return runs;
}

/* Reads @path and marks the version found in it, a number in decimal. */
static long read_versions(struct call *call)
{
	const struct work *work = call->in;
	uint8_t *seen = call->out;
	long reads = 0;

	if (call->out_len < VERSIONS + 1)
		return -EINVAL;
	call->out_len = VERSIONS + 1;
	memset(seen, 0, call->out_len);
	while (!work->shared->stop || !reads) {
		char text[16] = "";
		int version, fd = open(work->path, O_RDONLY | O_CLOEXEC);

		if (fd < 0 && errno == ENOENT)
			continue;
		if (fd < 0)
			return -errno;
		if (read(fd, text, sizeof(text) - 1) < 0)
			return -errno;
		close(fd);
		version = atoi(text);
		if (version < 1 || version > VERSIONS)
			return -EPROTO;
		seen[version] = 1;
		reads++;
	}
	return reads;
}

struct user {
	struct agent agent;
	uint8_t seen[VERSIONS + 1];
};

static int begin_user(struct user *user, agent_fn fn, const struct work *work)
{
	struct call call = {
		.fd = -1,
		.in = work,
		.in_len = sizeof(*work),
		.out = user->seen,
		.out_len = sizeof(user->seen),
	};

	return agent_send(&user->agent, fn, &call);
}

static long end_user(struct user *user)
{
	struct call call = { .fd = -1, .out = user->seen };

	return agent_receive(&user->agent, &call);
}

FIXTURE(version)
{
	char directory[256];
	char path[300];
	char moved[300];
	struct shared *shared;
	struct user users[USERS];
	uint8_t digests[VERSIONS + 1][32];
	int messages;
};

FIXTURE_VARIANT(version)
{
	bool executed;
	/* Written over in place, else another file takes its name. */
	bool in_place;
	/* The name is missing for a moment. */
	bool unlinked;
};

FIXTURE_VARIANT_ADD(version, executed_and_written)
{
	.executed = true,
	.in_place = true,
};

FIXTURE_VARIANT_ADD(version, executed_and_replaced)
{
	.executed = true,
};

FIXTURE_VARIANT_ADD(version, executed_and_unlinked)
{
	.executed = true,
	.unlinked = true,
};

FIXTURE_VARIANT_ADD(version, read_and_replaced) {};

FIXTURE_VARIANT_ADD(version, read_and_unlinked)
{
	.unlinked = true,
};

FIXTURE_SETUP(version)
{
	int i;

	self->messages = kmsg_open();
	ASSERT_EQ(0, scratch_directory(self->directory,
				       sizeof(self->directory)));
	snprintf(self->path, sizeof(self->path), "%s/file", self->directory);
	snprintf(self->moved, sizeof(self->moved), "%s/new", self->directory);
	self->shared = mmap(NULL, sizeof(*self->shared), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->shared);
	for (i = 0; i < USERS; i++) {
		ASSERT_EQ(0, ns_start(&self->users[i].agent, NULL, OWNER,
				      NULL));
		ASSERT_EQ(0, ima_mount(&self->users[i].agent));
		ASSERT_EQ(0, ima_put(&self->users[i].agent, "hash", "sha256"));
		ASSERT_EQ(0, ima_activate(&self->users[i].agent));
		ASSERT_EQ(0, ima_load_policy(&self->users[i].agent, RULES));
	}
}

FIXTURE_TEARDOWN(version)
{
	int i;

	self->shared->stop = 1;
	for (i = 0; i < USERS; i++)
		agent_stop(&self->users[i].agent);
	scratch_remove(self->directory);
	munmap(self->shared, sizeof(*self->shared));
	EXPECT_EQ(0, warnings_count(self->messages));
	close(self->messages);
}

static int make_version(const FIXTURE_DATA(version) *self, bool executed,
			const char *path, int version)
{
	char text[16];
	int ret;

	if (executed)
		return scratch_version(path, version);
	snprintf(text, sizeof(text), "%d\n", version);
	ret = scratch_text(path, text);
	if (!ret && chown(path, OWNER, OWNER))
		ret = -errno;
	(void)self;
	return ret;
}

/* Puts the next version in the place of the last. */
static int next_version(const FIXTURE_DATA(version) *self,
			const FIXTURE_VARIANT(version) *variant, int version)
{
	int ret;

	if (variant->in_place) {
		do {
			ret = scratch_set_version(self->path, version);
		} while (ret == -ETXTBSY);
		return ret;
	}
	ret = make_version(self, variant->executed, self->moved, version);
	if (ret)
		return ret;
	if (variant->unlinked && unlink(self->path))
		return -errno;
	return rename(self->moved, self->path) ? -errno : 0;
}

TEST_F_TIMEOUT(version, that_was_used_is_listed, 600)
{
	struct work work = { .shared = self->shared };
	struct list list;
	int i, version;

	for (version = 1; version <= VERSIONS; version++) {
		ASSERT_EQ(0, make_version(self, variant->executed, self->moved,
					  version));
		ASSERT_EQ(0, digest_file(self->moved, self->digests[version]));
		ASSERT_EQ(0, unlink(self->moved));
	}
	ASSERT_EQ(0, make_version(self, variant->executed, self->path, 1));
	strcpy(work.path, self->path);
	for (i = 0; i < USERS; i++) {
		ASSERT_EQ(0, begin_user(&self->users[i], variant->executed ?
					run_versions : read_versions, &work));
	}
	for (version = 2; version <= VERSIONS; version++) {
		usleep(20000);
		ASSERT_EQ(0, next_version(self, variant, version));
	}
	self->shared->stop = 1;
	for (i = 0; i < USERS; i++) {
		long uses = end_user(&self->users[i]);
		int seen = 0;

		EXPECT_LT(0, uses);
		ASSERT_EQ(0, list_read(&self->users[i].agent, &list));
		for (version = 1; version <= VERSIONS; version++) {
			if (!self->users[i].seen[version])
				continue;
			seen++;
			EXPECT_TRUE(lists_digest(&list, self->digests[version]))
				TH_LOG("user %d, version %d", i, version);
		}
		TH_LOG("user %d: %ld uses of %d versions", i, uses, seen);
		/* Otherwise nothing was raced. */
		EXPECT_LT(1, seen);
		EXPECT_EQ(0, vpcr_lost(&self->users[i].agent));
		list_free(&list);
	}
}

/* Mounts and unmounts the instance again and again, in mounts of its own. */
static long mount_and_umount(struct call *call)
{
	const struct work *work = call->in;
	long round, id = 0, ret = 0;

	call->out_len = 0;
	for (round = 0; round < work->rounds && !ret; round++) {
		long now;

		ret = ima_mount(NULL);
		if (ret)
			break;
		now = ima_number(NULL, "id");
		if (now < 0 || (id && now != id))
			ret = now < 0 ? now : -EPROTO;
		id = now;
		if (!ret)
			ret = file_umount(NULL, SECURITYFS);
	}
	return ret ? ret : id;
}

#define MOUNTERS 5
TEST_F_TIMEOUT(scene, of_mounts_and_umounts_has_one_instance, 300)
{
	struct agent child = {}, mounters[MOUNTERS] = {};
	struct work work = { .rounds = 40 };
	long id, first = 0;
	int i;

	ASSERT_EQ(0, ns_start(&child, NULL, OWNER, NULL));
	for (i = 0; i < MOUNTERS; i++) {
		ASSERT_EQ(0, agent_start(&mounters[i], &child));
		ASSERT_EQ(0, ns_unshare_mount(&mounters[i]));
	}
	for (i = 0; i < MOUNTERS; i++) {
		ASSERT_EQ(0, begin(&mounters[i], mount_and_umount, &work));
	}
	/* It becomes active in the middle of this. */
	EXPECT_EQ(0, ima_start(&child, EXEC_RULE));
	for (i = 0; i < MOUNTERS; i++) {
		id = end(&mounters[i]);
		EXPECT_LT(0, id);
		first = first ? first : id;
		EXPECT_EQ(first, id);
	}
	EXPECT_EQ(first, ima_number(&child, "id"));
	/* And nothing of it is lost when nobody has it mounted. */
	EXPECT_EQ(0, file_umount(&child, SECURITYFS));
	EXPECT_EQ(0, ima_mount(&child));
	EXPECT_EQ(first, ima_number(&child, "id"));
	EXPECT_EQ(1, ima_number(&child, "active"));
	EXPECT_EQ(2, ima_count(&child));
	EXPECT_EQ(1, record_find(NULL, "ima_ns_birth", first, NULL, 0));
	for (i = 0; i < MOUNTERS; i++)
		agent_stop(&mounters[i]);
	agent_stop(&child);
}

/*
 * Reads a list in pieces of odd sizes until told to stop, and the last time
 * after that.  Each reading must begin with all that the one before it had.
 * Returns how many readings there were.
 */
static long follow_list(struct call *call)
{
	const struct work *work = call->in;
	char *last = NULL, *now;
	long last_len = 0, readings = 0, ret = 0;
	bool stop;

	call->out_len = 0;
	do {
		long len = 0, n, size = 1 << 20;
		int fd = open(work->path, O_RDONLY | O_CLOEXEC);

		stop = work->shared->stop;
		now = malloc(size);
		if (fd < 0 || !now)
			return -ENOENT;
		while ((n = read(fd, now + len, 1 + len % 700)) > 0) {
			len += n;
			if (size - len < 1000)
				return -E2BIG;
		}
		close(fd);
		if (n < 0)
			ret = -errno;
		else if (len < last_len || memcmp(now, last, last_len))
			ret = -EBADMSG;
		free(last);
		last = now;
		last_len = len;
		readings++;
	} while (!ret && !stop);
	free(last);
	return ret ? ret : readings;
}

#define GROWTH 150
TEST_F_TIMEOUT(scene, of_a_growing_list_reads_what_there_is, 300)
{
	static const char *const names[] = {
		"binary_runtime_measurements", "ascii_runtime_measurements",
	};
	struct agent child = {}, inside[2] = {}, outside[2] = {};
	struct work work = { .shared = self->shared };
	char path[400];
	int i, fd;

	for (i = 0; i < GROWTH; i++) {
		snprintf(path, sizeof(path), "%s/%d", self->directory, i);
		ASSERT_EQ(0, scratch_text(path, path));
		ASSERT_EQ(0, chown(path, OWNER, OWNER));
	}
	ASSERT_EQ(0, ns_start(&child, NULL, OWNER, NULL));
	ASSERT_EQ(0, ima_start(&child, RULES));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, agent_start(&inside[i], &child));
		ASSERT_EQ(0, agent_start(&outside[i], NULL));
		snprintf(work.path, sizeof(work.path), "%s/%s", IMA_DIR,
			 names[i]);
		ASSERT_EQ(0, begin(&inside[i], follow_list, &work));
		snprintf(work.path, sizeof(work.path), "/proc/%d/root%s/%s",
			 child.pid, IMA_DIR, names[i]);
		ASSERT_EQ(0, begin(&outside[i], follow_list, &work));
	}
	for (i = 0; i < GROWTH; i++) {
		snprintf(path, sizeof(path), "%s/%d", self->directory, i);
		fd = file_open(&child, path, O_RDONLY);
		ASSERT_LE(0, fd);
		ASSERT_EQ(0, file_close(&child, fd));
		/* What is counted can be read. */
		if (i % 10 == 0)
			EXPECT_EQ(3 + i, ima_count(&child));
	}
	self->shared->stop = 1;
	for (i = 0; i < 2; i++) {
		EXPECT_LT(1, end(&inside[i])) TH_LOG("%s", names[i]);
		EXPECT_LT(1, end(&outside[i])) TH_LOG("%s", names[i]);
	}
	EXPECT_EQ(2 + GROWTH, ima_count(&child));
	EXPECT_EQ(0, vpcr_lost(&child));
	for (i = 0; i < 2; i++) {
		agent_stop(&inside[i]);
		agent_stop(&outside[i]);
	}
	agent_stop(&child);
}

/* Opens one of two names until told to stop; @other may be missing. */
static long open_names(struct call *call)
{
	const struct work *work = call->in;
	long opened = 0;

	call->out_len = 0;
	while (!work->shared->stop || !opened) {
		int fd = open(opened % 2 ? work->other : work->path,
			      O_RDONLY | O_CLOEXEC);

		if (fd < 0 && errno != ENOENT)
			return -errno;
		if (fd < 0)
			fd = open(opened % 2 ? work->path : work->other,
				  O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			continue;
		close(fd);
		opened++;
	}
	return opened;
}

/* A name is not the content: under all of them the file is listed once. */
TEST_F_TIMEOUT(scene, of_renames_and_links_lists_the_file_once, 300)
{
	struct agent users[USERS] = {};
	struct work work = { .shared = self->shared };
	char link_path[300];
	struct list list;
	size_t count;
	int i, n;

	snprintf(work.path, sizeof(work.path), "%s/one", self->directory);
	snprintf(work.other, sizeof(work.other), "%s/two", self->directory);
	snprintf(link_path, sizeof(link_path), "%s/link", self->directory);
	ASSERT_EQ(0, scratch_text(work.path, "the only content\n"));
	ASSERT_EQ(0, chown(work.path, OWNER, OWNER));
	for (i = 0; i < USERS; i++) {
		ASSERT_EQ(0, ns_start(&users[i], NULL, OWNER, NULL));
		ASSERT_EQ(0, ima_start(&users[i], RULES));
		ASSERT_EQ(0, begin(&users[i], open_names, &work));
	}
	for (n = 0; n < 200; n++) {
		ASSERT_EQ(0, rename(work.path, work.other));
		ASSERT_EQ(0, link(work.other, link_path));
		ASSERT_EQ(0, unlink(work.other));
		ASSERT_EQ(0, rename(link_path, work.path));
		usleep(2000);
	}
	self->shared->stop = 1;
	for (i = 0; i < USERS; i++) {
		EXPECT_LT(1, end(&users[i]));
		ASSERT_EQ(0, list_read(&users[i], &list));
		count = list_count_of(&list, work.path) +
			list_count_of(&list, work.other) +
			list_count_of(&list, link_path);
		EXPECT_EQ(1, count) TH_LOG("namespace %d", i);
		EXPECT_EQ(3, list.count);
		EXPECT_EQ(0, ima_number(&users[i], "violations"));
		EXPECT_EQ(0, vpcr_lost(&users[i]));
		list_free(&list);
		agent_stop(&users[i]);
	}
}

/*
 * Namespaces that end while somebody outside violates what they measured:
 *
 *   init ---- writer: opens file.0 ... for writing, again and again
 *     `------ reader: has file.0 ... open, dies
 */
#define FILES 8
#define DYING 12

static long write_files(struct call *call)
{
	const struct work *work = call->in;
	char path[400];
	long i, written = 0;

	call->out_len = 0;
	while (!work->shared->stop) {
		for (i = 0; i < FILES; i++) {
			snprintf(path, sizeof(path), "%s/file.%ld", work->path,
				 i);
			if (open_and_close(path, O_WRONLY))
				return -EIO;
			written++;
		}
	}
	return written;
}

TEST_F_TIMEOUT(scene, of_death_and_violation_adds_up, 300)
{
	struct agent writer = {};
	struct work work = { .shared = self->shared };
	char path[400], text[4096], value[128];
	long ids[DYING], entries, violations, sum = 0;
	int i, n;

	for (i = 0; i < FILES; i++) {
		snprintf(path, sizeof(path), "%s/file.%d", self->directory, i);
		ASSERT_EQ(0, scratch_text(path, path));
		ASSERT_EQ(0, chown(path, OWNER, OWNER));
	}
	strcpy(work.path, self->directory);
	ASSERT_EQ(0, agent_start(&writer, NULL));
	ASSERT_EQ(0, begin(&writer, write_files, &work));
	for (n = 0; n < DYING; n++) {
		struct agent child = {};

		ASSERT_EQ(0, ns_start(&child, NULL, OWNER, NULL));
		ASSERT_EQ(0, ima_start(&child, RULES));
		ids[n] = ima_number(&child, "id");
		for (i = 0; i < FILES; i++) {
			snprintf(path, sizeof(path), "%s/file.%d",
				 self->directory, i);
			ASSERT_LE(0, file_open(&child, path, O_RDONLY));
		}
		agent_stop(&child);
	}
	self->shared->stop = 1;
	EXPECT_LT(0, end(&writer));
	for (n = 0; n < DYING; n++) {
		ASSERT_EQ(1, record_wait(NULL, "ima_ns_death", ids[n], text,
					 sizeof(text)));
		ASSERT_TRUE(record_value(text, "entries", value,
					 sizeof(value)));
		entries = atol(value);
		ASSERT_TRUE(record_value(text, "violations", value,
					 sizeof(value)));
		violations = atol(value);
		sum += violations;
		/*
		 * boot_aggregate, the policy, the violations, and each file:
		 * a violation by a writer who was there first says nothing of
		 * the content, which is measured beside it.
		 */
		EXPECT_LE(2 + FILES + violations, entries) TH_LOG("%s", text);
		/* A file is measured again after each writer has closed it. */
		EXPECT_GE(2 + 2 * FILES + violations, entries)
			TH_LOG("%s", text);
	}
	/* Otherwise nothing was raced. */
	EXPECT_LT(0, sum);
	agent_stop(&writer);
}

TEST_HARNESS_MAIN
