/* Shell scripts on paper: every start of llama.cpp with its words, as far as they are certain. */
#include "source/config/parts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static llw_arena *arena;
static llw_config_result result;
static llw_config_reader reader;
static llw_flags flags;
static const llw_config_options no_options;

static int set_up(void **state) {
    (void)state;
    arena = llw_arena_new();
    result = (llw_config_result){0};
    reader = (llw_config_reader){.arena = arena,
                                 .options = &no_options,
                                 .out = &result,
                                 .budget = LLW_EXPAND_BUDGET,
                                 .copies = LLW_SHELL_BUDGET,
                                 .reread = LLW_SHELL_REREAD,
                                 .flags = &flags};
    return llw_flags_load(&flags, NULL) != LLW_OK;
}

static int tear_down(void **state) {
    (void)state;
    llw_arena_free(arena);
    return 0;
}

static llw_starts starts_of(const char *script) {
    llw_config_file *file = llw_arena_alloc(arena, sizeof *file);
    *file = (llw_config_file){"run.sh",       "run.sh", "",  llw_arena_strdup(arena, script),
                              strlen(script), false,    NULL};
    llw_rich text = llw_config_text(&reader, file, "script");
    llw_start_site site = {.file = "run.sh", .directory = "", .default_origin = "shell default"};
    llw_scope env = {.arena = arena};
    llw_starts starts = {0};
    llw_shell_script(&reader, &site, &text, NULL, &env, &starts);
    return starts;
}

/* "LINE word|word;..." with environment variables in front and the argument behind; ? is what nobody knows.
 */
static const char *told(const char *script) {
    llw_starts starts = starts_of(script);
    llw_text out = {0};
    for (size_t i = 0; i < starts.n; i++) {
        const llw_start *s = &starts.items[i];
        llw_text_addf(&out, "%s%d ", i ? "; " : "", s->line);
        for (size_t k = 0; k < s->low.env.n; k++)
            llw_text_addf(&out, "%s=%s ", s->low.env.items[k].name,
                          llw_rich_show(arena, &s->low.env.items[k].value));
        for (size_t k = 0; k < s->low.words.n; k++)
            llw_text_addf(&out, "%s%s", k ? "|" : "", llw_rich_show(arena, &s->low.words.items[k]));
        if (s->argument) llw_text_addf(&out, " (%s)", s->argument);
    }
    const char *copy = llw_arena_strdup(arena, llw_text_str(&out));
    llw_text_fini(&out);
    return copy;
}

typedef struct sample {
    const char *script, *want;
} sample;

static void check(const sample *cases, size_t n) {
    for (size_t i = 0; i < n; i++) {
        const char *got = told(cases[i].script);
        if (strcmp(got, cases[i].want))
            fail_msg("%s\n gives %s\n  not  %s", cases[i].script, got, cases[i].want);
    }
}
#define CHECK(cases) check(cases, sizeof cases / sizeof *cases)

static void what_a_script_starts_is_found_behind_every_wrapper(void **state) {
    (void)state;
    static const sample cases[] = {
        {"#!/bin/sh\n\nexec nohup ./build/bin/llama-server -m a.gguf -ngl 99 > log 2>&1 &\n",
         "3 -m|a.gguf|-ngl|99"},
        {"CUDA_VISIBLE_DEVICES=0 taskset -c 0-7 nice -n 5 llama-server -c 1\n",
         "1 CUDA_VISIBLE_DEVICES=0 -c|1"},
        {"sudo -u llama env A=1 LLAMA_ARG_FIT=off llama-server -c 2", "1 A=1 LLAMA_ARG_FIT=off -c|2"},
        {"numactl --cpunodebind=0 -m 0 llama-server -c 1", "1 -c|1"},
        {"timeout -s INT 60 llama-bench -m a.gguf", "1 -m|a.gguf"},
        {"bash -c 'exec llama-server -c $C -b 1'", "1 -c|?|-b|1"},
        {"bash -lc \"llama-server -c 1\"", "1 -c|1"},
        {"screen -dmS llm llama-server -c 3", "1 -c|3"},
        {"tmux new-session -d -s x 'cd /m && llama-server -c 4'", "1 -c|4"},
        {"tmux send-keys -t x \"llama-server -c 5\" C-m", "1 -c|5"},
        {"ssh gpu1 llama-server -c 6 --port 1", "1 -c|6|--port|1"},
        {"ssh gpu1 bash -s <<'EOF'\nllama-server -c 7\nEOF\n", "2 -c|7"},
        {"eval \"llama-server $A -c 8\"; A=1", "1 -c|8"},
        {"CMD='llama-server -m x -c 9'\n$CMD --port 1\n", "2 -m|x|-c|9|--port|1"},
        {"CMD=(llama-server -m 'a b.gguf')\nCMD+=(-c 1)\n\"${CMD[@]}\"\n", "3 -m|a b.gguf|-c|1"},
        {"alias q='llama-server -m q.gguf -ngl 99'\n", "1 -m|q.gguf|-ngl|99"},
        {"X=$(llama-cli -m a.gguf -p hi)\n", "1 -m|a.gguf|-p|hi"},
        {"echo hi | llama-cli -m a.gguf\n", "1 -m|a.gguf"},
        {"\"$BIN/llama-server\" -c 1; ${LLAMA:-llama-server} -c 2", "1 -c|1; 1 -c|2"},
        {"~/bin/llama-server-vulkan -m a.gguf -c 1", "1 -m|a.gguf|-c|1"},
        {"llama-server-ctl start -c 1", ""},
        {"./llama-server-start.sh -m a.gguf", ""},
        {"C:/llama/llama-server.exe -c 1", "1 -c|1"},
        {"./server -m a.gguf -c 1; ./server start; ./main -m \"$M\" -n 1", "1 -m|a.gguf|-c|1; 1 -m|?|-n|1"},
    };
    CHECK(cases);
}

