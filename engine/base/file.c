/* Bounded reads of regular files and sorted directory listings. */
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

llw_rc llw_file_read(llw_arena *arena, const char *path, size_t cap, char **bytes, size_t *len, llw_err *err) {
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return llw_fail(err, errno == ENOENT ? LLW_ERR_NOTHING : LLW_ERR_SYSTEM, path, 0, "cannot be opened: %s",
                        strerror(errno));
    struct stat st;
    llw_rc rc = LLW_OK;
    if (fstat(fd, &st) != 0)
        rc = llw_fail(err, LLW_ERR_SYSTEM, path, 0, "cannot be examined: %s", strerror(errno));
    else if (!S_ISREG(st.st_mode))
        rc = llw_fail(err, LLW_ERR_INPUT, path, 0, "is not a regular file");
    else if ((unsigned long long)st.st_size > cap)
        rc = llw_fail(err, LLW_ERR_INPUT, path, 0, "has %lld bytes, more than the %zu this kind of file may have",
                      (long long)st.st_size, cap);
    if (rc != LLW_OK) {
        close(fd);
        return rc;
    }
    /* /proc files report size 0: read until the end or the cap */
    size_t room = st.st_size > 0 ? (size_t)st.st_size : 65536, have = 0;
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
    close(fd);
    if (rc == LLW_OK) {
        *bytes = llw_arena_strndup(arena, buf, have);
        *len = have;
    }
    free(buf);
    return rc;
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
