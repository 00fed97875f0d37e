/* systemd units, drop-ins and .container files, each trap of their grammar with what systemd 252 makes of it.
 */
#include "torture.h"

#define CHECK(...) tree_check_one("l.service", __VA_ARGS__)

static void commands_run_without_a_shell(void **state) {
    (void)state;
    CHECK("[Service]\nExecStart=/usr/bin/llama-server -m /m/a.gguf \\\n  # left out\n; this too\n  -c 4096 "
          "-a \"two words\" \\\n -b 1\\x30\n",
          "l.service: model=/m/a.gguf (unit l.service:2:36) ctx=4,096 (unit l.service:5:6) batch=10 (unit "
          "l.service:6:5)\n");
    CHECK("[Service]\nExecStart=-@/usr/bin/llama-server llm -c 1 > /var/log/x 2>&1\n",
          "l.service: ctx=1 (unit l.service:2:42)\n F05 > l.service:2:44\n F05 /var/log/x l.service:2:46\n "
          "F05 2>&1 l.service:2:57\n");
    CHECK("[Service]\nExecStart=/bin/sh -c 'exec llama-server -c $$C -b ${B:-9}'\n",
          "l.service: ctx=unknown (a variable that nobody sets l.service:2:44)\n F07 -b l.service:2:48\nF27 "
          "${ l.service:2:51\n");
    CHECK("[Service]\nExecStart=/usr/bin/env LLAMA_ARG_CTX_SIZE=5 llama-server -ot \"blk\\.1=CPU\" -np %i -t "
          "1%%\n",
          "l.service: ctx=5 (unit l.service:2:43) parallel=unknown (unit l.service:2:79) "
          "override_tensor=blk\\.1=CPU (unit l.service:2:63)\n"
          " F10 -t l.service:2:85\n");
    CHECK("[Service]\nExecStart=/usr/bin/docker run --rm -e LLAMA_ARG_FIT=off "
          "ghcr.io/ggml-org/llama.cpp:server -c 7\n",
          "l.service: ctx=7 (unit l.service:2:94) fit=no (unit l.service:2:53)\n");
}

static void variables_are_words_or_vanish(void **state) {
    (void)state;
    CHECK("[Service]\nEnvironment=\"A=-c 1\" B=2 'C=x y'\nEnvironment=D=$B\n"
          "ExecStart=llama-server $A -b ${B} -a ${C} $NONE -ub ${NONE} --port $$D\n",
          "l.service: ctx=1 (Environment= l.service:2:19) batch=2 (Environment= l.service:2:24)\n"
          " F11 -ub l.service:4:49\n F09 --port l.service:4:68\n");
    CHECK("[Service]\nEnvironment=LLAMA_ARG_CTX_SIZE=1 "
          "LLAMA_ARG_FIT=off\nEnvironment=\nEnvironment=LLAMA_ARG_CTX_SIZE=2\n"
          "ExecStart=llama-server\n",
          "l.service: ctx=2 (Environment= l.service:4:32)\n");
    CHECK("[Service]\nEnvironment=\"N=5\nEnvironment=N=6\nEnvironmentFile=/etc/default/"
          "llama\nExecStart=llama-server -c ${N} -b ${UNSEEN}\n",
          "l.service: ctx=6 (Environment= l.service:3:15) batch=unknown (unit l.service:5:35)\nF26 "
          "Environment l.service:2:1\n");
    static const tree_file files[] = {
        {"l.service", "[Service]\nEnvironmentFile=-%h/llama.env\nEnvironment=LLAMA_ARG_CTX_SIZE=1 "
                      "B=1\nUnsetEnvironment=B\nExecStart=llama-server -b ${B}\n"},
        {"llama.env",
         "# c\n; c\nLLAMA_ARG_CTX_SIZE=8192 # not a comment\nLLAMA_ARG_UBATCH='512'\\\n\nexport X=1\n"},
        {NULL, NULL}};
    tree_check(files, "l.service",
               "l.service: ctx=8,192 (EnvironmentFile llama.env:3:20) < 1 (Environment= l.service:3:32) "
               "ubatch=512 (EnvironmentFile llama.env:4:19)\n"
               " F10 LLAMA_ARG_CTX_SIZE llama.env:3:20\n F11 -b l.service:5:24\n");
}

