/* agentbox-helper: see common.h. Everything here runs before or beside the agent, never on its behalf. */
#include "common.h"

_Noreturn void die(const char *what) {
  dprintf(STDERR_FILENO, "agentbox-helper: %s: %s\n", what, strerror(errno));
  _exit(125);
}

void block_all_signals(void) {
  sigset_t all;
  sigfillset(&all);
  if (sigprocmask(SIG_SETMASK, &all, NULL) != 0) die("sigprocmask");
}

int watch_signals(void) {
  sigset_t all;
  sigfillset(&all);
  int fd = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
  if (fd < 0) die("signalfd");
  return fd;
}

/* Fails closed: without close_range (before Linux 5.9) a descriptor could slip into the box. */
void close_from(int first, int last) {
#ifndef SYS_close_range
#define SYS_close_range 436
#endif
  if (syscall(SYS_close_range, (unsigned)first, (unsigned)last, 0) != 0) die("close_range");
}

bool send_message(int channel, uint32_t kind, int32_t value) {
  struct message message = {kind, value};
  ssize_t sent;
  do sent = send(channel, &message, sizeof message, MSG_NOSIGNAL);
  while (sent < 0 && errno == EINTR);
  return sent == (ssize_t)sizeof message;
}

int64_t now_ms(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

bool is_signal(int number) { return number > 0 && number <= 64; }

int main(int argc, char **argv) {
  if (argc >= 2 && strcmp(argv[1], "launch") == 0) return launch_main(argc == 3 && strcmp(argv[2], "sockets") == 0);
  if (argc >= 2 && strcmp(argv[1], "init") == 0) return init_main(argc - 2, argv + 2);
  if (argc >= 2 && strcmp(argv[1], "join") == 0) return join_main(argc - 2, argv + 2);
  if (argc >= 2 && strcmp(argv[1], "connect") == 0) return connect_main(argc - 2, argv + 2);
  if (argc == 2 && strcmp(argv[1], "probe") == 0) return probe_main();
  dprintf(STDERR_FILENO, "agentbox-helper: for agentbox's own use\n");
  return 2;
}
