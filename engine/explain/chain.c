/* Chains of values, found by a place of theirs. */
#include "explain/chain.h"
#include "explain/finding.h"

#include <stdlib.h>
#include <string.h>

static bool alike(const llw_chain *chain, llw_attr attr, const llw_claim *const *claims, size_t n) {
    if (chain->attr != attr || chain->n_links != n) return false;
    for (size_t i = 0; i < n; i++) {
        const llw_claim *a = chain->links[i].claim, *b = claims[i];
        if (a->grade != b->grade || strcmp(a->place, b->place) || strcmp(a->origin, b->origin)) return false;
        llw_text x = {0}, y = {0};
        llw_value_print(&x, a->value);
        llw_value_print(&y, b->value);
        bool same = !strcmp(llw_text_str(&x), llw_text_str(&y));
        llw_text_fini(&x);
        llw_text_fini(&y);
        if (!same) return false;
    }
    return true;
}

static void add_launch(llw_chain *chain, llw_entity launch, llw_arena *arena) {
    llw_entity *all = llw_arena_alloc(arena, (chain->n_launches + 1) * sizeof *all);
    if (chain->n_launches) memcpy(all, chain->launches, chain->n_launches * sizeof *all);
    all[chain->n_launches++] = launch;
    chain->launches = all;
}

static void add_chain(llw_chains *out, llw_arena *arena, llw_chain chain) {
    void *items = out->items;
    *(llw_chain *)llw_arena_push(arena, &items, &out->n, &out->capacity, sizeof chain) = chain;
    out->items = items;
}

static void look_at(const llw_run *run, llw_entity launch, llw_attr attr, const char *file, int line,
                    llw_arena *arena, llw_chains *out) {
    size_t n = 0;
    const llw_claim **claims = llw_facts_claims(run->facts, launch, attr, arena, &n);
    llw_chain_link *links = llw_arena_alloc(arena, (n + 1) * sizeof *links);
    llw_chain chain = {.attr = attr, .links = links, .n_links = n};
    bool here = false;
    for (size_t i = 0; i < n; i++) {
        links[i] = (llw_chain_link){.claim = claims[i], .file = ""};
        bool placed =
            claims[i]->grade != LLW_GRADE_DEFAULT &&
            llw_place_split(arena, claims[i]->place, &links[i].file, &links[i].line, &links[i].column);
        if (!placed || strcmp(links[i].file, file) || (line && links[i].line != line)) continue;
        links[i].here = true;
        if (!here) chain.column = links[i].column;
        chain.counts |= i == 0;
        here = true;
    }
    if (!here) return;
    for (size_t i = 0; i < out->n; i++)
        if (alike(&out->items[i], attr, claims, n)) {
            add_launch(&out->items[i], launch, arena);
            return;
        }
    add_launch(&chain, launch, arena);
    add_chain(out, arena, chain);
}

static int by_column(const void *a, const void *b) {
    const llw_chain *x = a, *y = b;
    if (x->column != y->column) return x->column < y->column ? -1 : 1;
    if (x->attr != y->attr) return x->attr < y->attr ? -1 : 1;
    return (x->launches[0] > y->launches[0]) - (x->launches[0] < y->launches[0]);
}

void llw_chains_find(const llw_run *run, const char *file, int line, llw_arena *arena, llw_chains *out) {
    for (llw_entity l = 0; (l = llw_facts_next(run->facts, LLW_KIND_launch, l));)
        for (int a = 1; a < LLW_ATTRS; a++) {
            const llw_attr_info *info = llw_attr_get((llw_attr)a);
            bool asked = info->kind == LLW_KIND_launch && info->knob && a != LLW_launch_program;
            if (asked) look_at(run, l, (llw_attr)a, file, line, arena, out);
        }
    if (out->n) qsort(out->items, out->n, sizeof *out->items, by_column);
}
