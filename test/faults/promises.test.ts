import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { promises } from './promises';

test.each(Object.entries(promises))('%s: a test holds it', (_, proofs) => {
  expect(proofs.length).toBeGreaterThan(0);
  for (const [file, title = 'test'] of proofs) {
    const path = fileURLToPath(new URL(`../${file}.test.ts`, import.meta.url));
    expect(readFileSync(path, 'utf8'), `${file}.test.ts`).toContain(title);
  }
});
