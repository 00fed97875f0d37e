/* What lint, its repairs and its suppressions share: one pass over the files, as often as a repair has to be
 * tried. */
#ifndef LLW_CLI_LINT_H
#define LLW_CLI_LINT_H

#include "base/lines.h"
#include "cli/app.h"
#include "explain/baseline.h"
#include "explain/finding.h"
#include "explain/suppress.h"
#include "fact/flags.h"
#include "source/config/config.h"

typedef struct llw_linting {
    llw_app *app; /* app->facts is the machine, gathered once; every pass lies over it */
    llw_flags flags;
    llw_level least;
    const char *today;
    bool has_baseline;
} llw_linting;

typedef struct llw_lint_pass {
    llw_facts *facts;
    llw_run *run;
    llw_config_result config;
    llw_lines *lines;
    llw_baseline baseline;
    llw_findings findings, accepted; /* folded, in order; findings have their fixes */
} llw_lint_pass;

/* Loads the knowledge, the option table and the machine. False when that was not possible, or an option is
 * wrong; it was told. */
bool llw_lint_start(llw_app *app, llw_level least, llw_linting *lint);

/* Reads the paths and judges them. `quiet`: what cannot be read was told before. False when there is nothing
 * to judge. */
bool llw_lint_pass_run(llw_linting *lint, bool quiet, llw_lint_pass *out);
void llw_lint_pass_end(llw_lint_pass *pass);

/* Tries the repairs of the pass and keeps those that hold. With `write` the files are written and *pass
 * becomes that of the repaired files; else a patch is appended to *diff. Tells on stderr what was done. */
void llw_lint_repair(llw_linting *lint, llw_lint_pass *pass, bool write, llw_text *diff);

#endif
