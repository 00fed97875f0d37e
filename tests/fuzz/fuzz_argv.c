/* llama.cpp's flags: a word a line; lines before an empty one are variables (NAME=VALUE). */
#include "fuzz.h"

#include "source/launch/argv.h"

#include <string.h>

enum { MOST = 2000 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    llw_flags table;
    if (llw_flags_load(&table, NULL) != LLW_OK) __builtin_trap();
    llw_facts *facts = llw_facts_new();
    llw_arena *arena = llw_arena_new();
    char *text = llw_arena_strndup(arena, (const char *)data, size), *rest = text;
    llw_env *env = llw_arena_alloc(arena, MOST * sizeof *env);
    llw_token *words = llw_arena_alloc(arena, MOST * sizeof *words);
    llw_argv in = {.id = "argv", .args = words, .env = env, .flags = &table};
    bool variables = strstr(text, "\n\n") != NULL;
    for (char *line; (line = strsep(&rest, "\n")) && in.n_args < MOST && in.n_env < MOST;) {
        char *equals = strchr(line, '=');
        if (variables && !*line) {
            variables = false;
        } else if (!variables) {
            words[in.n_args++] = (llw_token){.text = line, .place = "argument"};
        } else if (equals) {
            *equals = 0;
            env[in.n_env++] = (llw_env){line, {.text = equals + 1, .place = "environment"}};
        }
    }
    llw_argv_result out;
    llw_err err = {0};
    llw_argv_read(facts, &in, &out, &err);
    llw_arena_free(arena);
    llw_facts_free(facts);
    return 0;
}
