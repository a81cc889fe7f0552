import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { partials } from '../../scripts/build/html_partials.mjs';
import { socialTags } from '../../scripts/build/social_tags.mjs';

const folder = new URL('../../demo/', import.meta.url);
const { homepage } = JSON.parse(readFileSync(new URL('../package.json', folder), 'utf8')) as { homepage: string };
const names = ['index', 'classify', 'images', 'bench', 'gallery'];
const { transformIndexHtml } = partials(fileURLToPath(new URL('partials/', folder))) as unknown as {
  readonly transformIndexHtml: { readonly handler: (html: string) => string };
};
const filled = (name: string): string =>
  transformIndexHtml.handler(readFileSync(new URL(`${name}.html`, folder), 'utf8'));
const pages = new Map(names.map((name) => [name, filled(name)]));

test.each([...pages])('%s links to all pages, marks its own link, and has the common security policy', (name, html) => {
  const nav = html.match(/<nav class="topline" aria-label="Pages">.*?<\/nav>/s)?.[0] ?? '';
  const own = name === 'index' ? './' : `./${name}.html`;
  expect([...nav.matchAll(/href="([^"]*)"/g)].map(([, address]) => address)).toEqual([
    './',
    './classify.html',
    './images.html',
    './bench.html',
    './gallery.html',
    homepage,
  ]);
  expect([...nav.matchAll(/href="([^"]*)" aria-current="page"/g)].map(([, address]) => address)).toEqual([own]);
  const policy = (text: string) => text.match(/http-equiv="Content-Security-Policy"\s+content="([^"]*)"/)?.[1];
  expect(policy(html)).toMatch(/^default-src 'none'; /);
  const forms = name === 'gallery' ? 'https://stackblitz.com' : "'none'";
  expect(policy(html)?.replace(`form-action ${forms}`, "form-action 'none'")).toBe(policy(pages.get('index') ?? ''));
});

test.each([...pages])('links to %s are shown with its title, its description and a picture', (_, html) => {
  const { handler } = socialTags('https://example.org/demo/picture.png').transformIndexHtml as unknown as {
    handler: (html: string) => readonly { readonly attrs: { readonly property: string; readonly content: string } }[];
  };
  const tags = new Map(handler(html).map(({ attrs: { property, content } }) => [property, content]));
  expect(tags.get('og:image')).toBe('https://example.org/demo/picture.png');
  for (const name of ['og:title', 'og:description']) expect(tags.get(name)).toMatch(/^[^&<]{20,}$/);
});

test.each([
  ['index', ['prompt', 'text-input']],
  ['classify', ['try-text', 'new-text']],
])('what visitors type into %s runs in its own direction', (name, ids) => {
  for (const id of ids) expect(pages.get(name)).toMatch(new RegExp(`<(?:input|textarea) id="${id}" dir="auto"`));
});

test.each(['before', 'after', 'anew-before', 'anew-after'])('what the model writes into #%s does, too', (id) => {
  expect(pages.get('index')).toContain(`<p id="${id}" dir="auto"`);
});

test.each(['index', 'bench'])('keys scroll the long table of %s', (name) => {
  expect(pages.get(name)).toMatch(/<section class="table-frame[^>]* aria-labelledby="[a-z-]+" tabindex="0">/);
});

test('the first page shows the lines of README’s first sample', () => {
  const readme = readFileSync(new URL('../README.md', folder), 'utf8');
  const shown = /<code id="code-lines">([^<]*)<\/code>/.exec(pages.get('index') ?? '')?.[1] ?? '';
  const text = shown.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
  expect(text).toBe(/```js\n(.*?)\n```/s.exec(readme)?.[1]);
});

test('a partial replaces the comment that names it, with the same indentation', () => {
  const html = transformIndexHtml.handler('<main>\n  <!-- partials/learn.html -->\n</main>\n');
  expect(html).toMatch(
    /^<main>\n {2}<section id="train-card".*\n {4}<h2 id="train-title">.*\n {2}<\/section>\n<\/main>\n$/s,
  );
  expect(html).not.toContain('<!--');
});
