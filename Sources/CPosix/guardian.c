#define _GNU_SOURCE
#include "cposix.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

// A process that is killed cannot end its children. The guardian can: it sleeps in a read from a
// pipe whose other end only the guarded process holds, and reads the end of file when that is gone.
// The table lies in shared memory, so that noting a group costs the guarded process no system call,
// and the next guardian finds every group that its predecessor knew.

static void watch(const int *groups, int count) {
  char byte;
  while (read(0, &byte, 1) < 0 && errno == EINTR) {
  }
  for (int i = 0; i < count; i++) {
    if (groups[i] > 1) kill(-groups[i], SIGKILL);
  }
  _exit(0);
}

// Only async-signal-safe calls: other threads may have held locks at the fork.
static void become_guardian(int held, int life, const int *groups, int count) {
  setsid();
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, NULL);
  prctl(PR_SET_NAME, "hflow-guardian");
  // The copies keep one descriptor from overwriting the other.
  held = fcntl(held, F_DUPFD, 3);
  life = fcntl(life, F_DUPFD, 3);
  if (held < 0 || life < 0 || dup2(held, 0) < 0 || dup2(life, 1) < 0) _exit(1);
  // Nobody shall wait for an end of file on a descriptor that we were given.
  if (syscall(SYS_close_range, 2U, ~0U, 0U) != 0) {
    long limit = sysconf(_SC_OPEN_MAX);
    for (int i = 2; i < (limit > 0 && limit < 65536 ? limit : 65536); i++) close(i);
  }
  watch(groups, count);
}

int *cposix_guardian_table(int count) {
  size_t size = (size_t)count * sizeof(int);
  int *groups = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  return groups == MAP_FAILED ? NULL : groups;
}

int cposix_guardian_start(const int *groups, int count, int *held, int *life) {
  int down[2], up[2];
  if (pipe2(down, O_CLOEXEC) != 0) return -1;
  if (pipe2(up, O_CLOEXEC) != 0) {
    close(down[0]);
    close(down[1]);
    return -1;
  }
  pid_t pid = fork();
  if (pid == 0) become_guardian(down[0], up[1], groups, count);
  int code = errno;
  close(down[0]);
  close(up[1]);
  if (pid < 0) {
    close(down[1]);
    close(up[0]);
    errno = code;
    return -1;
  }
  *held = down[1];
  *life = up[0];
  return pid;
}
