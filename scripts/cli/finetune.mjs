import { basename, resolve } from 'node:path';
import { printEstimate } from '../finetune/estimate_report.mjs';
import { estimateRun } from '../finetune/estimate_run.mjs';
import { prepareExport, readExport, writeExport } from '../finetune/export.mjs';
import { finetune } from '../finetune/finetune.mjs';
import { followFinetune } from '../finetune/follow.mjs';
import { checkModel, prepareFolder, readKernels, readText } from '../finetune/inputs.mjs';
import { printOutcome, writeResults } from '../finetune/outcome.mjs';
import { kernelsOf, readEstimate, readSettings, SETTING_FLAGS, settingHelp } from '../finetune/settings.mjs';
import { promptFrom, splitText } from '../finetune/split_text.mjs';
import { readFlags } from '../shared/options.mjs';
import { DAWN_FLAG, dawnHelp, describeGpu, loadLibrary, modelOf, openGpu, required, sourceOf } from './library.mjs';

export const HELP = `Fine-tunes a language model on a text.

  webvera finetune --model MODEL --text FILE [options]

  --model MODEL          a folder with config.json, model.safetensors or its shards,
                         and tokenizer.json; a GGUF file; or a name on the hub, as org/name
  --text FILE            plain text, UTF-8
  --out DIR              where the results go          (out)
${settingHelp({ targets: 'all-linear', device: dawnHelp(25) })}

Ctrl-C ends the training after the present step, and keeps what was learnt.`;

const FLAGS = /** @type {const} */ ({
  model: { type: 'string' },
  text: { type: 'string' },
  out: { type: 'string', default: 'out' },
  target_modules: { type: 'string', default: 'all-linear' },
  ...SETTING_FLAGS,
  dawn: DAWN_FLAG,
});

/** @typedef {import('../../src/index').KernelChoice} KernelChoice */

/** @param {readonly string[]} argv */
export async function main(argv) {
  const flags = readFlags(argv, FLAGS);
  const model = modelOf(flags);
  const estimating = readEstimate(flags);
  const text = estimating === undefined ? resolve(required('text', flags, 'a file of plain text to learn')) : '';
  const name = model.repository ?? model.gguf_file ?? basename(String(model.folder));
  const settings = readSettings(flags, { model: name, text: basename(text) });
  const out = resolve(String(flags.out));
  const exporting = readExport(flags, settings.max_steps, (path) => resolve(String(path)));
  const { folder, gguf_file } = model;
  if (folder !== undefined) checkModel({ folder, ...(gguf_file !== undefined && { gguf_file }) });
  const job = { ...settings, base: name, gguf_file };
  if (estimating !== undefined) {
    const options = /** @type {const} */ ({ worker: false, gpu: await openGpu(flags) });
    const [library, source] = [await loadLibrary(), await sourceOf(model)];
    const told = await estimateRun(library, { options, source, job: { ...job, prompt: '' }, ...estimating });
    printEstimate(settings, told);
    return;
  }
  const { train, heldOut } = splitText(readText(text));
  const kernels = readKernels(kernelsOf(flags.kernels, (path) => resolve(String(path))));
  prepareFolder(out);
  prepareExport(exporting);

  const started = performance.now();
  const gpu = await openGpu(flags);
  const { outcome, onReport, end } = followFinetune(settings);
  outcome.browser = `Node ${process.versions.node}`;
  const plain = (/** @type {string} */ content) => new Blob([content], { type: 'text/plain' });
  try {
    const { files, exported, ...result } = await finetune(await loadLibrary(), {
      options: { worker: false, gpu, kernels: /** @type {KernelChoice} */ (kernels) },
      source: await sourceOf(model),
      train: plain(train),
      heldOut: plain(heldOut),
      job: { ...job, prompt: promptFrom(heldOut) },
      device: () => describeGpu(gpu),
      report: onReport,
      ...(exporting && { exportAfter: exporting.after }),
      onTrain(run) {
        const stop = () => void run.stop();
        const over = () => void process.off('SIGINT', stop);
        process.once('SIGINT', stop);
        run.then(over, over);
      },
    });
    end();
    const read = Object.entries(files).map(async ([file, blob]) => [file, Buffer.from(await blob.arrayBuffer())]);
    const bytes = Object.fromEntries(await Promise.all(read));
    const whole = { ...outcome, result: { ...result, files: bytes }, seconds: (performance.now() - started) / 1000 };
    printOutcome(whole);
    writeResults({ out, settings }, whole);
    if (exporting !== undefined) await writeExport(exporting, exported);
  } finally {
    end();
  }
}
