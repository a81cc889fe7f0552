import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { RunHook } from '../../src/core/types/run';
import { RunEvents } from '../../src/train/run_events';

let sent: string[];
let events: RunEvents;

beforeEach(() => {
  vi.useFakeTimers();
  sent = [];
  events = new RunEvents(new Set(['on_epoch_end']), (event, { global_step }, adapter) => {
    sent.push(`${adapter ?? 'all'}: ${event.type === 'hook' ? event.hook : event.type} at ${global_step}`);
  });
});
afterEach(() => vi.useRealTimers());

const at = (global_step: number) => ({ global_step, max_steps: 12, epoch: 1 });
const hook = (name: RunHook, step: number, adapter?: string): void =>
  events.emit({ type: 'hook', hook: name }, at(step), adapter);

test('hooks that callbacks want are sent at once', () => {
  hook('on_epoch_end', 3);
  expect(sent).toEqual(['all: on_epoch_end at 3']);
});

test('other hooks bring the last progress of each adapter after a while, and at the end', () => {
  for (const step of [1, 2]) for (const name of ['a', 'b']) hook('on_step_end', step, name);
  vi.advanceTimersByTime(99);
  expect(sent).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(sent).toEqual(['a: on_step_end at 2', 'b: on_step_end at 2']);
  hook('on_train_end', 3, 'b');
  events.flush();
  expect(sent.slice(2)).toEqual(['b: on_train_end at 3']);
  vi.advanceTimersByTime(1000);
  expect(sent).toHaveLength(3);
});

test('an event makes a late hook of the same adapter unnecessary', () => {
  hook('on_step_end', 4, 'a');
  hook('on_step_end', 4, 'b');
  events.emit({ type: 'warning', code: 'internal', message: '' }, at(2), 'a');
  events.flush();
  expect(sent).toEqual(['a: warning at 2', 'b: on_step_end at 4']);
});
