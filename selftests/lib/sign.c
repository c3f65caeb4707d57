// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <linux/keyctl.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "file.h"
#include "sign.h"

#define OPENSSL "/usr/bin/openssl"
#define EVMCTL "/usr/bin/evmctl"

const char *sign_missing(void)
{
	if (access(OPENSSL, X_OK))
		return OPENSSL;
	return access(EVMCTL, X_OK) ? EVMCTL " (ima-evm-utils)" : NULL;
}

/* Where a key is: all tests of a run have the same keys. */
static void key_path(const char *name, const char *what, char *path,
		     size_t size)
{
	const char *base = getenv("SCRATCH");

	snprintf(path, size, "%s/keys", base ? base : "/scratch");
	mkdir(path, 0700);
	snprintf(path, size, "%s/keys/%s.%s", base ? base : "/scratch", name,
		 what);
}

static int run_tool_in(struct agent *agent, const char *command)
{
	int ret = file_run(agent, command);

	return ret > 0 ? -EIO : ret;
}

static int run_tool(const char *command)
{
	return run_tool_in(NULL, command);
}

int sign_key_of(const char *name, const char *issuer, const char *words)
{
	char key[256], der[256], issuer_key[256], issuer_der[256];
	char command[2048];
	int len;

	key_path(name, "key", key, sizeof(key));
	key_path(name, "der", der, sizeof(der));
	if (!access(der, R_OK))
		return 0;
	len = snprintf(command, sizeof(command), OPENSSL
		       " req -x509 -new -nodes -subj /CN=%s -days 2 -keyout %s"
		       " -outform DER -out %s %s", name, key, der, words);
	if (issuer) {
		key_path(issuer, "key", issuer_key, sizeof(issuer_key));
		key_path(issuer, "der", issuer_der, sizeof(issuer_der));
		snprintf(command + len, sizeof(command) - len,
			 " -CA %s -CAkey %s", issuer_der, issuer_key);
	}
	return run_tool(command);
}

int sign_key(const char *name, const char *issuer)
{
	return sign_key_of(name, issuer, issuer ? SIGN_P256 SIGN_NO_CA :
				  SIGN_P256);
}

int sign_expire(const char *name, const char *expired)
{
	char key[256], der[256], out[256], command[1024];

	key_path(name, "key", key, sizeof(key));
	key_path(name, "der", der, sizeof(der));
	key_path(expired, "der", out, sizeof(out));
	snprintf(command, sizeof(command), OPENSSL " x509 -inform DER -in %s "
		 "-signkey %s -days -1 -outform DER -out %s", der, key, out);
	return run_tool(command);
}

/* No tool that is everywhere makes a certificate with a beginning of choice. */
int sign_postpone(const char *name, const char *later)
{
	char path[256];
	X509 *certificate = NULL;
	EVP_PKEY *pair = NULL;
	FILE *file;
	int ret = -EIO;

	key_path(name, "der", path, sizeof(path));
	file = fopen(path, "r");
	if (file) {
		certificate = d2i_X509_fp(file, NULL);
		fclose(file);
	}
	key_path(name, "key", path, sizeof(path));
	file = fopen(path, "r");
	if (file) {
		pair = PEM_read_PrivateKey(file, NULL, NULL, NULL);
		fclose(file);
	}
	key_path(later, "der", path, sizeof(path));
	file = fopen(path, "w");
	if (file) {
		if (certificate && pair &&
		    X509_gmtime_adj(X509_getm_notBefore(certificate), 86400) &&
		    X509_sign(certificate, pair, EVP_sha256()) &&
		    i2d_X509_fp(file, certificate))
			ret = 0;
		if (fclose(file))
			ret = -EIO;
	}
	EVP_PKEY_free(pair);
	X509_free(certificate);
	return ret;
}

int sign_open_keys(void)
{
	const char *base = getenv("SCRATCH");
	char command[256];

	snprintf(command, sizeof(command), "/bin/chmod -R a+rX %s/keys",
		 base ? base : "/scratch");
	return run_tool(command);
}

int sign_bytes(const char *name, const char *path, const char *out)
{
	char key[256], command[1024];

	key_path(name, "key", key, sizeof(key));
	snprintf(command, sizeof(command), OPENSSL " dgst -sha256 -sign %s -out "
		 "%s %s", key, out, path);
	return run_tool(command);
}

long sign_certificate(const char *name, char *der, size_t size)
{
	char path[256];

	key_path(name, "der", path, sizeof(path));
	return file_get(NULL, path, der, size);
}

