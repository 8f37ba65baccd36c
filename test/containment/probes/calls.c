/*
 * System calls that the box refuses. Each is tried with arguments that the kernel would take from somebody
 * allowed to, and that do little harm if it does. Refused means EPERM or one of its like: EFAULT, EBADF or
 * ENOTTY would mean that the kernel's own code was reached.
 *
 * calls ENV-FILE DIRECTORY HANDLE; HANDLE is "type:hex" of the real file behind the mask.
 */
#include "report.h"
#include <asm/termbits.h>
#include <linux/io_uring.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/xattr.h>
#include <sys/wait.h>
#include <time.h>

static const char *environment_file, *directory;
static char side[4096];

static int is_refusal(int error) {
  return error == EPERM || error == ENOSYS || error == EACCES || error == EAFNOSUPPORT ||
         error == EPROTONOSUPPORT || error == ENOSPC; /* the limit of --disable-userns */
}

static void judge(const char *name, long result, int error) {
  report(name, result >= 0 || !is_refusal(error), result >= 0 ? "it worked" : strerror(error));
}

#define TRY(name, call)            \
  do {                             \
    errno = 0;                     \
    long result_ = (long)(call);   \
    judge(name, result_, errno);   \
  } while (0)

/* In a child, since success would change the process for the probes that follow. */
#define TRY_APART(name, call)                                              \
  do {                                                                     \
    pid_t child_ = fork();                                                 \
    if (child_ == 0) {                                                     \
      errno = 0;                                                           \
      long result_ = (long)(call);                                         \
      _exit(result_ >= 0 ? 0 : errno);                                     \
    }                                                                      \
    int status_ = 0;                                                       \
    waitpid(child_, &status_, 0);                                          \
    int error_ = WIFEXITED(status_) ? WEXITSTATUS(status_) : EPERM;        \
    judge(name, error_ == 0 ? 0 : -1, error_);                             \
  } while (0)

static void namespaces(void) {
  TRY_APART("unshare-user", unshare(CLONE_NEWUSER));
  TRY_APART("unshare-mount", unshare(CLONE_NEWNS));
  TRY_APART("unshare-user-mount-network", unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET));
  TRY_APART("clone-user", syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0));
  unsigned long long arguments[8] = {CLONE_NEWUSER, 0, 0, 0, SIGCHLD, 0, 0, 0};
  TRY_APART("clone3-user", syscall(435, arguments, sizeof arguments));
  TRY_APART("setns", setns(open("/proc/self/ns/mnt", O_RDONLY), 0));
  TRY_APART("chroot", chroot("/proc/1/root"));
  TRY_APART("pivot-root", syscall(SYS_pivot_root, ".", "."));
}

static void mounts(void) {
  TRY("umount", umount2(environment_file, MNT_DETACH));
  TRY("umount-proc", umount2("/proc/sys", MNT_DETACH));
  TRY("bind-mount", mount(directory, "/tmp", NULL, MS_BIND | MS_REC, NULL));
  TRY("remount", mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND, NULL));
  TRY("overlay-mount", mount("x", "/tmp", "overlay", 0, "lowerdir=/"));
  TRY("open-tree", syscall(428, AT_FDCWD, environment_file, 1));
  TRY("open-tree-directory", syscall(428, AT_FDCWD, directory, 1 | AT_RECURSIVE));
  TRY("move-mount", syscall(429, AT_FDCWD, environment_file, AT_FDCWD, "/tmp", 0));
  TRY("fsopen", syscall(430, "tmpfs", 0));
  TRY("fspick", syscall(433, AT_FDCWD, "/", 0));
  unsigned long long attributes[4] = {0, 1, 0, 0};
  TRY("mount-setattr", syscall(442, AT_FDCWD, directory, 0, attributes, sizeof attributes));
}

