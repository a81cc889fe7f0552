import type { StepLogs } from 'webvera';
import { LossReport } from './loss_report';
import { RunNumbers } from './run_numbers';

export interface RunProgressOptions {
  /** What the loss says: 'how surprised the model is by your text'. */
  readonly meaning: string;
  /** Where tokens per second are told, if anywhere. */
  readonly speed?: HTMLElement;
}

/** How far a run is: numbers, a bar, and its loss. */
export class RunProgress {
  readonly #numbers: RunNumbers;
  readonly #report: LossReport;

  constructor({ meaning, speed }: RunProgressOptions) {
    this.#numbers = new RunNumbers(speed);
    this.#report = new LossReport(meaning);
  }

  begin(maxSteps: number): void {
    this.#numbers.begin(maxSteps);
    this.#report.begin(maxSteps);
  }

  add(logs: StepLogs, maxSteps: number): void {
    this.#numbers.show(logs, maxSteps);
    this.#report.add(logs, maxSteps);
  }

  /** Anew, with what is left of a run that went back. */
  repeat(all: readonly StepLogs[], maxSteps: number): void {
    this.begin(maxSteps);
    for (const logs of all) this.add(logs, maxSteps);
  }

  /** The run came to its end with this step. */
  done(step: number): void {
    this.#report.end(step);
  }

  /** There is no run any more. */
  end(): void {
    this.#numbers.end();
  }
}
