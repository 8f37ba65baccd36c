/*
 * connect HOST PORT: for ssh inside the box (ProxyCommand). Asks the box's proxy for a tunnel, then copies
 * between it and the standard streams. The agent runs it, with the agent's rights: nothing here is trusted.
 */
#include "common.h"
#include <arpa/inet.h>
#include <netinet/in.h>

/* The same in src/network/places.ts. */
enum { PROXY_PORT = 61128 };
enum { LONGEST_NAME = 255, LARGEST_HEAD = 4096, ROOM = 65536 };

static int connect_to_proxy(void) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) die("socket");
  struct sockaddr_in proxy = {.sin_family = AF_INET, .sin_port = htons(PROXY_PORT)};
  proxy.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd, (struct sockaddr *)&proxy, sizeof proxy) != 0) die("the box's proxy");
  return fd;
}

static void write_all(int fd, const char *at, size_t size) {
  while (size > 0) {
    ssize_t put = write(fd, at, size);
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) _exit(1);
    at += put;
    size -= (size_t)put;
  }
}

/* Byte by byte, so that nothing of what follows the head is taken. */
static void read_head(int fd, char *head) {
  size_t size = 0;
  while (size < LARGEST_HEAD - 1) {
    ssize_t got = read(fd, head + size, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    head[++size] = '\0';
    if (size >= 4 && memcmp(head + size - 4, "\r\n\r\n", 4) == 0) return;
  }
  dprintf(STDERR_FILENO, "agentbox: the proxy did not answer\n");
  _exit(1);
}

static void ask(int fd, const char *host, const char *port) {
  char head[LARGEST_HEAD] = "";
  bool v6 = strchr(host, ':') != NULL;
  const char *open = v6 ? "[" : "", *close = v6 ? "]" : "";
  int size = snprintf(head, sizeof head, "CONNECT %s%s%s:%s HTTP/1.1\r\nHost: %s%s%s:%s\r\n\r\n", open, host,
                      close, port, open, host, close, port);
  write_all(fd, head, (size_t)size);
  read_head(fd, head);
  if (strncmp(head, "HTTP/1.1 200 ", 13) == 0) return;
  char body[LARGEST_HEAD];
  ssize_t got = read(fd, body, sizeof body);
  if (got > 0) write_all(STDERR_FILENO, body, (size_t)got);
  _exit(1);
}

/* One read, all of it written; false at the end. */
static bool copy(int from, int to, char *room) {
  ssize_t got = read(from, room, ROOM);
  if (got < 0 && errno == EINTR) return true;
  if (got <= 0) return false;
  write_all(to, room, (size_t)got);
  return true;
}

int connect_main(int argc, char **argv) {
  if (argc != 2 || strlen(argv[0]) > LONGEST_NAME || strlen(argv[1]) > 5) {
    dprintf(STDERR_FILENO, "usage: connect HOST PORT\n");
    return 2;
  }
  int fd = connect_to_proxy();
  ask(fd, argv[0], argv[1]);
  static char room[ROOM];
  struct pollfd both[] = {{.fd = STDIN_FILENO, .events = POLLIN}, {.fd = fd, .events = POLLIN}};
  for (;;) {
    if (poll(both, 2, -1) < 0 && errno != EINTR) die("poll");
    if (both[0].revents != 0 && !copy(STDIN_FILENO, fd, room)) {
      both[0].fd = -1;
      both[0].revents = 0;
      shutdown(fd, SHUT_WR);
    }
    if (both[1].revents != 0 && !copy(fd, STDOUT_FILENO, room)) return 0;
  }
}
