/* Opens scenes: facts from a case's data, words edited and read, the knowledge base run. */
#include "teach/scene.h"
#include "base/file.h"
#include "fact/build.h"
#include "source/machine/gpu.h"
#include "source/machine/host.h"
#include "source/model/known.h"
#include "source/model/model_open.h"
#include "teach/edit.h"

#include <stdio.h>
#include <string.h>

/* The case with its changes laid over it. The words are edited when those of a configuration are known. */
typedef struct layered {
    llw_case_setting now;
    const llw_case_thing **things;
    size_t n_things;
} layered;

static void lay_file(llw_case_setting *now, const llw_config_input *file) {
    for (size_t i = 0; i < now->n_files; i++)
        if (!strcmp(now->files[i].path, file->path)) {
            now->files[i] = *file;
            return;
        }
    now->files[now->n_files++] = *file;
}

static void lay_over(const llw_case *c, const llw_case_setting *const *changes, size_t n_changes,
                     llw_arena *arena, layered *out) {
    *out = (layered){.now = c->setting};
    size_t n = c->setting.n_things, files = c->setting.n_files;
    for (size_t i = 0; i < n_changes; i++) {
        n += changes[i] ? changes[i]->n_things : 0;
        files += changes[i] ? changes[i]->n_files : 0;
    }
    out->things = llw_arena_alloc(arena, (n + 1) * sizeof *out->things);
    out->now.files = llw_arena_alloc(arena, (files + 1) * sizeof *out->now.files);
    out->now.n_files = 0;
    for (size_t k = 0; k < c->setting.n_files; k++) lay_file(&out->now, &c->setting.files[k]);
    for (size_t k = 0; k < c->setting.n_things; k++) out->things[out->n_things++] = &c->setting.things[k];
    for (size_t i = 0; i < n_changes; i++) {
        const llw_case_setting *s = changes[i];
        if (!s) continue;
        if (s->gpus.n) out->now.gpus = s->gpus;
        if (s->ram) out->now.ram = s->ram;
        if (s->llama) out->now.llama = s->llama;
        if (s->model) out->now.model = s->model;
        if (s->started) out->now.started = s->started;
        for (size_t k = 0; k < s->n_files; k++) lay_file(&out->now, &s->files[k]);
        for (size_t k = 0; k < s->n_things; k++) out->things[out->n_things++] = &s->things[k];
    }
}

/* The words with every change and the edit applied. */
static llw_texts edit_all(llw_arena *arena, const llw_flags *flags, int64_t order, llw_texts words,
                          const llw_case_setting *const *changes, size_t n_changes, const llw_texts *edit) {
    for (size_t i = 0; i < n_changes; i++) {
        if (!changes[i]) continue;
        if (changes[i]->args_given) words = changes[i]->args;
        if (changes[i]->with.n)
            words = llw_edit_words(arena, flags, LLW_PROGRAM_SERVER, order, &words, &changes[i]->with);
    }
    return edit ? llw_edit_words(arena, flags, LLW_PROGRAM_SERVER, order, &words, edit) : words;
}

/* What each kind of thing weighs, and who is said to state it. */
static llw_grade grade_of(llw_kind kind, const char **origin) {
    switch (kind) {
    case LLW_KIND_claim: *origin = "a comment"; return LLW_GRADE_PROSE;
    case LLW_KIND_probe: *origin = "a recorded test"; return LLW_GRADE_MEASURED;
    case LLW_KIND_model: *origin = "the model card"; return LLW_GRADE_CARD;
    case LLW_KIND_launch: *origin = "the profile's file"; return LLW_GRADE_CONFIG;
    default: *origin = "the case"; return LLW_GRADE_CONFIG;
    }
}

