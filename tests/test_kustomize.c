/* Kustomizations: images, generated ConfigMaps and patches. What the patches come to is what
 * `kubectl kustomize` (kustomize 5.5) makes of the same files. */
#include "torture.h"

#define POD "apiVersion: v1\nkind: Pod\nmetadata: {name: llm}\nspec:\n  containers:\n  - name: server\n"
#define IMAGE "    image: ghcr.io/ggml-org/llama.cpp:server-cuda-b8022\n"
#define BASE                                                                                                 \
    { "b/kustomization.yaml", "resources: [pod.yaml]\n" }
#define ARGS "    args: [\"-c\", \"4096\", \"-ngl\", \"99\"]\n"
#define HEAD "apiVersion: v1\nkind: Pod\nmetadata: {name: llm}\n"
#define TOP "resources: [../b]\n"

/* What a kustomization says of the manifests that it takes, its own and those of its bases. */
static void kustomizations_name_images_and_make_config_maps(void **state) {
    (void)state;
    static const tree_file files[] = {
        {"k/base/kustomization.yaml", "resources: [pod.yaml]\nconfigMapGenerator:\n- name: llm\n  literals:\n"
                                      "  - LLAMA_ARG_CTX_SIZE=4096\n  - 'QUOTED=\"x\"'\n  envs: [llm.env]\n"
                                      "  files: [run.sh, other=llm.env]\n"},
        {"k/base/llm.env", "LLAMA_ARG_UBATCH=256\n"},
        {"k/base/run.sh", "#!/bin/sh\nexec llama-server -m a.gguf -b 7\n"},
        {"k/base/pod.yaml",
         POD "    image: ghcr.io/ggml-org/llama.cpp\n    envFrom: [{configMapRef: {name: llm}}]\n"
             "    command: [sh, /s/run.sh]\n    volumeMounts: [{name: v, mountPath: /s}]\n"
             "  volumes: [{name: v, configMap: {name: llm}}]\n"},
        {"k/prod/kustomization.yaml", "resources:\n- ../base\nimages:\n- name: ghcr.io/ggml-org/llama.cpp\n"
                                      "  newTag: server-cuda-b8022\n- name: other\n  newTag: x\n"},
        {"k/else/kustomization.yaml",
         "resources: [x.yaml]\nimages: [{name: ghcr.io/ggml-org/llama.cpp, newTag: light}]\n"},
        {NULL, NULL}};
    tree_check(files, "",
               "k/base/llm.env: ubatch=256 (.env k/base/llm.env:1:18)\n"
               "k/base/run.sh: model=a.gguf (script k/base/run.sh:2:22) batch=7 (script k/base/run.sh:2:32)\n"
               "k/base/pod.yaml:llm: model=a.gguf (ConfigMap k/base/run.sh:2:22) ctx=4,096 (ConfigMap "
               "k/base/kustomization.yaml:5:24) batch=7 (ConfigMap k/base/run.sh:2:32) ubatch=256 (ConfigMap "
               "k/base/llm.env:1:18)\n");
    /* the image decides what runs, and its tag which build */
    tree_make(files);
    tree_text("k/base/pod.yaml", POD "    image: ghcr.io/ggml-org/llama.cpp\n    args: [\"-c\", \"1\"]\n");
    tree t = tree_read(tree_box);
    char id[600];
    snprintf(id, sizeof id, "%s:llm", tree_path("k/base/pod.yaml"));
    llw_entity pod = tree_launch(&t, id);
    const llw_claim *c = llw_facts_best(t.facts, pod, LLW_launch_image);
    assert_string_equal(c->value.as.text, "ghcr.io/ggml-org/llama.cpp:server-cuda-b8022");
    assert_non_null(strstr(c->place, "k/prod/kustomization.yaml:"));
    bool pinned = false;
    assert_true(llw_facts_flag(t.facts, pod, LLW_launch_image_pinned, &pinned) && pinned);
    tree_end(&t);
    tree_clear();
}

/* `pod` under the head of a Pod, and what a kustomization above it says. */
static void check(const char *pod, const char *above, const char *patch, const char *want) {
    char text[2048];
    snprintf(text, sizeof text, "%s%s%s", POD, IMAGE, pod);
    const tree_file files[] = {BASE,
                               {"b/pod.yaml", text},
                               {"p/kustomization.yaml", above},
                               {patch ? "p/x.yaml" : NULL, patch},
                               {NULL, NULL}};
    tree_check(files, "", want);
}

