/* llama.cpp's argument grammar: each trap of its parser, as claims and problems. */
#include "fact/build.h"
#include "source/argv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { MAX_WORDS = 256 };

typedef struct run {
    llw_facts *facts;
    llw_argv_result out;
} run;

static char words_buffer[8192], places[2 * MAX_WORDS][32];

/* Words separated by spaces; '' is an empty word, ? one that is not known. Environment as NAME=VALUE words.
 */
static run read_on(const char *build, llw_program program, const char *env, const char *line) {
    static llw_token tokens[MAX_WORDS];
    static llw_env entries[MAX_WORDS];
    llw_argv in = {.id = "argv", .program = program, .args = tokens, .env = entries};
    run r = {.facts = llw_facts_new()};
    snprintf(words_buffer, sizeof words_buffer, "%s\n%s", line, env);
    char *second = strchr(words_buffer, '\n');
    *second++ = 0;
    for (char *save = NULL, *w = strtok_r(words_buffer, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
        snprintf(places[in.n_args], sizeof places[0], "argument %zu", in.n_args + 1);
        tokens[in.n_args] = (llw_token){!strcmp(w, "?")    ? NULL
                                        : !strcmp(w, "''") ? ""
                                                           : w,
                                        places[in.n_args], NULL, NULL};
        in.n_args++;
    }
    for (char *save = NULL, *w = strtok_r(second, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
        char *equals = strchr(w, '=');
        *equals = 0;
        char *place = places[MAX_WORDS + in.n_env];
        snprintf(place, sizeof places[0], "box.env:%zu", in.n_env + 1);
        entries[in.n_env++] = (llw_env){w, {!strcmp(equals + 1, "?") ? NULL : equals + 1, place, NULL, NULL}};
    }
    if (build) in.build = llw_build_claim(r.facts, build, LLW_GRADE_FLAG, "argument", "", NULL);
    llw_err err = {0};
    if (llw_argv_read(r.facts, &in, &r.out, &err) != LLW_OK) fail_msg("%s", err.text);
    return r;
}

static run server(const char *line) {
    return read_on(NULL, LLW_PROGRAM_SERVER, "", line);
}

static int64_t count(run *r, llw_attr attr) {
    int64_t n = -77;
    llw_facts_count(r->facts, r->out.launch, attr, &n);
    return n;
}

static const char *text(run *r, llw_attr attr) {
    const char *t = "(unknown)";
    llw_facts_text(r->facts, r->out.launch, attr, &t);
    return t;
}

static int flag(run *r, llw_attr attr) {
    bool b = false;
    return llw_facts_flag(r->facts, r->out.launch, attr, &b) ? b : -1;
}

static const llw_claim *claim(run *r, llw_attr attr) {
    return llw_facts_best(r->facts, r->out.launch, attr);
}

static const llw_flag_problem *problem(run *r, llw_flag_code code) {
    for (size_t i = 0; i < r->out.n_problems; i++)
        if (r->out.problems[i].code == code) return &r->out.problems[i];
    return NULL;
}

static void end(run *r) {
    llw_facts_free(r->facts);
}

/* The line has exactly this problem (0: none), and llama.cpp starts or not. */
static const llw_flag_problem *only(run *r, llw_flag_code code, bool starts) {
    for (size_t i = 0; i < r->out.n_problems; i++)
        if (r->out.problems[i].code != code)
            fail_msg("unexpected %s: %s", llw_flag_code_name(r->out.problems[i].code),
                     r->out.problems[i].message);
    if (code && !r->out.n_problems) fail_msg("%s expected", llw_flag_code_name(code));
    if (starts == (r->out.refused != NULL)) fail_msg("refused: %s", r->out.refused ? r->out.refused : "no");
    return code ? r->out.problems : NULL;
}

static void defaults_are_those_of_the_server(void **state) {
    (void)state;
    run r = server("-m m.gguf");
    only(&r, 0, true);
    assert_string_equal(r.out.model.path, "m.gguf");
    assert_string_equal(r.out.model.place, "argument 2");
    assert_int_equal(count(&r, LLW_launch_gpu_layers), -1);
    assert_int_equal(count(&r, LLW_launch_ctx), 0);
    assert_int_equal(count(&r, LLW_launch_batch), 2048);
    assert_int_equal(count(&r, LLW_launch_ubatch), 512);
    assert_string_equal(text(&r, LLW_launch_flash_attn), "auto");
    assert_string_equal(text(&r, LLW_launch_cache_type_k), "f16");
    assert_string_equal(text(&r, LLW_launch_load_mode), "auto");
    assert_string_equal(text(&r, LLW_launch_fit_target), "1024");
    assert_int_equal(count(&r, LLW_launch_parallel), -1);
    assert_int_equal(flag(&r, LLW_launch_kv_unified), true);
    assert_int_equal(flag(&r, LLW_launch_fit), true);
    assert_int_equal(flag(&r, LLW_launch_override_moves_experts_to_cpu), false);
    assert_int_equal(claim(&r, LLW_launch_ubatch)->grade, LLW_GRADE_DEFAULT);
    end(&r);
}

static void values_and_their_places_are_claimed(void **state) {
    (void)state;
    run r = server("-m m.gguf -c 131072 -ctk q8_0 --cache-type-v q8_0 -ngl 99 --fit off -b 1024 -ub 1024 "
                   "--no-kv-offload -sm row -ts 3,1 -mg 1 -dev CUDA0,CUDA1 -np 2");
    only(&r, 0, true);
    assert_int_equal(count(&r, LLW_launch_ctx), 131072);
    assert_int_equal(count(&r, LLW_launch_gpu_layers), 99);
    assert_int_equal(flag(&r, LLW_launch_fit), false);
    assert_int_equal(count(&r, LLW_launch_ubatch), 1024);
    assert_string_equal(claim(&r, LLW_launch_ubatch)->place, "argument 16");
    assert_int_equal(claim(&r, LLW_launch_ubatch)->grade, LLW_GRADE_FLAG);
    assert_string_equal(text(&r, LLW_launch_cache_type_v), "q8_0");
    assert_int_equal(flag(&r, LLW_launch_kv_offload), false);
    assert_string_equal(text(&r, LLW_launch_tensor_split), "3,1");
    assert_int_equal(count(&r, LLW_launch_parallel), 2);
    assert_int_equal(flag(&r, LLW_launch_kv_unified), false);
    end(&r);
}

static void every_spelling_of_an_option_is_the_same_option(void **state) {
    (void)state;
    static const char *const lines[] = {"-ngl 20", "--gpu-layers 20", "--n-gpu-layers 20",
                                        "--n_gpu_layers 20", "--gpu_layers 20"};
    for (size_t i = 0; i < 5; i++) {
        run r = server(lines[i]);
        only(&r, 0, true);
        assert_int_equal(count(&r, LLW_launch_gpu_layers), 20);
        end(&r);
    }
    run r = server("-ngl all -np 3 -kvu");
    assert_int_equal(count(&r, LLW_launch_gpu_layers), -2);
    assert_int_equal(flag(&r, LLW_launch_kv_unified), true);
    end(&r);
    r = server("-ngl -7");
    assert_int_equal(count(&r, LLW_launch_gpu_layers), -2);
    end(&r);
    r = server("-ngl auto");
    assert_int_equal(count(&r, LLW_launch_gpu_layers), -1);
    assert_int_equal(claim(&r, LLW_launch_gpu_layers)->grade, LLW_GRADE_FLAG);
    end(&r);
}

static void underscores_count_behind_two_hyphens_only(void **state) {
    (void)state;
    run r = server("-no_kvu");
    const llw_flag_problem *p = only(&r, LLW_F_UNKNOWN, false);
    assert_string_equal(p->advice, "write -no-kvu");
    end(&r);
}

static void a_mistyped_option_gets_a_proposal(void **state) {
    (void)state;
    run r = server("--ctxsize 4096 -ub 256");
    const llw_flag_problem *p = only(&r, LLW_F_UNKNOWN, false);
    assert_string_equal(p->advice, "did you mean --ctx-size?");
    assert_string_equal(p->place, "argument 1");
    assert_int_equal(count(&r, LLW_launch_ubatch), 256);
    end(&r);
}

static void equals_form_is_refused_and_understood(void **state) {
    (void)state;
    run r = server("--ctx-size=4096");
    const llw_flag_problem *p = only(&r, LLW_F_EQUALS, false);
    assert_string_equal(p->advice, "write --ctx-size 4096");
    assert_int_equal(count(&r, LLW_launch_ctx), 4096);
    end(&r);
    r = server("--api-key=hunter2");
    assert_null(strstr(only(&r, LLW_F_EQUALS, false)->advice, "hunter2"));
    assert_null(strstr(r.out.refused, "hunter2"));
    end(&r);
}

static void a_value_is_taken_even_if_it_is_an_option(void **state) {
    (void)state;
    run r = server("-fa -c 4096");
    const llw_flag_problem *p = problem(&r, LLW_F_SWALLOWED);
    assert_non_null(p);
    assert_string_equal(p->message, "llama-server ends here: -fa takes the option -c as its value; before "
                                    "b6451 (2025-09-13) it took none");
    assert_string_equal(p->advice, "write -fa on");
    assert_null(problem(&r, LLW_F_BAD_VALUE)); /* the same once more */
    assert_non_null(problem(&r, LLW_F_WORD));  /* 4096 is left over */
    assert_string_equal(r.out.refused, p->message);
    assert_int_equal(count(&r, LLW_launch_ctx), 0);
    end(&r);
    r = server("-c -ngl 99");
    assert_int_equal(problem(&r, LLW_F_SWALLOWED)->level, LLW_PROBLEM_WRONG);
    assert_null(problem(&r, LLW_F_NOT_A_NUMBER));
    end(&r);
    r = server("--host --port 8080"); /* a text takes anything */
    assert_string_equal(problem(&r, LLW_F_SWALLOWED)->message, "--host takes the option --port as its value");
    end(&r);
    r = server("-ngl -1");
    only(&r, 0, true);
    end(&r);
    r = server("-c");
    only(&r, LLW_F_MISSING_VALUE, false);
    end(&r);
}

static void numbers_are_read_as_stoi_does(void **state) {
    (void)state;
    static const struct {
        const char *word;
        int64_t n;
    } partial[] = {{"4k", 4}, {"0x4", 0}, {"12abc", 12}, {"8192.5", 8192}, {"1e5", 1}};
    for (size_t i = 0; i < 5; i++) {
        char line[64];
        snprintf(line, sizeof line, "-ub %s", partial[i].word);
        run r = server(line);
        const llw_flag_problem *p = only(&r, LLW_F_PARTIAL_NUMBER, true);
        if (!i) assert_string_equal(p->advice, "write 4096");
        assert_int_equal(p->level, LLW_PROBLEM_WRONG);
        assert_int_equal(count(&r, LLW_launch_ubatch), partial[i].n);
        end(&r);
    }
    static const char *const bad[] = {"abc", "99999999999", "auto", "k4", "${CTX}"};
    for (size_t i = 0; i < 5; i++) {
        char line[64];
        snprintf(line, sizeof line, "-c %s", bad[i]);
        run r = server(line);
        only(&r, LLW_F_NOT_A_NUMBER, false);
        end(&r);
    }
    run r = server("-c +4096");
    only(&r, 0, true);
    assert_int_equal(count(&r, LLW_launch_ctx), 4096);
    end(&r);
    r = server("-c ''");
    only(&r, LLW_F_EMPTY, false);
    end(&r);
    r = server("-c -5");
    only(&r, LLW_F_RANGE, true);
    assert_int_equal(count(&r, LLW_launch_ctx), 4294967291);
    end(&r);
    r = server("-ncmoe -1");
    assert_string_equal(only(&r, LLW_F_RANGE, false)->advice, "write 0 or more");
    end(&r);
    r = server("--spec-ngram-simple-size-n 2000");
    assert_string_equal(only(&r, LLW_F_RANGE, false)->advice, "write 1 to 1024");
    end(&r);
    r = server("-ts 1e-50");
    only(&r, LLW_F_NOT_A_NUMBER, false);
    end(&r);
    r = server("-np 0");
    only(&r, LLW_F_RANGE, false);
    end(&r);
}

static void choices_are_exact(void **state) {
    (void)state;
    run r = server("-fa yes");
    assert_string_equal(only(&r, LLW_F_BAD_VALUE, false)->advice, "write on");
    end(&r);
    r = server("-fit False");
    assert_string_equal(only(&r, LLW_F_BAD_VALUE, false)->advice, "write off");
    end(&r);
    r = server("-fit enabled -fa -1");
    only(&r, 0, true);
    assert_string_equal(text(&r, LLW_launch_flash_attn), "auto");
    end(&r);
    r = server("-ctk Q8_0");
    assert_string_equal(only(&r, LLW_F_BAD_VALUE, false)->advice, "write q8_0");
    end(&r);
    r = server("-sm graph");
    assert_non_null(strstr(only(&r, LLW_F_BAD_VALUE, false)->advice, "none,layer,row,tensor"));
    end(&r);
}

static void the_last_setting_wins_and_the_loss_is_said(void **state) {
    (void)state;
    run r = server("-c 1024 -c 2048");
    assert_int_equal(only(&r, LLW_F_REPEATED, true)->level, LLW_PROBLEM_RISK);
    assert_int_equal(count(&r, LLW_launch_ctx), 2048);
    assert_string_equal(claim(&r, LLW_launch_ctx)->place, "argument 4");
    assert_true(llw_facts_conflict(r.facts, r.out.launch, LLW_launch_ctx));
    end(&r);
    r = server("-c 1024 --ctx-size 2048");
    only(&r, LLW_F_REPEATED_ALIAS, true);
    assert_int_equal(count(&r, LLW_launch_ctx), 2048);
    end(&r);
    r = server("-c 2048 -c 2048");
    assert_int_equal(only(&r, LLW_F_REPEATED, true)->level, LLW_PROBLEM_NOTE);
    end(&r);
    r = server("--kv-offload -nkvo");
    only(&r, LLW_F_REPEATED_ALIAS, true);
    assert_int_equal(flag(&r, LLW_launch_kv_offload), false);
    end(&r);
}

static void appending_options_add_up_in_their_order(void **state) {
    (void)state;
    run r = server("-ot blk\\.1\\.=CUDA0 -cmoe -ot a=CPU,b=CUDA1 -ncmoe 3");
    only(&r, 0, true);
    assert_string_equal(text(&r, LLW_launch_override_tensor), "blk\\.1\\.=CUDA0,a=CPU,b=CUDA1");
    assert_string_equal(text(&r, LLW_launch_override_order), "ot:1,cmoe,ot:2,ncmoe");
    assert_false(llw_facts_conflict(r.facts, r.out.launch, LLW_launch_override_tensor));
    assert_int_equal(flag(&r, LLW_launch_override_moves_experts_to_cpu), true);
    end(&r);
    r = server("-ncmoe 10 -ncmoe 0");
    only(&r, 0, true);
    assert_int_equal(count(&r, LLW_launch_n_cpu_moe), 10);
    end(&r);
    r = read_on(NULL, LLW_PROGRAM_SERVER, "LLAMA_ARG_OVERRIDE_TENSOR=x=CPU LLAMA_ARG_CPU_MOE=1",
                "-ot y=CUDA0");
    assert_string_equal(text(&r, LLW_launch_override_tensor), "x=CPU,y=CUDA0");
    assert_string_equal(text(&r, LLW_launch_override_order), "ot:1,cmoe,ot:1");
    assert_non_null(strstr(only(&r, LLW_F_ENV_LOST, true)->message, "both count"));
    end(&r);
}

static void experts_move_only_if_the_first_match_sends_them(void **state) {
    (void)state;
    static const struct {
        const char *line;
        bool moves;
    } cases[] = {{"-ot exps=CPU", true},
                 {"-ot .ffn_.*_exps.=CPU", true},
                 {"-ot blk\\.(2[0-9]|3[0-9])\\.ffn_.*_exps\\.=CPU", true},
                 {"-ot attn=CPU", false},
                 {"-ot exps=CUDA0", false},
                 {"-ot exps=CUDA0,exps=CPU", false},
                 {"-ot exps=CUDA0 -cmoe", false},
                 {"-cmoe -ot exps=CUDA0", true},
                 {"-ncmoe 0", false},
                 {"-ncmoe 1", true},
                 {"-ncffn 4", false},
                 {"-ot (a+)+$=CPU", false},
                 {"-ot [=CPU", false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        run r = server(cases[i].line);
        if (flag(&r, LLW_launch_override_moves_experts_to_cpu) != cases[i].moves)
            fail_msg("%s", cases[i].line);
        end(&r);
    }
}

static void buffer_types_are_exact(void **state) {
    (void)state;
    static const char *const lines[][2] = {
        {"-ot exps=cpu", "write CPU"},
        {"-ot exps=cuda1", "write CUDA1"},
        {"-ot exps=CUDA", "write CUDA0, with the number of the GPU"},
        {"-ot exps=CUDA_Host", "write CPU: pinned memory is chosen by llama.cpp itself"}};
    for (size_t i = 0; i < 4; i++) {
        run r = server(lines[i][0]);
        assert_string_equal(only(&r, LLW_F_BUFFER, false)->advice, lines[i][1]);
        end(&r);
    }
    run r = server("-ot blk\\.\\d{1,2}\\.=CPU");
    assert_non_null(strstr(only(&r, LLW_F_BAD_VALUE, false)->advice, "comma inside a pattern"));
    end(&r);
}

static void lists_are_split_as_llama_cpp_splits_them(void **state) {
    (void)state;
    run r = server("-fitt 128,1024 -ts 3/1,2");
    only(&r, 0, true);
    assert_string_equal(text(&r, LLW_launch_fit_target), "128,1024");
    assert_string_equal(text(&r, LLW_launch_tensor_split), "3,1,2");
    end(&r);
    r = server("-ts 3,1,");
    only(&r, 0, true);
    assert_string_equal(text(&r, LLW_launch_tensor_split), "3,1");
    end(&r);
    r = server("-ts ,3");
    only(&r, LLW_F_NOT_A_NUMBER, false);
    end(&r);
    r = server("-fitt 1G");
    only(&r, LLW_F_PARTIAL_NUMBER, true);
    assert_string_equal(text(&r, LLW_launch_fit_target), "1");
    end(&r);
    r = server("-dev none,CUDA0");
    only(&r, LLW_F_BAD_VALUE, false);
    end(&r);
    r = server("-fitt -1");
    only(&r, LLW_F_RANGE, true);
    end(&r);
    r = server("-ts 1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1");
    only(&r, LLW_F_RANGE, false);
    end(&r);
    r = server("-ts nan");
    only(&r, LLW_F_RANGE, true);
    end(&r);
}

static void the_environment_comes_first(void **state) {
    (void)state;
    run r = read_on(NULL, LLW_PROGRAM_SERVER, "LLAMA_ARG_CTX_SIZE=8192 LLAMA_ARG_UBATCH=256", "-c 4096");
    const llw_flag_problem *p = only(&r, LLW_F_ENV_LOST, true);
    assert_non_null(strstr(p->message, "box.env:1"));
    assert_int_equal(count(&r, LLW_launch_ctx), 4096);
    assert_int_equal(count(&r, LLW_launch_ubatch), 256);
    assert_int_equal(claim(&r, LLW_launch_ubatch)->grade, LLW_GRADE_CONFIG);
    assert_string_equal(claim(&r, LLW_launch_ubatch)->place, "box.env:2");
    end(&r);
}

static void variables_have_their_own_traps(void **state) {
    (void)state;
    run r = read_on(NULL, LLW_PROGRAM_SERVER, "LLAMA_ARG_NO_KV_OFFLOAD=0", "");
    only(&r, LLW_F_ENV_PRESENCE, true);
    assert_int_equal(flag(&r, LLW_launch_kv_offload), false);
    end(&r);
    r = read_on(NULL, LLW_PROGRAM_SERVER, "LLAMA_ARG_NO_KV_OFFLOAD=", "");
    only(&r, LLW_F_ENV_PRESENCE, true);
    end(&r);
    r = read_on(NULL, LLW_PROGRAM_SERVER, "LLAMA_ARG_KV_OFFLOAD=True", "");
    only(&r, LLW_F_BAD_VALUE, false);
    end(&r);
    r = read_on(NULL, LLW_PROGRAM_SERVER, "LLAMA_ARG_CPU_MOE=yes", "");
    only(&r, LLW_F_ENV_IGNORED, true);
    assert_int_equal(flag(&r, LLW_launch_cpu_moe), false);
    end(&r);
    r = read_on(NULL, LLW_PROGRAM_SERVER, "LLAMA_ARG_CPU_MOE=0", "");
    only(&r, 0, true);
    assert_int_equal(flag(&r, LLW_launch_cpu_moe), false);
    end(&r);
    r = read_on(NULL, LLW_PROGRAM_SERVER, "LLAMA_ARG_CPU_MOE=enabled", "");
    assert_int_equal(flag(&r, LLW_launch_cpu_moe), true);
    end(&r);
    r = read_on(NULL, LLW_PROGRAM_SERVER, "LLAMA_ARG_N_GPU_LAYERS=", "");
    only(&r, LLW_F_EMPTY, false);
    end(&r);
    r = read_on(NULL, LLW_PROGRAM_SERVER, "LLAMA_ARG_UBATCH_SIZE=64 PATH=/bin", "");
    assert_string_equal(only(&r, LLW_F_ENV_IGNORED, true)->flag, "LLAMA_ARG_UBATCH_SIZE");
    end(&r);
    r = read_on("v0.5.0", LLW_PROGRAM_SERVER, "LLAMA_LOG_FILE=x", "");
    assert_non_null(strstr(only(&r, LLW_F_ENV_IGNORED, true)->advice, "LLAMA_ARG_LOG_FILE"));
    end(&r);
    r = read_on("2026-05-04", LLW_PROGRAM_SERVER, "LLAMA_LOG_FILE=x", "");
    only(&r, 0, true);
    end(&r);
}

static void an_empty_model_is_a_router(void **state) {
    (void)state;
    run r = read_on(NULL, LLW_PROGRAM_SERVER, "LLAMA_ARG_MODEL=", "");
    only(&r, LLW_F_ROUTER, true);
    assert_true(r.out.model.router);
    assert_null(r.out.model.path);
    end(&r);
    r = read_on(NULL, LLW_PROGRAM_CLI, "LLAMA_ARG_MODEL=", "-m m.gguf");
    only(&r, LLW_F_ENV_LOST, true);
    assert_string_equal(r.out.model.path, "m.gguf");
    end(&r);
    r = read_on(NULL, LLW_PROGRAM_CLI, "", "-m ''");
    only(&r, LLW_F_EMPTY, false);
    end(&r);
    r = server("-hf ggml-org/some-GGUF:Q8_0");
    only(&r, 0, true);
    assert_true(r.out.model.remote);
    assert_string_equal(r.out.model.path, "ggml-org/some-GGUF:Q8_0");
    end(&r);
}

static void an_unknown_word_makes_the_slot_unknown(void **state) {
    (void)state;
    run r = read_on(NULL, LLW_PROGRAM_SERVER, "LLAMA_ARG_CTX_SIZE=8192", "-c ? -ub 256");
    assert_non_null(problem(&r, LLW_F_NOT_KNOWN));
    assert_null(r.out.refused);
    assert_int_equal(count(&r, LLW_launch_ctx), -77);
    assert_false(claim(&r, LLW_launch_ctx)->value.known);
    assert_string_equal(claim(&r, LLW_launch_ctx)->place, "argument 2");
    assert_int_equal(count(&r, LLW_launch_ubatch), 256);
    end(&r);
    r = server("-c ? -c 4096");
    assert_int_equal(count(&r, LLW_launch_ctx), 4096);
    end(&r);
    r = server("-ot ?");
    assert_int_equal(flag(&r, LLW_launch_override_moves_experts_to_cpu), -1);
    assert_string_equal(text(&r, LLW_launch_override_tensor), "(unknown)");
    end(&r);
}

static void values_that_lost_on_the_way_stay_visible(void **state) {
    (void)state;
    llw_facts *f = llw_facts_new();
    llw_token docker = {"50", "Dockerfile:4", "Dockerfile ENV", NULL},
              compose = {"99", "compose.yml:7:20", "Compose default", &docker};
    llw_token args[] = {{"-ngl", "Dockerfile:9", "Dockerfile CMD", NULL},
                        {"auto", ".env:2", ".env", &compose}};
    llw_argv in = {.id = "x", .args = args, .n_args = 2, .args_grade = LLW_GRADE_CONFIG};
    llw_argv_result out;
    assert_int_equal(llw_argv_read(f, &in, &out, NULL), LLW_OK);
    size_t n = 0;
    const llw_claim **c = llw_facts_claims(f, out.launch, LLW_launch_gpu_layers, llw_facts_arena(f), &n);
    assert_int_equal(n, 4);
    assert_string_equal(c[0]->origin, ".env");
    assert_string_equal(c[1]->place, "compose.yml:7:20");
    assert_int_equal(c[1]->value.as.count, 99);
    assert_string_equal(c[2]->origin, "Dockerfile ENV");
    assert_int_equal(c[3]->grade, LLW_GRADE_DEFAULT);
    llw_facts_free(f);
}

static void options_belong_to_builds(void **state) {
    (void)state;
    run r = read_on("v0.5.0", LLW_PROGRAM_SERVER, "", "--no-mmap");
    assert_non_null(strstr(only(&r, LLW_F_REMOVED, false)->advice, "--load-mode none"));
    end(&r);
    r = read_on("b8022", LLW_PROGRAM_SERVER, "", "--no-mmap");
    only(&r, 0, true);
    assert_string_equal(text(&r, LLW_launch_load_mode), "none");
    end(&r);
    r = read_on("b8022", LLW_PROGRAM_SERVER, "", "--mlock --no-mmap");
    assert_string_equal(text(&r, LLW_launch_load_mode), "mlock");
    end(&r);
    r = read_on("2026-08-02", LLW_PROGRAM_SERVER, "", "--mlock --no-mmap");
    assert_string_equal(text(&r, LLW_launch_load_mode), "none");
    end(&r);
    r = read_on("b8022", LLW_PROGRAM_SERVER, "", "--load-mode none");
    assert_non_null(strstr(only(&r, LLW_F_NOT_YET, false)->message, "no --load-mode before 2026-08-02"));
    end(&r);
    /* nobody says which build: told with the build from which it is so, and read as older ones do */
    r = server("--no-mmap -c 4096");
    const llw_flag_problem *p = only(&r, LLW_F_REMOVED, true);
    assert_int_equal(p->level, LLW_PROBLEM_RISK);
    assert_non_null(strstr(p->message, "from b10884 (2026-09-10) on"));
    assert_string_equal(text(&r, LLW_launch_load_mode), "none");
    end(&r);
    r = read_on(NULL, LLW_PROGRAM_SERVER, "LLAMA_ARG_NO_MMAP=1", "");
    assert_non_null(
        strstr(only(&r, LLW_F_ENV_IGNORED, true)->message, "no longer reads LLAMA_ARG_NO_MMAP from b10884"));
    end(&r);
    r = read_on(NULL, LLW_PROGRAM_SERVER, "LLAMA_ARG_BATCH_SIZE=512", "");
    assert_non_null(strstr(only(&r, LLW_F_ENV_IGNORED, true)->advice, "--batch-size is LLAMA_ARG_BATCH"));
    end(&r);
    r = read_on(NULL, LLW_PROGRAM_SERVER, "LLAMA_ARG_THREADS_BATCH=8", "");
    assert_non_null(strstr(only(&r, LLW_F_ENV_IGNORED, true)->advice, "it has no variable"));
    end(&r);
    r = read_on("b8022", LLW_PROGRAM_SERVER, "", "");
    assert_string_equal(text(&r, LLW_launch_load_mode), "mmap");
    end(&r);
    r = read_on("v0.5.0", LLW_PROGRAM_SERVER, "", "--draft-max 16");
    assert_non_null(strstr(only(&r, LLW_F_REMOVED, false)->advice, "--spec-draft-n-max"));
    end(&r);
    r = server("--draft-max 16");
    assert_int_equal(only(&r, LLW_F_REMOVED, true)->level, LLW_PROBLEM_RISK);
    end(&r);
    r = read_on("b6451", LLW_PROGRAM_SERVER, "", "");
    assert_int_equal(flag(&r, LLW_launch_fit), false);
    end(&r);
    r = read_on("b7394", LLW_PROGRAM_SERVER, "", "");
    assert_int_equal(flag(&r, LLW_launch_fit), -1);
    end(&r);
}

static void options_belong_to_programs(void **state) {
    (void)state;
    run r = server("--server-base x");
    only(&r, LLW_F_OTHER_PROGRAM, false);
    end(&r);
    r = server("-p hello");
    only(&r, LLW_F_OTHER_PROGRAM, false);
    end(&r);
    r = read_on(NULL, LLW_PROGRAM_CLI, "", "-p hello --embedding");
    only(&r, LLW_F_OTHER_PROGRAM, false);
    assert_int_equal(count(&r, LLW_launch_parallel), 1);
    end(&r);
    r = read_on(NULL, LLW_PROGRAM_FIT_PARAMS, "", "-m m.gguf --fit-print on");
    only(&r, 0, true);
    assert_int_equal(flag(&r, LLW_launch_kv_unified), false);
    end(&r);
}

static void llama_bench_has_its_own_parser_and_defaults(void **state) {
    (void)state;
    run r = read_on("2026-05-04", LLW_PROGRAM_BENCH, "LLAMA_ARG_CTX_SIZE=4096", "-m m.gguf");
    only(&r, 0, true);
    assert_int_equal(count(&r, LLW_launch_gpu_layers), 99);
    assert_string_equal(text(&r, LLW_launch_flash_attn), "off");
    assert_int_equal(flag(&r, LLW_launch_fit), false);
    assert_int_equal(count(&r, LLW_launch_ctx), 512);
    end(&r);
    r = read_on("v0.5.0", LLW_PROGRAM_BENCH, "",
                "-m m.gguf -p 512,4096 -n 32 -d 16384 -fa 1 -nkvo 1 -ub 512,2048 -ot a=CPU;b=CUDA0");
    assert_non_null(problem(&r, LLW_F_BENCH_LIST));
    assert_null(r.out.refused);
    assert_int_equal(count(&r, LLW_launch_ctx), 4096 + 16384);
    assert_int_equal(count(&r, LLW_launch_gpu_layers), -1);
    assert_string_equal(text(&r, LLW_launch_flash_attn), "on");
    assert_int_equal(flag(&r, LLW_launch_kv_offload), false);
    assert_int_equal(count(&r, LLW_launch_ubatch), 512);
    assert_string_equal(text(&r, LLW_launch_override_tensor), "a=CPU,b=CUDA0");
    assert_int_equal(flag(&r, LLW_launch_fit), false);
    end(&r);
    r = read_on("v0.5.0", LLW_PROGRAM_BENCH, "", "-fitt 512");
    assert_int_equal(flag(&r, LLW_launch_fit), true);
    end(&r);
    r = read_on(NULL, LLW_PROGRAM_BENCH, "", "-c 4096");
    only(&r, LLW_F_OTHER_PROGRAM, false);
    end(&r);
}

static void embeddings_and_slots_are_adjusted(void **state) {
    (void)state;
    run r = server("--embeddings -b 2048 -ub 512");
    only(&r, LLW_F_ADJUSTED, true);
    assert_int_equal(flag(&r, LLW_launch_embedding_mode), true);
    end(&r);
    r = server("--reranking -b 1024 -ub 1024");
    only(&r, 0, true);
    assert_int_equal(flag(&r, LLW_launch_embedding_mode), true);
    assert_int_equal(flag(&r, LLW_launch_rerank), true);
    assert_string_equal(text(&r, LLW_launch_pooling), "rank");
    end(&r);
    r = server("--no-kv-unified");
    only(&r, LLW_F_ADJUSTED, true);
    end(&r);
    r = server("--kv-unified-per-slot 8192");
    assert_int_equal(count(&r, LLW_launch_ctx), 32768);
    end(&r);
    r = server("--kv-unified-per-slot 8192 -np 2 -c 1024");
    assert_int_equal(count(&r, LLW_launch_ctx), 1024);
    end(&r);
    r = server("-c 0");
    assert_int_equal(count(&r, LLW_launch_fit_ctx), UINT32_MAX);
    end(&r);
    r = server("-c 0 -fitc 8192");
    assert_int_equal(count(&r, LLW_launch_fit_ctx), 8192);
    end(&r);
    r = server("--fim-qwen-7b-default");
    assert_int_equal(count(&r, LLW_launch_ubatch), 1024);
    assert_int_equal(count(&r, LLW_launch_fit_ctx), 4096);
    assert_true(r.out.model.remote);
    end(&r);
}

static void secrets_are_never_kept(void **state) {
    (void)state;
    run r = read_on(NULL, LLW_PROGRAM_SERVER, "LLAMA_API_KEY=hunter2 HF_TOKEN=hunter2",
                    "--api-key hunter2 --api-key hunter2 -hft hunter2 --hf-token hunter2");
    assert_non_null(problem(&r, LLW_F_SECRET));
    for (size_t i = 0; i < r.out.n_problems; i++) {
        assert_null(strstr(r.out.problems[i].message, "hunter2"));
        assert_null(strstr(r.out.problems[i].advice, "hunter2"));
    }
    llw_arena *arena = llw_arena_new();
    for (int a = 1; a < LLW_ATTRS; a++) {
        if (llw_attr_get((llw_attr)a)->kind != LLW_KIND_launch) continue;
        size_t n = 0;
        const llw_claim **c = llw_facts_claims(r.facts, r.out.launch, (llw_attr)a, arena, &n);
        for (size_t i = 0; i < n; i++)
            if (c[i]->value.known && llw_type_is_text(c[i]->value.type))
                assert_null(strstr(c[i]->value.as.text, "hunter2"));
    }
    llw_arena_free(arena);
    end(&r);
}

static void some_options_end_the_program(void **state) {
    (void)state;
    run r = server("--version");
    only(&r, LLW_F_EXITS, true);
    assert_true(r.out.exits);
    end(&r);
}

static void each_code_explains_itself(void **state) {
    (void)state;
    for (int i = LLW_F_UNKNOWN; i < LLW_FLAG_CODES; i++) {
        llw_flag_code code = (llw_flag_code)i;
        char name[16];
        snprintf(name, sizeof name, "F%02d", i);
        assert_string_equal(llw_flag_code_name(code), name);
        assert_true(strlen(llw_flag_code_title(code)) > 4 && strlen(llw_flag_code_text(code)) > 20);
        assert_int_equal(llw_flag_code_find(name), code);
    }
    assert_int_equal(llw_flag_code_find("F99"), 0);
}

static void a_setting_is_written_as_llama_cpp_reads_it(void **state) {
    (void)state;
    llw_arena *arena = llw_arena_new();
    llw_flags flags;
    assert_int_equal(llw_flags_load(arena, &flags, NULL), LLW_OK);
    int64_t now = llw_build_order("v0.5.0"), old = llw_build_order("b8022");
#define WRITE(attr, value, order)                                                                            \
    llw_flag_write(&flags, arena, LLW_launch_##attr, value, LLW_PROGRAM_SERVER, order)
    assert_string_equal(WRITE(ubatch, llw_count(512), now), "-ub 512");
    assert_string_equal(WRITE(gpu_layers, llw_count(-1), now), "-ngl auto");
    assert_string_equal(WRITE(kv_offload, llw_flag(false), now), "--no-kv-offload");
    assert_string_equal(WRITE(fit, llw_flag(false), now), "-fit off");
    assert_string_equal(WRITE(cpu_moe, llw_flag(true), now), "-cmoe");
    assert_null(WRITE(cpu_moe, llw_flag(false), now));
    assert_null(WRITE(tensor_split, llw_string(LLW_LIST, ""), now));
    assert_string_equal(WRITE(override_tensor, llw_string(LLW_LIST, "a.*=CPU"), now), "-ot 'a.*=CPU'");
    assert_string_equal(WRITE(load_mode, llw_string(LLW_TEXT, "none"), now), "-lm none");
    assert_string_equal(WRITE(load_mode, llw_string(LLW_TEXT, "none"), old), "--no-mmap");
    assert_null(WRITE(n_cpu_ffn, llw_count(3), old));
    assert_null(WRITE(ubatch, llw_unknown(LLW_COUNT), now));
#undef WRITE
    llw_arena_free(arena);
}

/* Every prefix of a line, and lines of random words from the table: no crash, no endless loop, claims stay
 * readable. */
static void any_line_is_survived(void **state) {
    (void)state;
    static const char *const pool[] = {"-c",        "4096",
                                       "-ot",       "a=CPU",
                                       "'',",       "?",
                                       "-np",       "-fa",
                                       "on",        "--x=y",
                                       "-ts",       ",,,",
                                       "1e400",     "-",
                                       "--",        "---",
                                       "-1",        "99999999999999999999",
                                       "--api-key", "-ncmoe",
                                       "4000000",   "-fitt",
                                       "=",         "=CPU",
                                       "-kvu",      "-m",
                                       "--no-mmap", "\xff\xfe",
                                       "%s%n",      "-dev",
                                       "none",      "--kv-unified-per-slot",
                                       "2147483647"};
    uint32_t seed = 7;
    llw_arena *arena = llw_arena_new();
    for (int round = 0; round < 300; round++) {
        char line[1024] = "";
        for (int w = 0; w < 12; w++) {
            seed = seed * 1664525u + 1013904223u;
            strcat(strcat(line, pool[(seed >> 16) % (sizeof pool / sizeof *pool)]), " ");
        }
        run r = read_on(round % 2 ? "b8022" : NULL, (llw_program)(round % 4),
                        round % 3 ? "" : "LLAMA_ARG_OVERRIDE_TENSOR=,= LLAMA_ARG_FIT=? LLAMA_ARG_X=1", line);
        llw_launch launch;
        llw_attr missing;
        llw_err err = {0};
        llw_launch_read(r.facts, r.out.launch, arena, &launch, &missing, &err);
        end(&r);
    }
    llw_arena_free(arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_those_of_the_server),
        cmocka_unit_test(values_and_their_places_are_claimed),
        cmocka_unit_test(every_spelling_of_an_option_is_the_same_option),
        cmocka_unit_test(underscores_count_behind_two_hyphens_only),
        cmocka_unit_test(a_mistyped_option_gets_a_proposal),
        cmocka_unit_test(equals_form_is_refused_and_understood),
        cmocka_unit_test(a_value_is_taken_even_if_it_is_an_option),
        cmocka_unit_test(numbers_are_read_as_stoi_does),
        cmocka_unit_test(choices_are_exact),
        cmocka_unit_test(the_last_setting_wins_and_the_loss_is_said),
        cmocka_unit_test(appending_options_add_up_in_their_order),
        cmocka_unit_test(experts_move_only_if_the_first_match_sends_them),
        cmocka_unit_test(buffer_types_are_exact),
        cmocka_unit_test(lists_are_split_as_llama_cpp_splits_them),
        cmocka_unit_test(the_environment_comes_first),
        cmocka_unit_test(variables_have_their_own_traps),
        cmocka_unit_test(an_empty_model_is_a_router),
        cmocka_unit_test(an_unknown_word_makes_the_slot_unknown),
        cmocka_unit_test(values_that_lost_on_the_way_stay_visible),
        cmocka_unit_test(options_belong_to_builds),
        cmocka_unit_test(options_belong_to_programs),
        cmocka_unit_test(llama_bench_has_its_own_parser_and_defaults),
        cmocka_unit_test(embeddings_and_slots_are_adjusted),
        cmocka_unit_test(secrets_are_never_kept),
        cmocka_unit_test(some_options_end_the_program),
        cmocka_unit_test(each_code_explains_itself),
        cmocka_unit_test(a_setting_is_written_as_llama_cpp_reads_it),
        cmocka_unit_test(any_line_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
