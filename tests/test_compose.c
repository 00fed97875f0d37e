/* Compose projects: what override files, extends, include, .env and profiles make of each other, and which
 * GPUs and how much RAM a service sees. */
#include "torture.h"

#define IMAGE "image: ghcr.io/ggml-org/llama.cpp:server-cuda-b8022"
#define BASE                                                                                                 \
    "services:\n  llm:\n    " IMAGE "\n    command: [\"-c\", \"1\", \"-ub\", \"2\"]\n    environment:\n"     \
    "      LLAMA_ARG_BATCH: \"3\"\n      LLAMA_ARG_N_PARALLEL: \"4\"\n"

static void override_files_replace_commands_and_add_variables(void **state) {
    (void)state;
    const tree_file files[] = {
        {"compose.yaml", BASE},
        {"compose.override.yml", "services:\n  llm:\n    command: [\"-c\", \"7\"]\n    environment:\n"
                                 "      - LLAMA_ARG_BATCH=8\n"},
        {"docker-compose.override.yml", "services:\n  llm:\n    command: [\"-c\", \"99\"]\n"},
        {NULL, NULL}};
    static const char want[] =
        "compose.yaml:llm: ctx=7 (Compose command compose.override.yml:3:22) < 1 (Compose command "
        "compose.yaml:4:22) batch=8 (Compose environment compose.override.yml:5:25) < 3 (Compose environment "
        "compose.yaml:6:25) parallel=4 (Compose environment compose.yaml:7:30)\n";
    tree_check(files, "", want);
    tree_check(files, "compose.yaml", want);
}

static void reset_and_override_take_away(void **state) {
    (void)state;
    const tree_file reset[] = {{"compose.yaml", BASE},
                               {"compose.override.yaml",
                                "services:\n  llm:\n    command: !reset null\n    environment: !override\n"
                                "      LLAMA_ARG_CTX_SIZE: \"5\"\n"},
                               {NULL, NULL}};
    tree_check(reset, "", "compose.yaml:llm: ctx=5 (Compose environment compose.override.yaml:5:28)\n");
    /* null is a value: the image's own command */
    const tree_file null[] = {{"compose.yaml", BASE},
                              {"compose.override.yaml",
                               "services:\n  llm:\n    command:\n    environment:\n      LLAMA_ARG_BATCH:\n"},
                              {NULL, NULL}};
    tree_check(null, "", "compose.yaml:llm: parallel=4 (Compose environment compose.yaml:7:30)\n");
}

static void compose_file_of_the_env_says_what_lies_over_what(void **state) {
    (void)state;
    const tree_file files[] = {
        {".env", "COMPOSE_FILE=docker-compose.yml:gpu.compose.yml\n"},
        {"docker-compose.yml", BASE},
        {"docker-compose.override.yml", "services: {llm: {command: [\"-c\", \"99\"]}}\n"},
        {"gpu.compose.yml",
         "services:\n  llm:\n    command: [\"-c\", \"7\"]\n    deploy: {resources: {reservations: {devices: "
         "[{driver: nvidia, count: 1, capabilities: [gpu]}]}}}\n"},
        {NULL, NULL}};
    tree_check(files, "",
               "docker-compose.yml:llm: ctx=7 (Compose command gpu.compose.yml:3:22) < 1 (Compose command "
               "docker-compose.yml:4:22) batch=3 (Compose environment docker-compose.yml:6:25) parallel=4 "
               "(Compose environment docker-compose.yml:7:30) gpus_seen=1 (Compose devices "
               "gpu.compose.yml:4:75) gpu_ids= (Compose devices gpu.compose.yml:4:75)\n");
}

static void a_file_that_cannot_run_alone_is_read_over_its_base(void **state) {
    (void)state;
    const tree_file files[] = {
        {"docker-compose.yml", BASE},
        {"docker-compose.cpu.yml", "services:\n  llm:\n    command: [\"-c\", \"7\"]\n    mem_limit: 8g\n"},
        {NULL, NULL}};
    tree_check(files, "",
               "docker-compose.cpu.yml:llm: ctx=7 (Compose command docker-compose.cpu.yml:3:22) < 1 (Compose "
               "command docker-compose.yml:4:22) batch=3 (Compose environment docker-compose.yml:6:25) "
               "parallel=4 (Compose environment docker-compose.yml:7:30) ram_limit=8.00 GiB (Compose memory "
               "limit docker-compose.cpu.yml:4:16)\n"
               "docker-compose.yml:llm: ctx=1 (Compose command docker-compose.yml:4:22) batch=3 (Compose "
               "environment docker-compose.yml:6:25) ubatch=2 (Compose command docker-compose.yml:4:34) "
               "parallel=4 (Compose environment docker-compose.yml:7:30)\n");
}

