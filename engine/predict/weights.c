/* Which layer goes to which device, which tensor into which buffer, and the bytes that makes.
 *
 * Sources (llama.cpp v0.5.0): src/llama-model.cpp llama_model_base::load_tensors, src/llama-model-loader.cpp
 * create_tensor, src/llama.cpp llama_prepare_model_devices. Host bytes are those of a load without mmap, as
 * llama.cpp's own accounting counts them (common/fit.cpp common_get_device_memory_data). */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "predict/device.h"
#include "predict/split.h"
#include "predict/grounds.h"

#include "base/text.h"
#include "fact/ggml_type.h"

#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

/* ---- layers ---- */

static bool choose_devices(llw_plan *plan) {
    const llw_launch *launch = plan->launch;
    for (int i = 0; i < launch->n_devices; i++) plan->device[i] = i;
    plan->n_devices = launch->n_devices;
    if (launch->split_mode == LLW_SPLIT_TENSOR) return llw_split_begin(plan);
    if (launch->split_mode == LLW_SPLIT_NONE && launch->n_devices > 0) {
        if (launch->main_gpu >= launch->n_devices)
            return llw_plan_stop(plan, LLW_OUTCOME_REFUSED, "-mg %d: there are only %d devices",
                                 launch->main_gpu, launch->n_devices);
        plan->n_devices = launch->main_gpu < 0 ? 0 : 1;
        plan->device[0] = launch->main_gpu < 0 ? 0 : launch->main_gpu;
    }
    if (launch->split_mode == LLW_SPLIT_ROW && !plan->build.split_rows && plan->n_devices > 0)
        return llw_plan_stop(plan, LLW_OUTCOME_REFUSED,
                             "-sm row: CUDA has no split buffers any more in this build of llama.cpp");
    return true;
}

/* Cumulated shares in float, as llama.cpp adds them up. */
static bool shares(llw_plan *plan, float *ends) {
    const llw_launch *launch = plan->launch;
    bool given = false;
    for (int i = 0; i < plan->n_devices && i < launch->n_tensor_split; i++)
        given = given || launch->tensor_split[i] != 0;
    float sum = 0;
    for (int i = 0; i < plan->n_devices; i++) {
        const llw_device *device = &launch->devices[plan->device[i]];
        if (!given && !device->known && plan->n_devices > 1)
            return llw_plan_stop(
                plan, LLW_OUTCOME_UNKNOWN,
                "layers are split by free memory, and that of %s is not known: give --gpu TOTAL:FREE or -ts",
                device->name);
        sum += given ? (float)(i < launch->n_tensor_split ? launch->tensor_split[i] : 0)
                     : (float)(size_t)device->free;
        ends[i] = sum;
    }
    for (int i = 0; i < plan->n_devices; i++) ends[i] /= sum;
    return true;
}

/* A negative count on the command line; -1 is also what stands there when nothing was given. */
static int64_t unnumbered_layers(const llw_plan *plan, int64_t all) {
    const llw_launch *launch = plan->launch;
    bool is_all = launch->gpu_layers == -1 ? launch->free_hand || plan->build.unset_layers_are_all
                                           : plan->build.negative_layers_are_all;
    return is_all ? all : 0;
}

