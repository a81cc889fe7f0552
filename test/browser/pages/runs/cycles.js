// Loads a model, trains it and disposes of it, `?cycles=` times. After each cycle, reports the resources that the page holds.
import { loadLibrary } from '../../../../scripts/page/library.js';
import { modelUrl, smallAdapter, trainingText } from '../lib/prose.js';

/** How many listeners, ports, object URLs and timers exist, counted from the calls that create and remove them. */
const held = { listeners: 0, ports: 0, urls: 0, timers: 0 };

/**
 * @param {any} owner
 * @param {string} name
 * @param {(result: any, args: any[], self: any) => void} onCall
 */
function watch(owner, name, onCall) {
  const method = owner[name];
  /** @param {any[]} args */
  owner[name] = function (...args) {
    const result = method.apply(this, args);
    onCall(result, args, this);
    return result;
  };
}

/** Whether an event target is the page itself. Listeners of other objects are released with their object. @param {any} self */
const isPage = (self) => self === window || self === document || self === undefined;
watch(EventTarget.prototype, 'addEventListener', (_, [, , options], self) => {
  if (!isPage(self)) return;
  held.listeners += 1;
  options?.signal?.addEventListener('abort', () => {
    held.listeners -= 1;
  });
});
watch(EventTarget.prototype, 'removeEventListener', (_, __, self) => {
  if (isPage(self)) held.listeners -= 1;
});
watch(URL, 'createObjectURL', () => {
  held.urls += 1;
});
watch(URL, 'revokeObjectURL', () => {
  held.urls -= 1;
});
/** @type {Set<unknown>} */
const timers = new Set();
watch(window, 'setInterval', (timer) => timers.add(timer));
watch(window, 'clearInterval', (_, [timer]) => timers.delete(timer));
const Channel = window.MessageChannel;
window.MessageChannel = class extends Channel {
  constructor() {
    super();
    held.ports += 2;
    for (const port of [this.port1, this.port2]) {
      watch(port, 'close', () => {
        held.ports -= 1;
      });
    }
  }
};

const { AutoModelForCausalLM, checkpoints, get_peft_model, Session, Trainer, VeraConfig } = await loadLibrary();
const session = await Session.open();
const text = await trainingText();
const args = { max_steps: 3, per_device_train_batch_size: 1, max_length: 64, save_steps: 2 };
const cycles = Number(new URLSearchParams(location.search).get('cycles'));

for (let cycle = 1; cycle <= cycles; cycle++) {
  const base = await AutoModelForCausalLM.from_pretrained(modelUrl, { session });
  const loaded = await base.memory();
  const model = await get_peft_model(base, new VeraConfig(smallAdapter));
  await new Trainer({ model, args, train_dataset: text }).train();
  await model.generate('The whale', { max_new_tokens: 2 });
  await model.dispose();
  for (const { id } of await checkpoints.list({ session })) await checkpoints.delete(id, { session });
  // Some resources are released in a later turn of the event loop.
  await new Promise((resolve) => setTimeout(resolve, 20));
  const { held: locks = [], pending = [] } = await navigator.locks.query();
  await window.report({
    type: 'cycle',
    cycle,
    gpu: { bytes: loaded.gpu_bytes, buffers: loaded.buffers },
    locks: [...locks, ...pending].map(({ name = '' }) => name.replace(/[\da-f-]{36}/, '…')).sort(),
    ...held,
    timers: timers.size,
  });
}
await session.close();
await window.report({ type: 'done' });
