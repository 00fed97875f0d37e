/* A probe: what one running server did when prompts were sent to it, and which server it was.
 *
 * source/ makes it, render/ writes it (llwhy.probe/1, docs/json/probe.schema.json), the facts of kind `probe`
 * are claimed from it. Strings and arrays belong to the arena of whoever made it. What nobody told stays
 * NULL, or negative for numbers: it is unknown, never 0. */
#ifndef LLW_FACT_PROBE_H
#define LLW_FACT_PROBE_H

#include "fact/facts.h"

typedef enum llw_probe_outcome {
    LLW_PROBE_PASSED,
    LLW_PROBE_FAILED,
    LLW_PROBE_SKIPPED,    /* it could not say anything: the context is too small, there is one slot */
    LLW_PROBE_INTERRUPTED /* somebody stopped us */
} llw_probe_outcome;

/* What went wrong in a trial, worst first. */
typedef enum llw_probe_problem {
    LLW_PROBE_FINE,
    LLW_PROBE_CRASHED,     /* the server was gone, or had been started anew, after the prompt */
    LLW_PROBE_HUNG,        /* nothing came within the time allowed */
    LLW_PROBE_CUT,         /* the connection ended in the middle; the server still answers */
    LLW_PROBE_NO_TOKENS,   /* an answer without a token */
    LLW_PROBE_TRUNCATED,   /* the server shortened the prompt */
    LLW_PROBE_SLOW,        /* tokens came, slower than asked for */
    LLW_PROBE_HTTP,        /* an HTTP status that is no success */
    LLW_PROBE_GARBLED,     /* an answer that is none of the protocol */
    LLW_PROBE_WRONG_MODEL, /* another model than the one meant answers */
    LLW_PROBE_UNREACHABLE, /* no server there, or it did not become ready */
    LLW_PROBE_NOT_STARTED, /* what was started ended, or did not become ready */
    LLW_PROBE_PROBLEMS
} llw_probe_problem;

/* Who counted the tokens of a prompt. */
typedef enum llw_probe_counted {
    LLW_PROBE_NOT_COUNTED,
    LLW_PROBE_ESTIMATED, /* from the length of the text */
    LLW_PROBE_TOKENIZED, /* /tokenize, before it was sent */
    LLW_PROBE_REPORTED   /* the server's answer (timings, usage) */
} llw_probe_counted;

/* One prompt, or several at once. */
typedef struct llw_probe_trial {
    const char *name; /* short, long, 1k, half, full, slots */
    llw_probe_outcome outcome;
    llw_probe_problem problem;
    const char *detail; /* a sentence: why it failed or was skipped; "" */
    int64_t at_once;    /* prompts sent together */
    int64_t wanted;     /* tokens a prompt was to have; -1 */
    int64_t prompt;     /* tokens each had; -1 */
    llw_probe_counted counted;
    int64_t generated;                    /* tokens that came, of all prompts; -1 */
    double first_token, seconds;          /* until the first token and in all; -1 */
    double prompt_speed, generated_speed; /* tokens a second of one prompt, its slowest; -1 */
    const char *speed_source;             /* "server" (timings) or "clock"; NULL */
    int http_status;                      /* 0 when none came */
} llw_probe_trial;

typedef enum llw_probe_verdict {
    LLW_PROBE_PROVEN,    /* short and long prompts were answered, nothing failed */
    LLW_PROBE_BROKEN,    /* something failed that is the server's doing */
    LLW_PROBE_INCOMPLETE /* no prompt of 100 tokens and more was answered, or it was stopped; or what failed
                            says nothing about the server: another model, a key, an address */
} llw_probe_verdict;

typedef struct llw_probe {
    const char *url;       /* without user, password and query */
    const char *started;   /* UTC, 2026-11-28T11:20:00Z */
    double seconds;        /* -1 while it runs */
    const char *profile;   /* FILE:profile that was started; NULL */
    const char *placement; /* flags added to the profile's; NULL */
    const char *api;       /* llama-server, openai; NULL when nothing answered */
    /* build */
    const char *build_info; /* as the server says it: b8022-b48e80f67 */
    const char *build;      /* b8022; from build_info, or --llama */
    const char *commit;     /* b48e80f67 */
    /* model */
    const char *model;       /* name or alias it answers to */
    const char *model_path;  /* on the server's machine */
    const char *model_meant; /* what it should be; NULL when nobody said */
    const char *file_type;   /* Q8_0 */
    int64_t model_bytes;     /* of its tensors, as the server says */
    int64_t file_bytes;      /* of its file, where it can be seen from here */
    int64_t parameters, context_trained;
    /* launch */
    int64_t context; /* tokens of one slot */
    int64_t slots;
    const char *const *flags; /* words it was started with; NULL unknown */
    size_t n_flags;
    /* machine */
    bool here;                  /* it runs on this machine */
    const char *const *devices; /* GPUs there: "CUDA0 NVIDIA H200, 143771 MiB"; NULL unknown, empty: none */
    size_t n_devices;
    const char *driver;

    llw_probe_trial *trials;
    size_t n_trials;
    bool interrupted;
} llw_probe;

const char *llw_probe_outcome_name(llw_probe_outcome outcome);
const char *llw_probe_problem_name(llw_probe_problem problem); /* "" when fine */
const char *llw_probe_counted_name(llw_probe_counted counted); /* "" when not counted */
const char *llw_probe_verdict_name(llw_probe_verdict verdict);

llw_probe_verdict llw_probe_judge(const llw_probe *probe);
/* The verdict as one sentence, in the arena. */
const char *llw_probe_summary(const llw_probe *probe, llw_arena *arena);

/* Whether a trial says anything about the build: true and *passed, or false when the trouble lies elsewhere
 * (a key that was refused, another model, no server). */
bool llw_probe_tells(const llw_probe_trial *trial, bool *passed);

/* Claims a `probe` entity for every trial that says something about the build, with its build (made if
 * needed) and its model where the facts hold one of that file name. Grade measured, origin "probe", place the
 * time. A build that cannot be read leaves a note and its trials without a build. */
void llw_probe_claim(llw_facts *facts, const llw_probe *probe);

#endif
