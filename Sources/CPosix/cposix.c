#define _GNU_SOURCE
#include "cposix.h"

#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

int cposix_pipe(int ends[2], int nonblocking) {
  return pipe2(ends, O_CLOEXEC | (nonblocking ? O_NONBLOCK : 0));
}

int cposix_path_flag(void) { return O_PATH; }

int cposix_has_acl(const char *path) {
  return getxattr(path, "system.posix_acl_access", NULL, 0) > 0;
}

int cposix_pidfd_open(int pid) {
  return (int)syscall(SYS_pidfd_open, pid, 0);
}

int cposix_signal_fd(const int *signals, int count) {
  sigset_t set;
  sigemptyset(&set);
  for (int i = 0; i < count; i++) sigaddset(&set, signals[i]);
  if (sigprocmask(SIG_BLOCK, &set, NULL) != 0) return -1;
  return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int cposix_read_signal(int fd) {
  struct signalfd_siginfo info;
  return read(fd, &info, sizeof info) == sizeof info ? (int)info.ssi_signo : 0;
}

int cposix_signal_is_ignored(int signal) {
  struct sigaction action;
  return sigaction(signal, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

short cposix_spawn_setsid_flag(void) { return POSIX_SPAWN_SETSID; }

int cposix_spawn_in_directory(void *actions, const char *directory) {
  return posix_spawn_file_actions_addchdir_np(actions, directory);
}

void cposix_hide_memory(void) { prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }

int cposix_peek(int pid, int *status, struct rusage *usage) {
  siginfo_t info = {0};
  if (syscall(SYS_waitid, P_PID, pid, &info, WEXITED | WNOHANG | WNOWAIT, usage) != 0) return -1;
  *status = info.si_code == CLD_EXITED ? (info.si_status & 0xff) << 8 : info.si_status & 0x7f;
  return info.si_pid;
}

int cposix_is_on_shared_file_system(const char *path) {
  struct statfs info;
  if (statfs(path, &info) != 0) return 0;
  switch ((unsigned long)info.f_type & 0xffffffff) {
    case 0x00006969:  // NFS
    case 0x0000517b:  // SMB
    case 0xfe534d42:  // SMB 2
    case 0xff534d42:  // CIFS
    case 0x00c36400:  // CephFS
    case 0x0bd00bd0:  // Lustre
    case 0x19830326:  // BeeGFS
    case 0x47504653:  // GPFS
    case 0x5346414f:  // AFS
    case 0x01021997:  // 9P
    case 0x65735546:  // FUSE
    case 0x01161970:  // GFS2
    case 0x20030528:  // OrangeFS
      return 1;
    default:
      return 0;
  }
}

int cposix_exited(int status) { return WIFEXITED(status); }
int cposix_exit_status(int status) { return WEXITSTATUS(status); }
int cposix_term_signal(int status) { return WTERMSIG(status); }

void cposix_use_one_heap_arena(void) {
#ifdef M_ARENA_MAX
  mallopt(M_ARENA_MAX, 1);
#endif
}
