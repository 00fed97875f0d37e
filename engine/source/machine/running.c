/* /proc: which process is meant, and what reached it. */
#include "source/machine/running.h"
#include "base/file.h"
#include "source/machine/container.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    MAX_CMDLINE = 2 << 20,
    MAX_ENVIRON = 2 << 20,
    MAX_TABLE = 8 << 20,
    MAX_FOUND = 64,
    MAX_SOCKETS = 64,
    MAX_PIDS = 1 << 20,
    MAX_FDS = 65536,
    DEFAULT_PORT = 8080
};
static const double DEFAULT_SECONDS = 5;

typedef struct looking {
    llw_arena *arena;
    const llw_running_options *options;
    llw_err *err;
} looking;

static const char *proc(const looking *l, const char *rest) {
    return llw_arena_printf(l->arena, "%s/proc/%s", l->options->root ? l->options->root : "", rest);
}

/* The target of a link, or NULL. */
static const char *link_of(const looking *l, const char *path) {
    char target[PATH_MAX];
    ssize_t len = readlink(path, target, sizeof target - 1);
    return len > 0 ? llw_arena_strndup(l->arena, target, (size_t)len) : NULL;
}

/* llama.cpp's programs carry its name; a process called only "server" may be anybody's. */
static bool is_llama(const char *program, llw_program *kind) {
    return !strncmp(llw_path_name(program), "llama-", 6) && llw_program_find(program, kind);
}

/* /proc/PID/NAME as it is. /proc files have no size, so they are read to the end. */
static llw_rc read_proc(const looking *l, const char *name, size_t cap, char **bytes, size_t *len) {
    FILE *file = fopen(proc(l, name), "re");
    if (!file) return errno == EACCES || errno == EPERM ? LLW_ERR_SYSTEM : LLW_ERR_NOTHING;
    llw_text t = {0};
    char block[8192];
    for (size_t n; t.len < cap && (n = fread(block, 1, sizeof block, file)) > 0;) llw_text_addn(&t, block, n);
    bool failed = ferror(file);
    fclose(file);
    *len = t.len;
    *bytes = llw_arena_alloc(l->arena, t.len + 2);
    if (t.len) memcpy(*bytes, t.bytes, t.len);
    llw_text_fini(&t);
    return failed ? LLW_ERR_SYSTEM : LLW_OK;
}

static int by_number(const void *a, const void *b) {
    long x = *(const long *)a, y = *(const long *)b;
    return (x > y) - (x < y);
}

/* Every process number, ascending. */
static size_t all_pids(const looking *l, long **out) {
    char **names = NULL;
    size_t n = 0, kept = 0;
    if (llw_directory_list(l->arena, proc(l, ""), &names, &n, NULL) != LLW_OK) return 0;
    *out = llw_arena_alloc(l->arena, (n + 1) * sizeof **out);
    for (size_t i = 0; i < n && kept < MAX_PIDS; i++)
        if (strspn(names[i], "0123456789") == strlen(names[i]) && strlen(names[i]) < 10)
            (*out)[kept++] = atol(names[i]);
    qsort(*out, kept, sizeof **out, by_number);
    return kept;
}

/* ---- by address ---- */

bool llw_running_names(const char *word) {
    if (*word && strspn(word, "0123456789") == strlen(word)) return true;
    if (strstr(word, "://")) return true;
    const char *colon = strrchr(word, ':'), *slash = strchr(word, '/');
    size_t digits = colon ? strspn(colon + 1, "0123456789") : 0;
    return digits && (!slash || slash > colon) && (!colon[1 + digits] || colon[1 + digits] == '/') &&
           !llw_file_is_regular(word);
}

static bool is_here(const char *host) {
    static const char *const names[] = {"localhost", "127.0.0.1", "[::1]", "::1", "0.0.0.0", "[::]", ""};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!strcmp(host, names[i])) return true;
    return !strncmp(host, "127.", 4) && strspn(host, "0123456789.") == strlen(host);
}