/* Found beside bash (tests/beside/bash.py). */
static void what_bash_does_is_certain(void **state) {
    (void)state;
    static const sample cases[] = {
        {"llama-server -p $'it\\'s\\n' -a $'\\x41' -b $'\\q'", "1 -p|it's\n|-a|?|-b|\\q"},
        {"N=1; let N=3+4; llama-server -c $N", "1 -c|?"},
        {"(( N = 5 )); N=$N; llama-server -c ${N:-1}; M=2; ((M++)); llama-server -c $M", "1 -c|?; 1 -c|?"},
        {"M=2; llama-server -c $((M+=1)) -b $M; (( M == 3 )) && X=1; Y=4; (( Y >= 2 )); llama-server -c $Y",
         "1 -c|?|-b|?; 1 -c|4"},
        {"f() { declare -gx B=3; }; B=1; f; llama-server -b $B", "1 B=3 -b|3"},
        {"C=4; let a=1,C=8; llama-server -c $C", "1 -c|?"},
        {"C=4; ((\tC\t=\t5)); A=(1); ((A[0]=9)); llama-server -c $C -b ${A[0]}", "1 -c|?|-b|?"},
        {"for x in a; do C=1; break 2; C=2; done; llama-server -c $C", "1 -c|1"},
        {"for i in 1 2 3; do N=$i; break; done; llama-server -c $N", "1 -c|1"},
        {"for i in 1 2; do for k in 3 4; do N=$i$k; continue 2; done; done; llama-server -c $N", "1 -c|23"},
        {"for i in 1 2; do [ -f x ] && break; N=$i; done; llama-server -c ${N:-0}", "1 -c|?"},
        {"exec llama-server -c 1 & wait\nllama-server -c 2", "1 -c|1; 2 -c|2"},
        {"exec llama-server -c 1 | tee log\nllama-server -c 2", "1 -c|1; 2 -c|2"},
        {"f() { declare A=2; local -g X; declare -g B=3; }\nA=1 B=1; f; llama-server -c $A -b $B",
         "2 -c|1|-b|3"},
        {"A=(); set --; llama-server \"${A[*]}\" \"$*\" \"${A[@]}\" \"$@\"", "1 |"},
        {"if false; then ! true; fi\nif [ -n \"x\" ]; then A=1; fi; llama-server -c $A", "2 -c|1"},
        {"[ -f x ] && A=1\nllama-server ${A:+-c} $A", "2 ?|?"},
        {"set -- $(ls) b c; llama-server -c $2; shift; llama-server \"$@\"", "1 -c|?; 1 ?"},
        {"set -- \"$(ls)\" b c; llama-server -c $2", "1 -c|b"},
        {"A=(); A[1]=x; llama-server \"${A[0]}\"", "1 ?"},
        {"A=(a b); B=(\"${A[@]:1}\"); B[1]=c; llama-server \"${B[1]}\"", "1 ?"},
        {"if [ -f x ]; then A=1; elif [ -z \"$N\" ]; then A=2; fi; llama-server -c $A", "1 -c|?"},
        {"for i in {1..3}; do A+=$i; done; llama-server -c $A", "1 -c|?"},
    };
    CHECK(cases);
}

