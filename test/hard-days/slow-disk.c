/* Preloaded into a process, makes its disk slow: fsync and fdatasync take so many milliseconds
 * longer as the file that WEIR_SLOW_DISK names says, read anew each time. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static void delay(void) {
  const char *path = getenv("WEIR_SLOW_DISK");
  FILE *file = path ? fopen(path, "r") : NULL;
  long ms = 0;
  if (file) {
    if (fscanf(file, "%ld", &ms) != 1) ms = 0;
    fclose(file);
  }
  struct timespec pause = {ms / 1000, (ms % 1000) * 1000000};
  /* A child that ends interrupts it. */
  while (nanosleep(&pause, &pause) == -1 && errno == EINTR);
}

int fsync(int fd) {
  int (*next)(int) = dlsym(RTLD_NEXT, "fsync");
  delay();
  return next(fd);
}

int fdatasync(int fd) {
  int (*next)(int) = dlsym(RTLD_NEXT, "fdatasync");
  delay();
  return next(fd);
}
