/* YAML front matter of a model card: the keys that tell which model it is about, and its tags. */
#include "source/model/card_read.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <yaml.h>

enum { FRONT_MAX = 65536, DEPTH_MAX = 64, TEXT_MAX = 512, TAGS_MAX = 256 };

/* libyaml's time grows with the square of the depth of flow collections: deeper ones are not worth it. */
static bool too_deep(const char *bytes, size_t len) {
    int depth = 0;
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] == '[' || bytes[i] == '{') depth++;
        if ((bytes[i] == ']' || bytes[i] == '}') && depth) depth--;
        if (depth > DEPTH_MAX) return true;
    }
    return false;
}

/* Where the closing line ("---" or "...") starts, or NULL. */
static const char *closing(const char *at, const char *end) {
    while (at < end) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        size_t len = stop ? (size_t)(stop - at) : (size_t)(end - at);
        while (len && (at[len - 1] == '\r' || at[len - 1] == ' ')) len--;
        if (len == 3 && (!memcmp(at, "---", 3) || !memcmp(at, "...", 3))) return at;
        if (!stop) return NULL;
        at = stop + 1;
    }
    return NULL;
}

/* "glm4_moe_lite", "moe", "mixture-of-experts": moe as a word of its own. */
static bool is_moe_tag(const char *tag) {
    if (!strcasecmp(tag, "mixture-of-experts") || !strcasecmp(tag, "mixture of experts")) return true;
    for (const char *at = tag; (at = strcasestr(at, "moe")); at += 3)
        if ((at == tag || strchr("_- ", at[-1])) && (!at[3] || strchr("_- ", at[3]))) return true;
    return false;
}

static void take_tag(llw_arena *arena, llw_card_text *out, const char *tag, int line) {
    if (!is_moe_tag(tag)) return;
    void *items = out->statements;
    llw_card_statement *s = llw_arena_push(arena, &items, &out->n_statements, &out->capacity, sizeof *s);
    out->statements = items;
    *s = (llw_card_statement){.attr = LLW_model_moe,
                              .value = llw_flag(true),
                              .weak = true,
                              .line = line,
                              .quote = llw_arena_printf(arena, "tag %.60s", tag)};
}

static void take(llw_arena *arena, llw_card_text *out, const char *key, const yaml_event_t *event) {
    const char *text = (const char *)event->data.scalar.value;
    size_t len = strnlen(text, TEXT_MAX);
    if (!len) return;
    const char **slot = !strcmp(key, "model_name")     ? &out->name
                        : !strcmp(key, "base_model")   ? &out->base_model
                        : !strcmp(key, "license")      ? &out->licence
                        : !strcmp(key, "license_name") ? &out->licence
                                                       : NULL;
    if (slot && (!*slot || !strcmp(key, "license_name"))) *slot = llw_arena_strndup(arena, text, len);
    /* the front matter starts on the file's second line, and libyaml counts from 0 */
    if (!strcmp(key, "tags")) take_tag(arena, out, text, (int)event->start_mark.line + 2);
}

/* Walks the events: scalars under a top-level key, and those of a list under it. */
static bool walk(yaml_parser_t *parser, llw_arena *arena, llw_card_text *out) {
    char key[64] = "";
    int depth = 0, tags = 0; /* 1 inside the top mapping */
    bool want_key = true;
    for (;;) {
        yaml_event_t event;
        if (!yaml_parser_parse(parser, &event)) return false;
        yaml_event_type_t type = event.type;
        bool nested = type == YAML_SEQUENCE_START_EVENT || type == YAML_MAPPING_START_EVENT;
        if (nested) {
            depth++;
        } else if (type == YAML_SEQUENCE_END_EVENT || type == YAML_MAPPING_END_EVENT) {
            depth--;
            if (depth == 1) want_key = true;
        } else if (type == YAML_SCALAR_EVENT && depth == 1 && want_key) {
            snprintf(key, sizeof key, "%s", (const char *)event.data.scalar.value);
            want_key = false;
        } else if (type == YAML_SCALAR_EVENT && (depth == 1 || depth == 2) && tags++ < TAGS_MAX) {
            take(arena, out, key, &event);
            if (depth == 1) want_key = true;
        } else if (type == YAML_ALIAS_EVENT && depth == 1) {
            want_key = !want_key;
        }
        yaml_event_delete(&event);
        if (type == YAML_STREAM_END_EVENT) return true;
    }
}

void llw_card_read_front(llw_arena *arena, const char *bytes, size_t len, llw_card_text *out,
                         const char **body, int *line) {
    *body = bytes;
    *line = 1;
    if (len >= 3 && !memcmp(bytes, "\xef\xbb\xbf", 3)) bytes += 3, len -= 3;
    if (len < 4 || memcmp(bytes, "---", 3) || (bytes[3] != '\n' && bytes[3] != '\r')) return;
    const char *start = memchr(bytes, '\n', len), *end = bytes + len;
    const char *stop = start ? closing(start + 1, end) : NULL;
    if (!stop) return; /* a rule across the page */
    start++;
    *body = memchr(stop, '\n', (size_t)(end - stop));
    *body = *body ? *body + 1 : end;
    for (const char *p = bytes; p < *body; p++) *line += *p == '\n';
    out->front_matter = true;
    size_t size = (size_t)(stop - start);
    if (size > FRONT_MAX)
        out->trouble = "its front matter is larger than 64 KiB";
    else if (too_deep(start, size))
        out->trouble = "its front matter is nested too deep";
    if (out->trouble) return;
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser)) return;
    yaml_parser_set_input_string(&parser, (const unsigned char *)start, size);
    if (!walk(&parser, arena, out))
        out->trouble =
            llw_arena_printf(arena, "its front matter is no YAML: %s in line %zu",
                             parser.problem ? parser.problem : "not readable", parser.problem_mark.line + 2);
    yaml_parser_delete(&parser);
}