static void extends_is_followed_in_each_file(void **state) {
    (void)state;
    const tree_file files[] = {
        {"compose.yaml",
         "services:\n  base:\n    " IMAGE
         "\n    command: -c 1 -b 2\n    env_file: a.env\n  llm:\n    extends: "
         "base\n    command: -c 7\n  other:\n    extends: {file: common/llm.yml, service: shared}\n    "
         "environment: {LLAMA_ARG_UBATCH: 5}\n"},
        {"a.env", "LLAMA_ARG_N_PARALLEL=4\n"},
        {"common/llm.yml", "services:\n  shared:\n    " IMAGE
                           "\n    env_file: [b.env]\n    environment: {LLAMA_ARG_UBATCH: 9}\n"},
        {"common/b.env", "LLAMA_ARG_CTX_SIZE=6\n"},
        {NULL, NULL}};
    tree_check(files, "",
               "compose.yaml:base: ctx=1 (Compose command compose.yaml:4:17) batch=2 (Compose command "
               "compose.yaml:4:22) parallel=4 (env_file a.env:1:22)\n"
               "compose.yaml:llm: ctx=7 (Compose command compose.yaml:8:17) < 1 (Compose command "
               "compose.yaml:4:17) parallel=4 (env_file a.env:1:22)\n"
               "compose.yaml:other: ctx=6 (env_file common/b.env:1:20) ubatch=5 (Compose environment "
               "compose.yaml:11:37) < 9 (Compose environment common/llm.yml:5:37)\n"
               "common/llm.yml:shared: ctx=6 (env_file common/b.env:1:20) ubatch=9 (Compose environment "
               "common/llm.yml:5:37)\n");
    const tree_file wrong[] = {{"compose.yaml", "services:\n  llama:\n    extends: nobody\n    " IMAGE
                                                "\n    command: -c 1\n  a: {extends: b}\n  b: "
                                                "{extends: a, command: [\"llama-server\"]}\n"},
                               {NULL, NULL}};
    tree_check(wrong, "",
               "compose.yaml:llama: ctx=1 (Compose command compose.yaml:5:17)\n"
               "compose.yaml:a:\n"
               "compose.yaml:b:\n"
               "unread compose.yaml:3 Compose refuses the file: there is no service nobody to extend\n"
               "unread compose.yaml:7 Compose refuses the file: a extends itself\n"
               "unread compose.yaml:6 Compose refuses the file: b extends itself\n");
}

static void what_is_included_lies_below(void **state) {
    (void)state;
    const tree_file files[] = {
        {"compose.yaml",
         "include:\n  - path: llm/compose.yaml\n  - web.yaml\nservices:\n  llm:\n    command: -c 7\n"},
        {"llm/compose.yaml", "services:\n  llm:\n    " IMAGE "\n    command: -c ${CTX:-1} -b 3\n"},
        {"llm/.env", "CTX=5\n"},
        {"web.yaml", "services:\n  web:\n    image: nginx\n"},
        {NULL, NULL}};
    tree_check(files, "",
               "compose.yaml:llm: ctx=7 (Compose command compose.yaml:6:17) < 1 (Compose default "
               "llm/compose.yaml:4:24)\n"
               "llm/.env: ctx=5 (.env llm/.env:1:5) < 1 (Compose default llm/compose.yaml:4:24) batch=3 "
               "(Compose command llm/compose.yaml:4:30)\n");
}

/* ".defaults": nobody starts it; what has such a name and is extended by none is a service. */
static void a_base_that_others_extend_is_not_started(void **state) {
    (void)state;
    const tree_file files[] = {
        {"compose.yaml", "services:\n  .base:\n    " IMAGE "\n    command: -c $$N\n  a:\n    extends: .base\n"
                         "    command: -c 2\n  _b:\n    " IMAGE "\n    command: -c 3\n"},
        {NULL, NULL}};
    tree_check(files, "",
               "compose.yaml:a: ctx=2 (Compose command compose.yaml:7:17)\n"
               "compose.yaml:_b: ctx=3 (Compose command compose.yaml:10:17)\n");
}

