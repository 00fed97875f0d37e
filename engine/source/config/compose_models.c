/* models: of a Compose file: what Docker Model Runner starts llama.cpp with.
 *
 * By docker/model-runner pkg/inference/backends/llamacpp/llamacpp_config.go (2026): -ngl 999, --ctx-size (the
 * model's own setting, else context_size, else 4096), then runtime_flags as they stand. The layer count is
 * its own affair and stays unknown here. Another engine runs models that are no GGUF files: an entry with
 * flags that llama-server never had is left out. */
#include "source/config/set.h"
#include "source/config/yaml_text.h"

#include <string.h>

enum { MAX_MODELS = 200 };

typedef struct reader {
    llw_config_reader *r;
    const llw_config_file *file;
    llw_yaml_text text;
    const llw_link *link;
    llw_words words;
} reader;

static void add(reader *m, const char *text, const llw_yaml *at) {
    llw_rich word = {0};
    llw_rich_read(m->r->arena, &word, text, strlen(text), at->line, at->column, m->link);
    for (size_t i = 0; i < word.n; i++) word.chars[i].column = at->column;
    llw_words_push(m->r->arena, &m->words, word);
}

static void add_option(reader *m, const char *option, const llw_yaml *value) {
    add(m, option, value);
    llw_words_push(m->r->arena, &m->words, llw_yaml_rich(&m->text, value, m->link));
}

/* ai/qwen3:8B of Docker Hub, or hf.co/OWNER/REPOSITORY:QUANTISATION. */
static void add_model(reader *m, const llw_yaml *model) {
    static const char *const hubs[] = {"hf.co/", "huggingface.co/"};
    llw_rich name = llw_yaml_rich(&m->text, model, m->link);
    for (size_t i = 0; i < sizeof hubs / sizeof *hubs; i++) {
        size_t len = strlen(hubs[i]);
        if (strncmp(model->text, hubs[i], len)) continue;
        add(m, "-hf", model);
        llw_words_push(m->r->arena, &m->words, llw_rich_slice(&name, len, name.n));
        return;
    }
    add(m, "--docker-repo", model);
    llw_words_push(m->r->arena, &m->words, name);
}

static bool is_flag_of_ours(const reader *m, const char *word) {
    size_t len = strcspn(word, "=");
    const char *name = llw_arena_strndup(m->r->arena, word, len);
    return *word != '-' || llw_flag_find_any(m->r->flags, name, LLW_PROGRAM_SERVER) != NULL;
}

/* False when the flags are another engine's. */
static bool add_flags(reader *m, const llw_yaml *list) {
    for (const llw_yaml *i = list && list->kind == LLW_YAML_LIST ? list->first : NULL; i; i = i->next) {
        const llw_yaml *node = llw_yaml_follow(i);
        if (!node || node->kind != LLW_YAML_SCALAR) continue;
        if (!is_flag_of_ours(m, node->text)) return false;
        llw_words_push(m->r->arena, &m->words, llw_yaml_rich(&m->text, node, m->link));
    }
    return true;
}

/* The layer count that nobody here gives, unless the flags do. */
static void add_layers(reader *m, const llw_yaml *model) {
    const llw_flag_row *layers = llw_flag_find_any(m->r->flags, "-ngl", LLW_PROGRAM_SERVER);
    for (size_t i = 0; i < m->words.n; i++) {
        const char *word = llw_rich_text(m->r->arena, &m->words.items[i]);
        if (word && *word == '-' && llw_flag_find_any(m->r->flags, word, LLW_PROGRAM_SERVER) == layers)
            return;
    }
    llw_rich unknown = {0};
    llw_char at = {.line = model->line, .column = model->column, .link = m->link};
    llw_rich_unknown(m->r->arena, &unknown, &at, m->link);
    add(m, "-ngl", model);
    llw_words_push(m->r->arena, &m->words, unknown);
}

void llw_compose_models(llw_config_reader *r, const llw_config_file *file) {
    static const char key[] = "\nmodels:";
    llw_yaml *root = NULL;
    const llw_yaml *twice = NULL;
    llw_err err = {0};
    bool first = file->len > 7 && !memcmp(file->bytes, key + 1, 7);
    if ((!first && !memmem(file->bytes, file->len, key, sizeof key - 1)) ||
        llw_yaml_parse(r->arena, file->path, file->bytes, file->len, &root, &twice, &err) != LLW_OK)
        return;
    const llw_yaml *models = llw_yaml_get(root, "models");
    llw_front_launch *items = llw_arena_alloc(r->arena, (MAX_MODELS + 1) * sizeof *items);
    size_t n = 0;
    for (const llw_yaml *i = models && models->kind == LLW_YAML_MAP ? models->first : NULL;
         i && n < MAX_MODELS; i = i->next) {
        const llw_yaml *map = llw_yaml_follow(i), *model = llw_yaml_get(map, "model"),
                       *context = llw_yaml_get(map, "context_size");
        if (!i->key || !model || model->kind != LLW_YAML_SCALAR) continue;
        reader m = {
            .r = r, .file = file, .link = llw_link_new(r->arena, file->path, "Compose models", false)};
        llw_yaml_text_init(&m.text, r->arena, file->path, file->bytes, file->len);
        add_model(&m, model);
        if (context && context->kind == LLW_YAML_SCALAR) add_option(&m, "--ctx-size", context);
        if (!add_flags(&m, llw_yaml_get(map, "runtime_flags"))) continue;
        add_layers(&m, model);
        llw_start *start = llw_arena_alloc(r->arena, sizeof *start);
        *start = (llw_start){.file = file->path, .line = i->key_line, .column = i->key_column};
        start->low = (llw_lowered){
            .runs = true, .program = LLW_PROGRAM_SERVER, .words = m.words, .env = {.arena = r->arena}};
        items[n++] = (llw_front_launch){.start = start,
                                        .name = llw_arena_printf(r->arena, "models.%s", i->key),
                                        .line = i->key_line,
                                        .column = i->key_column,
                                        .from = i->key_line,
                                        .to = llw_yaml_last_line(i)};
    }
    llw_front_emit(r, file, items, n);
}
