/* What a machine may do wrong, put in front of libc with LD_PRELOAD.
 *
 *   FAULT=KIND FAULT_REPORT=FILE   at every call of the kind a child is forked in which that call fails, and
 * the run goes on; the report has a line for each child: number, exit code, signal, the end of its output in
 * hexadecimal, its messages. Kinds: alloc (no memory), eio (a read fails), end (a read finds the file's end:
 * it was cut), eintr (a read is interrupted), short (a read gives one byte), emfile (open finds no descriptor
 * free). FAULT_CUT=NAME:N:BYTES         at the Nth read of a file whose path ends in NAME it is cut to (or
 * grown to) so many bytes. FAULT_ROOT=DIR                 /proc and /sys are looked for below DIR.
 *
 * One thread only, as llwhy has. FAULT_SKIP=N and FAULT_EVERY=N leave calls out. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <dirent.h>

#define REAL(name) ((__typeof__(&name))real(#name))

enum { CHILD_SECONDS = 20, FILES = 32 };

static bool inside; /* our own calls are not counted */
static bool ready;  /* the program has begun */
static bool child;  /* in which the fault has happened */
static bool cut;    /* ... and made a file shorter */
static const char *kind;
static int report = -1;
static long number, skip, every = 1;

static void *real(const char *name) {
    return dlsym(RTLD_NEXT, name);
}

/* ---- memory: dlsym itself allocates before it can tell where calloc is ---- */

static char early[1 << 16];
static size_t early_used;

static void *early_alloc(size_t size) {
    size = (size + 15) & ~(size_t)15;
    if (size > sizeof early - early_used) return NULL;
    void *p = early + early_used;
    early_used += size;
    return p;
}

static bool is_early(const void *p) {
    return (const char *)p >= early && (const char *)p < early + sizeof early;
}

static void *(*real_malloc)(size_t), *(*real_calloc)(size_t, size_t), *(*real_realloc)(void *, size_t);
static void (*real_free)(void *);

static void find_allocator(void) {
    static bool finding;
    if (finding || real_malloc) return;
    finding = true;
    real_free = (void (*)(void *))real("free");
    real_calloc = (void *(*)(size_t, size_t))real("calloc");
    real_realloc = (void *(*)(void *, size_t))real("realloc");
    real_malloc = (void *(*)(size_t))real("malloc");
    finding = false;
}

/* ---- the walk ---- */

static void put_text(const char *text, size_t len) {
    static const char digits[] = "0123456789abcdef";
    char hex[2];
    for (size_t i = 0; i < len; i++) {
        hex[0] = digits[(unsigned char)text[i] >> 4];
        hex[1] = digits[(unsigned char)text[i] & 15];
        if (write(report, hex, 2) != 2) _exit(120);
    }
}

/* The last bytes of what went into a memory file, which is closed. */
static void tell_end(int fd, size_t most) {
    char buf[4096];
    off_t size = lseek(fd, 0, SEEK_END);
    if (most > sizeof buf) most = sizeof buf;
    off_t from = size > (off_t)most ? size - (off_t)most : 0;
    ssize_t got = pread(fd, buf, most, from);
    dprintf(report, " %lld ", (long long)size);
    if (got > 0) put_text(buf, (size_t)got);
    if (got <= 0) dprintf(report, "-");
    close(fd);
}

/* Parent and child share the places in open files: the child's reading must not move the parent's. */
static void keep_places(off_t places[], bool put_back) {
    for (int fd = 3; fd < FILES; fd++)
        if (!put_back)
            places[fd] = fd == report ? -1 : lseek(fd, 0, SEEK_CUR);
        else if (places[fd] >= 0)
            lseek(fd, places[fd], SEEK_SET);
}

/* Forks; true in the child, whose output goes where the parent tells it from. */
static bool fork_here(void) {
    off_t places[FILES];
    keep_places(places, false);
    int out = memfd_create("out", 0), err = memfd_create("err", 0), status = 0;
    pid_t pid = out < 0 || err < 0 ? -1 : fork();
    if (pid == 0) {
        dup2(out, 1);
        dup2(err, 2);
        close(out);
        close(err);
        child = true;
        alarm(CHILD_SECONDS);
        return true;
    }
    if (pid < 0) _exit(121);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    keep_places(places, true);
    dprintf(report, "%ld %d %d", number, WIFEXITED(status) ? WEXITSTATUS(status) : -1,
            WIFSIGNALED(status) ? WTERMSIG(status) : 0);
    tell_end(out, 64);
    tell_end(err, 600);
    dprintf(report, "\n");
    return false;
}

/* Whether this call is the one that fails. */
static bool fails(const char *what) {
    if (!ready || inside || child || !kind || strcmp(kind, what)) return false;
    number++;
    if (number <= skip || number % every) return false;
    inside = true;
    bool mine = fork_here();
    inside = false;
    return mine;
}

