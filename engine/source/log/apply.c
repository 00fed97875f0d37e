/* What a recognised line means: the process, the model, its buffers and its context. */
#include "source/log/state.h"

#include <math.h>
#include <string.h>

enum { FIRST_BUILD = 100 /* copies without history count from 0 or 1 */ };

static const int64_t MIB = 1 << 20;

void llw_log_new_process(llw_log_stream *s) {
    s->entry = s->main = NULL;
    s->fitting = s->dry = false;
    s->found_line = 0;
    llw_load_init(&s->process);
}

/* Room for one load more; beyond LLW_LOG_LOADS for one that is only counted, in turns, because a draft refers
 * to its target. */
static llw_log_entry *room(llw_log_reader *r, llw_log_stream *s) {
    if (r->n_entries < LLW_LOG_LOADS) {
        void *items = r->entries;
        llw_log_entry **slot =
            llw_arena_push(r->arena, &items, &r->n_entries, &r->entry_capacity, sizeof *slot);
        r->entries = items;
        return *slot = llw_arena_alloc(r->arena, sizeof **slot);
    }
    llw_log_entry **spare = &s->spare[s->turn ^= 1];
    if (!*spare) return *spare = llw_arena_alloc(r->arena, sizeof **spare);
    r->log->n_more += llw_log_counts(*spare);
    memset(*spare, 0, sizeof **spare);
    return *spare;
}

static llw_log_entry *begin(llw_log_reader *r, llw_log_stream *s) {
    llw_log_entry *e = room(r, s);
    e->load = s->process;
    e->load.first_line = r->log->lines;
    e->load.last_line = r->log->lines;
    e->load.source = s->key;
    e->prompt = -1;
    return s->entry = e;
}

llw_log_entry *llw_log_entry_get(llw_log_reader *r, llw_log_stream *s) {
    return s->entry ? s->entry : begin(r, s);
}

/* The load has come as far as its buffers, or to an end. */
static bool advanced(const llw_log_entry *e) {
    return e && (e->load.n_buffers || e->load.offloaded_line || e->load.loaded_line || e->crash_line ||
                 e->fail_line || e->load.oom.line || e->load.ended);
}

/* Applies to the load at work and, for the next one of the process, to the process. */
static void set_memory(llw_log_reader *r, llw_log_stream *s, const char *name, llw_log_text description,
                       int64_t total, int64_t free) {
    llw_load *both[2] = {&s->process, s->entry ? &s->entry->load : NULL};
    for (int i = 0; i < 2 && both[i]; i++) {
        llw_log_device *d = llw_log_device_get(r->arena, both[i], name);
        if (!d || (i && s->found_line && d->description)) continue; /* a load has found its own */
        if (description.len) d->description = llw_log_copy(r->arena, description);
        if (total >= 0) {
            d->total = total;
            d->total_line = r->log->lines;
        }
        if (free >= 0) d->free = free;
        d->memory_line = r->log->lines;
    }
}

static int64_t mib(int64_t n) {
    return n < 0 || n > INT64_MAX / MIB ? -1 : n * MIB;
}

const char *llw_log_backend(llw_arena *arena, const llw_log_stream *s) {
    if (s->backend) return s->backend;
    const llw_load *load = s->entry ? &s->entry->load : &s->process;
    for (size_t i = 0; i < load->n_buffers; i++) {
        const char *name = load->buffers[i].device;
        size_t n = strcspn(name, "0123456789");
        if (name[n] && n && strcmp(name, "Host")) return llw_arena_strndup(arena, name, n);
    }
    return "CUDA";
}

static const char *numbered(llw_log_reader *r, const char *backend, int64_t n) {
    return llw_arena_printf(r->arena, "%s%lld", backend, (long long)n);
}

