// Trains as it is told from outside, beside other tabs that do the same.
import { loadLibrary } from '../../../../scripts/page/library.js';
import { bytesOf } from '../lib/bytes.js';
import { modelUrl, smallAdapter, trainingText } from '../lib/prose.js';

const { AutoModelForCausalLM, get_peft_model, Session, Trainer, VeraConfig, WebVeraError } = await loadLibrary();

/** @type {WakeLockSentinel[]} */
const sentinels = [];
const { wakeLock } = navigator;
const request = wakeLock.request.bind(wakeLock);
wakeLock.request = async () => {
  const sentinel = await request('screen');
  sentinels.push(sentinel);
  return sentinel;
};

const worker = new Worker('../workers/hanging_worker.js', { type: 'module' });
// A worker that hangs stays: here it is the other tab that does something about it.
const session = await Session.open({ worker: () => worker, patience: 60 });
/** @type {string[]} */
const warnings = [];
session.addEventListener('warning', ({ code }) => warnings.push(code));
const base = await AutoModelForCausalLM.from_pretrained(modelUrl, { session });
const text = await trainingText();
const args = { max_steps: 24, per_device_train_batch_size: 1, max_length: 32, save_steps: 3 };

/** @type {import('../../../../src/index').VeraModel} */
let model;
/** @type {import('../../../../src/index').TrainRun} */
let run;

/** @typedef {{ losses: number[], files: object } | { code: string, detail: object }} Outcome */

const tab = {
  /**
   * Resolves once a step is done, or there is none to come.
   * @param {import('../../../../src/index').TrainOptions} options
   * @param {import('../../../../src/index').TrainingArguments} more
   */
  async begin(options, more = {}) {
    model = await get_peft_model(base, new VeraConfig(smallAdapter));
    run = new Trainer({ model, args: { ...args, ...more }, train_dataset: text }).train(options);
    await tab.reach(1);
  },
  /** @param {number} step */
  async reach(step) {
    try {
      for await (const { type, state } of run) if (type === 'log' && state.global_step >= step) return;
    } catch {
      // its outcome tells
    }
  },
  async pause() {
    await run.pause();
  },
  async resume() {
    await run.resume();
  },
  /** As a page hears that is frozen, and goes on. */
  freeze() {
    document.dispatchEvent(new Event('freeze'));
    document.dispatchEvent(new Event('resume'));
    dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }));
    dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }));
  },
  step: () => run.state.global_step,
  /** From which step the run went on. */
  async restored() {
    for await (const { type, state } of run) return type === 'restored' ? state.global_step : 0;
    return 0;
  },
  /** @returns {Promise<Outcome>} */
  async outcome() {
    try {
      await run;
    } catch (error) {
      if (!(error instanceof WebVeraError)) throw error;
      return { code: error.code, detail: error.detail };
    }
    const losses = run.state.log_history.map(({ loss }) => loss);
    return { losses, files: await bytesOf(await model.save_pretrained()) };
  },
  /** How many locks keep the screen on. */
  awake: () => sentinels.filter(({ released }) => !released).length,
  /** Who trains in this browser. */
  async owners() {
    const { held = [] } = await navigator.locks.query();
    return held.flatMap(({ name, clientId }) => (name?.startsWith('webvera:run:') ? [clientId] : []));
  },
  /** Until nobody does. */
  async free() {
    const { held = [] } = await navigator.locks.query();
    for (const { name = '' } of held)
      if (name.startsWith('webvera:run:')) await navigator.locks.request(name, () => {});
  },
  /** @param {number} hang milliseconds */
  hang(hang) {
    worker.postMessage({ hang });
  },
  /**
   * What the session has warned of since.
   * @param {string} id
   */
  async save(id) {
    warnings.length = 0;
    await model.save_pretrained({ id });
    return warnings;
  },
};

/** @typedef {typeof tab} Tab */

Object.assign(window, { tab });
