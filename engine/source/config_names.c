/* Of which model a sentence speaks: the one of the launch, unless it names another.
 *
 * The name nearest before a phrase is its subject, else the first one behind it, else the name with which a
 * sentence of the same paragraph began. A word is a name when letters and digits say so, or when a known
 * model or one of the same file is called like that. */
#include "source/card_name.h"
#include "source/config_phrases.h"
#include "source/config_parts.h"
#include "source/known.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

enum { MAX_NAMES = 32 };

static const char *model_name(const llw_config_reader *r, const llw_config_launch *launch) {
    const char *name = "";
    llw_facts_text(r->facts, launch->model, LLW_model_name, &name);
    return name;
}

/* What a word says about the model of a launch, by its file, its own name and the name of the profile. */
static llw_naming naming(const llw_config_reader *r, const llw_phrase_name *word,
                         const llw_config_launch *launch) {
    const char *path = launch->argv.model.path;
    llw_naming by_path = path ? llw_card_name_short(word->text, word->len, path) : LLW_NAMES_NOTHING,
               by_name = llw_card_name_short(word->text, word->len, model_name(r, launch));
    if (by_path == LLW_NAMES_SAME || by_name == LLW_NAMES_SAME ||
        llw_card_name_short(word->text, word->len, launch->name) == LLW_NAMES_SAME)
        return LLW_NAMES_SAME;
    return by_path == LLW_NAMES_OTHER || by_name == LLW_NAMES_OTHER ? LLW_NAMES_OTHER : LLW_NAMES_NOTHING;
}

/* "gpt-oss", "GLM": no digit, but models start like that. Small letters alone are ordinary words. */
static bool starts_known(llw_config_reader *r, const llw_phrase_name *word) {
    if (!r->known) llw_known_list(r->arena, &r->known, &r->n_known);
    bool marked = strchr(word->text, '-') != NULL;
    for (const char *at = word->text; *at; at++) marked = marked || isupper((unsigned char)*at);
    size_t stem = strcspn(word->text, "-_.");
    for (size_t i = 0; marked && i < r->n_known; i++)
        if (!strncasecmp(r->known[i], word->text, stem) && !isalpha((unsigned char)r->known[i][stem]) &&
            llw_card_name_short(word->text, word->len, r->known[i]) == LLW_NAMES_SAME)
            return true;
    return false;
}

static llw_naming meaning(llw_config_reader *r, const llw_phrase_name *word,
                          const llw_config_launch *launch) {
    llw_naming said = naming(r, word, launch);
    if (said != LLW_NAMES_OTHER || strpbrk(word->text, "0123456789")) return said;
    return starts_known(r, word) ? said : LLW_NAMES_NOTHING;
}

bool llw_config_other_model(llw_config_reader *r, const llw_rich *before, const llw_rich *sentence, size_t at,
                            const llw_config_launch *launch) {
    llw_phrase_name names[MAX_NAMES];
    size_t n = llw_phrases_names(sentence, names, MAX_NAMES);
    llw_naming subject = LLW_NAMES_NOTHING;
    for (size_t i = 0; i < n; i++) {
        if (names[i].at >= at && subject != LLW_NAMES_NOTHING) break;
        llw_naming said = meaning(r, &names[i], launch);
        if (said != LLW_NAMES_NOTHING) subject = said;
    }
    if (subject != LLW_NAMES_NOTHING) return subject == LLW_NAMES_OTHER;
    n = llw_phrases_names(before, names, MAX_NAMES);
    for (size_t i = n; i-- > 0;) { /* "GLM-4.7-Flash is the fast one. A dense model." */
        size_t start = names[i].at;
        while (start && strchr("\t \n`\"*-", before->chars[start - 1].byte) && before->chars[start - 1].byte)
            start--;
        if (start && !strchr(".!?", before->chars[start - 1].byte)) continue;
        llw_naming said = meaning(r, &names[i], launch);
        if (said != LLW_NAMES_NOTHING) return said == LLW_NAMES_OTHER;
    }
    return false;
}

/* "GLM" starts like glm-4.7-flash does; "flash" and "next" are ordinary words. */
static bool starts_alike(const char *name, size_t len, const char *model) {
    const char *slash = strrchr(model, '/');
    model = slash ? slash + 1 : model;
    size_t n = 0;
    while (n < len && isalpha((unsigned char)name[n])) n++;
    return n > 1 && !strncasecmp(name, model, n) && !isalpha((unsigned char)model[n]);
}

bool llw_config_names_model(llw_config_reader *r, const char *name, size_t len,
                            const llw_config_launch *launch) {
    const char *called[] = {launch->argv.model.path, launch->name,
                            launch->model ? model_name(r, launch) : ""};
    for (size_t i = 0; i < sizeof called / sizeof *called; i++)
        if (called[i] && *called[i] && starts_alike(name, len, called[i]) &&
            llw_card_name_short(name, len, called[i]) == LLW_NAMES_SAME)
            return true;
    return false;
}
