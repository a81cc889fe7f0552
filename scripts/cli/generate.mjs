import { decimal, integer, readFlags } from '../shared/options.mjs';
import { printableLines } from '../shared/printable.mjs';
import { accessOf, DAWN_FLAG, dawnHelp, loadLibrary, modelOf, openGpu, required, sourceOf } from './library.mjs';

export const HELP = `Goes on with a text, and prints what it writes.

  webvera generate --model MODEL --prompt TEXT [options]

  --model MODEL          a folder with config.json, model.safetensors or its shards,
                         and tokenizer.json; a GGUF file; or a name on the hub, as org/name
                         or org/name/file.gguf. HF_TOKEN opens those that aren't public
  --adapter DIR          an adapter's two files, as PEFT or webvera finetune wrote them
                                                       (none: the model alone)
  --prompt TEXT
  --chat                 the prompt is a message, and the model answers it as its chat
                         template has it
  --max_new_tokens N                                   (64)
  --temperature X        temperature of the sampling. If it is 0, or if --temperature,
                         --top_k and --top_p are all absent, the most probable token is
                         taken
  --top_k N              samples from so many tokens   (50; 0: from all)
  --top_p X              samples from as many as have this probability together
  --repetition_penalty X for tokens that are there already (1: none)
  --stop TEXT            ends the text with this; may be given several times
  --seed N               of the sampling               (42)
${dawnHelp(25)}
  --help`;

const FLAGS = /** @type {const} */ ({
  model: { type: 'string' },
  adapter: { type: 'string' },
  prompt: { type: 'string' },
  chat: { type: 'boolean' },
  max_new_tokens: { type: 'string', default: '64' },
  temperature: { type: 'string' },
  top_k: { type: 'string' },
  top_p: { type: 'string' },
  repetition_penalty: { type: 'string' },
  stop: { type: 'string', multiple: true },
  seed: { type: 'string', default: '42' },
  dawn: DAWN_FLAG,
});

/** @param {readonly string[]} argv */
export async function main(argv) {
  const flags = readFlags(argv, FLAGS);
  const named = modelOf(flags);
  const prompt = required('prompt', flags, 'a text to go on with');
  const config = readConfig(flags);
  const { AutoModelForCausalLM, openFolder, PeftModel, Session } = await loadLibrary();
  const adapter = flags.adapter === undefined ? undefined : await openFolder(String(flags.adapter));
  const session = await Session.open({ worker: false, gpu: await openGpu(flags) });
  session.addEventListener('warning', ({ code, message }) => {
    // This warning isn't needed: VeRA's random matrices A and B, drawn from the adapter's key, equal PEFT's bit for bit.
    if (code !== 'projection_drawn') console.warn(`Warning: ${printableLines(message)}`);
  });
  const { gguf_file } = named;
  const loading = { session, ...accessOf(), ...(gguf_file !== undefined && { gguf_file }) };
  const base = await AutoModelForCausalLM.from_pretrained(await sourceOf(named), loading);
  const model = adapter === undefined ? base : await PeftModel.from_pretrained(base, adapter);
  const input = flags.chat === true ? [{ role: 'user', content: prompt }] : prompt;
  const { stdout } = process;
  for await (const { text } of model.generate(input, config)) stdout.write(stdout.isTTY ? printableLines(text) : text);
  stdout.write('\n');
  await session.close();
}

/** @param {import('../shared/options.mjs').Flags} flags @returns {import('../../src/index').GenerationConfig} */
export function readConfig({ max_new_tokens, temperature, top_k, top_p, repetition_penalty, stop, seed }) {
  const heat = { above: 0, max: 100, orZero: true };
  const sampling = {
    ...(temperature !== undefined && { temperature: decimal('temperature', temperature, heat) }),
    ...(top_k !== undefined && { top_k: integer('top_k', top_k, { min: 0, max: 1_000_000 }) }),
    ...(top_p !== undefined && { top_p: decimal('top_p', top_p, { above: 0, max: 1 }) }),
  };
  return {
    max_new_tokens: integer('max_new_tokens', max_new_tokens, { min: 1, max: 1_000_000 }),
    do_sample: Object.keys(sampling).length > 0 && sampling.temperature !== 0,
    ...sampling,
    ...(repetition_penalty !== undefined && {
      repetition_penalty: decimal('repetition_penalty', repetition_penalty, { above: 0, max: 100 }),
    }),
    ...(Array.isArray(stop) && { stop_strings: stop.map(String) }),
    seed: integer('seed', seed, { min: 0, max: 4_294_967_295 }),
  };
}
