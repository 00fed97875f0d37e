/* llwhy without a model: every launch of the project's .llwhy.yaml. */
#ifndef LLW_CLI_PROJECT_H
#define LLW_CLI_PROJECT_H

#include "cli/app.h"

/* Finds .llwhy.yaml here or above and decides about each of its launches. */
int llw_project_decide(llw_app *app);

#endif
