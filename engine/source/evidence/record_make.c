/* Makes records of load logs and llama-bench. */
#include "source/evidence/record_make.h"
#include "base/file.h"
#include "source/log/claim.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

/* --- a load --- */

static void add_buffers(const llw_log_device *d, llw_record *r) {
    if (d->model < 0 && d->context < 0 && d->compute < 0) return;
    llw_record_buffer *b = llw_record_add_buffer(r);
    if (!b) return;
    *b = (llw_record_buffer){d->name, d->model, d->context, d->compute, -1};
    if (d->unaccounted >= 0 && d->total > 0 && d->free >= 0) {
        int64_t before = d->total - d->free; /* taken before the load, this program's CUDA context included */
        if (d->unaccounted >= before) b->grew = d->unaccounted - before;
    }
}

static void add_prompts(llw_arena *arena, const llw_load *l, llw_record *r) {
    if (l->longest_prompt > 0) {
        llw_record_test *t = llw_record_add_test(r);
        t->prompt_tokens = l->longest_prompt;
        t->passed = 1;
        if (l->longest_prompt_speed > 0) t->prompt_speed = l->longest_prompt_speed;
        if (l->eval_tokens > 0) t->answer_tokens = l->eval_tokens;
        if (l->eval_tokens >= 32 && l->eval_ms > 0) t->speed = l->eval_steps * 1e3 / l->eval_ms;
        if (l->requests > 1)
            t->note = llw_arena_printf(
                arena, "the longest of %" PRId64 " prompts; answers of all of them together", l->requests);
    }
    if (l->outcome == LLW_LOG_CRASH || (l->outcome == LLW_LOG_OOM && l->oom.running)) {
        llw_record_test *t = llw_record_add_test(r);
        if (l->crash_prompt > 0) t->prompt_tokens = l->crash_prompt;
        t->passed = 0;
        t->note = l->failure ? l->failure : "the program ended";
    }
}

static const char *fit_word(llw_log_fit_state state) {
    static const char *const words[] = {NULL, NULL, "unchanged", "adjusted", "gave-up", "failed"};
    return words[state];
}

void llw_record_from_load(llw_arena *arena, const llw_log *log, const llw_load *l, llw_record *r) {
    llw_record_init(r, LLW_RECORD_LOG);
    r->source = strcmp(log->path, "-") ? llw_path_name_or_path(log->path) : NULL;
    if (r->source && log->n_loads > 1) r->source = llw_arena_printf(arena, "%s:%d", r->source, l->first_line);
    r->build = llw_log_build(l);
    r->commit = l->commit;
    r->outcome = llw_log_outcome_name(l->outcome);
    r->failure = l->failure;
    if (l->path) r->model_file = llw_path_name_or_path(l->path);
    r->architecture = l->architecture;
    r->n_ctx = l->n_ctx;
    r->n_seq = l->n_seq;
    r->n_batch = l->n_batch;
    r->n_ubatch = l->n_ubatch;
    r->type_k = l->type_k;
    r->type_v = l->type_v;
    r->flash_attn = l->flash_attn;
    r->weights = l->file_bytes;
    r->offloaded = l->offloaded;
    r->layers = l->layers;
    if (l->n_splits) r->splits = l->splits[0];
    r->fit = fit_word(l->fit.state);
    for (int i = 0; i < l->n_devices; i++) {
        const llw_log_device *d = &l->devices[i];
        llw_record_card *card = llw_record_add_card(r);
        if (card) *card = (llw_record_card){d->description, d->total > 0 ? d->total : -1, d->free};
        add_buffers(d, r);
    }
    add_buffers(&l->host, r);
    add_prompts(arena, l, r);
}

/* --- llama-bench --- */

typedef struct bench {
    llw_arena *arena;
    const char *path;
    llw_record *records;
    size_t n;
} bench;

