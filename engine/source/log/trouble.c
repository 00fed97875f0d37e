/* What a recognised line means: --fit, memory that was not there, crashes, failures. */
#include "source/log/state.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

static const int64_t MIB = 1 << 20;

static llw_log_fit *fit_of(llw_log_reader *r, llw_log_stream *s) {
    llw_log_entry *e = llw_log_entry_get(r, s);
    e->load.fit.line = r->log->lines;
    return &e->load.fit;
}

static void begin_fit(llw_log_reader *r, llw_log_stream *s) {
    llw_log_entry *e = s->entry;
    /* a second fit belongs to the next load of the process */
    if (e && (e->meta || e->load.n_buffers || e->load.loaded_line)) s->entry = NULL;
    llw_log_fit *fit = fit_of(r, s);
    if (fit->state == LLW_LOG_FIT_NONE) fit->state = LLW_LOG_FIT_STARTED;
    s->fitting = true;
}

static void end_fit(llw_log_stream *s, llw_log_fit *fit, llw_log_fit_state state) {
    s->fitting = false;
    if (s->entry) s->entry->n_breakdown = 0; /* those were of dry loads */
    if (fit->state < state || state == LLW_LOG_FIT_ERROR) fit->state = state;
}

static void add_target(llw_log_fit *fit, int64_t mib) {
    if (mib < 0 || mib > INT64_MAX / MIB ||
        fit->n_targets == (int)(sizeof fit->targets / sizeof *fit->targets))
        return;
    fit->targets[fit->n_targets++] = mib * MIB;
}

static bool apply_fit(llw_log_reader *r, llw_log_stream *s, const llw_log_line *line) {
    const llw_log_field *f = line->field;
    llw_log_field layers;
    if (line->event == LLW_LOG_E_FIT_START) {
        if (!s->fitting) begin_fit(r, s);
        return true;
    }
    if (line->event < LLW_LOG_E_FIT_UNCHANGED || line->event > LLW_LOG_E_FIT_TOOK) return false;
    llw_log_fit *fit = fit_of(r, s);
    switch (line->event) {
    case LLW_LOG_E_FIT_UNCHANGED: add_target(fit, f[1].integer); /* fall through */
    case LLW_LOG_E_FIT_UNCHANGED_ALL: fit->state = LLW_LOG_FIT_UNCHANGED; return true;
    case LLW_LOG_E_FIT_TARGET: add_target(fit, f[0].integer); return true;
    case LLW_LOG_E_FIT_TARGET_OF: add_target(fit, f[4].integer); return true;
    case LLW_LOG_E_FIT_CTX_FREE: fit->context_free = true; return true;
    case LLW_LOG_E_FIT_CTX_GIVEN: fit->context_given = f[0].integer; return true;
    case LLW_LOG_E_FIT_CTX:
        fit->context_free = true;
        fit->context_from = f[0].integer;
        fit->context_to = f[1].integer;
        return true;
    case LLW_LOG_E_FIT_DONE:
        end_fit(s, fit, fit->state == LLW_LOG_FIT_UNCHANGED ? LLW_LOG_FIT_UNCHANGED : LLW_LOG_FIT_DONE);
        return true;
    case LLW_LOG_E_FIT_GAVE_UP:
    case LLW_LOG_E_FIT_ERROR:
        fit->reason = llw_log_copy(r->arena, f[0].text);
        if (llw_log_match("n_gpu_layers already set by user to %d", f[0].text, &layers))
            fit->layers_given = layers.integer;
        end_fit(s, fit, line->event == LLW_LOG_E_FIT_ERROR ? LLW_LOG_FIT_ERROR : LLW_LOG_FIT_GAVE_UP);
        return true;
    default: /* FIT_TOOK */
        fit->seconds = f[0].real;
        end_fit(s, fit, fit->state);
        return true;
    }
}

/* What the load had put on a device when it ran out. */
static int64_t taken_on(const llw_load *load, const char *device) {
    int64_t sum = 0;
    for (size_t i = 0; i < load->n_buffers; i++)
        if (!strcmp(load->buffers[i].device, device)) sum += load->buffers[i].bytes;
    return sum;
}

/* Where memory was told before the model that a draft helps, that one has taken its part meanwhile. */
static void place_oom(llw_log_reader *r, llw_log_entry *e, const char *device) {
    llw_load *load = &e->load;
    llw_log_oom *oom = &load->oom;
    oom->device = device;
    oom->taken = taken_on(load, device);
    const llw_log_device *d = llw_log_device_get(r->arena, load, device);
    if (e->beside && d && d->memory_line < load->first_line) oom->taken += taken_on(&e->beside->load, device);
    oom->free_before = d ? d->free : -1;
    oom->free = oom->free_before < 0 ? -1 : oom->free_before > oom->taken ? oom->free_before - oom->taken : 0;
}

