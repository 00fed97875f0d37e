/* Of which model a sentence speaks: the one of the launch, unless it names another.
 *
 * The name nearest before a phrase is its subject, else the first one behind it, else the name with which a
 * sentence of the same paragraph began. A word is a name when letters and digits say so, or when a known
 * model or one of the same file is called like that. A name is a model's only where nothing of it speaks
 * against that: a size that the model's name does not have must be the size the model has. */
#include "source/model/card_name.h"
#include "source/config/parts.h"
#include "source/model/known.h"
#include "source/prose/name_phrase.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

enum { MAX_NAME = 256 };

/* What a phrase says as far as one of its ends. */
typedef struct spoken {
    char text[MAX_NAME];
    size_t len;
} spoken;

static spoken speak(const llw_rich *text, size_t from, size_t to) {
    spoken s = {.len = 0};
    for (; from + s.len < to && s.len < MAX_NAME - 1; s.len++) s.text[s.len] = text->chars[from + s.len].byte;
    s.text[s.len] = 0;
    return s;
}

static const char *model_name(const llw_config_reader *r, const llw_config_launch *launch) {
    const char *name = "";
    if (launch->model) llw_facts_text(r->facts, launch->model, LLW_model_name, &name);
    return name;
}

static bool is_near(double a, double b) {
    return a < b * 1.15 && b < a * 1.15;
}

/* A size in what was said that `called` does not have: the model's own parameters decide, and where nobody
 * knows them it may be any other model of the family. */
static bool contradicts(const llw_config_reader *r, const spoken *name, const char *called,
                        const llw_config_launch *launch) {
    llw_name_sizes said = llw_card_name_sizes(name->text, name->len),
                   have = llw_card_name_sizes(called, strlen(called));
    int64_t params = 0;
    bool moe = false;
    if (said.params > 0 && have.params <= 0 &&
        !(launch->model && llw_facts_count(r->facts, launch->model, LLW_model_params, &params) &&
          is_near(said.params, (double)params)))
        return true;
    return said.active > 0 && have.active <= 0 &&
           !(launch->model && llw_facts_flag(r->facts, launch->model, LLW_model_moe, &moe) && moe);
}

/* What a name says about the model of a launch, by its file, its own name and the name of the profile. */
static llw_naming naming(const llw_config_reader *r, const spoken *name, const llw_config_launch *launch) {
    const char *called[] = {launch->argv.model.path, model_name(r, launch), launch->name};
    llw_naming best = LLW_NAMES_NOTHING;
    for (size_t i = 0; i < sizeof called / sizeof *called; i++) {
        if (!called[i] || !*called[i]) continue;
        llw_naming said = llw_card_name_short(name->text, name->len, called[i]);
        if (said == LLW_NAMES_SAME && contradicts(r, name, called[i], launch)) said = LLW_NAMES_OTHER;
        if (said == LLW_NAMES_SAME) return said;
        if (said == LLW_NAMES_OTHER && i < 2) best = said; /* a profile may be called anything */
    }
    return best;
}

/* "gpt-oss", "GLM": no digit, but models start like that. Small letters alone are ordinary words. */
static bool starts_known(llw_config_reader *r, const spoken *name) {
    if (!r->known) llw_known_list(r->arena, &r->known, &r->n_known);
    bool marked = strchr(name->text, '-') != NULL;
    for (const char *at = name->text; *at; at++) marked = marked || isupper((unsigned char)*at);
    size_t stem = strcspn(name->text, "-_. ");
    for (size_t i = 0; marked && i < r->n_known; i++)
        if (!strncasecmp(r->known[i], name->text, stem) && !isalpha((unsigned char)r->known[i][stem]) &&
            llw_card_name_short(name->text, name->len, r->known[i]) == LLW_NAMES_SAME)
            return true;
    return false;
}

static llw_naming meaning(llw_config_reader *r, const spoken *name, const llw_config_launch *launch) {
    llw_naming said = naming(r, name, launch);
    if (said != LLW_NAMES_OTHER || strpbrk(name->text, "0123456789")) return said;
    return starts_known(r, name) ? said : LLW_NAMES_NOTHING;
}

/* What a phrase says by as many of its words as say something; *end is where those stop. */
static llw_naming meaning_of(llw_config_reader *r, const llw_rich *text, const llw_name_phrase *p,
                             const llw_config_launch *launch, size_t *end) {
    for (size_t i = 0; i < p->n_ends; i++) {
        spoken name = speak(text, p->at, p->ends[i]);
        llw_naming said = meaning(r, &name, launch);
        *end = p->ends[i];
        if (said == LLW_NAMES_SAME || (said == LLW_NAMES_OTHER && i + 1 == p->n_ends)) return said;
    }
    return LLW_NAMES_NOTHING;
}

bool llw_config_other_model(llw_config_reader *r, const llw_rich *before, const llw_rich *sentence, size_t at,
                            const llw_config_launch *launch) {
    llw_naming subject = LLW_NAMES_NOTHING;
    llw_name_phrase p;
    for (size_t from = 0, end = 0; llw_name_phrase_next(sentence, from, &p); from = end) {
        if (p.at >= at && subject != LLW_NAMES_NOTHING) break;
        llw_naming said = meaning_of(r, sentence, &p, launch, &end);
        if (said != LLW_NAMES_NOTHING) subject = said;
    }
    if (subject != LLW_NAMES_NOTHING) return subject == LLW_NAMES_OTHER;
    llw_naming last = LLW_NAMES_NOTHING;
    for (size_t from = 0, end = 0; llw_name_phrase_next(before, from, &p); from = end) {
        size_t start = p.at; /* "GLM-4.7-Flash is the fast one. A dense model." */
        while (start && strchr("\t \n`\"*-", before->chars[start - 1].byte) && before->chars[start - 1].byte)
            start--;
        llw_naming said = meaning_of(r, before, &p, launch, &end);
        if (said == LLW_NAMES_NOTHING || (start && !strchr(".!?", before->chars[start - 1].byte))) continue;
        last = said;
    }
    return last == LLW_NAMES_OTHER;
}

bool llw_config_starts_like_model(const char *name, size_t len, const char *model) {
    const char *slash = strrchr(model, '/');
    model = slash ? slash + 1 : model;
    size_t n = 0;
    while (n < len && isalpha((unsigned char)name[n])) n++;
    return n > 1 && !strncasecmp(name, model, n) && !isalpha((unsigned char)model[n]);
}

bool llw_config_names_model(llw_config_reader *r, const char *text, size_t len,
                            const llw_config_launch *launch) {
    spoken name = {.len = len < MAX_NAME - 1 ? len : MAX_NAME - 1};
    memcpy(name.text, text, name.len);
    const char *called[] = {launch->argv.model.path, launch->name, model_name(r, launch)};
    for (size_t i = 0; i < sizeof called / sizeof *called; i++)
        if (called[i] && *called[i] && llw_config_starts_like_model(name.text, name.len, called[i]) &&
            llw_card_name_short(name.text, name.len, called[i]) == LLW_NAMES_SAME &&
            !contradicts(r, &name, called[i], launch))
            return true;
    return false;
}
