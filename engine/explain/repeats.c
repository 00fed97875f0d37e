/* Where else the same is said. */
#include "explain/repeats.h"
#include "explain/finding.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_TOLD = 12 }; /* lines; of more, how many there are besides */

typedef struct group group;

/* A claim and its group. */
typedef struct member {
    llw_entity claim;
    const char *statement; /* what it states, and of which model; "" when it states nothing */
    group *of;             /* those that state the same */
} member;

/* FILE:LINE, each once, in the order of the claims. */
typedef struct places {
    const char **items;
    size_t n, capacity;
} places;

struct group {
    places lines, profiles;
};

struct llw_repeats {
    const llw_facts *facts;
    llw_arena *arena;
    member *members; /* in the order of their claims */
    size_t n;
};

/* Equal for claims that state the same of the same model. */
static const char *statement_of(const llw_facts *f, llw_entity claim, llw_arena *arena) {
    static const llw_attr stated[] = {LLW_claim_says_moe,          LLW_claim_bytes,
                                      LLW_claim_says_fits_one_gpu, LLW_claim_count,
                                      LLW_claim_says_fits_gpus,    LLW_claim_belief};
    const char *about = "";
    llw_text t = {0};
    bool states = false;
    if (!llw_facts_text(f, claim, LLW_claim_about, &about)) return "";
    llw_text_addf(&t, "%u %s", llw_facts_ref(f, claim, LLW_claim_model), about);
    for (size_t i = 0; i < sizeof stated / sizeof *stated; i++) {
        llw_value v = llw_facts_value(f, claim, stated[i]);
        llw_text_add(&t, "\n");
        if (v.known) llw_value_print(&t, v);
        states |= v.known;
    }
    const char *statement = states ? llw_arena_strdup(arena, llw_text_str(&t)) : "";
    llw_text_fini(&t);
    return statement;
}

static int by_statement(const void *a, const void *b) {
    const member *x = *(member *const *)a, *y = *(member *const *)b;
    int order = strcmp(x->statement, y->statement);
    return order ? order : (x->claim > y->claim) - (x->claim < y->claim);
}

static bool is_same(const member *a, const member *b) {
    return *a->statement && !strcmp(a->statement, b->statement);
}

/* FILE:LINE of a place; NULL when it is none. */
static const char *line_of(llw_arena *arena, const char *place) {
    const char *file;
    int line, column;
    return llw_place_split(arena, place, &file, &line, &column) ? llw_arena_printf(arena, "%s:%d", file, line)
                                                                : NULL;
}

static void add_place(llw_arena *arena, places *all, const char *line) {
    if (!line || (all->n && !strcmp(all->items[all->n - 1], line))) return;
    void *items = all->items;
    *(const char **)llw_arena_push(arena, &items, &all->n, &all->capacity, sizeof line) = line;
    all->items = items;
}

/* Where the claim stands; NULL when nobody knows. */
static const char *line_of_claim(const llw_facts *facts, llw_entity claim, llw_arena *arena) {
    const llw_claim *text = llw_facts_best(facts, claim, LLW_claim_text);
    return text ? line_of(arena, text->place) : NULL;
}

/* Where the profile is defined beside which the claim stands; NULL when it stands beside none. */
static const char *line_of_profile(const llw_facts *facts, llw_entity claim, llw_arena *arena) {
    llw_entity launch = llw_facts_ref(facts, claim, LLW_claim_launch);
    const llw_claim *defined = launch ? llw_facts_best(facts, launch, LLW_launch_infrastructure) : NULL;
    return defined ? line_of(arena, defined->place) : NULL;
}

typedef struct ordered {
    const char *line;
    size_t at;
} ordered;

static int by_line(const void *a, const void *b) {
    const ordered *x = a, *y = b;
    int order = strcmp(x->line, y->line);
    return order ? order : (x->at > y->at) - (x->at < y->at);
}

