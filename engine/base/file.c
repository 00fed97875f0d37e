/* Bounded reads of regular files, whole writes, and sorted directory listings. */
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_PRETENDED = 256 };

static struct {
    dev_t device;
    ino_t inode;
    const char *bytes;
    size_t len;
} pretended[MAX_PRETENDED];
static size_t n_pretended;

bool llw_file_pretend(const char *path, const char *bytes, size_t len) {
    struct stat st;
    if (stat(path, &st) != 0) return false;
    size_t i = 0;
    while (i < n_pretended && (pretended[i].device != st.st_dev || pretended[i].inode != st.st_ino)) i++;
    if (i == MAX_PRETENDED) return false;
    if (i == n_pretended) n_pretended++;
    pretended[i].device = st.st_dev;
    pretended[i].inode = st.st_ino;
    pretended[i].bytes = bytes;
    pretended[i].len = len;
    return true;
}

void llw_file_pretend_nothing(void) {
    n_pretended = 0;
}

llw_rc llw_file_read(llw_arena *arena, const char *path, size_t cap, char **bytes, size_t *len,
                     llw_err *err) {
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return llw_fail(err, errno == ENOENT ? LLW_ERR_NOTHING : LLW_ERR_SYSTEM, path, 0,
                        "cannot be opened: %s", strerror(errno));
    struct stat st;
    llw_rc rc = LLW_OK;
    if (fstat(fd, &st) != 0)
        rc = llw_fail(err, LLW_ERR_SYSTEM, path, 0, "cannot be examined: %s", strerror(errno));
    else if (!S_ISREG(st.st_mode))
        rc = llw_fail(err, LLW_ERR_INPUT, path, 0, "is not a regular file");
    else if ((unsigned long long)st.st_size > cap)
        rc = llw_fail(err, LLW_ERR_INPUT, path, 0,
                      "has %lld bytes, more than the %zu this kind of file may have", (long long)st.st_size,
                      cap);
    for (size_t i = 0; i < n_pretended && rc == LLW_OK; i++) {
        if (pretended[i].device != st.st_dev || pretended[i].inode != st.st_ino || pretended[i].len > cap)
            continue;
        close(fd);
        *bytes = llw_arena_strndup(arena, pretended[i].bytes, pretended[i].len);
        *len = pretended[i].len;
        return LLW_OK;
    }
    if (rc != LLW_OK) {
        close(fd);
        return rc;
    }
    /* /proc files report size 0: read until the end or the cap */
    size_t room = st.st_size > 0 ? (size_t)st.st_size : 4096, have = 0;
    if (room > cap) room = cap;
    char *buf = llw_xmalloc(room + 1);
    for (;;) {
        if (have == room) {
            if (room == cap || st.st_size > 0) break;
            room = room * 2 > cap ? cap : room * 2;
            buf = llw_xrealloc(buf, room + 1);
        }
        ssize_t n = read(fd, buf + have, room - have);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) rc = llw_fail(err, LLW_ERR_SYSTEM, path, 0, "cannot be read: %s", strerror(errno));
        if (n <= 0) break;
        have += (size_t)n;
    }
    struct stat after; /* a file below /sys says 4096 before and after, whatever it holds */
    if (rc == LLW_OK && have < (size_t)st.st_size && fstat(fd, &after) == 0 && after.st_size < st.st_size)
        rc = llw_fail(err, LLW_ERR_INPUT, path, 0,
                      "became shorter while it was read: try again when nothing writes to it");
    close(fd);
    if (rc == LLW_OK) {
        *bytes = llw_arena_strndup(arena, buf, have);
        *len = have;
    }
    free(buf);
    return rc;
}

static bool write_all(int fd, const char *bytes, size_t len) {
    while (len) {
        ssize_t n = write(fd, bytes, len);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        bytes += n;
        len -= (size_t)n;
    }
    return true;
}

static llw_rc replace(const char *path, const char *bytes, size_t len, bool lasting, llw_err *err) {
    struct stat st;
    bool there = lstat(path, &st) == 0;
    if (there && !S_ISREG(st.st_mode))
        return llw_fail(err, LLW_ERR_INPUT, path, 0, "is %s: only a regular file is written",
                        S_ISLNK(st.st_mode) ? "a link" : "no regular file");
    char name[PATH_MAX];
    if (snprintf(name, sizeof name, "%s.llwhy-XXXXXX", path) >= (int)sizeof name)
        return llw_fail(err, LLW_ERR_INPUT, path, 0, "the path is too long");
    mode_t mask = umask(0);
    umask(mask);
    int fd = mkstemp(name);
    if (fd < 0)
        return llw_fail(err, LLW_ERR_SYSTEM, path, 0, "no file can be written beside it: %s",
                        strerror(errno));
    bool good = fchmod(fd, there ? st.st_mode & 07777 : 0666 & ~mask) == 0;
    if (good && there && (st.st_uid != geteuid() || st.st_gid != getegid()))
        good = fchown(fd, st.st_uid, st.st_gid) == 0 || errno == EPERM;
    good = good && write_all(fd, bytes, len) && (!lasting || fsync(fd) == 0);
    int cause = errno;
    if (close(fd) != 0 && good) {
        good = false;
        cause = errno;
    }
    if (good && rename(name, path) != 0) {
        good = false;
        cause = errno;
    }
    if (good) return LLW_OK;
    unlink(name);
    return llw_fail(err, LLW_ERR_SYSTEM, path, 0, "cannot be written: %s", strerror(cause));
}

