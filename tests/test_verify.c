/* A running server: found and read from /proc, told apart from what was meant, its memory held against
 * prediction. */
#include "base/file.h"
#include "base/process.h"
#include "explain/verify.h"
#include "fact/build.h"
#include "rule/kb.h"
#include "source/container.h"
#include "source/gpu.h"
#include "source/gpu_usage.h"
#include "source/host.h"
#include "source/known.h"
#include "source/log_claim.h"
#include "source/running.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <ftw.h>
#include <jansson.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define DOCKER LLW_SOURCE_DIR "/tests/fakes/docker"
#define CONTAINER "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const int64_t MIB = 1 << 20;

typedef struct fixture {
    llw_arena *arena;
    llw_flags flags;
    char root[64]; /* a machine made of files */
} fixture;

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *walk) {
    (void)st, (void)type, (void)walk;
    return remove(path);
}

static int set_up(void **state) {
    fixture *f = calloc(1, sizeof *f);
    f->arena = llw_arena_new();
    strcpy(f->root, "/tmp/llwhy-verify-XXXXXX");
    assert_non_null(mkdtemp(f->root));
    assert_int_equal(llw_flags_load(f->arena, &f->flags, NULL), LLW_OK);
    *state = f;
    return 0;
}

static int tear_down(void **state) {
    fixture *f = *state;
    nftw(f->root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    llw_arena_free(f->arena);
    free(f);
    return 0;
}

/* Writes a file of the made-up machine, directories as needed. */
static void put(fixture *f, const char *name, const char *bytes, size_t len) {
    char path[512];
    snprintf(path, sizeof path, "%s/%s", f->root, name);
    for (char *slash = path + strlen(f->root) + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = 0;
        mkdir(path, 0777);
        *slash = '/';
    }
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

static void put_link(fixture *f, const char *name, const char *target) {
    put(f, name, "", 0);
    char path[512];
    snprintf(path, sizeof path, "%s/%s", f->root, name);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink(target, path), 0);
}

#define PUT(f, name, text) put(f, name, text, sizeof(text) - 1)

/* Two servers, a shell, a kernel thread and docker-proxy. */
static void make_machine(fixture *f) {
    static const char table[] =
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
        "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4711 1 "
        "0000 100 0 0 10 0\n"
        "   1: 00000000:1FA3 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4712 1 "
        "0000 100 0 0 10 0\n"
        "   2: 0100007F:1F91 0100007F:9999 01 00000000:00000000 00:00000000 00000000  1000        0 4713 1 "
        "0000 100 0 0 10 0\n";
    static const char table6[] =
        "  sl  local_address                         remote_address                        st tx_queue "
        "rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
        "   0: 00000000000000000000000000000000:1F92 00000000000000000000000000000000:0000 0A "
        "00000000:00000000 00:00000000 00000000  1000        0 4714 1 0000 100 0 0 10 0\n";
    PUT(f, "proc/net/tcp", table);
    PUT(f, "proc/net/tcp6", table6);
    PUT(f, "proc/2145/cmdline",
        "/app/llama-server\0-m\0models/llama-3.1-8b-q4_k_m.gguf\0-c\0"
        "8192\0-ngl\0"
        "99\0--api-key\0sesame-1\0");
    PUT(f, "proc/2145/environ",
        "HOME=/root\0PATH=/"
        "bin\0LLAMA_ARG_N_GPU_LAYERS=20\0LLAMA_ARG_UBATCH=512\0LLAMA_API_KEY=sesame-2\0CUDA_VISIBLE_DEVICES="
        "0\0SECRET=x\0");
    PUT(f, "proc/2145/comm", "llama-server\n");
    PUT(f, "proc/2145/cgroup", "0::/user.slice\n");
    put_link(f, "proc/2145/cwd", "/srv/models");
    put_link(f, "proc/2145/fd/3", "socket:[4711]");
    PUT(f, "proc/77/cmdline",
        "/app/llama-server\0-m\0/models/x.gguf\0--host\0"
        "0.0.0.0\0");
    PUT(f, "proc/77/environ", "LLAMA_ARG_N_GPU_LAYERS=auto\0LLAMA_ARG_UBATCH=1024\0");
    PUT(f, "proc/77/cgroup", "0::/system.slice/docker-" CONTAINER ".scope\n");
    put_link(f, "proc/77/cwd", "/app");
    put_link(f, "proc/77/fd/4", "socket:[4714]");
    PUT(f, "proc/50/cmdline", "/usr/bin/docker-proxy\0-proto\0tcp\0");
    PUT(f, "proc/50/comm", "docker-proxy\n");
    put_link(f, "proc/50/fd/5", "socket:[4712]");
    PUT(f, "proc/9/cmdline", "");
    PUT(f, "proc/10/cmdline", "bash\0-c\0llama-server\0");
}

static llw_rc find(fixture *f, const char *what, long *pid, llw_err *err) {
    llw_running_options options = {.root = f->root, .docker = DOCKER, .seconds = 10};
    *err = (llw_err){0};
    return llw_running_find(f->arena, &options, what, pid, err);
}

static void processes_are_found(void **state) {
    fixture *f = *state;
    llw_err err;
    long pid = 0;
    make_machine(f);
    static const struct {
        const char *what;
        long pid;
        const char *says;
    } table[] = {
        {"2145", 2145, NULL},
        {"http://127.0.0.1:8080", 2145, NULL},
        {"http://localhost:8080/v1/chat", 2145, NULL},
        {"localhost:8080", 2145, NULL},
        {":8080", 2145, NULL},
        {"http://[::1]:8082/", 77, NULL},
        {"http://localhost:8081", 0,
         "nothing on this machine listens on port 8081"}, /* a connection, nobody listens */
        {"http://localhost:8099", 77, NULL},              /* forwarded into the container */
        {"http://192.168.1.7:8080", 0, "another machine"},
        {"https://example.org", 0, "another machine"},
        {"http://localhost:99999", 0, "no port"},
        {"http://localhost:", 0, "no port"},
        {"http://localhost:80x", 0, "no port"},
        {"0", 0, "no process"},
        {"99999999999999999999", 0, "no process"},
        {NULL, 0, "several llama-servers run here (PIDs 77, 2145)"},
    };
    setenv("FAKE_DOCKER_PID", "77", 1);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        llw_rc rc = find(f, table[i].what, &pid, &err);
        if (table[i].says ? rc == LLW_OK || !strstr(err.text, table[i].says)
                          : rc != LLW_OK || pid != table[i].pid)
            fail_msg("%s gives %ld: %s", table[i].what ? table[i].what : "nothing", pid, err.text);
    }
    setenv("FAKE_DOCKER", "down", 1);
    assert_int_equal(find(f, ":8099", &pid, &err), LLW_ERR_NOTHING);
    assert_non_null(strstr(err.text, "leads into a container"));
    unsetenv("FAKE_DOCKER");
    assert_true(llw_running_names("2145") && llw_running_names("http://x") &&
                llw_running_names("localhost:8080") && llw_running_names(":8080"));
    assert_false(llw_running_names("model.gguf") || llw_running_names("models.conf:glm") ||
                 llw_running_names("dir/a:1") || llw_running_names(""));
}

