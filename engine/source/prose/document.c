/* What Markdown documents say about models: the sentences of README files, plans, guides and instructions for
 * assistants, as claims.
 *
 * A document is read passage by passage. History says nothing: archives, change logs, lessons, dated notes,
 * quotations, what stands under a heading of the past. Of which model a sentence speaks is told by the name
 * nearest before it, in the sentence, its paragraph, the item it belongs to or the headings above; where
 * that leaves several models that differ in what is stated, nothing is claimed. Commands that start llama.cpp
 * in a code block are launches of their own. */
#include "base/file.h"
#include "source/model/card_name.h"
#include "source/config/front.h"
#include "source/prose/card_claims.h"
#include "source/prose/document_code.h"
#include "source/prose/phrases.h"
#include "source/model/known.h"
#include "source/prose/markdown.h"
#include "source/prose/meant.h"
#include "source/prose/phrase_pattern.h"
#include "source/prose/quant_of_file.h"
#include "source/prose/reasons.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

enum {
    MAX_LABEL = 48,
    UPDATE_REACH = 12,
    FIGURE_ALONE = 16,
    BEHIND = 16 /* bytes: "the dense Qwen3 8B" */
};

typedef struct line {
    const char *text; /* NULL: not made yet */
    size_t len;
} line;

typedef struct document {
    llw_config_reader *r;
    const llw_config_file *file;
    llw_document passages;
    llw_meanings *all;
    const llw_config_launch **models; /* those that it may be about: of a card, its own */
    size_t n_models;
    bool *old, *measured;             /* of each passage: it stands under such a heading */
    line *lines;                      /* of each passage, once somebody asked */
    const llw_meant **names, **heads; /* what each names at its end, and as a heading; once somebody asked */
    bool card; /* a model's card: of its sentences only the sizes in its tables are read here */
} document;

/* The passage that is read, sentence by sentence. */
typedef struct reading {
    size_t index;
    bool bench;                                    /* a row of llama-bench's table */
    enum { NOT_ASKED, NO_SOURCE, SOURCED } source; /* it says where its figures come from */
    size_t before, heard;                          /* bytes before the sentence; of those, listened to */
    llw_meant said;                                /* what the last name in those means */
} reading;

/* What a heading names: nothing when it names several things. */
static llw_meant named_by_heading(llw_meanings *all, const llw_rich *text) {
    llw_meant first = llw_meant_in(all, text, 0, text->n), last = llw_meant_in(all, text, text->n, 0);
    if (first.n != last.n || (first.n && first.items[0] != last.items[0]))
        return (llw_meant){.foreign = true};
    return first;
}

/* What a passage above a sentence names; each is asked once, whatever stands under it. */
static llw_meant named_above(const document *d, size_t index, bool heading) {
    const llw_meant **kept = heading ? &d->heads[index] : &d->names[index];
    if (!*kept) {
        const llw_rich *text = &d->passages.items[index].text;
        llw_meant *m = llw_arena_alloc(d->r->arena, sizeof *m);
        *m = heading ? named_by_heading(d->all, text) : llw_meant_in(d->all, text, text->n, 0);
        m->end = 0;
        m->elsewhere = true;
        *kept = m;
    }
    return **kept;
}

/* What the last name before a sentence of its passage means. */
static llw_meant named_before(const document *d, reading *now) {
    const llw_rich *text = &d->passages.items[now->index].text;
    llw_rich more = llw_rich_slice(text, now->heard, now->before);
    llw_meant m = llw_meant_in(d->all, &more, more.n, 0);
    now->heard = now->before;
    if (m.n || m.foreign) now->said = m;
    now->said.end = 0;
    now->said.elsewhere = true;
    return now->said;
}

/* --- which passages speak --- */

static line line_of(const document *d, size_t index) {
    line *l = &d->lines[index];
    if (!l->text) l->text = llw_rich_line(d->r->arena, &d->passages.items[index].text, &l->len);
    return *l;
}

