/* The known model that a file's name or a repository stands for.
 *
 * Names are compared by their words: bartowski's "Qwen_Qwen3-30B-A3B-Q4_K_M.gguf" and the repository
 * "unsloth/Qwen3-30B-A3B-GGUF:Q4_K_M" are qwen3-30b-a3b-q4_k_m. Sizes, versions, dates and the quantisation
 * count, and all of them; words that leave the tensors as they are ("instruct") do not. */
#include "source/model/known.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* Words that say how a model was tuned or packed, not which tensors it has. */
static bool is_packaging(const char *word, size_t len) {
    static const char *const words[] = {"gguf", "instruct", "it", "chat", "meta"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strlen(words[i]) == len && !strncmp(words[i], word, len)) return true;
    return false;
}

/* "google_gemma-3-4b": a publisher, where letters alone stand before the first underscore and letters follow.
 */
static const char *after_publisher(const char *name) {
    size_t len = strcspn(name, "_");
    for (size_t i = 0; i < len; i++)
        if (isdigit((unsigned char)name[i])) return name;
    return name[len] && isalpha((unsigned char)name[len + 1]) ? name + len + 1 : name;
}

static bool in_word(const char *name, const char *at) {
    if (isalnum((unsigned char)*at)) return true;
    return *at == '.' && at > name && isdigit((unsigned char)at[-1]) && isdigit((unsigned char)at[1]);
}

/* Its words in small letters with hyphens between them. */
static const char *words_of(llw_arena *arena, const char *name) {
    size_t len = strlen(name), out = 0;
    if (len > 5 && !strcasecmp(name + len - 5, ".gguf")) len -= 5;
    if (len > 15 && name[len - 15] == '-' && !strncmp(name + len - 9, "-of-", 4)) len -= 15; /* a part */
    const char *whole = llw_arena_strndup(arena, name, len), *at = after_publisher(whole);
    char *text = llw_arena_strdup(arena, at);
    while (*at) {
        size_t from = out;
        if (out) text[out++] = '-';
        size_t word = out;
        for (; *at && in_word(whole, at); at++) text[out++] = (char)tolower((unsigned char)*at);
        if (out == word || is_packaging(text + word, out - word)) out = from;
        while (*at && !in_word(whole, at)) at++;
    }
    text[out] = 0;
    return text;
}

static const char *known_as(llw_arena *arena, char **names, size_t n, const char *name) {
    const char *words = words_of(arena, name);
    for (size_t i = 0; i < n; i++)
        if (!strcmp(words_of(arena, names[i]), words)) return names[i];
    return NULL;
}

const char *llw_known_for_file(llw_arena *arena, char **names, size_t n, const char *path) {
    for (const char *at = path; *at; at++)
        if ((*at == '/' || *at == '\\') && at[1]) path = at + 1;
    return known_as(arena, names, n, path);
}

/* Without a tag llama.cpp takes Q4_K_M where a repository has it (common/download.cpp, v0.5.0). */
const char *llw_known_for_repository(llw_arena *arena, char **names, size_t n, const char *repository) {
    const char *slash = strchr(repository, '/');
    if (!slash || strstr(repository, "://")) return NULL;
    size_t len = strcspn(slash + 1, ":");
    const char *tag = slash[1 + len] ? slash + 2 + len : "Q4_K_M";
    return known_as(arena, names, n, llw_arena_printf(arena, "%.*s-%s", (int)len, slash + 1, tag));
}
