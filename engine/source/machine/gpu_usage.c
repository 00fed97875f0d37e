/* nvidia-smi --query-compute-apps, per process and card. */
#include "source/machine/gpu_usage.h"
#include "base/number.h"
#include "base/process.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { OUTPUT_CAP = 1 << 20, MAX_FIELDS = 16, MAX_ROWS = 4096 };
static const char fields_asked[] = "pid,gpu_uuid,used_gpu_memory";

static char *trimmed(llw_arena *arena, const char *at, size_t len) {
    while (len && (*at == ' ' || *at == '\t')) at++, len--;
    while (len && strchr(" \t\r", at[len - 1])) len--;
    return llw_arena_strndup(arena, at, len);
}

/* Splits at commas; returns how many parts there are (at most max are kept). */
static size_t split(llw_arena *arena, const char *line, size_t len, const char **parts, size_t max) {
    size_t n = 0;
    for (const char *at = line, *end = line + len;;) {
        const char *comma = memchr(at, ',', (size_t)(end - at)), *stop = comma ? comma : end;
        if (n < max) parts[n] = trimmed(arena, at, (size_t)(stop - at));
        n++;
        if (!comma) return n;
        at = comma + 1;
    }
}

size_t llw_gpu_usage_parse(llw_arena *arena, const char *fields, const char *text, size_t len,
                           llw_gpu_shares *out) {
    const char *names[MAX_FIELDS], *values[MAX_FIELDS], *at = text, *end = text + len;
    size_t n = fields ? split(arena, fields, strlen(fields), names, MAX_FIELDS) : 0, rows = 0;
    for (size_t lines = 0; at < end && lines < MAX_ROWS; lines++) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        size_t length = (size_t)((stop ? stop : end) - at);
        const char *line = at;
        at = stop ? stop + 1 : end;
        if (!n) {
            n = split(arena, line, length, names, MAX_FIELDS);
            continue;
        }
        if (n > MAX_FIELDS || split(arena, line, length, values, MAX_FIELDS) != n) continue;
        llw_gpu_share share = {.pid = 0, .uuid = "", .bytes = -1};
        for (size_t i = 0; i < n; i++) {
            char *rest = NULL;
            long long number = strtoll(values[i], &rest, 10);
            bool is_number = rest != values[i] && number >= 0;
            if (!strcmp(names[i], "pid") && is_number && !*rest) share.pid = (long)number;
            if (!strcmp(names[i], "gpu_uuid")) share.uuid = values[i];
            /* used_gpu_memory, or "used_gpu_memory [MiB]"; an [N/A] stays unknown */
            if (!strncmp(names[i], "used_gpu_memory", 15) && is_number && number < INT64_MAX / LLW_MIB &&
                (!*rest || !strcmp(rest, " MiB")))
                share.bytes = number * LLW_MIB;
        }
        if (share.pid <= 0 || !*share.uuid) continue;
        void *items = out->items;
        *(llw_gpu_share *)llw_arena_push(arena, &items, &out->n, &out->capacity, sizeof share) = share;
        out->items = items;
        rows++;
    }
    return rows;
}

llw_rc llw_gpu_usage_read(llw_arena *arena, const char *program, double seconds, llw_gpu_shares *out,
                          llw_err *err) {
    const char *name = program ? program : "nvidia-smi";
    const char *const argv[] = {name, llw_arena_printf(arena, "--query-compute-apps=%s", fields_asked),
                                "--format=csv,noheader,nounits", NULL};
    llw_process p;
    *out = (llw_gpu_shares){0};
    llw_rc rc = llw_process_run(arena, argv, NULL, OUTPUT_CAP, seconds, &p, err);
    if (rc != LLW_OK) return rc;
    if (p.timed_out) return llw_fail(err, LLW_ERR_NOTHING, name, 0, "did not answer within %g s", seconds);
    if (p.exit_code || p.truncated)
        return llw_fail(err, LLW_ERR_NOTHING, name, 0, "ended with code %d", p.exit_code);
    llw_gpu_usage_parse(arena, fields_asked, p.out, p.len, out);
    return LLW_OK;
}

/* What the process holds of a card: -1 unknown, -2 not listed there. */
static int64_t share_of(const llw_gpu_shares *shares, long pid, const char *uuid, size_t *listed) {
    int64_t sum = -2;
    *listed = 0;
    for (size_t i = 0; i < shares->n; i++) {
        if (strcmp(shares->items[i].uuid, uuid)) continue;
        ++*listed;
        if (shares->items[i].pid != pid) continue;
        if (shares->items[i].bytes < 0) return -1;
        sum = (sum < 0 ? 0 : sum) + shares->items[i].bytes;
    }
    return sum;
}

/* What llama.cpp was told when it started: what is free now and what it holds itself, less its context. */
static void claim_free_before(llw_facts *facts, llw_entity gpu, int64_t held) {
    int64_t now = 0, context = 0, total = 0;
    if (!llw_facts_count(facts, gpu, LLW_gpu_nvml_free, &now) ||
        !llw_facts_count(facts, gpu, LLW_gpu_context, &context))
        return;
    int64_t free = now + held - context;
    if (llw_facts_count(facts, gpu, LLW_gpu_total, &total) && free > total) free = total;
    if (free < 0) return;
    llw_facts_claim(facts, gpu, LLW_gpu_free, llw_bytes(free), LLW_GRADE_PREDICTED, "nvidia-smi",
                    llw_arena_printf(llw_facts_arena(facts),
                                     "%" PRId64 " MiB free now and %" PRId64
                                     " MiB held by the process, less %" PRId64 " MiB for its context",
                                     now / LLW_MIB, held / LLW_MIB, context / LLW_MIB));
}

size_t llw_gpu_usage_claim(llw_facts *facts, const llw_gpu_shares *shares, long pid, llw_entity launch) {
    size_t found = 0;
    for (llw_entity g = 0; (g = llw_facts_next(facts, LLW_KIND_gpu, g));) {
        const char *uuid = "";
        size_t listed = 0;
        if (!llw_facts_text(facts, g, LLW_gpu_uuid, &uuid)) continue;
        int64_t held = share_of(shares, pid, uuid, &listed);
        int64_t used = 0;
        bool hidden =
            held == -2 && !listed && (!llw_facts_count(facts, g, LLW_gpu_used, &used) || used > 64 * LLW_MIB);
        if (hidden) continue;
        found += held >= 0;
        /* the id that prediction gives it (infer/native.h llw_placement_id) */
        llw_entity p =
            llw_facts_entity(facts, LLW_KIND_placement,
                             llw_arena_printf(llw_facts_arena(facts), "%s@%s", llw_facts_id(facts, launch),
                                              llw_facts_id(facts, g)));
        const char *place = llw_arena_printf(llw_facts_arena(facts),
                                             held == -2 ? "process %ld is not listed" : "process %ld", pid);
        llw_facts_claim(facts, p, LLW_placement_used,
                        held == -1 ? llw_unknown(LLW_BYTES) : llw_bytes(held == -2 ? 0 : held),
                        LLW_GRADE_MEASURED, "nvidia-smi", place);
        if (held >= 0) claim_free_before(facts, g, held);
    }
    return found;
}
