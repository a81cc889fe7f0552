// Trains in the page's own thread, then removes WebGPU from the page and from a worker, and reports the results.
import { loadNodeLibrary } from '../../../../scripts/page/library.js';
import { modelUrl, smallAdapter, trainingText } from '../lib/prose.js';
import { failure } from '../runs/failure.js';

const { adapters, AutoModelForCausalLM, get_peft_model, Session, Trainer, VeraConfig } = await loadNodeLibrary();
/** @typedef {import('../../../../src/index').SessionOptions} SessionOptions */

async function trainHere() {
  const session = await Session.open({ worker: false, store: 'memory' });
  const base = await AutoModelForCausalLM.from_pretrained(modelUrl, { session });
  const model = await get_peft_model(base, new VeraConfig(smallAdapter));
  const args = { max_steps: 1, per_device_train_batch_size: 1, max_length: 64 };
  const { global_step, training_loss } = await new Trainer({
    model,
    args,
    train_dataset: await trainingText(),
  }).train();
  await session.close();
  return { global_step, training_loss };
}

/** @param {SessionOptions} options */
async function withoutWebGpu(options) {
  const session = await Session.open({ ...options, store: 'memory' });
  const load = await failure(AutoModelForCausalLM.from_pretrained(modelUrl, { session }));
  // Stored adapters can be listed without a GPU.
  const stored = await adapters.list({ session });
  const { state } = session;
  await session.close();
  return { ...load, state, stored: stored.length };
}

const trained = await trainHere();
Reflect.deleteProperty(Navigator.prototype, 'gpu');
const blind = () => new Worker('../workers/no_webgpu_worker.js', { type: 'module' });
window.report({
  trained,
  here: await withoutWebGpu({ worker: false }),
  worker: await withoutWebGpu({ worker: blind }),
});
