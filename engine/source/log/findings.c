/* What a load's log gives reason to say: findings with stable codes, each with its line. */
#include "base/text.h"
#include "fact/build.h"
#include "source/log/remedy.h"
#include "source/log/state.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Libraries and kernels of the first prompt take up to 70 + 124 + 40 MiB beyond llama.cpp's buffers:
 * models/extras.tsv. */
static const int64_t GROWTH = 256 << 20;

/* More than any compute buffer needs: ik_llama.cpp #500 and #749 asked for 272 and 352 GiB, and that build
 * option was what helped. */
static const int64_t HUGE_BUFFER = (int64_t)16 << 30;

static const char NOTE[] = "note", WASTE[] = "waste", RISK[] = "risk", WRONG[] = "wrong";

static const struct code {
    const char *code, *level, *title, *text;
} codes[] = {
    {"R01", WRONG, "memory ran out at the load",
     "A buffer did not fit. llama.cpp allocates the weights first, then the KV cache, then the compute "
     "buffer, each in one piece on each device: "
     "the piece that failed tells what to make smaller. Weights: fewer layers there, another split, experts "
     "in RAM, or leave the placement to --fit. "
     "KV cache: a smaller -c, fewer slots, or -ctk and -ctv q8_0. Compute buffer: a smaller -ub."},
    {"R02", WRONG, "memory ran out while serving",
     "The load fitted, a request did not. Beyond its buffers llama.cpp grows with the first long prompt: "
     "kernels that are loaded late, copies of a "
     "quantised cache, scores when flash attention is off. Keep more free: --fit-target, a smaller -ub or "
     "-c."},
    {"R03", WRONG, "the host's memory ran out",
     "The kernel ended the process, or the host refused it memory. Weights and caches that stay in RAM, the "
     "prompt cache (--cache-ram, 8 GiB unless "
     "told otherwise in builds of 2026) and the container's own limit add up."},
    {"R04", WRONG, "llama.cpp crashed",
     "A CUDA error that is not about memory, a failed assertion or a signal: a defect of this build with "
     "this model or placement, rarely of the "
     "settings. Try another build, and test it with a prompt of 100 tokens and more (lesson L06): faults of "
     "this kind spare short prompts."},
    {"R05", WRONG, "the model was not loaded",
     "llama.cpp gave up with a message: an incomplete file, an architecture the build does not know, "
     "settings that contradict each other."},
    {"R06", WRONG, "an argument was refused",
     "This build has no such option, or not with that value: it ends before it looks at the model. llwhy "
     "MODEL -- FLAGS says what a build takes."},
    {"R07", RISK, "fit gave up",
     "--fit may change only what nobody set. With an explicit -ngl, -ts, -sm row, -ot, -cmoe or -ncmoe it "
     "warns in one line and loads with the "
     "settings as they are, although by its own measure they do not keep the target free (lesson L07)."},
    {"R08", NOTE, "fit made the context smaller",
     "No -c was given, so --fit reduced the context until its target could be kept. Give -c to decide it "
     "yourself."},
    {"R09", NOTE, "the log does not show sizes",
     "From May 2026 on (llama.cpp #23021; b9181 has it) the default verbosity of 3 prints no buffer sizes, "
     "no "
     "layers and no devices. -lv 4 prints them as before and costs nothing; -v alone leaves some of them out "
     "(#23613). "
     "Older builds print them unless --log-disable is given."},
    {"R10", WASTE, "layers stayed in RAM",
     "Fewer layers than the model has went to the GPUs: the rest is computed by the processor, token by "
     "token."},
    {"R11", NOTE, "weights in RAM by override",
     "-ot, -cmoe, -ncmoe or --fit keep tensors in RAM although every layer counts as offloaded: the count of "
     "layers does not show it, the host's model "
     "buffer and the graph splits do."},
    {"R12", WRONG, "no GPU was used",
     "The binary has no GPU support, or the driver was not there: -ngl is ignored and everything runs on the "
     "processor."},
    {"R13", WASTE, "flash attention was off",
     "Without flash attention the compute buffer holds the scores of a whole micro-batch, a quantised V "
     "cache is refused, and long prompts grow more."},
    {"R14", RISK, "the pipeline did not fit",
     "With several GPUs llama.cpp holds inputs four times to overlap their work. It did not fit, so it went "
     "on without: the cards are full."},
    {"R15", RISK, "context beyond training",
     "The context is longer than the model was trained for; answers degrade beyond that length unless rope "
     "scaling is set for it."},
    {"R16", NOTE, "the log ends early",
     "The last line belongs to a load that had neither succeeded nor failed: the process was stopped, or the "
     "log was cut."},
    {"R17", RISK, "little memory is left",
     "The first long prompt needs up to about 250 MiB beyond the buffers. With less left it can fail hours "
     "after a clean start."},
    {"R18", NOTE, "the context is shared out",
     "Several slots divide the context: one conversation gets only its share (n_ctx_seq). -np 1, or "
     "--kv-unified, gives it all."},
    {"R19", NOTE, "others held memory",
     "Part of the card was in use before this load: a desktop, another model, a process that was not ended."},
    {"R20", WASTE, "the graph is cut into many pieces",
     "Parts of one layer are computed on different devices, so every token crosses between them many times. "
     "Either -ot spreads the tensors of a layer over "
     "GPUs (whole layers, by -ts or --fit, do better), or the GPU lacks an operation and hands it to the "
     "processor, as with some head sizes and cache "
     "types without a flash attention kernel."},
};

