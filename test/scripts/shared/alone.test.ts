import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { alone } from '../../../scripts/shared/alone.mjs';
import { withResolvers } from '../../helpers/with_resolvers';

let folder: string;
let file: string;
let said: string[];
const tell = (message: string) => void said.push(message);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'webvera-test-'));
  file = join(folder, 'lock');
  said = [];
});
afterEach(() => rmSync(folder, { recursive: true }));

test('the second waits for the first, and reports it once', async () => {
  const { promise, resolve } = withResolvers<void>();
  const order: string[] = [];
  const first = alone(file, tell, async () => {
    expect(readFileSync(file, 'utf8')).toBe(String(process.pid));
    await promise;
    order.push('first');
  });
  const second = alone(file, tell, async () => void order.push('second'));
  await expect.poll(() => said).toHaveLength(1);
  expect(said[0]).toContain(file);
  expect(order).toEqual([]);
  resolve();
  await Promise.all([first, second]);
  expect(order).toEqual(['first', 'second']);
  expect(said).toHaveLength(1);
  expect(existsSync(file)).toBe(false);
});

test('the lock is free after a failure', async () => {
  const failure = new Error('no network');
  await expect(alone(file, tell, () => Promise.reject(failure))).rejects.toBe(failure);
  expect(await alone(file, tell, async () => 'done')).toBe('done');
});

test('the lock of a process that has died is free', async () => {
  const { pid } = spawnSync(process.execPath, ['--version']);
  writeFileSync(file, String(pid));
  expect(await alone(file, tell, async () => 'done')).toBe('done');
});
