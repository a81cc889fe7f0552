// Imports the library from the origin that the query names, trains with it, and reports the result and all violations
// of the page's Content Security Policy.

import { modelUrl, smallAdapter, trainingText } from '../lib/prose.js';
import { failure } from '../runs/failure.js';

/** @type {string[]} */
const violations = [];
addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI }) =>
  violations.push(`${effectiveDirective} ${blockedURI}`),
);

/** @type {typeof import('../../../../src/index')} */
const { AutoModelForCausalLM, get_peft_model, Session, Trainer, VeraConfig } = await import(
  `${location.search.slice(1)}/dist/webvera.js`
);

async function train() {
  const session = await Session.open();
  const base = await AutoModelForCausalLM.from_pretrained(modelUrl, { session });
  const model = await get_peft_model(base, new VeraConfig(smallAdapter));
  const args = { max_steps: 2, per_device_train_batch_size: 1, max_length: 64 };
  const { global_step } = await new Trainer({ model, args, train_dataset: await trainingText() }).train();
  const { 'adapter_config.json': file } = await model.save_pretrained({ id: 'mine' });
  await session.close();
  return { global_step, bytes: file.size };
}

const outcome = location.hash === '#failing' ? await failure(Promise.resolve(Session.open())) : await train();
window.report({ origin: location.origin, violations, ...outcome });
