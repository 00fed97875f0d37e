/* Names of models, compared by their words. */
#include "source/model/card_name.h"
#include "base/file.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { WORDS_MAX = 24, WORD_MAX = 32, NAME_MAX_BYTES = 192 };

typedef enum sort { PACKAGING, SIZE, ACTIVE, PROPER } sort;

typedef struct words {
    char word[WORDS_MAX][WORD_MAX];
    sort sort[WORDS_MAX];
    int count;
} words;

static bool in_list(const char *word, const char *const *list, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (*word == *list[i] && !strcmp(word, list[i])) return true;
    return false;
}
#define IN(word, list) in_list(word, list, sizeof(list) / sizeof *(list))

static bool is_packaging(const char *word) {
    static const char *const list[] = {
        "gguf",     "ggml",      "ud",           "imat",         "imatrix", "i1",        "bf16",
        "f16",      "f32",       "fp16",         "fp8",          "fp4",     "mxfp4",     "nvfp4",
        "awq",      "gptq",      "int4",         "int8",         "4bit",    "8bit",      "quant",
        "quants",   "quantized", "quantised",    "instruct",     "chat",    "it",        "base",
        "thinking", "preview",   "hf",           "original",     "readme",  "modelcard", "model",
        "models",   "card",      "md",           "txt",          "of",      "unsloth",   "bartowski",
        "lmstudio", "community", "thebloke",     "meta",         "google",  "microsoft", "nvidia",
        "openai",   "mistralai", "nousresearch", "mradermacher", "org",     "the",       "part",
    };
    if (IN(word, list)) return true;
    size_t digits = strspn(word, "0123456789");
    return !word[digits] && digits >= 4; /* 2507, 00001 */
}

/* q4, iq3, tq1: what follows ("_k_m", "_0", "_xxs") belongs to it. */
static bool starts_quant(const char *word) {
    const char *at = word;
    if (*at == 'i' || *at == 't') at++;
    return at[0] == 'q' && isdigit((unsigned char)at[1]) && !at[2];
}

static bool goes_on_quant(const char *word) {
    static const char *const list[] = {"0",   "1",  "k",  "m",   "s", "l",  "xs",
                                       "xxs", "xl", "nl", "moe", "p", "r4", "r8"};
    return IN(word, list);
}

/* 30b, 8x7b, e4b, 270m. */
static bool is_size(const char *word) {
    const char *at = word + (*word == 'e' && isdigit((unsigned char)word[1]));
    if (!isdigit((unsigned char)*at)) return false;
    at += strspn(at, "0123456789.");
    if (*at == 'x') at += 1 + strspn(at + 1, "0123456789.");
    return (*at == 'b' || *at == 'm' || *at == 't') && !at[1];
}

static bool is_active(const char *word) {
    return *word == 'a' && isdigit((unsigned char)word[1]) && is_size(word + 1);
}

/* The next run of letters, digits and points between digits; false at the end. */
static bool next_word(const char **at, const char *end, char *word) {
    const char *p = *at;
    while (p < end && !isalnum((unsigned char)*p)) p++;
    size_t len = 0;
    for (; p < end; p++) {
        bool point =
            *p == '.' && p + 1 < end && isdigit((unsigned char)p[1]) && len && isdigit((unsigned char)p[-1]);
        if (!isalnum((unsigned char)*p) && !point) break;
        if (len < WORD_MAX - 1) word[len++] = (char)tolower((unsigned char)*p);
    }
    word[len] = 0;
    *at = p;
    return len > 0;
}

static words words_of(const char *name, size_t len) {
    words out = {.count = 0};
    const char *end = name + len, *at = name;
    bool quant = false;
    if (len > 5 && !strncasecmp(end - 5, ".gguf", 5)) end -= 5;
    for (char word[WORD_MAX] = ""; out.count < WORDS_MAX && next_word(&at, end, word);) {
        const char *w = word + (word[0] == 'v' && isdigit((unsigned char)word[1])); /* v0.3 is 0.3 */
        if (quant && goes_on_quant(w)) continue;
        quant = starts_quant(w);
        sort kind = quant || is_packaging(w) ? PACKAGING : is_active(w) ? ACTIVE : is_size(w) ? SIZE : PROPER;
        if (kind == PACKAGING) continue;
        out.sort[out.count] = kind;
        memcpy(out.word[out.count++], w, strlen(w) + 1);
    }
    return out;
}

