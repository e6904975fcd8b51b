#define _GNU_SOURCE
#include "cposix.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

// A program that is killed cannot give its terminal back. A second process can: it sleeps in a read
// from a pipe whose other end only the program holds, and reads the end of file when the program is
// gone. What it has to restore lies in memory that both see, so that taking and giving back the
// terminal costs the program no system call.

enum { ANCESTORS = 16, TEXT = 512, GUEST_MILLISECONDS = 2000, FRONT_MILLISECONDS = 2000 };

struct screen {
  /// The program has the terminal, or has lent it to `guest`.
  atomic_int is_held;
  /// The pager or editor that has the terminal meanwhile; 0 for none.
  atomic_int guest;
  /// As the program found the terminal, and as it uses it.
  struct termios before, during;
  size_t length;
  char text[TEXT];
  /// The process groups of the program and of those that it came from: shells, scripts.
  pid_t group;
  pid_t ancestors[ANCESTORS];
  int ancestor_count;
};

static struct screen *screen;

// MARK: Processes

/// Reads parent, group and session of a process; 0 when there is none. Allocates nothing.
static int read_stat(pid_t pid, pid_t *parent, pid_t *group, pid_t *session) {
  char path[64], text[512];
  snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  ssize_t count = read(file, text, sizeof text - 1);
  close(file);
  if (count <= 0) return 0;
  text[count] = 0;
  // A name may have blanks and parentheses in it: the last one ends it.
  char *end = strrchr(text, ')');
  char state;
  return end != NULL && sscanf(end + 1, " %c %d %d %d", &state, parent, group, session) == 4;
}

static void note_ancestors(struct screen *screen) {
  screen->group = getpgrp();
  pid_t pid = getppid(), session = getsid(0);
  while (pid > 1 && screen->ancestor_count < ANCESTORS) {
    pid_t parent, group, its_session;
    if (!read_stat(pid, &parent, &group, &its_session) || its_session != session) return;
    if (group != screen->group) screen->ancestors[screen->ancestor_count++] = group;
    pid = parent;
  }
}

void cposix_signal_tree(int pid, int signal) {
  char path[64], text[4096];
  snprintf(path, sizeof path, "/proc/%d/task/%d/children", pid, pid);
  int file = open(path, O_RDONLY | O_CLOEXEC);
  ssize_t count = file < 0 ? 0 : read(file, text, sizeof text - 1);
  if (file >= 0) close(file);
  text[count > 0 ? count : 0] = 0;
  // A shell that ends first would take the list of its children along.
  for (char *rest = text; *rest;) {
    long child = strtol(rest, &rest, 10);
    if (child > 1) cposix_signal_tree((int)child, signal);
    while (*rest == ' ') rest++;
  }
  kill(pid, signal);
}

// MARK: The guardian

static int are_same(const struct termios *one, const struct termios *other) {
  return one->c_iflag == other->c_iflag && one->c_oflag == other->c_oflag &&
         one->c_cflag == other->c_cflag && one->c_lflag == other->c_lflag &&
         memcmp(one->c_cc, other->c_cc, sizeof one->c_cc) == 0;
}

static int is_ancestor(const struct screen *screen, pid_t group) {
  for (int i = 0; i < screen->ancestor_count; i++) {
    if (screen->ancestors[i] == group) return 1;
  }
  return 0;
}

/// A program that runs on without the screen that lent it the terminal: nobody reads what it makes.
static void end_guest(pid_t guest) {
  const struct timespec beat = {0, 20 * 1000 * 1000};
  cposix_signal_tree(guest, SIGHUP);
  cposix_signal_tree(guest, SIGCONT);
  for (int waited = 0; waited < GUEST_MILLISECONDS; waited += 20) {
    if (kill(guest, 0) != 0) return;
    nanosleep(&beat, NULL);
  }
  cposix_signal_tree(guest, SIGKILL);
}

