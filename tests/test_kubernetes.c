/* Kubernetes manifests: what command, args, env and ConfigMaps make of each other. */
#include "torture.h"

#define POD "apiVersion: v1\nkind: Pod\nmetadata: {name: llm}\nspec:\n  containers:\n  - name: server\n"
#define IMAGE "    image: ghcr.io/ggml-org/llama.cpp:server-cuda-b8022\n"
#define CHECK(...) tree_check_one("pod.yaml", __VA_ARGS__)

static void command_and_args_stand_for_entrypoint_and_cmd(void **state) {
    (void)state;
    CHECK(POD IMAGE "    args: [\"-m\", /m/a.gguf, \"-c\", \"4096\"]\n",
          "pod.yaml:llm: model=/m/a.gguf (Kubernetes args pod.yaml:8:18) ctx=4,096 (Kubernetes args "
          "pod.yaml:8:36)\n");
    CHECK(POD IMAGE "    command: [\"/app/llama-server\"]\n    args:\n    - -c\n    - '7'\n",
          "pod.yaml:llm: ctx=7 (Kubernetes args pod.yaml:11:8)\n");
    CHECK(POD IMAGE
          "    command: [sh, -c]\n    args:\n    - >-\n      exec llama-server -c ${CTX:-9}\n      -b 1\n",
          "pod.yaml:llm: ctx=9 (shell default pod.yaml:11:35) batch=1 (Kubernetes args pod.yaml:12:10)\n");
    CHECK(POD IMAGE "    command: [sleep, inf]\n    args: [\"-c\", \"1\"]\n", "");
    CHECK(POD "    image: nginx # not llama\n    args: [\"-c\", \"1\"]\n", "");
    /* :full starts a script whose first word selects the tool */
    CHECK(POD "    image: ghcr.io/ggml-org/llama.cpp:full-cuda\n    args: [\"--server\", \"-c\", \"1\"]\n",
          "pod.yaml:llm: ctx=1 (Kubernetes args pod.yaml:8:31)\n");
    CHECK(POD IMAGE "    args: \"-c 1\"\n", "pod.yaml:llm:\nF26 args pod.yaml:8:12\n");
}

static void everything_has_to_be_a_string(void **state) {
    (void)state;
    CHECK(
        POD IMAGE
        "    args: [--fit, on, -c, 4096, -ngl, auto]\n    env:\n    - {name: LLAMA_ARG_UBATCH, value: 512}\n",
        "pod.yaml:llm: gpu_layers=-1 (Kubernetes args pod.yaml:8:39) ctx=4,096 (Kubernetes args "
        "pod.yaml:8:27) "
        "ubatch=512 (Kubernetes env pod.yaml:10:39) fit=yes (Kubernetes args pod.yaml:8:19)\n"
        "F26 the value of an env entry pod.yaml:10:39\nF26 args pod.yaml:8:19\nF26 args pod.yaml:8:27\n");
}

/* To YAML an address and a version of three parts are strings. */
static void what_only_looks_like_a_number_is_a_string(void **state) {
    (void)state;
    CHECK(POD IMAGE "    args: [--host, 0.0.0.0, -c, \"5\", --alias, 1.2.3]\n",
          "pod.yaml:llm: ctx=5 (Kubernetes args pod.yaml:8:34)\n");
}

static void variables_are_put_in_by_brackets(void **state) {
    (void)state;
    CHECK(POD IMAGE
          "    env:\n    - {name: CTX, value: \"8\"}\n    - {name: ALL, value: \"-c $(CTX) $(LATER)\"}\n"
          "    - {name: LATER, value: \"1\"}\n    - {name: CTX, value: \"9\"}\n"
          "    args: [\"-c\", \"$(CTX)\", \"-b\", \"$(NONE)\", \"-a\", \"$$(CTX)\", \"-ub\", \"$CTX\"]\n",
          "pod.yaml:llm: ctx=9 (Kubernetes env pod.yaml:12:27) < 8 (Kubernetes env pod.yaml:9:27)\n"
          " F09 -b pod.yaml:13:35\n F09 -ub pod.yaml:13:70\n"
          "F27 LATER pod.yaml:10:37\nF27 NONE pod.yaml:13:35\nF27 $CTX pod.yaml:13:70\n");
    CHECK(POD IMAGE "    envFrom:\n    - secretRef: {name: s}\n    args: [\"-c\", \"$(CTX)\"]\n",
          "pod.yaml:llm: ctx=unknown (Kubernetes args pod.yaml:10:19)\n");
    CHECK(POD IMAGE
          "    env:\n    - name: CTX\n      valueFrom: {fieldRef: {fieldPath: x}}\n    args: [\"-c\", "
          "\"$(CTX)\"]\n",
          "pod.yaml:llm: ctx=unknown (Kubernetes env pod.yaml:10:18)\n");
}

