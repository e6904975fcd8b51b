// What ncurses offers only as macros, variadics or globals, which Swift does not see, and the
// little that must be C because it runs inside signal handlers.
//
// The functions with state (hf_signals_*, hf_guard_*) keep it in static variables of their own:
// each group may be called from one Swift file only.
#pragma once
#define _XOPEN_SOURCE_EXTENDED 1
#define NCURSES_WIDECHAR 1
#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <ncurses.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>
#undef tab
#undef lines
#undef columns
#undef newline

extern int wcwidth(wchar_t);

// MARK: Set-up

/// Takes the user's locale; nonzero when its characters are UTF-8.
static inline int hf_locale_is_utf8(void) {
  setlocale(LC_ALL, "");
  return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

/// Opens the terminal on standard output, with its input from `keys`; NULL when terminfo does not
/// know the type. The kernel knows the size: COLUMNS and LINES may be those of another terminal.
static inline SCREEN *hf_open(const char *type, FILE *keys) {
  use_env(FALSE);
  use_tioctl(TRUE);
  return newterm(type, stdout, keys);
}

/// A stream on the reading end of a pipe, from which ncurses gets its keys; NULL with errno.
static inline FILE *hf_keys_open(int descriptor) { return fdopen(descriptor, "r"); }

static inline WINDOW *hf_screen(void) { return stdscr; }
static inline int hf_colors(void) { return COLORS; }

/// Home, End and the like also as terminals send them that are not what TERM says: PuTTY as xterm,
/// screen and tmux. Otherwise `\033[1~` would be Escape and a `1`.
static inline void hf_define_keys(void) {
  static const struct { const char *text; int key; } keys[] = {
      {"\033[1~", KEY_HOME}, {"\033[7~", KEY_HOME}, {"\033[H", KEY_HOME}, {"\033OH", KEY_HOME},
      {"\033[4~", KEY_END},  {"\033[8~", KEY_END},  {"\033[F", KEY_END},  {"\033OF", KEY_END},
      {"\033[A", KEY_UP},    {"\033[B", KEY_DOWN},  {"\033[C", KEY_RIGHT}, {"\033[D", KEY_LEFT},
      {"\033OA", KEY_UP},    {"\033OB", KEY_DOWN},  {"\033OC", KEY_RIGHT}, {"\033OD", KEY_LEFT},
  };
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
    if (key_defined(keys[i].text) == 0) define_key(keys[i].text, keys[i].key);
  }
}

/// Nonzero when the terminal can move its cursor and clear itself.
static inline int hf_can_address(void) { return cursor_address != NULL && clear_screen != NULL; }

/// The terminal's size as the kernel knows it; 0 when it knows one.
static inline int hf_size(int *rows, int *columns) {
  struct winsize size;
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) return -1;
  if (size.ws_row == 0 || size.ws_col == 0) return -1;
  *rows = size.ws_row;
  *columns = size.ws_col;
  return 0;
}

/// Bytes that can be read from standard input now.
static inline int hf_input_waiting(void) {
  int count = 0;
  return ioctl(STDIN_FILENO, FIONREAD, &count) == 0 ? count : -1;
}

// MARK: Cells

static inline attr_t hf_attributes(int bold, int dim, int underline, int reverse, int italic) {
  return (bold ? A_BOLD : 0) | (dim ? A_DIM : 0) | (underline ? A_UNDERLINE : 0) |
         (reverse ? A_REVERSE : 0) | (italic ? A_ITALIC : 0);
}

/// Puts one character with its marks, as far as this C library can print them.
static inline void hf_put(WINDOW *window, int row, int column, const uint32_t *scalars, int count,
                          attr_t attributes, int pair) {
  wchar_t text[CCHARW_MAX + 1];
  int length = 0;
  for (int i = 0; i < count && length < CCHARW_MAX; i++) {
    int width = wcwidth((wchar_t)scalars[i]);
    if (i == 0) text[length++] = width < 1 ? L'?' : (wchar_t)scalars[i];
    else if (width == 0) text[length++] = (wchar_t)scalars[i];
  }
  text[length] = 0;
  cchar_t cell;
  if (setcchar(&cell, text, attributes, 0, &pair) == OK) mvwadd_wch(window, row, column, &cell);
}

// MARK: Pastes

/// What makes the terminal mark a paste, or no longer.
static inline const char *hf_paste_text(int on) { return on ? "\033[?2004h" : "\033[?2004l"; }

