import { describe, expect, test } from 'vitest';
import type { Adapter } from '../../src/adapters/adapter';
import type { RunEvent } from '../../src/core/types/run';
import type { TrainingArguments } from '../../src/core/types/training';
import { pinned, type Value } from '../../src/graph/value';
import { resolveTrainingArguments } from '../../src/page/training/training_arguments';
import type { Metrics } from '../../src/tasks/task/task_metrics';
import { expectMetric, RunEvaluation } from '../../src/train/evaluation';
import { RunRecord } from '../../src/train/saving/run_record';
import type { StepData } from '../../src/train/training_init';
import { FakeRunner } from '../helpers/session/fake_runner';

/** A fake device with one buffer of trained values (`pool`). Reading it returns the values that were written last. */
class OnePool extends FakeRunner {
  readonly pool = pinned('pool', [2]);
  values = Float32Array.of(0, 0);
  override write(value?: Value, data?: ArrayBufferView): void {
    if (value === this.pool) this.values = Float32Array.from(data as Float32Array);
  }
  override read = async (): Promise<ArrayBuffer> => this.values.slice().buffer;
}

const stats = { loss: 1, gradNorm: 1, finite: true, step: 1, metrics: new Float32Array(8) };
const within = { tokens: 1, epoch: 0.5, endsEpoch: false } as StepData;
const atEnd = { ...within, epoch: 1, endsEpoch: true };

/** Prepares a run of 100 steps. Its evaluations return these metrics in turn. */
function running(given: TrainingArguments, metrics: (Metrics | undefined)[] = []) {
  const args = resolveTrainingArguments(given);
  const runner = new OnePool();
  const record = new RunRecord(runner, 100);
  const events: RunEvent[] = [];
  const pools = new Map([
    [{ pool: runner.pool } as Adapter, { grads: pinned('g', [2]), m: pinned('m', [2]), v: pinned('v', [2]) }],
  ]);
  const state = { pools, block: pinned('block', [8]), stats: pinned('stats', [8]) };
  const emit = (event: RunEvent): void => void events.push(event);
  const lowerIsBetter = ['eval_loss', 'perplexity'];
  const measure = async () => metrics.shift();
  const evaluating = (measured: () => Promise<Metrics | undefined>) =>
    new RunEvaluation({ runner, state, args, record, lowerIsBetter, emit, measure: measured });
  const evaluation = evaluating(measure);
  const step = (at: number, data = within): void => void record.finish(at, { data, stats, learningRate: 0 });
  /** Evaluates after each of these steps. After step n, the trained values are n and −n. */
  const through = async (...steps: readonly number[]): Promise<void> => {
    for (const at of steps) {
      step(at);
      runner.values = Float32Array.of(at, -at);
      await evaluation.run();
    }
  };
  return { runner, record, events, evaluation, evaluating, step, through };
}

const losses = (...values: readonly number[]): Metrics[] => values.map((eval_loss) => ({ eval_loss }));

