// The steps that `npm run finetune` and `npx webvera finetune` share. The commands differ only in the engine that trains.
import { printEstimate } from './estimate_report.mjs';
import { prepareExport, writeExport } from './export.mjs';
import { followFinetune } from './follow.mjs';
import { prepareFolder, readKernels, readText } from './inputs.mjs';
import { printOutcome, writeAdapter, writeResults } from './outcome.mjs';
import { promptFrom, splitText } from './split_text.mjs';

/** @typedef {import('./outcome.mjs').Outcome['result']} Result */
/**
 * @typedef {object} Inputs
 * @property {string} train text to train on
 * @property {string} heldOut text to measure perplexity on
 * @property {string} prompt
 * @property {unknown} kernels
 */
/**
 * @typedef {object} Listeners
 * @property {(name: string) => void} onOpen called with the name of the browser or of Node, before the first report
 * @property {(report: import('./finetune.mjs').Report) => void} onReport
 * @property {(trained: import('./finetune.mjs').Trained) => Promise<void>} onTrained writes the trained files; is awaited
 */
/**
 * Estimates and trains a run, in a browser or in this process.
 * @typedef {object} Engine
 * @property {() => Promise<void>} [prepare] installs and builds what the engine needs
 * @property {() => Promise<import('./estimate_run.mjs').Estimated>} estimate
 * @property {(inputs: Inputs, listeners: Listeners) => Promise<Result>} train
 */
/**
 * @typedef {object} Command
 * @property {string} text path of a file
 * @property {string} out path of a folder
 * @property {string} kernels default, tuned, or path of a run.json
 * @property {import('./export.mjs').Export | undefined} exporting
 * @property {ReturnType<typeof import('./settings.mjs').readEstimate>} estimating
 * @property {import('./settings.mjs').Settings} settings
 */

/**
 * Checks the inputs, trains, and writes the results; or prints an estimate, for `--estimate`.
 * @param {Command} command
 * @param {Engine} engine
 */
export async function runFinetune({ text, out, kernels, exporting, estimating, settings }, engine) {
  if (estimating !== undefined) {
    await engine.prepare?.();
    printEstimate(settings, await engine.estimate());
    return;
  }
  const { train, heldOut } = splitText(readText(text));
  const inputs = { train, heldOut, prompt: promptFrom(heldOut), kernels: readKernels(kernels) };
  prepareFolder(out);
  prepareExport(exporting);
  await engine.prepare?.();
  const started = performance.now();
  const { outcome, onReport, end } = followFinetune(settings);
  const onOpen = (/** @type {string} */ name) => {
    outcome.browser = name;
  };
  /** @type {import('./outcome.mjs').AdapterFile[]} */
  let files = [];
  // The adapter is written before it is measured, so that an interrupt of the measurements doesn't lose it.
  const onTrained = async (/** @type {import('./finetune.mjs').Trained} */ trained) => {
    end();
    files = await writeAdapter(out, trained.files);
    if (exporting !== undefined) await writeExport(exporting, trained.exported);
  };
  const result = await engine.train(inputs, { onOpen, onReport, onTrained }).finally(end);
  const whole = { ...outcome, result, files, seconds: (performance.now() - started) / 1000 };
  printOutcome(whole);
  writeResults({ out, settings }, whole);
}
