/* CLIPS over one of the works: engine_clips NAME FILE. The rules go through FILE, which is made; facts are
 * asserted through the C interface, so that no time goes into reading their text. */
#include "bench/engine_work.h"

#include <clips/clips.h>

void UserFunctions(void);
void EnvUserFunctions(void *environment);
void UserFunctions(void) {}
void EnvUserFunctions(void *environment) {
    (void)environment;
}

static void write_rules(const work *w, const char *path) {
    FILE *f = fopen(path, "w");
    if (!f) exit(2);
    fputs("(deftemplate a (slot at) (slot s) (slot v))\n(deftemplate g (slot id) (slot host) (slot free))\n"
          "(deftemplate p (slot name) (slot host) (slot needs))\n(deftemplate finding (slot r) (slot s))\n",
          f);
    for (int i = 0; i < w->rules; i++)
        fprintf(f,
                "(defrule r%d (logical (a (at %d) (s ?s) (v ?x)) (a (at %d) (s ?s) (v ?y&:(< ?y ?x))))"
                " => (assert (finding (r %d) (s ?s))))\n",
                i, i, (i + 1) % w->rules, i);
    if (w->join)
        fputs("(defrule j (logical (g (id ?g) (host ?h)) (p (name ?p) (host ?h))) => (assert (finding (r ?g) "
              "(s "
              "?p))))\n",
              f);
    fclose(f);
}

static void *assert_fact(void *env, void *const *templates, const work_fact *fact, int z) {
    static const char *const slots[][3] = {
        {"at", "s", "v"}, {"id", "host", "free"}, {"name", "host", "needs"}};
    int which = fact->relation == 'a' ? 0 : fact->relation == 'g' ? 1 : 2;
    void *made = EnvCreateFact(env, templates[which]);
    int numbers[] = {fact->x, fact->y, z};
    for (int i = 0; i < 3; i++) {
        DATA_OBJECT value;
        memset(&value, 0, sizeof value);
        SetType(value, INTEGER);
        SetValue(value, EnvAddLong(env, numbers[i]));
        EnvPutFactSlot(env, made, slots[which][i], &value);
    }
    return EnvAssert(env, made);
}

static long count_findings(void *env, void *template) {
    long n = 0;
    for (void *f = NULL; (f = EnvGetNextFact(env, f));) n += EnvFactDeftemplate(env, f) == template;
    return n;
}

int main(int argc, char **argv) {
    work w;
    if (argc != 3 || !work_make(argv[1], &w)) return 2;
    write_rules(&w, argv[2]);
    void **handles = calloc((size_t)w.n_facts + 1, sizeof *handles);
    work_watch watch = {.took = calloc((size_t)w.n_edits + 1, sizeof *watch.took)};
    void *env = CreateEnvironment();
    EnvUnwatch(env, "all");
    EnvSetConserveMemory(env, TRUE);
    double start = work_seconds();
    if (EnvLoad(env, argv[2]) != 1) return 2;
    work_say("load", work_seconds() - start);
    EnvReset(env);
    void *templates[] = {EnvFindDeftemplate(env, "a"), EnvFindDeftemplate(env, "g"),
                         EnvFindDeftemplate(env, "p")};
    start = work_seconds();
    for (int i = 0; i < w.n_facts; i++) handles[i] = assert_fact(env, templates, &w.facts[i], w.facts[i].z);
    EnvRun(env, -1);
    work_say("first", work_seconds() - start);
    void *finding = EnvFindDeftemplate(env, "finding");
    work_say("findings", (double)count_findings(env, finding));
    long wrong = w.n_facts ? count_findings(env, finding) != work_expected(&w) : 0;
    for (int e = 0; e < w.n_edits; e++) {
        int at = w.edits[e].fact;
        work_edit_begins(&watch);
        EnvRetract(env, handles[at]);
        handles[at] = assert_fact(env, templates, &w.facts[at], w.edits[e].z);
        EnvRun(env, -1);
        w.facts[at].z = w.edits[e].z;
        if (work_edit_ends(&watch)) wrong += count_findings(env, finding) != work_expected(&w);
    }
    if (w.n_edits) work_say_edits(&watch);
    work_say_peak();
    return wrong ? 1 : 0;
}
