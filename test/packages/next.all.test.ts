import type { Page } from 'puppeteer-core';
import { test } from 'vitest';
import { kill } from '../../scripts/shared/processes.mjs';
import { packedTarball, withProject, writeApp } from './app_project';
import { NEXT, NEXT_LAYOUT, NEXT_PACKAGES, started } from './tools';
import { trainInPage } from './trained';

const tarball = packedTarball();

test('Next.js: a client component, and the tag in JSX with its types, in a production build', () =>
  withProject(async (project) => {
    project.give('package.json', '{ "private": true }');
    await project.install(tarball, ...NEXT_PACKAGES, 'typescript@6.0.3', '@types/react@19', '@types/node@24');
    project.give('app/layout.jsx', NEXT_LAYOUT);
    writeApp(project, 'next');
    writeApp(project, 'next_tag');
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
  }));
