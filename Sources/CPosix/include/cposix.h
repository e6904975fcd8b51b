// What Glibc does not show to Swift: feature-test calls and function-like macros.
#pragma once

#include <sys/resource.h>

/// A pipe whose two ends close on exec. 0, or -1 with errno.
int cposix_pipe(int ends[2], int nonblocking);
/// The flag O_PATH: a descriptor that only names a place, for which search permission is enough.
int cposix_path_flag(void);
/// Whether a file has an access control list besides its mode.
int cposix_has_acl(const char *path);
/// A descriptor that becomes readable when the process ends. -1 with errno.
int cposix_pidfd_open(int pid);
/// A close-on-exec, non-blocking descriptor that reads the given signals, and blocks them. -1 with
/// errno.
int cposix_signal_fd(const int *signals, int count);
/// Whether a signal is ignored.
int cposix_signal_is_ignored(int signal);
/// Reads one pending signal number, 0 when there is none.
int cposix_read_signal(int fd);
/// How posix_spawn is told a new session: the flag is hidden behind a feature macro.
short cposix_spawn_setsid_flag(void);
/// Makes the child start in a directory; `actions` is a posix_spawn_file_actions_t.
int cposix_spawn_in_directory(void *actions, const char *directory);

/// Makes this process's memory and /proc entries unreadable for others of the same user.
void cposix_hide_memory(void);

/// A table of `count` numbers, all 0, that this process shares with those it forks. NULL with errno.
int *cposix_guardian_table(int count);
/// Forks a guardian that kills the process groups in the table (0: none) should this process die.
/// `held` must stay open in this process alone; `life` reads its end of file when the guardian has
/// ended. Returns the guardian's process id; -1 with errno.
int cposix_guardian_start(const int *groups, int count, int *held, int *life);

/// The words of the command line, the program's name first; 0 when they are not known.
int cposix_argument_count(void);
/// The word at a place below that count.
const char *cposix_argument(int index);
/// The path under which the kernel executed this program; NULL when it does not say so.
const char *cposix_executed_path(void);
/// Overwrites this process's name and command line, as the system shows them.
void cposix_rename_process(const char *name);
/// Overwrites the environment where the system shows it. Nothing can be looked up in it afterwards.
void cposix_wipe_environment(void);

/// Call it first. Where orphaned processes become children of this one (PID 1, a subreaper), the
/// program goes on in a child, and this process waits for all children, passes signals on, and ends
/// as the program ends.
void cposix_leave_orphans_to_parent(void);

/// Starts a process that reads at most two pipes to their ends and throws away what comes. Its
/// caller closes its own descriptors. 0, or -1 when no process can be started.
int cposix_discard(const int *ends, int count);

/// Forks a process that gives the terminal of standard input back should this process be killed.
/// Once for each process; does nothing without a terminal. -1 with errno.
int cposix_screen_guardian_start(void);
/// The terminal is ours from now on. Should we be killed, `text` leaves what it shows, and its
/// modes become `before` where they are still `during`; both are a `struct termios`.
void cposix_screen_guardian_hold(
    const void *text, int length, const void *before, const void *during);
/// A child has the terminal from now on, or with 0 whoever else: that one restores it.
void cposix_screen_guardian_lend(int guest);

/// Sends a signal to a process and to its descendants, the youngest first.
void cposix_signal_tree(int pid, int signal);

/// Like wait4 without waiting, but the process stays to be waited for, and its id stays taken. Its id,
/// 0 while it runs, or -1 with errno.
int cposix_peek(int pid, int *status, struct rusage *usage);

/// Lets all threads share one heap, where the C library would give each its own.
void cposix_use_one_heap_arena(void);

/// Whether a path is on a file system that other hosts may write to: NFS, Lustre, CephFS, FUSE ….
int cposix_is_on_shared_file_system(const char *path);

int cposix_exited(int status);
int cposix_exit_status(int status);
int cposix_term_signal(int status);
