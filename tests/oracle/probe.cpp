// probe: what llama.cpp v0.5.0 says it would allocate (a no_alloc load), and what --fit would set.
//
// stdin, one job a line:  ID <TAB> MODE <TAB> llama-server arguments, blank-separated
//   MODE srv: llama-server's own defaults (4 slots and one cache when -np is absent; logits for its slots
//   only) MODE lib: the library, llama-fit-params, llama-bench (one sequence; logits for the whole batch)
//   MODE real: as lib, but really loaded; instead of the accounting: what each card's buffers hold
//   -mem total:free,... among the arguments: the MiB that the cards say they have, for this job
//   MODE load: the argument is a GGUF; whether it loads, without its data
//   MODE new: the argument is a GGUF whose tensors have no shape; the answer is which tensors llama.cpp wants for
//   such hyper-parameters, and which of the file's it would use
// stdout, one JSON object a job: bytes of model, context and compute per device, and under "fit" what --fit
// set.
#include "arg.h"
#include "common.h"
#include "fit.h"
#include "ggml-backend.h"
#include "gguf.h"
#include "llama.h"
#include "log.h"
#include "speculative.h"
#include "src/llama-ext.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <exception>
#include <iostream>
#include <map>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

static std::vector<std::pair<size_t, size_t>> told; // total and free per card, from -mem

// llama.cpp asks the cards through this function: answered here when -mem was given.
extern "C" __attribute__((visibility("default"))) void ggml_backend_dev_memory(ggml_backend_dev_t dev,
                                                                               size_t *free, size_t *total) {
    static auto real =
        (void (*)(ggml_backend_dev_t, size_t *, size_t *))dlsym(RTLD_NEXT, "ggml_backend_dev_memory");
    size_t card = 0;
    for (size_t i = 0; i < ggml_backend_dev_count() && card < told.size(); i++) {
        ggml_backend_dev_t other = ggml_backend_dev_get(i);
        if (ggml_backend_dev_type(other) != GGML_BACKEND_DEVICE_TYPE_GPU) continue;
        if (other == dev) {
            *total = told[card].first;
            *free = told[card].second;
            return;
        }
        card++;
    }
    real(dev, free, total);
}

static std::string complaints; // what llama.cpp logged at level warning and above

static void on_log(ggml_log_level level, const char *text, void *) {
    static ggml_log_level current = GGML_LOG_LEVEL_INFO;
    if (level != GGML_LOG_LEVEL_CONT) current = level;
    if (current == GGML_LOG_LEVEL_WARN || current == GGML_LOG_LEVEL_ERROR) complaints += text;
}

static std::string quoted(const std::string &text) {
    std::string out = "\"";
    for (unsigned char c : text) {
        char escape[8];
        snprintf(escape, sizeof escape, "\\u%04x", c);
        if (c == '"' || c == '\\')
            (out += '\\') += (char)c;
        else if (c < 32 || c >= 127)
            out += escape;
        else
            out += (char)c;
    }
    return out + "\"";
}

static std::string number(const char *key, long long value) {
    return ",\"" + std::string(key) + "\":" + std::to_string(value);
}

static void parse_memory(const std::string &text) {
    for (const char *at = text.c_str(); *at;) {
        char *end;
        size_t total = strtoull(at, &end, 10), free = total;
        if (*end == ':') free = strtoull(end + 1, &end, 10);
        told.push_back({total << 20, free << 20});
        at = *end ? end + 1 : end;
    }
}

// The arguments without our own -mem, as argv.
static std::vector<std::string> words(const std::string &line, bool &parallel_given) {
    std::vector<std::string> out = {"llama-server"};
    std::istringstream in(line);
    for (std::string word; in >> word;) {
        if (word == "-mem") {
            in >> word;
            parse_memory(word);
            continue;
        }
        parallel_given |= word == "-np";
        out.push_back(word);
    }
    return out;
}

