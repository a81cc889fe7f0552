// Runs a newcomer's first ten minutes: the documents' sample code, unchanged, in empty projects that install the two packages. Each project
// then measures the perplexity of text that it wasn't trained on, and the time that the sample code took.
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { chooseLavapipe } from '../../scripts/browsers/dawn.mjs';
import { packed } from '../../scripts/build/tarball.mjs';
import { packModel } from '../../scripts/model/model_package.mjs';
import { kill, onExit, remove } from '../../scripts/shared/processes.mjs';
import { tableLines } from '../../scripts/shared/table.mjs';
import { codeBlocks, GUIDES } from '../browser/docs/samples';
import { withPage } from '../browser/helpers/harness';
import { buildFramework, FRAMEWORKS } from './frameworks';
import { Project } from './project';
import { createVite, NEXT, NEXT_LAYOUT, NEXT_PACKAGES, serveModel, started } from './tools';
import { served } from './trained';

/** A model has visibly learnt if its perplexity is below this share of the perplexity before training. */
const LEARNT = 0.75;
/** The time limit of a page's sample code in ms. The machine may be busy and have no GPU. */
const PATIENCE = 1_800_000;

const folder = mkdtempSync(join(tmpdir(), 'webvera-'));
const { tarball: library } = packed(folder);
const model = packModel(folder).tarball;
const rows = [['project', 'seconds to set up', 'seconds to learn', 'perplexity before', 'after']];
const removeFolder = onExit(() => remove(folder));
afterAll(() => {
  removeFolder();
  console.log(tableLines(rows).join('\n'));
});

/** Returns code that follows a document's sample and prints what was learnt. `held`: an expression for the text that wasn't trained on. */
const measuring = (held: string): string => `
const measuredSeconds = performance.now() / 1000;
const measuredText = ${held};
const measuredArgs = { max_length: 256, per_device_train_batch_size: 4 };
const measuredBy = new Trainer({ model, args: measuredArgs, train_dataset: measuredText, eval_dataset: measuredText });
const { perplexity: measuredAfter } = await measuredBy.evaluate();
// An adapter that has learnt nothing changes nothing.
await model.add_adapter('measured', new VeraConfig({ r: 64, target_modules: 'all-linear', save_projection: false }));
await model.set_adapter('measured');
const { perplexity: measuredBefore } = await measuredBy.evaluate();
console.log(\`measured \${measuredSeconds} \${measuredBefore} \${measuredAfter}\`);
`;

/** Returns README's first sample, and the code that measures. */
function firstLines(): string {
  const [first, ...others] = codeBlocks(readFileSync('README.md', 'utf8')).filter(({ text }) =>
    text.includes('new Trainer'),
  );
  if (first === undefined || others.length > 0) throw new Error('expected one sample of README with a Trainer');
  return first.text + measuring("await (await fetch(small + 'held-out.txt')).blob()");
}

/** Returns a script of the guide, with code inserted that measures before the script closes its session. */
function scriptOf(file: string): string {
  const [found] = codeBlocks(GUIDES.get('runtimes.md') ?? '').filter((block) => block.file === file);
  const held = "new Blob([await (await import('node:fs/promises')).readFile(small + '/held-out.txt')])";
  const [before, after, ...others] = (found?.text ?? '').split('await session.close();');
  if (after === undefined || others.length > 0) throw new Error(`expected ${file} to close its session once`);
  return `${before}${measuring(held)}await session.close();${after}`;
}

/** Runs `body` in an empty project and records what it prints. `body` calls `ready` once the project is set up. */
async function inProject(name: string, body: (project: Project, ready: () => void) => Promise<string>): Promise<void> {
  const project = new Project();
  const start = performance.now();
  let setUp = Number.NaN;
  try {
    project.give('package.json', '{ "private": true, "type": "module" }');
    const printed = await body(project, () => {
      setUp = (performance.now() - start) / 1000;
    });
    const numbers = /measured ([\d.]+) ([\d.]+) ([\d.]+)/.exec(printed)?.slice(1).map(Number);
    if (numbers === undefined) throw new Error(`expected numbers at the end, got ${printed.slice(-2000)}`);
    const [, before = Number.NaN, after = Number.NaN] = numbers;
    rows.push([name, ...[setUp, ...numbers].map((number) => number.toFixed(1))]);
    expect(after / before).toBeLessThan(LEARNT);
  } finally {
    project.remove();
  }
}