/* What was being allocated, by how far the load has come. */
static llw_log_part part_by_progress(const llw_load *load) {
    bool kv = false, compute = false;
    for (size_t i = 0; i < load->n_buffers; i++) {
        kv |= load->buffers[i].part == LLW_LOG_KV || load->buffers[i].part == LLW_LOG_RECURRENT;
        compute |= load->buffers[i].part == LLW_LOG_COMPUTE;
    }
    return load->loaded_line || compute ? LLW_LOG_OTHER
           : !load->n_contexts          ? LLW_LOG_MODEL
           : kv                         ? LLW_LOG_COMPUTE
                                        : LLW_LOG_KV;
}

/* The record of running out: the first stands, unless llama.cpp had gone on. NULL where that is further above
 * than `near` lines. */
static llw_log_oom *oom_of(llw_log_reader *r, llw_log_stream *s, int near) {
    llw_log_entry *e = llw_log_entry_get(r, s);
    llw_log_oom *oom = &e->load.oom;
    if (oom->line && e->load.loaded_line > oom->line) { /* it had found another way, and this is a new one */
        e->load.retry = *oom;
        oom->line = 0;
    }
    if (oom->line) return r->log->lines - oom->line <= near ? oom : NULL;
    *oom = (llw_log_oom){.asked = -1,
                         .free_before = -1,
                         .free = -1,
                         .line = r->log->lines,
                         .running = e->load.loaded_line != 0,
                         .part = part_by_progress(&e->load)};
    return oom;
}

enum { NEAR = 12 /* lines between the first word of an allocation that failed and the last */ };

static void ask(llw_log_oom *oom, int64_t bytes, int64_t precision) {
    if (bytes < 0 || (oom->asked >= 0 && oom->asked_precision <= precision)) return;
    oom->asked = bytes;
    oom->asked_precision = precision;
}

static void set_part(llw_log_reader *r, llw_log_stream *s, llw_log_part part, const char *failure) {
    llw_log_oom *oom = oom_of(r, s, NEAR);
    if (!oom) return;
    if (!oom->running) oom->part = part;
    if (!s->entry->load.failure) s->entry->load.failure = failure;
    s->entry->fail_line = r->log->lines;
}

static bool word_is(llw_log_text where, const char *word) {
    return where.len >= strlen(word) && !memcmp(where.at, word, strlen(word));
}

static bool apply_request(llw_log_reader *r, llw_log_stream *s, const llw_log_line *line) {
    const llw_log_field *f = line->field;
    llw_log_oom *oom;
    switch (line->event) {
    case LLW_LOG_E_OOM_CUDA:
        if (!(oom = oom_of(r, s, NEAR))) return true;
        ask(oom, llw_log_bytes(f[0].real, MIB), llround((double)MIB / 100));
        if (!oom->device)
            place_oom(
                r, s->entry,
                llw_arena_printf(r->arena, "%s%lld", llw_log_backend(r->arena, s), (long long)f[1].integer));
        return true;
    case LLW_LOG_E_OOM_BUFFER:
        if (!(oom = oom_of(r, s, NEAR))) return true;
        ask(oom, f[1].integer, 1);
        if (!oom->device || strcmp(oom->device, "Host"))
            place_oom(r, s->entry, llw_log_device_name(r->arena, f[0].text));
        if (!oom->running && word_is(line->where, "ggml_gallocr")) oom->part = LLW_LOG_COMPUTE;
        return true;
    case LLW_LOG_E_OOM_VULKAN:
    case LLW_LOG_E_OOM_SYCL:
        if ((oom = oom_of(r, s, NEAR))) ask(oom, f[0].integer, 1);
        return true;
    case LLW_LOG_E_OOM_VULKAN_WHY:
        if (!s->pinned_line || r->log->lines - s->pinned_line > 2) oom_of(r, s, NEAR);
        return true;
    case LLW_LOG_E_OOM_METAL:
        if (!(oom = oom_of(r, s, NEAR))) return true;
        ask(oom, llw_log_bytes(f[0].real, MIB), llround((double)MIB / 100));
        place_oom(r, s->entry, "Metal");
        return true;
    case LLW_LOG_E_OOM_METAL_PART:
        if (!(oom = oom_of(r, s, NEAR))) return true;
        ask(oom, llw_log_bytes(f[1].real, MIB), llround((double)MIB / 100));
        oom->part = word_is(f[0].text, "kv")      ? LLW_LOG_KV
                    : word_is(f[0].text, "alloc") ? LLW_LOG_COMPUTE
                                                  : LLW_LOG_MODEL;
        place_oom(r, s->entry, "Metal");
        return true;
    case LLW_LOG_E_OOM_SYCL_HOST:
    case LLW_LOG_E_OOM_BUFFER_HOST:
    case LLW_LOG_E_OOM_HOST:
        if (!(oom = oom_of(r, s, NEAR))) return true;
        ask(oom, line->event == LLW_LOG_E_OOM_HOST ? llw_log_bytes(f[0].real, MIB) : f[0].integer,
            line->event == LLW_LOG_E_OOM_HOST ? llround((double)MIB / 100) : 1);
        place_oom(r, s->entry, "Host");
        return true;
    default: return false;
    }
}

