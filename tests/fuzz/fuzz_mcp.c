/* A message to llwhy mcp. Whatever is asked of a tool, the words that ask it are refused as words are, or
 * hold no option of llwhy beside the tool's own, and nothing that would be fetched. */
#include "fuzz.h"

#include "cli/mcp.h"

#include <stdlib.h>
#include <string.h>

static bool is_tools_own(int option) {
    return option == LLW_OPT_GPU || option == LLW_OPT_FACTS || option == LLW_OPT_COLOR ||
           option == LLW_OPT_WIDTH || option == LLW_OPT_FORMAT;
}

static void check_words(llw_arena *arena, const char *const *words) {
    llw_options options;
    llw_err err = {0};
    int n = 0;
    while (words[n]) n++;
    if (llw_options_read(arena, n, (char **)(uintptr_t)words, &options, &err) != LLW_OK) return;
    for (int i = 0; i < LLW_OPTIONS; i++)
        if (options.n_values[i] && !is_tools_own(i)) abort();
    if (options.n_values[LLW_OPT_COLOR] != 1 || options.n_values[LLW_OPT_WIDTH] != 1) abort();
    for (size_t i = 0; i < options.n_words; i++)
        if (strstr(options.words[i], "://") || !strncmp(options.words[i], "hf:", 3)) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    json_t *message = json_loadb((const char *)data, size, JSON_DECODE_ANY, NULL);
    const char *method = json_string_value(json_object_get(message, "method"));
    const json_t *params = json_object_get(message, "params");
    const char *name = json_string_value(json_object_get(params, "name"));
    if (!method || strcmp(method, "tools/call") != 0) {
        json_decref(llw_mcp_answer(message));
    } else if (name) {
        llw_arena *arena = llw_arena_new();
        const json_t *arguments = json_object_get(params, "arguments");
        for (int json = 0; json < 2; json++) {
            const char *const *words = llw_mcp_words(arena, name, arguments, json);
            if (words) check_words(arena, words);
        }
        llw_arena_free(arena);
    }
    json_decref(message);
    return 0;
}
