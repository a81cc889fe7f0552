import type { StepLogs } from 'webvera';
import { announce } from '../../page/announcer';
import { byId, create, setShare, setText, show } from '../../page/dom';
import { formatCount, formatDuration } from '../../page/format';
import { choicesInWords, type Measured, measuredInWords } from '../outcome/words';
import type { Curve } from './curve';

/** Shows the progress of a training run as a chart, as text, as a table and as a bar. */
export class Report {
  /** The chart, whose code loads with the first run. */
  #curve: Curve | undefined;
  readonly #rows = byId('curve-rows', 'tbody');
  readonly #bar = byId('train-bar', 'progress');
  /** The measurements on the held-out part, in the order of the steps. */
  readonly #measured: Measured[] = [];

  /** The measurement on the held-out part before the run. */
  get first(): Measured | undefined {
    return this.#measured[0];
  }

  async begin(maxSteps: number): Promise<void> {
    this.#curve ??= new (await import('./curve')).Curve();
    this.#measured.length = 0;
    this.#rows.replaceChildren();
    setText(
      byId('run-words', 'p'),
      'It is measured on the part of your text that is kept aside, before it learns from the rest.',
    );
    setText(byId('number-step', 'span'), '');
    this.again(maxSteps);
  }

  /** Clears the chart, except for the measurements: at the start of a run, and after a recovery, because steps are repeated. */
  again(maxSteps: number): void {
    setShare(this.#bar, undefined);
    show(this.#bar, true);
    this.#curve?.begin(maxSteps);
    for (const { step, choices } of this.#measured) this.#curve?.addHeldOut(step, choices);
  }

  addStep({ step, loss, seconds_left }: StepLogs, maxSteps: number): void {
    const left = formatDuration(seconds_left);
    const text = `Step ${formatCount(step)} of ${formatCount(maxSteps)}, about ${left} left`;
    setText(byId('number-step', 'span'), text);
    setShare(this.#bar, step / maxSteps);
    this.#bar.setAttribute('aria-valuetext', text);
    this.#curve?.addStep(step, Math.exp(loss));
  }

  addHeldOut(step: number, choices: number): void {
    const last = this.#measured.at(-1);
    if (last !== undefined && step <= last.step) return; // a resumed or recovered run repeats measurements
    const measured = { step, choices };
    this.#measured.push(measured);
    this.#curve?.addHeldOut(step, choices);
    const words = measuredInWords(this.first ?? measured, measured);
    setText(byId('run-words', 'p'), words);
    announce(words);
    const row = [create('th', { scope: 'row', textContent: formatCount(step) })];
    this.#rows.append(create('tr', {}, ...row, create('td', { textContent: choicesInWords(choices) })));
  }

  /** Hides the parts that are useful only during a run. */
  end(): void {
    show(this.#bar, false);
    setText(byId('number-step', 'span'), '');
  }
}
