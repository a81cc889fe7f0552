import { readCheckpoint, writeCheckpoint } from '../../../../src/formats/checkpoint';
import { attempt, expectSame, type FuzzTarget, headed, partsOf } from '../../target';

/** The number of trained floats of each adapter. */
const LENGTHS = [3, 2];

/** The input: a run's stored checkpoint, split into its header and its tensors. */
export const target: FuzzTarget = {
  name: 'checkpoint',
  codes: ['invalid_format', 'invalid_argument', 'limit_exceeded'],
  run(bytes) {
    const [header, data] = partsOf(bytes, 2) as [Uint8Array, Uint8Array];
    const read = attempt(target, () => readCheckpoint(headed(header, data), LENGTHS));
    if (read !== undefined) expectSame('what is written again', readCheckpoint(writeCheckpoint(read), LENGTHS), read);
  },
};
