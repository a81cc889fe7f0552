import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { standalone } from '../../demo/src/gallery/standalone';

const folder = new URL('../../demo/examples/', import.meta.url);
const names = readdirSync(folder);
const { homepage } = JSON.parse(readFileSync(new URL('../../package.json', folder), 'utf8')) as { homepage: string };
const [repository] = homepage.split('#');
const gallery = readFileSync(new URL('../../demo/gallery.html', import.meta.url), 'utf8');

test.each(names)('%s is one short file that stands alone, and the gallery leads to it', (name) => {
  const text = readFileSync(new URL(name, folder), 'utf8');
  expect(text.trimEnd().split('\n').length).toBeLessThan(90);
  expect([...text.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, address]) => address)).toEqual([
    '../embed.js',
    '../',
    `${repository}/blob/main/demo/examples/${name}`,
  ]);
  expect(gallery).toContain(`<!-- partials/example.html name="${name.replace('.html', '')}" `);
});

test('all examples have one look', () => {
  const looks = names.map((name) => /<style>\n((?: .*\n){4})/.exec(readFileSync(new URL(name, folder), 'utf8'))?.[1]);
  expect(looks[0]).toContain('color-scheme');
  expect(new Set(looks).size).toBe(1);
});

test('the folder has six examples', () => {
  expect(names).toEqual([
    'autocomplete.html',
    'drawings.html',
    'headless.html',
    'spam.html',
    'styles.html',
    'thumbs.html',
  ]);
});

test.each(names)('%s names whole addresses once it is copied', (name) => {
  const source = readFileSync(new URL(name, folder), 'utf8');
  const copy = standalone(source, new URL('https://example.org/demo/'));
  expect(copy).toContain('<script crossorigin src="https://example.org/demo/embed.js" defer></script>');
  expect(copy).toMatch(/["']https:\/\/example\.org\/demo\/models\/[\w.-]+\/["']/);
  expect(copy).not.toContain('../');
});