static void claim_things(llw_scene *scene, const layered *s) {
    static const llw_attr refs[] = {LLW_claim_model, LLW_card_model, LLW_probe_model,
                                    LLW_probe_build, LLW_log_launch, LLW_claim_launch};
    int counts[LLW_KINDS] = {0};
    for (size_t i = 0; i < s->n_things; i++) {
        const llw_case_thing *thing = s->things[i];
        const char *origin = "";
        llw_grade grade = grade_of(thing->kind, &origin);
        llw_entity e =
            thing->kind == LLW_KIND_launch  ? scene->launch
            : thing->kind == LLW_KIND_model ? scene->model
            : thing->kind == LLW_KIND_build ? scene->argv.build
            : thing->kind == LLW_KIND_host
                ? llw_facts_entity(scene->facts, LLW_KIND_host, LLW_HOST_ID)
                : llw_facts_entity(scene->facts, thing->kind,
                                   llw_arena_printf(scene->arena, "%s %d", llw_kind_name(thing->kind),
                                                    ++counts[thing->kind]));
        for (size_t k = 0; k < thing->n; k++)
            llw_facts_claim(scene->facts, e, thing->slots[k].attr, thing->slots[k].value, grade, origin, "");
        for (size_t k = 0; k < sizeof refs / sizeof *refs; k++) {
            if (llw_attr_get(refs[k])->kind != thing->kind || llw_facts_best(scene->facts, e, refs[k]))
                continue;
            llw_entity to = refs[k] == LLW_probe_build                                 ? scene->argv.build
                            : refs[k] == LLW_log_launch || refs[k] == LLW_claim_launch ? scene->launch
                                                                                       : scene->model;
            llw_facts_claim(scene->facts, e, refs[k], llw_ref(to), grade, origin, "");
        }
    }
}

static llw_rc gather_machine(llw_scene *scene, const layered *s, llw_err *err) {
    llw_gpu_options gpus = {.cards = s->now.gpus.items, .n_cards = s->now.gpus.n};
    llw_host_options host = {.ram = s->now.ram};
    llw_rc rc = llw_source_gpus(scene->facts, &gpus, err);
    return rc == LLW_OK ? llw_source_host(scene->facts, &host, err) : rc;
}

/* What is known of the launch in its files whatever its words are. */
static void claim_surroundings(llw_scene *scene, llw_entity origin) {
    static const llw_attr kept[] = {
        LLW_launch_infrastructure, LLW_launch_inherited,    LLW_launch_example,      LLW_launch_image,
        LLW_launch_image_pinned,   LLW_launch_reason_given, LLW_launch_ubatch_reason};
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        const llw_claim *best = llw_facts_best(scene->facts, origin, kept[i]);
        if (best)
            llw_facts_claim(scene->facts, scene->launch, kept[i], best->value, best->grade, best->origin,
                            best->place);
    }
}

/* A launch whose words a case gives, or somebody typed; tokens that were read in a file keep their place. */
static llw_rc start_words(llw_scene *scene, const llw_case *c, llw_entity build, const llw_flags *flags,
                          const llw_config_launch *origin, llw_err *err) {
    llw_argv in = {.id = "argv", .flags = flags, .build = build};
    llw_token *tokens = llw_arena_alloc(scene->arena, (scene->words.n + 1) * sizeof *tokens);
    for (size_t i = 0; i < scene->words.n; i++) {
        tokens[i] = (llw_token){.text = scene->words.items[i],
                                .place = llw_arena_printf(scene->arena, "argument %zu", i + 1)};
        for (size_t k = 0; origin && k < origin->n_args; k++)
            if (origin->args[k].text == scene->words.items[i]) tokens[i] = origin->args[k];
    }
    in.args = tokens;
    in.n_args = scene->words.n;
    in.env = origin ? origin->env : NULL;
    in.n_env = origin ? origin->n_env : 0;
    llw_rc rc = llw_argv_read(scene->facts, &in, &scene->argv, err);
    if (rc != LLW_OK) return rc;
    scene->launch = scene->argv.launch;
    llw_facts_claim(scene->facts, scene->launch, LLW_launch_model, llw_ref(scene->model), LLW_GRADE_FLAG,
                    "the case", c->id);
    if (origin) claim_surroundings(scene, origin->launch);
    return LLW_OK;
}

