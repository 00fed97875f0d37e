/* Names in running text, looked up among the models that are started here and those that are known. */
#include "source/prose/meant.h"
#include "base/file.h"
#include "source/model/card_name.h"
#include "source/model/known.h"
#include "source/prose/name_phrase.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

enum {
    MAX_NAME = 400,
    MAX_COMPARED = 100000, /* names with models: some tenths of a second */
    KEPT = 1024
};

struct llw_looked_up {
    const char *name;
    llw_meant meant;
};

/* --- the models there are --- */

static size_t letters_of(const char *name, size_t len) {
    size_t n = 0;
    while (n < len && isalpha((unsigned char)name[n])) n++;
    return n;
}

static size_t hash_of(const char *text, size_t len) {
    size_t h = 0;
    for (size_t i = 0; i < len; i++) h = h * 31 + (size_t)tolower((unsigned char)text[i]);
    return h;
}

static size_t bucket_of(const char *text, size_t len) {
    return hash_of(text, len) % LLW_STEM_BUCKETS;
}

/* Takes up what a model is called; models come in their order. */
static void add_stem(llw_arena *arena, llw_stems *stems, const char *called, size_t model) {
    const char *name = called ? llw_path_name(called) : NULL;
    size_t len = name ? letters_of(name, strlen(name)) : 0;
    if (len < 2) return;
    llw_stem **last = &stems->last[bucket_of(name, len)];
    llw_stem *s = llw_arena_alloc(arena, sizeof *s);
    *s = (llw_stem){.text = name, .len = len, .model = model};
    *(*last ? &(*last)->next : &stems->first[bucket_of(name, len)]) = s;
    *last = s;
}

/* The next of the models that start with the letters of a name; each once. NULL behind the last. */
static const llw_stem *next_stem(const llw_stems *stems, const char *name, size_t len, const llw_stem *at) {
    size_t n = letters_of(name, len);
    const llw_stem *s = at ? at->next : stems->first[bucket_of(name, n)];
    while (s && (s->len != n || strncasecmp(s->text, name, n) != 0 || (at && s->model == at->model)))
        s = s->next;
    return s;
}

static void take_launches(llw_meanings *m) {
    llw_arena *arena = llw_facts_arena(m->r->facts);
    const llw_config_result *out = m->r->out;
    if (!m->kept)
        m->kept = llw_arena_alloc(arena, KEPT * sizeof(llw_looked_up *));
    else if (m->n_launches < out->n_launches)
        memset(m->kept, 0, KEPT * sizeof(llw_looked_up *)); /* they may mean more now */
    for (; m->n_launches < out->n_launches; m->n_launches++) {
        const llw_config_launch *l = &out->launches[m->n_launches];
        bool seen = !l->model;
        for (size_t k = 0; k < m->n_models && !seen; k++) seen = m->models[k]->model == l->model;
        if (seen) continue;
        const char *name = NULL;
        llw_facts_text(m->r->facts, l->model, LLW_model_name, &name);
        add_stem(arena, &m->of_models, l->argv.model.path, m->n_models);
        add_stem(arena, &m->of_models, l->name, m->n_models);
        add_stem(arena, &m->of_models, name, m->n_models);
        void *items = m->models;
        *(const llw_config_launch **)llw_arena_push(arena, &items, &m->n_models, &m->capacity,
                                                    sizeof *m->models) = l;
        m->models = items;
    }
}

static void take_known(llw_meanings *m) {
    llw_config_reader *r = m->r;
    llw_arena *arena = llw_facts_arena(r->facts);
    if (!r->known) llw_known_list(arena, &r->known, &r->n_known);
    m->n_known = r->n_known;
    m->known = llw_arena_alloc(arena, (m->n_known + 1) * sizeof *m->known);
    for (size_t i = 0; i < m->n_known; i++) {
        m->known[i] = (llw_config_launch){.file = "", .name = ""};
        m->known[i].argv.model.path = r->known[i];
        add_stem(arena, &m->of_known, r->known[i], i);
    }
}

llw_meanings *llw_meanings_of(llw_config_reader *r, const llw_config_file *file) {
    if (!r->meanings) {
        r->meanings = llw_arena_alloc(llw_facts_arena(r->facts), sizeof *r->meanings);
        r->meanings->r = r;
        take_known(r->meanings);
    }
    take_launches(r->meanings);
    r->meanings->file = file->path;
    return r->meanings;
}

void llw_meanings_tell(llw_config_reader *r) {
    if (r->meanings && r->meanings->skipped)
        llw_config_unread(
            r, r->meanings->skipped_in, 0,
            "%zu names are not looked up, from this document on: names were compared with models "
            "%d times by then",
            r->meanings->skipped, MAX_COMPARED);
}

/* --- what a name means --- */

