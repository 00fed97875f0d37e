/* Which layer goes to which device, which tensor into which buffer, and the bytes that makes.
 *
 * Sources (llama.cpp v0.5.0): src/llama-model.cpp llama_model_base::load_tensors, src/llama-model-loader.cpp
 * create_tensor, src/llama.cpp llama_prepare_model_devices. Host bytes are those of a load without mmap, as
 * llama.cpp's own accounting counts them (common/fit.cpp common_get_device_memory_data). */
#include "predict/repack.h"
#include "predict/device.h"
#include "predict/memo.h"
#include "predict/overrides.h"
#include "predict/split.h"
#include "predict/grounds.h"

#include "base/text.h"
#include "fact/ggml_type.h"

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

static llw_place tensor_place(const llw_plan *plan, const llw_weight *w, llw_tensor_class layer_class,
                              llw_op op, int layer) {
    if (w->name.suffix == LLW_BIAS) op = op == LLW_OP_MUL_MAT_ID ? LLW_OP_ADD_ID : LLW_OP_ADD;
    llw_place found = plan->sent ? plan->sent[w->tensor - plan->model->tensors] : LLW_PLACE_NONE;
    if (found == LLW_PLACE_CPU) return first_taker(plan, LLW_PLACE_CPU, op, w->tensor);
    if (found != LLW_PLACE_NONE) return found;
    llw_place wanted = layer_class == LLW_CLASS_INPUT    ? LLW_PLACE_CPU
                       : layer_class == LLW_CLASS_OUTPUT ? plan->layer_place[plan->hparams.n_layer_all]
                                                         : plan->layer_place[layer < 0 ? 0 : layer];
    return first_taker(plan, wanted, op, w->tensor);
}

