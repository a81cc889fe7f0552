// Loads a model, seals the session, trains, saves and generates. A beacon script in the worker tries to reach the
// network before and after the seal.
import { loadLibrary } from '../../../../scripts/page/library.js';
import { modelUrl, smallAdapter, trainingText } from '../lib/prose.js';

const { AutoModelForCausalLM, get_peft_model, Session, Trainer, VeraConfig } = await loadLibrary();
const worker = new Worker('../workers/beacon_worker.js', { type: 'module' });
const session = await Session.open({ worker: () => worker });
const base = await AutoModelForCausalLM.from_pretrained(modelUrl, { session });
const train_dataset = await trainingText();

const before = await beacon(['fetch', 'XMLHttpRequest', 'EventSource']);
await session.seal();
await fetch('/pages/lib/prose.js?sealed');
const after = await beacon('every way');
const refused = await AutoModelForCausalLM.from_pretrained(modelUrl, { session }).catch((error) => error);
const model = await get_peft_model(base, new VeraConfig(smallAdapter));
const args = { max_steps: 2, per_device_train_batch_size: 1, max_length: 64 };
const { global_step } = await new Trainer({ model, args, train_dataset }).train();
await model.save_pretrained({ id: 'sealed' });
const text = await model.generate('The whale', { max_new_tokens: 4 });
await fetch('/pages/lib/prose.js?end');
await session.close();
window.report({ before, after, refused: { code: refused.code, message: refused.message }, global_step, text });

/**
 * @param {readonly string[] | 'every way'} ways
 * @returns {Promise<Record<string, string>>}
 */
function beacon(ways) {
  return new Promise((resolve) => {
    worker.addEventListener('message', function listen({ data }) {
      if (data?.beacon === undefined) return;
      worker.removeEventListener('message', listen);
      resolve(data.beacon);
    });
    worker.postMessage({ beacon: ways });
  });
}
