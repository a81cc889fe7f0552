/** A problem of a device, with a remedy. */
export interface DeviceIssue {
  /** An `ErrorCode`, or 'software_adapter', 'small_limits' or 'no_opfs'. */
  readonly code: string;
  readonly message: string;
  readonly fix: string;
}

/** The capabilities of a device. */
export interface DeviceReport {
  /** 'ready': no issues. 'degraded': training works, with the limitations in `issues`. 'unsupported': training doesn't work. */
  readonly level: 'ready' | 'degraded' | 'unsupported';
  readonly issues: readonly DeviceIssue[];
  /** The GPU adapter that a session would use; null if there is none. Browsers may leave its vendor and other names empty. */
  readonly gpu: {
    readonly vendor: string;
    readonly architecture: string;
    readonly description: string;
    /** Whether the GPU adapter reports that it computes in software. */
    readonly fallback: boolean;
    /** All features of the GPU adapter, by WebGPU's names. */
    readonly features: readonly string[];
    /** All limits of the GPU adapter, by WebGPU's names: `maxBufferSize` (in bytes), … */
    readonly limits: Readonly<Record<string, number>>;
  } | null;
  readonly storage: {
    /**
     * The best storage that this thread can write to: 'opfs' (files), 'indexeddb' (a database), or 'memory', which lasts until the session
     * ends.
     */
    readonly kind: 'opfs' | 'indexeddb' | 'memory';
    /** Whether the browser has promised not to evict the data when space runs out. */
    readonly persisted: boolean;
    /** Bytes that this origin uses; 0 if the browser doesn't report them. */
    readonly usage: number;
  };
}
