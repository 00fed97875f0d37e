/* Values as llama.cpp reads them: std::stoi and its kin, exact words, lists. */
#include "source/launch/argv_reader.h"
#include "source/config/fork.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MAX_DEVICES = 16 /* src/llama.cpp llama_max_devices, v0.5.0 */ };

static const char *form(const llw_use *use) {
    return use->env ? "=" : " ";
}

static llw_parsed refuse_empty(llw_reader *r, const llw_use *use) {
    llw_reader_refuse(r, LLW_F_EMPTY, use,
                      use->env ? "take the variable away, or give it a value"
                               : "give a value, or leave the option out",
                      "%s ends here: %s has an empty value", llw_reader_program(r), use->spelling);
    return (llw_parsed){.known = true};
}

/* The bounds that the option's own handler checks: LEAST..MOST, either may be missing, !N: N itself is
 * refused. */
static bool within(llw_reader *r, const llw_use *use, int64_t n) {
    const char *bounds = use->row->choices,
               *dots = use->row->kind == LLW_FLAG_INT ? strstr(bounds, "..") : NULL;
    if (!dots) return true;
    const char *most = dots + 2, *gap = strchr(most, '!');
    int len = (int)strcspn(most, "!");
    bool below = dots != bounds && n < strtoll(bounds, NULL, 10), above = len && n > strtoll(most, NULL, 10);
    if (!below && !above && !(gap && n == strtoll(gap + 1, NULL, 10))) return true;
    llw_reader_refuse(r, LLW_F_RANGE, use,
                      llw_arena_printf(r->arena, "write %.*s %s%.*s%s%s", (int)(dots - bounds), bounds,
                                       len ? "to " : "or more", len, most, gap ? ", and not " : "",
                                       gap ? gap + 1 : ""),
                      "%s ends here: %s does not take %" PRId64, llw_reader_program(r), use->spelling, n);
    return false;
}

/* std::stoi: leading space, sign, decimal digits; the rest is dropped. */
/* auto and all are words of newer builds. */
static const char *number_advice(const llw_use *use, const char *text) {
    bool layers = use->row->n_sets && use->row->sets[0].attr == LLW_launch_gpu_layers;
    if (layers && !strcmp(text, "all")) return "write 999: this build has no word for every layer";
    if (layers && !strcmp(text, "auto")) return "leave it out: this build has no such word";
    return "write a whole number";
}

static llw_parsed read_int(llw_reader *r, const llw_use *use, const char *text) {
    llw_parsed p = {.known = true, .text = text};
    if (!*text) return refuse_empty(r, use);
    bool wide = use->row->kind == LLW_FLAG_LONG;
    char *end = NULL;
    errno = 0;
    long long n = wide ? (long long)strtoull(text, &end, 10) : strtoll(text, &end, 10);
    if (end == text) {
        llw_reader_refuse(r, LLW_F_NOT_A_NUMBER, use, number_advice(use, text),
                          "%s ends here: %s%s%.*s is no number", llw_reader_program(r), use->spelling,
                          form(use), QUOTE, text);
        return p;
    }
    if (errno || (!wide && (n > INT_MAX || n < INT_MIN))) {
        llw_reader_refuse(r, LLW_F_NOT_A_NUMBER, use,
                          wide ? "write a number below 2^64" : "write a number up to 2147483647",
                          "%s ends here: %s%s%.*s is too large a number", llw_reader_program(r),
                          use->spelling, form(use), QUOTE, text);
        return p;
    }
    if (*end) {
        bool thousands = tolower((unsigned char)*end) == 'k' && !end[1] && n > 0 && n <= INT_MAX / 1024;
        bool nothing = *end == '.' && !end[1 + strspn(end + 1, "0")]; /* --top-k 0.0 is 0 either way */
        llw_reader_report(r, LLW_F_PARTIAL_NUMBER, nothing ? LLW_PROBLEM_NOTE : LLW_PROBLEM_WRONG, use,
                          thousands ? llw_arena_printf(r->arena, "write %lld", n * 1024)
                                    : "write the number in decimal digits",
                          "%s reads %s%s%.*s as %lld and drops the rest", llw_reader_program(r),
                          use->spelling, form(use), QUOTE, text, n);
    }
    p.taken = within(r, use, n);
    p.count = p.most = n;
    return p;
}

