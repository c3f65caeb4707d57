// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whose memory a list takes: that of the control group in which the namespace
 * was activated, whoever causes the entry (findings 5.2).
 *
 *   init				nobody's memory, PCR 10 of the machine
 *     |- outer		in group P	sees what inner does
 *     |    `- inner	in group C	does it
 *     `- sibling	in no group	does the same
 *
 * If nothing is done about it the kernel charges the current task: C would be
 * charged for the entries of outer and init as well, and a container at its
 * memory.max would invalidate the PCRs of all above it.  If nobody is charged it
 * has the machine's memory.
 *
 * Before the charge is refused, the OOM killer looks for a task in the group that
 * is full.  Where a test wants to see what is refused, it finds none.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "clock.h"
#include "file.h"
#include "ima.h"
#include "list.h"
#include "ns.h"
#include "record.h"
#include "scratch.h"
#include "vpcr.h"

#define GROUPS "/sys/fs/cgroup"
#define PCR10 "/sys/class/tpm/tpm0/pcr-sha256/10"

#define OWNER_OUTER 7500
#define OWNER_SIBLING 7502

/* Owners of files that no other test has, with the same number everywhere. */
#define FOWNERS "2500 2500 21\n"
#define FILLER 2500
#define WITNESS 2501
#define OF_OUTER 2502
#define OF_INNER 2503
#define READ 2504

#define WITNESS_RULE "measure func=MMAP_CHECK mask=MAY_EXEC fowner=2501\n"
#define RULES "measure func=FILE_CHECK mask=MAY_READ fowner=2500\n" WITNESS_RULE

/*
 * The name of a file is in the entry, and one of more than half a page takes a
 * page there and a bit of the next one.  What is left in a group when that is
 * refused is enough for small things, as an open file, for a while.
 */
#define NAME_BYTES 4096
#define DEPTH 10
#define COMPONENT 240

/* More than fit into what a group that is to be filled has. */
#define ROOM (1024 * 1024)
#define FILLERS 400

/* Less than fit into it. */
#define FEW (ROOM / NAME_BYTES / 4)

/*
 * A group without any room still has what was rounded up to pages, a few
 * kilobytes at most: files with short names, a kilobyte each, find an end of it.
 */
#define CRUMBS 24
#define WITNESSES 6

/* Between the test and an agent that has no memory left to answer with. */
static int stopped, go_on;

/**
 * struct job - what an agent is to open and to map
 * @first: number of the first descriptor to be mapped
 * @count: how many of them
 * @fd: the descriptors, first those of the crumbs
 * @violations: that of the file "violations" to be looked at after each open
 * @files: how many files to open
 * @path: their names, each with its number behind it
 */
struct job {
	int first;
	int count;
	int fd[CRUMBS + WITNESSES];
	int violations;
	int files;
	char path[4096];
};

FIXTURE(memory)
{
	struct agent outer;
	struct agent inner;
	struct agent sibling;
	struct agent third;
	struct agent in_outer;		/* of the test's group */
	struct agent in_inner;		/* the same */
	char parent[128];		/* group P */
	char child[128];		/* group C */
	char directory[256];
	char crumbs[4096];		/* a path, but for the number */
	char witnesses[4096];
	struct job job;			/* of inner: the fillers */
	struct job sibling_job;
};

/* --- Control groups */

static int group_make(char *path, size_t size, const char *name)
{
	snprintf(path, size, "%s/ima_memory_%s.%d", GROUPS, name, getpid());
	return mkdir(path, 0755) ? -errno : 0;
}

static int group_put(const char *group, const char *name, const char *text)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", group, name);
	return file_put_text(NULL, path, text);
}

/* The number behind @key in a file, the only one if that is NULL. */
static long group_get(const char *group, const char *name, const char *key)
{
	char path[256], text[16384], *line, *next;
	size_t len = key ? strlen(key) : 0;
	long ret;

	snprintf(path, sizeof(path), "%s/%s", group, name);
	ret = file_get(NULL, path, text, sizeof(text));
	if (ret < 0)
		return ret;
	if (!key)
		return atol(text);
	for (line = text; line; line = next ? next + 1 : NULL) {
		next = strchr(line, '\n');
		if (!strncmp(line, key, len) && line[len] == ' ')
			return atol(line + len);
	}
	return -ENOENT;
}

static long current_of(const char *group)
{
	return group_get(group, "memory.current", NULL);
}

static long events_of(const char *group, const char *key)
{
	return group_get(group, "memory.events", key);
}

/*
 * Each processor may keep up to 64 pages that are counted as the group's and that
 * nobody uses yet.  Above a limit it is told to give them back, which it does in
 * its own time.
 */
