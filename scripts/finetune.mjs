// `npm run finetune`: trains a VeRA adapter in a real browser and writes what came out of it.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildIfStale } from './lib/build.mjs';
import { runCommand } from './lib/command.mjs';
import { checkModel, prepareFolder, readKernels, readText } from './lib/finetune_inputs.mjs';
import { HELP, readFinetuneOptions } from './lib/finetune_options.mjs';
import { deviceName, printOutcome, writeResults } from './lib/finetune_results.mjs';
import { setUp } from './lib/install.mjs';
import { BrowserFailure, runPage } from './lib/launch.mjs';
import { UsageError } from './lib/options.mjs';
import { count, duration, progressLine } from './lib/progress.mjs';
import { serve } from './lib/serve.mjs';
import { promptFrom, splitText } from './lib/text.mjs';

/** @typedef {import('./lib/finetune_options.mjs').FinetuneOptions} FinetuneOptions */
/** @typedef {import('./lib/finetune_results.mjs').Outcome} Outcome */
/** @typedef {import('./lib/finetune_results.mjs').Result} Result */
/**
 * What the page reports.
 * @typedef {{ type: 'stage', name: string }
 *   | { type: 'ready', parameters: Outcome['parameters'], heldOutTokens: number, device: Outcome['device'] }
 *   | { type: 'before', perplexity: number }
 *   | { type: 'log', logs: Outcome['steps'][number] }
 *   | { type: 'warning', message: string }
 *   | { type: 'done', result: Result }
 *   | { type: 'error', error: { name?: string, message?: string, code?: string, hint?: string } }} Report
 */

/** The library's words for a model, text or option that can't be used. */
const BAD_INPUT = new Set(['invalid_argument', 'invalid_format', 'unsupported_model', 'not_found', 'limit_exceeded']);

const STAGES = /** @type {Readonly<Record<string, string>>} */ ({
  load: 'Loading the model',
  'measure before': 'Measuring the base model on the held-out text',
  train: 'Training',
  'measure after': 'Measuring again',
});

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
  const job = { ...settings, prompt: promptFrom(heldOut), kernels };
  const server = await serve({
    '/': { type: 'text/html; charset=utf-8', body: readFileSync(path('page/finetune.html')) },
    '/scripts/page/': path('page/'),
    '/dist/': path('../dist/'),
    '/model/': model,
    '/train.txt': plain(train),
    '/held_out.txt': plain(heldOut),
    '/job.json': { type: 'application/json', body: JSON.stringify(job) },
  });
  const bar = progressLine(process.stdout);
  /** @type {Omit<Outcome, 'result' | 'seconds'>} */
  const outcome = {
    browser: '',
    device: { vendor: '', architecture: '', description: '', fallback: false },
    parameters: { trainable: 0, all: 0 },
    heldOutTokens: 0,
    steps: [],
  };

  const onReport = (/** @type {Report} */ report) => {
    switch (report.type) {
      case 'stage':
        bar.end();
        if (STAGES[report.name]) console.log(`${STAGES[report.name]} …`);
        break;
      case 'ready':
        outcome.parameters = report.parameters;
        outcome.heldOutTokens = report.heldOutTokens;
        outcome.device = report.device;
        console.log(
          `${settings.model}, ${count(report.parameters.all)} parameters; VeRA r ${settings.r} trains ${count(report.parameters.trainable)} of them. ` +
            `Runs on ${deviceName(outcome)}.`,
        );
        break;
      case 'before':
        console.log(
          `Perplexity of the base model on ${count(outcome.heldOutTokens)} held-out tokens: ${report.perplexity.toFixed(1)}`,
        );
        break;
      case 'warning':
        bar.end();
        console.warn(`Warning: ${report.message}`);
        break;
      case 'log': {
        outcome.steps.push(report.logs);
        const { step, loss, tokens_per_second, seconds_left } = report.logs;
        const detail = `loss ${loss.toFixed(3)}  ${count(tokens_per_second)} tokens/s  ${duration(seconds_left)} left`;
        bar.update({ done: step, total: settings.max_steps, detail });
      }
    }
  };

  try {
    const last = await runPage(browser, `${server.url}/`, {
      onOpen: (version) => {
        outcome.browser = version;
      },
      onReport,
    });
    bar.end();
    if (last.type === 'error') throw failure(last.error);
    if (last.type !== 'done') throw new Error(`unexpected report: ${last.type}`);
    return { ...outcome, result: last.result, seconds: (performance.now() - started) / 1000 };
  } finally {
    bar.end();
    await server.close();
  }
}

/** @param {{ name?: string, message?: string, code?: string, hint?: string }} error as the page described it */
function failure({ name, message, code, hint }) {
  const text = [message, hint].filter(Boolean).join(' – ').replace(/\s+/g, ' ');
  if (code !== undefined && BAD_INPUT.has(code)) return new UsageError(text);
  return new BrowserFailure(`${code ?? name ?? 'error'}: ${text}`);
}

await runCommand('finetune', async () => {
  const options = readFinetuneOptions(process.argv.slice(2));
  if (options === 'help') console.log(HELP);
  else await main(options);
});
