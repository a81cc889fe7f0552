import { expect } from 'vitest';
import { type Case, exportAt, modelFolder, trainHere, withDropout } from './exported';
import { runFreshPython, runPython } from './python';
import { expectSame, expectSuccess, readOutput } from './python_output';

/**
 * Expects a run that is exported before its end to end in Python as it does here. With `isFresh`, Python is started as a
 * user would.
 */
export async function expectGoesOn(one: Case, { isFresh = false } = {}): Promise<void> {
  const here = await trainHere(one);
  const { folder, done } = await exportAt(one, 4);
  expect(done).toBeLessThan(10);
  const command = ['train.py', '--model', withDropout(one.model ?? modelFolder(one.base))];
  expectSuccess(await (isFresh ? runFreshPython : runPython)(folder, command));
  await expectSame(readOutput(folder), here);
}
