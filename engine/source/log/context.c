/* What a recognised line means: buffers and the context. */
#include "source/log/state.h"

#include <math.h>
#include <string.h>

static const int64_t MIB = 1 << 20;

/* Older Vulkan buffers are called like the card. */
static const char *device_of(llw_log_reader *r, const llw_load *load, llw_log_text name) {
    for (int i = 0; i < load->n_devices; i++) {
        const char *card = load->devices[i].description;
        if (card && name.len > 8 && strlen(card) >= name.len && !memcmp(card, name.at, name.len))
            return load->devices[i].name;
    }
    return llw_log_device_name(r->arena, name);
}

void llw_log_add_buffer(llw_log_reader *r, llw_log_entry *e, llw_log_text name, llw_log_part part,
                        int64_t bytes, int64_t precision) {
    llw_load *load = &e->load;
    if (bytes < 0 || load->n_buffers >= LLW_LOG_BUFFERS) return;
    llw_log_buffer b = {.name = llw_log_copy(r->arena, name),
                        .device = device_of(r, load, name),
                        .part = part,
                        .bytes = bytes,
                        .precision = precision,
                        .line = r->log->lines,
                        .context = part == LLW_LOG_MODEL || !load->n_contexts ? 0 : load->n_contexts - 1};
    /* a context that reserves again says its compute and output buffers again; Ollama says all again */
    bool again = part == LLW_LOG_COMPUTE || part == LLW_LOG_OUTPUT || load->ollama_engine;
    for (size_t i = 0; again && i < load->n_buffers; i++) {
        llw_log_buffer *old = &load->buffers[i];
        if (old->part != part || old->context != b.context || strcmp(old->name, b.name)) continue;
        *old = b;
        return;
    }
    void *items = load->buffers;
    *(llw_log_buffer *)llw_arena_push(r->arena, &items, &load->n_buffers, &load->buffer_capacity, sizeof b) =
        b;
    load->buffers = items;
}

static void add_buffer(llw_log_reader *r, llw_log_entry *e, llw_log_text name, llw_log_part part,
                       const llw_log_field *size) {
    llw_log_add_buffer(r, e, name, part, llw_log_bytes(size->real, MIB),
                       llround((double)MIB / pow(10, size->decimals > 6 ? 6 : size->decimals)));
}

/* A figure of 2023, which named no device. */
static void add_old(llw_log_reader *r, llw_log_stream *s, llw_log_part part, bool gpu,
                    const llw_log_field *size) {
    const char *name = gpu ? llw_arena_printf(r->arena, "%s0", llw_log_backend(r->arena, s)) : "CPU";
    add_buffer(r, s->entry, (llw_log_text){name, strlen(name)}, part, size);
}

/* "kv self size" is that of both devices: what is not in VRAM is in RAM. */
static void add_old_kv(llw_log_reader *r, llw_log_stream *s, const llw_log_field *size) {
    const llw_load *load = &s->entry->load;
    llw_log_field rest = *size;
    for (size_t i = 0; i < load->n_buffers; i++)
        if (load->buffers[i].part == LLW_LOG_KV) rest.real -= (double)load->buffers[i].bytes / (double)MIB;
    if (rest.real > 0.01) add_old(r, s, LLW_LOG_KV, false, &rest);
}

static bool apply_buffer(llw_log_reader *r, llw_log_stream *s, const llw_log_line *line) {
    const llw_log_field *f = line->field;
    llw_log_entry *e = s->entry;
    switch (line->event) {
    case LLW_LOG_E_BUFFER_MODEL: add_buffer(r, e, f[0].text, LLW_LOG_MODEL, &f[1]); return true;
    case LLW_LOG_E_BUFFER_KV: add_buffer(r, e, f[0].text, LLW_LOG_KV, &f[1]); return true;
    case LLW_LOG_E_BUFFER_RS: add_buffer(r, e, f[0].text, LLW_LOG_RECURRENT, &f[1]); return true;
    case LLW_LOG_E_BUFFER_COMPUTE: add_buffer(r, e, f[0].text, LLW_LOG_COMPUTE, &f[1]); return true;
    case LLW_LOG_E_BUFFER_OUTPUT: add_buffer(r, e, f[0].text, LLW_LOG_OUTPUT, &f[1]); return true;
    case LLW_LOG_E_BUFFER_PROJECTOR: add_buffer(r, e, f[0].text, LLW_LOG_PROJECTOR, &f[1]); return true;
    case LLW_LOG_E_BUFFER_CHECKPOINT:
    case LLW_LOG_E_BUFFER_OTHER: add_buffer(r, e, f[0].text, LLW_LOG_OTHER, &f[1]); return true;
    case LLW_LOG_E_BUFFER_RAM_2023: add_old(r, s, LLW_LOG_MODEL, false, &f[0]); return true;
    case LLW_LOG_E_BUFFER_VRAM_2023: add_old(r, s, LLW_LOG_MODEL, true, &f[0]); return true;
    case LLW_LOG_E_BUFFER_KV_2023: add_old_kv(r, s, &f[0]); return true;
    case LLW_LOG_E_BUFFER_KV_VRAM_2023: add_old(r, s, LLW_LOG_KV, true, &f[0]); return true;
    case LLW_LOG_E_BUFFER_COMPUTE_2023: add_old(r, s, LLW_LOG_COMPUTE, false, &f[0]); return true;
    case LLW_LOG_E_BUFFER_SCRATCH_2023: add_old(r, s, LLW_LOG_COMPUTE, true, &f[0]); return true;
    default: return false;
    }
}

