/* The questions as tools: what each takes, and how it is asked. A tool only reads: it starts this very
 * program with a list of words, without a shell, and refuses words that would be options of llwhy. */
#include "cli/mcp.h"
#include "base/file.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX_ARGUMENTS = 256, MAX_OUTPUT = 8 << 20, MAX_SECONDS = 300 };

typedef struct tool {
    const char *name, *command; /* "" for the decision */
    const char *says;
    const char *question, *asks; /* the parameter that is the question, and what it means; NULL: none */
    bool question_required, model_required;
    bool launch; /* takes model, flags, gpu, facts */
    bool json;   /* answers as JSON too */
} tool;

static const tool tools[] = {
    {"decide", "",
     "Should this model run like that on this machine: verdict, memory for each device, reasons with their "
     "lessons",
     NULL, NULL, false, true, true, true},
    {"predict", "predict", "What llama.cpp would allocate on each device, in bytes, without running it", NULL,
     NULL, false, true, true, true},
    {"fit", "fit", "What llama.cpp's own --fit would change about this launch, and why", NULL, NULL, false,
     true, true, true},
    {"why", "why", "The chain of reasons behind a finding, a lesson, a flag or a fact", "question",
     "the number of a reason (1), a lesson (L05), a rule, a flag (-ub), a slot (launch.loads), or FILE:LINE",
     true, false, true, true},
    {"why_not", "why-not", "What keeps something from being so, with the numbers", "question",
     "a lesson that says nothing (L02) or a wish: 262144 context, all on the GPU, -ub 2048", true, true, true,
     true},
    {"what_if", "what-if", "What would be otherwise if something were changed: findings, memory, verdict",
     "question", "flags (-ub 256), a card (another 4090), a fact (CUDA0.free=20GiB), a build (llama=v0.5.0)",
     true, true, true, true},
    {"change", "change", "The smallest verified changes that reach a goal", "question",
     "loads, survives, meets target, clears L05, or a wish (131072 context)", false, true, true, true},
    {"contrast", "contrast", "What differs between two launches, models or builds, and what that causes",
     "question", "two sides: now and a change (now -ub 256), two models, two builds", true, true, true, true},
    {"lint", "lint", "What is wrong in the files that start llama.cpp, by file and line", "path",
     "a file or a directory; the current directory when it is left out", false, false, false, true},
    {"explain", "explain", "What a code means (L05, F12, C03) and the story behind it", "code",
     "the code of a finding or lesson", true, false, false, false},
    {"models", "models", "The models llwhy knows without a file", NULL, NULL, false, false, false, false},
};

static json_t *parameter(const char *type, const char *says) {
    if (strcmp(type, "strings")) return json_pack("{s:s, s:s}", "type", type, "description", says);
    return json_pack("{s:s, s:{s:s}, s:s}", "type", "array", "items", "type", "string", "description", says);
}

static json_t *schema_of(const tool *t) {
    json_t *properties = json_object(), *required = json_array();
    if (t->question) {
        json_object_set_new(properties, t->question, parameter("string", t->asks));
        if (t->question_required) json_array_append_new(required, json_string(t->question));
    }
    if (t->launch) {
        json_object_set_new(
            properties, "model",
            parameter("string", "a GGUF file here, or the name of a known model (see models)"));
        json_object_set_new(properties, "flags",
                            parameter("strings", "llama-server's flags, one item each: [\"-c\", \"32768\"]"));
        json_object_set_new(properties, "gpu",
                            parameter("strings",
                                      "the cards of another machine, TOTAL:FREE in MiB or a name; this "
                                      "machine's when left out"));
        json_object_set_new(properties, "facts",
                            parameter("string", "a file that llwhy facts --save wrote on another machine"));
        if (t->model_required) json_array_append_new(required, json_string("model"));
    }
    return json_pack("{s:s, s:o, s:o, s:b}", "type", "object", "properties", properties, "required", required,
                     "additionalProperties", 0);
}

json_t *llw_mcp_tools(void) {
    json_t *list = json_array();
    for (size_t i = 0; i < sizeof tools / sizeof *tools; i++)
        json_array_append_new(list,
                              json_pack("{s:s, s:s, s:o, s:{s:b, s:b}}", "name", tools[i].name, "description",
                                        tools[i].says, "inputSchema", schema_of(&tools[i]), "annotations",
                                        "readOnlyHint", 1, "openWorldHint", 0));
    return list;
}

