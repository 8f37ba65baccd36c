/*
 * join: a process inside the box's user, mount and network namespaces, but outside its pid namespace. It
 * mounts masks and makes sockets when Node asks, answers every request, and executes nothing: what stands in
 * the box's file system is the agent's. It ends with the socket to Node, and with launch.
 */
#include "join.h"
#include <linux/nsfs.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

static bool own_network; /* of the box: sockets are not made in the host's */

static bool is_ours(int namespace, const char *name) {
  struct stat theirs, mine;
  char path[64];
  snprintf(path, sizeof path, "/proc/self/ns/%s", name);
  return fstat(namespace, &theirs) == 0 && stat(path, &mine) == 0 && theirs.st_dev == mine.st_dev &&
         theirs.st_ino == mine.st_ino;
}

static long number_in(const char *path) {
  char text[32] = "";
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  ssize_t got = read(fd, text, sizeof text - 1);
  close(fd);
  return got > 0 ? strtol(text, NULL, 10) : 0;
}

static void put_number(const char *path, long number) {
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return;
  dprintf(fd, "%ld", number);
  close(fd);
}

/*
 * What watches files is counted for a user, who is the same in every box and outside: a box may have half of it, or
 * it could blind the sessions that look after the others. Only a process in its own user namespace can set that, and
 * there is no way back from there; the names in /proc/sys/user mean the namespace of who opens them.
 */
static void share_watches(int process) {
  static const struct {
    const char *all, *own;
  } counts[] = {{"/proc/sys/fs/inotify/max_user_instances", "/proc/sys/user/max_inotify_instances"},
                {"/proc/sys/fs/inotify/max_user_watches", "/proc/sys/user/max_inotify_watches"}};
  pid_t child = fork();
  if (child == 0) {
    int users = openat(process, "ns/user", O_RDONLY | O_CLOEXEC);
    if (users < 0 || setns(users, CLONE_NEWUSER) != 0) _exit(1);
    for (size_t at = 0; at < sizeof counts / sizeof *counts; at++) {
      long all = number_in(counts[at].all);
      if (all > 1) put_number(counts[at].own, all / 2);
    }
    _exit(0);
  }
  while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR) continue;
}

/*
 * The box's processes are in an inner user namespace (--disable-userns); its mounts and its network belong to
 * the outer one, which the kernel names.
 */
static bool enter(int process) {
  int mounts = openat(process, "ns/mnt", O_RDONLY | O_CLOEXEC);
  int network = openat(process, "ns/net", O_RDONLY | O_CLOEXEC);
  if (mounts < 0 || network < 0) return false;
  own_network = !is_ours(network, "net");
  int owner = ioctl(mounts, NS_GET_USERNS);
  if (owner < 0 || is_ours(mounts, "mnt")) {
    errno = owner < 0 ? errno : EINVAL;
    return false;
  }
  if (setns(owner, CLONE_NEWUSER) != 0) return false;
  share_watches(process);
  if (own_network && setns(network, CLONE_NEWNET) != 0) return false;
  if (setns(mounts, CLONE_NEWNS) != 0) return false;
  close(owner);
  close(network);
  close(mounts);
  close(process);
  /* Not for ever stopped, either. A change of credentials can set both back. */
  return prctl(PR_SET_DUMPABLE, 0) == 0 && prctl(PR_SET_PDEATHSIG, SIGKILL) == 0;
}

static bool read_whole(int from, void *into, size_t size) {
  for (char *at = into; size > 0;) {
    ssize_t got = read(from, at, size);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    at += got;
    size -= (size_t)got;
  }
  return true;
}

static void reply(int requests, const struct answer *answer) {
  ssize_t sent;
  do sent = send(requests, answer, sizeof *answer, MSG_NOSIGNAL);
  while (sent < 0 && errno == EINTR);
  if (sent != (ssize_t)sizeof *answer) _exit(0); /* Node is gone */
}

static bool read_request(int requests, struct request *request) {
  static char path[LARGEST_PATH + 1], text[LARGEST_TEXT + 1];
  struct request_header *head = &request->head;
  if (!read_whole(requests, head, sizeof *head)) return false;
  if (head->path > LARGEST_PATH || head->text > LARGEST_TEXT) return false;
  if (!read_whole(requests, path, head->path) || !read_whole(requests, text, head->text)) return false;
  path[head->path] = text[head->text] = '\0';
  request->path = path;
  request->text = text;
  return true;
}

static void serve(const struct request *request, int requests, int handles) {
  struct answer answer = {.id = request->head.id};
  if (request->head.kind != LISTEN && request->head.kind != CONNECT) {
    answer_mount(request, &answer);
    reply(requests, &answer);
    return;
  }
  bool possible = handles >= 0 && own_network;
  int made = possible ? make_socket(request) : -1;
  if (made < 0) answer.error = possible ? errno : EOPNOTSUPP;
  else if (!hand_over_socket(handles, request, made)) answer.error = errno;
  if (made >= 0) close(made);
  reply(requests, &answer);
}

_Noreturn void join_box(int process, int requests, int handles) {
  struct answer greeting = {0};
  if (!enter(process) || !open_masks()) greeting.error = errno;
  greeting.dev = masks_device();
  reply(requests, &greeting);
  if (greeting.error != 0) _exit(125);
  for (;;) {
    struct pollfd fds[] = {{.fd = requests, .events = POLLIN},
                           {.fd = handles, .events = POLLIN},
                           {.fd = again_events(), .events = POLLIN}};
    if (poll(fds, 3, -1) < 0 && errno != EINTR) _exit(125);
    if (fds[2].revents != 0) cover_again();
    if (fds[1].revents != 0) drop_acknowledgements(handles);
    if (fds[0].revents == 0) continue;
    struct request request;
    if (!read_request(requests, &request)) _exit(0);
    serve(&request, requests, handles);
  }
}

_Noreturn void join_when_told(int from, int requests, int handles) {
  pid_t box;
  char path[64];
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || !read_whole(from, &box, sizeof box)) _exit(0);
  close(from);
  snprintf(path, sizeof path, "/proc/%d", (int)box);
  join_box(open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), requests, handles);
}

/*
 * `join [sockets]`, for Node to start anew when the one that launch forked is gone: 0 is the directory of the
 * box's pid 1 in /proc, 3 and 4 are its ends.
 */
int join_main(int argc, char **argv) {
  bool sockets = argc == 1 && strcmp(argv[0], "sockets") == 0;
  if (argc > 1 || (argc == 1 && !sockets)) return 125;
  if (prctl(PR_SET_DUMPABLE, 0) != 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) return 125;
  block_all_signals();
  close_from(sockets ? 5 : 4, INT_MAX);
  join_box(STDIN_FILENO, 3, sockets ? 4 : -1);
}