static void by_handle(const char *text) {
  struct {
    struct file_handle header;
    unsigned char bytes[128];
  } handle = {.header = {.handle_bytes = 0}};
  int used = 0;
  sscanf(text, "%d:%n", &handle.header.handle_type, &used);
  unsigned value;
  while (used > 0 && sscanf(text + used, "%2x", &value) == 1 && handle.header.handle_bytes < 128) {
    handle.bytes[handle.header.handle_bytes++] = (unsigned char)value;
    used += 2;
  }
  TRY("open-by-handle", open_by_handle_at(open(directory, O_RDONLY), &handle.header, O_RDONLY));
}

static void exchange(void) {
  int fd = open(side, O_CREAT | O_WRONLY, 0600);
  close(fd);
  errno = 0;
  long done = syscall(SYS_renameat2, AT_FDCWD, environment_file, AT_FDCWD, side, 2);
  int error = errno;
  if (done == 0) syscall(SYS_renameat2, AT_FDCWD, environment_file, AT_FDCWD, side, 2);
  unlink(side);
  report("env-exchange", done == 0, done == 0 ? "it worked" : strerror(error));
}

static void processes(void) {
  TRY_APART("ptrace", ptrace(PTRACE_SEIZE, 1, 0, 0));
  TRY_APART("ptrace-parent", ptrace(PTRACE_SEIZE, getppid(), 0, 0));
  static char buffer[16];
  struct iovec here = {buffer, sizeof buffer};
  TRY("process-vm-readv", syscall(SYS_process_vm_readv, getpid(), &here, 1, &here, 1, 0));
  TRY("process-vm-writev", syscall(SYS_process_vm_writev, getpid(), &here, 1, &here, 1, 0));
  TRY("kcmp", syscall(SYS_kcmp, getpid(), getpid(), 1, 0, 0));
  TRY("pidfd-getfd", syscall(438, syscall(434, getpid(), 0), 0, 0));
}

/* The kernel lets every process of the user do this. Nothing changes if it works. */
static void warden(void) {
  struct rlimit now;
  TRY("process-1-limits", syscall(SYS_prlimit64, 1, RLIMIT_NOFILE, NULL, &now));
  TRY("process-1-priority", setpriority(PRIO_PROCESS, 1, getpriority(PRIO_PROCESS, 1)));
  cpu_set_t processors;
  sched_getaffinity(1, sizeof processors, &processors);
  TRY("process-1-affinity", sched_setaffinity(1, sizeof processors, &processors));
}

static void surface(void) {
  char zeros[256] = {0};
  struct io_uring_params ring = {0};
  TRY("bpf", syscall(SYS_bpf, 0, zeros, sizeof zeros));
  TRY("io-uring", syscall(425, 1, &ring));
  TRY("perf-event", syscall(SYS_perf_event_open, zeros, 0, -1, -1, 0));
  TRY("userfaultfd", syscall(SYS_userfaultfd, 0));
  TRY("fanotify", syscall(SYS_fanotify_init, 0, 0));
  TRY("keyctl", syscall(SYS_keyctl, 0, -4, 1));
  TRY("add-key", syscall(SYS_add_key, "user", "probe", "x", 1, -1));
  TRY("request-key", syscall(SYS_request_key, "user", "probe", NULL, 0));
  TRY("init-module", syscall(SYS_init_module, zeros, 0, ""));
  TRY("finit-module", syscall(SYS_finit_module, -1, "", 0));
  TRY("delete-module", syscall(SYS_delete_module, "probe", 0));
  TRY("kernel-log", syscall(SYS_syslog, 10, NULL, 0));
  TRY("personality", syscall(SYS_personality, 0x400000));
  TRY("reboot", syscall(SYS_reboot, 0, 0, 0, NULL));
  TRY("swapon", syscall(SYS_swapon, environment_file, 0));
  TRY("acct", syscall(SYS_acct, NULL));
  char host[65] = {0};
  struct timespec now;
  gethostname(host, sizeof host - 1);
  clock_gettime(CLOCK_REALTIME, &now);
  TRY("sethostname", syscall(SYS_sethostname, host, strlen(host)));
  TRY("setdomainname", syscall(SYS_setdomainname, "(none)", 6));
  TRY("clock-settime", syscall(SYS_clock_settime, CLOCK_REALTIME, &now));
  TRY("vhangup", syscall(SYS_vhangup));
  TRY("kexec-load", syscall(SYS_kexec_load, 0, 0, NULL, 0));
  TRY("fsconfig", syscall(431, -1, 0, NULL, NULL, 0));
  TRY("fsmount", syscall(432, -1, 0, 0));
  TRY("adjtimex", syscall(SYS_adjtimex, zeros));
#ifdef __x86_64__
  TRY_APART("iopl", syscall(SYS_iopl, 3));
  TRY("modify-ldt", syscall(SYS_modify_ldt, 0, zeros, sizeof zeros));
  TRY_APART("x32", syscall(0x40000000 | SYS_getpid));
  long result = -EPERM;
  TRY_APART("int-0x80", ({
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(20L) : "memory");
    errno = EPERM;
    result;
  }));
