// SPDX-License-Identifier: GPL-2.0-only
/*
 * scope=: whose events a rule is for, and that init's root is always seen
 * (abi.md section 3).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "file.h"
#include "ima.h"
#include "list.h"
#include "ns.h"
#include "scratch.h"

#define OWNER 1000
/*
 * uid 0 inside is OWNER, uid 1 inside is init's root; and groups of programs
 * with the set-user-ID bit, which does nothing if they have no number inside.
 */
#define MAP_WITH_ROOT "0 1000 1\n1 0 1\n2 63016 2\n"
/* Rules of init stay until the next boot: each test has files of its own. */
#define FIRST_FOWNER 63000

/*
 * Where an event happens, and who judges it.
 *
 *   init ---- [outer] ---- inner
 *
 * outer and inner are in one of these states: no securityfs was ever mounted,
 * only configuring, active without a rule that measures, active with one.  The
 * rule with the scope is init's.
 */
enum state { ABSENT, PASSIVE, CONFIGURING, EMPTY, ACTIVE };

FIXTURE(belongs)
{
	struct agent outer;
	struct agent inner;
	char directory[256];
	char program[300];
};

FIXTURE_VARIANT(belongs)
{
	enum state outer;
	enum state inner;
	bool self;	/* an event in inner is one of init's own */
};

#define BELONGS(_name, _outer, _inner, _self) \
	FIXTURE_VARIANT_ADD(belongs, _name) { \
		.outer = _outer, \
		.inner = _inner, \
		.self = _self, \
	}

/* clang-format off */
BELONGS(passive, ABSENT, PASSIVE, true);
BELONGS(configuring, ABSENT, CONFIGURING, true);
BELONGS(active_without_rules, ABSENT, EMPTY, false);
BELONGS(active, ABSENT, ACTIVE, false);
BELONGS(passive_in_passive, PASSIVE, PASSIVE, true);
BELONGS(configuring_in_passive, PASSIVE, CONFIGURING, true);
BELONGS(active_in_passive, PASSIVE, ACTIVE, false);
BELONGS(passive_in_active, ACTIVE, PASSIVE, false);
BELONGS(passive_in_active_without_rules, EMPTY, PASSIVE, false);
BELONGS(configuring_in_active, ACTIVE, CONFIGURING, false);
BELONGS(active_in_active, ACTIVE, ACTIVE, false);
/* clang-format on */

static int start_in(struct agent *agent, struct agent *parent, uid_t uid,
		    enum state state)
{
	int ret = ns_start(agent, parent, uid, NULL);

	if (!ret && state >= CONFIGURING)
		ret = ima_mount(agent);
	if (!ret && state >= EMPTY)
		ret = ima_activate(agent);
	if (!ret && state >= EMPTY)
		ret = ima_load_policy(agent, state == EMPTY ?
				      "dont_measure fowner=0\n" : EXEC_RULE);
	return ret;
}

FIXTURE_SETUP(belongs)
{
	struct agent *parent = NULL;
	uid_t uid = OWNER;

	ASSERT_EQ(0, scratch_directory(self->directory,
				       sizeof(self->directory)));
	snprintf(self->program, sizeof(self->program), "%s/prog",
		 self->directory);
	ASSERT_EQ(0, scratch_program(self->program, self->directory));
	if (variant->outer != ABSENT) {
		ASSERT_EQ(0, start_in(&self->outer, NULL, uid, variant->outer));
		parent = &self->outer;
		uid = 0;
	}
	ASSERT_EQ(0, start_in(&self->inner, parent, uid, variant->inner));
}

FIXTURE_TEARDOWN(belongs)
{
	agent_stop(&self->inner);
	agent_stop(&self->outer);
	scratch_remove(self->directory);
}

/* A rule of init for the executions of this test's program. */
static int init_rule(const char *program, uid_t owner, const char *action,
		     const char *scope)
{
	char rule[128];

	if (chown(program, owner, 0))
		return -errno;
	snprintf(rule, sizeof(rule), "%s func=BPRM_CHECK fowner=%u scope=%s\n",
		 action, owner, scope);
	return ima_load_policy(NULL, rule);
}

TEST_F(belongs, to_init_for_scope_self)
{
	ASSERT_EQ(0, init_rule(self->program, FIRST_FOWNER, "measure", "self"));
	ASSERT_EQ(0, file_run(&self->inner, self->program));
	EXPECT_EQ(variant->self, list_measured(NULL, self->program));
}

