/* Claims what the ledger says about each launch. */
#include "source/evidence/ledger_claim.h"
#include "source/log/claim.h"
#include "source/evidence/record_match.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* From here on a prompt is long: lessons/06-test-long-prompts.md. */
enum { LONG_PROMPT = 100 };

typedef struct item { /* a test of a record, as it stands to one launch */
    const llw_read_record *record;
    const llw_record_test *test; /* NULL: the record has none */
    llw_match match;
    bool here, stands;
} item;

typedef struct claimer {
    llw_facts *facts;
    llw_arena *arena;
    llw_entity launch;
    item *items;
    size_t n, capacity;
} claimer;

/* --- which of them is the newest --- */

enum { SAYS_SHORT, SAYS_LONG, SAYS_FAILED, SAYS_NOTHING };

static int what_it_says(const item *i) {
    const llw_record_test *t = i->test;
    if (!t || t->passed < 0) return SAYS_NOTHING;
    if (!t->passed) return SAYS_FAILED;
    return t->prompt_tokens >= LONG_PROMPT && t->answer_tokens != 0 ? SAYS_LONG : SAYS_SHORT;
}

/* The launch's own build counts most, then newer builds, then later dates. */
static int age(const item *a, const item *b) {
    const llw_read_record *x = a->record, *y = b->record;
    if ((a->match.build == 1) != (b->match.build == 1)) return a->match.build == 1 ? 1 : -1;
    if (x->order != y->order) return x->order < y->order ? -1 : 1;
    if (x->number != y->number) return x->number < y->number ? -1 : 1;
    const char *p = x->record->date ? x->record->date : "", *q = y->record->date ? y->record->date : "";
    int c = strcmp(p, q);
    if (c) return c;
    if (x != y) return x < y ? -1 : 1; /* they lie in one array, in the ledger's order */
    return a->test < b->test ? -1 : a->test > b->test;
}

static int by_age(const void *a, const void *b) {
    return age(a, b);
}

/* Whether no later item is of the same class; -1 is none. They are sorted. */
static bool is_last(const claimer *c, size_t at, int class_of(const claimer *c, const item *i)) {
    int class = class_of(c, &c->items[at]);
    for (size_t k = at + 1; class >= 0 && k < c->n; k++)
        if (class_of(c, &c->items[k]) == class) return false;
    return class >= 0;
}

static double speed_of(const item *i) {
    return i->test && i->test == llw_record_speed_test(i->record->record) ? i->test->speed : -1;
}

static int says(const claimer *c, const item *i) {
    (void)c;
    return what_it_says(i) * 8 + i->here * 4 + (i->match.build == 1) * 2 + i->stands;
}

static int speed_class(const claimer *c, const item *i) {
    (void)c;
    return speed_of(i) > 0 && i->here && i->match.settings == 1 ? i->match.build == 1 : -1;
}

/* A figure of fit, one that was to be, one placed by hand: lesson 7 compares them. */
static int figure_class(const claimer *c, const item *i) {
    bool meant = llw_record_means_fit(i->record->record);
    if (speed_of(i) <= 0) return -1;
    return meant ? 1 + (*llw_record_stops_fit(c->arena, i->record) != 0) : 0;
}

static int buffer_class(const claimer *c, const item *i) {
    (void)c;
    return i->here && i->record->record->n_buffers ? i->match.build == 1 : -1;
}

static bool is_newest(const claimer *c, size_t at) {
    return is_last(c, at, says);
}

static bool is_newest_speed(const claimer *c, size_t at) {
    return is_last(c, at, speed_class);
}

/* What no later one says again; rules pair items with each other, so the rest stays in the ledger. */
static bool tells(const claimer *c, size_t at) {
    return is_newest(c, at) || is_newest_speed(c, at) || is_last(c, at, figure_class) ||
           is_last(c, at, buffer_class);
}

/* --- claims --- */

typedef struct saying {
    llw_facts *facts;
    llw_entity e;
    const char *place;
} saying;

static void say(const saying *s, llw_attr attr, llw_value value) {
    llw_facts_claim(s->facts, s->e, attr, value, LLW_GRADE_MEASURED, "evidence", s->place);
}

static void say_text(const saying *s, llw_attr attr, const char *text) {
    say(s, attr, llw_string(llw_attr_get(attr)->type, text ? text : ""));
}

static void say_flag(const saying *s, llw_attr attr, int flag) {
    if (flag >= 0) say(s, attr, llw_flag(flag));
}

static const char *prompt_words(llw_arena *arena, const llw_record_test *t) {
    char n[LLW_NUMBER_MAX];
    if (!t || t->prompt_tokens < 0) return "a prompt of unknown length";
    if (!t->prompt_tokens) return "no prompt";
    return llw_arena_printf(arena, "a prompt of %s tokens", llw_format_count(n, t->prompt_tokens));
}

