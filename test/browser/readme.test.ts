import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { integrityOf } from '../../scripts/build/plugins.mjs';
import { testInAll, testOnce } from '../helpers/ring';
import { documentedPolicies, HUB } from '../helpers/session/policies';
import { SMALL_MOUNTS, withStandIns } from './docs/samples';
import { withEmbed } from './embed/embed_page';
import { reportOf, withBrowser } from './helpers/harness';

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
const { scripts } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  scripts: Readonly<Record<string, string>>;
};
const blocks = [...readme.matchAll(/```(\w+)\n([\s\S]*?)```/g)].map(([, kind = '', text = '']) => ({ kind, text }));

/** Returns the README's only code block of this language that contains `holding`. */
function block(kind: string, holding: string): string {
  const [found, another] = blocks.filter((one) => one.kind === kind && one.text.includes(holding));
  if (found === undefined || another !== undefined) throw new Error(`Expected one ${kind} block with ${holding}`);
  return found.text;
}

/** Runs a code block as a page's script, and returns the lines that it writes to the console. */
async function linesOf(example: string): Promise<string[]> {
  // Training is shortened for a software adapter; the rest is the README's code.
  const script = withStandIns(example)
    .replace("from 'webvera'", "from '/dist/webvera.js'")
    .replace('max_steps: 150', 'max_steps: 3');
  const record = `const lines = [];
console.log = (line) => lines.push(line);
console.warn = console.error = (line) => lines.push('trouble: ' + line);`;
  const page = { type: 'text/html', body: '<script type="module" src="/example.js"></script>' };
  const body = `${record}\n${script}\nwindow.report(lines);`;
  return withBrowser('chromium', (open, url) => reportOf<string[]>(open, `${url}/example.html`), {
    mounts: { ...SMALL_MOUNTS, '/example.html': page, '/example.js': { type: 'text/javascript', body } },
  });
}

testOnce('README has 160 lines at most', () => {
  expect(readme.trimEnd().split('\n').length).toBeLessThanOrEqual(160);
});

testOnce('the lines for a page run as they stand', async () => {
  const example = block('js', 'new Trainer');
  expect(
    example
      .trim()
      .split('\n')
      .filter((line) => line !== '').length,
  ).toBeLessThanOrEqual(12);
  expect(example).toContain('max_steps: 150');
  const lines = await linesOf(example);
  expect(lines.filter((line) => line.startsWith('trouble: '))).toEqual([]);
  for (const step of [1, 2, 3]) expect(lines[step - 1]).toMatch(new RegExp(`^step ${step}: loss [3-5]\\.\\d+$`));
  expect(lines[3]).toMatch(/\w/);
  expect(lines.at(-1)).toMatch(/^adapter_model\.safetensors: [45]\d{4} bytes$/);
});

testInAll('the lines about profiles run as they stand', async () => {
  const lines = await linesOf(block('js', 'profile.rollback'));
  expect(lines).toHaveLength(2);
  expect(lines[0]).toMatch(/^(learnt|worse, so not taken)$/);
  expect(lines[1]).toMatch(/\w/);
});

testOnce('the lines of the guide about what a model takes run as they stand', async () => {
  const guide = readFileSync(new URL('../../docs/guide/memory.md', import.meta.url), 'utf8');
  const [, example = ''] = /```js\n([\s\S]*?)```/.exec(guide) ?? [];
  expect(example).toContain('await estimate(');
  const lines = await linesOf(example);
  const told = lines.filter((line) => typeof line === 'string');
  expect(told.filter((line) => line.startsWith('trouble: '))).toEqual([]);
  expect(told.some((line) => /^\d{7} bytes to download, \d{7,8} on the GPU: (fits|tight)$/.test(line))).toBe(true);
});

testInAll('the lines about a classifier run as they stand', async () => {
  const lines = await linesOf(block('js', 'AutoModelForSequenceClassification'));
  expect(lines.filter((line) => line.startsWith('trouble: '))).toEqual([]);
  expect(
    lines
      .slice(-2)
      .map((line) => line.split(' ')[0])
      .toSorted(),
  ).toEqual(['ham', 'spam']);
  expect(lines.at(-2)).toMatch(/^spam [01]\.\d{3}$/);
});

testOnce('the tag works under the policy that it is said to need', async () => {
  const tag = block('html', '<web-vera');
  const [header = ''] = documentedPolicies('docs/INTEGRATING.md', 'The tag');
  await withEmbed(
    'chromium',
    ({ url }) => ({
      '/page.html': tag
        .replace('https://cdn.example/webvera/', `${url}/v1/`)
        .replace('sha384-…', integrityOf('dist/embed.js'))
        .replace('HuggingFaceTB/SmolLM2-135M', `${url}/models/prose-1.4M/`),
    }),
    async (page) => {
      const written = await page.evaluate(async () => {
        const element = document.querySelector('web-vera')!;
        await element.load();
        return element.generate('It was the whale', { max_new_tokens: 4 });
      });
      expect(written).toMatch(/\w/);
    },
    // The example loads models from the Hugging Face hub, and this test loads them from the script's origin.
    { policy: ({ url }) => header.replaceAll('https://cdn.example', url).replace(HUB, '') },
  );
});

testOnce('all other blocks are commands that there are', () => {
  const others = blocks.filter(({ kind }) => !['js', 'html'].includes(kind));
  expect(others.map(({ kind }) => kind)).toEqual(others.map(() => 'sh'));
  const commands = others.flatMap(({ text }) => text.trim().split(/\n|&&/)).map((line) => line.trim());
  for (const command of commands) {
    const [, script] = /^npm (?:run )?(\w+)/.exec(command) ?? [];
    if (command.startsWith('npm install webvera') || command === 'npm ci') continue;
    expect(Object.keys(scripts), command).toContain(script);
  }
});
