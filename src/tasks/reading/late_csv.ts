import { late } from '../../core/async/late';

/** The reader of CSV files, loaded on first use. */
export const csvCode = late(async () => await import('./csv'));
