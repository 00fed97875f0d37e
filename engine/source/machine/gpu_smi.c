/* nvidia-smi as CSV.
 *
 * A field that the driver does not know makes the whole query fail, so everything is asked for at once first,
 * and in small groups when that fails. The separator is a comma and a space; a number may have a decimal
 * comma, and a product name may hold anything: what is too much on a line belongs to the name. */
#include "source/machine/gpu_smi.h"
#include "base/number.h"
#include "base/process.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

enum { FIELDS_MAX = 32, LINE_MAX_BYTES = 4096, OUTPUT_CAP = 1 << 20, LINES_MAX = 4096 };

typedef struct span {
    const char *at;
    size_t len;
} span;

static span trim(span s) {
    while (s.len && isspace((unsigned char)s.at[0])) s.at++, s.len--;
    while (s.len && isspace((unsigned char)s.at[s.len - 1])) s.len--;
    return s;
}

static span unquote(span s) {
    s = trim(s);
    if (s.len >= 2 && s.at[0] == '"' && s.at[s.len - 1] == '"') s.at++, s.len -= 2;
    return s;
}

static bool is(span s, const char *word) {
    return s.len == strlen(word) && !strncasecmp(s.at, word, s.len);
}

/* nvidia-smi's ways of saying that it does not know. */
static bool is_unknown(span s) {
    static const char *const words[] = {"N/A",
                                        "Not Supported",
                                        "Not Available",
                                        "Unknown Error",
                                        "Unknown",
                                        "ERR!",
                                        "Insufficient Permissions",
                                        "GPU is lost"};
    if (s.len && s.at[0] == '[') return true; /* [N/A], [Requested functionality has been deprecated], ... */
    if (!s.len) return true;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (is(s, words[i])) return true;
    return false;
}

/* A number with a decimal point or comma and an optional unit behind a space; NAN when it is none. */
static double number(span s) {
    if (is_unknown(s) || s.len >= 64 || !isdigit((unsigned char)s.at[0])) return (double)NAN;
    double value = 0, scale = 1;
    bool fraction = false;
    size_t i = 0;
    for (; i < s.len; i++) {
        unsigned char c = (unsigned char)s.at[i];
        if (isdigit(c)) {
            value = value * 10 + (c - '0');
            if (fraction) scale *= 10;
        } else if ((c == '.' || c == ',') && !fraction && i + 1 < s.len &&
                   isdigit((unsigned char)s.at[i + 1])) {
            fraction = true;
        } else {
            break;
        }
    }
    if (i < s.len && s.at[i] != ' ') return (double)NAN;
    return value / scale;
}

static int64_t bytes(span s) {
    double mib = number(s);
    return mib >= 0 && mib < 1e9 ? (int64_t)(mib * (double)LLW_MIB) : -1; /* a petabyte is no memory of a GPU */
}

static int small(span s, int most) {
    double n = number(s);
    return n >= 1 && n <= most && n == (int)n ? (int)n : 0;
}

static int answer(span s) {
    if (is(s, "Enabled") || is(s, "Yes")) return 1;
    if (is(s, "Disabled") || is(s, "No")) return 0;
    return -1;
}

static const char *text_of(llw_arena *arena, span s) {
    if (is_unknown(s)) return NULL;
    return llw_arena_strndup(arena, s.at, s.len < LLW_GPU_TEXT_MAX ? s.len : LLW_GPU_TEXT_MAX);
}

static void set(llw_arena *arena, llw_gpu_reading *gpu, span field, span value) {
    if (is(field, "name") || is(field, "gpu_name"))
        gpu->name = text_of(arena, value);
    else if (is(field, "uuid") || is(field, "gpu_uuid"))
        gpu->uuid = text_of(arena, value);
    else if (is(field, "pci.bus_id") || is(field, "gpu_bus_id"))
        gpu->bus = text_of(arena, value);
    else if (is(field, "driver_version"))
        gpu->driver = text_of(arena, value);
    else if (is(field, "memory.total"))
        gpu->total = bytes(value);
    else if (is(field, "memory.free"))
        gpu->free = bytes(value);
    else if (is(field, "memory.used"))
        gpu->used = bytes(value);
    else if (is(field, "memory.reserved"))
        gpu->reserved = bytes(value);
    else if (is(field, "compute_cap")) {
        double n = number(value);
        gpu->capability = n >= 1 && n < 100 ? n : 0;
    } else if (is(field, "pcie.link.gen.max"))
        gpu->pcie_generation = small(value, 15);
    else if (is(field, "pcie.link.width.current"))
        gpu->pcie_width = small(value, 32);
    else if (is(field, "display_active"))
        gpu->display = answer(value);
    else if (is(field, "mig.mode.current"))
        gpu->mig = answer(value);
    else if (is(field, "addressing_mode"))
        gpu->ats = is_unknown(value) ? -1 : is(value, "ATS");
}

