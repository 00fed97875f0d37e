/* Load logs: what llama.cpp really did, read from what it printed.
 *
 * Reads the output of llama.cpp's programs from 2023 to v0.5.0 and of ik_llama.cpp, bare or behind the marks
 * of docker, docker compose, journald, Kubernetes, LocalAI and llama-server's router, with colours, CR LF,
 * UTF-16. One file may hold several loads, several processes, and the lines of several services mixed. What
 * llama.cpp prints is data: log/lines.def.
 *
 * A log is untrusted: nothing in it is opened, run or printed raw. Reading never fails for what a log says; a
 * figure that is not there is -1, a text that is not there is NULL. Everything lives in the arena given.
 * Cost: O(bytes of the log), about 20 MB a second. */
#ifndef LLW_SOURCE_LOG_H
#define LLW_SOURCE_LOG_H

#include "base/arena.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    LLW_LOG_BYTES = 256 << 20, /* longest file */
    LLW_LOG_LINE = 1024,       /* bytes of a line that are looked at */
    LLW_LOG_LOADS = 512,       /* loads that are kept */
    LLW_LOG_DEVICES = 20,      /* devices of a load that are kept */
    LLW_LOG_BUFFERS = 512,
    LLW_LOG_EVIDENCE = 12,
    LLW_LOG_FINDINGS = 24,
};

/* The last source (models/builds.tsv) in which the server's own lines begin with "main:" and its default
 * verbosity prints sizes. */
#define LLW_LOG_LAST_EARLY "2026-05-04"

/* What llama.cpp rounds sizes to when it prints them: a figure is exact to half of it. */
enum { LLW_LOG_TENTH_KIB = 10486 /* two decimals of a MiB */ };

typedef enum llw_log_outcome {
    LLW_LOG_UNKNOWN, /* the log ends before the load does */
    LLW_LOG_LOADED,
    LLW_LOG_OOM,    /* memory ran out, at the load or later */
    LLW_LOG_CRASH,  /* CUDA error, failed assertion, signal */
    LLW_LOG_FAILED, /* llama.cpp gave up with a message */
} llw_log_outcome;

typedef enum llw_log_part {
    LLW_LOG_MODEL,
    LLW_LOG_KV,
    LLW_LOG_RECURRENT,
    LLW_LOG_COMPUTE,
    LLW_LOG_OUTPUT,
    LLW_LOG_PROJECTOR, /* of a vision or audio projector */
    LLW_LOG_OTHER,     /* LoRA, 2023's scratch buffer */
    LLW_LOG_PARTS
} llw_log_part;

const char *llw_log_outcome_name(llw_log_outcome outcome); /* loaded, oom, ... */
const char *llw_log_part_name(llw_log_part part);          /* "model", "KV", ... as llama.cpp calls them */

/* One "buffer size" line. */
typedef struct llw_log_buffer {
    const char *name;   /* as printed: CUDA0, CPU_Mapped, CUDA0_Split */
    const char *device; /* CUDA0; "Host" for everything in RAM */
    llw_log_part part;
    int64_t bytes;
    int64_t precision; /* the figure was rounded to a multiple of this */
    int line;
    int context; /* 0 the first context of this load, 1 a second one (a draft, a second test) */
} llw_log_buffer;

typedef struct llw_log_device {
    const char *name; /* CUDA0, Host */
    const char *description;
    int64_t total, free; /* before the load, as llama.cpp was told */
    int memory_line, total_line;
    /* sums over the buffers of the first context; context is KV and recurrent state together */
    int64_t model, context, recurrent, compute, output;
    int64_t other; /* projector, LoRA, further contexts */
    int64_t draft; /* a draft loaded beside: its weights, caches and buffers; -1 when the log does not show
                      them */
    int64_t precision;
    int line;          /* of the first figure */
    int64_t mapped;    /* the part of model that is a mapping of the file: it spans from the first tensor that
                        * stays to the last, so it is more than the weights there when tensors between them are
                        * on a GPU */
    bool from_summary; /* the figures come from the memory breakdown printed at the end, whole MiB */
    int64_t unaccounted; /* by that breakdown; -1 unknown */
} llw_log_device;

