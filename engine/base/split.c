/* Words of a line. */
#include "base/split.h"
#include "base/text.h"

#include <string.h>

const char **llw_split_words(llw_arena *arena, const char *line, size_t *n) {
    void *items = NULL;
    size_t count = 0, capacity = 0;
    for (const char *at = line; *at;) {
        at += strspn(at, " \t\n");
        llw_text word = {0};
        bool any = false;
        for (char quote = 0; *at && (quote || !strchr(" \t\n", *at)); at++) {
            any = true;
            if (quote ? *at == quote : *at == '\'' || *at == '"')
                quote = quote ? 0 : *at;
            else
                llw_text_addn(&word, at, 1);
        }
        if (any)
            *(const char **)llw_arena_push(arena, &items, &count, &capacity, sizeof(char *)) =
                llw_arena_strdup(arena, llw_text_str(&word));
        llw_text_fini(&word);
    }
    *n = count;
    *(const char **)llw_arena_push(arena, &items, &count, &capacity, sizeof(char *)) = NULL;
    return items;
}