bool llw_place_layers(llw_plan *plan) {
    const llw_hparams *h = &plan->hparams;
    float ends[LLW_MAX_DEVICES] = {0};
    if (!choose_devices(plan) || !shares(plan, ends)) return false;
    int64_t all = h->n_layer_all + 1;
    plan->gpu_layers = plan->launch->gpu_layers < 0 ? unnumbered_layers(plan, all) : plan->launch->gpu_layers;
    int64_t start = all > plan->gpu_layers ? all - plan->gpu_layers : 0;
    int64_t active = plan->n_devices == 0 ? 0 : plan->gpu_layers < all ? plan->gpu_layers : all;
    plan->layer_place = llw_arena_alloc(plan->scratch, (size_t)all);
    for (int64_t i = 0; i < all; i++) {
        plan->layer_place[i] = LLW_PLACE_CPU;
        if (i < start || i - start >= active) continue;
        float at = (float)(i - start) / (float)active;
        int device = 0;
        while (device < plan->n_devices && !(at < ends[device])) device++;
        if (device == plan->n_devices && plan->n_devices == 1)
            device = 0; /* a share of NaN: one card takes all */
        if (device == plan->n_devices)
            return llw_plan_stop(plan, LLW_OUTCOME_REFUSED, "-ts gives no device for layer %d", (int)i);
        plan->layer_place[i] = (llw_place)device;
        if (i < h->n_layer_all) plan->out->device[plan->device[device]].layers++;
    }
    for (int64_t i = 0; i < h->n_layer_all; i++)
        plan->out->host.layers += llw_place_is_host(plan->layer_place[i]);
    for (int i = 0; i < plan->n_devices; i++) llw_ground_layers(plan, (llw_place)i);
    llw_ground_layers(plan, LLW_PLACE_CPU);
    return true;
}

/* ---- overrides ---- */

typedef struct override {
    pcre2_code *code;
    llw_place place;
    int layer; /* the one layer whose names can match, from a pattern that starts with blk\.N\.; -1 any */
} override;

typedef struct overrides {
    override *items;
    size_t n;
    pcre2_match_data *match;
} overrides;

static bool override_place(llw_plan *plan, const char *buffer, llw_place *place) {
    if (!strcmp(buffer, "CPU"))
        *place = LLW_PLACE_CPU;
    else if (!strcmp(buffer, "CUDA_Host"))
        *place = LLW_PLACE_PINNED;
    else {
        for (int i = 0; i < plan->n_devices && !llw_split_on(plan); i++)
            if (!strcmp(plan->launch->devices[plan->device[i]].name, buffer)) {
                *place = (llw_place)i;
                return true;
            }
        for (int i = 0; i < plan->launch->n_devices; i++)
            if (!strcmp(plan->launch->devices[i].name, buffer))
                return llw_plan_stop(plan, LLW_OUTCOME_ABORTS,
                                     "-ot ...=%s: the card is not used, or not alone (-sm tensor), and no "
                                     "backend can compute with weights there",
                                     buffer);
        return llw_plan_stop(plan, LLW_OUTCOME_REFUSED, "-ot ...=%s: llama.cpp knows no such buffer here",
                             buffer);
    }
    return true;
}

/* blk\.17\.anything can match names of layer 17 only. */
static int pattern_layer(const char *pattern) {
    if (*pattern == '^') pattern++;
    if (strncmp(pattern, "blk\\.", 5)) return -1;
    char *end;
    long layer = strtol(pattern + 5, &end, 10);
    if (end == pattern + 5 || layer < 0 || layer > LLW_MAX_LAYERS || strncmp(end, "\\.", 2) ||
        strchr(pattern, '|')) {
        /* alternatives inside a group are fine, outside they would widen the pattern */
        if (end == pattern + 5 || layer < 0 || layer > LLW_MAX_LAYERS || strncmp(end, "\\.", 2)) return -1;
        int depth = 0;
        for (const char *p = end; *p; p++) {
            if (*p == '\\' && p[1])
                p++;
            else if (*p == '(')
                depth++;
            else if (*p == ')')
                depth--;
            else if (*p == '|' && depth == 0)
                return -1;
        }
    }
    return (int)layer;
}

static void overrides_fini(overrides *set) {
    for (size_t i = 0; i < set->n; i++) pcre2_code_free(set->items[i].code);
    pcre2_match_data_free(set->match);
}

