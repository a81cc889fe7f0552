import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ofAll, testInSoak } from '../helpers/ring';
import { buildWithVite, createViteProject, packedTarball, withProject, writeApp } from './app_project';
import { served, trainInPage } from './trained';

const tarball = packedTarball();

const templates = [
  ['a script', 'webpack'],
  ['the tag as a module', 'webpack_tag'],
] as const;

test.each(ofAll(templates, ([, template]) => template === 'webpack_tag'))(
  'webpack 5: a production build of %s',
  (_, template) =>
    withProject(async (project) => {
      project.give('package.json', '{ "private": true }');
      await project.install(tarball, 'webpack@5.113.0', 'webpack-cli@6.0.1');
      writeApp(project, template);
      project.addModel('dist');
      const printed = await project.npm('exec', '--', 'webpack', '--mode', 'production', '--no-color');
      expect(printed).not.toContain('ERROR');
      writeFileSync(join(project.folder, 'dist/index.html'), readFileSync(join(project.folder, 'index.html')));
      await served(join(project.folder, 'dist'), (url) => trainInPage('chromium', `${url}/`));
    }),
);

testInSoak('Vite: a production build of a script in Firefox, and one of the tag as a module', () =>
  withProject(async (project) => {
    await createViteProject(project, tarball);
    await buildWithVite(project, 'vite');
    await served(join(project.folder, 'dist'), (url) => trainInPage('firefox', `${url}/`));
    // In this project, the <web-vera> element shares the page's session.
    await buildWithVite(project, 'vite_tag');
    await served(join(project.folder, 'dist'), (url) => trainInPage('chromium', `${url}/`));
  }),
);