typedef enum llw_log_fit_state {
    LLW_LOG_FIT_NONE,
    LLW_LOG_FIT_STARTED,
    LLW_LOG_FIT_UNCHANGED,
    LLW_LOG_FIT_DONE,
    LLW_LOG_FIT_GAVE_UP,
    LLW_LOG_FIT_ERROR
} llw_log_fit_state;

typedef struct llw_log_fit {
    llw_log_fit_state state;
    const char *reason;               /* why it gave up, llama.cpp's words */
    int line;                         /* of the last word on it */
    int64_t context_from, context_to; /* it made the context smaller; -1 */
    bool context_free;                /* nobody gave -c */
    int64_t context_given;            /* somebody gave this one; -1 */
    int64_t layers_given;             /* it gave up because of this -ngl; -1 */
    double seconds;                   /* -1 unknown */
    int64_t targets[16];              /* bytes to keep free, by device as printed */
    int n_targets;
} llw_log_fit;

typedef struct llw_log_oom {
    const char *device; /* NULL unknown; "Host" */
    int64_t asked;      /* -1 unknown */
    int64_t asked_precision;
    int64_t free_before; /* on that device before the load; -1 */
    int64_t taken;       /* by buffers of this load that the log shows there */
    int64_t free;        /* free_before - taken; -1 unknown */
    llw_log_part part;   /* what it was for */
    bool running;        /* after the load had ended: a request made it */
    bool killed;         /* the kernel ended the process */
    bool unpipelined;    /* llama.cpp got over it by not overlapping the GPUs' work */
    int line;            /* 0: there was none */
} llw_log_oom;

typedef struct llw_log_finding {
    const char *code;  /* R01 ... */
    const char *level; /* wrong, risk, waste or note: the ladder of the lessons */
    int line;
    const char *message; /* one sentence without a full stop */
    const char *advice;  /* "" when there is nothing to do */
} llw_log_finding;