static void name_build(llw_log_reader *r, llw_log_stream *s, llw_log_text version, int64_t number,
                       llw_log_text commit) {
    llw_load *both[2] = {&s->process, s->entry ? &s->entry->load : NULL};
    bool named = commit.len >= 7 && !llw_log_text_is(commit, "unknown");
    for (int i = 0; i < 2 && both[i]; i++) {
        llw_load *p = both[i];
        p->build_line = r->log->lines;
        p->commit = named ? llw_log_copy(r->arena, commit) : NULL;
        p->build_text =
            version.len
                ? llw_arena_printf(r->arena, "%.*s (build %lld, commit %.*s)", (int)version.len, version.at,
                                   (long long)number, (int)commit.len, commit.at)
                : llw_arena_printf(r->arena, "%lld (%.*s)", (long long)number, (int)commit.len, commit.at);
        p->build = number >= FIRST_BUILD ? llw_arena_printf(r->arena, "b%lld", (long long)number) : p->commit;
    }
}

/* A new process whose GPUs may have been told before its build was. */
static void begin_process(llw_log_stream *s) {
    llw_load before = s->process;
    int found = s->found_line;
    llw_log_new_process(s);
    for (int i = 0; found && i < before.n_devices; i++) {
        llw_log_device *d = &before.devices[i];
        if (d->memory_line < found) continue;
        if (d->total_line < found) d->total = -1;
        d->free = -1; /* told with the model */
        s->process.devices[s->process.n_devices++] = *d;
    }
}

/* The first word of a new process. */
static void set_build(llw_log_reader *r, llw_log_stream *s, llw_log_text version, int64_t number,
                      llw_log_text commit) {
    llw_log_entry *e = s->entry;
    bool own = e && e->awaited && !e->meta && !advanced(e);
    if (e && !own && (e->meta || e->loading || e->load.fit.state || advanced(e))) begin_process(s);
    if (own) e->awaited = false;
    name_build(r, s, version, number, commit);
}

/* The program of this load has answered or come to its end: what llama-cli begins with is another one's. */
static bool is_over(const llw_log_entry *e) {
    return e && (e->banner || e->load.requests || e->load.ended || e->crash_line || e->fail_line ||
                 e->load.oom.line);
}

/* llama-cli since December 2025 says its build and its model when the load is over. */
static void apply_banner(llw_log_reader *r, llw_log_stream *s, const llw_log_field *f) {
    if (is_over(s->entry)) llw_log_new_process(s);
    llw_log_entry *e = llw_log_entry_get(r, s);
    name_build(r, s, (llw_log_text){f[1].text.at, 0}, f[0].integer, f[1].text);
    s->process.program = e->load.program = "llama-cli";
    e->banner = true;
    if (!e->load.loaded_line) e->load.loaded_line = r->log->lines;
}

static void name_banner(llw_log_reader *r, llw_log_stream *s, llw_log_text model) {
    llw_log_entry *e = s->entry;
    if (!e || !e->banner || r->log->lines != e->load.build_line + 1 || e->load.path || e->load.name) return;
    e->load.name = llw_log_copy(r->arena, model);
}

/* A value of an old JSON line: "key":number or "key":"text". */
static llw_log_text json_value(llw_log_text t, const char *key) {
    size_t len = strlen(key);
    for (size_t i = 0; i + len < t.len; i++) {
        if (memcmp(t.at + i, key, len)) continue;
        size_t from = i + len, n = 0;
        bool quoted = t.at[from] == '"';
        from += quoted;
        while (from + n < t.len &&
               (quoted ? t.at[from + n] != '"' : t.at[from + n] != ',' && t.at[from + n] != '}'))
            n++;
        return (llw_log_text){t.at + from, n};
    }
    return (llw_log_text){t.at, 0};
}

static void apply_json(llw_log_reader *r, llw_log_stream *s, llw_log_text t) {
    llw_log_text message = json_value(t, "\"message\":");
    if (!message.len) message = json_value(t, "\"msg\":");
    if (llw_log_text_is(message, "build info")) {
        llw_log_field number;
        if (llw_log_match("%d", json_value(t, "\"build\":"), &number))
            set_build(r, s, (llw_log_text){t.at, 0}, number.integer, json_value(t, "\"commit\":"));
    } else if (llw_log_text_starts(message, "all slots are idle") ||
               llw_log_text_is(message, "model loaded")) {
        if (s->entry && !s->entry->load.loaded_line) s->entry->load.loaded_line = r->log->lines;
    } else if (llw_log_text_is(message, "unable to load model") && s->entry) {
        s->entry->fail_line = r->log->lines;
        if (!s->entry->load.failure) s->entry->load.failure = "unable to load model";
    } else {
        return;
    }
    s->process.program = "llama-server";
    if (s->entry) s->entry->load.program = "llama-server";
}