const char *llw_log_code_title(const char *code) {
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (!strcmp(codes[i].code, code)) return codes[i].title;
    return NULL;
}

const char *llw_log_code_level(const char *code) {
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (!strcmp(codes[i].code, code)) return codes[i].level;
    return NULL;
}

const char *llw_log_code_text(const char *code) {
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (!strcmp(codes[i].code, code)) return codes[i].text;
    return NULL;
}

typedef struct finder {
    llw_arena *arena;
    llw_load *load;
} finder;

static void find(finder *f, const char *code, int line, const char *advice, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

static void find(finder *f, const char *code, int line, const char *advice, const char *fmt, ...) {
    if (f->load->n_findings == LLW_LOG_FINDINGS) return;
    char text[700];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    f->load->findings[f->load->n_findings++] =
        (llw_log_finding){code, llw_log_code_level(code), line, llw_arena_strdup(f->arena, text), advice};
}

static const char *size(finder *f, int64_t bytes) {
    char buf[LLW_NUMBER_MAX];
    return llw_arena_strdup(f->arena, llw_format_mib(buf, bytes));
}

/* With copies for pipelining the scheduler reserves the graph's inputs, weights in RAM among them, several
 * times over. */
static bool is_pipelining(const finder *f, const llw_log_oom *oom) {
    return f->load->pipelined && oom->part == LLW_LOG_COMPUTE && oom->asked > HUGE_BUFFER;
}

/* Whether --fit could have placed this load; known: the build says so. */
static bool has_fit(const finder *f, bool *known) {
    const llw_load *l = f->load;
    llw_build build;
    *known = l->fit.state || l->ik || l->ollama_engine;
    if (*known) return l->fit.state;
    llw_rc rc = l->build ? llw_build_read(f->arena, l->build, &build, NULL) : LLW_ERR_INPUT;
    *known = rc == LLW_OK && build.fit_known;
    return *known && build.fit;
}

static const char *more_free(const finder *f) {
    return f->load->fit.state == LLW_LOG_FIT_DONE || f->load->fit.state == LLW_LOG_FIT_UNCHANGED
               ? "keep more free: a larger --fit-target, a smaller -ub or -c"
               : "keep more free: fewer layers there, a smaller -ub or -c";
}

static const char *model_advice(const finder *f) {
    bool known, fit = has_fit(f, &known);
    if (fit || !known)
        return "put fewer layers or experts there, or leave -ngl, -ts and -ot out and let --fit place them";
    return f->load->ik ? "put fewer layers or experts there (-ngl, -ot, -ts)"
                       : "put fewer layers or experts there (-ngl, -ot, -ts), or take a build from December "
                         "2025 on, whose "
                         "--fit places them";
}

static const char *oom_advice(const finder *f, const llw_log_oom *oom) {
    if (is_pipelining(f, oom))
        return "a build with -DGGML_SCHED_MAX_COPIES=1: several copies of the graph's inputs are what takes "
               "that much";
    bool host = oom->device && !strcmp(oom->device, "Host");
    switch (oom->part) {
    case LLW_LOG_MODEL:
        return host ? "more RAM, a smaller file, or more layers on the GPUs" : model_advice(f);
    case LLW_LOG_KV:
    case LLW_LOG_RECURRENT:
        return f->load->flash_attn && !strcmp(f->load->flash_attn, "off")
                   ? "a smaller -c, fewer slots (-np), or -fa on with -ctk q8_0 -ctv q8_0"
                   : "a smaller -c, fewer slots (-np), or -ctk q8_0 -ctv q8_0";
    case LLW_LOG_COMPUTE:
        return f->load->n_ubatch > 0 && f->load->n_ubatch <= 512
                   ? "a smaller -c, or fewer layers there"
                   : "a smaller -ub (512 is the default), or a smaller -c";
    default: return host ? "more RAM, a smaller -c, or more layers on the GPUs" : more_free(f);
    }
}

static bool shows_cache(const llw_load *load) {
    for (size_t i = 0; i < load->n_buffers; i++)
        if (load->buffers[i].part == LLW_LOG_KV || load->buffers[i].part == LLW_LOG_RECURRENT) return true;
    return false;
}

/* What was asked for and what was left, as the end of a sentence. */
static void add_sizes(finder *f, llw_text *t, const llw_log_oom *oom) {
    if (oom->asked >= 0) llw_text_addf(t, ": %s were asked for", size(f, oom->asked));
    if (oom->free < 0) return;
    llw_text_addf(t, "%s%s were left of %s", oom->asked >= 0 ? ", " : ": ", size(f, oom->free),
                  size(f, oom->free_before));
    if (oom->asked < 0 || oom->asked > oom->free) return;
    if (oom->part == LLW_LOG_COMPUTE && !shows_cache(f->load))
        llw_text_add(t, " without the KV cache, whose size the log does not show");
    else
        llw_text_add(t, ", so something else took memory, or the driver gives no piece that large");
}

static const char *part_words(llw_log_part part) {
    static const char *const words[] = {
        "the model buffer", "the KV cache", "the recurrent state", "the compute buffer", "the output buffer",
        "the projector",    "a buffer"};
    return words[part];
}

static void find_oom(finder *f) {
    const llw_log_oom *oom = &f->load->oom, *retry = &f->load->retry;
    llw_text t = {0};
    if (retry->line) {
        llw_text_addf(&t, "%s had no room for %s", retry->device ? retry->device : "a device",
                      part_words(retry->part));
        add_sizes(f, &t, retry);
        find(f, "R14", retry->line, oom_advice(f, retry), "%s; llama.cpp %s", llw_text_str(&t),
             retry->unpipelined ? "went on without overlapping the GPUs' work" : "tried again and loaded");
        llw_text_fini(&t);
    }
    if (oom->killed)
        find(f, "R03", oom->line,
             "less in RAM: a smaller --cache-ram, fewer layers or caches there, a higher limit for the "
             "container",
             "the process was killed%s, as the system does when memory is short",
             oom->running                          ? " while it was serving"
             : f->load->path || f->load->n_buffers ? " during the load"
                                                   : "");
    if (!oom->line || oom->killed) return;
    llw_text_addf(&t, "%s", oom->device ? oom->device : "a device");
    if (oom->running)
        llw_text_add(&t, " ran out of memory while serving");
    else
        llw_text_addf(&t, " had no room for %s", part_words(oom->part));
    add_sizes(f, &t, oom);
    bool host = oom->device && !strcmp(oom->device, "Host");
    find(f,
         host           ? "R03"
         : oom->running ? "R02"
                        : "R01",
         oom->line, oom_advice(f, oom), "%s", llw_text_str(&t));
    llw_text_fini(&t);
}

static void find_end(finder *f) {
    const llw_load *l = f->load;
    const char *words = l->failure ? l->failure : "no reason given";
    int line = l->n_evidence ? l->evidence[0] : l->last_line;
    const char *again = llw_log_crash_remedy(words);
    if (l->outcome == LLW_LOG_CRASH && l->crash_prompt >= 0)
        find(f, "R04", line, again, "it crashed%s%s while reading a prompt of %lld tokens: %s",
             l->crash_device ? " on " : "", l->crash_device ? l->crash_device : "",
             (long long)l->crash_prompt, words);
    else if (l->outcome == LLW_LOG_CRASH)
        find(f, "R04", line, again, "it crashed%s%s %s: %s", l->crash_device ? " on " : "",
             l->crash_device ? l->crash_device : "", l->loaded_line ? "while serving" : "before it was ready",
             words);
    else if (l->outcome == LLW_LOG_FAILED && !l->path && strstr(words, "argument"))
        find(f, "R06", line, "llwhy flags OPTION says which builds take it", "llama.cpp did not start: %s",
             words);
    else if (l->outcome == LLW_LOG_FAILED)
        find(f, "R05", line, llw_log_failure_remedy(words), "the model was not loaded: %s", words);
    else if (l->outcome == LLW_LOG_UNKNOWN)
        find(f, "R16", line, "give the log up to \"model loaded\" or the error",
             "the log ends at line %d, before the load does", l->last_line);
}

static void find_fit(finder *f) {
    static const struct {
        const char *words, *advice;
    } causes[] = {
        {"n_gpu_layers", "leave -ngl out (or give it as auto): --fit then places the layers"},
        {"tensor_split", "leave -ts out: --fit then splits by free memory"},
        {"tensor_buft_overrides", "leave -ot, -cmoe and -ncmoe out: --fit then moves what has to move"},
        {"SPLIT_MODE", "leave -sm out: --fit works with layers alone"}};
    const llw_log_fit *fit = &f->load->fit;
    bool consequence = fit->state == LLW_LOG_FIT_ERROR && f->load->outcome == LLW_LOG_FAILED;
    if (fit->state == LLW_LOG_FIT_GAVE_UP || (fit->state == LLW_LOG_FIT_ERROR && !consequence)) {
        const char *advice = "";
        for (size_t i = 0; fit->reason && i < sizeof causes / sizeof *causes; i++)
            if (strstr(fit->reason, causes[i].words)) advice = causes[i].advice;
        find(f, "R07", fit->line, advice, "--fit gave up and changed nothing: %s",
             fit->reason ? fit->reason : "no reason given");
    }
    if (fit->context_to >= 0 && fit->state == LLW_LOG_FIT_DONE)
        find(f, "R08", fit->line, "give -c to decide it yourself",
             "--fit made the context smaller, from %lld to %lld tokens", (long long)fit->context_from,
             (long long)fit->context_to);
}

static bool has_gpu(const llw_load *l) {
    return l->n_devices > 0;
}

/* Layers or experts that the processor computes. Half of the file in RAM is no token embedding. */
static void find_placement(finder *f) {
    const llw_load *l = f->load;
    /* in 2023 the two halves of the KV cache counted as layers, behind the output */
    int64_t caches = l->n_layer > 0 && l->layers == l->n_layer + 3 ? 2 : 0;
    if (caches && has_gpu(l) && l->offloaded < l->layers && l->offloaded >= l->layers - caches)
        find(f, "R10", l->offloaded_line, "a larger -ngl, if the GPU has room for the cache",
             "every layer is on the GPU, but not the whole KV cache, which this build counts as two layers "
             "more");
    else if (l->offloaded >= 0 && l->layers > 0 && l->offloaded < l->layers && has_gpu(l))
        find(f, "R10", l->offloaded_line,
             "a larger -ngl, a smaller context or file; llwhy fit MODEL says what fits",
             "%lld of %lld layers stayed in RAM", (long long)(l->layers - l->offloaded - caches),
             (long long)(l->layers - caches));
    bool whole = l->offloaded > 0 && l->offloaded == l->layers;
    /* one piece for each device and one for the input; tables of which a token reads one row stay in RAM and
     * cut nothing */
    bool cut = l->n_splits > 0 && l->splits[0] > 2 * l->n_devices + 4;
    bool certain = false;
    int64_t in_ram = llw_load_weights_in_ram(l, &certain);
    int64_t whole_file = l->file_bytes > 0 ? l->file_bytes : l->host.model;
    for (int i = 0; i < l->n_devices && l->file_bytes <= 0; i++)
        whole_file += l->devices[i].model > 0 ? l->devices[i].model : 0;
    bool large = in_ram > 0 && in_ram > whole_file / 8;
    int line = l->overrides_line ? l->overrides_line : l->host.line;
    if (whole && (cut || !l->n_splits) && large)
        find(f, "R11", line, "", "all %lld layers count as offloaded, but %s%s of the weights are in RAM%s",
             (long long)l->layers, certain ? "" : "about ", size(f, in_ram),
             cut ? llw_arena_printf(f->arena, ": the graph is cut into %lld pieces", (long long)l->splits[0])
                 : "");
    else if (whole && cut && has_gpu(l))
        find(f, "R20", l->splits_line,
             "whole layers on each GPU (-ts or --fit instead of -ot), or a cache type the GPU has a kernel "
             "for",
             "the graph is cut into %lld pieces although no layer is in RAM", (long long)l->splits[0]);
    if (l->flash_attn && !strcmp(l->flash_attn, "off"))
        find(f, "R13", l->flash_attn_line, "-fa on, if the model allows it", "flash attention was off");
}

static void find_context(finder *f) {
    const llw_load *l = f->load;
    int64_t per_slot = l->n_ctx_seq > 0 ? l->n_ctx_seq : l->n_ctx;
    /* a cache that slots share may be larger than what one of them uses */
    bool shared = l->kv_unified && !strcmp(l->kv_unified, "true") && l->n_seq > 1;
    if (per_slot > 0 && l->n_ctx_train > 0 && per_slot / (shared ? l->n_seq : 1) > l->n_ctx_train)
        find(f, "R15", l->n_ctx_line, "a -c of at most what the model was trained for",
             "the context of %lld tokens is longer than the %lld the model was trained for",
             (long long)per_slot, (long long)l->n_ctx_train);
    if (l->n_ctx > 0 && l->n_ctx_seq > 0 && l->n_ctx_seq < l->n_ctx && l->n_seq > 1)
        find(f, "R18", l->n_ctx_line, "-np 1 for one user, or --kv-unified",
             "%lld slots share the context: each gets %lld of %lld tokens", (long long)l->n_seq,
             (long long)l->n_ctx_seq, (long long)l->n_ctx);
}

static void find_memory(finder *f) {
    const llw_load *l = f->load;
    for (int i = 0; i < l->n_devices; i++) {
        const llw_log_device *d = &l->devices[i];
        if (!l->draft && d->total > 0 && d->free >= 0 &&
            d->total - d->free > d->total / 20 + ((int64_t)1 << 30))
            find(f, "R19", d->memory_line, "", "%s had only %s of %s free before the load", d->name,
                 size(f, d->free), size(f, d->total));
        if (l->outcome != LLW_LOG_LOADED || d->free < 0 || d->draft < 0 || d->model < 0 || d->context < 0 ||
            d->compute < 0)
            continue;
        int64_t left = d->free - d->model - d->context - d->compute - d->other - d->draft;
        if (left < GROWTH && d->model + d->context > 0)
            find(f, "R17", d->line, more_free(f), "%s has %s left after the load%s", d->name, size(f, left),
                 left < 0
                     ? ", less than nothing: others gave memory back meanwhile, or the driver swaps to RAM"
                     : "");
    }
}

/* Whether the build is from before May 2026, when the default verbosity still printed sizes. */
static bool prints_sizes(const finder *f) {
    llw_build build;
    if (f->load->early || !f->load->build) return f->load->early;
    return llw_build_read(f->arena, f->load->build, &build, NULL) == LLW_OK &&
           build.order <= llw_build_order(LLW_LOG_LAST_EARLY);
}

static void find_quiet(finder *f) {
    const llw_load *l = f->load;
    bool figures = l->n_buffers || l->host.from_summary;
    if (figures || l->outcome == LLW_LOG_FAILED || !l->path) return;
    if (l->verbosity >= 0 && l->verbosity < 4)
        find(f, "R09", l->verbosity_line, "start with -lv 4, which prints them",
             "at verbosity %lld llama.cpp prints no buffer sizes", (long long)l->verbosity);
    else if (l->loaded_line && prints_sizes(f))
        find(f, "R09", l->loaded_line, "give the log from its first line on, made without --log-disable",
             "the log shows no buffer sizes, which a build of this age prints");
    else if (l->loaded_line)
        find(f, "R09", l->loaded_line,
             "start with -lv 4: from May 2026 on (b9181) the default of 3 leaves them out",
             "the log shows no buffer sizes");
}

/* Ollama is told these things by other names than llama.cpp. */
static void advise_ollama(finder *f) {
    static const struct {
        const char *code, *advice;
    } own[] = {{"R01", "a smaller num_ctx, fewer layers (num_gpu), or OLLAMA_GPU_OVERHEAD to keep more free"},
               {"R02", "a smaller num_ctx, fewer layers (num_gpu), or OLLAMA_GPU_OVERHEAD to keep more free"},
               {"R03", "a smaller model or num_ctx, or a higher limit for the container"},
               {"R10", "a smaller num_ctx or file, or a larger num_gpu"},
               {"R13", "OLLAMA_FLASH_ATTENTION=1, if the model allows it"},
               {"R15", "a num_ctx of at most what the model was trained for"},
               {"R17", "a smaller num_ctx, or OLLAMA_GPU_OVERHEAD to keep more free"},
               {"R18", "OLLAMA_NUM_PARALLEL=1 for one user"}};
    for (int i = 0; i < f->load->n_findings; i++)
        for (size_t k = 0; k < sizeof own / sizeof *own; k++)
            if (!strcmp(f->load->findings[i].code, own[k].code)) f->load->findings[i].advice = own[k].advice;
}

void llw_log_find(llw_arena *arena, llw_load *load) {
    finder f = {arena, load};
    find_oom(&f);
    find_end(&f);
    if (load->no_gpu_line)
        find(&f, "R12", load->no_gpu_line,
             "a build with CUDA, ROCm, Vulkan or Metal, and in a container the GPUs handed in (--gpus all)",
             "no GPU was used: %s", load->no_gpu ? load->no_gpu : "llama.cpp found none it could use");
    find_fit(&f);
    find_placement(&f);
    find_memory(&f);
    find_context(&f);
    find_quiet(&f);
    if (load->program && !strcmp(load->program, "ollama")) advise_ollama(&f);
}
