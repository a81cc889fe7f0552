import type { DeviceCheck } from '../../library/device';

/** Whether the page may load and run a model before a click: only with a graphics card, and if the browser isn't set to save data. */
export function mayStart(device: DeviceCheck): boolean {
  const { connection } = navigator as { connection?: { readonly saveData?: boolean } };
  return device.usable && !device.software && connection?.saveData !== true;
}

/** Calls `callback` as soon as an element is visible. */
export function onceVisible(element: Element, callback: () => void): void {
  const observer = new IntersectionObserver((entries) => {
    if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
    observer.disconnect();
    callback();
  });
  observer.observe(element);
}
