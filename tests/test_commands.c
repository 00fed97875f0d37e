/* Commands in files of other programs: workflows, Taskfiles, npm scripts, dev containers, editors, SkyPilot;
 * and what containers and units may use. */
#include "torture.h"

static void workflows_run_their_steps(void **state) {
    (void)state;
    tree_check_one(
        ".github/workflows/test.yml",
        "on: push\nenv: {CTX: 4096}\njobs:\n  a:\n    runs-on: x\n    env:\n      LLAMA_ARG_UBATCH: 256\n    "
        "steps:\n      - uses: actions/checkout@v4\n      - name: serve\n        env: {CTX: 8192}\n        "
        "run: |\n          ./llama-server -m a.gguf -c $CTX -b ${{ matrix.b }} &\n          sleep 1\n      - "
        "run: llama-server -m b.gguf -c ${{ env.CTX }}\n",
        ".github/workflows/test.yml: model=a.gguf (GitHub Actions .github/workflows/test.yml:13:29) "
        "ctx=8,192 (GitHub Actions env .github/workflows/test.yml:11:20) < 4,096 (GitHub Actions env "
        ".github/workflows/test.yml:2:12) batch=unknown (GitHub Actions .github/workflows/test.yml:13:47) "
        "ubatch=256 (GitHub Actions env .github/workflows/test.yml:7:25)\n"
        ".github/workflows/test.yml:#2: model=b.gguf (GitHub Actions .github/workflows/test.yml:15:30) "
        "ctx=4,096 (GitHub Actions env .github/workflows/test.yml:2:12) ubatch=256 (GitHub Actions env "
        ".github/workflows/test.yml:7:25)\n");
}

static void tasks_put_their_variables_in(void **state) {
    (void)state;
    tree_check_one(
        "Taskfile.yml",
        "version: '3'\nvars:\n  CTX: 4096\n  MODEL: {sh: pick}\nenv:\n  LLAMA_ARG_BATCH: 128\ntasks:\n  "
        "serve:\n    vars: {CTX: 7}\n    cmds:\n      - cmd: llama-server -m {{.MODEL}} -c {{.CTX}} "
        "{{.CLI_ARGS}}\n  one: llama-server -m a.gguf -c {{.CTX}}\n",
        "Taskfile.yml: model=a.gguf (Taskfile Taskfile.yml:12:24) ctx=4,096 (Taskfile vars Taskfile.yml:3:8) "
        "batch=128 (Taskfile env Taskfile.yml:6:20)\n"
        "Taskfile.yml:#2: model=? (Taskfile vars Taskfile.yml:4:10) ctx=7 (Taskfile vars Taskfile.yml:9:17) "
        "< 4,096 (Taskfile vars Taskfile.yml:3:8) batch=128 (Taskfile env Taskfile.yml:6:20)\n");
}

static void scripts_of_packages_and_dev_containers(void **state) {
    (void)state;
    tree_check_one(
        "package.json",
        "{\n  \"name\": \"x\",\n  \"scripts\": {\n    \"llm\": \"CTX=1; llama-server -m a.gguf -c $CTX\",\n  "
        "  \"test\": \"jest -c 1\"\n  }\n}\n",
        "package.json: model=a.gguf (npm script package.json:4:36) ctx=1 (npm script package.json:4:17)\n");
    tree_check_one(
        ".devcontainer/devcontainer.json",
        "{\n  // llama\n  \"containerEnv\": {\"LLAMA_ARG_CTX_SIZE\": \"5\"}, /* c */\n  "
        "\"postStartCommand\": {\"a\": [\"llama-server\", \"-ub\", \"9\"], \"b\": \"llama-server -b "
        "3\"},\n}\n",
        ".devcontainer/devcontainer.json: ctx=5 (dev container env .devcontainer/devcontainer.json:3:43) "
        "ubatch=9 (dev container .devcontainer/devcontainer.json:4:54)\n"
        ".devcontainer/devcontainer.json:#2: ctx=5 (dev container env .devcontainer/devcontainer.json:3:43) "
        "batch=3 (dev container .devcontainer/devcontainer.json:4:81)\n");
    tree_check_one(".vscode/tasks.json",
                   "{\"version\": \"2.0.0\", \"tasks\": [{\"label\": \"llm\", \"command\": \"llama-server\", "
                   "\"args\": [\"-c\", \"4\"]}]}\n",
                   ".vscode/tasks.json: ctx=4 (editor task .vscode/tasks.json:1:92)\n");
    tree_check_one("sky.yaml",
                   "resources: {accelerators: L4}\nenvs:\n  CTX: 9\nrun: |\n  llama-server -c $CTX\n",
                   "sky.yaml: ctx=9 (SkyPilot env sky.yaml:3:8)\n");
}

