import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * The slowest test files. A project begins with them, in this order, so that no slow file runs alone at the end. The session compiles most
 * of Firefox's shaders, which later files take from Mesa's cache.
 */
const LONG = [
  'packages/bundlers.all.test.ts',
  'packages/guides.all.test.ts',
  'with_peft/adapters.test.ts',
  'browser/docs/site.all.test.ts',
  'browser/visits/stories.all.test.ts',
  'browser/docs/samples.all.test.ts',
  'browser/runs/classified.all.test.ts',
  'browser/runs/resume.test.ts',
  'browser/session.test.ts',
];

/**
 * Orders test files: one vitest project after the other, as in the configuration, because a process that holds a GPU device can't
 * run files of another project. Within a project, the files in `LONG` come first. The others have vitest's order: files
 * that were slow in earlier runs first, or large files in a fresh clone.
 */
export class ProjectSequencer extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const names = this.ctx.projects.map(({ name }) => name);
    return sorted.toSorted(
      (a, b) => names.indexOf(a.project.name) - names.indexOf(b.project.name) || placeOf(a) - placeOf(b),
    );
  }
}

function placeOf({ moduleId }: TestSpecification): number {
  const place = LONG.findIndex((name) => moduleId.endsWith(`/test/${name}`));
  return place === -1 ? LONG.length : place;
}
