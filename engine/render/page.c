/* Finds the page of a code wherever it is kept. */
#include "render/page.h"
#include "base/data.h"
#include "check/rulelint.h"
#include "explain/finding.h"
#include "explain/suppress.h"
#include "source/launch/argv.h"
#include "source/log/log.h"
#include "source/config/yaml_tree.h"

#include <string.h>

/* The front matter between two lines of three dashes; NULL when there is none. *body is what follows. */
static const char *front_matter(llw_arena *arena, const char *bytes, const char **body) {
    *body = bytes;
    if (strncmp(bytes, "---\n", 4)) return NULL;
    const char *end = strstr(bytes + 4, "\n---\n");
    if (!end) return NULL;
    *body = end + 5;
    while (**body == '\n') (*body)++;
    return llw_arena_strndup(arena, bytes + 4, (size_t)(end + 1 - bytes - 4));
}

static void read_sources(llw_arena *arena, const llw_yaml *list, llw_page *out) {
    void *items = NULL;
    size_t capacity = 0;
    list = llw_yaml_follow(list);
    if (!list || list->kind != LLW_YAML_LIST) return;
    for (const llw_yaml *s = list->first; s; s = s->next) {
        llw_page_source *source = llw_arena_push(arena, &items, &out->n_sources, &capacity, sizeof *source);
        *source = (llw_page_source){llw_yaml_string(llw_yaml_get(s, "what"), ""),
                                    llw_yaml_string(llw_yaml_get(s, "where"), ""),
                                    llw_yaml_string(llw_yaml_get(s, "date"), "")};
    }
    out->sources = items;
}

static void read_story(llw_arena *arena, const llw_lesson *lesson, llw_page *out) {
    const char *bytes = NULL, *path = NULL;
    size_t len = 0;
    if (llw_data_read(arena, llw_arena_printf(arena, "lessons/%s.md", lesson->id), &bytes, &len, &path,
                      NULL) != LLW_OK)
        return;
    const char *front = front_matter(arena, bytes, &out->story);
    llw_yaml *root = NULL;
    const llw_yaml *twice = NULL;
    if (!front || llw_yaml_parse(arena, path, front, strlen(front), &root, &twice, NULL) != LLW_OK) return;
    out->title = llw_yaml_string(llw_yaml_get(root, "title"), out->title);
    read_sources(arena, llw_yaml_get(root, "sources"), out);
}

static bool lesson_page(const llw_kb *kb, llw_arena *arena, const char *code, llw_page *out) {
    const llw_lesson *lesson = kb ? llw_kb_lesson(kb, code) : NULL;
    if (!lesson) return false;
    *out = (llw_page){.code = lesson->code,
                      .name = lesson->id,
                      .title = lesson->claim,
                      .claim = lesson->claim,
                      .story = ""};
    for (size_t i = 0; i < lesson->n_rules; i++)
        if (lesson->rules[i].level > out->level) out->level = lesson->rules[i].level;
    read_story(arena, lesson, out);
    return true;
}

bool llw_page_find(const llw_kb *kb, llw_arena *arena, const char *code, llw_page *out) {
    llw_flag_code flag = llw_flag_code_find(code);
    const char *title = NULL, *text = NULL;
    llw_level level = LLW_LEVEL_NONE;
    if (flag) {
        *out = (llw_page){.code = llw_flag_code_name(flag),
                          .title = llw_flag_code_title(flag),
                          .claim = llw_flag_code_text(flag),
                          .level = llw_level_of_problem(llw_flag_code_level(flag))};
    } else if (llw_suppress_code(code, &title, &text)) {
        *out = (llw_page){.code = code,
                          .title = title,
                          .claim = text,
                          .level = strcmp(code, "S04") ? LLW_LEVEL_NOTE : LLW_LEVEL_RISK};
    } else if (llw_rulelint_code(code, &title, &text, &level)) {
        *out = (llw_page){.code = code, .title = title, .claim = text, .level = level};
    } else if (llw_log_code_title(code)) {
        *out = (llw_page){.code = code, .title = llw_log_code_title(code), .claim = llw_log_code_text(code)};
        for (level = LLW_LEVEL_NOTE; level <= LLW_LEVEL_WRONG; level++)
            if (!strcmp(llw_level_name(level), llw_log_code_level(code))) out->level = level;
    } else
        return lesson_page(kb, arena, code, out);
    out->name = out->code;
    out->story = "";
    return true;
}

void llw_page_story(llw_text *out, const llw_page *page, void (*add)(llw_text *out, const char *text)) {
    static const char heading[] = "\n## Sources\n\n", above[] = "As above.";
    const char *at = strstr(page->story, heading);
    if (!at) {
        llw_text_add(out, page->story);
        return;
    }
    at += sizeof heading - 1;
    llw_text_addn(out, page->story, (size_t)(at - page->story));
    for (size_t i = 0; i < page->n_sources; i++) {
        const llw_page_source *s = &page->sources[i];
        llw_text_add(out, "- ");
        add(out, s->what);
        llw_text_add(out, ": ");
        add(out, s->where);
        llw_text_addf(out, " (%s)\n", s->date);
    }
    if (!strncmp(at, above, sizeof above - 1)) at += sizeof above - 1;
    at += strspn(at, " \n");
    if (*at) llw_text_addf(out, "\n%s", at);
}