static const char *text_of(const bench *b, const json_t *test, const char *key) {
    const char *text = json_string_value(json_object_get(test, key));
    return text && *text ? llw_arena_strdup(b->arena, text) : NULL;
}

static int64_t count_of(const json_t *test, const char *key) {
    const json_t *value = json_object_get(test, key);
    if (json_is_boolean(value)) return json_is_true(value);
    return json_is_integer(value) && json_integer_value(value) >= 0 ? json_integer_value(value) : -1;
}

typedef struct words {
    const bench *b;
    const char **items;
    size_t n;
} words;

static void word(words *w, const char *flag, const char *value) {
    if (!value || w->n + 2 > LLW_RECORD_FLAGS) return;
    w->items[w->n++] = flag;
    w->items[w->n++] = value;
}

static void number(words *w, const char *flag, int64_t n) {
    if (n >= 0) word(w, flag, llw_arena_printf(w->b->arena, "%" PRId64, n));
}

/* The settings of a test as llama-server would be given them (tools/llama-bench/llama-bench.cpp
 * test::get_fields, v0.5.0). A list of one zero is what it prints for no -ts, "none" for no -ot. */
static void bench_flags(const bench *b, const json_t *test, llw_record *r) {
    words w = {b, llw_arena_alloc(b->arena, LLW_RECORD_FLAGS * sizeof(char *)), 0};
    const char *ts = text_of(b, test, "tensor_split"), *ot = text_of(b, test, "tensor_buft_overrides"),
               *devices = text_of(b, test, "devices");
    const json_t *fa = json_object_get(test, "flash_attn");
    number(&w, "-b", count_of(test, "n_batch"));
    number(&w, "-ub", count_of(test, "n_ubatch"));
    word(&w, "-ctk", text_of(b, test, "type_k"));
    word(&w, "-ctv", text_of(b, test, "type_v"));
    number(&w, "-ngl", count_of(test, "n_gpu_layers"));
    int64_t experts = count_of(test, "n_cpu_moe");
    if (experts > 0) number(&w, "-ncmoe", experts);
    word(&w, "-sm", text_of(b, test, "split_mode"));
    number(&w, "-mg", count_of(test, "main_gpu"));
    if (fa && (json_is_boolean(fa) || (json_is_integer(fa) && json_integer_value(fa) >= 0)))
        word(&w, "-fa", json_is_true(fa) || json_integer_value(fa) > 0 ? "on" : "off");
    if (devices && strcmp(devices, "auto")) word(&w, "-dev", devices);
    if (ts && strspn(ts, "0./,") != strlen(ts)) word(&w, "-ts", ts);
    if (ot && strcmp(ot, "none")) word(&w, "-ot", ot);
    if (count_of(test, "no_kv_offload") == 1 && w.n < LLW_RECORD_FLAGS) w.items[w.n++] = "-nkvo";
    word(&w, "--fit", "off"); /* it has no fit of its own */
    r->flags = w.items;
    r->n_flags = w.n;
}

static bool same_flags(const llw_record *a, const llw_record *b) {
    if (a->n_flags != b->n_flags) return false;
    for (size_t i = 0; i < a->n_flags; i++)
        if (strcmp(a->flags[i], b->flags[i])) return false;
    return true;
}

static bool same_text(const char *a, const char *b) {
    return a && b ? !strcmp(a, b) : a == b;
}

static void bench_machine(const bench *b, const json_t *test, llw_record *r) {
    const char *gpus = text_of(b, test, "gpu_info");
    for (const char *at = gpus; at && *at;) {
        const char *comma = strstr(at, ", ");
        size_t len = comma ? (size_t)(comma - at) : strlen(at);
        llw_record_card *card = llw_record_add_card(r);
        if (card) card->name = llw_arena_strndup(b->arena, at, len);
        at += len + (comma ? 2 : 0);
    }
}

/* Reading a prompt proves nothing about the tokens after it, so answer_tokens is 0 then; with a depth the
 * cache held that much before. */
