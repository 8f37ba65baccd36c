/*
 * probe: looks at the box from inside, for `agentbox verify`. Reads a question a line from standard input,
 * `NUMBER KIND ARGUMENT` (the argument in hexadecimal, for it may hold any byte), and answers each with
 * `NUMBER WORD VALUE…`. It changes nothing: what it tries either must be refused or has no effect.
 */
#include "common.h"
#include <arpa/inet.h>
#include <dirent.h>
#include <linux/nsfs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

enum { LONGEST = 16384 };

static bool from_hex(const char *hex, char *bytes, size_t size) {
  size_t length = strlen(hex);
  if (length % 2 != 0 || length / 2 >= size) return false;
  for (size_t at = 0; at < length; at += 2) {
    unsigned value;
    if (sscanf(hex + at, "%2x", &value) != 1) return false;
    bytes[at / 2] = (char)value;
  }
  bytes[length / 2] = '\0';
  return true;
}

/* FNV-1a: the content itself must not come out. */
static void answer_content(int fd) {
  uint64_t hash = UINT64_C(14695981039346656037), size = 0;
  unsigned char chunk[65536];
  ssize_t got;
  while ((got = read(fd, chunk, sizeof chunk)) > 0) {
    size += (uint64_t)got;
    for (ssize_t at = 0; at < got; at++) hash = (hash ^ chunk[at]) * UINT64_C(1099511628211);
  }
  if (got < 0) printf("refused %d\n", errno);
  else printf("file %llu %016llx\n", (unsigned long long)size, (unsigned long long)hash);
}

static void answer_directory(int fd) {
  DIR *directory = fdopendir(fd);
  if (directory == NULL) {
    printf("refused %d\n", errno);
    close(fd);
    return;
  }
  int count = 0;
  for (struct dirent *entry; (entry = readdir(directory)) != NULL;)
    count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
  closedir(directory);
  printf("directory %d\n", count);
}

static void answer_read(const char *path) {
  struct stat stat;
  int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (fd < 0 || fstat(fd, &stat) != 0) {
    int error = errno;
    if (fd >= 0) close(fd);
    if (error == ENOENT || error == ENOTDIR) printf("absent\n");
    else printf("refused %d\n", error);
    return;
  }
  if (S_ISDIR(stat.st_mode)) {
    answer_directory(fd);
    return;
  }
  if (S_ISREG(stat.st_mode)) answer_content(fd);
  else printf("special\n");
  close(fd);
}

/* Asks for permission only; a read-only mount says no. */
static void answer_write(const char *path) {
  if (access(path, W_OK) == 0) printf("writable\n");
  else if (errno == ENOENT || errno == ENOTDIR) printf("absent\n");
  else printf("refused %d\n", errno);
}

/* What is a mount point can be neither renamed nor removed. */
static void answer_mounted(const char *path) {
  struct statx stat;
  struct statvfs system;
  int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0 || statx(fd, "", AT_EMPTY_PATH, 0, &stat) != 0 || fstatvfs(fd, &system) != 0) printf("absent\n");
  else printf("%s %s\n", (stat.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0 ? "mounted" : "plain",
              (system.f_flag & ST_RDONLY) != 0 ? "ro" : "rw");
  if (fd >= 0) close(fd);
}

/* The first word of a list that ends its words with NULs, such as a command line. */
static void answer_word(const char *path) {
  char text[256];
  int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
  if (fd >= 0) close(fd);
  text[got > 0 ? got : 0] = '\0';
  for (char *at = text; *at != '\0'; at++)
    if (*at <= ' ' || *at > '~') *at = '?';
  printf("word %s\n", text);
}

static void answer_link(const char *path) {
  char text[PATH_MAX];
  ssize_t length = readlink(path, text, sizeof text - 1);
  if (length < 0) {
    printf("absent\n");
    return;
  }
  text[length] = '\0';
  printf("link %s\n", text);
}

/* A line of /proc/self/status, by its name. */
static void answer_status(const char *name) {
  char line[512];
  FILE *status = fopen("/proc/self/status", "re");
  size_t length = strlen(name);
  while (status != NULL && fgets(line, sizeof line, status) != NULL) {
    if (strncmp(line, name, length) != 0 || line[length] != ':') continue;
    line[strcspn(line, "\n")] = '\0';
    printf("value %s\n", line + length + 1 + strspn(line + length + 1, "\t "));
    fclose(status);
    return;
  }
  if (status != NULL) fclose(status);
  printf("absent\n");
}

static void answer_variable(const char *name) { printf("%s\n", getenv(name) == NULL ? "unset" : "set"); }

/* Descriptors beyond the standard ones that came from outside. */
static void answer_descriptors(void) {
  int count = 0;
  for (int fd = 3; fd < 1024; fd++) count += fcntl(fd, F_GETFD) >= 0;
  printf("count %d\n", count);
}

static void answer_interfaces(void) {
  struct if_nameindex *list = if_nameindex();
  int others = 0;
  for (struct if_nameindex *one = list; one != NULL && one->if_index != 0; one++)
    others += strcmp(one->if_name, "lo") != 0;
  if (list != NULL) if_freenameindex(list);
  printf("count %d\n", others);
}

