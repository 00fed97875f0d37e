/* A teaching case that somebody else wrote. */
#include "fuzz.h"

#include "teach/case.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    llw_arena *arena = llw_arena_new();
    llw_case made;
    llw_err err = {0};
    llw_case_parse(arena, "case.yaml", "case", (const char *)data, size, &made, &err);
    llw_arena_free(arena);
    return 0;
}