static bool passage_is(const document *d, size_t index, llw_pattern test) {
    line l = line_of(d, index);
    return llw_pattern_matches(test, l.text, l.len);
}

/* Marks the passages under a heading of that kind, at any depth; headings come before what stands under them.
 */
static bool *find_under(const document *d, llw_pattern test) {
    const llw_passage *all = d->passages.items;
    bool *under = llw_arena_alloc(d->r->arena, d->passages.n + 1);
    for (size_t i = 0; i < d->passages.n; i++) {
        bool heading = all[i].kind == LLW_PASSAGE_HEADING,
             above = all[i].heading < i && under[all[i].heading];
        under[i] = above || (heading && passage_is(d, i, test));
    }
    return under;
}

/* "What happened: ..." at the start of a paragraph is a heading of its own. */
static bool labelled_old(const document *d, size_t index) {
    line l = line_of(d, index);
    const char *colon = memchr(l.text, ':', l.len < MAX_LABEL ? l.len : MAX_LABEL);
    return colon && d->passages.items[index].kind != LLW_PASSAGE_CELL &&
           llw_pattern_matches(LLW_PATTERN_OLD_SECTION, l.text, (size_t)(colon - l.text));
}

static bool is_silent(const document *d, size_t index) {
    return d->passages.items[index].quoted || d->old[index] || labelled_old(d, index);
}

/* --- of what a sentence speaks --- */

/* A cell speaks of what its row and column are called, unless a name with a number in it stands before the
 * claim: "| `agent` | Qwen3.6-35B-A3B (MoE) |". A row called by a word that is marked as a name, and is none
 * of ours, is somebody else's. */
static llw_meant subject_of_cell(const document *d, const llw_passage *p, const llw_rich *sentence,
                                 size_t at) {
    llw_rich lead = llw_rich_slice(&p->text, 0, p->lead);
    llw_meant m = llw_meant_in(d->all, &lead, lead.n, 0), own = llw_meant_in(d->all, sentence, at, 0);
    if (own.number && own.end > p->lead) return own;
    m.end = 0;
    m.foreign |= !m.n && lead.n && lead.chars[0].byte == '`';
    return m;
}

static llw_meant subject_of(const document *d, reading *now, const llw_rich *sentence, size_t at) {
    const llw_passage *all = d->passages.items;
    size_t index = now->index;
    llw_meant m = {.n = 0};
    if (all[index].kind == LLW_PASSAGE_CELL) m = subject_of_cell(d, &all[index], sentence, at);
    if (m.n || m.foreign) return m;
    m = llw_meant_in(d->all, sentence, at, BEHIND);
    if (m.n || m.foreign) return m;
    if (all[index].kind == LLW_PASSAGE_CELL && now->before) return m; /* "Upgraded from X. 3 GB." */
    m = named_before(d, now);
    if (m.n || m.foreign) return m;
    for (size_t i = index; all[i].parent != i; i = all[i].parent) {
        m = named_above(d, all[i].parent, false);
        if (m.n || m.foreign) return m;
    }
    for (size_t i = all[index].heading; i < d->passages.n; i = all[i].heading) {
        m = named_above(d, i, true);
        if (m.n || m.foreign || all[i].heading == i) return m;
    }
    size_t len = 0;
    const char *text = llw_rich_line(d->r->arena, sentence, &len);
    if (d->n_models == 1 && llw_pattern_matches(LLW_PATTERN_THE_MODEL, text, len))
        m = (llw_meant){.items = {d->models[0]}, .n = 1, .by_launch = true};
    return m;
}

static bool has_quant(const llw_config_launch *l, const char *quant, bool whole) {
    const char *name = l->argv.model.path ? llw_path_name(l->argv.model.path) : "";
    size_t len = strlen(quant);
    for (const char *at = strcasestr(name, quant); at; at = strcasestr(at + 1, quant)) {
        if (at != name && isalnum((unsigned char)at[-1])) continue;
        if (!isalnum((unsigned char)at[len]) && (!whole || !at[len] || at[len] == '.')) return true;
    }
    return false;
}