/* Ollama told what it expected; now the runner it was for loads. */
static void drop_estimate(llw_log_entry *e) {
    if (!e || !e->load.ollama_engine || e->load.loaded_line) return;
    e->load.n_buffers = 0;
    e->load.ollama_engine = false;
}

static bool apply_process(llw_log_reader *r, llw_log_stream *s, const llw_log_line *line) {
    const llw_log_field *f = line->field;
    llw_log_text none = {line->text.at, 0};
    switch (line->event) {
    case LLW_LOG_E_JSON: apply_json(r, s, line->text); return true;
    case LLW_LOG_E_SERVER_START: llw_log_new_process(s); return true;
    case LLW_LOG_E_BUILD_LONG: set_build(r, s, f[0].text, f[1].integer, f[2].text); return true;
    case LLW_LOG_E_BUILD_PAIR:
    case LLW_LOG_E_BUILD:
    case LLW_LOG_E_BUILD_QUOTED:
        set_build(r, s, none, f[0].integer, f[1].text);
        if (line->event == LLW_LOG_E_BUILD_QUOTED) s->process.program = "llama-server"; /* it alone says so */
        return true;
    case LLW_LOG_E_CLI_BUILD: apply_banner(r, s, f); return true;
    case LLW_LOG_E_CLI_MODEL: name_banner(r, s, f[0].text); return true;
    case LLW_LOG_E_CLI_BEGINS:
        if (is_over(s->entry)) llw_log_new_process(s);
        return true;
    case LLW_LOG_E_BUILD_BENCH: name_build(r, s, none, f[1].integer, f[0].text); return true;
    case LLW_LOG_E_VERBOSITY:
        s->process.verbosity = f[0].integer;
        s->process.verbosity_line = r->log->lines;
        return true;
    case LLW_LOG_E_NO_GPU:
        s->process.no_gpu_line = r->log->lines;
        s->process.no_gpu = f[1].text.at ? llw_log_copy(r->arena, f[1].text) : NULL;
        if (!s->entry) return true;
        s->entry->load.no_gpu_line = s->process.no_gpu_line;
        s->entry->load.no_gpu = s->process.no_gpu;
        return true;
    case LLW_LOG_E_SYSTEM_INFO:
        s->process.threads = f[0].integer;
        if (s->entry) s->entry->load.threads = f[0].integer;
        return true;
    case LLW_LOG_E_CUDA_FOUND:
        drop_estimate(s->entry);
        if (s->fitting || advanced(s->entry)) begin_process(s);
        s->found_line = r->log->lines;
        s->backend = llw_log_copy(r->arena, f[1].text);
        return true;
    case LLW_LOG_E_VULKAN_FOUND:
        if (s->fitting || advanced(s->entry)) begin_process(s);
        s->found_line = r->log->lines;
        return true;
    case LLW_LOG_E_CUDA_DEVICE:
        set_memory(r, s, numbered(r, llw_log_backend(r->arena, s), f[0].integer), f[1].text,
                   mib(f[2].integer), -1);
        return true;
    case LLW_LOG_E_CUDA_DEVICE_SHORT:
        set_memory(r, s, numbered(r, llw_log_backend(r->arena, s), f[0].integer), f[1].text, -1, -1);
        return true;
    case LLW_LOG_E_VULKAN_DEVICE:
        set_memory(r, s, numbered(r, "Vulkan", f[0].integer), f[1].text, -1, -1);
        return true;
    case LLW_LOG_E_DEVICE_INFO:
        set_memory(r, s, llw_log_device_name(r->arena, f[0].text), f[1].text, mib(f[2].integer),
                   mib(f[3].integer));
        return true;
    default: return false;
    }
}

