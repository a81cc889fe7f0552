import { expect, test } from 'vitest';
import type { TrainEvent, TrainOutput, TrainRun } from '../../../src/index';
import { LearnRun } from '../../../src/page/profile/learn_run';
import { Replay } from '../../../src/page/replay';

const state = { global_step: 1, max_steps: 2, epoch: 0.5, log_history: [] };
const output: TrainOutput = { global_step: 2, training_loss: 1, metrics: {} };

/** A training run that does what it is told, and keeps a list of that. */
class FakeRun implements TrainRun {
  readonly calls: string[] = [];
  readonly state = state;
  readonly #events = new Replay<TrainEvent>();
  #finish: (output: TrainOutput) => void = () => {};
  readonly #output = new Promise<TrainOutput>((resolve) => {
    this.#finish = resolve;
  });

  async pause(): Promise<void> {
    this.calls.push('pause');
    this.#events.push({ type: 'paused', state, reason: 'user' });
  }

  async resume(): Promise<void> {
    this.calls.push('resume');
    this.#events.push({ type: 'resumed', state, reason: 'user' });
  }

  stop(): Promise<TrainOutput> {
    this.calls.push('stop');
    this.end();
    return this.#output;
  }

  end(): void {
    this.#events.close();
    this.#finish(output);
  }

  // biome-ignore lint/suspicious/noThenProperty: as a run
  then<A = TrainOutput, B = never>(
    onOutput?: ((output: TrainOutput) => A | PromiseLike<A>) | null,
    onError?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#output.then(onOutput, onError);
  }

  [Symbol.asyncIterator](): AsyncIterator<TrainEvent> {
    return this.#events[Symbol.asyncIterator]();
  }
}

async function reasonsOf(run: LearnRun): Promise<string[]> {
  const told: string[] = [];
  for await (const event of run) if ('reason' in event) told.push(`${event.type} ${event.reason}`);
  return told;
}

test('stands still while there is a reason to, and tells the first', async () => {
  const inner = new FakeRun();
  const run = new LearnRun((own) => own.follow(inner));
  await Promise.resolve();
  await run.pauseFor('busy');
  await run.pauseFor('hidden');
  await run.pause();
  await run.resumeFor('busy');
  await run.resume();
  expect(inner.calls).toEqual(['pause']);
  await run.resumeFor('hidden');
  await run.resumeFor('hidden');
  expect(inner.calls).toEqual(['pause', 'resume']);
  inner.end();
  expect(await reasonsOf(run)).toEqual(['paused busy', 'resumed busy']);
  expect(await run).toBe(output);
});

test('what is asked of it before it trains is done then', async () => {
  const { signal } = new AbortController();
  const paused = new FakeRun();
  const first = new LearnRun((own) => own.follow(paused));
  await first.pause();
  await Promise.resolve();
  expect(paused.calls).toEqual(['pause']);

  const stopped = new FakeRun();
  const second = new LearnRun(async (own) => {
    await own.free(signal);
    return own.follow(stopped);
  });
  await second.pause();
  expect(await second.stop()).toBe(output);
  expect(stopped.calls).toEqual(['stop']);
});

test('waits until it is free, or aborted', async () => {
  const controller = new AbortController();
  const run = new LearnRun(async (own) => {
    await own.free(controller.signal);
    throw new Error('not reached');
  });
  await run.pauseFor('hidden');
  controller.abort('enough');
  await expect(Promise.resolve(run)).rejects.toBe('enough');
});

test('an abandoned one raises no unhandled rejection', async () => {
  const run = new LearnRun(() => Promise.reject(new Error('failed')));
  await expect(reasonsOf(run)).rejects.toThrow('failed');
});
