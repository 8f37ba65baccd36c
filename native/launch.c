/*
 * launch, second half: stand between Node, the terminal and the box.
 *
 * Node, launch and bwrap's monitor are in the process group that the user's shell made (here: ours). The
 * agent has a group of its own, because a process can signal its whole group, also across the border of a
 * pid namespace. So what the terminal, the shell or a script send to our group is passed on to the
 * agent's, and what the terminal sends to the agent's group is passed on to ours.
 *
 * Node gets every signal of our group too and reports it, not knowing who else got it. So what it reports
 * of a signal that launch has seen itself is dropped until it has answered a mark, which it does when it has
 * reported all that had come before. A time or a count would not do: Node may be at work or stopped, and the
 * kernel makes one of two that nobody took.
 */
#include "common.h"

enum { JUST_MS = 1000, PONG_MS = 100 };

/* The answer to one that is outdated says nothing of the last signal. */
enum mark { NO_MARK, MARKED, OUTDATED };

struct line {
  char text[64];
  size_t length;
};

static struct {
  struct box box;
  int signals, terminal;
  pid_t init, group; /* as this pid namespace sees them; 0 until known */
  bool go; /* Node has looked at the box */
  bool wants_terminal, had_terminal, started, freezing, frozen;
  bool held;       /* frozen for Node */
  int stop_signal; /* frozen because the agent was stopped; 0: not for that */
  bool owes_pong;
  uint64_t waiting; /* signals that came before the agent was there */
  enum mark marks[65];
  int64_t stopped_ms; /* when our group last got SIGTSTP */
  struct line input;
  char end[32]; /* what Node is told when nothing of the box is left */
  int status;   /* of the monitor */
} it = {.terminal = -1};

static void end_box(void);

/* Never waits: Node may be stopped. There are only a few lines, so a full socket means trouble. */
static void tell_node(const char *word, int value) {
  char text[48];
  int length = snprintf(text, sizeof text, "%s %d\n", word, value);
  if (send(CONTROL_FD, text, (size_t)length, MSG_NOSIGNAL | MSG_DONTWAIT) != length) end_box();
}

/* What joined the box ends with it: Node must not take that for a loss. */
static void close_channel(void) {
  if (it.box.channel < 0) return;
  close(it.box.channel);
  it.box.channel = -1;
  tell_node("ending", 0);
}

static void end_box(void) {
  if (it.box.monitor > 0) kill(it.box.monitor, SIGKILL);
  close_channel(); /* init takes that as the end, too */
}

/* If init is gone, its last words may still be in the channel: those are waited for, not thrown away. */
static void tell_init(uint32_t kind, int32_t value) {
  if (it.box.channel < 0 || send_message(it.box.channel, kind, value)) return;
  if (errno != EPIPE && errno != ECONNRESET && errno != ECONNREFUSED && errno != ENOTCONN) end_box();
}

/* ---- the terminal ---- */

static bool agent_has_terminal(void) {
  return it.terminal >= 0 && it.group > 0 && tcgetpgrp(it.terminal) == it.group;
}

/* Only what is ours is given: in the background the terminal is another job's. */
static void hand_over(void) {
  if (it.terminal < 0 || tcgetpgrp(it.terminal) != getpgrp()) return;
  if (tcsetpgrp(it.terminal, it.group) == 0) it.wants_terminal = it.had_terminal = true;
}

static void take_back(void) {
  if (agent_has_terminal()) tcsetpgrp(it.terminal, getpgrp());
}

/* At the end: a foreground group without members is the box's. One with members is the shell's by now. */
static void take_back_from_the_dead(void) {
  if (!it.had_terminal) return;
  pid_t holder = tcgetpgrp(it.terminal);
  if (holder > 1 && holder != getpgrp() && kill(-holder, 0) != 0 && errno == ESRCH)
    tcsetpgrp(it.terminal, getpgrp());
}

/* ---- signals ---- */

static void mark(int number) {
  if (number == SIGTSTP) it.stopped_ms = now_ms();
  if (it.marks[number] == NO_MARK) tell_node("mark", number);
  it.marks[number] = it.marks[number] == NO_MARK ? MARKED : OUTDATED;
}

static void on_marked(int number) {
  if (it.marks[number] == OUTDATED) tell_node("mark", number);
  it.marks[number] = it.marks[number] == OUTDATED ? MARKED : NO_MARK;
}

