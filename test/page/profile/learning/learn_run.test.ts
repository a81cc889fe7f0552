import { expect, test } from 'vitest';
import type { PauseReason, StepLogs, TrainEvent, TrainerState, TrainOutput } from '../../../../src/index';
import { LearnRun } from '../../../../src/page/profile/learning/learn_run';
import { Followed, Replay } from '../../../../src/page/training/replay';
import { beginningOf } from '../../../../src/page/training/run_report';
import type { PausableRun } from '../../../../src/page/training/train_run';
import { unhandledDuring } from '../../../helpers/unhandled';
import { withResolvers } from '../../../helpers/with_resolvers';

/** Resolves after pending promises have settled. */
const pass = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));
const state = { ...beginningOf(2), global_step: 1, epoch: 0.5 };
const output: TrainOutput = { global_step: 2, training_loss: 1, metrics: {} };

/** A training run that records its calls. */
class FakeRun extends Followed<TrainEvent, TrainOutput> implements PausableRun {
  readonly calls: string[] = [];
  readonly state: TrainerState = state;
  protected readonly items = new Replay<TrainEvent>();
  #finish: (output: TrainOutput) => void = () => {};
  protected readonly result = new Promise<TrainOutput>((resolve) => {
    this.#finish = resolve;
  });

  pause(): Promise<void> {
    return this.pauseFor('user');
  }

  resume(): Promise<void> {
    return this.resumeFor('user');
  }

  async pauseFor(reason: PauseReason): Promise<void> {
    this.calls.push(`pause ${reason}`);
    this.items.push({ type: 'paused', state, reason });
  }

  async resumeFor(reason: PauseReason): Promise<void> {
    this.calls.push(`resume ${reason}`);
    this.items.push({ type: 'resumed', state, reason });
  }

  stop(): Promise<TrainOutput> {
    this.calls.push('stop');
    this.end();
    return this.result;
  }

  end(): void {
    this.items.close();
    this.#finish(output);
  }
}

async function reasonsOf(run: LearnRun): Promise<string[]> {
  const told: string[] = [];
  for await (const event of run) if ('reason' in event) told.push(`${event.type} ${event.reason}`);
  return told;
}

test('passes on the reasons for a pause while it trains', async () => {
  const inner = new FakeRun();
  const run = new LearnRun((own) => own.follow(inner));
  await Promise.resolve();
  await run.pauseFor('busy');
  await run.pause();
  await run.resumeFor('busy');
  await run.resume();
  expect(inner.calls).toEqual(['pause busy', 'pause user', 'resume busy', 'resume user']);
  inner.end();
  expect(await reasonsOf(run)).toEqual(['paused busy', 'paused user', 'resumed busy', 'resumed user']);
  expect(await run).toBe(output);
});

test('requests before its training are done when it begins', async () => {
  const { signal } = new AbortController();
  const paused = new FakeRun();
  const first = new LearnRun((own) => own.follow(paused));
  await Promise.all([first.pause(), first.pauseFor('hidden')]);
  await Promise.resolve();
  expect(paused.calls).toEqual(['pause user', 'pause hidden']);

  const stopped = new FakeRun();
  const second = new LearnRun(async (own) => {
    await own.waitWhilePaused(signal);
    return own.follow(stopped);
  });
  await second.pause();
  expect(await second.stop()).toBe(output);
  expect(stopped.calls).toEqual(['stop']);
});

test('pauses before and after its training, and reports these pauses; pause() resolves once the run waits', async () => {
  const { signal } = new AbortController();
  const inner = new FakeRun();
  const done: string[] = [];
  const [begun, judging] = [withResolvers(), withResolvers()];
  const run = new LearnRun(async (own) => {
    await begun.promise;
    await own.waitWhilePaused(signal);
    const output = await own.follow(inner);
    await judging.promise;
    await own.waitWhilePaused(signal);
    done.push('judged');
    return output;
  });
  await Promise.resolve();
  const paused = run.pause().then(() => done.push('paused'));
  await pass();
  expect(done).toEqual([]);
  begun.resolve();
  await paused;
  await run.resume();
  await pass();
  inner.end();
  await pass();
  const hidden = run.pauseFor('hidden');
  judging.resolve();
  await hidden;
  expect(done).toEqual(['paused']);
  await run.resumeFor('hidden');
  await run;
  expect(done).toEqual(['paused', 'judged']);
  expect(await reasonsOf(run)).toEqual(['paused user', 'resumed user', 'paused hidden', 'resumed hidden']);
});

test('waits until it is free, or aborted', async () => {
  const controller = new AbortController();
  const run = new LearnRun(async (own) => {
    await own.waitWhilePaused(controller.signal);
    throw new Error('not reached');
  });
  await run.pauseFor('hidden');
  controller.abort('enough');
  await expect(Promise.resolve(run)).rejects.toBe('enough');
});

test('a failed run raises no unhandled rejection if its events are read', async () => {
  const run = new LearnRun(() => Promise.reject(new Error('failed')));
  await expect(reasonsOf(run)).rejects.toThrow('failed');
});

test.each<[string, (run: LearnRun) => unknown, readonly string[]]>([
  ['drops it', () => {}, ['failed']],
  ['awaits it', (run) => run.catch(() => {}), []],
  ['reads its events', (run) => reasonsOf(run).catch(() => {}), []],
])(
  'a failed run that nobody awaited raises an unhandled rejection if the caller that joins it %s',
  async (_, use, raised) => {
    const unhandled = await unhandledDuring(async () => {
      const run = new LearnRun(() => Promise.reject('failed'));
      run.catch(() => {});
      use(run.joined());
    });
    expect(unhandled).toEqual(raised);
  },
);

test('counts a part’s steps and logs among those of all, in one list', async () => {
  const logsOf = (step: number) => ({ step, loss: 1 }) as unknown as StepLogs;
  /** A training run whose number of steps is unknown until its first step. */
  class Part extends FakeRun {
    override readonly state = { ...beginningOf(-1), log_history: [] as StepLogs[] };
    log(step: number): void {
      this.state.log_history.push(logsOf(step));
      const now = { ...this.state, global_step: step, max_steps: 3 };
      this.items.push({ type: 'log', state: now, logs: logsOf(step) });
    }
    recover(done: number): void {
      this.state.log_history.length = done;
      const now = { ...this.state, global_step: done, max_steps: 3 };
      this.items.push({ type: 'recovered', state: now, cause: 'device_lost', repeatedSteps: 1 });
    }
  }
  const [first, second] = [new Part(), new Part()];
  const run = new LearnRun(async (own) => {
    await own.follow(first, { before: 0, own: 3, after: 3 });
    return own.follow(second, { before: 3, own: 3, after: 0 });
  });
  await pass();
  expect(run.state).toMatchObject({ global_step: 0, max_steps: 6 });
  for (const step of [1, 2, 3]) first.log(step);
  first.recover(2);
  first.log(3);
  first.end();
  await pass();
  expect(run.state).toMatchObject({ global_step: 3, max_steps: 6 });
  second.log(1);
  second.end();
  await run;
  const states: TrainerState[] = [];
  for await (const { state } of run) states.push(state);
  expect(states.map(({ global_step }) => global_step)).toEqual([1, 2, 3, 2, 3, 4]);
  expect(states.at(-1)?.log_history.map(({ step }) => step)).toEqual([1, 2, 3, 4]);
  for (const { log_history } of states) expect(log_history).toBe(states[0]?.log_history);
});
