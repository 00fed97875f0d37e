/* Shell scripts: every start of llama.cpp in them as a launch. */
#include "source/config/front.h"

#include <string.h>

llw_rich llw_config_text(llw_config_reader *r, const llw_config_file *file, const char *origin) {
    llw_rich out = {.capacity = file->len < LLW_RICH_MAX ? file->len : LLW_RICH_MAX};
    out.chars = llw_arena_alloc(r->arena, out.capacity * sizeof *out.chars);
    const llw_link *link = llw_link_new(r->arena, file->path, origin, false);
    size_t at = file->len >= 3 && !memcmp(file->bytes, "\xef\xbb\xbf", 3) ? 3 : 0;
    for (int line = 1; at < file->len; line++) {
        const char *end = memchr(file->bytes + at, '\n', file->len - at);
        size_t len = end ? (size_t)(end - file->bytes) - at : file->len - at;
        size_t kept = len && end && file->bytes[at + len - 1] == '\r' ? len - 1 : len;
        llw_rich_read(r->arena, &out, file->bytes + at, kept, line, 1, link);
        if (end)
            llw_rich_push(r->arena, &out,
                          (llw_char){'\n', .line = line, .column = (int)kept + 1, .link = link});
        at += len + (end != NULL);
    }
    return out;
}

struct llw_config_kept {
    llw_rich text;
    size_t emission; /* in which it was made; 0: in none, and made anew */
};

struct llw_config_kept *llw_config_kept_new(llw_arena *arena) {
    return llw_arena_alloc(arena, sizeof(struct llw_config_kept));
}

static bool is_env(const char *name) {
    size_t len = strlen(name);
    return !strncmp(name, ".env", 4) || (len >= 4 && !strcmp(name + len - 4, ".env"));
}

const llw_rich *llw_config_script_text(llw_config_reader *r, const llw_config_file *file) {
    struct llw_config_kept *kept = file->kept ? file->kept : llw_config_kept_new(r->arena);
    if (!kept->emission || kept->emission != r->emission) {
        kept->text = llw_config_text(r, file, is_env(file->name) ? ".env" : "script");
        kept->emission = r->emission;
    }
    return &kept->text;
}

llw_config_file *llw_config_embedded(llw_config_reader *r, const llw_config_file *in, const llw_rich *text) {
    size_t cost = text->n + (text->n ? (size_t)text->chars[text->n - 1].line : 0);
    if (r->reread < cost) return NULL;
    r->reread -= cost;
    llw_text bytes = {0};
    int line = 0;
    for (size_t i = 0; i < text->n; i++) {
        const llw_char *at = &text->chars[i];
        bool first = line < at->line;
        for (; line < at->line; line++) llw_text_add(&bytes, line ? "\n" : "");
        for (int column = 1; first && column < at->column; column++) llw_text_add(&bytes, " ");
        if (at->byte != '\n') llw_text_addn(&bytes, &at->byte, 1);
    }
    llw_config_file *file = llw_arena_alloc(r->arena, sizeof *file);
    *file = *in;
    file->kept = NULL;
    file->len = bytes.len;
    file->bytes = llw_arena_strndup(r->arena, llw_text_str(&bytes), file->len);
    llw_text_fini(&bytes);
    return file;
}

void llw_front_script(llw_config_reader *r, llw_config_set *set, const llw_config_file *file) {
    llw_starts starts = {0};
    llw_scope env = {.arena = r->arena};
    llw_start_site site = {
        .file = file->path, .directory = file->directory, .set = set, .default_origin = "shell default"};
    size_t unread = r->out->n_unread;
    llw_shell_script(r, &site, llw_config_script_text(r, file), NULL, &env, &starts);
    if (!starts.n) r->out->n_unread = unread; /* another program's script is nobody's business */
    llw_front_starts(r, file, &starts);
}
