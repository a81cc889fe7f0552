import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { MODEL_ADDRESS, MODEL_PACKAGE, packModel } from '../../scripts/model/model_package.mjs';
import { onExit, remove } from '../../scripts/shared/processes.mjs';

test('the package has the model, its licence, a text, and a part of it that is held out', () => {
  const folder = mkdtempSync(join(tmpdir(), 'webvera-'));
  const clean = onExit(() => remove(folder));
  try {
    const { tarball } = packModel(folder);
    const root = join(folder, MODEL_PACKAGE);
    const read = (name: string): string => readFileSync(join(root, name), 'utf8');
    const { name, version, scripts, dependencies } = JSON.parse(read('package.json'));
    expect(MODEL_ADDRESS).toBe(`https://cdn.jsdelivr.net/npm/${name}@${version}/`);
    expect(tarball).toBe(join(folder, `${name}-${version}.tgz`));
    expect({ scripts, dependencies }).toEqual({});
    const files = ['LICENSE', 'README.md', 'config.json', 'held-out.txt', 'moby-dick.txt', 'model.safetensors'];
    expect(readdirSync(root).sort()).toEqual([...files, 'package.json', 'tokenizer.json', 'tokenizer_config.json']);
    for (const said of ['CC0', 'WordNet 3.0 Copyright 2006 by Princeton University']) {
      expect(read('LICENSE')).toContain(said);
    }
    const book = readFileSync('demo/public/text/moby-dick.txt', 'utf8');
    expect(read('moby-dick.txt') + read('held-out.txt')).toBe(book);
    expect(read('held-out.txt').length).toBeGreaterThan(book.length / 10);
  } finally {
    clean();
  }
});

const documents = ['README.md', ...readdirSync('docs/guide').map((name) => `docs/guide/${name}`)];

test.each(documents)('%s names the small model by the address of its package', (document) => {
  const text = readFileSync(document, 'utf8');
  const addresses = text.match(/https:\/\/cdn\.jsdelivr\.net\/npm\/webvera-[^'"`\s)]*/g) ?? [];
  expect(addresses.filter((address) => address !== MODEL_ADDRESS)).toEqual([]);
  expect(text).not.toContain('/models/prose-1.4M/');
});
