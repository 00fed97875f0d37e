/* launches FILE...: what llama.cpp is started with in configuration files, as llwhy reads them. A line each:
 * the file's number, the line of the command, its words without the program, parted by tabs; \x01 stands for
 * a word that llwhy does not know whole. Line ends and tabs in words are written \n and \t. */
#include "source/config/config.h"

#include <stdio.h>

static void print(const char *word) {
    for (; *word; word++)
        if (*word == '\n' || *word == '\t' || *word == '\\')
            printf("\\%c", *word == '\n' ? 'n' : *word == '\t' ? 't' : *word);
        else
            putchar(*word);
}

int main(int argc, char **argv) {
    llw_flags flags;
    if (llw_flags_load(&flags, NULL) != LLW_OK) return 1;
    for (int n = 1; n < argc; n++) {
        llw_facts *facts = llw_facts_new();
        llw_config_options options = {.flags = &flags};
        llw_config_result result = {0};
        llw_err err = {0};
        if (llw_source_config(facts, argv[n], &options, &result, &err) != LLW_OK)
            fprintf(stderr, "%s\n", err.text);
        for (size_t i = 0; i < result.n_launches; i++) {
            const llw_config_launch *l = &result.launches[i];
            printf("%d\t%d", n, l->line);
            for (size_t k = 0; k < l->n_args; k++) {
                putchar('\t');
                print(l->args[k].text ? l->args[k].text : "\x01");
            }
            putchar('\n');
        }
        llw_facts_free(facts);
    }
    return 0;
}