static bool overrides_init(llw_plan *plan, overrides *set) {
    *set = (overrides){0};
    size_t n = plan->launch->n_overrides;
    plan->overridden = n > 0;
    if (!n) return true;
    set->items = llw_arena_alloc(plan->scratch, n * sizeof *set->items);
    set->match = pcre2_match_data_create(1, NULL);
    for (size_t i = 0; i < n; i++) {
        const llw_override *given = &plan->launch->overrides[i];
        override *item = &set->items[i];
        int code;
        PCRE2_SIZE at;
        if (!override_place(plan, given->buffer, &item->place)) return false;
        item->code = pcre2_compile((PCRE2_SPTR)given->pattern, PCRE2_ZERO_TERMINATED, PCRE2_NEVER_BACKSLASH_C,
                                   &code, &at, NULL);
        if (!item->code)
            return llw_plan_stop(plan, LLW_OUTCOME_REFUSED,
                                 "-ot %s: not a regular expression (at character %d)", given->pattern,
                                 (int)at + 1);
        set->n = i + 1;
        item->layer = pattern_layer(given->pattern);
    }
    return true;
}

static llw_place overrides_find(const overrides *set, const char *name, int layer) {
    for (size_t i = 0; i < set->n; i++) {
        if (set->items[i].layer >= 0 && set->items[i].layer != layer) continue;
        if (pcre2_match(set->items[i].code, (PCRE2_SPTR)name, strlen(name), 0, 0, set->match, NULL) >= 0)
            return set->items[i].place;
    }
    return LLW_PLACE_NONE;
}

/* ---- rows spread over cards (-sm row, ggml-cuda.cu of 2026-05-04) ---- */

/* Rows of a tensor that card `id` holds: shares cumulated by -ts, or by the cards' total memory, cut to whole
 * tiles. */
static int64_t split_rows(const llw_plan *plan, int64_t rows, int id) {
    enum { TILE = 128 }; /* get_mmq_y_host on Volta and newer */
    const llw_launch *launch = plan->launch;
    float starts[LLW_MAX_DEVICES + 1] = {0}, sum = 0;
    bool given = false;
    int n = launch->n_devices;
    for (int i = 0; i < n && i < launch->n_tensor_split; i++) given = given || launch->tensor_split[i] != 0;
    for (int i = 0; i < n; i++) {
        starts[i] = sum;
        sum += given ? (float)(i < launch->n_tensor_split ? launch->tensor_split[i] : 0)
                     : (float)launch->devices[i].total;
    }
    for (int i = 0; i < n; i++) starts[i] /= sum;
    bool rounds = false;
    for (int i = 0; i < n; i++) rounds = rounds || starts[i] < (i + 1 < n ? starts[i + 1] : 1.0f);
    int64_t tile = rounds ? TILE : 1;
    int64_t low = id == 0 ? 0 : (int64_t)((float)rows * starts[id]);
    int64_t high = id == n - 1 ? rows : (int64_t)((float)rows * starts[id + 1]);
    low -= low % tile;
    if (id != n - 1) high -= high % tile;
    return high - low;
}

static bool takes_split(const llw_plan *plan, llw_place place, llw_op op, const llw_tensor *t) {
    return plan->launch->split_mode == LLW_SPLIT_ROW && op == LLW_OP_MUL_MAT &&
           t->dims[2] * t->dims[3] == 1 && split_rows(plan, t->dims[1], plan->device[place]) != 0;
}

static int64_t split_bytes(const llw_plan *plan, const llw_tensor *t) {
    int64_t bytes = 0;
    for (int i = 0; i < plan->launch->n_devices; i++) {
        int64_t rows = split_rows(plan, t->dims[1], i);
        if (!rows) continue;
        bytes += rows * llw_ggml_row_bytes(t->type, t->dims[0]);
        if (t->dims[0] % 512) bytes += llw_ggml_row_bytes(t->type, 512 - t->dims[0] % 512);
    }
    return (bytes + 127) / 128 * 128;
}

/* ---- tensors ---- */

/* First buffer in llama.cpp's list that the operation can use: the device itself, pinned host memory (asked
 * with the first card), plain RAM. */
