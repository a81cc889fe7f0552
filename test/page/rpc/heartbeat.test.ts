import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Heartbeat } from '../../../src/page/rpc/heartbeat';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function begin(patience = 4) {
  const look = vi.fn<() => void>();
  const onSilence = vi.fn<(seconds: number) => void>();
  const heartbeat = new Heartbeat({ look, onSilence }, patience);
  let answer = (): void => {};
  const call = new Promise<void>((resolve) => {
    answer = resolve;
  });
  void heartbeat.during(call);
  return { heartbeat, look, onSilence, answer };
}

describe('a heartbeat', () => {
  test('reports silence within five seconds', async () => {
    const { look, onSilence } = begin();
    await vi.advanceTimersByTimeAsync(4400);
    expect(look).toHaveBeenCalledTimes(8);
    expect(onSilence).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(600);
    expect(onSilence.mock.calls).toEqual([[4]]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(onSilence).toHaveBeenCalledOnce();
  });

  test('accepts occasional answers during a call of any length', async () => {
    const { heartbeat, onSilence } = begin();
    for (let seconds = 0; seconds < 60; seconds += 3) {
      await vi.advanceTimersByTimeAsync(3000);
      heartbeat.heard();
    }
    expect(onSilence).not.toHaveBeenCalled();
  });

  test('sends nothing while no call is pending', async () => {
    const { look, onSilence, answer } = begin();
    await vi.advanceTimersByTimeAsync(1000);
    answer();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(look).toHaveBeenCalledTimes(2);
    expect(onSilence).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });

  test('counts checks, so a page that slept ends no worker', async () => {
    const { onSilence } = begin();
    await vi.advanceTimersByTimeAsync(1000);
    vi.setSystemTime(Date.now() + 3_600_000);
    await vi.advanceTimersByTimeAsync(1000);
    expect(onSilence).not.toHaveBeenCalled();
  });

  test('grants the announced time once', async () => {
    const { heartbeat, onSilence } = begin();
    heartbeat.expectQuiet(10);
    await vi.advanceTimersByTimeAsync(14_000);
    expect(onSilence).not.toHaveBeenCalled();
    heartbeat.heard();
    await vi.advanceTimersByTimeAsync(5000);
    expect(onSilence).toHaveBeenCalledOnce();
  });

  test.each([4, Number.POSITIVE_INFINITY])(
    'says how much of the announced time is left, with patience %d',
    async (patience) => {
      const { heartbeat } = begin(patience);
      expect(heartbeat.announced).toBe(0);
      heartbeat.expectQuiet(10);
      expect(heartbeat.announced).toBe(10_000);
      await vi.advanceTimersByTimeAsync(3000);
      expect(heartbeat.announced).toBe(7000);
      await vi.advanceTimersByTimeAsync(9000);
      expect(heartbeat.announced).toBe(0);
      heartbeat.expectQuiet(20);
      heartbeat.heard();
      expect(heartbeat.announced).toBe(0);
    },
  );

  test('waits without end if its patience is infinite', async () => {
    const { onSilence } = begin(Number.POSITIVE_INFINITY);
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(onSilence).not.toHaveBeenCalled();
  });
});
