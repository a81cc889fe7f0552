/** What stands in the way on a device, and what to do about it. */
export interface DeviceIssue {
  /** An `ErrorCode`, or 'software_adapter', 'small_limits' or 'no_opfs'. */
  readonly code: string;
  readonly message: string;
  readonly fix: string;
}

/** What a device offers. */
export interface DeviceReport {
  /** 'ready': without issues. 'degraded': it trains, but see `issues`. 'unsupported': it can't. */
  readonly level: 'ready' | 'degraded' | 'unsupported';
  readonly issues: readonly DeviceIssue[];
  /** The GPU adapter that a session would take; null where there is none. Browsers may leave its names empty. */
  readonly gpu: {
    readonly vendor: string;
    readonly architecture: string;
    readonly description: string;
    /** Whether it says of itself that it computes in software. */
    readonly fallback: boolean;
    /** All of WebGPU's names. */
    readonly features: readonly string[];
    /** By WebGPU's names: bytes of `maxBufferSize`, `maxStorageBufferBindingSize`, … */
    readonly limits: Readonly<Record<string, number>>;
  } | null;
  readonly storage: {
    /** The best that this thread can write to: for files, for values, or neither, so that nothing outlives the session. */
    readonly kind: 'opfs' | 'indexeddb' | 'memory';
    /** Whether the browser has promised to leave it there when space runs out. */
    readonly persisted: boolean;
    /** Bytes that this origin has in use; 0 where the browser doesn't tell. */
    readonly usage: number;
  };
}
