/*
 * host KEY QUEUE FILE...: keeps secrets on the host for the probes to look for, until SIGTERM. The secret is
 * in the variable SECRET. Prints the handle of each file, the serial number of the key and the version of
 * Landlock.
 */
#include "report.h"
#include <mqueue.h>
#include <signal.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>

static void print_handle(const char *path) {
  struct {
    struct file_handle header;
    unsigned char bytes[128];
  } handle = {.header = {.handle_bytes = 128}};
  int mount;
  if (name_to_handle_at(AT_FDCWD, path, &handle.header, &mount, 0) != 0) handle.header.handle_bytes = 0;
  printf("handle %d:", handle.header.handle_type);
  for (unsigned i = 0; i < handle.header.handle_bytes; i++) printf("%02x", handle.bytes[i]);
  printf("\n");
}

int main(int argc, char **argv) {
  const char *secret = getenv("SECRET");
  if (argc < 3 || secret == NULL) return 2;
  key_t key = (key_t)strtol(argv[1], NULL, 0);
  int memory = shmget(key, 4096, IPC_CREAT | IPC_EXCL | 0666);
  int semaphore = semget(key, 1, IPC_CREAT | IPC_EXCL | 0666);
  int messages = msgget(key, IPC_CREAT | IPC_EXCL | 0666);
  struct mq_attr attributes = {.mq_maxmsg = 4, .mq_msgsize = 256};
  mqd_t queue = mq_open(argv[2], O_CREAT | O_EXCL | O_RDWR, 0666, &attributes);
  if (memory < 0 || semaphore < 0 || messages < 0 || queue < 0) return 1;
  char *place = shmat(memory, NULL, 0);
  strcpy(place, secret);
  struct {
    long type;
    char text[256];
  } message = {.type = 1};
  strncpy(message.text, secret, sizeof message.text - 1);
  for (int i = 0; i < 4; i++) {
    msgsnd(messages, &message, sizeof message.text, IPC_NOWAIT);
    mq_send(queue, secret, strlen(secret), 0);
  }
  long serial = syscall(SYS_add_key, "user", "abx-test", secret, strlen(secret), -4);
  if (serial > 0) syscall(SYS_keyctl, 5, serial, 0x3f3f3f3f);
  for (int i = 3; i < argc; i++) print_handle(argv[i]);
  printf("landlock %ld\n", syscall(444, NULL, 0, 1));
  printf("serial %ld\nready\n", serial);
  fflush(stdout);

  sigset_t set;
  int number;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigprocmask(SIG_BLOCK, &set, NULL);
  sigwait(&set, &number);
  shmctl(memory, IPC_RMID, NULL);
  semctl(semaphore, 0, IPC_RMID);
  msgctl(messages, IPC_RMID, NULL);
  mq_unlink(argv[2]);
  if (serial > 0) syscall(SYS_keyctl, 9, serial, -4);
  return 0;
}
