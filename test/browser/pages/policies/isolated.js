// Trains for one step. If the URL ends with #files, the model comes from files that the page fetched itself. Reports whether
// the page is cross-origin isolated, or the error.
import { loadLibrary } from '../../../../scripts/page/library.js';
import { modelUrl, smallAdapter, trainingText } from '../lib/prose.js';
import { failure } from '../runs/failure.js';

const { AutoModelForCausalLM, get_peft_model, Session, Trainer, VeraConfig } = await loadLibrary();

async function train() {
  const session = await Session.open();
  const base = await AutoModelForCausalLM.from_pretrained(location.hash === '#files' ? await asFiles() : modelUrl, {
    session,
  });
  const model = await get_peft_model(base, new VeraConfig(smallAdapter));
  const args = { max_steps: 1, per_device_train_batch_size: 1, max_length: 64 };
  const { global_step } = await new Trainer({ model, args, train_dataset: await trainingText() }).train();
  await session.close();
  return { isolated: crossOriginIsolated, global_step };
}

async function asFiles() {
  const names = ['config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json'];
  const blobs = names.map(async (name) => /** @type {const} */ ([name, await (await fetch(modelUrl + name)).blob()]));
  return { files: new Map(await Promise.all(blobs)) };
}

const training = train();
window.report(await training.catch(() => failure(training)));
