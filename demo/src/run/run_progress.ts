import type { StepLogs } from 'webvera';
import type { Banner } from '../page/banner';
import { byId, setShare, setText, show } from '../page/dom';
import { formatCount, formatDuration, formatLoss } from '../page/format';
import { LossReport } from './loss_report';
import type { RunListener, TrainingPhase } from './training';

export interface RunProgressOptions {
  /** The meaning of the loss: 'how surprised the model is by your text'. */
  readonly meaning: string;
  /** The element for tokens per second, if the page has one. */
  readonly speed?: HTMLElement;
}

interface Listening {
  readonly store: { set(patch: { phase: TrainingPhase }): void };
  readonly banner: Banner;
}

/** The progress of a run: numbers, a bar, and the loss. */
export class RunProgress {
  readonly #bar = byId('train-bar', 'progress');
  readonly #speed: HTMLElement | undefined;
  readonly #report: LossReport;

  constructor({ meaning, speed }: RunProgressOptions) {
    this.#speed = speed;
    this.#report = new LossReport(meaning);
  }

  /** The part of a run's listener that is the same on every page. */
  listener({ store, banner }: Listening): RunListener {
    return {
      onPhase: (phase) => store.set({ phase }),
      onLog: (logs, maxSteps) => this.#add(logs, maxSteps),
      onWarning: (message) => banner.show('note', message),
      onRecovered: (message, logs, maxSteps) => {
        banner.show('note', message);
        this.begin(maxSteps);
        for (const one of logs) this.#add(one, maxSteps);
      },
    };
  }

  begin(maxSteps: number): void {
    this.#write(`0 of ${formatCount(maxSteps)}`, '–', '–', '–');
    setShare(this.#bar, undefined);
    show(this.#bar, true);
    this.#report.begin(maxSteps);
  }

  /** Sums up a run that ended with this step. */
  done(step: number): void {
    this.#report.end(step);
  }

  /** Hides the bar, because the run is over. */
  end(): void {
    show(this.#bar, false);
    setText(byId('number-left', 'dd'), '–');
  }

  #add(logs: StepLogs, maxSteps: number): void {
    const { step, loss, tokens_per_second, seconds_left } = logs;
    const left = formatDuration(seconds_left);
    const steps = `${formatCount(step)} of ${formatCount(maxSteps)}`;
    this.#write(steps, formatLoss(loss), formatCount(tokens_per_second), left);
    setShare(this.#bar, step / maxSteps);
    this.#bar.setAttribute('aria-valuetext', `Step ${step} of ${maxSteps}, ${left} left`);
    this.#report.add(logs, maxSteps);
  }

  #write(step: string, loss: string, speed: string, left: string): void {
    setText(byId('number-step', 'dd'), step);
    setText(byId('number-loss', 'dd'), loss);
    if (this.#speed !== undefined) setText(this.#speed, speed);
    setText(byId('number-left', 'dd'), left);
  }
}
