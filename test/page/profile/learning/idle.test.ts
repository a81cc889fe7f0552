import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { watchIdle } from '../../../../src/page/profile/learning/idle';

/** The part of a document that `watchIdle` observes. */
class FakePage extends EventTarget {
  visibilityState: DocumentVisibilityState = 'visible';

  show(state: DocumentVisibilityState): void {
    this.visibilityState = state;
    this.dispatchEvent(new Event('visibilitychange'));
  }
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function watched(page = new FakePage()) {
  const told: string[] = [];
  const stop = watchIdle((reason, holds) => told.push(`${holds ? '' : 'not '}${reason}`), page as unknown as Document);
  return { page, told, stop };
}

test('a page is busy until its visitor has been inactive for two seconds, and again at the first input', () => {
  const { page, told } = watched();
  expect(told).toEqual(['busy']);
  vi.advanceTimersByTime(1999);
  page.dispatchEvent(new Event('keydown'));
  vi.advanceTimersByTime(1999);
  expect(told).toEqual(['busy']);
  vi.advanceTimersByTime(10);
  expect(told).toEqual(['busy', 'not busy']);
  page.dispatchEvent(new Event('pointermove'));
  expect(told).toEqual(['busy', 'not busy', 'busy']);
});

test('a hidden page is reported at once', () => {
  const page = new FakePage();
  page.visibilityState = 'hidden';
  const { told } = watched(page);
  expect(told).toEqual(['hidden', 'busy']);
  page.show('visible');
  page.show('hidden');
  expect(told).toEqual(['hidden', 'busy', 'not hidden', 'hidden']);
});

test('nothing is reported after the end', () => {
  const { page, told, stop } = watched();
  stop();
  vi.advanceTimersByTime(5000);
  page.dispatchEvent(new Event('keydown'));
  page.show('hidden');
  expect(told).toEqual(['busy']);
});

test('without a page there is never a reason to wait', () => {
  const told: string[] = [];
  watchIdle((reason) => told.push(reason), undefined)();
  expect(told).toEqual([]);
});
