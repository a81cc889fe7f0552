import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import { findOracle, oracleEnvironment, PythonMissing } from '../../../scripts/test/python.mjs';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The path of a Python with PEFT, and the socket of its fork server. Undefined if there is no such Python. */
    python: { readonly path: string; readonly forks: string | undefined } | undefined;
  }
}

/** Finds a Python with PEFT, or installs the packages. If that fails, tests with PEFT are skipped, and the reason is printed. */
export async function setup(project: TestProject): Promise<(() => void) | undefined> {
  try {
    const path = await findOracle((message) => console.error(message));
    const server = await startForkServer(path);
    project.provide('python', { path, forks: server?.socket });
    return server?.stop;
  } catch (error) {
    if (!(error instanceof PythonMissing)) throw error;
    console.error(`Tests against PEFT are skipped: ${error.message}`);
    project.provide('python', undefined);
    return undefined;
  }
}

/** Starts the fork server. It imports nothing before its first connection. Returns undefined on systems whose libraries break in forks. */
async function startForkServer(python: string): Promise<{ readonly socket: string; stop(): void } | undefined> {
  if (process.platform !== 'linux') return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'webvera-forks-'));
  const socket = join(folder, 'socket');
  const script = fileURLToPath(new URL('../python/fork_server.py', import.meta.url));
  const server = spawn(python, [script, socket], { env: oracleEnvironment(), stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(server, 'exit').then(([code]) =>
    Promise.reject(new Error(`${script} ended with exit code ${code}`)),
  );
  await Promise.race([once(server.stdout, 'data'), ended]);
  return {
    socket,
    stop() {
      server.stdin.end();
      rmSync(folder, { recursive: true });
    },
  };
}
