import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';

const command = fileURLToPath(new URL('../../../scripts/finetune.mjs', import.meta.url));

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface Finetuning {
  /** It has `short.txt`, the text that each run learns, and is removed after the file's tests. */
  readonly folder: string;
  finetune(...args: string[]): Promise<Outcome>;
  /** Two steps, if the arguments say nothing else. */
  train(out: string, ...more: string[]): Promise<Outcome>;
  /** Reads a file that a run wrote to its folder. */
  result(out: string, name: string): Promise<Buffer>;
}

/** Returns functions that run `npm run finetune` in a new folder. */
export function finetuneIn(): Finetuning {
  const folder = mkdtempSync(join(tmpdir(), 'webvera-test-'));
  afterAll(() => rm(folder, { recursive: true }));
  const book = readFileSync(new URL('../../../demo/public/text/moby-dick.txt', import.meta.url), 'utf8');
  writeFileSync(join(folder, 'short.txt'), book.slice(0, 6000));
  const finetune = (...args: string[]): Promise<Outcome> => runIn(folder, args);
  return {
    folder,
    finetune,
    train: (out, ...more) => finetune('--out', out, '--max_steps', '2', '--r', '8', '--seed', '5', ...more),
    result: (out, name) => readFile(join(folder, out, name)),
  };
}

function runIn(folder: string, args: readonly string[]): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [command, '--text', 'short.txt', ...args], {
      env: { ...process.env, INIT_CWD: folder },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      stderr += text;
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}