static void strategic_merges_follow_the_merge_keys(void **state) {
    (void)state;
    /* args are replaced as a whole, env by name */
    check(ARGS "    env: [{name: LLAMA_ARG_UBATCH, value: \"512\"}, {name: LLAMA_ARG_BATCH, value: \"1\"}]\n",
          TOP "patches:\n- path: x.yaml\n",
          HEAD "spec:\n  containers:\n  - name: server\n    args: [\"-c\", \"8192\"]\n"
               "    env: [{name: LLAMA_ARG_UBATCH, value: \"2048\"}]\n",
          "p/kustomization.yaml:llm: ctx=8,192 (Kustomize patch p/x.yaml:7:19) < 4,096 (Kubernetes args "
          "b/pod.yaml:8:19) batch=1 (Kubernetes env b/pod.yaml:9:83) ubatch=2,048 (Kustomize patch "
          "p/x.yaml:8:44) < 512 (Kubernetes env b/pod.yaml:9:44)\n");
    /* written in the kustomization itself, with a name that it has changed before */
    check(ARGS,
          "namePrefix: x-\n" TOP "patchesStrategicMerge:\n- |-\n  apiVersion: v1\n  kind: Pod\n  "
          "metadata: {name: llm}\n  spec: {containers: [{name: server, args: [\"-c\", \"5\"]}]}\n",
          NULL,
          "p/kustomization.yaml:llm: ctx=5 (Kustomize patch p/kustomization.yaml:8:52) < 4,096 (Kubernetes "
          "args b/pod.yaml:8:19)\n");
    /* what is taken away is not there; what is new comes in front */
    check("    env: [{name: LLAMA_ARG_UBATCH, value: \"512\"}, {name: LLAMA_ARG_BATCH, value: \"$(N)\"}]\n"
          "    command: [llama-server]\n",
          TOP "patches:\n- path: x.yaml\n",
          HEAD "spec:\n  containers:\n  - name: server\n    command: null\n    env:\n    - {name: "
               "LLAMA_ARG_UBATCH, $patch: delete}\n    - {name: N, value: \"7\"}\n",
          "p/kustomization.yaml:llm: batch=7 (Kustomize patch p/x.yaml:10:25)\n");
}

static void json_patches_follow_their_paths(void **state) {
    (void)state;
    check(ARGS,
          TOP "patches:\n- target: {kind: Pod, name: l.*}\n  patch: |-\n    - op: replace\n      path: "
              "/spec/containers/0/args/1\n      value: \"8192\"\n    - op: remove\n      path: "
              "/spec/containers/0/args/3\n    - op: remove\n      path: /spec/containers/0/args/2\n"
              "    - op: add\n      path: /spec/containers/0/args/-\n      value: -ub\n"
              "    - {op: add, path: /spec/containers/0/args/3, value: \"256\"}\n",
          NULL,
          "p/kustomization.yaml:llm: ctx=8,192 (Kustomize patch p/kustomization.yaml:7:15) < 4,096 "
          "(Kubernetes args b/pod.yaml:8:19) ubatch=256 (Kustomize patch p/kustomization.yaml:15:58)\n");
    check(ARGS, TOP "patchesJson6902:\n- target: {version: v1, kind: Pod, name: llm}\n  path: x.yaml\n",
          "- {op: move, from: /spec/containers/0/args/1, path: /spec/containers/0/args/3}\n"
          "- {op: replace, path: /spec/containers/0/args/0, value: -b}\n"
          "- {op: replace, path: /spec/containers/0/args/1, value: \"64\"}\n"
          "- {op: replace, path: /spec/containers/0/args/2, value: -ub}\n",
          "p/kustomization.yaml:llm: batch=64 (Kustomize patch p/x.yaml:3:58) ubatch=4,096 (Kubernetes args "
          "b/pod.yaml:8:19)\n");
    /* not for it */
    check(ARGS,
          TOP "patches:\n- target: {kind: Deployment}\n  patch: '[{\"op\":\"remove\",\"path\":\"/spec\"}]'\n",
          NULL,
          "b/pod.yaml:llm: gpu_layers=99 (Kubernetes args b/pod.yaml:8:35) ctx=4,096 (Kubernetes args "
          "b/pod.yaml:8:19)\n");
}

