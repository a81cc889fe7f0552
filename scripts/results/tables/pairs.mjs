// Teaches SmolLM2-135M-Instruct, from its GGUF file, to prefer one of two texts.
import { dataOf } from '../data/fetch.mjs';
import { readAnimalPairs } from '../data/word_pairs.mjs';

/** @typedef {import('../report.mjs').Table} Table */
/** @typedef {import('../report.mjs').TableRun} TableRun */
/** @typedef {import('../data/word_pairs.mjs').Pair} Pair */
/** @typedef {import('../../../src/index').VeraModel} VeraModel */

const GGUF = 'SmolLM2-135M-Instruct.Q4_1.gguf';
const [R, RATE, STEPS] = [64, 2e-2, 24];
/** The number of pairs to learn from, and of held-out pairs. */
const COUNT = 48;
const ARGS = { per_device_train_batch_size: 4, max_length: 40, beta: 0.1, save_strategy: /** @type {const} */ ('no') };

/** @type {Table} */
export const pairs = {
  keys: 1,
  columns: [
    'Preferred',
    'Likelier before',
    'Likelier after',
    'Higher reward after',
    'Trained values',
    'KiB',
    'Seconds to the first loss',
    'Seconds a step',
  ],
  about: () => [
    `SmolLM2-135M-Instruct from its Q4_1 file of 98 MB learns a preference from ${COUNT} pairs by \`DPOTrainer\`: ${STEPS} steps of ${ARGS.per_device_train_batch_size} pairs, VeRA`,
    `r ${R} at ${RATE} on all linear layers, beta ${ARGS.beta}, texts of at most ${ARGS.max_length} tokens. Each pair has two words with one first letter and their`,
    'definitions in WordNet, of nearly one length: an animal, which is preferred, and a thing. The table counts, of other words, the',
    `${COUNT} pairs whose animal is likelier than the thing, before and after, and those whose animal gained more (TRL's accuracy of rewards). Seconds`,
    'to the first loss include the kernels, and all pairs through the base model.',
  ],
  async make(run) {
    const { library, session, row } = run;
    const source = await library.openFolder(dataOf('SmolLM2-135M-Instruct', GGUF));
    const model = await library.AutoModelForCausalLM.from_pretrained(source, { session, gguf_file: GGUF });
    const all = readAnimalPairs(dataOf('wordnet', 'data.noun'));
    const [learnt, heldOut] = [all.slice(0, COUNT), all.slice(COUNT, 2 * COUNT)];
    await row(['animals'], async () => {
      const peft_config = new library.VeraConfig({ r: R, target_modules: 'all-linear', save_projection: false });
      const vera = await library.get_peft_model(model, peft_config);
      const before = await likelier(run, vera, heldOut);
      const args = { ...ARGS, learning_rate: RATE, max_steps: STEPS };
      const trainer = new library.DPOTrainer({ model: vera, args, train_dataset: learnt, eval_dataset: heldOut });
      const seconds = await secondsOf(run, trainer);
      const { 'rewards/accuracies': rewarded = Number.NaN } = await trainer.evaluate();
      const after = await likelier(run, vera, heldOut);
      const { trainable } = vera.get_nb_trainable_parameters();
      const { 'adapter_model.safetensors': file } = await vera.save_pretrained();
      await vera.unload();
      const found = [before, after, Math.round(rewarded * COUNT)].map((count) => `${count} of ${COUNT}`);
      const costs = [String(trainable), (file.size / 1024).toFixed(1)];
      return [...found, ...costs, seconds.first.toFixed(0), seconds.step.toFixed(1)];
    });
    await model.dispose();
  },
};

/**
 * Trains, and returns two durations in seconds: `first`, until the first loss, and `step`, the mean of the later steps.
 * @param {TableRun} run
 * @param {import('../../../src/index').DPOTrainer} trainer
 */
async function secondsOf({ report }, trainer) {
  const begun = performance.now();
  let first = begun;
  for await (const event of trainer.train()) {
    if (event.type !== 'log') continue;
    if (event.logs.step === 1) first = performance.now();
    const { step, loss, 'rewards/accuracies': accuracy, 'rewards/margins': margin } = event.logs;
    report(`  step ${step}: loss ${loss.toFixed(3)}, accuracy ${accuracy}, margin ${margin?.toFixed(2)}`);
  }
  return { first: (first - begun) / 1000, step: (performance.now() - first) / 1000 / (STEPS - 1) };
}

/**
 * Returns the number of pairs whose chosen text is likelier, by the model, than the rejected one.
 * @param {TableRun} run
 * @param {VeraModel} model
 * @param {readonly Pair[]} data
 */
async function likelier({ library, report }, model, data) {
  let count = 0;
  for (const pair of data) {
    const trainer = new library.DPOTrainer({ model, args: ARGS, train_dataset: [pair], eval_dataset: [pair] });
    const { 'logps/chosen': chosen = Number.NaN, 'logps/rejected': rejected = Number.NaN } = await trainer.evaluate();
    report(`  ${chosen.toFixed(1)} and ${rejected.toFixed(1)}:${pair.chosen}${pair.rejected}`);
    if (chosen > rejected) count += 1;
  }
  return count;
}
