// `npm run finetune`: trains a VeRA adapter in a real browser and writes what came out of it.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildIfStale } from './lib/build.mjs';
import { failureOf, runCommand } from './lib/command.mjs';
import { checkModel, prepareFolder, readKernels, readText } from './lib/finetune_inputs.mjs';
import { HELP, readFinetuneOptions } from './lib/finetune_options.mjs';
import { followFinetune } from './lib/finetune_report.mjs';
import { printOutcome, writeResults } from './lib/finetune_results.mjs';
import { setUp } from './lib/install.mjs';
import { runPage } from './lib/launch.mjs';
import { serve } from './lib/serve.mjs';
import { promptFrom, splitText } from './lib/text.mjs';

/** @typedef {import('./lib/finetune_options.mjs').FinetuneOptions} FinetuneOptions */
/** @typedef {import('./lib/finetune_results.mjs').Outcome} Outcome */
/**
 * What the page reports. Files come in base64.
 * @typedef {import('./lib/finetune_run.mjs').Report
 *   | { type: 'done', result: Omit<Outcome['result'], 'files'> & { files: Readonly<Record<string, string>> } }
 *   | { type: 'error', error: import('./lib/command.mjs').Told }} PageReport
 */

const path = (/** @type {string} */ relativePath) => fileURLToPath(new URL(relativePath, import.meta.url));

/** @param {FinetuneOptions} options */
async function main(options) {
  checkModel(options.model);
  const text = splitText(readText(options.text));
  const kernels = readKernels(options.kernels);
  prepareFolder(options.out);
  // Without a GPU, Firefox renders by Mesa's driver; Chromium brings its own.
  await setUp(options.browser === 'firefox' ? ['firefox', 'lavapipe'] : ['chrome']);
  buildIfStale();
  const outcome = await train(options, text, kernels);
  printOutcome(outcome);
  writeResults(options, outcome);
}

/**
 * @param {FinetuneOptions} options
 * @param {import('./lib/text.mjs').Split} text
 * @param {unknown} kernels
 * @returns {Promise<Outcome>}
 */
async function train({ browser, model, settings }, { train, heldOut }, kernels) {
  const started = performance.now();
  const plain = (/** @type {string} */ body) => ({ type: 'text/plain; charset=utf-8', body });
  const job = { ...settings, base: settings.model, prompt: promptFrom(heldOut), kernels };
  const server = await serve({
    '/': { type: 'text/html; charset=utf-8', body: readFileSync(path('page/finetune.html')) },
    '/scripts/page/': path('page/'),
    '/scripts/lib/': path('lib/'),
    '/dist/': path('../dist/'),
    '/model/': model,
    '/train.txt': plain(train),
    '/held_out.txt': plain(heldOut),
    '/job.json': { type: 'application/json', body: JSON.stringify(job) },
  });
  const { outcome, onReport, end } = followFinetune(settings);
  const onOpen = (/** @type {string} */ version) => {
    outcome.browser = version;
  };
  try {
    const last = await runPage(browser, `${server.url}/`, {
      onOpen,
      onReport: (/** @type {PageReport} */ report) => {
        if (report.type !== 'done' && report.type !== 'error') onReport(report);
      },
    });
    end();
    if (last.type === 'error') throw failureOf(last.error);
    if (last.type !== 'done') throw new Error(`unexpected report: ${last.type}`);
    const files = Object.entries(last.result.files).map(([name, base64]) => [name, Buffer.from(base64, 'base64')]);
    const result = { ...last.result, files: Object.fromEntries(files) };
    return { ...outcome, result, seconds: (performance.now() - started) / 1000 };
  } finally {
    end();
    await server.close();
  }
}

await runCommand('finetune', async () => {
  const options = readFinetuneOptions(process.argv.slice(2));
  if (options === 'help') console.log(HELP);
  else await main(options);
});
