import type { History } from '../../core/types/run';
import { type Halving, NOT_EVALUATED, NOT_HALVED, type RecordSnapshot } from '../../core/types/snapshot';
import type { LogMetric, StepLogs, TrainOutput, TrainProgress } from '../../core/types/training';
import type { Runner } from '../../graph/runner';
import { learningRateAt, type ScheduleArguments } from '../steps/schedule';
import type { StepStats } from '../steps/step_block';
import { StepClock } from '../steps/step_clock';
import type { StepData } from '../training_init';
import { UsageMeter } from '../usage_meter';

/** A run's progress: its acknowledged steps with their losses, times and use of the device. */
export class RunRecord {
  readonly #clock = new StepClock();
  readonly #usage: UsageMeter;
  readonly #logs: StepLogs[] = [];
  #progress: TrainProgress;
  #lossSum = 0;
  #halving = NOT_HALVED;
  evaluation = NOT_EVALUATED;
  /** The base model's log probabilities, once they are computed. Set for a run that compares the model with its base. */
  reference: RecordSnapshot['reference'];
  /** The number to subtract from the current step to get the number of steps run since the restore, including repeated steps. */
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

  /** Returns the learning rate of a step. Steps count from 1. */
  learningRate(args: ScheduleArguments, step: number): number {
    return this.#halving.factor * learningRateAt(args, step - 1, this.#progress.max_steps);
  }

  /** The logs and evaluations that the page receives. */
  get history(): History {
    const { logs: evaluations, best } = this.evaluation;
    return { logs: [...this.#logs], evaluations, best: best && { step: best.step, metric: best.metric } };
  }

  set maxSteps(max_steps: number) {
    this.#progress = { ...this.#progress, max_steps };
  }

  /** Continues from the state of an earlier run. */
  restore(state: RecordSnapshot): void {
    this.#setTo(state);
    this.#restored = state.progress.global_step;
  }

  /** Resets the record to an earlier state of this run, and returns the number of steps to repeat. */
  goBack(state: RecordSnapshot): number {
    const repeated = this.#progress.global_step - state.progress.global_step;
    this.#setTo(state);
    this.#restored -= repeated;
    this.startClock();
    return repeated;
  }

  snapshot(): RecordSnapshot {
    return {
      progress: this.#progress,
      lossSum: this.#lossSum,
      logs: [...this.#logs],
      halving: this.#halving,
      evaluation: this.evaluation,
      ...(this.reference && { reference: this.reference }),
    };
  }

  /** Starts to count the use of the device. */
  begin(): void {
    this.#usage.start();
  }

  /** Starts to time steps, at the beginning or after a pause. */
  startClock(): void {
    this.#clock.start();
  }

  /** Records an acknowledged step and returns its logs. */
  finish(step: number, { data, stats, learningRate, metrics }: FinishedStep): StepLogs {
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
      ...metrics,
    };
  }

  log(logs: StepLogs): void {
    this.#logs.push(logs);
  }

  output(): TrainOutput {
    const { global_step, epoch } = this.#progress;
    const { best } = this.evaluation;
    return {
      global_step,
      training_loss: this.#lossSum / Math.max(1, global_step),
      metrics: {
        epoch,
        ...this.#clock.metrics(),
        ...this.#usage.metrics(Math.max(1, global_step - this.#restored)),
        ...(best !== null && { best_metric: best.metric, best_global_step: best.step }),
      },
    };
  }

  #setTo({ progress: { global_step, epoch }, lossSum, logs, halving, evaluation }: RecordSnapshot): void {
    this.#progress = { ...this.#progress, global_step, epoch };
    this.#lossSum = lossSum;
    this.#halving = halving;
    this.evaluation = evaluation;
    this.#logs.length = 0;
    for (const log of logs) this.#logs.push(log);
  }
}

interface FinishedStep {
  readonly data: Pick<StepData, 'epoch' | 'tokens'>;
  readonly stats: StepStats;
  readonly learningRate: number;
  /** Further values for the logs. */
  readonly metrics?: Readonly<Partial<Record<LogMetric, number>>> | undefined;
}
