import { expect, test } from 'vitest';
import type { StepLogs, TrainEvent } from '../../../src/index';
import { Callbacks } from '../../../src/page/training/callbacks';
import { RunReport } from '../../../src/page/training/run_report';
import { resolveTrainingArguments } from '../../../src/page/training/training_arguments';

const report = () => {
  const args = resolveTrainingArguments({});
  return new RunReport(
    args.max_steps,
    new Callbacks(
      args,
      [],
      () => {},
      () => {},
    ),
    () => false,
  );
};
const logsOf = (step: number) => ({ step }) as unknown as StepLogs;
const nothing = { logs: [], evaluations: [], best: null };
const lost = { code: 'device_lost' } as Parameters<RunReport['onLoss']>[0];

/** Returns the progress of a run of twelve steps, or of several adapters that train together for twelve steps each. */
const at = (global_step: number, adapters = 1) => ({
  global_step,
  max_steps: 12 * adapters,
  epoch: global_step / 12,
});

/** Returns the progress of two adapters that train together. */
const together = (a: number, b: number) => ({ ...at(a + b, 2), epoch: a / 12, adapters: { a: at(a), b: at(b) } });

/** Logs the steps from `first` to `last` for two adapters. */
function log(run: RunReport, first: number, last: number): void {
  for (let step = first; step <= last; step++)
    for (const name of ['a', 'b']) run.add(at(step), { type: 'log', logs: logsOf(step) }, name);
}

/** Returns the adapter, the number of repeated steps and the step of each recovery that a run reported. */
async function recoveriesOf(run: RunReport): Promise<unknown[]> {
  const events = await eventsOf(run);
  return events.flatMap((event) =>
    event.type === 'recovered' ? [[event.state.adapter, event.repeatedSteps, event.state.global_step]] : [],
  );
}

async function eventsOf(run: RunReport): Promise<TrainEvent[]> {
  run.events.close();
  const events: TrainEvent[] = [];
  for await (const event of run.events) events.push(event);
  return events;
}

test('a run of many logged steps is restored', () => {
  const run = report();
  const logs = Array.from({ length: 200_000 }, (_, index) => logsOf(index + 1));
  const progress = { global_step: 200_000, max_steps: 300_000, epoch: 1 };
  run.add(progress, { ...nothing, type: 'restored', checkpoint: 'checkpoint-200000', logs });
  expect(run.state.log_history).toHaveLength(200_000);
});

test('a run of several adapters counts the repeated steps of all after a loss', async () => {
  const run = report();
  log(run, 1, 6);
  run.onLoss(lost);
  const restored = { ...nothing, type: 'restored', checkpoint: 'checkpoint-8' } as const;
  run.add(together(4, 4), restored);
  expect(run.state).toMatchObject({ global_step: 8, adapters: { a: { global_step: 4 }, b: { global_step: 4 } } });
  for (const name of ['a', 'b']) run.add(at(4), restored, name);
  expect(await recoveriesOf(run)).toEqual([
    [undefined, 4, 8],
    ['a', 2, 4],
    ['b', 2, 4],
  ]);
});

test('a run of several adapters that begins again counts the repeated steps before those of its adapters, once', async () => {
  const run = report();
  log(run, 1, 3);
  run.onLoss(lost);
  log(run, 1, 10);
  run.add(together(10, 10), { type: 'save', checkpoint: 'checkpoint-20', durable: true });
  expect(run.state.global_step).toBe(20);
  expect(await recoveriesOf(run)).toEqual([
    [undefined, 6, 0],
    ['a', 3, 0],
    ['b', 3, 0],
  ]);
});

test('an event about all of several adapters has the steps that each has done since its last log', async () => {
  const run = report();
  log(run, 1, 1);
  run.add(together(5, 4), { type: 'paused', reason: 'user' });
  run.add(together(5, 4), { type: 'save', checkpoint: 'checkpoint-9', durable: true });
  const states = (await eventsOf(run)).slice(-2).map(({ state }) => state);
  for (const state of [...states, run.state]) {
    expect(state).toMatchObject({ global_step: 9, max_steps: 24 });
    expect(state.adapters).toMatchObject({ a: { global_step: 5, max_steps: 12 }, b: { global_step: 4 } });
  }
});
