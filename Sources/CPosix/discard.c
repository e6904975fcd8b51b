#define _GNU_SOURCE
#include "cposix.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// Whoever writes into a pipe that nobody has open for reading is killed by SIGPIPE, and whoever
// writes into one that nobody reads stops when it is full. So somebody has to read on.

static void close_from(unsigned first) {
  if (syscall(SYS_close_range, first, ~0U, 0U) == 0) return;
  long limit = sysconf(_SC_OPEN_MAX);
  if (limit <= 0 || limit > 65536) limit = 65536;
  for (int number = (int)first; number < limit; number++) close(number);
}

static void read_to_the_end(int count) {
  static char buffer[65536];
  struct pollfd entries[2];
  int open_count = count;
  for (int i = 0; i < count; i++) entries[i] = (struct pollfd){.fd = i, .events = POLLIN};
  while (open_count > 0) {
    if (poll(entries, (nfds_t)count, -1) < 0) {
      if (errno == EINTR) continue;
      break;
    }
    for (int i = 0; i < count; i++) {
      if (entries[i].fd < 0 || entries[i].revents == 0) continue;
      ssize_t got = read(entries[i].fd, buffer, sizeof buffer);
      if (got > 0 || (got < 0 && errno == EINTR)) continue;
      entries[i].fd = -1;
      open_count--;
    }
  }
}

// Only async-signal-safe calls: other threads may have held locks at the fork.
static void become_reader(const int *ends, int count) {
  setsid();
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  // Whoever looks for the executor by its command line must not find this process.
  cposix_rename_process("hflow-discard");
  cposix_wipe_environment();
  if (chdir("/") != 0) _exit(1);
  int copies[2];
  for (int i = 0; i < count; i++) copies[i] = fcntl(ends[i], F_DUPFD, 3);
  for (int i = 0; i < count; i++) dup2(copies[i], i);
  close_from((unsigned)count);
  read_to_the_end(count);
  _exit(0);
}

int cposix_discard(const int *ends, int count) {
  pid_t starter = fork();
  if (starter < 0) return -1;
  if (starter == 0) {
    // The reader is to outlive us, and nobody here is to wait for it.
    pid_t reader = fork();
    if (reader == 0) become_reader(ends, count);
    _exit(reader < 0 ? 1 : 0);
  }
  int status = 1;
  while (waitpid(starter, &status, 0) < 0 && errno == EINTR) {
  }
  return status == 0 ? 0 : -1;
}