/** Returns all that a page writes to the console until it has measured. */
async function printedBy(url: string): Promise<string> {
  return withPage('chromium', url, async ({ page }) => {
    const lines: string[] = [];
    const measured = new Promise<void>((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`not measured in time: ${lines.join('\n')}`)), PATIENCE);
      page.on('console', (message) => {
        lines.push(message.text());
        if (!message.text().startsWith('measured ')) return;
        clearTimeout(late);
        resolve();
      });
    });
    await page.goto(url);
    await measured;
    return lines.join('\n');
  });
}

async function learnsFrom(project: Project, ready: () => void): Promise<string> {
  serveModel(project, { scripts: 'dist/assets', root: 'dist' });
  ready();
  let printed = '';
  await served(join(project.folder, 'dist'), async (url) => {
    printed = await printedBy(`${url}/`);
  });
  return printed;
}

test('Vite', () =>
  inProject('Vite', async (project, ready) => {
    await createVite(project);
    await project.install(library, model);
    project.give('src/main.ts', firstLines());
    await project.npm('run', 'build');
    return learnsFrom(project, ready);
  }));

const LEARNERS = {
  React: `import { useEffect } from 'react';
export function Learner() {
  useEffect(() => void import('./first.js'), []);
  return <p>It learns</p>;
}`,
  Svelte: `<script>
  import { onMount } from 'svelte';
  onMount(() => void import('./first.js'));
</script>
<p>It learns</p>`,
} as const;

test.each(['React', 'Svelte'] as const)('%s', (name) =>
  inProject(name, async (project, ready) => {
    const framework = FRAMEWORKS[name];
    project.give('src/first.js', firstLines());
    project.give(framework.file, LEARNERS[name]);
    await buildFramework(project, framework, [library, model]);
    return learnsFrom(project, ready);
  }),
);

test('Next', () =>
  inProject('Next', async (project, ready) => {
    project.give('app/layout.jsx', NEXT_LAYOUT);
    project.give('app/first.js', firstLines());
    project.give(
      'app/page.jsx',
      `'use client';\n${LEARNERS.React.replace('function Learner', 'default function Page')}`,
    );
    await project.install(library, model, ...NEXT_PACKAGES);
    await project.node(NEXT, 'build');
    serveModel(project, { scripts: '.next/static', root: 'public' });
    const { child, url } = await started(project.folder, NEXT, 'start', '--port', '0', '--hostname', '127.0.0.1');
    ready();
    try {
      return await printedBy(url);
    } finally {
      kill(child);
    }
  }));

test.each(['Node', 'Bun'])('%s', (name) =>
  inProject(name, async (project, ready) => {
    chooseLavapipe();
    project.give('train.mjs', scriptOf('train.mjs'));
    await project.install(library, model, 'webgpu@0.6.2', ...(name === 'Bun' ? ['bun@1.4.5'] : []));
    ready();
    return name === 'Bun' ? project.npm('exec', '--', 'bun', 'train.mjs') : project.node('train.mjs');
  }),
);

test.each([
  ['Deno', '{ worker: false }'],
  ['Deno, in a worker', '{ patience: 60 }'],
])('%s', (name, options) =>
  inProject(name, async (project, ready) => {
    chooseLavapipe();
    const script = scriptOf('train_deno.mjs');
    expect(script).toContain('{ worker: false }');
    project.give('train_deno.mjs', script.replace('{ worker: false }', options));
    await project.install(library, model, 'deno@2.9.6');
    const [, command = ''] = /`deno (run [^`]+)`/.exec(GUIDES.get('runtimes.md') ?? '') ?? [];
    ready();
    return project.npm('exec', '--', 'deno', ...command.split(' '));
  }),
);
