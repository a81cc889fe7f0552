import { describe, expect, test } from 'vitest';
import { PauseGate } from '../../../src/core/async/pause_gate';

const never = new AbortController().signal;
/** Whether the promise is already resolved. */
async function isDone(promise: Promise<unknown>): Promise<boolean> {
  return Promise.race([promise.then(() => true), new Promise<boolean>((resolve) => setTimeout(resolve, 0, false))]);
}

describe('pause', () => {
  test('resolves when the loop has stopped', async () => {
    const gate = new PauseGate();
    gate.begin();
    const paused = gate.pause('user');
    expect(gate.requested).toBe(true);
    expect(await isDone(paused)).toBe(false);
    expect(gate.enter()).toBe('user');
    expect(await isDone(paused)).toBe(true);
    expect(await isDone(gate.pause('user'))).toBe(true);
  });

  test('resolves at once before the loop begins, and holds it', async () => {
    const gate = new PauseGate();
    await gate.pause('hidden');
    gate.begin();
    expect(gate.requested).toBe(true);
  });

  test('resolves at once when the loop is over, and when it ends meanwhile', async () => {
    const gate = new PauseGate();
    gate.begin();
    const paused = gate.pause('user');
    gate.close();
    await paused;
    await gate.pause('user');
  });
});

test.each([
  ['resumed before it came to that', (gate: PauseGate) => gate.resume('user')],
  ['let go', (gate: PauseGate) => gate.ignorePauses()],
])('a pause that is %s settles, and holds nothing', async (_, undo) => {
  const gate = new PauseGate();
  gate.begin();
  const paused = [gate.pause('user'), gate.pause('user')];
  expect(await isDone(Promise.race(paused))).toBe(false);
  undo(gate);
  expect(await isDone(Promise.all(paused))).toBe(true);
  expect(gate.requested).toBe(false);
});

test('a second pause resolves no sooner than the first', async () => {
  const gate = new PauseGate();
  gate.begin();
  const both = [gate.pause('user'), gate.pause('user')];
  expect(await isDone(Promise.race(both))).toBe(false);
  gate.enter();
  expect(await isDone(Promise.all(both))).toBe(true);
});

test("a loop that was ended doesn't pause, and a pause waits for its end", async () => {
  const gate = new PauseGate();
  gate.begin();
  gate.ignorePauses();
  const paused = gate.pause('hidden');
  expect(gate.requested).toBe(false);
  expect(await isDone(paused)).toBe(false);
  gate.close();
  expect(await isDone(paused)).toBe(true);
});

describe('wait', () => {
  test("reports a reason that replaces another, a caller's request first", async () => {
    const told: string[] = [];
    const gate = new PauseGate((reason) => told.push(reason));
    gate.begin();
    void gate.pause('busy');
    void gate.pause('hidden');
    expect(told).toEqual([]);
    expect(gate.enter()).toBe('busy');
    const resumed = gate.wait(never);
    await gate.pause('user');
    gate.resume('busy');
    gate.resume('user');
    expect(told).toEqual(['user', 'hidden']);
    gate.resume('hidden');
    expect(await resumed).toBe('hidden');
  });

  test('holds a loop that is paused again in the same moment', async () => {
    const gate = new PauseGate();
    gate.begin();
    void gate.pause('user');
    gate.enter();
    const resumed = gate.wait(never);
    gate.resume('user');
    const paused = gate.pause('user');
    expect(await isDone(resumed)).toBe(false);
    expect(await isDone(paused)).toBe(true);
    gate.resume('user');
    expect(await isDone(resumed)).toBe(true);
  });

  test('ends with the last reason for the pause', async () => {
    const gate = new PauseGate();
    await gate.pause('user');
    await gate.pause('hidden');
    gate.enter();
    const resumed = gate.wait(never);
    gate.resume('user');
    expect(await isDone(resumed)).toBe(false);
    gate.resume('hidden');
    expect(await resumed).toBe('hidden');
    expect(gate.requested).toBe(false);
  });

  test('can be entered again', async () => {
    const gate = new PauseGate();
    gate.begin();
    for (let round = 0; round < 2; round++) {
      const paused = gate.pause('user');
      expect(await isDone(paused)).toBe(false);
      gate.enter();
      await paused;
      const resumed = gate.wait(never);
      gate.resume('user');
      await resumed;
    }
  });

  test('ends when the loop is ended, whatever the reasons', async () => {
    const gate = new PauseGate();
    await gate.pause('user');
    await gate.pause('lock');
    gate.enter();
    const resumed = gate.wait(never);
    gate.ignorePauses();
    expect(await isDone(resumed)).toBe(true);
    expect(gate.requested).toBe(false);
  });

  test('rejects with the reason of an abort, also of one that came before', async () => {
    const gate = new PauseGate();
    await gate.pause('user');
    gate.enter();
    const controller = new AbortController();
    const resumed = gate.wait(controller.signal);
    controller.abort('enough');
    await expect(resumed).rejects.toBe('enough');
    await expect(gate.wait(controller.signal)).rejects.toBe('enough');
  });
});