typedef struct tally {
    int64_t tensors, layers, output, input, copies, grown;
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
static void place_rope(llw_plan *plan, llw_weight *w, tally *tallies) {
    bool seen[LLW_MAX_DEVICES + 2] = {false};
    bool dense_only = plan->architecture && !strcmp(plan->architecture->name, "gemma4");
    int64_t bytes;
    w->place = LLW_PLACE_NONE;
    for (int il = 0; il < plan->hparams.n_layer; il++) {
        if (dense_only && plan->hparams.layer[il].windowed) continue;
        llw_place place = tensor_place(plan, w, LLW_CLASS_REPEATING, LLW_OP_ROPE, il);
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

/* What another layout adds to a weight in RAM. Where nobody knows the processor, nothing, and that is said.
 */
static int64_t repack(llw_plan *plan, llw_weight *w, llw_op op, int64_t bytes, tally *t) {
    int64_t grows;
    w->repacked = (unsigned char)llw_repack_of(plan, w->place, op, w->tensor, &grows);
    if (w->repacked == LLW_REPACK_UNKNOWN) {
        plan->out->host.weights_exact = false;
        plan->out->repack_known = false;
    } else if (w->repacked != LLW_REPACK_NONE) {
        plan->out->repacked += bytes + grows;
        w->place = LLW_PLACE_REPACKED;
    }
    t->grown += grows;
    return grows;
}

static void place_one(llw_plan *plan, llw_weight *w, tally *tallies) {
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
        place_rope(plan, w, tallies);
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
    w->place = tensor_place(plan, w, layer_class, op, w->name.layer);
    w->loaded = true;
    op = w->name.suffix == LLW_BIAS ? LLW_OP_ADD : op;
    int64_t bytes = llw_weight_bytes(plan, w->place, op, w->tensor);
    tally *t = tally_of(plan, tallies, w->place);
    if (layer_class != LLW_CLASS_INPUT) bytes += repack(plan, w, op, bytes, t);
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
static void place_tied(llw_plan *plan, tally *tallies) {
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
    copy->place = tensor_place(plan, copy, LLW_CLASS_OUTPUT, LLW_OP_MUL_MAT, -1);
    tally *t = tally_of(plan, tallies, copy->place);
    int64_t bytes = llw_weight_bytes(plan, copy->place, LLW_OP_MUL_MAT, copy->tensor);
    int64_t grown = repack(plan, copy, LLW_OP_MUL_MAT, bytes, t);
    if (copy->place == embedding->place && rule == LLW_TIED_COPY) {
        plan->output_copy = (int32_t)(embedding - plan->weights) + 1;
        return;
    }
    plan->output_copy = (int32_t)++plan->n_weights;
    t->copies += bytes;
    bytes += grown;
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
        if (t->grown > 0)
            llw_text_addf(&text, " + %s because AMX wants another layout, which --no-repack switches off",
                          llw_format_mib(copies, t->grown));
        if (llw_place_is_host(place) && !plan->out->repack_known)
            llw_text_add(&text,
                         " (a processor with AMX keeps some of them in a larger layout, unless --no-repack "
                         "is given: this one is not known)");
        llw_text_addf(&text, "%s",
                      llw_place_is_host(place) ? ", each padded to 32 bytes" : ", each padded to 128 bytes");
        llw_plan_step(plan, llw_plan_device(plan, place), LLW_placement_weights, memory->weights, source,
                      "%s", llw_text_str(&text));
        llw_text_fini(&text);
        llw_ground_weights(plan, place);
    }
}

/* The model's tensor names, taken apart once while there is a memo. */
static const llw_tensor_name *names_of(llw_plan *plan) {
    const llw_model *model = plan->model;
    llw_memo *memo = plan->launch->memo;
    const llw_tensor_name *known = memo ? llw_memo_find_names(memo, model) : NULL;
    if (known) return known;
    llw_tensor_name *names = llw_arena_alloc(plan->scratch, (model->n_tensors + 1) * sizeof *names);
    for (size_t i = 0; i < model->n_tensors; i++) names[i] = llw_tensor_name_parse(model->tensors[i].name);
    return memo ? llw_memo_keep_names(memo, model, names) : names;
}

bool llw_place_weights(llw_plan *plan) {
    const llw_model *model = plan->model;
    const llw_tensor_name *names = names_of(plan);
    tally tallies[LLW_MAX_DEVICES + 1] = {{0}};
    if (!llw_overrides_read(plan, names)) return false;
    plan->weights = llw_arena_alloc(plan->scratch, (model->n_tensors + 1) * sizeof *plan->weights);
    plan->n_weights = model->n_tensors;
    plan->rope_place = llw_arena_alloc(plan->scratch, (size_t)plan->hparams.n_layer_all);
    plan->column = llw_arena_alloc(plan->scratch, LLW_WEIGHT_IDS * sizeof *plan->column);
    plan->n_columns = 0;
    for (size_t i = 0; i < model->n_tensors; i++)
        if (!plan->column[names[i].id]) plan->column[names[i].id] = (uint16_t)++plan->n_columns;
    size_t slots = (size_t)(plan->hparams.n_layer_all + 1) * plan->n_columns * LLW_SUFFIXES;
    plan->weight_of = llw_arena_alloc(plan->scratch, slots * sizeof *plan->weight_of);
    for (size_t i = 0; i < model->n_tensors; i++) {
        llw_weight *w = &plan->weights[i];
        *w = (llw_weight){.tensor = &model->tensors[i], .name = names[i], .place = LLW_PLACE_NONE};
        place_one(plan, w, tallies);
        if (w->loaded && w->name.suffix < LLW_SUFFIXES && w->name.layer < plan->hparams.n_layer_all)
            plan->weight_of[((size_t)(w->name.layer + 1) * plan->n_columns + plan->column[w->name.id] - 1) *
                                LLW_SUFFIXES +
                            w->name.suffix] = (int32_t)i + 1;
    }
    place_tied(plan, tallies);
    if (plan->explain) explain(plan, tallies);
    return true;
}
