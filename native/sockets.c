/* join: sockets in the box's network, handed to Node over its own IPC channel, which is the way that Node takes descriptors. */
#include "join.h"
#include <arpa/inet.h>
#include <netinet/in.h>

static int on_loopback(uint64_t port, struct sockaddr_in *address) {
  if (port == 0 || port > 65535) {
    errno = EINVAL;
    return -1;
  }
  *address = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

/* Never waits, whatever listens there: a connection may still be on its way when Node gets it. */
int make_socket(const struct request *request) {
  struct sockaddr_in address;
  int fd = on_loopback(request->head.dev, &address), on = 1;
  if (fd < 0) return -1;
  const struct sockaddr *place = (const struct sockaddr *)&address;
  bool done = request->head.kind == CONNECT
                  ? connect(fd, place, sizeof address) == 0 || errno == EINPROGRESS
                  : setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
                        bind(fd, place, sizeof address) == 0 && listen(fd, 511) == 0;
  if (done) return fd;
  int error = errno;
  close(fd);
  errno = error;
  return -1;
}

/* As child_process.send() in another Node would put it. */
bool hand_over_socket(int handles, const struct request *request, int socket) {
  char text[96];
  const char *type = request->head.kind == LISTEN ? "net.Server" : "net.Socket";
  int length = snprintf(text, sizeof text, "{\"cmd\":\"NODE_HANDLE\",\"type\":\"%s\",\"msg\":{\"id\":%u}}\n",
                        type, request->head.id);
  union {
    struct cmsghdr align;
    char bytes[CMSG_SPACE(sizeof(int))];
  } control = {0};
  struct iovec body = {text, (size_t)length};
  struct msghdr message = {
      .msg_iov = &body, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
  struct cmsghdr *part = CMSG_FIRSTHDR(&message);
  part->cmsg_level = SOL_SOCKET;
  part->cmsg_type = SCM_RIGHTS;
  part->cmsg_len = CMSG_LEN(sizeof(int));
  memcpy(CMSG_DATA(part), &socket, sizeof socket);
  ssize_t sent;
  do sent = sendmsg(handles, &message, MSG_NOSIGNAL);
  while (sent < 0 && errno == EINTR);
  return sent == (ssize_t)length;
}

/* Node acknowledges each one. */
void drop_acknowledgements(int handles) {
  char ignored[4096];
  ssize_t got;
  do got = recv(handles, ignored, sizeof ignored, MSG_DONTWAIT);
  while (got > 0 || (got < 0 && errno == EINTR));
  if (got == 0 || (errno != EAGAIN && errno != EWOULDBLOCK)) _exit(0);
}
