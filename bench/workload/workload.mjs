// The work that the benchmark measures. Runs in Node and in a page.
import { ALL_CASES } from './cases.mjs';
import { measureGeneration, withDecode } from './generation.mjs';
import { measureKernelWork, NO_KERNELS } from './kernel_work.mjs';
import { randomNumbers } from './random_models.mjs';

/** @typedef {import('./cases.mjs').Case} Case */
/** @typedef {import('./cases.mjs').Part} Part */
/**
 * @typedef {object} Training
 * @property {number} r
 * @property {number} trainable values
 * @property {Readonly<Record<string, number>>} metrics of the training run, and `gpu_bytes_now`
 */
/** @typedef {typeof import('../index')} Bench */
/** @typedef {import('../index').GemmReport} GemmReport */
/** @typedef {import('../index').AdapterReport} AdapterReport */
/** @typedef {import('./kernel_work.mjs').KernelMeasurements} KernelMeasurements */
/**
 * @typedef {object} OtherMeasurements
 * @property {string} version of webvera
 * @property {readonly Training[]} trainings
 * @property {import('../../src/index').KernelChoice | undefined} tuned
 * @property {GemmReport | undefined} gemm what trainings are compared with
 * @property {import('./generation.mjs').GenerationMeasurement | undefined} generation
 * @property {readonly AdapterReport[]} adapters
 * @property {readonly import('../index').ModeReport[]} modes
 * @property {readonly import('../index').StepCounts[]} counts
 * @property {GemmReport['device']} device
 */
/** @typedef {OtherMeasurements & KernelMeasurements} Measurements */
/** @typedef {typeof import('../../src/index')} Library */

/** People with an adapter each. */
const PEOPLE = 8;

/**
 * @param {Library} library
 * @param {Bench} bench
 * @param {object} job
 * @param {import('./cases.mjs').CaseName} job.name
 * @param {number} job.length tokens in a row
 * @param {readonly number[]} job.ranks
 * @param {readonly Part[]} job.parts
 * @param {boolean} [job.tuned] whether kernels are measured before the first training step
 * @param {'f32' | 'f16'} [job.arithmetic] of products: f32 by default
 * @param {import('../../src/index').ModelDtype} [job.dtype] as training loads the model: 'auto' by default
 * @param {import('./cases.mjs').ReadBundled} job.bundled
 * @param {GPU} job.gpu
 * @param {import('../../src/index').SessionOptions} [job.session]
 * @param {(done: number, total: number, what: string) => void} [job.onStep]
 * @returns {Promise<Measurements>}
 */