/* http://localhost:8080/v1 -> 8080. Without a port that of the scheme, or llama-server's own. */
static llw_rc port_of(const looking *l, const char *url, int *port) {
    const char *scheme = strstr(url, "://"), *at = scheme ? scheme + 3 : url;
    size_t len = strcspn(at, "/?#");
    const char *colon = NULL, *user = memrchr(at, '@', len);
    if (user) { /* user:password@, which nobody needs to see again */
        len -= (size_t)(user + 1 - at);
        at = user + 1;
    }
    for (size_t i = 0; i < len; i++)
        if (at[i] == ':') colon = at + i;
    if (colon && at[0] == '[' && memchr(colon, ']', (size_t)(at + len - colon)))
        colon = NULL; /* inside [::1] */
    const char *host = llw_arena_strndup(l->arena, at, colon ? (size_t)(colon - at) : len);
    *port = scheme ? !strncmp(url, "https", 5) ? 443 : 80 : DEFAULT_PORT;
    if (colon) {
        size_t digits = strspn(colon + 1, "0123456789");
        *port = digits && digits < 6 && colon + 1 + digits == at + len ? atoi(colon + 1) : 0;
    }
    if (*port < 1 || *port > 65535)
        return llw_fail(l->err, LLW_ERR_INPUT, "", 0, "'%.*s' has no port that could be one",
                        (int)(len < 80 ? len : 80), at);
    if (!is_here(host))
        return llw_fail(
            l->err, LLW_ERR_INPUT, "", 0,
            "%.80s is another machine: its processes can only be seen there, so run llwhy verify on it",
            host);
    return LLW_OK;
}

typedef struct sockets {
    unsigned long inode[MAX_SOCKETS];
    size_t n;
} sockets;

/* Listening sockets of a port that can be reached from here, from one of the kernel's tables. Format:
 * Documentation of /proc/net/tcp in the kernel: sl, local address, remote address, state (0A listens),
 * queues, timer, retransmits, uid, timeout, inode. */
static void read_table(const looking *l, const char *name, int port, sockets *out) {
    char *bytes = NULL;
    size_t len = 0;
    if (read_proc(l, name, MAX_TABLE, &bytes, &len) != LLW_OK) return;
    for (char *save = NULL, *line = strtok_r(bytes, "\n", &save); line && out->n < MAX_SOCKETS;
         line = strtok_r(NULL, "\n", &save)) {
        char address[40];
        unsigned local = 0, state = 0;
        unsigned long inode = 0;
        if (sscanf(line, " %*d: %39[0-9A-Fa-f]:%x %*[0-9A-Fa-f]:%*x %x %*s %*s %*s %*s %*s %lu", address,
                   &local, &state, &inode) != 4)
            continue;
        if (state == 0x0A && local == (unsigned)port && inode) out->inode[out->n++] = inode;
    }
}

/* Whether the process holds one of the sockets. */
static bool holds(const looking *l, long pid, const sockets *wanted, bool *hidden) {
    const char *directory = proc(l, llw_arena_printf(l->arena, "%ld/fd", pid));
    DIR *dir = opendir(directory);
    bool found = false;
    if (!dir) {
        *hidden |= errno == EACCES || errno == EPERM;
        return false;
    }
    int seen = 0;
    for (struct dirent *entry; !found && seen++ < MAX_FDS && (entry = readdir(dir));) {
        char target[64];
        ssize_t len = readlinkat(dirfd(dir), entry->d_name, target, sizeof target - 1);
        if (len <= 0) continue;
        target[len] = 0;
        unsigned long inode = 0;
        if (sscanf(target, "socket:[%lu]", &inode) != 1) continue;
        for (size_t i = 0; i < wanted->n; i++) found |= wanted->inode[i] == inode;
    }
    closedir(dir);
    return found;
}

static bool is_docker_proxy(const looking *l, long pid) {
    char *bytes = NULL;
    size_t len = 0;
    return read_proc(l, llw_arena_printf(l->arena, "%ld/comm", pid), 64, &bytes, &len) == LLW_OK &&
           !strncmp(bytes, "docker-proxy", 12);
}

