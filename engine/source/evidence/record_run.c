/* Makes a record of a benchmark run: how many problems it has, how many were answered, how many were solved.
 */
#include "source/evidence/record_make.h"

#include <inttypes.h>
#include <jansson.h>
#include <string.h>
#include <strings.h>

/* HumanEval has 164 problems (github.com/openai/human-eval); how many others have changes by version. */
enum { HUMANEVAL = 164, MAX_TASKS = 20000 };

typedef struct run {
    llw_arena *arena;
    json_t *tasks;   /* id: 0 nothing came, 1 answered, 2 solved */
    int64_t longest; /* prompt tokens, where the file tells them */
} run;

static void see(run *r, const char *id, int state) {
    const json_t *old = json_object_get(r->tasks, id);
    if ((!old || json_integer_value(old) < state) && json_object_size(r->tasks) < MAX_TASKS)
        json_object_set_new(r->tasks, id, json_integer(state));
}

static bool any_text(const json_t *sample) {
    static const char *const keys[] = {"solution", "completion", "raw_solution", "output"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const char *text = json_string_value(json_object_get(sample, keys[i]));
        if (text && text[strspn(text, " \t\r\n")]) return true;
    }
    return false;
}

static void see_sample(run *r, const char *id, const json_t *sample) {
    const char *status = json_string_value(json_object_get(sample, "plus_status"));
    if (!status) status = json_string_value(json_object_get(sample, "base_status"));
    const json_t *usage = json_object_get(sample, "usage"),
                 *tokens = json_object_get(usage ? usage : sample, "prompt_tokens");
    if (json_is_integer(tokens) && json_integer_value(tokens) > r->longest && any_text(sample))
        r->longest = json_integer_value(tokens);
    see(r, id, status && !strcasecmp(status, "pass") ? 2 : any_text(sample) ? 1 : 0);
}

/* {"eval": {"HumanEval/0": [{"solution": ..., "base_status": "pass"}]}} */
static bool read_results(run *r, const json_t *root) {
    const json_t *eval = json_object_get(root, "eval");
    const char *id;
    json_t *samples, *sample;
    size_t i;
    if (!json_is_object(eval)) return false;
    json_object_foreach((json_t *)eval, id, samples) {
        see(r, id, 0);
        json_array_foreach(samples, i, sample) see_sample(r, id, sample);
    }
    return json_object_size(eval) > 0;
}

static bool read_samples(run *r, const char *bytes, size_t len, int *line) {
    *line = 0;
    for (size_t at = 0; at < len;) {
        size_t end = at;
        while (end < len && bytes[end] != '\n') end++;
        ++*line;
        if (end > at + 1) {
            json_t *sample = json_loadb(bytes + at, end - at, 0, NULL);
            const char *id = json_string_value(json_object_get(sample, "task_id"));
            if (id) see_sample(r, id, sample);
            json_decref(sample);
            if (!id) return false;
        }
        at = end + 1;
    }
    return json_object_size(r->tasks) > 0;
}

static void fill(run *r, llw_record *out) {
    const char *id = json_object_iter_key(json_object_iter(r->tasks));
    const json_t *state;
    const char *key;
    bool judged = false;
    json_t *value;
    out->answered = out->solved = 0;
    json_object_foreach(r->tasks, key, value) {
        state = value;
        out->answered += json_integer_value(state) > 0;
        out->solved += json_integer_value(state) > 1;
        judged |= json_integer_value(state) > 1;
    }
    if (!judged) out->solved = -1;
    size_t n = strcspn(id, "/");
    char *name = llw_arena_strndup(r->arena, id, n);
    for (char *c = name; *c; c++)
        if (*c >= 'A' && *c <= 'Z') *c = (char)(*c + 32);
    out->benchmark = name;
    out->problems = !strcmp(name, "humaneval") ? HUMANEVAL : (int64_t)json_object_size(r->tasks);
    llw_record_test *t = llw_record_add_test(out);
    t->prompt_tokens = r->longest > 0 ? r->longest : -1;
    t->passed = out->answered >= out->problems;
    t->note = llw_arena_printf(r->arena, "%" PRId64 " of %" PRId64 " problems of %s got an answer",
                               out->answered, out->problems, name);
}

llw_rc llw_record_from_run(llw_arena *arena, const char *path, const char *bytes, size_t len, llw_record *out,
                           llw_err *err) {
    run r = {.arena = arena, .tasks = json_object()};
    int line = 0;
    json_t *root = json_loadb(bytes, len, 0, NULL);
    bool good = root && read_results(&r, root);
    if (!good) good = read_samples(&r, bytes, len, &line);
    json_decref(root);
    llw_record_init(out, LLW_RECORD_RUN);
    const char *slash = strrchr(path, '/');
    out->source = slash ? slash + 1 : path;
    if (good) fill(&r, out);
    json_decref(r.tasks);
    return good ? LLW_OK
                : llw_fail(
                      err, LLW_ERR_INPUT, path, line,
                      "is no benchmark that is known: EvalPlus's samples (.jsonl with task_id and solution) "
                      "or its _eval_results.json");
}