/* llama.cpp went on after running out. */
static void get_over(llw_log_stream *s) {
    if (!s->entry || !s->entry->load.oom.line) return;
    llw_load *load = &s->entry->load;
    load->retry = load->oom;
    load->retry.part = LLW_LOG_COMPUTE;
    load->retry.unpipelined = true;
    load->failure = NULL;
    s->entry->fail_line = 0;
    load->oom = (llw_log_oom){.asked = -1, .free_before = -1, .free = -1};
    load->pipelined = false;
}

static bool apply_memory(llw_log_reader *r, llw_log_stream *s, const llw_log_line *line) {
    llw_log_oom *oom;
    switch (line->event) {
    case LLW_LOG_E_OOM_RUN:
    case LLW_LOG_E_OOM_RUN_2023:
    case LLW_LOG_E_OOM_METAL_RUN: oom_of(r, s, NEAR); return true;
    case LLW_LOG_E_OOM_HOST_THROWN:
        if ((oom = oom_of(r, s, NEAR)) && !oom->device) place_oom(r, s->entry, "Host");
        return true;
    case LLW_LOG_E_OOM_MODEL: set_part(r, s, LLW_LOG_MODEL, "no room for the weights"); return true;
    case LLW_LOG_E_OOM_KV: set_part(r, s, LLW_LOG_KV, "no room for the KV cache"); return true;
    case LLW_LOG_E_OOM_RS: set_part(r, s, LLW_LOG_RECURRENT, "no room for the recurrent state"); return true;
    case LLW_LOG_E_OOM_COMPUTE:
        set_part(r, s, LLW_LOG_COMPUTE, "no room for the compute buffer");
        return true;
    case LLW_LOG_E_RETRY: get_over(s); return true;
    case LLW_LOG_E_PINNED: s->pinned_line = r->log->lines; return true;
    case LLW_LOG_E_KILLED:
        if (s->entry ? s->entry->load.ended : !s->process.program) return true;
        if (!(oom = oom_of(r, s, 0))) return true;
        oom->killed = true;
        oom->part = s->entry->load.loaded_line ? LLW_LOG_OTHER : LLW_LOG_MODEL;
        place_oom(r, s->entry, "Host");
        return true;
    default: return apply_request(r, s, line);
    }
}

static void crash(llw_log_reader *r, llw_log_stream *s, const char *words) {
    llw_log_entry *e = llw_log_entry_get(r, s);
    if (e->load.ended) return; /* what falls over while shutting down took nothing with it */
    if (!e->crash_line || e->vague) e->crash_line = r->log->lines;
    bool memory = e->load.oom.line != 0; /* then the crash is its consequence */
    if (!memory && (e->crash_line == r->log->lines || !e->load.failure || e->vague)) e->load.failure = words;
    e->vague = false;
    if (e->prompt >= 0) e->load.crash_prompt = e->prompt;
}

/* FILE:LINE: words. A number behind the line is a compiler's column; "CUDA error" is told again with its
 * reason.
 */
static void crash_at(llw_log_reader *r, llw_log_stream *s, const llw_log_line *line) {
    llw_log_text words = line->field[1].text;
    if (isdigit((unsigned char)*words.at)) return;
    bool known = s->entry && s->entry->crash_line;
    if (known) return;
    crash(r, s, llw_log_copy(r->arena, line->text));
    if (s->entry) s->entry->vague = true;
}

