/* Blocks of YAML and INI in documents, through the front ends of the files that they show. */
#include "source/prose/fence.h"

#include <string.h>
#include <strings.h>

/* Services by themselves: an example has no .env and no files beside it. */
static void read_compose(llw_config_reader *r, llw_config_set *set, const llw_config_file *file) {
    enum { MAX_SERVICES = 100 };
    size_t n = 0, made = 0;
    const llw_service *services = llw_config_compose(r, file, file->directory, &n);
    llw_front_launch items[MAX_SERVICES];
    llw_scope none = {.arena = r->arena};
    for (size_t i = 0; i < n && made < MAX_SERVICES; i++) {
        const llw_service *s = &services[i];
        llw_start *start = llw_arena_alloc(r->arena, sizeof *start);
        const char *version;
        *start = (llw_start){.file = file->path, .line = s->line, .column = s->column};
        if (s->builds || !s->image.n) continue; /* of files that are not shown */
        llw_config_service(r, s, &none, NULL, set, NULL, &start->low, &version);
        start->low.version = version;
        if (!start->low.runs) continue;
        items[made++] = (llw_front_launch){.start = start,
                                           .name = s->name,
                                           .line = s->line,
                                           .column = s->column,
                                           .from = s->line,
                                           .to = s->last_line,
                                           .infrastructure = true};
    }
    llw_front_emit(r, file, items, made);
}

static bool is_one_of(const char *word, const char *a, const char *b) {
    return !strcasecmp(word, a) || !strcasecmp(word, b);
}

void llw_fence_read(llw_config_reader *r, llw_config_set *set, const llw_config_file *document,
                    const char *info, const llw_rich *text) {
    bool yaml = is_one_of(info, "yaml", "yml"), ini = is_one_of(info, "ini", "conf");
    llw_config_file *file = yaml || ini ? llw_config_embedded(r, document, text) : NULL;
    if (!file) return;
    size_t unread = r->out->n_unread, problems = r->out->n_problems;
    file->example = true;
    const char *bytes = llw_rich_show(r->arena, text); /* from the first column on */
    llw_config_kind kind = LLW_CONFIG_NONE;
    if (yaml) kind = llw_config_kind_by_content(LLW_CONFIG_YAML, file->name, bytes, strlen(bytes));
    if (kind == LLW_CONFIG_COMPOSE) read_compose(r, set, file);
    if (kind == LLW_CONFIG_SWAP) llw_front_swap(r, set, file);
    if (ini && llw_front_preset(r, file, true)) llw_front_preset(r, file, false);
    r->out->n_unread = unread;
    r->out->n_problems = problems;
}
