/**
 * The array of mapping entries of one inode: `i_pages`, as the kernel's XArray keeps it.
 *
 * It is a radix tree of 64-slot nodes, and not some other map, because the tree shows: a multi-index entry lies in a
 * node of its own size, marks sit on the canonical slot, and the index at which a scan for marks gives up (printed by
 * `dax_writeback_range_done`) depends on how high the tree is. Source: lib/xarray.c, include/linux/xarray.h, 6.1.
 * @module
 */

/** Slots of a node. */
const CHUNK_SHIFT = 6
const CHUNK_SIZE = 64
const CHUNK_MASK = 63

/** Contents of a slot, in `XArray.kind`. */
export const EMPTY: number = 0
export const VALUE: number = 1
export const NODE: number = 2
export const SIBLING: number = 3

/** `xas.node` where it is not the number of a node (XA_NULL, XAS_BOUNDS, XAS_RESTART). */
const AT_HEAD = -1
const XAS_BOUNDS = -2
const XAS_RESTART = -3

export const PAGECACHE_TAG_DIRTY: number = 0
/** Written back by the scan in progress. Mark 1, WRITEBACK, is not used by DAX. */
export const PAGECACHE_TAG_TOWRITE: number = 1
const MARKS = 2

/** Indices under one slot, by the node's shift: 2 to the shift, exact up to 2^48. */
const SPAN: readonly number[] = Array.from({ length: 9 * CHUNK_SHIFT }, (_, shift) => 2 ** shift)

/** `value` rounded down to a multiple of `span`, a power of two. */
function roundDown(value: number, span: number): number {
  return Math.floor(value / span) * span
}

/**
 * The tree. Values are numbers below 2^53 and never 0, which means no entry. Nodes are numbered; node `n` has its 64
 * slots at `n*64` of `kind` and `data`, and its marks as two words at `(n*2 + mark)*2`.
 */
export class XArray {
  kind: Uint8Array = new Uint8Array(CHUNK_SIZE * 4)
  /** Value, node number, or canonical offset of a sibling. */
  data: Float64Array = new Float64Array(CHUNK_SIZE * 4)
  marks: Uint32Array = new Uint32Array(4 * MARKS * 2)
  shift: Uint8Array = new Uint8Array(4)
  count: Uint8Array = new Uint8Array(4)
  offset: Uint8Array = new Uint8Array(4)
  parent: Int32Array = new Int32Array(4)
  /** What the root slot holds, and its marks. */
  headKind: number = EMPTY
  headData = 0
  readonly headMarks: boolean[] = [false, false]
  readonly #free: number[] = []
  #next = 0

  /** No entry at all (`xa_empty`). */
  get isEmpty(): boolean {
    return this.headKind === EMPTY
  }

  /** Whether any entry carries the mark (`mapping_tagged`). */
  marked(mark: number): boolean {
    return this.headMarks[mark]!
  }

  /** Highest index the tree reaches as it is (`max_index`). */
  maxIndex(): number {
    if (this.headKind !== NODE) return 0
    return CHUNK_SIZE * SPAN[this.shift[this.headData]!]! - 1
  }

  allocNode(shift: number, parent: number, offset: number): number {
    let node = this.#free.pop()
    if (node === undefined) {
      node = this.#next++
      if (node >= this.shift.length) this.#grow()
    }
    this.kind.fill(EMPTY, node * CHUNK_SIZE, (node + 1) * CHUNK_SIZE)
    this.marks.fill(0, node * MARKS * 2, (node + 1) * MARKS * 2)
    this.shift[node] = shift
    this.count[node] = 0
    this.offset[node] = offset
    this.parent[node] = parent
    return node
  }

  #grow(): void {
    const grown = <T extends Uint8Array | Uint32Array | Int32Array | Float64Array>(from: T, to: T): T => {
      to.set(from)
      return to
    }
    this.kind = grown(this.kind, new Uint8Array(this.kind.length * 2))
    this.data = grown(this.data, new Float64Array(this.data.length * 2))
    this.marks = grown(this.marks, new Uint32Array(this.marks.length * 2))
    this.shift = grown(this.shift, new Uint8Array(this.shift.length * 2))
    this.count = grown(this.count, new Uint8Array(this.count.length * 2))
    this.offset = grown(this.offset, new Uint8Array(this.offset.length * 2))
    this.parent = grown(this.parent, new Int32Array(this.parent.length * 2))
  }

  freeNode(node: number): void {
    this.#free.push(node)
  }

  nodeMark(node: number, offset: number, mark: number): boolean {
    return ((this.marks[(node * MARKS + mark) * 2 + (offset >>> 5)]! >>> (offset & 31)) & 1) === 1
  }

  setNodeMark(node: number, offset: number, mark: number, on: boolean): void {
    const word = (node * MARKS + mark) * 2 + (offset >>> 5)
    const bit = 1 << (offset & 31)
    this.marks[word] = on ? (this.marks[word]! | bit) >>> 0 : (this.marks[word]! & ~bit) >>> 0
  }

  anyNodeMark(node: number, mark: number): boolean {
    const word = (node * MARKS + mark) * 2
    return this.marks[word] !== 0 || this.marks[word + 1] !== 0
  }
}