static llw_rc read_process(fixture *f, long pid, llw_running *out, llw_err *err) {
    llw_running_options options = {.root = f->root, .docker = DOCKER, .seconds = 10};
    *err = (llw_err){0};
    return llw_running_read(f->arena, &options, pid, &f->flags, out, err);
}

static const llw_env *variable(const llw_running *p, const char *name) {
    for (size_t i = 0; i < p->n_env; i++)
        if (!strcmp(p->env[i].name, name)) return &p->env[i];
    return NULL;
}

static void what_reached_it_is_read(void **state) {
    fixture *f = *state;
    llw_running p;
    llw_err err;
    make_machine(f);
    assert_int_equal(read_process(f, 2145, &p, &err), LLW_OK);
    assert_string_equal(p.program, "/app/llama-server");
    assert_int_equal(p.n_args, 8);
    assert_string_equal(p.args[3].text, "8192");
    assert_string_equal(p.args[3].place, "argument 4 of process 2145");
    assert_non_null(variable(&p, "LLAMA_ARG_UBATCH"));
    assert_null(variable(&p, "HOME"));
    assert_null(variable(&p, "SECRET"));
    assert_string_equal(p.device_env[0], "CUDA_VISIBLE_DEVICES=0");
    assert_null(p.device_env[1]);
    assert_null(p.container);
    assert_string_equal(llw_running_path(f->arena, &p, "a.gguf"), "/srv/models/a.gguf");

    put(f, "proc/2145/root/srv/models/a.gguf", "x", 1); /* its root has the file, ours has not */
    char inside[256];
    snprintf(inside, sizeof inside, "%s/proc/2145/root/srv/models/a.gguf", f->root);
    assert_string_equal(llw_running_path(f->arena, &p, "a.gguf"), inside);

    assert_int_equal(read_process(f, 77, &p, &err), LLW_OK);
    assert_string_equal(p.container, CONTAINER);
    assert_string_equal(p.image, "llama-server:team");
    const llw_token *ngl =
        &variable(&p, "LLAMA_ARG_N_GPU_LAYERS")
             ->value; /* the entry point changed what the container said, and that the image */
    assert_string_equal(ngl->text, "auto");
    assert_string_equal(ngl->lost->text, "20");
    assert_string_equal(ngl->lost->origin, "container");
    assert_string_equal(ngl->lost->lost->text, "99");
    assert_string_equal(ngl->lost->lost->origin, "image ENV");
    assert_null(variable(&p, "LLAMA_ARG_UBATCH")->value.lost);

    setenv("FAKE_DOCKER", "nonsense", 1);
    assert_int_equal(read_process(f, 77, &p, &err), LLW_OK);
    assert_int_equal(p.n_notes, 1);
    assert_non_null(strstr(p.notes[0], "what that was configured with is unknown"));
    unsetenv("FAKE_DOCKER");

    assert_int_equal(read_process(f, 10, &p, &err), LLW_ERR_INPUT);
    assert_non_null(strstr(err.text, "none of llama.cpp's programs"));
    assert_int_equal(read_process(f, 9, &p, &err), LLW_ERR_INPUT);
    assert_int_equal(read_process(f, 12345, &p, &err), LLW_ERR_NOTHING);
}

