import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { chooseLavapipe } from '../../scripts/browsers/dawn.mjs';
import { kill } from '../../scripts/shared/processes.mjs';
import { buildWithVite, createViteProject, packedTarball, withProject, writeApp } from './app_project';
import { started, VITE } from './tools';
import { expectTrained, served, trainInPage } from './trained';

const tarball = packedTarball();

test('Vite: from npm create vite to a production build of a script, and the tag as a module in development', () =>
  withProject(async (project) => {
    await createViteProject(project, tarball);
    await buildWithVite(project, 'vite');
    // The build contains the two workers as they are, and no other worker script.
    const assets = readdirSync(join(project.folder, 'dist/assets')).filter((name) => name.endsWith('.js'));
    expect(assets.map((name) => name.replace(/-.*/, '')).sort()).toEqual(['chat_worker', 'index', 'worker']);
    await served(join(project.folder, 'dist'), (url) => trainInPage('chromium', `${url}/`));

    writeApp(project, 'vite_tag');
    const dev = await started(project.folder, VITE, '--port', '0', '--host', '127.0.0.1');
    try {
      await trainInPage('chromium', dev.url);
    } finally {
      kill(dev.child);
    }
  }));

test('a plain page, without a build', () =>
  withProject(async (project) => {
    project.give('package.json', '{ "private": true }');
    await project.install(tarball);
    writeApp(project, 'html');
    project.addModel('.');
    await served(project.folder, (url) => trainInPage('chromium', `${url}/`));
  }));

test('Node, with WebGPU by Dawn', () =>
  withProject(async (project) => {
    chooseLavapipe();
    project.give('package.json', '{ "private": true }');
    await project.install(tarball, 'webgpu@0.6.2');
    writeApp(project, 'node');
    project.addModel();
    expectTrained(await project.node('train.mjs'));
    const { peft_type } = JSON.parse(readFileSync(join(project.folder, 'adapter_config.json'), 'utf8'));
    expect(peft_type).toBe('VERA');
  }));
