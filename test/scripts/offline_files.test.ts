import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { shellOf } from '../../scripts/site/offline_files.mjs';

const folder = mkdtempSync(join(tmpdir(), 'webvera-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('pages work offline, and models and their Python are left out; the version changes with any of the files', () => {
  for (const path of ['assets', 'models/m', 'voices/train', 'voices/v'])
    mkdirSync(join(folder, path), { recursive: true });
  const files = [
    'index.html',
    'sw.js',
    'assets/a-1.js',
    'models/m/config.json',
    'voices/train/a.py',
    'voices/README.md',
  ];
  for (const path of [...files, 'voices/v/adapter_config.json']) writeFileSync(join(folder, path), path);
  const before = shellOf(folder, 'sw.js');
  expect(before.files).toEqual(['assets/a-1.js', '', 'voices/v/adapter_config.json']);
  expect(shellOf(folder, 'sw.js').version).toBe(before.version);
  for (const path of ['sw.js', 'index.html', 'voices/v/adapter_config.json']) {
    writeFileSync(join(folder, path), `${path} changed`);
    expect(shellOf(folder, 'sw.js').version, path).not.toBe(before.version);
    writeFileSync(join(folder, path), path);
  }
});
