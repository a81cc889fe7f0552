// Trains a small language model on a book that it hasn't seen, by rank and learning rate.
import { readFileSync } from 'node:fs';
import { splitText } from '../../finetune/split_text.mjs';
import { inRepository } from '../../shared/paths.mjs';
import { costColumns, LORA_RANK, trainAndMeasure } from './adapted.mjs';

/** @typedef {import('../report.mjs').Table} Table */

const RANKS = [16, 64, 256];
const RATES = [4e-3, 1e-2, 3e-2];
const STEPS = 100;
/** Held-out characters at the end of the book. */
const HELD_OUT = 40_000;

/** @type {Table} */
export const language = {
  keys: 2,
  columns: ['r', '`learning_rate`', ...costColumns('Perplexity')],
  about: (seeds) => [
    `Perplexity of the bundled prose-1.4M on the end of *Moby-Dick* (${HELD_OUT} characters) after ${STEPS} steps of 8 × 128 tokens of the`,
    `text before it: mean ± standard deviation of ${seeds} runs. VeRA adapts all linear layers. LoRA’s values are those of rank ${LORA_RANK} on the`,
    'same layers.',
  ],
  async make(run) {
    const { library, session, row } = run;
    const { train, heldOut } = splitText(readFileSync(inRepository('demo/public/text/moby-dick.txt'), 'utf8'));
    const source = await library.openFolder(inRepository('demo/public/models/prose-1.4M'));
    const model = await library.AutoModelForCausalLM.from_pretrained(source, { session });
    const test = new Blob([heldOut.slice(0, HELD_OUT)]);
    const batches = { per_device_train_batch_size: 8, max_length: 128 };
    await row(['none', '–'], async () => {
      // A new adapter changes nothing.
      const vera = await library.get_peft_model(model, new library.VeraConfig({ r: 1, target_modules: ['q_proj'] }));
      const trainer = new library.Trainer({ model: vera, args: batches, train_dataset: test, eval_dataset: test });
      const { perplexity = Number.NaN } = await trainer.evaluate();
      await vera.unload();
      return [perplexity.toFixed(2), '–', '–', '–', '–'];
    });
    for (const r of RANKS) {
      for (const learning_rate of RATES) {
        const args = { ...batches, learning_rate, max_steps: STEPS };
        const method = { name: '', config: { r, target_modules: /** @type {const} */ ('all-linear') }, args };
        const runs = { model, train: () => new Blob([train]), test, metric: /** @type {const} */ ('perplexity') };
        await row([String(r), String(learning_rate)], () => trainAndMeasure(run, method, runs));
      }
    }
  },
};