int sign_file(const char *name, const char *path)
{
	char key[256], command[1024];

	key_path(name, "key", key, sizeof(key));
	snprintf(command, sizeof(command), EVMCTL " ima_sign -a sha256 -k %s %s",
		 key, path);
	return run_tool(command);
}

int sign_file_for_machine(const char *path)
{
	static const char below[] = "/imans-module/ima_ns.ko";
	const char *module = getenv("IMANS_MODULE");
	char key[512], command[1024];
	size_t len = module ? strlen(module) : 0;

	if (len < sizeof(below))
		return -ENOENT;
	snprintf(key, sizeof(key), "%.*s/certs/signing_key.pem",
		 (int)(len - strlen(below)), module);
	if (access(key, R_OK))
		return -errno;
	snprintf(command, sizeof(command), EVMCTL " ima_sign -a sha256 -k %s %s",
		 key, path);
	return run_tool(command);
}

int sign_hash(const char *algo, const char *path)
{
	char command[1024];

	snprintf(command, sizeof(command), EVMCTL " ima_hash -a %s %s", algo,
		 path);
	return run_tool(command);
}

int sign_metadata(struct agent *agent, const char *name, const char *path,
		  const char *options)
{
	char key[256], command[1024];

	key_path(name, "key", key, sizeof(key));
	snprintf(command, sizeof(command), EVMCTL
		 " sign --portable --imahash -a sha256 -k %s%s %s", key,
		 options, path);
	return run_tool_in(agent, command);
}

int sign_remove(const char *path)
{
	return removexattr(path, "security.ima") ? -errno : 0;
}

static long do_new_session(struct call *call)
{
	long id = syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL);

	call->out_len = 0;
	return id < 0 ? -errno : id;
}

static long do_new_ring(struct call *call)
{
	long id = syscall(SYS_add_key, "keyring", call->in, NULL, 0,
			  KEY_SPEC_SESSION_KEYRING);

	call->out_len = 0;
	return id < 0 ? -errno : id;
}

static long do_add(struct call *call)
{
	long id = syscall(SYS_add_key, "asymmetric", "", call->in, call->in_len,
			  (int)call->arg[0]);

	call->out_len = 0;
	return id < 0 ? -errno : id;
}

static long do_new_hmac_key(struct call *call)
{
	static const char master[32] = "not much of a secret";
	static const char format[] = "new user:kmk 64";
	long id;

	call->out_len = 0;
	id = syscall(SYS_add_key, "user", "kmk", master, sizeof(master),
		     KEY_SPEC_SESSION_KEYRING);
	if (id >= 0)
		id = syscall(SYS_add_key, "encrypted", "evm-key", format,
			     sizeof(format) - 1, KEY_SPEC_SESSION_KEYRING);
	return id < 0 ? -errno : id;
}

static long do_unlink_key(struct call *call)
{
	call->out_len = 0;
	return syscall(SYS_keyctl, KEYCTL_UNLINK, (int)call->arg[0],
		       (int)call->arg[1]) ? -errno : 0;
}

long sign_new_session(struct agent *agent)
{
	struct call call = { .fd = -1 };

	return agent_call(agent, do_new_session, &call);
}

long sign_new_ring(struct agent *agent, const char *ring)
{
	struct call call = {
		.fd = -1,
		.in = ring,
		.in_len = strlen(ring) + 1,
	};

	return agent_call(agent, do_new_ring, &call);
}

long sign_add(struct agent *agent, long ring, const char *name)
{
	char der[8192];
	long len = sign_certificate(name, der, sizeof(der));
	struct call call = {
		.arg = { ring },
		.fd = -1,
		.in = der,
		.in_len = len,
	};

	return len < 0 ? len : agent_call(agent, do_add, &call);
}

long sign_new_hmac_key(struct agent *agent)
{
	struct call call = { .fd = -1 };

	return agent_call(agent, do_new_hmac_key, &call);
}

long sign_unlink(struct agent *agent, long key, long ring)
{
	struct call call = { .arg = { key, ring }, .fd = -1 };

	return agent_call(agent, do_unlink_key, &call);
}

long sign_give_ring(struct agent *agent, const char *ring, const char *name)
{
	long id, ret;

	id = sign_new_ring(agent, ring);
	if (id < 0 || !name)
		return id;
	ret = sign_add(agent, id, name);
	return ret < 0 ? ret : id;
}

long sign_give_key(struct agent *agent, const char *name)
{
	long ret = sign_new_session(agent);

	return ret < 0 ? ret : sign_give_ring(agent, "_ima", name);
}
