/* A facts file in JSON; what was read is written again and must be read back. */
#include "fuzz.h"

#include "fact/facts_json.h"
#include "source/launch/argv.h"
#include "source/model/known.h"

#include <stdlib.h>
#include <string.h>

static const llw_facts_readers readers = {.known = llw_source_known, .words = llw_source_words};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    llw_facts *facts = llw_facts_new();
    llw_err err = {0};
    if (llw_facts_load_with(facts, (const char *)data, size, "facts.json", &readers, &err) == LLW_OK) {
        char *saved = llw_facts_save(facts, &err);
        if (saved) {
            llw_facts *again = llw_facts_new();
            if (llw_facts_load_with(again, saved, strlen(saved), "saved.json", &readers, &err) != LLW_OK)
                abort();
            llw_facts_free(again);
        }
        free(saved);
    }
    llw_facts_free(facts);
    return 0;
}