/// Asks the terminal to mark what is pasted.
static inline void hf_paste_enable(int on) {
  fflush(stdout);
  ssize_t written = write(STDOUT_FILENO, hf_paste_text(on), strlen(hf_paste_text(on)));
  (void)written;
}

// MARK: Mouse

enum {
  HF_MOUSE_NONE, HF_MOUSE_PRESS, HF_MOUSE_DRAG, HF_MOUSE_RELEASE, HF_MOUSE_WHEEL_UP,
  HF_MOUSE_WHEEL_DOWN
};

/// ncurses asks the terminal for presses only; movements with a button down are asked for here.
static inline void hf_mouse_enable(int on) {
  mouseinterval(0);
  mousemask(on ? BUTTON1_PRESSED | BUTTON1_RELEASED | BUTTON4_PRESSED | BUTTON5_PRESSED |
                     REPORT_MOUSE_POSITION
               : 0,
            NULL);
  if (key_mouse == NULL) return;
  const char *text = on ? "\033[?1002h" : "\033[?1002l";
  fflush(stdout);
  ssize_t written = write(STDOUT_FILENO, text, strlen(text));
  (void)written;
}

static inline int hf_mouse(int *column, int *row) {
  MEVENT event;
  if (getmouse(&event) != OK) return HF_MOUSE_NONE;
  *column = event.x;
  *row = event.y;
  if (event.bstate & BUTTON4_PRESSED) return HF_MOUSE_WHEEL_UP;
  if (event.bstate & BUTTON5_PRESSED) return HF_MOUSE_WHEEL_DOWN;
  if (event.bstate & BUTTON1_PRESSED) return HF_MOUSE_PRESS;
  if (event.bstate & BUTTON1_RELEASED) return HF_MOUSE_RELEASE;
  return event.bstate & REPORT_MOUSE_POSITION ? HF_MOUSE_DRAG : HF_MOUSE_NONE;
}

// MARK: Signals as bytes in a pipe
//
// Handlers instead of a signalfd: other threads of the program may have the signals unblocked, and
// processes it starts must not inherit them blocked.

enum { HF_SIGNALS = 16, HF_SIGNALS_OF_SCREEN = 5, HF_REALTIME = 64 };
struct hf_signals {
  int pipe;
  struct sigaction before[HF_SIGNALS + HF_REALTIME];
  char is_ours[HF_SIGNALS + HF_REALTIME];
};

/// Local, because Swift's importer does not emit the header's global variables.
static inline struct hf_signals *hf_signals(void) {
  static struct hf_signals signals;
  return &signals;
}

/// How many there are; the real-time signals are known at run time only.
static inline int hf_signals_count(void) {
  int realtime = SIGRTMAX - SIGRTMIN + 1;
  return HF_SIGNALS + (realtime < HF_REALTIME ? realtime : HF_REALTIME);
}

/// Those that a screen is about come first. The others end a program that does not catch them;
/// SIGUSR1 is what batch systems send.
static inline int hf_signals_number(int index) {
  const int numbers[HF_SIGNALS] = {
      SIGINT,  SIGTERM,   SIGHUP,  SIGWINCH, SIGCONT, SIGUSR1,   SIGUSR2, SIGALRM,
      SIGVTALRM, SIGPROF, SIGPOLL, SIGPWR,   SIGSTKFLT, SIGXCPU, SIGXFSZ, SIGPIPE};
  return index < HF_SIGNALS ? numbers[index] : SIGRTMIN + index - HF_SIGNALS;
}

static inline void hf_signals_handler(int number) {
  int before = errno;
  unsigned char byte = (unsigned char)number;
  ssize_t written = write(hf_signals()->pipe, &byte, 1);
  (void)written;
  errno = before;
}