static int settle(const char *group, const char *name, const char *limit)
{
	long before;
	int ret;

	do {
		before = current_of(group);
		ret = group_put(group, name, limit);
		usleep(20000);
	} while (!ret && current_of(group) != before);
	return ret;
}

/* Leaves the group with @room for more. */
static int limit(const char *group, long room)
{
	char text[32];
	/* Nobody is killed for that limit. */
	int ret = settle(group, "memory.high", "0");

	snprintf(text, sizeof(text), "%ld", current_of(group) + room);
	if (!ret)
		ret = group_put(group, "memory.max", text);
	return ret ? ret : group_put(group, "memory.high", "max");
}

/* Leaves it without room.  Whoever may be killed for some is killed. */
static int fill_up(const char *group)
{
	return settle(group, "memory.max", "0");
}

static int unlimit(const char *group)
{
	return group_put(group, "memory.max", "max");
}

static int group_remove(const char *group)
{
	struct patience wait = patience(10000);

	while (rmdir(group)) {
		if (errno == ENOENT)
			return 0;
		/* Who was killed has not left it yet. */
		if (errno != EBUSY || !patience_lasts(&wait))
			return -errno;
	}
	return 0;
}

/* --- Agents in them */

static long do_lock_memory(struct call *call)
{
	call->out_len = 0;
	return mlockall(MCL_CURRENT) ? -errno : 0;
}

/*
 * Puts the agent into the group, with all the pages it may need: those are the
 * group's that it came from.
 */
static int enter(struct agent *agent, const char *group)
{
	struct call call = { .fd = -1 };
	char pid[16];
	int ret = agent_call(agent, do_lock_memory, &call);

	snprintf(pid, sizeof(pid), "%d", agent->pid);
	return ret ? ret : group_put(group, "cgroup.procs", pid);
}

/* The OOM killer does not take it. */
static int spare(struct agent *agent)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", agent->pid);
	return file_put_text(NULL, path, "-1000");
}

/* One more in the namespaces of @agent, but not in its group. */
static int look_into(struct agent *look, struct agent *agent)
{
	int ret = agent_start(look, NULL);

	return ret ? ret : ns_join_user(look, agent->pid);
}

static long do_stop_until_told(struct call *call)
{
	uint64_t one = 1;

	call->out_len = 0;
	if (write(stopped, &one, sizeof(one)) != sizeof(one) ||
	    read(go_on, &one, sizeof(one)) != sizeof(one))
		return -errno;
	return 0;
}

/* Waits until an agent has stopped; tells it to go on. */
static int wait_until_stopped(void)
{
	uint64_t one;

	return read(stopped, &one, sizeof(one)) == sizeof(one) ? 0 : -errno;
}

static int tell_to_go_on(void)
{
	uint64_t one = 1;

	return write(go_on, &one, sizeof(one)) == sizeof(one) ? 0 : -errno;
}

static long number_in(int fd)
{
	char text[32] = "";

	if (pread(fd, text, sizeof(text) - 1, 0) <= 0)
		return -1;
	return atol(text);
}

/*
 * Opens and closes one file after the other until an entry was lost.  Returns how
 * many it could open.  Takes no memory but for the open file, and tries again if
 * there is none for that: a processor may have some that it gives back.
 */
static long do_open_until_lost(struct call *call)
{
	const struct job *job = call->in;
	long before = number_in(job->violations);
	char path[sizeof(job->path) + 16];
	int i = 0, fd, failed = 0;

	call->out_len = 0;
	while (i < job->files && number_in(job->violations) == before &&
	       failed < 8) {
		snprintf(path, sizeof(path), "%s%d", job->path, i);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0) {
			failed++;
			continue;
		}
		close(fd);
		i++;
	}
	return i;
}

/*
 * Maps files to be executed.  Each is an event before it takes any memory, and it
 * matters not whether it gets that.
 */
static long do_map(struct call *call)
{
	const struct job *job = call->in;
	int i;

	call->out_len = 0;
	for (i = 0; i < job->count; i++) {
		void *at = mmap(NULL, 1, PROT_READ | PROT_EXEC, MAP_PRIVATE,
				job->fd[job->first + i], 0);

		if (at != MAP_FAILED)
			munmap(at, 1);
	}
	return 0;
}

static long do_map_and_stop(struct call *call)
{
	do_map(call);
	return do_stop_until_told(call);
}

static long do_open_and_map_and_stop(struct call *call)
{
	long opened = do_open_until_lost(call);
	long ret = do_map_and_stop(call);

	return ret ? ret : opened;
}

