/* The floor of an answer over a Unix socket: sends a file's bytes from memory for each line that it gets.
   Arguments: path of the socket, path of the file, "close" to end the connection after each answer.
   Like the exporter it sleeps in poll() and serves any number of clients from one thread. */

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { CLIENTS = 16 };

static char *answer;
static long length;

static void load(const char *path) {
  FILE *file = fopen(path, "rb");
  if (!file || fseek(file, 0, SEEK_END) || (length = ftell(file)) <= 0) exit(1);
  rewind(file);
  answer = malloc(length);
  if (!answer || fread(answer, 1, length, file) != (size_t)length) exit(1);
  fclose(file);
}

/* Whether the client is still there. */
static int serve(int client, int closes) {
  char line[256];
  if (recv(client, line, sizeof line, 0) <= 0) return 0;
  for (long sent = 0; sent < length;) {
    long count = send(client, answer + sent, length - sent, MSG_NOSIGNAL);
    if (count <= 0) return 0;
    sent += count;
  }
  return !closes;
}

int main(int count, char **arguments) {
  if (count < 3) return 1;
  int closes = count > 3 && !strcmp(arguments[3], "close");
  load(arguments[2]);
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  strncpy(address.sun_path, arguments[1], sizeof address.sun_path - 1);
  struct pollfd sockets[CLIENTS + 1] = {{.fd = socket(AF_UNIX, SOCK_STREAM, 0), .events = POLLIN}};
  int used = 1;
  if (bind(sockets[0].fd, (struct sockaddr *)&address, sizeof address) || listen(sockets[0].fd, 64)) return 1;
  for (;;) {
    poll(sockets, used, -1);
    for (int each = used - 1; each > 0; each--) {
      if (!sockets[each].revents || serve(sockets[each].fd, closes)) continue;
      close(sockets[each].fd);
      sockets[each] = sockets[--used];
    }
    if (sockets[0].revents && used <= CLIENTS)
      sockets[used++] = (struct pollfd){.fd = accept(sockets[0].fd, 0, 0), .events = POLLIN};
  }
}
