import { basename, resolve } from 'node:path';
import { runFinetune } from '../finetune/command.mjs';
import { estimateRun } from '../finetune/estimate_run.mjs';
import { readExport } from '../finetune/export.mjs';
import { finetune } from '../finetune/finetune.mjs';
import { checkModel } from '../finetune/inputs.mjs';
import { kernelsOf, readEstimate, readSettings, SETTING_FLAGS, settingHelp } from '../finetune/settings.mjs';
import { describeGpu } from '../page/library.js';
import { readFlags } from '../shared/options.mjs';
import { accessOf, DAWN_FLAG, dawnHelp, loadLibrary, modelOf, openGpu, required, sourceOf } from './library.mjs';
import { onInterrupt } from './native_warnings.mjs';

export const HELP = `Fine-tunes a language model on a text.

  webvera finetune --model MODEL --text FILE [options]

  --model MODEL          a folder with config.json, model.safetensors or its shards,
                         and tokenizer.json; a GGUF file; or a name on the hub, as org/name
                         or org/name/file.gguf. HF_TOKEN opens those that aren't public
  --text FILE            plain text, UTF-8
  --out DIR              where the results go          (out)
${settingHelp({ targets: 'all-linear', device: dawnHelp(25) })}

Ctrl-C ends the training after the present step, and keeps what was learnt. Another one ends
the measurements after it, too.`;

const FLAGS = /** @type {const} */ ({
  model: { type: 'string' },
  text: { type: 'string' },
  out: { type: 'string', default: 'out' },
  target_modules: { type: 'string', default: 'all-linear' },
  ...SETTING_FLAGS,
  dawn: DAWN_FLAG,
});

/** @typedef {import('../../src/index').KernelChoice} KernelChoice */
/** @typedef {ReturnType<typeof modelOf>} Model */

/** @param {readonly string[]} argv */
export async function main(argv) {
  const flags = readFlags(argv, FLAGS);
  const model = modelOf(flags);
  const path = (/** @type {unknown} */ value) => resolve(String(value));
  const estimating = readEstimate(flags);
  const text = estimating === undefined ? path(required('text', flags, 'a file of plain text to learn')) : '';
  const name = model.repository ?? model.gguf_file ?? basename(String(model.folder));
  const settings = readSettings(flags, { model: name, text: basename(text) });
  const exporting = readExport(flags, settings.max_steps, path);
  const kernels = kernelsOf(flags.kernels, path);
  const { folder, gguf_file } = model;
  if (folder !== undefined) checkModel({ folder, ...(gguf_file !== undefined && { gguf_file }) });
  const command = { text, out: path(flags.out), kernels, exporting, estimating, settings };
  await runFinetune(
    command,
    nodeEngine(command, model, () => openGpu(flags)),
  );
}

/**
 * Returns the engine that trains in the main thread of this process, on Dawn.
 * @param {import('../finetune/command.mjs').Command} command
 * @param {Model} model
 * @param {() => Promise<GPU>} open the GPU
 * @returns {import('../finetune/command.mjs').Engine}
 */
function nodeEngine({ settings, exporting, estimating }, model, open) {
  const job = { ...settings, base: settings.model, gguf_file: model.gguf_file };
  return {
    async estimate() {
      const options = /** @type {const} */ ({ worker: false, gpu: await open() });
      const [library, source] = [await loadLibrary(), await sourceOf(model)];
      return estimateRun(library, { options, source, access: accessOf(), job: { ...job, prompt: '' }, ...estimating });
    },
    async train({ train, heldOut, prompt, kernels }, { onOpen, onReport, onTrained }) {
      const gpu = await open();
      onOpen(`Node ${process.versions.node}`);
      let stopListening = () => {};
      const plain = (/** @type {string} */ content) => new Blob([content], { type: 'text/plain' });
      return finetune(await loadLibrary(), {
        options: { worker: false, gpu, kernels: /** @type {KernelChoice} */ (kernels) },
        source: await sourceOf(model),
        access: accessOf(),
        train: plain(train),
        heldOut: plain(heldOut),
        job: { ...job, prompt },
        device: () => describeGpu(gpu),
        report: onReport,
        ...(exporting && { exportAfter: exporting.after }),
        onTrain: (run) => {
          stopListening = endOnInterrupt(run);
        },
        onTrained: (trained) => onTrained(trained).finally(() => stopListening()),
      }).finally(() => stopListening());
    },
  };
}

/**
 * Ends the training at the first Ctrl-C. The second one only warns, and the third ends the command without the adapter, which may not be
 * written yet.
 * @param {import('../../src/index').TrainRun} run
 * @returns {() => void} stops listening
 */
function endOnInterrupt(run) {
  let interrupts = 0;
  const stopListening = onInterrupt(() => {
    interrupts += 1;
    if (interrupts === 1) {
      console.error('\nEnding after this step, and saving what was learnt.');
      void run.stop();
    } else {
      console.error('\nNot saved yet. Another Ctrl-C ends at once, without what was learnt.');
      stopListening();
    }
  });
  return stopListening;
}
