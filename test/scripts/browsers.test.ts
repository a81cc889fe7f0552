import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { findBrowser, findLavapipe, isNewEnough } from '../../scripts/browsers/find_browser.mjs';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'webvera-test-'));
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

async function program(name: string, says: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, `#!/bin/sh\necho '${says}'\n`);
  await chmod(path, 0o755);
  return path;
}

test.each([
  ['chrome', 'Chromium 150.0.7871.181 built on Debian GNU/Linux 13 (trixie)', true],
  ['chrome', 'Google Chrome 149.9.1', false],
  ['firefox', 'Mozilla Firefox 153.7.0esr', true],
  ['firefox', 'Mozilla Firefox 140.15.0esr', false],
  ['firefox', '', true],
] as const)('%s: "%s"', (kind, version, expected) => {
  expect(isNewEnough(kind, version)).toBe(expected);
});

test.runIf(process.platform === 'linux')('takes the first browser on the path that is new enough', async () => {
  vi.stubEnv('WEBVERA_FIREFOX', undefined);
  vi.stubEnv('PATH', folder);
  await program('firefox-esr', 'Mozilla Firefox 140.15.0esr');
  const path = await program('firefox', 'Mozilla Firefox 160.0');
  expect(await findBrowser('firefox')).toEqual({ path, version: 'Mozilla Firefox 160.0' });
});

test.runIf(process.platform === 'linux')('finds none if all are too old', async () => {
  vi.stubEnv('WEBVERA_CHROME', undefined);
  vi.stubEnv('PATH', folder);
  await program('chromium', 'Chromium 120.0.1.2');
  expect(await findBrowser('chrome')).toBeUndefined();
});

test.runIf(process.platform === 'linux')('takes only the browser that the environment names', async () => {
  const path = await program('my-browser', 'Mozilla Firefox 100.0');
  vi.stubEnv('WEBVERA_FIREFOX', path);
  expect(await findBrowser('firefox')).toEqual({ path, version: 'Mozilla Firefox 100.0' });
  vi.stubEnv('WEBVERA_FIREFOX', join(folder, 'none'));
  await expect(findBrowser('firefox')).rejects.toThrow(/WEBVERA_FIREFOX is .*none, but there is no such program/);
});

test('finds the driver that the environment names', async () => {
  const path = join(folder, 'lvp_icd.x86_64.json');
  await writeFile(path, '{}');
  vi.stubEnv('VK_DRIVER_FILES', path);
  expect(findLavapipe()).toBe(path);
});