__attribute__((constructor)) static void begin(void) {
    find_allocator();
    const char *path = getenv("FAULT_REPORT");
    kind = getenv("FAULT");
    if (getenv("FAULT_SKIP")) skip = atol(getenv("FAULT_SKIP"));
    if (getenv("FAULT_EVERY")) every = atol(getenv("FAULT_EVERY"));
    if (kind && path) report = REAL(open)(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (report < 0) kind = NULL;
    unsetenv("LD_PRELOAD"); /* what it starts is not walked */
    ready = true;
}

/* ---- memory ---- */

static void *none(void) {
    errno = ENOMEM;
    return NULL;
}

void *malloc(size_t size) {
    if (!real_malloc) find_allocator();
    if (!real_malloc) return early_alloc(size);
    return fails("alloc") ? none() : real_malloc(size);
}

void *calloc(size_t n, size_t size) {
    if (!real_calloc) find_allocator();
    if (!real_calloc) return early_alloc(n * size); /* zero, as nothing there is used twice */
    return fails("alloc") ? none() : real_calloc(n, size);
}

void *realloc(void *old, size_t size) {
    if (!real_realloc) find_allocator();
    if (!real_realloc || is_early(old)) {
        void *p = malloc(size);
        if (p && old) memcpy(p, old, size < 256 ? size : 256); /* the early ones are small */
        return p;
    }
    return fails("alloc") ? none() : real_realloc(old, size);
}

/* Pages for nobody's file are memory, too. */
void *mmap64(void *at, size_t size, int access, int flags, int fd, off64_t offset) {
    static __typeof__(&mmap64) next;
    if (!next) next = REAL(mmap64);
    if (!(flags & MAP_ANONYMOUS) || !fails("alloc")) return next(at, size, access, flags, fd, offset);
    errno = ENOMEM;
    return MAP_FAILED;
}

void free(void *p) {
    if (is_early(p)) return;
    if (!real_free) find_allocator();
    if (real_free) real_free(p);
}

/* ---- reading ---- */

static void cut_if_it_is_time(int fd) {
    static long seen;
    const char *spec = getenv("FAULT_CUT");
    char name[PATH_MAX], link[64], path[PATH_MAX];
    long at = 0, bytes = 0;
    if (!spec || inside || sscanf(spec, "%4095[^:]:%ld:%ld", name, &at, &bytes) != 3) return;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 1);
    if (n <= 0) return;
    path[n] = 0;
    size_t len = strlen(name);
    if ((size_t)n < len || strcmp(path + (size_t)n - len, name) || ++seen != at) return;
    if (truncate(path, bytes) != 0) _exit(122);
}

/* -2: the call goes on as it is. */
static ssize_t read_fault(size_t *len) {
    if (fails("eio")) return errno = EIO, -1;
    if (fails("eintr")) return errno = EINTR, -1;
    if (fails("end")) return cut = true, 0;
    if (fails("short") && *len > 1) *len = 1;
    return -2;
}

ssize_t read(int fd, void *buf, size_t len) {
    cut_if_it_is_time(fd);
    ssize_t n = read_fault(&len);
    return n == -2 ? REAL(read)(fd, buf, len) : n;
}

ssize_t pread64(int fd, void *buf, size_t len, off64_t at) {
    cut_if_it_is_time(fd);
    ssize_t n = read_fault(&len);
    return n == -2 ? REAL(pread64)(fd, buf, len, at) : n;
}

/* ---- opening ---- */

static const char *placed(const char *path, char buf[PATH_MAX]) {
    const char *root = getenv("FAULT_ROOT");
    if (!root || inside || (strncmp(path, "/proc/", 6) && strncmp(path, "/sys/", 5))) return path;
    snprintf(buf, PATH_MAX, "%s%s", root, path);
    return buf;
}

int open64(const char *path, int flags, ...) {
    char buf[PATH_MAX];
    va_list args;
    va_start(args, flags);
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(args, mode_t) : 0;
    va_end(args);
    if (fails("emfile")) return errno = EMFILE, -1;
    return REAL(open64)(placed(path, buf), flags, mode);
}

int open(const char *path, int flags, ...) {
    char buf[PATH_MAX];
    va_list args;
    va_start(args, flags);
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(args, mode_t) : 0;
    va_end(args);
    if (fails("emfile")) return errno = EMFILE, -1;
    return REAL(open)(placed(path, buf), flags, mode);
}

FILE *fopen64(const char *path, const char *mode) {
    char buf[PATH_MAX];
    if (fails("emfile")) return errno = EMFILE, NULL;
    return REAL(fopen64)(placed(path, buf), mode);
}

FILE *fopen(const char *path, const char *mode) {
    char buf[PATH_MAX];
    if (fails("emfile")) return errno = EMFILE, NULL;
    return REAL(fopen)(placed(path, buf), mode);
}

DIR *opendir(const char *path) {
    char buf[PATH_MAX];
    if (fails("emfile")) return errno = EMFILE, NULL;
    return REAL(opendir)(placed(path, buf));
}

int fstat64(int fd, struct stat64 *st) {
    int rc = REAL(fstat64)(fd, st);
    if (rc == 0 && cut && S_ISREG(st->st_mode)) st->st_size = 0;
    return rc;
}

int stat64(const char *path, struct stat64 *st) {
    char buf[PATH_MAX];
    return REAL(stat64)(placed(path, buf), st);
}

int stat(const char *path, struct stat *st) {
    char buf[PATH_MAX];
    return REAL(stat)(placed(path, buf), st);
}