/* The launch of the case's configuration files, as it stands there. */
static llw_rc read_files(llw_scene *scene, const llw_case *c, const layered *s, llw_entity build,
                         const llw_flags *flags, const llw_config_launch **found, llw_err *err) {
    llw_config_options options = {.build = build, .build_given = true, .flags = flags, .model = s->now.model};
    llw_config_result *config = llw_arena_alloc(scene->arena, sizeof *config);
    for (size_t i = 0; i < s->now.n_files; i++)
        s->now.files[i].wanted = llw_case_starts(s->now.started, s->now.files[i].path);
    llw_rc rc = llw_source_config_inputs(scene->facts, s->now.files, s->now.n_files, &options, config, err);
    if (rc != LLW_OK) return rc;
    *found = NULL;
    for (size_t i = 0; i < config->n_launches && !*found; i++)
        if (!strcmp(llw_facts_id(scene->facts, config->launches[i].launch), s->now.started))
            *found = &config->launches[i];
    if (!*found && config->n_unread)
        return llw_fail(err, LLW_ERR_INPUT, c->file, 0, "%s:%d: %s", config->unread[0].file,
                        config->unread[0].line, config->unread[0].why);
    if (!*found) return llw_fail(err, LLW_ERR_INPUT, c->file, 0, "its files start no '%s'", s->now.started);
    if (!(*found)->model)
        return llw_fail(err, LLW_ERR_INPUT, c->file, 0, "'%s' names no model", s->now.started);
    scene->config = config;
    scene->argv = (*found)->argv;
    scene->launch = (*found)->launch;
    scene->model = (*found)->model;
    return LLW_OK;
}

static llw_texts words_of_launch(llw_arena *arena, const llw_config_launch *launch) {
    /* NOLINTNEXTLINE(clang-analyzer-core.*): llw_fail, of another file, never returns LLW_OK */
    llw_texts words = {.items = llw_arena_alloc(arena, (launch->n_args + 1) * sizeof *words.items)};
    for (size_t i = 0; i < launch->n_args; i++)
        words.items[words.n++] = launch->args[i].text ? launch->args[i].text : "";
    return words;
}

static bool same_words(const llw_texts *a, const llw_texts *b) {
    if (a->n != b->n) return false;
    for (size_t i = 0; i < a->n; i++)
        if (strcmp(a->items[i], b->items[i])) return false;
    return true;
}

static llw_rc open_model(llw_scene *scene, const char *model, llw_err *err) {
    return llw_file_is_regular(model) ? llw_source_model(scene->facts, model, &scene->model, err)
                                      : llw_source_known(scene->facts, model, NULL, &scene->model, err);
}

static llw_rc gather(llw_scene *scene, const llw_case *c, const layered *s, int64_t order,
                     const llw_flags *flags, const llw_case_setting *const *changes, size_t n_changes,
                     const llw_texts *edit, llw_err *err) {
    const llw_config_launch *there = NULL;
    llw_texts words = c->setting.args;
    llw_rc rc = gather_machine(scene, s, err);
    if (rc == LLW_OK && !s->now.n_files) rc = open_model(scene, s->now.model, err);
    if (rc != LLW_OK) return rc;
    llw_entity build = llw_build_claim(scene->facts, s->now.llama, LLW_GRADE_FLAG, "the case", c->id, err);
    if (!build) return LLW_ERR_INPUT;
    if (s->now.n_files) {
        if ((rc = read_files(scene, c, s, build, flags, &there, err)) != LLW_OK) return rc;
        words = words_of_launch(scene->arena, there);
    }
    scene->files = s->now.files;
    scene->n_files = s->now.n_files;
    scene->words = edit_all(scene->arena, flags, order, words, changes, n_changes, edit);
    if (!there || !same_words(&words, &scene->words)) rc = start_words(scene, c, build, flags, there, err);
    if (rc == LLW_OK) claim_things(scene, s);
    return rc;
}

