// SPDX-License-Identifier: GPL-2.0-only
/* A process, by /proc: is it there, may we read it, is it a virtual machine? */
#include "wss.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_pidfd_open
#define SYS_pidfd_open	434
#endif

#define KVM_VM		"anon_inode:kvm-vm"
#define KVM_DEBUG	"/sys/kernel/debug/kvm"

static void read_comm(struct process *process)
{
	FILE *file = process_file(process, "comm");

	strcpy(process->comm, "?");
	if (!file)
		return;
	if (fgets(process->comm, sizeof(process->comm), file))
		process->comm[strcspn(process->comm, "\n")] = '\0';
	fclose(file);
}

/* @proc: a descriptor of /proc. */
int process_open(struct process *process, int proc, pid_t pid)
{
	char name[16];

	*process = (struct process) { .pid = pid, .pidfd = -1, .vm_fd = -1 };
	snprintf(name, sizeof(name), "%d", pid);
	process->dir = openat(proc, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (process->dir < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	process->pidfd = syscall(SYS_pidfd_open, pid, 0);
	read_comm(process);
	/* If PID was given to another one meanwhile, the directory is dead. */
	if (faccessat(process->dir, "comm", F_OK, 0)) {
		process_close(process);
		return -ESRCH;
	}
	return 0;
}

void process_close(struct process *process)
{
	close(process->dir);
	if (process->pidfd >= 0)
		close(process->pidfd);
}

FILE *process_file(const struct process *process, const char *name)
{
	int fd = openat(process->dir, name, O_RDONLY | O_CLOEXEC);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");

	if (fd >= 0 && !file)
		close(fd);
	return file;
}

/* A VMM holds a descriptor for each of its virtual machines. */
int process_find_vms(struct process *process)
{
	int fd = openat(process->dir, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct dirent *entry;
	char target[64];
	ssize_t length;
	DIR *dir;

	if (fd < 0)
		return -errno;
	dir = fdopendir(fd);
	if (!dir) {
		close(fd);
		return -ENOMEM;
	}
	while ((entry = readdir(dir))) {
		length = readlinkat(fd, entry->d_name, target, sizeof(target) - 1);
		if (length < 0)
			continue;
		target[length] = '\0';
		if (strcmp(target, KVM_VM))
			continue;
		if (!process->vms++)
			process->vm_fd = atoi(entry->d_name);
	}
	closedir(dir);
	return 0;
}

/* Pages that were asked about under mmu_lock; negative: nobody tells. */
long long process_aged_slow(const struct process *process)
{
	long long pages = -1;
	char path[128];
	FILE *file;

	if (process->vms != 1)
		return -1;
	snprintf(path, sizeof(path), KVM_DEBUG "/%d-%d/pages_aged_slow",
		 process->pid, process->vm_fd);
	file = fopen(path, "re");
	if (!file)
		return -1;
	if (fscanf(file, "%lld", &pages) != 1)
		pages = -1;
	fclose(file);
	return pages;
}
