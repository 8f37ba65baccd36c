/* join: what masks are made of. It lies in a tmpfs of the box, which is read-only for everything but this process. */
#include "mounts.h"
#include <linux/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>

/* Made by bwrap: an empty tmpfs, read-only for everything in the box. */
static const char MASKS[] = "/run/agentbox/masks";

static struct {
  int shown;    /* that directory */
  int writable; /* a private mount of the same file system */
  uint64_t device;
} masks = {-1, -1, 0};

uint64_t masks_device(void) { return masks.device; }

/* Without room for all of it nothing is left. A name is used anew for another file: the old one may be mounted. */
static bool write_file(const char *name, int flags, const struct request *from, mode_t mode) {
  int fd = openat(masks.writable, name, O_WRONLY | O_NOFOLLOW | O_CLOEXEC | flags, 0600);
  if (fd < 0) return false;
  const char *text = from == NULL ? "" : from->text;
  size_t size = from == NULL ? 0 : from->head.text;
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
  if (!done && (flags & O_EXCL) != 0) unlinkat(masks.writable, name, 0);
  errno = error;
  return done;
}

static bool make_file(const char *name, const struct request *from, mode_t mode) {
  if (unlinkat(masks.writable, name, 0) != 0 && errno != ENOENT) return false;
  return write_file(name, O_CREAT | O_EXCL, from, mode);
}

static bool make_link(const char *name, const char *to) {
  if (unlinkat(masks.writable, name, 0) != 0 && errno != ENOENT) return false;
  return symlinkat(to, masks.writable, name) == 0;
}

/* Nothing but the mount that bwrap made: should the agent ever be able to put another thing there, not that. */
static bool is_tmpfs_mount(int fd, struct place *place) {
  enum { TMPFS = 0x01021994 };
  struct statfs system;
  if (!look(fd, "", place) || fstatfs(fd, &system) != 0) return false;
  errno = ENOTDIR;
  return place->root && S_ISDIR(place->mode) && system.f_type == TMPFS;
}

bool open_masks(void) {
  struct place place;
  umask(0);
  masks.shown = open_strictly(MASKS);
  if (masks.shown < 0 || !is_tmpfs_mount(masks.shown, &place)) return false;
  masks.device = place.is.dev;
  masks.writable = clone_tree(masks.shown, "", AT_EMPTY_PATH);
  return masks.writable >= 0 && set_attributes(masks.writable, 0, 0, MOUNT_ATTR_RDONLY) &&
         make_file("empty", NULL, 0444) && make_file("denied", NULL, 0);
}

static void text_name(char name[32], uint64_t id) { snprintf(name, 32, "text-%llu", (unsigned long long)id); }

int forget_text(uint64_t id) {
  char name[32];
  text_name(name, id);
  return unlinkat(masks.writable, name, 0) == 0 ? 0 : errno;
}

/* What is to be mounted over a file. Private mounts of read-only ones are read-only. */
int file_mask(const struct request *request) {
  char name[32];
  switch (request->head.kind) {
  case MASK_EMPTY: return clone_tree(masks.shown, "empty", 0);
  case MASK_DENY: return clone_tree(masks.shown, "denied", 0);
  case LINK:
    text_name(name, request->head.id);
    return make_link(name, request->text) ? clone_tree(masks.shown, name, AT_SYMLINK_NOFOLLOW) : -1;
  default:
    text_name(name, request->head.id);
    return make_file(name, request, 0444) ? clone_tree(masks.shown, name, 0) : -1;
  }
}

int directory_mask(void) {
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

int rewrite_text(const struct request *request) {
  char name[32];
  text_name(name, request->head.dev);
  return write_file(name, O_TRUNC, request, 0444) ? 0 : errno;
}

