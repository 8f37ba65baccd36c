/* Holds all inotify instances that this user may have, until it is ended. */
#include <stdio.h>
#include <sys/inotify.h>
#include <unistd.h>

int main(void) {
  while (inotify_init() >= 0) continue;
  puts("taken");
  fflush(stdout);
  for (;;) pause();
}