static void resume(void) {
  it.freezing = it.frozen = it.held = false;
  it.stop_signal = 0;
  if (it.wants_terminal) hand_over();
  tell_init(CONTINUE, 0);
}

static void to_box(uint32_t kind, int number) {
  if (!it.started) it.waiting |= UINT64_C(1) << (number - 1);
  else if (number == SIGCONT && it.held) return; /* only Node knows when the box may go on */
  else if (number == SIGCONT) resume();
  else tell_init(kind, number);
}

/*
 * Our own copy is taken away at once: the sender's pid does not tell it from others (the kernel sets it to
 * 0 for the whole group if any member is in a pid namespace that does not know us).
 */
static void to_our_group(int number) {
  sigset_t one;
  sigemptyset(&one);
  sigaddset(&one, number);
  kill(0, number);
  while (sigtimedwait(&one, NULL, &(struct timespec){0}) < 0 && errno == EINTR) continue;
  mark(number);
}

static void on_group_signal(const struct signalfd_siginfo *info) {
  int number = (int)info->ssi_signo;
  if (!is_signal(number) || number == SIGCHLD) return;
  mark(number);
  /* A neighbour asked for the terminal that the agent has. Bare, both would have it. */
  if ((number == SIGTTIN || number == SIGTTOU) && agent_has_terminal()) return;
  to_box(SIGNAL_GROUP, number);
}

/* ---- init ---- */

/*
 * The agent wanted the terminal while it was in the background. If only our own group had it, this is no
 * reason to stop. Handing over as late as this leaves it to a neighbour in a pipeline (`agent | less`).
 */
static bool served_with_terminal(int number) {
  if (number != SIGTTIN && number != SIGTTOU) return false;
  hand_over();
  if (!agent_has_terminal()) return false;
  tell_init(CONTINUE, 0);
  return true;
}

static void on_terminal_signal(int number) {
  if (served_with_terminal(number)) return;
  if (number == SIGINT || number == SIGQUIT || number == SIGTSTP || number == SIGHUP || number == SIGWINCH)
    to_our_group(number);
}

static void freeze(void) {
  it.freezing = true;
  tell_init(FREEZE, 0);
}

/* Node supervises the box and is about to stop: until it is back, nothing may run in there. */
static void on_stopped(int number) {
  if (it.freezing || it.frozen || served_with_terminal(number)) return;
  /* Programs in raw mode do Ctrl-Z by kill(0, SIGTSTP), for the script around them to stop as well. */
  if (number == SIGTSTP && agent_has_terminal() && now_ms() - it.stopped_ms > JUST_MS) to_our_group(number);
  it.stop_signal = number;
  freeze();
}

static void on_frozen(void) {
  if (!it.freezing) return; /* continued in between */
  it.freezing = false;
  it.frozen = true;
  take_back();
  if (it.held) tell_node("held", 0);
  if (it.stop_signal != 0) tell_node("stopped", it.stop_signal);
}

/* By hand, from the host: that is for job control, and no leave to run on unwatched. */
static void on_continued(void) {
  if (it.held) tell_init(FREEZE, 0);
  else if (it.frozen) kill(getppid(), SIGCONT);
}

/* When Node says so and the agent's process is there, whichever comes last. */
static void release(void) {
  if (!it.go || it.group == 0) return;
  if (it.wants_terminal) hand_over();
  tell_init(RELEASE, 0);
}

static void on_go(void) {
  it.go = true;
  release();
}

static void on_grouped(pid_t leader) {
  if (it.init == 0 || it.group != 0 || leader == getpgrp() || getpgid(leader) != leader) {
    end_box();
    return;
  }
  it.group = leader;
  release();
}

static void on_ready(void) {
  ssize_t put = send(JOIN_FD, &it.init, sizeof it.init, MSG_NOSIGNAL);
  if (put != (ssize_t)sizeof it.init) end_box();
  else tell_node("ready", it.init);
}

static void on_started(void) {
  it.started = true;
  tell_node("started", 0);
  for (int number = 1; number <= 64; number++)
    if (it.waiting >> (number - 1) & 1) to_box(SIGNAL_AGENT, number);
  if (it.held) freeze();
}

