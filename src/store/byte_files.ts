/** Large files of bytes, by name. What fails throws a `StoreError`. */
export interface ByteFiles {
  /** To be written anywhere. Throws `locked_by_other_tab` while somebody else writes it. */
  write(name: string): Promise<ByteWriter>;
  /** Fewer bytes than asked for where the file ends before, or there is none. */
  read(name: string, begin: number, end: number): Promise<Uint8Array<ArrayBuffer>>;
  /** A name that isn't there is ignored. */
  delete(name: string): Promise<void>;
}

export interface ByteWriter {
  /** Resolves once they are on disk. Throws `storage_full` where there is no room for all of them. */
  write(bytes: Uint8Array<ArrayBuffer>, at: number): Promise<void>;
  close(): Promise<void>;
}
