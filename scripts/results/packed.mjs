// What packing costs: the bundled model's perplexity as its weights are stored, before and after it has learnt.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { splitText } from '../lib/text.mjs';
import { trainAndMeasure } from './adapted.mjs';

/** @typedef {import('./report.mjs').Table} Table */

const path = (/** @type {string} */ relative) => fileURLToPath(new URL(relative, import.meta.url));
const [R, RATE, STEPS] = [64, 3e-2, 100];
/** Characters of the end of the book. */
const HELD_OUT = 40_000;
/** @type {readonly import('../../src/index').ModelDtype[]} */
const DTYPES = ['float32', 'float16', 'bfloat16', 'q8', 'q4'];

/** @type {Table} */
export const packed = {
  keys: 1,
  columns: ['dtype', 'MB of weights', 'perplexity before', 'perplexity after', 'seconds'],
  about: (seeds) => [
    `Perplexity of the bundled prose-1.4M, whose files are float16, on the end of *Moby-Dick* (${HELD_OUT} characters): as its weights are stored,`,
    `and after ${STEPS} steps of 8 × 128 tokens over them, r ${R} at ${RATE} on all linear layers, mean ± standard deviation of ${seeds} runs.`,
  ],
  async make(bench) {
    const { library, session, row } = bench;
    const { train, heldOut } = splitText(readFileSync(path('../../demo/public/text/moby-dick.txt'), 'utf8'));
    const source = await library.openFolder(path('../../demo/public/models/prose-1.4M'));
    const test = new Blob([heldOut.slice(0, HELD_OUT)]);
    const batches = { per_device_train_batch_size: 8, max_length: 128 };
    for (const dtype of DTYPES) {
      await row([dtype], async () => {
        const model = await library.AutoModelForCausalLM.from_pretrained(source, { session, dtype });
        const { gpu_bytes } = await model.memory();
        // As it is made, an adapter changes nothing.
        const vera = await library.get_peft_model(model, new library.VeraConfig({ r: 1, target_modules: ['q_proj'] }));
        const trainer = new library.Trainer({ model: vera, args: batches, train_dataset: test, eval_dataset: test });
        const { perplexity = Number.NaN } = await trainer.evaluate();
        await vera.unload();
        const args = { ...batches, learning_rate: RATE, max_steps: STEPS };
        const method = { name: '', config: { r: R, target_modules: /** @type {const} */ ('all-linear') }, args };
        const runs = { model, train: () => new Blob([train]), test, metric: /** @type {const} */ ('perplexity') };
        const cells = await trainAndMeasure(bench, method, runs);
        await model.dispose();
        return [(gpu_bytes / 1e6).toFixed(2), perplexity.toFixed(2), cells[0] ?? '', cells.at(-1) ?? ''];
      });
    }
  },
};
