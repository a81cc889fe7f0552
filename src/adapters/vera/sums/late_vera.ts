import { late } from '../../../core/async/late';

/** Loads the code that computes weighted sums of adapters. */
export const sumCode = late(async () => await import('./weighted'));
/** Loads the code that writes an adapter as the two files of a LoRA. */
export const loraCode = late(async () => await import('./lora_files'));