/* Whether an override keeps an expert tensor in RAM, and of which layer it is. */
static void apply_override(llw_load *load, const llw_log_line *line) {
    llw_log_text name = line->field[0].text, buffer = line->field[1].text;
    llw_log_field layer;
    load->overrides++;
    load->overrides_line = load->last_line;
    bool experts = false;
    for (size_t i = 0; i + 5 <= name.len; i++) experts |= !memcmp(name.at + i, "_exps", 5);
    load->overrides_only_experts &= experts && llw_log_text_is(buffer, "CPU");
    if (llw_log_match("blk.%d.", name, &layer) && layer.integer + 1 > load->override_layers)
        load->override_layers = layer.integer + 1;
}

static void apply_share(llw_log_reader *r, llw_log_entry *e, const llw_log_line *line) {
    const llw_log_field *f = line->field;
    bool gpu = line->event == LLW_LOG_E_BREAKDOWN;
    if (e->n_breakdown == LLW_LOG_BREAKDOWN) return;
    const llw_log_field *part = gpu ? f + 5 : f + 2;
    for (int i = 0; i < 3; i++)
        if (part[i].integer < 0 || part[i].integer > INT64_MAX / MIB) return;
    e->breakdown[e->n_breakdown++] = (llw_log_share){
        .device = llw_log_device_name(r->arena, f[0].text),
        .model = part[0].integer * MIB,
        .context = part[1].integer * MIB,
        .compute = part[2].integer * MIB,
        .unaccounted = gpu && f[8].integer >= 0 && f[8].integer < INT64_MAX / MIB ? f[8].integer * MIB : -1,
        .line = r->log->lines};
    if (!gpu) return;
    llw_log_device *d = llw_log_device_get(r->arena, &e->load, llw_log_device_name(r->arena, f[0].text));
    if (!d) return;
    if (!d->description) d->description = llw_log_copy(r->arena, f[1].text);
    if (d->total < 0 && f[2].integer >= 0 && f[2].integer < INT64_MAX / MIB) d->total = f[2].integer * MIB;
}

static void set_flash_attn(llw_load *load, llw_log_text value, int line) {
    bool on = llw_log_text_is(value, "1") || llw_log_text_is(value, "enabled"),
         off = llw_log_text_is(value, "0") || llw_log_text_is(value, "disabled");
    if (!on && !off && !llw_log_text_is(value, "auto")) return;
    load->flash_attn = on ? "on" : off ? "off" : "auto";
    load->flash_attn_auto |= !on && !off;
    load->flash_attn_line = line;
}

static void begin_context(llw_log_entry *e) {
    e->load.n_contexts++;
    e->n_ctx_seen = false;
}

static void set_splits(llw_load *load, int line, int n, int64_t first, int64_t first_batch, int64_t second,
                       int64_t second_batch) {
    load->n_splits = n;
    load->splits_line = line;
    load->splits[0] = first;
    load->split_batch[0] = first_batch;
    load->splits[1] = second;
    load->split_batch[1] = second_batch;
}

static bool apply_splits(llw_log_reader *r, llw_load *load, const llw_log_line *line) {
    const llw_log_field *f = line->field;
    int at = r->log->lines;
    switch (line->event) {
    case LLW_LOG_E_SPLITS_BOTH:
        set_splits(load, at, 2, f[4].integer, f[0].integer, f[5].integer, f[1].integer);
        return true;
    case LLW_LOG_E_SPLITS_PAIR:
        set_splits(load, at, 2, f[0].integer, f[1].integer, f[2].integer, f[3].integer);
        return true;
    case LLW_LOG_E_SPLITS_ONE: set_splits(load, at, 1, f[1].integer, -1, -1, -1); return true;
    case LLW_LOG_E_SPLITS_SIMPLE: set_splits(load, at, 1, f[0].integer, -1, -1, -1); return true;
    default: return false;
    }
}