/* Letters and then a digit in one word: Mellum2, but not 12B. */
static bool has_number(const char *name, size_t len) {
    bool letter = false;
    for (size_t i = 0; i < len; i++) {
        if (letter && isdigit((unsigned char)name[i])) return true;
        bool starts = !i || name[i - 1] == ' ';
        letter = name[i] != ' ' && (letter || (starts && isalpha((unsigned char)name[i]) != 0));
    }
    return false;
}

/* A word of it has a number, or it starts like a model that is known. */
static bool is_foreign(llw_meanings *all, const char *name, size_t len) {
    bool family =
        isupper((unsigned char)*name) && memchr(name, ' ', len) && next_stem(&all->of_known, name, len, NULL);
    return len > 3 && (has_number(name, len) || family);
}

/* A model that nobody starts here is met by its whole name only. */
static llw_meant look_up(llw_meanings *all, const char *name, size_t len) {
    llw_meant m = {.n = 0};
    const llw_stem *s = NULL;
    while (m.n < LLW_MAX_MEANT && (s = next_stem(&all->of_models, name, len, s))) {
        all->compared++;
        if (llw_config_names_model(all->r, name, len, all->models[s->model]))
            m.items[m.n++] = all->models[s->model];
    }
    m.by_launch = m.n > 0;
    while (!m.by_launch && m.n < LLW_MAX_MEANT && (s = next_stem(&all->of_known, name, len, s))) {
        all->compared++;
        if (llw_card_name_whole(name, len, all->known[s->model].argv.model.path))
            m.items[m.n++] = &all->known[s->model];
    }
    m.foreign = !m.n && is_foreign(all, name, len);
    return m;
}

static llw_meant meaning_of(llw_meanings *all, const char *name, size_t len) {
    llw_looked_up **kept = &all->kept[hash_of(name, len) % KEPT];
    if (!next_stem(&all->of_models, name, len, NULL) && !next_stem(&all->of_known, name, len, NULL))
        return (llw_meant){.foreign = is_foreign(all, name, len)};
    if (*kept && !strncmp((*kept)->name, name, len) && !(*kept)->name[len]) return (*kept)->meant;
    if (all->compared >= MAX_COMPARED) {
        if (!all->skipped++) all->skipped_in = all->file;
        return (llw_meant){.foreign = true};
    }
    llw_arena *arena = llw_facts_arena(all->r->facts);
    llw_meant m = look_up(all, name, len);
    if (!*kept) { /* the first of those that share the place */
        *kept = llw_arena_alloc(arena, sizeof **kept);
        **kept = (llw_looked_up){llw_arena_strndup(arena, name, len), m};
    }
    return m;
}

/* A word like "tiny" or "chat", which somebody called a profile: its name where it is marked as one only. */
static bool is_plain_word(llw_meanings *all, const llw_rich *text, const llw_name_phrase *p) {
    char name[MAX_NAME];
    size_t len = 0;
    for (; p->at + len < p->ends[p->n_ends - 1] && len < sizeof name; len++) {
        name[len] = text->chars[p->at + len].byte;
        if (!isalpha((unsigned char)name[len])) return false;
    }
    if (next_stem(&all->of_known, name, len, NULL)) return false;
    return !p->at || text->chars[p->at - 1].byte != '`';
}

/* What a phrase means by the most of its words that mean something together; *end is where those stop. */
static llw_meant meaning_of_phrase(llw_meanings *all, const llw_rich *text, const llw_name_phrase *p,
                                   size_t *end) {
    llw_meant m = {.n = 0};
    *end = p->ends[0];
    if (is_plain_word(all, text, p)) {
        *end = p->ends[p->n_ends - 1];
        return m;
    }
    for (size_t i = 0; i < p->n_ends && !m.n; i++) {
        char name[MAX_NAME] = "";
        size_t len = 0;
        for (; p->at + len < p->ends[i] && len < sizeof name; len++)
            name[len] = text->chars[p->at + len].byte;
        m = meaning_of(all, name, len);
        *end = p->ends[i];
    }
    return m;
}

/* The names of a text up to `at`, the last one that means something; else the first that starts
 * less than `behind` bytes after it. */
llw_meant llw_meant_in(llw_meanings *all, const llw_rich *text, size_t at, size_t behind) {
    llw_name_phrase p;
    llw_meant best = {.n = 0};
    for (size_t from = 0, end = 0; llw_name_phrase_next(text, from, &p); from = end) {
        bool found = best.n || best.foreign;
        if (p.at >= at && (found || p.at - at >= behind)) break;
        llw_meant m = meaning_of_phrase(all, text, &p, &end);
        m.end = end;
        for (size_t i = p.at; i < end; i++) m.number |= isdigit((unsigned char)text->chars[i].byte) != 0;
        if (m.n || m.foreign) best = m;
    }
    return best;
}
