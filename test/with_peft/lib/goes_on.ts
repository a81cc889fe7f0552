import { expect } from 'vitest';
import { type Case, exportAt, modelFolder, trainHere, withDropout } from './exported';
import { runFreshPython, runPython } from './python';
import { expectSame, expectSuccess, readOutput } from './python_output';

/**
 * Exports a run before its end, and expects Python to complete it with the same results as webvera. With `isFresh`, starts
 * Python as a user would, not as a fork.
 */
export async function expectGoesOn(one: Case, { isFresh = false } = {}): Promise<void> {
  const here = await trainHere(one);
  const { folder, done } = await exportAt(one, 4);
  expect(done).toBeLessThan(10);
  const command = ['train.py', '--model', withDropout(one.model ?? modelFolder(one.base))];
  expectSuccess(await (isFresh ? runFreshPython : runPython)(folder, command));
  await expectSame(readOutput(folder), here);
}
