/* Reads pragmas out of comments, applies them, and tells about those that are amiss. */
#include "explain/suppress.h"

#include <ctype.h>
#include <limits.h>
#include <string.h>
#include <strings.h>

static const struct {
    const char *code, *title, *text;
} codes[] = {
    {"S01", "a suppression without a reason",
     "A comment tells llwhy to ignore a finding and does not say why. It is obeyed, but nobody can tell "
     "later whether it still holds. Write "
     "reason=\"...\" behind it, best with the figure and the date it rests on."},
    {"S02", "a suppression that has expired",
     "The comment's until=DATE lies in the past, so the finding is reported again. Look at it anew: repair "
     "it, or move the date and say why."},
    {"S03", "a suppression of nothing",
     "The comment tells llwhy to ignore a code that is not found there (any more). It claims a review that "
     "nobody needs, and would hide the "
     "mistake when it comes back. Take it out. It is not told where a rule could not be decided, for "
     "instance because the GPUs are not known."},
    {"S04", "a suppression that cannot be read",
     "A comment begins like one for llwhy but is not obeyed. The form is: # llwhy ignore=L05,F03 "
     "reason=\"...\" until=2027-01-01, or "
     "ignore-file= for the whole file. Codes are those of llwhy lessons and llwhy explain; a lesson's or a "
     "rule's id will do."},
    {"S05", "a baseline that holds more than there is",
     "Entries of the baseline file are no longer found: what they accepted was repaired, moved to another "
     "file, or was less than it says. "
     "Write the baseline anew with --write-baseline, so that the mistake is told when it comes back."},
};

bool llw_suppress_code(const char *code, const char **title, const char **text) {
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        if (strcmp(codes[i].code, code)) continue;
        *title = codes[i].title;
        *text = codes[i].text;
        return true;
    }
    return false;
}

size_t llw_suppress_codes(const char *const **out) {
    static const char *list[sizeof codes / sizeof *codes];
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) list[i] = codes[i].code;
    *out = list;
    return sizeof codes / sizeof *codes;
}

/* --- reading --- */

enum { MAX_EXTENT = 1000 }; /* lines that one pragma above them speaks of */

typedef struct line {
    const char *text;
    size_t len;
} line;

static line line_of(const llw_lines_file *file, size_t number) {
    line l = {"", 0};
    llw_lines_line(file, (int)number, &l.text, &l.len);
    return l;
}

static bool starts(const char *text, size_t len, const char *with) {
    size_t n = strlen(with);
    return len >= n && !memcmp(text, with, n);
}

/* The offset of "llwhy KEY=" in a comment of the line; false when there is none. *alone: nothing stands
 * before it. */
static bool find_comment(const line *l, bool markdown, size_t *word, bool *alone) {
    static const char *const marks[] = {"#", ";", "//", "<!--"};
    *alone = true;
    for (size_t i = 0; i < l->len; i++) {
        bool blank = isspace((unsigned char)l->text[i]);
        for (size_t m = markdown ? 3 : 0; m < (markdown ? 4 : 3); m++) {
            if (!starts(l->text + i, l->len - i, marks[m]) || (i && !isspace((unsigned char)l->text[i - 1])))
                continue;
            size_t at = i + strlen(marks[m]);
            while (at < l->len &&
                   (l->text[at] == '#' || l->text[at] == ';' || l->text[at] == ' ' || l->text[at] == '\t'))
                at++;
            if (!starts(l->text + at, l->len - at, "llwhy ") && !starts(l->text + at, l->len - at, "llwhy\t"))
                continue;
            size_t verb = at + 6, end;
            while (verb < l->len && isblank((unsigned char)l->text[verb])) verb++;
            for (end = verb; end < l->len && (isalpha((unsigned char)l->text[end]) || l->text[end] == '-');
                 end++) {
            }
            if (end == verb || end >= l->len || l->text[end] != '=') continue; /* a sentence about llwhy */
            *word = at;
            return true;
        }
        if (!blank) *alone = false;
    }
    return false;
}