/* A port that Docker forwards belongs to a process inside a container. */
static llw_rc in_container(const looking *l, int port, long *pid) {
    double seconds = l->options->seconds > 0 ? l->options->seconds : DEFAULT_SECONDS;
    const char *id = "";
    llw_container c;
    llw_rc rc = llw_container_of_port(l->arena, l->options->docker, port, seconds, &id, l->err);
    if (rc == LLW_OK) rc = llw_container_inspect(l->arena, l->options->docker, id, seconds, &c, l->err);
    if (rc == LLW_OK && c.pid <= 0)
        rc = llw_fail(l->err, LLW_ERR_NOTHING, "docker", 0, "container %s does not run", c.name);
    if (rc == LLW_OK) *pid = c.pid;
    return rc;
}

static llw_rc find_by_port(const looking *l, int port, long *pid) {
    sockets wanted = {.n = 0};
    read_table(l, "net/tcp", port, &wanted);
    read_table(l, "net/tcp6", port, &wanted);
    long *pids = NULL;
    bool hidden = false, forwarded = false;
    size_t n = wanted.n ? all_pids(l, &pids) : 0;
    for (size_t i = 0; i < n; i++) {
        if (!holds(l, pids[i], &wanted, &hidden)) continue;
        forwarded = is_docker_proxy(l, pids[i]);
        *pid = pids[i];
        if (!forwarded) return LLW_OK;
    }
    if (in_container(l, port, pid) == LLW_OK) return LLW_OK;
    if (forwarded)
        return llw_fail(
            l->err, LLW_ERR_NOTHING, "", 0,
            "port %d leads into a container, and docker does not say which: give the PID of its llama-server",
            port);
    if (hidden && wanted.n)
        return llw_fail(l->err, LLW_ERR_NOTHING, "", 0,
                        "somebody listens on port %d, but the files of other users' processes cannot be "
                        "seen: run as that user, or give the PID",
                        port);
    return llw_fail(l->err, LLW_ERR_NOTHING, "", 0, "nothing on this machine listens on port %d", port);
}

/* ---- by name ---- */

static llw_rc find_only_one(const looking *l, long *pid) {
    long *pids = NULL, found[MAX_FOUND];
    size_t n = all_pids(l, &pids), n_found = 0;
    for (size_t i = 0; i < n && n_found < MAX_FOUND; i++) {
        char *bytes = NULL;
        size_t len = 0;
        llw_program kind;
        if (read_proc(l, llw_arena_printf(l->arena, "%ld/cmdline", pids[i]), MAX_CMDLINE, &bytes, &len) !=
                LLW_OK ||
            !len)
            continue;
        if (is_llama(bytes, &kind) && kind == LLW_PROGRAM_SERVER) found[n_found++] = pids[i];
    }
    if (n_found == 1) {
        *pid = found[0];
        return LLW_OK;
    }
    if (!n_found)
        return llw_fail(l->err, LLW_ERR_NOTHING, "", 0,
                        "no llama-server runs here that could be seen; give its PID or address");
    llw_text t = {0};
    for (size_t i = 0; i < n_found; i++) llw_text_addf(&t, "%s%ld", i ? ", " : "", found[i]);
    llw_rc rc = llw_fail(l->err, LLW_ERR_INPUT, "", 0, "several llama-servers run here (PIDs %s): which one?",
                         llw_text_str(&t));
    llw_text_fini(&t);
    return rc;
}

llw_rc llw_running_find(llw_arena *arena, const llw_running_options *options, const char *what, long *pid,
                        llw_err *err) {
    looking l = {arena, options, err};
    int port = 0;
    *pid = 0;
    if (!what) return find_only_one(&l, pid);
    if (*what && strspn(what, "0123456789") == strlen(what)) {
        *pid = strlen(what) < 10 ? atol(what) : 0;
        return *pid > 0 ? LLW_OK : llw_fail(err, LLW_ERR_INPUT, "", 0, "%.40s is no process", what);
    }
    llw_rc rc = port_of(&l, what, &port);
    return rc == LLW_OK ? find_by_port(&l, port, pid) : rc;
}

