// Trains, from the last checkpoint if there is one, and reports each event and the results. With `?straight` it stores no
// checkpoint; with `?by-time` it stores them only by time. `?steps=`: the number of steps, by default forty. `?fills=`: the
// step after which the worker allocates all memory that it can get. `?crashes=`: the steps after which the test crashes the GPU
// process. `?holds=`: the step at which the run waits until the test kills the browser. It also waits for each crash, because a
// busy machine may take longer for a crash or kill than for the rest of the run.
import { loadLibrary } from '../../../../scripts/page/library.js';
import { bytesOf } from '../lib/bytes.js';
import { modelUrl, smallAdapter, trainingText } from '../lib/prose.js';

const { AutoModelForCausalLM, get_peft_model, Session, Trainer, VeraConfig } = await loadLibrary();

const wanted = new URLSearchParams(location.search);
const [straight, byTime] = ['straight', 'by-time'].map((way) => wanted.has(way));
/** @type {import('../../../../src/index').TrainingArguments} */
const args = {
  max_steps: Number(wanted.get('steps') ?? 40),
  per_device_train_batch_size: 1,
  max_length: 64,
  save_strategy: straight ? 'no' : 'steps',
  save_steps: byTime ? 1000 : 3,
};
const fills = Number(wanted.get('fills') ?? 0);
const held = ['crashes', 'holds'].flatMap((name) => (wanted.get(name) ?? '').split(',').map(Number));
/** @type {Worker | undefined} */
let first;
/** @type {Worker | undefined} */
let current;
const worker = () => {
  const made = new Worker(byTime ? '../workers/hurried_worker.js' : '../workers/faulty_worker.js', { type: 'module' });
  first ??= made;
  current = made;
  return made;
};
const session = await Session.open({ worker });

const base = await AutoModelForCausalLM.from_pretrained(modelUrl, { session });
const model = await get_peft_model(base, new VeraConfig(smallAdapter));
const trainer = new Trainer({ model, args, train_dataset: await trainingText() });
const run = trainer.train({ resume_from_checkpoint: true });
session.addEventListener('statechange', () => {
  if (session.state === 'blocked') window.report({ type: 'blocked', step: run.state.global_step });
});
for await (const event of run) {
  const { code, message, cause, repeatedSteps } = {
    code: undefined,
    message: '',
    cause: '',
    repeatedSteps: 0,
    ...event,
  };
  if (event.type === 'log' && event.logs.step === fills) first?.postMessage('heap');
  if (event.type === 'log' && held.includes(event.logs.step)) {
    held.splice(held.indexOf(event.logs.step), 1);
    current?.postMessage('hold');
  }
  window.report({ type: event.type, step: event.state.global_step, code, message, cause, repeatedSteps });
}
await run;
const losses = run.state.log_history.map(({ loss }) => loss);
window.report({ type: 'done', losses, files: await bytesOf(await model.save_pretrained()) });