/* real:finite, real:positive: what the option's own handler checks. */
static bool is_usable(llw_reader *r, const llw_use *use, float x) {
    bool positive = !strcmp(use->row->choices, "positive");
    if (!*use->row->choices || (isfinite(x) && (!positive || x > 0))) return true;
    llw_reader_refuse(r, LLW_F_RANGE, use,
                      positive ? "write a number above 0; 1 switches it off" : "write a number",
                      "%s ends here: %s does not take %g", llw_reader_program(r), use->spelling, (double)x);
    return false;
}

static llw_parsed read_real(llw_reader *r, const llw_use *use, const char *text) {
    llw_parsed p = {.known = true, .text = text};
    if (!*text) return refuse_empty(r, use);
    char *end = NULL;
    errno = 0;
    float x = strtof(text, &end);
    if (end == text || errno == ERANGE)
        llw_reader_refuse(r, LLW_F_NOT_A_NUMBER, use, "write a number", "%s ends here: %s%s%.*s is no number",
                          llw_reader_program(r), use->spelling, form(use), QUOTE, text);
    else
        p.taken = is_usable(r, use, x);
    if (p.taken && *end)
        llw_reader_report(r, LLW_F_PARTIAL_NUMBER, LLW_PROBLEM_RISK, use, "write the number alone",
                          "%s reads %s%s%.*s as %g and drops the rest", llw_reader_program(r), use->spelling,
                          form(use), QUOTE, text, (double)x);
    return p;
}

static const char *yes_or_no(const char *text) {
    static const char *const yes[] = {"yes", "y", "true", "on", "enable", "enabled"};
    static const char *const no[] = {"no", "n", "false", "off", "disable", "disabled"};
    for (size_t i = 0; i < 6; i++) {
        if (!strcasecmp(text, yes[i])) return "write on";
        if (!strcasecmp(text, no[i])) return "write off";
    }
    return NULL;
}

static llw_parsed read_switch(llw_reader *r, const llw_use *use, const char *text, bool with_auto) {
    llw_parsed p = {.known = true, .taken = true};
    if (llw_is_truthy(text)) {
        p.flag = true;
        p.text = "on";
    } else if (llw_is_falsey(text)) {
        p.text = "off";
    } else if (with_auto && llw_is_autoy(text)) {
        p.text = "auto";
    } else if (!*text) {
        return refuse_empty(r, use);
    } else {
        const char *advice = yes_or_no(text);
        p.taken = false;
        p.text = text;
        llw_reader_refuse(r, LLW_F_BAD_VALUE, use,
                          advice      ? advice
                          : with_auto ? "write on, off or auto"
                                      : "write on or off",
                          "%s ends here: %s%s%.*s is none of on, off%s", llw_reader_program(r), use->spelling,
                          form(use), QUOTE, text, with_auto ? ", auto" : "");
    }
    return p;
}

static bool is_choice(const char *choices, const char *text, size_t len) {
    for (const char *at = choices;;) {
        size_t n = strcspn(at, ",");
        if (n == len && !strncmp(at, text, n)) return true;
        if (!at[n]) return false;
        at += n + 1;
    }
}

/* One of the choices, or with `several` as many as there are commas between. */
static llw_parsed read_choice(llw_reader *r, const llw_use *use, const char *text, bool several) {
    llw_parsed p = {.known = true, .text = text, .taken = true};
    for (const char *at = text; p.taken;) {
        size_t n = several ? strcspn(at, ",") : strlen(at);
        p.taken = is_choice(use->row->choices, at, n);
        if (!at[n]) break;
        at += n + 1;
    }
    if (p.taken) return p;
    if (!*text) return refuse_empty(r, use);
    const char *choices = *use->row->choices == ',' ? use->row->choices + 1 : use->row->choices;
    llw_reader_refuse(r, LLW_F_BAD_VALUE, use, llw_arena_printf(r->arena, "write one of %s", choices),
                      "%s ends here: %s does not take %.*s", llw_reader_program(r), use->spelling, QUOTE,
                      text);
    return p;
}

