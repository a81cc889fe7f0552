import { readSafetensors, type Safetensors, writeSafetensors } from '../../../../src/formats/tensors/safetensors';
import { parseHeader } from '../../../../src/formats/tensors/safetensors_header';
import { attempt, expectSame, type FuzzTarget, headed } from '../../target';

/** The input: a weight file, read unchanged and with the correct header length. The header is also parsed without the file's size. */
export const target: FuzzTarget = {
  name: 'safetensors',
  codes: ['invalid_format', 'limit_exceeded'],
  most_ms: 50,
  run(bytes) {
    const end = bytes.lastIndexOf('}'.charCodeAt(0)) + 1;
    const mended = end > 8 ? headed(bytes.subarray(8, end), bytes.subarray(end)) : bytes;
    for (const file of [bytes, mended]) {
      attempt(target, () => parseHeader(file, undefined));
      const read = attempt(target, () => readSafetensors(file));
      if (read !== undefined) expectWrittenAgain(read);
    }
  },
};

function expectWrittenAgain(read: Safetensors): void {
  const again = readSafetensors(writeSafetensors(read.tensors, read.metadata));
  const facts = ({ tensors, metadata }: Safetensors): unknown => [
    [...tensors].map(([name, { dtype, shape, bytes }]) => [name, dtype, shape, [...bytes]]).sort(byName),
    [...metadata],
  ];
  expectSame('a file that is written again', facts(again), facts(read));
}

function byName([a]: readonly unknown[], [b]: readonly unknown[]): number {
  return String(a) < String(b) ? -1 : 1;
}
