import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { inject } from 'vitest';
import { oracleEnvironment } from '../../../scripts/test/python.mjs';

/** What a program came to. */
export interface Outcome {
  readonly code: number | null;
  /** What it printed, both ways. */
  readonly output: string;
}

/** Runs a Python script in a folder; `launch` starts it by accelerate's own command, with those arguments. */
export function runPython(
  folder: string,
  args: readonly string[],
  { launch, env = {} }: { readonly launch?: readonly string[]; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<Outcome> {
  const python = inject('python') ?? '';
  const accelerate = join(dirname(python), 'accelerate');
  const [program, all] = launch === undefined ? [python, args] : [accelerate, ['launch', ...launch, ...args]];
  const child = spawn(program, all, { cwd: folder, env: { ...oracleEnvironment(), ...env } });
  let output = '';
  child.stdout.on('data', (data) => (output += data));
  child.stderr.on('data', (data) => (output += data));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, output }));
  });
}