typedef struct words {
    llw_arena *arena;
    const char *items[MAX_ARGUMENTS + 1];
    size_t n;
    const char *problem; /* NULL: none */
} words;

static void add(words *w, const char *word) {
    if (w->n == MAX_ARGUMENTS) w->problem = "that is too long";
    if (!w->problem) w->items[w->n++] = word;
}

static bool is_own_option(const char *word) {
    if (!strcmp(word, "-h") || !strcmp(word, "--")) return true;
    for (int i = 0; i < LLW_OPTIONS; i++) {
        size_t len = strlen(llw_option_table[i].name);
        if (!strncmp(word, "--", 2) && !strncmp(word + 2, llw_option_table[i].name, len) &&
            (!word[2 + len] || word[2 + len] == '='))
            return true;
    }
    return false;
}

static bool is_far_away(const char *word) {
    return strstr(word, "://") || !strncmp(word, "hf:", 3);
}

/* A question is words with spaces between them; none may be an option of llwhy, which could write a file. */
static void add_question(words *w, const char *question, bool split) {
    for (const char *at = question; *at;) {
        size_t len = split ? strcspn(at, " \t\n") : strlen(at);
        if (len) {
            const char *word = llw_arena_strndup(w->arena, at, len);
            if (is_far_away(word))
                w->problem = llw_arena_printf(w->arena, "%s: a tool reads from this machine only", word);
            if (is_own_option(word) || (!split && *word == '-'))
                w->problem =
                    llw_arena_printf(w->arena, "%s is an option of llwhy, which a tool does not take", word);
            add(w, word);
        }
        at += len + (at[len] != 0);
    }
}

static void add_file(words *w, const char *what, const char *path) {
    if (*path == '-' || is_far_away(path))
        w->problem = llw_arena_printf(w->arena, "%s: %s is read from this machine only", path, what);
    add(w, path);
}

static const char *text_of(words *w, const json_t *arguments, const char *key) {
    const json_t *value = json_object_get(arguments, key);
    if (value && !json_is_string(value)) w->problem = llw_arena_printf(w->arena, "%s is a text", key);
    const char *text = json_string_value(value);
    return text && *text ? text : NULL;
}

/* Each item of a list; option NULL: as they are. */
static void add_list(words *w, const json_t *arguments, const char *key, const char *option) {
    const json_t *list = json_object_get(arguments, key), *item;
    size_t i;
    if (list && !json_is_array(list)) w->problem = llw_arena_printf(w->arena, "%s is a list of texts", key);
    json_array_foreach(list, i, item) {
        if (!json_is_string(item)) w->problem = llw_arena_printf(w->arena, "%s is a list of texts", key);
        if (w->problem) return;
        add(w, option ? llw_arena_printf(w->arena, "--%s=%s", option, json_string_value(item))
                      : json_string_value(item));
    }
}

static void check_names(words *w, const tool *t, const json_t *arguments) {
    const char *key;
    const json_t *value;
    json_t *known = schema_of(t);
    json_object_foreach((json_t *)(uintptr_t)arguments, key, value) {
        if (!json_object_get(json_object_get(known, "properties"), key))
            w->problem = llw_arena_printf(w->arena, "%s takes no '%s'", t->name, key);
    }
    json_decref(known);
}

static const tool *find_tool(const char *name) {
    for (size_t i = 0; i < sizeof tools / sizeof *tools; i++)
        if (!strcmp(tools[i].name, name)) return &tools[i];
    return NULL;
}

static void write_words(words *w, const tool *t, const json_t *arguments, bool json) {
    check_names(w, t, arguments);
    add(w, "llwhy");
    if (*t->command) add(w, t->command);
    const char *question = t->question ? text_of(w, arguments, t->question) : NULL;
    if (t->question_required && !question && !w->problem)
        w->problem = llw_arena_printf(w->arena, "%s needs %s: %s", t->name, t->question, t->asks);
    if (question) add_question(w, question, t->launch);
    if (t->launch) {
        const char *model = text_of(w, arguments, "model"), *facts = text_of(w, arguments, "facts");
        if (!model && !facts && (t->model_required || !question || !strchr(question, ':')) && !w->problem)
            w->problem = "name the model: a GGUF file here, or a known one (the tool models lists them)";
        if (model) add_file(w, "a model", model);
        add_list(w, arguments, "gpu", "gpu");
        if (facts) {
            add(w, "--facts");
            add_file(w, "a facts file", facts);
        }
    }
    add(w, "--color=never");
    add(w, "--width=110");
    if (json) add(w, "--format=json");
    if (t->launch && json_array_size(json_object_get(arguments, "flags"))) {
        add(w, "--");
        add_list(w, arguments, "flags", NULL);
    }
    w->items[w->n] = NULL;
}

