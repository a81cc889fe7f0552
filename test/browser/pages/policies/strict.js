// Trains under a strict Content Security Policy. A request marks the beginning of training, another one its end. Finally the
// page violates the policy on purpose, here and in a worker, to show that violations are reported. Reports the losses.
import { loadLibrary } from '../../../../scripts/page/library.js';
import { modelUrl, trainingText } from '../lib/prose.js';

// A page's variable of this name replaces the browser's. The worker then starts from its own address all the same.
globalThis.origin = 'here';

const { AutoModelForCausalLM, get_peft_model, Session, Trainer, VeraConfig } = await loadLibrary();
const session = await Session.open();
const base = await AutoModelForCausalLM.from_pretrained(modelUrl, { session });
const train_dataset = await trainingText();

await fetch('/pages/lib/prose.js?begin');
const model = await get_peft_model(base, new VeraConfig({ r: 4, target_modules: ['q_proj', 'down_proj'] }));
const args = { max_steps: 5, per_device_train_batch_size: 1, max_length: 64 };
const run = new Trainer({ model, args, train_dataset }).train();
const losses = [];
for await (const event of run) if (event.type === 'log') losses.push(event.logs.loss);
const text = await model.generate('The whale', { max_new_tokens: 4 });
await model.save_pretrained({ id: 'strict' });
await fetch('/pages/lib/prose.js?end');
await session.close();
await (await Session.open()).close(); // a Trusted Types policy of one name can be created only once

await fetch('https://page.invalid/').catch(() => {});
const own = (/** @type {string} */ text) => text;
const { trustedTypes } = /** @type {{ trustedTypes?: { createPolicy: Function } }} */ (globalThis);
const trusted = trustedTypes?.createPolicy('page', { createScriptURL: own });
const trespassing = '../workers/trespassing_worker.js';
const trespasser = new Worker(trusted?.createScriptURL(trespassing) ?? trespassing, { type: 'module' });
await new Promise((resolve) => trespasser.addEventListener('message', resolve));
window.report({ losses, text, isolated: crossOriginIsolated, framed: await framed() });

/** Opens a session in a frame that this page writes, whose address has no origin. Resolves with the code of the error, if any. */
async function framed() {
  const frame = document.createElement('iframe');
  const answered = new Promise((resolve) => addEventListener('message', ({ data }) => resolve(data), { once: true }));
  document.body.append(frame);
  const script = document.createElement('script');
  script.type = 'module';
  script.src = trusted?.createScriptURL('/pages/policies/framed.js') ?? '/pages/policies/framed.js';
  frame.contentDocument?.head.append(script);
  return answered;
}
