import { decimal, integer, readFlags } from '../lib/options.mjs';
import { DAWN_FLAG, dawnHelp, loadLibrary, modelOf, openGpu, required, sourceOf } from './library.mjs';

export const HELP = `Goes on with a text, and prints what it writes.

  webvera generate --model MODEL --prompt TEXT [options]

  --model MODEL          a folder with config.json, model.safetensors or its shards,
                         and tokenizer.json; or a name on the hub, as org/name
  --adapter DIR          a VeRA adapter's two files, as PEFT or webvera finetune wrote
                         them                          (none: the model alone)
  --prompt TEXT
  --max_new_tokens N                                   (64)
  --temperature X        samples; without it and --top_k, the likeliest token is taken
  --top_k N              samples from so many tokens
  --seed N               of the sampling               (42)
${dawnHelp(25)}
  --help`;

const FLAGS = /** @type {const} */ ({
  model: { type: 'string' },
  adapter: { type: 'string' },
  prompt: { type: 'string' },
  max_new_tokens: { type: 'string', default: '64' },
  temperature: { type: 'string' },
  top_k: { type: 'string' },
  seed: { type: 'string', default: '42' },
  dawn: DAWN_FLAG,
});

/** @param {readonly string[]} argv */
export async function main(argv) {
  const flags = readFlags(argv, FLAGS);
  const named = modelOf(flags);
  const prompt = required('prompt', flags, 'a text to go on with');
  const config = readConfig(flags);
  const { AutoModelForCausalLM, openFolder, Session, VeraModel } = await loadLibrary();
  const adapter = flags.adapter === undefined ? undefined : await openFolder(String(flags.adapter));
  const session = await Session.open({ worker: false, gpu: await openGpu(flags), store: 'memory' });
  session.addEventListener('warning', ({ code, message }) => {
    // A and B are drawn to the bit as PEFT draws them.
    if (code !== 'projection_drawn') console.warn(`Warning: ${message}`);
  });
  const base = await AutoModelForCausalLM.from_pretrained(await sourceOf(named), { session });
  const model = adapter === undefined ? base : await VeraModel.from_pretrained(base, adapter);
  for await (const { text } of model.generate(prompt, config)) process.stdout.write(text);
  process.stdout.write('\n');
  await session.close();
}

/**
 * @param {import('../lib/options.mjs').Flags} flags
 * @returns {import('../../src/index').GenerationConfig}
 */
function readConfig({ max_new_tokens, temperature, top_k, seed }) {
  return {
    max_new_tokens: integer('max_new_tokens', max_new_tokens, { min: 1, max: 1_000_000 }),
    do_sample: temperature !== undefined || top_k !== undefined,
    ...(temperature !== undefined && { temperature: decimal('temperature', temperature, { above: 0, max: 100 }) }),
    ...(top_k !== undefined && { top_k: integer('top_k', top_k, { min: 1, max: 1_000_000 }) }),
    seed: integer('seed', seed, { min: 0, max: 4_294_967_295 }),
  };
}
