/* Commands in the code blocks of a document, and the launches they are. */
#include "source/prose/document_code.h"
#include "source/prose/fence.h"
#include "source/prose/phrase_pattern.h"
#include "source/prose/phrases.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static bool is_shell(const char *info) {
    static const char *const names[] = {"", "sh", "bash", "shell", "zsh", "console", "shell-session"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!strcasecmp(info, names[i])) return true;
    return false;
}

/* "<model>", "[options]", "...": a form to be filled in, which nobody runs. */
static bool is_form(const llw_rich *text) {
    for (size_t i = 0; i + 1 < text->n; i++) {
        char c = text->chars[i].byte, next = text->chars[i + 1].byte;
        if (c == '<' && (isalpha((unsigned char)next) || (unsigned char)next >= 0x80)) return true;
        if (c == '[' && isalnum((unsigned char)next) && i && text->chars[i - 1].byte == ' ') return true;
        if (c == '.' && next == '.' && i + 2 < text->n && text->chars[i + 2].byte == '.') return true;
    }
    return false;
}

/* Boxes of a tree, arrows of a flow: a picture, unless a comment draws them. */
static bool is_picture(const llw_rich *text) {
    bool comment = false;
    for (size_t i = 0; i + 2 < text->n; i++) {
        const llw_char *c = &text->chars[i];
        unsigned char second = (unsigned char)c[1].byte;
        if (c->byte == '\n') comment = false;
        comment |= c->byte == '#';
        bool arrow = second == 0x86, box = second == 0x94 || second == 0x95; /* U+2190..., U+2500... */
        if (!comment && (unsigned char)c->byte == 0xe2 && (arrow || box)) return true;
    }
    return false;
}

/* Without the prompts at the start of lines. */
static llw_rich without_prompts(llw_arena *arena, const llw_rich *text) {
    llw_rich out = {0};
    for (size_t i = 0; i < text->n; i++) {
        bool starts = !i || text->chars[i - 1].byte == '\n';
        if (starts && i + 1 < text->n && text->chars[i].byte == '$' && text->chars[i + 1].byte == ' ') {
            i++;
            continue;
        }
        llw_rich_push(arena, &out, text->chars[i]);
    }
    return out;
}

void llw_document_code(llw_config_reader *r, llw_config_set *set, const llw_config_file *file,
                       const llw_passage *p, llw_starts *starts) {
    if (is_form(&p->text)) return;
    if (!is_shell(p->info)) llw_fence_read(r, set, file, p->info, &p->text);
    if (!is_shell(p->info) || (!*p->info && is_picture(&p->text))) return;
    llw_scope env = {.arena = r->arena};
    llw_start_site site = {
        .file = file->path, .directory = file->directory, .set = set, .default_origin = "shell default"};
    llw_rich script = without_prompts(r->arena, &p->text);
    size_t unread = r->out->n_unread;
    llw_shell_script(r, &site, &script, NULL, &env, starts);
    r->out->n_unread = unread; /* an example that cannot be read is no file that cannot */
}

static bool gives_ub_reason(const llw_config_reader *r, const llw_passage *p) {
    size_t len = 0;
    const char *text = llw_rich_line(r->arena, &p->text, &len);
    return llw_pattern_matches(LLW_PATTERN_UB_REASON, text, len);
}

/* Words without an option are what a program printed, or a sentence. */
static bool has_option(const llw_start *start) {
    const llw_words *words = &start->low.words;
    for (size_t i = 0; i < words->n; i++)
        if (words->items[i].n && words->items[i].chars[0].byte == '-') return true;
    return !words->n;
}

void llw_document_launches(llw_config_reader *r, const llw_config_file *file, const llw_document *passages,
                           const llw_starts *starts) {
    bool reason = false, ubatch = false;
    for (size_t i = 0; i < passages->n && starts->n; i++) {
        const llw_passage *p = &passages->items[i];
        if (p->kind == LLW_PASSAGE_CODE) continue;
        reason |= llw_phrase_reason(&p->text);
        ubatch |= gives_ub_reason(r, p);
    }
    for (size_t i = 0; i < starts->n; i++) {
        llw_start *start = &starts->items[i];
        const char *path = file->path;
        const llw_launch_spec spec = {.id = llw_arena_printf(r->arena, i ? "%s:#%zu" : "%s", path, i + 1),
                                      .name = "",
                                      .file = file,
                                      .line = start->line,
                                      .column = start->column,
                                      .lowered = &start->low,
                                      .version = start->low.version,
                                      .version_place = llw_place(r->arena, path, start->line, start->column),
                                      .example = true,
                                      .directory = file->directory,
                                      .mounts = start->low.mounts,
                                      .n_mounts = start->low.n_mounts};
        if (!has_option(start) || (start->file && strcmp(start->file, path))) continue;
        const llw_config_launch *made = llw_config_add_launch(r, &spec);
        if (!made) continue;
        if (reason)
            llw_facts_claim(r->facts, made->launch, LLW_launch_reason_given, llw_flag(true), LLW_GRADE_CONFIG,
                            "document", spec.version_place);
        if (ubatch)
            llw_facts_claim(r->facts, made->launch, LLW_launch_ubatch_reason, llw_flag(true),
                            LLW_GRADE_CONFIG, "document", spec.version_place);
    }
}
