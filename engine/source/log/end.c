/* What a load comes to once its last line was read: bytes by device, and how it ended. */
#include "base/number.h"
#include "source/log/state.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

const char *llw_log_outcome_name(llw_log_outcome outcome) {
    static const char *const name[] = {"unknown", "loaded", "oom", "crash", "failed"};
    return name[outcome];
}

const char *llw_log_part_name(llw_log_part part) {
    static const char *const name[] = {"model",     "KV",   "recurrent state", "compute", "output",
                                       "projector", "other"};
    return name[part];
}

static void add(int64_t *sum, int64_t bytes) {
    *sum = (*sum < 0 ? 0 : *sum) + bytes;
}

/* llama-bench frees a context before it makes the next: only a server's further contexts (a draft's) stand
 * beside. */
static void add_buffer(llw_log_device *d, const llw_log_buffer *b, int drafts, bool bench) {
    if (bench && b->context > 0) return;
    if (!d->line) d->line = b->line;
    if (b->precision > d->precision) d->precision = b->precision;
    if (b->context > 0) {
        *(drafts && b->context >= drafts ? &d->draft : &d->other) += b->bytes;
        return;
    }
    switch (b->part) {
    case LLW_LOG_MODEL:
        add(&d->model, b->bytes);
        if (strstr(b->name, "_Mapped")) d->mapped += b->bytes;
        break;
    case LLW_LOG_RECURRENT: add(&d->recurrent, b->bytes); /* fall through */
    case LLW_LOG_KV: add(&d->context, b->bytes); break;
    case LLW_LOG_COMPUTE: add(&d->compute, b->bytes); break;
    case LLW_LOG_OUTPUT: add(&d->output, b->bytes); break;
    default: d->other += b->bytes; break;
    }
}

/* A part that was printed for some device is 0 where it was not: llama.cpp names only the buffers that exist.
 * A model without a cache (an embedding model) goes from the settings of its context straight to its compute
 * buffers; where the log does not show these settings, it may not show the cache either. */
static void fill(llw_log_device *d, bool model, bool context, bool compute) {
    if (model && d->model < 0) d->model = 0;
    if (context && d->context < 0) d->context = 0;
    if (context && d->recurrent < 0) d->recurrent = 0;
    if (compute && d->compute < 0) d->compute = 0;
}

static void sum_buffers(llw_arena *arena, llw_load *load) {
    bool model = false, context = false, compute = false;
    bool bench = load->program && !strcmp(load->program, "llama-bench");
    for (size_t i = 0; i < load->n_buffers; i++) {
        const llw_log_buffer *b = &load->buffers[i];
        llw_log_device *d = llw_log_device_get(arena, load, b->device);
        if (!d) continue;
        add_buffer(d, b, load->draft_context, bench);
        model |= b->part == LLW_LOG_MODEL;
        context |= b->part == LLW_LOG_KV || b->part == LLW_LOG_RECURRENT ||
                   (b->part == LLW_LOG_COMPUTE && load->n_ctx >= 0);
        compute |= b->part == LLW_LOG_COMPUTE;
    }
    /* a list of buffers that something of the model's end stands behind or before is whole: 0 for the rest */
    model &= load->offloaded >= 0 || load->loaded_line || context;
    for (int i = 0; i < load->n_devices; i++) fill(&load->devices[i], model, context, compute);
    fill(&load->host, model, context, compute);
}

/* The breakdown printed at the end, where the buffers themselves were not: whole MiB. */
static void use_breakdown(llw_arena *arena, llw_log_entry *e) {
    bool buffers = e->load.n_buffers != 0;
    for (int i = 0; i < e->n_breakdown; i++) {
        const llw_log_share *share = &e->breakdown[i];
        llw_log_device *d = llw_log_device_get(arena, &e->load, share->device);
        if (!d) continue;
        if (share->unaccounted >= 0) d->unaccounted = share->unaccounted;
        if (buffers) continue;
        add(&d->model, share->model);
        add(&d->context, share->context);
        add(&d->compute, share->compute);
        d->precision = LLW_MIB;
        d->from_summary = true;
        d->line = share->line;
    }
}

static int64_t number_of(const char *name) {
    while (*name && !isdigit((unsigned char)*name)) name++;
    return strtol(name, NULL, 10);
}

/* CUDA2 before CUDA10, and every backend by itself. */
static int by_name(const void *x, const void *y) {
    const char *a = ((const llw_log_device *)x)->name, *b = ((const llw_log_device *)y)->name;
    size_t na = strcspn(a, "0123456789"), nb = strcspn(b, "0123456789"), n = na < nb ? na : nb;
    int cmp = strncmp(a, b, n);
    if (cmp || na != nb) return cmp ? cmp : na < nb ? -1 : 1;
    int64_t i = number_of(a), j = number_of(b);
    return i != j ? (i < j ? -1 : 1) : strcmp(a, b);
}

