import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { mutations } from './mutations';

export interface VaryOptions {
  /** The folders with seed inputs. */
  readonly corpus: readonly string[];
  readonly seconds: number;
  readonly seed: number;
  /** The file to which the current input is written. It remains if the process dies. */
  readonly last: string;
}

/** The number of inputs that are generated from one random seed. */
const TOGETHER = 25;

/**
 * Fuzzes with variations of a corpus in which whole JSON values are replaced. libFuzzer changes bytes only, and few of
 * its variations of a tokenizer's file are valid JSON.
 */
export async function vary(
  fuzz: (bytes: Uint8Array) => void | Promise<void>,
  { corpus, seconds, seed, last }: VaryOptions,
): Promise<number> {
  const end = Date.now() + 1000 * seconds;
  const seeds = corpus.flatMap((folder) =>
    readdirSync(folder).map((file) => new Uint8Array(readFileSync(join(folder, file)))),
  );
  const near = mutations(seeds.filter(({ length }) => length < 16_384));
  let tried = 0;
  for (let turn = 0; Date.now() < end; turn++) {
    for (const bytes of fc.sample(near, { seed: seed + turn, numRuns: TOGETHER })) {
      if (Date.now() >= end) break;
      writeFileSync(last, bytes);
      await fuzz(bytes);
      tried++;
    }
  }
  return tried;
}