/* All of one model, in whatever quantisation. */
static bool one_model(const llw_meant *m) {
    for (size_t i = 1; i < m->n; i++)
        if (m->items[i]->model != m->items[0]->model &&
            llw_card_name(m->items[i]->argv.model.path, m->items[0]->argv.model.path) != LLW_NAMES_SAME)
            return false;
    return true;
}

/* "handles Qwen MoE": a kind right behind the name of a family is that of some of it. */
static bool is_some_of_family(const llw_meant *m, const llw_phrase *p) {
    return p->says_kind && m->end && !m->number && m->end + 1 == p->at;
}

/* A name that stands elsewhere is a sentence's subject only where something in the sentence is that model's:
 * its size, or the quantisation of one of the files. What is counted ("128 experts") is told by the number.
 */
static bool is_uncertain(const llw_meant *m, const llw_phrase *p) {
    if (!m->elsewhere || !m->n || p->count) return false;
    const char *path = m->items[0]->argv.model.path;
    if (*p->of_size) return !path || !strcasestr(path, p->of_size);
    return !*p->quant || !m->by_launch;
}

/* Makes the facts of known models that are spoken of. */
static void meet(document *d, llw_meant *m) {
    for (size_t i = 0; i < m->n && !m->by_launch; i++) {
        llw_config_launch *l = &d->all->known[m->items[i] - d->all->known];
        if (!l->model) llw_source_known(d->r->facts, l->argv.model.path, NULL, &l->model, NULL);
    }
}

/* Of several, those of which something is known. */
static void prefer_known(const document *d, llw_meant *m) {
    size_t kept = 0;
    for (size_t i = 0; i < m->n; i++)
        if (m->items[i]->model &&
            llw_facts_value(d->r->facts, m->items[i]->model, LLW_model_file_bytes).known)
            m->items[kept++] = m->items[i];
    if (kept) m->n = kept;
}

/* The one model that a phrase is about, or NULL. */
static const llw_config_launch *model_of(document *d, llw_meant m, const llw_phrase *p) {
    bool each = !strcmp(p->about, "size") || !strcmp(p->about, "fits") || !strcmp(p->about, "speed");
    if (each && *p->quant) {
        size_t kept = 0;
        for (size_t i = 0; i < m.n; i++)
            if (has_quant(m.items[i], p->quant, !m.by_launch)) m.items[kept++] = m.items[i];
        m.n = kept;
    }
    if (!m.n || (each && !*p->quant && !m.by_launch)) return NULL;
    meet(d, &m);
    prefer_known(d, &m);
    if (!m.items[0]->model) return NULL;
    if (each)
        for (size_t i = 1; i < m.n; i++)
            if (m.items[i]->model != m.items[0]->model) return NULL;
    if (!one_model(&m)) return NULL;
    return m.items[0];
}

/* --- claims --- */

static void claim_belief(document *d, const llw_rich *sentence) {
    size_t at = 0;
    const char *belief = llw_phrase_belief(sentence, &at);
    if (!belief) return;
    const llw_phrase p = {.about = "belief", .at = at};
    const llw_said said = {.file = d->file, .sentence = sentence, .phrase = &p, .origin = "document"};
    llw_entity e = llw_config_claim(d->r, &said);
    const llw_char *c = &sentence->chars[at];
    if (e)
        llw_facts_claim(d->r->facts, e, LLW_claim_belief, llw_string(LLW_TEXT, belief), LLW_GRADE_PROSE,
                        "document", llw_place(d->r->arena, d->file->path, c->line, c->column));
}

