/* What a recognised line means: slots and requests. Of a log that begins after the load, they alone tell of
 * the context. */
#include "source/log/state.h"

#include <string.h>

enum {
    MAX_SLOTS = 1024,
    PADDED = 256 /* llama_context rounds a context up to a multiple: llama-context.cpp */
};

static bool counts(int64_t n, int64_t most) {
    return n > 0 && n <= most;
}

static void set_context(llw_load *load, int64_t cells, int line) {
    if (load->n_ctx >= 0 || !counts(cells, INT32_MAX)) return;
    load->n_ctx = cells;
    load->n_ctx_line = line;
}

static void set_slots(llw_load *load, int64_t slots, int line) {
    if (load->n_seq >= 0 || !counts(slots, MAX_SLOTS)) return;
    load->n_seq = slots;
    load->n_seq_line = line;
}

static void set_unified(llw_load *load, bool unified) {
    if (!load->kv_unified) load->kv_unified = unified ? "true" : "false";
}

/* The context of one slot; the first that says it stands. A divided one may have been capped: what it was
 * before is slot.whole then. */
static void set_share(llw_log_entry *e, int64_t cells, bool divided, int line) {
    if (e->slot.cells || !counts(cells, INT32_MAX)) return;
    e->slot.cells = cells;
    e->slot.divided = divided;
    e->slot.begun |= divided;
    e->slot.line = line;
}

/* One of a list from 0 on, whose length is told nowhere else. */
static void add_slot(llw_log_entry *e, int64_t id, int line) {
    if (e->load.loaded_line || id != (e->load.n_seq < 0 ? 0 : e->load.n_seq)) return;
    e->load.n_seq = -1;
    set_slots(&e->load, id + 1, line);
}

static bool apply_slot(llw_log_entry *e, const llw_log_line *line, int at) {
    const llw_log_field *f = line->field;
    llw_load *load = &e->load;
    switch (line->event) {
    case LLW_LOG_E_SLOTS:
        e->slot.begun = true;
        set_slots(load, f[0].integer, at);
        set_unified(load, f[2].text.len == 4 && !memcmp(f[2].text.at, "true", 4));
        set_share(e, f[1].integer, !strcmp(load->kv_unified, "false"), at);
        return true;
    case LLW_LOG_E_SLOTS_NUMBER:
        e->slot.begun = true;
        set_slots(load, f[0].integer, at);
        return true;
    case LLW_LOG_E_SLOT_CAPPED:
        if (!e->slot.whole && counts(f[0].integer, INT32_MAX)) e->slot.whole = f[0].integer;
        return true;
    case LLW_LOG_E_SLOT_NEW: set_share(e, f[0].integer, false, at); return true;
    case LLW_LOG_E_SLOT_LISTED:
        set_share(e, f[1].integer, true, at);
        add_slot(e, f[0].integer, at);
        return true;
    case LLW_LOG_E_SLOT_SHARE: set_share(e, f[0].integer, true, at); return true;
    case LLW_LOG_E_SLOT_RELEASED: set_context(load, f[0].integer, at); return true;
    default: return false;
    }
}

/* No build before November 2025 capped the context of a slot. Later ones do, and say so where they make the
 * slots: a log without these lines tells what a slot may use, not what was allocated. */
void llw_log_settle_slots(llw_log_entry *e) {
    const llw_log_slot *slot = &e->slot;
    llw_load *load = &e->load;
    int64_t cells = slot->whole ? slot->whole : slot->cells;
    if (!cells) return;
    if (load->n_ctx_seq < 0) load->n_ctx_seq = cells;
    if (load->n_ctx >= 0) return;
    if (!load->n_ctx_line) load->n_ctx_line = slot->line;
    bool shared = load->kv_unified && !strcmp(load->kv_unified, "true");
    bool known = slot->begun || slot->whole;
    if (known && (load->n_seq == 1 || shared))
        load->n_ctx = cells;
    else if (known && slot->divided && load->n_seq > 0 && cells * load->n_seq % PADDED == 0)
        load->n_ctx = cells * load->n_seq;
}

static void set_loaded(llw_log_reader *r, llw_load *load, llw_log_event event) {
    load->early |= event == LLW_LOG_E_LOADED_EARLY;
    if (!load->loaded_line) load->loaded_line = load->last_line = r->log->lines;
}

static void begin_task(llw_log_reader *r, llw_log_entry *e, const llw_log_line *line) {
    const llw_log_field *f = line->field;
    e->prompt = f[2].integer;
    set_share(e, f[0].integer, line->event == LLW_LOG_E_TASK_EARLY, r->log->lines);
    set_loaded(r, &e->load, line->event);
}