/* --- What is in the lists */

/*
 * How many entries there are for @path and a number, each of which is there once.
 * If @all, these are 0, 1, 2 and so on in this order.  -EBADMSG for anything else.
 */
static long listed_of(struct agent *agent, const char *path, bool all)
{
	size_t i, len = strlen(path);
	unsigned long number, seen[FILLERS / LONG_BIT + 1] = {};
	struct list list;
	long count = 0, ret = list_read(agent, &list);

	for (i = 0; i < list.count && !ret; i++) {
		const struct entry *entry = &list.entries[i];

		if (strncmp(entry->name, path, len))
			continue;
		number = strtoul(entry->name + len, NULL, 10);
		if (entry->violation || number >= FILLERS ||
		    seen[number / LONG_BIT] & 1UL << number % LONG_BIT ||
		    (all && number != (unsigned long)count))
			ret = -EBADMSG;
		else
			seen[number / LONG_BIT] |= 1UL << number % LONG_BIT;
		count++;
	}
	list_free(&list);
	return ret ? ret : count;
}

static long listed(struct agent *agent, const char *path)
{
	return listed_of(agent, path, true);
}

static long some_listed(struct agent *agent, const char *path)
{
	return listed_of(agent, path, false);
}

static int pcr10(char *text, size_t size)
{
	long len = file_get(NULL, PCR10, text, size);

	if (len < 0)
		return len;
	text[strcspn(text, "\n")] = 0;
	return 0;
}

/*
 * Is PCR 10 of the machine the replay of init's list?  What ended before may have
 * its record while we look.
 */
static bool init_replays(void)
{
	struct patience wait = patience(20000);
	char shown[2 * DIGEST_MAX + 2], hex[2 * DIGEST_MAX + 1];
	uint8_t value[DIGEST_MAX];
	struct list list;
	bool same = false;

	do {
		if (list_read(NULL, &list) || pcr10(shown, sizeof(shown)))
			break;
		digest_hex(value, list_replay(&list, 10, "sha256", value), hex);
		same = !strcasecmp(hex, shown);
		list_free(&list);
	} while (!same && patience_lasts(&wait));
	return same;
}

/* What the list of a namespace takes, as init sees it. */
static long list_bytes(long id)
{
	char name[64], text[4096], *at;

	snprintf(name, sizeof(name), "ns/%ld/status", id);
	if (ima_get(NULL, name, text, sizeof(text)) < 0)
		return -EIO;
	at = strstr(text, "\nbytes: ");
	return at ? atol(at + strlen("\nbytes: ")) : -ENOENT;
}

/* --- The scene */

/* Makes @count files of @owner, so far down, whose path is @path and a number. */
static int make_files(FIXTURE_DATA(memory) *self, int depth, const char *name,
		      int owner, int count, char *path, size_t size)
{
	char component[COMPONENT + 1], full[4096 + 32];
	size_t len = snprintf(path, size, "%s", self->directory);
	int i, ret;

	memset(component, 'd', COMPONENT);
	component[COMPONENT] = 0;
	for (i = 0; i < depth; i++) {
		len += snprintf(path + len, size - len, "/%s", component);
		if (mkdir(path, 0755) && errno != EEXIST)
			return -errno;
	}
	snprintf(path + len, size - len, "/%s", name);
	for (i = 0; i < count; i++) {
		snprintf(full, sizeof(full), "%s%d", path, i);
		ret = scratch_text(full, full);
		if (ret)
			return ret;
		if (chown(full, owner, -1))
			return -errno;
	}
	return 0;
}

static int open_all(struct agent *agent, const char *path, int count, int *fd)
{
	char full[4096 + 32];
	int i;

	for (i = 0; i < count; i++) {
		snprintf(full, sizeof(full), "%s%d", path, i);
		fd[i] = file_open(agent, full, O_RDONLY);
		if (fd[i] < 0)
			return fd[i];
	}
	return 0;
}

/* What is to be mapped are the witnesses, if the test does not change that. */
static int open_job(FIXTURE_DATA(memory) *self, struct agent *agent,
		    struct job *job)
{
	int ret = open_all(agent, self->crumbs, CRUMBS, job->fd);

	job->first = CRUMBS;
	job->count = WITNESSES;
	return ret ? ret : open_all(agent, self->witnesses, WITNESSES,
				    job->fd + CRUMBS);
}

static const char *missing(void)
{
	if (access(GROUPS "/cgroup.procs", F_OK))
		return "cgroup2 on " GROUPS;
	if (access(PCR10, R_OK))
		return PCR10;
	return NULL;
}