/// From now on the signals above arrive as bytes in the non-blocking pipe.
static inline void hf_signals_install(int pipe) {
  hf_signals()->pipe = pipe;
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = hf_signals_handler;
  action.sa_flags = SA_RESTART;
  sigset_t set;
  sigemptyset(&set);
  for (int i = 0; i < hf_signals_count(); i++) {
    int number = hf_signals_number(i);
    sigaction(number, NULL, &hf_signals()->before[i]);
    // What was to be ignored, as after nohup, does not end the screen either.
    hf_signals()->is_ours[i] =
        i < HF_SIGNALS_OF_SCREEN || hf_signals()->before[i].sa_handler != SIG_IGN;
    if (hf_signals()->is_ours[i]) sigaction(number, &action, NULL);
    sigaddset(&set, number);
  }
  sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static inline void hf_signals_remove(void) {
  for (int i = 0; i < hf_signals_count(); i++) {
    if (hf_signals()->is_ours[i]) {
      sigaction(hf_signals_number(i), &hf_signals()->before[i], NULL);
    }
  }
  hf_signals()->pipe = -1;
}

/// Stops the whole job, as Ctrl-Z does when nobody catches it; returns when it goes on.
static inline void hf_stop_job(void) { kill(0, SIGTSTP); }

// MARK: Crash guard
//
// A program that dies must not leave the terminal in its alternate screen, silent and raw.

enum { HF_FATAL = 8 };
struct hf_guard {
  struct sigaction before[HF_FATAL];
  struct termios modes;
  int has_modes;
  char text[512];
  size_t length;
  char stack[32768];
};

static inline struct hf_guard *hf_guard(void) {
  static struct hf_guard guard;
  return &guard;
}

static inline int hf_guard_number(int index) {
  const int numbers[HF_FATAL] = {SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGABRT, SIGFPE, SIGQUIT,
                                 SIGSYS};
  return numbers[index];
}

/// Restores the terminal, then lets the signal do what it would have done.
static inline void hf_guard_handler(int number, siginfo_t *info, void *context) {
  (void)context;
  signal(SIGTTOU, SIG_IGN);
  ssize_t written = write(STDOUT_FILENO, hf_guard()->text, hf_guard()->length);
  (void)written;
  if (hf_guard()->has_modes) tcsetattr(STDIN_FILENO, TCSANOW, &hf_guard()->modes);
  for (int i = 0; i < HF_FATAL; i++) sigaction(hf_guard_number(i), &hf_guard()->before[i], NULL);
  // A fault comes again by itself, and then whoever was there before tells of it. A signal that was
  // sent does not: it ends the program as it would have done.
  if (info->si_code > 0) return;
  signal(number, SIG_DFL);
  raise(number);
}

/// Keeps the terminal's modes; call before ncurses changes them.
static inline void hf_guard_keep_modes(void) {
  hf_guard()->has_modes = tcgetattr(STDIN_FILENO, &hf_guard()->modes) == 0;
}

/// Adds a terminal string without its padding marks `$<…>`.
static inline void hf_guard_add(const char *text) {
  if (text == NULL || text == (const char *)-1) return;
  while (*text && hf_guard()->length < sizeof hf_guard()->text) {
    const char *end = text[0] == '$' && text[1] == '<' ? strchr(text, '>') : NULL;
    if (end) text = end + 1;
    else hf_guard()->text[hf_guard()->length++] = *text++;
  }
}

/// What leaves the screen.
static inline void hf_guard_add_screen(void) {
  if (key_mouse != NULL) hf_guard_add("\033[?1006l\033[?1002l\033[?1000l");
  hf_guard_add(exit_attribute_mode);
  hf_guard_add(cursor_normal);
  hf_guard_add(keypad_local);
  hf_guard_add(exit_ca_mode);
  hf_guard_add("\r\n");
}

/// With a screen: call after newterm, whose strings it uses. `has_pastes`: the terminal marks them.
static inline void hf_guard_install(int has_screen, int has_pastes) {
  hf_guard()->length = 0;
  if (has_pastes) hf_guard_add(hf_paste_text(0));
  if (has_screen) hf_guard_add_screen();
  stack_t stack;
  memset(&stack, 0, sizeof stack);
  stack.ss_sp = hf_guard()->stack;
  stack.ss_size = sizeof hf_guard()->stack;
  sigaltstack(&stack, NULL);
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_sigaction = hf_guard_handler;
  action.sa_flags = SA_ONSTACK | SA_SIGINFO;
  for (int i = 0; i < HF_FATAL; i++) sigaction(hf_guard_number(i), &action, &hf_guard()->before[i]);
}

static inline void hf_guard_remove(void) {
  for (int i = 0; i < HF_FATAL; i++) sigaction(hf_guard_number(i), &hf_guard()->before[i], NULL);
}

/// What is written to leave the screen; `length` bytes.
static inline const char *hf_guard_text(int *length) {
  *length = (int)hf_guard()->length;
  return hf_guard()->text;
}

/// The modes that were kept; NULL when there were none.
static inline const struct termios *hf_guard_modes(void) {
  return hf_guard()->has_modes ? &hf_guard()->modes : NULL;
}
