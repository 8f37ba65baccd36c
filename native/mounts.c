/* join: masks and other mounts in the box. No path is followed through a link, so the agent cannot redirect one. */
#include "mounts.h"
#include <linux/mount.h>
#include <linux/openat2.h>
#include <sys/mount.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>

/* O_PATH, the very thing at the end of the path: a link too. */
int open_strictly(const char *path) {
  struct open_how how = {.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC,
                         .resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS};
  return (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof how);
}

int clone_tree(int at, const char *path, unsigned flags) {
  return (int)syscall(SYS_open_tree, at, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | flags);
}

bool look(int at, const char *name, struct place *place) {
#ifndef STATX_MNT_ID
#define STATX_MNT_ID 0x1000U
#endif
  struct statx found;
  if (statx(at, name, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS | STATX_MNT_ID, &found) != 0) return false;
  *place = (struct place){.is = {makedev(found.stx_dev_major, found.stx_dev_minor), found.stx_ino},
                          .mode = found.stx_mode,
                          .mount = found.stx_mnt_id,
                          .root = (found.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0};
  return true;
}

bool same(struct identity one, struct identity other) { return one.dev == other.dev && one.ino == other.ino; }

bool set_attributes(int tree, unsigned flags, uint64_t set, uint64_t clear) {
  struct mount_attr attributes = {.attr_set = set, .attr_clr = clear};
  return syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH | flags, &attributes, sizeof attributes) == 0;
}

static bool attach(int tree, int target) {
  return syscall(SYS_move_mount, tree, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) == 0;
}

static int copy_of(int target) { return clone_tree(target, "", AT_EMPTY_PATH | AT_RECURSIVE); }

static int read_only_copy(int target) {
  int tree = copy_of(target);
  if (tree < 0 || set_attributes(tree, AT_RECURSIVE, MOUNT_ATTR_RDONLY, 0)) return tree;
  int error = errno;
  close(tree);
  errno = error;
  return -1;
}

static bool is_read_only(int fd) {
  struct statfs system;
  return fstatfs(fd, &system) == 0 && (system.f_flags & MS_RDONLY) != 0;
}

static void describe(const struct place *place, struct answer *answer) {
  answer->dev = place->is.dev;
  answer->ino = place->is.ino;
  answer->mode = place->mode;
}

int look_at(const char *path, struct place *place) {
  int fd = open_strictly(path);
  if (fd < 0) return errno;
  int error = look(fd, "", place) ? 0 : errno;
  close(fd);
  return error;
}

/* A path that was exchanged meanwhile does not show the mount: ESTALE, and Node looks again. */
static int verify(const char *path, uint64_t mount, struct answer *answer) {
  struct place now;
  int error = look_at(path, &now);
  if (error != 0) return error;
  describe(&now, answer);
  return now.root && now.mount == mount ? 0 : ESTALE;
}

/*
 * A link may be mounted over like a file: nothing follows it then. If the thing is moved away meanwhile, the
 * mask goes with it, and stays: what was to be covered is covered, and nothing else is.
 */
int mount_over(const struct request *request, int target, struct answer *answer) {
  const struct request_header *head = &request->head;
  struct place before, mounted;
  if (!look(target, "", &before)) return errno;
  describe(&before, answer);
  struct identity wanted = {head->dev, head->ino};
  if (!same(before.is, wanted)) {
    if (head->kind > MASK_TEXT || !was_covered_again(request->path, before.mount, wanted)) return EEXIST;
    /* Without a text of its own it is what was asked for. */
    if (head->kind != MASK_TEXT || S_ISDIR(before.mode)) return 0;
  }
  if (head->kind == LINK && S_ISDIR(before.mode)) return EISDIR;
  if (head->kind == PROTECT && before.root && is_read_only(target)) return 0;
  int tree = head->kind == PROTECT     ? read_only_copy(target)
             : head->kind == PIN       ? copy_of(target)
             : S_ISDIR(before.mode)    ? directory_mask()
                                       : file_mask(request);
  if (tree < 0) return errno;
  int error = !look(tree, "", &mounted) || !attach(tree, target) ? errno : 0;
  close(tree);
  if (error != 0 && (head->kind == MASK_TEXT || head->kind == LINK)) forget_text(head->id);
  return error != 0 ? error : verify(request->path, mounted.mount, answer);
}

/* All of the directory's own entries, without what is mounted over them. */
static bool look_beneath(int directory, const char *name, struct place *place) {
  int bare = clone_tree(directory, "", AT_EMPTY_PATH);
  if (bare < 0) return false;
  bool done = look(bare, name, place);
  int error = errno;
  close(bare);
  errno = error;
  return done;
}

/* Under the mask may be the one that was there before it was asked for. */
static int unmount_all(const char *name, int directory) {
  struct place left;
  for (bool more = true; more;) {
    if (umount2(name, UMOUNT_NOFOLLOW | MNT_DETACH) != 0) return errno;
    more = look(directory, name, &left) && left.root && left.is.dev == masks_device();
  }
  return 0;
}

/*
 * By the name in a directory that is held: the agent can rename what is above it, but no mount point. All masks
 * may be one file, so what they cover is compared, too; else the mask of another secret could be moved here.
 */
static int unmount_in(int directory, const char *name, const struct request *request, struct answer *answer) {
  struct identity mask, covered = {request->head.dev, request->head.ino};
  struct place above, beneath;
  memcpy(&mask, request->text, sizeof mask);
  if (!look(directory, name, &above)) return errno;
  describe(&above, answer);
  if (!above.root || !same(above.is, mask)) return EEXIST;
  if (!look_beneath(directory, name, &beneath)) return errno;
  if (!same(beneath.is, covered)) return ESTALE;
  int error = fchdir(directory) != 0 ? errno : unmount_all(name, directory);
  if (chdir("/") != 0 && error == 0) error = errno;
  return error;
}

static int unmount(const struct request *request, struct answer *answer) {
  char parent[LARGEST_PATH + 1];
  const char *slash = strrchr(request->path, '/');
  const char *name = slash + 1;
  if (*name == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0) return EINVAL;
  if (request->head.text != sizeof(struct identity)) return EINVAL;
  size_t length = (size_t)(slash - request->path);
  memcpy(parent, request->path, length);
  parent[length] = '\0';
  int directory = open_strictly(length == 0 ? "/" : parent);
  if (directory < 0) return errno;
  int error = unmount_in(directory, name, request, answer);
  close(directory);
  return error;
}

static int cover(const struct request *request, struct answer *answer) {
  int target = open_strictly(request->path);
  if (target < 0) return errno;
  int error = mount_over(request, target, answer);
  close(target);
  return error;
}

static int answer_path(const struct request *request, struct answer *answer) {
  if (strlen(request->path) != request->head.path || request->path[0] != '/') return EINVAL;
  if (request->head.kind == AGAIN) return expect_again(request);
  return request->head.kind == UNMASK ? unmount(request, answer) : cover(request, answer);
}

void answer_mount(const struct request *request, struct answer *answer) {
  switch (request->head.kind) {
  case MASK_EMPTY:
  case MASK_DENY:
  case MASK_TEXT:
  case LINK:
  case PROTECT:
  case PIN:
  case AGAIN:
  case UNMASK: answer->error = answer_path(request, answer); return;
  case REWRITE: answer->error = rewrite_text(request); return;
  case FORGET: answer->error = forget_text(request->head.dev); return;
  default: answer->error = EINVAL;
  }
}
