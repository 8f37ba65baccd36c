// Calls the kernel by number, for the tests of the seccomp filter.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// "nr,arg,arg,…" in hex → "errno", 0 for success.
static void call(const char *text) {
  unsigned long v[7] = {0};
  char *at = (char *)text;
  for (int i = 0; i < 7; i++) {
    v[i] = strtoul(at, &at, 16);
    if (*at++ != ',') break;
  }
  long rc = syscall((long)v[0], v[1], v[2], v[3], v[4], v[5], v[6]);
  printf("%d\n", rc < 0 ? errno : 0);
}

// getpid of the i386 ABI out of a 64-bit process: prints the signal that ends it.
static void int80(void) {
  int status = 0;
  pid_t child = fork();
  if (child == 0) {
#ifdef __x86_64__
    long rc = 20;
    __asm__ volatile("int $0x80" : "+a"(rc)::"memory", "r8", "r9", "r10", "r11");
#endif
    _exit(0);
  }
  waitpid(child, &status, 0);
  printf("%d\n", WIFSIGNALED(status) ? WTERMSIG(status) : 0);
}

// TIOCSTI on a controlling terminal of our own, asked for plainly and with a high bit set.
static void terminal(void) {
  int master = posix_openpt(O_RDWR | O_NOCTTY);
  if (master < 0 || grantpt(master) || unlockpt(master)) exit(3);
  const char *name = ptsname(master);
  if (fork() == 0) {
    setsid();
    int fd = open(name, O_RDWR);
    if (fd < 0) exit(4);
    long plain = syscall(SYS_ioctl, fd, 0x5412UL, "x");
    int first = plain < 0 ? errno : 0;
    long high = syscall(SYS_ioctl, fd, 0xffffffff00005412UL, "x");
    int second = high < 0 ? errno : 0;
    struct winsize size;
    printf("%d %d %d\n", first, second, ioctl(fd, TIOCGWINSZ, &size));
    exit(0);
  }
  wait(NULL);
}

static void *thread(void *value) { return value; }

static void threads(void) {
  pthread_t all[8];
  long sum = 0;
  for (long i = 0; i < 8; i++)
    if (pthread_create(&all[i], NULL, thread, (void *)i)) exit(5);
  for (int i = 0; i < 8; i++) {
    void *got;
    pthread_join(all[i], &got);
    sum += (long)got;
  }
  printf("%ld\n", sum);
}

int main(int argc, char **argv) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  if (!strcmp(argv[1], "int80")) int80();
  else if (!strcmp(argv[1], "terminal")) terminal();
  else if (!strcmp(argv[1], "threads")) threads();
  else
    for (int i = 1; i < argc; i++) call(argv[i]);
  return 0;
}
