import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Rollup } from 'vite';
import { afterAll, expect, test } from 'vitest';
import { bundledSize } from '../../scripts/build/bundled_size.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'webvera-'));
afterAll(() => rmSync(folder, { recursive: true }));
symlinkSync(root, join(folder, 'webvera'), 'dir');

/** Bundles a script and returns the bundle's code. */
async function bundled(code: string): Promise<string> {
  const entry = join(folder, 'own.js');
  writeFileSync(entry, code);
  const [made] = (await build({
    root: folder,
    configFile: false,
    logLevel: 'error',
    build: { write: false, minify: false, lib: { entry, formats: ['es'] } },
  })) as Rollup.RollupOutput[];
  return made?.output[0].code ?? '';
}

test.each(['worker.js', 'embed.js', 'tag.js'])(
  'a script that imports %s for its side effects gets them',
  async (name) => {
    expect((await bundled(`import './webvera/dist/${name}';`)).length).toBeGreaterThan(100_000);
  },
);

test('a page that calls only probe loads the rest when it needs it', async () => {
  const { first, all } = await bundledSize('probe, estimate');
  expect(first).toBeLessThan(4096);
  expect(all).toBeLessThan(0.5 * (await bundledSize('AutoModelForCausalLM')).all);
});

test('a server that renders pages can import the tag, and defines no element', async () => {
  const tag = await import(/* @vite-ignore */ new URL('../../dist/tag.js', import.meta.url).href);
  expect(Object.keys(tag)).toEqual([]);
  expect(globalThis).not.toHaveProperty('WebVera');
});

test('a script that uses nothing of the library contains nothing of it', async () => {
  expect((await bundled(`import './webvera/dist/webvera.js';`)).length).toBeLessThan(100);
});