// What llama-server sets before it fits (tools/server/server.cpp, server-context.cpp server_output_limits).
static void as_program(common_params &params, bool server, bool parallel_given) {
    if (params.embedding && params.n_batch > params.n_ubatch) params.n_batch = params.n_ubatch;
    if (!server) {
        if (!parallel_given) params.n_parallel = 1;
        return;
    }
    if (params.n_parallel < 0) {
        params.n_parallel = 4;
        params.kv_unified = true;
    }
    bool pools = params.pooling_type != LLAMA_POOLING_TYPE_UNSPECIFIED &&
                 params.pooling_type != LLAMA_POOLING_TYPE_NONE;
    const std::string &draft = params.speculative.draft.mparams.path;
    auto asked = draft.empty() || params.speculative.types.size() > 1
                     ? std::vector<common_speculative_type>()
                     : common_speculative_types_from_gguf(draft);
    if (!asked.empty()) params.speculative.types = asked;
    auto limits = common_speculative_get_output_limits(params.n_batch, params.n_parallel,
                                                       common_speculative_n_max(&params.speculative));
    params.n_outputs_max = params.embedding || pools ? params.n_batch : std::max(1, limits.total);
    params.n_outputs_max_per_seq = params.embedding || pools ? 1 : std::max(1, limits.per_seq);
}

// A draft beside the model, as common/common.cpp common_init_result makes it for llama-server.
struct draft {
    common_params params;
    llama_model_params mparams;
    llama_context_params cparams;
    bool used, own;

    explicit draft(const common_params &main, bool server) : params(common_base_params_to_speculative(main)) {
        const auto &types = main.speculative.types;
        bool mtp = std::find(types.begin(), types.end(), COMMON_SPECULATIVE_TYPE_DRAFT_MTP) != types.end();
        own = main.speculative.has_dft();
        used = server && (own || mtp);
        mparams = common_model_params_to_llama(params);
        cparams = common_context_params_to_llama(params);
        if (mtp) cparams.ctx_type = LLAMA_CONTEXT_TYPE_MTP;
        cparams.n_rs_seq = 0;
    }
};

// --fit, printed as llama-fit-params prints it (tools/fit-params/fit-params.cpp).
static std::string fit(common_params &params, llama_model_params &mparams, llama_context_params &cparams,
                       draft &beside) {
    const common_fit_extra_model extra = {beside.params.model.path.c_str(), &beside.mparams, &beside.cparams,
                                          !beside.own};
    auto status = common_fit_params(params.model.path.c_str(), &mparams, &cparams, params.tensor_split,
                                    params.tensor_buft_overrides.data(), params.fit_params_target.data(),
                                    params.fit_params_min_ctx, beside.used ? &extra : nullptr, GGML_LOG_LEVEL_WARN);
    std::string args =
        "-c " + std::to_string(cparams.n_ctx) + " -ngl " + std::to_string(mparams.n_gpu_layers);
    size_t n = llama_max_devices();
    while (n > 1 && mparams.tensor_split[n - 1] == 0.0f) n--;
    for (size_t i = 0; n > 1 && i < n; i++)
        args += (i ? "," : " -ts ") + std::to_string((unsigned)mparams.tensor_split[i]);
    const llama_model_tensor_buft_override *o = mparams.tensor_buft_overrides;
    for (size_t i = 0; o && i < llama_max_tensor_buft_overrides() && o[i].pattern; i++)
        args += std::string(i ? "," : " -ot ") + o[i].pattern + "=" + ggml_backend_buft_name(o[i].buft);
    return ",\"fit\":{\"status\":" + std::to_string(status) + ",\"args\":" + quoted(args) + "}";
}

struct bytes {
    size_t model, context, compute;
};

