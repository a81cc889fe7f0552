// Runs the golden case that the query names through the public API, in the library's own worker. Reports what comes out.
import { loadLibrary } from '../../../scripts/page/library.js';
import { bytesOf } from './bytes.js';
import { float32Of } from './tensors.js';

/** @typedef {import('../../helpers/golden').GoldenCase} GoldenCase */
/** @typedef {import('../../helpers/golden').GoldenTraining} GoldenTraining */
/** @typedef {import('../../../src/index').PreTrainedModel} Model */

const library = await loadLibrary();
const { get_peft_model, Session, Trainer, VeraConfig, VeraModel } = library;
const folder = new URL(`/golden/cases/${location.search.slice(1)}/`, location.href);
/** @type {GoldenCase} */
const golden = await (await fetch(new URL('case.json', folder))).json();
const session = await Session.open({ store: 'memory' });
const source = new URL(`/golden/${golden.base}/`, location.href);
const { architectures } = await (await fetch(new URL('config.json', source))).json();
const isOfImages = /ForImageClassification$/.test(architectures[0]);
const isOfTexts = /ForSequenceClassification$/.test(architectures[0]);
const isClassifier = isOfImages || isOfTexts;
const AutoClassifier = isOfImages
  ? library.AutoModelForImageClassification
  : library.AutoModelForSequenceClassification;
const Auto = isClassifier ? AutoClassifier : library.AutoModelForCausalLM;
const base = await Auto.from_pretrained(source, { session });
// The pixels of a case's images lie among its tensors; those of its batch are the first.
const tensors = isOfImages ? await float32Of(new URL('tensors.safetensors', folder)) : new Map();
const pixelsOf = (/** @type {number} */ index) => tensors.get(`input.${index}.pixel_values`);

/** @param {Model} model */
async function forward(model) {
  const { batch } = golden.inputs;
  const inputs = isOfImages ? { pixel_values: pixelsOf(0), labels: batch.labels } : batch;
  const { logits, loss } = await model.forward(inputs);
  return { logits: [...logits.data], loss };
}

/**
 * The rows of a batch as examples.
 * @param {number} index
 * @returns {import('../../../src/index').Example[]}
 */
function examplesOf(index) {
  const batch = golden.inputs.train_batches[index];
  if (batch === undefined) return [];
  const { input_ids, attention_mask, token_type_ids, labels } = batch;
  if (isOfImages) {
    const { dims, data } = pixelsOf(index);
    const length = data.length / labels.length;
    return labels.map((label, row) => ({
      pixel_values: { dims: dims.slice(1), data: data.subarray(row * length, (row + 1) * length) },
      label: Number(label),
    }));
  }
  return input_ids.map((ids, row) => ({
    input_ids: ids,
    attention_mask: attention_mask[row] ?? [],
    labels: labels[row] ?? [],
    ...(token_type_ids && { token_type_ids: token_type_ids[row] ?? [] }),
  }));
}

/** @param {string} name of one of the case's folders */
async function saved(name) {
  const model = await VeraModel.from_pretrained(base, new URL(`${name}/`, folder));
  return bytesOf(await model.save_pretrained());
}

async function random() {
  const model = await VeraModel.from_pretrained(base, new URL('adapter/', folder));
  const greedy = isClassifier ? undefined : await greedyTokens(model);
  return { ...(await forward(model)), disabled: await model.disable_adapter(() => forward(model)), greedy };
}

/** @param {Model} model */
async function greedyTokens(model) {
  const { prompt, continuation } = golden.expect.random.greedy;
  const tokens = [];
  for await (const { token_id } of model.generate(prompt, {
    max_new_tokens: continuation.length,
    eos_token_id: null,
  })) {
    tokens.push(token_id);
  }
  return tokens;
}

/** @param {GoldenTraining} training */
async function trained(training) {
  const model =
    training.start === 'random'
      ? await VeraModel.from_pretrained(base, new URL('adapter/', folder), { is_trainable: true })
      : await get_peft_model(base, new VeraConfig(golden.vera_config));
  const { lr, weight_decay, max_grad_norm = 0, accumulate = 1, warmup_steps = 0, steps } = training;
  const run = new Trainer({
    model,
    args: {
      per_device_train_batch_size: golden.inputs.batch.labels.length,
      gradient_accumulation_steps: accumulate,
      max_steps: steps,
      learning_rate: lr,
      lr_scheduler_type: warmup_steps > 0 ? 'linear' : 'constant',
      warmup_steps,
      weight_decay,
      max_grad_norm,
      ...(!isOfImages && { max_length: golden.inputs.batch.input_ids[0]?.length ?? 0 }),
      shuffle: false,
    },
    train_dataset: training.batches.flat().flatMap(examplesOf),
  }).train();
  const logs = [];
  for await (const event of run) if (event.type === 'log') logs.push(event.logs);
  return {
    losses: logs.map(({ loss }) => loss),
    norms: logs.map(({ grad_norm }) => grad_norm),
    rates: logs.map(({ learning_rate }) => learning_rate),
    files: await bytesOf(await model.save_pretrained()),
  };
}

/** @type {Record<string, Awaited<ReturnType<typeof trained>>>} */
const runs = {};
for (const training of golden.expect.train) {
  // The loss of a step is the mean over all its labelled tokens; the other way to accumulate isn't offered.
  if (training.normalise !== 'mean_of_means') runs[training.id] = await trained(training);
}
const report = {
  base: await forward(base),
  random: await random(),
  saved: { adapter: await saved('adapter'), adapter_noproj: await saved('adapter_noproj') },
  runs,
};
await session.close();
window.report(report);
