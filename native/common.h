/*
 * What the two halves of the helper say to each other.
 *
 * `launch` runs outside, between Node and bwrap; `init` is pid 1 of the box. They share a socket that
 * keeps message borders; the agent never has it. launch asks the kernel who sent each message.
 */
#ifndef AGENTBOX_COMMON_H
#define AGENTBOX_COMMON_H

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/*
 * From Node: 3 is the conversation, 4 takes bwrap's stderr, 5 and 6 are join's (6 only if sockets are wanted).
 * To bwrap: the numbers below and data from 10.
 */
enum { CONTROL_FD = 3, CHANNEL_FD = 4, REQUESTS_FD = 5, HANDLES_FD = 6 };
enum { ARGS_FD = 5, SECCOMP_FD = 6, CAPTURE_FD = 7, STDERR_FD = 8, JOIN_FD = 9 };
enum { FIRST_DATA_FD = 10, MOST_DATA_FDS = 4096 };

struct message {
  uint32_t kind;
  int32_t value;
};

/* init to launch */
enum {
  READY = 1,   /* the box stands; nothing of the agent runs yet */
  GROUPED,     /* from the agent's process: its group exists, it waits for RELEASE */
  STARTED,     /* exec succeeded */
  EXEC_FAILED, /* errno */
  TERMINAL,    /* the terminal sent this signal to the agent's group */
  STOPPED,     /* the agent was stopped by this signal */
  FROZEN,      /* answer to FREEZE: everything in the box is stopped */
  CONTINUED,   /* the agent runs again */
  EXITED,      /* status */
  KILLED,      /* signal */
  PING,        /* is somebody watching over the box? */
};

/* launch to init */
enum {
  RELEASE = 64, /* the agent may start */
  SIGNAL_AGENT, /* the signal was meant for one process: Node */
  SIGNAL_GROUP, /* the signal was meant for Node's process group */
  FREEZE,
  CONTINUE,
  PONG, /* answer to PING; none while Node stands still */
};

int launch_main(bool sockets);
int init_main(int argc, char **argv);
int connect_main(int argc, char **argv);
int join_main(int argc, char **argv);
int probe_main(void);

/* start.c: the first half of launch */
struct box {
  pid_t monitor, joiner; /* 0: ended */
  int channel;
};
struct box start_box(bool sockets);

/* still.c */
enum { LOOK_MS = 100 };
void open_processes(void);
void stop_everything(void);
void stop_again(void);
void keep_everything_stopped(void);

/* main.c */
_Noreturn void die(const char *what);
void block_all_signals(void);
int watch_signals(void);
void close_from(int first, int last);
bool send_message(int channel, uint32_t kind, int32_t value);
bool is_signal(int number);
int64_t now_ms(void);

#endif