static void drop_ins_have_to_clear(void **state) {
    (void)state;
    static const tree_file good[] = {
        {"sys/l.service",
         "[Service]\nEnvironment=LLAMA_ARG_FIT=on\nExecStart=/usr/bin/llama-server -m a.gguf -ngl 99\n"},
        {"sys/l.service.d/10-a.conf",
         "[Service]\nExecStart=\nExecStart=/usr/bin/llama-server -m a.gguf -ngl 50\n"},
        {"sys/l.service.d/20-b.conf", "[Service]\nEnvironment=LLAMA_ARG_FIT=off\n"},
        {"sys/other.service.d/10.conf", "[Service]\nEnvironment=LLAMA_ARG_FIT=on\n"},
        {NULL, NULL}};
    static const char want[] =
        "sys/l.service.d/10-a.conf: model=a.gguf (unit sys/l.service.d/10-a.conf:3:36) gpu_layers=50 (unit "
        "sys/l.service.d/10-a.conf:3:48) < 99 (unit sys/l.service:3:48)"
        " fit=no (Environment= sys/l.service.d/20-b.conf:2:27) < yes (Environment= sys/l.service:2:27)\n";
    tree_check(good, "", want);
    tree_check(good, "sys/l.service", want);
    static const tree_file bad[] = {
        {"l.service", "[Service]\nExecStart=/usr/bin/llama-server -c 1\n"},
        {"l.service.d/10.conf", "[Service]\nExecStart=/usr/bin/llama-server -c 2\n"},
        {NULL, NULL}};
    tree_check(bad, "",
               "l.service: ctx=1 (unit l.service:2:36)\nl.service.d/10.conf: ctx=2 (unit "
               "l.service.d/10.conf:2:36)\nF26 ExecStart l.service.d/10.conf:2:11\n");
    static const tree_file alone[] = {
        {"llm.service.d/x.conf", "[Service]\nExecStart=\nExecStart=/usr/bin/llama-server -c 3\n"},
        {NULL, NULL}};
    tree_check(alone, "", "llm.service.d/x.conf: ctx=3 (unit llm.service.d/x.conf:3:36)\n");
}

static void what_systemd_refuses_is_found(void **state) {
    (void)state;
    CHECK("[Service]\nExecStart=~/llama.cpp/llama-server -c 1\n",
          "l.service: ctx=1 (unit l.service:2:39)\nF26 ExecStart l.service:2:11\n");
    CHECK("[Service]\nEnvironment=B=/opt\nExecStart=$B/llama-server -c 1\n",
          "l.service: ctx=1 (unit l.service:3:30)\nF26 ExecStart l.service:3:11\n");
    CHECK("[Service]\nExecStart=/bin/llama-server -m \"a b\n", "F26 ExecStart l.service:2:11\n");
    CHECK("[Service]\nType=oneshot\nExecStart=/bin/echo a ; /bin/llama-bench -m a.gguf -b 1\n",
          "l.service: model=a.gguf (unit l.service:3:45) batch=1 (unit l.service:3:55)\n");
    CHECK("[Service]\nExecStart=/bin/llama-server -c 1\nExecStart=/bin/llama-server -c 2\n",
          "l.service: ctx=1 (unit l.service:2:32)\nl.service:#2: ctx=2 (unit l.service:3:32)\nF26 ExecStart "
          "l.service:3:11\n");
    CHECK("[Service]\nExecStart=/bin/ollama serve # llama\n", "");
    CHECK("# llama-server\n[Unit]\nExecStart=/bin/llama-server -c 1\n", "");
}

/* A unit that an installer fills in: what will stand there nobody knows, and systemd never reads it so. */
static void what_a_template_leaves_open_is_no_mistake(void **state) {
    (void)state;
    CHECK("[Service]\nExecStart=__DIR__/bin/llama-server -m @MODEL@ -c <ctx-size> -ngl YOUR_LAYERS -b 7\n",
          "l.service: model=? (unit l.service:2:39) gpu_layers=unknown (unit l.service:2:66) ctx=unknown "
          "(unit l.service:2:50) batch=7 (unit l.service:2:81)\n");
    CHECK("[Service]\nExecStart=/bin/llama-server -c {context-size}\n",
          "l.service: ctx=unknown (unit l.service:2:32)\n");
    CHECK("[Service]\nExecStart=@@DIR@@/bin/llama-server -c 5\n", "l.service: ctx=5 (unit l.service:2:39)\n");
    CHECK("[Service]\nExecStart=/bin/llama-server -c many\n", "l.service:\n F09 -c l.service:2:32\n");
}

