import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { buildWithVite, createViteProject, packedTarball, withProject, writeApp } from './app_project';
import type { Project } from './project';
import { served, trainInPage } from './trained';

const tarball = packedTarball();

test('webpack 5: production builds of a script, and of the tag as a module', () =>
  withProject(async (project) => {
    project.give('package.json', '{ "private": true }');
    await project.install(tarball, 'webpack@5.113.0', 'webpack-cli@6.0.1');
    await trainInWebpack(project, 'webpack');
    project.clear('src', 'dist');
    await trainInWebpack(project, 'webpack_tag');
  }));

async function trainInWebpack(project: Project, template: string): Promise<void> {
  writeApp(project, template);
  project.addModel('dist');
  const printed = await project.npm('exec', '--', 'webpack', '--mode', 'production', '--no-color');
  expect(printed).not.toContain('ERROR');
  writeFileSync(join(project.folder, 'dist/index.html'), readFileSync(join(project.folder, 'index.html')));
  await served(join(project.folder, 'dist'), (url) => trainInPage('chromium', `${url}/`));
}

test('Vite: a production build of a script in Firefox, and one of the tag as a module', () =>
  withProject(async (project) => {
    await createViteProject(project, tarball);
    await buildWithVite(project, 'vite');
    await served(join(project.folder, 'dist'), (url) => trainInPage('firefox', `${url}/`));
    // In this project, the <web-vera> element shares the page's session.
    await buildWithVite(project, 'vite_tag');
    await served(join(project.folder, 'dist'), (url) => trainInPage('chromium', `${url}/`));
  }));
