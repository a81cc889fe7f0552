// For each way that the query names: trains, and ends the worker that way during the run. Reports how pending calls failed,
// and the run's result.
import { loadLibrary } from '../../../../scripts/page/library.js';
import { bytesOf } from '../lib/bytes.js';
import { modelUrl, smallAdapter, trainingText } from '../lib/prose.js';
import { failure } from './failure.js';

const { adapters, AutoModelForCausalLM, checkpoints, get_peft_model, Session, Trainer, VeraConfig } =
  await loadLibrary();

/** @type {Readonly<Record<string, (worker: Worker) => void>>} */
const deaths = {
  'left alone': () => {},
  terminated: (worker) => worker.terminate(),
  closed: (worker) => worker.postMessage('close'),
  stuck: (worker) => worker.postMessage('loop'),
};

/** @param {(worker: Worker) => void} die */
async function train(die) {
  /** @type {Worker | undefined} */
  let worker;
  const session = await Session.open({
    worker() {
      worker = new Worker('../workers/faulty_worker.js', { type: 'module' });
      return worker;
    },
  });
  const base = await AutoModelForCausalLM.from_pretrained(modelUrl, { session });
  const model = await get_peft_model(base, new VeraConfig(smallAdapter));
  const args = { max_steps: 16, per_device_train_batch_size: 1, max_length: 64, save_steps: 2 };
  const run = new Trainer({ model, args, train_dataset: await trainingText() }).train();
  /** @type {string[]} */
  const told = [];
  session.addEventListener('statechange', () => told.push(session.state));
  session.addEventListener('warning', ({ code }) => told.push(code));
  /** @type {Record<string, ReturnType<typeof failure>>} */
  let pending = {};
  let recovered;
  for await (const event of run) {
    if (event.type === 'recovered') {
      recovered = { cause: event.cause, from: event.state.global_step, repeatedSteps: event.repeatedSteps };
    }
    if (event.type !== 'log' || event.logs.step !== 7 || worker === undefined || Object.keys(pending).length > 0)
      continue;
    if (die !== deaths['left alone']) {
      pending = {
        generate: failure(base.generate('The whale', { max_new_tokens: 500, eos_token_id: null })),
        forward: failure(base.forward({ input_ids: [Array(512).fill(3)] })),
        list: failure(adapters.list({ session })),
      };
    }
    die(worker);
  }
  /** @type {Record<string, Awaited<ReturnType<typeof failure>>>} */
  const failures = {};
  for (const [name, call] of Object.entries(pending)) failures[name] = await call;
  const { global_step } = await run;
  const losses = run.state.log_history.map(({ loss }) => loss);
  const files = await bytesOf(await model.save_pretrained());
  const text = await model.generate('The whale', { max_new_tokens: 4 });
  for (const { id } of await checkpoints.list({ session })) await checkpoints.delete(id, { session });
  await session.close();
  return { global_step, losses, files, text, recovered, failures, told };
}

/** @type {Record<string, Awaited<ReturnType<typeof train>>>} */
const outcomes = {};
const ways = ['left alone', ...location.search.slice(1).split(',')];
for (const [name, die] of Object.entries(deaths)) if (ways.includes(name)) outcomes[name] = await train(die);
window.report(outcomes);
