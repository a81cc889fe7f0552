import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MOST, writeArchive } from '../../bench/archive/archive.mjs';
import { benchContents } from '../../bench/archive/contents.mjs';
import { findLavapipe } from '../../scripts/browsers/find_browser.mjs';
import { onExit, remove } from '../../scripts/shared/processes.mjs';

const OPTIONS = ['--case', 'tiny', '--only', 'training', '--adapter', 'llvmpipe', '--json'];
const folder = mkdtempSync(join(tmpdir(), 'webvera-'));
afterAll(onExit(() => remove(folder)));

/** An environment without this project's variables. */
const environment = { PATH: '/usr/bin:/bin' };

function run(program: string, args: readonly string[]): string {
  return execFileSync(program, args, { cwd: folder, env: environment, encoding: 'utf8', stdio: 'pipe' });
}

/** Returns a JSON document's structure without its values: names, types, and the structure of a list's first item. */
function structure(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, 1).map(structure);
  if (typeof value !== 'object' || value === null) return typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, structure(one)]));
}

/** A time limit in ms: compressing a hundred megabytes takes minutes on a busy machine. */
const PATIENCE = 300_000;
// The archive contains the Node binary that runs this test.
const isPackable = process.platform === 'linux' && process.arch === 'x64';
const lavapipe = findLavapipe();
const NO_LAVAPIPE = "Mesa's software Vulkan driver is not on this machine";

describe.runIf(isPackable)('an archive of the benchmark', () => {
  const archive = join(folder, 'bench.tar.xz');
  let paths: readonly string[] = [];

  beforeAll(async () => {
    const contents = await benchContents();
    writeArchive(contents, archive);
    paths = [...contents.keys()];
    run('tar', ['xf', archive]);
  }, PATIENCE);

  test('has all its parts, and is small enough to be copied anywhere', () => {
    const held = run('tar', ['tf', archive]).trim().split('\n');
    const files = held.filter((path) => !path.endsWith('/')).map((path) => path.replace('webvera-bench/', ''));
    expect(files.sort()).toEqual([...paths].sort());
    expect(statSync(archive).size).toBeLessThanOrEqual(MOST);
  });

  test('runs by itself, and prints the document that the benchmark prints', ({ skip }) => {
    skip(lavapipe === undefined, NO_LAVAPIPE);
    const packed = JSON.parse(run('./webvera-bench/bench', OPTIONS));
    expect(packed).toMatchObject({
      case: 'tiny',
      adapter: 'llvmpipe',
      engine: `Dawn in Node ${process.versions.node}`,
    });
    expect(packed.device.description).toContain('llvmpipe');
    expect(packed.runs[0].ms_per_step.median).toBeGreaterThan(0);
    const script = fileURLToPath(new URL('../../bench/bench.mjs', import.meta.url));
    expect(structure(packed)).toEqual(structure(JSON.parse(run(process.execPath, [script, ...OPTIONS]))));
  });

  test('refuses a software adapter in place of a GPU', ({ skip }) => {
    skip(lavapipe === undefined, NO_LAVAPIPE);
    const env = { ...environment, VK_DRIVER_FILES: lavapipe, VK_ICD_FILENAMES: lavapipe };
    const program = join(folder, 'webvera-bench/bench');
    const { status, stdout, stderr } = spawnSync(program, ['--adapter', 'gpu', '--json'], { env, encoding: 'utf8' });
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toMatch(/^bench: this machine has no GPU that Vulkan finds, only software: llvmpipe.*\n$/m);
  });
});
