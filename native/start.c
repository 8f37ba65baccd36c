/*
 * launch, first half: take what bwrap needs from Node, start bwrap.
 *
 * Node writes records to the control socket: fd (u32), length (u32), bytes, in the machine's byte order.
 * A record for ARGS_FD, SECCOMP_FD or a data fd becomes a memory file that bwrap finds under that number;
 * ARGV and ENVIRON are NUL-terminated strings, so that every byte reaches the agent as it was typed
 * (Node itself can pass only UTF-8); GROUPS are the control groups of the box; END closes the list.
 */
#include "join.h"
#include <linux/sched.h>
#include <sys/mman.h>
#include <sys/stat.h>

enum { ARGV = 0, ENVIRON = 1, END = 2, GROUPS = 3 };
enum { LARGEST_RECORD = 64 << 20 };

static void read_exactly(void *into, size_t size) {
  char *at = into;
  while (size > 0) {
    ssize_t got = read(CONTROL_FD, at, size);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) _exit(125); /* Node is gone; nothing has been started. */
    at += got;
    size -= (size_t)got;
  }
}

static char *read_body(size_t size) {
  char *body = malloc(size + 1);
  if (body == NULL) die("malloc");
  read_exactly(body, size);
  body[size] = '\0';
  return body;
}

static char **split_strings(char *body, size_t size) {
  size_t count = 0;
  for (size_t at = 0; at < size; at++) count += body[at] == '\0';
  char **list = calloc(count + 1, sizeof *list);
  if (list == NULL) die("calloc");
  for (size_t n = 0; n < count; n++) {
    list[n] = body;
    body += strlen(body) + 1;
  }
  return list;
}

static void make_file(int number, const char *body, size_t size) {
  enum { NOEXEC_SEAL = 8 }; /* asked for where vm.memfd_noexec is 2; unknown before Linux 6.3 */
  int fd = memfd_create("agentbox", MFD_CLOEXEC | NOEXEC_SEAL);
  if (fd < 0 && errno == EINVAL) fd = memfd_create("agentbox", MFD_CLOEXEC);
  if (fd < 0) die("memfd_create");
  while (size > 0) {
    ssize_t put = write(fd, body, size);
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) die("write");
    body += put;
    size -= (size_t)put;
  }
  if (lseek(fd, 0, SEEK_SET) != 0) die("lseek");
  if (fd == number) {
    if (fcntl(fd, F_SETFD, 0) != 0) die("fcntl");
    return;
  }
  if (dup2(fd, number) != number) die("dup2");
  close(fd);
}

struct order {
  char **argv;
  char **environ;
  char **groups; /* NULL: none */
  int last_fd;
};

static struct order read_order(void) {
  struct order order = {.last_fd = CHANNEL_FD};
  for (;;) {
    uint32_t header[2];
    read_exactly(header, sizeof header);
    int number = (int)header[0];
    size_t size = header[1];
    if (size > LARGEST_RECORD) _exit(125);
    if (number == END) break;
    char *body = read_body(size);
    if (number == ARGV) order.argv = split_strings(body, size);
    else if (number == ENVIRON) order.environ = split_strings(body, size);
    else if (number == GROUPS) order.groups = split_strings(body, size);
    else {
      /* Without a gap, for all that is opened later must lie above the numbers that are bwrap's. */
      int next = order.last_fd == SECCOMP_FD ? FIRST_DATA_FD : order.last_fd + 1;
      if (number != next || number >= FIRST_DATA_FD + MOST_DATA_FDS) _exit(125);
      make_file(number, body, size);
      order.last_fd = number;
      free(body);
    }
  }
  if (order.argv == NULL || order.argv[0] == NULL || order.environ == NULL ||
      order.last_fd < SECCOMP_FD)
    _exit(125);
  return order;
}

_Noreturn static void refuse(const char *what) {
  dprintf(STDERR_FILENO, "%s: %s\n", what, strerror(errno));
  _exit(125);
}

static void write_own_pid(int at, const char *file) {
  int fd = openat(at, file, O_WRONLY | O_CLOEXEC);
  if (fd < 0 || write(fd, "0", 1) != 1) refuse(file);
  close(fd);
}

