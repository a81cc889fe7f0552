import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Rollup } from 'vite';
import { afterAll, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'webvera-'));
afterAll(() => rmSync(folder, { recursive: true }));
symlinkSync(root, join(folder, 'webvera'), 'dir');

/** What a bundler makes of a script. */
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

test.each(['worker.js', 'embed.js'])('a script that imports %s for what it does has it', async (name) => {
  expect((await bundled(`import './webvera/dist/${name}';`)).length).toBeGreaterThan(100_000);
});

test('a script that uses nothing of the library has nothing of it', async () => {
  expect((await bundled(`import './webvera/dist/webvera.js';`)).length).toBeLessThan(100);
});
