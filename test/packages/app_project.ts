import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect } from 'vitest';
import { packed } from '../../scripts/build/tarball.mjs';
import { onExit, remove } from '../../scripts/shared/processes.mjs';
import { Project } from './project';
import { createVite } from './tools';

/** The number of lines that an app's author has to write, according to README. */
const MOST_LINES = 25;

/** Packs the package as npm would publish it, until the end of the test file, and returns its path. */
export function packedTarball(): string {
  const folder = mkdtempSync(join(tmpdir(), 'webvera-'));
  afterAll(onExit(() => remove(folder)));
  return packed(folder).tarball;
}

export async function withProject(body: (project: Project) => Promise<void>): Promise<void> {
  const project = new Project();
  try {
    await body(project);
  } finally {
    project.remove();
  }
}

/** Writes the files of the app's author, and checks that they have no more lines than README says. */
export function writeApp(project: Project, template: string): void {
  project.write(template);
  expect(project.lines).toBeGreaterThan(10);
  expect(project.lines).toBeLessThanOrEqual(MOST_LINES);
}

/** Creates a project with Vite, the package and the model. */
export async function createViteProject(project: Project, tarball: string): Promise<void> {
  await createVite(project);
  await project.install(tarball);
  project.addModel();
}

/** Replaces the project's page, and builds it. */
export async function buildWithVite(project: Project, template: string): Promise<void> {
  writeApp(project, template);
  await project.npm('run', 'build');
}