static void options_that_stand_alone_never_arrive(void **state) {
    (void)state;
    CHECK(
        "[Service]\nExecStart=/bin/llama-server -c 1 \\\n  -b 2\n  -ot a=CPU -ub 3\nRestart=always\n",
        "l.service: ctx=1 (unit l.service:2:32) batch=2 (unit l.service:3:6)\nF26 ExecStart l.service:4:3\n");
    CHECK("[Service]\nExecStart=/bin/other -c 1\n  -b 2\n", "");
}

static void podman_containers_are_units_too(void **state) {
    (void)state;
    tree_check_one("llm.container",
                   "[Container]\nImage=ghcr.io/ggml-org/"
                   "llama.cpp:server-cuda-b8022\nEnvironment=LLAMA_ARG_CTX_SIZE=4096\nVolume=./m:/models:ro\n"
                   "Exec=-m /models/a.gguf --n-gpu-layers 99\n",
                   "llm.container: model=/models/a.gguf (unit llm.container:5:9) gpu_layers=99 (unit "
                   "llm.container:5:39) ctx=4,096 (Environment= llm.container:3:32)\n");
    tree_check_one("web.container", "[Container]\nImage=docker.io/nginx # not llama\nExec=-c 1\n", "");
}

static void a_misspelt_exec_makes_no_unit(void **state) {
    (void)state;
    tree_check_one(
        "l.container",
        "[Container]\nImage=localhost/llama:1\nContainerName=llama-server\nExce=llama-server -c 1\n"
        "HealthCmd=llama-server --version\n",
        "F26 Exce l.container:4:1\n");
}

static void hostile_units_are_survived(void **state) {
    (void)state;
    static const char *const pieces[] = {"\\\n",
                                         "=",
                                         "[Service]\n",
                                         "\"",
                                         "'",
                                         "%",
                                         "%i",
                                         "$",
                                         "${",
                                         "}",
                                         ";",
                                         " ; ",
                                         "\\",
                                         "\n",
                                         "ExecStart=\n",
                                         "Environment=",
                                         "EnvironmentFile=/dev/stdin\n",
                                         "EnvironmentFile=l.service\n",
                                         "\0",
                                         "\xff",
                                         "\xe2\x80\xae",
                                         "-c 99999999999"};
    tree_torture("l.service",
                 "[Unit]\nDescription=x\n[Service]\nEnvironment=\"A=-c 1\" "
                 "B=2\nEnvironment=\nEnvironmentFile=-l.service\nExecStart=\nExecStart=-@/usr/bin/"
                 "llama-server x -m ${A} $B \\\n"
                 "  # c\n -ot \"blk\\.[0-9]=CPU\" %h ; /bin/sh -c "
                 "'llama-server'\n[Container]\nImage=ghcr.io/ggml-org/llama.cpp:server\nExec=-m a\n",
                 pieces, sizeof pieces / sizeof *pieces, 300);
}

/* x@.service stands for as many services as the tree speaks of: by their environment files, their drop-ins
 * and DefaultInstance. */
