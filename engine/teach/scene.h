/* A case come to life: its facts, a launch with some flags, and the run of the knowledge base over them.
 *
 * Everything a learner types becomes words of a launch, read by llama.cpp's own grammar
 * (source/launch/argv.h) and judged by the same rules as the team's. A scene owns its facts and its run; what
 * it gives out lives as long as it, or in the arena given. */
#ifndef LLW_TEACH_SCENE_H
#define LLW_TEACH_SCENE_H

#include "explain/decision.h"
#include "source/config/config.h"
#include "teach/case.h"

typedef struct llw_scene {
    llw_arena *arena; /* the caller's */
    llw_facts *facts;
    llw_run *run;
    llw_entity launch, model;
    llw_argv_result argv;
    llw_texts words; /* the flags in effect */
    const llw_config_input
        *files; /* the configuration that it stands in; none: its words are the case's own */
    size_t n_files;
    const llw_config_result *config; /* what was read in them; NULL */
} llw_scene;

/* Opens the case with the changes given laid over it one after the other (NULL ones are none), and then
 * `edit` on the words of the launch (NULL: as they are). An edit is a line of flags: an option that is given
 * takes the place of the same option before it; "without -ot -b" leaves options out; "only" in front forgets
 * all words before. LLW_ERR_INPUT with the reason when a thing of the case is not known; words that llama.cpp
 * refuses are no error. */
llw_rc llw_scene_open(const llw_kb *kb, const llw_case *c, const llw_case_setting *const *changes,
                      size_t n_changes, const llw_texts *edit, llw_arena *arena, llw_scene *out,
                      llw_err *err);
void llw_scene_close(llw_scene *scene);

/* A case and the scenes that its questions and answers need again and again: each set-up is run once. Make it
 * with the first three members; close it to let the scenes go. */
typedef struct llw_stage {
    const llw_kb *kb;
    const llw_case *c;
    llw_arena *arena;
    struct llw_staged *first;
} llw_stage;

/* The team's launch with the changes (NULL or empty: none) laid over it. Belongs to the stage. */
llw_rc llw_stage_scene(llw_stage *stage, const llw_case_setting *change, const llw_case_setting *more,
                       const llw_scene **out, llw_err *err);
/* The same with a plan: the edit that somebody typed. */
llw_rc llw_stage_plan(llw_stage *stage, const llw_case_setting *change, const llw_texts *edit,
                      const llw_scene **out, llw_err *err);
void llw_stage_close(llw_stage *stage);

llw_verdict llw_scene_verdict(const llw_scene *scene);

/* What an expression came to, with what its variables stand for. */
typedef struct llw_scene_value {
    llw_expr expr;
    llw_result result;
    llw_entity binding[LLW_MAX_VARIABLES];
} llw_scene_value;

/* An expression over launch, model, build, host, claim, probe, card (the first of their kind), CUDA0, CUDA1
 * ..., Host (what the launch puts there) and gpu0, gpu1 ... (the cards), at most LLW_MAX_VARIABLES of them.
 * The value may be unknown. LLW_ERR_INPUT when it cannot be read. */
llw_rc llw_scene_eval(const llw_scene *scene, const char *text, const char *file, int line,
                      llw_scene_value *out, llw_err *err);
/* "experts of the model = 64, file bytes of the model = 31,839,902,720": the slots an expression reads, each
 * once. */
void llw_scene_say_slots(const llw_scene *scene, const llw_scene_value *value, llw_text *out);
/* "CUDA0 372.0 MiB short, CUDA1 keeps 1.57 GiB free; 23.83 GiB of weights in RAM", or why nothing can be
 * said. */
void llw_scene_say_memory(const llw_scene *scene, llw_text *out);

/* The node of a rule that fired about the launch, or NULL; LLW_ERR_INPUT when there is no such rule. */
llw_rc llw_scene_fired(const llw_scene *scene, const char *rule, const char *file, int line,
                       const llw_node **node, llw_err *err);

typedef enum llw_truth { LLW_FALSE, LLW_TRUE, LLW_UNDECIDABLE } llw_truth;

/* Whether all parts hold. A proviso with nothing in it holds. `answer` is not looked at. */
llw_rc llw_scene_holds(const llw_scene *scene, const llw_proviso *proviso, const char *file, llw_truth *truth,
                       llw_err *err);

/* A slot by its name ("model.experts", "CUDA0.free"); false when the scene has no such thing or attribute. */
bool llw_scene_slot(const llw_scene *scene, const char *name, llw_entity *entity, llw_attr *attr);

#endif
