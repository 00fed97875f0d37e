/* Submodules from .gitmodules, the index and .git/modules/NAME/HEAD (git's
 * Documentation/gitformat-index.adoc, gitrepository-layout.adoc). */
#include "source/config/git_link.h"
#include "base/file.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    MAX_MODULES = 1000,
    MAX_TEXT = 1 << 20,
    MAX_INDEX = 256 << 20,
    MAX_UP = 32,      /* directories from the one given to the top */
    FIXED = 62,       /* bytes of an entry before its name */
    GITLINK = 0160000 /* mode of an entry that is a commit elsewhere */
};

const char *llw_git_top(llw_arena *arena, const char *directory) {
    char *real = realpath(*directory ? directory : ".", NULL);
    char *at = real ? llw_arena_strdup(arena, real) : NULL;
    free(real);
    for (int i = 0; at && i < MAX_UP; i++) {
        const char *git = llw_path_join(arena, at, ".git");
        if (llw_file_is_directory(git) || llw_file_is_regular(git))
            return !i || (llw_path_is_ours(directory, at) && llw_path_is_ours(directory, git)) ? at : NULL;
        char *slash = strrchr(at, '/');
        if (!slash || slash == at) return NULL;
        *slash = 0;
    }
    return NULL;
}

static const char *trimmed(llw_arena *arena, const char *text, size_t len) {
    while (len && isspace((unsigned char)*text)) text++, len--;
    while (len && isspace((unsigned char)text[len - 1])) len--;
    if (len >= 2 && text[0] == '"' && text[len - 1] == '"') text++, len -= 2;
    return llw_arena_strndup(arena, text, len);
}

/* .git, or what a file of that name points at (a work tree of another repository, a submodule). */
static const char *git_directory(llw_arena *arena, const char *directory) {
    const char *git = llw_path_join(arena, directory, ".git");
    char *bytes = NULL;
    size_t len = 0;
    if (llw_file_is_directory(git)) return git;
    if (llw_file_read(arena, git, MAX_TEXT, &bytes, &len, NULL) != LLW_OK || strncmp(bytes, "gitdir:", 7))
        return NULL;
    const char *to = trimmed(arena, bytes + 7, strcspn(bytes + 7, "\n"));
    return *to == '/' ? to : llw_path_join(arena, directory, to);
}

static bool is_commit(const char *text) {
    return strspn(text, "0123456789abcdef") == LLW_GIT_COMMIT;
}

/* The commit that a file of a repository begins with, or NULL. */
static const char *commit_in(llw_arena *arena, const char *path) {
    char *bytes = NULL;
    size_t len = 0;
    if (llw_file_read(arena, path, MAX_TEXT, &bytes, &len, NULL) != LLW_OK || !is_commit(bytes)) return NULL;
    return llw_arena_strndup(arena, bytes, LLW_GIT_COMMIT);
}

/* "COMMIT refs/heads/master" of packed-refs. */
static const char *packed(llw_arena *arena, const char *path, const char *ref) {
    char *bytes = NULL;
    size_t len = 0, n = strlen(ref);
    if (llw_file_read(arena, path, MAX_INDEX, &bytes, &len, NULL) != LLW_OK) return NULL;
    for (const char *at = bytes; (at = strstr(at, ref)); at += n) {
        const char *line = at - LLW_GIT_COMMIT - 1;
        bool whole = line >= bytes && (line == bytes || line[-1] == '\n') && at[-1] == ' ' &&
                     (!at[n] || at[n] == '\n');
        if (whole && is_commit(line)) return llw_arena_strndup(arena, line, LLW_GIT_COMMIT);
    }
    return NULL;
}

/* What is checked out: HEAD's commit, or its branch's. */
static const char *checked_out(llw_arena *arena, const char *git, const char *name) {
    char *bytes = NULL;
    size_t len = 0;
    if (strstr(name, "..") || *name == '/') return NULL;
    const char *directory = llw_arena_printf(arena, "%s/modules/%s", git, name),
               *head = llw_path_join(arena, directory, "HEAD"), *commit = commit_in(arena, head);
    if (commit || llw_file_read(arena, head, MAX_TEXT, &bytes, &len, NULL) != LLW_OK ||
        strncmp(bytes, "ref: refs/", 10))
        return commit;
    const char *ref = trimmed(arena, bytes + 5, strcspn(bytes + 5, "\n"));
    if (strstr(ref, "..")) return NULL;
    commit = commit_in(arena, llw_path_join(arena, directory, ref));
    return commit ? commit : packed(arena, llw_path_join(arena, directory, "packed-refs"), ref);
}

static uint32_t big_endian(const unsigned char *at, int bytes) {
    uint32_t n = 0;
    for (int i = 0; i < bytes; i++) n = n << 8 | at[i];
    return n;
}

typedef struct index_entry {
    const unsigned char *at, *name;
    size_t name_len;
    size_t kept; /* of the name before, in version 4 */
} index_entry;

