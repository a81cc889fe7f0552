import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { mutations } from './mutations';

export interface VaryOptions {
  /** Folders of inputs to begin with. */
  readonly corpus: readonly string[];
  readonly seconds: number;
  readonly seed: number;
  /** Where the input lies that is tried at the moment, for whoever finds this process dead. */
  readonly last: string;
}

/** Inputs that are made at a time, all from one seed. */
const TOGETHER = 25;

/**
 * Hands over inputs near those of a corpus, with values of JSON changed as a whole: libFuzzer knows bytes alone, and of what it
 * makes of a tokenizer's file little is JSON.
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
