// The training step of this library, through its public API only.
import { veraConfig } from './problem.mjs';

/** @typedef {import('./problem.mjs').Problem} Problem */
/** @typedef {import('./problem.mjs').Stepper} Stepper */

/**
 * Starts a training run that is paused between the calls of `step`.
 * @param {import('./problem.mjs').Library} library
 * @param {GPU} gpu
 * @param {Problem} problem
 * @param {import('../../src/index').AnyAdapterConfig} [config] the adapter's configuration. Default: VeRA's
 * @returns {Promise<Stepper>}
 */
export async function createStep(library, gpu, { files, r, targets, rows, batch, args }, config) {
  const { AutoModelForCausalLM, get_peft_model, Session, Trainer } = library;
  const opened = captureDevice(gpu);
  const session = await Session.open({ worker: false, gpu: opened.gpu });
  const base = await AutoModelForCausalLM.from_pretrained({ files }, { session });
  const model = await get_peft_model(base, config ?? veraConfig(library, { r, targets }));
  const trainer = new Trainer({
    model,
    args: {
      ...args,
      max_steps: 1_000_000,
      per_device_train_batch_size: batch.B,
      max_length: batch.T,
      lr_scheduler_type: 'constant',
      // Otherwise each pause would store a checkpoint while the peer's step runs.
      save_strategy: 'no',
      shuffle: false,
    },
    train_dataset: pausedRows(),
  });
  const run = trainer.train();
  const events = run[Symbol.asyncIterator]();
  /** @param {import('../../src/index').TrainEvent['type']} type */
  const next = async (type) => {
    for (;;) {
      const { done, value } = await events.next();
      if (done) throw new Error(`The run ended before its next ${type}.`);
      if (value.type === type) return value;
    }
  };
  // If the training run is paused while it reads its data, it stops before its first step.
  async function* pausedRows() {
    await run.pause();
    for (const input_ids of rows) yield { input_ids };
  }
  await next('paused');

  return {
    async step() {
      await Promise.all([run.resume(), next('resumed')]);
      // After `resume`, the run does one step before it obeys this pause. A pause before the event 'resumed' would undo the resume.
      const paused = run.pause();
      const event = await next('log');
      if (event.type !== 'log') throw new Error('unreachable');
      await Promise.all([paused, next('paused')]);
      return event.logs.loss;
    },
    async dispose() {
      await run.stop();
      await base.dispose();
      await session.close();
    },
    device: opened.device(),
  };
}

/**
 * Wraps a `GPU` to record the device that its adapter opens.
 * @param {GPU} gpu
 */
function captureDevice(gpu) {
  /** @type {GPUDevice | undefined} */
  let device;
  const requestAdapter = async (/** @type {GPURequestAdapterOptions} */ options) => {
    const adapter = await gpu.requestAdapter(options);
    if (adapter === null) return null;
    const { info, limits, features } = adapter;
    const requestDevice = async (/** @type {GPUDeviceDescriptor} */ descriptor) => {
      device = await adapter.requestDevice(descriptor);
      return device;
    };
    return { info, limits, features, requestDevice };
  };
  return {
    gpu: /** @type {GPU} */ (/** @type {unknown} */ ({ requestAdapter })),
    device() {
      if (device === undefined) throw new Error('no device was opened');
      return device;
    },
  };
}
