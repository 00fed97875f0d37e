// peers.mjs ROWS LLWHY SPARSE MODELS: GPU memory of recorded loads beside llwhy and node-llama-cpp's estimate from the header.
// ROWS is tests/fixtures/truth/memory.tsv; MODELS a folder for sparse files. Prints a table for each architecture.
import {execFileSync} from "node:child_process";
import {existsSync, mkdirSync, readFileSync} from "node:fs";
import path from "node:path";
import {GgmlType, GgufInsights, readGgufFileInfo} from "node-llama-cpp";

const [rowsFile, llwhy, sparse, models] = process.argv.slice(2);
mkdirSync(models, {recursive: true});

// What node-llama-cpp's estimate can be told: one card, one sequence, layers, batch, cache types, flash attention.
const values = new Set(["-c", "-ngl", "-b", "-ub", "-np", "-fa", "-ctk", "-ctv", "-fit"]);
const types = {f16: GgmlType.F16, f32: GgmlType.F32, bf16: GgmlType.BF16, q8_0: GgmlType.Q8_0, q4_0: GgmlType.Q4_0};

function options(args) {
    const words = args.split(" ").filter(Boolean), found = {};
    for (let i = 0; i < words.length; i += 2) {
        if (!values.has(words[i])) return null;
        found[words[i]] = words[i + 1];
    }
    return found;
}

const lines = readFileSync(rowsFile, "utf8").split("\n").filter((line) => line && !line.startsWith("#"));
const names = lines[0].split("\t");
const rows = lines.slice(1).map((line) => Object.fromEntries(line.split("\t").map((cell, i) => [names[i], cell])));
const insightsOf = new Map(), byArchitecture = new Map(), quantised = [];
let skipped = 0, failed = 0;

async function insights(model) {
    if (!insightsOf.has(model)) {
        const file = path.join(models, model + ".gguf");
        if (!existsSync(file)) execFileSync(sparse, [model, file]);
        insightsOf.set(model, await GgufInsights.from(await readGgufFileInfo(file, {logWarnings: false})));
    }
    return insightsOf.get(model);
}

function estimate(info, o) {
    const all = info.totalLayers, asked = o["-ngl"] === undefined ? all : Number(o["-ngl"]);
    const gpuLayers = asked < 0 ? all : Math.min(asked, all);
    const model = info.estimateModelResourceRequirements({gpuLayers, useMmap: true, gpuSupportsMmap: false});
    const context = info.estimateContextResourceRequirements({
        contextSize: Number(o["-c"] ?? 0) || info.trainContextSize,
        modelGpuLayers: gpuLayers,
        batchSize: Number(o["-ub"] ?? 512),
        sequences: 1,
        flashAttention: o["-fa"] !== "off" && info.flashAttentionSupported,
        kvCacheKeyType: types[o["-ctk"] ?? "f16"],
        kvCacheValueType: types[o["-ctv"] ?? "f16"]
    });
    return model.gpuVram + context.gpuVram;
}

function predict(row) {
    const gpus = row.gpus.split(",").flatMap((gpu) => ["--gpu", gpu.split(":").map((n) => Math.floor(n / 2 ** 20)).join(":")]);
    const out = execFileSync(llwhy, ["predict", row.model, ...gpus, "--llama", row.llama, "--program", row.program, "--format", "json",
        "--", ...row.args.split(" ").filter(Boolean)], {stdio: ["ignore", "pipe", "ignore"], env: {...process.env, XDG_STATE_HOME: models}});
    return JSON.parse(out).devices.reduce((sum, d) => sum + d.model + d.context + d.compute, 0);
}

for (const row of rows) {
    const o = options(row.args), used = row.used.split(",");
    if (!o || used.length > 1 || Number(o["-np"] ?? (row.program === "fit-params" ? 1 : 4)) !== 1) {
        skipped++;
        continue;
    }
    const truth = used[0].split(":").map(Number).reduce((a, b) => a + b, 0);
    if (!truth) continue;
    const info = await insights(row.model), architecture = info.ggufFileInfo.metadata.general.architecture;
    let peer;
    try {
        peer = estimate(info, o);
    } catch (error) {
        failed++;
        console.error(`node-llama-cpp, ${row.model} ${row.args}: ${error.message}`);
        continue;
    }
    const result = {ours: predict(row) / truth - 1, theirs: peer / truth - 1, row};
    if ((o["-ctk"] ?? "f16") !== "f16" || (o["-ctv"] ?? "f16") !== "f16") {
        quantised.push(result);
        continue;
    }
    byArchitecture.set(architecture, [...(byArchitecture.get(architecture) ?? []), result]);
}

const percent = (x) => (100 * x).toFixed(2).padStart(8) + " %";
function summary(name, list) {
    const of = (key) => {
        const errors = list.map((r) => Math.abs(r[key])).sort((a, b) => a - b), signed = list.map((r) => r[key]);
        return [errors[Math.floor(errors.length / 2)], Math.min(...signed), Math.max(...signed)].map(percent).join(" ");
    };
    const exact = list.filter((r) => r.ours === 0).length;
    console.log(`${name.padEnd(16)} ${String(list.length).padStart(4)} ${String(exact).padStart(5)}  ${of("ours")}  ${of("theirs")}`);
}
console.log("GPU memory, one card, one sequence; error of the total: median of its size, lowest, highest");
console.log(`${"architecture".padEnd(16)} rows exact  ${"llwhy".padEnd(32)}  node-llama-cpp`);
const all = [];
for (const [name, list] of [...byArchitecture].sort()) {
    summary(name, list);
    all.push(...list);
}
summary("all of these", all);
summary("quantised cache", quantised);
all.sort((a, b) => Math.abs(b.theirs) - Math.abs(a.theirs));
console.log("node-llama-cpp is furthest off at:");
for (const r of all.slice(0, 5)) console.log(`  ${percent(r.theirs)} ${r.row.llama} ${r.row.program} ${r.row.model} ${r.row.args}`);
console.log(`left out: ${skipped} rows whose flags or cards that estimate cannot be told, ${failed} that it failed on`);
process.exit(0);
