/* llama.cpp's argument grammar: each trap of its parser, as claims and problems. */
#include "argv_lines.h"

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

static void what_continues_a_word_is_nearer_than_what_is_as_long(void **state) {
    (void)state;
    run r = server("--ubatch 4096");
    assert_string_equal(only(&r, LLW_F_UNKNOWN, false)->advice, "did you mean --ubatch-size?");
    end(&r);
    r = server("--ctx 4096");
    assert_string_equal(only(&r, LLW_F_UNKNOWN, false)->advice, "did you mean --ctx-size?");
    end(&r);
    r = server("--no 1"); /* that a hundred would continue */
    assert_non_null(strstr(only(&r, LLW_F_UNKNOWN, false)->advice, "leave it out"));
    end(&r);
}

static void a_secret_is_sent_where_its_option_can_take_it_from(void **state) {
    (void)state;
    run r = server("-hft hf_x");
    assert_string_equal(only(&r, LLW_F_SECRET, true)->advice, "use the variable HF_TOKEN");
    end(&r);
    r = server("--api-key hunter2");
    assert_string_equal(only(&r, LLW_F_SECRET, true)->advice, "use --api-key-file, or the environment");
    end(&r);
}

static void equals_form_is_refused_and_understood(void **state) {
    (void)state;
    run r = server("--ctx-size=4096");
    const llw_flag_problem *p = only(&r, LLW_F_EQUALS, false);
    assert_string_equal(p->advice, "write --ctx-size 4096");
    assert_int_equal(count(&r, LLW_launch_ctx), 4096);
    end(&r);
    r = server("--override_tensor=exps_x=CPU -c 8192"); /* its name alone is spelled anew */
    assert_string_equal(only(&r, LLW_F_EQUALS, false)->advice, "write --override-tensor exps_x=CPU");
    const char *moved = "";
    assert_true(llw_facts_text(r.facts, r.out.launch, LLW_launch_override_tensor, &moved));
    assert_string_equal(moved, "exps_x=CPU");
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
                                    "b6325 (2025-08-31) it took none");
    assert_string_equal(p->advice, "write -fa on");
    assert_null(problem(&r, LLW_F_BAD_VALUE)); /* the same once more */
    assert_null(problem(&r, LLW_F_WORD));      /* llama-server has ended: -c 4096 is read as it was meant */
    assert_string_equal(r.out.refused, p->message);
    assert_int_equal(count(&r, LLW_launch_ctx), 4096);
    end(&r);
    r = server("-c -ngl 99");
    assert_int_equal(problem(&r, LLW_F_SWALLOWED)->level, LLW_PROBLEM_WRONG);
    assert_null(problem(&r, LLW_F_NOT_A_NUMBER));
    end(&r);
    r = server("--host --port 8080"); /* a text takes anything */
    assert_string_equal(problem(&r, LLW_F_SWALLOWED)->message, "--host takes the option --port as its value");
    end(&r);
    r = server("-c --no-mmap -b 64"); /* one that was taken out is an option all the same */
    assert_string_equal(problem(&r, LLW_F_SWALLOWED)->message,
                        "llama-server ends here: -c takes the option --no-mmap as its value");
    assert_null(problem(&r, LLW_F_EMPTY));
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
    run whole = server("-ub 64.0"); /* what is dropped changes nothing */
    assert_int_equal(only(&whole, LLW_F_PARTIAL_NUMBER, true)->level, LLW_PROBLEM_NOTE);
    end(&whole);
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

/* What only newer builds look at: told as a risk where nobody says which one runs. */
static void a_value_is_judged_by_the_build(void **state) {
    (void)state;
    run r = server("--repeat-penalty 0");
    assert_non_null(strstr(only(&r, LLW_F_RANGE, true)->message, "before v0.5.0 (2026-09-28) it was taken"));
    end(&r);
    r = read_on("v0.5.0", LLW_PROGRAM_SERVER, "", "--repeat-penalty 0");
    only(&r, LLW_F_RANGE, false);
    end(&r);
    r = read_on("b8022", LLW_PROGRAM_SERVER, "", "--repeat-penalty 0 --spec-type ngram_simple");
    only(&r, 0, true);
    end(&r);
    static const struct {
        const char *line;
        llw_flag_code code; /* 0: llama.cpp takes it */
    } lines[] = {{"--sleep-idle-seconds 0", LLW_F_RANGE},
                 {"--sleep-idle-seconds -1", 0},
                 {"--prio 4", LLW_F_RANGE},
                 {"--seed 18446744073709551615", 0},
                 {"--seed 18446744073709551616", LLW_F_NOT_A_NUMBER},
                 {"--override-kv a.b=int:1,c=bool:false", 0},
                 {"--override-kv a.b=int:1,c", LLW_F_BAD_VALUE},
                 {"--override-kv a=bool:truex", LLW_F_BAD_VALUE},
                 {"--spec-type draft-mtp,ngram-mod", 0},
                 {"--spec-type draft-mtp,x", LLW_F_BAD_VALUE},
                 {"--reasoning-format deep", LLW_F_BAD_VALUE}};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        r = read_on("v0.5.0", LLW_PROGRAM_SERVER, "", lines[i].line);
        only(&r, lines[i].code, !lines[i].code);
        end(&r);
    }
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
    r = server("-ctk iso3"); /* a type of forks */
    assert_int_equal(problem(&r, LLW_F_BAD_VALUE)->level, LLW_PROBLEM_NOTE);
    end(&r);
    r = server("--flash-attn on -fa 1");
    assert_int_equal(only(&r, LLW_F_REPEATED_ALIAS, true)->level, LLW_PROBLEM_NOTE);
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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_those_of_the_server),
        cmocka_unit_test(values_and_their_places_are_claimed),
        cmocka_unit_test(a_value_is_judged_by_the_build),
        cmocka_unit_test(every_spelling_of_an_option_is_the_same_option),
        cmocka_unit_test(underscores_count_behind_two_hyphens_only),
        cmocka_unit_test(a_mistyped_option_gets_a_proposal),
        cmocka_unit_test(what_continues_a_word_is_nearer_than_what_is_as_long),
        cmocka_unit_test(a_secret_is_sent_where_its_option_can_take_it_from),
        cmocka_unit_test(equals_form_is_refused_and_understood),
        cmocka_unit_test(a_value_is_taken_even_if_it_is_an_option),
        cmocka_unit_test(numbers_are_read_as_stoi_does),
        cmocka_unit_test(choices_are_exact),
        cmocka_unit_test(the_last_setting_wins_and_the_loss_is_said),
        cmocka_unit_test(appending_options_add_up_in_their_order),
        cmocka_unit_test(experts_move_only_if_the_first_match_sends_them),
        cmocka_unit_test(buffer_types_are_exact),
        cmocka_unit_test(lists_are_split_as_llama_cpp_splits_them),
    };
    return cmocka_run_group_tests_name("argv", tests, NULL, NULL);
}
