// Fine-tunes a model, and measures it before and after, through the public API. Runs in Node and in a page.

/** @typedef {import('./settings.mjs').Settings} Settings */
/** @typedef {Settings & { prompt: string, base: string, gguf_file?: string | undefined }} Job `base`: name of the model in the adapter's file */
/** @typedef {import('../../src/index').VeraModel} VeraModel */
/** @typedef {import('../../src/index').StepLogs} StepLogs */
/** @typedef {{ vendor: string, architecture: string, description: string, fallback: boolean }} Device */
/**
 * A report of a run in progress.
 * @typedef {{ type: 'stage', name: string }
 *   | { type: 'loading', loaded: number, total: number }
 *   | { type: 'ready', parameters: { trainable: number, all: number }, heldOutTokens: number, device: Device }
 *   | { type: 'before', perplexity: number }
 *   | { type: 'log', logs: StepLogs }
 *   | { type: 'recovered', step: number }
 *   | { type: 'warning', message: string }} Report
 */
/** @typedef {{ token?: () => string }} Access to repositories that aren't public */
/**
 * `files`: the files of the adapter. `exported`: the files of the exported run, if there is one.
 * @typedef {{ files: ReadonlyMap<string, Blob>, exported: ReadonlyMap<string, Blob> | undefined }} Trained
 */
/**
 * @typedef {object} Run
 * @property {import('../../src/index').SessionOptions} options of the session
 * @property {import('../../src/index').ModelSource} source of the model
 * @property {Access} [access]
 * @property {Blob} train text to train on
 * @property {Blob} heldOut text to measure perplexity on
 * @property {Job} job
 * @property {() => Promise<Device>} device
 * @property {(report: Report) => unknown} report is awaited
 * @property {(run: import('../../src/index').TrainRun) => void} [onTrain] called when the training begins
 * @property {(trained: Trained) => unknown} onTrained called when the training has ended, before the measurements; is awaited
 * @property {number} [exportAfter] step after which the run is exported and stopped
 */

/** Tokens in a block of the held-out text. */
const EVAL_LENGTH = 256;
const SAMPLE_TOKENS = 64;
/** Codes of warnings that don't matter here: the matrices A and B that are drawn from the adapter's key equal PEFT's bit for bit. */
const HARMLESS = ['projection_drawn', 'projection_not_saved', 'fan_in_fan_out'];

/** @typedef {typeof import('../../src/index')} Library */

/** @param {Library} library @param {Run} run */
export async function finetune(library, run) {
  const { options, heldOut, job, device } = run;
  const report = withoutRepeats(run.report);
  const { timings, timed } = stages(report);
  const session = await timed('start', () => library.Session.open(options));
  session.addEventListener('warning', ({ code, message }) => {
    if (!HARMLESS.includes(code)) void report({ type: 'warning', message });
  });
  const model = await timed('load', () => loadModel(library, session, run));
  const parameters = model.get_nb_trainable_parameters();
  const heldOutTokens = (await model.tokenizer?.encode(await heldOut.text()))?.length ?? 0;
  await report({ type: 'ready', parameters, heldOutTokens, device: await device() });

  // A new adapter doesn't change the model's outputs yet, so this measures the base model.
  const before = await timed('measure before', () => perplexityOf(library, model, run));
  const sampleBefore = await timed('write before', () => sample(model, job));
  await report({ type: 'before', perplexity: before });
  const { metrics, exported } = await timed('train', () => train(library, model, { ...run, report }));
  await run.onTrained({ files: new Map(Object.entries(await model.save_pretrained())), exported });
  const after = await timed('measure after', () => perplexityOf(library, model, run));
  const sampleAfter = await timed('write after', () => sample(model, job));
  const memory = await model.memory();
  const kernels = await session.kernels();
  await session.close();
  return {
    perplexity: { before, after },
    sample: { prompt: job.prompt, before: sampleBefore, after: sampleAfter },
    metrics,
    memory,
    timings,
    kernels,
  };
}

/**
 * Returns a report function that drops repeated warnings: some are reported by both the session and the training run.
 * @param {Run['report']} report
 * @returns {Run['report']}
 */
function withoutRepeats(report) {
  const warned = new Set();
  return (one) => {
    if (one.type !== 'warning') return report(one);
    if (warned.has(one.message)) return undefined;
    warned.add(one.message);
    return report(one);
  };
}

/** Reports the stages of a run, and measures how many seconds each takes. @param {Run['report']} report */
function stages(report) {
  /** @type {Record<string, number>} */
  const timings = {};
  /**
   * @template T
   * @param {string} name
   * @param {() => Promise<T>} body
   */
  const timed = async (name, body) => {
    await report({ type: 'stage', name });
    const start = performance.now();
    const result = await body();
    timings[name] = (performance.now() - start) / 1000;
    return result;
  };
  return { timings, timed };
}