export async function measureAll(library, bench, job) {
  const { name, length, ranks, parts, arithmetic = 'f32', bundled, gpu, session, onStep } = job;
  const measured = { ...ALL_CASES[name], length };
  const { batch, targets: target_modules } = measured;
  onStep?.(0, 1, 'making the model');
  const files = await measured.files(length, bundled);
  const onPart = (/** @type {string} */ what) => (/** @type {number} */ done, /** @type {number} */ total) =>
    onStep?.(done, total, what);
  /** @type {Training[]} */
  const trainings = [];
  /** @type {import('../../src/index').KernelChoice | undefined} */
  let tuned;
  /** @type {GemmReport | undefined} */
  let gemm;
  /** @type {import('./generation.mjs').GenerationRates | undefined} */
  let rates;
  if (parts.includes('training') || parts.includes('generation')) {
    const kernels = job.tuned === true ? 'tuned' : 'default';
    const opened = await library.Session.open({ ...session, kernels, arithmetic, store: 'memory' });
    for (const r of parts.includes('training') ? ranks : []) {
      const model = { files, dtype: job.dtype ?? /** @type {const} */ ('auto') };
      const training = { ...model, r, session: opened, onStep: onPart(`r ${r}`) };
      trainings.push(await measureTraining(library, measured, training));
    }
    if (parts.includes('generation')) {
      const { vocab_size } = measured.shape;
      const onStep = onPart('generation');
      rates = await measureGeneration(library, { files, vocab_size, session: opened, onStep });
    }
    if (job.tuned === true) tuned = await opened.kernels();
    await opened.close();
    // Alone on the device, and on as warm a processor as the training.
    gemm = await bench.measureGemm(gpu, { shapes: products(measured), arithmetic });
  }
  const generation = rates && (await withDecode(bench, { files, rates, gpu, arithmetic, onStep: onPart('a token') }));
  /** @type {AdapterReport[]} */
  const adapters = [];
  if (parts.includes('adapters')) {
    for (const r of ranks) {
      const report = await bench.measureAdapters(gpu, {
        files,
        r,
        target_modules,
        arithmetic,
        adapters: PEOPLE,
        // As many tokens as a training step has.
        tokens: (batch * length) / PEOPLE,
        onProgress: onPart(`r ${r}, ${PEOPLE} adapters`),
      });
      adapters.push(report);
    }
  }
  /** @type {import('../index').ModeReport[]} */
  const modes = [];
  for (const r of parts.includes('modes') ? ranks : []) {
    const onProgress = onPart(`r ${r}, modes`);
    modes.push(
      await bench.measureModes(gpu, { files, r, target_modules, arithmetic, batch, tokens: length, onProgress }),
    );
  }
  /** @type {import('../index').StepCounts[]} */
  const counts = [];
  for (const r of parts.includes('counts') ? ranks : []) {
    counts.push(await bench.countStep(gpu, { files, r, target_modules, batch, tokens: length }));
  }
  const kernelWork = parts.includes('kernels')
    ? await measureKernelWork(bench, { measured, files, ranks, gpu, arithmetic, onStep })
    : NO_KERNELS;
  const device =
    gemm?.device ?? adapters[0]?.device ?? kernelWork.kernelGemm?.device ?? modes[0]?.device ?? counts[0]?.device;
  if (device === undefined) throw new Error('nothing was measured');
  return { version: bench.VERSION, trainings, tuned, gemm, generation, adapters, modes, counts, ...kernelWork, device };
}

/**
 * Products to compare a step with: two of common sizes, and the case's own largest, its logits (or part of them).
 * @param {Case} measured
 * @returns {import('../index').GemmShape[]}
 */
function products({ shape: { hidden_size, vocab_size }, length, batch }) {
  return [
    { rows: 256, columns: 896, inner: 896 },
    { rows: 512, columns: 512, inner: 512 },
    { rows: batch * length, columns: Math.min(vocab_size, 32_000), inner: hidden_size },
  ];
}

/**
 * Trains a fresh adapter on a fresh model and tells what it took.
 * @param {Library} library
 * @param {Case} measured
 * @param {object} run
 * @param {ReadonlyMap<string, Blob>} run.files
 * @param {import('../../src/index').ModelDtype} run.dtype
 * @param {number} run.r
 * @param {import('../../src/index').Session} run.session
 * @param {(done: number, total: number) => void} run.onStep
 * @returns {Promise<Training>}
 */
async function measureTraining(
  { AutoModelForCausalLM, get_peft_model, Trainer, VeraConfig },
  { shape, length, batch, steps, targets: target_modules },
  { files, dtype, r, session, onStep },
) {
  const base = await AutoModelForCausalLM.from_pretrained({ files }, { session, dtype });
  const model = await get_peft_model(base, new VeraConfig({ r, target_modules, task_type: 'CAUSAL_LM' }));
  const random = randomNumbers(2);
  const row = () => ({ input_ids: Array.from({ length }, () => Math.floor(random() * shape.vocab_size)) });
  const args = {
    max_steps: steps,
    per_device_train_batch_size: batch,
    max_length: length,
    learning_rate: 1e-3,
    seed: 1,
    save_strategy: /** @type {const} */ ('no'),
  };
  const run = new Trainer({ model, args, train_dataset: Array.from({ length: batch * 4 }, row) }).train();
  for await (const event of run) if (event.type === 'log') onStep(event.logs.step, steps);
  const { metrics } = await run;
  const { gpu_bytes } = await model.memory();
  const { trainable } = model.get_nb_trainable_parameters();
  await base.dispose();
  return { r, trainable, metrics: { ...metrics, gpu_bytes_now: gpu_bytes } };
}
