/*
 * What Node says to `join`, and what it answers. Both go over a stream socket, in the machine's byte order.
 */
#ifndef AGENTBOX_JOIN_H
#define AGENTBOX_JOIN_H

#include "common.h"

enum request_kind {
  MASK_EMPTY = 1, /* an empty file, or for a directory an empty read-only one, over `path` */
  MASK_DENY,      /* the same with a file that nobody may open */
  MASK_TEXT,      /* the same with a file that holds `text` */
  REWRITE,        /* the text of the mask that the request `dev` made becomes `text` */
  UNMASK,         /* what is mounted over `path` goes, if it is the `struct identity` in `text` */
  PROTECT,        /* `path` becomes read-only */
  LISTEN,         /* on port `dev` of the box's loopback: the listener is handed over as `id` */
  CONNECT,        /* to port `dev` there: the connection is handed over as `id` */
  LINK,           /* a symbolic link to `text` over `path`, which is no directory */
  FORGET,         /* the mask that the request `dev` made is not needed any more: its room is */
  AGAIN,          /* what comes to stand at `path` is covered at once, before it is asked for; see again.c */
  PIN,            /* `path`, with all that is mounted in it, becomes a mount of its own */
};

/* Followed by `path` and `text`, without NULs at their ends. */
struct request_header {
  uint32_t kind, id;
  /* MASK…, PROTECT, PIN, LINK, UNMASK: what stands there on the host; anything else is left alone. */
  uint64_t dev, ino;
  uint32_t path, text;
};

struct identity {
  uint64_t dev, ino;
};

struct answer {
  uint32_t id;
  int32_t error; /* an errno; EEXIST: something else than `dev`, `ino` stands there */
  /* What stands there now. For the greeting (id 0): the file system that the masks come from. */
  uint64_t dev, ino;
  uint32_t mode, padding;
};

enum { LARGEST_PATH = 4096, LARGEST_TEXT = 1 << 20 };

struct request {
  struct request_header head;
  const char *path, *text;
};

/* mounts.c */
void answer_mount(const struct request *request, struct answer *answer);

/* again.c; -1 as long as nothing is expected */
int again_events(void);
void cover_again(void);

/* store.c */
bool open_masks(void);
uint64_t masks_device(void);

/* sockets.c */
int make_socket(const struct request *request);
bool hand_over_socket(int handles, const struct request *request, int socket);
void drop_acknowledgements(int handles);

/* join.c: waits for the box's pid on `from`, or has its directory in /proc, which no later process gets */
_Noreturn void join_when_told(int from, int requests, int handles);
_Noreturn void join_box(int process, int requests, int handles);

#endif
