/**
 * Defaults of training arguments. They cause no warning, even if they are too large for a model or its data, because the caller didn't
 * choose them.
 */
export const USUAL = { per_device_train_batch_size: 4, max_length: 1024 } as const;
