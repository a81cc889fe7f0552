import { late } from '../../core/async/late';

/** The reader of CSV files. */
export const csvCode = late(async () => await import('./csv'));
