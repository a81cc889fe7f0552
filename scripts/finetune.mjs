// `npm run finetune`: trains a VeRA adapter in a real browser, and writes the adapter and the measurements.
import { setUp } from './browsers/install.mjs';
import { runPage } from './browsers/launch.mjs';
import { scriptPage, serve } from './browsers/serve.mjs';
import { buildIfStale } from './build/build_if_stale.mjs';
import { runFinetune } from './finetune/command.mjs';
import { HELP, readFinetuneOptions } from './finetune/finetune_options.mjs';
import { checkModel, modelMounts } from './finetune/inputs.mjs';
import { failureOf, runCommand } from './shared/command.mjs';
import { inRepository } from './shared/paths.mjs';

/** @typedef {import('./finetune/finetune_options.mjs').FinetuneOptions} FinetuneOptions */
/** @typedef {import('./finetune/command.mjs').Result} Result */
/** @typedef {Readonly<Record<string, string>>} Base64 */
/**
 * A report of the page. Files are in base64.
 * @typedef {import('./finetune/finetune.mjs').Report
 *   | { type: 'estimated', estimated: import('./finetune/estimate_run.mjs').Estimated }
 *   | { type: 'trained', files: Base64, exported: Base64 | null }
 *   | { type: 'done', result: Result }
 *   | { type: 'error', error: import('./shared/command.mjs').LibraryError }} PageReport
 */
/** @typedef {Readonly<Record<string, import('./browsers/serve.mjs').Mount>>} Mounts */

/**
 * Returns the engine that trains in a page of a headless browser.
 * @param {FinetuneOptions} options
 * @returns {import('./finetune/command.mjs').Engine}
 */
function browserEngine(options) {
  const { browser, exporting, estimating } = options;
  return {
    async prepare() {
      // Without a GPU, Firefox needs Mesa's software driver (lavapipe). Chromium contains its own.
      await setUp(browser === 'firefox' ? ['firefox', 'lavapipe'] : ['chrome']);
      buildIfStale();
    },
    async estimate() {
      /** @type {import('./finetune/estimate_run.mjs').Estimated | undefined} */
      let estimated;
      await runInPage(browser, pageOf(options, { estimating, prompt: '' }), {
        onReport: (report) => {
          if (report.type === 'estimated') estimated = report.estimated;
        },
      });
      if (estimated === undefined) throw new Error('the page reported no estimate');
      return estimated;
    },
    async train({ train, heldOut, prompt, kernels }, { onOpen, onReport, onTrained }) {
      const mounts = {
        ...pageOf(options, { prompt, kernels, exportAfter: exporting?.after }),
        '/train.txt': plain(train),
        '/held_out.txt': plain(heldOut),
      };
      const last = await runInPage(browser, mounts, {
        onOpen,
        onReport: (report) => {
          if (report.type === 'trained') return onTrained(trainedOf(report));
          if (report.type !== 'done' && report.type !== 'error' && report.type !== 'estimated') onReport(report);
        },
      });
      if (last.type !== 'done') throw new Error(`unexpected report: ${last.type}`);
      return last.result;
    },
  };
}

/**
 * Serves the mounts, and runs the page at `/` until its last report.
 * @param {FinetuneOptions['browser']} browser
 * @param {Mounts} mounts
 * @param {{ onOpen?: (name: string) => void, onReport: (report: PageReport) => unknown }} listeners `onReport` is awaited
 * @returns {Promise<PageReport>} rejects with the error that the page reports
 */
async function runInPage(browser, mounts, listeners) {
  const server = await serve(mounts);
  try {
    const last = await runPage(browser, `${server.url}/`, listeners);
    if (last.type === 'error') throw failureOf(last.error);
    return last;
  } finally {
    await server.close();
  }
}

/**
 * Returns the files that the server offers to the page, except the texts.
 * @param {FinetuneOptions} options
 * @param {object} around further fields of the job, besides the settings
 * @returns {Mounts}
 */
function pageOf({ model, settings }, around) {
  const job = { ...settings, base: settings.model, gguf_file: model.gguf_file, ...around };
  return {
    '/': scriptPage('/scripts/finetune/page.js'),
    '/scripts/': inRepository('scripts/'),
    '/dist/': inRepository('dist/'),
    ...modelMounts(model.folder),
    '/job.json': { type: 'application/json', body: JSON.stringify(job) },
  };
}

/** @param {string} body */
function plain(body) {
  return { type: 'text/plain; charset=utf-8', body };
}

/** @param {{ files: Base64, exported: Base64 | null }} report @returns {import('./finetune/finetune.mjs').Trained} */
function trainedOf({ files, exported }) {
  return { files: decoded(files), exported: exported === null ? undefined : decoded(exported) };
}

/** @param {Base64} files */
function decoded(files) {
  return new Map(Object.entries(files).map(([name, base64]) => [name, new Blob([Buffer.from(base64, 'base64')])]));
}

await runCommand('finetune', async () => {
  const options = readFinetuneOptions(process.argv.slice(2));
  if (options === 'help') return console.log(HELP);
  checkModel(options.model);
  await runFinetune(options, browserEngine(options));
});