static bool apply_crash(llw_log_reader *r, llw_log_stream *s, const llw_log_line *line) {
    const llw_log_field *f = line->field;
    switch (line->event) {
    case LLW_LOG_E_CRASH_ILLEGAL:
        crash(r, s, "an illegal memory access was encountered");
        if (s->entry) s->entry->load.illegal_access = true;
        return true;
    case LLW_LOG_E_CRASH: crash(r, s, llw_log_copy(r->arena, f[0].text)); return true;
    case LLW_LOG_E_CRASH_ASSERT:
        crash(r, s,
              llw_arena_printf(r->arena, "the assertion \"%s\" failed",
                               llw_log_copy(r->arena, f[1].text.at ? f[1].text : f[0].text)));
        return true;
    case LLW_LOG_E_CRASH_THROWN:
        crash(r, s,
              llw_arena_printf(r->arena, "an exception that nobody caught: %s",
                               llw_log_copy(r->arena, f[0].text)));
        return true;
    case LLW_LOG_E_CRASH_2023: crash(r, s, llw_log_copy(r->arena, f[2].text)); return true;
    case LLW_LOG_E_CRASH_AT: crash_at(r, s, line); return true;
    case LLW_LOG_E_CRASH_ABORT: crash(r, s, "llama.cpp stopped itself (ggml_abort)"); return true;
    case LLW_LOG_E_CRASH_SIGNAL:
        crash(r, s, llw_log_copy(r->arena, line->text));
        if (s->entry) s->entry->exited = true;
        return true;
    case LLW_LOG_E_CRASH_DEVICE: {
        if (!s->entry || f[0].integer < 0) return true; /* -1: HIP knows none any more */
        llw_load *load = &s->entry->load;
        const char *name =
            llw_arena_printf(r->arena, "%s%lld", llw_log_backend(r->arena, s), (long long)f[0].integer);
        if (load->oom.line && r->log->lines - load->oom.line <= 3 && !load->oom.device)
            place_oom(r, s->entry, name);
        else if (s->entry->crash_line)
            load->crash_device = name;
        return true;
    }
    default: return false;
    }
}

/* The argument that was refused; of --name=value the name, for the value may be a secret. */
static const char *argument_of(llw_arena *arena, llw_log_text words) {
    const char *equals = words.len && *words.at == '-' ? memchr(words.at, '=', words.len) : NULL;
    if (!equals) return llw_log_copy(arena, words);
    words.len = (size_t)(equals - words.at);
    return llw_arena_printf(arena, "%s=...", llw_log_copy(arena, words));
}

static bool apply_failure(llw_log_reader *r, llw_log_stream *s, const llw_log_line *line) {
    switch (line->event) {
    case LLW_LOG_E_FAIL_ARGUMENT:
    case LLW_LOG_E_FAIL:
    case LLW_LOG_E_FAIL_SIZE:
    case LLW_LOG_E_FAIL_ARCH:
    case LLW_LOG_E_FAIL_PORT:
    case LLW_LOG_E_FAIL_LATER:
    case LLW_LOG_E_FAIL_EXIT: break;
    default: return false;
    }
    if (s->fitting) return true; /* a dry load; --fit tells what came of it */
    static const char dry[] = "normal during memory fitting";
    llw_log_text why = line->field[0].text;
    if (line->event == LLW_LOG_E_FAIL && why.at && memmem(why.at, why.len, dry, sizeof dry - 1)) return true;
    llw_log_entry *e = llw_log_entry_get(r, s);
    bool reason = line->event != LLW_LOG_E_FAIL_LATER && line->event != LLW_LOG_E_FAIL_EXIT;
    bool first = !e->fail_line || (!e->load.failure && reason);
    e->exited |= line->event == LLW_LOG_E_FAIL_EXIT;
    if (!e->fail_line) e->fail_line = r->log->lines;
    llw_log_text words = line->field[0].text;
    if (line->event == LLW_LOG_E_FAIL_SIZE)
        e->load.failure = "the file is shorter than its header says: it is incomplete";
    else if (line->event == LLW_LOG_E_FAIL_ARCH)
        e->load.failure = llw_arena_printf(r->arena, "this build does not know the architecture %s",
                                           llw_log_copy(r->arena, words));
    else if (line->event == LLW_LOG_E_FAIL_PORT)
        e->load.failure = "the port is taken";
    else if (line->event == LLW_LOG_E_FAIL_ARGUMENT)
        e->load.failure =
            llw_arena_printf(r->arena, "it does not take the argument %s", argument_of(r->arena, words));
    else if (line->event == LLW_LOG_E_FAIL && first)
        e->load.failure =
            words.at ? llw_log_copy(r->arena, words) : "a quantised V cache needs flash attention";
    return true;
}

bool llw_log_apply_trouble(llw_log_reader *r, llw_log_stream *s, const llw_log_line *line) {
    return apply_fit(r, s, line) || apply_memory(r, s, line) || apply_crash(r, s, line) ||
           apply_failure(r, s, line);
}