TEST_F(belongs, to_a_descendant_for_scope_children)
{
	ASSERT_EQ(0, init_rule(self->program, FIRST_FOWNER + 1, "measure",
			       "children"));
	ASSERT_EQ(0, file_run(&self->inner, self->program));
	EXPECT_EQ(!variant->self, list_measured(NULL, self->program));
}

TEST_F(belongs, to_either_for_scope_all)
{
	ASSERT_EQ(0, init_rule(self->program, FIRST_FOWNER + 2, "measure",
			       "all"));
	ASSERT_EQ(0, file_run(&self->inner, self->program));
	EXPECT_EQ(1, list_measured(NULL, self->program));
}

/* What is left out of the list above is in the one it belongs to. */
TEST_F(belongs, to_somebody_who_has_it)
{
	struct agent *own = variant->inner == ACTIVE ? &self->inner :
						       &self->outer;

	if (variant->inner != ACTIVE && variant->outer != ACTIVE)
		return;
	ASSERT_EQ(0, init_rule(self->program, FIRST_FOWNER + 3, "measure",
			       "self"));
	ASSERT_EQ(0, file_run(&self->inner, self->program));
	EXPECT_EQ(1, list_measured(own, self->program));
}

/* It changes hands when the namespace becomes active. */
TEST_F(belongs, to_another_after_activation)
{
	char second[300];

	if (variant->inner != CONFIGURING)
		return;
	snprintf(second, sizeof(second), "%s/second", self->directory);
	ASSERT_EQ(0, scratch_program(second, "second"));
	ASSERT_EQ(0, init_rule(self->program, FIRST_FOWNER + 4, "measure",
			       "self"));
	ASSERT_EQ(0, chown(second, FIRST_FOWNER + 4, 0));
	ASSERT_EQ(0, file_run(&self->inner, self->program));
	ASSERT_EQ(0, ima_activate(&self->inner));
	ASSERT_EQ(0, file_run(&self->inner, second));
	EXPECT_EQ(variant->self, list_measured(NULL, self->program));
	EXPECT_EQ(0, list_measured(NULL, second));
}

/*
 * Rules of a child: the same words, seen from there.
 *
 *   init ---- child (rule) -+- nested (active)
 *                           `- plain (user namespace only)
 */
FIXTURE(child)
{
	struct agent child;
	struct agent nested;
	struct agent plain;
	char directory[256];
	char program[300];
};

FIXTURE_VARIANT(child)
{
	const char *rules;
	bool own;
	bool nested;
};

/* clang-format off */
FIXTURE_VARIANT_ADD(child, self) {
	.rules = "measure func=BPRM_CHECK scope=self\n",
	.own = true,
	.nested = false,
};
FIXTURE_VARIANT_ADD(child, children) {
	.rules = "measure func=BPRM_CHECK scope=children\n",
	.own = false,
	.nested = true,
};
FIXTURE_VARIANT_ADD(child, all) {
	.rules = "measure func=BPRM_CHECK scope=all\n",
	.own = true,
	.nested = true,
};
FIXTURE_VARIANT_ADD(child, dont_self) {
	.rules = "dont_measure scope=self\nmeasure func=BPRM_CHECK\n",
	.own = false,
	.nested = true,
};
FIXTURE_VARIANT_ADD(child, dont_children) {
	.rules = "dont_measure scope=children\nmeasure func=BPRM_CHECK\n",
	.own = true,
	.nested = false,
};
FIXTURE_VARIANT_ADD(child, dont_all) {
	.rules = "dont_measure func=BPRM_CHECK scope=all\n"
		 "measure func=BPRM_CHECK\n",
	.own = false,
	.nested = false,
};
/* clang-format on */

FIXTURE_SETUP(child)
{
	ASSERT_EQ(0, scratch_directory(self->directory,
				       sizeof(self->directory)));
	snprintf(self->program, sizeof(self->program), "%s/prog",
		 self->directory);
	ASSERT_EQ(0, scratch_program(self->program, self->directory));
	ASSERT_EQ(0, ima_start_new(&self->child, NULL, OWNER, variant->rules));
	ASSERT_EQ(0, ima_start_new(&self->nested, &self->child, 0, EXEC_RULE));
	ASSERT_EQ(0, ns_start(&self->plain, &self->child, 0, NULL));
}

FIXTURE_TEARDOWN(child)
{
	agent_stop(&self->plain);
	agent_stop(&self->nested);
	agent_stop(&self->child);
	scratch_remove(self->directory);
}

TEST_F(child, own_event)
{
	ASSERT_EQ(0, file_run(&self->child, self->program));
	EXPECT_EQ(variant->own, list_measured(&self->child, self->program));
}

