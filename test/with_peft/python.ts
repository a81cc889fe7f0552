import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';

/** What a program came to. */
export interface Outcome {
  readonly code: number | null;
  /** What it printed, both ways. */
  readonly output: string;
}

/** The interpreter of an environment that has what `requirements.txt` lists. */
function interpreter(): string {
  const path = process.env.WEBVERA_PYTHON;
  if (path === undefined) throw new Error('WEBVERA_PYTHON names no Python interpreter');
  return path;
}

/** Runs a Python script in a folder; `launch` starts it by accelerate's own command, with those arguments. */
export function runPython(
  folder: string,
  args: readonly string[],
  { launch, env = {} }: { readonly launch?: readonly string[]; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<Outcome> {
  const python = interpreter();
  const accelerate = join(dirname(python), 'accelerate');
  const [program, all] = launch === undefined ? [python, args] : [accelerate, ['launch', ...launch, ...args]];
  const own = { OMP_NUM_THREADS: '1', HF_HUB_OFFLINE: '1' };
  const child = spawn(program, all, { cwd: folder, env: { ...process.env, ...own, ...env } });
  let output = '';
  child.stdout.on('data', (data) => (output += data));
  child.stderr.on('data', (data) => (output += data));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, output }));
  });
}
