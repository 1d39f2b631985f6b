/**
 * What the block code sees of jbd2: the running transaction has a number, and a commit starts the next one.
 */
export class Journal {
  /** Number of the running transaction. */
  tid: number = 1
}