static void config_maps_are_looked_for_beside(void **state) {
    (void)state;
    static const tree_file files[] = {
        {"k/maps.yaml",
         "# llama\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\ndata:\n"
         "  LLAMA_ARG_CTX_SIZE: \"4096\"\n  LLAMA_ARG_FIT: \"on\"\n---\napiVersion: v1\nkind: ConfigMap\n"
         "metadata: {name: other}\ndata: {n: \"3\"}\n"},
        {"k/pod.yaml",
         POD IMAGE "    envFrom:\n    - configMapRef: {name: settings}\n    env:\n"
                   "    - {name: LLAMA_ARG_FIT, value: \"off\"}\n    - name: N\n      valueFrom:\n"
                   "        configMapKeyRef: {name: other, key: n}\n    args: [\"-ub\", \"$(N)\"]\n"},
        {"other/maps.yaml", "# llama\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: "
                            "{LLAMA_ARG_CTX_SIZE: \"1\"}\n"},
        {NULL, NULL}};
    static const char want[] =
        "k/pod.yaml:llm: ctx=4,096 (ConfigMap k/maps.yaml:7:24) ubatch=3 (ConfigMap k/maps.yaml:13:12) "
        "fit=no (Kubernetes env k/pod.yaml:11:37) < yes (ConfigMap k/maps.yaml:8:19)\n";
    tree_check(files, "", want);
    tree_check(files, "k/pod.yaml", want);
}

/* Scripts and settings that a ConfigMap holds are files of the containers that mount it. */
static void config_maps_are_mounted_as_files(void **state) {
    (void)state;
    static const char map[] = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: scripts}\ndata:\n"
                              "  run.sh: |\n    #!/bin/sh\n    . /etc/llm/llm.env\n"
                              "    exec llama-server -m /m/a.gguf -c ${CTX:-1} -ub $UB\n"
                              "  llm.env: |\n    UB=256\n---\n";
    static const char want[] =
        "pod.yaml:llm: model=/m/a.gguf (ConfigMap pod.yaml:8:26) ctx=8 (Kubernetes env "
        "pod.yaml:%d:31) < 1 (shell default pod.yaml:8:46) ubatch=256 (ConfigMap pod.yaml:10:8)\n";
    char text[2000], wanted[600];
    snprintf(
        text, sizeof text, "%s%s%s%s", map, POD IMAGE,
        "    env: [{name: CTX, value: \"8\"}]\n    command: [/bin/sh, /scripts/run.sh]\n    volumeMounts:\n"
        "    - {name: s, mountPath: /scripts}\n    - {name: s, mountPath: /etc/llm/llm.env, subPath: "
        "llm.env}\n",
        "  volumes:\n  - {name: s, configMap: {name: scripts}}\n");
    snprintf(wanted, sizeof wanted, want, 19);
    CHECK(text, wanted);
    /* items rename a key and leave the others out */
    snprintf(
        text, sizeof text, "%s%s%s%s", map, POD IMAGE,
        "    env: [{name: CTX, value: \"8\"}, {name: UB, value: \"9\"}]\n    command: [/bin/sh, ./go.sh]\n"
        "    workingDir: /scripts\n    volumeMounts: [{name: s, mountPath: /scripts}]\n",
        "  volumes:\n  - {name: s, configMap: {name: scripts, items: [{key: run.sh, path: go.sh}]}}\n");
    CHECK(text, "pod.yaml:llm: model=/m/a.gguf (ConfigMap pod.yaml:8:26) ctx=8 (Kubernetes env "
                "pod.yaml:19:31) < 1 (shell default pod.yaml:8:46) "
                "ubatch=9 (Kubernetes env pod.yaml:19:55)\n");
}