/* Stopped by somebody, not by us: whoever is stopped does not see what appears in the project. */
static bool node_stands_still(void) {
  char path[64], text[512];
  snprintf(path, sizeof path, "/proc/%d/stat", (int)getppid());
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return true;
  ssize_t got = read(fd, text, sizeof text - 1);
  close(fd);
  if (got <= 0) return true;
  text[got] = '\0';
  const char *state = strrchr(text, ')'); /* the name before it may hold anything */
  return state == NULL || strlen(state) < 3 || state[2] == 'T' || state[2] == 't';
}

/* The answer comes when Node runs again; init does not ask twice. */
static void on_ping(void) {
  it.owes_pong = node_stands_still();
  if (!it.owes_pong) tell_init(PONG, 0);
}

static void set_end(const char *word, int value) { snprintf(it.end, sizeof it.end, "%s %d\n", word, value); }

static void on_message(const struct message *message) {
  int value = message->value;
  switch (message->kind) {
  case READY: on_ready(); return;
  case STARTED: on_started(); return;
  case EXEC_FAILED: set_end("exec-failed", value); return;
  case TERMINAL: if (is_signal(value)) on_terminal_signal(value); return;
  case STOPPED: if (is_signal(value)) on_stopped(value); return;
  case FROZEN: on_frozen(); return;
  case CONTINUED: on_continued(); return;
  case PING: on_ping(); return;
  case EXITED: set_end("exited", value); return;
  case KILLED: set_end("killed", value); return;
  default: end_box();
  }
}

/* The kernel names the sender, in our numbers; the first to speak is pid 1 of the box. */
static pid_t sender_of(struct msghdr *header) {
  for (struct cmsghdr *part = CMSG_FIRSTHDR(header); part != NULL; part = CMSG_NXTHDR(header, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_CREDENTIALS) continue;
    struct ucred who;
    memcpy(&who, CMSG_DATA(part), sizeof who);
    return who.pid;
  }
  return 0;
}