/* Splits at the separator; the last place takes what is left. Returns how many parts there would have been.
 */
static size_t split(span line, const char *separator, span *parts, size_t room) {
    size_t n = 0, width = strlen(separator);
    for (;;) {
        const char *end = memmem(line.at, line.len, separator, width);
        size_t len = end ? (size_t)(end - line.at) : line.len;
        if (n < room) parts[n] = (span){line.at, len};
        n++;
        if (!end) return n;
        line.at += len + width;
        line.len -= len + width;
    }
}

/* Brings a line to exactly n values. A line with more is one whose name holds the separator. */
static bool values_of(span line, size_t n, size_t name, span *values) {
    span parts[2 * FIELDS_MAX];
    size_t have = split(line, ", ", parts, 2 * FIELDS_MAX);
    if (have < n) have = split(line, ",", parts, 2 * FIELDS_MAX);
    if (have < n || have > 2 * FIELDS_MAX || (have > n && name == n)) return false;
    size_t surplus = have - n;
    for (size_t i = 0; i < n; i++) values[i] = parts[i <= name ? i : i + surplus];
    if (surplus) {
        const span *last = &parts[name + surplus];
        values[name].len = (size_t)(last->at + last->len - values[name].at);
    }
    for (size_t i = 0; i < n; i++) values[i] = unquote(values[i]);
    return true;
}

static bool next_line(const char **at, const char *end, span *line) {
    if (*at >= end) return false;
    const char *stop = memchr(*at, '\n', (size_t)(end - *at));
    if (!stop) stop = end;
    *line = trim((span){*at, (size_t)(stop - *at)});
    *at = stop < end ? stop + 1 : end;
    return true;
}

size_t llw_gpu_smi_parse(llw_gpu_list *list, const char *fields, const char *text, size_t len) {
    span names[FIELDS_MAX], line;
    const char *at = text, *end = text + len;
    span header = fields ? (span){fields, strlen(fields)} : (span){"", 0};
    while (!fields && next_line(&at, end, &header) && !header.len) continue;
    size_t n = split(header, ",", names, FIELDS_MAX), index = FIELDS_MAX, name = n, rows = 0, lines = 0;
    if (n > FIELDS_MAX) n = FIELDS_MAX;
    for (size_t i = 0; i < n; i++) {
        const char *unit = memchr(names[i].at, '[', names[i].len);
        if (unit) names[i].len = (size_t)(unit - names[i].at);
        names[i] = trim(names[i]);
        if (is(names[i], "index")) index = i;
        if (is(names[i], "name") || is(names[i], "gpu_name")) name = i;
    }
    while (index < n && lines++ < LINES_MAX && next_line(&at, end, &line)) {
        span values[FIELDS_MAX];
        if (!line.len) continue;
        double number_of = line.len < LINE_MAX_BYTES && values_of(line, n, name, values)
                               ? number(values[index])
                               : (double)NAN;
        if (!(number_of >= 0 && number_of < 10000)) {
            llw_gpu_list_note(list, "nvidia-smi printed a line that is no row: %.*s",
                              (int)(line.len < 120 ? line.len : 120), line.at);
            continue;
        }
        llw_gpu_reading *gpu = llw_gpu_list_get(list, (int)number_of);
        if (!gpu) {
            llw_gpu_list_note(list, "nvidia-smi lists more than %d GPUs; the rest is passed over",
                              LLW_GPU_READ_MAX);
            break;
        }
        for (size_t i = 0; i < n; i++) set(list->arena, gpu, names[i], values[i]);
        rows++;
    }
    return rows;
}

