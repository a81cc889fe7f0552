import { loadLibrary } from '../../../../scripts/page/library.js';
import { modelUrl, smallAdapter, trainingText } from './prose.js';

/**
 * Trains for one step and saves the adapter. Returns the ids of the stored adapters, and the warnings.
 * @param {import('../../../../src/index').SessionOptions} options
 */
export async function trainAndSave(options) {
  const { adapters, AutoModelForCausalLM, get_peft_model, Session, Trainer, VeraConfig } = await loadLibrary();
  const session = await Session.open(options);
  /** @type {string[]} */
  const warnings = [];
  session.addEventListener('warning', ({ code, message }) => warnings.push(`${code}: ${message}`));
  const base = await AutoModelForCausalLM.from_pretrained(modelUrl, { session });
  const model = await get_peft_model(base, new VeraConfig(smallAdapter));
  const args = { max_steps: 1, per_device_train_batch_size: 1, max_length: 64 };
  const { global_step } = await new Trainer({ model, args, train_dataset: await trainingText() }).train();
  const { 'adapter_model.safetensors': file } = await model.save_pretrained({ id: 'mine' });
  const kept = (await adapters.list({ session })).map(({ id }) => id);
  await session.close();
  return { global_step, bytes: file.size, kept, warnings };
}