/**
 * @param {Library} library
 * @param {import('../../src/index').Session} session
 * @param {Run} run
 * @returns {Promise<VeraModel>} the model with a new adapter
 */
async function loadModel(
  { AutoModelForCausalLM, get_peft_model, VeraConfig },
  session,
  { source, access, job, report },
) {
  const { dtype, gguf_file } = job;
  const base = await AutoModelForCausalLM.from_pretrained(source, {
    session,
    dtype,
    ...access,
    ...(gguf_file !== undefined && { gguf_file }),
    progress_callback: (info) => {
      if (info.status === 'progress_total') void report({ type: 'loading', loaded: info.loaded, total: info.total });
    },
  });
  return get_peft_model(base, new VeraConfig(configOf(job)));
}

/** @param {Library} library @param {VeraModel} model @param {Run} run */
async function perplexityOf({ Trainer }, model, { train, heldOut }) {
  const args = { max_length: EVAL_LENGTH, per_device_train_batch_size: 4 };
  const { perplexity } = await new Trainer({ model, args, train_dataset: train, eval_dataset: heldOut }).evaluate();
  if (perplexity === undefined) throw new Error('evaluate() gave no perplexity');
  return perplexity;
}

/**
 * Trains, and reports each step.
 * @param {Library} library
 * @param {VeraModel} model
 * @param {Run} run
 */
async function train({ Trainer, export_run }, model, { train, job, report, onTrain, exportAfter }) {
  // A run that isn't exported saves no checkpoints. Python continues an exported run with these arguments, and saves checkpoints.
  const save_strategy = exportAfter === undefined ? /** @type {const} */ ('no') : /** @type {const} */ ('steps');
  const trainer = new Trainer({ model, args: { ...argumentsOf(job), save_strategy }, train_dataset: train });
  const training = trainer.train();
  onTrain?.(training);
  /** Pauses, exports and stops the run. Returns undefined if the run ended before the pause. */
  const exportAndStop = async () => {
    await training.pause();
    try {
      return await export_run({ model, trainer });
    } catch (error) {
      const { global_step } = await training;
      if (global_step < job.max_steps) throw error;
      return undefined;
    } finally {
      await training.stop();
    }
  };
  let exported = exportAfter === 0 ? await exportAndStop() : undefined;
  for await (const event of training) {
    // If reports are read slowly, the run's state is some steps ahead of this event.
    const isDue = exportAfter !== undefined && training.state.global_step >= exportAfter;
    if (isDue && exported === undefined) exported = await exportAndStop();
    if (event.type === 'warning') await report({ type: 'warning', message: event.message });
    if (event.type === 'recovered') await report({ type: 'recovered', step: event.state.global_step });
    if (event.type === 'log') await report({ type: 'log', logs: event.logs });
  }
  const { metrics } = await training;
  return { metrics, exported };
}

/**
 * Returns the configuration of the adapter to train. The adapter's file contains only two vectors for each layer, because VeRA's
 * matrices A and B are drawn from `projection_prng_key`.
 * @param {Settings & { base: string }} job
 */
export function configOf({ r, target_modules, base }) {
  const task_type = /** @type {const} */ ('CAUSAL_LM');
  return { r, target_modules, task_type, base_model_name_or_path: base, save_projection: false };
}

/**
 * Returns the training arguments of a job.
 * @param {Settings} job
 * @returns {import('../../src/index').TrainingArguments}
 */
export function argumentsOf({ max_steps, warmup_steps, learning_rate, max_length, seed, ...rest }) {
  const { per_device_train_batch_size, gradient_accumulation_steps, gradient_checkpointing } = rest;
  const batches = { per_device_train_batch_size, gradient_accumulation_steps, gradient_checkpointing };
  return { max_steps, warmup_steps, learning_rate, max_length, seed, ...batches };
}

/**
 * Continues the prompt. The prompt begins with the tokenizer's BOS token, if it has one.
 * @param {VeraModel} model
 * @param {Job} job
 */
async function sample(model, job) {
  const { tokenizer } = model;
  if (tokenizer === undefined) return '';
  const ids = await tokenizer.encode(job.prompt);
  const start = tokenizer.bos_token_id;
  const input = start === null || ids[0] === start ? ids : [start, ...ids];
  const { seed } = job;
  return model.generate(input, { max_new_tokens: SAMPLE_TOKENS, do_sample: true, temperature: 0.8, top_k: 40, seed });
}
