#define _GNU_SOURCE
#include "cposix.h"

#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <unistd.h>

// Swift's runtime reads the arguments from /proc/self/cmdline, which may be missing, or unreadable
// under a preloaded library. glibc hands every constructor what it hands to main.
static int argument_count = 0;
static char **argument_words = NULL;

__attribute__((constructor)) static void keep_arguments(int argc, char **argv) {
  argument_count = argc;
  argument_words = argv;
}

int cposix_argument_count(void) {
  return argument_words == NULL || argument_words[0] == NULL ? 0 : argument_count;
}

const char *cposix_argument(int index) { return argument_words[index]; }

const char *cposix_executed_path(void) { return (const char *)getauxval(AT_EXECFN); }

// The words lie one behind the other, and so do the variables of the environment.
static void wipe(char **words) {
  for (char **word = words; word != NULL && *word != NULL; word++) memset(*word, 0, strlen(*word));
}

void cposix_rename_process(const char *name) {
  prctl(PR_SET_NAME, name);
  if (cposix_argument_count() == 0) return;
  size_t room = strlen(argument_words[0]);
  wipe(argument_words);
  strncpy(argument_words[0], name, room);
}

void cposix_wipe_environment(void) { wipe(environ); }
