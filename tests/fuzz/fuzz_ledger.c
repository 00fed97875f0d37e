/* A file of the ledger; every record that was read is written again and must be read back as the same. */
#include "fuzz.h"

#include "source/evidence/ledger.h"
#include "source/evidence/ledger_claim.h"

#include <stdlib.h>
#include <string.h>

enum { WRITTEN_AGAIN = 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    llw_arena *arena = llw_arena_new();
    llw_ledger ledger = {0};
    llw_ledger_parse(arena, "desk.yaml", (const char *)data, size, &ledger);
    for (size_t i = 0; i < ledger.n_records && i < WRITTEN_AGAIN; i++) {
        llw_ledger again = {0};
        const char *text = llw_record_text(arena, ledger.records[i]);
        llw_ledger_parse(arena, "again.yaml", text, strlen(text), &again);
        if (again.n_records != 1 || again.n_problems) abort();
        if (strcmp(llw_record_text(arena, again.records[0]), text) != 0) abort();
    }
    llw_arena_free(arena);
    return 0;
}
