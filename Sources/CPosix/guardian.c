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
// The table lies in shared memory, so that noting a group costs the guarded process no system call.

static void watch(int pipe_end, const int *groups, int count) {
  char byte;
  while (read(pipe_end, &byte, 1) < 0 && errno == EINTR) {
  }
  for (int i = 0; i < count; i++) {
    if (groups[i] > 1) kill(-groups[i], SIGKILL);
  }
  _exit(0);
}

// Only async-signal-safe calls: other threads may have held locks at the fork.
static void become_guardian(int ends[2], const int *groups, int count) {
  setsid();
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, NULL);
  prctl(PR_SET_NAME, "hflow-guardian");
  // Nobody shall wait for an end of file on a descriptor that we were given.
  int pipe_end = dup2(ends[0], 0);
  if (syscall(SYS_close_range, 1U, ~0U, 0U) != 0) {
    long limit = sysconf(_SC_OPEN_MAX);
    for (int i = 1; i < (limit > 0 && limit < 65536 ? limit : 65536); i++) close(i);
  }
  watch(pipe_end, groups, count);
}

int *cposix_guardian_start(int count) {
  int ends[2];
  size_t size = (size_t)count * sizeof(int);
  int *groups = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (groups == MAP_FAILED) return NULL;
  if (pipe2(ends, O_CLOEXEC) != 0) return NULL;
  pid_t pid = fork();
  if (pid < 0) return NULL;
  if (pid == 0) become_guardian(ends, groups, count);
  close(ends[0]);
  return groups;
}
