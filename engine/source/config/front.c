/* Launches of one file, with their ids, places and comments. */
#include "source/config/front.h"
#include "base/file.h"

#include <ctype.h>
#include <string.h>

/* What stands behind the colon of FILE:NAME: no line, so that it stays the same when the file grows
 * elsewhere. */
static const char *label_of(llw_config_reader *r, const llw_config_file *file, const llw_front_launch *f) {
    const char *name = f->name, *argument = f->start->argument;
    if (!*name && f->start->file && strcmp(f->start->file, file->path)) name = llw_path_name(f->start->file);
    if (!argument) return name;
    return *name ? llw_arena_printf(r->arena, "%s %s", name, argument) : argument;
}

/* FILE, or FILE:NAME; #2 and so on where that is not enough. */
static const char *id_of(llw_config_reader *r, const llw_config_file *file, const char *const *labels,
                         size_t i) {
    size_t before = 0;
    for (size_t k = 0; k < i; k++) before += !strcmp(labels[k], labels[i]);
    const char *id = *labels[i] ? llw_arena_printf(r->arena, "%s:%s", file->path, labels[i]) : file->path;
    if (!before) return id;
    return llw_arena_printf(r->arena, "%s%s#%zu", id, *labels[i] ? "" : ":", before + 1);
}

size_t llw_front_emit(llw_config_reader *r, const llw_config_file *file, const llw_front_launch *items,
                      size_t n) {
    llw_comment_target *targets = llw_arena_alloc(r->arena, (n + 1) * sizeof *targets);
    const char **labels = llw_arena_alloc(r->arena, (n + 1) * sizeof *labels);
    size_t n_targets = 0, made_here = 0;
    for (size_t i = 0; i < n; i++) labels[i] = label_of(r, file, &items[i]);
    for (size_t i = 0; i < n; i++) {
        const llw_front_launch *f = &items[i];
        llw_config_file *where = llw_arena_alloc(r->arena, sizeof *where);
        *where = *file;
        where->path = f->line || !f->start->file ? file->path : f->start->file;
        bool here = !strcmp(where->path, file->path);
        llw_launch_spec spec = {.id = id_of(r, file, labels, i),
                                .name = f->name,
                                .file = where,
                                .line = f->line ? f->line : f->start->line,
                                .column = f->line ? f->column : f->start->column,
                                .lowered = &f->start->low,
                                .version = f->start->low.version,
                                .infrastructure = f->infrastructure || file->example,
                                .example = file->example,
                                .directory = file->directory,
                                .mounts = f->start->low.mounts,
                                .n_mounts = f->start->low.n_mounts};
        if (f->apart) {
            spec.own_from = f->start->line;
            spec.own_to = f->start->last_line;
        }
        spec.version_place = llw_place(r->arena, where->path, spec.line, spec.column);
        const llw_config_launch *made = llw_config_add_launch(r, &spec);
        if (!made) continue;
        made_here++;
        if (!here) continue;
        llw_config_launch *copy = llw_arena_alloc(r->arena, sizeof *copy);
        *copy = *made;
        int from = f->from ? f->from : f->start->line, to = f->to ? f->to : f->start->last_line;
        targets[n_targets++] = (llw_comment_target){from, to > from ? to : from, copy};
    }
    if (n_targets) llw_config_comments(r, file, targets, n_targets, NULL, 0);
    return made_here;
}

size_t llw_front_starts(llw_config_reader *r, const llw_config_file *file, const llw_starts *starts) {
    llw_front_launch *items = llw_arena_alloc(r->arena, (starts->n + 1) * sizeof *items);
    for (size_t i = 0; i < starts->n; i++)
        items[i] = (llw_front_launch){.start = &starts->items[i], .name = ""};
    return llw_front_emit(r, file, items, starts->n);
}

void llw_front_no_shell(llw_config_reader *r, const llw_words *words, const char *who, const char *advice) {
    const char *program = words->n ? llw_path_name(llw_rich_show(r->arena, &words->items[0])) : "";
    if (!strcmp(program, "sh") || !strcmp(program, "bash") || !strcmp(program, "zsh")) return;
    for (size_t i = 0; i < words->n; i++) {
        const llw_rich *word = &words->items[i];
        for (size_t k = 0; k < word->n; k++) {
            const llw_char *at = &word->chars[k];
            char next = k + 1 < word->n ? word->chars[k + 1].byte : 0;
            bool variable = at->byte == '$' && (isalpha((unsigned char)next) || next == '_' || next == '{');
            bool home = !k && at->byte == '~' && next == '/';
            if (at->unknown || (!variable && !home)) continue;
            const char *text = llw_rich_show(r->arena, word);
            llw_config_problem(r, LLW_F_OTHERWISE, LLW_PROBLEM_RISK,
                               llw_place(r->arena, at->link ? at->link->file : "", at->line, at->column),
                               text, home ? "write the whole path" : advice,
                               "%s starts no shell: the program gets %.60s as it stands", who, text);
            break;
        }
    }
}

bool llw_front_split_setting(llw_arena *arena, const llw_rich *text, const char **name, llw_rich *value) {
    size_t sign = 0;
    while (sign < text->n && (text->chars[sign].unknown || text->chars[sign].byte != '=')) sign++;
    llw_rich key = llw_rich_slice(text, 0, sign);
    *value = llw_rich_slice(text, sign + 1, text->n);
    *name = llw_rich_text(arena, &key);
    return sign < text->n && *name && **name;
}