/* "using device" stands before the header in some builds and behind it in others. */
static void apply_device(llw_log_reader *r, llw_log_stream *s, const llw_log_line *line) {
    drop_estimate(s->entry);
    if (advanced(s->entry)) s->entry = NULL;
    llw_log_entry_get(r, s);
    const llw_log_field *f = line->field;
    bool bare = line->event == LLW_LOG_E_USING_DEVICE_BARE,
         brief = line->event == LLW_LOG_E_USING_DEVICE_SHORT;
    int64_t free = mib(bare ? f[1].integer : brief ? f[2].integer : f[3].integer);
    /* 0 is what a backend says that cannot tell, as Hexagon */
    set_memory(r, s, llw_log_device_name(r->arena, f[0].text),
               bare ? (llw_log_text){line->text.at, 0} : f[1].text, -1, free > 0 ? free : -1);
}

static void apply_meta_key(llw_log_reader *r, llw_load *load, const llw_log_field *f) {
    llw_log_text key = f[1].text, value = f[3].text;
    llw_log_field number;
    if (llw_log_text_is(key, "general.architecture") && !load->architecture)
        load->architecture = llw_log_copy(r->arena, value);
    if (llw_log_text_is(key, "general.name") && !load->name) load->name = llw_log_copy(r->arena, value);
    if (key.len > 12 && llw_log_text_is((llw_log_text){key.at + key.len - 12, 12}, ".block_count") &&
        llw_log_match("%d$", value, &number))
        load->n_layer = number.integer;
}

static bool apply_model(llw_log_reader *r, llw_log_stream *s, const llw_log_line *line) {
    const llw_log_field *f = line->field;
    llw_log_entry *e = s->entry;
    switch (line->event) {
    case LLW_LOG_E_LOADING:
    case LLW_LOG_E_LOADING_DRAFT:
        if (line->event == LLW_LOG_E_LOADING) s->main = NULL;
        if (line->event == LLW_LOG_E_LOADING_DRAFT && e && !e->load.loaded_line) s->main = e;
        if (e && (e->meta || e->loading || advanced(e))) s->entry = NULL;
        e = llw_log_entry_get(r, s);
        e->loading = true;
        e->load.draft = line->event == LLW_LOG_E_LOADING_DRAFT;
        e->beside = e->load.draft ? s->main : NULL;
        e->load.path = llw_log_copy(r->arena, f[0].text);
        e->load.path_line = r->log->lines;
        return true;
    case LLW_LOG_E_DRAFT_CONTEXT:
        if (e && !e->load.draft_context) e->load.draft_context = e->load.n_contexts;
        return true;
    case LLW_LOG_E_META:
    case LLW_LOG_E_META_OLD:
        drop_estimate(e);
        if (e && (e->meta || advanced(e))) s->entry = NULL;
        e = llw_log_entry_get(r, s);
        e->meta = true;
        s->dry = false;
        e->load.path = llw_log_copy(r->arena, f[line->event == LLW_LOG_E_META ? 2 : 0].text);
        e->load.path_line = r->log->lines;
        return true;
    case LLW_LOG_E_USING_DEVICE:
    case LLW_LOG_E_USING_DEVICE_SHORT:
    case LLW_LOG_E_USING_DEVICE_BARE: apply_device(r, s, line); return true;
    case LLW_LOG_E_VOCAB_ONLY:
        if (e) e->dropped = true;
        s->entry = NULL;
        return true;
    case LLW_LOG_E_NO_ALLOC:
        if (f[0].integer != 1) return true;
        s->dry = true; /* until the next header: a load of --fit whose beginning is not in the log */
        if (e) e->meta = false;
        if (e && !e->loading) {
            e->dropped = true;
            s->entry = NULL;
        }
        return true;
    default: break;
    }
    if (!e) return false;
    llw_load *load = &e->load;
    int64_t unit;
    switch (line->event) {
    case LLW_LOG_E_META_KEY: apply_meta_key(r, load, f); return true;
    case LLW_LOG_E_ARCH: load->architecture = llw_log_copy(r->arena, f[0].text); return true;
    case LLW_LOG_E_NAME: load->name = llw_log_copy(r->arena, f[0].text); return true;
    case LLW_LOG_E_N_LAYER: load->n_layer = f[0].integer; return true;
    case LLW_LOG_E_N_CTX_TRAIN: load->n_ctx_train = f[0].integer; return true;
    case LLW_LOG_E_N_EXPERT: load->n_expert = f[0].integer; return true;
    case LLW_LOG_E_FILE_TYPE: load->file_type = llw_log_copy(r->arena, f[0].text); return true;
    case LLW_LOG_E_PARAMS:
        if ((unit = llw_log_unit(f[1].text))) load->params = llw_log_bytes(f[0].real, unit);
        return true;
    case LLW_LOG_E_FILE_SIZE:
        if (!(unit = llw_log_unit(f[1].text))) return true;
        load->file_bytes = llw_log_bytes(f[0].real, unit);
        load->file_bytes_precision = llround((double)unit / pow(10, f[0].decimals > 6 ? 6 : f[0].decimals));
        return true;
    default: return false;
    }
}

