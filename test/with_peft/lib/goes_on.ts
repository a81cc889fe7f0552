import { expect } from 'vitest';
import { type Case, exportAt, modelFolder, trainHere, withDropout } from './exported';
import { runPython } from './python';
import { expectSame, expectSuccess, readOutput } from './python_output';

/** A run that is exported on its way ends in Python as it does here. */
export async function expectGoesOn(one: Case): Promise<void> {
  const here = await trainHere(one);
  const { folder, done } = await exportAt(one, 4);
  expect(done).toBeLessThan(10);
  expectSuccess(await runPython(folder, ['train.py', '--model', withDropout(one.model ?? modelFolder(one.base))]));
  await expectSame(readOutput(folder), here);
}
