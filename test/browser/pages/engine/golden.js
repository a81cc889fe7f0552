// Runs the golden cases that the query names through the public API, in one worker of the library, and reports the
// results.
import { loadLibrary } from '../../../../scripts/page/library.js';
import { bytesOf } from '../lib/bytes.js';
import { float32Of } from '../lib/tensors.js';

/** @typedef {import('../../../helpers/golden/golden').GoldenCase} GoldenCase */
/** @typedef {import('../../../helpers/golden/golden').GoldenTraining} GoldenTraining */
/** @typedef {import('../../../../src/index').PreTrainedModel} Model */
/** @typedef {Awaited<ReturnType<typeof openCase>>} Case */

const library = await loadLibrary();
const { get_peft_model, LoraConfig, PeftModel, Session, Trainer, UniLoraConfig, VeraConfig } = library;
const session = await Session.open({ store: 'memory' });
/** The classes that load classifiers, by the end of the class name in transformers. */
const CLASSIFIERS = {
  ForSequenceClassification: library.AutoModelForSequenceClassification,
  ForTokenClassification: library.AutoModelForTokenClassification,
  ForImageClassification: library.AutoModelForImageClassification,
};

/** @param {string} name */
async function openCase(name) {
  const folder = new URL(`/golden/cases/${name}/`, location.href);
  /** @type {GoldenCase} */
  const golden = await (await fetch(new URL('case.json', folder))).json();
  const source = new URL(`/golden/${golden.base}/`, location.href);
  const { architectures } = await (await fetch(new URL('config.json', source))).json();
  const [className = ''] = /For\w*Classification$/.exec(architectures[0]) ?? [];
  const isOfImages = className === 'ForImageClassification';
  const isClassifier = className !== '';
  const Auto = isClassifier
    ? CLASSIFIERS[/** @type {keyof typeof CLASSIFIERS} */ (className)]
    : library.AutoModelForCausalLM;
  const base = await Auto.from_pretrained(source, { session });
  // A case's tensors include the pixels of its images; index 0 is its batch, the others are its training batches.
  const tensors = isOfImages ? await float32Of(new URL('tensors.safetensors', folder)) : new Map();
  const pixelsOf = (/** @type {number} */ index) => tensors.get(`input.${index}.pixel_values`);
  return { folder, golden, base, isOfImages, isClassifier, pixelsOf };
}

/**
 * @param {Case} of
 * @param {Model} model
 */
async function forward({ golden, isOfImages, pixelsOf }, model) {
  const { batch } = golden.inputs;
  const inputs = isOfImages ? { pixel_values: pixelsOf(0), labels: batch.labels } : batch;
  const { logits, loss } = await model.forward(inputs);
  return { logits: [...logits.data], loss };
}

/**
 * Returns the rows of a batch as examples for `Trainer`.
 * @param {Case} of
 * @param {number} index
 * @returns {import('../../../../src/index').Example[]}
 */
function examplesOf({ golden, isOfImages, pixelsOf }, index) {
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

/**
 * @param {Case} of
 * @param {string} name of one of the case's folders
 */
async function saved({ base, folder }, name) {
  const model = await PeftModel.from_pretrained(base, new URL(`${name}/`, folder));
  return bytesOf(await model.save_pretrained());
}

/** @param {Case} of */
async function random(of) {
  const model = await PeftModel.from_pretrained(of.base, new URL('adapter/', of.folder));
  const greedy = of.isClassifier ? undefined : await greedyTokens(of, model);
  return { ...(await forward(of, model)), disabled: await model.disable_adapter(() => forward(of, model)), greedy };
}

/**
 * @param {Case} of
 * @param {Model} model
 */
async function greedyTokens({ golden }, model) {
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

/**
 * Adds a new adapter to a base model. If it begins with random numbers, the seed is the one with which PEFT made the golden case.
 * @param {Model} base
 * @param {GoldenCase} golden
 */
function fresh(base, { peft_config, vera_config }) {
  if (peft_config === undefined) return get_peft_model(base, new VeraConfig(vera_config));
  const Config = peft_config.peft_type === 'UNILORA' ? UniLoraConfig : LoraConfig;
  return get_peft_model(base, new Config(/** @type {object} */ (peft_config)), 'default', { seed: 7 });
}

/**
 * @param {Case} of
 * @param {GoldenTraining} training
 */
async function trained(of, training) {
  const { base, folder, golden, isOfImages } = of;
  const model =
    training.start === 'random'
      ? await PeftModel.from_pretrained(base, new URL('adapter/', folder), { is_trainable: true })
      : await fresh(base, golden);
  const { lr, weight_decay, max_grad_norm = 0, accumulate = 1, warmup_steps = 0, contrast, steps } = training;
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
      ...(contrast !== undefined && { objective: 'contrast', contrastTemperature: contrast }),
    },
    train_dataset: training.batches.flat().flatMap((batch) => examplesOf(of, batch)),
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

/** @param {string} name */
async function outcomeOf(name) {
  const of = await openCase(name);
  const { base, golden } = of;
  /** @type {Record<string, Awaited<ReturnType<typeof trained>>>} */
  const runs = {};
  for (const training of golden.expect.train) {
    // The API averages a step's loss over all its labelled tokens. It has no mean of micro-steps' means, so such runs are skipped.
    if (training.normalise !== 'mean_of_means') runs[training.id] = await trained(of, training);
  }
  const report = {
    base: await forward(of, base),
    random: await random(of),
    saved: {
      adapter: await saved(of, 'adapter'),
      // Only the VeRA cases have an adapter file without the frozen matrices.
      ...(golden.peft_config === undefined && { adapter_noproj: await saved(of, 'adapter_noproj') }),
    },
    runs,
  };
  await base.dispose();
  return report;
}

const reports = [];
for (const name of location.search.slice(1).split(',')) reports.push(await outcomeOf(name));
await session.close();
window.report(reports);
