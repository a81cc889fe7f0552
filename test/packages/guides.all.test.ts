import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { chooseLavapipe } from '../../scripts/browsers/dawn.mjs';
import { packed } from '../../scripts/build/tarball.mjs';
import { packModel } from '../../scripts/model/model_package.mjs';
import { kill, onExit, remove } from '../../scripts/shared/processes.mjs';
import { codeBlocks, GUIDES } from '../browser/docs/samples';
import { ofAll, testInAll, testInSoak } from '../helpers/ring';
import { withProject } from './app_project';
import { buildFramework, FRAMEWORKS } from './frameworks';
import type { Project } from './project';
import { serveModel, started, VITE } from './tools';
import { expectTrained, served, trainInPage } from './trained';

const folder = mkdtempSync(join(tmpdir(), 'webvera-'));
afterAll(onExit(() => remove(folder)));
const { tarball } = packed(folder);
const model = packModel(folder).tarball;

/** Runs `body` in a project with these files. Their code is in the guide, each block after its file's name. */
async function withFiles(guide: string, files: readonly string[], body: (project: Project) => Promise<void>) {
  await withProject(async (project) => {
    const blocks = codeBlocks(GUIDES.get(guide) ?? '');
    for (const file of files) {
      const found = blocks.filter((block) => block.file === file);
      expect(found, file).toHaveLength(1);
      // Training is shortened because the GPU may be a software adapter.
      project.give(file, (found[0]?.text ?? '').replace('max_steps: 150', 'max_steps: 4'));
    }
    project.give('package.json', '{ "private": true, "type": "module" }');
    await body(project);
  });
}

test.each(ofAll(Object.entries(FRAMEWORKS), ([name]) => name !== 'Vue'))(
  '%s: the component of the guide, in a production build',
  (_, framework) =>
    withFiles('frameworks.md', ['src/model.js', framework.file], async (project) => {
      await buildFramework(project, framework, [tarball, model]);
      serveModel(project, { scripts: 'dist/assets', root: 'dist' });
      await served(join(project.folder, 'dist'), (url) => trainInPage('chromium', `${url}/`));
    }),
);

testInAll('the development server of Vite 7, by the settings of the guide', () =>
  withFiles('frameworks.md', ['vite.config.js'], async (project) => {
    await project.install(tarball, 'vite@7.3.8');
    project.write('vite');
    project.addModel();
    project.give('index.html', '<!doctype html><body><script type="module" src="/src/main.ts"></script>');
    const { child, url } = await started(project.folder, VITE, '--port', '0', '--host', '127.0.0.1');
    try {
      await trainInPage('chromium', url);
    } finally {
      kill(child);
    }
  }),
);

describe('scripts of the guide', () => {
  testInAll('Node and Bun, with WebGPU by Dawn', () =>
    withFiles('runtimes.md', ['train.mjs'], async (project) => {
      chooseLavapipe();
      await project.install(tarball, model, 'webgpu@0.6.2', 'bun@1.4.5');
      expectTrained(await project.node('train.mjs'));
      expectTrained(await project.npm('exec', '--', 'bun', 'train.mjs'));
    }),
  );

  testInSoak('Deno, with its own WebGPU', () =>
    withFiles('runtimes.md', ['train_deno.mjs'], async (project) => {
      chooseLavapipe();
      await project.install(tarball, model, 'deno@2.9.6');
      const [, command = ''] = /`deno (run [^`]+)`/.exec(GUIDES.get('runtimes.md') ?? '') ?? [];
      expectTrained(await project.npm('exec', '--', 'deno', ...command.split(' ')));
    }),
  );
});
