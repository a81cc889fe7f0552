// `npm run finetune`: trains a VeRA adapter in a real browser and writes what came out of it.
import { readFileSync } from 'node:fs';
import { setUp } from './browsers/install.mjs';
import { runPage } from './browsers/launch.mjs';
import { serve } from './browsers/serve.mjs';
import { buildIfStale } from './build/build_if_stale.mjs';
import { printEstimate } from './finetune/estimate_report.mjs';
import { prepareExport, writeExport } from './finetune/export.mjs';
import { HELP, readFinetuneOptions } from './finetune/finetune_options.mjs';
import { followFinetune } from './finetune/follow.mjs';
import { checkModel, prepareFolder, readKernels, readText } from './finetune/inputs.mjs';
import { printOutcome, writeResults } from './finetune/outcome.mjs';
import { promptFrom, splitText } from './finetune/split_text.mjs';
import { failureOf, runCommand } from './shared/command.mjs';
import { inRepository } from './shared/paths.mjs';

/** @typedef {import('./finetune/finetune_options.mjs').FinetuneOptions} FinetuneOptions */
/** @typedef {import('./finetune/outcome.mjs').Outcome} Outcome */
/** @typedef {Readonly<Record<string, string>>} Base64 */
/**
 * What the page reports. Files come in base64.
 * @typedef {import('./finetune/finetune.mjs').Report
 *   | { type: 'estimated', told: import('./finetune/estimate_run.mjs').Told }
 *   | { type: 'done', result: Omit<Outcome['result'], 'files'> & { files: Base64, exported: Base64 | null } }
 *   | { type: 'error', error: import('./shared/command.mjs').Told }} PageReport
 */

/** @param {FinetuneOptions} options */
async function main(options) {
  checkModel(options.model);
  if (options.estimating !== undefined) return estimate(options);
  const text = splitText(readText(options.text));
  const kernels = readKernels(options.kernels);
  prepareFolder(options.out);
  prepareExport(options.exporting);
  await prepare(options);
  const { outcome, exported } = await train(options, text, kernels);
  printOutcome(outcome);
  writeResults(options, outcome);
  if (options.exporting !== undefined) await writeExport(options.exporting, exported);
}

/** @param {FinetuneOptions} options */
async function prepare({ browser }) {
  // Without a GPU, Firefox renders by Mesa's driver; Chromium brings its own.
  await setUp(browser === 'firefox' ? ['firefox', 'lavapipe'] : ['chrome']);
  buildIfStale();
}

/**
 * What the page finds on its server, besides texts.
 * @param {FinetuneOptions} options
 * @param {object} around the settings, for whoever reads the job
 */
function pageOf({ model, settings }, around) {
  const job = { ...settings, base: settings.model, gguf_file: model.gguf_file, ...around };
  return {
    '/': { type: 'text/html; charset=utf-8', body: readFileSync(inRepository('scripts/finetune/page.html')) },
    '/scripts/': inRepository('scripts/'),
    '/dist/': inRepository('dist/'),
    '/model/': model.folder,
    '/job.json': { type: 'application/json', body: JSON.stringify(job) },
  };
}

/** @param {FinetuneOptions} options */
async function estimate(options) {
  await prepare(options);
  const server = await serve(pageOf(options, { estimating: options.estimating, prompt: '' }));
  const onReport = (/** @type {PageReport} */ report) => {
    if (report.type === 'estimated') printEstimate(options.settings, report.told);
  };
  try {
    const last = await runPage(options.browser, `${server.url}/`, { onReport });
    if (last.type === 'error') throw failureOf(last.error);
  } finally {
    await server.close();
  }
}

/**
 * @param {FinetuneOptions} options
 * @param {import('./finetune/split_text.mjs').Split} text
 * @param {unknown} kernels
 * @returns {Promise<{ outcome: Outcome, exported: Map<string, Blob> | null }>}
 */
async function train(options, { train, heldOut }, kernels) {
  const { browser, settings, exporting } = options;
  const started = performance.now();
  const plain = (/** @type {string} */ body) => ({ type: 'text/plain; charset=utf-8', body });
  const server = await serve({
    ...pageOf(options, { prompt: promptFrom(heldOut), kernels, exportAfter: exporting?.after }),
    '/train.txt': plain(train),
    '/held_out.txt': plain(heldOut),
  });
  const { outcome, onReport, end } = followFinetune(settings);
  const onOpen = (/** @type {string} */ version) => {
    outcome.browser = version;
  };
  try {
    const last = await runPage(browser, `${server.url}/`, {
      onOpen,
      onReport: (/** @type {PageReport} */ report) => {
        if (report.type !== 'done' && report.type !== 'error' && report.type !== 'estimated') onReport(report);
      },
    });
    end();
    if (last.type === 'error') throw failureOf(last.error);
    if (last.type !== 'done') throw new Error(`unexpected report: ${last.type}`);
    const { files, exported, ...rest } = last.result;
    const result = { ...rest, files: Object.fromEntries(decoded(files)) };
    const whole = { ...outcome, result, seconds: (performance.now() - started) / 1000 };
    return {
      outcome: whole,
      exported: exported && new Map(decoded(exported).map(([path, bytes]) => [path, new Blob([bytes])])),
    };
  } finally {
    end();
    await server.close();
  }
}

/**
 * @param {Base64} files
 * @returns {[name: string, bytes: Buffer<ArrayBuffer>][]}
 */
function decoded(files) {
  return Object.entries(files).map(([name, base64]) => [name, Buffer.from(base64, 'base64')]);
}

await runCommand('finetune', async () => {
  const options = readFinetuneOptions(process.argv.slice(2));
  if (options === 'help') console.log(HELP);
  else await main(options);
});
