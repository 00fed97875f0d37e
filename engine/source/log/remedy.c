/* Words of an end and what helps: the first row whose words stand in the reason counts. */
#include "source/log/remedy.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

typedef struct remedy {
    const char *words, *advice;
} remedy;

/* Words of cudaGetErrorString (CUDA 12, HIP 6) and of signals. */
static const remedy crashes[] = {
    {"no kernel image", "a build that names this GPU's compute capability in CMAKE_CUDA_ARCHITECTURES"},
    {"invalid device function",
     "a build for this GPU: CMAKE_CUDA_ARCHITECTURES, or AMDGPU_TARGETS, has to name it"},
    {"busy or unavailable",
     "another process has the card to itself (nvidia-smi -q -d COMPUTE shows the mode), or the driver has to "
     "be loaded again"},
    {"driver version is insufficient",
     "a newer driver, or a build for the CUDA version that nvidia-smi shows"},
    {"unsupported toolchain", "a newer driver, or a build for the CUDA version that nvidia-smi shows"},
    {"ECC error", "the card's memory is faulty: nvidia-smi -q -d ECC"},
    {"Illegal instruction", "a build for this processor: made on it with GGML_NATIVE, or without the AVX-512 "
                            "and AMX that it lacks"}};

/* Messages of llama-model-loader.cpp, llama-vocab.cpp, gguf.cpp and the server. */
static const remedy failures[] = {
    {"unknown model architecture: ''",
     "the file's header names no architecture: it is no language model, or it is damaged. llwhy FILE shows "
     "the header"},
    {"does not know the architecture", "a newer build; if none knows it, a fork that the model's page names"},
    {"incomplete", "fetch the file again: llwhy FILE says how long it has to be"},
    {"not within the file bounds", "fetch the file again: llwhy FILE says how long it has to be"},
    {"invalid magic", "this is no GGUF file: look at its first bytes. A page or a git-lfs pointer was saved "
                      "in its place, or it is older than GGUF (August 2023)"},
    {"unknown pre-tokenizer", "a newer build, or a file converted anew"},
    {"invalid ggml type", "a newer build; types of ik_llama.cpp are read by it alone"},
    {"wrong number of tensors", "a newer build, or a file converted for this one"},
    {"missing tensor", "a newer build, or a file converted for this one"},
    {"split", "keep all parts in one directory under their own names, and give the first one"},
    {"No such file", "the path as the program sees it: in a container that is the path inside the mount"},
    {"failed to open", "the path as the program sees it: in a container that is the path inside the mount"},
    {"failed to allocate",
     "memory was short: a smaller -c, fewer layers there, or leave the placement to --fit"},
    {"flash attention", "-fa on, or leave -ctv out"},
    {"the port is taken", "another --port, or end what listens there (ss -ltnp)"}};

static const char *look_up(const remedy *table, size_t n, const char *reason) {
    for (size_t i = 0; i < n; i++)
        if (strcasestr(reason, table[i].words)) return table[i].advice;
    return NULL;
}

const char *llw_log_crash_remedy(const char *reason) {
    const char *advice = look_up(crashes, sizeof crashes / sizeof *crashes, reason);
    return advice ? advice : "another build, then a test with a long prompt: llwhy lesson L06";
}

const char *llw_log_failure_remedy(const char *reason) {
    const char *advice = look_up(failures, sizeof failures / sizeof *failures, reason);
    return advice ? advice : "";
}
