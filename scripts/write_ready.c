/* write_ready OUT.c: the rules that are compiled in, read and written as C tables (engine/rule/ready.h). Runs
 * at build time only. A file that cannot be used is left to the program, which says what is wrong with it. */
#include "rule/ready.h"

#include <stdio.h>

int main(int argc, char **argv) {
    if (argc != 2) return 2;
    FILE *out = fopen(argv[1], "w");
    if (!out) return perror(argv[1]), 1;
    llw_kb *kb = llw_kb_load(NULL, 0, NULL);
    llw_text text = {0};
    llw_ready_write(&text, kb);
    fputs(llw_text_str(&text), out);
    llw_text_fini(&text);
    llw_kb_free(kb);
    return fclose(out) ? 1 : 0;
}
