import { WebVeraError } from '../core/errors/error';
import type { RunEvent } from '../core/types/run';
import type { BestState, EvaluationState } from '../core/types/snapshot';
import type { ResolvedTrainingArguments, TrainProgress } from '../core/types/training';
import type { Runner } from '../graph/runner';
import type { Metrics, TaskMetrics } from '../tasks/task/task_metrics';
import { readPools } from './saving/pools';
import type { RunRecord } from './saving/run_record';
import type { OptimizerState } from './steps/optimizer';
import type { Restored, StepData } from './training_init';

type EvaluationArguments = Pick<
  ResolvedTrainingArguments,
  | 'eval_strategy'
  | 'eval_steps'
  | 'load_best_model_at_end'
  | 'metric_for_best_model'
  | 'greater_is_better'
  | 'early_stopping_patience'
  | 'early_stopping_threshold'
>;

interface RunEvaluationInit {
  readonly runner: Runner;
  readonly state: OptimizerState;
  readonly args: EvaluationArguments;
  readonly record: RunRecord;
  /** The state from which the run resumed. */
  readonly restored?: Restored | undefined;
  /** The names of the task's metrics that are better when they are lower. */
  readonly lowerIsBetter: readonly string[];
  emit(event: RunEvent): void;
  /**
   * Evaluates the adapters in their current state. Resolves with undefined if the run is stopped meanwhile, unless `isLast`: the callback
   * that stopped the run has requested the evaluation.
   */
  measure(isLast: boolean): Promise<Metrics | undefined>;
}

/** Evaluates during a run, records which state is the best, and decides whether the run ends early. */
export class RunEvaluation {
  readonly #init: RunEvaluationInit;
  #asked = false;
  #isLast = false;

  constructor(init: RunEvaluationInit) {
    this.#init = init;
  }

  /** Requests an evaluation after the next step that is queued, or after the last step. `isLast`: the same callback stops the run. */
  ask(isLast = false): void {
    this.#asked = true;
    this.#isLast ||= isLast;
  }

  /** Whether to evaluate after this step. */
  isDue(step: number, { endsEpoch }: Pick<StepData, 'endsEpoch'>): boolean {
    return this.#asked || this.#isPlanned(step, endsEpoch);
  }

  /** Whether the evaluation planned after the current step is still missing, because the state was saved before it. */
  get isOwed(): boolean {
    const { evaluation, progress } = this.#init.record;
    const last = evaluation.logs.at(-1)?.step ?? 0;
    return progress.global_step > last && this.#isPlanned(progress.global_step, endsEpoch(progress));
  }

  /** Whether the run must end because its metric no longer improves. */
  get hasStalled(): boolean {
    const { args, record } = this.#init;
    return hasStalled(args, record.evaluation);
  }

  /**
   * Runs the planned evaluation that the restored state still lacks. If the arguments have changed since the state was saved, resets the
   * count of evaluations without improvement, so that a run that had stalled continues.
   */
  async resume(): Promise<void> {
    const { record, restored } = this.#init;
    const isRestored = restored?.progress.global_step === record.progress.global_step;
    if (this.isOwed) await this.run();
    if (isRestored && restored?.hadOtherArguments === true) record.evaluation = { ...record.evaluation, stale: 0 };
  }

