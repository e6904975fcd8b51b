#define _GNU_SOURCE
#include "cposix.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

// A process without a parent becomes a child of PID 1, or of the next subreaper above it, and stays
// a zombie until that one waits for it. The program itself waits only for children that it started,
// so it runs as a child, and its parent does nothing but wait and pass signals on.

static int inherits_orphans(void) {
  int is_subreaper = 0;
  if (getpid() == 1) return 1;
  return prctl(PR_GET_CHILD_SUBREAPER, &is_subreaper) == 0 && is_subreaper != 0;
}

// Returns when there is nobody left to wait for now; ends this process with its program.
static void reap(pid_t program) {
  int status;
  pid_t pid;
  while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
    if (pid != program) continue;
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
  }
}

static void wait_for_orphans(pid_t program, const sigset_t *signals) {
  // Secrets that the program takes out of its environment would still be in ours.
  cposix_wipe_environment();
  for (;;) {
    int signal = sigwaitinfo(signals, NULL);
    if (signal == SIGCHLD) {
      reap(program);
    } else if (signal > 0) {
      kill(program, signal);
    }
  }
}

void cposix_leave_orphans_to_parent(void) {
  // Ignored, as some starters leave it, it would lose the exit codes of all children.
  signal(SIGCHLD, SIG_DFL);
  if (!inherits_orphans()) return;
  sigset_t all, former;
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, &former);
  int has_terminal = tcgetpgrp(STDIN_FILENO) == getpgrp();
  pid_t program = fork();
  if (program > 0) wait_for_orphans(program, &all);
  if (program == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    // A group of its own: what a terminal sends reaches it once, not also through its parent.
    if (setpgid(0, 0) == 0 && has_terminal) tcsetpgrp(STDIN_FILENO, getpgrp());
  }
  sigprocmask(SIG_SETMASK, &former, NULL);
}