/* The mounts' owner is out of sight only where the box has an inner user namespace (--disable-userns). */
static void answer_owner(void) {
  int mounts = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
  int owner = mounts < 0 ? -1 : ioctl(mounts, NS_GET_USERNS);
  if (owner >= 0) printf("seen\n");
  else printf("refused %d\n", errno);
  if (owner >= 0) close(owner);
  if (mounts >= 0) close(mounts);
}

struct call {
  const char *name;
  long number;
  long arguments[5];
};

/* Arguments that the kernel itself would refuse otherwise than by EPERM or ENOSYS, or that have no effect. */
static const struct call calls[] = {
    {"unshare", SYS_unshare, {0x10000000}},
    {"io_uring_setup", SYS_io_uring_setup, {0, 0}},
    {"keyctl", SYS_keyctl, {0, -3, 0}},
    {"add_key", SYS_add_key, {0, 0, 0, 0, -3}},
    {"bpf", SYS_bpf, {0, 0, 0}},
    {"ptrace", SYS_ptrace, {16, 0, 0, 0}},
    {"mount", SYS_mount, {0, 0, 0, 0, 0}},
    {"umount2", SYS_umount2, {0, 0}},
    {"open_tree", SYS_open_tree, {-1, 0, 1}},
    {"move_mount", SYS_move_mount, {-1, 0, -1, 0, 0}},
    {"pivot_root", SYS_pivot_root, {0, 0}},
    {"setns", SYS_setns, {-1, 0}},
    {"open_by_handle_at", SYS_open_by_handle_at, {-1, 0, 0}},
    {"userfaultfd", SYS_userfaultfd, {-1}},
    {"perf_event_open", SYS_perf_event_open, {0, 0, -1, -1, 0}},
    {"process_vm_readv", SYS_process_vm_readv, {0, 0, 0, 0, 0}},
    {"init_module", SYS_init_module, {0, 0, 0}},
};

static void answer_call(const char *name) {
  for (size_t at = 0; at < sizeof calls / sizeof *calls; at++) {
    const struct call *call = &calls[at];
    const long *argument = call->arguments;
    if (strcmp(call->name, name) != 0) continue;
    errno = 0;
    long result = syscall(call->number, argument[0], argument[1], argument[2], argument[3], argument[4]);
    printf("%s %d\n", result >= 0 ? "allowed" : "refused", errno);
    return;
  }
  printf("unknown\n");
}

/* Typing into a terminal: tried on one of our own, so that it would reach nobody. */
static void answer_typing(void) {
  int pty = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (pty < 0) {
    printf("absent\n");
    return;
  }
  int error = ioctl(pty, TIOCSTI, "") == 0 ? 0 : errno;
  close(pty);
  printf("%s %d\n", error == 0 ? "allowed" : "refused", error);
}

/* What the proxy of the box says about HOST:PORT; 0 if there is no proxy. */
static void answer_proxy(const char *target) {
  char text[2048];
  int length = snprintf(text, sizeof text, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n", target, target);
  const char *proxy = getenv("HTTP_PROXY");
  const char *colon = proxy == NULL ? NULL : strrchr(proxy, ':');
  struct sockaddr_in address = {.sin_family = AF_INET};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons((uint16_t)(colon == NULL ? 0 : atoi(colon + 1)));
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), status = 0;
  struct timeval patience = {.tv_sec = 20};
  if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) == 0 &&
      connect(fd, (struct sockaddr *)&address, sizeof address) == 0 &&
      send(fd, text, (size_t)length, MSG_NOSIGNAL) == length) {
    ssize_t got = recv(fd, text, sizeof text - 1, 0);
    text[got > 0 ? got : 0] = '\0';
    if (sscanf(text, "HTTP/%*s %d", &status) != 1) status = 0;
  }
  if (fd >= 0) close(fd);
  printf("status %d\n", status);
}

static void answer(const char *kind, const char *argument) {
  static const struct {
    const char *kind;
    void (*about)(const char *argument);
    void (*alone)(void);
  } kinds[] = {
      {"read", answer_read, NULL},          {"write", answer_write, NULL},
      {"mounted", answer_mounted, NULL},    {"link", answer_link, NULL},
      {"word", answer_word, NULL},          {"status", answer_status, NULL},      {"variable", answer_variable, NULL},
      {"call", answer_call, NULL},          {"proxy", answer_proxy, NULL},
      {"descriptors", NULL, answer_descriptors}, {"interfaces", NULL, answer_interfaces},
      {"owner", NULL, answer_owner},        {"typing", NULL, answer_typing},
  };
  for (size_t at = 0; at < sizeof kinds / sizeof *kinds; at++) {
    if (strcmp(kinds[at].kind, kind) != 0) continue;
    if (kinds[at].about != NULL) kinds[at].about(argument);
    else kinds[at].alone();
    return;
  }
  printf("unknown\n");
}

int probe_main(void) {
  static char line[2 * LONGEST + 64], argument[LONGEST];
  while (fgets(line, sizeof line, stdin) != NULL) {
    char kind[32] = "";
    static char hex[2 * LONGEST];
    unsigned number;
    hex[0] = '\0';
    if (sscanf(line, "%u %31s %32767s", &number, kind, hex) < 2) continue;
    printf("%u ", number);
    if (from_hex(hex, argument, sizeof argument)) answer(kind, argument);
    else printf("unknown\n");
    fflush(stdout);
  }
  return 0;
}
