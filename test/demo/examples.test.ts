import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const folder = new URL('../../demo/examples/', import.meta.url);
const names = readdirSync(folder);
const start = readFileSync(new URL('../../demo/index.html', import.meta.url), 'utf8');

test.each(names)('%s is one short file that stands alone, and the start page leads to it', (name) => {
  const text = readFileSync(new URL(name, folder), 'utf8');
  expect(text.trimEnd().split('\n').length).toBeLessThan(60);
  expect([...text.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, address]) => address)).toEqual(['../embed.js']);
  expect(start).toContain(`href="./examples/${name}"`);
});

test('the folder has five examples', () => {
  expect(names).toEqual(['autocomplete.html', 'drawings.html', 'headless.html', 'spam.html', 'styles.html']);
});
