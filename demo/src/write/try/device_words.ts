import type { DeviceCheck } from '../../library/device';

/** Describes a usable device and, for a processor, how long it takes, before the visitor starts anything. */
export function deviceInWords({ software, description }: DeviceCheck): string {
  if (!software) return `Runs on ${description}.`;
  const found = 'No graphics card was found, so the processor does the work';
  return `${found}: first words in about ten seconds, a quick lesson in a minute or two.`;
}
