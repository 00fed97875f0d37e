/* Other quantisations of a model: files beside it whose names differ only there, or known models. */
#include "base/file.h"
#include "source/model/known.h"
#include "source/model/model_open.h"
#include "source/launch/suppose.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Where a name stands for a quantisation: Q4_K_M, UD-Q5_K_XL, IQ4_XS, BF16, MXFP4. */
static bool names_quantization(const char *at) {
    static const char *const families[] = {"Q", "IQ", "TQ", "F16", "F32", "BF16", "FP16", "MXFP", "NVFP"};
    if (!strncasecmp(at, "UD-", 3)) at += 3;
    for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
        size_t len = strlen(families[i]);
        if (strncasecmp(at, families[i], len)) continue;
        if (at[len] >= '1' && at[len] <= '9') return true;
        if (len > 2 && (!at[len] || at[len] == '.' || at[len] == '-')) return true;
    }
    return false;
}

/* The part of a file's or known model's name before its quantisation; 0 when it has none. */
static size_t stem_of(const char *name) {
    for (const char *at = name; *at; at++)
        if ((*at == '-' || *at == '.' || *at == '_') && names_quantization(at + 1))
            return (size_t)(at + 1 - name);
    return 0;
}

/* Q4_K_M of q4_k_m.gguf or q4_k_m-00001-of-00002.gguf; "" when the rest of the name is no quantisation. */
static const char *quantization_in(llw_arena *arena, const char *rest) {
    const char *part = strstr(rest, "-0000");
    size_t len = strcspn(rest, ".");
    if (part && (size_t)(part - rest) < len) len = (size_t)(part - rest);
    char *text = llw_arena_strndup(arena, rest, names_quantization(rest) ? len : 0);
    for (char *c = text; *c; c++)
        if (*c >= 'a' && *c <= 'z') *c = (char)(*c - 'a' + 'A');
    return text;
}

typedef struct family {
    llw_arena *arena;
    const char *quantization; /* of the model itself */
    const char *architecture;
    int64_t layers;
    void *items;
    size_t n, capacity;
} family;

/* Adds a model of the same shape. */
static void add_sibling(family *f, const char *name, bool on_disk, const char *quantization) {
    llw_facts *scratch = llw_facts_new();
    llw_entity model = 0;
    llw_sibling s = {.on_disk = on_disk};
    const char *architecture = "";
    int64_t layers = 0;
    bool complete = false;
    if (llw_source_model(scratch, name, &model, NULL) == LLW_OK && llw_facts_model(scratch, model) &&
        llw_facts_text(scratch, model, LLW_model_architecture, &architecture) &&
        !strcmp(architecture, f->architecture) &&
        llw_facts_count(scratch, model, LLW_model_layers, &layers) && layers == f->layers &&
        llw_facts_flag(scratch, model, LLW_model_complete, &complete) && complete &&
        llw_facts_count(scratch, model, LLW_model_file_bytes, &s.bytes)) {
        s.name = llw_arena_strdup(f->arena, name);
        s.quantization = quantization;
        *(llw_sibling *)llw_arena_push(f->arena, &f->items, &f->n, &f->capacity, sizeof s) = s;
    }
    llw_facts_free(scratch);
}

static void add_named(family *f, const char *name, size_t stem, const char *of, bool on_disk,
                      const char *directory) {
    size_t dot = strlen(name);
    bool gguf = dot > 5 && !strcasecmp(name + dot - 5, ".gguf");
    if (on_disk != gguf || strncasecmp(name, of, stem) || !strcasecmp(name, of)) return;
    const char *part = strstr(name, "-of-");
    if (part && !strstr(name, "-00001-of-")) return; /* the first part stands for the set */
    const char *quantization = quantization_in(f->arena, name + stem);
    if (!*quantization || !strcasecmp(quantization, f->quantization)) return;
    add_sibling(f, on_disk ? llw_path_join(f->arena, directory, name) : name, on_disk, quantization);
}

static int by_size(const void *a, const void *b) {
    const llw_sibling *x = a, *y = b;
    if (x->bytes != y->bytes) return x->bytes > y->bytes ? -1 : 1;
    return strcmp(x->name, y->name);
}

void llw_source_siblings(const llw_facts *facts, llw_entity model, llw_arena *arena,
                         const llw_sibling **siblings, size_t *n) {
    family f = {.arena = arena, .quantization = "", .architecture = ""};
    const char *path = "", *id = llw_facts_id(facts, model);
    llw_facts_text(facts, model, LLW_model_quantization, &f.quantization);
    llw_facts_text(facts, model, LLW_model_architecture, &f.architecture);
    llw_facts_count(facts, model, LLW_model_layers, &f.layers);
    bool on_disk = llw_facts_text(facts, model, LLW_model_path, &path) && llw_file_is_regular(path);
    const char *slash = strrchr(on_disk ? path : id, '/'), *name = slash ? slash + 1 : on_disk ? path : id;
    const char *directory = slash ? llw_arena_strndup(arena, path, (size_t)(slash - path)) : "";
    size_t stem = stem_of(name), count = 0;
    char **names = NULL;
    if (stem && on_disk &&
        llw_directory_list(arena, *directory ? directory : ".", &names, &count, NULL) == LLW_OK)
        for (size_t i = 0; i < count; i++) add_named(&f, names[i], stem, name, true, directory);
    if (stem && !on_disk) {
        llw_known_list(arena, &names, &count);
        for (size_t i = 0; i < count; i++) add_named(&f, names[i], stem, name, false, "");
    }
    if (f.n) qsort(f.items, f.n, sizeof(llw_sibling), by_size);
    *siblings = f.items;
    *n = f.n;
}