describe('evaluations happen', () => {
  const due = ({ evaluation }: ReturnType<typeof running>, data = within) =>
    Array.from({ length: 6 }, (_, index) => index + 1).filter((step) => evaluation.isDue(step, data));

  test('by steps, by epochs, or not at all', () => {
    expect(due(running({ eval_strategy: 'steps', eval_steps: 3 }))).toEqual([3, 6]);
    expect(due(running({ eval_strategy: 'epoch' }))).toEqual([]);
    expect(due(running({ eval_strategy: 'epoch' }), atEnd)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(due(running({ eval_strategy: 'no' }), atEnd)).toEqual([]);
  });

  test('by steps also after the last step', () => {
    const { evaluation } = running({ eval_strategy: 'steps', eval_steps: 3 });
    expect([99, 100].map((step) => evaluation.isDue(step, within))).toEqual([true, true]);
    expect(running({ eval_strategy: 'steps', eval_steps: 8 }).evaluation.isDue(100, within)).toBe(true);
    expect(running({}).evaluation.isDue(100, within)).toBe(false);
  });

  test('once more on request', async () => {
    const run = running({}, losses(1));
    run.evaluation.ask();
    expect(run.evaluation.isDue(1, within)).toBe(true);
    await run.evaluation.run();
    expect(run.evaluation.isDue(2, within)).toBe(false);
  });

  test('later, if a state was saved before they were made', async () => {
    const run = running({ eval_strategy: 'steps', eval_steps: 2 }, losses(1, 1));
    expect(run.evaluation.isOwed).toBe(false);
    run.step(1);
    expect(run.evaluation.isOwed).toBe(false);
    run.step(2);
    expect(run.evaluation.isOwed).toBe(true);
    await run.evaluation.run();
    expect(run.evaluation.isOwed).toBe(false);
  });

  test('later also at the end of an epoch and of the run', () => {
    const run = running({ eval_strategy: 'epoch' });
    run.step(4, within);
    expect(run.evaluation.isOwed).toBe(false);
    run.step(5, atEnd);
    expect(run.evaluation.isOwed).toBe(true);
    run.step(100, within);
    expect(run.evaluation.isOwed).toBe(true);
  });
});

describe('the best', () => {
  const bestOf = async (given: TrainingArguments, metrics: Metrics[]) => {
    const run = running(given, metrics);
    await run.through(...metrics.map((_, index) => index + 1));
    return run.record.history.best;
  };

  test('is the lowest loss, and of equals the first', async () => {
    expect(await bestOf({}, losses(3, 1, 2, 1))).toEqual({ step: 2, metric: 1 });
    expect(await bestOf({}, losses(Number.POSITIVE_INFINITY, 3))).toEqual({ step: 2, metric: 3 });
    expect(await bestOf({ greater_is_better: true }, losses(Number.POSITIVE_INFINITY))).toBeNull();
  });

  test.each<[TrainingArguments, number]>([
    [{ metric_for_best_model: 'accuracy' }, 2],
    [{ metric_for_best_model: 'eval_accuracy' }, 2],
    [{ metric_for_best_model: 'accuracy', greater_is_better: false }, 1],
    [{ metric_for_best_model: 'loss' }, 3],
    [{ metric_for_best_model: 'eval_loss', greater_is_better: true }, 1],
    [{ metric_for_best_model: 'perplexity' }, 3],
    [{ metric_for_best_model: 'eval_perplexity' }, 3],
  ])('by %j is that of step %i', async (given, step) => {
    const metrics = [
      { eval_loss: 9, accuracy: 0.1, perplexity: 8 },
      { eval_loss: 5, accuracy: 0.9, perplexity: 4 },
      { eval_loss: 2, accuracy: 0.5, perplexity: 2 },
    ];
    expect((await bestOf(given, metrics))?.step).toBe(step);
  });

  test('is none that isn’t a number', async () => {
    expect(await bestOf({}, losses(Number.NaN, Number.NaN))).toBeNull();
    expect(await bestOf({}, losses(Number.NaN, 4, Number.NaN))).toEqual({ step: 2, metric: 4 });
    expect(await bestOf({ metric_for_best_model: 'accuracy' }, losses(1))).toBeNull();
  });

  test('is restored at the end, if requested', async () => {
    const run = running(
      { load_best_model_at_end: true, eval_strategy: 'steps', save_strategy: 'steps' },
      losses(3, 1, 2),
    );
    await run.through(1, 2, 3);
    run.evaluation.loadBest();
    expect([...run.runner.values]).toEqual([2, -2]);
  });

  test('isn’t held otherwise', async () => {
    const run = running({}, losses(1, 2));
    await run.through(1, 2);
    run.evaluation.loadBest();
    expect([...run.runner.values]).toEqual([2, -2]);
    expect(run.record.evaluation.best).toEqual({ step: 1, metric: 1, parameters: undefined });
  });

  test('is nothing to load before the first evaluation', () => {
    const run = running({ load_best_model_at_end: true, eval_strategy: 'steps', save_strategy: 'steps' });
    run.runner.values = Float32Array.of(7, 7);
    run.evaluation.loadBest();
    expect([...run.runner.values]).toEqual([7, 7]);
  });
});

describe('a run that doesn’t get better', () => {
  const stalls = async (given: TrainingArguments, metrics: Metrics[]): Promise<boolean[]> => {
    const run = running({ eval_strategy: 'steps', ...given }, metrics);
    const found: boolean[] = [];
    for (const at of metrics.map((_, index) => index + 1)) {
      await run.through(at);
      found.push(run.evaluation.hasStalled);
    }
    return found;
  };

  test('ends after so many evaluations in a row', async () => {
    expect(await stalls({ early_stopping_patience: 2 }, losses(3, 4, 2, 2, 2))).toEqual([
      false,
      false,
      false,
      false,
      true,
    ]);
  });

  test('continues without patience', async () => {
    expect(await stalls({}, losses(1, 2, 3, 4))).toEqual([false, false, false, false]);
  });

  test('has to be better by the threshold, though less makes a best one', async () => {
    const given = { early_stopping_patience: 2, early_stopping_threshold: 0.5 };
    expect(await stalls(given, losses(3, 2.75, 2.5, 1))).toEqual([false, false, true, false]);
    const run = running({ eval_strategy: 'steps', ...given }, losses(3, 2.75));
    await run.through(1, 2);
    expect(run.record.history.best).toEqual({ step: 2, metric: 2.75 });
  });

  test('doesn’t where there is no number', async () => {
    expect(await stalls({ early_stopping_patience: 1 }, losses(Number.NaN))).toEqual([true]);
  });
});

test('an evaluation is reported, with the best so far; an interrupted one has no effect', async () => {
  const run = running({}, [{ eval_loss: 2 }, undefined]);
  await run.through(1, 2);
  expect(run.events).toEqual([
    { type: 'evaluate', logs: { step: 1, epoch: 0.5, metrics: { eval_loss: 2 } }, best: { step: 1, metric: 2 } },
  ]);
  expect(run.record.history.evaluations).toHaveLength(1);
});

describe('an evaluation during which the run goes back', () => {
  const interrupted = (restored: number) => {
    const run = running({ eval_strategy: 'steps', eval_steps: 20 });
    run.step(restored);
    const held = run.record.snapshot();
    if (restored < 20) run.step(20);
    const evaluation = run.evaluating(async () => {
      run.record.goBack(held);
      return { eval_loss: 0.1 };
    });
    return { ...run, evaluation };
  };

  test.each([10, 20])('records nothing, whether it goes back to step %d', async (restored) => {
    const { evaluation, record, events } = interrupted(restored);
    await evaluation.run();
    expect(record.progress.global_step).toBe(restored);
    expect(record.evaluation).toEqual({ logs: [], best: null, stale: 0 });
    expect(events).toEqual([]);
  });

  test('is made up for, if it was requested', async () => {
    const { evaluation } = interrupted(10);
    await evaluation.run();
    expect(evaluation.isDue(11, within)).toBe(false);
    evaluation.ask();
    await evaluation.run();
    expect(evaluation.isDue(11, within)).toBe(true);
  });
});

test('a metric that the task doesn’t have is refused', () => {
  const task = { metricNames: ['eval_loss', 'accuracy'] };
  const check = (metric_for_best_model: string) => () => expectMetric({ metric_for_best_model }, task);
  for (const name of ['loss', 'eval_loss', 'accuracy', 'eval_accuracy']) expect(check(name)).not.toThrow();
  const message = 'metric_for_best_model: expected eval_loss or accuracy, got "f1"';
  expect(check('f1')).toThrow(expect.objectContaining({ code: 'invalid_argument', message }));
});
