import { type Halving, NOT_HALVED, type RunSnapshot } from '../core/snapshot';
import type { StepLogs, TrainOutput, TrainProgress } from '../core/training';
import type { Runner } from '../graph/runner';
import type { StepStats } from './step_block';
import { StepClock } from './step_clock';
import type { StepData } from './training_init';
import { UsageMeter } from './usage_meter';

/** What a run has come to so far: its acknowledged steps, and what they took. */
export class RunRecord {
  readonly #clock = new StepClock();
  readonly #usage: UsageMeter;
  readonly #logs: StepLogs[] = [];
  #progress: TrainProgress;
  #lossSum = 0;
  #halving = NOT_HALVED;
  /** Steps before this session's, less those that this one has done more than once. */
  #restored = 0;

  constructor(runner: Runner, maxSteps: number) {
    this.#usage = new UsageMeter(runner);
    this.#progress = { global_step: 0, max_steps: maxSteps, epoch: 0 };
  }

  get progress(): TrainProgress {
    return this.#progress;
  }

  get halving(): Halving {
    return this.#halving;
  }

  set maxSteps(max_steps: number) {
    this.#progress = { ...this.#progress, max_steps };
  }

  /** Goes on from where another run stood. */
  restore(state: RunState): void {
    this.#stand(state);
    this.#restored = state.progress.global_step;
  }

  /** Goes on from where this run stood before. Gives how many of its steps are to be done again. */
  goBack(state: RunState): number {
    const repeated = this.#progress.global_step - state.progress.global_step;
    this.#stand(state);
    this.#restored -= repeated;
    this.startClock();
    return repeated;
  }

  snapshot(): RunState {
    return {
      progress: this.#progress,
      lossSum: this.#lossSum,
      logs: [...this.#logs],
      halving: this.#halving,
    };
  }

  /** Work begins whose use of the device counts. */
  begin(): void {
    this.#usage.start();
  }

  /** Steps are timed from here on: they begin, or go on after a pause. */
  startClock(): void {
    this.#clock.start();
  }

  /** A step is acknowledged; gives its logs. */
  finish(step: number, { data, stats, learningRate }: FinishedStep): StepLogs {
    this.#progress = { ...this.#progress, global_step: step, epoch: data.epoch };
    this.#lossSum += stats.loss;
    const { tokensPerSecond, secondsPerStep } = this.#clock.stepDone(data.tokens);
    return {
      step,
      loss: stats.loss,
      grad_norm: stats.gradNorm,
      learning_rate: learningRate,
      tokens_per_second: tokensPerSecond,
      seconds_left: (this.#progress.max_steps - step) * secondsPerStep,
    };
  }

  log(logs: StepLogs): void {
    this.#logs.push(logs);
  }

  output(): TrainOutput {
    const { global_step, epoch } = this.#progress;
    return {
      global_step,
      training_loss: this.#lossSum / Math.max(1, global_step),
      metrics: {
        epoch,
        ...this.#clock.metrics(),
        ...this.#usage.metrics(Math.max(1, global_step - this.#restored)),
      },
    };
  }

  #stand({ progress: { global_step, epoch }, lossSum, logs, halving }: RunState): void {
    this.#progress = { ...this.#progress, global_step, epoch };
    this.#lossSum = lossSum;
    this.#halving = halving;
    this.#logs.length = 0;
    for (const log of logs) this.#logs.push(log);
  }
}

/** Where a run stands, but for what it trains. */
export type RunState = Omit<RunSnapshot, 'pools'>;

interface FinishedStep {
  readonly data: StepData;
  readonly stats: StepStats;
  readonly learningRate: number;
}