FIXTURE_SETUP(memory)
{
	const struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };
	char path[256];

	if (missing())
		SKIP(return, "missing: %s", missing());
	ASSERT_EQ(0, setrlimit(RLIMIT_MEMLOCK, &unlimited));
	ASSERT_EQ(0, group_make(self->parent, sizeof(self->parent), "parent"));
	snprintf(path, sizeof(path), "%s/memory.max", self->parent);
	if (access(path, W_OK)) {
		rmdir(self->parent);
		SKIP(return, "missing: memory.max of a cgroup (CONFIG_MEMCG)");
	}
	ASSERT_EQ(0, group_make(self->child, sizeof(self->child), "child"));

	stopped = eventfd(0, EFD_CLOEXEC);
	go_on = eventfd(0, EFD_CLOEXEC);
	ASSERT_LE(0, stopped);
	ASSERT_LE(0, go_on);

	ASSERT_EQ(0, scratch_directory(self->directory,
				       sizeof(self->directory)));
	ASSERT_EQ(0, make_files(self, DEPTH, "filler", FILLER, FILLERS,
				self->job.path, sizeof(self->job.path)));
	self->job.files = FILLERS;
	ASSERT_EQ(0, make_files(self, 0, "crumb", WITNESS, CRUMBS,
				self->crumbs, sizeof(self->crumbs)));
	ASSERT_EQ(0, make_files(self, DEPTH, "witness", WITNESS, WITNESSES,
				self->witnesses, sizeof(self->witnesses)));
	ASSERT_LT(NAME_BYTES / 2, strlen(self->job.path));
	ASSERT_EQ(0, ima_load_policy(NULL, WITNESS_RULE));

	ASSERT_EQ(0, ns_start(&self->outer, NULL, OWNER_OUTER,
			      "0 7500 1\n" FOWNERS));
	ASSERT_EQ(0, ns_start(&self->inner, &self->outer, 0,
			      "0 0 1\n" FOWNERS));
	ASSERT_EQ(0, ns_start(&self->sibling, NULL, OWNER_SIBLING,
			      "0 7502 1\n" FOWNERS));
	ASSERT_EQ(0, enter(&self->outer, self->parent));
	ASSERT_EQ(0, enter(&self->inner, self->child));
	/* The group is that of who activates it. */
	ASSERT_EQ(0, ima_start(&self->outer, RULES));
	ASSERT_EQ(0, ima_start(&self->inner, RULES));
	ASSERT_EQ(0, ima_start(&self->sibling, RULES));
	ASSERT_EQ(0, look_into(&self->in_outer, &self->outer));
	ASSERT_EQ(0, look_into(&self->in_inner, &self->inner));
	ASSERT_EQ(0, open_job(self, &self->inner, &self->job));
	ASSERT_EQ(0, open_job(self, &self->sibling, &self->sibling_job));
	self->job.violations = ima_open(&self->inner, "violations", O_RDONLY);
	ASSERT_LE(0, self->job.violations);
	ASSERT_TRUE(init_replays());
}

FIXTURE_TEARDOWN(memory)
{
	EXPECT_EQ(0, unlimit(self->parent));
	EXPECT_EQ(0, unlimit(self->child));
	agent_stop(&self->in_inner);
	agent_stop(&self->in_outer);
	agent_stop(&self->third);
	agent_stop(&self->inner);
	agent_stop(&self->outer);
	agent_stop(&self->sibling);
	EXPECT_EQ(0, group_remove(self->child));
	EXPECT_EQ(0, group_remove(self->parent));
	scratch_remove(self->directory);
}

/* Has inner begin with its job, or the sibling with its own. */
static int begin(struct agent *agent, agent_fn fn, const struct job *job)
{
	struct call call = { .fd = -1, .in = job, .in_len = sizeof(*job) };

	return agent_send(agent, fn, &call);
}

static long end(struct agent *agent)
{
	struct call call = { .fd = -1 };

	return agent_receive(agent, &call);
}

/* The same for one that stops before it needs memory to answer. */
static int begin_and_wait(struct agent *agent, agent_fn fn,
			  const struct job *job)
{
	int ret = begin(agent, fn, job);

	return ret ? ret : wait_until_stopped();
}

static long go_on_to_end(struct agent *agent)
{
	int ret = tell_to_go_on();

	return ret ? ret : end(agent);
}

/* All at once. */
static long run(struct agent *agent, agent_fn fn, const struct job *job)
{
	int ret = begin(agent, fn, job);

	return ret ? ret : end(agent);
}

/*
 * Has inner map the crumbs, too, after a group was filled up: then there is less
 * left for the namespace of that group than any entry takes.
 */