static std::string memory(const llama_context *context, const char *key = "devices") {
    std::map<std::string, bytes> devices;
    for (auto &[type, use] : llama_get_memory_breakdown(context)) {
        ggml_backend_dev_t dev = ggml_backend_buft_get_device(type);
        // repacked weights lie in RAM too, though the CPU's other code cannot read them
        bool host =
            ggml_backend_buft_is_host(type) || (dev && ggml_backend_dev_type(dev) == GGML_BACKEND_DEVICE_TYPE_CPU);
        std::string name = host ? "Host" : dev ? ggml_backend_dev_name(dev) : "?";
        bytes &sum = devices[name];
        sum.model += use.model;
        sum.context += use.context;
        sum.compute += use.compute;
    }
    std::string out = ",\"" + std::string(key) + "\":{";
    const char *comma = "";
    for (auto &[name, b] : devices) {
        out += comma + quoted(name) + ":{\"model\":" + std::to_string(b.model) +
               number("context", (long long)b.context) + number("compute", (long long)b.compute) + "}";
        comma = ",";
    }
    return out + "}";
}

// What the draft takes, measured alone as fit does, beside a context of `n_ctx` cells.
static std::string memory_of_draft(draft &beside, unsigned n_ctx) {
    beside.mparams.no_alloc = true;
    beside.mparams.load_mode = LLAMA_LOAD_MODE_NONE;
    beside.mparams.progress_callback = nullptr;
    beside.cparams.n_ctx = n_ctx;
    llama_model *model = llama_model_load_from_file(beside.params.model.path.c_str(), beside.mparams);
    llama_context *context = model ? llama_init_from_model(model, beside.cparams) : nullptr;
    std::string out = context ? memory(context, "draft") : ",\"draft\":null";
    if (context) llama_free(context);
    if (model) llama_model_free(model);
    return out;
}

static std::string held() {
    auto *by = (size_t(*)(size_t))ggml_backend_reg_get_proc_address(ggml_backend_reg_by_name("CUDA"), "fake_held");
    std::string out = "[";
    for (size_t i = 0; by && i < told.size(); i++) out += (i ? "," : "") + std::to_string(by(i));
    return out + "]";
}

// The object's fields after the id; an "error" among them when llama.cpp refuses.
static std::string job(const std::string &mode, const std::string &line) {
    told.clear();
    complaints.clear();
    bool parallel_given = false;
    std::vector<std::string> args = words(line, parallel_given);
    std::vector<char *> argv;
    for (std::string &arg : args) argv.push_back(arg.data());
    argv.push_back(nullptr);
    common_params params;
    if (!common_params_parse((int)args.size(), argv.data(), params, LLAMA_EXAMPLE_SERVER))
        return ",\"error\":\"arguments\"";
    as_program(params, mode == "srv", parallel_given);
    auto mparams = common_model_params_to_llama(params);
    auto cparams = common_context_params_to_llama(params);
    llama_log_set(on_log, nullptr);
    std::string out;
    draft beside(params, mode == "srv");
    if (params.fit_params) out += fit(params, mparams, cparams, beside);
    bool real = mode == "real";
    mparams.no_alloc = !real; // as fit measures
    mparams.load_mode = LLAMA_LOAD_MODE_NONE;
    mparams.progress_callback = nullptr;
    llama_log_set(on_log, nullptr);
    llama_model *model = llama_model_load_from_file(params.model.path.c_str(), mparams);
    if (!model) return out + ",\"error\":\"load\"";
    if (real) out += ",\"weights\":" + held();
    llama_context *context = llama_init_from_model(model, cparams);
    if (real && context) {
        out += ",\"all\":" + held();
        llama_free(context);
        llama_model_free(model);
        return out;
    }
    if (!context) {
        llama_model_free(model);
        return out + ",\"error\":\"context\"";
    }
    out += number("n_ctx", llama_n_ctx(context)) + number("n_ctx_seq", llama_n_ctx_seq(context)) +
           number("n_batch", llama_n_batch(context)) + number("n_ubatch", llama_n_ubatch(context)) +
           number("n_seq", llama_n_seq_max(context)) + number("kv_unified", cparams.kv_unified) +
           memory(context);
    unsigned n_ctx = llama_n_ctx(context);
    llama_free(context);
    llama_model_free(model);
    return beside.used ? out + memory_of_draft(beside, n_ctx) : out;
}

