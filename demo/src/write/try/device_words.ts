import type { DeviceCheck } from '../../library/device';

/** Explains before a click what a usable device means for a visitor. */
export function deviceInWords({ software, description }: DeviceCheck): string {
  if (!software) return `Runs on ${description}.`;
  const found = 'No graphics card was found, so the processor does the work';
  return `${found}: first words in about ten seconds, a quick lesson in a minute or two.`;
}
