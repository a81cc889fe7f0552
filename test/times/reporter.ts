import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, relative } from 'node:path';
import type { Reporter, TestModule, Vitest } from 'vitest/node';
import type { FileTimes } from '../../scripts/test/times.mjs';
import { timesOf } from '../../scripts/test/times.mjs';

/** Writes how long each test file took, beside vitest's JSON report, for `npm run test:times`. */
export default class TimesReporter implements Reporter {
  #vitest: Vitest | undefined;

  onInit(vitest: Vitest): void {
    this.#vitest = vitest;
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    const { root, outputFile } = this.#vitest?.config ?? {};
    const report = typeof outputFile === 'object' ? outputFile.json : undefined;
    if (root === undefined || report === undefined) return;
    const file = timesOf(report);
    mkdirSync(dirname(file), { recursive: true });
    const times = modules.map((module) => fileTimes(module, root));
    writeFileSync(file, `${JSON.stringify(times, undefined, 1)}\n`);
  }
}

function fileTimes(module: TestModule, root: string): FileTimes {
  const { environmentSetupDuration, prepareDuration, collectDuration, setupDuration, duration } = module.diagnostic();
  const { launching = 0, compiling = 0, idle = 0 } = module.meta().spent ?? {};
  const imports = environmentSetupDuration + prepareDuration + collectDuration + setupDuration;
  return {
    project: module.project.name,
    file: relative(root, module.moduleId),
    total: imports + duration,
    imports,
    launching,
    compiling,
    idle,
  };
}
