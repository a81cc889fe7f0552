import { late } from '../../core/async/late';

/** The reader of examples with a label for each word, loaded on first use. */
export const taggedCode = late(async () => await import('./collect_tagged'));