static void set_program(llw_log_stream *s, const llw_log_line *line) {
    const char *program = line->ollama   ? "ollama"
                          : line->bench  ? "llama-bench"
                          : line->server ? "llama-server"
                          : line->cli    ? "llama-cli"
                                         : NULL;
    if (llw_log_text_starts(line->ident, "llama-") && !program) {
        static const char *const known[] = {"llama-server", "llama-cli", "llama-bench", "llama-fit-params"};
        for (size_t i = 0; i < sizeof known / sizeof *known; i++)
            if (llw_log_text_is(line->ident, known[i])) program = known[i];
    }
    if (!program || (s->process.program && !line->ollama)) return;
    s->process.program = program;
    if (s->entry && !s->entry->load.program) s->entry->load.program = program;
}

bool llw_log_of_a_load(llw_log_event event) {
    switch (event) {
    case LLW_LOG_E_ARCH:
    case LLW_LOG_E_OFFLOADED:
    case LLW_LOG_E_BUFFER_MODEL:
    case LLW_LOG_E_BUFFER_RAM_2023:
    case LLW_LOG_E_BUFFER_VRAM_2023:
    case LLW_LOG_E_CONTEXT:
    case LLW_LOG_E_N_CTX:
    case LLW_LOG_E_N_SEQ:
    case LLW_LOG_E_N_BATCH:
    case LLW_LOG_E_N_UBATCH:
    case LLW_LOG_E_BUFFER_KV:
    case LLW_LOG_E_BUFFER_RS:
    case LLW_LOG_E_BUFFER_COMPUTE: return true;
    default: return false;
    }
}

/* Words with which a process begins; that of the load at work has ended. */
static bool begins_again(llw_log_event event) {
    switch (event) {
    case LLW_LOG_E_FAIL:
    case LLW_LOG_E_FAIL_ARCH:
    case LLW_LOG_E_FAIL_SIZE:
    case LLW_LOG_E_FAIL_ARGUMENT:
    case LLW_LOG_E_FIT_START:
    case LLW_LOG_E_FIT_ERROR: return true;
    default: return false;
    }
}

void llw_log_apply(llw_log_reader *r, llw_log_stream *s, const llw_log_line *line) {
    if (s->entry && s->entry->exited && begins_again(line->event)) llw_log_new_process(s);
    set_program(s, line);
    if (line->event == LLW_LOG_E_NONE) return;
    if (s->entry) s->entry->load.last_line = r->log->lines;
    if (apply_process(r, s, line)) return;
    s->found_line = 0;
    if (llw_log_apply_ollama(r, s, line) || llw_log_apply_trouble(r, s, line) ||
        llw_log_apply_service(r, s, line) || s->fitting)
        return;
    if (s->dry && line->event != LLW_LOG_E_META) return;
    /* each load says it once: what comes now belongs to another one, whose header is not in the log */
    if (line->event == LLW_LOG_E_OFFLOADED && s->entry && s->entry->load.offloaded_line) s->entry = NULL;
    /* where nothing of a load came before, its beginning is not in the log */
    if (llw_log_of_a_load(line->event)) llw_log_entry_get(r, s);
    if (!apply_model(r, s, line)) llw_log_apply_context(r, s, line);
}
