// Estimates the memory of the model in `/real/`, loads it and trains it for two steps. Reports each stage. `?dtype=` is that of
// `PretrainedOptions`; `&default` uses a device with WebGPU's default limits.
import { loadLibrary } from '../../../../scripts/page/library.js';

const parameters = new URLSearchParams(location.search);
const dtype = /** @type {import('../../../../src/index').ModelDtype} */ (parameters.get('dtype') ?? 'auto');
const { AutoModelForCausalLM, estimate, get_peft_model, Session, Trainer, VeraConfig } = await loadLibrary();
const limited = () => new Worker('../workers/default_limits_worker.js', { type: 'module' });
const session = await Session.open(parameters.has('default') ? { worker: limited } : {});

const source = new URL('/real/', location.href);
const peft_config = { r: 256, target_modules: 'all-linear' };
const args = {
  max_steps: 2,
  per_device_train_batch_size: 1,
  max_length: 64,
  save_strategy: /** @type {const} */ ('no'),
};
const planned = await estimate(source, { session, dtype, peft_config, args });
await window.report({ type: 'idle' });

const base = await AutoModelForCausalLM.from_pretrained(source, { session, dtype });
await window.report({ type: 'loaded' });

const model = await get_peft_model(base, new VeraConfig(peft_config));
const rows = [1, 2].map((seed) => ({
  input_ids: Array.from({ length: 64 }, (_, t) => (seed * 7919 + t * 613) % 49_152),
}));
/** @type {number[]} */
const losses = [];
const begun = performance.now();
for await (const event of new Trainer({ model, args, train_dataset: rows }).train()) {
  if (event.type === 'log') losses.push(event.logs.loss);
}
await window.report({
  type: 'done',
  memory: await model.memory(),
  planned: planned.gpu,
  verdict: planned.verdict,
  losses,
  seconds: (performance.now() - begun) / 1000,
});
await session.close();
