/*
 * join: a secret that is replaced loses its mask, and Node needs some tenths of a millisecond to hear of it and to
 * ask for another. So for names that Node has said, this process listens by itself and covers first what comes to
 * stand there; what Node asks for afterwards is found done, or put on top. An event is no more than a hint: what
 * is covered is looked for by its path, through no link.
 */
#include "mounts.h"
#include <sys/inotify.h>

enum { MOST = 256 };

struct expected {
  char *path;
  const char *name; /* the end of it */
  int watch;        /* of the directory */
  uint32_t kind;    /* of the mask */
  bool directory;   /* anything else under its name is no secret */
  /* Covered before Node asked for it, by that mount; 0: nothing. */
  struct identity covered;
  uint64_t mount;
};

static struct expected expected[MOST];
static int count;
static int events = -1;

int again_events(void) { return events; }

static struct expected *find(const char *path) {
  for (int n = 0; n < count; n++)
    if (strcmp(expected[n].path, path) == 0) return &expected[n];
  return NULL;
}

static bool is_watched(int watch) {
  for (int n = 0; n < count; n++)
    if (expected[n].watch == watch) return true;
  return false;
}

/* The directory may be another one than the last time, and the former be elsewhere. */
static int watch_directory_of(struct expected *one) {
  char parent[LARGEST_PATH + 1];
  size_t length = (size_t)(one->name - one->path);
  if (length > 1) length--;
  memcpy(parent, one->path, length);
  parent[length] = '\0';
  int before = one->watch;
  uint32_t what = IN_CREATE | IN_MOVED_TO | IN_ONLYDIR | IN_DONT_FOLLOW;
  one->watch = inotify_add_watch(events, parent, what);
  int error = one->watch < 0 ? errno : 0;
  if (before >= 0 && before != one->watch && !is_watched(before)) inotify_rm_watch(events, before);
  return error;
}

/* `dev`: 1 for a directory; `ino`: 1 for a file that nobody may open. */
int expect_again(const struct request *request) {
  const char *name = strrchr(request->path, '/') + 1;
  if (*name == '\0') return EINVAL;
  if (events < 0) events = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
  if (events < 0) return errno;
  struct expected *one = find(request->path);
  if (one == NULL) {
    char *path = count == MOST ? NULL : strdup(request->path);
    if (path == NULL) return ENOSPC;
    one = &expected[count++];
    *one = (struct expected){.path = path, .name = path + (name - request->path), .watch = -1};
  }
  one->kind = request->head.ino == 1 ? MASK_DENY : MASK_EMPTY;
  one->directory = request->head.dev == 1;
  return watch_directory_of(one);
}

static void cover(struct expected *one) {
  struct request request = {.head = {.kind = one->kind}, .path = one->path, .text = ""};
  struct place bare, now;
  struct answer answer = {0};
  int target = open_strictly(one->path);
  if (target < 0) return;
  if (look(target, "", &bare) && !bare.root && !S_ISLNK(bare.mode) && S_ISDIR(bare.mode) == one->directory) {
    request.head.dev = bare.is.dev;
    request.head.ino = bare.is.ino;
    if (mount_over(&request, target, &answer) == 0 && look_at(one->path, &now) == 0 && now.root) {
      one->covered = bare.is;
      one->mount = now.mount;
    }
  }
  close(target);
}

/* No more than fits: requests have their turn in between. */
void cover_again(void) {
  union {
    struct inotify_event align;
    char bytes[4096];
  } buffer;
  ssize_t got = read(events, &buffer, sizeof buffer);
  for (ssize_t at = 0; at + (ssize_t)sizeof(struct inotify_event) <= got;) {
    struct inotify_event *event = (struct inotify_event *)(void *)(buffer.bytes + at);
    at += (ssize_t)(sizeof *event + event->len);
    for (int n = 0; event->len > 0 && n < count; n++)
      if (expected[n].watch == event->wd && strcmp(expected[n].name, event->name) == 0) cover(&expected[n]);
  }
}

/* Whether that mount at the path is ours, for which no request has come yet, and covers what one is about. */
bool was_covered_again(const char *path, uint64_t mount, struct identity what) {
  struct expected *one = find(path);
  if (one == NULL || mount == 0 || one->mount != mount || !same(one->covered, what)) return false;
  one->mount = 0;
  return true;
}