  /**
   * Evaluates the state after the last acknowledged step. No step may be queued. Ignores the result if the run returns to an earlier state
   * meanwhile.
   */
  async run(): Promise<void> {
    const { args, record, lowerIsBetter, emit, measure } = this.#init;
    const asked = this.#asked;
    this.#asked = false;
    const { progress } = record;
    const metrics = await measure(this.#isLast);
    if (metrics === undefined) return;
    if (record.progress !== progress) {
      // During a pause, the run returned to an earlier state. Some batches were measured before that, so the result is ignored.
      this.#asked ||= asked;
      record.startClock();
      return;
    }
    const { global_step: step, epoch } = progress;
    const logs = { step, epoch, metrics };
    const { evaluation } = record;
    const name = metricName(args);
    const metric = metrics[name] ?? Number.NaN;
    const gain = gainOver(evaluation.best, metric, args.greater_is_better ?? !lowerIsBetter.includes(name));
    record.evaluation = {
      logs: [...evaluation.logs, logs],
      best: gain > 0 ? await this.#best(step, metric) : evaluation.best,
      stale: gain > args.early_stopping_threshold ? 0 : evaluation.stale + 1,
    };
    emit({ type: 'evaluate', logs, best: record.history.best });
    record.startClock();
  }

  /** Restores the adapters' values at the best evaluation, if the arguments request it. No step may be queued. */
  loadBest(): void {
    const { runner, state, args, record } = this.#init;
    const { parameters = [] } = record.evaluation.best ?? {};
    if (!args.load_best_model_at_end) return;
    for (const [index, { pool }] of [...state.pools.keys()].entries()) {
      const best = parameters[index];
      if (best !== undefined) runner.write(pool, best);
    }
  }

  /** Runs a requested evaluation, unless the current step is evaluated already. Resolves with whether it ran. */
  async runAsked(): Promise<boolean> {
    const { evaluation, progress } = this.#init.record;
    if (!this.#asked || progress.global_step <= (evaluation.logs.at(-1)?.step ?? 0)) return false;
    await this.run();
    return true;
  }

  #isPlanned(step: number, endsEpoch: boolean): boolean {
    const { eval_strategy, eval_steps } = this.#init.args;
    if (eval_strategy !== 'steps') return eval_strategy === 'epoch' && endsEpoch;
    return step % eval_steps === 0 || step >= this.#init.record.progress.max_steps;
  }

  async #best(step: number, metric: number): Promise<BestState> {
    const { runner, state, args } = this.#init;
    if (!args.load_best_model_at_end) return { step, metric, parameters: undefined };
    const pools = await readPools(runner, state);
    return { step, metric, parameters: pools.map(({ parameters }) => parameters) };
  }
}

/** Whether a run ends early, because its evaluations no longer improve. */
export function hasStalled(
  { early_stopping_patience: patience }: Pick<EvaluationArguments, 'early_stopping_patience'>,
  { stale }: Pick<EvaluationState, 'stale'>,
): boolean {
  return patience > 0 && stale >= patience;
}

/** Whether an epoch ends at this step. The last epoch may end early. */
function endsEpoch({ global_step, max_steps, epoch }: TrainProgress): boolean {
  return Number.isInteger(epoch) || global_step >= max_steps;
}

/** Returns the improvement of a metric over the best one so far: ∞ for the first evaluation, −∞ if the metric isn't finite. */
function gainOver(best: BestState | null, metric: number, greaterIsBetter: boolean): number {
  if (!Number.isFinite(metric)) return Number.NEGATIVE_INFINITY;
  if (best === null) return Number.POSITIVE_INFINITY;
  return greaterIsBetter ? metric - best.metric : best.metric - metric;
}

/** Removes the prefix `eval_`, which transformers allows, from a metric's name. Only the loss has this prefix here: `eval_loss`. */
function metricName({ metric_for_best_model: name }: Pick<EvaluationArguments, 'metric_for_best_model'>): string {
  return name === 'loss' ? 'eval_loss' : name.replace(/^eval_(?!loss$)/, '');
}

/** Throws `invalid_argument` for a metric that the task doesn't have. */
export function expectMetric(
  args: Pick<EvaluationArguments, 'metric_for_best_model'>,
  { metricNames }: Pick<TaskMetrics, 'metricNames'>,
): void {
  if (metricNames.includes(metricName(args))) return;
  const got = JSON.stringify(args.metric_for_best_model);
  throw new WebVeraError('invalid_argument', `metric_for_best_model: expected ${metricNames.join(' or ')}, got ${got}`);
}
