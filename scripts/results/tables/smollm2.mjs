// Trains SmolLM2-135M-Instruct, from its GGUF file, on a book, and on short answers in one style.
import { readFileSync } from 'node:fs';
import { splitText } from '../../finetune/split_text.mjs';
import { inRepository } from '../../shared/paths.mjs';
import { dataOf } from '../data/fetch.mjs';

/** @typedef {import('../report.mjs').Table} Table */
/** @typedef {import('../../../src/index').TrainerInit['train_dataset']} Dataset */
/** @typedef {{ readonly name: string, readonly train: Dataset, readonly test: Dataset, readonly args: import('../../../src/index').TrainingArguments, readonly prompt: string | readonly import('../../../src/index').ChatMessage[] }} Lesson */

const GGUF = 'SmolLM2-135M-Instruct.Q4_1.gguf';
const [R, RATE, STEPS] = [64, 2e-2, 24];
/** Texts are sampled, because greedy decoding soon repeats itself. */
const SAMPLED = { do_sample: true, temperature: 0.7, top_p: 0.9, seed: 1 };
/** The number of characters of the held-out text that are measured. */
const HELD_OUT = 4_000;
/** The number of held-out answers. */
const TESTS = 8;
const TOKENS = 24;

/** @returns {readonly Lesson[]} */
function lessons() {
  const { train, heldOut } = splitText(readFileSync(inRepository('demo/public/text/moby-dick.txt'), 'utf8'));
  const answers = readFileSync(inRepository('scripts/results/texts/answers.jsonl'), 'utf8').trim().split('\n');
  const rows = answers.map((line) => JSON.parse(line));
  return [
    {
      name: 'answers',
      train: rows.slice(0, -TESTS),
      test: rows.slice(-TESTS),
      args: { per_device_train_batch_size: 2, max_length: 96 },
      prompt: [{ role: 'user', content: 'How do I learn to cook?' }],
    },
    {
      name: '*Moby-Dick*',
      train: new Blob([train]),
      test: new Blob([heldOut.slice(0, HELD_OUT)]),
      args: { per_device_train_batch_size: 1, max_length: 128 },
      prompt: 'It was a cold morning, and the captain',
    },
  ];
}

/** @type {Table} */
export const smollm2 = {
  keys: 1,
  columns: [
    'Training data',
    'Perplexity before',
    'Perplexity after',
    'Trained values',
    'KiB',
    'Seconds a step',
    'Text before',
    'Text after',
  ],
  about: () => [
    'SmolLM2-135M-Instruct from its Q4_1 file of 98 MB: perplexity on held-out data, and a generated text for the same prompt (temperature',
    `${SAMPLED.temperature}, top_p ${SAMPLED.top_p}), before and after ${STEPS} steps of VeRA, r ${R} at ${RATE} on all linear layers. A step has 128 tokens of *Moby-Dick*, or two of`,
    '[48 short answers in one style](../scripts/results/texts/answers.jsonl).',
  ],
  async make(run) {
    const { library, session, row } = run;
    const source = await library.openFolder(dataOf('SmolLM2-135M-Instruct', GGUF));
    const model = await library.AutoModelForCausalLM.from_pretrained(source, { session, gguf_file: GGUF });
    for (const { name, train, test, args, prompt } of lessons()) {
      await row([name], async () => {
        const peft_config = new library.VeraConfig({ r: R, target_modules: 'all-linear', save_projection: false });
        const vera = await library.get_peft_model(model, peft_config);
        const all = { ...args, learning_rate: RATE, max_steps: STEPS, save_strategy: /** @type {const} */ ('no') };
        const trainer = new library.Trainer({ model: vera, args: all, train_dataset: train, eval_dataset: test });
        const written = async () => {
          const text = await vera.generate(prompt, { ...SAMPLED, max_new_tokens: TOKENS });
          return text.replace(/\s+/g, ' ').replaceAll('|', '\\|').trim();
        };
        const { perplexity: before = Number.NaN } = await trainer.evaluate();
        const untaught = await written();
        const begun = performance.now();
        await trainer.train();
        const seconds = (performance.now() - begun) / 1000 / STEPS;
        const { perplexity: after = Number.NaN } = await trainer.evaluate();
        const taught = await written();
        const { trainable } = vera.get_nb_trainable_parameters();
        const { 'adapter_model.safetensors': file } = await vera.save_pretrained();
        await vera.unload();
        const costs = [String(trainable), (file.size / 1024).toFixed(1), seconds.toFixed(1)];
        return [before.toFixed(2), after.toFixed(2), ...costs, untaught, taught];
      });
    }
    await model.dispose();
  },
};