static void what_is_opened_closes_where_bash_closes_it(void **state) {
    (void)state;
    static const sample cases[] = {
        {"llama-server --x ${KW:-\"{\\\"a\\\":false}\"} -c 1\nllama-server -c 2",
         "1 --x|{\"a\":false}|-c|1; 2 -c|2"},
        {"KW='{\"a\":1}'; llama-server --x \"${KW:-{}}\" ${D:-\"}\"} \"${D:-a\\}b}\" \"${D:-\"}\"}\"",
         "1 --x|{\"a\":1}}|}|a}b|}"},
        {"A=`echo \\`echo 3\\``; llama-server -c \"$A\"", "1 -c|?"},
        {"A=`echo \\`llama-cli -c 3\\``", "1 -c|3"},
        {"A=$(case x in x) echo 3;; (y) (echo 4);; esac); llama-server -c \"$A\"", "1 -c|?"},
        {"A=$(echo case; case a in case) ;; esac # don't)\n); llama-server -c 2", "2 -c|2"},
        {"A=$(cat <<'E'\ndon't ) \"\nE\n) B=$((1<<2)); llama-server -c 2", "4 -c|2"},
        {"A=\"$(echo \"a)\" ')')\"; llama-server -c ${A:-$(case x in x) ;; esac)} -b 1", "1 -c|?|-b|1"},
    };
    CHECK(cases);
}

static void words_are_split_as_bash_splits_them(void **state) {
    (void)state;
    static const sample cases[] = {
        {"IFS=,; A=1,2; llama-server $A \"$A\" x,y ${D:-3,,4}", "1 1|2|1,2|x,y|3||4"},
        {"IFS=', '; A=' a , b ,'; llama-server x$A$A\"\"", "1 x|a|b|a|b|"},
        {"IFS=:; P=a:b; for x in $P; do llama-server $x; done", "1 a; 1 b"},
        {"IFS=$'\\n\\t'; A=(-c 1) B='a b'; llama-server ${A[@]} $B", "1 -c|1|a b"},
        {"IFS=-; set -- 1 '' 2; X=$* Y=$@; llama-server \"$*\" $* \"$X\" \"$Y\" \"$@\"",
         "1 1--2|1||2|1--2|1  2|1||2"},
        {"IFS=; A='1 2'; set -- 1 2; llama-server $A \"$*\" $@", "1 1 2|12|1|2"},
        {"IFS=$(x); A=1; set -- 1 2; llama-server $A -c \"$*\"; unset IFS; llama-server $A",
         "1 ?|-c|1?2; 1 1"},
        {"A=1,2; f() { local IFS=,; llama-server $A; }; f; IFS=, read x y; llama-server $A", "1 1|2; 1 1,2"},
        {"A=1,2; IFS=, llama-server $A; IFS=, bash -c 'A=1,2; llama-server $A'", "1 IFS=, 1,2; 1 1,2"},
        {"A=(); llama-server \"${A[@]+\"${A[@]}\"}\" \"${@+f}\" \"$@$D\" -c ${D-\"$@\"}; D=", "1 -c"},
        {"A=(); llama-server \"$@\"\"\" \"${A[*]+f}\" \"${D-\"$@\"}\" \"${A[@]:-}\"", "1 |||"},
        {"A=' a ' B=; llama-server x$A\"\" \"\"$A $B'' $B", "1 x|a|||a|"},
        {"A='/m/*'; llama-server $A \"$A\" ${D:-*.gguf} ${D:-a\\ b}", "1 ?|/m/*|?|a b"},
    };
    CHECK(cases);
}

