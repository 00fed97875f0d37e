/* Rows of llama.cpp's own accounting, and what is predicted for them. */
#ifndef TESTS_TRUTH_H
#define TESTS_TRUTH_H

#include "predict/predict.h"

#include "launches.h"

typedef struct truth_part {
    long long weights, context, compute;
} truth_part;

typedef struct truth_row {
    const char *llama, *program, *model, *args;
    char gpus[512]; /* TOTAL:FREE,... */
    int n_gpus;
    bool together; /* -sm tensor: llama.cpp lists all cards as one, here the two that were there */
    truth_part host, gpu[LLW_MAX_DEVICES];
} truth_row;

typedef struct truth_result {
    llw_prediction predicted;
    bool weights, context, compute, inside; /* right on every device; truth inside the band */
    double worst;                           /* largest compute error as a share of a device's total */
    double share;                           /* the same of the worst device's compute buffer */
} truth_result;

static void truth_compare(truth_result *r, const truth_part *truth, const llw_memory *m, bool is_gpu) {
    long long total = truth->weights + truth->context + truth->compute;
    double off =
        (double)(m->compute > truth->compute ? m->compute - truth->compute : truth->compute - m->compute);
    if (m->weights != truth->weights) r->weights = false;
    if (m->context != truth->context) r->context = false;
    if (m->compute != truth->compute) r->compute = false;
    if (truth->compute < m->compute_low || truth->compute > m->compute_high) r->inside = false;
    if (is_gpu && total > 0 && off / (double)total > r->worst) r->worst = off / (double)total;
    if (is_gpu && truth->compute > 0 && off / (double)truth->compute > r->share)
        r->share = off / (double)truth->compute;
}

/* The row's cards are those used: -dev has done its work. */
static void without_dev(char *args) {
    char *at = strstr(args, " -dev ");
    if (!at) return;
    size_t words = strcspn(at + 6, " ");
    memmove(at, at + 6 + words, strlen(at + 6 + words) + 1);
}

static llw_launch truth_launch(llw_facts *facts, const truth_row *row) {
    char program[64], args[2048];
    snprintf(program, sizeof program, "llama-%s", row->program);
    snprintf(args, sizeof args, "%s", row->args);
    without_dev(args);
    llw_launch launch = launch_of(facts, row->llama, program, row->model, args, row->gpus, 0);
    if (strstr(args, " -kvu"))
        launch.kv_unified = LLW_ON; /* the library takes these, llama-fit-params does not */
    if (strstr(args, " --embedding")) launch.embedding = true;
    if (launch.split_mode == LLW_SPLIT_NONE && launch.n_devices == 1)
        launch.main_gpu = 0; /* nor are the others listed */
    return launch;
}

/* The prediction lives in the arena of facts. */
static truth_result truth_predict(llw_facts *facts, const truth_row *row, bool explain) {
    llw_launch launch = truth_launch(facts, row);
    truth_result r = {.weights = true, .context = true, .compute = true, .inside = true};
    llw_predict(&launch, llw_facts_arena(facts), explain, &r.predicted);
    truth_compare(&r, &row->host, &r.predicted.host, false);
    if (row->together) truth_compare(&r, &row->gpu[0], &r.predicted.together, true);
    for (int i = 0; i < row->n_gpus && !row->together; i++)
        truth_compare(&r, &row->gpu[i], &r.predicted.device[i], true);
    return r;
}

#endif
