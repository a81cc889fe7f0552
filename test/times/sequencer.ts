import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * One project's files after the other's, in the order of the configuration, as a process that keeps its device can't go on to another
 * project's. Within a project vitest's own order: the slow and the large first.
 */
export class ProjectSequencer extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const names = this.ctx.projects.map(({ name }) => name);
    return sorted.toSorted((a, b) => names.indexOf(a.project.name) - names.indexOf(b.project.name));
  }
}