static llw_place first_taker(const llw_plan *plan, llw_place wanted, llw_op op, const llw_tensor *tensor) {
    bool taken = plan->n_devices > 0 && llw_device_takes_weight(plan, op, tensor);
    if (!llw_place_is_host(wanted)) {
        if (taken) return wanted;
        return LLW_PLACE_CPU;
    }
    return taken ? LLW_PLACE_PINNED : LLW_PLACE_CPU;
}

static llw_place tensor_place(const llw_plan *plan, const overrides *set, const llw_weight *w,
                              llw_tensor_class layer_class, llw_op op, int layer) {
    if (w->name.suffix == LLW_BIAS) op = op == LLW_OP_MUL_MAT_ID ? LLW_OP_ADD_ID : LLW_OP_ADD;
    llw_place found = overrides_find(set, w->tensor->name, w->name.layer);
    if (found == LLW_PLACE_CPU) return first_taker(plan, LLW_PLACE_CPU, op, w->tensor);
    if (found != LLW_PLACE_NONE) return found;
    llw_place wanted = layer_class == LLW_CLASS_INPUT    ? LLW_PLACE_CPU
                       : layer_class == LLW_CLASS_OUTPUT ? plan->layer_place[plan->hparams.n_layer_all]
                                                         : plan->layer_place[layer < 0 ? 0 : layer];
    return first_taker(plan, wanted, op, w->tensor);
}

typedef struct tally {
    int64_t tensors, layers, output, input, copies;
} tally;

static tally *tally_of(const llw_plan *plan, tally *tallies, llw_place place) {
    return &tallies[llw_place_is_host(place) ? plan->n_devices : place];
}

int64_t llw_weight_bytes(const llw_plan *plan, llw_place place, llw_op op, const llw_tensor *t) {
    if (!llw_place_is_host(place) && takes_split(plan, place, op, t)) return split_bytes(plan, t);
    return llw_place_bytes(place, t->type, t->dims[0], t->dims[1] * t->dims[2] * t->dims[3]);
}

static bool is_rope(llw_weight_id id) {
    return id == LLW_W_ROPE_FREQS || id == LLW_W_ROPE_FACTORS_LONG || id == LLW_W_ROPE_FACTORS_SHORT;
}

/* Rope factors belong to every layer that rotates: one copy in each buffer that holds such a layer. */
static void place_rope(llw_plan *plan, const overrides *set, llw_weight *w, tally *tallies) {
    bool seen[LLW_MAX_DEVICES + 2] = {false};
    bool dense_only = plan->architecture && !strcmp(plan->architecture->name, "gemma4");
    int64_t bytes;
    w->place = LLW_PLACE_NONE;
    for (int il = 0; il < plan->hparams.n_layer; il++) {
        if (dense_only && plan->hparams.layer[il].windowed) continue;
        llw_place place = tensor_place(plan, set, w, LLW_CLASS_REPEATING, LLW_OP_ROPE, il);
        plan->rope_place[il] = place;
        size_t slot = place == LLW_PLACE_PINNED ? LLW_MAX_DEVICES
                      : place == LLW_PLACE_CPU  ? LLW_MAX_DEVICES + 1
                                                : (size_t)place;
        if (seen[slot]) continue;
        seen[slot] = true;
        if (w->place == LLW_PLACE_NONE) w->place = place;
        bytes = llw_weight_bytes(plan, place, LLW_OP_ROPE, w->tensor);
        tally *t = tally_of(plan, tallies, place);
        t->layers += bytes;
        t->tensors++;
        plan->n_loaded++;
        llw_plan_memory(plan, place)->weights += bytes;
    }
    w->loaded = w->place != LLW_PLACE_NONE;
}