/* What the buffers took on all GPUs together, and its three parts; nothing when one of them is not known. */
static void claim_gpu_bytes(const saying *s, const llw_record *r) {
    int64_t weights = 0, kv = 0, compute = 0;
    for (size_t i = 0; i < r->n_buffers; i++) {
        const llw_record_buffer *b = &r->buffers[i];
        if (!b->device || !strcmp(b->device, "Host")) continue;
        if (b->weights < 0 || b->kv < 0 || b->compute < 0) return;
        weights += b->weights;
        kv += b->kv;
        compute += b->compute;
    }
    if (!r->n_buffers) return;
    say(s, LLW_evidence_gpu_bytes, llw_bytes(weights + kv + compute));
    say(s, LLW_evidence_gpu_weights, llw_bytes(weights));
    say(s, LLW_evidence_gpu_kv, llw_bytes(kv));
    say(s, LLW_evidence_gpu_compute, llw_bytes(compute));
}

static void claim_test(const saying *s, llw_arena *arena, const item *i) {
    const llw_record_test *t = i->test;
    say_text(s, LLW_evidence_prompt, prompt_words(arena, t));
    say_text(s, LLW_evidence_problem, t && !t->passed ? (t->note ? t->note : "it failed") : "");
    if (!t) return;
    if (t->prompt_tokens >= 0) say(s, LLW_evidence_prompt_tokens, llw_count(t->prompt_tokens));
    say_flag(s, LLW_evidence_passed, t->passed);
    say_flag(s, LLW_evidence_answered, t->answer_tokens != 0);
    if (speed_of(i) > 0) say(s, LLW_evidence_speed, llw_real(speed_of(i)));
}

static void claim_item(const claimer *c, size_t at) {
    const item *i = &c->items[at];
    const llw_record *r = i->record->record;
    const char *id =
        llw_arena_printf(c->arena, "%s %s/%zu", llw_facts_id(c->facts, c->launch),
                         llw_record_place(c->arena, r), i->test ? (size_t)(i->test - r->tests) + 1 : 0);
    saying s = {c->facts, llw_facts_entity(c->facts, LLW_KIND_evidence, id), llw_record_place(c->arena, r)};
    say(&s, LLW_evidence_launch, llw_ref(c->launch));
    say_text(&s, LLW_evidence_kind, llw_record_kind_name(r->kind));
    say_text(&s, LLW_evidence_place, s.place);
    say_text(&s, LLW_evidence_day, llw_record_day(c->arena, r));
    say_text(&s, LLW_evidence_version, r->build);
    if (i->record->order >= 0) say(&s, LLW_evidence_order, llw_count(i->record->order));
    say_text(&s, LLW_evidence_label, r->label);
    say_flag(&s, LLW_evidence_same_build, i->match.build);
    say_flag(&s, LLW_evidence_here, i->here);
    say_flag(&s, LLW_evidence_stands, i->stands);
    say_flag(&s, LLW_evidence_same_settings, i->match.settings == 1);
    say_text(&s, LLW_evidence_differs, i->stands ? "" : i->match.differs);
    say_text(&s, LLW_evidence_besides, *i->match.besides ? i->match.besides : "nothing");
    say_flag(&s, LLW_evidence_newest, is_newest(c, at));
    say_flag(&s, LLW_evidence_newest_speed, is_newest_speed(c, at));
    claim_test(&s, c->arena, i);
    claim_gpu_bytes(&s, r);
    say_flag(&s, LLW_evidence_fit_meant, llw_record_means_fit(r));
    say_text(&s, LLW_evidence_stops_fit, llw_record_stops_fit(c->arena, i->record));
    say_flag(&s, LLW_evidence_corrected, r->corrected != NULL);
}

/* --- what goes before predictions --- */

/* The record as the load it was made from, for what checks and claims loads (source/log/claim.h). */
static void claim_load(const claimer *c, const llw_record *r) {
    llw_load *load = llw_arena_alloc(c->arena, sizeof *load);
    llw_log *log = llw_arena_alloc(c->arena, sizeof *log);
    *load = (llw_load){.first_line = r->line,
                       .build = r->build,
                       .architecture = r->architecture,
                       .file_bytes = r->weights,
                       .file_bytes_precision = LLW_LOG_TENTH_KIB,
                       .n_ctx = r->n_ctx,
                       .n_ctx_seq = -1,
                       .n_ctx_line = r->line,
                       .n_batch = r->n_batch,
                       .n_ubatch = r->n_ubatch,
                       .n_seq = r->n_seq,
                       .n_seq_line = r->line,
                       .flash_attn = r->flash_attn,
                       .type_k = r->type_k,
                       .type_v = r->type_v,
                       .offloaded = r->offloaded,
                       .layers = r->layers,
                       .longest_prompt = -1,
                       .crash_prompt = -1,
                       .host = {.name = "Host", .model = -1, .context = -1, .compute = -1, .mapped = -1}};
    for (size_t i = 0; i < r->n_buffers; i++) {
        const llw_record_buffer *b = &r->buffers[i];
        bool host = b->device && !strcmp(b->device, "Host");
        if (!b->device || (!host && load->n_devices == LLW_LOG_DEVICES)) continue;
        llw_log_device *d = host ? &load->host : &load->devices[load->n_devices++];
        *d = (llw_log_device){
            .name = b->device, .model = b->weights, .context = b->kv, .compute = b->compute, .line = r->line};
        if (host)
            d->model = -1; /* a mapping spans more than what stays there, and the record does not say which */
    }
    *log = (llw_log){.path = r->path, .origin = "evidence", .loads = load, .n_loads = 1};
    llw_log_result result;
    for (int l = 0; l < LLW_LOG_LOADS && !load->outcome; l++) {
        if (!r->outcome || l > LLW_LOG_FAILED) break;
        if (!strcmp(llw_log_outcome_name((llw_log_outcome)l), r->outcome)) load->outcome = (llw_log_outcome)l;
    }
    llw_log_claim(c->facts, log, load, c->launch, &result);
}