static void many_kinds_make_pods(void **state) {
    (void)state;
    static const char *const heads[] = {"apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: llm}\nspec: "
                                        "{template: {spec: {containers: [%s]}}}\n",
                                        "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: "
                                        "llm}\nspec: {template: {spec: {containers: [%s]}}}\n",
                                        "apiVersion: batch/v1\nkind: Job\nmetadata: {generateName: "
                                        "llm}\nspec: {template: {spec: {containers: [%s]}}}\n",
                                        "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: llm}\nspec: "
                                        "{jobTemplate: {spec: {template: {spec: "
                                        "{containers: [%s]}}}}}\n",
                                        "apiVersion: serving.kserve.io/v1beta1\nkind: "
                                        "InferenceService\nmetadata: {name: llm}\nspec: {predictor: "
                                        "{containers: [%s]}}\n",
                                        "apiVersion: serving.kserve.io/v1alpha1\nkind: "
                                        "ServingRuntime\nmetadata: {name: llm}\nspec: {containers: [%s]}\n",
                                        "apiVersion: v1\nkind: List\nitems:\n- kind: Pod\n  metadata: {name: "
                                        "llm}\n  spec: {containers: [%s]}\n",
                                        "apiVersion: v1\nkind: Namespace\nmetadata: {name: "
                                        "x}\n---\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: llm}\n"
                                        "spec: {containers: [%s]}\n"};
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        char text[600];
        snprintf(text, sizeof text, heads[i],
                 "{name: s, image: \"ghcr.io/ggml-org/llama.cpp:server\", args: [\"-c\", \"5\"]}");
        const tree_file files[] = {{"x.yaml", text}, {NULL, NULL}};
        const char *got = tree_told(files, "");
        if (strncmp(got, "x.yaml:llm: ctx=5 (Kubernetes args x.yaml:", 42))
            fail_msg("%s is read as %s", text, got);
    }
    CHECK("apiVersion: v1\nkind: Service # llama\nmetadata: {name: x}\nspec: {template: {spec: {containers: "
          "[]}}}\n",
          "");
    CHECK(
        POD IMAGE "    args: [\"-c\", \"1\"]\n  - name: b\n    image: ghcr.io/ggml-org/llama.cpp:light\n    "
                  "args: [\"-c\", "
                  "\"2\"]\n---\na: [\n",
        "pod.yaml:llm/server: ctx=1 (Kubernetes args pod.yaml:8:19)\npod.yaml:llm/b: ctx=2 (Kubernetes args "
        "pod.yaml:11:19)\nunread pod.yaml:13 is no YAML: did not find expected node content\n");
}

static void hostile_manifests_are_survived(void **state) {
    (void)state;
    static const char *const pieces[] = {
        "$(", ")",  "$$(A)", "---\n", "&a ",        "*a",  "<<: ", "\n",   ": ", "- ", "[",
        "{",  "\"", "\xff",  "\x01",  "items:\n- ", "|\n", "env",  "name", "99", "~"};
    tree_torture(
        "pod.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {A: \"$(A)\"}\n---\n" POD IMAGE
        "    envFrom: [{configMapRef: {name: c}, prefix: P}]\n    env: [{name: A, value: \"$(PA)$(A)\"}]\n"
        "    command: &c [llama-server]\n    args: [\"-c\", \"$(A)\", \"-m\", a.gguf]\n"
        "    volumeMounts: [{name: v, mountPath: /x, subPath: A}]\n  volumes: [{name: v, configMap: {name: "
        "c}}]\n",
        pieces, sizeof pieces / sizeof *pieces, 300);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(command_and_args_stand_for_entrypoint_and_cmd),
        cmocka_unit_test(everything_has_to_be_a_string),
        cmocka_unit_test(what_only_looks_like_a_number_is_a_string),
        cmocka_unit_test(variables_are_put_in_by_brackets),
        cmocka_unit_test(config_maps_are_looked_for_beside),
        cmocka_unit_test(config_maps_are_mounted_as_files),
        cmocka_unit_test(many_kinds_make_pods),
        cmocka_unit_test(hostile_manifests_are_survived),
    };
    return cmocka_run_group_tests(tests, tree_set_up, tree_tear_down);
}
