export interface DeviceCheck {
  readonly usable: boolean;
  /** What computes, or why nothing can. */
  readonly description: string;
  /** It computes on the processor, which is slow. */
  readonly software: boolean;
}

/** Whether models can be loaded here. Asks for an adapter and keeps nothing. */
export async function checkDevice(): Promise<DeviceCheck> {
  if (!globalThis.isSecureContext) return unusable('WebGPU needs a secure address, and this page has none.');
  const { gpu } = navigator as { gpu?: GPU };
  if (gpu === undefined) return unusable('It has no WebGPU, with which pages compute on the graphics card.');
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' }).catch(() => null);
  if (adapter === null) return unusable('It has WebGPU, but gives this page no graphics card.');
  const { vendor, architecture, description } = adapter.info;
  const name = description || [vendor, architecture].filter((part) => part !== '').join(' ') || 'the graphics card';
  const software =
    adapter.info.isFallbackAdapter === true || /swiftshader|llvmpipe|software/i.test(name + architecture);
  return { usable: true, description: name, software };
}

function unusable(description: string): DeviceCheck {
  return { usable: false, description, software: false };
}
