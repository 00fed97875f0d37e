/* Scripts that containers start: found by COPY, mounts and names, with the variables that Compose and the
 * Dockerfile give them; what ENTRYPOINT and CMD make of each other. */
#include "torture.h"

#define ENTRYPOINT                                                                                           \
    "#!/bin/bash\nARGS=(-m \"/models/${NAME}/${FILE}\" -ngl \"${GPU_LAYERS:-99}\" -c \"${CTX:-16384}\")\n"   \
    "if [ -n \"$NAME\" ]; then\n  ARGS+=(--alias \"$NAME\")\nfi\n[ \"$FA\" = true ] && ARGS+=(-fa on)\n"     \
    "exec /app/llama-server \"${ARGS[@]}\" \"$@\"\n"

static void compose_sets_what_the_entrypoint_passes_on(void **state) {
    (void)state;
    const tree_file files[] = {
        {"Dockerfile", "FROM ghcr.io/ggml-org/llama.cpp:server-cuda\nENV CTX=4096\nCOPY docker/start.sh "
                       "/usr/local/bin/entry\nENTRYPOINT [\"/usr/local/bin/entry\"]\n"},
        {"docker/start.sh", ENTRYPOINT},
        {"compose.yaml", "services:\n  llm:\n    build: .\n    environment:\n      - NAME=${NAME}\n      - "
                         "GPU_LAYERS=${LAYERS:-33}\n    command: [\"-ub\", \"256\"]\n"},
        {NULL, NULL}};
    tree_check(files, "",
               "Dockerfile: model=? (script docker/start.sh:2:11) gpu_layers=99 (shell default "
               "docker/start.sh:2:56) ctx=4,096 (Dockerfile ENV Dockerfile:2:9) < 16,384 (shell default "
               "docker/start.sh:2:72)\n"
               "compose.yaml:llm: model=? (Compose environment compose.yaml:5:14) gpu_layers=33 (Compose "
               "default compose.yaml:6:30) < 99 (shell default docker/start.sh:2:56) ctx=4,096 (Dockerfile "
               "ENV Dockerfile:2:9) < 16,384 (shell default docker/start.sh:2:72) ubatch=256 (Compose "
               "command compose.yaml:7:23)\n"
               "docker/start.sh: model=? (script docker/start.sh:2:11) gpu_layers=99 (shell default "
               "docker/start.sh:2:56) ctx=16,384 (shell default docker/start.sh:2:72)\n");
}

/* What cannot be read is told of a service that is built here or speaks of llama.cpp. */
static void mounts_and_names_lead_to_scripts(void **state) {
    (void)state;
    static const char script[] = "#!/bin/sh\nexec llama-server -c \"$1\"\n";
    const tree_file files[] = {
        {"deploy/compose.yaml",
         "services:\n  a:\n    image: x/llama.cpp\n    volumes: [\"../scripts:/opt/s:ro\"]\n    entrypoint: "
         "[\"/opt/s/a.sh\", \"1\"]\n  b:\n    image: x/y\n    volumes: [\"./one.sh:/go.sh\"]\n    command: "
         "bash "
         "/go.sh 2\n  c:\n    image: x/y\n    command: [\"/usr/bin/only.sh\", \"3\"]\n  d:\n    image: x/y\n "
         "   "
         "command: [\"/usr/bin/twice.sh\", \"4\"]\n"},
        {"scripts/a.sh", script},
        {"deploy/one.sh", script},
        {"x/only.sh", script},
        {"x/twice.sh", script},
        {"y/twice.sh", script},
        {NULL, NULL}};
    tree_check(files, "deploy",
               "deploy/compose.yaml:b: ctx=2 (Compose command deploy/compose.yaml:9:26)\n"
               "deploy/one.sh: ctx=unknown (an argument of the script deploy/one.sh:2:23)\n"
               "unread deploy/compose.yaml:5 starts the script /opt/s/a.sh, which is not read here\n");
    tree_check(files, "",
               "deploy/compose.yaml:a: ctx=1 (Compose entrypoint deploy/compose.yaml:5:34)\n"
               "deploy/compose.yaml:b: ctx=2 (Compose command deploy/compose.yaml:9:26)\n"
               "deploy/compose.yaml:c: ctx=3 (Compose command deploy/compose.yaml:12:36)\n"
               "deploy/one.sh: ctx=unknown (an argument of the script deploy/one.sh:2:23)\n"
               "scripts/a.sh: ctx=unknown (an argument of the script scripts/a.sh:2:23)\n"
               "x/only.sh: ctx=unknown (an argument of the script x/only.sh:2:23)\n"
               "x/twice.sh: ctx=unknown (an argument of the script x/twice.sh:2:23)\n"
               "y/twice.sh: ctx=unknown (an argument of the script y/twice.sh:2:23)\n");
}