TEST_F(child, event_of_a_nested_namespace)
{
	ASSERT_EQ(0, file_run(&self->nested, self->program));
	EXPECT_EQ(variant->nested, list_measured(&self->child, self->program));
	EXPECT_EQ(1, list_measured(&self->nested, self->program));
}

TEST_F(child, event_of_a_nested_user_namespace_is_its_own)
{
	ASSERT_EQ(0, file_run(&self->plain, self->program));
	EXPECT_EQ(variant->own, list_measured(&self->child, self->program));
}

/* That root is always seen is init's right, and nobody else's. */
TEST_F(child, root_of_init_is_nobody_special)
{
	struct agent child = {}, nested = {};

	ASSERT_EQ(0, ima_start_new(&child, NULL, 0, variant->rules));
	ASSERT_EQ(0, ima_start_new(&nested, &child, 0, EXEC_RULE));
	ASSERT_EQ(0, file_run(&nested, self->program));
	EXPECT_EQ(variant->nested, list_measured(&child, self->program));
	agent_stop(&nested);
	agent_stop(&child);
}

/*
 * Root: whichever of the four ids he has in a child.
 *
 *   init (rules) ---- child, uid 0 is OWNER, uid 1 is init's root
 */
FIXTURE(root)
{
	struct agent child;
	char directory[256];
	char file[300];
	uid_t owner;
};

FIXTURE_VARIANT(root)
{
	long uid[4];	/* real, effective, saved, of the file system */
	bool seen;
};

/* clang-format off */
FIXTURE_VARIANT_ADD(root, none) { .uid = { 0, 0, 0, 0 }, .seen = false };
FIXTURE_VARIANT_ADD(root, uid) { .uid = { 1, 0, 0, 0 }, .seen = true };
FIXTURE_VARIANT_ADD(root, euid) { .uid = { 0, 1, 0, 0 }, .seen = true };
FIXTURE_VARIANT_ADD(root, suid) { .uid = { 0, 0, 1, 0 }, .seen = true };
FIXTURE_VARIANT_ADD(root, fsuid) { .uid = { 0, 0, 0, 1 }, .seen = true };
/* clang-format on */

/* in: the ids; the effective one last, for it may take away the right. */
static long do_set_uids(struct call *call)
{
	const long *uid = call->in;

	call->out_len = 0;
	if (setresuid(uid[0], uid[1], uid[2]))
		return -errno;
	setfsuid(uid[3]);
	return setfsuid(-1) == uid[3] ? 0 : -EPERM;
}

FIXTURE_SETUP(root)
{
	struct call call = {
		.fd = -1,
		.in = variant->uid,
		.in_len = sizeof(variant->uid),
	};

	ASSERT_EQ(0, scratch_directory(self->directory,
				       sizeof(self->directory)));
	snprintf(self->file, sizeof(self->file), "%s/file", self->directory);
	ASSERT_EQ(0, scratch_text(self->file, self->directory));
	ASSERT_EQ(0, ns_start(&self->child, NULL, OWNER, MAP_WITH_ROOT));
	ASSERT_EQ(0, ima_start(&self->child, EXEC_RULE));
	ASSERT_EQ(0, agent_call(&self->child, do_set_uids, &call));
}

FIXTURE_TEARDOWN(root)
{
	agent_stop(&self->child);
	scratch_remove(self->directory);
}

/* Gives the file to @owner, and init rules for files of that owner. */
static int read_rules(const char *file, uid_t owner, const char *first,
		      const char *second)
{
	char rules[300];

	if (chown(file, owner, 0))
		return -errno;
	snprintf(rules, sizeof(rules), first, owner);
	if (second)
		snprintf(rules + strlen(rules), sizeof(rules) - strlen(rules),
			 second, owner);
	return ima_load_policy(NULL, rules);
}

#define READ "func=FILE_CHECK mask=MAY_READ fowner=%u"

TEST_F(root, is_seen_by_scope_self)
{
	ASSERT_EQ(0, read_rules(self->file, FIRST_FOWNER + 10,
				"measure " READ " scope=self\n", NULL));
	ASSERT_LE(0, file_open(&self->child, self->file, O_RDONLY));
	EXPECT_EQ(variant->seen, list_measured(NULL, self->file));
}

TEST_F(root, is_seen_by_scope_children_like_anybody)
{
	ASSERT_EQ(0, read_rules(self->file, FIRST_FOWNER + 11,
				"measure " READ " scope=children\n", NULL));
	ASSERT_LE(0, file_open(&self->child, self->file, O_RDONLY));
	EXPECT_EQ(1, list_measured(NULL, self->file));
}

