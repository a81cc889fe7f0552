import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { pathsBelow } from '../../../scripts/shared/paths.mjs';
import { remove } from '../../../scripts/shared/processes.mjs';
import { brokenLinks } from '../../../scripts/site/check_links.mjs';
import { introductionOf, linksForSite, PAGES, titleOf } from '../../../scripts/site/pages.mjs';
import { htmlAnywhere, scriptAnywhere } from '../../../scripts/site/relocate.mjs';
import { dispatchesOfStep, stepPicture } from '../../../scripts/site/step_picture.mjs';

const textOf = (file: string): string => readFileSync(file, 'utf8');

describe('documents of the site', () => {
  test('are all documents of docs/', () => {
    const files = pathsBelow('docs').map((path) => `docs/${path}`);
    const documents = files.filter((name) => name.endsWith('.md'));
    const listed = PAGES.map(({ file }) => file);
    expect(documents.filter((name) => !listed.includes(name))).toEqual([]);
    expect(new Set(listed).size).toBe(listed.length);
    expect(new Set(PAGES.map(({ path }) => path)).size).toBe(listed.length);
  });

  test.each(PAGES.filter(({ file }) => file !== 'docs/index.md'))('$file says who it is for', ({ file }) => {
    expect(titleOf(textOf(file))).not.toBe('');
    expect(introductionOf(textOf(file))).toMatch(/^For .+[.:]/);
  });
});

describe('links of a document', () => {
  test('lead to other documents of the site, and to files in the repository', () => {
    const text =
      'See [a](../PEFT.md#name-by-name), [b](errors.md), [c](../../src/index.ts "title"), [d](https://x.org).';
    expect(linksForSite(text, 'docs/guide/start.md')).toBe(
      'See [a](../peft.md#name-by-name), [b](./errors.md), ' +
        '[c](https://github.com/webvera/webvera/blob/main/src/index.ts "title"), [d](https://x.org).',
    );
  });

  test('stay as they are in code', () => {
    const code = '```md\n[a](nothing.md)\n```\n';
    expect(linksForSite(code, 'docs/guide/start.md')).toBe(code);
  });

  test('to nothing are refused', () => {
    expect(() => linksForSite('[a](nothing.md)', 'docs/guide/start.md')).toThrow("isn't there");
  });
});

describe('a site at any path', () => {
  const base = '/-base-/';

  test('has pages that find its folder by their depth', () => {
    const html =
      '<html><head><link href="/-base-/a.css"></head><script>x=JSON.parse("{\\"base\\":\\"/-base-/\\"}")</script>';
    expect(htmlAnywhere(html, base, 'guide/deep/a.html')).toBe(
      '<html><head><script>globalThis.__siteBase=new URL("../../",location.href).pathname</script>' +
        '<link href="../../a.css"></head>' +
        '<script>x=JSON.parse("{\\"base\\":\\""+globalThis.__siteBase+"\\"}")</script>',
    );
    expect(htmlAnywhere('<a href="/-base-/b.html">', base, 'a.html')).toBe('<a href="./b.html">');
  });

  test('has scripts that ask the page', () => {
    // The source of a template literal with an expression. The backslash prevents this file from evaluating it.
    const template = `x${base}\${1}b`;
    const script = scriptAnywhere(`result = ["/-base-/a", \`${template}\`, 'c'];`, base);
    const run = new Function('globalThis', `let result; ${script}; return result;`) as (global: object) => unknown;
    expect(run({ __siteBase: '/some/where/' })).toEqual(['/some/where/a', 'x/some/where/1b', 'c']);
  });
});

test('links to missing files and headings are found', () => {
  const site = mkdtempSync(join(tmpdir(), 'webvera-site-'));
  try {
    mkdirSync(join(site, 'b'));
    writeFileSync(
      join(site, 'a.html'),
      '<a href="./b/c.html#there">1</a><a href="b/c.html#gone">2</a><img src="d.png">',
    );
    writeFileSync(join(site, 'b/c.html'), '<h1 id="there">C</h1><a href="../a.html">3</a><a href="/a.html">4</a>');
    expect(brokenLinks(site)).toEqual([
      'a.html: b/c.html#gone leads to no heading of b/c.html',
      'a.html: d.png leads to no file',
      'b/c.html: /a.html leads to no file',
    ]);
  } finally {
    remove(site);
  }
});

describe('pictures and listings', () => {
  test('the picture of a step is what the code builds', async () => {
    const { forward, backward } = dispatchesOfStep();
    expect(forward.length).toBeGreaterThan(15);
    expect(backward.map(({ name }) => name)).toContain('vera_lambda_backward');
    await expect(stepPicture()).toMatchFileSnapshot('../../../docs/images/step.svg');
  });

  test('the explained kernel is the whole file', () => {
    const blocks = [...textOf('docs/guide/kernel.md').matchAll(/```wgsl\n([\s\S]*?)```/g)].map(([, text]) => text);
    const lines = (text: string): readonly string[] => text.split('\n').filter((line) => line !== '');
    expect(lines(blocks.join(''))).toEqual(lines(textOf('shaders/norms/rms_norm.wgsl')));
  });
});