static void with_crumbs(struct job *job)
{
	job->first = 0;
	job->count = CRUMBS + WITNESSES;
}

/* --- Who fills the list */

/*
 * inner opens files until its group is full.  Its next entry is refused, and
 * that is all: outer, init and the sibling have theirs.
 *
 * If nobody were charged inner would never be stopped.  If the current task were,
 * outer and init would have lost what inner caused after that.
 */
TEST_F(memory, that_is_refused_invalidates_the_list_that_it_was_for)
{
	long opened, kept, witnesses, lost;
	char path[4096 + 32];

	ASSERT_EQ(0, spare(&self->inner));
	ASSERT_EQ(0, limit(self->child, ROOM));
	ASSERT_EQ(0, begin_and_wait(&self->inner, do_open_and_map_and_stop,
				    &self->job));
	ASSERT_EQ(0, run(&self->sibling, do_map, &self->sibling_job));

	/* It was the memory of this group, and of no other. */
	EXPECT_LT(0, events_of(self->child, "max"));
	EXPECT_EQ(0, events_of(self->parent, "max"));

	/* All above know all that inner did. */
	EXPECT_EQ(WITNESSES, listed(&self->in_outer, self->witnesses));
	EXPECT_EQ(0, vpcr_lost(&self->in_outer));
	EXPECT_EQ(0, ima_number(&self->in_outer, "violations"));
	EXPECT_EQ(WITNESSES, listed(NULL, self->witnesses));
	EXPECT_TRUE(init_replays());
	EXPECT_EQ(WITNESSES, listed(&self->sibling, self->witnesses));
	EXPECT_EQ(0, vpcr_lost(&self->sibling));

	/* Its own list has what came before, and a hole. */
	kept = listed(&self->in_inner, self->job.path);
	EXPECT_LT(FEW, kept);
	witnesses = some_listed(&self->in_inner, self->witnesses);
	lost = vpcr_lost(&self->in_inner);
	EXPECT_LT(0, lost);
	EXPECT_EQ(lost, ima_number(&self->in_inner, "violations"));

	ASSERT_EQ(0, unlimit(self->child));
	opened = go_on_to_end(&self->inner);
	EXPECT_GT(FILLERS, opened);
	EXPECT_EQ(opened, listed(&self->in_outer, self->job.path));
	EXPECT_EQ(lost, opened - kept + WITNESSES - witnesses);

	/* What was lost is measured when there is room, and stays lost. */
	snprintf(path, sizeof(path), "%s%ld", self->job.path, kept);
	ASSERT_LE(0, file_open(&self->inner, path, O_RDONLY));
	EXPECT_EQ(kept + 1, listed(&self->inner, self->job.path));
	EXPECT_EQ(lost, vpcr_lost(&self->inner));
}

/*
 * The same with a container as they are: the OOM killer stops the one that fills
 * the list.  However far it came, each event that outer saw is in the list of
 * inner, or was lost visibly.
 *
 * If the current task were not charged for the list of its own namespace either,
 * it would not be killed.
 */
TEST_F(memory, that_is_refused_has_the_task_killed_that_fills_the_list)
{
	struct patience wait = patience(30000);
	long events, kept;

	ASSERT_EQ(0, limit(self->child, ROOM));
	EXPECT_EQ(-EPIPE, run(&self->inner, do_open_until_lost, &self->job));
	EXPECT_EQ(1, events_of(self->child, "oom_kill"));
	EXPECT_EQ(0, events_of(self->parent, "max"));

	events = listed(&self->in_outer, self->job.path);
	EXPECT_GT(FILLERS, events);
	EXPECT_EQ(0, vpcr_lost(&self->in_outer));
	/* Who is killed leaves it to a worker to invalidate the PCR. */
	do
		kept = listed(&self->in_inner, self->job.path);
	while (vpcr_lost(&self->in_inner) != events - kept &&
	       patience_lasts(&wait));
	EXPECT_LT(FEW, kept);
	EXPECT_LE(kept, events);
	EXPECT_EQ(events - kept, vpcr_lost(&self->in_inner));
	EXPECT_EQ(events - kept, ima_number(&self->in_inner, "violations"));

	ASSERT_EQ(0, run(&self->sibling, do_map, &self->sibling_job));
	EXPECT_EQ(0, vpcr_lost(&self->sibling));
	EXPECT_TRUE(init_replays());
}

/* --- Who causes the event */

/*
 * The task is in a group in which nothing at all is left.
 *
 * If it were the one to be charged, outer and init would each have lost all of
 * these, and the PCR of the machine would be worth nothing.
 */