static void env_files_may_be_raw_or_missing(void **state) {
    (void)state;
    const tree_file files[] = {{"compose.yaml",
                                "services:\n  llm:\n    " IMAGE
                                "\n    env_file:\n      - path: a.env\n        format: raw\n      - path: "
                                "none.env\n        required: false\n      - b.env\n"},
                               {"a.env", "LLAMA_ARG_CTX_SIZE=\"4096\"\nLLAMA_ARG_BATCH=1\n"},
                               {"b.env", "LLAMA_ARG_UBATCH=\"512\" # c\nLLAMA_ARG_BATCH=2\n"},
                               {NULL, NULL}};
    tree_check(files, "",
               "compose.yaml:llm: batch=2 (env_file b.env:2:17) < 1 (env_file a.env:2:17) ubatch=512 "
               "(env_file b.env:1:19)\n"
               " F09 LLAMA_ARG_CTX_SIZE a.env:1:20\n");
}

static void env_goes_through_every_service_that_takes_it(void **state) {
    (void)state;
    const tree_file files[] = {
        {"compose.yaml", "services:\n  a:\n    " IMAGE "\n    command: -c ${CTX:-1}\n  b:\n    " IMAGE
                         "\n    command: -b 5\n    "
                         "env_file: .env\n  c:\n    " IMAGE "\n    command: -c 9\n    profiles: [big]\n"},
        {".env.example", "CTX=7\nLLAMA_ARG_UBATCH=3\n"},
        {NULL, NULL}};
    tree_check(
        files, "",
        ".env.example: ctx=7 (.env .env.example:1:5) < 1 (Compose default compose.yaml:4:24)\n"
        ".env.example:b: batch=5 (Compose command compose.yaml:7:17) ubatch=3 (env_file .env.example:2:18)\n"
        "compose.yaml:a: ctx=1 (Compose default compose.yaml:4:24)\n"
        "compose.yaml:b: batch=5 (Compose command compose.yaml:7:17)\n"
        "compose.yaml:c: ctx=9 (Compose command compose.yaml:11:17)\n");
}

/* Compose reads the .env beside its file: a service that takes something from it is one launch, and a default
 * that the .env stands over is what lost. One that takes nothing from it is told as it stands. */
static void a_service_is_told_once_with_its_env(void **state) {
    (void)state;
    const tree_file files[] = {{".env", "MODEL=a.gguf\n"},
                               {"compose.yaml",
                                "services:\n  a:\n    " IMAGE
                                "\n    command: -m /models/${MODEL} -ub 2048\n  b:\n    " IMAGE
                                "\n    command: -m /models/${MODEL:-b.gguf}\n"},
                               {NULL, NULL}};
    tree_check(files, "",
               ".env: model=/models/a.gguf (.env .env:1:7) ubatch=2,048 (Compose command compose.yaml:4:38)\n"
               ".env:b: model=/models/a.gguf (.env .env:1:7)\n");
    const tree_file one_variable[] = {{".env", "GPU_LAYERS=auto\n"},
                                      {"compose.yaml",
                                       "services:\n  a:\n    " IMAGE
                                       "\n    command: -ngl ${GPU_LAYERS:-99} -c 1\n  b:\n    " IMAGE
                                       "\n    command: -c 2\n"},
                                      {NULL, NULL}};
    static const char layers[] =
        "gpu_layers=-1 (.env .env:1:12) < 99 (Compose default compose.yaml:4:33) ctx=1 "
        "(Compose command compose.yaml:4:40)\n";
    char want[400];
    snprintf(want, sizeof want, ".env: %scompose.yaml:b: ctx=2 (Compose command compose.yaml:7:17)\n",
             layers);
    tree_check(one_variable, "", want);
    snprintf(want, sizeof want,
             "compose.yaml:a: %scompose.yaml:b: ctx=2 (Compose command compose.yaml:7:17)\n", layers);
    tree_check(one_variable, "compose.yaml", want);
    const tree_file alone[] = {
        {"compose.yaml", "services:\n  a:\n    " IMAGE "\n    command: -m /models/${MODEL} -c 1\n"},
        {NULL, NULL}};
    tree_check(alone, "",
               "compose.yaml:a: model=? (Compose command compose.yaml:4:17) ctx=1 (Compose command "
               "compose.yaml:4:37)\n");
}

