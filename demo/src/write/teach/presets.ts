/** The settings that a preset sets. */
export interface PresetNumbers {
  readonly max_steps: number;
  readonly per_device_train_batch_size: number;
  readonly max_length: number;
  readonly warmup_steps: number;
}

export interface Preset {
  readonly name: string;
  readonly numbers: PresetNumbers;
}

const numbers = (max_steps: number, per_device_train_batch_size: number, max_length: number): PresetNumbers => ({
  max_steps,
  per_device_train_batch_size,
  max_length,
  warmup_steps: Math.round(max_steps / 15),
});

/** The presets. The shortest run takes a minute on a processor, and the longest takes minutes on a graphics card. */
export const presets = {
  quick: { name: 'Quick', numbers: numbers(45, 2, 64) },
  good: { name: 'Good', numbers: numbers(150, 2, 128) },
  thorough: { name: 'Thorough', numbers: numbers(500, 4, 128) },
} as const satisfies Readonly<Record<string, Preset>>;
export type PresetKey = keyof typeof presets;