static void a_docker_that_fails_is_no_trouble(void **state) {
    fixture *f = *state;
    llw_container c;
    llw_err err = {0};
    assert_int_equal(llw_container_inspect(f->arena, "/nowhere/docker", CONTAINER, 5, &c, &err),
                     LLW_ERR_NOTHING);
    assert_int_equal(llw_container_inspect(f->arena, DOCKER, "--help", 5, &c, &err), LLW_ERR_INPUT);
    assert_int_equal(llw_container_inspect(f->arena, DOCKER, "a; rm", 5, &c, &err), LLW_ERR_INPUT);
    assert_int_equal(llw_container_inspect(f->arena, DOCKER, "another", 5, &c, &err), LLW_ERR_NOTHING);
    setenv("FAKE_DOCKER", "hang", 1);
    assert_int_equal(llw_container_inspect(f->arena, DOCKER, CONTAINER, 0.2, &c, &err), LLW_ERR_NOTHING);
    assert_non_null(strstr(err.text, "did not answer"));
    unsetenv("FAKE_DOCKER");
}

static void usage_is_read_from_captures(void **state) {
    fixture *f = *state;
    static const char *const names[] = {"tests/fixtures/smi/1gpu-busy-apps.csv",
                                        "tests/fixtures/smi/2gpu-busy-apps.csv"};
    static const long pids[] = {2145, 11013};
    for (size_t i = 0; i < 2; i++) {
        char *bytes = NULL;
        size_t len = 0;
        llw_gpu_shares shares = {0};
        assert_int_equal(llw_file_read(f->arena, names[i], 1 << 16, &bytes, &len, NULL), LLW_OK);
        assert_int_equal(llw_gpu_usage_parse(f->arena, NULL, bytes, len, &shares), 1);
        assert_int_equal(shares.items[0].pid, pids[i]);
        assert_int_equal(shares.items[0].bytes, 6274 * MIB);
        assert_string_equal(shares.items[0].uuid, "GPU-00000000-0000-0000-0000-000000000000");
    }
    static const char odd[] = "12, GPU-a, [N/A]\nno row\n13, GPU-a\n-5, GPU-a, 7\n14, GPU-a, "
                              "99999999999999999999\n15, , 5\n16, GPU-b, 5\n";
    llw_gpu_shares shares = {0};
    assert_int_equal(
        llw_gpu_usage_parse(f->arena, "pid,gpu_uuid,used_gpu_memory", odd, sizeof odd - 1, &shares), 3);
    assert_int_equal(shares.items[0].bytes, -1);
    assert_int_equal(shares.items[1].bytes, -1); /* out of range is unknown, never a number */
    assert_int_equal(shares.items[2].bytes, 5 * MIB);
}

/* ---- verification on a made-up H200, with what one really held ---- */

