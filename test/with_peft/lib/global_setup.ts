import type { TestProject } from 'vitest/node';
import { findOracle, PythonMissing } from '../../../scripts/test/python.mjs';

declare module 'vitest' {
  export interface ProvidedContext {
    /** An interpreter with PEFT; undefined where there is none. */
    python: string | undefined;
  }
}

/** Finds Python, or installs its packages. Without them the tests are skipped, and it is said why. */
export async function setup(project: TestProject): Promise<void> {
  try {
    project.provide('python', await findOracle((message) => console.error(message)));
  } catch (error) {
    if (!(error instanceof PythonMissing)) throw error;
    console.error(`Tests against PEFT are skipped: ${error.message}`);
    project.provide('python', undefined);
  }
}
