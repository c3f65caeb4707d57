// SPDX-License-Identifier: GPL-2.0-only
/*
 * kexec for kexec.sh, in two steps: what is listed between them has to be carried
 * over as well.
 *
 *	kexec load KERNEL INITRAMFS CMDLINE
 *	kexec start
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <unistd.h>

static int load(const char *kernel, const char *initramfs, const char *cmdline)
{
	int kernel_fd, initramfs_fd;

	kernel_fd = open(kernel, O_RDONLY | O_CLOEXEC);
	if (kernel_fd < 0) {
		perror(kernel);
		return 1;
	}
	initramfs_fd = open(initramfs, O_RDONLY | O_CLOEXEC);
	if (initramfs_fd < 0) {
		perror(initramfs);
		return 1;
	}
	if (syscall(SYS_kexec_file_load, kernel_fd, initramfs_fd,
		    strlen(cmdline) + 1, cmdline, 0)) {
		perror("kexec_file_load");
		return 1;
	}
	return 0;
}

int main(int argc, char *argv[])
{
	if (argc == 5 && !strcmp(argv[1], "load"))
		return load(argv[2], argv[3], argv[4]);
	if (argc == 2 && !strcmp(argv[1], "start")) {
		reboot(RB_KEXEC);
		perror("reboot");
		return 1;
	}
	fprintf(stderr, "kexec: see kexec.sh for its arguments\n");
	return 2;
}