/* ---- reading ---- */

__attribute__((format(printf, 3, 4))) static void note(const looking *l, llw_running *out, const char *fmt,
                                                       ...) {
    char text[400];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    void *items = out->notes;
    *(const char **)llw_arena_push(l->arena, &items, &out->n_notes, &out->note_capacity, sizeof(char *)) =
        llw_arena_strdup(l->arena, text);
    out->notes = items;
}

static llw_rc read_words(const looking *l, llw_running *out) {
    char *bytes = NULL;
    size_t len = 0;
    llw_rc rc = read_proc(l, llw_arena_printf(l->arena, "%ld/cmdline", out->pid), MAX_CMDLINE, &bytes, &len);
    if (rc == LLW_ERR_NOTHING) return llw_fail(l->err, rc, "", 0, "there is no process %ld", out->pid);
    if (rc != LLW_OK)
        return llw_fail(l->err, LLW_ERR_INPUT, "", 0, "process %ld belongs to somebody else: run as its user",
                        out->pid);
    if (!len)
        return llw_fail(l->err, LLW_ERR_INPUT, "", 0,
                        "process %ld has no command line (a kernel thread, or one that ended)", out->pid);
    size_t n = 0, capacity = 0;
    void *items = NULL;
    out->program = bytes;
    for (const char *at = bytes + strlen(bytes) + 1; at < bytes + len; at += strlen(at) + 1) {
        llw_token *token = llw_arena_push(l->arena, &items, &n, &capacity, sizeof *token);
        *token = (llw_token){.text = at,
                             .place = llw_arena_printf(l->arena, "argument %zu of process %ld", n, out->pid)};
    }
    out->args = items;
    out->n_args = n;
    if (!is_llama(out->program, &out->kind))
        return llw_fail(l->err, LLW_ERR_INPUT, "", 0, "process %ld is '%.60s', none of llama.cpp's programs",
                        out->pid, llw_path_name(out->program));
    return LLW_OK;
}

static bool decides_devices(const char *name, size_t len) {
    static const char *const names[] = {"CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER", "NVIDIA_VISIBLE_DEVICES",
                                        "GGML_CUDA_ENABLE_UNIFIED_MEMORY"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strlen(names[i]) == len && !strncmp(names[i], name, len)) return true;
    return false;
}

static bool llama_reads(const llw_flags *flags, const char *name) {
    if (!strncmp(name, "LLAMA_", 6)) return true;
    for (size_t i = 0; i < flags->n_rows; i++)
        if (!strcmp(flags->rows[i].env, name) ||
            (*flags->rows[i].neg_env && !strcmp(flags->rows[i].neg_env, name)))
            return true;
    return false;
}

/* The value that a variable replaced on its way into the process, newest first; NULL when it replaced none.
 */
static const llw_token *replaced(const looking *l, const llw_container *c, const char *name,
                                 const char *value) {
    const char *configured = c ? llw_container_value(c->env, name) : NULL,
               *built = c ? llw_container_value(c->image_env, name) : NULL;
    llw_token *of_image = NULL, *of_container = NULL;
    const char *now = configured ? configured : value;
    if (built && strcmp(built, now)) {
        of_image = llw_arena_alloc(l->arena, sizeof *of_image);
        *of_image =
            (llw_token){.text = built,
                        .place = llw_arena_printf(l->arena, "%s of image %s", name, c->image ? c->image : ""),
                        .origin = "image ENV"};
    }
    if (!configured || !strcmp(configured, value)) return of_image;
    of_container = llw_arena_alloc(l->arena, sizeof *of_container);
    *of_container = (llw_token){.text = configured,
                                .place = llw_arena_printf(l->arena, "%s of container %s", name, c->name),
                                .origin = "container",
                                .lost = of_image};
    return of_container;
}

