import type { StepLogs } from 'webvera';
import { Smoother } from '../../../src/parts/smoother';
import { announce } from '../page/announcer';
import { byId, create, setText, show } from '../page/dom';
import { formatDuration, formatLoss } from '../page/format';
import { LossChart } from './loss_chart';

/** Parts of a run: each adds a row to the table, and is announced to screen readers. */
const PARTS = 10;
const FIRSTS = 10;
/** Smooths the loss, because batches differ by more than a step's progress. */
const DECAY = 0.92;

/** Shows the loss of a run as a chart, as text and as a table. */
export class LossReport {
  readonly #chart = new LossChart();
  readonly #summary = byId('chart-summary', 'figcaption');
  readonly #rows = byId('loss-rows', 'tbody');
  readonly #details = byId('loss-details', 'details');
  readonly #meaning: string;
  #smoother = new Smoother(DECAY);
  /** The first losses. The run is compared with their mean, because single steps vary. */
  #firsts: number[] = [];
  #smoothed = Number.NaN;
  #part = 0;

  /** `meaning`: of the loss, such as 'how surprised the model is by your text'. */
  constructor(meaning: string) {
    this.#meaning = meaning;
    setText(this.#summary, `The loss will be drawn here: ${meaning}.`);
  }

  begin(maxSteps: number): void {
    this.#smoother = new Smoother(DECAY);
    this.#firsts = [];
    this.#part = 0;
    this.#rows.replaceChildren();
    show(byId('chart-key', 'p'), true);
    show(this.#details, false);
    this.#chart.begin(maxSteps);
    setText(this.#summary, `The loss: ${this.#meaning}. Lower is better.`);
  }

  add({ step, loss, seconds_left }: StepLogs, maxSteps: number): void {
    this.#smoothed = this.#smoother.add(loss);
    if (this.#firsts.length < FIRSTS) this.#firsts.push(loss);
    this.#chart.add(step, loss, this.#smoothed);
    const part = Math.floor((PARTS * step) / maxSteps);
    if (part === this.#part && step > 1) return;
    if (part > this.#part) {
      const left = part < PARTS ? `, about ${formatDuration(seconds_left)} left` : '';
      announce(
        `${part * (100 / PARTS)} percent: step ${step} of ${maxSteps}, loss ${formatLoss(this.#smoothed)}${left}.`,
      );
    }
    this.#part = part;
    const cells = [loss, this.#smoothed].map((value) => create('td', { textContent: formatLoss(value) }));
    this.#rows.append(create('tr', {}, create('th', { scope: 'row', textContent: String(step) }), ...cells));
    show(this.#details, true);
    setText(this.#summary, this.#inWords(step));
  }

  end(step: number): void {
    setText(this.#summary, this.#inWords(step));
  }

  #inWords(step: number): string {
    const count = this.#firsts.length;
    const first = this.#firsts.reduce((sum, loss) => sum + loss, 0) / count;
    if (step <= count) return `The loss is ${formatLoss(first)} on average so far. Lower is better.`;
    const change = this.#smoothed < first ? 'fell' : 'went';
    return `The loss ${change} from ${formatLoss(first)} to ${formatLoss(this.#smoothed)} by step ${step}. Lower is better.`;
  }
}
