/* What Ollama's own lines mean. Its newer engine computes without llama.cpp and tells sizes in its own words;
 * where llama.cpp runs behind it, the same words are estimates, and llama.cpp's figures take their place. */
#include "source/log/state.h"

#include <math.h>
#include <string.h>

/* "13.8 GiB", rounded to the decimals printed. */
static void add_told(llw_log_reader *r, llw_log_stream *s, llw_log_text device, llw_log_part part,
                     const llw_log_field *amount, llw_log_text unit) {
    llw_log_entry *e = llw_log_entry_get(r, s);
    int64_t one = llw_log_text_is(unit, "B") ? 1 : llw_log_unit(unit);
    if (!one || (e->load.n_buffers && !e->load.ollama_engine)) return;
    e->load.ollama_engine = true;
    llw_log_add_buffer(r, e, device, part, llw_log_bytes(amount->real, one),
                       llround((double)one / pow(10, amount->decimals > 6 ? 6 : amount->decimals)));
}

static void begin_runner(llw_log_reader *r, llw_log_stream *s, llw_log_text path) {
    llw_log_new_process(s);
    llw_log_entry *e = llw_log_entry_get(r, s);
    e->loading = e->awaited = true;
    e->load.path = llw_log_copy(r->arena, path);
    e->load.path_line = r->log->lines;
}

/* Its request to the runner: tried as fit and alloc, meant as commit. */
static void apply_request(llw_log_reader *r, llw_log_stream *s, const llw_log_field *f) {
    llw_log_entry *e = llw_log_text_is(f[0].text, "commit") ? llw_log_entry_get(r, s) : NULL;
    if (!e || e->load.n_ctx >= 0 || f[4].integer <= 0) return;
    llw_load *load = &e->load;
    load->n_seq = f[1].integer;
    load->n_batch = f[2].integer;
    load->n_ctx = f[4].integer;
    load->n_seq_line = load->n_batch_line = load->n_ctx_line = r->log->lines;
    llw_log_text flash = f[3].text;
    bool on = llw_log_text_is(flash, "Enabled") || llw_log_text_is(flash, "true"),
         off = llw_log_text_is(flash, "Disabled") || llw_log_text_is(flash, "false");
    if (!on && !off) return;
    load->flash_attn = on ? "on" : "off";
    load->flash_attn_line = r->log->lines;
}

/* The runner is gone; what it said before is the better reason. */
static void apply_end(llw_log_reader *r, llw_log_stream *s, llw_log_text why) {
    llw_log_entry *e = s->entry;
    if (!e || e->crash_line || e->fail_line || e->load.oom.line) return;
    e->crash_line = r->log->lines;
    while (why.len && (why.at[why.len - 1] == '"' || why.at[why.len - 1] == ' ')) why.len--;
    e->load.failure = llw_arena_printf(r->arena, "Ollama's runner ended: %s", llw_log_copy(r->arena, why));
}

bool llw_log_apply_ollama(llw_log_reader *r, llw_log_stream *s, const llw_log_line *line) {
    const llw_log_field *f = line->field;
    switch (line->event) {
    case LLW_LOG_E_OLLAMA_RUNNER: begin_runner(r, s, f[0].text); return true;
    case LLW_LOG_E_OLLAMA_REQUEST: apply_request(r, s, f); return true;
    case LLW_LOG_E_OLLAMA_META:
        if (s->entry && s->entry->load.loaded_line)
            s->entry = NULL; /* the next one, whose runner is not told */
        llw_log_entry_get(r, s);
        s->entry->load.architecture = llw_log_copy(r->arena, f[0].text);
        s->entry->load.file_type = llw_log_copy(r->arena, f[1].text);
        return true;
    case LLW_LOG_E_OLLAMA_MODEL: add_told(r, s, f[0].text, LLW_LOG_MODEL, &f[1], f[2].text); return true;
    case LLW_LOG_E_OLLAMA_KV: add_told(r, s, f[0].text, LLW_LOG_KV, &f[1], f[2].text); return true;
    case LLW_LOG_E_OLLAMA_COMPUTE: add_told(r, s, f[0].text, LLW_LOG_COMPUTE, &f[1], f[2].text); return true;
    case LLW_LOG_E_OLLAMA_ENDED: apply_end(r, s, f[0].text); return true;
    default: return false;
    }
}
