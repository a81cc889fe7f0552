import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'puppeteer-core';
import { afterAll, expect } from 'vitest';
import { chooseLavapipe } from '../../scripts/browsers/dawn.mjs';
import { packed } from '../../scripts/build/tarball.mjs';
import { kill, onExit, remove } from '../../scripts/shared/processes.mjs';
import { testInAll, testOnce } from '../helpers/ring';
import { Project } from './project';
import { createVite, NEXT, NEXT_LAYOUT, NEXT_PACKAGES, started, VITE } from './tools';
import { expectTrained, served, trainInPage } from './trained';

/** The number of lines that an app's author has to write, according to README. */
const MOST_LINES = 25;

const folder = mkdtempSync(join(tmpdir(), 'webvera-'));
const removeFolder = onExit(() => remove(folder));
afterAll(removeFolder);
/** The package as npm would publish it. */
const { tarball } = packed(folder);

async function withProject(body: (project: Project) => Promise<void>): Promise<void> {
  const project = new Project();
  try {
    await body(project);
  } finally {
    project.remove();
  }
}

/** Writes the files of the app's author, and checks that they have no more lines than README says. */
function write(project: Project, template: string): void {
  project.write(template);
  expect(project.lines).toBeGreaterThan(10);
  expect(project.lines).toBeLessThanOrEqual(MOST_LINES);
}

testOnce('Vite: from npm create vite to a production build of a script, and the tag as a module in development', () =>
  withProject(async (project) => {
    await createProject(project);
    await buildWithVite(project, 'vite');
    // The build contains the two workers as they are, and no other worker script.
    const assets = readdirSync(join(project.folder, 'dist/assets')).filter((name) => name.endsWith('.js'));
    expect(assets.map((name) => name.replace(/-.*/, '')).sort()).toEqual(['chat_worker', 'index', 'worker']);
    await served(join(project.folder, 'dist'), (url) => trainInPage('chromium', `${url}/`));

    write(project, 'vite_tag');
    const dev = await started(project.folder, VITE, '--port', '0', '--host', '127.0.0.1');
    try {
      await trainInPage('chromium', dev.url);
    } finally {
      kill(dev.child);
    }
  }),
);

testInAll('Vite: a production build of a script in Firefox, and one of the tag as a module', () =>
  withProject(async (project) => {
    await createProject(project);
    await buildWithVite(project, 'vite');
    await served(join(project.folder, 'dist'), (url) => trainInPage('firefox', `${url}/`));
    // In this project, the <web-vera> element shares the page's session.
    await buildWithVite(project, 'vite_tag');
    await served(join(project.folder, 'dist'), (url) => trainInPage('chromium', `${url}/`));
  }),
);

/** Creates a project with Vite, the package and the model. */
async function createProject(project: Project): Promise<void> {
  await createVite(project);
  await project.install(tarball);
  project.addModel();
}

/** Replaces the project's page, and builds it. */
async function buildWithVite(project: Project, template: string): Promise<void> {
  write(project, template);
  await project.npm('run', 'build');
}

testInAll('webpack 5: production builds of a script, and of the tag as a module', () =>
  withProject(async (project) => {
    project.give('package.json', '{ "private": true }');
    await project.install(tarball, 'webpack@5.113.0', 'webpack-cli@6.0.1');
    await trainInWebpack(project, 'webpack');
    project.clear('src', 'dist');
    await trainInWebpack(project, 'webpack_tag');
  }),
);

async function trainInWebpack(project: Project, template: string): Promise<void> {
  write(project, template);
  project.addModel('dist');
  const printed = await project.npm('exec', '--', 'webpack', '--mode', 'production', '--no-color');
  expect(printed).not.toContain('ERROR');
  writeFileSync(join(project.folder, 'dist/index.html'), readFileSync(join(project.folder, 'index.html')));
  await served(join(project.folder, 'dist'), (url) => trainInPage('chromium', `${url}/`));
}

testInAll('Next.js: a client component, and the tag in JSX with its types, in a production build', () =>
  withProject(async (project) => {
    project.give('package.json', '{ "private": true }');
    await project.install(tarball, ...NEXT_PACKAGES, 'typescript@6.0.3', '@types/react@19', '@types/node@24');
    project.give('app/layout.jsx', NEXT_LAYOUT);
    write(project, 'next');
    write(project, 'next_tag');
    project.addModel();
    await project.node(NEXT, 'build');
    const { child, url } = await started(project.folder, NEXT, 'start', '--port', '0', '--hostname', '127.0.0.1');
    const begin = async (page: Page): Promise<void> => {
      // React adds a property to each element that it hydrates.
      const isAlive = (): boolean =>
        Object.keys(document.querySelector('button') ?? {}).some((key) => key.startsWith('__react'));
      await page.waitForFunction(isAlive);
      await page.click('button');
    };
    try {
      for (const path of ['', 'tag']) await trainInPage('chromium', new URL(path, url).href, begin);
    } finally {
      kill(child);
    }
  }),
);

testOnce('a plain page, without a build', () =>
  withProject(async (project) => {
    project.give('package.json', '{ "private": true }');
    await project.install(tarball);
    write(project, 'html');
    project.addModel('.');
    await served(project.folder, (url) => trainInPage('chromium', `${url}/`));
  }),
);

testOnce('Node, with WebGPU by Dawn', () =>
  withProject(async (project) => {
    chooseLavapipe();
    project.give('package.json', '{ "private": true }');
    await project.install(tarball, 'webgpu@0.6.2');
    write(project, 'node');
    project.addModel();
    expectTrained(await project.node('train.mjs'));
    const { peft_type } = JSON.parse(readFileSync(join(project.folder, 'adapter_config.json'), 'utf8'));
    expect(peft_type).toBe('VERA');
  }),
);
