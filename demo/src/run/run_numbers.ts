import type { StepLogs } from 'webvera';
import { byId, setText, show } from '../page/dom';
import { formatCount, formatDuration, formatLoss } from '../page/format';

/** The numbers of a run and its bar. `speed`: where tokens per second are told, if anywhere. */
export class RunNumbers {
  readonly #bar = byId('train-bar', 'progress');
  readonly #speed: HTMLElement | undefined;

  constructor(speed?: HTMLElement) {
    this.#speed = speed;
  }

  begin(maxSteps: number): void {
    this.#write(`0 of ${formatCount(maxSteps)}`, '–', '–', '–');
    this.#bar.removeAttribute('value');
    show(this.#bar, true);
  }

  show({ step, loss, tokens_per_second, seconds_left }: StepLogs, maxSteps: number): void {
    const left = formatDuration(seconds_left);
    const steps = `${formatCount(step)} of ${formatCount(maxSteps)}`;
    this.#write(steps, formatLoss(loss), formatCount(tokens_per_second), left);
    this.#bar.value = (100 * step) / maxSteps;
    this.#bar.setAttribute('aria-valuetext', `Step ${step} of ${maxSteps}, ${left} left`);
  }

  end(): void {
    show(this.#bar, false);
    setText(byId('number-left', 'dd'), '–');
  }

  #write(step: string, loss: string, speed: string, left: string): void {
    setText(byId('number-step', 'dd'), step);
    setText(byId('number-loss', 'dd'), loss);
    if (this.#speed !== undefined) setText(this.#speed, speed);
    setText(byId('number-left', 'dd'), left);
  }
}