/*
 * Moving a process makes the kernel wait until no other one forks, some ten milliseconds. A single thread that
 * moves itself (`tasks`, version 1) and a process that begins in its group (version 2: a directory) need not wait.
 */
static pid_t fork_into_groups(char **groups) {
  int directory = -1;
  if (groups != NULL && groups[0] != NULL) directory = open(groups[0], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  struct clone_args how = {
      .flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD, .cgroup = (unsigned long long)directory};
  pid_t child = directory < 0 ? -1 : (pid_t)syscall(SYS_clone3, &how, sizeof how);
  bool there = child >= 0;
  if (!there) child = fork();
  if (child == 0) {
    if (dup2(CAPTURE_FD, STDERR_FILENO) < 0) _exit(125);
    if (!there && directory >= 0) write_own_pid(directory, "cgroup.procs");
    for (char **file = groups; directory < 0 && file != NULL && *file != NULL; file++)
      write_own_pid(AT_FDCWD, *file);
  }
  if (directory >= 0) close(directory);
  return child;
}

/*
 * All signals stay blocked, and a mask outlives exec: bwrap's monitor is in the group that the terminal
 * and the user's `kill` reach, and its death would take the box along.
 */
_Noreturn static void become_bwrap(const struct order *order, pid_t parent, int channel) {
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) _exit(125);
  if (getppid() != parent) _exit(125);
  if (dup2(channel, CHANNEL_FD) < 0) _exit(125);
  execve(order->argv[0], order->argv, order->environ);
  refuse(order->argv[0]);
}

/* Forked first, when there is nothing in this process but Node's sockets; told the box's pid over JOIN_FD. */
static pid_t start_joiner(bool sockets) {
  int pair[2], handles = sockets ? HANDLES_FD : -1;
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) die("socketpair");
  pid_t joiner = fork();
  if (joiner < 0) die("fork");
  if (joiner == 0) {
    if (dup2(pair[0], CONTROL_FD) < 0) _exit(125);
    close(pair[0]);
    close(pair[1]);
    close(CHANNEL_FD);
    close_from(handles < 0 ? REQUESTS_FD + 1 : HANDLES_FD + 1, INT_MAX);
    join_when_told(CONTROL_FD, REQUESTS_FD, handles);
  }
  if (dup3(pair[1], JOIN_FD, O_CLOEXEC) != JOIN_FD) die("join");
  close(pair[0]);
  close(pair[1]);
  return joiner;
}

/* A directory of the host in the box is a way to all that is around it, past masks: nothing reads from one. */
static void replace_directories(void) {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
    struct stat what;
    if (fstat(fd, &what) != 0 || !S_ISDIR(what.st_mode)) continue;
    int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (nothing < 0 || dup2(nothing, fd) != fd) die("/dev/null");
    close(nothing);
  }
}

struct box start_box(bool sockets) {
  replace_directories();
  close_from(sockets ? HANDLES_FD + 1 : HANDLES_FD, INT_MAX);
  pid_t joiner = start_joiner(sockets);
  close_from(CHANNEL_FD + 1, JOIN_FD - 1);
  close_from(JOIN_FD + 1, INT_MAX);
  if (fcntl(CONTROL_FD, F_SETFD, FD_CLOEXEC) != 0) die("control");
  if (fcntl(CHANNEL_FD, F_DUPFD_CLOEXEC, CAPTURE_FD) != CAPTURE_FD) die("capture");
  if (dup2(STDERR_FILENO, STDERR_FD) != STDERR_FD) die("stderr");
  struct order order = read_order();
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) die("socketpair");
  int on = 1;
  if (setsockopt(pair[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof on) != 0) die("SO_PASSCRED");
  pid_t self = getpid();
  pid_t monitor = fork_into_groups(order.groups);
  if (monitor < 0) die("fork");
  if (monitor == 0) become_bwrap(&order, self, pair[1]);
  close(pair[1]);
  close_from(CHANNEL_FD, STDERR_FD);
  if (order.last_fd >= FIRST_DATA_FD) close_from(FIRST_DATA_FD, order.last_fd);
  return (struct box){.monitor = monitor, .joiner = joiner, .channel = pair[0]};
}
