/**
 * Freed extents that may not be used again until the log holds the transactions that freed them.
 * @module
 */

interface Node {
  readonly bno: number
  readonly length: number
  red: boolean
  parent: Node | null
  left: Node | null
  right: Node | null
}

/**
 * The busy extents of one allocation group (fs/xfs/xfs_extent_busy.c, 6.1). A red-black tree as the kernel's, because
 * what trimming leaves of a free extent that overlaps several busy ones depends on which is nearest to the root.
 */
export class BusyExtents {
  #root: Node | null = null
  /** What the last `trim` left. */
  bno = 0
  length = 0

  /** Forgets all: the log has been forced. */
  clear(): void {
    this.#root = null
  }

  /** fs/xfs/xfs_extent_busy.c: xfs_extent_busy_insert, 6.1. */
  insert(bno: number, length: number): void {
    let parent: Node | null = null
    for (let at = this.#root; at !== null; at = bno < at.bno ? at.left : at.right) parent = at
    const node: Node = { bno, length, red: true, parent, left: null, right: null }
    if (parent === null) this.#root = node
    else if (bno < parent.bno) parent.left = node
    else parent.right = node
    this.#balance(node)
  }

  /**
   * Cuts the busy parts out of a free extent, until it is shorter than `minlen`; whether there were any. A length of 0
   * in the answer says that nothing usable is left (fs/xfs/xfs_extent_busy.c: xfs_extent_busy_trim, 6.1).
   */
  trim(bno: number, length: number, minlen: number, maxlen: number): boolean {
    let start = bno
    let end = bno + length
    for (let at = this.#root; at !== null && end - start >= minlen; ) {
      const busyEnd = at.bno + at.length
      if (end <= at.bno) at = at.left
      else if (start >= busyEnd) at = at.right
      else if (at.bno <= start) {
        if (end <= busyEnd) end = start
        else start = busyEnd
      } else if (busyEnd >= end) end = at.bno
      else if (at.bno - start >= maxlen) end = at.bno
      else if (end - busyEnd >= maxlen * 4) start = busyEnd
      else if (at.bno - start >= minlen) end = at.bno
      else end = start
    }
    this.bno = start
    this.length = end - start
    return start !== bno || end !== bno + length
  }

  /** lib/rbtree.c: rb_insert_color, 6.1. */
  #balance(inserted: Node): void {
    let node = inserted
    while (node.parent?.red === true) {
      const parent: Node = node.parent
      const grandparent: Node = parent.parent!
      const isLeft = grandparent.left === parent
      const uncle = isLeft ? grandparent.right : grandparent.left
      if (uncle?.red === true) {
        parent.red = false
        uncle.red = false
        grandparent.red = true
        node = grandparent
        continue
      }
      if (node === (isLeft ? parent.right : parent.left)) {
        this.#rotate(parent, isLeft)
        node = parent
      }
      node.parent!.red = false
      grandparent.red = true
      this.#rotate(grandparent, !isLeft)
    }
    this.#root!.red = false
  }

  #rotate(node: Node, left: boolean): void {
    const child = left ? node.right! : node.left!
    const inner = left ? child.left : child.right
    if (left) {
      node.right = inner
      child.left = node
    } else {
      node.left = inner
      child.right = node
    }
    if (inner !== null) inner.parent = node
    const { parent } = node
    child.parent = parent
    if (parent === null) this.#root = child
    else if (parent.left === node) parent.left = child
    else parent.right = child
    node.parent = child
  }
}
