import { readFileSync } from 'node:fs';

/** See its `about`: what PyPI's `gguf` writes and reads, in base64. */
const golden = JSON.parse(readFileSync('test/golden/gguf.json', 'utf8')) as {
  readonly blocks: readonly {
    readonly name: string;
    readonly type: number;
    readonly bytes: string;
    readonly values: string;
  }[];
  readonly packed: Readonly<Record<string, string>>;
  readonly files: Readonly<Record<string, string>>;
  readonly rows: readonly { readonly pre: string; readonly text: string; readonly ids: readonly number[] }[];
};

export const ggufBlocks = golden.blocks;
export const ggufPacked = golden.packed;
export const ggufRows = golden.rows;
export const ggufNames = Object.keys(golden.files);

export function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(base64, 'base64'));
}

export function ggufFile(name: string): Uint8Array<ArrayBuffer> {
  const file = golden.files[name];
  if (file === undefined) throw new Error(`there is no ${name}`);
  return bytesOf(file);
}
