// Trains a classifier with evaluations, from the last checkpoint if there is one, then solves for its head. Reports each event
// and the results. `?kind=`: texts, numbers or images. With `&straight` it stores no checkpoint.
import { loadLibrary } from '../../../../scripts/page/library.js';
import { bytesOf } from '../lib/bytes.js';

const library = await loadLibrary();
const { get_peft_model, Session, Trainer, VeraConfig } = library;
const wanted = new URLSearchParams(location.search);

/** Returns pseudo-random numbers, the same for the same seed. */
const numbers = (/** @type {number} */ count, /** @type {number} */ seed) =>
  Array.from({ length: count }, (_, index) => Math.sin(12.9898 * (index + 1) + 78.233 * seed));
/** @param {number} index */
const ids = (index) => [10 + (index % 3), ...numbers(4, index).map((number) => 20 + Math.floor(30 * (number + 1)))];

const kinds = {
  texts: {
    base: 'bert',
    Auto: library.AutoModelForSequenceClassification,
    target_modules: ['query', 'value'],
    example: (/** @type {number} */ index) => ({ input_ids: ids(index), label: index % 3 }),
  },
  numbers: {
    base: 'roberta-regression',
    Auto: library.AutoModelForSequenceClassification,
    target_modules: ['query', 'value'],
    example: (/** @type {number} */ index) => ({ input_ids: ids(index), label: (index % 3) - 0.75 }),
  },
  images: {
    base: 'vit',
    Auto: library.AutoModelForImageClassification,
    target_modules: ['q_proj', 'v_proj'],
    example: (/** @type {number} */ index) => ({
      pixel_values: { dims: [3, 16, 16], data: Float32Array.from(numbers(3 * 16 * 16, index % 5)) },
      label: index % 5,
    }),
  },
};
const { base, Auto, target_modules, example } = kinds[/** @type {keyof typeof kinds} */ (wanted.get('kind'))];

const session = await Session.open();
const model = await Auto.from_pretrained(new URL(`/golden/base/${base}/`, location.href), { session });
const vera = await get_peft_model(model, new VeraConfig({ r: 8, target_modules, task_type: 'SEQ_CLS' }));
const rows = Array.from({ length: 15 }, (_, index) => example(index));
const run = new Trainer({
  model: vera,
  train_dataset: rows,
  eval_dataset: rows,
  args: {
    ...{ per_device_train_batch_size: 5, max_steps: 28, learning_rate: 0.03, headLearningRate: 0.01 },
    ...{ eval_strategy: 'steps', eval_steps: 4, load_best_model_at_end: true, early_stopping_patience: 3 },
    ...{ save_strategy: wanted.has('straight') ? 'no' : 'steps', save_steps: 3 },
  },
}).train({ resume_from_checkpoint: true });
for await (const event of run) {
  const { global_step: step } = event.state;
  window.report({ type: event.type, step });
}
const { metrics, global_step } = await run;
const { eval_history, best_metric, best_global_step, log_history } = run.state;
const files = await bytesOf(await vera.save_pretrained());
const { seconds: _seconds, ...fit } = await vera.fit_head(rows, { C: 10 });
window.report({
  type: 'done',
  losses: log_history.map(({ loss }) => loss),
  files,
  fit,
  ended: { global_step, best: metrics.best_global_step, best_metric, best_global_step },
  evaluations: eval_history,
});