static int by_order(const void *a, const void *b) {
    const ordered *x = a, *y = b;
    return (x->at > y->at) - (x->at < y->at);
}

/* Each line once, where it came first. */
static void keep_once(llw_arena *arena, places *all) {
    ordered *sorted = llw_arena_alloc(arena, (all->n + 1) * sizeof *sorted);
    size_t n = 0;
    for (size_t i = 0; i < all->n; i++) sorted[i] = (ordered){all->items[i], i};
    qsort(sorted, all->n, sizeof *sorted, by_line);
    for (size_t i = 0; i < all->n; i++)
        if (!n || strcmp(sorted[n - 1].line, sorted[i].line) != 0) sorted[n++] = sorted[i];
    qsort(sorted, n, sizeof *sorted, by_order);
    for (size_t i = 0; i < n; i++) all->items[i] = sorted[i].line;
    all->n = n;
}

llw_repeats *llw_repeats_new(const llw_facts *facts, llw_arena *arena) {
    llw_repeats *r = llw_arena_alloc(arena, sizeof *r);
    *r = (llw_repeats){.facts = facts, .arena = arena};
    for (llw_entity e = 0; (e = llw_facts_next(facts, LLW_KIND_claim, e));) r->n++;
    r->members = llw_arena_alloc(arena, (r->n + 1) * sizeof *r->members);
    member **sorted = llw_arena_alloc(arena, (r->n + 1) * sizeof(member *));
    size_t n = 0;
    for (llw_entity e = 0; (e = llw_facts_next(facts, LLW_KIND_claim, e)); n++) {
        r->members[n] = (member){.claim = e, .statement = statement_of(facts, e, arena)};
        sorted[n] = &r->members[n];
    }
    qsort(sorted, n, sizeof *sorted, by_statement);
    for (size_t i = 0; i < n; i++) {
        member *m = sorted[i];
        bool first = !i || !is_same(sorted[i - 1], m), last = i + 1 == n || !is_same(m, sorted[i + 1]);
        m->of = first ? llw_arena_alloc(arena, sizeof *m->of) : sorted[i - 1]->of;
        add_place(arena, &m->of->lines, line_of_claim(facts, m->claim, arena));
        add_place(arena, &m->of->profiles, line_of_profile(facts, m->claim, arena));
        if (!last) continue;
        keep_once(arena, &m->of->lines);
        keep_once(arena, &m->of->profiles);
    }
    return r;
}

static int by_claim(const void *key, const void *item) {
    llw_entity claim = *(const llw_entity *)key, other = ((const member *)item)->claim;
    return (claim > other) - (claim < other);
}

static bool is_told(const places *told, const char *line) {
    for (size_t i = 0; i < told->n; i++)
        if (!strcmp(told->items[i], line)) return true;
    return false;
}

/* Appends lines behind `lead`, those that were told already left out. */
static void say(const llw_repeats *r, const places *lines, const char *lead, places *told, llw_text *out) {
    size_t n = 0, more = 0;
    for (size_t i = 0; i < lines->n; i++) {
        const char *line = lines->items[i];
        if (is_told(told, line)) continue;
        if (n == MOST_TOLD) {
            more++;
            continue;
        }
        add_place(r->arena, told, line);
        llw_text_add(out, n++ ? ", " : lead);
        llw_text_add_safe(out, line, strlen(line), false);
    }
    if (more) llw_text_addf(out, " and %zu more line%s", more, more == 1 ? "" : "s");
}

void llw_repeats_say(const llw_repeats *r, llw_entity claim, llw_text *out) {
    const member *m = bsearch(&claim, r->members, r->n, sizeof *r->members, by_claim);
    places told = {0};
    if (!m) return;
    add_place(r->arena, &told, line_of_claim(r->facts, claim, r->arena));
    say(r, &m->of->lines, ". The same is said at ", &told, out);
    say(r, &m->of->profiles, ". It stands beside the profile at ", &told, out);
}