/* The usual way to keep the list small does not hide him. */
TEST_F(root, is_not_hidden_by_dont_measure_scope_children)
{
	ASSERT_EQ(0, read_rules(self->file, FIRST_FOWNER + 12,
				"dont_measure fowner=%u scope=children\n",
				"measure " READ "\n"));
	ASSERT_LE(0, file_open(&self->child, self->file, O_RDONLY));
	EXPECT_EQ(variant->seen, list_measured(NULL, self->file));
}

/* That rule is about init's own tasks, and none of these is one. */
TEST_F(root, is_not_hidden_by_dont_measure_scope_self)
{
	ASSERT_EQ(0, read_rules(self->file, FIRST_FOWNER + 13,
				"dont_measure fowner=%u scope=self\n",
				"measure " READ "\n"));
	ASSERT_LE(0, file_open(&self->child, self->file, O_RDONLY));
	EXPECT_EQ(1, list_measured(NULL, self->file));
}

/* What nobody's list is to have is meant for root, too. */
TEST_F(root, is_hidden_by_dont_measure_for_all)
{
	ASSERT_EQ(0, read_rules(self->file, FIRST_FOWNER + 14,
				"dont_measure fowner=%u\n",
				"measure " READ " scope=self\n"));
	ASSERT_LE(0, file_open(&self->child, self->file, O_RDONLY));
	EXPECT_EQ(0, list_measured(NULL, self->file));
}

TEST_F(root, is_hidden_by_dont_measure_scope_all)
{
	ASSERT_EQ(0, read_rules(self->file, FIRST_FOWNER + 15,
				"dont_measure fowner=%u scope=all\n",
				"measure " READ " scope=self\n"));
	ASSERT_LE(0, file_open(&self->child, self->file, O_RDONLY));
	EXPECT_EQ(0, list_measured(NULL, self->file));
}

/*
 * A program with the set-user-ID bit, of init's root: CREDS_CHECK looks at who
 * it makes of its user, BPRM_CHECK at who runs it.
 */
TEST_F(root, is_who_a_program_makes_of_its_user)
{
	char program[2][300];
	int i;

	for (i = 0; i < 2; i++) {
		snprintf(program[i], sizeof(program[i]), "%s/prog%d",
			 self->directory, i);
		ASSERT_EQ(0, scratch_program(program[i], program[i]));
		ASSERT_EQ(0, chown(program[i], 0, FIRST_FOWNER + 16 + i));
		ASSERT_EQ(0, chmod(program[i], 04755));
	}
	ASSERT_EQ(0, ima_load_policy(NULL,
		"measure func=BPRM_CHECK fgroup=63016 scope=self\n"
		"measure func=CREDS_CHECK fgroup=63017 scope=self\n"));
	ASSERT_EQ(0, file_run(&self->child, program[0]));
	EXPECT_EQ(variant->seen, list_measured(NULL, program[0]));
	ASSERT_EQ(0, file_run(&self->child, program[1]));
	EXPECT_EQ(1, list_measured(NULL, program[1]));
}

/* A set-user-ID bit that does nothing makes root of nobody. */
TEST(set_user_id_program_of_a_root_that_is_not_mapped_is_nobodys)
{
	char directory[256], program[300];
	struct agent child = {};

	ASSERT_EQ(0, scratch_directory(directory, sizeof(directory)));
	snprintf(program, sizeof(program), "%s/prog", directory);
	ASSERT_EQ(0, scratch_program(program, directory));
	ASSERT_EQ(0, chown(program, 0, FIRST_FOWNER + 18));
	ASSERT_EQ(0, chmod(program, 04755));
	ASSERT_EQ(0, ima_load_policy(NULL, "measure func=CREDS_CHECK "
				     "fgroup=63018 scope=self\n"));
	ASSERT_EQ(0, ima_start_new(&child, NULL, OWNER, EXEC_RULE));
	ASSERT_EQ(0, file_run(&child, program));
	EXPECT_EQ(0, list_measured(NULL, program));
	EXPECT_EQ(1, list_measured(&child, program));
	agent_stop(&child);
	scratch_remove(directory);
}

/* Rules that are none.  In init: a child is refused some for other reasons. */
FIXTURE(wrong)
{
};

FIXTURE_VARIANT(wrong)
{
	const char *rule;
};

#define WRONG(_name, _rule) \
	FIXTURE_VARIANT_ADD(wrong, _name) { .rule = _rule "\n" }

