/* A process that is called llama-server and does nothing: it listens where --port says, prints "ready", and
 * waits until its standard input ends. For tests of what /proc tells about a process. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv) {
    for (int i = 1; i + 1 < argc; i++) {
        if (strcmp(argv[i], "--port")) continue;
        struct sockaddr_in address = {.sin_family = AF_INET,
                                      .sin_port = htons((unsigned short)atoi(argv[i + 1]))};
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        int s = socket(AF_INET, SOCK_STREAM, 0);
        socklen_t len = sizeof address;
        if (s < 0 || bind(s, (struct sockaddr *)&address, sizeof address) || listen(s, 1) ||
            getsockname(s, (struct sockaddr *)&address, &len))
            return 1;
        printf("listening on %d\n", ntohs(address.sin_port)); /* --port 0 takes a free one */
    }
    puts("ready");
    fflush(stdout);
    char byte;
    while (read(STDIN_FILENO, &byte, 1) > 0) {
    }
    return 0;
}