/* A row of llama-bench's table calls the model by its architecture and size: "qwen35 27B Q8_0" is no name. */
static bool is_bench_row(const document *d, const llw_passage *p) {
    size_t len = 0;
    llw_rich row = llw_rich_slice(&p->text, 0, p->kind == LLW_PASSAGE_CELL ? p->lead : p->text.n);
    const char *text = llw_rich_line(d->r->arena, &row, &len);
    return llw_pattern_matches(LLW_PATTERN_BENCH_ROW, text, len);
}

/* The titles of a cell name a size, and it is not the model's: "35B-A3B Q4_K_M" above what is said of 256
 * experts. */
static bool titles_another_size(const document *d, const llw_passage *p, const llw_config_launch *l) {
    const char *name = NULL;
    if (p->kind != LLW_PASSAGE_CELL || !llw_facts_text(d->r->facts, l->model, LLW_model_name, &name))
        return false;
    size_t len = 0;
    llw_rich titles = llw_rich_slice(&p->text, 0, p->lead);
    const char *text = llw_rich_line(d->r->arena, &titles, &len);
    bool other = false;
    for (const char *at = text; (at = strpbrk(at, "0123456789")) != NULL;) {
        size_t n = strspn(at, "0123456789.");
        char size[16];
        bool whole = (at == text || !isalnum((unsigned char)at[-1])) && at[n] == 'B' &&
                     !isalnum((unsigned char)at[n + 1]) && n + 1 < sizeof size;
        if (whole) {
            memcpy(size, at, n + 1);
            size[n + 1] = 0;
            if (strcasestr(name, size)) return false;
            other = true;
        }
        at += n;
    }
    return other;
}

/* A figure alone in its cell is what the title of its column says: "Cumulative", "VRAM" and "KV cache" are no
 * sizes of models. */
static bool other_column(const document *d, const llw_passage *p) {
    size_t own = p->text.n > p->lead ? p->text.n - p->lead : 0, len = 0;
    if (p->kind != LLW_PASSAGE_CELL || p->title == p->lead || own > FIGURE_ALONE) return false;
    llw_rich title = llw_rich_slice(&p->text, p->title, p->lead);
    const char *text = llw_rich_line(d->r->arena, &title, &len);
    return !llw_pattern_matches(LLW_PATTERN_SIZE_OF_MODEL, text, len) ||
           llw_pattern_matches(LLW_PATTERN_SIZE_OF_ELSE, text, len);
}

/* The models that a card is about. */
static llw_meant of_card(const document *d) {
    llw_meant m = {.by_launch = true};
    for (size_t i = 0; i < d->n_models && m.n < LLW_MAX_MEANT; i++) m.items[m.n++] = d->models[i];
    return m;
}

/* What a file that somebody starts is said to be quantised to. */
static void claim_quant(document *d, const llw_rich *sentence) {
    const char *file = NULL;
    llw_phrase p;
    if (!llw_quant_of_file(d->r->arena, sentence, &file, &p)) return;
    for (size_t i = 0; i < d->n_models; i++) {
        const char *path = d->models[i]->argv.model.path;
        if (!path || strcasecmp(llw_path_name(path), file)) continue;
        const llw_said said = {.file = d->file,
                               .sentence = sentence,
                               .phrase = &p,
                               .model = d->models[i]->model,
                               .origin = d->card ? "model card" : "document"};
        llw_config_claim(d->r, &said);
        return;
    }
}

static bool is_sourced(const document *d, reading *now) {
    if (now->source == NOT_ASKED)
        now->source = llw_phrase_source(&d->passages.items[now->index].text) ? SOURCED : NO_SOURCE;
    return d->card || now->source == SOURCED;
}