/* clang-format off */
WRONG(appraise, "appraise func=BPRM_CHECK fowner=64997 scope=self");
WRONG(appraise_all, "appraise func=BPRM_CHECK fowner=64997 scope=all");
WRONG(dont_appraise, "dont_appraise fowner=64997 scope=children");
WRONG(hash, "hash func=FILE_CHECK fowner=64997 scope=self");
WRONG(dont_hash, "dont_hash fowner=64997 scope=self");
WRONG(twice, "measure func=BPRM_CHECK fowner=64997 scope=self scope=self");
WRONG(twice_all, "measure func=BPRM_CHECK fowner=64997 scope=all scope=self");
WRONG(unknown, "measure func=BPRM_CHECK fowner=64997 scope=nobody");
WRONG(longer, "measure func=BPRM_CHECK fowner=64997 scope=selfish");
WRONG(upper_case, "measure func=BPRM_CHECK fowner=64997 scope=SELF");
WRONG(nothing, "measure func=BPRM_CHECK fowner=64997 scope=");
WRONG(list, "measure func=BPRM_CHECK fowner=64997 scope=self|children");
WRONG(no_action, "scope=self");
/* clang-format on */

FIXTURE_SETUP(wrong)
{
}

FIXTURE_TEARDOWN(wrong)
{
}

TEST_F(wrong, rule_is_refused)
{
	EXPECT_EQ(-EINVAL, ima_load_policy(NULL, variant->rule));
}

TEST_F(wrong, rule_is_refused_in_a_child)
{
	struct agent child = {};

	ASSERT_EQ(0, ima_start_new(&child, NULL, OWNER, NULL));
	EXPECT_EQ(-EINVAL, ima_load_policy(&child, variant->rule));
	agent_stop(&child);
}

/*
 * The policies of Documentation/userspace-api/ima-ns.rst, "Three policies", are
 * taken; by root of the machine in a child, for a host keeps them until it ends.
 */
#define NO_PSEUDO_FILES \
	"dont_measure fsmagic=0x9fa0 \n" \
	"dont_measure fsmagic=0x62656572 \n" \
	"dont_measure fsmagic=0x73636673 \n" \
	"dont_measure fsmagic=0x63677270 \n"

FIXTURE(documented)
{
	struct agent child;
};

FIXTURE_VARIANT(documented)
{
	const char *rules;
};

FIXTURE_VARIANT_ADD(documented, everything) {
	.rules = NO_PSEUDO_FILES
		 "measure func=BPRM_CHECK mask=MAY_EXEC \n"
		 "measure func=MMAP_CHECK mask=MAY_EXEC \n"
		 "measure func=FILE_CHECK mask=^MAY_READ euid=0 \n"
		 "measure func=FILE_CHECK mask=^MAY_READ uid=0 \n"
		 "measure func=MODULE_CHECK \n"
		 "measure func=FIRMWARE_CHECK \n"
		 "measure func=POLICY_CHECK \n"
		 "measure func=KEY_CHECK \n"
		 "audit func=BPRM_CHECK mask=MAY_EXEC scope=children \n",
};

FIXTURE_VARIANT_ADD(documented, small) {
	.rules = NO_PSEUDO_FILES
		 "measure func=POLICY_CHECK \n"
		 "measure func=KEY_CHECK \n"
		 "measure func=MODULE_CHECK \n"
		 "measure func=FIRMWARE_CHECK \n"
		 "dont_measure scope=children \n"
		 "measure func=BPRM_CHECK mask=MAY_EXEC \n"
		 "measure func=MMAP_CHECK mask=MAY_EXEC \n"
		 "measure func=FILE_CHECK mask=^MAY_READ uid=0 \n",
};

FIXTURE_VARIANT_ADD(documented, nested) {
	.rules = "measure func=BPRM_CHECK mask=MAY_EXEC scope=self \n"
		 "measure func=MMAP_CHECK mask=MAY_EXEC scope=self \n"
		 "measure func=BPRM_CHECK mask=MAY_EXEC pcr=11 "
		 "template=ima-ns scope=children \n"
		 "measure func=POLICY_CHECK pcr=11 scope=children \n",
};

FIXTURE_SETUP(documented)
{
	ASSERT_EQ(0, ima_start_new(&self->child, NULL, 0, NULL));
}

FIXTURE_TEARDOWN(documented)
{
	agent_stop(&self->child);
}

TEST_F(documented, policy_is_taken_and_shown)
{
	char text[8192];

	ASSERT_EQ(0, ima_load_policy(&self->child, variant->rules));
	ASSERT_LT(0, ima_get(&self->child, "policy", text, sizeof(text)));
	EXPECT_STREQ(variant->rules, text);
}

TEST_HARNESS_MAIN
