// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "container.h"
#include "util.h"

#define STACK_SIZE (1024 * 1024)

/* What a shell returns for a command it cannot run. */
#define EXIT_NOT_EXECUTABLE 126
#define EXIT_NOT_FOUND 127

static const int forwarded_signals[] = {
	SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2,
};

void container_block_signals(struct container *c)
{
	size_t i;

	sigemptyset(&c->forwarded);
	sigaddset(&c->forwarded, SIGCHLD);
	for (i = 0; i < ARRAY_SIZE(forwarded_signals); i++)
		sigaddset(&c->forwarded, forwarded_signals[i]);
	sigprocmask(SIG_BLOCK, &c->forwarded, &c->mask);
}

static int exit_status(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) :
				     WEXITSTATUS(status);
}

int container_supervise(const struct container *c, pid_t pid, pid_t *other)
{
	for (;;) {
		siginfo_t info;
		int sig = sigwaitinfo(&c->forwarded, &info), status;
		pid_t ended;

		if (sig < 0)
			continue;
		/*
		 * What the terminal sends goes to the whole foreground group,
		 * CMD included: it would get it twice.
		 */
		if (sig != SIGCHLD && info.si_code != SI_KERNEL)
			kill(pid, sig);
		if (sig != SIGCHLD)
			continue;
		while ((ended = waitpid(-1, &status, WNOHANG)) > 0) {
			if (ended == pid)
				return exit_status(status);
			if (other && ended == *other) {
				*other = 0;
				msg("swtpm ended, the namespace goes on without its TPM");
			}
		}
	}
}

static bool mount_all(const struct container *c)
{
	/* Slave: the host's changes arrive here, ours do not go there. */
	if (mount("none", "/", NULL, MS_REC | MS_SLAVE, NULL)) {
		msg_errno("making the mounts private");
		return false;
	}
	if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC,
		  NULL)) {
		msg_errno("mounting /proc");
		if (errno == EPERM)
			msg("the kernel refuses where parts of /proc are covered, as in most containers");
		return false;
	}
	return ns_mount_securityfs(c->securityfs);
}

static bool export_tpm(const struct vtpm *t)
{
	char *node = xasprintf("/dev/tpm%u", t->num);
	char *tcti = xasprintf("device:/dev/tpmrm%u", t->num);
	bool ok = !setenv("IMANS_TPM", node, 1) &&
		  (!t->tpm2 || !setenv("TPM2TOOLS_TCTI", tcti, 1));

	if (!ok)
		msg_errno("setenv");
	free(node);
	free(tcti);
	return ok;
}

/* From inside nobody can demand it: the parent does, where it finds the mount. */
static bool wait_for_ca(const struct container *c)
{
	return !c->cfg->ca.path ||
	       (write_byte(c->up[1]) && read_byte(c->go[0]));
}

/*
 * Keys come behind the policy, so that its rules decide whether they are
 * listed.
 */
static bool set_up(struct container *c)
{
	if (!mount_all(c) || !wait_for_ca(c))
		return false;
	/* The TPM must be there when the first entry is made: activation. */
	if (c->vtpm) {
		if (!vtpm_connect(c->vtpm) || !export_tpm(c->vtpm))
			return false;
		vtpm_forget(c->vtpm);
	}
	return ns_configure(c->securityfs, c->cfg) &&
	       ns_activate(c->securityfs) &&
	       (!c->cfg->policy_path || ns_load_policy(c->securityfs, c->cfg)) &&
	       (!c->nkeys || keyring_give(c->keys, c->nkeys));
}

static int exec_command(const struct container *c)
{
	sigprocmask(SIG_SETMASK, &c->mask, NULL);
	execvp(c->argv[0], c->argv);
	msg_errno("%s", c->argv[0]);
	return errno == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE;
}

/*
 * Pid 1 of the new pid namespace. It stays, as a small init: orphans get
 * reaped, and CMD, being pid 2, keeps the usual effects of signals. With CMD
 * it ends, and the kernel kills what CMD left behind.
 */