/// Restores the terminal on descriptors 1 (its modes) and 2 (what it shows), if it is still ours:
///
/// | who has the terminal | modes | done |
/// |---|---|---|
/// | the shell that started us | ours | both |
/// | the same | others: the shell's own | text |
/// | our group, or nobody knows | ours | both |
/// | the same | others: the next program's | nothing |
/// | another program, which the shell may have started since, for up to two seconds | | waits |
/// | another program after that | | nothing |
static void give_back(const struct screen *screen) {
  pid_t guest = atomic_load(&screen->guest);
  if (guest > 1) end_guest(guest);
  // Where more commands stand on the shell's line, the next one has the terminal for a moment.
  const struct timespec beat = {0, 20 * 1000 * 1000};
  for (int waited = 0; waited < FRONT_MILLISECONDS; waited += 20) {
    pid_t front = tcgetpgrp(1);
    if (front <= 0 || front == screen->group || is_ancestor(screen, front)) break;
    nanosleep(&beat, NULL);
  }
  struct termios now;
  int has_modes = tcgetattr(1, &now) == 0;
  int are_ours = has_modes && (guest > 1 || are_same(&now, &screen->during));
  // Fails when the session has ended with the program: then the modes alone tell.
  pid_t front = tcgetpgrp(1);
  int is_shell = front > 0 && is_ancestor(screen, front);
  if (front > 0 && front != screen->group && !is_shell) return;
  if (!is_shell && !are_ours) return;
  // A guest's modes are not known: a shell puts them right by itself.
  if (are_ours && !(guest > 1 && is_shell)) tcsetattr(1, TCSANOW, &screen->before);
  ssize_t written = write(2, screen->text, screen->length);
  (void)written;
}

static void become_guardian(int end, int modes, int output, struct screen *screen) {
  // A group of its own, in the same session: what ends the program's group does not end it.
  setpgid(0, 0);
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, NULL);
  prctl(PR_SET_NAME, "hflow-screen");
  int moved = chdir("/");
  (void)moved;
  dup2(end, 0);
  dup2(modes, 1);
  dup2(output, 2);
  if (syscall(SYS_close_range, 3U, ~0U, 0U) != 0) {
    for (int i = 3; i < 65536; i++) close(i);
  }
  char byte;
  while (read(0, &byte, 1) < 0 && errno == EINTR) {
  }
  if (atomic_load(&screen->is_held)) give_back(screen);
  _exit(0);
}

int cposix_screen_guardian_start(void) {
  if (screen != NULL || !isatty(STDIN_FILENO)) return 0;
  struct screen *shared =
      mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) return -1;
  note_ancestors(shared);
  int output = isatty(STDOUT_FILENO) ? STDOUT_FILENO : STDIN_FILENO;
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return -1;
  // Above what the guardian puts in their places.
  int end = fcntl(ends[0], F_DUPFD_CLOEXEC, 10);
  int modes = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 10);
  int text = fcntl(output, F_DUPFD_CLOEXEC, 10);
  pid_t pid = fork();
  if (pid == 0) become_guardian(end, modes, text, shared);
  close(end);
  close(modes);
  close(text);
  close(ends[0]);
  if (pid < 0) {
    close(ends[1]);
    return -1;
  }
  screen = shared;
  return 0;
}

void cposix_screen_guardian_hold(
    const void *text, int length, const void *before, const void *during) {
  if (screen == NULL) return;
  memcpy(&screen->before, before, sizeof screen->before);
  memcpy(&screen->during, during, sizeof screen->during);
  screen->length = length < TEXT ? (size_t)length : TEXT;
  memcpy(screen->text, text, screen->length);
  atomic_store(&screen->guest, 0);
  atomic_store(&screen->is_held, 1);
}

void cposix_screen_guardian_lend(int guest) {
  if (screen == NULL) return;
  atomic_store(&screen->guest, guest);
  atomic_store(&screen->is_held, guest > 0);
}
