/* One configuration file, read under the name FUZZ_NAME: one program for each front end.
 *
 * With FUZZ_NAME "tree" the input is several files, each after a line "==> NAME <==": chains from one to the
 * other. */
#include "fuzz.h"

#include "source/config/config.h"

#include <ctype.h>
#include <string.h>

static bool is_name(const char *name, size_t len) {
    if (!len || len > 60 || name[0] == '-') return false;
    for (size_t i = 0; i < len; i++)
        if (!isalnum((unsigned char)name[i]) && !strchr("._-", name[i])) return false;
    return strncmp(name, "..", len < 2 ? 2 : len) != 0 && !(len == 1 && *name == '.');
}

static bool write_tree(const char *text, size_t size) {
    static const char before[] = "==> ", after[] = " <==\n";
    const char *end = text + size, *at = text;
    int files = 0;
    while ((at = memmem(at, (size_t)(end - at), before, 4)) && files < 12) {
        const char *name = at + 4, *close = memmem(name, (size_t)(end - name), after, 5);
        if (!close) break;
        const char *body = close + 5, *next = memmem(body, (size_t)(end - body), before, 4);
        if (!next) next = end;
        char copy[64];
        size_t len = (size_t)(close - name);
        if (is_name(name, len)) {
            memcpy(copy, name, len);
            copy[len] = 0;
            if (fuzz_file(copy, (const uint8_t *)body, (size_t)(next - body))) files++;
        }
        at = next;
    }
    return files > 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    llw_flags table;
    if (llw_flags_load(&table, NULL) != LLW_OK) __builtin_trap();
    const char *path = fuzz_folder();
    if (!strcmp(FUZZ_NAME, "tree") ? !write_tree((const char *)data, size)
                                   : !(path = fuzz_file(FUZZ_NAME, data, size)))
        return 0;
    llw_facts *facts = llw_facts_new();
    llw_config_options options = {.flags = &table};
    llw_config_result out = {0};
    llw_err err = {0};
    llw_source_config(facts, path, &options, &out, &err);
    llw_facts_free(facts);
    fuzz_sweep();
    return 0;
}
