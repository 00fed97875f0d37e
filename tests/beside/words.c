/* words FILE...: the starts of llama.cpp in shell scripts, as llwhy reads them. A line each: the file's
 * number, the line of the command, its words, parted by tabs; \x01 stands for what llwhy does not know. Line
 * ends and tabs in words are written \n and \t. */
#include "base/file.h"
#include "source/config/parts.h"

#include <stdio.h>
#include <string.h>

static void print(const llw_rich *word) {
    for (size_t i = 0; i < word->n; i++) {
        char c = word->chars[i].byte;
        if (word->chars[i].unknown)
            putchar(1);
        else if (c == '\n' || c == '\t' || c == '\\')
            printf("\\%c", c == '\n' ? 'n' : c == '\t' ? 't' : c);
        else
            putchar(c);
    }
}

int main(int argc, char **argv) {
    llw_flags flags;
    if (llw_flags_load(&flags, NULL) != LLW_OK) return 1;
    for (int n = 1; n < argc; n++) {
        llw_arena *arena = llw_arena_new();
        llw_config_options options = {0};
        llw_config_result result = {0};
        llw_config_reader reader = {.arena = arena,
                                    .options = &options,
                                    .out = &result,
                                    .budget = LLW_EXPAND_BUDGET,
                                    .copies = LLW_SHELL_BUDGET,
                                    .reread = LLW_SHELL_REREAD,
                                    .flags = &flags};
        char script[1 << 16];
        FILE *f = fopen(argv[n], "r");
        size_t len = f ? fread(script, 1, sizeof script - 1, f) : 0;
        if (!f) return 1;
        script[len] = 0;
        fclose(f);
        llw_config_file file = {"run.sh", "run.sh", "", script, len, false, NULL};
        llw_rich text = llw_config_text(&reader, &file, "script");
        llw_start_site site = {.file = "run.sh", .directory = "", .default_origin = "shell default"};
        llw_scope env = {.arena = arena};
        llw_starts starts = {0};
        llw_shell_script(&reader, &site, &text, NULL, &env, &starts);
        for (size_t i = 0; i < starts.n; i++) {
            printf("%d\t%d", n, starts.items[i].line);
            for (size_t k = 0; k < starts.items[i].low.words.n; k++) {
                putchar('\t');
                print(&starts.items[i].low.words.items[k]);
            }
            putchar('\n');
        }
        llw_arena_free(arena);
    }
    return 0;
}