static void claim_measured(const claimer *c) {
    const llw_record *load = NULL;
    const item *speed = NULL;
    for (size_t k = 0; k < c->n; k++) {
        const item *i = &c->items[k];
        bool exact = i->stands && i->match.machine == 1 && i->match.settings == 1;
        if (exact && i->record->record->n_buffers) load = i->record->record;
        if (exact && speed_of(i) > 0) speed = i;
    }
    if (load) claim_load(c, load);
    if (speed)
        llw_facts_claim(c->facts, c->launch, LLW_launch_speed, llw_real(speed_of(speed)), LLW_GRADE_MEASURED,
                        "evidence", llw_record_place(c->arena, speed->record->record));
}

/* --- all of them --- */

static void add_item(claimer *c, const llw_read_record *r, const llw_record_test *test,
                     const llw_match *match) {
    void *items = c->items;
    item *i = llw_arena_push(c->arena, &items, &c->n, &c->capacity, sizeof *i);
    c->items = items;
    bool here = match->placement == 1 && match->machine != 0;
    *i = (item){.record = r,
                .test = test,
                .match = *match,
                .here = here,
                .stands = here && match->build == 1 && match->driver != 0};
}

static void claim_launch(claimer *c, const llw_model_identity *model, const llw_read_record *records,
                         size_t n) {
    for (size_t k = 0; k < n; k++) {
        const llw_record *r = records[k].record;
        llw_match match;
        if (!llw_record_is_model(c->arena, r, model)) continue;
        llw_record_match(c->arena, &records[k], c->facts, c->launch, &match);
        for (size_t t = 0; t < r->n_tests; t++) add_item(c, &records[k], &r->tests[t], &match);
        if (!r->n_tests) add_item(c, &records[k], NULL, &match);
    }
    if (!c->n) return;
    qsort(c->items, c->n, sizeof *c->items, by_age);
    for (size_t k = 0; k < c->n; k++)
        if (tells(c, k)) claim_item(c, k);
    claim_measured(c);
}

typedef struct subject {
    llw_entity launch;
    llw_model_identity model;
} subject;

/* Whether any of the launches has the record's model: the flags of others need not be read. */
static bool concerns(llw_arena *arena, const llw_record *record, const subject *subjects, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (llw_record_is_model(arena, record, &subjects[i].model)) return true;
    return false;
}

static size_t find_subjects(llw_facts *facts, llw_entity after, subject **out) {
    llw_arena *arena = llw_facts_arena(facts);
    size_t n = 0, capacity = 0;
    void *items = NULL;
    for (llw_entity l = after; (l = llw_facts_next(facts, LLW_KIND_launch, l));) {
        llw_entity model = llw_facts_ref(facts, l, LLW_launch_model);
        if (!model) continue;
        subject *s = llw_arena_push(arena, &items, &n, &capacity, sizeof *s);
        s->launch = l;
        llw_model_identify(arena, facts, model, &s->model);
    }
    *out = items;
    return n;
}

void llw_ledger_claim(llw_facts *facts, const llw_ledger *ledger, const llw_flags *flags, llw_entity after) {
    llw_arena *arena = llw_facts_arena(facts);
    subject *subjects = NULL;
    size_t n_subjects = ledger->n_records ? find_subjects(facts, after, &subjects) : 0, n = 0;
    if (!n_subjects) return;
    llw_read_record *records = llw_arena_alloc(arena, ledger->n_records * sizeof *records);
    llw_facts **scratch = llw_arena_alloc(arena, ledger->n_records * sizeof *scratch);
    for (size_t i = 0; i < ledger->n_records; i++) {
        const llw_record *r = ledger->records[i];
        if (r->kind == LLW_RECORD_CORRECTION || !concerns(arena, r, subjects, n_subjects)) continue;
        scratch[n] = llw_facts_new();
        llw_record_read_flags(arena, r, flags, scratch[n], &records[n]);
        n++;
    }
    for (size_t i = 0; i < n_subjects; i++) {
        claimer c = {.facts = facts, .arena = arena, .launch = subjects[i].launch};
        claim_launch(&c, &subjects[i].model, records, n);
    }
    for (size_t i = 0; i < n; i++) llw_facts_free(scratch[i]);
}
