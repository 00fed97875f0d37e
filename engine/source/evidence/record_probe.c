/* Makes records of probes: of one as a structure, or of the YAML that llwhy probe --record wrote. */
#include "source/evidence/record_make.h"
#include "base/file.h"
#include "base/number.h"
#include "source/machine/host.h"
#include "source/config/yaml_tree.h"

#include <string.h>

/* "CUDA0 NVIDIA H200, 143771 MiB", as llama-server --list-devices has it. */
static void add_card(llw_arena *arena, const char *device, llw_record *r) {
    const char *blank = strchr(device, ' '), *comma = strrchr(device, ',');
    if (!blank) return;
    llw_record_card *card = llw_record_add_card(r);
    if (!card) return;
    const char *end = comma && comma > blank ? comma : device + strlen(device);
    card->name = llw_arena_strndup(arena, blank + 1, (size_t)(end - blank - 1));
    const char *total = comma ? comma + 1 + strspn(comma + 1, " ") : "";
    if (strstr(total, "MiB")) llw_host_mib(&total, &card->total);
}

static void add_trial(llw_arena *arena, const llw_probe_trial *trial, llw_record *r) {
    bool passed = false;
    if (!llw_probe_tells(trial, &passed)) return;
    llw_record_test *t = llw_record_add_test(r);
    if (!t) return;
    bool estimated = trial->counted == LLW_PROBE_ESTIMATED;
    t->passed = passed;
    if (!estimated) t->prompt_tokens = trial->prompt;
    if (trial->at_once > 1) t->slots = trial->at_once;
    t->answer_tokens = trial->generated;
    t->speed = trial->generated_speed;
    t->prompt_speed = trial->prompt_speed;
    if (trial->detail && *trial->detail)
        t->note = trial->detail;
    else if (estimated)
        t->note = llw_arena_printf(arena, "about %lld tokens, nobody counted them", (long long)trial->prompt);
}

void llw_record_from_probe(llw_arena *arena, const llw_probe *p, llw_record *r) {
    llw_record_init(r, LLW_RECORD_PROBE);
    r->date = p->started;
    r->build = p->build ? p->build : p->commit;
    r->commit = p->commit;
    r->profile = p->profile;
    r->label = p->placement;
    const char *file = p->model_path ? p->model_path : p->model_meant ? p->model_meant : p->model;
    if (file) r->model_file = llw_path_name_or_path(file);
    r->model_bytes = p->file_bytes;
    r->weights = p->model_bytes;
    r->driver = p->driver;
    r->n_seq = p->slots;
    if (p->context > 0) r->n_ctx = p->context * (p->slots > 0 ? p->slots : 1);
    r->flags = p->flags;
    r->n_flags = p->n_flags < LLW_RECORD_FLAGS ? p->n_flags : LLW_RECORD_FLAGS;
    for (size_t i = 0; i < p->n_devices; i++) add_card(arena, p->devices[i], r);
    for (size_t i = 0; i < p->n_trials; i++) add_trial(arena, &p->trials[i], r);
}

/* --- the file --- */

static const char *text_of(const llw_yaml *map, const char *key) {
    const char *text = llw_yaml_string(llw_yaml_get(map, key), NULL);
    return text && *text ? text : NULL;
}

static int64_t count_of(const llw_yaml *map, const char *key) {
    const char *text = text_of(map, key);
    int64_t n = -1;
    return text && llw_read_count(text, &n) && n >= 0 ? n : -1;
}

static double real_of(const llw_yaml *map, const char *key) {
    const char *text = text_of(map, key);
    double x = -1;
    return text && llw_read_real(text, &x) && x >= 0 ? x : -1;
}

static const char *const *words_of(llw_arena *arena, const llw_yaml *list, size_t *n) {
    *n = 0;
    if (!list || list->kind != LLW_YAML_LIST) return NULL;
    const char **words = llw_arena_alloc(arena, ((size_t)list->n + 1) * sizeof *words);
    for (const llw_yaml *item = list->first; item; item = item->next)
        words[(*n)++] = llw_yaml_string(llw_yaml_follow(item), "");
    return words;
}

/* The number of a name in a list of names; -1 when it is none. */
static int index_of(const char *name, const char *(*name_of)(int), int n) {
    for (int i = 0; name && i < n; i++)
        if (!strcmp(name_of(i), name)) return i;
    return -1;
}

static const char *outcome_name(int i) {
    return llw_probe_outcome_name((llw_probe_outcome)i);
}