/* kustomize stops with "doc is missing key" and "Unable to remove nonexistent key". */
static void a_patch_without_its_place_stops_kustomize(void **state) {
    (void)state;
    check(ARGS,
          TOP "patches:\n- target: {kind: Pod}\n  patch: |-\n    - {op: replace, path: "
              "/spec/containers/0/args/9, value: q}\n",
          NULL,
          "p/kustomization.yaml:llm: gpu_layers=99 (Kubernetes args b/pod.yaml:8:35) ctx=4,096 (Kubernetes "
          "args b/pod.yaml:8:19)\nF26 patch p/kustomization.yaml:5:27\n");
    check(ARGS,
          TOP "patches:\n- target: {kind: Pod, name: \"l[lm]*\"}\n  patch: |-\n    - {op: remove, path: "
              "/spec/containers/0/args}\n",
          NULL,
          "b/pod.yaml:llm: gpu_layers=99 (Kubernetes args b/pod.yaml:8:35) ctx=4,096 (Kubernetes args "
          "b/pod.yaml:8:19)\n");
}

/* Each that is built is one launch; the base alone only where somebody leaves it as it is. */
static void every_overlay_is_its_own(void **state) {
    (void)state;
    tree_file files[] = {
        BASE,
        {"b/pod.yaml", POD IMAGE ARGS},
        {"o/dev/kustomization.yaml", "resources: [../../b]\ncomponents: [../../c]\n"},
        {"o/prod/kustomization.yaml",
         "resources: [../../b]\npatches:\n- target: {kind: Pod}\n  patch: '[{\"op\": \"add\", \"path\": "
         "\"/spec/containers/0/args/4\", \"value\": \"--mlock\"}]'\n"},
        {"c/kustomization.yaml",
         "kind: Component\npatches:\n- target: {kind: Pod}\n  patch: |\n    - {op: replace, path: "
         "/spec/containers/0/args/1, value: \"1\"}\n"},
        {NULL, NULL}};
    static const char want[] =
        "o/dev/kustomization.yaml:llm: gpu_layers=99 (Kubernetes args b/pod.yaml:8:35) ctx=1 (Kustomize "
        "patch "
        "c/kustomization.yaml:5:62) < 4,096 (Kubernetes args b/pod.yaml:8:19)\n"
        "o/prod/kustomization.yaml:llm: gpu_layers=99 (Kubernetes args b/pod.yaml:8:35) ctx=4,096 "
        "(Kubernetes "
        "args b/pod.yaml:8:19) load_mode=mmap+mlock (Kustomize patch o/prod/kustomization.yaml:4:73)\n";
    tree_check(files, "", want);
    files[2].text = "resources: [../../b]\n";
    const char *got = tree_told(files, "");
    assert_non_null(strstr(got, "b/pod.yaml:llm: gpu_layers=99"));
    assert_null(strstr(got, "o/dev"));
}

static void config_maps_are_merged_and_patched(void **state) {
    (void)state;
    static const tree_file files[] = {
        {"b/kustomization.yaml",
         "resources: [pod.yaml]\nconfigMapGenerator: [{name: g, literals: [LLAMA_ARG_UBATCH=512, B=1]}]\n"},
        {"b/pod.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m}\ndata: {LLAMA_ARG_CTX_SIZE: "
                       "\"4096\"}\n---\n" POD IMAGE
                       "    envFrom: [{configMapRef: {name: m}}, {configMapRef: {name: g}}]\n"},
        {"p/kustomization.yaml",
         "resources: [../b]\nconfigMapGenerator:\n- name: g\n  behavior: merge\n  literals: "
         "[LLAMA_ARG_UBATCH=1024]\npatches:\n- patch: |-\n    apiVersion: v1\n    kind: ConfigMap\n    "
         "metadata: {name: m}\n    data: {LLAMA_ARG_CTX_SIZE: \"8\"}\n"},
        {NULL, NULL}};
    tree_check(files, "",
               "p/kustomization.yaml:llm: ctx=8 (Kustomize patch p/kustomization.yaml:11:33) < 4,096 "
               "(ConfigMap b/pod.yaml:4:29) ubatch=1,024 (ConfigMap p/kustomization.yaml:5:31) < 512 "
               "(ConfigMap b/kustomization.yaml:2:60)\n");
}

