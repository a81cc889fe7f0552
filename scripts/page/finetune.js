// Trains an adapter with the public API, in a worker, and reports everything to the script that opened this page.
import { describeDevice, describeError, loadLibrary, report } from './library.js';

/** @typedef {import('../lib/finetune_options.mjs').Settings} Settings */
/** @typedef {Settings & { prompt: string, kernels: 'default' | 'tuned' | import('../../src/index').KernelChoice }} Job */
/** @typedef {import('../../src/index').VeraModel} VeraModel */

/** Tokens in a block of the held-out text. */
const EVAL_LENGTH = 256;
const SAMPLE_TOKENS = 64;

/** @param {string} path */
async function blob(path) {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response.blob();
}

/**
 * Goes on from the prompt, after the token that starts a document, where the tokenizer has one.
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

/** @param {Blob} file */
async function base64(file) {
  const bytes = new Uint8Array(await file.arrayBuffer());
  let binary = '';
  for (let i = 0; i < bytes.length; i += 32_768) binary += String.fromCharCode(...bytes.subarray(i, i + 32_768));
  return btoa(binary);
}

/** @param {Job} job */
async function finetune(job) {
  const { AutoModelForCausalLM, get_peft_model, Session, Trainer, VeraConfig } = await loadLibrary();
  const [train, heldOut] = await Promise.all([blob('/train.txt'), blob('/held_out.txt')]);
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

  const { kernels } = job;
  const session = await timed('start', () => Session.open({ kernels }));
  session.addEventListener('warning', ({ code, message }) => {
    if (code === 'other_kernels') void report({ type: 'warning', message });
  });
  const model = await timed('load', async () => {
    const base = await AutoModelForCausalLM.from_pretrained(new URL('/model/', location.href), { session });
    const { r, target_modules } = job;
    const config = new VeraConfig({
      r,
      target_modules,
      task_type: 'CAUSAL_LM',
      base_model_name_or_path: job.model,
      // A and B come again from `projection_prng_key`, so that an adapter is only its two vectors a layer.
      save_projection: false,
    });
    return get_peft_model(base, config);
  });
  const parameters = model.get_nb_trainable_parameters();
  const tokens = (await model.tokenizer?.encode(await heldOut.text()))?.length ?? 0;
  await report({ type: 'ready', parameters, heldOutTokens: tokens, device: await describeDevice() });

  const measure = async () => {
    const args = { max_length: EVAL_LENGTH, per_device_train_batch_size: 4 };
    const metrics = await new Trainer({ model, args, train_dataset: train, eval_dataset: heldOut }).evaluate();
    if (metrics.perplexity === undefined) throw new Error('evaluate() gave no perplexity');
    return metrics.perplexity;
  };
  // A fresh adapter changes nothing: this is the base model.
  const before = await timed('measure before', measure);
  const sampleBefore = await timed('write before', () => sample(model, job));
  await report({ type: 'before', perplexity: before });

  const { max_steps, warmup_steps, learning_rate, per_device_train_batch_size, max_length, seed } = job;
  // The browser's profile, and all that is kept in it, goes as soon as this ends.
  const save_strategy = /** @type {const} */ ('no');
  const args = { max_steps, warmup_steps, learning_rate, per_device_train_batch_size, max_length, seed, save_strategy };
  const output = await timed('train', async () => {
    const run = new Trainer({ model, args, train_dataset: train }).train();
    for await (const event of run) {
      if (event.type === 'log') await report({ type: 'log', logs: event.logs });
      if (event.type === 'warning') await report({ type: 'warning', message: event.message });
    }
    return run;
  });

  const after = await timed('measure after', measure);
  const sampleAfter = await timed('write after', () => sample(model, job));
  const memory = await model.memory();
  const files = await model.save_pretrained({ id: 'finetune' });
  const result = {
    perplexity: { before, after },
    sample: { prompt: job.prompt, before: sampleBefore, after: sampleAfter },
    metrics: output.metrics,
    memory,
    timings,
    kernels: await session.kernels(),
    files: {
      'adapter_config.json': await base64(files['adapter_config.json']),
      'adapter_model.safetensors': await base64(files['adapter_model.safetensors']),
    },
  };
  await session.close();
  return result;
}

try {
  const job = /** @type {Job} */ (await (await fetch('/job.json')).json());
  const result = await finetune(job);
  await report({ type: 'done', result });
} catch (error) {
  await report({ type: 'error', error: describeError(error) });
}
