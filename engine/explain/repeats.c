/* Where else the same is said. */
#include "explain/repeats.h"
#include "explain/finding.h"
#include "base/text.h"

#include <string.h>

enum { MAX_TOLD = 5 };

static bool same_statement(const llw_facts *f, llw_entity a, llw_entity b) {
    static const llw_attr stated[] = {LLW_claim_says_moe,          LLW_claim_bytes,
                                      LLW_claim_says_fits_one_gpu, LLW_claim_count,
                                      LLW_claim_says_fits_gpus,    LLW_claim_belief};
    if (!llw_value_equal(llw_facts_value(f, a, LLW_claim_model), llw_facts_value(f, b, LLW_claim_model)) &&
        llw_facts_value(f, a, LLW_claim_model).known)
        return false;
    bool same = false;
    for (size_t i = 0; i < sizeof stated / sizeof *stated; i++) {
        llw_value x = llw_facts_value(f, a, stated[i]), y = llw_facts_value(f, b, stated[i]);
        if (x.known != y.known || (x.known && !llw_value_equal(x, y))) return false;
        same |= x.known;
    }
    const char *about = "", *other = "";
    return same && llw_facts_text(f, a, LLW_claim_about, &about) &&
           llw_facts_text(f, b, LLW_claim_about, &other) && !strcmp(about, other);
}

void llw_repeats_say(const llw_facts *facts, llw_entity claim, llw_arena *arena, llw_text *out) {
    size_t n = 0;
    for (llw_entity e = 0; (e = llw_facts_next(facts, LLW_KIND_claim, e));) {
        const llw_claim *text = llw_facts_best(facts, e, LLW_claim_text);
        const char *file;
        int line, column;
        if (e == claim || !text || !same_statement(facts, claim, e) ||
            !llw_place_split(arena, text->place, &file, &line, &column))
            continue;
        if (++n > MAX_TOLD) continue;
        llw_text_add(out, n == 1 ? ". The same is said at " : ", ");
        llw_text_add_safe(out, file, strlen(file), false);
        llw_text_addf(out, ":%d", line);
    }
    if (n > MAX_TOLD) llw_text_addf(out, " and %zu more", n - MAX_TOLD);
}