/* The entry at `at`; what follows it, or NULL when it is cut off. */
static const unsigned char *read_entry(const unsigned char *at, const unsigned char *end, uint32_t version,
                                       size_t name_before, index_entry *e) {
    if ((size_t)(end - at) < FIXED + 2) return NULL;
    *e = (index_entry){.at = at};
    const unsigned char *name = at + FIXED;
    if (version >= 3 && at[FIXED - 2] & 0x40) name += 2;
    if (version == 4) { /* how much of the name before goes, as a number of 7 bits a byte */
        size_t gone = 0;
        for (int i = 0;; i++) {
            if (name >= end || i > 4) return NULL;
            gone = gone << 7 | (*name & 0x7f);
            if (!(*name++ & 0x80)) break;
            gone++;
        }
        if (gone > name_before) return NULL;
        e->kept = name_before - gone;
    }
    const unsigned char *stop = name < end ? memchr(name, 0, (size_t)(end - name)) : NULL;
    if (!stop) return NULL;
    e->name = name;
    e->name_len = (size_t)(stop - name);
    if (version == 4) return stop + 1;
    size_t len = (size_t)(stop - at);
    len = (len + 8) & ~(size_t)7; /* one to eight zeros */
    return len <= (size_t)(end - at) ? at + len : NULL;
}

/* The commits of the index, for the modules that have none yet. */
static void read_index(llw_arena *arena, const char *git, llw_git_module *modules, size_t n) {
    enum { MAX_NAME = 4096 };
    char *bytes = NULL, name[MAX_NAME] = "";
    size_t len = 0, name_len = 0;
    if (llw_file_read(arena, llw_path_join(arena, git, "index"), MAX_INDEX, &bytes, &len, NULL) != LLW_OK ||
        len < 12 || memcmp(bytes, "DIRC", 4))
        return;
    const unsigned char *at = (const unsigned char *)bytes + 12, *end = (const unsigned char *)bytes + len;
    uint32_t version = big_endian((const unsigned char *)bytes + 4, 4),
             count = big_endian((const unsigned char *)bytes + 8, 4);
    if (version < 2 || version > 4) return;
    for (uint32_t i = 0; i < count; i++) {
        index_entry e;
        if (!(at = read_entry(at, end, version, name_len, &e)) || e.kept + e.name_len >= MAX_NAME) return;
        memcpy(name + e.kept, e.name, e.name_len);
        name_len = e.kept + e.name_len;
        name[name_len] = 0;
        if (big_endian(e.at + 24, 4) != GITLINK) continue;
        for (size_t k = 0; k < n; k++) {
            if (modules[k].commit || strcmp(modules[k].path, name)) continue;
            char *commit = llw_arena_alloc(arena, LLW_GIT_COMMIT + 1);
            for (int b = 0; b < LLW_GIT_COMMIT / 2; b++) {
                commit[2 * b] = "0123456789abcdef"[e.at[40 + b] >> 4];
                commit[2 * b + 1] = "0123456789abcdef"[e.at[40 + b] & 15];
            }
            modules[k].commit = commit;
        }
    }
}

llw_git_module *llw_git_modules(llw_arena *arena, const char *directory, size_t *n) {
    char *bytes = NULL;
    size_t len = 0, capacity = 0, count = 0;
    void *items = NULL;
    *n = 0;
    const char *git = git_directory(arena, directory), *file = llw_path_join(arena, directory, ".gitmodules"),
               *name = "";
    if (!git || llw_file_read(arena, file, MAX_TEXT, &bytes, &len, NULL) != LLW_OK) return NULL;
    llw_git_module *m = NULL;
    int line = 0;
    for (char *at = bytes, *next; at && *at && count < MAX_MODULES; at = next) {
        size_t used = strcspn(at, "\n");
        next = at[used] ? at + used + 1 : NULL;
        line++;
        while (used && isspace((unsigned char)*at)) at++, used--;
        const char *equals = memchr(at, '=', used);
        if (*at == '[') {
            const char *quote = memchr(at, '"', used), *end = quote ? strchr(quote + 1, '"') : NULL;
            m = NULL;
            if (!end || end > at + used || strncasecmp(at, "[submodule", 10)) continue;
            name = llw_arena_strndup(arena, quote + 1, (size_t)(end - quote - 1));
            m = llw_arena_push(arena, &items, &count, &capacity, sizeof *m);
            *m = (llw_git_module){
                .path = name, .url = "", .line = line, .commit = checked_out(arena, git, name)};
        } else if (m && equals) {
            const char *key = trimmed(arena, at, (size_t)(equals - at)),
                       *value = trimmed(arena, equals + 1, used - (size_t)(equals + 1 - at));
            if (!strcasecmp(key, "url")) m->url = value;
            if (strcasecmp(key, "path")) continue;
            m->path = value;
            m->line = line;
        }
    }
    llw_git_module *modules = items;
    read_index(arena, git, modules, count);
    for (size_t i = 0; i < count; i++)
        if (modules[i].commit) modules[(*n)++] = modules[i];
    return *n ? modules : NULL;
}
