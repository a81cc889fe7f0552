import type { DeviceCheck } from '../../library/device';

/** Describes a usable device to a visitor; without a graphics card, also how long writing and a lesson take on the processor. */
export function deviceInWords({ software, description }: DeviceCheck): string {
  if (!software) return `Runs on ${description}.`;
  const found = 'No graphics card was found, so the processor does the work';
  return `${found}: first words in about ten seconds, a quick lesson in a minute or two.`;
}
