// What a small language model gains on a book that it hasn't seen, by rank and learning rate.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { splitText } from '../lib/text.mjs';
import { costOf } from './adapted.mjs';
import { spread } from './report.mjs';

/** @typedef {import('../results.mjs').Bench} Bench */

const path = (/** @type {string} */ relative) => fileURLToPath(new URL(relative, import.meta.url));
const RANKS = [16, 64, 256];
const RATES = [4e-3, 1e-2, 3e-2];
const STEPS = 100;
/** Characters of the end of the book. */
const HELD_OUT = 40_000;

/** @param {Bench} bench */
export async function language({ library, session, seeds, tell }) {
  const { train, heldOut } = splitText(readFileSync(path('../../demo/public/text/moby-dick.txt'), 'utf8'));
  const source = await library.openFolder(path('../../demo/public/models/prose-1.4M'));
  const model = await library.AutoModelForCausalLM.from_pretrained(source, { session });
  const measured = new Blob([heldOut.slice(0, HELD_OUT)]);
  /** @param {import('../../src/index').VeraModel} vera @param {import('../../src/index').TrainingArguments} args */
  const trainerOf = (vera, args) =>
    new library.Trainer({
      model: vera,
      args: { per_device_train_batch_size: 8, max_length: 128, save_strategy: 'no', logging_steps: 1000, ...args },
      train_dataset: new Blob([train]),
      eval_dataset: measured,
    });
  /** @type {string[][]} */
  const rows = [];
  let before = Number.NaN;
  for (const r of RANKS) {
    for (const learning_rate of RATES) {
      /** @type {number[]} */
      const perplexities = [];
      let [cost, seconds] = [{ trainable: 0, bytes: 0, lora: 0 }, 0];
      for (let seed = 0; seed < seeds; seed++) {
        const config = new library.VeraConfig({ r, target_modules: 'all-linear', save_projection: false });
        const vera = await library.get_peft_model(model, config);
        if (Number.isNaN(before)) before = (await trainerOf(vera, {}).evaluate()).perplexity ?? Number.NaN;
        const begun = performance.now();
        const trainer = trainerOf(vera, { learning_rate, max_steps: STEPS, seed });
        await trainer.train();
        seconds += (performance.now() - begun) / 1000 / seeds;
        perplexities.push((await trainer.evaluate()).perplexity ?? Number.NaN);
        cost = await costOf(vera);
        await vera.unload();
      }
      const kib = (cost.bytes / 1024).toFixed(1);
      const row = [String(r), String(learning_rate), spread(perplexities, 2)];
      rows.push([...row, String(cost.trainable), String(cost.lora), kib, seconds.toFixed(0)]);
      tell(rows.at(-1)?.join(' | ') ?? '');
    }
  }
  return {
    about: [
      `Perplexity of the bundled prose-1.4M on the end of *Moby-Dick* (${HELD_OUT} characters) after ${STEPS} steps of 8 × 128 tokens`,
      `on what comes before, all linear layers; without an adapter it is ${before.toFixed(2)}. Mean ± standard deviation of ${seeds} runs.`,
    ],
    columns: ['r', 'learning_rate', 'perplexity', 'numbers that train', 'LoRA’s', 'KiB', 'seconds'],
    rows,
  };
}