static void a_template_is_its_instances(void **state) {
    (void)state;
    static const tree_file files[] = {
        {"sys/llm@.service", "[Service]\nEnvironmentFile=/etc/llm/%i.env\n"
                             "ExecStart=/usr/bin/llama-server -m /m/%i.gguf -a %p/%I -c ${CTX}\n"
                             "[Install]\nDefaultInstance=big\n"},
        {"etc/llm/small.env", "CTX=1\n"},
        {"elsewhere/other.env", "CTX=9\n"},
        {"etc/llm/big.env", "CTX=2\nLLAMA_ARG_UBATCH=256\n"},
        {"sys/llm@a\\x2db.service.d/x.conf", "[Service]\nEnvironment=LLAMA_ARG_BATCH=3\n"},
        {"sys/llm@.service.d/x.conf", "[Service]\nEnvironment=LLAMA_ARG_BATCH=4\n"},
        {"sys/llm@.service.d/y.conf", "[Service]\nEnvironment=LLAMA_ARG_N_PARALLEL=5\n"},
        {NULL, NULL}};
    tree_check(
        files, "",
        "sys/llm@.service:a\\x2db: model=/m/a\\x2db.gguf (unit sys/llm@.service:3:36) ctx=unknown (unit "
        "sys/llm@.service:3:59) batch=3 (Environment= sys/llm@a\\x2db.service.d/x.conf:2:29) parallel=5 "
        "(Environment= sys/llm@.service.d/y.conf:2:34)\n"
        "sys/llm@.service:big: model=/m/big.gguf (unit sys/llm@.service:3:36) ctx=2 (EnvironmentFile "
        "etc/llm/big.env:1:5) batch=4 (Environment= sys/llm@.service.d/x.conf:2:29) ubatch=256 "
        "(EnvironmentFile "
        "etc/llm/big.env:2:18) parallel=5 (Environment= sys/llm@.service.d/y.conf:2:34)\n"
        "sys/llm@.service:small: model=/m/small.gguf (unit sys/llm@.service:3:36) ctx=1 (EnvironmentFile "
        "etc/llm/small.env:1:5) batch=4 (Environment= sys/llm@.service.d/x.conf:2:29) parallel=5 "
        "(Environment= "
        "sys/llm@.service.d/y.conf:2:34)\n");
    tree_check_one("llm@qwen.service", "[Service]\nExecStart=llama-server -m %i.gguf -c 1\n",
                   "llm@qwen.service: model=qwen.gguf (unit llm@qwen.service:2:27) ctx=1 (unit "
                   "llm@qwen.service:2:38)\n");
    tree_check_one("llm@.service", "[Service]\nExecStart=llama-server -m %i.gguf -c %h\n",
                   "llm@.service: model=? (unit llm@.service:2:27) ctx=unknown (unit llm@.service:2:38)\n");
    /* llama-.service.d changes all that begin so */
    static const tree_file prefix[] = {
        {"llama-a.service", "[Service]\nExecStart=/usr/bin/llama-server -m a.gguf\n"},
        {"llama-.service.d/c.conf", "[Service]\nEnvironment=LLAMA_ARG_CTX_SIZE=7\n"},
        {NULL, NULL}};
    tree_check(prefix, "",
               "llama-a.service: model=a.gguf (unit llama-a.service:2:36) ctx=7 (Environment= "
               "llama-.service.d/c.conf:2:32)\n");
}

/* Files of EnvironmentFile= come after Environment=, in their order; one that is missing may hold anything.
 */
static void environment_files_have_an_order(void **state) {
    (void)state;
    static const tree_file files[] = {
        {"l.service",
         "[Service]\nEnvironmentFile=-/etc/gone.env\nEnvironmentFile=/etc/a.env\n"
         "EnvironmentFile=/etc/b.env\nEnvironment=C=9\nExecStart=llama-server -c ${C} -b ${B} -ub ${U}\n"},
        {"a.env", "C=1\nB=1\n"},
        {"b.env", "B=2\n"},
        {NULL, NULL}};
    tree_check(
        files, "l.service",
        "l.service: ctx=1 (EnvironmentFile a.env:1:3) < 9 (Environment= l.service:5:15) batch=2 "
        "(EnvironmentFile b.env:1:3) < 1 (EnvironmentFile a.env:2:3) ubatch=unknown (unit l.service:6:44)\n");
    /* an empty one takes those before it back */
    static const tree_file reset[] = {
        {"l.service",
         "[Service]\nEnvironmentFile=/etc/a.env\nEnvironmentFile=\nExecStart=llama-server -c 3 -b ${B}\n"},
        {"a.env", "B=1\n"},
        {NULL, NULL}};
    tree_check(reset, "l.service", "l.service: ctx=3 (unit l.service:4:27)\n F11 -b l.service:4:29\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_template_is_its_instances),
        cmocka_unit_test(environment_files_have_an_order),
        cmocka_unit_test(commands_run_without_a_shell),
        cmocka_unit_test(variables_are_words_or_vanish),
        cmocka_unit_test(drop_ins_have_to_clear),
        cmocka_unit_test(what_systemd_refuses_is_found),
        cmocka_unit_test(what_a_template_leaves_open_is_no_mistake),
        cmocka_unit_test(options_that_stand_alone_never_arrive),
        cmocka_unit_test(podman_containers_are_units_too),
        cmocka_unit_test(a_misspelt_exec_makes_no_unit),
        cmocka_unit_test(hostile_units_are_survived),
    };
    return cmocka_run_group_tests(tests, tree_set_up, tree_tear_down);
}