static char *read_back(FILE *file) {
    char *text = llw_xmalloc(MAX_OUTPUT + 1);
    rewind(file);
    text[fread(text, 1, MAX_OUTPUT, file)] = 0;
    return text;
}

/* Asks in a process of its own, so that no question can end the conversation. Nothing is remembered of it. */
static int ask(const words *w, char **out, char **err) {
    FILE *said = tmpfile(), *complained = tmpfile();
    int status = -1;
    pid_t child = said && complained ? fork() : -1;
    if (!child) {
        dup2(fileno(said), STDOUT_FILENO);
        dup2(fileno(complained), STDERR_FILENO);
        if (!freopen("/dev/null", "r", stdin)) _exit(LLW_EXIT_INTERNAL);
        setenv("XDG_STATE_HOME", "/dev/null", 1);
        alarm(MAX_SECONDS);
        execv("/proc/self/exe", (char *const *)(uintptr_t)w->items);
        _exit(LLW_EXIT_INTERNAL);
    }
    if (child > 0) waitpid(child, &status, 0);
    *out = said ? read_back(said) : llw_xmalloc(1);
    *err = complained ? read_back(complained) : llw_xmalloc(1);
    if (said) fclose(said);
    if (complained) fclose(complained);
    return child > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : LLW_EXIT_INTERNAL;
}

static json_t *answer(const char *text, json_t *structured, bool error) {
    llw_text safe = {0}; /* words of the question may be in it, and people are shown it */
    llw_text_add_safe(&safe, text, strlen(text), true);
    json_t *result = json_pack("{s:[{s:s, s:s}], s:b}", "content", "type", "text", "text",
                               llw_text_str(&safe), "isError", error);
    llw_text_fini(&safe);
    if (structured) json_object_set_new(result, "structuredContent", structured);
    return result;
}

/* The same question as JSON; NULL when it has no such answer. */
static json_t *ask_structured(const tool *t, const json_t *arguments, llw_arena *arena) {
    words w = {.arena = arena};
    char *out = NULL, *err = NULL;
    if (!t->json) return NULL;
    write_words(&w, t, arguments, true);
    int code = ask(&w, &out, &err);
    json_t *value = code <= LLW_EXIT_FINDINGS ? json_loads(out, 0, NULL) : NULL;
    free(out);
    free(err);
    if (json_is_object(value)) return value;
    json_decref(value);
    return NULL;
}

const char *const *llw_mcp_words(llw_arena *arena, const char *name, const json_t *arguments, bool json) {
    const tool *t = find_tool(name);
    words *w = llw_arena_alloc(arena, sizeof *w);
    *w = (words){.arena = arena};
    if (t) write_words(w, t, arguments, json);
    return t && !w->problem ? w->items : NULL;
}

json_t *llw_mcp_call(const char *name, const json_t *arguments) {
    const tool *t = find_tool(name);
    if (!t) return NULL;
    words w = {.arena = llw_arena_new()};
    write_words(&w, t, arguments, false);
    json_t *result = NULL;
    if (w.problem)
        result = answer(w.problem, NULL, true);
    else {
        char *out = NULL, *err = NULL;
        int code = ask(&w, &out, &err);
        bool failed = code > LLW_EXIT_FINDINGS;
        llw_text text = {0};
        llw_text_add(&text, out);
        if (*err) llw_text_addf(&text, "%s%s", text.len ? "\n" : "", err);
        result = answer(llw_text_str(&text), failed ? NULL : ask_structured(t, arguments, w.arena), failed);
        llw_text_fini(&text);
        free(out);
        free(err);
    }
    llw_arena_free(w.arena);
    return result;
}
