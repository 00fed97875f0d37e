/* The table of forks' words. */
#include "source/config/fork.h"
#include "base/table.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

const char llw_fork_ik[] = "ik_llama.cpp";

static const llw_table *forks(void) {
    static llw_arena *arena;
    static llw_table table;
    if (arena) return &table;
    arena = llw_arena_new();
    if (llw_table_read(arena, "models/forks.tsv", &table, NULL) != LLW_OK) table = (llw_table){0};
    return &table;
}

const char *llw_fork_of(const char *word) {
    const llw_table *t = forks();
    for (size_t i = 0; i < t->n_rows; i++)
        if (!strcmp(llw_table_cell(t, i, llw_table_column(t, "word")), word))
            return llw_table_cell(t, i, llw_table_column(t, "fork"));
    return NULL;
}

const char *llw_fork_in_path(const char *path) {
    const llw_table *t = forks();
    for (size_t i = 0; i < t->n_rows; i++) {
        const char *fork = llw_table_cell(t, i, llw_table_column(t, "fork"));
        if (strcasestr(path, fork)) return fork;
    }
    return NULL;
}

static bool is_name_byte(char c) {
    return isalnum((unsigned char)c) || c == '-' || c == '_' || c == '.';
}

/* A word of a name, between - _ and the dot. */
static bool has_word(const char *name, const char *word) {
    static const char ends[] = "-_.";
    size_t len = strlen(word);
    for (const char *at = name; *at; at += strspn(at, ends)) {
        size_t n = strcspn(at, ends);
        if (n == len && !strncasecmp(at, word, n)) return true;
        at += n;
    }
    return false;
}

/* The name of a repository that holds a llama.cpp: not a binding of it, nor what speaks to it. */
static bool is_llama_cpp(const char *name, size_t len) {
    static const char *const others[] = {"python", "swap", "rs", "sharp", "node", "go", "docker", "compose"};
    char text[64];
    if (len >= sizeof text) return false;
    memcpy(text, name, len);
    text[len] = 0;
    const char *llama = strcasestr(text, "llama");
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (has_word(text, others[i])) return false;
    return llama && strcasestr(llama, "cpp");
}

const char *llw_fork_cloned(llw_arena *arena, const char *bytes, size_t len) {
    static const char host[] = "github.com", *const own[] = {"ggml-org/", "ggerganov/"};
    const char *end = bytes + len;
    for (const char *at = bytes; (at = memmem(at, (size_t)(end - at), "git clone", 9)) != NULL; at++) {
        const char *stop = memchr(at, '\n', (size_t)(end - at)),
                   *url = memmem(at, (size_t)((stop ? stop : end) - at), host, sizeof host - 1);
        if (!url) continue;
        const char *owner = url + sizeof host, *slash = owner;
        while (slash < end && is_name_byte(*slash)) slash++;
        const char *name = slash + 1, *to = name;
        while (to < end && is_name_byte(*to)) to++;
        if (to - name > 4 && !strncmp(to - 4, ".git", 4)) to -= 4;
        if (slash >= end || *slash != '/' || to <= name || !is_llama_cpp(name, (size_t)(to - name))) continue;
        if (!strncmp(owner, own[0], strlen(own[0])) || !strncmp(owner, own[1], strlen(own[1]))) continue;
        return llw_arena_strndup(arena, owner, (size_t)(to - owner));
    }
    return NULL;
}
