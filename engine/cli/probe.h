/* What the two halves of llwhy probe share: probe.c asks a server, probe_with.c starts and stops it for every
 * profile and placement. */
#ifndef LLW_CLI_PROBE_H
#define LLW_CLI_PROBE_H

#include "cli/app.h"
#include "fact/probe.h"
#include "source/evidence/probe_run.h"

#include <signal.h>

typedef struct llw_probing {
    llw_app *app;
    const char *url, *record;
    llw_probe_options options; /* for every server alike */
    llw_probe *probes;
    size_t n, capacity;
    size_t shown; /* columns of the progress line on the terminal */
} llw_probing;

/* Set by SIGINT and SIGTERM. */
extern volatile sig_atomic_t llw_probe_stop;

/* Probes one server with these options and keeps the probe; `start` carries what is known of it already. */
void llw_probing_run(llw_probing *p, const llw_probe_options *options, const llw_probe *start);
/* A few words of progress on stderr, in place where that is a terminal; "" clears them. */
void llw_probing_progress(llw_probing *p, const char *what);
/* Starts, probes and stops the server for every profile of the files. */
void llw_probing_walk(llw_probing *p, const char *const *files, size_t n);

#endif
