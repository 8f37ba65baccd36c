/*
 * watcher PID DIRECTORY MASK: what the least possible watcher does. It joins the mounts of a process, covers each
 * .env that appears in the directory with MASK, and does nothing else: no look at what it is, no answer.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

static void cover(const char *path, const char *mask) {
  int target = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
  int tree = (int)syscall(SYS_open_tree, AT_FDCWD, mask, OPEN_TREE_CLONE);
  syscall(SYS_move_mount, tree, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
  close(tree);
  close(target);
}

int main(int argc, char **argv) {
  char path[4096];
  if (argc != 4) return 2;
  snprintf(path, sizeof path, "/proc/%s/ns/mnt", argv[1]);
  int mounts = open(path, O_RDONLY), owner = ioctl(mounts, NS_GET_USERNS), events = inotify_init();
  if (setns(owner, CLONE_NEWUSER) != 0 || setns(mounts, CLONE_NEWNS) != 0) return 1;
  if (inotify_add_watch(events, argv[2], IN_CREATE | IN_MOVED_TO) < 0) return 1;
  snprintf(path, sizeof path, "%s/.env", argv[2]);
  puts("up");
  fflush(stdout);
  for (;;) {
    union {
      struct inotify_event event;
      char bytes[4096];
    } all;
    ssize_t got = read(events, &all, sizeof all);
    for (ssize_t at = 0; at < got;) {
      struct inotify_event *event = (struct inotify_event *)(void *)(all.bytes + at);
      if (strcmp(event->name, ".env") == 0) cover(path, argv[3]);
      at += (ssize_t)(sizeof *event + event->len);
    }
  }
}
