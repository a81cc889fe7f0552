import { ChoiceProblem } from '../../library/choice_problem';
import { fromHalf } from './half';

/** A tensor of a safetensors file, in float32. */
export interface NamedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** Reads a safetensors file that the library has checked. Throws `ChoiceProblem` for data types other than float32 and float16. */
export function readTensors(bytes: ArrayBuffer): readonly NamedTensor[] {
  const length = Number(new DataView(bytes).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, 8, length))) as Readonly<
    Record<string, { dtype: string; shape: number[]; data_offsets: [number, number] }>
  >;
  const entries = Object.entries(header).filter(([name]) => name !== '__metadata__');
  return entries.map(([name, { dtype, shape, data_offsets }]) => {
    const [from, to] = data_offsets.map((offset) => offset + 8 + length);
    return { name, shape, values: numbersOf(dtype, bytes.slice(from, to)) };
  });
}

function numbersOf(dtype: string, bytes: ArrayBuffer): Float32Array {
  if (dtype === 'F32') return new Float32Array(bytes);
  if (dtype === 'F16') return Float32Array.from(new Uint16Array(bytes), fromHalf);
  throw new ChoiceProblem(`This voice has numbers in ${dtype}, which no link holds. Download it, and share the file.`);
}

export function writeTensors(tensors: readonly NamedTensor[]): Blob {
  let end = 0;
  const entries = tensors.map(({ name, shape, values }) => {
    const start = end;
    end += values.byteLength;
    return [name, { dtype: 'F32', shape, data_offsets: [start, end] }] as const;
  });
  const header = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
  // Pads the header with spaces, so that the tensors' data begins at a multiple of eight bytes.
  const padded = new Uint8Array(Math.ceil(header.length / 8) * 8).fill(0x20);
  padded.set(header);
  const length = new DataView(new ArrayBuffer(8));
  length.setBigUint64(0, BigInt(padded.length), true);
  return new Blob([length, padded, ...tensors.map(({ values }) => values as Float32Array<ArrayBuffer>)]);
}
