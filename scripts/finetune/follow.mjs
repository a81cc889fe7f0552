// Prints the progress of a fine-tuning run.

import { printableLines } from '../shared/printable.mjs';
import { count, duration, progressLine, size } from '../shared/progress.mjs';
import { deviceName } from './outcome.mjs';

/** @typedef {import('./finetune.mjs').Report} Report */
/** @typedef {import('./outcome.mjs').Outcome} Outcome */

const STAGES = /** @type {Readonly<Record<string, string>>} */ ({
  load: 'Loading the model',
  'measure before': 'Measuring the base model on the held-out text',
  train: 'Training',
  'measure after': 'Measuring again',
});

/** Prints reports, and collects the outcome of the run. @param {import('./settings.mjs').Settings} settings */
export function followFinetune(settings) {
  const bar = progressLine(process.stdout);
  /** @type {Omit<Outcome, 'result' | 'files' | 'seconds'>} */
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
      case 'loading':
        // Only a terminal can redraw a progress line. Elsewhere each update would be a new line, and a local model loads quickly anyway.
        if (!process.stdout.isTTY) break;
        bar.update({ done: report.loaded, total: report.total, detail: `bytes, ${size(report.total)}` });
        break;
      case 'ready':
        bar.end();
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
        console.warn(`Warning: ${printableLines(report.message)}`);
        break;
      case 'recovered':
        // The run repeats all steps after this one, so their old logs are dropped.
        outcome.steps.splice(outcome.steps.filter(({ step }) => step <= report.step).length);
        break;
      case 'log': {
        outcome.steps.push(report.logs);
        const { step, loss, tokens_per_second, seconds_left } = report.logs;
        const detail = `loss ${loss.toFixed(3)}  ${count(tokens_per_second)} tokens/s  ${duration(seconds_left)} left`;
        bar.update({ done: step, total: settings.max_steps, detail });
      }
    }
  };
  return { outcome, onReport, end: () => bar.end() };
}
