import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Rollup } from 'vite';
import { expect, test } from 'vitest';
import { reportOf, withBrowser } from '../helpers/harness';
import { codeBlocks, GUIDES, moduleOf, runnable, SMALL_MOUNTS, withStandIns } from './samples';

const model = fileURLToPath(new URL('../../../demo/public/models/prose-1.4M/', import.meta.url));
const template = "{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}\n{% endfor %}";

/** Bundles a module with the packages that it imports, except webvera. */
async function bundled(code: string): Promise<string> {
  // The folder is inside the repository, so that the bundler finds node_modules.
  mkdirSync('out', { recursive: true });
  const folder = mkdtempSync('out/sample-');
  const entry = join(folder, 'sample.js');
  try {
    writeFileSync(entry, code);
    const [made] = (await build({
      configFile: false,
      logLevel: 'error',
      build: { write: false, lib: { entry, formats: ['es'] }, rolldownOptions: { external: /^\/dist\// } },
    })) as Rollup.RollupOutput[];
    return made?.output[0].code ?? '';
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Runs a module in a page that has a document's HTML, and returns the lines that it writes to the console. */
async function linesOf(text: string, module = moduleOf(runnable(text))): Promise<readonly string[]> {
  const blocks = codeBlocks(text).filter(({ kind, text }) => kind === 'html' && !text.includes('<script src='));
  const html = blocks.map((block) => ({ ...block, text: block.text.replace(/<script.*<\/script>\n/g, '') }));
  const needsTag = html.some(({ text }) => text.includes('<web-vera'));
  const record = `const lines = [];
console.log = (...line) => lines.push(line.map((each) => (typeof each === 'string' ? each : (JSON.stringify(each) ?? 'trouble: ' + each))).join(' '));
console.error = (line) => lines.push('trouble: ' + line);
console.warn = () => {};`;
  const body = `<!doctype html>${needsTag ? '<script src="/dist/embed.js"></script>' : ''}${withStandIns(html.map(({ text }) => text).join(''))}
<script type="module" src="/sample.js"></script>`;
  const recorded = `${module.replace('\n', `\n${record}\n`)}\nwindow.report(lines);`;
  const script = /from 'ai'/.test(recorded) ? await bundled(recorded) : recorded;
  return withBrowser('chromium', (open, url) => reportOf<string[]>(open, `${url}/sample.html`), {
    // The library caches a file only if it can detect changes, here by the ETag.
    headers: { ETag: '"1"' },
    mounts: {
      ...SMALL_MOUNTS,
      '/sample.html': { type: 'text/html', body },
      '/sample.js': { type: 'text/javascript', body: script },
      '/models/chat/': model,
      '/models/chat/chat_template.jinja': { type: 'text/plain', body: template },
    },
  });
}

const samples = [...GUIDES].filter(([, text]) => runnable(text).length > 0);

test.each(samples)('the lines of %s run as they stand', async (_, text) => {
  const lines = await linesOf(text);
  expect(lines.filter((line) => line.startsWith('trouble: '))).toEqual([]);
  expect(lines.length).toBeGreaterThan(0);
});

test('the lines for the AI SDK run as they stand', async () => {
  const text = GUIDES.get('write.md') ?? '';
  const blocks = codeBlocks(text).filter(({ file }) => file === 'src/ai_sdk.js');
  const lines = await linesOf(text, moduleOf(blocks).replace("'webvera/ai'", "'/dist/ai.js'"));
  expect(lines).toEqual([expect.stringMatching(/ \d+$/), expect.stringMatching(/^\d+$/)]);
});