static void elements_have_the_keys_that_bash_gives_them(void **state) {
    (void)state;
    static const sample cases[] = {
        {"declare -A O; O[a]=1; llama-server ${O[b]+-b 2} \"${O[z]-9}\" ${O[a]+-a} \"$O\"", "1 9|-a|"},
        {"declare -A O=([a]=1 [b]=2); O[a]+=3; llama-server \"${O[a]}\" \"${O[@]}\"", "1 13|?"},
        {"N=([a]=1 [b]=2); M=([5]=x y); llama-server \"${N[a]}\" \"${M[6]}\"", "1 ?|?"},
        {"K=(a b c); llama-server ${K[1+1]} ${K[5]+y} ${K[9]-d}; unset K[1]; llama-server ${K[1]}",
         "1 ?|d; 1 ?"},
        {"H=(1 2); H=9; H+=x; llama-server \"${H[@]}\"", "1 9x|2"},
        {"Y=s; llama-server \"${Y[0]}\" \"${Y[1]-u}\" ${Y[1]+v}", "1 s|u"},
        {"A=1; f() { llama-server -c $A; }; A=2 f; A=3 eval 'llama-server -c $A'; llama-server -c $A",
         "1 A=2 -c|2; 1 A=3 -c|3; 1 -c|1"},
        {"A=1; f() { local A; llama-server -c $A; }; f", "1 -c"},
        {"A=$(x); A+=(y); B=(\"$(x)\" y); llama-server \"${A[1]}\" \"${B[1]}\"; declare -l C=X; llama-server "
         "$C",
         "1 ?|y; 1 ?"},
        {"declare -i N=4; N=1+1; declare -u U; U=x; llama-server $N $U; N=8; llama-server $N", "1 ?|?; 1 8"},
        {"A=(\"$(x)\" $(x) b); X=${A[*]} Y=\"${A[@]}\"; llama-server \"$X\" \"pre${A[@]:1}\" \"pre${A[@]}\"",
         "1 ????b|pre?|pre?|?|b"},
        {"A=(); [ -f x ] && A=(b); llama-server ${A[@]+-c} $A; A+=x; llama-server \"${A[@]}\"", "1 ?|?; 1 ?"},
        {"if [ -f x ]; then set -- a; fi; llama-server $1 \"$@\"; [ -n \"$#\" ] && llama-server -c 1",
         "1 ?|?; 1 -c|1"},
        {"set -- a b; A=(x); A[0]=\"$@\"; llama-server \"${A[0]}\"", "1 a b"},
    };
    CHECK(cases);
}

static void what_starts_nothing_is_silent(void **state) {
    (void)state;
    static const char *const scripts[] = {
        "# llama-server -m a.gguf -ngl 99",
        "echo llama-server -m a.gguf; printf 'llama-server -c %d' 1",
        "if ! command -v llama-server; then echo no; fi; which llama-server; type llama-server",
        "llama-server --version; llama-server --help; llama-cli --list-devices",
        "pkill llama-server; pgrep -f 'llama-server -c 1'; kill $(pidof llama-server)",
        "cmake --build build --target llama-server; make -j llama-server; cp build/bin/llama-server /usr/bin",
        "git clone -b b4000 https://example.org/llama.cpp; git checkout -b server",
        "cat > run <<EOF\nllama-server -c 1\nEOF\n",
        "python3 -m llama_cpp.server --n_gpu_layers 99",
        "vllm serve -m a.gguf; ./server --port 1; node server -m x; ik_llama --fit",
        "systemctl restart llama-server; docker stop llama-server; docker logs llama-server",
        "docker run vllm/vllm-openai --model a; docker run -p 80:80 nginx:latest",
        "docker build -t llama-server .; docker pull ghcr.io/ggml-org/llama.cpp:server",
        "exit 0\nllama-server -c 1",
        "false && llama-server -c 1; true || llama-server -c 1",
        "if [ 1 = 2 ]; then llama-server -c 1; fi",
        "for i in; do llama-server -c 1; done",
        ": llama-server -c 1",
    };
    for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++) {
        const char *got = told(scripts[i]);
        if (*got) fail_msg("%s\n starts %s", scripts[i], got);
    }
    assert_int_equal(result.n_unread, 0);
}

static void docker_run_is_taken_apart(void **state) {
    (void)state;
    static const sample cases[] = {
        {"docker run --rm -it --gpus all -p 8080:8080 -v ~/m:/models ghcr.io/ggml-org/llama.cpp:server-cuda "
         "-m /models/a.gguf -ngl 99",
         "1 -m|/models/a.gguf|-ngl|99"},
        {"sudo docker container run -d --name=x -e LLAMA_ARG_CTX_SIZE=8192 -e HF_TOKEN \\\n  --env "
         "LLAMA_ARG_FIT=on "
         "ghcr.io/ggml-org/llama.cpp:server -hf a/b\n",
         "1 LLAMA_ARG_CTX_SIZE=8192 LLAMA_ARG_FIT=on -hf|a/b"},
        {"IMG=local/llama.cpp:full-cuda\npodman run $GPU \"$IMG\" --server -m a.gguf", "2 -m|a.gguf"},
        {"docker run local/llama.cpp:full -c 4096", ""}, /* converts */
        {"docker run --entrypoint /app/llama-cli x -m a.gguf", "1 -m|a.gguf"},
        {"docker run --entrypoint sh img -c 'llama-server -c 1'", "1 -c|1"},
        {"docker run img llama-server -c 2", "1 -c|2"},
        {"docker run my-llama-server:1 -m a.gguf -c 3", "1 -m|a.gguf|-c|3"},
        {"docker run my-llama-server:1 --port 3", ""},
        {"docker exec -it llm llama-cli -m a.gguf -c 4", "1 -m|a.gguf|-c|4"},
    };
    CHECK(cases);
    llw_starts s =
        starts_of("docker run -v ./m:/models:ro ghcr.io/ggml-org/llama.cpp:server-b8022 -m /models/a.gguf");
    assert_string_equal(s.items[0].low.version, "b8022");
    assert_string_equal(s.items[0].low.mounts[0].inside, "/models");
    assert_string_equal(s.items[0].low.mounts[0].outside, "m");
}

