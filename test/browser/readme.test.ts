import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { reportOf, withBrowser } from './harness';

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

/** The README's example as a page's script that reports what the console would show. */
function exampleScript(): string {
  const [, example = ''] = /```js\n([\s\S]*?)```/.exec(readme) ?? [];
  // Short enough for a software adapter; all else is what the README says.
  const script = example.replace("from 'webvera'", "from '/dist/webvera.js'").replace('max_steps: 150', 'max_steps: 3');
  expect(script).toContain('/dist/webvera.js');
  expect(script).toContain('max_steps: 3');
  const record = `const lines = [];
console.log = (line) => lines.push(line);
console.warn = console.error = (line) => lines.push('trouble: ' + line);`;
  return `${record}\n${script}\nwindow.report(lines);`;
}

test('the example of the README runs as it stands', async () => {
  const page = { type: 'text/html', body: '<script type="module" src="/example.js"></script>' };
  const script = { type: 'text/javascript', body: exampleScript() };
  const lines = await withBrowser('chromium', (open, url) => reportOf<string[]>(open, `${url}/example.html`), {
    mounts: { '/example.html': page, '/example.js': script },
  });
  expect(lines.filter((line) => line.startsWith('trouble: '))).toEqual([]);
  for (const step of [1, 2, 3]) expect(lines[step - 1]).toMatch(new RegExp(`^step ${step}: loss [3-5]\\.\\d+$`));
  expect(lines.length).toBeGreaterThan(10);
  expect(lines.at(-1)).toMatch(/^adapter_model\.safetensors: [45]\d{4} bytes$/);
});

test('the example has some twenty lines', () => {
  const [, example = ''] = /```js\n([\s\S]*?)```/.exec(readme) ?? [];
  expect(example.trim().split('\n').length).toBeLessThanOrEqual(24);
});
