/* join: masks and other mounts in the box. No path is followed through a link, so the agent cannot redirect one. */
#include "join.h"
#include <linux/mount.h>
#include <linux/openat2.h>
#include <sys/mount.h>
#include <sys/stat.h>

/* Made by bwrap: an empty tmpfs, read-only for everything in the box. */
static const char MASKS[] = "/run/agentbox/masks";

static struct {
  int shown;    /* that directory */
  int writable; /* a private mount of the same file system */
  uint64_t device;
} masks = {-1, -1, 0};

uint64_t masks_device(void) { return masks.device; }

/* O_PATH, the very thing at the end of the path: a link too. */
static int open_strictly(const char *path) {
  struct open_how how = {.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC,
                         .resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS};
  return (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof how);
}

static int clone_tree(int at, const char *path, unsigned flags) {
  return (int)syscall(SYS_open_tree, at, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | flags);
}

static bool set_attributes(int tree, unsigned flags, uint64_t set, uint64_t clear) {
  struct mount_attr attributes = {.attr_set = set, .attr_clr = clear};
  return syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH | flags, &attributes, sizeof attributes) == 0;
}

static bool attach(int tree, int target) {
  return syscall(SYS_move_mount, tree, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) == 0;
}

static bool write_text(const char *name, const char *text, size_t size, mode_t mode) {
  int fd = openat(masks.writable, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0) return false;
  bool done = fchmod(fd, mode) == 0;
  while (done && size > 0) {
    ssize_t put = write(fd, text, size);
    if (put < 0 && errno == EINTR) continue;
    done = put > 0;
    text += done ? put : 0;
    size -= done ? (size_t)put : 0;
  }
  int error = errno;
  close(fd);
  errno = error;
  return done;
}

bool open_masks(void) {
  struct stat stat;
  umask(0);
  masks.shown = open_strictly(MASKS);
  if (masks.shown < 0 || fstat(masks.shown, &stat) != 0) return false;
  masks.device = stat.st_dev;
  masks.writable = clone_tree(masks.shown, "", AT_EMPTY_PATH);
  return masks.writable >= 0 && set_attributes(masks.writable, 0, 0, MOUNT_ATTR_RDONLY) &&
         write_text("empty", "", 0, 0444) && write_text("denied", "", 0, 0);
}

static void text_name(char name[32], uint64_t id) { snprintf(name, 32, "text-%llu", (unsigned long long)id); }

/* What is to be mounted over a file. Private mounts of read-only ones are read-only. */
static int file_mask(const struct request *request) {
  char name[32];
  switch (request->head.kind) {
  case MASK_EMPTY: return clone_tree(masks.shown, "empty", 0);
  case MASK_DENY: return clone_tree(masks.shown, "denied", 0);
  case LINK:
    text_name(name, request->head.id);
    if (symlinkat(request->text, masks.writable, name) != 0) return -1;
    return clone_tree(masks.shown, name, AT_SYMLINK_NOFOLLOW);
  default:
    text_name(name, request->head.id);
    if (!write_text(name, request->text, request->head.text, 0444)) return -1;
    return clone_tree(masks.shown, name, 0);
  }
}

static int directory_mask(void) {
  int context = (int)syscall(SYS_fsopen, "tmpfs", FSOPEN_CLOEXEC), made = -1;
  if (context < 0) return -1;
  if (syscall(SYS_fsconfig, context, FSCONFIG_SET_STRING, "size", "4k", 0) == 0 &&
      syscall(SYS_fsconfig, context, FSCONFIG_SET_STRING, "mode", "0555", 0) == 0 &&
      syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
    made = (int)syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC,
                        MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
  int error = errno;
  close(context);
  errno = error;
  return made;
}

static int read_only_copy(int target) {
  int tree = clone_tree(target, "", AT_EMPTY_PATH | AT_RECURSIVE);
  if (tree >= 0 && set_attributes(tree, AT_RECURSIVE, MOUNT_ATTR_RDONLY, 0)) return tree;
  return -1;
}

static void describe(const struct stat *stat, struct answer *answer) {
  answer->dev = stat->st_dev;
  answer->ino = stat->st_ino;
  answer->mode = stat->st_mode;
}

/* A path that was exchanged meanwhile does not show the mount: ESTALE, and Node looks again. */
static int verify(const char *path, const struct stat *mounted, struct answer *answer) {
  struct stat now;
  int fd = open_strictly(path);
  if (fd < 0) return errno;
  int error = fstat(fd, &now) != 0 ? errno : 0;
  close(fd);
  if (error != 0) return error;
  describe(&now, answer);
  return now.st_dev == mounted->st_dev && now.st_ino == mounted->st_ino ? 0 : ESTALE;
}

/* A link may be mounted over like a file: nothing follows it then. */
static int mount_over(const struct request *request, int target, struct answer *answer) {
  const struct request_header *head = &request->head;
  struct stat before, mounted;
  if (fstat(target, &before) != 0) return errno;
  describe(&before, answer);
  bool expected = head->dev == before.st_dev && head->ino == before.st_ino;
  bool any = head->dev == 0 && head->ino == 0 && before.st_dev != masks.device;
  if (!expected && !any) return EEXIST;
  if (head->kind == LINK && S_ISDIR(before.st_mode)) return EISDIR;
  int tree = head->kind == PROTECT        ? read_only_copy(target)
             : S_ISDIR(before.st_mode)    ? directory_mask()
                                          : file_mask(request);
  if (tree < 0) return errno;
  int error = fstat(tree, &mounted) != 0 || !attach(tree, target) ? errno : 0;
  close(tree);
  return error != 0 ? error : verify(request->path, &mounted, answer);
}

/* By the name in a directory that is held: umount2 itself would follow links on the way. */
static int unmount(const struct request *request, int target, struct answer *answer) {
  struct stat before;
  if (fstat(target, &before) != 0) return errno;
  describe(&before, answer);
  if (before.st_dev != request->head.dev || before.st_ino != request->head.ino) return EEXIST;
  char parent[LARGEST_PATH + 1];
  const char *slash = strrchr(request->path, '/');
  if (slash == NULL || slash[1] == '\0') return EINVAL;
  size_t length = (size_t)(slash - request->path);
  memcpy(parent, request->path, length);
  parent[length] = '\0';
  int directory = open_strictly(length == 0 ? "/" : parent);
  if (directory < 0) return errno;
  int error = fchdir(directory) != 0 || umount2(slash + 1, UMOUNT_NOFOLLOW | MNT_DETACH) != 0 ? errno : 0;
  close(directory);
  if (chdir("/") != 0 && error == 0) error = errno;
  return error;
}

void answer_mount(const struct request *request, struct answer *answer) {
  const struct request_header *head = &request->head;
  if (strlen(request->path) != head->path || (head->kind != REWRITE && request->path[0] != '/')) {
    answer->error = EINVAL;
    return;
  }
  if (head->kind == REWRITE) {
    char name[32];
    text_name(name, head->dev);
    if (!write_text(name, request->text, head->text, 0444)) answer->error = errno;
    return;
  }
  int target = open_strictly(request->path);
  if (target < 0) {
    answer->error = errno;
    return;
  }
  switch (head->kind) {
  case MASK_EMPTY:
  case MASK_DENY:
  case MASK_TEXT:
  case LINK:
  case PROTECT: answer->error = mount_over(request, target, answer); break;
  case UNMASK: answer->error = unmount(request, target, answer); break;
  default: answer->error = EINVAL;
  }
  close(target);
}