void llw_gpu_smi_parse_processes(llw_gpu_list *list, const char *text, size_t len) {
    const char *at = text, *end = text + len;
    span line, parts[2];
    for (size_t i = 0; i < list->count; i++)
        if (list->gpus[i].uuid) list->gpus[i].processes = 0;
    for (size_t lines = 0; lines < LINES_MAX && next_line(&at, end, &line); lines++) {
        if (split(line, ",", parts, 2) < 2) continue;
        span uuid = trim(parts[0]);
        for (size_t i = 0; i < list->count; i++)
            if (list->gpus[i].uuid && is(uuid, list->gpus[i].uuid)) list->gpus[i].processes++;
    }
}

/* --- running it --- */

#define BASIC "index,uuid,pci.bus_id,name,memory.total,memory.used,memory.free"
static const char *const everything =
    BASIC ",memory.reserved,driver_version,compute_cap,pcie.link.gen.max,"
          "pcie.link.width.current,display_active,mig.mode.current,addressing_mode";
static const char *const groups[] = {
    BASIC,
    "index,driver_version,display_active",
    "index,pcie.link.gen.max,pcie.link.width.current",
    "index,compute_cap",
    "index,memory.reserved",
    "index,mig.mode.current",
    "index,addressing_mode",
};

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static llw_rc ask(const char *program, const char *what, const char *fields, double deadline,
                  llw_arena *arena, llw_process *out, llw_err *err) {
    char *query = llw_arena_printf(arena, "--query-%s=%s", what, fields);
    const char *const argv[] = {program, query, "--format=csv,noheader,nounits", NULL};
    double left = deadline - now();
    return llw_process_run(arena, argv, NULL, OUTPUT_CAP, left > 0 ? left : 0, out, err);
}

/* Why a run is no use; 0 when it is. */
static llw_rc refused(const char *program, const llw_process *p, double seconds, llw_err *err) {
    if (p->timed_out)
        return llw_fail(err, LLW_ERR_NOTHING, program, 0, "did not answer within %g s", seconds);
    if (p->truncated)
        return llw_fail(err, LLW_ERR_NOTHING, program, 0, "printed more than %d bytes", OUTPUT_CAP);
    if (p->signal) return llw_fail(err, LLW_ERR_NOTHING, program, 0, "was ended by signal %d", p->signal);
    if (!p->exit_code) return LLW_OK;
    const char *at = p->out;
    span line = {"", 0};
    while (next_line(&at, p->out + p->len, &line) && !line.len) continue;
    return llw_fail(err, LLW_ERR_NOTHING, program, 0, "ended with code %d%s%.*s", p->exit_code,
                    line.len ? ": " : "", (int)(line.len < 160 ? line.len : 160), line.at);
}

llw_rc llw_gpu_smi_read(llw_gpu_list *list, const char *program, double seconds, llw_err *err) {
    double deadline = now() + seconds;
    llw_process out;
    const char *name = program ? program : "nvidia-smi";
    llw_rc rc = ask(name, "gpu", everything, deadline, list->arena, &out, err);
    if (rc == LLW_ERR_NOTHING && !program) {
        name = "/usr/lib/wsl/lib/nvidia-smi";
        rc = ask(name, "gpu", everything, deadline, list->arena, &out, NULL);
        if (rc != LLW_OK) return rc; /* err still says that nvidia-smi is not there */
    }
    if (rc != LLW_OK) return rc;
    rc = refused(name, &out, seconds, err);
    if (rc == LLW_OK) {
        llw_gpu_smi_parse(list, everything, out.out, out.len);
    } else if (!out.timed_out && !out.truncated) {
        for (size_t i = 0; i < sizeof groups / sizeof *groups; i++) {
            llw_err ignored;
            if (ask(name, "gpu", groups[i], deadline, list->arena, &out, NULL) != LLW_OK) break;
            if (refused(name, &out, seconds, &ignored) == LLW_OK)
                llw_gpu_smi_parse(list, groups[i], out.out, out.len);
            else if (!i)
                return rc; /* without the basics there is nothing to add to */
        }
    }
    if (!list->count) return rc != LLW_OK ? rc : llw_fail(err, LLW_ERR_NOTHING, name, 0, "lists no GPU");
    if (ask(name, "compute-apps", "gpu_uuid,pid", deadline, list->arena, &out, NULL) == LLW_OK &&
        refused(name, &out, seconds, NULL) == LLW_OK)
        llw_gpu_smi_parse_processes(list, out.out, out.len);
    llw_gpu_list_check(list);
    return LLW_OK;
}