static bool is_date(const char *text) {
    for (int i = 0; i < 10; i++)
        if (i == 4 || i == 7 ? text[i] != '-' : !isdigit((unsigned char)text[i])) return false;
    int month = (text[5] - '0') * 10 + text[6] - '0', day = (text[8] - '0') * 10 + text[9] - '0';
    return !text[10] && month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

static void set_codes(llw_pragma *p, llw_arena *arena, const char *list) {
    for (const char *at = list; *at;) {
        size_t n = strcspn(at, ",");
        if (n && p->n_codes == LLW_PRAGMA_MAX_CODES)
            p->problem = llw_arena_printf(arena, "names more than %d codes", LLW_PRAGMA_MAX_CODES);
        if (n && p->n_codes < LLW_PRAGMA_MAX_CODES) p->codes[p->n_codes++] = llw_arena_strndup(arena, at, n);
        at += n + (at[n] == ',');
    }
    if (!p->n_codes) p->problem = "names no code: write ignore=L05";
}

/* KEY=VALUE at *at; VALUE may be quoted. False at the end; p->problem when it is none. */
static bool read_pair(llw_pragma *p, llw_arena *arena, const char *text, size_t len, size_t *at,
                      const char **key, const char **value) {
    while (*at < len && (isspace((unsigned char)text[*at]) || text[*at] == ',')) (*at)++;
    if (*at >= len || starts(text + *at, len - *at, "-->")) return false;
    size_t from = *at;
    while (*at < len && (isalpha((unsigned char)text[*at]) || text[*at] == '-')) (*at)++;
    *key = llw_arena_strndup(arena, text + from, *at - from);
    if (*at >= len || text[*at] != '=' || *at == from) {
        p->problem = llw_arena_printf(arena, "holds something that is not KEY=VALUE at '%.20s'",
                                      llw_arena_strndup(arena, text + from, len - from));
        return false;
    }
    (*at)++;
    char quote = *at < len && (text[*at] == '"' || text[*at] == '\'') ? text[(*at)++] : 0;
    from = *at;
    while (*at < len && (quote ? text[*at] != quote : !isspace((unsigned char)text[*at]))) (*at)++;
    *value = llw_arena_strndup(arena, text + from, *at - from);
    if (quote && *at >= len) {
        p->problem = llw_arena_printf(arena, "has a %s whose quote is not closed", *key);
        return false;
    }
    if (quote) (*at)++;
    return true;
}

static void read_pragma(llw_pragma *p, llw_arena *arena, const char *text, size_t len, const char *today,
                        bool *whole) {
    const char *key = "", *value = "";
    bool verb = false;
    for (size_t at = 0; read_pair(p, arena, text, len, &at, &key, &value);) {
        bool file = !strcmp(key, "ignore-file");
        if (!strcmp(key, "ignore") || file) {
            if (verb) p->problem = "says ignore twice: give the codes behind one, with commas";
            verb = true;
            *whole = file;
            set_codes(p, arena, value);
        } else if (!strcmp(key, "reason"))
            p->reason = value;
        else if (!strcmp(key, "until")) {
            p->until = value;
            if (!is_date(value))
                p->problem =
                    llw_arena_printf(arena, "has until=%.20s, which is no date: write YYYY-MM-DD", value);
        } else
            p->problem = llw_arena_printf(
                arena, "has the key '%.20s': it may have ignore, ignore-file, reason and until", key);
        if (p->problem) return;
    }
    if (!verb && !p->problem) p->problem = "names no code: write ignore=L05";
    if (!p->problem && *p->until) p->expired = strcmp(p->until, today) < 0;
}

/* Whether the line goes on in the next one: a backslash at its end. */
static bool goes_on(const line *l) {
    size_t n = l->len;
    while (n && isspace((unsigned char)l->text[n - 1])) n--;
    return n && l->text[n - 1] == '\\';
}

static size_t indentation(const line *l) {
    size_t n = 0;
    while (n < l->len && l->text[n] == ' ') n++;
    return n;
}

/* `key: |` and its kin: deeper lines belong to it. */
static bool opens_block(const line *l) {
    size_t n = l->len;
    while (n && isspace((unsigned char)l->text[n - 1])) n--;
    while (n && (l->text[n - 1] == '+' || l->text[n - 1] == '-' || isdigit((unsigned char)l->text[n - 1])))
        n--;
    return n >= 2 && (l->text[n - 1] == '|' || l->text[n - 1] == '>') &&
           isspace((unsigned char)l->text[n - 2]);
}

/* The line that closes a code block of Markdown which this one opens; 0 when it opens none. */
static size_t end_of_block(const llw_lines_file *file, size_t from) {
    line l = line_of(file, from);
    size_t at = indentation(&l);
    const char *fence = starts(l.text + at, l.len - at, "```") ? "```" : "~~~";
    if (!starts(l.text + at, l.len - at, fence)) return 0;
    for (size_t to = from + 1; to <= file->n && to - from < MAX_EXTENT; to++) {
        l = line_of(file, to);
        at = indentation(&l);
        if (starts(l.text + at, l.len - at, fence)) return to;
    }
    return 0;
}

/* The last line of what starts on this one. */
static size_t end_of(const llw_lines_file *file, size_t from, bool markdown) {
    size_t closed = markdown ? end_of_block(file, from) : 0;
    if (closed) return closed;
    line l = line_of(file, from);
    size_t to = from, indent = indentation(&l);
    bool block = opens_block(&l);
    while (to < file->n && to - from < MAX_EXTENT) {
        if (!block && !goes_on(&l)) break;
        l = line_of(file, to + 1);
        if (block && l.len > indentation(&l) && indentation(&l) <= indent) break;
        to++;
    }
    return to;
}

static llw_pragma *new_pragma(llw_pragmas *out, llw_arena *arena, const llw_lines_file *file, size_t number,
                              const line *l, size_t word) {
    void *items = out->items;
    llw_pragma *p = llw_arena_push(arena, &items, &out->n, &out->capacity, sizeof *p);
    out->items = items;
    *p = (llw_pragma){.file = file->path,
                      .line = (int)number,
                      .column = 1,
                      .from = (int)number,
                      .to = (int)number,
                      .reason = "",
                      .until = ""};
    for (size_t i = 0; i < word; i++) p->column += ((unsigned char)l->text[i] & 0xc0) != 0x80;
    return p;
}

void llw_pragmas_read(const llw_lines_file *file, const char *today, llw_arena *arena, llw_pragmas *out) {
    size_t name = strlen(file->path), first = out->n;
    bool markdown = name > 3 && !strcasecmp(file->path + name - 3, ".md");
    for (size_t number = 1; number <= file->n && out->n < LLW_PRAGMA_MAX; number++) {
        line l = line_of(file, number);
        size_t word = 0;
        bool alone = false, whole = false;
        if (!find_comment(&l, markdown, &word, &alone)) continue;
        llw_pragma *p = new_pragma(out, arena, file, number, &l, word);
        read_pragma(p, arena, l.text + word + 6, l.len - word - 6, today, &whole);
        if (whole) {
            p->from = 0; /* also what stands on no line */
            p->to = INT_MAX;
        } else if (alone)
            p->from = p->to = 0; /* what it speaks of follows */
    }
    size_t line_below = 0, from = 0, to = 0; /* of the pragma below, if it is alone */
    for (size_t i = out->n; i-- > first;) {
        llw_pragma *p = &out->items[i];
        if (p->to) continue;
        if (line_below != (size_t)p->line + 1) {
            from = (size_t)p->line + 1;
            to = end_of(file, from, markdown);
        }
        p->from = (int)from;
        p->to = (int)to;
        line_below = (size_t)p->line;
    }
}

/* --- applying and telling --- */

void llw_pragmas_apply(llw_pragmas *pragmas, llw_findings *findings) {
    for (size_t i = 0; i < findings->n; i++) {
        llw_finding *f = &findings->items[i];
        const char *title, *text;
        if (llw_suppress_code(f->code, &title, &text)) continue;
        for (size_t k = 0; k < pragmas->n; k++) {
            llw_pragma *p = &pragmas->items[k];
            if (p->problem || f->line < p->from || f->line > p->to || strcmp(p->file, f->file)) continue;
            for (size_t c = 0; c < p->n_codes; c++) {
                if (!llw_finding_is(f, p->codes[c])) continue;
                p->used[c] = true;
                if (p->expired) continue;
                f->accepted = LLW_ACCEPTED_INLINE;
                f->reason = p->reason;
                f->until = p->until;
            }
        }
    }
}

static void tell(const llw_pragma *p, const char *code, const char *about, llw_level level,
                 const char *message, const char *advice, llw_arena *arena, llw_findings *out) {
    llw_finding f = {.code = code,
                     .lesson = "",
                     .rule = about,
                     .level = level,
                     .file = p->file,
                     .line = p->line,
                     .column = p->column,
                     .message = message,
                     .advice = advice,
                     .where = "",
                     .subject = "",
                     .n_launches = 1,
                     .reason = "",
                     .until = ""};
    llw_findings_add(out, arena, f);
}

void llw_pragmas_tell(const llw_pragmas *pragmas, const llw_pragma_questions *ask, llw_arena *arena,
                      llw_findings *out) {
    for (size_t i = 0; i < pragmas->n; i++) {
        const llw_pragma *p = &pragmas->items[i];
        if (p->problem) {
            tell(p, "S04", "suppression", LLW_LEVEL_RISK,
                 llw_arena_printf(arena, "This suppression is not obeyed: it %s", p->problem), "", arena,
                 out);
            continue;
        }
        if (p->expired)
            tell(p, "S02", "suppression", LLW_LEVEL_NOTE,
                 llw_arena_printf(arena, "This suppression held until %s: what it hid is reported again",
                                  p->until),
                 "repair it, or give a new date and the reason why", arena, out);
        else if (!*p->reason)
            tell(p, "S01", "suppression", LLW_LEVEL_NOTE, "This suppression does not say why",
                 "write reason=\"...\" behind it", arena, out);
        for (size_t c = 0; c < p->n_codes; c++) {
            if (p->used[c]) continue;
            if (!ask->known(ask->context, p->codes[c]))
                tell(p, "S04", p->codes[c], LLW_LEVEL_RISK,
                     llw_arena_printf(
                         arena, "This suppression names '%s', and there is no such code, lesson or rule",
                         p->codes[c]),
                     "llwhy lessons lists them", arena, out);
            else if (!ask->open(ask->context, p->codes[c], p->file))
                tell(p, "S03", p->codes[c], LLW_LEVEL_NOTE,
                     llw_arena_printf(arena, "This suppression of %s hides nothing: no such finding is there",
                                      p->codes[c]),
                     "take it out", arena, out);
        }
    }
}