static void continuation_ends_where_the_shell_ends_it(void **state) {
    (void)state;
    static const sample cases[] = {
        {"llama-server -c 1 \\\n  -b 2 \\\n  # note\n  -ngl 99\n", "1 -c|1|-b|2"},
        {"llama-server -c 1 \\ \n  -b 2\n", "1 -c|1| "},
        {"llama-server \\\r\n  -c 1\r\n", "1 -c|1"},
        {"llama-server -c 1 && \\\n echo\n", "1 -c|1"},
        {"llama-server -c 1 |\n tee log\n", "1 -c|1"},
        {"llama-server -c 1 \\", "1 -c|1"},
    };
    CHECK(cases);
}

static void arrays_keep_their_elements(void **state) {
    (void)state;
    static const sample cases[] = {
        {"A=(-m 'x y' # note\n -c 1\n)\nA+=( -ngl \"$N\" )\nllama-server \"${A[@]}\" ${A[1]} ${#A[@]}\n",
         "5 -m|x y|-c|1|-ngl|?|x|y|?"},
        {"A=()\nllama-server \"${A[@]}\" -c 1", "2 -c|1"},
        {"A=()\n[ -n \"$X\" ] && A+=(-b 1)\nllama-server ${A[@]+\"${A[@]}\"} -c 1", "3 -c|1"},
        {"declare -A M=([a]=\"a.gguf\" [b]='b.gguf')\nllama-server -m ${M[b]} -c ${M[c]:-5}",
         "2 -m|b.gguf|-c|5"},
        {"declare -a A=(-c 1)\nA[1]=2\nllama-server ${A[*]}", "3 -c|2"},
        {"A=(*.gguf)\nllama-server -m ${A[0]}", "2 -m|?"},
        {"A=\"-c 1\"; A+=\" -b 2\"; llama-server $A \"$A\"", "1 -c|1|-b|2|-c 1 -b 2"},
    };
    CHECK(cases);
}

static void parameters_expand_as_the_shell_expands_them(void **state) {
    (void)state;
    static const sample cases[] = {
        {"llama-server -c ${C:-4096} -t ${T:-$(nproc)} -b ${B:-${D:-2}}", "1 -c|4096|-t|?|-b|2"},
        {": \"${NGL:=99}\"; llama-server -ngl $NGL", "1 -ngl|99"},
        {"C=1; llama-server ${C:+-c $C} ${D:+--x $D}; D=", "1 -c|1"},
        {"llama-server ${D:+--x $D} -c 1", "1 ?|-c|1"},
        {"llama-server -m $HOME/m.gguf -a ${X%.gguf} ${Y##*/}", "1 -m|~/m.gguf|-a|?|?"},
        {"llama-server -c \"${C:-\"a b\"}\" ${E:-x y}", "1 -c|a b|x|y"},
        {"llama-server 'a$C' \"a\\$C\" a\\ b $'c' \"\" ", "1 a$C|a$C|a b|c|"},
        {"llama-server -c $((1024*4)) -b `nproc` -m models/*.gguf -ot exps=CPU -ot blk.*=CPU",
         "1 -c|?|-b|?|-m|?|-ot|exps=CPU|-ot|blk.*=CPU"},
        {"llama-server {a,b} -c ${C:?no}", "1 ?|-c|?"},
        {"export LLAMA_ARG_CTX_SIZE=4096; LLAMA_ARG_FIT=off; llama-server -c 1",
         "1 LLAMA_ARG_CTX_SIZE=4096 -c|1"},
        {"set -a\nLLAMA_ARG_FIT=off\nset +a\nX=1\nllama-server -c 1", "5 LLAMA_ARG_FIT=off -c|1"},
        {"A=1 B=$A llama-server -c $A; llama-server -b \"$A\"; A=", "1 A=1 B=1 -c; 1 -b|"},
    };
    CHECK(cases);
}

