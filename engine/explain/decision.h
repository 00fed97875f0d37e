/* The decision about one launch, ready to be rendered: answer first, then the reasons.
 *
 * Everything is text and numbers; nothing refers back into the run except the nodes and slots that `why` may
 * ask about. Lives in the arena given. */
#ifndef LLW_EXPLAIN_DECISION_H
#define LLW_EXPLAIN_DECISION_H

#include "infer/run.h"

typedef enum llw_verdict {
    LLW_VERDICT_LOADS,
    LLW_VERDICT_LIKELY_LOADS, /* the error band reaches over the edge */
    LLW_VERDICT_LIKELY_FAILS,
    LLW_VERDICT_FAILS,
    LLW_VERDICT_REFUSED, /* llama.cpp will not start with these flags */
    LLW_VERDICT_UNKNOWN,
} llw_verdict;

typedef struct llw_device_line {
    const char *name, *gpu; /* CUDA0, RTX 4090; the host's is "RAM" */
    llw_entity placement;
    bool known; /* free is known, so left is */
    int64_t total, free, weights, kv, compute, compute_low, compute_high, left;
    int64_t draft; /* what a draft takes there; 0 when there is none, or nobody knows */
} llw_device_line;

typedef struct llw_reason {
    const llw_node *node;
    const char *text;
    llw_level level;
    const char *code; /* of its lesson */
} llw_reason;

/* One flag that an offer sets or drops, and why. */
typedef struct llw_flag_change {
    bool set;
    const char *flag; /* "--fit-target 128,1024"; when dropped: "-ngl 99" */
    llw_attr attr;
    const char *reason;
    const char *code; /* of the lesson, or "" */
} llw_flag_change;

typedef struct llw_offer {
    bool offered;
    const char *title;
    const char *const *args; /* the flags after the model */
    size_t n_args;
    const char *command; /* to paste */
    const char *result;  /* "CUDA0 keeps 76 MiB free" */
    llw_flag_change *changes;
    size_t n_changes;
    const char *const *asides; /* "not repeated here: ...": what of the launch's own words is not in args */
    size_t n_asides;
    bool certain;          /* not only by the point estimate */
    const char *runner_up; /* the next best and why it loses; "" */
    const llw_fit *fit;    /* what llama.cpp makes of it; NULL when there is no offer */
    const llw_fit *runner; /* ... and of the next best; NULL when there is none */
} llw_offer;

typedef struct llw_lesson_line {
    const llw_lesson *lesson;
    llw_state state;
    const char *text;     /* why silent, what is missing; "" when fired */
    const llw_node *node; /* the nearest one; NULL when there was nothing to judge */
} llw_lesson_line;

typedef struct llw_decision {
    const llw_run *run;
    llw_entity launch, model, build;
    const llw_predicted *predicted;
    const char *title;        /* GLM-4.7-Flash Q8_0 · deepseek2, mixture of experts: ... */
    const char *details;      /* 47 layers ..., file ... */
    const char *build_name;   /* llama.cpp b8022 */
    llw_device_line *devices; /* the GPUs, then the host */
    size_t n_devices;
    llw_verdict verdict;
    const char *verdict_text;
    const char *uncertainty; /* what the verdict rests on; "" */
    llw_offer repair, choice;
    llw_reason *reasons;
    size_t n_reasons;
    llw_lesson_line *lessons;
    size_t n_lessons;
    const char *const *notes;
    size_t n_notes;
    const char *survival;     /* what grows later and whether it fits; "" */
    const char *speed;        /* tokens per second with what it assumes; "" */
    const char *context_text; /* largest context, what fit does: "" when flags were given */
} llw_decision;

/* What is so: devices, verdict, reasons, lessons; no offers, which cost most. */
void llw_decide_verdict(llw_run *run, llw_entity launch, llw_arena *arena, llw_decision *out);
/* Decides about a launch of the run: the same, and what to do instead. */
void llw_decide(llw_run *run, llw_entity launch, llw_arena *arena, llw_decision *out);

/* Whether a node is about this launch: one of its things is the launch, its placement, model, build or a GPU.
 */
bool llw_node_concerns(const llw_run *run, const llw_node *node, llw_entity launch);

const char *llw_verdict_name(llw_verdict verdict);

#endif