/* variables of the file, of the job over them, as maps with a description; three scripts of a job, one of
 * lists. */
static void gitlab_jobs_run_their_scripts(void **state) {
    (void)state;
    tree_check_one(".gitlab-ci.yml",
                   "variables:\n  CTX: {value: \"4096\", description: cells}\n  UB: \"1\"\n"
                   "default:\n  before_script:\n    - echo llama\n"
                   "serve:\n  variables: {UB: \"256\"}\n  script:\n    - export B=7\n    - |\n"
                   "      llama-server -m a.gguf -c $CTX -ub $UB -np $CI_SLOTS\n"
                   "  after_script: [llama-bench -m a.gguf -p 5]\n",
                   ".gitlab-ci.yml: model=a.gguf (GitLab CI .gitlab-ci.yml:12:23) ctx=4,096 (GitLab CI env "
                   ".gitlab-ci.yml:2:17) ubatch=256 (GitLab CI env .gitlab-ci.yml:8:20) < 1 (GitLab CI env "
                   ".gitlab-ci.yml:3:8) parallel=unknown (a variable that nobody sets .gitlab-ci.yml:12:50)\n"
                   ".gitlab-ci.yml:#2: model=a.gguf (GitLab CI .gitlab-ci.yml:13:33)\n");
}

/* SkyPilot's setup may serve what run then asks. */
static void sky_starts_in_setup_and_run(void **state) {
    (void)state;
    tree_check_one(
        "task.yaml",
        "resources:\n  accelerators: L4:1\nenvs:\n  CTX: 9\nsetup: |\n  llama-server -m a.gguf -c $CTX &\n"
        "run: |\n  llama-server -m b.gguf -c ${OTHER:-3}\n",
        "task.yaml: model=a.gguf (SkyPilot task.yaml:6:19) ctx=9 (SkyPilot env task.yaml:4:8)\n"
        "task.yaml:#2: model=b.gguf (SkyPilot task.yaml:8:19) ctx=3 (shell default task.yaml:8:38)\n");
}

/* Lists are words, strings are for a shell, objects hold several; every one of its hooks. */
static void dev_containers_have_hooks(void **state) {
    (void)state;
    tree_check_one(
        ".devcontainer/devcontainer.json",
        "{\"image\": \"x\", \"containerEnv\": {\"LLAMA_ARG_UBATCH\": \"256\"},\n"
        "\"onCreateCommand\": [\"llama-server\", \"-c\", \"$CTX\"],\n"
        "\"postAttachCommand\": \"CTX=4; llama-server -c $CTX\"}\n",
        ".devcontainer/devcontainer.json: ubatch=256 (dev container env "
        ".devcontainer/devcontainer.json:1:54)\n F09 -c .devcontainer/devcontainer.json:2:44\n"
        ".devcontainer/devcontainer.json:#2: ctx=4 (dev container .devcontainer/devcontainer.json:3:27) "
        "ubatch=256 (dev container env .devcontainer/devcontainer.json:1:54)\n");
}

/* A script of the tree that a workflow starts as it is tells of itself; one that it gives something runs
 * otherwise. */
static void a_script_that_is_started_is_told_once(void **state) {
    (void)state;
    const tree_file files[] = {{".github/workflows/t.yml",
                                "# llama\njobs:\n  a:\n    steps:\n      - run: ./run.sh &\n"
                                "      - run: ./run.sh\n        env: {CTX: 9}\n"},
                               {"run.sh", "#!/bin/sh\nllama-server -m a.gguf -c ${CTX:-1}\n"},
                               {NULL, NULL}};
    tree_check(files, "",
               "run.sh: model=a.gguf (script run.sh:2:17) ctx=1 (shell default run.sh:2:34)\n"
               ".github/workflows/t.yml:run.sh: model=a.gguf (script run.sh:2:17) ctx=9 (GitHub Actions env "
               ".github/workflows/t.yml:7:20) < 1 (shell default run.sh:2:34)\n");
}

