/* Where else the same is said. */
#include "explain/repeats.h"
#include "explain/finding.h"
#include "base/text.h"

#include <string.h>

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

/* Lines that were told; the first is the claim's own. */
typedef struct told_lines {
    llw_arena *arena;
    const char **lines;
    size_t n, capacity;
} told_lines;

/* Appends FILE:LINE behind `lead` or a comma, unless it was told before. */
static void say_line(told_lines *told, const char *place, const char *lead, size_t *n, llw_text *out) {
    const char *file;
    int line, column;
    if (!llw_place_split(told->arena, place, &file, &line, &column)) return;
    const char *id = llw_arena_printf(told->arena, "%s:%d", file, line);
    for (size_t i = 0; i < told->n; i++)
        if (!strcmp(told->lines[i], id)) return;
    void *lines = told->lines;
    *(const char **)llw_arena_push(told->arena, &lines, &told->n, &told->capacity, sizeof id) = id;
    told->lines = lines;
    if (!out) return;
    llw_text_add(out, (*n)++ ? ", " : lead);
    llw_text_add_safe(out, id, strlen(id), false);
}

/* Where the profile is defined beside which the claim stands; NULL when it stands beside none. */
static const char *profile_of(const llw_facts *facts, llw_entity claim) {
    llw_entity launch = llw_facts_ref(facts, claim, LLW_claim_launch);
    const llw_claim *defined = launch ? llw_facts_best(facts, launch, LLW_launch_infrastructure) : NULL;
    return defined ? defined->place : NULL;
}

void llw_repeats_say(const llw_facts *facts, llw_entity claim, llw_arena *arena, llw_text *out) {
    told_lines told = {.arena = arena};
    size_t repeats = 0, profiles = 0;
    const llw_claim *own = llw_facts_best(facts, claim, LLW_claim_text);
    if (own) say_line(&told, own->place, "", &repeats, NULL);
    for (llw_entity e = 0; (e = llw_facts_next(facts, LLW_KIND_claim, e));) {
        const llw_claim *text = llw_facts_best(facts, e, LLW_claim_text);
        if (e != claim && text && same_statement(facts, claim, e))
            say_line(&told, text->place, ". The same is said at ", &repeats, out);
    }
    for (llw_entity e = 0; (e = llw_facts_next(facts, LLW_KIND_claim, e));) {
        const char *profile = e == claim || same_statement(facts, claim, e) ? profile_of(facts, e) : NULL;
        if (profile) say_line(&told, profile, ". It stands beside the profile at ", &profiles, out);
    }
}
