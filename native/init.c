/*
 * init: pid 1 of the box. Starts the agent when launch says so, reaps, passes signals on, reports.
 *
 * It blocks every signal, and the kernel spares pid 1 the SIGKILL and SIGSTOP of its own namespace. When it
 * ends, the kernel kills everything else in the box; it ends when launch does (the channel closes, and
 * PR_SET_PDEATHSIG). It must not join the agent's process group: the group's number would then outlive its
 * leader in pid 1 itself, and the kernel, which waits for all numbers of the namespace, would wait for ever.
 * So a child of it, the listener, is in that group to notice what the terminal sends there.
 */
#include "common.h"

static struct {
  pid_t agent;
  int signals;
  int listener; /* -1: it is gone */
  bool frozen, alone;
  int unanswered; /* PINGs */
  int64_t next_ping;
  char directory[PATH_MAX]; /* that the agent begins in */
} it;

enum { PING_MS = 1000, MOST_UNANSWERED = 2 };


/* ---- the agent's process, before it is the agent ---- */

/*
 * No abstract socket and no process outside of the agent's own descendants. With the host's network
 * namespace the abstract sockets of X11 and D-Bus would be in reach. Landlock has it since Linux 6.12.
 */
static bool enter_scope(void) {
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_restrict_self 446
#endif
  enum { VERSION = 1, ABSTRACT_UNIX_SOCKET = 1, SIGNAL = 2 };
  struct {
    uint64_t files, network, scoped;
  } rules = {.scoped = ABSTRACT_UNIX_SOCKET | SIGNAL};
  if (syscall(SYS_landlock_create_ruleset, NULL, 0, VERSION) < 6) return true;
  int fd = (int)syscall(SYS_landlock_create_ruleset, &rules, sizeof rules, 0);
  if (fd < 0) return false;
  bool done = syscall(SYS_landlock_restrict_self, fd, 0) == 0;
  close(fd);
  return done;
}

static bool limit(int resource, rlim_t most) {
  struct rlimit now;
  if (getrlimit((__rlimit_resource_t)resource, &now) != 0) return false;
  if (now.rlim_max < most) most = now.rlim_max;
  return setrlimit((__rlimit_resource_t)resource, &(struct rlimit){most, most}) == 0;
}

/* As a shell would do it, except that a file without a header is an error and no script. Returns errno. */
static int execute(char **argv) {
  const char *name = argv[0];
  if (strchr(name, '/') != NULL) {
    execv(name, argv);
    return errno;
  }
  const char *path = getenv("PATH");
  if (path == NULL) path = "/usr/bin:/bin";
  int error = ENOENT;
  for (;; path++) {
    size_t length = strcspn(path, ":");
    char file[PATH_MAX];
    int needed = length == 0 ? snprintf(file, sizeof file, "./%s", name)
                             : snprintf(file, sizeof file, "%.*s/%s", (int)length, path, name);
    if (name[0] != '\0' && needed > 0 && (size_t)needed < sizeof file) {
      execv(file, argv);
      if (errno == EACCES) error = EACCES;
      else if (errno != ENOENT && errno != ENOTDIR) return errno;
    }
    path += length;
    if (*path == '\0') return error;
  }
}

/* The kernel counts these for the user, in every namespace: a box with all of them leaves the others' timers none. */
static bool halve(int resource) {
  struct rlimit now;
  if (getrlimit((__rlimit_resource_t)resource, &now) != 0) return false;
  return now.rlim_cur == RLIM_INFINITY || limit(resource, now.rlim_cur / 2);
}

struct limits {
  long processes, open_files, memory; /* 0: as inherited */
};

/* Node raises the soft limit for itself; programs that close "all" descriptors pay for it. */
static bool soften(int resource, rlim_t soft) {
  struct rlimit now;
  if (getrlimit((__rlimit_resource_t)resource, &now) != 0) return false;
  if (now.rlim_cur < soft) return true;
  return setrlimit((__rlimit_resource_t)resource, &(struct rlimit){soft, now.rlim_max}) == 0;
}

/*
 * What is under way in sockets is counted for the user, and refused by the sender's own limit: when a box has used all
 * of its own, other boxes can still be given their listeners.
 */
static bool leave_descriptors(void) {
  struct rlimit now;
  if (getrlimit(RLIMIT_NOFILE, &now) != 0) return false;
  rlim_t most = now.rlim_max - now.rlim_max / 4;
  return setrlimit(RLIMIT_NOFILE, &(struct rlimit){now.rlim_cur < most ? now.rlim_cur : most, most}) == 0;
}

