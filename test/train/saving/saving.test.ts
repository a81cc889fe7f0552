import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { RunEvent, Saved } from '../../../src/core/types/run';
import type { RunSnapshot } from '../../../src/core/types/snapshot';
import { RunRecord } from '../../../src/train/saving/run_record';
import { Saving, type SavingInit } from '../../../src/train/saving/saving';
import type { StepData } from '../../../src/train/training_init';
import { FakeRunner } from '../../helpers/session/fake_runner';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const stats = { loss: 1, gradNorm: 1, finite: true, step: 1, metrics: new Float32Array(8) };
const args = { save_strategy: 'steps', save_steps: 1 } as const;
const data = { tokens: 1, epoch: 1, endsEpoch: false } as StepData;

/** Prepares a run whose snapshots are stored by `save`. */
function running(save: (snapshot: RunSnapshot) => Promise<Saved>, init: Pick<SavingInit, 'args' | 'now'> = { args }) {
  const runner = new FakeRunner();
  const record = new RunRecord(runner, 100);
  const events: RunEvent[] = [];
  const controller = new AbortController();
  const saving = new Saving({
    runner,
    state: { pools: new Map() },
    ...init,
    checkpoints: { save, close: () => {} },
    record,
    signal: controller.signal,
    emit: (event) => events.push(event),
    hold: () => {},
  });
  const step = async (at: number): Promise<void> => {
    record.finish(at, { data, stats, learningRate: 0 });
    await saving.save([]);
  };
  return { saving, step, events, controller };
}

const saved = ({ progress }: RunSnapshot): Saved => ({
  checkpoint: `checkpoint-${progress.global_step}`,
  durable: true,
});

test('storage that hangs delays the run once, and is used again once it answers', async () => {
  const asked: number[] = [];
  let answer = (_: Saved): void => {};
  const { step, events } = running((snapshot) => {
    asked.push(snapshot.progress.global_step);
    if (asked.length > 1) return Promise.resolve(saved(snapshot));
    return new Promise((resolve) => {
      answer = resolve;
    });
  });
  const first = step(1);
  await vi.advanceTimersByTimeAsync(9_999);
  expect(events).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  await first;
  const message = "Step 1 isn't saved, and training continues: the browser's storage doesn't answer";
  expect(events).toEqual([{ type: 'warning', code: 'timeout', message }]);
  await step(2); // neither waits nor warns
  expect([asked, events.length]).toEqual([[1], 1]);
  answer({ checkpoint: 'checkpoint-1', durable: true });
  await vi.advanceTimersByTimeAsync(0);
  await step(3);
  expect(asked).toEqual([1, 3]);
  // The late checkpoint counts, too: a run that loses its device resumes from it.
  expect(events.slice(1)).toEqual(
    [1, 3].map((at) => ({ type: 'save', checkpoint: `checkpoint-${at}`, durable: true })),
  );
});