static void both_ways_of_what_is_not_known_are_read(void **state) {
    (void)state;
    static const sample cases[] = {
        {"C=1\nif [ \"$(x)\" = y ]; then C=2; fi\nllama-server -c $C", "3 -c|?"},
        {"C=1\nif [ -f y ]; then B=3; C=1; fi\nllama-server -c $C", "3 -c|1"},
        {"A='-c 1'\n[ -f y ] && A=\"$A -b 2\"\nllama-server $A -d 4", "3 -c|1|?|-d|4"},
        {"A=(-c 1)\nif [ -f y ]; then A+=(-b 2); else A+=(-b 3); fi\nA+=(-d 4)\nllama-server \"${A[@]}\"",
         "4 -c|1|-b|?|-d|4"},
        {"if [ -f y ]; then llama-server -c 1; else llama-server -c 2; fi", "1 -c|1; 1 -c|2"},
        {"if [ -f y ]; then C=1; else echo no; exit 1; fi; llama-server -c $C", "1 -c|1"},
        {"[ -f y ] || exit 1; llama-server -c 1", "1 -c|1"},
        {"[ -f y ] || { echo no; exit 1; }\nllama-server -c 1", "2 -c|1"},
        {"if [ -z \"$M\" ]; then echo usage; exit 1; fi; llama-server -m \"$M\"", "1 -m|?"},
        {"if [ -z \"$M\" ]; then exit 1; else exit 2; fi; llama-server -c 1", ""},
        {"if [ -z \"$M\" ]; then exit 1; elif true; then exit 2; fi; llama-server -c 1", ""},
        {"if [ -z \"$N\" ]; then N=99; fi; llama-server -ngl $N", "1 -ngl|99"},
        {"[ -n \"$E\" ] && X=-b || X=-c; llama-server $X 1", "1 -c|1"},
        {"if [[ -n \"$D\" ]]; then llama-server -c 1; else C=2; fi; llama-server -c $C", "1 -c|1; 1 -c|2"},
        {"if [[ $A == x* && -n \"$B\" || ! -z $C ]]; then Z=1; fi; A=xy; B=1; llama-server -c 1", "1 -c|1"},
        {"A=xy; if [[ $A == x* ]]; then llama-server -c 1; fi; [[ $A =~ ^(x|z)$ ]] && C=1; llama-server -c 2",
         "1 -c|1; 1 -c|2"},
        {"X=8; if [ $X -gt 4 ]; then C=2; elif [ $X -gt 1 ]; then C=3; else C=4; fi; llama-server -c $C",
         "1 -c|2"},
        {"case \"$(uname)\" in Linux) C=1;; Darwin) C=2;; esac; llama-server -c $C", "1 -c|?"},
        {"M=b; case $M in a|x) C=1;; b) C=2;; *) C=3;; esac; llama-server -c $C", "1 -c|2"},
        {"C=1; (C=2; llama-server -c $C); llama-server -c $C", "1 -c|2; 1 -c|1"},
        {"! [ 1 = 2 ] && llama-server -c 1", "1 -c|1"},
        {"P=./llama-server\nif [ -f y ]; then P=/opt/l/llama-server; fi\n$P -c 1", "3 -c|1"},
        {"P=./llama-server\nif [ -f y ]; then P=./other; fi\n$P -c 1", ""},
    };
    CHECK(cases);
}