static bool imagined; // weights get no memory

// As llama_model_base::load_tensors does without allocation, which a model without a file cannot ask for.
extern "C" __attribute__((visibility("default"))) ggml_backend_buffer_t
ggml_backend_alloc_ctx_tensors_from_buft(ggml_context *ctx, ggml_backend_buffer_type_t type) {
    static auto real = (ggml_backend_buffer_t(*)(ggml_context *, ggml_backend_buffer_type_t))dlsym(
        RTLD_NEXT, "ggml_backend_alloc_ctx_tensors_from_buft");
    return imagined ? ggml_backend_buft_alloc_buffer(type, 0) : real(ctx, type);
}

// src/llama-model-loader.h. It complains of every tensor of the file that was not wanted: here most are not.
struct llama_model_loader {
    void done_getting_tensors(bool partial) const;
};

void llama_model_loader::done_getting_tensors(bool partial) const {
    static auto real = (void (*)(const llama_model_loader *, bool))dlsym(
        RTLD_NEXT, "_ZNK18llama_model_loader20done_getting_tensorsEb");
    if (!imagined) real(this, partial);
}

// src/llama-model.h; the library exports it.
const std::vector<std::pair<std::string, ggml_tensor *>> &llama_internal_get_tensor_map(const llama_model *);

// Every tensor of a model with these hyper-parameters, optional ones included.
static std::string wanted(const std::string &path) {
    complaints.clear();
    llama_log_set(on_log, nullptr);
    gguf_init_params init = {/* no_alloc */ true, /* ctx */ nullptr};
    gguf_context *header = gguf_init_from_file(path.c_str(), init);
    if (!header) return ",\"error\":\"header\"";
    llama_model_params params = llama_model_default_params();
    ggml_backend_dev_t none[] = {nullptr};
    params.devices = none;
    params.progress_callback = [](float, void *) { return true; };
    imagined = true;
    llama_model *model = llama_model_init_from_user(header, [](ggml_tensor *, void *) {}, nullptr, params);
    imagined = false;
    gguf_free(header);
    if (!model) return ",\"error\":\"load\"";
    std::string out = ",\"tensors\":[";
    for (auto &[name, tensor] : llama_internal_get_tensor_map(model)) {
        if (out.back() != '[') out += ",";
        out += "[" + quoted(name);
        for (int64_t n : tensor->ne) out += "," + std::to_string(n);
        out += "]";
    }
    llama_model_free(model);
    return out + "]";
}

static std::string load(const std::string &path) {
    complaints.clear();
    llama_log_set(on_log, nullptr);
    llama_model_params params = llama_model_default_params();
    ggml_backend_dev_t none[] = {nullptr};
    params.devices = none;
    params.no_alloc = true;
    params.load_mode = LLAMA_LOAD_MODE_NONE;
    params.progress_callback = [](float, void *) { return true; };
    llama_model *model = llama_model_load_from_file(path.c_str(), params);
    if (!model) return ",\"error\":\"load\"";
    llama_model_free(model);
    return "";
}

int main() {
    common_init();
    ggml_backend_load_all();
    llama_backend_init();
    common_log_set_verbosity_thold(-1);
    for (std::string line; std::getline(std::cin, line);) {
        size_t first = line.find('\t'),
               second = first == std::string::npos ? first : line.find('\t', first + 1);
        if (second == std::string::npos) continue;
        std::string out;
        try {
            std::string mode = line.substr(first + 1, second - first - 1), rest = line.substr(second + 1);
            out = mode == "new" ? wanted(rest) : mode == "load" ? load(rest) : job(mode, rest);
        } catch (const std::exception &e) {
            out = ",\"error\":" + quoted(e.what());
        }
        printf("{\"id\":%s%s,\"complaints\":%s}\n", quoted(line.substr(0, first)).c_str(), out.c_str(),
               quoted(complaints).c_str());
        fflush(stdout);
    }
    _Exit(0); // the libraries' own destructors are not needed
}