static void a_dockerfile_may_stand_in_the_file(void **state) {
    (void)state;
    tree_check_one("compose.yaml",
                   "services:\n  llm:\n    build:\n      dockerfile_inline: |\n"
                   "        FROM ghcr.io/ggml-org/llama.cpp:server-cuda-b8022\n"
                   "        ENV LLAMA_ARG_CTX_SIZE=4096 HOMES=$$HOME\n        CMD [\"-ub\", \"${UB:-256}\"]\n"
                   "    environment: {LLAMA_ARG_CTX_SIZE: \"8\"}\n",
                   "compose.yaml:llm: ctx=8 (Compose environment compose.yaml:8:40) < 4,096 (Dockerfile ENV "
                   "compose.yaml:6:32) ubatch=256 (Dockerfile CMD compose.yaml:7:22)\n");
    /* it stands for the Dockerfile beside the file */
    const tree_file files[] = {
        {"compose.yaml",
         "# llama\nservices:\n  llm:\n    build: {context: ., dockerfile_inline: \"FROM x\\nCMD "
         "sleep 1\"}\n"},
        {"Dockerfile", "FROM ghcr.io/ggml-org/llama.cpp:server-b8022\nCMD [\"-c\", \"1\"]\n"},
        {NULL, NULL}};
    tree_check(files, "", "Dockerfile: ctx=1 (Dockerfile CMD Dockerfile:2:13)\n");
}

/* project_directory is where relative names are seen from, env_file what the included file's ${...} mean;
 * several paths lie over one another. */
static void include_may_move_a_file(void **state) {
    (void)state;
    const tree_file files[] = {
        {"compose.yaml",
         "include:\n  - path: parts/llm.yaml\n    project_directory: here\n    env_file: [one.env, "
         "two.env]\nservices: {}\n"},
        {"one.env", "CTX=1\nUB=5\n"},
        {"two.env", "CTX=2\n"},
        {"here/more.env", "LLAMA_ARG_BATCH=7\n"},
        {"parts/more.env", "LLAMA_ARG_BATCH=9\n"},
        {"parts/llm.yaml", "services:\n  llm:\n    " IMAGE "\n    command: -c ${CTX:-9} -ub ${UB}\n"
                           "    env_file: more.env\n"},
        {NULL, NULL}};
    tree_check(
        files, "compose.yaml",
        "compose.yaml:llm: ctx=2 (include env_file two.env:1:5) < 1 (include env_file one.env:1:5) < 9 "
        "(Compose default parts/llm.yaml:4:24) batch=7 (env_file here/more.env:1:17) ubatch=5 (include "
        "env_file one.env:2:4)\n");
    const tree_file over[] = {{"compose.yaml", "include:\n  - path: [a.yaml, b.yaml]\nservices: {}\n"},
                              {"a.yaml", "services:\n  llm:\n    " IMAGE "\n    command: -c 1\n"},
                              {"b.yaml", "services:\n  llm:\n    command: -c 2\n  x:\n    image: nginx\n"},
                              {NULL, NULL}};
    tree_check(over, "compose.yaml", "");
    tree_check(over, "b.yaml",
               "b.yaml:llm: ctx=2 (Compose command b.yaml:3:17) < 1 (Compose command a.yaml:4:17)\n");
}