static void hostile_patches_are_survived(void **state) {
    (void)state;
    static const char *const pieces[] = {
        "$patch: ", "delete", "replace", "op: move", "/-", "~1", "/0",  "&a ", "*a",
        "<<: *a ",  ": ",     "- ",      "\n",       "|",  "'",  "[",   "{",   "~",
        "from: /",  "path: ", "spec:",   "name",     "99", "..", "\xff"};
    static const tree_file files[] = {
        {"p/kustomization.yaml",
         "resources: [../b]\ncomponents: [../c]\npatches:\n- path: x.yaml\n- target: {kind: Pod, name: "
         "l.*m}\n"
         "  patch: |-\n    - {op: replace, path: /spec/containers/0/args/1, value: \"8192\"}\n    - {op: "
         "move, "
         "from: /spec/containers/0/env, path: /spec/containers/0/args/-}\n    - {op: copy, from: "
         "/spec/containers, path: /spec/containers/0/x}\n"},
        {"p/x.yaml",
         HEAD "spec: &s\n  containers:\n  - &c {name: server, args: [a, b], env: [{name: A, value: "
              "\"2\"}, {$patch: replace}]}\n  - {<<: *c, name: z}\n"},
        BASE,
        {"b/pod.yaml", POD IMAGE ARGS "    env: [{name: A, value: \"1\"}]\n"},
        {"c/kustomization.yaml", "components: [../c, ../p]\npatches: [{target: {}, patch: '[]'}]\n"},
        {NULL, NULL}};
    tree_torture_in(files, 0, pieces, sizeof pieces / sizeof *pieces, 250);
    tree_torture_in(files, 1, pieces, sizeof pieces / sizeof *pieces, 250);
}

static void hostile_kustomizations_are_survived(void **state) {
    (void)state;
    static const char *const pieces[] = {
        "../", "resources: [.]\n", "&a ", "*a", ": ", "- ", "=", "\n", "'", "[", "{", "~"};
    static const tree_file files[] = {
        {"kustomization.yaml",
         "resources: [pod.yaml, b]\nimages: [{name: a, newTag: server, newName: "
         "ghcr.io/ggml-org/llama.cpp}]\n"
         "configMapGenerator: [{name: llm, literals: [A=1], envs: [e.env], files: [pod.yaml]}]\n"},
        {"b/kustomization.yaml", "resources: [.., ../b]\n"},
        {"pod.yaml", POD "    image: a:b@c # llama\n    envFrom: [{configMapRef: {name: llm}}]\n    args: "
                         "[\"-c\", \"$(A)\"]\n"},
        {NULL, NULL}};
    tree_torture_in(files, 0, pieces, sizeof pieces / sizeof *pieces, 150);
}

/* What an overlay takes and is not there is told when it is of llama.cpp; so is what moves values about. */
static void what_is_not_here_is_told(void **state) {
    (void)state;
    static const char patch[] =
        "resources: [../base, 'https://x.y/z?ref=1']\npatches:\n- patch: |-\n    apiVersion: v1\n"
        "    kind: Pod\n    metadata: {name: llama}\n    spec: {}\n";
    const tree_file alone[] = {{"p/kustomization.yaml", patch}, {NULL, NULL}};
    tree_make(alone);
    tree t = tree_read(tree_path("p"));
    assert_int_equal(t.out.n_unread, 2);
    assert_non_null(strstr(t.out.unread[0].why, "takes ../base, which is not in the folder"));
    assert_non_null(
        strstr(t.out.unread[1].why, "takes https://x.y/z?ref=1: what it starts there is not read"));
    tree_end(&t);
    tree_clear();
    /* of something else nothing is told, nor of what lies on other machines beside ours */
    const tree_file others[] = {{"p/kustomization.yaml", "resources: [../base, 'https://x.y/z?ref=1']\n"},
                                {"q/kustomization.yaml", "resources: [llama, 'https://x.y/z?ref=1']\n"},
                                {"q/llama/kustomization.yaml", "resources: []\n"},
                                {NULL, NULL}};
    tree_check(others, "", "");
    const tree_file moved[] = {BASE,
                               {"b/pod.yaml", POD IMAGE ARGS},
                               {"p/kustomization.yaml", TOP
                                "namePrefix: llama-\nreplacements:\n- source: {kind: ConfigMap, name: c}\n"},
                               {NULL, NULL}};
    tree_make(moved);
    t = tree_read(tree_box);
    assert_int_equal(t.out.n_unread, 1);
    assert_int_equal(t.out.unread[0].line, 4);
    assert_non_null(strstr(t.out.unread[0].why, "replacements put values of other objects in"));
    tree_end(&t);
    tree_clear();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kustomizations_name_images_and_make_config_maps),
        cmocka_unit_test(strategic_merges_follow_the_merge_keys),
        cmocka_unit_test(json_patches_follow_their_paths),
        cmocka_unit_test(a_patch_without_its_place_stops_kustomize),
        cmocka_unit_test(every_overlay_is_its_own),
        cmocka_unit_test(config_maps_are_merged_and_patched),
        cmocka_unit_test(hostile_kustomizations_are_survived),
        cmocka_unit_test(hostile_patches_are_survived),
        cmocka_unit_test(what_is_not_here_is_told),
    };
    return cmocka_run_group_tests(tests, tree_set_up, tree_tear_down);
}
