/** A problem of a device, with a remedy. */
export interface DeviceIssue {
  /** An `ErrorCode`, or 'software_adapter', 'small_limits' or 'no_opfs'. */
  readonly code: string;
  readonly message: string;
  readonly fix: string;
}

/** The capabilities of a device. */
export interface DeviceReport {
  /** 'ready': no issues. 'degraded': training works, with the limits in `issues`. 'unsupported': training doesn't work. */
  readonly level: 'ready' | 'degraded' | 'unsupported';
  readonly issues: readonly DeviceIssue[];
  /** The GPU adapter that a session would use; null if there is none. Browsers may leave its names empty. */
  readonly gpu: {
    readonly vendor: string;
    readonly architecture: string;
    readonly description: string;
    /** Whether the adapter reports that it computes in software. */
    readonly fallback: boolean;
    /** All features, by WebGPU's names. */
    readonly features: readonly string[];
    /** By WebGPU's names: bytes of `maxBufferSize`, `maxStorageBufferBindingSize`, … */
    readonly limits: Readonly<Record<string, number>>;
  } | null;
  readonly storage: {
    /** The best storage that this thread can write to: files, values in a database, or memory, which ends with the session. */
    readonly kind: 'opfs' | 'indexeddb' | 'memory';
    /** Whether the browser has promised not to evict the data when space runs out. */
    readonly persisted: boolean;
    /** Bytes that this origin uses; 0 if the browser doesn't report them. */
    readonly usage: number;
  };
}