TEST_F(memory, of_those_above_is_not_that_of_the_task)
{
	long bytes, count, lost, id = ima_number(&self->in_outer, "id");

	ASSERT_EQ(0, spare(&self->inner));
	ASSERT_EQ(0, fill_up(self->child));
	bytes = list_bytes(id);
	count = ima_count(&self->in_inner);
	with_crumbs(&self->job);
	ASSERT_EQ(0, begin_and_wait(&self->inner, do_map_and_stop,
				    &self->job));

	EXPECT_EQ(CRUMBS, listed(&self->in_outer, self->crumbs));
	EXPECT_EQ(WITNESSES, listed(&self->in_outer, self->witnesses));
	EXPECT_EQ(0, vpcr_lost(&self->in_outer));
	EXPECT_EQ(0, ima_number(&self->in_outer, "violations"));
	EXPECT_LE(WITNESSES * NAME_BYTES, list_bytes(id) - bytes);
	EXPECT_EQ(CRUMBS, listed(NULL, self->crumbs));
	EXPECT_EQ(WITNESSES, listed(NULL, self->witnesses));
	EXPECT_TRUE(init_replays());

	/* It was as full as that. */
	count = ima_count(&self->in_inner) - count;
	lost = vpcr_lost(&self->in_inner);
	EXPECT_EQ(0, listed(&self->in_inner, self->witnesses));
	EXPECT_LT(WITNESSES, lost);
	EXPECT_EQ(CRUMBS + WITNESSES, lost + count);
	EXPECT_EQ(lost, ima_number(&self->in_inner, "violations"));

	ASSERT_EQ(0, unlimit(self->child));
	EXPECT_EQ(0, go_on_to_end(&self->inner));
}

/*
 * inner fills the list of outer, which measures all that it does.  It is outer's
 * list that has a hole then; inner is not even held up.
 *
 * If the current task were charged outer would lose nothing, and inner pay for
 * it.
 */
TEST_F(memory, of_the_parent_that_is_refused_is_the_parents_loss)
{
	long opened, kept, witnesses, lost;
	int fd;

	ASSERT_EQ(0, spare(&self->outer));
	/* That of outer, which inner could not open. */
	fd = ima_open(&self->in_outer, "violations", O_RDONLY);
	ASSERT_LE(0, fd);
	fd = file_fetch_fd(&self->in_outer, fd);
	ASSERT_LE(0, fd);
	self->job.violations = file_give_fd(&self->inner, fd);
	ASSERT_LE(0, self->job.violations);
	close(fd);

	ASSERT_EQ(0, limit(self->parent, ROOM));
	opened = run(&self->inner, do_open_until_lost, &self->job);
	EXPECT_LT(FEW, opened);
	EXPECT_GT(FILLERS, opened);
	ASSERT_EQ(0, run(&self->inner, do_map, &self->job));
	ASSERT_EQ(0, run(&self->sibling, do_map, &self->sibling_job));

	kept = listed(&self->in_outer, self->job.path);
	EXPECT_EQ(opened - 1, kept);
	witnesses = some_listed(&self->in_outer, self->witnesses);
	lost = vpcr_lost(&self->in_outer);
	EXPECT_EQ(1 + WITNESSES - witnesses, lost);
	EXPECT_EQ(lost, ima_number(&self->in_outer, "violations"));
	EXPECT_LT(0, events_of(self->parent, "max"));

	EXPECT_EQ(opened, listed(&self->inner, self->job.path));
	EXPECT_EQ(WITNESSES, listed(&self->inner, self->witnesses));
	EXPECT_EQ(0, vpcr_lost(&self->inner));
	EXPECT_EQ(0, events_of(self->child, "max"));
	EXPECT_EQ(0, events_of(self->child, "oom_kill"));

	EXPECT_EQ(WITNESSES, listed(NULL, self->witnesses));
	EXPECT_TRUE(init_replays());
	EXPECT_EQ(WITNESSES, listed(&self->sibling, self->witnesses));
	EXPECT_EQ(0, vpcr_lost(&self->sibling));

	/* With room again, outer goes on; the hole stays. */
	ASSERT_EQ(0, unlimit(self->parent));
	ASSERT_EQ(0, run(&self->inner, do_map, &self->job));
	EXPECT_EQ(WITNESSES, some_listed(&self->in_outer, self->witnesses));
	EXPECT_EQ(lost, vpcr_lost(&self->in_outer));
}

/*
 * The same with a parent as they are.  What it loses is an entry: nobody in a
 * nested container, with a limit of its own, has the OOM killer take a task of the
 * one around it.
 */
