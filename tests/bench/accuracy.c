/* accuracy DIR [WORD]: predicts every row of DIR/rows-*.jsonl (with WORD: only those that contain it) and
 * says how often weights, context and compute buffers are exact, by build, architecture and program, and
 * which rows are worst.
 *
 * A row is an object with llama, program, model (one of models/known), args, devices [{total, free, model,
 * context, compute}] and host {model, context, compute}, bytes. */
#include <glob.h>
#include <jansson.h>
#include <time.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* launches.h is written for tests: here a row that cannot be read ends the program. */
#define fail_msg(...) (fprintf(stderr, __VA_ARGS__), fputc('\n', stderr), exit(1))
#define assert_true(x) ((x) ? (void)0 : fail_msg("%s", #x))

#include "truth.h"

enum { MOST_GROUPS = 1024, MOST_WORST = 10 };

typedef struct group {
    char name[128];
    int rows, weights, context, compute, inside;
    double worst;
} group;

typedef struct bad_row {
    double share;
    char text[512];
} bad_row;

typedef struct bench {
    group groups[MOST_GROUPS];
    int n_groups, n_worst;
    bad_row worst[MOST_WORST];
    double seconds;
} bench;

static group *find_group(bench *b, const char *name) {
    for (int i = 0; i < b->n_groups; i++)
        if (!strcmp(b->groups[i].name, name)) return &b->groups[i];
    if (b->n_groups == MOST_GROUPS) return &b->groups[MOST_GROUPS - 1];
    group *g = &b->groups[b->n_groups++];
    snprintf(g->name, sizeof g->name, "%s", name);
    return g;
}

static void count(bench *b, const char *name, const truth_result *r) {
    group *g = find_group(b, name);
    g->rows++;
    g->weights += r->weights;
    g->context += r->context;
    g->compute += r->compute;
    g->inside += r->inside;
    if (r->worst > g->worst) g->worst = r->worst;
}

static void remember(bench *b, const truth_row *row, const truth_result *r) {
    bad_row bad = {.share = r->worst};
    const llw_memory *m = &r->predicted.device[0];
    if (r->weights && r->context && r->compute) return;
    snprintf(bad.text, sizeof bad.text,
             "%s %s %s %s: %+lld weights, %+lld context, %+lld compute on the first GPU%s%s", row->llama,
             row->program, row->model, row->args, (long long)m->weights - row->gpu[0].weights,
             (long long)m->context - row->gpu[0].context, (long long)m->compute - row->gpu[0].compute,
             r->predicted.outcome == LLW_OUTCOME_OK ? "" : "; ",
             r->predicted.outcome == LLW_OUTCOME_OK ? "" : r->predicted.reason);
    int at = b->n_worst;
    while (at > 0 && b->worst[at - 1].share < bad.share) at--;
    if (at == MOST_WORST) return;
    int last = b->n_worst < MOST_WORST ? b->n_worst++ : MOST_WORST - 1;
    memmove(&b->worst[at + 1], &b->worst[at], (size_t)(last - at) * sizeof *b->worst);
    b->worst[at] = bad;
}

static truth_part part(const json_t *object) {
    return (truth_part){json_integer_value(json_object_get(object, "model")),
                        json_integer_value(json_object_get(object, "context")),
                        json_integer_value(json_object_get(object, "compute"))};
}

static const char *text(const json_t *object, const char *key) {
    const char *s = json_string_value(json_object_get(object, key));
    return s ? s : "";
}

static truth_row read_row(const json_t *object) {
    truth_row row = {.llama = text(object, "llama"),
                     .program = text(object, "program"),
                     .model = text(object, "model"),
                     .args = text(object, "args"),
                     .host = part(json_object_get(object, "host"))};
    const json_t *devices = json_object_get(object, "devices");
    size_t at = 0;
    for (size_t i = 0; i < json_array_size(devices) && i < LLW_MAX_DEVICES; i++) {
        const json_t *d = json_array_get(devices, i);
        row.gpu[row.n_gpus++] = part(d);
        const char *name = text(d, "name");
        row.together = strstr(name, "Meta(") == name; /* strncmp: GCC 12 warns of the empty text under sanitizers */
        for (int card = 0; card <= row.together; card++)
            at += (size_t)snprintf(row.gpus + at, sizeof row.gpus - at, "%s%lld:%lld", at ? "," : "",
                                   (long long)json_integer_value(json_object_get(d, "total")),
                                   (long long)json_integer_value(json_object_get(d, "free")));
    }
    return row;
}

static void run_row(bench *b, const json_t *object) {
    truth_row row = read_row(object);
    llw_facts *facts = llw_facts_new();
    llw_launch launch;
    char name[256];
    truth_result r = truth_predict(facts, &row, false);
    launch = truth_launch(facts, &row);
    struct timespec from, to;
    clock_gettime(CLOCK_MONOTONIC, &from);
    llw_predict(&launch, llw_facts_arena(facts), false, &r.predicted);
    clock_gettime(CLOCK_MONOTONIC, &to);
    b->seconds += (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
    snprintf(name, sizeof name, "%s %s %s, %d GPU%s", row.llama, launch.model->architecture, row.program,
             row.n_gpus, row.n_gpus == 1 ? "" : "s");
    count(b, name, &r);
    count(b, "all", &r);
    remember(b, &row, &r);
    llw_facts_free(facts);
}

static void run_file(bench *b, const char *path, const char *word) {
    FILE *file = fopen(path, "r");
    char *line = NULL;
    size_t capacity = 0;
    if (!file) fail_msg("%s cannot be read", path);
    for (int number = 1; getline(&line, &capacity, file) > 0; number++) {
        if (word && !strstr(line, word)) continue;
        json_error_t error;
        json_t *object = json_loads(line, 0, &error);
        if (!object) fail_msg("%s:%d: %s", path, number, error.text);
        if (!json_object_get(object, "error")) run_row(b, object);
        json_decref(object);
    }
    free(line);
    fclose(file);
}

static int by_name(const void *a, const void *b) {
    return strcmp(((const group *)a)->name, ((const group *)b)->name);
}

int main(int argc, char **argv) {
    static bench b;
    char pattern[4096];
    glob_t files;
    if (argc < 2) fail_msg("accuracy DIR [WORD]");
    snprintf(pattern, sizeof pattern, "%s/rows-*.jsonl", argv[1]);
    if (glob(pattern, 0, NULL, &files)) fail_msg("no %s", pattern);
    for (size_t i = 0; i < files.gl_pathc; i++) run_file(&b, files.gl_pathv[i], argc > 2 ? argv[2] : NULL);
    globfree(&files);
    qsort(b.groups, (size_t)b.n_groups, sizeof *b.groups, by_name);
    printf("%-58s %6s %8s %8s %8s %7s %14s\n", "", "rows", "weights", "context", "compute", "in band",
           "worst of total");
    for (int i = 0; i < b.n_groups; i++) {
        const group *g = &b.groups[i];
        printf("%-58s %6d %7.1f%% %7.1f%% %7.1f%% %6.1f%% %13.2f%%\n", g->name, g->rows,
               100.0 * g->weights / g->rows, 100.0 * g->context / g->rows, 100.0 * g->compute / g->rows,
               100.0 * g->inside / g->rows, 100 * g->worst);
    }
    for (int i = 0; i < b.n_worst; i++) printf("worst: %s\n", b.worst[i].text);
    const group *all = find_group(&b, "all");
    if (all->rows) printf("%.3f ms a prediction\n", 1000 * b.seconds / all->rows);
    return 0;
}