static void place_one(llw_plan *plan, const overrides *set, llw_weight *w, tally *tallies) {
    const llw_tensor_info *info = llw_tensor_info_get(w->name.id);
    const llw_hparams *h = &plan->hparams;
    if (w->name.id == LLW_W_UNKNOWN) {
        for (int i = 0; i < LLW_MAX_DEVICES; i++) plan->out->device[i].weights_exact = false;
        plan->out->host.weights_exact = false;
    }
    if (info->op == LLW_OP_NONE) return; /* llama.cpp reads past it: "model has unused tensor" */
    if (info->scope == LLW_SCOPE_BLOCK && w->name.layer >= h->n_layer && h->n_layer_nextn > 0 &&
        !plan->nextn && w->name.layer < h->n_layer_all &&
        (!plan->architecture || strcmp(plan->architecture->name, "graniteswitch")))
        return; /* layers for multi-token prediction are left in the file unless a draft context asks for them
                 */
    if (w->name.layer >= h->n_layer_all) return;
    if (is_rope(w->name.id)) {
        place_rope(plan, set, w, tallies);
        return;
    }
    llw_tensor_class layer_class = info->layer_class;
    if (w->name.id == LLW_W_UNKNOWN) layer_class = w->name.layer < 0 ? LLW_CLASS_OUTPUT : LLW_CLASS_REPEATING;
    /* LFM2 stores its output norm under the name of the embedding's (LLM_TENSOR_OUTPUT_NORM_LFM2) */
    if (w->name.id == LLW_W_TOKEN_EMBD_NORM && plan->architecture &&
        !strncmp(plan->architecture->name, "lfm2", 4))
        layer_class = LLW_CLASS_OUTPUT;
    llw_op op = info->op;
    if (w->name.id == LLW_W_SSM_A && plan->architecture && plan->architecture->delta_net) op = LLW_OP_MUL;
    w->place = tensor_place(plan, set, w, layer_class, op, w->name.layer);
    w->loaded = true;
    int64_t bytes = llw_weight_bytes(plan, w->place, w->name.suffix == LLW_BIAS ? LLW_OP_ADD : op, w->tensor);
    tally *t = tally_of(plan, tallies, w->place);
    t->tensors++;
    plan->n_loaded++;
    if (layer_class == LLW_CLASS_INPUT)
        t->input += bytes;
    else if (layer_class == LLW_CLASS_OUTPUT)
        t->output += bytes;
    else
        t->layers += bytes;
    llw_plan_memory(plan, w->place)->weights += bytes;
    if (llw_place_is_host(w->place) && layer_class != LLW_CLASS_INPUT) plan->out->weights_on_host += bytes;
}

/* Without output.weight most architectures load the token embedding a second time, as the output's matrix; in
 * a buffer that has it already, once is enough. */
static void place_tied(llw_plan *plan, const overrides *set, tally *tallies) {
    const llw_weight *embedding = llw_plan_weight(plan, LLW_W_TOKEN_EMBD, LLW_WEIGHT, -1);
    const llw_weight *output = llw_plan_weight(plan, LLW_W_OUTPUT, LLW_WEIGHT, -1);
    if (!embedding && output && output->loaded) { /* codeshell: loaded once more to look tokens up in */
        int64_t bytes = llw_weight_bytes(plan, output->place, LLW_OP_MUL_MAT, output->tensor);
        tally_of(plan, tallies, output->place)->copies += bytes;
        plan->n_loaded++;
        llw_plan_memory(plan, output->place)->weights += bytes;
        if (llw_place_is_host(output->place)) plan->out->weights_on_host += bytes;
    }
    if (!embedding || !embedding->loaded || output) return;
    llw_tied_rule rule = plan->architecture ? plan->architecture->tied : LLW_TIED_COPY;
    if (rule != LLW_TIED_COPY && rule != LLW_TIED_COPY_FIRST) return;
    llw_weight *copy = &plan->weights[plan->n_weights];
    *copy = *embedding;
    copy->place = tensor_place(plan, set, copy, LLW_CLASS_OUTPUT, LLW_OP_MUL_MAT, -1);
    if (copy->place == embedding->place && rule == LLW_TIED_COPY) {
        plan->output_copy = (int32_t)(embedding - plan->weights) + 1;
        return;
    }
    plan->output_copy = (int32_t)++plan->n_weights;
    int64_t bytes = llw_weight_bytes(plan, copy->place, LLW_OP_MUL_MAT, copy->tensor);
    tally_of(plan, tallies, copy->place)->copies += bytes;
    plan->n_loaded++;
    llw_plan_memory(plan, copy->place)->weights += bytes;
    if (llw_place_is_host(copy->place)) plan->out->weights_on_host += bytes;
}

