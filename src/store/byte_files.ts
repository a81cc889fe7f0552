/** Large binary files, addressed by name. Calls that fail reject with a `StoreError`. */
export interface ByteFiles {
  /** Opens a file for writing at any offset. Throws `locked_by_other_tab` while another writer has it open. */
  write(name: string): Promise<ByteWriter>;
  /** Reads bytes from `begin` to `end`: fewer if the file is shorter, none if it does not exist. */
  read(name: string, begin: number, end: number): Promise<Uint8Array<ArrayBuffer>>;
  /** Deletes a file. A missing file is ignored. */
  delete(name: string): Promise<void>;
}

export interface ByteWriter {
  /**
   * Writes bytes at an offset, and deletes those that lie after them. Resolves once they are on disk. Throws `storage_full` if there is no
   * room for all of them.
   */
  write(bytes: Uint8Array<ArrayBuffer>, at: number): Promise<void>;
  close(): Promise<void>;
}