/* KEY=TYPE:VALUE, `len` bytes of it: common/common.cpp string_parse_kv_override (v0.5.0). */
static bool is_kv(const char *text, size_t len) {
    enum { MOST = 127 };
    static const char *const types[] = {"int:", "float:", "str:"};
    const char *equals = memchr(text, '=', len);
    if (!equals || equals - text > MOST) return false;
    const char *value = equals + 1;
    size_t n = len - (size_t)(value - text);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (!strncmp(value, types[i], strlen(types[i])) && n >= strlen(types[i]))
            return *value != 's' || n - strlen(types[i]) <= MOST;
    return (n == 9 && !strncmp(value, "bool:true", n)) || (n == 10 && !strncmp(value, "bool:false", n));
}

static llw_parsed read_kv(llw_reader *r, const llw_use *use, const char *text) {
    llw_parsed p = {.known = true, .text = text, .taken = true};
    bool quoted = strchr(text, '"') != NULL; /* commas inside quotes part nothing */
    for (const char *at = text; p.taken;) {
        size_t len = quoted ? strlen(at) : strcspn(at, ",");
        p.taken = quoted || is_kv(at, len);
        if (!at[len]) break;
        at += len + 1;
    }
    if (!p.taken)
        llw_reader_refuse(r, LLW_F_BAD_VALUE, use,
                          "write KEY=TYPE:VALUE with int, float, bool or str as TYPE: "
                          "llama.context_length=int:8192",
                          "%s ends here: %s does not take %.*s", llw_reader_program(r), use->spelling, QUOTE,
                          text);
    return p;
}

static llw_parsed read_layers(llw_reader *r, const llw_use *use, const char *text) {
    bool word = !strcmp(text, "auto") || !strcmp(text, "all");
    if (word)
        return (llw_parsed){.known = true, .taken = true, .text = text, .count = text[1] == 'u' ? -1 : -2};
    llw_parsed p = read_int(r, use, text);
    if (p.count < -2) p.count = -2; /* llama.h: anything below -1 is all */
    return p;
}

static llw_parsed read_cache(llw_reader *r, const llw_use *use, const char *text) {
    llw_parsed p = {.known = true, .text = text, .taken = llw_cache_type_find(text) >= 0};
    if (p.taken) return p;
    if (!*text) return refuse_empty(r, use);
    const char *fork = llw_fork_of(text);
    if (fork) {
        llw_reader_report(r, LLW_F_BAD_VALUE, LLW_PROBLEM_NOTE, use,
                          "fine there; llama.cpp itself takes q8_0",
                          "%s is a cache type of %s: no build of llama.cpp has it", text, fork);
        return (llw_parsed){.known = false};
    }
    const char *near = llw_cache_type_nearest(text);
    llw_reader_refuse(r, LLW_F_BAD_VALUE, use,
                      near ? llw_arena_printf(r->arena, "write %s", near)
                           : "write one of f32, f16, bf16, q8_0, q4_0, q4_1, iq4_nl, q5_0, q5_1",
                      "%s ends here: there is no cache type %.*s", llw_reader_program(r), QUOTE, text);
    return p;
}

/* -ts and -fitt: split at [,/]+ (an empty first element fails, a trailing separator does not count). */
static llw_parsed read_numbers(llw_reader *r, const llw_use *use, const char *text, const char *separators,
                               bool whole) {
    llw_parsed p = {.known = true, .text = text};
    if (!*text) return refuse_empty(r, use);
    llw_text out = {0};
    int n = 0;
    bool bad = false;
    for (const char *at = text; *at && !bad; n++) {
        size_t len = strcspn(at, separators);
        char word[64], *end = word;
        size_t kept = len < sizeof word ? len : sizeof word - 1;
        memcpy(word, at, kept);
        word[kept] = 0;
        errno = 0;
        unsigned long long mib = whole ? strtoull(word, &end, 10) : 0;
        float share = whole ? 0 : strtof(word, &end);
        bad = end == word || errno == ERANGE;
        if (!bad && (*end || (whole ? mib > INT64_MAX >> 20 : !(share >= 0) || isinf(share))))
            llw_reader_report(r, *end ? LLW_F_PARTIAL_NUMBER : LLW_F_RANGE, LLW_PROBLEM_WRONG, use,
                              whole ? "write MiB as plain numbers, like 128,1024"
                                    : "write plain shares, like 3,1",
                              "%s makes %s%.0Lg of the element %.*s of %s", llw_reader_program(r),
                              *end ? "" : "something like ", whole ? (long double)mib : (long double)share,
                              QUOTE, word, use->spelling);
        llw_text_addf(&out, whole ? "%s%.0Lf" : "%s%.9Lg", n ? "," : "",
                      whole ? (long double)mib : (long double)share);
        at += len;
        at += strspn(at, separators);
    }
    if (bad)
        llw_reader_refuse(r, LLW_F_NOT_A_NUMBER, use,
                          whole ? "write MiB for each GPU, like 128,1024"
                                : "write a share for each GPU, like 3,1",
                          "%s ends here: %s%s%.*s holds an element that is no number", llw_reader_program(r),
                          use->spelling, form(use), QUOTE, text);
    else if (n >= MAX_DEVICES)
        llw_reader_refuse(r, LLW_F_RANGE, use, "write one value for each GPU",
                          "%s ends here: %s has %d elements, it takes fewer than %d", llw_reader_program(r),
                          use->spelling, n, MAX_DEVICES);
    else
        p.taken = true;
    p.text = llw_arena_strdup(r->arena, llw_text_str(&out));
    llw_text_fini(&out);
    return p;
}

