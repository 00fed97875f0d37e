/* What the action of a template says, where the chart alone decides it. */
#include "source/config/helm_expression.h"
#include "source/config/helm_use.h"

#include <ctype.h>
#include <string.h>

/* Words of an action: quoted strings and (...) are one each, a pipe is a word. */
size_t llw_helm_words(llw_arena *arena, const char *text, size_t len, const char *out[LLW_HELM_MAX_WORDS]) {
    size_t n = 0;
    for (size_t i = 0; i < len && n < LLW_HELM_MAX_WORDS;) {
        size_t from = i;
        int depth = 0;
        char quote = 0;
        if (isspace((unsigned char)text[i])) {
            i++;
            continue;
        }
        for (; i < len; i++) {
            char c = text[i];
            if (quote && c == '\\' && quote == '"') {
                i++;
            } else if (quote) {
                if (c == quote) quote = 0;
            } else if (c == '"' || c == '`') {
                quote = c;
            } else if (c == '(') {
                depth++;
            } else if (c == ')') {
                depth--;
            } else if (depth <= 0 && (isspace((unsigned char)c) || (c == '|' && i > from))) {
                break;
            } else if (c == '|') {
                i++;
                break;
            }
        }
        if (i > len) i = len;
        out[n++] = llw_arena_strndup(arena, text + from, i - from);
    }
    return n;
}

static llw_helm_value path_in(const llw_yaml *root, llw_arena *arena, const char *path) {
    llw_helm_value out = {.known = true, .node = llw_yaml_follow(root)};
    for (const char *at = path; *at && out.node;) {
        size_t len = strcspn(++at, "."); /* behind the dot */
        for (size_t i = 0; i < len; i++)
            if (!isalnum((unsigned char)at[i]) && at[i] != '_') return (llw_helm_value){0};
        out.node = llw_yaml_get(out.node, llw_arena_strndup(arena, at, len));
        at += len;
    }
    if (out.node && out.node->tag == llw_helm_unknown) return (llw_helm_value){0};
    return out;
}

llw_helm_value llw_helm_operand(const llw_helm_scope *s, const char *word) {
    llw_arena *arena = s->arena;
    size_t len = strlen(word);
    if (len >= 2 && (*word == '"' || *word == '`') && word[len - 1] == *word && !memchr(word, '\\', len))
        return (llw_helm_value){.known = true, .literal = llw_arena_strndup(arena, word + 1, len - 2)};
    if (strspn(word, "-0123456789.") == len && strpbrk(word, "0123456789"))
        return (llw_helm_value){.known = true, .literal = word};
    if (!strcmp(word, "true") || !strcmp(word, "false"))
        return (llw_helm_value){.known = true, .literal = word};
    if (*word == '$' && word[1] == '.')
        word++;
    else if (*word == '.' && !s->in_root) { /* inside with and range */
        bool own = !strcmp(word, ".");
        if (!s->dot_known || (s->dot_is_each && !own)) return (llw_helm_value){0};
        return path_in(s->dot, arena, own ? "" : word);
    }
    if (!strncmp(word, ".Values", 7) && (!word[7] || word[7] == '.')) {
        bool taken = s->values && (!s->values_unclear || strcasestr(word, "image"));
        return taken ? path_in(s->values, arena, word + 7) : (llw_helm_value){0};
    }
    if (!strncmp(word, ".Chart.", 7) && s->chart) {
        char *name = llw_arena_strdup(arena, word + 6); /* .AppVersion is appVersion in the file */
        name[1] = (char)tolower((unsigned char)name[1]);
        return path_in(s->chart, arena, name);
    }
    return (llw_helm_value){0};
}

/* What a template takes for false: nothing, null, false, 0, "" and what is empty. */
static bool is_empty(const llw_helm_value *v) {
    if (v->literal) return !*v->literal || !strcmp(v->literal, "0") || !strcmp(v->literal, "false");
    const llw_yaml *node = v->node;
    if (!node || llw_yaml_is_null(node)) return true;
    if (node->kind != LLW_YAML_SCALAR) return !node->first;
    return !*node->text || (node->plain && (!strcmp(node->text, "false") || !strcmp(node->text, "0")));
}

const char *llw_helm_text(const llw_helm_value *v) {
    return v->literal ? v->literal : v->node ? v->node->text : "";
}

static bool truth_of_word(const llw_helm_scope *s, const char *word, bool *known) {
    *known = false;
    if (*word == '(') return false;
    llw_helm_value v = llw_helm_operand(s, word);
    *known = v.known;
    return v.known && !is_empty(&v);
}

bool llw_helm_truth(const llw_helm_scope *s, const char *const *words, size_t n, bool *known) {
    *known = false;
    if (n == 1) return truth_of_word(s, words[0], known);
    if (n == 2 && !strcmp(words[0], "not")) {
        bool truth = truth_of_word(s, words[1], known);
        return *known && !truth;
    }
    if (n == 3 && (!strcmp(words[0], "eq") || !strcmp(words[0], "ne"))) {
        llw_helm_value a = llw_helm_operand(s, words[1]), b = llw_helm_operand(s, words[2]);
        *known = a.known && b.known && llw_helm_text(&a) && llw_helm_text(&b);
        return *known && !strcmp(llw_helm_text(&a), llw_helm_text(&b)) == (words[0][0] == 'e');
    }
    if (n > 2 && (!strcmp(words[0], "and") || !strcmp(words[0], "or"))) {
        bool stop = words[0][0] == 'o', all = true;
        for (size_t i = 1; i < n; i++) {
            bool one, truth = truth_of_word(s, words[i], &one);
            if (one && truth == stop) {
                *known = true;
                return stop;
            }
            all &= one;
        }
        *known = all;
        return !stop;
    }
    return false;
}

/* What an action puts in. */
llw_helm_value llw_helm_evaluate(const llw_helm_scope *s, const char *const *words, size_t n) {
    llw_helm_value v = {0};
    for (size_t i = 0; i < n;) {
        size_t to = i;
        while (to < n && strcmp(words[to], "|")) to++;
        const char *name = words[i];
        size_t count = to - i; /* of the words of this stage */
        if (i == 0 && count == 1) {
            v = llw_helm_operand(s, name);
        } else {
            /* the piped value is the last argument */
            llw_helm_value last = i           ? v
                                  : count > 1 ? llw_helm_operand(s, words[to - 1])
                                              : (llw_helm_value){0};
            size_t own = count - 1 - (i == 0);
            if (!strcmp(name, "default") && own == 1) {
                llw_helm_value otherwise = llw_helm_operand(s, words[i + 1]);
                v = !last.known ? last : is_empty(&last) ? otherwise : last;
            } else if (!strcmp(name, "toYaml") || !strcmp(name, "quote") || !strcmp(name, "squote") ||
                       !strcmp(name, "toString") || !strcmp(name, "int") || !strcmp(name, "trim")) {
                v = last;
                v.quoted |= strstr(name, "quote") != NULL;
                if (!own && !strcmp(name, "int") && last.known &&
                    strspn(llw_helm_text(&v) ? llw_helm_text(&v) : "?", "-0123456789") !=
                        strlen(llw_helm_text(&v) ? llw_helm_text(&v) : "?"))
                    v = (llw_helm_value){0};
            } else if ((!strcmp(name, "indent") || !strcmp(name, "nindent")) && own == 1) {
                v = last;
            } else {
                v = (llw_helm_value){0};
            }
        }
        i = to + (to < n);
    }
    return v;
}