static int container_main(void *arg)
{
	struct container *c = arg;
	pid_t pid;

	/*
	 * Killing the parent shall not leave a container behind. Should it die
	 * before the prctl(), the read() finds the end of the pipe.
	 */
	close(c->go[1]);
	close(c->up[0]);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (!read_byte(c->go[0]) || !set_up(c))
		return IMANS_ERROR;
	close(c->go[0]);
	close(c->up[1]);
	pid = fork();
	if (pid < 0) {
		msg_errno("fork");
		return IMANS_ERROR;
	}
	if (!pid)
		_exit(exec_command(c));
	return container_supervise(c, pid, NULL);
}

pid_t container_start(struct container *c)
{
	char *stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	pid_t pid;

	if (stack == MAP_FAILED) {
		msg_errno("mmap");
		return -1;
	}
	pid = clone(container_main, stack + STACK_SIZE,
		    CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | SIGCHLD, c);
	if (pid < 0) {
		msg_errno("making user, mount and pid namespaces");
		if (errno == EPERM || errno == ENOSPC)
			msg("are user namespaces allowed here? See user.max_user_namespaces and kernel.unprivileged_userns_clone");
	}
	munmap(stack, STACK_SIZE);
	return pid;
}

static bool write_proc(pid_t pid, const char *file, const char *text)
{
	char *path = xasprintf("/proc/%d/%s", (int)pid, file);
	bool ok = !write_file(path, text);

	if (!ok)
		msg_errno("writing %s", path);
	free(path);
	return ok;
}

/* The caller's own ids, each mapped to itself: files keep their owners. */
static char *identity_map(const char *file)
{
	struct buf in = { 0 }, out = { 0 };
	char *line, *save, *text;

	if (read_file(file, &in)) {
		msg_errno("%s", file);
		buf_free(&in);
		return NULL;
	}
	for (line = strtok_r((char *)in.data, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		unsigned int inside, outside, count;

		if (sscanf(line, "%u %u %u", &inside, &outside, &count) != 3)
			continue;
		text = xasprintf("%u %u %u\n", inside, inside, count);
		buf_add(&out, text, strlen(text));
		free(text);
	}
	buf_free(&in);
	return (char *)out.data;
}

static bool map_identity(pid_t pid)
{
	char *uids = identity_map("/proc/self/uid_map");
	char *gids = identity_map("/proc/self/gid_map");
	bool ok = uids && gids && write_proc(pid, "uid_map", uids) &&
		  write_proc(pid, "gid_map", gids);

	free(uids);
	free(gids);
	return ok;
}

static bool map_ids(pid_t pid)
{
	char *uids, *gids;
	bool ok;

	if (!geteuid())
		return map_identity(pid);
	/* An unprivileged user may map only himself, and no group he left. */
	uids = xasprintf("0 %u 1\n", geteuid());
	gids = xasprintf("0 %u 1\n", getegid());
	ok = write_proc(pid, "setgroups", "deny") &&
	     write_proc(pid, "uid_map", uids) &&
	     write_proc(pid, "gid_map", gids);
	free(uids);
	free(gids);
	return ok;
}

/* The end instead of a byte: it could not mount, and has said why. */
static bool demand_ca(struct container *c, pid_t pid)
{
	char *dir;
	bool ok;

	if (!read_byte(c->up[0]))
		return false;
	dir = xasprintf("/proc/%d/root%s", (int)pid, c->securityfs);
	ok = ns_demand_ca(dir, c->cfg) && write_byte(c->go[1]);
	free(dir);
	return ok;
}

bool container_release(struct container *c, pid_t pid)
{
	/* If it is gone we are told so. CMD is not concerned. */
	signal(SIGPIPE, SIG_IGN);
	return map_ids(pid) && write_byte(c->go[1]) &&
	       (!c->cfg->ca.path || demand_ca(c, pid));
}
