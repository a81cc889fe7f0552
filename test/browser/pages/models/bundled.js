// Trains the bundled model for a few steps in the library's own worker, and stores the adapter. Reports the results.
import { loadLibrary } from '../../../../scripts/page/library.js';
import { bytesOf } from '../lib/bytes.js';
import { logitsOf, modelUrl, trainingText } from '../lib/prose.js';
import { watchTimers } from '../lib/timers.js';

const { AutoModelForCausalLM, get_peft_model, Session, Trainer, VeraConfig } = await loadLibrary();
/** @typedef {import('../../../../src/index').PreTrainedModel} Model */

/** @param {Model} model */
async function write(model) {
  const generation = model.generate('The whale', { max_new_tokens: 8 });
  const tokens = [];
  let streamed = '';
  for await (const { text, token_id } of generation) {
    streamed += text;
    tokens.push(token_id);
  }
  return { tokens, streamed, whole: await generation };
}

const session = await Session.open();
/** @type {string[]} */
const warnings = [];
session.addEventListener('warning', ({ code }) => warnings.push(code));
/** @type {Set<string>} */
const progress = new Set();
const base = await AutoModelForCausalLM.from_pretrained(modelUrl, {
  session,
  progress_callback: ({ status }) => progress.add(status),
});
const model = await get_peft_model(
  base,
  new VeraConfig({
    r: 64,
    target_modules: ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj'],
    save_projection: false,
  }),
);
const logits = { base: await logitsOf(base), untrained: await logitsOf(model) };
const written = await write(base);

const run = new Trainer({
  model,
  args: { max_steps: 8, learning_rate: 6e-2, per_device_train_batch_size: 2, max_length: 64 },
  train_dataset: await trainingText(),
}).train();
const timers = watchTimers();
/** @type {string[]} */
const events = [];
/** @type {import('../../../../src/index').StepLogs[]} */
const logs = [];
const states = new Set();
let pausedSteps = 0;
for await (const event of run) {
  states.add(session.state);
  events.push(event.type);
  if (event.type !== 'log') continue;
  logs.push(event.logs);
  if (logs.length !== 1) continue;
  await run.pause();
  const before = run.state.global_step;
  await new Promise((resolve) => setTimeout(resolve, 300));
  pausedSteps = run.state.global_step - before;
  await run.resume();
}
const output = await run;
const longestGap = timers.stop();

const trained = await logitsOf(model);
const disabled = await model.disable_adapter(() => logitsOf(model));
const files = await bytesOf(await model.save_pretrained({ id: 'prose' }));
await session.close();
states.add(session.state);
window.report({
  progress: [...progress],
  logits: { ...logits, trained, disabled },
  written,
  parameters: model.get_nb_trainable_parameters(),
  events,
  logs,
  output,
  pausedSteps,
  longestGap,
  files,
  states: [...states],
  warnings,
});
