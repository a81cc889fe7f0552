import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { expectSmall, MOST, writeArchive } from '../../bench/archive/archive.mjs';
import { benchContents, modulesFrom } from '../../bench/archive/contents.mjs';

test('an archive contains the benchmark and its dependencies, and no code for browsers, builds or installation', async () => {
  const contents = await benchContents();
  const paths = [...contents.keys()].filter((path) => !path.startsWith('lib/'));
  const scripts = paths.filter((path) => /^app\/(bench|scripts)\//.test(path));
  expect(paths.filter((path) => !scripts.includes(path)).sort()).toEqual([
    'LICENSE',
    'NODE-LICENSE',
    'app/demo/public/models/prose-1.4M/README.md',
    'app/demo/public/models/prose-1.4M/config.json',
    'app/demo/public/models/prose-1.4M/model.safetensors',
    'app/dist/THIRD-PARTY-NOTICES',
    'app/dist/bench.js',
    'app/dist/here.js',
    'app/dist/node.js',
    'app/dist/rolldown-runtime.js',
    'app/node_modules/webgpu/LICENSE.md',
    'app/node_modules/webgpu/dist/linux-x64/dawn.node',
    'app/node_modules/webgpu/index.js',
    'app/node_modules/webgpu/package.json',
    'app/package.json',
    'app/peers/THIRD-PARTY-NOTICES',
    'app/peers/jax_step.mjs',
    'app/peers/tfjs_step.mjs',
    'bench',
    'node',
    'peft_step.py',
  ]);
  expect(scripts).toEqual(expect.arrayContaining(['app/bench/bench.mjs', 'app/bench/compare/compare_in_node.mjs']));
  for (const path of scripts) expect(path).not.toMatch(/page|launch|serve|install|build_if_stale|bundle\.mjs|run_isa/);

  const textOf = (path: string): string => Object(contents.get(path)).text;
  expect(textOf('app/peers/jax_step.mjs')).toMatch(/export \{[^}]*\bcreateStep\b/);
  for (const peer of ['jax', 'tfjs']) {
    const imported = textOf(`app/peers/${peer}_step.mjs`).matchAll(/^import .*from ["']([^"']+)["']/gm);
    expect([...imported].filter(([, name = '']) => !isBuiltin(name))).toEqual([]);
  }
  expect(textOf('app/peers/THIRD-PARTY-NOTICES')).toMatch(/^@jax-js\/jax [\d.]+ \(MIT\)$/m);
  expect(textOf('app/peers/THIRD-PARTY-NOTICES')).toMatch(/^@tensorflow\/tfjs-core [\d.]+ \(Apache-2\.0\)$/m);
});

test('a script that imports a package cannot be packed', () => {
  expect(() => modulesFrom(['scripts/browsers/launch.mjs'])).toThrow('imports puppeteer-core, which the archive');
});

describe('an archive that is too large', () => {
  test('is refused', () => {
    expect(expectSmall(MOST)).toBe(MOST);
    expect(() => expectSmall(MOST + 1e5)).toThrow('the archive has 40.1 MB and may have 40.0 MB');
  });

  test.runIf(process.platform === 'linux')('is not written if a file is missing', () => {
    const target = join(tmpdir(), 'webvera-none.tar.xz');
    expect(() => writeArchive(new Map([['bench', { file: '/nonexistent' }]]), target)).toThrow('ENOENT');
  });
});
