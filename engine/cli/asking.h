/* What the questions share: which words are the question and which one is the model, and the launch asked
 * about. */
#ifndef LLW_CLI_ASKING_H
#define LLW_CLI_ASKING_H

#include "cli/app.h"
#include "explain/difference.h"
#include "source/launch/suppose.h"

/* Takes the model off the words behind the command (the last one, if it is a file or a known model), gathers
 * its facts or recalls those of the last run, and runs the lessons. False when the reason was said. Without a
 * single word left it complains with `usage`, when there is one. */
bool llw_asking_start(llw_app *app, const char *usage);
/* Whether the word is a model: a .gguf, a path, a known model's name. */
bool llw_asking_names_model(llw_app *app, const char *word);
/* The launch that is asked about. */
llw_entity llw_asking_launch(const llw_app *app);

/* The facts with what is supposed over them, and a run of the lessons over that; both are freed by
 * llw_asking_drop. */
typedef struct llw_supposition {
    llw_facts *facts;
    llw_run *run;
    llw_supposed supposed;
} llw_supposition;
bool llw_asking_suppose(llw_app *app, const char *const *words, size_t n, llw_supposition *out);
void llw_asking_drop(llw_supposition *supposition);

/* "-ub 256 and gpu+=RTX 4090" */
const char *llw_asking_said(llw_arena *arena, const llw_supposed *supposed);

/* Whether a decision has findings from --fail-on on, as the exit code says it. */
void llw_asking_judge(llw_app *app, const llw_decision *decision);

#endif