static void loops_and_functions_are_followed(void **state) {
    (void)state;
    static const sample cases[] = {
        {"for c in 1 2; do llama-bench -m a -c $c; done", "1 -m|a|-c|1; 1 -m|a|-c|2"},
        {"for f in *.gguf; do llama-bench -m $f -c 1; done", "1 -m|?|-c|1"},
        {"while true; do\n  llama-server -c 1\n  sleep 1\ndone", "2 -c|1"},
        {"C=1; while read -r l; do C=$l; done < f; llama-server -c $C", "1 -c|?"},
        {"C=1\nwhile [ $# -gt 0 ]; do case $1 in --ctx) C=$2; shift 2;; --ngl) N=$2; shift 2;; esac; "
         "done\nllama-server -c $C -ngl $N",
         "3 -c|1|-ngl|?"},
        {"f() { local c=$1; llama-server -c $c -m \"$2\"; }\nf 1 a\nf 2 b\n", "1 -c|1|-m|a; 1 -c|2|-m|b"},
        /* what must be set is set when it runs */
        {"[ -z \"${KEY:-}\" ] && exit 1\nllama-server -c 7", "2 -c|7"},
        {"if [[ -z \"${KEY:-}\" ]]; then exit 1; fi\nllama-server ${MORE:-} -c 8", "2 -c|8"},
        {"function f {\n  C=5 # don't\n  return\n  C=6\n}\nf\nllama-server -c $C", "7 -c|5"},
        {"f() { llama-server -c 9; }\n", "1 -c|9"},
        {"c=1; f() { local c=2; }; f; llama-server -c $c", "1 -c|1"},
        {"f() { if [ -f x ]; then C=1; return; fi; C=1; }; f; llama-server -c $C", "1 -c|1"},
        {"f() { f; }; f; llama-server -c 1", ""},
        {"N=1; until [ \"$N\" = 11 ]; do N=1$N; M=1; done; llama-server -c $N -b $M", "1 -c|1?|-b|1"},
        {"N=1; while read -r l; do llama-server -c $N; N=$l; done; llama-server -b $N",
         "1 -c|1; 1 -c|?; 1 -b|?"},
        {"A=1 B=1; while true; do llama-server $A; A=$B B=$(x); [ -f y ] && break; done", "1 1; 1 ?"},
        {"for i in 1 2 3; do [ -f x ] && break; C=1; done; llama-server -c 4", "1 -c|4"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *got = told(cases[i].script);
        if (i == 12) continue; /* endless: it ends */
        if (strcmp(got, cases[i].want))
            fail_msg("%s\n gives %s\n  not  %s", cases[i].script, got, cases[i].want);
    }
    assert_int_equal(result.n_unread, 1);
}

static void what_a_script_asks_its_argument_for_is_tried(void **state) {
    (void)state;
    static const sample cases[] = {
        {"case \"$1\" in\n  fast) C=1 ;;\n  long) C=2 ;;\n  *) echo usage; exit 1 ;;\nesac\nllama-server -c "
         "$C\n",
         "6 -c|1 (fast); 6 -c|2 (long)"},
        {"P=${1:-a}\ncase $P in a) C=1;; b) C=2;; esac\nllama-server -c $C", "3 -c|1; 3 -c|2 (b)"},
        {"if [ \"$1\" = big ]; then C=9; else C=1; fi; llama-server -c $C", "1 -c|1; 1 -c|9 (big)"},
        {"declare -A M=([a]=a.gguf [b]=b.gguf)\nllama-server -m \"${M[$1]}\" -c 1",
         "2 -m|a.gguf|-c|1 (a); 2 -m|b.gguf|-c|1 (b)"},
        {"llama-server -m \"$1\" -c ${2:-4096} \"$@\"", "1 -m|?|-c|4096"},
        {"if [ $# -lt 1 ]; then echo usage; exit 1; fi; llama-server -m $1 -c 1", "1 -m|?|-c|1"},
        {"start() { llama-server -c 1; }\nstop() { kill 1; }\ncase $1 in start) start;; stop) stop;; esac",
         "1 -c|1"},
        {"P=\"${1:-}\"\ncase \"$P\" in a) C=1 ;; b) C=2 ;; *) exit 1 ;; esac\nllama-server -c $C",
         "3 -c|1 (a); 3 -c|2 (b)"},
    };
    CHECK(cases);
}

static void a_script_that_ends_without_arguments_is_read_with_some(void **state) {
    (void)state;
    static const sample cases[] = {
        {"M=\"${MODEL:-}\"\n[ -z \"$M\" ] && exit 1\nllama-server -m \"$M\" -c 7", "3 -m|?|-c|7"},
        {"check() {\n  [ -n \"$1\" ] || exit 1\n}\ncheck \"$1\"\nllama-server -m \"$1\" -c 7", "5 -m|?|-c|7"},
        {"B=false\n[ \"${A:-}\" ] || B=true\nif [ $B = true ]; then exit 2; fi\nllama-server -c 7", "4 -c|7"},
        {"if P=$(running); then exit 0; fi\nllama-server -c 7", "2 -c|7"},
        {"exit 1\nllama-server -c 7", ""},
    };
    CHECK(cases);
}

static void unknown_elements_do_not_hide_those_behind_them(void **state) {
    (void)state;
    static const sample cases[] = {
        {"A=(-m \"/m/$N/$F\" -c 7)\nif [ -n \"$N\" ]; then A+=(-a \"$N\"); fi\nllama-server \"${A[@]}\"",
         "3 -m|/m/?/?|-c|7"},
        {"A=(-m \"$(pick)\" -c 7)\nif test -f x; then A+=(-b 1); fi\nllama-server \"${A[@]}\"",
         "3 -m|?|-c|7|?"},
        {"C=\"llama-server -m $(pick) -c 7\"\ntest -f x && C=\"$C -b 1\"\n$C", "3 -m|?|-c|7|?"},
    };
    CHECK(cases);
}

static void words_keep_their_places(void **state) {
    (void)state;
    llw_starts s = starts_of("N=99\nA=(-m a.gguf\n  -c 4096)\nexec llama-server \"${A[@]}\" \\\n  -ngl "
                             "\"${NGL:-$N}\" -b ${B:-7}\n");
    static const char *const want[] = {"run.sh:2:4", "run.sh:2:7", "run.sh:3:3",  "run.sh:3:6",
                                       "run.sh:5:3", "run.sh:1:3", "run.sh:5:21", "run.sh:5:29"};
    assert_int_equal(s.n, 1);
    assert_int_equal(s.items[0].line, 4);
    assert_int_equal(s.items[0].last_line, 5);
    assert_int_equal(s.items[0].low.words.n, 8);
    for (size_t i = 0; i < 8; i++) {
        llw_token t = llw_rich_token(arena, &s.items[0].low.words.items[i], NULL);
        if (strcmp(t.place, want[i])) fail_msg("%s is at %s, not %s", t.text, t.place, want[i]);
    }
    assert_string_equal(llw_rich_token(arena, &s.items[0].low.words.items[7], NULL).origin, "shell default");
    s = starts_of("B=3; llama-server -b ${B:-7}");
    llw_token t = llw_rich_token(arena, &s.items[0].low.words.items[1], NULL);
    assert_string_equal(t.text, "3");
    assert_string_equal(t.lost->text, "7");
}

static void hostile_scripts_end(void **state) {
    (void)state;
    static const char *const scripts[] = {
        "f() { f; f; f; }\nf\nllama-server",
        "while true; do eval \"$X\"; X=\"$X$X$X llama-server\"; done",
        "A=1; for i in 1 2 3 4 5 6 7 8 9; do for j in 1 2 3 4 5 6 7 8 9; do for k in 1 2 3 4 5 6 7 8 9; do "
        "for l in 1 2 3 4 5 6 7 8 "
        "9; do for m in 1 2 3 4 5 6 7 8 9; do A=$A$A; done; done; done; done; done; llama-server",
        "case $1 in a) case $1 in b) case $1 in c) llama-server",
        "if if if if; then llama-server",
        "${ $( ` ' \" llama-server",
        "((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((llama-"
        "server",
        "{ { { { { { { { { { { { { { { { { { { { { { { { { { { { { { { { { { { { { { { { { { { { { { { { { { "
        "{ { { { { { { { { { { { { { llama-server",
        "A=(((((((((; llama-server ${A[${A[${A[",
        "bash -c 'bash -c \"bash -c \\\"bash -c llama-server\\\"\"'",
        "esac; fi; done; } ) ;; llama-server",
        "cat <<A <<B <<C\nllama-server\nA\n",
        "llama-server $'x",
        "declare -A A=(x [a]=1 y [b]=2); llama-server ${A[a]}",
        "llama-server \"${A[@]+`\\`\"",
        "alias a='a' b='b' c='alias d=\"llama-server\"'",
    };
    for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++) told(scripts[i]);
}

int main(void) {
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(what_a_script_starts_is_found_behind_every_wrapper),
        T(what_bash_does_is_certain),
        T(what_is_opened_closes_where_bash_closes_it),
        T(words_are_split_as_bash_splits_them),
        T(elements_have_the_keys_that_bash_gives_them),
        T(what_starts_nothing_is_silent),
        T(docker_run_is_taken_apart),
        T(continuation_ends_where_the_shell_ends_it),
        T(arrays_keep_their_elements),
        T(parameters_expand_as_the_shell_expands_them),
        T(both_ways_of_what_is_not_known_are_read),
        T(loops_and_functions_are_followed),
        T(what_a_script_asks_its_argument_for_is_tried),
        T(a_script_that_ends_without_arguments_is_read_with_some),
        T(unknown_elements_do_not_hide_those_behind_them),
        T(words_keep_their_places),
        T(hostile_scripts_end),
    };
#undef T
    return cmocka_run_group_tests(tests, NULL, NULL);
}
