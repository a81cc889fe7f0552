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
  test('tells of silence within five seconds', async () => {
    const { look, onSilence } = begin();
    await vi.advanceTimersByTimeAsync(4400);
    expect(look).toHaveBeenCalledTimes(8);
    expect(onSilence).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(600);
    expect(onSilence.mock.calls).toEqual([[4]]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(onSilence).toHaveBeenCalledOnce();
  });

  test('is content with one answer now and then, however long a call takes', async () => {
    const { heartbeat, onSilence } = begin();
    for (let seconds = 0; seconds < 60; seconds += 3) {
      await vi.advanceTimersByTimeAsync(3000);
      heartbeat.heard();
    }
    expect(onSilence).not.toHaveBeenCalled();
  });

  test('looks after nobody while nothing is pending', async () => {
    const { look, onSilence, answer } = begin();
    await vi.advanceTimersByTimeAsync(1000);
    answer();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(look).toHaveBeenCalledTimes(2);
    expect(onSilence).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });

  test('counts looks, so a page that slept ends nobody', async () => {
    const { onSilence } = begin();
    await vi.advanceTimersByTimeAsync(1000);
    vi.setSystemTime(Date.now() + 3_600_000);
    await vi.advanceTimersByTimeAsync(1000);
    expect(onSilence).not.toHaveBeenCalled();
  });

  test('grants what the other side has asked for, once', async () => {
    const { heartbeat, onSilence } = begin();
    heartbeat.expectQuiet(10);
    await vi.advanceTimersByTimeAsync(14_000);
    expect(onSilence).not.toHaveBeenCalled();
    heartbeat.heard();
    await vi.advanceTimersByTimeAsync(5000);
    expect(onSilence).toHaveBeenCalledOnce();
  });

  test('has no end of patience where that is asked for', async () => {
    const { onSilence } = begin(Number.POSITIVE_INFINITY);
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(onSilence).not.toHaveBeenCalled();
  });
});