TEST_F(memory, of_the_parent_that_is_refused_costs_it_no_task)
{
	long opened;
	int fd;

	fd = ima_open(&self->in_outer, "violations", O_RDONLY);
	ASSERT_LE(0, fd);
	fd = file_fetch_fd(&self->in_outer, fd);
	ASSERT_LE(0, fd);
	self->job.violations = file_give_fd(&self->inner, fd);
	ASSERT_LE(0, self->job.violations);
	close(fd);

	ASSERT_EQ(0, limit(self->parent, ROOM));
	opened = run(&self->inner, do_open_until_lost, &self->job);
	EXPECT_LT(FEW, opened);
	EXPECT_GT(FILLERS, opened);
	EXPECT_EQ(0, events_of(self->parent, "oom_kill"));
	EXPECT_EQ(1, vpcr_lost(&self->in_outer));

	ASSERT_EQ(0, unlimit(self->parent));
	EXPECT_LT(FEW, ima_count(&self->outer));
}

/*
 * Somebody outside writes what inner reads: the entry about that is inner's, too.
 *
 * If who makes it were charged, one that reads the list or a worker, it would be
 * there, and inner could have any number of these for nothing.
 */
TEST_F(memory, of_a_violation_by_others_is_that_of_the_reader)
{
	char name[100], path[4096], full[4096 + 32];
	long lost;

	/* Longer than that of a crumb; it is listed without directories. */
	memset(name, 'r', sizeof(name) - 1);
	name[sizeof(name) - 1] = 0;
	ASSERT_EQ(0, make_files(self, 0, name, READ, 1, path, sizeof(path)));
	snprintf(full, sizeof(full), "%s0", path);
	ASSERT_EQ(0, ima_load_policy(&self->inner,
			"measure func=FILE_CHECK mask=MAY_READ fowner=2504\n"));
	ASSERT_LE(0, file_open(&self->inner, full, O_RDONLY));
	ASSERT_EQ(0, spare(&self->inner));
	ASSERT_EQ(0, fill_up(self->child));
	with_crumbs(&self->job);
	ASSERT_EQ(0, begin_and_wait(&self->inner, do_map_and_stop,
				    &self->job));
	lost = vpcr_lost(&self->in_inner);
	EXPECT_LT(WITNESSES, lost);

	ASSERT_EQ(0, scratch_append(full, "more"));
	EXPECT_EQ(lost + 1, vpcr_lost(&self->in_inner));
	EXPECT_EQ(lost + 1, ima_number(&self->in_inner, "violations"));
	EXPECT_EQ(0, list_violated(&self->in_inner, full));
	EXPECT_EQ(0, vpcr_lost(&self->in_outer));
	EXPECT_TRUE(init_replays());

	/* The same where there is room: it was this that was lost. */
	ASSERT_EQ(0, unlimit(self->child));
	EXPECT_EQ(0, go_on_to_end(&self->inner));
	ASSERT_LE(0, file_open(&self->inner, full, O_RDONLY));
	ASSERT_EQ(0, scratch_append(full, "more"));
	EXPECT_EQ(lost + 1, vpcr_lost(&self->in_inner));
	EXPECT_EQ(1, list_violated(&self->in_inner, full));
}

/* --- Records */

/* There was room for it from the beginning: no end goes unseen. */
TEST_F(memory, of_a_death_is_there_although_the_parent_is_full)
{
	long lost, id = ima_number(&self->in_inner, "id");
	char death[1024];

	ASSERT_EQ(0, spare(&self->outer));
	ASSERT_EQ(0, fill_up(self->parent));
	with_crumbs(&self->job);
	ASSERT_EQ(0, run(&self->inner, do_map, &self->job));
	lost = vpcr_lost(&self->in_outer);
	EXPECT_LT(WITNESSES, lost);

	agent_stop(&self->in_inner);
	/* outer reaps it, and may have no memory to say so. */
	agent_stop(&self->inner);
	EXPECT_EQ(1, record_wait(&self->in_outer, "ima_ns_death", id, death,
				 sizeof(death)));
	EXPECT_EQ(lost, vpcr_lost(&self->in_outer));
}

