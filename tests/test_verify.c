/* A running server told apart from what was meant, its memory held against prediction. */
#include "running_server.h"

#include "base/process.h"
#include "explain/verify.h"
#include "fact/build.h"
#include "rule/kb.h"
#include "source/machine/gpu.h"
#include "source/machine/gpu_usage.h"
#include "source/machine/host.h"
#include "source/model/known.h"
#include "source/log/claim.h"

#include <arpa/inet.h>
#include <jansson.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

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
    llw_facts_claim(facts, gpu, LLW_gpu_total, llw_bytes(143155 * LLW_MIB), LLW_GRADE_PREDICTED, smi, "");
    llw_facts_claim(facts, gpu, LLW_gpu_context, llw_bytes(527 * LLW_MIB), LLW_GRADE_PREDICTED, smi, "");
    llw_facts_claim(facts, gpu, LLW_gpu_used, llw_bytes(used * LLW_MIB), LLW_GRADE_MEASURED, smi, "");
    llw_facts_claim(facts, gpu, LLW_gpu_nvml_free, llw_bytes((143156 - used) * LLW_MIB), LLW_GRADE_MEASURED, smi,
                    "");
    llw_facts_claim(facts, gpu, LLW_gpu_free, llw_bytes((143156 - used - 527) * LLW_MIB), LLW_GRADE_PREDICTED,
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
    llw_gpu_share row = {.pid = 2145, .uuid = "GPU-1", .bytes = s->held * LLW_MIB},
                  other = {.pid = 1, .uuid = "GPU-1", .bytes = 6274 * LLW_MIB};
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
    assert_int_equal(memory->value, 6274 * LLW_MIB);
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
        cmocka_unit_test_setup_teardown(a_match_is_told_from_mismatches, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_overrode_what_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_cannot_be_known_is_unknown, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_log_is_compared, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_real_process_is_seen, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_command_tells_both, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_real_server_is_verified, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("verify", tests, NULL, NULL);
}
