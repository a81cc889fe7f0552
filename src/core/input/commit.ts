/** Whether a revision is a commit's whole hash, as the hub writes it, rather than a branch or a tag. */
export function isCommit(revision: unknown): revision is string {
  return typeof revision === 'string' && /^[\da-f]{40}$/.test(revision);
}
