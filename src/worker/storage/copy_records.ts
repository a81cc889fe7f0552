import { WebVeraError } from '../../core/errors/error';
import type { FileMetadata } from '../../hub/download';
import type { KeptFile } from '../../store/weight_store';

/** Whether a file needs no download: it is complete, or known to be missing. */
export function isComplete(record: KeptFile | undefined): record is KeptFile {
  return record?.state === 'verified' || record?.state === 'absent';
}

/** Whether a download can continue after this partial copy. An ETag, date or hash is needed to check that the file is the same. */
export function canResume({ state, bytes, tag, told }: KeptFile): boolean {
  return state === 'partial' && bytes > 0 && (tag ?? told) !== undefined;
}

/** Whether a file's bytes are all or partly usable. */
export function hasBytes(record: KeptFile | undefined): record is KeptFile {
  return record?.state === 'verified' || (record !== undefined && canResume(record));
}

export function factsOf({ size, tag, told }: KeptFile): FileMetadata {
  return { size, tag, sha256: told };
}

export function isSame(record: KeptFile, { size, tag }: FileMetadata): boolean {
  return tag !== undefined && tag === record.tag && (size === undefined || size === record.size);
}

export function corrupt(file: string): WebVeraError {
  return new WebVeraError('storage_corrupt', `${file}: the copy on this device is damaged`, {
    hint: 'Load the model without local_files_only to repair the copy.',
    retryable: true,
    detail: { file },
  });
}
