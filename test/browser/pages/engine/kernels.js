// Trains in two sessions, one after the other, with tuned kernels. Reports each session's kernel choice before and after, and
// the adapters.
import { loadLibrary } from '../../../../scripts/page/library.js';
import { bytesOf } from '../lib/bytes.js';
import { modelUrl, smallAdapter, trainingText } from '../lib/prose.js';

const { AutoModelForCausalLM, get_peft_model, Session, Trainer, VeraConfig } = await loadLibrary();

async function train() {
  const session = await Session.open({ kernels: 'tuned' });
  const base = await AutoModelForCausalLM.from_pretrained(modelUrl, { session });
  const before = await session.kernels();
  const model = await get_peft_model(base, new VeraConfig(smallAdapter));
  const args = { max_steps: 2, per_device_train_batch_size: 1, max_length: 64 };
  await new Trainer({ model, args, train_dataset: await trainingText() }).train();
  const after = await session.kernels();
  const files = await bytesOf(await model.save_pretrained());
  await session.close();
  return { before, after, files };
}

window.report([await train(), await train()]);
