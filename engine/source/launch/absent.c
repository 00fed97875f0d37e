/* What a launch names, against the cards that it sees. */
#include "source/launch/absent.h"
#include "fact/seen.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

typedef struct check {
    const llw_facts *facts;
    llw_entity launch;
    llw_arena *arena;
    llw_seen_gpus seen;
    size_t cards; /* of the machine */
    const char *backend;
    llw_flag_problem *out;
    size_t n;
} check;

static void tell(check *c, llw_attr attr, llw_problem_level level, const char *subject, const char *advice,
                 const char *fmt, ...) {
    if (c->n == LLW_MAX_ABSENT) return;
    const llw_claim *claim = llw_facts_best(c->facts, c->launch, attr);
    llw_text text = {0};
    va_list args;
    va_start(args, fmt);
    llw_text_addv(&text, fmt, args);
    va_end(args);
    c->out[c->n++] = (llw_flag_problem){LLW_F_NO_DEVICE,
                                        level,
                                        claim ? claim->place : "",
                                        subject,
                                        llw_arena_strdup(c->arena, llw_text_str(&text)),
                                        advice,
                                        attr};
    llw_text_fini(&text);
}

static const char *text_of(const check *c, llw_attr attr) {
    const char *text = "";
    llw_facts_text(c->facts, c->launch, attr, &text);
    return text;
}

/* "1 GPU", "2 GPUs" */
static const char *gpus(const check *c, size_t n) {
    return llw_arena_printf(c->arena, "%zu GPU%s", n, n == 1 ? "" : "s");
}

/* device_ids, --gpus device=... and *_VISIBLE_DEVICES, where they are numbers. */
static void check_ids(check *c) {
    const char *ids = text_of(c, LLW_launch_gpu_ids);
    const llw_claim *claim = llw_facts_best(c->facts, c->launch, LLW_launch_gpu_ids);
    bool numbers = *ids && strspn(ids, "0123456789,") == strlen(ids),
         cuda = strcasestr(c->backend, "CUDA") != NULL;
    size_t before = 0;
    for (const char *at = ids; numbers && cuda && *at; before++) {
        size_t len = strcspn(at, ",");
        unsigned long id = strtoul(at, NULL, 10);
        at += len + (at[len] == ',');
        if (id < c->cards) continue;
        bool engine = strstr(claim->origin, "devices") || strstr(claim->origin, "--gpus");
        const char *advice = llw_arena_printf(c->arena, "name one of 0 to %zu", c->cards - 1);
        if (engine)
            tell(c, LLW_launch_gpu_ids, LLW_PROBLEM_WRONG, "device_ids", advice,
                 "the container does not start: this machine has %s, and number %lu is none of them",
                 gpus(c, c->cards), id);
        else
            tell(c, LLW_launch_gpu_ids, before ? LLW_PROBLEM_RISK : LLW_PROBLEM_WRONG, "CUDA_VISIBLE_DEVICES",
                 advice,
                 "llama.cpp sees %s: this machine has %s, and number %lu, which is none of them, hides "
                 "itself and all behind it",
                 before ? llw_arena_printf(c->arena, "only the first %zu", before)
                        : "no GPU and computes everything on the CPU",
                 gpus(c, c->cards), id);
        return;
    }
}

static void check_devices(check *c) {
    for (const char *at = text_of(c, LLW_launch_devices); *at;) {
        size_t len = strcspn(at, ",");
        if (llw_seen_lacks(&c->seen, at, len)) {
            tell(c, LLW_launch_devices, LLW_PROBLEM_WRONG, "-dev",
                 llw_arena_printf(c->arena, "name %s%s%s", c->seen.items[0].name, c->seen.n > 1 ? " to " : "",
                                  c->seen.n > 1 ? c->seen.items[c->seen.n - 1].name : ""),
                 "llama.cpp ends here: invalid device: %.*s; this launch sees %s", (int)len, at,
                 gpus(c, c->seen.n));
            return;
        }
        at += len + (at[len] == ',');
    }
}

/* PATTERN=BUFFER,... of -ot. */
static void check_buffers(check *c) {
    for (const char *at = text_of(c, LLW_launch_override_tensor); *at;) {
        size_t len = strcspn(at, ","), from = len;
        while (from && at[from - 1] != '=') from--;
        if (from && llw_seen_lacks(&c->seen, at + from, len - from)) {
            tell(c, LLW_launch_override_tensor, LLW_PROBLEM_WRONG, "-ot",
                 "name a buffer of a GPU that is there",
                 "llama.cpp ends here: unknown buffer type %.*s; this launch sees %s", (int)(len - from),
                 at + from, gpus(c, c->seen.n));
            return;
        }
        at += len + (at[len] == ',');
    }
}

/* The devices that count: those of -dev, else all. */
static size_t used(const check *c) {
    const char *list = text_of(c, LLW_launch_devices);
    size_t n = *list != 0;
    for (; *list; list++) n += *list == ',';
    return n ? n : c->seen.n;
}

static void check_main(check *c) {
    int64_t main_gpu = 0;
    if (strcmp(text_of(c, LLW_launch_split_mode), "none") ||
        !llw_facts_count(c->facts, c->launch, LLW_launch_main_gpu, &main_gpu) || main_gpu < (int64_t)used(c))
        return;
    tell(c, LLW_launch_main_gpu, LLW_PROBLEM_WRONG, "-mg",
         llw_arena_printf(c->arena, "give a number below %zu", used(c)),
         "llama.cpp loads nothing: invalid value for main_gpu: %lld, of %s", (long long)main_gpu,
         gpus(c, used(c)));
}

static void check_shares(check *c) {
    const char *list = text_of(c, LLW_launch_tensor_split);
    size_t n = *list != 0;
    for (const char *at = list; *at; at++) n += (*at == ',' || *at == '/') && at[1] && !strchr(",/", at[1]);
    if (n <= used(c)) return;
    tell(c, LLW_launch_tensor_split, LLW_PROBLEM_RISK, "-ts", "give one share for each GPU",
         "llama.cpp takes the first %zu of these %zu shares, one for each GPU that this launch sees", used(c),
         n);
}

size_t llw_absent_find(const llw_facts *facts, llw_entity launch, llw_arena *arena,
                       llw_flag_problem out[LLW_MAX_ABSENT]) {
    check c = {.facts = facts, .launch = launch, .arena = arena, .out = out, .backend = ""};
    for (llw_entity g = 0; (g = llw_facts_next(facts, LLW_KIND_gpu, g));) {
        int64_t total = 0;
        if (!llw_facts_count(facts, g, LLW_gpu_total, &total)) return 0;
        llw_facts_text(facts, g, LLW_gpu_backend, &c.backend);
        c.cards++;
    }
    if (!c.cards) return 0;
    check_ids(&c);
    c.seen = llw_seen_find(facts, launch, arena);
    if (c.n || c.seen.missing != LLW_ATTR_NONE || !c.seen.n) return c.n;
    check_devices(&c);
    check_buffers(&c);
    if (c.n) return c.n;
    check_main(&c);
    check_shares(&c);
    return c.n;
}
