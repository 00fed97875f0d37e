/* The fact base: entities, and for each slot (entity, attribute) the claims that were made about it.
 *
 * Rivals stay; the best grade wins, and among equals the later claim. An unknown claim (an [N/A] that was
 * read) never wins over a known one, unless it was asked for with grade WHATIF. The fact base owns everything
 * it holds; strings given to it are copied and interned. An overlay sees its parent's facts and adds its own:
 * the parent must outlive it and must not change meanwhile. Derived slots are claimed in a run's overlay,
 * never in what was read.
 *
 * Look-ups are O(1). Nothing here fails. */
#ifndef LLW_FACT_FACTS_H
#define LLW_FACT_FACTS_H

#include "base/arena.h"
#include "fact/schema.h"

typedef enum llw_grade {                      /* ascending trust */
                         LLW_GRADE_DEFAULT,   /* llama.cpp's or our default */
                         LLW_GRADE_PROSE,     /* a comment or document */
                         LLW_GRADE_CARD,      /* the model card */
                         LLW_GRADE_PREDICTED, /* computed by predict/ or derived by a rule, or estimated */
                         LLW_GRADE_FILE,      /* GGUF header, stat */
                         LLW_GRADE_CONFIG,    /* environment or configuration file */
                         LLW_GRADE_FLAG,      /* launch flags */
                         LLW_GRADE_PROCESS,   /* the running process */
                         LLW_GRADE_MEASURED,  /* NVML, nvidia-smi, a load log, a probe; also --gpu, which
                                                 states it */
                         LLW_GRADE_WHATIF,    /* asked for on purpose */
} llw_grade;

const char *llw_grade_name(llw_grade grade);

typedef struct llw_claim {
    llw_value value;
    llw_grade grade;
    const char *origin; /* who says so: gguf, stat, nvml, nvidia-smi, argument, environment, model card,
                           default ... */
    const char
        *place; /* where: deepseek2.expert_count, argument 7, models.conf:104:3; "" when origin says it all */
    struct llw_claim *next; /* the next best claim on the same slot in this base, or NULL */
} llw_claim;

/* Computed by predict/: also where it was claimed with grade what-if, over what was measured of the launch as
 * it was. */
bool llw_claim_is_predicted(const llw_claim *claim);

struct llw_model; /* fact/model.h */

typedef struct llw_facts llw_facts;

llw_facts *llw_facts_new(void);
llw_facts *llw_facts_overlay(const llw_facts *parent);
void llw_facts_free(llw_facts *facts);
llw_arena *llw_facts_arena(llw_facts *facts); /* lives as long as the base */

/* The entity of that kind and id, made if needed. Find returns 0 when there is none. */
llw_entity llw_facts_entity(llw_facts *facts, llw_kind kind, const char *id);
llw_entity llw_facts_find(const llw_facts *facts, llw_kind kind, const char *id);
llw_kind llw_facts_kind(const llw_facts *facts, llw_entity id);
const char *llw_facts_id(const llw_facts *facts, llw_entity id);
/* Entities have ids 1..max, parents' first, in the order in which they were made. */
llw_entity llw_facts_max(const llw_facts *facts);
/* The next entity of that kind after `after` (0 to start), or 0. */
llw_entity llw_facts_next(const llw_facts *facts, llw_kind kind, llw_entity after);

/* Adds a claim. The value's type must be the attribute's (an assertion: ours to get right). */
void llw_facts_claim(llw_facts *facts, llw_entity entity, llw_attr attr, llw_value value, llw_grade grade,
                     const char *origin, const char *place);

/* The winning claim, or NULL when nobody said anything. A claim may be of an unknown value. */
const llw_claim *llw_facts_best(const llw_facts *facts, llw_entity entity, llw_attr attr);
/* Every claim on a slot, best first; count in *n. The array lives in arena. */
const llw_claim **llw_facts_claims(const llw_facts *facts, llw_entity entity, llw_attr attr, llw_arena *arena,
                                   size_t *n);
/* The winning value, unknown when there is none. */
llw_value llw_facts_value(const llw_facts *facts, llw_entity entity, llw_attr attr);
/* True when two known claims on the slot differ. */
bool llw_facts_conflict(const llw_facts *facts, llw_entity entity, llw_attr attr);

/* What one layer adds to its parents (NULL for a base that is no overlay): its slots, one after the other from
 * *at = 0 on, and the best of its own claims on one, or NULL. */
const llw_facts *llw_facts_parent(const llw_facts *layer);
bool llw_facts_next_slot(const llw_facts *layer, size_t *at, llw_entity *entity, llw_attr *attr);
const llw_claim *llw_facts_own_claims(const llw_facts *layer, llw_entity entity, llw_attr attr);

/* Typed look-ups; false (and *out untouched) when unknown. */
bool llw_facts_count(const llw_facts *facts, llw_entity entity, llw_attr attr,
                     int64_t *out); /* COUNT, BYTES */
bool llw_facts_real(const llw_facts *facts, llw_entity entity, llw_attr attr,
                    double *out); /* REAL RATE SECONDS */
bool llw_facts_flag(const llw_facts *facts, llw_entity entity, llw_attr attr, bool *out);
bool llw_facts_text(const llw_facts *facts, llw_entity entity, llw_attr attr, const char **out);
llw_entity llw_facts_ref(const llw_facts *facts, llw_entity entity, llw_attr attr); /* 0 when unknown */

/* The parsed header of a model entity: its tensor table and metadata. NULL when only claims are known. */
void llw_facts_set_model(llw_facts *facts, llw_entity id, const struct llw_model *model);
const struct llw_model *llw_facts_model(const llw_facts *facts, llw_entity id);

/* A remark for the reader that is no fact: a diagnostic of a source ("part 2 of 3 is missing"). Kept in
 * order. */
void llw_facts_note(llw_facts *facts, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
size_t llw_facts_notes(const llw_facts *facts, const char *const **notes);

#endif
