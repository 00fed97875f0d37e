// arguments: what llama.cpp's own parser makes of command lines. Each line of the input is one: words parted
// by tabs, NAME=VALUE of the environment in front of a lone --. Answers a line of JSON each; {} where
// llama-server would end.
#include "common.h"
#include "arg.h"
#include "log.h"

#include <cstdio>
#include <iostream>
#include <sstream>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

static const char *name_of(llama_split_mode mode) {
    return mode == LLAMA_SPLIT_MODE_NONE    ? "none"
           : mode == LLAMA_SPLIT_MODE_LAYER ? "layer"
           : mode == LLAMA_SPLIT_MODE_ROW   ? "row"
                                            : "tensor";
}

static const char *name_of(llama_flash_attn_type type) {
    return type == LLAMA_FLASH_ATTN_TYPE_AUTO ? "auto" : type == LLAMA_FLASH_ATTN_TYPE_ENABLED ? "on" : "off";
}

static void tell(const common_params &p) {
    std::ostringstream out;
    out << "{\"ctx\":" << p.n_ctx << ",\"batch\":" << p.n_batch << ",\"ubatch\":" << p.n_ubatch
        << ",\"parallel\":" << p.n_parallel << ",\"gpu_layers\":" << p.n_gpu_layers
        << ",\"main_gpu\":" << p.main_gpu << ",\"split_mode\":\"" << name_of(p.split_mode)
        << "\",\"flash_attn\":\"" << name_of(p.flash_attn_type) << "\",\"cache_type_k\":\""
        << ggml_type_name(p.cache_type_k) << "\",\"cache_type_v\":\"" << ggml_type_name(p.cache_type_v)
        << "\",\"fit\":" << p.fit_params << ",\"fit_ctx\":" << p.fit_params_min_ctx
        << ",\"kv_unified\":" << p.kv_unified << ",\"kv_offload\":" << !p.no_kv_offload
        << ",\"swa_full\":" << p.swa_full << ",\"op_offload\":" << !p.no_op_offload
        << ",\"repack\":" << !p.no_extra_bufts << ",\"no_host\":" << p.no_host
        << ",\"embedding_mode\":" << p.embedding << ",\"load_mode\":" << p.load_mode
        << ",\"pooling\":" << p.pooling_type << ",\"fit_target\":[";
    for (int i = 0; i < 3; i++) out << (i ? "," : "") << p.fit_params_target[i] / (1024.0 * 1024);
    out << "],\"tensor_split\":[";
    for (int i = 0; i < 4; i++) out << (i ? "," : "") << p.tensor_split[i];
    out << "],\"draft_max\":" << p.speculative.draft.n_max << ",\"mmproj\":" << !p.mmproj.path.empty() << "}";
    std::cout << out.str() << std::endl;
}

static void job(const std::string &line) {
    std::vector<std::string> words = {"llama-server"};
    std::istringstream in(line + '\t'); // an empty word may be the last one
    bool environment = true;
    for (std::string word; std::getline(in, word, '\t');) {
        if (environment && word == "--")
            environment = false;
        else if (environment)
            putenv(strdup(word.c_str()));
        else
            words.push_back(word);
    }
    std::vector<char *> argv;
    for (std::string &word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    common_params params;
    common_log_set_verbosity_thold(-1);
    if (common_params_parse((int)words.size(), argv.data(), params, LLAMA_EXAMPLE_SERVER)) tell(params);
}

int main() {
    for (std::string line; std::getline(std::cin, line);) {
        int ends[2];
        if (pipe(ends)) return 1;
        pid_t child = fork();
        if (child == 0) {
            dup2(ends[1], 1);
            dup2(ends[1], 2);
            alarm(5);
            job(line);
            _exit(0);
        }
        close(ends[1]);
        std::string said;
        char part[4096];
        for (ssize_t n; (n = read(ends[0], part, sizeof part)) > 0;) said.append(part, (size_t)n);
        close(ends[0]);
        int status = 0;
        waitpid(child, &status, 0);
        if (WIFSIGNALED(status)) said = "error: signal " + std::to_string(WTERMSIG(status)) + "\n";
        size_t at = said.find("{\"ctx\""), why = said.find("error");
        std::string what = why == std::string::npos ? "" : said.substr(why, said.find('\n', why) - why);
        for (char &c : what)
            if (c == '"' || c == '\\' || (unsigned char)c < 32) c = ' ';
        printf("%s\n", at == std::string::npos ? ("{\"error\":\"" + what + "\"}").c_str()
                                               : said.substr(at, said.find('\n', at) - at).c_str());
    }
}