/* A buffer type of a device that ggml may have: CPU, or a backend's name and number. The devices of this
 * machine are checked when the launch is read. */
static bool buffer_may_be(const char *name, size_t len) {
    if (len == 3 && !strncmp(name, "CPU", 3)) return true;
    if (len > 3 && !strncmp(name, "RPC", 3)) return true;
    size_t letters = 0;
    while (letters < len && isalpha((unsigned char)name[letters])) letters++;
    if (letters < 2 || !isupper((unsigned char)*name) || letters == len) return false;
    for (size_t i = letters; i < len; i++)
        if (!isdigit((unsigned char)name[i])) return false;
    return true;
}

static const char *buffer_meant(llw_reader *r, const char *name, size_t len) {
    if (len == 3 && !strncasecmp(name, "CPU", 3)) return "write CPU";
    if (len > 4 && !strncasecmp(name, "CUDA", 4) && isdigit((unsigned char)name[4]))
        return llw_arena_printf(r->arena, "write CUDA%.*s", (int)(len - 4), name + 4);
    if (len == 4 && !strncasecmp(name, "CUDA", 4)) return "write CUDA0, with the number of the GPU";
    if (len == 9 && !strncasecmp(name, "CUDA_Host", 9))
        return "write CPU: pinned memory is chosen by llama.cpp itself";
    return "write CPU, or a device of llama-server --list-devices, like CUDA0";
}

static llw_parsed read_overrides(llw_reader *r, const llw_use *use, const char *text) {
    llw_parsed p = {.known = true, .taken = true, .text = text};
    if (!*text) return refuse_empty(r, use);
    for (const char *at = text;;) {
        size_t len = strcspn(at, ",");
        const char *equals = memchr(at, '=', len);
        if (!equals) {
            p.taken = false;
            llw_reader_refuse(
                r, LLW_F_BAD_VALUE, use,
                "write PATTERN=BUFFER, several separated by commas; a comma inside a pattern ends it",
                "%s ends here: %.*s in %s has no '='", llw_reader_program(r), len > QUOTE ? QUOTE : (int)len,
                at, use->spelling);
        } else if (!buffer_may_be(equals + 1, len - (size_t)(equals - at) - 1)) {
            size_t n = len - (size_t)(equals - at) - 1;
            p.taken = false;
            llw_reader_refuse(r, LLW_F_BUFFER, use, buffer_meant(r, equals + 1, n),
                              "%s ends here: %.*s is no buffer type", llw_reader_program(r),
                              n > QUOTE ? QUOTE : (int)n, equals + 1);
        }
        if (!p.taken || !at[len]) return p;
        at += len + 1;
    }
}

static llw_parsed read_devices(llw_reader *r, const llw_use *use, const char *text) {
    llw_parsed p = {.known = true, .taken = true, .text = text};
    if (!*text) return refuse_empty(r, use);
    for (const char *at = text;;) {
        size_t len = strcspn(at, ",");
        bool none =
            len == 4 && !strncmp(at, "none", 4) && strlen(text) > 4; /* it stands alone or is no device */
        if (!len || none || (len == 3 && !strncasecmp(at, "CPU", 3))) {
            p.taken = false;
            llw_reader_refuse(
                r, LLW_F_BAD_VALUE, use, "name GPUs as llama-server --list-devices does, or write none",
                "%s ends here: '%.*s' is no device it can offload to", llw_reader_program(r), (int)len, at);
            return p;
        }
        if (!at[len]) return p;
        at += len + 1;
    }
}

