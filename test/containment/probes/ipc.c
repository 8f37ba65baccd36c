/* ipc KEY QUEUE SERIAL: what the host keeps in System V IPC, a POSIX queue and a kernel keyring. */
#include "report.h"
#include <mqueue.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>

static void shared_memory(key_t key) {
  int id = shmget(key, 0, 0);
  char *place = id < 0 ? (char *)-1 : shmat(id, NULL, SHM_RDONLY);
  report("shared-memory", place != (char *)-1, place != (char *)-1 ? place : strerror(errno));
}

static void semaphores(key_t key) {
  int id = semget(key, 0, 0);
  report("semaphores", id >= 0, id >= 0 ? "they are there" : strerror(errno));
}

static void messages(key_t key) {
  struct {
    long type;
    char text[257];
  } message = {0};
  int id = msgget(key, 0);
  ssize_t got = id < 0 ? -1 : msgrcv(id, &message, sizeof message.text - 1, 0, IPC_NOWAIT);
  report("messages", got >= 0, got >= 0 ? message.text : strerror(errno));
}

static void queue(const char *name) {
  char text[8192] = {0};
  mqd_t id = mq_open(name, O_RDONLY | O_NONBLOCK);
  ssize_t got = id < 0 ? -1 : mq_receive(id, text, sizeof text, NULL);
  report("posix-queue", id >= 0, got >= 0 ? text : strerror(errno));
}

static void keyring(int serial) {
  char text[256] = {0};
  long got = syscall(SYS_keyctl, 11, serial, text, sizeof text - 1);
  report("keyring-serial", got >= 0, got >= 0 ? text : strerror(errno));
  long found = syscall(SYS_keyctl, 10, -4, "user", "abx-test", 0);
  report("keyring-search", found >= 0, found >= 0 ? "found" : strerror(errno));
}

int main(int argc, char **argv) {
  if (argc != 4) return 2;
  key_t key = (key_t)strtol(argv[1], NULL, 0);
  shared_memory(key);
  semaphores(key);
  messages(key);
  queue(argv[2]);
  keyring(atoi(argv[3]));
  return 0;
}
