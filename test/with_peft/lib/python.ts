import { spawn } from 'node:child_process';
import { connect, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { inject } from 'vitest';
import { oracleEnvironment } from '../../../scripts/test/python.mjs';

/** A program's exit code and output. */
export interface Outcome {
  readonly code: number | null;
  /** Standard output and error output together. */
  readonly output: string;
}

interface Options {
  readonly env?: Readonly<Record<string, string>>;
  /** Arguments of `accelerate launch`. If they are given, accelerate starts the script. */
  readonly launch?: readonly string[];
}

/** Runs Python in a new process in a folder, and waits for its end. */
export function runFreshPython(folder: string, args: readonly string[], options: Options = {}): Promise<Outcome> {
  const { launch, env = {} } = options;
  const { path = '' } = inject('python') ?? {};
  const accelerate = join(dirname(path), 'accelerate');
  const [program, all] = launch === undefined ? [path, args] : [accelerate, ['launch', ...launch, ...args]];
  const child = spawn(program, all, { cwd: folder, env: { ...oracleEnvironment(), ...env } });
  let output = '';
  child.stdout.on('data', (data) => (output += data));
  child.stderr.on('data', (data) => (output += data));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, output }));
  });
}

/** Runs `python SCRIPT …` in a folder, in a fork of a process that has imported torch and PEFT and has run nothing else. */
export async function runPython(
  folder: string,
  args: readonly string[],
  { env = {} }: Pick<Options, 'env'> = {},
): Promise<Outcome> {
  const fork = startFork(folder, args, env);
  if (fork === undefined) return runFreshPython(folder, args, { env });
  let output = '';
  for await (const text of fork.setEncoding('utf8')) output += text;
  const [ending = '', code] = /\nexit code (\d+)\n$/.exec(output) ?? [];
  return { code: code === undefined ? null : Number(code), output: output.slice(0, output.length - ending.length) };
}

/**
 * Starts a script in a fork. The returned socket is its standard input, standard output and error output. Returns
 * undefined on systems where forks of torch aren't safe.
 */
export function startFork(folder: string, args: readonly string[], env: Options['env'] = {}): Socket | undefined {
  const { forks } = inject('python') ?? {};
  if (forks === undefined) return undefined;
  const socket = connect(forks);
  socket.write(`${JSON.stringify({ folder, args, env: { ...oracleEnvironment(), ...env } })}\n`);
  return socket;
}