typedef struct server { /* one running server and what is known of it */
    const char *words, *env, *build, *model;
    const char *meant; /* NULL: nobody said */
    const char *meant_model;
    int64_t held; /* MiB by nvidia-smi; -1 not told, -2 not listed */
    const char *log;
} server;

typedef struct verified {
    llw_facts *facts, *meant_facts;
    llw_kb *kb;
    llw_run *run;
    llw_verification v;
} verified;

static llw_token *split(fixture *f, const char *line, const char *place, size_t *n) {
    llw_token *tokens = llw_arena_alloc(f->arena, 64 * sizeof *tokens);
    for (*n = 0; *line;) {
        size_t len = strcspn(line, " ");
        tokens[*n] = (llw_token){.text = llw_arena_strndup(f->arena, line, len),
                                 .place = llw_arena_printf(f->arena, place, *n + 1)};
        ++*n;
        line += len + (line[len] == ' ');
    }
    return tokens;
}

static llw_entity claim_launch(fixture *f, llw_facts *facts, const char *id, const char *words,
                               const char *env, const char *model, const char *build, llw_grade grade) {
    llw_entity m = 0;
    llw_err err = {0};
    llw_argv_result result;
    llw_argv in = {.id = id, .args_grade = grade, .env_grade = grade, .flags = &f->flags};
    in.args = split(f, words, "argument %zu", &in.n_args);
    llw_env entry = {0};
    if (env) {
        const char *equals = strchr(env, '=');
        entry = (llw_env){llw_arena_strndup(f->arena, env, (size_t)(equals - env)),
                          {.text = equals + 1, .place = env}};
        in.env = &entry;
        in.n_env = 1;
    }
    in.build = llw_build_claim(facts, build, LLW_GRADE_FLAG, "test", "", &err);
    assert_true(in.build != 0);
    assert_int_equal(llw_argv_read(facts, &in, &result, &err), LLW_OK);
    if (!model) return result.launch;
    assert_int_equal(llw_source_known(facts, model, NULL, &m, &err), LLW_OK);
    llw_facts_claim(facts, result.launch, LLW_launch_model, llw_ref(m), grade, "test", "");
    return result.launch;
}

static void claim_h200(llw_facts *facts, int64_t used) {
    llw_entity gpu = llw_facts_entity(facts, LLW_KIND_gpu, "CUDA0");
    const char *smi = "nvidia-smi";
    llw_facts_claim(facts, gpu, LLW_gpu_index, llw_count(0), LLW_GRADE_MEASURED, smi, "");
    llw_facts_claim(facts, gpu, LLW_gpu_name, llw_string(LLW_TEXT, "NVIDIA H200"), LLW_GRADE_MEASURED, smi,
                    "");
    llw_facts_claim(facts, gpu, LLW_gpu_uuid, llw_string(LLW_TEXT, "GPU-1"), LLW_GRADE_MEASURED, smi, "");
    llw_facts_claim(facts, gpu, LLW_gpu_total, llw_bytes(143155 * MIB), LLW_GRADE_PREDICTED, smi, "");
    llw_facts_claim(facts, gpu, LLW_gpu_context, llw_bytes(527 * MIB), LLW_GRADE_PREDICTED, smi, "");
    llw_facts_claim(facts, gpu, LLW_gpu_used, llw_bytes(used * MIB), LLW_GRADE_MEASURED, smi, "");
    llw_facts_claim(facts, gpu, LLW_gpu_nvml_free, llw_bytes((143156 - used) * MIB), LLW_GRADE_MEASURED, smi,
                    "");
    llw_facts_claim(facts, gpu, LLW_gpu_free, llw_bytes((143156 - used - 527) * MIB), LLW_GRADE_PREDICTED,
                    smi, "");
    llw_host_options host = {.ram = "257811"};
    assert_int_equal(llw_source_host(facts, &host, NULL), LLW_OK);
}

