import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * Runs the projects one after the other, in the order of the configuration, because a process that keeps its device can't run files of
 * another project. Files of a project have vitest's order: the slow and the large first.
 */
export class ProjectSequencer extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const names = this.ctx.projects.map(({ name }) => name);
    return sorted.toSorted((a, b) => names.indexOf(a.project.name) - names.indexOf(b.project.name));
  }
}