_Noreturn static void become_agent(int starter, struct limits limits, char **argv) {
  char go;
  int error = 0;
  /* From here, since launch takes the group's number, as it sees it, from the sender. */
  if (setpgid(0, 0) != 0 || !send_message(CHANNEL_FD, GROUPED, 0)) _exit(125);
  if (read(starter, &go, 1) != 1) _exit(125);
  if (dup2(starter, 3) < 0 || fcntl(3, F_SETFD, FD_CLOEXEC) != 0) _exit(125);
  close_from(4, INT_MAX);
  if (!limit(RLIMIT_CORE, 0) || !halve(RLIMIT_SIGPENDING) || !halve(RLIMIT_MSGQUEUE) ||
      (limits.processes > 0 && !limit(RLIMIT_NPROC, (rlim_t)limits.processes)) ||
      (limits.memory > 0 && !limit(RLIMIT_DATA, (rlim_t)limits.memory)) ||
      (limits.open_files > 0 && !soften(RLIMIT_NOFILE, (rlim_t)limits.open_files)) ||
      !leave_descriptors() || chdir(it.directory) != 0 || !enter_scope())
    error = errno;
  for (int number = 1; number <= 64; number++) signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  if (error == 0) error = execute(argv);
  if (write(3, &error, sizeof error) != (ssize_t)sizeof error) _exit(125);
  _exit(127);
}

/* ---- pid 1 ---- */

static void tell(uint32_t kind, int32_t value) {
  if (!send_message(CHANNEL_FD, kind, value)) _exit(125);
}

static struct message hear(void) {
  struct message message;
  ssize_t got;
  do got = recv(CHANNEL_FD, &message, sizeof message, MSG_TRUNC);
  while (got < 0 && errno == EINTR);
  if (got != (ssize_t)sizeof message) _exit(125); /* launch is gone */
  return message;
}

static void expect(uint32_t kind) {
  if (hear().kind != kind) _exit(125);
}

/* ---- the listener ---- */

/* SI_KERNEL cannot be forged by another process. */
static void pass_on_terminal_signals(int signals, int to) {
  struct signalfd_siginfo info;
  while (read(signals, &info, sizeof info) == (ssize_t)sizeof info) {
    int number = (int)info.ssi_signo;
    if (number != SIGCHLD && info.ssi_code == SI_KERNEL && write(to, &number, sizeof number) < 0) _exit(0);
  }
}

/* Any byte from pid 1 asks for what has come so far; the answer ends with a zero. */
_Noreturn static void listen_to_terminal(int to) {
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || setpgid(0, it.agent) != 0) _exit(0);
  close(CHANNEL_FD);
  close(it.signals);
  int signals = watch_signals();
  for (;;) {
    struct pollfd fds[] = {{.fd = signals, .events = POLLIN}, {.fd = to, .events = POLLIN}};
    if (poll(fds, 2, -1) < 0 && errno != EINTR) _exit(0);
    char question;
    bool asked = fds[1].revents != 0;
    if (asked && read(to, &question, 1) != 1) _exit(0);
    pass_on_terminal_signals(signals, to);
    int end = 0;
    if (asked && write(to, &end, sizeof end) < 0) _exit(0);
  }
}

static void start_listener(void) {
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) die("socketpair");
  pid_t child = fork();
  if (child < 0) die("fork");
  if (child == 0) {
    close(pair[0]);
    listen_to_terminal(pair[1]);
  }
  close(pair[1]);
  it.listener = pair[0];
}

/* False when there is nothing more: the listener was killed, or answered a question. */
static bool hear_listener(int flags) {
  int number = 0;
  ssize_t got = recv(it.listener, &number, sizeof number, flags);
  if (got < 0 && (errno == EINTR || errno == EAGAIN)) return false;
  if (got != (ssize_t)sizeof number) {
    close(it.listener);
    it.listener = -1;
    return false;
  }
  if (number != 0) tell(TERMINAL, number);
  return number != 0;
}

/* Told before a stop or a death: a script outside must get its SIGINT before it sees the agent end. */
static void ask_listener(void) {
  enum { PATIENCE_MS = 100 }; /* the agent can stop or kill the listener where Landlock is too old */
  if (it.listener < 0 || send(it.listener, "?", 1, MSG_NOSIGNAL | MSG_DONTWAIT) != 1) return;
  struct pollfd answer = {.fd = it.listener, .events = POLLIN};
  while (poll(&answer, 1, PATIENCE_MS) == 1 && hear_listener(MSG_DONTWAIT)) continue;
}

/* ---- pid 1 again ---- */

/*
 * Everything is made ready while the box is still being looked at; the agent's process becomes the agent when
 * launch releases it. Ends the box if exec fails: no process of it but this one exists then.
 */
static void start_agent(struct limits limits, char **argv) {
  int starter[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, starter) != 0) die("socketpair");
  it.agent = fork();
  if (it.agent < 0) die("fork");
  if (it.agent == 0) become_agent(starter[1], limits, argv);
  close(starter[1]);
  if (setpgid(it.agent, it.agent) != 0) die("setpgid");
  start_listener();
  expect(RELEASE);
  if (write(starter[0], "g", 1) != 1) _exit(125);
  int error = 0;
  ssize_t got;
  do got = read(starter[0], &error, sizeof error);
  while (got < 0 && errno == EINTR);
  close(starter[0]);
  if (got == 0) {
    tell(STARTED, 0);
    return;
  }
  tell(EXEC_FAILED, error);
  _exit(127);
}