static void bench_test(const bench *b, const json_t *test, llw_record *r) {
    int64_t prompt = count_of(test, "n_prompt"), gen = count_of(test, "n_gen"),
            depth = count_of(test, "n_depth");
    double speed = json_number_value(json_object_get(test, "avg_ts"));
    llw_record_test *t = llw_record_add_test(r);
    if (!t) return;
    t->passed = 1;
    t->prompt_tokens = (prompt > 0 ? prompt : 0) + (depth > 0 ? depth : 0);
    t->answer_tokens = gen > 0 ? gen : 0;
    if (speed <= 0) return;
    if (gen <= 0)
        t->prompt_speed = speed;
    else if (prompt <= 0)
        t->speed = speed;
    else
        t->note = llw_arena_printf(b->arena, "%.2f tokens a second, prompt and answer together", speed);
}

static bool bench_add(bench *b, const json_t *test) {
    if (!json_is_object(test) || !json_object_get(test, "model_filename") || !json_object_get(test, "avg_ts"))
        return false;
    llw_record made;
    llw_record_init(&made, LLW_RECORD_BENCH);
    int64_t build = count_of(test, "build_number");
    made.commit = text_of(b, test, "build_commit");
    made.build = build > 0 ? llw_arena_printf(b->arena, "b%" PRId64, build) : made.commit;
    made.date = text_of(b, test, "test_time");
    made.source = llw_path_name_or_path(b->path);
    const char *file = text_of(b, test, "model_filename");
    made.model_file = file ? llw_path_name_or_path(file) : NULL;
    made.n_batch = count_of(test, "n_batch");
    made.n_ubatch = count_of(test, "n_ubatch");
    made.type_k = text_of(b, test, "type_k");
    made.type_v = text_of(b, test, "type_v");
    made.weights = count_of(test, "model_size");
    bench_flags(b, test, &made);
    bench_machine(b, test, &made);
    for (size_t i = 0; i < b->n; i++) {
        llw_record *r = &b->records[i];
        if (!same_flags(r, &made) || !same_text(r->model_file, made.model_file) ||
            !same_text(r->build, made.build) || r->n_tests == LLW_RECORD_TESTS)
            continue;
        bench_test(b, test, r);
        return true;
    }
    if (b->n == LLW_RECORDS_MADE) return true;
    bench_test(b, test, &made);
    b->records[b->n++] = made;
    return true;
}

llw_rc llw_record_from_bench(llw_arena *arena, const char *path, const char *bytes, size_t len,
                             llw_record **records, size_t *n, llw_err *err) {
    static const char what[] =
        "is nothing that llama-bench -o json or -o jsonl prints: its tests have model_filename and avg_ts";
    bench b = {arena, path, llw_arena_alloc(arena, LLW_RECORDS_MADE * sizeof(llw_record)), 0};
    json_error_t wrong;
    json_t *root = json_loadb(bytes, len, JSON_REJECT_DUPLICATES, &wrong);
    size_t i;
    json_t *test;
    bool good = true;
    if (json_is_array(root)) {
        json_array_foreach(root, i, test) good = bench_add(&b, test) && good;
    } else { /* a line each */
        json_decref(root);
        root = NULL;
        int line = 0;
        for (size_t at = 0; at < len && good;) {
            size_t end = at;
            while (end < len && bytes[end] != '\n') end++;
            line++;
            if (end > at + 1) {
                test = json_loadb(bytes + at, end - at, 0, &wrong);
                good = test && bench_add(&b, test);
                json_decref(test);
                if (!good) return llw_fail(err, LLW_ERR_INPUT, path, line, "%s", what);
            }
            at = end + 1;
        }
    }
    json_decref(root);
    if (!good || !b.n) return llw_fail(err, LLW_ERR_INPUT, path, 1, "%s", what);
    *records = b.records;
    *n = b.n;
    return LLW_OK;
}
