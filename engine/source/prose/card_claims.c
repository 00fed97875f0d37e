/* Statements of model cards as claims. */
#include "source/prose/card_claims.h"
#include "source/model/card_read.h"
#include "source/model/known.h"
#include "source/prose/phrases.h"

#include <string.h>
#include <strings.h>

bool llw_is_card(const llw_config_file *file) {
    const char *bytes = file->bytes;
    if (strcasestr(file->name, "modelcard") || strcasestr(file->name, "model_card")) return true;
    if (file->len < 4 || strncmp(bytes, "---\n", 4)) return false;
    const char *end = memmem(bytes + 3, file->len - 3, "\n---", 4);
    return end && (memmem(bytes, (size_t)(end - bytes), "base_model", 10) ||
                   memmem(bytes, (size_t)(end - bytes), "pipeline_tag", 12));
}

/* What a statement is called among claims; NULL for one that no lesson compares. */
static const char *about_of(llw_attr attr) {
    switch (attr) {
    case LLW_model_moe: return "architecture";
    case LLW_model_experts:
    case LLW_model_experts_used: return "experts";
    case LLW_model_layers: return "layers";
    case LLW_model_context_length: return "context";
    default: return NULL;
    }
}

static const char *line_of(const llw_config_file *file, int line, size_t *len) {
    const char *at = file->bytes, *end = at + file->len;
    for (int i = 1; at < end && i < line; i++) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        at = stop ? stop + 1 : end;
    }
    const char *stop = memchr(at, '\n', (size_t)(end - at));
    *len = (size_t)((stop ? stop : end) - at);
    return at;
}

/* "1M tokens with YaRN": more than the model was trained for, and said so. */
static bool is_stretched(const char *line, size_t len) {
    static const char *const words[] = {"yarn", "rope", "extend", "extrapol", "scal"};
    for (size_t i = 0; i + 4 <= len; i++)
        for (size_t k = 0; k < sizeof words / sizeof *words; k++)
            if (!strncasecmp(line + i, words[k], strlen(words[k]))) return true;
    return false;
}

static void claim(llw_config_reader *r, const llw_config_file *file, llw_entity model,
                  const llw_card_statement *s) {
    const char *about = about_of(s->attr);
    int64_t known = 0;
    size_t len = 0, at = 0;
    const char *line = line_of(file, s->line, &len);
    if (!about || s->weak) return;
    bool figure = s->value.type != LLW_FLAG && llw_facts_count(r->facts, model, s->attr, &known);
    if (figure && llw_card_agrees(s, known)) return;
    if (s->attr == LLW_model_context_length && is_stretched(line, len)) return;
    const char *found = memmem(line, len, s->quote, strlen(s->quote));
    if (found) at = (size_t)(found - line);
    int column = 1;
    for (size_t i = 0; i < at; i++) column += ((unsigned char)line[i] & 0xc0) != 0x80;
    llw_rich sentence = {0};
    llw_rich_read(r->arena, &sentence, s->quote, strlen(s->quote), s->line, column,
                  llw_link_new(r->arena, file->path, "model card", false));
    bool kind = s->value.type == LLW_FLAG;
    const llw_phrase phrase = {.about = about,
                               .says_kind = kind,
                               .moe = kind && s->value.as.flag,
                               .count = kind ? 0 : s->value.as.count};
    const llw_said said = {.file = file,
                           .sentence = &sentence,
                           .phrase = &phrase,
                           .model = model,
                           .origin = "model card",
                           .sourced = true};
    llw_config_claim(r, &said);
}

size_t llw_card_models(llw_config_reader *r, const llw_config_file *file, const llw_config_launch **models,
                       size_t n) {
    size_t kept = 0, len = file->len < LLW_CARD_BYTES_MAX ? file->len : LLW_CARD_BYTES_MAX;
    llw_card_text card;
    llw_card_read_head(r->arena, file->bytes, len, &card);
    for (size_t i = 0; i < n; i++)
        if (models[i]->model &&
            llw_card_about(r->facts, models[i]->model, r->arena, file->name, &card) == LLW_NAMES_SAME)
            models[kept++] = models[i];
    return kept;
}

void llw_card_claims(llw_config_reader *r, const llw_config_file *file,
                     const llw_config_launch *const *models, size_t n) {
    llw_card_text card;
    llw_err err = {0};
    size_t len = file->len < LLW_CARD_BYTES_MAX ? file->len : LLW_CARD_BYTES_MAX;
    llw_card_read_head(r->arena, file->bytes, len, &card);
    for (size_t i = 0; i < n; i++) {
        const char *name = models[i]->argv.model.path;
        llw_entity model = models[i]->model;
        if (!model && name &&
            (llw_card_name(file->name, name) == LLW_NAMES_SAME ||
             (card.name && llw_card_name(card.name, name) == LLW_NAMES_SAME)))
            llw_source_known(r->facts, name, NULL, &model, NULL);
        if (!model || !name || llw_card_about(r->facts, model, r->arena, file->name, &card) != LLW_NAMES_SAME)
            continue;
        if (llw_card_read(r->arena, file->bytes, len, name, &card, &err) != LLW_OK) return;
        for (size_t k = 0; k < card.n_statements; k++) claim(r, file, model, &card.statements[k]);
        return; /* other files of the same model are no other model */
    }
}
