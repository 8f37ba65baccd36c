/*
 * init: everything in the box stands still. SIGSTOP alone does not see to that: the kernel sends a process any
 * signal that it has asked for, SIGCONT too, from a timer or for a file, and SIGCONT wakes whoever is stopped.
 * Nobody does that but to escape, so a box in which it happens again and again is ended.
 */
#include "common.h"
#include <dirent.h>

/* Each look is LOOK_MS after the other while something moves; under load some need a while to stop. */
enum { MOST_LOOKS = 100, MOST_AWAKENINGS = 5, CALM_MS = 1000 };

static struct {
  int processes; /* /proc */
  bool calm;     /* nothing moved at the last look */
  int looks, awakenings;
  int64_t next_look;
} it;

void open_processes(void) {
  it.processes = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (it.processes < 0) die("/proc");
}

/* Every process of the namespace but pid 1; atomic towards fork. */
void stop_everything(void) {
  kill(-1, SIGSTOP);
  it.calm = false;
  it.looks = it.awakenings = 0;
  it.next_look = now_ms() + LOOK_MS;
}

/* Gone counts as still; what cannot be looked at (no descriptor, no memory) does not. */
static bool gone(void) { return errno == ENOENT || errno == ESRCH; }

/* What waits in the kernel (D) cannot do anything either. */
static bool moves(int tasks, const char *task) {
  char path[32], text[256];
  if ((size_t)snprintf(path, sizeof path, "%.16s/stat", task) >= sizeof path) return false;
  int fd = openat(tasks, path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return !gone();
  ssize_t got = read(fd, text, sizeof text - 1);
  int error = errno;
  close(fd);
  errno = error;
  if (got <= 0) return !gone();
  text[got] = '\0';
  const char *state = strrchr(text, ')');
  return state != NULL && strlen(state) > 2 && (state[2] == 'R' || state[2] == 'S');
}

static bool is_number(const char *name) { return name[0] >= '0' && name[0] <= '9'; }

static DIR *open_directory(int at, const char *name) {
  int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *directory = fd < 0 ? NULL : fdopendir(fd);
  if (fd >= 0 && directory == NULL) {
    close(fd);
    errno = ENOMEM;
  }
  return directory;
}

/* By thread: the first one of a process may be gone while others run. */
static bool has_moving_thread(const char *process) {
  char path[32];
  if ((size_t)snprintf(path, sizeof path, "%.16s/task", process) >= sizeof path) return false;
  DIR *tasks = open_directory(it.processes, path);
  if (tasks == NULL) return !gone();
  bool found = false;
  for (struct dirent *entry; !found && (entry = readdir(tasks)) != NULL;)
    found = is_number(entry->d_name) && moves(dirfd(tasks), entry->d_name);
  closedir(tasks);
  return found;
}

static bool something_moves(void) {
  DIR *processes = open_directory(it.processes, ".");
  if (processes == NULL) return true;
  bool found = false;
  for (struct dirent *entry; !found && (entry = readdir(processes)) != NULL;)
    found = is_number(entry->d_name) && strcmp(entry->d_name, "1") != 0 && has_moving_thread(entry->d_name);
  closedir(processes);
  return found;
}

static void give_up_if_hopeless(void) {
  if (it.looks <= MOST_LOOKS && it.awakenings <= MOST_AWAKENINGS) return;
  dprintf(STDERR_FILENO, "agentbox: a program in the box does not let itself be stopped: the box is ended\n");
  _exit(125);
}

/* Somebody continued it: who does that often enough has it end. */
void stop_again(void) {
  if (it.calm) {
    it.awakenings++;
    it.next_look = now_ms() + LOOK_MS;
  }
  it.calm = false;
  give_up_if_hopeless();
  kill(-1, SIGSTOP);
}

void keep_everything_stopped(void) {
  if (now_ms() < it.next_look) return;
  bool moved = something_moves();
  if (moved && it.calm) it.awakenings++;
  it.looks = moved ? it.looks + 1 : 0;
  it.calm = !moved;
  it.next_look = now_ms() + (moved ? LOOK_MS : CALM_MS);
  if (!moved) return;
  give_up_if_hopeless();
  kill(-1, SIGSTOP);
}
