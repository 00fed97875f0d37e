/* A machine made of files, as /proc shows one: two servers, a shell, and what else runs. */
#ifndef LLW_TESTS_RUNNING_SERVER_H
#define LLW_TESTS_RUNNING_SERVER_H

#include "base/file.h"
#include "source/machine/container.h"
#include "source/machine/running.h"
#include "base/number.h"
#include "scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#define DOCKER LLW_SOURCE_DIR "/tests/fakes/docker"
#define CONTAINER "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

typedef struct fixture {
    llw_arena *arena;
    llw_flags flags;
    char root[SCRATCH_MAX]; /* a machine made of files */
} fixture;

static inline int remove_one(const char *path, const struct stat *st, int type, struct FTW *walk) {
    (void)st, (void)type, (void)walk;
    return remove(path);
}

static inline int set_up(void **state) {
    fixture *f = calloc(1, sizeof *f);
    f->arena = llw_arena_new();
    assert_non_null(mkdtemp(scratch(f->root, "verify")));
    assert_int_equal(llw_flags_load(&f->flags, NULL), LLW_OK);
    *state = f;
    return 0;
}

static inline int tear_down(void **state) {
    fixture *f = *state;
    nftw(f->root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    llw_arena_free(f->arena);
    free(f);
    return 0;
}

/* Writes a file of the made-up machine, directories as needed. */
static inline void put(fixture *f, const char *name, const char *bytes, size_t len) {
    char path[512];
    snprintf(path, sizeof path, "%s/%s", f->root, name);
    for (char *slash = path + strlen(f->root) + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = 0;
        mkdir(path, 0777);
        *slash = '/';
    }
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

static inline void put_link(fixture *f, const char *name, const char *target) {
    put(f, name, "", 0);
    char path[512];
    snprintf(path, sizeof path, "%s/%s", f->root, name);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink(target, path), 0);
}

#define PUT(f, name, text) put(f, name, text, sizeof(text) - 1)

/* Two servers, a shell, a kernel thread and docker-proxy. */
static inline void make_machine(fixture *f) {
    static const char table[] =
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
        "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4711 1 "
        "0000 100 0 0 10 0\n"
        "   1: 00000000:1FA3 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4712 1 "
        "0000 100 0 0 10 0\n"
        "   2: 0100007F:1F91 0100007F:9999 01 00000000:00000000 00:00000000 00000000  1000        0 4713 1 "
        "0000 100 0 0 10 0\n";
    static const char table6[] =
        "  sl  local_address                         remote_address                        st tx_queue "
        "rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
        "   0: 00000000000000000000000000000000:1F92 00000000000000000000000000000000:0000 0A "
        "00000000:00000000 00:00000000 00000000  1000        0 4714 1 0000 100 0 0 10 0\n";
    PUT(f, "proc/net/tcp", table);
    PUT(f, "proc/net/tcp6", table6);
    PUT(f, "proc/2145/cmdline",
        "/app/llama-server\0-m\0models/llama-3.1-8b-q4_k_m.gguf\0-c\0"
        "8192\0-ngl\0"
        "99\0--api-key\0sesame-1\0");
    PUT(f, "proc/2145/environ",
        "HOME=/root\0PATH=/"
        "bin\0LLAMA_ARG_N_GPU_LAYERS=20\0LLAMA_ARG_UBATCH=512\0LLAMA_API_KEY=sesame-2\0CUDA_VISIBLE_DEVICES="
        "0\0SECRET=x\0");
    PUT(f, "proc/2145/comm", "llama-server\n");
    PUT(f, "proc/2145/cgroup", "0::/user.slice\n");
    put_link(f, "proc/2145/cwd", "/srv/models");
    put_link(f, "proc/2145/fd/3", "socket:[4711]");
    PUT(f, "proc/77/cmdline",
        "/app/llama-server\0-m\0/models/x.gguf\0--host\0"
        "0.0.0.0\0");
    PUT(f, "proc/77/environ", "LLAMA_ARG_N_GPU_LAYERS=auto\0LLAMA_ARG_UBATCH=1024\0");
    PUT(f, "proc/77/cgroup", "0::/system.slice/docker-" CONTAINER ".scope\n");
    put_link(f, "proc/77/cwd", "/app");
    put_link(f, "proc/77/fd/4", "socket:[4714]");
    PUT(f, "proc/50/cmdline", "/usr/bin/docker-proxy\0-proto\0tcp\0");
    PUT(f, "proc/50/comm", "docker-proxy\n");
    put_link(f, "proc/50/fd/5", "socket:[4712]");
    PUT(f, "proc/9/cmdline", "");
    PUT(f, "proc/10/cmdline", "bash\0-c\0llama-server\0");
}

static inline llw_rc find(fixture *f, const char *what, long *pid, llw_err *err) {
    llw_running_options options = {.root = f->root, .docker = DOCKER, .seconds = 10};
    *err = (llw_err){0};
    return llw_running_find(f->arena, &options, what, pid, err);
}

static inline llw_rc read_process(fixture *f, long pid, llw_running *out, llw_err *err) {
    llw_running_options options = {.root = f->root, .docker = DOCKER, .seconds = 10};
    *err = (llw_err){0};
    return llw_running_read(f->arena, &options, pid, &f->flags, out, err);
}

static inline const llw_env *variable(const llw_running *p, const char *name) {
    for (size_t i = 0; i < p->n_env; i++)
        if (!strcmp(p->env[i].name, name)) return &p->env[i];
    return NULL;
}

#endif