static void others_stay_silent(void **state) {
    (void)state;
    tree_check_one("package.json", "{\"scripts\": {\"llama\": \"next dev -c 1\"}}\n", "");
    tree_check_one("Taskfile.yml", "tasks:\n  llama:\n    cmds: [\"vllm serve -b 1\"]\n", "");
    tree_check_one("ci.yml", "# llama\njobs:\n  a:\n    steps:\n    - run: git checkout -b llama-server\n",
                   "");
}

static void limits_are_facts(void **state) {
    (void)state;
    tree_check_one(
        "pod.yaml",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: llm}\nspec:\n  initContainers:\n  - name: warm\n    "
        "image: "
        "ghcr.io/ggml-org/llama.cpp:light\n    args: [\"-c\", \"1\"]\n  containers:\n  - name: s\n    image: "
        "ghcr.io/ggml-org/llama.cpp:server\n    args: [\"-c\", \"2\"]\n    resources:\n      limits: "
        "{nvidia.com/gpu: 2, memory: 16Gi}\n",
        "pod.yaml:llm: ctx=2 (Kubernetes args pod.yaml:12:19) gpus_seen=2 (Kubernetes limits pod.yaml:14:32) "
        "gpu_ids= (Kubernetes limits pod.yaml:14:32) ram_limit=16.00 GiB (Kubernetes limits "
        "pod.yaml:14:43)\n");
    tree_check_one("a.service", "[Service]\nMemoryMax=8G\nExecStart=/usr/bin/llama-server -c 1\n",
                   "a.service: ctx=1 (unit a.service:3:36) ram_limit=8.00 GiB (MemoryMax= a.service:2:1)\n");
    tree_check_one(
        "run.sh",
        "#!/bin/sh\ndocker run --gpus '\"device=1,0\"' -m 8g ghcr.io/ggml-org/llama.cpp:server -c 1\n",
        "run.sh: ctx=1 (script run.sh:2:77) gpus_seen=2 (--gpus run.sh:2:20) gpu_ids=1,0 (--gpus "
        "run.sh:2:20) ram_limit=8.00 GiB (script run.sh:2:37)\n");
    tree_check_one(
        "go.sh", "#!/bin/sh\nCUDA_VISIBLE_DEVICES= llama-server -c 1\n",
        "go.sh: ctx=1 (script go.sh:2:39) gpus_seen=0 (script go.sh:2:1) gpu_ids= (script go.sh:2:1)\n");
}

static void hostile_files_are_survived(void **state) {
    (void)state;
    static const char *const pieces[] = {"{{", "}}", "${{", "\"", "\\", "//", "/*",   "\n",
                                         "[",  "{",  "&a ", "*a", ": ", "- ", "run: "};
    tree_torture("Taskfile.yml",
                 "vars: {A: '{{.B}}', B: \"{{.A}}\"}\ntasks:\n  a:\n    cmds:\n    - cmd: llama-server -c "
                 "{{.A}}\n    - |\n"
                 "      llama-server -b {{ .B }}\n  b: &b llama-server\n  c: *b\n",
                 pieces, sizeof pieces / sizeof *pieces, 200);
    tree_torture(
        "tasks.json",
        "{ // c\n \"tasks\": [{\"command\": \"llama-server\", \"args\": [\"-c\", \"1\"]}, /* x */ {}]}\n",
        pieces, sizeof pieces / sizeof *pieces, 100);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(workflows_run_their_steps),
        cmocka_unit_test(tasks_put_their_variables_in),
        cmocka_unit_test(scripts_of_packages_and_dev_containers),
        cmocka_unit_test(gitlab_jobs_run_their_scripts),
        cmocka_unit_test(sky_starts_in_setup_and_run),
        cmocka_unit_test(dev_containers_have_hooks),
        cmocka_unit_test(a_script_that_is_started_is_told_once),
        cmocka_unit_test(others_stay_silent),
        cmocka_unit_test(limits_are_facts),
        cmocka_unit_test(hostile_files_are_survived),
    };
    return cmocka_run_group_tests(tests, tree_set_up, tree_tear_down);
}
