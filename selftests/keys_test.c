// SPDX-License-Identifier: GPL-2.0-only
/*
 * KEY_CHECK walks all levels: a key that a task in a child puts on a keyring
 * is an event of the child and of every ancestor (abi.md section 5).  Critical
 * data is the initial namespace's alone.
 */
#include <errno.h>
#include <linux/keyctl.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "adopt.h"
#include "clock.h"
#include "ima.h"
#include "list.h"
#include "module.h"
#include "ns.h"

#define OWNER 1000

/*
 *   init (rule) ---- child (rule) ---- nested (no rule)
 */
FIXTURE(key)
{
	struct agent child;
	struct agent nested;
	char ring[64];
	uint8_t *der;
	int der_len;
};

/* A certificate of its own for each test, as DER. */
static int make_certificate(uint8_t **der)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();
	X509_NAME *name;
	int len = -1;

	*der = NULL;
	if (!key || !cert)
		return -1;
	X509_set_version(cert, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), getpid());
	X509_gmtime_adj(X509_getm_notBefore(cert), 0);
	X509_gmtime_adj(X509_getm_notAfter(cert), 86400);
	X509_set_pubkey(cert, key);
	name = X509_get_subject_name(cert);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
				   (const unsigned char *)"selftest", -1, -1,
				   0);
	X509_set_issuer_name(cert, name);
	if (X509_sign(cert, key, EVP_sha256()))
		len = i2d_X509(cert, der);
	X509_free(cert);
	EVP_PKEY_free(key);
	return len;
}

/* in: keyring's name, NUL, certificate */
static long do_add_key(struct call *call)
{
	const char *ring = call->in;
	size_t skip = strlen(ring) + 1;
	long id;

	call->out_len = 0;
	id = syscall(SYS_add_key, "keyring", ring, NULL, 0,
		     KEY_SPEC_PROCESS_KEYRING);
	if (id < 0)
		return -errno;
	if (syscall(SYS_add_key, "asymmetric", "", ring + skip,
		    call->in_len - skip, (int)id) < 0)
		return -errno;
	return 0;
}

static long add_key_in(struct agent *agent, const char *ring,
		       const uint8_t *der, int len)
{
	char both[8192];
	struct call call = { .fd = -1, .in = both };

	if (strlen(ring) + 1 + len > sizeof(both))
		return -E2BIG;
	strcpy(both, ring);
	memcpy(both + strlen(ring) + 1, der, len);
	call.in_len = strlen(ring) + 1 + len;
	return agent_call(agent, do_add_key, &call);
}

/* @file: the list's name below ima/, NULL for the agent's own */
static bool list_has_key(struct agent *agent, const char *file,
			 const char *ring, const uint8_t *der, int len)
{
	struct entry *entry;
	struct list list;
	bool found = false;

	if (!list_read_bank(agent, file, NULL, &list)) {
		entry = list_find(&list, 0, ring);
		found = entry && entry->buf_len == (size_t)len &&
			!memcmp(entry->buf, der, len);
	}
	list_free(&list);
	return found;
}

static bool lists_key(struct agent *agent, const char *ring,
		      const uint8_t *der, int len)
{
	return list_has_key(agent, NULL, ring, der, len);
}

FIXTURE_SETUP(key)
{
	char rule[128];

	self->der_len = make_certificate(&self->der);
	ASSERT_LT(0, self->der_len);
	snprintf(self->ring, sizeof(self->ring), "selftest_%d", getpid());
	snprintf(rule, sizeof(rule), "measure func=KEY_CHECK keyrings=%s\n",
		 self->ring);
	ASSERT_EQ(0, ima_load_policy(NULL, rule));
	ASSERT_EQ(0, ima_start_new(&self->child, NULL, OWNER, rule));
	ASSERT_EQ(0, ima_start_new(&self->nested, &self->child, 0, EXEC_RULE));
}

FIXTURE_TEARDOWN(key)
{
	agent_stop(&self->nested);
	agent_stop(&self->child);
}

TEST_F(key, of_a_child_is_in_its_list_and_inits)
{
	ASSERT_EQ(0, add_key_in(&self->child, self->ring, self->der,
				self->der_len));
	EXPECT_TRUE(lists_key(&self->child, self->ring, self->der,
			      self->der_len));
	EXPECT_TRUE(lists_key(NULL, self->ring, self->der, self->der_len));
}