static verified verify(fixture *f, const server *s) {
    verified out = {
        .facts = llw_facts_new(), .meant_facts = s->meant ? llw_facts_new() : NULL, .kb = llw_kb_new()};
    claim_h200(out.facts, s->held >= 0 ? s->held + 9 : 6283);
    llw_entity launch = claim_launch(f, out.facts, "running", s->words, s->env, s->model, s->build,
                                     LLW_GRADE_PROCESS),
               meant = 0;
    llw_gpu_share row = {.pid = 2145, .uuid = "GPU-1", .bytes = s->held * MIB},
                  other = {.pid = 1, .uuid = "GPU-1", .bytes = 6274 * MIB};
    if (s->held == -1) row.bytes = -1;
    llw_gpu_shares shares = {.items = s->held == -2 ? &other : &row, .n = 1};
    llw_gpu_usage_claim(out.facts, &shares, 2145, launch);
    llw_log_result logged;
    llw_err err = {0};
    if (s->log) assert_int_equal(llw_source_log(out.facts, s->log, launch, &logged, &err), LLW_OK);
    if (s->meant)
        meant = claim_launch(f, out.meant_facts, "meant", s->meant, NULL, s->meant_model, s->build,
                             LLW_GRADE_FLAG);
    llw_kb_order(out.kb);
    out.run = llw_run_new(out.kb, out.facts);
    llw_verify(out.run, launch, out.meant_facts, meant, f->arena, &out.v);
    return out;
}

static void drop(verified *v) {
    llw_run_free(v->run);
    llw_kb_free(v->kb);
    llw_facts_free(v->facts);
    llw_facts_free(v->meant_facts);
}

static const llw_verify_item *item(const verified *v, const char *what) {
    for (size_t i = 0; i < v->v.n_items; i++)
        if (!strcmp(v->v.items[i].what, what)) return &v->v.items[i];
    fail_msg("there is no item '%s'", what);
    return NULL;
}

#define H200_SERVER                                                                                          \
    .words = "-m llama-3.1-8b-q4_k_m.gguf -c 8192 -ngl 99", .build = "2026-05-04",                           \
    .model = "llama-3.1-8b-q4_k_m", .held = 6274, .meant = "-c 8192 -ngl 99",                                \
    .meant_model = "llama-3.1-8b-q4_k_m"

/* 6274 MiB is what an H200 showed for this very launch (tests/fixtures/smi/1gpu-busy-apps.csv). */
static void a_match_is_told_from_mismatches(void **state) {
    fixture *f = *state;
    server s = {H200_SERVER};
    verified v = verify(f, &s);
    assert_int_equal(v.v.verdict, LLW_AGREE_MATCH);
    assert_int_equal(v.v.n_mismatch, 0);
    assert_int_equal(v.v.n_unknown, 0);
    const llw_verify_item *memory = item(&v, "CUDA0");
    assert_int_equal(memory->value, 6274 * MIB);
    assert_true(memory->low <= memory->value && memory->value <= memory->high);
    drop(&v);

    s = (server){H200_SERVER}; /* somebody left -ub 2048 in */
    s.words = "-m llama-3.1-8b-q4_k_m.gguf -c 8192 -ngl 99 -ub 2048";
    s.held = 7050;
    v = verify(f, &s);
    assert_int_equal(v.v.verdict, LLW_AGREE_MISMATCH);
    assert_int_equal(item(&v, "-ub")->agreement, LLW_AGREE_MISMATCH);
    assert_string_equal(item(&v, "-ub")->expected, "512");
    assert_string_equal(item(&v, "-ub")->found, "2,048");
    assert_string_equal(item(&v, "-ub")->source, "argument 8");
    assert_string_equal(item(&v, "-ub")->reason, "it was not meant to be set");
    assert_int_equal(item(&v, "CUDA0")->agreement, LLW_AGREE_MATCH); /* it holds what its own flags need */
    drop(&v);

    s = (server){H200_SERVER}; /* the flags are right, the memory is not: 776 MiB too many */
    s.held = 7050;
    v = verify(f, &s);
    assert_int_equal(item(&v, "CUDA0")->agreement, LLW_AGREE_MISMATCH);
    assert_non_null(strstr(item(&v, "CUDA0")->reason, "more than buffers of 5686.0 MiB"));
    assert_int_equal(v.v.n_mismatch, 1);
    drop(&v);

    s = (server){H200_SERVER};
    s.held = 5000;
    v = verify(f, &s);
    assert_non_null(strstr(item(&v, "CUDA0")->reason, "less than buffers of"));
    drop(&v);

    s = (server){H200_SERVER}; /* -ngl was meant and never arrived */
    s.words = "-m llama-3.1-8b-q4_k_m.gguf -c 8192";
    v = verify(f, &s);
    assert_int_equal(item(&v, "-ngl")->agreement, LLW_AGREE_MISMATCH);
    assert_string_equal(item(&v, "-ngl")->found, "auto");
    assert_non_null(strstr(item(&v, "-ngl")->reason, "did not reach the server"));
    drop(&v);

    s = (server){H200_SERVER}; /* another model */
    s.meant_model = "llama-3.1-8b-q8_0";
    v = verify(f, &s);
    assert_int_equal(item(&v, "model")->agreement, LLW_AGREE_MISMATCH);
    drop(&v);
}

