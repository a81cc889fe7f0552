// Measures everything in a case of the benchmark. Runs in Node and in a page.
import { randomNumbers } from '../../scripts/shared/random.mjs';
import { ALL_CASES } from './cases.mjs';
import { measureGeneration, withDecode } from './generation.mjs';
import { measureKernelWork, NO_KERNELS } from './kernel_work.mjs';

/** @typedef {import('./cases.mjs').Case} Case */
/** @typedef {import('./cases.mjs').Part} Part */
/**
 * @typedef {object} Training
 * @property {number} r
 * @property {number} trainable number of trained values
 * @property {Readonly<Record<string, number>>} metrics of the training run, and `gpu_bytes_now`
 */
/** @typedef {import('../index').GemmReport} GemmReport */
/** @typedef {import('../index').AdapterReport} AdapterReport */
/** @typedef {import('./kernel_work.mjs').KernelMeasurements} KernelMeasurements */
/**
 * @typedef {object} OtherMeasurements
 * @property {string} version of webvera
 * @property {readonly Training[]} trainings
 * @property {import('../../src/index').KernelChoice | undefined} tuned
 * @property {GemmReport | undefined} gemm rates of matrix products, for comparison with the trainings
 * @property {import('./generation.mjs').GenerationMeasurement | undefined} generation
 * @property {readonly AdapterReport[]} adapters
 * @property {readonly import('../index').ModeReport[]} modes
 * @property {readonly import('../index').PreferenceReport[]} preferences
 * @property {readonly import('../index').StepCounts[]} counts
 * @property {GemmReport['device']} device
 */
/** @typedef {OtherMeasurements & KernelMeasurements} Measurements */

/** The number of adapters that are on the device at once, one for each person. */
const PEOPLE = 8;

/**
 * @param {typeof import('../../src/index')} library
 * @param {typeof import('../index')} bench
 * @param {object} job
 * @param {import('./cases.mjs').CaseName} job.name
 * @param {number} job.length tokens in a row
 * @param {readonly number[]} job.ranks
 * @param {readonly Part[]} job.parts
 * @param {boolean} [job.tuned] whether the kernels' variants are measured and chosen before the first training step
 * @param {'f32' | 'f16'} [job.arithmetic] data type of multiplications in matrix products. Default: f32
 * @param {import('../../src/index').ModelDtype} [job.dtype] of the model's matrices in training. Default: auto
 * @param {import('./cases.mjs').ReadBundled} job.bundled
 * @param {GPU} job.gpu
 * @param {import('../../src/index').SessionOptions} [job.session]
 * @param {(done: number, total: number, what: string) => void} [job.onStep]
 * @returns {Promise<Measurements>}
 */
export async function measureAll(library, bench, job) {
  const { name, length, ranks, parts, arithmetic = 'f32', bundled, gpu, onStep } = job;
  const measured = { ...ALL_CASES[name], length };
  const { batch, targets: target_modules } = measured;
  onStep?.(0, 1, 'making the model');
  const files = await measured.files(length, bundled);
  const onPart = (/** @type {string} */ what) => (/** @type {number} */ done, /** @type {number} */ total) =>
    onStep?.(done, total, what);
  /** @type {<T>(part: Part, measure: (r: number) => Promise<T>) => Promise<T[]>} */
  const ofRanks = async (part, measure) => {
    const reports = [];
    for (const r of parts.includes(part) ? ranks : []) reports.push(await measure(r));
    return reports;
  };

  const inSession = await measureSession(library, bench, { ...job, arithmetic, measured, files, onPart });
  const adapters = await ofRanks('adapters', (r) => {
    // The batch has as many tokens as a training step.
    const sizes = { adapters: PEOPLE, tokens: (batch * length) / PEOPLE };
    const onProgress = onPart(`r ${r}, ${PEOPLE} adapters`);
    return bench.measureAdapters(gpu, { files, r, target_modules, arithmetic, ...sizes, onProgress });
  });
  const sizes = { files, target_modules, batch, tokens: length };
  const modes = await ofRanks('modes', (r) =>
    bench.measureModes(gpu, { ...sizes, r, arithmetic, onProgress: onPart(`r ${r}, modes`) }),
  );
  const preferences = await ofRanks('preferences', (r) =>
    bench.measurePreferences(gpu, { ...sizes, r, arithmetic, onProgress: onPart(`r ${r}, preferences`) }),
  );
  const counts = await ofRanks('counts', (r) => bench.countStep(gpu, { ...sizes, r }));
  const kernelWork = parts.includes('kernels')
    ? await measureKernelWork(bench, { measured, files, ranks, gpu, arithmetic, onStep })
    : NO_KERNELS;
  const [device] = [inSession.gemm, ...adapters, kernelWork.kernelGemm, ...modes, ...preferences, ...counts].flatMap(
    (report) => report?.device ?? [],
  );
  if (device === undefined) throw new Error('nothing was measured');
  return { version: bench.VERSION, ...inSession, adapters, modes, preferences, counts, ...kernelWork, device };
}

/**
 * Measures training and generation, which use the library's public API, and for comparison some matrix products.
 * @param {typeof import('../../src/index')} library
 * @param {typeof import('../index')} bench
 * @param {object} job
 * @param {Case} job.measured
 * @param {ReadonlyMap<string, Blob>} job.files
 * @param {readonly number[]} job.ranks
 * @param {readonly Part[]} job.parts
 * @param {boolean} [job.tuned]
 * @param {'f32' | 'f16'} job.arithmetic
 * @param {import('../../src/index').ModelDtype} [job.dtype]
 * @param {GPU} job.gpu
 * @param {import('../../src/index').SessionOptions} [job.session]
 * @param {(what: string) => (done: number, total: number) => void} job.onPart
 * @returns {Promise<Pick<OtherMeasurements, 'trainings' | 'tuned' | 'gemm' | 'generation'>>}
 */
async function measureSession(library, bench, job) {
  const { measured, files, ranks, parts, tuned, arithmetic, dtype = 'auto', gpu, onPart } = job;
  const trained = parts.includes('training') ? ranks : [];
  const generates = parts.includes('generation');
  /** @type {Training[]} */
  const trainings = [];
  if (trained.length === 0 && !generates) {
    return { trainings, tuned: undefined, gemm: undefined, generation: undefined };
  }
  const kernels = tuned === true ? 'tuned' : 'default';
  const session = await library.Session.open({ ...job.session, kernels, arithmetic, store: 'memory' });
  for (const r of trained) {
    trainings.push(await measureTraining(library, measured, { files, dtype, r, session, onStep: onPart(`r ${r}`) }));
  }
  const { vocab_size } = measured.shape;
  const generating = { files, vocab_size, session, onStep: onPart('generation') };
  const rates = generates ? await measureGeneration(library, generating) : undefined;
  const chosen = tuned === true ? await session.kernels() : undefined;
  await session.close();
  // Matrix products are measured after the training: the device is free for them, and the processor is as warm as in training.
  const gemm = await bench.measureGemm(gpu, { shapes: products(measured), arithmetic });
  const generation = rates && (await withDecode(bench, { files, rates, gpu, arithmetic, onStep: onPart('a token') }));
  return { trainings, tuned: chosen, gemm, generation };
}

/**
 * Returns matrix products for comparison with a step: two of common sizes, and the one that computes the case's logits, with at most
 * 32,000 columns.
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
 * Trains a new adapter on a newly loaded model, and measures the run.
 * @param {typeof import('../../src/index')} library
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
