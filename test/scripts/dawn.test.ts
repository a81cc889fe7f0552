import { execFile } from 'node:child_process';
import { setImmediate } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { expect, test, vi } from 'vitest';
import { restAtEachTurn } from '../../scripts/lib/dawn.mjs';

test('rests at each turn of the event loop', async () => {
  const wait = vi.spyOn(Atomics, 'wait');
  restAtEachTurn();
  for (let turn = 0; turn < 5; turn++) await setImmediate();
  expect(wait.mock.calls.length).toBeGreaterThanOrEqual(4);
  expect(wait.mock.results.map(({ value }) => value)).toEqual(wait.mock.calls.map(() => 'timed-out'));
  wait.mockRestore();
});

test('keeps no process alive', async () => {
  const url = pathToFileURL('scripts/lib/dawn.mjs').href;
  const script = `import { restAtEachTurn } from ${JSON.stringify(url)}; restAtEachTurn(); console.log('done');`;
  const run = promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], { timeout: 20_000 });
  await expect(run).resolves.toMatchObject({ stdout: 'done\n' });
});
