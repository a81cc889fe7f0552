import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { WebVeraError } from '../../../src/core/errors/error';
import { Link } from '../../../src/page/rpc/link';
import { StoreLocks } from '../../../src/page/rpc/store_locks';
import { RunRecovery } from '../../../src/page/training/run_recovery';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const lost = new WebVeraError('device_lost', 'The GPU device was lost');
const crashed = new WebVeraError('worker_crashed', 'It has ended');
const blocked = (seconds_left: number) =>
  new WebVeraError('gpu_blocked', 'The browser keeps it', { detail: { seconds_left } });

/** Begins a recovery. Attempts to revive the model reject with each of `failures` in turn, and then succeed. */
function begin(failures: readonly unknown[] = [], signal?: AbortSignal) {
  const states: string[] = [];
  const link: Link = new Link(
    { onState: () => states.push(link.state), onWarning() {}, onFirstStored() {} },
    new StoreLocks(undefined),
  );
  const ahead = [...failures];
  const revive = vi.fn(async () => {
    const failure = ahead.shift();
    if (failure !== undefined) throw failure;
  });
  const onBlocked = vi.fn<(error: WebVeraError) => void>();
  return { recovery: new RunRecovery({ link, signal, revive, onBlocked }), revive, states, onBlocked };
}

describe('a recovery', () => {
  test.each([lost, crashed])('revives the model after %s', async (error) => {
    const { recovery, revive, states } = begin();
    expect(await recovery.from(error, 3)).toBe(error);
    expect(revive).toHaveBeenCalledOnce();
    expect(states).toEqual(['recovering', 'ready']);
  });

  test.each([
    new WebVeraError('invalid_argument', 'no data'),
    new WebVeraError('out_of_memory', 'too large'),
    new Error('a callback threw'),
    new DOMException('stopped', 'AbortError'),
    new WebVeraError('worker_crashed', 'The worker for chat templates', { detail: { url: 'chat_worker.js' } }),
  ])("isn't tried for %s", async (error) => {
    const { recovery, revive } = begin();
    await expect(recovery.from(error, 3)).rejects.toBe(error);
    expect(revive).not.toHaveBeenCalled();
  });

  test('is tried three times in a row, and again after the run has advanced', async () => {
    const { recovery, revive } = begin();
    for (let step = 1; step <= 9; step++) for (let time = 1; time <= 3; time++) await recovery.from(lost, step);
    expect(revive).toHaveBeenCalledTimes(27);
    await recovery.from(lost, 10);
    await recovery.from(lost, 4);
    await recovery.from(crashed, 10);
    await expect(recovery.from(lost, 9)).rejects.toBe(lost);
  });

  test('counts losses during a recovery', async () => {
    const { recovery, revive } = begin([lost, crashed, lost, lost]);
    await expect(recovery.from(lost, 1)).rejects.toBe(lost);
    expect(revive).toHaveBeenCalledTimes(3);
  });

  test('waits while the GPU is blocked, and reports that', async () => {
    const { recovery, revive, states, onBlocked } = begin([blocked(118)]);
    const over = vi.fn();
    const going = recovery.from(lost, 1).then(over);
    await vi.advanceTimersByTimeAsync(0);
    expect(states).toEqual(['recovering', 'blocked']);
    expect(onBlocked).toHaveBeenCalledOnce();
    await vi.advanceTimersByTimeAsync(117_000);
    expect(over).not.toHaveBeenCalled();
    expect(revive).toHaveBeenCalledOnce();
    await vi.advanceTimersByTimeAsync(1000);
    await going;
    expect(states).toEqual(['recovering', 'blocked', 'recovering', 'ready']);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('ends if the GPU stays blocked, with a hint', async () => {
    const { recovery } = begin([blocked(100), blocked(0)]);
    const going = recovery.from(lost, 1).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(100_000);
    expect(await going).toMatchObject({ code: 'gpu_blocked', detail: { seconds_left: 0 } });
  });

  test('that is waiting ends at once when the run is aborted, and leaves nothing', async () => {
    const controller = new AbortController();
    const { recovery, states } = begin([blocked(118)], controller.signal);
    const going = recovery.from(lost, 1).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(10);
    const reason = new Error('enough');
    controller.abort(reason);
    expect(await going).toBe(reason);
    expect(states.at(-1)).toBe('ready');
    expect(vi.getTimerCount()).toBe(0);
  });

  test('reports the reason why it failed', async () => {
    const offline = new WebVeraError('offline', 'model.safetensors: no network', { hint: 'Connect.' });
    await expect(begin([offline]).recovery.from(lost, 1)).rejects.toMatchObject({
      code: 'device_lost',
      message: "The GPU device was lost. The run couldn't go on by itself: model.safetensors: no network",
      hint: 'Connect.',
      detail: { code: 'offline' },
      cause: offline,
    });
    const gone = new WebVeraError('unsupported_device', 'no adapter', { hint: 'Restart the browser.' });
    await expect(begin([gone]).recovery.from(lost, 1)).rejects.toBe(gone);
  });
});
