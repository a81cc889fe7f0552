import type { Reference } from '../reference';

export const sequence_logps: Reference = ({ losses, sequences, logps }, { B }) => {
  for (let b = 0; b < B!; b++) {
    logps![b] = -losses!.subarray(sequences![2 * b], sequences![2 * b + 1]).reduce((sum, loss) => sum + loss, 0);
  }
};