static void devices_and_limits_are_facts(void **state) {
    (void)state;
    tree_check_one(
        "compose.yaml",
        "services:\n  a:\n    " IMAGE "\n    gpus: all\n    mem_limit: 16g\n  b:\n    " IMAGE
        "\n    deploy:\n      resources:\n        limits: {memory: 512M}\n        reservations:\n"
        "          devices:\n            - driver: nvidia\n              device_ids: ['1', "
        "'0']\n              capabilities: [gpu]\n    environment: {CUDA_VISIBLE_DEVICES: \"1\"}\n"
        "  c:\n    " IMAGE
        "\n    gpus:\n      - count: ${GPUS:-2}\n      - {driver: nvidia, count: 1}\n  d:\n    " IMAGE
        "\n    deploy: {resources: {reservations: {devices: [{capabilities: [tpu]}]}}}\n",
        "compose.yaml:a: gpus_seen=-1 (Compose gpus compose.yaml:4:11) gpu_ids= (Compose gpus "
        "compose.yaml:4:11) ram_limit=16.00 GiB (Compose memory limit compose.yaml:5:16)\n"
        "compose.yaml:b: gpus_seen=1 (Compose environment compose.yaml:16:42) gpu_ids=0 (Compose environment "
        "compose.yaml:16:42) ram_limit=512.0 MiB (Compose memory limit compose.yaml:10:26)\n"
        "compose.yaml:c: gpus_seen=3 (Compose devices compose.yaml:21:33) gpu_ids= (Compose devices "
        "compose.yaml:21:33)\n"
        "compose.yaml:d:\n");
}

static void models_are_started_by_model_runner(void **state) {
    (void)state;
    tree_check_one("compose.yaml",
                   "services:\n  app:\n    image: app\n    models: [llm]\nmodels:\n  llm:\n    model: "
                   "ai/qwen3:8B\n    context_size: 8192\n    runtime_flags: [\"-ub\", \"1024\", "
                   "\"--cache-type-k=q8_0\"]\n  hub:\n    model: hf.co/a/b-GGUF:Q4_K_M\n    runtime_flags: "
                   "[\"-ngl\", \"9\"]\n  other:\n    model: ai/x\n    runtime_flags: "
                   "[\"--gpu-memory-utilization\", \"0.9\"]\n",
                   "compose.yaml:models.llm: model=ai/qwen3:8B (Compose models compose.yaml:7:12) "
                   "gpu_layers=unknown (Compose models compose.yaml:7:12) ctx=8,192 (Compose models "
                   "compose.yaml:8:19) ubatch=1,024 (Compose models compose.yaml:9:29) cache_type_k=q8_0 "
                   "(Compose models compose.yaml:9:37)\n"
                   " F06 --cache-type-k compose.yaml:9:37\n"
                   "compose.yaml:models.hub: model=a/b-GGUF:Q4_K_M (Compose models compose.yaml:11:18) "
                   "gpu_layers=9 (Compose models compose.yaml:12:30)\n");
}

#define MOVED(file) "include: [{path: " file ", project_directory: .}]\n"

/* A circle ends where a file comes again, seen from elsewhere or not. */
static void a_circle_of_includes_ends(void **state) {
    (void)state;
    const tree_file one[] = {
        {"compose.yaml", MOVED("b.yaml") "services:\n  a:\n    " IMAGE "\n    command: -c 1\n"},
        {"b.yaml", MOVED("b.yaml") "services:\n  b:\n    " IMAGE "\n    command: -c 2\n"},
        {NULL, NULL}};
    tree_check(one, "compose.yaml",
               "compose.yaml:a: ctx=1 (Compose command compose.yaml:5:17)\n"
               "compose.yaml:b: ctx=2 (Compose command b.yaml:5:17)\n");
    const tree_file two[] = {
        {"compose.yaml", MOVED("b.yaml") "services:\n  a:\n    " IMAGE "\n    command: -c 1\n"},
        {"b.yaml", MOVED("c.yaml") "services:\n  b:\n    " IMAGE "\n    command: -c 2\n"},
        {"c.yaml", MOVED("b.yaml") "services:\n  c:\n    " IMAGE "\n    command: -c 3\n"},
        {NULL, NULL}};
    tree_check(two, "compose.yaml",
               "compose.yaml:a: ctx=1 (Compose command compose.yaml:5:17)\n"
               "compose.yaml:b: ctx=2 (Compose command b.yaml:5:17)\n"
               "compose.yaml:c: ctx=3 (Compose command c.yaml:5:17)\n");
}

