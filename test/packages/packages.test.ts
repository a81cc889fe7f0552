import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, expect } from 'vitest';
import { chooseLavapipe } from '../../scripts/browsers/dawn.mjs';
import { serve } from '../../scripts/browsers/serve.mjs';
import { pack } from '../../scripts/build/tarball.mjs';
import { kill, onExit, remove } from '../../scripts/shared/processes.mjs';
import { browserNames } from '../browser/helpers/harness';
import { testInAll, testOnce } from '../helpers/ring';
import { Project } from './project';
import { expectTrained, trainInPage } from './trained';

/** As the README promises. */
const MOST_LINES = 25;

const folder = mkdtempSync(join(tmpdir(), 'webvera-'));
const removeFolder = onExit(() => remove(folder));
afterAll(removeFolder);
/** What npm would send. */
const tarball = pack(folder);

async function withProject(body: (project: Project) => Promise<void>): Promise<void> {
  const project = new Project();
  try {
    await body(project);
    expect(project.lines).toBeGreaterThan(10);
    expect(project.lines).toBeLessThanOrEqual(MOST_LINES);
  } finally {
    project.remove();
  }
}

/** Serves a folder of a project as any web server would, and runs `body` with its address. */
async function served(root: string, body: (url: string) => Promise<void>): Promise<void> {
  const server = await serve({ '/': root }, { headers: { 'Content-Security-Policy': '' } });
  try {
    await body(server.url);
  } finally {
    await server.close();
  }
}

testOnce('Vite: from npm create vite to a production build', () =>
  withProject(async (project) => {
    await project.npm('exec', '--yes', '--prefer-offline', '--', ...CREATE_VITE);
    await project.install(tarball);
    project.write('vite');
    project.addModel();
    await project.npm('run', 'build');
    // The workers are there as they are, and nothing of what another thread would run.
    const assets = readdirSync(join(project.folder, 'dist/assets')).filter((name) => name.endsWith('.js'));
    expect(assets.map((name) => name.replace(/-.*/, '')).sort()).toEqual(['chat_worker', 'index', 'worker']);
    await served(join(project.folder, 'dist'), async (url) => {
      for (const name of browserNames) await trainInPage(name, `${url}/`);
    });
  }),
);

const CREATE_VITE = ['create-vite@9.3.0', '.', '--template', 'vanilla-ts', '--no-interactive', '--overwrite'];

testInAll('webpack 5: a production build', () =>
  withProject(async (project) => {
    project.give('package.json', '{ "private": true }');
    await project.install(tarball, 'webpack@5.113.0', 'webpack-cli@6.0.1');
    project.write('webpack');
    project.addModel('dist');
    const printed = await project.npm('exec', '--', 'webpack', '--mode', 'production', '--no-color');
    expect(printed).not.toContain('ERROR');
    writeFileSync(join(project.folder, 'dist/index.html'), readFileSync(join(project.folder, 'index.html')));
    await served(join(project.folder, 'dist'), (url) => trainInPage('chromium', `${url}/`));
  }),
);

testInAll('Next.js: a client component in a production build', () =>
  withProject(async (project) => {
    project.give('package.json', '{ "private": true }');
    project.give('app/layout.jsx', NEXT_LAYOUT);
    await project.install(tarball, 'next@16.4.6', 'react@19.3.1', 'react-dom@19.3.1');
    project.write('next');
    project.addModel();
    const next = 'node_modules/next/dist/bin/next';
    await project.node(next, 'build');
    const { child, url } = await startNext(project.folder, next);
    try {
      await trainInPage('chromium', url, async (page) => {
        // React makes a note on what it has taken over from the server's page.
        const isAlive = (): boolean =>
          Object.keys(document.querySelector('button') ?? {}).some((key) => key.startsWith('__react'));
        await page.waitForFunction(isAlive);
        await page.click('button');
      });
    } finally {
      kill(child);
    }
  }),
);

const NEXT_LAYOUT = `export default function Layout({ children }) {
  return <html lang="en"><body>{children}</body></html>;
}
`;

async function startNext(cwd: string, next: string): Promise<{ readonly child: ChildProcess; readonly url: string }> {
  const args = [next, 'start', '--port', '0', '--hostname', '127.0.0.1'];
  const child = spawn(process.execPath, args, { cwd, detached: true, stdio: ['ignore', 'pipe', 'inherit'] });
  const stop = onExit(() => kill(child));
  child.on('exit', stop);
  for await (const line of createInterface(child.stdout)) {
    const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(line) ?? [];
    if (url !== undefined) return { child, url };
  }
  throw new Error('Next.js did not start');
}

testOnce('a plain page, without a build', () =>
  withProject(async (project) => {
    project.give('package.json', '{ "private": true }');
    await project.install(tarball);
    project.write('html');
    project.addModel('.');
    await served(project.folder, (url) => trainInPage('chromium', `${url}/`));
  }),
);

testOnce('Node, with WebGPU by Dawn', () =>
  withProject(async (project) => {
    chooseLavapipe();
    project.give('package.json', '{ "private": true }');
    await project.install(tarball, 'webgpu@0.6.2');
    project.write('node');
    project.addModel();
    expectTrained(await project.node('train.mjs'));
    const { peft_type } = JSON.parse(readFileSync(join(project.folder, 'adapter_config.json'), 'utf8'));
    expect(peft_type).toBe('VERA');
  }),
);
