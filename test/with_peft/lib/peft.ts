import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, inject } from 'vitest';
import { oracleEnvironment } from '../../../scripts/test/python.mjs';
import type { GoldenBatch } from '../../helpers/golden/golden';

/** Where there is no Python with PEFT, tests are skipped. */
export const describeWithPeft = describe.skipIf(inject('python') === undefined);

export interface ForwardRequest {
  /** Folders. */
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
  /** (B, T, V) */
  readonly logits: readonly number[];
  readonly greedy: readonly number[];
  readonly warnings: readonly string[];
}

export interface TrainRequest {
  /** Folders. `config` begins with a fresh adapter in place of `adapter`. */
  readonly base: string;
  readonly adapter?: string;
  readonly config?: object;
  readonly batches: readonly GoldenBatch[];
  readonly learning_rate: number;
  readonly weight_decay?: number;
  readonly steps: number;
  /** A file with AdamW's moments after `done` steps. */
  readonly moments?: string;
  readonly done?: number;
  /** Where to save the adapter. */
  readonly out?: string;
}

export interface TrainAnswer {
  readonly losses: readonly number[];
  readonly warnings: readonly string[];
}

/** Real PEFT, in a process of its own that lasts for all questions, as importing torch takes seconds. */
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
    this.#bridge?.child.kill();
  }

  /** One question after another: answers come in their order. */
  #ask<T>(request: object): Promise<T> {
    // Begun by the first one: where tests are skipped there is none.
    this.#bridge ??= startBridge();
    const { child, answers, said } = this.#bridge;
    const answered = this.#last.then(async () => {
      child.stdin.write(`${JSON.stringify(request)}\n`);
      const { value, done } = await answers.next();
      if (done) throw new Error(`Python ended: ${said()}`);
      const { result, error } = JSON.parse(value);
      if (error !== undefined) throw new Error(error);
      return result;
    });
    this.#last = answered.catch(() => {});
    return answered;
  }
}

interface Bridge {
  readonly child: ChildProcessWithoutNullStreams;
  readonly answers: AsyncIterator<string>;
  /** The end of what it complained of. */
  said(): string;
}

function startBridge(): Bridge {
  const script = fileURLToPath(new URL('bridge.py', import.meta.url));
  const child = spawn(inject('python') ?? '', [script], { env: oracleEnvironment() });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    said = (said + text).slice(-4000);
  });
  return { child, answers: createInterface(child.stdout)[Symbol.asyncIterator](), said: () => said };
}
