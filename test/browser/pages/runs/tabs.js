// Trains when the test calls a method of `window.tab`. The test opens several tabs of this page.
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
// With so long a `patience`, the page doesn't terminate a worker that hangs, so another tab can take over its run.
const session = await Session.open({ worker: () => worker, patience: 60 });
/** @type {string[]} */
const warnings = [];
session.addEventListener('warning', ({ code }) => warnings.push(code));
const base = await AutoModelForCausalLM.from_pretrained(modelUrl, { session });
const text = await trainingText();
const args = { max_steps: 64, per_device_train_batch_size: 1, max_length: 32, save_steps: 3 };

/** @type {import('../../../../src/index').VeraModel} */
let model;
/** @type {import('../../../../src/index').TrainRun} */
let run;

/** @typedef {{ losses: number[], files: object } | { code: string, detail: object }} Outcome */

const tab = {
  /**
   * Starts a run. Resolves once a step is done, or the run has ended.
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
      // `outcome` reports the error
    }
  },
  /**
   * Starts a run, and pauses it after a few steps. The page pauses it, because a busy test may be slower than all its steps.
   * @param {import('../../../../src/index').TrainOptions} options
   */
  async beginPaused(options) {
    await tab.begin(options);
    await run.pause();
  },
  async resume() {
    await run.resume();
  },
  /** Dispatches the events of a page that the browser freezes and resumes. */
  freeze() {
    document.dispatchEvent(new Event('freeze'));
    document.dispatchEvent(new Event('resume'));
    dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }));
    dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }));
  },
  step: () => run.state.global_step,
  /** Returns the step from which the run resumed, or 0. */
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
  /** Returns the number of held wake locks. */
  awake: () => sentinels.filter(({ released }) => !released).length,
  /** Returns the ids of the clients (tabs and workers) that hold a run's lock. */
  async owners() {
    const { held = [] } = await navigator.locks.query();
    return held.flatMap(({ name, clientId }) => (name?.startsWith('webvera:run:') ? [clientId] : []));
  },
  /** Waits until no client holds a run's lock. */
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
   * Saves the adapter, and returns the session's warnings.
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