static bool has(const words *all, sort kind, const char *word) {
    for (int i = 0; i < all->count; i++)
        if (all->sort[i] == kind && (!word || !strcmp(all->word[i], word))) return true;
    return false;
}

/* Every word of that kind in a is in b. */
static bool within(const words *a, const words *b, sort kind) {
    for (int i = 0; i < a->count; i++)
        if (a->sort[i] == kind && !has(b, kind, a->word[i])) return false;
    return true;
}

/* A model's name has a proper word of letters ("glm", "gpt"), not only numbers. */
static bool is_name(const words *w) {
    for (int i = 0; i < w->count; i++)
        if (w->sort[i] == PROPER && isalpha((unsigned char)w->word[i][0]) && w->word[i][1]) return true;
    return false;
}

static llw_naming compare(const words *a, const words *b) {
    if (!is_name(a) || !is_name(b)) return LLW_NAMES_NOTHING;
    if (!within(a, b, PROPER) || !within(b, a, PROPER)) return LLW_NAMES_OTHER;
    static const sort kinds[] = {SIZE, ACTIVE};
    for (int i = 0; i < 2; i++)
        if (has(a, kinds[i], NULL) && has(b, kinds[i], NULL) && !within(a, b, kinds[i]))
            return LLW_NAMES_OTHER;
    return LLW_NAMES_SAME;
}

llw_naming llw_card_name(const char *name, const char *model) {
    name = llw_path_name_or_path(name);
    model = llw_path_name_or_path(model);
    words a = words_of(name, strnlen(name, NAME_MAX_BYTES)),
          b = words_of(model, strnlen(model, NAME_MAX_BYTES));
    return compare(&a, &b);
}

/* The next word of running text that looks like a model's name: letters and a digit, without blanks. */
static bool next_name(const char **at, const char *end, const char **name, size_t *len) {
    for (const char *p = *at; p < end;) {
        while (p < end && !isalnum((unsigned char)*p)) p++;
        const char *start = p;
        bool letter = false, digit = false;
        for (; p < end && (isalnum((unsigned char)*p) || strchr("._-/", *p)); p++) {
            letter = letter || isalpha((unsigned char)*p);
            digit = digit || isdigit((unsigned char)*p);
        }
        *at = p;
        if (!letter || !digit) continue;
        const char *slash = memrchr(start, '/', (size_t)(p - start));
        *name = slash ? slash + 1 : start;
        *len = (size_t)(p - *name);
        return true;
    }
    return false;
}

llw_naming llw_card_name_in(const char *text, size_t len, const char *model) {
    model = llw_path_name_or_path(model);
    words wanted = words_of(model, strnlen(model, NAME_MAX_BYTES)),
          whole = words_of(text, len < NAME_MAX_BYTES ? len : NAME_MAX_BYTES);
    if (compare(&whole, &wanted) == LLW_NAMES_SAME) return LLW_NAMES_SAME;
    llw_naming best = LLW_NAMES_NOTHING;
    const char *name;
    size_t n;
    for (const char *at = text; next_name(&at, text + len, &name, &n);) {
        words word = words_of(name, n < NAME_MAX_BYTES ? n : NAME_MAX_BYTES);
        llw_naming said = compare(&word, &wanted);
        if (said > best) best = said;
    }
    return best;
}

/* qwen2.5 and qwen3 are of one family. */
static bool same_family(const char *a, const char *b) {
    size_t len = 0;
    while (isalpha((unsigned char)a[len])) len++;
    return len >= 2 && !strncmp(a, b, len) && !isalpha((unsigned char)b[len]);
}

bool llw_card_names_sibling(const char *text, size_t len, const char *model) {
    model = llw_path_name_or_path(model);
    words wanted = words_of(model, strnlen(model, NAME_MAX_BYTES));
    const char *name;
    size_t n;
    for (const char *at = text; wanted.count && next_name(&at, text + len, &name, &n);) {
        words word = words_of(name, n < NAME_MAX_BYTES ? n : NAME_MAX_BYTES);
        if (word.count && same_family(word.word[0], wanted.word[0]) &&
            compare(&word, &wanted) == LLW_NAMES_OTHER)
            return true;
    }
    return false;
}