static void read_channel(void) {
  struct message message;
  union {
    struct cmsghdr align;
    char bytes[CMSG_SPACE(sizeof(struct ucred))];
  } control;
  struct iovec body = {&message, sizeof message};
  struct msghdr header = {
      .msg_iov = &body, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
  ssize_t got = recvmsg(it.box.channel, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  /* ECONNRESET: init ended without reading everything; what it said before comes with the next call. */
  if (got < 0 && (errno == EINTR || errno == EAGAIN || errno == ECONNRESET)) return;
  if (got <= 0) { /* init is gone; the monitor will follow */
    close_channel();
    return;
  }
  pid_t sender = sender_of(&header);
  if (it.init == 0) it.init = sender;
  bool whole = got == (ssize_t)sizeof message && (header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0;
  /* The one message that is not from pid 1 comes before anything of the agent's runs. */
  if (whole && sender > 0 && it.init != 0 && it.group == 0 && message.kind == GROUPED) on_grouped(sender);
  else if (!whole || sender <= 0 || sender != it.init) end_box();
  else on_message(&message);
}

/* ---- Node ---- */

/* Nothing in the box runs until Node says thaw: it has lost sight of the box's files. */
static void hold_box(void) {
  it.held = true;
  if (it.frozen) tell_node("held", 0);
  else if (it.started && !it.freezing) freeze();
}

static void thaw_box(void) {
  if (it.held && it.stop_signal == 0 && (it.freezing || it.frozen)) resume();
  it.held = false;
}

/* Node was stopped together with the agent, and runs again. */
static void on_resume(void) {
  if (!it.frozen) return;
  mark(SIGCONT);
  if (it.held) it.stop_signal = 0;
  else resume();
}

/* It did not answer. Should it ever go on, what it was asked to do is out of date. */
static void drop_joiner(void) {
  if (it.box.joiner > 0) kill(it.box.joiner, SIGKILL);
}

/* The word with a signal's number after it, and nothing more. */
static bool is_of_signal(const char *text, const char *word, int *number) {
  size_t length = strlen(word);
  if (strncmp(text, word, length) != 0) return false;
  const char *rest = text + length;
  int end = 0;
  return sscanf(rest, " %d%n", number, &end) == 1 && rest[end] == '\0' && is_signal(*number);
}

static void on_line(const char *text) {
  int number;
  if (strcmp(text, "go") == 0 && !it.go) on_go();
  else if (strcmp(text, "resume") == 0) on_resume();
  else if (strcmp(text, "freeze") == 0) hold_box();
  else if (strcmp(text, "thaw") == 0) thaw_box();
  else if (strcmp(text, "unjoin") == 0) drop_joiner();
  else if (is_of_signal(text, "marked", &number)) on_marked(number);
  else if (is_of_signal(text, "signal", &number)) {
    if (it.marks[number] == NO_MARK) to_box(SIGNAL_AGENT, number);
  } else end_box();
}

static bool read_control(void) {
  struct line *in = &it.input;
  ssize_t got = recv(CONTROL_FD, in->text + in->length, sizeof in->text - 1 - in->length, MSG_DONTWAIT);
  if (got < 0 && (errno == EINTR || errno == EAGAIN)) return true;
  if (got <= 0) return false;
  in->length += (size_t)got;
  char *newline;
  while ((newline = memchr(in->text, '\n', in->length)) != NULL) {
    *newline = '\0';
    on_line(in->text);
    in->length -= (size_t)(newline + 1 - in->text);
    memmove(in->text, newline + 1, in->length);
  }
  return in->length < sizeof in->text - 1;
}

/* ---- the loop ---- */

static void read_signals(void) {
  struct signalfd_siginfo info;
  while (read(it.signals, &info, sizeof info) == (ssize_t)sizeof info) on_group_signal(&info);
}

/* Nothing is left that could be joined. */
static void end_joiner(void) {
  if (it.box.joiner > 0 && it.box.monitor == 0 && it.box.channel < 0) kill(it.box.joiner, SIGKILL);
}

/* As a subreaper launch also waits for init when the monitor was killed. False when nothing is left. */
static bool reap(void) {
  for (;;) {
    int status;
    pid_t pid = waitpid(-1, &status, WNOHANG);
    if (pid == 0) return true;
    if (pid < 0 && errno == EINTR) continue;
    if (pid < 0) return false;
    if (pid == it.box.joiner) it.box.joiner = 0; /* Node has seen its socket close and may start another one */
    if (pid != it.box.monitor) continue;
    it.box.monitor = 0;
    it.status = status;
    /* Still there means: our child now, so the number cannot have been given to another process. */
    if (it.init > 0 && waitpid(it.init, &status, WNOHANG) == 0) kill(it.init, SIGKILL);
  }
}

static void report_end(void) {
  int status = WIFSIGNALED(it.status) ? 128 + WTERMSIG(it.status) : WEXITSTATUS(it.status);
  if (it.end[0] == '\0' && it.started) set_end("killed", SIGKILL); /* init or the monitor was killed */
  else if (it.end[0] == '\0') set_end("setup-failed", status);
  send(CONTROL_FD, it.end, strlen(it.end), MSG_NOSIGNAL | MSG_DONTWAIT);
  /* Node may be about to write. If that failed it would drop what it has not read yet: this very line. */
  char ignored[64];
  ssize_t got;
  do got = recv(CONTROL_FD, ignored, sizeof ignored, 0);
  while (got > 0 || (got < 0 && errno == EINTR));
}

int launch_main(bool sockets) {
  block_all_signals();
  if (prctl(PR_SET_DUMPABLE, 0) != 0 || prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) die("prctl");
  it.box = start_box(sockets);
  it.signals = watch_signals();
  it.terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
  /* Both ends on a terminal: nobody else in our group needs it. Otherwise wait until the agent does. */
  it.wants_terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
  bool node = true;
  while (reap() || it.box.channel >= 0) {
    end_joiner();
    struct pollfd fds[] = {
        {.fd = it.signals, .events = POLLIN},
        {.fd = it.box.channel, .events = POLLIN},
        {.fd = node ? CONTROL_FD : -1, .events = POLLIN},
    };
    if (poll(fds, 3, it.owes_pong ? PONG_MS : -1) < 0 && errno != EINTR) die("poll");
    if (it.owes_pong) on_ping();
    if (fds[0].revents != 0) read_signals(); /* first: marks must be there before Node's reports */
    if (it.box.channel >= 0 && fds[1].revents != 0) read_channel();
    if (node && fds[2].revents != 0 && !read_control()) {
      node = false;
      end_box();
    }
  }
  take_back_from_the_dead();
  if (node) report_end();
  return 0;
}