typedef struct llw_load {
    int first_line, last_line;
    const char *source; /* service, unit[pid] or container that printed it; NULL when the log has one voice */
    /* the process */
    const char
        *build; /* b8022, v0.5.0, a commit; NULL when it cannot be told (a copy without history says 0) */
    const char *build_text; /* as printed */
    const char *commit;
    int build_line;
    bool ik;             /* ik_llama.cpp, whose builds count apart */
    bool ollama_engine;  /* the figures are those of Ollama's own engine, not llama.cpp's */
    const char *program; /* llama-server, llama-cli, llama-bench, ollama ...; NULL unknown */
    int64_t verbosity;   /* -1 unknown */
    int verbosity_line;
    int64_t threads;
    int no_gpu_line;    /* it says that no GPU can be used; 0: it does not */
    const char *no_gpu; /* why, when it says so */
    /* the model */
    bool draft;     /* a draft model beside the main one */
    int draft_line; /* this one has a draft beside it, from here on; 0: none */
    const char *draft_path;
    int draft_context; /* the first of its contexts that drafts, against the same weights; 0: none */
    const char *path, *architecture, *name, *file_type;
    int path_line;
    int64_t file_bytes, file_bytes_precision; /* weights, as print_info says them */
    int64_t params;
    int64_t n_layer, n_ctx_train, n_expert;
    /* the context */
    int64_t n_ctx, n_ctx_seq, n_batch, n_ubatch, n_seq;
    int n_ctx_line, n_batch_line, n_ubatch_line, n_seq_line;
    const char *flash_attn; /* on, off, auto */
    bool flash_attn_auto;   /* it was left to llama.cpp, which then chose flash_attn */
    int flash_attn_line;
    const char *kv_unified; /* true, false */
    const char *type_k, *type_v;
    int type_line;
    bool pipelined;
    int n_contexts;
    /* placement */
    int64_t offloaded, layers; /* "offloaded 29/29 layers to GPU" */
    int offloaded_line;
    int64_t overrides;           /* tensors moved by -ot and its like that the log names */
    bool overrides_only_experts; /* all of them experts to the CPU */
    int64_t override_layers;     /* highest layer among them, plus 1 */
    bool overrides_mentioned;    /* llama.cpp says that there are some, without naming them */
    int overrides_line;
    llw_log_buffer *buffers;
    size_t n_buffers, buffer_capacity;
    llw_log_device devices[LLW_LOG_DEVICES]; /* GPUs in llama.cpp's order, as far as the log shows it */
    int n_devices;
    llw_log_device host;
    int64_t splits[2], split_batch[2]; /* graph splits: for a full micro-batch, and for one token a slot */
    int n_splits, splits_line;
    llw_log_fit fit;
    /* the end */
    llw_log_outcome outcome;
    int evidence[LLW_LOG_EVIDENCE]; /* lines that say so */
    int n_evidence;
    bool early;          /* its words are those of builds up to May 2026 */
    int loaded_line;     /* 0: it never said that it was ready */
    const char *failure; /* llama.cpp's words */
    bool illegal_access;
    const char *crash_device;
    int64_t crash_prompt; /* tokens of the request that was running; -1 */
    bool ended;           /* it said that it was shutting down */
    llw_log_oom oom;
    llw_log_oom retry; /* one that was got over: unpipelined, or by another try */
    /* speed, from the timings of requests */
    int64_t requests;
    int64_t prompt_tokens, eval_tokens;
    double prompt_ms, eval_ms;
    double eval_steps; /* tokens as llama.cpp counts them in its rates: the first of an answer comes with the
                          prompt */
    int64_t longest_prompt;
    double longest_prompt_speed;        /* tokens a second */
    double cli_prompt_speed, cli_speed; /* tokens a second of the last answer of llama-cli, which tells no
                                           more; 0 when not told */
    int timing_line;
    size_t n_warnings, n_errors; /* lines marked so */
    llw_log_finding findings[LLW_LOG_FINDINGS];
    int n_findings;
} llw_load;

typedef struct llw_log {
    const char *path;   /* as given; "-" for standard input */
    const char *origin; /* of claims made from it; NULL: "log" */
    llw_load *loads;
    size_t n_loads, n_more; /* n_more: beyond LLW_LOG_LOADS */
    int lines;
    bool recognised; /* something in it was llama.cpp's */
} llw_log;

/* Reads a log file ("-": standard input). LLW_ERR_INPUT when it is no regular file, too long, or has no line
 * of llama.cpp in it. */
llw_rc llw_log_read(llw_arena *arena, const char *path, llw_log *out, llw_err *err);

/* Reads bytes. Never fails; out->recognised says whether anything was llama.cpp's. */
void llw_log_parse(llw_arena *arena, const char *path, const char *bytes, size_t len, llw_log *out);

/* The load that tells most: the last main model that loaded, else the last that shows figures, else the last;
 * NULL when there is none. */
const llw_load *llw_log_best(const llw_log *log);

/* The device of that name among the load's GPUs, "Host" for the host; NULL when there is none. */
const llw_log_device *llw_load_device(const llw_load *load, const char *name);

/* What the load keeps of the weights in RAM: the host's model buffer, or, where that is a mapping that spans
 * more, what the GPUs do not hold. *certain says that it is the buffer. -1 unknown. */
int64_t llw_load_weights_in_ram(const llw_load *load, bool *certain);

/* Title, level and explanation of a finding's code, for `explain CODE`; NULL when there is none. */
const char *llw_log_code_title(const char *code);
const char *llw_log_code_level(const char *code);
const char *llw_log_code_text(const char *code);

#endif
