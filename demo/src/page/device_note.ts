import type { DeviceCheck } from '../library/device';
import type { App } from '../write/app';
import { byId, setText, show } from './dom';

/** Says what computes here, or why nothing can and what to do. */
export function deviceNote({ store }: App): void {
  store.watch(({ device }) => showDevice(device));
}

/** The same of a device, which is undefined until it is known. */
export function showDevice(device: DeviceCheck | undefined): void {
  show(byId('unsupported', 'section'), device?.usable === false);
  show(byId('device', 'p'), device?.usable === true);
  if (device === undefined) return;
  setText(byId('unsupported-reason', 'p'), device.description);
  const software = 'No graphics card found: it computes on the processor, which is slow.';
  setText(byId('device', 'p'), device.software ? software : `Computes on ${device.description}.`);
}
