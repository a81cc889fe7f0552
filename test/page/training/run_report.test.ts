import { expect, test } from 'vitest';
import type { StepLogs, TrainEvent } from '../../../src/index';
import { Callbacks } from '../../../src/page/training/callbacks';
import { RunReport } from '../../../src/page/training/run_report';
import { resolveTrainingArguments } from '../../../src/page/training/training_arguments';

const report = () => {
  const args = resolveTrainingArguments({});
  return new RunReport(args.max_steps, new Callbacks(args, [], () => {}), () => false);
};
const logsOf = (step: number) => ({ step }) as unknown as StepLogs;
const nothing = { logs: [], evaluations: [], best: null };

test('a run of many logged steps is restored', () => {
  const run = report();
  const logs = Array.from({ length: 200_000 }, (_, index) => logsOf(index + 1));
  const progress = { global_step: 200_000, max_steps: 300_000, epoch: 1 };
  run.add(progress, { ...nothing, type: 'restored', checkpoint: 'checkpoint-200000', logs });
  expect(run.state.log_history).toHaveLength(200_000);
});

test('a run of several adapters counts the repeated steps of all after a loss', async () => {
  const run = report();
  const at = (global_step: number, adapters = 1) => ({
    global_step,
    max_steps: 12 * adapters,
    epoch: global_step / 12,
  });
  for (let step = 1; step <= 6; step++)
    for (const name of ['a', 'b']) run.add(at(step), { type: 'log', logs: logsOf(step) }, name);
  run.onLoss({ code: 'device_lost' } as Parameters<RunReport['onLoss']>[0]);
  const restored = { ...nothing, type: 'restored', checkpoint: 'checkpoint-8' } as const;
  run.add(at(8, 2), restored);
  for (const name of ['a', 'b']) run.add(at(4), restored, name);
  run.events.close();
  const recovered: TrainEvent[] = [];
  for await (const event of run.events) if (event.type === 'recovered') recovered.push(event);
  expect(recovered.map((event) => [event.state.adapter, 'repeatedSteps' in event && event.repeatedSteps])).toEqual([
    [undefined, 4],
    ['a', 2],
    ['b', 2],
  ]);
});
