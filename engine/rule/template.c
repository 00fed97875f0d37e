/* Sentences with values in them: "{l.ubatch} tokens need {waste:bytes}". */
#include "rule/load.h"

#include <string.h>

static const char *const formats[] = {"bytes", "mib", "gib", "count", "plain", "params", "ls", "percent"};

static bool is_format(const char *name) {
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (!strcmp(name, formats[i])) return true;
    return false;
}

llw_rc llw_template_parse(llw_arena *arena, const llw_scope *scope, const char *text, const char *file,
                          int line, llw_template *out, llw_err *err) {
    size_t n = 1;
    for (const char *c = text; *c; c++) n += *c == '{';
    out->text = llw_arena_strdup(arena, text);
    llw_piece *pieces = llw_arena_alloc(arena, n * sizeof *pieces);
    out->pieces = pieces;
    out->n_pieces = 0;
    for (const char *at = text;;) {
        const char *open = strchr(at, '{');
        size_t len = open ? (size_t)(open - at) : strlen(at);
        int i = out->n_pieces++;
        pieces[i].text = llw_arena_strndup(arena, at, len);
        pieces[i].format = "";
        if (!open) return LLW_OK;
        const char *close = strchr(open, '}');
        if (!close) return llw_fail(err, LLW_ERR_INPUT, file, line, "'{' without '}' in \"%.80s\"", text);
        char *inside = llw_arena_strndup(arena, open + 1, (size_t)(close - open - 1));
        char *colon = strrchr(inside, ':');
        if (colon) {
            *colon = 0;
            pieces[i].format = colon + 1;
            if (!is_format(colon + 1))
                return llw_fail(err, LLW_ERR_INPUT, file, line,
                                "'%s' is no format: bytes, mib, gib, count, plain, params, ls or percent",
                                colon + 1);
        }
        llw_expr *value = llw_arena_alloc(arena, sizeof *value);
        llw_rc rc = llw_expr_parse(arena, scope, inside, file, line, value, err);
        if (rc != LLW_OK) return rc;
        pieces[i].value = value;
        at = close + 1;
    }
}
