/* Two runs beside each other: what differs in what was given, and what that makes of memory, verdict, figures
 * and findings. what-if, change and contrast are this, asked in three ways.
 *
 * Findings are matched by rule and by the device or thing they are about, never by the launch's or model's
 * name, so that two launches of two models can be compared too. Everything lives in the arena given; the two
 * runs must outlive it. */
#ifndef LLW_EXPLAIN_DIFFERENCE_H
#define LLW_EXPLAIN_DIFFERENCE_H

#include "explain/decision.h"

typedef struct llw_side {
    llw_run *run;
    llw_entity launch;
    const char *name; /* "now", "with -ub 256", a model's name: what the sentences call it */
} llw_side;

/* Something given that differs: a flag, a property of a card, of the model, of the build. */
typedef struct llw_input {
    const char *name; /* "-ub", "memory free on CUDA1", "the model" */
    const char *before, *after;
    llw_attr attr;
} llw_input;

typedef struct llw_device_pair {
    const char *name;
    const llw_device_line *before, *after; /* NULL: not there */
} llw_device_pair;

/* A result that differs. */
typedef struct llw_figure {
    const char *name; /* "context", "layers in RAM", "tokens per second" */
    const char *before, *after;
    llw_attr attr;
} llw_figure;

typedef enum llw_change_kind { LLW_GONE, LLW_COME, LLW_CHANGED } llw_change_kind;
const char *llw_change_kind_name(llw_change_kind kind);

typedef struct llw_finding_change {
    llw_change_kind kind;
    const llw_node *before, *after; /* the one that fired; NULL on the other side */
    const char *code, *rule;
    llw_level level;
    const char *text;   /* the finding: as it was when gone, as it is otherwise */
    const char *was;    /* of a changed one: as it was */
    const char *reason; /* the condition that turned, with its values on both sides; "" of a changed one */
} llw_finding_change;

/* A lesson that can no longer be judged, or can be now. */
typedef struct llw_lesson_change {
    const llw_lesson *lesson;
    llw_state before, after;
    const char *text; /* why it is undecided now; "" */
} llw_lesson_change;

typedef struct llw_difference {
    llw_side a, b;
    llw_decision before, after; /* without offers */
    llw_input *inputs;
    size_t n_inputs;
    llw_device_pair *devices;
    size_t n_devices;
    llw_figure *figures;
    size_t n_figures;
    llw_finding_change *findings;
    size_t n_findings;
    llw_lesson_change *lessons;
    size_t n_lessons;
} llw_difference;

void llw_differ(const llw_side *a, const llw_side *b, llw_arena *arena, llw_difference *out);

/* The node of the same rule about the same device or thing on the other side, or NULL. */
const llw_node *llw_side_counterpart(const llw_side *from, const llw_node *node, const llw_side *in);

/* Why a rule holds on one side (the node that fired is of a or of b) and not on the other: the first
 * condition that turned, with both its values. */
const char *llw_say_flip(const llw_side *a, const llw_side *b, bool fired_at_a, const llw_node *node,
                         llw_arena *arena);

#endif