/* The one model that a sentence of the passage says that of, or NULL. */
static const llw_config_launch *said_of(document *d, reading *now, const llw_rich *sentence,
                                        const llw_phrase *said) {
    const llw_passage *p = &d->passages.items[now->index];
    if (!now->before && said->at < p->lead) return NULL; /* the row's name says it, not this cell */
    if (said->bytes && other_column(d, p)) return NULL;
    if (d->card && (!said->bytes || !*said->quant)) return NULL;
    llw_meant m = subject_of(d, now, sentence, said->at);
    if (d->card && !m.n && !m.foreign) m = of_card(d);
    if (p->kind == LLW_PASSAGE_CELL && said->bytes && !*said->quant &&
        !llw_meant_in(d->all, sentence, sentence->n, 0).n)
        return NULL; /* a row of something else: "KV cache: Size: 1,224 MiB" */
    if (is_some_of_family(&m, said) || is_uncertain(&m, said)) return NULL;
    const llw_config_launch *l = model_of(d, m, said);
    return l && !titles_another_size(d, p, l) ? l : NULL;
}

static void read_sentence(document *d, reading *now, const llw_rich *sentence) {
    enum { MAX_PHRASES = 16 };
    llw_phrase found[MAX_PHRASES];
    size_t n = now->bench ? 0 : llw_phrases_find(sentence, found, MAX_PHRASES);
    for (size_t i = 0; i < n; i++) {
        const llw_config_launch *l = said_of(d, now, sentence, &found[i]);
        if (!l) continue;
        const llw_said said = {.file = d->file,
                               .sentence = sentence,
                               .phrase = &found[i],
                               .model = l->model,
                               .origin = d->card ? "model card" : "document",
                               .sourced = is_sourced(d, now),
                               .filed_as_measured = d->measured[now->index]};
        llw_config_claim(d->r, &said);
    }
    claim_quant(d, sentence);
    if (!d->card) claim_belief(d, sentence);
}

static void read_passage(document *d, size_t index) {
    const llw_passage *p = &d->passages.items[index];
    reading now = {.index = index, .bench = is_bench_row(d, p)};
    for (size_t i = 0, start = 0; i < p->text.n; i++) {
        if (i + 1 < p->text.n && (i < p->lead || !llw_prose_ends(&p->text, i))) continue;
        llw_rich slice = llw_rich_slice(&p->text, start, i + 1);
        /* not trimmed where a lead stands in front: its length is counted */
        llw_rich sentence = start ? llw_rich_trim(&slice) : slice;
        now.before = start;
        start = i + 1;
        if (sentence.n) read_sentence(d, &now, &sentence);
    }
}

/* --- procedures of updating --- */

/* From a passage that speaks of updating llama.cpp on: what is done, and how it is tried. */
static void read_update(document *d, size_t from) {
    const llw_passage *all = d->passages.items;
    size_t step = d->passages.n, shown = d->passages.n, to = from + 1;
    bool tested = passage_is(d, from, LLW_PATTERN_LONG_TEST);
    if (all[from].kind != LLW_PASSAGE_HEADING && passage_is(d, from, LLW_PATTERN_UPDATE_STEP) &&
        passage_is(d, from, LLW_PATTERN_SHORT_TEST))
        step = shown = from; /* all of it in one paragraph */
    for (; to < d->passages.n && to <= from + UPDATE_REACH; to++) {
        if (all[to].kind == LLW_PASSAGE_HEADING &&
            (all[from].kind != LLW_PASSAGE_HEADING || all[to].level <= all[from].level))
            break;
        if (step == d->passages.n && passage_is(d, to, LLW_PATTERN_UPDATE_STEP)) step = to;
        if (shown == d->passages.n && passage_is(d, to, LLW_PATTERN_SHORT_TEST)) shown = to;
        tested |= passage_is(d, to, LLW_PATTERN_LONG_TEST);
    }
    if (step == d->passages.n || !all[from].text.n) return;
    bool smoke = shown < d->passages.n;
    const llw_rich *text = &all[smoke ? shown : step].text;
    size_t len = 0;
    const char *bytes = llw_rich_line(d->r->arena, text, &len);
    llw_match m = {.from = 0};
    llw_pattern_next(smoke ? LLW_PATTERN_SHORT_TEST : LLW_PATTERN_UPDATE_STEP, bytes, len, 0, &m);
    const llw_phrase p = {.about = "update", .at = m.from};
    const llw_said said = {.file = d->file, .sentence = text, .phrase = &p, .origin = "document"};
    llw_entity e = llw_config_claim(d->r, &said);
    const llw_char *at = &text->chars[p.at];
    if (e)
        llw_facts_claim(d->r->facts, e, LLW_claim_tests_long_prompt, llw_flag(tested), LLW_GRADE_PROSE,
                        "document", llw_place(d->r->arena, d->file->path, at->line, at->column));
}

