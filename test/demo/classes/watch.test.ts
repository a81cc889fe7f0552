import { afterEach, expect, test, vi } from 'vitest';
import { watchFrames } from '../../../demo/src/images/watch';

afterEach(() => {
  vi.unstubAllGlobals();
});

test('the camera’s frames are classified again once a prediction succeeds after a failed one', async () => {
  vi.stubGlobal('requestAnimationFrame', (next: () => void) => setTimeout(next));
  const calls: number[] = [];
  let frames = 0;
  const telling = {
    hasFailed: false,
    tell: async (): Promise<void> => {
      calls.push(frames);
      telling.hasFailed = frames === 3;
    },
  };
  const isOpen = (): boolean => {
    frames += 0.5; // it is asked twice a frame
    if (frames > 6) telling.hasFailed = false; // a change by the visitor was classified
    return frames < 10;
  };
  await watchFrames(isOpen, telling);
  expect(calls).toEqual([1, 2, 3, 7, 8, 9]);
});