static void copies_follow_workdir_stages_and_here_documents(void **state) {
    (void)state;
    const tree_file files[] = {
        {"Dockerfile",
         "FROM debian AS base\nWORKDIR /app\nCOPY bin/*.sh ./\nFROM base\nWORKDIR sub\nCOPY --from=base /x "
         "/y\n"
         "COPY <<'EOF' go\n#!/bin/sh\n../run.sh -c $1\nexec llama-server -c ${2:-7}\nEOF\nCMD [\"./go\", "
         "\"1\", \"2\"]\n"},
        {"bin/run.sh", "#!/bin/sh\nexec llama-server \"$@\"\n"},
        {NULL, NULL}};
    tree_check(files, "",
               "Dockerfile: ctx=1 (Dockerfile CMD Dockerfile:12:15)\n"
               "bin/run.sh:\n");
}

static void entrypoint_takes_cmd_as_docker_does(void **state) {
    (void)state;
    /* a new ENTRYPOINT takes the CMD of the image below away, not that of its own stage */
    tree_check_one(
        "Dockerfile",
        "FROM debian AS a\nCMD [\"-c\", \"1\"]\nFROM a\nENTRYPOINT [\"llama-server\", \"-b\", \"2\"]\n",
        "Dockerfile: batch=2 (Dockerfile CMD Dockerfile:4:36)\n");
    tree_check_one(
        "Dockerfile", "FROM debian\nCMD [\"-c\", \"1\"]\nENTRYPOINT [\"llama-server\", \"-b\", \"2\"]\n",
        "Dockerfile: ctx=1 (Dockerfile CMD Dockerfile:2:13) batch=2 (Dockerfile CMD Dockerfile:3:36)\n");
    /* CMD in shell form behind ENTRYPOINT in exec form is three arguments */
    tree_check_one("Dockerfile", "FROM debian\nENTRYPOINT [\"llama-server\"]\nCMD -c 1\n",
                   "Dockerfile:\n"
                   " F05 /bin/sh Dockerfile:3:5\n");
    tree_check_one("Dockerfile", "FROM debian\nENTRYPOINT [\"tini\", \"--\"]\nCMD llama-server -c 1\n",
                   "Dockerfile: ctx=1 (Dockerfile CMD Dockerfile:3:21)\n");
    /* what ONBUILD says happens in the stage that is built from this one */
    tree_check_one(
        "Dockerfile",
        "FROM debian AS a\nONBUILD ENV LLAMA_ARG_UBATCH=3\nONBUILD CMD [\"llama-server\"]\nFROM a\nENV "
        "LLAMA_ARG_BATCH=4\n",
        "Dockerfile: batch=4 (Dockerfile ENV Dockerfile:5:21) ubatch=3 (Dockerfile ENV Dockerfile:2:30)\n");
    tree_check_one("Dockerfile", "FROM debian\nONBUILD CMD [\"llama-server\", \"-c\", \"1\"]\n", "");
}

static void docker_run_reads_env_files_raw(void **state) {
    (void)state;
    const tree_file files[] = {
        {"run.sh", "#!/bin/sh\ndocker run --env-file a.env ghcr.io/ggml-org/llama.cpp:server\n"},
        {"a.env", "# c\n  LLAMA_ARG_CTX_SIZE=\"4096\"\nLLAMA_ARG_BATCH=512 # x\nLLAMA_ARG_UBATCH=$N\nHOME\n"},
        {NULL, NULL}};
    tree_check(files, "run.sh",
               "run.sh: batch=512 (--env-file a.env:3:17)\n"
               " F09 LLAMA_ARG_CTX_SIZE a.env:2:22\n"
               " F10 LLAMA_ARG_BATCH a.env:3:17\n"
               " F09 LLAMA_ARG_UBATCH a.env:4:18\n");
}

static void hostile_dockerfiles_are_survived(void **state) {
    (void)state;
    static const char *const pieces[] = {"ONBUILD ", "COPY ",     "<<EOF", "EOF\n", "FROM a\n",
                                         "AS a",     "../",       "*",     "[\"",   "\"]",
                                         "WORKDIR ", "--from=a ", "\\\n",  "\n",    "$A"};
    tree_torture(
        "Dockerfile",
        "FROM debian AS a\nONBUILD COPY x.sh /x.sh\nWORKDIR /app\nCOPY --from=b y z /w/\nCOPY [\"a b\", "
        "\"c\"]\nFROM a AS b\nCOPY <<EOF run.sh\n#!/bin/sh\nexec llama-server -c $A\nEOF\nENTRYPOINT "
        "[\"./run.sh\"]\nCMD -c 1\n",
        pieces, sizeof pieces / sizeof *pieces, 300);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compose_sets_what_the_entrypoint_passes_on),
        cmocka_unit_test(mounts_and_names_lead_to_scripts),
        cmocka_unit_test(copies_follow_workdir_stages_and_here_documents),
        cmocka_unit_test(entrypoint_takes_cmd_as_docker_does),
        cmocka_unit_test(docker_run_reads_env_files_raw),
        cmocka_unit_test(hostile_dockerfiles_are_survived),
    };
    return cmocka_run_group_tests(tests, tree_set_up, tree_tear_down);
}