llw_rc llw_scene_open(const llw_kb *kb, const llw_case *c, const llw_case_setting *const *changes,
                      size_t n_changes, const llw_texts *edit, llw_arena *arena, llw_scene *out,
                      llw_err *err) {
    *out = (llw_scene){.arena = arena};
    llw_flags flags;
    llw_build build;
    layered s;
    lay_over(c, changes, n_changes, arena, &s);
    llw_rc rc = llw_flags_load(&flags, err);
    if (rc == LLW_OK) rc = llw_build_read(arena, s.now.llama, &build, err);
    if (rc != LLW_OK) return rc;
    out->facts = llw_facts_new();
    rc = gather(out, c, &s, build.order, &flags, changes, n_changes, edit, err);
    if (rc == LLW_OK) {
        out->run = llw_run_new(kb, out->facts);
        return LLW_OK;
    }
    llw_facts_free(out->facts);
    out->facts = NULL;
    return rc == LLW_ERR_NOTHING ? LLW_ERR_INPUT : rc;
}

void llw_scene_close(llw_scene *scene) {
    llw_run_free(scene->run);
    llw_facts_free(scene->facts);
    scene->run = NULL;
    scene->facts = NULL;
}

typedef struct llw_staged {
    const llw_case_setting *change, *more;
    llw_texts edit;
    llw_scene scene;
    struct llw_staged *next;
} llw_staged;

/* NULL for a setting that changes nothing, so that equal scenes are one. */
static const llw_case_setting *or_null(const llw_case_setting *s) {
    bool empty = !s || (!s->gpus.n && !s->ram && !s->llama && !s->model && !s->args_given && !s->with.n &&
                        !s->n_things && !s->n_files && !s->started);
    return empty ? NULL : s;
}

static llw_rc stage(llw_stage *stage, const llw_case_setting *change, const llw_case_setting *more,
                    const llw_texts *edit, const llw_scene **out, llw_err *err) {
    change = or_null(change);
    more = or_null(more);
    for (llw_staged *s = stage->first; s; s = s->next)
        if (s->change == change && s->more == more && same_words(&s->edit, edit)) {
            *out = &s->scene;
            return LLW_OK;
        }
    llw_staged *s = llw_arena_alloc(stage->arena, sizeof *s);
    const llw_case_setting *changes[] = {change, more};
    llw_rc rc = llw_scene_open(stage->kb, stage->c, changes, 2, edit, stage->arena, &s->scene, err);
    if (rc != LLW_OK) return rc;
    s->change = change;
    s->more = more;
    s->edit = *edit;
    s->next = stage->first;
    stage->first = s;
    *out = &s->scene;
    return LLW_OK;
}

llw_rc llw_stage_scene(llw_stage *s, const llw_case_setting *change, const llw_case_setting *more,
                       const llw_scene **out, llw_err *err) {
    return stage(s, change, more, &(llw_texts){0}, out, err);
}

llw_rc llw_stage_plan(llw_stage *s, const llw_case_setting *change, const llw_texts *edit,
                      const llw_scene **out, llw_err *err) {
    bool nothing = edit->n == 1 && !strcmp(edit->items[0], "nothing");
    return nothing ? llw_stage_scene(s, change, NULL, out, err) : stage(s, change, NULL, edit, out, err);
}

void llw_stage_close(llw_stage *stage) {
    for (llw_staged *s = stage->first; s; s = s->next) llw_scene_close(&s->scene);
    stage->first = NULL;
}

llw_verdict llw_scene_verdict(const llw_scene *scene) {
    const llw_predicted *p = llw_run_predicted(scene->run, scene->launch);
    bool loads = false, certain = true;
    if (scene->argv.refused || (p && p->rc == LLW_ERR_INPUT)) return LLW_VERDICT_REFUSED;
    if (p && p->rc == LLW_OK &&
        (p->fit.prediction.outcome == LLW_OUTCOME_REFUSED || p->fit.prediction.outcome == LLW_OUTCOME_ABORTS))
        return LLW_VERDICT_REFUSED;
    if (!llw_facts_flag(scene->run->facts, scene->launch, LLW_launch_loads, &loads))
        return LLW_VERDICT_UNKNOWN;
    llw_facts_flag(scene->run->facts, scene->launch, LLW_launch_loads_certain, &certain);
    if (loads) return certain ? LLW_VERDICT_LOADS : LLW_VERDICT_LIKELY_LOADS;
    return certain ? LLW_VERDICT_FAILS : LLW_VERDICT_LIKELY_FAILS;
}