static void read_passages(document *d) {
    llw_arena *arena = d->r->arena;
    const llw_config_file *file = d->file;
    const llw_link *link = llw_link_new(arena, file->path, d->card ? "model card" : "document", false);
    llw_markdown_read(arena, file->bytes, file->len, link, &d->passages);
    size_t n = d->passages.n + 1;
    d->lines = llw_arena_alloc(arena, n * sizeof *d->lines);
    d->names = llw_arena_alloc(arena, n * sizeof *d->names);
    d->heads = llw_arena_alloc(arena, n * sizeof *d->heads);
    if (d->passages.cut) llw_config_unread(d->r, file->path, d->passages.cut, "%s", d->passages.why);
}

/* Tables of a card list the files of its model, each with its size: those of the files that somebody starts.
 */
static void read_card_tables(document *d) {
    d->n_models = llw_card_models(d->r, d->file, d->models, d->n_models);
    d->card = true;
    if (!d->n_models) return;
    read_passages(d);
    d->old = find_under(d, LLW_PATTERN_OLD_SECTION);
    d->measured = llw_arena_alloc(d->r->arena, d->passages.n + 1);
    for (size_t i = 0; i < d->passages.n; i++)
        if (d->passages.items[i].kind == LLW_PASSAGE_CELL && !is_silent(d, i)) read_passage(d, i);
}

/* A model card is its makers': it speaks of many models and machines, so only what its own reader takes for a
 * statement is one. */
static void read_card(document *d) {
    const llw_meanings *all = d->all;
    const llw_config_launch **models =
        llw_arena_alloc(d->r->arena, (all->n_models + all->n_known + 1) * sizeof *models);
    size_t n = 0;
    for (size_t i = 0; i < all->n_models; i++) models[n++] = all->models[i];
    for (size_t i = 0; i < all->n_known; i++) models[n++] = &all->known[i];
    llw_card_claims(d->r, d->file, models, n);
    d->models = models; /* of which those of the card are kept */
    read_card_tables(d);
}

void llw_config_document(llw_config_reader *r, llw_config_set *set, const llw_config_file *file) {
    document d = {.r = r, .file = file};
    if (llw_pattern_matches(LLW_PATTERN_OLD_FILE, file->path, strlen(file->path))) return;
    d.all = llw_meanings_of(r, file);
    d.models = d.all->models;
    d.n_models = d.all->n_models;
    if (llw_is_card(file)) {
        read_card(&d);
        return;
    }
    read_passages(&d);
    llw_reasons_hear(r, file, &d.passages);
    d.old = find_under(&d, LLW_PATTERN_OLD_SECTION);
    d.measured = find_under(&d, LLW_PATTERN_MEASURED);
    llw_starts starts = {0};
    size_t updated = d.passages.n;
    for (size_t i = 0; i < d.passages.n; i++) {
        const llw_passage *p = &d.passages.items[i];
        if (!p->text.n || is_silent(&d, i)) continue;
        if (p->kind == LLW_PASSAGE_CODE) {
            llw_document_code(r, set, file, p, &starts);
            continue;
        }
        read_passage(&d, i);
        bool near = updated < d.passages.n && i <= updated + UPDATE_REACH;
        if (!near && p->kind != LLW_PASSAGE_CELL && passage_is(&d, i, LLW_PATTERN_UPDATE)) {
            read_update(&d, i);
            updated = i;
        }
    }
    llw_document_launches(r, file, &d.passages, &starts);
}