static void judge(llw_log_entry *e) {
    llw_load *load = &e->load;
    llw_log_oom *oom = &load->oom;
    if (oom->line && !oom->running && load->loaded_line > oom->line) { /* it found another way */
        load->retry = *oom;
        *oom = (llw_log_oom){.asked = -1, .free_before = -1, .free = -1};
    }
    if (oom->line) {
        load->outcome = LLW_LOG_OOM;
        llw_log_evidence(load, oom->line);
        if (e->fail_line) llw_log_evidence(load, e->fail_line);
        if (e->crash_line) llw_log_evidence(load, e->crash_line);
    } else if (e->crash_line) {
        load->outcome = LLW_LOG_CRASH;
        llw_log_evidence(load, e->crash_line);
    } else if (e->fail_line && (!load->loaded_line || e->fail_line < load->loaded_line)) {
        load->outcome = LLW_LOG_FAILED;
        llw_log_evidence(load, e->fail_line);
    } else if (load->loaded_line) {
        load->outcome = LLW_LOG_LOADED;
        load->failure = NULL;
        llw_log_evidence(load, load->loaded_line);
    } else {
        load->outcome = LLW_LOG_UNKNOWN;
        llw_log_evidence(load, load->last_line);
    }
}

void llw_log_finish(llw_arena *arena, llw_log_entry *e) {
    llw_log_settle_slots(e);
    sum_buffers(arena, &e->load);
    use_breakdown(arena, e);
    qsort(e->load.devices, (size_t)e->load.n_devices, sizeof *e->load.devices, by_name);
    judge(e);
}

/* What a load takes of a device; -1 where a part of it is unknown. */
static int64_t all_of(const llw_log_device *d) {
    if (d->model < 0 || d->context < 0 || d->compute < 0) return -1;
    return d->model + d->context + d->compute + d->other + (d->output > 0 ? d->output : 0);
}

/* Memory that was told before its target was loaded is not what a draft finds. */
static void add_draft_on(llw_arena *arena, llw_load *main, llw_load *draft, llw_log_device *d) {
    llw_log_device *beside = llw_log_device_get(arena, main, d->name);
    if (d->memory_line < draft->first_line) d->free = -1;
    int64_t all = all_of(d);
    if (beside && beside->draft >= 0) beside->draft = all < 0 ? -1 : beside->draft + all;
}

void llw_log_add_draft(llw_arena *arena, llw_log_entry *e) {
    llw_load *main = &e->beside->load, *draft = &e->load;
    main->draft_line = draft->first_line;
    main->draft_path = draft->path;
    if (main->outcome == LLW_LOG_UNKNOWN && draft->outcome > LLW_LOG_LOADED) { /* the program ends with it */
        main->outcome = LLW_LOG_FAILED;
        main->failure = "its draft could not be loaded";
        main->n_evidence = 0;
        llw_log_evidence(main, draft->evidence[0]);
    }
    for (int i = 0; i < draft->n_devices; i++) add_draft_on(arena, main, draft, &draft->devices[i]);
    add_draft_on(arena, main, draft, &draft->host);
    if (draft->n_buffers && all_of(&draft->host) >= 0) return; /* what is not shown may lie anywhere */
    for (int i = 0; i < main->n_devices; i++) main->devices[i].draft = -1;
    main->host.draft = -1;
}

static int rank(const llw_load *load) {
    bool loaded = load->loaded_line != 0, figures = load->n_buffers || load->host.from_summary;
    return (load->draft ? 0 : 4) + (loaded ? 2 : 0) + (figures ? 1 : 0);
}

const llw_load *llw_log_best(const llw_log *log) {
    const llw_load *best = NULL;
    for (size_t i = 0; i < log->n_loads; i++)
        if (!best || rank(&log->loads[i]) >= rank(best)) best = &log->loads[i];
    return best;
}

const llw_log_device *llw_load_device(const llw_load *load, const char *name) {
    if (!strcmp(name, "Host")) return &load->host;
    for (int i = 0; i < load->n_devices; i++)
        if (!strcmp(load->devices[i].name, name)) return &load->devices[i];
    return NULL;
}

int64_t llw_load_weights_in_ram(const llw_load *load, bool *certain) {
    int64_t rest = load->file_bytes;
    for (int i = 0; i < load->n_devices; i++) rest -= load->devices[i].model > 0 ? load->devices[i].model : 0;
    bool spans =
        load->host.mapped && load->file_bytes > 0 && load->host.model > rest + load->file_bytes_precision;
    *certain = load->host.model >= 0 && !spans;
    return !spans ? load->host.model : rest > 0 ? rest : 0;
}