static void add_prompt(llw_log_reader *r, llw_log_entry *e, const llw_log_field *f) {
    llw_load *load = &e->load;
    e->prompt = -1;
    set_loaded(r, load, LLW_LOG_E_PROMPT_TIME);
    load->timing_line = r->log->lines;
    load->requests++;
    if (!counts(f[1].integer, INT32_MAX) || !(f[0].real >= 0)) return;
    load->prompt_tokens += f[1].integer;
    load->prompt_ms += f[0].real;
    if (f[1].integer <= load->longest_prompt) return;
    load->longest_prompt = f[1].integer;
    load->longest_prompt_speed = f[3].real;
}

static void add_answer(llw_load *load, const llw_log_field *f) {
    if (!counts(f[1].integer, INT32_MAX) || !(f[0].real >= 0)) return;
    load->eval_tokens += f[1].integer;
    load->eval_ms += f[0].real;
    load->eval_steps += f[4].real > 0 && f[4].real < 1e9 ? f[4].real * f[0].real / 1e3 : (double)f[1].integer;
}

static void set_cli_speed(llw_log_reader *r, llw_load *load, const llw_log_field *f) {
    set_loaded(r, load, LLW_LOG_E_CLI_SPEED);
    if (load->prompt_ms > 0) return; /* the timings before it told more */
    load->timing_line = r->log->lines;
    load->requests++;
    load->cli_prompt_speed = f[0].real;
    load->cli_speed = f[1].real;
}

/* Ready: with a draft beside it, the draft is ready with it, and what comes now is the server's. */
static void set_ready(llw_log_reader *r, llw_log_stream *s, llw_log_event event) {
    set_loaded(r, &s->entry->load, event);
    if (!s->main) return;
    s->entry = s->main;
    s->main = NULL;
    set_loaded(r, &s->entry->load, event);
}

/* What is said of a load that is running or was: a log whose beginning is missing still tells it. */
static bool tells_load(const llw_log_line *line) {
    switch (line->event) {
    case LLW_LOG_E_SLOT_WORKS: return !line->field[0].text.at || line->field[2].integer >= 0;
    case LLW_LOG_E_LOADED:
    case LLW_LOG_E_LOADED_CLI:
    case LLW_LOG_E_LOADED_EARLY:
    case LLW_LOG_E_PROMPT_TIME:
    case LLW_LOG_E_CLI_SPEED:
    case LLW_LOG_E_TASK:
    case LLW_LOG_E_TASK_EARLY:
    case LLW_LOG_E_SLOTS:
    case LLW_LOG_E_SLOTS_NUMBER:
    case LLW_LOG_E_SLOT_CAPPED:
    case LLW_LOG_E_SLOT_NEW:
    case LLW_LOG_E_SLOT_SHARE:
    case LLW_LOG_E_SLOT_LISTED:
    case LLW_LOG_E_SLOT_RELEASED: return true;
    default: return false;
    }
}

bool llw_log_apply_service(llw_log_reader *r, llw_log_stream *s, const llw_log_line *line) {
    if (line->event == LLW_LOG_E_ROUTER) return s->router = true; /* loads nothing; its children tell */
    if (line->event == LLW_LOG_E_SLOTS_AUTO) {
        s->process.kv_unified = "true";
        return true;
    }
    if (!s->entry && tells_load(line) && !s->fitting && !s->router) llw_log_entry_get(r, s);
    llw_log_entry *e = s->entry;
    if (!e) return false;
    if (apply_slot(s->main ? s->main : e, line, r->log->lines)) return true;
    switch (line->event) {
    case LLW_LOG_E_LOADED_CLI:
        set_context(&e->load, line->field[0].integer, r->log->lines); /* fall through */
    case LLW_LOG_E_LOADED_EARLY:
    case LLW_LOG_E_LOADED:
        if (!s->fitting) set_ready(r, s, line->event);
        return true;
    case LLW_LOG_E_SLOT_WORKS:
        if (tells_load(line)) set_loaded(r, &e->load, line->event);
        return true;
    case LLW_LOG_E_TASK:
    case LLW_LOG_E_TASK_EARLY: begin_task(r, e, line); return true;
    case LLW_LOG_E_PROMPT_TIME: add_prompt(r, e, line->field); return true;
    case LLW_LOG_E_EVAL_TIME: add_answer(&e->load, line->field); return true;
    case LLW_LOG_E_CLI_SPEED: set_cli_speed(r, &e->load, line->field); return true;
    case LLW_LOG_E_ENDED: e->load.ended = e->load.loaded_line != 0 && !e->crash_line; return true;
    default: return false;
    }
}
