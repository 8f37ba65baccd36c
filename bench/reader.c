/* reader FILE MICROSECONDS: reads a file again and again, and prints each other content that it gets. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  useconds_t pause = (useconds_t)atoi(argv[2]);
  char last[64] = "", now[64];
  puts("up");
  fflush(stdout);
  for (;;) {
    int fd = open(argv[1], O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? 0 : read(fd, now, sizeof now - 1);
    if (fd >= 0) close(fd);
    if (got > 0) {
      now[got] = '\0';
      if (strcmp(now, last) != 0) {
        strcpy(last, now);
        fputs(now, stdout);
        fflush(stdout);
      }
    }
    if (pause > 0) usleep(pause);
  }
}
