// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whose event it is when who asked, who does it and who opened the file are not
 * the same: an event belongs to the credentials it is made with (abi.md section
 * 5).
 *
 *   init (own rule) -+- child (own rule)
 *                    `- other (own rule)
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "file.h"
#include "ima.h"
#include "list.h"
#include "ns.h"
#include "scratch.h"
#include "uring.h"

#define OWNER 62502
#define MAP "0 62500 10\n"
/* Who owns the files, in init's numbers and in those of the children. */
#define FILE_OWNER 62501
#define RULES \
	"measure func=FILE_CHECK mask=MAY_READ fowner=1\n" \
	"measure func=MMAP_CHECK mask=MAY_EXEC fowner=1\n"
/* The machine's root is always seen: none of the children is that. */
#define RULES_OF_INIT \
	"measure func=FILE_CHECK mask=MAY_READ fowner=62501 scope=self\n"

FIXTURE(event)
{
	struct agent child;
	struct agent other;
	char directory[256];
	char path[300];
};

FIXTURE_SETUP(event)
{
	ASSERT_EQ(0, scratch_directory(self->directory,
				       sizeof(self->directory)));
	snprintf(self->path, sizeof(self->path), "%s/file", self->directory);
	ASSERT_EQ(0, scratch_program(self->path, "attribution"));
	ASSERT_EQ(0, chown(self->path, FILE_OWNER, 0));
	ASSERT_EQ(0, ima_load_policy(NULL, RULES_OF_INIT));
	ASSERT_EQ(0, ns_start(&self->child, NULL, OWNER, MAP));
	ASSERT_EQ(0, ima_start(&self->child, RULES));
	ASSERT_EQ(0, ns_start(&self->other, NULL, OWNER, MAP));
	ASSERT_EQ(0, ima_start(&self->other, RULES));
}

FIXTURE_TEARDOWN(event)
{
	agent_stop(&self->other);
	agent_stop(&self->child);
	scratch_remove(self->directory);
}

/* In the list of that one alone. */
static void expect_event_of(struct __test_metadata *_metadata,
			    FIXTURE_DATA(event) *self, struct agent *whose)
{
	EXPECT_EQ(whose == &self->child, list_measured(&self->child,
						       self->path));
	EXPECT_EQ(whose == &self->other, list_measured(&self->other,
						       self->path));
	EXPECT_EQ(!whose, list_measured(NULL, self->path));
}

TEST_F(event, of_a_ring_is_that_of_who_submits)
{
	ASSERT_LE(0, uring_make(&self->child, 0));
	ASSERT_EQ(0, uring_open(&self->child, self->path, 0, 0));
	expect_event_of(_metadata, self, &self->child);
}

/* A worker thread of the kernel opens the file. */
TEST_F(event, of_a_ring_worker_is_that_of_who_submits)
{
	ASSERT_LE(0, uring_make(&self->child, 0));
	ASSERT_EQ(0, uring_open(&self->child, self->path, IOSQE_ASYNC, 0));
	expect_event_of(_metadata, self, &self->child);
}

/* A thread of the kernel that nobody calls looks for requests. */
TEST_F(event, of_a_polled_ring_is_that_of_who_made_it)
{
	ASSERT_LE(0, uring_make(&self->child, IORING_SETUP_SQPOLL));
	ASSERT_EQ(0, uring_open(&self->child, self->path, 0, 0));
	expect_event_of(_metadata, self, &self->child);
}

/* A ring cannot be passed by a socket, but be taken by who may trace. */
TEST_F(event, of_a_shared_ring_is_that_of_who_submits)
{
	ASSERT_LE(0, uring_make(&self->child, 0));
	ASSERT_EQ(0, uring_take(&self->child));
	ASSERT_EQ(0, uring_open(NULL, self->path, 0, 0));
	expect_event_of(_metadata, self, NULL);
}

/* Who puts it in the ring of another does nothing himself. */
TEST_F(event, of_a_shared_polled_ring_is_that_of_who_made_it)
{
	ASSERT_LE(0, uring_make(&self->child, IORING_SETUP_SQPOLL));
	ASSERT_EQ(0, uring_take(&self->child));
	ASSERT_EQ(0, uring_open(NULL, self->path, 0, 0));
	expect_event_of(_metadata, self, &self->child);
}

TEST_F(event, of_a_personality_is_that_of_who_registered_it)
{
	int personality;

	ASSERT_LE(0, uring_make(&self->child, 0));
	personality = uring_personality(&self->child);
	ASSERT_LT(0, personality);
	ASSERT_EQ(0, uring_take(&self->child));
	ASSERT_EQ(0, uring_open(NULL, self->path, 0, personality));
	expect_event_of(_metadata, self, &self->child);
}

/* What the host limits to itself sees what its own rings do. */
TEST_F(event, of_a_polled_ring_of_init_is_inits)
{
	ASSERT_LE(0, uring_make(NULL, IORING_SETUP_SQPOLL));
	ASSERT_EQ(0, uring_open(NULL, self->path, 0, 0));
	expect_event_of(_metadata, self, NULL);
}

/* A file opened elsewhere: each use of it is an event of who uses it. */
TEST_F(event, of_a_passed_file_is_that_of_who_uses_it)
{
	int here = open(self->path, O_RDONLY | O_CLOEXEC), there;

	ASSERT_LE(0, here);
	/* Init has opened it. */
	expect_event_of(_metadata, self, NULL);
	there = file_give_fd(&self->other, here);
	ASSERT_LE(0, there);
	ASSERT_EQ(0, file_map_executable(&self->other, there));
	EXPECT_EQ(0, list_measured(&self->child, self->path));
	EXPECT_EQ(1, list_measured(&self->other, self->path));
	close(here);
}

/* ... and opening it was one of who opened it. */
TEST_F(event, of_a_file_opened_elsewhere_is_that_of_who_opened_it)
{
	int fd = file_open(&self->child, self->path, O_RDONLY), here;
	char byte;

	ASSERT_LE(0, fd);
	here = file_fetch_fd(&self->child, fd);
	ASSERT_LE(0, here);
	fd = file_give_fd(&self->other, here);
	ASSERT_LE(0, fd);
	EXPECT_EQ(1, file_read(&self->other, fd, &byte, 1));
	expect_event_of(_metadata, self, &self->child);
	close(here);
}

/* Joined for a moment: it is judged by what it is at that moment. */
TEST_F(event, of_who_joins_is_that_of_what_he_joined)
{
	struct agent host = {};

	ASSERT_EQ(0, agent_start(&host, NULL));
	ASSERT_EQ(0, file_close(&host, file_open(&host, self->path, O_RDONLY)));
	expect_event_of(_metadata, self, NULL);
	ASSERT_EQ(0, ns_join_user(&host, self->child.pid));
	ASSERT_EQ(0, file_close(&host, file_open(&host, self->path, O_RDONLY)));
	EXPECT_EQ(1, list_measured(&self->child, self->path));
	agent_stop(&host);
}

TEST_HARNESS_MAIN
