// Trains, from the last checkpoint if there is one, and reports each event, then what came out; begins anew when the GPU is
// lost, and stops where it is kept from the page. With `?straight` nothing is saved, and with `?by-time` it is because of the time alone.
import { loadLibrary } from '../../../scripts/page/library.js';
import { bytesOf } from './bytes.js';
import { modelUrl, smallAdapter, trainingText } from './prose.js';

const { AutoModelForCausalLM, get_peft_model, Session, Trainer, VeraConfig, WebVeraError } = await loadLibrary();

const [straight, byTime] = ['?straight', '?by-time'].map((way) => location.search === way);
/** @type {import('../../../src/index').TrainingArguments} */
const args = {
  max_steps: 40,
  per_device_train_batch_size: 1,
  max_length: 64,
  save_strategy: straight ? 'no' : 'steps',
  save_steps: byTime ? 1000 : 3,
};
const worker = () => new Worker('./hurried_worker.js', { type: 'module' });
const session = await Session.open(byTime ? { worker } : {});

async function train() {
  const base = await AutoModelForCausalLM.from_pretrained(modelUrl, { session });
  const model = await get_peft_model(base, new VeraConfig(smallAdapter));
  const trainer = new Trainer({ model, args, train_dataset: await trainingText() });
  const run = trainer.train({ resume_from_checkpoint: true });
  for await (const event of run) {
    const code = event.type === 'warning' ? { code: event.code } : {};
    window.report({ type: event.type, step: event.state.global_step, ...code });
  }
  await run;
  const losses = run.state.log_history.map(({ loss }) => loss);
  return { losses, files: await bytesOf(await model.save_pretrained()) };
}

for (let done = false; !done; ) {
  try {
    window.report({ type: 'done', ...(await train()) });
    done = true;
  } catch (error) {
    if (!(error instanceof WebVeraError)) throw error;
    const { code, message, hint, retryable, detail } = error;
    if (code === 'gpu_blocked') window.report({ type: 'blocked', hint, retryable, detail });
    else if (code === 'device_lost') window.report({ type: 'lost', message, hint });
    else throw error;
    done = code === 'gpu_blocked';
  }
}
