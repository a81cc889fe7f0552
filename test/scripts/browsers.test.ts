import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { adviceFor, BROWSERS, findBrowser, findLavapipe, isNewEnough } from '../../scripts/browsers/find_browser.mjs';
import { BrowserFailure, openBrowser } from '../../scripts/browsers/launch.mjs';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'webvera-test-'));
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

function program(name: string, says: string): Promise<string> {
  return script(name, `echo '${says}'`);
}

async function script(name: string, lines: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, `#!/bin/sh\n${lines}\n`);
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

describe.runIf(process.platform === 'linux')("Ubuntu's Firefox", () => {
  beforeEach(() => {
    vi.stubEnv('WEBVERA_FIREFOX', undefined);
    vi.stubEnv('PATH', folder);
  });

  test.each(['a link to snap', 'a script that starts the snap'])(
    '%s is passed over, and the advice says why',
    async (how) => {
      expect(adviceFor('firefox')).toBe(BROWSERS.firefox.advice);
      await mkdir(join(folder, 'snapd'));
      if (how === 'a link to snap')
        await symlink(await program('snapd/snap', 'Mozilla Firefox 170.0'), join(folder, 'firefox'));
      else await script('firefox', 'echo Mozilla Firefox 170.0; exit\nexec /snap/bin/firefox "$@"');
      expect(await findBrowser('firefox')).toBeUndefined();
      expect(adviceFor('firefox')).toMatch(/snap can't be driven; install Mozilla's own package/);
      vi.stubEnv('WEBVERA_FIREFOX', join(folder, 'firefox'));
      await expect(openBrowser('firefox')).rejects.toThrow(
        /WEBVERA_FIREFOX is .*firefox: that of a snap can't be driven/,
      );
    },
  );

  test('a script that asks for its installation is none', async () => {
    await script('firefox', 'echo "requires the firefox package to be installed" >&2; exit 1');
    expect(await findBrowser('firefox')).toBeUndefined();
  });

  test('a program that prints no version is one', async () => {
    const path = await program('firefox', 'Nightly');
    expect(await findBrowser('firefox')).toEqual({ path, version: 'Nightly' });
  });
});

test.runIf(process.platform === 'linux')("a browser that doesn't start is a failure of the command", async () => {
  vi.stubEnv('WEBVERA_FIREFOX', await script('firefox', 'echo "no display" >&2; exit 3'));
  const opening = openBrowser('firefox');
  await expect(opening).rejects.toBeInstanceOf(BrowserFailure);
  await expect(opening).rejects.toThrow(/firefox could not be started: .*no display/s);
});

test('finds the driver that the environment names', async () => {
  const path = join(folder, 'lvp_icd.x86_64.json');
  await writeFile(path, '{}');
  vi.stubEnv('VK_DRIVER_FILES', path);
  expect(findLavapipe()).toBe(path);
});
