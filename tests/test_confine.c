/* Confinement: what a process may no longer do once it gave that up, tried by a child that gave it up. */
#include "base/confine.h"
#include "root.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>

static char here[512]; /* a file that was there before */

static const char *beside(const char *name) {
    static char path[600];
    snprintf(path, sizeof path, "%s.%s", here, name);
    return path;
}

/* Each returns whether it was let through. */
static bool writes(void) {
    return open(here, O_WRONLY) >= 0;
}
static bool writes_and_reads(void) {
    return open(here, O_RDWR) >= 0;
}
static bool empties(void) {
    return open(here, O_RDONLY | O_TRUNC) >= 0;
}
static bool truncates(void) {
    return truncate(here, 0) == 0;
}
static bool makes_a_file(void) {
    return open(beside("new"), O_WRONLY | O_CREAT, 0600) >= 0;
}
static bool makes_an_empty_file(void) {
    return open(beside("new"), O_RDONLY | O_CREAT, 0600) >= 0;
}
static bool makes_a_directory(void) {
    return mkdir(beside("new"), 0700) == 0;
}
static bool makes_a_link(void) {
    return symlink(here, beside("new")) == 0;
}
static bool makes_another_name(void) {
    return link(here, beside("new")) == 0;
}
static bool makes_a_pipe(void) {
    return mkfifo(beside("new"), 0600) == 0;
}
static bool renames(void) {
    return rename(here, beside("new")) == 0;
}
static bool removes(void) {
    return unlink(here) == 0;
}
static bool changes_the_mode(void) {
    return chmod(here, 0777) == 0;
}
static bool changes_the_time(void) {
    return utimes(here, NULL) == 0;
}
static bool writes_to_a_device(void) {
    return open("/dev/null", O_WRONLY) >= 0;
}
static bool starts_a_program(void) {
    execl("/bin/true", "true", (char *)NULL);
    return false; /* let through, it is /bin/true that ends: with 0 */
}
static bool starts_a_shell(void) {
    int status = system("exit 7");
    return WIFEXITED(status) && WEXITSTATUS(status) == 7;
}
static bool opens_a_socket(void) {
    return socket(AF_INET, SOCK_STREAM, 0) >= 0;
}
static bool opens_a_datagram_socket(void) {
    return socket(AF_INET6, SOCK_DGRAM, 0) >= 0;
}
static bool opens_a_local_socket(void) {
    return socket(AF_UNIX, SOCK_STREAM, 0) >= 0;
}
static bool signals(void) {
    return kill(getppid(), 0) == 0;
}

static bool reads(void) {
    char byte = 0;
    int fd = open(here, O_RDONLY);
    return fd >= 0 && read(fd, &byte, 1) == 1 && byte == 'x';
}

enum { REFUSED = 1, LET_THROUGH, CANNOT };

/* A child gives up its rights, then does it. */
static int tried(bool (*what)(void)) {
    pid_t child = fork();
    if (child == 0) {
        if (llw_confine(NULL) != LLW_OK) _exit(CANNOT);
        bool through = what();
        _exit(through ? LET_THROUGH : errno == EPERM || errno == EACCES ? REFUSED : 10 + errno);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void nothing_but_reading_is_left(void **state) {
    (void)state;
    static const struct {
        const char *name;
        bool (*try)(void);
    } deeds[] = {
        {"write", writes},
        {"write and read", writes_and_reads},
        {"empty", empties},
        {"truncate", truncates},
        {"make a file", makes_a_file},
        {"make an empty file", makes_an_empty_file},
        {"make a directory", makes_a_directory},
        {"make a link", makes_a_link},
        {"make another name", makes_another_name},
        {"make a pipe", makes_a_pipe},
        {"rename", renames},
        {"remove", removes},
        {"change the mode", changes_the_mode},
        {"change the time", changes_the_time},
        {"write to a device", writes_to_a_device},
        {"start a program", starts_a_program},
        {"start a shell", starts_a_shell},
        {"TCP", opens_a_socket},
        {"UDP", opens_a_datagram_socket},
        {"a local socket", opens_a_local_socket},
        {"signal", signals},
    };
    strcpy(here, put("/file", "x"));
    if (tried(reads) == CANNOT) skip();
    assert_int_equal(tried(reads), LET_THROUGH);
    for (size_t i = 0; i < sizeof deeds / sizeof *deeds; i++) {
        assert_true(deeds[i].try == starts_a_program || deeds[i].try());
        unlink(beside("new"));
        rmdir(beside("new"));
        put("/file", "x");
        int told = tried(deeds[i].try);
        if (told != REFUSED) fail_msg("%s: %d", deeds[i].name, told);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing_but_reading_is_left, setup, teardown)};
    return cmocka_run_group_tests_name("confine", tests, NULL, NULL);
}