describe('a write that takes longer than a run waits', () => {
  const late = { type: 'warning', code: 'timeout' };
  const save = (step: number) => ({ type: 'save', checkpoint: `checkpoint-${step}`, durable: true });

  /** Prepares a run whose writes take a number of milliseconds each; the last number repeats. */
  function slow(...times: readonly number[]) {
    const asked: number[] = [];
    const run = running(async (snapshot) => {
      asked.push(snapshot.progress.global_step);
      await new Promise((resolve) => setTimeout(resolve, times[asked.length - 1] ?? times.at(-1)));
      return saved(snapshot);
    });
    return { ...run, asked };
  }

  test('counts once it ends', async () => {
    const { saving, step, events, asked } = slow(15_000, 0);
    const first = step(1);
    await vi.advanceTimersByTimeAsync(10_000);
    await first;
    expect(events).toMatchObject([late]);
    await vi.advanceTimersByTimeAsync(5000);
    expect(events.slice(1)).toEqual([save(1)]);
    await saving.saveNow(); // this step is saved already
    expect(asked).toEqual([1]);
  });

  test('is awaited at the end of the run, before the last state is saved', async () => {
    const { saving, step, events, asked } = slow(15_000, 12_000);
    const first = step(1);
    await vi.advanceTimersByTimeAsync(10_000);
    await first;
    await step(2); // isn't saved, because the first write is in progress
    const end = saving.saveLast(undefined);
    await vi.advanceTimersByTimeAsync(17_000);
    await end;
    expect(asked).toEqual([1, 2]);
    expect(events).toMatchObject([late, save(1), late, save(2)]);
  });

  test('is awaited for a limited time', async () => {
    const { saving, step, events, asked } = slow(60_000);
    const first = step(1);
    await vi.advanceTimersByTimeAsync(10_000);
    await first;
    const end = saving.saveLast(undefined);
    await vi.advanceTimersByTimeAsync(10_000);
    await end;
    saving.close();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked).toEqual([1]);
    expect(events).toMatchObject([late]); // nothing after the end of the run
  });

  test('isn’t awaited by a run that is aborted', async () => {
    const { saving, step, events, controller } = slow(60_000);
    const first = step(1);
    await vi.advanceTimersByTimeAsync(10_000);
    await first;
    const aborted = expect(saving.saveLast(undefined)).rejects.toBe('enough');
    controller.abort('enough');
    await aborted;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(events).toMatchObject([late]);
  });

  test('doesn’t count once the run has returned to an earlier state', async () => {
    const { saving, step, events, asked } = slow(15_000, 0);
    const first = step(2);
    await vi.advanceTimersByTimeAsync(10_000);
    await first;
    await saving.saveAgain([]);
    await vi.advanceTimersByTimeAsync(5000);
    expect(events).toMatchObject([late]);
    const third = step(3);
    await vi.advanceTimersByTimeAsync(0);
    await third;
    expect(asked).toEqual([2, 3]);
    expect(events.slice(1)).toEqual([save(3)]);
  });
});

test('the last state is saved again if its record has changed since, and only if states are saved at all', async () => {
  const asked: number[] = [];
  const { saving, step } = running(async (snapshot) => {
    asked.push(snapshot.progress.global_step);
    return saved(snapshot);
  });
  await step(1);
  await saving.saveLast(false, true);
  await saving.saveLast(undefined, false);
  expect(asked).toEqual([1]);
  await saving.saveLast(undefined, true);
  expect(asked).toEqual([1, 1]);
});

test('a failed save is reported once, and repeated at the next step and at the end', async () => {
  let fails = true;
  const asked: number[] = [];
  const { saving, step, events } = running(async (snapshot) => {
    asked.push(snapshot.progress.global_step);
    if (fails) throw new RangeError('Array buffer allocation failed');
    return saved(snapshot);
  });
  await step(1);
  await step(2);
  expect(events).toMatchObject([{ type: 'warning', code: 'out_of_memory' }]);
  fails = false;
  await saving.saveNow();
  expect(events.slice(1)).toEqual([{ type: 'save', checkpoint: 'checkpoint-2', durable: true }]);
  await saving.saveNow();
  expect(asked).toEqual([1, 2, 2]);
});

test('a run that is aborted during a save doesn’t wait', async () => {
  const { step, events, controller } = running(() => new Promise(() => {}));
  const aborted = expect(step(1)).rejects.toBe('enough');
  controller.abort('enough');
  await aborted;
  expect(events).toEqual([]);
});

test.each<['steps' | 'epoch' | 'no', readonly number[]]>([
  ['steps', [18, 35, 40, 76, 80]],
  ['epoch', [18, 35, 50, 96]],
  ['no', []],
])('steps of a tenth of a second are saved by time too with the strategy %s', (save_strategy, expected) => {
  let now = 0;
  const { saving } = running(async (snapshot) => saved(snapshot), {
    args: { save_strategy, save_steps: 40 },
    now: () => now,
  });
  const due: number[] = [];
  for (let step = 1; step <= 100; step++, now += 100) {
    if (!saving.isDue(step, { ...data, endsEpoch: step === 50 })) continue;
    saving.copy();
    due.push(step);
  }
  expect(due).toEqual(expected);
});
