import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { chooseLavapipe } from '../../scripts/browsers/dawn.mjs';
import { packed } from '../../scripts/build/tarball.mjs';
import { onExit, remove } from '../../scripts/shared/processes.mjs';
import { Project } from './project';

const project = new Project();
afterAll(project.remove);

beforeAll(async () => {
  chooseLavapipe();
  const folder = mkdtempSync(join(tmpdir(), 'webvera-'));
  const clean = onExit(() => remove(folder));
  await project.install(packed(folder).tarball, 'webgpu@0.6.2');
  clean();
  project.addModel('.');
});

const npx = (...args: readonly string[]): Promise<string> => project.npm('exec', '--', 'webvera', ...args);
const finetune = ['finetune', '--model', 'model', '--text', 'text.txt', '--r', '8', '--max_length', '64'];
/** Dawn writes two warnings to standard error as soon as it looks for a GPU. */
const DAWN = /maxDynamic\w+ artificially reduced/;
const read = (name: string): string => readFileSync(join(project.folder, name), 'utf8');

test('npx webvera finetune, inspect and generate, in a folder with nothing else', async () => {
  expect(await npx('finetune', '--help')).toContain('webvera finetune --model MODEL --text FILE');
  const estimated = await npx('finetune', '--model', 'model', '--estimate', '--memory', '1024');
  expect(estimated).toMatch(/GPU memory in all +\d+ MiB\n[\s\S]*\nIt fits/);
  expect(estimated).not.toMatch(DAWN);
  const trained = await npx(...finetune, '--max_steps', '4', '--seed', '5');
  expect(trained).toMatch(/Runs on llvmpipe.* in Node \d+/);
  expect(trained).toMatch(/\] 4\/4 {2}loss \d\.\d{3} /);
  expect(trained).not.toMatch(DAWN);
  expect(trained).toMatch(/Perplexity on \d+ held-out tokens: [\d.]+ → [\d.]+/);
  const run = JSON.parse(read('out/run.json'));
  expect(run.losses).toHaveLength(4);
  expect(run).toMatchObject({ settings: { model: 'model', text: 'text.txt', r: 8 }, device: { vendor: 'mesa' } });
  expect(read('out/loss.svg')).toContain('</svg>');

  const held = await npx('inspect', 'out');
  expect(held).toMatch(/^an adapter: VERA\n/);
  expect(held).toMatch(/trained values +7,632\n/);

  const written = await npx(
    'generate',
    '--model',
    'model',
    '--adapter',
    'out',
    '--prompt',
    'It was',
    '--max_new_tokens',
    '6',
  );
  expect(written).toMatch(/[a-z]{2,}/);
  expect(written).not.toContain('webvera:');
  expect(written).not.toMatch(DAWN);
});

test('npx webvera bench counts a step of this device', async () => {
  const printed = await project.npm('exec', '--', 'webvera', 'bench', '--peak', '3000,100', '--json');
  expect(printed).not.toMatch(DAWN);
  const report = JSON.parse(printed.slice(printed.indexOf('{'), printed.lastIndexOf('}') + 1));
  expect(report.device.description).toContain('llvmpipe');
  expect(report.counts[0].dispatches).toBeGreaterThan(100);
});

test('Ctrl-C ends a training, and saves the trained adapter', async () => {
  const command = join(project.folder, 'node_modules/webvera/dist/cli.js');
  const args = [command, ...finetune, '--max_steps', '100000', '--out', 'stopped'];
  const child = spawn(process.execPath, args, { cwd: project.folder, stdio: ['ignore', 'pipe', 'ignore'] });
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    if (!printed.includes('] 1/') && `${printed}${text}`.includes('] 1/')) child.kill('SIGINT');
    printed += text;
  });
  const code = await new Promise((resolve) => child.on('close', resolve));
  expect({ code, printed }).toMatchObject({ code: 0, printed: expect.stringContaining('adapter_model.safetensors') });
  const { losses } = JSON.parse(read('stopped/run.json'));
  expect(losses.length).toBeGreaterThan(0);
  expect(losses.length).toBeLessThan(1000);
});
