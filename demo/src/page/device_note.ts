import type { DeviceCheck } from '../library/device';
import { byId, setText, show } from './dom';

/** Shows which device computes, or why no device can. `device` is undefined until the device check ends. */
export function showDevice(device: DeviceCheck | undefined, inWords = deviceInWords): void {
  show(byId('unsupported', 'section'), device?.usable === false);
  show(byId('device', 'p'), device?.usable === true);
  if (device === undefined) return;
  setText(byId('unsupported-reason', 'p'), device.description);
  setText(byId('device', 'p'), inWords(device));
}

function deviceInWords({ software, description }: DeviceCheck): string {
  return software
    ? 'No graphics card found: it computes on the processor, which is slow.'
    : `Computes on ${description}.`;
}
