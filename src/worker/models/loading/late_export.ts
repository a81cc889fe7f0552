import { late } from '../../../core/async/late';

/** Loads the code that writes a model's folder. */
export const exportCode = late(async () => await import('./export_model'));
