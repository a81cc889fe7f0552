import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { describe, inject } from 'vitest';
import { oracleEnvironment } from '../../../scripts/test/python.mjs';
import type { GoldenBatch } from '../../helpers/golden/golden';
import { startFork } from './python';

/** A `describe` whose tests are skipped if there is no Python with PEFT. */
export const describeWithPeft = describe.skipIf(inject('python') === undefined);

export interface ForwardRequest {
  /** The path of the base model's folder. `adapter` is a path too. */
  readonly base: string;
  readonly adapter?: string;
  readonly batch: GoldenBatch;
  readonly merge?: boolean;
  readonly prompt?: readonly number[];
  readonly new_tokens?: number;
}

export interface ForwardAnswer {
  readonly peft_type: string | null;
  readonly loss: number;
  /** Shape (B, T, V). */
  readonly logits: readonly number[];
  readonly greedy: readonly number[];
  readonly warnings: readonly string[];
}

export interface TrainRequest {
  /** The path of the base model's folder. `adapter` is the path of a saved adapter; `config` creates a new adapter instead. */
  readonly base: string;
  readonly adapter?: string;
  readonly config?: object;
  readonly batches: readonly GoldenBatch[];
  readonly learning_rate: number;
  readonly weight_decay?: number;
  readonly steps: number;
  /** The path of a file with AdamW's moments after `done` steps. */
  readonly moments?: string;
  readonly done?: number;
  /** The folder to save the adapter in. */
  readonly out?: string;
}

export interface TrainAnswer {
  readonly losses: readonly number[];
  readonly warnings: readonly string[];
}

/** Real PEFT, in its own process that answers all requests. */
export class Peft {
  #bridge: Bridge | undefined;
  #last: Promise<unknown> = Promise.resolve();

  forward(request: ForwardRequest): Promise<ForwardAnswer> {
    return this.#ask({ command: 'forward', ...request });
  }

  train(request: TrainRequest): Promise<TrainAnswer> {
    return this.#ask({ command: 'train', ...request });
  }

  close(): void {
    this.#bridge?.input.end();
  }

  /** Sends a request once the previous one has been answered, so that answers have the order of the requests. */
  #ask<T>(request: object): Promise<T> {
    // The process starts with the first request, so that skipped tests don't start one.
    this.#bridge ??= startBridge();
    const { input, lines } = this.#bridge;
    const answered = this.#last.then(async () => {
      input.write(`${JSON.stringify(request)}\n`);
      const { result, error } = await nextAnswer(lines);
      if (error !== undefined) throw new Error(error);
      return result as T;
    });
    this.#last = answered.catch(() => {});
    return answered;
  }
}

interface Bridge {
  readonly input: Writable;
  readonly lines: AsyncIterator<string>;
}

function startBridge(): Bridge {
  const args = [fileURLToPath(new URL('../python/bridge.py', import.meta.url))];
  const fork = startFork('.', args);
  if (fork !== undefined) return { input: fork, lines: linesOf(fork) };
  const { stdin, stdout } = spawn(inject('python')?.path ?? '', args, {
    env: oracleEnvironment(),
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  return { input: stdin, lines: linesOf(stdout) };
}

const linesOf = (input: Readable) => createInterface({ input })[Symbol.asyncIterator]();

/** Reads the next line that is an answer. Other lines are Python's messages. */
async function nextAnswer(lines: AsyncIterator<string>): Promise<{ result?: unknown; error?: string }> {
  let said = '';
  for (;;) {
    const { value, done } = await lines.next();
    if (done) throw new Error(`Python ended: ${said.slice(-4000)}`);
    if (/^{"(result|error)": /.test(value)) return JSON.parse(value);
    said += `${value}\n`;
  }
}