static void read_variables(const looking *l, const llw_flags *flags, const llw_container *c,
                           llw_running *out) {
    char *bytes = NULL;
    size_t len = 0, n = 0, capacity = 0, n_devices = 0, device_capacity = 0;
    void *items = NULL, *devices = NULL;
    if (read_proc(l, llw_arena_printf(l->arena, "%ld/environ", out->pid), MAX_ENVIRON, &bytes, &len) !=
        LLW_OK) {
        note(l, out,
             "the environment of process %ld cannot be read, so variables that act on it are unknown: run as "
             "its user",
             out->pid);
        return;
    }
    out->env_known = true;
    for (char *at = bytes; at < bytes + len; at += strlen(at) + 1) {
        char *equals = strchr(at, '=');
        if (!equals) continue;
        if (decides_devices(at, (size_t)(equals - at)))
            *(const char **)llw_arena_push(l->arena, &devices, &n_devices, &device_capacity, sizeof(char *)) =
                llw_arena_strdup(l->arena, at);
        const char *name = llw_arena_strndup(l->arena, at, (size_t)(equals - at)), *value = equals + 1;
        if (!llama_reads(flags, name)) continue;
        *(llw_env *)llw_arena_push(l->arena, &items, &n, &capacity, sizeof(llw_env)) =
            (llw_env){name,
                      {.text = value,
                       .place = llw_arena_printf(l->arena, "%s of process %ld", name, out->pid),
                       .lost = replaced(l, c, name, value)}};
    }
    *(const char **)llw_arena_push(l->arena, &devices, &n_devices, &device_capacity, sizeof(char *)) = NULL;
    out->env = items;
    out->n_env = n;
    out->device_env = devices;
}

/* The id in a cgroup path: 64 hexadecimal digits behind "docker". */
static const char *container_id(const looking *l, long pid) {
    char *bytes = NULL;
    size_t len = 0;
    if (read_proc(l, llw_arena_printf(l->arena, "%ld/cgroup", pid), MAX_CMDLINE, &bytes, &len) != LLW_OK)
        return NULL;
    for (const char *at = bytes; (at = strstr(at, "docker"));) {
        at += strlen("docker");
        at += *at == '-' || *at == '/';
        size_t digits = strspn(at, "0123456789abcdef");
        if (digits == 64) return llw_arena_strndup(l->arena, at, digits);
    }
    return NULL;
}

llw_rc llw_running_read(llw_arena *arena, const llw_running_options *options, long pid,
                        const llw_flags *flags, llw_running *out, llw_err *err) {
    looking l = {arena, options, err};
    *out = (llw_running){.pid = pid, .root = ""};
    llw_rc rc = read_words(&l, out);
    if (rc != LLW_OK) return rc;
    out->container = container_id(&l, pid);
    llw_container container;
    bool told = false;
    if (out->container) {
        llw_err why = {0};
        told = llw_container_inspect(arena, options->docker, out->container,
                                     options->seconds > 0 ? options->seconds : DEFAULT_SECONDS, &container,
                                     &why) == LLW_OK;
        if (told)
            out->image = container.image;
        else
            note(&l, out,
                 "process %ld runs in container %.12s, and what that was configured with is unknown: %s %s",
                 pid, out->container, why.file, why.text);
    }
    out->directory = link_of(&l, proc(&l, llw_arena_printf(arena, "%ld/cwd", pid)));
    out->root = proc(&l, llw_arena_printf(arena, "%ld/root", pid));
    read_variables(&l, flags, told ? &container : NULL, out);
    return LLW_OK;
}

const char *llw_running_path(llw_arena *arena, const llw_running *process, const char *path) {
    if (*path != '/' && process->directory) path = llw_arena_printf(arena, "%s/%s", process->directory, path);
    const char *inside = *path == '/' ? llw_arena_printf(arena, "%s%s", process->root, path) : path;
    bool ours = !process->container && llw_file_is_regular(path);
    return !ours && llw_file_is_regular(inside) ? inside : path;
}