static void set_types(llw_log_reader *r, llw_load *load, double mib, llw_log_text k, llw_log_text v) {
    if (load->type_k && mib <= 0) return; /* a cache without layers says nothing of the others */
    load->type_k = llw_log_copy(r->arena, k);
    load->type_v = llw_log_copy(r->arena, v);
    load->type_line = r->log->lines;
}

/* Settings of the first context; a second one (a draft's, a next test's) does not overwrite them. */
static bool apply_context(llw_log_reader *r, llw_log_stream *s, const llw_log_line *line) {
    const llw_log_field *f = line->field;
    llw_log_entry *e = s->entry;
    llw_load *load = &e->load;
    int at = r->log->lines;
    switch (line->event) {
    case LLW_LOG_E_CONTEXT: begin_context(e); return true;
    case LLW_LOG_E_N_CTX:
        if (e->n_ctx_seen || !load->n_contexts) begin_context(e);
        e->n_ctx_seen = true;
        if (load->n_contexts > 1) return true;
        load->n_ctx = f[0].integer;
        load->n_ctx_line = at;
        return true;
    case LLW_LOG_E_N_CTX_2023: /* of the model's settings: the context follows */
        if (load->n_ctx >= 0) return true;
        load->n_ctx = f[0].integer;
        load->n_ctx_line = at;
        return true;
    case LLW_LOG_E_N_SEQ: /* stands before n_ctx */
        if (load->n_contexts > 1) return true;
        load->n_seq = f[0].integer;
        load->n_seq_line = at;
        return true;
    case LLW_LOG_E_IK: load->ik = s->process.ik = true; return true;
    default: break;
    }
    if (load->n_contexts > 1) return line->event == LLW_LOG_E_N_BATCH || line->event == LLW_LOG_E_N_UBATCH;
    switch (line->event) {
    case LLW_LOG_E_N_CTX_SEQ: load->n_ctx_seq = f[0].integer; return true;
    case LLW_LOG_E_N_BATCH:
        load->n_batch = f[0].integer;
        load->n_batch_line = at;
        return true;
    case LLW_LOG_E_N_UBATCH:
        load->n_ubatch = f[0].integer;
        load->n_ubatch_line = at;
        return true;
    case LLW_LOG_E_FLASH_ATTN:
    case LLW_LOG_E_FLASH_ATTN_SET: set_flash_attn(load, f[0].text, at); return true;
    case LLW_LOG_E_FLASH_ATTN_OFF:
        load->flash_attn = "off";
        load->flash_attn_line = at;
        return true;
    case LLW_LOG_E_KV_UNIFIED:
        load->kv_unified = llw_log_text_is(f[0].text, "true") ? "true" : "false";
        return true;
    case LLW_LOG_E_KV_TYPES: set_types(r, load, f[0].real, f[3].text, f[5].text); return true;
    case LLW_LOG_E_KV_TYPES_OLD: set_types(r, load, f[0].real, f[1].text, f[3].text); return true;
    case LLW_LOG_E_KV_TYPES_MLA: set_types(r, load, f[0].real, f[1].text, f[1].text); return true;
    case LLW_LOG_E_PIPELINED: load->pipelined = true; return true;
    default: return apply_splits(r, load, line);
    }
}

bool llw_log_apply_context(llw_log_reader *r, llw_log_stream *s, const llw_log_line *line) {
    if (!s->entry) return false;
    if (apply_buffer(r, s, line)) return true;
    llw_load *load = &s->entry->load;
    switch (line->event) {
    case LLW_LOG_E_OFFLOADED:
        load->offloaded = line->field[0].integer;
        load->layers = line->field[1].integer;
        load->offloaded_line = r->log->lines;
        return true;
    case LLW_LOG_E_OVERRIDE: apply_override(load, line); return true;
    case LLW_LOG_E_OVERRIDES_MMAP:
        load->overrides_mentioned = true;
        if (!load->overrides_line) load->overrides_line = r->log->lines;
        return true;
    case LLW_LOG_E_BREAKDOWN:
    case LLW_LOG_E_BREAKDOWN_HOST: apply_share(r, s->entry, line); return true;
    default: return apply_context(r, s, line);
    }
}