/* What lies deeper than anybody includes is told, and not read. */
static void a_long_chain_of_includes_is_told(void **state) {
    (void)state;
    enum { LONG = 100 };
    llw_arena *arena = llw_arena_new();
    tree_file files[LONG + 1] = {{NULL, NULL}};
    for (int i = 0; i < LONG; i++)
        files[i] = (tree_file){i ? llw_arena_printf(arena, "c%d.yaml", i) : "compose.yaml",
                               llw_arena_printf(arena,
                                                "include: [c%d.yaml]\nservices:\n  s%d:\n    " IMAGE
                                                "\n    command: -c 1\n",
                                                i + 1, i)};
    tree_make(files);
    tree t = tree_read(tree_box);
    assert_true(t.out.n_unread > 0);
    assert_string_equal(t.out.unread[0].why, "c18.yaml is not read here: includes go too deep");
    assert_string_equal(tree_short(t.out.unread[0].file), "c17.yaml");
    assert_int_equal(t.out.n_launches, LONG);
    tree_end(&t);
    tree_clear();
    llw_arena_free(arena);
}

/* Each file includes the next one twice, from directories of its own: 2^16 ways. */
static void includes_that_branch_are_bounded(void **state) {
    (void)state;
    enum { LONG = 16 };
    llw_arena *arena = llw_arena_new();
    tree_file files[LONG + 1] = {{NULL, NULL}};
    for (int i = 0; i < LONG; i++)
        files[i] = (tree_file){llw_arena_printf(arena, "%s%d.yaml", i ? "c" : "a", i),
                               llw_arena_printf(arena,
                                                "include:\n  - {path: [c%d.yaml], project_directory: .}\n"
                                                "  - {path: c%d.yaml, project_directory: .}\n"
                                                "  - {path: c%d.yaml, project_directory: ./.}\nservices:\n"
                                                "  s%d:\n    " IMAGE "\n    command: -c 1\n",
                                                i + 1, i + 1, i + 1, i)};
    tree_make(files);
    tree t = tree_read(tree_box);
    assert_true(t.out.n_launches >= LONG);
    assert_true(t.out.n_unread > 0 && t.out.n_unread < 2000);
    tree_end(&t);
    tree_clear();
    llw_arena_free(arena);
}

static void hostile_projects_are_survived(void **state) {
    (void)state;
    static const char *const pieces[] = {"!reset ",
                                         "!override ",
                                         "&a ",
                                         "*a",
                                         "<<: *a\n",
                                         "extends: llm\n",
                                         "include: [compose.yaml]\n",
                                         "include: [{path: [x.yaml], project_directory: .., env_file: a}]\n",
                                         "dockerfile_inline: |\n",
                                         "${",
                                         "}",
                                         "\n",
                                         "  ",
                                         "- ",
                                         "[",
                                         "{",
                                         ": "};
    tree_torture(
        "compose.yaml",
        "include: [x.yaml]\nx-a: &a {image: \"ghcr.io/ggml-org/llama.cpp:server\"}\nservices:\n  llm:\n"
        "    <<: *a\n    extends: {file: compose.yaml, service: b}\n    gpus: all\n    command: !reset "
        "[]\n  b:\n    <<: *a\n    deploy: {resources: {reservations: {devices: [{device_ids: ['0'], "
        "capabilities: [[gpu]]}]}}}\n    command: llama-server -c ${A:-1}\n",
        pieces, sizeof pieces / sizeof *pieces, 300);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(override_files_replace_commands_and_add_variables),
        cmocka_unit_test(reset_and_override_take_away),
        cmocka_unit_test(compose_file_of_the_env_says_what_lies_over_what),
        cmocka_unit_test(a_file_that_cannot_run_alone_is_read_over_its_base),
        cmocka_unit_test(extends_is_followed_in_each_file),
        cmocka_unit_test(what_is_included_lies_below),
        cmocka_unit_test(a_base_that_others_extend_is_not_started),
        cmocka_unit_test(env_files_may_be_raw_or_missing),
        cmocka_unit_test(env_goes_through_every_service_that_takes_it),
        cmocka_unit_test(a_service_is_told_once_with_its_env),
        cmocka_unit_test(a_dockerfile_may_stand_in_the_file),
        cmocka_unit_test(include_may_move_a_file),
        cmocka_unit_test(devices_and_limits_are_facts),
        cmocka_unit_test(models_are_started_by_model_runner),
        cmocka_unit_test(a_circle_of_includes_ends),
        cmocka_unit_test(a_long_chain_of_includes_is_told),
        cmocka_unit_test(includes_that_branch_are_bounded),
        cmocka_unit_test(hostile_projects_are_survived),
    };
    return cmocka_run_group_tests(tests, tree_set_up, tree_tear_down);
}