/* Without room for its record it does not become active, and nothing is lost. */
TEST_F(memory, of_a_birth_is_needed_in_the_parent)
{
	long lost, id;

	ASSERT_EQ(0, spare(&self->outer));
	ASSERT_EQ(0, ns_start(&self->third, &self->outer, 0, NULL));
	ASSERT_EQ(0, ima_mount(&self->third));
	id = ima_number(&self->third, "id");
	ASSERT_EQ(0, enter(&self->third, self->child));
	ASSERT_EQ(0, fill_up(self->parent));
	with_crumbs(&self->job);
	ASSERT_EQ(0, run(&self->inner, do_map, &self->job));
	lost = vpcr_lost(&self->in_outer);
	EXPECT_LT(WITNESSES, lost);

	EXPECT_EQ(-ENOMEM, ima_activate(&self->third));
	EXPECT_EQ(0, ima_number(&self->third, "active"));
	EXPECT_EQ(0, record_find(&self->in_outer, "ima_ns_birth", id, NULL,
				 0));
	EXPECT_EQ(lost, vpcr_lost(&self->in_outer));

	ASSERT_EQ(0, unlimit(self->parent));
	EXPECT_EQ(0, ima_activate(&self->third));
	EXPECT_EQ(1, record_find(&self->in_outer, "ima_ns_birth", id, NULL,
				 0));
	EXPECT_EQ(lost, vpcr_lost(&self->in_outer));
}

/* --- How much */

static long slab_of(const char *group)
{
	return group_get(group, "memory.stat", "slab");
}

/* Statistics of groups are some seconds old. */
static long slab_above(const char *group, long least)
{
	struct patience wait = patience(30000);

	while (slab_of(group) < least && patience_lasts(&wait))
		;
	return slab_of(group);
}

static long slab_below(const char *group, long most)
{
	struct patience wait = patience(30000);

	while (slab_of(group) > most && patience_lasts(&wait))
		;
	return slab_of(group);
}

/*
 * All that is done here is done by inner.  First it is for outer only, then for
 * its own list.
 *
 * If the current task were charged C would have grown by the first, and P not; if
 * nobody were, neither would have.
 */
TEST_F(memory, grows_in_the_group_of_the_list)
{
	struct {
		const char *rule;
		int owner;
		struct agent *measures;
		const char *payer;
		const char *other;
	} step[] = {
		{ "measure func=FILE_CHECK mask=MAY_READ fowner=2502\n",
		  OF_OUTER, &self->in_outer, self->parent, self->child },
		{ "measure func=FILE_CHECK mask=MAY_READ fowner=2503\n",
		  OF_INNER, &self->in_inner, self->child, self->parent },
	};
	long id, bytes, slab, payer, other;
	struct job *job = &self->job;
	char name[32];
	size_t i;

	for (i = 0; i < sizeof(step) / sizeof(step[0]); i++) {
		snprintf(name, sizeof(name), "step%zu-", i);
		ASSERT_EQ(0, make_files(self, DEPTH, name, step[i].owner,
					FILLERS, job->path,
					sizeof(job->path)));
		ASSERT_EQ(0, ima_load_policy(step[i].measures, step[i].rule));
		id = ima_number(step[i].measures, "id");

		bytes = list_bytes(id);
		slab = slab_of(step[i].payer);
		payer = current_of(step[i].payer);
		other = current_of(step[i].other);
		ASSERT_EQ(FILLERS, run(&self->inner, do_open_until_lost, job));
		ASSERT_EQ(FILLERS, listed(step[i].measures, job->path));

		/* An entry is the name and some hundreds of bytes ... */
		bytes = list_bytes(id) - bytes;
		EXPECT_LE(FILLERS * NAME_BYTES, bytes);
		EXPECT_GE(FILLERS * NAME_BYTES * 3 / 2, bytes);
		/*
		 * ... and with it comes what is remembered of the file.  KASAN
		 * has as much behind each page, for which it is charged, too.
		 */
		EXPECT_LE(slab + bytes, slab_above(step[i].payer,
						   slab + bytes));
		EXPECT_GE(slab + bytes * 5 / 2, slab_of(step[i].payer));
		/* Each processor may have some for it that is not used. */
		EXPECT_LE(payer + bytes / 2, current_of(step[i].payer));
		EXPECT_GT(other + bytes / 2, current_of(step[i].other));
		TH_LOG("%s: %ld bytes listed, slab %+ld, current %+ld, other %+ld",
		       name, bytes, slab_of(step[i].payer) - slab,
		       current_of(step[i].payer) - payer,
		       current_of(step[i].other) - other);
	}

	/* It is given back when the namespace ends, not when its tasks do. */
	slab = slab_of(self->child);
	agent_stop(&self->inner);
	EXPECT_LE(slab - bytes / 2, slab_of(self->child));
	agent_stop(&self->in_inner);
	EXPECT_GE(slab - bytes, slab_below(self->child, slab - bytes));
	EXPECT_EQ(0, vpcr_lost(&self->in_outer));
}

TEST_HARNESS_MAIN