static llw_parsed read_one(llw_reader *r, const llw_use *use, const char *text) {
    switch (use->row->kind) {
    case LLW_FLAG_INT:
    case LLW_FLAG_LONG: return read_int(r, use, text);
    case LLW_FLAG_REAL: return read_real(r, use, text);
    case LLW_FLAG_SWITCH:
    case LLW_FLAG_ONOFF:
    case LLW_FLAG_BIT: return read_switch(r, use, text, false);
    case LLW_FLAG_ONOFFAUTO: return read_switch(r, use, text, true);
    case LLW_FLAG_CHOICE: return read_choice(r, use, text, false);
    case LLW_FLAG_CHOICES: return read_choice(r, use, text, true);
    case LLW_FLAG_KV: return read_kv(r, use, text);
    case LLW_FLAG_LAYERS: return read_layers(r, use, text);
    case LLW_FLAG_CACHE: return read_cache(r, use, text);
    case LLW_FLAG_FLOATS: return read_numbers(r, use, text, use->row->list ? ";/" : ",/", false);
    case LLW_FLAG_MIBS: return read_numbers(r, use, text, use->row->list ? "," : ",/", true);
    case LLW_FLAG_DEVICES: return read_devices(r, use, text);
    case LLW_FLAG_OVERRIDES: return read_overrides(r, use, text);
    case LLW_FLAG_TEXT:
        if (!*text && !strcmp(use->row->choices, "filled")) return refuse_empty(r, use);
        break;
    default: break;
    }
    return (llw_parsed){.known = true, .taken = true, .text = text};
}

/* llama-bench: elements separated by commas; numbers may be ranges first-last+step. The first counts, the
 * largest is kept. */
static llw_parsed read_list(llw_reader *r, const llw_use *use, const char *text) {
    size_t len = strcspn(text, ",");
    char *first = llw_arena_strndup(r->arena, text, len);
    bool several = text[len] != 0;
    if (use->row->kind == LLW_FLAG_OVERRIDES || use->row->kind == LLW_FLAG_DEVICES) {
        char inner = use->row->kind == LLW_FLAG_DEVICES ? '/' : ';';
        for (char *at = first; *at; at++)
            if (*at == inner) *at = ',';
        if (!*first && use->row->kind == LLW_FLAG_OVERRIDES)
            return (llw_parsed){
                .known = true, .taken = true, .text = ""}; /* an empty group: a test without overrides */
    }
    if (use->row->kind == LLW_FLAG_PAIRS)
        return (llw_parsed){.known = true,
                            .taken = true,
                            .text = text,
                            .most = atoll(text) + (several ? atoll(text + len + 1) : 0)};
    int64_t most = 0;
    if (use->row->kind == LLW_FLAG_INT) {
        char *range = strchr(*first == '-' ? first + 1 : first, '-');
        if (range && isdigit((unsigned char)range[1])) {
            *range = 0;
            several = true;
        }
        for (const char *at = text; *at;) {
            int64_t n = strtoll(at, NULL, 10);
            size_t end = strcspn(at + (*at == '-'), ",-") + (*at == '-');
            if (n > most && n <= INT_MAX) most = n;
            at += end + (at[end] != 0);
        }
    }
    llw_parsed p = read_one(r, use, first);
    p.most = most > p.count ? most : p.count;
    if (several)
        llw_reader_report(r, LLW_F_BENCH_LIST, LLW_PROBLEM_NOTE, use, "",
                          "%s runs one test for each value of %s %.*s: read by the first",
                          llw_reader_program(r), use->spelling, QUOTE, text);
    return p;
}

llw_parsed llw_reader_value(llw_reader *r, const llw_use *use) {
    const char *text = use->token->text;
    if (!text) {
        llw_reader_report(r, LLW_F_NOT_KNOWN, LLW_PROBLEM_NOTE, use,
                          "set the variable where it can be read, or give it a default",
                          "the value of %s is not known: nobody who could be read sets it", use->spelling);
        return (llw_parsed){.taken = true};
    }
    return use->row->list ? read_list(r, use, text) : read_one(r, use, text);
}