/**
 * A place in the tree: `struct xa_state`. `order` is 0, or 9 to store or look for an entry of 512 pages. Methods are the
 * kernel's functions of the same name with `xas_` in front.
 */
export class XaState {
  xa: XArray
  index = 0
  #shift = 0
  #sibs = 0
  #offset = 0
  #node: number = XAS_RESTART

  constructor(xa: XArray) {
    this.xa = xa
  }

  /** Turns to another tree; {@link set} must follow. */
  bind(xa: XArray): this {
    this.xa = xa
    return this
  }

  /** Starts over at `index`, for entries of `order` (XA_STATE_ORDER). */
  set(index: number, order: number): this {
    this.index = roundDown(index, SPAN[order]!)
    this.#shift = order - (order % CHUNK_SHIFT)
    this.#sibs = (1 << (order % CHUNK_SHIFT)) - 1
    this.#node = XAS_RESTART
    return this
  }

  /** Forgets the place but not the index. */
  reset(): void {
    this.#node = XAS_RESTART
  }

  /** The entry that covers the index, or 0. */
  load(): number {
    const xa = this.xa
    if (!this.#start()) return 0
    let kind = xa.headKind
    let data = xa.headData
    while (kind === NODE) {
      if (this.#shift > xa.shift[data]!) break
      const slot = this.#descend(data)
      kind = xa.kind[slot]!
      data = xa.data[slot]!
      if (xa.shift[this.#node] === 0) break
    }
    return kind === VALUE ? data : 0
  }

  /** Order of the entry last loaded or found: 0 or 9 (`dax_entry_order` of a tree that holds no other). */
  get entryStart(): number {
    const node = this.#node
    if (node < 0 || this.xa.shift[node] === 0) return this.index
    const span = SPAN[this.xa.shift[node]!]!
    return roundDown(this.index, span * CHUNK_SIZE) + this.#offset * span
  }

  /** xas_start: puts the place at the head; false when the index is beyond the tree. */
  #start(): boolean {
    if (this.index > this.xa.maxIndex()) {
      this.#node = XAS_BOUNDS
      return false
    }
    this.#node = AT_HEAD
    return true
  }

  /** xas_descend: into the slot of `node` for the index, siblings resolved; its position in the arrays. */
  #descend(node: number): number {
    const xa = this.xa
    let offset = Math.floor(this.index / SPAN[xa.shift[node]!]!) & CHUNK_MASK
    if (xa.kind[node * CHUNK_SIZE + offset] === SIBLING) offset = xa.data[node * CHUNK_SIZE + offset]!
    this.#node = node
    this.#offset = offset
    return node * CHUNK_SIZE + offset
  }

  #max(): number {
    const span = SPAN[this.#shift]! * (this.#sibs + 1)
    return roundDown(this.index, span) + span - 1
  }

  /** xas_expand: makes the tree high enough; the shift of the level above the head. */
  #expand(): number {
    const xa = this.xa
    const max = this.#max()
    let shift = 0
    if (xa.headKind === EMPTY) {
      if (max === 0) return 0
      while (Math.floor(max / SPAN[shift]!) >= CHUNK_SIZE) shift += CHUNK_SHIFT
      return shift + CHUNK_SHIFT
    }
    if (xa.headKind === NODE) shift = xa.shift[xa.headData]! + CHUNK_SHIFT
    while (max > xa.maxIndex()) {
      const node = xa.allocNode(shift, AT_HEAD, 0)
      xa.count[node] = 1
      xa.kind[node * CHUNK_SIZE] = xa.headKind
      xa.data[node * CHUNK_SIZE] = xa.headData
      for (let mark = 0; mark < MARKS; mark++) if (xa.headMarks[mark]!) xa.setNodeMark(node, 0, mark, true)
      if (xa.headKind === NODE) {
        xa.parent[xa.headData] = node
        xa.offset[xa.headData] = 0
      }
      xa.headKind = NODE
      xa.headData = node
      shift += CHUNK_SHIFT
    }
    return shift
  }

  /** xas_create: the slot to store to, made if needed; leaves the place there. */
  #create(): void {
    const xa = this.xa
    let shift: number
    let kind: number
    let data: number
    let slot = -1
    if (this.#node <= AT_HEAD) {
      shift = this.#expand()
      this.#node = AT_HEAD
      kind = xa.headKind
      data = xa.headData
    } else {
      shift = xa.shift[this.#node]!
      slot = this.#node * CHUNK_SIZE + this.#offset
      kind = xa.kind[slot]!
      data = xa.data[slot]!
    }
    while (shift > this.#shift) {
      shift -= CHUNK_SHIFT
      if (kind === EMPTY) {
        const parent = this.#node >= 0 ? this.#node : AT_HEAD
        data = xa.allocNode(shift, parent, this.#offset)
        if (slot < 0) {
          xa.headKind = NODE
          xa.headData = data
        } else {
          xa.kind[slot] = NODE
          xa.data[slot] = data
          xa.count[parent]!++
        }
      } else if (kind !== NODE) break
      slot = this.#descend(data)
      kind = xa.kind[slot]!
      data = xa.data[slot]!
    }
  }

  /** Stores a value, or 0 to remove the entry with its marks (xas_store). */
  store(value: number): void {
    const xa = this.xa
    if (value !== 0) this.#create()
    else if (this.#node === XAS_RESTART) this.load()
    if (this.#node === XAS_BOUNDS || this.#node === XAS_RESTART) return
    const node = this.#node
    if (node === AT_HEAD) {
      xa.headKind = value === 0 ? EMPTY : VALUE
      xa.headData = value
      if (value === 0) for (let mark = 0; mark < MARKS; mark++) xa.headMarks[mark] = false
      return
    }
    const sibs = this.#shift < xa.shift[node]! ? 0 : this.#sibs
    if (value === 0) for (let mark = 0; mark < MARKS; mark++) this.clearMark(mark)
    const base = node * CHUNK_SIZE
    let count = 0
    for (let offset = this.#offset; offset < CHUNK_SIZE; offset++) {
      const slot = base + offset
      if (offset > this.#offset) {
        const past = offset > this.#offset + sibs
        if (value !== 0 ? past : past && xa.kind[slot] !== SIBLING) break
      }
      const before = xa.kind[slot]!
      if (value === 0) xa.kind[slot] = EMPTY
      else {
        xa.kind[slot] = offset === this.#offset ? VALUE : SIBLING
        xa.data[slot] = offset === this.#offset ? value : this.#offset
      }
      count += (value !== 0 ? 1 : 0) - (before !== EMPTY ? 1 : 0)
    }
    xa.count[node] = xa.count[node]! + count
    if (count < 0) this.#deleteNode()
  }

  /** xas_delete_node, xas_shrink: frees nodes that hold nothing, and lowers the tree. */
  #deleteNode(): void {
    const xa = this.xa
    let node = this.#node
    while (xa.count[node] === 0) {
      const parent = xa.parent[node]!
      this.#offset = xa.offset[node]!
      xa.freeNode(node)
      if (parent < 0) {
        xa.headKind = EMPTY
        this.#node = XAS_BOUNDS
        return
      }
      this.#node = parent
      xa.kind[parent * CHUNK_SIZE + this.#offset] = EMPTY
      xa.count[parent]!--
      node = parent
    }
    if (xa.parent[node]! >= 0) return
    while (xa.count[node] === 1) {
      const slot = node * CHUNK_SIZE
      const kind = xa.kind[slot]!
      if (kind === EMPTY || (kind !== NODE && xa.shift[node] !== 0)) break
      this.#node = XAS_BOUNDS
      xa.headKind = kind
      xa.headData = xa.data[slot]!
      xa.freeNode(node)
      if (kind !== NODE) break
      node = xa.headData
      xa.parent[node] = AT_HEAD
    }
  }

  getMark(mark: number): boolean {
    if (this.#node === XAS_BOUNDS || this.#node === XAS_RESTART) return false
    return this.#node === AT_HEAD
      ? this.xa.headMarks[mark]!
      : this.xa.nodeMark(this.#node, this.#offset, mark)
  }

  setMark(mark: number): void {
    if (this.#node === XAS_BOUNDS || this.#node === XAS_RESTART) return
    const xa = this.xa
    let offset = this.#offset
    for (let node = this.#node; node >= 0; node = xa.parent[node]!) {
      if (xa.nodeMark(node, offset, mark)) return
      xa.setNodeMark(node, offset, mark, true)
      offset = xa.offset[node]!
    }
    xa.headMarks[mark] = true
  }

  clearMark(mark: number): void {
    if (this.#node === XAS_BOUNDS || this.#node === XAS_RESTART) return
    const xa = this.xa
    let offset = this.#offset
    for (let node = this.#node; node >= 0; node = xa.parent[node]!) {
      if (!xa.nodeMark(node, offset, mark)) return
      xa.setNodeMark(node, offset, mark, false)
      if (xa.anyNodeMark(node, mark)) return
      offset = xa.offset[node]!
    }
    xa.headMarks[mark] = false
  }

  /** xas_move_index. */
  #moveIndex(offset: number): void {
    const shift = this.xa.shift[this.#node]!
    const span = SPAN[shift]!
    this.index = roundDown(this.index, span * CHUNK_SIZE) + offset * span
  }

  /** xas_find_chunk: the next offset at or, with `advance`, after the place that carries the mark, or 64. */
  #findChunk(advance: boolean, mark: number): number {
    let offset = this.#offset + (advance ? 1 : 0)
    while (offset < CHUNK_SIZE && !this.xa.nodeMark(this.#node, offset, mark)) offset++
    return offset
  }

  /**
   * The first entry at or after the place, up to `max`, that carries the mark; 0 at the end. Where it gave up stays in
   * `index` (xas_find_marked; xas_next_marked is the same for what it does).
   */
  findMarked(max: number, mark: number): number {
    const xa = this.xa
    let advance = true
    if (this.index > max) return this.#restart()
    if (this.#node === AT_HEAD) {
      this.index = 1
      return this.#bounds(max)
    }
    if (this.#node < AT_HEAD) {
      if (this.#node === XAS_BOUNDS) return 0
      advance = false
      if (this.index > xa.maxIndex() || xa.headKind === EMPTY) return this.#bounds(max)
      if (xa.headKind !== NODE) {
        this.#node = AT_HEAD
        if (xa.headMarks[mark]!) return xa.headData
        this.index = 1
        return this.#bounds(max)
      }
      this.#node = xa.headData
      this.#offset = Math.floor(this.index / SPAN[xa.shift[this.#node]!]!)
    }
    while (this.index <= max) {
      if (this.#offset === CHUNK_SIZE) {
        this.#offset = xa.offset[this.#node]! + 1
        this.#node = xa.parent[this.#node]!
        if (this.#node < 0) break
        advance = false
        continue
      }
      if (!advance && xa.kind[this.#node * CHUNK_SIZE + this.#offset] === SIBLING) {
        this.#offset = xa.data[this.#node * CHUNK_SIZE + this.#offset]!
        this.#moveIndex(this.#offset)
      }
      const offset = this.#findChunk(advance, mark)
      if (offset > this.#offset) {
        advance = false
        this.#moveIndex(offset)
        if (this.index - 1 >= max) return this.#restart()
        this.#offset = offset
        if (offset === CHUNK_SIZE) continue
      }
      const slot = this.#node * CHUNK_SIZE + this.#offset
      const kind = xa.kind[slot]!
      if (kind === EMPTY) continue
      if (kind !== NODE) return xa.data[slot]!
      this.#node = xa.data[slot]!
      this.#offset = Math.floor(this.index / SPAN[xa.shift[this.#node]!]!) & CHUNK_MASK
    }
    return this.#bounds(max)
  }

  #restart(): number {
    this.#node = XAS_RESTART
    return 0
  }

  #bounds(max: number): number {
    this.#node = this.index > max ? XAS_RESTART : XAS_BOUNDS
    return 0
  }

  /**
   * The first entry at or after the index, up to `max`, or 0; its first page is then in {@link entryStart} and in
   * `index`. To go on, set the index behind it (xas_find for tables that do not change between calls).
   */
  find(max: number): number {
    const xa = this.xa
    while (this.index <= max) {
      const value = this.load()
      if (value !== 0) return value
      if (this.#node === XAS_BOUNDS) return 0
      if (this.#node === AT_HEAD) return 0
      const span = SPAN[xa.shift[this.#node]!]!
      this.index = roundDown(this.index, span) + span
      this.#node = XAS_RESTART
    }
    return 0
  }

  /**
   * Any entry in the range that an entry of this order would cover, or 0; the place is at it, the index as it was. From a place
   * that a scan has come to it is the next one, which there is none of in the range of one page (xas_find_conflict).
   */
  findConflict(): number {
    if (this.#node >= AT_HEAD && this.#sibs === 0) return 0
    const start = this.index
    const max = this.#max()
    const covering = this.load()
    if (covering !== 0 || this.#sibs === 0) return covering
    const shift = this.#shift
    const sibs = this.#sibs
    this.#shift = 0
    this.#sibs = 0
    this.#node = XAS_RESTART
    const found = this.find(max)
    this.#shift = shift
    this.#sibs = sibs
    this.index = start
    if (found === 0) this.#node = XAS_RESTART
    return found
  }
}
