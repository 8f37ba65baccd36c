/*
 * fuzz SEED SECONDS: bytes that Node would never send, to the two readers of the helper. Each try is a process of its
 * own; one that does not end by itself with a status that the helper knows is a finding. To be run in a mount
 * namespace of its own: a request that is accepted does mount.
 */
#include "../../../native/join.c"
#include "../../../native/start.c"
#include <sys/wait.h>

enum { LARGEST = 1 << 16, SANITIZER = 99 };

static uint64_t state;

static uint64_t number(void) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return state;
}

static uint32_t below(uint32_t limit) { return (uint32_t)(number() % limit); }

/* Mostly small, now and then at an edge or anything. */
static uint32_t length(uint32_t edge) {
  switch (below(8)) {
  case 0: return edge + below(3) - 1;
  case 1: return (uint32_t)number();
  case 2: return 0;
  default: return below(64);
  }
}

static size_t put(char *into, size_t at, const void *from, size_t size) {
  if (at + size > LARGEST) return at;
  memcpy(into + at, from, size);
  return at + size;
}

static size_t put_body(char *into, size_t at, uint32_t size) {
  static const char *const paths[] = {"/", "/proc/self/root/x", "/tmp/../etc", "//", "/a/b/", "/.", "relative", ""};
  const char *path = paths[below(sizeof paths / sizeof *paths)];
  if (below(2) == 0) size = (uint32_t)strlen(path);
  for (uint32_t i = 0; i < size && at < LARGEST; i++)
    into[at++] = i < strlen(path) && below(16) > 0 ? path[i] : (char)number();
  return at;
}

static size_t requests_of(char *into) {
  size_t at = 0;
  for (uint32_t count = below(6); count > 0; count--) {
    struct request_header head = {.kind = below(14), .id = (uint32_t)number(), .dev = number(), .ino = number()};
    head.path = length(LARGEST_PATH);
    head.text = length(below(2) == 0 ? LARGEST_TEXT : sizeof(struct identity));
    at = put(into, at, &head, sizeof head);
    at = put_body(into, at, head.path);
    at = put_body(into, at, head.text);
  }
  return at;
}

static size_t records_of(char *into) {
  size_t at = 0;
  uint32_t numbers[] = {ARGV, ENVIRON, ARGS_FD, SECCOMP_FD, FIRST_DATA_FD, END};
  for (uint32_t count = below(8), n = 0; count > 0; count--, n++) {
    uint32_t record[2] = {below(4) > 0 ? numbers[n % 6] : (uint32_t)number(), length(LARGEST_RECORD)};
    at = put(into, at, record, sizeof record);
    at = put_body(into, at, record[1]);
  }
  return at;
}

_Noreturn static void read_as_join(int from) {
  struct request request;
  while (read_request(from, &request)) {
    struct answer answer = {.id = request.head.id};
    if (request.head.kind != LISTEN && request.head.kind != CONNECT) answer_mount(&request, &answer);
  }
  exit(0);
}

_Noreturn static void read_as_launch(int from) {
  if (dup2(from, CONTROL_FD) < 0) _exit(1);
  struct order order = read_order();
  for (char **argument = order.argv; *argument != NULL; argument++)
    if (strlen(*argument) > LARGEST_RECORD) _exit(1);
  exit(0);
}

static int try_once(bool join) {
  static char bytes[LARGEST];
  int ends[2];
  size_t size = join ? requests_of(bytes) : records_of(bytes);
  if (pipe(ends) != 0 || fcntl(ends[1], F_SETPIPE_SZ, 1 << 17) < 0) return -1;
  if (write(ends[1], bytes, size) != (ssize_t)size) return -1;
  close(ends[1]);
  pid_t child = fork();
  if (child == 0) {
    alarm(20);
    if (join) read_as_join(ends[0]);
    read_as_launch(ends[0]);
  }
  close(ends[0]);
  int status;
  if (waitpid(child, &status, 0) != child) return -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  state = strtoull(argv[1], NULL, 10) * 2654435761u + 1;
  /* Where the helper keeps texts of masks in a box; without it a text is refused, which is another way. */
  (void)!open_masks();
  int64_t end = now_ms() + strtol(argv[2], NULL, 10) * 1000;
  long tries = 0, whole = 0;
  while (now_ms() < end) {
    uint64_t before = state;
    int status = try_once(tries++ % 2 == 0);
    whole += status == 0;
    if (status == 0 || status == 125) continue;
    printf("FOUND status %d, state %llu\n", status, (unsigned long long)before);
    return 1;
  }
  printf("tries %ld, of which read to the end %ld\n", tries, whole);
  return whole > 0 ? 0 : 1;
}