/* "qwen" is the short form of "qwen3". */
static bool has_short(const words *all, const char *word) {
    size_t len = strlen(word);
    bool letters = len > 1 && strspn(word, "abcdefghijklmnopqrstuvwxyz") == len;
    for (int i = 0; i < all->count; i++) {
        const char *other = all->word[i];
        if (all->sort[i] != PROPER || strncmp(other, word, len)) continue;
        if (!other[len] || (letters && isdigit((unsigned char)other[len]))) return true;
    }
    return false;
}

/* All words as one: "GLM-4.7-Flash" and "GLM47Flash" are the same. */
static void squash(const words *w, char out[WORDS_MAX * WORD_MAX]) {
    for (int i = 0; i < w->count; i++)
        for (const char *at = w->word[i]; *at; at++)
            if (*at != '.') *out++ = *at;
    *out = 0;
}

llw_naming llw_card_name_short(const char *name, size_t len, const char *model) {
    model = llw_path_name_or_path(model);
    words a = words_of(name, len < NAME_MAX_BYTES ? len : NAME_MAX_BYTES),
          b = words_of(model, strnlen(model, NAME_MAX_BYTES));
    if (!is_name(&a) || !is_name(&b)) return LLW_NAMES_NOTHING;
    char one[WORDS_MAX * WORD_MAX], other[WORDS_MAX * WORD_MAX];
    squash(&a, one);
    squash(&b, other);
    if (strstr(other, one)) return LLW_NAMES_SAME;
    for (int i = 0; i < a.count; i++)
        if (a.sort[i] == PROPER && !has_short(&b, a.word[i])) return LLW_NAMES_OTHER;
    static const sort kinds[] = {SIZE, ACTIVE};
    for (int i = 0; i < 2; i++)
        if (has(&a, kinds[i], NULL) && has(&b, kinds[i], NULL) && !within(&a, &b, kinds[i]))
            return LLW_NAMES_OTHER;
    return LLW_NAMES_SAME;
}

static double size_of(const char *word) {
    const char *at = word + (*word == 'a' || *word == 'e');
    char *end = NULL;
    double number = strtod(at, &end);
    if (end == at || end[1]) return 0; /* 8x7b: nobody says how much of it is shared */
    return *end == 'b' ? number * 1e9 : *end == 'm' ? number * 1e6 : *end == 't' ? number * 1e12 : 0;
}

llw_name_sizes llw_card_name_sizes(const char *name, size_t len) {
    words w = words_of(name, len < NAME_MAX_BYTES ? len : NAME_MAX_BYTES);
    llw_name_sizes sizes = {0, 0};
    for (int i = 0; i < w.count; i++) {
        if (w.sort[i] == SIZE && sizes.params <= 0) sizes.params = size_of(w.word[i]);
        if (w.sort[i] == ACTIVE && sizes.active <= 0) sizes.active = size_of(w.word[i]);
    }
    return sizes;
}

/* The words of a kind as one: "Qwen 3.5" and "Qwen3.5" are the same. */
static void squash_sort(const words *w, sort kind, char out[WORDS_MAX * WORD_MAX]) {
    words only = {.count = 0};
    for (int i = 0; i < w->count; i++)
        if (w->sort[i] == kind) memcpy(only.word[only.count++], w->word[i], sizeof *only.word);
    squash(&only, out);
}

bool llw_card_name_whole(const char *name, size_t len, const char *model) {
    model = llw_path_name_or_path(model);
    words a = words_of(name, len < NAME_MAX_BYTES ? len : NAME_MAX_BYTES),
          b = words_of(model, strnlen(model, NAME_MAX_BYTES));
    char one[WORDS_MAX * WORD_MAX], other[WORDS_MAX * WORD_MAX];
    squash_sort(&a, PROPER, one);
    squash_sort(&b, PROPER, other);
    return is_name(&a) && !strcmp(one, other) && within(&a, &b, SIZE) && within(&b, &a, SIZE) &&
           within(&a, &b, ACTIVE);
}
