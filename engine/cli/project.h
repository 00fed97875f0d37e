/* llwhy without a model: every launch of the project's .llwhy.yaml. */
#ifndef LLW_CLI_PROJECT_H
#define LLW_CLI_PROJECT_H

#include "cli/app.h"

#include <stddef.h>

/* What is done with a launch of the project: its options stand in the app, its model is a file or a known
 * name. The facts and the run that it makes are let go afterwards. */
typedef void llw_project_visit(llw_app *app, const char *name, const char *model, void *context);

/* The path of .llwhy.yaml here or above, up to the root of the repository; NULL when there is none. */
const char *llw_project_find(llw_app *app);

/* Finds .llwhy.yaml here or above and visits each of its launches; their count in *n. False when there is no
 * such file; one that cannot be read was told. */
bool llw_project_each(llw_app *app, llw_project_visit *visit, void *context, size_t *n);

/* Finds .llwhy.yaml here or above and decides about each of its launches. */
int llw_project_decide(llw_app *app);

#endif