static const char *problem_name(int i) {
    return llw_probe_problem_name((llw_probe_problem)i);
}

static bool read_trial(const llw_yaml *map, llw_probe_trial *t) {
    const char *detail = text_of(map, "detail"), *counted = text_of(map, "counted_by"),
               *problem = text_of(map, "problem");
    int outcome = index_of(text_of(map, "outcome"), outcome_name, LLW_PROBE_INTERRUPTED + 1),
        what = problem ? index_of(problem, problem_name, LLW_PROBE_PROBLEMS) : 0;
    if (outcome < 0 || what < 0) return false;
    *t = (llw_probe_trial){.name = text_of(map, "name"),
                           .outcome = (llw_probe_outcome)outcome,
                           .problem = (llw_probe_problem)what,
                           .detail = detail ? detail : "",
                           .at_once = count_of(map, "at_once"),
                           .wanted = count_of(map, "wanted_tokens"),
                           .prompt = count_of(map, "prompt_tokens"),
                           .counted = counted && !strcmp(counted, "estimate") ? LLW_PROBE_ESTIMATED
                                                                              : LLW_PROBE_REPORTED,
                           .generated = count_of(map, "generated_tokens"),
                           .prompt_speed = real_of(map, "prompt_tokens_per_second"),
                           .generated_speed = real_of(map, "generated_tokens_per_second"),
                           .http_status = (int)count_of(map, "http_status")};
    return true;
}

static bool read_probe(llw_arena *arena, const llw_yaml *map, llw_probe *p) {
    const llw_yaml *build = llw_yaml_get(map, "build"), *model = llw_yaml_get(map, "model"),
                   *launch = llw_yaml_get(map, "launch"), *machine = llw_yaml_get(map, "machine"),
                   *trials = llw_yaml_get(map, "trials");
    *p = (llw_probe){.started = text_of(map, "started"),
                     .url = text_of(map, "url"),
                     .build = text_of(build, "version"),
                     .commit = text_of(build, "commit"),
                     .model = text_of(model, "name"),
                     .model_path = text_of(model, "path"),
                     .model_meant = text_of(model, "meant"),
                     .file_bytes = count_of(model, "file_bytes"),
                     .model_bytes = count_of(model, "tensor_bytes"),
                     .profile = text_of(launch, "profile"),
                     .placement = text_of(launch, "placement"),
                     .context = count_of(launch, "context"),
                     .slots = count_of(launch, "slots"),
                     .driver = text_of(machine, "driver")};
    p->flags = words_of(arena, llw_yaml_get(launch, "flags"), &p->n_flags);
    p->devices = words_of(arena, llw_yaml_get(machine, "devices"), &p->n_devices);
    if (!trials || trials->kind != LLW_YAML_LIST) return false;
    p->trials = llw_arena_alloc(arena, ((size_t)trials->n + 1) * sizeof *p->trials);
    for (const llw_yaml *item = trials->first; item; item = item->next)
        if (!read_trial(llw_yaml_follow(item), &p->trials[p->n_trials++])) return false;
    return true;
}

llw_rc llw_record_from_probes(llw_arena *arena, const char *path, const char *bytes, size_t len,
                              llw_record **records, size_t *n, llw_err *err) {
    llw_yaml *root = NULL;
    const llw_yaml *twice = NULL;
    llw_rc rc = llw_yaml_parse(arena, path, bytes, len, &root, &twice, err);
    if (rc != LLW_OK) return rc;
    const llw_yaml *probes = llw_yaml_get(root, "probes");
    const char *schema = text_of(root, "schema");
    if (!schema || strcmp(schema, "llwhy.probe/1") || !probes || probes->kind != LLW_YAML_LIST)
        return llw_fail(err, LLW_ERR_INPUT, path, root ? root->line : 1,
                        "is nothing that llwhy probe --record writes: its schema is llwhy.probe/1");
    *records = llw_arena_alloc(arena, ((size_t)probes->n + 1) * sizeof **records);
    *n = 0;
    for (const llw_yaml *item = probes->first; item; item = item->next) {
        llw_probe p;
        if (!read_probe(arena, llw_yaml_follow(item), &p))
            return llw_fail(err, LLW_ERR_INPUT, path, item->line,
                            "this probe has no trials that can be read (outcome: passed, failed, skipped or "
                            "interrupted)");
        llw_record_from_probe(arena, &p, &(*records)[(*n)++]);
    }
    return LLW_OK;
}
