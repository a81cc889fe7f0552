import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { expectSmall, MOST, writeArchive } from '../../scripts/lib/bench_archive.mjs';
import { benchContents, modulesFrom } from '../../scripts/lib/bench_contents.mjs';

/** Peers are bundled, perhaps on a busy machine. */
const PATIENCE = { timeout: 60_000 };

test('an archive holds the benchmark, what it runs on, and no browser, builder or installer', PATIENCE, async () => {
  const contents = await benchContents();
  const paths = [...contents.keys()].filter((path) => !path.startsWith('lib/'));
  const scripts = paths.filter((path) => /^(scripts|test\/bench)\//.test(path));
  expect(paths.filter((path) => !scripts.includes(path)).sort()).toEqual([
    'LICENSE',
    'NODE-LICENSE',
    'bench',
    'demo/public/models/prose-1.4M/README.md',
    'demo/public/models/prose-1.4M/config.json',
    'demo/public/models/prose-1.4M/model.safetensors',
    'dist/THIRD-PARTY-NOTICES',
    'dist/bench.js',
    'dist/here.js',
    'dist/node.js',
    'node',
    'node_modules/webgpu/LICENSE.md',
    'node_modules/webgpu/dist/linux-x64/dawn.node',
    'node_modules/webgpu/index.js',
    'node_modules/webgpu/package.json',
    'package.json',
    'peers/THIRD-PARTY-NOTICES',
    'peers/jax_step.mjs',
    'peers/tfjs_step.mjs',
    'peft_step.py',
  ]);
  expect(scripts).toEqual(expect.arrayContaining(['scripts/bench.mjs', 'test/bench/compare_in_node.mjs']));
  for (const path of scripts) expect(path).not.toMatch(/page|launch|serve|install|build\.mjs|bundle\.mjs|isa_run/);

  const textOf = (path: string): string => Object(contents.get(path)).text;
  expect(textOf('peers/jax_step.mjs')).toMatch(/export \{[^}]*\bcreateStep\b/);
  for (const peer of ['jax', 'tfjs']) {
    const imported = textOf(`peers/${peer}_step.mjs`).matchAll(/^import .*from ["']([^"']+)["']/gm);
    expect([...imported].filter(([, name = '']) => !isBuiltin(name))).toEqual([]);
  }
  expect(textOf('peers/THIRD-PARTY-NOTICES')).toMatch(/^@jax-js\/jax [\d.]+ \(MIT\)$/m);
  expect(textOf('peers/THIRD-PARTY-NOTICES')).toMatch(/^@tensorflow\/tfjs-core [\d.]+ \(Apache-2\.0\)$/m);
});

test('a script that imports a package can not be packed', () => {
  expect(() => modulesFrom(['scripts/lib/launch.mjs'])).toThrow('imports puppeteer-core, which the archive');
});

describe('an archive that is too large', () => {
  test('is refused', () => {
    expect(expectSmall(MOST)).toBe(MOST);
    expect(() => expectSmall(MOST + 1e5)).toThrow('the archive has 40.1 MB and may have 40.0 MB');
  });

  test.runIf(process.platform === 'linux')('is not written where there can be none', () => {
    const target = join(tmpdir(), 'webvera-none.tar.xz');
    expect(() => writeArchive(new Map([['bench', { file: '/nonexistent' }]]), target)).toThrow('ENOENT');
  });
});