llw_rc llw_file_replace(const char *path, const char *bytes, size_t len, llw_err *err) {
    return replace(path, bytes, len, true, err);
}

llw_rc llw_file_jot(const char *path, const char *bytes, size_t len, llw_err *err) {
    return replace(path, bytes, len, false, err);
}

llw_rc llw_file_append(const char *path, const char *bytes, size_t len, llw_err *err) {
    struct stat st;
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0666);
    bool good = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && write_all(fd, bytes, len);
    int cause = errno;
    if (fd >= 0) close(fd);
    return good ? LLW_OK
                : llw_fail(err, LLW_ERR_SYSTEM, path, 0, "nothing can be added to it: %s", strerror(cause));
}

llw_rc llw_file_create(const char *path, const char *bytes, size_t len, llw_err *err) {
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0) return llw_fail(err, LLW_ERR_SYSTEM, path, 0, "cannot be created: %s", strerror(errno));
    bool good = write_all(fd, bytes, len);
    int cause = errno;
    if (close(fd) != 0 && good) {
        good = false;
        cause = errno;
    }
    if (good) return LLW_OK;
    unlink(path);
    return llw_fail(err, LLW_ERR_SYSTEM, path, 0, "cannot be written: %s", strerror(cause));
}

bool llw_file_is_regular(const char *path) {
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

bool llw_file_is_directory(const char *path) {
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

char *llw_path_join(llw_arena *arena, const char *directory, const char *name) {
    size_t len = strlen(directory);
    if (!len || !strcmp(directory, ".")) return llw_arena_strdup(arena, name);
    return llw_arena_printf(arena, "%s%s%s", directory, directory[len - 1] == '/' ? "" : "/", name);
}

const char *llw_path_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

const char *llw_path_name_or_path(const char *path) {
    const char *name = llw_path_name(path);
    return *name ? name : path;
}

const char *llw_path_folder(llw_arena *arena, const char *path) {
    const char *slash = strrchr(path, '/');
    if (!slash) return "";
    return slash == path ? "/" : llw_arena_strndup(arena, path, (size_t)(slash - path));
}

int llw_path_depth(const char *directory, int most) {
    char *real = realpath(*directory ? directory : ".", NULL);
    int depth = real ? 0 : most;
    for (const char *at = real; at && (at = strchr(at, '/')) && at[1] && depth < most; at++) depth++;
    free(real);
    return depth;
}

/* An absolute path without links in its directory; NULL when that directory is not there. */
static const char *absolute(llw_arena *arena, const char *path) {
    const char *name = llw_path_name(path);
    const char *directory = name == path ? "." : llw_path_folder(arena, path);
    if (!*name || !strcmp(name, ".") || !strcmp(name, "..")) {
        directory = path;
        name = "";
    }
    char *real = realpath(directory, NULL);
    if (!real) return NULL;
    size_t len = strlen(real);
    const char *whole =
        *name ? llw_arena_printf(arena, "%s%s%s", real, len && real[len - 1] == '/' ? "" : "/", name)
              : llw_arena_strdup(arena, real);
    free(real);
    return whole;
}

const char *llw_path_relative(llw_arena *arena, const char *path, const char *directory) {
    const char *whole = absolute(arena, *path ? path : "."), *root = NULL;
    char *real = realpath(*directory ? directory : ".", NULL);
    if (real) root = llw_arena_strdup(arena, real);
    free(real);
    if (!whole || !root) return path;
    size_t len = strlen(root);
    if (len == 1) len = 0; /* the root itself */
    if (strncmp(whole, root, len) || whole[len] != '/') return whole;
    return llw_arena_strdup(arena, whole + len + 1);
}

bool llw_path_is_ours(const char *start, const char *path) {
    struct stat here, link, there;
    bool stands = stat(*start ? start : ".", &here) == 0;
    if (lstat(path, &link) != 0 || stat(path, &there) != 0) return false;
    for (int i = 0; i < 2; i++) {
        uid_t owner = i ? there.st_uid : link.st_uid;
        if (owner && owner != geteuid() && !(stands && owner == here.st_uid)) return false;
    }
    return true;
}

static int by_bytes(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

llw_rc llw_directory_list(llw_arena *arena, const char *path, char ***names, size_t *count, llw_err *err) {
    DIR *dir = opendir(path);
    if (!dir)
        return llw_fail(err, errno == ENOENT ? LLW_ERR_NOTHING : LLW_ERR_SYSTEM, path, 0,
                        "the directory cannot be read: %s", strerror(errno));
    void *items = NULL;
    size_t n = 0, capacity = 0;
    for (struct dirent *e; (e = readdir(dir));) {
        if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..")) continue;
        char **slot = llw_arena_push(arena, &items, &n, &capacity, sizeof *slot);
        *slot = llw_arena_strdup(arena, e->d_name);
    }
    closedir(dir);
    if (n) qsort(items, n, sizeof(char *), by_bytes);
    *names = items;
    *count = n;
    return LLW_OK;
}