static void on_order(void) {
  struct message order = hear();
  switch (order.kind) {
  case SIGNAL_AGENT:
    if (is_signal(order.value)) kill(it.agent, order.value);
    return;
  case SIGNAL_GROUP:
    if (is_signal(order.value)) kill(-it.agent, order.value);
    return;
  case FREEZE:
    if (it.frozen) stop_again(); /* it was continued */
    else stop_everything();
    it.frozen = true;
    it.alone = false; /* the PONG that may be on its way is no leave to go on */
    tell(FROZEN, 0);
    return;
  case CONTINUE:
    kill(it.frozen || it.alone ? -1 : -it.agent, SIGCONT);
    it.frozen = it.alone = false;
    it.unanswered = 0;
    return;
  case PONG:
    it.unanswered = 0;
    if (it.alone) kill(-1, SIGCONT);
    it.alone = false;
    return;
  default: _exit(125);
  }
}

/*
 * launch and Node can be stopped from outside together, and nobody would see what appears in the project.
 * The box then stands still as well, until they are back.
 */
static void ask_for_company(void) {
  if (now_ms() < it.next_ping) return;
  it.next_ping = now_ms() + PING_MS;
  if (it.frozen) return;
  if (it.unanswered < MOST_UNANSWERED) {
    tell(PING, 0);
    it.unanswered++;
  } else if (!it.alone) {
    it.alone = true;
    stop_everything();
  }
}

static void on_agent(int status) {
  if (it.alone && (WIFSTOPPED(status) || WIFCONTINUED(status))) return; /* our own doing */
  /* So is this; launch, which may have thawed the box by then, would take it for a stop of the agent's. */
  if (it.frozen && WIFSTOPPED(status)) return;
  if (!WIFCONTINUED(status)) ask_listener();
  if (WIFSTOPPED(status)) tell(STOPPED, WSTOPSIG(status));
  else if (WIFCONTINUED(status)) tell(CONTINUED, 0);
  else if (WIFEXITED(status)) {
    tell(EXITED, WEXITSTATUS(status));
    _exit(WEXITSTATUS(status));
  } else {
    tell(KILLED, WTERMSIG(status));
    _exit(128 + WTERMSIG(status));
  }
}

static void reap(void) {
  int status;
  for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG | WUNTRACED | WCONTINUED)) > 0;)
    if (pid == it.agent) on_agent(status);
}

static void read_signals(void) {
  struct signalfd_siginfo info;
  while (read(it.signals, &info, sizeof info) == (ssize_t)sizeof info) continue;
  reap();
}

static struct limits parse_options(int *argc, char ***argv) {
  struct limits limits = {0, 0, 0};
  while (*argc >= 2 && strcmp((*argv)[0], "--") != 0) {
    long *which = strcmp((*argv)[0], "--processes") == 0    ? &limits.processes
                  : strcmp((*argv)[0], "--open-files") == 0 ? &limits.open_files
                  : strcmp((*argv)[0], "--memory") == 0     ? &limits.memory
                                                            : NULL;
    if (which == NULL) _exit(125);
    char *end;
    long value = strtol((*argv)[1], &end, 10);
    if (*end != '\0' || value <= 0) _exit(125);
    *which = value;
    *argc -= 2;
    *argv += 2;
  }
  if (*argc < 2) _exit(125);
  *argv += 1;
  return limits;
}

int init_main(int argc, char **argv) {
  struct limits limits = parse_options(&argc, &argv);
  block_all_signals();
  if (dup2(STDERR_FD, STDERR_FILENO) < 0) _exit(125);
  close(CONTROL_FD);
  close_from(CHANNEL_FD + 1, INT_MAX);
  /* Not in the group of Node either, which gets what is meant for host processes. */
  if (getpid() != 1 || setpgid(0, 0) != 0) _exit(125);
  if (prctl(PR_SET_DUMPABLE, 0) != 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) die("prctl");
  /* What is mounted over a directory meanwhile is not seen by whoever is in it already. */
  if (getcwd(it.directory, sizeof it.directory) == NULL || chdir("/") != 0) die("chdir");
  it.signals = watch_signals();
  open_processes();
  tell(READY, 0);
  start_agent(limits, argv);
  for (;;) {
    struct pollfd fds[] = {
        {.fd = it.signals, .events = POLLIN},
        {.fd = CHANNEL_FD, .events = POLLIN},
        {.fd = it.listener, .events = POLLIN},
    };
    bool stands = it.frozen || it.alone;
    if (poll(fds, 3, stands ? LOOK_MS : PING_MS) < 0 && errno != EINTR) die("poll");
    if (fds[2].revents != 0) hear_listener(MSG_DONTWAIT);
    if (fds[0].revents != 0) read_signals();
    if (fds[1].revents != 0) on_order();
    ask_for_company();
    if (stands && (it.frozen || it.alone)) keep_everything_stopped();
  }
}
