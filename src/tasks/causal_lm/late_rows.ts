import { late } from '../../core/async/late';

/** The reader of examples, loaded on first use. */
export const rowCode = late(async () => await import('./row_code'));
