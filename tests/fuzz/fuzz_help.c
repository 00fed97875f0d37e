/* What a binary prints for --help, and the table that comes of it, read again. */
#include "fuzz.h"

#include "source/launch/flags_import.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    llw_arena *arena = llw_arena_new();
    llw_help help;
    llw_flags_update update;
    llw_err err = {0};
    const char *const versions[] = {"v0.5.0", "b5000", "b99999"};
    if (size && llw_help_parse(arena, "help.txt", (const char *)data + 1, size - 1, &help, &err) == LLW_OK)
        llw_flags_import(arena, &help, data[0] & 1 ? LLW_PROGRAM_CLI : LLW_PROGRAM_SERVER,
                         versions[data[0] % 3], "2026-11-28", &update, &err);
    llw_arena_free(arena);
    return 0;
}