static void explain(llw_plan *plan, const tally *tallies) {
    static const char source[] = "src/llama-model.cpp load_tensors, src/llama-model-loader.cpp create_tensor";
    char layers[LLW_NUMBER_MAX], output[LLW_NUMBER_MAX], input[LLW_NUMBER_MAX], copies[LLW_NUMBER_MAX];
    for (int i = 0; i <= plan->n_devices; i++) {
        llw_place place = i == plan->n_devices ? LLW_PLACE_CPU : (llw_place)i;
        const tally *t = &tallies[i];
        const llw_memory *memory = llw_plan_memory(plan, place);
        llw_text text = {0};
        llw_text_addf(&text, "%lld tensors: of layers %s", (long long)t->tensors,
                      llw_format_mib(layers, t->layers));
        if (t->output) llw_text_addf(&text, " + output %s", llw_format_mib(output, t->output));
        if (t->input)
            llw_text_addf(&text, " + token embedding, which always stays in RAM, %s",
                          llw_format_mib(input, t->input));
        if (t->copies)
            llw_text_addf(&text,
                          " + the token embedding again as output, because the file has no output.weight, %s",
                          llw_format_mib(copies, t->copies));
        llw_text_addf(&text, "%s",
                      llw_place_is_host(place) ? ", each padded to 32 bytes" : ", each padded to 128 bytes");
        llw_plan_step(plan, llw_plan_device(plan, place), LLW_placement_weights, memory->weights, source,
                      "%s", llw_text_str(&text));
        llw_text_fini(&text);
        llw_ground_weights(plan, place);
    }
}

bool llw_place_weights(llw_plan *plan) {
    const llw_model *model = plan->model;
    overrides set;
    tally tallies[LLW_MAX_DEVICES + 1] = {{0}};
    if (!overrides_init(plan, &set)) {
        overrides_fini(&set);
        return false;
    }
    plan->weights = llw_arena_alloc(plan->scratch, (model->n_tensors + 1) * sizeof *plan->weights);
    plan->n_weights = model->n_tensors;
    plan->rope_place = llw_arena_alloc(plan->scratch, (size_t)plan->hparams.n_layer_all);
    size_t slots = (size_t)(plan->hparams.n_layer_all + 1) * LLW_WEIGHT_IDS * LLW_SUFFIXES;
    plan->weight_of = llw_arena_alloc(plan->scratch, slots * sizeof *plan->weight_of);
    for (size_t i = 0; i < model->n_tensors; i++) {
        llw_weight *w = &plan->weights[i];
        *w = (llw_weight){&model->tensors[i], llw_tensor_name_parse(model->tensors[i].name), LLW_PLACE_NONE,
                          false};
        place_one(plan, &set, w, tallies);
        if (w->loaded && w->name.suffix < LLW_SUFFIXES && w->name.layer < plan->hparams.n_layer_all)
            plan->weight_of[((size_t)(w->name.layer + 1) * LLW_WEIGHT_IDS + w->name.id) * LLW_SUFFIXES +
                            w->name.suffix] = (int32_t)i + 1;
    }
    place_tied(plan, &set, tallies);
    overrides_fini(&set);
    if (plan->explain) explain(plan, tallies);
    return true;
}
