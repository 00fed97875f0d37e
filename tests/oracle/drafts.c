#include "drafts.h"

#include "base/text.h"

#define PICK(r, ...)                                                                                         \
    rng_pick(r, (const char *const[]){__VA_ARGS__},                                                          \
             (int)(sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *)))

void draft_make(oracle *o, rng *r, const char *name, llw_arena *arena, drafting *out) {
    int64_t bytes = 0;
    out->model = NULL;
    if (!case_model(r, name, arena, &out->known, &bytes) ||
        !oracle_write(out->path, &out->known.model, bytes))
        return;
    json_t *answer = oracle_load(o, out->path);
    if (answer && !json_object_get(answer, "error")) out->model = &out->known.model;
    json_decref(answer);
}

const char *draft_flags(rng *r, const drafting *draft, int cards, llw_arena *arena) {
    llw_text t = {0};
    if (!draft->model || rng_chance(r, 15)) {
        llw_text_add(&t, "--spec-type draft-mtp");
    } else {
        llw_text_addf(&t, "-md %s", draft->path);
        if (rng_chance(r, 40)) llw_text_addf(&t, " -ngld %d", rng_below(r, 30));
        if (rng_chance(r, 40))
            llw_text_addf(&t, " %s", PICK(r, "-ctkd q8_0 -ctvd q8_0", "-ctkd q4_0", "-ctvd bf16"));
        if (rng_chance(r, 30)) llw_text_addf(&t, " -devd CUDA%d", rng_below(r, cards));
        if (rng_chance(r, 10)) llw_text_add(&t, " -devd none");
        if (rng_chance(r, 30)) llw_text_addf(&t, " %s", PICK(r, "-cmoed", "-ncmoed 3", "-otd attn_q=CPU"));
        if (rng_chance(r, 50))
            llw_text_addf(&t, " %s",
                          PICK(r, "--spec-type draft-simple", "--spec-type ngram-mod", "--spec-type none",
                               "--spec-type draft-simple,ngram-simple"));
    }
    if (rng_chance(r, 40)) llw_text_addf(&t, " --spec-draft-n-max %d", rng_below(r, 20));
    if (rng_chance(r, 10)) llw_text_add(&t, " --spec-default");
    const char *flags = llw_arena_strdup(arena, llw_text_str(&t));
    llw_text_fini(&t);
    return flags;
}