#endif
}

static void terminal(void) {
  char key = 'x';
  TRY("tiocsti", syscall(SYS_ioctl, 0, 0x5412L, &key));
  TRY("tiocsti-high-bits", syscall(SYS_ioctl, 0, 0x5412L | (1L << 32), &key));
  TRY("tiocsti-all-high-bits", syscall(SYS_ioctl, 0, (long)0xffffffff00005412UL, &key));
  TRY("tioclinux", syscall(SYS_ioctl, 0, 0x541cL, &key));
}

static void files(void) {
  int fd = open(side, O_CREAT | O_WRONLY, 0755);
  TRY("setuid-chmod", syscall(SYS_fchmodat, AT_FDCWD, side, 04755));
  TRY("setgid-chmod", syscall(SYS_fchmodat, AT_FDCWD, side, 02755));
  TRY("setuid-fchmod", fchmod(fd, 04755));
  TRY("setuid-fchmodat2", syscall(452, AT_FDCWD, side, 04755, 0));
  TRY("file-capability", fsetxattr(fd, "security.capability", "\1\0\0\2\377\377\377\377\0\0\0\0\0\0\0\0\0\0\0\0", 20, 0));
  close(fd);
  fd = open(side, O_RDONLY);
  TRY("lease", fcntl(fd, F_SETLEASE, F_WRLCK));
  close(fd);
  unlink(side);
  TRY("setuid-open", syscall(SYS_openat, AT_FDCWD, side, O_CREAT | O_WRONLY, 04755));
  unlink(side);
  TRY("setuid-mknod", syscall(SYS_mknodat, AT_FDCWD, side, S_IFREG | 04755, 0));
  unlink(side);
  TRY("mknod-character", mknod(side, S_IFCHR | 0666, makedev(1, 3)));
  unlink(side);
  TRY("mknod-block", mknod(side, S_IFBLK | 0666, makedev(8, 0)));
  unlink(side);
}

static void sockets(void) {
  TRY("socket-vsock", socket(40, SOCK_STREAM, 0));
  TRY("socket-packet", socket(17, SOCK_RAW, 0));
  TRY("socket-alg", socket(38, SOCK_SEQPACKET, 0));
  TRY("socket-uevent", socket(16, SOCK_RAW, 15));
  TRY("socket-netfilter", socket(16, SOCK_RAW, 12));
}

int main(int argc, char **argv) {
  if (argc != 4) return 2;
  environment_file = argv[1];
  directory = argv[2];
  snprintf(side, sizeof side, "%s/probe-call", directory);
  namespaces();
  mounts();
  by_handle(argv[3]);
  exchange();
  processes();
  warden();
  surface();
  terminal();
  files();
  sockets();
  return 0;
}
