// Which stretch of a log stands in the document, as numbers; log-lines.ts keeps the rows in step.

/** Rows in the document at most. Enough to scroll and search in, few enough for a phone. */
export const MAX_ROWS = 4000;
/** Rows are put in and taken out by blocks of at most so many. */
export const BLOCK_ROWS = 250;

export interface Block {
  first: number;
  end: number;
}

/** Blocks in order, each [first, end) in positions; together one stretch without a seam. */
export class LineWindow {
  /** The oldest position that the server still has. */
  oldest = 0;
  /** Behind the newest entry that we have heard of. */
  head = 0;
  readonly blocks: Block[] = [];
  /** Where the stretch begins and ends while it has no block. */
  #base = 0;

  get first(): number {
    return this.blocks[0]?.first ?? this.#base;
  }
  get end(): number {
    return this.blocks.at(-1)?.end ?? this.#base;
  }
  get size(): number {
    return this.end - this.first;
  }
  /** The newest entry is shown, so the next one goes below it. */
  get atHead(): boolean {
    return this.end === this.head;
  }
  get hasOlder(): boolean {
    return this.first > this.oldest;
  }

  clear(position: number): void {
    this.blocks.length = 0;
    this.#base = position;
    this.head = position;
  }

  /** How many blocks at the front have to go so that at most MAX_ROWS stay; the last one never. */
  surplusAtFront(): number {
    let count = 0;
    while (count < this.blocks.length - 1 && this.end - this.#block(count).first > MAX_ROWS)
      count++;
    return count;
  }

  /** The same at the back; the first one never. */
  surplusAtBack(): number {
    let count = 0;
    const last = this.blocks.length - 1;
    while (count < last && this.#block(last - count).end - this.first > MAX_ROWS) count++;
    return count;
  }

  #block(index: number): Block {
    const block = this.blocks[index];
    if (block === undefined) throw new RangeError(`no block ${index}`);
    return block;
  }
}

/** Cuts what goes into the document into blocks, the last of which may be short. */
export function cutIntoBlocks<T>(items: readonly T[]): T[][] {
  const blocks: T[][] = [];
  for (let at = 0; at < items.length; at += BLOCK_ROWS)
    blocks.push(items.slice(at, at + BLOCK_ROWS));
  return blocks;
}
