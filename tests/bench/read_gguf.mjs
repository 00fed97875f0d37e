// read_gguf.mjs FILE: reads a GGUF header with @huggingface/gguf, and nothing more.
import { gguf } from "@huggingface/gguf";
const { metadata, tensorInfos } = await gguf(process.argv[2], { allowLocalFile: true });
console.log(Object.keys(metadata).length, tensorInfos.length);
