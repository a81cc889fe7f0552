// Kills a worker while it trains, then begins anew. Reports how every pending call ended.
import { loadLibrary } from '../../../scripts/page/library.js';
import { failure } from './failure.js';
import { modelUrl, smallAdapter, trainingText } from './prose.js';

const { adapters, AutoModelForCausalLM, get_peft_model, Session, Trainer, VeraConfig } = await loadLibrary();

const worker = new Worker('/dist/worker.js', { type: 'module' });
const session = await Session.open({ worker: () => worker, store: 'memory' });
const base = await AutoModelForCausalLM.from_pretrained(modelUrl, { session });
const model = await get_peft_model(base, new VeraConfig(smallAdapter));
const args = { max_steps: 1000, per_device_train_batch_size: 1, max_length: 64 };
const run = new Trainer({ model, args, train_dataset: await trainingText() }).train();
const events = run[Symbol.asyncIterator]();
const first = await events.next();

/** @type {string[]} */
const states = [];
session.addEventListener('statechange', () => states.push(session.state));
const pending = {
  train: failure(run),
  events: failure(drain()),
  generate: failure(base.generate('The whale')),
  forward: failure(base.forward({ input_ids: [[1, 2, 3]] })),
  list: failure(adapters.list({ session })),
  pause: failure(run.pause()),
};
worker.terminate();
/** @type {Record<string, Awaited<ReturnType<typeof failure>>>} */
const failures = {};
for (const [name, call] of Object.entries(pending)) failures[name] = await call;
const later = await failure(model.save_pretrained());
await session.close();

const next = await Session.open({ store: 'memory' });
const again = await AutoModelForCausalLM.from_pretrained(modelUrl, { session: next });
const text = await again.generate('The whale', { max_new_tokens: 4 });
await next.close();

window.report({ first: first.value?.type, failures, later, states, text });

async function drain() {
  while (!(await events.next()).done);
}
