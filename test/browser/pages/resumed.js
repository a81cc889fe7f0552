// Trains, from the last checkpoint if there is one, and reports each event, then what came out. With `?straight` nothing is saved.
import { loadLibrary } from '../../../scripts/page/library.js';
import { bytesOf } from './bytes.js';
import { modelUrl, smallAdapter, trainingText } from './prose.js';

const { AutoModelForCausalLM, get_peft_model, Trainer, VeraConfig } = await loadLibrary();

const straight = location.search === '?straight';
const base = await AutoModelForCausalLM.from_pretrained(modelUrl);
const model = await get_peft_model(base, new VeraConfig(smallAdapter));
/** @type {import('../../../src/index').TrainingArguments} */
const args = {
  max_steps: 40,
  per_device_train_batch_size: 1,
  max_length: 64,
  save_strategy: straight ? 'no' : 'steps',
  save_steps: 3,
};
const trainer = new Trainer({ model, args, train_dataset: await trainingText() });
const run = trainer.train({ resume_from_checkpoint: true });
for await (const event of run) {
  const code = event.type === 'warning' ? { code: event.code } : {};
  window.report({ type: event.type, step: event.state.global_step, ...code });
}
await run;
const losses = run.state.log_history.map(({ loss }) => loss);
window.report({ type: 'done', losses, files: await bytesOf(await model.save_pretrained()) });