static void what_overrode_what_is_told(void **state) {
    fixture *f = *state;
    server s = {H200_SERVER};
    s.env = "LLAMA_ARG_N_GPU_LAYERS=20";
    verified v = verify(f, &s);
    size_t found = 0;
    for (size_t i = 0; i < v.v.n_settings; i++) {
        const llw_setting_line *line = &v.v.settings[i];
        if (strcmp(line->flag, "-ngl")) continue;
        found++;
        assert_string_equal(line->value, "99");
        assert_string_equal(line->source, "argument 6");
        assert_int_equal(line->n_lost, 1);
        assert_string_equal(line->lost[0].value, "20");
        assert_non_null(strstr(line->lost[0].source, "LLAMA_ARG_N_GPU_LAYERS"));
    }
    assert_int_equal(found, 1);
    assert_int_equal(item(&v, "-ngl")->agreement, LLW_AGREE_MATCH); /* what counts is as meant */
    drop(&v);

    s = (server){H200_SERVER}; /* the variable is all there is, and it is not what was meant */
    s.words = "-m llama-3.1-8b-q4_k_m.gguf -c 8192";
    s.env = "LLAMA_ARG_N_GPU_LAYERS=20";
    v = verify(f, &s);
    assert_int_equal(item(&v, "-ngl")->agreement, LLW_AGREE_MISMATCH);
    assert_string_equal(item(&v, "-ngl")->found, "20");
    assert_non_null(strstr(item(&v, "-ngl")->source, "environment LLAMA_ARG_N_GPU_LAYERS"));
    drop(&v);
}

static void what_cannot_be_known_is_unknown(void **state) {
    fixture *f = *state;
    server s = {H200_SERVER};
    s.held = -1;
    verified v = verify(f, &s);
    assert_int_equal(item(&v, "CUDA0")->agreement, LLW_AGREE_UNKNOWN);
    assert_false(item(&v, "CUDA0")->numbers);
    assert_non_null(strstr(item(&v, "CUDA0")->reason, "does not tell"));
    drop(&v);
    s = (server){H200_SERVER};
    s.held = -2; /* the card lists another process, not this one */
    v = verify(f, &s);
    assert_int_equal(item(&v, "CUDA0")->agreement, LLW_AGREE_MISMATCH);
    drop(&v);
    s = (server){H200_SERVER};
    s.meant = NULL;
    s.model = NULL; /* the file cannot be read */
    v = verify(f, &s);
    assert_int_equal(v.v.verdict, LLW_AGREE_UNKNOWN);
    drop(&v);
}

/* A log of this launch is compared buffer by buffer; one of another launch is not. */
static void the_log_is_compared(void **state) {
    fixture *f = *state;
    server s = {.words = "-m models/llama-3.1-8b-q4_k_m.gguf -c 8192 -np 1 -ngl 99",
                .build = "v0.5.0",
                .model = "llama-3.1-8b-q4_k_m",
                .held = 6141,
                .log = "tests/fixtures/logs/v0.5.0-lv4.log"};
    verified v = verify(f, &s);
    assert_int_equal(v.v.verdict, LLW_AGREE_MATCH);
    assert_int_equal(v.v.n_mismatch, 0);
    assert_int_equal(item(&v, "weights on CUDA0")->agreement, LLW_AGREE_MATCH);
    assert_int_equal(item(&v, "KV cache on CUDA0")->agreement, LLW_AGREE_MATCH);
    assert_int_equal(item(&v, "compute buffer on CUDA0")->agreement, LLW_AGREE_MATCH);
    assert_string_equal(item(&v, "compute buffer on CUDA0")->source, "log v0.5.0-lv4.log:63");
    assert_int_equal(item(&v, "the load")->agreement, LLW_AGREE_MATCH);
    assert_non_null(strstr(v.v.splits, "graph splits: 2."));
    drop(&v);
    s.words = "-m models/llama-3.1-8b-q4_k_m.gguf -c 8192 -np 1 -ngl 99 -ot blk\\.0\\.=CPU"; /* a log does not
                                                                                                name -ot: the
                                                                                                weights do */
    v = verify(f, &s);
    assert_int_equal(item(&v, "weights on CUDA0")->agreement, LLW_AGREE_MISMATCH);
    assert_non_null(strstr(item(&v, "weights on CUDA0")->reason, "more than these flags put there"));
    assert_int_equal(v.v.verdict, LLW_AGREE_MISMATCH);
    drop(&v);
}