TEST_F(key, of_a_nested_one_is_in_every_list_with_a_rule)
{
	ASSERT_EQ(0, add_key_in(&self->nested, self->ring, self->der,
				self->der_len));
	EXPECT_FALSE(lists_key(&self->nested, self->ring, self->der,
			       self->der_len));
	EXPECT_TRUE(lists_key(&self->child, self->ring, self->der,
			      self->der_len));
	EXPECT_TRUE(lists_key(NULL, self->ring, self->der, self->der_len));
}

TEST_F(key, of_init_is_not_in_a_childs_list)
{
	ASSERT_EQ(0, add_key_in(NULL, self->ring, self->der, self->der_len));
	EXPECT_TRUE(lists_key(NULL, self->ring, self->der, self->der_len));
	EXPECT_FALSE(lists_key(&self->child, self->ring, self->der,
			       self->der_len));
}

/* A rule for the events of others, or for one's own. */
TEST_F(key, of_a_child_depends_on_the_scope)
{
	char ring[2][96], rules[512];

	snprintf(ring[0], sizeof(ring[0]), "%s_self", self->ring);
	snprintf(ring[1], sizeof(ring[1]), "%s_children", self->ring);
	snprintf(rules, sizeof(rules),
		 "measure func=KEY_CHECK keyrings=%s scope=self\n"
		 "measure func=KEY_CHECK keyrings=%s scope=children\n",
		 ring[0], ring[1]);
	ASSERT_EQ(0, ima_load_policy(NULL, rules));
	ASSERT_EQ(0, ima_load_policy(&self->child, rules));
	ASSERT_EQ(0, add_key_in(&self->child, ring[0], self->der,
				self->der_len));
	ASSERT_EQ(0, add_key_in(&self->child, ring[1], self->der,
				self->der_len));
	EXPECT_TRUE(lists_key(&self->child, ring[0], self->der, self->der_len));
	EXPECT_FALSE(lists_key(&self->child, ring[1], self->der,
			       self->der_len));
	EXPECT_FALSE(lists_key(NULL, ring[0], self->der, self->der_len));
	EXPECT_TRUE(lists_key(NULL, ring[1], self->der, self->der_len));
}

TEST_F(key, on_another_keyring_is_not_measured)
{
	ASSERT_EQ(0, add_key_in(&self->child, "selftest_other", self->der,
				self->der_len));
	EXPECT_FALSE(lists_key(&self->child, "selftest_other", self->der,
			       self->der_len));
}

/*
 * A process without a user namespace, which belongs to a namespace because it is
 * adopted: see adopt_test.c.
 *
 *   init (rule) ---- adopted (default policy)
 */
FIXTURE(adopted_key)
{
	struct agent first;
	char ring[64];
	char view[64];
	uint8_t *der;
	int der_len;
};

FIXTURE_SETUP(adopted_key)
{
	char rule[128];

	ASSERT_EQ(0, module_reload(MODULE_PCRS));
	self->der_len = make_certificate(&self->der);
	ASSERT_LT(0, self->der_len);
	snprintf(self->ring, sizeof(self->ring), "adopted_%d", getpid());
	snprintf(rule, sizeof(rule), "measure func=KEY_CHECK keyrings=%s\n",
		 self->ring);
	ASSERT_EQ(0, ima_load_policy(NULL, rule));
	ASSERT_EQ(0, agent_start(&self->first, NULL));
	ASSERT_EQ(0, ns_unshare_mount(&self->first));
	ASSERT_EQ(0, adopt(&self->first, ""));
	snprintf(self->view, sizeof(self->view),
		 "ns/%ld/binary_runtime_measurements", adopt_newest_id());
}

FIXTURE_TEARDOWN(adopted_key)
{
	agent_stop(&self->first);
	EXPECT_EQ(0, module_unload_soon());
}

TEST_F(adopted_key, is_in_its_list_and_inits)
{
	struct patience wait = patience(30000);

	ASSERT_EQ(0, add_key_in(&self->first, self->ring, self->der,
				self->der_len));
	EXPECT_TRUE(lists_key(NULL, self->ring, self->der, self->der_len));
	/* Init does not wait for what is noted, the worker adds it. */
	while (!list_has_key(NULL, self->view, self->ring, self->der,
			     self->der_len))
		ASSERT_TRUE(patience_lasts(&wait));
}

TEST_F(adopted_key, of_init_is_not_in_its_list)
{
	ASSERT_EQ(0, add_key_in(NULL, self->ring, self->der, self->der_len));
	ASSERT_EQ(0, add_key_in(&self->first, "adopted_other", self->der,
				self->der_len));
	EXPECT_TRUE(lists_key(NULL, self->ring, self->der, self->der_len));
	EXPECT_FALSE(list_has_key(NULL, self->view, self->ring, self->der,
				  self->der_len));
}

TEST_HARNESS_MAIN
