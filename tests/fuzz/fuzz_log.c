/* Load logs, and what is claimed from the load that tells most. */
#include "fuzz.h"

#include "source/log/claim.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    llw_arena *arena = llw_arena_new();
    llw_log log;
    llw_log_parse(arena, "server.log", (const char *)data, size, &log);
    llw_log_best(&log);
    llw_arena_free(arena);
    const char *path = fuzz_file("server.log", data, size);
    if (!path) return 0;
    llw_facts *facts = llw_facts_new();
    llw_entity launch = llw_facts_entity(facts, LLW_KIND_launch, "default");
    llw_log_result result;
    llw_err err = {0};
    llw_source_log(facts, path, launch, &result, &err);
    llw_facts_free(facts);
    fuzz_sweep();
    return 0;
}