/* ---- a process that really runs ---- */

typedef struct child {
    pid_t pid;
    int in; /* closing it ends the process */
    char line[128];
} child;

static child spawn(const char *const *argv, const char *const *env) {
    int in[2], out[2];
    assert_int_equal(pipe(in), 0);
    assert_int_equal(pipe(out), 0);
    child c = {.pid = fork()};
    assert_true(c.pid >= 0);
    if (!c.pid) {
        dup2(in[0], STDIN_FILENO);
        dup2(out[1], STDOUT_FILENO);
        close(in[1]);
        close(out[0]);
        execve(argv[0], (char *const *)(uintptr_t)argv, (char *const *)(uintptr_t)env);
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    c.in = in[1];
    FILE *lines = fdopen(out[0], "r");
    char line[128] = "";
    while (fgets(line, sizeof line, lines) && strcmp(line, "ready\n"))
        snprintf(c.line, sizeof c.line, "%s", line);
    assert_string_equal(line, "ready\n");
    fclose(lines);
    return c;
}

static void end(child *c) {
    close(c->in);
    assert_int_equal(waitpid(c->pid, NULL, 0), c->pid);
}

static void a_real_process_is_seen(void **state) {
    fixture *f = *state;
    const char *const argv[] = {
        FAKE_LLAMA_SERVER, "-m", "llama-3.1-8b-q4_k_m.gguf", "-c", "8192", "--port", "0", "--api-key",
        "sesame-3",        NULL};
    const char *const env[] = {"LLAMA_ARG_UBATCH=1024", "LLAMA_API_KEY=sesame-4", "CUDA_VISIBLE_DEVICES=1",
                               NULL};
    child c = spawn(argv, env);
    llw_running_options options = {.docker = ""};
    llw_running p;
    llw_err err = {0};
    long pid = 0;
    int port = 0;
    assert_int_equal(sscanf(c.line, "listening on %d", &port), 1);
    assert_int_equal(llw_running_find(f->arena, &options,
                                      llw_arena_printf(f->arena, "http://127.0.0.1:%d", port), &pid, &err),
                     LLW_OK);
    assert_int_equal(pid, c.pid);
    assert_int_equal(llw_running_read(f->arena, &options, pid, &f->flags, &p, &err), LLW_OK);
    assert_int_equal(p.n_args, 8);
    assert_string_equal(p.args[3].text, "8192");
    assert_string_equal(variable(&p, "LLAMA_ARG_UBATCH")->value.text, "1024");
    assert_string_equal(p.device_env[0], "CUDA_VISIBLE_DEVICES=1");
    end(&c);
    assert_int_equal(llw_running_read(f->arena, &options, pid, &f->flags, &p, &err), LLW_ERR_NOTHING);
}

static json_t *command(fixture *f, const char *const *argv, int code) {
    llw_process p;
    llw_err err = {0};
    assert_int_equal(llw_process_run(f->arena, argv, NULL, 1 << 20, 120, &p, &err), LLW_OK);
    if (p.exit_code != code) fail_msg("exit code %d instead of %d: %s", p.exit_code, code, p.out);
    assert_null(strstr(p.out, "sesame"));
    json_t *root = json_loadb(p.out, p.len, 0, NULL);
    assert_non_null(root);
    json_t *schema = json_load_file("docs/json/verify.schema.json", 0, NULL),
           *known = json_object_get(schema, "properties");
    const char *key;
    json_t *value;
    assert_non_null(known);
    json_object_foreach(root, key, value) if (!json_object_get(known, key))
        fail_msg("docs/json/verify.schema.json does not know '%s'", key);
    json_object_foreach(known, key, value) if (!json_object_get(root, key))
        fail_msg("'%s' of docs/json/verify.schema.json is not written", key);
    json_decref(schema);
    return root;
}

/* The command on that process: exit codes, JSON, and no secret in it. */
static void the_command_tells_both(void **state) {
    static const char program[] = LLW_BINARY_DIR "/llwhy";
    fixture *f = *state;
    if (!llw_file_is_regular(program)) {
        print_message("llwhy itself is not built: the command is not tried\n");
        skip();
    }
    const char *const argv[] = {
        FAKE_LLAMA_SERVER, "-m", "llama-3.1-8b-q4_k_m.gguf", "-c", "8192", "-ub", "1024", "--api-key",
        "sesame-5",        NULL};
    const char *const env[] = {"LLAMA_ARG_UBATCH=2048", "LLAMA_API_KEY=sesame-6", NULL};
    child c = spawn(argv, env);
    const char *pid = llw_arena_printf(f->arena, "%ld", (long)c.pid);
    const char *const right[] = {
        program, "verify", pid, "llama-3.1-8b-q4_k_m", "--no-gpu", "--format", "json", "--", "-c", "8192",
        "-ub",   "1024",   NULL};
    const char *const wrong[] = {program,    "verify",   pid,    "llama-3.1-8b-q4_k_m",
                                 "--no-gpu", "--format", "json", "--",
                                 "-c",       "8192",     NULL};
    const char *const nobody[] = {program, "verify", pid, "--no-gpu", "--format", "json", NULL};
    json_t *root = command(f, right, 0);
    assert_string_equal(json_string_value(json_object_get(root, "verdict")), "match");
    json_decref(root);
    root = command(f, wrong, 1);
    assert_string_equal(json_string_value(json_object_get(root, "verdict")), "mismatch");
    json_decref(root);
    root = command(f, nobody, 0);
    assert_false(json_is_true(json_object_get(root, "meant")));
    size_t i, overrode = 0;
    json_t *setting;
    json_array_foreach(json_object_get(root, "settings"), i,
                       setting) if (!strcmp(json_string_value(json_object_get(setting, "flag")), "-ub"))
        overrode = json_array_size(json_object_get(setting, "overrode"));
    assert_int_equal(overrode, 1);
    json_decref(root);
    end(&c);
}

/* A port that nobody listens on. */
static int free_port(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int s = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(s >= 0 && !bind(s, (struct sockaddr *)&address, sizeof address) &&
                !getsockname(s, (struct sockaddr *)&address, &len));
    close(s);
    return ntohs(address.sin_port);
}

/* A real llama-server, where one is named: LLAMA_SERVER, and a small model in LLAMA_MODEL. */
static void a_real_server_is_verified(void **state) {
    static const char program[] = LLW_BINARY_DIR "/llwhy";
    fixture *f = *state;
    const char *server_path = getenv("LLAMA_SERVER"), *model = getenv("LLAMA_MODEL");
    if (!server_path || !model || !llw_file_is_regular(program)) {
        print_message(
            "no llama-server to look at: name one with LLAMA_SERVER and a model with LLAMA_MODEL\n");
        skip();
    }
    const char *port = llw_arena_printf(f->arena, "%d", free_port()),
               *url = llw_arena_printf(f->arena, "http://127.0.0.1:%s", port);
    const char *const argv[] = {server_path, "-m",   model, "-c",     "2048", "-ub",
                                "256",       "-ngl", "0",   "--port", port,   NULL};
    pid_t pid = fork();
    if (!pid) {
        if (!freopen("/dev/null", "w", stdout) || !freopen("/dev/null", "w", stderr)) _exit(126);
        execv(argv[0], (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    llw_running_options options = {.docker = ""};
    long found = 0;
    for (int tries = 0; tries < 100 && llw_running_find(f->arena, &options, url, &found, NULL) != LLW_OK;
         tries++)
        usleep(200000);
    assert_int_equal(found, pid);
    const char *const right[] = {program, "verify", url,   model, "--no-gpu", "--format", "json", "--",
                                 "-c",    "2048",   "-ub", "256", "-ngl",     "0",        NULL};
    const char *const wrong[] = {program, "verify", url,    model,  "--no-gpu", "--format", "json",
                                 "--",    "-c",     "4096", "-ngl", "0",        NULL};
    json_decref(command(f, right, 0));
    json_decref(command(f, wrong, 1));
    kill(pid, SIGTERM);
    waitpid(pid, NULL, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(processes_are_found, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_reached_it_is_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_docker_that_fails_is_no_trouble, set_up, tear_down),
        cmocka_unit_test_setup_teardown(usage_is_read_from_captures, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_match_is_told_from_mismatches, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_overrode_what_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_cannot_be_known_is_unknown, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_log_is_compared, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_real_process_is_seen, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_command_tells_both, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_real_server_is_verified, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
